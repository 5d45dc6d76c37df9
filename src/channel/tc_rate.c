/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kinds that are rates: tbf and htb. The kernel keeps a burst as the time in which it is sent, people say it in bytes; of a rate it keeps 32 bits in
 * a struct and 64 in an attribute. Here each is one field: rates in bytes a second, bursts in bytes, and beside them their time, which is exact. */
#include <errno.h>
#include <string.h>

#include "channel/tc.h"

#define SET       TC_SET
#define NANO      1000000000u
#define HTB_BURST 1600 /* bytes, where none is asked for: a packet */
#define HTB_MINOR UINT32_C(0xffff)

/* ---- Rates and bursts ---- */

uint32_t tc_ticks_of(uint64_t rate, uint64_t size)
{
	const unsigned __int128 time = (unsigned __int128)size * NANO / TC_TICK;
	const unsigned __int128 ticks = rate ? (time + rate / 2) / rate : 0;

	return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

uint64_t tc_bytes_of(uint64_t rate, uint64_t ticks)
{
	const unsigned __int128 bytes = ((unsigned __int128)rate * ticks * TC_TICK + NANO / 2) / NANO;

	return bytes > UINT64_MAX ? UINT64_MAX : (uint64_t)bytes;
}

int tc_put_rate(struct arena *arena, struct record *record, const struct tc_rate *rate, const char *name)
{
	return rate->rate ? record_put(arena, record, name, value_uint(rate->rate)) : 0;
}

int tc_put_burst(struct arena *arena, struct record *record, uint64_t rate, uint32_t ticks, const char *burst, const char *buffer)
{
	int r;

	r = record_put(arena, record, burst, value_uint(tc_bytes_of(rate, ticks)));
	return r < 0 ? r : record_put(arena, record, buffer, value_uint((uint64_t)ticks * TC_TICK));
}

uint32_t tc_get_burst(const struct record *record, uint64_t rate, const char *burst, const char *buffer)
{
	const uint64_t ticks = record_number(record, buffer, 0) / TC_TICK, bytes = record_number(record, burst, 0);

	if (ticks && ticks <= UINT32_MAX && (!bytes || tc_bytes_of(rate, ticks) == bytes))
		return (uint32_t)ticks;
	return tc_ticks_of(rate, bytes);
}

struct tc_ratespec tc_get_rate(const struct record *record, uint64_t rate)
{
	return (struct tc_ratespec){
		.linklayer = (uint8_t)record_number(record, "linklayer", TC_LINKLAYER_ETHERNET),
		.overhead = (uint16_t)record_number(record, "overhead", 0),
		.cell_align = -1,
		.mpu = (uint16_t)record_number(record, "mpu", 0),
		.rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate,
	};
}

int tc_put_frame(struct arena *arena, struct record *record, const struct tc_ratespec *spec)
{
	int r = record_put(arena, record, "overhead", value_uint(spec->overhead));

	if (r == 0)
		r = record_put(arena, record, "mpu", value_uint(spec->mpu));
	return r < 0 ? r : record_put(arena, record, "linklayer", value_uint(spec->linklayer & TC_LINKLAYER_MASK));
}

/* ---- A nest with a struct and attributes beside it ---- */

/* The attribute of TYPE in NEST where it has SIZE bytes or more. */
bool tc_find(const void *nest, size_t length, uint16_t type, void *ret, size_t size)
{
	bool found = false;

	for (struct attribute_iterator i = attributes(nest, length); attribute_next(&i);)
		if (i.type == type && i.length >= size) {
			memcpy(ret, i.data, size);
			found = true;
		}
	return found;
}

struct tc_rate tc_find_rate(const void *nest, size_t length, const struct tc_ratespec *spec, uint16_t type)
{
	struct tc_rate rate = { *spec, spec->rate };
	uint64_t wide;

	if (tc_find(nest, length, type, &wide, sizeof(wide)))
		rate.rate = wide;
	return rate;
}

void tc_add_wide(struct buffer *buffer, uint16_t type, uint64_t rate)
{
	if (rate > UINT32_MAX)
		attribute_add(buffer, type, &rate, sizeof(rate));
}

/* That the numbers fit where the kernel keeps them. RECORD has been checked against its fields. */
static int check_burst(const struct record *record, uint64_t rate, const char *burst, const char *buffer, struct error *error)
{
	if (tc_get_burst(record, rate, burst, buffer) == UINT32_MAX)
		return error_set(error, -ERANGE, "%s is more than the kernel can keep at this rate", burst);
	return 0;
}

/* ---- tbf ---- */

enum { TBF_RATE, TBF_BURST, TBF_BUFFER, TBF_LIMIT, TBF_PEAK, TBF_PEAK_BURST, TBF_PEAK_BUFFER, TBF_OVERHEAD, TBF_MPU, TBF_LAYER };

#define FRAME_FIELDS(overhead, mpu, layer)                                                                                \
	[overhead] = { "overhead", FIELD_U16, SET, UNIT_BYTES, "added to each packet" },                                  \
	[mpu] = { "mpu", FIELD_U16, SET, UNIT_BYTES, "what a packet counts at least" }, [layer] = { "linklayer",          \
												    FIELD_U8,             \
												    SET,                  \
												    0,                    \
												    "how frames are cut", \
												    .names = &words_tc_link_layer }

static const struct field tbf[] = {
	[TBF_RATE] = { "rate", FIELD_U64, SET, UNIT_BYTES_A_SECOND, "rate" },
	[TBF_BURST] = { "burst", FIELD_U64, SET, UNIT_BYTES, "what may leave at once" },
	[TBF_BUFFER] = { "buffer", FIELD_U64, SET, UNIT_NANOSECONDS, "the burst as the kernel keeps it: its time" },
	[TBF_LIMIT] = { "limit", FIELD_U32, SET, UNIT_BYTES, "what may wait" },
	[TBF_PEAK] = { "peakrate", FIELD_U64, SET, UNIT_BYTES_A_SECOND, "rate of a burst" },
	[TBF_PEAK_BURST] = { "peakburst", FIELD_U64, SET, UNIT_BYTES, "what may leave at once at that rate (minburst, mtu)" },
	[TBF_PEAK_BUFFER] = { "peakbuffer", FIELD_U64, SET, UNIT_NANOSECONDS, "its time" },
	FRAME_FIELDS(TBF_OVERHEAD, TBF_MPU, TBF_LAYER),
};
TC_NEST(schema_tc_tbf, "tbf", tbf);

static int decode_tbf(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, &schema_tc_tbf);
	struct tc_rate rate, peak;
	struct tc_tbf_qopt parms;
	int r;

	(void)field;
	if (!record)
		return -ENOMEM;
	if (!tc_find(data, length, TCA_TBF_PARMS, &parms, sizeof(parms)))
		return -EBADMSG;
	rate = tc_find_rate(data, length, &parms.rate, TCA_TBF_RATE64);
	peak = tc_find_rate(data, length, &parms.peakrate, TCA_TBF_PRATE64);
	r = tc_put_rate(decode->arena, record, &rate, "rate");
	if (r == 0)
		r = tc_put_burst(decode->arena, record, rate.rate, parms.buffer, "burst", "buffer");
	if (r == 0)
		r = record_put(decode->arena, record, "limit", value_uint(parms.limit));
	if (r == 0 && peak.rate)
		r = tc_put_rate(decode->arena, record, &peak, "peakrate");
	if (r == 0 && peak.rate)
		r = tc_put_burst(decode->arena, record, peak.rate, parms.mtu, "peakburst", "peakbuffer");
	if (r == 0)
		r = tc_put_frame(decode->arena, record, &parms.rate);
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int encode_tbf(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const struct record *record = value->record;
	const uint64_t rate = record_number(record, "rate", 0), peak = record_number(record, "peakrate", 0);
	struct tc_tbf_qopt parms = { .rate = tc_get_rate(record, rate), .limit = (uint32_t)record_number(record, "limit", 0) };
	int r = check_burst(record, rate, "burst", "buffer", error);

	(void)field;
	if (r == 0)
		r = check_burst(record, peak, "peakburst", "peakbuffer", error);
	if (r < 0)
		return r;
	parms.buffer = tc_get_burst(record, rate, "burst", "buffer");
	if (!rate || !parms.buffer)
		return error_set(error, -EINVAL, "tbf must have a rate, in bytes/s, and a burst, in bytes");
	if (peak) {
		parms.peakrate = tc_get_rate(record, peak);
		parms.mtu = tc_get_burst(record, peak, "peakburst", "peakbuffer");
	}
	attribute_add(buffer, TCA_TBF_PARMS, &parms, sizeof(parms));
	tc_add_wide(buffer, TCA_TBF_RATE64, rate);
	tc_add_wide(buffer, TCA_TBF_PRATE64, peak);
	return 0;
}

const struct codec codec_tc_tbf = { decode_tbf, encode_tbf, FIELD_UNKNOWN };

/* ---- htb ---- */

enum { HTB_DEFAULT, HTB_R2Q, HTB_VERSION, HTB_DIRECT, HTB_QUEUE, HTB_OFFLOAD };

static const struct field htb[] = {
	[HTB_DEFAULT] = { "default", FIELD_U32, SET | FIELD_HEX, 0, "minor number of the class for what no filter sends elsewhere" },
	[HTB_R2Q] = { "r2q", FIELD_U32, SET, 0, "bytes/s for a byte of quantum" },
	[HTB_VERSION] = { "version", FIELD_U32, FIELD_DERIVED | FIELD_HEX, 0, "of the scheduler" },
	[HTB_DIRECT] = { "direct_packets", FIELD_U32, FIELD_VOLATILE, UNIT_PACKETS, "that went by every class" },
	[HTB_QUEUE] = { "direct_qlen", FIELD_U32, SET, UNIT_PACKETS, "what may wait without a class" },
	[HTB_OFFLOAD] = { "offload", FIELD_FLAG, SET, 0, "the device does it" },
};
TC_NEST(schema_tc_htb, "htb", htb);

static int decode_htb(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, &schema_tc_htb);
	struct tc_htb_glob glob;
	uint32_t queue;
	int r;

	(void)field;
	if (!record)
		return -ENOMEM;
	if (!tc_find(data, length, TCA_HTB_INIT, &glob, sizeof(glob)))
		return -EBADMSG;
	r = record_put(decode->arena, record, "default", value_uint(glob.defcls));
	if (r == 0)
		r = record_put(decode->arena, record, "r2q", value_uint(glob.rate2quantum));
	if (r == 0)
		r = record_put(decode->arena, record, "version", value_uint(glob.version));
	if (r == 0)
		r = record_put(decode->arena, record, "direct_packets", value_uint(glob.direct_pkts));
	if (r == 0 && tc_find(data, length, TCA_HTB_DIRECT_QLEN, &queue, sizeof(queue)))
		r = record_put(decode->arena, record, "direct_qlen", value_uint(queue));
	if (r == 0 && tc_find(data, length, TCA_HTB_OFFLOAD, &queue, 0))
		r = record_put(decode->arena, record, "offload", value_bool(true));
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int encode_htb(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const struct record *record = value->record;
	const uint32_t queue = (uint32_t)record_number(record, "direct_qlen", 0);
	const struct value *offload = record_find(record, "offload");
	const struct tc_htb_glob glob = {
		.version = TC_HTB_PROTOVER,
		.rate2quantum = (uint32_t)record_number(record, "r2q", 10),
		.defcls = (uint32_t)record_number(record, "default", 0) & HTB_MINOR,
	};

	(void)field;
	(void)error;
	attribute_add(buffer, TCA_HTB_INIT, &glob, sizeof(glob));
	if (record_find(record, "direct_qlen"))
		attribute_add(buffer, TCA_HTB_DIRECT_QLEN, &queue, sizeof(queue));
	if (offload && offload->type == VALUE_BOOL && offload->boolean)
		attribute_add(buffer, TCA_HTB_OFFLOAD, NULL, 0);
	return 0;
}

const struct codec codec_tc_htb = { decode_htb, encode_htb, FIELD_UNKNOWN };

/* ---- Classes of htb ---- */

enum {
	CLASS_RATE,
	CLASS_BURST,
	CLASS_BUFFER,
	CLASS_CEIL,
	CLASS_CEIL_BURST,
	CLASS_CEIL_BUFFER,
	CLASS_QUANTUM,
	CLASS_PRIO,
	CLASS_LEVEL,
	CLASS_OVERHEAD,
	CLASS_MPU,
	CLASS_LAYER,
	CLASS_OFFLOAD,
};

static const struct field htb_class[] = {
	[CLASS_RATE] = { "rate", FIELD_U64, SET, UNIT_BYTES_A_SECOND, "what it has for sure" },
	[CLASS_BURST] = { "burst", FIELD_U64, SET, UNIT_BYTES, "what may leave at once" },
	[CLASS_BUFFER] = { "buffer", FIELD_U64, SET, UNIT_NANOSECONDS, "the burst as the kernel keeps it: its time" },
	[CLASS_CEIL] = { "ceil", FIELD_U64, SET, UNIT_BYTES_A_SECOND, "what it has at most" },
	[CLASS_CEIL_BURST] = { "cburst", FIELD_U64, SET, UNIT_BYTES, "what may leave at once at that rate" },
	[CLASS_CEIL_BUFFER] = { "cbuffer", FIELD_U64, SET, UNIT_NANOSECONDS, "its time" },
	[CLASS_QUANTUM] = { "quantum", FIELD_U32, SET, UNIT_BYTES, "what it sends in its turn" },
	[CLASS_PRIO] = { "prio", FIELD_U32, SET, 0, "the lowest is served first" },
	[CLASS_LEVEL] = { "level", FIELD_U32, FIELD_VOLATILE, 0, "0: without classes below" },
	FRAME_FIELDS(CLASS_OVERHEAD, CLASS_MPU, CLASS_LAYER),
	[CLASS_OFFLOAD] = { "offload", FIELD_FLAG, FIELD_DERIVED, 0, "the device does it" },
};
TC_NEST(schema_tc_htb_class, "htb", htb_class);

static int put_class(struct arena *arena, struct record *record, const struct tc_htb_opt *parms, const struct tc_rate *rate,
		     const struct tc_rate *ceil)
{
	int r = tc_put_rate(arena, record, rate, "rate");

	if (r == 0)
		r = tc_put_burst(arena, record, rate->rate, parms->buffer, "burst", "buffer");
	if (r == 0)
		r = tc_put_rate(arena, record, ceil, "ceil");
	if (r == 0)
		r = tc_put_burst(arena, record, ceil->rate, parms->cbuffer, "cburst", "cbuffer");
	if (r == 0)
		r = record_put(arena, record, "quantum", value_uint(parms->quantum));
	if (r == 0)
		r = record_put(arena, record, "prio", value_uint(parms->prio));
	if (r == 0)
		r = record_put(arena, record, "level", value_uint(parms->level));
	return r < 0 ? r : tc_put_frame(arena, record, &parms->rate);
}

static int decode_htb_class(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, &schema_tc_htb_class);
	struct tc_rate rate, ceil;
	struct tc_htb_opt parms;
	int r;

	(void)field;
	if (!record)
		return -ENOMEM;
	if (!tc_find(data, length, TCA_HTB_PARMS, &parms, sizeof(parms)))
		return -EBADMSG;
	rate = tc_find_rate(data, length, &parms.rate, TCA_HTB_RATE64);
	ceil = tc_find_rate(data, length, &parms.ceil, TCA_HTB_CEIL64);
	r = put_class(decode->arena, record, &parms, &rate, &ceil);
	if (r == 0 && tc_find(data, length, TCA_HTB_OFFLOAD, &parms, 0))
		r = record_put(decode->arena, record, "offload", value_bool(true));
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

/* A burst that is not given is one packet's. At a rate beyond what a tick can tell it is none. */
static uint32_t class_burst(const struct record *record, uint64_t rate, const char *burst, const char *buffer)
{
	if (!record_find(record, burst) && !record_find(record, buffer))
		return tc_ticks_of(rate, HTB_BURST);
	return tc_get_burst(record, rate, burst, buffer);
}

static int encode_htb_class(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const struct record *record = value->record;
	const uint64_t rate = record_number(record, "rate", 0), ceil = record_number(record, "ceil", rate);
	struct tc_htb_opt parms = {
		.rate = tc_get_rate(record, rate),
		.ceil = tc_get_rate(record, ceil),
		.quantum = (uint32_t)record_number(record, "quantum", 0),
		.prio = (uint32_t)record_number(record, "prio", 0),
	};
	int r = check_burst(record, rate, "burst", "buffer", error);

	(void)field;
	if (r == 0)
		r = check_burst(record, ceil, "cburst", "cbuffer", error);
	if (r < 0)
		return r;
	if (!rate)
		return error_set(error, -EINVAL, "a class of htb must have a rate, in bytes/s");
	parms.buffer = class_burst(record, rate, "burst", "buffer");
	parms.cbuffer = class_burst(record, ceil, "cburst", "cbuffer");
	attribute_add(buffer, TCA_HTB_PARMS, &parms, sizeof(parms));
	tc_add_wide(buffer, TCA_HTB_RATE64, rate);
	tc_add_wide(buffer, TCA_HTB_CEIL64, ceil);
	return 0;
}

const struct codec codec_tc_htb_class = { decode_htb_class, encode_htb_class, FIELD_UNKNOWN };
