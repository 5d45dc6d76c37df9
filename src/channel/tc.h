/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Traffic control: what qdiscs, classes, filters and actions share. Sources: <linux/pkt_sched.h>, <linux/pkt_cls.h>, tc(8), net/sched/. */
#ifndef FERRY_CHANNEL_TC_H
#define FERRY_CHANNEL_TC_H

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "channel/object.h"

#define TC_SET FIELD_SETTABLE

/* Of a nest, or of a fixed struct that may stand in one. */
#define TC_NEST(identifier, words, list) const struct schema identifier = { .name = words, .attributes = list, .attribute_count = ARRAY_SIZE(list) }
#define TC_STRUCT(identifier, words, type, list) \
	const struct schema identifier = { .name = words, .header_size = sizeof(type), .header = list, .header_count = ARRAY_SIZE(list) }

/* The fields that all three objects have, for the attributes by TCA_*. */
#define TC_KIND         [TCA_KIND] = { "kind", FIELD_TEXT, TC_SET | FIELD_CREATE, 0, "kind" }
#define TC_STATS        [TCA_STATS] = { "stats_before", FIELD_BYTES, FIELD_VOLATILE | FIELD_HIDDEN, 0, "counters as old kernels told them" }
#define TC_STATS2       [TCA_STATS2] = { "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "counters", .schema = &schema_tc_statistics }
#define TC_PAD          [TCA_PAD] = { "pad", FIELD_PAD }
#define TC_RATE         [TCA_RATE] = { "estimator", FIELD_RECORD, FIELD_CREATE, 0, "measuring of the rate, wanted", .schema = &schema_tc_estimator }
#define TC_EXT_WARN_MSG [16] = { "warning", FIELD_TEXT, FIELD_DERIVED | FIELD_HIDDEN, 0, "the kernel's own words" } /* TCA_EXT_WARN_MSG, 6.3 */

extern const struct schema schema_tc_statistics, schema_tc_estimator, schema_tc_no_options;
extern const struct names words_tc_parent, words_tc_link_layer;
extern const struct object object_qdisc, object_class, object_filter;

/* What each kind has of its own. */
extern const struct selection tc_qdisc_options, tc_class_options, tc_filter_options, tc_qdisc_counters, tc_class_counters;
extern const struct schema schema_tc_prio;                                    /* what pfifo_fast has as well */
extern const struct schema schema_tc_tbf, schema_tc_htb, schema_tc_htb_class; /* tc_rate.c */
extern const struct codec codec_tc_tbf, codec_tc_htb, codec_tc_htb_class;
extern const struct schema schema_tc_police; /* tc_police.c */
extern const struct codec codec_tc_police;
extern const struct schema schema_tc_netem, schema_tc_cake, schema_tc_flower;
/* Completes OPTIONS of a netem. The kernel leaves a standing one what a request does not name; what it does not tell is not there. */
int tc_netem_prepare(struct arena *arena, struct record *options, enum object_write write) _must_check_;
extern const struct schema schema_tc_bits, schema_tc_times;
extern const struct names words_tc_control, words_tc_offload;
extern const struct field field_tc_action; /* a member of a filter's list of actions */

/* A struct with a list behind it: codecs by FIELD's schema. NUMBER_AT: where the struct says how many there are. */
int tc_decode_keys(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret);
int tc_encode_keys(const struct field *field, const struct value *value, size_t number_at, struct buffer *buffer, struct error *error);

/* A rate as the kernel keeps it: struct tc_ratespec, with the 64 bits of its attribute where it has more than 32. */
struct tc_rate {
	struct tc_ratespec spec;
	uint64_t rate;
};
/* The time in which RATE sends SIZE bytes, in the kernel's ticks, and the way back. */
#define TC_TICK 64 /* ns */
uint32_t tc_ticks_of(uint64_t rate, uint64_t size);
uint64_t tc_bytes_of(uint64_t rate, uint64_t ticks);
/* The attribute of TYPE in a nest where it has SIZE bytes or more, and a rate that may have one for what is too large for its struct. */
bool tc_find(const void *nest, size_t length, uint16_t type, void *ret, size_t size);
struct tc_rate tc_find_rate(const void *nest, size_t length, const struct tc_ratespec *spec, uint16_t type);
void tc_add_wide(struct buffer *buffer, uint16_t type, uint64_t rate);
/* Puts RATE, its burst of TICKS in bytes, and the same in time as fields of these names. */
int tc_put_rate(struct arena *arena, struct record *record, const struct tc_rate *rate, const char *name);
int tc_put_burst(struct arena *arena, struct record *record, uint64_t rate, uint32_t ticks, const char *burst, const char *buffer);
int tc_put_frame(struct arena *arena, struct record *record, const struct tc_ratespec *spec);
/* The ticks that BURST and BUFFER of RECORD say: the time where the two agree or it stands alone, else the bytes. 0 where neither is given. */
uint32_t tc_get_burst(const struct record *record, uint64_t rate, const char *burst, const char *buffer);
struct tc_ratespec tc_get_rate(const struct record *record, uint64_t rate);

bool tc_is_kind(const struct record *record, const char *kind);
/* Paths: "1:a", or a word of WORDS. */
void tc_path_handle(const struct record *record, const char *field, const struct names *words, struct buffer *ret);
/* A handle or word up to one of the characters of END. */
int tc_parse_handle(struct object_path *path, const char *field, const struct names *words, const char *end) _must_check_;

/* Dump requests, one struct tcmsg each: of every device that has qdiscs, and of every place where filters may be. */
int tc_devices(struct netlink *netlink, struct buffer *ret) _must_check_;
int tc_filter_places(struct netlink *netlink, struct buffer *ret) _must_check_;

#endif
