/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers of packets, as nft(8) calls their fields. Fields of 0 bits are none. Sources: nft(8), the RFCs of the protocols. */
#include <linux/if_ether.h>

#include "channel/netfilter_say.h"

#define BYTES 8
#define HEADER(identifier, word, where, ...)                                                                           \
	const struct header header_##identifier = {                                                                    \
		.name = word, .layer = where, .fields = identifier, .field_count = ARRAY_SIZE(identifier), __VA_ARGS__ \
	}

/* ---- What stands on IP ---- */

static const struct header_field ah[] = {
	{ "nexthdr", TYPE_INET_PROTOCOL, 0, 8, .is_protocol = true },
	{ "hdrlength", TYPE_INTEGER, 8, 8 },
	{ "reserved", TYPE_INTEGER, 16, 16 },
	{ "spi", TYPE_INTEGER, 4 * BYTES, 32 },
	{ "sequence", TYPE_INTEGER, 8 * BYTES, 32 },
};
static const struct header_field esp[] = { { "spi", TYPE_INTEGER, 0, 32 }, { "sequence", TYPE_INTEGER, 4 * BYTES, 32 } };
static const struct header_field comp[] = {
	{ "nexthdr", TYPE_INET_PROTOCOL, 0, 8, .is_protocol = true },
	{ "flags", TYPE_BITMASK, 8, 8 },
	{ "cpi", TYPE_INTEGER, 16, 16 },
};
static const struct header_field icmp[] = {
	{ "type", TYPE_ICMP_TYPE, 0, 8, .is_protocol = true },
	{ "code", TYPE_ICMP_CODE, 8, 8 },
	{ "checksum", TYPE_INTEGER, 16, 16 },
	{ "id", TYPE_INTEGER, 32, 16, .icmp_type = 8 },
	{ "sequence", TYPE_INTEGER, 48, 16, .icmp_type = 8 },
	{ "gateway", TYPE_INTEGER, 32, 32, .icmp_type = 5 },
	{ "mtu", TYPE_INTEGER, 48, 16, .icmp_type = 3 },
};
static const struct header_field icmp6[] = {
	{ "type", TYPE_ICMP6_TYPE, 0, 8, .is_protocol = true },
	{ "code", TYPE_ICMPV6_CODE, 8, 8 },
	{ "checksum", TYPE_INTEGER, 16, 16 },
	{ "parameter-problem", TYPE_INTEGER, 32, 32, .icmp_type = 4 },
	{ "mtu", TYPE_INTEGER, 32, 32, .icmp_type = 2 },
	{ "id", TYPE_INTEGER, 32, 16, .icmp_type = 128 },
	{ "sequence", TYPE_INTEGER, 48, 16, .icmp_type = 128 },
	{ "max-delay", TYPE_INTEGER, 32, 16, .icmp_type = 130 },
};
static const struct header_field igmp[] = {
	{ "type", TYPE_IGMP_TYPE, 0, 8 },
	{ "mrt", TYPE_INTEGER, 8, 8 },
	{ "checksum", TYPE_INTEGER, 16, 16 },
	{ "group", TYPE_INTEGER, 32, 32 },
};
static const struct header_field udp[] = {
	{ "sport", TYPE_INET_SERVICE, 0, 16 },
	{ "dport", TYPE_INET_SERVICE, 16, 16 },
	{ "length", TYPE_INTEGER, 32, 16 },
	{ "checksum", TYPE_INTEGER, 48, 16 },
};
static const struct header_field udplite[] = {
	{ "sport", TYPE_INET_SERVICE, 0, 16 },
	{ "dport", TYPE_INET_SERVICE, 16, 16 },
	{ "csumcov", TYPE_INTEGER, 32, 16 },
	{ "checksum", TYPE_INTEGER, 48, 16 },
};
static const struct header_field tcp[] = {
	{ "sport", TYPE_INET_SERVICE, 0, 16 }, { "dport", TYPE_INET_SERVICE, 16, 16 }, { "sequence", TYPE_INTEGER, 32, 32 },
	{ "ackseq", TYPE_INTEGER, 64, 32 },    { "doff", TYPE_INTEGER, 96, 4 },        { "reserved", TYPE_INTEGER, 100, 4 },
	{ "flags", TYPE_TCP_FLAG, 104, 8 },    { "window", TYPE_INTEGER, 112, 16 },    { "checksum", TYPE_INTEGER, 128, 16 },
	{ "urgptr", TYPE_INTEGER, 144, 16 },
};
static const struct header_field dccp[] = {
	{ "sport", TYPE_INET_SERVICE, 0, 16 },
	{ "dport", TYPE_INET_SERVICE, 16, 16 },
	{ "type", TYPE_DCCP_PKTTYPE, 67, 4 },
};
static const struct header_field sctp[] = {
	{ "sport", TYPE_INET_SERVICE, 0, 16 },
	{ "dport", TYPE_INET_SERVICE, 16, 16 },
	{ "vtag", TYPE_INTEGER, 32, 32 },
	{ "checksum", TYPE_INTEGER, 64, 32 },
};
/* Where the protocol is not known, but where its ports are. */
static const struct header_field any_transport[] = { { "sport", TYPE_INET_SERVICE, 0, 16 }, { "dport", TYPE_INET_SERVICE, 16, 16 } };

