/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to requests: attempts that the kernel refused are told from its error message, and from the request's own bytes where the error quotes only
 * its header. */
#include <errno.h>
#include <string.h>

#include "channel/netlink_source.h"

#define REFUSED_PATIENCE 50000000ull /* ns that a refusal waits for the bytes of its request */

static void address_of(struct netlink_source *source, const struct object *object, const struct record *record)
{
	buffer_clear(&source->address);
	if (record)
		object_address(object, record, &source->recording.machine->naming, &source->address);
	else
		buffer_printf(&source->address, "%s/%s", object->protocol->name, object->name);
}

static enum ferry_change_kind kind_of(struct netlink_source *source, const struct object *object, const struct record *record,
				      const struct nlmsghdr *request, bool removed)
{
	if (removed)
		return FERRY_REMOVED;
	if (record) {
		buffer_clear(&source->key);
		object_key(object, record, &source->key);
		if (!source->key.failed && cache_find(&source->cache, source->key.data, source->key.length))
			return FERRY_CHANGED;
	}
	return request->nlmsg_flags & NLM_F_CREATE ? FERRY_ADDED : FERRY_CHANGED;
}

/* The kernel's words with the attribute that it pointed at. */
static void words(struct buffer *ret, const struct netlink_ack *ack, const struct object *object, const struct nlmsghdr *request, size_t length)
{
	struct error error = { 0 };

	object_refusal(object, NLMSG_DATA(request), length > NLMSG_HDRLEN ? length - NLMSG_HDRLEN : 0, ack, &error);
	buffer_add_text(ret, error.text);
}

/* A request that names nothing and sets nothing: ip(8) sends one before each change of a link, to learn from the refusal what the kernel knows. */
static bool is_question(const struct object *object, const struct nlmsghdr *request, const struct nlmsghdr *whole)
{
	const uint8_t *header = NLMSG_DATA(whole);

	if (request->nlmsg_len > NLMSG_LENGTH(object->schema->header_size) || whole->nlmsg_len < NLMSG_LENGTH(object->schema->header_size))
		return false;
	for (size_t i = 1; i < object->schema->header_size; i++) /* the first byte is the family */
		if (header[i])
			return false;
	return true;
}

/* The bytes that are there, as a message of its own in the form of its kind. */
static const struct nlmsghdr *copy_request(struct netlink_source *source, const struct nlmsghdr *request, size_t length)
{
	struct nlmsghdr *copy = NULL;

	arena_reset(&source->arena);
	if (length >= NLMSG_HDRLEN)
		copy = (struct nlmsghdr *)arena_copy(&source->arena, request, length);
	if (!copy)
		return NULL;
	copy->nlmsg_len = (uint32_t)length;
	return protocol_unify(source->protocol, copy, &source->refused);
}

/* What was refused at one of several may have been carried out for those before it. */
static void check_half_done(struct netlink_source *source, const struct event_message *event, const struct netlink_ack *ack,
			    const struct nlmsghdr *request, size_t length, const struct ferry_actor *actor)
{
	const struct origin origin = { .actor = actor,
				       .door = FERRY_DOOR_NETLINK,
				       .boottime = event->header.time,
				       .pid = event->header.task.key.pid,
				       .tid = event->header.task.tid };

	source_check_half_done(source, request, length, ack->result, &origin);
}

