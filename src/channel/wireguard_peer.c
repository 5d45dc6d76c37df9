/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers of WireGuard: netlink/wireguard/peer/wg0/KEY, where KEY is the public key with "_" for "/" and "-" for "+". */
#include <errno.h>
#include <string.h>

#include "channel/object-inside.h"
#include "channel/wireguard.h"

#define SET      FIELD_SETTABLE
#define KEY_TEXT 44 /* characters of a key */

static const struct field handshake[] = {
	{ "seconds", FIELD_S64, FIELD_VOLATILE, UNIT_SECONDS, "since 1970", .offset = 0, .size = 8 },
	{ "nanoseconds", FIELD_S64, FIELD_VOLATILE, UNIT_NANOSECONDS, "and of the next second", .offset = 8, .size = 8 },
};
static const struct schema schema_handshake = { .name = "handshake", .header_size = 16, .header = handshake, .header_count = ARRAY_SIZE(handshake) };

static const struct field peer[] = {
	[WGPEER_A_PUBLIC_KEY] = { "public_key", FIELD_CODEC, FIELD_KEY, 0, "what it is known by", .codec = &codec_wireguard_key },
	[WGPEER_A_PRESHARED_KEY] = { "preshared_key", FIELD_CODEC, SET | FIELD_SECRET, 0, "a key that both have beside theirs",
				     .codec = &codec_wireguard_secret },
	[WGPEER_A_FLAGS] = { "flags", FIELD_U32, FIELD_HIDDEN | FIELD_DERIVED, 0, "of a request" },
	[WGPEER_A_ENDPOINT] = { "endpoint", FIELD_CODEC, SET, 0, "where it is, ADDRESS:PORT; moves with the peer",
				.codec = &codec_wireguard_endpoint },
	[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL] = { "persistent_keepalive", FIELD_U16, SET, UNIT_SECONDS,
						     "between two packets that keep the way open; 0: none" },
	[WGPEER_A_LAST_HANDSHAKE_TIME] = { "last_handshake", FIELD_RECORD, FIELD_VOLATILE, 0, "when keys were agreed on last",
					   .schema = &schema_handshake },
	[WGPEER_A_RX_BYTES] = { "rx_bytes", FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, "received" },
	[WGPEER_A_TX_BYTES] = { "tx_bytes", FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, "sent" },
	[WGPEER_A_ALLOWEDIPS] = { "allowed_ips", FIELD_CODEC, SET | FIELD_NESTED, 0, "networks that are behind it",
				  .element = &field_wireguard_network, .codec = &codec_wireguard_allowed },
	[WGPEER_A_PROTOCOL_VERSION] = { "protocol_version", FIELD_U32, FIELD_DERIVED, 0, "version of the protocol" },
	[WIREGUARD_DEVICE] = { "dev", FIELD_INTERFACE, FIELD_KEY, 0, "device that it is a peer of" },
};
static const struct schema schema = {
	.name = "peer", .help = "peers of WireGuard", .header_size = GENL_HDRLEN, .attributes = peer, .attribute_count = ARRAY_SIZE(peer)
};

/* ---- Its place in the tree ---- */

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *key = record_find(record, "public_key");
	const char *text = key && key->type == VALUE_TEXT ? key->bytes.data : "";

	object_path_interface(record, "dev", naming, ret);
	buffer_add_char(ret, '/');
	/* What fills up the last group would end the address in a document. */
	for (uint32_t i = 0; *text && i < key->bytes.length && text[i] != '='; i++)
		buffer_add_char(ret, (char)(text[i] == '/' ? '_' : text[i] == '+' ? '-' : text[i]));
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r = left.record ? object_parse_interface(&left, "dev") : -ENOMEM;
	const size_t length = r == 0 ? strcspn(left.rest, "/") : 0;
	char key[KEY_TEXT + 1] = "";
	const char *copy;

	if (r == -ENOMEM)
		return r;
	if (r < 0 || length < KEY_TEXT - 1 || length > KEY_TEXT || (length == KEY_TEXT && left.rest[KEY_TEXT - 1] != '='))
		return error_set(error, -EINVAL, "\"%s\" is no peer: LINK/KEY is, where KEY is its public key with _ for / and - for +", text);
	for (size_t i = 0; i < KEY_TEXT - 1; i++)
		key[i] = (char)(left.rest[i] == '_' ? '/' : left.rest[i] == '-' ? '+' : left.rest[i]);
	key[KEY_TEXT - 1] = '=';
	copy = arena_copy(arena, key, KEY_TEXT);
	r = copy ? record_put(arena, left.record, "public_key", value_data(VALUE_TEXT, copy, KEY_TEXT)) : -ENOMEM;
	if (r < 0)
		return r;
	*ret = left.record;
	*ret_rest = left.rest + length + (left.rest[length] == '/');
	return 0;
}

