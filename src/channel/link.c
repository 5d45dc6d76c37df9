/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links: network interfaces. Source: rtnetlink(7), <linux/if_link.h>, and the running kernel's type information for what is newer. */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/codecs.h"
#include "channel/link.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE
/* Above every attribute of the kernel: fields that mend_link() makes of others. */
#define LINK_INDEX            127
#define EXT_FILTER_VF         1 /* RTEXT_FILTER_VF */
#define EXT_FILTER_SKIP_STATS 8 /* RTEXT_FILTER_SKIP_STATS */

/* RUNNING, LOWER_UP and DORMANT are operstate and carrier once more. */
#define FLAGS_SIGNIFICANT (~(uint64_t)(IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT) & UINT32_MAX)

NAMES(operational_states, false, { 0, "UNKNOWN" }, { 1, "NOTPRESENT" }, { 2, "DOWN" }, { 3, "LOWERLAYERDOWN" }, { 4, "TESTING" }, { 5, "DORMANT" },
      { 6, "UP" });
NAMES(link_modes, false, { 0, "DEFAULT" }, { 1, "DORMANT" }, { 2, "TESTING" });
NAMES(groups, false, { 0, "default" });
NAMES(events, false, { 0, "NONE" }, { 1, "REBOOT" }, { 2, "FEATURE CHANGE" }, { 3, "BONDING FAILOVER" }, { 4, "NOTIFY PEERS" }, { 5, "RESEND IGMP" },
      { 6, "BONDING OPTION" });

#define COUNTER(member_, unit_, help_)                                                                             \
	{                                                                                                          \
#member_, FIELD_U64, FIELD_VOLATILE, unit_, help_, HEADER_FIELD(struct rtnl_link_stats64, member_) \
	}
static const struct field counters[] = {
	COUNTER(rx_packets, UNIT_PACKETS, "received"),
	COUNTER(tx_packets, UNIT_PACKETS, "sent"),
	COUNTER(rx_bytes, UNIT_BYTES, "received"),
	COUNTER(tx_bytes, UNIT_BYTES, "sent"),
	COUNTER(rx_errors, UNIT_PACKETS, "bad on receipt"),
	COUNTER(tx_errors, UNIT_PACKETS, "could not be sent"),
	COUNTER(rx_dropped, UNIT_PACKETS, "dropped on receipt"),
	COUNTER(tx_dropped, UNIT_PACKETS, "dropped on sending"),
	COUNTER(multicast, UNIT_PACKETS, "multicasts received"),
	COUNTER(collisions, 0, "collisions"),
	COUNTER(rx_length_errors, UNIT_PACKETS, "of a wrong length"),
	COUNTER(rx_over_errors, UNIT_PACKETS, "receiver overrun"),
	COUNTER(rx_crc_errors, UNIT_PACKETS, "with a wrong checksum"),
	COUNTER(rx_frame_errors, UNIT_PACKETS, "misaligned"),
	COUNTER(rx_fifo_errors, UNIT_PACKETS, "no room in the receiver"),
	COUNTER(rx_missed_errors, UNIT_PACKETS, "missed by the host"),
	COUNTER(tx_aborted_errors, UNIT_PACKETS, "aborted"),
	COUNTER(tx_carrier_errors, UNIT_PACKETS, "no carrier"),
	COUNTER(tx_fifo_errors, UNIT_PACKETS, "sender underrun"),
	COUNTER(tx_heartbeat_errors, UNIT_PACKETS, "no heartbeat"),
	COUNTER(tx_window_errors, UNIT_PACKETS, "late collisions"),
	COUNTER(rx_compressed, UNIT_PACKETS, "compressed, received"),
	COUNTER(tx_compressed, UNIT_PACKETS, "compressed, sent"),
	COUNTER(rx_nohandler, UNIT_PACKETS, "nobody wanted them"),
	{ "rx_otherhost_dropped", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "for another host", .offset = 192, .size = 8 },
};
const struct schema schema_link_counters = { .name = "stats64", .header_size = 200, .header = counters, .header_count = ARRAY_SIZE(counters) };

