/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Confirming, going back, and the guard that goes back when nobody confirms. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/time.h"
#include "lib/declare_journal.h"

/* ---- Confirming ---- */

static int nothing_waits(struct ferry *ferry, const struct pending *pending)
{
	_cleanup_journal_ struct journal last = { 0 };
	struct error ignored = { 0 };

	if (journal_load(pending->last, &last, &ignored) >= 0 && last.state == JOURNAL_ROLLED_BACK)
		return error_set(&ferry->error, -ECANCELED, "nothing waits to be confirmed any more: it was rolled back%s%s",
				 *last.words ? ", but not: " : "", last.words);
	return error_set(&ferry->error, -ENOENT, "nothing waits to be confirmed");
}

static int check_in_time(struct ferry *ferry, const struct journal *journal)
{
	if (journal->state == JOURNAL_APPLYING)
		return error_set(&ferry->error, -EBUSY,
				 "the apply was cut off half-way, so there is nothing whole to confirm: ferry rollback --pending");
	if (!journal_is_of_boot(journal))
		return error_set(&ferry->error, -ETIME, "the machine was started anew since the apply: ferry rollback --pending");
	if (journal->deadline && time_boot() > journal->deadline)
		return error_set(&ferry->error, -ETIME, "the time is over, and the guard is gone: ferry rollback --pending takes it back");
	return 0;
}

int ferry_confirm(struct ferry *ferry, const char *state)
{
	_cleanup_pending_ struct pending pending = { .lock = -1 };
	_cleanup_journal_ struct journal journal = { 0 };
	int r = state_open(ferry, state, false, &pending);

	if (r == 0)
		r = pending_lock(&pending, false, &ferry->error);
	if (r == 0)
		r = journal_load(pending.waiting, &journal, &ferry->error);
	if (r == -ENOENT)
		return nothing_waits(ferry, &pending);
	if (r == 0)
		r = check_in_time(ferry, &journal);
	return r < 0 ? r : pending_end(&pending, &journal, JOURNAL_DONE, "", &ferry->error);
}

int ferry_waiting(struct ferry *ferry, const char *state, uint64_t *ret_left)
{
	_cleanup_pending_ struct pending pending = { .lock = -1 };
	_cleanup_journal_ struct journal journal = { 0 };
	uint64_t now = time_boot();
	int r = state_open(ferry, state, false, &pending);

	if (r == 0)
		r = journal_load(pending.waiting, &journal, &ferry->error);
	if (r == -ENOENT)
		return nothing_waits(ferry, &pending);
	if (r < 0)
		return r;
	*ret_left = journal.deadline > now ? journal.deadline - now : 0;
	return 0;
}

/* ---- Going back ---- */

/* What is to be taken back: what waits, or else the last that was kept. 1: there is nothing. */
static int find_journal(struct ferry *ferry, struct pending *pending, bool only_pending, struct journal *ret)
{
	struct error *error = &ferry->error;
	int r = journal_load(pending->waiting, ret, error);

	if (r != -ENOENT)
		return r;
	*error = (struct error){ 0 };
	if (only_pending)
		return FERRY_UNCHANGED;
	r = journal_load(pending->last, ret, error);
	if (r == -ENOENT)
		return error_set(error, r, "there is no apply to be rolled back");
	if (r == 0 && ret->state == JOURNAL_ROLLED_BACK)
		return error_set(error, -ENOENT, "the last apply was rolled back already");
	return r;
}

/* A guard that lives looks after it. */
static int check_guard(struct ferry *ferry, const struct pending *pending)
{
	_cleanup_close_ int guard = pending_guard(pending);

	return guard == -EBUSY ? error_set(&ferry->error, -EBUSY, "a guard looks after it: without --pending it is taken back now") : 0;
}

static int check_namespace(struct ferry *ferry, const struct journal *journal)
{
	if (journal->netns == ferry->netns || !journal_is_of_boot(journal))
		return 0;
	return error_set(&ferry->error, -EXDEV,
			 "it was applied in another network namespace (%" PRIu64 "): roll it back in there (nsenter -n, ip netns exec)",
			 journal->netns);
}

static int take_back(struct ferry *ferry, struct pending *pending, struct journal *journal, ferry_change_function *function, void *data)
{
	struct back back = { 0 };
	_cleanup_buffer_ struct buffer words = { 0 };
	bool waited = access(pending->waiting, F_OK) == 0;
	int r = check_namespace(ferry, journal);

	if (r == 0)
		r = journal_back(ferry, journal, function, data, &back);
	words = back.words;
	if (r < 0)
		return r;
	if (waited) {
		r = pending_end(pending, journal, JOURNAL_ROLLED_BACK, words.data, &ferry->error);
	} else {
		journal->state = JOURNAL_ROLLED_BACK;
		journal->words = words.data ? words.data : "";
		r = journal_save(journal, pending->last, &ferry->error);
	}
	if (r < 0)
		return r;
	if (back.refused)
		return error_set(&ferry->error, -EIO, "%zu of the steps of the way back refused: %.300s", back.refused, words.data ? words.data : "");
	if (back.left)
		return error_set(&ferry->error, -ESTALE, "%zu were left as they are, since somebody changed them meanwhile", back.left);
	return 0;
}

