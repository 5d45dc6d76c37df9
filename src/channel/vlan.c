/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VLANs of bridges and their ports. The kernel tells all of a link in one message, runs of them as their ends: here each is a fixed header (the link,
 * then struct bridge_vlan_info) with attributes. Sources: <linux/if_bridge.h>, bridge(8), net/bridge/br_vlan.c, br_vlan_options.c. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/bridge.h"

#define SET       FIELD_SETTABLE
#define MOVES     FIELD_VOLATILE
#define VLAN_LAST 4094

struct told {
	struct br_vlan_msg link;
	struct bridge_vlan_info vlan;
};

NAMES(flags, true, { BRIDGE_VLAN_INFO_MASTER, "master" }, { BRIDGE_VLAN_INFO_PVID, "pvid" }, { BRIDGE_VLAN_INFO_UNTAGGED, "untagged" },
      { BRIDGE_VLAN_INFO_RANGE_BEGIN, "range_begin" }, { BRIDGE_VLAN_INFO_RANGE_END, "range_end" }, { BRIDGE_VLAN_INFO_BRENTRY, "brentry" },
      { BRIDGE_VLAN_INFO_ONLY_OPTS, "only_options" });
NAMES(states, false, { BR_STATE_DISABLED, "disabled" }, { BR_STATE_LISTENING, "listening" }, { BR_STATE_LEARNING, "learning" },
      { BR_STATE_FORWARDING, "forwarding" }, { BR_STATE_BLOCKING, "blocking" });

static const struct field tunnel[] = {
	[BRIDGE_VLANDB_TINFO_ID] = { "id", FIELD_U32, SET, 0, "number of the tunnel" },
	[BRIDGE_VLANDB_TINFO_CMD] = { "cmd", FIELD_U32, FIELD_HIDDEN, 0, "what a request does with it" },
};
static const struct schema schema_tunnel = { .name = "tunnel", .attributes = tunnel, .attribute_count = ARRAY_SIZE(tunnel) };

