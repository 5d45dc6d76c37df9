/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters: which packets go to which class, and what is done with them. They stand in a list by priority, at a qdisc or class, or in a block that
 * several share. Sources: <linux/pkt_cls.h>, tc(8), net/sched/cls_api.c. */
#include <endian.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include "channel/tc.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE
#define KEY FIELD_KEY

#define FIRST_TABLE UINT32_C(0x80000000)
#define ANY_FIRST   UINT32_C(0xfff00000) /* in a request: the table with which a priority begins */
#define IN_TABLE    UINT32_C(0x000fffff)

/* Fields of ours: what is a device and a parent in the message, where the device is no device; the handle as the kernel has it. */
#define BLOCK         31
#define KERNEL_HANDLE 30

/* tcm_info: the priority in the upper half, the protocol in network byte order in the lower one. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PROTOCOL_AT offsetof(struct tcmsg, tcm_info)
#define PRIO_AT     offsetof(struct tcmsg, tcm_info) + 2
#else
#define PROTOCOL_AT offsetof(struct tcmsg, tcm_info) + 2
#define PRIO_AT     offsetof(struct tcmsg, tcm_info)
#endif

NAMES(ether_types, false, { ETH_P_ALL, "all" }, { ETH_P_802_3, "802_3" }, { ETH_P_802_2, "802_2" }, { ETH_P_IP, "ip" }, { ETH_P_ARP, "arp" },
      { ETH_P_IPV6, "ipv6" }, { ETH_P_8021Q, "802.1Q" }, { ETH_P_8021AD, "802.1ad" }, { ETH_P_MPLS_UC, "mpls_uc" }, { ETH_P_MPLS_MC, "mpls_mc" },
      { ETH_P_PPP_SES, "ppp_ses" }, { ETH_P_PPP_DISC, "ppp_disc" }, { ETH_P_LLDP, "LLDP" }, { ETH_P_RARP, "rarp" });

static const struct name parents[] = { { TC_H_ROOT, "root" },
				       { TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), "ingress" },
				       { TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), "egress" } };
static const struct names words_parent = { parents, ARRAY_SIZE(parents) };

static const struct field header[] = {
	{ "dev", FIELD_INTERFACE, KEY, 0, "link", HEADER_FIELD(struct tcmsg, tcm_ifindex), LIMITS(.maximum = UINT32_MAX) },
	{ "handle", FIELD_U32, KEY | FIELD_HEX, 0, "number among those of its priority", HEADER_FIELD(struct tcmsg, tcm_handle) },
	{ "parent", FIELD_U32, KEY | FIELD_HANDLE, 0, "qdisc or class at which it stands", HEADER_FIELD(struct tcmsg, tcm_parent),
	  .names = &words_parent },
	{ "protocol", FIELD_BE16, KEY, 0, "kind of the packets", .offset = PROTOCOL_AT, .size = 2, .names = &ether_types },
	{ "prio", FIELD_U16, KEY, 0, "the lowest is asked first", .offset = PRIO_AT, .size = 2 },
};

static const struct field attributes_of_filter[] = {
	[TCA_KIND] = { "kind", FIELD_TEXT, KEY, 0, "kind" },
	[TCA_OPTIONS] = { "options", FIELD_SELECT, SET, 0, "what this kind has of its own", .select = &tc_filter_options },
	TC_STATS,
	[TCA_XSTATS] = { "xstats", FIELD_BYTES, FIELD_VOLATILE | FIELD_HIDDEN, 0, "what this kind counts" },
	TC_RATE,
	TC_STATS2,
	TC_PAD,
	[TCA_CHAIN] = { "chain", FIELD_U32, KEY, 0, "list in which it stands" },
	TC_EXT_WARN_MSG,
	[KERNEL_HANDLE] = { "kernel_handle", FIELD_U32, FIELD_DERIVED | FIELD_HIDDEN, 0, "number that the kernel has given" },
	[BLOCK] = { "block", FIELD_U32, KEY, 0, "shared block at which it stands" },
};

static const struct schema schema = {
	.name = "filter",
	.help = "filters of packets",
	.header_size = sizeof(struct tcmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_filter,
	.attribute_count = ARRAY_SIZE(attributes_of_filter),
};

/* Before the filters of a priority comes a heading that has just their kind. */
static bool concerns(const struct nlmsghdr *message)
{
	const struct tcmsg *filter = NLMSG_DATA(message);

	return filter->tcm_handle != 0;
}

/* The kernel numbers the tables with which priorities of u32 begin, from 800: on and never twice. A priority has one, so that here each is 800:. */
static void number_first_table(struct entry *entry)
{
	if (entry && entry->value.type == VALUE_UINT && entry->value.number >= FIRST_TABLE)
		entry->value.number = FIRST_TABLE | (entry->value.number & IN_TABLE);
}

