/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts that routes and nexthops share. */
#ifndef FERRY_CHANNEL_ROUTE_H
#define FERRY_CHANNEL_ROUTE_H

#include "channel/object.h"

/* route_nexthop.c: RTA_MULTIPATH, a list of nexthops. */
extern const struct codec codec_multipath;
extern const struct field field_multipath_member;
/* RTA_VIA: a gateway of another family. */
extern const struct codec codec_via;
extern const struct schema schema_via;
/* route_encap.c: RTA_ENCAP and NHA_ENCAP, by what "encap_type" says; RTA_NEWDST, a list of labels. */
extern const struct selection selection_encap;
extern const struct codec codec_labels;
extern const struct field field_label;
/* route_metrics.c: RTA_METRICS. */
extern const struct schema schema_route_metrics;

#endif
