/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IFLA_LINKINFO: what each kind of link has of its own. To add a kind: its fields, and a row in KINDS. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <string.h>

#include "channel/codecs.h"
#include "channel/link.h"
#include "channel/words.h"

#define SET        FIELD_SETTABLE
#define HUNDREDTHS UNIT_CENTISECONDS

#define NEST(identifier, words, fields) \
	static const struct schema identifier = { .name = words, .help = words " links", .attributes = fields, .attribute_count = ARRAY_SIZE(fields) }

/* ---- veth: the kernel never tells the peer's own attributes, it only takes them ---- */

static int decode_peer(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record;
	int r;

	(void)field;
	if (decode->depth > 4)
		return -EBADMSG;
	r = schema_decode_nest(decode, &schema_link, data, length, &record);
	if (r < 0)
		return r;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return 0;
}

static int encode_peer(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	if (value->type != VALUE_RECORD)
		return error_set(error, -EINVAL, "%s must be a record", field->name);
	return schema_encode(value->record, FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE, buffer, error);
}

static const struct codec codec_peer = { decode_peer, encode_peer, FIELD_RECORD };

static const struct field veth[] = {
	[1] = { "peer", FIELD_CODEC, FIELD_CREATE, 0, "the other end, a link as well", .codec = &codec_peer,
		.schema = &schema_link }, /* VETH_INFO_PEER */
};
NEST(schema_veth, "veth", veth);

/* ---- bridge ---- */

NAMES(bridge_options, true, { 1, "no_linklocal_learn" }, { 2, "mcast_vlan_snooping" }, { 4, "mst_enabled" }, { 8, "mdb_offload_fail_notification" },
      { 16, "fdb_local_vlan_0" });
NAMES(multicast_router, false, { 0, "disabled" }, { 1, "temporary query" }, { 2, "permanent" }, { 3, "temporary" });
NAMES(stp_states, false, { 0, "off" }, { 1, "kernel" }, { 2, "user" });
NAMES(stp_modes, false, { 0, "auto" }, { 1, "user" }, { 2, "kernel" });

static const struct field bridge_option[] = {
	{ "optval", FIELD_U32, SET, 0, "options that are on", .offset = 0, .size = 4, .names = &bridge_options },
	{ "optmask", FIELD_U32, SET | FIELD_HIDDEN | FIELD_VOLATILE, 0, "options that this kernel knows, or that a request sets", .offset = 4,
	  .size = 4, .names = &bridge_options },
};
static const struct schema schema_bridge_option = {
	.name = "multi_boolopt", .header_size = 8, .header = bridge_option, .header_count = ARRAY_SIZE(bridge_option)
};

static const struct field querier[] = {
	[1] = { "ip_address", FIELD_ADDRESS, FIELD_VOLATILE, 0, "IPv4 querier" }, /* BRIDGE_QUERIER_* */
	[2] = { "ip_port", FIELD_INTERFACE, FIELD_VOLATILE, 0, "port to it" },
	[3] = { "ip_other_timer", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "until it counts as gone" },
	[4] = { "pad", FIELD_PAD },
	[5] = { "ipv6_address", FIELD_ADDRESS, FIELD_VOLATILE, 0, "IPv6 querier" },
	[6] = { "ipv6_port", FIELD_INTERFACE, FIELD_VOLATILE, 0, "port to it" },
	[7] = { "ipv6_other_timer", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "until it counts as gone" },
};
NEST(schema_querier, "mcast_querier_state", querier);

