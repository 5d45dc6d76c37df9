/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bit sets of ethtool's netlink. What the bits are called only the kernel that runs knows: it is asked once (bitset_load()), as most of what it tells
 * holds numbers alone. Source: Documentation/networking/ethtool-netlink.rst of the kernel. */
#ifndef FERRY_CHANNEL_BITSET_H
#define FERRY_CHANNEL_BITSET_H

#include "model/schema.h"

struct netlink;

extern const struct names words_ethtool_off_on;

#define BITSET_MAXIMUM 256 /* bits */

/* A set of names. The schemas have a field for each bit, "on" or "off": of what can be set, and of what is told alone. */
struct bitset_names {
	struct schema settable, told;
	struct bitset_fields {
		struct field settable[BITSET_MAXIMUM], told[BITSET_MAXIMUM];
		char texts[BITSET_MAXIMUM][32];
	} * fields;
};
extern struct bitset_names bitset_features, bitset_link_modes, bitset_messages, bitset_wake, bitset_groups;

/* A record of the bits that its sender speaks of, or of all, by a schema of the set; it is sent as just the bits that it has. */
extern const struct codec codec_bitset_features, codec_bitset_link_modes, codec_bitset_messages, codec_bitset_wake;
/* A list of those that are on, which is sent as all there are. */
extern const struct codec codec_bitset_features_on, codec_bitset_link_modes_on, codec_bitset_groups_on;
/* A list of those that are on, by the names that come with them or that are sent. */
extern const struct codec codec_bitset_named;
/* Bits with names of their device's own: two lists. */
extern const struct codec codec_bitset_private;
extern const struct schema schema_bitset_private;

/* Asks the kernel for the names, by a socket of the family ethtool, unless they are known. Without them bits are numbers. */
void bitset_load(struct netlink *netlink);
/* The same of the groups of statistics, which kernels before 5.13 have not, nor answer when they are asked for others with them. */
void bitset_load_groups(struct netlink *netlink);
/* Takes the names that an answer to ETHTOOL_MSG_STRSET_GET holds. */
void bitset_take_names(const struct nlmsghdr *message);

/* The name of a bit, NULL where SET (may be NULL) has none; whether it is TEXT, as the kernel spells it or as we do; the bit of that name,
 * BITSET_MAXIMUM where there is none. */
const char *bitset_name(const struct bitset_names *set, uint32_t bit);
bool bitset_is_named(const struct bitset_names *set, uint32_t bit, const char *text, size_t length);
uint32_t bitset_find(const struct bitset_names *set, const char *text, size_t length);

/* A number in an attribute: false where it has another length. */
bool bitset_number(const struct attribute_iterator *at, uint32_t *ret);

#endif