static const struct field map[] = {
	{ "mem_start", FIELD_U64, FIELD_HEX | FIELD_DERIVED, 0, "device memory, begin", HEADER_FIELD(struct rtnl_link_ifmap, mem_start) },
	{ "mem_end", FIELD_U64, FIELD_HEX | FIELD_DERIVED, 0, "device memory, end", HEADER_FIELD(struct rtnl_link_ifmap, mem_end) },
	{ "base_addr", FIELD_U64, FIELD_HEX | FIELD_DERIVED, 0, "port", HEADER_FIELD(struct rtnl_link_ifmap, base_addr) },
	{ "irq", FIELD_U16, FIELD_DERIVED, 0, "interrupt", HEADER_FIELD(struct rtnl_link_ifmap, irq) },
	{ "dma", FIELD_U8, FIELD_DERIVED, 0, "DMA channel", HEADER_FIELD(struct rtnl_link_ifmap, dma) },
	{ "port", FIELD_U8, FIELD_DERIVED, 0, "medium", HEADER_FIELD(struct rtnl_link_ifmap, port) },
};
static const struct schema schema_map = {
	.name = "map", .header_size = sizeof(struct rtnl_link_ifmap), .header = map, .header_count = ARRAY_SIZE(map)
};

NAMES(xdp_modes, false, { 0, "none" }, { 1, "driver" }, { 2, "generic" }, { 3, "offload" }, { 4, "several" });
static const struct field xdp[] = {
	[IFLA_XDP_FD] = { "fd", FIELD_S32, 0, 0, "program to attach, in a request" },
	[IFLA_XDP_ATTACHED] = { "attached", FIELD_U8, 0, 0, "where a program is attached", .names = &xdp_modes },
	[IFLA_XDP_FLAGS] = { "flags", FIELD_U32, FIELD_HEX, 0, "of the request" },
	[IFLA_XDP_PROG_ID] = { "prog_id", FIELD_U32, 0, 0, "program" },
	[IFLA_XDP_DRV_PROG_ID] = { "drv_prog_id", FIELD_U32, 0, 0, "program in the driver" },
	[IFLA_XDP_SKB_PROG_ID] = { "skb_prog_id", FIELD_U32, 0, 0, "generic program" },
	[IFLA_XDP_HW_PROG_ID] = { "hw_prog_id", FIELD_U32, 0, 0, "program in the device" },
	[IFLA_XDP_EXPECTED_FD] = { "expected_fd", FIELD_S32, 0, 0, "program that a request replaces" },
};
static const struct schema schema_xdp = { .name = "xdp", .help = "XDP programs", .attributes = xdp, .attribute_count = ARRAY_SIZE(xdp) };

static const struct field reason[] = {
	[1] = { "mask", FIELD_U32, SET | FIELD_HEX, 0, "reasons that a request sets" }, /* IFLA_PROTO_DOWN_REASON_* */
	[2] = { "value", FIELD_U32, SET | FIELD_HEX, 0, "reasons" },
};
static const struct schema schema_reason = { .name = "proto_down_reason", .attributes = reason, .attribute_count = ARRAY_SIZE(reason) };

static const struct field devlink_port[] = {
	[1] = { "bus_name", FIELD_TEXT, 0, 0, "bus" }, /* DEVLINK_ATTR_* */
	[2] = { "dev_name", FIELD_TEXT, 0, 0, "device" },
	[3] = { "port_index", FIELD_U32, 0, 0, "port" },
};
static const struct schema schema_devlink_port = { .name = "devlink_port", .attributes = devlink_port, .attribute_count = ARRAY_SIZE(devlink_port) };

static const struct field dpll_pin[] = {
	[1] = { "id", FIELD_U32, 0, 0, "pin" }, /* DPLL_A_PIN_ID */
};
static const struct schema schema_dpll_pin = { .name = "dpll_pin", .attributes = dpll_pin, .attribute_count = ARRAY_SIZE(dpll_pin) };

static const struct field function_member = {
	"vf", FIELD_RECORD, 0, 0, "a virtual function", .schema = &schema_link_function, .offset = IFLA_VF_INFO
};
static const struct field name_member = { "altname", FIELD_TEXT, SET, 0, "another name", .offset = IFLA_ALT_IFNAME };

