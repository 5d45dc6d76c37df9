/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that the kernel follows, as conntrack(8) tells them. They are read when they are asked for, and never recorded: each comes and goes
 * with its traffic. Source: <linux/netfilter/nfnetlink_conntrack.h>, net/netfilter/nf_conntrack_netlink.c. */
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include "channel/conntrack.h"
#include "channel/netfilter.h"

#define SET      FIELD_SETTABLE
#define VOLATILE FIELD_VOLATILE

NAMES(status, true, { IPS_EXPECTED, "expected" }, { IPS_SEEN_REPLY, "seen_reply" }, { IPS_ASSURED, "assured" }, { IPS_CONFIRMED, "confirmed" },
      { IPS_SRC_NAT, "src_nat" }, { IPS_DST_NAT, "dst_nat" }, { IPS_SEQ_ADJUST, "seq_adjust" }, { IPS_SRC_NAT_DONE, "src_nat_done" },
      { IPS_DST_NAT_DONE, "dst_nat_done" }, { IPS_DYING, "dying" }, { IPS_FIXED_TIMEOUT, "fixed_timeout" }, { IPS_TEMPLATE, "template" },
      { 1 << 12, "nat_clash" }, { IPS_HELPER, "helper" }, { IPS_OFFLOAD, "offload" }, { 1 << 15, "hw_offload" });

/* ---- What its protocol knows of it ---- */

NAMES(tcp_states, false, { TCP_CONNTRACK_NONE, "NONE" }, { TCP_CONNTRACK_SYN_SENT, "SYN_SENT" }, { TCP_CONNTRACK_SYN_RECV, "SYN_RECV" },
      { TCP_CONNTRACK_ESTABLISHED, "ESTABLISHED" }, { TCP_CONNTRACK_FIN_WAIT, "FIN_WAIT" }, { TCP_CONNTRACK_CLOSE_WAIT, "CLOSE_WAIT" },
      { TCP_CONNTRACK_LAST_ACK, "LAST_ACK" }, { TCP_CONNTRACK_TIME_WAIT, "TIME_WAIT" }, { TCP_CONNTRACK_CLOSE, "CLOSE" },
      { TCP_CONNTRACK_SYN_SENT2, "SYN_SENT2" });
NAMES(tcp_flags, true, { IP_CT_TCP_FLAG_WINDOW_SCALE, "window_scale" }, { IP_CT_TCP_FLAG_SACK_PERM, "sack_perm" },
      { IP_CT_TCP_FLAG_CLOSE_INIT, "close_init" }, { IP_CT_TCP_FLAG_BE_LIBERAL, "be_liberal" }, { IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED, "unacked" },
      { IP_CT_TCP_FLAG_MAXACK_SET, "maxack_set" }, { 0x40, "challenge_ack" }, { 0x80, "simultaneous_open" });
NAMES(sctp_states, false, { 0, "NONE" }, { 1, "CLOSED" }, { 2, "COOKIE_WAIT" }, { 3, "COOKIE_ECHOED" }, { 4, "ESTABLISHED" }, { 5, "SHUTDOWN_SENT" },
      { 6, "SHUTDOWN_RECD" }, { 7, "SHUTDOWN_ACK_SENT" }, { 8, "HEARTBEAT_SENT" }, { 9, "HEARTBEAT_ACKED" });
NAMES(dccp_states, false, { 0, "NONE" }, { 1, "REQUEST" }, { 2, "RESPOND" }, { 3, "PARTOPEN" }, { 4, "OPEN" }, { 5, "CLOSEREQ" }, { 6, "CLOSING" },
      { 7, "TIMEWAIT" }, { 8, "IGNORE" }, { 9, "INVALID" });
NAMES(roles, false, { 0, "client" }, { 1, "server" });

static const struct field flags_of_way[] = {
	{ "flags", FIELD_U8, VOLATILE, 0, "what this end can and has done", HEADER_FIELD(struct nf_ct_tcp_flags, flags), .names = &tcp_flags },
	{ "mask", FIELD_U8, VOLATILE | FIELD_HIDDEN, 0, "those that a request sets", HEADER_FIELD(struct nf_ct_tcp_flags, mask) },
};
static const struct schema schema_flags = {
	.name = "flags", .header_size = sizeof(struct nf_ct_tcp_flags), .header = flags_of_way, .header_count = ARRAY_SIZE(flags_of_way)
};

static const struct field tcp[] = {
	[CTA_PROTOINFO_TCP_STATE] = { "state", FIELD_U8, VOLATILE, 0, "state", .names = &tcp_states },
	[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL] = { "wscale_orig", FIELD_U8, VOLATILE, 0, "shift of the window of who began" },
	[CTA_PROTOINFO_TCP_WSCALE_REPLY] = { "wscale_reply", FIELD_U8, VOLATILE, 0, "shift of the window of who answers" },
	[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL] = { "flags_orig", FIELD_RECORD, VOLATILE, 0, "who began", .schema = &schema_flags },
	[CTA_PROTOINFO_TCP_FLAGS_REPLY] = { "flags_reply", FIELD_RECORD, VOLATILE, 0, "who answers", .schema = &schema_flags },
};
static const struct schema schema_tcp = { .name = "tcp", .attributes = tcp, .attribute_count = ARRAY_SIZE(tcp) };

