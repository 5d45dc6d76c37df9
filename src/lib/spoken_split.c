/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages that tell of several objects, or in another layout than their schema has: each object is told by itself. */
#include <errno.h>
#include <string.h>

#include "channel/object.h"
#include "lib/context.h"
#include "lib/trace.h"

struct parts {
	struct ferry_tracer *tracer;
	const struct object *object;
	struct buffer objects; /* struct value each */
	uint64_t count;
	bool few;
};

static int take_part(void *data, const struct nlmsghdr *part)
{
	struct parts *parts = data;
	struct value value = { .type = VALUE_RECORD };
	struct record *record;
	int r;

	if (parts->few && parts->count >= OBJECTS_KEPT) {
		parts->count++;
		return 0;
	}
	part = (const struct nlmsghdr *)arena_copy(&parts->tracer->arena, part, part->nlmsg_len);
	r = part ? object_decode(parts->object, part, &parts->tracer->arena, &record) : -ENOMEM;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	value.record = record;
	buffer_add(&parts->objects, &value, sizeof(value));
	parts->count++;
	return parts->objects.failed ? -ENOMEM : 0;
}

int spoken_split_decode(struct ferry_tracer *tracer, const struct object *object, const struct nlmsghdr *message, struct spoken_message *ret)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	struct parts parts = { .tracer = tracer, .object = object, .few = !(message->nlmsg_flags & NLM_F_REQUEST) && !tracer->options.messages };
	int r = object->split(message, &room, take_part, &parts);
	const struct value *objects =
		r == 0 ? (const struct value *)arena_copy(&tracer->arena, parts.objects.data ? parts.objects.data : "", parts.objects.length) : NULL;
	const uint32_t kept = (uint32_t)(parts.objects.length / sizeof(struct value));

	buffer_done(&parts.objects);
	if (r < 0 || room.failed || !objects)
		return r < 0 ? r : -ENOMEM;
	/* A request that names none asks for some. */
	if (!parts.count && message->nlmsg_flags & NLM_F_REQUEST)
		return -EBADMSG;
	ret->is_of_many = true;
	ret->objects = objects;
	ret->object_count = parts.count;
	if (!kept)
		return 0;
	ret->value = kept == 1 ? objects[0] : (struct value){ .type = VALUE_LIST, .list = { (struct value *)objects, kept } };
	ret->has_value = true;
	return 0;
}
