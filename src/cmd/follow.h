/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop that `watch`, `record` and `listen` share: changes from a recorder, messages from a listener to lines on standard output, which may stop
 * reading at any time. */
#ifndef FERRY_CMD_FOLLOW_H
#define FERRY_CMD_FOLLOW_H

#include "cmd/command.h"
#include "show/change.h"
#include "show/message.h"

struct follow {
	struct program *program;
	struct change_printer printer;
	struct message_printer message_printer;
	struct ferry_recorder *recorder; /* NULL for none */
	struct ferry_listener *listener; /* NULL for none */
	uint64_t messages, most;         /* printed so far, and after how many it ends; 0 = never */
	bool silent;                     /* prints no changes */
	sigset_t mask;                   /* to wait with */
	uint64_t begun, until;           /* CLOCK_BOOTTIME; UNTIL 0 = no end */
	bool troubled;                   /* the history cannot be written */
	char *trouble;                   /* why it could not at the end, or NULL */
	uint64_t unwritten;              /* lines that standard output did not take, in all */
};

uint64_t follow_now(void);
/* Starts a recorder whose changes are printed, a listener whose messages are, or both. Options (NULL: none of it) other than the callbacks are the
 * caller's. */
enum exit_status follow_begin(struct follow *follow, struct program *program, struct ferry_recorder_options *recorder,
			      struct ferry_listener_options *listener, uint64_t length);
/* What is watched, and what is not and why. */
int follow_coverage(const struct follow *follow, ferry_coverage_function *function, void *data);
/* Under --json, for the program that reads it: what is watched from now on, and where it is kept (NULL: nowhere), as an object on standard error. */
void follow_tell_watching(const struct follow *follow, const char *history);
/* The same for what came of it, at the end. */
void follow_tell_counts(const struct follow *follow, const struct ferry_recorder_counts *counts);
/* Until a signal, the end of the time, or nobody reads any more. */
enum exit_status follow_run(struct follow *follow);
/* Ends both; a recorder writes what is pending. RET_COUNTS is what they have seen by then; FOLLOW->trouble is to be freed. */
void follow_end(struct follow *follow, struct ferry_recorder_counts *ret_counts);

#endif
