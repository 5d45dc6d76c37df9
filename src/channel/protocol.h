/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A netlink protocol that has objects in the tree: what all of its kinds share. protocols.def is the list. */
#ifndef FERRY_CHANNEL_PROTOCOL_H
#define FERRY_CHANNEL_PROTOCOL_H

#include <linux/netlink.h>

#include "model/schema.h"

#define PROTOCOL_FAMILY(n) (32 + (n)) /* the kernel has no more protocols than MAX_LINKS */

struct machine;
struct netlink;
struct object_step;  /* channel/object-transaction.h */
struct source_rules; /* channel/netlink_source.h: what the recorder must know of the protocol's objects */

struct protocol {
	const char *name; /* "netlink/route": the address of its objects begins so */
	int number;       /* NETLINK_ROUTE; of a generic family PROTOCOL_FAMILY(N), which is no protocol's */
	/* The generic family whose objects they are, and the group that tells their changes; NULL: none. Types of its messages are by command
	 * (NETLINK_ASKED, NETLINK_TOLD). */
	const char *family, *group;
	/* Called for a socket for its requests that was opened: what must be asked for before its messages can be read. Failure is none of the
	 * socket's.
	 */
	void (*opened)(struct netlink *netlink);
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
/* Likewise of a family, generic or not. */
const struct protocol *protocol_of_family(int number, const char *family);
/* Its number for the kernel: what a socket is opened with. */
int protocol_kernel_number(const struct protocol *protocol);
/* The type of a message as the kernel has it: of a generic family its number, 0 where it has none. */
uint16_t protocol_kernel_type(const struct protocol *protocol, uint16_t type);
/* Opens a socket. -EPROTONOSUPPORT where the kernel that runs has no such generic family; it is not made to load one. */
int protocol_open(const struct protocol *protocol, struct netlink **ret, struct error *error) _must_check_;
/* Gives messages of NETLINK the number that the generic family of PROTOCOL has now. -EPROTONOSUPPORT as above. */
int protocol_find_family(const struct protocol *protocol, struct netlink *netlink, struct error *error) _must_check_;
/* Joins the group of a generic family. */
int protocol_join(const struct protocol *protocol, struct netlink *netlink, struct error *error) _must_check_;

/* Asks for what is needed to read messages of every protocol that others say and hear. */
void protocols_prepare(struct machine *machine);

/* MESSAGE as PROTOCOL's unify() has it. */
const struct nlmsghdr *protocol_unify(const struct protocol *protocol, const struct nlmsghdr *message, struct buffer *room);

#endif
