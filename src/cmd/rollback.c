/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "cmd/declare.h"

enum { OPTION_PENDING, OPTION_GUARD, OPTION_STATE };

/* What --quiet leaves is for nobody to read: a guard has no terminal. */
static int take_quietly(void *data, const struct ferry_change *change)
{
	(void)data, (void)change;
	return 0;
}

/* Standard output is closed once we watch, standard input is at its end when the apply is done. */
static int guard(struct program *program)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGINT, &ignore, NULL);
	return ferry_guard(program->ferry, program->given[OPTION_STATE], fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), dup(STDIN_FILENO), take_quietly,
			   NULL);
}

static int run(struct program *program)
{
	unsigned int flags = program->given[OPTION_PENDING] ? FERRY_ROLLBACK_PENDING : 0;
	int r;

	if (program->given[OPTION_GUARD])
		r = guard(program);
	else
		r = ferry_rollback(program->ferry, program->given[OPTION_STATE], flags, print_step, program);
	if (r == FERRY_UNCHANGED) {
		program_say(program, "ferry: nothing is pending");
		return EXIT_DONE;
	}
	if (r == -ESTALE)
		return program_fail(program, EXIT_NOT_CONFIRMED, r, "%s", ferry_error(program->ferry));
	return r < 0 ? (int)program_failed(program, r) : program->given[OPTION_GUARD] ? EXIT_NOT_CONFIRMED : EXIT_DONE;
}

static const struct command_option options[] = {
	[OPTION_PENDING] = { "pending", 0, NULL, "only what was cut off, or waits to be confirmed and has no guard" },
	[OPTION_GUARD] = { "guard", 0, NULL, "be the guard of what waits: take it back when its time is over" },
	[OPTION_STATE] = { "state", 0, "DIR", "where the journal is kept (/var/lib/ferry for root)" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry rollback", "take the last apply back" },
	{ "ferry rollback --pending", "at boot: finish what a restart has cut off" },
	{},
};

const struct command command_rollback = {
	.name = "rollback",
	.synopsis = "",
	.help = "take back what was applied",
	.details = "Takes back what waits to be confirmed or was cut off, and where there is neither, the last apply. Prints each step that was "
		   "done. What somebody "
		   "else has changed since is left alone and told, and the exit status is 6.\n\n"
		   "--pending only finishes what nobody looks after: an apply that was killed half-way, or one that waits and whose guard is gone, "
		   "by a restart "
		   "or by force. Where there is none the exit status is 0.\n\n"
		   "--guard is what ferry apply --confirm starts by itself. It waits for the deadline, and ends when it is confirmed (0) or taken "
		   "back (6).",
	.options = options,
	.examples = examples,
	.run = run,
};
