/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of nftables as nft(8) prints them: of the types of which that is certain. What a rule compares is told by the expression that fetched it. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "channel/netfilter.h"

/* The types of nft's that are printed here, by its own numbers. */
enum { IPV4_ADDR = 7, IPV6_ADDR = 8, ETHER_ADDR = 9, INET_SERVICE = 13, MARK = 19, IFNAME = 41 };
#define TYPE_BITS  6
#define TYPE_MASK  ((1u << TYPE_BITS) - 1)
#define NAME_BYTES 16 /* IFNAMSIZ */

static size_t width_of(uint32_t type)
{
	switch (type) {
	case IPV4_ADDR:
	case MARK:
		return 4;
	case IPV6_ADDR:
	case IFNAME:
		return 16;
	case ETHER_ADDR:
		return 6;
	case INET_SERVICE:
		return 2;
	default:
		return 0;
	}
}

static bool add_name(const uint8_t *data, struct buffer *ret)
{
	const size_t length = strnlen((const char *)data, NAME_BYTES);

	/* Without a NUL in it just its beginning counts. */
	if (length == 0 || length == NAME_BYTES)
		return false;
	for (size_t i = 0; i < length; i++)
		if (data[i] <= ' ' || data[i] >= 0x7f || strchr("\"\\*", data[i]))
			return false;
	buffer_add_char(ret, '"');
	buffer_add(ret, data, length);
	buffer_add_char(ret, '"');
	return true;
}

static bool add_one(uint32_t type, const uint8_t *data, struct buffer *ret)
{
	struct value address = value_data(VALUE_ADDRESS, data, width_of(type));
	uint32_t word;

	switch (type) {
	case IPV4_ADDR:
	case IPV6_ADDR:
	case ETHER_ADDR:
		value_print(ret, &address, NULL, NULL);
		return true;
	case INET_SERVICE:
		buffer_add_uint(ret, (uint64_t)data[0] << 8 | data[1]);
		return true;
	case MARK:
		memcpy(&word, data, sizeof(word));
		buffer_printf(ret, "0x%08x", word);
		return true;
	case IFNAME:
		return add_name(data, ret);
	default:
		return false;
	}
}

/* A key of several parts has each of them at a multiple of four bytes. */
bool netfilter_value_text(uint32_t type, const uint8_t *data, size_t length, struct buffer *ret)
{
	const bool single = type >> TYPE_BITS == 0;
	size_t at = 0;

	for (int shift = 24; shift >= 0; shift -= TYPE_BITS) {
		const uint32_t one = type >> shift & TYPE_MASK;
		const size_t width = width_of(one);

		if (type >> shift == 0)
			continue;
		if (width == 0 || width > length - at)
			return false;
		if (ret->length)
			buffer_add_text(ret, " . ");
		if (!add_one(one, data + at, ret))
			return false;
		at += single ? width : (width + 3) & ~(size_t)3;
		if (at > length)
			return false;
	}
	return at == length && type >> 30 == 0;
}

/* ---- Rules ---- */

/* Not nft's: the protocol that a packet is of. */
#define PROTOCOL_OF_PACKET 0x80000000u

/* What the registers hold: a register of 16 bytes is four of four bytes. */
#define REGISTERS 20

struct registers {
	uint32_t types[REGISTERS]; /* of what begins there, 0: not known */
	bool ipv4;                 /* packets that come as far are of IPv4 */
};

static unsigned int place_of(uint64_t number)
{
	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		return (unsigned int)(number - NFT_REG_1) * 4;
	return number >= NFT_REG32_00 && number <= NFT_REG32_15 ? (unsigned int)(number - NFT_REG32_00) : REGISTERS - 1;
}

static bool at(const struct record *payload, uint64_t base, uint64_t offset, uint64_t length)
{
	return record_number(payload, "base", UINT64_MAX) == base && record_number(payload, "offset", UINT64_MAX) == offset &&
	       record_number(payload, "len", 0) == length;
}

static uint32_t type_of_payload(const struct registers *registers, const struct record *payload)
{
	if (at(payload, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2) || at(payload, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2))
		return INET_SERVICE;
	if (registers->ipv4 && (at(payload, NFT_PAYLOAD_NETWORK_HEADER, 12, 4) || at(payload, NFT_PAYLOAD_NETWORK_HEADER, 16, 4)))
		return IPV4_ADDR;
	if (at(payload, NFT_PAYLOAD_NETWORK_HEADER, 8, 16) || at(payload, NFT_PAYLOAD_NETWORK_HEADER, 24, 16))
		return IPV6_ADDR;
	if (at(payload, NFT_PAYLOAD_LL_HEADER, 0, 6) || at(payload, NFT_PAYLOAD_LL_HEADER, 6, 6))
		return ETHER_ADDR;
	return 0;
}

