/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets of the internet: TCP, UDP and raw ones. They are told, and destroyed, by requests of one form. Sources: sock_diag(7), <linux/inet_diag.h>,
 * tcp(7), ss(8). */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#include "channel/socket.h"
#include "channel/words.h"

/* ---- An address, by the family that the header says ---- */

static int decode_address(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	const uint8_t family = decode->header_length ? *(const uint8_t *)decode->header : AF_UNSPEC;

	(void)field;
	if (length != 16)
		return -EBADMSG;
	*ret = value_data(VALUE_ADDRESS, data, family == AF_INET ? 4 : 16);
	return 0;
}

static int encode_address(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	uint8_t bytes[16] = { 0 };

	if (value->type != VALUE_ADDRESS || value->bytes.length > sizeof(bytes))
		return error_set(error, -EINVAL, "%s must be an IP address", field->name);
	memcpy(bytes, value->bytes.data, value->bytes.length);
	buffer_add(buffer, bytes, sizeof(bytes));
	return 0;
}

static const struct codec codec_address = { decode_address, encode_address, FIELD_ADDRESS };

/* ---- struct tcp_info: an older kernel tells less of it ---- */

#define INFO(member, kind, unit, words)                                                                  \
	{                                                                                                \
#member, kind, FIELD_VOLATILE, unit, words, HEADER_FIELD(struct tcp_info, tcpi_##member) \
	}
NAMES(congestion_states, false, { 0, "open" }, { 1, "disorder" }, { 2, "cwr" }, { 3, "recovery" }, { 4, "loss" });
NAMES(info_options, true, { 1, "timestamps" }, { 2, "sack" }, { 4, "wscale" }, { 8, "ecn" }, { 16, "ecn_seen" }, { 32, "syn_data" },
      { 64, "usec_timestamps" });

