/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of nftables' sets and maps. The kernel tells many in one message, as a list, and only of one set at a time; here each is an object. So a
 * message is taken apart: what stands in an element's nest comes behind table and set, its attributes numbered from ELEMENT on. Source:
 * <linux/netfilter/nf_tables.h>, nft(8). */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "channel/netfilter_typed.h"
#include "channel/object-inside.h"

#define SET     FIELD_SETTABLE
#define ELEMENT 16 /* added to the number of an element's attribute */
enum { KEY_TYPE = 32, DATA_TYPE, TEXT, DATA_TEXT };
#define READING_ATTEMPTS 5

NAMES(flags, true, { NFT_SET_ELEM_INTERVAL_END, "interval_end" }, { NFT_SET_ELEM_CATCHALL, "catchall" });

static const struct field element[] = {
	[NFTA_SET_ELEM_LIST_TABLE] = { "table", FIELD_TEXT, FIELD_KEY, 0, "table that it stands in" },
	[NFTA_SET_ELEM_LIST_SET] = { "set", FIELD_TEXT, FIELD_KEY, 0, "set or map that it is in" },
	[NFTA_SET_ELEM_LIST_SET_ID] = { "set_id", FIELD_BE32, FIELD_HIDDEN | SET, 0, "number of a set that is made with it" },
	[ELEMENT + NFTA_SET_ELEM_KEY] = { "key", FIELD_BYTES, FIELD_KEY, 0, "key: of a range the first" },
	[ELEMENT + NFTA_SET_ELEM_DATA] = { "data", FIELD_RECORD, SET, 0, "what the map leads to", .schema = &schema_netfilter_data },
	[ELEMENT + NFTA_SET_ELEM_FLAGS] = { "flags", FIELD_BE32, FIELD_KEY, 0, "what kind it is", .names = &flags },
	[ELEMENT + NFTA_SET_ELEM_TIMEOUT] = { "timeout", FIELD_BE64, SET, UNIT_MILLISECONDS, "after which it goes" },
	[ELEMENT + NFTA_SET_ELEM_EXPIRATION] = { "expiration", FIELD_BE64, FIELD_VOLATILE, UNIT_MILLISECONDS, "that are left of it" },
	[ELEMENT + NFTA_SET_ELEM_USERDATA] = { "userdata", FIELD_CODEC, SET, 0, "what nft keeps with it", .codec = &codec_netfilter_userdata,
					       .schema = &schema_netfilter_comment },
	[ELEMENT + NFTA_SET_ELEM_EXPR] = { "expression", FIELD_RECORD, SET, 0, "what it counts or limits", .schema = &schema_netfilter_expression },
	[ELEMENT + NFTA_SET_ELEM_PAD] = { "pad", FIELD_PAD },
	[ELEMENT + NFTA_SET_ELEM_OBJREF] = { "object", FIELD_TEXT, SET, 0, "object that it leads to" },
	[ELEMENT + NFTA_SET_ELEM_KEY_END] = { "key_end", FIELD_BYTES, FIELD_KEY, 0, "the last key of a range" },
	[ELEMENT + NFTA_SET_ELEM_EXPRESSIONS] = { "expressions", FIELD_LIST, SET, 0, "what it counts or limits",
						  .element = &field_netfilter_expression },
	[KEY_TYPE] = { "key_type", FIELD_BE32, FIELD_HIDDEN | FIELD_DERIVED, 0, "type of the set's keys" },
	[DATA_TYPE] = { "data_type", FIELD_BE32, FIELD_HIDDEN | FIELD_DERIVED, 0, "type of the map's data" },
	[TEXT] = { "text", FIELD_TEXT, FIELD_DERIVED, 0, "the key as nft prints it" },
	[DATA_TEXT] = { "data_text", FIELD_TEXT, FIELD_DERIVED, 0, "the data as nft prints them" },
};

static const struct schema schema = {
	.name = "element",
	.help = "elements of nftables' sets and maps",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = element,
	.attribute_count = ARRAY_SIZE(element),
};

const struct field field_netfilter_element = { "element", FIELD_RECORD, SET, 0, "an element", .schema = &schema };

/* ---- A message, taken apart ---- */

static struct attribute_iterator body(const struct nlmsghdr *message)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));

	if (message->nlmsg_len < skip)
		return attributes(message, 0);
	return attributes((const char *)message + skip, message->nlmsg_len - skip);
}

struct netfilter_elements netfilter_elements(const struct nlmsghdr *message)
{
	struct netfilter_elements elements = { .message = message };

