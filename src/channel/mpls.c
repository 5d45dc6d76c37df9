/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MPLS routes: what is done with packets of a label. There is one table, and one route of each label. Sources: net/mpls/af_mpls.c, ip-route(8). */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/route.h"
#include "channel/words.h"

#define SET        FIELD_SETTABLE
#define LABEL_BITS 20

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_DERIVED, 0, "protocol family", HEADER_FIELD(struct rtmsg, rtm_family), .names = &words_family },
	{ "table", FIELD_U8, FIELD_DERIVED, 0, "routing table", HEADER_FIELD(struct rtmsg, rtm_table), .names = &words_route_table },
	{ "type", FIELD_U8, FIELD_DERIVED, 0, "what happens to packets", HEADER_FIELD(struct rtmsg, rtm_type), .names = &words_route_type },
	{ "protocol", FIELD_U8, SET, 0, "who made it", HEADER_FIELD(struct rtmsg, rtm_protocol), .names = &words_route_protocol },
	{ "scope", FIELD_U8, FIELD_DERIVED, 0, "how far the destination is", HEADER_FIELD(struct rtmsg, rtm_scope), .names = &words_route_scope },
	{ "flags", FIELD_U32, FIELD_VOLATILE | FIELD_DERIVED, 0, "how its nexthop stands", HEADER_FIELD(struct rtmsg, rtm_flags),
	  .names = &words_nexthop_flags },
};

static const struct field route[] = {
	[RTA_DST] = { "dst", FIELD_CODEC, FIELD_KEY, 0, "label of the packets", .codec = &codec_label },
	[RTA_OIF] = { "dev", FIELD_INTERFACE, SET, 0, "link" },
	[RTA_MULTIPATH] = { "nexthops", FIELD_CODEC, SET, 0, "several ways", .codec = &codec_multipath, .element = &field_multipath_member },
	[RTA_VIA] = { "via", FIELD_CODEC, SET, 0, "next router", .codec = &codec_via, .schema = &schema_via },
	[RTA_NEWDST] = { "as_to", FIELD_CODEC, SET, 0, "labels put on in its place; without any it is taken off", .codec = &codec_labels,
			 .element = &field_label },
	[RTA_TTL_PROPAGATE] = { "ttl_propagate", FIELD_BOOL, SET, 0, "the TTL is handed on to what is inside" },
};

static const struct schema schema = {
	.name = "mpls",
	.help = "MPLS routes",
	.header_size = sizeof(struct rtmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = route,
	.attribute_count = ARRAY_SIZE(route),
};

static bool concerns(const struct nlmsghdr *message)
{
	return ((const struct rtmsg *)NLMSG_DATA(message))->rtm_family == AF_MPLS;
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)naming;
	buffer_add_uint(ret, record_number(record, "dst", 0));
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r = left.record ? object_parse_word(&left, "dst", NULL) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no MPLS route: its label is, such as 100", text);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

static int places(struct netlink *netlink, struct buffer *ret)
{
	return route_place(netlink, AF_MPLS, ret);
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	if (write == OBJECT_REMOVE || record_at(record, "protocol"))
		return 0;
	return record_put(arena, record, "protocol", value_uint(RTPROT_STATIC));
}

/* The kernel takes no other than these. */
static int encode(const struct record *record, uint32_t filter, struct buffer *request, struct error *error)
{
	const size_t begin = request->length;
	int r = schema_encode(record, filter, request, error);
	struct rtmsg *message = (struct rtmsg *)(request->data + begin);

	if (r < 0 || request->failed)
		return r < 0 ? r : -ENOMEM;
	message->rtm_family = AF_MPLS;
	message->rtm_dst_len = LABEL_BITS;
	message->rtm_table = RT_TABLE_MAIN;
	message->rtm_type = RTN_UNICAST;
	return 0;
}

static int remove_request(const struct record *record, struct buffer *request, struct error *error)
{
	return encode(record, FIELD_KEY, request, error);
}

static const struct object object_mpls = {
	.name = "mpls",
	.help = "MPLS routes",
	.protocol = &protocol_route,
	.new_type = RTM_NEWROUTE,
	.delete_type = RTM_DELROUTE,
	.get_type = RTM_GETROUTE,
	.schema = &schema,
	.groups = { RTNLGRP_MPLS_ROUTE },
	.families = { AF_MPLS },
	.family_count = 1,
	.concerns = concerns,
	.path = path,
	.parse = parse,
	.places = places,
	.prepare = prepare,
	.encode = encode,
	.remove_request = remove_request,
	.may_lack = true,
};

OBJECT_CHANNEL(route, mpls, object_mpls, "MPLS routes: what is done with packets of a label");
