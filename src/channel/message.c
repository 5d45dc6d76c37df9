/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message that no schema knows is a header, whose size is told by its family or found by trying, and attributes, each shown in hexadecimal and as
 * what it most likely is: text, a number, or attributes once more. All of it is marked as guessed. */
#include "channel/message.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#include "channel/generic.h"
#include "channel/looks.h"
#include "channel/object.h"

#define DEPTH_MAXIMUM  8
#define HEADER_MAXIMUM 512 /* bytes of a fixed header that are tried: a struct xfrm_userpolicy_info has 168 */

static const struct field attribute[];
static const struct schema schema_attribute;
static const struct field attribute_member = { "attribute", FIELD_RECORD, 0, 0, "an attribute", .schema = &schema_attribute };

enum { NUMBER, NETWORK_ORDER, HEX, TEXT, UINT, ATTRIBUTES };

static const struct field attribute[] = {
	[NUMBER] = { "number", FIELD_U16, 0, 0, "number of the attribute" },
	[NETWORK_ORDER] = { "network_order", FIELD_BOOL, 0, 0, "the sender says that it is in network byte order" },
	[HEX] = { "hex", FIELD_BYTES, 0, 0, "its bytes" },
	[TEXT] = { "text", FIELD_TEXT, 0, 0, "its bytes, taken for a text" },
	[UINT] = { "uint", FIELD_U64, 0, 0, "its bytes, taken for a number" },
	[ATTRIBUTES] = { "attributes", FIELD_LIST, 0, 0, "attributes in it", .element = &attribute_member },
};
static const struct schema schema_attribute = { .name = "attribute", .header = attribute, .header_count = ARRAY_SIZE(attribute) };

enum { BODY_HEADER, BODY_TEXT, BODY_ATTRIBUTES, BODY_HEX, BODY_WITHHELD };

static const struct field body[] = {
	[BODY_HEADER] = { "header", FIELD_BYTES, 0, 0, "fixed part before the attributes" },
	[BODY_TEXT] = { "text", FIELD_TEXT, 0, 0, "what it says" },
	[BODY_ATTRIBUTES] = { "attributes", FIELD_LIST, 0, 0, "attributes", .element = &attribute_member },
	[BODY_HEX] = { "hex", FIELD_BYTES, 0, 0, "bytes that are neither text nor attributes" },
	[BODY_WITHHELD] = { "withheld", FIELD_BYTES, FIELD_SECRET, 0, "what may hold keys, and is not known well enough to tell the rest" },
};
static const struct schema schema_body = { .name = "message", .header = body, .header_count = ARRAY_SIZE(body) };

static int add(struct arena *arena, struct record *record, const struct field *field, struct value value)
{
	return record_add(arena, record, (struct entry){ .name = field->name, .field = field, .value = value });
}

/* ---- Guesses ---- */

static int add_list(struct arena *arena, struct record *record, const struct field *field, const uint8_t *data, size_t length, unsigned int depth);

static int fill_attribute(struct arena *arena, struct record *record, const struct attribute_iterator *at, uint16_t bits, unsigned int depth)
{
	const uint8_t *data = at->data;
	const bool network_order = bits & NLA_F_NET_BYTEORDER, nested = bits & NLA_F_NESTED;
	int r = add(arena, record, &attribute[NUMBER], value_uint(at->type));

	if (r == 0 && network_order)
		r = add(arena, record, &attribute[NETWORK_ORDER], value_bool(true));
	if (r < 0)
		return r;
	if (depth < DEPTH_MAXIMUM && ((nested && (at->length == 0 || looks_attributes(data, at->length))) || looks_nested(data, at->length)))
		return add_list(arena, record, &attribute[ATTRIBUTES], data, at->length, depth + 1);
	r = add(arena, record, &attribute[HEX], value_data(VALUE_BYTES, data, at->length));
	if (r < 0)
		return r;
	if (at->length > 2 && data[at->length - 1] == '\0' && looks_text((const char *)data, at->length - 1))
		return add(arena, record, &attribute[TEXT], value_data(VALUE_TEXT, data, at->length - 1u));
	if (looks_number(at->length))
		return add(arena, record, &attribute[UINT], value_uint(looks_number_of(data, at->length, network_order)));
	return 0;
}