static const struct field header[] = {
	{ "ifindex", FIELD_S32, FIELD_KEY, 0, "number of the interface", HEADER_FIELD(struct ifinfomsg, ifi_index) },
	{ "family", FIELD_U8, FIELD_HIDDEN, 0, "AF_UNSPEC", HEADER_FIELD(struct ifinfomsg, ifi_family) },
	{ "link_type", FIELD_U16, 0, 0, "kind of hardware", HEADER_FIELD(struct ifinfomsg, ifi_type), .names = &words_link_type },
	{ "flags", FIELD_U32, SET, 0, "UP and the like", HEADER_FIELD(struct ifinfomsg, ifi_flags), .names = &words_link_flags,
	  LIMITS(.mask = FLAGS_SIGNIFICANT, .taken = LINK_FLAGS_TAKEN) },
	{ "change", FIELD_U32, SET | FIELD_HIDDEN | FIELD_VOLATILE, 0, "flags that a request sets or takes away",
	  HEADER_FIELD(struct ifinfomsg, ifi_change), .names = &words_link_flags },
};

/* Marked DERIVED for want of a message when it moves: qdisc (tc tells it), promiscuity and allmulti (counts of users), room before and after packets;
 * what only an answer tells, not a notification (virtual functions); and the link below: it never changes, but a veth's first message does not know
 * it yet. */
