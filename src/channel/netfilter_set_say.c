/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A set or map in a rule: its name, or what is in it where it has none of its own. The kernel tells a range by its first key and the one behind its
 * last. */
#include <stdlib.h>
#include <string.h>

#include "channel/netfilter_say.h"

struct member {
	const struct record *element;
	wide number;
	uint32_t place; /* in the order of the kernel */
	bool end;       /* the one behind a range */
};

bool set_leads_to_verdict(const struct said_set *set)
{
	return record_number(set->set, "flags", 0) & NFT_SET_MAP && set->data_type == TYPE_VERDICT;
}

static uint64_t flags_of(const struct record *element)
{
	return record_number(element, "flags", 0);
}

static const struct value *key_of(const struct record *element, const char *field)
{
	const struct value *key = record_find(element, field);

	return key && key->type == VALUE_BYTES && key->bytes.length <= 64 ? key : NULL;
}

static bool is_several(uint32_t type)
{
	return type >> NETFILTER_TYPE_BITS;
}

static bool is_interval(const struct said_set *set)
{
	return record_number(set->set, "flags", 0) & NFT_SET_INTERVAL;
}

/* ---- One value ---- */

static void set_width(uint32_t type, struct netfilter_value *value)
{
	const uint16_t bits = netfilter_type_bits(type);

	if (bits >= 8 && bits / 8 < value->length)
		value->length = bits / 8;
}

struct from_to {
	wide first, last;
	uint32_t bits;
};

/* Both ends, or the network that they are; one where they are the same. */
static bool print_from_to(const struct say *say, uint32_t type, const struct from_to *range, const struct netfilter_value *like, struct buffer *ret)
{
	const wide rest = range->first ^ range->last;
	const bool aligned = (rest & (rest + 1)) == 0 && (range->first & rest) == 0;
	struct netfilter_value value = *like;
	uint32_t length = range->bits;

	value.number = range->first;
	if (rest == 0)
		return netfilter_type_print(type, &value, false, say->naming, ret);
	if (netfilter_type_is_string(type) || type == TYPE_ETHERADDR || type == TYPE_LLADDR)
		return false;
	if (aligned && netfilter_type_has_prefix(type)) {
		while (length && rest >> (range->bits - length) & 1)
			length--;
		if (!netfilter_type_print(type, &value, false, say->naming, ret))
			return false;
		buffer_printf(ret, "/%u", length);
		return true;
	}
	if (!netfilter_type_print(type, &value, true, say->naming, ret))
		return false;
	buffer_add_char(ret, '-');
	value.number = range->last;
	return netfilter_type_print(type, &value, true, say->naming, ret);
}

static bool print_part(const struct say *say, uint32_t type, enum netfilter_order_of order, const uint8_t *first, const uint8_t *last, size_t length,
		       struct buffer *ret)
{
	const enum netfilter_order_of known = netfilter_type_order(type) != ORDER_UNKNOWN ? netfilter_type_order(type) : order;
	struct netfilter_value value = { .data = first, .length = (uint16_t)length };
	struct from_to range = { .bits = (uint32_t)length * 8 };

	if (!netfilter_number(first, length, last ? ORDER_NETWORK : known, &range.first) ||
	    !netfilter_number(last ? last : first, length, last ? ORDER_NETWORK : known, &range.last))
		return false;
	set_width(type, &value);
	return print_from_to(say, type, &range, &value, ret);
}

/* Several values, each at a multiple of four bytes. LAST: the end of each, where they are ranges; NULL. */
static bool print_several(const struct say *say, uint32_t types, enum netfilter_order_of order, const struct value *first, const struct value *last,
			  struct buffer *ret)
{
	const uint8_t *from = first->bytes.data, *to = last ? last->bytes.data : NULL;
	size_t at = 0;
	int shift = 32 - NETFILTER_TYPE_BITS;

	if (last && last->bytes.length != first->bytes.length)
		return false;
	for (shift -= shift % NETFILTER_TYPE_BITS; shift >= 0; shift -= NETFILTER_TYPE_BITS) {
		const uint32_t type = types >> shift & NETFILTER_TYPE_MASK;
		const size_t width = (netfilter_type_bits(type) + 7u) / 8;

		if (types >> shift == 0)
			continue;
		if (at)
			buffer_add_text(ret, " . ");
		if (width == 0 || at + width > first->bytes.length || !print_part(say, type, order, from + at, to ? to + at : NULL, width, ret))
			return false;
		at += (width + 3) & ~(size_t)3;
	}
	return at == first->bytes.length;
}