/* What the spanning tree works out moves without any message of its own, so that it is DERIVED: the next message would blame it on somebody. */
static const struct field bridge[] = {
	[IFLA_BR_FORWARD_DELAY] = { "forward_delay", FIELD_U32, SET, HUNDREDTHS, "in the listening and learning states" },
	[IFLA_BR_HELLO_TIME] = { "hello_time", FIELD_U32, SET, HUNDREDTHS, "between hello packets" },
	[IFLA_BR_MAX_AGE] = { "max_age", FIELD_U32, SET, HUNDREDTHS, "of another bridge's message" },
	[IFLA_BR_AGEING_TIME] = { "ageing_time", FIELD_U32, SET, HUNDREDTHS, "of a learnt address" },
	[IFLA_BR_STP_STATE] = { "stp_state", FIELD_U32, SET, 0, "spanning tree", .names = &stp_states },
	[IFLA_BR_PRIORITY] = { "priority", FIELD_U16, SET, 0, "in the choice of the root" },
	[IFLA_BR_VLAN_FILTERING] = { "vlan_filtering", FIELD_BOOL, SET, 0, "ports only pass their VLANs" },
	[IFLA_BR_VLAN_PROTOCOL] = { "vlan_protocol", FIELD_BE16, SET, 0, "ether type of the tags", .names = &words_ether_type },
	[IFLA_BR_GROUP_FWD_MASK] = { "group_fwd_mask", FIELD_U16, SET | FIELD_HEX, 0, "link-local groups that are forwarded" },
	[IFLA_BR_ROOT_ID] = { "root_id", FIELD_BYTES, FIELD_DERIVED, 0, "root of the spanning tree" },
	[IFLA_BR_BRIDGE_ID] = { "bridge_id", FIELD_BYTES, FIELD_DERIVED, 0, "priority and address of this bridge" },
	[IFLA_BR_ROOT_PORT] = { "root_port", FIELD_U16, FIELD_DERIVED, 0, "port towards the root" },
	[IFLA_BR_ROOT_PATH_COST] = { "root_path_cost", FIELD_U32, FIELD_DERIVED, 0, "cost of the way to the root" },
	[IFLA_BR_TOPOLOGY_CHANGE] = { "topology_change", FIELD_U8, FIELD_DERIVED, 0, "a change is being told" },
	[IFLA_BR_TOPOLOGY_CHANGE_DETECTED] = { "topology_change_detected", FIELD_U8, FIELD_DERIVED, 0, "a change was seen" },
	[IFLA_BR_HELLO_TIMER] = { "hello_timer", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "left" },
	[IFLA_BR_TCN_TIMER] = { "tcn_timer", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "left" },
	[IFLA_BR_TOPOLOGY_CHANGE_TIMER] = { "topology_change_timer", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "left" },
	[IFLA_BR_GC_TIMER] = { "gc_timer", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "left" },
	[IFLA_BR_GROUP_ADDR] = { "group_addr", FIELD_ADDRESS, SET, 0, "destination of spanning tree packets" },
	[IFLA_BR_FDB_FLUSH] = { "fdb_flush", FIELD_FLAG, SET, 0, "forgets learnt addresses (an action)" },
	[IFLA_BR_MCAST_ROUTER] = { "mcast_router", FIELD_U8, SET, 0, "multicast routers behind the bridge itself", .names = &multicast_router },
	[IFLA_BR_MCAST_SNOOPING] = { "mcast_snooping", FIELD_BOOL, SET, 0, "learns who listens to which group" },
	[IFLA_BR_MCAST_QUERY_USE_IFADDR] = { "mcast_query_use_ifaddr", FIELD_BOOL, SET, 0, "queries carry the bridge's address" },
	[IFLA_BR_MCAST_QUERIER] = { "mcast_querier", FIELD_BOOL, SET, 0, "sends queries" },
	[IFLA_BR_MCAST_HASH_ELASTICITY] = { "mcast_hash_elasticity", FIELD_U32, FIELD_DERIVED, 0, "no longer used by the kernel" },
	[IFLA_BR_MCAST_HASH_MAX] = { "mcast_hash_max", FIELD_U32, SET, 0, "groups at most" },
	[IFLA_BR_MCAST_LAST_MEMBER_CNT] = { "mcast_last_member_cnt", FIELD_U32, SET, 0, "queries before a group is left" },
	[IFLA_BR_MCAST_STARTUP_QUERY_CNT] = { "mcast_startup_query_cnt", FIELD_U32, SET, 0, "queries at the start" },
	[IFLA_BR_MCAST_LAST_MEMBER_INTVL] = { "mcast_last_member_intvl", FIELD_U64, SET, HUNDREDTHS, "between queries after a leave" },
	[IFLA_BR_MCAST_MEMBERSHIP_INTVL] = { "mcast_membership_intvl", FIELD_U64, SET, HUNDREDTHS, "until a member counts as gone" },
	[IFLA_BR_MCAST_QUERIER_INTVL] = { "mcast_querier_intvl", FIELD_U64, SET, HUNDREDTHS, "until another querier counts as gone" },
	[IFLA_BR_MCAST_QUERY_INTVL] = { "mcast_query_intvl", FIELD_U64, SET, HUNDREDTHS, "between queries" },
	[IFLA_BR_MCAST_QUERY_RESPONSE_INTVL] = { "mcast_query_response_intvl", FIELD_U64, SET, HUNDREDTHS, "for an answer to a query" },
	[IFLA_BR_MCAST_STARTUP_QUERY_INTVL] = { "mcast_startup_query_intvl", FIELD_U64, SET, HUNDREDTHS, "between queries at the start" },
	[IFLA_BR_NF_CALL_IPTABLES] = { "nf_call_iptables", FIELD_BOOL, SET, 0, "bridged packets pass iptables" },
	[IFLA_BR_NF_CALL_IP6TABLES] = { "nf_call_ip6tables", FIELD_BOOL, SET, 0, "bridged packets pass ip6tables" },
	[IFLA_BR_NF_CALL_ARPTABLES] = { "nf_call_arptables", FIELD_BOOL, SET, 0, "bridged packets pass arptables" },
	[IFLA_BR_VLAN_DEFAULT_PVID] = { "vlan_default_pvid", FIELD_U16, SET, 0, "VLAN of untagged packets at new ports" },
	[IFLA_BR_PAD] = { "pad", FIELD_PAD },
	[IFLA_BR_VLAN_STATS_ENABLED] = { "vlan_stats_enabled", FIELD_BOOL, SET, 0, "counts each VLAN" },
	[IFLA_BR_MCAST_STATS_ENABLED] = { "mcast_stats_enabled", FIELD_BOOL, SET, 0, "counts multicast" },
	[IFLA_BR_MCAST_IGMP_VERSION] = { "mcast_igmp_version", FIELD_U8, SET, 0, "of its queries" },
	[IFLA_BR_MCAST_MLD_VERSION] = { "mcast_mld_version", FIELD_U8, SET, 0, "of its queries" },
	[IFLA_BR_VLAN_STATS_PER_PORT] = { "vlan_stats_per_port", FIELD_BOOL, SET, 0, "counts each VLAN at each port" },
	[IFLA_BR_MULTI_BOOLOPT] = { "multi_boolopt", FIELD_RECORD, SET, 0, "further options", .schema = &schema_bridge_option },
	[IFLA_BR_MCAST_QUERIER_STATE] = { "mcast_querier_state", FIELD_RECORD, FIELD_VOLATILE, 0, "who queries now", .schema = &schema_querier },
	[48] = { "fdb_n_learned", FIELD_U32, FIELD_VOLATILE, 0, "learnt addresses" },                /* IFLA_BR_FDB_N_LEARNED */
	[49] = { "fdb_max_learned", FIELD_U32, SET, 0, "learnt addresses at most, 0 = no limit" },   /* IFLA_BR_FDB_MAX_LEARNED */
	[50] = { "stp_mode", FIELD_U32, SET, 0, "who does the spanning tree", .names = &stp_modes }, /* IFLA_BR_STP_MODE */
};
NEST(schema_bridge, "bridge", bridge);

