/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules on their way back: what went comes behind the rule that it stood behind, what took its place makes room. What somebody else has put between
 * them stays there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sequence.h"
#include "lib/declare_rules.h"

/* A list that others come into. */
struct node {
	struct rules_place place;
	uint64_t handle; /* now, or of what comes as it was before */
	uint64_t before; /* of what comes back in its place */
	size_t next;
};

struct list {
	struct node *nodes;
	size_t count; /* node 0 is before the first */
	size_t last;  /* that was put in: mostly the next one comes behind it */
};

static size_t find(const struct list *list, uint64_t handle)
{
	if (!handle)
		return 0;
	if (list->nodes[list->last].handle == handle)
		return list->last;
	for (size_t i = 1; i < list->count; i++)
		if (list->nodes[i].handle == handle || list->nodes[i].before == handle)
			return i;
	return SEQUENCE_NONE;
}

static size_t end_of(const struct list *list)
{
	size_t at = 0;

	while (list->nodes[at].next)
		at = list->nodes[at].next;
	return at;
}

static void put(struct list *list, size_t behind, struct rules_want *want)
{
	list->nodes[list->count] = (struct node){ .place = { NULL, want }, .handle = want->handle, .next = list->nodes[behind].next };
	list->nodes[behind].next = list->count;
	list->last = list->count++;
}

static uint64_t number_of(const struct rules_want *want, const char *field)
{
	return record_number(want->wish->generic, field, UINT64_MAX);
}

/* Whether the same stands there already, made since: somebody else has put it back, or we have. */
static bool stands_behind(const struct list *list, size_t behind, const struct rules_want *want)
{
	const struct node *node = &list->nodes[list->nodes[behind].next];
	const struct rules_slot *slot = list->nodes[behind].next ? node->place.slot : NULL;

	return slot && !slot->gone && slot->meaning == want->meaning && !node->place.want && slot->handle > number_of(want, "handle");
}

/* First what comes in the place of others, as what comes beside them names these by the numbers that they had. */
static void take_places(struct list *list, struct rules_chain *chain)
{
	for (size_t i = 0; i < chain->want_count; i++) {
		struct rules_want *want = &chain->wants[i];
		const size_t own = want->handle ? find(list, want->handle) : SEQUENCE_NONE;
		struct rules_slot *slot = own != SEQUENCE_NONE ? list->nodes[own].place.slot : NULL;

		if (!slot)
			continue;
		list->nodes[own].before = number_of(want, "handle");
		if (slot->meaning != want->meaning || slot->fate)
			list->nodes[own].place.want = want;
		want->slot = (size_t)(slot - chain->slots);
	}
}

static void take_back(struct list *list, struct rules_chain *chain)
{
	for (size_t i = 0; i < chain->want_count; i++) {
		struct rules_want *want = &chain->wants[i];
		size_t behind;

		if (want->slot != SEQUENCE_NONE)
			continue;
		behind = find(list, number_of(want, "position"));
		if (behind == SEQUENCE_NONE)
			behind = end_of(list);
		if (!stands_behind(list, behind, want))
			put(list, behind, want);
	}
}

int rules_place_back(struct planning_rules *planning, struct rules_chain *chain)
{
	struct list list = { .nodes = calloc(chain->slot_count + chain->want_count + 1, sizeof(struct node)), .count = 1 };

	if (!list.nodes)
		return error_set(&planning->plan->ferry->error, -ENOMEM, "no memory for a plan");
	for (size_t i = 0; i < chain->slot_count; i++) {
		list.nodes[list.count] = (struct node){ .place = { &chain->slots[i], NULL }, .handle = chain->slots[i].handle };
		list.nodes[list.count - 1].next = list.count;
		list.count++;
	}
	take_places(&list, chain);
	take_back(&list, chain);
	for (size_t at = list.nodes[0].next; at; at = list.nodes[at].next) {
		struct rules_place *place = &list.nodes[at].place;

		if (place->slot)
			place->slot->stays = !place->slot->gone && !place->want && !place->slot->fate;
		chain->places[chain->place_count++] = *place;
	}
	free(list.nodes);
	return 0;
}