static const struct field attributes_of_link[] = {
	[IFLA_ADDRESS] = { "address", FIELD_ADDRESS, SET, 0, "hardware address" },
	[IFLA_BROADCAST] = { "broadcast", FIELD_ADDRESS, SET, 0, "hardware address of everybody" },
	[IFLA_IFNAME] = { "ifname", FIELD_TEXT, SET, 0, "name", LIMITS(.minimum = 1, .maximum = IFNAMSIZ - 1) },
	[IFLA_MTU] = { "mtu", FIELD_U32, SET, UNIT_BYTES, "largest packet" },
	[IFLA_LINK] = { "link", FIELD_INTERFACE, FIELD_CREATE | FIELD_DERIVED, 0, "link below, or a veth's other end" },
	[IFLA_QDISC] = { "qdisc", FIELD_TEXT, FIELD_DERIVED, 0, "queueing discipline at the root" },
	[IFLA_STATS] = { "stats", FIELD_BYTES, FIELD_VOLATILE | FIELD_HIDDEN, 0, "counters of 32 bits: stats64 says them better" },
	[IFLA_COST] = { "cost", FIELD_BYTES, FIELD_DERIVED, 0, "not used by the kernel" },
	[IFLA_PRIORITY] = { "priority", FIELD_BYTES, FIELD_DERIVED, 0, "not used by the kernel" },
	[IFLA_MASTER] = { "master", FIELD_INTERFACE, SET, 0, "bridge, bond or VRF that it is a port of" },
	[IFLA_WIRELESS] = { "wireless", FIELD_BYTES, FIELD_VOLATILE, 0, "an event of the old wireless extensions" },
	[IFLA_PROTINFO] = { "protinfo", FIELD_BYTES, FIELD_DERIVED, 0, "what one protocol family adds in messages of its own" },
	[IFLA_TXQLEN] = { "txqlen", FIELD_U32, SET, UNIT_PACKETS, "length of the send queue" },
	[IFLA_MAP] = { "map", FIELD_RECORD, FIELD_DERIVED, 0, "hardware resources", .schema = &schema_map },
	[IFLA_WEIGHT] = { "weight", FIELD_U32, FIELD_DERIVED, 0, "not used by the kernel" },
	[IFLA_OPERSTATE] = { "operstate", FIELD_U8, SET | FIELD_STATE, 0, "operational state, RFC 2863", .names = &operational_states },
	[IFLA_LINKMODE] = { "linkmode", FIELD_U8, SET, 0, "whether it waits for a supplicant", .names = &link_modes },
	[IFLA_LINKINFO] = { "linkinfo", FIELD_RECORD, SET | FIELD_CREATE, 0, "kind, and what the kind has of its own", .schema = &schema_link_info },
	[IFLA_NET_NS_PID] = { "netns_pid", FIELD_U32, SET, 0, "process into whose namespace a request moves it" },
	[IFLA_IFALIAS] = { "ifalias", FIELD_TEXT, SET, 0, "description", LIMITS(.maximum = 255) },
	[IFLA_NUM_VF] = { "num_vf", FIELD_U32, FIELD_DERIVED, 0, "virtual functions" },
	[IFLA_VFINFO_LIST] = { "vfinfo_list", FIELD_LIST, FIELD_DERIVED, 0, "virtual functions", .element = &function_member },
	[IFLA_STATS64] = { "stats64", FIELD_RECORD, FIELD_VOLATILE, 0, "counters", .schema = &schema_link_counters },
	[IFLA_VF_PORTS] = { "vf_ports", FIELD_BYTES, 0, 0, "port profiles of the functions" },
	[IFLA_PORT_SELF] = { "port_self", FIELD_BYTES, 0, 0, "port profile" },
	[IFLA_AF_SPEC] = { "af_spec", FIELD_RECORD, SET, 0, "what each protocol family has", .schema = &schema_link_families },
	[IFLA_GROUP] = { "group", FIELD_U32, SET, 0, "group of links that are addressed together", .names = &groups },
	[IFLA_NET_NS_FD] = { "netns_fd", FIELD_U32, SET, 0, "descriptor of the namespace into which a request moves it" },
	[IFLA_EXT_MASK] = { "ext_mask", FIELD_U32, FIELD_HIDDEN, 0, "what a request wants told", .names = &words_link_told },
	[IFLA_PROMISCUITY] = { "promiscuity", FIELD_U32, FIELD_DERIVED, 0, "users that want every packet" },
	[IFLA_NUM_TX_QUEUES] = { "num_tx_queues", FIELD_U32, FIELD_CREATE, 0, "send queues" },
	[IFLA_NUM_RX_QUEUES] = { "num_rx_queues", FIELD_U32, FIELD_CREATE, 0, "receive queues" },
	[IFLA_CARRIER] = { "carrier", FIELD_BOOL, SET | FIELD_STATE, 0, "a cable with somebody at its other end" },
	[IFLA_PHYS_PORT_ID] = { "phys_port_id", FIELD_BYTES, 0, 0, "port of the device" },
	[IFLA_CARRIER_CHANGES] = { "carrier_changes", FIELD_U32, FIELD_VOLATILE, 0, "times that the carrier came or went" },
	[IFLA_PHYS_SWITCH_ID] = { "phys_switch_id", FIELD_BYTES, 0, 0, "switch that the port is of" },
	[IFLA_LINK_NETNSID] = { "link_netnsid", FIELD_S32, FIELD_CREATE | FIELD_DERIVED, 0, "namespace of the link below, as ours numbers it" },
	[IFLA_PHYS_PORT_NAME] = { "phys_port_name", FIELD_TEXT, 0, 0, "name of the port at the device" },
	[IFLA_PROTO_DOWN] = { "proto_down", FIELD_BOOL, SET, 0, "held down by a protocol" },
	[IFLA_GSO_MAX_SEGS] = { "gso_max_segs", FIELD_U32, SET, 0, "segments of one large packet" },
	[IFLA_GSO_MAX_SIZE] = { "gso_max_size", FIELD_U32, SET, UNIT_BYTES, "largest packet to be split by the device" },
	[IFLA_PAD] = { "pad", FIELD_PAD },
	[IFLA_XDP] = { "xdp", FIELD_RECORD, 0, 0, "XDP programs", .schema = &schema_xdp },
	[IFLA_EVENT] = { "event", FIELD_U32, FIELD_VOLATILE, 0, "why the message came", .names = &events },
	[IFLA_NEW_NETNSID] = { "new_netnsid", FIELD_S32, FIELD_VOLATILE, 0, "namespace that it moved to" },
	[46] = { "target_netnsid", FIELD_S32, FIELD_VOLATILE, 0, "namespace that a request is about" }, /* IFLA_TARGET_NETNSID */
	[IFLA_CARRIER_UP_COUNT] = { "carrier_up_count", FIELD_U32, FIELD_VOLATILE, 0, "times that the carrier came" },
	[IFLA_CARRIER_DOWN_COUNT] = { "carrier_down_count", FIELD_U32, FIELD_VOLATILE, 0, "times that the carrier went" },
	[IFLA_NEW_IFINDEX] = { "new_ifindex", FIELD_S32, FIELD_VOLATILE, 0, "its number in the namespace that it moved to" },
	[IFLA_MIN_MTU] = { "min_mtu", FIELD_U32, FIELD_DERIVED, UNIT_BYTES, "smallest MTU" },
	[IFLA_MAX_MTU] = { "max_mtu", FIELD_U32, FIELD_DERIVED, UNIT_BYTES, "largest MTU, 0 = no limit" },
	[IFLA_PROP_LIST] = { "altnames", FIELD_LIST, SET, 0, "other names", .element = &name_member },
	[IFLA_ALT_IFNAME] = { "altname", FIELD_TEXT, SET | FIELD_HIDDEN, 0, "another name, to ask by" },
	[IFLA_PERM_ADDRESS] = { "permaddr", FIELD_ADDRESS, 0, 0, "hardware address that it was built with" },
	[IFLA_PROTO_DOWN_REASON] = { "proto_down_reason", FIELD_RECORD, SET, 0, "why it is held down", .schema = &schema_reason },
	[56] = { "parentdev", FIELD_TEXT, 0, 0, "device" }, /* IFLA_PARENT_DEV_NAME and later: newer than some headers */
	[57] = { "parentbus", FIELD_TEXT, 0, 0, "bus of the device" },
	[58] = { "gro_max_size", FIELD_U32, SET, UNIT_BYTES, "largest packet put together on receipt" },
	[59] = { "tso_max_size", FIELD_U32, FIELD_DERIVED, UNIT_BYTES, "what the device can split" },
	[60] = { "tso_max_segs", FIELD_U32, FIELD_DERIVED, 0, "segments that the device can make" },
	[61] = { "allmulti", FIELD_U32, FIELD_DERIVED, 0, "users that want every multicast" },
	[62] = { "devlink_port", FIELD_RECORD, 0, 0, "port in devlink", .schema = &schema_devlink_port },
	[63] = { "gso_ipv4_max_size", FIELD_U32, SET, UNIT_BYTES, "the same for IPv4" },
	[64] = { "gro_ipv4_max_size", FIELD_U32, SET, UNIT_BYTES, "the same for IPv4" },
	[65] = { "dpll_pin", FIELD_RECORD, 0, 0, "clock pin", .schema = &schema_dpll_pin },
	[66] = { "max_pacing_offload_horizon", FIELD_CODEC, FIELD_DERIVED, UNIT_NANOSECONDS, "how far ahead the device can pace",
		 .codec = &codec_uint },
	[67] = { "netns_immutable", FIELD_BOOL, 0, 0, "stays in its namespace" },
	[68] = { "headroom", FIELD_U16, FIELD_DERIVED, UNIT_BYTES, "room before a packet" },
	[69] = { "tailroom", FIELD_U16, FIELD_DERIVED, UNIT_BYTES, "room behind a packet" },
	[LINK_INDEX] = { "link_index", FIELD_U32, FIELD_CREATE | FIELD_DERIVED, 0,
			 "link below, as its own namespace (link_netnsid) numbers it, or a veth's other end" },
};

