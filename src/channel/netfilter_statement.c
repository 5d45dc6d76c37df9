/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expressions of nftables that do something: count, limit, tell, translate, put into a set. Attributes that headers may lack stand by their number.
 */
#include "channel/netfilter.h"

#define SET                   FIELD_SETTABLE
#define MOVES                 (FIELD_SETTABLE | FIELD_VOLATILE)
#define REGISTER(word, words) word, FIELD_BE32, SET, 0, "register with " words
#define EXPRESSION(word, array) \
	const struct schema schema_netfilter_##word = { .name = #word, .attributes = array, .attribute_count = ARRAY_SIZE(array) }

static const struct field counter[] = {
	[NFTA_COUNTER_BYTES] = { "bytes", FIELD_BE64, MOVES, UNIT_BYTES, "of the packets" },
	[NFTA_COUNTER_PACKETS] = { "packets", FIELD_BE64, MOVES, UNIT_PACKETS, "that came here" },
	[NFTA_COUNTER_PAD] = { "pad", FIELD_PAD },
};
EXPRESSION(counter, counter);

NAMES(limit_types, false, { NFT_LIMIT_PKTS, "packets" }, { NFT_LIMIT_PKT_BYTES, "bytes" });
NAMES(inverted, true, { 1, "over" }); /* NFT_LIMIT_F_INV, NFT_CONNLIMIT_F_INV */

static const struct field limit[] = {
	[NFTA_LIMIT_RATE] = { "rate", FIELD_BE64, SET, 0, "so many of TYPE" },
	[NFTA_LIMIT_UNIT] = { "unit", FIELD_BE64, SET, UNIT_SECONDS, "in which" },
	[NFTA_LIMIT_BURST] = { "burst", FIELD_BE32, SET, 0, "how many more at once" },
	[NFTA_LIMIT_TYPE] = { "type", FIELD_BE32, SET, 0, "what is counted", .names = &limit_types },
	[NFTA_LIMIT_FLAGS] = { "flags", FIELD_BE32, SET, 0, "whether it is about what is more", .names = &inverted },
	[NFTA_LIMIT_PAD] = { "pad", FIELD_PAD },
};
EXPRESSION(limit, limit);

/* That it is used up the kernel tells among the flags. */
NAMES(quota_flags, true, { NFT_QUOTA_F_INV, "over" }, { NFT_QUOTA_F_DEPLETED, "depleted" });

static const struct field quota[] = {
	[NFTA_QUOTA_BYTES] = { "bytes", FIELD_BE64, SET, UNIT_BYTES, "how many" },
	[NFTA_QUOTA_FLAGS] = { "flags", FIELD_BE32, SET, 0, "whether it is about what is more", .names = &quota_flags,
			       LIMITS(.mask = NFT_QUOTA_F_INV, .taken = NFT_QUOTA_F_INV) },
	[NFTA_QUOTA_PAD] = { "pad", FIELD_PAD },
	[NFTA_QUOTA_CONSUMED] = { "consumed", FIELD_BE64, MOVES, UNIT_BYTES, "of them used" },
};
EXPRESSION(quota, quota);

static const struct field connlimit[] = {
	[NFTA_CONNLIMIT_COUNT] = { "count", FIELD_BE32, SET, UNIT_CONNECTIONS, "how many" },
	[NFTA_CONNLIMIT_FLAGS] = { "flags", FIELD_BE32, SET, 0, "whether it is about what is more", .names = &inverted },
};
EXPRESSION(connlimit, connlimit);

static const struct field last[] = {
	[NFTA_LAST_SET] = { "set", FIELD_BE32, MOVES, 0, "whether there was one" },
	[NFTA_LAST_MSECS] = { "msecs", FIELD_BE64, MOVES, UNIT_MILLISECONDS, "since the last packet" },
	[NFTA_LAST_PAD] = { "pad", FIELD_PAD },
};
EXPRESSION(last, last);

NAMES(nat_types, false, { NFT_NAT_SNAT, "snat" }, { NFT_NAT_DNAT, "dnat" });
/* NF_NAT_RANGE_*. Which of the registers count the kernel tells among the flags. */
NAMES(nat_flags, true, { 1, "map_ips" }, { 2, "proto_specified" }, { 4, "random" }, { 8, "persistent" }, { 16, "fully_random" },
      { 32, "proto_offset" }, { 64, "netmap" });

