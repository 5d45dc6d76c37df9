/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that were granted, and the kernel tells no one of what they did: a look finds what differs. It is told as done by who asked, where their
 * requests name it; what no request names (packets fill sets, too) is told as nobody's. */
#include <errno.h>
#include <string.h>

#include "channel/netlink_source.h"

#define REQUESTS_MAXIMUM ((size_t)16 << 20) /* bytes of one check; more than that is taken for anything */

/* The check of requests of TYPE by one that asks; NULL: there is no room for another. */
static struct check *check_of(struct netlink_source *source, uint16_t type, const struct origin *origin)
{
	const unsigned int before = source->check_count;

	for (unsigned int i = 0; i < source->check_count; i++) {
		struct check *check = &source->checks[i];

		if (check->kind == CHECK_ASKED && check->index == type && check->origin.tid == origin->tid && check->origin.actor == origin->actor) {
			check->looked = false;
			return check;
		}
	}
	source_check(source, (struct check){ .kind = CHECK_ASKED, .index = type }, origin);
	return source->check_count > before ? &source->checks[before] : NULL;
}

void source_check_asked(struct netlink_source *source, uint16_t type, const struct origin *origin)
{
	struct check *check = check_of(source, type, origin);

	if (check)
		check->unseen++;
}

static void keep(struct netlink_source *source, struct check *check, const struct nlmsghdr *request, size_t length)
{
	const struct source_rules *rules = source->protocol->rules;

	if (length < NLMSG_HDRLEN || request->nlmsg_len > length || check->requests.length > REQUESTS_MAXIMUM || !rules->keep_request ||
	    !rules->keep_request(source, request, &check->requests))
		check->any = true;
}

void source_check_half_done(struct netlink_source *source, const struct nlmsghdr *request, size_t length, int result, const struct origin *origin)
{
	const struct source_rules *rules = source->protocol->rules;
	struct check *check;

	if (result == -EPERM || length < NLMSG_HDRLEN || request->nlmsg_len > length || !rules->asks_for_several || !rules->asks_for_several(request))
		return;
	check = check_of(source, request->nlmsg_type, origin);
	if (check)
		keep(source, check, request, length);
}

bool source_take_request(struct netlink_source *source, const struct nlmsghdr *request, size_t length, uint32_t tid)
{
	for (unsigned int i = 0; i < source->check_count; i++) {
		struct check *check = &source->checks[i];

		if (check->kind != CHECK_ASKED || !check->unseen || check->origin.tid != tid)
			continue;
		/* Of a generic family the type is not told with the answer. */
		if (length >= NLMSG_HDRLEN && !source->protocol->family && check->index != request->nlmsg_type)
			continue;
		check->unseen--;
		keep(source, check, request, length);
		return true;
	}
	return false;
}

void source_asking_begin(struct netlink_source *source, const struct origin *origin, struct asking *ret)
{
	*ret = (struct asking){ .nobody = *origin, .several = *origin };
	ret->nobody.actor = probe_actor_unknown(source->recording.probe, "no program asked for it: the kernel does not tell of it");
	ret->several.actor = probe_actor_unknown(source->recording.probe, "several programs asked for changes that the kernel does not tell of");
	ret->nobody.pid = ret->nobody.tid = ret->several.pid = ret->several.tid = 0;
	ret->nobody.door = FERRY_DOOR_UNKNOWN;
}

void source_asking_end(struct asking *asking)
{
	if (asking->nobody.actor)
		actor_unref(asking->nobody.actor);
	if (asking->several.actor)
		actor_unref(asking->several.actor);
}

static bool names(struct netlink_source *source, struct check *check, const struct object *object, const struct record *record, bool gone)
{
	const struct source_rules *rules = source->protocol->rules;

	return check->any || check->unseen || check->requests.failed || rules->asked(source, check, object, record, gone);
}

const struct origin *source_asked_by(struct netlink_source *source, const struct asking *asking, const struct object *object,
				     const struct record *record, bool gone)
{
	const struct origin *found = NULL;

	for (unsigned int i = 0; i < source->check_count; i++) {
		struct check *check = &source->checks[i];

		if (check->kind != CHECK_ASKED || !object_is_asked_by(object, (uint16_t)check->index) || !names(source, check, object, record, gone))
			continue;
		if (found && found->actor != check->origin.actor)
			return &asking->several;
		found = found ? found : &check->origin;
	}
	return found ? found : &asking->nobody;
}
