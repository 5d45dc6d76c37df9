/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statements and their figures, as stations say them. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "cmd/tour.h"
#include "show/value.h"

/* TEXT as long as the tour lasts. */
static const char *keep(struct tour *tour, const char *text)
{
	char *copy = text ? arena_copy(&tour->arena, text, strlen(text)) : NULL;

	tour->failed |= text && !copy;
	return copy ? copy : "";
}

void tour_say_columns(struct tour *tour, enum tour_statement_name name, const enum tour_column *columns, unsigned int count)
{
	struct tour_statement *statement = arena_new(&tour->arena, struct tour_statement);
	static struct tour_statement lost;

	tour->failed |= !statement;
	if (!statement)
		statement = &lost;
	*statement = (struct tour_statement){ .name = name, .column_count = count, .picture = -1 };
	memcpy(statement->columns, columns, count * sizeof(*columns));
	if (tour->station->last)
		tour->station->last->next = statement;
	else
		tour->station->statements = statement;
	tour->station->last = statement;
}

void tour_row(struct tour *tour)
{
	struct tour_statement *statement = tour->station->last;
	struct tour_row *row = arena_new(&tour->arena, struct tour_row);

	tour->failed |= !row;
	if (!row)
		return;
	if (statement->last)
		statement->last->next = row;
	else
		statement->rows = row;
	statement->last = row;
}

static void add(struct tour *tour, const char *text, uint64_t number)
{
	struct tour_row *row = tour->station->last->last;

	if (row && row->count < tour->station->last->column_count)
		row->cells[row->count++] = (struct tour_cell){ .text = text, .number = number };
}

/* The same, safe for a terminal. */
static const char *keep_escaped(struct tour *tour, const char *text)
{
	_cleanup_buffer_ struct buffer escaped = { 0 };

	buffer_add_escaped(&escaped, text, strlen(text));
	tour->failed |= escaped.failed;
	return keep(tour, escaped.data);
}

void tour_text(struct tour *tour, const char *text)
{
	add(tour, text ? keep_escaped(tour, text) : NULL, UINT64_MAX);
}

void tour_shown(struct tour *tour, const char *text)
{
	add(tour, text, UINT64_MAX);
}

void tour_number(struct tour *tour, uint64_t number)
{
	add(tour, NULL, number);
}

static const char *formatted(struct tour *tour, const char *format, va_list arguments)
{
	char *text;
	const char *kept;

	if (vasprintf(&text, format, arguments) < 0) {
		tour->failed = true;
		return "";
	}
	kept = keep_escaped(tour, text);
	free(text);
	return kept;
}

void tour_printf(struct tour *tour, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(tour, formatted(tour, format, arguments), UINT64_MAX);
	va_end(arguments);
}

void tour_value(struct tour *tour, const struct ferry_value *value)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	if (value)
		value_short(&text, value);
	tour->failed |= text.failed;
	tour_shown(tour, text.data ? keep(tour, text.data) : NULL);
}

void tour_call(struct tour *tour, const struct ferry_crossing *crossing)
{
	tour_value(tour, crossing->arguments);
	if (crossing->error)
		tour_text(tour, crossing->error);
	else
		tour_printf(tour, "%lld", (long long)crossing->result);
	tour_number(tour, crossing->duration);
}

void tour_picture(struct tour *tour, enum tour_column column)
{
	struct tour_statement *statement = tour->station->last;

	for (unsigned int i = 0; i < statement->column_count; i++)
		if (statement->columns[i] == column)
			statement->picture = (int)i;
}

void tour_missing(struct tour *tour, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tour->station->last->missing = formatted(tour, format, arguments);
	va_end(arguments);
}

void tour_missing_phrase(struct tour *tour, enum tour_phrase phrase, const char *what)
{
	const char *words = tour_phrases[phrase].words[tour->language], *place = strstr(words, "%s");

	tour_missing(tour, "%.*s%s%s", (int)(place - words), words, what, place + 2);
}

/* ---- Asking the library ---- */

struct wanted {
	struct tour *tour;
	const char *text;
	uint64_t number, count;
};

static int take(void *data, const struct ferry_item *item)
{
	struct wanted *wanted = data;

	wanted->count++;
	if (item->value && !wanted->text) {
		_cleanup_free_ char *text = ferry_value_text(item->value);

		wanted->tour->failed |= !text;
		wanted->text = keep(wanted->tour, text);
		wanted->number = ferry_value_number(item->value);
	}
	return 0;
}

static int count(void *data, const struct ferry_item *item)
{
	struct wanted *wanted = data;

	(void)item;
	wanted->count++;
	return 0;
}

const char *tour_get(struct tour *tour, const char *address)
{
	struct wanted wanted = { .tour = tour };

	return ferry_get(tour->ferry, address, 0, take, &wanted) < 0 ? NULL : wanted.text;
}

uint64_t tour_get_number(struct tour *tour, const char *address)
{
	struct wanted wanted = { .tour = tour };

	return ferry_get(tour->ferry, address, 0, take, &wanted) < 0 || !wanted.text ? UINT64_MAX : wanted.number;
}

uint64_t tour_count_items(struct tour *tour, const char *address, unsigned int flags)
{
	struct wanted wanted = { .tour = tour };

	return ferry_list(tour->ferry, address, flags, count, &wanted) < 0 ? UINT64_MAX : wanted.count;
}

void tour_json(struct tour *tour, const char *json)
{
	_cleanup_value_ struct ferry_value *value = NULL;

	if (json && ferry_value_parse(tour->ferry, json, &value) == 0 && value)
		tour_value(tour, value);
	else
		tour_text(tour, "(none)");
}

int tour_tell_change(void *data, const struct ferry_change *change)
{
	struct tour *tour = data;

	tour_row(tour);
	tour_text(tour, change->address);
	tour_json(tour, change->before);
	tour_json(tour, change->after);
	return 0;
}

bool tour_set(struct tour *tour, const char *assignment)
{
	int r = ferry_set(tour->ferry, (const char *const[]){ assignment, NULL }, 0, tour_tell_change, tour);

	if (r < 0)
		tour_missing(tour, "%s: %s", assignment, ferry_error(tour->ferry));
	tour_record(tour);
	return r >= 0;
}
