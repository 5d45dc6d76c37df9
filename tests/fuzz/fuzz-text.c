/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text form of values. The first byte picks an object, the rest is text: of a record of it, of a file, of nothing in particular. What is taken is
 * printed, and what was printed is read as the same value again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static const struct object *pick(uint8_t number)
{
	const struct object *object, *list[32];
	unsigned int position = 0, count = 0;

	while (count < ARRAY_SIZE(list) && (object = object_next(NULL, &position)))
		list[count++] = object;
	return list[number % count];
}

static void test_record(const struct schema *schema, const char *text, size_t length)
{
	_cleanup_buffer_ struct buffer printed = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct value value = { .type = VALUE_RECORD }, other = { .type = VALUE_RECORD };
	struct error error = { 0 };
	struct record *record, *again;

	if (record_parse_text(schema, text, length, NULL, &arena, &record, &error) < 0) {
		require(error.code < 0 && error.text[0]);
		return;
	}
	/* What is not shown does not come back. */
	for (uint32_t i = record->count; i-- > 0;)
		if (record->entries[i].field && record->entries[i].field->flags & (FIELD_HIDDEN | FIELD_SECRET))
			return;
	value.record = record;
	value_print(&printed, &value, NULL, NULL);
	if (record_parse_text(schema, printed.data, printed.length, NULL, &arena, &again, &error) < 0)
		abort();
	other.record = again;
	/* A hidden field further inside is no difference either. */
	if (schema) {
		struct record *only_a, *only_b;

		require(record_difference(&arena, record, again, &only_a, &only_b) == 0 && only_a->count == 0 && only_b->count == 0);
	} else {
		require(value_equal(&value, &other));
	}
}

static void test_file(const char *text, size_t length)
{
	_cleanup_buffer_ struct buffer printed = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct value value, again;
	struct error error = { 0 };

	if (value_parse_text(text, length, NULL, NULL, NULL, &arena, &value, &error) < 0)
		return;
	value_print(&printed, &value, NULL, NULL);
	require(value_parse_text(printed.data, printed.length, NULL, NULL, NULL, &arena, &again, &error) == 0);
	/* A file knows no quotes: a number in them is the number there. */
	if (value.type == VALUE_TEXT && again.type != VALUE_TEXT)
		return;
	/* Blanks at the ends of a file are no part of its value. */
	if (value.type != VALUE_TEXT || value.bytes.length == 0 || !strchr(" ", ((const char *)value.bytes.data)[0]))
		require(value_equal(&value, &again) || ((const char *)value.bytes.data)[value.bytes.length - 1] == ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1)
		return 0;
	text = malloc(size);
	require(text != NULL);
	memcpy(text, data + 1, size - 1);
	test_record(pick(data[0])->schema, text, size - 1);
	test_record(NULL, text, size - 1);
	test_file(text, size - 1);
	free(text);
	return 0;
}
