/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "channel/conntrack.h"
#include "channel/words.h"

enum { SOURCE = 1, DESTINATION, PROTOCOL, SOURCE_PORT, DESTINATION_PORT, TYPE, CODE, ID, ZONE, FIELD_COUNT };

#define SET FIELD_SETTABLE

static const struct field tuple[FIELD_COUNT] = {
	[SOURCE] = { "src", FIELD_ADDRESS, SET, 0, "address that packets come from" },
	[DESTINATION] = { "dst", FIELD_ADDRESS, SET, 0, "address that they go to" },
	[PROTOCOL] = { "protocol", FIELD_U8, SET, 0, "protocol", .names = &words_ip_protocol },
	[SOURCE_PORT] = { "sport", FIELD_U16, SET, 0, "port that they come from; of GRE a key" },
	[DESTINATION_PORT] = { "dport", FIELD_U16, SET, 0, "port that they go to; of GRE a key" },
	[TYPE] = { "type", FIELD_U8, SET, 0, "type of the ICMP message" },
	[CODE] = { "code", FIELD_U8, SET, 0, "its code" },
	[ID] = { "id", FIELD_U16, SET, 0, "number that it has" },
	[ZONE] = { "direction_zone", FIELD_U16, SET, 0, "zone, where it is of this direction alone" },
};

const struct schema schema_conntrack_tuple = {
	.name = "tuple", .help = "what packets of one direction have in common", .attributes = tuple, .attribute_count = ARRAY_SIZE(tuple)
};

/* ---- The kernel's layout ---- */

/* Which attribute of which nest (0: none) is which field, in how many bytes. */
static const struct place {
	uint8_t nest, attribute, field, size;
} places[] = {
	{ CTA_TUPLE_IP, CTA_IP_V4_SRC, SOURCE, 4 },
	{ CTA_TUPLE_IP, CTA_IP_V4_DST, DESTINATION, 4 },
	{ CTA_TUPLE_IP, CTA_IP_V6_SRC, SOURCE, 16 },
	{ CTA_TUPLE_IP, CTA_IP_V6_DST, DESTINATION, 16 },
	{ CTA_TUPLE_PROTO, CTA_PROTO_NUM, PROTOCOL, 1 },
	{ CTA_TUPLE_PROTO, CTA_PROTO_SRC_PORT, SOURCE_PORT, 2 },
	{ CTA_TUPLE_PROTO, CTA_PROTO_DST_PORT, DESTINATION_PORT, 2 },
	{ CTA_TUPLE_PROTO, CTA_PROTO_ICMP_TYPE, TYPE, 1 },
	{ CTA_TUPLE_PROTO, CTA_PROTO_ICMP_CODE, CODE, 1 },
	{ CTA_TUPLE_PROTO, CTA_PROTO_ICMP_ID, ID, 2 },
	{ CTA_TUPLE_PROTO, CTA_PROTO_ICMPV6_TYPE, TYPE, 1 },
	{ CTA_TUPLE_PROTO, CTA_PROTO_ICMPV6_CODE, CODE, 1 },
	{ CTA_TUPLE_PROTO, CTA_PROTO_ICMPV6_ID, ID, 2 },
	{ 0, CTA_TUPLE_ZONE, ZONE, 2 },
};

/* What the kernel has in another form stands as it came: the caller then shows the bytes. */
static int take(unsigned int nest, const struct attribute_iterator *at, struct value values[FIELD_COUNT])
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct place *place = &places[i];
		uint16_t number;

		if (place->nest != nest || place->attribute != at->type || place->size != at->length)
			continue;
		if (place->field == SOURCE || place->field == DESTINATION) {
			values[place->field] = value_data(VALUE_ADDRESS, at->data, at->length);
		} else if (place->size == 1) {
			values[place->field] = value_uint(*(const uint8_t *)at->data);
		} else {
			memcpy(&number, at->data, sizeof(number));
			values[place->field] = value_uint(be16toh(number));
		}
		return 0;
	}
	return -EBADMSG;
}

