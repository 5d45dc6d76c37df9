/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a plan that go in one transaction: what goes, from what stands on others to what others stand on, then what comes, the other way
 * round. All of it is done, or nothing, and nothing where somebody has changed anything since it was compared. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/declare_ruleset.h"

#define ATTEMPTS_MAXIMUM 16

struct transacting {
	struct plan *plan;
	struct arena arena;
	struct object_step *steps;
	struct step **of; /* of each of them */
	size_t count, room;
	uint32_t named; /* own sets so far */
	size_t refused;
	struct step *first; /* that was refused */
};

static int no_memory(struct transacting *transacting)
{
	return error_set(&transacting->plan->ferry->machine.error, -ENOMEM, "no memory for a transaction");
}

/* Room for COUNT more. */
static int reserve(struct transacting *transacting, size_t count)
{
	const size_t room = transacting->count + count > transacting->room ? (transacting->count + count) * 2 : transacting->room;
	struct object_step *steps;
	struct step **of;

	if (room == transacting->room)
		return 0;
	steps = reallocarray(transacting->steps, room, sizeof(*steps));
	transacting->steps = steps ? steps : transacting->steps;
	of = reallocarray(transacting->of, room, sizeof(*of));
	transacting->of = of ? of : transacting->of;
	if (!steps || !of)
		return no_memory(transacting);
	transacting->room = room;
	return 0;
}

static int put(struct transacting *transacting, struct step *step, struct object_step one)
{
	int r = reserve(transacting, 1);

	if (r < 0)
		return r;
	one.object = step->channel->object;
	one.placed = true;
	transacting->steps[transacting->count] = one;
	transacting->of[transacting->count++] = step;
	return 0;
}

/* ---- Steps to requests ---- */

static int add_removal(struct transacting *transacting, struct step *step)
{
	struct object_step one = { .write = OBJECT_REMOVE };
	int r;

	if (step->along)
		return 0;
	r = standing_record(step->kind, step->standing, &transacting->arena, &one.record);
	return r < 0 ? no_memory(transacting) : put(transacting, step, one);
}

/* As it is to be, but for what is said at creation alone. */
static int add_change(struct transacting *transacting, struct step *step)
{
	struct machine *machine = &transacting->plan->ferry->machine;
	struct object_step one = { .write = OBJECT_CHANGE };
	int r = object_parse_json(step->channel->object, step->whole, NULL, &machine->naming, &transacting->arena, &one.record, &machine->error);

	if (r < 0)
		return r;
	for (uint32_t i = one.record->count; i-- > 0;) {
		const struct field *field = one.record->entries[i].field;

		if (field && field->flags & FIELD_CREATE && !(field->flags & (FIELD_KEY | FIELD_SETTABLE)))
			record_drop_entry(one.record, &one.record->entries[i]);
	}
	return put(transacting, step, one);
}

static int add_rule(struct transacting *transacting, struct step *step, struct record *rule)
{
	struct object_step *last;
	size_t count = 0;
	int r = reserve(transacting, netfilter_rule_parts(rule));

	if (r == 0)
		r = netfilter_rule_unfold(&transacting->arena, rule, &transacting->named, transacting->steps + transacting->count, &count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		transacting->of[transacting->count++] = step;
	last = &transacting->steps[transacting->count - 1];
	if (!step->before_rule) {
		last->flags = NLM_F_APPEND;
		return 0;
	}
	return record_put(&transacting->arena, last->record, "position", value_uint(step->before_rule));
}

static int add_making(struct transacting *transacting, struct step *step)
{
	struct machine *machine = &transacting->plan->ferry->machine;
	const struct object *object = step->channel->object;
	struct object_step one = { .write = OBJECT_CREATE };
	int r = object_parse_json(object, step->whole, NULL, &machine->naming, &transacting->arena, &one.record, &machine->error);

	if (r < 0)
		return r;
	if (object == &object_netfilter_rule)
		return add_rule(transacting, step, one.record);
	return put(transacting, step, one);
}

static bool is_waiting(const struct step *step)
{
	return step->channel->object && object_has_transactions(step->channel->object) && !step->done && !step->error && !step->later;
}

static bool is_removal(const struct step *step)
{
	return step->act == STEP_REMOVE || (step->act == STEP_CHANGE && step->channel->object == &object_netfilter_rule);
}

static int compare_sets(const struct object_step *first, const struct object_step *second)
{
	const struct value *one = record_find(first->record, "set"), *other = record_find(second->record, "set");
	const int r = one && other ? (int)one->bytes.length - (int)other->bytes.length : 0;

	return r == 0 && one && other ? memcmp(one->bytes.data, other->bytes.data, one->bytes.length) : r;
}

static int compare_elements(const void *a, const void *b)
{
	const struct object_step *first = a, *second = b;
	const int r = compare_sets(first, second);

	return r ? r : netfilter_element_compare(first->record, second->record);
}

/* Most are: sets can stand in any order. */
static bool are_sorted(const struct object_step *steps, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (compare_sets(&steps[i - 1], &steps[i]) == 0 && netfilter_element_compare(steps[i - 1].record, steps[i].record) > 0)
			return false;
	return true;
}

/* Their plan's steps go with them, so that a refusal finds its own. */
static int sort_elements(struct transacting *transacting, size_t begin)
{
	const size_t count = transacting->count - begin;
	struct object_step *steps = transacting->steps + begin;
	_cleanup_free_ struct step **of = NULL;

	if (are_sorted(steps, count))
		return 0;
	of = calloc(count + 1, sizeof(struct step *));
	if (!of)
		return no_memory(transacting);
	memcpy(of, transacting->of + begin, count * sizeof(struct step *));
	for (size_t i = 0; i < count; i++)
		steps[i].rank = (uint32_t)i;
	qsort(steps, count, sizeof(*steps), compare_elements);
	for (size_t i = 0; i < count; i++)
		transacting->of[begin + i] = of[steps[i].rank];
	return 0;
}

/* STEP is next; elements come one behind the other, from *BEGIN on: SIZE_MAX where there are none. */
static int end_elements(struct transacting *transacting, const struct step *step, size_t *begin)
{
	const bool is_element = step && step->channel->object == &object_netfilter_element;
	const size_t first = *begin;

	if (is_element && first == SIZE_MAX)
		*begin = transacting->count;
	if (is_element || first == SIZE_MAX)
		return 0;
	*begin = SIZE_MAX;
	return sort_elements(transacting, first);
}

/* Rules first, which stand on all else. */
static int add_removals(struct transacting *transacting, bool of_rules)
{
	struct plan *plan = transacting->plan;
	size_t elements = SIZE_MAX;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->count; i++) {
		struct step *step = &plan->steps[i];

		if (!is_waiting(step) || !is_removal(step) || of_rules != (step->channel->object == &object_netfilter_rule))
			continue;
		r = end_elements(transacting, step, &elements);
		if (r == 0)
			r = add_removal(transacting, step);
	}
	return r < 0 ? r : end_elements(transacting, NULL, &elements);
}