static const struct field info[] = {
	{ "ca_state", FIELD_U8, FIELD_VOLATILE, 0, "congestion", HEADER_FIELD(struct tcp_info, tcpi_ca_state), .names = &congestion_states },
	INFO(retransmits, FIELD_U8, 0, "times the last segment was sent again"),
	INFO(probes, FIELD_U8, 0, "probes without an answer"),
	INFO(backoff, FIELD_U8, 0, "doublings of the timer"),
	{ "options", FIELD_U8, FIELD_VOLATILE, 0, "what both ends can", HEADER_FIELD(struct tcp_info, tcpi_options), .names = &info_options },
	INFO(rto, FIELD_U32, UNIT_MICROSECONDS, "until a segment is sent again"),
	INFO(ato, FIELD_U32, UNIT_MICROSECONDS, "until a segment is acknowledged"),
	INFO(snd_mss, FIELD_U32, UNIT_BYTES, "largest segment sent"),
	INFO(rcv_mss, FIELD_U32, UNIT_BYTES, "largest segment received"),
	INFO(unacked, FIELD_U32, UNIT_PACKETS, "not acknowledged"),
	INFO(sacked, FIELD_U32, UNIT_PACKETS, "acknowledged out of turn"),
	INFO(lost, FIELD_U32, UNIT_PACKETS, "lost"),
	INFO(retrans, FIELD_U32, UNIT_PACKETS, "sent again and not acknowledged"),
	INFO(last_data_sent, FIELD_U32, UNIT_MILLISECONDS, "since data was sent"),
	INFO(last_data_recv, FIELD_U32, UNIT_MILLISECONDS, "since data was received"),
	INFO(last_ack_recv, FIELD_U32, UNIT_MILLISECONDS, "since an acknowledgement"),
	INFO(pmtu, FIELD_U32, UNIT_BYTES, "largest packet of the path"),
	INFO(rcv_ssthresh, FIELD_U32, UNIT_BYTES, "window that is offered at most"),
	INFO(rtt, FIELD_U32, UNIT_MICROSECONDS, "way there and back"),
	INFO(rttvar, FIELD_U32, UNIT_MICROSECONDS, "its variance"),
	INFO(snd_ssthresh, FIELD_U32, UNIT_PACKETS, "end of slow start"),
	INFO(snd_cwnd, FIELD_U32, UNIT_PACKETS, "congestion window"),
	INFO(advmss, FIELD_U32, UNIT_BYTES, "largest segment, announced"),
	INFO(reordering, FIELD_U32, UNIT_PACKETS, "that may be out of turn"),
	INFO(rcv_rtt, FIELD_U32, UNIT_MICROSECONDS, "way there and back, of the receiver"),
	INFO(rcv_space, FIELD_U32, UNIT_BYTES, "room of the receiver"),
	INFO(total_retrans, FIELD_U32, UNIT_PACKETS, "sent again"),
	INFO(pacing_rate, FIELD_U64, UNIT_BYTES_A_SECOND, "pace"),
	INFO(max_pacing_rate, FIELD_U64, UNIT_BYTES_A_SECOND, "pace at most"),
	INFO(bytes_acked, FIELD_U64, UNIT_BYTES, "acknowledged"),
	INFO(bytes_received, FIELD_U64, UNIT_BYTES, "received"),
	INFO(segs_out, FIELD_U32, UNIT_PACKETS, "sent"),
	INFO(segs_in, FIELD_U32, UNIT_PACKETS, "received"),
	INFO(notsent_bytes, FIELD_U32, UNIT_BYTES, "waiting to be sent"),
	INFO(min_rtt, FIELD_U32, UNIT_MICROSECONDS, "least way there and back"),
	INFO(data_segs_in, FIELD_U32, UNIT_PACKETS, "received with data"),
	INFO(data_segs_out, FIELD_U32, UNIT_PACKETS, "sent with data"),
	INFO(delivery_rate, FIELD_U64, UNIT_BYTES_A_SECOND, "delivered"),
	INFO(busy_time, FIELD_U64, UNIT_MICROSECONDS, "with something to send"),
	INFO(rwnd_limited, FIELD_U64, UNIT_MICROSECONDS, "held up by the receiver's window"),
	INFO(sndbuf_limited, FIELD_U64, UNIT_MICROSECONDS, "held up by the own buffer"),
	INFO(delivered, FIELD_U32, UNIT_PACKETS, "delivered"),
	INFO(delivered_ce, FIELD_U32, UNIT_PACKETS, "delivered with a mark"),
	INFO(bytes_sent, FIELD_U64, UNIT_BYTES, "sent"),
	INFO(bytes_retrans, FIELD_U64, UNIT_BYTES, "sent again"),
	INFO(dsack_dups, FIELD_U32, UNIT_PACKETS, "that came twice"),
	INFO(reord_seen, FIELD_U32, 0, "times that packets were out of turn"),
	INFO(rcv_ooopack, FIELD_U32, UNIT_PACKETS, "received out of turn"),
	INFO(snd_wnd, FIELD_U32, UNIT_BYTES, "window of the other end"),
};
static const struct schema schema_info = {
	.name = "tcp_info", .header_size = sizeof(struct tcp_info), .header = info, .header_count = ARRAY_SIZE(info)
};

/* ---- The fields of all ---- */

NAMES(timers, false, { 0, "off" }, { 1, "on" }, { 2, "keepalive" }, { 3, "timewait" }, { 4, "persist" });

