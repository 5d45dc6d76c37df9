/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Terms: what the expressions of a rule leave in registers, and how nft(8) writes it. */
#include <string.h>

#include "channel/netfilter_say.h"

/* Terms of terms double with each expression; none that says anything has so many. */
#define TERMS_MAXIMUM 4096

struct term *term_new(struct say *say, enum term_kind kind)
{
	struct term *term;

	if (say->terms == TERMS_MAXIMUM)
		return NULL;
	say->terms++;
	term = arena_new(say->arena, struct term);
	if (!term) {
		say->failed = true;
		return NULL;
	}
	term->kind = kind;
	return term;
}

#define DEPTH_MAXIMUM 16

static struct term *copy_to(struct say *say, const struct term *term, unsigned int depth)
{
	struct term *copy = depth < DEPTH_MAXIMUM ? term_new(say, term->kind) : NULL;
	bool whole = true;

	if (!copy)
		return NULL;
	*copy = *term;
	if (term->kind == TERM_BITS) {
		copy->binary.left = copy_to(say, term->binary.left, depth + 1);
		copy->binary.right = copy_to(say, term->binary.right, depth + 1);
		whole = copy->binary.left && copy->binary.right;
	} else if (term->kind == TERM_MAP) {
		copy->map.key = copy_to(say, term->map.key, depth + 1);
		whole = copy->map.key;
	} else if (term->kind == TERM_HASH && term->hash.of) {
		copy->hash.of = copy_to(say, term->hash.of, depth + 1);
		whole = copy->hash.of;
	} else if (term->kind == TERM_PARTS) {
		struct term **last = &copy->parts;

		for (const struct term *part = term->parts; whole && part; part = part->next) {
			*last = copy_to(say, part, depth + 1);
			whole = *last;
			last = whole ? &(*last)->next : last;
		}
		*last = NULL;
	}
	return whole ? copy : NULL;
}

struct term *term_copy(struct say *say, const struct term *term)
{
	return copy_to(say, term, 0);
}

/* ---- Registers: one of 16 bytes is four of 4 bytes ---- */

static unsigned int place_of(uint64_t number)
{
	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		return (unsigned int)(number - NFT_REG_1) * 4;
	return number >= NFT_REG32_00 && number <= NFT_REG32_15 ? (unsigned int)(number - NFT_REG32_00) : REGISTERS;
}

void term_put(struct say *say, uint64_t number, struct term *term)
{
	const unsigned int place = place_of(number);

	if (place >= REGISTERS)
		return;
	say->registers[place] = term;
	if (term)
		term->place = say->end;
}

static unsigned int places_of(uint32_t bits)
{
	return (bits + 31) / 32;
}

static struct term *take_parts(struct say *say, unsigned int place, uint32_t bits)
{
	struct term *parts = term_new(say, TERM_PARTS), **last = parts ? &parts->parts : NULL;
	const uint32_t end = place + places_of(bits);

	while (last && place < end) {
		const struct term *at = place < REGISTERS ? say->registers[place] : NULL;

		*last = at && at->bits ? term_copy(say, at) : NULL;
		if (!*last)
			return NULL;
		place += places_of(at->bits);
		last = &(*last)->next;
	}
	if (parts)
		parts->bits = (uint16_t)bits;
	return parts;
}

struct term *term_take(struct say *say, uint64_t number, uint32_t bits)
{
	const unsigned int place = place_of(number);
	const struct term *term = place < REGISTERS ? say->registers[place] : NULL;

	if (!term)
		return NULL;
	return bits && term->bits < bits ? take_parts(say, place, bits) : term_copy(say, term);
}

uint32_t term_extent(const struct say *say, uint64_t number)
{
	unsigned int place = place_of(number);
	uint32_t bits = 0;

	while (place < REGISTERS && say->registers[place] && say->registers[place]->bits && say->registers[place]->place > say->begin) {
		/* Each begins at a register of its own. */
		bits = (bits + 31) / 32 * 32 + say->registers[place]->bits;
		place += places_of(say->registers[place]->bits);
	}
	return bits;
}

/* ---- Types ---- */

enum netfilter_order_of term_order(const struct term *term)
{
	if (!term->swapped || term->order == ORDER_UNKNOWN)
		return term->order;
	return term->order == ORDER_HOST ? ORDER_NETWORK : ORDER_HOST;
}

bool value_count(struct netfilter_value *value, const struct term *term)
{
	/* A string may be longer than a number; it has none. */
	return netfilter_number(value->data, value->length, term_order(term), &value->number) || netfilter_type_is_string(term->type);
}

