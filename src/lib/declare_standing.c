/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands: all objects of a kind by one dump, and what of them a document says. */
#include <errno.h>
#include <string.h>

#include "base/sort.h"
#include "lib/declare.h"

static int gather(void *data, const struct nlmsghdr *message)
{
	struct kind *kind = data;

	if (!message) {
		buffer_clear(&kind->messages);
		return 0;
	}
	buffer_add(&kind->messages, message, message->nlmsg_len);
	buffer_add(&kind->messages, "\0\0\0\0\0\0\0", (8 - message->nlmsg_len % 8) % 8);
	return kind->messages.failed ? -ENOMEM : 0;
}

/* By their paths; those of one path stay in the kernel's order. */
static int sort(struct kind *kind)
{
	struct standing *sorted = calloc(kind->count ? kind->count : 1, sizeof(*sorted));
	_cleanup_free_ struct sort_text *texts = calloc(kind->count ? kind->count : 1, sizeof(*texts));
	int r = sorted && texts ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < kind->count; i++)
		texts[i] = (struct sort_text){ .text = kind->list[i].path, .other = &kind->list[i] };
	if (r == 0)
		r = sort_texts(texts, kind->count);
	for (size_t i = 0; r == 0 && i < kind->count; i++)
		sorted[i] = *(const struct standing *)texts[i].other;
	if (r < 0) {
		free(sorted);
		return r;
	}
	free(kind->list);
	kind->list = sorted;
	return 0;
}

static int add(struct ferry *ferry, struct kind *kind, const struct nlmsghdr *message, struct arena *scratch)
{
	const struct object *object = kind->channel->object;
	_cleanup_buffer_ struct buffer path = { 0 };
	struct standing *standing = &kind->list[kind->count];
	struct record *record = NULL;
	int r;

	arena_reset(scratch);
	r = object_decode(object, message, scratch, &record);
	if (!record)
		return r == -EBADMSG ? 0 : r;
	object->path(record, &ferry->machine.naming, &path);
	*standing = (struct standing){ .path = arena_copy(&kind->arena, path.data ? path.data : "", path.length),
				       .message = message,
				       .place = kind->count };
	if (path.failed || !standing->path)
		return -ENOMEM;
	kind->count++;
	return 0;
}

/* Names are looked up only now, since that needs the socket that the dump came from. */
static int decode_all(struct ferry *ferry, struct kind *kind)
{
	_cleanup_arena_ struct arena scratch = { 0 };
	size_t count = 0, step;
	int r = 0;

	for (size_t at = 0; at < kind->messages.length; at += step) {
		step = (((const struct nlmsghdr *)(kind->messages.data + at))->nlmsg_len + 7) & ~(size_t)7;
		count++;
	}
	kind->list = calloc(count ? count : 1, sizeof(*kind->list));
	if (!kind->list)
		return -ENOMEM;
	for (size_t at = 0; r == 0 && at < kind->messages.length; at += step) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)(kind->messages.data + at);

		step = (message->nlmsg_len + 7) & ~(size_t)7;
		r = add(ferry, kind, message, &scratch);
	}
	return r < 0 ? r : sort(kind);
}

int kind_read(struct ferry *ferry, const struct channel *channel, bool everything, struct kind *ret)
{
	struct kind kind = { .channel = channel };
	struct netlink *netlink;
	int r = machine_netlink(&ferry->machine, channel->object->protocol->number, &netlink);

	if (r == -EPROTONOSUPPORT) { /* then nothing of the kind stands either */
		*ret = kind;
		return 0;
	}
	if (r >= 0)
		r = object_dump_whole(channel->object, netlink, NULL, everything, gather, &kind, &kind.interrupted, &ferry->machine.error);
	if (r >= 0)
		r = decode_all(ferry, &kind);
	if (r < 0) {
		kind_done(&kind);
		return ferry_failed(ferry, r);
	}
	*ret = kind;
	return 0;
}

int kind_read_allowed(struct ferry *ferry, const struct channel *channel, struct kind *ret)
{
	const struct error before = ferry->error;
	int r = kind_read(ferry, channel, false, ret);

	if (r != -EPERM && r != -EACCES)
		return r;
	*ret = (struct kind){ .channel = channel };
	ferry->error = before;
	return 0;
}

bool kind_may_follow(const struct channel *channel)
{
	const struct object *object = channel->object;

	return object && object->protocol->rules && !object_has_transactions(object) && strcmp(object->name, "port") != 0;
}

void kind_done(struct kind *kind)
{
	buffer_done(&kind->messages);
	free(kind->list);
	arena_done(&kind->arena);
	*kind = (struct kind){ 0 };
}

