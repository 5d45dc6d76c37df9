/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applying a document, with the way back on the disk before the first write. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "lib/declare_journal.h"

#define SETTLE UINT64_C(3000000000)

struct applying {
	struct ferry *ferry;
	const struct ferry_apply_options *options;
	struct wishes wishes;
	struct pending pending;
	struct journal journal;
	bool noted; /* the journal is on the disk */
	struct ferry_apply_result result;
};

/* ---- The folder ---- */

char *ferry_state_path(void)
{
	_cleanup_free_ char *history = ferry_history_path();
	char *slash = history ? strrchr(history, '/') : NULL;

	return slash ? strndup(history, (size_t)(slash - history)) : NULL;
}

int state_open(struct ferry *ferry, const char *state, bool make, struct pending *ret)
{
	_cleanup_free_ char *usual = state ? NULL : ferry_state_path();

	if (!state && !usual)
		return error_set(&ferry->error, -ENOMEM, "no memory for the name of a folder");
	return pending_open(state ? state : usual, make, ret, &ferry->error);
}

/* One at a time: of two, neither would know what the other left. */
static int check_free(struct applying *applying)
{
	struct error *error = &applying->ferry->error;
	_cleanup_journal_ struct journal journal = { 0 };
	int r = pending_lock(&applying->pending, false, error);

	if (r < 0)
		return r;
	r = journal_load(applying->pending.waiting, &journal, error);
	if (r == -ENOENT) {
		*error = (struct error){ 0 };
		return 0;
	}
	if (r < 0)
		return r;
	if (journal.state == JOURNAL_APPLYING)
		return error_set(error, -EBUSY, "an apply of %s (pid %u) was cut off half-way: ferry rollback --pending puts back what it did",
				 *journal.document ? journal.document : "a document", journal.pid);
	return error_set(error, -EBUSY, "an apply of %s waits to be confirmed: ferry confirm keeps it, ferry rollback takes it back",
			 *journal.document ? journal.document : "a document");
}

/* ---- Before a round ---- */

static int check_yes(struct applying *applying, const struct plan *plan)
{
	if (applying->options->flags & FERRY_APPLY_YES)
		return 0;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].needs_yes)
			return error_set(&applying->ferry->error, -EOPNOTSUPP, "%s is %s (--yes does it all the same); nothing was changed",
					 plan->steps[i].address, plan->steps[i].note);
	return 0;
}

/* A device of the machine, and what else nobody can make. */
static int check_possible(struct applying *applying, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->channel->object && step->pending && strcmp(step->channel->object->name, "link") == 0)
			return error_set(&applying->ferry->error, -ENODEV, "%s is not there: %s; nothing was changed", step->address, step->note);
	}
	return 0;
}

static int begin(struct applying *applying, const struct plan *plan)
{
	const struct ferry_apply_options *options = applying->options;
	int r = check_possible(applying, plan);

	if (r == 0)
		r = check_yes(applying, plan);
	if (r == 0)
		r = journal_begin(applying->ferry, options->document, options->confirm, &applying->journal);
	if (r == 0)
		r = journal_note(&applying->journal, plan, true);
	if (r == 0)
		r = journal_save(&applying->journal, applying->pending.waiting, &applying->ferry->error);
	if (r < 0)
		return r;
	applying->noted = true;
	if (options->confirm && options->guard) {
		r = options->guard(options->data);
		if (r < 0)
			return error_set(&applying->ferry->error, r, "no guard could be started (%s): nothing was changed", error_text(r));
	}
	return 0;
}

static int before(void *data, const struct plan *plan)
{
	struct applying *applying = data;
	int r;

	if (!applying->noted)
		return begin(applying, plan);
	r = journal_note(&applying->journal, plan, false);
	return r < 0 ? r : journal_save(&applying->journal, applying->pending.waiting, &applying->ferry->error);
}

static int tell(void *data, const struct ferry_change *change)
{
	struct applying *applying = data;

	if (change->result == 0)
		applying->result.done++;
	return applying->options->function ? applying->options->function(applying->options->data, change) : 0;
}

/* ---- The end ---- */

