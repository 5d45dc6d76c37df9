/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces as ifconfig(8) reads and sets them: one ioctl(2) a field, IPv4 alone. Source: netdevice(7), and of what a request does to the other
 * fields (a new address takes the mask of its class) the kernel's behaviour as ifconfig relies on it.
 */
#include <errno.h>
#include <net/if_arp.h>
#include <linux/sockios.h>
#include <string.h>

#include "base/error.h"
#include "channel/ioctl.h"
#include "channel/object.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE

static const struct field map_fields[] = {
	{ "mem_start", FIELD_U64, FIELD_HEX | SET, 0, "device memory, begin", HEADER_FIELD(struct ifmap, mem_start) },
	{ "mem_end", FIELD_U64, FIELD_HEX | SET, 0, "device memory, end", HEADER_FIELD(struct ifmap, mem_end) },
	{ "base_addr", FIELD_U16, FIELD_HEX | SET, 0, "port", HEADER_FIELD(struct ifmap, base_addr) },
	{ "irq", FIELD_U8, SET, 0, "interrupt", HEADER_FIELD(struct ifmap, irq) },
	{ "dma", FIELD_U8, SET, 0, "DMA channel", HEADER_FIELD(struct ifmap, dma) },
	{ "port", FIELD_U8, SET, 0, "medium", HEADER_FIELD(struct ifmap, port) },
};
static const struct schema schema_ioctl_map = {
	.name = "map", .header_size = sizeof(struct ifmap), .header = map_fields, .header_count = ARRAY_SIZE(map_fields)
};

/* In the order in which several are set: what an interface may want to be down for first, its flags last. */
enum knob {
	KNOB_INDEX,
	KNOB_HWTYPE,
	KNOB_HWADDR,
	KNOB_MAP,
	KNOB_MTU,
	KNOB_TXQUEUELEN,
	KNOB_METRIC,
	KNOB_ADDRESS,
	KNOB_NETMASK,
	KNOB_BROADCAST,
	KNOB_DSTADDR,
	KNOB_FLAGS,
	KNOBS
};

static const struct field fields[] = {
	[KNOB_INDEX] = { "index", FIELD_S32, FIELD_DERIVED, 0, "number" },
	[KNOB_HWTYPE] = { "hwtype", FIELD_U16, FIELD_DERIVED, 0, "kind of hardware", .names = &words_link_type },
	[KNOB_HWADDR] = { "hwaddr", FIELD_ADDRESS, SET, 0, "hardware address" },
	[KNOB_MAP] = { "map", FIELD_RECORD, SET, 0, "hardware resources", .schema = &schema_ioctl_map },
	[KNOB_MTU] = { "mtu", FIELD_S32, SET, UNIT_BYTES, "largest packet" },
	[KNOB_TXQUEUELEN] = { "txqueuelen", FIELD_S32, SET, UNIT_PACKETS, "length of the send queue" },
	[KNOB_METRIC] = { "metric", FIELD_S32, SET, 0, "not used by the kernel, which refuses to set it" },
	[KNOB_ADDRESS] = { "address", FIELD_ADDRESS, SET, 0, "first IPv4 address; a new one takes the mask and broadcast address of its class",
			   .size = 4 },
	[KNOB_NETMASK] = { "netmask", FIELD_ADDRESS, SET, 0, "of the IPv4 address", .size = 4 },
	[KNOB_BROADCAST] = { "broadcast", FIELD_ADDRESS, SET, 0, "IPv4 address of everybody", .size = 4 },
	[KNOB_DSTADDR] = { "dstaddr", FIELD_ADDRESS, SET, 0, "IPv4 address of the other end", .size = 4 },
	[KNOB_FLAGS] = { "flags", FIELD_U16, SET, 0, "flags", .names = &words_link_flags },
};
const struct schema schema_ioctl_interface = {
	.name = "interface", .help = "network interface", .attributes = fields, .attribute_count = ARRAY_SIZE(fields)
};

