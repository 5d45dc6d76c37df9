/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>

#include "cmd/selection.h"
#include "show/change.h"

struct printing {
	struct change_printer printer;
	bool found;
};

static int print(void *data, const struct ferry_change *change)
{
	struct printing *printing = data;

	printing->found = true;
	return change_print(&printing->printer, change) ? 0 : 1;
}

static enum exit_status print_history(struct program *program, const struct ferry_history_filter *filter)
{
	struct ferry_history *history = program_history(program, program->given[SELECTION_DB]);
	struct printing printing = { .found = false };

	if (!history)
		return program->status;
	change_printer_init(&printing.printer, program->ferry, &program->output, program->json, true);
	int r = ferry_history_changes(history, filter, print, &printing);
	if (r < 0)
		selection_failed(program, r);
	else if (!printing.found)
		selection_advise(program);
	change_printer_done(&printing.printer);
	ferry_history_close(history);
	return program->status;
}

static int run(struct program *program)
{
	struct ferry_history_filter filter;
	char **addresses = NULL;
	enum exit_status status = selection_parse(program, &filter, &addresses);

	if (status == EXIT_DONE)
		status = print_history(program, &filter);
	addresses_free(addresses);
	return status;
}

static const struct command_option options[] = {
	SELECTION_ROWS,
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
		   "and the day of each change; the number is what \"ferry undo\" takes, as it takes the options here.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
