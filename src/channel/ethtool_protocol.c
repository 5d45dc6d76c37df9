/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generic family ethtool: its messages, its requests, and what the recorder must know of it. */
#include <errno.h>
#include <string.h>

#include "channel/ethtool.h"
#include "channel/link.h"
#include "channel/netlink_source.h"
#include "channel/object-inside.h"

/* enum ethtool_header_flags */
#define COMPACT 1u /* bits by their numbers */
#define STATS   4u /* counters as well */

#define KIND(get, name)                                              \
	{ NETLINK_ASKED(get), "ETHTOOL_MSG_" name "_GET" },          \
	{                                                            \
		NETLINK_ASKED((get) + 1), "ETHTOOL_MSG_" name "_SET" \
	}
NAMES(types, false, KIND(2, "LINKINFO"), KIND(4, "LINKMODES"), KIND(7, "DEBUG"), KIND(9, "WOL"), KIND(11, "FEATURES"), KIND(13, "PRIVFLAGS"),
      KIND(15, "RINGS"), KIND(17, "CHANNELS"), KIND(19, "COALESCE"), KIND(21, "PAUSE"), KIND(23, "EEE"), KIND(29, "FEC"), KIND(34, "MODULE"),
      KIND(36, "PSE"), { NETLINK_ASKED(38), "ETHTOOL_MSG_RSS_GET" }, { NETLINK_ASKED(48), "ETHTOOL_MSG_RSS_SET" },
      { NETLINK_ASKED(39), "ETHTOOL_MSG_PLCA_GET_CFG" }, { NETLINK_ASKED(40), "ETHTOOL_MSG_PLCA_SET_CFG" }, KIND(42, "MM"), KIND(46, "TSCONFIG"));

static const struct name off_on[] = { { 0, "off" }, { 1, "on" } };
const struct names words_ethtool_off_on = { off_on, ARRAY_SIZE(off_on) };

static const struct field header[] = {
	[ETHTOOL_A_HEADER_DEV_INDEX] = { "dev_index", FIELD_U32, SET, 0, "number of the device" },
	[ETHTOOL_A_HEADER_DEV_NAME] = { "dev_name", FIELD_TEXT, SET, 0, "name of the device" },
	[ETHTOOL_A_HEADER_FLAGS] = { "flags", FIELD_U32, FIELD_HEX, 0, "how the request is to be answered" },
	[4] = TOLD("phy_index", 0, "number of the transceiver"),
};
const struct schema schema_ethtool_header = { .name = "header", .attributes = header, .attribute_count = ARRAY_SIZE(header) };

/* ---- Its place in the tree ---- */

/* Whose it is, as everywhere else: by the number of its link. */
int ethtool_mend(struct arena *arena, struct record *record)
{
	const struct record *inside = record_inside(record, "header");
	const struct value *index = inside ? record_find(inside, "dev_index") : NULL;
	const struct value *name = inside ? record_find(inside, "dev_name") : NULL;
	struct value own = { 0 };

	if (!inside)
		return 0;
	if (index || name)
		own = index ? *index : *name;
	record_drop(record, "header");
	return index || name ? record_put(arena, record, "dev", own) : 0;
}

/* ---- Requests ---- */

static void begin(struct buffer *request, uint32_t flags, const struct value *device)
{
	const struct genlmsghdr generic = { 0 };
	size_t nest, name;
	uint32_t index;

	buffer_add(request, &generic, sizeof(generic));
	nest = attribute_begin(request, ETHTOOL_HEADER | NLA_F_NESTED);
	if (device && device->type == VALUE_UINT) {
		index = (uint32_t)device->number;
		attribute_add(request, ETHTOOL_A_HEADER_DEV_INDEX, &index, sizeof(index));
	} else if (device) {
		name = attribute_begin(request, ETHTOOL_A_HEADER_DEV_NAME);
		buffer_add(request, device->bytes.data, device->bytes.length);
		buffer_add_char(request, '\0');
		attribute_end(request, name);
	}
	attribute_add(request, ETHTOOL_A_HEADER_FLAGS, &flags, sizeof(flags));
	attribute_end(request, nest);
}

void ethtool_dump(struct buffer *request, uint8_t family)
{
	(void)family;
	begin(request, 0, NULL);
}

void ethtool_dump_counted(struct buffer *request, uint8_t family)
{
	(void)family;
	begin(request, STATS, NULL);
}

static int ask(const struct record *key, uint32_t flags, struct buffer *request)
{
	const struct value *device = record_find(key, "dev");

	if (!device || (device->type != VALUE_UINT && device->type != VALUE_TEXT))
		return -ENOENT;
	begin(request, flags, device);
	return OBJECT_GET_ONE;
}

