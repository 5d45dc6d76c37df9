/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expressions of nftables that look at a packet or work on what was found in it. A register is a place where one leaves what a later one takes up.
 * Attributes and words that headers may lack stand by their number. */
#include "channel/netfilter.h"

#define SET         0 /* a rule is set as a whole: what is not known here goes with it */
#define SOURCE      "sreg", FIELD_BE32, SET, 0, "register that is read"
#define DESTINATION "dreg", FIELD_BE32, SET, 0, "register that is written"
#define EXPRESSION(word, array) \
	const struct schema schema_netfilter_##word = { .name = #word, .attributes = array, .attribute_count = ARRAY_SIZE(array) }

NAMES(bases, false, { NFT_PAYLOAD_LL_HEADER, "link" }, { NFT_PAYLOAD_NETWORK_HEADER, "network" }, { NFT_PAYLOAD_TRANSPORT_HEADER, "transport" },
      { NFT_PAYLOAD_INNER_HEADER, "inner" }, { 4, "tunnel" });
NAMES(checksums, false, { NFT_PAYLOAD_CSUM_NONE, "none" }, { NFT_PAYLOAD_CSUM_INET, "inet" }, { NFT_PAYLOAD_CSUM_SCTP, "sctp" });
NAMES(checksum_flags, true, { NFT_PAYLOAD_L4CSUM_PSEUDOHDR, "pseudo_header" });

static const struct field payload[] = {
	[NFTA_PAYLOAD_DREG] = { DESTINATION },
	[NFTA_PAYLOAD_BASE] = { "base", FIELD_BE32, SET, 0, "header that it counts from", .names = &bases },
	[NFTA_PAYLOAD_OFFSET] = { "offset", FIELD_BE32, SET, UNIT_BYTES, "where it begins" },
	[NFTA_PAYLOAD_LEN] = { "len", FIELD_BE32, SET, UNIT_BYTES, "how much of it" },
	[NFTA_PAYLOAD_SREG] = { SOURCE },
	[NFTA_PAYLOAD_CSUM_TYPE] = { "csum_type", FIELD_BE32, SET, 0, "checksum that is mended", .names = &checksums },
	[NFTA_PAYLOAD_CSUM_OFFSET] = { "csum_offset", FIELD_BE32, SET, UNIT_BYTES, "where that stands" },
	[NFTA_PAYLOAD_CSUM_FLAGS] = { "csum_flags", FIELD_BE32, SET, 0, "what else is mended", .names = &checksum_flags },
};
EXPRESSION(payload, payload);

/* As nft(8) calls them. */
NAMES(meta_keys, false, { NFT_META_LEN, "length" }, { NFT_META_PROTOCOL, "protocol" }, { NFT_META_PRIORITY, "priority" }, { NFT_META_MARK, "mark" },
      { NFT_META_IIF, "iif" }, { NFT_META_OIF, "oif" }, { NFT_META_IIFNAME, "iifname" }, { NFT_META_OIFNAME, "oifname" },
      { NFT_META_IFTYPE, "iiftype" }, { NFT_META_OIFTYPE, "oiftype" }, { NFT_META_SKUID, "skuid" }, { NFT_META_SKGID, "skgid" },
      { NFT_META_NFTRACE, "nftrace" }, { NFT_META_RTCLASSID, "rtclassid" }, { NFT_META_SECMARK, "secmark" }, { NFT_META_NFPROTO, "nfproto" },
      { NFT_META_L4PROTO, "l4proto" }, { NFT_META_BRI_IIFNAME, "ibrname" }, { NFT_META_BRI_OIFNAME, "obrname" }, { NFT_META_PKTTYPE, "pkttype" },
      { NFT_META_CPU, "cpu" }, { NFT_META_IIFGROUP, "iifgroup" }, { NFT_META_OIFGROUP, "oifgroup" }, { NFT_META_CGROUP, "cgroup" },
      { NFT_META_PRANDOM, "random" }, { NFT_META_SECPATH, "secpath" }, { NFT_META_IIFKIND, "iifkind" }, { NFT_META_OIFKIND, "oifkind" },
      { NFT_META_BRI_IIFPVID, "ibrpvid" }, { NFT_META_BRI_IIFVPROTO, "ibrvproto" }, { NFT_META_TIME_NS, "time" }, { NFT_META_TIME_DAY, "day" },
      { NFT_META_TIME_HOUR, "hour" }, { NFT_META_SDIF, "sdif" }, { NFT_META_SDIFNAME, "sdifname" }, { 35, "broute" }, { 37, "ibrhwaddr" });

