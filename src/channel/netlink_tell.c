/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message against what we knew: the change that it is, told and remembered. */
#include <errno.h>
#include <string.h>

#include "channel/netlink_source.h"

static const struct naming *naming(const struct netlink_source *source)
{
	return &source->recording.machine->naming;
}

static const char *json(struct netlink_source *source, struct buffer *buffer, const struct record *record)
{
	buffer_clear(buffer);
	record_json(buffer, record, naming(source));
	return buffer->failed ? NULL : buffer->data;
}

/* A whole object, as it is worth keeping. */
static const char *whole(struct netlink_source *source, struct buffer *buffer, const struct object *object, const struct record *record)
{
	const struct source_rules *rules = source->protocol->rules;
	struct record *lasting;

	if (source->silent)
		return NULL;
	if (record_lasting(&source->arena, record, &lasting) < 0 || (rules->complete && rules->complete(source, object, lasting) < 0)) {
		buffer->failed = true;
		return NULL;
	}
	return json(source, buffer, lasting);
}

static uint64_t tell(struct netlink_source *source, struct step *step, enum ferry_change_kind kind, const struct record *named, const char *before,
		     const char *after)
{
	struct ferry_change change = {
		.boottime = step->origin.boottime,
		.kind = kind,
		.before = before,
		.after = after,
		.door = step->origin.door,
		.actor = step->origin.actor,
		.cause = step->cause,
		.consistency = step->consistency,
		.netns = source->recording.netns,
		.source = source->protocol->name,
	};

	if (source->silent)
		return 0;
	if (!change.cause && source->protocol->rules->cause)
		change.cause = source->protocol->rules->cause(source, step);
	buffer_clear(&source->address);
	object_address(step->object, named, naming(source), &source->address);
	change.address = source->address.data;
	if (source->address.failed || source->before.failed || source->after.failed)
		return 0; /* no memory: the recorder's count of changes tells */
	return source->recording.emit(source->recording.sink, &change);
}

static void told(struct netlink_source *source, const struct step *step, uint64_t number, const struct nlmsghdr *before)
{
	if (!source->silent && source->protocol->rules->told)
		source->protocol->rules->told(source, step, number, before);
}

void source_tell_unknown(struct netlink_source *source, const struct step *step)
{
	struct step changed = *step;

	changed.consistency = FERRY_UNKNOWN;
	told(source, step, tell(source, &changed, FERRY_CHANGED, step->record, NULL, whole(source, &source->after, step->object, step->record)),
	     NULL);
}

static void tell_added(struct netlink_source *source, const struct step *like, bool certain)
{
	struct step added = *like, *step = &added;

	if (!certain)
		added.consistency = FERRY_UNKNOWN;
	told(source, step, tell(source, step, FERRY_ADDED, step->record, NULL, whole(source, &source->after, step->object, step->record)), NULL);
}

/* Whether nothing moved but what the kernel itself moves. */
static bool is_state(const struct record *record)
{
	for (uint32_t i = 0; i < record->count; i++)
		if (!record->entries[i].field || !(record->entries[i].field->flags & FIELD_STATE))
			return false;
	return true;
}

/* A carrier that came or went is made known a moment later by the kernel's link watch: by a worker of its own, or in the course of whoever asks for
 * links meanwhile (net/core/link_watch.c). Asking is no change. */
static uint64_t tell_state(struct netlink_source *source, const struct step *step, const char *before, const char *after)
{
	struct step watched = *step;
	uint64_t number;

	if (!step->origin.asks || !source->recording.probe)
		return tell(source, &watched, FERRY_CHANGED, step->record, before, after);
	watched.origin.actor = probe_actor_linkwatch(source->recording.probe);
	watched.origin.door = FERRY_DOOR_KERNEL;
	number = tell(source, &watched, FERRY_CHANGED, step->record, before, after);
	actor_unref(watched.origin.actor);
	return number;
}

/* What had changed already, and the kernel did not tell of, is told first and of nobody: it must not be blamed on who has made the next change. */
static void tell_unheard(struct netlink_source *source, const struct step *step, const struct record *before, struct record *old, struct record *now)
{
	struct record *unheard_old = record_new(&source->arena, old->schema), *unheard_now = record_new(&source->arena, now->schema);
	struct step unheard = *step;

	if (!step->object->unheard_change || source->silent || !unheard_old || !unheard_now ||
	    step->object->unheard_change(&source->arena, before, old, now, unheard_old, unheard_now) < 0 ||
	    (!unheard_old->count && !unheard_now->count))
		return;
	unheard.consistency = FERRY_INFERRED;
	unheard.origin.actor = probe_actor_unknown(source->recording.probe, "the kernel did not tell of it");
	unheard.origin.door = FERRY_DOOR_UNKNOWN;
	tell(source, &unheard, FERRY_CHANGED, step->record, json(source, &source->before, unheard_old), json(source, &source->after, unheard_now));
	actor_unref(unheard.origin.actor);
}

