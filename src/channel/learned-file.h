/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file in which what was learned is kept: lines of words, one file for each build of the kernel. Hostile until it is checked: whose it is, who
 * may write it, and every word in it. */
#ifndef FERRY_CHANNEL_LEARNED_FILE_H
#define FERRY_CHANNEL_LEARNED_FILE_H

#include "base/buffer.h"
#include "channel/learned.h"

#define BUILD_ID_TEXT 65 /* hexadecimal digits of a build id, and a NUL */

/* The build id of the running kernel, from /sys/kernel/notes. -ENOENT where it tells none. */
int learned_build_id(char ret[BUILD_ID_TEXT]) _must_check_;
/* The same in the bytes of such a file. */
int learned_build_id_in(const void *notes, size_t length, char ret[BUILD_ID_TEXT]) _must_check_;

/* What TEXT says; -EBADMSG where it is not whole, not well-formed or of another build than BUILD. */
int learned_parse(const char *text, size_t length, const char *build, struct learned *ret, struct error *error) _must_check_;
/* The text of the families of LEARNED, and of those of OLDER (may be NULL) that LEARNED has not. */
void learned_print(struct buffer *ret, const struct learned *learned, const struct learned *older, const char *build);

/* Reads the file of the running kernel: this user's own, else root's. -ENOENT: there is none; else why it is not believed, with words. */
int learned_load(struct learned *ret, struct error *error) _must_check_;
/* Writes it, and tells where in RET_PATH, which is to be freed. */
int learned_save(const struct buffer *text, char **ret_path, struct error *error) _must_check_;

#endif
