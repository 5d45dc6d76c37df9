/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes of a message to a record. Everything is checked against the bytes that are there; nothing is copied. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "model/field.h"

#define ATTRIBUTES_RECKONED 64 /* entries that a record has room for from the start, at most */

static uint64_t read_big_endian(const uint8_t *data, size_t width)
{
	uint64_t number = 0;

	for (size_t i = 0; i < width; i++)
		number = number << 8 | data[i];
	return number;
}

static int64_t read_signed(const uint8_t *data, size_t width)
{
	int16_t half;
	int32_t word;
	int64_t number;

	switch (width) {
	case 1:
		return (int8_t)*data;
	case 2:
		memcpy(&half, data, 2);
		return half;
	case 4:
		memcpy(&word, data, 4);
		return word;
	default:
		memcpy(&number, data, 8);
		return number;
	}
}

static int decode_odd_number(const struct field *field, const uint8_t *data, size_t length, struct value *ret)
{
	const size_t width = kind_width(field->kind);

	if (width == 0 || length != width)
		return -EBADMSG;
	if (kind_is_signed(field->kind))
		*ret = value_int(read_signed(data, width));
	else if (field->kind == FIELD_BOOL && *data <= 1)
		*ret = value_bool(*data);
	else
		*ret = value_uint(field->kind == FIELD_BOOL ? *data : read_big_endian(data, width));
	return 0;
}

static int decode_other(struct decode *decode, const struct field *field, const uint8_t *data, size_t length, struct value *ret);

/* In its place: a value that is put together elsewhere and copied is read back before its parts are written, and the processor waits for that. */
static inline void put_number(struct value *ret, uint64_t number)
{
	ret->type = VALUE_UINT;
	ret->number = number;
}

static inline void put_data(struct value *ret, enum value_type type, const void *data, size_t length, int16_t prefix)
{
	ret->type = type;
	ret->bytes.data = data;
	ret->bytes.length = (uint32_t)length;
	ret->bytes.prefix = prefix;
}

static int decode_prefix(const struct decode *decode, const struct field *field, const uint8_t *data, size_t length, struct value *ret)
{
	uint8_t prefix;

	if ((length != 4 && length != 16) || !decode->header || field->prefix_offset >= decode->header_length)
		return -EBADMSG;
	prefix = ((const uint8_t *)decode->header)[field->prefix_offset];
	if (prefix > length * 8)
		return -EBADMSG;
	put_data(ret, VALUE_ADDRESS, data, length, prefix);
	return 0;
}

/* 0, -EBADMSG where the payload is not what FIELD says, or -ENOMEM. Nearly all that a message says is numbers of these kinds, and a dump is millions
 * of them: so they are looked at first, where they are needed. */
static inline int decode_value(struct decode *decode, const struct field *field, const uint8_t *data, size_t length, struct value *ret)
{
	uint16_t half;
	uint32_t word;
	uint64_t number;

	switch (field->kind) {
	case FIELD_U8:
		if (length != sizeof(*data))
			return -EBADMSG;
		put_number(ret, *data);
		return 0;
	case FIELD_U16:
		if (length != sizeof(half))
			return -EBADMSG;
		memcpy(&half, data, sizeof(half));
		put_number(ret, half);
		return 0;
	case FIELD_U32:
	case FIELD_INTERFACE:
		if (length != sizeof(word))
			return -EBADMSG;
		memcpy(&word, data, sizeof(word));
		put_number(ret, word);
		return 0;
	case FIELD_U64:
		if (length != sizeof(number))
			return -EBADMSG;
		memcpy(&number, data, sizeof(number));
		put_number(ret, number);
		return 0;
	case FIELD_PREFIX:
		return decode_prefix(decode, field, data, length, ret);
	case FIELD_ADDRESS:
		put_data(ret, VALUE_ADDRESS, data, length, -1);
		return length <= ADDRESS_MAXIMUM ? 0 : -EBADMSG;
	default:
		return decode_other(decode, field, data, length, ret);
	}
}

static int decode_record(struct decode *decode, const struct schema *schema, const uint8_t *data, size_t length, struct value *ret)
{
	struct record *record;
	int r;

	if (!schema)
		return -EBADMSG;
	r = schema_decode_nest(decode, schema, data, length, &record);
	if (r < 0)
		return r;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return 0;
}

/* A member that does not decode is shown as its bytes, so that the others keep their places. */
static int decode_member(struct decode *decode, const struct field *element, const uint8_t *data, size_t length, struct value *ret)
{
	int r = decode_value(decode, element, data, length, ret);

	if (r != -EBADMSG)
		return r;
	*ret = value_data(VALUE_BYTES, data, length);
	return 0;
}

