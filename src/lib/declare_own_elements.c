/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of the sets that a rule has for itself, as documents have them: {text="10.0.0.0/8"} by the types of the set, a range as a whole, where it
 * can be said so; else by the bytes of its key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channel/netfilter_typed.h"
#include "lib/declare_elements.h"

#define DEPTH_MAXIMUM 16 /* of rules in rules */

static struct record *record_of(const struct value *value)
{
	return value->type == VALUE_RECORD ? (struct record *)value->record : NULL;
}

/* Calls FUNCTION with each set that RULE, or a rule in one of its chains, has for itself. */
static int each_set(struct record *rule, int (*function)(void *data, struct record *own), void *data, unsigned int depth)
{
	const struct value *sets = record_find(rule, "sets"), *chains = record_find(rule, "chains");
	int r = 0;

	for (uint32_t i = 0; r >= 0 && sets && sets->type == VALUE_LIST && i < sets->list.count; i++)
		if (record_of(&sets->list.items[i]))
			r = function(data, record_of(&sets->list.items[i]));
	for (uint32_t i = 0; r >= 0 && depth < DEPTH_MAXIMUM && chains && chains->type == VALUE_LIST && i < chains->list.count; i++) {
		const struct record *chain = record_of(&chains->list.items[i]);
		const struct value *rules = chain ? record_find(chain, "rules") : NULL;

		for (uint32_t at = 0; r >= 0 && rules && rules->type == VALUE_LIST && at < rules->list.count; at++)
			if (record_of(&rules->list.items[at]))
				r = each_set(record_of(&rules->list.items[at]), function, data, depth + 1);
	}
	return r;
}

/* ---- Writing ---- */

static int by_key(const void *a, const void *b)
{
	const struct value *first = a, *second = b;

	return netfilter_element_compare(first->record, second->record);
}

static bool is_end(const struct value *element)
{
	return record_number(element->record, "flags", 0) & NFT_SET_ELEM_INTERVAL_END;
}

static bool has_same_key(const struct value *a, const struct value *b)
{
	const struct value *one = record_find(a->record, "key"), *other = record_find(b->record, "key");

	return one && other && one->type == VALUE_BYTES && other->type == VALUE_BYTES && one->bytes.length == other->bytes.length &&
	       memcmp(one->bytes.data, other->bytes.data, one->bytes.length) == 0;
}

/* ELEMENT is said by its TEXT. */
static int put_text(struct arena *arena, struct record *element, const struct buffer *text)
{
	const char *copy = arena_copy(arena, text->data, text->length);

	if (!copy)
		return -ENOMEM;
	record_drop(element, "key_end");
	*record_at(element, "key") = (struct entry){ .name = "text", .value = elements_value(copy, text->length) };
	return 0;
}

/* The first of the COUNT elements LIST, which are in the order of their keys. *RET_TAKEN: how many of them it says. */
static int write_element(struct arena *arena, const struct said_set *set, const struct value *list, uint32_t count, uint32_t *ret_taken)
{
	const bool has_ends = netfilter_set_has_ends(set), is_followed = has_ends && count > 1, ends = is_followed && is_end(&list[1]);
	struct record *element = record_of(&list[0]);
	const struct value *behind = is_followed ? record_find(list[1].record, "key") : NULL;
	_cleanup_buffer_ struct buffer text = { 0 };
	bool typed;
	int r;

	*ret_taken = 1;
	r = elements_write_data(set, arena, element);
	if (r < 0 || is_end(&list[0]) || record_find(element, "flags"))
		return r;
	/* An end that says more, or is where another range begins, is said by itself. */
	typed = !ends || (list[1].record->count == 2 && !(count > 2 && has_same_key(&list[1], &list[2])));
	typed = typed && (!is_followed || behind) && netfilter_typed_key(set, element, behind, &text);
	if (!typed || text.failed)
		return text.failed ? -ENOMEM : 0;
	*ret_taken = ends ? 2 : 1;
	return put_text(arena, element, &text);
}

static int write_set(void *data, struct record *own)
{
	struct entry *elements = record_at(own, "elements");
	const struct record *record = record_inside(own, "set");
	const struct said_set *set = record ? netfilter_set_said(data, record, true) : NULL;
	struct value *list;
	uint32_t kept = 0, taken;
	int r = 0;

	if (!set || !elements || elements->value.type != VALUE_LIST)
		return 0;
	list = (struct value *)elements->value.list.items;
	for (uint32_t i = 0; i < elements->value.list.count; i++)
		if (!record_of(&list[i]))
			return 0;
	qsort(list, elements->value.list.count, sizeof(*list), by_key);
	for (uint32_t i = 0; r == 0 && i < elements->value.list.count; i += taken) {
		r = write_element(data, set, &list[i], elements->value.list.count - i, &taken);
		list[kept++] = list[i];
	}
	elements->value.list.count = kept;
	return r;
}

int own_elements_write(struct arena *arena, struct record **rule)
{
	int r = record_copy(arena, *rule, rule);

	return r < 0 ? r : each_set(*rule, write_set, arena, 0);
}

/* ---- Reading ---- */

