/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/protocol.h"

#include <errno.h>
#include <string.h>

#include "channel/family.h"
#include "channel/object.h"

const struct protocol *const protocols[PROTOCOL_COUNT] = {
#define PROTOCOL(identifier) &protocol_##identifier,
#include "channel/protocols.def"
#undef PROTOCOL
};

const struct protocol *protocol_of(int number)
{
	for (unsigned int i = 0; i < PROTOCOL_COUNT; i++)
		if (protocols[i]->number == number)
			return protocols[i];
	return NULL;
}

const struct protocol *protocol_of_family(int number, const char *family)
{
	if (number != NETLINK_GENERIC)
		return protocol_of(number);
	for (unsigned int i = 0; i < PROTOCOL_COUNT; i++)
		if (protocols[i]->family && strcmp(protocols[i]->family, family) == 0)
			return protocols[i];
	return NULL;
}

int protocol_kernel_number(const struct protocol *protocol)
{
	return protocol->family ? NETLINK_GENERIC : protocol->number;
}

/* ---- Generic families ---- */

/* All are asked for: the kernel would load the module of one that is asked for by its name. */
static int find_family(const struct protocol *protocol, struct families *families, const struct family **ret, struct error *error)
{
	int r = families_add_generic(families, error);

	for (size_t i = 0; r == 0 && i < families->count; i++)
		if (strcmp(families->list[i].name, protocol->family) == 0) {
			*ret = &families->list[i];
			return 0;
		}
	return r < 0 ? r
		     : error_set(error, -EPROTONOSUPPORT,
				 "the kernel that runs has no generic netlink family %s: it is not built in, or its module is not loaded",
				 protocol->family);
}

int protocol_find_family(const struct protocol *protocol, struct netlink *netlink, struct error *error)
{
	_cleanup_families_ struct families families = { 0 };
	const struct family *family;
	int r = find_family(protocol, &families, &family, error);

	if (r == 0)
		netlink_set_family(netlink, family->type);
	return r;
}

int protocol_open(const struct protocol *protocol, struct netlink **ret, struct error *error)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = NULL;
	int r = netlink_open(protocol_kernel_number(protocol), &netlink, error);

	if (r == 0 && protocol->family)
		r = protocol_find_family(protocol, netlink, error);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(netlink);
	return 0;
}

uint16_t protocol_kernel_type(const struct protocol *protocol, uint16_t type)
{
	_cleanup_families_ struct families families = { 0 };
	const struct family *family;
	struct error ignored;

	if (!protocol->family)
		return type;
	return find_family(protocol, &families, &family, &ignored) < 0 ? 0 : family->type;
}

int protocol_join(const struct protocol *protocol, struct netlink *netlink, struct error *error)
{
	_cleanup_families_ struct families families = { 0 };
	const struct family *family;
	int r;

	if (!protocol->group)
		return 0;
	r = find_family(protocol, &families, &family, error);
	for (size_t i = 0; r == 0 && i < family->group_count; i++)
		if (strcmp(family->groups[i].name, protocol->group) == 0)
			r = netlink_join(netlink, family->groups[i].number);
	return r < 0 && error->code != r ? error_set(error, r, "cannot subscribe to the changes of %s: %s", protocol->name, error_text(r)) : r;
}

void protocols_prepare(struct machine *machine)
{
	const struct error before = machine->error;
	struct netlink *unused;

	for (unsigned int i = 0; i < PROTOCOL_COUNT; i++)
		if (protocols[i]->opened && machine_netlink(machine, protocols[i]->number, &unused) < 0)
			machine->error = before;
}

/* ---- One form for all that is told ---- */

static bool is_noticed_by(const struct object *object, uint16_t type)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(object->more_notices) && object->more_notices[i]; i++)
		if (object->more_notices[i] == type)
			return true;
	return object->notice_type == type;
}

/* What the kernel tells of a change, or is asked to do, has the layout of an answer. */
static uint16_t answer_type(const struct protocol *protocol, uint16_t type)
{
	const struct object *object;
	unsigned int position = 0;

	while ((object = object_next(protocol, &position)))
		if (is_noticed_by(object, type) || type == object->replace_type || type == object->create_type)
			return object->new_type;
		else if (type == object->remove_type)
			return object->delete_type;
	return type;
}

static const struct nlmsghdr *by_command(const struct protocol *protocol, const struct nlmsghdr *message, struct buffer *room)
{
	struct nlmsghdr *copy;

	buffer_clear(room);
	buffer_add(room, message, message->nlmsg_len);
	if (room->failed)
		return message;
	copy = (struct nlmsghdr *)room->data;
	copy->nlmsg_type = answer_type(protocol, netlink_type_by_command(copy));
	return copy;
}

const struct nlmsghdr *protocol_unify(const struct protocol *protocol, const struct nlmsghdr *message, struct buffer *room)
{
	if (protocol->family)
		return by_command(protocol, message, room);
	return protocol->unify ? protocol->unify(message, room) : message;
}
