/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes by itself once its time is over, of which the kernel tells no one: when that is due, what it was in is read, since packets may have given
 * it more time meanwhile. */
#include <errno.h>
#include <string.h>

#include "channel/netlink_source.h"
#include "channel/object-inside.h"

#define LOOK_PAUSE 1000000000ull /* at least, between two looks */
#define LOOK_SHARE 50            /* a look takes no more than this part of the time */

/* Appends what says where RECORD is. */
static void holder(const struct object *object, const struct record *record, struct buffer *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(object->within) && object->within[i]; i++) {
		const struct value *value = record_find(record, object->within[i]);

		if (value && value->type == VALUE_TEXT)
			buffer_add(ret, value->bytes.data, value->bytes.length);
		else if (value)
			buffer_add(ret, &value->number, sizeof(value->number));
		buffer_add_char(ret, '\0');
	}
}

static int read_holder(const struct object *object, struct netlink *requests, const struct record *key, struct dump *dump)
{
	_cleanup_buffer_ struct buffer request = { 0 };
	struct error ignored;

	if (object->get && object->get(key, &request) == OBJECT_GET_DUMP)
		return object_dump_request(object, requests, &request, source_gather, dump, &dump->interrupted, &ignored);
	return object_dump_whole(object, requests, key, false, source_gather, dump, &dump->interrupted, &ignored);
}

/* What is still there has been given more time. */
static void renew(struct netlink_source *source, const struct dump *dump)
{
	const struct nlmsghdr *message;
	struct step step = { 0 };

	for (size_t position = 0; (message = source_gathered(dump, &position));) {
		struct cache_entry *entry;

		if (!source_prepare(source, dump, message, &step))
			continue;
		entry = cache_find(&source->cache, source->key.data, source->key.length);
		if (entry && source_is_over(entry, boottime_now()))
			source_note_expiry(source, entry, &step);
	}
}

/* The others of OBJECT within PLACE were not found. */
static void tell_others(struct netlink_source *source, const struct object *object, const struct buffer *place)
{
	_cleanup_buffer_ struct buffer other = { 0 };
	struct cache_walk walk = { 0 };
	struct cache_entry *entry;

	while ((entry = cache_next(&source->cache, &walk))) {
		struct step step = { .object = object, .message = entry->message, .removed = true, .origin = { .boottime = boottime_now() } };

		if (entry->object != object || !source_is_over(entry, step.origin.boottime))
			continue;
		arena_reset(&source->arena);
		buffer_clear(&other);
		if (object_decode(object, entry->message, &source->arena, &step.record) < 0)
			continue;
		holder(object, step.record, &other);
		if (!other.failed && other.length == place->length && memcmp(other.data, place->data, place->length) == 0)
			source_tell_removed(source, entry, &step);
	}
}

/* Reads where ENTRY is, and tells what is over there. */
static int look_near(struct netlink_source *source, const struct cache_entry *entry, struct netlink *requests)
{
	struct dump dump = { .object = entry->object };
	_cleanup_buffer_ struct buffer place = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record, *key;
	int r;

	if (object_decode(entry->object, entry->message, &arena, &record) < 0 || record_copy(&arena, record, &key) < 0)
		return -ENOMEM;
	holder(dump.object, key, &place);
	r = place.failed ? -ENOMEM : read_holder(dump.object, requests, key, &dump);
	if (r == 0) {
		source_drain(source); /* who has made it anew since tells that it was gone */
		if (source->check_count)
			source_run_checks(source);
		renew(source, &dump);
	}
	/* Where it is gone altogether that is told, or found, by itself. */
	if (r == 0 && !dump.interrupted)
		tell_others(source, dump.object, &place);
	buffer_done(&dump.messages);
	return dump.interrupted ? -EAGAIN : r;
}

static const struct cache_entry *first_over(const struct netlink_source *source)
{
	const uint64_t now = boottime_now();
	struct cache_walk walk = { 0 };
	const struct cache_entry *entry;

	while ((entry = cache_next(&source->cache, &walk)))
		if (source_is_over(entry, now))
			return entry;
	return NULL;
}

static void find_due(struct netlink_source *source)
{
	const uint64_t now = boottime_now();
	struct cache_walk walk = { 0 };
	const struct cache_entry *entry;

	source->expiry_due = 0;
	while ((entry = cache_next(&source->cache, &walk)))
		if (entry->expires)
			source_expires_at(source,
					  now + (uint64_t)((int64_t)(int32_t)(entry->expires - CACHE_TICK(now)) * (int64_t)CACHE_TICK_LENGTH));
}

void source_expires_at(struct netlink_source *source, uint64_t boottime)
{
	if (!source->expiry_due || boottime < source->expiry_due)
		source->expiry_due = boottime;
}

uint64_t source_tell_expired(struct netlink_source *source)
{
	const uint64_t began = boottime_now();
	const uint64_t due = source->expiry_due < source->expiry_after ? source->expiry_after : source->expiry_due;
	const struct cache_entry *entry, *last = NULL;
	struct netlink *requests;
	uint64_t took;
	int r = 0;

	if (!source->expiry_due)
		return 0;
	if (began < due)
		return due;
	if (machine_netlink(source->recording.machine, source->protocol->number, &requests) < 0)
		r = -ENOTCONN;
	/* One that a look has made nothing of waits for the next. */
	for (; r == 0 && (entry = first_over(source)) && entry != last; last = entry)
		r = look_near(source, entry, requests);
	find_due(source);
	took = boottime_now() - began;
	source->expiry_after = began + took + (took * LOOK_SHARE > LOOK_PAUSE ? took * LOOK_SHARE : LOOK_PAUSE);
	if (!source->expiry_due)
		return 0;
	return source->expiry_due < source->expiry_after ? source->expiry_after : source->expiry_due;
}
