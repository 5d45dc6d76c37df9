/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that reach no network: of the Unix domain, of netlink, and packet sockets, which look at a link itself. Sources: sock_diag(7),
 * <linux/unix_diag.h>, <linux/netlink_diag.h>, <linux/packet_diag.h>, ss(8). */
#include <errno.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>

#include "channel/socket.h"
#include "channel/words.h"

#undef unix /* the compiler has it for a number */
#define MOVES FIELD_VOLATILE

/* ---- Unix ---- */

/* A name in the file system, or one that begins with a NUL and is in none: then with @ in its place, as ss(8) has it. */
static int decode_name(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	char *text = arena_copy(decode->arena, data, length);

	(void)field;
	if (!text)
		return -ENOMEM;
	if (length && text[0] != '\0') {
		length = strnlen(text, length);
	} else {
		for (size_t i = 0; i < length; i++)
			if (text[i] == '\0')
				text[i] = '@';
	}
	*ret = value_data(VALUE_TEXT, text, length);
	return 0;
}

static int encode_name(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	(void)value;
	(void)buffer;
	return error_set(error, -EOPNOTSUPP, "%s is told by the kernel, not set", field->name);
}

static const struct codec codec_name = { decode_name, encode_name, FIELD_UNKNOWN };

static const struct field unix_header[] = {
	{ "family", FIELD_U8, FIELD_HIDDEN, 0, "AF_UNIX", HEADER_FIELD(struct unix_diag_msg, udiag_family) },
	{ "type", FIELD_U8, 0, 0, "kind", HEADER_FIELD(struct unix_diag_msg, udiag_type), .names = &words_socket_kind },
	{ "state", FIELD_U8, 0, 0, "state", HEADER_FIELD(struct unix_diag_msg, udiag_state), .names = &words_socket_state },
	{ "inode", FIELD_U32, FIELD_KEY, 0, "number among files", HEADER_FIELD(struct unix_diag_msg, udiag_ino) },
	{ "cookie", FIELD_U64, FIELD_HEX, 0, "number that no other socket has", HEADER_FIELD(struct unix_diag_msg, udiag_cookie) },
};
static const struct field place[] = {
	{ "inode", FIELD_U32, 0, 0, "file", HEADER_FIELD(struct unix_diag_vfs, udiag_vfs_ino) },
	{ "device", FIELD_U32, FIELD_HEX, 0, "file system", HEADER_FIELD(struct unix_diag_vfs, udiag_vfs_dev) },
};
static const struct schema schema_place = {
	.name = "file", .header_size = sizeof(struct unix_diag_vfs), .header = place, .header_count = ARRAY_SIZE(place)
};
static const struct field queues[] = {
	{ "rqueue", FIELD_U32, MOVES, 0, "bytes to be read; of a listening one connections to be taken",
	  HEADER_FIELD(struct unix_diag_rqlen, udiag_rqueue) },
	{ "wqueue", FIELD_U32, MOVES, 0, "bytes not read by the other end; of a listening one room for connections",
	  HEADER_FIELD(struct unix_diag_rqlen, udiag_wqueue) },
};
static const struct schema schema_queues = {
	.name = "queues", .header_size = sizeof(struct unix_diag_rqlen), .header = queues, .header_count = ARRAY_SIZE(queues)
};
static const struct field waiting = { .name = "inode", .kind = FIELD_U32 };
static const struct field unix_attributes[] = {
	[UNIX_DIAG_NAME] = { "name", FIELD_CODEC, 0, 0, "name; @: in no file system", .codec = &codec_name },
	[UNIX_DIAG_VFS] = { "file", FIELD_RECORD, 0, 0, "file of that name", .schema = &schema_place },
	[UNIX_DIAG_PEER] = { "peer", FIELD_U32, 0, 0, "the other end, by its inode" },
	[UNIX_DIAG_ICONS] = { "connecting", FIELD_INDEXED, MOVES, 0, "connections to be taken, by their inodes", .element = &waiting },
	[UNIX_DIAG_RQLEN] = { "queues", FIELD_RECORD, MOVES, 0, "queues", .schema = &schema_queues },
	[UNIX_DIAG_MEMINFO] = { "memory", FIELD_RECORD, MOVES, 0, "memory", .schema = &schema_socket_memory },
	[UNIX_DIAG_SHUTDOWN] = { "shutdown", FIELD_U8, 0, 0, "ways that are closed", .names = &words_socket_shutdown },
	[UNIX_DIAG_UID] = { "uid", FIELD_U32, 0, 0, "user" },
	SOCKET_OWNER_FIELDS,
};
static const struct schema schema_unix = {
	.name = "socket",
	.help = "sockets of the Unix domain",
	.header_size = sizeof(struct unix_diag_msg),
	.header = unix_header,
	.header_count = ARRAY_SIZE(unix_header),
	.attributes = unix_attributes,
	.attribute_count = ARRAY_SIZE(unix_attributes),
};

