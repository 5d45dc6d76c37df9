/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folder in which an apply keeps its journal: the one that is under way or waits to be confirmed, and the last one. Locks are the kernel's, so
 * that whoever dies lets go of them. */
#ifndef FERRY_STATE_PENDING_H
#define FERRY_STATE_PENDING_H

#include "state/journal.h"

struct pending {
	char *folder, *waiting, *last; /* "DIR", "DIR/apply.pending", "DIR/apply.last" */
	int lock;                      /* descriptor, -1 = not held */
};

/* Opens FOLDER, unlocked. Where it is missing it is made, mode 0700, if MAKE; else it is opened all the same, nothing waits in it, and it cannot be
 * locked (-ENOENT). -EACCES, -EROFS; -EPERM where others can write in it. */
int pending_open(const char *folder, bool make, struct pending *ret, struct error *error) _must_check_;
void pending_close(struct pending *pending);
#define _cleanup_pending_ _cleanup_(pending_close)
/* Nobody else applies, confirms or rolls back while it is held. -EBUSY where another does, unless WAIT. */
int pending_lock(struct pending *pending, bool wait, struct error *error) _must_check_;
/* The lock that a guard holds as long as it lives: a descriptor, or -EBUSY. */
int pending_guard(const struct pending *pending) _must_check_;
/* The journal is over: as STATE with WORDS it becomes the last one. */
int pending_end(struct pending *pending, struct journal *journal, enum journal_state state, const char *words, struct error *error) _must_check_;

#endif
