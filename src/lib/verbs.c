/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs by which the state layer reads and writes, over the channels. */
#include "lib/verbs.h"

#include <errno.h>
#include <string.h>

#include "channel/baseline.h"
#include "channel/channel.h"
#include "channel/object.h"
#include "lib/context.h"

struct reading {
	char *json;
	int error;
	bool many;
};

static int take(void *data, const struct ferry_item *item)
{
	struct reading *reading = data;

	if (reading->json || reading->error) {
		reading->many = true;
		return 0;
	}
	reading->error = item->error;
	if (item->value)
		reading->json = ferry_value_json(item->value);
	return 0;
}

static int verb_read(void *data, const char *address, char **ret_json, struct error *error)
{
	struct ferry *ferry = data;
	struct reading reading = { 0 };
	int r = ferry_get(ferry, address, 0, take, &reading);

	if (r >= 0 && reading.error)
		r = error_set(&ferry->error, reading.error, "cannot read %s: %s", address, error_text(reading.error));
	else if (r >= 0 && !reading.json)
		r = -ENOENT;
	if (r < 0) {
		*error = ferry->error;
		free(reading.json);
		return r;
	}
	*ret_json = reading.json;
	return 0;
}

static int verb_write(void *data, const char *address, const char *json, char **ret_now, struct error *error)
{
	struct ferry *ferry = data;
	const char *path;
	const struct channel *channel = channel_of(address, &path);
	int r;

	if (!channel || !channel->set)
		return error_set(error, -EOPNOTSUPP, "%s cannot be written by ferry", address);
	r = channel->set(channel, &ferry->machine, path, json, ret_now);
	if (r < 0) {
		ferry_failed(ferry, r);
		*error = ferry->error;
	}
	return r;
}

static void drop_withheld(struct record *record)
{
	for (uint32_t i = record->count; i-- > 0;) {
		const struct entry *entry = &record->entries[i];

		if (entry->value.type == VALUE_RECORD)
			drop_withheld((struct record *)entry->value.record);
		else if (entry->value.type == VALUE_TEXT && entry->value.bytes.length == 8 && memcmp(entry->value.bytes.data, "(secret)", 8) == 0)
			record_drop(record, entry->name);
	}
}

/* JSON to a record. What is secret is not there to be compared. */
static int parse_told(struct ferry *ferry, const struct object *object, const char *json, const struct record *now, struct arena *arena,
		      struct record **ret, struct error *error)
{
	struct value generic;
	int r;

	if (!object->has_secrets)
		return object_parse_json(object, json, now, &ferry->machine.naming, arena, ret, error);
	r = value_parse_json(json, strlen(json), arena, &generic, error);
	if (r < 0)
		return r;
	if (generic.type != VALUE_RECORD)
		return error_set(error, -EINVAL, "a %s must be an object {...}", object->name);
	drop_withheld((struct record *)generic.record);
	return object_of_generic(object, (struct record *)generic.record, now, &ferry->machine.naming, arena, ret, error);
}

/* What EXPECTED leaves out of what chooses a schema (the kind of a link) is taken from what stands there. */
static int parse_both(struct ferry *ferry, const struct object *object, const char *expected, const char *present, struct arena *arena,
		      struct record **ret_expected, struct record **ret_present, struct error *error)
{
	int r = parse_told(ferry, object, present, NULL, arena, ret_present, error);

	/* What is a setting may depend on the rest of what stands there. */
	if (r == 0 && object->mend && object->mend(arena, *ret_present) < 0)
		r = error_set(error, -ENOMEM, "no memory to compare");
	return r < 0 ? r : parse_told(ferry, object, expected, *ret_present, arena, ret_expected, error);
}

static int objects_match(struct ferry *ferry, const struct object *object, const char *expected, const char *present, bool *ret, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *a, *b;
	int r = parse_both(ferry, object, expected, present, &arena, &a, &b, error);

	if (r < 0)
		return r;
	*ret = object_matches(a, b);
	return 0;
}

/* Of PRESENT just the fields of EXPECTED that are otherwise there. */
static char *object_difference(struct ferry *ferry, const struct object *object, const char *expected, const char *present)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer json = { 0 };
	struct record *a, *b, *part = record_new(&arena, object->schema);
	struct error error;

	if (!part || parse_both(ferry, object, expected, present, &arena, &a, &b, &error) < 0)
		return NULL;
	for (unsigned int i = 0; i < a->count; i++) {
		struct entry entry = a->entries[i];
		const struct entry *other = entry.field ? record_entry(b, entry.field) : NULL;

		if (object_entry_matches(&entry, b, UINT64_MAX))
			continue;
		entry.value = other ? other->value : (struct value){ .type = VALUE_NULL };
		if (record_add(&arena, part, entry) < 0)
			return NULL;
	}
	record_json(&json, part, &ferry->machine.naming);
	return buffer_take(&json);
}