static int mend(struct arena *arena, struct record *record)
{
	const uint64_t block = record_number(record, "parent", 0);
	const struct record *options = record_inside(record, "options");
	int r = 0;

	if (tc_is_kind(record, "u32")) {
		r = record_put(arena, record, "kernel_handle", value_uint(record_number(record, "handle", 0)));
		number_first_table(record_at(record, "handle"));
		if (options)
			number_first_table(record_at(options, "table"));
	}
	if (r < 0)
		return r;

	if (record_number(record, "dev", 0) != TCM_IFINDEX_MAGIC_BLOCK)
		return 0;
	record_drop(record, "dev");
	record_drop(record, "parent");
	return record_put(arena, record, "block", value_uint(block));
}

/* ---- Its place in the tree: LINK/PARENT/PRIO/PROTOCOL/KIND/HANDLE[,chain=N], or block/N/PRIO/... ---- */

/* A handle of u32 is a table, a bucket and a node; tc(8) writes it so. */
static void path_handle(const struct record *record, struct buffer *ret)
{
	const uint32_t handle = (uint32_t)record_number(record, "handle", 0), bucket = handle >> 12 & 0xff, node = handle & 0xfff;

	if (!tc_is_kind(record, "u32")) {
		buffer_printf(ret, "%#x", handle);
		return;
	}
	buffer_printf(ret, "%x:", handle >> 20);
	if (bucket)
		buffer_printf(ret, "%x", bucket);
	if (bucket || node)
		buffer_add_char(ret, ':');
	if (node)
		buffer_printf(ret, "%x", node);
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *block = record_find(record, "block"), *kind = record_find(record, "kind");
	const uint64_t chain = record_number(record, "chain", 0);

	if (block) {
		buffer_printf(ret, "block/%u", (unsigned int)block->number);
	} else {
		object_path_interface(record, "dev", naming, ret);
		buffer_add_char(ret, '/');
		tc_path_handle(record, "parent", &words_parent, ret);
	}
	buffer_printf(ret, "/%u/", (unsigned int)record_number(record, "prio", 0));
	words_add(ret, &ether_types, record_number(record, "protocol", 0));
	buffer_add_char(ret, '/');
	if (kind && kind->type == VALUE_TEXT)
		buffer_add(ret, kind->bytes.data, kind->bytes.length);
	buffer_add_char(ret, '/');
	path_handle(record, ret);
	if (chain)
		buffer_printf(ret, ",chain=%u", (unsigned int)chain);
}

static int parse_kind(struct object_path *left)
{
	const size_t length = strcspn(left->rest, "/");
	const char *kind = arena_copy(left->arena, left->rest, length);

	if (!length || left->rest[length] != '/')
		return -EINVAL;
	if (!kind)
		return -ENOMEM;
	left->rest += length + 1;
	return record_put(left->arena, left->record, "kind", value_data(VALUE_TEXT, kind, length));
}

static bool parse_part(const char **text, uint32_t most, uint32_t *ret)
{
	char *end;
	const unsigned long number = strtoul(*text, &end, 16);

	*ret = (uint32_t)number;
	if (number > most || **text == '-' || **text == '+')
		return false;
	*text = end;
	return true;
}

static int parse_u32_handle(struct object_path *left)
{
	uint32_t table, bucket = 0, node = 0;
	const char *text = left->rest;

	if (!parse_part(&text, 0xfff, &table) || *text++ != ':' || !parse_part(&text, 0xff, &bucket))
		return -EINVAL;
	if (*text == ':') {
		text++;
		if (!parse_part(&text, 0xfff, &node))
			return -EINVAL;
	}
	left->rest = text;
	return record_put(left->arena, left->record, "handle", value_uint(table << 20 | bucket << 12 | node));
}

static int parse_handle(struct object_path *left)
{
	static const char digits[] = "0123456789abcdefABCDEFx";
	const size_t length = strspn(left->rest, digits);
	char text[16] = "", *end;
	unsigned long number;

	if (tc_is_kind(left->record, "u32") && memchr(left->rest, ':', strcspn(left->rest, "/,")))
		return parse_u32_handle(left);
	if (!length || length >= sizeof(text))
		return -EINVAL;
	memcpy(text, left->rest, length);
	number = strtoul(text, &end, 0);
	if (*end || number > UINT32_MAX)
		return -EINVAL;
	left->rest += length;
	return record_put(left->arena, left->record, "handle", value_uint(number));
}

static int parse_place(struct object_path *left)
{
	static const char word[] = "block/";
	int r;

	if (strncmp(left->rest, word, sizeof(word) - 1) == 0) {
		left->rest += sizeof(word) - 1;
		return object_parse_word(left, "block", NULL);
	}
	r = object_parse_interface(left, "dev");
	if (r == 0)
		r = tc_parse_handle(left, "parent", &words_parent, "/");
	left->rest += *left->rest == '/';
	return r;
}

