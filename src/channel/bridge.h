/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the databases of bridges and the networks of VXLAN links share: messages that tell of many, each of which is handed on in a message of its
 * own. */
#ifndef FERRY_CHANNEL_BRIDGE_H
#define FERRY_CHANNEL_BRIDGE_H

#include "channel/object.h"

extern const struct object object_mdb, object_vlan, object_vni;

/* In the flags of a message that was put together here: the kernel has no such bit. */
#define BRIDGE_SPLIT 0x8000

/* Whether MESSAGE is of one, and in our form. */
static inline bool bridge_is_split(const struct nlmsghdr *message)
{
	return message->nlmsg_flags & BRIDGE_SPLIT;
}

/* The attributes behind a header of SIZE. */
struct attribute_iterator bridge_attributes(const struct nlmsghdr *message, size_t size);
/* ROOM begins with a message like LIKE that has this header; what belongs to it is added, and then it is handed on. */
void bridge_begin(struct buffer *room, const struct nlmsghdr *like, const void *header, size_t size);
int bridge_hand_on(struct buffer *room, object_message_function *function, void *data);

/* LINK/NUMBER, where NAME is the field of the number, which is LAST at most. -EINVAL without words. */
void bridge_path_numbered(const struct record *record, const char *name, const struct naming *naming, struct buffer *ret);
int bridge_parse_numbered(struct object_path *left, const char *name, uint64_t last, struct record **ret, const char **ret_rest) _must_check_;

#endif
