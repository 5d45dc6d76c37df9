/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/doors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "show/table.h"
#include "show/value.h"

enum { COLUMN_ADDRESS, COLUMN_VALUE, COLUMN_AGREES, COLUMN_ENTRIES, COLUMN_BYTES, COLUMN_TIME, COLUMNS };

/* One door, as it was read. Where it tells several values (addresses of an interface), each has its line in COMPARED. */
struct door {
	char *address;
	enum ferry_door kind;
	unsigned int knob;
	bool asked;
	enum ferry_comparison comparison;
	struct buffer text, json, compared;
	unsigned int values;
	int error;
	struct cost_part cost;
	uint64_t bytes;
};

struct doors {
	struct program *program;
	struct door *list;
	unsigned int count;
	bool counted; /* entries into the kernel */
	bool split;   /* some knob's doors do not agree */
};

static int add_door(void *data, const struct ferry_twin *twin)
{
	struct doors *doors = data;
	struct door *list = reallocarray(doors->list, doors->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	doors->list = list;
	list[doors->count] = (struct door){
		.address = strdup(twin->address), .kind = twin->door, .knob = twin->knob, .asked = twin->asked, .comparison = twin->comparison
	};
	if (!list[doors->count].address)
		return -ENOMEM;
	doors->count++;
	return 0;
}

static int take(void *data, const struct ferry_item *item)
{
	struct door *door = data;

	if (item->error)
		door->error = item->error;
	if (!item->value)
		return 0;
	_cleanup_free_ char *text = ferry_value_text(item->value), *json = ferry_value_json(item->value);
	_cleanup_free_ char *compared = ferry_compared(door->comparison, item->value);
	if (!text || !json || !compared)
		return -ENOMEM;
	if (door->values++ > 0) {
		buffer_add_text(&door->text, ", ");
		buffer_add_char(&door->json, ',');
	}
	buffer_add_text(&door->text, text);
	buffer_add_text(&door->json, json);
	buffer_add_text(&door->compared, compared);
	buffer_add_char(&door->compared, '\n');
	return door->text.failed || door->json.failed || door->compared.failed ? -ENOMEM : 0;
}

/* From the beginning: each door with a context of its own, so that none finds a socket that another opened. */
static int read_door(struct door *door)
{
	struct ferry *ferry = NULL;
	int r = ferry_new(&ferry);

	if (r < 0)
		return r;
	cost_part_begin(&door->cost);
	r = ferry_get(ferry, door->address, 0, take, door);
	cost_part_end(&door->cost);
	door->bytes = door->cost.read_bytes + ferry_traffic(ferry);
	if (r < 0)
		door->error = r;
	ferry_free(ferry);
	return r == -ENOMEM ? r : 0;
}

/* The one that the others are held against: that which was asked for, or else the first that could be read. */
static const struct door *measure(const struct doors *doors, unsigned int knob)
{
	const struct door *first = NULL;

	for (unsigned int i = 0; i < doors->count; i++) {
		const struct door *door = &doors->list[i];
		if (door->knob != knob || (door->error && door->error != -ENOENT))
			continue;
		if (door->asked && door->values == 1)
			return door;
		if (!first || (first->values != 1 && door->values == 1))
			first = door;
	}
	return first;
}

/* What is not there says the same as an empty text. */
static const char *compared(const struct door *door)
{
	return door->compared.length ? door->compared.data : "\n";
}

static bool agrees(const struct door *door, const struct door *measured)
{
	const size_t length = strlen(compared(measured));
	const char *line = compared(door);

	while (*line) {
		const char *next = strchr(line, '\n') + 1;
		if ((size_t)(next - line) == length && memcmp(line, compared(measured), length) == 0)
			return true;
		line = next;
	}
	return false;
}

static const char *verdict(struct doors *doors, const struct door *door)
{
	const struct door *measured = measure(doors, door->knob);

	if (!measured || (door->error && door->error != -ENOENT))
		return NULL;
	if (agrees(door, measured) || (measured->values > 1 && agrees(measured, door)))
		return "yes";
	doors->split = true;
	return "NO";
}

static void add_row(struct doors *doors, const struct door *door, struct show_table *table)
{
	struct buffer cell = {};
	const char *word = verdict(doors, door);

	show_table_row(table);
	show_table_set(table, COLUMN_ADDRESS, door->address);
	if (door->error)
		buffer_printf(&cell, "(%s)", error_symbol(door->error));
	else if (door->text.length)
		buffer_add_text(&cell, door->text.data);
	if (cell.length || cell.failed)
		show_table_take(table, COLUMN_VALUE, buffer_take(&cell));
	if (word)
		show_table_set(table, COLUMN_AGREES, word);
	for (unsigned int column = COLUMN_ENTRIES; column <= COLUMN_TIME; column++) {
		struct buffer number = {};
		if (column == COLUMN_ENTRIES && !doors->counted)
			continue;
		if (column == COLUMN_TIME)
			buffer_printf(&number, "%.1f us", (double)door->cost.nanoseconds / 1000);
		else
			buffer_printf(&number, "%" PRIu64, column == COLUMN_ENTRIES ? door->cost.entries : door->bytes);
		show_table_take(table, column, buffer_take(&number));
	}
}

static void print_table(struct doors *doors)
{
	static const char *const headings[COLUMNS] = { "ADDRESS", "VALUE", "AGREES", "ENTRIES", "BYTES", "TIME" };
	struct program *program = doors->program;
	struct show_table table;

	show_table_init(&table, COLUMNS);
	show_table_row(&table);
	for (unsigned int i = 0; i < COLUMNS; i++)
		show_table_set(&table, i, headings[i]);
	for (unsigned int i = 0; i < doors->count; i++)
		add_row(doors, &doors->list[i], &table);
	if (show_table_print(&table, &program->output, true) < 0)
		program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	show_table_done(&table);
}

static void print_json(struct doors *doors)
{
	struct buffer *line = &doors->program->output.line;

	for (unsigned int i = 0; i < doors->count; i++) {
		const struct door *door = &doors->list[i];
		const char *word = verdict(doors, door);
		buffer_add_text(line, "{\"address\":");
		buffer_add_json(line, door->address, strlen(door->address));
		buffer_printf(line, ",\"knob\":%u,\"door\":\"%s\"", door->knob, ferry_door_name(door->kind));
		if (door->error)
			buffer_printf(line, ",\"error\":{\"code\":\"%s\",\"text\":\"%s\"}", error_symbol(door->error), error_text(door->error));
		else if (door->values == 1)
			buffer_printf(line, ",\"value\":%s", door->json.data);
		else
			buffer_printf(line, ",\"value\":[%s]", door->json.data ? door->json.data : "");
		buffer_printf(line, ",\"agrees\":%s,\"entries\":", word ? *word == 'y' ? "true" : "false" : "null");
		if (doors->counted)
			buffer_add_uint(line, door->cost.entries);
		else
			buffer_add_text(line, "null");
		buffer_printf(line, ",\"bytes\":%" PRIu64 ",\"nanoseconds\":%" PRIu64 "}\n", door->bytes, door->cost.nanoseconds);
		if (!output_commit(&doors->program->output))
			break;
	}
}

/* Globs are resolved first: each place has doors of its own. */
struct places {
	struct doors *doors;
	unsigned int found;
};

static int add_place(void *data, const struct ferry_item *item)
{
	struct places *places = data;
	struct doors *doors = places->doors;
	unsigned int before = doors->count, base = before ? doors->list[before - 1].knob + 1 : 0;
	int r = ferry_doors(doors->program->ferry, item->address, add_door, doors);

	for (unsigned int i = before; i < doors->count; i++)
		doors->list[i].knob += base;
	places->found += doors->count > before;
	return r == -ENOENT ? 0 : r;
}

static void find_doors(struct doors *doors, const char *argument)
{
	struct program *program = doors->program;
	_cleanup_free_ char *address = program_address(program, argument);
	struct places places = { .doors = doors };
	int r;

	if (!address)
		return;
	if (strpbrk(address, "*?["))
		r = ferry_get(program->ferry, address, 0, add_place, &places);
	else
		r = add_place(&places, &(struct ferry_item){ .address = address });
	if (r < 0)
		program_failed(program, r);
	else if (!places.found)
		program_fail(program, EXIT_NOT_FOUND, -ENOENT, "%s has no other door that is known", address);
}

static void doors_done(struct doors *doors)
{
	for (unsigned int i = 0; i < doors->count; i++) {
		free(doors->list[i].address);
		buffer_done(&doors->list[i].text);
		buffer_done(&doors->list[i].json);
		buffer_done(&doors->list[i].compared);
	}
	free(doors->list);
}

/* Where no door has anything, there is no such knob. */
static bool any_there(const struct doors *doors)
{
	for (unsigned int i = 0; i < doors->count; i++)
		if (!doors->list[i].error)
			return true;
	return false;
}

int doors_run(struct program *program)
{
	struct doors doors = { .program = program, .counted = cost_count() };
	int r = 0;

	if (program->root)
		return program_fail(program, EXIT_USAGE, -EINVAL, "--doors asks the running kernel: not to be had below another root");
	for (unsigned int i = 0; i < program->argument_count; i++)
		find_doors(&doors, program->arguments[i]);
	for (unsigned int i = 0; r == 0 && i < doors.count; i++)
		r = read_door(&doors.list[i]);
	if (r < 0)
		program_fail(program, EXIT_REFUSED, r, "out of memory");
	else if (doors.count && !any_there(&doors))
		program_fail(program, EXIT_NOT_FOUND, -ENOENT, "there is nothing at %s nor at its other doors", program->arguments[0]);
	else if (doors.count)
		(program->json ? print_json : print_table)(&doors);
	if (doors.split)
		program_say(program, "ferry: doors that should tell the same do not: something moved while they were read, or one of them is wrong");
	doors_done(&doors);
	return EXIT_DONE;
}
