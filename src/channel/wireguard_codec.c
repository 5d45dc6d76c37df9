/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys, endpoints and networks as wg(8) writes them. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "channel/wireguard.h"

/* ---- Keys ---- */

static int decode_key(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	uint8_t filled[WIREGUARD_KEY + 1] = { 0 };

	(void)field;
	if (length != WIREGUARD_KEY)
		return -EBADMSG;
	memcpy(filled, data, WIREGUARD_KEY);
	buffer_add_base64(&text, filled, sizeof(filled));
	/* The last group is one byte short. */
	if (!text.failed)
		text.data[text.length - 1] = '=';
	*ret = value_data(VALUE_TEXT, text.failed ? NULL : arena_copy(decode->arena, text.data, text.length), text.length);
	return ret->bytes.data ? 0 : -ENOMEM;
}

static int digit_of(char character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (character >= '0' && character <= '9')
		return character - '0' + 52;
	return character == '+' ? 62 : character == '/' ? 63 : -1;
}

/* 43 digits and what fills up their last group. */
static bool read_key(const struct value *value, uint8_t ret[WIREGUARD_KEY])
{
	const char *text = value->bytes.data;
	uint32_t bits = 0;

	if (value->type != VALUE_TEXT || value->bytes.length != 44 || text[43] != '=')
		return false;
	for (unsigned int i = 0, have = 0, at = 0; i < 43; i++) {
		const int digit = digit_of(text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		ret[at++] = (uint8_t)(bits >> have);
		bits &= (1u << have) - 1;
	}
	return bits == 0;
}

static int encode_key(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	uint8_t key[WIREGUARD_KEY];
	bool read = read_key(value, key);

	if (read)
		buffer_add(buffer, key, sizeof(key));
	memset(key, 0, sizeof(key));
	return read ? 0 : error_set(error, -EINVAL, "%s is no key: 44 characters are, as wg genkey and wg pubkey print them", field->name);
}

static int decode_secret(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	(void)decode;
	(void)field;
	*ret = value_data(VALUE_BYTES, data, length);
	return length == WIREGUARD_KEY ? 0 : -EBADMSG;
}

static int encode_secret(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	if (value->type != VALUE_BYTES || value->bytes.length != WIREGUARD_KEY)
		return encode_key(field, value, buffer, error);
	buffer_add(buffer, value->bytes.data, value->bytes.length);
	return 0;
}

const struct codec codec_wireguard_key = { decode_key, encode_key, FIELD_CODEC };
const struct codec codec_wireguard_secret = { decode_secret, encode_secret, FIELD_CODEC };

/* ---- Where a peer is: ADDRESS:PORT, [ADDRESS]:PORT ---- */

static int decode_endpoint(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 10];
	struct sockaddr_in6 six;
	struct sockaddr_in four;
	int size;

	(void)field;
	if (length >= sizeof(six)) {
		memcpy(&six, data, sizeof(six));
		if (six.sin6_family != AF_INET6 || !inet_ntop(AF_INET6, &six.sin6_addr, address, sizeof(address)))
			return -EBADMSG;
		size = snprintf(text, sizeof(text), "[%s]:%u", address, ntohs(six.sin6_port));
	} else if (length >= sizeof(four)) {
		memcpy(&four, data, sizeof(four));
		if (four.sin_family != AF_INET || !inet_ntop(AF_INET, &four.sin_addr, address, sizeof(address)))
			return -EBADMSG;
		size = snprintf(text, sizeof(text), "%s:%u", address, ntohs(four.sin_port));
	} else {
		return -EBADMSG;
	}
	*ret = value_data(VALUE_TEXT, arena_copy(decode->arena, text, (size_t)size), (size_t)size);
	return ret->bytes.data ? 0 : -ENOMEM;
}

/* The port behind the last colon of TEXT, which is cut there. */
static bool cut_port(char *text, uint16_t *ret)
{
	char *colon = strrchr(text, ':'), *end = NULL;
	const unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

	if (!colon || !colon[1] || *end || port > UINT16_MAX)
		return false;
	*colon = '\0';
	*ret = htons((uint16_t)port);
	return true;
}

