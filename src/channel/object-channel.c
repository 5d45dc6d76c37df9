/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects in the tree: listing and reading them, whole and by their fields. A path names an object, a field of it, or all objects below it. */
#include <errno.h>
#include <string.h>

#include "base/sort.h"
#include "channel/object-inside.h"
#include "channel/path-wants.h"
#include "channel/record-items.h"
#include "channel/socket.h"

#define AHEAD 4 /* messages that are fetched before their turn */

/* What is being walked. */
struct walk {
	const struct object *object;
	struct machine *machine;
	const char *path; /* below the channel, "" for all */
	struct record_items items;
	bool named; /* at least one object matched */
	/* The messages of a dump that are wanted, with their paths. */
	struct arena messages;
	struct sort_text *places; /* other: the message */
	size_t count, capacity;
	struct buffer own;            /* path of the message at hand */
	struct socket_owners *owners; /* read when they are told first */
	void *context;                /* of object->complete() */
	struct arena arena, key;
};

static int tell_object(struct walk *walk, const char *own, const struct record *record)
{
	const char *rest;
	bool opened;
	int r = path_wants(own, walk->path, &rest, &opened);

	if (r <= 0)
		return r;
	walk->named = true;
	buffer_clear(&walk->items.address);
	buffer_add_text(&walk->items.address, walk->object->protocol->name);
	buffer_add_char(&walk->items.address, '/');
	buffer_add_text(&walk->items.address, walk->object->name);
	buffer_add_char(&walk->items.address, '/');
	buffer_add_text(&walk->items.address, own);
	return record_items_tell(&walk->items, record, rest, opened && *walk->path);
}

/* ---- Gathering ---- */

static int add_place(struct walk *walk, const void *message, const char *path)
{
	if (walk->count == walk->capacity) {
		const size_t capacity = walk->capacity ? walk->capacity * 2 : 64;
		struct sort_text *places = reallocarray(walk->places, capacity, sizeof(*places));

		if (!places)
			return -ENOMEM;
		walk->places = places;
		walk->capacity = capacity;
	}
	walk->places[walk->count++] = (struct sort_text){ .text = path, .other = message };
	return 0;
}

static void forget(struct walk *walk)
{
	arena_reset(&walk->messages);
	walk->count = 0;
}

static int decode_message(struct walk *walk, const struct nlmsghdr *message, struct record **ret)
{
	int r;

	arena_reset(&walk->arena);
	r = object_decode(walk->object, message, &walk->arena, ret);
	/* A message that is malformed at its end is shown as far as it goes. */
	return r == -EBADMSG && *ret ? 0 : r;
}

/* Whether MESSAGE is wanted: 1, with its path in walk->own. */
static int wants(struct walk *walk, const struct nlmsghdr *message)
{
	struct record *record = NULL;
	const char *rest;
	bool opened;
	int r = decode_message(walk, message, &record);

	if (r < 0)
		return r == -EBADMSG ? 0 : r;
	buffer_clear(&walk->own);
	walk->object->path(record, &walk->machine->naming, &walk->own);
	buffer_add(&walk->own, "", 0);
	if (walk->own.failed)
		return -ENOMEM;
	return path_wants(walk->own.data, walk->path, &rest, &opened);
}

static int keep(struct walk *walk, const struct nlmsghdr *message)
{
	void *copy = arena_allocate_plain(&walk->messages, message->nlmsg_len + walk->own.length + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, message, message->nlmsg_len);
	memcpy((char *)copy + message->nlmsg_len, walk->own.data, walk->own.length + 1);
	return add_place(walk, copy, (char *)copy + message->nlmsg_len);
}

/* What is wanted is kept by itself: a message is looked at while the processor has it at hand. */
static int gather(void *data, const struct nlmsghdr *message)
{
	struct walk *walk = data;
	int r;

	if (!message) {
		forget(walk);
		return 0;
	}
	r = wants(walk, message);
	return r > 0 ? keep(walk, message) : r;
}

/* What is not in the message: whose it is, how it reads. */
static int complete(struct walk *walk, struct record *record)
{
	int r = 0;

	if (!walk->items.values)
		return 0;
	if (walk->object->complete)
		return walk->object->complete(walk->machine, &walk->context, &walk->arena, record);
	if (!walk->object->has_owner)
		return 0;
	if (!walk->owners)
		r = socket_owners_read(walk->machine, &walk->owners);
	return r < 0 ? r : socket_owners_tell(walk->owners, &walk->arena, record);
}

/* Objects of one address stay in the kernel's order. */
static int deliver(struct walk *walk)
{
	struct record *record;
	int r = sort_texts(walk->places, walk->count);

	for (size_t i = 0; r == 0 && i < walk->count; i++) {
		/* In the order of their paths they lie all over the memory. */
		if (i + AHEAD < walk->count)
			__builtin_prefetch(walk->places[i + AHEAD].other);
		if (walk->object->tells_twice && i > 0 && strcmp(walk->places[i].text, walk->places[i - 1].text) == 0)
			continue;
		record = NULL;
		r = decode_message(walk, walk->places[i].other, &record);
		if (r == 0)
			r = complete(walk, record);
		if (r == 0)
			r = tell_object(walk, walk->places[i].text, record);
	}
	return r;
}

/* The path as the objects themselves have it: a key may be told in several ways. */
static void respell(struct walk *walk, const struct record *key, const char *rest)
{
	const char *path;

	buffer_clear(&walk->own);
	walk->object->path(key, &walk->machine->naming, &walk->own);
	buffer_printf(&walk->own, "%s%s", *rest ? "/" : "", rest);
	path = walk->own.failed ? NULL : arena_copy(&walk->key, walk->own.data, walk->own.length);
	if (path)
		walk->path = path;
}