/* ---- Reading: peers one behind the other, of which one may go on in the next message ---- */

struct gathering {
	int (*function)(void *data, const struct nlmsghdr *message);
	void *data;
	struct buffer message, networks; /* of the peer at hand */
	uint8_t key[WIREGUARD_KEY];
	uint32_t index; /* of the device, which its first message alone tells */
};

static int hand_on(struct gathering *gathering)
{
	struct nlmsghdr *header;
	int r;

	if (!gathering->message.length)
		return 0;
	attribute_add(&gathering->message, WGPEER_A_ALLOWEDIPS | NLA_F_NESTED, gathering->networks.data, gathering->networks.length);
	if (gathering->message.failed || gathering->networks.failed)
		return -ENOMEM;
	header = (struct nlmsghdr *)gathering->message.data;
	header->nlmsg_len = (uint32_t)gathering->message.length;
	r = gathering->function(gathering->data, header);
	buffer_clear(&gathering->message);
	buffer_clear(&gathering->networks);
	return r;
}

static bool goes_on(const struct gathering *gathering, const struct attribute_iterator *peer_nest)
{
	for (struct attribute_iterator i = attributes(peer_nest->data, peer_nest->length); gathering->message.length && attribute_next(&i);)
		if (i.type == WGPEER_A_PUBLIC_KEY)
			return i.length == WIREGUARD_KEY && memcmp(i.data, gathering->key, WIREGUARD_KEY) == 0;
	return false;
}

static int take_peer(struct gathering *gathering, const struct attribute_iterator *nest)
{
	const struct nlmsghdr header = { .nlmsg_type = WIREGUARD_PEER };
	const struct genlmsghdr generic = { 0 };
	const bool same = goes_on(gathering, nest);
	int r = same ? 0 : hand_on(gathering);

	if (r != 0)
		return r;
	if (!same) {
		buffer_add(&gathering->message, &header, sizeof(header));
		buffer_add(&gathering->message, &generic, sizeof(generic));
		attribute_add(&gathering->message, WIREGUARD_DEVICE, &gathering->index, sizeof(gathering->index));
	}
	for (struct attribute_iterator i = attributes(nest->data, nest->length); attribute_next(&i);) {
		if (i.type == WGPEER_A_ALLOWEDIPS)
			buffer_add(&gathering->networks, i.data, i.length);
		else if (!same)
			attribute_add(&gathering->message, i.type, i.data, i.length);
		if (i.type == WGPEER_A_PUBLIC_KEY && i.length == WIREGUARD_KEY)
			memcpy(gathering->key, i.data, WIREGUARD_KEY);
	}
	return 0;
}

static int take_message(void *data, const struct nlmsghdr *message)
{
	const uint8_t *body = (const uint8_t *)message + NLMSG_LENGTH(GENL_HDRLEN);
	struct gathering *gathering = data;
	int r = 0;

	if (message->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return 0;
	for (struct attribute_iterator i = attributes(body, message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)); r == 0 && attribute_next(&i);) {
		if (i.type == WGDEVICE_A_IFINDEX && i.length == sizeof(gathering->index))
			memcpy(&gathering->index, i.data, sizeof(gathering->index));
		if (i.type != WGDEVICE_A_PEERS)
			continue;
		for (struct attribute_iterator nest = attributes(i.data, i.length); r == 0 && attribute_next(&nest);)
			r = take_peer(gathering, &nest);
	}
	return r;
}

/* What is left of the last one. */
static int end(struct gathering *gathering, int r)
{
	if (r == 0)
		r = hand_on(gathering);
	buffer_done(&gathering->message);
	buffer_done(&gathering->networks);
	return r;
}

