/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/grid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "show/table.h"
#include "show/value.h"

#define COLUMNS_MAXIMUM 4096

struct grid_row {
	const char *name;
	const char **cells; /* by the place of the column; shorter than the columns where later ones are empty */
	unsigned int count;
};

/* One more place in an array of *COUNT, which has ROOM. */
static void *grown(void *array, unsigned int count, unsigned int *room, size_t size)
{
	if (count < *room)
		return array;
	unsigned int more = *room ? *room * 2 : 32;
	void *moved = reallocarray(array, more, size);
	if (moved)
		*room = more;
	return moved;
}

/* Rows tell their fields in one order: what comes next is mostly in the next column. */
static int column_of(struct grid *grid, const char *name)
{
	for (unsigned int i = 0, at = grid->column_next; i < grid->column_count; i++, at++) {
		if (at >= grid->column_count)
			at = 0;
		if (strcmp(grid->columns[at], name) == 0) {
			grid->column_next = at + 1;
			return (int)at;
		}
	}
	if (grid->column_count == COLUMNS_MAXIMUM)
		return -E2BIG;
	char **columns = grown(grid->columns, grid->column_count, &grid->column_room, sizeof(*columns));
	if (!columns)
		return -ENOMEM;
	grid->columns = columns;
	columns[grid->column_count] = strdup(name);
	return columns[grid->column_count] ? (int)grid->column_count++ : -ENOMEM;
}

static struct grid_row *add_row(struct grid *grid, const char *name, size_t length)
{
	struct grid_row *rows = grown(grid->rows, grid->row_count, &grid->row_room, sizeof(*rows));

	if (!rows)
		return NULL;
	grid->rows = rows;
	rows[grid->row_count] = (struct grid_row){ .name = arena_copy(&grid->texts, name, length) };
	return rows[grid->row_count].name ? &rows[grid->row_count++] : NULL;
}

static int set_cell(struct grid *grid, struct grid_row *row, const char *name, const struct ferry_value *value)
{
	int column = column_of(grid, name);

	if (column == -E2BIG)
		return 0;
	if (column < 0)
		return column;
	if ((unsigned int)column >= row->count) {
		/* The first row learns of the columns one by one. */
		unsigned int room = grid->row_count == 1 ? grid->column_room : grid->column_count;
		const char **cells = arena_array(&grid->texts, const char *, room);
		if (!cells)
			return -ENOMEM;
		if (row->count)
			memcpy(cells, row->cells, row->count * sizeof(*cells));
		row->cells = cells;
		row->count = room;
	}
	buffer_clear(&grid->scratch);
	value_short(&grid->scratch, value);
	if (grid->scratch.failed)
		return -ENOMEM;
	if (grid->scratch.length == 0)
		return 0;
	row->cells[column] = arena_copy(&grid->texts, grid->scratch.data, grid->scratch.length);
	return row->cells[column] ? 0 : -ENOMEM;
}

struct object_row {
	struct grid *grid;
	struct grid_row *row;
	size_t prefix; /* length of the object's address and a slash */
};

static int add_field(void *data, const char *address, const struct ferry_value *leaf)
{
	struct object_row *object = data;

	return strlen(address) <= object->prefix ? 0 : set_cell(object->grid, object->row, address + object->prefix, leaf);
}

static bool is_glob(const char *text, size_t length)
{
	const size_t plain = strcspn(text, "*?[");

	return plain < length;
}

/* The address that was asked for, in three: literal parts, those from the first to the last with a glob, literal parts again. */
struct pattern {
	size_t base;        /* length of the first */
	unsigned int globs; /* how many parts in the middle, 0 = no globs */
	const char *tail;   /* the last, "" for none */
};

static struct pattern pattern_of(const char *address)
{
	struct pattern pattern = { .base = strlen(address), .tail = "" };
	unsigned int since = 0;

	for (const char *part = address; *part;) {
		const size_t length = strcspn(part, "/");
		const char *next = part + length + (part[length] == '/');
		if (is_glob(part, length)) {
			if (!pattern.globs)
				pattern.base = part > address ? (size_t)(part - address - 1) : 0;
			pattern.globs += since + 1;
			since = 0;
			pattern.tail = next;
		} else if (pattern.globs) {
			since++;
		}
		part = next;
	}
	return pattern;
}

/* The address of an item without what comes before the rows. */
static const char *below(const char *item, const char *address, const struct pattern *pattern)
{
	if (strncmp(item, address, pattern->base) == 0 && item[pattern->base] == '/')
		return item + pattern->base + 1;
	return item;
}

static size_t parts_length(const char *path, unsigned int count)
{
	size_t length = 0;

	for (; count > 0; count--) {
		length += strcspn(path + length, "/");
		if (path[length] && count > 1)
			length++;
	}
	return length;
}

/* Where the row's name ends in PATH: before the literal tail of the pattern where PATH has it (what a glob stood for may be of several parts: a
 * prefix), else after as many parts as the pattern says. */
static size_t row_length(const char *path, const struct pattern *pattern)
{
	const size_t tail = strlen(pattern->tail);

	if (tail > 0)
		for (const char *found = strchr(path, '/'); found; found = strchr(found + 1, '/'))
			if (strncmp(found + 1, pattern->tail, tail) == 0 && (found[1 + tail] == '/' || !found[1 + tail]))
				return (size_t)(found - path);
	return parts_length(path, pattern->globs ? pattern->globs : 1);
}

static int set_heading(struct grid *grid, const char *address, const struct pattern *pattern)
{
	size_t begin = pattern->base;

	while (begin > 0 && address[begin - 1] != '/')
		begin--;
	if (!grid->heading)
		grid->heading = strndup(address + begin, pattern->base - begin);
	return grid->heading ? 0 : -ENOMEM;
}

