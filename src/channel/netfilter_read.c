/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an expression leaves in a register, as a term. Source: <linux/netfilter/nf_tables.h>, nft(8). */
#include <inttypes.h>
#include <linux/xfrm.h>
#include <string.h>

#include "channel/netfilter_say.h"

/* What is known of a packet, by its number. */
struct known {
	const char *text;
	uint8_t type;
	uint16_t bits;
	enum netfilter_order_of order;
	enum says says;
	uint8_t ct_layer;
};

static const struct known metas[] = {
	[NFT_META_LEN] = { "meta length", TYPE_INTEGER, 32, ORDER_HOST },
	[NFT_META_PROTOCOL] = { "meta protocol", TYPE_ETHERTYPE, 16, ORDER_NETWORK, SAYS_PROTOCOL },
	[NFT_META_PRIORITY] = { "meta priority", TYPE_CLASSID, 32, ORDER_HOST },
	[NFT_META_MARK] = { "meta mark", TYPE_MARK, 32, ORDER_HOST },
	[NFT_META_IIF] = { "iif", TYPE_IFINDEX, 32, ORDER_HOST },
	[NFT_META_OIF] = { "oif", TYPE_IFINDEX, 32, ORDER_HOST },
	[NFT_META_IIFNAME] = { "iifname", TYPE_IFNAME, 128, ORDER_HOST },
	[NFT_META_OIFNAME] = { "oifname", TYPE_IFNAME, 128, ORDER_HOST },
	[NFT_META_IFTYPE] = { "meta iiftype", TYPE_ARPHRD, 16, ORDER_HOST, SAYS_DEVICE },
	[NFT_META_OIFTYPE] = { "meta oiftype", TYPE_ARPHRD, 16, ORDER_HOST },
	[NFT_META_SKUID] = { "meta skuid", TYPE_UID, 32, ORDER_HOST },
	[NFT_META_SKGID] = { "meta skgid", TYPE_GID, 32, ORDER_HOST },
	[NFT_META_NFTRACE] = { "meta nftrace", TYPE_INTEGER, 1, ORDER_HOST },
	[NFT_META_RTCLASSID] = { "meta rtclassid", TYPE_REALM, 32, ORDER_HOST },
	[NFT_META_SECMARK] = { "meta secmark", TYPE_INTEGER, 32, ORDER_HOST },
	[NFT_META_NFPROTO] = { "meta nfproto", TYPE_NFPROTO, 8, ORDER_HOST, SAYS_FAMILY },
	[NFT_META_L4PROTO] = { "meta l4proto", TYPE_INET_PROTOCOL, 8, ORDER_HOST, SAYS_TRANSPORT },
	[NFT_META_BRI_IIFNAME] = { "meta ibrname", TYPE_IFNAME, 128, ORDER_HOST },
	[NFT_META_BRI_OIFNAME] = { "meta obrname", TYPE_IFNAME, 128, ORDER_HOST },
	[NFT_META_PKTTYPE] = { "meta pkttype", TYPE_PKTTYPE, 8, ORDER_HOST },
	[NFT_META_CPU] = { "meta cpu", TYPE_INTEGER, 32, ORDER_HOST },
	[NFT_META_IIFGROUP] = { "iifgroup", TYPE_DEVGROUP, 32, ORDER_HOST },
	[NFT_META_OIFGROUP] = { "oifgroup", TYPE_DEVGROUP, 32, ORDER_HOST },
	[NFT_META_CGROUP] = { "meta cgroup", TYPE_INTEGER, 32, ORDER_HOST },
	[NFT_META_PRANDOM] = { "meta random", TYPE_INTEGER, 32, ORDER_NETWORK },
	[NFT_META_SECPATH] = { "meta ipsec", TYPE_BOOLEAN, 8, ORDER_HOST },
	[NFT_META_IIFKIND] = { "meta iifkind", TYPE_IFNAME, 128, ORDER_HOST },
	[NFT_META_OIFKIND] = { "meta oifkind", TYPE_IFNAME, 128, ORDER_HOST },
	[NFT_META_BRI_IIFPVID] = { "meta ibrpvid", TYPE_INTEGER, 16, ORDER_HOST },
	[NFT_META_BRI_IIFVPROTO] = { "meta ibrvproto", TYPE_ETHERTYPE, 16, ORDER_NETWORK },
	[NFT_META_TIME_NS] = { "meta time", TYPE_TIME_DATE, 64, ORDER_HOST },
	[NFT_META_TIME_DAY] = { "meta day", TYPE_TIME_DAY, 8, ORDER_HOST },
	[NFT_META_TIME_HOUR] = { "meta hour", TYPE_TIME_HOUR, 32, ORDER_HOST },
	[NFT_META_SDIF] = { "meta sdif", TYPE_IFINDEX, 32, ORDER_HOST },
	[NFT_META_SDIFNAME] = { "meta sdifname", TYPE_IFNAME, 128, ORDER_HOST },
};

