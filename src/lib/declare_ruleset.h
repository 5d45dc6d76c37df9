/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changes in transactions, as a document has it: nftables' tables and all that stands in them. Rules go by their order in their chain, since
 * their handle is the kernel's. */
#ifndef FERRY_LIB_DECLARE_RULESET_H
#define FERRY_LIB_DECLARE_RULESET_H

#include "channel/netfilter_fold.h"
#include "lib/declare.h"

enum { RULESET_TABLE, RULESET_CHAIN, RULESET_OBJECT, RULESET_FLOWTABLE, RULESET_SET, RULESET_ELEMENT, RULESET_RULE, RULESET_KINDS };

/* The kind of an object that changes in transactions, in the order in which they stand on each other. */
unsigned int ruleset_kind_of(const struct object *object);

/* ---- declare_ruleset.c: what stands ---- */

/* The set of the element that was looked at last. */
struct ruleset_last_set {
	struct arena arena;
	const char *path; /* of the element, of which the first LENGTH bytes say the set */
	size_t length;
	const struct said_set *set;
};

struct ruleset {
	struct ferry *ferry;
	struct kind kinds[RULESET_KINDS];
	uint32_t generation; /* of which all of it is */
	bool interrupted;
	struct netfilter_sets *sets; /* for how rules read */
	struct netfilter_sets *said; /* those of the document that rules have for themselves, where it says them beside the rules */
	struct ruleset_last_set last;
	struct table owned; /* tables that go with a program, by family and name */
	struct arena arena;
};

int ruleset_read(struct ferry *ferry, struct ruleset **ret) _must_check_;
void ruleset_free(struct ruleset *ruleset);
/* Whether a document covers RECORD, of KIND: not what belongs to a running program, and not what belongs to a rule. *RET_OWNED: it is a program's. */
bool ruleset_covers(const struct ruleset *ruleset, const struct kind *kind, const struct record *record, bool *ret_owned);
/* What STANDING, of KIND, is: a rule with its own sets. */
int ruleset_record(const struct ruleset *ruleset, const struct kind *kind, const struct standing *standing, struct arena *arena,
		   struct record **ret) _must_check_;
/* What STANDING, of KIND, is as a document says it, with ALL that is told of it; its address is appended to ADDRESS. *RET NULL: a document does not
 * cover it; then *RET_OWNED: as it is a program's. */
int ruleset_declared(const struct ruleset *ruleset, const struct kind *kind, const struct standing *standing, bool all, struct arena *arena,
		     struct record **ret, struct buffer *address, bool *ret_owned, struct left *left) _must_check_;
/* Those of KIND, its count of them, in the kernel's order, which of rules is that of their chains. Free it. */
struct standing **ruleset_in_order(const struct kind *kind);
/* RULE as nft prints it, without what moves. */
const char *ruleset_text(const struct ruleset *ruleset, struct arena *arena, const struct record *rule);

/* ---- declare_ruleset_plan.c, declare_rules.c: the steps ---- */

int ruleset_plan(struct plan *plan) _must_check_;
/* The steps of rules. FATE says what becomes of one by what becomes of what it stands on; NULL: all of that stays. */
int ruleset_plan_rules(struct plan *plan, int (*fate)(void *data, const struct object *object, const struct record *record), void *data) _must_check_;
enum { FATE_STAYS = 0, FATE_ANEW = 1 << 0, FATE_GOES = 1 << 1, FATE_ALONG = 1 << 2 }; /* ALONG: without a request of its own */

/* ---- declare_transact.c ---- */

/* Does all steps of PLAN that are of a transaction, as one. Refusals stay in the steps, how many were done is added to DONE. */
int plan_transact(struct plan *plan, unsigned int flags, size_t *done) _must_check_;

#endif
