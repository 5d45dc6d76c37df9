/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RTA_ENCAP, NHA_ENCAP: what a route or nexthop wraps packets in. Sources: ip-route(8), <linux/lwtunnel.h>, <linux/seg6.h>, <linux/seg6_iptunnel.h>,
 * <linux/seg6_local.h>, <linux/mpls_iptunnel.h>, <linux/ila.h>, <linux/rpl_iptunnel.h>, <linux/ioam6_iptunnel.h>. */
#include <endian.h>
#include <errno.h>
#include <linux/ila.h>
#include <linux/ioam6_iptunnel.h>
#include <linux/lwtunnel.h>
#include <linux/mpls_iptunnel.h>
#include <linux/rpl_iptunnel.h>
#include <linux/seg6.h>
#include <linux/seg6_hmac.h>
#include <linux/seg6_iptunnel.h>
#include <linux/seg6_local.h>
#include <string.h>

#include "channel/route.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE

#define NEST(identifier, words, fields) \
	static const struct schema identifier = { .name = words, .attributes = fields, .attribute_count = ARRAY_SIZE(fields) }

/* ---- A segment routing header, whose length is a byte that counts by 8 ---- */

#define SEGMENTS_MAXIMUM 127u
#define SEGMENTS_SIGNED  125u

NAMES(seg6_modes, false, { SEG6_IPTUN_MODE_INLINE, "inline" }, { SEG6_IPTUN_MODE_ENCAP, "encap" }, { SEG6_IPTUN_MODE_L2ENCAP, "l2encap" },
      { SEG6_IPTUN_MODE_ENCAP_RED, "encap.red" }, { SEG6_IPTUN_MODE_L2ENCAP_RED, "l2encap.red" });

static const struct field segment = { "segment", FIELD_ADDRESS, SET, 0, "an address on the way" };

enum { SRH_MODE, SRH_SEGMENTS, SRH_FLAGS, SRH_TAG, SRH_HMAC };
/* No header of these offsets: the segments stand in it the last first, and their number decides where the rest is, so that decode and encode do it by
 * hand. */
static const struct field srh[] = {
	[SRH_MODE] = { "mode", FIELD_U32, SET, 0, "where the header goes", .names = &seg6_modes },
	[SRH_SEGMENTS] = { "segs", FIELD_LIST, SET, 0, "the way, in the order of travel", .element = &segment },
	[SRH_FLAGS] = { "flags", FIELD_U8, SET | FIELD_HEX, 0, "of the header" },
	[SRH_TAG] = { "tag", FIELD_U16, SET, 0, "of the header" },
	[SRH_HMAC] = { "hmac", FIELD_U32, SET, 0, "number of the key that signs it" },
};
NEST(schema_srh, "srh", srh);

static int decode_segments(struct decode *decode, const struct ipv6_sr_hdr *header, const uint8_t *data, struct record *record)
{
	const uint32_t count = header->first_segment + 1u;
	struct value *items = arena_array(decode->arena, struct value, count);

	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		items[i] = value_data(VALUE_ADDRESS, data + sizeof(*header) + (count - 1 - i) * sizeof(struct in6_addr), sizeof(struct in6_addr));
	return record_put(decode->arena, record, "segs", (struct value){ .type = VALUE_LIST, .list = { items, count } });
}

static int decode_srh(struct decode *decode, const uint8_t *data, size_t length, struct record *record)
{
	struct ipv6_sr_hdr header;
	struct sr6_tlv_hmac hmac;
	size_t segments;
	int r;

	if (length < sizeof(header))
		return -EBADMSG;
	memcpy(&header, data, sizeof(header));
	segments = (header.first_segment + 1u) * sizeof(struct in6_addr);
	if (length < (header.hdrlen + 1u) * 8 || header.hdrlen * 8u < segments)
		return -EBADMSG;
	length = (header.hdrlen + 1u) * 8;
	r = decode_segments(decode, &header, data, record);
	if (r == 0 && header.flags & ~SR6_FLAG1_HMAC)
		r = record_put(decode->arena, record, "flags", value_uint(header.flags & ~SR6_FLAG1_HMAC));
	if (r == 0 && header.tag)
		r = record_put(decode->arena, record, "tag", value_uint(be16toh(header.tag)));
	if (r < 0 || !(header.flags & SR6_FLAG1_HMAC) || length < sizeof(header) + segments + sizeof(hmac))
		return r;
	memcpy(&hmac, data + length - sizeof(hmac), sizeof(hmac));
	return hmac.hmackeyid ? record_put(decode->arena, record, "hmac", value_uint(be32toh(hmac.hmackeyid))) : 0;
}