static const struct known cts[] = {
	[NFT_CT_STATE] = { "state", TYPE_CT_STATE, 32, ORDER_HOST },
	[NFT_CT_DIRECTION] = { "direction", TYPE_CT_DIR, 8, ORDER_HOST },
	[NFT_CT_STATUS] = { "status", TYPE_CT_STATUS, 32, ORDER_HOST },
	[NFT_CT_MARK] = { "mark", TYPE_MARK, 32, ORDER_HOST },
	[NFT_CT_SECMARK] = { "secmark", TYPE_INTEGER, 32, ORDER_HOST },
	[NFT_CT_EXPIRATION] = { "expiration", TYPE_TIME, 32, ORDER_HOST },
	[NFT_CT_HELPER] = { "helper", TYPE_STRING, 128, ORDER_HOST },
	[NFT_CT_L3PROTOCOL] = { "l3proto", TYPE_NFPROTO, 8, ORDER_HOST, SAYS_CT_FAMILY },
	[NFT_CT_PROTOCOL] = { "protocol", TYPE_INET_PROTOCOL, 8, ORDER_NETWORK, SAYS_CT_TRANSPORT },
	[NFT_CT_PROTO_SRC] = { "proto-src", TYPE_NONE, 16, ORDER_NETWORK, .ct_layer = LAYER_TRANSPORT },
	[NFT_CT_PROTO_DST] = { "proto-dst", TYPE_NONE, 16, ORDER_NETWORK, .ct_layer = LAYER_TRANSPORT },
	[NFT_CT_LABELS] = { "label", TYPE_CT_LABEL, 128, ORDER_HOST },
	[NFT_CT_PKTS] = { "packets", TYPE_INTEGER, 64, ORDER_HOST },
	[NFT_CT_BYTES] = { "bytes", TYPE_INTEGER, 64, ORDER_HOST },
	[NFT_CT_AVGPKT] = { "avgpkt", TYPE_INTEGER, 64, ORDER_HOST },
	[NFT_CT_ZONE] = { "zone", TYPE_INTEGER, 16, ORDER_HOST },
	[NFT_CT_EVENTMASK] = { "event", TYPE_CT_EVENTBIT, 32, ORDER_HOST },
	[NFT_CT_SRC_IP] = { "ip saddr", TYPE_IPADDR, 32, ORDER_NETWORK },
	[NFT_CT_DST_IP] = { "ip daddr", TYPE_IPADDR, 32, ORDER_NETWORK },
	[NFT_CT_SRC_IP6] = { "ip6 saddr", TYPE_IP6ADDR, 128, ORDER_NETWORK },
	[NFT_CT_DST_IP6] = { "ip6 daddr", TYPE_IP6ADDR, 128, ORDER_NETWORK },
	[NFT_CT_ID] = { "id", TYPE_INTEGER, 32, ORDER_NETWORK },
};

