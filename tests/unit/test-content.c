/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The typing of what files hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/content.h"

/* Against an unmapped page, so that one byte read too much is a crash. */
static const char *at_edge(const char *text, size_t length)
{
	static char *edge;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!edge) {
		char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		assert_true(map != MAP_FAILED);
		assert_int_equal(mprotect(map + page, page, PROT_NONE), 0);
		edge = map + page;
	}
	memcpy(edge - length, text, length);
	return edge - length;
}

#define LITERAL(text) text, sizeof(text) - 1

static void test_types(void **state _unused_)
{
	static const struct {
		const char *content;
		size_t length;
		bool sysfs;
		const char *type, *json;
	} cases[] = {
		{ LITERAL("0\n"), false, "int", "0" },
		{ LITERAL("65536\n"), true, "int", "65536" },
		{ LITERAL("-1\n"), false, "int", "-1" },
		{ LITERAL("-9223372036854775808\n"), false, "int", "-9223372036854775808" },
		{ LITERAL("-9223372036854775809\n"), false, "text", "\"-9223372036854775809\"" },
		{ LITERAL("18446744073709551615\n"), false, "int", "18446744073709551615" },
		{ LITERAL("18446744073709551616\n"), false, "text", "\"18446744073709551616\"" },
		{ LITERAL("42"), true, "int", "42" },
		{ LITERAL("007\n"), false, "text", "\"007\"" },
		{ LITERAL("-0\n"), false, "text", "\"-0\"" },
		{ LITERAL("+1\n"), false, "text", "\"+1\"" },
		{ LITERAL("0x1f\n"), false, "text", "\"0x1f\"" },
		{ LITERAL(" 1\n"), false, "text", "\" 1\"" },
		{ LITERAL("-\n"), false, "text", "\"-\"" },
		{ LITERAL("\n"), false, "text", "\"\"" },
		{ LITERAL(""), true, "text", "\"\"" },
		{ LITERAL("\n\n"), true, "text", "\"\\n\"" },
		{ LITERAL("4096\t131072\t6291456\n"), false, "text", "\"4096\\t131072\\t6291456\"" },
		{ LITERAL("none [mq-deadline] kyber \n"), true, "choice", "\"mq-deadline\"" },
		{ LITERAL("none [mq-deadline] kyber \n"), false, "text", "\"none [mq-deadline] kyber \"" },
		{ LITERAL("[tsc]\n"), true, "choice", "\"tsc\"" },
		{ LITERAL("[a] [b]\n"), true, "text", "\"[a] [b]\"" },
		{ LITERAL("a [b c\n"), true, "text", "\"a [b c\"" },
		{ LITERAL("a [] c\n"), true, "text", "\"a [] c\"" },
		{ LITERAL("a [b]\nc\n"), true, "text", "\"a [b]\\nc\"" },
		{ LITERAL("x[0] [b]\n"), true, "text", "\"x[0] [b]\"" },
		{ LITERAL("a\nb\n"), true, "text", "\"a\\nb\"" },
		{ LITERAL("/sbin/init\0splash\0"), false, "text", "\"/sbin/init\\u0000splash\\u0000\"" },
		{ LITERAL("\0\0\0\1"), true, "bytes", "\"00000001\"" },
		{ LITERAL("\364\032\102\020\006\004\020\000"), true, "bytes", "\"f41a421006041000\"" },
		{ LITERAL("caf\xe9\n"), true, "text", "\"caf\\udce9\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buffer_ struct buffer json = { 0 };
		_cleanup_arena_ struct arena arena = { 0 };
		const char *content = at_edge(cases[i].content, cases[i].length);
		struct content typed;

		assert_int_equal(content_value(content, cases[i].length, cases[i].sysfs, &arena, &typed), 0);
		assert_string_equal(typed.type, cases[i].type);
		file_value_json(&json, content, cases[i].length, cases[i].sysfs);
		assert_false(json.failed);
		assert_string_equal(json.data, cases[i].json);
	}
}

static void test_choice_words(void **state _unused_)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct content typed;

	assert_int_equal(content_value(LITERAL("always  [madvise]\tnever\n"), true, &arena, &typed), 0);
	assert_non_null(typed.field);
	assert_int_equal(typed.field->names->count, 3);
	assert_string_equal(typed.field->names->list[0].text, "always");
	assert_string_equal(typed.field->names->list[1].text, "madvise");
	assert_string_equal(typed.field->names->list[2].text, "never");
}

static void test_same(void **state _unused_)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "1\n", "1", true },     { "4096\t131072\t6291456\n", "4096 131072  6291456", true },
		{ " 1", "1 \n", true },   { "", "\n", true },
		{ "1 2", "12", false },   { "12", "1 2", false },
		{ "1", "10", false },     { "10", "1", false },
		{ "a\nb", "a b", false }, { "a b c", "a b", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(file_value_same(cases[i].a, strlen(cases[i].a), cases[i].b, strlen(cases[i].b)), cases[i].same);
		assert_int_equal(file_value_same(at_edge(cases[i].a, strlen(cases[i].a)), strlen(cases[i].a), cases[i].b, strlen(cases[i].b)),
				 cases[i].same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_choice_words),
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
