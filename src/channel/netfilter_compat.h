/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Extensions of iptables in rules of nftables. */
#ifndef FERRY_CHANNEL_NETFILTER_COMPAT_H
#define FERRY_CHANNEL_NETFILTER_COMPAT_H

#include "channel/netfilter.h"

/* RULE, which is to be made, says for which protocol its extensions are, where it has any and does not say so. 0 or -ENOMEM. */
int netfilter_compat_complete(struct arena *arena, struct record *rule) _must_check_;

#endif