struct standing *kind_find(const struct kind *kind, const char *path, size_t *ret_count)
{
	size_t low = 0, high = kind->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(kind->list[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < kind->count && strcmp(kind->list[end].path, path) == 0;)
		end++;
	*ret_count = end - low;
	return end > low ? &kind->list[low] : NULL;
}

int standing_record(const struct kind *kind, const struct standing *standing, struct arena *arena, struct record **ret)
{
	int r;

	*ret = NULL;
	r = object_decode(kind->channel->object, standing->message, arena, ret);
	/* What is malformed at its end counts as far as it goes, as it did for its path. */
	return *ret ? 0 : r < 0 ? r : -EBADMSG;
}

enum object_origin origin_of(const struct object *object, const struct record *record)
{
	if (object->origin)
		return object->origin(record);
	return object->comes_by_itself ? OBJECT_FOLLOWS : OBJECT_ASKED;
}

/* ---- What of a record a document says ---- */

static void count(struct left *left, const struct field *field)
{
	if (!left || !field || field->flags & FIELD_HIDDEN)
		return;
	if (field->flags & FIELD_SECRET)
		left->secret_fields++;
	else if (field->flags & (FIELD_VOLATILE | FIELD_STATE))
		left->volatile_fields++;
	else if (field->flags & FIELD_DERIVED)
		left->derived_fields++;
	else
		left->other_fields++;
}

static bool is_declared(const struct field *field)
{
	if (!field || field->flags & (FIELD_HIDDEN | FIELD_SECRET | FIELD_STATE | FIELD_DRAWN))
		return false;
	/* What follows from other state, but must be said when the object is made (the link below a VLAN), is said. */
	if (field->flags & (FIELD_VOLATILE | FIELD_DERIVED))
		return field->flags & FIELD_CREATE;
	return field->flags & (FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE);
}

/* The way of a route that has a nexthop object is that one's. */
static bool is_told_by_nexthop(const struct record *record, const struct entry *entry)
{
	static const char *const told[] = { "dev", "gateway", "via", "nexthops", "encap", "encap_type" };

	if (!entry->name || !record_number(record, "nhid", 0))
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(told); i++)
		if (strcmp(entry->name, told[i]) == 0)
			return true;
	return false;
}

static int declared_inside(struct arena *arena, struct value *value, struct left *left);

/* Of a record in a list, which is set as a whole, all but what moves. */
static int without_moving(struct arena *arena, const struct record *record, struct record **ret, struct left *left)
{
	struct record *kept = record_new_sized(arena, record->schema, record->count + 1u);
	int r = kept ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < record->count; i++) {
		struct entry entry = record->entries[i];
		const uint32_t flags = entry.field ? entry.field->flags : 0;

		if (flags & (FIELD_HIDDEN | FIELD_SECRET | FIELD_STATE) || (flags & FIELD_VOLATILE && !(flags & FIELD_CREATE))) {
			count(left, entry.field);
			continue;
		}
		r = declared_inside(arena, &entry.value, left);
		if (r == 0)
			r = record_add(arena, kept, entry);
	}
	*ret = kept;
	return r;
}

static int declared_inside(struct arena *arena, struct value *value, struct left *left)
{
	struct value *items;
	struct record *inner;
	int r = 0;

	if (value->type == VALUE_RECORD) {
		r = without_moving(arena, value->record, &inner, left);
		value->record = inner;
	}
	if (value->type != VALUE_LIST || !value->list.count || value->list.items[0].type != VALUE_RECORD)
		return r;
	items = arena_array(arena, struct value, value->list.count);
	if (!items)
		return -ENOMEM;
	memcpy(items, value->list.items, value->list.count * sizeof(*items));
	for (uint32_t i = 0; r == 0 && i < value->list.count; i++)
		r = declared_inside(arena, &items[i], left);
	value->list.items = items;
	return r;
}

int record_declared(struct arena *arena, const struct record *record, bool all, struct record **ret, struct left *left)
{
	struct record *declared = record_new_sized(arena, record->schema, record->count + 1u);

	if (!declared)
		return -ENOMEM;
	for (uint32_t i = 0; i < record->count; i++) {
		struct entry entry = record->entries[i];
		struct record *inner;
		int r;

		if (all ? entry.field && entry.field->flags & (FIELD_HIDDEN | FIELD_SECRET)
			: !is_declared(entry.field) || is_told_by_nexthop(record, &entry)) {
			count(left, entry.field);
			continue;
		}
		if (entry.value.type == VALUE_RECORD) {
			r = record_declared(arena, entry.value.record, all, &inner, left);
			if (r < 0)
				return r;
			if (!inner->count)
				continue;
			entry.value.record = inner;
		}
		if (entry.value.type == VALUE_LIST && !all) {
			r = declared_inside(arena, &entry.value, left);
			if (r < 0)
				return r;
		}
		r = record_add(arena, declared, entry);
		if (r < 0)
			return r;
	}
	*ret = declared;
	return 0;
}
