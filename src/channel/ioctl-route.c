/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The IPv4 routes of the main table as route(8) handles them: read from /proc/net/route, added and deleted by ioctl(2). Of a route with several
 * gateways the file tells the first. Source: proc(5), <linux/route.h>.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/error.h"
#include "channel/ioctl.h"
#include "channel/object.h"
#include "wire/file.h"

#define SET       FIELD_SETTABLE
#define FILE_NAME "/proc/net/route"

NAMES(route_flags, true, { RTF_UP, "up" }, { RTF_GATEWAY, "gateway" }, { RTF_HOST, "host" }, { RTF_REINSTATE, "reinstate" },
      { RTF_DYNAMIC, "dynamic" }, { RTF_MODIFIED, "modified" }, { RTF_MTU, "mss" }, { RTF_WINDOW, "window" }, { RTF_IRTT, "irtt" },
      { RTF_REJECT, "reject" });

enum { ROUTE_DST, ROUTE_GATEWAY, ROUTE_IFACE, ROUTE_METRIC, ROUTE_FLAGS, ROUTE_MSS, ROUTE_WINDOW, ROUTE_IRTT, ROUTE_REFERENCES, ROUTE_USES };

static const struct field fields[] = {
	[ROUTE_DST] = { "dst", FIELD_PREFIX, FIELD_KEY, 0, "destination" },
	[ROUTE_GATEWAY] = { "gateway", FIELD_ADDRESS, SET, 0, "next router", .size = 4 },
	[ROUTE_IFACE] = { "iface", FIELD_TEXT, SET, 0, "interface", LIMITS(.maximum = IFNAMSIZ - 1) },
	[ROUTE_METRIC] = { "metric", FIELD_U32, FIELD_KEY, 0, "the lower, the better" },
	[ROUTE_FLAGS] = { "flags", FIELD_U16, SET, 0, "flags; only reject is for setting, the others follow from the rest", .names = &route_flags },
	[ROUTE_MSS] = { "mss", FIELD_U32, SET, UNIT_BYTES, "largest TCP segment and 40 bytes of headers, 0 = as the interface has it" },
	[ROUTE_WINDOW] = { "window", FIELD_U32, SET, UNIT_BYTES, "largest TCP window, 0 = no bound" },
	[ROUTE_IRTT] = { "irtt", FIELD_U16, SET, UNIT_MILLISECONDS, "first guess at the round trip, 0 = none" },
	[ROUTE_REFERENCES] = { "references", FIELD_S32, FIELD_VOLATILE, 0, "not used by the kernel" },
	[ROUTE_USES] = { "uses", FIELD_U32, FIELD_VOLATILE, 0, "not used by the kernel" },
};
const struct schema schema_ioctl_route = {
	.name = "route", .help = "IPv4 route of the main table", .attributes = fields, .attribute_count = ARRAY_SIZE(fields)
};

/* ---- Lines ---- */

/* One word of a line as a number; false where it is none or does not end there. */
static bool take_number(char **rest, int base, uint64_t most, uint64_t *ret)
{
	const char *word = strsep(rest, "\t");
	const char *digits = base == 16 ? "0123456789ABCDEFabcdef" : "0123456789";
	size_t length = word ? strlen(word) : 0;

	while (length && word[length - 1] == ' ')
		length--;
	if (!length || length > 10 || strspn(word, digits) != length)
		return false;
	*ret = strtoull(word, NULL, base);
	return *ret <= most;
}

/* The references are signed, and nothing is made of them. */
static bool take_signed(char **rest, int32_t *ret)
{
	bool minus = *rest && **rest == '-';
	uint64_t number;

	if (minus)
		(*rest)++;
	if (!take_number(rest, 10, INT32_MAX, &number))
		return false;
	*ret = minus ? -(int32_t)number : (int32_t)number;
	return true;
}

