/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IPsec states: how the packets of one direction between two hosts are protected, with their keys. Keys are secret: they are read to be handed back
 * to the kernel where a state is changed, and go nowhere else. Sources: <linux/xfrm.h>, ip-xfrm(8), net/xfrm/xfrm_user.c, xfrm_state.c. */
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "channel/xfrm.h"

#define SET  FIELD_SETTABLE
#define MAKE FIELD_CREATE
#define KEY  FIELD_KEY

NAMES(state_flags, true, { XFRM_STATE_NOECN, "noecn" }, { XFRM_STATE_DECAP_DSCP, "decap-dscp" }, { XFRM_STATE_NOPMTUDISC, "nopmtudisc" },
      { XFRM_STATE_WILDRECV, "wildrecv" }, { XFRM_STATE_ICMP, "icmp" }, { XFRM_STATE_AF_UNSPEC, "af-unspec" }, { XFRM_STATE_ALIGN4, "align4" },
      { XFRM_STATE_ESN, "esn" });
NAMES(extra_flags, true, { XFRM_SA_XFLAG_DONT_ENCAP_DSCP, "dont-encap-dscp" }, { XFRM_SA_XFLAG_OSEQ_MAY_WRAP, "oseq-may-wrap" });
NAMES(encapsulations, false, { 1, "espinudp-nonike" }, { 2, "espinudp" }, { 7, "espintcp" }); /* UDP_ENCAP_*, TCP_ENCAP_ESPINTCP */
NAMES(directions, false, { 1, "in" }, { 2, "out" });                                          /* XFRM_SA_DIR_*, 6.10 */
NAMES(families, false, { AF_INET, "inet" }, { AF_INET6, "inet6" });

/* ---- Addresses: the family stands in the header ---- */

static int decode_address(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	uint16_t family = AF_UNSPEC;

	(void)field;
	if (decode->header_length >= sizeof(struct xfrm_usersa_info))
		memcpy(&family, (const char *)decode->header + offsetof(struct xfrm_usersa_info, family), sizeof(family));
	if (length != sizeof(xfrm_address_t) || (family != AF_INET && family != AF_INET6))
		return -EBADMSG;
	*ret = xfrm_address(family, data);
	return 0;
}

static int encode_address(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	xfrm_address_t address;
	int r = xfrm_put_address(field, value, &address, error);

	if (r == 0)
		buffer_add(buffer, &address, sizeof(address));
	return r;
}

/* Where it leaves the family open, its addresses are of the state's own. */
static int decode_selector(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	static const xfrm_address_t nowhere;
	struct xfrm_selector selector;

	if (length != sizeof(selector) || decode->header_length < sizeof(struct xfrm_usersa_info))
		return -EBADMSG;
	memcpy(&selector, data, sizeof(selector));
	if (selector.family == AF_UNSPEC &&
	    (selector.prefixlen_s || selector.prefixlen_d || memcmp(&selector.saddr, &nowhere, sizeof(nowhere)) != 0 ||
	     memcmp(&selector.daddr, &nowhere, sizeof(nowhere)) != 0))
		memcpy(&selector.family, (const char *)decode->header + offsetof(struct xfrm_usersa_info, family), sizeof(selector.family));
	return codec_xfrm_selector.decode(decode, field, &selector, sizeof(selector), ret);
}

static int encode_selector(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	return codec_xfrm_selector.encode(field, value, buffer, error);
}

static const struct codec codec_selector = { decode_selector, encode_selector, FIELD_RECORD };
static const struct codec codec_address = { decode_address, encode_address, FIELD_ADDRESS };

/* ---- The replay window of extended sequence numbers: a struct with its bitmap behind it ---- */

static const struct field window[] = {
	[1] = { "replay_window", FIELD_U32, MAKE, UNIT_PACKETS, "how far behind the last a packet may come" },
	[2] = { "oseq", FIELD_U32, FIELD_VOLATILE, 0, "last number sent" },
	[3] = { "seq", FIELD_U32, FIELD_VOLATILE, 0, "last number received" },
	[4] = { "oseq_hi", FIELD_U32, FIELD_VOLATILE, 0, "upper half of the last number sent" },
	[5] = { "seq_hi", FIELD_U32, FIELD_VOLATILE, 0, "upper half of the last number received" },
	[6] = { "bitmap", FIELD_BYTES, FIELD_VOLATILE, 0, "packets that have come" },
};
static const struct schema schema_window = { .name = "replay_esn", .attributes = window, .attribute_count = ARRAY_SIZE(window) };

