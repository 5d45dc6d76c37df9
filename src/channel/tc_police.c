/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* police: holds packets to a rate. Its rates and bursts are kept as those of tbf (tc_rate.c). Source: <linux/pkt_cls.h>, tc-police(8). */
#include <errno.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include "channel/tc.h"

#define SET TC_SET

enum {
	RATE,
	BURST,
	BUFFER,
	PEAK,
	MTU,
	PACKET_RATE,
	PACKET_BURST,
	AVERAGE,
	EXCEED,
	CONFORM,
	OVERHEAD,
	MPU,
	LAYER,
	INDEX,
	REFCNT,
	BINDCNT,
	TIMES,
};

static const struct field police[] = {
	[RATE] = { "rate", FIELD_U64, SET, UNIT_BYTES_A_SECOND, "rate" },
	[BURST] = { "burst", FIELD_U64, SET, UNIT_BYTES, "what may come at once" },
	[BUFFER] = { "buffer", FIELD_U64, SET, UNIT_NANOSECONDS, "the burst as the kernel keeps it: its time" },
	[PEAK] = { "peakrate", FIELD_U64, SET, UNIT_BYTES_A_SECOND, "rate of a burst" },
	[MTU] = { "mtu", FIELD_U32, SET, UNIT_BYTES, "largest packet" },
	[PACKET_RATE] = { "packet_rate", FIELD_U64, SET, UNIT_PACKETS_A_SECOND, "rate" },
	[PACKET_BURST] = { "packet_burst", FIELD_U64, SET, UNIT_NANOSECONDS, "what may come at once: its time" },
	[AVERAGE] = { "average_rate", FIELD_U32, SET, UNIT_BYTES_A_SECOND, "measured rate that is taken" },
	[EXCEED] = { "exceed", FIELD_U32, SET | FIELD_HEX, 0, "what follows beyond it", .names = &words_tc_control },
	[CONFORM] = { "conform", FIELD_U32, SET | FIELD_HEX, 0, "what follows within it", .names = &words_tc_control },
	[OVERHEAD] = { "overhead", FIELD_U16, SET, UNIT_BYTES, "added to each packet" },
	[MPU] = { "mpu", FIELD_U16, SET, UNIT_BYTES, "what a packet counts at least" },
	[LAYER] = { "linklayer", FIELD_U8, SET, 0, "how frames are cut", .names = &words_tc_link_layer },
	[INDEX] = { "index", FIELD_U32, FIELD_CREATE | FIELD_VOLATILE, 0, "number among those of its kind" },
	[REFCNT] = { "refcnt", FIELD_S32, FIELD_VOLATILE, 0, "users" },
	[BINDCNT] = { "bindcnt", FIELD_S32, FIELD_VOLATILE, 0, "filters" },
	[TIMES] = { "times", FIELD_RECORD, FIELD_VOLATILE, 0, "when", .schema = &schema_tc_times },
};
TC_NEST(schema_tc_police, "police", police);

static int put_numbers(struct arena *arena, struct record *record, const struct tc_police *parms, const struct tc_rate *rate,
		       const struct tc_rate *peak)
{
	int r = tc_put_rate(arena, record, rate, "rate");

	if (r == 0 && rate->rate)
		r = tc_put_burst(arena, record, rate->rate, parms->burst, "burst", "buffer");
	if (r == 0)
		r = tc_put_rate(arena, record, peak, "peakrate");
	if (r == 0)
		r = record_put(arena, record, "mtu", value_uint(parms->mtu));
	if (r == 0)
		r = record_put(arena, record, "exceed", value_uint((uint32_t)parms->action));
	if (r == 0)
		r = tc_put_frame(arena, record, &parms->rate);
	if (r == 0)
		r = record_put(arena, record, "index", value_uint(parms->index));
	if (r == 0)
		r = record_put(arena, record, "refcnt", value_int(parms->refcnt));
	return r < 0 ? r : record_put(arena, record, "bindcnt", value_int(parms->bindcnt));
}

