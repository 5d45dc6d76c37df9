/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Comparisons of a rule: with a value, a network, a range, a set, flags. */
#include <string.h>

#include "channel/netfilter_say.h"

struct statement *statement_add(struct say *say)
{
	struct statement *statement = arena_new(say->arena, struct statement);

	if (!statement) {
		say->failed = true;
		return NULL;
	}
	statement->begin = say->begin;
	statement->end = say->end;
	*say->last = statement;
	say->last = &statement->next;
	return statement;
}

static struct statement *match_add(struct say *say, const struct statement *like)
{
	struct statement *match = statement_add(say);

	if (!match)
		return NULL;
	*match = *like;
	match->next = NULL;
	match->begin = say->begin;
	match->end = say->end;
	return match;
}

/* ---- Places in a packet ---- */

/* A part of a value: LENGTH bits of it from the front, which goes on behind them. */
static bool take_bits(struct netfilter_value *value, uint32_t *bits, uint32_t length, wide *ret)
{
	if (length > *bits)
		return false;
	*bits -= length;
	*ret = value->number >> *bits & (length < 128 ? ((wide)1 << length) - 1 : ~(wide)0);
	return true;
}

/* The bytes of NUMBER as they stand in a packet. */
static const uint8_t *bytes_of(struct say *say, wide number, uint32_t bits)
{
	const size_t length = (bits + 7) / 8;
	uint8_t *data = arena_allocate(say->arena, length ? length : 1);

	say->failed |= !data;
	for (size_t i = length; data && i-- > 0; number >>= 8)
		data[i] = (uint8_t)number;
	return data;
}

static bool add_field(struct say *say, const struct statement *like, struct term *left, struct netfilter_value *rest, uint32_t *bits)
{
	const struct header_field *field = left->payload.field;
	struct statement *match = match_add(say, like);
	const uint32_t whole = field ? field->bits : left->bits;
	wide number;

	if (!match || !take_bits(rest, bits, left->bits, &number))
		return false;
	match->left = left;
	/* Its beginning only: what follows may be anything. */
	if (left->bits < whole) {
		number <<= whole - left->bits;
		match->form = RIGHT_PREFIX;
		match->prefix = (uint8_t)left->bits;
	}
	match->right = (struct netfilter_value){ bytes_of(say, number, whole), (uint16_t)((whole + 7) / 8), number };
	if (!match->right.data)
		return false;
	protocols_learn_payload(say, match);
	say->previous = match;
	return true;
}

/* Several fields that stand one behind the other are compared at once: here each by itself. */
static bool match_fields(struct say *say, const struct statement *like)
{
	struct netfilter_value rest = like->right;
	struct term *left = like->left;
	uint32_t bits = left->bits, offset = 0;
	const struct header *header = protocols_header(say, left, &offset);

	while (bits) {
		const struct header_field *field = header ? header_find(header, offset, 0, say->icmp_type) : NULL;
		struct term *part = term_copy(say, left);

		if (!part)
			return false;
		part->bits = (uint16_t)(field && field->bits < bits ? field->bits : bits);
		part->payload.field = NULL;
		if (field) {
			part->payload.header = header;
			part->payload.field = field;
			term_set_type(part, field->type, ORDER_NETWORK);
		} else if (part->payload.layer == LAYER_TRANSPORT && bits == 16 && header_find(&header_any_transport, left->payload.offset, 16, 0)) {
			part->payload.header = &header_any_transport;
			part->payload.field = header_find(&header_any_transport, left->payload.offset, 16, 0);
			term_set_type(part, TYPE_INET_SERVICE, ORDER_NETWORK);
		}
		left->payload.offset += part->bits;
		offset += part->bits;
		if (!add_field(say, like, part, &rest, &bits))
			return false;
	}
	return true;
}