static int decode_list(struct decode *decode, const struct field *field, const uint8_t *data, size_t length, struct value *ret)
{
	struct attribute_iterator i;
	struct value *items;
	uint32_t count = 0;

	if (decode->depth >= DEPTH_MAXIMUM || !field->element)
		return -EBADMSG;
	for (i = attributes(data, length); attribute_next(&i);)
		count++;
	if (i.malformed)
		return -EBADMSG;
	items = arena_array(decode->arena, struct value, count);
	if (!items)
		return -ENOMEM;

	*ret = (struct value){ .type = VALUE_LIST, .list = { items, count } };
	decode->depth++;
	for (i = attributes(data, length); attribute_next(&i); items++) {
		int r = decode_member(decode, field->element, i.data, i.length, items);

		if (r < 0)
			return r;
	}
	decode->depth--;
	return 0;
}

static int decode_indexed(struct decode *decode, const struct field *field, const uint8_t *data, size_t length, struct value *ret)
{
	size_t size = field->element ? field_size(field->element) : 0;
	struct value *items;

	if (size == 0 || length % size != 0 || decode->depth >= DEPTH_MAXIMUM)
		return -EBADMSG;
	items = arena_array(decode->arena, struct value, length / size);
	if (!items)
		return -ENOMEM;

	*ret = (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)(length / size) } };
	decode->depth++;
	for (size_t at = 0; at < length; at += size, items++) {
		int r = decode_member(decode, field->element, data + at, size, items);

		if (r < 0)
			return r;
	}
	decode->depth--;
	return 0;
}

static int decode_select(struct decode *decode, const struct field *field, const uint8_t *data, size_t length, struct value *ret)
{
	const struct value *selector = decode->parent && field->select ? record_find(decode->parent, field->select->by) : NULL;
	const struct selection_row *row = select_row(field->select, selector);

	if (row && row->codec)
		return row->codec->decode(decode, field, data, length, ret);
	if (!row && selector && field->select->keeps_others) {
		put_data(ret, VALUE_BYTES, data, length, -1);
		return 0;
	}
	return decode_record(decode, row ? row->schema : NULL, data, length, ret);
}

static int decode_other(struct decode *decode, const struct field *field, const uint8_t *data, size_t length, struct value *ret)
{
	switch (field->kind) {
	case FIELD_FLAG:
		*ret = value_bool(true);
		return length == 0 ? 0 : -EBADMSG;
	case FIELD_BOOL:
	case FIELD_S8 ... FIELD_BE64:
		return decode_odd_number(field, data, length, ret);
	case FIELD_TEXT:
		*ret = value_data(VALUE_TEXT, data, strnlen((const char *)data, length));
		return 0;
	case FIELD_BYTES:
		*ret = value_data(VALUE_BYTES, data, length);
		return 0;
	case FIELD_RECORD:
		return decode_record(decode, field->schema, data, length, ret);
	case FIELD_LIST:
		return decode_list(decode, field, data, length, ret);
	case FIELD_INDEXED:
		return decode_indexed(decode, field, data, length, ret);
	case FIELD_SELECT:
		return decode_select(decode, field, data, length, ret);
	case FIELD_CODEC:
		return field->codec && field->codec->decode ? field->codec->decode(decode, field, data, length, ret) : -EBADMSG;
	default:
		return -EBADMSG;
	}
}

static void put_entry(struct entry *ret, const struct entry *entry)
{
	if (entry->value.type != VALUE_UINT) {
		*ret = *entry;
		return;
	}
	ret->name = entry->name;
	ret->field = entry->field;
	ret->number = entry->number;
	put_number(&ret->value, entry->value.number);
}

/* Which attributes have come. */
struct survey {
	uint64_t seen[4]; /* bit N: attribute N is there (up to 255) */
};

static bool survey_has(const struct survey *survey, uint32_t type)
{
	return survey->seen[(type >> 6) & 3] >> (type & 63) & 1;
}

static void survey_add(struct survey *survey, uint32_t type)
{
	survey->seen[(type >> 6) & 3] |= UINT64_C(1) << (type & 63);
}

/* The entry that comes next, to be filled where it stands; it counts once it is. NULL where memory ran out. */
static struct entry *next_entry(struct decode *decode, struct record *record)
{
	if (record->count == record->capacity && record_grow(decode->arena, record) < 0)
		return NULL;
	return &record->entries[record->count];
}

/* The fixed header. Of a struct that an older kernel made shorter, the fields that are there. RET_OVERRIDABLE: how many entries from the first on may
 * be of fields that an attribute overrides. */
