/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/declare_diff_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sequence.h"
#include "lib/declare_rules.h"

/* The rules of one document in one chain. */
struct side {
	const struct wish **list;
	uint32_t *meanings;
	size_t count;
};

struct chain {
	const char *path;
	size_t length;
	struct side sides[2];
	struct chain *next;
};

struct diffing {
	struct planning_rules planning; /* for what rules mean */
	struct plan plan;
	struct netfilter_sets *sets[2];
	struct table table;
	struct chain *chains, **last;
	int (*tell)(void *data, const char *address, const char *before, const char *after);
	void *data;
};

bool diff_is_of_rules(const struct wish *wish)
{
	return wish->channel->object == &object_netfilter_rule && !wish->absent && record_at(wish->generic, "expressions");
}

static bool is_chain(const void *entry, const void *key, size_t length)
{
	const struct chain *chain = entry;

	return chain->length == length && memcmp(chain->path, key, length) == 0;
}

static struct chain *chain_of(struct diffing *diffing, const char *path)
{
	const size_t length = (size_t)(strrchr(path, '/') - path);
	struct chain *chain = table_find(&diffing->table, path, length);

	if (chain)
		return chain;
	chain = arena_new(&diffing->plan.arena, struct chain);
	if (!chain)
		return NULL;
	chain->path = path;
	chain->length = length;
	if (table_add(&diffing->table, chain->path, length, chain) < 0)
		return NULL;
	*diffing->last = chain;
	diffing->last = &chain->next;
	return chain;
}

/* Twice over the wishes: how many there are, and which. */
static int gather(struct diffing *diffing, const struct wishes *wishes, unsigned int side, bool fill)
{
	for (size_t i = 0; i < wishes->count; i++) {
		const struct wish *wish = wishes->list[i];
		struct chain *chain = diff_is_of_rules(wish) ? chain_of(diffing, wish->path) : NULL;

		if (!chain && diff_is_of_rules(wish))
			return -ENOMEM;
		if (chain && fill)
			chain->sides[side].list[chain->sides[side].count] = wish;
		if (chain)
			chain->sides[side].count++;
	}
	return 0;
}

static int make_room(struct diffing *diffing, unsigned int side)
{
	for (struct chain *chain = diffing->chains; chain; chain = chain->next) {
		struct side *own = &chain->sides[side];

		own->list = arena_array(&diffing->plan.arena, const struct wish *, own->count + 1);
		own->meanings = arena_array(&diffing->plan.arena, uint32_t, own->count + 1);
		if (!own->list || !own->meanings)
			return -ENOMEM;
		own->count = 0;
	}
	return 0;
}

/* The sets that the document has, for how its rules read. */
static int gather_sets(struct diffing *diffing, const struct wishes *wishes, unsigned int side)
{
	int r = 0;

	diffing->sets[side] = netfilter_sets_new(NULL);
	if (!diffing->sets[side])
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < wishes->count; i++) {
		const struct wish *wish = wishes->list[i];
		struct record *record;

		if ((wish->channel->object != &object_netfilter_set && wish->channel->object != &object_netfilter_element) || wish->absent)
			continue;
		arena_reset(&diffing->plan.scratch);
		r = wish_record(&diffing->plan, wish, NULL, &record);
		if (r == 0)
			r = netfilter_sets_foretell(diffing->sets[side], wish->channel->object, record);
	}
	return r;
}

static int record_of(struct diffing *diffing, const struct wish *wish, struct record **ret)
{
	arena_reset(&diffing->plan.scratch);
	return wish_record(&diffing->plan, wish, NULL, ret);
}

static int find_meanings(struct diffing *diffing, const struct side *side)
{
	struct record *record;
	int r = 0;

	for (size_t i = 0; r == 0 && i < side->count; i++) {
		r = record_of(diffing, side->list[i], &record);
		if (r == 0)
			r = rules_meaning(&diffing->planning, record, &side->meanings[i]);
	}
	return r;
}

/* ---- Telling ---- */

