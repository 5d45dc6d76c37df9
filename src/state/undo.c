/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/undo.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void undo_result_done(struct undo_result *result)
{
	free(result->before);
	free(result->after);
	*result = (struct undo_result){ 0 };
}

static int impossible(const struct ferry_change *change, const char *why, struct error *error)
{
	return error_set(error, -EOPNOTSUPP, "change %" PRIu64 " of %s cannot be taken back: %s", change->id,
			 change->address ? change->address : "unknown state", why);
}

/* What a change can lack, so that there is nothing to go back to. */
static int check_possible(const struct ferry_change *change, const struct undo_verbs *verbs, struct error *error)
{
	const char *why;

	if (change->kind == FERRY_GAP)
		return impossible(change, "it is a gap, and what was lost in it is not known", error);
	if (change->result < 0)
		return impossible(change, "the kernel refused it, so it left nothing behind", error);
	why = verbs->forbids(verbs->data, change);
	if (why)
		return impossible(change, why, error);
	if (change->kind == FERRY_ADDED)
		return 0;
	if (!change->before || !strcmp(change->before, "null"))
		return impossible(change, "what stood there before is not known", error);
	if (strstr(change->before, "\"(secret)\""))
		return impossible(change, "it is a secret, and secrets are not stored", error);
	return 0;
}

static int stale(const struct ferry_change *change, const char *present, const struct undo_verbs *verbs, struct error *error)
{
	const char *expected = change->kind == FERRY_REMOVED ? change->before : change->after;
	_cleanup_free_ char *other = NULL;

	if (!present)
		return error_set(error, -ESTALE, "%s is not there any more: undo its removal first", change->address);
	other = expected ? verbs->difference(verbs->data, change->address, expected, present) : NULL;
	if (change->kind == FERRY_REMOVED)
		return error_set(error, -ESTALE, "%s is there again, and not as it was: %.300s", change->address, other ? other : present);
	if (!change->id) /* of a journal */
		return error_set(error, -ESTALE, "%s is not as it was left: it has %.300s; someone changed it since", change->address,
				 other ? other : present);
	return error_set(error, -ESTALE, "%s is not as change %" PRIu64 " left it: it has %.300s; someone changed it since", change->address,
			 change->id, other ? other : present);
}

/* 0 go on, 1 nothing to do, -ESTALE. PRESENT is NULL where nothing stands there. */
static int compare(const struct ferry_change *change, const char *present, bool force, const struct undo_verbs *verbs, struct error *error)
{
	const char *left = change->kind == FERRY_REMOVED ? NULL : change->after;
	bool same = false;
	int r;

	if (!present) {
		if (change->kind == FERRY_CHANGED)
			return stale(change, NULL, verbs, error);
		return change->kind == FERRY_ADDED; /* what was added is gone already; what was removed can be put back */
	}
	if (change->before) {
		r = verbs->matches(verbs->data, change->address, change->before, present, &same, error);
		if (r < 0 || same)
			return r < 0 ? r : 1;
		if (change->kind == FERRY_REMOVED && verbs->remade && verbs->remade(verbs->data, change->address, change->before, present))
			return 1;
	}
	if (left) {
		r = verbs->matches(verbs->data, change->address, left, present, &same, error);
		if (r < 0)
			return r;
	}
	return same || force ? 0 : stale(change, present, verbs, error);
}

static int read_present(const struct ferry_change *change, const struct undo_verbs *verbs, char **ret, struct error *error)
{
	int r = verbs->read(verbs->data, change->address, ret, error);

	return r == -ENOENT ? 0 : r;
}

/* The kernel may accept a value and make something else of it: that is told, not passed over. */
static int check_result(const struct ferry_change *change, const char *wanted, const char *now, const struct undo_verbs *verbs, struct error *error)
{
	_cleanup_free_ char *other = NULL;
	bool same = false;
	int r;

	if (!wanted)
		return now ? error_set(error, -EIO, "%s was removed, but stands there still: %.200s", change->address, now) : 0;
	if (!now)
		return error_set(error, -EIO, "%s was written, but is not there now", change->address);
	r = verbs->matches(verbs->data, change->address, wanted, now, &same, error);
	if (r < 0 || same)
		return r;
	other = verbs->difference(verbs->data, change->address, wanted, now);
	return error_set(error, -EIO, "%s was set to %.200s, but has %.200s now", change->address, wanted, other ? other : now);
}

int undo_change(const struct ferry_change *change, unsigned int flags, const struct undo_verbs *verbs, struct undo_result *ret, struct error *error)
{
	const char *wanted = change->kind == FERRY_ADDED ? NULL : change->before;
	struct undo_result result = { 0 };
	int r;

	r = check_possible(change, verbs, error);
	if (r >= 0)
		r = read_present(change, verbs, &result.before, error);
	if (r >= 0)
		r = compare(change, result.before, flags & FERRY_UNDO_FORCE, verbs, error);
	result.done = r == 0;
	if (result.done && !(flags & FERRY_UNDO_DRY_RUN)) {
		r = verbs->write(verbs->data, change->address, wanted, &result.after, error);
		if (r >= 0)
			r = check_result(change, wanted, result.after, verbs, error);
	}
	if (r < 0) {
		undo_result_done(&result);
		return r;
	}
	*ret = result;
	return 0;
}
