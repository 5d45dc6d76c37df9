/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses that a link hears beside its own: of groups (since 6.15 of IPv4 too), and anycast ones of IPv6. Programs join and leave by sockets, so
 * they are read and no setting. Sources: <linux/if_addr.h>, net/ipv4/igmp.c, net/ipv6/addrconf.c, ip-maddress(8). */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "channel/object.h"
#include "channel/words.h"

static const struct field cache[] = {
	{ "cstamp", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "joined, since boot", HEADER_FIELD(struct ifa_cacheinfo, cstamp) },
	{ "tstamp", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "last changed, since boot", HEADER_FIELD(struct ifa_cacheinfo, tstamp) },
};
static const struct schema schema_cache = {
	.name = "cacheinfo", .header_size = sizeof(struct ifa_cacheinfo), .header = cache, .header_count = ARRAY_SIZE(cache)
};

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct ifaddrmsg, ifa_family), .names = &words_family },
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link", HEADER_FIELD(struct ifaddrmsg, ifa_index) },
	{ "prefixlen", FIELD_U8, FIELD_HIDDEN | FIELD_DERIVED, UNIT_BITS, "all of them", HEADER_FIELD(struct ifaddrmsg, ifa_prefixlen) },
	{ "flags", FIELD_U8, FIELD_HIDDEN | FIELD_DERIVED, 0, "always permanent", HEADER_FIELD(struct ifaddrmsg, ifa_flags) },
	{ "scope", FIELD_U8, 0, 0, "where the address is valid", HEADER_FIELD(struct ifaddrmsg, ifa_scope), .names = &words_route_scope },
};

static const struct field heard[] = {
	[IFA_ANYCAST] = { "anycast", FIELD_ADDRESS, FIELD_KEY, 0, "address that several have" },
	[IFA_CACHEINFO] = { "cacheinfo", FIELD_RECORD, FIELD_VOLATILE, 0, "ages", .schema = &schema_cache },
	[IFA_MULTICAST] = { "multicast", FIELD_ADDRESS, FIELD_KEY, 0, "address of the group" },
	[12] = { "users", FIELD_U32, FIELD_VOLATILE, 0, "how many joined it" }, /* IFA_MC_USERS, 7.x */
};

static const struct schema schema = {
	.name = "group address",
	.help = "addresses that a link hears",
	.header_size = sizeof(struct ifaddrmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = heard,
	.attribute_count = ARRAY_SIZE(heard),
};

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *address = record_find(record, "multicast");

	if (!address)
		address = record_find(record, "anycast");
	object_path_interface(record, "dev", naming, ret);
	buffer_add_char(ret, '/');
	if (address)
		value_print(ret, address, NULL, naming);
}

static int parse(const char *field, const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
		 struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r = left.record ? object_parse_interface(&left, "dev") : -ENOMEM;

	if (r == 0)
		r = object_parse_ip(&left, field);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || (*left.rest && *left.rest != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no such address of a link: LINK/ADDRESS is, such as eth0/ff02::1", text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

static enum object_origin origin(const struct record *record)
{
	(void)record;
	return OBJECT_PASSING;
}

#define GROUP_ADDRESSES(identifier, kind)                                                                                      \
	static int parse_##identifier(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, \
				      const char **ret_rest, struct error *error)                                              \
	{                                                                                                                      \
		return parse(#identifier, text, naming, arena, ret, ret_rest, error);                                          \
	}                                                                                                                      \
	static const struct object object_##identifier = {                                                                     \
		.name = #identifier,                                                                                           \
		.help = "addresses that a link hears",                                                                         \
		.protocol = &protocol_route,                                                                                   \
		.new_type = RTM_GET##kind, /* it tells them by the type of the question */                                     \
		.delete_type = RTM_GET##kind - 1,                                                                              \
		.get_type = RTM_GET##kind,                                                                                     \
		.schema = &schema,                                                                                             \
		.families = { AF_INET, AF_INET6 },                                                                             \
		.family_count = 2,                                                                                             \
		.path = path,                                                                                                  \
		.parse = parse_##identifier,                                                                                   \
		.comes_by_itself = "programs join groups by their sockets, and leave them so",                                 \
		.origin = origin,                                                                                              \
		.may_lack = true,                                                                                              \
		.untold = true,                                                                                                \
	}

GROUP_ADDRESSES(multicast, MULTICAST);
GROUP_ADDRESSES(anycast, ANYCAST);

OBJECT_CHANNEL_OF(route, multicast, object_multicast, "groups whose packets a link hears", "sampled");
OBJECT_CHANNEL_OF(route, anycast, object_anycast, "anycast addresses that a link hears", "sampled");
