/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of nftables come many to a message (tests/golden/netfilter-element.bin, real bytes): each must be told by itself, and go back as it came.
 * What the kernel tells of transactions (netfilter-notices.bin) must read as netfilter-notices.json says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/netfilter.h"
#include "channel/netfilter_heard.h"
#include "channel/netfilter_sets.h"
#include "channel/netfilter_typed.h"
#include "golden.h"

static void tell_all(const void *data, size_t length, struct buffer *ret)
{
	const struct nlmsghdr *message;

	while (netlink_next(&data, &length, &message)) {
		struct netfilter_elements elements = netfilter_elements(message);
		const uint16_t kind = message->nlmsg_type & 0xff;
		_cleanup_buffer_ struct buffer room = { 0 };
		const struct nlmsghdr *one;

		if (kind != NFT_MSG_NEWSETELEM && kind != NFT_MSG_DELSETELEM)
			golden_tell(&protocol_netfilter, message, ret);
		else
			while ((one = netfilter_elements_next(&elements, &room)))
				golden_tell(&protocol_netfilter, one, ret);
	}
	assert_int_equal(length, 0);
	assert_false(ret->failed);
}

static void test_notices(void **state)
{
	_cleanup_buffer_ struct buffer bytes = { 0 }, now = { 0 };

	(void)state;
	golden_read("netfilter-notices.bin", &bytes);
	tell_all(bytes.data, bytes.length, &now);
	golden_compare("netfilter-notices.json", &now);
}

/* The elements of MESSAGE, but for what moves. */
static void list(const struct nlmsghdr *message, struct buffer *ret)
{
	struct netfilter_elements elements = netfilter_elements(message);
	_cleanup_buffer_ struct buffer room = { 0 };
	const struct nlmsghdr *one;

	while ((one = netfilter_elements_next(&elements, &room))) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct record *record;

		assert_int_equal(object_decode(&object_netfilter_element, one, &arena, &record), 0);
		record_drop(record, "expiration");
		record_json(ret, record, NULL);
		buffer_add_char(ret, '\n');
	}
}

/* What is told, sent as a request of its own, says the same. */
static void test_elements_go_back(void **state)
{
	_cleanup_buffer_ struct buffer bytes = { 0 };
	const struct nlmsghdr *message;
	unsigned int count = 0;
	const void *data;
	size_t length;

	(void)state;
	golden_read("netfilter-element.bin", &bytes);
	data = bytes.data;
	length = bytes.length;
	while (netlink_next(&data, &length, &message)) {
		struct netfilter_elements elements = netfilter_elements(message);
		_cleanup_buffer_ struct buffer room = { 0 }, told = { 0 }, sent = { 0 };
		const struct nlmsghdr *one;

		list(message, &told);
		if (!told.length)
			continue;
		while ((one = netfilter_elements_next(&elements, &room))) {
			_cleanup_buffer_ struct buffer request = { 0 };
			_cleanup_arena_ struct arena arena = { 0 };
			struct nlmsghdr header = *message;
			struct error error = { 0 };
			struct record *record;

			assert_int_equal(object_decode(&object_netfilter_element, one, &arena, &record), 0);
			buffer_add(&request, &header, sizeof(header));
			if (object_netfilter_element.encode(record, FIELD_KEY | FIELD_SETTABLE, &request, &error) < 0)
				fail_msg("%s", error.text);
			((struct nlmsghdr *)request.data)->nlmsg_len = (uint32_t)request.length;
			list((const struct nlmsghdr *)request.data, &sent);
			count++;
		}
		assert_string_equal(told.data, sent.data);
	}
	assert_true(count > 20);
}

/* ---- Texts of values ---- */

static void check_text(uint32_t type, const char *bytes, size_t length, const char *expected)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	const bool certain = netfilter_value_text(type, (const uint8_t *)bytes, length, &text);

	assert_int_equal(certain, expected != NULL);
	if (expected)
		assert_string_equal(text.data, expected);
}

