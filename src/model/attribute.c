/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Netlink attributes as bytes: the building blocks of a request. */
#include <linux/netlink.h>
#include <string.h>

#include "model/schema.h"

void attribute_add(struct buffer *buffer, uint16_t type, const void *data, size_t length)
{
	struct nlattr attribute = { .nla_len = (uint16_t)(NLA_HDRLEN + length), .nla_type = type };
	static const char padding[NLA_ALIGNTO];

	if (length > UINT16_MAX - NLA_HDRLEN) {
		buffer->failed = true;
		return;
	}
	buffer_add(buffer, &attribute, sizeof(attribute));
	buffer_add(buffer, data, length);
	buffer_add(buffer, padding, NLA_ALIGN(length) - length);
}

size_t attribute_begin(struct buffer *buffer, uint16_t type)
{
	size_t begin = buffer->length;

	attribute_add(buffer, type, NULL, 0);
	return begin;
}

void attribute_end(struct buffer *buffer, size_t begin)
{
	static const char padding[NLA_ALIGNTO];
	size_t length;
	uint16_t short_length;

	if (buffer->failed)
		return;
	length = buffer->length - begin;
	if (length > UINT16_MAX) {
		buffer->failed = true;
		return;
	}
	short_length = (uint16_t)length;
	memcpy(buffer->data + begin + offsetof(struct nlattr, nla_len), &short_length, sizeof(short_length));
	buffer_add(buffer, padding, NLA_ALIGN(length) - length);
}
