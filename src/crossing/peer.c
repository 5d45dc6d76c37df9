/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Socket addresses: by their family. */
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "crossing/structures.h"
#include "crossing/words.h"

enum { FAMILY, PATH, ADDRESS, PORT, PORT_ID, GROUPS, SCOPE, HEX };
static const struct field fields[] = {
	[FAMILY] = { "family", FIELD_U16, .names = &call_words_domain },
	[PATH] = { "path", FIELD_TEXT },
	[ADDRESS] = { "address", FIELD_ADDRESS },
	[PORT] = { "port", FIELD_U16 },
	[PORT_ID] = { "pid", FIELD_U32 },
	[GROUPS] = { "groups", FIELD_U32, FIELD_HEX },
	[SCOPE] = { "scope", FIELD_INTERFACE },
	[HEX] = { "data", FIELD_BYTES },
};

static int add(struct arena *arena, struct record *record, unsigned int field, struct value value)
{
	return record_add(arena, record, (struct entry){ .name = fields[field].name, .field = &fields[field], .value = value });
}

static int add_data(struct arena *arena, struct record *record, unsigned int field, enum value_type type, const void *data, size_t length)
{
	char *copy = arena_copy(arena, data, length);

	return copy ? add(arena, record, field, value_data(type, copy, length)) : -ENOMEM;
}

static int add_inet(const struct sockaddr_in *peer, struct arena *arena, struct record *record)
{
	int r = add(arena, record, PORT, value_uint(ntohs(peer->sin_port)));

	return r < 0 ? r : add_data(arena, record, ADDRESS, VALUE_ADDRESS, &peer->sin_addr, sizeof(peer->sin_addr));
}

static int add_inet6(const struct sockaddr_in6 *peer, struct arena *arena, struct record *record)
{
	int r = add(arena, record, PORT, value_uint(ntohs(peer->sin6_port)));

	if (r == 0)
		r = add_data(arena, record, ADDRESS, VALUE_ADDRESS, &peer->sin6_addr, sizeof(peer->sin6_addr));
	return r == 0 && peer->sin6_scope_id ? add(arena, record, SCOPE, value_uint(peer->sin6_scope_id)) : r;
}

static int add_netlink(const struct sockaddr_nl *peer, struct arena *arena, struct record *record)
{
	int r = add(arena, record, PORT_ID, value_uint(peer->nl_pid));

	return r < 0 ? r : add(arena, record, GROUPS, value_uint(peer->nl_groups));
}

/* A name of the abstract kind begins with a NUL, and its length counts. */
static int add_unix(const struct sockaddr_un *peer, size_t length, struct arena *arena, struct record *record)
{
	const size_t room = length - offsetof(struct sockaddr_un, sun_path);

	if (room == 0)
		return 0;
	return add_data(arena, record, PATH, VALUE_TEXT, peer->sun_path, peer->sun_path[0] ? strnlen(peer->sun_path, room) : room);
}

int structure_peer(const void *data, size_t length, struct arena *arena, struct record **ret)
{
	struct record *record = record_new_sized(arena, NULL, 4);
	union {
		sa_family_t family;
		struct sockaddr_in inet;
		struct sockaddr_in6 inet6;
		struct sockaddr_nl netlink;
		struct sockaddr_un path;
		struct sockaddr_storage whole;
	} peer = { 0 };
	int r;

	if (!record)
		return -ENOMEM;
	memcpy(&peer, data, length < sizeof(peer) ? length : sizeof(peer));
	*ret = record;
	if (length < sizeof(peer.family))
		return length ? add_data(arena, record, HEX, VALUE_BYTES, data, length) : 0;
	r = add(arena, record, FAMILY, value_uint(peer.family));
	if (r < 0)
		return r;
	if (peer.family == AF_INET && length >= sizeof(peer.inet))
		return add_inet(&peer.inet, arena, record);
	if (peer.family == AF_INET6 && length >= offsetof(struct sockaddr_in6, sin6_scope_id))
		return add_inet6(&peer.inet6, arena, record);
	if (peer.family == AF_NETLINK && length >= sizeof(peer.netlink))
		return add_netlink(&peer.netlink, arena, record);
	if (peer.family == AF_UNIX && length <= sizeof(peer.path))
		return add_unix(&peer.path, length, arena, record);
	if (length == sizeof(peer.family))
		return 0;
	return add_data(arena, record, HEX, VALUE_BYTES, (const char *)data + sizeof(peer.family), length - sizeof(peer.family));
}
