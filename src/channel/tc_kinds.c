/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each kind of qdisc and class has of its own, where its attributes are as they are told. A kind that is not here is kept as its bytes. */
#include <string.h>

#include "channel/tc.h"

#define SET TC_SET
#define US  UNIT_MICROSECONDS

/* ---- Queues ---- */

static const struct field pfifo[] = {
	{ "limit", FIELD_U32, SET, UNIT_PACKETS, "what may wait", HEADER_FIELD(struct tc_fifo_qopt, limit) },
};
static TC_STRUCT(schema_pfifo, "pfifo", struct tc_fifo_qopt, pfifo);

static const struct field bfifo[] = {
	{ "limit", FIELD_U32, SET, UNIT_BYTES, "what may wait", HEADER_FIELD(struct tc_fifo_qopt, limit) },
};
static TC_STRUCT(schema_bfifo, "bfifo", struct tc_fifo_qopt, bfifo);

static const struct field band = { .name = "band", .kind = FIELD_U8 };
static const struct field prio[] = {
	{ "bands", FIELD_U32, SET, 0, "queues, the first is served first", HEADER_FIELD(struct tc_prio_qopt, bands) },
	{ "priomap", FIELD_INDEXED, SET, 0, "band of each priority", HEADER_FIELD(struct tc_prio_qopt, priomap), .element = &band },
};
TC_STRUCT(schema_tc_prio, "prio", struct tc_prio_qopt, prio);

static const struct field multiq[] = {
	{ "bands", FIELD_U16, FIELD_DERIVED, 0, "queues in use", HEADER_FIELD(struct tc_multiq_qopt, bands) },
	{ "max_bands", FIELD_U16, FIELD_DERIVED, 0, "queues at most", HEADER_FIELD(struct tc_multiq_qopt, max_bands) },
};
static TC_STRUCT(schema_multiq, "multiq", struct tc_multiq_qopt, multiq);

/* ---- codel and fq_codel ---- */

static const struct field codel[] = {
	[TCA_CODEL_TARGET] = { "target", FIELD_U32, SET, US, "delay that is taken" },
	[TCA_CODEL_LIMIT] = { "limit", FIELD_U32, SET, UNIT_PACKETS, "what may wait" },
	[TCA_CODEL_INTERVAL] = { "interval", FIELD_U32, SET, US, "how long before it drops" },
	[TCA_CODEL_ECN] = { "ecn", FIELD_U32, SET, 0, "1: marks instead of dropping" },
	[TCA_CODEL_CE_THRESHOLD] = { "ce_threshold", FIELD_U32, SET, US, "delay from which on all are marked" },
};
static TC_NEST(schema_codel, "codel", codel);

static const struct field fq_codel[] = {
	[TCA_FQ_CODEL_TARGET] = { "target", FIELD_U32, SET, US, "delay that is taken" },
	[TCA_FQ_CODEL_LIMIT] = { "limit", FIELD_U32, SET, UNIT_PACKETS, "what may wait" },
	[TCA_FQ_CODEL_INTERVAL] = { "interval", FIELD_U32, SET, US, "how long before it drops" },
	[TCA_FQ_CODEL_ECN] = { "ecn", FIELD_U32, SET, 0, "1: marks instead of dropping" },
	[TCA_FQ_CODEL_FLOWS] = { "flows", FIELD_U32, SET | FIELD_CREATE, 0, "queues" },
	[TCA_FQ_CODEL_QUANTUM] = { "quantum", FIELD_U32, SET, UNIT_BYTES, "what a queue sends in its turn" },
	[TCA_FQ_CODEL_CE_THRESHOLD] = { "ce_threshold", FIELD_U32, SET, US, "delay from which on all are marked" },
	[TCA_FQ_CODEL_DROP_BATCH_SIZE] = { "drop_batch", FIELD_U32, SET, UNIT_PACKETS, "dropped at once" },
	[TCA_FQ_CODEL_MEMORY_LIMIT] = { "memory_limit", FIELD_U32, SET, UNIT_BYTES, "memory at most" },
	[10] = { "ce_threshold_selector", FIELD_U8, SET, 0, "of which DS field they are" }, /* TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR, 5.16 */
	[11] = { "ce_threshold_mask", FIELD_U8, SET, 0, "bits of that which count" },
};
static TC_NEST(schema_fq_codel, "fq_codel", fq_codel);

