/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of ioctl(2): those of sockets that programs use for interfaces and routes, with what they take, and the names of others. */
#include <errno.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>

#include "crossing/call.h"
#include "crossing/structures.h"

enum form { OPAQUE, HARDWARE, NAME, LIST, FLAGS, ADDRESS, NUMBER, RENAME, INTERFACE, ROUTE, ARP, INT, WINDOW };

static const struct {
	uint32_t request;
	const char *name;
	enum form form;
	bool writes;
} requests[] = {
#define REQUEST(name, form, writes) { (uint32_t)(name), #name, form, writes },
#include "crossing/requests.def"
#undef REQUEST
};

static const struct name list_flags[] = {
	{ IFF_UP, "UP" },
	{ IFF_BROADCAST, "BROADCAST" },
	{ IFF_DEBUG, "DEBUG" },
	{ IFF_LOOPBACK, "LOOPBACK" },
	{ IFF_POINTOPOINT, "POINTOPOINT" },
	{ IFF_NOTRAILERS, "NOTRAILERS" },
	{ IFF_RUNNING, "RUNNING" },
	{ IFF_NOARP, "NOARP" },
	{ IFF_PROMISC, "PROMISC" },
	{ IFF_ALLMULTI, "ALLMULTI" },
	{ IFF_MASTER, "MASTER" },
	{ IFF_SLAVE, "SLAVE" },
	{ IFF_MULTICAST, "MULTICAST" },
	{ IFF_PORTSEL, "PORTSEL" },
	{ IFF_AUTOMEDIA, "AUTOMEDIA" },
	{ IFF_DYNAMIC, "DYNAMIC" },
};
static const struct names words_flags = { list_flags, ARRAY_SIZE(list_flags), true };

enum { F_INTERFACE, F_VALUE, F_FLAGS, F_ADDRESS, F_NEWNAME, F_ROWS, F_COLUMNS, F_DESTINATION, F_GATEWAY, F_MASK, F_METRIC, F_LENGTH, F_HARDWARE };
static const struct field fields[] = {
	[F_INTERFACE] = { "interface", FIELD_TEXT },
	[F_VALUE] = { "value", FIELD_S32 },
	[F_FLAGS] = { "flags", FIELD_U16, .names = &words_flags },
	[F_ADDRESS] = { "address", FIELD_RECORD },
	[F_NEWNAME] = { "name", FIELD_TEXT },
	[F_ROWS] = { "rows", FIELD_U16 },
	[F_COLUMNS] = { "columns", FIELD_U16 },
	[F_DESTINATION] = { "destination", FIELD_RECORD },
	[F_GATEWAY] = { "gateway", FIELD_RECORD },
	[F_MASK] = { "mask", FIELD_RECORD },
	[F_METRIC] = { "metric", FIELD_S32 },
	[F_LENGTH] = { "length", FIELD_S32 },
	[F_HARDWARE] = { "address", FIELD_ADDRESS },
};

static int find(uint32_t request)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].request == request)
			return (int)i;
	return -1;
}

const char *request_name(uint32_t request)
{
	const int row = find(request);

	return row < 0 ? NULL : requests[row].name;
}

bool request_writes(uint32_t request)
{
	const int row = find(request);

	return row >= 0 && requests[row].writes;
}

static int add(struct arena *arena, struct record *record, unsigned int field, struct value value)
{
	return record_add(arena, record, (struct entry){ .name = fields[field].name, .field = &fields[field], .value = value });
}

static int add_name(struct arena *arena, struct record *record, unsigned int field, const char *name)
{
	const size_t length = strnlen(name, IFNAMSIZ);
	char *copy = arena_copy(arena, name, length);

	return copy ? add(arena, record, field, value_data(VALUE_TEXT, copy, length)) : -ENOMEM;
}

static int add_peer(struct arena *arena, struct record *record, unsigned int field, const struct sockaddr *address)
{
	struct record *peer;
	int r = structure_peer(address, sizeof(*address), arena, &peer);

	return r < 0 ? r : add(arena, record, field, (struct value){ .type = VALUE_RECORD, .record = peer });
}

/* An address of the link layer. The struct does not say how long it is: six bytes are all that Ethernet and its like have. */
static int add_hardware(struct arena *arena, struct record *record, const struct sockaddr *address)
{
	const char *copy = arena_copy(arena, address->sa_data, 6);

	return copy ? add(arena, record, F_HARDWARE, value_data(VALUE_ADDRESS, copy, 6)) : -ENOMEM;
}

