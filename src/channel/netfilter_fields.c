/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words and layouts that several objects of nftables have. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "channel/netfilter.h"
#include "channel/words.h"
#include "model/field.h"

#define SET FIELD_SETTABLE
SHARED_NAMES(words_netfilter_family, false, { NFPROTO_INET, "inet" }, { NFPROTO_IPV4, "ip" }, { NFPROTO_ARP, "arp" }, { NFPROTO_NETDEV, "netdev" },
	     { NFPROTO_BRIDGE, "bridge" }, { NFPROTO_IPV6, "ip6" });
SHARED_NAMES(words_netfilter_layer3, false, { NFPROTO_IPV4, "ip" }, { NFPROTO_IPV6, "ip6" }, { NFPROTO_INET, "inet" });
SHARED_NAMES(words_netfilter_object, false, { NFT_OBJECT_COUNTER, "counter" }, { NFT_OBJECT_QUOTA, "quota" }, { NFT_OBJECT_CT_HELPER, "ct_helper" },
	     { NFT_OBJECT_LIMIT, "limit" }, { NFT_OBJECT_CONNLIMIT, "connlimit" }, { NFT_OBJECT_TUNNEL, "tunnel" },
	     { NFT_OBJECT_CT_TIMEOUT, "ct_timeout" }, { NFT_OBJECT_SECMARK, "secmark" }, { NFT_OBJECT_CT_EXPECT, "ct_expectation" },
	     { NFT_OBJECT_SYNPROXY, "synproxy" });

const struct field field_netfilter_family = {
	"family", FIELD_U8, FIELD_KEY, 0, "what packets it is for", HEADER_FIELD(struct nfgenmsg, nfgen_family), .names = &words_netfilter_family
};

/* ---- A value or a verdict ---- */

NAMES(verdicts, false, { 0, "drop" }, { 1, "accept" }, { 2, "stolen" }, { 3, "queue" }, { 4, "repeat" }, { (uint32_t)NFT_CONTINUE, "continue" },
      { (uint32_t)NFT_BREAK, "break" }, { (uint32_t)NFT_JUMP, "jump" }, { (uint32_t)NFT_GOTO, "goto" }, { (uint32_t)NFT_RETURN, "return" });

static const struct field verdict[] = {
	[NFTA_VERDICT_CODE] = { "code", FIELD_BE32, SET, 0, "what becomes of the packet", .names = &verdicts },
	[NFTA_VERDICT_CHAIN] = { "chain", FIELD_TEXT, SET, 0, "where it goes" },
	[NFTA_VERDICT_CHAIN_ID] = { "chain_id", FIELD_BE32, SET, 0, "the same of a chain that is made with it" },
};
static const struct schema schema_verdict = { .name = "verdict", .attributes = verdict, .attribute_count = ARRAY_SIZE(verdict) };

static const struct field data[] = {
	[NFTA_DATA_VALUE] = { "value", FIELD_BYTES, SET, 0, "bytes, as they stand in a packet or a register" },
	[NFTA_DATA_VERDICT] = { "verdict", FIELD_RECORD, SET, 0, "what becomes of the packet", .schema = &schema_verdict },
};
const struct schema schema_netfilter_data = { .name = "data", .attributes = data, .attribute_count = ARRAY_SIZE(data) };

/* ---- A priority ---- */

static int decode_priority(struct decode *decode, const struct field *field, const void *bytes, size_t length, struct value *ret)
{
	uint32_t number;

	(void)decode;
	(void)field;
	if (length != sizeof(number))
		return -EBADMSG;
	memcpy(&number, bytes, sizeof(number));
	*ret = value_int((int32_t)be32toh(number));
	return 0;
}

static int encode_priority(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const bool small = value->type == VALUE_INT ? value->integer >= INT32_MIN && value->integer <= INT32_MAX
						    : value->type == VALUE_UINT && value->number <= INT32_MAX;
	uint32_t number;

	if (!small)
		return error_set(error, -EINVAL, "%s must be a number from -2147483648 to 2147483647", field->name);
	number = htobe32((uint32_t)value->integer);
	buffer_add(buffer, &number, sizeof(number));
	return 0;
}

const struct codec codec_netfilter_priority = { decode_priority, encode_priority };

/* ---- The type of a set's key or data: nft's own numbers, several of which are one behind the other, in six bits each ---- */

