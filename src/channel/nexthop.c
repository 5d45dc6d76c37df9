/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nexthop objects, which routes share by number. Source: ip-nexthop(8), <linux/nexthop.h>. */
#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/route.h"
#include "channel/words.h"

#define SET        FIELD_SETTABLE
#define HUNDREDTHS UNIT_CENTISECONDS

NAMES(group_types, false, { NEXTHOP_GRP_TYPE_MPATH, "mpath" }, { 1, "resilient" });

/* ---- A group's members ---- */

static const struct field member[] = {
	{ "id", FIELD_U32, SET, 0, "nexthop object", HEADER_FIELD(struct nexthop_grp, id) },
	{ "weight", FIELD_U32, SET, 0, "share of the packets", .offset = sizeof(struct nexthop_grp), .size = 4 },
};
/* The weight, less one, lies in two bytes apart from each other; decode and encode do both. */
static const struct schema schema_member = {
	.name = "group", .header_size = sizeof(struct nexthop_grp), .header = member, .header_count = ARRAY_SIZE(member)
};
static const struct field group_element = { "member", FIELD_RECORD, SET, 0, "a member", .schema = &schema_member };

static int decode_member(struct arena *arena, const uint8_t *data, struct value *ret)
{
	struct record *record = record_new(arena, &schema_member);
	uint32_t id;
	int r;

	if (!record)
		return -ENOMEM;
	memcpy(&id, data, sizeof(id));
	r = record_put(arena, record, "id", value_uint(id));
	if (r == 0)
		r = record_put(arena, record, "weight", value_uint((data[4] | (uint32_t)data[5] << 8) + 1));
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int decode_group(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	const size_t size = sizeof(struct nexthop_grp), count = length / size;
	struct value *items;
	int r;

	(void)field;
	if (length % size != 0)
		return -EBADMSG;
	items = arena_array(decode->arena, struct value, count ? count : 1);
	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		r = decode_member(decode->arena, (const uint8_t *)data + i * size, &items[i]);
		if (r < 0)
			return r;
	}
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)count } };
	return 0;
}

static int encode_group(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	if (value->type != VALUE_LIST)
		return error_set(error, -EINVAL, "%s must be a list of nexthops", field->name);
	for (uint32_t i = 0; i < value->list.count; i++) {
		const struct value *item = &value->list.items[i];
		uint8_t data[sizeof(struct nexthop_grp)] = { 0 };
		uint64_t weight;
		uint32_t id;

		if (item->type != VALUE_RECORD)
			return error_set(error, -EINVAL, "%s must be a list of nexthops", field->name);
		id = (uint32_t)record_number(item->record, "id", 0);
		weight = record_number(item->record, "weight", 1);
		if (weight < 1 || weight > 65536)
			return error_set(error, -ERANGE, "%s/weight must be 1 to 65536", field->name);
		memcpy(data, &id, sizeof(id));
		data[4] = (uint8_t)(weight - 1);
		data[5] = (uint8_t)((weight - 1) >> 8);
		buffer_add(buffer, data, sizeof(data));
	}
	return 0;
}

static const struct codec codec_group = { decode_group, encode_group, FIELD_LIST };

/* ---- A nexthop ---- */

static const struct field resilient[] = {
	[1] = { "buckets", FIELD_U16, SET, 0, "parts that flows fall into" }, /* NHA_RES_GROUP_* */
	[2] = { "idle_timer", FIELD_U32, SET, HUNDREDTHS, "until an unused bucket may move" },
	[3] = { "unbalanced_timer", FIELD_U32, SET, HUNDREDTHS, "until a used bucket must move, 0 = never" },
	[4] = { "unbalanced_time", FIELD_U64, FIELD_VOLATILE, HUNDREDTHS, "for which it has been out of balance" },
};
static const struct schema schema_resilient = { .name = "resilient_args", .attributes = resilient, .attribute_count = ARRAY_SIZE(resilient) };

static const struct field header[] = {
	{ "family", FIELD_U8, SET, 0, "protocol family", HEADER_FIELD(struct nhmsg, nh_family), .names = &words_family },
	{ "scope", FIELD_U8, FIELD_DERIVED, 0, "how far it is", HEADER_FIELD(struct nhmsg, nh_scope), .names = &words_route_scope },
	{ "protocol", FIELD_U8, SET, 0, "who made it", HEADER_FIELD(struct nhmsg, nh_protocol), .names = &words_route_protocol },
	{ "flags", FIELD_U32, SET, 0, "onlink, and how it stands", HEADER_FIELD(struct nhmsg, nh_flags), .names = &words_nexthop_flags,
	  LIMITS(.mask = RTNH_F_ONLINK | RTNH_F_PERVASIVE) },
};

