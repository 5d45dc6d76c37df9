/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON text to generic values, by jansson. Two things that it refuses go through it in disguise: the lone surrogates that stand for
 * bytes which are no UTF-8 (see buffer_add_json()), and integers above INT64_MAX. The disguise begins with U+FDD0, which Unicode
 * keeps out of texts for such inner use; where it does stand in a text, it is doubled. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "model/field.h"
#include "model/jansson.h"

#define MARK        "\xef\xb7\x90"
#define MARK_LENGTH 3

/* The number that four hexadecimal digits say, or -1. */
static int unit_of(const char *text, size_t left)
{
	int unit = 0;

	if (left < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		char c = text[i];

		if (c >= '0' && c <= '9')
			unit = unit * 16 + c - '0';
		else if (c >= 'a' && c <= 'f')
			unit = unit * 16 + c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			unit = unit * 16 + c - 'A' + 10;
		else
			return -1;
	}
	return unit;
}

/* Copies one escape of a string and returns its length. */
static size_t disguise_escape(struct buffer *ret, const char *text, size_t left)
{
	int unit = unit_of(text, left), next;
	size_t length = left < 2 ? left : 2;

	if (unit >= 0)
		length = 6;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		next = unit_of(text + 6, left - 6);
		if (next >= 0xdc00 && next <= 0xdfff)
			length = 12;
	} else if (unit >= 0xdc80 && unit <= 0xdcff) {
		char byte[2] = { (char)(0xc0 | (unit >> 6 & 3)), (char)(0x80 | (unit & 0x3f)) };

		buffer_add(ret, MARK, MARK_LENGTH);
		buffer_add(ret, byte, sizeof(byte));
		return length;
	} else if (unit == 0xfdd0) {
		buffer_add(ret, MARK MARK, 2 * MARK_LENGTH);
		return length;
	}
	buffer_add(ret, text, length);
	return length;
}

/* A string with its quotes, or what there is of it; returns its length. */
static size_t disguise_string(struct buffer *ret, const char *text, size_t left)
{
	size_t at = 1;

	buffer_add_char(ret, '"');
	while (at < left && text[at] != '"') {
		size_t run = at;

		if (text[at] == '\\') {
			at += disguise_escape(ret, text + at, left - at);
			continue;
		}
		if (left - at >= MARK_LENGTH && memcmp(text + at, MARK, MARK_LENGTH) == 0) {
			buffer_add(ret, MARK MARK, 2 * MARK_LENGTH);
			at += MARK_LENGTH;
			continue;
		}
		do
			at++;
		while (at < left && text[at] != '"' && text[at] != '\\' && text[at] != MARK[0]);
		buffer_add(ret, text + run, at - run);
	}
	if (at == left)
		return left;
	buffer_add_char(ret, '"');
	return at + 1;
}

/* A number; returns its length. */
static size_t disguise_number(struct buffer *ret, const char *text, size_t left)
{
	size_t length = 0;
	bool plain = true;

	while (length < left && text[length] && strchr("0123456789+-.eE", text[length])) {
		plain = plain && text[length] >= '0' && text[length] <= '9';
		length++;
	}
	if (plain && length >= 19 && text[0] != '0') {
		buffer_add_text(ret, "\"" MARK "n");
		buffer_add(ret, text, length);
		buffer_add_char(ret, '"');
	} else {
		buffer_add(ret, text, length);
	}
	return length;
}

static void disguise(struct buffer *ret, const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		char c = text[at];

		if (c == '"') {
			at += disguise_string(ret, text + at, length - at);
		} else if ((c >= '0' && c <= '9') || c == '-') {
			at += disguise_number(ret, text + at, length - at);
		} else {
			buffer_add_char(ret, c);
			at++;
		}
	}
}

/* Takes the disguise off a text, into the arena. */
static char *reveal(struct arena *arena, const char *text, size_t length, size_t *ret_length)
{
	char *copy = arena_copy(arena, text, length);
	size_t to = 0;

	if (!copy)
		return NULL;
	for (size_t from = 0; from < length;) {
		if (length - from < MARK_LENGTH + 2 || memcmp(copy + from, MARK, MARK_LENGTH) != 0) {
			copy[to++] = copy[from++];
			continue;
		}
		from += MARK_LENGTH;
		if (memcmp(copy + from, MARK, 2) == 0) {
			memmove(copy + to, MARK, MARK_LENGTH);
			to += MARK_LENGTH;
			from += MARK_LENGTH;
		} else {
			copy[to++] = (char)((copy[from] & 3) << 6 | (copy[from + 1] & 0x3f));
			from += 2;
		}
	}
	copy[to] = '\0';
	*ret_length = to;
	return copy;
}

static bool is_disguised_number(const char *text, size_t length)
{
	return length > MARK_LENGTH && memcmp(text, MARK "n", MARK_LENGTH + 1) == 0;
}

