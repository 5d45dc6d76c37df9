/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the places of a chain's rules to steps: what goes and what comes between two rules that stay is told as a change, one by one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/declare_rules.h"

static int no_memory(const struct planning_rules *planning)
{
	return error_set(&planning->plan->ferry->error, -ENOMEM, "no memory for a plan");
}

static const char *kept(struct planning_rules *planning, const struct buffer *text)
{
	return text->failed ? NULL : arena_copy(&planning->plan->arena, text->data, text->length);
}

static const char *json_of(struct planning_rules *planning, const struct record *record)
{
	_cleanup_buffer_ struct buffer json = { 0 };

	record_json(&json, record, &planning->plan->ferry->machine.naming);
	return kept(planning, &json);
}

void rules_show(const char *text, struct buffer *ret)
{
	buffer_add_text(ret, "{\"text\":");
	buffer_add_json(ret, text, strlen(text));
	buffer_add_char(ret, '}');
}

/* What people read of RULE. */
static const char *shown(struct planning_rules *planning, const struct record *rule)
{
	const char *text = ruleset_text(planning->plan->ruleset, &planning->plan->scratch, rule);
	_cleanup_buffer_ struct buffer json = { 0 };

	if (!text)
		return NULL;
	rules_show(text, &json);
	return kept(planning, &json);
}

/* What goes: as it is told, and as it can be put back. Where another one comes in its place its number is noted, by which others find theirs; else
 * the greatest one, which whoever has put it back in the meantime has gone beyond. */
static int describe_going(struct planning_rules *planning, const struct rules_slot *slot, uint64_t greatest, struct step *step)
{
	struct plan *plan = planning->plan;
	_cleanup_buffer_ struct buffer address = { 0 };
	struct record *now, *declared, *noted;
	int r = ruleset_record(plan->ruleset, planning->kind, slot->standing, &plan->scratch, &now);

	if (r == 0)
		r = record_declared(&plan->scratch, now, false, &declared, NULL);
	if (r == 0)
		r = record_copy(&plan->scratch, declared, &noted);
	if (r == 0)
		r = record_put(&plan->scratch, noted, "position", value_uint(record_number(now, "position", 0)));
	if (r == 0)
		r = record_put(&plan->scratch, noted, "handle", value_uint(step->act == STEP_CHANGE ? slot->handle : greatest));
	if (r < 0)
		return no_memory(planning);
	buffer_printf(&address, "%s/%s", planning->kind->channel->name, slot->standing->path);
	step->address = kept(planning, &address);
	step->before = shown(planning, now);
	step->left = json_of(planning, noted);
	step->standing = slot->standing;
	step->kind = planning->kind;
	step->along = slot->fate & FATE_ALONG;
	return step->address && step->before && step->left ? 0 : no_memory(planning);
}

/* The greatest number that the kernel has given in the chain's table: a rule that is made has a greater one. Where the table is made anew it begins
 * anew. */
static uint64_t greatest_handle(const struct planning_rules *planning, const struct rules_chain *chain, const struct rules_slot *slot)
{
	const struct kind *kind = planning->kind;
	const size_t table = strcspn(strchr(chain->path, '/') + 1, "/") + (size_t)(strchr(chain->path, '/') - chain->path) + 2;
	uint64_t greatest = 0;

	if (slot && slot->fate & FATE_ALONG)
		return 0;
	for (size_t i = 0; i < kind->count; i++) {
		const char *path = kind->list[i].path;

		if (strncmp(path, chain->path, table) == 0) {
			const uint64_t handle = strtoull(strrchr(path, '/') + 1, NULL, 10);

			greatest = handle > greatest ? handle : greatest;
		}
	}
	return greatest;
}

/* What comes: as it is told, as it is made, and as it is found again. */
static int describe_coming(struct planning_rules *planning, const struct rules_chain *chain, const struct rules_want *want, uint64_t greatest,
			   struct step *step)
{
	struct plan *plan = planning->plan;
	_cleanup_buffer_ struct buffer address = { 0 };
	struct record *wanted, *noted;
	int r = rules_wanted(planning, chain, want, &wanted);