static int decode_header(struct decode *decode, struct record *record, const uint8_t *data, size_t length, size_t *ret_overridable)
{
	const struct schema *schema = record->schema;

	for (uint32_t i = 0; i < schema->header_count; i++) {
		const struct field *field = &schema->header[i];
		const size_t size = field_size(field);
		struct entry *entry;
		int r;

		if (field->kind == FIELD_UNKNOWN || field->kind == FIELD_PAD || field->offset + size > length)
			continue;
		entry = next_entry(decode, record);
		if (!entry)
			return -ENOMEM;
		r = decode_value(decode, field, data + field->offset, size, &entry->value);
		if (r < 0 && r != -EBADMSG)
			return r;
		if (r == -EBADMSG)
			entry->value = value_data(VALUE_BYTES, data + field->offset, size);
		entry->field = r == 0 ? field : NULL;
		entry->name = r == 0 ? field->name : NULL;
		entry->number = field->offset;
		record->count++;
		if (r == 0 && field->flags & FIELD_HEADER_ATTRIBUTE)
			*ret_overridable = record->count;
	}
	return 0;
}

/* The entry that FIELD's value takes the place of: the same attribute come before (the kernel, too, takes the last), or the header field that it
 * overrides. */
static struct entry *replaced_entry(struct record *record, const struct field *field, size_t header_entries, bool repeated)
{
	for (size_t i = 0; i < header_entries; i++) {
		struct entry *entry = &record->entries[i];

		if (entry->field && entry->field->flags & FIELD_HEADER_ATTRIBUTE && entry_is_named(entry, field->name))
			return entry;
	}
	for (size_t i = 0; repeated && i < record->count; i++)
		if (record->entries[i].field == field)
			return &record->entries[i];
	return NULL;
}

/* One more value of an attribute that came before. The list grows by doubling, at each power of two. */
static int gather_value(struct decode *decode, struct value *list, const struct value *more)
{
	const uint32_t count = list->type == VALUE_LIST ? list->list.count : 1;
	const struct value *items = list->type == VALUE_LIST ? list->list.items : list;
	struct value *grown = (struct value *)items;

	if ((count & (count - 1)) == 0) {
		grown = arena_array(decode->arena, struct value, count * 2);
		if (!grown)
			return -ENOMEM;
		memcpy(grown, items, count * sizeof(*grown));
	}
	grown[count] = *more;
	*list = (struct value){ .type = VALUE_LIST, .list = { grown, count + 1 } };
	return 0;
}

/* The last attribute of TYPE, which is there. */
static struct attribute_iterator last_attribute(const uint8_t *data, size_t length, uint16_t type)
{
	struct attribute_iterator found = { 0 };

	for (struct attribute_iterator i = attributes(data, length); attribute_next(&i);)
		if (i.type == type)
			found = i;
	return found;
}

static struct entry *entry_of(struct record *record, size_t header_entries, uint16_t number)
{
	size_t i = header_entries;

	while (record->entries[i].number != number)
		i++;
	return &record->entries[i];
}

/* Nests whose selector stood behind them in the message, or came once more: by what it says in the end. Each is told once. */
static int decode_selected(struct decode *decode, struct record *record, size_t header_entries, const uint8_t *data, size_t length)
{
	size_t kept = header_entries;

	for (size_t i = header_entries; i < record->count; i++) {
		struct entry *entry = &record->entries[kept];
		const struct field *field = attribute_field(record->schema, record->entries[i].number);
		struct attribute_iterator last;
		int r;

		*entry = record->entries[i];
		if (!field || field->kind != FIELD_SELECT) {
			kept++;
			continue;
		}
		if (entry_of(record, header_entries, entry->number) != entry)
			continue;
		kept++;
		last = last_attribute(data, length, entry->number);
		r = decode_select(decode, field, last.data, last.length, &entry->value);
		if (r < 0 && r != -EBADMSG)
			return r;
		if (r == -EBADMSG)
			entry->value = value_data(VALUE_BYTES, last.data, last.length);
		entry->field = r == 0 ? field : NULL;
		entry->name = r == 0 ? field->name : NULL;
	}
	record->count = (uint32_t)kept;
	return 0;
}

static int decode_attributes(struct decode *decode, struct record *record, const uint8_t *data, size_t length, size_t overridable,
			     struct survey *survey)
{
	const size_t header_entries = record->count;
	bool selected = false;
	struct attribute_iterator i;