	for (struct attribute_iterator i = body(message); attribute_next(&i);) {
		if (i.type == NFTA_SET_ELEM_LIST_TABLE)
			elements.table = i;
		else if (i.type == NFTA_SET_ELEM_LIST_SET)
			elements.set = i;
		else if (i.type == NFTA_SET_ELEM_LIST_SET_ID)
			elements.set_id = i;
		else if (i.type == NFTA_SET_ELEM_LIST_ELEMENTS)
			elements.list = attributes(i.data, i.length);
		else if (i.type == ELEMENT + NFTA_SET_ELEM_KEY || i.type == ELEMENT + NFTA_SET_ELEM_FLAGS)
			elements.flat = true;
	}
	return elements;
}

void netfilter_elements_typed(struct netfilter_elements *elements, const struct nlmsghdr *set)
{
	uint32_t kind = 0;

	for (struct attribute_iterator i = body(set); attribute_next(&i);) {
		if (i.type == NFTA_SET_KEY_TYPE && i.length == sizeof(elements->key_type))
			memcpy(&elements->key_type, i.data, sizeof(elements->key_type));
		else if (i.type == NFTA_SET_DATA_TYPE && i.length == sizeof(elements->data_type))
			memcpy(&elements->data_type, i.data, sizeof(elements->data_type));
		else if (i.type == NFTA_SET_FLAGS && i.length == sizeof(kind))
			memcpy(&kind, i.data, sizeof(kind));
	}
	if (be32toh(kind) & NFT_SET_INTERVAL && netfilter_type_is_swapped(be32toh(elements->key_type)))
		elements->key_type = 0;
}

/* A key is a value in a nest: of it the bytes. */
static void add_key(struct buffer *room, uint16_t type, const struct attribute_iterator *key)
{
	for (struct attribute_iterator i = attributes(key->data, key->length); attribute_next(&i);)
		if (i.type == NFTA_DATA_VALUE)
			attribute_add(room, type, i.data, i.length);
}

static void add_element(struct buffer *room, const struct attribute_iterator *one)
{
	for (struct attribute_iterator i = attributes(one->data, one->length); attribute_next(&i);) {
		if (i.type == NFTA_SET_ELEM_KEY || i.type == NFTA_SET_ELEM_KEY_END)
			add_key(room, (uint16_t)(ELEMENT + i.type), &i);
		else if (i.type < KEY_TYPE - ELEMENT)
			attribute_add(room, (uint16_t)(ELEMENT + i.type), i.data, i.length);
	}
}

const struct nlmsghdr *netfilter_elements_next(struct netfilter_elements *elements, struct buffer *room)
{
	struct nlmsghdr *built;

	if (!attribute_next(&elements->list))
		return NULL;
	buffer_clear(room);
	buffer_add(room, elements->message, NLMSG_LENGTH(sizeof(struct nfgenmsg)));
	if (elements->table.type)
		attribute_add(room, elements->table.type, elements->table.data, elements->table.length);
	if (elements->set.type)
		attribute_add(room, elements->set.type, elements->set.data, elements->set.length);
	if (elements->set_id.type)
		attribute_add(room, elements->set_id.type, elements->set_id.data, elements->set_id.length);
	if (elements->key_type)
		attribute_add(room, KEY_TYPE, &elements->key_type, sizeof(elements->key_type));
	if (elements->data_type)
		attribute_add(room, DATA_TYPE, &elements->data_type, sizeof(elements->data_type));
	add_element(room, &elements->list);
	if (room->failed)
		return NULL;
	built = (struct nlmsghdr *)room->data;
	built->nlmsg_len = (uint32_t)room->length;
	return built;
}

bool netfilter_element_is_place(const struct entry *entry)
{
	return entry->number < ELEMENT;
}

static bool concerns(const struct nlmsghdr *message)
{
	return netfilter_elements(message).flat;
}

/* ---- How it reads ---- */

static int put_text(struct arena *arena, struct record *record, const char *type, const struct value *value, const char *name)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	const uint32_t number = (uint32_t)record_number(record, type, 0);
	const char *copy;

	if (!value || value->type != VALUE_BYTES || !number || !netfilter_value_text(number, value->bytes.data, value->bytes.length, &text))
		return 0;
	copy = text.failed ? NULL : arena_copy(arena, text.data, text.length);
	return copy ? record_put(arena, record, name, value_data(VALUE_TEXT, copy, text.length)) : -ENOMEM;
}

