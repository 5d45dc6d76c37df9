/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Neighbours: which hardware address a network address has (ARP, ND). Source: rtnetlink(7), <linux/neighbour.h>. */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/neigh.h"
#include "channel/words.h"

#define SET        FIELD_SETTABLE
#define STATES_SET (NUD_PERMANENT | NUD_NOARP)

NAMES(states, true, { NUD_INCOMPLETE, "INCOMPLETE" }, { NUD_REACHABLE, "REACHABLE" }, { NUD_STALE, "STALE" }, { NUD_DELAY, "DELAY" },
      { NUD_PROBE, "PROBE" }, { NUD_FAILED, "FAILED" }, { NUD_NOARP, "NOARP" }, { NUD_PERMANENT, "PERMANENT" });
SHARED_NAMES(words_neighbour_flags, true, { NTF_USE, "use" }, { NTF_SELF, "self" }, { NTF_MASTER, "master" }, { NTF_PROXY, "proxy" },
	     { NTF_EXT_LEARNED, "extern_learn" }, { NTF_OFFLOADED, "offload" }, { NTF_STICKY, "sticky" }, { NTF_ROUTER, "router" });
SHARED_NAMES(words_neighbour_more_flags, true, { 1, "managed" }, { 2, "locked" }, { 4, "extern_valid" });

/* Ages, in hundredths of a second. */
static const struct field cache[] = {
	{ "confirmed", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "since it was confirmed", HEADER_FIELD(struct nda_cacheinfo, ndm_confirmed) },
	{ "used", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "since it was used", HEADER_FIELD(struct nda_cacheinfo, ndm_used) },
	{ "updated", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "since it was updated", HEADER_FIELD(struct nda_cacheinfo, ndm_updated) },
	{ "refcnt", FIELD_U32, FIELD_VOLATILE, 0, "users", HEADER_FIELD(struct nda_cacheinfo, ndm_refcnt) },
};
static const struct schema schema_cache = {
	.name = "cacheinfo", .header_size = sizeof(struct nda_cacheinfo), .header = cache, .header_count = ARRAY_SIZE(cache)
};

/* The states that the kernel goes through by itself are one thing; PERMANENT and NOARP are settings. */
static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct ndmsg, ndm_family), .names = &words_family },
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link", HEADER_FIELD(struct ndmsg, ndm_ifindex) },
	{ "state", FIELD_U16, SET, 0, "what is known of it", HEADER_FIELD(struct ndmsg, ndm_state), .names = &states, LIMITS(.mask = STATES_SET) },
	{ "flags", FIELD_U8, SET, 0, "who looks after it", HEADER_FIELD(struct ndmsg, ndm_flags), .names = &words_neighbour_flags,
	  LIMITS(.mask = NTF_PROXY | NTF_EXT_LEARNED | NTF_STICKY) },
	{ "type", FIELD_U8, FIELD_DERIVED, 0, "kind of address", HEADER_FIELD(struct ndmsg, ndm_type), .names = &words_route_type },
};

static const struct field attributes_of_neighbour[] = {
	[NDA_DST] = { "dst", FIELD_ADDRESS, FIELD_KEY, 0, "network address" },
	[NDA_LLADDR] = { "lladdr", FIELD_ADDRESS, SET, 0, "hardware address" },
	[NDA_CACHEINFO] = { "cacheinfo", FIELD_RECORD, FIELD_VOLATILE, 0, "ages", .schema = &schema_cache },
	[NDA_PROBES] = { "probes", FIELD_U32, FIELD_VOLATILE, 0, "questions without an answer" },
	[NDA_VLAN] = { "vlan", FIELD_U16, SET, 0, "VLAN" },
	[NDA_PORT] = { "port", FIELD_BE16, SET, 0, "UDP port" },
	[NDA_VNI] = { "vni", FIELD_U32, SET, 0, "network identifier" },
	[NDA_IFINDEX] = { "via", FIELD_INTERFACE, SET, 0, "link that leads to it" },
	[NDA_MASTER] = { "master", FIELD_INTERFACE, 0, 0, "bridge" },
	[NDA_LINK_NETNSID] = { "link_netnsid", FIELD_S32, 0, 0, "namespace of the link" },
	[NDA_SRC_VNI] = { "src_vni", FIELD_U32, SET, 0, "network identifier that it is seen from" },
	[NDA_PROTOCOL] = { "protocol", FIELD_U8, SET, 0, "who made it", .names = &words_route_protocol },
	[13] = { "nhid", FIELD_U32, SET, 0, "nexthop object" }, /* NDA_NH_ID */
	[14] = { "fdb_ext_attrs", FIELD_BYTES, FIELD_VOLATILE, 0, "bridge attributes, raw" },
	[15] = { "flags_ext", FIELD_U32, SET, 0, "further flags", .names = &words_neighbour_more_flags }, /* NDA_FLAGS_EXT, 5.16 */
	[16] = { "state_mask", FIELD_U16, FIELD_HIDDEN | FIELD_VOLATILE, 0, "states that a request selects" },
	[17] = { "flags_mask", FIELD_U8, FIELD_HIDDEN | FIELD_VOLATILE, 0, "flags that a request selects" },
};

