/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Classes: the parts into which a qdisc divides its packets. Sources: <linux/pkt_sched.h>, tc(8), net/sched/sch_api.c. */
#include <errno.h>
#include <string.h>

#include "channel/tc.h"

#define SET TC_SET

static const struct field header[] = {
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link", HEADER_FIELD(struct tcmsg, tcm_ifindex) },
	{ "handle", FIELD_U32, FIELD_KEY | FIELD_HANDLE, 0, "name", HEADER_FIELD(struct tcmsg, tcm_handle) },
	{ "parent", FIELD_U32, SET | FIELD_CREATE | FIELD_HANDLE, 0, "class or qdisc above", HEADER_FIELD(struct tcmsg, tcm_parent),
	  .names = &words_tc_parent },
	{ "leaf", FIELD_U32, FIELD_DERIVED | FIELD_HANDLE, 0, "qdisc in it", HEADER_FIELD(struct tcmsg, tcm_info) },
};

static const struct field attributes_of_class[] = {
	TC_KIND,  [TCA_OPTIONS] = { "options", FIELD_SELECT, SET, 0, "what this kind has of its own", .select = &tc_class_options },
	TC_STATS, [TCA_XSTATS] = { "xstats", FIELD_SELECT, FIELD_VOLATILE, 0, "what this kind counts", .select = &tc_class_counters },
	TC_RATE,  TC_STATS2,
	TC_PAD,   TC_EXT_WARN_MSG,
};

static const struct schema schema = {
	.name = "class",
	.help = "classes of qdiscs",
	.header_size = sizeof(struct tcmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_class,
	.attribute_count = ARRAY_SIZE(attributes_of_class),
};

/* Those at the top are told as of the root; to programs they stand in their qdisc. */
static int mend(struct arena *arena, struct record *record)
{
	if (record_number(record, "parent", 0) != TC_H_ROOT)
		return 0;
	return record_put(arena, record, "parent", value_uint(TC_H_MAJ(record_number(record, "handle", 0))));
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	object_path_interface(record, "dev", naming, ret);
	buffer_add_char(ret, '/');
	tc_path_handle(record, "handle", NULL, ret);
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
	r = tc_parse_handle(&left, "handle", NULL, "/");
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no class: LINK/HANDLE is, such as eth0/1:10", text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

static int get(const struct record *key, struct buffer *request)
{
	const struct tcmsg class = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)record_number(key, "dev", 0) };

	if (!class.tcm_ifindex)
		return -ENOENT;
	buffer_add(request, &class, sizeof(class));
	return OBJECT_GET_DUMP;
}

/* A class below one that is not there htb puts at the top, without a word. Asked for one, the kernel just says that it is there. */
static int stands_on(struct machine *machine, const struct record *record)
{
	const struct tcmsg above = { .tcm_family = AF_UNSPEC,
				     .tcm_ifindex = (int)record_number(record, "dev", 0),
				     .tcm_handle = (uint32_t)record_number(record, "parent", 0) };
	struct netlink *netlink;
	int r;

	if (!TC_H_MIN(above.tcm_handle) || above.tcm_handle == TC_H_ROOT || !above.tcm_ifindex)
		return 0;
	r = machine_netlink(machine, NETLINK_ROUTE, &netlink);
	if (r == 0)
		r = netlink_request(netlink, RTM_GETTCLASS, 0, &above, sizeof(above), NULL, NULL, NULL);
	if (r != -ENOENT)
		return r;
	return error_set(&machine->error, -ENOENT, "there is no class %x:%x to put it in", above.tcm_handle >> 16, TC_H_MIN(above.tcm_handle));
}

/* Of other kinds the classes come with their qdisc, or with the packets, and nobody is told. */
static bool comes_by_itself(const struct record *record)
{
	static const char *const made[] = { "htb", "hfsc", "drr", "qfq", "cbq" };

	if (!(record_number(record, "handle", 0) & 0xffff)) /* the root of hfsc */
		return true;
	for (unsigned int i = 0; i < ARRAY_SIZE(made); i++)
		if (tc_is_kind(record, made[i]))
			return false;
	return true;
}

static enum object_origin origin(const struct record *record)
{
	return comes_by_itself(record) ? OBJECT_PASSING : OBJECT_ASKED;
}

static bool can_be_made(const struct record *record, const char **ret_why)
{
	if (record_find(record, "kind") && record_find(record, "parent"))
		return true;
	*ret_why = "a new one must say its kind and its parent";
	return false;
}

static bool renews(const struct record *wanted, const struct record *now)
{
	const struct value *asked = record_find(wanted, "parent");

	return asked && asked->type == VALUE_UINT && asked->number != record_number(now, "parent", 0);
}

const struct object object_class = {
	.name = "class",
	.help = "classes of qdiscs",
	.protocol = &protocol_route,
	.new_type = RTM_NEWTCLASS,
	.delete_type = RTM_DELTCLASS,
	.get_type = RTM_GETTCLASS,
	.schema = &schema,
	.groups = { RTNLGRP_TC },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.places = tc_devices,
	.mend = mend,
	.path = path,
	.parse = parse,
	.get = get,
	.stands_on = stands_on,
	.can_be_made = can_be_made,
	.origin = origin,
	.renews = renews,
	.keeps_creation = true,
	.unheard = comes_by_itself,
	.dependent = true,
};

OBJECT_CHANNEL(route, class, object_class, "classes: the parts into which a qdisc divides its packets");
