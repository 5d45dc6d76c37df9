/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "ferry undo" by numbers and by a selection of the history share. */
#ifndef FERRY_CMD_UNDO_H
#define FERRY_CMD_UNDO_H

#include "cmd/selection.h"

enum { UNDO_FORCE = SELECTION_OPTIONS, UNDO_DRY_RUN, UNDO_CONSEQUENCES };

/* Prints the change that an undo is; a ferry_change_function with the program as its data. */
int undo_print(void *data, const struct ferry_change *change);
/* Takes change ID back, and prints what that changes. 0, FERRY_UNCHANGED, or a negative errno with its words printed. */
int undo_one(struct program *program, struct ferry_history *history, uint64_t id, unsigned int flags);
/* Takes back all that SELECTION chooses, the latest first. What cannot be taken back is told and passed over. */
enum exit_status undo_selection(struct program *program, struct ferry_history *history, const struct ferry_history_filter *selection,
				unsigned int flags);

#endif