static int decode_interface(enum form form, const struct ifreq *request, struct arena *arena, struct record *record)
{
	int r = add_name(arena, record, F_INTERFACE, request->ifr_name);

	if (r < 0)
		return r;
	switch (form) {
	case FLAGS:
		return add(arena, record, F_FLAGS, value_uint((uint16_t)request->ifr_flags));
	case ADDRESS:
		return add_peer(arena, record, F_ADDRESS, &request->ifr_addr);
	case HARDWARE:
		return add_hardware(arena, record, &request->ifr_hwaddr);
	case NUMBER:
		return add(arena, record, F_VALUE, value_int(request->ifr_mtu));
	case RENAME:
		return add_name(arena, record, F_NEWNAME, request->ifr_newname);
	case NAME:
		return add(arena, record, F_VALUE, value_int(request->ifr_ifindex));
	default:
		return 0;
	}
}

static int decode_route(const struct rtentry *route, struct arena *arena, struct record *record)
{
	int r = add_peer(arena, record, F_DESTINATION, &route->rt_dst);

	if (r == 0)
		r = add_peer(arena, record, F_MASK, &route->rt_genmask);
	if (r == 0 && route->rt_flags & RTF_GATEWAY)
		r = add_peer(arena, record, F_GATEWAY, &route->rt_gateway);
	/* The kernel counts from 1. */
	if (r == 0 && route->rt_metric)
		r = add(arena, record, F_METRIC, value_int(route->rt_metric - 1));
	return r;
}

static int decode_arp(const struct arpreq *request, struct arena *arena, struct record *record)
{
	int r = add_peer(arena, record, F_DESTINATION, &request->arp_pa);

	if (r == 0)
		r = add_peer(arena, record, F_ADDRESS, &request->arp_ha);
	return r == 0 ? add_name(arena, record, F_INTERFACE, request->arp_dev) : r;
}

static int decode_number(enum form form, const void *data, struct arena *arena, struct record *record)
{
	struct winsize size;
	int number, r;

	if (form != WINDOW) {
		memcpy(&number, data, sizeof(number));
		return add(arena, record, form == LIST ? F_LENGTH : F_VALUE, value_int(number));
	}
	memcpy(&size, data, sizeof(size));
	r = add(arena, record, F_ROWS, value_uint(size.ws_row));
	return r == 0 ? add(arena, record, F_COLUMNS, value_uint(size.ws_col)) : r;
}

static size_t form_size(enum form form)
{
	switch (form) {
	case OPAQUE:
		return SIZE_MAX;
	case ROUTE:
		return sizeof(struct rtentry);
	case ARP:
		return sizeof(struct arpreq);
	case INT:
	case LIST:
		return sizeof(int);
	case WINDOW:
		return sizeof(struct winsize);
	default:
		return sizeof(struct ifreq);
	}
}

int request_decode(uint32_t request, const void *data, size_t length, struct arena *arena, struct value *ret)
{
	const int row = find(request);
	const enum form form = row < 0 ? OPAQUE : requests[row].form;
	struct record *record;
	union {
		struct ifreq interface;
		struct rtentry route;
		struct arpreq arp;
	} copy;
	int r;

	if (length < form_size(form))
		return -ENOENT;
	record = record_new_sized(arena, NULL, 4);
	if (!record)
		return -ENOMEM;
	memcpy(&copy, data, length < sizeof(copy) ? length : sizeof(copy));
	if (form == ROUTE)
		r = decode_route(&copy.route, arena, record);
	else if (form == ARP)
		r = decode_arp(&copy.arp, arena, record);
	else if (form == INT || form == LIST || form == WINDOW)
		r = decode_number(form, data, arena, record);
	else
		r = decode_interface(form, &copy.interface, arena, record);
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

const char *request_interface(uint32_t request, const void *data, size_t length, struct arena *arena)
{
	const int row = find(request);

	if (row < 0 || length < sizeof(struct ifreq) || form_size(requests[row].form) != sizeof(struct ifreq))
		return NULL;
	return arena_copy(arena, data, strnlen(data, IFNAMSIZ));
}

static const struct {
	const char *name;
	bool file;
} operations[] = {
#define OPERATION(name, file) { #name, file },
#include "crossing/operations.def"
#undef OPERATION
};

const char *operation_name(uint32_t number)
{
	return number < ARRAY_SIZE(operations) ? operations[number].name : NULL;
}

bool operation_has_descriptor(uint32_t number)
{
	return number >= ARRAY_SIZE(operations) || operations[number].file;
}

const struct signature *operation_signature(uint32_t number)
{
	const char *name = operation_name(number);

	if (name && strncmp(name, "READ", 4) == 0)
		return signature_find("read");
	return name && strncmp(name, "WRITE", 5) == 0 ? signature_find("write") : NULL;
}

const char *kernel_error_name(uint64_t number)
{
	/* include/linux/errno.h of the kernel. */
	static const struct {
		unsigned int number;
		const char *name;
	} errors[] = {
		{ 512, "ERESTARTSYS" }, { 513, "ERESTARTNOINTR" },        { 514, "ERESTARTNOHAND" },
		{ 515, "ENOIOCTLCMD" }, { 516, "ERESTART_RESTARTBLOCK" }, { 524, "ENOTSUPP" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].number == number)
			return errors[i].name;
	return NULL;
}
