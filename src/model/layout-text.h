/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A text that is being taken apart. Private to src/model/layout*.c. */
#ifndef FERRY_MODEL_LAYOUT_TEXT_H
#define FERRY_MODEL_LAYOUT_TEXT_H

#include <string.h>

#include "model/layout.h"

struct text {
	const char *at, *end;
};

static inline bool text_is_blank(char character)
{
	return character == ' ' || character == '\t';
}

static inline struct text text_trim(struct text text)
{
	while (text.at < text.end && text_is_blank(*text.at))
		text.at++;
	while (text.end > text.at && text_is_blank(text.end[-1]))
		text.end--;
	return text;
}

static inline size_t text_length(struct text text)
{
	return (size_t)(text.end - text.at);
}

/* Takes the next line off TEXT; false where nothing is left. */
static inline bool text_line(struct text *text, struct text *ret)
{
	const char *newline;

	if (text->at >= text->end)
		return false;
	newline = memchr(text->at, '\n', text_length(*text));
	*ret = (struct text){ text->at, newline ? newline : text->end };
	text->at = newline ? newline + 1 : text->end;
	return true;
}

/* Adds the fields of SCHEMA that stand in LINE, in order, from field FIRST on. */
int layout_fields(const struct layout *layout, const struct schema *schema, uint32_t first, struct text line, struct arena *arena,
		  struct record *record) _must_check_;

#endif
