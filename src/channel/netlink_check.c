/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks that are asked for: where objects may have gone or changed without a word. */
#include <string.h>

#include "channel/netlink_source.h"

/* A link that goes is set down first: one look finds what went with it. Likewise for one that is changed again and again. */
static bool is_pending(const struct netlink_source *source, const struct check *check, const struct origin *origin)
{
	for (unsigned int i = 0; i < source->check_count; i++) {
		const struct check *other = &source->checks[i];
		bool covers = other->kind == check->kind || (other->kind == CHECK_LINK_DOWN && check->kind == CHECK_LINK_GONE);

		if (covers && other->index == check->index && !memcmp(other->address, check->address, sizeof(check->address)) &&
		    other->origin.tid == origin->tid && other->origin.actor == origin->actor)
			return true;
	}
	return false;
}

void source_check(struct netlink_source *source, struct check check, const struct origin *origin)
{
	if (source->silent)
		return;
	if (is_pending(source, &check, origin))
		return;
	if (source->check_count == CHECKS_MAXIMUM) {
		source->checks_lost = true;
		return;
	}
	check.origin = *origin;
	if (origin->actor)
		actor_ref(origin->actor);
	source->checks[source->check_count++] = check;
}

void source_check_done(const struct netlink_source *source, struct check *check)
{
	if (check->origin.actor)
		actor_unref(check->origin.actor);
	buffer_done(&check->requests);
	if (check->asked && source->protocol->rules->asked_done)
		source->protocol->rules->asked_done(check->asked);
}

bool source_check_matches(const struct netlink_source *source, const struct check *check, const struct nlmsghdr *message)
{
	if (check->kind == CHECK_KIND)
		return message->nlmsg_type == check->index;
	if (check->kind == CHECK_LINK_GONE && source->protocol->rules->link_of)
		return source->protocol->rules->link_of(message) == check->index;
	return source->protocol->rules->matches && source->protocol->rules->matches(check, message);
}
