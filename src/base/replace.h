/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file that is replaced whole or not at all, and is on the disk when the call returns. */
#ifndef FERRY_BASE_REPLACE_H
#define FERRY_BASE_REPLACE_H

#include <stddef.h>

#include "base/error.h"

/* Puts LENGTH bytes in the place of PATH, mode 0600: a new file beside it, synced, renamed, and the folder synced. -EINVAL where something else than
 * a file is in its place (a device, a pipe); else the errno of what failed, with words. */
int replace_file(const char *path, const void *data, size_t length, struct error *error) _must_check_;
/* The same in pieces: begun, added to as often as it takes, and ended, or dropped with what was there left as it was. Each failure is final: what
 * follows is replacement_drop(), which a replacement that has ended takes as well. */
struct replacement {
	const char *path; /* the caller's, until it ends */
	char *temporary;
	int descriptor;
};
int replacement_begin(const char *path, struct replacement *ret, struct error *error) _must_check_;
int replacement_add(struct replacement *replacement, const void *data, size_t length, struct error *error) _must_check_;
int replacement_end(struct replacement *replacement, struct error *error) _must_check_;
void replacement_drop(struct replacement *replacement);

/* Removes PATH, and has the folder synced. 0 also where it is not there. */
int remove_file(const char *path, struct error *error) _must_check_;
/* Renames OLD to NEW in the same folder, and has the folder synced. */
int rename_file(const char *old_path, const char *new_path, struct error *error) _must_check_;

#endif
