/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters of the kind flower: packets by their headers, each field with a mask. Sources: <linux/pkt_cls.h>, tc-flower(8). */
#include <linux/pkt_cls.h>

#include "channel/tc.h"
#include "channel/words.h"

#define SET                               TC_SET
#define KEY(attribute, name, kind, words) [TCA_FLOWER_KEY_##attribute] = { name, kind, SET, 0, words }
#define MASKED(attribute, name, kind, words) \
	KEY(attribute, name, kind, words), [TCA_FLOWER_KEY_##attribute##_MASK] = { name "_mask", kind, SET, 0, "bits of it" }
#define FLAGS(attribute, name, kind, words)                                       \
	[TCA_FLOWER_KEY_##attribute] = { name, kind, SET | FIELD_HEX, 0, words }, \
	[TCA_FLOWER_KEY_##attribute##_MASK] = { name "_mask", kind, SET | FIELD_HEX, 0, "bits of it" }

NAMES(ethernet_types, false, { 0x0800, "ip" }, { 0x0806, "arp" }, { 0x86dd, "ipv6" }, { 0x8100, "802.1Q" }, { 0x88a8, "802.1ad" },
      { 0x8847, "mpls_uc" });

static const struct field flower[] = {
	[TCA_FLOWER_CLASSID] = { "classid", FIELD_U32, SET | FIELD_HANDLE, 0, "class to which they go" },
	[TCA_FLOWER_INDEV] = { "indev", FIELD_TEXT, SET, 0, "link by which they came" },
	[TCA_FLOWER_ACT] = { "actions", FIELD_LIST, SET, 0, "what is done with the packets, in order", .element = &field_tc_action },
	[TCA_FLOWER_FLAGS] = { "offload", FIELD_U32, SET, 0, "whether a device does it", .names = &words_tc_offload, LIMITS(.mask = 3, .taken = 3) },
	[TCA_FLOWER_IN_HW_COUNT] = { "in_hw_count", FIELD_U32, FIELD_DERIVED, 0, "devices that do it" },
	MASKED(ETH_DST, "eth_dst", FIELD_ADDRESS, "hardware address, to"),
	MASKED(ETH_SRC, "eth_src", FIELD_ADDRESS, "hardware address, from"),
	[TCA_FLOWER_KEY_ETH_TYPE] = { "eth_type", FIELD_BE16, SET, 0, "kind of the packets", .names = &ethernet_types },
	[TCA_FLOWER_KEY_IP_PROTO] = { "ip_proto", FIELD_U8, SET, 0, "protocol above IP", .names = &words_ip_protocol },
	MASKED(IPV4_SRC, "ipv4_src", FIELD_ADDRESS, "address, from"),
	MASKED(IPV4_DST, "ipv4_dst", FIELD_ADDRESS, "address, to"),
	MASKED(IPV6_SRC, "ipv6_src", FIELD_ADDRESS, "address, from"),
	MASKED(IPV6_DST, "ipv6_dst", FIELD_ADDRESS, "address, to"),
	MASKED(TCP_SRC, "tcp_src", FIELD_BE16, "port, from"),
	MASKED(TCP_DST, "tcp_dst", FIELD_BE16, "port, to"),
	MASKED(UDP_SRC, "udp_src", FIELD_BE16, "port, from"),
	MASKED(UDP_DST, "udp_dst", FIELD_BE16, "port, to"),
	MASKED(SCTP_SRC, "sctp_src", FIELD_BE16, "port, from"),
	MASKED(SCTP_DST, "sctp_dst", FIELD_BE16, "port, to"),
	KEY(VLAN_ID, "vlan_id", FIELD_U16, "VLAN"),
	KEY(VLAN_PRIO, "vlan_prio", FIELD_U8, "its priority"),
	[TCA_FLOWER_KEY_VLAN_ETH_TYPE] = { "vlan_eth_type", FIELD_BE16, SET, 0, "what is in it", .names = &ethernet_types },
	KEY(CVLAN_ID, "cvlan_id", FIELD_U16, "inner VLAN"),
	KEY(CVLAN_PRIO, "cvlan_prio", FIELD_U8, "its priority"),
	[TCA_FLOWER_KEY_CVLAN_ETH_TYPE] = { "cvlan_eth_type", FIELD_BE16, SET, 0, "what is in it", .names = &ethernet_types },
	KEY(ENC_KEY_ID, "enc_key_id", FIELD_BE32, "key of the tunnel"),
	MASKED(ENC_IPV4_SRC, "enc_ipv4_src", FIELD_ADDRESS, "tunnel, from"),
	MASKED(ENC_IPV4_DST, "enc_ipv4_dst", FIELD_ADDRESS, "tunnel, to"),
	MASKED(ENC_IPV6_SRC, "enc_ipv6_src", FIELD_ADDRESS, "tunnel, from"),
	MASKED(ENC_IPV6_DST, "enc_ipv6_dst", FIELD_ADDRESS, "tunnel, to"),
	MASKED(ENC_UDP_SRC_PORT, "enc_src_port", FIELD_BE16, "port of the tunnel, from"),
	MASKED(ENC_UDP_DST_PORT, "enc_dst_port", FIELD_BE16, "port of the tunnel, to"),
	MASKED(ENC_IP_TOS, "enc_tos", FIELD_U8, "service of the tunnel"),
	MASKED(ENC_IP_TTL, "enc_ttl", FIELD_U8, "hops of the tunnel"),
	KEY(ENC_OPTS, "enc_opts", FIELD_BYTES, "options of the tunnel"),
	KEY(ENC_OPTS_MASK, "enc_opts_mask", FIELD_BYTES, "bits of them"),
	FLAGS(FLAGS, "flags", FIELD_BE32, "1: fragment, 2: the first one"),
	MASKED(ICMPV4_TYPE, "icmp_type", FIELD_U8, "type"),
	MASKED(ICMPV4_CODE, "icmp_code", FIELD_U8, "code"),
	MASKED(ICMPV6_TYPE, "icmpv6_type", FIELD_U8, "type"),
	MASKED(ICMPV6_CODE, "icmpv6_code", FIELD_U8, "code"),
	MASKED(ARP_SIP, "arp_sip", FIELD_ADDRESS, "who says it"),
	MASKED(ARP_TIP, "arp_tip", FIELD_ADDRESS, "who is asked"),
	MASKED(ARP_OP, "arp_op", FIELD_U8, "1: request, 2: answer"),
	MASKED(ARP_SHA, "arp_sha", FIELD_ADDRESS, "hardware address, says it"),
	MASKED(ARP_THA, "arp_tha", FIELD_ADDRESS, "hardware address, asked"),
	KEY(MPLS_TTL, "mpls_ttl", FIELD_U8, "hops"),
	KEY(MPLS_BOS, "mpls_bos", FIELD_U8, "last of the stack"),
	KEY(MPLS_TC, "mpls_tc", FIELD_U8, "traffic class"),
	KEY(MPLS_LABEL, "mpls_label", FIELD_U32, "label"),
	KEY(MPLS_OPTS, "mpls_opts", FIELD_BYTES, "labels below"),
	FLAGS(TCP_FLAGS, "tcp_flags", FIELD_BE16, "flags"),
	MASKED(IP_TOS, "ip_tos", FIELD_U8, "service"),
	MASKED(IP_TTL, "ip_ttl", FIELD_U8, "hops"),
	KEY(PORT_SRC_MIN, "src_port_min", FIELD_BE16, "ports, from this"),
	KEY(PORT_SRC_MAX, "src_port_max", FIELD_BE16, "to this"),
	KEY(PORT_DST_MIN, "dst_port_min", FIELD_BE16, "ports, from this"),
	KEY(PORT_DST_MAX, "dst_port_max", FIELD_BE16, "to this"),
	FLAGS(CT_STATE, "ct_state", FIELD_U16, "state of the connection"),
	MASKED(CT_ZONE, "ct_zone", FIELD_U16, "zone"),
	FLAGS(CT_MARK, "ct_mark", FIELD_U32, "mark"),
	MASKED(CT_LABELS, "ct_labels", FIELD_BYTES, "labels"),
	FLAGS(HASH, "hash", FIELD_U32, "hash"),
	KEY(NUM_OF_VLANS, "num_of_vlans", FIELD_U8, "VLANs"),
	KEY(PPPOE_SID, "pppoe_sid", FIELD_BE16, "session"),
	KEY(PPP_PROTO, "ppp_proto", FIELD_BE16, "protocol"),
	KEY(L2TPV3_SID, "l2tpv3_sid", FIELD_BE32, "session"),
	[TCA_FLOWER_KEY_L2TPV3_SID + 1] = { "l2_miss", FIELD_U8, SET, 0, "1: the bridge did not know where to" }, /* TCA_FLOWER_L2_MISS, 6.5 */
	[TCA_FLOWER_KEY_L2TPV3_SID + 2] = { "cfm", FIELD_BYTES, SET, 0, "connectivity fault management" },        /* TCA_FLOWER_KEY_CFM, 6.5 */
	[TCA_FLOWER_KEY_L2TPV3_SID + 3] = { "spi", FIELD_BE32, SET | FIELD_HEX, 0, "index of the IPsec state" },  /* TCA_FLOWER_KEY_SPI, 6.6 */
	[TCA_FLOWER_KEY_L2TPV3_SID + 4] = { "spi_mask", FIELD_BE32, SET | FIELD_HEX, 0, "bits of it" },
	[TCA_FLOWER_KEY_L2TPV3_SID + 5] = { "enc_flags", FIELD_BE32, SET | FIELD_HEX, 0, "flags of the tunnel" }, /* TCA_FLOWER_KEY_ENC_FLAGS, 6.11 */
	[TCA_FLOWER_KEY_L2TPV3_SID + 6] = { "enc_flags_mask", FIELD_BE32, SET | FIELD_HEX, 0, "bits of it" },
};
TC_NEST(schema_tc_flower, "flower", flower);