static const struct field header[] = {
	{ "family", FIELD_U8, FIELD_KEY, 0, "protocol family", HEADER_FIELD(struct inet_diag_msg, idiag_family), .names = &words_family },
	{ "state", FIELD_U8, 0, 0, "state", HEADER_FIELD(struct inet_diag_msg, idiag_state), .names = &words_socket_state },
	{ "timer", FIELD_U8, FIELD_VOLATILE, 0, "what it waits for", HEADER_FIELD(struct inet_diag_msg, idiag_timer), .names = &timers },
	{ "retrans", FIELD_U8, FIELD_VOLATILE, 0, "times that it has waited", HEADER_FIELD(struct inet_diag_msg, idiag_retrans) },
	{ "sport", FIELD_BE16, FIELD_KEY, 0, "port here; of a raw socket its protocol", HEADER_FIELD(struct inet_diag_msg, id.idiag_sport) },
	{ "dport", FIELD_BE16, FIELD_KEY, 0, "port there", HEADER_FIELD(struct inet_diag_msg, id.idiag_dport) },
	{ "src", FIELD_CODEC, FIELD_KEY, 0, "address here", HEADER_FIELD(struct inet_diag_msg, id.idiag_src), .codec = &codec_address },
	{ "dst", FIELD_CODEC, FIELD_KEY, 0, "address there", HEADER_FIELD(struct inet_diag_msg, id.idiag_dst), .codec = &codec_address },
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link to which it is bound", HEADER_FIELD(struct inet_diag_msg, id.idiag_if) },
	{ "cookie", FIELD_U64, FIELD_HEX, 0, "number that no other socket has", HEADER_FIELD(struct inet_diag_msg, id.idiag_cookie) },
	{ "expires", FIELD_U32, FIELD_VOLATILE, UNIT_MILLISECONDS, "until the timer", HEADER_FIELD(struct inet_diag_msg, idiag_expires) },
	{ "rqueue", FIELD_U32, FIELD_VOLATILE, UNIT_BYTES, "to be read; of a listening one connections to be taken",
	  HEADER_FIELD(struct inet_diag_msg, idiag_rqueue) },
	{ "wqueue", FIELD_U32, FIELD_VOLATILE, UNIT_BYTES, "not acknowledged; of a listening one room for connections",
	  HEADER_FIELD(struct inet_diag_msg, idiag_wqueue) },
	{ "uid", FIELD_U32, 0, 0, "user", HEADER_FIELD(struct inet_diag_msg, idiag_uid) },
	{ "inode", FIELD_U32, 0, 0, "number among files; 0: no process has it", HEADER_FIELD(struct inet_diag_msg, idiag_inode) },
};

static const struct field plain_memory[] = {
	{ "rmem", FIELD_U32, FIELD_VOLATILE, UNIT_BYTES, "received and not read", HEADER_FIELD(struct inet_diag_meminfo, idiag_rmem) },
	{ "wmem", FIELD_U32, FIELD_VOLATILE, UNIT_BYTES, "waiting to be sent", HEADER_FIELD(struct inet_diag_meminfo, idiag_wmem) },
	{ "fmem", FIELD_U32, FIELD_VOLATILE, UNIT_BYTES, "taken beforehand", HEADER_FIELD(struct inet_diag_meminfo, idiag_fmem) },
	{ "tmem", FIELD_U32, FIELD_VOLATILE, UNIT_BYTES, "handed to the device", HEADER_FIELD(struct inet_diag_meminfo, idiag_tmem) },
};
static const struct schema schema_plain_memory = {
	.name = "meminfo", .header_size = sizeof(struct inet_diag_meminfo), .header = plain_memory, .header_count = ARRAY_SIZE(plain_memory)
};

static const struct field attributes_of_socket[] = {
	[INET_DIAG_MEMINFO] = { "meminfo", FIELD_RECORD, FIELD_HIDDEN | FIELD_VOLATILE, 0, "memory, less of it", .schema = &schema_plain_memory },
	[INET_DIAG_INFO] = { "info", FIELD_RECORD, FIELD_VOLATILE, 0, "what TCP knows of the path", .schema = &schema_info },
	[INET_DIAG_VEGASINFO] = { "vegas", FIELD_BYTES, FIELD_VOLATILE, 0, "what vegas knows of the path" },
	[INET_DIAG_CONG] = { "congestion", FIELD_TEXT, 0, 0, "congestion control" },
	[INET_DIAG_TOS] = { "tos", FIELD_U8, 0, 0, "service" },
	[INET_DIAG_TCLASS] = { "tclass", FIELD_U8, 0, 0, "traffic class" },
	[INET_DIAG_SKMEMINFO] = { "memory", FIELD_RECORD, FIELD_VOLATILE, 0, "memory", .schema = &schema_socket_memory },
	[INET_DIAG_SHUTDOWN] = { "shutdown", FIELD_U8, 0, 0, "ways that are closed", .names = &words_socket_shutdown },
	[INET_DIAG_DCTCPINFO] = { "dctcp", FIELD_BYTES, FIELD_VOLATILE, 0, "what dctcp knows of the path" },
	[INET_DIAG_PROTOCOL] = { "protocol", FIELD_U8, 0, 0, "protocol", .names = &words_ip_protocol },
	[INET_DIAG_SKV6ONLY] = { "v6only", FIELD_BOOL, 0, 0, "for IPv6 alone" },
	[INET_DIAG_LOCALS] = { "locals", FIELD_BYTES, 0, 0, "addresses here" },
	[INET_DIAG_PEERS] = { "peers", FIELD_BYTES, 0, 0, "addresses there" },
	[INET_DIAG_PAD] = { "pad", FIELD_PAD },
	[INET_DIAG_MARK] = { "mark", FIELD_U32, FIELD_HEX, 0, "mark" },
	[INET_DIAG_BBRINFO] = { "bbr", FIELD_BYTES, FIELD_VOLATILE, 0, "what bbr knows of the path" },
	[INET_DIAG_CLASS_ID] = { "class_id", FIELD_U32, 0, 0, "priority" },
	[INET_DIAG_MD5SIG] = { "md5sig", FIELD_BYTES, FIELD_SECRET, 0, "signatures" },
	[INET_DIAG_ULP_INFO] = { "ulp", FIELD_BYTES, 0, 0, "protocol above" },
	[INET_DIAG_SK_BPF_STORAGES] = { "bpf_storages", FIELD_BYTES, 0, 0, "what BPF programs keep at it" },
	[INET_DIAG_CGROUP_ID] = { "cgroup_id", FIELD_U64, 0, 0, "control group" },
	[INET_DIAG_SOCKOPT] = { "options", FIELD_BYTES, 0, 0, "options, as bits" },
	SOCKET_OWNER_FIELDS,
};