/* ---- fq ---- */

static const struct field weight = { .name = "weight", .kind = FIELD_S32 };
static const struct field fq[] = {
	[TCA_FQ_PLIMIT] = { "limit", FIELD_U32, SET, UNIT_PACKETS, "what may wait" },
	[TCA_FQ_FLOW_PLIMIT] = { "flow_limit", FIELD_U32, SET, UNIT_PACKETS, "what may wait of a flow" },
	[TCA_FQ_QUANTUM] = { "quantum", FIELD_U32, SET, UNIT_BYTES, "what a flow sends in its turn" },
	[TCA_FQ_INITIAL_QUANTUM] = { "initial_quantum", FIELD_U32, SET, UNIT_BYTES, "what a new flow sends first" },
	[TCA_FQ_RATE_ENABLE] = { "pacing", FIELD_U32, SET, 0, "1: flows are held to their rate" },
	[TCA_FQ_FLOW_DEFAULT_RATE] = { "default_rate", FIELD_U32, FIELD_DERIVED, UNIT_BYTES_A_SECOND, "of no effect" },
	[TCA_FQ_FLOW_MAX_RATE] = { "maxrate", FIELD_U32, SET, UNIT_BYTES_A_SECOND, "rate of a flow at most" },
	[TCA_FQ_BUCKETS_LOG] = { "buckets_log", FIELD_U32, SET, 0, "logarithm of the number of buckets" },
	[TCA_FQ_FLOW_REFILL_DELAY] = { "refill_delay", FIELD_U32, SET, US, "after which a flow is as good as new" },
	[TCA_FQ_ORPHAN_MASK] = { "orphan_mask", FIELD_U32, SET, 0, "flows of packets without a socket" },
	[TCA_FQ_LOW_RATE_THRESHOLD] = { "low_rate_threshold", FIELD_U32, SET, UNIT_BYTES_A_SECOND, "flows below it have their packets one by one" },
	[TCA_FQ_CE_THRESHOLD] = { "ce_threshold", FIELD_U32, SET, US, "delay from which on all are marked" },
	[TCA_FQ_TIMER_SLACK] = { "timer_slack", FIELD_U32, SET, UNIT_NANOSECONDS, "how late a timer may be" },
	[TCA_FQ_HORIZON] = { "horizon", FIELD_U32, SET, US, "how far ahead a packet may be due" },
	[TCA_FQ_HORIZON_DROP] = { "horizon_drop", FIELD_U8, SET, 0, "1: dropped beyond it, 0: due there" },
	[16] = { "priomap", FIELD_RECORD, SET, 0, "bands", .schema = &schema_tc_prio },             /* TCA_FQ_PRIOMAP, 6.7 */
	[17] = { "weights", FIELD_INDEXED, SET, UNIT_BYTES, "of each band", .element = &weight },   /* TCA_FQ_WEIGHTS, 6.7 */
	[18] = { "offload_horizon", FIELD_U32, SET, US, "how far ahead the device takes packets" }, /* TCA_FQ_OFFLOAD_HORIZON, 6.13 */
};
static TC_NEST(schema_fq, "fq", fq);

/* ---- sfq ---- */