static const struct field dccp[] = {
	[CTA_PROTOINFO_DCCP_STATE] = { "state", FIELD_U8, VOLATILE, 0, "state", .names = &dccp_states },
	[CTA_PROTOINFO_DCCP_ROLE] = { "role", FIELD_U8, VOLATILE, 0, "what who began is", .names = &roles },
	[CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ] = { "handshake_seq", FIELD_BE64, VOLATILE, 0, "number that it began with" },
	[CTA_PROTOINFO_DCCP_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_dccp = { .name = "dccp", .attributes = dccp, .attribute_count = ARRAY_SIZE(dccp) };

static const struct field sctp[] = {
	[CTA_PROTOINFO_SCTP_STATE] = { "state", FIELD_U8, VOLATILE, 0, "state", .names = &sctp_states },
	[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL] = { "vtag_orig", FIELD_BE32, VOLATILE | FIELD_HEX, 0, "tag of who began" },
	[CTA_PROTOINFO_SCTP_VTAG_REPLY] = { "vtag_reply", FIELD_BE32, VOLATILE | FIELD_HEX, 0, "tag of who answers" },
};
static const struct schema schema_sctp = { .name = "sctp", .attributes = sctp, .attribute_count = ARRAY_SIZE(sctp) };

static const struct field protoinfo[] = {
	[CTA_PROTOINFO_TCP] = { "tcp", FIELD_RECORD, VOLATILE, 0, "of TCP", .schema = &schema_tcp },
	[CTA_PROTOINFO_DCCP] = { "dccp", FIELD_RECORD, VOLATILE, 0, "of DCCP", .schema = &schema_dccp },
	[CTA_PROTOINFO_SCTP] = { "sctp", FIELD_RECORD, VOLATILE, 0, "of SCTP", .schema = &schema_sctp },
};
static const struct schema schema_protoinfo = { .name = "protoinfo", .attributes = protoinfo, .attribute_count = ARRAY_SIZE(protoinfo) };

/* ---- What is kept beside it ---- */

static const struct field counters[] = {
	[CTA_COUNTERS_PACKETS] = { "packets", FIELD_BE64, VOLATILE, UNIT_PACKETS, "packets" },
	[CTA_COUNTERS_BYTES] = { "bytes", FIELD_BE64, VOLATILE, UNIT_BYTES, "bytes" },
	[CTA_COUNTERS32_PACKETS] = { "packets32", FIELD_BE32, VOLATILE, UNIT_PACKETS, "packets, as older kernels count" },
	[CTA_COUNTERS32_BYTES] = { "bytes32", FIELD_BE32, VOLATILE, UNIT_BYTES, "bytes, as older kernels count" },
	[CTA_COUNTERS_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_counters = { .name = "counters", .attributes = counters, .attribute_count = ARRAY_SIZE(counters) };

static const struct field helper[] = {
	[CTA_HELP_NAME] = { "name", FIELD_TEXT, SET, 0, "its name" },
	[CTA_HELP_INFO] = { "info", FIELD_BYTES, 0, 0, "what it keeps" },
};
static const struct schema schema_helper = { .name = "helper", .attributes = helper, .attribute_count = ARRAY_SIZE(helper) };

static const struct field sequence[] = {
	[CTA_SEQADJ_CORRECTION_POS] = { "correction_pos", FIELD_BE32, VOLATILE, 0, "number from which on" },
	[CTA_SEQADJ_OFFSET_BEFORE] = { "offset_before", FIELD_CODEC, VOLATILE, 0, "before it", .codec = &codec_netfilter_priority },
	[CTA_SEQADJ_OFFSET_AFTER] = { "offset_after", FIELD_CODEC, VOLATILE, 0, "behind it", .codec = &codec_netfilter_priority },
};
static const struct schema schema_sequence = { .name = "sequence", .attributes = sequence, .attribute_count = ARRAY_SIZE(sequence) };

static const struct field context[] = {
	[CTA_SECCTX_NAME] = { "name", FIELD_TEXT, 0, 0, "label" },
};
static const struct schema schema_context = { .name = "context", .attributes = context, .attribute_count = ARRAY_SIZE(context) };

static const struct field stamps[] = {
	[CTA_TIMESTAMP_START] = { "start", FIELD_BE64, 0, UNIT_NANOSECONDS, "when it began, since 1970" },
	[CTA_TIMESTAMP_STOP] = { "stop", FIELD_BE64, 0, UNIT_NANOSECONDS, "when it ended" },
	[CTA_TIMESTAMP_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_stamps = { .name = "timestamp", .attributes = stamps, .attribute_count = ARRAY_SIZE(stamps) };

static const struct field synproxy[] = {
	[CTA_SYNPROXY_ISN] = { "isn", FIELD_BE32, VOLATILE, 0, "number that it began with" },
	[CTA_SYNPROXY_ITS] = { "its", FIELD_BE32, VOLATILE, 0, "time stamp that it began with" },
	[CTA_SYNPROXY_TSOFF] = { "tsoff", FIELD_BE32, VOLATILE, 0, "what time stamps are moved by" },
};
static const struct schema schema_synproxy = { .name = "synproxy", .attributes = synproxy, .attribute_count = ARRAY_SIZE(synproxy) };

static const struct field connection[] = {
	[CTA_TUPLE_ORIG] = CONNTRACK_TUPLE("orig", FIELD_KEY, "packets of who began"),
	[CTA_TUPLE_REPLY] = CONNTRACK_TUPLE("reply", FIELD_CREATE, "packets of who answers"),
	[CTA_STATUS] = { "status", FIELD_BE32, VOLATILE, 0, "how far it is, and what is done with it", .names = &status },
	[CTA_PROTOINFO] = { "protoinfo", FIELD_RECORD, VOLATILE, 0, "what its protocol knows of it", .schema = &schema_protoinfo },
	[CTA_HELP] = { "helper", FIELD_RECORD, SET, 0, "what follows its protocol", .schema = &schema_helper },
	[CTA_TIMEOUT] = { "timeout", FIELD_BE32, SET | VOLATILE, UNIT_SECONDS, "until it is forgotten" },
	[CTA_MARK] = { "mark", FIELD_BE32, SET | FIELD_HEX, 0, "mark" },
	[CTA_COUNTERS_ORIG] = { "counters_orig", FIELD_RECORD, VOLATILE, 0, "what who began has sent", .schema = &schema_counters },
	[CTA_COUNTERS_REPLY] = { "counters_reply", FIELD_RECORD, VOLATILE, 0, "what who answers has sent", .schema = &schema_counters },
	[CTA_USE] = { "use", FIELD_BE32, VOLATILE, 0, "users" },
	[CTA_ID] = { "id", FIELD_BE32, FIELD_DERIVED, 0, "number that the kernel gave it" },
	[CTA_TUPLE_MASTER] = CONNTRACK_TUPLE("master", 0, "connection that it was expected by"),
	[CTA_SEQ_ADJ_ORIG] = { "seq_adj_orig", FIELD_RECORD, VOLATILE, 0, "what numbers are moved by, one way", .schema = &schema_sequence },
	[CTA_SEQ_ADJ_REPLY] = { "seq_adj_reply", FIELD_RECORD, VOLATILE, 0, "the other way", .schema = &schema_sequence },
	[CTA_SECMARK] = { "secmark", FIELD_BE32, 0, 0, "label, as a number" },
	[CTA_ZONE] = { "zone", FIELD_BE16, FIELD_KEY, 0, "zone" },
	[CTA_SECCTX] = { "secctx", FIELD_RECORD, 0, 0, "label", .schema = &schema_context },
	[CTA_TIMESTAMP] = { "timestamp", FIELD_RECORD, 0, 0, "when it was", .schema = &schema_stamps },
	[CTA_LABELS] = { "labels", FIELD_BYTES, SET, 0, "labels, as bits" },
	[CTA_SYNPROXY] = { "synproxy", FIELD_RECORD, VOLATILE, 0, "what the SYN proxy knows of it", .schema = &schema_synproxy },
	[27] = { "timestamp_event", FIELD_BE64, VOLATILE, UNIT_NANOSECONDS, "when this came about, since 1970" }, /* CTA_TIMESTAMP_EVENT, 6.14 */
};

static const struct schema schema = {
	.name = "connection",
	.help = "connections that the kernel follows",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = connection,
	.attribute_count = ARRAY_SIZE(connection),
};

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)naming;
	conntrack_path(record, "orig", ret);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	return conntrack_parse(&schema, "orig", &(struct object_path){ text, naming, arena, NULL, error }, ret, ret_rest);
}

/* The number keeps a connection that has begun anew meanwhile from being taken for the old one. */
static int remove_request(const struct record *record, struct buffer *request, struct error *error)
{
	const struct value *id = record_find(record, "id");
	const uint32_t number = id ? htobe32((uint32_t)id->number) : 0;
	int r = schema_encode(record, FIELD_KEY, request, error);

	if (r == 0 && id)
		attribute_add(request, CTA_ID, &number, sizeof(number));
	return r;
}

static const char *cannot_return(const struct record *record)
{
	(void)record;
	return "only its packets make it anew";
}

static const struct object object_conntrack = {
	.name = "conntrack",
	.help = "connections that the kernel follows",
	.protocol = &protocol_netfilter,
	.new_type = CONNTRACK_TYPE(IPCTNL_MSG_CT_NEW),
	.delete_type = CONNTRACK_TYPE(IPCTNL_MSG_CT_DELETE),
	.get_type = CONNTRACK_TYPE(IPCTNL_MSG_CT_GET),
	.replace_type = CONNTRACK_TYPE(IPCTNL_MSG_CT_NEW),
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.get = netfilter_get,
	.remove_request = remove_request,
	.cannot_return = cannot_return,
	.origin = conntrack_origin,
	.keeps_creation = true,
	.may_lack = true,
	.untold = true,
};

OBJECT_CHANNEL_OF(netfilter, conntrack, object_conntrack, "connections that the kernel follows, and what it knows of them", "sampled");
