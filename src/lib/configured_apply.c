/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry_configured_apply(): the batch. All keys are checked before the first is written; each is written once and read back. */
#include <errno.h>
#include <string.h>

#include "channel/setting.h"
#include "lib/configured.h"

struct applying {
	struct ferry_configured *configured;
	unsigned int flags;
	ferry_configured_step_function *function;
	void *data;
	struct ferry_configured_key **keys;
	struct setting **settings; /* beside the keys; NULL where nothing is to be written */
	unsigned int count;
	struct buffer rewritten; /* patterns of what the writes so far rewrite */
	struct error first;      /* the first refusal that is not forgiven */
	bool incomplete;
};

static void applying_done(struct applying *applying)
{
	for (unsigned int i = 0; applying->settings && i < applying->count; i++)
		setting_free(applying->settings[i]);
	free(applying->settings);
	free(applying->keys);
	buffer_done(&applying->rewritten);
}

const char *ferry_step_name(enum ferry_step step)
{
	static const char *const names[] = {
		[FERRY_STEP_STANDS] = "stands",       [FERRY_STEP_SET] = "set",       [FERRY_STEP_OTHERWISE] = "otherwise",
		[FERRY_STEP_REWRITTEN] = "rewritten", [FERRY_STEP_ABSENT] = "absent", [FERRY_STEP_HELD] = "held",
		[FERRY_STEP_REFUSED] = "refused",
	};

	return (size_t)step < ARRAY_SIZE(names) ? names[step] : NULL;
}

static int tell(struct applying *applying, const struct ferry_configured_step *step)
{
	if (step->step == FERRY_STEP_REFUSED && !step->forgiven && !applying->first.code)
		error_set(&applying->first, step->error, "%s", step->error_text);
	applying->incomplete |= step->step == FERRY_STEP_HELD || step->step == FERRY_STEP_OTHERWISE || step->step == FERRY_STEP_REWRITTEN;
	return applying->function ? applying->function(applying->data, step) : 0;
}

/* A check or the kernel said no, as the machine's error has it in words. */
static int tell_refusal(struct applying *applying, const struct ferry_configured_key *key, int code, bool planned)
{
	const struct error *error = &applying->configured->ferry->machine.error;
	struct ferry_configured_step step = { .key = key, .planned = planned, .step = FERRY_STEP_REFUSED, .error = code };

	step.error_text = error->code == code && error->text[0] ? error->text : error_text(code);
	step.forgiven = key->winner->ignore_errors;
	if (code == -ENOENT || code == -ENOTDIR) {
		step.step = FERRY_STEP_ABSENT;
		step.error = 0;
		step.error_text = "the running kernel has no such key";
	} else if (code == -EOPNOTSUPP) {
		step.step = FERRY_STEP_HELD;
	}
	return tell(applying, &step);
}

static int prepare(struct applying *applying, const struct ferry_configured_key *key, struct setting **ret)
{
	struct machine *machine = &applying->configured->ferry->machine;
	const struct configured_key *own = configured_find(&applying->configured->own, key->address);
	const char *text = own->winner->line->value, *path;
	const struct channel *channel = channel_of(key->address, &path);
	struct value value = value_text(text);

	machine->error = (struct error){ 0 };
	if (own->unmatched || !channel)
		return -ENOENT;
	return setting_prepare(channel, machine, path, &value, SETTING_STRICT | (applying->flags & FERRY_CONFIGURED_YES ? SETTING_YES : 0), ret);
}

/* Whether a write before this key's own moves it: then what stands there now says nothing. */
static bool is_moved(const struct applying *applying, const struct ferry_configured_key *key)
{
	return applying->rewritten.length && configured_matches(applying->rewritten.data, key->address);
}