static const struct field sfq[] = {
	{ "quantum", FIELD_U32, SET, UNIT_BYTES, "what a flow sends in its turn", HEADER_FIELD(struct tc_sfq_qopt_v1, v0.quantum) },
	{ "perturb", FIELD_S32, SET, UNIT_SECONDS, "how often flows are dealt anew", HEADER_FIELD(struct tc_sfq_qopt_v1, v0.perturb_period) },
	{ "limit", FIELD_U32, SET, UNIT_PACKETS, "what may wait", HEADER_FIELD(struct tc_sfq_qopt_v1, v0.limit) },
	{ "divisor", FIELD_U32, SET, 0, "buckets", HEADER_FIELD(struct tc_sfq_qopt_v1, v0.divisor) },
	{ "flows", FIELD_U32, SET, 0, "flows at most", HEADER_FIELD(struct tc_sfq_qopt_v1, v0.flows) },
	{ "depth", FIELD_U32, SET, UNIT_PACKETS, "what may wait of a flow", HEADER_FIELD(struct tc_sfq_qopt_v1, depth) },
	{ "headdrop", FIELD_U32, SET, 0, "1: the oldest is dropped", HEADER_FIELD(struct tc_sfq_qopt_v1, headdrop) },
	{ "red_limit", FIELD_U32, SET, UNIT_BYTES, "early drop: what may wait", HEADER_FIELD(struct tc_sfq_qopt_v1, limit) },
	{ "red_min", FIELD_U32, SET, UNIT_BYTES, "early drop: from here on", HEADER_FIELD(struct tc_sfq_qopt_v1, qth_min) },
	{ "red_max", FIELD_U32, SET, UNIT_BYTES, "early drop: all, from here on", HEADER_FIELD(struct tc_sfq_qopt_v1, qth_max) },
	{ "wlog", FIELD_U8, SET, 0, "early drop: logarithm of the weight", HEADER_FIELD(struct tc_sfq_qopt_v1, Wlog) },
	{ "plog", FIELD_U8, SET, 0, "early drop: logarithm of the probability", HEADER_FIELD(struct tc_sfq_qopt_v1, Plog) },
	{ "scell_log", FIELD_U8, SET, 0, "early drop: cell of the idle damping", HEADER_FIELD(struct tc_sfq_qopt_v1, Scell_log) },
	{ "flags", FIELD_U8, SET | FIELD_HEX, 0, "early drop", HEADER_FIELD(struct tc_sfq_qopt_v1, flags) },
	{ "max_p", FIELD_U32, SET, UNIT_PARTS_OF_2_32, "early drop: probability at most", HEADER_FIELD(struct tc_sfq_qopt_v1, max_P) },
	{ "stats", FIELD_BYTES, FIELD_VOLATILE | FIELD_HIDDEN, 0, "early drop: counters", HEADER_FIELD(struct tc_sfq_qopt_v1, stats) },
};
static TC_STRUCT(schema_sfq, "sfq", struct tc_sfq_qopt_v1, sfq);

/* ---- red ---- */

static const struct field red_parms[] = {
	{ "limit", FIELD_U32, SET, UNIT_BYTES, "what may wait", HEADER_FIELD(struct tc_red_qopt, limit) },
	{ "min", FIELD_U32, SET, UNIT_BYTES, "drops from here on", HEADER_FIELD(struct tc_red_qopt, qth_min) },
	{ "max", FIELD_U32, SET, UNIT_BYTES, "drops all from here on", HEADER_FIELD(struct tc_red_qopt, qth_max) },
	{ "wlog", FIELD_U8, SET, 0, "logarithm of the weight", HEADER_FIELD(struct tc_red_qopt, Wlog) },
	{ "plog", FIELD_U8, SET, 0, "logarithm of the probability", HEADER_FIELD(struct tc_red_qopt, Plog) },
	{ "scell_log", FIELD_U8, SET, 0, "cell of the idle damping", HEADER_FIELD(struct tc_red_qopt, Scell_log) },
	{ "flags", FIELD_U8, SET | FIELD_HEX, 0, "ecn, harddrop, adaptive, nodrop", HEADER_FIELD(struct tc_red_qopt, flags) },
};
static TC_STRUCT(schema_red_parms, "parms", struct tc_red_qopt, red_parms);

static const struct field red[] = {
	[TCA_RED_PARMS] = { "parms", FIELD_RECORD, SET, 0, "thresholds", .schema = &schema_red_parms },
	[TCA_RED_STAB] = { "stab", FIELD_BYTES, SET, 0, "table of idle times, which is not told" },
	[TCA_RED_MAX_P] = { "max_p", FIELD_U32, SET, UNIT_PARTS_OF_2_32, "probability at most" },
	[4] = { "flags", FIELD_RECORD, SET, 0, "1: ecn, 2: harddrop, 4: adaptive, 8: nodrop", .schema = &schema_tc_bits }, /* TCA_RED_FLAGS, 5.7 */
	[5] = { "early_drop_block", FIELD_U32, SET, 0, "filters for what is dropped" },
	[6] = { "mark_block", FIELD_U32, SET, 0, "filters for what is marked" },
};
static TC_NEST(schema_red, "red", red);

/* ---- ets ---- */