static int decode_window(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, &schema_window);
	struct xfrm_replay_state_esn state;
	int r;

	(void)field;
	if (!record)
		return -ENOMEM;
	if (length < sizeof(state))
		return -EBADMSG;
	memcpy(&state, data, sizeof(state));
	r = record_put(decode->arena, record, "replay_window", value_uint(state.replay_window));
	if (r == 0)
		r = record_put(decode->arena, record, "oseq", value_uint(state.oseq));
	if (r == 0)
		r = record_put(decode->arena, record, "seq", value_uint(state.seq));
	if (r == 0)
		r = record_put(decode->arena, record, "oseq_hi", value_uint(state.oseq_hi));
	if (r == 0)
		r = record_put(decode->arena, record, "seq_hi", value_uint(state.seq_hi));
	if (r == 0)
		r = record_put(decode->arena, record, "bitmap", value_data(VALUE_BYTES, (const char *)data + sizeof(state), length - sizeof(state)));
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int encode_window(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const struct record *record = value->type == VALUE_RECORD ? value->record : NULL;
	const struct value *bitmap = record ? record_find(record, "bitmap") : NULL;
	struct xfrm_replay_state_esn state = { 0 };
	const uint32_t nothing = 0;
	size_t given;

	if (!record)
		return error_set(error, -EINVAL, "%s must be a record", field->name);
	state.replay_window = (uint32_t)record_number(record, "replay_window", 0);
	state.bmp_len = (state.replay_window + 31) / 32;
	if (state.bmp_len > XFRMA_REPLAY_ESN_MAX / 4)
		return error_set(error, -ERANGE, "%s/replay_window is out of range, takes 0 to %d", field->name, XFRMA_REPLAY_ESN_MAX * 8);
	state.oseq = (uint32_t)record_number(record, "oseq", 0);
	state.seq = (uint32_t)record_number(record, "seq", 0);
	state.oseq_hi = (uint32_t)record_number(record, "oseq_hi", 0);
	state.seq_hi = (uint32_t)record_number(record, "seq_hi", 0);
	buffer_add(buffer, &state, sizeof(state));
	given = bitmap && bitmap->type == VALUE_BYTES && bitmap->bytes.length == state.bmp_len * sizeof(uint32_t) ? bitmap->bytes.length : 0;
	if (given)
		buffer_add(buffer, bitmap->bytes.data, given);
	for (uint32_t i = 0; !given && i < state.bmp_len; i++)
		buffer_add(buffer, &nothing, sizeof(nothing));
	return 0;
}

static const struct codec codec_window = { decode_window, encode_window, FIELD_RECORD };

/* ---- The schema ---- */

static const struct field stats[] = {
	{ "replay_window", FIELD_U32, FIELD_VOLATILE, UNIT_PACKETS, "outside the replay window", HEADER_FIELD(struct xfrm_stats, replay_window) },
	{ "replay", FIELD_U32, FIELD_VOLATILE, UNIT_PACKETS, "that had come before", HEADER_FIELD(struct xfrm_stats, replay) },
	{ "failed", FIELD_U32, FIELD_VOLATILE, UNIT_PACKETS, "whose check value was wrong", HEADER_FIELD(struct xfrm_stats, integrity_failed) },
};
static const struct schema schema_stats = {
	.name = "stats", .header_size = sizeof(struct xfrm_stats), .header = stats, .header_count = ARRAY_SIZE(stats)
};

static const struct field replay[] = {
	{ "oseq", FIELD_U32, FIELD_VOLATILE, 0, "last number sent", HEADER_FIELD(struct xfrm_replay_state, oseq) },
	{ "seq", FIELD_U32, FIELD_VOLATILE, 0, "last number received", HEADER_FIELD(struct xfrm_replay_state, seq) },
	{ "bitmap", FIELD_U32, FIELD_VOLATILE | FIELD_HEX, 0, "packets that have come", HEADER_FIELD(struct xfrm_replay_state, bitmap) },
};
static const struct schema schema_replay = {
	.name = "replay", .header_size = sizeof(struct xfrm_replay_state), .header = replay, .header_count = ARRAY_SIZE(replay)
};

