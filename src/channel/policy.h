/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policies of a generic family, as CTRL_CMD_GETPOLICY tells them: what the kernel takes in each attribute of each command. To ask needs no rights
 * and changes nothing. Also those that an extended ACK carries. Sources: <linux/genetlink.h>, <linux/netlink.h>, net/netlink/policy.c of the kernel.
 */
#ifndef FERRY_CHANNEL_POLICY_H
#define FERRY_CHANNEL_POLICY_H

#include "channel/learned.h"
#include "wire/netlink.h"

#define POLICY_NONE UINT32_MAX

struct policy_attribute {
	uint16_t number;
	uint8_t type;              /* NL_ATTR_TYPE_...; NL_ATTR_TYPE_INVALID: never taken */
	uint64_t minimum, maximum; /* both 0: not told; as two's complement where the type has a sign */
	uint32_t nest;             /* index of the policy of what is in it, or POLICY_NONE */
};

struct policy {
	struct policy_attribute *list;
	size_t count;
};

struct policy_operation {
	uint32_t number;
	uint32_t request, dump; /* indices, or POLICY_NONE */
};

struct policies {
	struct policy *list; /* by index */
	size_t count;
	struct policy_operation *operations;
	size_t operation_count;
};

/* All of the family whose messages have TYPE; the lists are freed by policies_done(). None where the kernel has none to tell. -EOPNOTSUPP before
 * 5.10, -ENOMEM. */
int policies_read(struct netlink *netlink, uint16_t type, struct policies *ret) _must_check_;
/* Adds what one answer says. -ENOMEM. */
int policies_take(struct policies *policies, const void *attributes, size_t length) _must_check_;
void policies_done(struct policies *policies);
#define _cleanup_policies_ _cleanup_(policies_done)

/* One attribute's, from its payload (as NLMSGERR_ATTR_POLICY has it); its NUMBER is left 0. */
struct policy_attribute policy_attribute_of(const void *data, size_t length);
/* What it is in ours; LEARNED_LOOKS where the kernel has not said. */
enum learned_kind policy_kind(const struct policy_attribute *attribute);

#endif
