/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of links. Source: rtnetlink(7), <linux/if_addr.h>.
 *
 * IFA_ADDRESS is the address itself, but the other end's where IFA_LOCAL stands beside it and differs. A record says it in one way:
 * "local" is our address, "peer" the other end's where there is one. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/object.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE

NAMES(address_flags, true, { IFA_F_SECONDARY, "secondary" }, { IFA_F_NODAD, "nodad" }, { IFA_F_OPTIMISTIC, "optimistic" },
      { IFA_F_DADFAILED, "dadfailed" }, { IFA_F_HOMEADDRESS, "home" }, { IFA_F_DEPRECATED, "deprecated" }, { IFA_F_TENTATIVE, "tentative" },
      { IFA_F_PERMANENT, "permanent" }, { IFA_F_MANAGETEMPADDR, "mngtmpaddr" }, { IFA_F_NOPREFIXROUTE, "noprefixroute" },
      { IFA_F_MCAUTOJOIN, "autojoin" }, { IFA_F_STABLE_PRIVACY, "stable-privacy" });
/* Whether duplicate detection still runs is no setting, and over in a second. */
#define FLAGS_SIGNIFICANT (~(uint64_t)(IFA_F_TENTATIVE | IFA_F_OPTIMISTIC) & UINT32_MAX)
/* What the kernel takes; the others it sets by itself (by the lifetime, by the order of addresses, by duplicate detection). */
#define FLAGS_TAKEN (IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

NAMES(forever, false, { UINT32_MAX, "forever" });
NAMES(address_protocols, false, { 0, "unspec" }, { 1, "kernel_lo" }, { 2, "kernel_ra" }, { 3, "kernel_ll" });

/* Seconds that are left move by themselves. That a lifetime is limited at all shows in the flag "permanent". */
static const struct field cache[] = {
	{ "preferred_life_time", FIELD_U32, SET | FIELD_VOLATILE, UNIT_SECONDS, "left until new connections avoid it",
	  HEADER_FIELD(struct ifa_cacheinfo, ifa_prefered), .names = &forever },
	{ "valid_life_time", FIELD_U32, SET | FIELD_VOLATILE, UNIT_SECONDS, "left until it goes", HEADER_FIELD(struct ifa_cacheinfo, ifa_valid),
	  .names = &forever },
	{ "cstamp", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "made, since boot", HEADER_FIELD(struct ifa_cacheinfo, cstamp) },
	{ "tstamp", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "last changed, since boot", HEADER_FIELD(struct ifa_cacheinfo, tstamp) },
};
static const struct schema schema_cache = {
	.name = "cacheinfo", .header_size = sizeof(struct ifa_cacheinfo), .header = cache, .header_count = ARRAY_SIZE(cache)
};

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct ifaddrmsg, ifa_family), .names = &words_family },
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link", HEADER_FIELD(struct ifaddrmsg, ifa_index) },
	{ "prefixlen", FIELD_U8, FIELD_KEY, UNIT_BITS, "of the network", HEADER_FIELD(struct ifaddrmsg, ifa_prefixlen), LIMITS(.maximum = 128) },
	{ "flags", FIELD_U8, SET | FIELD_HEADER_ATTRIBUTE, 0, "the first 8 of them", HEADER_FIELD(struct ifaddrmsg, ifa_flags),
	  LIMITS(.mask = FLAGS_SIGNIFICANT), .names = &address_flags },
	{ "scope", FIELD_U8, SET, 0, "where the address is valid", HEADER_FIELD(struct ifaddrmsg, ifa_scope), .names = &words_route_scope },
};

static const struct field attributes_of_address[] = {
	[IFA_ADDRESS] = { "peer", FIELD_ADDRESS, FIELD_KEY, 0, "the other end's address" },
	[IFA_LOCAL] = { "local", FIELD_ADDRESS, FIELD_KEY, 0, "the address" },
	[IFA_LABEL] = { "label", FIELD_TEXT, FIELD_CREATE, 0, "label, of old an alias interface", LIMITS(.maximum = 15) },
	[IFA_BROADCAST] = { "broadcast", FIELD_ADDRESS, FIELD_CREATE, 0, "broadcast address" },
	[IFA_ANYCAST] = { "anycast", FIELD_ADDRESS, 0, 0, "anycast address" },
	[IFA_CACHEINFO] = { "cacheinfo", FIELD_RECORD, SET | FIELD_VOLATILE, 0, "lifetimes", .schema = &schema_cache },
	[IFA_MULTICAST] = { "multicast", FIELD_ADDRESS, 0, 0, "multicast address" },
	[IFA_FLAGS] = { "flags", FIELD_U32, SET, 0, "how it was made and how it stands", .names = &address_flags, LIMITS(.mask = FLAGS_SIGNIFICANT) },
	[IFA_RT_PRIORITY] = { "metric", FIELD_U32, SET, 0, "of the route to its network" },
	[10] = { "target_netnsid", FIELD_S32, FIELD_VOLATILE, 0, "namespace that a request is about" }, /* IFA_TARGET_NETNSID */
	[11] = { "protocol", FIELD_U8, SET, 0, "who made it", .names = &address_protocols },            /* IFA_PROTO, 5.18 */
};

