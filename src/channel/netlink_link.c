/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects that are of a link (what ethtool sets): the kernel tells no one when they come and go with it. So they are asked for when a link comes,
 * that what was before is known once one of them changes. */
#include <errno.h>

#include "channel/netlink_source.h"

static int take_found(void *data, const struct nlmsghdr *message)
{
	const struct step *like = ((void **)data)[1];
	struct step step = *like;

	step.message = message;
	if (message->nlmsg_type == step.object->new_type)
		source_apply(((void **)data)[0], &step);
	return 0;
}

static int make_key(const struct object *object, uint32_t index, struct arena *arena, struct record **ret)
{
	*ret = record_new(arena, object->schema);
	return *ret ? record_put(arena, *ret, "dev", value_uint(index)) : -ENOMEM;
}

static void ask(struct netlink_source *source, const struct object *object, uint32_t index, struct netlink *requests)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer request = { 0 };
	struct step like = { .object = object };
	void *data[] = { source, &like };
	struct record *key;

	if (make_key(object, index, &arena, &key) < 0 || object->get(key, &request) != OBJECT_GET_ONE || request.failed)
		return;
	/* Most links have but a few of them. */
	source->silent = true;
	(void)!netlink_request(requests, object->get_type, 0, request.data, request.length, take_found, data, NULL);
	source->silent = false;
}

static bool is_asked_to_change(const struct netlink_source *source)
{
	for (unsigned int i = 0; i < source->check_count; i++)
		if (source->checks[i].kind == CHECK_ASKED)
			return true;
	return false;
}

/* Of those that the kernel tells no one of: what was asked for since the link came, and granted, may stand in the answer already. Then what the link
 * began with is kept, and the look that waits tells the rest with who did it. */
static void ask_untold(struct netlink_source *source, const struct object *object, uint32_t index, struct netlink *requests)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer room = { 0 };
	struct dump dump = { .object = object };
	struct step step = { .object = object };
	struct error ignored = { 0 };
	struct record *key;
	bool asked;

	if (make_key(object, index, &arena, &key) < 0)
		return;
	(void)!object->dump_each(object, requests, key, source_gather, &dump, &dump.interrupted, &ignored);
	source->recording.pump(source->recording.sink);
	asked = is_asked_to_change(source);
	source->silent = true;
	for (size_t position = 0; (step.message = source_gathered(&dump, &position));) {
		if (asked)
			step.message = object->begins_as ? object->begins_as(step.message, &room) : NULL;
		if (step.message)
			source_apply(source, &step);
	}
	source->silent = false;
	buffer_done(&dump.messages);
}

void netlink_source_link_added(struct netlink_source *source, uint32_t index)
{
	const struct object *object;
	struct netlink *requests;
	unsigned int position = 0;

	if (!source->protocol->rules->link_of || !source->started || source->silent || source->waits ||
	    machine_netlink(source->recording.machine, source->protocol->number, &requests) < 0)
		return;
	while ((object = object_next(source->protocol, &position)))
		if (object_is_recorded(object) && object->untold)
			ask_untold(source, object, index, requests);
		else if (object_is_recorded(object))
			ask(source, object, index, requests);
	source->looked[source->looked_next++ % LOOKED_MAXIMUM] = (struct looked){ boottime_now(), index };
}

static void forget(struct netlink_source *source, const struct object *object, uint32_t index)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer identity = { 0 };
	struct cache_entry *entry;
	struct record *key;

	if (make_key(object, index, &arena, &key) < 0)
		return;
	object_key(object, key, &identity);
	entry = identity.failed ? NULL : cache_find(&source->cache, identity.data, identity.length);
	if (entry)
		cache_remove(&source->cache, entry);
}

/* What comes by itself with a link goes with it. What was made on it is told: it does not come back with the link. */
void netlink_source_link_removed(struct netlink_source *source, uint32_t index, const struct origin *origin, uint64_t cause)
{
	const struct object *object;
	unsigned int position = 0;

	if (!source->protocol->rules->link_of || !source->started || source->waits)
		return;
	while ((object = object_next(source->protocol, &position)))
		if (object->comes_by_itself)
			forget(source, object, index);
		else
			source_check(source, (struct check){ .kind = CHECK_LINK_GONE, .index = index, .cause = cause }, origin);
}

/* Whether what is known of link INDEX was asked for after BOOTTIME. */
static bool was_looked_at(const struct netlink_source *source, uint32_t index, uint64_t boottime)
{
	for (unsigned int i = 0; i < LOOKED_MAXIMUM; i++)
		if (source->looked[i].index == index && source->looked[i].boottime > boottime)
			return true;
	return false;
}

static bool is_same(struct netlink_source *source, const struct step *step, const struct cache_entry *known)
{
	struct record *cached;

	return object_decode(known->object, known->message, &source->arena, &cached) == 0 && record_same(cached, step->record);
}

bool source_decoded_of_link(struct netlink_source *source, const struct step *step, const struct cache_entry *known)
{
	const uint32_t index = source->protocol->rules->link_of(step->message);

	if (source->silent || step->consistency != FERRY_WHOLE)
		return true;
	if (known && !(was_looked_at(source, index, step->origin.boottime) && is_same(source, step, known)))
		return true;
	source_tell_unknown(source, step);
	if (!known)
		(void)!cache_add(&source->cache, step->object, source->key.data, source->key.length, step->message, false);
	return false;
}
