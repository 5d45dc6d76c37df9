/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Flowtables of nftables: connections whose packets go by without the rules. Source: <linux/netfilter/nf_tables.h>, nft(8). */
#include "channel/netfilter.h"

#define MAKE FIELD_CREATE

NAMES(flags, true, { NFT_FLOWTABLE_HW_OFFLOAD, "offload" }, { NFT_FLOWTABLE_COUNTER, "counter" });
NAMES(hooks, false, { 0, "ingress" });

static const struct field hook[] = {
	[NFTA_FLOWTABLE_HOOK_NUM] = { "num", FIELD_BE32, MAKE, 0, "where packets come from", .names = &hooks },
	[NFTA_FLOWTABLE_HOOK_PRIORITY] = { "priority", FIELD_CODEC, MAKE, 0, "lower is earlier", .codec = &codec_netfilter_priority },
	[NFTA_FLOWTABLE_HOOK_DEVS] = { "devices", FIELD_LIST, MAKE, 0, "devices", .element = &field_netfilter_device },
};
static const struct schema schema_hook = { .name = "hook", .attributes = hook, .attribute_count = ARRAY_SIZE(hook) };

static const struct field flowtable[] = {
	[NFTA_FLOWTABLE_TABLE] = { "table", FIELD_TEXT, FIELD_KEY, 0, "table that it stands in" },
	[NFTA_FLOWTABLE_NAME] = { "name", FIELD_TEXT, FIELD_KEY, 0, "name" },
	[NFTA_FLOWTABLE_HOOK] = { "hook", FIELD_RECORD, MAKE, 0, "where packets come in", .schema = &schema_hook },
	[NFTA_FLOWTABLE_USE] = { "use", FIELD_BE32, FIELD_VOLATILE, 0, "rules that lead to it" },
	[NFTA_FLOWTABLE_HANDLE] = { "handle", FIELD_BE64, FIELD_DERIVED, 0, "number that the kernel gave it" },
	[NFTA_FLOWTABLE_PAD] = { "pad", FIELD_PAD },
	[NFTA_FLOWTABLE_FLAGS] = { "flags", FIELD_BE32, MAKE, 0, "what it does", .names = &flags },
};

static const struct schema schema = {
	.name = "flowtable",
	.help = "flowtables of nftables",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = flowtable,
	.attribute_count = ARRAY_SIZE(flowtable),
};

NETFILTER_OBJECT(flowtable, FLOWTABLE, "FAMILY/TABLE/NAME is, such as inet/filter/fast", .renews = netfilter_renews);
NETFILTER_CHANNEL(flowtable, object_netfilter_flowtable, "flowtables of nftables: connections whose packets go by without the rules");
