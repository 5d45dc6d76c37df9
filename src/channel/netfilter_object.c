/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stateful objects of nftables: counters, quotas and limits that several rules share, and what connections are given. Source:
 * <linux/netfilter/nf_tables.h>, nft(8). */
#include <errno.h>

#include "channel/netfilter.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE

static const struct field helper[] = {
	[NFTA_CT_HELPER_NAME] = { "name", FIELD_TEXT, SET, 0, "what the kernel calls it" },
	[NFTA_CT_HELPER_L3PROTO] = { "l3proto", FIELD_BE16, SET, 0, "protocol of packets", .names = &words_netfilter_layer3 },
	[NFTA_CT_HELPER_L4PROTO] = { "l4proto", FIELD_U8, SET, 0, "protocol in it", .names = &words_ip_protocol },
};
static const struct schema schema_helper = { .name = "ct_helper", .attributes = helper, .attribute_count = ARRAY_SIZE(helper) };

static const struct field timeout_member = { "timeout", FIELD_BE32, SET, UNIT_SECONDS, "of a state of the protocol" };
static const struct field timeout[] = {
	[NFTA_CT_TIMEOUT_L3PROTO] = { "l3proto", FIELD_BE16, SET, 0, "protocol of packets", .names = &words_netfilter_layer3 },
	[NFTA_CT_TIMEOUT_L4PROTO] = { "l4proto", FIELD_U8, SET, 0, "protocol in it", .names = &words_ip_protocol },
	[NFTA_CT_TIMEOUT_DATA] = { "timeouts", FIELD_LIST, SET, 0, "of the states of the protocol, in the kernel's order",
				   .element = &timeout_member },
};
static const struct schema schema_timeout = { .name = "ct_timeout", .attributes = timeout, .attribute_count = ARRAY_SIZE(timeout) };

static const struct field expectation[] = {
	[NFTA_CT_EXPECT_L3PROTO] = { "l3proto", FIELD_BE16, SET, 0, "protocol of packets", .names = &words_netfilter_layer3 },
	[NFTA_CT_EXPECT_L4PROTO] = { "l4proto", FIELD_U8, SET, 0, "protocol in it", .names = &words_ip_protocol },
	[NFTA_CT_EXPECT_DPORT] = { "dport", FIELD_BE16, SET, 0, "port of the connection that will come" },
	[NFTA_CT_EXPECT_TIMEOUT] = { "timeout", FIELD_U32, SET, UNIT_MILLISECONDS, "in which it must" },
	[NFTA_CT_EXPECT_SIZE] = { "size", FIELD_U8, SET, UNIT_CONNECTIONS, "how many may" },
};
static const struct schema schema_expectation = { .name = "ct_expectation", .attributes = expectation, .attribute_count = ARRAY_SIZE(expectation) };

static const struct field secmark[] = {
	[NFTA_SECMARK_CTX] = { "context", FIELD_TEXT, SET, 0, "label" },
};
static const struct schema schema_secmark = { .name = "secmark", .attributes = secmark, .attribute_count = ARRAY_SIZE(secmark) };

static const struct field ends[] = {
	[NFTA_TUNNEL_KEY_IP6_SRC] = { "src", FIELD_ADDRESS, SET, 0, "address of this end" },
	[NFTA_TUNNEL_KEY_IP6_DST] = { "dst", FIELD_ADDRESS, SET, 0, "address of the other end" },
	[NFTA_TUNNEL_KEY_IP6_FLOWLABEL] = { "flowlabel", FIELD_BE32, SET | FIELD_HEX, 0, "flow label" },
};
static const struct schema schema_ends = { .name = "ends", .attributes = ends, .attribute_count = ARRAY_SIZE(ends) };

NAMES(tunnel_flags, true, { NFT_TUNNEL_F_ZERO_CSUM_TX, "zero_checksum" }, { NFT_TUNNEL_F_DONT_FRAGMENT, "dont_fragment" },
      { NFT_TUNNEL_F_SEQ_NUMBER, "sequence_number" });

