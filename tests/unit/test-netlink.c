/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The netlink socket, against the kernel (reading only) and against malformed messages. What needs rights: tests/live/netlink.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "wire/netlink-socket.h"

#define NO_SUCH_LINK 0x7ffffff0

struct counted {
	unsigned int messages;
	unsigned int stop_at;  /* 0 = never */
	struct netlink *again; /* asked from inside */
	int again_result;
};

static struct netlink *opened(void)
{
	struct netlink *netlink;
	struct error error = { 0 };

	if (netlink_open(NETLINK_ROUTE, &netlink, &error) < 0)
		fail_msg("%s", error.text);
	return netlink;
}

static int count(void *data, const struct nlmsghdr *message)
{
	struct counted *counted = data;
	const struct ifinfomsg loopback = { .ifi_index = 1 };

	assert_int_equal(message->nlmsg_type, RTM_NEWLINK);
	counted->messages++;
	if (counted->again)
		counted->again_result = netlink_request(counted->again, RTM_GETLINK, 0, &loopback, sizeof(loopback), NULL, NULL, NULL);
	return counted->stop_at && counted->messages == counted->stop_at ? 7 : 0;
}

static int get_link(struct netlink *netlink, int index, struct counted *counted, struct netlink_ack *ack)
{
	const struct ifinfomsg link = { .ifi_index = index };

	return netlink_request(netlink, RTM_GETLINK, 0, &link, sizeof(link), count, counted, ack);
}

static int dump_links(struct netlink *netlink, struct counted *counted, bool *interrupted)
{
	const struct ifinfomsg link = { 0 };

	return netlink_dump(netlink, RTM_GETLINK, 0, &link, sizeof(link), count, counted, interrupted, NULL);
}

static void test_request(void **state)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = opened();
	struct counted counted = { 0 };
	struct netlink_ack ack;

	(void)state;
	assert_true(netlink_port(netlink) != 0);
	assert_int_equal(get_link(netlink, 1, &counted, &ack), 0);
	assert_int_equal(counted.messages, 1);
	assert_int_equal(ack.result, 0);

	assert_int_equal(get_link(netlink, NO_SUCH_LINK, &counted, &ack), -ENODEV);
	assert_int_equal(counted.messages, 1);
	assert_int_equal(ack.result, -ENODEV);
	assert_int_equal(ack.request->nlmsg_type, RTM_GETLINK);
}

/* The extended ACK points at the attribute. */
static void test_words(void **state)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = opened();
	struct {
		struct ifinfomsg link;
		struct nlattr attribute;
		uint8_t mask; /* IFLA_EXT_MASK takes 4 bytes */
	} request = { .link = { .ifi_index = 1 }, .attribute = { 5, IFLA_EXT_MASK } };
	struct netlink_ack ack;

	(void)state;
	assert_int_equal(netlink_request(netlink, RTM_GETLINK, 0, &request, sizeof(request.link) + 5, NULL, NULL, &ack), -ERANGE);
	assert_true(ack.has_offset);
	assert_int_equal(ack.offset, NLMSG_HDRLEN + sizeof(struct ifinfomsg));
	assert_non_null(ack.message);
}

static void test_dump(void **state)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = opened();
	struct counted whole = { 0 }, part = { .stop_at = 1 }, again = { 0 };
	bool interrupted;

	(void)state;
	assert_int_equal(dump_links(netlink, &whole, &interrupted), 0);
	assert_true(whole.messages > 0);
	/* Left in the middle, the rest is drained before the next. */
	assert_int_equal(dump_links(netlink, &part, &interrupted), 7);
	assert_int_equal(part.messages, 1);
	assert_int_equal(dump_links(netlink, &again, &interrupted), 0);
	assert_int_equal(again.messages, whole.messages);
	part.messages = 0;
	assert_int_equal(dump_links(netlink, &part, &interrupted), 7);
	assert_int_equal(get_link(netlink, 1, &again, NULL), 0);
	assert_int_equal(again.messages, whole.messages + 1);
}

