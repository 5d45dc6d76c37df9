/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages without objects: device events, generic messages by a schema and by guesses. The first byte picks the family; whatever comes must be
 * shown, and a guess must not lose a byte of an attribute. */
#include <linux/genetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void show(const struct message *message)
{
	_cleanup_buffer_ struct buffer text = { 0 }, json = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error = { 0 };
	struct value parsed;

	value_print(&text, &message->value, NULL, NULL);
	value_json(&json, &message->value, NULL, NULL);
	require(!text.failed && !json.failed);
	for (size_t i = 0; i < text.length; i++)
		require((unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7f);
	/* Deeper than a reader of JSON goes it need not be read, but what is read is a record. */
	if (value_parse_json(json.data, json.length, &arena, &parsed, &error) == 0)
		require(parsed.type == VALUE_RECORD);
}

static void test_framed(const struct family *family, uint16_t flags, const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct nlmsghdr *header = malloc(NLMSG_HDRLEN + size); /* just as long, so that a step beyond it is seen */
	struct message message;

	require(header != NULL);
	*header = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size), .nlmsg_type = family->type, .nlmsg_flags = flags };
	memcpy((uint8_t *)header + NLMSG_HDRLEN, data, size);
	require(message_decode(family, header, &arena, &message) == 0);
	require(message.framed && message.length == NLMSG_HDRLEN + size);
	show(&message);
	free(header);
}

static void test_unframed(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	uint8_t *copy = malloc(size ? size : 1);
	struct message message;

	require(copy != NULL);
	memcpy(copy, data, size);
	if (message_uevent(copy, size, &arena, &message) == 0)
		show(&message);
	require(message_plain(copy, size, &arena, &message) == 0);
	show(&message);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct family families[] = {
		{ .name = "nlctrl", .protocol = NETLINK_GENERIC, .type = GENL_ID_CTRL, .header_size = GENL_HDRLEN, .schema = &schema_nlctrl },
		{ .name = "ethtool", .protocol = NETLINK_GENERIC, .type = 21, .header_size = GENL_HDRLEN },
		{ .name = "netfilter", .protocol = NETLINK_NETFILTER, .type = 2560, .header_size = 4 },
		{ .name = "route", .protocol = NETLINK_ROUTE, .type = 36, .header_size = -1 },
	};

	if (size == 0)
		return 0;
	if (data[0] % 5 < ARRAY_SIZE(families))
		test_framed(&families[data[0] % 5], data[0] & 0x80 ? NLM_F_REQUEST : 0, data + 1, size - 1);
	else
		test_unframed(data + 1, size - 1);
	return 0;
}
