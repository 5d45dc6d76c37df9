/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actions: what is done with the packets that a filter takes. A kind that is not here is kept as its bytes. Sources: <linux/pkt_cls.h>,
 * <linux/tc_act/>, tc-actions(8). */
#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_bpf.h>
#include <linux/tc_act/tc_csum.h>
#include <linux/tc_act/tc_ct.h>
#include <linux/tc_act/tc_defact.h>
#include <linux/tc_act/tc_gact.h>
#include <linux/tc_act/tc_gate.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/tc_act/tc_mpls.h>
#include <linux/tc_act/tc_nat.h>
#include <linux/tc_act/tc_pedit.h>
#include <linux/tc_act/tc_sample.h>
#include <linux/tc_act/tc_skbedit.h>
#include <linux/tc_act/tc_tunnel_key.h>
#include <linux/tc_act/tc_vlan.h>

#include "channel/tc.h"
#include "channel/words.h"

#define SET TC_SET

/* ---- What all kinds have ---- */

#define CONTROLS                                                                                                                                  \
	{ UINT32_MAX, "continue" }, { TC_ACT_OK, "pass" }, { TC_ACT_RECLASSIFY, "reclassify" }, { TC_ACT_SHOT, "drop" }, { TC_ACT_PIPE, "pipe" }, \
		{ TC_ACT_STOLEN, "stolen" }, { TC_ACT_QUEUED, "queued" }, { TC_ACT_REPEAT, "repeat" }, { TC_ACT_REDIRECT, "redirect" },           \
	{                                                                                                                                         \
		TC_ACT_TRAP, "trap"                                                                                                               \
	}
static const struct name controls[] = { CONTROLS };
const struct names words_tc_control = { controls, ARRAY_SIZE(controls) };

/* The index is given by the kernel where none is asked for. What follows may say where else to go on: 0x10000000 + N jumps, 0x20000000 + N goes to
 * another chain. */
#define GENERIC(type)                                                                                                                        \
	{ "index", FIELD_U32, FIELD_CREATE | FIELD_VOLATILE, 0, "number among those of its kind", HEADER_FIELD(struct type, index) },        \
		{ "capab", FIELD_U32, FIELD_HIDDEN | FIELD_DERIVED, 0, "of no use", HEADER_FIELD(struct type, capab) },                      \
		{ "control", FIELD_U32, SET | FIELD_HEX, 0, "what follows", HEADER_FIELD(struct type, action), .names = &words_tc_control }, \
		{ "refcnt", FIELD_S32, FIELD_VOLATILE, 0, "users", HEADER_FIELD(struct type, refcnt) },                                      \
	{                                                                                                                                    \
		"bindcnt", FIELD_S32, FIELD_VOLATILE, 0, "filters", HEADER_FIELD(struct type, bindcnt)                                       \
	}

#define PARMS(number, schema_of) [number] = { "parms", FIELD_RECORD, SET, 0, "what is done", .schema = &(schema_of) }
#define TIMES(number)            [number] = { "times", FIELD_RECORD, FIELD_VOLATILE, 0, "when", .schema = &schema_tc_times }
#define PAD(number)              [number] = { "pad", FIELD_PAD }

static const struct field times[] = {
	{ "installed", FIELD_U64, FIELD_VOLATILE, UNIT_CENTISECONDS, "ago it was made", HEADER_FIELD(struct tcf_t, install) },
	{ "last_used", FIELD_U64, FIELD_VOLATILE, UNIT_CENTISECONDS, "ago it was used", HEADER_FIELD(struct tcf_t, lastuse) },
	{ "expires", FIELD_U64, FIELD_VOLATILE, UNIT_CENTISECONDS, "until its end", HEADER_FIELD(struct tcf_t, expires) },
	{ "first_used", FIELD_U64, FIELD_VOLATILE, UNIT_CENTISECONDS, "ago it was used first", HEADER_FIELD(struct tcf_t, firstuse) },
};
TC_STRUCT(schema_tc_times, "times", struct tcf_t, times);

static const struct field generic[] = { GENERIC(tc_gact) };
static TC_STRUCT(schema_generic, "parms", struct tc_gact, generic);

/* ---- gact ---- */

