/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs and the kernel say of nftables to each other: a rule names sets that were told of before, over the same socket, or with it. */
#ifndef FERRY_CHANNEL_NETFILTER_HEARD_H
#define FERRY_CHANNEL_NETFILTER_HEARD_H

#include "channel/netfilter.h"

struct netfilter_heard;

struct netfilter_heard *netfilter_heard_new(void);
void netfilter_heard_free(struct netfilter_heard *heard);
/* A datagram over SOCKET. What was numbered in the one before is over: the kernel takes each as a transaction. */
void netfilter_heard_begin(struct netfilter_heard *heard, uint64_t socket);
/* Something was lost: what is known may not be all. */
void netfilter_heard_forget(struct netfilter_heard *heard);
/* The elements that MESSAGE tells, with the types of their set where these are known. */
struct netfilter_elements netfilter_heard_elements(const struct netfilter_heard *heard, const struct nlmsghdr *message);
/* RECORD is what MESSAGE of the datagram at hand says. A rule gets its text. 0 or -ENOMEM. */
int netfilter_heard_take(struct netfilter_heard *heard, const struct object *object, const struct nlmsghdr *message, const struct naming *naming,
			 struct arena *arena, struct record *record) _must_check_;

#endif