static void test_texts(void **state)
{
	(void)state;
	check_text(7, "\x0a\0\0\1", 4, "10.0.0.1");
	check_text(7 << 6 | 13, "\x0a\0\0\1\0\x50\0\0", 8, "10.0.0.1 . 80");
	check_text(13, "\x1f\x90", 2, "8080");
	check_text(9, "\0\x11\x22\x33\x44\x55", 6, "00:11:22:33:44:55");
	check_text(41, "lo\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, "\"lo\"");
	check_text(7, "\x0a\0\0", 3, NULL);
	check_text(7 << 6 | 13, "\x0a\0\0\1\0\x50", 6, NULL);
	check_text(13, "\0\x50\0\0", 4, NULL);
	check_text(12, "\6", 1, "tcp");
	check_text(26, "\6\0\0\0", 4, "established | related");
	check_text(20, "\1\0\0\0", 4, NULL);
	check_text(0xffffff00, "\0\0\0\0", 4, NULL);
	check_text(41, "\x1b[31m\0\0\0\0\0\0\0\0\0\0\0", 16, NULL);
}

/* ---- Elements as documents say them ---- */

static const struct said_set *set_of(struct arena *arena, const char *says)
{
	struct error error = { 0 };
	struct record *record;

	if (record_parse_text(object_netfilter_set.schema, says, strlen(says), NULL, arena, &record, &error) < 0)
		fail_msg("%s: %s", says, error.text);
	return netfilter_set_said(arena, record, false);
}

/* TEXT is a key from FIRST to LAST, in hexadecimal, and said again as AGAIN; FIRST NULL: it is none. */
static void check_key(const char *says, const char *text, const char *first, const char *last, const char *again)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer hex = { 0 }, back = { 0 };
	const struct said_set *set = set_of(&arena, says);
	struct record *element = record_new(&arena, object_netfilter_element.schema);
	uint8_t end[NETFILTER_KEY_MAXIMUM];
	struct netfilter_range range;
	struct value behind;
	bool has_end;

	assert_int_equal(netfilter_parse_typed_key(set, text, strlen(text), &range), first != NULL);
	if (!first)
		return;
	for (uint32_t i = 0; i < range.length; i++)
		buffer_printf(&hex, "%02x", range.first[i]);
	buffer_add_char(&hex, '-');
	for (uint32_t i = 0; i < range.length; i++)
		buffer_printf(&hex, "%02x", range.last[i]);
	assert_memory_equal(hex.data, first, strlen(first));
	assert_string_equal(hex.data + strlen(first) + 1, last);
	has_end = netfilter_range_end(&range, end);
	behind = value_data(VALUE_BYTES, end, range.length);
	assert_int_equal(record_put(&arena, element, "key", value_data(VALUE_BYTES, range.first, range.length)), 0);
	if (strstr(says, "interval") && !netfilter_set_has_ends(set))
		assert_int_equal(record_put(&arena, element, "key_end", value_data(VALUE_BYTES, range.last, range.length)), 0);
	assert_int_equal(netfilter_typed_key(set, element, has_end ? &behind : NULL, &back), again != NULL);
	if (again)
		assert_string_equal(back.data, again);
}

#define ADDRESSES "{key_type=ipv4_addr, key_len=4}"
#define NETWORKS  "{flags=[interval], key_type=ipv4_addr, key_len=4}"
#define PAIRS     "{flags=[interval, concat], key_type=\"ipv4_addr . inet_service\", key_len=8}"
#define MARKS     "{key_type=mark, key_len=4}"
#define NAMES_OF  "{key_type=ifname, key_len=16}"

