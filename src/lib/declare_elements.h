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
/* TEXT as a document has it: digits are a number. */
struct value elements_value(const char *text, size_t length);
/* What ELEMENT leads to, by its type, where that can be said. */
int elements_write_data(const struct said_set *set, struct arena *arena, struct record *element) _must_check_;

/* The same backwards, of an ELEMENT of WISH. */
int elements_read_data(struct wishes *wishes, const struct wish *wish, const struct said_set *set, struct record *element) _must_check_;
/* TEXT is no WHAT, "key" or "data", of SET. */
int elements_refuse(struct wishes *wishes, const struct wish *wish, const char *what, const char *text, size_t length, const struct said_set *set);

/* declare_own_elements.c: elements of sets that a RULE has for itself, by their types; RULE is a copy then. And backwards. */
int own_elements_write(struct arena *arena, struct record **rule) _must_check_;
int own_elements_read(struct wishes *wishes, struct wish *wish) _must_check_;

/* All that the document says is there: what was said by a type becomes what it stands for. One whose set nobody knows stays as it is. */
int elements_settle(struct wishes *wishes) _must_check_;

#endif