/* ---- What a map leads to ---- */

static bool print_data(const struct say *say, const struct said_set *set, const struct record *element, struct buffer *ret)
{
	const struct record *data = record_inside(element, "data"), *verdict = data ? record_inside(data, "verdict") : NULL;
	const struct value *value = data ? record_find(data, "value") : NULL, *object = record_find(element, "object");
	const size_t whole = record_number(set->set, "data_len", 0);
	struct netfilter_value one;

	if (object && object->type == VALUE_TEXT) {
		quote(object, ret);
		return true;
	}
	if (verdict)
		return verdict_print(verdict, ret);
	if (!value || value->type != VALUE_BYTES || value->bytes.length > 64 || set->data_type >= 1u << 30)
		return false;
	if (is_several(set->data_type))
		return print_several(say, set->data_type, set->data_order, value, NULL, ret);
	if (value->bytes.length == 2 * (size_t)netfilter_type_bits(set->data_type) / 8 && value->bytes.length == whole)
		return print_part(say, set->data_type, ORDER_NETWORK, value->bytes.data, (const uint8_t *)value->bytes.data + whole / 2, whole / 2,
				  ret);
	one = (struct netfilter_value){ .data = value->bytes.data, .length = (uint16_t)value->bytes.length };
	if (!netfilter_number(one.data, one.length, set->data_order, &one.number))
		return false;
	return netfilter_type_print(set->data_type, &one, false, say->naming, ret);
}

static bool print_rest(const struct say *say, const struct said_set *set, const struct record *element, struct buffer *ret)
{
	const struct record *userdata = record_inside(element, "userdata");
	const struct value *comment = userdata ? record_find(userdata, "comment") : NULL;
	const uint64_t timeout = record_number(element, "timeout", 0);

	if (record_find(element, "expression") || record_find(element, "expressions"))
		return false;
	if (timeout) {
		buffer_add_text(ret, " timeout ");
		netfilter_time_print(timeout, ret);
	}
	if (comment && comment->type == VALUE_TEXT) {
		buffer_add_text(ret, " comment ");
		quote(comment, ret);
	}
	if (!(record_number(set->set, "flags", 0) & (NFT_SET_MAP | NFT_SET_OBJECT)))
		return true;
	buffer_add_text(ret, " : ");
	return print_data(say, set, element, ret);
}

/* ---- In order ---- */

static int compare_members(const void *a, const void *b)
{
	const struct member *one = a, *other = b;

	if (one->number != other->number)
		return one->number < other->number ? -1 : 1;
	/* A range ends before the next one begins. */
	if (one->end != other->end)
		return one->end ? -1 : 1;
	return one->place < other->place ? -1 : one->place > other->place;
}

static bool is_of_all(const struct record *element)
{
	return flags_of(element) & NFT_SET_ELEM_CATCHALL;
}

/* Keys of several parts are in the order of their bytes from the last to the first. */
static int compare_several(const void *a, const void *b)
{
	const struct member *one = a, *other = b;
	const struct value *first = key_of(one->element, "key"), *second = key_of(other->element, "key");
	const uint8_t *left = first->bytes.data, *right = second->bytes.data;

	for (size_t i = first->bytes.length; i-- > 0 && first->bytes.length == second->bytes.length;)
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	return one->place < other->place ? -1 : one->place > other->place;
}

static bool gather(const struct said_set *set, struct member *ret, size_t *ret_count)
{
	const enum netfilter_order_of order = is_interval(set) ? ORDER_NETWORK : set->key_order;
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct value *key = key_of(set->elements[i], "key");
		struct member *member = &ret[count];

		if (is_of_all(set->elements[i]))
			continue;
		*member = (struct member){ .element = set->elements[i],
					   .place = (uint32_t)i,
					   .end = flags_of(set->elements[i]) & NFT_SET_ELEM_INTERVAL_END };
		if (!key || (!is_several(set->key_type) && !netfilter_number(key->bytes.data, key->bytes.length, order, &member->number)))
			return false;
		count++;
	}
	if (!is_several(set->key_type))
		qsort(ret, count, sizeof(*ret), compare_members);
	else if (!is_interval(set))
		qsort(ret, count, sizeof(*ret), compare_several);
	*ret_count = count;
	return true;
}

