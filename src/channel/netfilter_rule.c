/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules of nftables: expressions, each of which a packet goes through as long as the one before lets it. Source: <linux/netfilter/nf_tables.h>. */
#include <errno.h>
#include "channel/netfilter.h"

#define SET FIELD_SETTABLE

NAMES(compat_flags, true, { NFT_RULE_COMPAT_F_INV, "invert" });

static const struct field compat[] = {
	[NFTA_RULE_COMPAT_PROTO] = { "proto", FIELD_BE32, SET, NULL, "protocol that the extensions are for" },
	[NFTA_RULE_COMPAT_FLAGS] = { "flags", FIELD_BE32, SET, NULL, "whether it is all others", .names = &compat_flags },
};
static const struct schema schema_rule_compat = { .name = "compat", .attributes = compat, .attribute_count = ARRAY_SIZE(compat) };

static const struct field rule[] = {
	[NFTA_RULE_TABLE] = { "table", FIELD_TEXT, FIELD_KEY, NULL, "table that it stands in" },
	[NFTA_RULE_CHAIN] = { "chain", FIELD_TEXT, FIELD_KEY, NULL, "chain that it stands in" },
	[NFTA_RULE_HANDLE] = { "handle", FIELD_BE64, FIELD_KEY, NULL, "number that the kernel gave it" },
	[NFTA_RULE_EXPRESSIONS] = { "expressions", FIELD_LIST, SET, NULL, "what it looks at and does, in order",
				    .element = &field_netfilter_expression },
	[NFTA_RULE_COMPAT] = { "compat", FIELD_RECORD, SET, NULL, "what extensions of iptables are told", .schema = &schema_rule_compat },
	[NFTA_RULE_POSITION] = { "position", FIELD_BE64, FIELD_DERIVED, NULL, "number of the rule before it" },
	[NFTA_RULE_USERDATA] = { "userdata", FIELD_CODEC, SET, NULL, "what nft keeps with it", .codec = &codec_netfilter_userdata,
				 .schema = &schema_netfilter_comment },
	[NFTA_RULE_PAD] = { "pad", FIELD_PAD },
	[NFTA_RULE_ID] = { "id", FIELD_BE32, FIELD_HIDDEN, NULL, "number in a request" },
};

static const struct schema schema = {
	.name = "rule",
	.help = "rules of nftables",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = rule,
	.attribute_count = ARRAY_SIZE(rule),
};

NETFILTER_OBJECT(rule, RULE, "FAMILY/TABLE/CHAIN/HANDLE is, such as inet/filter/input/4", .mend = netfilter_explain);
NETFILTER_CHANNEL(rule, object_netfilter_rule, "rules of nftables: what they look at and do");
