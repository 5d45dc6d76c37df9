/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two documents, or one and what stands, beside each other. */
#include <errno.h>
#include <string.h>

#include "channel/content.h"
#include "lib/declare_diff_rules.h"

struct comparing {
	struct ferry *ferry;
	struct arena arena;
	ferry_change_function *function;
	void *data;
};

static int tell(struct comparing *comparing, const char *address, const char *before, const char *after)
{
	struct ferry_change change = { .kind = !before  ? FERRY_ADDED
					       : !after ? FERRY_REMOVED
							: FERRY_CHANGED,
				       .address = address,
				       .before = before,
				       .after = after,
				       .consistency = FERRY_WHOLE,
				       .source = "diff" };

	return comparing->function(comparing->data, &change);
}

static const char *json_of(struct comparing *comparing, const struct value *value)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	value_json(&text, value, NULL, NULL);
	return text.failed ? NULL : arena_copy(&comparing->arena, text.data, text.length);
}

static struct value value_of(const struct wish *wish)
{
	return wish->generic ? (struct value){ .type = VALUE_RECORD, .record = wish->generic } : wish->value;
}

/* ---- Two documents ---- */

static bool same_file(const struct value *a, const struct value *b)
{
	return value_equal(a, b) ||
	       (a->type == VALUE_TEXT && b->type == VALUE_TEXT && file_value_same(a->bytes.data, a->bytes.length, b->bytes.data, b->bytes.length));
}

/* The fields in which two generic records differ. */
static int parts(struct comparing *comparing, const struct record *a, const struct record *b, struct record **ret_a, struct record **ret_b)
{
	const struct value none = { .type = VALUE_NULL };
	struct record *part_a = record_new(&comparing->arena, NULL), *part_b = record_new(&comparing->arena, NULL);
	int r = part_a && part_b ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < a->count; i++) {
		const struct entry *other = record_at(b, a->entries[i].name);
		struct entry entry = a->entries[i];

		if (other && value_equal(&entry.value, &other->value))
			continue;
		r = record_add(&comparing->arena, part_a, entry);
		entry.value = other ? other->value : none;
		if (r == 0)
			r = record_add(&comparing->arena, part_b, entry);
	}
	for (uint32_t i = 0; r == 0 && i < b->count; i++) {
		struct entry entry = b->entries[i];

		if (record_at(a, entry.name))
			continue;
		r = record_add(&comparing->arena, part_b, entry);
		entry.value = none;
		if (r == 0)
			r = record_add(&comparing->arena, part_a, entry);
	}
	*ret_a = part_a;
	*ret_b = part_b;
	return r;
}

static int compare(struct comparing *comparing, const struct wish *a, const struct wish *b)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	struct value first = value_of(a), second = value_of(b);
	struct record *part_a, *part_b;
	const char *before, *after;

	if (!a->generic && same_file(&first, &second))
		return 0;
	if (a->generic && b->generic) {
		if (parts(comparing, a->generic, b->generic, &part_a, &part_b) < 0)
			return -ENOMEM;
		if (!part_a->count)
			return 0;
		first.record = part_a;
		second.record = part_b;
	}
	before = json_of(comparing, &first);
	after = json_of(comparing, &second);
	return before && after ? tell(comparing, wish_said(a, &room), before, after) : -ENOMEM;
}

/* The one of several of an address that is the same, else the one at the same place. */
static const struct wish *partner(const struct wishes *wishes, const struct wishes *own, const struct wish *wish)
{
	const struct wish *other = table_find(&wishes->table, wish->address, strlen(wish->address));
	const struct wish *first = table_find(&own->table, wish->address, strlen(wish->address));

	while (other && first != wish) {
		other = other->next;
		first = first->next;
	}
	return other && !other->absent ? other : NULL;
}

static int tell_rule(void *data, const char *address, const char *before, const char *after)
{
	return tell(data, address, before, after);
}

static int compare_documents(struct comparing *comparing, const struct wishes *a, const struct wishes *b)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	int r = diff_rules(comparing->ferry, a, b, tell_rule, comparing);

	for (size_t i = 0; r == 0 && i < a->count; i++) {
		const struct wish *wish = a->list[i], *other = diff_is_of_rules(wish) ? NULL : partner(b, a, wish);
		struct value value = value_of(wish);
		const char *json = wish->absent ? NULL : json_of(comparing, &value);

		if (diff_is_of_rules(wish))
			continue;
		if (other && !wish->absent)
			r = compare(comparing, wish, other);
		else if (json)
			r = tell(comparing, wish_said(wish, &room), json, NULL);
	}
	for (size_t i = 0; r == 0 && i < b->count; i++) {
		const struct wish *wish = b->list[i], *other = diff_is_of_rules(wish) ? wish : partner(a, b, wish);
		struct value value = value_of(wish);

		if (!other && !wish->absent) {
			const char *json = json_of(comparing, &value);

			r = json ? tell(comparing, wish_said(wish, &room), NULL, json) : -ENOMEM;
		}
	}
	return r;
}

/* ---- A document and what stands: the steps to the document, the other way round ---- */

static int compare_now(struct comparing *comparing, const struct wishes *wishes)
{
	_cleanup_plan_ struct plan plan = { 0 };
	_cleanup_buffer_ struct buffer room = { 0 };
	int r = plan_make(comparing->ferry, wishes, PLAN_COMPARE, &plan);

	for (size_t i = 0; r == 0 && i < plan.count; i++) {
		const struct step *step = &plan.steps[i];

		/* A removal that only makes room is told with the making. */
		if (step->renewed && step->act == STEP_REMOVE)
			continue;
		if (step->renewed)
			r = tell(comparing, step_said(&plan, step, &room), step->after, "null");
		else
			r = tell(comparing, step_said(&plan, step, &room), step->after, step->before);
	}
	if (r != 0 || !plan.unread)
		return r;
	error_set(&comparing->ferry->error, -EACCES, "%s cannot be read by this user, and may differ (such values in all: %zu)", plan.first_unread,
		  plan.unread);
	return FERRY_INCOMPLETE;
}

int ferry_diff(struct ferry *ferry, const char *a, size_t a_length, const char *b, size_t b_length, ferry_change_function *function, void *data)
{
	_cleanup_wishes_ struct wishes first = { 0 }, second = { 0 };
	struct comparing comparing = { .ferry = ferry, .function = function, .data = data };
	int r;

	ferry->error = (struct error){ 0 };
	wishes_init(&first, ferry);
	wishes_init(&second, ferry);
	r = wishes_read(&first, a, a_length);
	if (r == 0 && b)
		r = wishes_read(&second, b, b_length);
	if (r == 0)
		r = b ? compare_documents(&comparing, &first, &second) : compare_now(&comparing, &first);
	arena_done(&comparing.arena);
	return r == -ENOMEM ? error_set(&ferry->error, r, "no memory to compare") : r;
}