static const struct field ets_quantum = { .name = "quantum", .kind = FIELD_U32, .offset = 4 };
static const struct field ets_band = { .name = "band", .kind = FIELD_U8, .offset = 6 };
static const struct field ets[] = {
	[1] = { "bands", FIELD_U8, SET, 0, "queues" }, /* TCA_ETS_NBANDS, 5.6 */
	[2] = { "strict", FIELD_U8, SET, 0, "queues that are served first" },
	[3] = { "quanta", FIELD_LIST, SET, UNIT_BYTES, "what the others send in their turn", .element = &ets_quantum },
	[4] = { "quantum", FIELD_U32, SET, UNIT_BYTES, "what it sends in its turn" },
	[5] = { "priomap", FIELD_LIST, SET, 0, "band of each priority", .element = &ets_band },
};
static TC_NEST(schema_ets, "ets", ets);

/* ---- mqprio ---- */

static const struct field count_of = { .name = "count", .kind = FIELD_U16 };
static const struct field least_rate = { .name = "rate", .kind = FIELD_U64, .offset = TCA_MQPRIO_MIN_RATE64 };
static const struct field most_rate = { .name = "rate", .kind = FIELD_U64, .offset = TCA_MQPRIO_MAX_RATE64 };
static const struct field mqprio_header[] = {
	{ "num_tc", FIELD_U8, SET, 0, "traffic classes", HEADER_FIELD(struct tc_mqprio_qopt, num_tc) },
	{ "map", FIELD_INDEXED, SET, 0, "traffic class of each priority", HEADER_FIELD(struct tc_mqprio_qopt, prio_tc_map), .element = &band },
	{ "hw", FIELD_U8, SET, 0, "1: the device does it", HEADER_FIELD(struct tc_mqprio_qopt, hw) },
	{ "count", FIELD_INDEXED, SET, 0, "queues of each", HEADER_FIELD(struct tc_mqprio_qopt, count), .element = &count_of },
	{ "offset", FIELD_INDEXED, SET, 0, "its first queue", HEADER_FIELD(struct tc_mqprio_qopt, offset), .element = &count_of },
};
static const struct field mqprio[] = {
	[TCA_MQPRIO_MODE] = { "mode", FIELD_U16, SET, 0, "0: dcb, 1: channel" },
	[TCA_MQPRIO_SHAPER] = { "shaper", FIELD_U16, SET, 0, "0: dcb, 1: rates" },
	[TCA_MQPRIO_MIN_RATE64] = { "min_rate", FIELD_LIST, SET, UNIT_BYTES_A_SECOND, "of each, for sure", .element = &least_rate },
	[TCA_MQPRIO_MAX_RATE64] = { "max_rate", FIELD_LIST, SET, UNIT_BYTES_A_SECOND, "of each, at most", .element = &most_rate },
	[5] = { "entry", FIELD_BYTES, 0, 0, "preemption" }, /* TCA_MQPRIO_TC_ENTRY, 6.4 */
};
static const struct schema schema_mqprio = {
	.name = "mqprio",
	.header_size = sizeof(struct tc_mqprio_qopt),
	.header = mqprio_header,
	.header_count = ARRAY_SIZE(mqprio_header),
	.attributes = mqprio,
	.attribute_count = ARRAY_SIZE(mqprio),
};

/* ---- pie ---- */

static const struct field pie[] = {
	[TCA_PIE_TARGET] = { "target", FIELD_U32, SET, US, "delay that is taken" },
	[TCA_PIE_LIMIT] = { "limit", FIELD_U32, SET, UNIT_PACKETS, "what may wait" },
	[TCA_PIE_TUPDATE] = { "tupdate", FIELD_U32, SET, US, "how often it reckons" },
	[TCA_PIE_ALPHA] = { "alpha", FIELD_U32, SET, 0, "weight of the delay" },
	[TCA_PIE_BETA] = { "beta", FIELD_U32, SET, 0, "weight of its trend" },
	[TCA_PIE_ECN] = { "ecn", FIELD_U32, SET, 0, "1: marks instead of dropping" },
	[TCA_PIE_BYTEMODE] = { "bytemode", FIELD_U32, SET, 0, "1: by bytes" },
	[8] = { "dq_rate_estimator", FIELD_U32, SET, 0, "1: delay by the rate, 0: by time stamps" }, /* TCA_PIE_DQ_RATE_ESTIMATOR, 5.5 */
};
static TC_NEST(schema_pie, "pie", pie);