static int decode_tunnel(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, &schema_srh);
	int32_t mode;
	int r;

	(void)field;
	if (!record)
		return -ENOMEM;
	if (length < sizeof(mode))
		return -EBADMSG;
	memcpy(&mode, data, sizeof(mode));
	r = record_put(decode->arena, record, "mode", value_uint((uint32_t)mode));
	if (r == 0)
		r = decode_srh(decode, (const uint8_t *)data + sizeof(mode), length - sizeof(mode), record);
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int decode_local(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, &schema_srh);

	(void)field;
	if (!record)
		return -ENOMEM;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return decode_srh(decode, data, length, record);
}

static int encode_srh(const struct field *field, const struct record *record, struct buffer *buffer, struct error *error)
{
	const struct value *segments = record_find(record, "segs");
	const uint64_t key = record_number(record, "hmac", 0);
	struct sr6_tlv_hmac hmac = { .tlvhdr = { SR6_TLV_HMAC, sizeof(hmac) - 2 }, .hmackeyid = htobe32((uint32_t)key) };
	struct ipv6_sr_hdr header = { .type = 4, .tag = htobe16((uint16_t)record_number(record, "tag", 0)) };
	uint32_t count;

	if (!segments || segments->type != VALUE_LIST || segments->list.count == 0 || segments->list.count > SEGMENTS_MAXIMUM)
		return error_set(error, -EINVAL, "%s/segs must be a list of 1 to %u IPv6 addresses", field->name, SEGMENTS_MAXIMUM);
	count = segments->list.count;
	if (key && count > SEGMENTS_SIGNED)
		return error_set(error, -EINVAL, "%s/segs must be a list of at most %u IPv6 addresses where the header is signed", field->name,
				 SEGMENTS_SIGNED);
	header.hdrlen = (uint8_t)((count * sizeof(struct in6_addr) + (key ? sizeof(hmac) : 0)) / 8);
	header.segments_left = header.first_segment = (uint8_t)(count - 1);
	header.flags = (uint8_t)(record_number(record, "flags", 0) | (key ? SR6_FLAG1_HMAC : 0));
	buffer_add(buffer, &header, sizeof(header));
	for (uint32_t i = count; i > 0; i--) {
		const struct value *item = &segments->list.items[i - 1];

		if (item->type != VALUE_ADDRESS || item->bytes.length != sizeof(struct in6_addr) || item->bytes.prefix >= 0)
			return error_set(error, -EINVAL, "%s/segs must be a list of IPv6 addresses", field->name);
		buffer_add(buffer, item->bytes.data, item->bytes.length);
	}
	if (key)
		buffer_add(buffer, &hmac, sizeof(hmac));
	return 0;
}

static int encode_local(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	if (value->type != VALUE_RECORD)
		return error_set(error, -EINVAL, "%s must be a record", field->name);
	return encode_srh(field, value->record, buffer, error);
}

static int encode_tunnel(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	int32_t mode;

	if (value->type == VALUE_RECORD) {
		mode = (int32_t)record_number(value->record, "mode", SEG6_IPTUN_MODE_ENCAP);
		buffer_add(buffer, &mode, sizeof(mode));
	}
	return encode_local(field, value, buffer, error);
}

static const struct codec codec_tunnel = { decode_tunnel, encode_tunnel, FIELD_RECORD }, codec_local = { decode_local, encode_local, FIELD_RECORD };

/* ---- The kinds ---- */

static const struct field mpls[] = {
	[MPLS_IPTUNNEL_DST] = { "dst", FIELD_CODEC, SET, 0, "labels, the outermost first", .codec = &codec_labels, .element = &field_label },
	[MPLS_IPTUNNEL_TTL] = { "ttl", FIELD_U8, SET, 0, "0 = that of the packet inside" },
};
NEST(schema_mpls, "mpls", mpls);

/* TUNNEL_* (linux/if_tunnel.h). */
NAMES(tunnel_flags, true, { 0x1, "csum" }, { 0x2, "routing" }, { 0x4, "key" }, { 0x8, "seq" }, { 0x10, "strict" }, { 0x20, "rec" },
      { 0x40, "version" }, { 0x80, "no_key" }, { 0x100, "dont_fragment" }, { 0x200, "oam" }, { 0x400, "crit_opt" }, { 0x800, "geneve_opt" },
      { 0x1000, "vxlan_opt" }, { 0x2000, "nocache" }, { 0x4000, "erspan_opt" }, { 0x8000, "gtp_opt" });

