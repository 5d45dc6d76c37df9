/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text form of values, read back: what value_print() prints, to generic values. What stands bare means what the field makes of it, so it is
 * marked as bare (see value_is_bare()); convert.c gives it its type. */
#include <errno.h>
#include <string.h>

#include "model/field.h"

/* What ends a bare word inside a list or record, and what may not stand in one: the printer puts such texts into quotes. */
#define DELIMITERS ",]}"
#define RESERVED   " \t\r\n=[{\"'"

bool integer_parse(const char *text, size_t length, struct value *ret)
{
	bool negative = length > 0 && text[0] == '-';
	size_t i = negative;
	uint64_t number = 0;

	/* "007", "+7" and "-0" stay text: what was read must come out again as it was. */
	if (i == length || (text[i] == '0' && (length - i > 1 || negative)))
		return false;
	for (; i < length; i++) {
		unsigned int digit = (unsigned char)text[i] - (unsigned int)'0';

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (negative && number > (uint64_t)INT64_MAX + 1)
		return false;
	if (negative)
		*ret = value_int((int64_t)(0 - number));
	else
		*ret = number > INT64_MAX ? value_uint(number) : value_int((int64_t)number);
	return true;
}

bool word_value(const char *text, size_t length, struct value *ret)
{
	if (length == 4 && memcmp(text, "null", 4) == 0) {
		*ret = (struct value){ .type = VALUE_NULL };
		return true;
	}
	if ((length == 4 && memcmp(text, "true", 4) == 0) || (length == 5 && memcmp(text, "false", 5) == 0)) {
		*ret = value_bool(length == 4);
		return true;
	}
	return integer_parse(text, length, ret);
}

struct parser {
	const char *begin, *at, *end;
	struct arena *arena;
	struct error *error;
};

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->end && is_blank(*parser->at))
		parser->at++;
}

static bool next_is(const struct parser *parser, char character)
{
	return parser->at < parser->end && *parser->at == character;
}

/* "expected a comma or ], at "x=1...": what is wrong, and from where on. */
static int refuse(const struct parser *parser, const char *words)
{
	_cleanup_buffer_ struct buffer shown = { 0 };
	size_t left = (size_t)(parser->end - parser->at);

	if (left == 0)
		return error_set(parser->error, -EINVAL, "%s, at the end of the value", words);
	buffer_add_escaped(&shown, parser->at, left < 32 ? left : 32);
	return error_set(parser->error, -EINVAL, "%s, at \"%s%s\"", words, shown.data ? shown.data : "", left > 32 ? "..." : "");
}

static int no_memory(const struct parser *parser)
{
	return error_set(parser->error, -ENOMEM, "no memory for the value");
}

/* One escape, as buffer_add_escaped() and print_text() write them; moves behind it. */
static int parse_escape(struct parser *parser, char *ret)
{
	const char *at = parser->at;
	size_t left = (size_t)(parser->end - at);
	int high, low;

	if (left >= 2 && (at[1] == '\\' || at[1] == '"')) {
		*ret = at[1];
	} else if (left >= 2 && (at[1] == 'n' || at[1] == 't')) {
		*ret = at[1] == 'n' ? '\n' : '\t';
	} else if (left >= 4 && at[1] == 'x' && (high = hex_digit(at[2])) >= 0 && (low = hex_digit(at[3])) >= 0) {
		*ret = (char)(high << 4 | low);
		parser->at += 4;
		return 0;
	} else {
		return refuse(parser, "no such escape (there are \\n, \\t, \\\", \\\\ and \\xNN; a backslash itself is \\\\)");
	}
	parser->at += 2;
	return 0;
}

