/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a transaction. What goes takes along what stands in it, and what can only be made anew (a set of other keys, a chain of another hook)
 * has what names it made anew too: so kinds are compared in the order in which they stand on each other. */
#include <errno.h>
#include <string.h>

#include "lib/declare_ruleset.h"

/* What becomes of a table, a chain, a set and so on, where it does not stay. */
struct mark {
	int fate;
	size_t length;
	char key[];
};

struct planning {
	struct plan *plan;
	struct ruleset *ruleset;
	struct table marks;
	int named; /* while names are looked up: what they come to */
	const struct record *scope;
};

static bool is_mark(const void *entry, const void *key, size_t length)
{
	const struct mark *mark = entry;

	return mark->length == length && memcmp(mark->key, key, length) == 0;
}

static int no_memory(struct planning *planning)
{
	return error_set(&planning->plan->ferry->error, -ENOMEM, "no memory for a plan");
}

static void add_name(struct buffer *ret, const struct value *name)
{
	buffer_add_char(ret, '\0');
	if (name && name->type == VALUE_TEXT)
		buffer_add(ret, name->bytes.data, name->bytes.length);
}

/* Of an object of KIND in the table that SCOPE is in; of a table NAME is its own. */
static void key_of(unsigned int kind, const struct record *scope, const struct value *name, struct buffer *ret)
{
	buffer_add_char(ret, (char)kind);
	buffer_add_char(ret, (char)record_number(scope, "family", 0));
	if (kind != RULESET_TABLE)
		add_name(ret, record_find(scope, "table"));
	add_name(ret, name);
}

static int mark_of(const struct planning *planning, unsigned int kind, const struct record *scope, const struct value *name)
{
	_cleanup_buffer_ struct buffer key = { 0 };
	const struct mark *mark;

	key_of(kind, scope, name, &key);
	mark = key.failed ? NULL : table_find(&planning->marks, key.data, key.length);
	return mark ? mark->fate : FATE_STAYS;
}

static int put_mark(struct planning *planning, unsigned int kind, const struct record *record, int fate)
{
	_cleanup_buffer_ struct buffer key = { 0 };
	struct mark *mark;

	key_of(kind, record, record_find(record, "name"), &key);
	mark = key.failed ? NULL : arena_allocate(&planning->plan->arena, sizeof(*mark) + key.length);
	if (!mark)
		return no_memory(planning);
	if (table_find(&planning->marks, key.data, key.length))
		return 0;
	*mark = (struct mark){ .fate = fate, .length = key.length };
	memcpy(mark->key, key.data, key.length);
	return table_add(&planning->marks, mark->key, mark->length, mark) < 0 ? no_memory(planning) : 0;
}

/* ---- What becomes of one by what becomes of others ---- */

static void look_at_name(void *data, const struct object *kind, const struct value *name)
{
	struct planning *planning = data;

	if (mark_of(planning, ruleset_kind_of(kind), planning->scope, name) == FATE_ANEW)
		planning->named = FATE_ANEW;
}

static int fate_of(void *data, const struct object *object, const struct record *record)
{
	struct planning *planning = data;
	const unsigned int kind = ruleset_kind_of(object);
	int fate = FATE_STAYS;

	if (!planning->marks.count || kind == RULESET_TABLE)
		return FATE_STAYS;
	fate = mark_of(planning, RULESET_TABLE, record, record_find(record, "table"));
	if (fate != FATE_STAYS)
		return fate | FATE_ALONG;
	if (kind == RULESET_ELEMENT)
		fate = mark_of(planning, RULESET_SET, record, record_find(record, "set"));
	if (fate != FATE_STAYS)
		return fate | FATE_ALONG;
	if (kind == RULESET_RULE)
		fate = mark_of(planning, RULESET_CHAIN, record, record_find(record, "chain"));
	if (fate != FATE_STAYS)
		return fate;
	planning->named = FATE_STAYS;
	planning->scope = record;
	netfilter_names(object, record, look_at_name, planning);
	return planning->named;
}

/* ---- One kind ---- */

/* The steps from FIRST on are of what stands as NOW. */
static int take_steps(struct planning *planning, size_t first, unsigned int kind, const struct record *now, int fate)
{
	struct plan *plan = planning->plan;
	int r = 0;

	for (size_t i = first; r == 0 && i < plan->count; i++) {
		if (plan->steps[i].act != STEP_REMOVE)
			continue;
		plan->steps[i].along = fate & FATE_ALONG;
		if (kind < RULESET_ELEMENT)
			r = put_mark(planning, kind, now, plan->steps[i].renewed ? FATE_ANEW : FATE_GOES);
	}
	return r;
}

static int refuse_owned(struct planning *planning, const struct wish *wish, bool owned)
{
	struct error *error = &planning->plan->ferry->error;

	error_set(error, owned ? -EPERM : -EOPNOTSUPP,
		  owned ? "%s belongs to a program that is running, which alone may change it" : "%s belongs to a rule, and is said with it",
		  wish->address);
	return wish->line ? error_wrap(error, "line %u", wish->line) : error->code;
}

/* Whether WISH is of what a rule has for itself: a set that says so, or an element of one. */
static int is_own(struct planning *planning, const struct wish *wish, bool *ret)
{
	const struct object *object = wish->channel->object;
	struct record *wanted;
	int r;

	*ret = false;
	if (!strstr(wish->path, "/__") || (object != &object_netfilter_set && object != &object_netfilter_element))
		return 0;
	r = wish_record(planning->plan, wish, NULL, &wanted);
	if (r < 0)
		return wish->line ? error_wrap(&planning->plan->ferry->error, "line %u", wish->line) : r;
	if (object == &object_netfilter_set)
		*ret = netfilter_set_is_own(wanted);
	else
		*ret = netfilter_sets_own(planning->ruleset->said, wanted, record_find(wanted, "set"));
	return 0;
}

