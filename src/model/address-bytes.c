/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IP and link-layer addresses between bytes and text. Written by hand, as inet_ntop() goes through printf. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "model/field.h"

static char *put_decimal(char *at, unsigned int byte)
{
	if (byte >= 100)
		*at++ = (char)('0' + byte / 100);
	if (byte >= 10)
		*at++ = (char)('0' + byte / 10 % 10);
	*at++ = (char)('0' + byte % 10);
	return at;
}

static char *put_ipv4(char *at, const uint8_t *data)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		at = put_decimal(at, data[i]);
	}
	return at;
}

static char *put_group(char *at, unsigned int group)
{
	static const char digits[] = "0123456789abcdef";

	for (int shift = 12; shift >= 0; shift -= 4)
		if (shift == 0 || group >> shift)
			*at++ = digits[group >> shift & 15];
	return at;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952). */
static void longest_run(const uint16_t group[8], int *ret_start, int *ret_length)
{
	int start = -1, length = 1;

	for (int i = 0; i < 8; i++) {
		int end = i;

		while (end < 8 && group[end] == 0)
			end++;
		if (end - i > length) {
			start = i;
			length = end - i;
		}
		if (end > i)
			i = end;
	}
	*ret_start = start;
	*ret_length = start < 0 ? 0 : length;
}

/* Eight groups of two digits each would read as a link-layer address of eight bytes. */
static bool looks_like_link_layer(const uint16_t group[8])
{
	for (int i = 0; i < 8; i++)
		if (group[i] < 0x10 || group[i] > 0xff)
			return false;
	return true;
}

static char *put_ipv6(char *at, const uint8_t *data)
{
	uint16_t group[8];
	int start, length;

	for (int i = 0; i < 8; i++)
		group[i] = (uint16_t)(data[2 * i] << 8 | data[2 * i + 1]);
	longest_run(group, &start, &length);
	if (looks_like_link_layer(group)) {
		*at++ = '0';
		*at++ = '0';
	}
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			*at++ = ':';
			i += length - 1;
			if (i == 7)
				*at++ = ':';
			continue;
		}
		if (i)
			*at++ = ':';
		/* IPv4 inside, as inet_ntop() and so ip(8) show it. */
		if (i == 6 && start == 0 && (length == 6 || (length == 5 && group[5] == 0xffff)))
			return put_ipv4(at, data + 12);
		at = put_group(at, group[i]);
	}
	return at;
}

static char *put_link_layer(char *at, const uint8_t *data, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		if (i)
			*at++ = ':';
		*at++ = digits[data[i] >> 4];
		*at++ = digits[data[i] & 15];
	}
	return at;
}

void address_format(struct buffer *buffer, const struct value *value)
{
	size_t length = value->bytes.length;
	char text[ADDRESS_MAXIMUM * 3 + 8], *at = text;

	if (length > ADDRESS_MAXIMUM) {
		buffer_add_hex(buffer, value->bytes.data, length);
		return;
	}
	if (length == 4)
		at = put_ipv4(at, value->bytes.data);
	else if (length == 16)
		at = put_ipv6(at, value->bytes.data);
	else
		at = put_link_layer(at, value->bytes.data, length);
	if (value->bytes.prefix >= 0 && value->bytes.prefix <= 128) {
		*at++ = '/';
		at = put_decimal(at, (unsigned int)value->bytes.prefix);
	}
	buffer_add(buffer, text, (size_t)(at - text));
}

/* Two digits a byte, colons between; the number of bytes, or -1. */
static int parse_link_layer(const char *text, size_t length, uint8_t data[ADDRESS_MAXIMUM])
{
	int count = 0;

	if (length % 3 != 2 || length > ADDRESS_MAXIMUM * 3 - 1)
		return -1;
	for (size_t i = 0; i < length; i += 3) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0 || (i + 2 < length && text[i + 2] != ':'))
			return -1;
		data[count++] = (uint8_t)(high << 4 | low);
	}
	return count;
}

static int parse_prefix(const char *text, size_t length, int maximum)
{
	int prefix = 0;

	if (length == 0 || length > 3 || (length > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		prefix = prefix * 10 + text[i] - '0';
	}
	return prefix <= maximum ? prefix : -EINVAL;
}

int address_parse_bytes(const char *text, size_t length, uint8_t data[32], uint32_t *ret_length, int16_t *ret_prefix)
{
	const char *slash = length ? memchr(text, '/', length) : NULL;
	size_t address_length = slash ? (size_t)(slash - text) : length;
	char terminated[INET6_ADDRSTRLEN];
	uint8_t bytes[ADDRESS_MAXIMUM];
	int count = 0, prefix = -1;

	if (!slash)
		count = length ? parse_link_layer(text, length, bytes) : 0;
	if (slash || count < 0) {
		if (address_length >= sizeof(terminated) || address_length == 0 || memchr(text, '\0', address_length))
			return -EINVAL;
		memcpy(terminated, text, address_length);
		terminated[address_length] = '\0';
		if (inet_pton(AF_INET, terminated, bytes) == 1)
			count = 4;
		else if (inet_pton(AF_INET6, terminated, bytes) == 1)
			count = 16;
		else
			return -EINVAL;
	}
	if (slash) {
		prefix = parse_prefix(slash + 1, length - address_length - 1, count * 8);
		if (prefix < 0)
			return prefix;
	}

	memcpy(data, bytes, (size_t)count);
	*ret_length = (uint32_t)count;
	*ret_prefix = (int16_t)prefix;
	return 0;
}
