/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and data of sets and maps, each by itself, as nft(8) prints them. */
#include "channel/netfilter_say.h"

/* A number that stands for something of this machine, or depends on its time zone, says as much by itself. */
static bool says_itself(uint32_t type)
{
	switch (type) {
	case TYPE_IFINDEX:
	case TYPE_CGROUPV2:
	case TYPE_TIME_DATE:
	case TYPE_TIME_HOUR:
	case TYPE_CT_LABEL:
		return false;
	default:
		return netfilter_type_bits(type) >= 8;
	}
}

static bool add_one(uint32_t type, const uint8_t *data, size_t width, struct buffer *ret)
{
	struct netfilter_value value = { .data = data, .length = (uint16_t)width };
	const enum netfilter_order_of order = netfilter_type_order(type);

	if (order == ORDER_UNKNOWN && width > 1)
		return false;
	return netfilter_number(data, width, order, &value.number) && netfilter_type_print(type, &value, false, NULL, ret);
}

/* A key of several parts has each of them at a multiple of four bytes. */
bool netfilter_value_text(uint32_t type, const uint8_t *data, size_t length, struct buffer *ret)
{
	const bool single = type >> NETFILTER_TYPE_BITS == 0;
	size_t at = 0;

	for (int shift = 24; shift >= 0; shift -= NETFILTER_TYPE_BITS) {
		const uint32_t one = type >> shift & NETFILTER_TYPE_MASK;
		const size_t width = says_itself(one) ? (netfilter_type_bits(one) + 7u) / 8 : 0;

		if (type >> shift == 0)
			continue;
		if (width == 0 || at > length || width > length - at)
			return false;
		if (ret->length)
			buffer_add_text(ret, " . ");
		if (!add_one(one, data + at, width, ret))
			return false;
		at += single ? width : (width + 3) & ~(size_t)3;
	}
	return at == length && type >> 30 == 0;
}

bool netfilter_type_is_swapped(uint32_t type)
{
	for (int shift = 24; shift >= 0; shift -= NETFILTER_TYPE_BITS)
		if (netfilter_type_order(type >> shift & NETFILTER_TYPE_MASK) == ORDER_HOST)
			return true;
	return false;
}
