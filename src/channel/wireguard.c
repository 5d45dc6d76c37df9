/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generic family wireguard, and its devices. The kernel tells of one device alone, by its number, and no one when one changes. */
#include <errno.h>
#include <string.h>

#include "channel/link.h"
#include "channel/netlink_source.h"
#include "channel/object-inside.h"
#include "channel/wireguard.h"

NAMES(types, false, { NETLINK_ASKED(WG_CMD_GET_DEVICE), "WG_CMD_GET_DEVICE" }, { WIREGUARD_SET, "WG_CMD_SET_DEVICE" });

static uint32_t link_of(const struct nlmsghdr *message)
{
	const uint16_t holder = message->nlmsg_type == WIREGUARD_PEER ? WIREGUARD_DEVICE : WGDEVICE_A_IFINDEX;
	const uint8_t *body = (const uint8_t *)message + NLMSG_LENGTH(GENL_HDRLEN);
	uint32_t index = 0;

	for (struct attribute_iterator i = attributes(body, message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)); attribute_next(&i);)
		if (i.type == holder && i.length == sizeof(index))
			memcpy(&index, i.data, sizeof(index));
	return index;
}

/* The device's number: the rest is secret. */
static bool keep_request(struct netlink_source *source, const struct nlmsghdr *request, struct buffer *ret)
{
	const struct naming *naming = &source->recording.machine->naming;
	const uint8_t *body = (const uint8_t *)request + NLMSG_LENGTH(GENL_HDRLEN);
	uint32_t index = 0;

	if (request->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return false;
	for (struct attribute_iterator i = attributes(body, request->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)); attribute_next(&i);)
		if (i.type == WGDEVICE_A_IFINDEX && i.length == sizeof(index))
			memcpy(&index, i.data, sizeof(index));
		else if (i.type == WGDEVICE_A_IFNAME && i.length && memchr(i.data, '\0', i.length))
			index = naming->interface_index(naming->data, i.data);
	buffer_add(ret, &index, sizeof(index));
	return index;
}

static bool asked(struct netlink_source *source, struct check *check, const struct object *object, const struct record *record, bool gone)
{
	const uint32_t device = (uint32_t)record_number(record, "dev", 0);
	uint32_t index;

	(void)source;
	(void)object;
	(void)gone;
	for (size_t at = 0; at < check->requests.length; at += sizeof(index)) {
		memcpy(&index, check->requests.data + at, sizeof(index));
		if (index == device)
			return true;
	}
	return !device;
}

static const struct source_rules rules = { .link_of = link_of, .keep_request = keep_request, .asked = asked };

const struct protocol protocol_wireguard = {
	.name = "netlink/wireguard",
	.number = PROTOCOL_FAMILY(1),
	.family = WG_GENL_NAME,
	.types = &types,
	.rules = &rules,
};

/* ---- Which devices there are ---- */

struct links {
	struct netlink *netlink;
	netlink_function *function;
	void *data;
	bool *interrupted;
	struct error *error;
};

/* A device that has gone meanwhile has nothing to tell. */
static int ask(struct links *links, uint32_t index)
{
	_cleanup_buffer_ struct buffer request = { 0 };
	const struct genlmsghdr header = { 0 };
	struct netlink_ack ack;
	bool interrupted = false;
	int r;

	buffer_add(&request, &header, sizeof(header));
	attribute_add(&request, WGDEVICE_A_IFINDEX, &index, sizeof(index));
	if (request.failed)
		return -ENOMEM;
	r = netlink_dump(links->netlink, NETLINK_ASKED(WG_CMD_GET_DEVICE), 0, request.data, request.length, links->function, links->data,
			 &interrupted, &ack);
	*links->interrupted |= interrupted;
	if (r == -EPERM)
		return error_set(links->error, r, "WireGuard is read with CAP_NET_ADMIN alone, as the kernel tells its keys");
	return r == -ENODEV || r == -EOPNOTSUPP ? 0 : r;
}

int wireguard_each(struct netlink *netlink, const struct record *key, netlink_function *function, void *data, bool *ret_interrupted,
		   struct error *error)
{
	const struct value *device = key ? record_find(key, "dev") : NULL;
	struct links links = { .netlink = netlink, .function = function, .data = data, .interrupted = ret_interrupted, .error = error };
	_cleanup_buffer_ struct buffer found = { 0 };
	uint32_t index;
	int r;

	*ret_interrupted = false;
	if (device && device->type != VALUE_UINT)
		return 0;
	r = device ? 0 : link_numbers(WG_GENL_NAME, &found, error);
	if (r == 0 && device)
		r = ask(&links, (uint32_t)device->number);
	for (size_t at = 0; r == 0 && at < found.length; at += sizeof(index)) {
		memcpy(&index, found.data + at, sizeof(index));
		r = ask(&links, index);
	}
	return r;
}

