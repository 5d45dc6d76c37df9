/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

struct node {
	const struct order_item *item;
	size_t index;
	bool seen;
	struct node *next; /* another one of the same address */
};

struct ordering {
	struct node *nodes; /* by rank and place */
	size_t count;
	struct table table; /* by address, of one rank */
	size_t *ret;
	size_t done;
	unsigned int depth;
};

/* Deeper than any stack of links; what is nested further keeps its place. */
#define DEPTH_MAXIMUM 512

static bool makes(const void *entry, const void *key, size_t length)
{
	const struct node *node = entry;

	return strlen(node->item->makes) == length && memcmp(node->item->makes, key, length) == 0;
}

static int by_place(const void *a, const void *b)
{
	const struct node *first = a, *second = b;

	if (first->item->rank != second->item->rank)
		return first->item->rank < second->item->rank ? -1 : 1;
	/* Removals are turned round at the end. */
	if (first->item->place != second->item->place)
		return first->item->place < second->item->place ? -1 : 1;
	return first->index < second->index ? -1 : 1;
}

static void visit(struct ordering *ordering, struct node *node)
{
	if (node->seen || ordering->depth >= DEPTH_MAXIMUM)
		return;
	node->seen = true;
	ordering->depth++;
	for (const char *const *need = node->item->needs; need && *need; need++)
		for (struct node *other = table_find(&ordering->table, *need, strlen(*need)); other; other = other->next)
			visit(ordering, other);
	ordering->depth--;
	ordering->ret[ordering->done++] = node->index;
}

static int gather(struct ordering *ordering, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++) {
		struct node *node = &ordering->nodes[i], *other;
		size_t length;
		int r;

		if (!node->item->makes)
			continue;
		length = strlen(node->item->makes);
		other = table_find(&ordering->table, node->item->makes, length);
		if (other) {
			node->next = other->next;
			other->next = node;
			continue;
		}
		r = table_add(&ordering->table, node->item->makes, length, node);
		if (r < 0)
			return r;
	}
	return 0;
}

static void turn_round(size_t *list, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		size_t other = list[i];

		list[i] = list[count - 1 - i];
		list[count - 1 - i] = other;
	}
}

/* Those of one rank. */
static int order_rank(struct ordering *ordering, size_t begin, size_t end)
{
	bool needs = false;
	int r = 0;

	for (size_t i = begin; i < end; i++)
		needs |= ordering->nodes[i].item->needs != NULL;
	table_init(&ordering->table, makes);
	if (needs)
		r = gather(ordering, begin, end);
	for (size_t i = begin; r == 0 && i < end; i++)
		visit(ordering, &ordering->nodes[i]);
	table_done(&ordering->table);
	/* What was cut off for its depth. */
	for (size_t i = begin; r == 0 && i < end; i++)
		if (!ordering->nodes[i].seen)
			ordering->ret[ordering->done++] = ordering->nodes[i].index;
	if (r == 0 && ordering->nodes[begin].item->removal)
		turn_round(ordering->ret + begin, end - begin);
	return r;
}

int order_items(const struct order_item *items, size_t count, size_t *ret)
{
	struct ordering ordering = { .count = count, .ret = ret };
	size_t end;
	int r = 0;

	ordering.nodes = calloc(count ? count : 1, sizeof(*ordering.nodes));
	if (!ordering.nodes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		ordering.nodes[i] = (struct node){ .item = &items[i], .index = i };
	qsort(ordering.nodes, count, sizeof(*ordering.nodes), by_place);
	for (size_t begin = 0; r == 0 && begin < count; begin = end) {
		for (end = begin + 1; end < count && ordering.nodes[end].item->rank == ordering.nodes[begin].item->rank;)
			end++;
		r = order_rank(&ordering, begin, end);
	}
	free(ordering.nodes);
	return r;
}
