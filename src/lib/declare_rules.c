/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules, chain by chain: in which order they are to stand, which of those that stand can stay where they are, and the steps for the others. A rule is
 * known by what it says, as its handle is the kernel's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sequence.h"
#include "lib/declare_rules.h"

static int no_memory(const struct planning_rules *planning)
{
	return error_set(&planning->plan->ferry->error, -ENOMEM, "no memory for a plan");
}

/* ---- Chains ---- */

static bool is_chain(const void *entry, const void *key, size_t length)
{
	const struct rules_chain *chain = entry;

	return chain->length == length && memcmp(chain->path, key, length) == 0;
}

/* The one that the rule at PATH is in: all but the handle. */
static struct rules_chain *chain_of(struct planning_rules *planning, const char *path)
{
	const char *slash = strrchr(path, '/');
	const size_t length = slash ? (size_t)(slash - path) : strlen(path);
	struct rules_chain *chain = table_find(&planning->table, path, length);

	if (chain)
		return chain;
	chain = arena_new(&planning->plan->arena, struct rules_chain);
	if (!chain)
		return NULL;
	chain->path = arena_copy(&planning->plan->arena, path, length);
	chain->length = length;
	if (!chain->path || table_add(&planning->table, chain->path, length, chain) < 0)
		return NULL;
	*planning->last = chain;
	planning->last = &chain->next;
	return chain;
}

/* Room for one more: twice as much each time that it is full. */
static void *grow(struct arena *arena, const void *list, size_t count, size_t size)
{
	void *more;

	if (count & (count - 1))
		return (void *)list;
	more = arena_allocate(arena, (count ? count * 2 : 1) * size);
	if (more && count)
		memcpy(more, list, count * size);
	return more;
}

static uint64_t handle_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strtoull(slash + 1, NULL, 10) : 0; /* "new": 0 */
}

static int gather_standing(struct planning_rules *planning)
{
	const struct kind *kind = planning->kind;
	_cleanup_free_ struct standing **list = ruleset_in_order(kind);

	for (size_t i = 0; list && i < kind->count; i++) {
		struct rules_chain *chain = chain_of(planning, list[i]->path);
		struct rules_slot *slots = chain ? grow(&planning->plan->arena, chain->slots, chain->slot_count, sizeof(*slots)) : NULL;

		if (!slots)
			return no_memory(planning);
		chain->slots = slots;
		slots[chain->slot_count++] = (struct rules_slot){ .standing = list[i], .handle = handle_of(list[i]->path) };
	}
	return list ? 0 : no_memory(planning);
}

static int gather_wishes(struct planning_rules *planning)
{
	const struct wishes *wishes = planning->plan->wishes;

	for (size_t i = 0; i < wishes->count; i++) {
		struct wish *wish = wishes->list[i];
		struct rules_chain *chain;
		struct rules_want *wants;

		if (wish->channel != planning->kind->channel)
			continue;
		chain = chain_of(planning, wish->path);
		wants = chain ? grow(&planning->plan->arena, chain->wants, chain->want_count, sizeof(*wants)) : NULL;
		if (!wants)
			return no_memory(planning);
		chain->wants = wants;
		wants[chain->want_count++] = (struct rules_want){ .wish = wish, .handle = handle_of(wish->path), .slot = SEQUENCE_NONE };
	}
	return 0;
}

/* ---- What they say ---- */

struct meaning {
	uint32_t number;
	size_t length;
	char text[];
};

static bool is_meaning(const void *entry, const void *key, size_t length)
{
	const struct meaning *meaning = entry;

	return meaning->length == length && memcmp(meaning->text, key, length) == 0;
}

void rules_meanings_init(struct planning_rules *planning)
{
	table_init(&planning->meanings, is_meaning);
}

int rules_meaning(struct planning_rules *planning, const struct record *rule, uint32_t *ret)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	struct meaning *meaning;
	int r = netfilter_rule_meaning(&planning->plan->scratch, rule, &text);

	if (r < 0)
		return no_memory(planning);
	meaning = table_find(&planning->meanings, text.data, text.length);
	if (!meaning) {
		meaning = arena_allocate_plain(&planning->plan->arena, sizeof(*meaning) + text.length);
		if (!meaning)
			return no_memory(planning);
		*meaning = (struct meaning){ .number = planning->meaning_count++, .length = text.length };
		memcpy(meaning->text, text.data, text.length);
		if (table_add(&planning->meanings, meaning->text, meaning->length, meaning) < 0)
			return no_memory(planning);
	}
	*ret = meaning->number;
	return 0;
}

