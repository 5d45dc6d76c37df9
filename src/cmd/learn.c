/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "show/table.h"

enum { COLUMN_FAMILY, COLUMN_COMMANDS, COLUMN_ATTRIBUTES, COLUMN_TYPED, COLUMN_TRIED, COLUMN_WHY, COLUMNS };

struct learning {
	struct program *program;
	struct show_table table;
};

static void set_number(struct show_table *table, unsigned int column, unsigned int number)
{
	struct buffer text = {};

	buffer_add_uint(&text, number);
	show_table_take(table, column, buffer_take(&text));
}

static void add_row(struct show_table *table, const struct ferry_learned *learned)
{
	struct buffer named = {}, name = {};

	show_table_row(table);
	buffer_add_escaped(&name, learned->family, strlen(learned->family));
	show_table_take(table, COLUMN_FAMILY, buffer_take(&name));
	buffer_printf(&named, "%u of %u", learned->commands_named, learned->commands);
	show_table_take(table, COLUMN_COMMANDS, buffer_take(&named));
	set_number(table, COLUMN_ATTRIBUTES, learned->attributes);
	set_number(table, COLUMN_TYPED, learned->typed);
	set_number(table, COLUMN_TRIED, learned->tried);
	if (learned->why)
		show_table_set(table, COLUMN_WHY, learned->why);
}

static int print_json(struct output *output, const struct ferry_learned *learned)
{
	struct buffer *line = &output->line;

	buffer_add_text(line, "{\"family\":");
	buffer_add_json(line, learned->family, strlen(learned->family));
	buffer_printf(line, ",\"commands\":%u,\"commands_named\":%u,\"attributes\":%u,\"typed\":%u,\"tried\":%u,\"why\":", learned->commands,
		      learned->commands_named, learned->attributes, learned->typed, learned->tried);
	if (learned->why)
		buffer_add_json(line, learned->why, strlen(learned->why));
	else
		buffer_add_text(line, "null");
	buffer_add_text(line, "}\n");
	return output_commit(output) ? 0 : 1;
}

static int take(void *data, const struct ferry_learned *learned)
{
	struct learning *learning = data;

	if (learning->program->json)
		return print_json(&learning->program->output, learned);
	add_row(&learning->table, learned);
	return learning->table.failed ? -1 : 0;
}

static int run(struct program *program)
{
	static const char *const headings[COLUMNS] = { "FAMILY", "COMMANDS NAMED", "ATTRIBUTES NAMED", "TYPED", "TRIED", "WHY NOT MORE" };
	const char *const *families = program->argument_count ? (const char *const *)program->arguments : NULL;
	struct learning learning = { .program = program };
	_cleanup_free_ char *path = NULL;
	int r;

	show_table_init(&learning.table, COLUMNS);
	show_table_row(&learning.table);
	for (unsigned int i = 0; i < COLUMNS; i++)
		show_table_set(&learning.table, i, headings[i]);
	r = ferry_learn(program->ferry, families, take, &learning, &path);
	if (r < 0)
		program_failed(program, r);
	else if (!program->json && show_table_print(&learning.table, &program->output, false) < 0)
		program_fail(program, EXIT_REFUSED, -12, "out of memory");
	show_table_done(&learning.table);
	if (path)
		program_say(program, "ferry: kept in %s", path);
	return EXIT_DONE;
}

static const struct command_example examples[] = {
	{ "ferry learn", "everything that can be learned" },
	{ "ferry learn ethtool netdev", "these families anew, for instance since a module was loaded" },
	{ "ferry get netlink/ethtool/strset_get", "then: what the kernel answers, by its own names" },
	{},
};

const struct command command_learn = {
	.name = "learn",
	.synopsis = "[FAMILY...]",
	.help = "ask the running kernel what its netlink messages say",
	.details =
		"Any generic netlink family can be listed, dumped (ferry get netlink/FAMILY/OPERATION) and watched without this; its commands and "
		"attributes are then told by number, as bytes, but for those that ferry has a table for. This command asks the kernel that runs for "
		"their names and types: names from the "
		"enums "
		"in its own types (BTF, of loaded modules as well), types and ranges from the policies by which it checks what it is sent "
		"(CTRL_CMD_GETPOLICY). What belongs together is found by the names. rtnetlink (\"route\") tells no policies; for it malformed "
		"attributes are tried, and the kernel's refusals read, in a network namespace that is made for it and gone at the end. Nothing is "
		"tried in the namespace at hand, and nothing needs rights.\n\n"
		"What was learned is kept in a file for this build of the kernel: /var/cache/ferry for root, $XDG_CACHE_HOME/ferry (~/.cache/ferry) "
		"for "
		"others, who read root's where they have none. Reading uses it and never learns by itself.\n\n"
		"\"ferry ls -l\" and JSON say of each value where it is known from what it is: table (described by hand), learned, or guessed by the "
		"looks of its bytes, as of attributes that the kernel answers with but never takes, of which it tells a name and no type.\n\n"
		"Learning cannot tell units, words for numbers, or which bits a number has, and it takes an IPv4 address for a number of four bytes "
		"where ferry's own list of exceptions does not know better. Trying leaves lines in the kernel's log, of which it holds back most.",
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.run = run,
};
