/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multicast routes: where packets of a group go that come from a source. Routing daemons make them by options of their sockets. Sources:
 * ip-mroute(8), net/ipv4/ipmr.c, ipmr_base.c, net/ipv6/ip6mr.c. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "channel/route.h"
#include "channel/words.h"

#define MOVES FIELD_VOLATILE

static const struct field output[] = {
	{ "dev", FIELD_INTERFACE, 0, 0, "link", HEADER_FIELD(struct rtnexthop, rtnh_ifindex) },
	{ "ttl", FIELD_U8, 0, 0, "packets must have more than that", HEADER_FIELD(struct rtnexthop, rtnh_hops) },
};
static const struct schema schema_output = {
	.name = "output", .header_size = sizeof(struct rtnexthop), .header = output, .header_count = ARRAY_SIZE(output)
};
static const struct field output_field = { "output", FIELD_RECORD, 0, 0, "a link", .schema = &schema_output };

static const struct field counters[] = {
	{ "packets", FIELD_U64, MOVES, UNIT_PACKETS, "sent on", HEADER_FIELD(struct rta_mfc_stats, mfcs_packets) },
	{ "bytes", FIELD_U64, MOVES, UNIT_BYTES, "sent on", HEADER_FIELD(struct rta_mfc_stats, mfcs_bytes) },
	{ "wrong_if", FIELD_U64, MOVES, UNIT_PACKETS, "came in by another link", HEADER_FIELD(struct rta_mfc_stats, mfcs_wrong_if) },
};
static const struct schema schema_counters = {
	.name = "stats", .header_size = sizeof(struct rta_mfc_stats), .header = counters, .header_count = ARRAY_SIZE(counters)
};

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct rtmsg, rtm_family), .names = &words_family },
	{ "table", FIELD_U8, FIELD_KEY | FIELD_HEADER_ATTRIBUTE, 0, "routing table", HEADER_FIELD(struct rtmsg, rtm_table),
	  .names = &words_route_table },
	{ "protocol", FIELD_U8, 0, 0, "static, or mrouted: made by a daemon that minds it", HEADER_FIELD(struct rtmsg, rtm_protocol),
	  .names = &words_route_protocol },
	{ "flags", FIELD_U32, 0, 0, "unresolved: nobody has said yet where it leads", HEADER_FIELD(struct rtmsg, rtm_flags),
	  .names = &words_nexthop_flags },
};

static const struct field mroute[] = {
	[RTA_DST] = { "dst", FIELD_ADDRESS, FIELD_KEY, 0, "group" },
	[RTA_SRC] = { "src", FIELD_ADDRESS, FIELD_KEY, 0, "source" },
	[RTA_IIF] = { "iif", FIELD_INTERFACE, 0, 0, "link that packets must come in by" },
	[RTA_MULTIPATH] = { "oifs", FIELD_CODEC, 0, 0, "links that they leave by", .codec = &codec_multipath, .element = &output_field },
	[RTA_TABLE] = { "table", FIELD_U32, FIELD_KEY, 0, "routing table", .names = &words_route_table },
	[RTA_MFC_STATS] = { "stats", FIELD_RECORD, MOVES, 0, "counters", .schema = &schema_counters },
	[RTA_EXPIRES] = { "last_use", FIELD_U64, MOVES, UNIT_CENTISECONDS, "since the last packet" },
	[RTA_PAD] = { "pad", FIELD_PAD },
};

static const struct schema schema = {
	.name = "mroute",
	.help = "multicast routes",
	.header_size = sizeof(struct rtmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = mroute,
	.attribute_count = ARRAY_SIZE(mroute),
};

static bool concerns(const struct nlmsghdr *message)
{
	const uint8_t family = ((const struct rtmsg *)NLMSG_DATA(message))->rtm_family;

	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct rtmsg)) && (family == RTNL_FAMILY_IPMR || family == RTNL_FAMILY_IP6MR);
}

static bool is_any(const struct value *address)
{
	static const uint8_t zeroes[16];

	return !address || address->type != VALUE_ADDRESS || memcmp(address->bytes.data, zeroes, address->bytes.length) == 0;
}

/* ---- Its place in the tree: TABLE/GROUP[,src=ADDRESS] ---- */

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *group = record_find(record, "dst"), *source = record_find(record, "src");

	words_add(ret, &words_route_table, record_number(record, "table", RT_TABLE_UNSPEC));
	buffer_add_char(ret, '/');
	if (group)
		value_print(ret, group, NULL, naming);
	if (is_any(source))
		return;
	buffer_add_text(ret, ",src=");
	value_print(ret, source, NULL, naming);
}

static int parse_source(struct object_path *left, const struct value *group)
{
	static const char option[] = ",src=";
	static const uint8_t zeroes[16];

	if (strncmp(left->rest, option, strlen(option)) != 0)
		return record_put(left->arena, left->record, "src", value_data(VALUE_ADDRESS, zeroes, group->bytes.length));
	left->rest += strlen(option);
	return object_parse_ip_of_field(left, "src");
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	const struct value *group = NULL;
	int r = left.record ? object_parse_word(&left, "table", &words_route_table) : -ENOMEM;

	if (r == 0)
		r = object_parse_address(&left, "dst", 1u << 4 | 1u << 16);
	if (r == 0)
		group = record_find(left.record, "dst");
	if (group)
		r = parse_source(&left, group);
	if (r == 0 && group)
		r = record_put(arena, left.record, "family", value_uint(group->bytes.length == 4 ? RTNL_FAMILY_IPMR : RTNL_FAMILY_IP6MR));
	if (r == -ENOMEM)
		return r;
	if (r < 0 || (*left.rest && *left.rest != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no multicast route: TABLE/GROUP is, such as default/239.1.1.1,src=10.0.0.1", text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

/* An older kernel (5.10) answers no question for one route of IPv6, though it lists them: there the file tells that it has them. */
static int places(struct netlink *netlink, struct buffer *ret)
{
	const struct rtmsg request = { .rtm_family = RTNL_FAMILY_IP6MR };
	int first = route_place(netlink, RTNL_FAMILY_IPMR, ret), second = route_place(netlink, RTNL_FAMILY_IP6MR, ret);

	if (second == -EOPNOTSUPP && access("/proc/net/ip6_mr_cache", F_OK) == 0) {
		buffer_add(ret, &request, sizeof(request));
		second = 0;
	}
	return first < 0 && second < 0 ? first : 0;
}

static enum object_origin origin(const struct record *record)
{
	return record_number(record, "flags", 0) & RTNH_F_UNRESOLVED ? OBJECT_PASSING : OBJECT_FOLLOWS;
}

static const struct object object_mroute = {
	.name = "mroute",
	.help = "multicast routes",
	.protocol = &protocol_route,
	.new_type = RTM_NEWROUTE,
	.delete_type = RTM_DELROUTE,
	.get_type = RTM_GETROUTE,
	.schema = &schema,
	.groups = { RTNLGRP_IPV4_MROUTE, RTNLGRP_IPV6_MROUTE },
	.families = { RTNL_FAMILY_IPMR, RTNL_FAMILY_IP6MR },
	.family_count = 2,
	.concerns = concerns,
	.path = path,
	.parse = parse,
	.places = places,
	.comes_by_itself = "multicast routes are made by routing daemons, by options of their sockets, and go with those",
	.origin = origin,
	.may_lack = true,
	.dependent = true,
};

OBJECT_CHANNEL(route, mroute, object_mroute, "multicast routes: where packets of a group go that come from a source");
