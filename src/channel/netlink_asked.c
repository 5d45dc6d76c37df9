/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that were granted, and the kernel tells no one of what they did: a look finds what differs. It is told as done by who asked, where their
 * requests name it; what no request names (packets fill sets, too) is told as nobody's. */
#include <string.h>

#include "channel/netlink_source.h"

#define NAMES_MAXIMUM 65536 /* bytes; more than that is taken for anything */

void source_check_asked(struct netlink_source *source, uint16_t type, const struct origin *origin)
{
	for (unsigned int i = 0; i < source->check_count; i++) {
		struct check *check = &source->checks[i];

		if (check->kind == CHECK_ASKED && check->index == type && check->origin.tid == origin->tid && check->origin.actor == origin->actor) {
			check->unseen++;
			return;
		}
	}
	source_check(source, (struct check){ .kind = CHECK_ASKED, .index = type, .unseen = 1 }, origin);
}

bool source_take_request(struct netlink_source *source, const struct nlmsghdr *request, size_t length, uint32_t tid)
{
	const struct source_rules *rules = source->protocol->rules;

	for (unsigned int i = 0; i < source->check_count; i++) {
		struct check *check = &source->checks[i];

		if (check->kind != CHECK_ASKED || !check->unseen || check->origin.tid != tid)
			continue;
		check->unseen--;
		if (length < NLMSG_HDRLEN || request->nlmsg_len > length || check->named.length > NAMES_MAXIMUM || !rules->request_names ||
		    !rules->request_names(source, request, &check->named))
			check->any = true;
		return true;
	}
	return false;
}

void source_asking_begin(struct netlink_source *source, const struct check *check, struct asking *ret)
{
	*ret = (struct asking){ .check = check, .nobody = check->origin, .several = check->origin };
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

static bool holds(const struct buffer *named, const char *name, size_t length)
{
	for (size_t at = 0; at < named->length; at += strlen(named->data + at) + 1)
		if (strlen(named->data + at) == length && memcmp(named->data + at, name, length) == 0)
			return true;
	return false;
}

static bool names(const struct check *check, const struct buffer *name)
{
	return check->any || check->unseen || check->named.failed || !name->length || holds(&check->named, name->data, name->length);
}

const struct origin *source_asked_by(const struct netlink_source *source, const struct asking *asking, const struct object *object,
				     const struct record *record)
{
	const struct source_rules *rules = source->protocol->rules;
	_cleanup_buffer_ struct buffer name = { 0 };
	const struct origin *found;

	if (rules->name_of)
		rules->name_of(object, record, &name);
	found = names(asking->check, &name) ? &asking->check->origin : NULL;
	for (unsigned int i = 0; i < source->check_count; i++) {
		const struct check *check = &source->checks[i];

		if (check->kind != CHECK_ASKED || !object_is_asked_by(object, (uint16_t)check->index) || !names(check, &name))
			continue;
		if (found && found->actor != check->origin.actor)
			return &asking->several;
		found = found ? found : &check->origin;
	}
	return found ? found : &asking->nobody;
}
