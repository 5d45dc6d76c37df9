/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "show/table.h"
#include "show/value.h"

enum { OPTION_LONG, OPTION_RECURSIVE };
/* The value last: it may be as long as it likes. */
enum { COLUMN_ADDRESS, COLUMN_TYPE, COLUMN_UNIT, COLUMN_MODE, COLUMN_PROMISE, COLUMN_NATURE, COLUMN_PROVENANCE, COLUMN_VALUE, COLUMNS };

struct listing {
	struct program *program;
	bool detailed;
	struct show_table table;
};

static void mode_text(uint32_t mode, char ret[10])
{
	static const char letters[] = "rwxrwxrwx";

	for (int i = 0; i < 9; i++)
		ret[i] = mode & (0400u >> i) ? letters[i] : '-';
	ret[9] = 0;
}

/* A branch ends in a slash, so that one sees where there is more. */
static void add_address(struct buffer *buffer, const struct ferry_item *item)
{
	buffer_add_escaped(buffer, item->address, strlen(item->address));
	if (item->kind == FERRY_ITEM_BRANCH)
		buffer_add_char(buffer, '/');
}

static void add_row(struct listing *listing, const struct ferry_item *item)
{
	struct show_table *table = &listing->table;
	struct buffer address = {}, value = {};
	char mode[10];

	show_table_row(table);
	add_address(&address, item);
	show_table_take(table, COLUMN_ADDRESS, buffer_take(&address));
	if (item->type)
		show_table_set(table, COLUMN_TYPE, item->type);
	else if (item->value)
		show_table_set(table, COLUMN_TYPE, ferry_type_name(ferry_value_type(item->value)));
	if (item->error)
		buffer_printf(&value, "(%s)", error_symbol(item->error));
	else if (item->value)
		value_short(&value, item->value);
	if (value.length || value.failed)
		show_table_take(table, COLUMN_VALUE, buffer_take(&value));
	if (item->unit)
		show_table_set(table, COLUMN_UNIT, item->unit);
	if (item->mode) {
		mode_text(item->mode, mode);
		show_table_set(table, COLUMN_MODE, mode);
	}
	if (item->promise)
		show_table_set(table, COLUMN_PROMISE, item->promise);
	if (item->kind != FERRY_ITEM_BRANCH)
		show_table_set(table, COLUMN_NATURE, ferry_nature_name(item->nature));
	if (item->provenance)
		show_table_set(table, COLUMN_PROVENANCE, item->provenance);
}

static void add_member(struct buffer *line, const char *name, const char *text)
{
	if (!text)
		return;
	buffer_printf(line, ",\"%s\":", name);
	buffer_add_json(line, text, strlen(text));
}

static void add_json(struct buffer *line, const struct ferry_item *item)
{
	static const char *const kinds[] = { [FERRY_ITEM_BRANCH] = "branch", [FERRY_ITEM_LEAF] = "leaf", [FERRY_ITEM_OBJECT] = "object" };

	buffer_add_text(line, "{\"address\":");
	buffer_add_json(line, item->address, strlen(item->address));
	add_member(line, "kind", kinds[item->kind]);
	add_member(line, "type", item->type);
	add_member(line, "unit", item->unit);
	if (item->mode)
		buffer_printf(line, ",\"mode\":\"%04o\"", item->mode & 07777);
	add_member(line, "promise", item->promise);
	if (item->kind != FERRY_ITEM_BRANCH)
		add_member(line, "nature", ferry_nature_name(item->nature));
	add_member(line, "provenance", item->provenance);
	add_member(line, "help", item->help);
	if (item->consistency != FERRY_WHOLE)
		add_member(line, "consistency", ferry_consistency_name(item->consistency));
	if (item->value) {
		buffer_add_text(line, ",\"value\":");
		value_add_json(line, item->value);
	}
	if (item->error) {
		const char *words = item->error_text ? item->error_text : error_text(item->error);
		buffer_printf(line, ",\"error\":{\"code\":\"%s\"", error_symbol(item->error));
		add_member(line, "text", words);
		buffer_add_char(line, '}');
	}
	buffer_add_char(line, '}');
}

