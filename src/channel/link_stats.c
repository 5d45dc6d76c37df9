/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of links, with what their kinds and devices count besides (RTM_GETSTATS); the counters of the link itself are the link's (stats64).
 * Sources: <linux/if_link.h>, <linux/if_bridge.h>, net/core/rtnetlink.c, ip-stats(8). */
#include <errno.h>
#include <linux/if_bonding.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "channel/link.h"

#define COUNT(type, member, unit, words)                                                    \
	{                                                                                   \
#member, FIELD_U64, FIELD_VOLATILE, unit, words, HEADER_FIELD(type, member) \
	}

static const struct field vlan[] = {
	{ "vid", FIELD_U16, 0, 0, "number of the VLAN", HEADER_FIELD(struct bridge_vlan_xstats, vid) },
	{ "flags", FIELD_U16, FIELD_HEX, 0, "how it is set", HEADER_FIELD(struct bridge_vlan_xstats, flags) },
	COUNT(struct bridge_vlan_xstats, rx_bytes, UNIT_BYTES, "received"),
	COUNT(struct bridge_vlan_xstats, rx_packets, UNIT_PACKETS, "received"),
	COUNT(struct bridge_vlan_xstats, tx_bytes, UNIT_BYTES, "sent"),
	COUNT(struct bridge_vlan_xstats, tx_packets, UNIT_PACKETS, "sent"),
};
static const struct schema schema_vlan = {
	.name = "vlan", .header_size = sizeof(struct bridge_vlan_xstats), .header = vlan, .header_count = ARRAY_SIZE(vlan)
};

