/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An expression of nftables: its name chooses what the rest means. One that is not here stays whole, as its name and its bytes. */
#include "channel/netfilter.h"

#define SET FIELD_SETTABLE

/* It says all by its name. */
static const struct field nothing[] = { { "pad", FIELD_PAD } };
static const struct schema schema_nothing = { .name = "nothing", .attributes = nothing, .attribute_count = ARRAY_SIZE(nothing) };

static const struct selection_row rows[] = {
	{ "payload", &schema_netfilter_payload },
	{ "meta", &schema_netfilter_meta },
	{ "cmp", &schema_netfilter_cmp },
	{ "lookup", &schema_netfilter_lookup },
	{ "immediate", &schema_netfilter_immediate },
	{ "bitwise", &schema_netfilter_bitwise },
	{ "byteorder", &schema_netfilter_byteorder },
	{ "range", &schema_netfilter_range },
	{ "counter", &schema_netfilter_counter },
	{ "limit", &schema_netfilter_limit },
	{ "quota", &schema_netfilter_quota },
	{ "ct", &schema_netfilter_ct },
	{ "nat", &schema_netfilter_nat },
	{ "masq", &schema_netfilter_masq },
	{ "redir", &schema_netfilter_redir },
	{ "log", &schema_netfilter_log },
	{ "reject", &schema_netfilter_reject },
	{ "queue", &schema_netfilter_queue },
	{ "fib", &schema_netfilter_fib },
	{ "rt", &schema_netfilter_rt },
	{ "socket", &schema_netfilter_socket },
	{ "exthdr", &schema_netfilter_exthdr },
	{ "numgen", &schema_netfilter_numgen },
	{ "hash", &schema_netfilter_hash },
	{ "dynset", &schema_netfilter_dynset },
	{ "objref", &schema_netfilter_objref },
	{ "notrack", &schema_nothing },
	{ "tproxy", &schema_netfilter_tproxy },
	{ "dup", &schema_netfilter_dup },
	{ "fwd", &schema_netfilter_fwd },
	{ "connlimit", &schema_netfilter_connlimit },
	{ "last", &schema_netfilter_last },
	{ "osf", &schema_netfilter_osf },
	{ "synproxy", &schema_netfilter_synproxy },
	{ "xfrm", &schema_netfilter_xfrm },
	{ "tunnel", &schema_netfilter_tunnel },
	{ "flow_offload", &schema_netfilter_flow },
	{ "match", &schema_netfilter_compat },
	{ "target", &schema_netfilter_compat },
};
static const struct selection by_name = { .by = "name", .rows = rows, .count = ARRAY_SIZE(rows) };

static const struct field expression[] = {
	[NFTA_EXPR_NAME] = { "name", FIELD_TEXT, SET, 0, "what it does" },
	[NFTA_EXPR_DATA] = { "data", FIELD_SELECT, SET, 0, "with what", .select = &by_name },
};
const struct schema schema_netfilter_expression = { .name = "expression", .attributes = expression, .attribute_count = ARRAY_SIZE(expression) };

const struct field field_netfilter_expression = {
	"expression", FIELD_RECORD, SET, 0, "an expression", .offset = NFTA_LIST_ELEM, .schema = &schema_netfilter_expression
};
const struct field field_netfilter_device = { "device", FIELD_TEXT, SET, 0, "a device", .offset = NFTA_DEVICE_NAME };
