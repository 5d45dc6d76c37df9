/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The enums in the kernel's types that can be sets of netlink attributes or commands: names in capitals with one prefix, small numbers. */
#ifndef FERRY_CHANNEL_KERNEL_ENUMS_H
#define FERRY_CHANNEL_KERNEL_ENUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define ENUM_NUMBER_MAXIMUM 1023 /* what is above is no attribute */

struct kernel_enumerator {
	const char *name;
	uint16_t number;
};

struct kernel_enum {
	const char *prefix; /* "ETHTOOL_A_RINGS_": of all names in it but those that begin with an underscore */
	size_t prefix_length;
	struct kernel_enumerator *list; /* one for each number, without the bounds (..._MAX, __..._CNT) */
	size_t count;
	uint16_t highest;
};

struct kernel_enums {
	struct kernel_enum *list;
	size_t count;
	bool of_modules;    /* some of them are */
	struct arena arena; /* of all names */
};

/* All of the running kernel and its modules. -ENOENT where it tells no types, -EBADMSG, -ENOMEM. */
int kernel_enums_read(struct kernel_enums *ret) _must_check_;
/* Adds those in TYPES. BASE (NULL for the kernel's own) are the kernel's types where these are of a module, whose names go on where those end. What
 * was added before a failure stays. */
int kernel_enums_add(struct kernel_enums *enums, const void *types, size_t length, const void *base, size_t base_length) _must_check_;
void kernel_enums_done(struct kernel_enums *enums);
#define _cleanup_kernel_enums_ _cleanup_(kernel_enums_done)

/* The enum whose names begin with PREFIX (LENGTH bytes) and nothing longer; NULL where there is none. */
const struct kernel_enum *kernel_enum_of_prefix(const struct kernel_enums *enums, const char *prefix, size_t length);
/* The enum in which NAME stands. */
const struct kernel_enum *kernel_enum_with(const struct kernel_enums *enums, const char *name);
/* The name of NUMBER, or NULL. */
const char *kernel_enum_name(const struct kernel_enum *list, uint16_t number);

#endif