	for (i = attributes(data, length); attribute_next(&i);) {
		const struct field *field = attribute_field(record->schema, i.type);
		/* Types from 256 on share a bit with a lower one: that only costs a look. */
		const bool repeated = survey_has(survey, i.type);
		struct entry *entry, *replaced = NULL;
		int r = -EBADMSG;

		survey_add(survey, i.type);
		if (field && field->kind == FIELD_PAD)
			continue;
		entry = next_entry(decode, record);
		if (!entry)
			return -ENOMEM;
		if (field)
			r = decode_value(decode, field, i.data, i.length, &entry->value);
		if (r < 0 && r != -EBADMSG)
			return r;
		if (r == -EBADMSG) {
			entry->value = value_data(VALUE_BYTES, i.data, i.length);
			selected |= field && field->kind == FIELD_SELECT;
		} else if (overridable || repeated) {
			replaced = replaced_entry(record, field, overridable, repeated);
		}
		entry->field = r == 0 ? field : NULL;
		entry->name = r == 0 ? field->name : NULL;
		entry->number = i.type;
		if (replaced && field->flags & FIELD_MANY) {
			r = gather_value(decode, &replaced->value, &entry->value);
			if (r < 0)
				return r;
		} else if (replaced) {
			put_entry(replaced, entry);
			selected |= repeated;
		} else {
			record->count++;
		}
	}
	if (selected) {
		int r = decode_selected(decode, record, header_entries, data, length);

		if (r < 0)
			return r;
	}
	return i.malformed ? -EBADMSG : 0;
}

/* A prefix of length 0 goes without its attribute: "default". */
static int decode_absent_prefixes(struct decode *decode, struct record *record, const struct survey *survey)
{
	static const uint8_t any[16];
	const struct schema *schema = record->schema;
	const uint8_t *header = decode->header;
	size_t length;

	if (!header || decode->header_length == 0 || (header[0] != AF_INET && header[0] != AF_INET6))
		return 0;
	length = header[0] == AF_INET ? 4 : 16;
	for (uint64_t absent = schema->prefixes & ~survey->seen[0]; absent; absent &= absent - 1) {
		const uint32_t i = (uint32_t)__builtin_ctzll(absent);
		const struct field *field = &schema->attributes[i];
		struct entry *entry;

		entry = next_entry(decode, record);
		if (!entry)
			return -ENOMEM;
		if (decode_prefix(decode, field, any, length, &entry->value) < 0 || entry->value.bytes.prefix != 0)
			continue;
		entry->field = field;
		entry->name = field->name;
		entry->number = (uint16_t)i;
		record->count++;
	}
	return 0;
}

static int decode_run(struct decode *decode, const struct schema *schema, const uint8_t *data, size_t length, struct record **ret)
{
	const uint8_t *run = data;
	struct survey found = { 0 };
	size_t run_length = 0, overridable = 0, reckoned;
	struct record *record;
	int r, r2;

	/* A fixed struct without attributes may have been shorter or longer on another kernel; what goes before attributes may not. */
	if (length < schema->header_size && (schema->attribute_count || length == 0))
		return -EBADMSG;
	if (length && (schema->attribute_count || schema->header_size == 0)) {
		run += run_offset(schema, length);
		run_length = length - run_offset(schema, length);
	}

	/* An attribute of a number has 8 bytes; where there are more than are reckoned with, the record grows. */
	reckoned = run_length / 8 < ATTRIBUTES_RECKONED ? run_length / 8 : ATTRIBUTES_RECKONED;
	record = record_new_sized(decode->arena, schema, schema->header_count + reckoned + 2);
	if (!record)
		return -ENOMEM;
	decode->parent = record;
	r = decode_header(decode, record, data, length, &overridable);
	if (r < 0)
		return r;
	r = decode_attributes(decode, record, run, run_length, overridable, &found);
	if (r < 0 && r != -EBADMSG)
		return r;
	r2 = decode_absent_prefixes(decode, record, &found);
	if (r2 < 0)
		return r2;
	*ret = record;
	return r;
}

int schema_decode_nest(struct decode *decode, const struct schema *schema, const void *data, size_t length, struct record **ret)
{
	const struct record *parent = decode->parent;
	struct record *record;
	int r;

	if (decode->depth >= DEPTH_MAXIMUM)
		return -EBADMSG;
	decode->depth++;
	r = decode_run(decode, schema, data, length, &record);
	decode->depth--;
	decode->parent = parent;
	if (r < 0)
		return r;
	*ret = record;
	return 0;
}

int schema_decode(const struct schema *schema, const void *data, size_t length, struct arena *arena, struct record **ret)
{
	struct decode decode = {
		.arena = arena,
		.header = schema->header_size ? data : NULL,
		.header_length = schema->header_size,
	};

	if (length < schema->header_size)
		return -EBADMSG;
	return decode_run(&decode, schema, data, length, ret);
}