static void test_typed_keys(void **state)
{
	(void)state;
	check_key(ADDRESSES, "10.0.0.1", "0a000001", "0a000001", "10.0.0.1");
	check_key(ADDRESSES, "10.0.0.0/8", NULL, NULL, NULL);
	check_key(ADDRESSES, "10.0.0.0-10.0.0.1", NULL, NULL, NULL);
	check_key(ADDRESSES, "::1", NULL, NULL, NULL);
	check_key(ADDRESSES, "", NULL, NULL, NULL);
	check_key(NETWORKS, "10.0.0.0/8", "0a000000", "0affffff", "10.0.0.0/8");
	check_key(NETWORKS, "10.0.0.0-10.255.255.255", "0a000000", "0affffff", "10.0.0.0/8");
	check_key(NETWORKS, "240.0.0.0/4", "f0000000", "ffffffff", "240.0.0.0/4");
	check_key(NETWORKS, "0.0.0.0/0", "00000000", "ffffffff", "0.0.0.0/0");
	check_key(NETWORKS, "1.2.3.4/32", "01020304", "01020304", "1.2.3.4");
	check_key(NETWORKS, "10.0.0.1/8", NULL, NULL, NULL);
	check_key(NETWORKS, "10.0.0.2-10.0.0.1", NULL, NULL, NULL);
	check_key(NETWORKS, "10.0.0.1-", NULL, NULL, NULL);
	check_key(PAIRS, "10.0.0.0/24 . 80-90", "0a00000000500000", "0a0000ff005a0000", "10.0.0.0/24 . 80-90");
	check_key(PAIRS, "10.0.0.0/24 . 80 . 1", NULL, NULL, NULL);
	check_key(PAIRS, "10.0.0.0/24", NULL, NULL, NULL);
	check_key("{key_type=inet_proto, key_len=1}", "tcp", "06", "06", "tcp");
	check_key("{key_type=inet_proto, key_len=1}", "6", "06", "06", "tcp");
	check_key("{key_type=inet_proto, key_len=1}", "256", NULL, NULL, NULL);
	check_key(MARKS, "4294967296", NULL, NULL, NULL);
	check_key(NAMES_OF, "br-lan", "62722d6c616e00000000000000000000", "62722d6c616e00000000000000000000", "br-lan");
	check_key(NAMES_OF, "0x1f", "30783166000000000000000000000000", "30783166000000000000000000000000", NULL);
	check_key(NAMES_OF, "catchall", "6361746368616c6c0000000000000000", "6361746368616c6c0000000000000000", NULL);
	check_key(NAMES_OF, "a b", NULL, NULL, NULL);
	check_key(NAMES_OF, "abcdefghijklmnop", NULL, NULL, NULL);
	check_key("{key_type=dscp, key_len=1}", "8", NULL, NULL, NULL);
	/* A type and a length that do not go together, and none at all. */
	check_key("{key_type=ipv4_addr, key_len=6}", "10.0.0.1", NULL, NULL, NULL);
	check_key("{key_type=4294967295, key_len=4}", "1", NULL, NULL, NULL);
	check_key("{key_len=4}", "1", NULL, NULL, NULL);
}

/* ---- Rules ---- */

static void add_sets(struct netfilter_sets *sets, const char *name, const struct object *object, struct buffer *bytes)
{
	const struct nlmsghdr *message;
	const void *data;
	size_t length;

	buffer_clear(bytes);
	golden_read(name, bytes);
	data = bytes->data;
	length = bytes->length;
	while (netlink_next(&data, &length, &message)) {
		struct netfilter_elements elements = netfilter_elements(message);
		_cleanup_arena_ struct arena arena = { 0 };
		_cleanup_buffer_ struct buffer room = { 0 };
		const struct nlmsghdr *one = message;
		struct record *record;

		if (object == &object_netfilter_element)
			one = netfilter_elements_next(&elements, &room);
		for (; one; one = object == &object_netfilter_element ? netfilter_elements_next(&elements, &room) : NULL) {
			assert_int_equal(object_decode(object, one, &arena, &record), 0);
			netfilter_sets_add(sets, object, record, one);
		}
	}
}

static const char *lo(void *data, uint32_t index)
{
	(void)data;
	return index == 1 ? "lo" : NULL;
}

