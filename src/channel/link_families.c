/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IFLA_AF_SPEC: what each protocol family has for a link. The configuration arrays are the sysctls of net/ipv4/conf and net/ipv6/conf told once more,
 * so they are shown but never compared: the sysctl channel tells their changes, with who. */
#include <linux/if_link.h>
#include <linux/ip.h>
#include <sys/socket.h>

#include "channel/link.h"

#define CONF(name_, index, unit_)                                                                                    \
	{                                                                                                            \
		name_, FIELD_S32, FIELD_DERIVED, unit_, "as the sysctl of that name", .offset = (index)*4, .size = 4 \
	}

/* IPV4_DEVCONF_* count from 1. */
#define CONF4(name_, number) CONF(name_, (number)-1, 0)

static const struct field inet_conf[] = {
	CONF4("forwarding", IPV4_DEVCONF_FORWARDING),
	CONF4("mc_forwarding", IPV4_DEVCONF_MC_FORWARDING),
	CONF4("proxy_arp", IPV4_DEVCONF_PROXY_ARP),
	CONF4("accept_redirects", IPV4_DEVCONF_ACCEPT_REDIRECTS),
	CONF4("secure_redirects", IPV4_DEVCONF_SECURE_REDIRECTS),
	CONF4("send_redirects", IPV4_DEVCONF_SEND_REDIRECTS),
	CONF4("shared_media", IPV4_DEVCONF_SHARED_MEDIA),
	CONF4("rp_filter", IPV4_DEVCONF_RP_FILTER),
	CONF4("accept_source_route", IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE),
	CONF4("bootp_relay", IPV4_DEVCONF_BOOTP_RELAY),
	CONF4("log_martians", IPV4_DEVCONF_LOG_MARTIANS),
	CONF4("tag", IPV4_DEVCONF_TAG),
	CONF4("arp_filter", IPV4_DEVCONF_ARPFILTER),
	CONF4("medium_id", IPV4_DEVCONF_MEDIUM_ID),
	CONF4("disable_xfrm", IPV4_DEVCONF_NOXFRM),
	CONF4("disable_policy", IPV4_DEVCONF_NOPOLICY),
	CONF4("force_igmp_version", IPV4_DEVCONF_FORCE_IGMP_VERSION),
	CONF4("arp_announce", IPV4_DEVCONF_ARP_ANNOUNCE),
	CONF4("arp_ignore", IPV4_DEVCONF_ARP_IGNORE),
	CONF4("promote_secondaries", IPV4_DEVCONF_PROMOTE_SECONDARIES),
	CONF4("arp_accept", IPV4_DEVCONF_ARP_ACCEPT),
	CONF4("arp_notify", IPV4_DEVCONF_ARP_NOTIFY),
	CONF4("accept_local", IPV4_DEVCONF_ACCEPT_LOCAL),
	CONF4("src_valid_mark", IPV4_DEVCONF_SRC_VMARK),
	CONF4("proxy_arp_pvlan", IPV4_DEVCONF_PROXY_ARP_PVLAN),
	CONF4("route_localnet", IPV4_DEVCONF_ROUTE_LOCALNET),
	CONF4("igmpv2_unsolicited_report_interval", IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL),
	CONF4("igmpv3_unsolicited_report_interval", IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL),
	CONF4("ignore_routes_with_linkdown", IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN),
	CONF4("drop_unicast_in_l2_multicast", IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST),
	CONF4("drop_gratuitous_arp", IPV4_DEVCONF_DROP_GRATUITOUS_ARP),
	CONF4("bc_forwarding", IPV4_DEVCONF_BC_FORWARDING),
	CONF4("arp_evict_nocarrier", 33),
};