/* A question from inside a callback would overwrite the answer that is being read. */
static void test_inside(void **state)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = opened(), *other = opened();
	struct counted counted = { .again = netlink };

	(void)state;
	assert_int_equal(get_link(netlink, 1, &counted, NULL), 0);
	assert_int_equal(counted.again_result, -EBUSY);
	counted.again = other;
	assert_int_equal(get_link(netlink, 1, &counted, NULL), 0);
	assert_int_equal(counted.again_result, 0);
}

/* Answers that are not for us are waited past, and a late one is not taken for the next request's. */
static void test_deadline(void **state)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = opened();
	struct counted counted = { 0 };
	const uint32_t port = netlink->port;

	(void)state;
	netlink_set_deadline(netlink, 20);
	netlink->port++;
	assert_int_equal(get_link(netlink, 1, &counted, NULL), -ETIMEDOUT);
	netlink->port = port;
	assert_int_equal(counted.messages, 0);
	netlink_set_deadline(netlink, 5000);

	netlink->sequence += 5; /* the kernel answers to 6 from here */
	assert_int_equal(get_link(netlink, 1, &counted, NULL), 0);
	assert_int_equal(counted.messages, 1);
}

/* A datagram that does not fit is told, not taken for the whole; the room is made. */
static void test_truncation(void **state)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = opened();
	struct counted counted = { 0 };
	bool interrupted;
	int r, attempts = 0;

	(void)state;
	netlink->size = 64;
	assert_int_equal(get_link(netlink, 1, &counted, NULL), -EMSGSIZE);
	assert_int_equal(counted.messages, 0);
	assert_int_equal(netlink_drops(netlink), 1);
	assert_true(netlink->size > 64);
	assert_int_equal(get_link(netlink, 1, &counted, NULL), 0);
	assert_int_equal(counted.messages, 1);

	netlink->size = 64;
	do {
		counted.messages = 0;
		r = dump_links(netlink, &counted, &interrupted);
	} while (r == -EMSGSIZE && ++attempts < 10);
	assert_true(attempts > 0);
	assert_int_equal(r, 0);
	assert_true(counted.messages > 0);
}

struct results {
	int list[8];
	uint32_t count;
};

static int take_result(void *data, uint32_t index, const struct netlink_ack *ack)
{
	struct results *results = data;

	assert_int_equal(index, results->count);
	if (results->count < 8)
		results->list[results->count] = ack->result;
	results->count++;
	return 0;
}

/* The second fails, the others do not; each is told in its turn. */
static void test_batch(void **state)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = opened();
	_cleanup_(netlink_batch_done) struct netlink_batch batch = { 0 };
	static const int links[] = { 1, NO_SUCH_LINK, 1, NO_SUCH_LINK };
	struct results results = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		const struct ifinfomsg link = { .ifi_index = links[i] };

		assert_int_equal(netlink_batch_add(netlink, &batch, RTM_GETLINK, 0, &link, sizeof(link)), 0);
	}
	assert_int_equal(netlink_batch_send(netlink, &batch, take_result, &results), -ENODEV);
	assert_int_equal(results.count, 4);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		assert_int_equal(results.list[i], links[i] == 1 ? 0 : -ENODEV);
	/* Empty again, and of use again. */
	results.count = 0;
	assert_int_equal(netlink_batch_send(netlink, &batch, take_result, &results), 0);
	assert_int_equal(results.count, 0);
}

/* ---- Messages that no kernel sends ---- */

struct forged {
	struct nlmsghdr header;
	int32_t code;
	struct nlmsghdr request;
	uint8_t rest[64];
};

static struct forged forged_error(void)
{
	return (struct forged){ .header = { .nlmsg_len = sizeof(struct forged), .nlmsg_type = NLMSG_ERROR, .nlmsg_flags = NLM_F_CAPPED },
				.code = -EINVAL,
				.request = { .nlmsg_len = NLMSG_HDRLEN } };
}