static int put_attribute(struct decode *decode, struct record *record, const char *name, const void *data, size_t length, uint16_t type, size_t size)
{
	uint64_t number = 0;

	if (!tc_find(data, length, type, &number, size))
		return 0;
	/* A number of 4 bytes fills the lower half, or the upper one. */
	if (size == sizeof(uint32_t) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		number >>= 32;
	return record_put(decode->arena, record, name, value_uint(number));
}

static int put_times(struct decode *decode, struct record *record, const void *data, size_t length)
{
	struct record *times;
	int r;

	for (struct attribute_iterator i = attributes(data, length); attribute_next(&i);)
		if (i.type == TCA_POLICE_TM) {
			r = schema_decode_nest(decode, &schema_tc_times, i.data, i.length, &times);
			return r < 0 ? r : record_put(decode->arena, record, "times", (struct value){ .type = VALUE_RECORD, .record = times });
		}
	return 0;
}

static int decode_police(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, &schema_tc_police);
	struct tc_rate rate, peak;
	struct tc_police parms;
	int r;

	(void)field;
	if (!record)
		return -ENOMEM;
	if (!tc_find(data, length, TCA_POLICE_TBF, &parms, sizeof(parms)))
		return -EBADMSG;
	rate = tc_find_rate(data, length, &parms.rate, TCA_POLICE_RATE64);
	peak = tc_find_rate(data, length, &parms.peakrate, TCA_POLICE_PEAKRATE64);
	r = put_numbers(decode->arena, record, &parms, &rate, &peak);
	if (r == 0)
		r = put_attribute(decode, record, "packet_rate", data, length, TCA_POLICE_PKTRATE64, sizeof(uint64_t));
	if (r == 0)
		r = put_attribute(decode, record, "packet_burst", data, length, TCA_POLICE_PKTBURST64, sizeof(uint64_t));
	if (r == 0)
		r = put_attribute(decode, record, "average_rate", data, length, TCA_POLICE_AVRATE, sizeof(uint32_t));
	if (r == 0)
		r = put_attribute(decode, record, "conform", data, length, TCA_POLICE_RESULT, sizeof(uint32_t));
	if (r == 0)
		r = put_times(decode, record, data, length);
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static void add_number(const struct record *record, const char *name, uint16_t type, size_t size, struct buffer *buffer)
{
	const uint64_t number = record_number(record, name, 0);
	const uint32_t small = (uint32_t)number;

	if (record_find(record, name))
		attribute_add(buffer, type, size == sizeof(small) ? (const void *)&small : &number, size);
}

/* The kernel wants the old table of times beside a rate, and does not look at what is in it. */
static void add_table(struct tc_ratespec *spec, uint16_t type, struct buffer *buffer)
{
	static const uint8_t table[TC_RTAB_SIZE];

	if (!spec->rate)
		return;
	spec->cell_log = 3;
	attribute_add(buffer, type, table, sizeof(table));
}

static int encode_police(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const struct record *record = value->record;
	const uint64_t rate = record_number(record, "rate", 0), peak = record_number(record, "peakrate", 0);
	struct tc_police parms = {
		.index = (uint32_t)record_number(record, "index", 0),
		.action = (int)record_number(record, "exceed", TC_ACT_RECLASSIFY),
		.mtu = (uint32_t)record_number(record, "mtu", 0),
		.burst = tc_get_burst(record, rate, "burst", "buffer"),
		.rate = tc_get_rate(record, rate),
	};

	(void)field;
	if (rate && (!parms.burst || parms.burst == UINT32_MAX))
		return error_set(error, -EINVAL, "police with a rate must have a burst, in bytes, that the kernel can keep at that rate");
	if (peak)
		parms.peakrate = tc_get_rate(record, peak);
	add_table(&parms.rate, TCA_POLICE_RATE, buffer);
	add_table(&parms.peakrate, TCA_POLICE_PEAKRATE, buffer);
	attribute_add(buffer, TCA_POLICE_TBF, &parms, sizeof(parms));
	tc_add_wide(buffer, TCA_POLICE_RATE64, rate);
	tc_add_wide(buffer, TCA_POLICE_PEAKRATE64, peak);
	add_number(record, "packet_rate", TCA_POLICE_PKTRATE64, sizeof(uint64_t), buffer);
	add_number(record, "packet_burst", TCA_POLICE_PKTBURST64, sizeof(uint64_t), buffer);
	add_number(record, "average_rate", TCA_POLICE_AVRATE, sizeof(uint32_t), buffer);
	add_number(record, "conform", TCA_POLICE_RESULT, sizeof(uint32_t), buffer);
	return 0;
}

const struct codec codec_tc_police = { decode_police, encode_police, FIELD_RECORD };
