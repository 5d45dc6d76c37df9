/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Extension headers of IPv6, options of IPv4 and TCP, chunks of SCTP, as nft(8) calls them and their fields. Sources: nft(8), the RFCs. */

#include "channel/netfilter_say.h"

struct option_field {
	const char *name;
	uint16_t offset, bits;
	uint8_t type; /* 0: a number */
};

struct option {
	uint8_t protocol, number; /* NFT_EXTHDR_OP_* */
	const char *name;
	const struct option_field *fields;
	uint32_t count;
};

#define FIELDS(identifier, ...) static const struct option_field identifier[] = { __VA_ARGS__ }

FIELDS(hop_by_hop, { "nexthdr", 0, 8, TYPE_INET_PROTOCOL }, { "hdrlength", 8, 8 });
FIELDS(routing, { "nexthdr", 0, 8, TYPE_INET_PROTOCOL }, { "hdrlength", 8, 8 }, { "type", 16, 8 }, { "seg-left", 24, 8 });
FIELDS(fragment, { "nexthdr", 0, 8, TYPE_INET_PROTOCOL }, { "reserved", 8, 8 }, { "frag-off", 16, 13 }, { "reserved2", 29, 2 },
       { "more-fragments", 31, 1 }, { "id", 32, 32 });
FIELDS(mobility, { "nexthdr", 0, 8, TYPE_INET_PROTOCOL }, { "hdrlength", 8, 8 }, { "type", 16, 8, TYPE_MH_TYPE }, { "reserved", 24, 8 },
       { "checksum", 32, 16 });
FIELDS(ip_address, { "type", 0, 8 }, { "length", 8, 8 }, { "ptr", 16, 8 }, { "addr", 24, 32 });
FIELDS(ip_alert, { "type", 0, 8 }, { "length", 8, 8 }, { "value", 16, 16 });
FIELDS(tcp_kind, { "kind", 0, 8 });
FIELDS(tcp_common, { "kind", 0, 8 }, { "length", 8, 8 });
FIELDS(tcp_segment, { "kind", 0, 8 }, { "length", 8, 8 }, { "size", 16, 16 });
FIELDS(tcp_window, { "kind", 0, 8 }, { "length", 8, 8 }, { "count", 16, 8 });
FIELDS(tcp_sack, { "kind", 0, 8 }, { "length", 8, 8 }, { "left", 16, 32 }, { "right", 48, 32 }, { "left", 80, 32 }, { "right", 112, 32 },
       { "left", 144, 32 }, { "right", 176, 32 }, { "left", 208, 32 }, { "right", 240, 32 });
FIELDS(tcp_timestamp, { "kind", 0, 8 }, { "length", 8, 8 }, { "tsval", 16, 32 }, { "tsecr", 48, 32 });
FIELDS(tcp_multipath, { "kind", 0, 8 }, { "length", 8, 8 }, { "subtype", 16, 4 });
#define CHUNK                                \
	{ "type", 0, 8 }, { "flags", 8, 8 }, \
	{                                    \
		"length", 16, 16             \
	}
FIELDS(chunk, CHUNK);
FIELDS(chunk_data, CHUNK, { "tsn", 32, 32 }, { "stream", 64, 16 }, { "ssn", 80, 16 }, { "ppid", 96, 32 });
FIELDS(chunk_init, CHUNK, { "init-tag", 32, 32 }, { "a-rwnd", 64, 32 }, { "num-outbound-streams", 96, 16 }, { "num-inbound-streams", 112, 16 },
       { "initial-tsn", 128, 32 });
FIELDS(chunk_sack, CHUNK, { "cum-tsn-ack", 32, 32 }, { "a-rwnd", 64, 32 }, { "num-gap-ack-blocks", 96, 16 }, { "num-dup-tsns", 112, 16 });
FIELDS(chunk_shutdown, CHUNK, { "cum-tsn-ack", 32, 32 });
FIELDS(chunk_ecn, CHUNK, { "lowest-tsn", 32, 32 });
FIELDS(chunk_asconf, CHUNK, { "seqno", 32, 32 });
FIELDS(chunk_forward, CHUNK, { "new-cum-tsn", 32, 32 });