/* BEFORE and step->record are of one object; nothing is told where they are the same. */
static void tell_changed(struct netlink_source *source, struct step *step, const struct record *before, const struct nlmsghdr *before_message)
{
	struct record *old, *now;
	uint64_t number;

	if (record_same(before, step->record) || record_difference(&source->arena, before, step->record, &old, &now) < 0)
		return;
	if (!old->count && !now->count)
		return; /* only hidden fields differ */
	tell_unheard(source, step, before, old, now);
	if (is_state(old) && is_state(now))
		number = tell_state(source, step, json(source, &source->before, old), json(source, &source->after, now));
	else
		number = tell(source, step, FERRY_CHANGED, step->record, json(source, &source->before, old), json(source, &source->after, now));
	told(source, step, number, before_message);
}

static uint64_t forget(struct netlink_source *source, struct cache_entry *entry, struct step *step)
{
	struct record *record;
	uint64_t number;

	if (object_decode(step->object, entry->message, &source->arena, &record) < 0)
		record = step->record;
	number = tell(source, step, FERRY_REMOVED, record, whole(source, &source->before, step->object, record), NULL);
	if (source->reconciling &&
	    !cache_find(&source->removed, entry->key, entry->key_length)) /* one that comes and goes all the time counts once */
		(void)!cache_add(&source->removed, entry->object, entry->key, entry->key_length, entry->message, false);
	return number;
}

static void tell_gone_for_certain(struct netlink_source *source, struct cache_entry *entry, struct step *step)
{
	told(source, step, forget(source, entry, step), entry->message);
	cache_remove(&source->cache, entry);
}

/* ---- What goes by itself once its time is over: the kernel tells no one ---- */

static uint64_t unit_of(const struct object *object)
{
	const struct field *field = object->left ? schema_field(object->schema, object->left) : NULL;

	return field && field->unit == UNIT_SECONDS ? 1000000000 : 1000000;
}

/* A whole unit more than it says may be left, and a tick of the cache. */
void source_note_expiry(struct netlink_source *source, struct cache_entry *entry, const struct step *step)
{
	const struct field *field = step->object->left ? schema_field(step->object->schema, step->object->left) : NULL;
	const struct value *left = field ? record_find(step->record, field->name) : NULL;
	const uint64_t now = step->origin.boottime ? step->origin.boottime : boottime_now();
	const uint64_t unit = unit_of(step->object);
	uint64_t end;

	entry->expires = 0;
	if (!left || left->type != VALUE_UINT || !left->number ||
	    left->number > (UINT64_C(1) << 54) / unit) /* half a year: for good, as far as we go */
		return;
	end = now + ((uint64_t)left->number + 1) * unit + CACHE_TICK_LENGTH;
	entry->expires = CACHE_TICK(end);
	if (!entry->expires)
		entry->expires = 1;
	source_expires_at(source, end);
}

bool source_is_over(const struct cache_entry *entry, uint64_t boottime)
{
	return entry->expires && (int32_t)(CACHE_TICK(boottime) - entry->expires) >= 0;
}

bool source_may_be_over(const struct cache_entry *entry, uint64_t boottime)
{
	return source_is_over(entry, boottime + unit_of(entry->object) + CACHE_TICK_LENGTH);
}

void source_tell_over(struct netlink_source *source, struct cache_entry *entry, const struct step *like)
{
	const int32_t ticks = (int32_t)(CACHE_TICK(like->origin.boottime) - entry->expires);
	const uint64_t since = ticks > 0 ? (uint64_t)ticks * CACHE_TICK_LENGTH : 0;
	struct step over = { .object = entry->object,
			     .message = entry->message,
			     .record = like->record,
			     .removed = true,
			     .consistency = FERRY_INFERRED,
			     .origin = { .actor = probe_actor_expiry(source->recording.probe),
					 .door = FERRY_DOOR_KERNEL,
					 .boottime = like->origin.boottime - since } };

	forget(source, entry, &over);
	cache_remove(&source->cache, entry);
	actor_unref(over.origin.actor);
}

void source_tell_removed(struct netlink_source *source, struct cache_entry *entry, struct step *step)
{
	if (source_is_over(entry, step->origin.boottime))
		source_tell_over(source, entry, step);
	else
		tell_gone_for_certain(source, entry, step);
}

