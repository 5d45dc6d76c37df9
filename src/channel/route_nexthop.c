/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RTA_MULTIPATH: nexthops one behind the other, each a struct rtnexthop with its length and attributes, as the schema of the field's elements has
 * them. Source: rtnetlink(7). */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "channel/route.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE
/* The flags that a request may carry. The others follow from the link or the device. */
#define FLAGS_TAKEN          RTNH_F_ONLINK
#define LINK_ADDRESS_MAXIMUM 32 /* MAX_ADDR_LEN */

/* In the message the weight is one less: "hops". */
static const struct field header[] = {
	{ "weight", FIELD_U8, SET, 0, "share of the packets", HEADER_FIELD(struct rtnexthop, rtnh_hops) },
	{ "dev", FIELD_INTERFACE, SET, 0, "link", HEADER_FIELD(struct rtnexthop, rtnh_ifindex) },
	{ "flags", FIELD_U8, SET, 0, "onlink, and how it stands", HEADER_FIELD(struct rtnexthop, rtnh_flags), .names = &words_nexthop_flags,
	  LIMITS(.mask = RTNH_F_ONLINK | RTNH_F_PERVASIVE) },
};

static const struct field attributes_of_nexthop[] = {
	[RTA_GATEWAY] = { "gateway", FIELD_ADDRESS, SET, 0, "next router" },
	[RTA_FLOW] = { "flow", FIELD_U32, SET | FIELD_HEX, 0, "realms" },
	[RTA_VIA] = { "via", FIELD_CODEC, SET, 0, "next router, of another family", .codec = &codec_via, .schema = &schema_via },
	[RTA_NEWDST] = { "as_to", FIELD_CODEC, SET, 0, "MPLS labels put on", .codec = &codec_labels, .element = &field_label },
	[RTA_ENCAP_TYPE] = { "encap_type", FIELD_U16, SET, 0, "kind of encapsulation", .names = &words_encap_type },
	[RTA_ENCAP] = { "encap", FIELD_SELECT, SET, 0, "what packets are wrapped in", .select = &selection_encap },
	[RTA_TTL_PROPAGATE] = { "ttl_propagate", FIELD_BOOL, SET, 0, "TTL is handed on" },
};

static const struct schema schema = {
	.name = "nexthop",
	.header_size = sizeof(struct rtnexthop),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_nexthop,
	.attribute_count = ARRAY_SIZE(attributes_of_nexthop),
};

const struct field field_multipath_member = { "nexthop", FIELD_RECORD, SET, 0, "a way", .schema = &schema };

/* The length of the nexthop at DATA with its padding, 0 where it does not fit. */
static size_t nexthop_length(const uint8_t *data, size_t length)
{
	uint16_t own;

	if (length < sizeof(struct rtnexthop))
		return 0;
	memcpy(&own, data, sizeof(own));
	return own < sizeof(struct rtnexthop) || own > length ? 0 : own;
}

static int decode_nexthop(struct decode *decode, const struct schema *member, const uint8_t *data, size_t length, struct value *ret)
{
	struct record *record;
	struct entry *weight;
	int r = schema_decode_nest(decode, member, data, length, &record);

	if (r < 0)
		return r;
	weight = record_at(record, "weight");
	if (weight)
		weight->value.number++;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return 0;
}

static int decode_multipath(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	const uint8_t *at = data;
	struct value *items;
	uint32_t count = 0;
	size_t own;
	int r;

	for (size_t rest = length, i = 0; rest > 0; i += own, rest -= own, count++) {
		own = nexthop_length(at + i, rest);
		if (own == 0)
			return -EBADMSG;
		own = RTNH_ALIGN(own) < rest ? RTNH_ALIGN(own) : rest;
	}
	items = arena_array(decode->arena, struct value, count ? count : 1);
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		own = nexthop_length(at, length);
		r = decode_nexthop(decode, field->element->schema, at, own, &items[i]);
		if (r < 0)
			return r;
		own = RTNH_ALIGN(own) < length ? RTNH_ALIGN(own) : length;
		at += own;
		length -= own;
	}
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, count } };
	return 0;
}