static const struct field tunnel[] = {
	[NFTA_TUNNEL_KEY_ID] = { "id", FIELD_BE32, SET, 0, "number of the tunnel" },
	[NFTA_TUNNEL_KEY_IP] = { "ip", FIELD_RECORD, SET, 0, "its ends", .schema = &schema_ends },
	[NFTA_TUNNEL_KEY_IP6] = { "ip6", FIELD_RECORD, SET, 0, "its ends", .schema = &schema_ends },
	[NFTA_TUNNEL_KEY_FLAGS] = { "flags", FIELD_BE32, SET, 0, "how packets are wrapped", .names = &tunnel_flags },
	[NFTA_TUNNEL_KEY_TOS] = { "tos", FIELD_U8, SET | FIELD_HEX, 0, "type of service" },
	[NFTA_TUNNEL_KEY_TTL] = { "ttl", FIELD_U8, SET, 0, "time to live" },
	[NFTA_TUNNEL_KEY_SPORT] = { "sport", FIELD_BE16, SET, 0, "source port" },
	[NFTA_TUNNEL_KEY_DPORT] = { "dport", FIELD_BE16, SET, 0, "destination port" },
	[NFTA_TUNNEL_KEY_OPTS] = { "options", FIELD_BYTES, SET, 0, "options of its kind, as the kernel writes them" },
};
static const struct schema schema_tunnel = { .name = "tunnel", .attributes = tunnel, .attribute_count = ARRAY_SIZE(tunnel) };

static const struct selection_row kinds[] = {
	{ "counter", &schema_netfilter_counter },
	{ "quota", &schema_netfilter_quota },
	{ "ct_helper", &schema_helper },
	{ "limit", &schema_netfilter_limit },
	{ "connlimit", &schema_netfilter_connlimit },
	{ "tunnel", &schema_tunnel },
	{ "ct_timeout", &schema_timeout },
	{ "secmark", &schema_secmark },
	{ "ct_expectation", &schema_expectation },
	{ "synproxy", &schema_netfilter_synproxy },
};
static const struct selection by_type = { .by = "type", .rows = kinds, .count = ARRAY_SIZE(kinds), .names = &words_netfilter_object };

static const struct field object[] = {
	[NFTA_OBJ_TABLE] = { "table", FIELD_TEXT, FIELD_KEY, 0, "table that it stands in" },
	[NFTA_OBJ_NAME] = { "name", FIELD_TEXT, FIELD_KEY, 0, "name" },
	[NFTA_OBJ_TYPE] = { "type", FIELD_BE32, FIELD_KEY, 0, "what it is", .names = &words_netfilter_object },
	[NFTA_OBJ_DATA] = { "data", FIELD_SELECT, SET, 0, "what it holds", .select = &by_type },
	[NFTA_OBJ_USE] = { "use", FIELD_BE32, FIELD_VOLATILE, 0, "rules and elements that lead to it" },
	[NFTA_OBJ_HANDLE] = { "handle", FIELD_BE64, FIELD_DERIVED, 0, "number that the kernel gave it" },
	[NFTA_OBJ_PAD] = { "pad", FIELD_PAD },
	[NFTA_OBJ_USERDATA] = { "userdata", FIELD_CODEC, FIELD_CREATE, 0, "what nft keeps with it", .codec = &codec_netfilter_userdata,
				.schema = &schema_netfilter_comment },
};

static const struct schema schema = {
	.name = "object",
	.help = "stateful objects of nftables",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = object,
	.attribute_count = ARRAY_SIZE(object),
};

/* A counter begins at 0 where nothing is said of it; but something must be. */
static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	struct record *data;
	int r;

	if (write != OBJECT_CREATE || record_number(record, "type", 0) != NFT_OBJECT_COUNTER || record_find(record, "data"))
		return 0;
	data = record_new(arena, &schema_netfilter_counter);
	r = data ? record_put(arena, data, "packets", value_uint(0)) : -ENOMEM;
	return r < 0 ? r : record_put(arena, record, "data", (struct value){ .type = VALUE_RECORD, .record = data });
}

/* A quota can be another one; of the others the kernel leaves what stands, without a word. */
static bool renews(const struct record *wanted, const struct record *now)
{
	return wanted->count > 0 && record_number(now, "type", 0) != NFT_OBJECT_QUOTA;
}

NETFILTER_OBJECT(object, OBJ, "FAMILY/TABLE/NAME/TYPE is, such as inet/filter/seen/counter", .prepare = prepare, .renews = renews);
NETFILTER_CHANNEL(object, object_netfilter_object, "stateful objects of nftables: counters, quotas, limits, what connections are given");
