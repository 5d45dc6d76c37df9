/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The typed files of a network namespace, below /proc/net. Source: Documentation/networking/proc_net_tcp.rst, proc_pid_net(5), net/ipv4/tcp_ipv4.c
 * and its neighbours for the columns. */
#include "channel/report-tables.h"

static const struct field counter = { "", FIELD_U64, FIELD_VOLATILE };
static const struct field no_fields[] = {};

static const struct field dev_fields[] = {
	{ "interface", FIELD_TEXT, FIELD_KEY, .help = "its name" },
	BYTES("rx_bytes", "received"),
	COUNT("rx_packets", UNIT_PACKETS, "received"),
	COUNT("rx_errors", UNIT_PACKETS, "received with an error"),
	COUNT("rx_dropped", UNIT_PACKETS, "received and dropped"),
	COUNT("rx_fifo", UNIT_PACKETS, "lost because the device's queue was full"),
	COUNT("rx_frame", UNIT_PACKETS, "received with a wrong length, checksum or frame"),
	COUNT("rx_compressed", UNIT_PACKETS, "received compressed"),
	COUNT("rx_multicast", UNIT_PACKETS, "received for a group"),
	BYTES("tx_bytes", "sent"),
	COUNT("tx_packets", UNIT_PACKETS, "sent"),
	COUNT("tx_errors", UNIT_PACKETS, "not sent because of an error"),
	COUNT("tx_dropped", UNIT_PACKETS, "dropped instead of sent"),
	COUNT("tx_fifo", UNIT_PACKETS, "lost in the device's queue"),
	COUNT("tx_collisions", 0, "collisions"),
	COUNT("tx_carrier", UNIT_PACKETS, "not sent because the carrier was lost"),
	COUNT("tx_compressed", UNIT_PACKETS, "sent compressed"),
};
static const struct schema dev_schema = SCHEMA("net/dev", "what an interface received and sent", dev_fields);
static const struct layout dev = { LAYOUT_ROWS, .schema = &dev_schema, .key_end = ':', .headings = "Inter-| face" };

NAMES(route_flags, true, { 0x1, "up" }, { 0x2, "gateway" }, { 0x4, "host" }, { 0x8, "reinstate" }, { 0x10, "dynamic" }, { 0x20, "modified" },
      { 0x40, "mtu" }, { 0x80, "window" }, { 0x100, "irtt" }, { 0x200, "reject" });
static const struct field route_fields[] = {
	{ "interface", FIELD_TEXT },
	{ "destination", FIELD_ADDRESS, .form = FORM_WORDS },
	{ "gateway", FIELD_ADDRESS, .form = FORM_WORDS },
	{ "flags", FIELD_U32, .form = FORM_HEX, .names = &route_flags },
	{ "references", FIELD_U32, .help = "always 0" },
	{ "use", FIELD_U32, .help = "always 0" },
	{ "metric", FIELD_U32, .help = "the lower, the better" },
	{ "mask", FIELD_ADDRESS, .form = FORM_WORDS },
	{ "mtu", FIELD_U32, 0, UNIT_BYTES },
	{ "window", FIELD_U32, 0, UNIT_BYTES },
	{ "irtt", FIELD_U32, 0, UNIT_MILLISECONDS, "round trip to begin with" },
};
static const struct schema route_schema = SCHEMA("net/route", "an IPv4 route of the main table", route_fields);
static const struct layout route = { LAYOUT_ROWS, LAYOUT_NUMBERED, .schema = &route_schema, .headings = "Iface" };

NAMES(arp_flags, true, { 0x2, "complete" }, { 0x4, "permanent" }, { 0x8, "published" }, { 0x10, "trailers" }, { 0x20, "netmask" },
      { 0x40, "dontpublish" });
static const struct field arp_fields[] = {
	{ "address", FIELD_ADDRESS, FIELD_KEY, .help = "IPv4 address" },
	{ "type", FIELD_U32, .help = "hardware type: ARPHRD_... of the kernel", .form = FORM_HEX },
	{ "flags", FIELD_U32, FIELD_VOLATILE, .form = FORM_HEX, .names = &arp_flags },
	{ "lladdr", FIELD_ADDRESS, .help = "link-layer address" },
	{ "mask", FIELD_TEXT, .help = "always *" },
	{ "interface", FIELD_TEXT, FIELD_KEY },
};
static const struct schema arp_schema = SCHEMA("net/arp", "an IPv4 neighbour", arp_fields);
static const struct layout arp = { LAYOUT_ROWS, .schema = &arp_schema, .headings = "IP" };