NAMES(chances, false, { PGACT_NONE, "none" }, { PGACT_NETRAND, "netrand" }, { PGACT_DETERM, "determ" });
static const struct field chance[] = {
	{ "type", FIELD_U16, SET, 0, "which packets", HEADER_FIELD(struct tc_gact_p, ptype), .names = &chances },
	{ "value", FIELD_U16, SET, 0, "one of so many", HEADER_FIELD(struct tc_gact_p, pval) },
	{ "control", FIELD_U32, SET | FIELD_HEX, 0, "what follows for them", HEADER_FIELD(struct tc_gact_p, paction), .names = &words_tc_control },
};
static TC_STRUCT(schema_chance, "chance", struct tc_gact_p, chance);

static const struct field gact[] = {
	TIMES(TCA_GACT_TM),
	PARMS(TCA_GACT_PARMS, schema_generic),
	[TCA_GACT_PROB] = { "chance", FIELD_RECORD, SET, 0, "what is done now and then", .schema = &schema_chance },
	PAD(TCA_GACT_PAD),
};
static TC_NEST(schema_gact, "gact", gact);

/* ---- mirred ---- */

NAMES(ways, false, { TCA_EGRESS_REDIR, "egress_redirect" }, { TCA_EGRESS_MIRROR, "egress_mirror" }, { TCA_INGRESS_REDIR, "ingress_redirect" },
      { TCA_INGRESS_MIRROR, "ingress_mirror" });
static const struct field mirred_parms[] = {
	GENERIC(tc_mirred),
	{ "way", FIELD_U32, SET, 0, "where it goes", HEADER_FIELD(struct tc_mirred, eaction), .names = &ways },
	{ "dev", FIELD_INTERFACE, SET, 0, "by which link", HEADER_FIELD(struct tc_mirred, ifindex) },
};
static TC_STRUCT(schema_mirred_parms, "parms", struct tc_mirred, mirred_parms);

static const struct field mirred[] = {
	TIMES(TCA_MIRRED_TM), PARMS(TCA_MIRRED_PARMS, schema_mirred_parms),
	PAD(TCA_MIRRED_PAD), [4] = { "block", FIELD_U32, SET, 0, "all links of a shared block" }, /* TCA_MIRRED_BLOCKID, 6.8 */
};
static TC_NEST(schema_mirred, "mirred", mirred);

/* ---- skbedit ---- */

static const struct field skbedit[] = {
	TIMES(TCA_SKBEDIT_TM),
	PARMS(TCA_SKBEDIT_PARMS, schema_generic),
	[TCA_SKBEDIT_PRIORITY] = { "priority", FIELD_U32, SET | FIELD_HANDLE, 0, "priority" },
	[TCA_SKBEDIT_QUEUE_MAPPING] = { "queue_mapping", FIELD_U16, SET, 0, "queue" },
	[TCA_SKBEDIT_MARK] = { "mark", FIELD_U32, SET | FIELD_HEX, 0, "mark" },
	PAD(TCA_SKBEDIT_PAD),
	[TCA_SKBEDIT_PTYPE] = { "ptype", FIELD_U16, SET, 0, "0: for this host, 1: broadcast, 2: multicast, 3: for another" },
	[TCA_SKBEDIT_MASK] = { "mask", FIELD_U32, SET | FIELD_HEX, 0, "bits of the mark" },
	[TCA_SKBEDIT_FLAGS] = { "flags", FIELD_U64, SET | FIELD_HEX, 0, "1: priority from the DS field" },
	[TCA_SKBEDIT_QUEUE_MAPPING_MAX] = { "queue_mapping_max", FIELD_U16, SET, 0, "last of several queues" },
};
static TC_NEST(schema_skbedit, "skbedit", skbedit);

/* ---- vlan ---- */

NAMES(vlan_verbs, false, { TCA_VLAN_ACT_POP, "pop" }, { TCA_VLAN_ACT_PUSH, "push" }, { TCA_VLAN_ACT_MODIFY, "modify" },
      { TCA_VLAN_ACT_POP_ETH, "pop_eth" }, { TCA_VLAN_ACT_PUSH_ETH, "push_eth" });
static const struct field vlan_parms[] = {
	GENERIC(tc_vlan),
	{ "verb", FIELD_U32, SET, 0, "what is done", HEADER_FIELD(struct tc_vlan, v_action), .names = &vlan_verbs },
};
static TC_STRUCT(schema_vlan_parms, "parms", struct tc_vlan, vlan_parms);