static const struct field nat[] = {
	[NFTA_NAT_TYPE] = { "type", FIELD_BE32, SET, 0, "which end is translated", .names = &nat_types },
	[NFTA_NAT_FAMILY] = { "family", FIELD_BE32, SET, 0, "of the addresses", .names = &words_netfilter_layer3 },
	[NFTA_NAT_REG_ADDR_MIN] = { REGISTER("addr_min", "the first address") },
	[NFTA_NAT_REG_ADDR_MAX] = { REGISTER("addr_max", "the last address") },
	[NFTA_NAT_REG_PROTO_MIN] = { REGISTER("proto_min", "the first port") },
	[NFTA_NAT_REG_PROTO_MAX] = { REGISTER("proto_max", "the last port") },
	[NFTA_NAT_FLAGS] = { "flags", FIELD_BE32, SET, 0, "how one is chosen", .names = &nat_flags },
};
EXPRESSION(nat, nat);

static const struct field masq[] = {
	[NFTA_MASQ_FLAGS] = { "flags", FIELD_BE32, SET, 0, "how a port is chosen", .names = &nat_flags },
	[NFTA_MASQ_REG_PROTO_MIN] = { REGISTER("proto_min", "the first port") },
	[NFTA_MASQ_REG_PROTO_MAX] = { REGISTER("proto_max", "the last port") },
};
EXPRESSION(masq, masq);

static const struct field redir[] = {
	[NFTA_REDIR_REG_PROTO_MIN] = { REGISTER("proto_min", "the first port") },
	[NFTA_REDIR_REG_PROTO_MAX] = { REGISTER("proto_max", "the last port") },
	[NFTA_REDIR_FLAGS] = { "flags", FIELD_BE32, SET, 0, "how a port is chosen", .names = &nat_flags },
};
EXPRESSION(redir, redir);

static const struct field tproxy[] = {
	[NFTA_TPROXY_FAMILY] = { "family", FIELD_BE32, SET, 0, "of the address", .names = &words_netfilter_layer3 },
	[NFTA_TPROXY_REG_ADDR] = { REGISTER("addr", "the address") },
	[NFTA_TPROXY_REG_PORT] = { REGISTER("port", "the port") },
};
EXPRESSION(tproxy, tproxy);

NAMES(log_levels, false, { NFT_LOGLEVEL_EMERG, "emerg" }, { NFT_LOGLEVEL_ALERT, "alert" }, { NFT_LOGLEVEL_CRIT, "crit" }, { NFT_LOGLEVEL_ERR, "err" },
      { NFT_LOGLEVEL_WARNING, "warn" }, { NFT_LOGLEVEL_NOTICE, "notice" }, { NFT_LOGLEVEL_INFO, "info" }, { NFT_LOGLEVEL_DEBUG, "debug" },
      { NFT_LOGLEVEL_AUDIT, "audit" });
/* NF_LOG_* */
NAMES(log_flags, true, { 1, "tcp_sequence" }, { 2, "tcp_options" }, { 4, "ip_options" }, { 8, "skuid" }, { 16, "nflog" }, { 32, "ether" });

static const struct field log_fields[] = {
	[NFTA_LOG_GROUP] = { "group", FIELD_BE16, SET, 0, "netlink group that has it" },
	[NFTA_LOG_PREFIX] = { "prefix", FIELD_TEXT, SET, 0, "what each line begins with" },
	[NFTA_LOG_SNAPLEN] = { "snaplen", FIELD_BE32, SET, UNIT_BYTES, "of a packet" },
	[NFTA_LOG_QTHRESHOLD] = { "queue_threshold", FIELD_BE16, SET, UNIT_PACKETS, "that wait for each other" },
	[NFTA_LOG_LEVEL] = { "level", FIELD_BE32, SET, 0, "how urgent it is", .names = &log_levels },
	[NFTA_LOG_FLAGS] = { "flags", FIELD_BE32, SET, 0, "what is told", .names = &log_flags },
};
EXPRESSION(log, log_fields);

NAMES(reject_types, false, { NFT_REJECT_ICMP_UNREACH, "icmp_unreachable" }, { NFT_REJECT_TCP_RST, "tcp_reset" },
      { NFT_REJECT_ICMPX_UNREACH, "icmpx_unreachable" });

static const struct field reject[] = {
	[NFTA_REJECT_TYPE] = { "type", FIELD_BE32, SET, 0, "what the sender is told", .names = &reject_types },
	[NFTA_REJECT_ICMP_CODE] = { "icmp_code", FIELD_U8, SET, 0, "code of the ICMP message" },
};
EXPRESSION(reject, reject);

NAMES(queue_flags, true, { NFT_QUEUE_FLAG_BYPASS, "bypass" }, { NFT_QUEUE_FLAG_CPU_FANOUT, "fanout" });

static const struct field queue[] = {
	[NFTA_QUEUE_NUM] = { "num", FIELD_BE16, SET, 0, "the first queue" },
	[NFTA_QUEUE_TOTAL] = { "total", FIELD_BE16, SET, 0, "how many from it on" },
	[NFTA_QUEUE_FLAGS] = { "flags", FIELD_BE16, SET, 0, "how one is chosen, and what becomes of packets that nobody takes",
			       .names = &queue_flags },
	[NFTA_QUEUE_SREG_QNUM] = { REGISTER("sreg_qnum", "the number of the queue") },
};
EXPRESSION(queue, queue);

