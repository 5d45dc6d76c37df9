/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bond, and the ports of one. Which option may be set in which mode and while up is the driver's to say; its words are passed on. But it tells all of
 * them whatever the mode, so what is as in every new bond is not sent to one that would refuse the word for it. */
#include <linux/if_bonding.h>
#include <linux/if_link.h>

#include "channel/link.h"

#define SET FIELD_SETTABLE

NAMES(modes, false, { BOND_MODE_ROUNDROBIN, "balance-rr" }, { BOND_MODE_ACTIVEBACKUP, "active-backup" }, { BOND_MODE_XOR, "balance-xor" },
      { BOND_MODE_BROADCAST, "broadcast" }, { BOND_MODE_8023AD, "802.3ad" }, { BOND_MODE_TLB, "balance-tlb" }, { BOND_MODE_ALB, "balance-alb" });
NAMES(validations, false, { 0, "none" }, { 1, "active" }, { 2, "backup" }, { 3, "all" }, { 4, "filter" }, { 5, "filter_active" },
      { 6, "filter_backup" });
NAMES(any_or_all, false, { 0, "any" }, { 1, "all" });
NAMES(reselections, false, { 0, "always" }, { 1, "better" }, { 2, "failure" });
NAMES(fail_over_macs, false, { 0, "none" }, { 1, "active" }, { 2, "follow" });
NAMES(hash_policies, false, { BOND_XMIT_POLICY_LAYER2, "layer2" }, { BOND_XMIT_POLICY_LAYER34, "layer3+4" }, { BOND_XMIT_POLICY_LAYER23, "layer2+3" },
      { BOND_XMIT_POLICY_ENCAP23, "encap2+3" }, { BOND_XMIT_POLICY_ENCAP34, "encap3+4" }, { 5, "vlan+srcmac" });
NAMES(lacp_rates, false, { 0, "slow" }, { 1, "fast" });
NAMES(on_off, false, { 0, "off" }, { 1, "on" });
NAMES(selections, false, { 0, "stable" }, { 1, "bandwidth" }, { 2, "count" }, { 3, "prio" });

static const struct field target = { "target", FIELD_ADDRESS, SET, 0, "an address" };

static const struct field aggregator[] = {
	[IFLA_BOND_AD_INFO_AGGREGATOR] = { "aggregator", FIELD_U16, FIELD_DERIVED, 0, "in use" },
	[IFLA_BOND_AD_INFO_NUM_PORTS] = { "num_ports", FIELD_U16, FIELD_DERIVED, 0, "ports in it" },
	[IFLA_BOND_AD_INFO_ACTOR_KEY] = { "actor_key", FIELD_U16, FIELD_DERIVED, 0, "our key" },
	[IFLA_BOND_AD_INFO_PARTNER_KEY] = { "partner_key", FIELD_U16, FIELD_DERIVED, 0, "the partner's key" },
	[IFLA_BOND_AD_INFO_PARTNER_MAC] = { "partner_mac", FIELD_ADDRESS, FIELD_DERIVED, 0, "the partner" },
};
static const struct schema schema_aggregator = { .name = "ad_info", .attributes = aggregator, .attribute_count = ARRAY_SIZE(aggregator) };

