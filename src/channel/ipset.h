/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sets of ipset(8) and their entries share. The kernel tells both by one request, and takes each by requests of its own layout. Sources:
 * <linux/netfilter/ipset/ip_set.h>, net/netfilter/ipset/ip_set_core.c, ipset(8). */
#ifndef FERRY_CHANNEL_IPSET_H
#define FERRY_CHANNEL_IPSET_H

#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>

#include "channel/object.h"

#define IPSET_TYPE(command) (NFNL_SUBSYS_IPSET << 8 | (command))
/* Requests that change sets or entries: of all of them the kernel tells no one. */
#define IPSET_CHANGES                                                                                                                   \
	{                                                                                                                               \
		IPSET_TYPE(IPSET_CMD_CREATE), IPSET_TYPE(IPSET_CMD_DESTROY), IPSET_TYPE(IPSET_CMD_FLUSH), IPSET_TYPE(IPSET_CMD_RENAME), \
			IPSET_TYPE(IPSET_CMD_SWAP), IPSET_TYPE(IPSET_CMD_ADD), IPSET_TYPE(IPSET_CMD_DEL)                                \
	}

/* Numbers of our own for an entry's message, in which the attributes of the entry stand for themselves. */
enum { IPSET_ENTRY_SET = 40, IPSET_ENTRY_COUNT };

/* Words for what ipset alone answers, enum ipset_errno; NULL for other numbers. */
const char *ipset_error(uint32_t number);

extern const struct object object_ipset, object_ipset_entry;
extern const struct codec codec_ipset_address; /* IPSET_ATTR_IPADDR_*: a nest that holds an address of either family */

/* The header and the version of the protocol, which every request begins with. */
void ipset_begin(struct buffer *request);
/* Appends the attributes of LENGTH bytes with the marks that the kernel wants: NESTED and NETWORK_ORDER are sets of attribute numbers. */
void ipset_add_marked(const void *data, size_t length, uint32_t nested, uint32_t network_order, struct buffer *ret);
/* A request of all sets, or of the set NAME (may be NULL) alone, without their entries where HEADERS says so. */
void ipset_ask(const struct value *name, bool headers, struct buffer *ret);
/* For protocol->unify(): a request or answer about a set, or a request about an entry, as our schemas have it. */
const struct nlmsghdr *ipset_unify(const struct nlmsghdr *message, struct buffer *room);
/* The attributes of one entry of the set NAME in a message of their own. */
const struct nlmsghdr *ipset_entry_message(const struct nlmsghdr *like, const void *name, size_t name_length, const struct attribute_iterator *entry,
					   struct buffer *room);

#endif
