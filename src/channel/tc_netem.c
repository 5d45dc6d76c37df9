/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netem, which plays a bad network, and cake, which makes the best of one. Sources: <linux/pkt_sched.h>, tc-netem(8), tc-cake(8). */
#include <errno.h>

#include "channel/tc.h"

#define SET         TC_SET
#define PART        UNIT_PARTS_OF_2_32 /* of 1: a probability */
#define NETEM_LIMIT 1000               /* packets, where none is asked for: with none at all nothing would get through */

/* ---- netem ---- */

static const struct field correlations[] = {
	{ "delay", FIELD_U32, SET, PART, "of the delay", HEADER_FIELD(struct tc_netem_corr, delay_corr) },
	{ "loss", FIELD_U32, SET, PART, "of the loss", HEADER_FIELD(struct tc_netem_corr, loss_corr) },
	{ "duplicate", FIELD_U32, SET, PART, "of the duplicates", HEADER_FIELD(struct tc_netem_corr, dup_corr) },
};
static TC_STRUCT(schema_correlations, "correlation", struct tc_netem_corr, correlations);

static const struct field reordering[] = {
	{ "probability", FIELD_U32, SET, PART, "packets that go at once", HEADER_FIELD(struct tc_netem_reorder, probability) },
	{ "correlation", FIELD_U32, SET, PART, "with the one before", HEADER_FIELD(struct tc_netem_reorder, correlation) },
};
static TC_STRUCT(schema_reordering, "reorder", struct tc_netem_reorder, reordering);

static const struct field corruption[] = {
	{ "probability", FIELD_U32, SET, PART, "packets with a wrong bit", HEADER_FIELD(struct tc_netem_corrupt, probability) },
	{ "correlation", FIELD_U32, SET, PART, "with the one before", HEADER_FIELD(struct tc_netem_corrupt, correlation) },
};
static TC_STRUCT(schema_corruption, "corrupt", struct tc_netem_corrupt, corruption);

static const struct field intuitive[] = {
	{ "p13", FIELD_U32, SET, PART, "transition", HEADER_FIELD(struct tc_netem_gimodel, p13) },
	{ "p31", FIELD_U32, SET, PART, "transition", HEADER_FIELD(struct tc_netem_gimodel, p31) },
	{ "p32", FIELD_U32, SET, PART, "transition", HEADER_FIELD(struct tc_netem_gimodel, p32) },
	{ "p14", FIELD_U32, SET, PART, "transition", HEADER_FIELD(struct tc_netem_gimodel, p14) },
	{ "p23", FIELD_U32, SET, PART, "transition", HEADER_FIELD(struct tc_netem_gimodel, p23) },
};
static TC_STRUCT(schema_intuitive, "state", struct tc_netem_gimodel, intuitive);

static const struct field gilbert[] = {
	{ "p", FIELD_U32, SET, PART, "to the bad state", HEADER_FIELD(struct tc_netem_gemodel, p) },
	{ "r", FIELD_U32, SET, PART, "back to the good one", HEADER_FIELD(struct tc_netem_gemodel, r) },
	{ "h", FIELD_U32, SET, PART, "loss in the bad state, less than 1 by this", HEADER_FIELD(struct tc_netem_gemodel, h) },
	{ "k1", FIELD_U32, SET, PART, "loss in the good state", HEADER_FIELD(struct tc_netem_gemodel, k1) },
};
static TC_STRUCT(schema_gilbert, "gemodel", struct tc_netem_gemodel, gilbert);

static const struct field loss_model[] = {
	[NETEM_LOSS_GI] = { "state", FIELD_RECORD, SET, 0, "by four states", .schema = &schema_intuitive },
	[NETEM_LOSS_GE] = { "gemodel", FIELD_RECORD, SET, 0, "by two states", .schema = &schema_gilbert },
};
static TC_NEST(schema_loss_model, "loss_model", loss_model);

static const struct field pace[] = {
	{ "rate", FIELD_U32, SET, UNIT_BYTES_A_SECOND, "rate", HEADER_FIELD(struct tc_netem_rate, rate) },
	{ "packet_overhead", FIELD_S32, SET, UNIT_BYTES, "added to each packet", HEADER_FIELD(struct tc_netem_rate, packet_overhead) },
	{ "cell_size", FIELD_U32, SET, UNIT_BYTES, "cells that packets fill", HEADER_FIELD(struct tc_netem_rate, cell_size) },
	{ "cell_overhead", FIELD_S32, SET, UNIT_BYTES, "added to each cell", HEADER_FIELD(struct tc_netem_rate, cell_overhead) },
};
static TC_STRUCT(schema_pace, "rate", struct tc_netem_rate, pace);

