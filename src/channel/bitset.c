/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/bitset.h"

#include <errno.h>
#include <linux/ethtool_netlink.h>

struct bits {
	struct value *on, *off;
	uint32_t on_count, off_count;
};

static int number_as_name(struct arena *arena, const struct attribute_iterator *at, struct value *ret)
{
	uint32_t index;
	char text[12];
	int length;

	if (at->length != sizeof(index))
		return 0;
	memcpy(&index, at->data, sizeof(index));
	length = snprintf(text, sizeof(text), "%u", index);
	*ret = value_data(VALUE_TEXT, arena_copy(arena, text, (size_t)length), (size_t)length);
	return ret->bytes.data ? 0 : -ENOMEM;
}

/* Its name, or its number where the kernel has no name for it. */
static int take_bit(struct arena *arena, const struct attribute_iterator *nest, bool masked, struct bits *bits)
{
	struct value name = { .type = VALUE_NULL };
	bool set = !masked;
	int r = 0;

	for (struct attribute_iterator at = attributes(nest->data, nest->length); r == 0 && attribute_next(&at);) {
		if (at.type == ETHTOOL_A_BITSET_BIT_VALUE)
			set = true;
		else if (at.type == ETHTOOL_A_BITSET_BIT_NAME && strnlen(at.data, at.length))
			name = value_data(VALUE_TEXT, at.data, strnlen(at.data, at.length));
		else if (at.type == ETHTOOL_A_BITSET_BIT_INDEX && name.type == VALUE_NULL)
			r = number_as_name(arena, &at, &name);
	}
	if (r == 0 && name.type == VALUE_TEXT && set)
		bits->on[bits->on_count++] = name;
	else if (r == 0 && name.type == VALUE_TEXT)
		bits->off[bits->off_count++] = name;
	return r;
}

static int take_bits(struct arena *arena, const struct attribute_iterator *nest, bool masked, struct bits *bits)
{
	uint32_t count = 0;
	int r = 0;

	for (struct attribute_iterator at = attributes(nest->data, nest->length); attribute_next(&at);)
		count++;
	*bits = (struct bits){ arena_array(arena, struct value, count), arena_array(arena, struct value, count) };
	if (!bits->on || !bits->off)
		return -ENOMEM;
	for (struct attribute_iterator at = attributes(nest->data, nest->length); r == 0 && attribute_next(&at);)
		r = take_bit(arena, &at, masked, bits);
	return r;
}

static struct value list_of(const struct value *items, uint32_t count)
{
	return (struct value){ .type = VALUE_LIST, .list = { items, count } };
}

static int decode_bitset(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct attribute_iterator nest = { 0 }, at;
	struct bits bits = { 0 };
	struct record *record;
	bool masked = true;
	int r;

	(void)field;
	for (at = attributes(data, length); attribute_next(&at);) {
		masked &= at.type != ETHTOOL_A_BITSET_NOMASK;
		/* Only asked for with ETHTOOL_FLAG_COMPACT_BITSETS, and then without names. */
		if (at.type == ETHTOOL_A_BITSET_VALUE)
			return -EBADMSG;
		if (at.type == ETHTOOL_A_BITSET_BITS)
			nest = at;
	}
	if (at.malformed)
		return -EBADMSG;
	r = nest.data ? take_bits(decode->arena, &nest, masked, &bits) : 0;
	if (r < 0)
		return r;
	*ret = list_of(bits.on, bits.on_count);
	if (!masked)
		return 0;
	record = record_new(decode->arena, NULL);
	if (!record)
		return -ENOMEM;
	r = record_add(decode->arena, record, (struct entry){ .name = "on", .value = *ret });
	if (r == 0)
		r = record_add(decode->arena, record, (struct entry){ .name = "off", .value = list_of(bits.off, bits.off_count) });
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int not_sent(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	(void)value;
	(void)buffer;
	return error_set(error, -EOPNOTSUPP, "%s is read, not set", field->name);
}

const struct codec codec_bitset = { decode_bitset, not_sent };