int grid_add(struct grid *grid, const struct ferry_item *item, const char *address)
{
	const struct pattern pattern = pattern_of(address);
	const char *path = below(item->address, address, &pattern);
	bool record = ferry_value_type(item->value) == FERRY_RECORD;

	if (set_heading(grid, address, &pattern) < 0)
		return -ENOMEM;
	/* An object is a row; so is a record within one where a pattern leads to it. */
	size_t length = record && !*pattern.tail ? strlen(path) : row_length(path, &pattern);
	struct grid_row *last = grid->row_count ? &grid->rows[grid->row_count - 1] : NULL;
	if (!last || strlen(last->name) != length || memcmp(last->name, path, length) != 0 || (record && !path[length]))
		last = add_row(grid, path, length);
	if (!last)
		return -ENOMEM;
	if (record) {
		struct object_row object = { grid, last, (size_t)(path - item->address) + length + 1 };
		return value_leaves(item->address, item->value, add_field, &object);
	}
	/* A file: its folder is the row, what follows is the column. Items come sorted, so a row's cells come together. */
	return set_cell(grid, last, path[length] ? path + length + 1 : "value", item->value);
}

static bool ends_in(const char *name, const char *end, size_t length)
{
	size_t whole = strlen(name);

	return whole >= length && memcmp(name + whole - length, end, length) == 0 && (whole == length || name[whole - length - 1] == '/');
}

bool grid_chosen(const char *chosen, const char *address)
{
	for (const char *name = chosen; *name; name += name[0] == ',') {
		const size_t length = strcspn(name, ",");
		if (length > 0 && ends_in(address, name, length))
			return true;
		name += length;
	}
	return false;
}

static int find_column(const struct grid *grid, const char *name, size_t length)
{
	int found = -1;

	for (unsigned int i = 0; i < grid->column_count; i++) {
		if (strlen(grid->columns[i]) == length && memcmp(grid->columns[i], name, length) == 0)
			return (int)i;
		if (found < 0 && ends_in(grid->columns[i], name, length))
			found = (int)i;
	}
	return found;
}

struct search {
	const char *name;
	size_t length;
	char *found; /* the field that has the very name, or else the shortest that ends in it */
};

static int try_field(void *data, const struct ferry_item *item)
{
	struct search *search = data;
	size_t length = strlen(item->address);

	if (item->kind != FERRY_ITEM_LEAF || (search->found && strlen(search->found) <= length) ||
	    !ends_in(item->address, search->name, search->length))
		return 0;
	free(search->found);
	search->found = strdup(item->address);
	return length == search->length;
}

/* A column that no row has, but that the schema knows. */
static int find_field(struct grid *grid, struct program *program, const char *name, size_t length)
{
	struct search search = { name, length, NULL };
	int column;

	for (unsigned int i = 0; i < program->argument_count; i++)
		ferry_fields(program->ferry, program->arguments[i], try_field, &search);
	column = search.found ? column_of(grid, search.found) : -ENOENT;
	free(search.found);
	return column;
}

/* The columns to print as places in grid->columns; their count, or -1 with the words printed. */
static int choose(struct grid *grid, struct program *program, const char *chosen, int *places)
{
	int count = 0;

	if (!chosen) {
		for (unsigned int i = 0; i < grid->column_count; i++)
			places[count++] = (int)i;
		return count;
	}
	for (const char *name = chosen, *next; *name && count < COLUMNS_MAXIMUM; name = next) {
		size_t length = strcspn(name, ",");
		next = name + length + (name[length] == ',');
		if (length == 0)
			continue;
		places[count] = find_column(grid, name, length);
		if (places[count] < 0)
			places[count] = find_field(grid, program, name, length);
		if (places[count++] < 0) {
			program_fail(program, EXIT_USAGE, -EINVAL, "no column \"%.*s\" there (see \"ferry ls\" of one of the rows)", (int)length,
				     name);
			return -1;
		}
	}
	return count;
}

static void fill(const struct grid *grid, struct show_table *table, const int *places)
{
	show_table_row(table);
	show_table_set(table, 0, grid->heading);
	for (unsigned int i = 1; i < table->columns; i++)
		show_table_set(table, i, grid->columns[places[i - 1]]);
	for (unsigned int row = 0; row < grid->row_count; row++) {
		show_table_row(table);
		show_table_set(table, 0, grid->rows[row].name);
		for (unsigned int i = 1; i < table->columns; i++) {
			unsigned int place = (unsigned int)places[i - 1];
			if (place < grid->rows[row].count && grid->rows[row].cells[place])
				show_table_lend(table, i, grid->rows[row].cells[place]);
		}
	}
}

void grid_print(struct grid *grid, struct program *program, const char *chosen)
{
	_cleanup_free_ int *places = calloc(COLUMNS_MAXIMUM, sizeof(*places));
	struct show_table table;

	if (!places) {
		program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
		return;
	}
	if (grid->row_count == 0)
		return;
	int count = choose(grid, program, chosen, places);
	if (count < 0)
		return;
	show_table_init(&table, (unsigned int)count + 1);
	fill(grid, &table, places);
	if (show_table_print(&table, &program->output, chosen) < 0)
		program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	show_table_done(&table);
}

void grid_done(struct grid *grid)
{
	for (unsigned int i = 0; i < grid->column_count; i++)
		free(grid->columns[i]);
	arena_done(&grid->texts);
	buffer_done(&grid->scratch);
	free(grid->columns);
	free(grid->rows);
	free(grid->heading);
	*grid = (struct grid){};
}
