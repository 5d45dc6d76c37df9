/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/command.h"
#include "show/change.h"
#include "show/moment.h"
#include "show/table.h"
#include "show/value.h"

enum { OPTION_DB };
enum { COLUMN_LEAF, COLUMN_VALUE, COLUMN_WHEN, COLUMN_ID, COLUMN_WHO, COLUMN_DOOR, COLUMNS };

struct blaming {
	struct program *program;
	struct change_printer printer; /* for its words about actors */
	struct show_table table;
};

/* What the change left at LEAF: of an object, the field that LEAF names. */
static void add_value(struct buffer *buffer, struct ferry *ferry, const char *leaf, const struct ferry_change *change)
{
	_cleanup_value_ struct ferry_value *after = NULL;
	size_t length = change->address ? strlen(change->address) : 0;

	if (change->kind == FERRY_REMOVED) {
		buffer_add_text(buffer, "(removed)");
		return;
	}
	if (!change->after || ferry_value_parse(ferry, change->after, &after) < 0) {
		buffer_add_char(buffer, '?');
		return;
	}
	const struct ferry_value *value = after;
	if (change->address && strncmp(leaf, change->address, length) == 0 && leaf[length] == '/')
		value = value_at(after, leaf + length + 1);
	if (value)
		value_short(buffer, value);
	else
		buffer_add_text(buffer, "(none)");
}

static void take_cell(struct show_table *table, unsigned int column, struct buffer *text)
{
	if (text->length || text->failed)
		show_table_take(table, column, buffer_take(text));
	buffer_done(text);
}

static int add_row(struct blaming *blaming, const char *leaf, const struct ferry_change *change)
{
	struct show_table *table = &blaming->table;
	struct buffer value = {}, when = {}, id = {}, who = {}, identity = {};

	show_table_row(table);
	show_table_set(table, COLUMN_LEAF, leaf);
	add_value(&value, blaming->program->ferry, leaf, change);
	take_cell(table, COLUMN_VALUE, &value);
	moment_date(&when, change->time);
	take_cell(table, COLUMN_WHEN, &when);
	buffer_printf(&id, "#%llu", (unsigned long long)change->id);
	take_cell(table, COLUMN_ID, &id);
	if (change->actor) {
		change_who(&blaming->printer, change->actor, &who, &identity);
		if (identity.length) {
			buffer_add_char(&who, ' ');
			buffer_add(&who, identity.data, identity.length);
		}
		if (change->netns && blaming->printer.netns && change->netns != blaming->printer.netns)
			buffer_printf(&who, " (network namespace %llu)", (unsigned long long)change->netns);
		who.failed |= identity.failed;
		take_cell(table, COLUMN_WHO, &who);
	}
	buffer_done(&identity);
	show_table_set(table, COLUMN_DOOR, ferry_door_name(change->door));
	return table->failed ? -ENOMEM : 0;
}

static int add_json(struct blaming *blaming, const char *leaf, const struct ferry_change *change)
{
	struct output *output = &blaming->program->output;
	_cleanup_free_ char *json = ferry_change_json(change);

	buffer_add_text(&output->line, "{\"leaf\":");
	buffer_add_json(&output->line, leaf, strlen(leaf));
	buffer_add_text(&output->line, ",\"change\":");
	buffer_add_text(&output->line, json ? json : "");
	buffer_add_text(&output->line, "}\n");
	output->line.failed |= !json;
	return output_commit(output) ? 0 : 1;
}

static int take(void *data, const char *leaf, const struct ferry_change *change)
{
	struct blaming *blaming = data;

	return (blaming->program->json ? add_json : add_row)(blaming, leaf, change);
}

static void blame(struct blaming *blaming, struct ferry_history *history, const char *argument)
{
	struct program *program = blaming->program;
	_cleanup_free_ char *address = program_address(program, argument);

	if (!address)
		return;
	int r = ferry_history_blame(history, address, take, blaming);
	if (r == -ENOENT)
		program_fail(program, EXIT_NOT_FOUND, r, "the history knows no change of %s", address);
	else if (r < 0)
		program_failed(program, r);
}

static int run(struct program *program)
{
	static const char *const headings[COLUMNS] = { "ADDRESS", "VALUE", "WHEN", "CHANGE", "WHO", "DOOR" };
	struct ferry_history *history = program_history(program, program->given[OPTION_DB]);
	struct blaming blaming = { .program = program };

	if (!history)
		return program->status;
	change_printer_init(&blaming.printer, program->ferry, &program->output, program->json, true);
	show_table_init(&blaming.table, COLUMNS);
	show_table_row(&blaming.table);
	for (unsigned int i = 0; i < COLUMNS; i++)
		show_table_set(&blaming.table, i, headings[i]);
	for (unsigned int i = 0; i < program->argument_count; i++)
		blame(&blaming, history, program->arguments[i]);
	if (blaming.table.rows > 1 && show_table_print(&blaming.table, &program->output, true) < 0)
		program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	show_table_done(&blaming.table);
	change_printer_done(&blaming.printer);
	ferry_history_close(history);
	return EXIT_DONE;
}

static const struct command_option options[] = {
	[OPTION_DB] = { "db", 0, "FILE", "this history instead of the default one" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry blame net.ipv4.ip_forward", "who set it last" },
	{ "ferry blame netlink/route/link/eth0", "the last change of each of its fields" },
	{},
};

const struct command command_blame = {
	.name = "blame",
	.synopsis = "ADDRESS...",
	.help = "say who changed each value last",
	.details = "For each value at or below an address: what the last change in the history left there, when, the number of that change, who made "
		   "it and through which door. What was "
		   "not changed while a recorder ran is not in the history.",
	.options = options,
	.examples = examples,
	.minimum = 1,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
