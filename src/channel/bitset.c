/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/bitset.h"

#include <errno.h>
#include <linux/ethtool_netlink.h>

#define WORDS (BITSET_MAXIMUM / 32)

/* ---- Reading ---- */

/* What a message says of bits: which it speaks of, and which of these are on; and those whose number is not known, by their names. */
struct bits {
	uint32_t on[WORDS], mask[WORDS];
	bool masked;
	struct entry *others;
	uint32_t other_count;
};

static bool has(const uint32_t *words, uint32_t bit)
{
	return words[bit / 32] >> (bit % 32) & 1;
}

static void put(uint32_t *words, uint32_t bit)
{
	words[bit / 32] |= UINT32_C(1) << (bit % 32);
}

/* One with a name: of a device's own the number says nothing. */
static int take_bit(struct arena *arena, const struct bitset_names *set, const struct attribute_iterator *nest, struct bits *bits)
{
	struct attribute_iterator name = { 0 };
	uint32_t bit = BITSET_MAXIMUM;
	bool on = !bits->masked;
	char *copy;

	for (struct attribute_iterator at = attributes(nest->data, nest->length); attribute_next(&at);) {
		on |= at.type == ETHTOOL_A_BITSET_BIT_VALUE;
		if (at.type == ETHTOOL_A_BITSET_BIT_NAME && strnlen(at.data, at.length))
			name = at;
		if (at.type == ETHTOOL_A_BITSET_BIT_INDEX)
			(void)bitset_number(&at, &bit);
	}
	if (name.data && !bitset_is_named(set, bit, name.data, strnlen(name.data, name.length)))
		bit = bitset_find(set, name.data, strnlen(name.data, name.length));
	if (bit < BITSET_MAXIMUM) {
		put(bits->mask, bit);
		if (on)
			put(bits->on, bit);
		return 0;
	}
	if (!name.data)
		return 0;
	copy = arena_copy(arena, name.data, strnlen(name.data, name.length));
	bits->others[bits->other_count++] = (struct entry){ .name = copy, .value = value_uint(on) };
	return copy ? 0 : -ENOMEM;
}

static int take_bits(struct arena *arena, const struct bitset_names *set, const struct attribute_iterator *nest, struct bits *bits)
{
	uint32_t count = 0;
	int r = 0;

	for (struct attribute_iterator at = attributes(nest->data, nest->length); attribute_next(&at);)
		count++;
	bits->others = arena_array(arena, struct entry, count);
	if (!bits->others)
		return -ENOMEM;
	for (struct attribute_iterator at = attributes(nest->data, nest->length); r == 0 && attribute_next(&at);)
		r = take_bit(arena, set, &at, bits);
	return r;
}

static void take_words(const struct attribute_iterator *at, uint32_t *ret)
{
	memcpy(ret, at->data, at->length < sizeof(uint32_t) * WORDS ? at->length : sizeof(uint32_t) * WORDS);
}

static int read_bits(struct arena *arena, const struct bitset_names *set, const void *data, size_t length, struct bits *ret)
{
	struct attribute_iterator nest = { 0 }, at;
	bool compact = false;

	ret->masked = true;
	for (at = attributes(data, length); attribute_next(&at);) {
		ret->masked &= at.type != ETHTOOL_A_BITSET_NOMASK;
		if (at.type == ETHTOOL_A_BITSET_BITS)
			nest = at;
		if (at.type == ETHTOOL_A_BITSET_VALUE)
			take_words(&at, ret->on);
		if (at.type == ETHTOOL_A_BITSET_MASK)
			take_words(&at, ret->mask);
		compact |= at.type == ETHTOOL_A_BITSET_VALUE;
	}
	if (at.malformed)
		return -EBADMSG;
	return nest.data && !compact ? take_bits(arena, set, &nest, ret) : 0;
}