#define TYPE_BITS 6
#define TYPE_MASK ((1u << TYPE_BITS) - 1)

NAMES(types, false, { 1, "verdict" }, { 2, "nf_proto" }, { 3, "bitmask" }, { 4, "integer" }, { 5, "string" }, { 6, "ll_addr" }, { 7, "ipv4_addr" },
      { 8, "ipv6_addr" }, { 9, "ether_addr" }, { 10, "ether_type" }, { 11, "arp_op" }, { 12, "inet_proto" }, { 13, "inet_service" },
      { 14, "icmp_type" }, { 15, "tcp_flag" }, { 16, "dccp_pkttype" }, { 17, "mh_type" }, { 18, "time" }, { 19, "mark" }, { 20, "iface_index" },
      { 21, "iface_type" }, { 22, "realm" }, { 23, "classid" }, { 24, "uid" }, { 25, "gid" }, { 26, "ct_state" }, { 27, "ct_dir" },
      { 28, "ct_status" }, { 29, "icmpv6_type" }, { 30, "ct_label" }, { 31, "pkt_type" }, { 32, "icmp_code" }, { 33, "icmpv6_code" },
      { 34, "icmpx_code" }, { 35, "devgroup" }, { 36, "dscp" }, { 37, "ecn" }, { 38, "fib_addrtype" }, { 39, "boolean" }, { 40, "ct_event" },
      { 41, "ifname" }, { 42, "igmp_type" }, { 43, "time_date" }, { 44, "time_hour" }, { 45, "time_day" }, { 46, "cgroupsv2" });

static int decode_type(struct decode *decode, const struct field *field, const void *bytes, size_t length, struct value *ret)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	uint32_t number;
	char *copy;

	(void)field;
	if (length != sizeof(number))
		return -EBADMSG;
	memcpy(&number, bytes, sizeof(number));
	number = be32toh(number);
	for (int shift = 30; shift >= 0; shift -= TYPE_BITS) {
		const char *word = names_find(&types, number >> shift & TYPE_MASK);

		if (number >> shift == 0)
			continue;
		/* The verdict of a map has a number of the kernel's own; what nft has no name for stays a number. */
		if (!word || number > 1u << 30) {
			*ret = number == NFT_DATA_VERDICT ? value_text("verdict") : value_uint(number);
			return 0;
		}
		buffer_add_text(&text, text.length ? " . " : "");
		buffer_add_text(&text, word);
	}
	copy = arena_copy(decode->arena, text.data ? text.data : "", text.length);
	if (text.failed || !copy)
		return -ENOMEM;
	*ret = text.length ? value_data(VALUE_TEXT, copy, text.length) : value_uint(0);
	return 0;
}

static int number_of_type(const char *text, size_t length, uint32_t *ret)
{
	uint32_t number = 0;

	if (length == strlen("verdict") && memcmp(text, "verdict", length) == 0) {
		*ret = NFT_DATA_VERDICT;
		return 0;
	}
	while (length) {
		const size_t word = strcspn(text, " ") < length ? strcspn(text, " ") : length;
		uint64_t one;

		if (words_parse(&types, text, word, &one) < 0 || one > TYPE_MASK || number >> 24)
			return -EINVAL;
		number = number << TYPE_BITS | (uint32_t)one;
		text += word;
		length -= word;
		if (length > 3 && memcmp(text, " . ", 3) == 0) {
			text += 3;
			length -= 3;
		} else if (length) {
			return -EINVAL;
		}
	}
	*ret = number;
	return 0;
}

static int encode_type(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	uint32_t number = 0;
	int r = -EINVAL;

	if (value->type == VALUE_UINT && value->number <= UINT32_MAX) {
		number = (uint32_t)value->number;
		r = 0;
	} else if (value->type == VALUE_TEXT) {
		_cleanup_free_ char *text = strndup(value->bytes.data, value->bytes.length);

		r = text ? number_of_type(text, strlen(text), &number) : -ENOMEM;
	}
	if (r < 0)
		return error_set(error, r, "%s must be a type of nft's, such as ipv4_addr, or several: ipv4_addr . inet_service", field->name);
	number = htobe32(number);
	buffer_add(buffer, &number, sizeof(number));
	return 0;
}