int ioctl_route_parse(const char *line, size_t length, struct ioctl_route *ret)
{
	uint64_t destination, gateway, flags, uses, metric, mask, mss, window, irtt;
	struct ioctl_route route = { 0 };
	char text[256], *rest = text, *name;
	in_addr_t host;

	if (length >= sizeof(text) || memchr(line, '\0', length))
		return -EBADMSG;
	memcpy(text, line, length);
	text[length] = '\0';
	name = strsep(&rest, "\t");
	if (!*name || strlen(name) >= sizeof(route.interface))
		return -EBADMSG;
	memcpy(route.interface, name, strlen(name));
	if (!take_number(&rest, 16, UINT32_MAX, &destination) || !take_number(&rest, 16, UINT32_MAX, &gateway) ||
	    !take_number(&rest, 16, UINT16_MAX, &flags) || !take_signed(&rest, &route.references) || !take_number(&rest, 10, UINT32_MAX, &uses) ||
	    !take_number(&rest, 10, UINT32_MAX, &metric) || !take_number(&rest, 16, UINT32_MAX, &mask) || !take_number(&rest, 10, UINT32_MAX, &mss) ||
	    !take_number(&rest, 10, UINT32_MAX, &window) || !take_number(&rest, 10, UINT32_MAX, &irtt))
		return -EBADMSG;
	host = ~ntohl((in_addr_t)mask);
	if (host & (host + 1)) /* a hole in the mask */
		return -EBADMSG;
	route.destination = (in_addr_t)destination;
	route.gateway = (in_addr_t)gateway;
	route.mask = (in_addr_t)mask;
	route.flags = (uint32_t)flags;
	route.uses = (uint32_t)uses;
	route.metric = (uint32_t)metric;
	route.mss = (uint32_t)mss;
	route.window = (uint32_t)window;
	route.irtt = (uint32_t)irtt;
	*ret = route;
	return 0;
}

static int prefix_of(in_addr_t mask)
{
	return __builtin_popcount(mask);
}

/* ---- Paths and records ---- */

int ioctl_route_path(const char *path, struct ioctl_route *ret, const char **ret_rest)
{
	static const char option[] = ",metric=";
	struct ioctl_route route = { 0 };
	size_t length = strcspn(path, ",/");
	uint8_t data[32] = { 0 };
	uint32_t bytes = 4;
	int16_t prefix = 0;
	const char *rest;

	if (length != strlen("default") || strncmp(path, "default", length)) {
		if (path[length] == '/')
			length += 1 + strspn(path + length + 1, "0123456789");
		if (address_parse_bytes(path, length, data, &bytes, &prefix) < 0 || bytes != 4 || prefix < 0)
			return -EINVAL;
	}
	memcpy(&route.destination, data, 4);
	route.mask = htonl(prefix ? UINT32_MAX << (32 - prefix) : 0);
	rest = path + length;
	if (!strncmp(rest, option, strlen(option))) {
		const size_t digits = strspn(rest + strlen(option), "0123456789");

		rest += strlen(option);
		if (!digits || digits > 10 || strtoull(rest, NULL, 10) > UINT32_MAX)
			return -EINVAL;
		route.metric = (uint32_t)strtoull(rest, NULL, 10);
		rest += digits;
	}
	if ((*rest && *rest != '/') || route.destination & ~route.mask)
		return -EINVAL;
	*ret = route;
	*ret_rest = rest + (*rest == '/');
	return 0;
}

/* As netlink/route/route has it behind the table. */
void ioctl_route_name(const struct ioctl_route *route, struct buffer *ret)
{
	char text[INET_ADDRSTRLEN];

	if (route->mask == 0)
		buffer_add_text(ret, "default");
	else
		buffer_printf(ret, "%s/%d", inet_ntop(AF_INET, &route->destination, text, sizeof(text)), prefix_of(route->mask));
	if (route->metric)
		buffer_printf(ret, ",metric=%u", route->metric);
}

static int put_address(struct arena *arena, struct record *record, unsigned int field, in_addr_t address, int prefix)
{
	struct value value = value_data(VALUE_ADDRESS, arena_copy(arena, &address, sizeof(address)), sizeof(address));

	value.bytes.prefix = (int16_t)prefix;
	return value.bytes.data ? record_put(arena, record, fields[field].name, value) : -ENOMEM;
}

int ioctl_route_record(const struct ioctl_route *route, struct arena *arena, struct record **ret)
{
	struct record *record = record_new_sized(arena, &schema_ioctl_route, ARRAY_SIZE(fields));
	const char *interface = arena_copy(arena, route->interface, strlen(route->interface));
	const uint64_t numbers[] = { route->metric, route->flags, route->mss, route->window, route->irtt };
	int r = record && interface ? put_address(arena, record, ROUTE_DST, route->destination, prefix_of(route->mask)) : -ENOMEM;

	if (r == 0 && route->flags & RTF_GATEWAY)
		r = put_address(arena, record, ROUTE_GATEWAY, route->gateway, -1);
	if (r == 0 && strcmp(route->interface, "*") != 0)
		r = record_put(arena, record, "iface", value_data(VALUE_TEXT, interface, strlen(interface)));
	for (unsigned int i = 0; r == 0 && i < ARRAY_SIZE(numbers); i++)
		r = record_put(arena, record, fields[ROUTE_METRIC + i].name, value_uint(numbers[i]));
	if (r == 0)
		r = record_put(arena, record, "references", value_int(route->references));
	if (r == 0)
		r = record_put(arena, record, "uses", value_uint(route->uses));
	if (r == 0)
		*ret = record;
	return r;
}