static const struct field vlan[] = {
	TIMES(TCA_VLAN_TM),
	PARMS(TCA_VLAN_PARMS, schema_vlan_parms),
	[TCA_VLAN_PUSH_VLAN_ID] = { "id", FIELD_U16, SET, 0, "VLAN" },
	[TCA_VLAN_PUSH_VLAN_PROTOCOL] = { "protocol", FIELD_BE16, SET, 0, "kind of tag", .names = &words_ether_type },
	PAD(TCA_VLAN_PAD),
	[TCA_VLAN_PUSH_VLAN_PRIORITY] = { "priority", FIELD_U8, SET, 0, "priority" },
	[TCA_VLAN_PUSH_ETH_DST] = { "eth_dst", FIELD_ADDRESS, SET, 0, "hardware address, to" },
	[TCA_VLAN_PUSH_ETH_SRC] = { "eth_src", FIELD_ADDRESS, SET, 0, "hardware address, from" },
};
static TC_NEST(schema_vlan, "vlan", vlan);

/* ---- csum ---- */

NAMES(sums, true, { TCA_CSUM_UPDATE_FLAG_IPV4HDR, "iph" }, { TCA_CSUM_UPDATE_FLAG_ICMP, "icmp" }, { TCA_CSUM_UPDATE_FLAG_IGMP, "igmp" },
      { TCA_CSUM_UPDATE_FLAG_TCP, "tcp" }, { TCA_CSUM_UPDATE_FLAG_UDP, "udp" }, { TCA_CSUM_UPDATE_FLAG_UDPLITE, "udplite" },
      { TCA_CSUM_UPDATE_FLAG_SCTP, "sctp" });
static const struct field csum_parms[] = {
	GENERIC(tc_csum),
	{ "sums", FIELD_U32, SET, 0, "which are reckoned anew", HEADER_FIELD(struct tc_csum, update_flags), .names = &sums },
};
static TC_STRUCT(schema_csum_parms, "parms", struct tc_csum, csum_parms);

static const struct field csum[] = { PARMS(TCA_CSUM_PARMS, schema_csum_parms), TIMES(TCA_CSUM_TM), PAD(TCA_CSUM_PAD) };
static TC_NEST(schema_csum, "csum", csum);

/* ---- nat ---- */

NAMES(nat_flags, true, { TCA_NAT_FLAG_EGRESS, "egress" });
static const struct field nat_parms[] = {
	GENERIC(tc_nat),
	{ "old", FIELD_ADDRESS, SET, 0, "address", HEADER_FIELD(struct tc_nat, old_addr) },
	{ "new", FIELD_ADDRESS, SET, 0, "the one in its place", HEADER_FIELD(struct tc_nat, new_addr) },
	{ "mask", FIELD_ADDRESS, SET, 0, "bits of it", HEADER_FIELD(struct tc_nat, mask) },
	{ "flags", FIELD_U32, SET, 0, "egress: of the sender", HEADER_FIELD(struct tc_nat, flags), .names = &nat_flags },
};
static TC_STRUCT(schema_nat_parms, "parms", struct tc_nat, nat_parms);

static const struct field nat[] = { PARMS(TCA_NAT_PARMS, schema_nat_parms), TIMES(TCA_NAT_TM), PAD(TCA_NAT_PAD) };
static TC_NEST(schema_nat, "nat", nat);

/* ---- tunnel_key ---- */

NAMES(tunnel_verbs, false, { TCA_TUNNEL_KEY_ACT_SET, "set" }, { TCA_TUNNEL_KEY_ACT_RELEASE, "release" });
static const struct field tunnel_parms[] = {
	GENERIC(tc_tunnel_key),
	{ "verb", FIELD_U32, SET, 0, "what is done", HEADER_FIELD(struct tc_tunnel_key, t_action), .names = &tunnel_verbs },
};
static TC_STRUCT(schema_tunnel_parms, "parms", struct tc_tunnel_key, tunnel_parms);