/* The two ways of a message stand behind each other. */
#define BOTH_WAYS(member, unit, words)                                                                                                           \
	{ #member "_rx", FIELD_U64, FIELD_VOLATILE, unit, words ", received", .offset = offsetof(struct br_mcast_stats, member), .size = 8 },    \
	{                                                                                                                                        \
#member "_tx", FIELD_U64, FIELD_VOLATILE, unit, words ", sent", .offset = offsetof(struct br_mcast_stats, member) + 8, .size = 8 \
	}
static const struct field groups[] = {
	BOTH_WAYS(igmp_v1queries, 0, "queries of IGMPv1"), BOTH_WAYS(igmp_v2queries, 0, "queries of IGMPv2"),
	BOTH_WAYS(igmp_v3queries, 0, "queries of IGMPv3"), BOTH_WAYS(igmp_leaves, 0, "leaves of IGMP"),
	BOTH_WAYS(igmp_v1reports, 0, "reports of IGMPv1"), BOTH_WAYS(igmp_v2reports, 0, "reports of IGMPv2"),
	BOTH_WAYS(igmp_v3reports, 0, "reports of IGMPv3"), COUNT(struct br_mcast_stats, igmp_parse_errors, 0, "messages of IGMP that made no sense"),
	BOTH_WAYS(mld_v1queries, 0, "queries of MLDv1"),   BOTH_WAYS(mld_v2queries, 0, "queries of MLDv2"),
	BOTH_WAYS(mld_leaves, 0, "leaves of MLD"),         BOTH_WAYS(mld_v1reports, 0, "reports of MLDv1"),
	BOTH_WAYS(mld_v2reports, 0, "reports of MLDv2"),   COUNT(struct br_mcast_stats, mld_parse_errors, 0, "messages of MLD that made no sense"),
	BOTH_WAYS(mcast_bytes, UNIT_BYTES, "to groups"),   BOTH_WAYS(mcast_packets, UNIT_PACKETS, "to groups"),
};
static const struct schema schema_groups = {
	.name = "mcast", .header_size = sizeof(struct br_mcast_stats), .header = groups, .header_count = ARRAY_SIZE(groups)
};

static const struct field tree[] = {
	COUNT(struct bridge_stp_xstats, transition_blk, 0, "times that the port was blocked"),
	COUNT(struct bridge_stp_xstats, transition_fwd, 0, "times that it was opened"),
	COUNT(struct bridge_stp_xstats, rx_bpdu, UNIT_PACKETS, "of the protocol, received"),
	COUNT(struct bridge_stp_xstats, tx_bpdu, UNIT_PACKETS, "of the protocol, sent"),
	COUNT(struct bridge_stp_xstats, rx_tcn, UNIT_PACKETS, "about changes, received"),
	COUNT(struct bridge_stp_xstats, tx_tcn, UNIT_PACKETS, "about changes, sent"),
};
static const struct schema schema_tree = {
	.name = "stp", .header_size = sizeof(struct bridge_stp_xstats), .header = tree, .header_count = ARRAY_SIZE(tree)
};

static const struct field bridge[] = {
	[BRIDGE_XSTATS_VLAN] = { "vlan", FIELD_RECORD, FIELD_VOLATILE | FIELD_MANY, 0, "of each VLAN", .schema = &schema_vlan },
	[BRIDGE_XSTATS_MCAST] = { "mcast", FIELD_RECORD, FIELD_VOLATILE, 0, "of groups", .schema = &schema_groups },
	[BRIDGE_XSTATS_PAD] = { "pad", FIELD_PAD },
	[BRIDGE_XSTATS_STP] = { "stp", FIELD_RECORD, FIELD_VOLATILE, 0, "of the spanning tree", .schema = &schema_tree },
};
static const struct schema schema_bridge = { .name = "bridge", .attributes = bridge, .attribute_count = ARRAY_SIZE(bridge) };

static const struct field lacp[] = {
	[BOND_3AD_STAT_LACPDU_RX] = { "lacpdu_rx", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "of LACP, received" },
	[BOND_3AD_STAT_LACPDU_TX] = { "lacpdu_tx", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "of LACP, sent" },
	[BOND_3AD_STAT_LACPDU_UNKNOWN_RX] = { "lacpdu_unknown_rx", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "of an unknown kind" },
	[BOND_3AD_STAT_LACPDU_ILLEGAL_RX] = { "lacpdu_illegal_rx", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "that made no sense" },
	[BOND_3AD_STAT_MARKER_RX] = { "marker_rx", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "markers, received" },
	[BOND_3AD_STAT_MARKER_TX] = { "marker_tx", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "markers, sent" },
	[BOND_3AD_STAT_MARKER_RESP_RX] = { "marker_resp_rx", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "answers to markers, received" },
	[BOND_3AD_STAT_MARKER_RESP_TX] = { "marker_resp_tx", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "answers to markers, sent" },
	[BOND_3AD_STAT_MARKER_UNKNOWN_RX] = { "marker_unknown_rx", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "markers of an unknown kind" },
	[BOND_3AD_STAT_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_lacp = { .name = "3ad", .attributes = lacp, .attribute_count = ARRAY_SIZE(lacp) };
static const struct field bond[] = {
	[BOND_XSTATS_3AD] = { "3ad", FIELD_RECORD, FIELD_VOLATILE, 0, "of 802.3ad", .schema = &schema_lacp },
};
static const struct schema schema_bond = { .name = "bond", .attributes = bond, .attribute_count = ARRAY_SIZE(bond) };

static const struct field kinds[] = {
	[LINK_XSTATS_TYPE_BRIDGE] = { "bridge", FIELD_RECORD, FIELD_VOLATILE, 0, "of a bridge", .schema = &schema_bridge },
	[LINK_XSTATS_TYPE_BOND] = { "bond", FIELD_RECORD, FIELD_VOLATILE, 0, "of a bond", .schema = &schema_bond },
};
static const struct schema schema_kinds = { .name = "xstats", .attributes = kinds, .attribute_count = ARRAY_SIZE(kinds) };

static const struct field hardware[] = {
	[IFLA_OFFLOAD_XSTATS_HW_S_INFO_REQUEST] = { "request", FIELD_BOOL, 0, 0, "they are asked for" },
	[IFLA_OFFLOAD_XSTATS_HW_S_INFO_USED] = { "used", FIELD_BOOL, 0, 0, "the device counts" },
};
static const struct schema schema_hardware = { .name = "hw", .attributes = hardware, .attribute_count = ARRAY_SIZE(hardware) };
/* Its members are numbered like what they tell of. */
static const struct field layers[] = {
	[IFLA_OFFLOAD_XSTATS_L3_STATS] = { "l3_stats", FIELD_RECORD, 0, 0, "of routed packets", .schema = &schema_hardware },
};
static const struct schema schema_layers = { .name = "hw_s_info", .attributes = layers, .attribute_count = ARRAY_SIZE(layers) };
static const struct field offload[] = {
	[IFLA_OFFLOAD_XSTATS_CPU_HIT] = { "cpu_hit", FIELD_RECORD, FIELD_VOLATILE, 0, "packets that the device left to the processor",
					  .schema = &schema_link_counters },
	[IFLA_OFFLOAD_XSTATS_HW_S_INFO] = { "hw_s_info", FIELD_RECORD, 0, 0, "which the device counts", .schema = &schema_layers },
	[IFLA_OFFLOAD_XSTATS_L3_STATS] = { "l3_stats", FIELD_BYTES, FIELD_VOLATILE, 0, "routed packets" },
};
static const struct schema schema_offload = { .name = "offload_xstats", .attributes = offload, .attribute_count = ARRAY_SIZE(offload) };

static const struct field header[] = {
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link", HEADER_FIELD(struct if_stats_msg, ifindex) },
	{ "filter_mask", FIELD_U32, FIELD_HIDDEN | FIELD_VOLATILE, 0, "what is told", HEADER_FIELD(struct if_stats_msg, filter_mask) },
};

static const struct field statistics[] = {
	[IFLA_STATS_LINK_64] = { "stats64", FIELD_RECORD, FIELD_VOLATILE, 0, "counters", .schema = &schema_link_counters },
	[IFLA_STATS_LINK_XSTATS] = { "xstats", FIELD_RECORD, FIELD_VOLATILE, 0, "of its kind", .schema = &schema_kinds },
	[IFLA_STATS_LINK_XSTATS_SLAVE] = { "xstats_slave", FIELD_RECORD, FIELD_VOLATILE, 0, "as a port", .schema = &schema_kinds },
	[IFLA_STATS_LINK_OFFLOAD_XSTATS] = { "offload_xstats", FIELD_RECORD, FIELD_VOLATILE, 0, "of the device", .schema = &schema_offload },
	[IFLA_STATS_AF_SPEC] = { "af_spec", FIELD_BYTES, FIELD_VOLATILE, 0, "of protocol families" },
};

static const struct schema schema = {
	.name = "stats",
	.help = "statistics of links",
	.header_size = sizeof(struct if_stats_msg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = statistics,
	.attribute_count = ARRAY_SIZE(statistics),
};

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	return object_parse_of_link(&schema, text, naming, arena, ret, ret_rest, error);
}

#define EVERYTHING                                                                                                     \
	(IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64) | IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_XSTATS) |                   \
	 IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_XSTATS_SLAVE) | IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_OFFLOAD_XSTATS) | \
	 IFLA_STATS_FILTER_BIT(IFLA_STATS_AF_SPEC))

static void ask(uint32_t index, struct buffer *request)
{
	const struct if_stats_msg all = { .ifindex = index, .filter_mask = EVERYTHING };

	buffer_add(request, &all, sizeof(all));
}

static void dump(struct buffer *request, uint8_t family)
{
	(void)family;
	ask(0, request);
}

static int get(const struct record *key, struct buffer *request)
{
	const uint32_t index = (uint32_t)record_number(key, "dev", 0);

	if (!index)
		return -ENOENT;
	ask(index, request);
	return OBJECT_GET_ONE;
}

static const struct object object_stats = {
	.name = "stats",
	.help = "statistics of links",
	.protocol = &protocol_route,
	.new_type = RTM_NEWSTATS,
	.get_type = RTM_GETSTATS,
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = object_path_of_link,
	.parse = parse,
	.comes_by_itself = "statistics come and go with their link",
	.dump = dump,
	.get = get,
	.untold = true,
};

OBJECT_CHANNEL_OF(route, stats, object_stats, "statistics of links, with what their kinds and devices count besides", "sampled");
