/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sets and maps that rules of nftables name, for how these read: what is in one without a name of its own stands in the rule. */
#ifndef FERRY_CHANNEL_NETFILTER_SETS_H
#define FERRY_CHANNEL_NETFILTER_SETS_H

#include "channel/netfilter.h"

/* How a value is ordered in its bytes; UNKNOWN: its type does not say. */
enum netfilter_order_of { ORDER_UNKNOWN, ORDER_HOST, ORDER_NETWORK };

enum netfilter_order_of netfilter_type_order(uint32_t type); /* netfilter_type.c */

/* A set, as rules name it. */
struct said_set {
	const struct record *set;
	const struct record *const *elements; /* of one without a name of its own */
	size_t count;
	bool anonymous;
	uint32_t key_type, data_type; /* several of nft's numbers, one behind the other */
	enum netfilter_order_of key_order, data_order;
};

struct netfilter_sets;

/* What a set or chain is called; in a transaction that has not been carried out, ID stands for the number that its name is to have. */
struct set_name {
	const struct value *text;
	uint32_t id;
};

/* MACHINE is asked for what is not known; NULL: there is just what is told below. */
struct netfilter_sets *netfilter_sets_new(struct machine *machine);
void netfilter_sets_free(struct netfilter_sets *sets);
/* What a message tells of a set, of an element of one that has no name of its own, of a chain that a rule has for itself, or of a rule in one. Where
 * memory runs out it is not known. */
void netfilter_sets_add(struct netfilter_sets *sets, const struct object *object, const struct record *record, const struct nlmsghdr *message);
/* The same of a set RECORD that does not stand yet, or of an element of such a one; one that is known stays as it is. */
int netfilter_sets_foretell(struct netfilter_sets *sets, const struct object *object, const struct record *record) _must_check_;
/* The set RECORD is gone, and is kept until sweep(): what stood on it is told of later. */
void netfilter_sets_remove(struct netfilter_sets *sets, const struct record *record);
void netfilter_sets_sweep(struct netfilter_sets *sets);
/* The set that the expression DATA names, in the table that RULE is in, or in RULE itself; NULL where it is not known. In ARENA. */
const struct said_set *netfilter_sets_find(struct netfilter_sets *sets, struct arena *arena, const struct record *rule, const struct record *data);

/* A set without its elements, from its RECORD. NULL where memory ran out. */
struct said_set *netfilter_set_said(struct arena *arena, const struct record *record, bool anonymous);
/* Whether it is a map to verdicts. */
bool set_leads_to_verdict(const struct said_set *set);
/* Of what others say to each other no more than so many bytes are kept, and no more than so many of elements looked at for what is said in one go.
 * What is beyond that is not known. */
void netfilter_sets_bound(struct netfilter_sets *sets, size_t kept, size_t said);
/* Something is said anew: what had a number instead of a name is over. False where there is little room left. */
bool netfilter_sets_next(struct netfilter_sets *sets);
/* The message that told the set of ELEMENT, or NULL. */
const struct nlmsghdr *netfilter_sets_of_element(const struct netfilter_sets *sets, const struct record *element);

/* Whether the set of NAME in the table of SCOPE is known and a rule's own. */
bool netfilter_sets_own(const struct netfilter_sets *sets, const struct record *scope, const struct value *name);
/* The rules of the chain that VERDICT names in the table of SCOPE, where it is known and a rule's own; else NULL. In ARENA. */
const struct record *const *netfilter_sets_chain(struct netfilter_sets *sets, struct arena *arena, const struct record *scope,
						 const struct record *verdict, size_t *ret_count);
bool netfilter_sets_own_chain(const struct netfilter_sets *sets, const struct record *scope, const struct value *name);
/* Whether what is in SET is part of the rule that has it. */
bool netfilter_set_is_anonymous(const struct record *set);

/* The text of RULE, as nft prints it. What cannot be said so stands in brackets, as its expressions. STATELESS: without numbers that move by
 * themselves. NULL where memory ran out. */
const char *netfilter_rule_text(struct arena *arena, const struct record *rule, struct netfilter_sets *sets, const struct naming *naming,
				bool stateless);
/* The same, put into RULE. 0 or -ENOMEM. */
int netfilter_rule_complete(struct arena *arena, struct record *rule, struct netfilter_sets *sets, const struct naming *naming,
			    bool stateless) _must_check_;

#endif
