/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What TCP remembers of its peers, as "ip tcp_metrics" reads it. Source: <linux/tcp_metrics.h>, net/ipv4/tcp_metrics.c. */
#include <linux/tcp_metrics.h>

#include "channel/generic.h"

#define VOLATILE FIELD_VOLATILE
/* The attribute is one more than the number of the metric. */
#define METRIC(number, name, unit, words) [TCP_METRIC_##number + 1] = { name, FIELD_U32, FIELD_VOLATILE, unit, words }

static const struct field metrics[] = {
	METRIC(RTT, "rtt_ms", UNIT_EIGHTHS_OF_MILLISECONDS, "way there and back, roughly"),
	METRIC(RTTVAR, "rttvar_ms", UNIT_QUARTERS_OF_MILLISECONDS, "its variance, roughly"),
	METRIC(SSTHRESH, "ssthresh", UNIT_PACKETS, "end of slow start"),
	METRIC(CWND, "cwnd", UNIT_PACKETS, "congestion window"),
	METRIC(REORDERING, "reordering", UNIT_PACKETS, "that may be out of turn"),
	METRIC(RTT_US, "rtt", UNIT_EIGHTHS_OF_MICROSECONDS, "way there and back"),
	METRIC(RTTVAR_US, "rttvar", UNIT_QUARTERS_OF_MICROSECONDS, "its variance"),
};
static const struct schema schema_metrics = { .name = "metrics", .attributes = metrics, .attribute_count = ARRAY_SIZE(metrics) };

static const struct field peer[] = {
	[TCP_METRICS_ATTR_ADDR_IPV4] = { "address", FIELD_ADDRESS, 0, 0, "the peer" },
	[TCP_METRICS_ATTR_ADDR_IPV6] = { "address", FIELD_ADDRESS, 0, 0, "the peer" },
	[TCP_METRICS_ATTR_AGE] = { "age", FIELD_U64, VOLATILE, UNIT_MILLISECONDS, "since it was heard of" },
	[TCP_METRICS_ATTR_TW_TSVAL] = { "tw_tsval", FIELD_U32, VOLATILE, 0, "its last time stamp" },
	[TCP_METRICS_ATTR_TW_TS_STAMP] = { "tw_ts_stamp", FIELD_S32, VOLATILE, UNIT_SECONDS, "since that" },
	[TCP_METRICS_ATTR_VALS] = { "metrics", FIELD_RECORD, VOLATILE, 0, "what a new connection begins with", .schema = &schema_metrics },
	[TCP_METRICS_ATTR_FOPEN_MSS] = { "fopen_mss", FIELD_U16, VOLATILE, UNIT_BYTES, "largest segment, of TCP Fast Open" },
	[TCP_METRICS_ATTR_FOPEN_SYN_DROPS] = { "fopen_syn_drops", FIELD_U16, VOLATILE, 0, "times that its first packet was lost" },
	[TCP_METRICS_ATTR_FOPEN_SYN_DROP_TS] = { "fopen_syn_drop_ts", FIELD_U64, VOLATILE, UNIT_MILLISECONDS, "since the last of these" },
	[TCP_METRICS_ATTR_FOPEN_COOKIE] = { "fopen_cookie", FIELD_BYTES, FIELD_SECRET, 0, "by which the peer knows us" },
	[TCP_METRICS_ATTR_SADDR_IPV4] = { "source", FIELD_ADDRESS, 0, 0, "our address" },
	[TCP_METRICS_ATTR_SADDR_IPV6] = { "source", FIELD_ADDRESS, 0, 0, "our address" },
	[TCP_METRICS_ATTR_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_peer = {
	.name = "peer", .help = "what TCP remembers of its peers", .attributes = peer, .attribute_count = ARRAY_SIZE(peer)
};
const struct operation operation_tcp_metrics_peer = { .family = TCP_METRICS_GENL_NAME,
						      .name = "peer",
						      .command = TCP_METRICS_CMD_GET,
						      .help = "what TCP remembers of its peers",
						      .schema = &schema_peer,
						      .key = "address" };