/* ---- Reading ---- */

static int bad_line(struct machine *machine, unsigned int line)
{
	return error_set(&machine->error, -EBADMSG, FILE_NAME ": line %u is not as proc(5) says", line);
}

static int parse_lines(struct machine *machine, const struct buffer *text, struct buffer *ret)
{
	const char *at = text->data, *end = text->data + text->length;

	for (unsigned int line = 1; at < end; line++) {
		const char *next = memchr(at, '\n', (size_t)(end - at)), *stop = next ? next : end;
		struct ioctl_route route;

		if (line > 1 && stop > at) {
			if (ioctl_route_parse(at, (size_t)(stop - at), &route) < 0)
				return bad_line(machine, line);
			buffer_add(ret, &route, sizeof(route));
		}
		at = next ? next + 1 : end;
	}
	return ret->failed ? -ENOMEM : 0;
}

int ioctl_routes_read(struct machine *machine, struct arena *arena, struct ioctl_route **ret, size_t *ret_count, bool *ret_torn)
{
	_cleanup_buffer_ struct buffer text = { 0 }, routes = { 0 };
	_cleanup_close_ int descriptor = -1;
	struct ioctl_route *list;
	size_t count;
	int r;

	if (machine->root)
		return error_set(&machine->error, -EOPNOTSUPP, "ioctl asks the running kernel: not to be had below another root (%s)", machine->root);
	descriptor = file_open(-1, FILE_NAME, O_RDONLY);
	r = descriptor < 0 ? descriptor : file_read(descriptor, 0, 0, &text);
	if (r < 0)
		return error_set(&machine->error, r == -ENOENT ? -EOPNOTSUPP : r, FILE_NAME ": %s", error_text(r));
	r = text.length ? parse_lines(machine, &text, &routes) : 0;
	if (r < 0)
		return r == -ENOMEM ? error_set(&machine->error, r, "no memory for the routes") : r;
	count = routes.length / sizeof(*list);
	list = arena_array(arena, struct ioctl_route, count ? count : 1);
	if (!list)
		return error_set(&machine->error, -ENOMEM, "no memory for the routes");
	if (count)
		memcpy(list, routes.data, routes.length);
	*ret = list;
	*ret_count = count;
	*ret_torn = text.length > 4096;
	return 0;
}

static int by_destination(const void *a, const void *b)
{
	const struct ioctl_route *one = a, *other = b;
	const in_addr_t left = ntohl(one->destination), right = ntohl(other->destination);

	if (left != right)
		return left < right ? -1 : 1;
	if (one->mask != other->mask)
		return ntohl(one->mask) < ntohl(other->mask) ? -1 : 1;
	return one->metric < other->metric ? -1 : one->metric > other->metric;
}

static int tell_route(struct ioctl_walk *walk, const struct ioctl_route *route, struct arena *arena)
{
	_cleanup_buffer_ struct buffer name = { 0 };
	struct record *record;
	int r;

	ioctl_route_name(route, &name);
	if (name.failed)
		return -ENOMEM;
	arena_reset(arena);
	r = ioctl_route_record(route, arena, &record);
	return r < 0 ? r : ioctl_tell_object(walk, name.data, record);
}

int ioctl_routes_tell(struct ioctl_walk *walk)
{
	_cleanup_arena_ struct arena routes = { 0 }, arena = { 0 };
	struct ioctl_route *list;
	size_t count;
	bool torn;
	int r = ioctl_routes_read(walk->machine, &routes, &list, &count, &torn);

	if (r < 0)
		return r;
	walk->items.consistency = torn ? FERRY_UNKNOWN : FERRY_WHOLE;
	qsort(list, count, sizeof(*list), by_destination);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = tell_route(walk, &list[i], &arena);
	return r == -ENOMEM ? error_set(&walk->machine->error, r, "no memory for the routes") : r;
}

/* ---- Setting ---- */

struct writing {
	struct machine *machine;
	const char *path;
	unsigned int flags; /* enum ioctl_flags */
	struct arena arena;
};

static bool find_route(const struct ioctl_route *list, size_t count, const struct ioctl_route *wanted, struct ioctl_route *ret)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].destination == wanted->destination && list[i].mask == wanted->mask && list[i].metric == wanted->metric) {
			*ret = list[i];
			return true;
		}
	return false;
}