static const struct field encap[] = {
	{ "type", FIELD_U16, SET, 0, "what packets are wrapped in", HEADER_FIELD(struct xfrm_encap_tmpl, encap_type), .names = &encapsulations },
	{ "sport", FIELD_BE16, SET, 0, "source port", HEADER_FIELD(struct xfrm_encap_tmpl, encap_sport) },
	{ "dport", FIELD_BE16, SET, 0, "destination port", HEADER_FIELD(struct xfrm_encap_tmpl, encap_dport) },
	{ "oa", FIELD_CODEC, SET, 0, "address before translation", HEADER_FIELD(struct xfrm_encap_tmpl, encap_oa), .codec = &codec_address },
};
static const struct schema schema_encap = {
	.name = "encap", .header_size = sizeof(struct xfrm_encap_tmpl), .header = encap, .header_count = ARRAY_SIZE(encap)
};

/* A state that stands keeps what it was made with but for its lifetime, its encapsulation's ports, its output mark and its interface number. */
static const struct field header[] = {
	{ "selector", FIELD_CODEC, MAKE, 0, "packets that it is for", HEADER_FIELD(struct xfrm_usersa_info, sel), .codec = &codec_selector,
	  .schema = &schema_xfrm_selector },
	{ "dst", FIELD_CODEC, KEY, 0, "where packets go", HEADER_FIELD(struct xfrm_usersa_info, id.daddr), .codec = &codec_address },
	{ "spi", FIELD_BE32, KEY | FIELD_HEX, 0, "security parameter index", HEADER_FIELD(struct xfrm_usersa_info, id.spi) },
	{ "proto", FIELD_U8, KEY, 0, "protocol", HEADER_FIELD(struct xfrm_usersa_info, id.proto), .names = &words_xfrm_protocol },
	{ "src", FIELD_CODEC, MAKE, 0, "where packets come from", HEADER_FIELD(struct xfrm_usersa_info, saddr), .codec = &codec_address },
	{ "lifetime", FIELD_RECORD, SET, 0, "when it ends", HEADER_FIELD(struct xfrm_usersa_info, lft), .schema = &schema_xfrm_lifetime },
	{ "current", FIELD_RECORD, FIELD_VOLATILE, 0, "age and use", HEADER_FIELD(struct xfrm_usersa_info, curlft), .schema = &schema_xfrm_current },
	{ "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "packets that were refused", HEADER_FIELD(struct xfrm_usersa_info, stats),
	  .schema = &schema_stats },
	{ "seq", FIELD_U32, MAKE, 0, "number of the question that it answers", HEADER_FIELD(struct xfrm_usersa_info, seq) },
	{ "reqid", FIELD_U32, MAKE, 0, "number that templates name it by", HEADER_FIELD(struct xfrm_usersa_info, reqid) },
	{ "family", FIELD_U16, KEY, 0, "protocol family", HEADER_FIELD(struct xfrm_usersa_info, family), .names = &families },
	{ "mode", FIELD_U8, MAKE, 0, "transport, tunnel, ...", HEADER_FIELD(struct xfrm_usersa_info, mode), .names = &words_xfrm_mode },
	{ "replay_window", FIELD_U8, MAKE, UNIT_PACKETS, "how far behind the last a packet may come",
	  HEADER_FIELD(struct xfrm_usersa_info, replay_window) },
	{ "flags", FIELD_U8, MAKE, 0, "how headers are handled", HEADER_FIELD(struct xfrm_usersa_info, flags), .names = &state_flags },
};