uint32_t netfilter_type_number(const struct value *value)
{
	uint32_t number = 0;
	char text[128];

	if (!value || value->type != VALUE_TEXT || value->bytes.length >= sizeof(text))
		return 0;
	memcpy(text, value->bytes.data, value->bytes.length);
	text[value->bytes.length] = '\0';
	if (number_of_type(text, value->bytes.length, &number) < 0)
		return 0;
	return number == NFT_DATA_VERDICT ? 1 : number;
}

const struct codec codec_netfilter_type = { decode_type, encode_type };

/* ---- What nft keeps with an object ---- */

static const struct field comment[] = { { "comment", FIELD_TEXT, SET, 0, "a word to people" } };
const struct schema schema_netfilter_comment = { .name = "userdata", .attributes = comment, .attribute_count = ARRAY_SIZE(comment) };

static const struct field set_data[] = {
	{ "key_byteorder", FIELD_U32, SET, 0, "how nft prints keys: 1 as the machine orders bytes, 2 as the network does" },
	{ "data_byteorder", FIELD_U32, SET, 0, "the same of data" },
	{ "merge_elements", FIELD_U32, SET, 0, "ranges that touch become one" },
	{ "key_typeof", FIELD_BYTES, SET, 0, "expression that the type of keys is that of, as nft writes it" },
	{ "data_typeof", FIELD_BYTES, SET, 0, "the same of data" },
	{ "expressions", FIELD_BYTES, SET, 0, "expressions, as nft writes them" },
	{ "data_interval", FIELD_U32, SET, 0, "data are ranges" },
	{ "comment", FIELD_TEXT, SET, 0, "a word to people" },
};
const struct schema schema_netfilter_set_data = { .name = "userdata", .attributes = set_data, .attribute_count = ARRAY_SIZE(set_data) };

static int decode_one(const struct field *known, const uint8_t *at, uint8_t length, struct value *ret)
{
	uint32_t number;

	*ret = value_data(VALUE_BYTES, at, length);
	if (!known)
		return -EBADMSG;
	if (known->kind == FIELD_U32) {
		if (length != sizeof(number))
			return -EBADMSG;
		memcpy(&number, at, sizeof(number));
		*ret = value_uint(number);
	} else if (known->kind == FIELD_TEXT) {
		if (length == 0 || memchr(at, '\0', length) != at + length - 1)
			return -EBADMSG;
		*ret = value_data(VALUE_TEXT, at, length - 1u);
	}
	return 0;
}

static int decode_userdata(struct decode *decode, const struct field *field, const void *bytes, size_t length, struct value *ret)
{
	struct record *record = record_new_sized(decode->arena, field->schema, 4);
	const uint8_t *at = bytes, *end = at + length;

	if (!record)
		return -ENOMEM;
	while (end - at >= 2 && at[1] <= end - at - 2) {
		const struct field *known = at[0] < field->schema->attribute_count ? &field->schema->attributes[at[0]] : NULL;
		struct entry entry = { .number = at[0] };

		if (decode_one(known, at + 2, at[1], &entry.value) == 0) {
			entry.field = known;
			entry.name = known->name;
		}
		if (record_add(decode->arena, record, entry) < 0)
			return -ENOMEM;
		at += 2 + at[1];
	}
	if (at != end)
		return -EBADMSG;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return 0;
}

static int encode_userdata(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	if (value->type != VALUE_RECORD)
		return error_set(error, -EINVAL, "%s is a record, such as {comment=...}", field->name);
	for (uint32_t i = 0; i < value->record->count; i++) {
		const struct entry *entry = &value->record->entries[i];
		const bool is_number = entry->value.type == VALUE_UINT || entry->value.type == VALUE_INT, is_text = entry->value.type == VALUE_TEXT;
		const uint32_t number = (uint32_t)entry->value.number;
		const size_t length = is_number ? sizeof(number) : entry->value.bytes.length + is_text;

		if (entry->value.type == VALUE_NULL)
			continue;
		if (entry->number > UINT8_MAX || length > UINT8_MAX)
			return error_set(error, -ERANGE, "%s/%s has more than 255 bytes", field->name, entry->name ? entry->name : "attribute");
		buffer_add_char(buffer, (char)entry->number);
		buffer_add_char(buffer, (char)length);
		buffer_add(buffer, is_number ? (const void *)&number : entry->value.bytes.data, is_number ? length : entry->value.bytes.length);
		if (is_text)
			buffer_add_char(buffer, '\0');
	}
	return 0;
}

const struct codec codec_netfilter_userdata = { decode_userdata, encode_userdata, FIELD_RECORD };