static const struct schema schema = {
	.name = "addr",
	.help = "addresses of links",
	.header_size = sizeof(struct ifaddrmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_address,
	.attribute_count = ARRAY_SIZE(attributes_of_address),
};

static bool concerns(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *address = NLMSG_DATA(message);

	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(*address)) && (address->ifa_family == AF_INET || address->ifa_family == AF_INET6);
}

/* IPv6 knows an address by itself and can give it another peer; IPv4 may have one address towards several peers. */
static bool identifies(const struct record *record, const struct field *field)
{
	if (field == &attributes_of_address[IFA_ADDRESS])
		return record_number(record, "family", AF_UNSPEC) == AF_INET;
	return field->flags & FIELD_KEY;
}

static int mend(struct arena *arena, struct record *record)
{
	struct entry *peer = record_at(record, "peer"), *local = record_at(record, "local");

	(void)arena;
	if (peer && !local) {
		peer->field = &attributes_of_address[IFA_LOCAL];
		peer->name = peer->field->name;
		peer->number = IFA_LOCAL;
	} else if (peer && value_equal(&peer->value, &local->value)) {
		record_drop(record, "peer");
	}
	return 0;
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	struct entry *flags = record_at(record, "flags"), *local = record_at(record, "local");
	int r = 0;

	if (local && !record_at(record, "peer"))
		r = record_put(arena, record, "peer", local->value);
	if (r < 0)
		return r;
	if (flags && write != OBJECT_REMOVE) {
		/* The attribute alone is sent: it overrides the header's byte. */
		flags->value.number &= FLAGS_TAKEN;
		flags->field = &attributes_of_address[IFA_FLAGS];
		flags->number = IFA_FLAGS;
	}
	return 0;
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *local = record_find(record, "local");

	object_path_interface(record, "dev", naming, ret);
	buffer_add_char(ret, '/');
	if (local)
		value_print(ret, local, NULL, naming);
	buffer_add_char(ret, '/');
	buffer_add_uint(ret, record_number(record, "prefixlen", 0));
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_interface(&left, "dev");
	if (r < 0)
		return r;
	r = object_parse_ip(&left, "local");
	if (r == 0 && *left.rest++ != '/')
		r = -EINVAL;
	if (r == 0)
		r = object_parse_word(&left, "prefixlen", NULL);
	if (r < 0)
		return error_set(error, r, "\"%s\" is no address of a link: LINK/ADDRESS/LENGTH is, such as eth0/10.0.0.1/24", text);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

/* The addresses of one link, where the kernel filters dumps. */
static int get(const struct record *key, struct buffer *request)
{
	const struct ifaddrmsg address = {
		.ifa_family = (uint8_t)record_number(key, "family", AF_UNSPEC),
		.ifa_index = (uint32_t)record_number(key, "dev", 0),
	};

	buffer_add(request, &address, sizeof(address));
	return OBJECT_GET_DUMP;
}

/* Made from advertisements they go by themselves; link-local ones and those of lo come with their link. */
static enum object_origin origin(const struct record *record)
{
	switch (record_number(record, "protocol", 0)) {
	case 1: /* IFAPROT_KERNEL_* */
	case 3:
		return OBJECT_FOLLOWS;
	case 2:
		return OBJECT_PASSING;
	default:
		return OBJECT_ASKED;
	}
}

/* An IPv4 address that stands takes a lifetime, a metric and a protocol, and silently nothing else. Which of a network is the first one goes by the
 * order in which they were made. */
static bool renews(const struct record *wanted, const struct record *now)
{
	const struct entry *flags = record_at(wanted, "flags");

	if (flags && (flags->value.number ^ record_number(now, "flags", 0)) & IFA_F_SECONDARY)
		return true;
	return record_number(now, "family", AF_UNSPEC) == AF_INET && (flags || record_at(wanted, "scope"));
}

const struct object object_addr = {
	.name = "addr",
	.help = "addresses of links",
	.protocol = &protocol_route,
	.new_type = RTM_NEWADDR,
	.delete_type = RTM_DELADDR,
	.get_type = RTM_GETADDR,
	.schema = &schema,
	.groups = { RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.concerns = concerns,
	.path = path,
	.parse = parse,
	.get = get,
	.mend = mend,
	.prepare = prepare,
	.identifies = identifies,
	.origin = origin,
	.renews = renews,
	.dependent = true,
};

OBJECT_CHANNEL(route, addr, object_addr, "addresses of links");