static void path_number(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)naming;
	buffer_printf(ret, "%u", (unsigned int)record_number(record, "inode", 0));
}

static int parse_unix(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
		      struct error *error)
{
	return socket_parse_number(&schema_unix, "inode", text, naming, arena, ret, ret_rest, error);
}

static void dump_unix(struct buffer *request, uint8_t family)
{
	const struct unix_diag_req all = {
		.sdiag_family = family,
		.udiag_states = UINT32_MAX,
		.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN | UDIAG_SHOW_MEMINFO |
			      UDIAG_SHOW_UID,
	};

	buffer_add(request, &all, sizeof(all));
}

static bool is_unix(const struct nlmsghdr *message)
{
	return *(const uint8_t *)NLMSG_DATA(message) == AF_UNIX;
}

/* ---- netlink ---- */

NAMES(netlink_flags, true, { NDIAG_FLAG_CB_RUNNING, "dumping" }, { NDIAG_FLAG_PKTINFO, "pktinfo" }, { NDIAG_FLAG_BROADCAST_ERROR, "broadcast_error" },
      { NDIAG_FLAG_NO_ENOBUFS, "no_enobufs" }, { NDIAG_FLAG_LISTEN_ALL_NSID, "listen_all_nsid" }, { NDIAG_FLAG_CAP_ACK, "cap_ack" },
      { 64, "ext_ack" }, { 128, "strict_check" });

static const struct field netlink_header[] = {
	{ "family", FIELD_U8, FIELD_HIDDEN, 0, "AF_NETLINK", HEADER_FIELD(struct netlink_diag_msg, ndiag_family) },
	{ "type", FIELD_U8, 0, 0, "kind", HEADER_FIELD(struct netlink_diag_msg, ndiag_type), .names = &words_socket_kind },
	{ "protocol", FIELD_U8, FIELD_KEY, 0, "protocol", HEADER_FIELD(struct netlink_diag_msg, ndiag_protocol) },
	{ "state", FIELD_U8, 0, 0, "state", HEADER_FIELD(struct netlink_diag_msg, ndiag_state) },
	{ "port", FIELD_U32, FIELD_KEY, 0, "port; 0: the kernel", HEADER_FIELD(struct netlink_diag_msg, ndiag_portid) },
	{ "dst_port", FIELD_U32, 0, 0, "port there", HEADER_FIELD(struct netlink_diag_msg, ndiag_dst_portid) },
	{ "dst_group", FIELD_U32, 0, 0, "group there", HEADER_FIELD(struct netlink_diag_msg, ndiag_dst_group) },
	{ "inode", FIELD_U32, 0, 0, "number among files", HEADER_FIELD(struct netlink_diag_msg, ndiag_ino) },
	{ "cookie", FIELD_U64, FIELD_HEX, 0, "number that no other socket has", HEADER_FIELD(struct netlink_diag_msg, ndiag_cookie) },
};
static const struct field netlink_attributes[] = {
	[NETLINK_DIAG_MEMINFO] = { "memory", FIELD_RECORD, MOVES, 0, "memory", .schema = &schema_socket_memory },
	[NETLINK_DIAG_GROUPS] = { "groups", FIELD_BYTES, 0, 0, "groups that it hears, as bits" },
	[NETLINK_DIAG_RX_RING] = { "rx_ring", FIELD_BYTES, 0, 0, "ring, of old kernels" },
	[NETLINK_DIAG_TX_RING] = { "tx_ring", FIELD_BYTES, 0, 0, "ring, of old kernels" },
	[NETLINK_DIAG_FLAGS] = { "flags", FIELD_U32, 0, 0, "options", .names = &netlink_flags },
	SOCKET_OWNER_FIELDS,
};
static const struct schema schema_netlink = {
	.name = "socket",
	.help = "sockets of netlink",
	.header_size = sizeof(struct netlink_diag_msg),
	.header = netlink_header,
	.header_count = ARRAY_SIZE(netlink_header),
	.attributes = netlink_attributes,
	.attribute_count = ARRAY_SIZE(netlink_attributes),
};

