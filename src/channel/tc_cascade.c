/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters that go at once: of a priority, or of a chain, the kernel names no single one. Source: net/sched/cls_api.c. */
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

#include "channel/netlink_source.h"
#include "channel/tc.h"

bool tc_is_of_many(const struct nlmsghdr *message)
{
	const struct tcmsg *filter = NLMSG_DATA(message);

	return message->nlmsg_type == RTM_DELTFILTER && message->nlmsg_len >= NLMSG_LENGTH(sizeof(*filter)) && filter->tcm_handle == 0;
}

static uint32_t chain_of(const struct nlmsghdr *message)
{
	return route_number_of(message, sizeof(struct tcmsg), TCA_CHAIN);
}

static bool stood_there(const struct nlmsghdr *cached, const void *data)
{
	const struct tcmsg *filter = NLMSG_DATA(cached), *gone = NLMSG_DATA((const struct nlmsghdr *)data);

	return filter->tcm_ifindex == gone->tcm_ifindex && filter->tcm_parent == gone->tcm_parent && filter->tcm_info == gone->tcm_info &&
	       chain_of(cached) == chain_of(data);
}

void tc_many(struct netlink_source *source, const struct nlmsghdr *message, struct step *step)
{
	step->object = &object_filter;
	source_sweep(source, step, stood_there, message);
}
