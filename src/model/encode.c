/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record to the bytes of a message: the way back of decode.c. */
#include <endian.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "model/field.h"

struct encode {
	struct buffer *buffer;
	struct error *error;
	size_t header; /* where the message's fixed header stands in BUFFER */
	size_t header_length;
};

static int encode_record(struct encode *encode, const struct record *record, uint32_t filter, const struct field_path *up, unsigned int depth);

static size_t write_number(uint8_t data[8], uint64_t number, size_t width, enum field_kind kind)
{
	uint16_t half = (uint16_t)number;
	uint32_t word = (uint32_t)number;
	bool swap = kind_is_big_endian(kind);

	switch (width) {
	case 1:
		data[0] = (uint8_t)number;
		return 1;
	case 2:
		half = swap ? htobe16(half) : half;
		memcpy(data, &half, 2);
		return 2;
	case 4:
		word = swap ? htobe32(word) : word;
		memcpy(data, &word, 4);
		return 4;
	default:
		number = swap ? htobe64(number) : number;
		memcpy(data, &number, 8);
		return 8;
	}
}

static uint64_t number_of(const struct value *value)
{
	return value->type == VALUE_BOOL ? value->boolean : value->number;
}

/* An interface of which a record holds the name alone is not there. */
static int check_present(const struct field *field, const struct value *value, const struct field_path *path, struct error *error)
{
	_cleanup_buffer_ struct buffer shown = { 0 };

	if (field->kind != FIELD_INTERFACE || value->type != VALUE_TEXT)
		return 0;
	buffer_add_escaped(&shown, value->bytes.data, value->bytes.length < 64 ? value->bytes.length : 64);
	return field_error(error, -ENODEV, path, "no interface is named \"%s\"", shown.data ? shown.data : "");
}

static void write_prefix(struct encode *encode, const struct field *field, const struct value *value)
{
	if (field->prefix_offset < encode->header_length && !encode->buffer->failed)
		encode->buffer->data[encode->header + field->prefix_offset] = (char)value->bytes.prefix;
}

/* "0.0.0.0/0" and "::/0" go without their attribute, as the kernel itself says "default". */
static bool is_absent_prefix(const struct field *field, const struct value *value)
{
	static const uint8_t any[16];

	return field->kind == FIELD_PREFIX && value->bytes.prefix == 0 && memcmp(value->bytes.data, any, value->bytes.length) == 0;
}

static int encode_payload(struct encode *encode, const struct field *field, const struct value *value, uint32_t filter, const struct field_path *path,
			  unsigned int depth);

/* A nest whose fields carry none of the flags that a filter asks for goes whole, with its parent. */
static uint32_t nest_filter(const struct value *value, uint32_t filter)
{
	const uint32_t flags = FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE;
	const struct schema *schema = value->type == VALUE_RECORD ? value->record->schema : NULL;

	if (!schema)
		return filter;
	for (uint32_t i = 0; i < schema->header_count; i++)
		if (schema->header[i].flags & flags)
			return filter;
	for (uint32_t i = 0; i < schema->attribute_count; i++)
		if (schema->attributes[i].flags & flags)
			return filter;
	return 0;
}

static int encode_members(struct encode *encode, const struct field *field, const struct value *value, uint32_t filter, const struct field_path *path,
			  unsigned int depth)
{
	for (uint32_t i = 0; i < value->list.count; i++) {
		const struct value *item = &value->list.items[i];
		uint32_t type = field->element->offset ? field->element->offset : i + 1;
		size_t begin;
		int r = 0;

		if (type > NLA_TYPE_MASK)
			return field_error(encode->error, -ERANGE, path, "the list is too long");
		if (attribute_is_nest(field->element, item))
			type |= NLA_F_NESTED;
		begin = attribute_begin(encode->buffer, (uint16_t)type);
		if (item->type == VALUE_BYTES)
			buffer_add(encode->buffer, item->bytes.data, item->bytes.length);
		else
			r = encode_payload(encode, field->element, item, nest_filter(item, filter), path, depth + 1);
		if (r < 0)
			return r;
		attribute_end(encode->buffer, begin);
	}
	return 0;
}