/* REQUEST has LENGTH bytes that are really there, header first. */
static void tell(struct netlink_source *source, const struct event_message *event, const struct netlink_ack *ack, const struct nlmsghdr *request,
		 size_t length)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	struct ferry_change change = { .boottime = event->header.time,
				       .result = ack->result,
				       .consistency = FERRY_WHOLE,
				       .netns = source->recording.netns,
				       .source = source->protocol->name,
				       .door = FERRY_DOOR_NETLINK };
	struct record *record = NULL;
	const struct object *object;
	const struct nlmsghdr *whole;
	bool removed;

	whole = copy_request(source, request, length);
	object = whole ? object_of(source->protocol, whole, &removed) : NULL;
	if (!object || is_question(object, request, whole))
		return;
	change.actor = probe_actor(source->recording.probe, &event->header.task);
	if (change.actor && whole->nlmsg_len >= NLMSG_LENGTH(object->schema->header_size))
		source_withhold(&source->arena, object, whole, change.actor);
	if (whole->nlmsg_len >= NLMSG_LENGTH(object->schema->header_size))
		(void)!object_decode(object, whole, &source->arena, &record);
	change.kind = kind_of(source, object, record, request, removed);
	address_of(source, object, record);
	buffer_clear(&source->after);
	if (record && record_lasting(&source->arena, record, &record) >= 0)
		record_json(&source->after, record, &source->recording.machine->naming);
	words(&text, ack, object, request, length);
	change.address = source->address.data;
	change.result_text = text.data;
	if (removed)
		change.before = source->after.data;
	else
		change.after = source->after.data;
	if (!source->address.failed && !source->after.failed && !text.failed)
		source->recording.emit(source->recording.sink, &change);
	check_half_done(source, event, ack, request, length, change.actor);
	actor_unref(change.actor);
}

static size_t data_length(const struct event_message *event)
{
	size_t most = event->header.size - offsetof(struct event_message, data);

	return event->length < most ? event->length : most;
}

static int parse(const struct event_message *event, struct netlink_ack *ret)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)event->data;

	/* An error message longer than what the event holds is cut: its extended ACK, behind the quoted request, is lost then. */
	if (data_length(event) < sizeof(*message) || message->nlmsg_len > data_length(event))
		return -EBADMSG;
	return netlink_parse_ack(message, ret);
}

/* ---- The list: refusals wait for their turn in time, and some for the bytes of their request ---- */

#define REFUSALS_MAXIMUM 4096

struct refusal {
	struct refusal *next;
	struct event_message *error;
	struct event_message *request; /* told apart, where the error quotes only the header */
	bool wants_request;
};

static struct event_message *copy_event(const struct event_message *event)
{
	const size_t size = event->header.size < sizeof(*event) ? event->header.size : sizeof(*event);
	struct event_message *copy = malloc(size);

	if (copy)
		memcpy(copy, event, size);
	return copy;
}

static void refusal_free(struct refusal *refusal)
{
	free(refusal->error);
	free(refusal->request);
	free(refusal);
}

void source_refusals_done(struct netlink_source *source)
{
	for (struct refusal *refusal = source->refusals, *next; refusal; refusal = next) {
		next = refusal->next;
		refusal_free(refusal);
	}
}

/* An error that could not be read whole: what is certain is who, and the number. */
static void tell_cut(struct netlink_source *source, const struct event_message *event)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)event->data;
	const struct nlmsgerr *error = NLMSG_DATA(message);
	struct netlink_ack ack;

	if (data_length(event) < NLMSG_LENGTH(sizeof(*error)))
		return;
	ack = (struct netlink_ack){ .result = error->error, .request = &error->msg };
	tell(source, event, &ack, &error->msg, data_length(event) - NLMSG_HDRLEN - offsetof(struct nlmsgerr, msg));
}

static void tell_refusal(struct netlink_source *source, const struct refusal *refusal)
{
	struct netlink_ack ack;

	if (parse(refusal->error, &ack) < 0)
		tell_cut(source, refusal->error);
	else if (refusal->request && data_length(refusal->request) >= NLMSG_HDRLEN)
		tell(source, refusal->error, &ack, (const struct nlmsghdr *)refusal->request->data, data_length(refusal->request));
	else
		tell(source, refusal->error, &ack, ack.request, ack.request_length);
}

static bool answers(const struct refusal *refusal, const struct event_message *request)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)request->data;
	struct netlink_ack ack;

	return refusal->wants_request && !refusal->request && refusal->error->header.task.tid == request->header.task.tid &&
	       refusal->error->port == request->port && data_length(request) >= NLMSG_HDRLEN && parse(refusal->error, &ack) >= 0 &&
	       ack.sequence == message->nlmsg_seq;
}

static void add_request(struct netlink_source *source, const struct event_message *request)
{
	for (struct refusal *refusal = source->refusals; refusal; refusal = refusal->next)
		if (answers(refusal, request)) {
			refusal->request = copy_event(request);
			return;
		}
	(void)source_take_request(source, (const struct nlmsghdr *)request->data, data_length(request), request->header.task.tid);
}