/* Each as nft(8) printed it when it was captured; whether its sets were told before their elements or behind. */
static void check_rules(bool sets_first, struct buffer *ret)
{
	static const struct naming naming = { .interface_name = lo };
	_cleanup_buffer_ struct buffer bytes = { 0 };
	struct netfilter_sets *sets = netfilter_sets_new(NULL);
	const struct nlmsghdr *message;
	const void *data;
	size_t length;

	assert_non_null(sets);
	if (sets_first)
		add_sets(sets, "netfilter-set.bin", &object_netfilter_set, &bytes);
	add_sets(sets, "netfilter-element.bin", &object_netfilter_element, &bytes);
	if (!sets_first)
		add_sets(sets, "netfilter-set.bin", &object_netfilter_set, &bytes);
	buffer_clear(&bytes);
	golden_read("netfilter-rule.bin", &bytes);
	data = bytes.data;
	length = bytes.length;
	while (netlink_next(&data, &length, &message)) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct record *record;

		assert_int_equal(object_decode(&object_netfilter_rule, message, &arena, &record), 0);
		object_netfilter_rule.path(record, NULL, ret);
		buffer_printf(ret, " %s\n", netfilter_rule_text(&arena, record, sets, &naming, false));
	}
	netfilter_sets_free(sets);
}

static void test_rules(void **state)
{
	_cleanup_buffer_ struct buffer expected = { 0 };

	(void)state;
	setenv("TZ", "UTC", 1);
	golden_read("netfilter-text.txt", &expected);
	buffer_add_char(&expected, '\0');
	for (int i = 0; i < 2; i++) {
		_cleanup_buffer_ struct buffer text = { 0 };

		check_rules(i, &text);
		assert_string_equal(text.data, expected.data);
	}
}

static void check_rule(const char *expressions, const char *expected)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer json = { 0 };
	struct error error = { 0 };
	struct record *record;

	buffer_printf(&json, "{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"c\",\"expressions\":[%s]}", expressions);
	assert_int_equal(record_parse_json(object_netfilter_rule.schema, json.data, json.length, NULL, &arena, &record, &error), 0);
	assert_string_equal(netfilter_rule_text(&arena, record, NULL, NULL, true), expected);
}

#define TCP                                                              \
	"{\"name\":\"meta\",\"data\":{\"key\":\"l4proto\",\"dreg\":1}}," \
	"{\"name\":\"cmp\",\"data\":{\"sreg\":1,\"op\":\"eq\",\"data\":{\"value\":\"06\"}}}"
#define PORT "{\"name\":\"payload\",\"data\":{\"dreg\":1,\"base\":\"transport\",\"offset\":2,\"len\":2}}"

#define COMPARED(key, op, number)                                        \
	"{\"name\":\"meta\",\"data\":{\"key\":\"" key "\",\"dreg\":1}}," \
	"{\"name\":\"cmp\",\"data\":{\"sreg\":1,\"op\":\"" op "\",\"data\":{\"value\":\"" number "\"}}}"

/* Two bounds are a range where they are of one thing; nft 1.0.6 makes one of any two. */
static void test_ranges(void **state)
{
	(void)state;
	check_rule(COMPARED("length", "gte", "05000000") "," COMPARED("length", "lte", "07000000"), "meta length 5-7");
	check_rule(COMPARED("length", "gte", "05000000") "," COMPARED("mark", "lte", "07000000"), "meta length >= 5 meta mark <= 0x00000007");
	check_rule(COMPARED("length", "lt", "05000000") "," COMPARED("length", "gt", "07000000"), "meta length != 5-7");
	check_rule(COMPARED("length", "lt", "05000000") ",{\"name\":\"counter\",\"data\":{}}," COMPARED("length", "gt", "07000000"),
		   "meta length < 5 counter meta length > 7");
}

