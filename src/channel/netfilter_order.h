/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of the rules in each chain, as the recorder follows it: the kernel tells where a rule stands when it comes, not when it goes. */
#ifndef FERRY_CHANNEL_NETFILTER_ORDER_H
#define FERRY_CHANNEL_NETFILTER_ORDER_H

#include "model/schema.h"

struct netfilter_order;

/* The rule RECORD came, by a message with FLAGS; one that is known stays where it is. Where memory runs out it is not followed. */
void netfilter_order_add(struct netfilter_order **order, const struct record *record, uint16_t flags);
/* It goes. *RET is the handle of the rule before it, 0: it was the first. False: it is not known where it stood. */
bool netfilter_order_remove(struct netfilter_order *order, const struct record *record, uint64_t *ret);
/* All that is known of the chain that RECORD, a rule, stands in. */
void netfilter_order_forget(struct netfilter_order *order, const struct record *record);
void netfilter_order_done(struct netfilter_order *order);

#endif
