/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Learning: names from the enums in the kernel's types, types from its policies, and where it has no policy to tell, from what it says of a malformed
 * attribute in a network namespace of its own. What belongs together is found by names; learn.def has the exceptions. */
#ifndef FERRY_CHANNEL_LEARN_H
#define FERRY_CHANNEL_LEARN_H

#include "channel/family.h"
#include "channel/kernel-enums.h"
#include "channel/learned.h"
#include "channel/policy.h"

/* What was learned of a family. */
struct learn_report {
	const char *family;
	unsigned int commands, commands_named; /* of those that the family takes */
	unsigned int attributes;               /* that have a name */
	unsigned int typed;                    /* of these, that the kernel has typed */
	unsigned int tried;                    /* malformed attributes that were sent */
	const char *why;                       /* why nothing, or less than could be, was learned; NULL where nothing is amiss */
};
typedef int learn_function(void *data, const struct learn_report *report);

/* Learns the families NAMES (NULL-terminated; NULL: all generic ones, and "route"), and tells of each. -ENOENT where one is none of these, or the
 * kernel tells no types; with words. */
int learn_families(struct machine *machine, const char *const *names, struct learned *ret, learn_function *function, void *data) _must_check_;

/* ---- Parts ---- */

/* A family whose names are being put to its policies. */
struct linking {
	struct learned *learned;
	struct learned_family *family;
	const struct kernel_enums *enums;
	char stem[64]; /* "ETHTOOL" */
};

/* The family NAME, without sets or commands so far. -ENOMEM. */
int link_begin(struct learned *learned, const struct kernel_enums *enums, const char *name, struct linking *ret) _must_check_;
/* The set that is named PREFIX ("ETHTOOL_A_RINGS"), made of its enum where it is not there yet; *RET is NULL where the kernel has no such enum. */
int link_set(struct linking *linking, const char *prefix, size_t length, struct learned_set **ret) _must_check_;
/* All sets whose names begin with PREFIX, also those that no message is known to lead to. */
int link_sets(struct linking *linking, const char *prefix) _must_check_;
/* Names the commands and messages of a generic family, and finds their sets. */
int link_commands(struct linking *linking) _must_check_;
/* What lies in each attribute, by names, for all sets that can be come to. */
int link_nests(struct linking *linking) _must_check_;
/* Types of attributes by what the kernel takes in each command. */
int link_policies(struct linking *linking, const struct policies *policies) _must_check_;
/* One attribute's, in SET; one that was typed otherwise before is not known any more. *RET_NEST is the set in it or NULL. */
int link_type(struct linking *linking, struct learned_set *set, const struct policy_attribute *attribute, struct learned_set **ret_nest) _must_check_;
/* What learn.def adds to what the kernel says. Last. */
int link_exceptions(struct linking *linking) _must_check_;

/* The messages of rtnetlink, of those that learn.def lets be tried by trying. *RET_TRIED: how many malformed attributes were sent; *RET_WHY: why none
 * could be, or NULL. */
int learn_route(struct linking *linking, unsigned int *ret_tried, const char **ret_why) _must_check_;

#endif