const struct schema schema_link = {
	.name = "link",
	.help = "network interfaces",
	.header_size = sizeof(struct ifinfomsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_link,
	.attribute_count = ARRAY_SIZE(attributes_of_link),
};

/* Bridges tell of their ports, IPv6 of its configuration and wireless drivers of events in messages of the same type: they hold a part of a link, and
 * "deleted" in them means a port that left its bridge. */
static bool concerns_link(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*link)) || link->ifi_family != AF_UNSPEC)
		return false;
	for (struct attribute_iterator i =
		     attributes((const uint8_t *)link + NLMSG_ALIGN(sizeof(*link)), message->nlmsg_len - NLMSG_SPACE(sizeof(*link)));
	     attribute_next(&i);)
		if (i.type == IFLA_WIRELESS)
			return false;
	return true;
}

static uint32_t number_of(const struct nlmsghdr *message, uint16_t type)
{
	const uint8_t *link = NLMSG_DATA(message);
	uint32_t number = 0;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		return 0;
	for (struct attribute_iterator i =
		     attributes(link + NLMSG_ALIGN(sizeof(struct ifinfomsg)), message->nlmsg_len - NLMSG_SPACE(sizeof(struct ifinfomsg)));
	     attribute_next(&i);)
		if (i.type == type && i.length == sizeof(number))
			memcpy(&number, i.data, sizeof(number));
	return number;
}

