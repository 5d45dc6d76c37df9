/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Undo against the history: finds the change, takes it back, and sees to it that the undo stands in the history with its cause. A recorder that runs
 * sees the undo itself; it is told beforehand what it is for. Without one, the undo is written down here. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "channel/channel.h"
#include "channel/object.h"
#include "channel/source.h"
#include "history/history.h"
#include "lib/fanout.h"
#include "lib/history.h"
#include "lib/undo.h"
#include "lib/verbs.h"

/* How long a change that was told may still be on its way into the history, and how often that is looked after, ns. */
#define KEPT_AFTER 1000000000
#define KEPT_STEP  10000000

static enum ferry_door door_of(const char *address)
{
	static const struct {
		const char *prefix;
		enum ferry_door door;
	} doors[] = {
		{ "netlink/", FERRY_DOOR_NETLINK }, { "sysctl/", FERRY_DOOR_SYSCTL }, { "sysfs/", FERRY_DOOR_SYSFS }, { "procfs/", FERRY_DOOR_PROCFS }
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(doors); i++)
		if (!strncmp(address, doors[i].prefix, strlen(doors[i].prefix)))
			return doors[i].door;
	return FERRY_DOOR_UNKNOWN;
}

/* The undo as a change of its own: what it takes back, the other way round. */
static struct ferry_change reversed(const struct ferry_change *change, uint64_t netns)
{
	static const enum ferry_change_kind kinds[] = {
		[FERRY_ADDED] = FERRY_REMOVED, [FERRY_REMOVED] = FERRY_ADDED, [FERRY_CHANGED] = FERRY_CHANGED
	};
	uint64_t now = boottime_now();

	return (struct ferry_change){ .boottime = now,
				      .time = boottime_to_realtime(now),
				      .kind = kinds[change->kind],
				      .address = change->address,
				      .before = change->after,
				      .after = change->before,
				      .door = door_of(change->address),
				      .cause = change->id,
				      .consistency = FERRY_WHOLE,
				      .netns = change->netns ? netns : 0,
				      .source = "undo" };
}

/* Without a recorder: *RET is to write down what was done, NULL where a recorder has begun just now and may or may not have seen it. */
static int writer_open(struct undoing *undoing, struct history **ret)
{
	int r = history_create(history_reader_path(undoing->history->reader), 0, 0, ret, &undoing->ferry->error);

	return r == -EBUSY ? 0 : r;
}

static int write_down(struct history *writer, struct ferry_change *undo, struct error *error)
{
	undo->id = history_next_id(writer);
	return history_add(writer, undo, error);
}

/* That the state is back and the history does not say so would be worse than no undo, but the state is what was asked for: told as a failure of the
 * history alone. */
int undo_tell(struct undoing *undoing, const struct ferry_change *changes, size_t count, const bool *done, bool recorded)
{
	struct error *error = &undoing->ferry->error;
	_cleanup_history_ struct history *writer = NULL;
	const struct ferry_actor *actor = probe_actor_of(NULL, (uint32_t)getpid());
	const bool write = !recorded && !(undoing->flags & FERRY_UNDO_DRY_RUN);
	int r = actor ? 0 : error_set(error, -ENOMEM, "no memory for the undo's own record"), written = 0;

	if (r >= 0 && write)
		written = writer_open(undoing, &writer);
	for (size_t i = 0; r >= 0 && written >= 0 && i < count; i++) {
		struct ferry_change undo = reversed(&changes[i], undoing->ferry->netns);

		undo.actor = actor;
		if (done && !done[i])
			continue;
		if (writer)
			written = write_down(writer, &undo, error);
		if (written >= 0 && undoing->function)
			r = undoing->function(undoing->data, &undo);
	}
	if (written >= 0 && writer)
		written = history_flush(writer, error);
	actor_unref(actor);
	return written < 0 ? error_wrap(error, "%s is back as it was, but the history does not say so", changes->address) : r;
}

