/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kinds of qdiscs and classes count beside what all count. Sources: <linux/pkt_sched.h>. */
#include "channel/tc.h"

#define MOVES FIELD_VOLATILE
#define COUNTER(type, member, kind, unit, words)                                     \
	{                                                                            \
#member, kind, MOVES, unit, words, HEADER_FIELD(struct type, member) \
	}

static const struct field codel[] = {
	COUNTER(tc_codel_xstats, maxpacket, FIELD_U32, UNIT_BYTES, "largest packet"),
	COUNTER(tc_codel_xstats, count, FIELD_U32, UNIT_PACKETS, "dropped since it began to drop"),
	COUNTER(tc_codel_xstats, lastcount, FIELD_U32, UNIT_PACKETS, "the same of the time before"),
	COUNTER(tc_codel_xstats, ldelay, FIELD_U32, UNIT_MICROSECONDS, "delay of the last packet"),
	COUNTER(tc_codel_xstats, drop_next, FIELD_S32, UNIT_MICROSECONDS, "until the next drop"),
	COUNTER(tc_codel_xstats, drop_overlimit, FIELD_U32, UNIT_PACKETS, "dropped at the limit"),
	COUNTER(tc_codel_xstats, ecn_mark, FIELD_U32, UNIT_PACKETS, "marked"),
	COUNTER(tc_codel_xstats, dropping, FIELD_U32, 0, "1: it drops now"),
	COUNTER(tc_codel_xstats, ce_mark, FIELD_U32, UNIT_PACKETS, "marked beyond the threshold"),
};
static TC_STRUCT(schema_codel, "codel", struct tc_codel_xstats, codel);

#define QUEUES(member, unit, words)                                                                                                  \
	{                                                                                                                            \
#member, FIELD_U32, MOVES, unit, words, .offset = offsetof(struct tc_fq_codel_xstats, qdisc_stats.member), .size = 4 \
	}
static const struct field fq_codel[] = {
	{ "type", FIELD_U32, MOVES | FIELD_HIDDEN, 0, "0: of the qdisc", HEADER_FIELD(struct tc_fq_codel_xstats, type) },
	QUEUES(maxpacket, UNIT_BYTES, "largest packet"),
	QUEUES(drop_overlimit, UNIT_PACKETS, "dropped at the limit"),
	QUEUES(ecn_mark, UNIT_PACKETS, "marked"),
	QUEUES(new_flow_count, 0, "flows that came"),
	QUEUES(new_flows_len, 0, "new flows now"),
	QUEUES(old_flows_len, 0, "old flows now"),
	QUEUES(ce_mark, UNIT_PACKETS, "marked beyond the threshold"),
	QUEUES(memory_usage, UNIT_BYTES, "memory"),
	QUEUES(drop_overmemory, UNIT_PACKETS, "dropped for want of memory"),
};
static TC_STRUCT(schema_fq_codel, "fq_codel", struct tc_fq_codel_xstats, fq_codel);

static const struct field red[] = {
	COUNTER(tc_red_xstats, early, FIELD_U32, UNIT_PACKETS, "dropped early"),
	COUNTER(tc_red_xstats, pdrop, FIELD_U32, UNIT_PACKETS, "dropped at the limit"),
	COUNTER(tc_red_xstats, other, FIELD_U32, UNIT_PACKETS, "dropped otherwise"),
	COUNTER(tc_red_xstats, marked, FIELD_U32, UNIT_PACKETS, "marked"),
};
static TC_STRUCT(schema_red, "red", struct tc_red_xstats, red);

static const struct field sfq[] = {
	COUNTER(tc_sfq_xstats, allot, FIELD_S32, UNIT_BYTES, "left of its turn"),
};
static TC_STRUCT(schema_sfq, "sfq", struct tc_sfq_xstats, sfq);

static const struct field htb_class[] = {
	COUNTER(tc_htb_xstats, lends, FIELD_U32, UNIT_PACKETS, "sent at its own rate"),
	COUNTER(tc_htb_xstats, borrows, FIELD_U32, UNIT_PACKETS, "sent at another's"),
	COUNTER(tc_htb_xstats, giants, FIELD_U32, UNIT_PACKETS, "too large for its table"),
	COUNTER(tc_htb_xstats, tokens, FIELD_S32, UNIT_TICKS, "left of the burst"),
	COUNTER(tc_htb_xstats, ctokens, FIELD_S32, UNIT_TICKS, "left of the burst at its most"),
};
static TC_STRUCT(schema_htb_class, "htb", struct tc_htb_xstats, htb_class);

static const struct field hfsc_class[] = {
	COUNTER(tc_hfsc_stats, work, FIELD_U64, UNIT_BYTES, "sent"),
	COUNTER(tc_hfsc_stats, rtwork, FIELD_U64, UNIT_BYTES, "sent in time"),
	COUNTER(tc_hfsc_stats, period, FIELD_U32, 0, "times that it had something to send"),
	COUNTER(tc_hfsc_stats, level, FIELD_U32, 0, "0: without classes below"),
};
static TC_STRUCT(schema_hfsc_class, "hfsc", struct tc_hfsc_stats, hfsc_class);

static const struct field drr_class[] = {
	COUNTER(tc_drr_stats, deficit, FIELD_U32, UNIT_BYTES, "left of its turn"),
};
static TC_STRUCT(schema_drr_class, "drr", struct tc_drr_stats, drr_class);

static const struct field qfq_class[] = {
	COUNTER(tc_qfq_stats, weight, FIELD_U32, 0, "share"),
	COUNTER(tc_qfq_stats, lmax, FIELD_U32, UNIT_BYTES, "largest packet"),
};
static TC_STRUCT(schema_qfq_class, "qfq", struct tc_qfq_stats, qfq_class);

static const struct selection_row qdiscs[] = {
	{ "codel", &schema_codel, NULL },
	{ "fq_codel", &schema_fq_codel, NULL },
	{ "red", &schema_red, NULL },
};
const struct selection tc_qdisc_counters = { "kind", qdiscs, ARRAY_SIZE(qdiscs), .keeps_others = true };

static const struct selection_row classes[] = {
	{ "htb", &schema_htb_class, NULL }, { "hfsc", &schema_hfsc_class, NULL }, { "drr", &schema_drr_class, NULL },
	{ "qfq", &schema_qfq_class, NULL }, { "sfq", &schema_sfq, NULL },
};
const struct selection tc_class_counters = { "kind", classes, ARRAY_SIZE(classes), .keeps_others = true };
