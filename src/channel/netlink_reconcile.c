/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel has against what we knew: at the start, after a loss, and where objects may have gone without a word.
 *
 * Our subscription goes on while a dump is read. What its messages tell meanwhile is newer than the dump, so it is taken in first, and the dump is
 * then heard only on objects that no message touched. */
#include <errno.h>
#include <string.h>

#include "channel/netlink_source.h"

#define BACKOFF_FIRST   500000000ull
#define BACKOFF_MAXIMUM 10000000000ull

int source_gather(void *data, const struct nlmsghdr *message)
{
	struct dump *dump = data;

	if (!message) { /* interrupted, read anew */
		buffer_clear(&dump->messages);
		return 0;
	}
	buffer_add(&dump->messages, message, message->nlmsg_len);
	buffer_add(&dump->messages, "\0\0\0\0\0\0\0", (8 - message->nlmsg_len % 8) % 8);
	return dump->messages.failed ? -ENOMEM : 0;
}

const struct nlmsghdr *source_gathered(const struct dump *dump, size_t *position)
{
	const struct nlmsghdr *message;

	if (*position >= dump->messages.length)
		return NULL;
	message = (const struct nlmsghdr *)(dump->messages.data + *position);
	*position += (message->nlmsg_len + 7) & ~7u;
	return message;
}

static bool concerns(const struct netlink_source *source, const struct dump *dump, const struct nlmsghdr *message)
{
	return !dump->check || source_check_matches(source, dump->check, message);
}

bool source_prepare(struct netlink_source *source, const struct dump *dump, const struct nlmsghdr *message, struct step *step)
{
	bool removed;

	if (object_of(source->protocol, message, &removed) != dump->object || removed || !concerns(source, dump, message))
		return false;
	arena_reset(&source->arena);
	step->object = dump->object;
	step->message = message;
	source_withhold(&source->arena, dump->object, message, step->origin.actor);
	if (object_decode(dump->object, message, &source->arena, &step->record) < 0 || (dump->object->unheard && dump->object->unheard(step->record)))
		return false;
	buffer_clear(&source->key);
	object_key(dump->object, step->record, &source->key);
	return !source->key.failed;
}

static struct cache_entry *known(const struct netlink_source *source)
{
	return cache_find(&source->cache, source->key.data, source->key.length);
}

/* Its time is over, and somebody has asked for it anew. */
static bool is_another(struct netlink_source *source, const struct dump *dump, const struct cache_entry *entry, const struct record *record)
{
	return dump->asking && source_is_over(entry, boottime_now()) &&
	       source_asked_by(source, dump->asking, dump->object, record, false) != &dump->asking->nobody;
}

/* First pass: what stands in both, the same. */
static void confirm(struct netlink_source *source, const struct dump *dump, const struct step *like)
{
	const struct nlmsghdr *message;
	struct step step = { .origin = like->origin };

	for (size_t position = 0; (message = source_gathered(dump, &position));) {
		if (!source_prepare(source, dump, message, &step))
			continue;
		for (struct cache_entry *entry = known(source); entry; entry = entry->next) {
			struct record *cached;

			if (entry->generation == source->cache.generation ||
			    object_decode(entry->object, entry->message, &source->arena, &cached) < 0 || !record_same(cached, step.record) ||
			    is_another(source, dump, entry, step.record))
				continue;
			entry->generation = source->cache.generation;
			source_note_expiry(source, entry, &step);
			((struct nlmsghdr *)message)->nlmsg_type = NLMSG_NOOP; /* told: the second pass has nothing to say of it */
			break;
		}
	}
}

/* Whether a message told of the object while the dump was read: then that is newer. */
static bool touched(const struct netlink_source *source)
{
	for (const struct cache_entry *entry = known(source); entry; entry = entry->next)
		if (entry->generation == source->touched)
			return true;
	return cache_find(&source->removed, source->key.data, source->key.length);
}

/* A dump's flags do not say whether an IPv4 route stands beside another of its key: it does where that other one was found as well. */
static uint16_t flags_of(const struct netlink_source *source)
{
	const struct cache_entry *entry = known(source);

	return entry && entry->generation < source->touched ? NLM_F_REPLACE : 0;
}

/* Second pass: what is new or not the same. */
static void tell_found(struct netlink_source *source, const struct dump *dump, const struct step *like)
{
	const struct nlmsghdr *message;

	for (size_t position = 0; (message = source_gathered(dump, &position));) {
		struct step step = *like;

		if (message->nlmsg_type == NLMSG_NOOP || !source_prepare(source, dump, message, &step) || touched(source))
			continue;
		((struct nlmsghdr *)message)->nlmsg_flags = flags_of(source);
		if (dump->asking)
			step.origin = *source_asked_by(source, dump->asking, dump->object, step.record, false);
		source_apply(source, &step);
	}
}