NAMES(socket_states, false, { 1, "established" }, { 2, "syn-sent" }, { 3, "syn-recv" }, { 4, "fin-wait-1" }, { 5, "fin-wait-2" }, { 6, "time-wait" },
      { 7, "closed" }, { 8, "close-wait" }, { 9, "last-ack" }, { 10, "listen" }, { 11, "closing" }, { 12, "new-syn-recv" });
NAMES(timers, false, { 0, "none" }, { 1, "retransmit" }, { 2, "keepalive" }, { 3, "time-wait" }, { 4, "probe" });
#define SOCKET_FIELDS                                                                                                             \
	{ "slot", FIELD_U32, .help = "its number in the table" }, { "local_address", FIELD_ADDRESS, .form = FORM_WORDS },         \
		{ "local_port", FIELD_U16, .form = FORM_HEX }, { "remote_address", FIELD_ADDRESS, .form = FORM_WORDS },           \
		{ "remote_port", FIELD_U16, .form = FORM_HEX }, { "state", FIELD_U8, .form = FORM_HEX, .names = &socket_states }, \
		HEX_COUNT("tx_queue", UNIT_BYTES, "waits to be sent or acknowledged"),                                            \
		HEX_COUNT("rx_queue", UNIT_BYTES, "waits to be read; of a listening TCP socket connections that wait"),           \
		{ "timer", FIELD_U8, FIELD_VOLATILE, .form = FORM_HEX, .names = &timers },                                        \
		{ "timer_left", FIELD_U64, FIELD_VOLATILE, UNIT_SECONDS, .form = FORM_HEX, .decimals = 2, .scale = SCALE_TICK },  \
		HEX_COUNT("retransmits", 0, "of what is not acknowledged yet"), { "uid", FIELD_U32, .help = "who opened it" },    \
		COUNT("timeout", 0, "probes that were not answered"), { "inode", FIELD_U64, .help = "its number in PID/fd" },     \
		COUNT("references", 0, "who holds it"),                                                                           \
	{                                                                                                                         \
		"pointer", FIELD_TEXT, .help = "where it lies in the kernel, or a number for that"                                \
	}

static const struct field tcp_fields[] = {
	SOCKET_FIELDS,
	COUNT("retransmit_time", 0, "in ticks of the kernel"),
	COUNT("ack_time", 0, "predicted tick of a delayed acknowledgement, in ticks of the kernel"),
	COUNT("quick", 0, "2 * quick acknowledgements left + whether answers are at once"),
	COUNT("congestion_window", UNIT_PACKETS, "what may be under way"),
	{ "slow_start_threshold", FIELD_S64, FIELD_VOLATILE, UNIT_PACKETS, "-1: not known yet; of a listening socket the most that wait" },
};
static const struct schema tcp_schema = SCHEMA("net/tcp", "a TCP socket", tcp_fields);
static const struct layout tcp = { LAYOUT_ROWS, LAYOUT_NUMBERED, .schema = &tcp_schema, .separators = " \t:", .headings = "sl" };

static const struct field udp_fields[] = {
	SOCKET_FIELDS,
	COUNT("drops", UNIT_PACKETS, "received and dropped"),
};
static const struct schema udp_schema = SCHEMA("net/udp", "a UDP socket", udp_fields);
static const struct layout udp = { LAYOUT_ROWS, LAYOUT_NUMBERED, .schema = &udp_schema, .separators = " \t:", .headings = "sl" };

NAMES(unix_types, false, { 1, "stream" }, { 2, "datagram" }, { 5, "seqpacket" });
NAMES(unix_states, false, { 0, "free" }, { 1, "unconnected" }, { 2, "connecting" }, { 3, "connected" }, { 4, "disconnecting" });
NAMES(unix_flags, true, { 0x10000, "listening" });
static const struct field unix_fields[] = {
	{ "pointer", FIELD_TEXT, .help = "where it lies in the kernel, or a number for that" },
	HEX_COUNT("references", 0, "who holds it"),
	{ "protocol", FIELD_U32, .help = "always 0", .form = FORM_HEX },
	{ "flags", FIELD_U32, .form = FORM_HEX, .names = &unix_flags },
	{ "type", FIELD_U16, .form = FORM_HEX, .names = &unix_types },
	{ "state", FIELD_U8, .form = FORM_HEX, .names = &unix_states },
	{ "inode", FIELD_U64, .help = "its number in PID/fd" },
	{ "path", FIELD_TEXT, .help = "its name; @ stands for the NUL of an abstract one", .form = FORM_REST },
};
static const struct schema unix_schema = SCHEMA("net/unix", "a Unix socket", unix_fields);
static const struct layout unix_sockets = { LAYOUT_ROWS, LAYOUT_NUMBERED, .schema = &unix_schema, .separators = " \t:", .headings = "Num" };

