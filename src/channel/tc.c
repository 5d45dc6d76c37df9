/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the objects of traffic control share: counters, handles in paths, and where there are classes and filters to ask for. */
#include "channel/tc.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include "channel/netlink_source.h"

#define MOVES FIELD_VOLATILE

/* ---- Counters ---- */

static const struct field basic[] = {
	{ "bytes", FIELD_U64, MOVES, UNIT_BYTES, "sent", HEADER_FIELD(struct gnet_stats_basic, bytes) },
	{ "packets", FIELD_U32, MOVES, UNIT_PACKETS, "sent", HEADER_FIELD(struct gnet_stats_basic, packets) },
};
static TC_STRUCT(schema_basic, "basic", struct gnet_stats_basic, basic);

static const struct field queue[] = {
	{ "qlen", FIELD_U32, MOVES, UNIT_PACKETS, "waiting", HEADER_FIELD(struct gnet_stats_queue, qlen) },
	{ "backlog", FIELD_U32, MOVES, UNIT_BYTES, "waiting", HEADER_FIELD(struct gnet_stats_queue, backlog) },
	{ "drops", FIELD_U32, MOVES, UNIT_PACKETS, "dropped", HEADER_FIELD(struct gnet_stats_queue, drops) },
	{ "requeues", FIELD_U32, MOVES, UNIT_PACKETS, "given back by the device", HEADER_FIELD(struct gnet_stats_queue, requeues) },
	{ "overlimits", FIELD_U32, MOVES, UNIT_PACKETS, "that found a limit", HEADER_FIELD(struct gnet_stats_queue, overlimits) },
};
static TC_STRUCT(schema_queue, "queue", struct gnet_stats_queue, queue);

static const struct field rate[] = {
	{ "rate", FIELD_U32, MOVES, UNIT_BYTES_A_SECOND, "sent", HEADER_FIELD(struct gnet_stats_rate_est, bps) },
	{ "packet_rate", FIELD_U32, MOVES, UNIT_PACKETS_A_SECOND, "sent", HEADER_FIELD(struct gnet_stats_rate_est, pps) },
};
static TC_STRUCT(schema_rate, "rate", struct gnet_stats_rate_est, rate);

static const struct field rate64[] = {
	{ "rate", FIELD_U64, MOVES, UNIT_BYTES_A_SECOND, "sent", HEADER_FIELD(struct gnet_stats_rate_est64, bps) },
	{ "packet_rate", FIELD_U64, MOVES, UNIT_PACKETS_A_SECOND, "sent", HEADER_FIELD(struct gnet_stats_rate_est64, pps) },
};
static TC_STRUCT(schema_rate64, "rate", struct gnet_stats_rate_est64, rate64);

static const struct field statistics[] = {
	[TCA_STATS_BASIC] = { "basic", FIELD_RECORD, MOVES, 0, "sent", .schema = &schema_basic },
	[TCA_STATS_RATE_EST] = { "rate", FIELD_RECORD, MOVES, 0, "measured", .schema = &schema_rate },
	[TCA_STATS_QUEUE] = { "queue", FIELD_RECORD, MOVES, 0, "queue", .schema = &schema_queue },
	[TCA_STATS_APP] = { "app", FIELD_BYTES, MOVES | FIELD_HIDDEN, 0, "what the kind counts: told as xstats too" },
	[TCA_STATS_RATE_EST64] = { "rate64", FIELD_RECORD, MOVES, 0, "measured, with more bits", .schema = &schema_rate64 },
	[TCA_STATS_PAD] = { "pad", FIELD_PAD },
	[7] = { "basic_hw", FIELD_RECORD, MOVES, 0, "sent by the device itself", .schema = &schema_basic }, /* TCA_STATS_BASIC_HW, 4.20 */
	[8] = { "packets64", FIELD_U64, MOVES, UNIT_PACKETS, "sent, with more bits" },                      /* TCA_STATS_PKT64, 5.5 */
};
TC_NEST(schema_tc_statistics, "stats", statistics);

static const struct field estimator[] = {
	{ "interval", FIELD_S8, FIELD_CREATE, 0, "250 ms, times two to the power of this", HEADER_FIELD(struct tc_estimator, interval) },
	{ "ewma_log", FIELD_U8, FIELD_CREATE, 0, "weight of what was before", HEADER_FIELD(struct tc_estimator, ewma_log) },
};
TC_STRUCT(schema_tc_estimator, "estimator", struct tc_estimator, estimator);

const struct schema schema_tc_no_options = { .name = "options" };

bool tc_is_kind(const struct record *record, const char *kind)
{
	const struct value *told = record_find(record, "kind");

	return told && told->type == VALUE_TEXT && told->bytes.length == strlen(kind) && memcmp(told->bytes.data, kind, told->bytes.length) == 0;
}

/* ---- Handles ---- */

static const struct name parents[] = { { TC_H_ROOT, "root" }, { TC_H_INGRESS, "ingress" } };
const struct names words_tc_parent = { parents, ARRAY_SIZE(parents) };

static const struct name link_layers[] = { { TC_LINKLAYER_UNAWARE, "unaware" }, { TC_LINKLAYER_ETHERNET, "ethernet" }, { TC_LINKLAYER_ATM, "atm" } };
const struct names words_tc_link_layer = { link_layers, ARRAY_SIZE(link_layers) };

void tc_path_handle(const struct record *record, const char *field, const struct names *words, struct buffer *ret)
{
	const struct field shown = { .flags = FIELD_HANDLE, .names = words };
	const struct value handle = value_uint(record_number(record, field, 0));

	value_print(ret, &handle, &shown, NULL);
}

