/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The netlink source: messages off our multicast socket, joined with who made them, compared with the cache, told as changes. */
#include "channel/netlink_source.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/time.h"

#define RECEIVE_BUFFER (8u << 20)
#define QUEUE_MAXIMUM  ((size_t)96 << 20)
#define QUEUE_KEPT     ((size_t)256 << 10)
#define RETRY          2000000ull
/* Messages that are handled before the probe's ring, which is small, is emptied again. */
#define PUMP_EVERY 128
/* Datagrams that are taken in at a time. */
#define RECEIVE_MAXIMUM 4096

uint64_t boottime_now(void)
{
	return time_boot();
}

uint64_t boottime_to_realtime(uint64_t boottime)
{
	const uint64_t real = time_real();

	return real - (boottime_now() - boottime);
}

/* ---- The queue ---- */

static int queue_room(struct queue *queue, size_t room)
{
	size_t size = queue->size ? queue->size : QUEUE_KEPT;
	char *data;

	if (queue->head && (queue_empty(queue) || queue->head > queue->size / 2)) {
		memmove(queue->data, queue->data + queue->head, queue->tail - queue->head);
		queue->tail -= queue->head;
		queue->head = 0;
	}
	if (queue->tail + room <= queue->size)
		return 0;
	while (size < queue->tail + room)
		size *= 2;
	if (size > QUEUE_MAXIMUM)
		return -ENOBUFS;
	data = realloc(queue->data, size);
	if (!data)
		return -ENOMEM;
	queue->data = data;
	queue->size = size;
	return 0;
}

static int queue_add(struct queue *queue, const struct nlmsghdr *message, uint64_t received, uint32_t datagram)
{
	size_t room = sizeof(struct waiting) + ((message->nlmsg_len + 7) & ~7u);
	int r = queue_room(queue, room);

	if (r < 0)
		return r;
	*(struct waiting *)(queue->data + queue->tail) = (struct waiting){ received, message->nlmsg_len, (uint32_t)room, datagram };
	memcpy(queue->data + queue->tail + sizeof(struct waiting), message, message->nlmsg_len);
	queue->tail += room;
	return 0;
}

static void queue_pop(struct queue *queue)
{
	queue->head += queue_first(queue)->room;
	if (!queue_empty(queue))
		return;
	queue->head = queue->tail = 0;
	if (queue->size > QUEUE_KEPT) { /* a storm is over */
		free(queue->data);
		queue->data = NULL;
		queue->size = 0;
	}
}

/* ---- Opening and closing ---- */

static int join(struct netlink *socket, const struct object *object, const uint32_t *groups, size_t count, struct error *error)
{
	for (size_t i = 0; i < count && groups[i]; i++) {
		int r = netlink_join(socket, groups[i]);

		if (r < 0 && r != -EINVAL) /* a group that this kernel has not is no failure */
			return error_set(error, r, "cannot subscribe to the changes of %s objects: %s", object->name, error_text(r));
	}
	return 0;
}

static int join_groups(const struct protocol *protocol, struct netlink *socket, struct error *error)
{
	const struct object *object;
	unsigned int position = 0;
	int r = 0;

	while (r == 0 && (object = object_next(protocol, &position))) {
		r = join(socket, object, object->groups, ARRAY_SIZE(object->groups), error);
		if (r == 0)
			r = join(socket, object, object->more_groups, ARRAY_SIZE(object->more_groups), error);
	}
	return r;
}

static int open_socket(struct netlink_source *source, unsigned int receive_buffer, struct error *error)
{
	const struct protocol *protocol = source->protocol;
	int r = source->waits ? netlink_open(NETLINK_GENERIC, &source->socket, error) : protocol_open(protocol, &source->socket, error);

	if (r < 0)
		return r;
	netlink_set_receive_buffer(source->socket, receive_buffer ? receive_buffer : RECEIVE_BUFFER);
	if (!protocol->family)
		return join_groups(protocol, source->socket, error);
	r = source_hear_controller(source);
	if (r < 0)
		return error_set(error, r, "cannot hear which generic families come: %s", error_text(r));
	return source->waits ? 0 : protocol_join(protocol, source->socket, error);
}

/* The kernel loads the module of a protocol for whoever opens a socket of it. */
static bool load(const struct protocol *protocol)
{
	_cleanup_(cleanup_netlink) struct netlink *socket = NULL;
	struct error ignored;

	return !protocol->family && netlink_open(protocol->number, &socket, &ignored) == 0;
}