static const struct field bond[] = {
	[IFLA_BOND_MODE] = { "mode", FIELD_U8, SET, 0, "how packets are spread", .names = &modes },
	[IFLA_BOND_ACTIVE_SLAVE] = { "active_slave", FIELD_INTERFACE, SET, 0, "port in use" },
	[IFLA_BOND_MIIMON] = { "miimon", FIELD_U32, SET, UNIT_MILLISECONDS, "between looks at the carrier" },
	[IFLA_BOND_UPDELAY] = { "updelay", FIELD_U32, SET, UNIT_MILLISECONDS, "before a port is used" },
	[IFLA_BOND_DOWNDELAY] = { "downdelay", FIELD_U32, SET, UNIT_MILLISECONDS, "before a port is given up" },
	[IFLA_BOND_USE_CARRIER] = { "use_carrier", FIELD_U8, SET, 0, "asks for the carrier, not by ioctl" },
	[IFLA_BOND_ARP_INTERVAL] = { "arp_interval", FIELD_U32, SET, UNIT_MILLISECONDS, "between ARP questions" },
	[IFLA_BOND_ARP_IP_TARGET] = { "arp_ip_target", FIELD_LIST, SET, 0, "who is asked by ARP", .element = &target },
	[IFLA_BOND_ARP_VALIDATE] = { "arp_validate", FIELD_U32, SET, 0, "which answers are checked", .names = &validations },
	[IFLA_BOND_ARP_ALL_TARGETS] = { "arp_all_targets", FIELD_U32, SET, 0, "how many must answer", .names = &any_or_all },
	[IFLA_BOND_PRIMARY] = { "primary", FIELD_INTERFACE, SET, 0, "preferred port" },
	[IFLA_BOND_PRIMARY_RESELECT] = { "primary_reselect", FIELD_U8, SET, 0, "when it is taken again", .names = &reselections },
	[IFLA_BOND_FAIL_OVER_MAC] = { "fail_over_mac", FIELD_U8, SET, 0, "whose hardware address is used", .names = &fail_over_macs },
	[IFLA_BOND_XMIT_HASH_POLICY] = { "xmit_hash_policy", FIELD_U8, SET, 0, "what spreads packets", .names = &hash_policies },
	[IFLA_BOND_RESEND_IGMP] = { "resend_igmp", FIELD_U32, SET, 0, "reports after a fail-over" },
	[IFLA_BOND_NUM_PEER_NOTIF] = { "num_peer_notif", FIELD_U8, SET, 0, "announcements after a fail-over" },
	[IFLA_BOND_ALL_SLAVES_ACTIVE] = { "all_slaves_active", FIELD_U8, SET, 0, "takes packets from unused ports" },
	[IFLA_BOND_MIN_LINKS] = { "min_links", FIELD_U32, SET, 0, "ports for a carrier" },
	[IFLA_BOND_LP_INTERVAL] = { "lp_interval", FIELD_U32, SET, UNIT_SECONDS, "between learning packets" },
	[IFLA_BOND_PACKETS_PER_SLAVE] = { "packets_per_slave", FIELD_U32, SET, UNIT_PACKETS, "before the next port" },
	[IFLA_BOND_AD_LACP_RATE] = { "ad_lacp_rate", FIELD_U8, SET, 0, "rate asked of the partner", .names = &lacp_rates },
	[IFLA_BOND_AD_SELECT] = { "ad_select", FIELD_U8, SET, 0, "choice of the aggregator", .names = &selections },
	[IFLA_BOND_AD_INFO] = { "ad_info", FIELD_RECORD, FIELD_DERIVED, 0, "aggregator in use", .schema = &schema_aggregator },
	[IFLA_BOND_AD_ACTOR_SYS_PRIO] = { "ad_actor_sys_prio", FIELD_U16, SET, 0, "LACP system priority" },
	[IFLA_BOND_AD_USER_PORT_KEY] = { "ad_user_port_key", FIELD_U16, SET, 0, "upper bits of the port key" },
	[IFLA_BOND_AD_ACTOR_SYSTEM] = { "ad_actor_system", FIELD_ADDRESS, SET, 0, "LACP system address" },
	[IFLA_BOND_TLB_DYNAMIC_LB] = { "tlb_dynamic_lb", FIELD_U8, SET, 0, "moves flows by load" },
	[IFLA_BOND_PEER_NOTIF_DELAY] = { "peer_notif_delay", FIELD_U32, SET, UNIT_MILLISECONDS, "between announcements" },
	[29] = { "ad_lacp_active", FIELD_U8, SET, 0, "sends LACP packets unasked", .names = &on_off }, /* IFLA_BOND_AD_LACP_ACTIVE */
	[30] = { "missed_max", FIELD_U8, SET, 0, "unanswered questions before a port is down" },
	[31] = { "ns_ip6_target", FIELD_LIST, SET, 0, "who is asked by neighbour solicitation", .element = &target },
	[32] = { "coupled_control", FIELD_U8, SET, 0, "collecting and distributing go together", .names = &on_off },
	[33] = { "broadcast_neighbor", FIELD_U8, SET, 0, "ARP and ND go out of every port", .names = &on_off },
	[34] = { "lacp_strict", FIELD_U8, SET, 0, "has a carrier only with a partner that speaks LACP", .names = &on_off },
};
const struct schema schema_link_bond = { .name = "bond", .help = "bond links", .attributes = bond, .attribute_count = ARRAY_SIZE(bond) };

#define IN(mode)       (1u << (mode))
#define BY_PROTOCOL    IN(BOND_MODE_8023AD)
#define ONE_PORT_FIRST (IN(BOND_MODE_ACTIVEBACKUP) | IN(BOND_MODE_TLB) | IN(BOND_MODE_ALB))
#define ASKS_BY_ARP    (IN(BOND_MODE_ROUNDROBIN) | IN(BOND_MODE_ACTIVEBACKUP) | IN(BOND_MODE_XOR) | IN(BOND_MODE_BROADCAST))