static int encode_items(struct encode *encode, const struct field *field, const struct value *value, const struct field_path *path,
			unsigned int depth)
{
	size_t size = field_size(field->element);

	for (uint32_t i = 0; i < value->list.count; i++) {
		size_t begin = encode->buffer->length;
		int r = encode_payload(encode, field->element, &value->list.items[i], 0, path, depth + 1);

		if (r < 0)
			return r;
		/* A text fills its place with NULs, or leaves no room for one. */
		if (field->element->kind == FIELD_TEXT && !encode->buffer->failed) {
			while (encode->buffer->length < begin + size && !encode->buffer->failed)
				buffer_add_char(encode->buffer, '\0');
			if (encode->buffer->length == begin + size + 1)
				encode->buffer->length--;
		}
		if (!encode->buffer->failed && encode->buffer->length - begin != size)
			return field_error(encode->error, -EINVAL, path, "each item must have %zu bytes", size);
	}
	return 0;
}

/* The codec of the row that SCHEMA is of, or NULL. */
static const struct codec *row_codec(const struct field *field, const struct schema *schema)
{
	for (uint32_t i = 0; field->select && i < field->select->count; i++)
		if (field->select->rows[i].schema == schema && field->select->rows[i].codec)
			return field->select->rows[i].codec;
	return NULL;
}

static int encode_selected(struct encode *encode, const struct field *field, const struct value *value, uint32_t filter,
			   const struct field_path *path, unsigned int depth)
{
	const struct codec *codec = value->type == VALUE_RECORD ? row_codec(field, value->record->schema) : NULL;

	if (value->type == VALUE_BYTES) {
		buffer_add(encode->buffer, value->bytes.data, value->bytes.length);
		return 0;
	}
	if (codec)
		return codec->encode(field, value, encode->buffer, encode->error);
	return encode_record(encode, value->record, filter, path, depth + 1);
}

/* Appends the payload of a value that has been checked. */
static int encode_payload(struct encode *encode, const struct field *field, const struct value *value, uint32_t filter, const struct field_path *path,
			  unsigned int depth)
{
	uint8_t data[8];
	int r;

	if (depth > DEPTH_MAXIMUM)
		return field_error(encode->error, -EINVAL, path, "nested too deeply");
	r = check_present(field, value, path, encode->error);
	if (r < 0)
		return r;
	switch (field->kind) {
	case FIELD_FLAG:
		return 0;
	case FIELD_BOOL:
	case FIELD_U8 ... FIELD_BE64:
	case FIELD_INTERFACE:
		buffer_add(encode->buffer, data, write_number(data, number_of(value), kind_width(field->kind), field->kind));
		return 0;
	case FIELD_TEXT:
		buffer_add(encode->buffer, value->bytes.data, value->bytes.length);
		buffer_add_char(encode->buffer, '\0');
		return 0;
	case FIELD_BYTES:
	case FIELD_ADDRESS:
	case FIELD_PREFIX:
		buffer_add(encode->buffer, value->bytes.data, value->bytes.length);
		return 0;
	case FIELD_SELECT:
		return encode_selected(encode, field, value, filter, path, depth);
	case FIELD_RECORD:
		return encode_record(encode, value->record, filter, path, depth + 1);
	case FIELD_LIST:
		return encode_members(encode, field, value, filter, path, depth);
	case FIELD_INDEXED:
		return encode_items(encode, field, value, path, depth);
	case FIELD_CODEC:
		if (!field->codec || !field->codec->encode)
			return field_error(encode->error, -EOPNOTSUPP, path, "can be read but not sent");
		return field->codec->encode(field, value, encode->buffer, encode->error);
	default:
		return field_error(encode->error, -EINVAL, path, "cannot be sent");
	}
}

