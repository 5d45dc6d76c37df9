/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers by which this network namespace knows others, where their links lead. Sources: <linux/net_namespace.h>, net/core/net_namespace.c,
 * ip-netns(8). */
#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include "channel/object.h"

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_HIDDEN | FIELD_DERIVED, 0, "of no use", HEADER_FIELD(struct rtgenmsg, rtgen_family) },
};

static const struct field known[] = {
	[NETNSA_NSID] = { "nsid", FIELD_S32, FIELD_KEY, 0, "number of the namespace" },
	[NETNSA_CURRENT_NSID] = { "current_nsid", FIELD_S32, 0, 0, "number here of what has that number there" },
};

static const struct schema schema = {
	.name = "nsid",
	.help = "other network namespaces",
	.header_size = sizeof(struct rtgenmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = known,
	.attribute_count = ARRAY_SIZE(known),
};

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)naming;
	buffer_add_int(ret, (int32_t)record_number(record, "nsid", 0));
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r = left.record ? object_parse_word(&left, "nsid", NULL) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no number of a network namespace, such as 0", text);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

static const struct object object_nsid = {
	.name = "nsid",
	.help = "other network namespaces",
	.protocol = &protocol_route,
	.new_type = RTM_NEWNSID,
	.delete_type = RTM_DELNSID,
	.get_type = RTM_GETNSID,
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.comes_by_itself = "a namespace has its number by what holds it open (ip netns set), and takes it along",
	.untold = true,
};

OBJECT_CHANNEL_OF(route, nsid, object_nsid, "numbers by which other network namespaces are known here", "sampled");
