/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/document.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "model/address.h"
#include "model/assignment.h"
#include "model/field.h"

struct reading {
	document_function *function;
	void *data;
	struct arena arena; /* for one line */
	struct error *error;
};

/* The way back from buffer_add_escaped(), by which addresses are printed; what it does not write stays as it is. 0: none. */
static size_t escape(const char *at, size_t left, char *ret)
{
	static const char letters[] = "\\nt", bytes[] = "\\\n\t";
	const char *letter = left >= 2 && at[1] ? strchr(letters, at[1]) : NULL;
	int high, low;

	if (letter) {
		*ret = bytes[letter - letters];
		return 2;
	}
	if (left < 4 || at[1] != 'x' || (high = hex_digit(at[2])) < 0 || (low = hex_digit(at[3])) < 0 || (high | low) == 0)
		return 0;
	*ret = (char)(high << 4 | low);
	return 4;
}

/* An address as ferry prints it may have escapes; what is spelt as others spell it has none. */
static const char *take_address(struct arena *arena, const char *text, size_t length)
{
	char *address = arena_allocate(arena, length + 1);
	const bool escaped = address_names_channel(text, length);
	size_t count = 0;

	for (size_t i = 0; address && i < length;) {
		const size_t step = escaped && text[i] == '\\' ? escape(text + i, length - i, &address[count]) : 0;

		if (!step)
			address[count] = text[i];
		i += step ? step : 1;
		count++;
	}
	if (address)
		address[count] = '\0';
	return address;
}

static int take(struct reading *reading, const struct assignment *assignment, unsigned int number)
{
	struct document_line line = { .number = number, .lenient = assignment->minus && assignment->value };

	if (!assignment->key_length)
		return error_set(reading->error, -EINVAL, "line %u has no address", number);
	arena_reset(&reading->arena);
	line.address = take_address(&reading->arena, assignment->key, assignment->key_length);
	if (assignment->value)
		line.value = arena_copy(&reading->arena, assignment->value, assignment->value_length);
	if (!line.address || (assignment->value && !line.value))
		return error_set(reading->error, -ENOMEM, "no memory for a document");
	return reading->function(reading->data, &line);
}

static int read_line(struct reading *reading, const char *text, size_t length, unsigned int number)
{
	struct assignment assignment;

	switch (assignment_parse(ASSIGNMENT_DOCUMENT, text, length, &assignment)) {
	case ASSIGNMENT_BLANK:
		return 0;
	case ASSIGNMENT_WRONG:
		if (!memchr(text, '\0', length))
			return error_set(reading->error, -EINVAL, "line %u, \"%.*s\": \"address = value\" or \"-address\" is wanted", number,
					 (int)(length > 80 ? 80 : length), text);
		break;
	default:
		if (!memchr(text, '\0', length))
			return take(reading, &assignment, number);
	}
	return error_set(reading->error, -EINVAL, "line %u holds a NUL byte: it is no text", number);
}

int document_each_line(const char *text, size_t length, document_function *function, void *data, struct error *error)
{
	struct reading reading = { .function = function, .data = data, .error = error };
	const char *at = text, *end = at + length, *line;
	unsigned int number = 0;
	int r = 0;

	while (r == 0 && assignment_line(ASSIGNMENT_DOCUMENT, &at, end, &number, &line, &length))
		r = read_line(&reading, line, length, number);
	arena_done(&reading.arena);
	return r;
}