static int mend(struct arena *arena, struct record *record)
{
	const struct record *data = record_inside(record, "data");
	int r = put_text(arena, record, "key_type", record_find(record, "key"), "text");

	return r < 0 || !data ? r : put_text(arena, record, "data_type", record_find(data, "value"), "data_text");
}

int netfilter_element_compare(const struct record *a, const struct record *b)
{
	const struct value *one = record_find(a, "key"), *other = record_find(b, "key");
	const uint32_t size_one = one && one->type == VALUE_BYTES ? one->bytes.length : 0;
	const uint32_t size_other = other && other->type == VALUE_BYTES ? other->bytes.length : 0;
	const uint32_t size = size_one < size_other ? size_one : size_other;
	const int r = size ? memcmp(one->bytes.data, other->bytes.data, size) : 0;

	if (r != 0 || size_one != size_other)
		return r ? r : size_one < size_other ? -1 : 1;
	/* The end of one interval before the begin of the next. */
	return (int)(record_number(b, "flags", 0) & NFT_SET_ELEM_INTERVAL_END) - (int)(record_number(a, "flags", 0) & NFT_SET_ELEM_INTERVAL_END);
}

/* ---- Its place in the tree: FAMILY/TABLE/SET/KEY ---- */

static void add_hex(struct buffer *ret, const struct value *value)
{
	buffer_add_text(ret, "0x");
	for (uint32_t i = 0; value->type == VALUE_BYTES && i < value->bytes.length; i++)
		buffer_printf(ret, "%02x", ((const uint8_t *)value->bytes.data)[i]);
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *key = record_find(record, "key"), *end = record_find(record, "key_end");
	const uint64_t kind = record_number(record, "flags", 0);

	(void)naming;
	netfilter_path_up_to(record, NFTA_SET_ELEM_LIST_SET, ret);
	buffer_add_char(ret, '/');
	if (key)
		add_hex(ret, key);
	else if (kind & NFT_SET_ELEM_CATCHALL)
		buffer_add_text(ret, "catchall");
	if (end) {
		buffer_add_char(ret, '-');
		add_hex(ret, end);
	}
	if (kind & NFT_SET_ELEM_INTERVAL_END)
		buffer_add_text(ret, ",end");
}

static int hexadecimal(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* A key in hexadecimal, or one of the kinds of address that say themselves what they are. */
static int parse_key(struct object_path *path, const char *field)
{
	const bool is_hex = strncmp(path->rest, "0x", 2) == 0;
	const size_t length = strcspn(path->rest, is_hex ? "/,-" : "/,");
	uint8_t *bytes = arena_allocate(path->arena, length > 32 ? length : 32);
	uint32_t used = 0;
	int16_t prefix;

	if (!bytes)
		return -ENOMEM;
	if (!is_hex && (address_parse_bytes(path->rest, length, bytes, &used, &prefix) < 0 || prefix >= 0 || (used != 4 && used != 6 && used != 16)))
		return -EINVAL;
	for (size_t i = 2; is_hex && i < length; i += 2) {
		const int high = hexadecimal(path->rest[i]), low = high >= 0 ? hexadecimal(path->rest[i + 1]) : -1;

		if (low < 0)
			return -EINVAL;
		bytes[used++] = (uint8_t)(high << 4 | low);
	}
	if (used == 0)
		return -EINVAL;
	path->rest += length;
	return record_put(path->arena, path->record, field, value_data(VALUE_BYTES, bytes, used));
}

static bool skip(struct object_path *path, const char *word)
{
	const size_t length = strlen(word);

	if (strncmp(path->rest, word, length) != 0)
		return false;
	path->rest += length;
	return true;
}

static int parse_rest(struct object_path *path)
{
	uint64_t kind = skip(path, "catchall") ? NFT_SET_ELEM_CATCHALL : 0;
	int r = kind ? 0 : parse_key(path, "key");

	if (r == 0 && skip(path, "-"))
		r = parse_key(path, "key_end");
	if (r == 0 && skip(path, ",end"))
		kind |= NFT_SET_ELEM_INTERVAL_END;
	if (r == 0 && *path->rest && !skip(path, "/"))
		r = -EINVAL;
	return r < 0 || !kind ? r : record_put(path->arena, path->record, "flags", value_uint(kind));
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	static const char form[] = "FAMILY/TABLE/SET/KEY is, such as inet/filter/allowed/10.0.0.1 or inet/filter/ports/0x0050";
	struct object_path path = { text, naming, arena, record_new(arena, &schema), error };
	int r = path.record ? netfilter_parse_up_to(&path, NFTA_SET_ELEM_LIST_SET) : -ENOMEM;

	if (r == 0)
		r = parse_rest(&path);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no element: %s", text, form);
	*ret = path.record;
	*ret_rest = path.rest;
	return 0;
}

/* ---- Reading: the sets, then the elements of each ---- */

struct reading {
	object_message_function *function;
	void *data;
	struct buffer sets, one;
	const struct nlmsghdr *set; /* that is being read */
	bool has_generation, torn;
	uint16_t generation; /* the kernel counts its transactions, and tells the count's end with each message */
};

static void look_at_generation(struct reading *reading, const struct nlmsghdr *message)
{
	const struct nfgenmsg *header = NLMSG_DATA(message);

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*header)))
		return;
	reading->torn |= reading->has_generation && header->res_id != reading->generation;
	reading->has_generation = true;
	reading->generation = header->res_id;
}

