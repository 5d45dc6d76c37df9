/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/configured.h"
#include "cmd/doors.h"
#include "cmd/grid.h"
#include "show/value.h"

enum { OPTION_VALUES, OPTION_TABLE, OPTION_COLUMNS, OPTION_DOORS, OPTION_CONFIGURED, OPTION_AS };

#define FAILURES_SHOWN 10
#define BLOCK          16384 /* bytes of lines that go to the output at once */

struct reading {
	struct program *program;
	const char *address;  /* that was asked for */
	struct grid *grid;    /* NULL without -t */
	const char *columns;  /* of it, NULL = all */
	bool bare;            /* values only */
	unsigned long count;  /* members of the JSON object so far */
	unsigned long failed; /* values below the address that could not be read */
	char *hint;           /* what to do where something had no name; NULL where all had */
};

/* Lines go on in blocks, but to somebody who watches one by one. */
static int line_done(const struct reading *reading)
{
	struct output *output = &reading->program->output;

	if (output->line.length < BLOCK && !output->line.failed && !output->terminal)
		return 0;
	return output_commit(output) ? 0 : 1;
}

static int print_leaf(void *data, const char *address, const struct ferry_value *leaf)
{
	struct reading *reading = data;
	struct output *output = &reading->program->output;

	if (!reading->bare) {
		buffer_add_escaped(&output->line, address, strlen(address));
		buffer_add_text(&output->line, " = ");
	}
	value_add_text(&output->line, leaf);
	buffer_add_char(&output->line, '\n');
	return line_done(reading);
}

static const char *words_of(const struct ferry_item *item)
{
	return item->error_text ? item->error_text : error_text(item->error);
}

static int print_json(struct reading *reading, const struct ferry_item *item)
{
	struct buffer *line = &reading->program->output.line;

	buffer_add_text(line, reading->count++ ? ",\n  " : "\n  ");
	buffer_add_json(line, item->address, strlen(item->address));
	buffer_add_text(line, ": ");
	if (item->error) {
		buffer_printf(line, "{\"error\":{\"code\":\"%s\",\"text\":", error_symbol(item->error));
		buffer_add_json(line, words_of(item), strlen(words_of(item)));
		buffer_add_text(line, "}}");
	} else if (item->value) {
		value_add_json(line, item->value);
	} else {
		buffer_add_text(line, "null");
	}
	return line_done(reading);
}

static void tell_error(struct reading *reading, const struct ferry_item *item)
{
	struct program *program = reading->program;
	bool asked_for = strcmp(item->address, reading->address) == 0;

	output_commit(&program->output);

	if (asked_for) {
		program_fail(program, exit_of(item->error), item->error, "%s: %s", item->address, words_of(item));
		return;
	}
	if (reading->failed++ < FAILURES_SHOWN)
		program_say(program, "ferry: %s: %s", item->address, words_of(item));
	/* What is left out on purpose (-ECANCELED: a reading with side effects) is told; nothing went wrong. */
	if (item->error != -ECANCELED)
		program->status = exit_worse(program->status, EXIT_INCOMPLETE);
}

/* What nothing describes comes with a word of what to do, which is said once. */
static void note_unknown(struct reading *reading, const struct ferry_item *item)
{
	if (!reading->hint && item->kind == FERRY_ITEM_LEAF && item->help && item->provenance && !strcmp(item->provenance, "guessed") &&
	    strstr(item->help, "ferry learn"))
		reading->hint = strdup(item->help);
}

static int take(void *data, const struct ferry_item *item)
{
	struct reading *reading = data;
	struct program *program = reading->program;

	if (item->error) {
		/* Nobody asked for what is not in a chosen column. */
		if (reading->grid && reading->columns && !grid_chosen(reading->columns, item->address))
			return 0;
		/* A file that is there to be written only has no value to miss. */
		if (item->mode && !(item->mode & 0444) && strcmp(item->address, reading->address) != 0)
			return 0;
		tell_error(reading, item);
		return program->json ? print_json(reading, item) : 0;
	}
	if (item->consistency == FERRY_INTERRUPTED)
		program->status = exit_worse(program->status, EXIT_INCOMPLETE);
	note_unknown(reading, item);
	if (program->json)
		return print_json(reading, item);
	if (!item->value)
		return 0;
	if (reading->grid)
		return grid_add(reading->grid, item, reading->address);
	return value_leaves(item->address, item->value, print_leaf, reading);
}

static void get(struct reading *reading, const char *argument)
{
	struct program *program = reading->program;
	_cleanup_free_ char *address = program_address(program, argument);
	unsigned int flags = FERRY_READ_NO_MODE | (program->json || reading->grid ? 0 : FERRY_READ_LEAVES);

	if (!address)
		return;
	reading->address = address;
	reading->failed = 0;
	int r = ferry_get(program->ferry, address, flags, take, reading);

	output_commit(&program->output);
	if (reading->failed > FAILURES_SHOWN)
		program_say(program, "ferry: %lu more could not be read (--json tells of each)", reading->failed - FAILURES_SHOWN);
	if (r < 0) {
		program_failed(program, r);
	} else if (r == FERRY_INCOMPLETE && program->output.error == 0) {
		const char *words = ferry_error(program->ferry);
		if (*words)
			program_say(program, "ferry: %s", words);
		else
			program_say(program, "ferry: %s changed while it was read: some of it may be torn", address);
		program->status = exit_worse(program->status, EXIT_INCOMPLETE);
	}
}

