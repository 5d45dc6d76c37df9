/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation is somebody else's, and may say anything, as often as it likes: of a few sockets some of what was said is kept. */
#include "channel/netfilter_heard.h"

#include <stdlib.h>
#include <string.h>

#include "channel/netfilter_sets.h"

#define SOCKETS 16
#define KEPT    ((size_t)4 << 20) /* bytes of a socket */
#define SAID    ((size_t)1 << 20) /* of elements, for the texts of one datagram */

struct heard_socket {
	uint64_t socket, used;
	struct netfilter_sets *sets;
};

struct netfilter_heard {
	struct heard_socket sockets[SOCKETS];
	struct heard_socket *now;
	uint64_t count;
};

struct netfilter_heard *netfilter_heard_new(void)
{
	return calloc(1, sizeof(struct netfilter_heard));
}

void netfilter_heard_forget(struct netfilter_heard *heard)
{
	for (size_t i = 0; i < SOCKETS; i++)
		netfilter_sets_free(heard->sockets[i].sets);
	*heard = (struct netfilter_heard){ 0 };
}

void netfilter_heard_free(struct netfilter_heard *heard)
{
	if (heard)
		netfilter_heard_forget(heard);
	free(heard);
}

/* That of SOCKET, or the one that was used longest ago. */
static struct heard_socket *find(struct netfilter_heard *heard, uint64_t socket)
{
	struct heard_socket *oldest = &heard->sockets[0];

	for (size_t i = 0; i < SOCKETS; i++) {
		if (heard->sockets[i].used && heard->sockets[i].socket == socket)
			return &heard->sockets[i];
		if (heard->sockets[i].used < oldest->used)
			oldest = &heard->sockets[i];
	}
	return oldest;
}

void netfilter_heard_begin(struct netfilter_heard *heard, uint64_t socket)
{
	struct heard_socket *now = find(heard, socket);

	if (now->sets && (now->socket != socket || !netfilter_sets_next(now->sets))) {
		netfilter_sets_free(now->sets);
		now->sets = NULL;
	}
	now->socket = socket;
	now->used = ++heard->count;
	if (!now->sets)
		now->sets = netfilter_sets_new(NULL);
	if (now->sets)
		netfilter_sets_bound(now->sets, KEPT, SAID);
	heard->now = now;
}

struct netfilter_elements netfilter_heard_elements(const struct netfilter_heard *heard, const struct nlmsghdr *message)
{
	struct netfilter_elements elements = netfilter_elements(message), first = elements;
	const struct netfilter_sets *sets = heard->now ? heard->now->sets : NULL;
	_cleanup_buffer_ struct buffer room = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	const struct nlmsghdr *one = sets ? netfilter_elements_next(&first, &room) : NULL, *set;
	struct record *record;

	if (!one || object_decode(&object_netfilter_element, one, &arena, &record) < 0)
		return elements;
	set = netfilter_sets_of_element(sets, record);
	if (set)
		netfilter_elements_typed(&elements, set);
	return elements;
}

int netfilter_heard_take(struct netfilter_heard *heard, const struct object *object, const struct nlmsghdr *message, const struct naming *naming,
			 struct arena *arena, struct record *record)
{
	struct netfilter_sets *sets = heard->now ? heard->now->sets : NULL;

	if (!sets)
		return 0;
	if (message->nlmsg_type == object->new_type)
		netfilter_sets_add(sets, object, record, message);
	/* One that is asked for, or to go, says where it stands and no more. */
	if (object != &object_netfilter_rule || !record_find(record, "expressions"))
		return 0;
	return netfilter_rule_complete(arena, record, sets, naming, false);
}