static const struct known rts[] = {
	[NFT_RT_CLASSID] = { "rt classid", TYPE_REALM, 32, ORDER_HOST },
	[NFT_RT_NEXTHOP4] = { "rt ip nexthop", TYPE_IPADDR, 32, ORDER_NETWORK },
	[NFT_RT_NEXTHOP6] = { "rt ip6 nexthop", TYPE_IP6ADDR, 128, ORDER_NETWORK },
	[NFT_RT_TCPMSS] = { "rt mtu", TYPE_INTEGER, 16, ORDER_HOST },
	[NFT_RT_XFRM] = { "rt ipsec", TYPE_BOOLEAN, 8, ORDER_HOST },
};

static const struct known sockets[] = {
	[NFT_SOCKET_TRANSPARENT] = { "socket transparent", TYPE_INTEGER, 8, ORDER_HOST },
	[NFT_SOCKET_MARK] = { "socket mark", TYPE_MARK, 32, ORDER_HOST },
	[NFT_SOCKET_WILDCARD] = { "socket wildcard", TYPE_INTEGER, 8, ORDER_HOST },
	[NFT_SOCKET_CGROUPV2] = { "socket cgroupv2", TYPE_CGROUPV2, 64, ORDER_HOST },
};

static const struct known xfrms[] = {
	[NFT_XFRM_KEY_DADDR_IP4] = { " ip daddr", TYPE_IPADDR, 32, ORDER_NETWORK },
	[NFT_XFRM_KEY_DADDR_IP6] = { " ip6 daddr", TYPE_IP6ADDR, 128, ORDER_NETWORK },
	[NFT_XFRM_KEY_SADDR_IP4] = { " ip saddr", TYPE_IPADDR, 32, ORDER_NETWORK },
	[NFT_XFRM_KEY_SADDR_IP6] = { " ip6 saddr", TYPE_IP6ADDR, 128, ORDER_NETWORK },
	[NFT_XFRM_KEY_REQID] = { " reqid", TYPE_INTEGER, 32, ORDER_HOST },
	[NFT_XFRM_KEY_SPI] = { " spi", TYPE_INTEGER, 32, ORDER_NETWORK },
};

/* ---- What is known of something ---- */

static struct term *term_named(struct say *say, uint8_t type, uint16_t bits, enum netfilter_order_of order, struct buffer *text)
{
	struct term *term = term_new(say, TERM_NAMED);

	if (!term)
		return NULL;
	buffer_add_char(text, '\0');
	term_set_type(term, type, order);
	term->bits = bits;
	term->named.text = text->failed ? NULL : arena_copy(say->arena, text->data, text->length);
	say->failed |= !term->named.text;
	return say->failed ? NULL : term;
}

static struct term *read_known(struct say *say, const struct known *list, size_t count, const struct record *data, struct buffer *text)
{
	const uint64_t key = record_number(data, "key", UINT64_MAX);
	const struct known *known = key < count && list[key].text ? &list[key] : NULL;
	struct term *term;

	if (!known)
		return NULL;
	buffer_add_text(text, known->text);
	if (list == sockets && key == NFT_SOCKET_CGROUPV2)
		buffer_printf(text, " level %" PRIu64, record_number(data, "level", 0));
	term = term_named(say, known->type, known->bits, known->order, text);
	if (term) {
		term->named.says = known->says;
		term->named.ct_layer = known->ct_layer;
	}
	return term;
}

static struct term *read_ct(struct say *say, const struct record *data, struct buffer *text)
{
	const uint64_t direction = record_number(data, "direction", UINT64_MAX);

	buffer_add_text(text, "ct ");
	if (direction <= 1)
		buffer_add_text(text, direction ? "reply " : "original ");
	return read_known(say, cts, ARRAY_SIZE(cts), data, text);
}

static struct term *read_xfrm(struct say *say, const struct record *data, struct buffer *text)
{
	const uint64_t direction = record_number(data, "dir", UINT64_MAX), number = record_number(data, "spnum", 0);

