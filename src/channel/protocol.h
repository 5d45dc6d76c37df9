/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A netlink protocol that has objects in the tree: what all of its kinds share. protocols.def is the list. */
#ifndef FERRY_CHANNEL_PROTOCOL_H
#define FERRY_CHANNEL_PROTOCOL_H

#include <linux/netlink.h>

#include "model/schema.h"

struct machine;
struct netlink;
struct object_step;  /* channel/object-transaction.h */
struct source_rules; /* channel/netlink_source.h: what the recorder must know of the protocol's objects */

struct protocol {
	const char *name; /* "netlink/route": the address of its objects begins so */
	int number;       /* NETLINK_ROUTE */
	/* Words for the types of its messages. */
	const struct names *types;
	/* A message in the form that its kind's schema reads: some tell an object in another layout, or by another type, as a request or when it
	 * goes. The message itself where it has that form; ROOM, which is filled anew, where it has not. NULL: every message has it. */
	const struct nlmsghdr *(*unify)(const struct nlmsghdr *message, struct buffer *room);
	/* A change is a transaction, of one request or of many: all of it happens, or nothing. */
	bool transactions;
	uint16_t subsystem; /* of netfilter, whose transaction it is: that of others is a request like any */
	/* Puts the steps of a transaction in the order in which the kernel takes them, and in each what refers to another. */
	int (*arrange)(struct machine *machine, struct arena *arena, struct object_step *steps, size_t count);
	/* The number of the last transaction: it is another one once anything is not as it was. NULL: it has none. */
	int (*generation)(struct netlink *netlink, uint32_t *ret);
	const struct source_rules *rules; /* NULL: its objects come and go without a word, and are not recorded */
};

#define PROTOCOL(identifier) extern const struct protocol protocol_##identifier;
#include "channel/protocols.def"
#undef PROTOCOL

/* The place of each in protocols[]. */
enum {
#define PROTOCOL(identifier) PROTOCOL_AT_##identifier,
#include "channel/protocols.def"
#undef PROTOCOL
	PROTOCOL_COUNT
};

extern const struct protocol *const protocols[PROTOCOL_COUNT];

/* The one of NUMBER, NULL where it has no objects. */
const struct protocol *protocol_of(int number);

/* MESSAGE as PROTOCOL's unify() has it. */
const struct nlmsghdr *protocol_unify(const struct protocol *protocol, const struct nlmsghdr *message, struct buffer *room);

#endif
