/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that are expected to come of others (the data of FTP), as conntrack(8) tells them. Source: <linux/netfilter/nfnetlink_conntrack.h>. */
#include <endian.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "channel/conntrack.h"
#include "channel/netfilter.h"

NAMES(flags, true, { NF_CT_EXPECT_PERMANENT, "permanent" }, { NF_CT_EXPECT_INACTIVE, "inactive" }, { NF_CT_EXPECT_USERSPACE, "userspace" });
NAMES(directions, false, { 0, "orig" }, { 1, "reply" });

static const struct field nat[] = {
	[CTA_EXPECT_NAT_DIR] = { "direction", FIELD_BE32, FIELD_CREATE, 0, "of whose packets", .names = &directions },
	[CTA_EXPECT_NAT_TUPLE] = CONNTRACK_TUPLE("tuple", FIELD_CREATE, "what becomes of them"),
};
static const struct schema schema_nat = { .name = "nat", .attributes = nat, .attribute_count = ARRAY_SIZE(nat) };

static const struct field expectation[] = {
	[CTA_EXPECT_MASTER] = CONNTRACK_TUPLE("master", FIELD_CREATE, "connection that it comes of"),
	[CTA_EXPECT_TUPLE] = CONNTRACK_TUPLE("tuple", FIELD_KEY, "packets that begin it"),
	[CTA_EXPECT_MASK] = CONNTRACK_TUPLE("mask", FIELD_CREATE, "the bits of these that count"),
	[CTA_EXPECT_TIMEOUT] = { "timeout", FIELD_BE32, FIELD_CREATE | FIELD_VOLATILE, UNIT_SECONDS, "until it is given up" },
	[CTA_EXPECT_ID] = { "id", FIELD_BE32, FIELD_DERIVED, 0, "number that the kernel gave it" },
	[CTA_EXPECT_HELP_NAME] = { "helper", FIELD_TEXT, FIELD_CREATE, 0, "what expects it" },
	[CTA_EXPECT_ZONE] = { "zone", FIELD_BE16, FIELD_KEY, 0, "zone" },
	[CTA_EXPECT_FLAGS] = { "flags", FIELD_BE32, FIELD_CREATE, 0, "how it stands", .names = &flags },
	[CTA_EXPECT_CLASS] = { "class", FIELD_BE32, FIELD_CREATE, 0, "which of what its helper expects" },
	[CTA_EXPECT_NAT] = { "nat", FIELD_RECORD, FIELD_CREATE, 0, "what becomes of its addresses", .schema = &schema_nat },
	[CTA_EXPECT_FN] = { "function", FIELD_TEXT, FIELD_CREATE, 0, "what is done when it comes" },
};

static const struct schema schema = {
	.name = "expectation",
	.help = "connections that are expected",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = expectation,
	.attribute_count = ARRAY_SIZE(expectation),
};

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)naming;
	conntrack_path(record, "tuple", ret);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	return conntrack_parse(&schema, "tuple", &(struct object_path){ text, naming, arena, NULL, error }, ret, ret_rest);
}

static const struct object object_expectation = {
	.name = "expectation",
	.help = "connections that are expected",
	.protocol = &protocol_netfilter,
	.new_type = EXPECTATION_TYPE(IPCTNL_MSG_EXP_NEW),
	.delete_type = EXPECTATION_TYPE(IPCTNL_MSG_EXP_DELETE),
	.get_type = EXPECTATION_TYPE(IPCTNL_MSG_EXP_GET),
	.replace_type = EXPECTATION_TYPE(IPCTNL_MSG_EXP_NEW),
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.get = netfilter_get,
	.origin = conntrack_origin,
	.may_lack = true,
	.untold = true,
};

OBJECT_CHANNEL_OF(netfilter, expectation, object_expectation, "connections that are expected to come of others", "sampled");
