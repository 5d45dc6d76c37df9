/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same knob through several doors: which addresses tell one thing. */
#ifndef FERRY_CHANNEL_DOORS_H
#define FERRY_CHANNEL_DOORS_H

#include "channel/channel.h"

#define DOORS_MAXIMUM 4

/* Addresses with placeholders: %i an interface, %l an interface or a label of one (eth0:1), %a an IPv4 address with its prefix length, %r a
 * destination with its metric, %f a name. */
struct doors {
	enum ferry_comparison comparison;
	const char *addresses[DOORS_MAXIMUM];
};

extern const struct doors doors_table[];
extern const unsigned int doors_count;

/* What the placeholders stand for; "" = not known. */
struct doors_names {
	char interface[16], label[16], address[24], route[48], name[64];
};

/* Whether ADDRESS is what TEMPLATE says, or an object whose field it says: then what stands in it is put into RET. */
bool doors_match(const char *template, const char *address, struct doors_names *ret);
/* Appends TEMPLATE with NAMES in it; what is not known becomes a glob. False, with nothing to be used in RET, where a glob would not do. */
bool doors_fill(const char *template, const struct doors_names *names, struct buffer *ret) _must_check_;
/* Appends VALUE in the form in which the doors of a knob are compared. */
void doors_normal(enum ferry_comparison comparison, const struct ferry_value *value, struct buffer *ret);

#endif