static const struct header *above_extension(uint32_t number);

static HEADER(ah, "ah", LAYER_TRANSPORT, .above = above_extension);
static HEADER(esp, "esp", LAYER_TRANSPORT);
static HEADER(comp, "comp", LAYER_TRANSPORT, .above = above_extension);
HEADER(icmp, "icmp", LAYER_TRANSPORT);
HEADER(icmp6, "icmpv6", LAYER_TRANSPORT);
static HEADER(igmp, "igmp", LAYER_TRANSPORT);
static HEADER(udp, "udp", LAYER_TRANSPORT);
static HEADER(udplite, "udplite", LAYER_TRANSPORT);
static HEADER(tcp, "tcp", LAYER_TRANSPORT);
static HEADER(dccp, "dccp", LAYER_TRANSPORT);
static HEADER(sctp, "sctp", LAYER_TRANSPORT);
HEADER(any_transport, "th", LAYER_TRANSPORT);
const struct header header_unknown = { .name = "unknown" };

const struct header *header_of_transport(uint32_t number)
{
	switch (number) {
	case IPPROTO_ICMP:
		return &header_icmp;
	case IPPROTO_IGMP:
		return &header_igmp;
	case IPPROTO_ICMPV6:
		return &header_icmp6;
	default:
		return above_extension(number);
	}
}

static const struct header *above_extension(uint32_t number)
{
	switch (number) {
	case IPPROTO_ESP:
		return &header_esp;
	case IPPROTO_AH:
		return &header_ah;
	case IPPROTO_COMP:
		return &header_comp;
	case IPPROTO_UDP:
		return &header_udp;
	case IPPROTO_UDPLITE:
		return &header_udplite;
	case IPPROTO_TCP:
		return &header_tcp;
	case IPPROTO_DCCP:
		return &header_dccp;
	case IPPROTO_SCTP:
		return &header_sctp;
	default:
		return NULL;
	}
}

/* ---- The network's layer ---- */