static const struct field attributes_of_state[] = {
	[XFRMA_ALG_AUTH] = { "auth_whole", FIELD_CODEC, MAKE, 0, "authentication, its sum not cut", .codec = &codec_xfrm_algorithm,
			     .schema = &schema_xfrm_algorithm },
	[XFRMA_ALG_CRYPT] = { "crypt", FIELD_CODEC, MAKE, 0, "encryption", .codec = &codec_xfrm_algorithm, .schema = &schema_xfrm_algorithm },
	[XFRMA_ALG_COMP] = { "comp", FIELD_CODEC, MAKE, 0, "compression", .codec = &codec_xfrm_algorithm, .schema = &schema_xfrm_algorithm },
	[XFRMA_ENCAP] = { "encap", FIELD_RECORD, SET, 0, "what packets are wrapped in", .schema = &schema_encap },
	[XFRMA_SEC_CTX] = { "security", FIELD_CODEC, MAKE, 0, "label", .codec = &codec_xfrm_security, .schema = &schema_xfrm_security },
	[XFRMA_REPLAY_VAL] = { "replay", FIELD_RECORD, FIELD_VOLATILE, 0, "numbers of packets", .schema = &schema_replay },
	[XFRMA_REPLAY_THRESH] = { "replay_threshold", FIELD_U32, MAKE, UNIT_PACKETS, "after which a key manager is told" },
	[XFRMA_ETIMER_THRESH] = { "replay_timer", FIELD_U32, MAKE, UNIT_TENTHS_OF_SECONDS, "after which a key manager is told" },
	[XFRMA_SRCADDR] = { "srcaddr", FIELD_CODEC, FIELD_HIDDEN, 0, "source, in a request", .codec = &codec_address },
	[XFRMA_COADDR] = { "coa", FIELD_CODEC, SET, 0, "care-of address", .codec = &codec_address },
	[XFRMA_LASTUSED] = { "lastused", FIELD_U64, FIELD_VOLATILE, UNIT_SECONDS, "when it was last used, since 1970" },
	[XFRMA_ALG_AEAD] = { "aead", FIELD_CODEC, MAKE, 0, "encryption and authentication in one", .codec = &codec_xfrm_algorithm,
			     .schema = &schema_xfrm_aead },
	[XFRMA_ALG_AUTH_TRUNC] = { "auth", FIELD_CODEC, MAKE, 0, "authentication", .codec = &codec_xfrm_algorithm,
				   .schema = &schema_xfrm_authentication },
	[XFRMA_MARK] = { "mark", FIELD_RECORD, KEY, 0, "mark of the packets that it is for", .schema = &schema_xfrm_mark },
	[XFRMA_TFCPAD] = { "tfcpad", FIELD_U32, MAKE, UNIT_BYTES, "to which packets are filled up" },
	[XFRMA_REPLAY_ESN_VAL] = { "replay_esn", FIELD_CODEC, MAKE, 0, "numbers of packets, of 64 bits or with a long window", .codec = &codec_window,
				   .schema = &schema_window },
	[XFRMA_SA_EXTRA_FLAGS] = { "extra_flags", FIELD_U32, MAKE, 0, "how headers and numbers are handled", .names = &extra_flags },
	[XFRMA_PAD] = { "pad", FIELD_PAD },
	[XFRMA_OFFLOAD_DEV] = { "offload", FIELD_RECORD, MAKE, 0, "what a device does of it", .schema = &schema_xfrm_offload },
	[XFRMA_SET_MARK] = { "output_mark", FIELD_U32, SET | FIELD_HEX, 0, "mark that packets get" },
	[XFRMA_SET_MARK_MASK] = { "output_mark_mask", FIELD_U32, SET | FIELD_HEX, 0, "bits of it that are set" },
	[XFRMA_IF_ID] = { "if_id", FIELD_U32, SET | FIELD_HEX, 0, "number of the xfrm interface" },
	[XFRMA_MTIMER_THRESH] = { "mapping_timer", FIELD_U32, MAKE, UNIT_SECONDS, "between two words on another encapsulation port" },
	[33] = { "dir", FIELD_U8, MAKE, 0, "direction", .names = &directions },                                       /* XFRMA_SA_DIR, 6.10 */
	[34] = { "nat_keepalive", FIELD_U32, MAKE, UNIT_SECONDS, "between two packets that keep a NAT awake" },       /* 6.11 */
	[35] = { "pcpu", FIELD_U32, MAKE, 0, "processor that it is for" },                                            /* XFRMA_SA_PCPU, 6.13 */
	[36] = { "iptfs_drop_time", FIELD_U32, MAKE, UNIT_MICROSECONDS, "after which a missing packet is given up" }, /* XFRMA_IPTFS_*, 6.14 */
	[37] = { "iptfs_reorder_window", FIELD_U16, MAKE, UNIT_PACKETS, "that wait for a missing one" },
	[38] = { "iptfs_dont_frag", FIELD_FLAG, MAKE, 0, "packets are not cut" },
	[39] = { "iptfs_init_delay", FIELD_U32, MAKE, UNIT_MICROSECONDS, "that a packet waits for others" },
	[40] = { "iptfs_max_qsize", FIELD_U32, MAKE, UNIT_BYTES, "that may wait" },
	[41] = { "iptfs_pkt_size", FIELD_U32, MAKE, UNIT_BYTES, "of a packet on the way" },
};

