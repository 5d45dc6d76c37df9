/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What connections and expectations share: the tuple, by which the kernel knows a packet to be of one. Sources:
 * <linux/netfilter/nfnetlink_conntrack.h>, <linux/netfilter/nf_conntrack_common.h>, net/netfilter/nf_conntrack_netlink.c. */
#ifndef FERRY_CHANNEL_CONNTRACK_H
#define FERRY_CHANNEL_CONNTRACK_H

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "channel/object.h"

#define CONNTRACK_TYPE(message)   (NFNL_SUBSYS_CTNETLINK << 8 | (message))
#define EXPECTATION_TYPE(message) (NFNL_SUBSYS_CTNETLINK_EXP << 8 | (message))

extern const struct schema schema_conntrack_tuple;
extern const struct codec codec_conntrack_tuple; /* CTA_TUPLE_*: nests of nests, as one record of the schema */

/* A field that is a tuple. */
#define CONNTRACK_TUPLE(name, flags, words)                                                                            \
	{                                                                                                              \
		name, FIELD_CODEC, flags, 0, words, .codec = &codec_conntrack_tuple, .schema = &schema_conntrack_tuple \
	}

/* PROTOCOL/SOURCE:PORT/DESTINATION:PORT[,zone=N], or without ports and with type, code and id: by the tuple FIELD of RECORD and its zone. */
void conntrack_path(const struct record *record, const char *field, struct buffer *ret);
int conntrack_parse(const struct schema *schema, const char *field, struct object_path *path, struct record **ret,
		    const char **ret_rest) _must_check_;

enum object_origin conntrack_origin(const struct record *record);

#endif
