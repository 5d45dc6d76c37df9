/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a document, the order of steps, and the journal there and back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "state/document.h"
#include "state/journal.h"
#include "state/order.h"

/* ---- Documents ---- */

struct seen {
	unsigned int count, number;
	char address[100], value[100];
	bool absent, lenient;
};

static int see(void *data, const struct document_line *line)
{
	struct seen *seen = data;

	seen->count++;
	seen->number = line->number;
	seen->absent = !line->value;
	seen->lenient = line->lenient;
	snprintf(seen->address, sizeof(seen->address), "%s", line->address);
	snprintf(seen->value, sizeof(seen->value), "%s", line->value ? line->value : "");
	return strcmp(line->address, "stop") == 0 ? -ECANCELED : 0;
}

static void lines_are_read(void **state _unused_)
{
	static const struct {
		const char *text, *address, *value;
		bool lenient;
	} cases[] = {
		{ "a/b = 1", "a/b", "1", false },
		{ "  a/b=1 2\t\r\n", "a/b", "1 2", false },
		{ "net.ipv4.x = ", "net.ipv4.x", "", false },
		{ "a = b = c", "a", "b = c", false },
		{ "-netlink/route/link/w0", "netlink/route/link/w0", NULL, false },
		{ "-net.ipv4.x = 1", "net.ipv4.x", "1", true },
		{ "netlink/route/route/main/10.0.0.0/8,metric=100/gateway=10.1.1.1", "netlink/route/route/main/10.0.0.0/8,metric=100/gateway",
		  "10.1.1.1", false },
		{ "netlink/route/route/main/10.0.0.0/8,metric=100={dev=w0}", "netlink/route/route/main/10.0.0.0/8,metric=100", "{dev=w0}", false },
		{ "netlink/route/rule/ipv4/1,src=::/0,tos=8 = {}", "netlink/route/rule/ipv4/1,src=::/0,tos=8", "{}", false },
		{ "sysctl/x,y=1", "sysctl/x,y", "1", false },
		/* Names of links may hold a "=", and what a terminal must not see. */
		{ "netlink/route/link/m=n/mtu = 1500", "netlink/route/link/m=n/mtu", "1500", false },
		{ "sysctl/net/ipv4/conf/m=n/x = a = b", "sysctl/net/ipv4/conf/m=n/x", "a = b", false },
		{ "netlink/route/link/w0={ifalias = \"a = b\"}", "netlink/route/link/w0", "{ifalias = \"a = b\"}", false },
		{ "sysctl/net/ipv4/conf/m=n/x =", "sysctl/net/ipv4/conf/m=n/x", "", false },
		{ "kernel.core_pattern=|/x a = b", "kernel.core_pattern", "|/x a = b", false },
		{ "sysctl/kernel/core_pattern=|/x a = b", "sysctl/kernel/core_pattern", "|/x a = b", false },
		{ "netlink/route/link/a\\\\x2db\\x1b\\xe4/mtu = 1", "netlink/route/link/a\\x2db\x1b\xe4/mtu", "1", false },
		{ "sysctl/a\\nb\\q\\x00\\ = \\n", "sysctl/a\nb\\q\\x00\\", "\\n", false },
		{ "net.ipv4.conf.a\\x2db.x = 1", "net.ipv4.conf.a\\x2db.x", "1", false },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen seen = { 0 };

		assert_int_equal(document_each_line(cases[i].text, strlen(cases[i].text), see, &seen, NULL), 0);
		assert_int_equal(seen.count, 1);
		assert_string_equal(seen.address, cases[i].address);
		assert_int_equal(seen.lenient, cases[i].lenient);
		assert_int_equal(seen.absent, !cases[i].value);
		if (cases[i].value)
			assert_string_equal(seen.value, cases[i].value);
	}
}

static void comments_and_nothing_are_no_lines(void **state _unused_)
{
	static const char text[] = "# a = 1\n; b = 2\n\n   \nc = 3";
	struct seen seen = { 0 };

	assert_int_equal(document_each_line(text, sizeof(text) - 1, see, &seen, NULL), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.number, 5);
}

static void what_is_no_line_is_told_by_its_number(void **state _unused_)
{
	static const char *const texts[] = { "a = 1\nnonsense\n", "a = 1\n = 2\n", "a = 1\n-\n" };
	struct seen seen = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++) {
		struct error error = { 0 };

		assert_int_equal(document_each_line(texts[i], strlen(texts[i]), see, &seen, &error), -EINVAL);
		assert_non_null(strstr(error.text, "line 2"));
		assert_int_equal(seen.count, i + 1);
	}
	assert_int_equal(document_each_line("a\0b = 1", 7, see, &seen, NULL), -EINVAL);
}

