/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In which order steps are done. Knows no channel: ranks and needs say what stands on what. */
#ifndef FERRY_STATE_ORDER_H
#define FERRY_STATE_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct order_item {
	unsigned int rank;        /* lower ones first */
	unsigned int place;       /* among those of one rank */
	bool removal;             /* what it needs goes after it, not before */
	const char *makes;        /* the address that this step is about, or NULL */
	const char *const *needs; /* addresses that it stands on, NULL-terminated; NULL: none. Only those of the same rank count. */
};

/* Puts the indexes of ITEMS into RET in the order in which they are to be done: by rank, then what is needed before what needs it (in removals after
 * it), then by place, then as they came. Items that need each other stay in their order. 0 or -ENOMEM. */
int order_items(const struct order_item *items, size_t count, size_t *ret) _must_check_;

#endif