static int compare_wish(struct planning *planning, struct kind *kind, const struct wish *wish)
{
	struct plan *plan = planning->plan;
	const struct object *object = wish->channel->object;
	const size_t first = plan->count;
	struct record *now = NULL;
	bool owned = false, own;
	size_t count;
	struct standing *standing = kind_find(kind, wish->path, &count);
	int fate = FATE_STAYS, r = 0;

	arena_reset(&plan->scratch);
	if (standing && standing_record(kind, standing, &plan->scratch, &now) < 0)
		return no_memory(planning);
	r = is_own(planning, wish, &own);
	if (r < 0 || (own && !wish->absent)) /* with the rule that names it */
		return r;
	if (own || (standing && !ruleset_covers(planning->ruleset, kind, now, &owned)))
		return refuse_owned(planning, wish, !own && owned);
	if (standing)
		fate = fate_of(planning, object, now);
	if (standing && fate & FATE_ANEW && !wish->absent)
		r = compare_renewal(plan, wish, kind, standing);
	else
		r = compare_object(plan, wish, kind, standing);
	if (r < 0 || !standing)
		return r;
	standing->wished = true;
	return take_steps(planning, first, ruleset_kind_of(object), now, fate);
}

static int compare_rest(struct planning *planning, const struct kind *kind, const struct standing *standing)
{
	struct plan *plan = planning->plan;
	const size_t first = plan->count;
	struct record *now;
	bool owned;
	int fate, r;

	if (standing->wished || (!plan->wishes->only_count && !planning->marks.count))
		return 0;
	arena_reset(&plan->scratch);
	if (standing_record(kind, standing, &plan->scratch, &now) < 0)
		return no_memory(planning);
	if (!ruleset_covers(planning->ruleset, kind, now, &owned))
		return 0;
	fate = fate_of(planning, kind->channel->object, now);
	r = compare_surplus(plan, kind, standing);
	if (r == 0 && plan->count == first && fate & FATE_GOES)
		r = compare_loss(plan, kind, standing);
	else if (r == 0 && plan->count == first && fate & FATE_ANEW)
		r = compare_renewal(plan, NULL, kind, standing);
	return r < 0 || plan->count == first ? r : take_steps(planning, first, ruleset_kind_of(kind->channel->object), now, fate);
}

static int compare_kind(struct planning *planning, struct kind *kind)
{
	const struct wishes *wishes = planning->plan->wishes;
	int r = 0;

	for (size_t i = 0; r == 0 && i < wishes->count; i++)
		if (wishes->list[i]->channel == kind->channel)
			r = compare_wish(planning, kind, wishes->list[i]);
	for (size_t i = 0; r == 0 && i < kind->count; i++)
		r = compare_rest(planning, kind, &kind->list[i]);
	return r;
}

/* A table that falls asleep or wakes up takes no change of its chains in the same transaction. */
static void put_off_tables(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct step *step = &plan->steps[i];

		if (step->channel->object != &object_netfilter_table || step->act != STEP_CHANGE)
			continue;
		for (size_t j = 0; j < plan->count && !step->later; j++)
			step->later = plan->steps[j].channel->object == &object_netfilter_chain &&
				      strncmp(plan->steps[j].path, step->path, strlen(step->path)) == 0 &&
				      plan->steps[j].path[strlen(step->path)] == '/';
		if (step->later)
			step->note = "in a transaction of its own, behind that of its chains";
	}
}

/* How rules read depends on the types of the sets that they name, also of those that are yet to be made; and what ferry get prints tells those that
 * rules have for themselves beside them. */
static int foretell(struct planning *planning, unsigned int kind)
{
	struct plan *plan = planning->plan;
	struct record *record;
	bool own;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->wishes->count; i++) {
		const struct wish *wish = plan->wishes->list[i];

		if (wish->channel != planning->ruleset->kinds[kind].channel || wish->absent ||
		    (kind == RULESET_ELEMENT && !strstr(wish->path, "/__")))
			continue;
		arena_reset(&plan->scratch);
		r = wish_record(plan, wish, NULL, &record);
		if (r < 0)
			return wish->line ? error_wrap(&plan->ferry->error, "line %u", wish->line) : r;
		/* The names of those that rules have for themselves are the kernel's, and others' by now. */
		own = kind == RULESET_ELEMENT || netfilter_set_is_own(record);
		if (netfilter_sets_foretell(own ? planning->ruleset->said : planning->ruleset->sets, wish->channel->object, record) < 0)
			return no_memory(planning);
	}
	return r;
}

int ruleset_plan(struct plan *plan)
{
	struct planning planning = { .plan = plan, .ruleset = plan->ruleset };
	int r = 0;

	table_init(&planning.marks, is_mark);
	r = foretell(&planning, RULESET_SET);
	if (r == 0)
		r = foretell(&planning, RULESET_ELEMENT);
	for (unsigned int i = 0; r == 0 && i < RULESET_RULE; i++)
		r = compare_kind(&planning, &plan->ruleset->kinds[i]);
	if (r == 0)
		r = ruleset_plan_rules(plan, planning.marks.count ? fate_of : NULL, &planning);
	table_done(&planning.marks);
	put_off_tables(plan);
	return r;
}