NAMES(port_states, false, { BR_STATE_DISABLED, "disabled" }, { BR_STATE_LISTENING, "listening" }, { BR_STATE_LEARNING, "learning" },
      { BR_STATE_FORWARDING, "forwarding" }, { BR_STATE_BLOCKING, "blocking" });

static const struct field bridge_port[] = {
	[IFLA_BRPORT_STATE] = { "state", FIELD_U8, FIELD_DERIVED, 0, "where the spanning tree has it", .names = &port_states },
	[IFLA_BRPORT_PRIORITY] = { "priority", FIELD_U16, SET, 0, "in the choice of the designated port" },
	[IFLA_BRPORT_COST] = { "cost", FIELD_U32, SET, 0, "of the way through this port" },
	[IFLA_BRPORT_MODE] = { "hairpin", FIELD_BOOL, SET, 0, "packets may leave by the port they came in" },
	[IFLA_BRPORT_GUARD] = { "guard", FIELD_BOOL, SET, 0, "spanning tree packets that come in disable the port" },
	[IFLA_BRPORT_PROTECT] = { "root_block", FIELD_BOOL, SET, 0, "never becomes the root port" },
	[IFLA_BRPORT_FAST_LEAVE] = { "fastleave", FIELD_BOOL, SET, 0, "a leave ends the group at once" },
	[IFLA_BRPORT_LEARNING] = { "learning", FIELD_BOOL, SET, 0, "learns source addresses" },
	[IFLA_BRPORT_UNICAST_FLOOD] = { "flood", FIELD_BOOL, SET, 0, "gets packets to unknown addresses" },
	[IFLA_BRPORT_PROXYARP] = { "proxy_arp", FIELD_BOOL, SET, 0, "the bridge answers ARP for it" },
	[IFLA_BRPORT_LEARNING_SYNC] = { "learning_sync", FIELD_BOOL, 0, 0, "the device learns for the bridge" },
	[IFLA_BRPORT_PROXYARP_WIFI] = { "proxy_arp_wifi", FIELD_BOOL, SET, 0, "the same as IEEE 802.11 and hotspots want it" },
	[IFLA_BRPORT_ROOT_ID] = { "root_id", FIELD_BYTES, FIELD_DERIVED, 0, "designated root" },
	[IFLA_BRPORT_BRIDGE_ID] = { "bridge_id", FIELD_BYTES, FIELD_DERIVED, 0, "designated bridge" },
	[IFLA_BRPORT_DESIGNATED_PORT] = { "designated_port", FIELD_U16, FIELD_DERIVED, 0, "designated port" },
	[IFLA_BRPORT_DESIGNATED_COST] = { "designated_cost", FIELD_U16, FIELD_DERIVED, 0, "designated cost" },
	[IFLA_BRPORT_ID] = { "id", FIELD_U16, FIELD_DERIVED | FIELD_HEX, 0, "priority and number" },
	[IFLA_BRPORT_NO] = { "no", FIELD_U16, FIELD_HEX, 0, "number" },
	[IFLA_BRPORT_TOPOLOGY_CHANGE_ACK] = { "topology_change_ack", FIELD_U8, FIELD_DERIVED, 0, "owes an acknowledgement" },
	[IFLA_BRPORT_CONFIG_PENDING] = { "config_pending", FIELD_U8, FIELD_DERIVED, 0, "owes a message" },
	[IFLA_BRPORT_MESSAGE_AGE_TIMER] = { "message_age_timer", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "left" },
	[IFLA_BRPORT_FORWARD_DELAY_TIMER] = { "forward_delay_timer", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "left" },
	[IFLA_BRPORT_HOLD_TIMER] = { "hold_timer", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "left" },
	[IFLA_BRPORT_FLUSH] = { "flush", FIELD_FLAG, SET, 0, "forgets what was learnt here (an action)" },
	[IFLA_BRPORT_MULTICAST_ROUTER] = { "multicast_router", FIELD_U8, SET, 0, "a multicast router is behind it", .names = &multicast_router },
	[IFLA_BRPORT_PAD] = { "pad", FIELD_PAD },
	[IFLA_BRPORT_MCAST_FLOOD] = { "mcast_flood", FIELD_BOOL, SET, 0, "gets multicast of unknown groups" },
	[IFLA_BRPORT_MCAST_TO_UCAST] = { "mcast_to_unicast", FIELD_BOOL, SET, 0, "multicast goes as unicast to each listener" },
	[IFLA_BRPORT_VLAN_TUNNEL] = { "vlan_tunnel", FIELD_BOOL, SET, 0, "VLANs map to tunnels" },
	[IFLA_BRPORT_BCAST_FLOOD] = { "bcast_flood", FIELD_BOOL, SET, 0, "gets broadcasts" },
	[IFLA_BRPORT_GROUP_FWD_MASK] = { "group_fwd_mask", FIELD_U16, SET | FIELD_HEX, 0, "link-local groups that are forwarded" },
	[IFLA_BRPORT_NEIGH_SUPPRESS] = { "neigh_suppress", FIELD_BOOL, SET, 0, "answers neighbour questions that it knows" },
	[IFLA_BRPORT_ISOLATED] = { "isolated", FIELD_BOOL, SET, 0, "does not talk to other isolated ports" },
	[IFLA_BRPORT_BACKUP_PORT] = { "backup_port", FIELD_INTERFACE, SET, 0, "takes over while this port has no carrier" },
	[IFLA_BRPORT_MRP_RING_OPEN] = { "mrp_ring_open", FIELD_U8, FIELD_DERIVED, 0, "MRP ring is open" },
	[IFLA_BRPORT_MRP_IN_OPEN] = { "mrp_in_open", FIELD_U8, FIELD_DERIVED, 0, "MRP interconnect is open" },
	[IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT] = { "mcast_eht_hosts_limit", FIELD_U32, SET, 0, "tracked listeners at most" },
	[IFLA_BRPORT_MCAST_EHT_HOSTS_CNT] = { "mcast_eht_hosts_cnt", FIELD_U32, FIELD_VOLATILE, 0, "tracked listeners" },
	[39] = { "locked", FIELD_BOOL, SET, 0, "only known addresses may send" }, /* IFLA_BRPORT_LOCKED */
	[40] = { "mab", FIELD_BOOL, SET, 0, "unknown addresses ask for admission" },
	[41] = { "mcast_n_groups", FIELD_U32, FIELD_VOLATILE, 0, "groups" },
	[42] = { "mcast_max_groups", FIELD_U32, SET, 0, "groups at most" },
	[43] = { "neigh_vlan_suppress", FIELD_BOOL, SET, 0, "neigh_suppress for each VLAN of its own" },
	[44] = { "backup_nhid", FIELD_U32, SET, 0, "nexthop that takes over" },
	[45] = { "neigh_forward_grat", FIELD_BOOL, SET, 0, "neigh_suppress lets gratuitous ARP and ND through" },
};
const struct schema schema_link_bridge_port = {
	.name = "bridge port", .help = "a link in a bridge", .attributes = bridge_port, .attribute_count = ARRAY_SIZE(bridge_port)
};

