/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where rules stand that the kernel tells of without their place (5.10): their chains are asked for when the transaction is over. */
#ifndef FERRY_CHANNEL_NETFILTER_PLACES_H
#define FERRY_CHANNEL_NETFILTER_PLACES_H

#include "channel/netlink_source.h"

/* STEP is a rule that came. */
void netfilter_places_heed(struct netlink_source *source, const struct step *step);
/* The transaction is over. */
void netfilter_places_ask(struct netlink_source *source);

#endif