static const struct field attributes_of_nexthop[] = {
	[NHA_ID] = { "id", FIELD_U32, FIELD_KEY, 0, "number" },
	[NHA_GROUP] = { "group", FIELD_CODEC, SET, 0, "members", .codec = &codec_group, .element = &group_element },
	[NHA_GROUP_TYPE] = { "type", FIELD_U16, SET, 0, "how the group spreads packets", .names = &group_types },
	[NHA_BLACKHOLE] = { "blackhole", FIELD_FLAG, SET, 0, "drops packets" },
	[NHA_OIF] = { "dev", FIELD_INTERFACE, SET, 0, "link" },
	[NHA_GATEWAY] = { "gateway", FIELD_ADDRESS, SET, 0, "next router" },
	[NHA_ENCAP_TYPE] = { "encap_type", FIELD_U16, SET, 0, "kind of encapsulation", .names = &words_encap_type },
	[NHA_ENCAP] = { "encap", FIELD_SELECT, SET, 0, "what packets are wrapped in", .select = &selection_encap },
	[NHA_GROUPS] = { "groups", FIELD_FLAG, FIELD_HIDDEN, 0, "a request for groups only" },
	[NHA_MASTER] = { "master", FIELD_INTERFACE, FIELD_HIDDEN, 0, "a request by master" },
	[NHA_FDB] = { "fdb", FIELD_FLAG, SET, 0, "for forwarding tables of vxlan" },
	[12] = { "resilient_args", FIELD_RECORD, SET, 0, "a resilient group's timers", .schema = &schema_resilient }, /* NHA_RES_GROUP, 5.13 */
	[13] = { "bucket", FIELD_BYTES, FIELD_VOLATILE, 0, "a bucket, raw" },
	[14] = { "op_flags", FIELD_U32, FIELD_HIDDEN | FIELD_VOLATILE, 0, "what a request wants told" },
	[15] = { "group_stats", FIELD_BYTES, FIELD_VOLATILE, 0, "counters, raw" },
	[16] = { "hw_stats_enable", FIELD_U32, SET, 0, "the device counts" },
	[17] = { "hw_stats_used", FIELD_U32, FIELD_VOLATILE, 0, "the device does count" },
};

static const struct schema schema = {
	.name = "nexthop",
	.help = "nexthop objects",
	.header_size = sizeof(struct nhmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_nexthop,
	.attribute_count = ARRAY_SIZE(attributes_of_nexthop),
};

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	const struct value *gateway = record_find(record, "gateway");
	struct entry *flags = record_at(record, "flags");

	if (flags)
		flags->value.number &= RTNH_F_ONLINK;
	if (record_at(record, "group")) {
		/* A group has no family; the kernel insists. */
		record_drop(record, "family");
		record_drop(record, "flags");
		return 0;
	}
	if (write == OBJECT_REMOVE || record_number(record, "family", AF_UNSPEC) != AF_UNSPEC)
		return 0;
	return record_put(arena, record, "family", value_uint(gateway && gateway->bytes.length == 16 ? AF_INET6 : AF_INET));
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_word(&left, "id", NULL);
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no nexthop: a number is, such as 12", text);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

static int get(const struct record *key, struct buffer *request)
{
	const struct nhmsg nexthop = { 0 };
	const uint32_t id = (uint32_t)record_number(key, "id", 0);

	if (id == 0)
		return -ENOENT;
	buffer_add(request, &nexthop, sizeof(nexthop));
	attribute_add(request, NHA_ID, &id, sizeof(id));
	return OBJECT_GET_ONE;
}

/* What kind of nexthop it is stays. */
static bool renews(const struct record *wanted, const struct record *now)
{
	static const char *const kinds[] = { "blackhole", "type", "fdb", "family" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (record_at(wanted, kinds[i]))
			return true;
	return record_at(wanted, "group") && (!record_at(now, "group") || record_at(wanted, "group")->value.type == VALUE_NULL);
}

const struct object object_nexthop = {
	.name = "nexthop",
	.help = "nexthop objects",
	.protocol = &protocol_route,
	.new_type = RTM_NEWNEXTHOP,
	.delete_type = RTM_DELNEXTHOP,
	.get_type = RTM_GETNEXTHOP,
	.schema = &schema,
	.groups = { RTNLGRP_NEXTHOP },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = object_path_of_number,
	.parse = parse,
	.get = get,
	.prepare = prepare,
	.renews = renews,
	.dependent = true,
};

OBJECT_CHANNEL(route, nexthop, object_nexthop, "nexthop objects, which routes share by number");