/* The key that a path without globs says, where the kernel can be asked for less than everything. */
static int narrow(struct walk *walk, struct buffer *request, struct record **ret_key)
{
	const char *rest;
	int r;

	*ret_key = NULL;
	if (!*walk->path || strpbrk(walk->path, "*?[") || (!walk->object->get && !walk->object->dump_each))
		return -ENOENT;
	r = walk->object->parse(walk->path, &walk->machine->naming, &walk->key, ret_key, &rest, NULL);
	if (r < 0)
		*ret_key = NULL;
	if (r == 0 && walk->object->dump_each)
		respell(walk, *ret_key, rest);
	return r < 0 || !walk->object->get ? -ENOENT : walk->object->get(*ret_key, request);
}

static int read_all(struct walk *walk, struct netlink *netlink, const struct record *key)
{
	bool interrupted = false;
	int r = object_dump_whole(walk->object, netlink, key, walk->items.values, gather, walk, &interrupted, &walk->machine->error);

	if (interrupted)
		walk->items.consistency = FERRY_INTERRUPTED;
	return r;
}

static int read_some(struct walk *walk, struct netlink *netlink)
{
	_cleanup_buffer_ struct buffer request = { 0 };
	struct record *key;
	bool interrupted = false;
	int kind = narrow(walk, &request, &key), r;

	if (request.failed)
		return -ENOMEM;
	if (kind == OBJECT_GET_DUMP) {
		r = object_dump_request(walk->object, netlink, &request, gather, walk, &interrupted, &walk->machine->error);
		if (r == -ENOENT || r == -ENODEV)
			return 0;
		/* An older kernel, or one that changed meanwhile: the long way. */
		if (r == 0 && !interrupted)
			return 0;
		forget(walk);
	} else if (kind == OBJECT_GET_ONE) {
		r = netlink_request(netlink, walk->object->get_type, 0, request.data, request.length, gather, walk, NULL);
		if (r != -EMSGSIZE)
			return r == -ENOENT || r == -ENODEV || r == -ENXIO || r == -ESRCH || r == -EINVAL ||
					       (r == -EOPNOTSUPP && walk->object->may_lack)
				       ? 0
				       : r;
	}
	return read_all(walk, netlink, key);
}

static int nothing_there(struct walk *walk, struct netlink *netlink)
{
	struct error *error = &walk->machine->error;

	if (!walk->named && object_is_lacking(walk->object, netlink))
		return error_set(error, -EPROTONOSUPPORT,
				 "the kernel that runs does not tell of %s/%s: it is not built in, or its module is not loaded",
				 walk->object->protocol->name, walk->object->name);
	if (walk->named)
		return error_set(error, -ENOENT, "there is no field %s/%s/%s now", walk->object->protocol->name, walk->object->name, walk->path);
	if (*walk->path)
		return error_set(error, -ENOENT, "there is no %s/%s/%s%s%s", walk->object->protocol->name, walk->object->name, walk->path,
				 walk->object->why_none ? "; " : "", walk->object->why_none ? walk->object->why_none : "");
	return 0;
}

static void walk_done(struct walk *walk)
{
	buffer_done(&walk->items.address);
	buffer_done(&walk->own);
	arena_done(&walk->messages);
	free(walk->places);
	socket_owners_free(walk->owners);
	if (walk->context)
		walk->object->complete_done(walk->context);
	arena_done(&walk->arena);
	arena_done(&walk->key);
}

static int run(struct walk *walk)
{
	struct netlink *netlink;
	int r = machine_netlink(walk->machine, walk->object->protocol->number, &netlink);

	if (r < 0)
		return r;
	r = read_some(walk, netlink);
	if (r == 0)
		r = deliver(walk);
	if (r == -ENOMEM)
		return error_set(&walk->machine->error, r, "no memory for %s/%s", walk->object->protocol->name, walk->object->name);
	if (r != 0)
		return r;
	return walk->items.found ? 0 : nothing_there(walk, netlink);
}

static struct walk walk_of(const struct channel *channel, struct machine *machine, const char *path, unsigned int flags,
			   ferry_item_function *function, void *data)
{
	return (struct walk){
		.object = channel->object,
		.machine = machine,
		.path = path,
		.items = { .flags = flags,
			   .values = flags & FERRY_READ_VALUES,
			   .help = channel->object->schema->help,
			   .mode = 0444,
			   .mode_settable = 0644,
			   .promise = channel->object->untold ? "sampled" : "live",
			   .promise_moving = "sampled",
			   .naming = &machine->naming,
			   .error = &machine->error,
			   .function = function,
			   .data = data },
	};
}

int object_channel_list(const struct channel *channel, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
			void *data)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	int r = object_translate(channel->object, machine, false, &path, &room);
	struct walk walk = walk_of(channel, machine, path, flags & ~(unsigned int)FERRY_READ_LEAVES, function, data);

	walk.items.fields = true;
	if (r == 0)
		r = run(&walk);
	walk_done(&walk);
	return r;
}

int object_channel_get(const struct channel *channel, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
		       void *data)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	int r = object_translate(channel->object, machine, false, &path, &room);
	struct walk walk = walk_of(channel, machine, path, flags | FERRY_READ_VALUES, function, data);

	if (r == 0)
		r = run(&walk);
	if (r == 0 && walk.items.consistency == FERRY_INTERRUPTED)
		r = FERRY_INCOMPLETE;
	walk_done(&walk);
	return r;
}