static void tell_gone(struct netlink_source *source, const struct dump *dump, const struct step *like)
{
	struct cache_walk walk = { 0 };
	struct cache_entry *entry;

	while ((entry = cache_next(&source->cache, &walk))) {
		struct step step = *like;

		if (entry->object != dump->object || entry->generation >= source->touched || !concerns(source, dump, entry->message))
			continue;
		arena_reset(&source->arena);
		step.object = dump->object;
		step.message = entry->message;
		step.removed = true;
		if (dump->asking && object_decode(dump->object, entry->message, &source->arena, &step.record) >= 0)
			step.origin = *source_asked_by(source, dump->asking, dump->object, step.record, true);
		if (dump->asking && step.origin.actor == dump->asking->nobody.actor && source_may_be_over(entry, boottime_now()))
			source_tell_over(source, entry, &step);
		else
			source_tell_removed(source, entry, &step);
	}
}

void source_settle(struct netlink_source *source, struct dump *dumps, unsigned int count, const struct step *like)
{
	const bool asking = count && dumps[0].asking;

	source->cache.generation++; /* from here on: found in the dump */
	for (unsigned int i = 0; asking && i < count; i++)
		confirm(source, &dumps[i], like);
	if (asking)
		source_await_answers(source, dumps, count);
	for (unsigned int i = 0; i < count; i++) {
		struct step step = *like;

		if (dumps[i].interrupted)
			step.consistency = FERRY_INTERRUPTED;
		if (!asking)
			confirm(source, &dumps[i], like);
		tell_found(source, &dumps[i], &step);
	}
	/* In the reverse order of dependence: routes and addresses before their links. */
	for (unsigned int i = count; i-- > 0;) {
		struct step step = *like;

		if (dumps[i].interrupted)
			step.consistency = FERRY_INTERRUPTED;
		tell_gone(source, &dumps[i], &step);
	}
}

void source_reconcile_begin(struct netlink_source *source)
{
	source->touched = ++source->cache.generation;
	source->reconciling = true;
}

void source_reconcile_end(struct netlink_source *source)
{
	source->reconciling = false;
	cache_done(&source->removed);
	cache_init(&source->removed);
}

/* Dumps every kind, or with ERROR set gives up at the first that fails. */
static unsigned int dump_all(struct netlink_source *source, struct dump dumps[KINDS_MAXIMUM], struct error *error, int *ret_result)
{
	const struct object *object;
	struct netlink *requests;
	unsigned int position = 0, count = 0;
	int r = machine_netlink(source->recording.machine, source->protocol->number, &requests);

	*ret_result = 0;
	if (r < 0) {
		*ret_result = error_set(error, r, "%s", source->recording.machine->error.text);
		return 0;
	}
	while (count < KINDS_MAXIMUM && (object = object_next(source->protocol, &position))) {
		if (!object_is_recorded(object))
			continue;
		dumps[count] = (struct dump){ .object = object };
		r = object_dump(object, requests, source_gather, &dumps[count], &dumps[count].interrupted, error);
		if (r >= 0)
			count++;
		else {
			buffer_done(&dumps[count].messages);
			/* Else a kind that this kernel has not, or of a family that tells everybody of its changes and not all of what stands. */
			if (r != -EOPNOTSUPP && r != -EINVAL && r != -EAFNOSUPPORT && (r != -EPERM || !source->protocol->family))
				*ret_result = r;
		}
	}
	return count;
}

void source_dumps_done(struct dump *dumps, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		buffer_done(&dumps[i].messages);
}

int source_fill(struct netlink_source *source, struct error *error)
{
	struct dump dumps[KINDS_MAXIMUM];
	unsigned int count;
	int r;

	source_reconcile_begin(source);
	count = dump_all(source, dumps, error, &r);
	source_drain(source);
	source_settle(source, dumps, count, &(struct step){ 0 });
	source_drain(source);
	source_reconcile_end(source);
	source_dumps_done(dumps, count);
	return r;
}

/* Whether anything was lost, and is told now. */
static bool tell_gap(struct netlink_source *source)
{
	uint64_t dropped = netlink_drops(source->socket) - source->drops, now = boottime_now();
	struct ferry_change gap = { .kind = FERRY_GAP,
				    .boottime = now,
				    .source = source->protocol->name,
				    .lost = dropped + source->unkept,
				    .from = boottime_to_realtime(source->last_message),
				    .to = boottime_to_realtime(now),
				    .consistency = FERRY_WHOLE,
				    .netns = source->recording.netns };

	if (!gap.lost)
		return false;
	source->recording.count(source->recording.sink, 0, dropped); /* the others are counted already */
	source->drops += dropped;
	source->unkept = 0;
	source->recording.emit(source->recording.sink, &gap);
	return true;
}