/* ---- vlan ---- */

NAMES(vlan_flags, true, { 1, "REORDER_HDR" }, { 2, "GVRP" }, { 4, "LOOSE_BINDING" }, { 8, "MVRP" }, { 16, "BRIDGE_BINDING" });

static const struct field vlan_flag[] = {
	{ "flags", FIELD_U32, SET, 0, "what is on", HEADER_FIELD(struct ifla_vlan_flags, flags), .names = &vlan_flags },
	{ "mask", FIELD_U32, SET | FIELD_HIDDEN | FIELD_VOLATILE, 0, "what a request sets", HEADER_FIELD(struct ifla_vlan_flags, mask) },
};
static const struct schema schema_vlan_flag = {
	.name = "flags", .header_size = sizeof(struct ifla_vlan_flags), .header = vlan_flag, .header_count = ARRAY_SIZE(vlan_flag)
};

static const struct field mapping[] = {
	{ "from", FIELD_U32, SET, 0, "priority here", HEADER_FIELD(struct ifla_vlan_qos_mapping, from) },
	{ "to", FIELD_U32, SET, 0, "priority there", HEADER_FIELD(struct ifla_vlan_qos_mapping, to) },
};
static const struct schema schema_mapping = {
	.name = "mapping", .header_size = sizeof(struct ifla_vlan_qos_mapping), .header = mapping, .header_count = ARRAY_SIZE(mapping)
};
static const struct field mapping_member = {
	"mapping", FIELD_RECORD, SET, 0, "one priority", .schema = &schema_mapping, .offset = IFLA_VLAN_QOS_MAPPING
};