/* What nft has no words for stands as it is, and then nothing goes without saying. */
static void test_rules_that_cannot_be_said(void **state)
{
	(void)state;
	check_rule(TCP "," PORT ",{\"name\":\"cmp\",\"data\":{\"sreg\":1,\"op\":\"eq\",\"data\":{\"value\":\"0016\"}}}", "tcp dport 22");
	check_rule(TCP "," PORT ",{\"name\":\"cmp\",\"data\":{\"sreg\":1,\"op\":\"eq\",\"data\":{\"value\":\"00160000\"}}},{\"name\":\"counter\"}",
		   "meta l4proto tcp [payload {dreg=1, base=transport, offset=2, len=2}] [cmp {sreg=1, op=eq, data={value=00160000}}] counter");
	/* A register that nobody has written, a set that is not known, an expression without a name here, one that is taken up by nobody. */
	check_rule("{\"name\":\"cmp\",\"data\":{\"sreg\":2,\"op\":\"eq\",\"data\":{\"value\":\"06\"}}}", "[cmp {sreg=2, op=eq, data={value=06}}]");
	check_rule(TCP "," PORT ",{\"name\":\"lookup\",\"data\":{\"set\":\"__set%d\",\"sreg\":1}}",
		   "meta l4proto tcp [payload {dreg=1, base=transport, offset=2, len=2}] [lookup {set=__set%d, sreg=1}]");
	check_rule("{\"name\":\"novel\"}," PORT, "[novel] [payload {dreg=1, base=transport, offset=2, len=2}]");
	check_rule("", "");
}

/* ---- What is said over a socket ---- */

#define ACCEPT "{\"name\":\"immediate\",\"data\":{\"dreg\":0,\"data\":{\"verdict\":{\"code\":\"accept\"}}}}"
#define LOOKUP "{\"name\":\"lookup\",\"data\":{\"set\":\"__set%d\",\"sreg\":1,\"set_id\":7}}"

/* A request of OBJECT, as SAYS, with an attribute of our own number in it. */
static void request_of(const struct object *object, const char *says, struct buffer *ret)
{
	const struct nlmsghdr header = { .nlmsg_type = object->new_type, .nlmsg_flags = NLM_F_REQUEST };
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer json = { 0 };
	struct error error = { 0 };
	struct record *record;

	buffer_printf(&json, "{\"family\":\"inet\",\"table\":\"t\",%s}", says);
	if (record_parse_json(object->schema, json.data, json.length, NULL, &arena, &record, &error) < 0)
		fail_msg("%s: %s", says, error.text);
	buffer_add(ret, &header, sizeof(header));
	if (object->encode)
		assert_int_equal(object->encode(record, FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE, ret, &error), 0);
	else
		assert_int_equal(schema_encode(record, FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE, ret, &error), 0);
	attribute_add(ret, 32, "a lie", 6);
	((struct nlmsghdr *)ret->data)->nlmsg_len = (uint32_t)ret->length;
}

static void hear(struct netfilter_heard *heard, const struct object *object, const char *says, const char *expected)
{
	_cleanup_buffer_ struct buffer request = { 0 }, room = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	const struct nlmsghdr *message;
	struct netfilter_elements elements;
	const struct value *text;
	struct record *record;

	request_of(object, says, &request);
	message = (const struct nlmsghdr *)request.data;
	elements = netfilter_heard_elements(heard, message);
	if (object == &object_netfilter_element)
		message = netfilter_elements_next(&elements, &room);
	assert_int_equal(object_decode(object, message, &arena, &record), 0);
	assert_int_equal(netfilter_heard_take(heard, object, message, NULL, &arena, record), 0);
	text = record_find(record, "text");
	assert_int_equal(!text, !expected);
	if (expected)
		assert_string_equal(arena_copy(&arena, text->bytes.data, text->bytes.length), expected);
}

