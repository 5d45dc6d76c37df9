/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chains of nftables: rules one behind the other, and where packets come in. Source: <linux/netfilter/nf_tables.h>, nft(8). */
#include "channel/netfilter.h"

#define SET  FIELD_SETTABLE
#define MAKE FIELD_CREATE

NAMES(policies, false, { 0, "drop" }, { 1, "accept" });
NAMES(flags, true, { NFT_CHAIN_BASE, "base" }, { NFT_CHAIN_HW_OFFLOAD, "offload" }, { NFT_CHAIN_BINDING, "binding" });

/* ---- The hook of a base chain: its numbers mean another place in each family ---- */

NAMES(inet_hooks, false, { 0, "prerouting" }, { 1, "input" }, { 2, "forward" }, { 3, "output" }, { 4, "postrouting" }, { 5, "ingress" });
NAMES(arp_hooks, false, { 0, "input" }, { 1, "output" }, { 2, "forward" });
NAMES(netdev_hooks, false, { 0, "ingress" }, { 1, "egress" });

#define HOOK(identifier, words)                                                                                                      \
	static const struct field identifier##_hook[] = {                                                                            \
		[NFTA_HOOK_HOOKNUM] = { "num", FIELD_BE32, MAKE, 0, "where packets come from", .names = &(words) },                  \
		[NFTA_HOOK_PRIORITY] = { "priority", FIELD_CODEC, MAKE, 0, "lower is earlier", .codec = &codec_netfilter_priority }, \
		[NFTA_HOOK_DEV] = { "device", FIELD_TEXT, MAKE, 0, "device" },                                                       \
		[NFTA_HOOK_DEVS] = { "devices", FIELD_LIST, MAKE, 0, "devices", .element = &field_netfilter_device },                \
	};                                                                                                                           \
	static const struct schema schema_##identifier##_hook = { .name = "hook",                                                    \
								  .attributes = identifier##_hook,                                   \
								  .attribute_count = ARRAY_SIZE(identifier##_hook) }

HOOK(inet, inet_hooks);
HOOK(arp, arp_hooks);
HOOK(netdev, netdev_hooks);

static const struct selection_row hooks[] = {
	{ "inet", &schema_inet_hook },   { "ip", &schema_inet_hook }, { "ip6", &schema_inet_hook },
	{ "bridge", &schema_inet_hook }, { "arp", &schema_arp_hook }, { "netdev", &schema_netdev_hook },
};
static const struct selection by_family = { .by = "family", .rows = hooks, .count = ARRAY_SIZE(hooks), .names = &words_netfilter_family };

static const struct field chain[] = {
	[NFTA_CHAIN_TABLE] = { "table", FIELD_TEXT, FIELD_KEY, 0, "table that it stands in" },
	[NFTA_CHAIN_HANDLE] = { "handle", FIELD_BE64, FIELD_DERIVED, 0, "number that the kernel gave it" },
	[NFTA_CHAIN_NAME] = { "name", FIELD_TEXT, FIELD_KEY, 0, "name" },
	[NFTA_CHAIN_HOOK] = { "hook", FIELD_SELECT, MAKE, 0, "where packets come in: of a base chain", .select = &by_family },
	[NFTA_CHAIN_POLICY] = { "policy", FIELD_BE32, SET, 0, "what becomes of packets that no rule decided on", .names = &policies },
	[NFTA_CHAIN_USE] = { "use", FIELD_BE32, FIELD_VOLATILE, 0, "rules in it, and jumps to it" },
	[NFTA_CHAIN_TYPE] = { "type", FIELD_TEXT, MAKE, 0, "filter, nat or route: of a base chain" },
	[NFTA_CHAIN_COUNTERS] = { "counters", FIELD_RECORD, FIELD_VOLATILE, 0, "packets that the policy decided on",
				  .schema = &schema_netfilter_counter },
	[NFTA_CHAIN_PAD] = { "pad", FIELD_PAD },
	[NFTA_CHAIN_FLAGS] = { "flags", FIELD_BE32, MAKE, 0, "what kind it is", .names = &flags,
			       LIMITS(.taken = NFT_CHAIN_HW_OFFLOAD | NFT_CHAIN_BINDING) },
	[NFTA_CHAIN_ID] = { "id", FIELD_BE32, FIELD_HIDDEN | SET, 0, "number in a request" },
	[NFTA_CHAIN_USERDATA] = { "userdata", FIELD_CODEC, MAKE, 0, "what nft keeps with it", .codec = &codec_netfilter_userdata,
				  .schema = &schema_netfilter_comment },
};

static const struct schema schema = {
	.name = "chain",
	.help = "chains of nftables",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = chain,
	.attribute_count = ARRAY_SIZE(chain),
};

NETFILTER_OBJECT(chain, CHAIN, "FAMILY/TABLE/NAME is, such as inet/filter/input", .renews = netfilter_renews);
NETFILTER_CHANNEL(chain, object_netfilter_chain, "chains of nftables: rules one behind the other, and where packets come in");