/* Several IPv4 routes may share a key: the one that is the same in content, else the first. */
static struct cache_entry *best(struct netlink_source *source, struct cache_entry *first, const struct record *record)
{
	if (!first->next)
		return first;
	for (struct cache_entry *entry = first; entry; entry = entry->next) {
		struct record *cached;

		if (object_decode(entry->object, entry->message, &source->arena, &cached) >= 0 && record_same(cached, record))
			return entry;
	}
	return first;
}

static void apply_removed(struct netlink_source *source, struct step *step, struct cache_entry *first)
{
	if (!first) { /* never known: what the message itself says is all there is */
		told(source, step, tell(source, step, FERRY_REMOVED, step->record, whole(source, &source->before, step->object, step->record), NULL),
		     step->message);
		return;
	}
	if (!source->protocol->rules->partial || !source->protocol->rules->partial(source, step, first))
		tell_gone_for_certain(source, best(source, first, step->record), step);
}

static void replace(struct netlink_source *source, struct cache_entry *entry, const struct step *step)
{
	_cleanup_buffer_ struct buffer joined = { 0 };

	if (step->object->inherit)
		step->object->inherit(entry->message, step->message, &joined);
	entry = cache_replace(&source->cache, entry, joined.length && !joined.failed ? (const struct nlmsghdr *)joined.data : step->message);
	if (entry)
		source_note_expiry(source, entry, step);
}

static void apply_new(struct netlink_source *source, struct step *step, struct cache_entry *first, const void *key, size_t length)
{
	const unsigned int arrival = step->arrival | (step->object->arrival ? step->object->arrival(step->message) : 0);
	struct cache_entry *entry;
	struct record *cached;

	while (first && arrival & OBJECT_ALONE && !source->silent) {
		/* The kernel says that there was none: ours went without a word (a link that went down in between). */
		struct step gone = *step;

		gone.consistency = FERRY_INFERRED;
		gone.origin.actor = probe_actor_unknown(source->recording.probe, "the kernel did not tell of it");
		gone.origin.door = FERRY_DOOR_UNKNOWN;
		gone.removed = true;
		source_tell_removed(source, first, &gone);
		actor_unref(gone.origin.actor);
		first = cache_find(&source->cache, key, length);
	}
	if (first && source_is_over(first, step->origin.boottime) && !source->silent) {
		source_tell_over(source, first, step);
		first = NULL;
	}
	if (!first || arrival & OBJECT_BESIDE) {
		entry = cache_add(&source->cache, step->object, key, length, step->message, arrival & OBJECT_IN_FRONT);
		if (entry) {
			source_note_expiry(source, entry, step);
			tell_added(source, step, !(arrival & OBJECT_UNSEEN));
		}
		return;
	}
	entry = arrival & OBJECT_FOR_FIRST ? first : best(source, first, step->record);
	if (object_decode(step->object, entry->message, &source->arena, &cached) >= 0)
		tell_changed(source, step, cached, entry->message);
	replace(source, entry, step);
}

void source_sweep(struct netlink_source *source, const struct step *like, bool (*takes)(const struct nlmsghdr *cached, const void *data),
		  const void *data)
{
	struct cache_walk walk = { 0 };
	struct cache_entry *entry;

	while ((entry = cache_next(&source->cache, &walk))) {
		struct step step = *like;

		if (entry->object != like->object || !takes(entry->message, data))
			continue;
		arena_reset(&source->arena);
		step.message = entry->message;
		step.removed = true;
		source_tell_removed(source, entry, &step);
	}
}

void source_apply(struct netlink_source *source, struct step *step)
{
	const struct source_rules *rules = source->protocol->rules;
	struct cache_entry *known;

	if (step->message->nlmsg_len < NLMSG_LENGTH(step->object->schema->header_size))
		return;
	arena_reset(&source->arena);
	source_withhold(&source->arena, step->object, step->message, step->origin.actor);
	if (object_decode(step->object, step->message, &source->arena, &step->record) < 0 && !step->record)
		return;
	buffer_clear(&source->key);
	object_key(step->object, step->record, &source->key);
	if (source->key.failed)
		return;
	known = cache_find(&source->cache, source->key.data, source->key.length);
	if (!known && step->object->unheard && step->object->unheard(step->record))
		return;
	if (rules->decoded && !rules->decoded(source, step, known))
		return;
	if (step->removed)
		apply_removed(source, step, known);
	else
		apply_new(source, step, known, source->key.data, source->key.length);
}
