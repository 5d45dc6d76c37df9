/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

#define GAP 2 /* columns between two columns */

void show_table_init(struct show_table *table, unsigned int columns)
{
	*table = (struct show_table){ .columns = columns };
}

void show_table_row(struct show_table *table)
{
	if (table->failed)
		return;
	if (table->rows == table->room) {
		unsigned int room = table->room ? table->room * 2 : 64;
		const char **cells = reallocarray(table->cells, (size_t)room * table->columns, sizeof(*cells));
		if (!cells) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->room = room;
	}
	memset(table->cells + (size_t)table->rows * table->columns, 0, table->columns * sizeof(char *));
	table->rows++;
}

void show_table_lend(struct show_table *table, unsigned int column, const char *text)
{
	if (!text)
		table->failed = true;
	if (!table->failed && table->rows > 0 && column < table->columns)
		table->cells[(size_t)(table->rows - 1) * table->columns + column] = text;
}

void show_table_take(struct show_table *table, unsigned int column, char *text)
{
	show_table_lend(table, column, text ? arena_copy(&table->texts, text, strlen(text)) : NULL);
	free(text);
}

void show_table_set(struct show_table *table, unsigned int column, const char *text)
{
	buffer_clear(&table->scratch);
	buffer_add_escaped(&table->scratch, text, strlen(text));
	table->failed |= table->scratch.failed;
	if (!table->failed)
		show_table_lend(table, column, arena_copy(&table->texts, table->scratch.length ? table->scratch.data : "", table->scratch.length));
}

static const char *cell(const struct show_table *table, unsigned int row, unsigned int column)
{
	const char *text = table->cells[(size_t)row * table->columns + column];

	return text && *text ? text : "-";
}

static void measure(const struct show_table *table, unsigned int *widths)
{
	for (unsigned int row = 0; row < table->rows; row++)
		for (unsigned int column = 0; column < table->columns; column++) {
			const char *text = cell(table, row, column);
			unsigned int width = text_columns(text, strlen(text));
			if (width > widths[column])
				widths[column] = width;
		}
}

/* How many columns fit into the terminal; where all must be shown, the widest are made narrower until they do. */
static unsigned int fit(const struct show_table *table, const struct output *output, unsigned int *widths, bool chosen)
{
	unsigned int total = 0, shown = 0;

	if (output->width == 0)
		return table->columns;
	for (unsigned int column = 0; column < table->columns; column++)
		total += widths[column] + (column ? GAP : 0);
	while (chosen && total > output->width) {
		unsigned int widest = 0;
		for (unsigned int column = 1; column < table->columns; column++)
			if (widths[column] > widths[widest])
				widest = column;
		if (widths[widest] <= 8)
			break;
		widths[widest]--;
		total--;
	}
	if (chosen)
		return table->columns;
	total = 0;
	while (shown < table->columns) {
		unsigned int wanted = widths[shown] + (shown ? GAP : 0), mark = shown + 1 < table->columns ? GAP + 3 : 0;
		if (shown > 0 && total + wanted + mark > output->width)
			break;
		total += wanted;
		shown++;
	}
	if (shown == 1 && widths[0] > output->width)
		widths[0] = output->width;
	return shown;
}

static void pad(struct buffer *text, unsigned int count)
{
	static const char blanks[] = "                                ";

	for (unsigned int part; count > 0; count -= part) {
		part = count < sizeof(blanks) - 1 ? count : sizeof(blanks) - 1;
		buffer_add(text, blanks, part);
	}
}

/* TEXT holds the row while it is made: one for all of them. */
static void print_row(const struct show_table *table, struct output *output, unsigned int row, unsigned int shown, const unsigned int *widths,
		      struct buffer *text)
{
	buffer_clear(text);
	for (unsigned int column = 0; column < shown; column++) {
		size_t begin = text->length;
		const char *content = cell(table, row, column);
		unsigned int columns = table->right >> column & 1 ? text_columns(content, strlen(content)) : widths[column];
		if (columns < widths[column])
			pad(text, widths[column] - columns);
		text_cut(output, text, content, widths[column]);
		bool last = column + 1 == shown && shown == table->columns;
		if (!last && !text->failed)
			pad(text, widths[column] + GAP - text_columns(text->data + begin, text->length - begin));
	}
	if (shown < table->columns && row == 0)
		buffer_add_text(text, output_dots(output));
	while (!text->failed && text->length > 0 && text->data[text->length - 1] == ' ')
		text->data[--text->length] = 0;
	if (text->failed)
		output->line.failed = true;
	else
		output_styled(output, &output->line, row == 0 ? STYLE_STRONG : STYLE_PLAIN, text->data);
	buffer_add_char(&output->line, '\n');
}

int show_table_print(const struct show_table *table, struct output *output, bool chosen)
{
	if (table->failed)
		return -ENOMEM;
	_cleanup_buffer_ struct buffer text = {};
	_cleanup_free_ unsigned int *widths = calloc(table->columns, sizeof(*widths));
	if (!widths)
		return -ENOMEM;
	measure(table, widths);
	unsigned int shown = fit(table, output, widths, chosen);
	for (unsigned int row = 0; row < table->rows; row++) {
		print_row(table, output, row, shown, widths, &text);
		if (!output_commit(output))
			break;
	}
	return 0;
}

void show_table_done(struct show_table *table)
{
	arena_done(&table->texts);
	buffer_done(&table->scratch);
	free(table->cells);
	*table = (struct show_table){};
}
