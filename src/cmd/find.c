/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands by name, and by a name that is nearly right. */
#include <string.h>

#include "cmd/command.h"

#define NAME_MAXIMUM 16
#define NEAR         2 /* edits */

const struct command *command_find(const char *name)
{
	for (unsigned int i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static unsigned int smallest(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many letters must be put in, taken out, changed or swapped with their neighbour to make A of B. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[NAME_MAXIMUM + 1][NAME_MAXIMUM + 1];
	size_t height = strlen(a), width = strlen(b);

	if (height > NAME_MAXIMUM || width > NAME_MAXIMUM)
		return NAME_MAXIMUM;
	for (size_t i = 0; i <= height; i++)
		for (size_t j = 0; j <= width; j++) {
			if (i == 0 || j == 0) {
				rows[i][j] = (unsigned int)(i + j);
				continue;
			}
			rows[i][j] = smallest(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && rows[i - 2][j - 2] + 1 < rows[i][j])
				rows[i][j] = rows[i - 2][j - 2] + 1;
		}
	return rows[height][width];
}

const struct command *command_nearest(const char *name)
{
	const struct command *nearest = NULL;
	unsigned int best = NEAR + 1;

	for (unsigned int i = 0; commands[i]; i++) {
		const char *candidate = commands[i]->name;
		unsigned int edits = distance(name, candidate);
		if (edits >= strlen(candidate))
			continue; /* every letter would be another */
		if (edits < best) {
			best = edits;
			nearest = commands[i];
		}
	}
	return nearest;
}