/* On its way out a veth no longer knows its other end; to make the two again it must be known. */
static void inherit_link(const struct nlmsghdr *old, const struct nlmsghdr *now, struct buffer *ret)
{
	const uint32_t below = number_of(old, IFLA_LINK);
	uint32_t length;

	if (below == 0 || number_of(now, IFLA_LINK) != 0 || number_of(old, IFLA_LINK_NETNSID) != number_of(now, IFLA_LINK_NETNSID))
		return;
	buffer_add(ret, now, now->nlmsg_len);
	buffer_add(ret, "\0\0\0", NLMSG_ALIGN(now->nlmsg_len) - now->nlmsg_len);
	attribute_add(ret, IFLA_LINK, &below, sizeof(below));
	length = (uint32_t)ret->length;
	if (!ret->failed)
		memcpy(ret->data + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof(length));
}

static bool is_zero(const struct record *record)
{
	for (uint32_t i = 0; i < record->count; i++)
		if (record->entries[i].value.number != 0)
			return false;
	return true;
}

static bool is_text(const struct value *value, const char *text)
{
	return value && value->type == VALUE_TEXT && value->bytes.length == strlen(text) && memcmp(value->bytes.data, text, strlen(text)) == 0;
}

/* The two ends of a veth go together. To make both again, the number of the other one must be known when its name no longer leads to it. */
static int tell_other_end(struct arena *arena, struct record *record)
{
	const struct record *info = record_inside(record, "linkinfo");
	const struct value *kind = info ? record_find(info, "kind") : NULL, *other = record_find(record, "link");

	if (!is_text(kind, "veth") || !other || other->number == 0)
		return 0;
	return record_put(arena, record, "link_index", value_uint((uint32_t)other->number));
}

/* The bridge tells of its ports' options itself (port.c), also of changes that the link does not tell. */
static void leave_to_port(struct record *record)
{
	static const struct field told_by_port = { "slave_data", FIELD_SELECT, SET | FIELD_VOLATILE, 0, "what the port has" };
	const struct record *info = record_inside(record, "linkinfo");
	const struct value *kind = info ? record_find(info, "slave_kind") : NULL;
	struct entry *options = info ? record_at(info, "slave_data") : NULL;

	if (options && options->field && is_text(kind, "bridge"))
		options->field = &told_by_port;
}

/* A bridge whose last port has gone has no address. */
static void drop_no_address(struct record *record)
{
	const struct record *info = record_inside(record, "linkinfo");
	const struct value *address = record_find(record, "address");
	static const uint8_t zeros[32];

	if (info && is_text(record_find(info, "kind"), "bridge") && address && address->type == VALUE_ADDRESS &&
	    address->bytes.length <= sizeof(zeros) && memcmp(address->bytes.data, zeros, address->bytes.length) == 0)
		record_drop(record, "address");
}

static int mend_link(struct arena *arena, struct record *record)
{
	struct entry *below = record_at(record, "link");
	const struct record *resources = record_inside(record, "map");

	/* In another namespace the number means another link than here. */
	if (below && record_at(record, "link_netnsid")) {
		below->field = &attributes_of_link[LINK_INDEX];
		below->name = below->field->name;
		below->number = LINK_INDEX;
		below->value = value_uint((uint32_t)below->value.number);
	}
	if (resources && is_zero(resources))
		record_drop(record, "map");
	record_drop(record, "change");
	leave_to_port(record);
	drop_no_address(record);
	return tell_other_end(arena, record);
}

static bool has_more_than(const struct record *record, const char *name)
{
	for (uint32_t i = 0; i < record->count; i++)
		if (record->entries[i].field && !(record->entries[i].field->flags & FIELD_STATE) && strcmp(record->entries[i].name, name) != 0)
			return true;
	return false;
}

/* {"linkinfo":{"data":OPTIONS}} of FROM goes to TO. */
static int move_options(struct arena *arena, struct record *from, struct record *to)
{
	struct record *info = record_inside(from, "linkinfo"), *moved;
	const struct value *options = info ? record_find(info, "data") : NULL;
	int r;

	if (!options)
		return 0;
	moved = record_new(arena, &schema_link_info);
	if (!moved)
		return -ENOMEM;
	r = record_put(arena, moved, "data", *options);
	if (r == 0)
		r = record_put(arena, to, "linkinfo", (struct value){ .type = VALUE_RECORD, .record = moved });
	record_drop(info, "data");
	if (info->count == 0)
		record_drop(from, "linkinfo");
	return r;
}

/* Options of a kind, changed while the link is down, come with whatever it changes in next, mostly with its coming up. Alone they are told at once (a
 * bond's, by sysfs). */
