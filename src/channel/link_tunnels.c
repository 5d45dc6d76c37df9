/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vxlan and geneve. What their drivers refuse to change later is only taken at creation. */
#include <linux/if_link.h>

#include "channel/codecs.h"
#include "channel/link.h"

#define SET FIELD_SETTABLE

static const struct field port_range[] = {
	{ "low", FIELD_BE16, SET, 0, "first", HEADER_FIELD(struct ifla_vxlan_port_range, low) },
	{ "high", FIELD_BE16, SET, 0, "last", HEADER_FIELD(struct ifla_vxlan_port_range, high) },
};
static const struct schema schema_port_range = {
	.name = "port_range", .header_size = sizeof(struct ifla_vxlan_port_range), .header = port_range, .header_count = ARRAY_SIZE(port_range)
};

NAMES(fragment, false, { 0, "unset" }, { 1, "set" }, { 2, "inherit" });
NAMES(label_policy, false, { 0, "fixed" }, { 1, "inherit" });

static const struct field vxlan[] = {
	[IFLA_VXLAN_ID] = { "id", FIELD_U32, FIELD_CREATE, 0, "VXLAN network identifier", LIMITS(.maximum = 0xffffff) },
	[IFLA_VXLAN_GROUP] = { "remote", FIELD_ADDRESS, SET, 0, "default destination, IPv4" },
	[IFLA_VXLAN_LINK] = { "link", FIELD_INTERFACE, SET, 0, "link that carries the tunnel" },
	[IFLA_VXLAN_LOCAL] = { "local", FIELD_ADDRESS, SET, 0, "source address, IPv4" },
	[IFLA_VXLAN_TTL] = { "ttl", FIELD_U8, SET, 0, "0 = the default" },
	[IFLA_VXLAN_TOS] = { "tos", FIELD_U8, SET, 0, "1 = inherit" },
	[IFLA_VXLAN_LEARNING] = { "learning", FIELD_BOOL, SET, 0, "learns source addresses" },
	[IFLA_VXLAN_AGEING] = { "ageing", FIELD_U32, SET, UNIT_SECONDS, "of a learnt address" },
	[IFLA_VXLAN_LIMIT] = { "limit", FIELD_U32, SET, 0, "addresses at most, 0 = no limit" },
	[IFLA_VXLAN_PORT_RANGE] = { "port_range", FIELD_RECORD, FIELD_CREATE, 0, "UDP source ports, 0 = the host's range",
				    .schema = &schema_port_range },
	[IFLA_VXLAN_PROXY] = { "proxy", FIELD_BOOL, FIELD_CREATE, 0, "answers neighbour questions" },
	[IFLA_VXLAN_RSC] = { "rsc", FIELD_BOOL, FIELD_CREATE, 0, "route short circuit" },
	[IFLA_VXLAN_L2MISS] = { "l2miss", FIELD_BOOL, FIELD_CREATE, 0, "tells unknown hardware addresses" },
	[IFLA_VXLAN_L3MISS] = { "l3miss", FIELD_BOOL, FIELD_CREATE, 0, "tells unknown network addresses" },
	[IFLA_VXLAN_PORT] = { "port", FIELD_BE16, FIELD_CREATE, 0, "UDP destination port" },
	[IFLA_VXLAN_GROUP6] = { "remote6", FIELD_ADDRESS, SET, 0, "default destination, IPv6" },
	[IFLA_VXLAN_LOCAL6] = { "local6", FIELD_ADDRESS, SET, 0, "source address, IPv6" },
	[IFLA_VXLAN_UDP_CSUM] = { "udp_csum", FIELD_BOOL, FIELD_CREATE, 0, "UDP checksums over IPv4" },
	[IFLA_VXLAN_UDP_ZERO_CSUM6_TX] = { "udp_zero_csum6_tx", FIELD_BOOL, FIELD_CREATE, 0, "sends without a checksum over IPv6" },
	[IFLA_VXLAN_UDP_ZERO_CSUM6_RX] = { "udp_zero_csum6_rx", FIELD_BOOL, FIELD_CREATE, 0, "takes packets without a checksum over IPv6" },
	[IFLA_VXLAN_REMCSUM_TX] = { "remcsum_tx", FIELD_BOOL, FIELD_CREATE, 0, "remote checksum offload on sending" },
	[IFLA_VXLAN_REMCSUM_RX] = { "remcsum_rx", FIELD_BOOL, FIELD_CREATE, 0, "remote checksum offload on receipt" },
	[IFLA_VXLAN_GBP] = { "gbp", FIELD_FLAG, FIELD_CREATE, 0, "group policy extension" },
	[IFLA_VXLAN_REMCSUM_NOPARTIAL] = { "remcsum_nopartial", FIELD_FLAG, FIELD_CREATE, 0, "no partial checksums" },
	[IFLA_VXLAN_COLLECT_METADATA] = { "external", FIELD_BOOL, FIELD_CREATE, 0, "destinations come from outside (routes, tc, Open vSwitch)" },
	[IFLA_VXLAN_LABEL] = { "label", FIELD_BE32, SET | FIELD_HEX, 0, "IPv6 flow label" },
	[IFLA_VXLAN_GPE] = { "gpe", FIELD_FLAG, FIELD_CREATE, 0, "generic protocol extension" },
	[IFLA_VXLAN_TTL_INHERIT] = { "ttl_inherit", FIELD_CODEC, SET, 0, "TTL of the packet inside", .codec = &codec_byte_flag },
	[IFLA_VXLAN_DF] = { "df", FIELD_U8, SET, 0, "do-not-fragment bit", .names = &fragment },
	[30] = { "vnifilter", FIELD_BOOL, FIELD_CREATE, 0, "only networks that were added" }, /* IFLA_VXLAN_VNIFILTER */
	[31] = { "localbypass", FIELD_BOOL, SET, 0, "goes directly to a local tunnel of the same network" },
	[32] = { "label_policy", FIELD_U32, SET, 0, "where the flow label comes from", .names = &label_policy },
	[33] = { "reserved_bits", FIELD_BYTES, FIELD_CREATE, 0, "bits of the header that must be 0 on receipt" },
	[34] = { "mc_route", FIELD_BOOL, FIELD_CREATE, 0, "multicast follows the multicast routes" },
};
const struct schema schema_link_vxlan = { .name = "vxlan", .help = "vxlan links", .attributes = vxlan, .attribute_count = ARRAY_SIZE(vxlan) };

