/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MPLS labels: four bytes each, a stack of them the outermost first, of which the kernel takes nothing but the label. Sources: RFC 3032,
 * <linux/mpls.h>. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "channel/route.h"

#define LABEL_SHIFT   12
#define LABEL_BOTTOM  (1u << 8)
#define LABEL_MAXIMUM 0xfffffu

static uint64_t label_at(const void *data)
{
	uint32_t entry;

	memcpy(&entry, data, sizeof(entry));
	return be32toh(entry) >> LABEL_SHIFT;
}

static int add_label(const struct field *field, const struct value *value, bool last, struct buffer *buffer, struct error *error)
{
	uint32_t entry;

	if ((value->type != VALUE_UINT && value->type != VALUE_INT) || value->number > LABEL_MAXIMUM)
		return error_set(error, -ERANGE, "%s: a label is a number, at most %u", field->name, LABEL_MAXIMUM);
	entry = htobe32((uint32_t)value->number << LABEL_SHIFT | (last ? LABEL_BOTTOM : 0));
	buffer_add(buffer, &entry, sizeof(entry));
	return 0;
}

static int decode_labels(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	const size_t count = length / sizeof(uint32_t);
	struct value *items;

	(void)field;
	if (length == 0 || length % sizeof(uint32_t) != 0)
		return -EBADMSG;
	items = arena_array(decode->arena, struct value, count);
	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		items[i] = value_uint(label_at((const uint8_t *)data + i * sizeof(uint32_t)));
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)count } };
	return 0;
}

static int encode_labels(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	int r = 0;

	if (value->type != VALUE_LIST || value->list.count == 0)
		return error_set(error, -EINVAL, "%s must be a list of labels", field->name);
	for (uint32_t i = 0; r == 0 && i < value->list.count; i++)
		r = add_label(field, &value->list.items[i], i + 1 == value->list.count, buffer, error);
	return r;
}

const struct codec codec_labels = { decode_labels, encode_labels, FIELD_LIST };
const struct field field_label = { "label", FIELD_U32, FIELD_SETTABLE, 0, "an MPLS label", LIMITS(.maximum = LABEL_MAXIMUM) };

static int decode_label(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	(void)decode;
	(void)field;
	if (length != sizeof(uint32_t))
		return -EBADMSG;
	*ret = value_uint(label_at(data));
	return 0;
}

static int encode_label(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	return add_label(field, value, true, buffer, error);
}

const struct codec codec_label = { decode_label, encode_label, FIELD_U32, &(const struct field_limits){ .maximum = LABEL_MAXIMUM } };