static void path_netlink(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)naming;
	buffer_printf(ret, "%u/%u", (unsigned int)record_number(record, "protocol", 0), (unsigned int)record_number(record, "port", 0));
}

static int parse_netlink(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
			 struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema_netlink), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_word(&left, "protocol", NULL);
	if (r == 0)
		r = object_parse_word(&left, "port", NULL);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no socket of netlink: PROTOCOL/PORT is, such as 0/1234", text);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

static void dump_netlink(struct buffer *request, uint8_t family)
{
	const struct netlink_diag_req all = { .sdiag_family = family,
					      .sdiag_protocol = NDIAG_PROTO_ALL,
					      .ndiag_show = NDIAG_SHOW_MEMINFO | NDIAG_SHOW_GROUPS | NDIAG_SHOW_FLAGS };

	buffer_add(request, &all, sizeof(all));
}

static bool is_netlink(const struct nlmsghdr *message)
{
	return *(const uint8_t *)NLMSG_DATA(message) == AF_NETLINK;
}

/* ---- packet ---- */

NAMES(packet_flags, true, { PDI_RUNNING, "running" }, { PDI_AUXDATA, "auxdata" }, { PDI_ORIGDEV, "origdev" }, { PDI_VNETHDR, "vnethdr" },
      { PDI_LOSS, "loss" });

static const struct field packet_header[] = {
	{ "family", FIELD_U8, FIELD_HIDDEN, 0, "AF_PACKET", HEADER_FIELD(struct packet_diag_msg, pdiag_family) },
	{ "type", FIELD_U8, 0, 0, "kind", HEADER_FIELD(struct packet_diag_msg, pdiag_type), .names = &words_socket_kind },
	{ "protocol", FIELD_U16, FIELD_HEX, 0, "packets that it hears", HEADER_FIELD(struct packet_diag_msg, pdiag_num) },
	{ "inode", FIELD_U32, FIELD_KEY, 0, "number among files", HEADER_FIELD(struct packet_diag_msg, pdiag_ino) },
	{ "cookie", FIELD_U64, FIELD_HEX, 0, "number that no other socket has", HEADER_FIELD(struct packet_diag_msg, pdiag_cookie) },
};
static const struct field packet_info[] = {
	{ "dev", FIELD_INTERFACE, 0, 0, "link at which it hears", HEADER_FIELD(struct packet_diag_info, pdi_index) },
	{ "version", FIELD_U32, 0, 0, "of its ring", HEADER_FIELD(struct packet_diag_info, pdi_version) },
	{ "reserve", FIELD_U32, 0, UNIT_BYTES, "left free before each packet", HEADER_FIELD(struct packet_diag_info, pdi_reserve) },
	{ "copy_threshold", FIELD_U32, 0, UNIT_PACKETS, "copied though the ring is full", HEADER_FIELD(struct packet_diag_info, pdi_copy_thresh) },
	{ "timestamp", FIELD_U32, 0, 0, "time stamps", HEADER_FIELD(struct packet_diag_info, pdi_tstamp) },
	{ "flags", FIELD_U32, 0, 0, "options", HEADER_FIELD(struct packet_diag_info, pdi_flags), .names = &packet_flags },
};
static const struct schema schema_packet_info = {
	.name = "info", .header_size = sizeof(struct packet_diag_info), .header = packet_info, .header_count = ARRAY_SIZE(packet_info)
};
static const struct field packet_attributes[] = {
	[PACKET_DIAG_INFO] = { "info", FIELD_RECORD, 0, 0, "how it hears", .schema = &schema_packet_info },
	[PACKET_DIAG_MCLIST] = { "memberships", FIELD_BYTES, 0, 0, "groups that it has joined" },
	[PACKET_DIAG_RX_RING] = { "rx_ring", FIELD_BYTES, 0, 0, "ring of what is received" },
	[PACKET_DIAG_TX_RING] = { "tx_ring", FIELD_BYTES, 0, 0, "ring of what is sent" },
	[PACKET_DIAG_FANOUT] = { "fanout", FIELD_U32, FIELD_HEX, 0, "sockets that share the packets" },
	[PACKET_DIAG_UID] = { "uid", FIELD_U32, 0, 0, "user" },
	[PACKET_DIAG_MEMINFO] = { "memory", FIELD_RECORD, MOVES, 0, "memory", .schema = &schema_socket_memory },
	[PACKET_DIAG_FILTER] = { "filter", FIELD_BYTES, 0, 0, "program of classic BPF" },
	SOCKET_OWNER_FIELDS,
};
static const struct schema schema_packet = {
	.name = "socket",
	.help = "packet sockets",
	.header_size = sizeof(struct packet_diag_msg),
	.header = packet_header,
	.header_count = ARRAY_SIZE(packet_header),
	.attributes = packet_attributes,
	.attribute_count = ARRAY_SIZE(packet_attributes),
};

