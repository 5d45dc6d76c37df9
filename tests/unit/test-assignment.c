/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "model/assignment.h"

static const struct {
	const char *line;
	enum assignment_grammar grammar;
	enum assignment_kind kind;
	bool minus;
	const char *key, *value;
} lines[] = {
	{ "", ASSIGNMENT_SYSTEMD, ASSIGNMENT_BLANK },
	{ " \t ", ASSIGNMENT_PROCPS, ASSIGNMENT_BLANK },
	{ "# a = 1", ASSIGNMENT_SYSTEMD, ASSIGNMENT_BLANK },
	{ "  ; a = 1", ASSIGNMENT_PROCPS, ASSIGNMENT_BLANK },
	{ "net.ipv4.ip_forward=1", ASSIGNMENT_SYSTEMD, ASSIGNMENT_SET, false, "net.ipv4.ip_forward", "1" },
	{ "\tnet/ipv4/ip_forward = 1 ", ASSIGNMENT_PROCPS, ASSIGNMENT_SET, false, "net/ipv4/ip_forward", "1" },
	{ "a = b = c # d", ASSIGNMENT_SYSTEMD, ASSIGNMENT_SET, false, "a", "b = c # d" },
	{ "a=", ASSIGNMENT_SYSTEMD, ASSIGNMENT_SET, false, "a", "" },
	{ "=1", ASSIGNMENT_PROCPS, ASSIGNMENT_SET, false, "", "1" },
	{ "a", ASSIGNMENT_SYSTEMD, ASSIGNMENT_WRONG, false, "a", NULL },
	{ "a \\", ASSIGNMENT_PROCPS, ASSIGNMENT_WRONG, false, "a \\", NULL },
	{ "a = 1 \\", ASSIGNMENT_SYSTEMD, ASSIGNMENT_SET, false, "a", "1 \\" },
	{ "-a", ASSIGNMENT_SYSTEMD, ASSIGNMENT_MINUS, true, "a", NULL },
	{ " -a ", ASSIGNMENT_PROCPS, ASSIGNMENT_MINUS, true, "a", NULL },
	{ "-a=1", ASSIGNMENT_SYSTEMD, ASSIGNMENT_SET, true, "a", "1" },
	{ "-", ASSIGNMENT_SYSTEMD, ASSIGNMENT_MINUS, true, "", NULL },
	/* Where the two differ. */
	{ "- a = 1", ASSIGNMENT_SYSTEMD, ASSIGNMENT_SET, true, "a", "1" },
	{ "- a = 1", ASSIGNMENT_PROCPS, ASSIGNMENT_SET, true, " a", "1" },
	{ "--a=1", ASSIGNMENT_SYSTEMD, ASSIGNMENT_SET, true, "-a", "1" },
	{ "--a=1", ASSIGNMENT_PROCPS, ASSIGNMENT_SET, true, "a", "1" },
	{ "\va=1\f", ASSIGNMENT_SYSTEMD, ASSIGNMENT_SET, false, "\va", "1\f" },
	{ "\va=1\f", ASSIGNMENT_PROCPS, ASSIGNMENT_SET, false, "a", "1" },
	{ "netlink/route/route/main/10.0.0.0/8,metric=100 = {a=b}", ASSIGNMENT_DOCUMENT, ASSIGNMENT_SET, false,
	  "netlink/route/route/main/10.0.0.0/8,metric=100", "{a=b}" },
	{ "netlink/route/rule/1,table=5={a=b}", ASSIGNMENT_DOCUMENT, ASSIGNMENT_SET, false, "netlink/route/rule/1,table=5", "{a=b}" },
	{ "netlink/route/rule/1,table=5={a=b}", ASSIGNMENT_SYSTEMD, ASSIGNMENT_SET, false, "netlink/route/rule/1,table", "5={a=b}" },
	{ "- netlink/route/rule/1,table=5", ASSIGNMENT_DOCUMENT, ASSIGNMENT_MINUS, true, "netlink/route/rule/1,table=5", NULL },
	{ "- vm.swappiness=1", ASSIGNMENT_DOCUMENT, ASSIGNMENT_SET, true, "vm.swappiness", "1" },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct assignment found;

		print_message("line \"%s\"\n", lines[i].line);
		assert_int_equal(assignment_parse(lines[i].grammar, lines[i].line, strlen(lines[i].line), &found), lines[i].kind);
		assert_int_equal(found.kind, lines[i].kind);
		if (found.kind == ASSIGNMENT_BLANK)
			continue;
		assert_int_equal(found.minus, lines[i].minus);
		assert_int_equal(found.key_length, strlen(lines[i].key));
		assert_memory_equal(found.key, lines[i].key, found.key_length);
		assert_int_equal(!found.value, !lines[i].value);
		if (!found.value)
			continue;
		assert_int_equal(found.value_length, strlen(lines[i].value));
		assert_memory_equal(found.value, lines[i].value, found.value_length);
	}
}

/* The lines of TEXT as "NUMBER:LINE|". */
static void check_split(enum assignment_grammar grammar, const char *text, size_t length, const char *wanted)
{
	_cleanup_buffer_ struct buffer found = { 0 };
	const char *at = text, *line;
	unsigned int number = 0;
	size_t size;

	while (assignment_line(grammar, &at, text + length, &number, &line, &size))
		buffer_printf(&found, "%u:%.*s|", number, (int)size, line);
	assert_string_equal(found.data ? found.data : "", wanted);
}

static void test_split(void **state)
{
	static const char text[] = "a\rb\n\r\nc\0d\n\n e";

	(void)state;
	check_split(ASSIGNMENT_SYSTEMD, text, sizeof(text) - 1, "1:a|1:b|2:|2:|3:c|3:d|4:|5: e|");
	check_split(ASSIGNMENT_PROCPS, text, sizeof(text) - 1, "1:a\rb|2:\r|3:c|4:|5: e|");
	check_split(ASSIGNMENT_PROCPS, "a\n", 2, "1:a|");
	check_split(ASSIGNMENT_SYSTEMD, "", 0, "");
}

static void test_paths(void **state)
{
	static const char *const paths[][2] = {
		{ "net.ipv4.conf.enp3s0/200.forwarding", "net/ipv4/conf/enp3s0.200/forwarding" },
		{ "net/ipv4/conf/enp3s0.200/forwarding", "net/ipv4/conf/enp3s0.200/forwarding" },
		{ "kernel.domainname", "kernel/domainname" },
		{ "net..ipv4", "net//ipv4" },
		{ "/net.x", "/net.x" },
		{ ".net/x", "/net.x" },
		{ "", "" },
		{ "word", "word" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_buffer_ struct buffer path = { 0 };

		assignment_path(paths[i][0], strlen(paths[i][0]), &path);
		assert_string_equal(path.data ? path.data : "", paths[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