static int add_list(struct arena *arena, struct record *record, const struct field *field, const uint8_t *data, size_t length, unsigned int depth)
{
	const uint32_t count = looks_attributes(data, length);
	struct value *items = arena_array(arena, struct value, count ? count : 1);
	struct attribute_iterator iterator = attributes(data, length);
	uint32_t index = 0;

	if (!items)
		return -ENOMEM;
	while (index < count && attribute_next(&iterator)) {
		struct record *item = record_new_sized(arena, &schema_attribute, 4);
		struct nlattr header;
		int r;

		if (!item)
			return -ENOMEM;
		memcpy(&header, (const uint8_t *)iterator.data - sizeof(header), sizeof(header));
		r = fill_attribute(arena, item, &iterator, header.nla_type, depth);
		if (r < 0)
			return r;
		items[index++] = (struct value){ .type = VALUE_RECORD, .record = item };
	}
	return add(arena, record, field, (struct value){ .type = VALUE_LIST, .list = { items, index } });
}

/* Where the attributes begin: as the family says, else the first place from which on everything is attributes. -1: there are none. */
static long attributes_offset(const struct family *family, const uint8_t *data, size_t length)
{
	if (family->header_size >= 0) {
		const size_t size = (size_t)family->header_size;

		return size < length && looks_attributes(data + size, length - size) ? (long)size : -1;
	}
	for (size_t offset = 0; offset < length && offset <= HEADER_MAXIMUM; offset += NLMSG_ALIGNTO)
		if (looks_attributes(data + offset, length - offset))
			return (long)offset;
	return -1;
}

static int guess_plain(const uint8_t *data, size_t length, struct arena *arena, struct record *record)
{
	const size_t end = length > 0 && data[length - 1] == '\0' ? length - 1 : length;

	if (looks_text((const char *)data, end))
		return add(arena, record, &body[BODY_TEXT], value_data(VALUE_TEXT, data, end));
	return add(arena, record, &body[BODY_HEX], value_data(VALUE_BYTES, data, length));
}

static int guess(const struct family *family, const uint8_t *data, size_t length, struct arena *arena, struct record *record)
{
	const long offset = attributes_offset(family, data, length);
	const size_t fixed = family->header_size > 0 && (size_t)family->header_size <= length ? (size_t)family->header_size : 0;
	const size_t before = offset >= 0 ? (size_t)offset : fixed;
	int r = 0;

	if (before > 0)
		r = add(arena, record, &body[BODY_HEADER], value_data(VALUE_BYTES, data, before));
	if (r == 0 && offset >= 0)
		r = add_list(arena, record, &body[BODY_ATTRIBUTES], data + before, length - before, 0);
	else if (r == 0 && before < length)
		r = guess_plain(data + before, length - before, arena, record);
	return r;
}

/* ---- Messages ---- */

static int command_of(const struct family *family, const uint8_t *data, size_t length)
{
	return family->protocol == NETLINK_GENERIC && length >= sizeof(struct genlmsghdr) ? data[0] : -1;
}

/* By what was learned: the fixed header, where it is more than that of generic netlink, and the attributes of a set. -EBADMSG where nothing was. */
static int decode_learned(const struct family *family, const struct nlmsghdr *header, const uint8_t *data, size_t length, struct arena *arena,
			  struct record **ret)
{
	const bool generic = family->protocol == NETLINK_GENERIC;
	const int number = generic ? command_of(family, data, length) : header->nlmsg_type;
	const struct learned_command *message =
		family->learned && number >= 0 ? learned_number(family->learned->messages, family->learned->message_count, (uint16_t)number) : NULL;
	const size_t size = message ? NLMSG_ALIGN(generic ? (size_t)family->header_size : message->header_size) : 0;
	const size_t skipped = generic ? GENL_HDRLEN : 0;
	struct record *attributes;
	int r;

	if (!message || !message->answer || size > length)
		return -EBADMSG;
	r = schema_decode(&message->answer->schema, data + size, length - size, arena, &attributes);
	if (r < 0 || size == skipped) {
		if (r == 0)
			*ret = attributes;
		return r;
	}
	/* What stands in the header the kernel does not say: it is told as it is. */
	*ret = record_new_sized(arena, &message->answer->schema, attributes->count + 1u);
	r = *ret ? add(arena, *ret, &body[BODY_HEADER], value_data(VALUE_BYTES, data + skipped, size - skipped)) : -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < attributes->count; i++)
		r = record_add(arena, *ret, attributes->entries[i]);
	return r;
}