static int take_set(void *data, const struct nlmsghdr *message)
{
	struct reading *reading = data;

	if (message->nlmsg_type != object_netfilter_set.new_type)
		return 0;
	look_at_generation(reading, message);
	buffer_add(&reading->sets, message, message->nlmsg_len);
	buffer_add(&reading->sets, "\0\0\0", NLMSG_ALIGN(message->nlmsg_len) - message->nlmsg_len);
	return reading->sets.failed ? -ENOMEM : 0;
}

static int take_elements(void *data, const struct nlmsghdr *message)
{
	struct reading *reading = data;
	struct netfilter_elements elements = netfilter_elements(message);
	const struct nlmsghdr *one;
	int r = 0;

	if (message->nlmsg_type != object_netfilter_element.new_type)
		return 0;
	look_at_generation(reading, message);
	netfilter_elements_typed(&elements, reading->set);
	while (r == 0 && (one = netfilter_elements_next(&elements, &reading->one)))
		r = reading->function(reading->data, one);
	return reading->one.failed ? -ENOMEM : r;
}

static int read_sets(struct netlink *netlink, const struct record *key, struct reading *reading, struct netlink_ack *ack)
{
	_cleanup_buffer_ struct buffer request = { 0 };
	int r;

	netfilter_add_header(key ? key : &(struct record){ 0 }, &request);
	if (key) {
		netfilter_add_text(key, "table", NFTA_SET_TABLE, &request);
		netfilter_add_text(key, "set", NFTA_SET_NAME, &request);
	}
	if (request.failed)
		return -ENOMEM;
	if (!key)
		return netlink_dump(netlink, object_netfilter_set.get_type, 0, request.data, request.length, take_set, reading, &reading->torn, ack);
	r = netlink_request(netlink, object_netfilter_set.get_type, 0, request.data, request.length, take_set, reading, ack);
	return r == -ENOENT ? 0 : r;
}

static int read_elements(struct netlink *netlink, struct reading *reading, struct netlink_ack *ack)
{
	_cleanup_buffer_ struct buffer request = { 0 };
	bool interrupted = false;
	int r;

	buffer_add(&request, NLMSG_DATA(reading->set), sizeof(struct nfgenmsg));
	for (struct attribute_iterator i = body(reading->set); attribute_next(&i);)
		if (i.type == NFTA_SET_TABLE || i.type == NFTA_SET_NAME) /* of the same numbers */
			attribute_add(&request, i.type, i.data, i.length);
	if (request.failed)
		return -ENOMEM;
	((struct nfgenmsg *)request.data)->res_id = 0;
	r = netlink_dump(netlink, object_netfilter_element.get_type, 0, request.data, request.length, take_elements, reading, &interrupted, ack);
	reading->torn |= interrupted || r == -ENOENT; /* it went meanwhile */
	return r == -ENOENT ? 0 : r;
}

static int dump_each(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
		     bool *ret_interrupted, struct error *error)
{
	struct reading reading = { .function = function, .data = data };
	struct netlink_ack ack = { 0 };
	int r = read_sets(netlink, key, &reading, &ack);

	for (size_t at = 0; r == 0 && at < reading.sets.length; at += NLMSG_ALIGN(reading.set->nlmsg_len)) {
		reading.set = (const struct nlmsghdr *)(reading.sets.data + at);
		r = read_elements(netlink, &reading, &ack);
	}
	*ret_interrupted = reading.torn;
	buffer_done(&reading.sets);
	buffer_done(&reading.one);
	return r < 0 && ack.result == r ? object_refusal(object, NULL, 0, &ack, error) : r;
}