static const struct field meta[] = {
	[NFTA_META_DREG] = { DESTINATION },
	[NFTA_META_KEY] = { "key", FIELD_BE32, SET, 0, "what is known of the packet", .names = &meta_keys },
	[NFTA_META_SREG] = { SOURCE },
};
EXPRESSION(meta, meta);

NAMES(comparisons, false, { NFT_CMP_EQ, "eq" }, { NFT_CMP_NEQ, "neq" }, { NFT_CMP_LT, "lt" }, { NFT_CMP_LTE, "lte" }, { NFT_CMP_GT, "gt" },
      { NFT_CMP_GTE, "gte" });

static const struct field cmp[] = {
	[NFTA_CMP_SREG] = { SOURCE },
	[NFTA_CMP_OP] = { "op", FIELD_BE32, SET, 0, "how it must compare", .names = &comparisons },
	[NFTA_CMP_DATA] = { "data", FIELD_RECORD, SET, 0, "with what", .schema = &schema_netfilter_data },
};
EXPRESSION(cmp, cmp);

NAMES(range_ops, false, { NFT_RANGE_EQ, "eq" }, { NFT_RANGE_NEQ, "neq" });

static const struct field range[] = {
	[NFTA_RANGE_SREG] = { SOURCE },
	[NFTA_RANGE_OP] = { "op", FIELD_BE32, SET, 0, "inside or outside", .names = &range_ops },
	[NFTA_RANGE_FROM_DATA] = { "from", FIELD_RECORD, SET, 0, "the least", .schema = &schema_netfilter_data },
	[NFTA_RANGE_TO_DATA] = { "to", FIELD_RECORD, SET, 0, "the most", .schema = &schema_netfilter_data },
};
EXPRESSION(range, range);

NAMES(lookup_flags, true, { NFT_LOOKUP_F_INV, "invert" });

static const struct field lookup[] = {
	[NFTA_LOOKUP_SET] = { "set", FIELD_TEXT, SET, 0, "set or map" },
	[NFTA_LOOKUP_SREG] = { SOURCE },
	[NFTA_LOOKUP_DREG] = { DESTINATION },
	[NFTA_LOOKUP_SET_ID] = { "set_id", FIELD_BE32, SET, 0, "number of a set that is made with it" },
	[NFTA_LOOKUP_FLAGS] = { "flags", FIELD_BE32, SET, 0, "whether it must not be in it", .names = &lookup_flags },
};
EXPRESSION(lookup, lookup);

static const struct field immediate[] = {
	[NFTA_IMMEDIATE_DREG] = { DESTINATION },
	[NFTA_IMMEDIATE_DATA] = { "data", FIELD_RECORD, SET, 0, "what is written there: a value, or the verdict", .schema = &schema_netfilter_data },
};
EXPRESSION(immediate, immediate);

NAMES(bitwise_ops, false, { NFT_BITWISE_BOOL, "mask_xor" }, { NFT_BITWISE_LSHIFT, "lshift" }, { NFT_BITWISE_RSHIFT, "rshift" }, { 3, "and" },
      { 4, "or" }, { 5, "xor" });