/* Those that it speaks of, the other way round. */
static void turn(struct bits *bits)
{
	for (uint32_t i = 0; i < WORDS; i++)
		bits->on[i] = bits->mask[i] & ~bits->on[i];
	for (uint32_t i = 0; i < bits->other_count; i++)
		bits->others[i].value.number = !bits->others[i].value.number;
}

/* ---- As a value ---- */

static int text_of(struct arena *arena, const struct bitset_names *set, uint32_t bit, const char **ret)
{
	char text[12];

	*ret = bitset_name(set, bit);
	if (!*ret)
		*ret = arena_copy(arena, text, (size_t)snprintf(text, sizeof(text), "%u", bit));
	return *ret ? 0 : -ENOMEM;
}

/* Once the names are known, a bit without one is the kernel's own affair. */
static bool is_told(const struct bitset_names *set, uint32_t bit)
{
	return bitset_name(set, bit) || !set || !set->told.attribute_count;
}

static int as_list(struct arena *arena, const struct bitset_names *set, const struct bits *bits, struct value *ret)
{
	struct value *items = arena_array(arena, struct value, BITSET_MAXIMUM + bits->other_count);
	uint32_t count = 0;
	const char *text;

	if (!items)
		return -ENOMEM;
	for (uint32_t bit = 0; bit < BITSET_MAXIMUM; bit++) {
		if (!has(bits->on, bit) || !is_told(set, bit))
			continue;
		if (text_of(arena, set, bit, &text) < 0)
			return -ENOMEM;
		items[count++] = value_text(text);
	}
	for (uint32_t i = 0; i < bits->other_count; i++)
		if (bits->others[i].value.number)
			items[count++] = value_text(bits->others[i].name);
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, count } };
	return 0;
}