static uint32_t type_of_meta(const struct record *meta)
{
	switch (record_number(meta, "key", UINT64_MAX)) {
	case NFT_META_NFPROTO:
		return PROTOCOL_OF_PACKET;
	case NFT_META_MARK:
		return MARK;
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
	case NFT_META_BRI_IIFNAME:
	case NFT_META_BRI_OIFNAME:
	case NFT_META_SDIFNAME:
		return IFNAME;
	default:
		return 0;
	}
}

static uint32_t type_of_ct(const struct record *ct)
{
	switch (record_number(ct, "key", UINT64_MAX)) {
	case NFT_CT_MARK:
		return MARK;
	case NFT_CT_PROTO_SRC:
	case NFT_CT_PROTO_DST:
		return INET_SERVICE;
	case NFT_CT_SRC_IP:
	case NFT_CT_DST_IP:
		return IPV4_ADDR;
	case NFT_CT_SRC_IP6:
	case NFT_CT_DST_IP6:
		return IPV6_ADDR;
	default:
		return 0;
	}
}

/* What NAME, which says DATA, leaves in the register that it writes. */
static uint32_t type_written(const struct registers *registers, const struct value *name, const struct record *data)
{
	const size_t length = name->bytes.length;

	if (length == strlen("payload") && memcmp(name->bytes.data, "payload", length) == 0)
		return type_of_payload(registers, data);
	if (length == strlen("meta") && memcmp(name->bytes.data, "meta", length) == 0)
		return type_of_meta(data);
	if (length == strlen("ct") && memcmp(name->bytes.data, "ct", length) == 0)
		return type_of_ct(data);
	/* Bits of an address or a mark are one still. */
	if (length == strlen("bitwise") && memcmp(name->bytes.data, "bitwise", length) == 0 && !record_number(data, "op", 0))
		return registers->types[place_of(record_number(data, "sreg", 0))];
	return 0;
}

static int explain_data(struct arena *arena, struct record *data, uint32_t type)
{
	const struct value *value = data ? record_find(data, "value") : NULL;
	_cleanup_buffer_ struct buffer text = { 0 };
	const char *copy;

	if (!type || !value || value->type != VALUE_BYTES || !netfilter_value_text(type, value->bytes.data, value->bytes.length, &text))
		return 0;
	copy = text.failed ? NULL : arena_copy(arena, text.data, text.length);
	return copy ? record_put(arena, data, "text", value_data(VALUE_TEXT, copy, text.length)) : -ENOMEM;
}

/* A rule goes on only with packets for which a comparison holds. */
static void learn(struct registers *registers, const struct record *cmp, uint32_t type)
{
	const struct record *data = record_inside(cmp, "data");
	const struct value *value = data ? record_find(data, "value") : NULL;

	if (type == PROTOCOL_OF_PACKET && record_number(cmp, "op", UINT64_MAX) == NFT_CMP_EQ && value && value->type == VALUE_BYTES &&
	    value->bytes.length == 1)
		registers->ipv4 = *(const uint8_t *)value->bytes.data == NFPROTO_IPV4;
}

static int explain_expression(struct arena *arena, struct registers *registers, const struct record *expression)
{
	static const char *const parts[] = { "data", "from", "to" };
	const struct value *name = record_find(expression, "name");
	const struct record *data = record_inside(expression, "data");
	const bool compares = data && (data->schema == &schema_netfilter_cmp || data->schema == &schema_netfilter_range);
	const struct value *written;
	uint32_t type;
	int r = 0;

	if (!name || name->type != VALUE_TEXT || !data)
		return 0;
	type = registers->types[place_of(record_number(data, "sreg", 0))];
	for (size_t i = 0; r == 0 && compares && i < ARRAY_SIZE(parts); i++)
		r = explain_data(arena, record_inside(data, parts[i]), type);
	if (data->schema == &schema_netfilter_cmp)
		learn(registers, data, type);
	written = record_find(data, "dreg");
	if (r < 0 || !written)
		return r;
	type = type_written(registers, name, data);
	registers->types[place_of(written->number)] = type;
	registers->types[REGISTERS - 1] = 0;
	return 0;
}

int netfilter_explain(struct arena *arena, struct record *rule)
{
	const struct value *list = record_find(rule, "expressions");
	struct registers registers = { .ipv4 = record_number(rule, "family", 0) == NFPROTO_IPV4 };
	int r = 0;

	for (uint32_t i = 0; list && list->type == VALUE_LIST && r == 0 && i < list->list.count; i++)
		if (list->list.items[i].type == VALUE_RECORD)
			r = explain_expression(arena, &registers, list->list.items[i].record);
	return r;
}
