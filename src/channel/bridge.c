/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/bridge.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>

#include "channel/netlink_source.h"

struct attribute_iterator bridge_attributes(const struct nlmsghdr *message, size_t size)
{
	const size_t skip = NLMSG_SPACE(size);

	if (message->nlmsg_len < skip)
		return attributes(message, 0);
	return attributes((const uint8_t *)message + skip, message->nlmsg_len - skip);
}

void bridge_begin(struct buffer *room, const struct nlmsghdr *like, const void *header, size_t size)
{
	struct nlmsghdr own = *like;

	own.nlmsg_flags |= BRIDGE_SPLIT;
	if (own.nlmsg_type == RTM_GETMDB) /* as the answers of a dump have it */
		own.nlmsg_type = RTM_NEWMDB;
	buffer_clear(room);
	buffer_add(room, &own, sizeof(own));
	buffer_add(room, header, size);
}

int bridge_hand_on(struct buffer *room, object_message_function *function, void *data)
{
	if (room->failed)
		return -ENOMEM;
	((struct nlmsghdr *)room->data)->nlmsg_len = (uint32_t)room->length;
	return function(data, (const struct nlmsghdr *)room->data);
}

void bridge_path_numbered(const struct record *record, const char *name, const struct naming *naming, struct buffer *ret)
{
	object_path_interface(record, "dev", naming, ret);
	buffer_printf(ret, "/%u", (unsigned int)record_number(record, name, 0));
}

int bridge_parse_numbered(struct object_path *left, const char *name, uint64_t last, struct record **ret, const char **ret_rest)
{
	int r = left->record ? object_parse_interface(left, "dev") : -ENOMEM;

	if (r == 0)
		r = object_parse_word(left, name, NULL);
	if (r < 0 || record_number(left->record, name, 0) > last)
		return r == -ENOMEM ? r : -EINVAL;
	*ret = left->record;
	*ret_rest = left->rest;
	return 0;
}

/* ---- For the recorder ---- */

struct telling {
	struct netlink_source *source;
	const struct step *like;
};

static int tell_one(void *data, const struct nlmsghdr *message)
{
	const struct telling *telling = data;
	struct step step = *telling->like;

	step.message = message;
	source_apply(telling->source, &step);
	return 0;
}

static const struct object *object_told(const struct nlmsghdr *message)
{
	if (bridge_is_split(message))
		return NULL;
	switch (message->nlmsg_type) {
	case RTM_NEWMDB:
	case RTM_DELMDB:
		return &object_mdb;
	case RTM_NEWVLAN:
	case RTM_DELVLAN:
		return &object_vlan;
	case RTM_NEWTUNNEL:
	case RTM_DELTUNNEL:
		return &object_vni;
	default:
		return NULL;
	}
}

bool bridge_is_of_many(const struct nlmsghdr *message)
{
	return object_told(message) != NULL;
}

void bridge_many(struct netlink_source *source, const struct nlmsghdr *message, struct step *step)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	struct telling telling = { source, step };

	step->object = object_told(message);
	step->removed = message->nlmsg_type == step->object->delete_type;
	(void)!step->object->split(message, &room, tell_one, &telling);
}