static void hear_set(struct netfilter_heard *heard)
{
	netfilter_heard_begin(heard, 1);
	hear(heard, &object_netfilter_set, "\"name\":\"__set%d\",\"id\":7,\"flags\":[\"anonymous\"],\"key_type\":\"inet_service\",\"key_len\":2",
	     NULL);
	hear(heard, &object_netfilter_element, "\"set\":\"__set%d\",\"set_id\":7,\"key\":\"0016\"", "22");
	hear(heard, &object_netfilter_element, "\"set\":\"__set%d\",\"set_id\":8,\"key\":\"0017\"", NULL);
}

/* A set has a number until its transaction is over, and a chain of a rule's own as well. */
static void test_heard(void **state)
{
	static const char rule[] = "\"chain\":\"c\",\"expressions\":[" TCP "," PORT "," LOOKUP "," ACCEPT "]";
	static const char known[] = "tcp dport { 22 } accept";
	static const char unknown[] =
		"meta l4proto tcp [payload {dreg=1, base=transport, offset=2, len=2}] [lookup {set=__set%d, sreg=1, set_id=7}] accept";
	struct netfilter_heard *heard = netfilter_heard_new();

	(void)state;
	assert_non_null(heard);
	hear(heard, &object_netfilter_rule, rule, NULL); /* nothing has begun */
	hear_set(heard);
	hear(heard, &object_netfilter_rule, rule, known);
	netfilter_heard_begin(heard, 2);
	hear(heard, &object_netfilter_rule, rule, unknown);
	hear_set(heard);
	netfilter_heard_begin(heard, 1);
	hear(heard, &object_netfilter_rule, rule, unknown);
	hear_set(heard);
	netfilter_heard_forget(heard);
	netfilter_heard_begin(heard, 1);
	hear(heard, &object_netfilter_rule, rule, unknown);
	/* One that is asked for, or to go, has none. */
	hear(heard, &object_netfilter_rule, "\"chain\":\"c\",\"handle\":5", NULL);
	/* A set that has a name is said by that, with all that was made ready for it. */
	hear(heard, &object_netfilter_rule,
	     "\"chain\":\"c\",\"expressions\":[" TCP "," PORT ",{\"name\":\"lookup\",\"data\":{\"set\":\"ports\",\"sreg\":1}}]", "tcp dport @ports");
	netfilter_heard_free(heard);
}

/* More than is kept of one is not known, and does not grow. */
static void test_heard_too_much(void **state)
{
	static const char rule[] = "\"chain\":\"c\",\"expressions\":[" TCP "," PORT "," LOOKUP "]";
	struct netfilter_heard *heard = netfilter_heard_new();
	_cleanup_buffer_ struct buffer element = { 0 };

	(void)state;
	assert_non_null(heard);
	hear_set(heard);
	buffer_printf(&element, "\"set\":\"__set%%d\",\"set_id\":7,\"key\":\"0050\",\"userdata\":{\"comment\":\"%0250d\"}", 0);
	for (unsigned int i = 0; i < 20000; i++)
		hear(heard, &object_netfilter_element, element.data, "80");
	hear(heard, &object_netfilter_rule, rule,
	     "meta l4proto tcp [payload {dreg=1, base=transport, offset=2, len=2}] [lookup {set=__set%d, sreg=1, set_id=7}]");
	netfilter_heard_free(heard);
}

/* Hashes of hashes: what they come to doubles with each, and is given up in time. */
static void test_terms_without_end(void **state)
{
	_cleanup_buffer_ struct buffer expressions = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error = { 0 };
	struct record *record;
	const char *text;

	(void)state;
	buffer_add_text(&expressions, "{\"family\":\"inet\",\"expressions\":[");
	for (unsigned int i = 0; i < 16; i++)
		buffer_printf(&expressions, "{\"name\":\"meta\",\"data\":{\"key\":\"mark\",\"dreg\":%u}},", 8 + i);
	for (unsigned int i = 0; i < 100; i++)
		buffer_printf(&expressions, "{\"name\":\"hash\",\"data\":{\"sreg\":%u,\"dreg\":%u,\"len\":32,\"modulus\":2,\"type\":\"jhash\"}},",
			      i / 8 % 2 ? 8 : 16, (i / 8 % 2 ? 16 : 8) + i % 8);
	buffer_add_text(&expressions, "{\"name\":\"meta\",\"data\":{\"key\":\"mark\",\"sreg\":8}}]}");
	assert_int_equal(record_parse_json(object_netfilter_rule.schema, expressions.data, expressions.length, NULL, &arena, &record, &error), 0);
	text = netfilter_rule_text(&arena, record, NULL, NULL, true);
	assert_non_null(text);
	assert_true(strlen(text) < 100000);
	assert_memory_equal(text, "[meta {key=mark, dreg=8}]", 25);
}