static int as_record(struct arena *arena, const struct bitset_names *set, const struct schema *schema, const struct bits *bits, struct value *ret)
{
	struct record *record = record_new(arena, schema);
	int r = record ? 0 : -ENOMEM;

	for (uint32_t bit = 0; r == 0 && bit < BITSET_MAXIMUM; bit++) {
		struct entry entry = { .number = (uint16_t)bit, .value = value_uint(has(bits->on, bit)) };

		if (!is_told(set, bit))
			continue;
		if (bits->masked ? !has(bits->mask, bit) : !has(bits->on, bit) && !bitset_name(set, bit))
			continue;
		entry.field = bitset_name(set, bit) ? &schema->attributes[bit] : NULL;
		r = text_of(arena, set, bit, &entry.name);
		if (r == 0)
			r = record_add(arena, record, entry);
	}
	for (uint32_t i = 0; r == 0 && i < bits->other_count; i++)
		r = record_add(arena, record, bits->others[i]);
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int decode(struct decode *decode, const struct bitset_names *set, const struct field *field, const void *data, size_t length,
		  struct value *ret)
{
	struct bits bits = { 0 };
	int r = read_bits(decode->arena, set, data, length, &bits);

	if (r < 0)
		return r;
	return field_schema(field) ? as_record(decode->arena, set, field_schema(field), &bits, ret) : as_list(decode->arena, set, &bits, ret);
}

/* ---- Sending ---- */

static void add_bit(struct buffer *buffer, const struct bitset_names *set, const char *name, size_t length, bool on)
{
	const size_t nest = attribute_begin(buffer, ETHTOOL_A_BITSET_BITS_BIT | NLA_F_NESTED);
	const uint32_t bit = bitset_find(set, name, length);
	size_t text;

	if (bit < BITSET_MAXIMUM) {
		attribute_add(buffer, ETHTOOL_A_BITSET_BIT_INDEX, &bit, sizeof(bit));
	} else {
		text = attribute_begin(buffer, ETHTOOL_A_BITSET_BIT_NAME);
		buffer_add(buffer, name, length);
		buffer_add_char(buffer, '\0');
		attribute_end(buffer, text);
	}
	if (on)
		attribute_add(buffer, ETHTOOL_A_BITSET_BIT_VALUE, NULL, 0);
	attribute_end(buffer, nest);
}

static int encode_list(const struct bitset_names *set, const struct field *field, const struct value *value, struct buffer *buffer,
		       struct error *error)
{
	size_t nest;

	if (value->type != VALUE_LIST)
		return error_set(error, -EINVAL, "%s takes [NAME, ...], which are all that are on", field->name);
	attribute_add(buffer, ETHTOOL_A_BITSET_NOMASK, NULL, 0);
	nest = attribute_begin(buffer, ETHTOOL_A_BITSET_BITS | NLA_F_NESTED);
	for (uint32_t i = 0; i < value->list.count; i++) {
		if (value->list.items[i].type != VALUE_TEXT)
			return error_set(error, -EINVAL, "%s takes names", field->name);
		add_bit(buffer, set, value->list.items[i].bytes.data, value->list.items[i].bytes.length, true);
	}
	attribute_end(buffer, nest);
	return 0;
}

static int encode(const struct bitset_names *set, const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	size_t nest;

	if (value->type != VALUE_RECORD)
		return encode_list(set, field, value, buffer, error);
	nest = attribute_begin(buffer, ETHTOOL_A_BITSET_BITS | NLA_F_NESTED);
	for (uint32_t i = 0; i < value->record->count; i++) {
		const struct entry *entry = &value->record->entries[i];

		if (entry->name && entry->value.type == VALUE_UINT)
			add_bit(buffer, set, entry->name, strlen(entry->name), entry->value.number);
	}
	attribute_end(buffer, nest);
	return 0;
}

#define CODEC(identifier, set, kind)                                                                                                           \
	static int decode_##identifier(struct decode *decoding, const struct field *field, const void *data, size_t length, struct value *ret) \
	{                                                                                                                                      \
		return decode(decoding, set, field, data, length, ret);                                                                        \
	}                                                                                                                                      \
	static int encode_##identifier(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)       \
	{                                                                                                                                      \
		return encode(set, field, value, buffer, error);                                                                               \
	}                                                                                                                                      \
	const struct codec codec_bitset_##identifier = { decode_##identifier, encode_##identifier, kind }
CODEC(features, &bitset_features, FIELD_RECORD);
CODEC(link_modes, &bitset_link_modes, FIELD_RECORD);
CODEC(messages, &bitset_messages, FIELD_RECORD);
CODEC(wake, &bitset_wake, FIELD_RECORD);
CODEC(features_on, &bitset_features, FIELD_CODEC);
CODEC(link_modes_on, &bitset_link_modes, FIELD_CODEC);
CODEC(groups_on, &bitset_groups, FIELD_CODEC);
CODEC(named, NULL, FIELD_CODEC);

/* ---- Bits with names of a device's own ---- */

static const struct field flag = { "name", FIELD_TEXT, 0, 0, "name" };
static const struct field private_fields[] = {
	{ "on", FIELD_LIST, FIELD_SETTABLE, 0, "those that are on", .element = &flag },
	{ "off", FIELD_LIST, 0, 0, "those that are not", .element = &flag },
};
const struct schema schema_bitset_private = { .name = "flags", .attributes = private_fields, .attribute_count = ARRAY_SIZE(private_fields) };

static int decode_private(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, &schema_bitset_private);
	struct bits on = { 0 };
	struct value value;
	int r = record ? read_bits(decode->arena, NULL, data, length, &on) : -ENOMEM;

	(void)field;
	for (uint16_t i = 0; r == 0 && i < ARRAY_SIZE(private_fields); i++) {
		r = as_list(decode->arena, NULL, &on, &value);
		if (r == 0)
			r = record_add(decode->arena, record, (struct entry){ private_fields[i].name, &private_fields[i], i, value });
		turn(&on);
	}
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int encode_private(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const struct value *on = value->type == VALUE_RECORD ? record_find(value->record, "on") : NULL;

	return on ? encode_list(NULL, field, on, buffer, error) : error_set(error, -EINVAL, "%s takes {on=[NAME, ...]}", field->name);
}

const struct codec codec_bitset_private = { decode_private, encode_private, FIELD_RECORD };