static int read_route(struct writing *writing, const struct ioctl_route *wanted, struct ioctl_route *ret)
{
	struct ioctl_route *list;
	size_t count;
	bool torn;
	int r = ioctl_routes_read(writing->machine, &writing->arena, &list, &count, &torn);

	return r < 0 ? r : find_route(list, count, wanted, ret);
}

static struct sockaddr socket_address(in_addr_t address)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = address };
	struct sockaddr out;

	memcpy(&out, &in, sizeof(out));
	return out;
}

static int send_route(struct writing *writing, unsigned long number, const char *name, const struct ioctl_route *route)
{
	char device[IFNAMSIZ];
	struct rtentry entry = {
		.rt_dst = socket_address(route->destination),
		.rt_genmask = socket_address(route->mask),
		.rt_gateway = socket_address(route->gateway),
		.rt_flags = (unsigned short)(RTF_UP | (route->gateway ? RTF_GATEWAY : 0) | (prefix_of(route->mask) == 32 ? RTF_HOST : 0) |
					     (route->flags & RTF_REJECT) | (route->mss ? RTF_MTU : 0) | (route->window ? RTF_WINDOW : 0) |
					     (route->irtt ? RTF_IRTT : 0)),
		.rt_metric = (short)(route->metric ? route->metric + 1 : 0), /* 0 = none said, as route(8) sends it */
		.rt_mtu = route->mss,
		.rt_window = route->window,
		.rt_irtt = (unsigned short)route->irtt,
	};
	int r;

	memcpy(device, route->interface, sizeof(device));
	if (*device && strcmp(device, "*") != 0 && !(route->flags & RTF_REJECT))
		entry.rt_dev = device;
	r = machine_ioctl(writing->machine, number, &entry, sizeof(entry));
	return r < 0 ? ioctl_refused(writing->machine, r, name, writing->path) : 0;
}

static int add_route(struct writing *writing, const struct ioctl_route *route)
{
	return send_route(writing, SIOCADDRT, "SIOCADDRT", route);
}

static int delete_route(struct writing *writing, const struct ioctl_route *route)
{
	return send_route(writing, SIOCDELRT, "SIOCDELRT", route);
}

/* The kernel replaces nothing here. Another way to the place is added before the old one goes; of the same way there can be one only, so that goes
 * first, and comes back where the new one is refused. */
static int replace(struct writing *writing, const struct ioctl_route *now, const struct ioctl_route *wanted)
{
	struct error first;
	int r;

	if (now->gateway != wanted->gateway || strcmp(now->interface, wanted->interface) != 0) {
		r = add_route(writing, wanted);
		return r < 0 ? r : delete_route(writing, now);
	}
	r = delete_route(writing, now);
	if (r < 0)
		return r;
	r = add_route(writing, wanted);
	if (r == 0)
		return 0;
	first = writing->machine->error;
	return error_set(&writing->machine->error, r, "%s; the route before %s", first.text,
			 add_route(writing, now) < 0 ? "was taken away and could not be put back" : "was put back");
}

static void take_address(const struct record *record, unsigned int field, in_addr_t *ret)
{
	const struct value *value = record_find(record, fields[field].name);

	if (value && value->type == VALUE_ADDRESS && value->bytes.length == sizeof(*ret))
		memcpy(ret, value->bytes.data, sizeof(*ret));
	else if (value && value->type == VALUE_NULL)
		*ret = 0;
}

/* What is not said stays as it is. */
static int merge(struct writing *writing, const struct record *given, struct ioctl_route *route)
{
	const uint32_t derived = RTF_UP | RTF_GATEWAY | RTF_HOST | RTF_MTU | RTF_WINDOW | RTF_IRTT | RTF_REJECT;
	const struct value *interface = record_find(given, "iface"), *destination = record_find(given, "dst");
	in_addr_t wanted = route->destination;
	uint64_t flags = record_number(given, "flags", route->flags);

	if (destination)
		take_address(given, ROUTE_DST, &wanted);
	if (wanted != route->destination || (destination && destination->bytes.prefix != prefix_of(route->mask)) ||
	    record_number(given, "metric", route->metric) != route->metric)
		return error_set(&writing->machine->error, -EOPNOTSUPP, "that would be another route: remove this one and add the other");
	if (record_find(given, "references") || record_find(given, "uses"))
		return error_set(&writing->machine->error, -EOPNOTSUPP, "references and uses are told by the kernel, not set");
	if (flags & ~(uint64_t)derived)
		return error_set(&writing->machine->error, -EINVAL, "flags: of these only reject can be set");
	take_address(given, ROUTE_GATEWAY, &route->gateway);
	if (interface) {
		memset(route->interface, 0, sizeof(route->interface));
		if (interface->type == VALUE_TEXT)
			memcpy(route->interface, interface->bytes.data, interface->bytes.length);
	}
	route->flags = (uint32_t)flags;
	route->mss = (uint32_t)record_number(given, "mss", route->mss);
	route->window = (uint32_t)record_number(given, "window", route->window);
	route->irtt = (uint32_t)record_number(given, "irtt", route->irtt);
	return 0;
}

