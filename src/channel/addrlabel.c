/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Labels of IPv6 addresses, by which the kernel chooses the address that it sends from (RFC 6724). The kernel tells no one when one changes. Sources:
 * <linux/if_addrlabel.h>, net/ipv6/addrlabel.c, ip-addrlabel(8). */
#include <errno.h>
#include <linux/if_addrlabel.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/object.h"
#include "channel/words.h"

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct ifaddrlblmsg, ifal_family), .names = &words_family },
	{ "flags", FIELD_U8, FIELD_HIDDEN | FIELD_DERIVED, 0, "of no use", HEADER_FIELD(struct ifaddrlblmsg, ifal_flags) },
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link that it is for; without one, all", HEADER_FIELD(struct ifaddrlblmsg, ifal_index) },
	{ "seq", FIELD_U32, FIELD_VOLATILE | FIELD_HIDDEN, 0, "generation of the table", HEADER_FIELD(struct ifaddrlblmsg, ifal_seq) },
};

static const struct field label[] = {
	[IFAL_ADDRESS] = { "prefix", FIELD_PREFIX, FIELD_KEY, 0, "addresses that it is for",
			   .prefix_offset = offsetof(struct ifaddrlblmsg, ifal_prefixlen) },
	[IFAL_LABEL] = { "label", FIELD_U32, FIELD_SETTABLE, 0, "label" },
};

static const struct schema schema = {
	.name = "addrlabel",
	.help = "labels of IPv6 addresses",
	.header_size = sizeof(struct ifaddrlblmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = label,
	.attribute_count = ARRAY_SIZE(label),
	.prefixes = UINT64_C(1) << IFAL_ADDRESS,
};

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *prefix = record_find(record, "prefix");

	if (prefix)
		value_print(ret, prefix, NULL, naming);
	if (!record_number(record, "dev", 0) && !(record_find(record, "dev") && record_find(record, "dev")->type == VALUE_TEXT))
		return;
	buffer_add_text(ret, ",dev=");
	object_path_interface(record, "dev", naming, ret);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r = left.record ? object_parse_prefix(&left, "prefix") : -ENOMEM;

	if (r == 0 && *left.rest == ',')
		r = object_parse_option(&left);
	if (r == 0)
		r = record_put(arena, left.record, "family", value_uint(AF_INET6));
	if (r == -ENOMEM)
		return r;
	if (r < 0 || (*left.rest && *left.rest != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no label of addresses: PREFIX[,dev=LINK] is, such as 2001:db8::/32", text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

/* The first ones the kernel has made, and they are there like any. */
static const struct object object_addrlabel = {
	.name = "addrlabel",
	.help = "labels of IPv6 addresses",
	.protocol = &protocol_route,
	.new_type = RTM_NEWADDRLABEL,
	.delete_type = RTM_DELADDRLABEL,
	.get_type = RTM_GETADDRLABEL,
	.schema = &schema,
	.families = { AF_INET6 },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.remove_filter = FIELD_KEY | FIELD_SETTABLE,
	.may_lack = true,
	.untold = true,
	.asked_by = { RTM_NEWADDRLABEL, RTM_DELADDRLABEL },
};

OBJECT_CHANNEL_OF(route, addrlabel, object_addrlabel, "labels of IPv6 addresses: which one is taken to send from", "sampled");
