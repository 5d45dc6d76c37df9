/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RTA_METRICS: what a route tells the protocols above. Source: rtnetlink(7), ip-route(8), <linux/rtnetlink.h>. */
#include <linux/rtnetlink.h>

#include "channel/route.h"

#define SET FIELD_SETTABLE
#define LOCK(metric, word)           \
	{                            \
		1u << (metric), word \
	}

NAMES(locks, true, LOCK(RTAX_MTU, "mtu"), LOCK(RTAX_WINDOW, "window"), LOCK(RTAX_RTT, "rtt"), LOCK(RTAX_RTTVAR, "rttvar"),
      LOCK(RTAX_SSTHRESH, "ssthresh"), LOCK(RTAX_CWND, "cwnd"), LOCK(RTAX_ADVMSS, "advmss"), LOCK(RTAX_REORDERING, "reordering"),
      LOCK(RTAX_HOPLIMIT, "hoplimit"), LOCK(RTAX_INITCWND, "initcwnd"), LOCK(RTAX_FEATURES, "features"), LOCK(RTAX_RTO_MIN, "rto_min"),
      LOCK(RTAX_INITRWND, "initrwnd"), LOCK(RTAX_QUICKACK, "quickack"), LOCK(RTAX_CC_ALGO, "congestion"),
      LOCK(RTAX_FASTOPEN_NO_COOKIE, "fastopen_no_cookie"));
NAMES(features, true, { RTAX_FEATURE_ECN, "ecn" }, { 2, "sack" }, { 4, "timestamp" }, { 8, "allfrag" }, { 16, "tcp_usec_ts" });

static const struct field metrics[] = {
	[RTAX_LOCK] = { "lock", FIELD_U32, SET, 0, "metrics that path MTU discovery and TCP leave alone", .names = &locks },
	[RTAX_MTU] = { "mtu", FIELD_U32, SET, UNIT_BYTES, "largest packet" },
	[RTAX_WINDOW] = { "window", FIELD_U32, SET, UNIT_BYTES, "largest window to advertise" },
	[RTAX_RTT] = { "rtt", FIELD_U32, SET, UNIT_EIGHTHS_OF_MILLISECONDS, "round trip to begin with" },
	[RTAX_RTTVAR] = { "rttvar", FIELD_U32, SET, UNIT_QUARTERS_OF_MILLISECONDS, "its variance" },
	[RTAX_SSTHRESH] = { "ssthresh", FIELD_U32, SET, UNIT_PACKETS, "slow start threshold" },
	[RTAX_CWND] = { "cwnd", FIELD_U32, SET, UNIT_PACKETS, "congestion window at most" },
	[RTAX_ADVMSS] = { "advmss", FIELD_U32, SET, UNIT_BYTES, "segment size to advertise" },
	[RTAX_REORDERING] = { "reordering", FIELD_U32, SET, UNIT_PACKETS, "reordering to reckon with" },
	[RTAX_HOPLIMIT] = { "hoplimit", FIELD_U32, SET, 0, "hops" },
	[RTAX_INITCWND] = { "initcwnd", FIELD_U32, SET, UNIT_PACKETS, "congestion window to begin with" },
	[RTAX_FEATURES] = { "features", FIELD_U32, SET, 0, "features that this route switches on", .names = &features },
	[RTAX_RTO_MIN] = { "rto_min", FIELD_U32, SET, UNIT_MILLISECONDS, "shortest time before a retransmission" },
	[RTAX_INITRWND] = { "initrwnd", FIELD_U32, SET, UNIT_PACKETS, "receive window to begin with" },
	[RTAX_QUICKACK] = { "quickack", FIELD_U32, SET, 0, "acknowledges at once" },
	[RTAX_CC_ALGO] = { "congestion", FIELD_TEXT, SET, 0, "congestion control" },
	[RTAX_FASTOPEN_NO_COOKIE] = { "fastopen_no_cookie", FIELD_U32, SET, 0, "TCP fast open without a cookie" },
};
const struct schema schema_route_metrics = {
	.name = "metrics", .help = "what a route tells the protocols above", .attributes = metrics, .attribute_count = ARRAY_SIZE(metrics)
};