static const struct field ip[] = {
	[LWTUNNEL_IP_ID] = { "id", FIELD_BE64, SET, 0, "key of the tunnel" },
	[LWTUNNEL_IP_DST] = { "dst", FIELD_ADDRESS, SET, 0, "destination of the tunnel" },
	[LWTUNNEL_IP_SRC] = { "src", FIELD_ADDRESS, SET, 0, "source of the tunnel" },
	[LWTUNNEL_IP_TTL] = { "ttl", FIELD_U8, SET, 0, "TTL outside" },
	[LWTUNNEL_IP_TOS] = { "tos", FIELD_U8, SET, 0, "type of service outside" },
	[LWTUNNEL_IP_FLAGS] = { "flags", FIELD_BE16, SET, 0, "what the tunnel header has", .names = &tunnel_flags },
	[LWTUNNEL_IP_PAD] = { "pad", FIELD_PAD },
	[LWTUNNEL_IP_OPTS] = { "opts", FIELD_BYTES, SET, 0, "options of geneve, vxlan or erspan, raw" },
};
NEST(schema_ip, "ip", ip);

static const struct field ip6[] = {
	[LWTUNNEL_IP6_ID] = { "id", FIELD_BE64, SET, 0, "key of the tunnel" },
	[LWTUNNEL_IP6_DST] = { "dst", FIELD_ADDRESS, SET, 0, "destination of the tunnel" },
	[LWTUNNEL_IP6_SRC] = { "src", FIELD_ADDRESS, SET, 0, "source of the tunnel" },
	[LWTUNNEL_IP6_HOPLIMIT] = { "hoplimit", FIELD_U8, SET, 0, "hop limit outside" },
	[LWTUNNEL_IP6_TC] = { "tc", FIELD_U8, SET, 0, "traffic class outside" },
	[LWTUNNEL_IP6_FLAGS] = { "flags", FIELD_BE16, SET, 0, "what the tunnel header has", .names = &tunnel_flags },
	[LWTUNNEL_IP6_PAD] = { "pad", FIELD_PAD },
	[LWTUNNEL_IP6_OPTS] = { "opts", FIELD_BYTES, SET, 0, "options of geneve, vxlan or erspan, raw" },
};
NEST(schema_ip6, "ip6", ip6);

NAMES(ila_sums, false, { ILA_CSUM_ADJUST_TRANSPORT, "adj-transport" }, { ILA_CSUM_NEUTRAL_MAP, "neutral-map" }, { ILA_CSUM_NO_ACTION, "no-action" },
      { ILA_CSUM_NEUTRAL_MAP_AUTO, "neutral-map-auto" });
NAMES(ila_types, false, { ILA_ATYPE_IID, "iid" }, { ILA_ATYPE_LUID, "luid" }, { ILA_ATYPE_VIRT_V4, "virt-v4" },
      { ILA_ATYPE_VIRT_UNI_V6, "virt-uni-v6" }, { ILA_ATYPE_VIRT_MULTI_V6, "virt-multi-v6" }, { ILA_ATYPE_NONLOCAL_ADDR, "nonlocal-addr" },
      { ILA_ATYPE_USE_FORMAT, "use-format" });
NAMES(ila_hooks, false, { ILA_HOOK_ROUTE_OUTPUT, "output" }, { ILA_HOOK_ROUTE_INPUT, "input" });

static const struct field ila[] = {
	[ILA_ATTR_LOCATOR] = { "locator", FIELD_BE64, SET | FIELD_HEX, 0, "upper half of the address" },
	[ILA_ATTR_PAD] = { "pad", FIELD_PAD },
	[ILA_ATTR_CSUM_MODE] = { "csum_mode", FIELD_U8, SET, 0, "what is done about checksums", .names = &ila_sums },
	[ILA_ATTR_IDENT_TYPE] = { "ident_type", FIELD_U8, SET, 0, "kind of identifier", .names = &ila_types },
	[ILA_ATTR_HOOK_TYPE] = { "hook_type", FIELD_U8, SET, 0, "when it is done", .names = &ila_hooks },
};
NEST(schema_ila, "ila", ila);

