/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of nftables' sets, as documents have them. */
#ifndef FERRY_LIB_DECLARE_ELEMENTS_H
#define FERRY_LIB_DECLARE_ELEMENTS_H

#include "channel/netfilter_sets.h"
#include "lib/declare_ruleset.h"

/* The set that STANDING, of KIND, is in, NULL where it is not known or a rule's own. It lasts until another one is asked for. */
const struct said_set *elements_set(struct ruleset *ruleset, const struct kind *kind, const struct standing *standing);
/* The address of STANDING by the type of its set, a range as a whole, in RET; false where it cannot be said so. */
bool elements_said(struct ruleset *ruleset, const struct kind *kind, const struct standing *standing, struct buffer *ret);
/* What ELEMENT leads to, by its type, where that can be said. */
int elements_write_data(const struct said_set *set, struct arena *arena, struct record *element) _must_check_;

/* All that the document says is there: what was said by a type becomes what it stands for. One whose set nobody knows stays as it is. */
int elements_settle(struct wishes *wishes) _must_check_;

#endif