#define REQUEST(number) number, #number
static const struct request {
	unsigned long get;
	const char *get_name;
	unsigned long set;
	const char *set_name;
	bool labels; /* differs between an interface and its labels (eth0:1) */
} requests[KNOBS] = {
	[KNOB_INDEX] = { REQUEST(SIOCGIFINDEX), 0, NULL, false },
	[KNOB_HWTYPE] = { REQUEST(SIOCGIFHWADDR), 0, NULL, false },
	[KNOB_HWADDR] = { REQUEST(SIOCGIFHWADDR), REQUEST(SIOCSIFHWADDR), false },
	[KNOB_MAP] = { REQUEST(SIOCGIFMAP), REQUEST(SIOCSIFMAP), false },
	[KNOB_MTU] = { REQUEST(SIOCGIFMTU), REQUEST(SIOCSIFMTU), false },
	[KNOB_TXQUEUELEN] = { REQUEST(SIOCGIFTXQLEN), REQUEST(SIOCSIFTXQLEN), false },
	[KNOB_METRIC] = { REQUEST(SIOCGIFMETRIC), REQUEST(SIOCSIFMETRIC), false },
	[KNOB_ADDRESS] = { REQUEST(SIOCGIFADDR), REQUEST(SIOCSIFADDR), true },
	[KNOB_NETMASK] = { REQUEST(SIOCGIFNETMASK), REQUEST(SIOCSIFNETMASK), true },
	[KNOB_BROADCAST] = { REQUEST(SIOCGIFBRDADDR), REQUEST(SIOCSIFBRDADDR), true },
	[KNOB_DSTADDR] = { REQUEST(SIOCGIFDSTADDR), REQUEST(SIOCSIFDSTADDR), true },
	[KNOB_FLAGS] = { REQUEST(SIOCGIFFLAGS), REQUEST(SIOCSIFFLAGS), true },
};

/* ---- Reading ---- */

/* How many bytes of a hardware address a kind of hardware has: the request does not tell. */
static size_t hardware_length(const struct sockaddr *address)
{
	size_t length = sizeof(address->sa_data);

	switch (address->sa_family) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
	case ARPHRD_IEEE80211:
	case ARPHRD_IEEE80211_PRISM:
	case ARPHRD_IEEE80211_RADIOTAP:
		return 6;
	case ARPHRD_TUNNEL:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_PIMREG:
		return 4;
	default:
		while (length && !address->sa_data[length - 1])
			length--;
		return length;
	}
}

static int address_value(struct arena *arena, const struct sockaddr *address, struct value *ret)
{
	struct sockaddr_in in;
	const void *data;

	memcpy(&in, address, sizeof(in));
	if (in.sin_family != AF_INET)
		return -EADDRNOTAVAIL;
	data = arena_copy(arena, &in.sin_addr, sizeof(in.sin_addr));
	*ret = value_data(VALUE_ADDRESS, data, sizeof(in.sin_addr));
	return data ? 0 : -ENOMEM;
}

static int map_value(struct arena *arena, const struct ifmap *map, struct value *ret)
{
	const void *data = arena_copy(arena, map, sizeof(*map));
	struct record *record;
	int r = data ? schema_decode(&schema_ioctl_map, data, sizeof(*map), arena, &record) : -ENOMEM;

	if (r == 0)
		*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

/* -EADDRNOTAVAIL where the answer says that there is none. */
static int value_of(enum knob knob, const struct ifreq *request, struct arena *arena, struct value *ret)
{
	size_t length;
	const void *data;

	switch (knob) {
	case KNOB_FLAGS:
		*ret = value_uint((uint16_t)request->ifr_flags);
		return 0;
	case KNOB_HWTYPE:
		*ret = value_uint(request->ifr_hwaddr.sa_family);
		return 0;
	case KNOB_HWADDR:
		length = hardware_length(&request->ifr_hwaddr);
		data = arena_copy(arena, request->ifr_hwaddr.sa_data, length);
		*ret = value_data(VALUE_ADDRESS, data, length);
		return !length ? -EADDRNOTAVAIL : data ? 0 : -ENOMEM;
	case KNOB_MAP:
		return map_value(arena, &request->ifr_map, ret);
	case KNOB_ADDRESS:
	case KNOB_NETMASK:
	case KNOB_BROADCAST:
	case KNOB_DSTADDR:
		return address_value(arena, &request->ifr_addr, ret);
	default: /* the others are the same int of the union */
		*ret = value_int(request->ifr_mtu);
		return 0;
	}
}

static int ask(struct machine *machine, const char *name, enum knob knob, struct ifreq *ret)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	memcpy(ret->ifr_name, name, strlen(name));
	r = machine_ioctl(machine, requests[knob].get, ret, sizeof(*ret));
	return r < 0 && r != -EADDRNOTAVAIL && r != -ENODEV ? ioctl_refused(machine, r, requests[knob].get_name, name) : r;
}