/* In the order of the fields, so that two of the same content are the same. */
static int put_all(struct arena *arena, const struct value values[FIELD_COUNT], struct record **ret)
{
	struct record *record = record_new_sized(arena, &schema_conntrack_tuple, FIELD_COUNT);
	int r = record ? 0 : -ENOMEM;

	for (unsigned int i = 1; r == 0 && i < FIELD_COUNT; i++)
		if (values[i].type != VALUE_NULL)
			r = record_put(arena, record, tuple[i].name, values[i]);
	*ret = record;
	return r;
}

static int decode_tuple(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct attribute_iterator outer = attributes(data, length);
	struct value values[FIELD_COUNT] = { 0 };
	struct record *record;
	int r = 0;

	(void)field;
	while (r == 0 && attribute_next(&outer)) {
		struct attribute_iterator inner = attributes(outer.data, outer.length);

		if (outer.type == CTA_TUPLE_ZONE)
			r = take(0, &outer, values);
		while (r == 0 && outer.type != CTA_TUPLE_ZONE && attribute_next(&inner))
			r = take(outer.type, &inner, values);
		if (inner.malformed && outer.type != CTA_TUPLE_ZONE)
			r = -EBADMSG;
	}
	if (r < 0 || outer.malformed)
		return -EBADMSG;
	r = put_all(decode->arena, values, &record);
	if (r == 0)
		*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

/* Of the two versions of IP, and of ICMP, the one that VALUE is of. */
static bool is_for(const struct place *place, const struct value *value, uint64_t protocol)
{
	if (place->nest == CTA_TUPLE_IP)
		return value->type == VALUE_ADDRESS && value->bytes.length == place->size;
	if (place->attribute >= CTA_PROTO_ICMPV6_ID && place->nest == CTA_TUPLE_PROTO)
		return protocol == IPPROTO_ICMPV6;
	if (place->field >= TYPE && place->field <= ID)
		return protocol != IPPROTO_ICMPV6;
	return true;
}

static void add_place(const struct place *place, const struct value *value, struct buffer *buffer)
{
	const uint16_t two = htobe16((uint16_t)value->number);
	const uint8_t one = (uint8_t)value->number;

	if (value->type == VALUE_ADDRESS)
		attribute_add(buffer, place->attribute, value->bytes.data, value->bytes.length);
	else if (place->size == 1)
		attribute_add(buffer, place->attribute, &one, sizeof(one));
	else
		attribute_add(buffer, place->attribute, &two, sizeof(two));
}

static void add_nest(const struct record *record, unsigned int nest, struct buffer *buffer)
{
	const uint64_t protocol = record_number(record, "protocol", 0);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct value *value = places[i].nest == nest ? record_find(record, tuple[places[i].field].name) : NULL;

		if (value && is_for(&places[i], value, protocol))
			add_place(&places[i], value, buffer);
	}
}

static int encode_tuple(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	static const uint16_t nests[] = { CTA_TUPLE_IP, CTA_TUPLE_PROTO };

	if (value->type != VALUE_RECORD)
		return error_set(error, -EINVAL, "%s must be an object {...}", field->name);
	if (schema_check(value->record, error) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(nests); i++) {
		const size_t begin = attribute_begin(buffer, nests[i] | NLA_F_NESTED);

		add_nest(value->record, nests[i], buffer);
		attribute_end(buffer, begin);
	}
	add_nest(value->record, 0, buffer);
	return 0;
}

const struct codec codec_conntrack_tuple = { decode_tuple, encode_tuple, FIELD_RECORD };

/* ---- Its place in the tree ---- */

static bool has_ports(uint64_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_GRE;
}

static const char *const options[] = { "type", "code", "id", "direction_zone" };