static int convert_number(const char *text, size_t length, struct value *ret, struct error *error)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned int digit = (unsigned int)(text[i] - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return error_set(error, -ERANGE, "a number has more than 64 bits");
		number = number * 10 + digit;
	}
	*ret = value_uint(number);
	return 0;
}

static int convert(const json_t *json, struct arena *arena, unsigned int depth, struct value *ret, struct error *error);

static int convert_text(const json_t *json, struct arena *arena, struct value *ret, struct error *error)
{
	const char *text = jansson.string_value(json);
	size_t length = jansson.string_length(json);

	if (is_disguised_number(text, length))
		return convert_number(text + MARK_LENGTH + 1, length - MARK_LENGTH - 1, ret, error);
	text = reveal(arena, text, length, &length);
	if (!text)
		return error_set(error, -ENOMEM, "out of memory");
	*ret = value_data(VALUE_TEXT, text, length);
	return 0;
}

static int convert_list(const json_t *json, struct arena *arena, unsigned int depth, struct value *ret, struct error *error)
{
	size_t count = jansson.array_size(json);
	struct value *items = arena_array(arena, struct value, count);

	if (!items)
		return error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		int r = convert(jansson.array_get(json, i), arena, depth + 1, &items[i], error);

		if (r < 0)
			return r;
	}
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)count } };
	return 0;
}

static int convert_record(json_t *json, struct arena *arena, unsigned int depth, struct value *ret, struct error *error)
{
	struct record *record;

	if (jansson.object_size(json) > UINT16_MAX)
		return error_set(error, -EINVAL, "an object has more than %u fields", UINT16_MAX);
	record = record_new_sized(arena, NULL, jansson.object_size(json));
	if (!record)
		return error_set(error, -ENOMEM, "out of memory");

	for (void *i = jansson.object_iter(json); i; i = jansson.object_iter_next(json, i)) {
		const char *key = jansson.object_iter_key(i);
		struct entry entry = { 0 };
		size_t length = strlen(key);
		int r;

		if (is_disguised_number(key, length))
			return error_set(error, -EINVAL, "a field's name must be a text");
		entry.name = reveal(arena, key, length, &length);
		if (!entry.name)
			return error_set(error, -ENOMEM, "out of memory");
		r = convert(jansson.object_iter_value(i), arena, depth + 1, &entry.value, error);
		if (r < 0)
			return r;
		if (record_add(arena, record, entry) < 0)
			return error_set(error, -ENOMEM, "out of memory");
	}
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return 0;
}

static int convert(const json_t *json, struct arena *arena, unsigned int depth, struct value *ret, struct error *error)
{
	json_int_t number;

	if (depth > DEPTH_MAXIMUM * 2)
		return error_set(error, -EINVAL, "nested too deeply");
	switch (json_typeof(json)) {
	case JSON_NULL:
		*ret = (struct value){ .type = VALUE_NULL };
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		*ret = value_bool(json_is_true(json));
		return 0;
	case JSON_INTEGER:
		number = jansson.integer_value(json);
		*ret = number < 0 ? value_int(number) : value_uint((uint64_t)number);
		return 0;
	case JSON_REAL:
		return error_set(error, -EINVAL, "numbers with a fraction or an exponent are not known here");
	case JSON_STRING:
		return convert_text(json, arena, ret, error);
	case JSON_ARRAY:
		return convert_list(json, arena, depth, ret, error);
	case JSON_OBJECT:
		return convert_record((json_t *)json, arena, depth, ret, error);
	}
	return error_set(error, -EINVAL, "unknown JSON");
}

int value_parse_json(const char *text, size_t length, struct arena *arena, struct value *ret, struct error *error)
{
	_cleanup_buffer_ struct buffer disguised = { 0 }, words = { 0 };
	json_error_t json_error;
	struct value value;
	json_t *json;
	int r;

	if (length > INT_MAX / 2)
		return error_set(error, -EINVAL, "the JSON text is too long");
	r = jansson_load(error);
	if (r < 0)
		return r;
	disguise(&disguised, text, length);
	if (disguised.failed)
		return error_set(error, -ENOMEM, "out of memory");

	json = jansson.loadb(disguised.data ? disguised.data : "", disguised.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL,
			     &json_error);
	if (!json) {
		if (json_error_code(&json_error) == json_error_out_of_memory)
			return error_set(error, -ENOMEM, "out of memory");
		buffer_add_escaped(&words, json_error.text, strnlen(json_error.text, sizeof(json_error.text)));
		return error_set(error, -EINVAL, "not JSON: %s", words.data ? words.data : "");
	}
	r = convert(json, arena, 0, &value, error);
	jansson_release(json);
	if (r < 0)
		return r;
	*ret = value;
	return 0;
}