static int knob_matches(const char *expected, const char *present, bool *ret, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct value a, b;
	int r;

	r = value_parse_json(expected, strlen(expected), &arena, &a, error);
	if (r >= 0)
		r = value_parse_json(present, strlen(present), &arena, &b, error);
	if (r < 0)
		return r;
	*ret = value_equal(&a, &b) ||
	       (a.type == VALUE_TEXT && b.type == VALUE_TEXT && file_value_same(a.bytes.data, a.bytes.length, b.bytes.data, b.bytes.length));
	return 0;
}

static int verb_matches(void *data, const char *address, const char *expected, const char *present, bool *ret, struct error *error)
{
	const char *path;
	const struct channel *channel = channel_of(address, &path);

	if (channel && channel->object)
		return objects_match(data, channel->object, expected, present, ret, error);
	return knob_matches(expected, present, ret, error);
}

/* Whether a change left a latch in the state that it cannot leave. AFTER is JSON: a number, or text in quotes. */
static bool is_latched(const struct nature *nature, const struct ferry_change *change)
{
	size_t length = nature_other(nature) ? strlen(nature_other(nature)) : 0;

	if (!nature_other(nature) || !change->after)
		return true;
	return !strcmp(change->after, nature_other(nature)) ||
	       (change->after[0] == '"' && !strncmp(change->after + 1, nature_other(nature), length) && change->after[length + 1] == '"');
}

static char *verb_difference(void *data, const char *address, const char *expected, const char *present)
{
	const char *path;
	const struct channel *channel = channel_of(address, &path);

	return channel && channel->object ? object_difference(data, channel->object, expected, present) : strdup(present);
}

static bool verb_remade(void *data, const char *address, const char *before, const char *present)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *a, *b;
	struct error error;
	const char *path;
	const struct channel *channel = channel_of(address, &path);
	const struct object *object = channel ? channel->object : NULL;

	if (!object || !object->origin || parse_both(data, object, before, present, &arena, &a, &b, &error) < 0)
		return false;
	return object->origin(a) == OBJECT_FOLLOWS && object->origin(b) == OBJECT_FOLLOWS;
}

bool ferry_change_is_derived(const struct ferry_change *change)
{
	static const struct {
		const char *prefix, *mark;
	} kinds[] = { { "netlink/route/route/", "\"protocol\":\"kernel\"" },
		      { "netlink/route/mdb/", "\"protocol\":\"kernel\"" },
		      { "netlink/route/neigh/", "\"lladdr\":\"33:33:" },
		      { "netlink/route/neigh/", "\"lladdr\":\"01:00:5e:" } };
	const char *object = change->before ? change->before : change->after;

	for (unsigned int i = 0; object && change->address && change->kind != FERRY_CHANGED && i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(change->address, kinds[i].prefix, strlen(kinds[i].prefix)) && strstr(object, kinds[i].mark))
			return true;
	return false;
}

static const char *verb_forbids(void *data, const struct ferry_change *change)
{
	const struct nature *nature = nature_of(change->address);
	const struct ferry *ferry = data;

	if (change->netns && change->netns != ferry->netns)
		return "it was made in another network namespace: run ferry undo in there (-N NETNS)";
	if (ferry_change_is_derived(change))
		return "the kernel makes and removes it with the address or link that it belongs to: undo the change of that";
	if (!nature)
		return NULL;
	switch (nature->nature) {
	case FERRY_ACTION:
		return "a write to it is an action that has been done, not a value that is kept";
	case FERRY_LATCH:
		return is_latched(nature, change) ? "it is a latch: the kernel does not let it go back before the next boot" : NULL;
	case FERRY_VOLATILE:
		return "it holds another value at each read";
	default:
		return NULL;
	}
}

struct undo_verbs undo_verbs_of(struct ferry *ferry)
{
	return (struct undo_verbs){ .data = ferry,
				    .read = verb_read,
				    .write = verb_write,
				    .matches = verb_matches,
				    .difference = verb_difference,
				    .forbids = verb_forbids,
				    .remade = verb_remade };
}
