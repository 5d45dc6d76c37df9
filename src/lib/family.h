/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of netlink families and their groups: netlink/ethtool, netlink/ethtool/monitor. */
#ifndef FERRY_LIB_FAMILY_H
#define FERRY_LIB_FAMILY_H

#include "channel/family.h"
#include "ferry.h"

/* The address of FAMILY, or of one of its groups; to be freed. NULL where memory ran out. */
char *family_address(const struct family *family, const char *group);
/* Whether the group at ADDRESS lies at or below one of PATTERNS (NULL-terminated, may be NULL). What lies below all of a
 * family that has objects (netlink/route) is told as changes of these: its other groups must be named. */
bool family_is_wanted(const struct family *family, const char *address, const char *const *patterns);

/* What lies below an address that is of netlink but of no channel: families, or the groups and operations of one; in order, to be told among others.
 */
struct family_list {
	struct family_child {
		char *address;
		enum ferry_item_kind kind;
		const char *type, *help, *promise, *provenance;
		struct value value; /* what a family is, where values are wanted */
	} * children;
	size_t count, next;
	bool found;         /* the address is there, also where nothing lies below it */
	struct arena arena; /* of the values */
};
/* -ENOENT with words where ADDRESS is of netlink, but of no family. */
int family_list_read(struct ferry *ferry, const char *address, struct family_list *ret) _must_check_;
/* Tells those that stand before ADDRESS (NULL: all that are left). */
int family_list_tell(struct ferry *ferry, struct family_list *list, const char *address, unsigned int flags, ferry_item_function *function,
		     void *data);
void family_list_done(struct family_list *list);

/* Whether ADDRESS is a generic family (not with a glob in its name), or lies below one and is no group of it: 1, and *RET_FAMILY (of FAMILIES) and
 * *RET_PATH, what ADDRESS says behind it; else 0, or a negative errno with words. */
int family_operations_at(struct ferry *ferry, const char *address, struct families *families, const struct family **ret_family,
			 const char **ret_path) _must_check_;

#endif