/* The last key of what begins at MEMBERS[AT]; the first ends where the next begins. */
static wide last_of(const struct said_set *set, const struct member *members, size_t at, size_t count, uint32_t bits)
{
	if (!is_interval(set))
		return members[at].number;
	if (at + 1 < count)
		return members[at + 1].number - 1;
	return bits < 128 ? ((wide)1 << bits) - 1 : ~(wide)0;
}

static bool print_key(const struct say *say, const struct said_set *set, const struct member *members, size_t at, size_t count, uint8_t shift,
		      struct buffer *ret)
{
	const struct value *key = key_of(members[at].element, "key"), *end = key_of(members[at].element, "key_end");
	struct netfilter_value value = { .data = key->bytes.data, .length = (uint16_t)key->bytes.length };
	struct from_to range = { .first = members[at].number, .bits = (uint32_t)key->bytes.length * 8 };

	if (is_several(set->key_type))
		return set->key_type < 1u << 30 && print_several(say, set->key_type, set->key_order, key, end, ret);
	range.last = last_of(set, members, at, count, range.bits) >> shift;
	range.first >>= shift;
	return print_from_to(say, set->key_type, &range, &value, ret);
}

static bool print_members(const struct say *say, const struct said_set *set, const struct member *members, size_t count, uint8_t shift,
			  struct buffer *ret)
{
	const char *between = "";

	for (size_t i = 0; i < count; i++) {
		if (members[i].end)
			continue;
		buffer_add_text(ret, between);
		between = ", ";
		if (!print_key(say, set, members, i, count, shift, ret) || !print_rest(say, set, members[i].element, ret))
			return false;
	}
	for (size_t i = 0; i < set->count; i++) {
		if (!is_of_all(set->elements[i]))
			continue;
		buffer_printf(ret, "%s*", between);
		if (!print_rest(say, set, set->elements[i], ret))
			return false;
	}
	return true;
}

bool set_print(const struct say *say, const struct said_set *set, uint8_t shift, struct buffer *ret)
{
	const struct value *name = record_find(set->set, "name");
	struct member *members;
	size_t count = 0;
	bool known;

	if (!set->anonymous) {
		buffer_add_char(ret, '@');
		if (name && name->type == VALUE_TEXT)
			buffer_add(ret, name->bytes.data, name->bytes.length);
		return name;
	}
	members = calloc(set->count + 1, sizeof(*members));
	if (!members) {
		ret->failed = true;
		return false;
	}
	buffer_add_text(ret, "{ ");
	known = gather(set, members, &count) && print_members(say, set, members, count, shift, ret);
	buffer_add_text(ret, " }");
	free(members);
	return known;
}

/* One of which the name alone is known: a key of it is all that was made ready for that. What it leads to is not known but for a verdict. */
static const struct said_set *set_by_name(struct say *say, const struct record *data, const struct value *name, const char *source)
{
	const bool leads = record_number(data, "dreg", UINT64_MAX) == NFT_REG_VERDICT;
	struct record *record = record_new(say->arena, object_netfilter_set.schema);
	struct said_set *set = arena_new(say->arena, struct said_set);

	if (!record || !set || record_put(say->arena, record, "name", *name) < 0 ||
	    record_put(say->arena, record, "key_len", value_uint(term_extent(say, record_number(data, source, 0)) / 8)) < 0 ||
	    record_put(say->arena, record, "flags", value_uint(leads ? NFT_SET_MAP : 0)) < 0) {
		say->failed = true;
		return NULL;
	}
	*set = (struct said_set){ .set = record, .data_type = leads ? TYPE_VERDICT : TYPE_NONE };
	return set;
}

const struct said_set *set_find(struct say *say, const struct record *data, const char *source)
{
	const struct value *name = record_find(data, "set");
	const struct said_set *set;

	if (!name || name->type != VALUE_TEXT || !say->sets)
		return NULL;
	set = netfilter_sets_find(say->sets, say->arena, say->rule, data);
	/* What the kernel has named, or will, stands in the rule. */
	if (set || memchr(name->bytes.data, '%', name->bytes.length) || (name->bytes.length > 1 && memcmp(name->bytes.data, "__", 2) == 0))
		return set;
	return set_by_name(say, data, name, source);
}