static const struct field slot[] = {
	{ "min_delay", FIELD_S64, SET, UNIT_NANOSECONDS, "between slots, at least", HEADER_FIELD(struct tc_netem_slot, min_delay) },
	{ "max_delay", FIELD_S64, SET, UNIT_NANOSECONDS, "between slots, at most", HEADER_FIELD(struct tc_netem_slot, max_delay) },
	{ "max_packets", FIELD_S32, SET, UNIT_PACKETS, "in a slot", HEADER_FIELD(struct tc_netem_slot, max_packets) },
	{ "max_bytes", FIELD_S32, SET, UNIT_BYTES, "in a slot", HEADER_FIELD(struct tc_netem_slot, max_bytes) },
	{ "dist_delay", FIELD_S64, SET, UNIT_NANOSECONDS, "between slots, of a distribution", HEADER_FIELD(struct tc_netem_slot, dist_delay) },
	{ "dist_jitter", FIELD_S64, SET, UNIT_NANOSECONDS, "its spread", HEADER_FIELD(struct tc_netem_slot, dist_jitter) },
};
static TC_STRUCT(schema_slot, "slot", struct tc_netem_slot, slot);

/* Delays in ticks are told for old programs: the attributes say the same in full. */
static const struct field netem_header[] = {
	{ "latency", FIELD_U32, FIELD_DERIVED | FIELD_HIDDEN, UNIT_TICKS, "the delay, rounded", HEADER_FIELD(struct tc_netem_qopt, latency) },
	{ "limit", FIELD_U32, SET, UNIT_PACKETS, "what may wait", HEADER_FIELD(struct tc_netem_qopt, limit) },
	{ "loss", FIELD_U32, SET, PART, "packets that are lost", HEADER_FIELD(struct tc_netem_qopt, loss) },
	{ "gap", FIELD_U32, SET, UNIT_PACKETS, "every so many one goes at once", HEADER_FIELD(struct tc_netem_qopt, gap) },
	{ "duplicate", FIELD_U32, SET, PART, "packets that come twice", HEADER_FIELD(struct tc_netem_qopt, duplicate) },
	{ "jitter_ticks", FIELD_U32, FIELD_DERIVED | FIELD_HIDDEN, UNIT_TICKS, "the jitter, rounded", HEADER_FIELD(struct tc_netem_qopt, jitter) },
};
static const struct field netem[] = {
	[TCA_NETEM_CORR] = { "correlation", FIELD_RECORD, SET, 0, "with the packet before", .schema = &schema_correlations },
	[TCA_NETEM_DELAY_DIST] = { "delay_distribution", FIELD_BYTES, SET, 0, "table, which is not told" },
	[TCA_NETEM_REORDER] = { "reorder", FIELD_RECORD, SET, 0, "packets that go at once", .schema = &schema_reordering },
	[TCA_NETEM_CORRUPT] = { "corrupt", FIELD_RECORD, SET, 0, "packets with a wrong bit", .schema = &schema_corruption },
	[TCA_NETEM_LOSS] = { "loss_model", FIELD_RECORD, SET, 0, "which packets are lost", .schema = &schema_loss_model },
	[TCA_NETEM_RATE] = { "rate", FIELD_RECORD, SET, 0, "how fast", .schema = &schema_pace },
	[TCA_NETEM_ECN] = { "ecn", FIELD_U32, SET, 0, "1: marks instead of losing" },
	[TCA_NETEM_RATE64] = { "rate64", FIELD_U64, SET, UNIT_BYTES_A_SECOND, "the rate, where it has more than 32 bits" },
	[TCA_NETEM_PAD] = { "pad", FIELD_PAD },
	[TCA_NETEM_LATENCY64] = { "delay", FIELD_S64, SET, UNIT_NANOSECONDS, "delay" },
	[TCA_NETEM_JITTER64] = { "jitter", FIELD_S64, SET, UNIT_NANOSECONDS, "its spread" },
	[TCA_NETEM_SLOT] = { "slot", FIELD_RECORD, SET, 0, "packets go in slots", .schema = &schema_slot },
	[TCA_NETEM_SLOT_DIST] = { "slot_distribution", FIELD_BYTES, SET, 0, "table, which is not told" },
	[14] = { "seed", FIELD_U64, SET, 0, "of the random numbers" }, /* TCA_NETEM_PRNG_SEED, 6.6 */
};
const struct schema schema_tc_netem = {
	.name = "netem",
	.header_size = sizeof(struct tc_netem_qopt),
	.header = netem_header,
	.header_count = ARRAY_SIZE(netem_header),
	.attributes = netem,
	.attribute_count = ARRAY_SIZE(netem),
};

