/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netlink/route/lookup/ADDRESS[,FIELD=VALUE]...: which way a packet to an address would take, as the kernel answers "ip route get", and which of the
 * routes says so. A question, so that nothing can be listed. NETLINK_FIB_LOOKUP asks the same of IPv4 alone and is answered with less. Sources:
 * rtnetlink(7), net/ipv4/route.c, net/ipv6/route.c, ip-route(8). */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/record-items.h"
#include "channel/route.h"
#include "channel/words.h"

#define NAME "netlink/route/lookup"
#define FORM "ADDRESS[,from=ADDRESS][,iif=LINK][,dev=LINK][,mark=N][,uid=N][,tos=N][,ipproto=NAME][,sport=N][,dport=N], such as " NAME "/192.0.2.1"
#define FROM ",from="

/* ---- The question ---- */

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct rtmsg, rtm_family), .names = &words_family },
	{ "tos", FIELD_U8, FIELD_KEY | FIELD_HEX, 0, "type of service", HEADER_FIELD(struct rtmsg, rtm_tos) },
};
static const struct field asked[] = {
	[RTA_DST] = { "dst", FIELD_ADDRESS, FIELD_KEY, 0, "where the packet goes" },
	[RTA_SRC] = { "from", FIELD_ADDRESS, FIELD_KEY, 0, "where it is from" },
	[RTA_IIF] = { "iif", FIELD_INTERFACE, FIELD_KEY, 0, "link that it came in by" },
	[RTA_OIF] = { "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link that it is to leave by" },
	[RTA_MARK] = { "mark", FIELD_U32, FIELD_KEY | FIELD_HEX, 0, "its mark" },
	[RTA_UID] = { "uid", FIELD_U32, FIELD_KEY, 0, "user who sends it" },
	[RTA_IP_PROTO] = { "ipproto", FIELD_U8, FIELD_KEY, 0, "its protocol", .names = &words_ip_protocol },
	[RTA_SPORT] = { "sport", FIELD_BE16, FIELD_KEY, 0, "port that it is from" },
	[RTA_DPORT] = { "dport", FIELD_BE16, FIELD_KEY, 0, "port that it goes to" },
};
static const struct schema schema_question = {
	.name = "lookup",
	.help = "a packet",
	.header_size = sizeof(struct rtmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = asked,
	.attribute_count = ARRAY_SIZE(asked),
};

static int parse_option(struct object_path *path)
{
	if (strncmp(path->rest, FROM, strlen(FROM)) != 0)
		return object_parse_option(path);
	path->rest += strlen(FROM);
	return object_parse_ip_of_field(path, "from");
}

static int parse(struct machine *machine, const char *text, struct arena *arena, struct record **ret, const char **ret_rest)
{
	struct object_path left = { text, &machine->naming, arena, record_new(arena, &schema_question), &machine->error };
	int r = left.record ? object_parse_ip(&left, "dst") : -ENOMEM;

	while (r == 0 && *left.rest == ',')
		r = parse_option(&left);
	if (r == -ENOMEM)
		return error_set(&machine->error, r, "no memory for a lookup");
	if (r < 0 || (*left.rest && *left.rest != '/'))
		return error_set(&machine->error, -ENOENT, "\"%s\" is nothing to be looked up: %s", text, FORM);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

static uint8_t bits_of(const struct record *question, const char *name)
{
	const struct value *address = record_find(question, name);

	return address && address->type == VALUE_ADDRESS ? (uint8_t)(address->bytes.length * 8) : 0;
}

/* ---- The answer ---- */

/* RTCF_*: those of a route in a table that are of the same bits do not come here. */
NAMES(ways, true, { RTNH_F_DEAD, "dead" }, { RTNH_F_ONLINK, "onlink" }, { RTNH_F_OFFLOAD, "offload" }, { RTNH_F_LINKDOWN, "linkdown" },
      { RTM_F_CLONED, "cloned" }, { 0x20000, "direct" }, { 0x40000, "redirected" }, { 0x1000000, "redirect" }, { 0x4000000, "src_direct" },
      { 0x10000000, "broadcast" }, { 0x20000000, "multicast" }, { 0x80000000, "local" });
static const struct field told[] = {
	{ "flags", FIELD_U32, 0, 0, "kind of way", .names = &ways },
	{ "route", FIELD_TEXT, 0, 0, "route that says so" },
};
enum { TOLD_FLAGS, TOLD_ROUTE };

struct answer {
	struct arena *arena;
	struct record *record;
};

static int take(void *data, const struct nlmsghdr *message)
{
	struct answer *answer = data;
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record;
	int r;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	r = object_decode(&object_route, message, &arena, &record);
	/* The message is overwritten by the next one. */
	return r < 0 ? r : record_copy(answer->arena, record, &answer->record);
}

static int ask(struct machine *machine, const struct record *question, uint32_t flags, struct arena *arena, struct record **ret)
{
	_cleanup_buffer_ struct buffer request = { 0 };
	struct answer answer = { .arena = arena };
	struct netlink_ack ack;
	struct netlink *netlink;
	int r = machine_netlink(machine, NETLINK_ROUTE, &netlink);

	if (r == 0)
		r = schema_encode(question, FIELD_KEY, &request, &machine->error);
	if (r < 0 || request.failed)
		return r < 0 ? r : -ENOMEM;
	((struct rtmsg *)request.data)->rtm_dst_len = bits_of(question, "dst");
	((struct rtmsg *)request.data)->rtm_src_len = bits_of(question, "from");
	/* IPv6 tells the table anyway. */
	((struct rtmsg *)request.data)->rtm_flags = flags | (bits_of(question, "dst") == 32 ? RTM_F_LOOKUP_TABLE : 0);
	r = netlink_request(netlink, RTM_GETROUTE, 0, request.data, request.length, take, &answer, &ack);
	if (r < 0 && ack.result == r)
		return object_refusal(&object_route, request.data, request.length, &ack, &machine->error);
	*ret = answer.record;
	return r < 0 ? r : answer.record ? 0 : -EBADMSG;
}

/* Where no rule is there IPv4 keeps the table of its own addresses in the main one, and calls it that. */
static int mend_table(struct machine *machine, struct arena *arena, struct record *route, struct record *way)
{
	const uint64_t type = record_number(route, "type", RTN_UNICAST);
	const struct error before = machine->error;
	struct record *standing;
	int r;

	if ((type != RTN_LOCAL && type != RTN_BROADCAST) || record_number(route, "table", 0) != RT_TABLE_MAIN)
		return 0;
	r = record_put(arena, route, "table", value_uint(RT_TABLE_LOCAL));
	if (r == 0)
		r = object_get(&object_route, machine, route, arena, &standing);
	machine->error = before;
	if (r == -ENOMEM)
		return r;
	return r == 0 ? record_put(arena, way, "table", value_uint(RT_TABLE_LOCAL)) : record_put(arena, route, "table", value_uint(RT_TABLE_MAIN));
}

/* Kernels tell the route that says so since 4.13; where one does not, the way is all that is told. */
static int add_route(struct machine *machine, const struct record *question, struct arena *arena, struct record *way)
{
	const struct error before = machine->error;
	_cleanup_buffer_ struct buffer address = { 0 };
	struct record *route;
	const char *copy;
	int r = ask(machine, question, RTM_F_FIB_MATCH, arena, &route);

	machine->error = before;
	if (r == 0)
		r = mend_table(machine, arena, route, way);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	object_address(&object_route, route, &machine->naming, &address);
	copy = address.failed ? NULL : arena_copy(arena, address.data, address.length);
	if (!copy)
		return -ENOMEM;
	return record_add(arena, way,
			  (struct entry){ .name = "route", .field = &told[TOLD_ROUTE], .value = value_data(VALUE_TEXT, copy, address.length) });
}

static int find(struct machine *machine, const struct record *question, struct arena *arena, struct record **ret)
{
	struct entry *flags;
	int r = ask(machine, question, 0, arena, ret);

	if (r < 0)
		return r;
	flags = record_at(*ret, "flags");
	if (flags)
		flags->field = &told[TOLD_FLAGS];
	/* The link that is asked for is taken where no route says so. */
	if (!record_number(*ret, "table", RT_TABLE_UNSPEC))
		record_drop(*ret, "table");
	return add_route(machine, question, arena, *ret);
}

/* To ask takes no rights: what is not permitted is the packet, by a route that prohibits it. */
static int refused(struct machine *machine, const char *path, int length, int code)
{
	const struct error words = machine->error;

	if (code == -EACCES)
		return error_set(&machine->error, -EHOSTUNREACH, NAME "/%.*s: RTM_GETROUTE: a route prohibits it (EACCES)", length, path);
	return words.code == code ? error_set(&machine->error, code, NAME "/%.*s: %s", length, path, words.text) : code;
}

static int answer_to(struct machine *machine, const char *path, struct record_items *items, struct arena *arena)
{
	struct record *question = NULL, *way;
	const char *rest = path;
	int r = parse(machine, path, arena, &question, &rest);

	if (r < 0)
		return r;
	r = find(machine, question, arena, &way);
	if (r < 0)
		return refused(machine, path, (int)(rest - path), r);
	buffer_add_text(&items->address, NAME "/");
	buffer_add(&items->address, path, (size_t)(rest - path));
	if (items->address.failed)
		return -ENOMEM;
	r = record_items_tell(items, way, rest + (*rest == '/'), true);
	if (r == 0 && !items->found)
		return error_set(&machine->error, -ENOENT, "there is no field " NAME "/%s", path);
	return r;
}

static int look_up(struct machine *machine, const char *path, unsigned int flags, bool fields, ferry_item_function *function, void *data)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record_items items = { .flags = flags,
				      .fields = fields,
				      .values = flags & FERRY_READ_VALUES,
				      .help = "the way that a packet would take",
				      .mode = 0444,
				      .mode_settable = 0444,
				      .promise = "sampled",
				      .promise_moving = "sampled",
				      .naming = &machine->naming,
				      .error = &machine->error,
				      .function = function,
				      .data = data };
	int r = answer_to(machine, path, &items, &arena);

	buffer_done(&items.address);
	return r == -ENOMEM ? error_set(&machine->error, r, "no memory for a lookup") : r;
}

/* ---- The channel ---- */

static int list(const struct channel *channel, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
		void *data)
{
	(void)channel;
	return *path ? look_up(machine, path, flags & ~(unsigned int)FERRY_READ_LEAVES, true, function, data) : 0;
}

static int get(const struct channel *channel, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
	       void *data)
{
	(void)channel;
	if (!*path)
		return error_set(&machine->error, -ENOENT, NAME " tells of one that is named: %s", FORM);
	return look_up(machine, path, flags | FERRY_READ_VALUES, false, function, data);
}

static int set(const struct channel *channel, struct machine *machine, const char *path, const char *value, char **ret_now)
{
	(void)channel;
	(void)value;
	(void)ret_now;
	return error_set(&machine->error, -EOPNOTSUPP, NAME "/%s is a question to the kernel: routes are set at netlink/route/route", path);
}

static const struct schema *schema(const char *path)
{
	(void)path;
	return object_route.schema;
}

const struct channel channel_lookup = { .name = NAME,
					.help = "which way a packet to an address would take, and by which route",
					.promise = "sampled",
					.list = list,
					.get = get,
					.set = set,
					.schema = schema };