	if (direction != XFRM_POLICY_IN && direction != XFRM_POLICY_OUT)
		return NULL;
	buffer_add_text(text, direction == XFRM_POLICY_IN ? "ipsec in" : "ipsec out");
	if (number)
		buffer_printf(text, " spnum %" PRIu64, number);
	return read_known(say, xfrms, ARRAY_SIZE(xfrms), data, text);
}

static struct term *read_fib(struct say *say, const struct record *data, struct buffer *text)
{
	static const char *const by[] = { "saddr", "daddr", "mark", "iif", "oif" };
	static const char *const results[] = {
		[NFT_FIB_RESULT_OIF] = "oif", [NFT_FIB_RESULT_OIFNAME] = "oifname", [NFT_FIB_RESULT_ADDRTYPE] = "type"
	};
	static const uint8_t types[] = {
		[NFT_FIB_RESULT_OIF] = TYPE_IFINDEX, [NFT_FIB_RESULT_OIFNAME] = TYPE_IFNAME, [NFT_FIB_RESULT_ADDRTYPE] = TYPE_FIB_ADDR
	};
	const uint64_t flags = record_number(data, "flags", 0), result = record_number(data, "result", UINT64_MAX);
	const bool present = flags & NFTA_FIB_F_PRESENT;
	const char *between = "";

	if (result >= ARRAY_SIZE(results) || !results[result] || flags >> 6)
		return NULL;
	buffer_add_text(text, "fib ");
	for (size_t i = 0; i < ARRAY_SIZE(by); i++)
		if (flags >> i & 1) {
			buffer_printf(text, "%s%s", between, by[i]);
			between = " . ";
		}
	buffer_printf(text, " %s", results[result]);
	return term_named(say, present ? TYPE_BOOLEAN : types[result], result == NFT_FIB_RESULT_OIFNAME && !present ? 128 : 32, ORDER_HOST, text);
}

static struct term *read_osf(struct say *say, const struct record *data, struct buffer *text)
{
	static const char *const ttls[] = { "", "ttl loose ", "ttl skip " };
	const uint64_t ttl = record_number(data, "ttl", 0);

	if (ttl >= ARRAY_SIZE(ttls))
		return NULL;
	buffer_printf(text, "osf %s%s", ttls[ttl], record_number(data, "flags", 0) & NFT_OSF_F_VERSION ? "version" : "name");
	return term_named(say, TYPE_STRING, 128, ORDER_HOST, text);
}

static struct term *read_numgen(struct say *say, const struct record *data, struct buffer *text)
{
	const uint64_t type = record_number(data, "type", UINT64_MAX), offset = record_number(data, "offset", 0);

	if (type > NFT_NG_RANDOM)
		return NULL;
	buffer_printf(text, "numgen %s mod %" PRIu64, type == NFT_NG_RANDOM ? "random" : "inc", record_number(data, "modulus", 0));
	if (offset)
		buffer_printf(text, " offset %" PRIu64, offset);
	return term_named(say, TYPE_INTEGER, 32, ORDER_HOST, text);
}

/* ---- What is of a packet ---- */

static struct term *read_payload(struct say *say, const struct record *data)
{
	const uint64_t base = record_number(data, "base", UINT64_MAX), offset = record_number(data, "offset", 0),
		       length = record_number(data, "len", 0);
	struct term *term;

	if (base > NFT_PAYLOAD_INNER_HEADER || offset > UINT16_MAX || length == 0 || length > 128)
		return NULL;
	term = term_new(say, TERM_PAYLOAD);
	if (!term)
		return NULL;
	term->payload.layer = (enum layer)(base + LAYER_LINK);
	term->payload.offset = (uint32_t)offset * 8;
	term->bits = (uint16_t)(length * 8);
	term_set_type(term, TYPE_RAW, ORDER_NETWORK);
	return term;
}

static struct term *read_option(struct say *say, const struct record *data)
{
	const uint64_t offset = record_number(data, "offset", 0), length = record_number(data, "len", 0);
	struct term *term;

