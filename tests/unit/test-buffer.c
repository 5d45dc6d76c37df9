/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <jansson.h>
#include <limits.h>
#include <stdint.h>

#include "base/buffer.h"

static void test_append(void **state)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_null(buffer.data);
	buffer_add_text(&buffer, "a");
	buffer_add_char(&buffer, 'b');
	buffer_add_uint(&buffer, 0);
	buffer_add_char(&buffer, ' ');
	buffer_add_uint(&buffer, ULLONG_MAX);
	buffer_add_char(&buffer, ' ');
	buffer_add_int(&buffer, LLONG_MIN);
	buffer_add_char(&buffer, ' ');
	buffer_add_int(&buffer, -7);
	buffer_add_hex(&buffer, "\x00\xff\x1a", 3);
	buffer_printf(&buffer, " %s %d", "printf", 5);
	assert_string_equal(buffer.data, "ab0 18446744073709551615 -9223372036854775808 -700ff1a printf 5");
	assert_int_equal(strlen(buffer.data), buffer.length);
	buffer_clear(&buffer);
	assert_string_equal(buffer.data, "");
	for (int i = 0; i < 1000; i++)
		buffer_printf(&buffer, "%0100d", i);
	assert_int_equal(buffer.length, 100000);
	assert_int_equal(strlen(buffer.data), 100000);
	text = buffer_take(&buffer);
	assert_non_null(text);
	assert_null(buffer.data);
	assert_int_equal(strlen(text), 100000);
}

static void test_empty(void **state)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };
	_cleanup_free_ char *text = buffer_take(&buffer);

	(void)state;
	assert_string_equal(text, "");
	buffer_add(&buffer, NULL, 0);
	assert_string_equal(buffer.data, "");
}

/* A failure sticks until the buffer is emptied, and every call is harmless meanwhile. */
static void test_failure(void **state)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };

	(void)state;
	buffer_add_text(&buffer, "kept");
	assert_null(buffer_reserve(&buffer, SIZE_MAX - 2));
	assert_true(buffer.failed);
	buffer_add_text(&buffer, "x");
	buffer_add_char(&buffer, 'x');
	buffer_add_uint(&buffer, 1);
	buffer_add_hex(&buffer, "x", 1);
	buffer_add_json(&buffer, "x", 1);
	buffer_add_escaped(&buffer, "x", 1);
	buffer_printf(&buffer, "%d", 1);
	assert_string_equal(buffer.data, "kept");
	assert_null(buffer_take(&buffer));
	assert_false(buffer.failed);
}

static const struct {
	const char *text;
	size_t length;
	const char *escaped, *json;
} cases[] = {
	{ "", 0, "", "\"\"" },
	{ "plain ~ text", 12, "plain ~ text", "\"plain ~ text\"" },
	{ "tab\tline\nreturn\r", 16, "tab\\tline\\nreturn\\x0d", "\"tab\\tline\\nreturn\\r\"" },
	{ "\0\x1b[31m\x7f", 7, "\\x00\\x1b[31m\\x7f", "\"\\u0000\\u001b[31m\\u007f\"" },
	{ "back\\slash \"q\"", 14, "back\\\\slash \"q\"", "\"back\\\\slash \\\"q\\\"\"" },
	{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	/* A C1 control character (CSI in one), which a terminal obeys. */
	{ "\xc2\x9b", 2, "\\xc2\\x9b", "\"\\u009b\"" },
	/* Direction turned round, and a line broken; their neighbours are letters like any other. */
	{ "\xe2\x80\xae", 3, "\\xe2\\x80\\xae", "\"\\u202e\"" },
	{ "\xe2\x80\xa8", 3, "\\xe2\\x80\\xa8", "\"\\u2028\"" },
	{ "\xd8\x9c", 2, "\\xd8\\x9c", "\"\\u061c\"" },
	{ "\xe2\x81\xa9", 3, "\\xe2\\x81\\xa9", "\"\\u2069\"" },
	{ "\xe2\x80\xaf", 3, "\xe2\x80\xaf", "\"\xe2\x80\xaf\"" },
	{ "\xe2\x80\xa7", 3, "\xe2\x80\xa7", "\"\xe2\x80\xa7\"" },
	{ "\xc2\xa0", 2, "\xc2\xa0", "\"\xc2\xa0\"" },
	/* Not UTF-8: alone, cut, overlong, a surrogate, beyond the end, a lone continuation. */
	{ "\xff", 1, "\\xff", "\"\\udcff\"" },
	{ "a\xc3", 2, "a\\xc3", "\"a\\udcc3\"" },
	{ "\xe2\x82", 2, "\\xe2\\x82", "\"\\udce2\\udc82\"" },
	{ "\xc0\x80", 2, "\\xc0\\x80", "\"\\udcc0\\udc80\"" },
	{ "\xe0\x9f\xbf", 3, "\\xe0\\x9f\\xbf", "\"\\udce0\\udc9f\\udcbf\"" },
	{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80", "\"\\udced\\udca0\\udc80\"" },
	{ "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80", "\"\\udcf4\\udc90\\udc80\\udc80\"" },
	{ "\xf0\x8f\xbf\xbf", 4, "\\xf0\\x8f\\xbf\\xbf", "\"\\udcf0\\udc8f\\udcbf\\udcbf\"" },
	{ "\x80z", 2, "\\x80z", "\"\\udc80z\"" },
};

static void test_escape(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buffer_ struct buffer escaped = { 0 }, json = { 0 };
		_cleanup_free_ char *exact = malloc(cases[i].length + 1);

		/* Without a byte behind it that a careless look ahead could read. */
		exact = realloc(exact, cases[i].length ? cases[i].length : 1);
		memcpy(exact, cases[i].text, cases[i].length);
		buffer_add_escaped(&escaped, exact, cases[i].length);
		assert_string_equal(escaped.data ? escaped.data : "", cases[i].escaped);
		buffer_add_json(&json, exact, cases[i].length);
		assert_string_equal(json.data, cases[i].json);
	}
}

/* Every character that is UTF-8 comes back from another's JSON parser as it was. */
static void test_json_by_jansson(void **state)
{
	(void)state;
	for (unsigned int point = 0; point < 0x110000; point += point < 0x3000 ? 1 : 97) {
		_cleanup_buffer_ struct buffer json = { 0 };
		char text[4];
		size_t length;
		json_t *back;

		if (point >= 0xd800 && point < 0xe000)
			continue;
		if (point < 0x80)
			length = 1, text[0] = (char)point;
		else if (point < 0x800)
			length = 2, text[0] = (char)(0xc0 | point >> 6), text[1] = (char)(0x80 | (point & 63));
		else if (point < 0x10000)
			length = 3, text[0] = (char)(0xe0 | point >> 12), text[1] = (char)(0x80 | (point >> 6 & 63)),
			text[2] = (char)(0x80 | (point & 63));
		else
			length = 4, text[0] = (char)(0xf0 | point >> 18), text[1] = (char)(0x80 | (point >> 12 & 63)),
			text[2] = (char)(0x80 | (point >> 6 & 63)), text[3] = (char)(0x80 | (point & 63));
		buffer_add_json(&json, text, length);
		back = json_loadb(json.data, json.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(back);
		assert_int_equal(json_string_length(back), length);
		assert_memory_equal(json_string_value(back), text, length);
		json_decref(back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append), cmocka_unit_test(test_empty),           cmocka_unit_test(test_failure),
		cmocka_unit_test(test_escape), cmocka_unit_test(test_json_by_jansson),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
