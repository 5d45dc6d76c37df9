/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NETLINK_SOCK_DIAG: sockets, as ss(8) tells them. They are read when they are asked for: the kernel tells no one when one is made. Sources:
 * sock_diag(7), <linux/inet_diag.h>, <linux/unix_diag.h>, <linux/netlink_diag.h>, <linux/packet_diag.h>. */
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include "channel/socket.h"

NAMES(types, false, { SOCK_DIAG_BY_FAMILY, "SOCK_DIAG_BY_FAMILY" }, { SOCK_DESTROY, "SOCK_DESTROY" });

const struct protocol protocol_sock_diag = {
	.name = "netlink/sock_diag",
	.number = NETLINK_SOCK_DIAG,
	.types = &types,
};

static const struct name state_words[] = {
	{ TCP_ESTABLISHED, "established" }, { TCP_SYN_SENT, "syn-sent" },   { TCP_SYN_RECV, "syn-recv" }, { TCP_FIN_WAIT1, "fin-wait-1" },
	{ TCP_FIN_WAIT2, "fin-wait-2" },    { TCP_TIME_WAIT, "time-wait" }, { TCP_CLOSE, "unconnected" }, { TCP_CLOSE_WAIT, "close-wait" },
	{ TCP_LAST_ACK, "last-ack" },       { TCP_LISTEN, "listening" },    { TCP_CLOSING, "closing" },   { 12, "new-syn-recv" },
	{ 13, "bound-inactive" },
};
const struct names words_socket_state = { state_words, ARRAY_SIZE(state_words) };

static const struct name kind_words[] = { { SOCK_STREAM, "stream" }, { SOCK_DGRAM, "dgram" }, { SOCK_RAW, "raw" }, { SOCK_SEQPACKET, "seqpacket" } };
const struct names words_socket_kind = { kind_words, ARRAY_SIZE(kind_words) };

static const struct name shutdown_words[] = { { 1, "receive" }, { 2, "send" } };
const struct names words_socket_shutdown = { shutdown_words, ARRAY_SIZE(shutdown_words), true };

#define MEMORY(number, name, unit, words)                                                     \
	{                                                                                     \
		name, FIELD_U32, FIELD_VOLATILE, unit, words, .offset = (number)*4, .size = 4 \
	}
static const struct field memory[] = {
	MEMORY(SK_MEMINFO_RMEM_ALLOC, "rmem", UNIT_BYTES, "received and not read"),
	MEMORY(SK_MEMINFO_RCVBUF, "rcvbuf", UNIT_BYTES, "room for that"),
	MEMORY(SK_MEMINFO_WMEM_ALLOC, "wmem", UNIT_BYTES, "handed to the device"),
	MEMORY(SK_MEMINFO_SNDBUF, "sndbuf", UNIT_BYTES, "room for what is sent"),
	MEMORY(SK_MEMINFO_FWD_ALLOC, "forward", UNIT_BYTES, "taken beforehand"),
	MEMORY(SK_MEMINFO_WMEM_QUEUED, "wmem_queued", UNIT_BYTES, "waiting to be sent"),
	MEMORY(SK_MEMINFO_OPTMEM, "optmem", UNIT_BYTES, "for options and filters"),
	MEMORY(SK_MEMINFO_BACKLOG, "backlog", UNIT_BYTES, "not looked at yet"),
	MEMORY(SK_MEMINFO_DROPS, "drops", UNIT_PACKETS, "dropped"),
};
const struct schema schema_socket_memory = { .name = "memory", .header_size = 36, .header = memory, .header_count = ARRAY_SIZE(memory) };

bool socket_cannot_be_made(const struct record *record, const char **ret_why)
{
	(void)record;
	*ret_why = "sockets are made by programs";
	return false;
}

enum object_origin socket_origin(const struct record *record)
{
	(void)record;
	return OBJECT_PASSING;
}

int socket_no_removal(const struct record *record, struct buffer *request, struct error *error)
{
	(void)record;
	(void)request;
	return error_set(error, -EOPNOTSUPP, "the kernel destroys sockets of TCP and UDP alone");
}

int socket_parse_number(const struct schema *schema, const char *field, const char *text, const struct naming *naming, struct arena *arena,
			struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_word(&left, field, NULL);
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no socket: its inode is, such as 12345", text);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}