static const struct field seg6[] = {
	[SEG6_IPTUNNEL_SRH] = { "srh", FIELD_CODEC, SET, 0, "segment routing header", .codec = &codec_tunnel, .schema = &schema_srh },
};
NEST(schema_seg6, "seg6", seg6);

static const struct field program[] = {
	[LWT_BPF_PROG_FD] = { "fd", FIELD_U32, SET, 0, "program, in a request" },
	[LWT_BPF_PROG_NAME] = { "name", FIELD_TEXT, SET, 0, "what it was called when it was attached" },
};
NEST(schema_program, "program", program);

static const struct field bpf[] = {
	[LWT_BPF_IN] = { "in", FIELD_RECORD, SET, 0, "program for packets that come in", .schema = &schema_program },
	[LWT_BPF_OUT] = { "out", FIELD_RECORD, SET, 0, "program for packets of this host", .schema = &schema_program },
	[LWT_BPF_XMIT] = { "xmit", FIELD_RECORD, SET, 0, "program for packets that leave", .schema = &schema_program },
	[LWT_BPF_XMIT_HEADROOM] = { "headroom", FIELD_U32, SET, UNIT_BYTES, "room before each packet" },
};
NEST(schema_bpf, "bpf", bpf);

NAMES(local_actions, false, { SEG6_LOCAL_ACTION_END, "End" }, { SEG6_LOCAL_ACTION_END_X, "End.X" }, { SEG6_LOCAL_ACTION_END_T, "End.T" },
      { SEG6_LOCAL_ACTION_END_DX2, "End.DX2" }, { SEG6_LOCAL_ACTION_END_DX6, "End.DX6" }, { SEG6_LOCAL_ACTION_END_DX4, "End.DX4" },
      { SEG6_LOCAL_ACTION_END_DT6, "End.DT6" }, { SEG6_LOCAL_ACTION_END_DT4, "End.DT4" }, { SEG6_LOCAL_ACTION_END_B6, "End.B6" },
      { SEG6_LOCAL_ACTION_END_B6_ENCAP, "End.B6.Encaps" }, { SEG6_LOCAL_ACTION_END_BM, "End.BM" }, { SEG6_LOCAL_ACTION_END_S, "End.S" },
      { SEG6_LOCAL_ACTION_END_AS, "End.AS" }, { SEG6_LOCAL_ACTION_END_AM, "End.AM" }, { SEG6_LOCAL_ACTION_END_BPF, "End.BPF" },
      { SEG6_LOCAL_ACTION_END_DT46, "End.DT46" });
#define FLAVOR(number, word)         \
	{                            \
		1u << (number), word \
	}
NAMES(flavors, true, FLAVOR(SEG6_LOCAL_FLV_OP_PSP, "psp"), FLAVOR(SEG6_LOCAL_FLV_OP_USP, "usp"), FLAVOR(SEG6_LOCAL_FLV_OP_USD, "usd"),
      FLAVOR(SEG6_LOCAL_FLV_OP_NEXT_CSID, "next-csid"));

static const struct field local_program[] = {
	[SEG6_LOCAL_BPF_PROG] = { "prog", FIELD_U32, SET, 0, "program: a descriptor in a request, its number in an answer" },
	[SEG6_LOCAL_BPF_PROG_NAME] = { "prog_name", FIELD_TEXT, SET, 0, "what it was called when it was attached" },
};
NEST(schema_local_program, "bpf", local_program);

static const struct field counters[] = {
	[SEG6_LOCAL_CNT_PAD] = { "pad", FIELD_PAD },
	[SEG6_LOCAL_CNT_PACKETS] = { "packets", FIELD_U64, SET | FIELD_VOLATILE, UNIT_PACKETS, "handled" },
	[SEG6_LOCAL_CNT_BYTES] = { "bytes", FIELD_U64, SET | FIELD_VOLATILE, UNIT_BYTES, "handled" },
	[SEG6_LOCAL_CNT_ERRORS] = { "errors", FIELD_U64, SET | FIELD_VOLATILE, UNIT_PACKETS, "not handled" },
};
NEST(schema_counters, "counters", counters);

static const struct field flavor[] = {
	[SEG6_LOCAL_FLV_OPERATION] = { "operations", FIELD_U32, SET, 0, "what is on", .names = &flavors },
	[SEG6_LOCAL_FLV_LCBLOCK_BITS] = { "lblen", FIELD_U8, SET, UNIT_BITS, "length of the locator block" },
	[SEG6_LOCAL_FLV_LCNODE_FN_BITS] = { "nflen", FIELD_U8, SET, UNIT_BITS, "length of node and function" },
};
NEST(schema_flavors, "flavors", flavor);

