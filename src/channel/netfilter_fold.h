/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule as one thing, for documents: with the sets in it that it has for itself, which to the kernel are objects beside it; and back. */
#ifndef FERRY_CHANNEL_NETFILTER_FOLD_H
#define FERRY_CHANNEL_NETFILTER_FOLD_H

#include "channel/netfilter_sets.h"
#include "channel/object-transaction.h"

/* Whether SET, a record of one, is a rule's own. */
bool netfilter_set_is_own(const struct record *set);
/* Puts into RULE the sets of its own that SETS knows. */
int netfilter_rule_fold(struct arena *arena, struct record *rule, struct netfilter_sets *sets) _must_check_;
/* The own set of RULE that NAME names, NULL where it is none of them. */
const struct record *netfilter_own_set(const struct record *rule, const struct value *name);
/* The rules of the own chain of RULE that NAME names, NULL where it is none of them. */
const struct value *netfilter_own_chain(const struct record *rule, const struct value *name);
/* What RULE looks at and does, as text: that of two rules is equal where they differ in nothing but their numbers, their place, the names of their
 * own sets and what moves by itself. */
int netfilter_rule_meaning(struct arena *arena, const struct record *rule, struct buffer *ret) _must_check_;
/* The steps that make RULE: its own sets, their elements, itself. At most netfilter_rule_parts() are put at STEPS; *NUMBER is what sets were named by
 * so far in this transaction. */
size_t netfilter_rule_parts(const struct record *rule);
int netfilter_rule_unfold(struct arena *arena, struct record *rule, uint32_t *number, struct object_step *steps, size_t *ret_count) _must_check_;
/* Calls FUNCTION with each object of a kind that RECORD, of OBJECT, names: a chain, a set, a stateful object, a flowtable. */
void netfilter_names(const struct object *object, const struct record *record,
		     void (*function)(void *data, const struct object *kind, const struct value *name), void *data);

#endif
