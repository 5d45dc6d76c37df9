/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A look at what requests that were granted have changed, where the kernel tells no one. */
#include <poll.h>
#include <string.h>

#include "channel/netlink_source.h"

#define ANSWER_PATIENCE 512 /* ms of the last of a few waits, each four times the one before */
#define PUMP_PAUSE      2

/* Whether anything differs of which nobody is known to have asked for it. */
static bool is_unasked(struct netlink_source *source, const struct dump *dump)
{
	const struct nlmsghdr *message;
	struct cache_walk walk = { 0 };
	struct cache_entry *entry;
	struct step step = { 0 };

	for (size_t position = 0; (message = source_gathered(dump, &position));)
		if (message->nlmsg_type != NLMSG_NOOP && source_prepare(source, dump, message, &step) &&
		    source_asked_by(source, dump->asking, dump->object, step.record, false) == &dump->asking->nobody)
			return true;
	while ((entry = cache_next(&source->cache, &walk))) {
		if (entry->object != dump->object || entry->generation >= source->touched || source_may_be_over(entry, boottime_now()))
			continue;
		arena_reset(&source->arena);
		if (object_decode(dump->object, entry->message, &source->arena, &step.record) >= 0 &&
		    source_asked_by(source, dump->asking, dump->object, step.record, true) == &dump->asking->nobody)
			return true;
	}
	return false;
}

/* Whether the content of a request is still to come. */
static bool is_unseen(const struct netlink_source *source)
{
	if (!source->recording.probe || !probe_state(source->recording.probe, PROBE_REQUEST)->active)
		return false;
	for (unsigned int i = 0; i < source->check_count; i++)
		if (source->checks[i].kind == CHECK_ASKED && source->checks[i].unseen)
			return true;
	return false;
}

/* The kernel answers a request once it is carried out: what a dump found of one may be ahead of the answer, which names who asked. */
void source_await_answers(struct netlink_source *source, const struct dump *dumps, unsigned int count)
{
	for (int wait = 2; wait <= ANSWER_PATIENCE; wait *= 4) {
		bool wanted = is_unseen(source);

		for (unsigned int i = 0; !wanted && i < count; i++)
			wanted = is_unasked(source, &dumps[i]);
		if (!wanted)
			return;
		for (int waited = 0; waited < wait; waited += PUMP_PAUSE) { /* the probe's ring is small */
			poll(NULL, 0, PUMP_PAUSE);
			source_drain(source);
		}
	}
}

/* Whether a look at DUMPS has answered CHECK as well: all that its requests may have changed was read after they were granted. */
static bool is_answered(const struct netlink_source *source, const struct check *check, const struct dump *dumps, unsigned int count)
{
	const struct object *object;
	unsigned int position = 0;

	if (check->kind != CHECK_ASKED || !check->looked || check->unseen)
		return false;
	while ((object = object_next(source->protocol, &position))) {
		bool read = !object_is_asked_by(object, (uint16_t)check->index);

		for (unsigned int i = 0; !read && i < count; i++)
			read = dumps[i].object == object;
		if (!read)
			return false;
	}
	return true;
}

static void drop_answered(struct netlink_source *source, const struct dump *dumps, unsigned int count)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < source->check_count; i++)
		if (is_answered(source, &source->checks[i], dumps, count) || (i == 0 && source->checks[i].looked))
			source_check_done(source, &source->checks[i]);
		else
			source->checks[kept++] = source->checks[i];
	source->check_count = kept;
}

/* One look is for all that were granted before it, and tells what each has asked for. */
void source_look_asked(struct netlink_source *source, struct netlink *requests)
{
	struct check *first = &source->checks[0];
	const struct step like = { .consistency = FERRY_INFERRED, .origin = first->origin };
	struct dump dumps[KINDS_MAXIMUM];
	const struct object *object;
	unsigned int position = 0, count = 0;
	struct asking asking;
	struct error error;

	source_reconcile_begin(source);
	source_asking_begin(source, &first->origin, &asking);
	source->head = (struct head){ 0 };
	for (unsigned int i = 0; i < source->check_count; i++)
		source->checks[i].looked = true;
	while (count < KINDS_MAXIMUM && (object = object_next(source->protocol, &position))) {
		if (!object_is_asked_by(object, (uint16_t)first->index))
			continue;
		dumps[count] = (struct dump){ .object = object, .asking = &asking };
		if (object_dump(object, requests, source_gather, &dumps[count], &dumps[count].interrupted, &error) < 0)
			buffer_done(&dumps[count].messages);
		else
			count++;
	}
	if (count) {
		source_drain(source); /* what another was granted before the dump was read is known by then */
		source_settle(source, dumps, count, &like);
	}
	source_reconcile_end(source);
	drop_answered(source, dumps, count);
	source->head = (struct head){ 0 };
	source_asking_end(&asking);
	source_dumps_done(dumps, count);
}
