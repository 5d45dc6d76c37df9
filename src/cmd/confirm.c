/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cmd/command.h"

enum { OPTION_STATE };

static int run(struct program *program)
{
	int r = ferry_confirm(program->ferry, program->given[OPTION_STATE]);

	if (r == -ECANCELED)
		return program_fail(program, EXIT_NOT_CONFIRMED, r, "%s", ferry_error(program->ferry));
	if (r < 0)
		return program_failed(program, r);
	program_say(program, "ferry: confirmed: it is kept");
	return EXIT_DONE;
}

static const struct command_option options[] = {
	[OPTION_STATE] = { "state", 0, "DIR", "where the journal is kept (/var/lib/ferry for root)" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry confirm", "keep what ferry apply --confirm did" },
	{},
};

const struct command command_confirm = {
	.name = "confirm",
	.synopsis = "",
	.help = "keep what was applied",
	.details = "Keeps what ferry apply --confirm did, from whatever session. The exit status is 3 where nothing waits to be confirmed, 6 where "
		   "it was taken back "
		   "already, 1 where the time is over.",
	.options = options,
	.examples = examples,
	.run = run,
};
