/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and data of a set's elements as people write them, by the types that the set has: "10.0.0.0/8", "80", "10.0.0.1 . 80-90", "jump other". What
 * is said so is read back as the very bytes that it was; what would not be is not said. */
#ifndef FERRY_CHANNEL_NETFILTER_TYPED_H
#define FERRY_CHANNEL_NETFILTER_TYPED_H

#include "channel/netfilter_sets.h"

#define NETFILTER_KEY_MAXIMUM 64

/* From FIRST to LAST, which are the same where it is no range. */
struct netfilter_range {
	uint8_t first[NETFILTER_KEY_MAXIMUM], last[NETFILTER_KEY_MAXIMUM];
	uint32_t length;
};

/* The kernel tells a range of SET by two elements: where it begins, and what comes behind it. */
bool netfilter_set_has_ends(const struct said_set *set);
/* The key behind the last of RANGE; false where there is none. */
bool netfilter_range_end(const struct netfilter_range *range, uint8_t *ret);

/* Whether the key that TEXT begins with is said by its bytes, or is that of all others. */
bool netfilter_key_is_bytes(const char *text);
/* ELEMENT's key, which in a set of ranges goes up to the key BEHIND it; BEHIND NULL: up to the last that there is. */
bool netfilter_typed_key(const struct said_set *set, const struct record *element, const struct value *behind, struct buffer *ret);
bool netfilter_typed_data(const struct said_set *set, const struct record *data, struct buffer *ret);
/* The same backwards. False: TEXT is none of SET's. */
bool netfilter_parse_typed_key(const struct said_set *set, const char *text, size_t length, struct netfilter_range *ret);
bool netfilter_parse_typed_data(const struct said_set *set, const char *text, size_t length, struct netfilter_range *ret);
/* The key of an element of SET in an address, by its bytes. */
void netfilter_range_path(const struct said_set *set, const struct netfilter_range *range, struct buffer *ret);

/* For object->typed and object->translate of elements. */
size_t netfilter_typed_length(const char *path);
int netfilter_typed_translate(struct machine *machine, const char *path, bool write, struct buffer *ret) _must_check_;

#endif
