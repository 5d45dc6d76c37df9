/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The content of a file, whatever it is, becomes a value that says the same content again; the first byte picks sysfs or not. The same bytes as an
 * address never trouble the table of natures. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/content.h"
#include "channel/nature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* What the value prints as is what the file held. */
static void test_number(const struct content *typed, const char *content, size_t length)
{
	_cleanup_buffer_ struct buffer printed = { 0 };

	value_print(&printed, &typed->value, typed->field, NULL);
	require(printed.length == length && !memcmp(printed.data, content, length));
}

static void test_choice(const struct content *typed)
{
	const struct names *names = typed->field->names;
	bool found = false;

	require(names->count > 0);
	for (uint32_t i = 0; i < names->count; i++)
		found |= file_value_same(names->list[i].text, strlen(names->list[i].text), typed->value.bytes.data, typed->value.bytes.length);
	/* A word with a NUL in it is the one thing that a list of names cannot say. */
	require(found || memchr(typed->value.bytes.data, 0, typed->value.bytes.length));
}

static void test_content(const char *content, size_t length, bool sysfs)
{
	_cleanup_buffer_ struct buffer json = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error = { 0 };
	struct content typed;
	struct value again;

	require(content_value(content, length, sysfs, &arena, &typed) == 0);
	length = content_length(content, length);
	require(file_value_same(content, length, content, length));
	if (!strcmp(typed.type, "int"))
		test_number(&typed, content, length);
	if (!strcmp(typed.type, "choice"))
		test_choice(&typed);
	if (!strcmp(typed.type, "text"))
		require(typed.value.bytes.length == length && (!length || !memcmp(typed.value.bytes.data, content, length)));
	if (!strcmp(typed.type, "bytes"))
		return; /* comes back as hexadecimal text */
	value_json(&json, &typed.value, typed.field, NULL);
	require(value_parse_json(json.data, json.length, &arena, &again, &error) == 0);
	require(value_equal(&typed.value, &again));
}

static void test_address(const char *text, size_t length)
{
	_cleanup_buffer_ struct buffer address = { 0 }, other = { 0 };
	const struct nature *row;

	buffer_add(&address, text, length);
	row = nature_of(address.data);
	if (row) {
		require(nature_match(nature_pattern(row), address.data));
		nature_add_others(row, address.data, &other);
	}
	nature_match(address.data, "sysfs/class/net/lo/mtu");
	if (!strpbrk(address.data, "*?["))
		require(nature_match(address.data, address.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	test_content((const char *)data + 1, size - 1, data[0] & 1);
	if (size <= 512)
		test_address((const char *)data + 1, size - 1);
	return 0;
}