static void test_forged_acks(void **state)
{
	struct forged forged = forged_error();
	struct netlink_ack ack;

	(void)state;
	assert_int_equal(netlink_parse_ack(&forged.header, &ack), 0);
	assert_int_equal(ack.result, -EINVAL);
	/* Too short for its parts. */
	for (uint32_t length = 0; length < NLMSG_HDRLEN + 4 + NLMSG_HDRLEN; length++) {
		forged.header.nlmsg_len = length;
		assert_int_equal(netlink_parse_ack(&forged.header, &ack), -EBADMSG);
	}
	/* A quoted request that is longer than the message. */
	forged = forged_error();
	forged.header.nlmsg_flags = 0;
	forged.request.nlmsg_len = 1000;
	assert_int_equal(netlink_parse_ack(&forged.header, &ack), -EBADMSG);
	/* Codes that are none. */
	forged = forged_error();
	forged.code = INT32_MIN;
	assert_int_equal(netlink_parse_ack(&forged.header, &ack), 0);
	assert_int_equal(ack.result, -EPROTO);
	forged.code = 5;
	assert_int_equal(netlink_parse_ack(&forged.header, &ack), 0);
	assert_int_equal(ack.result, -EPROTO);
}

static void test_forged_words(void **state)
{
	struct forged forged = forged_error();
	struct netlink_ack ack;

	(void)state;
	forged.header.nlmsg_flags |= NLM_F_ACK_TLVS;
	/* Words without their end are not shown; an attribute that is too long ends the walk. */
	memcpy(forged.rest, (struct nlattr[]){ { 8, NLMSGERR_ATTR_MSG } }, 4);
	memcpy(forged.rest + 4, "abcd", 4);
	memcpy(forged.rest + 8, (struct nlattr[]){ { 8, NLMSGERR_ATTR_OFFS } }, 4);
	memcpy(forged.rest + 12, (uint32_t[]){ 20 }, 4);
	memcpy(forged.rest + 16, (struct nlattr[]){ { 9999, NLMSGERR_ATTR_POLICY } }, 4);
	assert_int_equal(netlink_parse_ack(&forged.header, &ack), 0);
	assert_null(ack.message);
	assert_true(ack.has_offset);
	assert_int_equal(ack.offset, 20);
	assert_null(ack.policy);
	memcpy(forged.rest + 4, "abc", 4);
	assert_int_equal(netlink_parse_ack(&forged.header, &ack), 0);
	assert_string_equal(ack.message, "abc");
}

static void test_forged_datagrams(void **state)
{
	struct nlmsghdr messages[2] = { { .nlmsg_len = NLMSG_HDRLEN }, { .nlmsg_len = NLMSG_HDRLEN } };
	const struct nlmsghdr *message;
	const void *data = messages;
	size_t length = sizeof(messages);

	(void)state;
	assert_true(netlink_next(&data, &length, &message) && message == &messages[0]);
	assert_true(netlink_next(&data, &length, &message) && message == &messages[1]);
	assert_false(netlink_next(&data, &length, &message));
	assert_int_equal(length, 0);

	/* A length that stands still, or leads out. */
	static const uint32_t wrong[] = { 0, 1, 15, 33, 1000, UINT32_MAX };
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		messages[0].nlmsg_len = wrong[i];
		data = messages;
		length = sizeof(messages);
		assert_false(netlink_next(&data, &length, &message));
	}
	/* The last one may lack its padding. */
	messages[0].nlmsg_len = 17;
	data = messages;
	length = 17;
	assert_true(netlink_next(&data, &length, &message));
	assert_int_equal(length, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),      cmocka_unit_test(test_words),
		cmocka_unit_test(test_dump),         cmocka_unit_test(test_inside),
		cmocka_unit_test(test_deadline),     cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_batch),        cmocka_unit_test(test_forged_acks),
		cmocka_unit_test(test_forged_words), cmocka_unit_test(test_forged_datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