void term_set_type(struct term *term, uint32_t type, enum netfilter_order_of order)
{
	term->type = type;
	term->order = order;
}

/* ---- Printing ---- */

static const char *const layer_words[LAYER_COUNT] = { "invalid", "ll", "nh", "th", "ih" };
static const char *const operation_words[] = { "&", "^", "|", "<<", ">>" };
/* The higher, the weaker it binds. */
static const uint8_t weakness[] = { 2, 3, 4, 1, 1 };

static void print_payload(const struct term *term, struct buffer *ret)
{
	if (term->payload.field)
		buffer_printf(ret, "%s %s", term->payload.header->name, term->payload.field->name);
	else
		buffer_printf(ret, "@%s,%u,%u", layer_words[term->payload.layer], term->payload.offset, term->bits);
}

static bool print_option(const struct term *term, struct buffer *ret)
{
	static const char *const kinds[] = {
		[NFT_EXTHDR_OP_TCPOPT] = "tcp option ", [NFT_EXTHDR_OP_IPV4] = "ip option ", [NFT_EXTHDR_OP_SCTP] = "sctp chunk "
	};
	const char *kind = term->option.protocol < ARRAY_SIZE(kinds) ? kinds[term->option.protocol] : NULL;

	if (term->option.protocol == NFT_EXTHDR_OP_TCPOPT && !term->option.name) {
		if (term->option.present && term->option.offset == 0)
			buffer_printf(ret, "tcp option %u", term->option.number);
		else
			buffer_printf(ret, "tcp option @%u,%u,%u", term->option.number, term->option.offset, term->bits);
		return true;
	}
	if (!term->option.name || (!term->option.present && !term->option.field))
		return false;
	if (kind)
		buffer_add_text(ret, kind);
	else if (term->option.present)
		buffer_add_text(ret, "exthdr ");
	buffer_add_text(ret, term->option.name);
	if (term->option.present)
		return true;
	if (term->option.place)
		buffer_add_uint(ret, term->option.place);
	buffer_printf(ret, " %s", term->option.field);
	return true;
}

/* How weakly what is printed of TERM binds; 0: it is one word. */
static uint8_t weakness_of(const struct term *term)
{
	if (term->kind == TERM_BITS)
		return weakness[term->binary.operation];
	/* Several flags are printed as one or the other. */
	return term->kind == TERM_VALUE && netfilter_type_is_flags(term->type) && term->value.number & (term->value.number - 1)
		       ? weakness[OPERATION_OR]
		       : 0;
}

static bool print_side(const struct say *say, enum operation operation, const struct term *side, struct buffer *ret)
{
	const bool parentheses = weakness[operation] < weakness_of(side);
	bool known;

	if (parentheses)
		buffer_add_char(ret, '(');
	known = term_print(say, side, ret);
	if (parentheses)
		buffer_add_char(ret, ')');
	return known;
}

static bool print_parts(const struct say *say, const struct term *term, struct buffer *ret)
{
	for (const struct term *part = term->parts; part; part = part->next) {
		if (part != term->parts)
			buffer_add_text(ret, " . ");
		if (!term_print(say, part, ret))
			return false;
	}
	return true;
}

bool term_print(const struct say *say, const struct term *term, struct buffer *ret)
{
	switch (term->kind) {
	case TERM_VALUE:
		return netfilter_type_print(term->type, &term->value, false, say->naming, ret);
	case TERM_PAYLOAD:
		print_payload(term, ret);
		return true;
	case TERM_NAMED:
		buffer_add_text(ret, term->named.text);
		return true;
	case TERM_OPTION:
		return print_option(term, ret);
	case TERM_BITS:
		if (!print_side(say, term->binary.operation, term->binary.left, ret))
			return false;
		buffer_printf(ret, " %s ", operation_words[term->binary.operation]);
		return print_side(say, term->binary.operation, term->binary.right, ret);
	case TERM_PARTS:
		return print_parts(say, term, ret);
	case TERM_MAP:
		if (!term_print(say, term->map.key, ret))
			return false;
		buffer_add_text(ret, set_leads_to_verdict(term->map.set) ? " vmap " : " map ");
		return set_print(say, term->map.set, term->map.shift, ret);
	case TERM_HASH:
		if (term->hash.of) {
			buffer_add_text(ret, "jhash ");
			if (!term_print(say, term->hash.of, ret))
				return false;
		} else {
			buffer_add_text(ret, "symhash");
		}
		buffer_add_text(ret, term->hash.text);
		return true;
	}
	return false;
}