static int encode_endpoint(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	char text[INET6_ADDRSTRLEN + 10] = "";
	uint16_t port = 0;
	size_t length;

	if (value->type == VALUE_TEXT && value->bytes.length < sizeof(text))
		memcpy(text, value->bytes.data, value->bytes.length);
	if (!cut_port(text, &port))
		text[0] = '\0';
	length = strlen(text);
	six.sin6_port = four.sin_port = port;
	if (length > 2 && text[0] == '[' && text[length - 1] == ']') {
		text[length - 1] = '\0';
		if (inet_pton(AF_INET6, text + 1, &six.sin6_addr) == 1) {
			buffer_add(buffer, &six, sizeof(six));
			return 0;
		}
	} else if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		buffer_add(buffer, &four, sizeof(four));
		return 0;
	}
	return error_set(error, -EINVAL, "%s is no endpoint: 192.0.2.1:51820 and [2001:db8::1]:51820 are", field->name);
}

const struct codec codec_wireguard_endpoint = { decode_endpoint, encode_endpoint, FIELD_CODEC };

/* ---- Networks that are a peer's ---- */

const struct field field_wireguard_network = { "network", FIELD_ADDRESS, 0, 0, "network" };

static bool read_network(const struct attribute_iterator *nest, struct value *ret)
{
	struct attribute_iterator address = { 0 };
	uint8_t bits = 0;

	for (struct attribute_iterator at = attributes(nest->data, nest->length); attribute_next(&at);) {
		if (at.type == WGALLOWEDIP_A_IPADDR && (at.length == 4 || at.length == 16))
			address = at;
		if (at.type == WGALLOWEDIP_A_CIDR_MASK && at.length == 1)
			bits = *(const uint8_t *)at.data;
	}
	if (!address.data || bits > address.length * 8)
		return false;
	*ret = value_data(VALUE_ADDRESS, address.data, address.length);
	ret->bytes.prefix = bits;
	return true;
}

static int decode_allowed(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct value *items;
	uint32_t count = 0;

	(void)field;
	for (struct attribute_iterator at = attributes(data, length); attribute_next(&at);)
		count++;
	items = arena_array(decode->arena, struct value, count);
	if (!items)
		return -ENOMEM;
	count = 0;
	for (struct attribute_iterator at = attributes(data, length); attribute_next(&at);)
		if (!read_network(&at, &items[count++]))
			return -EBADMSG;
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, count } };
	return 0;
}

static int encode_allowed(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	if (value->type != VALUE_LIST)
		return error_set(error, -EINVAL, "%s takes networks: [10.0.0.0/24, ...]", field->name);
	for (uint32_t i = 0; i < value->list.count; i++) {
		const struct value *item = &value->list.items[i];
		const uint16_t family = item->bytes.length == 16 ? AF_INET6 : AF_INET;
		uint8_t bits = (uint8_t)(item->bytes.length * 8);
		size_t nest;

		if (item->type != VALUE_ADDRESS || (item->bytes.length != 4 && item->bytes.length != 16))
			return error_set(error, -EINVAL, "%s takes networks: [10.0.0.0/24, ...]", field->name);
		if (item->bytes.prefix >= 0)
			bits = (uint8_t)item->bytes.prefix;
		nest = attribute_begin(buffer, NLA_F_NESTED);
		attribute_add(buffer, WGALLOWEDIP_A_FAMILY, &family, sizeof(family));
		attribute_add(buffer, WGALLOWEDIP_A_IPADDR, item->bytes.data, item->bytes.length);
		attribute_add(buffer, WGALLOWEDIP_A_CIDR_MASK, &bits, sizeof(bits));
		attribute_end(buffer, nest);
	}
	return 0;
}

const struct codec codec_wireguard_allowed = { decode_allowed, encode_allowed, FIELD_LIST };
