/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/document.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "model/assignment.h"

struct reading {
	document_function *function;
	void *data;
	struct arena arena; /* for one line */
	struct error *error;
};

static int take(struct reading *reading, const struct assignment *assignment, unsigned int number)
{
	struct document_line line = { .number = number, .lenient = assignment->minus && assignment->value };

	if (!assignment->key_length)
		return error_set(reading->error, -EINVAL, "line %u has no address", number);
	arena_reset(&reading->arena);
	line.address = arena_copy(&reading->arena, assignment->key, assignment->key_length);
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