/* After a loss: the gap is told, then what changed in it, by nobody knows whom. Under a load that goes on, not more often than the backoff says. */
void source_resync(struct netlink_source *source)
{
	struct dump dumps[KINDS_MAXIMUM];
	struct step like = { .consistency = FERRY_INFERRED };
	struct error error;
	unsigned int count;
	const char *why;
	int r;

	source->overflow = false;
	why = tell_gap(source) ? "found by comparing after a loss" : "found by comparing, as more went at once than could be followed";
	source_reconcile_begin(source);
	count = dump_all(source, dumps, &error, &r);
	source_drain(source);
	/* The kernel says but once that it has dropped messages, until we have read all that it has: it may have gone on. */
	if (source->overflow || netlink_drops(source->socket) != source->drops ||
	    r < 0) { /* lost again meanwhile: what the dump says is old already */
		source->overflow = true;
		source->resync_backoff = source->resync_backoff ? source->resync_backoff * 2 : BACKOFF_FIRST;
		if (source->resync_backoff > BACKOFF_MAXIMUM)
			source->resync_backoff = BACKOFF_MAXIMUM;
	} else {
		like.origin = (struct origin){ .boottime = boottime_now(), .actor = probe_actor_unknown(source->recording.probe, why) };
		source_settle(source, dumps, count, &like);
		actor_unref(like.origin.actor);
		source->resync_backoff = 0;
	}
	source->resync_after = boottime_now() + (source->resync_backoff ? source->resync_backoff : BACKOFF_FIRST / 5);
	source_reconcile_end(source);
	source_dumps_done(dumps, count);
}

#define FINISH_TRIES 3 /* under a load that does not end */

void netlink_source_finish(struct netlink_source *source)
{
	source_drain(source);
	for (unsigned int i = 0; (source->overflow || netlink_drops(source->socket) != source->drops) && i < FINISH_TRIES; i++)
		source_resync(source);
	if (source->overflow)
		(void)tell_gap(source);
}

static bool any_candidate(const struct netlink_source *source, const struct check *check, const struct object *object)
{
	struct cache_walk walk = { 0 };
	const struct cache_entry *entry;

	while ((entry = cache_next(&source->cache, &walk)))
		if (entry->object == object && source_check_matches(source, check, entry->message))
			return true;
	return false;
}

/* The kinds that may have lost something: routes and nexthops. Each is dumped only where the cache holds a candidate. */
static void run_check(struct netlink_source *source, const struct check *check, struct netlink *requests)
{
	struct step like = { .consistency = FERRY_INFERRED, .origin = check->origin, .cause = check->cause };
	struct dump dumps[KINDS_MAXIMUM];
	const struct object *object;
	unsigned int position = 0, count = 0;
	struct error error;

	source_reconcile_begin(source);
	while (count < KINDS_MAXIMUM && (object = object_next(source->protocol, &position))) {
		if (!any_candidate(source, check, object))
			continue;
		dumps[count] = (struct dump){ .object = object, .check = check };
		if (object_dump(object, requests, source_gather, &dumps[count], &dumps[count].interrupted, &error) < 0)
			buffer_done(&dumps[count].messages);
		else
			count++;
	}
	if (count) {
		source_drain(source);
		source_settle(source, dumps, count, &like);
	}
	source_reconcile_end(source);
	source_dumps_done(dumps, count);
}

static void drop_checks(struct netlink_source *source)
{
	while (source->check_count)
		source_check_done(source, &source->checks[--source->check_count]);
	source->overflow = !source->waits; /* all of it is compared later */
}

void source_run_checks(struct netlink_source *source)
{
	struct netlink *requests;

	if (source->checks_lost) { /* more than could be remembered: a comparison of everything finds them, without their cause */
		source->checks_lost = false;
		source->overflow = true;
		source->resync_after = 0;
	}
	if (source->check_count && machine_netlink(source->recording.machine, source->protocol->number, &requests) < 0)
		drop_checks(source);
	while (source->check_count) {
		struct check check = source->checks[0];

		if (check.kind == CHECK_ASKED) {
			source_look_asked(source, requests);
			continue;
		}
		memmove(source->checks, source->checks + 1, --source->check_count * sizeof(check));
		run_check(source, &check, requests);
		source_check_done(source, &check);
	}
}