static const struct field tunnel_key[] = {
	TIMES(TCA_TUNNEL_KEY_TM),
	PARMS(TCA_TUNNEL_KEY_PARMS, schema_tunnel_parms),
	[TCA_TUNNEL_KEY_ENC_IPV4_SRC] = { "ipv4_src", FIELD_ADDRESS, SET, 0, "tunnel, from" },
	[TCA_TUNNEL_KEY_ENC_IPV4_DST] = { "ipv4_dst", FIELD_ADDRESS, SET, 0, "tunnel, to" },
	[TCA_TUNNEL_KEY_ENC_IPV6_SRC] = { "ipv6_src", FIELD_ADDRESS, SET, 0, "tunnel, from" },
	[TCA_TUNNEL_KEY_ENC_IPV6_DST] = { "ipv6_dst", FIELD_ADDRESS, SET, 0, "tunnel, to" },
	[TCA_TUNNEL_KEY_ENC_KEY_ID] = { "key_id", FIELD_BE32, SET, 0, "key of the tunnel" },
	PAD(TCA_TUNNEL_KEY_PAD),
	[TCA_TUNNEL_KEY_ENC_DST_PORT] = { "dst_port", FIELD_BE16, SET, 0, "port of the tunnel" },
	[TCA_TUNNEL_KEY_NO_CSUM] = { "no_csum", FIELD_BOOL, SET, 0, "without a checksum" },
	[TCA_TUNNEL_KEY_ENC_OPTS] = { "options", FIELD_BYTES, SET, 0, "options of the tunnel" },
	[TCA_TUNNEL_KEY_ENC_TOS] = { "tos", FIELD_U8, SET, 0, "service" },
	[TCA_TUNNEL_KEY_ENC_TTL] = { "ttl", FIELD_U8, SET, 0, "hops" },
	[14] = { "no_frag", FIELD_FLAG, SET, 0, "not in fragments" }, /* TCA_TUNNEL_KEY_NO_FRAG, 6.3 */
};
static TC_NEST(schema_tunnel_key, "tunnel_key", tunnel_key);

/* ---- ct ---- */

NAMES(ct_verbs, true, { TCA_CT_ACT_COMMIT, "commit" }, { TCA_CT_ACT_FORCE, "force" }, { TCA_CT_ACT_CLEAR, "clear" }, { TCA_CT_ACT_NAT, "nat" },
      { TCA_CT_ACT_NAT_SRC, "src" }, { TCA_CT_ACT_NAT_DST, "dst" });
static const struct field ct[] = {
	PARMS(TCA_CT_PARMS, schema_generic),
	TIMES(TCA_CT_TM),
	[TCA_CT_ACTION] = { "verbs", FIELD_U16, SET, 0, "what is done", .names = &ct_verbs },
	[TCA_CT_ZONE] = { "zone", FIELD_U16, SET, 0, "zone" },
	[TCA_CT_MARK] = { "mark", FIELD_U32, SET | FIELD_HEX, 0, "mark" },
	[TCA_CT_MARK_MASK] = { "mark_mask", FIELD_U32, SET | FIELD_HEX, 0, "bits of it" },
	[TCA_CT_LABELS] = { "labels", FIELD_BYTES, SET, 0, "labels" },
	[TCA_CT_LABELS_MASK] = { "labels_mask", FIELD_BYTES, SET, 0, "bits of them" },
	[TCA_CT_NAT_IPV4_MIN] = { "ipv4_min", FIELD_ADDRESS, SET, 0, "addresses, from this" },
	[TCA_CT_NAT_IPV4_MAX] = { "ipv4_max", FIELD_ADDRESS, SET, 0, "to this" },
	[TCA_CT_NAT_IPV6_MIN] = { "ipv6_min", FIELD_ADDRESS, SET, 0, "addresses, from this" },
	[TCA_CT_NAT_IPV6_MAX] = { "ipv6_max", FIELD_ADDRESS, SET, 0, "to this" },
	[TCA_CT_NAT_PORT_MIN] = { "port_min", FIELD_BE16, SET, 0, "ports, from this" },
	[TCA_CT_NAT_PORT_MAX] = { "port_max", FIELD_BE16, SET, 0, "to this" },
	PAD(TCA_CT_PAD),
	[16] = { "helper", FIELD_TEXT, SET, 0, "helper" }, /* TCA_CT_HELPER_NAME, 6.2 */
	[17] = { "helper_family", FIELD_U8, SET, 0, "its family", .names = &words_family },
	[18] = { "helper_proto", FIELD_U8, SET, 0, "its protocol", .names = &words_ip_protocol },
};
static TC_NEST(schema_ct, "ct", ct);

/* ---- bpf ---- */