/* Of several types of ICMP messages, what else is in them goes by the first. */
static void learn_first_icmp(struct say *say, const struct statement *like)
{
	const struct header *header = say->headers[LAYER_TRANSPORT];
	uint8_t least = UINT8_MAX;

	if (!like->set || !like->set->anonymous || say->icmp_type || like->left->payload.layer != LAYER_TRANSPORT || like->left->payload.offset ||
	    like->left->bits != 8 || (header != &header_icmp && header != &header_icmp6))
		return;
	for (size_t i = 0; i < like->set->count; i++) {
		const struct value *key = record_find(like->set->elements[i], "key");

		if (key && key->type == VALUE_BYTES && key->bytes.length == 1 && *(const uint8_t *)key->bytes.data < least)
			least = *(const uint8_t *)key->bytes.data;
	}
	say->icmp_type = least;
}

static bool match_payload(struct say *say, struct statement *like)
{
	struct statement *match;

	if (like->form == RIGHT_VALUE && (like->op == NFT_CMP_EQ || like->op == NFT_CMP_NEQ)) {
		like->left->payload.field = NULL;
		return match_fields(say, like);
	}
	learn_first_icmp(say, like);
	if (!meaning_of(say, like->left))
		return false;
	match = match_add(say, like);
	say->previous = match;
	return match;
}

/* ---- Bits ---- */

static bool is_one_flag(const struct netfilter_value *value)
{
	return !(value->number & (value->number - 1));
}

static bool is_zero(const struct netfilter_value *value)
{
	return value->number == 0;
}

/* Bits from the front on. */
static bool is_prefix(const struct netfilter_value *mask, uint32_t bits, uint8_t *ret)
{
	uint32_t length = 0;

	while (length < bits && mask->number >> (bits - 1 - length) & 1)
		length++;
	*ret = (uint8_t)length;
	return length == bits || (mask->number & (((wide)1 << (bits - length)) - 1)) == 0;
}

/* Some of the flags that MASK has. */
static void match_flags(struct statement *match, const struct term *mask)
{
	match->left = match->left->binary.left;
	match->other = mask->value;
	if (!is_zero(&match->right)) {
		match->form = RIGHT_FLAGS_OF;
		return;
	}
	match->form = RIGHT_FLAGS;
	match->right = mask->value;
	match->implicit = match->op == NFT_CMP_NEQ;
}

static bool trimmed(struct say *say, struct statement *like)
{
	struct term *bits = like->left, *left = bits->binary.left;
	uint8_t shift;

	if ((left->kind != TERM_PAYLOAD && left->kind != TERM_OPTION) || !meaning_trim(say, left, &bits->binary.right->value, &shift))
		return false;
	like->left = left;
	like->right.number >>= shift;
	like->other.number >>= shift;
	like->shift = shift;
	return true;
}

static bool match_bits(struct say *say, struct statement *like)
{
	struct term *bits = like->left, *left = bits->binary.left, *mask = bits->binary.right;
	const bool equal = like->op == NFT_CMP_EQ || like->op == NFT_CMP_NEQ, is_mask = bits->binary.operation == OPERATION_AND;
	uint8_t prefix;

	if (!is_mask || mask->kind != TERM_VALUE) {
		say->previous = match_add(say, like);
		return say->previous;
	}
	if (equal && like->form == RIGHT_VALUE && netfilter_type_is_flags(bits->type)) {
		if (is_zero(&like->right) || like->right.number != mask->value.number || !is_one_flag(&like->right))
			match_flags(like, mask);
	} else if (like->form == RIGHT_VALUE && netfilter_type_has_prefix(left->type) && is_prefix(&mask->value, left->bits, &prefix)) {
		like->left = left;
		like->form = RIGHT_PREFIX;
		like->prefix = prefix;
	} else if (trimmed(say, like)) {
		if (like->left->kind == TERM_PAYLOAD)
			return match_payload(say, like);
	}
	say->previous = match_add(say, like);
	return say->previous;
}

/* ---- All of them ---- */

static bool is_same(const struct say *say, const struct term *one, const struct term *other)
{
	_cleanup_buffer_ struct buffer first = { 0 }, second = { 0 };

	return term_print(say, one, &first) && term_print(say, other, &second) && !first.failed && first.length == second.length &&
	       memcmp(first.data, second.data, first.length) == 0;
}

