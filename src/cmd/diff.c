/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/declare.h"

static int run(struct program *program)
{
	_cleanup_document_ struct document a = {}, b = {};
	enum exit_status status = document_read(program, program->arguments[0], &a);
	int r;

	if (status == EXIT_DONE && program->argument_count > 1)
		status = document_read(program, program->arguments[1], &b);
	if (status != EXIT_DONE)
		return status;
	r = ferry_diff(program->ferry, a.text, a.length, b.text, b.length, print_step, program);
	if (r == FERRY_INCOMPLETE) {
		program_say(program, "ferry: %s", ferry_error(program->ferry));
		return EXIT_INCOMPLETE;
	}
	return r < 0 ? (int)document_failed(program, r) : EXIT_DONE;
}

static const struct command_example examples[] = {
	{ "ferry diff before.ferry", "what has changed since?" },
	{ "ferry diff before.ferry after.ferry", "what differs between two snapshots?" },
	{},
};

const struct command command_diff = {
	.name = "diff",
	.synopsis = "A [B]",
	.help = "what differs between two documents, or one and now",
	.details = "Prints \"address: value in A -> value in B\" a line. Without B, what stands now takes its place: then only what A names is "
		   "compared, and below "
		   "\"ADDRESS = only\" also what it does not name. \"-\" is standard input. The exit status is 0 whether or not something differs, 5 "
		   "where some of it "
		   "cannot be read.",
	.examples = examples,
	.minimum = 1,
	.maximum = 2,
	.run = run,
};
