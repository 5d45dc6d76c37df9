/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes of IPv4 and IPv6. Source: rtnetlink(7), <linux/rtnetlink.h>. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/route.h"
#include "channel/words.h"

#define SET                 FIELD_SETTABLE
#define IPV6_DEFAULT_METRIC 1024 /* IP6_RT_PRIO_USER */

/* The lower byte is the nexthop's, of a route that has one only. */
NAMES(route_flags, true, { RTNH_F_DEAD, "dead" }, { RTNH_F_PERVASIVE, "pervasive" }, { RTNH_F_ONLINK, "onlink" }, { RTNH_F_OFFLOAD, "offload" },
      { RTNH_F_LINKDOWN, "linkdown" }, { RTNH_F_UNRESOLVED, "unresolved" }, { 64, "trap" }, { RTM_F_NOTIFY, "notify" }, { RTM_F_CLONED, "cloned" },
      { RTM_F_EQUALIZE, "equalize" }, { RTM_F_PREFIX, "prefix" }, { RTM_F_LOOKUP_TABLE, "lookup_table" }, { RTM_F_FIB_MATCH, "fib_match" },
      { 0x4000, "rt_offload" }, { 0x8000, "rt_trap" }, { 0x20000000, "rt_offload_failed" });
NAMES(preferences, false, { 0, "medium" }, { 1, "high" }, { 3, "low" });

static const struct field cache[] = {
	{ "clntref", FIELD_U32, FIELD_VOLATILE, 0, "references", HEADER_FIELD(struct rta_cacheinfo, rta_clntref) },
	{ "lastuse", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "since its last use", HEADER_FIELD(struct rta_cacheinfo, rta_lastuse) },
	{ "expires", FIELD_S32, FIELD_VOLATILE, UNIT_CENTISECONDS, "left until it goes, 0 = never", HEADER_FIELD(struct rta_cacheinfo, rta_expires) },
	{ "error", FIELD_S32, FIELD_VOLATILE, 0, "what packets on it are answered with", HEADER_FIELD(struct rta_cacheinfo, rta_error) },
	{ "used", FIELD_U32, FIELD_VOLATILE, 0, "uses", HEADER_FIELD(struct rta_cacheinfo, rta_used) },
	{ "id", FIELD_U32, FIELD_VOLATILE, 0, "not used", HEADER_FIELD(struct rta_cacheinfo, rta_id) },
	{ "ts", FIELD_U32, FIELD_VOLATILE, 0, "not used", HEADER_FIELD(struct rta_cacheinfo, rta_ts) },
	{ "tsage", FIELD_U32, FIELD_VOLATILE, 0, "not used", HEADER_FIELD(struct rta_cacheinfo, rta_tsage) },
};
static const struct schema schema_cache = {
	.name = "cacheinfo", .header_size = sizeof(struct rta_cacheinfo), .header = cache, .header_count = ARRAY_SIZE(cache)
};

enum { HEADER_FAMILY, HEADER_TABLE, HEADER_TOS, HEADER_TYPE, HEADER_PROTOCOL, HEADER_SCOPE, HEADER_FLAGS };

