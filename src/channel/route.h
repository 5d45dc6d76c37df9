/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts that routes and nexthops share. */
#ifndef FERRY_CHANNEL_ROUTE_H
#define FERRY_CHANNEL_ROUTE_H

#include "channel/object.h"

extern const struct object object_route;
/* Where a kind is told by routes of another protocol FAMILY: appends the request of its dump, unless the kernel knows no such family, and would
 * answer with the routes of all others. For places(). */
int route_place(struct netlink *netlink, uint8_t family, struct buffer *ret) _must_check_;
/* route_nexthop.c: RTA_MULTIPATH, a list of nexthops, or of what else the field's elements are. */
extern const struct codec codec_multipath;
extern const struct field field_multipath_member;
/* RTA_VIA: a gateway of another family. */
extern const struct codec codec_via;
extern const struct schema schema_via;
/* route_encap.c: RTA_ENCAP and NHA_ENCAP, by what "encap_type" says. */
extern const struct selection selection_encap;
/* route_label.c: a stack of MPLS labels, and a single one. */
extern const struct codec codec_labels;
extern const struct field field_label;
extern const struct codec codec_label;
/* route_metrics.c: RTA_METRICS. */
extern const struct schema schema_route_metrics;

#endif