static int parse_packet(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
			struct error *error)
{
	return socket_parse_number(&schema_packet, "inode", text, naming, arena, ret, ret_rest, error);
}

static void dump_packet(struct buffer *request, uint8_t family)
{
	const struct packet_diag_req all = {
		.sdiag_family = family,
		.pdiag_show =
			PACKET_SHOW_INFO | PACKET_SHOW_MCLIST | PACKET_SHOW_RING_CFG | PACKET_SHOW_FANOUT | PACKET_SHOW_MEMINFO | PACKET_SHOW_FILTER,
	};

	buffer_add(request, &all, sizeof(all));
}

static bool is_packet(const struct nlmsghdr *message)
{
	return *(const uint8_t *)NLMSG_DATA(message) == AF_PACKET;
}

/* ---- The three ---- */

/* A socket of netlink that hears groups is told once more among those that do. */
#define LOCAL_SOCKETS(identifier, family_of, is_one, path_of, words) \
	static const struct object object_##identifier = {           \
		.name = #identifier,                                 \
		.help = words,                                       \
		.protocol = &protocol_sock_diag,                     \
		.new_type = SOCK_DIAG_BY_FAMILY,                     \
		.delete_type = SOCK_DESTROY,                         \
		.get_type = SOCK_DIAG_BY_FAMILY,                     \
		.schema = &schema_##identifier,                      \
		.families = { family_of },                           \
		.family_count = 1,                                   \
		.concerns = is_one,                                  \
		.path = path_of,                                     \
		.parse = parse_##identifier,                         \
		.dump = dump_##identifier,                           \
		.remove_request = socket_no_removal,                 \
		.can_be_made = socket_cannot_be_made,                \
		.origin = socket_origin,                             \
		.has_owner = true,                                   \
		.tells_twice = (family_of) == AF_NETLINK,            \
		.may_lack = true,                                    \
		.untold = true,                                      \
	};                                                           \
	OBJECT_CHANNEL_OF(sock_diag, identifier, object_##identifier, words, "sampled")

LOCAL_SOCKETS(unix, AF_UNIX, is_unix, path_number, "sockets of the Unix domain, and the processes that have them");
LOCAL_SOCKETS(netlink, AF_NETLINK, is_netlink, path_netlink, "sockets of netlink, and the processes that have them");
LOCAL_SOCKETS(packet, AF_PACKET, is_packet, path_number, "packet sockets, and the processes that have them");