static int plan_key(struct applying *applying, unsigned int index)
{
	const struct ferry_configured_key *key = applying->keys[index];
	struct ferry_configured_step step = { .key = key, .planned = true };
	struct setting *setting = NULL;
	int r = prepare(applying, key, &setting);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return tell_refusal(applying, key, r, true);
	applying->settings[index] = setting;
	step.step = setting->stands && !is_moved(applying, key) ? FERRY_STEP_STANDS : FERRY_STEP_SET;
	step.before = setting->before;
	step.after = setting->after;
	if (step.step == FERRY_STEP_SET)
		r = configured_rewritten(key->address, &applying->rewritten);
	return r < 0 ? r : tell(applying, &step);
}

/* Of what was prepared, what is still to be written: a write before may have moved it. */
static int renew(struct applying *applying, unsigned int index)
{
	if (!is_moved(applying, applying->keys[index]))
		return 0;
	applying->settings[index] = setting_free(applying->settings[index]);
	return prepare(applying, applying->keys[index], &applying->settings[index]);
}

static int write_key(struct applying *applying, unsigned int index)
{
	const struct ferry_configured_key *key = applying->keys[index];
	struct ferry_configured_step step = { .key = key };
	struct setting *setting;
	int r;

	if (!applying->settings[index])
		return 0;
	r = renew(applying, index);
	setting = applying->settings[index];
	if (r == 0 && setting->stands)
		return 0;
	if (r == 0)
		r = setting->kind->write(setting);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		applying->settings[index] = setting_free(setting);
		return tell_refusal(applying, key, r, false);
	}
	step.step = setting->otherwise ? FERRY_STEP_OTHERWISE : FERRY_STEP_SET;
	step.before = setting->before;
	step.after = setting->after;
	r = configured_rewritten(key->address, &applying->rewritten);
	return r < 0 ? r : tell(applying, &step);
}

/* What was written before a key that rewrites others is looked at again. */
static int check_key(struct applying *applying, unsigned int index)
{
	struct ferry_configured_key *key = applying->keys[index];
	struct setting *setting = applying->settings[index];
	struct ferry_configured_step step = { .key = key, .step = FERRY_STEP_REWRITTEN };
	_cleanup_buffer_ struct buffer after = { 0 };
	int r;

	if (!setting || !key->rewritten_by || setting->otherwise)
		return 0;
	r = configured_key_compare(applying->configured, key);
	if (r < 0 || key->agreement != FERRY_DIFFERS)
		return r;
	buffer_add_json(&after, key->running, strlen(key->running));
	if (after.failed)
		return -ENOMEM;
	step.before = setting->after;
	step.after = after.data;
	return tell(applying, &step);
}

typedef int each_key(struct applying *applying, unsigned int index);

static int for_all(struct applying *applying, each_key *each)
{
	int r = 0;

	buffer_clear(&applying->rewritten);
	for (unsigned int i = 0; r == 0 && i < applying->count; i++)
		r = each(applying, i);
	return r;
}

int ferry_configured_apply(struct ferry_configured *configured, unsigned int flags, ferry_configured_step_function *function, void *data)
{
	struct ferry *ferry = configured->ferry;
	_cleanup_(applying_done) struct applying applying = { .configured = configured, .flags = flags, .function = function, .data = data };
	int r;

	if (ferry->machine.root)
		return error_set(&ferry->error, -EROFS, "nothing is written below another root (%s)", ferry->machine.root);
	applying.keys = configured_in_order(configured, &applying.count);
	applying.settings = calloc(applying.count + 1, sizeof(*applying.settings));
	if (!applying.keys || !applying.settings)
		return error_set(&ferry->error, -ENOMEM, "no memory for %u keys", applying.count);
	r = for_all(&applying, plan_key);
	if (r == 0 && !(flags & FERRY_CONFIGURED_DRY_RUN))
		r = for_all(&applying, write_key);
	if (r == 0 && !(flags & FERRY_CONFIGURED_DRY_RUN))
		r = for_all(&applying, check_key);
	if (r)
		return r < 0 ? error_set(&ferry->error, r, "the sysctl files were applied in part: %s", error_text(r)) : r;
	if (applying.first.code) {
		ferry->error = applying.first;
		return applying.first.code;
	}
	return applying.incomplete || configured_incomplete(configured) ? FERRY_INCOMPLETE : 0;
}