static const struct schema schema = {
	.name = "socket",
	.help = "sockets of the internet",
	.header_size = sizeof(struct inet_diag_msg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_socket,
	.attribute_count = ARRAY_SIZE(attributes_of_socket),
};

static bool concerns(const struct nlmsghdr *message)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);

	return socket->idiag_family == AF_INET || socket->idiag_family == AF_INET6;
}

/* ---- Its place in the tree: ADDRESS:PORT/ADDRESS:PORT. What stands behind the last colon is the port; brackets would be a pattern. ---- */

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	object_path_end(record, "src", "sport", ret);
	buffer_add_char(ret, '/');
	object_path_end(record, "dst", "dport", ret);
	if (record_number(record, "dev", 0)) {
		buffer_add_text(ret, ",dev=");
		object_path_interface(record, "dev", naming, ret);
	}
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_end(&left, "src", "sport");
	if (r == 0)
		r = *left.rest++ == '/' ? object_parse_end(&left, "dst", "dport") : -EINVAL;
	if (r == 0 && *left.rest == ',')
		r = object_parse_option(&left);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || (*left.rest != '\0' && *left.rest != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no socket: ADDRESS:PORT/ADDRESS:PORT is, such as 10.0.0.1:22/10.0.0.2:4000 or :::22/:::0",
				 text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

/* ---- Requests ---- */

#define EXTENSIONS                                                                                                               \
	(1 << (INET_DIAG_MEMINFO - 1) | 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_VEGASINFO - 1) | 1 << (INET_DIAG_CONG - 1) | \
	 1 << (INET_DIAG_TOS - 1) | 1 << (INET_DIAG_TCLASS - 1) | 1 << (INET_DIAG_SKMEMINFO - 1) | 1 << (INET_DIAG_SHUTDOWN - 1))

static struct inet_diag_req_v2 request_of(uint8_t family, uint8_t protocol, uint8_t extensions)
{
	return (struct inet_diag_req_v2){ .sdiag_family = family, .sdiag_protocol = protocol, .idiag_ext = extensions, .idiag_states = UINT32_MAX };
}

static void add_request(struct buffer *request, uint8_t family, uint8_t protocol, uint8_t extensions)
{
	const struct inet_diag_req_v2 all = request_of(family, protocol, extensions);

	buffer_add(request, &all, sizeof(all));
}

/* By its ports the kernel narrows a dump; asked for just one it would answer with one that listens where there is no such connection. */
static int get_by_ports(const struct record *key, uint8_t protocol, struct buffer *request)
{
	struct inet_diag_req_v2 some = request_of((uint8_t)record_number(key, "family", AF_UNSPEC), protocol, EXTENSIONS);

	if (!some.sdiag_family)
		return -ENOENT;
	some.id.idiag_sport = htobe16((uint16_t)record_number(key, "sport", 0));
	some.id.idiag_dport = htobe16((uint16_t)record_number(key, "dport", 0));
	buffer_add(request, &some, sizeof(some));
	return OBJECT_GET_DUMP;
}