/* What was refused in the middle: all that was done before it goes back. */
static int give_up(struct applying *applying, int code)
{
	struct error *error = &applying->ferry->error, first = *error;
	struct back back = { 0 };
	_cleanup_buffer_ struct buffer words = { 0 };
	struct error second;
	size_t done = applying->result.done;
	int r;

	if (!applying->noted)
		return code;
	r = journal_back(applying->ferry, &applying->journal, NULL, NULL, &back);
	second = *error;
	words = back.words;
	if (r < 0)
		return error_set(error, -ECANCELED,
				 "%s; what had been done (steps: %zu) could not be put back (%s): ferry rollback --pending tries again", first.text,
				 done, second.text);
	r = pending_end(&applying->pending, &applying->journal, JOURNAL_ROLLED_BACK, words.data, error);
	if (r < 0)
		return r;
	if (!done && !back.left && !back.refused)
		return error_set(error, first.code, "%s; nothing was changed", first.text);
	return error_set(error, -ECANCELED, "%s; what was done before it (steps: %zu) was put back%s%.200s", first.text, done,
			 words.length ? ", but not: " : "", words.data ? words.data : "");
}

static int end(struct applying *applying)
{
	struct journal *journal = &applying->journal;
	struct error *error = &applying->ferry->error;
	int r;

	if (!applying->noted)
		return 0;
	r = journal_settle(applying->ferry, journal);
	if (r < 0)
		return r;
	if (!applying->options->confirm)
		return pending_end(&applying->pending, journal, JOURNAL_DONE, "", error);
	journal->state = JOURNAL_WAITING;
	journal->deadline = time_boot() + applying->options->confirm;
	applying->result.waiting = true;
	return journal_save(journal, applying->pending.waiting, error);
}

static int apply(struct applying *applying, const char *text, size_t length)
{
	const struct ferry_apply_options *options = applying->options;
	struct converge way = { .ferry = applying->ferry,
				.wishes = &applying->wishes,
				.flags = options->flags & FERRY_APPLY_YES ? CONVERGE_YES : 0,
				.settle = options->settle ? options->settle : SETTLE,
				.source = "apply",
				.before = before,
				.function = tell,
				.data = applying };
	int r = wishes_read(&applying->wishes, text, length);

	for (const char *const *only = options->only; r == 0 && only && *only; only++)
		r = wishes_add_only(&applying->wishes, *only);
	if (r == 0)
		r = state_open(applying->ferry, options->state, true, &applying->pending);
	if (r == 0)
		r = check_free(applying);
	if (r == 0) {
		r = converge(&way);
		r = r < 0 ? give_up(applying, r) : end(applying);
	}
	applying->result.left = way.left;
	return r < 0 ? r : way.unsettled ? FERRY_INCOMPLETE : 0;
}

int ferry_apply(struct ferry *ferry, const char *text, size_t length, const struct ferry_apply_options *options,
		struct ferry_apply_result *ret_result)
{
	struct applying applying = { .ferry = ferry, .options = options, .pending = { .lock = -1 } };
	int r;

	ferry->error = (struct error){ 0 };
	if (ferry->machine.root)
		return error_set(&ferry->error, -EROFS, "nothing is changed below another root");
	wishes_init(&applying.wishes, ferry);
	r = apply(&applying, text, length);
	wishes_done(&applying.wishes);
	journal_done(&applying.journal);
	pending_close(&applying.pending);
	if (r >= 0 && ret_result)
		*ret_result = applying.result;
	return r;
}

/* ---- Looking first ---- */

static int tell_plan(const struct plan *plan, const char *source, ferry_change_function *function, void *data)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->count; i++) {
		struct ferry_change change = step_change(plan, &plan->steps[i], source, &room);

		change.consistency = plan->steps[i].pending ? FERRY_UNKNOWN : FERRY_WHOLE;
		r = function(data, &change);
	}
	return r;
}

int ferry_plan(struct ferry *ferry, const char *text, size_t length, const char *const *only, ferry_change_function *function, void *data)
{
	_cleanup_plan_ struct plan plan = { 0 };
	_cleanup_wishes_ struct wishes wishes = { 0 };
	int r;

	ferry->error = (struct error){ 0 };
	if (ferry->machine.root)
		return error_set(&ferry->error, -EROFS, "nothing is changed below another root: there is nothing to plan");
	wishes_init(&wishes, ferry);
	r = wishes_read(&wishes, text, length);
	for (; r == 0 && only && *only; only++)
		r = wishes_add_only(&wishes, *only);
	if (r == 0)
		r = plan_make(ferry, &wishes, PLAN_TELL, &plan);
	return r < 0 ? r : tell_plan(&plan, "plan", function, data);
}
