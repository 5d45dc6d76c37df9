/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/document.h"

#include <errno.h>
#include <string.h>

#include "model/assignment.h"

static int add(struct document *document, size_t *size, struct document_line line)
{
	struct document_line *lines;

	if (document->count == *size) {
		*size = *size ? *size * 2 : 64;
		lines = reallocarray(document->lines, *size, sizeof(*lines));
		if (!lines)
			return -ENOMEM;
		document->lines = lines;
	}
	document->lines[document->count++] = line;
	return 0;
}

static int take(struct document *document, size_t *size, const struct assignment *assignment, unsigned int number, struct error *error)
{
	struct document_line line = { .number = number, .lenient = assignment->minus && assignment->value };

	if (!assignment->key_length)
		return error_set(error, -EINVAL, "line %u has no address", number);
	line.address = arena_copy(&document->arena, assignment->key, assignment->key_length);
	if (assignment->value)
		line.value = arena_copy(&document->arena, assignment->value, assignment->value_length);
	if (!line.address || (assignment->value && !line.value) || add(document, size, line) < 0)
		return error_set(error, -ENOMEM, "no memory for a document");
	return 0;
}

static int parse_line(struct document *document, size_t *size, const char *text, size_t length, unsigned int number, struct error *error)
{
	struct assignment assignment;

	switch (assignment_parse(ASSIGNMENT_DOCUMENT, text, length, &assignment)) {
	case ASSIGNMENT_BLANK:
		return 0;
	case ASSIGNMENT_WRONG:
		if (!memchr(text, '\0', length))
			return error_set(error, -EINVAL, "line %u, \"%.*s\": \"address = value\" or \"-address\" is wanted", number,
					 (int)(length > 80 ? 80 : length), text);
		break;
	default:
		if (!memchr(text, '\0', length))
			return take(document, size, &assignment, number, error);
	}
	return error_set(error, -EINVAL, "line %u holds a NUL byte: it is no text", number);
}

int document_parse(const char *text, size_t length, struct document *ret, struct error *error)
{
	const char *at = text, *end = at + length, *line;
	struct document document = { 0 };
	unsigned int number = 0;
	size_t size = 0;
	int r = 0;

	while (r == 0 && assignment_line(ASSIGNMENT_DOCUMENT, &at, end, &number, &line, &length))
		r = parse_line(&document, &size, line, length, number, error);
	if (r < 0) {
		document_done(&document);
		return r;
	}
	*ret = document;
	return 0;
}

void document_done(struct document *document)
{
	free(document->lines);
	arena_done(&document->arena);
	*document = (struct document){ 0 };
}