static const struct field bitwise[] = {
	[NFTA_BITWISE_SREG] = { SOURCE },
	[NFTA_BITWISE_DREG] = { DESTINATION },
	[NFTA_BITWISE_LEN] = { "len", FIELD_BE32, SET, UNIT_BYTES, "how much of it" },
	[NFTA_BITWISE_MASK] = { "mask", FIELD_RECORD, SET, 0, "bits that stay", .schema = &schema_netfilter_data },
	[NFTA_BITWISE_XOR] = { "xor", FIELD_RECORD, SET, 0, "bits that are turned round then", .schema = &schema_netfilter_data },
	[NFTA_BITWISE_OP] = { "op", FIELD_BE32, SET, 0, "what is done", .names = &bitwise_ops },
	[NFTA_BITWISE_DATA] = { "data", FIELD_RECORD, SET, 0, "by how much", .schema = &schema_netfilter_data },
	[8] = { "sreg2", FIELD_BE32, SET, 0, "second register that is read" }, /* NFTA_BITWISE_SREG2, 6.13 */
};
EXPRESSION(bitwise, bitwise);

NAMES(byteorder_ops, false, { NFT_BYTEORDER_NTOH, "ntoh" }, { NFT_BYTEORDER_HTON, "hton" });

static const struct field byteorder[] = {
	[NFTA_BYTEORDER_SREG] = { SOURCE },
	[NFTA_BYTEORDER_DREG] = { DESTINATION },
	[NFTA_BYTEORDER_OP] = { "op", FIELD_BE32, SET, 0, "to which order", .names = &byteorder_ops },
	[NFTA_BYTEORDER_LEN] = { "len", FIELD_BE32, SET, UNIT_BYTES, "how much of it" },
	[NFTA_BYTEORDER_SIZE] = { "size", FIELD_BE32, SET, UNIT_BYTES, "of a number" },
};
EXPRESSION(byteorder, byteorder);

NAMES(ct_keys, false, { NFT_CT_STATE, "state" }, { NFT_CT_DIRECTION, "direction" }, { NFT_CT_STATUS, "status" }, { NFT_CT_MARK, "mark" },
      { NFT_CT_SECMARK, "secmark" }, { NFT_CT_EXPIRATION, "expiration" }, { NFT_CT_HELPER, "helper" }, { NFT_CT_L3PROTOCOL, "l3proto" },
      { NFT_CT_SRC, "saddr" }, { NFT_CT_DST, "daddr" }, { NFT_CT_PROTOCOL, "protocol" }, { NFT_CT_PROTO_SRC, "proto_src" },
      { NFT_CT_PROTO_DST, "proto_dst" }, { NFT_CT_LABELS, "label" }, { NFT_CT_PKTS, "packets" }, { NFT_CT_BYTES, "bytes" },
      { NFT_CT_AVGPKT, "avgpkt" }, { NFT_CT_ZONE, "zone" }, { NFT_CT_EVENTMASK, "event" }, { NFT_CT_SRC_IP, "saddr_ip" },
      { NFT_CT_DST_IP, "daddr_ip" }, { NFT_CT_SRC_IP6, "saddr_ip6" }, { NFT_CT_DST_IP6, "daddr_ip6" }, { NFT_CT_ID, "id" });
NAMES(ct_directions, false, { 0, "original" }, { 1, "reply" });

static const struct field ct[] = {
	[NFTA_CT_DREG] = { DESTINATION },
	[NFTA_CT_KEY] = { "key", FIELD_BE32, SET, 0, "what is known of the connection", .names = &ct_keys },
	[NFTA_CT_DIRECTION] = { "direction", FIELD_U8, SET, 0, "which way", .names = &ct_directions },
	[NFTA_CT_SREG] = { SOURCE },
};
EXPRESSION(ct, ct);