void conntrack_path(const struct record *record, const char *field, struct buffer *ret)
{
	const struct record *of = record_inside(record, field);
	const struct value *zone = record_find(record, "zone");
	uint64_t protocol;

	if (!of)
		return;
	protocol = record_number(of, "protocol", 0);
	words_add(ret, &words_ip_protocol, protocol);
	for (unsigned int i = 0; i < 2; i++) {
		const struct value *address = record_find(of, i ? "dst" : "src");

		buffer_add_char(ret, '/');
		if (has_ports(protocol))
			object_path_end(of, i ? "dst" : "src", i ? "dport" : "sport", ret);
		else if (address)
			value_print(ret, address, NULL, NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (record_find(of, options[i]))
			buffer_printf(ret, ",%s=%llu", options[i], (unsigned long long)record_number(of, options[i], 0));
	if (zone)
		buffer_printf(ret, ",zone=%llu", (unsigned long long)zone->number);
}

static int parse_ends(struct object_path *path)
{
	int r = object_parse_word(path, "protocol", &words_ip_protocol);

	for (unsigned int i = 0; r == 0 && i < 2; i++) {
		const char *address = i ? "dst" : "src";

		if (has_ports(record_number(path->record, "protocol", 0)))
			r = object_parse_end(path, address, i ? "dport" : "sport");
		else
			r = object_parse_ip_of_field(path, address);
		if (r == 0 && i == 0 && *path->rest++ != '/')
			r = -EINVAL;
	}
	return r;
}

/* The zone of the whole stands beside the tuple, that of one direction alone in it. */
static int parse_tuple(struct object_path *path, struct record *whole)
{
	static const char zone[] = ",zone=";
	struct record *const own = path->record;
	int r = parse_ends(path);

	while (r == 0 && *path->rest == ',') {
		path->record = strncmp(path->rest, zone, sizeof(zone) - 1) == 0 ? whole : own;
		r = object_parse_option(path);
	}
	path->record = own;
	return r == 0 && *path->rest != '\0' && *path->rest != '/' ? -EINVAL : r;
}

/* PATH's tuple in its place in RECORD, with the version of IP that it is of. */
static int put_tuple(struct object_path *path, struct record *record, const char *field)
{
	struct value values[FIELD_COUNT] = { 0 };
	const struct value *source = record_find(path->record, "src"), *destination = record_find(path->record, "dst");
	struct record *sorted;
	int r;

	if (source->bytes.length != destination->bytes.length)
		return -EINVAL;
	for (unsigned int i = 1; i < FIELD_COUNT; i++)
		if (record_find(path->record, tuple[i].name))
			values[i] = *record_find(path->record, tuple[i].name);
	r = put_all(path->arena, values, &sorted);
	if (r == 0)
		r = record_put(path->arena, record, "family", value_uint(source->bytes.length == 4 ? AF_INET : AF_INET6));
	return r < 0 ? r : record_put(path->arena, record, field, (struct value){ .type = VALUE_RECORD, .record = sorted });
}

int conntrack_parse(const struct schema *schema, const char *field, struct object_path *path, struct record **ret, const char **ret_rest)
{
	struct record *record = record_new(path->arena, schema);
	const char *text = path->rest;
	int r;

	path->record = record_new(path->arena, &schema_conntrack_tuple);
	r = record && path->record ? parse_tuple(path, record) : -ENOMEM;
	if (r == 0)
		r = put_tuple(path, record, field);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(path->error, -EINVAL,
				 "\"%s\" is no %s: PROTOCOL/ADDRESS:PORT/ADDRESS:PORT is, such as tcp/10.0.0.1:4000/10.0.0.2:22 or "
				 "icmp/10.0.0.1/10.0.0.2,type=8,code=0,id=5",
				 text, schema->name);
	*ret = record;
	*ret_rest = path->rest + (*path->rest == '/');
	return 0;
}

enum object_origin conntrack_origin(const struct record *record)
{
	(void)record;
	return OBJECT_PASSING;
}