static const struct field bpf[] = {
	TIMES(TCA_ACT_BPF_TM),
	PARMS(TCA_ACT_BPF_PARMS, schema_generic),
	[TCA_ACT_BPF_OPS_LEN] = { "ops_count", FIELD_U16, SET, 0, "instructions" },
	[TCA_ACT_BPF_OPS] = { "ops", FIELD_BYTES, SET, 0, "classic program" },
	[TCA_ACT_BPF_FD] = { "fd", FIELD_U32, FIELD_HIDDEN, 0, "program, by a descriptor" },
	[TCA_ACT_BPF_NAME] = { "name", FIELD_TEXT, SET, 0, "file and section" },
	PAD(TCA_ACT_BPF_PAD),
	[TCA_ACT_BPF_TAG] = { "tag", FIELD_BYTES, FIELD_DERIVED, 0, "digest of the program" },
	[TCA_ACT_BPF_ID] = { "id", FIELD_U32, 0, 0, "number of the program" },
};
static TC_NEST(schema_bpf, "bpf", bpf);

/* ---- pedit ---- */

NAMES(pedit_headers, false, { TCA_PEDIT_KEY_EX_HDR_TYPE_NETWORK, "network" }, { TCA_PEDIT_KEY_EX_HDR_TYPE_ETH, "eth" },
      { TCA_PEDIT_KEY_EX_HDR_TYPE_IP4, "ipv4" }, { TCA_PEDIT_KEY_EX_HDR_TYPE_IP6, "ipv6" }, { TCA_PEDIT_KEY_EX_HDR_TYPE_TCP, "tcp" },
      { TCA_PEDIT_KEY_EX_HDR_TYPE_UDP, "udp" });
NAMES(pedit_verbs, false, { TCA_PEDIT_KEY_EX_CMD_SET, "set" }, { TCA_PEDIT_KEY_EX_CMD_ADD, "add" });

static const struct field pedit_key[] = {
	{ "mask", FIELD_BE32, SET | FIELD_HEX, 0, "bits that stay", HEADER_FIELD(struct tc_pedit_key, mask) },
	{ "value", FIELD_BE32, SET | FIELD_HEX, 0, "bits that are put", HEADER_FIELD(struct tc_pedit_key, val) },
	{ "offset", FIELD_U32, SET, UNIT_BYTES, "where", HEADER_FIELD(struct tc_pedit_key, off) },
	{ "at", FIELD_U32, SET, UNIT_BYTES, "where an offset is read", HEADER_FIELD(struct tc_pedit_key, at) },
	{ "offmask", FIELD_U32, SET | FIELD_HEX, 0, "bits of that", HEADER_FIELD(struct tc_pedit_key, offmask) },
	{ "shift", FIELD_U32, SET, 0, "of that", HEADER_FIELD(struct tc_pedit_key, shift) },
};
static TC_STRUCT(schema_pedit_key, "key", struct tc_pedit_key, pedit_key);
static const struct field field_pedit_key = { "key", FIELD_RECORD, SET, 0, "four bytes", .schema = &schema_pedit_key };

static const struct field pedit_header[] = {
	GENERIC(tc_pedit_sel),
	{ "nkeys", FIELD_U8, FIELD_HIDDEN | FIELD_DERIVED, 0, "changes", HEADER_FIELD(struct tc_pedit_sel, nkeys) },
	{ "flags", FIELD_U8, SET | FIELD_HEX, 0, "flags", HEADER_FIELD(struct tc_pedit_sel, flags) },
};
static const struct field pedit_keys[] = {
	[1] = { "keys", FIELD_LIST, SET, 0, "changes", .element = &field_pedit_key },
};
static const struct schema schema_pedit_parms = {
	.name = "parms",
	.header_size = sizeof(struct tc_pedit_sel),
	.header = pedit_header,
	.header_count = ARRAY_SIZE(pedit_header),
	.attributes = pedit_keys,
	.attribute_count = ARRAY_SIZE(pedit_keys),
};

static int encode_pedit(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	return tc_encode_keys(field, value, offsetof(struct tc_pedit_sel, nkeys), buffer, error);
}

static const struct codec codec_pedit = { tc_decode_keys, encode_pedit, FIELD_RECORD };

static const struct field pedit_extension[] = {
	[TCA_PEDIT_KEY_EX_HTYPE] = { "header", FIELD_U16, SET, 0, "from where the offset counts", .names = &pedit_headers },
	[TCA_PEDIT_KEY_EX_CMD] = { "verb", FIELD_U16, SET, 0, "what is done", .names = &pedit_verbs },
};
static TC_NEST(schema_pedit_extension, "extension", pedit_extension);
static const struct field field_pedit_extension = {
	"extension", FIELD_RECORD, SET, 0, "of a change", .offset = TCA_PEDIT_KEY_EX, .schema = &schema_pedit_extension
};