/* From this to that is two comparisons of one thing: at least, and at most. */
static bool merge_range(struct say *say, struct statement *before, struct statement *match)
{
	const bool inside = before && before->op == NFT_CMP_GTE && match->op == NFT_CMP_LTE;
	const bool outside = before && before->op == NFT_CMP_LT && match->op == NFT_CMP_GT;

	if ((!inside && !outside) || !before->is_match || !is_same(say, before->left, match->left))
		return false;
	before->hidden = true;
	match->begin = before->begin;
	match->other = match->right;
	match->right = before->right;
	match->form = RIGHT_RANGE;
	match->op = inside ? NFT_CMP_EQ : NFT_CMP_NEQ;
	say->previous = match;
	return true;
}

static bool match_known(struct say *say, const struct statement *like)
{
	struct statement *match = match_add(say, like);

	if (!match)
		return false;
	if (match->left->kind == TERM_NAMED)
		protocols_learn_known(say, match);
	say->previous = match;
	return true;
}

static bool count(struct statement *like)
{
	if (like->form == RIGHT_SET)
		return true;
	if (like->form == RIGHT_RANGE && !value_count(&like->other, like->left))
		return false;
	return value_count(&like->right, like->left);
}

static bool say_match(struct say *say, struct statement *like)
{
	struct statement *before = say->previous;
	bool known;

	if (like->left->kind == TERM_PAYLOAD) {
		known = count(like) && match_payload(say, like);
	} else {
		known = meaning_of(say, like->left) && count(like);
		if (known)
			known = like->left->kind == TERM_BITS ? match_bits(say, like) : match_known(say, like);
	}
	if (known && say->previous && say->previous != before)
		(void)merge_range(say, before, say->previous);
	return known;
}

static bool value_of(const struct record *data, const char *part, struct netfilter_value *ret)
{
	const struct record *inside = record_inside(data, part);
	const struct value *value = inside ? record_find(inside, "value") : NULL;

	if (!value || value->type != VALUE_BYTES || value->bytes.length == 0 || value->bytes.length > 64)
		return false;
	*ret = (struct netfilter_value){ .data = value->bytes.data, .length = (uint16_t)value->bytes.length };
	return true;
}

/* A string that is compared by its beginning. */
static bool begins(const struct statement *like)
{
	return like->left->bits > like->right.length * 8u && netfilter_type_is_string(like->left->type);
}

/* Just the first bytes of an address: the network that it is in. */
static bool say_network(struct say *say, struct statement *like)
{
	const uint32_t length = like->left->bits / 8u;
	uint8_t *whole;

	if (like->left->kind != TERM_NAMED || !netfilter_type_has_prefix(like->left->type) || term_order(like->left) != ORDER_NETWORK)
		return false;
	whole = arena_allocate(say->arena, length);
	if (!whole) {
		say->failed = true;
		return false;
	}
	memcpy(whole, like->right.data, like->right.length);
	like->form = RIGHT_PREFIX;
	like->prefix = (uint8_t)(like->right.length * 8);
	like->right = (struct netfilter_value){ .data = whole, .length = (uint16_t)length };
	return say_match(say, like);
}

bool say_compare(struct say *say, const struct record *data)
{
	struct statement like = { .is_match = true, .op = (uint8_t)record_number(data, "op", UINT8_MAX) };

	like.left = term_take(say, record_number(data, "sreg", 0), 0);
	if (!like.left || like.op > NFT_CMP_GTE || !value_of(data, "data", &like.right))
		return false;
	if (like.left->bits == like.right.length * 8u || like.left->bits % 8 || begins(&like))
		return say_match(say, &like);
	return like.left->bits > like.right.length * 8u && say_network(say, &like);
}

