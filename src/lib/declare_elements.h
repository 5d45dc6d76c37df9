/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of nftables' sets, as documents have them. */
#ifndef FERRY_LIB_DECLARE_ELEMENTS_H
#define FERRY_LIB_DECLARE_ELEMENTS_H

#include "channel/netfilter_sets.h"
#include "lib/declare_ruleset.h"

/* What is known of the set whose elements are being told. */
struct elements {
	struct ruleset *ruleset;
	struct arena arena;
	const char *path;
	size_t length;
	const struct said_set *set;
};

void elements_begin(struct elements *elements, struct ruleset *ruleset);
void elements_done(struct elements *elements);
/* The set that STANDING is in, NULL where it is not known. */
const struct said_set *elements_set(struct elements *elements, const struct kind *kind, const struct standing *standing);
/* What ELEMENT leads to, by its type, where that can be said. */
int elements_write_data(const struct said_set *set, struct arena *arena, struct record *element) _must_check_;

/* All that the document says is there: what was said by a type becomes what it stands for. One whose set nobody knows stays as it is. */
int elements_settle(struct wishes *wishes) _must_check_;

#endif
