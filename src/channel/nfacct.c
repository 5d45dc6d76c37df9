/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters and quotas that rules of iptables(8) share, as nfacct(8) tells them. Source: <linux/netfilter/nfnetlink_acct.h>. */
#include <linux/netfilter/nfnetlink_acct.h>

#include "channel/netfilter.h"

#define ACCT_TYPE(message) (NFNL_SUBSYS_ACCT << 8 | (message))

NAMES(flags, true, { NFACCT_F_QUOTA_PKTS, "quota_packets" }, { NFACCT_F_QUOTA_BYTES, "quota_bytes" }, { NFACCT_F_OVERQUOTA, "overquota" });

static const struct field account[] = {
	[NFACCT_NAME] = { "name", FIELD_TEXT, FIELD_KEY, 0, "name" },
	[NFACCT_PKTS] = { "packets", FIELD_BE64, FIELD_VOLATILE | FIELD_CREATE, UNIT_PACKETS, "counted" },
	[NFACCT_BYTES] = { "bytes", FIELD_BE64, FIELD_VOLATILE | FIELD_CREATE, UNIT_BYTES, "counted" },
	[NFACCT_USE] = { "use", FIELD_BE32, FIELD_VOLATILE, 0, "rules that count in it" },
	[NFACCT_FLAGS] = { "flags", FIELD_BE32, FIELD_CREATE, 0, "what the quota is of, and whether it is used up", .names = &flags,
			   LIMITS(.mask = NFACCT_F_QUOTA_PKTS | NFACCT_F_QUOTA_BYTES) },
	[NFACCT_QUOTA] = { "quota", FIELD_BE64, FIELD_CREATE, 0, "packets or bytes after which it is used up" },
	[NFACCT_PAD] = { "pad", FIELD_PAD },
};

static const struct schema schema = {
	.name = "nfacct",
	.help = "counters that rules share",
	.header_size = sizeof(struct nfgenmsg),
	.attributes = account,
	.attribute_count = ARRAY_SIZE(account),
};

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	return netfilter_parse(&schema, "NAME is, such as http-traffic", &(struct object_path){ text, naming, arena, NULL, error }, ret, ret_rest);
}

static const struct object object_nfacct = {
	.name = "nfacct",
	.help = "counters that rules share",
	.protocol = &protocol_netfilter,
	.new_type = ACCT_TYPE(NFNL_MSG_ACCT_NEW),
	.delete_type = ACCT_TYPE(NFNL_MSG_ACCT_DEL),
	.get_type = ACCT_TYPE(NFNL_MSG_ACCT_GET),
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = netfilter_path,
	.parse = parse,
	.get = netfilter_get,
	.no_replace = true,
	.may_lack = true,
	.untold = true,
	.asked_by = { ACCT_TYPE(NFNL_MSG_ACCT_NEW), ACCT_TYPE(NFNL_MSG_ACCT_DEL) },
};

OBJECT_CHANNEL_OF(netfilter, nfacct, object_nfacct, "counters and quotas that rules of iptables share", "sampled");
