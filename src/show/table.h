/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of text cells, printed in columns as wide as their content. On a terminal the columns that fit; elsewhere all of them, whole. */
#ifndef FERRY_SHOW_TABLE_H
#define FERRY_SHOW_TABLE_H

#include "base/arena.h"
#include "show/output.h"

struct show_table {
	const char **cells; /* row by row; NULL is an empty one */
	struct arena texts; /* but those that are lent */
	struct buffer scratch;
	unsigned int columns, rows, room;
	uint64_t right; /* columns of numbers, a bit each, which stand to the right */
	bool failed;
};

/* A table of COLUMNS columns. Its first row is the heading. */
void show_table_init(struct show_table *table, unsigned int columns);
/* A new row, whose cells are then set. */
void show_table_row(struct show_table *table);
/* Sets a cell of the last row to TEXT, escaped. */
void show_table_set(struct show_table *table, unsigned int column, const char *text);
/* The same with text that is escaped already, and is taken over. */
void show_table_take(struct show_table *table, unsigned int column, char *text);
/* The same with text that outlives the table. */
void show_table_lend(struct show_table *table, unsigned int column, const char *text);
/* Prints; CHOSEN: every column was asked for, so on a terminal cells are cut rather than columns left out. 0 or -ENOMEM. */
int show_table_print(const struct show_table *table, struct output *output, bool chosen);
void show_table_done(struct show_table *table);

#endif