static int dump_each(const struct object *object, struct netlink *netlink, const struct record *key,
		     int (*function)(void *data, const struct nlmsghdr *message), void *data, bool *ret_interrupted, struct error *error)
{
	struct gathering gathering = { .function = function, .data = data };

	(void)object;
	return end(&gathering, wireguard_each(netlink, key, take_message, &gathering, ret_interrupted, error));
}

static int split(const struct nlmsghdr *message, struct buffer *room, object_message_function *function, void *data)
{
	struct gathering gathering = { .function = function, .data = data };

	(void)room;
	return end(&gathering, take_message(&gathering, message));
}

static bool has_preshared_key(const struct record *record)
{
	const struct value *key = record_find(record, "preshared_key");

	for (uint32_t i = 0; key && key->type == VALUE_BYTES && i < key->bytes.length; i++)
		if (((const uint8_t *)key->bytes.data)[i])
			return true;
	return key && key->type != VALUE_BYTES;
}

/* No key is told as one of zeros. */
static int mend(struct arena *arena, struct record *record)
{
	(void)arena;
	if (!has_preshared_key(record))
		record_drop(record, "preshared_key");
	return 0;
}

/* ---- Writing ---- */

static uint32_t flags_of(const struct record *record, enum object_write write)
{
	if (write == OBJECT_REMOVE)
		return WGPEER_F_REMOVE_ME | WGPEER_F_UPDATE_ONLY;
	return (record_find(record, "allowed_ips") || write != OBJECT_CHANGE ? WGPEER_F_REPLACE_ALLOWEDIPS : 0u) |
	       (write == OBJECT_CHANGE ? WGPEER_F_UPDATE_ONLY : 0u);
}

static int write_peer(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	struct object_request request = { .type = WIREGUARD_SET };
	const uint32_t flags = flags_of(record, write), index = (uint32_t)record_number(record, "dev", 0);
	_cleanup_buffer_ struct buffer plain = { 0 };
	const struct genlmsghdr generic = { 0 };
	size_t peers, one;
	int r = schema_encode(record, write == OBJECT_REMOVE ? FIELD_KEY : FIELD_KEY | SET, &plain, &machine->error);

	if (r < 0)
		return r;
	buffer_add(&request.payload, &generic, sizeof(generic));
	attribute_add(&request.payload, WGDEVICE_A_IFINDEX, &index, sizeof(index));
	peers = attribute_begin(&request.payload, WGDEVICE_A_PEERS | NLA_F_NESTED);
	one = attribute_begin(&request.payload, NLA_F_NESTED);
	attribute_add(&request.payload, WGPEER_A_FLAGS, &flags, sizeof(flags));
	for (struct attribute_iterator i = attributes(plain.data + GENL_HDRLEN, plain.length - GENL_HDRLEN); attribute_next(&i);)
		if (i.type != WIREGUARD_DEVICE)
			attribute_add(&request.payload, i.type | (i.type == WGPEER_A_ALLOWEDIPS ? NLA_F_NESTED : 0), i.data, i.length);
	attribute_end(&request.payload, one);
	attribute_end(&request.payload, peers);
	r = request.payload.failed ? -ENOMEM : object_send_request(object, machine, &request);
	/* They may be keys. */
	if (plain.data)
		explicit_bzero(plain.data, plain.length);
	if (request.payload.data)
		explicit_bzero(request.payload.data, request.payload.length);
	buffer_done(&request.payload);
	return r;
}

static const char *cannot_return(const struct record *record)
{
	return has_preshared_key(record) ? "its preshared key is kept nowhere" : NULL;
}

static enum object_origin origin(const struct record *record)
{
	return has_preshared_key(record) ? OBJECT_SECRET : OBJECT_ASKED;
}

static const struct object object_peer = {
	.name = "peer",
	.help = "peers of WireGuard",
	.protocol = &protocol_wireguard,
	.new_type = WIREGUARD_PEER,
	.get_type = NETLINK_ASKED(WG_CMD_GET_DEVICE),
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.dump_each = dump_each,
	.split = split,
	.mend = mend,
	.write = write_peer,
	.cannot_return = cannot_return,
	.origin = origin,
	.has_secrets = true,
	.may_lack = true,
	.untold = true,
	.asked_by = { WIREGUARD_SET },
};

OBJECT_CHANNEL_OF(wireguard, peer, object_peer, "peers of WireGuard: where they are, and which networks are theirs", "sampled");
