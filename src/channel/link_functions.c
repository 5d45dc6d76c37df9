/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IFLA_VFINFO_LIST: the virtual functions of a physical device. Told, not set through ferry: each driver takes another subset. */
#include <linux/if_link.h>

#include "channel/codecs.h"
#include "channel/link.h"

#define STRUCT(identifier, fields, type)                                                                               \
	static const struct schema identifier = {                                                                      \
		.name = #identifier, .header_size = sizeof(type), .header = fields, .header_count = ARRAY_SIZE(fields) \
	}

/* Every one of these structs begins with the number of the function. */
#define FUNCTION(type)                                                                  \
	{                                                                               \
		"vf", FIELD_U32, 0, 0, "number of the function", HEADER_FIELD(type, vf) \
	}

NAMES(link_states, false, { 0, "auto" }, { 1, "enable" }, { 2, "disable" });

static const struct field vlan[] = {
	FUNCTION(struct ifla_vf_vlan),
	{ "vlan", FIELD_U32, 0, 0, "VLAN of its packets", HEADER_FIELD(struct ifla_vf_vlan, vlan) },
	{ "qos", FIELD_U32, 0, 0, "VLAN priority", HEADER_FIELD(struct ifla_vf_vlan, qos) },
};
STRUCT(schema_vlan, vlan, struct ifla_vf_vlan);

static const struct field tx_rate[] = {
	FUNCTION(struct ifla_vf_tx_rate),
	{ "rate", FIELD_U32, 0, UNIT_MEGABITS_A_SECOND, "highest rate", HEADER_FIELD(struct ifla_vf_tx_rate, rate) },
};
STRUCT(schema_tx_rate, tx_rate, struct ifla_vf_tx_rate);

static const struct field rate[] = {
	FUNCTION(struct ifla_vf_rate),
	{ "min_tx_rate", FIELD_U32, 0, UNIT_MEGABITS_A_SECOND, "guaranteed rate", HEADER_FIELD(struct ifla_vf_rate, min_tx_rate) },
	{ "max_tx_rate", FIELD_U32, 0, UNIT_MEGABITS_A_SECOND, "highest rate", HEADER_FIELD(struct ifla_vf_rate, max_tx_rate) },
};
STRUCT(schema_rate, rate, struct ifla_vf_rate);

/* spoofchk, rss_query_en and trust have one layout. */
static const struct field setting[] = {
	FUNCTION(struct ifla_vf_spoofchk),
	{ "setting", FIELD_U32, 0, 0, "on or off, all ones where the driver has none", HEADER_FIELD(struct ifla_vf_spoofchk, setting) },
};
STRUCT(schema_setting, setting, struct ifla_vf_spoofchk);

static const struct field link_state[] = {
	FUNCTION(struct ifla_vf_link_state),
	{ "link_state", FIELD_U32, 0, 0, "what the function sees as its carrier", HEADER_FIELD(struct ifla_vf_link_state, link_state),
	  .names = &link_states },
};
STRUCT(schema_link_state, link_state, struct ifla_vf_link_state);

static const struct field guid[] = {
	FUNCTION(struct ifla_vf_guid),
	{ "guid", FIELD_U64, FIELD_HEX, 0, "InfiniBand GUID", HEADER_FIELD(struct ifla_vf_guid, guid) },
};
STRUCT(schema_guid, guid, struct ifla_vf_guid);

static const struct field vlan_info[] = {
	FUNCTION(struct ifla_vf_vlan_info),
	{ "vlan", FIELD_U32, 0, 0, "VLAN of its packets", HEADER_FIELD(struct ifla_vf_vlan_info, vlan) },
	{ "qos", FIELD_U32, 0, 0, "VLAN priority", HEADER_FIELD(struct ifla_vf_vlan_info, qos) },
	{ "protocol", FIELD_BE16, FIELD_HEX, 0, "ether type of the tag", HEADER_FIELD(struct ifla_vf_vlan_info, vlan_proto) },
};
STRUCT(schema_vlan_info, vlan_info, struct ifla_vf_vlan_info);
static const struct field vlan_info_member = { "vlan", FIELD_RECORD, 0, 0, "one tag", .schema = &schema_vlan_info, .offset = IFLA_VF_VLAN_INFO };

static const struct field counters[] = {
	[IFLA_VF_STATS_RX_PACKETS] = { "rx_packets", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "received" },
	[IFLA_VF_STATS_TX_PACKETS] = { "tx_packets", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "sent" },
	[IFLA_VF_STATS_RX_BYTES] = { "rx_bytes", FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, "received" },
	[IFLA_VF_STATS_TX_BYTES] = { "tx_bytes", FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, "sent" },
	[IFLA_VF_STATS_BROADCAST] = { "broadcast", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "received broadcasts" },
	[IFLA_VF_STATS_MULTICAST] = { "multicast", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "received multicasts" },
	[IFLA_VF_STATS_PAD] = { "pad", FIELD_PAD },
	[IFLA_VF_STATS_RX_DROPPED] = { "rx_dropped", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "dropped on receipt" },
	[IFLA_VF_STATS_TX_DROPPED] = { "tx_dropped", FIELD_U64, FIELD_VOLATILE, UNIT_PACKETS, "dropped on sending" },
};
static const struct schema schema_counters = { .name = "stats", .attributes = counters, .attribute_count = ARRAY_SIZE(counters) };

static const struct field function[] = {
	[IFLA_VF_MAC] = { "mac", FIELD_CODEC, 0, 0, "hardware address", .codec = &codec_vf_address },
	[IFLA_VF_VLAN] = { "vlan", FIELD_RECORD, 0, 0, "VLAN", .schema = &schema_vlan },
	[IFLA_VF_TX_RATE] = { "tx_rate", FIELD_RECORD, 0, 0, "rate", .schema = &schema_tx_rate },
	[IFLA_VF_SPOOFCHK] = { "spoofchk", FIELD_RECORD, 0, 0, "drops packets of a foreign source address", .schema = &schema_setting },
	[IFLA_VF_LINK_STATE] = { "link_state", FIELD_RECORD, 0, 0, "carrier as the function sees it", .schema = &schema_link_state },
	[IFLA_VF_RATE] = { "rate", FIELD_RECORD, 0, 0, "rates", .schema = &schema_rate },
	[IFLA_VF_RSS_QUERY_EN] = { "rss_query_en", FIELD_RECORD, 0, 0, "may ask for the hash key", .schema = &schema_setting },
	[IFLA_VF_STATS] = { "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "counters", .schema = &schema_counters },
	[IFLA_VF_TRUST] = { "trust", FIELD_RECORD, 0, 0, "trusted by the host", .schema = &schema_setting },
	[IFLA_VF_IB_NODE_GUID] = { "node_guid", FIELD_RECORD, 0, 0, "InfiniBand node", .schema = &schema_guid },
	[IFLA_VF_IB_PORT_GUID] = { "port_guid", FIELD_RECORD, 0, 0, "InfiniBand port", .schema = &schema_guid },
	[IFLA_VF_VLAN_LIST] = { "vlan_list", FIELD_LIST, 0, 0, "VLANs", .element = &vlan_info_member },
	[IFLA_VF_BROADCAST] = { "broadcast", FIELD_CODEC, 0, 0, "broadcast address", .codec = &codec_vf_address },
};
const struct schema schema_link_function = {
	.name = "vf", .help = "a virtual function", .attributes = function, .attribute_count = ARRAY_SIZE(function)
};