/* The order of the plan's steps is that of places: see rank(). */
static int add_all(struct transacting *transacting)
{
	struct plan *plan = transacting->plan;
	size_t elements = SIZE_MAX;
	int r = add_removals(transacting, true);

	if (r == 0)
		r = add_removals(transacting, false);
	for (size_t i = 0; r == 0 && i < plan->count; i++) {
		struct step *step = &plan->steps[i];

		if (!is_waiting(step) || step->act == STEP_REMOVE)
			continue;
		r = end_elements(transacting, step, &elements);
		if (r == 0)
			r = step->act == STEP_CHANGE && step->channel->object != &object_netfilter_rule ? add_change(transacting, step)
													: add_making(transacting, step);
		if (r < 0 && r != -ENOMEM)
			error_wrap(&plan->ferry->machine.error, "%s", step->address);
	}
	return r < 0 ? r : end_elements(transacting, NULL, &elements);
}

/* ---- Sending ---- */

static void refuse(struct transacting *transacting, struct step *step, const struct error *words)
{
	if (step->error)
		return;
	step->error = arena_new(&transacting->plan->arena, struct error);
	if (!step->error)
		return;
	*step->error = *words;
	transacting->refused++;
}

static void take_refusal(void *data, struct object_step *one, const struct error *words)
{
	struct transacting *transacting = data;

	refuse(transacting, transacting->of[one - transacting->steps], words);
}

static int send_all(struct transacting *transacting)
{
	struct plan *plan = transacting->plan;
	const struct object_transaction transaction = {
		.protocol = &protocol_netfilter,
		.machine = &plan->ferry->machine,
		.arena = &transacting->arena,
		.generation = plan->ruleset->generation,
		.steps = transacting->steps,
		.count = transacting->count,
		.refused = take_refusal,
		.data = transacting,
	};
	int r = object_transact_all(&transaction);

	if (r == -ERESTART)
		error_set(&plan->ferry->machine.error, r,
			  "somebody has changed the ruleset while it was compared: nothing of it was changed, apply it again");
	return r;
}

static void finish(struct plan *plan, size_t *done)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct step *step = &plan->steps[i];

		if (!is_waiting(step))
			continue;
		step->done = true;
		++*done;
		if (step->fulfils)
			*step->fulfils = true;
	}
}

static struct step *first_waiting(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (is_waiting(&plan->steps[i]))
			return &plan->steps[i];
	return NULL;
}

/* 1: again, without what was refused. */
static int attempt(struct plan *plan, unsigned int flags, size_t *done)
{
	struct transacting transacting = { .plan = plan };
	int r = add_all(&transacting);

	if (r == 0 && transacting.count)
		r = send_all(&transacting);
	if (r == 0)
		finish(plan, done);
	/* Refused as a whole: that is told of the first. */
	else if (r != -ENOMEM && !transacting.refused && first_waiting(plan))
		refuse(&transacting, first_waiting(plan), &plan->ferry->machine.error);
	arena_done(&transacting.arena);
	free(transacting.steps);
	free(transacting.of);
	if (r == -ENOMEM)
		return r;
	return r < 0 && r != -ERESTART && flags & CONVERGE_ON && first_waiting(plan);
}

int plan_transact(struct plan *plan, unsigned int flags, size_t *done)
{
	int r = 1;

	for (unsigned int i = 0; r > 0 && i < ATTEMPTS_MAXIMUM && first_waiting(plan); i++) {
		plan->ferry->machine.error = (struct error){ 0 };
		r = attempt(plan, flags, done);
	}
	return r < 0 ? r : 0;
}