static const struct field counters[] = {
	[BRIDGE_VLANDB_STATS_RX_BYTES] = { "rx_bytes", FIELD_U64, MOVES, UNIT_BYTES, "received" },
	[BRIDGE_VLANDB_STATS_RX_PACKETS] = { "rx_packets", FIELD_U64, MOVES, UNIT_PACKETS, "received" },
	[BRIDGE_VLANDB_STATS_TX_BYTES] = { "tx_bytes", FIELD_U64, MOVES, UNIT_BYTES, "sent" },
	[BRIDGE_VLANDB_STATS_TX_PACKETS] = { "tx_packets", FIELD_U64, MOVES, UNIT_PACKETS, "sent" },
	[BRIDGE_VLANDB_STATS_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_counters = { .name = "stats", .attributes = counters, .attribute_count = ARRAY_SIZE(counters) };

static const struct field header[] = {
	{ "family", FIELD_U8, SET | FIELD_HIDDEN, 0, "AF_BRIDGE", HEADER_FIELD(struct told, link.family) },
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "port, or the bridge itself", HEADER_FIELD(struct told, link.ifindex) },
	{ "flags", FIELD_U16, SET, 0, "pvid: of packets without a tag; untagged: leaves without", HEADER_FIELD(struct told, vlan.flags),
	  .names = &flags },
	{ "vid", FIELD_U16, FIELD_KEY, 0, "VLAN", HEADER_FIELD(struct told, vlan.vid) },
};

static const struct field attributes_of_vlan[] = {
	[BRIDGE_VLANDB_ENTRY_RANGE] = { "range", FIELD_U16, FIELD_HIDDEN | FIELD_DERIVED, 0, "last of a run" },
	[BRIDGE_VLANDB_ENTRY_STATE] = { "state", FIELD_U8, SET, 0, "what the spanning tree lets through", .names = &states },
	[BRIDGE_VLANDB_ENTRY_TUNNEL_INFO] = { "tunnel", FIELD_RECORD, 0, 0, "tunnel that it leads to", .schema = &schema_tunnel },
	[BRIDGE_VLANDB_ENTRY_STATS] = { "stats", FIELD_RECORD, MOVES, 0, "counters", .schema = &schema_counters },
	[BRIDGE_VLANDB_ENTRY_MCAST_ROUTER] = { "mcast_router", FIELD_U8, SET, 0, "0: no router, 1: found out, 2: always" },
	[7] = { "mcast_groups", FIELD_U32, MOVES, 0, "groups" },                   /* BRIDGE_VLANDB_ENTRY_MCAST_N_GROUPS, 6.3 */
	[8] = { "mcast_max_groups", FIELD_U32, SET, 0, "groups at most" },         /* BRIDGE_VLANDB_ENTRY_MCAST_MAX_GROUPS, 6.3 */
	[9] = { "neigh_suppress", FIELD_U8, SET, 0, "1: questions are answered" }, /* BRIDGE_VLANDB_ENTRY_NEIGH_SUPPRESS, 6.4 */
	[10] = { "neigh_forward_grat", FIELD_U8, SET, 0,
		 "1: gratuitous ARP and ND go through all the same" }, /* BRIDGE_VLANDB_ENTRY_NEIGH_FORWARD_GRAT, 7.x */
};

static const struct schema schema = {
	.name = "vlan",
	.help = "VLANs of bridges and their ports",
	.header_size = sizeof(struct told),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_vlan,
	.attribute_count = ARRAY_SIZE(attributes_of_vlan),
};

/* ---- Messages ---- */

/* What an entry says of its VLANs, from INFO's on to LAST. */
struct run {
	struct bridge_vlan_info info;
	uint16_t last;
	bool has_info;
};

static struct run run_of(const struct attribute_iterator *entry)
{
	struct run run = { 0 };

	for (struct attribute_iterator i = attributes(entry->data, entry->length); attribute_next(&i);) {
		if (i.type == BRIDGE_VLANDB_ENTRY_INFO && i.length >= sizeof(run.info)) {
			memcpy(&run.info, i.data, sizeof(run.info));
			run.has_info = true;
		} else if (i.type == BRIDGE_VLANDB_ENTRY_RANGE && i.length >= sizeof(run.last)) {
			memcpy(&run.last, i.data, sizeof(run.last));
		}
	}
	if (run.last < run.info.vid)
		run.last = run.info.vid;
	if (run.last > VLAN_LAST)
		run.last = VLAN_LAST;
	return run;
}

static int hand_on(const struct nlmsghdr *message, const struct attribute_iterator *entry, struct buffer *room, object_message_function *function,
		   void *data)
{
	const struct br_vlan_msg *link = NLMSG_DATA(message);
	const struct run run = run_of(entry);
	int r = 0;

	for (uint32_t vid = run.info.vid; run.has_info && r == 0 && vid <= run.last; vid++) {
		const struct bridge_vlan_info info = { .flags = run.info.flags, .vid = (uint16_t)vid };

		bridge_begin(room, message, link, sizeof(*link));
		buffer_add(room, &info, sizeof(info));
		for (struct attribute_iterator i = attributes(entry->data, entry->length); attribute_next(&i);)
			if (i.type != BRIDGE_VLANDB_ENTRY_INFO && i.type != BRIDGE_VLANDB_ENTRY_RANGE)
				attribute_add(room, i.type, i.data, i.length);
		r = bridge_hand_on(room, function, data);
	}
	return r;
}

static int split(const struct nlmsghdr *message, struct buffer *room, object_message_function *function, void *data)
{
	int r = 0;

	for (struct attribute_iterator entry = bridge_attributes(message, sizeof(struct br_vlan_msg)); r == 0 && attribute_next(&entry);)
		if (entry.type == BRIDGE_VLANDB_ENTRY)
			r = hand_on(message, &entry, room, function, data);
	return r;
}

static void frame(const struct buffer *plain, struct buffer *ret)
{
	const size_t skip = offsetof(struct told, vlan);
	size_t begin;

	buffer_add(ret, plain->data, skip);
	begin = attribute_begin(ret, BRIDGE_VLANDB_ENTRY | NLA_F_NESTED);
	attribute_add(ret, BRIDGE_VLANDB_ENTRY_INFO, plain->data + skip, sizeof(struct bridge_vlan_info));
	buffer_add(ret, plain->data + sizeof(struct told), plain->length - sizeof(struct told));
	attribute_end(ret, begin);
}

static void dump_of(struct buffer *request, uint32_t device, uint32_t more)
{
	const struct br_vlan_msg link = { .family = AF_BRIDGE, .ifindex = device };

	buffer_add(request, &link, sizeof(link));
	if (more)
		attribute_add(request, BRIDGE_VLANDB_DUMP_FLAGS, &more, sizeof(more));
}

static void dump(struct buffer *request, uint8_t family)
{
	(void)family;
	dump_of(request, 0, 0);
}

static void dump_all(struct buffer *request, uint8_t family)
{
	(void)family;
	dump_of(request, 0, BRIDGE_VLANDB_DUMPF_STATS);
}

static int get(const struct record *key, struct buffer *request)
{
	const uint32_t device = (uint32_t)record_number(key, "dev", 0);

	if (!device)
		return -ENOENT;
	dump_of(request, device, BRIDGE_VLANDB_DUMPF_STATS);
	return OBJECT_GET_DUMP;
}

/* ---- Its place in the tree: LINK/VID ---- */

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	bridge_path_numbered(record, "vid", naming, ret);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r = bridge_parse_numbered(&left, "vid", VLAN_LAST, ret, ret_rest);

	return r == -EINVAL ? error_set(error, r, "\"%s\" is no VLAN of a bridge: LINK/NUMBER is, such as eth0/5", text) : r;
}

/* Those of a bridge itself are asked for as such. */
static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	(void)write;
	return record_put(arena, record, "family", value_uint(AF_BRIDGE));
}

const struct object object_vlan = {
	.name = "vlan",
	.help = "VLANs of bridges and their ports",
	.protocol = &protocol_route,
	.new_type = RTM_NEWVLAN,
	.delete_type = RTM_DELVLAN,
	.get_type = RTM_GETVLAN,
	.schema = &schema,
	.groups = { RTNLGRP_BRVLAN },
	.families = { AF_BRIDGE },
	.family_count = 1,
	.concerns = bridge_is_split,
	.split = split,
	.shared_header = sizeof(struct br_vlan_msg),
	.frame = frame,
	.path = path,
	.parse = parse,
	.dump = dump,
	.dump_all = dump_all,
	.get = get,
	.prepare = prepare,
	.remove_filter = FIELD_KEY | FIELD_SETTABLE,
	.may_lack = true,
	.dependent = true,
};

OBJECT_CHANNEL(route, vlan, object_vlan, "VLANs of bridges and their ports");