static const struct schema schema = {
	.name = "state",
	.help = "IPsec states",
	.header_size = sizeof(struct xfrm_usersa_info),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_state,
	.attribute_count = ARRAY_SIZE(attributes_of_state),
};

/* ---- What kind of state it is ---- */

static const char *const algorithms[] = { "auth", "auth_whole", "crypt", "aead", "comp" };

static bool has_algorithm(const struct record *record)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (record_at(record, algorithms[i]))
			return true;
	return false;
}

static bool is_protected(const struct record *record)
{
	const uint64_t proto = record_number(record, "proto", 0);

	return proto == IPPROTO_ESP || proto == IPPROTO_AH || proto == IPPROTO_COMP;
}

/* One that waits for its keys: the kernel makes it when a packet needs it, or for a program that asks for an index, and tells no one. */
static bool is_larval(const struct record *record)
{
	return is_protected(record) && !has_algorithm(record);
}

static bool has_key(const struct record *record)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		const struct record *algorithm = record_inside(record, algorithms[i]);

		if (algorithm && record_number(algorithm, "key_bits", 0))
			return true;
	}
	return false;
}

static enum object_origin origin(const struct record *record)
{
	return is_larval(record) ? OBJECT_PASSING : has_key(record) ? OBJECT_SECRET : OBJECT_ASKED;
}

static const char *cannot_return(const struct record *record)
{
	return has_key(record) ? "its keys are secret and not kept, and a state that begins anew under an old key gives its packets away" : NULL;
}

static bool can_be_made(const struct record *record, const char **ret_why)
{
	*ret_why =
		"a state is made with its mode and algorithms: {src=10.0.0.1, mode=tunnel, aead={name=rfc4106(gcm(aes)), key=0x..., icv_bits=128}}";
	return has_algorithm(record) || !is_protected(record);
}

/* ---- Its place in the tree: DST/PROTO/SPI ---- */

/* Without an index its source tells it from others, and the number of the question that it waits for an answer to. */
static bool identifies(const struct record *record, const struct field *field)
{
	if (field->flags & KEY)
		return true;
	return !record_number(record, "spi", 0) && (strcmp(field->name, "src") == 0 || strcmp(field->name, "seq") == 0);
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *dst = record_find(record, "dst"), *src = record_find(record, "src");
	const uint32_t spi = (uint32_t)record_number(record, "spi", 0), seq = (uint32_t)record_number(record, "seq", 0);
	const struct field *proto = schema_field(&schema, "proto");
	const struct value number = value_uint(record_number(record, "proto", 0));

	if (dst)
		value_print(ret, dst, NULL, naming);
	buffer_add_char(ret, '/');
	value_print(ret, &number, proto, naming);
	buffer_printf(ret, "/0x%08x", spi);
	if (!spi && src) {
		buffer_add_text(ret, ",src=");
		value_print(ret, src, NULL, naming);
	}
	if (!spi && seq)
		buffer_printf(ret, ",seq=%u", seq);
	xfrm_path_mark(record, ret);
}

static int parse_index(struct object_path *left)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(left->rest, &end, 0);
	if (errno || end == left->rest || *left->rest == '-' || number > UINT32_MAX)
		return -EINVAL;
	left->rest = end;
	return record_put(left->arena, left->record, "spi", value_uint(number));
}