static int take(void *data, const struct ferry_item *item)
{
	struct listing *listing = data;
	struct output *output = &listing->program->output;

	if (listing->detailed && !listing->program->json) {
		add_row(listing, item);
		return listing->table.failed ? -ENOMEM : 0;
	}
	if (listing->program->json)
		add_json(&output->line, item);
	else
		add_address(&output->line, item);
	buffer_add_char(&output->line, '\n');
	return output_commit(output) ? 0 : 1;
}

static void list(struct listing *listing, const char *argument)
{
	struct program *program = listing->program;
	unsigned int flags = (listing->detailed ? FERRY_READ_VALUES : 0) | (program->given[OPTION_RECURSIVE] ? FERRY_READ_RECURSIVE : 0);
	_cleanup_free_ char *address = NULL;

	if (argument) {
		address = program_address(program, argument);
		if (!address)
			return;
	}
	int r = ferry_list(program->ferry, address, flags, take, listing);
	if (r < 0)
		program_failed(program, r);
}

static int run(struct program *program)
{
	static const char *const headings[COLUMNS] = { "ADDRESS", "TYPE", "UNIT", "MODE", "PROMISE", "NATURE", "PROVENANCE", "VALUE" };
	struct listing listing = { .program = program, .detailed = program->given[OPTION_LONG] };

	show_table_init(&listing.table, COLUMNS);
	show_table_row(&listing.table);
	for (unsigned int i = 0; i < COLUMNS; i++)
		show_table_set(&listing.table, i, headings[i]);
	if (program->argument_count == 0)
		list(&listing, NULL);
	for (unsigned int i = 0; i < program->argument_count; i++)
		list(&listing, program->arguments[i]);
	if (listing.table.rows > 1 && show_table_print(&listing.table, &program->output, false) < 0)
		program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	show_table_done(&listing.table);
	return EXIT_DONE;
}

static const struct command_option options[] = {
	[OPTION_LONG] = { "long", 'l', NULL, "type, unit, permission, promise, nature and value too" },
	[OPTION_RECURSIVE] = { "recursive", 'R', NULL, "everything below, not the children alone" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry ls", "the channels" },
	{ "ferry ls -l netlink/route/link/lo", "the fields of a network interface" },
	{ "ferry ls -R sysctl/net/ipv4", "every address below" },
	{ "ferry ls -l netlink", "every netlink family of this kernel" },
	{},
};

const struct command command_ls = {
	.name = "ls",
	.synopsis = "[ADDRESS...]",
	.help = "list what lies at an address",
	.details = "Lists the children of each address, one address a line; a branch, which has children of its own, ends in a slash. No value is "
		   "read unless -l asks "
		   "for it.\n\n"
		   "An address is a channel and a path: sysctl/net/ipv4/ip_forward, netlink/route/link/eth0/mtu, sysfs/class/net/lo, procfs/meminfo. "
		   "The kernel's own "
		   "spellings are taken too: net.ipv4.ip_forward, /proc/sys/net/ipv4/ip_forward, /sys/class/net/lo.\n\n"
		   "The promise of an address is what \"ferry watch\" can tell of it: live (every change), writes only (what programs write, not "
		   "what the kernel changes by "
		   "itself), sampled. Its nature is what a write does: a setting holds what is written, an action does something once, a latch "
		   "cannot be taken back before a "
		   "reboot, a volatile one reads another value each time, a twin is one of two spellings of a setting, a fan-out rewrites others.\n\n"
		   "Its provenance is where it is known from what the value is: a table by hand, what \"ferry learn\" has asked of the kernel, or a "
		   "guess by its bytes; a file that no table describes is told as it reads, and has none.\n\n"
		   "netlink lists every family of the running kernel, with -l its number, its version, and how much it has; netlink/FAMILY its "
		   "multicast groups, and its operations that can be dumped, which are asked for their rows when an address names them.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.addresses = true,
	.run = run,
};