/* Whether the field means something for an interface of FLAGS, or a label of it. */
static bool has_meaning(enum knob knob, bool label, uint16_t flags)
{
	if (label && !requests[knob].labels)
		return false;
	return (knob != KNOB_BROADCAST || flags & IFF_BROADCAST) && (knob != KNOB_DSTADDR || flags & IFF_POINTOPOINT);
}

/* An interface that is being read. */
struct reading {
	struct machine *machine;
	const char *name;
	bool label;
	struct arena *arena;
	struct record *record;
	struct ifreq answer; /* the last one, to the request number ASKED */
	unsigned long asked;
};

static int read_knob(struct reading *reading, enum knob knob)
{
	struct value value;
	int r = 0;

	/* One answer may hold two fields. */
	if (reading->asked != requests[knob].get)
		r = ask(reading->machine, reading->name, knob, &reading->answer);
	reading->asked = r < 0 ? 0 : requests[knob].get;
	if (r == 0)
		r = value_of(knob, &reading->answer, reading->arena, &value);
	if (r == -EADDRNOTAVAIL)
		return 0;
	return r < 0 ? r : record_put(reading->arena, reading->record, fields[knob].name, value);
}

/* All, or the one field ONLY: what is not asked for is not asked of the kernel. */
static int read_knobs(struct reading *reading, const char *only)
{
	uint16_t flags = UINT16_MAX;
	struct ifreq answer;
	int r = 0;

	/* The kernel answers for a label that is not there with the interface's flags, but with no address. */
	if (reading->label)
		r = ask(reading->machine, reading->name, KNOB_ADDRESS, &answer);
	if (r == 0 && (!only || !strcmp(only, "broadcast") || !strcmp(only, "dstaddr"))) {
		r = ask(reading->machine, reading->name, KNOB_FLAGS, &answer);
		flags = (uint16_t)answer.ifr_flags;
	}
	if (r == -EADDRNOTAVAIL)
		return -ENODEV;
	for (unsigned int knob = 0; r == 0 && knob < KNOBS; knob++) {
		if ((only && strcmp(only, fields[knob].name) != 0) || !has_meaning((enum knob)knob, reading->label, flags))
			continue;
		if (knob == KNOB_FLAGS && !only)
			r = record_put(reading->arena, reading->record, "flags", value_uint(flags));
		else
			r = read_knob(reading, (enum knob)knob);
	}
	return r;
}

static int no_such(struct machine *machine, const char *name)
{
	return error_set(&machine->error, -ENODEV, "there is no " IOCTL_PREFIX "%.64s", name);
}

int ioctl_interface_read(struct machine *machine, const char *name, const char *only, struct arena *arena, struct record **ret)
{
	struct reading reading = { .machine = machine, .name = name, .label = strchr(name, ':'), .arena = arena };
	int r, control;

	if (!*name || strlen(name) >= IFNAMSIZ)
		return no_such(machine, name);
	r = machine_control(machine, &control);
	if (r < 0)
		return r;
	reading.record = record_new_sized(arena, &schema_ioctl_interface, KNOBS);
	r = reading.record ? read_knobs(&reading, only) : -ENOMEM;
	if (r == -ENOMEM)
		return error_set(&machine->error, r, "no memory for " IOCTL_PREFIX "%s", name);
	if (r < 0)
		return r == -ENODEV ? no_such(machine, name) : r;
	*ret = reading.record;
	return 0;
}

/* ---- Setting ---- */

struct writing {
	struct machine *machine;
	char name[IFNAMSIZ];
	const char *rest;
	const struct record *now; /* NULL: a label that is not there yet */
	bool check;               /* nothing is written */
	struct arena arena;
};

static void put_address(struct ifreq *request, const struct value *value)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (value && value->type == VALUE_ADDRESS && value->bytes.length == sizeof(in.sin_addr))
		memcpy(&in.sin_addr, value->bytes.data, sizeof(in.sin_addr));
	memcpy(&request->ifr_addr, &in, sizeof(in));
}

