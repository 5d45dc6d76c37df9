/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/command.h"

static int run(struct program *program)
{
	buffer_printf(&program->output.line, program->json ? "{\"version\":\"%s\"}\n" : "ferry %s\n", ferry_version());
	output_commit(&program->output);
	return EXIT_DONE;
}

const struct command command_version = {
	.name = "version",
	.synopsis = "",
	.help = "print the version",
	.details = "Prints the version of the library that the program runs with.",
	.run = run,
};
