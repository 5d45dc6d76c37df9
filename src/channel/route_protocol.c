/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rtnetlink. Source: rtnetlink(7), <linux/rtnetlink.h>. */
#include <errno.h>
#include <linux/rtnetlink.h>

#include "channel/netlink_source.h"
#include "channel/route.h"

NAMES(types, false, { RTM_NEWLINK, "RTM_NEWLINK" }, { RTM_DELLINK, "RTM_DELLINK" }, { RTM_GETLINK, "RTM_GETLINK" }, { RTM_SETLINK, "RTM_SETLINK" },
      { RTM_NEWADDR, "RTM_NEWADDR" }, { RTM_DELADDR, "RTM_DELADDR" }, { RTM_GETADDR, "RTM_GETADDR" }, { RTM_NEWROUTE, "RTM_NEWROUTE" },
      { RTM_DELROUTE, "RTM_DELROUTE" }, { RTM_GETROUTE, "RTM_GETROUTE" }, { RTM_NEWNEIGH, "RTM_NEWNEIGH" }, { RTM_DELNEIGH, "RTM_DELNEIGH" },
      { RTM_GETNEIGH, "RTM_GETNEIGH" }, { RTM_NEWRULE, "RTM_NEWRULE" }, { RTM_DELRULE, "RTM_DELRULE" }, { RTM_GETRULE, "RTM_GETRULE" },
      { RTM_NEWNEXTHOP, "RTM_NEWNEXTHOP" }, { RTM_DELNEXTHOP, "RTM_DELNEXTHOP" }, { RTM_GETNEXTHOP, "RTM_GETNEXTHOP" },
      { RTM_NEWADDRLABEL, "RTM_NEWADDRLABEL" }, { RTM_DELADDRLABEL, "RTM_DELADDRLABEL" }, { RTM_GETADDRLABEL, "RTM_GETADDRLABEL" },
      { RTM_NEWNEIGHTBL, "RTM_NEWNEIGHTBL" }, { RTM_SETNEIGHTBL, "RTM_SETNEIGHTBL" }, { RTM_GETNEIGHTBL, "RTM_GETNEIGHTBL" },
      { RTM_GETNETCONF, "RTM_GETNETCONF" }, { RTM_GETNSID, "RTM_GETNSID" }, { RTM_GETSTATS, "RTM_GETSTATS" },
      { RTM_GETMULTICAST, "RTM_GETMULTICAST" }, { RTM_GETANYCAST, "RTM_GETANYCAST" }, { RTM_NEWLINKPROP, "RTM_NEWLINKPROP" },
      { RTM_DELLINKPROP, "RTM_DELLINKPROP" }, { RTM_NEWMDB, "RTM_NEWMDB" }, { RTM_DELMDB, "RTM_DELMDB" }, { RTM_GETMDB, "RTM_GETMDB" },
      { RTM_NEWVLAN, "RTM_NEWVLAN" }, { RTM_DELVLAN, "RTM_DELVLAN" }, { RTM_GETVLAN, "RTM_GETVLAN" }, { RTM_NEWTUNNEL, "RTM_NEWTUNNEL" },
      { RTM_DELTUNNEL, "RTM_DELTUNNEL" }, { RTM_GETTUNNEL, "RTM_GETTUNNEL" });

/* What says the same as an object's own type: requests that change what stands, and notices of what is told by the type of the question. */
static const struct {
	uint16_t type, own;
} others[] = {
	{ RTM_SETLINK, RTM_NEWLINK },
	{ RTM_SETNEIGHTBL, RTM_NEWNEIGHTBL },
	{ RTM_GETMULTICAST - 2, RTM_GETMULTICAST }, /* RTM_NEWMULTICAST, 6.14 */
	{ RTM_GETANYCAST - 2, RTM_GETANYCAST },     /* RTM_NEWANYCAST, 6.15 */
};

static const struct nlmsghdr *unify(const struct nlmsghdr *message, struct buffer *room)
{
	uint16_t own = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].type == message->nlmsg_type)
			own = others[i].own;
	if (!own)
		return message;
	buffer_clear(room);
	buffer_add(room, message, message->nlmsg_len);
	if (room->failed)
		return message;
	((struct nlmsghdr *)room->data)->nlmsg_type = own;
	return (const struct nlmsghdr *)room->data;
}

int route_place(struct netlink *netlink, uint8_t family, struct buffer *ret)
{
	const struct rtmsg request = { .rtm_family = family };
	int r = netlink_request(netlink, RTM_GETROUTE, 0, &request, sizeof(request), NULL, NULL, NULL);

	if (r == -EOPNOTSUPP || r == -ENOMEM)
		return r;
	buffer_add(ret, &request, sizeof(request));
	return 0;
}

const struct protocol protocol_route = {
	.name = "netlink/route",
	.number = NETLINK_ROUTE,
	.types = &types,
	.unify = unify,
	.rules = &source_rules_route,
};