static int unheard_options(struct arena *arena, const struct record *before, struct record *old, struct record *now, struct record *unheard_old,
			   struct record *unheard_now)
{
	int r;

	if (record_number(before, "flags", 0) & IFF_UP || !has_more_than(now, "linkinfo"))
		return 0;
	r = move_options(arena, old, unheard_old);
	return r < 0 ? r : move_options(arena, now, unheard_now);
}

/* A request may name its link by number alone. */
static void link_path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *name = record_find(record, "ifname");
	uint32_t index = (uint32_t)record_number(record, "ifindex", 0);
	const char *known;

	if (name && name->type == VALUE_TEXT) {
		buffer_add(ret, name->bytes.data, name->bytes.length);
		return;
	}
	known = index && naming && naming->interface_name ? naming->interface_name(naming->data, index) : NULL;
	if (known)
		buffer_add_text(ret, known);
	else
		buffer_add_uint(ret, index);
}

static void makes_other_end(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct record *info = record_inside(record, "linkinfo");
	const struct value *other = record_find(record, "link");

	if (!info || !is_text(record_find(info, "kind"), "veth") || !other || record_at(record, "link_netnsid"))
		return;
	if (other->type == VALUE_TEXT)
		buffer_add(ret, other->bytes.data, other->bytes.length);
	else
		buffer_add_text(ret, naming->interface_name(naming->data, (uint32_t)other->number) ?: "");
}

static int parse_link(const char *path, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
		      struct error *error)
{
	size_t length = strcspn(path, "/");
	struct record *record;
	int r;

	(void)naming;
	/* The kernel is asked by the name: no need to know its number. */
	if (length == 0 || length >= IFNAMSIZ)
		return error_set(error, -EINVAL, "\"%.*s\" can not be the name of a link: 1 to %d bytes", (int)(length > 64 ? 64 : length), path,
				 IFNAMSIZ - 1);
	record = record_new(arena, &schema_link);
	if (!record)
		return -ENOMEM;
	r = record_put(arena, record, "ifname", value_data(VALUE_TEXT, path, length));
	if (r < 0)
		return r;
	*ret = record;
	*ret_rest = path + length + (path[length] == '/');
	return 0;
}

static void request_link(struct buffer *request, uint32_t filter)
{
	const struct ifinfomsg link = { 0 };

	buffer_add(request, &link, sizeof(link));
	attribute_add(request, IFLA_EXT_MASK, &filter, sizeof(filter));
}

static void dump_link(struct buffer *request, uint8_t family)
{
	(void)family;
	/* As notifications tell a link, so that the two compare: without virtual functions, too. */
	request_link(request, EXT_FILTER_SKIP_STATS);
}

static void dump_link_all(struct buffer *request, uint8_t family)
{
	(void)family;
	request_link(request, EXT_FILTER_VF);
}

static int get_link(const struct record *key, struct buffer *request)
{
	const struct value *name = record_find(key, "ifname");
	const struct ifinfomsg link = { .ifi_index = (int)record_number(key, "ifindex", 0) };
	const uint32_t filter = EXT_FILTER_VF;
	char text[IFNAMSIZ] = "";

	if (link.ifi_index <= 0 && (!name || name->type != VALUE_TEXT || name->bytes.length >= sizeof(text)))
		return -ENOENT;
	buffer_add(request, &link, sizeof(link));
	attribute_add(request, IFLA_EXT_MASK, &filter, sizeof(filter));
	if (link.ifi_index <= 0) {
		memcpy(text, name->bytes.data, name->bytes.length);
		attribute_add(request, IFLA_IFNAME, text, name->bytes.length + 1);
	}
	return 0;
}

const struct object object_link = {
	.name = "link",
	.help = "network interfaces",
	.protocol = &protocol_route,
	.new_type = RTM_NEWLINK,
	.delete_type = RTM_DELLINK,
	.get_type = RTM_GETLINK,
	.schema = &schema_link,
	.groups = { RTNLGRP_LINK },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.concerns = concerns_link,
	.path = link_path,
	.parse = parse_link,
	.dump = dump_link,
	.dump_all = dump_link_all,
	.get = get_link,
	.inherit = inherit_link,
	.mend = mend_link,
	.unheard_change = unheard_options,
	.write = link_write,
	.can_be_made = link_can_be_made,
	.makes_another = makes_other_end,
};

OBJECT_CHANNEL(route, link, object_link, "network interfaces");