static const struct field vlan[] = {
	[IFLA_VLAN_ID] = { "id", FIELD_U16, SET | FIELD_CREATE, 0, "VLAN", LIMITS(.maximum = 4094) },
	[IFLA_VLAN_FLAGS] = { "flags", FIELD_RECORD, SET, 0, "options", .schema = &schema_vlan_flag },
	[IFLA_VLAN_EGRESS_QOS] = { "egress_qos", FIELD_LIST, SET, 0, "priorities of packets that leave", .element = &mapping_member },
	[IFLA_VLAN_INGRESS_QOS] = { "ingress_qos", FIELD_LIST, SET, 0, "priorities of packets that come in", .element = &mapping_member },
	[IFLA_VLAN_PROTOCOL] = { "protocol", FIELD_BE16, FIELD_CREATE, 0, "ether type of the tag", .names = &words_ether_type },
};
NEST(schema_vlan, "vlan", vlan);

/* ---- macvlan, macvtap, ipvlan, ipvtap ---- */

NAMES(macvlan_modes, false, { MACVLAN_MODE_PRIVATE, "private" }, { MACVLAN_MODE_VEPA, "vepa" }, { MACVLAN_MODE_BRIDGE, "bridge" },
      { MACVLAN_MODE_PASSTHRU, "passthru" }, { MACVLAN_MODE_SOURCE, "source" });
