/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of undo share. */
#ifndef FERRY_LIB_UNDO_H
#define FERRY_LIB_UNDO_H

#include "lib/context.h"

struct fanout;

struct undoing {
	struct ferry *ferry;
	struct ferry_history *history;
	unsigned int flags;
	ferry_change_function *function;
	void *data;
	bool found;
	int result;
	struct fanout *fanout; /* what the write rewrites, to be put where it belongs */
	uint32_t pid;          /* who made the change that was taken back last */
	uint64_t start;
};

/* undo.c: tells the recorder of what CHANGE is the undo; and the undo itself of those of CHANGES that were DONE (NULL: all), which are written down
 * at once where nobody records. */
int undo_announce(const char *path, const struct ferry_change *change, struct error *error) _must_check_;
int undo_tell(struct undoing *undoing, const struct ferry_change *changes, size_t count, const bool *done, bool recorded) _must_check_;

/* undo_made.c: notes what came about with what CHANGE, a removal that was taken back, has brought back; whether CHANGE is the removal of such. */
void undo_made_note(struct ferry *ferry, const struct ferry_change *change);
bool undo_made(const struct ferry *ferry, const struct ferry_change *change);

/* undo_transaction.c: change ID and all that was done with it, in one transaction. -ENOTSUP (without words): it is of no protocol that has those. */
int undo_transaction(struct undoing *undoing, uint64_t id) _must_check_;

#endif