int netlink_source_open(const struct protocol *protocol, struct machine *machine, unsigned int receive_buffer, bool wanted,
			struct netlink_source **ret, struct error *error)
{
	struct netlink_source *source;
	struct netlink *requests;
	int r = machine_netlink(machine, protocol->number, &requests);
	bool waits = r == -EPROTONOSUPPORT && protocol->family;

	if (r == -EPROTONOSUPPORT && wanted && load(protocol))
		r = machine_netlink(machine, protocol->number, &requests);
	if (r < 0 && !waits)
		return error_set(error, r, "%s", machine->error.text);
	source = calloc(1, sizeof(*source));
	if (!source)
		return error_set(error, -ENOMEM, "no memory for the netlink source");
	source->protocol = protocol;
	source->waits = waits;
	cache_init(&source->cache);
	cache_init(&source->removed);
	cache_init(&source->ended);
	r = open_socket(source, receive_buffer, error);
	if (r < 0) {
		netlink_source_close(source);
		return r;
	}
	*ret = source;
	return 0;
}

int source_fill_silently(struct netlink_source *source, struct error *error)
{
	int r;

	source->silent = true;
	r = source_fill(source, error);
	source->silent = false;
	return r;
}

int netlink_source_start(struct netlink_source *source, const struct recording *recording, struct error *error)
{
	int r;

	source->recording = *recording;
	r = source->waits ? 0 : source_fill_silently(source, error);
	source->started = true;
	source->last_message = boottime_now();
	source->drops = netlink_drops(source->socket);
	return r;
}

struct netlink_source *netlink_source_close(struct netlink_source *source)
{
	if (!source)
		return NULL;
	netlink_close(source->socket);
	cache_done(&source->cache);
	cache_done(&source->removed);
	cache_done(&source->ended);
	join_done(&source->join);
	free(source->queue.data);
	arena_done(&source->arena);
	buffer_done(&source->key);
	buffer_done(&source->address);
	buffer_done(&source->before);
	buffer_done(&source->after);
	buffer_done(&source->unified);
	buffer_done(&source->refused);
	if (source->origin_found)
		actor_unref(source->origin.actor);
	if (source->shared.actor)
		actor_unref(source->shared.actor);
	source_forget_named(source);
	buffer_done(&source->name);
	for (unsigned int i = 0; i < source->check_count; i++)
		source_check_done(source, &source->checks[i]);
	if (source->protocol->rules->done)
		source->protocol->rules->done(source);
	source_refusals_done(source);
	free(source);
	return NULL;
}

int netlink_source_descriptor(const struct netlink_source *source)
{
	return netlink_descriptor(source->socket);
}

/* ---- Messages ---- */

/* Takes a datagram's messages in. What memory has no room for is a loss like the kernel's own. */
static void take_in(struct netlink_source *source, const void *data, size_t length, uint64_t now)
{
	const struct nlmsghdr *message;
	uint32_t datagram = (uint32_t)length;

	while (netlink_next(&data, &length, &message))
		if (queue_add(&source->queue, message, now, datagram) < 0) {
			source->overflow = true;
			source->unkept++;
			source->recording.count(source->recording.sink, 0, 1);
		} else {
			datagram = 0;
		}
}

int netlink_source_receive(struct netlink_source *source)
{
	uint64_t began = boottime_now();
	unsigned int datagrams = 0;

	for (;;) {
		const void *data;
		ssize_t length;

		if (source->queue.tail - source->queue.head > QUEUE_MAXIMUM / 2)
			return 0; /* the rest stays with the kernel, which counts what it has no room for */
		if (datagrams >= RECEIVE_MAXIMUM)
			return 0; /* in a storm without end, too, what is here has to be told */
		length = netlink_receive(source->socket, &data);
		if (length == 0)
			break;
		if (length == -ENOBUFS || length == -EMSGSIZE) {
			source->overflow = true;
			continue;
		}
		if (length < 0)
			return (int)length;
		if (++datagrams % PUMP_EVERY == 0)
			source->recording.pump(source->recording.sink);
		take_in(source, data, (size_t)length, boottime_now());
	}
	source->drained = began;
	return 0;
}

void netlink_source_notice(struct netlink_source *source, const struct event_notice *notice)
{
	if (notice->header.time > source->latest_notice)
		source->latest_notice = notice->header.time;
	(void)!join_add(&source->join, notice); /* not kept: its message will be of unknown origin, and counted so */
}

/* Whether MESSAGE says anything of objects; then STEP has it in the form of its kind, or *RET_MANY says that it is of several at once. */
static bool recognise(struct netlink_source *source, const struct nlmsghdr *message, struct step *step, bool *ret_many)
{
	const struct source_rules *rules = source->protocol->rules;

	*ret_many = false;
	if (source_is_of_controller(source, message))
		return false;
	step->message = protocol_unify(source->protocol, message, &source->unified);
	step->object = object_of(source->protocol, step->message, &step->removed);
	if (step->object && !object_is_recorded(step->object))
		step->object = NULL;
	*ret_many = rules->is_of_many && rules->is_of_many(message);
	return step->object || *ret_many;
}

