/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is behind a netlink message: by the notice that the kernel side made of it, or by what the kernel itself says later. */
#include "channel/netlink_source.h"

/* How long a change may wait for the sysctl write that it follows from. */
#define SYSCTL_PATIENCE 50000000ull

static void origin_unknown(struct netlink_source *source, struct origin *origin, uint64_t boottime, const char *why)
{
	*origin = (struct origin){ .actor = probe_actor_unknown(source->recording.probe, why), .door = FERRY_DOOR_UNKNOWN, .boottime = boottime };
}

bool source_notices_come(const struct netlink_source *source)
{
	return source->recording.probe && probe_state(source->recording.probe, PROBE_NOTICE)->active;
}

/* Whether the notice of a message that is at the head of the queue may come yet. */
static bool may_come(const struct netlink_source *source, const struct waiting *waiting)
{
	return source->latest_notice <= waiting->received && boottime_now() < waiting->received + NOTICE_PATIENCE;
}

/* ---- What the kernel says in a message behind ---- */

static bool names(const struct netlink_source *source, const struct nlmsghdr *name, const struct nlmsghdr *message)
{
	const struct source_rules *rules = source->protocol->rules;
	struct source_name unused;

	return rules->names_actor && rules->names_actor(name, message, &unused);
}

void source_forget_named(struct netlink_source *source)
{
	actor_unref(source->named.actor);
	source->named = (struct origin){ 0 };
	buffer_clear(&source->name);
}

/* Looks for the message that says who is behind MESSAGE, the head of the queue, and keeps it for others that it is about. */
static bool find_name(struct netlink_source *source, const struct nlmsghdr *message)
{
	const struct source_rules *rules = source->protocol->rules;
	const struct queue *queue = &source->queue;
	const struct waiting *waiting;
	struct source_name name;

	source_forget_named(source);
	for (size_t at = queue->head; at < queue->tail; at += waiting->room) {
		const struct nlmsghdr *other;

		waiting = (const struct waiting *)(queue->data + at);
		other = (const struct nlmsghdr *)(waiting + 1);
		if (!rules->names_actor(other, message, &name))
			continue;
		buffer_add(&source->name, other, other->nlmsg_len);
		source->named = (struct origin){ .actor = probe_actor_named(source->recording.probe, name.tid, name.comm),
						 .door = FERRY_DOOR_NETLINK,
						 .pid = name.tid,
						 .tid = name.tid };
		return source->named.actor && !source->name.failed;
	}
	return false;
}

/* False: it may still come. A message that is missing between may have been the one that names. */
static bool find_named(struct netlink_source *source, const struct waiting *waiting, const struct nlmsghdr *message, const char *why,
		       struct origin *ret)
{
	const bool lossy = source->overflow || waiting->received < source->lossy_until;

	if (lossy || !source->protocol->rules->names_actor) {
		origin_unknown(source, ret, waiting->received, why);
		return true;
	}
	if (!(source->named.actor && names(source, (const struct nlmsghdr *)source->name.data, message)) && !find_name(source, message)) {
		if (boottime_now() < waiting->received + NOTICE_PATIENCE)
			return false;
		origin_unknown(source, ret, waiting->received, why);
		return true;
	}
	*ret = source->named;
	ret->boottime = waiting->received;
	ret->actor = actor_ref(ret->actor);
	return true;
}

/* ---- The notice ---- */

/* Who is behind the message at the head of the queue; false: its notice may still come, try again later. */
static bool find_origin(struct netlink_source *source, const struct waiting *waiting, const struct nlmsghdr *message, struct origin *ret)
{
	struct event_notice notice;
	enum join_result result;
	bool lossy;

	if (!source_notices_come(source)) {
		const char *why = source->recording.probe ? probe_state(source->recording.probe, PROBE_NOTICE)->why : NULL;

		return find_named(source, waiting, message, why ? why : "needs CAP_BPF and CAP_PERFMON", ret);
	}
	lossy = source->overflow || waiting->received < source->lossy_until;
	result = join_message(&source->join, message, waiting->datagram, true, lossy, &notice);
	if (result == JOIN_WAIT) {
		source->recording.pump(source->recording.sink);
		result = join_message(&source->join, message, waiting->datagram, may_come(source, waiting), lossy, &notice);
	}
	if (result == JOIN_WAIT)
		return false;
	if (result == JOIN_UNKNOWN)
		return find_named(source, waiting, message, "the kernel's word on it was lost", ret);
	*ret = (struct origin){ .actor = probe_actor(source->recording.probe, &notice.header.task),
				.door = probe_door(&notice.header.task),
				.boottime = notice.header.time,
				.pid = notice.header.task.key.pid,
				.tid = notice.header.task.tid,
				.asks = probe_asks(&notice) };
	return true;
}

/* A sysctl write that changes netlink objects: its own change is told first, so that it can be named as the cause. False: it is not told yet. */
static bool find_sysctl_cause(struct netlink_source *source, uint64_t *ret)
{
	bool pending = false;
	uint64_t now;

	if (source->origin.door != FERRY_DOOR_SYSCTL)
		return true;
	*ret = source->recording.sysctl_cause(source->recording.sink, source->origin.tid, source->origin.boottime, &pending);
	if (!pending)
		return true;
	now = boottime_now();
	if (!source->wait_since)
		source->wait_since = now;
	return now - source->wait_since >= SYSCTL_PATIENCE;
}

/* ---- Several messages in one datagram, which the kernel sends at once ---- */

static void share_origin(struct netlink_source *source, const struct origin *origin)
{
	if (source->shared.actor)
		actor_unref(source->shared.actor);
	source->shared = *origin;
	if (origin->actor)
		actor_ref(origin->actor);
}

static bool take_shared(struct netlink_source *source)
{
	source->origin = source->shared;
	if (source->origin.actor)
		actor_ref(source->origin.actor);
	return true;
}

bool source_find_who(struct netlink_source *source, const struct waiting *waiting, const struct nlmsghdr *message, struct step *step)
{
	if (!source->origin_found && !(waiting->datagram ? find_origin(source, waiting, message, &source->origin) : take_shared(source)))
		return false;
	source->origin_found = true;
	if (!find_sysctl_cause(source, &step->cause))
		return false;
	source->origin_found = false;
	source->wait_since = 0;
	step->origin = source->origin; /* with its reference to the actor */
	if (waiting_is_followed(waiting))
		share_origin(source, &step->origin);
	if (names(source, message, message))
		source_forget_named(source);
	return true;
}