static int put_hardware(struct writing *writing, struct ifreq *request, const struct value *value)
{
	const struct value *now = writing->now ? record_find(writing->now, "hwaddr") : NULL;
	size_t length = now ? now->bytes.length : sizeof(request->ifr_hwaddr.sa_data);

	if (value->type != VALUE_ADDRESS || value->bytes.length > length || (now && value->bytes.length != length))
		return error_set(&writing->machine->error, -EINVAL, "hwaddr: must be an address of %zu bytes", length);
	request->ifr_hwaddr.sa_family = (sa_family_t)record_number(writing->now, "hwtype", 0);
	memcpy(request->ifr_hwaddr.sa_data, value->bytes.data, value->bytes.length);
	return 0;
}

/* What is not said of the map stays. */
static int put_map(struct writing *writing, struct ifreq *request, const struct record *given)
{
	const struct value *now = record_find(writing->now, "map");
	struct record *whole;
	_cleanup_buffer_ struct buffer bytes = { 0 };
	int r = now ? record_copy(&writing->arena, now->record, &whole) : -EOPNOTSUPP;

	if (r < 0)
		return error_set(&writing->machine->error, r, "map: %s", error_text(r));
	for (uint32_t i = 0; r == 0 && i < given->count; i++)
		r = record_put(&writing->arena, whole, given->entries[i].name, given->entries[i].value);
	if (r == 0)
		r = schema_encode(whole, 0, &bytes, &writing->machine->error);
	if (r == 0 && bytes.length == sizeof(request->ifr_map))
		memcpy(&request->ifr_map, bytes.data, bytes.length);
	return r;
}

static int fill(struct writing *writing, enum knob knob, const struct value *value, struct ifreq *request)
{
	memset(request, 0, sizeof(*request));
	memcpy(request->ifr_name, writing->name, sizeof(request->ifr_name));
	switch (knob) {
	case KNOB_FLAGS:
		request->ifr_flags = (short)value->number;
		return 0;
	case KNOB_HWADDR:
		return put_hardware(writing, request, value);
	case KNOB_MAP:
		return put_map(writing, request, value->record);
	case KNOB_ADDRESS:
	case KNOB_NETMASK:
	case KNOB_BROADCAST:
	case KNOB_DSTADDR:
		put_address(request, value);
		return 0;
	default:
		request->ifr_mtu = (int)value->integer;
		return 0;
	}
}

/* A value of null says of an address that there is to be none. */
static int check_given(struct writing *writing, const struct record *given)
{
	struct error *error = &writing->machine->error;

	for (uint32_t i = 0; i < given->count; i++) {
		const struct entry *entry = &given->entries[i];
		const bool missing = entry->value.type == VALUE_NULL;

		if (!entry->field || !(entry->field->flags & SET))
			return error_set(error, -EOPNOTSUPP, "%s is told by the kernel, not set", entry->name ? entry->name : "that");
		if (missing && entry->field != &fields[KNOB_ADDRESS])
			return error_set(error, -EINVAL, "%s cannot be taken away", entry->name);
		if (strchr(writing->name, ':') && !requests[entry->field - fields].labels)
			return error_set(error, -EINVAL, "%s is of the interface, not of its label %s", entry->name, writing->name);
	}
	return writing->now || record_find(given, "address") ? 0 : no_such(writing->machine, writing->name);
}

static bool stands(const struct writing *writing, const char *name, const struct value *value)
{
	const struct value *now = writing->now ? record_find(writing->now, name) : NULL;

	return now ? value_equal(now, value) : value->type == VALUE_NULL;
}

static int write_knob(struct writing *writing, enum knob knob, const struct value *value)
{
	struct ifreq request;
	int r = fill(writing, knob, value, &request);

	if (r == 0) {
		r = machine_ioctl(writing->machine, requests[knob].set, &request, sizeof(request));
		/* Taking away an address that is not there. */
		if (r == -EADDRNOTAVAIL && knob == KNOB_ADDRESS && value->type == VALUE_NULL)
			r = 0;
		if (r < 0)
			return ioctl_refused(writing->machine, r, requests[knob].set_name, writing->name);
	}
	return r;
}

