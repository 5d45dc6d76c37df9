/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of one chain: those that stand, those that are wished, and in which order they are to stand. */
#ifndef FERRY_LIB_DECLARE_RULES_H
#define FERRY_LIB_DECLARE_RULES_H

#include "lib/declare_ruleset.h"

/* One that stands. */
struct rules_slot {
	struct standing *standing;
	uint64_t handle;
	uint32_t meaning; /* equal where two rules say the same */
	int fate;         /* by what it stands on */
	bool gone;        /* it is wished away */
	bool stays;
};

/* One that is wished. */
struct rules_want {
	struct wish *wish; /* NULL: as SLOT stands */
	uint64_t handle;   /* by which the wish names it; 0: it does not */
	uint64_t position; /* of the one that it is said to stand behind; 0: the first, or it is not said */
	uint32_t meaning;
	size_t slot; /* whose place it takes, where that is said, else SEQUENCE_NONE */
};

/* A place in the chain as it is to be: SLOT alone goes or stays, WANT alone comes, both: WANT in the place of SLOT. */
struct rules_place {
	struct rules_slot *slot;
	struct rules_want *want;
};

struct rules_chain {
	const char *path; /* "inet/x/in" */
	size_t length;
	struct rules_slot *slots;
	struct rules_want *wants;
	size_t slot_count, want_count;
	struct rules_place *places;
	size_t place_count;
	struct rules_chain *next;
};

struct planning_rules {
	struct plan *plan;
	const struct kind *kind;
	int (*fate)(void *data, const struct object *object, const struct record *record);
	void *data;         /* of FATE */
	struct table table; /* of chains, by their path */
	struct rules_chain *chains, **last;
	struct table meanings;
	uint32_t meaning_count;
};

/* The record of WANT, in the plan's scratch. */
int rules_wanted(struct planning_rules *planning, const struct rules_chain *chain, const struct rules_want *want, struct record **ret) _must_check_;
void rules_meanings_init(struct planning_rules *planning);
/* JSON of what people read of a rule, its TEXT. */
void rules_show(const char *text, struct buffer *ret);
int rules_meaning(struct planning_rules *planning, const struct record *rule, uint32_t *ret) _must_check_;

/* declare_rules_back.c: the places where wishes are a way back: each says whose place it takes, or behind which one it comes. */
int rules_place_back(struct planning_rules *planning, struct rules_chain *chain) _must_check_;
/* declare_rules_steps.c: from places to steps. */
int rules_add_steps(struct planning_rules *planning, struct rules_chain *chain) _must_check_;

#endif
