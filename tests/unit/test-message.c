/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages without objects: the kernel's own bytes (tests/golden/message-NAME.bin, from a system with no more than the commands that are named here)
 * and bytes that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#include "channel/message.h"
#include "golden.h"

static const struct family nlctrl = { .protocol = NETLINK_GENERIC, .type = GENL_ID_CTRL, .header_size = GENL_HDRLEN, .schema = &schema_nlctrl };
static const struct family netfilter = { .protocol = NETLINK_NETFILTER, .header_size = 4 };
static const struct family route = { .protocol = NETLINK_ROUTE, .header_size = -1 };

static size_t read_golden(const char *name, uint8_t *data, size_t size)
{
	_cleanup_fclose_ FILE *file = golden_open(name, "re");

	return fread(data, 1, size, file);
}

static void assert_json(const struct message *message, const char *expected)
{
	_cleanup_buffer_ struct buffer json = { 0 };

	value_json(&json, &message->value, NULL, NULL);
	assert_string_equal(json.data, expected);
}

/* BODY in memory of just its length, with a netlink header before it. */
static void assert_framed(const struct family *family, uint16_t type, const void *body, size_t length, const char *expected, bool guessed)
{
	_cleanup_free_ struct nlmsghdr *header = malloc(NLMSG_HDRLEN + length);
	_cleanup_arena_ struct arena arena = { 0 };
	struct message message;

	assert_non_null(header);
	*header = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length), .nlmsg_type = type };
	memcpy((uint8_t *)header + NLMSG_HDRLEN, body, length);
	assert_int_equal(message_decode(family, header, &arena, &message), 0);
	assert_json(&message, expected);
	assert_int_equal(message.provenance, guessed ? PROVENANCE_GUESSED : PROVENANCE_TABLE);
}

/* As `genl ctrl get name nlctrl` tells it. */
static void test_nlctrl(void **state)
{
	uint8_t data[1024];
	const size_t length = read_golden("message-nlctrl.bin", data, sizeof(data));

	(void)state;
	assert_framed(&nlctrl, GENL_ID_CTRL, data, length,
		      "{\"command\":\"new_family\",\"family\":\"nlctrl\",\"type\":16,\"version\":2,\"header_size\":0,\"attributes_maximum\":0,"
		      "\"operations\":[{\"command\":3,\"flags\":[\"do\",\"dump\",\"policy\"]},{\"command\":10,\"flags\":[\"dump\",\"policy\"]}],"
		      "\"groups\":[{\"group\":16,\"name\":\"notify\"}]}",
		      false);
}

/* nft add table t */
static void test_nftables(void **state)
{
	uint8_t data[1024];
	const size_t length = read_golden("message-nftables.bin", data, sizeof(data));

	(void)state;
	/* A new table, by its object's schema; the same bytes as of a subsystem that there is not, by what they look like. */
	assert_framed(&netfilter, 2560, data, length, "{\"family\":\"ip\",\"name\":\"t\",\"use\":0,\"handle\":1,\"flags\":[]}", false);
	assert_framed(&netfilter, 0xf000, data, length,
		      "{\"header\":\"02000002\",\"attributes\":[{\"number\":1,\"hex\":\"7400\",\"uint\":116},{\"number\":3,\"hex\":\"00000000\","
		      "\"uint\":0},"
		      "{\"number\":4,\"hex\":\"0000000000000001\",\"uint\":72057594037927936},{\"number\":2,\"hex\":\"00000000\",\"uint\":0}]}",
		      true);
}

/* The size of a header that nobody tells is found, in a message of a type that there is not: a struct tcmsg has 20 bytes. */
static void test_header_is_found(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	uint8_t data[1024];
	struct nlmsghdr *header = (struct nlmsghdr *)data;
	const size_t length = read_golden("message-route-tc.bin", data + NLMSG_HDRLEN, sizeof(data) - NLMSG_HDRLEN);
	const struct value *found;
	struct message message;

	(void)state;
	*header = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length), .nlmsg_type = 0xf00 };
	assert_int_equal(message_decode(&route, header, &arena, &message), 0);
	found = record_find(message.value.record, "header");
	assert_int_equal(found->bytes.length, 20);
	assert_int_equal(message.length, NLMSG_HDRLEN + length);
}

static void test_guesses(void **state)
{
	(void)state;
	assert_framed(&netfilter, 1, "\x02\0\0\0\x05\0\x01\0\x07", 9,
		      "{\"header\":\"02000000\",\"attributes\":[{\"number\":1,\"hex\":\"07\",\"uint\":7}]}", true);
	/* What is marked as nested is, an empty one too; what is marked as big-endian is told so and read so. */
	assert_framed(&netfilter, 1, "\x02\0\0\0\x0c\0\x01\x80\x08\0\x02\x40\0\0\x01\0\x04\0\x03\x80", 20,
		      "{\"header\":\"02000000\",\"attributes\":[{\"number\":1,\"attributes\":[{\"number\":2,\"network_order\":true,\"hex\":"
		      "\"00000100\",\"uint\":256}]},"
		      "{\"number\":3,\"attributes\":[]}]}",
		      true);
	/* Neither attributes nor text, text, less than the header, nothing. */
	assert_framed(&netfilter, 1, "\x02\0\0\0\xff\xff\xff", 7, "{\"header\":\"02000000\",\"hex\":\"ffffff\"}", true);
	assert_framed(&netfilter, 1, "\x02\0\0\0audit", 9, "{\"header\":\"02000000\",\"text\":\"audit\"}", true);
	assert_framed(&netfilter, 1, "\x02\0", 2, "{\"hex\":\"0200\"}", true);
	assert_framed(&netfilter, 1, "", 0, "{}", true);
	/* By a schema that does not fit: as if there were none. */
	assert_framed(&nlctrl, GENL_ID_CTRL, "\x01\x02\0\0\xff", 5, "{\"header\":\"01020000\",\"hex\":\"ff\"}", true);
}