static const struct schema schema = {
	.name = "neigh",
	.help = "neighbours",
	.header_size = sizeof(struct ndmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_neighbour,
	.attribute_count = ARRAY_SIZE(attributes_of_neighbour),
};

/* Entries that the kernel makes by itself, without a word, for what needs no resolution. */
static bool is_kernels_own(const struct ndmsg *neighbour)
{
	return neighbour->ndm_state == NUD_NOARP && (neighbour->ndm_type == RTN_MULTICAST || neighbour->ndm_type == RTN_BROADCAST ||
						     neighbour->ndm_type == RTN_LOCAL || neighbour->ndm_type == RTN_ANYCAST);
}

/* An entry that is deleted is told as FAILED first: what stood there is told by the deletion. One that fails by itself is a state among others. */
static bool is_going(const struct nlmsghdr *message, const struct ndmsg *neighbour)
{
	return message->nlmsg_type == RTM_NEWNEIGH && neighbour->ndm_state == NUD_FAILED && !(message->nlmsg_flags & NLM_F_MULTI);
}

/* Bridges tell their forwarding table in messages of the same type; a proxy entry is no neighbour, and told in dumps of its own only (proxy.c). */
static bool concerns(const struct nlmsghdr *message)
{
	const struct ndmsg *neighbour = NLMSG_DATA(message);

	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(*neighbour)) && (neighbour->ndm_family == AF_INET || neighbour->ndm_family == AF_INET6) &&
	       !(neighbour->ndm_flags & NTF_PROXY) && !is_kernels_own(neighbour) && !is_going(message, neighbour);
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	struct entry *state = record_at(record, "state"), *flags = record_at(record, "flags");
	uint64_t wanted;

	if (write == OBJECT_REMOVE)
		return 0;
	if (flags)
		flags->value.number &= NTF_EXT_LEARNED | NTF_ROUTER | NTF_STICKY;
	if (!state)
		return record_put(arena, record, "state", value_uint(NUD_PERMANENT));
	/* A dynamic entry comes back as one that is to be verified at its next use. */
	wanted = state->value.number;
	state->value.number = wanted & STATES_SET ? wanted & STATES_SET : NUD_STALE;
	return 0;
}

void neigh_path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *destination = record_find(record, "dst");

	object_path_interface(record, "dev", naming, ret);
	buffer_add_char(ret, '/');
	if (destination)
		value_print(ret, destination, NULL, naming);
}

int neigh_parse_path(const struct schema *of, const char *text, const struct naming *naming, struct arena *arena, struct record **ret,
		     const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, of), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_interface(&left, "dev");
	if (r < 0)
		return r;
	r = object_parse_ip(&left, "dst");
	if (r < 0 || (*left.rest != '\0' && *left.rest != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no %s: LINK/ADDRESS is, such as eth0/10.0.0.5", text, of->name);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	return neigh_parse_path(&schema, text, naming, arena, ret, ret_rest, error);
}

int neigh_get(const struct record *key, uint8_t flags, struct buffer *request)
{
	const struct ndmsg neighbour = {
		.ndm_flags = flags,
		.ndm_family = (uint8_t)record_number(key, "family", AF_UNSPEC),
		.ndm_ifindex = (int)record_number(key, "dev", 0),
	};
	const struct value *destination = record_find(key, "dst");

	if (!destination || destination->type != VALUE_ADDRESS || !neighbour.ndm_ifindex || !neighbour.ndm_family)
		return -ENOENT;
	buffer_add(request, &neighbour, sizeof(neighbour));
	attribute_add(request, NDA_DST, destination->bytes.data, destination->bytes.length);
	return OBJECT_GET_ONE;
}

static int get(const struct record *key, struct buffer *request)
{
	return neigh_get(key, 0, request);
}

/* What resolution finds out is no setting. */
static enum object_origin origin(const struct record *record)
{
	return record_number(record, "state", 0) & STATES_SET || record_number(record, "flags", 0) & NTF_EXT_LEARNED ? OBJECT_ASKED : OBJECT_PASSING;
}

const struct object object_neigh = {
	.name = "neigh",
	.help = "neighbours",
	.protocol = &protocol_route,
	.new_type = RTM_NEWNEIGH,
	.delete_type = RTM_DELNEIGH,
	.get_type = RTM_GETNEIGH,
	.schema = &schema,
	.groups = { RTNLGRP_NEIGH },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.concerns = concerns,
	.path = neigh_path,
	.parse = parse,
	.get = get,
	.prepare = prepare,
	.origin = origin,
};

OBJECT_CHANNEL(route, neigh, object_neigh, "neighbours: which hardware address a network address has");