/* ---- A device ---- */

static const struct field device[] = {
	[WGDEVICE_A_IFINDEX] = { "dev", FIELD_INTERFACE, FIELD_KEY, 0, "its link" },
	[WGDEVICE_A_IFNAME] = { "ifname", FIELD_TEXT, FIELD_HIDDEN | FIELD_DERIVED, 0, "name of its link" },
	[WGDEVICE_A_PRIVATE_KEY] = { "private_key", FIELD_CODEC, FIELD_SETTABLE | FIELD_SECRET, 0, "its key", .codec = &codec_wireguard_secret },
	[WGDEVICE_A_PUBLIC_KEY] = { "public_key", FIELD_CODEC, FIELD_STATE, 0, "what others know it by, which follows from its key",
				    .codec = &codec_wireguard_key },
	[WGDEVICE_A_FLAGS] = { "flags", FIELD_U32, FIELD_HIDDEN | FIELD_DERIVED, 0, "of a request" },
	[WGDEVICE_A_LISTEN_PORT] = { "listen_port", FIELD_U16, FIELD_SETTABLE, 0, "port of UDP that it hears" },
	[WGDEVICE_A_FWMARK] = { "fwmark", FIELD_U32, FIELD_SETTABLE | FIELD_HEX, 0, "mark of the packets that it sends" },
	[WGDEVICE_A_PEERS] = { "peers", FIELD_PAD },
};
static const struct schema schema = {
	.name = "device", .help = "devices of WireGuard", .header_size = GENL_HDRLEN, .attributes = device, .attribute_count = ARRAY_SIZE(device)
};

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	return object_parse_of_link(&schema, text, naming, arena, ret, ret_rest, error);
}

struct first {
	int (*function)(void *data, const struct nlmsghdr *message);
	void *data;
	uint32_t index; /* of the device that was told last */
};

/* One with many peers takes several messages, of which the first has what is its own. */
static int take_device(void *data, const struct nlmsghdr *message)
{
	struct first *first = data;
	const uint32_t index = link_of(message);

	if (index == 0 || index == first->index)
		return 0;
	first->index = index;
	return first->function(first->data, message);
}

static int dump_each(const struct object *object, struct netlink *netlink, const struct record *key,
		     int (*function)(void *data, const struct nlmsghdr *message), void *data, bool *ret_interrupted, struct error *error)
{
	struct first first = { function, data, 0 };

	(void)object;
	return wireguard_each(netlink, key, take_device, &first, ret_interrupted, error);
}

/* Without a key, on no port of its own choice, without a mark. */
static const struct nlmsghdr *begins_as(const struct nlmsghdr *message, struct buffer *room)
{
	const struct genlmsghdr header = { 0 };
	struct nlmsghdr begun = { .nlmsg_type = message->nlmsg_type };
	const uint32_t index = link_of(message), mark = 0;
	const uint16_t port = 0;

	buffer_clear(room);
	buffer_add(room, &begun, sizeof(begun));
	buffer_add(room, &header, sizeof(header));
	attribute_add(room, WGDEVICE_A_IFINDEX, &index, sizeof(index));
	attribute_add(room, WGDEVICE_A_LISTEN_PORT, &port, sizeof(port));
	attribute_add(room, WGDEVICE_A_FWMARK, &mark, sizeof(mark));
	if (room->failed)
		return NULL;
	begun.nlmsg_len = (uint32_t)room->length;
	memcpy(room->data, &begun, sizeof(begun));
	return (const struct nlmsghdr *)room->data;
}

static int write_device(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	if (write != OBJECT_CHANGE)
		return error_set(&machine->error, -EOPNOTSUPP, "%s", object->comes_by_itself);
	return object_send(object, machine, WIREGUARD_SET, 0, record, FIELD_KEY | FIELD_SETTABLE);
}

static const struct object object_device = {
	.name = "device",
	.help = "devices of WireGuard",
	.protocol = &protocol_wireguard,
	.new_type = NETLINK_TOLD(WG_CMD_GET_DEVICE),
	.get_type = NETLINK_ASKED(WG_CMD_GET_DEVICE),
	.replace_type = WIREGUARD_SET,
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = object_path_of_link,
	.parse = parse,
	.dump_each = dump_each,
	.begins_as = begins_as,
	.write = write_device,
	.comes_by_itself = "a device is there with its link, of the kind wireguard: it can be changed alone",
	.has_secrets = true,
	.may_lack = true,
	.untold = true,
	.asked_by = { WIREGUARD_SET },
};

OBJECT_CHANNEL_OF(wireguard, device, object_device, "devices of WireGuard; keys are set, never shown", "sampled");
