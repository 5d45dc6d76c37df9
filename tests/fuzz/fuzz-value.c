/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON to a value and back is stable: the second text is the first one's, the second value equals the first. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool is_printable(const struct buffer *buffer)
{
	for (size_t i = 0; i < buffer->length; i++)
		if ((unsigned char)buffer->data[i] < 0x20 || buffer->data[i] == 0x7f)
			return false;
	return true;
}

static void test_record(struct arena *arena, const struct value *value)
{
	struct record *copy, *only_a, *only_b;

	require(record_copy(arena, value->record, &copy) == 0);
	require(record_same(value->record, copy) && record_same(copy, value->record));
	require(record_difference(arena, value->record, copy, &only_a, &only_b) == 0);
	require(only_a->count == 0 && only_b->count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buffer_ struct buffer first = { 0 }, second = { 0 }, shown = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error = { 0 };
	struct value value, again, copy;

	if (value_parse_json((const char *)data, size, &arena, &value, &error) < 0) {
		require(error.code < 0 && error.text[0]);
		return 0;
	}
	value_json(&first, &value, NULL, NULL);
	require(is_printable(&first));
	require(value_parse_json(first.data, first.length, &arena, &again, &error) == 0);
	require(value_equal(&value, &again));
	value_json(&second, &again, NULL, NULL);
	require(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);

	require(value_copy(&arena, &value, &copy) == 0 && value_equal(&value, &copy));
	value_print(&shown, &value, NULL, NULL);
	require(is_printable(&shown));
	if (value.type == VALUE_RECORD) {
		struct record *parsed;

		require(record_parse_text(NULL, shown.data, shown.length, NULL, &arena, &parsed, &error) == 0);
		again = (struct value){ .type = VALUE_RECORD, .record = parsed };
		require(value_equal(&value, &again));
		test_record(&arena, &value);
	}
	return 0;
}
