/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proxy entries: addresses for which a link answers in another's place. They are told by dumps of their own, and when one comes or goes the kernel
 * tells no one. Source: rtnetlink(7), ip-neighbour(8), <linux/neighbour.h>. */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "channel/neigh.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct ndmsg, ndm_family), .names = &words_family },
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link that answers", HEADER_FIELD(struct ndmsg, ndm_ifindex) },
	{ "state", FIELD_U16, FIELD_HIDDEN | FIELD_DERIVED, 0, "a proxy has none", HEADER_FIELD(struct ndmsg, ndm_state) },
	{ "flags", FIELD_U8, SET, 0, "proxy, and what it answers for", HEADER_FIELD(struct ndmsg, ndm_flags), .names = &words_neighbour_flags },
	{ "type", FIELD_U8, FIELD_DERIVED, 0, "kind of address", HEADER_FIELD(struct ndmsg, ndm_type), .names = &words_route_type },
};

static const struct field attributes_of_proxy[] = {
	[NDA_DST] = { "dst", FIELD_ADDRESS, FIELD_KEY, 0, "address that is answered for" },
	[NDA_PROTOCOL] = { "protocol", FIELD_U8, SET, 0, "who made it", .names = &words_route_protocol },
	[15] = { "flags_ext", FIELD_U32, SET, 0, "further flags", .names = &words_neighbour_more_flags }, /* NDA_FLAGS_EXT, 5.16 */
};

static const struct schema schema = {
	.name = "proxy",
	.help = "addresses that a link answers for",
	.header_size = sizeof(struct ndmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_proxy,
	.attribute_count = ARRAY_SIZE(attributes_of_proxy),
};

static bool concerns(const struct nlmsghdr *message)
{
	const struct ndmsg *neighbour = NLMSG_DATA(message);

	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(*neighbour)) && (neighbour->ndm_family == AF_INET || neighbour->ndm_family == AF_INET6) &&
	       neighbour->ndm_flags & NTF_PROXY;
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	(void)write;
	return record_put(arena, record, "flags", value_uint((record_number(record, "flags", 0) & NTF_ROUTER) | NTF_PROXY));
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	return neigh_parse_path(&schema, text, naming, arena, ret, ret_rest, error);
}

static void dump(struct buffer *request, uint8_t family)
{
	const struct ndmsg neighbour = { .ndm_family = family, .ndm_flags = NTF_PROXY };

	buffer_add(request, &neighbour, sizeof(neighbour));
}

static int get(const struct record *key, struct buffer *request)
{
	return neigh_get(key, NTF_PROXY, request);
}

static const struct object object_proxy = {
	.name = "proxy",
	.help = "addresses that a link answers for",
	.protocol = &protocol_route,
	.new_type = RTM_NEWNEIGH,
	.delete_type = RTM_DELNEIGH,
	.get_type = RTM_GETNEIGH,
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.concerns = concerns,
	.path = neigh_path,
	.parse = parse,
	.dump = dump,
	.get = get,
	.prepare = prepare,
	.remove_filter = FIELD_KEY | FIELD_SETTABLE,
	.untold = true,
};

OBJECT_CHANNEL_OF(route, proxy, object_proxy, "proxy entries: addresses that a link answers for", "sampled");