struct reading {
	struct wishes *wishes;
	const struct wish *wish;
};

static int put_bytes(struct arena *arena, struct record *element, const char *name, const uint8_t *data, size_t length)
{
	_cleanup_buffer_ struct buffer hex = { 0 };
	const char *copy;

	buffer_add_hex(&hex, data, length);
	copy = hex.failed ? NULL : arena_copy(arena, hex.data, hex.length);
	if (!copy)
		return -ENOMEM;
	return record_add(arena, element, (struct entry){ .name = name, .value = value_data(VALUE_TEXT, copy, hex.length) });
}

static int make_end(struct arena *arena, const struct netfilter_range *range, struct value *ret)
{
	struct record *end = record_new(arena, NULL);
	struct value *flag = arena_array(arena, struct value, 1);
	uint8_t key[NETFILTER_KEY_MAXIMUM];
	int r = end && flag ? 0 : -ENOMEM;

	if (r == 0 && !netfilter_range_end(range, key))
		return -ERANGE;
	if (r == 0)
		r = put_bytes(arena, end, "key", key, range->length);
	if (r < 0)
		return r;
	*flag = value_text("interval_end");
	*ret = (struct value){ .type = VALUE_RECORD, .record = end };
	return record_add(arena, end, (struct entry){ .name = "flags", .value = { .type = VALUE_LIST, .list = { flag, 1 } } });
}

/* An ELEMENT that is said by its text is put at LIST by its bytes, with its end behind it. */
static int read_element(const struct reading *reading, const struct said_set *set, struct record *element, struct value *list, uint32_t *count)
{
	struct arena *arena = &reading->wishes->arena;
	struct entry *text = record_at(element, "text");
	_cleanup_buffer_ struct buffer said = { 0 };
	struct netfilter_range range;
	int r = elements_read_data(reading->wishes, reading->wish, set, element);

	list[(*count)++] = (struct value){ .type = VALUE_RECORD, .record = element };
	if (r < 0 || !text || record_at(element, "key"))
		return r;
	value_print(&said, &text->value, NULL, NULL);
	if (said.failed)
		return -ENOMEM;
	if (!netfilter_parse_typed_key(set, said.data, said.length, &range))
		return elements_refuse(reading->wishes, reading->wish, "key", said.data, said.length, set);
	record_drop(element, "text");
	r = put_bytes(arena, element, "key", range.first, range.length);
	if (r == 0 && !netfilter_set_has_ends(set) && record_number(set->set, "flags", 0) & NFT_SET_INTERVAL)
		r = put_bytes(arena, element, "key_end", range.last, range.length);
	if (r == 0 && netfilter_set_has_ends(set)) {
		r = make_end(arena, &range, &list[*count]);
		*count += r == 0;
		r = r == -ERANGE ? 0 : r;
	}
	return r;
}

static bool is_same_text(const struct value *a, const struct value *b)
{
	const struct value *one = record_find(a->record, "key"), *other = record_find(b->record, "key");

	return one && other && one->type == VALUE_TEXT && other->type == VALUE_TEXT && one->bytes.length == other->bytes.length &&
	       memcmp(one->bytes.data, other->bytes.data, one->bytes.length) == 0;
}

/* Of ranges that touch the kernel is told the second's begin alone. They come in their order. */
static uint32_t drop_inner_ends(struct value *list, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		const bool inner = i > 0 && i + 1 < count && record_find(list[i].record, "flags") && is_same_text(&list[i], &list[i + 1]);

		if (!inner)
			list[kept++] = list[i];
	}
	return kept;
}

static int read_said(const struct reading *reading, const struct said_set *set, struct entry *elements)
{
	const uint32_t count = elements->value.list.count;
	struct value *list = arena_array(&reading->wishes->arena, struct value, 2 * (size_t)count + 1);
	uint32_t found = 0;
	int r = list ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		struct record *element = record_of(&elements->value.list.items[i]);

		r = element ? read_element(reading, set, element, list, &found) : -EINVAL;
	}
	if (r == 0)
		elements->value = (struct value){ .type = VALUE_LIST, .list = { list, drop_inner_ends(list, found) } };
	return r;
}

static int read_set(void *data, struct record *own)
{
	struct reading *reading = data;
	struct ferry *ferry = reading->wishes->ferry;
	struct entry *elements = record_at(own, "elements");
	struct record *generic, *record;
	const struct said_set *set;
	int r;

	if (!record_inside(own, "set") || !elements || elements->value.type != VALUE_LIST)
		return 0;
	r = record_copy(&reading->wishes->arena, record_inside(own, "set"), &generic);
	if (r == 0)
		r = object_of_generic(&object_netfilter_set, generic, NULL, &ferry->machine.naming, &reading->wishes->arena, &record, &ferry->error);
	if (r < 0)
		return r;
	set = netfilter_set_said(&reading->wishes->arena, record, true);
	return set ? read_said(reading, set, elements) : -ENOMEM;
}

int own_elements_read(struct wishes *wishes, struct wish *wish)
{
	struct reading reading = { wishes, wish };

	return wish->generic ? each_set(wish->generic, read_set, &reading, 0) : 0;
}