static void handle(struct netlink_source *source, const struct nlmsghdr *message, struct step *step, bool many)
{
	const struct source_rules *rules = source->protocol->rules;

	if (!source->silent)
		source->recording.before(source->recording.sink, step->origin.boottime);
	if (many) {
		rules->many(source, message, step);
	} else {
		if (rules->before)
			rules->before(source, step);
		source_apply(source, step);
	}
	if (step->origin.actor)
		actor_unref(step->origin.actor);
}

/* Handles the first message of the queue; false: it has to wait. */
static bool process_first(struct netlink_source *source)
{
	const struct waiting *waiting = queue_first(&source->queue);
	const struct nlmsghdr *message = (const struct nlmsghdr *)(waiting + 1);
	struct step step = { .consistency = FERRY_WHOLE };
	struct event_notice unused;
	bool many, concerns = recognise(source, message, &step, &many);

	if ((!concerns && !waiting_is_followed(waiting)) || source->silent) {
		if (source_notices_come(source) && waiting->datagram)
			join_message(&source->join, message, waiting->datagram, true, false, &unused);
	} else if (!source_find_who(source, waiting, message, &step)) {
		return false;
	}
	if (concerns)
		handle(source, message, &step, many);
	else if (step.origin.actor)
		actor_unref(step.origin.actor);
	if (source_is_of_controller(source, message))
		source_heed_controller(source, message);
	source->last_message = waiting->received;
	source->recording.count(source->recording.sink, source->silent ? 0 : 1, 0);
	queue_pop(&source->queue);
	return true;
}

/* When the oldest notice that has no message yet is given up. */
static uint64_t orphan_due(const struct netlink_source *source)
{
	return source->join.notices[source->join.head].header.time + NOTICE_PATIENCE;
}

static bool process_queue(struct netlink_source *source)
{
	for (unsigned int messages = 1; !queue_empty(&source->queue); messages++) {
		if (messages % PUMP_EVERY == 0) { /* the kernel's buffers are small: what comes meanwhile is taken into memory */
			(void)!netlink_source_receive(source);
			source->recording.pump(source->recording.sink);
		}
		if (!process_first(source))
			return false;
	}
	/* Every message that a notice from before the last draining could belong to has been handled: but for one whose sender was held up between
	 * the notice and the message. */
	while (source->join.count && orphan_due(source) < source->drained)
		join_forget(&source->join, 1);
	return true;
}

void source_drain(struct netlink_source *source)
{
	netlink_source_receive(source);
	source->recording.pump(source->recording.sink);
	while (!process_queue(source))
		poll(NULL, 0, 1); /* bounded by NOTICE_PATIENCE a message */
}

/* Of two times, of which 0 is never. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a && (!b || a < b) ? a : b;
}

uint64_t netlink_source_process(struct netlink_source *source)
{
	uint64_t next;

	if (!process_queue(source))
		return boottime_now() + RETRY;
	if (source->family_told)
		source_find_family(source);
	if (source->overflow) {
		if (boottime_now() < source->resync_after)
			return source->resync_after;
		source_resync(source);
		source->lossy_until = boottime_now() + 2 * NOTICE_PATIENCE;
	}
	next = netlink_source_refusals(source, UINT64_MAX);
	if (source->check_count || source->checks_lost)
		source_run_checks(source);
	next = earlier(next, source_tell_expired(source));
	return source->join.count ? earlier(next, orphan_due(source) + 1) : next;
}

void netlink_source_look(struct netlink_source *source, const char *interface, const struct origin *origin, uint64_t cause)
{
	uint32_t index = source->recording.machine->naming.interface_index(source->recording.machine->naming.data, interface);

	if (index)
		source_check(source, (struct check){ .kind = CHECK_LINK, .index = index, .cause = cause }, origin);
}

bool netlink_source_mirrored(struct netlink_source *source, uint32_t pid, const char *interface)
{
	uint32_t index = source->recording.machine->naming.interface_index(source->recording.machine->naming.data, interface);
	uint64_t now = boottime_now();

	for (unsigned int i = 0; index && i < RECENT_MAXIMUM; i++) {
		const struct recent *recent = &source->recent[i];

		if (recent->index == index && recent->pid == pid && recent->door == FERRY_DOOR_SYSFS && now - recent->boottime < 5000000000u)
			return true;
	}
	return false;
}