static const struct header_field ip[] = {
	{ "version", TYPE_INTEGER, 0, 4 },    { "hdrlength", TYPE_INTEGER, 4, 4 }, { "dscp", TYPE_DSCP, 8, 6 },
	{ "ecn", TYPE_ECN, 14, 2 },           { "length", TYPE_INTEGER, 16, 16 },  { "id", TYPE_INTEGER, 32, 16 },
	{ "frag-off", TYPE_INTEGER, 48, 16 }, { "ttl", TYPE_INTEGER, 64, 8 },      { "protocol", TYPE_INET_PROTOCOL, 72, 8, .is_protocol = true },
	{ "checksum", TYPE_INTEGER, 80, 16 }, { "saddr", TYPE_IPADDR, 96, 32 },    { "daddr", TYPE_IPADDR, 128, 32 },
};
static const struct header_field ip6[] = {
	{ "version", TYPE_INTEGER, 0, 4 },     { "dscp", TYPE_DSCP, 4, 6 },        { "ecn", TYPE_ECN, 10, 2 },
	{ "flowlabel", TYPE_INTEGER, 12, 20 }, { "length", TYPE_INTEGER, 32, 16 }, { "nexthdr", TYPE_INET_PROTOCOL, 48, 8, .is_protocol = true },
	{ "hoplimit", TYPE_INTEGER, 56, 8 },   { "saddr", TYPE_IP6ADDR, 64, 128 }, { "daddr", TYPE_IP6ADDR, 192, 128 },
};
static const struct header_field arp[] = {
	{ "htype", TYPE_INTEGER, 0, 16 },     { "ptype", TYPE_ETHERTYPE, 16, 16 },        { "hlen", TYPE_INTEGER, 32, 8 },
	{ "plen", TYPE_INTEGER, 40, 8 },      { "operation", TYPE_ARPOP, 48, 16 },        { "saddr ether", TYPE_ETHERADDR, 64, 48 },
	{ "saddr ip", TYPE_IPADDR, 112, 32 }, { "daddr ether", TYPE_ETHERADDR, 144, 48 }, { "daddr ip", TYPE_IPADDR, 192, 32 },
};
HEADER(ip, "ip", LAYER_NETWORK, .above = header_of_transport);
HEADER(ip6, "ip6", LAYER_NETWORK, .above = header_of_transport);
HEADER(arp, "arp", LAYER_NETWORK);

/* ---- The link's layer ---- */

static const struct header *of_ether_type(uint32_t number)
{
	switch (number) {
	case ETH_P_IP:
		return &header_ip;
	case ETH_P_ARP:
		return &header_arp;
	case ETH_P_IPV6:
		return &header_ip6;
	case ETH_P_8021Q:
	case ETH_P_8021AD:
		return &header_vlan;
	default:
		return NULL;
	}
}

static const struct header *of_family(uint32_t number)
{
	return number == NFPROTO_IPV4 ? &header_ip : number == NFPROTO_IPV6 ? &header_ip6 : NULL;
}

static const struct header_field ether[] = {
	{ "daddr", TYPE_ETHERADDR, 0, 48 },
	{ "saddr", TYPE_ETHERADDR, 48, 48 },
	{ "type", TYPE_ETHERTYPE, 96, 16, .is_protocol = true },
};
static const struct header_field vlan[] = {
	{ "pcp", TYPE_INTEGER, 0, 3 },
	{ "dei", TYPE_INTEGER, 3, 1 },
	{ "id", TYPE_INTEGER, 4, 12 },
	{ "type", TYPE_ETHERTYPE, 16, 16, .is_protocol = true },
};
HEADER(ether, "ether", LAYER_LINK, .bits = 14 * BYTES, .above = of_ether_type);
HEADER(vlan, "vlan", LAYER_LINK, .bits = 4 * BYTES, .above = of_ether_type);
/* What tables are of that see packets of several protocols. */
const struct header header_inet = { .name = "inet", .layer = LAYER_LINK, .above = of_family };
const struct header header_netdev = { .name = "netdev", .layer = LAYER_LINK, .above = of_ether_type };

const struct header *header_of_family(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return &header_inet;
	case NFPROTO_NETDEV:
		return &header_netdev;
	case NFPROTO_BRIDGE:
		return &header_ether;
	case NFPROTO_IPV4:
		return &header_ip;
	case NFPROTO_IPV6:
		return &header_ip6;
	case NFPROTO_ARP:
		return &header_arp;
	default:
		return &header_unknown;
	}
}

const struct header_field *header_find(const struct header *header, uint32_t offset, uint32_t bits, uint8_t icmp_type)
{
	for (uint32_t i = 0; i < header->field_count; i++) {
		const struct header_field *field = &header->fields[i];

		if (field->offset == offset && (bits == 0 || field->bits == bits) &&
		    !(field->icmp_type && icmp_type && field->icmp_type != icmp_type))
			return field;
	}
	return NULL;
}
