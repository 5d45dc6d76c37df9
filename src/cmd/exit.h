/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the program's exit status says. The one place where it is decided. */
#ifndef FERRY_CMD_EXIT_H
#define FERRY_CMD_EXIT_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, /* the kernel, or the state of things, said no */
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3, /* no such address, object or record */
	EXIT_NOT_PERMITTED = 4,
	EXIT_INCOMPLETE = 5,    /* done, but something was lost, torn or interrupted, as told in the output */
	EXIT_NOT_CONFIRMED = 6, /* rolled back */
	/* Of a program that was to be started, as shells have it; else its own status, or 128 + the signal that killed it. */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NO_PROGRAM = 127,
};

/* The status for a negative errno that came back from work. What the user typed wrong is EXIT_USAGE, and is known where it is parsed: an -EINVAL from
 * the kernel is a refusal. */
enum exit_status exit_of(int error);
/* Of two statuses the one to end with: the first failure stays, but any failure outweighs "incomplete". */
enum exit_status exit_worse(enum exit_status first, enum exit_status second);

#endif
