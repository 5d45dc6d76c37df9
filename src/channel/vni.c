/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks of VXLAN links that take just those that were added to them ("vnifilter"). The kernel tells runs of them as their ends: here each is a
 * fixed header (the link, then a number) with attributes. Sources: <linux/if_link.h>, bridge(8), drivers/net/vxlan/vxlan_vnifilter.c. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/bridge.h"

#define SET      FIELD_SETTABLE
#define MOVES    FIELD_VOLATILE
#define VNI_LAST 0xffffffu /* 24 bits: RFC 7348 */

struct told {
	struct tunnel_msg link;
	uint32_t vni;
};

static const struct field counters[] = {
	[VNIFILTER_ENTRY_STATS_RX_BYTES] = { "rx_bytes", FIELD_U64, MOVES, UNIT_BYTES, "received" },
	[VNIFILTER_ENTRY_STATS_RX_PKTS] = { "rx_packets", FIELD_U64, MOVES, UNIT_PACKETS, "received" },
	[VNIFILTER_ENTRY_STATS_RX_DROPS] = { "rx_dropped", FIELD_U64, MOVES, UNIT_PACKETS, "received and dropped" },
	[VNIFILTER_ENTRY_STATS_RX_ERRORS] = { "rx_errors", FIELD_U64, MOVES, UNIT_PACKETS, "received damaged" },
	[VNIFILTER_ENTRY_STATS_TX_BYTES] = { "tx_bytes", FIELD_U64, MOVES, UNIT_BYTES, "sent" },
	[VNIFILTER_ENTRY_STATS_TX_PKTS] = { "tx_packets", FIELD_U64, MOVES, UNIT_PACKETS, "sent" },
	[VNIFILTER_ENTRY_STATS_TX_DROPS] = { "tx_dropped", FIELD_U64, MOVES, UNIT_PACKETS, "dropped instead of sent" },
	[VNIFILTER_ENTRY_STATS_TX_ERRORS] = { "tx_errors", FIELD_U64, MOVES, UNIT_PACKETS, "not sent for an error" },
	[VNIFILTER_ENTRY_STATS_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_counters = { .name = "stats", .attributes = counters, .attribute_count = ARRAY_SIZE(counters) };

static const struct field header[] = {
	{ "family", FIELD_U8, SET | FIELD_HIDDEN, 0, "AF_BRIDGE", HEADER_FIELD(struct told, link.family) },
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "VXLAN link", HEADER_FIELD(struct told, link.ifindex) },
	{ "vni", FIELD_U32, FIELD_KEY, 0, "network identifier", HEADER_FIELD(struct told, vni) },
};

static const struct field attributes_of_vni[] = {
	[VXLAN_VNIFILTER_ENTRY_END] = { "end", FIELD_U32, FIELD_HIDDEN | FIELD_DERIVED, 0, "last of a run" },
	[VXLAN_VNIFILTER_ENTRY_GROUP] = { "remote", FIELD_ADDRESS, SET, 0, "where its packets go: an address, or a multicast group" },
	[VXLAN_VNIFILTER_ENTRY_GROUP6] = { "remote6", FIELD_ADDRESS, SET, 0, "where its packets go, IPv6" },
	[VXLAN_VNIFILTER_ENTRY_STATS] = { "stats", FIELD_RECORD, MOVES, 0, "counters", .schema = &schema_counters },
};

static const struct schema schema = {
	.name = "vni",
	.help = "networks of VXLAN links",
	.header_size = sizeof(struct told),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_vni,
	.attribute_count = ARRAY_SIZE(attributes_of_vni),
};

/* ---- Messages ---- */

static uint32_t number_of(const struct attribute_iterator *entry, uint16_t type, uint32_t missing)
{
	for (struct attribute_iterator i = attributes(entry->data, entry->length); attribute_next(&i);)
		if (i.type == type && i.length == sizeof(missing))
			memcpy(&missing, i.data, sizeof(missing));
	return missing;
}

static int hand_on(const struct nlmsghdr *message, const struct attribute_iterator *entry, struct buffer *room, object_message_function *function,
		   void *data)
{
	const struct tunnel_msg *link = NLMSG_DATA(message);
	const uint32_t first = number_of(entry, VXLAN_VNIFILTER_ENTRY_START, VNI_LAST + 1);
	const uint32_t last = number_of(entry, VXLAN_VNIFILTER_ENTRY_END, first);
	int r = 0;

	for (uint32_t vni = first; r == 0 && vni <= last && vni <= VNI_LAST; vni++) {
		bridge_begin(room, message, link, sizeof(*link));
		buffer_add(room, &vni, sizeof(vni));
		for (struct attribute_iterator i = attributes(entry->data, entry->length); attribute_next(&i);)
			if (i.type != VXLAN_VNIFILTER_ENTRY_START && i.type != VXLAN_VNIFILTER_ENTRY_END)
				attribute_add(room, i.type, i.data, i.length);
		r = bridge_hand_on(room, function, data);
	}
	return r;
}

static int split(const struct nlmsghdr *message, struct buffer *room, object_message_function *function, void *data)
{
	int r = 0;

	for (struct attribute_iterator entry = bridge_attributes(message, sizeof(struct tunnel_msg)); r == 0 && attribute_next(&entry);)
		if (entry.type == VXLAN_VNIFILTER_ENTRY)
			r = hand_on(message, &entry, room, function, data);
	return r;
}

static void frame(const struct buffer *plain, struct buffer *ret)
{
	const size_t skip = offsetof(struct told, vni);
	size_t begin;

	buffer_add(ret, plain->data, skip);
	begin = attribute_begin(ret, VXLAN_VNIFILTER_ENTRY | NLA_F_NESTED);
	attribute_add(ret, VXLAN_VNIFILTER_ENTRY_START, plain->data + skip, sizeof(uint32_t));
	buffer_add(ret, plain->data + sizeof(struct told), plain->length - sizeof(struct told));
	attribute_end(ret, begin);
}

static void dump_with(struct buffer *request, uint8_t flags)
{
	const struct tunnel_msg link = { .family = AF_BRIDGE, .flags = flags };

	buffer_add(request, &link, sizeof(link));
}

static void dump(struct buffer *request, uint8_t family)
{
	(void)family;
	dump_with(request, 0);
}

static void dump_all(struct buffer *request, uint8_t family)
{
	(void)family;
	dump_with(request, TUNNEL_MSG_FLAG_STATS);
}

/* ---- Its place in the tree: LINK/VNI ---- */

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	bridge_path_numbered(record, "vni", naming, ret);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r = bridge_parse_numbered(&left, "vni", VNI_LAST, ret, ret_rest);

	return r == -EINVAL ? error_set(error, r, "\"%s\" is no network of a VXLAN link: LINK/NUMBER is, such as vxlan0/100", text) : r;
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	(void)write;
	return record_put(arena, record, "family", value_uint(AF_BRIDGE));
}

const struct object object_vni = {
	.name = "vni",
	.help = "networks of VXLAN links",
	.protocol = &protocol_route,
	.new_type = RTM_NEWTUNNEL,
	.delete_type = RTM_DELTUNNEL,
	.get_type = RTM_GETTUNNEL,
	.schema = &schema,
	.groups = { RTNLGRP_TUNNEL },
	.families = { AF_BRIDGE },
	.family_count = 1,
	.concerns = bridge_is_split,
	.split = split,
	.shared_header = sizeof(struct tunnel_msg),
	.frame = frame,
	.path = path,
	.parse = parse,
	.dump = dump,
	.dump_all = dump_all,
	.prepare = prepare,
	.remove_filter = FIELD_KEY | FIELD_SETTABLE,
	.may_lack = true,
	.dependent = true,
};

OBJECT_CHANNEL(route, vni, object_vni, "networks of VXLAN links that take just those that were added");
