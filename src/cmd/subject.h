/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom a command watches: a program that it starts, a process, the machine; and until when. */
#ifndef FERRY_CMD_SUBJECT_H
#define FERRY_CMD_SUBJECT_H

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "cmd/command.h"

struct subject {
	struct ferry_target target;
	char **command;    /* what was started, or NULL */
	uint64_t until;    /* CLOCK_MONOTONIC, 0 = until it ends or a signal comes */
	uint64_t length;   /* nanoseconds that -a or --for said */
	int release;       /* our end of the pipe that holds the program back, -1 once it runs */
	int report;        /* where a failed execve(2) is told */
	int process;       /* pidfd of the program or process, -1 for the machine */
	int signals;       /* signalfd */
	bool started;      /* a child is there that has not been waited for */
	bool ended;        /* it has */
	int status;        /* of waitpid(2), once it has ended */
	sigset_t before;   /* signal mask */
	int signal_number; /* the one that came to us, 0 = none */
};

/* From the arguments of -p, of --for beside it, and of -a (NULL where not given) and the command line behind "--". A program is started and held
 * before its execve(2). EXIT_DONE, or with words printed. */
enum exit_status subject_open(struct program *program, struct subject *subject, const char *pid, const char *length, const char *seconds);
/* Lets it go, now that it is watched. EXIT_DONE, or EXIT_NOT_EXECUTABLE, EXIT_NO_PROGRAM with words. */
enum exit_status subject_go(struct program *program, struct subject *subject);
/* Waits until it has ended, the time is over or a signal says so: true. False: TIMEOUT milliseconds (-1: none) have passed, or one of OTHERS has
 * something. Signals that only we were sent are passed on to the program, and those that end us end only the watching. */
bool subject_wait(struct subject *subject, struct pollfd *others, unsigned int count, int timeout);
/* The status to exit with: the program's own, 128 + N where signal N killed it; EXIT_DONE for what was not started here. */
enum exit_status subject_status(const struct subject *subject);
/* Takes what subject_open() left half-done too. A program that was never let go is ended. */
void subject_close(struct subject *subject);

#endif
