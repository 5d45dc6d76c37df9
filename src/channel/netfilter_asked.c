/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which set of ipset or counter of nfacct a request names, and a record: "6/addresses", by the subsystem and the name. Source:
 * <linux/netfilter/ipset/ip_set.h>, <linux/netfilter/nfnetlink_acct.h>. */
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_acct.h>
#include <string.h>

#include "channel/ipset.h"
#include "channel/netfilter.h"

static void add_name(uint16_t type, const void *text, size_t length, struct buffer *ret)
{
	buffer_printf(ret, "%u/%.*s", type >> 8, (int)strnlen(text, length), (const char *)text);
}

bool netfilter_request_names(struct netlink_source *source, const struct nlmsghdr *request, struct buffer *ret)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const bool sets = request->nlmsg_type >> 8 == NFNL_SUBSYS_IPSET;
	bool named = false;

	(void)source;
	if ((!sets && request->nlmsg_type >> 8 != NFNL_SUBSYS_ACCT) || request->nlmsg_len < skip)
		return false;
	for (struct attribute_iterator i = attributes((const char *)request + skip, request->nlmsg_len - skip); attribute_next(&i);) {
		const bool second = sets && i.type == IPSET_ATTR_SETNAME2 &&
				    (request->nlmsg_type == IPSET_TYPE(IPSET_CMD_RENAME) || request->nlmsg_type == IPSET_TYPE(IPSET_CMD_SWAP));

		if (i.type != (sets ? IPSET_ATTR_SETNAME : NFACCT_NAME) && !second)
			continue;
		add_name(request->nlmsg_type, i.data, i.length, ret);
		buffer_add_char(ret, '\0');
		named = true;
	}
	return named; /* else it is for all of them */
}

void netfilter_name_of(const struct object *object, const struct record *record, struct buffer *ret)
{
	const struct value *name = record_find(record, object->new_type == IPSET_TYPE(IPSET_CMD_ADD) ? "set" : "name");

	if (name && name->type == VALUE_TEXT)
		add_name(object->new_type, name->bytes.data, name->bytes.length, ret);
}