/* With more than the one among the golden bytes has, as the header of the kernel says that it is told. */
static void test_flowtable(void **state)
{
	_cleanup_buffer_ struct buffer message = { 0 }, told = { 0 };
	const struct nlmsghdr header = { .nlmsg_type = NETFILTER_TYPE(NFT_MSG_NEWFLOWTABLE) };
	const struct nfgenmsg own = { .nfgen_family = NFPROTO_INET };
	const uint32_t zero = 0, priority = htobe32((uint32_t)-5);
	size_t hook, devices;

	(void)state;
	buffer_add(&message, &header, sizeof(header));
	buffer_add(&message, &own, sizeof(own));
	attribute_add(&message, NFTA_FLOWTABLE_TABLE, "t", 2);
	attribute_add(&message, NFTA_FLOWTABLE_NAME, "a/b", 4);
	hook = attribute_begin(&message, NFTA_FLOWTABLE_HOOK | NLA_F_NESTED);
	attribute_add(&message, NFTA_FLOWTABLE_HOOK_NUM, &zero, sizeof(zero));
	attribute_add(&message, NFTA_FLOWTABLE_HOOK_PRIORITY, &priority, sizeof(priority));
	devices = attribute_begin(&message, NFTA_FLOWTABLE_HOOK_DEVS | NLA_F_NESTED);
	attribute_add(&message, NFTA_DEVICE_NAME, "eth0", 5);
	attribute_add(&message, NFTA_DEVICE_NAME, "eth1", 5);
	attribute_end(&message, devices);
	attribute_end(&message, hook);
	((struct nlmsghdr *)message.data)->nlmsg_len = (uint32_t)message.length;
	golden_tell(&protocol_netfilter, (const struct nlmsghdr *)message.data, &told);
	assert_string_equal(told.data, "+netlink/netfilter/flowtable/inet/t/a%2Fb {\"family\":\"inet\",\"table\":\"t\",\"name\":\"a/b\","
				       "\"hook\":{\"num\":\"ingress\",\"priority\":-5,\"devices\":[\"eth0\",\"eth1\"]}}\n");
}

/* ---- Paths ---- */

static void check_path(const struct object *object, const char *path, const char *expected, const char *rest)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer again = { 0 };
	struct error error = { 0 };
	const char *left = NULL;
	struct record *key;
	int r = object->parse(path, NULL, &arena, &key, &left, &error);

	if (!expected) {
		assert_int_equal(r, -EINVAL);
		assert_string_not_equal(error.text, "");
		return;
	}
	if (r < 0)
		fail_msg("%s: %s", path, error.text);
	object->path(key, NULL, &again);
	assert_string_equal(again.data, expected);
	assert_string_equal(left, rest);
}