/* By the schema of the object that it is about. -EBADMSG where it is about none. */
static int decode_object(const struct family *family, const struct nlmsghdr *header, struct arena *arena, struct record **ret)
{
	const struct protocol *protocol = protocol_of_family(family->protocol, family->name);
	_cleanup_buffer_ struct buffer room = { 0 };
	const struct nlmsghdr *unified = protocol ? protocol_unify(protocol, header, &room) : NULL;
	const struct object *object;
	bool removed;

	object = unified ? object_of(protocol, unified, &removed) : NULL;
	if (!object)
		return -EBADMSG;
	if (unified != header)
		unified = (const struct nlmsghdr *)arena_copy(arena, unified, unified->nlmsg_len);
	return unified ? object_decode(object, unified, arena, ret) : -ENOMEM;
}

/* By the table of the operation that it asks for or tells of. -EBADMSG where there is none. */
static int decode_operation(const struct family *family, const struct nlmsghdr *header, const uint8_t *data, size_t length, struct arena *arena,
			    struct record **ret)
{
	const struct schema *schema;

	if (family->protocol != NETLINK_GENERIC || !operation_spoken(family, header, &schema))
		return -EBADMSG;
	return schema_decode(schema, data + family->header_size, length - (size_t)family->header_size, arena, ret);
}

int message_decode(const struct family *family, const struct nlmsghdr *header, struct arena *arena, struct message *ret)
{
	const uint8_t *data = (const uint8_t *)header + NLMSG_HDRLEN;
	const size_t length = header->nlmsg_len - NLMSG_HDRLEN;
	struct record *record = NULL;
	int r = -EBADMSG;

	*ret = (struct message){ .framed = true,
				 .type = header->nlmsg_type,
				 .flags = header->nlmsg_flags,
				 .sequence = header->nlmsg_seq,
				 .command = command_of(family, data, length),
				 .length = header->nlmsg_len,
				 .provenance = PROVENANCE_TABLE };
	if (family->schema && header->nlmsg_type == family->type)
		r = schema_decode(family->schema, data, length, arena, &record);
	if (r == -EBADMSG && !family->schema)
		r = decode_object(family, header, arena, &record);
	if (r == -EBADMSG && !family->schema)
		r = decode_operation(family, header, data, length, arena, &record);
	if (r == -EBADMSG && !family->schema) {
		r = decode_learned(family, header, data, length, arena, &record);
		ret->provenance = PROVENANCE_LEARNED;
	}
	if (r == -EBADMSG) {
		record = record_new_sized(arena, &schema_body, 4);
		r = record ? guess(family, data, length, arena, record) : -ENOMEM;
		ret->provenance = PROVENANCE_GUESSED;
	}
	ret->value = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

int message_withhold(const struct family *family, struct arena *arena, struct message *message)
{
	struct record *record;

	if (family->protocol != NETLINK_GENERIC || !family_has_secrets(family->name))
		return 0;
	if (message->provenance != PROVENANCE_GUESSED) {
		family_withhold(family->name, (struct record *)(uintptr_t)message->value.record);
		return 0;
	}
	record = record_new_sized(arena, &schema_body, 1);
	if (!record)
		return -ENOMEM;
	message->value.record = record;
	return add(arena, record, &body[BODY_WITHHELD], value_data(VALUE_BYTES, NULL, 0));
}

int message_plain(const void *data, size_t length, struct arena *arena, struct message *ret)
{
	struct record *record = record_new_sized(arena, &schema_body, 1);
	const bool text = looks_text(data, length);

	*ret = (struct message){ .command = -1, .length = length, .provenance = PROVENANCE_TABLE };
	if (!record)
		return -ENOMEM;
	ret->value = (struct value){ .type = VALUE_RECORD, .record = record };
	return add(arena, record, &body[text ? BODY_TEXT : BODY_HEX], value_data(text ? VALUE_TEXT : VALUE_BYTES, data, length));
}