static struct rules_slot *slot_of(const struct rules_chain *chain, uint64_t handle)
{
	for (size_t i = 0; handle && i < chain->slot_count; i++)
		if (chain->slots[i].handle == handle)
			return &chain->slots[i];
	return NULL;
}

static int refuse(const struct planning_rules *planning, const struct wish *wish, int code, const char *why)
{
	struct error *error = &planning->plan->ferry->error;

	error_set(error, code, "%s %s", wish->address, why);
	return wish->line ? error_wrap(error, "line %u", wish->line) : code;
}

/* A part of one that stands is said by its number: the rest is as it stands. */
static int complete_wanted(struct planning_rules *planning, const struct rules_chain *chain, const struct rules_want *want, struct record **wanted)
{
	const struct rules_slot *slot = slot_of(chain, want->handle);
	struct record *now, *declared;
	int r;

	if (!slot)
		return refuse(planning, want->wish, -ENOENT,
			      "is not there, and no rule can be made of what is said of it: its expressions are missing");
	r = ruleset_record(planning->plan->ruleset, planning->kind, slot->standing, &planning->plan->scratch, &now);
	if (r == 0)
		r = wish_record(planning->plan, want->wish, now, wanted);
	if (r < 0)
		return r;
	r = record_declared(&planning->plan->scratch, now, false, &declared, NULL);
	if (r == 0)
		r = record_copy(&planning->plan->scratch, declared, &now);
	if (r == 0)
		r = object_merge(&planning->plan->scratch, now, *wanted);
	*wanted = now;
	return r < 0 ? no_memory(planning) : 0;
}

int rules_wanted(struct planning_rules *planning, const struct rules_chain *chain, const struct rules_want *want, struct record **ret)
{
	struct plan *plan = planning->plan;
	struct record *now;
	int r;

	if (want->wish && !record_at(want->wish->generic, "expressions"))
		return complete_wanted(planning, chain, want, ret);
	if (want->wish) {
		r = wish_record(plan, want->wish, NULL, ret);
		/* What it has for itself may be said beside it. */
		if (r == 0 && !record_at(*ret, "sets") && !record_at(*ret, "chains"))
			r = netfilter_rule_fold(&plan->scratch, *ret, plan->ruleset->said) < 0 ? no_memory(planning) : 0;
		return r < 0 && want->wish->line ? error_wrap(&plan->ferry->error, "line %u", want->wish->line) : r;
	}
	r = ruleset_record(plan->ruleset, planning->kind, chain->slots[want->slot].standing, &plan->scratch, &now);
	return r < 0 || record_declared(&plan->scratch, now, false, ret, NULL) < 0 ? no_memory(planning) : 0;
}

/* ---- What is known of each ---- */

/* 1: the chain belongs to a program, 2: to a rule. */
static int look_at_slots(struct planning_rules *planning, struct rules_chain *chain)
{
	struct plan *plan = planning->plan;
	struct record *record;
	bool owned;

	for (size_t i = 0; i < chain->slot_count; i++) {
		struct rules_slot *slot = &chain->slots[i];
		int r;

		arena_reset(&plan->scratch);
		r = ruleset_record(plan->ruleset, planning->kind, slot->standing, &plan->scratch, &record);
		if (r < 0)
			return no_memory(planning);
		if (!ruleset_covers(plan->ruleset, planning->kind, record, &owned))
			return owned ? 1 : 2;
		slot->fate = planning->fate ? planning->fate(planning->data, &object_netfilter_rule, record) : FATE_STAYS;
		r = rules_meaning(planning, record, &slot->meaning);
		if (r < 0)
			return r;
	}
	return 0;
}

static int look_at_wants(struct planning_rules *planning, struct rules_chain *chain)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < chain->want_count; i++) {
		struct rules_want *want = &chain->wants[i];
		struct rules_slot *slot = slot_of(chain, want->handle);
		struct record *record;

		arena_reset(&planning->plan->scratch);
		if (want->wish->absent && !want->handle)
			return refuse(planning, want->wish, -EINVAL, "names no rule: which is not to be there is said by its handle");
		if (want->wish->absent && slot)
			slot->gone = true;
		if (want->wish->absent || want->wish->fulfilled)
			continue;
		if (slot && !record_at(want->wish->generic, "expressions"))
			want->slot = (size_t)(slot - chain->slots);
		r = rules_wanted(planning, chain, want, &record);
		if (r == 0)
			r = rules_meaning(planning, record, &want->meaning);
		if (r == 0)
			want->position = record_number(record, "position", 0);
		chain->wants[kept++] = *want;
	}
	chain->want_count = kept;
	return r;
}