/* DEVCONF_* (linux/ipv6.h) count from 0; numbers from the running kernel's type information. */
static const struct field inet6_conf[] = {
	CONF("forwarding", 0, 0),
	CONF("hop_limit", 1, 0),
	CONF("mtu", 2, UNIT_BYTES),
	CONF("accept_ra", 3, 0),
	CONF("accept_redirects", 4, 0),
	CONF("autoconf", 5, 0),
	CONF("dad_transmits", 6, 0),
	CONF("router_solicitations", 7, 0),
	CONF("router_solicitation_interval", 8, UNIT_MILLISECONDS),
	CONF("router_solicitation_delay", 9, UNIT_MILLISECONDS),
	CONF("use_tempaddr", 10, 0),
	CONF("temp_valid_lft", 11, UNIT_SECONDS),
	CONF("temp_prefered_lft", 12, UNIT_SECONDS),
	CONF("regen_max_retry", 13, 0),
	CONF("max_desync_factor", 14, UNIT_SECONDS),
	CONF("max_addresses", 15, 0),
	CONF("force_mld_version", 16, 0),
	CONF("accept_ra_defrtr", 17, 0),
	CONF("accept_ra_pinfo", 18, 0),
	CONF("accept_ra_rtr_pref", 19, 0),
	CONF("router_probe_interval", 20, UNIT_MILLISECONDS),
	CONF("accept_ra_rt_info_max_plen", 21, 0),
	CONF("proxy_ndp", 22, 0),
	CONF("optimistic_dad", 23, 0),
	CONF("accept_source_route", 24, 0),
	CONF("mc_forwarding", 25, 0),
	CONF("disable_ipv6", 26, 0),
	CONF("accept_dad", 27, 0),
	CONF("force_tllao", 28, 0),
	CONF("ndisc_notify", 29, 0),
	CONF("mldv1_unsolicited_report_interval", 30, UNIT_MILLISECONDS),
	CONF("mldv2_unsolicited_report_interval", 31, UNIT_MILLISECONDS),
	CONF("suppress_frag_ndisc", 32, 0),
	CONF("accept_ra_from_local", 33, 0),
	CONF("use_optimistic", 34, 0),
	CONF("accept_ra_mtu", 35, 0),
	/* 36, stable_secret, is never told here. */
	CONF("use_oif_addrs_only", 37, 0),
	CONF("accept_ra_min_hop_limit", 38, 0),
	CONF("ignore_routes_with_linkdown", 39, 0),
	CONF("drop_unicast_in_l2_multicast", 40, 0),
	CONF("drop_unsolicited_na", 41, 0),
	CONF("keep_addr_on_down", 42, 0),
	CONF("router_solicitation_max_interval", 43, UNIT_MILLISECONDS),
	CONF("seg6_enabled", 44, 0),
	CONF("seg6_require_hmac", 45, 0),
	CONF("enhanced_dad", 46, 0),
	CONF("addr_gen_mode", 47, 0),
	CONF("disable_policy", 48, 0),
	CONF("accept_ra_rt_info_min_plen", 49, 0),
	CONF("ndisc_tclass", 50, 0),
	CONF("rpl_seg_enabled", 51, 0),
	CONF("ra_defrtr_metric", 52, 0),
	CONF("ioam6_enabled", 53, 0),
	CONF("ioam6_id", 54, 0),
	CONF("ioam6_id_wide", 55, 0),
	CONF("ndisc_evict_nocarrier", 56, 0),
	CONF("accept_untracked_na", 57, 0),
	CONF("accept_ra_min_lft", 58, UNIT_SECONDS),
	CONF("force_forwarding", 59, 0),
};

static const struct schema schema_inet_conf = {
	.name = "conf", .help = "net/ipv4/conf", .header_size = 33 * 4, .header = inet_conf, .header_count = ARRAY_SIZE(inet_conf)
};
static const struct schema schema_inet6_conf = {
	.name = "conf", .help = "net/ipv6/conf", .header_size = 60 * 4, .header = inet6_conf, .header_count = ARRAY_SIZE(inet6_conf)
};

static const struct field inet[] = {
	[IFLA_INET_CONF] = { "conf", FIELD_RECORD, FIELD_DERIVED, 0, "IPv4 configuration (sysctl net/ipv4/conf)", .schema = &schema_inet_conf },
};
static const struct schema schema_inet = { .name = "inet", .help = "IPv4 of a link", .attributes = inet, .attribute_count = ARRAY_SIZE(inet) };

/* IF_RS_SENT and so on (include/net/if_inet6.h). */
NAMES(inet6_flags, true, { 0x10, "rs_sent" }, { 0x20, "ra_rcvd" }, { 0x40, "ra_managed" }, { 0x80, "ra_othercon" }, { 0x80000000, "ready" });
NAMES(address_generation, false, { 0, "eui64" }, { 1, "none" }, { 2, "stable_secret" }, { 3, "random" });

