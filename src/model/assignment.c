/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/assignment.h"

#include <string.h>

#include "model/address.h"

static bool is_blank(enum assignment_grammar grammar, char character)
{
	switch (character) {
	case ' ':
	case '\t':
	case '\n':
	case '\r':
		return true;
	case '\v':
	case '\f':
		return grammar == ASSIGNMENT_PROCPS;
	default:
		return false;
	}
}

static void strip_start(enum assignment_grammar grammar, const char **text, size_t *length)
{
	while (*length && is_blank(grammar, **text)) {
		(*text)++;
		(*length)--;
	}
}

static void strip_end(enum assignment_grammar grammar, const char *text, size_t *length)
{
	while (*length && is_blank(grammar, text[*length - 1]))
		(*length)--;
}

static bool ends_line(enum assignment_grammar grammar, char character)
{
	return character == '\n' || (grammar == ASSIGNMENT_SYSTEMD && (character == '\r' || character == '\0'));
}

bool assignment_line(enum assignment_grammar grammar, const char **at, const char *end, unsigned int *number, const char **ret_line,
		     size_t *ret_length)
{
	const char *line = *at, *stop = line, *nul;

	if (line >= end)
		return false;
	while (stop < end && !ends_line(grammar, *stop))
		stop++;
	/* The line after a newline is the next one; what a carriage return parts an editor shows as the same. */
	if (!*number || line[-1] == '\n')
		++*number;
	*at = stop < end ? stop + 1 : end;
	nul = memchr(line, '\0', (size_t)(stop - line));
	*ret_line = line;
	*ret_length = (size_t)((nul && grammar == ASSIGNMENT_PROCPS ? nul : stop) - line);
	return true;
}

/* Whether the "=" at PLACE is part of an option of an address, such as ",metric=100": what begins with the last comma has no other "=". */
static bool is_of_option(const char *text, size_t place)
{
	for (size_t i = place; i-- > 0;) {
		if (text[i] == ',')
			return true;
		if (text[i] == '/' || text[i] == '=')
			return false;
	}
	return false;
}

/* The "=" with blanks on both sides behind an address that begins at START, as documents are printed: the address may hold others, as the name of a
 * link may. NULL where the address has a blank, or a value has begun. */
static const char *find_parted(const char *text, size_t start, size_t length)
{
	size_t end = start;

	if (!address_names_channel(text + start, length - start))
		return NULL;
	while (end < length && !strchr(" \t{[\"", text[end]))
		end++;
	while (end < length && (text[end] == ' ' || text[end] == '\t'))
		end++;
	if (end == length || text[end] != '=' || !strchr(" \t", text[end - 1]) || (end + 1 < length && !strchr(" \t", text[end + 1])))
		return NULL;
	return text + end;
}

/* The "=" between key and value, or NULL. */
static const char *find_equals(enum assignment_grammar grammar, const char *text, size_t length)
{
	static const char objects[] = "netlink/";
	size_t start = length && *text == '-';
	const char *parted;
	bool options;

	start += start < length ? strspn(text + start, " \t") : 0;
	parted = grammar == ASSIGNMENT_DOCUMENT ? find_parted(text, start, length) : NULL;
	if (parted)
		return parted;
	options = grammar == ASSIGNMENT_DOCUMENT && length - start > sizeof(objects) && !memcmp(text + start, objects, sizeof(objects) - 1);
	for (size_t i = 0; i < length; i++)
		if (text[i] == '=' && (!options || i == 0 || is_blank(grammar, text[i - 1]) || !is_of_option(text, i)))
			return text + i;
	return NULL;
}

/* What stands behind a "-" before a key. */
static void after_minus(enum assignment_grammar grammar, const char **key, size_t *length)
{
	if (grammar != ASSIGNMENT_PROCPS) {
		strip_start(grammar, key, length);
	} else if (*length && **key == '-') {
		(*key)++;
		(*length)--;
	}
}

enum assignment_kind assignment_parse(enum assignment_grammar grammar, const char *line, size_t length, struct assignment *ret)
{
	struct assignment found = { .kind = ASSIGNMENT_BLANK, .key = line };
	const char *equals;

	strip_start(grammar, &line, &length);
	strip_end(grammar, line, &length);
	if (!length || *line == '#' || *line == ';') {
		*ret = found;
		return found.kind;
	}
	equals = find_equals(grammar, line, length);
	found.minus = *line == '-';
	found.kind = equals ? ASSIGNMENT_SET : found.minus ? ASSIGNMENT_MINUS : ASSIGNMENT_WRONG;
	found.key = line + found.minus;
	found.key_length = (size_t)((equals ? equals : line + length) - found.key);
	if (found.minus)
		after_minus(grammar, &found.key, &found.key_length);
	strip_end(grammar, found.key, &found.key_length);
	if (equals) {
		found.value = equals + 1;
		found.value_length = (size_t)(line + length - found.value);
		strip_start(grammar, &found.value, &found.value_length);
	}
	*ret = found;
	return found.kind;
}

void assignment_path(const char *key, size_t length, struct buffer *ret)
{
	size_t first = 0;

	while (first < length && key[first] != '.' && key[first] != '/')
		first++;
	if (first == length || key[first] == '/') {
		buffer_add(ret, key, length);
		return;
	}
	for (size_t i = 0; i < length; i++)
		buffer_add_char(ret, key[i] == '.' ? '/' : key[i] == '/' ? '.' : key[i]);
}