static void add_text(struct program *program, const char *text)
{
	buffer_add_text(&program->output.line, text);
	output_commit(&program->output);
}

static int run(struct program *program)
{
	struct reading reading = { .program = program, .bare = program->given[OPTION_VALUES] };
	struct grid grid = {};

	if (program->given[OPTION_CONFIGURED])
		return configured_print(program, program->given[OPTION_AS], reading.bare);
	if (!program->argument_count)
		return (int)program_fail(program, EXIT_USAGE, -EINVAL, "usage: ferry get %s", program->command->synopsis);
	if (program->given[OPTION_AS])
		return (int)program_fail(program, EXIT_USAGE, -EINVAL, "--as goes with --configured");
	if (program->given[OPTION_DOORS])
		return doors_run(program);
	if (!program->json && (program->given[OPTION_COLUMNS] || program->given[OPTION_TABLE]))
		reading.grid = &grid;
	reading.columns = program->given[OPTION_COLUMNS];
	if (program->json)
		add_text(program, "{");
	for (unsigned int i = 0; i < program->argument_count && program->output.error == 0; i++)
		get(&reading, program->arguments[i]);
	if (reading.hint)
		program_say(program, "ferry: %s", reading.hint);
	free(reading.hint);
	if (program->json)
		add_text(program, reading.count ? "\n}\n" : "}\n");
	else if (reading.grid)
		grid_print(&grid, program, program->given[OPTION_COLUMNS]);
	grid_done(&grid);
	return EXIT_DONE;
}

static const struct command_option options[] = {
	[OPTION_VALUES] = { "values", 'n', NULL, "values only" },
	[OPTION_TABLE] = { "table", 't', NULL, "a table: a row for each object or folder, a column for each field" },
	[OPTION_COLUMNS] = { "columns", 'o', "COLUMN,...", "these columns of the table, in this order" },
	[OPTION_DOORS] = { "doors", 0, NULL, "every door through which the kernel tells it: whether they agree, and what each cost" },
	[OPTION_CONFIGURED] = { "configured", 0, NULL, "what the sysctl files (sysctl.d, sysctl.conf) set, who wins, and whether it runs" },
	[OPTION_AS] = { "as", 0, "PROGRAM", "with --configured: as systemd, procps or boot (the one that runs at boot) reads them" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry get net.ipv4.ip_forward", "one value" },
	{ "ferry get -n netlink/route/link/lo/mtu", "the value alone" },
	{ "ferry get -o mtu,operstate,address netlink/route/link", "a table of network interfaces" },
	{ "ferry get -o rp_filter,forwarding sysctl/net/ipv4/conf", "a table of their settings" },
	{ "ferry get 'sysctl/net/ipv4/conf/*/rp_filter'", "what each interface has (quotes keep the shell from it)" },
	{ "ferry get --netns blue netlink/route/route/main", "the routes of another network namespace" },
	{ "ferry get --doors netlink/route/link/eth0/mtu", "by netlink, ioctl and sysfs" },
	{ "ferry get --json netlink/route/addr", "addresses as JSON" },
	{ "ferry get -t -o dir,priority,templates netlink/xfrm/policy", "IPsec policies" },
	{ "ferry get --configured net.ipv4", "which file sets what, and which lines lose" },
	{ "ferry get -o pid,comm,rss procfs/process", "a table of processes" },
	{ "ferry get netlink/ethtool/features/eth0", "what ethtool tells; any other netlink family as well (see ferry help learn)" },
	{},
};

const struct command command_get = {
	.name = "get",
	.synopsis = "ADDRESS...|--configured [ADDRESS...]",
	.help = "print values",
	.details =
		"Prints the value at each address, and of a subtree every value in it, one \"address = value\" a line. The fields of an object "
		"and of the records in it "
		"are addresses of their own.\n\n"
		"What cannot be read is said on standard error, the rest is printed, and the exit status is 5. Under --json everything is one "
		"object whose keys are "
		"addresses; what cannot be read is {\"error\":{...}} in its place.\n\n"
		"Shell globs (* ? [a-z]) in an address stand for any part of it; a prefix (10.0.0.0/8) is one part to them. One that matches nothing "
		"is no address: status 3.\n\n"
		"--doors reads the value through each door that is known for it, each from the beginning: a socket or a file that it opens is "
		"counted. "
		"Of an object it does so for every field that has several doors.\n\n"
		"-o takes any field that the schema knows; where nothing has it the cells show -. On a terminal a table shows the columns that fit; "
		"into a pipe it shows all.\n\n"
		"--configured prints for each key (or those at or below ADDRESS) the value that the sysctl files give, the file and line of the "
		"winner, what the kernel runs where that is another value, below it each line that lost and to whom, and what the other program "
		"that loads such files would set where that differs. A file that could not be read makes the exit status 5.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