static bool wanted(const struct entry *entry, uint32_t filter)
{
	if (entry->value.type == VALUE_NULL)
		return false;
	return filter == 0 || (entry->field && entry->field->flags & filter);
}

static int encode_attribute(struct encode *encode, const struct entry *entry, uint32_t filter, const struct field_path *path, unsigned int depth)
{
	const struct field *field = entry->field;
	size_t begin = encode->buffer->length;
	uint16_t type = entry->number;
	uint32_t inner = nest_filter(&entry->value, filter);
	struct value full;
	int r;

	if (field->kind == FIELD_FLAG && !entry->value.boolean)
		return 0;
	if (field->kind == FIELD_PREFIX) {
		full = entry->value;
		if (full.bytes.prefix < 0)
			full.bytes.prefix = (int16_t)(full.bytes.length * 8);
		write_prefix(encode, field, &full);
		if (is_absent_prefix(field, &full))
			return 0;
	}
	if (attribute_is_nest(field, &entry->value))
		type |= NLA_F_NESTED;

	attribute_begin(encode->buffer, type);
	r = encode_payload(encode, field, &entry->value, inner, path, depth);
	if (r < 0)
		return r;
	/* A nest of which the filter left nothing says nothing, or worse, something else. */
	if (inner && (field->kind == FIELD_RECORD || field->kind == FIELD_SELECT) && encode->buffer->length == begin + NLA_HDRLEN)
		encode->buffer->length = begin;
	else
		attribute_end(encode->buffer, begin);
	if (!encode->buffer->failed && encode->buffer->length - begin > UINT16_MAX)
		return field_error(encode->error, -ERANGE, path, "is too long for one attribute");
	return 0;
}

/* A list of what comes more than once is an attribute for each. */
static int encode_each(struct encode *encode, const struct entry *entry, uint32_t filter, const struct field_path *path, unsigned int depth)
{
	struct entry one = *entry;
	int r = 0;

	if (!(entry->field->flags & FIELD_MANY) || entry->field->kind != FIELD_RECORD || entry->value.type != VALUE_LIST)
		return encode_attribute(encode, entry, filter, path, depth);
	for (uint32_t i = 0; r == 0 && i < entry->value.list.count; i++) {
		one.value = entry->value.list.items[i];
		r = encode_attribute(encode, &one, filter, path, depth);
	}
	return r;
}

/* The header field that the attribute FIELD overrides, or NULL. */
static const struct field *overridden(const struct schema *schema, const struct field *field)
{
	for (uint32_t i = 0; i < schema->header_count; i++)
		if (schema->header[i].flags & FIELD_HEADER_ATTRIBUTE && strcmp(schema->header[i].name, field->name) == 0)
			return &schema->header[i];
	return NULL;
}

/* Puts the value of ENTRY where FIELD stands in the header that begins at START. */
static int encode_header_field(struct encode *encode, const struct field *field, const struct entry *entry, size_t start,
			       const struct field_path *path, unsigned int depth)
{
	_cleanup_buffer_ struct buffer bytes = { 0 };
	struct encode inner = { .buffer = &bytes, .error = encode->error };
	size_t size = field_size(field);
	uint8_t data[8];
	int r;

	r = check_present(field, &entry->value, path, encode->error);
	if (r < 0)
		return r;
	if (kind_width(field->kind) || field->kind == FIELD_FLAG) {
		if (size > sizeof(data))
			return field_error(encode->error, -EINVAL, path, "cannot be sent");
		buffer_add(&bytes, data, write_number(data, number_of(&entry->value), size, field->kind));
	} else {
		r = encode_payload(&inner, field, &entry->value, 0, path, depth);
		if (r < 0)
			return r;
	}
	if (bytes.failed || encode->buffer->failed)
		return field_error(encode->error, -ENOMEM, path, "out of memory");
	/* A text may fill its field without room for the NUL. */
	if (bytes.length > size && !(field->kind == FIELD_TEXT && bytes.length == size + 1))
		return field_error(encode->error, -ERANGE, path, "is longer than %zu bytes", size);
	memcpy(encode->buffer->data + start + field->offset, bytes.data, bytes.length < size ? bytes.length : size);
	return 0;
}

