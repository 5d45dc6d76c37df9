/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rtnetlink. Source: rtnetlink(7), <linux/rtnetlink.h>. */
#include <linux/rtnetlink.h>

#include "channel/netlink_source.h"

NAMES(types, false, { RTM_NEWLINK, "RTM_NEWLINK" }, { RTM_DELLINK, "RTM_DELLINK" }, { RTM_GETLINK, "RTM_GETLINK" }, { RTM_SETLINK, "RTM_SETLINK" },
      { RTM_NEWADDR, "RTM_NEWADDR" }, { RTM_DELADDR, "RTM_DELADDR" }, { RTM_GETADDR, "RTM_GETADDR" }, { RTM_NEWROUTE, "RTM_NEWROUTE" },
      { RTM_DELROUTE, "RTM_DELROUTE" }, { RTM_GETROUTE, "RTM_GETROUTE" }, { RTM_NEWNEIGH, "RTM_NEWNEIGH" }, { RTM_DELNEIGH, "RTM_DELNEIGH" },
      { RTM_GETNEIGH, "RTM_GETNEIGH" }, { RTM_NEWRULE, "RTM_NEWRULE" }, { RTM_DELRULE, "RTM_DELRULE" }, { RTM_GETRULE, "RTM_GETRULE" },
      { RTM_NEWNEXTHOP, "RTM_NEWNEXTHOP" }, { RTM_DELNEXTHOP, "RTM_DELNEXTHOP" }, { RTM_GETNEXTHOP, "RTM_GETNEXTHOP" },
      { RTM_NEWLINKPROP, "RTM_NEWLINKPROP" }, { RTM_DELLINKPROP, "RTM_DELLINKPROP" });

/* A request may change a link by RTM_SETLINK, which says the same as RTM_NEWLINK but is no object's own type. */
static const struct nlmsghdr *unify(const struct nlmsghdr *message, struct buffer *room)
{
	if (message->nlmsg_type != RTM_SETLINK)
		return message;
	buffer_clear(room);
	buffer_add(room, message, message->nlmsg_len);
	if (room->failed)
		return message;
	((struct nlmsghdr *)room->data)->nlmsg_type = RTM_NEWLINK;
	return (const struct nlmsghdr *)room->data;
}

const struct protocol protocol_route = {
	.name = "netlink/route",
	.number = NETLINK_ROUTE,
	.types = &types,
	.unify = unify,
	.rules = &source_rules_route,
};