/* What had been set before another was refused goes back, the last first. A new address has moved those that hang on it, so these are all put back.
 */
static void put_back(struct writing *writing, const struct record *given, unsigned int knob)
{
	struct error first = writing->machine->error;
	bool failed = false, any = false;

	while (knob-- > 0) {
		const char *name = fields[knob].name;
		const struct value none = { .type = VALUE_NULL }, *before = writing->now ? record_find(writing->now, name) : NULL;

		if (!record_find(given, name) || stands(writing, name, record_find(given, name)))
			continue;
		any = true;
		if (!before && knob != KNOB_ADDRESS)
			continue;
		failed |= write_knob(writing, (enum knob)knob, before ? before : &none) < 0;
		for (unsigned int next = KNOB_NETMASK; knob == KNOB_ADDRESS && before && next <= KNOB_BROADCAST; next++) {
			before = record_find(writing->now, fields[next].name);
			failed |= before && write_knob(writing, (enum knob)next, before) < 0;
		}
	}
	writing->machine->error = first;
	if (any)
		error_set(&writing->machine->error, first.code, "%s; %s", first.text,
			  failed ? "of what had been set before, not all could be put back" : "what had been set before was put back");
}

static int write_all(struct writing *writing, const struct record *given)
{
	for (unsigned int knob = 0; knob < KNOBS; knob++) {
		const struct value *value = record_find(given, fields[knob].name);
		int r;

		if (!value || stands(writing, fields[knob].name, value))
			continue;
		r = write_knob(writing, (enum knob)knob, value);
		if (r < 0) {
			put_back(writing, given, knob);
			return r;
		}
	}
	return 0;
}

static int write_value(struct writing *writing, const char *json)
{
	struct record *given;
	int r = ioctl_parse(writing->machine, &schema_ioctl_interface, writing->rest, json, &writing->arena, &given);

	if (r == 0)
		r = check_given(writing, given);
	return r == 0 && !writing->check ? write_all(writing, given) : r;
}

/* A label goes with its address. */
static int take_away(struct writing *writing)
{
	const struct value none = { .type = VALUE_NULL };

	if (!strcmp(writing->rest, "address") || (!*writing->rest && strchr(writing->name, ':')))
		return writing->now && !writing->check && record_find(writing->now, "address") ? write_knob(writing, KNOB_ADDRESS, &none) : 0;
	if (*writing->rest)
		return error_set(&writing->machine->error, -EINVAL, "%s cannot be taken away", writing->rest);
	return error_set(&writing->machine->error, -EOPNOTSUPP, "interfaces are not removed by ioctl: remove netlink/route/link/%s", writing->name);
}

int ioctl_interface_look(struct machine *machine, const char *path, struct arena *arena, const struct record **ret, const char **ret_rest)
{
	const size_t length = strcspn(path, "/");
	char *name = arena_copy(arena, path, length);
	struct record *record = NULL;
	int r;

	if (!name)
		return error_set(&machine->error, -ENOMEM, "no memory for the address");
	r = ioctl_interface_read(machine, name, NULL, arena, &record);
	if (r < 0 && (r != -ENODEV || !strchr(name, ':') || length >= IFNAMSIZ))
		return r;
	*ret = r < 0 ? NULL : record;
	*ret_rest = path + length + (path[length] == '/');
	return 0;
}

static int set(struct writing *writing, const char *path, const char *value, char **ret_now)
{
	const size_t length = strcspn(path, "/");
	const struct record *after;
	int r = ioctl_interface_look(writing->machine, path, &writing->arena, &writing->now, &writing->rest);

	if (r < 0)
		return r;
	memcpy(writing->name, path, length);
	r = value ? write_value(writing, value) : take_away(writing);
	if (r < 0 || writing->check)
		return r;
	r = ioctl_interface_look(writing->machine, path, &writing->arena, &after, &writing->rest);
	return r < 0 ? r : ioctl_tell_now(writing->machine, after, writing->rest, ret_now);
}

int ioctl_interface_set(struct machine *machine, const char *path, const char *value, unsigned int flags, char **ret_now)
{
	struct writing writing = { .machine = machine, .check = flags & IOCTL_CHECK };
	int r = set(&writing, path, value, ret_now);

	arena_done(&writing.arena);
	return r;
}