static bool same(const struct ioctl_route *a, const struct ioctl_route *b)
{
	return a->gateway == b->gateway && !strcmp(a->interface, b->interface) && (a->flags & RTF_REJECT) == (b->flags & RTF_REJECT) &&
	       a->mss == b->mss && a->window == b->window && a->irtt == b->irtt;
}

static int write_route(struct writing *writing, const struct ioctl_route *key, const struct ioctl_route *now, const char *rest, const char *json)
{
	struct ioctl_route wanted = now && (*rest || !(writing->flags & IOCTL_WHOLE)) ? *now : *key;
	struct record *given;
	int r = ioctl_parse(writing->machine, &schema_ioctl_route, rest, json, &writing->arena, &given);

	if (r < 0)
		return r;
	if (!now && *rest)
		return error_set(&writing->machine->error, -ENOENT, "there is no " IOCTL_ROUTE_PREFIX "%s", writing->path);
	/* The kernel's request has a signed number of 16 bits, one more than the metric. */
	if (key->metric >= INT16_MAX)
		return error_set(&writing->machine->error, -ERANGE, "metric: the ioctl takes 0 to %d", INT16_MAX - 1);
	r = merge(writing, given, &wanted);
	if (r < 0 || writing->flags & IOCTL_CHECK || (now && same(now, &wanted)))
		return r;
	return now ? replace(writing, now, &wanted) : add_route(writing, &wanted);
}

static int set(struct writing *writing, const char *value, char **ret_now)
{
	struct ioctl_route key, now, after;
	struct record *record = NULL;
	const char *rest;
	int found, control, r;

	if (ioctl_route_path(writing->path, &key, &rest) < 0)
		return error_set(&writing->machine->error, -EINVAL, "\"%.64s\" is no IPv4 destination such as 10.0.0.0/8,metric=5", writing->path);
	r = machine_control(writing->machine, &control);
	if (r < 0)
		return r;
	found = read_route(writing, &key, &now);
	if (found < 0)
		return found;
	if (value)
		r = write_route(writing, &key, found ? &now : NULL, rest, value);
	else if (*rest)
		r = error_set(&writing->machine->error, -EINVAL, IOCTL_ROUTE_PREFIX "%s is a field: only routes can be removed", writing->path);
	else if (found && !(writing->flags & IOCTL_CHECK))
		r = delete_route(writing, &now);
	if (r < 0 || writing->flags & IOCTL_CHECK)
		return r;
	found = read_route(writing, &key, &after);
	if (found < 0)
		return found;
	r = found ? ioctl_route_record(&after, &writing->arena, &record) : 0;
	return r < 0 ? error_set(&writing->machine->error, r, "no memory for the route") : ioctl_tell_now(writing->machine, record, rest, ret_now);
}

int ioctl_route_look(struct machine *machine, const char *path, struct arena *arena, const struct record **ret, const char **ret_rest)
{
	struct ioctl_route key, now;
	struct writing writing = { .machine = machine, .path = path };
	struct record *record = NULL;
	int r;

	if (ioctl_route_path(path, &key, ret_rest) < 0)
		return error_set(&machine->error, -EINVAL, "\"%.64s\" is no IPv4 destination such as 10.0.0.0/8,metric=5", path);
	r = read_route(&writing, &key, &now);
	if (r > 0)
		r = ioctl_route_record(&now, arena, &record);
	arena_done(&writing.arena);
	if (r < 0)
		return r == -ENOMEM ? error_set(&machine->error, r, "no memory for the route") : r;
	*ret = record;
	return 0;
}

int ioctl_route_set(struct machine *machine, const char *path, const char *value, unsigned int flags, char **ret_now)
{
	struct writing writing = { .machine = machine, .path = path, .flags = flags };
	int r = set(&writing, value, ret_now);

	arena_done(&writing.arena);
	return r;
}
