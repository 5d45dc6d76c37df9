/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which notice belongs to which message: by content, whatever the order; and when nobody can say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channel/join.h"

struct message {
	struct nlmsghdr header;
	char payload[80];
};

static struct message message_of(uint32_t port, const char *text)
{
	struct message message = { .header = { .nlmsg_len = NLMSG_HDRLEN + 80, .nlmsg_type = 24, .nlmsg_pid = port, .nlmsg_seq = 7 } };

	memcpy(message.payload, text, strlen(text));
	return message;
}

static struct event_notice notice_of(const struct message *message, uint32_t pid, uint32_t port)
{
	struct event_notice notice = { .header.task = { .key.pid = pid, .port = port }, .message_length = message->header.nlmsg_len };

	memcpy(notice.message, message, sizeof(notice.message));
	return notice;
}

static void add(struct join *join, const struct message *message, uint32_t pid, uint32_t port)
{
	struct event_notice notice = notice_of(message, pid, port);

	assert_int_equal(join_add(join, &notice), 0);
}

static void test_order_does_not_matter(void **state)
{
	struct message a = message_of(1, "a"), b = message_of(2, "b");
	struct join join = { 0 };
	struct event_notice found;

	(void)state;
	add(&join, &b, 20, 2);
	add(&join, &a, 10, 1);
	assert_int_equal(join_message(&join, &a.header, a.header.nlmsg_len, true, false, &found), JOIN_FOUND);
	assert_int_equal(found.header.task.key.pid, 10);
	assert_int_equal(join_message(&join, &b.header, b.header.nlmsg_len, true, false, &found), JOIN_FOUND);
	assert_int_equal(found.header.task.key.pid, 20);
	join_done(&join);
}

static void test_length_and_port_count(void **state)
{
	struct message a = message_of(1, "same"), longer = a;
	struct join join = { 0 };
	struct event_notice found;

	(void)state;
	longer.header.nlmsg_len += 4;
	add(&join, &longer, 30, 1);
	add(&join, &a, 20, 2); /* another requester's socket */
	assert_int_equal(join_message(&join, &a.header, a.header.nlmsg_len, true, false, &found), JOIN_WAIT);
	assert_int_equal(join_message(&join, &a.header, a.header.nlmsg_len, false, false, &found), JOIN_UNKNOWN);
	add(&join, &a, 10, 1);
	assert_int_equal(join_message(&join, &a.header, a.header.nlmsg_len, true, false, &found), JOIN_FOUND);
	assert_int_equal(found.header.task.key.pid, 10);
	assert_int_equal(join.count, 2);
	join_done(&join);
}

static void test_equal_messages_keep_their_order(void **state)
{
	struct message a = message_of(0, "equal");
	struct join join = { 0 };
	struct event_notice found;

	(void)state;
	add(&join, &a, 10, 0);
	add(&join, &a, 20, 0);
	assert_int_equal(join_message(&join, &a.header, a.header.nlmsg_len, true, false, &found), JOIN_FOUND);
	assert_int_equal(found.header.task.key.pid, 10);
	assert_int_equal(join_message(&join, &a.header, a.header.nlmsg_len, true, false, &found), JOIN_FOUND);
	assert_int_equal(found.header.task.key.pid, 20);
	join_done(&join);
}

/* Where one of two equal messages was dropped, nobody knows whose the other is: that is said, not guessed. */
static void test_after_a_loss_equal_messages_are_nobodys(void **state)
{
	struct message a = message_of(0, "equal");
	struct join join = { 0 };
	struct event_notice found;

	(void)state;
	add(&join, &a, 10, 0);
	add(&join, &a, 20, 0);
	assert_int_equal(join_message(&join, &a.header, a.header.nlmsg_len, true, true, &found), JOIN_UNKNOWN);
	add(&join, &a, 20, 0);
	assert_int_equal(join_message(&join, &a.header, a.header.nlmsg_len, true, true, &found), JOIN_FOUND); /* both left are of one program */
	assert_int_equal(found.header.task.key.pid, 20);
	join_done(&join);
}

static void test_many(void **state)
{
	enum { COUNT = 20000 };
	struct join join = { 0 };
	struct event_notice found;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		struct message message = message_of(0, "");

		memcpy(message.payload, &i, sizeof(i));
		add(&join, &message, i + 1, 0);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		struct message message = message_of(0, "");
		uint32_t n = i ^ 1; /* each pair the other way round */

		memcpy(message.payload, &n, sizeof(n));
		assert_int_equal(join_message(&join, &message.header, message.header.nlmsg_len, true, false, &found), JOIN_FOUND);
		assert_int_equal(found.header.task.key.pid, n + 1);
	}
	assert_int_equal(join.count, 0);
	join_done(&join);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_length_and_port_count),
		cmocka_unit_test(test_equal_messages_keep_their_order),
		cmocka_unit_test(test_after_a_loss_equal_messages_are_nobodys),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