/* Where the recorder is to look for what the undo does: an object may come back under another name, a link with its other end. */
int undo_announce(const char *path, const struct ferry_change *change, struct error *error)
{
	const struct object *object = channel_object(change->address);
	const char *scope = object ? object->protocol->name : NULL;

	return history_intend(path, (uint32_t)getpid(), &(struct history_intent){ change->address, scope, change->id }, error);
}

/* What the change left, or, where that was overwritten since and the undo was forced, what it found: an undo tells from which value it went. */
static const char *found_by(const struct ferry_change *change, const struct undo_result *result, const struct undo_verbs *verbs, char **ret_room)
{
	struct error error = { 0 };
	bool same = true;

	if (!change->after || !result->before || verbs->matches(verbs->data, change->address, change->after, result->before, &same, &error) < 0 ||
	    same)
		return change->after;
	if (change->kind == FERRY_ADDED || !change->before)
		return result->before;
	*ret_room = verbs->difference(verbs->data, change->address, change->before, result->before);
	return *ret_room ? *ret_room : result->before;
}

static int tell_one(struct undoing *undoing, const struct ferry_change *change, const struct undo_result *result, const struct undo_verbs *verbs,
		    bool recorded)
{
	_cleanup_free_ char *room = NULL;
	struct ferry_change told = *change;

	told.after = found_by(change, result, verbs, &room);
	return undo_tell(undoing, &told, 1, NULL, recorded);
}

static int take_back(void *data, const struct ferry_change *change)
{
	struct undoing *undoing = data;
	struct ferry *ferry = undoing->ferry;
	const char *path = history_reader_path(undoing->history->reader);
	struct undo_verbs verbs = undo_verbs_of(ferry);
	struct undo_result result = { 0 };
	bool recorded = history_recording(path);
	int r = 0;

	undoing->found = true;
	undoing->pid = change->actor ? change->actor->pid : 0;
	undoing->start = change->actor ? change->actor->start : 0;
	if (recorded && change->address && !(undoing->flags & FERRY_UNDO_DRY_RUN))
		r = undo_announce(path, change, &ferry->error);
	if (r >= 0 && change->address && !(undoing->flags & FERRY_UNDO_DRY_RUN))
		r = fanout_begin(ferry, change->address, &undoing->fanout);
	if (r >= 0)
		r = undo_change(change, undoing->flags | (undo_made(ferry, change) ? FERRY_UNDO_FORCE : 0), &verbs, &result, &ferry->error);
	if (r >= 0 && result.done && !(undoing->flags & FERRY_UNDO_DRY_RUN))
		undo_made_note(ferry, change);
	if (r >= 0)
		r = result.done ? tell_one(undoing, change, &result, &verbs, recorded) : FERRY_UNCHANGED;
	undo_result_done(&result);
	undoing->result = r;
	return 0;
}

/* The numbers of what followed from a change. */
struct numbers {
	uint64_t *list;
	size_t count, size;
	uint32_t pid; /* of who made that change: an undo of it has it as its cause too, but is somebody else's doing */
	uint64_t start;
};

static int add_number(void *data, const struct ferry_change *change)
{
	struct numbers *numbers = data;

	if (change->kind == FERRY_GAP || change->result < 0 || !change->actor || change->actor->pid != numbers->pid ||
	    change->actor->start != numbers->start)
		return 0;
	if (numbers->count == numbers->size) {
		size_t size = numbers->size ? numbers->size * 2 : 64;
		uint64_t *list = reallocarray(numbers->list, size, sizeof(*list));

		if (!list)
			return -ENOMEM;
		numbers->list = list;
		numbers->size = size;
	}
	numbers->list[numbers->count++] = change->id;
	return 0;
}

