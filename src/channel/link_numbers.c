/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers of the links there are, for families that tell of one link at a time. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/link.h"
#include "channel/object-inside.h"

struct search {
	const char *kind;
	struct buffer *found;
};

static bool is_of(const struct attribute_iterator *info, const char *kind)
{
	for (struct attribute_iterator i = attributes(info->data, info->length); attribute_next(&i);)
		if (i.type == IFLA_INFO_KIND)
			return strnlen(i.data, i.length) == strlen(kind) && memcmp(i.data, kind, strlen(kind)) == 0;
	return false;
}

static int take_link(void *data, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	const struct search *search = data;
	bool found;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(*link)))
		return 0;
	found = !search->kind;
	for (struct attribute_iterator i =
		     attributes((const uint8_t *)link + NLMSG_ALIGN(sizeof(*link)), message->nlmsg_len - NLMSG_SPACE(sizeof(*link)));
	     !found && attribute_next(&i);)
		found = i.type == IFLA_LINKINFO && is_of(&i, search->kind);
	if (found)
		buffer_add(search->found, &link->ifi_index, sizeof(link->ifi_index));
	return search->found->failed ? -ENOMEM : 0;
}

int link_numbers(const char *kind, struct buffer *ret, struct error *error)
{
	const struct ifinfomsg every = { .ifi_family = AF_UNSPEC };
	_cleanup_(cleanup_netlink) struct netlink *route = NULL;
	struct search search = { kind, ret };
	bool interrupted;
	int r = netlink_open(NETLINK_ROUTE, &route, error);

	return r < 0 ? r : netlink_dump(route, RTM_GETLINK, 0, &every, sizeof(every), take_link, &search, &interrupted, NULL);
}
