/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a text file of the kernel says records: a few generic readers and a table for each file. Other kernels have other lines and columns: what a
 * table does not know is told by the name that it bears there, or as "line N" and "column N", and what does not fit its field as the text that stands
 * there. Nothing is dropped, and nothing is a failure. */
#ifndef FERRY_MODEL_LAYOUT_H
#define FERRY_MODEL_LAYOUT_H

#include "model/schema.h"

enum layout_kind {
	LAYOUT_LINE,    /* the whole text: one record, its fields in order */
	LAYOUT_NAMES,   /* one record; a line a field: its name, a colon or blanks, its value */
	LAYOUT_ROWS,    /* a line a record, its fields in order */
	LAYOUT_BLOCKS,  /* records as LAYOUT_NAMES, an empty line between two */
	LAYOUT_TITLES,  /* two lines a record: "Tcp: Title Title" and "Tcp: 1 2" */
	LAYOUT_MATRIX,  /* a line of titles; then a line a record: its name, a colon, a number a title, fields in order */
	LAYOUT_PAIRS,   /* a line a record: its name, then words "title=value" */
	LAYOUT_STRINGS, /* a list of texts, a NUL behind each */
};

enum layout_flags {
	LAYOUT_EXACT = 1 << 0,   /* each separator counts: between two that touch stands an empty text */
	LAYOUT_WIDE = 1 << 1,    /* two blanks or more part fields, one does not */
	LAYOUT_NUMBERED = 1 << 2 /* rows have no key of their own: their place in the file is it */
};

struct layout {
	enum layout_kind kind;
	uint32_t flags;              /* enum layout_flags */
	const struct schema *schema; /* of the record, or of a row; in NAMES a field's name may end in "*" */
	const char *separators;      /* between fields; NULL: blanks and tabs. In NAMES: what ends a name, NULL: a colon */
	const char *headings;        /* lines before the first row that begin with one of these words (parted by blanks) are passed over */
	char key_end;                /* ROWS: the first field ends at the last such character of the line; '\0': as any other */
	const struct field *other;   /* a field that SCHEMA does not name is taken as this one, under its own name; NULL: as its text looks */
};

/* Given a row's KEY (NULL where the text is one record) and its value: a record of layout->schema, or a list. Valid until the function returns. Names
 * and texts borrow from the text that was read. */
typedef int layout_function(void *data, const char *key, const struct value *value);

/* Hands each record of TEXT to FUNCTION, which ends the reading by returning non-zero, and that is returned. ARENA is reset for each row. Two rows of
 * one key: the second has ",row=N" behind it. -ENOMEM. */
int layout_read(const struct layout *layout, const char *text, size_t length, struct arena *arena, layout_function *function,
		void *data) _must_check_;

/* TEXT as a value of FIELD (NULL: as it looks); what does not fit is a text. -ENOMEM. */
int layout_value(const struct field *field, const char *text, size_t length, struct arena *arena, struct value *ret) _must_check_;

#endif
