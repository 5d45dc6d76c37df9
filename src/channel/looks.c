/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/looks.h"

#include <errno.h>
#include <string.h>

#define ATTRIBUTE_SENSIBLE 1024 /* numbers of attributes that a guess believes in */

uint32_t looks_attributes(const uint8_t *data, size_t length)
{
	struct attribute_iterator iterator = attributes(data, length);
	uint32_t count = 0;

	while (attribute_next(&iterator)) {
		if (iterator.type > ATTRIBUTE_SENSIBLE)
			return 0;
		count++;
	}
	return iterator.malformed ? 0 : count;
}

bool looks_nested(const uint8_t *data, size_t length)
{
	struct attribute_iterator iterator = attributes(data, length);
	uint16_t last = 0;

	if (length < 8 || length % 4)
		return false;
	while (attribute_next(&iterator)) {
		if (iterator.type == 0 || iterator.type > ATTRIBUTE_SENSIBLE / 4 || iterator.type < last)
			return false;
		last = iterator.type;
	}
	return !iterator.malformed;
}

bool looks_text(const char *text, size_t length)
{
	size_t more = 0;

	for (size_t i = 0; i < length; i++) {
		const unsigned char byte = (unsigned char)text[i];

		if (more) {
			if ((byte & 0xc0) != 0x80)
				return false;
			more--;
		} else if (byte < 0x20 || byte == 0x7f) {
			if (byte != '\t' && byte != '\n' && byte != '\r')
				return false;
		} else if (byte >= 0x80) {
			if (byte < 0xc2 || byte > 0xf4)
				return false;
			more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
		}
	}
	return length > 0 && more == 0;
}

bool looks_number(size_t length)
{
	return length == 1 || length == 2 || length == 4 || length == 8;
}

uint64_t looks_number_of(const uint8_t *data, size_t length, bool network_order)
{
	uint64_t number = 0;
	const bool forward = network_order || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	for (size_t i = 0; i < length; i++)
		number |= (uint64_t)data[forward ? length - 1 - i : i] << (8 * i);
	return number;
}

/* ---- As a field ---- */

/* Both places that decode attributes hand on what lies behind their header. */
static uint16_t bits_of(const void *data)
{
	struct nlattr header;

	memcpy(&header, (const uint8_t *)data - sizeof(header), sizeof(header));
	return header.nla_type;
}

static int decode_looks(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	const uint16_t bits = bits_of(data);
	const uint8_t *bytes = data;
	struct record *record;
	int r;

	if (field->schema && (bits & NLA_F_NESTED || looks_nested(data, length))) {
		r = schema_decode_nest(decode, field->schema, data, length, &record);
		if (r == 0)
			*ret = (struct value){ .type = VALUE_RECORD, .record = record };
		if (r != -EBADMSG)
			return r;
	}
	if (length > 2 && bytes[length - 1] == '\0' && looks_text(data, length - 1))
		*ret = value_data(VALUE_TEXT, data, length - 1);
	else if (looks_number(length))
		*ret = value_uint(looks_number_of(data, length, bits & NLA_F_NET_BYTEORDER));
	else if (length == 0)
		*ret = value_bool(true);
	else
		*ret = value_data(VALUE_BYTES, data, length);
	return 0;
}

/* What is not known cannot be put together. */
static int refuse(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	(void)value;
	(void)buffer;
	return error_set(error, -EOPNOTSUPP, "%s: its type is not known", field->name);
}

const struct codec codec_looks = { decode_looks, refuse, FIELD_RECORD };