/* Bytes up to END without their escapes, or up to the first quote where QUOTED. */
static int parse_bytes(struct parser *parser, const char *end, bool quoted, struct value *ret)
{
	char *text = arena_allocate(parser->arena, (size_t)(end - parser->at) + 1);
	size_t length = 0;

	if (!text)
		return no_memory(parser);
	while (parser->at < end && !(quoted && *parser->at == '"')) {
		if (*parser->at == '\\') {
			int r = parse_escape(parser, &text[length]);

			if (r < 0)
				return r;
			length++;
		} else {
			text[length++] = *parser->at++;
		}
	}
	text[length] = '\0';
	*ret = value_data(VALUE_TEXT, text, length);
	return 0;
}

static int parse_quoted(struct parser *parser, struct value *ret)
{
	int r;

	parser->at++;
	r = parse_bytes(parser, parser->end, true, ret);
	if (r < 0)
		return r;
	if (!next_is(parser, '"'))
		return refuse(parser, "a text has no closing quote");
	parser->at++;
	return 0;
}

static int parse_bare(struct parser *parser, struct value *ret)
{
	const char *end = parser->at;
	int r;

	while (end < parser->end && *end && !strchr(DELIMITERS RESERVED, *end))
		end++;
	if (end == parser->at)
		return refuse(parser, "a value is missing (an empty text is \"\")");
	r = parse_bytes(parser, end, false, ret);
	if (r == 0)
		value_set_bare(ret);
	return r;
}

static int parse_inner(struct parser *parser, unsigned int depth, struct value *ret);

/* Behind a member: a comma, or END, which is stepped over. 0: another member follows; 1: that was the last. */
static int parse_separator(struct parser *parser, char end)
{
	skip_blanks(parser);
	if (next_is(parser, end)) {
		parser->at++;
		return 1;
	}
	if (!next_is(parser, ','))
		return refuse(parser, end == ']' ? "expected a comma or ] (a text with blanks or marks stands in quotes)"
						 : "expected a comma or } (a text with blanks or marks stands in quotes)");
	parser->at++;
	skip_blanks(parser);
	return 0;
}

static int parse_list(struct parser *parser, unsigned int depth, struct value *ret)
{
	struct value *items = NULL;
	uint32_t count = 0, size = 0;
	int done;

	parser->at++;
	skip_blanks(parser);
	done = next_is(parser, ']');
	parser->at += done;
	while (!done) {
		if (count == size) {
			struct value *more = arena_array(parser->arena, struct value, size ? (size_t)size * 2 : 8);

			if (!more)
				return no_memory(parser);
			if (count)
				memcpy(more, items, sizeof(*items) * count);
			items = more;
			size = size ? size * 2 : 8;
		}
		done = parse_inner(parser, depth + 1, &items[count++]);
		if (done == 0)
			done = parse_separator(parser, ']');
		if (done < 0)
			return done;
	}
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, count } };
	return 0;
}

/* A name up to its '=': bare (which may hold blanks, as in "attribute 7"), or in quotes. */
static int parse_name(struct parser *parser, const char **ret)
{
	struct value name;
	int r;

	if (next_is(parser, '"')) {
		r = parse_quoted(parser, &name);
	} else {
		const char *end = parser->at;

		while (end < parser->end && *end && !strchr("=,[]{}\"'", *end))
			end++;
		while (end > parser->at && is_blank(end[-1]))
			end--;
		if (end == parser->at)
			return refuse(parser, "the name of a field is missing");
		r = parse_bytes(parser, end, false, &name);
	}
	if (r < 0)
		return r;
	if (memchr(name.bytes.data, '\0', name.bytes.length))
		return error_set(parser->error, -EINVAL, "the name of a field holds a NUL byte");
	skip_blanks(parser);
	if (!next_is(parser, '='))
		return refuse(parser, "expected = behind the name of a field");
	parser->at++;
	skip_blanks(parser);
	*ret = name.bytes.data;
	return 0;
}

static int parse_member(struct parser *parser, struct record *record, unsigned int depth)
{
	struct entry entry = { 0 };
	int r = parse_name(parser, &entry.name);

	if (r < 0)
		return r;
	if (record_find(record, entry.name))
		return error_set(parser->error, -EINVAL, "a field is given twice: %.64s", entry.name);
	r = parse_inner(parser, depth + 1, &entry.value);
	if (r < 0)
		return r;
	return record_add(parser->arena, record, entry) < 0 ? no_memory(parser) : 0;
}

