/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets and maps of nftables; their elements are objects of their own (netfilter_element.c). Source: <linux/netfilter/nf_tables.h>, nft(8). */
#include "channel/netfilter.h"

#define MAKE FIELD_CREATE

NAMES(flags, true, { NFT_SET_ANONYMOUS, "anonymous" }, { NFT_SET_CONSTANT, "constant" }, { NFT_SET_INTERVAL, "interval" }, { NFT_SET_MAP, "map" },
      { NFT_SET_TIMEOUT, "timeout" }, { NFT_SET_EVAL, "dynamic" }, { NFT_SET_OBJECT, "object" }, { NFT_SET_CONCAT, "concat" },
      { NFT_SET_EXPR, "expressions" });
NAMES(policies, false, { NFT_SET_POL_PERFORMANCE, "performance" }, { NFT_SET_POL_MEMORY, "memory" });

static const struct field part[] = {
	[NFTA_SET_FIELD_LEN] = { "len", FIELD_BE32, MAKE, UNIT_BYTES, "of it" },
};
static const struct schema schema_part = { .name = "part", .attributes = part, .attribute_count = ARRAY_SIZE(part) };
static const struct field part_member = { "part", FIELD_RECORD, MAKE, 0, "a part of a key", .offset = NFTA_LIST_ELEM, .schema = &schema_part };

static const struct field description[] = {
	[NFTA_SET_DESC_SIZE] = { "size", FIELD_BE32, MAKE, UNIT_ELEMENTS, "how many there can be" },
	[NFTA_SET_DESC_CONCAT] = { "concat", FIELD_LIST, MAKE, 0, "parts of a key", .element = &part_member },
};
static const struct schema schema_description = { .name = "desc", .attributes = description, .attribute_count = ARRAY_SIZE(description) };

static const struct field set[] = {
	[NFTA_SET_TABLE] = { "table", FIELD_TEXT, FIELD_KEY, 0, "table that it stands in" },
	[NFTA_SET_NAME] = { "name", FIELD_TEXT, FIELD_KEY, 0, "name" },
	[NFTA_SET_FLAGS] = { "flags", FIELD_BE32, MAKE, 0, "what kind it is", .names = &flags },
	[NFTA_SET_KEY_TYPE] = { "key_type", FIELD_CODEC, MAKE, 0, "type of keys", .codec = &codec_netfilter_type },
	[NFTA_SET_KEY_LEN] = { "key_len", FIELD_BE32, MAKE, UNIT_BYTES, "of a key" },
	[NFTA_SET_DATA_TYPE] = { "data_type", FIELD_CODEC, MAKE, 0, "type of data: of a map", .codec = &codec_netfilter_type },
	[NFTA_SET_DATA_LEN] = { "data_len", FIELD_BE32, MAKE, UNIT_BYTES, "of data" },
	[NFTA_SET_POLICY] = { "policy", FIELD_BE32, MAKE, 0, "what the kernel chooses its layout by", .names = &policies },
	[NFTA_SET_DESC] = { "desc", FIELD_RECORD, MAKE, 0, "what is known of its elements", .schema = &schema_description },
	[NFTA_SET_ID] = { "id", FIELD_BE32, FIELD_HIDDEN | FIELD_SETTABLE, 0, "number in a request" },
	[NFTA_SET_TIMEOUT] = { "timeout", FIELD_BE64, FIELD_SETTABLE, UNIT_MILLISECONDS, "after which an element goes" },
	[NFTA_SET_GC_INTERVAL] = { "gc_interval", FIELD_BE32, FIELD_SETTABLE, UNIT_MILLISECONDS, "between two looks for such" },
	[NFTA_SET_USERDATA] = { "userdata", FIELD_CODEC, MAKE, 0, "what nft keeps with it", .codec = &codec_netfilter_userdata,
				.schema = &schema_netfilter_set_data },
	[NFTA_SET_PAD] = { "pad", FIELD_PAD },
	[NFTA_SET_OBJ_TYPE] = { "obj_type", FIELD_BE32, MAKE, 0, "kind of object that elements lead to", .names = &words_netfilter_object },
	[NFTA_SET_HANDLE] = { "handle", FIELD_BE64, FIELD_DERIVED, 0, "number that the kernel gave it" },
	[NFTA_SET_EXPR] = { "expression", FIELD_RECORD, MAKE, 0, "what each element counts or limits", .schema = &schema_netfilter_expression },
	[NFTA_SET_EXPRESSIONS] = { "expressions", FIELD_LIST, MAKE, 0, "what each element counts or limits", .element = &field_netfilter_expression },
	[19] = { "layout", FIELD_TEXT, FIELD_HIDDEN | FIELD_DERIVED, 0, "how the kernel keeps it" },            /* NFTA_SET_TYPE, 6.15 */
	[20] = { "count", FIELD_BE32, FIELD_VOLATILE, UNIT_ELEMENTS, "in it now, with those that have ended" }, /* NFTA_SET_COUNT, 6.15 */
};

static const struct schema schema = {
	.name = "set",
	.help = "sets and maps of nftables",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = set,
	.attribute_count = ARRAY_SIZE(set),
};

/* One that a rule has for itself, within the rule. */
static const struct field own_set[] = {
	{ "set", FIELD_RECORD, FIELD_SETTABLE, 0, "what it is", .schema = &schema },
	{ "elements", FIELD_LIST, FIELD_SETTABLE, 0, "what is in it", .element = &field_netfilter_element },
};
static const struct schema schema_own_set = { .name = "set", .attributes = own_set, .attribute_count = ARRAY_SIZE(own_set) };
const struct field field_netfilter_own_set = { "set", FIELD_RECORD, FIELD_SETTABLE, 0, "a set of the rule's own", .schema = &schema_own_set };

/* The kernel wants a number for a new set, by which others of its transaction can name it. */
static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	return write == OBJECT_REMOVE || record_find(record, "id") ? 0 : record_put(arena, record, "id", value_uint(1));
}

NETFILTER_OBJECT(set, SET, "FAMILY/TABLE/NAME is, such as inet/filter/allowed", .prepare = prepare, .renews = netfilter_renews);
NETFILTER_CHANNEL(set, object_netfilter_set, "sets and maps of nftables, without their elements");