/* The modes that take an option, and its value in a new bond. Source: drivers/net/bonding/bond_options.c, unsuppmodes. */
static const struct {
	const char *option;
	uint32_t modes;
	uint64_t value;
} options_of_modes[] = {
	{ "packets_per_slave", IN(BOND_MODE_ROUNDROBIN), 1 },
	{ "arp_interval", ASKS_BY_ARP, 0 },
	{ "arp_validate", ASKS_BY_ARP, 0 },
	{ "missed_max", ASKS_BY_ARP, 2 },
	{ "primary_reselect", ONE_PORT_FIRST, 0 },
	{ "tlb_dynamic_lb", IN(BOND_MODE_TLB) | IN(BOND_MODE_ALB), 1 },
	{ "tlb_dynamic_lb", IN(BOND_MODE_TLB) | IN(BOND_MODE_ALB), 0 },
	{ "ad_lacp_rate", BY_PROTOCOL, 0 },
	{ "ad_lacp_active", BY_PROTOCOL, 1 },
	{ "ad_actor_sys_prio", BY_PROTOCOL, 65535 },
	{ "ad_user_port_key", BY_PROTOCOL, 0 },
	{ "coupled_control", BY_PROTOCOL, 1 },
	{ "broadcast_neighbor", BY_PROTOCOL, 0 },
	{ "lacp_strict", BY_PROTOCOL, 0 },
};

/* No target is told as nothing, and asked for as a list of none. */
static void turn_targets(struct record *data)
{
	static const char *const lists[] = { "arp_ip_target", "ns_ip6_target" };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct entry *entry = record_at(data, lists[i]);

		if (entry && entry->value.type == VALUE_NULL)
			entry->value = (struct value){ .type = VALUE_LIST };
	}
}

/* They are counted in rounds of the monitoring: without it they are told as nothing, and refused even as that. */
static void drop_delays(struct record *data, const struct record *now)
{
	static const char *const delays[] = { "updelay", "downdelay", "peer_notif_delay" };

	if (record_number(data, "miimon", now ? record_number(now, "miimon", 0) : 0))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(delays); i++)
		if (record_number(data, delays[i], 1) == 0)
			record_drop(data, delays[i]);
}

void link_bond_turn(struct record *data, const struct record *now)
{
	const uint64_t mode = record_number(data, "mode", now ? record_number(now, "mode", 0) : BOND_MODE_ROUNDROBIN);

	turn_targets(data);
	drop_delays(data, now);
	for (size_t i = 0; mode < 32 && i < ARRAY_SIZE(options_of_modes); i++)
		if (!(options_of_modes[i].modes & IN(mode)) && record_at(data, options_of_modes[i].option) &&
		    record_number(data, options_of_modes[i].option, 0) == options_of_modes[i].value)
			record_drop(data, options_of_modes[i].option);
}

NAMES(port_states, false, { 0, "ACTIVE" }, { 1, "BACKUP" });
NAMES(mii_states, false, { 0, "UP" }, { 1, "GOING_DOWN" }, { 2, "DOWN" }, { 3, "GOING_BACK" });

static const struct field port[] = {
	[IFLA_BOND_SLAVE_STATE] = { "state", FIELD_U8, 0, 0, "in use or waiting", .names = &port_states },
	[IFLA_BOND_SLAVE_MII_STATUS] = { "mii_status", FIELD_U8, 0, 0, "carrier as the bond sees it", .names = &mii_states },
	[IFLA_BOND_SLAVE_LINK_FAILURE_COUNT] = { "link_failure_count", FIELD_U32, FIELD_VOLATILE, 0, "losses of carrier" },
	[IFLA_BOND_SLAVE_PERM_HWADDR] = { "perm_hwaddr", FIELD_ADDRESS, 0, 0, "its own hardware address" },
	[IFLA_BOND_SLAVE_QUEUE_ID] = { "queue_id", FIELD_U16, SET, 0, "queue that it serves" },
	[IFLA_BOND_SLAVE_AD_AGGREGATOR_ID] = { "ad_aggregator_id", FIELD_U16, FIELD_DERIVED, 0, "its aggregator" },
	[IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE] = { "ad_actor_oper_port_state", FIELD_U8, FIELD_DERIVED | FIELD_HEX, 0, "LACP state, ours" },
	[IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE] = { "ad_partner_oper_port_state", FIELD_U16, FIELD_DERIVED | FIELD_HEX, 0,
							 "LACP state, the partner's" },
	[9] = { "prio", FIELD_S32, SET, 0, "preference in fail-over" }, /* IFLA_BOND_SLAVE_PRIO */
	[10] = { "actor_port_prio", FIELD_U16, SET, 0, "LACP port priority" },
	[11] = { "ad_churn_actor_state", FIELD_U8, FIELD_DERIVED, 0, "LACP churn machine, ours" },
	[12] = { "ad_churn_partner_state", FIELD_U8, FIELD_DERIVED, 0, "LACP churn machine, the partner's" },
};
const struct schema schema_link_bond_port = {
	.name = "bond port", .help = "a link in a bond", .attributes = port, .attribute_count = ARRAY_SIZE(port)
};
