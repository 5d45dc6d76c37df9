/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The changes of the history that options and addresses choose: the same ones for each command that takes them. */
#ifndef FERRY_CMD_SELECTION_H
#define FERRY_CMD_SELECTION_H

#include "cmd/command.h"

enum { SELECTION_SINCE, SELECTION_UNTIL, SELECTION_BY, SELECTION_LAST, SELECTION_DB, SELECTION_OPTIONS };

/* The first rows of a command's table of options. */
#define SELECTION_ROWS                                                                                                              \
	[SELECTION_SINCE] = { "since", 0, "TIME", "from then on (10m, \"2h ago\", today, 15:04, 2026-01-02, RFC 3339)" },           \
	[SELECTION_UNTIL] = { "until", 0, "TIME", "up to then" },                                                                   \
	[SELECTION_BY] = { "by", 0, "WHO", "a pid, uid=USER, a program's name, or part of a control group (a unit, a container)" }, \
	[SELECTION_LAST] = { "last", 'n', "N", "only the last N" }, [SELECTION_DB] = { "db", 0, "FILE", "this history instead of the default one" }

/* Whether one of them, but for the file, is given. */
bool selection_given(const struct program *program);
/* What they and the arguments, which are addresses, choose. EXIT_DONE: RET_ADDRESSES, which RET leads to, is to be freed with addresses_free();
 * or EXIT_USAGE with its words printed. */
enum exit_status selection_parse(struct program *program, struct ferry_history_filter *ret, char ***ret_addresses);

/* Prints why they could not be looked up, and sets the status. */
void selection_failed(struct program *program, int error);
/* Where they choose nothing: --by may have meant a user. */
void selection_advise(const struct program *program);

#endif
