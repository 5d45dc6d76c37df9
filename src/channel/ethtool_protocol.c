/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generic family ethtool: its messages, its requests, and what the recorder must know of it. */
#include <errno.h>
#include <net/if.h>
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
      { NETLINK_ASKED(26), "ETHTOOL_MSG_CABLE_TEST_ACT" }, { NETLINK_ASKED(27), "ETHTOOL_MSG_CABLE_TEST_TDR_ACT" },
      { NETLINK_ASKED(32), "ETHTOOL_MSG_STATS_GET" }, { NETLINK_ASKED(49), "ETHTOOL_MSG_RSS_CREATE_ACT" },
      { NETLINK_ASKED(50), "ETHTOOL_MSG_RSS_DELETE_ACT" }, { NETLINK_ASKED(39), "ETHTOOL_MSG_PLCA_GET_CFG" },
      { NETLINK_ASKED(40), "ETHTOOL_MSG_PLCA_SET_CFG" }, KIND(42, "MM"), KIND(46, "TSCONFIG"));

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

void ethtool_begin(struct buffer *request, uint16_t header_attribute, uint32_t flags, const struct value *device)
{
	const struct genlmsghdr generic = { 0 };
	size_t nest, name;
	uint32_t index;

	buffer_add(request, &generic, sizeof(generic));
	nest = attribute_begin(request, (uint16_t)(header_attribute | NLA_F_NESTED));
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
	ethtool_begin(request, ETHTOOL_HEADER, 0, NULL);
}

void ethtool_dump_counted(struct buffer *request, uint8_t family)
{
	(void)family;
	ethtool_begin(request, ETHTOOL_HEADER, STATS, NULL);
}

int ethtool_name_device(const char *name, size_t length, struct buffer *request)
{
	size_t nest, text;

	if (length == 0 || length >= IFNAMSIZ)
		return -EINVAL;
	nest = attribute_begin(request, ETHTOOL_HEADER | NLA_F_NESTED);
	text = attribute_begin(request, ETHTOOL_A_HEADER_DEV_NAME);
	buffer_add(request, name, length);
	buffer_add_char(request, '\0');
	attribute_end(request, text);
	attribute_end(request, nest);
	return 0;
}

static int ask(const struct record *key, uint32_t flags, struct buffer *request)
{
	const struct value *device = record_find(key, "dev");

	if (!device || (device->type != VALUE_UINT && device->type != VALUE_TEXT))
		return -ENOENT;
	ethtool_begin(request, ETHTOOL_HEADER, flags, device);
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

struct each_asked {
	const struct object *object;
	struct netlink *netlink;
	ethtool_request *const *requests;
	object_message_function *function;
	void *data;
};

static int take_one(void *data, const struct nlmsghdr *message)
{
	const struct each_asked *asked = data;
	bool removed;

	return object_of(asked->object->protocol, message, &removed) == asked->object ? asked->function(asked->data, message) : 0;
}

/* A link without one has nothing to tell, whatever its driver says of that. */
static int ask_link(const struct each_asked *asking, uint32_t index)
{
	const struct value device = value_uint(index);
	int r = 0;

	for (size_t i = 0; r == 0 && asking->requests[i]; i++) {
		_cleanup_buffer_ struct buffer request = { 0 };

		asking->requests[i](&request, &device);
		r = request.failed ? -ENOMEM
				   : netlink_request(asking->netlink, asking->object->get_type, 0, request.data, request.length, take_one,
						     (void *)(uintptr_t)asking, NULL);
		r = r == -ENOMEM || r == -EMSGSIZE || r == -ENOBUFS || r > 0 ? r : 0;
	}
	return r;
}

static int ask_all(const struct each_asked *asking, bool *ret_interrupted, struct error *refused)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && asking->requests[i]; i++) {
		_cleanup_buffer_ struct buffer request = { 0 };
		bool interrupted = false;

		asking->requests[i](&request, NULL);
		r = object_dump_request(asking->object, asking->netlink, &request, asking->function, asking->data, &interrupted, refused);
		*ret_interrupted |= interrupted;
	}
	return r;
}

int ethtool_each_of(const struct object *object, struct netlink *netlink, const struct record *key, ethtool_request *const *requests,
		    object_message_function *function, void *data, bool *ret_interrupted, struct error *error)
{
	const struct value *device = key ? record_find(key, "dev") : NULL;
	const struct each_asked asking = { object, netlink, requests, function, data };
	_cleanup_buffer_ struct buffer links = { 0 };
	struct error refused = { 0 };
	uint32_t index;
	int r;

	*ret_interrupted = false;
	if (device)
		return device->type == VALUE_UINT ? ask_link(&asking, (uint32_t)device->number) : 0;
	r = ask_all(&asking, ret_interrupted, &refused);
	if (r >= 0 || !refused.code)
		return r;
	/* What has come meanwhile comes again. */
	r = function(data, NULL);
	if (r == 0)
		r = link_numbers(NULL, &links, error);
	for (size_t at = 0; r == 0 && at < links.length; at += sizeof(index)) {
		memcpy(&index, links.data + at, sizeof(index));
		r = ask_link(&asking, index);
	}
	return r;
}

static void ask_plainly(struct buffer *request, const struct value *device)
{
	ethtool_begin(request, ETHTOOL_HEADER, 0, device);
}

int ethtool_each(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
		 bool *ret_interrupted, struct error *error)
{
	static ethtool_request *const requests[] = { ask_plainly, NULL };

	return ethtool_each_of(object, netlink, key, requests, function, data, ret_interrupted, error);
}

/* The device, and what is to be changed. */
int ethtool_send(const struct object *object, struct machine *machine, uint16_t type, const struct record *record)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct value *device = record_find(record, "dev");
	struct record *copy, *inside = record_new(&arena, &schema_ethtool_header);
	int r = inside ? record_copy(&arena, record, &copy) : -ENOMEM;

	if (r == 0 && !device)
		return error_set(&machine->error, -ENODEV, "%s: no link is named", object->name);
	if (r == 0)
		r = record_put(&arena, inside, device->type == VALUE_UINT ? "dev_index" : "dev_name", *device);
	if (r == 0)
		r = record_put(&arena, copy, "header", (struct value){ .type = VALUE_RECORD, .record = inside });
	if (r < 0)
		return error_set(&machine->error, r, "no memory for %s", object->name);
	record_drop(copy, "dev");
	return object_send(object, machine, type, 0, copy, SET);
}

int ethtool_write(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	if (write != OBJECT_CHANGE)
		return error_set(&machine->error, -EOPNOTSUPP, "%s", object->comes_by_itself);
	return ethtool_send(object, machine, object->replace_type, record);
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

/* A notice that one was made, which else looks like any of that kind. */
static bool tells_creation(const struct step *step)
{
	const struct genlmsghdr *generic = NLMSG_DATA(step->message);

	return step->object->create_type && generic->cmd == ETHTOOL_RSS_CREATED;
}

/* Flags of a driver's own are told by their numbers, which the device alone can name. */
static bool decoded(struct netlink_source *source, const struct step *step, const struct cache_entry *known)
{
	if (tells_creation(step))
		return true;
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