static const struct field geneve_port_range[] = {
	{ "low", FIELD_BE16, SET, 0, "first", .offset = 0, .size = 2 },
	{ "high", FIELD_BE16, SET, 0, "last", .offset = 2, .size = 2 },
};
static const struct schema schema_geneve_port_range = {
	.name = "port_range", .header_size = 4, .header = geneve_port_range, .header_count = ARRAY_SIZE(geneve_port_range)
};

static const struct field geneve[] = {
	[IFLA_GENEVE_ID] = { "id", FIELD_U32, FIELD_CREATE, 0, "virtual network identifier", LIMITS(.maximum = 0xffffff) },
	[IFLA_GENEVE_REMOTE] = { "remote", FIELD_ADDRESS, SET, 0, "destination, IPv4" },
	[IFLA_GENEVE_TTL] = { "ttl", FIELD_U8, SET, 0, "0 = the default" },
	[IFLA_GENEVE_TOS] = { "tos", FIELD_U8, SET, 0, "1 = inherit" },
	[IFLA_GENEVE_PORT] = { "port", FIELD_BE16, FIELD_CREATE, 0, "UDP destination port" },
	[IFLA_GENEVE_COLLECT_METADATA] = { "external", FIELD_FLAG, FIELD_CREATE, 0, "destinations come from outside" },
	[IFLA_GENEVE_REMOTE6] = { "remote6", FIELD_ADDRESS, SET, 0, "destination, IPv6" },
	[IFLA_GENEVE_UDP_CSUM] = { "udp_csum", FIELD_BOOL, FIELD_CREATE, 0, "UDP checksums over IPv4" },
	[IFLA_GENEVE_UDP_ZERO_CSUM6_TX] = { "udp_zero_csum6_tx", FIELD_BOOL, FIELD_CREATE, 0, "sends without a checksum over IPv6" },
	[IFLA_GENEVE_UDP_ZERO_CSUM6_RX] = { "udp_zero_csum6_rx", FIELD_BOOL, FIELD_CREATE, 0, "takes packets without a checksum over IPv6" },
	[IFLA_GENEVE_LABEL] = { "label", FIELD_BE32, SET | FIELD_HEX, 0, "IPv6 flow label" },
	[IFLA_GENEVE_TTL_INHERIT] = { "ttl_inherit", FIELD_BOOL, SET, 0, "TTL of the packet inside" },
	[IFLA_GENEVE_DF] = { "df", FIELD_U8, SET, 0, "do-not-fragment bit", .names = &fragment },
	[IFLA_GENEVE_INNER_PROTO_INHERIT] = { "innerprotoinherit", FIELD_FLAG, FIELD_CREATE, 0, "protocol of the packet inside" },
	[15] = { "port_range", FIELD_RECORD, FIELD_CREATE, 0, "UDP source ports", .schema = &schema_geneve_port_range },
};
const struct schema schema_link_geneve = { .name = "geneve", .help = "geneve links", .attributes = geneve, .attribute_count = ARRAY_SIZE(geneve) };