int tc_parse_handle(struct object_path *path, const char *field, const struct names *words, const char *end)
{
	const struct field shown = { .name = field, .kind = FIELD_U32, .flags = FIELD_HANDLE, .names = words };
	const size_t length = strcspn(path->rest, end);
	struct value handle;
	int r;

	if (!length)
		return -EINVAL;
	r = value_parse_text(path->rest, length, &shown, NULL, NULL, path->arena, &handle, NULL);
	if (r == 0 && handle.number > UINT32_MAX)
		r = -ERANGE;
	if (r < 0)
		return r;
	path->rest += length;
	return record_put(path->arena, path->record, field, handle);
}

/* ---- Where to ask: the kernel tells classes of one device, and filters of one place ---- */

struct places {
	struct buffer *requests;
	int32_t last;         /* device that was added last */
	struct buffer blocks; /* numbers of the blocks that are shared */
};

static void add_place(struct buffer *requests, int32_t device, uint32_t parent)
{
	const struct tcmsg request = { .tcm_family = AF_UNSPEC, .tcm_ifindex = device, .tcm_parent = parent };

	buffer_add(requests, &request, sizeof(request));
}

/* A block that several share is told at each: it is asked for once, by itself. */
static void add_block(struct places *places, uint32_t block)
{
	for (size_t at = 0; at + sizeof(block) <= places->blocks.length; at += sizeof(block))
		if (memcmp(places->blocks.data + at, &block, sizeof(block)) == 0)
			return;
	buffer_add(&places->blocks, &block, sizeof(block));
	add_place(places->requests, (int32_t)TCM_IFINDEX_MAGIC_BLOCK, block);
}

static bool is_whole(const struct nlmsghdr *message, uint16_t type)
{
	return message->nlmsg_type == type && message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct tcmsg));
}

/* The qdiscs of a device come one behind the other. */
static int add_device(void *data, const struct nlmsghdr *message)
{
	struct places *places = data;
	const struct tcmsg *qdisc;

	if (!message || !is_whole(message, RTM_NEWQDISC))
		return 0;
	qdisc = NLMSG_DATA(message);
	if (qdisc->tcm_ifindex != places->last)
		add_place(places->requests, qdisc->tcm_ifindex, 0);
	places->last = qdisc->tcm_ifindex;
	return 0;
}

static uint32_t block_of(const struct nlmsghdr *message, uint16_t type)
{
	return route_number_of(message, sizeof(struct tcmsg), type);
}

static bool is_of_kind(const struct nlmsghdr *message, const char *kind)
{
	for (struct attribute_iterator i =
		     attributes((const char *)NLMSG_DATA(message) + sizeof(struct tcmsg), message->nlmsg_len - NLMSG_LENGTH(sizeof(struct tcmsg)));
	     attribute_next(&i);)
		if (i.type == TCA_KIND)
			return i.length == strlen(kind) + 1 && memcmp(i.data, kind, i.length) == 0;
	return false;
}

/* Both sides of a clsact have a name of their own; filters of a root without a handle are asked for by no parent. */
static int add_qdisc(void *data, const struct nlmsghdr *message)
{
	struct places *places = data;
	const struct tcmsg *qdisc;
	uint32_t in, out;

	if (!message || !is_whole(message, RTM_NEWQDISC))
		return 0;
	qdisc = NLMSG_DATA(message);
	in = block_of(message, TCA_INGRESS_BLOCK);
	out = block_of(message, TCA_EGRESS_BLOCK);
	if (in)
		add_block(places, in);
	if (out)
		add_block(places, out);
	if (is_of_kind(message, "clsact")) {
		if (!in)
			add_place(places->requests, qdisc->tcm_ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
		if (!out)
			add_place(places->requests, qdisc->tcm_ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS));
	} else if (!in && (qdisc->tcm_handle || qdisc->tcm_parent == TC_H_ROOT)) {
		add_place(places->requests, qdisc->tcm_ifindex, qdisc->tcm_handle);
	}
	return 0;
}

static int add_class(void *data, const struct nlmsghdr *message)
{
	struct places *places = data;
	const struct tcmsg *class;

	if (!message || !is_whole(message, RTM_NEWTCLASS))
		return 0;
	class = NLMSG_DATA(message);
	if (TC_H_MAJ(class->tcm_handle))
		add_place(places->requests, class->tcm_ifindex, class->tcm_handle);
	return 0;
}

static int ask(struct netlink *netlink, uint16_t type, const void *request, netlink_function *function, struct places *places)
{
	bool interrupted;

	/* What is torn here is told by the dumps that follow, which are torn as well. */
	return netlink_dump(netlink, type, 0, request, sizeof(struct tcmsg), function, places, &interrupted, NULL);
}

int tc_devices(struct netlink *netlink, struct buffer *ret)
{
	const struct tcmsg every = { .tcm_family = AF_UNSPEC };
	struct places places = { .requests = ret };
	int r = ask(netlink, RTM_GETQDISC, &every, add_device, &places);

	return ret->failed ? -ENOMEM : r;
}

int tc_filter_places(struct netlink *netlink, struct buffer *ret)
{
	const struct tcmsg every = { .tcm_family = AF_UNSPEC };
	_cleanup_buffer_ struct buffer devices = { 0 };
	struct places places = { .requests = ret };
	int r = tc_devices(netlink, &devices);

	if (r == 0)
		r = ask(netlink, RTM_GETQDISC, &every, add_qdisc, &places);
	for (size_t at = 0; r == 0 && at + sizeof(struct tcmsg) <= devices.length; at += sizeof(struct tcmsg))
		r = ask(netlink, RTM_GETTCLASS, devices.data + at, add_class, &places);
	if (places.blocks.failed)
		r = -ENOMEM;
	buffer_done(&places.blocks);
	return ret->failed ? -ENOMEM : r;
}