int ethtool_get(const struct record *key, struct buffer *request)
{
	return ask(key, 0, request);
}

int ethtool_get_counted(const struct record *key, struct buffer *request)
{
	return ask(key, STATS, request);
}

/* ---- Link by link ---- */

/* A link without one has nothing to tell, whatever its driver says of that. */
static int ask_link(const struct object *object, struct netlink *netlink, uint32_t index, object_message_function *function, void *data)
{
	const struct value device = value_uint(index);
	_cleanup_buffer_ struct buffer request = { 0 };
	int r;

	begin(&request, 0, &device);
	r = request.failed ? -ENOMEM : netlink_request(netlink, object->get_type, 0, request.data, request.length, function, data, NULL);
	return r == -ENOMEM || r == -EMSGSIZE || r == -ENOBUFS || r > 0 ? r : 0;
}

int ethtool_each(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
		 bool *ret_interrupted, struct error *error)
{
	const struct value *device = key ? record_find(key, "dev") : NULL;
	_cleanup_buffer_ struct buffer request = { 0 };
	_cleanup_buffer_ struct buffer links = { 0 };
	struct error refused = { 0 };
	uint32_t index;
	int r;

	*ret_interrupted = false;
	if (device)
		return device->type == VALUE_UINT ? ask_link(object, netlink, (uint32_t)device->number, function, data) : 0;
	begin(&request, 0, NULL);
	r = object_dump_request(object, netlink, &request, function, data, ret_interrupted, &refused);
	if (r >= 0 || !refused.code)
		return r;
	/* What has come meanwhile comes again. */
	r = function(data, NULL);
	if (r == 0)
		r = link_numbers(NULL, &links, error);
	for (size_t at = 0; r == 0 && at < links.length; at += sizeof(index)) {
		memcpy(&index, links.data + at, sizeof(index));
		r = ask_link(object, netlink, index, function, data);
	}
	return r;
}

/* The device, and what is to be changed. */
int ethtool_write(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct value *device = record_find(record, "dev");
	struct record *copy, *inside = record_new(&arena, &schema_ethtool_header);
	int r = inside ? record_copy(&arena, record, &copy) : -ENOMEM;

	if (write != OBJECT_CHANGE || !device)
		return error_set(&machine->error, -EOPNOTSUPP, "%s", object->comes_by_itself);
	if (r == 0)
		r = record_put(&arena, inside, device->type == VALUE_UINT ? "dev_index" : "dev_name", *device);
	if (r == 0)
		r = record_put(&arena, copy, "header", (struct value){ .type = VALUE_RECORD, .record = inside });
	if (r < 0)
		return error_set(&machine->error, r, "no memory for %s", object->name);
	record_drop(copy, "dev");
	return object_send(object, machine, object->replace_type, 0, copy, SET);
}

/* ---- The recorder ---- */

/* The number of the link that MESSAGE is of, 0 where it says none. */
static uint32_t link_of(const struct nlmsghdr *message)
{
	const uint8_t *data = (const uint8_t *)message + NLMSG_LENGTH(GENL_HDRLEN);
	uint32_t index = 0;

	for (struct attribute_iterator i = attributes(data, message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)); attribute_next(&i);) {
		if (i.type != ETHTOOL_HEADER)
			continue;
		for (struct attribute_iterator inner = attributes(i.data, i.length); attribute_next(&inner);)
			if (inner.type == ETHTOOL_A_HEADER_DEV_INDEX && inner.length == sizeof(index))
				memcpy(&index, inner.data, sizeof(index));
	}
	return index;
}

/* Flags of a driver's own are told by their numbers, which the device alone can name. */
static bool decoded(struct netlink_source *source, const struct step *step, const struct cache_entry *known)
{
	if (source->silent || step->consistency != FERRY_WHOLE || strcmp(step->object->name, "privflags") != 0)
		return source_decoded_of_link(source, step, known);
	source_check(source, (struct check){ .kind = CHECK_KIND, .index = step->object->new_type }, &step->origin);
	return false;
}

static const struct source_rules rules = {
	.link_of = link_of,
	.decoded = decoded,
};

const struct protocol protocol_ethtool = {
	.name = "netlink/ethtool",
	.number = PROTOCOL_FAMILY(0),
	.family = "ethtool",
	.group = ETHTOOL_MCGRP_MONITOR_NAME,
	.types = &types,
	.opened = bitset_load,
	.rules = &rules,
};