static const struct field pedit[] = {
	TIMES(TCA_PEDIT_TM),
	[TCA_PEDIT_PARMS] = { "parms_plain", FIELD_CODEC, SET, 0, "what is done", .codec = &codec_pedit, .schema = &schema_pedit_parms },
	PAD(TCA_PEDIT_PAD),
	[TCA_PEDIT_PARMS_EX] = { "parms", FIELD_CODEC, SET, 0, "what is done", .codec = &codec_pedit, .schema = &schema_pedit_parms },
	[TCA_PEDIT_KEYS_EX] = { "extensions", FIELD_LIST, SET, 0, "of each change", .element = &field_pedit_extension },
};
static TC_NEST(schema_pedit, "pedit", pedit);

/* ---- simple, sample, mpls, gate ---- */

static const struct field simple[] = {
	TIMES(TCA_DEF_TM),
	PARMS(TCA_DEF_PARMS, schema_generic),
	[TCA_DEF_DATA] = { "text", FIELD_TEXT, SET, 0, "what is logged" },
	PAD(TCA_DEF_PAD),
};
static TC_NEST(schema_simple, "simple", simple);

static const struct field sample[] = {
	TIMES(TCA_SAMPLE_TM),
	PARMS(TCA_SAMPLE_PARMS, schema_generic),
	[TCA_SAMPLE_RATE] = { "rate", FIELD_U32, SET, 0, "one of so many" },
	[TCA_SAMPLE_TRUNC_SIZE] = { "trunc", FIELD_U32, SET, UNIT_BYTES, "of each" },
	[TCA_SAMPLE_PSAMPLE_GROUP] = { "group", FIELD_U32, SET, 0, "group that hears of them" },
	PAD(TCA_SAMPLE_PAD),
};
static TC_NEST(schema_sample, "sample", sample);

NAMES(mpls_verbs, false, { TCA_MPLS_ACT_POP, "pop" }, { TCA_MPLS_ACT_PUSH, "push" }, { TCA_MPLS_ACT_MODIFY, "modify" },
      { TCA_MPLS_ACT_DEC_TTL, "dec_ttl" }, { TCA_MPLS_ACT_MAC_PUSH, "mac_push" });
static const struct field mpls_parms[] = {
	GENERIC(tc_mpls),
	{ "verb", FIELD_U32, SET, 0, "what is done", HEADER_FIELD(struct tc_mpls, m_action), .names = &mpls_verbs },
};
static TC_STRUCT(schema_mpls_parms, "parms", struct tc_mpls, mpls_parms);

static const struct field mpls[] = {
	TIMES(TCA_MPLS_TM),
	PARMS(TCA_MPLS_PARMS, schema_mpls_parms),
	PAD(TCA_MPLS_PAD),
	[TCA_MPLS_PROTO] = { "protocol", FIELD_BE16, SET, 0, "what is in it" },
	[TCA_MPLS_LABEL] = { "label", FIELD_U32, SET, 0, "label" },
	[TCA_MPLS_TC] = { "tc", FIELD_U8, SET, 0, "traffic class" },
	[TCA_MPLS_TTL] = { "ttl", FIELD_U8, SET, 0, "hops" },
	[TCA_MPLS_BOS] = { "bos", FIELD_U8, SET, 0, "last of the stack" },
};
static TC_NEST(schema_mpls, "mpls", mpls);

