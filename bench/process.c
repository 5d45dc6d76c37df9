/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes, step by step, and many of them to be read: what bench/talk.py sets against each other.
 *
 *	bench-process sleep COUNT   starts COUNT processes that do nothing, says so in a line, and ends them all when its standard input ends or it is
 *ended itself, however hard: they live in a pid namespace of their own, whose first process goes with it bench-process load          the task
 *iterator loaded, attached and dropped again: what an answer costs whose processes cost nothing bench-process iterate       the same, and each row
 *read and handed over, none printed */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel/process.h"

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

/* The first process of the namespace: all others go with it. */
static void keep_sleepers(unsigned long count)
{
	char character;

	for (unsigned long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			give_up("fork");
		if (pid == 0)
			for (;;)
				pause();
	}
	printf("%lu\n", count);
	fflush(stdout);
	while (read(STDIN_FILENO, &character, 1) > 0)
		;
	_exit(0);
}

static void sleepers(unsigned long count)
{
	pid_t first;

	if (unshare(CLONE_NEWPID) < 0)
		give_up("unshare");
	first = fork();
	if (first < 0)
		give_up("fork");
	if (first == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		keep_sleepers(count);
	}
	if (waitpid(first, NULL, 0) < 0)
		give_up("waitpid");
}

static int count_row(void *data, const struct process *process)
{
	(void)process;
	++*(unsigned long *)data;
	return 0;
}

int main(int count, char **arguments)
{
	struct error error = { 0 };
	struct machine machine;
	unsigned long rows = 0;
	int r = -EINVAL;

	machine_init(&machine);
	if (count == 3 && strcmp(arguments[1], "sleep") == 0) {
		sleepers(strtoul(arguments[2], NULL, 10));
		return 0;
	}
	if (count == 2 && strcmp(arguments[1], "load") == 0)
		r = process_iterator_probe(&error);
	else if (count == 2 && strcmp(arguments[1], "iterate") == 0)
		r = process_iterate(&machine, count_row, &rows, &error);
	else
		error_set(&error, r, "usage: bench-process sleep COUNT | load | iterate");
	machine_done(&machine);
	if (r < 0)
		fprintf(stderr, "%s\n", error.text);
	else
		printf("%lu\n", rows);
	return r < 0;
}