static int put_nothing(struct arena *arena, struct record *options)
{
	struct record *none = record_new(arena, &schema_slot);
	int r = none ? 0 : -ENOMEM;

	for (unsigned int i = 0; r == 0 && i < ARRAY_SIZE(slot); i++)
		r = record_put(arena, none, slot[i].name, value_uint(0));
	return r < 0 ? r : record_put(arena, options, "slot", (struct value){ .type = VALUE_RECORD, .record = none });
}

int tc_netem_prepare(struct arena *arena, struct record *options, enum object_write write)
{
	int r = record_find(options, "limit") ? 0 : record_put(arena, options, "limit", value_uint(NETEM_LIMIT));

	if (r < 0 || write != OBJECT_REPLACE)
		return r;
	if (!record_find(options, "ecn"))
		r = record_put(arena, options, "ecn", value_uint(0));
	return r == 0 && !record_find(options, "slot") ? put_nothing(arena, options) : r;
}

/* ---- cake ---- */

NAMES(diffserv, false, { CAKE_DIFFSERV_DIFFSERV3, "diffserv3" }, { CAKE_DIFFSERV_DIFFSERV4, "diffserv4" }, { CAKE_DIFFSERV_DIFFSERV8, "diffserv8" },
      { CAKE_DIFFSERV_BESTEFFORT, "besteffort" }, { CAKE_DIFFSERV_PRECEDENCE, "precedence" });
NAMES(flow_modes, false, { CAKE_FLOW_NONE, "flowblind" }, { CAKE_FLOW_SRC_IP, "srchost" }, { CAKE_FLOW_DST_IP, "dsthost" },
      { CAKE_FLOW_HOSTS, "hosts" }, { CAKE_FLOW_FLOWS, "flows" }, { CAKE_FLOW_DUAL_SRC, "dual-srchost" }, { CAKE_FLOW_DUAL_DST, "dual-dsthost" },
      { CAKE_FLOW_TRIPLE, "triple-isolate" });
NAMES(cells, false, { CAKE_ATM_NONE, "noatm" }, { CAKE_ATM_ATM, "atm" }, { CAKE_ATM_PTM, "ptm" });
NAMES(ack_filters, false, { CAKE_ACK_NONE, "disabled" }, { CAKE_ACK_FILTER, "enabled" }, { CAKE_ACK_AGGRESSIVE, "aggressive" });

static const struct field cake[] = {
	[TCA_CAKE_PAD] = { "pad", FIELD_PAD },
	[TCA_CAKE_BASE_RATE64] = { "bandwidth", FIELD_U64, SET, UNIT_BYTES_A_SECOND, "rate; 0: unlimited" },
	[TCA_CAKE_DIFFSERV_MODE] = { "diffserv", FIELD_U32, SET, 0, "how priorities are read", .names = &diffserv },
	[TCA_CAKE_ATM] = { "atm", FIELD_U32, SET, 0, "how frames are cut", .names = &cells },
	[TCA_CAKE_FLOW_MODE] = { "flowmode", FIELD_U32, SET, 0, "what is a flow", .names = &flow_modes },
	[TCA_CAKE_OVERHEAD] = { "overhead", FIELD_S32, SET, UNIT_BYTES, "added to each packet" },
	[TCA_CAKE_RTT] = { "rtt", FIELD_U32, SET, UNIT_MICROSECONDS, "way there and back" },
	[TCA_CAKE_TARGET] = { "target", FIELD_U32, SET, UNIT_MICROSECONDS, "delay that is taken" },
	[TCA_CAKE_AUTORATE] = { "autorate", FIELD_U32, SET, 0, "1: the rate follows what comes in" },
	[TCA_CAKE_MEMORY] = { "memory_limit", FIELD_U32, SET, UNIT_BYTES, "memory at most" },
	[TCA_CAKE_NAT] = { "nat", FIELD_U32, SET, 0, "1: looks behind address translation" },
	[TCA_CAKE_RAW] = { "raw", FIELD_U32, SET, 0, "no overhead is reckoned with" },
	[TCA_CAKE_WASH] = { "wash", FIELD_U32, SET, 0, "1: clears the DS field" },
	[TCA_CAKE_MPU] = { "mpu", FIELD_U32, SET, UNIT_BYTES, "what a packet counts at least" },
	[TCA_CAKE_INGRESS] = { "ingress", FIELD_U32, SET, 0, "1: what is dropped counts" },
	[TCA_CAKE_ACK_FILTER] = { "ack_filter", FIELD_U32, SET, 0, "drops acknowledgements", .names = &ack_filters },
	[TCA_CAKE_SPLIT_GSO] = { "split_gso", FIELD_U32, SET, 0, "1: large packets are cut" },
	[18] = { "fwmark", FIELD_U32, SET | FIELD_HEX, 0, "mask of the mark that chooses the tin" }, /* TCA_CAKE_FWMARK, 5.3 */
};
TC_NEST(schema_tc_cake, "cake", cake);