static const struct field seg6local[] = {
	[SEG6_LOCAL_ACTION] = { "action", FIELD_U32, SET, 0, "what is done with a packet", .names = &local_actions },
	[SEG6_LOCAL_SRH] = { "srh", FIELD_CODEC, SET, 0, "segment routing header", .codec = &codec_local, .schema = &schema_srh },
	[SEG6_LOCAL_TABLE] = { "table", FIELD_U32, SET, 0, "routing table", .names = &words_route_table },
	[SEG6_LOCAL_NH4] = { "nh4", FIELD_ADDRESS, SET, 0, "next router, IPv4" },
	[SEG6_LOCAL_NH6] = { "nh6", FIELD_ADDRESS, SET, 0, "next router, IPv6" },
	[SEG6_LOCAL_IIF] = { "iif", FIELD_INTERFACE, SET, 0, "link in" },
	[SEG6_LOCAL_OIF] = { "oif", FIELD_INTERFACE, SET, 0, "link out" },
	[SEG6_LOCAL_BPF] = { "bpf", FIELD_RECORD, SET, 0, "program", .schema = &schema_local_program },
	[SEG6_LOCAL_VRFTABLE] = { "vrftable", FIELD_U32, SET, 0, "routing table of a VRF", .names = &words_route_table },
	[SEG6_LOCAL_COUNTERS] = { "counters", FIELD_RECORD, SET, 0, "what it has handled", .schema = &schema_counters },
	[SEG6_LOCAL_FLAVORS] = { "flavors", FIELD_RECORD, SET, 0, "variants of the action", .schema = &schema_flavors },
};
NEST(schema_seg6local, "seg6local", seg6local);

static const struct field rpl[] = {
	[RPL_IPTUNNEL_SRH] = { "srh", FIELD_BYTES, SET, 0, "source routing header, raw" },
};
NEST(schema_rpl, "rpl", rpl);

NAMES(ioam6_modes, false, { IOAM6_IPTUNNEL_MODE_INLINE, "inline" }, { IOAM6_IPTUNNEL_MODE_ENCAP, "encap" }, { IOAM6_IPTUNNEL_MODE_AUTO, "auto" });
static const struct field ioam6[] = {
	[IOAM6_IPTUNNEL_MODE] = { "mode", FIELD_U8, SET, 0, "where the trace goes", .names = &ioam6_modes },
	[IOAM6_IPTUNNEL_DST] = { "tundst", FIELD_ADDRESS, SET, 0, "destination of the tunnel" },
	[IOAM6_IPTUNNEL_TRACE] = { "trace", FIELD_BYTES, SET, 0, "trace header, raw" },
	[IOAM6_IPTUNNEL_FREQ_K] = { "freqk", FIELD_U32, SET, UNIT_PACKETS, "that are marked" },
	[IOAM6_IPTUNNEL_FREQ_N] = { "freqn", FIELD_U32, SET, UNIT_PACKETS, "of so many" },
	[6] = { "tunsrc", FIELD_ADDRESS, SET, 0, "source of the tunnel" }, /* IOAM6_IPTUNNEL_SRC, 6.13 */
};
NEST(schema_ioam6, "ioam6", ioam6);

static const struct field xfrm[] = {
	[LWT_XFRM_IF_ID] = { "if_id", FIELD_U32, SET | FIELD_HEX, 0, "identifier of the policy" },
	[LWT_XFRM_LINK] = { "link_dev", FIELD_INTERFACE, SET, 0, "link below" },
};
NEST(schema_xfrm, "xfrm", xfrm);

static const struct selection_row kinds[] = {
	{ "mpls", &schema_mpls },
	{ "ip", &schema_ip },
	{ "ila", &schema_ila },
	{ "ip6", &schema_ip6 },
	{ "seg6", &schema_seg6 },
	{ "bpf", &schema_bpf },
	{ "seg6local", &schema_seg6local },
	{ "rpl", &schema_rpl },
	{ "ioam6", &schema_ioam6 },
	{ "xfrm", &schema_xfrm },
};
const struct selection selection_encap = { "encap_type", kinds, ARRAY_SIZE(kinds), &words_encap_type };