static const struct field signed_counter = { "", FIELD_S64, FIELD_VOLATILE };
static const struct schema snmp_schema = SCHEMA("net/snmp", "counters of a protocol", no_fields);
static const struct layout snmp = { LAYOUT_TITLES, .schema = &snmp_schema, .other = &signed_counter };
static const struct schema netstat_schema = SCHEMA("net/netstat", "more counters of a protocol", no_fields);
static const struct layout netstat = { LAYOUT_TITLES, .schema = &netstat_schema, .other = &counter };

static const struct field softnet_fields[] = {
	HEX_COUNT("processed", UNIT_PACKETS, "received by this processor"),
	HEX_COUNT("dropped", UNIT_PACKETS, "dropped because its queue was full"),
	HEX_COUNT("time_squeeze", 0, "how often it had to stop with work left"),
	{},
	{},
	{},
	{},
	{},
	{},
	HEX_COUNT("received_rps", 0, "how often another processor asked it to"),
	HEX_COUNT("flow_limit", UNIT_PACKETS, "dropped by the flow limit"),
	HEX_COUNT("backlog", UNIT_PACKETS, "wait now"),
	{ "cpu", FIELD_U32, .help = "the processor", .form = FORM_HEX },
	HEX_COUNT("input_queue", UNIT_PACKETS, "of the backlog: not taken up yet"),
	HEX_COUNT("process_queue", UNIT_PACKETS, "of the backlog: being worked on"),
};
static const struct schema softnet_schema = SCHEMA("net/softnet_stat", "the receiving side of a processor", softnet_fields);
static const struct layout softnet_stat = { LAYOUT_ROWS, LAYOUT_NUMBERED, .schema = &softnet_schema };

/* What programs have asked netfilter for: nothing else tells it. */
NAMES(copy_modes, false, { 0, "none" }, { 1, "metadata" }, { 2, "packet" });
static const struct field queue_fields[] = {
	{ "queue", FIELD_U32, FIELD_KEY, .help = "number of the queue" },
	{ "port", FIELD_U32, .help = "netlink port of the program that has it" },
	{ "waiting", FIELD_U32, FIELD_VOLATILE, UNIT_PACKETS, "without a verdict" },
	{ "copy_mode", FIELD_U8, .help = "what the program is given of a packet", .names = &copy_modes },
	{ "copy_range", FIELD_U32, 0, UNIT_BYTES, "of a packet, at most" },
	COUNT("dropped", UNIT_PACKETS, "because the queue was full"),
	COUNT("user_dropped", UNIT_PACKETS, "that the program's socket had no room for"),
	{ "sequence", FIELD_U32, FIELD_VOLATILE, .help = "number of the last packet" },
	{ "always_1", FIELD_U32, FIELD_HIDDEN },
};
static const struct schema queue_schema = SCHEMA("net/netfilter/nfnetlink_queue", "a queue of packets that a program judges", queue_fields);
static const struct layout queue = { LAYOUT_ROWS, .schema = &queue_schema };

static const struct field log_fields[] = {
	{ "group", FIELD_U32, FIELD_KEY, .help = "number of the group" },
	{ "port", FIELD_U32, .help = "netlink port of the program that listens" },
	{ "waiting", FIELD_U32, FIELD_VOLATILE, UNIT_PACKETS, "not sent yet" },
	{ "copy_mode", FIELD_U8, .help = "what the program is given of a packet", .names = &copy_modes },
	{ "copy_range", FIELD_U32, 0, UNIT_BYTES, "of a packet, at most" },
	{ "timeout", FIELD_U32, 0, UNIT_CENTISECONDS, "after which they are sent" },
	{ "references", FIELD_U32, FIELD_VOLATILE, .help = "users" },
};
static const struct schema log_schema = SCHEMA("net/netfilter/nfnetlink_log", "a group that packets are logged to", log_fields);
static const struct layout packet_log = { LAYOUT_ROWS, .schema = &log_schema };

const struct report reports_network[] = {
	{ "net/arp", &arp, STEADY_ALL },
	{ "net/dev", &dev, 1 },
	{ "net/netfilter/nfnetlink_log", &packet_log, STEADY_ALL },
	{ "net/netfilter/nfnetlink_queue", &queue, 5 },
	{ "net/netstat", &netstat },
	{ "net/route", &route, STEADY_ALL },
	{ "net/snmp", &snmp },
	{ "net/softnet_stat", &softnet_stat },
	{ "net/tcp", &tcp, 3 },
	{ "net/tcp6", &tcp, 3 },
	{ "net/udp", &udp, 3 },
	{ "net/udp6", &udp, 3 },
	{ "net/unix", &unix_sockets, STEADY_ALL },
	{},
};