static int undo_one(struct undoing *undoing, uint64_t id)
{
	struct ferry_history_filter filter = { .size = sizeof(filter), .id = id };
	int r;

	undoing->found = false;
	r = ferry_history_changes(undoing->history, &filter, take_back, undoing);
	/* A recorder prints a change before it keeps it: one who is quick knows its number already. */
	for (int i = 0; r == 0 && !undoing->found && i < KEPT_AFTER / KEPT_STEP && history_recording(history_reader_path(undoing->history->reader));
	     i++) {
		nanosleep(&(struct timespec){ .tv_nsec = KEPT_STEP }, NULL);
		r = ferry_history_changes(undoing->history, &filter, take_back, undoing);
	}
	if (r < 0)
		return r;
	if (!undoing->found)
		r = error_set(&undoing->ferry->error, -ENOENT, "the history has no change %" PRIu64, id);
	else if (undoing->result == 0)
		r = fanout_end(undoing->fanout, undoing->history, id);
	else
		r = undoing->result;
	undoing->fanout = fanout_free(undoing->fanout);
	return r;
}

static int gather_consequences(struct undoing *undoing, uint64_t id, struct numbers *ret)
{
	struct ferry_history_filter filter = { .size = sizeof(filter), .cause = id };
	int r = ferry_history_changes(undoing->history, &filter, add_number, ret);

	/* What followed from these as well: the address that went with its link took a route along. */
	for (size_t i = 0; r >= 0 && i < ret->count; i++) {
		filter.cause = ret->list[i];
		r = ferry_history_changes(undoing->history, &filter, add_number, ret);
	}
	return r;
}

/* Takes back those of NUMBERS that let themselves be taken back by now, and leaves the others there, in their order. */
static int undo_pass(struct undoing *undoing, uint64_t id, struct numbers *numbers)
{
	size_t left = 0;
	int first = 0;

	for (size_t i = 0; i < numbers->count; i++) {
		int result = undo_one(undoing, numbers->list[i]);

		if (result >= 0 || result == -EOPNOTSUPP)
			continue;
		if (!first)
			first = error_wrap(&undoing->ferry->error, "#%" PRIu64 ", which followed from #%" PRIu64, numbers->list[i], id);
		numbers->list[left++] = numbers->list[i];
	}
	numbers->count = left;
	return first;
}

static int put_number(struct numbers *numbers, uint64_t id)
{
	const struct ferry_actor actor = { .pid = numbers->pid, .start = numbers->start };

	return add_number(numbers, &(struct ferry_change){ .id = id, .actor = &actor });
}

/* One may stand on another that went after it, a route on its address: so again, as long as that helps. What the kernel brings back by itself, or
 * what cannot be taken back, is passed over. AGAIN: the change itself stands on one of them, an entry on its set. */
static int undo_consequences(struct undoing *undoing, uint64_t id, bool again)
{
	struct numbers numbers = { .pid = undoing->pid, .start = undoing->start };
	int r = gather_consequences(undoing, id, &numbers);
	size_t before;

	if (r >= 0 && again)
		r = put_number(&numbers, id);
	if (r >= 0)
		do {
			before = numbers.count;
			r = undo_pass(undoing, id, &numbers);
		} while (r < 0 && numbers.count < before);
	free(numbers.list);
	return r;
}

int ferry_undo(struct ferry *ferry, struct ferry_history *history, uint64_t id, unsigned int flags, ferry_change_function *function, void *data)
{
	struct undoing undoing = { .ferry = ferry, .history = history, .flags = flags, .function = function, .data = data };
	int r;

	if (!id)
		return error_set(&ferry->error, -EINVAL, "changes are numbered from 1: see ferry log");
	if (ferry->machine.root)
		return error_set(&ferry->error, -EROFS, "nothing is changed below another root");
	if (flags & FERRY_UNDO_CONSEQUENCES) {
		r = undo_transaction(&undoing, id);
		if (r != -ENOTSUP)
			return r;
	}
	r = undo_one(&undoing, id);
	if (flags & FERRY_UNDO_CONSEQUENCES && (r >= 0 || (r == -ENOENT && undoing.found))) {
		int consequences = undo_consequences(&undoing, id, r < 0);

		r = consequences < 0 ? consequences : r < 0 ? 0 : r;
	}
	return r;
}