/* ---- hfsc, drr, qfq ---- */

static const struct field hfsc[] = {
	{ "default", FIELD_U16, SET | FIELD_HEX, 0, "minor number of the class for what no filter sends elsewhere",
	  HEADER_FIELD(struct tc_hfsc_qopt, defcls) },
};
static TC_STRUCT(schema_hfsc, "hfsc", struct tc_hfsc_qopt, hfsc);

static const struct field curve[] = {
	{ "m1", FIELD_U32, SET, UNIT_BYTES_A_SECOND, "rate at first", HEADER_FIELD(struct tc_service_curve, m1) },
	{ "d", FIELD_U32, SET, US, "for how long", HEADER_FIELD(struct tc_service_curve, d) },
	{ "m2", FIELD_U32, SET, UNIT_BYTES_A_SECOND, "rate from then on", HEADER_FIELD(struct tc_service_curve, m2) },
};
static TC_STRUCT(schema_curve, "curve", struct tc_service_curve, curve);

static const struct field hfsc_class[] = {
	[TCA_HFSC_RSC] = { "rt", FIELD_RECORD, SET, 0, "in time, for sure", .schema = &schema_curve },
	[TCA_HFSC_FSC] = { "ls", FIELD_RECORD, SET, 0, "share of what is left", .schema = &schema_curve },
	[TCA_HFSC_USC] = { "ul", FIELD_RECORD, SET, 0, "at most", .schema = &schema_curve },
};
static TC_NEST(schema_hfsc_class, "hfsc", hfsc_class);

static const struct field drr_class[] = {
	[TCA_DRR_QUANTUM] = { "quantum", FIELD_U32, SET, UNIT_BYTES, "what it sends in its turn" },
};
static TC_NEST(schema_drr_class, "drr", drr_class);

static const struct field qfq_class[] = {
	[TCA_QFQ_WEIGHT] = { "weight", FIELD_U32, SET, 0, "share" },
	[TCA_QFQ_LMAX] = { "maxpkt", FIELD_U32, SET, UNIT_BYTES, "largest packet" },
};
static TC_NEST(schema_qfq_class, "qfq", qfq_class);

/* ---- The choice by kind ---- */

static const struct selection_row qdiscs[] = {
	{ "pfifo", &schema_pfifo, NULL },
	{ "bfifo", &schema_bfifo, NULL },
	{ "pfifo_head_drop", &schema_pfifo, NULL },
	{ "pfifo_fast", &schema_tc_prio, NULL },
	{ "prio", &schema_tc_prio, NULL },
	{ "multiq", &schema_multiq, NULL },
	{ "tbf", &schema_tc_tbf, &codec_tc_tbf },
	{ "htb", &schema_tc_htb, &codec_tc_htb },
	{ "hfsc", &schema_hfsc, NULL },
	{ "codel", &schema_codel, NULL },
	{ "fq_codel", &schema_fq_codel, NULL },
	{ "fq", &schema_fq, NULL },
	{ "sfq", &schema_sfq, NULL },
	{ "red", &schema_red, NULL },
	{ "ets", &schema_ets, NULL },
	{ "pie", &schema_pie, NULL },
	{ "netem", &schema_tc_netem, NULL },
	{ "cake", &schema_tc_cake, NULL },
	{ "mqprio", &schema_mqprio, NULL },
	{ "ingress", &schema_tc_no_options, NULL },
	{ "clsact", &schema_tc_no_options, NULL },
};
const struct selection tc_qdisc_options = { "kind", qdiscs, ARRAY_SIZE(qdiscs), .keeps_others = true };

static const struct selection_row classes[] = {
	{ "htb", &schema_tc_htb_class, &codec_tc_htb_class },
	{ "hfsc", &schema_hfsc_class, NULL },
	{ "drr", &schema_drr_class, NULL },
	{ "qfq", &schema_qfq_class, NULL },
	{ "ets", &schema_ets, NULL },
};
const struct selection tc_class_options = { "kind", classes, ARRAY_SIZE(classes), .keeps_others = true };