static int parse_options(struct object_path *left)
{
	int r = 0;

	while (r == 0 && *left->rest == ',') {
		if (xfrm_path_says(left, "mark")) {
			r = xfrm_parse_mark(left);
		} else if (xfrm_path_says(left, "src")) {
			left->rest += strlen(",src=");
			r = object_parse_ip(left, "src");
		} else {
			r = object_parse_option(left);
		}
	}
	return r;
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_ip(&left, "dst");
	if (r == 0 && *left.rest == '/') {
		left.rest++;
		r = object_parse_word(&left, "proto", &words_xfrm_protocol);
	}
	if (r == 0)
		r = parse_index(&left);
	if (r == 0)
		r = parse_options(&left);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || (*left.rest != '\0' && *left.rest != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no state: ADDRESS/PROTOCOL/INDEX is, such as 10.0.0.2/esp/0x00000100", text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

/* ---- Requests ---- */

/* A dump takes attributes alone, without a header. */
static void dump(struct buffer *request, uint8_t family)
{
	(void)family;
	buffer_add(request, "", 0);
}

/* The kernel's answer to a question for one state is the first that a packet with such a mark would find. So a dump is narrowed instead. */
static int get(const struct record *key, struct buffer *request)
{
	const struct value *dst = record_find(key, "dst");
	const uint8_t proto = (uint8_t)record_number(key, "proto", 0);
	struct xfrm_address_filter filter = { .family = xfrm_family_of(dst) };

	if (!filter.family || !proto)
		return -ENOENT;
	memcpy(&filter.daddr, dst->bytes.data, dst->bytes.length);
	filter.dplen = (uint8_t)(dst->bytes.length * 8);
	attribute_add(request, XFRMA_ADDRESS_FILTER, &filter, sizeof(filter));
	attribute_add(request, XFRMA_PROTO, &proto, sizeof(proto));
	return OBJECT_GET_DUMP;
}

static int remove_request(const struct record *record, struct buffer *request, struct error *error)
{
	const struct field *field = schema_field(&schema, "src");
	const struct value *dst = record_find(record, "dst"), *src = record_find(record, "src");
	struct xfrm_usersa_id id = { .spi = htobe32((uint32_t)record_number(record, "spi", 0)),
				     .proto = (uint8_t)record_number(record, "proto", 0),
				     .family = xfrm_family_of(dst) };
	xfrm_address_t address;
	int r = dst ? xfrm_put_address(field, dst, &id.daddr, error) : -EINVAL;

	if (r < 0)
		return r;
	buffer_add(request, &id, sizeof(id));
	xfrm_add_mark(record, request);
	if (src && xfrm_put_address(field, src, &address, error) == 0)
		attribute_add(request, XFRMA_SRCADDR, &address, sizeof(address));
	return 0;
}

/* Both forms of authentication are told of one: the one that says more stays. */
static int mend(struct arena *arena, struct record *record)
{
	(void)arena;
	if (record_at(record, "auth"))
		record_drop(record, "auth_whole");
	return 0;
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	if (write == OBJECT_REMOVE)
		return 0;
	if (!record_at(record, "family")) {
		int r = record_put(arena, record, "family", value_uint(xfrm_family_of(record_find(record, "dst"))));

		if (r < 0)
			return r;
	}
	return xfrm_complete_lifetime(arena, record);
}

const struct object object_state = {
	.name = "state",
	.help = "IPsec states",
	.protocol = &protocol_xfrm,
	.new_type = XFRM_MSG_NEWSA,
	.delete_type = XFRM_MSG_DELSA,
	.get_type = XFRM_MSG_GETSA,
	.replace_type = XFRM_MSG_UPDSA,
	.schema = &schema,
	.groups = { XFRMNLGRP_SA },
	.more_groups = { XFRMNLGRP_EXPIRE, XFRMNLGRP_MIGRATE },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.dump = dump,
	.get = get,
	.mend = mend,
	.prepare = prepare,
	.identifies = identifies,
	.remove_request = remove_request,
	.can_be_made = can_be_made,
	.origin = origin,
	.cannot_return = cannot_return,
	.unheard = is_larval,
	.keeps_creation = true,
	.has_secrets = true,
};

OBJECT_CHANNEL(xfrm, state, object_state, "IPsec states: how packets between two hosts are protected");