/* ---- The order ---- */

static int by_position(const void *a, const void *b)
{
	const struct rules_want *first = a, *second = b;

	return first->position < second->position ? -1 : first->position > second->position;
}

/* Where each says which one it stands behind, as what ferry get prints does, that is their order; it prints them by their addresses. */
static int follow_positions(struct planning_rules *planning, struct rules_chain *chain)
{
	struct rules_want *sorted = arena_array(&planning->plan->arena, struct rules_want, chain->want_count + 1);
	struct rules_want *list = arena_array(&planning->plan->arena, struct rules_want, chain->want_count + 1);
	struct rules_want next = { .wish = NULL };
	uint64_t position = 0;
	size_t count = 0;

	if (!sorted || !list)
		return no_memory(planning);
	if (!chain->want_count)
		return 0;
	memcpy(sorted, chain->wants, chain->want_count * sizeof(*sorted));
	qsort(sorted, chain->want_count, sizeof(*sorted), by_position);
	while (count < chain->want_count) {
		size_t low = 0, high = chain->want_count;

		while (low < high) {
			const size_t middle = low + (high - low) / 2;

			if (sorted[middle].position < position)
				low = middle + 1;
			else
				high = middle;
		}
		/* Not all of it is said, or it is said of a rule that has no number. */
		if (low == chain->want_count || sorted[low].position != position || !sorted[low].handle)
			return 0;
		next = sorted[low];
		list[count++] = next;
		position = next.handle;
	}
	chain->wants = list;
	return 0;
}

/* For each of the wishes the slot that it is, in rising order, as far as that goes. What cannot stay is nothing's match. */
static int match(struct planning_rules *planning, const struct rules_chain *chain, size_t *places)
{
	_cleanup_free_ uint32_t *a = calloc(chain->slot_count + 1, sizeof(*a)), *b = calloc(chain->want_count + 1, sizeof(*b));
	uint32_t other = planning->meaning_count;

	if (!a || !b)
		return -ENOMEM;
	for (size_t i = 0; i < chain->slot_count; i++)
		a[i] = chain->slots[i].gone || chain->slots[i].fate ? other++ : chain->slots[i].meaning;
	for (size_t i = 0; i < chain->want_count; i++) {
		const size_t slot = chain->wants[i].slot;

		if (slot != SEQUENCE_NONE) /* it has its place */
			a[slot] = other++;
	}
	for (size_t i = 0; i < chain->want_count; i++)
		b[i] = chain->wants[i].slot != SEQUENCE_NONE ? other++ : chain->wants[i].meaning;
	return sequence_match(a, chain->slot_count, b, chain->want_count, places);
}

static void add_place(struct rules_chain *chain, struct rules_slot *slot, struct rules_want *want)
{
	chain->places[chain->place_count++] = (struct rules_place){ slot, want };
}

/* Those of no wish stay where the document leaves them alone, but for one that a wish means at another place. */
static int keep_others(struct planning_rules *planning, struct rules_chain *chain, const size_t *places, bool complete)
{
	_cleanup_free_ uint32_t *missing = calloc((size_t)planning->meaning_count + 1, sizeof(*missing));

	if (!missing)
		return -ENOMEM;
	for (size_t i = 0; i < chain->want_count; i++)
		if (places[i] != SEQUENCE_NONE)
			chain->slots[places[i]].stays = true;
		else if (chain->wants[i].slot == SEQUENCE_NONE)
			missing[chain->wants[i].meaning]++;
	for (size_t i = 0; i < chain->slot_count && !complete; i++) {
		struct rules_slot *slot = &chain->slots[i];

		if (slot->stays || slot->gone || slot->fate & FATE_GOES)
			continue;
		if (missing[slot->meaning])
			missing[slot->meaning]--;
		else
			slot->stays = true;
	}
	return 0;
}

/* A rule that the document leaves alone is made anew, where it must be, as it stands. */
static struct rules_want *again_of(struct planning_rules *planning, struct rules_chain *chain, struct rules_slot *slot)
{
	struct rules_want *want;

	if (!(slot->fate & FATE_ANEW))
		return NULL;
	want = arena_new(&planning->plan->arena, struct rules_want);
	if (want)
		*want = (struct rules_want){ .meaning = slot->meaning, .slot = (size_t)(slot - chain->slots) };
	return want;
}

static struct rules_want *want_of_slot(const struct rules_chain *chain, size_t slot)
{
	for (size_t i = 0; i < chain->want_count; i++)
		if (chain->wants[i].slot == slot)
			return &chain->wants[i];
	return NULL;
}

