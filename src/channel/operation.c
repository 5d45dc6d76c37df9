/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations of generic netlink families that are described by hand. */
#include <linux/genetlink.h>
#include <string.h>

#include "channel/generic.h"

#define OPERATION(identifier) extern const struct operation operation_##identifier;
#include "channel/operations.def"
#undef OPERATION

static const struct operation *const operations[] = {
#define OPERATION(identifier) &operation_##identifier,
#include "channel/operations.def"
#undef OPERATION
	NULL,
};

const struct operation *operation_by_hand(const struct family *family, uint32_t command)
{
	for (const struct operation *const *operation = operations; *operation; operation++)
		if ((*operation)->command == command && strcmp((*operation)->family, family->name) == 0)
			return *operation;
	return NULL;
}

static bool is_asked(const struct operation *operation, uint32_t number)
{
	return operation->request && number == (operation->asked ? operation->asked : operation->command);
}

static bool is_answered(const struct operation *operation, uint32_t number)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(operation->answers) && operation->answers[i]; i++)
		if (operation->answers[i] == number)
			return true;
	return false;
}

const struct operation *operation_spoken(const struct family *family, const struct nlmsghdr *message, const struct schema **ret)
{
	const struct genlmsghdr *header = NLMSG_DATA(message);
	const bool asks = message->nlmsg_flags & NLM_F_REQUEST;

	if (family->header_size < GENL_HDRLEN || message->nlmsg_type != family->type ||
	    message->nlmsg_len < NLMSG_HDRLEN + (size_t)family->header_size)
		return NULL;
	for (const struct operation *const *operation = operations; *operation; operation++) {
		if (strcmp((*operation)->family, family->name) != 0)
			continue;
		if (asks ? !is_asked(*operation, header->cmd) : !is_answered(*operation, header->cmd))
			continue;
		*ret = asks ? (*operation)->request : (*operation)->schema;
		return *operation;
	}
	return NULL;
}