static const struct field inet6_cache[] = {
	{ "max_reasm_len", FIELD_U32, FIELD_VOLATILE, UNIT_BYTES, "longest reassembled packet", HEADER_FIELD(struct ifla_cacheinfo, max_reasm_len) },
	{ "tstamp", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "when the configuration last changed, since boot",
	  HEADER_FIELD(struct ifla_cacheinfo, tstamp) },
	{ "reachable_time", FIELD_U32, FIELD_VOLATILE, UNIT_MILLISECONDS, "how long a neighbour counts as reachable, drawn anew now and then",
	  HEADER_FIELD(struct ifla_cacheinfo, reachable_time) },
	{ "retrans_time", FIELD_U32, FIELD_VOLATILE, UNIT_MILLISECONDS, "between solicitations", HEADER_FIELD(struct ifla_cacheinfo, retrans_time) },
};
static const struct schema schema_inet6_cache = {
	.name = "cacheinfo", .header_size = sizeof(struct ifla_cacheinfo), .header = inet6_cache, .header_count = ARRAY_SIZE(inet6_cache)
};

static const struct field counter = { "counter", FIELD_U64, FIELD_VOLATILE, .help = "a counter" };

static const struct field inet6[] = {
	[IFLA_INET6_FLAGS] = { "flags", FIELD_U32, FIELD_DERIVED, 0, "how far autoconfiguration has come", .names = &inet6_flags },
	[IFLA_INET6_CONF] = { "conf", FIELD_RECORD, FIELD_DERIVED, 0, "IPv6 configuration (sysctl net/ipv6/conf)", .schema = &schema_inet6_conf },
	[IFLA_INET6_STATS] = { "stats", FIELD_INDEXED, FIELD_VOLATILE, 0, "counters as in /proc/net/dev_snmp6", .element = &counter },
	[IFLA_INET6_MCAST] = { "mcast", FIELD_BYTES, FIELD_VOLATILE, 0, "not used by the kernel" },
	[IFLA_INET6_CACHEINFO] = { "cacheinfo", FIELD_RECORD, FIELD_VOLATILE, 0, "times", .schema = &schema_inet6_cache },
	[IFLA_INET6_ICMP6STATS] = { "icmp6stats", FIELD_INDEXED, FIELD_VOLATILE, 0, "ICMPv6 counters", .element = &counter },
	[IFLA_INET6_TOKEN] = { "token", FIELD_ADDRESS, FIELD_SETTABLE, 0, "interface identifier for autoconfigured addresses" },
	[IFLA_INET6_ADDR_GEN_MODE] = { "addr_gen_mode", FIELD_U8, FIELD_SETTABLE, 0, "how addresses are made", .names = &address_generation },
	[9] = { "ra_mtu", FIELD_U32, FIELD_DERIVED, UNIT_BYTES, "MTU that routers advertise" }, /* IFLA_INET6_RA_MTU, 5.15 */
};
static const struct schema schema_inet6 = { .name = "inet6", .help = "IPv6 of a link", .attributes = inet6, .attribute_count = ARRAY_SIZE(inet6) };

static const struct field mctp[] = {
	[1] = { "net", FIELD_U32, FIELD_SETTABLE, 0, "MCTP network" },
	[2] = { "phys_binding", FIELD_U8, 0, 0, "physical transport" },
};
static const struct schema schema_mctp = { .name = "mctp", .attributes = mctp, .attribute_count = ARRAY_SIZE(mctp) };

static const struct field families[] = {
	[AF_INET] = { "inet", FIELD_RECORD, FIELD_SETTABLE, 0, "IPv4", .schema = &schema_inet },
	[AF_INET6] = { "inet6", FIELD_RECORD, FIELD_SETTABLE, 0, "IPv6", .schema = &schema_inet6 },
	[AF_BRIDGE] = { "bridge", FIELD_BYTES, FIELD_DERIVED, 0, "VLANs of a bridge port, as the bridge tells them" },
	[45] = { "mctp", FIELD_RECORD, FIELD_SETTABLE, 0, "MCTP", .schema = &schema_mctp }, /* AF_MCTP */
};
const struct schema schema_link_families = {
	.name = "af_spec", .help = "what each protocol family has for a link", .attributes = families, .attribute_count = ARRAY_SIZE(families)
};
