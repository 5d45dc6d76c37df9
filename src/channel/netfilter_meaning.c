/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the terms of a rule mean: a place in a packet is a field of the header that is there. */
#include <string.h>

#include "channel/netfilter_say.h"

/* Where the protocol is not known, ports are ports all the same. */
static void find_port(struct term *payload)
{
	const struct header_field *field = header_find(&header_any_transport, payload->payload.offset, 16, 0);

	if (payload->payload.layer != LAYER_TRANSPORT || payload->bits != 16 || !field)
		return;
	payload->payload.header = &header_any_transport;
	payload->payload.field = field;
	term_set_type(payload, field->type, ORDER_NETWORK);
}

static void set_field(struct term *payload, const struct header *header, const struct header_field *field)
{
	payload->payload.header = header;
	payload->payload.field = field;
	term_set_type(payload, field->type, ORDER_NETWORK);
}

static bool mean_payload(struct say *say, struct term *payload)
{
	const struct header *header;
	const struct header_field *field;
	uint32_t offset;

	if (!payload->payload.field) {
		header = protocols_header(say, payload, &offset);
		field = header ? header_find(header, offset, payload->bits, say->icmp_type) : NULL;
		if (field)
			set_field(payload, header, field);
		else
			find_port(payload);
	}
	protocols_hide_for(say, payload);
	return true;
}

static uint32_t lowest_bit(wide number)
{
	uint32_t bit = 0;

	while (bit < 128 && !(number >> bit & 1))
		bit++;
	return bit;
}

static uint32_t highest_bit(wide number)
{
	uint32_t bit = lowest_bit(number);

	while (bit < 128 && number >> bit & 1)
		bit++;
	return bit;
}

static bool trim_payload(struct say *say, struct term *payload, uint32_t skip, uint32_t bits)
{
	uint32_t offset, length = 0;
	const struct header *header = protocols_header(say, payload, &offset);
	const struct header_field *field;

	if (!header || skip + bits > payload->bits)
		return false;
	/* The mask may cover several fields, one behind the other. */
	while (length < bits) {
		field = header_find(header, offset + skip + length, 0, say->icmp_type);
		if (!field || field->bits > payload->bits - skip)
			return false;
		length += field->bits;
	}
	if (length != bits || bits >= payload->bits)
		return false;
	payload->payload.offset += skip;
	payload->bits = (uint16_t)bits;
	return true;
}

bool meaning_trim(struct say *say, struct term *term, const struct netfilter_value *mask, uint8_t *ret_shift)
{
	const uint32_t total = mask->length * 8u;
	wide number;
	uint32_t low, high;

	*ret_shift = 0;
	if (!netfilter_number(mask->data, mask->length, ORDER_NETWORK, &number) || !number)
		return false;
	low = lowest_bit(number);
	high = highest_bit(number);
	/* Just one run of bits. */
	if (high < 128 && number >> high)
		return false;
	*ret_shift = (uint8_t)low;
	if (term->kind == TERM_OPTION) {
		if (term->option.field ||
		    !option_find(term->option.protocol, term->option.number, term->option.offset + total - high, high - low, term))
			return false;
		term->bits = (uint16_t)(high - low);
		return true;
	}
	return term->kind == TERM_PAYLOAD && trim_payload(say, term, total - high, high - low);
}

static bool mean_bits(struct say *say, struct term *term)
{
	struct term *left = term->binary.left, *right = term->binary.right;

	if (!meaning_of(say, left))
		return false;
	if (term->binary.operation == OPERATION_LEFT || term->binary.operation == OPERATION_RIGHT) {
		term_set_type(right, TYPE_INTEGER, ORDER_HOST);
	} else {
		term_set_type(right, left->type, left->order);
		right->swapped = left->swapped;
	}
	term_set_type(term, left->type, left->order);
	term->swapped = left->swapped;
	return right->kind != TERM_VALUE || value_count(&right->value, right);
}

/* A key of which the bits are a field is that. */
static struct term *trim_key(struct say *say, struct term *key, uint8_t *ret_shift)
{
	struct term *left = key->kind == TERM_BITS ? key->binary.left : NULL;

	*ret_shift = 0;
	if (!left || key->binary.operation != OPERATION_AND || left->kind != TERM_PAYLOAD || key->binary.right->kind != TERM_VALUE)
		return key;
	return meaning_trim(say, left, &key->binary.right->value, ret_shift) ? left : key;
}

static bool mean_parts(struct say *say, struct term *term)
{
	for (struct term **part = &term->parts; *part; part = &(*part)->next) {
		struct term *next = (*part)->next;
		uint8_t shift;

		*part = trim_key(say, *part, &shift);
		(*part)->next = next;
		if (!meaning_of(say, *part))
			return false;
	}
	return true;
}

bool meaning_of(struct say *say, struct term *term)
{
	switch (term->kind) {
	case TERM_VALUE:
		return value_count(&term->value, term);
	case TERM_PAYLOAD:
		return mean_payload(say, term);
	case TERM_OPTION:
		protocols_hide_for(say, term);
		return true;
	case TERM_NAMED:
		if (term->named.ct_layer && say->headers[term->named.ct_layer])
			term->type = TYPE_INET_SERVICE;
		return true;
	case TERM_BITS:
		return mean_bits(say, term);
	case TERM_PARTS:
		return mean_parts(say, term);
	case TERM_MAP:
		term->map.key = trim_key(say, term->map.key, &term->map.shift);
		return meaning_of(say, term->map.key);
	case TERM_HASH:
		return !term->hash.of || meaning_of(say, term->hash.of);
	}
	return false;
}