static const struct field gate_entry[] = {
	[TCA_GATE_ENTRY_INDEX] = { "index", FIELD_U32, SET, 0, "place" },
	[TCA_GATE_ENTRY_GATE] = { "open", FIELD_FLAG, SET, 0, "packets pass" },
	[TCA_GATE_ENTRY_INTERVAL] = { "interval", FIELD_U32, SET, UNIT_NANOSECONDS, "for how long" },
	[TCA_GATE_ENTRY_IPV] = { "ipv", FIELD_S32, SET, 0, "priority that they have then" },
	[TCA_GATE_ENTRY_MAX_OCTETS] = { "max_octets", FIELD_S32, SET, UNIT_BYTES, "that pass at most" },
};
static TC_NEST(schema_gate_entry, "entry", gate_entry);
static const struct field field_gate_entry = {
	"entry", FIELD_RECORD, SET, 0, "a part of the schedule", .offset = TCA_GATE_ONE_ENTRY, .schema = &schema_gate_entry
};
static const struct field gate[] = {
	TIMES(TCA_GATE_TM),
	PARMS(TCA_GATE_PARMS, schema_generic),
	PAD(TCA_GATE_PAD),
	[TCA_GATE_PRIORITY] = { "priority", FIELD_S32, SET, 0, "priority" },
	[TCA_GATE_ENTRY_LIST] = { "entries", FIELD_LIST, SET, 0, "schedule", .element = &field_gate_entry },
	[TCA_GATE_BASE_TIME] = { "base_time", FIELD_U64, SET, UNIT_NANOSECONDS, "begin" },
	[TCA_GATE_CYCLE_TIME] = { "cycle_time", FIELD_U64, SET, UNIT_NANOSECONDS, "length" },
	[TCA_GATE_CYCLE_TIME_EXT] = { "cycle_time_ext", FIELD_U64, SET, UNIT_NANOSECONDS, "what may be added" },
	[TCA_GATE_FLAGS] = { "flags", FIELD_U32, SET | FIELD_HEX, 0, "flags" },
	[TCA_GATE_CLOCKID] = { "clockid", FIELD_S32, SET, 0, "clock" },
};
static TC_NEST(schema_gate, "gate", gate);

/* ---- An action ---- */

static const struct selection_row kinds[] = {
	{ "gact", &schema_gact, NULL },
	{ "mirred", &schema_mirred, NULL },
	{ "police", &schema_tc_police, &codec_tc_police },
	{ "skbedit", &schema_skbedit, NULL },
	{ "vlan", &schema_vlan, NULL },
	{ "csum", &schema_csum, NULL },
	{ "nat", &schema_nat, NULL },
	{ "tunnel_key", &schema_tunnel_key, NULL },
	{ "ct", &schema_ct, NULL },
	{ "pedit", &schema_pedit, NULL },
	{ "bpf", &schema_bpf, NULL },
	{ "simple", &schema_simple, NULL },
	{ "sample", &schema_sample, NULL },
	{ "mpls", &schema_mpls, NULL },
	{ "gate", &schema_gate, NULL },
};
static const struct selection by_kind = { "kind", kinds, ARRAY_SIZE(kinds), .keeps_others = true };

static const struct field bits[] = {
	{ "value", FIELD_U32, SET | FIELD_HEX, 0, "bits", HEADER_FIELD(struct nla_bitfield32, value) },
	{ "selector", FIELD_U32, SET | FIELD_HEX, 0, "bits that are meant", HEADER_FIELD(struct nla_bitfield32, selector) },
};
TC_STRUCT(schema_tc_bits, "bits", struct nla_bitfield32, bits);

static const struct field action[] = {
	[TCA_ACT_KIND] = { "kind", FIELD_TEXT, SET, 0, "kind" },
	[TCA_ACT_OPTIONS] = { "options", FIELD_SELECT, SET, 0, "what this kind has of its own", .select = &by_kind },
	[TCA_ACT_INDEX] = { "index", FIELD_U32, FIELD_VOLATILE | FIELD_HIDDEN, 0, "number, as in the options" },
	[TCA_ACT_STATS] = { "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "counters", .schema = &schema_tc_statistics },
	PAD(TCA_ACT_PAD),
	[TCA_ACT_COOKIE] = { "cookie", FIELD_BYTES, SET, 0, "a program's own mark" },
	[TCA_ACT_FLAGS] = { "flags", FIELD_RECORD, SET, 0, "1: without counters for each processor", .schema = &schema_tc_bits },
	[TCA_ACT_HW_STATS] = { "hw_stats", FIELD_RECORD, SET, 0, "counters of a device, wanted", .schema = &schema_tc_bits },
	[TCA_ACT_USED_HW_STATS] = { "used_hw_stats", FIELD_RECORD, FIELD_DERIVED, 0, "counters of a device", .schema = &schema_tc_bits },
	[TCA_ACT_IN_HW_COUNT] = { "in_hw_count", FIELD_U32, FIELD_DERIVED, 0, "devices that do it" },
};
static TC_NEST(schema_action, "action", action);
const struct field field_tc_action = { "action", FIELD_RECORD, SET, 0, "an action", .schema = &schema_action };