/* As nft prints it, or all that it says. */
static int describe(struct diffing *diffing, const struct wish *wish, unsigned int side, bool whole, struct buffer *ret)
{
	struct record *record;
	const char *text;
	int r = wish ? record_of(diffing, wish, &record) : 0;

	if (r < 0 || !wish)
		return r;
	if (whole) {
		record_json(ret, record, &diffing->plan.ferry->machine.naming);
		return ret->failed ? -ENOMEM : 0;
	}
	text = netfilter_rule_text(&diffing->plan.scratch, record, diffing->sets[side], &diffing->plan.ferry->machine.naming, true);
	if (!text)
		return -ENOMEM;
	rules_show(text, ret);
	return ret->failed ? -ENOMEM : 0;
}

static int tell(struct diffing *diffing, const struct wish *a, const struct wish *b)
{
	_cleanup_buffer_ struct buffer before = { 0 }, after = { 0 };
	int r = describe(diffing, a, 0, false, &before);

	if (r == 0)
		r = describe(diffing, b, 1, false, &after);
	if (r == 0 && a && b && strcmp(before.data, after.data) == 0) {
		buffer_clear(&before);
		buffer_clear(&after);
		r = describe(diffing, a, 0, true, &before);
		if (r == 0)
			r = describe(diffing, b, 1, true, &after);
	}
	return r < 0 ? r : diffing->tell(diffing->data, (a ? a : b)->address, a ? before.data : NULL, b ? after.data : NULL);
}

/* Between two that are in both: one by one. */
static int tell_run(struct diffing *diffing, const struct chain *chain, size_t *a, size_t end_a, size_t *b, size_t end_b)
{
	int r = 0;

	while (r == 0 && (*a < end_a || *b < end_b)) {
		const struct wish *one = *a < end_a ? chain->sides[0].list[(*a)++] : NULL;
		const struct wish *other = *b < end_b ? chain->sides[1].list[(*b)++] : NULL;

		r = tell(diffing, one, other);
	}
	return r;
}

static int compare(struct diffing *diffing, const struct chain *chain)
{
	const struct side *a = &chain->sides[0], *b = &chain->sides[1];
	_cleanup_free_ size_t *places = calloc(b->count + 1, sizeof(*places));
	size_t next_a = 0, next_b = 0;
	int r = places ? find_meanings(diffing, a) : -ENOMEM;

	if (r == 0)
		r = find_meanings(diffing, b);
	if (r == 0)
		r = sequence_match(a->meanings, a->count, b->meanings, b->count, places);
	for (size_t i = 0; r == 0 && i < b->count; i++) {
		if (places[i] == SEQUENCE_NONE)
			continue;
		r = tell_run(diffing, chain, &next_a, places[i], &next_b, i);
		next_a++;
		next_b++;
	}
	return r != 0 ? r : tell_run(diffing, chain, &next_a, a->count, &next_b, b->count);
}

int diff_rules(struct ferry *ferry, const struct wishes *a, const struct wishes *b,
	       int (*tell_function)(void *data, const char *address, const char *before, const char *after), void *data)
{
	struct diffing diffing = { .plan = { .ferry = ferry }, .tell = tell_function, .data = data };
	const struct wishes *documents[] = { a, b };
	int r = 0;

	diffing.planning.plan = &diffing.plan;
	diffing.last = &diffing.chains;
	table_init(&diffing.table, is_chain);
	rules_meanings_init(&diffing.planning);
	for (unsigned int side = 0; r == 0 && side < 2; side++)
		r = gather(&diffing, documents[side], side, false);
	for (unsigned int side = 0; r == 0 && side < 2; side++)
		r = make_room(&diffing, side);
	for (unsigned int side = 0; r == 0 && side < 2; side++)
		r = gather(&diffing, documents[side], side, true);
	for (unsigned int side = 0; r == 0 && side < 2; side++)
		r = gather_sets(&diffing, documents[side], side);
	for (struct chain *chain = diffing.chains; r == 0 && chain; chain = chain->next)
		r = compare(&diffing, chain);
	table_done(&diffing.table);
	table_done(&diffing.planning.meanings);
	netfilter_sets_free(diffing.sets[0]);
	netfilter_sets_free(diffing.sets[1]);
	arena_done(&diffing.plan.arena);
	arena_done(&diffing.plan.scratch);
	return r;
}