static const struct field header[] = {
	[HEADER_FAMILY] = { "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct rtmsg, rtm_family), .names = &words_family },
	[HEADER_TABLE] = { "table", FIELD_U8, FIELD_KEY | FIELD_HEADER_ATTRIBUTE, 0, "routing table", HEADER_FIELD(struct rtmsg, rtm_table),
			   .names = &words_route_table },
	[HEADER_TOS] = { "tos", FIELD_U8, FIELD_KEY | FIELD_HEX, 0, "type of service that a packet must have", HEADER_FIELD(struct rtmsg, rtm_tos) },
	[HEADER_TYPE] = { "type", FIELD_U8, SET, 0, "what happens to packets", HEADER_FIELD(struct rtmsg, rtm_type), .names = &words_route_type },
	[HEADER_PROTOCOL] = { "protocol", FIELD_U8, SET, 0, "who made it", HEADER_FIELD(struct rtmsg, rtm_protocol), .names = &words_route_protocol },
	[HEADER_SCOPE] = { "scope", FIELD_U8, SET, 0, "how far the destination is", HEADER_FIELD(struct rtmsg, rtm_scope),
			   .names = &words_route_scope },
	[HEADER_FLAGS] = { "flags", FIELD_U32, SET, 0, "onlink, and how its nexthop stands", HEADER_FIELD(struct rtmsg, rtm_flags),
			   .names = &route_flags, LIMITS(.mask = RTNH_F_ONLINK | RTNH_F_PERVASIVE) },
};

static const struct field attributes_of_route[] = {
	[RTA_DST] = { "dst", FIELD_PREFIX, FIELD_KEY, 0, "destination", .prefix_offset = offsetof(struct rtmsg, rtm_dst_len) },
	[RTA_SRC] = { "from", FIELD_PREFIX, FIELD_KEY, 0, "source that a packet must have", .prefix_offset = offsetof(struct rtmsg, rtm_src_len) },
	[RTA_IIF] = { "iif", FIELD_INTERFACE, FIELD_VOLATILE, 0, "link that a looked up packet came in by" },
	[RTA_OIF] = { "dev", FIELD_INTERFACE, SET, 0, "link" },
	[RTA_GATEWAY] = { "gateway", FIELD_ADDRESS, SET, 0, "next router" },
	[RTA_PRIORITY] = { "metric", FIELD_U32, FIELD_KEY, 0, "the lowest is taken" },
	[RTA_PREFSRC] = { "prefsrc", FIELD_ADDRESS, SET, 0, "source address that it prefers" },
	[RTA_METRICS] = { "metrics", FIELD_RECORD, SET, 0, "what it tells the protocols above", .schema = &schema_route_metrics },
	[RTA_MULTIPATH] = { "nexthops", FIELD_CODEC, SET, 0, "several ways", .codec = &codec_multipath, .element = &field_multipath_member },
	[RTA_PROTOINFO] = { "protoinfo", FIELD_BYTES, 0, 0, "not used by the kernel" },
	[RTA_FLOW] = { "flow", FIELD_U32, SET | FIELD_HEX, 0, "realms" },
	[RTA_CACHEINFO] = { "cacheinfo", FIELD_RECORD, FIELD_VOLATILE, 0, "age and use", .schema = &schema_cache },
	[RTA_SESSION] = { "session", FIELD_BYTES, 0, 0, "not used by the kernel" },
	[RTA_MP_ALGO] = { "mp_algo", FIELD_BYTES, 0, 0, "not used by the kernel" },
	[RTA_TABLE] = { "table", FIELD_U32, FIELD_KEY, 0, "routing table", .names = &words_route_table },
	[RTA_MARK] = { "mark", FIELD_U32, FIELD_HEX | FIELD_VOLATILE, 0, "mark of a looked up packet" },
	[RTA_MFC_STATS] = { "mfc_stats", FIELD_BYTES, FIELD_VOLATILE, 0, "counters of a multicast route" },
	[RTA_VIA] = { "via", FIELD_CODEC, SET, 0, "next router, of another family", .codec = &codec_via, .schema = &schema_via },
	[RTA_NEWDST] = { "as_to", FIELD_CODEC, SET, 0, "MPLS labels put on", .codec = &codec_labels, .element = &field_label },
	[RTA_PREF] = { "pref", FIELD_U8, SET, 0, "preference among routers (RFC 4191)", .names = &preferences },
	[RTA_ENCAP_TYPE] = { "encap_type", FIELD_U16, SET, 0, "kind of encapsulation", .names = &words_encap_type },
	[RTA_ENCAP] = { "encap", FIELD_SELECT, SET, 0, "what packets are wrapped in", .select = &selection_encap },
	[RTA_EXPIRES] = { "expires", FIELD_U32, SET | FIELD_VOLATILE, UNIT_SECONDS, "until it goes, in a request" },
	[RTA_PAD] = { "pad", FIELD_PAD },
	[RTA_UID] = { "uid", FIELD_U32, FIELD_VOLATILE, 0, "user of a looked up packet" },
	[RTA_TTL_PROPAGATE] = { "ttl_propagate", FIELD_BOOL, SET, 0, "TTL is handed on" },
	[RTA_IP_PROTO] = { "ipproto", FIELD_U8, FIELD_VOLATILE, 0, "protocol of a looked up packet", .names = &words_ip_protocol },
	[RTA_SPORT] = { "sport", FIELD_BE16, FIELD_VOLATILE, 0, "source port of a looked up packet" },
	[RTA_DPORT] = { "dport", FIELD_BE16, FIELD_VOLATILE, 0, "destination port of a looked up packet" },
	[RTA_NH_ID] = { "nhid", FIELD_U32, SET, 0, "nexthop object" },
	[31] = { "flowlabel", FIELD_BE32, FIELD_HEX | FIELD_VOLATILE, 0, "flow label of a looked up packet" }, /* RTA_FLOWLABEL */
};

static const struct schema schema = {
	.name = "route",
	.help = "routes",
	.header_size = sizeof(struct rtmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_route,
	.attribute_count = ARRAY_SIZE(attributes_of_route),
	.prefixes = 1 << RTA_DST | 1 << RTA_SRC,
};

static bool concerns(const struct nlmsghdr *message)
{
	const struct rtmsg *route = NLMSG_DATA(message);

	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(*route)) && (route->rtm_family == AF_INET || route->rtm_family == AF_INET6) &&
	       !(route->rtm_flags & RTM_F_CLONED);
}

/* IPv6 keeps routes to one destination with one metric side by side where they leave by different links without a gateway (each link has its
 * fe80::/64), or come from router advertisements; where they have gateways it joins them to one with several nexthops. */
static bool by_link(const struct record *record)
{
	const uint64_t protocol = record_number(record, "protocol", RTPROT_UNSPEC);

	if (record_number(record, "family", AF_UNSPEC) != AF_INET6 || !record_at(record, "dev") || record_at(record, "nexthops") ||
	    record_at(record, "nhid"))
		return false;
	return !record_at(record, "gateway") || protocol == RTPROT_RA || protocol == RTPROT_REDIRECT;
}

static bool identifies(const struct record *record, const struct field *field)
{
	if (field == &attributes_of_route[RTA_OIF])
		return by_link(record);
	return field->flags & FIELD_KEY;
}

/* By the fields themselves, not their names: it is done for each route of a dump. */
static int mend(struct arena *arena, struct record *record)
{
	const struct entry *from = record_entry(record, &attributes_of_route[RTA_SRC]), *tos;

	(void)arena;
	if (from && from->value.type == VALUE_ADDRESS && from->value.bytes.prefix == 0)
		record_drop_entry(record, from);
	tos = record_entry(record, &header[HEADER_TOS]);
	if (tos && tos->value.type == VALUE_UINT && tos->value.number == 0)
		record_drop_entry(record, tos);
	return 0;
}

/* ---- What is sent ---- */

/* What ip(8) would say where a record does not. */
static uint64_t default_scope(const struct record *record)
{
	const uint64_t type = record_number(record, "type", RTN_UNICAST);

	if (record_number(record, "family", AF_UNSPEC) == AF_INET6)
		return RT_SCOPE_UNIVERSE;
	if (type == RTN_LOCAL)
		return RT_SCOPE_HOST;
	if (type == RTN_BROADCAST || type == RTN_MULTICAST || type == RTN_ANYCAST)
		return RT_SCOPE_LINK;
	if (type == RTN_UNICAST && !record_at(record, "gateway") && !record_at(record, "via") && !record_at(record, "nexthops") &&
	    !record_at(record, "nhid"))
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

static int put_default(struct arena *arena, struct record *record, const char *name, uint64_t number)
{
	return record_at(record, name) ? 0 : record_put(arena, record, name, value_uint(number));
}

/* A nexthop object says the way by itself; what the kernel tells beside it is only for older readers, and refused in a request. */
static void leave_to_nexthop(struct record *record)
{
	static const char *const told[] = { "dev", "gateway", "via", "nexthops", "flags", "encap", "encap_type" };

	for (size_t i = 0; record_number(record, "nhid", 0) && i < ARRAY_SIZE(told); i++)
		record_drop(record, told[i]);
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	const struct record *age = record_inside(record, "cacheinfo");
	struct entry *flags;
	int64_t left;
	int r;

	leave_to_nexthop(record);
	flags = record_at(record, "flags");
	if (flags)
		flags->value.number &= RTNH_F_ONLINK;
	if (write == OBJECT_REMOVE)
		/* NOWHERE: whatever its scope is. */
		return put_default(arena, record, "scope", RT_SCOPE_NOWHERE);
	left = age ? (int32_t)record_number(age, "expires", 0) : 0;
	r = left > 0 ? put_default(arena, record, "expires", (uint64_t)(left + 99) / 100) : 0;
	if (r == 0)
		r = put_default(arena, record, "scope", default_scope(record));
	if (r == 0)
		r = put_default(arena, record, "type", RTN_UNICAST);
	return r < 0 ? r : put_default(arena, record, "protocol", RTPROT_STATIC);
}

/* ---- Its place in the tree ---- */

/* Destinations that each link has for itself. */
static bool is_of_link(const struct value *destination)
{
	const uint8_t *bytes = destination->bytes.data;

	if (destination->type != VALUE_ADDRESS || destination->bytes.length != 16)
		return false;
	return bytes[0] == 0xff || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const uint64_t usual = record_number(record, "family", AF_UNSPEC) == AF_INET6 ? IPV6_DEFAULT_METRIC : 0;
	const uint64_t metric = record_number(record, "metric", 0), tos = record_number(record, "tos", 0);
	const struct value *destination = record_find(record, "dst"), *from = record_find(record, "from");

	words_add(ret, &words_route_table, record_number(record, "table", RT_TABLE_UNSPEC));
	buffer_add_char(ret, '/');
	if (destination)
		value_print(ret, destination, NULL, naming);
	if (metric != usual) {
		buffer_add_text(ret, ",metric=");
		buffer_add_uint(ret, metric);
	}
	if (tos)
		buffer_printf(ret, ",tos=%u", (unsigned int)tos);
	if (from) {
		buffer_add_text(ret, ",from=");
		value_print(ret, from, NULL, naming);
	}
	if (destination && is_of_link(destination) && by_link(record)) {
		buffer_add_text(ret, ",dev=");
		object_path_interface(record, "dev", naming, ret);
	}
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path path_left = { text, naming, arena, record_new(arena, &schema), error };
	uint64_t usual;
	int r;

	if (!path_left.record)
		return -ENOMEM;
	r = object_parse_word(&path_left, "table", &words_route_table);
	if (r == 0)
		r = object_parse_prefix(&path_left, "dst");
	while (r == 0 && *path_left.rest == ',')
		r = object_parse_option(&path_left);
	if (r < 0 || (*path_left.rest != '\0' && *path_left.rest != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no route: TABLE/PREFIX is, such as main/10.0.0.0/8 or main/10.0.0.0/8,metric=100", text);
	usual = record_number(path_left.record, "family", AF_UNSPEC) == AF_INET6 ? IPV6_DEFAULT_METRIC : 0;
	if (usual && put_default(arena, path_left.record, "metric", usual) < 0)
		return -ENOMEM;
	*ret = path_left.record;
	*ret_rest = path_left.rest + (*path_left.rest == '/');
	return 0;
}

/* The kernel looks up the best match, never just this one route: a dump of its table is asked for. */
static int get(const struct record *key, struct buffer *request)
{
	const struct rtmsg route = { .rtm_family = (uint8_t)record_number(key, "family", AF_UNSPEC) };
	const uint32_t table = (uint32_t)record_number(key, "table", RT_TABLE_MAIN);

	buffer_add(request, &route, sizeof(route));
	attribute_add(request, RTA_TABLE, &table, sizeof(table));
	return OBJECT_GET_DUMP;
}

static enum object_origin origin(const struct record *record)
{
	const struct record *age = record_inside(record, "cacheinfo");
	const uint64_t protocol = record_number(record, "protocol", RTPROT_UNSPEC);

	if (protocol == RTPROT_REDIRECT || (age && (int32_t)record_number(age, "expires", 0) > 0))
		return OBJECT_PASSING;
	return protocol == RTPROT_KERNEL ? OBJECT_FOLLOWS : OBJECT_ASKED;
}

/* Of several that stand beside each other the kernel would replace any. */
static bool renews(const struct record *wanted, const struct record *now)
{
	(void)wanted;
	return by_link(now);
}

/* IPv4 says in the flags whether a route stands beside others of its key (append, prepend) or takes their place. One that replaces is the first of
 * its key, whatever the others are: the kernel looks no further. Of those that stand beside, one that is not appended comes first. What a dump tells
 * has no such flags. */
static unsigned int arrival(const struct nlmsghdr *message)
{
	const struct rtmsg *route = NLMSG_DATA(message);
	unsigned int arrival = 0;

	if (route->rtm_family != AF_INET)
		return 0;
	if (!(message->nlmsg_flags & (NLM_F_REPLACE | NLM_F_EXCL)))
		arrival |= OBJECT_BESIDE;
	if ((message->nlmsg_flags & (NLM_F_CREATE | NLM_F_APPEND)) == NLM_F_CREATE)
		arrival |= OBJECT_IN_FRONT;
	if (message->nlmsg_flags & NLM_F_REPLACE)
		arrival |= OBJECT_FOR_FIRST;
	if (message->nlmsg_flags & NLM_F_EXCL)
		arrival |= OBJECT_ALONE;
	return arrival;
}

const struct object object_route = {
	.name = "route",
	.help = "routes",
	.protocol = &protocol_route,
	.new_type = RTM_NEWROUTE,
	.delete_type = RTM_DELROUTE,
	.get_type = RTM_GETROUTE,
	.schema = &schema,
	.groups = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE },
	.families = { AF_INET, AF_INET6 },
	.family_count = 2,
	.concerns = concerns,
	.path = path,
	.parse = parse,
	.get = get,
	.mend = mend,
	.prepare = prepare,
	.identifies = identifies,
	.remove_filter = FIELD_KEY | FIELD_SETTABLE,
	.stands_beside = by_link,
	.origin = origin,
	.renews = renews,
	.dependent = true,
	.arrival = arrival,
};

OBJECT_CHANNEL(route, route, object_route, "routes");