NAMES(fib_results, false, { NFT_FIB_RESULT_OIF, "oif" }, { NFT_FIB_RESULT_OIFNAME, "oifname" }, { NFT_FIB_RESULT_ADDRTYPE, "type" });
NAMES(fib_flags, true, { NFTA_FIB_F_SADDR, "saddr" }, { NFTA_FIB_F_DADDR, "daddr" }, { NFTA_FIB_F_MARK, "mark" }, { NFTA_FIB_F_IIF, "iif" },
      { NFTA_FIB_F_OIF, "oif" }, { NFTA_FIB_F_PRESENT, "present" });

static const struct field fib[] = {
	[NFTA_FIB_DREG] = { DESTINATION },
	[NFTA_FIB_RESULT] = { "result", FIELD_BE32, SET, 0, "what is asked of the route", .names = &fib_results },
	[NFTA_FIB_FLAGS] = { "flags", FIELD_BE32, SET, 0, "by what it is looked for", .names = &fib_flags },
};
EXPRESSION(fib, fib);

NAMES(rt_keys, false, { NFT_RT_CLASSID, "classid" }, { NFT_RT_NEXTHOP4, "nexthop_ip" }, { NFT_RT_NEXTHOP6, "nexthop_ip6" }, { NFT_RT_TCPMSS, "mtu" },
      { NFT_RT_XFRM, "ipsec" });

static const struct field rt[] = {
	[NFTA_RT_DREG] = { DESTINATION },
	[NFTA_RT_KEY] = { "key", FIELD_BE32, SET, 0, "what is known of the route", .names = &rt_keys },
};
EXPRESSION(rt, rt);

NAMES(socket_keys, false, { NFT_SOCKET_TRANSPARENT, "transparent" }, { NFT_SOCKET_MARK, "mark" }, { NFT_SOCKET_WILDCARD, "wildcard" },
      { NFT_SOCKET_CGROUPV2, "cgroupv2" });

static const struct field socket_fields[] = {
	[NFTA_SOCKET_KEY] = { "key", FIELD_BE32, SET, 0, "what is known of the socket", .names = &socket_keys },
	[NFTA_SOCKET_DREG] = { DESTINATION },
	[NFTA_SOCKET_LEVEL] = { "level", FIELD_BE32, SET, 0, "of the cgroup, counted from the root" },
};
EXPRESSION(socket, socket_fields);

NAMES(exthdr_flags, true, { NFT_EXTHDR_F_PRESENT, "present" });
NAMES(exthdr_ops, false, { NFT_EXTHDR_OP_IPV6, "ip6" }, { NFT_EXTHDR_OP_TCPOPT, "tcp" }, { NFT_EXTHDR_OP_IPV4, "ip" }, { NFT_EXTHDR_OP_SCTP, "sctp" },
      { 5, "dccp" });

static const struct field exthdr[] = {
	[NFTA_EXTHDR_DREG] = { DESTINATION },
	[NFTA_EXTHDR_TYPE] = { "type", FIELD_U8, SET, 0, "number of the header, option or chunk" },
	[NFTA_EXTHDR_OFFSET] = { "offset", FIELD_BE32, SET, UNIT_BYTES, "where it begins in it" },
	[NFTA_EXTHDR_LEN] = { "len", FIELD_BE32, SET, UNIT_BYTES, "how much of it" },
	[NFTA_EXTHDR_FLAGS] = { "flags", FIELD_BE32, SET, 0, "whether just its presence is asked for", .names = &exthdr_flags },
	[NFTA_EXTHDR_OP] = { "op", FIELD_BE32, SET, 0, "protocol that it is of", .names = &exthdr_ops },
	[NFTA_EXTHDR_SREG] = { SOURCE },
};
EXPRESSION(exthdr, exthdr);

NAMES(numgen_types, false, { NFT_NG_INCREMENTAL, "inc" }, { NFT_NG_RANDOM, "random" });