NAMES(dynset_ops, false, { NFT_DYNSET_OP_ADD, "add" }, { NFT_DYNSET_OP_UPDATE, "update" }, { NFT_DYNSET_OP_DELETE, "delete" });
NAMES(dynset_flags, true, { NFT_DYNSET_F_INV, "invert" }, { NFT_DYNSET_F_EXPR, "expressions" });

static const struct field dynset[] = {
	[NFTA_DYNSET_SET_NAME] = { "set", FIELD_TEXT, SET, 0, "set or map" },
	[NFTA_DYNSET_SET_ID] = { "set_id", FIELD_BE32, SET, 0, "number of a set that is made with it" },
	[NFTA_DYNSET_OP] = { "op", FIELD_BE32, SET, 0, "what becomes of the element", .names = &dynset_ops },
	[NFTA_DYNSET_SREG_KEY] = { REGISTER("sreg_key", "the key") },
	[NFTA_DYNSET_SREG_DATA] = { REGISTER("sreg_data", "the data") },
	[NFTA_DYNSET_TIMEOUT] = { "timeout", FIELD_BE64, SET, UNIT_MILLISECONDS, "after which it goes" },
	[NFTA_DYNSET_EXPR] = { "expression", FIELD_RECORD, SET, 0, "what each element counts or limits", .schema = &schema_netfilter_expression },
	[NFTA_DYNSET_PAD] = { "pad", FIELD_PAD },
	[NFTA_DYNSET_FLAGS] = { "flags", FIELD_BE32, SET, 0, "how it is done", .names = &dynset_flags },
	[NFTA_DYNSET_EXPRESSIONS] = { "expressions", FIELD_LIST, SET, 0, "what each element counts or limits",
				      .element = &field_netfilter_expression },
};
EXPRESSION(dynset, dynset);

static const struct field objref[] = {
	[NFTA_OBJREF_IMM_TYPE] = { "type", FIELD_BE32, SET, 0, "kind of the object", .names = &words_netfilter_object },
	[NFTA_OBJREF_IMM_NAME] = { "name", FIELD_TEXT, SET, 0, "the object" },
	[NFTA_OBJREF_SET_SREG] = { REGISTER("sreg", "the key by which a map tells the object") },
	[NFTA_OBJREF_SET_NAME] = { "set", FIELD_TEXT, SET, 0, "that map" },
	[NFTA_OBJREF_SET_ID] = { "set_id", FIELD_BE32, SET, 0, "number of a map that is made with it" },
};
EXPRESSION(objref, objref);

static const struct field dup_fields[] = {
	[NFTA_DUP_SREG_ADDR] = { REGISTER("addr", "the address that has the copy") },
	[NFTA_DUP_SREG_DEV] = { REGISTER("dev", "the device that it leaves by") },
};
EXPRESSION(dup, dup_fields);

static const struct field fwd[] = {
	[NFTA_FWD_SREG_DEV] = { REGISTER("dev", "the device that it leaves by") },
	[NFTA_FWD_SREG_ADDR] = { REGISTER("addr", "the address that has it") },
	[NFTA_FWD_NFPROTO] = { "family", FIELD_BE32, SET, 0, "of the address", .names = &words_netfilter_layer3 },
};
EXPRESSION(fwd, fwd);

/* NF_SYNPROXY_OPT_* */
NAMES(synproxy_flags, true, { 1, "mss" }, { 2, "wscale" }, { 4, "sack_perm" }, { 8, "timestamp" }, { 16, "ecn" });

static const struct field synproxy[] = {
	[NFTA_SYNPROXY_MSS] = { "mss", FIELD_BE16, SET, UNIT_BYTES, "most of a segment" },
	[NFTA_SYNPROXY_WSCALE] = { "wscale", FIELD_U8, SET, 0, "scale of the window" },
	[NFTA_SYNPROXY_FLAGS] = { "flags", FIELD_BE32, SET, 0, "options that are offered", .names = &synproxy_flags },
};
EXPRESSION(synproxy, synproxy);

static const struct field flow[] = {
	[NFTA_FLOW_TABLE_NAME] = { "flowtable", FIELD_TEXT, SET, 0, "flowtable that has the connection from now on" },
};
EXPRESSION(flow, flow);

/* NFTA_MATCH_*, NFTA_TARGET_*: an extension of iptables, whose own layout only that knows. */
static const struct field compat[] = {
	[1] = { "name", FIELD_TEXT, SET, 0, "extension of iptables" },
	[2] = { "rev", FIELD_BE32, SET, 0, "revision of its layout" },
	[3] = { "info", FIELD_BYTES, SET, 0, "what it is told, in that layout" },
};
EXPRESSION(compat, compat);
