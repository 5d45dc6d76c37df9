/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "channel/codecs.h"

static int not_sent(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	(void)value;
	(void)buffer;
	return error_set(error, -EOPNOTSUPP, "%s is told by the kernel, not set", field->name);
}

/* A bare number in the machine's byte order. */
static int number_of(const uint8_t *data, size_t size, uint64_t *ret)
{
	uint16_t two;
	uint32_t four;

	switch (size) {
	case 1:
		*ret = *data;
		return 0;
	case 2:
		memcpy(&two, data, sizeof(two));
		*ret = two;
		return 0;
	case 4:
		memcpy(&four, data, sizeof(four));
		*ret = four;
		return 0;
	case 8:
		memcpy(ret, data, sizeof(*ret));
		return 0;
	}
	return -EBADMSG;
}

static int decode_uint(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	uint64_t number = 0;

	(void)decode;
	(void)field;
	if (length != 4 && length != 8)
		return -EBADMSG;
	(void)number_of(data, length, &number);
	*ret = value_uint(number);
	return 0;
}

static int decode_sint(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	int r = decode_uint(decode, field, data, length, ret);

	if (r == 0)
		*ret = value_int(length == 4 ? (int32_t)ret->number : (int64_t)ret->number);
	return r;
}

static int encode_uint(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	uint32_t small;

	if (value->type != VALUE_UINT && (value->type != VALUE_INT || value->integer < 0))
		return error_set(error, -EINVAL, "%s must be a number", field->name);
	small = (uint32_t)value->number;
	if (small == value->number)
		buffer_add(buffer, &small, sizeof(small));
	else
		buffer_add(buffer, &value->number, sizeof(value->number));
	return 0;
}

static int encode_sint(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	int32_t small;

	if (value->type != VALUE_INT && (value->type != VALUE_UINT || value->number > INT64_MAX))
		return error_set(error, -EINVAL, "%s must be a number", field->name);
	small = (int32_t)value->integer;
	if (small == value->integer)
		buffer_add(buffer, &small, sizeof(small));
	else
		buffer_add(buffer, &value->integer, sizeof(value->integer));
	return 0;
}

const struct codec codec_uint = { decode_uint, encode_uint };
const struct codec codec_sint = { decode_sint, encode_sint };

static int decode_byte_flag(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	(void)decode;
	(void)field;
	if (length > 1)
		return -EBADMSG;
	*ret = value_bool(length == 0 || *(const uint8_t *)data != 0);
	return 0;
}

static int encode_byte_flag(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	(void)buffer;
	if (value->type == VALUE_BOOL ? !value->boolean : value->number == 0)
		return error_set(error, -EOPNOTSUPP, "%s can be switched on, not off", field->name);
	return 0;
}

const struct codec codec_byte_flag = { decode_byte_flag, encode_byte_flag };

static int decode_vf_address(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	static const size_t most = 32;
	struct record *record = record_new(decode->arena, NULL);
	const uint8_t *bytes = data;
	size_t used = 6;
	uint64_t number;
	int r;

	(void)field;
	if (!record)
		return -ENOMEM;
	if (length != most && length != most + 4)
		return -EBADMSG;
	if (length == most + 4) {
		(void)number_of(bytes, 4, &number);
		bytes += 4;
		r = record_add(decode->arena, record, (struct entry){ .name = "vf", .value = value_uint(number) });
		if (r < 0)
			return r;
	}
	/* The kernel does not tell the length; InfiniBand has 20 bytes, all else 6. */
	for (size_t i = used; i < 20; i++)
		if (bytes[i])
			used = 20;
	r = record_add(decode->arena, record, (struct entry){ .name = "address", .value = value_data(VALUE_ADDRESS, bytes, used) });
	if (r < 0)
		return r;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return 0;
}

const struct codec codec_vf_address = { decode_vf_address, not_sent };
