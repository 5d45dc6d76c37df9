/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Queueing disciplines: in which order, and how fast, the packets of a link leave. Each stands in one place of its link: at the root, at the entry,
 * or in a class of another. Sources: <linux/pkt_sched.h>, tc(8), net/sched/sch_api.c. */
#include <errno.h>
#include <string.h>

#include "channel/tc.h"

#define SET TC_SET

static const struct field header[] = {
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link", HEADER_FIELD(struct tcmsg, tcm_ifindex) },
	{ "handle", FIELD_U32, FIELD_CREATE | FIELD_HANDLE, 0, "name; 0: none, the kernel has made it", HEADER_FIELD(struct tcmsg, tcm_handle) },
	{ "parent", FIELD_U32, FIELD_KEY | FIELD_HANDLE, 0, "place", HEADER_FIELD(struct tcmsg, tcm_parent), .names = &words_tc_parent },
	{ "refcnt", FIELD_U32, FIELD_DERIVED, 0, "users", HEADER_FIELD(struct tcmsg, tcm_info) },
};

static const struct field attributes_of_qdisc[] = {
	TC_KIND,
	[TCA_OPTIONS] = { "options", FIELD_SELECT, SET, 0, "what this kind has of its own", .select = &tc_qdisc_options },
	TC_STATS,
	[TCA_XSTATS] = { "xstats", FIELD_SELECT, FIELD_VOLATILE, 0, "what this kind counts", .select = &tc_qdisc_counters },
	TC_RATE,
	TC_STATS2,
	[TCA_STAB] = { "stab", FIELD_BYTES, FIELD_CREATE, 0, "table of sizes" },
	TC_PAD,
	[TCA_DUMP_INVISIBLE] = { "dump_invisible", FIELD_FLAG, FIELD_HIDDEN, 0, "asks for those that are not shown" },
	[TCA_HW_OFFLOAD] = { "hw_offload", FIELD_U8, FIELD_DERIVED, 0, "whether the device does it" },
	[TCA_INGRESS_BLOCK] = { "ingress_block", FIELD_U32, FIELD_CREATE, 0, "filters shared with others, on the way in" },
	[TCA_EGRESS_BLOCK] = { "egress_block", FIELD_U32, FIELD_CREATE, 0, "filters shared with others, on the way out" },
	TC_EXT_WARN_MSG,
};

static const struct schema schema = {
	.name = "qdisc",
	.help = "queueing disciplines",
	.header_size = sizeof(struct tcmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_qdisc,
	.attribute_count = ARRAY_SIZE(attributes_of_qdisc),
};

/* The kernel's own, of a place that has no other: it has no handle, gives way to any that is asked for, and comes and goes without a word. */
static bool is_kernels_own(const struct record *record)
{
	const struct value *handle = record_find(record, "handle");

	return handle && handle->type == VALUE_UINT && handle->number == 0;
}

/* It does not stand in the way of one that is asked for, so it is another. */
static bool identifies(const struct record *record, const struct field *field)
{
	return field->flags & FIELD_KEY || (is_kernels_own(record) && strcmp(field->name, "kind") == 0);
}

static const char own_word[] = ",default";

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	object_path_interface(record, "dev", naming, ret);
	buffer_add_char(ret, '/');
	tc_path_handle(record, "parent", &words_tc_parent, ret);
	if (is_kernels_own(record))
		buffer_add_text(ret, own_word);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_interface(&left, "dev");
	if (r < 0)
		return r;
	r = tc_parse_handle(&left, "parent", &words_tc_parent, "/,");
	if (r == 0 && strncmp(left.rest, own_word, sizeof(own_word) - 1) == 0) {
		left.rest += sizeof(own_word) - 1;
		r = record_put(arena, left.record, "handle", value_uint(0));
	}
	if (r < 0 || (*left.rest != '\0' && *left.rest != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no qdisc: LINK/PLACE is, such as eth0/root, eth0/ingress or eth0/1:10", text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

static enum object_origin origin(const struct record *record)
{
	return is_kernels_own(record) ? OBJECT_PASSING : OBJECT_ASKED;
}

/* The entry has one handle, whatever is asked for. One that stands is named by its place: with a handle the kernel would put another there. */
static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	struct record *options = record_inside(record, "options");

	if (record_number(record, "parent", 0) == TC_H_INGRESS)
		return record_put(arena, record, "handle", value_uint(TC_H_MAKE(TC_H_INGRESS, 0)));
	if (write == OBJECT_REPLACE)
		record_drop(record, "handle");
	return tc_is_kind(record, "netem") && options ? tc_netem_prepare(arena, options, write) : 0;
}

static bool can_be_made(const struct record *record, const char **ret_why)
{
	if (record_find(record, "kind"))
		return true;
	*ret_why = "a new one must say its kind";
	return false;
}

/* The early drop of these goes by a table that the kernel is given and does not tell. */
static const char *cannot_return(const struct record *record)
{
	static const char *const kinds[] = { "red", "gred", "choke" };

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		if (tc_is_kind(record, kinds[i]))
			return "the kernel does not tell its table of idle times";
	return NULL;
}

static bool renews(const struct record *wanted, const struct record *now)
{
	const struct value *asked = record_find(wanted, "kind"), *standing = record_find(now, "kind");

	return asked && standing && !value_equal(asked, standing);
}

const struct object object_qdisc = {
	.name = "qdisc",
	.help = "queueing disciplines",
	.protocol = &protocol_route,
	.new_type = RTM_NEWQDISC,
	.delete_type = RTM_DELQDISC,
	.get_type = RTM_GETQDISC,
	.schema = &schema,
	.groups = { RTNLGRP_TC },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.identifies = identifies,
	.prepare = prepare,
	.can_be_made = can_be_made,
	.cannot_return = cannot_return,
	.origin = origin,
	.renews = renews,
	.keeps_creation = true,
	.unheard = is_kernels_own,
	.dependent = true,
};

OBJECT_CHANNEL(route, qdisc, object_qdisc, "queueing disciplines: in which order and how fast packets leave");