NAMES(macvlan_flags, true, { MACVLAN_FLAG_NOPROMISC, "nopromisc" }, { 2, "nodst" });
NAMES(macvlan_actions, false, { 0, "add" }, { 1, "del" }, { 2, "flush" }, { 3, "set" });

static const struct field hardware_address = { "address", FIELD_ADDRESS, SET, 0, "hardware address", .offset = IFLA_MACVLAN_MACADDR };

static const struct field macvlan[] = {
	[IFLA_MACVLAN_MODE] = { "mode", FIELD_U32, SET, 0, "who talks to whom", .names = &macvlan_modes },
	[IFLA_MACVLAN_FLAGS] = { "flags", FIELD_U16, SET, 0, "options", .names = &macvlan_flags },
	[IFLA_MACVLAN_MACADDR_MODE] = { "macaddr_mode", FIELD_U32, SET, 0, "what a request does to the source addresses", .names = &macvlan_actions },
	[IFLA_MACVLAN_MACADDR] = { "macaddr", FIELD_ADDRESS, SET, 0, "the address that a request adds or deletes" },
	[IFLA_MACVLAN_MACADDR_DATA] = { "macaddr_data", FIELD_LIST, SET, 0, "source addresses", .element = &hardware_address },
	[IFLA_MACVLAN_MACADDR_COUNT] = { "macaddr_count", FIELD_U32, FIELD_DERIVED, 0, "source addresses" },
	[IFLA_MACVLAN_BC_QUEUE_LEN] = { "bcqueuelen", FIELD_U32, SET, UNIT_PACKETS, "queue for broadcasts, wanted" },
	[IFLA_MACVLAN_BC_QUEUE_LEN_USED] = { "usedbcqueuelen", FIELD_U32, FIELD_DERIVED, UNIT_PACKETS, "queue for broadcasts, in use" },
	[9] = { "bc_cutoff", FIELD_S32, SET, 0, "listeners from which on a multicast is queued" }, /* IFLA_MACVLAN_BC_CUTOFF */
};
NEST(schema_macvlan, "macvlan", macvlan);

NAMES(ipvlan_modes, false, { IPVLAN_MODE_L2, "l2" }, { IPVLAN_MODE_L3, "l3" }, { IPVLAN_MODE_L3S, "l3s" });
NAMES(ipvlan_flags, true, { 1, "private" }, { 2, "vepa" });

static const struct field ipvlan[] = {
	[IFLA_IPVLAN_MODE] = { "mode", FIELD_U16, SET, 0, "layer", .names = &ipvlan_modes },
	[IFLA_IPVLAN_FLAGS] = { "flags", FIELD_U16, SET, 0, "none: bridge", .names = &ipvlan_flags },
};
NEST(schema_ipvlan, "ipvlan", ipvlan);