static void test_paths(void **state)
{
	(void)state;
	check_path(&object_netfilter_element, "inet/t/s/10.0.0.1", "inet/t/s/0x0a000001", "");
	check_path(&object_netfilter_element, "inet/t/s/fe80::1/timeout", "inet/t/s/0xfe800000000000000000000000000001", "timeout");
	check_path(&object_netfilter_element, "inet/t/s/0x0a-0x0b,end", "inet/t/s/0x0a-0x0b,end", "");
	check_path(&object_netfilter_element, "inet/t/s/catchall", "inet/t/s/catchall", "");
	check_path(&object_netfilter_element, "inet/t/s/0x0", NULL, "");
	check_path(&object_netfilter_element, "inet/t/s/0x", NULL, "");
	check_path(&object_netfilter_element, "inet/t/s/80", NULL, "");
	check_path(&object_netfilter_element, "inet/t/s/0x0a-", NULL, "");
	check_path(&object_netfilter_element, "inet/t/s", NULL, "");
	check_path(&object_netfilter_table, "inet/a%2fb%", "inet/a%2Fb%25", "");
	check_path(&object_netfilter_table, "inet/%00", "inet/%2500", "");
	check_path(&object_netfilter_table, "inet/", NULL, "");
	check_path(&object_netfilter_table, "inetx/t", NULL, "");
	check_path(&object_netfilter_rule, "ip/t/c/4294967295/userdata", "ip/t/c/4294967295", "userdata");
	check_path(&object_netfilter_rule, "ip/t/c/18446744073709551616", NULL, "");
	check_path(&object_netfilter_rule, "ip/t/c/", NULL, "");
	check_path(&object_netfilter_object, "ip/t/c/counter", "ip/t/c/counter", "");
	check_path(&object_netfilter_object, "ip/t/c/nothing", NULL, "");
}

/* Linux 7.3 told this of "create marks hash:ip,mark markmask 0xff". */
static void test_mark_mask(void **state)
{
	static const uint8_t bytes[] = {
		0x98, 0x00, 0x00, 0x00, 0x07, 0x06, 0x02, 0x00, 0x01, 0x00, 0x00, 0x00, 0x87, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x05, 0x00,
		0x01, 0x00, 0x07, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x02, 0x00, 0x6d, 0x61, 0x72, 0x6b, 0x73, 0x00, 0x00, 0x00, 0x11, 0x00, 0x03, 0x00,
		0x68, 0x61, 0x73, 0x68, 0x3a, 0x69, 0x70, 0x2c, 0x6d, 0x61, 0x72, 0x6b, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00, 0x05, 0x00, 0x02, 0x00,
		0x00, 0x00, 0x05, 0x00, 0x04, 0x00, 0x03, 0x00, 0x00, 0x00, 0x06, 0x00, 0x0b, 0x40, 0x00, 0x00, 0x00, 0x00, 0x44, 0x00, 0x07, 0x80,
		0x08, 0x00, 0x12, 0x40, 0x00, 0x00, 0x04, 0x00, 0x08, 0x00, 0x13, 0x40, 0x00, 0x01, 0x00, 0x00, 0x08, 0x00, 0x0b, 0x00, 0xff, 0x00,
		0x00, 0x00, 0x05, 0x00, 0x15, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x08, 0x00, 0x11, 0x40, 0xa5, 0x60, 0x7f, 0x0e, 0x08, 0x00, 0x19, 0x40,
		0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x1a, 0x40, 0x00, 0x00, 0x00, 0xd0, 0x08, 0x00, 0x18, 0x40, 0x00, 0x00, 0x00, 0x00,
	};
	_cleanup_buffer_ struct buffer told = { 0 }, now = { 0 }, room = { 0 };
	const struct nlmsghdr *message;

	(void)state;
	buffer_add(&told, bytes, sizeof(bytes));
	assert_false(told.failed);
	message = (const struct nlmsghdr *)told.data;
	golden_tell(&protocol_netfilter, protocol_unify(&protocol_netfilter, message, &room), &now);
	assert_false(now.failed);
	assert_non_null(strstr(now.data, "+netlink/netfilter/ipset/marks {"));
	assert_non_null(strstr(now.data, "\"markmask\":\"0xff\""));
	/* What came is left as it was: others read it too. */
	assert_memory_equal(told.data, bytes, sizeof(bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_elements_go_back),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_typed_keys),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_that_cannot_be_said),
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_heard_too_much),
		cmocka_unit_test(test_terms_without_end),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_flowtable),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_mark_mask),
	};

	return cmocka_run_group_tests_name("netfilter", tests, NULL, NULL);
}