/* Up to END, which is the one of a wish. */
static int add_slots(struct planning_rules *planning, struct rules_chain *chain, size_t *next, size_t end, bool named)
{
	for (; *next < end; ++*next) {
		struct rules_slot *slot = &chain->slots[*next];
		struct rules_want *want = named ? want_of_slot(chain, *next) : NULL;

		if (want) {
			slot->stays = want->meaning == slot->meaning && !slot->fate;
			add_place(chain, slot, slot->stays ? NULL : want);
			continue;
		}
		want = slot->stays ? again_of(planning, chain, slot) : NULL;
		if (slot->stays && slot->fate & FATE_ANEW && !want)
			return no_memory(planning);
		if (want)
			slot->stays = false;
		add_place(chain, slot, want);
	}
	return 0;
}

static int place_all(struct planning_rules *planning, struct rules_chain *chain, const size_t *places)
{
	bool named = false;
	size_t next = 0;
	int r = 0;

	for (size_t i = 0; i < chain->want_count; i++)
		named |= chain->wants[i].slot != SEQUENCE_NONE;
	for (size_t i = 0; r == 0 && i < chain->want_count; i++) {
		/* Behind what stands before the next one that stays. */
		size_t following = i;

		while (following < chain->want_count && places[following] == SEQUENCE_NONE)
			following++;
		if (places[i] != SEQUENCE_NONE || following < chain->want_count || next < chain->slot_count)
			r = add_slots(planning, chain, &next, following < chain->want_count ? places[following] : chain->slot_count, named);
		if (r == 0 && places[i] != SEQUENCE_NONE)
			add_place(chain, &chain->slots[next++], NULL);
		else if (r == 0 && chain->wants[i].slot == SEQUENCE_NONE)
			add_place(chain, NULL, &chain->wants[i]);
	}
	return r < 0 ? r : add_slots(planning, chain, &next, chain->slot_count, named);
}

static int place_listed(struct planning_rules *planning, struct rules_chain *chain, bool complete)
{
	_cleanup_free_ size_t *places = calloc(chain->want_count + 1, sizeof(*places));
	int r = follow_positions(planning, chain);

	if (r == 0)
		r = places ? match(planning, chain, places) : -ENOMEM;

	if (r == 0)
		r = keep_others(planning, chain, places, complete);
	return r < 0 ? no_memory(planning) : place_all(planning, chain, places);
}

/* ---- All of it ---- */

static bool is_complete(const struct planning_rules *planning, const struct rules_chain *chain)
{
	_cleanup_buffer_ struct buffer address = { 0 };

	buffer_printf(&address, "%s/%s", planning->kind->channel->name, chain->path);
	return !address.failed && wishes_are_complete(planning->plan->wishes, address.data);
}

static int plan_chain(struct planning_rules *planning, struct rules_chain *chain)
{
	const bool complete = is_complete(planning, chain);
	int r;

	if (!chain->want_count && !complete && !planning->fate)
		return 0;
	r = look_at_slots(planning, chain);
	if (r > 0 && !chain->want_count)
		return 0;
	if (r > 0)
		return r == 1 ? refuse(planning, chain->wants[0].wish, -EPERM, "belongs to a program that is running, which alone may change it")
			      : refuse(planning, chain->wants[0].wish, -EOPNOTSUPP, "belongs to a rule, and is said with it");
	if (r == 0)
		r = look_at_wants(planning, chain);
	if (r < 0)
		return r;
	chain->places = arena_array(&planning->plan->arena, struct rules_place, chain->slot_count + chain->want_count + 1);
	if (!chain->places)
		return no_memory(planning);
	if (chain->want_count && chain->wants[0].wish->back)
		r = rules_place_back(planning, chain);
	else
		r = place_listed(planning, chain, complete);
	return r < 0 ? r : rules_add_steps(planning, chain);
}

int ruleset_plan_rules(struct plan *plan, int (*fate)(void *data, const struct object *object, const struct record *record), void *data)
{
	struct planning_rules planning = { .plan = plan, .kind = &plan->ruleset->kinds[RULESET_RULE], .fate = fate, .data = data };
	int r;

	planning.last = &planning.chains;
	table_init(&planning.table, is_chain);
	rules_meanings_init(&planning);
	r = gather_standing(&planning);
	if (r == 0)
		r = gather_wishes(&planning);
	for (struct rules_chain *chain = planning.chains; r == 0 && chain; chain = chain->next)
		r = plan_chain(&planning, chain);
	table_done(&planning.table);
	table_done(&planning.meanings);
	return r;
}