bool say_range(struct say *say, const struct record *data)
{
	struct statement like = { .is_match = true, .form = RIGHT_RANGE };

	like.op = record_number(data, "op", NFT_RANGE_EQ) == NFT_RANGE_EQ ? NFT_CMP_EQ : NFT_CMP_NEQ;
	like.left = term_take(say, record_number(data, "sreg", 0), 0);
	if (!like.left || !value_of(data, "from", &like.right) || !value_of(data, "to", &like.other) || like.right.length != like.other.length)
		return false;
	return say_match(say, &like);
}

bool say_lookup(struct say *say, const struct record *data)
{
	struct statement like = { .is_match = true, .form = RIGHT_SET };
	struct term *map;

	if (record_find(data, "dreg")) { /* a map to verdicts */
		map = term_read(say, "lookup", data);
		if (!map || !meaning_of(say, map))
			return false;
		like.left = map;
		like.op = NFT_CMP_EQ;
		say->previous = match_add(say, &like);
		return say->previous;
	}
	like.set = set_find(say, data, "sreg");
	like.op = record_number(data, "flags", 0) & NFT_LOOKUP_F_INV ? NFT_CMP_NEQ : NFT_CMP_EQ;
	like.left = like.set ? term_take(say, record_number(data, "sreg", 0), (uint32_t)record_number(like.set->set, "key_len", 0) * 8) : NULL;
	return like.left && say_match(say, &like);
}

/* ---- Printing ---- */

static bool print_value(const struct say *say, const struct statement *match, const struct netfilter_value *value, bool plain, struct buffer *ret)
{
	return netfilter_type_print(match->left->type, value, plain, say->naming, ret);
}

/* Flags in a packet that must be just these are a number, but for a single one. */
static bool is_number_of_flags(const struct statement *match)
{
	return match->left->kind == TERM_PAYLOAD && match->op <= NFT_CMP_NEQ && netfilter_type_is_flags(match->left->type);
}

static bool print_right(const struct say *say, const struct statement *match, struct buffer *ret)
{
	const uint32_t type = match->left->type;

	switch (match->form) {
	case RIGHT_VALUE:
		return print_value(say, match, &match->right, is_number_of_flags(match) && !is_one_flag(&match->right), ret);
	case RIGHT_PREFIX:
		if (!print_value(say, match, &match->right, false, ret))
			return false;
		buffer_printf(ret, "/%u", match->prefix);
		return true;
	case RIGHT_RANGE:
		if (!print_value(say, match, &match->right, true, ret))
			return false;
		buffer_add_char(ret, '-');
		return print_value(say, match, &match->other, true, ret);
	case RIGHT_SET:
		return set_print(say, match->set, match->shift, ret);
	case RIGHT_FLAGS:
		netfilter_flags_print(type, match->right.number, ",", ret);
		return true;
	case RIGHT_FLAGS_OF:
		netfilter_flags_print(type, match->right.number, ",", ret);
		buffer_add_text(ret, " / ");
		netfilter_flags_print(type, match->other.number, ",", ret);
		return true;
	}
	return false;
}

static const char *word_of(const struct statement *match)
{
	static const char *const words[] = { [NFT_CMP_EQ] = " == ",  [NFT_CMP_NEQ] = " != ", [NFT_CMP_LT] = " < ",
					     [NFT_CMP_LTE] = " <= ", [NFT_CMP_GT] = " > ",   [NFT_CMP_GTE] = " >= " };
	const bool single = match->form == RIGHT_VALUE && (is_one_flag(&match->right) || is_number_of_flags(match));

	if (match->form == RIGHT_FLAGS)
		return match->implicit ? " " : " ! ";
	if (match->form == RIGHT_FLAGS_OF)
		return match->op == NFT_CMP_NEQ ? " != " : " ";
	if (match->op != NFT_CMP_EQ || match->left->kind == TERM_BITS || (single && netfilter_type_is_flags(match->left->type)))
		return words[match->op];
	return " ";
}

bool compare_print(const struct say *say, const struct statement *match, struct buffer *ret)
{
	if (!term_print(say, match->left, ret))
		return false;
	if (match->form == RIGHT_SET && !match->set)
		return true;
	buffer_add_text(ret, word_of(match));
	return print_right(say, match, ret);
}
