/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of nftables: what all else of a family stands in. Source: <linux/netfilter/nf_tables.h>, nft(8). */
#include "channel/netfilter.h"

#define SET FIELD_SETTABLE

NAMES(flags, true, { NFT_TABLE_F_DORMANT, "dormant" }, { NFT_TABLE_F_OWNER, "owner" }, { 4, "persist" });

static const struct field table[] = {
	[NFTA_TABLE_NAME] = { "name", FIELD_TEXT, FIELD_KEY, 0, "name" },
	[NFTA_TABLE_FLAGS] = { "flags", FIELD_BE32, SET, 0, "whether it does anything, and whose it is", .names = &flags },
	[NFTA_TABLE_USE] = { "use", FIELD_BE32, FIELD_VOLATILE, 0, "how much stands in it" },
	[NFTA_TABLE_HANDLE] = { "handle", FIELD_BE64, FIELD_DERIVED, 0, "number that the kernel gave it" },
	[NFTA_TABLE_PAD] = { "pad", FIELD_PAD },
	[NFTA_TABLE_USERDATA] = { "userdata", FIELD_CODEC, FIELD_CREATE, 0, "what nft keeps with it", .codec = &codec_netfilter_userdata,
				  .schema = &schema_netfilter_comment },
	[NFTA_TABLE_OWNER] = { "owner", FIELD_BE32, FIELD_DERIVED, 0, "netlink port of the program that it goes with" },
};

static const struct schema schema = {
	.name = "table",
	.help = "tables of nftables",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = table,
	.attribute_count = ARRAY_SIZE(table),
};

NETFILTER_OBJECT(table, TABLE, "FAMILY/NAME is, such as inet/filter", .renews = netfilter_renews);
NETFILTER_CHANNEL(table, object_netfilter_table, "tables of nftables: what chains and sets stand in");