static int parse_path(struct object_path *left)
{
	int r = parse_place(left);

	if (r == 0)
		r = object_parse_word(left, "prio", NULL);
	if (r == 0)
		r = object_parse_word(left, "protocol", &ether_types);
	if (r == 0)
		r = parse_kind(left);
	if (r == 0)
		r = parse_handle(left);
	if (r == 0 && *left->rest == ',')
		r = object_parse_option(left);
	if (r < 0)
		return r;
	return record_number(left->record, "prio", 0) <= UINT16_MAX && (*left->rest == '\0' || *left->rest == '/') ? 0 : -EINVAL;
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = parse_path(&left);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EINVAL,
				 "\"%s\" is no filter: LINK/PARENT/PRIO/PROTOCOL/KIND/HANDLE is, such as eth0/ingress/10/ip/flower/0x1 or "
				 "eth0/1:/5/all/u32/800::800",
				 text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

/* ---- Requests ---- */

static int get(const struct record *key, struct buffer *request)
{
	const struct value *block = record_find(key, "block");
	struct tcmsg filter = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int)record_number(key, "dev", 0),
		.tcm_parent = (uint32_t)record_number(key, "parent", 0),
	};

	if (block) {
		filter.tcm_ifindex = (int)TCM_IFINDEX_MAGIC_BLOCK;
		filter.tcm_parent = (uint32_t)block->number;
	}
	if (!filter.tcm_ifindex)
		return -ENOENT;
	buffer_add(request, &filter, sizeof(filter));
	return OBJECT_GET_DUMP;
}

/* Of the bits that say what a device does the kernel takes those that ask, and tells others. */
static void drop_told_bits(struct record *options)
{
	struct entry *entry = record_at(options, "offload");

	if (!entry || entry->value.type != VALUE_UINT)
		return;
	entry->value.number &= TCA_CLS_FLAGS_SKIP_HW | TCA_CLS_FLAGS_SKIP_SW;
	if (!entry->value.number)
		record_drop_entry(options, entry);
}

/* A request names that table as such, and a new filter in it by its place there alone; one that is to go by the number that it was given. */
static void name_first_table(struct record *record, const struct record *options, enum object_write write)
{
	struct entry *handle = record_at(record, "handle"), *table = options ? record_at(options, "table") : NULL;

	if (handle && handle->value.type == VALUE_UINT && handle->value.number >= FIRST_TABLE)
		handle->value.number =
			write == OBJECT_REMOVE ? record_number(record, "kernel_handle", handle->value.number) : handle->value.number & IN_TABLE;
	if (table && table->value.type == VALUE_UINT && table->value.number >= FIRST_TABLE)
		table->value.number = ANY_FIRST | (table->value.number & IN_TABLE);
}

/* The kernel tells what is in the innermost header, and takes what is in the outermost, which is what the filter is for. */
static int tell_outermost(struct arena *arena, const struct record *record, struct record *options)
{
	const uint64_t protocol = record_number(record, "protocol", ETH_P_ALL);

	return protocol == ETH_P_ALL ? 0 : record_put(arena, options, "eth_type", value_uint(protocol));
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	const struct value *block = record_find(record, "block");
	struct record *options = record_inside(record, "options");
	int r = 0;

	if (options && write != OBJECT_REMOVE)
		drop_told_bits(options);
	if (tc_is_kind(record, "u32"))
		name_first_table(record, options, write);
	if (options && tc_is_kind(record, "flower"))
		r = tell_outermost(arena, record, options);
	if (r == 0 && block) {
		r = record_put(arena, record, "parent", *block);
		if (r == 0)
			r = record_put(arena, record, "dev", value_uint(TCM_IFINDEX_MAGIC_BLOCK));
		record_drop(record, "block");
	}
	return r;
}

/* The table that a priority of u32 begins with comes with its first filter, without a word. */
static bool is_first_table(const struct record *record)
{
	const uint64_t handle = record_number(record, "handle", 0);

	return tc_is_kind(record, "u32") && !(handle & IN_TABLE) && handle >= FIRST_TABLE;
}

static enum object_origin origin(const struct record *record)
{
	return is_first_table(record) ? OBJECT_PASSING : OBJECT_ASKED;
}

static const char *cannot_return(const struct record *record)
{
	const struct record *options = record_inside(record, "options");

	if (tc_is_kind(record, "bpf") && options && !record_find(options, "ops"))
		return "its program is given by a descriptor, and may be gone with it";
	return NULL;
}

const struct object object_filter = {
	.name = "filter",
	.help = "filters of packets",
	.protocol = &protocol_route,
	.new_type = RTM_NEWTFILTER,
	.delete_type = RTM_DELTFILTER,
	.get_type = RTM_GETTFILTER,
	.schema = &schema,
	.groups = { RTNLGRP_TC },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.places = tc_filter_places,
	.concerns = concerns,
	.mend = mend,
	.path = path,
	.parse = parse,
	.get = get,
	.prepare = prepare,
	.no_replace = true,
	.cannot_return = cannot_return,
	.origin = origin,
	.unheard = is_first_table,
	.dependent = true,
};

OBJECT_CHANNEL(route, filter, object_filter, "filters: which packets go where, and what is done with them");
