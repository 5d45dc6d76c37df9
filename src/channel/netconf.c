/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of links that sysctl has as well (net/ipv4/conf, net/ipv6/conf), as rtnetlink tells them: read only. Sources: <linux/netconf.h>,
 * ip-netconf(8). */
#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/object.h"
#include "channel/words.h"

#define WHICH 30 /* ours: what is no link */

NAMES(filters, false, { 0, "off" }, { 1, "strict" }, { 2, "loose" });
NAMES(switches, false, { 0, "off" }, { 1, "on" });
NAMES(places, false, { UINT32_MAX, "all" }, { UINT32_MAX - 1, "default" });
NAMES(families, false, { AF_INET, "ipv4" }, { AF_INET6, "ipv6" }, { AF_MPLS, "mpls" });

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct netconfmsg, ncm_family), .names = &families },
};

#define SWITCH(name, words)                                      \
	{                                                        \
		name, FIELD_U32, 0, 0, words, .names = &switches \
	}
static const struct field settings[] = {
	[NETCONFA_IFINDEX] = { "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link" },
	[NETCONFA_FORWARDING] = SWITCH("forwarding", "packets of others are handed on"),
	[NETCONFA_RP_FILTER] = { "rp_filter", FIELD_U32, 0, 0, "check of where packets come from", .names = &filters },
	[NETCONFA_MC_FORWARDING] = SWITCH("mc_forwarding", "packets of groups are handed on"),
	[NETCONFA_PROXY_NEIGH] = SWITCH("proxy_neigh", "it answers for others"),
	[NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN] = SWITCH("ignore_routes_with_linkdown", "routes over a link without carrier do not count"),
	[NETCONFA_INPUT] = SWITCH("input", "labelled packets are taken"),
	[NETCONFA_BC_FORWARDING] = SWITCH("bc_forwarding", "directed broadcasts are handed on"),
	[9] = SWITCH("force_forwarding", "packets are handed on whatever all says"), /* NETCONFA_FORCE_FORWARDING, 6.17 */
	[WHICH] = { "which", FIELD_U32, FIELD_KEY, 0, "all links, or those to come", .names = &places },
};

static const struct schema schema = {
	.name = "netconf",
	.help = "settings of links",
	.header_size = sizeof(struct netconfmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = settings,
	.attribute_count = ARRAY_SIZE(settings),
};

/* What has no link stands in its place as a number below 0. */
static int mend(struct arena *arena, struct record *record)
{
	const struct value *index = record_find(record, "dev");
	uint64_t number;

	if (!index || (int32_t)index->number >= 0)
		return 0;
	number = (uint32_t)index->number;
	record_drop(record, "dev");
	return record_put(arena, record, "which", value_uint(number));
}

/* The kernel wants the header with its padding. */
static void dump(struct buffer *request, uint8_t family)
{
	const char padded[NLMSG_ALIGN(sizeof(struct netconfmsg))] = { (char)family };

	buffer_add(request, padded, sizeof(padded));
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *which = record_find(record, "which");

	words_add(ret, &families, record_number(record, "family", 0));
	buffer_add_char(ret, '/');
	if (which)
		words_add(ret, &places, which->number);
	else
		object_path_interface(record, "dev", naming, ret);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r = left.record ? object_parse_word(&left, "family", &families) : -ENOMEM;

	if (r == 0 && (strncmp(left.rest, "all", strcspn(left.rest, "/")) == 0 || strncmp(left.rest, "default", strcspn(left.rest, "/")) == 0) &&
	    *left.rest)
		r = object_parse_word(&left, "which", &places);
	else if (r == 0)
		r = object_parse_interface(&left, "dev");
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no place of settings: FAMILY/LINK is, such as ipv4/eth0, ipv4/all, ipv6/default", text);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

static const struct object object_netconf = {
	.name = "netconf",
	.help = "settings of links",
	.protocol = &protocol_route,
	.new_type = RTM_NEWNETCONF,
	.delete_type = RTM_DELNETCONF,
	.get_type = RTM_GETNETCONF,
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.comes_by_itself = "these settings come with links, and are set by sysctl (net/ipv4/conf, net/ipv6/conf)",
	.mend = mend,
	.dump = dump,
	.may_lack = true,
	.untold = true,
};

OBJECT_CHANNEL_OF(route, netconf, object_netconf, "settings of links that sysctl has as well, as rtnetlink tells them", "sampled");
