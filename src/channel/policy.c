/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/policy.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#define POLICIES_MAXIMUM   4096
#define ATTRIBUTES_MAXIMUM 1024 /* of a policy */
#define OPERATIONS_MAXIMUM 1024

/* ---- One attribute ---- */

static uint64_t number_at(const struct attribute_iterator *at)
{
	uint64_t wide = 0;
	uint32_t narrow = 0;

	if (at->length >= sizeof(wide)) {
		memcpy(&wide, at->data, sizeof(wide));
		return wide;
	}
	if (at->length >= sizeof(narrow))
		memcpy(&narrow, at->data, sizeof(narrow));
	return narrow;
}

struct policy_attribute policy_attribute_of(const void *data, size_t length)
{
	struct policy_attribute attribute = { .nest = POLICY_NONE };

	for (struct attribute_iterator at = attributes(data, length); attribute_next(&at);) {
		switch (at.type) {
		case NL_POLICY_TYPE_ATTR_TYPE:
			attribute.type = (uint8_t)number_at(&at);
			break;
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_S:
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
			attribute.minimum = number_at(&at);
			break;
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_S:
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
			attribute.maximum = number_at(&at);
			break;
		case NL_POLICY_TYPE_ATTR_POLICY_IDX:
			attribute.nest = (uint32_t)number_at(&at);
			break;
		default:
			break;
		}
	}
	return attribute;
}

enum learned_kind policy_kind(const struct policy_attribute *attribute)
{
	static const uint8_t kinds[] = {
		[NL_ATTR_TYPE_INVALID] = LEARNED_LOOKS,
		[NL_ATTR_TYPE_FLAG] = LEARNED_FLAG,
		[NL_ATTR_TYPE_U8] = LEARNED_U8,
		[NL_ATTR_TYPE_U16] = LEARNED_U16,
		[NL_ATTR_TYPE_U32] = LEARNED_U32,
		[NL_ATTR_TYPE_U64] = LEARNED_U64,
		[NL_ATTR_TYPE_S8] = LEARNED_S8,
		[NL_ATTR_TYPE_S16] = LEARNED_S16,
		[NL_ATTR_TYPE_S32] = LEARNED_S32,
		[NL_ATTR_TYPE_S64] = LEARNED_S64,
		[NL_ATTR_TYPE_BINARY] = LEARNED_BYTES,
		[NL_ATTR_TYPE_STRING] = LEARNED_TEXT,
		[NL_ATTR_TYPE_NUL_STRING] = LEARNED_TEXT,
		[NL_ATTR_TYPE_NESTED] = LEARNED_NEST,
		[NL_ATTR_TYPE_NESTED_ARRAY] = LEARNED_ARRAY,
		[NL_ATTR_TYPE_BITFIELD32] = LEARNED_BITS,
		[16] = LEARNED_SINT, /* NL_ATTR_TYPE_SINT, since 6.7 */
		[17] = LEARNED_UINT, /* NL_ATTR_TYPE_UINT */
	};

	return attribute->type < ARRAY_SIZE(kinds) ? (enum learned_kind)kinds[attribute->type] : LEARNED_LOOKS;
}

/* ---- All of a family ---- */

static int add_attribute(struct policy *policy, const struct policy_attribute *attribute)
{
	struct policy_attribute *list;

	if (policy->count == ATTRIBUTES_MAXIMUM)
		return 0;
	list = reallocarray(policy->list, policy->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	policy->list = list;
	list[policy->count++] = *attribute;
	return 0;
}

static struct policy *policy_at(struct policies *policies, size_t index)
{
	if (index >= policies->count) {
		struct policy *list = reallocarray(policies->list, index + 1, sizeof(*list));

		if (!list)
			return NULL;
		memset(list + policies->count, 0, (index + 1 - policies->count) * sizeof(*list));
		policies->list = list;
		policies->count = index + 1;
	}
	return &policies->list[index];
}

/* CTRL_ATTR_POLICY: a nest whose number is the policy's, in it one whose number is the attribute's. */
static int take_policy(struct policies *policies, const struct attribute_iterator *nest)
{
	for (struct attribute_iterator outer = attributes(nest->data, nest->length); attribute_next(&outer);) {
		struct policy *policy = outer.type < POLICIES_MAXIMUM ? policy_at(policies, outer.type) : NULL;

		if (outer.type >= POLICIES_MAXIMUM)
			continue;
		if (!policy)
			return -ENOMEM;
		for (struct attribute_iterator inner = attributes(outer.data, outer.length); attribute_next(&inner);) {
			struct policy_attribute attribute = policy_attribute_of(inner.data, inner.length);
			int r;

			attribute.number = inner.type;
			r = add_attribute(policy, &attribute);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* CTRL_ATTR_OP_POLICY: a nest whose number is the command's, in it the policies of its request and of its dump. */
static int take_operation(struct policies *policies, const struct attribute_iterator *nest)
{
	for (struct attribute_iterator outer = attributes(nest->data, nest->length); attribute_next(&outer);) {
		struct policy_operation operation = { outer.type, POLICY_NONE, POLICY_NONE }, *list;

		if (policies->operation_count == OPERATIONS_MAXIMUM)
			return 0;
		for (struct attribute_iterator inner = attributes(outer.data, outer.length); attribute_next(&inner);) {
			if (inner.type == CTRL_ATTR_POLICY_DO)
				operation.request = (uint32_t)number_at(&inner);
			else if (inner.type == CTRL_ATTR_POLICY_DUMP)
				operation.dump = (uint32_t)number_at(&inner);
		}
		list = reallocarray(policies->operations, policies->operation_count + 1, sizeof(*list));
		if (!list)
			return -ENOMEM;
		policies->operations = list;
		list[policies->operation_count++] = operation;
	}
	return 0;
}

int policies_take(struct policies *policies, const void *data, size_t length)
{
	int r = 0;

	for (struct attribute_iterator at = attributes(data, length); r == 0 && attribute_next(&at);) {
		if (at.type == CTRL_ATTR_POLICY)
			r = take_policy(policies, &at);
		else if (at.type == CTRL_ATTR_OP_POLICY)
			r = take_operation(policies, &at);
	}
	return r;
}

static int take_message(void *data, const struct nlmsghdr *message)
{
	if (message->nlmsg_type != GENL_ID_CTRL || message->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return 0;
	return policies_take(data, (const uint8_t *)NLMSG_DATA(message) + GENL_HDRLEN, message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
}

int policies_read(struct netlink *netlink, uint16_t type, struct policies *ret)
{
	_cleanup_policies_ struct policies policies = { 0 };
	_cleanup_buffer_ struct buffer request = { 0 };
	const struct genlmsghdr header = { .cmd = CTRL_CMD_GETPOLICY, .version = 2 };
	bool interrupted;
	int r;

	buffer_add(&request, &header, sizeof(header));
	attribute_add(&request, CTRL_ATTR_FAMILY_ID, &type, sizeof(type));
	if (request.failed)
		return -ENOMEM;
	r = netlink_dump(netlink, GENL_ID_CTRL, 0, request.data, request.length, take_message, &policies, &interrupted, NULL);
	/* A family that takes no commands has none. */
	if (r < 0 && r != -ENODATA)
		return r;
	*ret = policies;
	policies = (struct policies){ 0 };
	return 0;
}

void policies_done(struct policies *policies)
{
	for (size_t i = 0; i < policies->count; i++)
		free(policies->list[i].list);
	free(policies->list);
	free(policies->operations);
	*policies = (struct policies){ 0 };
}