static void put_address(const struct record *record, const char *name, uint32_t ret[4])
{
	const struct value *value = record_find(record, name);

	if (value && value->type == VALUE_ADDRESS && value->bytes.length <= 16)
		memcpy(ret, value->bytes.data, value->bytes.length);
}

static int destroy(const struct record *record, uint8_t protocol, struct buffer *request)
{
	struct inet_diag_req_v2 one = request_of((uint8_t)record_number(record, "family", AF_UNSPEC), protocol, 0);
	const uint64_t cookie = record_number(record, "cookie", UINT64_MAX);

	one.id.idiag_sport = htobe16((uint16_t)record_number(record, "sport", 0));
	one.id.idiag_dport = htobe16((uint16_t)record_number(record, "dport", 0));
	one.id.idiag_if = (uint32_t)record_number(record, "dev", 0);
	put_address(record, "src", one.id.idiag_src);
	put_address(record, "dst", one.id.idiag_dst);
	memcpy(one.id.idiag_cookie, &cookie, sizeof(cookie));
	buffer_add(request, &one, sizeof(one));
	return 0;
}

static const char *cannot_return(const struct record *record)
{
	(void)record;
	return "the program that has it would have to make it anew";
}

#define INTERNET_SOCKETS(identifier, number)                                                                              \
	static void dump_##identifier(struct buffer *request, uint8_t family)                                             \
	{                                                                                                                 \
		add_request(request, family, number, 0);                                                                  \
	}                                                                                                                 \
	static void dump_all_##identifier(struct buffer *request, uint8_t family)                                         \
	{                                                                                                                 \
		add_request(request, family, number, EXTENSIONS);                                                         \
	}                                                                                                                 \
	static int get_##identifier(const struct record *key, struct buffer *request)                                     \
	{                                                                                                                 \
		return get_by_ports(key, number, request);                                                                \
	}                                                                                                                 \
	static int remove_##identifier(const struct record *record, struct buffer *request, struct error *error _unused_) \
	{                                                                                                                 \
		return destroy(record, number, request);                                                                  \
	}                                                                                                                 \
	static const struct object object_##identifier = {                                                                \
		.name = #identifier,                                                                                      \
		.help = "sockets",                                                                                        \
		.protocol = &protocol_sock_diag,                                                                          \
		.new_type = SOCK_DIAG_BY_FAMILY,                                                                          \
		.delete_type = SOCK_DESTROY,                                                                              \
		.get_type = SOCK_DIAG_BY_FAMILY,                                                                          \
		.schema = &schema,                                                                                        \
		.families = { AF_INET, AF_INET6 },                                                                        \
		.family_count = 2,                                                                                        \
		.concerns = concerns,                                                                                     \
		.path = path,                                                                                             \
		.parse = parse,                                                                                           \
		.dump = dump_##identifier,                                                                                \
		.dump_all = dump_all_##identifier,                                                                        \
		.get = get_##identifier,                                                                                  \
		.remove_request = remove_##identifier,                                                                    \
		.can_be_made = socket_cannot_be_made,                                                                     \
		.cannot_return = cannot_return,                                                                           \
		.origin = socket_origin,                                                                                  \
		.has_owner = true,                                                                                        \
		.may_lack = true,                                                                                         \
		.untold = true,                                                                                           \
	}

INTERNET_SOCKETS(tcp, IPPROTO_TCP);
INTERNET_SOCKETS(udp, IPPROTO_UDP);
INTERNET_SOCKETS(raw, IPPROTO_RAW);

OBJECT_CHANNEL_OF(sock_diag, tcp, object_tcp, "sockets of TCP, and the processes that have them", "sampled");
OBJECT_CHANNEL_OF(sock_diag, udp, object_udp, "sockets of UDP, and the processes that have them", "sampled");
OBJECT_CHANNEL_OF(sock_diag, raw, object_raw, "raw sockets, and the processes that have them", "sampled");