static void a_line_that_is_refused_is_the_last(void **state _unused_)
{
	static const char text[] = "a = 1\nstop = 2\nb = 3\n";
	struct seen seen = { 0 };

	assert_int_equal(document_each_line(text, sizeof(text) - 1, see, &seen, NULL), -ECANCELED);
	assert_int_equal(seen.number, 2);
}

/* ---- Order ---- */

static void needs_go_first_and_last_in_removals(void **state _unused_)
{
	static const char *const needs_b[] = { "b", NULL }, *const needs_c[] = { "c", NULL }, *const needs_a[] = { "a", NULL };
	struct order_item items[] = {
		{ .rank = 2, .makes = "a", .needs = needs_b }, { .rank = 2, .makes = "b", .needs = needs_c }, { .rank = 2, .makes = "c" },
		{ .rank = 1, .makes = "z", .place = 1 },       { .rank = 1, .makes = "y", .place = 0 },
	};
	size_t order[5];

	assert_int_equal(order_items(items, 5, order), 0);
	assert_memory_equal(order, ((size_t[]){ 4, 3, 2, 1, 0 }), sizeof(order));
	for (unsigned int i = 0; i < 5; i++)
		items[i].removal = true;
	assert_int_equal(order_items(items, 5, order), 0);
	assert_memory_equal(order, ((size_t[]){ 3, 4, 0, 1, 2 }), sizeof(order));
	/* Two that need each other (the ends of a veth) keep their order. */
	items[0] = (struct order_item){ .rank = 1, .makes = "a", .needs = needs_b };
	items[1] = (struct order_item){ .rank = 1, .makes = "b", .needs = needs_a };
	assert_int_equal(order_items(items, 2, order), 0);
	assert_memory_equal(order, ((size_t[]){ 1, 0 }), 2 * sizeof(*order));
}

/* ---- The journal ---- */

static void fill(struct journal *journal)
{
	*journal = (struct journal){ .state = JOURNAL_WAITING,
				     .id = "0123456789abcdef",
				     .boot = "boot",
				     .netns = 7,
				     .time = 8,
				     .deadline = UINT64_C(1) << 62,
				     .seconds = 9,
				     .pid = 10,
				     .document = "a \"document\"\n",
				     .words = "" };
	assert_int_equal(
		journal_add(journal, &(struct journal_entry){ .kind = FERRY_CHANGED, .address = "a", .before = "{\"x\":null}", .after = "1" }), 0);
	assert_int_equal(
		journal_add(journal, &(struct journal_entry){ .kind = FERRY_REMOVED, .address = "b", .before = "\"\\udc80\"", .stood = true }), 0);
}

static void a_journal_comes_back(void **state _unused_)
{
	_cleanup_journal_ struct journal journal, back = { 0 };
	_cleanup_buffer_ struct buffer text = { 0 }, again = { 0 };

	fill(&journal);
	journal_format(&journal, &text);
	assert_int_equal(journal_parse(text.data, text.length, &back, NULL), 0);
	assert_int_equal(back.count, 2);
	assert_int_equal(back.deadline, UINT64_C(1) << 62);
	assert_string_equal(back.entries[0].before, "{\"x\":null}");
	assert_true(back.entries[1].stood);
	assert_null(back.entries[1].after);
	journal_format(&back, &again);
	assert_string_equal(text.data, again.data);
}

/* Wherever it is cut, it is known as damaged. */
static void a_cut_journal_is_damaged(void **state _unused_)
{
	_cleanup_journal_ struct journal journal, back = { 0 };
	_cleanup_buffer_ struct buffer text = { 0 };

	fill(&journal);
	journal_format(&journal, &text);
	for (size_t length = 0; length < text.length - 1; length++)
		assert_int_equal(journal_parse(text.data, length, &back, NULL), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(comments_and_nothing_are_no_lines),
		cmocka_unit_test(what_is_no_line_is_told_by_its_number),
		cmocka_unit_test(a_line_that_is_refused_is_the_last),
		cmocka_unit_test(needs_go_first_and_last_in_removals),
		cmocka_unit_test(a_journal_comes_back),
		cmocka_unit_test(a_cut_journal_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
