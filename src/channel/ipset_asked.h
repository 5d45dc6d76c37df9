/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which entries of a set a request asks for: it may say them in another way than the kernel tells them, as a range or within the bits that the set
 * looks at. Source: net/netfilter/ipset/ip_set_hash_*.c, ip_set_bitmap_*.c. */
#ifndef FERRY_CHANNEL_IPSET_ASKED_H
#define FERRY_CHANNEL_IPSET_ASKED_H

#include "channel/ipset.h"

struct netlink_source;

/* How a set takes entries. */
struct ipset_layout {
	bool networks[2];  /* its first and second address are networks, not single ones */
	bool ether_beside; /* a hardware address is kept with an entry, and no part of what it is known by */
	bool evicts;       /* where it is full, another one goes for a new one */
	uint8_t netmask;   /* to which the first address is cut; 0: it is not */
	const struct value *bitmask;
	uint32_t markmask;
};

/* Addresses from the first to the last. */
struct ipset_span {
	enum { SPAN_EXACT, SPAN_ANY, SPAN_NETWORKS } kind; /* that one, any between, or the largest networks that fill it */
	uint8_t length;                                    /* of an address; 0: there is none */
	uint8_t first[16], last[16];
};

/* One entry, or those that one request asks for. */
struct ipset_place {
	struct ipset_span spans[2];
	uint16_t port, last_port;
	unsigned int gone;  /* what is asked for, for who keeps it */
	struct buffer rest; /* its set, and what else it is known by */
	struct buffer key;  /* all of it */
};

/* Of the set NAME, by what SOURCE knows of it, into ARENA. -ENOENT: nothing. */
int ipset_layout(struct netlink_source *source, struct arena *arena, const char *name, size_t length, struct ipset_layout *ret) _must_check_;
/* That of RECORD in a set of LAYOUT. -EOPNOTSUPP: that cannot be told. What it holds is to be given back in any case. */
int ipset_place(const struct ipset_layout *layout, const struct record *record, struct ipset_place *ret) _must_check_;
void ipset_place_done(struct ipset_place *place);
/* Whether it is of one entry. */
bool ipset_place_is_one(const struct ipset_place *place);
bool ipset_place_is_within(const struct ipset_place *entry, const struct ipset_place *range);

#endif
