/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "cmd/command.h"
#include "show/brief.h"

enum { OPTION_FORCE, OPTION_DRY_RUN, OPTION_CONSEQUENCES, OPTION_DB };

static int print(void *data, const struct ferry_change *change)
{
	struct program *program = data;
	struct buffer *line = &program->output.line;

	if (!change->address)
		return 0;
	if (program->json) {
		_cleanup_free_ char *json = ferry_change_json(change);
		line->failed |= !json;
		buffer_add_text(line, json ? json : "");
	} else {
		change_brief(line, program->ferry, change);
	}
	buffer_add_char(line, '\n');
	/* The reader may be gone: what was begun is finished all the same. */
	output_commit(&program->output);
	return 0;
}

static enum exit_status undo(struct program *program, struct ferry_history *history, const char *argument)
{
	unsigned int flags = (program->given[OPTION_FORCE] ? FERRY_UNDO_FORCE : 0) | (program->given[OPTION_DRY_RUN] ? FERRY_UNDO_DRY_RUN : 0) |
			     (program->given[OPTION_CONSEQUENCES] ? FERRY_UNDO_CONSEQUENCES : 0);
	uint64_t id;

	if (program_number(program, "ID", argument[0] == '#' ? argument + 1 : argument, &id) != EXIT_DONE)
		return EXIT_USAGE;
	int r = ferry_undo(program->ferry, history, id, flags, print, program);
	if (r == -ESTALE)
		return program_fail(program, exit_of(r), r, "#%llu: %s (--force undoes it all the same)", (unsigned long long)id,
				    ferry_error(program->ferry));
	if (r < 0)
		return program_fail(program, exit_of(r), r, "#%llu: %s", (unsigned long long)id,
				    *ferry_error(program->ferry) ? ferry_error(program->ferry) : strerrordesc_np(-r));
	if (r == FERRY_UNCHANGED)
		program_say(program, "#%llu: stands there as before already, nothing to take back", (unsigned long long)id);
	return EXIT_DONE;
}

static int run(struct program *program)
{
	struct ferry_history *history = program_history(program, program->given[OPTION_DB]);

	if (!history)
		return program->status;
	/* The first that cannot be undone ends it: those after it may stand on it. */
	for (unsigned int i = 0; i < program->argument_count; i++)
		if (undo(program, history, program->arguments[i]) != EXIT_DONE)
			break;
	ferry_history_close(history);
	return program->status;
}

static const struct command_option options[] = {
	[OPTION_FORCE] = { "force", 'f', NULL, "also where the present value is not what the change left" },
	[OPTION_DRY_RUN] = { "dry-run", 0, NULL, "check everything, change nothing" },
	[OPTION_CONSEQUENCES] = { "consequences", 'c', NULL,
				  "also what followed from the change: routes that went with a link, all of one transaction of nftables" },
	[OPTION_DB] = { "db", 0, "FILE", "this history instead of the default one" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry undo 12", "take change #12 back" },
	{ "ferry undo -c 12", "and what followed from it, as far as the kernel does not bring that back itself" },
	{ "ferry undo --dry-run 14 13 12", "would these go, the latest first?" },
	{},
};

const struct command command_undo = {
	.name = "undo",
	.synopsis = "ID...",
	.help = "take changes back",
	.details = "Takes each change back, in the order given: writes what was there before, reads it back, and prints \"address: before -> "
		   "after\". An object that was removed comes back "
		   "with all its attributes. Where the present value is not what the change left, somebody has changed it since: it is left alone, "
		   "unless --force is given. What cannot be "
		   "undone (an action, a setting that cannot be taken back before a reboot, a value before that is not known) says why. The first "
		   "that fails ends the command.",
	.options = options,
	.examples = examples,
	.minimum = 1,
	.maximum = ARGUMENTS_ANY,
	.run = run,
};