int ferry_rollback(struct ferry *ferry, const char *state, unsigned int flags, ferry_change_function *function, void *data)
{
	_cleanup_pending_ struct pending pending = { .lock = -1 };
	_cleanup_journal_ struct journal journal = { 0 };
	int r;

	ferry->error = (struct error){ 0 };
	if (ferry->machine.root)
		return error_set(&ferry->error, -EROFS, "nothing is changed below another root");
	r = state_open(ferry, state, false, &pending);
	if (r == 0 && flags & FERRY_ROLLBACK_PENDING && access(pending.waiting, F_OK) < 0)
		return FERRY_UNCHANGED;
	if (r == 0 && flags & FERRY_ROLLBACK_PENDING)
		r = check_guard(ferry, &pending);
	if (r == 0)
		r = pending_lock(&pending, false, &ferry->error);
	if (r == 0 || r == -ENOENT)
		r = find_journal(ferry, &pending, flags & FERRY_ROLLBACK_PENDING, &journal);
	return r != 0 ? r : take_back(ferry, &pending, &journal, function, data);
}

/* ---- The guard ---- */

struct guard {
	struct ferry *ferry;
	struct pending pending;
	char id[33];
	uint64_t deadline;
	int timer, watch, applier;
};

/* What waits now: 0, or 1 where it is no longer ours to look after. */
static int look(struct guard *guard, enum journal_state *ret_state)
{
	_cleanup_journal_ struct journal journal = { 0 };
	int r = journal_load(guard->pending.waiting, &journal, &guard->ferry->error);

	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return r;
	if (*guard->id && strcmp(guard->id, journal.id) != 0)
		return 1;
	memcpy(guard->id, journal.id, sizeof(guard->id));
	*ret_state = journal.state;
	if (journal.deadline != guard->deadline) {
		guard->deadline = journal.deadline;
		return time_boot_arm(guard->timer, guard->deadline);
	}
	return 0;
}

static void drain(int descriptor)
{
	char rest[4096];

	while (read(descriptor, rest, sizeof(rest)) > 0)
		continue;
}

/* The applier is done, or dead: then what it did half-way is not left to the deadline. */
static bool was_cut_off(struct guard *guard)
{
	enum journal_state state;

	close(guard->applier);
	guard->applier = -1;
	return look(guard, &state) == 0 && state == JOURNAL_APPLYING;
}

/* 0 it is to be taken back, 1 it is not ours any more. */
static int wait_for_end(struct guard *guard)
{
	enum journal_state state;
	int r;

	for (;;) {
		struct pollfd polled[] = { { guard->timer, POLLIN, 0 }, { guard->watch, POLLIN, 0 }, { guard->applier, POLLIN, 0 } };

		if (poll(polled, ARRAY_SIZE(polled), -1) < 0 && errno != EINTR)
			return -errno;
		if (polled[1].revents)
			drain(guard->watch);
		if (polled[2].revents && was_cut_off(guard))
			return 0;
		r = look(guard, &state);
		if (r != 0)
			return r;
		if (guard->deadline && time_boot() >= guard->deadline)
			return 0;
	}
}

static int begin(struct guard *guard, int ready)
{
	enum journal_state state;
	int r;

	guard->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	guard->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (guard->timer < 0 || guard->watch < 0 ||
	    inotify_add_watch(guard->watch, guard->pending.folder, IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) < 0)
		return error_set(&guard->ferry->error, -errno, "a guard cannot watch %s: %s", guard->pending.folder, error_text(errno));
	r = look(guard, &state);
	if (r != 0)
		return r;
	if (ready >= 0 && write(ready, "", 1) != 1)
		return error_set(&guard->ferry->error, -EPIPE, "nobody waits for this guard");
	if (ready >= 0)
		close(ready);
	return 0;
}

static int guard_run(struct guard *guard, int ready, ferry_change_function *function, void *data)
{
	_cleanup_journal_ struct journal journal = { 0 };
	int r = begin(guard, ready);

	if (r == 0)
		r = wait_for_end(guard);
	if (r == 0)
		r = pending_lock(&guard->pending, true, &guard->ferry->error);
	if (r != 0)
		return r;
	/* Confirmed or taken back while we waited for the lock. */
	r = journal_load(guard->pending.waiting, &journal, &guard->ferry->error);
	if (r == -ENOENT || (r == 0 && strcmp(journal.id, guard->id) != 0))
		return FERRY_UNCHANGED;
	return r < 0 ? r : take_back(guard->ferry, &guard->pending, &journal, function, data);
}

/* The guard of an apply that has just been confirmed or taken back is told of it by the folder, and may still hold the lock for a moment. */
static int take_guard(const struct pending *pending)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	int lock = pending_guard(pending);

	for (int i = 0; i < 200 && lock == -EBUSY; i++) {
		nanosleep(&moment, NULL);
		lock = pending_guard(pending);
	}
	return lock;
}

int ferry_guard(struct ferry *ferry, const char *state, int ready, int applier, ferry_change_function *function, void *data)
{
	struct guard guard = { .ferry = ferry, .pending = { .lock = -1 }, .timer = -1, .watch = -1, .applier = applier };
	_cleanup_close_ int lock = -1;
	int r = state_open(ferry, state, true, &guard.pending);

	if (r == 0) {
		lock = take_guard(&guard.pending);
		r = lock == -EBUSY ? error_set(&ferry->error, lock, "another guard looks after what waits in %s", guard.pending.folder)
		    : lock < 0     ? error_set(&ferry->error, lock, "cannot lock %s/apply.guard: %s", guard.pending.folder, error_text(lock))
				   : guard_run(&guard, ready, function, data);
	}
	if (guard.timer >= 0)
		close(guard.timer);
	if (guard.watch >= 0)
		close(guard.watch);
	pending_close(&guard.pending);
	return r;
}