static int encode_header(struct encode *encode, const struct record *record, uint32_t filter, size_t start, const struct field_path *up,
			 unsigned int depth)
{
	const struct schema *schema = record->schema;

	for (size_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];
		const struct field_path path = { up, entry->name ? entry->name : "" };
		const struct field *field = entry->field;
		int r;

		if (!field || !wanted(entry, filter))
			continue;
		if (!is_header_field(schema, field)) {
			field = overridden(schema, field);
			/* Too large for the header: it stays 0, and the attribute alone tells. */
			if (!field || field_check(field, &entry->value, &path, NULL) < 0)
				continue;
		}
		r = encode_header_field(encode, field, entry, start, &path, depth);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether the entry AT is selected by one that stands behind it. */
static bool is_early(const struct record *record, size_t at)
{
	const struct field *field = record->entries[at].field;

	if (!field || field->kind != FIELD_SELECT || !field->select)
		return false;
	for (size_t i = at + 1; i < record->count; i++)
		if (record->entries[i].name && strcmp(record->entries[i].name, field->select->by) == 0)
			return true;
	return false;
}

/* LATE: those that were left for the end, so that readers of one pass know what selects them. */
static int encode_attributes(struct encode *encode, const struct record *record, uint32_t filter, const struct field_path *up, unsigned int depth,
			     bool late)
{
	const struct schema *schema = record->schema;

	for (size_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];
		const struct field_path path = { up, entry->name ? entry->name : "attribute" };
		int r;

		if (!wanted(entry, filter) || (entry->field && is_header_field(schema, entry->field)) || is_early(record, i) != late)
			continue;
		if (entry->field) {
			r = encode_each(encode, entry, filter, &path, depth);
			if (r < 0)
				return r;
		} else if (schema->attribute_count || schema->header_size == 0) {
			attribute_add(encode->buffer, entry->number, entry->value.bytes.data, entry->value.bytes.length);
		}
	}
	return 0;
}

static int encode_record(struct encode *encode, const struct record *record, uint32_t filter, const struct field_path *up, unsigned int depth)
{
	static const char zeros[64];
	const struct schema *schema = record->schema;
	size_t start = encode->buffer->length, left = schema->header_size;
	int r;

	if (depth > DEPTH_MAXIMUM)
		return field_error(encode->error, -EINVAL, up, "nested too deeply");
	if (schema->attribute_count)
		left = NLA_ALIGN(left);
	for (; left; left -= left < sizeof(zeros) ? left : sizeof(zeros))
		buffer_add(encode->buffer, zeros, left < sizeof(zeros) ? left : sizeof(zeros));
	if (depth == 0) {
		encode->header = start;
		encode->header_length = schema->header_size;
	}
	if (schema->header_count) {
		r = encode_header(encode, record, filter, start, up, depth);
		if (r < 0)
			return r;
	}

	r = encode_attributes(encode, record, filter, up, depth, false);
	return r < 0 ? r : encode_attributes(encode, record, filter, up, depth, true);
}

int schema_encode(const struct record *record, uint32_t filter, struct buffer *buffer, struct error *error)
{
	struct encode encode = { .buffer = buffer, .error = error };
	size_t start = buffer->length;
	int r = schema_check(record, error);

	if (r < 0)
		return r;
	r = encode_record(&encode, record, filter, NULL, 0);
	if (r < 0) {
		buffer->length = start;
		return r;
	}
	if (buffer->failed)
		return error_set(error, -ENOMEM, "out of memory");
	return 0;
}