/* ---- vrf ---- */

static const struct field vrf[] = {
	[IFLA_VRF_TABLE] = { "table", FIELD_U32, FIELD_CREATE, 0, "routing table", .names = &words_route_table },
};
NEST(schema_vrf, "vrf", vrf);

static const struct field vrf_port[] = {
	[IFLA_VRF_PORT_TABLE] = { "table", FIELD_U32, FIELD_DERIVED, 0, "routing table", .names = &words_route_table },
};
NEST(schema_vrf_port, "vrf port", vrf_port);

/* ---- tun: made by an ioctl, only told here ---- */

NAMES(tun_types, false, { 1, "tun" }, { 2, "tap" });

static const struct field tun[] = {
	[IFLA_TUN_OWNER] = { "owner", FIELD_U32, 0, 0, "user that may attach" },
	[IFLA_TUN_GROUP] = { "group", FIELD_U32, 0, 0, "group that may attach" },
	[IFLA_TUN_TYPE] = { "type", FIELD_U8, 0, 0, "packets or frames", .names = &tun_types },
	[IFLA_TUN_PI] = { "pi", FIELD_BOOL, 0, 0, "a header before each packet" },
	[IFLA_TUN_VNET_HDR] = { "vnet_hdr", FIELD_BOOL, 0, 0, "a virtio header before each packet" },
	[IFLA_TUN_PERSIST] = { "persist", FIELD_BOOL, 0, 0, "outlives its program" },
	[IFLA_TUN_MULTI_QUEUE] = { "multi_queue", FIELD_BOOL, 0, 0, "several queues" },
	[IFLA_TUN_NUM_QUEUES] = { "numqueues", FIELD_U32, 0, 0, "queues in use" },
	[IFLA_TUN_NUM_DISABLED_QUEUES] = { "numdisabled", FIELD_U32, 0, 0, "queues not in use" },
};
NEST(schema_tun, "tun", tun);

/* ---- The choice by kind ---- */

static const struct selection_row kinds[] = {
	{ "veth", &schema_veth },          { "bridge", &schema_bridge },   { "vlan", &schema_vlan },       { "vxlan", &schema_link_vxlan },
	{ "bond", &schema_link_bond },     { "macvlan", &schema_macvlan }, { "macvtap", &schema_macvlan }, { "ipvlan", &schema_ipvlan },
	{ "ipvtap", &schema_ipvlan },      { "vrf", &schema_vrf },         { "tun", &schema_tun },         { "geneve", &schema_link_geneve },
	{ "macsec", &schema_link_macsec },
};
static const struct selection by_kind = { "kind", kinds, ARRAY_SIZE(kinds) };

static const struct selection_row port_kinds[] = {
	{ "bridge", &schema_link_bridge_port },
	{ "bond", &schema_link_bond_port },
	{ "vrf", &schema_vrf_port },
};
static const struct selection by_port_kind = { "slave_kind", port_kinds, ARRAY_SIZE(port_kinds) };

static const struct field info[] = {
	[IFLA_INFO_KIND] = { "kind", FIELD_TEXT, SET | FIELD_CREATE, 0, "kind of link" },
	[IFLA_INFO_DATA] = { "data", FIELD_SELECT, SET | FIELD_CREATE, 0, "what this kind has of its own", .select = &by_kind },
	[IFLA_INFO_XSTATS] = { "xstats", FIELD_BYTES, FIELD_VOLATILE, 0, "counters of this kind" },
	[IFLA_INFO_SLAVE_KIND] = { "slave_kind", FIELD_TEXT, SET, 0, "kind of the link that this one is a port of" },
	[IFLA_INFO_SLAVE_DATA] = { "slave_data", FIELD_SELECT, SET, 0, "what a port of that kind has", .select = &by_port_kind },
};
const struct schema schema_link_info = {
	.name = "linkinfo", .help = "what each kind of link has of its own", .attributes = info, .attribute_count = ARRAY_SIZE(info)
};

const struct schema *link_kind_schema(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].text, kind) == 0)
			return kinds[i].schema;
	return NULL;
}