static int parse_record(struct parser *parser, unsigned int depth, struct value *ret)
{
	struct record *record = record_new(parser->arena, NULL);
	int done;

	if (!record)
		return no_memory(parser);
	parser->at++;
	skip_blanks(parser);
	done = next_is(parser, '}');
	parser->at += done;
	while (!done) {
		done = parse_member(parser, record, depth);
		if (done == 0)
			done = parse_separator(parser, '}');
		if (done < 0)
			return done;
	}
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return 0;
}

static int parse_inner(struct parser *parser, unsigned int depth, struct value *ret)
{
	if (depth > DEPTH_MAXIMUM * 2)
		return refuse(parser, "nested too deeply");
	if (next_is(parser, '['))
		return parse_list(parser, depth, ret);
	if (next_is(parser, '{'))
		return parse_record(parser, depth, ret);
	if (next_is(parser, '"'))
		return parse_quoted(parser, ret);
	return parse_bare(parser, ret);
}

/* Whether a record begins as JSON writes it: {"name": */
static bool begins_as_json(struct parser parser)
{
	struct error ignored;
	struct value name;

	parser.error = &ignored;
	parser.at++;
	skip_blanks(&parser);
	if (!next_is(&parser, '"'))
		return false;
	if (parse_quoted(&parser, &name) < 0)
		return true;
	skip_blanks(&parser);
	return next_is(&parser, ':');
}

/* Brackets: our own form, or JSON where it is that. Of what is neither, the words are those of the form that it begins as. */
static int parse_brackets(struct parser *parser, struct value *ret)
{
	const char *begin = parser->at;
	struct error ignored;
	int r = parse_inner(parser, 0, ret);

	skip_blanks(parser);
	if (r == 0 && parser->at < parser->end)
		r = refuse(parser, "the value ends before");
	if (r == 0 || r == -ENOMEM)
		return r;
	parser->at = begin;
	return value_parse_json(begin, (size_t)(parser->end - begin), parser->arena, ret, begins_as_json(*parser) ? parser->error : &ignored) < 0 ? r
																		  : 0;
}

static struct parser parser_of(const char *text, size_t length, struct arena *arena, struct error *error)
{
	struct parser parser = { .begin = text, .at = text, .end = text + length, .arena = arena, .error = error };

	skip_blanks(&parser);
	while (parser.end > parser.at && is_blank(parser.end[-1]))
		parser.end--;
	return parser;
}

/* A text as a whole, which may stand in quotes; one that does not is marked as bare. */
static int parse_whole(struct parser *parser, struct value *ret)
{
	struct error ignored;
	const char *begin = parser->at;
	bool quoted = next_is(parser, '"');
	int r;

	if (!quoted) {
		r = parse_bytes(parser, parser->end, false, ret);
		if (r == 0)
			value_set_bare(ret);
		return r;
	}
	r = parse_quoted(parser, ret);
	if (r == 0 && parser->at < parser->end)
		r = refuse(parser, "a text goes on behind its closing quote");
	/* JSON has escapes of its own. */
	if (r == -EINVAL && value_parse_json(begin, (size_t)(parser->end - begin), parser->arena, ret, &ignored) == 0)
		r = 0;
	return r;
}

int value_parse_generic(const char *text, size_t length, bool whole, struct arena *arena, struct value *ret, struct error *error)
{
	struct parser parser = parser_of(text, length, arena, error);
	struct value value;
	int r;

	if (length > UINT32_MAX / 2)
		return error_set(error, -EINVAL, "the value is too long");
	if (!whole && (next_is(&parser, '[') || next_is(&parser, '{')))
		r = parse_brackets(&parser, &value);
	else
		r = parse_whole(&parser, &value);
	if (r < 0)
		return r;
	*ret = value;
	return 0;
}