	if (offset > UINT16_MAX || length > 128)
		return NULL;
	term = term_new(say, TERM_OPTION);
	if (!term)
		return NULL;
	term->option.number = (uint8_t)record_number(data, "type", 0);
	term->option.protocol = (uint8_t)record_number(data, "op", NFT_EXTHDR_OP_IPV6);
	term->option.offset = (uint32_t)offset * 8;
	term->option.present = record_number(data, "flags", 0) & NFT_EXTHDR_F_PRESENT;
	term->bits = (uint16_t)(length * 8);
	term_set_type(term, TYPE_INTEGER, ORDER_NETWORK);
	(void)option_find(term->option.protocol, term->option.number, term->option.offset, term->bits, term);
	if (term->option.present)
		term_set_type(term, TYPE_BOOLEAN, ORDER_NETWORK);
	return term;
}

/* ---- What works on what is in a register ---- */

static struct term *term_value(struct say *say, const uint8_t *data, size_t length)
{
	struct term *term = term_new(say, TERM_VALUE);

	if (!term)
		return NULL;
	term->value.data = data;
	term->value.length = (uint16_t)length;
	term->bits = (uint16_t)(length * 8);
	return term;
}

static struct term *binary(struct say *say, enum operation operation, struct term *left, const uint8_t *right, size_t length)
{
	struct term *term = term_new(say, TERM_BITS);

	if (!term)
		return NULL;
	term->binary.operation = operation;
	term->binary.left = left;
	term->binary.right = term_value(say, right, length);
	term->bits = left->bits;
	return term->binary.right ? term : NULL;
}

static const struct value *bytes_of(const struct record *data, const char *part)
{
	const struct record *inside = record_inside(data, part);
	const struct value *value = inside ? record_find(inside, "value") : NULL;

	return value && value->type == VALUE_BYTES && value->bytes.length <= 64 ? value : NULL;
}

static bool any(const uint8_t *data, size_t length, uint8_t byte)
{
	for (size_t i = 0; i < length; i++)
		if (data[i] != byte)
			return true;
	return false;
}

/* (LEFT & mask) ^ xor: bits that the mask leaves out and that are turned round then are set. */
static struct term *read_mask(struct say *say, struct term *left, const struct record *data)
{
	const struct value *mask = bytes_of(data, "mask"), *turned = bytes_of(data, "xor");
	const size_t length = mask ? mask->bytes.length : 0;
	uint8_t *kept, *turn, *set;

	if (!mask || !turned || turned->bytes.length != length || length == 0)
		return NULL;
	kept = (uint8_t *)arena_copy(say->arena, mask->bytes.data, length);
	turn = (uint8_t *)arena_copy(say->arena, turned->bytes.data, length);
	set = arena_allocate(say->arena, length);
	if (!kept || !turn || !set) {
		say->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < length; i++) {
		set[i] = turn[i] & (uint8_t)~kept[i];
		turn[i] &= kept[i];
		kept[i] |= set[i];
	}
	if (any(kept, length, 0xff) || left->bits != length * 8)
		left = binary(say, OPERATION_AND, left, kept, length);
	if (left && any(turn, length, 0))
		left = binary(say, OPERATION_XOR, left, turn, length);
	if (left && any(set, length, 0))
		left = binary(say, OPERATION_OR, left, set, length);
	return left;
}

static struct term *read_bitwise(struct say *say, const struct record *data)
{
	const uint64_t operation = record_number(data, "op", NFT_BITWISE_BOOL);
	struct term *left = term_take(say, record_number(data, "sreg", 0), 0);
	const struct value *shift;

	if (!left || record_find(data, "sreg2"))
		return NULL;
	if (operation == NFT_BITWISE_BOOL)
		return read_mask(say, left, data);
	shift = bytes_of(data, "data");
	if (!shift || (operation != NFT_BITWISE_LSHIFT && operation != NFT_BITWISE_RSHIFT))
		return NULL;
	return binary(say, operation == NFT_BITWISE_LSHIFT ? OPERATION_LEFT : OPERATION_RIGHT, left, shift->bytes.data, shift->bytes.length);
}

