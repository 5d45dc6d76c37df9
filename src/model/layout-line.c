/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of fields in their order. */
#include <errno.h>
#include <string.h>

#include "model/field.h"
#include "model/layout-text.h"

static bool separates(const struct layout *layout, char character)
{
	if (layout->separators)
		return strchr(layout->separators, character) && character;
	return text_is_blank(character) || character == '\n';
}

static void skip_separators(const struct layout *layout, struct text *line)
{
	while (line->at < line->end && separates(layout, *line->at))
		line->at++;
}

/* Where the word at the beginning of LINE ends. */
static const char *word_end(const struct layout *layout, struct text line)
{
	const char *at = line.at;

	while (at < line.end && !(separates(layout, *at) && (!(layout->flags & LAYOUT_WIDE) || at + 1 == line.end || separates(layout, at[1]))))
		at++;
	return at;
}

/* "(comm)" with whatever stands in it. */
static bool take_parentheses(struct text *line, struct text *ret)
{
	const char *last;

	if (line->at == line->end || *line->at != '(')
		return false;
	last = memrchr(line->at, ')', text_length(*line));
	if (!last)
		return false;
	*ret = (struct text){ line->at + 1, last };
	line->at = last + 1;
	return true;
}

/* The words up to a dash that stands alone, which is taken too. */
static bool take_dash(const struct layout *layout, struct text *line, struct text *ret)
{
	struct text rest = *line;

	while (rest.at < rest.end) {
		const char *end = word_end(layout, rest);

		if (end - rest.at == 1 && *rest.at == '-') {
			*ret = (struct text){ line->at, rest.at };
			line->at = end;
			return true;
		}
		rest.at = end;
		skip_separators(layout, &rest);
	}
	return false;
}

/* The text of FIELD (NULL: of a column that nobody told of), taken off LINE. False where nothing is left. */
static bool take_field(const struct layout *layout, const struct field *field, struct text *line, struct text *ret)
{
	const bool exact = layout->flags & LAYOUT_EXACT;

	if (field && field->form == FORM_REST && !exact) /* a name may begin with what parts numbers */
		*line = text_trim(*line);
	else if (!exact)
		skip_separators(layout, line);
	if (line->at >= line->end)
		return false;
	if (field && field->form == FORM_PARENTHESES && take_parentheses(line, ret))
		return true;
	if (field && field->form == FORM_DASH && take_dash(layout, line, ret))
		return true;
	*ret = (struct text){ line->at, field && field->form == FORM_REST ? line->end : word_end(layout, *line) };
	line->at = ret->end + (exact && ret->end < line->end);
	return true;
}

static int add_field(const struct field *field, struct text text, uint32_t column, struct arena *arena, struct record *record)
{
	struct entry entry = { .name = field ? field->name : NULL, .field = field, .number = (uint16_t)column };
	char name[32];
	int r;

	if (!field) {
		snprintf(name, sizeof(name), "column %u", column + 1);
		entry.name = arena_copy(arena, name, strlen(name));
		if (!entry.name)
			return -ENOMEM;
	}
	r = layout_value(field, text.at, text_length(text), arena, &entry.value);
	return r < 0 ? r : record_add(arena, record, entry);
}

#define COLUMNS_MAXIMUM 4096

int layout_fields(const struct layout *layout, const struct schema *schema, uint32_t first, struct text line, struct arena *arena,
		  struct record *record)
{
	struct text text;

	for (uint32_t column = first; column < COLUMNS_MAXIMUM; column++) {
		const struct field *field = attribute_field(schema, (uint16_t)column);
		int r;

		if (!take_field(layout, field, &line, &text))
			return 0;
		/* A hole in the table: a column that says nothing (the kernel leaves it for programs that count). */
		if (!field && column < schema->attribute_count)
			continue;
		r = add_field(field, text, column, arena, record);
		if (r < 0)
			return r;
	}
	/* Longer than any line of the kernel: the rest is told in one piece. */
	skip_separators(layout, &line);
	return text_length(line) ? add_field(NULL, line, COLUMNS_MAXIMUM, arena, record) : 0;
}
