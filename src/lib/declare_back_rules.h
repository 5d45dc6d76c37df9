/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules that a journal tells of, as they stand now: known by what they say and by a number that is greater than all were before. */
#ifndef FERRY_LIB_DECLARE_BACK_RULES_H
#define FERRY_LIB_DECLARE_BACK_RULES_H

#include "lib/declare_ruleset.h"
#include "state/journal.h"

struct back_rules;

int back_rules_new(const struct ruleset *ruleset, struct back_rules **ret) _must_check_;
void back_rules_free(struct back_rules *rules);
/* The way back of ENTRY, of a rule, put among WISHES. -ESTALE with words where somebody else has changed it since. */
int back_rules_wish(struct back_rules *rules, const struct journal_entry *entry, struct wishes *wishes) _must_check_;

#endif
