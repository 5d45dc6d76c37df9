/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>

#include "cmd/command.h"
#include "show/change.h"

enum { OPTION_SINCE, OPTION_UNTIL, OPTION_BY, OPTION_LAST, OPTION_DB };

static int print(void *data, const struct ferry_change *change)
{
	return change_print(data, change) ? 0 : 1;
}

static enum exit_status parse(struct program *program, struct ferry_history_filter *filter)
{
	enum exit_status status = program_time(program, program->given[OPTION_SINCE], &filter->since);

	if (status == EXIT_DONE)
		status = program_time(program, program->given[OPTION_UNTIL], &filter->until);
	if (status == EXIT_DONE && program->given[OPTION_LAST])
		status = program_number(program, "-n", program->given[OPTION_LAST], &filter->last);
	filter->by = program->given[OPTION_BY];
	return status;
}

static enum exit_status print_history(struct program *program, const struct ferry_history_filter *filter)
{
	struct ferry_history *history = program_history(program, program->given[OPTION_DB]);
	struct change_printer printer;

	if (!history)
		return program->status;
	change_printer_init(&printer, program->ferry, &program->output, program->json, true);
	int r = ferry_history_changes(history, filter, print, &printer);
	if (r < 0)
		program_failed(program, r);
	change_printer_done(&printer);
	ferry_history_close(history);
	return program->status;
}

static int run(struct program *program)
{
	struct ferry_history_filter filter = { .size = sizeof(filter) };
	char **addresses = NULL;
	enum exit_status status = parse(program, &filter);

	if (status == EXIT_DONE)
		status = program_addresses(program, &addresses);
	filter.addresses = (const char *const *)addresses;
	if (status == EXIT_DONE)
		status = print_history(program, &filter);
	addresses_free(addresses);
	return status;
}

static const struct command_option options[] = {
	[OPTION_SINCE] = { "since", 0, "TIME", "from then on (10m, \"2h ago\", today, 15:04, 2026-01-02, RFC 3339)" },
	[OPTION_UNTIL] = { "until", 0, "TIME", "up to then" },
	[OPTION_BY] = { "by", 0, "WHO", "a pid, uid=UID, a program's name, or part of a control group (a unit, a container)" },
	[OPTION_LAST] = { "last", 'n', "N", "only the last N" },
	[OPTION_DB] = { "db", 0, "FILE", "this history instead of the default one" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry log --since 10m", "the last ten minutes" },
	{ "ferry log --by NetworkManager netlink/route", "what a program did to the network" },
	{ "ferry log -n 1 --json sysctl/net/ipv4/ip_forward", "the last change of a setting, with all that is known of it" },
	{},
};

const struct command command_log = {
	.name = "log",
	.synopsis = "[ADDRESS...]",
	.help = "print the changes in the history",
	.details = "Prints the changes that \"ferry record\" has kept, oldest first, at or below one of the addresses, or all of them. The lines are "
		   "those of \"ferry watch\" with the number "
		   "and the day of each change; the number is what \"ferry undo\" takes.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