int netfilter_elements_read(struct netlink *netlink, const struct nlmsghdr *set, object_message_function *function, void *data)
{
	struct reading reading = { .function = function, .data = data, .set = set };
	struct netlink_ack ack = { 0 };
	int r = -EAGAIN;

	for (unsigned int attempt = 0; attempt < READING_ATTEMPTS; attempt++) {
		reading.torn = reading.has_generation = false;
		r = attempt ? function(data, NULL) : 0;
		if (r == 0)
			r = read_elements(netlink, &reading, &ack);
		if (r != -EMSGSIZE && r != -ENOBUFS && (r != 0 || !reading.torn))
			break;
	}
	buffer_done(&reading.one);
	return r == 0 && reading.torn ? -EAGAIN : r;
}

/* ---- Requests: a list of one ---- */

static void add_nested_key(struct buffer *ret, uint16_t type, const struct attribute_iterator *key)
{
	const size_t nest = attribute_begin(ret, (uint16_t)(type | NLA_F_NESTED));

	attribute_add(ret, NFTA_DATA_VALUE, key->data, key->length);
	attribute_end(ret, nest);
}

/* Behind the header and the names, which stay as they are, the element's own attributes go into its nest. */
static int encode(const struct record *record, uint32_t filter, struct buffer *request, struct error *error)
{
	_cleanup_buffer_ struct buffer plain = { 0 };
	size_t list, nest;
	int r = schema_encode(record, filter, &plain, error);

	if (r < 0)
		return r;
	buffer_add(request, plain.data, sizeof(struct nfgenmsg));
	netfilter_add_text(record, "table", NFTA_SET_ELEM_LIST_TABLE, request);
	netfilter_add_text(record, "set", NFTA_SET_ELEM_LIST_SET, request);
	for (struct attribute_iterator i = attributes(plain.data + sizeof(struct nfgenmsg), plain.length - sizeof(struct nfgenmsg));
	     attribute_next(&i);)
		if (i.type == NFTA_SET_ELEM_LIST_SET_ID)
			attribute_add(request, i.type, i.data, i.length);
	list = attribute_begin(request, NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
	nest = attribute_begin(request, NFTA_LIST_ELEM | NLA_F_NESTED);
	for (struct attribute_iterator i = attributes(plain.data + sizeof(struct nfgenmsg), plain.length - sizeof(struct nfgenmsg));
	     attribute_next(&i);) {
		const uint16_t type = (uint16_t)(i.type - ELEMENT);

		if (i.type < ELEMENT || i.type >= KEY_TYPE)
			continue;
		if (type == NFTA_SET_ELEM_KEY || type == NFTA_SET_ELEM_KEY_END)
			add_nested_key(request, type, &i);
		else
			attribute_add(request, type, i.data, i.length);
	}
	attribute_end(request, nest);
	attribute_end(request, list);
	return request->failed ? -ENOMEM : 0;
}

static int remove_request(const struct record *record, struct buffer *request, struct error *error)
{
	return encode(record, FIELD_KEY, request, error);
}

/* The kernel takes one that stands for the same only where it says the same. */
static bool renews(const struct record *wanted, const struct record *now)
{
	(void)now;
	return wanted->count > 0;
}

const struct object object_netfilter_element = {
	.name = "element",
	.help = "elements of nftables' sets and maps",
	.protocol = &protocol_netfilter,
	.new_type = NETFILTER_TYPE(NFT_MSG_NEWSETELEM),
	.delete_type = NETFILTER_TYPE(NFT_MSG_DELSETELEM),
	.get_type = NETFILTER_TYPE(NFT_MSG_GETSETELEM),
	.replace_type = NETFILTER_TYPE(NFT_MSG_NEWSETELEM), /* without a flag */
	.schema = &schema,
	.groups = { NFNLGRP_NFTABLES },
	.left = "expiration",
	.within = { "family", "table", "set" },
	.concerns = concerns,
	.path = path,
	.parse = parse,
	.mend = mend,
	.dump_each = dump_each,
	.typed = netfilter_typed_length,
	.translate = netfilter_typed_translate,
	.encode = encode,
	.prepare = netfilter_prepare,
	.remove_request = remove_request,
	.renews = renews,
};

NETFILTER_CHANNEL(element, object_netfilter_element, "elements of nftables' sets and maps");
