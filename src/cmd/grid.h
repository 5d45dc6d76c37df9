/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `get -t`: values below an address as rows and columns, where its children share fields. */
#ifndef FERRY_CMD_GRID_H
#define FERRY_CMD_GRID_H

#include "base/arena.h"
#include "cmd/command.h"

struct grid {
	struct arena texts; /* names of rows, cells */
	struct buffer scratch;
	char *heading;  /* of the first column */
	char **columns; /* names, in the order in which they were first seen */
	unsigned int column_count, column_room;
	unsigned int column_next; /* behind the one that was found last */
	struct grid_row *rows;
	unsigned int row_count, row_room;
};

/* Adds what ITEM, found below ADDRESS, holds: an object is a row, a leaf is a cell of the row of its folder. Where ADDRESS has globs, what they stand
 * for is the row, and what follows the column. 0 or -ENOMEM. */
int grid_add(struct grid *grid, const struct ferry_item *item, const char *address);
/* Prints all columns, or those that CHOSEN names ("mtu,index"; the end of a name will do: "id" for linkinfo/data/id). What no row has but the schema
 * knows is a column of its own, of empty cells. */
void grid_print(struct grid *grid, struct program *program, const char *chosen);
/* Whether the value at ADDRESS is of one of the columns that CHOSEN names. */
bool grid_chosen(const char *chosen, const char *address);
void grid_done(struct grid *grid);

#endif
