/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tour as text and as JSON. */
#include <inttypes.h>
#include <string.h>

#include "cmd/tour.h"
#include "show/amount.h"
#include "show/moment.h"
#include "show/table.h"

#define COLUMNS_USUAL 100

void tour_add_cell(struct buffer *buffer, const struct tour *tour, enum tour_column column, const struct tour_cell *cell)
{
	const enum tour_kind kind = tour_columns[column].kind;

	if (kind == TOUR_TEXT ? !cell->text : cell->number == UINT64_MAX) {
		buffer_add_char(buffer, '-');
	} else if (kind == TOUR_TEXT) {
		const char *word = tour_word(tour->language, cell->text);

		buffer_add_text(buffer, word);
	} else if (kind == TOUR_COUNT) {
		moment_count(buffer, cell->number);
	} else if (kind == TOUR_TIME) {
		amount_time(buffer, cell->number);
	} else {
		amount_bytes(buffer, cell->number);
	}
}

/* TEXT in lines of at most COLUMNS, each begun by two spaces. Between two Chinese characters a line may end. */
static void add_wrapped(struct buffer *line, const char *text, unsigned int columns)
{
	unsigned int column = 0;

	while (*text) {
		const bool wide = (unsigned char)*text >= 0xe0;
		size_t length = wide ? 3 : strcspn(text, " ");

		for (size_t i = 0; !wide && i < length; i++)
			if ((unsigned char)text[i] >= 0xe0)
				length = i;
		const unsigned int width = wide ? 2 : text_columns(text, length);
		if (column == 0 || column + width > columns) {
			buffer_add_text(line, column ? "\n  " : "  ");
			column = 2;
		}
		buffer_add(line, text, length);
		column += width;
		text += length;
		if (*text == ' ') {
			buffer_add_char(line, ' ');
			column++;
			text++;
		}
	}
	buffer_add_char(line, '\n');
}

static void print_figures(struct tour *tour, const struct tour_statement *statement)
{
	struct output *output = &tour->program->output;
	struct show_table table;

	show_table_init(&table, statement->column_count);
	show_table_row(&table);
	for (unsigned int i = 0; i < statement->column_count; i++) {
		show_table_lend(&table, i, tour_columns[statement->columns[i]].words[tour->language]);
		if (tour_columns[statement->columns[i]].kind != TOUR_TEXT)
			table.right |= UINT64_C(1) << i;
	}
	for (const struct tour_row *row = statement->rows; row; row = row->next) {
		show_table_row(&table);
		for (unsigned int i = 0; i < row->count; i++) {
			struct buffer text = { 0 };

			tour_add_cell(&text, tour, statement->columns[i], &row->cells[i]);
			show_table_take(&table, i, buffer_take(&text));
		}
	}
	tour->failed |= show_table_print(&table, output, true) < 0;
	show_table_done(&table);
}

void tour_print(struct tour *tour, enum tour_station_name number)
{
	struct output *output = &tour->program->output;
	const unsigned int columns = output->terminal && output->width ? output->width : COLUMNS_USUAL;
	char title[128];

	snprintf(title, sizeof(title), "%u. %s", number + 1, tour_stations[number].words[tour->language]);
	output_styled(output, &output->line, STYLE_STRONG, title);
	buffer_add_char(&output->line, '\n');
	add_wrapped(&output->line, tour_station_texts[number].words[tour->language], columns);
	for (const struct tour_statement *statement = tour->stations[number].statements; statement; statement = statement->next) {
		buffer_add_char(&output->line, '\n');
		add_wrapped(&output->line, tour_statements[statement->name].words[tour->language], columns);
		output_commit(output);
		if (statement->rows)
			print_figures(tour, statement);
		if (statement->missing) {
			buffer_add_text(&output->line, "  ! ");
			buffer_add_text(&output->line, statement->missing);
			buffer_add_char(&output->line, '\n');
		}
		output_commit(output);
	}
	buffer_add_char(&output->line, '\n');
	output_commit(output);
	output_flush(output);
}

/* ---- JSON ---- */

static void add_member(struct buffer *line, const char *name, const char *text)
{
	buffer_printf(line, "\"%s\":", name);
	if (text)
		buffer_add_json(line, text, strlen(text));
	else
		buffer_add_text(line, "null");
}

static void add_row(struct buffer *line, const struct tour_statement *statement, const struct tour_row *row)
{
	for (unsigned int i = 0; i < row->count; i++) {
		const struct tour_words *column = &tour_columns[statement->columns[i]];

		buffer_add_char(line, i ? ',' : '{');
		if (column->kind == TOUR_TEXT || row->cells[i].number == UINT64_MAX)
			add_member(line, column->name, row->cells[i].text);
		else
			buffer_printf(line, "\"%s\":%" PRIu64, column->name, row->cells[i].number);
	}
	buffer_add_text(line, row->count ? "}" : "{}");
}

void tour_print_json(struct tour *tour, enum tour_station_name number)
{
	struct buffer *line = &tour->program->output.line;

	buffer_printf(line, "{\"station\":%u,", number + 1);
	add_member(line, "name", tour_stations[number].name);
	buffer_add_char(line, ',');
	add_member(line, "title", tour_stations[number].words[tour->language]);
	buffer_add_text(line, ",\"statements\":[");
	for (const struct tour_statement *statement = tour->stations[number].statements; statement; statement = statement->next) {
		buffer_add_text(line, statement == tour->stations[number].statements ? "{" : ",{");
		add_member(line, "name", tour_statements[statement->name].name);
		buffer_add_char(line, ',');
		add_member(line, "text", tour_statements[statement->name].words[tour->language]);
		buffer_add_text(line, ",\"figures\":[");
		for (const struct tour_row *row = statement->rows; row; row = row->next) {
			if (row != statement->rows)
				buffer_add_char(line, ',');
			add_row(line, statement, row);
		}
		buffer_add_text(line, "],");
		add_member(line, "missing", statement->missing);
		buffer_add_char(line, '}');
	}
	buffer_add_text(line, "]}\n");
	output_commit(&tour->program->output);
	output_flush(&tour->program->output);
}