static int encode_nexthop(const struct record *record, struct buffer *buffer, struct error *error)
{
	const uint64_t weight = record_number(record, "weight", 1), flags = record_number(record, "flags", 0);
	_cleanup_(arena_done) struct arena arena = { 0 };
	size_t begin = buffer->length;
	struct record *copy;
	uint16_t length;
	int r;

	if (weight < 1 || weight > 256)
		return error_set(error, -ERANGE, "nexthops/weight must be 1 to 256");
	r = record_copy(&arena, record, &copy);
	if (r == 0)
		r = record_put(&arena, copy, "weight", value_uint(weight - 1));
	if (r == 0)
		r = record_put(&arena, copy, "flags", value_uint(flags & FLAGS_TAKEN));
	if (r == 0)
		r = schema_encode(copy, FIELD_SETTABLE, buffer, error);
	if (r < 0)
		return r;
	if (buffer->failed || buffer->length - begin > UINT16_MAX)
		return -EMSGSIZE;
	length = (uint16_t)(buffer->length - begin);
	memcpy(buffer->data + begin + offsetof(struct rtnexthop, rtnh_len), &length, sizeof(length));
	return 0;
}

static int encode_multipath(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	int r;

	if (value->type != VALUE_LIST)
		return error_set(error, -EINVAL, "%s must be a list of nexthops", field->name);
	for (uint32_t i = 0; i < value->list.count; i++) {
		const struct value *item = &value->list.items[i];

		if (item->type != VALUE_RECORD || item->record->schema != &schema)
			return error_set(error, -EINVAL, "%s must be a list of nexthops", field->name);
		r = encode_nexthop(item->record, buffer, error);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct codec codec_multipath = { decode_multipath, encode_multipath, FIELD_LIST };

static const struct field via[] = {
	{ "family", FIELD_U16, SET, 0, "protocol family", HEADER_FIELD(struct rtvia, rtvia_family), .names = &words_family },
	{ "host", FIELD_ADDRESS, SET, 0, "address", .offset = sizeof(struct rtvia), .size = 0 },
};
/* The address behind the family is as long as the family's are, or as those of its link, so that decode and encode do it by hand. */
const struct schema schema_via = { .name = "via", .header_size = sizeof(struct rtvia), .header = via, .header_count = ARRAY_SIZE(via) };

static int decode_via(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record;
	uint16_t family;
	int r;

	(void)field;
	if (length < sizeof(family))
		return -EBADMSG;
	memcpy(&family, data, sizeof(family));
	length -= sizeof(family);
	if ((family != AF_INET || length != 4) && (family != AF_INET6 || length != 16) &&
	    (family != AF_PACKET || length == 0 || length > LINK_ADDRESS_MAXIMUM))
		return -EBADMSG;
	record = record_new(decode->arena, &schema_via);
	if (!record)
		return -ENOMEM;
	r = record_put(decode->arena, record, "family", value_uint(family));
	if (r == 0)
		r = record_put(decode->arena, record, "host", value_data(VALUE_ADDRESS, (const uint8_t *)data + sizeof(family), length));
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int encode_via(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const struct value *host = value->type == VALUE_RECORD ? record_find(value->record, "host") : NULL;
	const bool is_link = host && record_number(value->record, "family", AF_UNSPEC) == AF_PACKET;
	uint16_t family;

	if (!host || host->type != VALUE_ADDRESS || host->bytes.prefix >= 0 || (!is_link && host->bytes.length != 4 && host->bytes.length != 16))
		return error_set(error, -EINVAL, "%s/host must be an IPv4 or IPv6 address, or one of a link with the family \"link\"", field->name);
	family = is_link ? AF_PACKET : host->bytes.length == 4 ? AF_INET : AF_INET6;
	buffer_add(buffer, &family, sizeof(family));
	buffer_add(buffer, host->bytes.data, host->bytes.length);
	return 0;
}

const struct codec codec_via = { decode_via, encode_via, FIELD_RECORD };