/* Of a family that has keys nothing is told by number alone. */
static void test_withheld(void **state)
{
	static const struct family macsec = { .name = "macsec", .protocol = NETLINK_GENERIC, .type = 40, .header_size = GENL_HDRLEN },
				   other = { .name = "demo", .protocol = NETLINK_GENERIC, .type = 40, .header_size = GENL_HDRLEN };
	const struct {
		struct nlmsghdr header;
		uint8_t body[12];
	} told = { .header = { .nlmsg_len = sizeof(told), .nlmsg_type = 40 }, .body = "\x04\x01\0\0\x08\0\x04\0key!" };
	_cleanup_arena_ struct arena arena = { 0 };
	struct message message;

	(void)state;
	assert_int_equal(message_decode(&macsec, &told.header, &arena, &message), 0);
	assert_int_equal(message_withhold(&macsec, &arena, &message), 0);
	assert_json(&message, "{\"withheld\":\"(secret)\"}");
	assert_int_equal(message_decode(&other, &told.header, &arena, &message), 0);
	assert_int_equal(message_withhold(&other, &arena, &message), 0);
	assert_json(&message, "{\"header\":\"04010000\",\"attributes\":[{\"number\":4,\"hex\":\"6b657921\",\"uint\":561603947}]}");
}

static void test_plain(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct message message;

	(void)state;
	assert_int_equal(message_plain("gr\xc3\xbcn", 5, &arena, &message), 0);
	assert_json(&message, "{\"text\":\"gr\xc3\xbcn\"}");
	assert_int_equal(message_plain("gr\xfcn", 4, &arena, &message), 0);
	assert_json(&message, "{\"hex\":\"6772fc6e\"}");
	assert_int_equal(message_plain("a\0b", 3, &arena, &message), 0);
	assert_json(&message, "{\"hex\":\"610062\"}");
}

/* echo "change UUID FERRY=1 AGAIN=2 AGAIN=3" >/sys/class/net/lo/uevent */
static void test_uevent(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	uint8_t data[1024];
	const size_t length = read_golden("message-uevent-kernel.bin", data, sizeof(data));
	struct message message;

	(void)state;
	assert_int_equal(message_uevent(data, length, &arena, &message), 0);
	assert_string_equal(record_find(message.value.record, "ACTION")->bytes.data, "change");
	assert_string_equal(record_find(message.value.record, "DEVPATH")->bytes.data, "/devices/virtual/net/lo");
	assert_string_equal(record_find(message.value.record, "SYNTH_UUID")->bytes.data, "12345678-9abc-def0-1234-56789abcdef0");
	assert_int_equal(record_find(message.value.record, "SYNTH_ARG_AGAIN")->list.count, 2);
	assert_int_equal(message.length, length);
	/* Cut anywhere it is still told, or refused; never more than is there. */
	for (size_t cut = 0; cut < length; cut++) {
		_cleanup_free_ uint8_t *copy = malloc(cut ? cut : 1);
		int r;

		assert_non_null(copy);
		memcpy(copy, data, cut);
		r = message_uevent(copy, cut, &arena, &message);
		assert_true(r == 0 || r == -EBADMSG);
	}
}

static void test_udev(void **state)
{
	static const char lines[] = "ACTION=add\0DEVPATH=/devices/x\0TAGS=:a:\0BARE";
	_cleanup_arena_ struct arena arena = { 0 };
	uint8_t data[40 + sizeof(lines)] = "libudev\0\xfe\xed\xca\xfe";
	uint32_t sizes[3] = { 40, 40, sizeof(lines) };
	struct message message;

	(void)state;
	memcpy(data + 12, sizes, sizeof(sizes));
	memcpy(data + 40, lines, sizeof(lines));
	assert_int_equal(message_uevent(data, sizeof(data), &arena, &message), 0);
	assert_json(&message, "{\"ACTION\":\"add\",\"DEVPATH\":\"/devices/x\",\"TAGS\":\":a:\",\"BARE\":null}");
	/* Lines that lie outside of the message. */
	sizes[2]++;
	memcpy(data + 12, sizes, sizeof(sizes));
	assert_int_equal(message_uevent(data, sizeof(data), &arena, &message), -EBADMSG);
	sizes[1] = UINT32_MAX;
	memcpy(data + 12, sizes, sizeof(sizes));
	assert_int_equal(message_uevent(data, sizeof(data), &arena, &message), -EBADMSG);
	data[8] = 0;
	assert_int_equal(message_uevent(data, sizeof(data), &arena, &message), -EBADMSG);
	assert_int_equal(message_uevent("@/x\0A=1", 7, &arena, &message), -EBADMSG);
	assert_int_equal(message_uevent("add@/x", 6, &arena, &message), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nlctrl),  cmocka_unit_test(test_nftables), cmocka_unit_test(test_header_is_found),
		cmocka_unit_test(test_guesses), cmocka_unit_test(test_plain),    cmocka_unit_test(test_uevent),
		cmocka_unit_test(test_udev),    cmocka_unit_test(test_withheld),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