	if (r < 0)
		return r;
	record_drop(wanted, "position");
	r = record_copy(&plan->scratch, wanted, &noted);
	if (r == 0)
		r = record_put(&plan->scratch, noted, "handle", value_uint(greatest));
	if (r < 0)
		return no_memory(planning);
	if (!step->address) {
		buffer_printf(&address, "%s/%s/new", planning->kind->channel->name, chain->path);
		step->address = kept(planning, &address);
	}
	step->after = shown(planning, wanted);
	step->whole = json_of(planning, wanted);
	step->put = json_of(planning, noted);
	step->wish = want->wish;
	step->fulfils = want->wish && want->wish->back ? &want->wish->fulfilled : NULL;
	return step->address && step->after && step->whole && step->put ? 0 : no_memory(planning);
}

/* Where the words are the same, what is not said by them is told. */
static void tell_whole(struct step *step, const struct rules_slot *slot, const struct rules_want *want)
{
	if (slot->fate & FATE_ANEW)
		step->note = "made anew with what it names or stands in";
	if (slot->meaning == want->meaning || strcmp(step->before, step->after) != 0)
		return;
	step->before = step->left;
	step->after = step->whole;
}

static int add_step(struct planning_rules *planning, const struct rules_chain *chain, const struct rules_slot *slot, const struct rules_want *want,
		    uint64_t before, uint64_t greatest)
{
	struct step step = { .act = slot && want ? STEP_CHANGE
				    : slot       ? STEP_REMOVE
						 : STEP_MAKE,
			     .channel = planning->kind->channel,
			     .before_rule = before };
	int r = 0;

	arena_reset(&planning->plan->scratch);
	if (slot)
		r = describe_going(planning, slot, greatest, &step);
	if (r == 0 && want)
		r = describe_coming(planning, chain, want, greatest, &step);
	if (r < 0)
		return r;
	if (slot && want)
		tell_whole(&step, slot, want);
	step.path = step.address + strlen(planning->kind->channel->name) + 1;
	return plan_add(planning->plan, &step);
}

/* The handle of the next rule behind each place that stays: 0 where there is none. */
static uint64_t *handles_behind(const struct rules_chain *chain)
{
	uint64_t *handles = calloc(chain->place_count + 1, sizeof(*handles)), handle = 0;

	for (size_t i = chain->place_count; handles && i-- > 0;) {
		handles[i] = handle;
		if (chain->places[i].slot && chain->places[i].slot->stays)
			handle = chain->places[i].slot->handle;
	}
	return handles;
}

static bool stays(const struct rules_place *place)
{
	return place->slot && place->slot->stays;
}

/* Those from BEGIN to END, between two that stay: of those that go and those that come, one by one. */
static int add_run(struct planning_rules *planning, const struct rules_chain *chain, size_t begin, size_t end, const uint64_t *behind,
		   uint64_t greatest)
{
	size_t going = begin, coming = begin;
	int r = 0;

	while (r == 0) {
		const struct rules_slot *slot = NULL;
		const struct rules_want *want = NULL;

		while (going < end && !chain->places[going].slot)
			going++;
		while (coming < end && !chain->places[coming].want)
			coming++;
		if (going == end && coming == end)
			break;
		if (going < end)
			slot = chain->places[going++].slot;
		if (coming < end)
			want = chain->places[coming++].want;
		r = add_step(planning, chain, slot, want, want ? behind[coming - 1] : 0, greatest);
	}
	return r;
}

int rules_add_steps(struct planning_rules *planning, struct rules_chain *chain)
{
	_cleanup_free_ uint64_t *behind = handles_behind(chain);
	uint64_t greatest = 0;
	size_t end;
	int r = behind ? 0 : no_memory(planning);

	for (size_t i = 0; r == 0 && i < chain->place_count; i++)
		if (!stays(&chain->places[i])) {
			greatest = greatest_handle(planning, chain, chain->slot_count ? &chain->slots[0] : NULL);
			break;
		}
	for (size_t begin = 0; r == 0 && begin < chain->place_count; begin = end + 1) {
		for (end = begin; end < chain->place_count && !stays(&chain->places[end]);)
			end++;
		r = add_run(planning, chain, begin, end, behind, greatest);
	}
	return r;
}