static const struct field numgen[] = {
	[NFTA_NG_DREG] = { DESTINATION },
	[NFTA_NG_MODULUS] = { "modulus", FIELD_BE32, SET, 0, "numbers stay below it" },
	[NFTA_NG_TYPE] = { "type", FIELD_BE32, SET, 0, "one after the other, or at random", .names = &numgen_types },
	[NFTA_NG_OFFSET] = { "offset", FIELD_BE32, SET, 0, "added to the number" },
};
EXPRESSION(numgen, numgen);

NAMES(hash_types, false, { NFT_HASH_JENKINS, "jhash" }, { NFT_HASH_SYM, "symhash" });

static const struct field hash[] = {
	[NFTA_HASH_SREG] = { SOURCE },
	[NFTA_HASH_DREG] = { DESTINATION },
	[NFTA_HASH_LEN] = { "len", FIELD_BE32, SET, UNIT_BYTES, "how much goes into it" },
	[NFTA_HASH_MODULUS] = { "modulus", FIELD_BE32, SET, 0, "numbers stay below it" },
	[NFTA_HASH_SEED] = { "seed", FIELD_BE32, SET | FIELD_HEX, 0, "what the numbers depend on" },
	[NFTA_HASH_OFFSET] = { "offset", FIELD_BE32, SET, 0, "added to the number" },
	[NFTA_HASH_TYPE] = { "type", FIELD_BE32, SET, 0, "of some bytes, or of the connection either way", .names = &hash_types },
};
EXPRESSION(hash, hash);

NAMES(osf_flags, true, { NFT_OSF_F_VERSION, "version" });
NAMES(osf_ttls, false, { 0, "true" }, { 1, "loose" }, { 2, "skip" });

static const struct field osf[] = {
	[NFTA_OSF_DREG] = { DESTINATION },
	[NFTA_OSF_TTL] = { "ttl", FIELD_U8, SET, 0, "how the time to live is compared", .names = &osf_ttls },
	[NFTA_OSF_FLAGS] = { "flags", FIELD_BE32, SET, 0, "whether the version counts", .names = &osf_flags },
};
EXPRESSION(osf, osf);

NAMES(xfrm_keys, false, { NFT_XFRM_KEY_DADDR_IP4, "daddr_ip" }, { NFT_XFRM_KEY_DADDR_IP6, "daddr_ip6" }, { NFT_XFRM_KEY_SADDR_IP4, "saddr_ip" },
      { NFT_XFRM_KEY_SADDR_IP6, "saddr_ip6" }, { NFT_XFRM_KEY_REQID, "reqid" }, { NFT_XFRM_KEY_SPI, "spi" });
NAMES(xfrm_directions, false, { 0, "in" }, { 1, "out" }, { 2, "fwd" });

static const struct field xfrm[] = {
	[NFTA_XFRM_DREG] = { DESTINATION },
	[NFTA_XFRM_KEY] = { "key", FIELD_BE32, SET, 0, "what is known of the IPsec state", .names = &xfrm_keys },
	[NFTA_XFRM_DIR] = { "dir", FIELD_U8, SET, 0, "which way", .names = &xfrm_directions },
	[NFTA_XFRM_SPNUM] = { "spnum", FIELD_BE32, SET, 0, "which of several, from 0" },
};
EXPRESSION(xfrm, xfrm);

NAMES(tunnel_keys, false, { NFT_TUNNEL_PATH, "path" }, { NFT_TUNNEL_ID, "id" });
NAMES(tunnel_modes, false, { NFT_TUNNEL_MODE_NONE, "none" }, { NFT_TUNNEL_MODE_RX, "rx" }, { NFT_TUNNEL_MODE_TX, "tx" });

static const struct field tunnel[] = {
	[NFTA_TUNNEL_KEY] = { "key", FIELD_BE32, SET, 0, "what is known of the tunnel", .names = &tunnel_keys },
	[NFTA_TUNNEL_DREG] = { DESTINATION },
	[NFTA_TUNNEL_MODE] = { "mode", FIELD_BE32, SET, 0, "which way", .names = &tunnel_modes },
};
EXPRESSION(tunnel, tunnel);
