/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for the numbers that several netlink objects share, spelt as ip(8) spells them. */
#ifndef FERRY_CHANNEL_WORDS_H
#define FERRY_CHANNEL_WORDS_H

#include "model/schema.h"

extern const struct names words_route_protocol; /* RTPROT_* */
extern const struct names words_route_scope;    /* RT_SCOPE_* */
extern const struct names words_route_type;     /* RTN_* */
extern const struct names words_route_table;    /* main, local, default */
extern const struct names words_nexthop_flags;  /* RTNH_F_* */
extern const struct names words_encap_type;     /* LWTUNNEL_ENCAP_* */
extern const struct names words_ip_protocol;    /* IPPROTO_* */
extern const struct names words_family;         /* AF_* */
extern const struct names words_link_type;      /* ARPHRD_* */
extern const struct names words_link_flags;     /* IFF_* */
extern const struct names words_link_told;      /* RTEXT_FILTER_* */
extern const struct names words_ether_type;     /* ETH_P_8021Q, ETH_P_8021AD */

/* Appends the word for NUMBER, or the number. */
void words_add(struct buffer *buffer, const struct names *names, uint64_t number);
/* The number behind a word or decimal number of LENGTH bytes. -EINVAL. */
int words_parse(const struct names *names, const char *text, size_t length, uint64_t *ret) _must_check_;

#endif
