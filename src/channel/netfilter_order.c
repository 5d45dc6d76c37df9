/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/netfilter_order.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

/* A rule, or the head of a chain: handle 0, before the first and behind the last. */
struct place {
	struct place *before, *behind;
	uint64_t handle;
	size_t length; /* of the key */
	uint8_t key[];
};

struct netfilter_order {
	struct table table;
};

static bool match(const void *entry, const void *key, size_t length)
{
	const struct place *place = entry;

	return place->length == length && memcmp(place->key, key, length) == 0;
}

static void key_of(const struct record *record, uint64_t handle, struct buffer *ret)
{
	static const char *const names[] = { "table", "chain" };

	buffer_clear(ret);
	buffer_add(ret, &handle, sizeof(handle));
	buffer_add_uint(ret, record_number(record, "family", 0));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct value *value = record_find(record, names[i]);

		buffer_add_char(ret, '\0');
		if (value && value->type == VALUE_TEXT)
			buffer_add(ret, value->bytes.data, value->bytes.length);
	}
}

static struct place *find(const struct netfilter_order *order, const struct record *record, uint64_t handle)
{
	_cleanup_buffer_ struct buffer key = { 0 };

	key_of(record, handle, &key);
	return key.failed ? NULL : table_find(&order->table, key.data, key.length);
}

static struct place *add(struct netfilter_order *order, const struct record *record, uint64_t handle)
{
	_cleanup_buffer_ struct buffer key = { 0 };
	struct place *place;

	key_of(record, handle, &key);
	place = key.failed ? NULL : malloc(sizeof(*place) + key.length);
	if (!place)
		return NULL;
	*place = (struct place){ .before = place, .behind = place, .handle = handle, .length = key.length };
	memcpy(place->key, key.data, key.length);
	if (table_add(&order->table, place->key, place->length, place) == 0)
		return place;
	free(place);
	return NULL;
}

/* The one that a rule comes behind. */
static struct place *predecessor(struct netfilter_order *order, const struct record *record, uint16_t flags)
{
	const uint64_t position = record_number(record, "position", 0);
	struct place *found = position ? find(order, record, position) : NULL, *head;

	if (found)
		return found;
	head = find(order, record, 0);
	if (!head)
		head = add(order, record, 0);
	return head && flags & NLM_F_APPEND ? head->before : head;
}

void netfilter_order_add(struct netfilter_order **order, const struct record *record, uint16_t flags)
{
	const uint64_t handle = record_number(record, "handle", 0);
	struct place *before, *place;

	if (!*order) {
		*order = calloc(1, sizeof(**order));
		if (!*order)
			return;
		table_init(&(*order)->table, match);
	}
	if (!handle || find(*order, record, handle))
		return;
	before = predecessor(*order, record, flags);
	place = before ? add(*order, record, handle) : NULL;
	if (!place)
		return;
	place->before = before;
	place->behind = before->behind;
	before->behind->before = place;
	before->behind = place;
}

bool netfilter_order_remove(struct netfilter_order *order, const struct record *record, uint64_t *ret)
{
	const uint64_t handle = record_number(record, "handle", 0);
	struct place *place = order && handle ? find(order, record, handle) : NULL;

	if (!place)
		return false;
	*ret = place->before->handle;
	place->before->behind = place->behind;
	place->behind->before = place->before;
	table_remove(&order->table, place->key, place->length);
	free(place);
	return true;
}

void netfilter_order_forget(struct netfilter_order *order, const struct record *record)
{
	struct place *head = order ? find(order, record, 0) : NULL;

	while (head && head->behind != head) {
		struct place *place = head->behind;

		head->behind = place->behind;
		table_remove(&order->table, place->key, place->length);
		free(place);
	}
	if (head)
		head->before = head;
}

void netfilter_order_done(struct netfilter_order *order)
{
	struct place *place;
	size_t position = 0;

	if (!order)
		return;
	while ((place = table_next(&order->table, &position)))
		free(place);
	table_done(&order->table);
	free(order);
}