#define OPTION(protocol, number, name, fields)                                                   \
	{                                                                                        \
		NFT_EXTHDR_OP_##protocol, number, name, fields, sizeof(fields) / sizeof(*fields) \
	}

static const struct option options[] = {
	OPTION(IPV6, IPPROTO_HOPOPTS, "hbh", hop_by_hop),
	OPTION(IPV6, IPPROTO_ROUTING, "rt", routing),
	OPTION(IPV6, IPPROTO_FRAGMENT, "frag", fragment),
	OPTION(IPV6, IPPROTO_DSTOPTS, "dst", hop_by_hop),
	OPTION(IPV6, IPPROTO_MH, "mh", mobility),
	OPTION(IPV4, 7, "rr", ip_address),
	OPTION(IPV4, 131, "lsrr", ip_address),
	OPTION(IPV4, 137, "ssrr", ip_address),
	OPTION(IPV4, 148, "ra", ip_alert),
	OPTION(TCPOPT, 0, "eol", tcp_kind),
	OPTION(TCPOPT, 1, "nop", tcp_kind),
	OPTION(TCPOPT, 2, "maxseg", tcp_segment),
	OPTION(TCPOPT, 3, "window", tcp_window),
	OPTION(TCPOPT, 4, "sack-perm", tcp_common),
	OPTION(TCPOPT, 5, "sack", tcp_sack),
	OPTION(TCPOPT, 8, "timestamp", tcp_timestamp),
	OPTION(TCPOPT, 19, "md5sig", tcp_common),
	OPTION(TCPOPT, 30, "mptcp", tcp_multipath),
	OPTION(TCPOPT, 34, "fastopen", tcp_common),
	OPTION(SCTP, 0, "data", chunk_data),
	OPTION(SCTP, 1, "init", chunk_init),
	OPTION(SCTP, 2, "init-ack", chunk_init),
	OPTION(SCTP, 3, "sack", chunk_sack),
	OPTION(SCTP, 4, "heartbeat", chunk),
	OPTION(SCTP, 5, "heartbeat-ack", chunk),
	OPTION(SCTP, 6, "abort", chunk),
	OPTION(SCTP, 7, "shutdown", chunk_shutdown),
	OPTION(SCTP, 8, "shutdown-ack", chunk),
	OPTION(SCTP, 9, "error", chunk),
	OPTION(SCTP, 10, "cookie-echo", chunk),
	OPTION(SCTP, 11, "cookie-ack", chunk),
	OPTION(SCTP, 12, "ecne", chunk_ecn),
	OPTION(SCTP, 13, "cwr", chunk_ecn),
	OPTION(SCTP, 14, "shutdown-complete", chunk),
	OPTION(SCTP, 0x80, "asconf-ack", chunk_asconf),
	OPTION(SCTP, 0xc0, "forward-tsn", chunk_forward),
	OPTION(SCTP, 0xc1, "asconf", chunk_asconf),
};

static bool find_field(const struct option *option, uint32_t offset, uint32_t bits, struct term *ret)
{
	for (uint32_t i = 0; i < option->count; i++) {
		const struct option_field *field = &option->fields[i];

		if (field->offset != offset || field->bits != bits)
			continue;
		ret->option.field = field->name;
		ret->option.place = option->protocol == NFT_EXTHDR_OP_TCPOPT ? (uint8_t)(offset / 64) : 0;
		ret->type = field->type ? field->type : TYPE_INTEGER;
		return true;
	}
	return false;
}

bool option_find(uint8_t protocol, uint8_t number, uint32_t offset, uint32_t bits, struct term *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].protocol != protocol || options[i].number != number)
			continue;
		ret->option.name = options[i].name;
		return find_field(&options[i], offset, bits, ret);
	}
	return false;
}