static void add_refusal(struct netlink_source *source, const struct event_message *error)
{
	struct refusal *refusal = source->refusal_count < REFUSALS_MAXIMUM ? calloc(1, sizeof(*refusal)) : NULL;
	struct netlink_ack ack;

	if (refusal)
		refusal->error = copy_event(error);
	if (!refusal || !refusal->error) {
		free(refusal);
		source->recording.drop(source->recording.sink, "refused netlink requests", error->header.time);
		return;
	}
	refusal->wants_request =
		probe_state(source->recording.probe, PROBE_REQUEST)->active && parse(refusal->error, &ack) >= 0 && ack.request_length <= NLMSG_HDRLEN;
	if (!source->refusals)
		source->last_refusal = &source->refusals;
	*source->last_refusal = refusal;
	source->last_refusal = &refusal->next;
	source->refusal_count++;
}

/* Of a request of a generic family that was granted the kernel quotes no command: it may have been any. */
static uint16_t asked_type(const struct netlink_source *source, uint16_t type)
{
	const struct object *object;
	unsigned int position = 0;

	while (source->protocol->family && (object = object_next(source->protocol, &position)))
		if (object->asked_by[0])
			return object->asked_by[0];
	return type;
}

/* A request that the kernel has granted and tells no one of. */
static bool was_granted(struct netlink_source *source, const struct event_message *event)
{
	struct netlink_ack ack;

	if (event->header.type != EVENT_REFUSED || parse(event, &ack) < 0 || ack.result != 0)
		return false;
	const struct origin origin = { .actor = probe_actor(source->recording.probe, &event->header.task),
				       .door = probe_door(&event->header.task),
				       .boottime = event->header.time,
				       .pid = event->header.task.key.pid,
				       .tid = event->header.task.tid };

	source_check_asked(source, asked_type(source, ack.request->nlmsg_type), &origin);
	if (origin.actor)
		actor_unref(origin.actor);
	return true;
}

void netlink_source_answers_lost(struct netlink_source *source)
{
	const struct origin origin = { .actor = probe_actor_unknown(source->recording.probe, "the kernel's word on it was lost"),
				       .boottime = boottime_now() };
	const struct object *object;
	unsigned int position = 0;

	while (!source->waits && (object = object_next(source->protocol, &position)))
		if (object->asked_by[0])
			source_check(source, (struct check){ .kind = CHECK_ASKED, .index = object->asked_by[0], .any = true }, &origin);
	actor_unref(origin.actor);
}

/* Generic families share a protocol. */
static bool is_ours(const struct netlink_source *source, const struct event_message *event)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)event->data;
	const struct nlmsgerr *error = NLMSG_DATA(message);

	if (!source->protocol->family || source->waits)
		return !source->protocol->family;
	if (event->header.type == EVENT_REQUEST)
		return data_length(event) >= NLMSG_HDRLEN && message->nlmsg_type == netlink_family(source->socket);
	return data_length(event) >= NLMSG_LENGTH(sizeof(*error)) && error->msg.nlmsg_type == netlink_family(source->socket);
}

void netlink_source_refused(struct netlink_source *source, const struct event_message *event)
{
	if (event->protocol != (uint32_t)protocol_kernel_number(source->protocol) || event->netns != source->recording.netns ||
	    event->header.size < offsetof(struct event_message, data))
		return;
	if (!is_ours(source, event) || was_granted(source, event))
		return;
	if (event->header.type == EVENT_REQUEST)
		add_request(source, event);
	else
		add_refusal(source, event);
}

uint64_t netlink_source_refusals(struct netlink_source *source, uint64_t until)
{
	struct refusal *refusal;

	while ((refusal = source->refusals) && refusal->error->header.time < until) {
		if (refusal->wants_request && !refusal->request && boottime_now() < refusal->error->header.time + REFUSED_PATIENCE)
			return refusal->error->header.time + REFUSED_PATIENCE;
		source->refusals = refusal->next;
		source->refusal_count--;
		tell_refusal(source, refusal);
		source->recording.count(source->recording.sink, 1, 0);
		refusal_free(refusal);
	}
	return 0;
}