static struct term *read_hash(struct say *say, const struct record *data, struct buffer *text)
{
	const uint64_t length = record_number(data, "len", 0), seed = record_number(data, "seed", 0), offset = record_number(data, "offset", 0);
	const bool jenkins = record_number(data, "type", NFT_HASH_JENKINS) == NFT_HASH_JENKINS;
	struct term *term = term_new(say, TERM_HASH);

	if (!term || length > 64)
		return NULL;
	term_set_type(term, TYPE_INTEGER, ORDER_HOST);
	term->bits = 32;
	if (jenkins)
		term->hash.of = term_take(say, record_number(data, "sreg", 0), (uint32_t)length * 8);
	if (jenkins && !term->hash.of)
		return NULL;
	buffer_printf(text, " mod %" PRIu64, record_number(data, "modulus", 0));
	if (jenkins && record_find(data, "seed"))
		buffer_printf(text, " seed 0x%" PRIx64, seed);
	if (offset)
		buffer_printf(text, " offset %" PRIu64, offset);
	buffer_add_char(text, '\0');
	term->hash.text = text->failed ? NULL : arena_copy(say->arena, text->data, text->length);
	say->failed |= !term->hash.text;
	return say->failed ? NULL : term;
}

static struct term *read_byteorder(struct say *say, const struct record *data)
{
	struct term *term = term_take(say, record_number(data, "sreg", 0), 0);

	if (term)
		term->swapped = !term->swapped;
	return term;
}

static struct term *read_immediate(struct say *say, const struct record *data)
{
	const struct value *value = bytes_of(data, "data");

	return value ? term_value(say, value->bytes.data, value->bytes.length) : NULL;
}

static struct term *read_map(struct say *say, const struct record *data)
{
	const struct said_set *set = set_find(say, data, "sreg");
	struct term *term = set ? term_new(say, TERM_MAP) : NULL;

	if (!term)
		return NULL;
	term->map.set = set;
	term->map.key = term_take(say, record_number(data, "sreg", 0), (uint32_t)record_number(set->set, "key_len", 0) * 8);
	term->bits = (uint16_t)(record_number(set->set, "data_len", 0) * 8);
	term->type = set->data_type;
	return term->map.key ? term : NULL;
}

static struct term *read_expression(struct say *say, const char *name, const struct record *data, struct buffer *text)
{
	if (strcmp(name, "payload") == 0)
		return read_payload(say, data);
	if (strcmp(name, "meta") == 0)
		return read_known(say, metas, ARRAY_SIZE(metas), data, text);
	if (strcmp(name, "ct") == 0)
		return read_ct(say, data, text);
	if (strcmp(name, "rt") == 0)
		return read_known(say, rts, ARRAY_SIZE(rts), data, text);
	if (strcmp(name, "socket") == 0)
		return read_known(say, sockets, ARRAY_SIZE(sockets), data, text);
	if (strcmp(name, "xfrm") == 0)
		return read_xfrm(say, data, text);
	if (strcmp(name, "fib") == 0)
		return read_fib(say, data, text);
	if (strcmp(name, "osf") == 0)
		return read_osf(say, data, text);
	if (strcmp(name, "numgen") == 0)
		return read_numgen(say, data, text);
	if (strcmp(name, "exthdr") == 0)
		return read_option(say, data);
	if (strcmp(name, "bitwise") == 0)
		return read_bitwise(say, data);
	if (strcmp(name, "hash") == 0)
		return read_hash(say, data, text);
	if (strcmp(name, "byteorder") == 0)
		return read_byteorder(say, data);
	if (strcmp(name, "immediate") == 0)
		return read_immediate(say, data);
	return strcmp(name, "lookup") == 0 ? read_map(say, data) : NULL;
}

struct term *term_read(struct say *say, const char *name, const struct record *data)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	struct term *term = read_expression(say, name, data, &text);

	say->failed |= text.failed;
	return term;
}
