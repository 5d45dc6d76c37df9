/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small schema with every kind of field, and a message of it, for the tests of the model. */
#ifndef FERRY_TEST_SAMPLE_H
#define FERRY_TEST_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "model/schema.h"

struct sample_header {
	uint8_t family, prefix, table, padding;
	int32_t index;
	uint32_t flags;
};

struct sample_pair {
	uint16_t first;
	uint16_t second_big_endian;
	char name[4];
};

enum {
	A_FLAG = 1,
	A_BOOL,
	A_U8,
	A_U16,
	A_U32,
	A_U64,
	A_S8,
	A_S16,
	A_S32,
	A_S64,
	A_BE16,
	A_BE32,
	A_BE64,
	A_TEXT,
	A_BYTES,
	A_ADDRESS,
	A_PREFIX,
	A_INTERFACE,
	A_NEST,
	A_STRUCT,
	A_LIST,
	A_INDEXED,
	A_KIND,
	A_DATA,
	A_CODEC,
	A_PAD,
	A_TABLE,
	A_HOLE,
	A_CHOICE,
	A_MARK,
	A_SECRET,
	A_HIDDEN,
	A_VOLATILE,
	A_DERIVED,
	A_WORDS,
	A_STRUCTS,
	A_DEEP,
	A_LAST,
};

NAMES(sample_choice, false, { 1, "one" }, { 2, "two" }, { 9, "nine" });
NAMES(sample_flags, true, { 1, "up" }, { 2, "broadcast" }, { 0x10, "running" });

/* A codec: the payload's bytes turned round, shown as text. */
static int sample_decode(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	char *text = arena_allocate(decode->arena, length);

	(void)field;
	if (!text)
		return -ENOMEM;
	if (length == 0)
		return -EBADMSG;
	for (size_t i = 0; i < length; i++)
		text[i] = ((const char *)data)[length - 1 - i];
	*ret = value_data(VALUE_TEXT, text, length);
	return 0;
}

static int sample_encode(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	if (value->type != VALUE_TEXT)
		return error_set(error, -EINVAL, "%s: must be a text", field->name);
	for (size_t i = value->bytes.length; i-- > 0;)
		buffer_add_char(buffer, ((const char *)value->bytes.data)[i]);
	return 0;
}

static const struct codec sample_codec = { sample_decode, sample_encode };

static const struct field sample_pair_fields[] = {
	{ "first", FIELD_U16, HEADER_FIELD(struct sample_pair, first) },
	{ "second", FIELD_BE16, HEADER_FIELD(struct sample_pair, second_big_endian) },
	{ "name", FIELD_TEXT, HEADER_FIELD(struct sample_pair, name) },
};
static const struct schema sample_pair_schema = {
	.name = "pair",
	.header_size = sizeof(struct sample_pair),
	.header = sample_pair_fields,
	.header_count = ARRAY_SIZE(sample_pair_fields),
};
static const struct field sample_pair_element = { "pair", FIELD_RECORD, .schema = &sample_pair_schema };

static const struct field sample_nest_fields[] = {
	[1] = { "id", FIELD_U32, FIELD_CREATE, LIMITS(.minimum = 1, .maximum = 4094) },
	[2] = { "learning", FIELD_BOOL, FIELD_SETTABLE },
	[3] = { "seen", FIELD_U32 },
};
static const struct schema sample_nest_schema = { .name = "nest",
						  .attributes = sample_nest_fields,
						  .attribute_count = ARRAY_SIZE(sample_nest_fields) };

static const struct schema sample_deep_schema;
static const struct field sample_deep_fields[] = {
	[1] = { "deep", FIELD_RECORD, .schema = &sample_deep_schema },
	[2] = { "bottom", FIELD_U8 },
};
static const struct schema sample_deep_schema = { .name = "deep",
						  .attributes = sample_deep_fields,
						  .attribute_count = ARRAY_SIZE(sample_deep_fields) };

static const struct selection_row sample_rows[] = { { "nest", &sample_nest_schema }, { "deep", &sample_deep_schema } };
static const struct selection sample_selection = { "kind", sample_rows, ARRAY_SIZE(sample_rows) };

static const struct field sample_text_element = { "word", FIELD_TEXT, .offset = 53 };
static const struct field sample_u16_element = { "number", FIELD_U16 };

static const struct field sample_header_fields[] = {
	{ "family", FIELD_U8, FIELD_KEY, HEADER_FIELD(struct sample_header, family) },
	{ "table", FIELD_U8, FIELD_KEY | FIELD_HEADER_ATTRIBUTE, HEADER_FIELD(struct sample_header, table) },
	{ "index", FIELD_INTERFACE, FIELD_KEY, HEADER_FIELD(struct sample_header, index) },
	{ "flags", FIELD_U32, FIELD_SETTABLE, HEADER_FIELD(struct sample_header, flags), LIMITS(.mask = 3), .names = &sample_flags },
};

static const struct field sample_fields[] = {
	[A_FLAG] = { "flag", FIELD_FLAG, FIELD_SETTABLE },
	[A_BOOL] = { "bool", FIELD_BOOL, FIELD_SETTABLE },
	[A_U8] = { "u8", FIELD_U8, FIELD_SETTABLE },
	[A_U16] = { "u16", FIELD_U16, FIELD_SETTABLE },
	[A_U32] = { "u32", FIELD_U32, FIELD_SETTABLE, LIMITS(.minimum = 68, .maximum = 65535) },
	[A_U64] = { "u64", FIELD_U64 },
	[A_S8] = { "s8", FIELD_S8 },
	[A_S16] = { "s16", FIELD_S16 },
	[A_S32] = { "s32", FIELD_S32 },
	[A_S64] = { "s64", FIELD_S64 },
	[A_BE16] = { "be16", FIELD_BE16 },
	[A_BE32] = { "be32", FIELD_BE32 },
	[A_BE64] = { "be64", FIELD_BE64 },
	[A_TEXT] = { "text", FIELD_TEXT, FIELD_SETTABLE, LIMITS(.maximum = 15) },
	[A_BYTES] = { "bytes", FIELD_BYTES },
	[A_ADDRESS] = { "address", FIELD_ADDRESS, FIELD_SETTABLE },
	[A_PREFIX] = { "prefix", FIELD_PREFIX, FIELD_KEY, .prefix_offset = offsetof(struct sample_header, prefix) },
	[A_INTERFACE] = { "interface", FIELD_INTERFACE, FIELD_SETTABLE },
	[A_NEST] = { "nest", FIELD_RECORD, FIELD_SETTABLE | FIELD_CREATE, .schema = &sample_nest_schema },
	[A_STRUCT] = { "struct", FIELD_RECORD, FIELD_SETTABLE, .schema = &sample_pair_schema },
	[A_LIST] = { "list", FIELD_LIST, FIELD_NOT_NESTED, .element = &sample_text_element },
	[A_INDEXED] = { "indexed", FIELD_INDEXED, .element = &sample_u16_element },
	[A_KIND] = { "kind", FIELD_TEXT, FIELD_CREATE },
	[A_DATA] = { "data", FIELD_SELECT, FIELD_CREATE, .select = &sample_selection },
	[A_CODEC] = { "codec", FIELD_CODEC, .codec = &sample_codec },
	[A_PAD] = { "pad", FIELD_PAD },
	[A_TABLE] = { "table", FIELD_U32, FIELD_KEY },
	[A_CHOICE] = { "choice", FIELD_U8, .names = &sample_choice },
	[A_MARK] = { "mark", FIELD_U32, FIELD_HEX },
	[A_SECRET] = { "secret", FIELD_TEXT, FIELD_SECRET },
	[A_HIDDEN] = { "hidden", FIELD_U32, FIELD_HIDDEN },
	[A_VOLATILE] = { "counter", FIELD_U64, FIELD_VOLATILE },
	[A_DERIVED] = { "derived", FIELD_U32, FIELD_DERIVED },
	[A_WORDS] = { "words", FIELD_U32, .names = &sample_flags },
	[A_STRUCTS] = { "structs", FIELD_INDEXED, .element = &sample_pair_element },
	[A_DEEP] = { "deep", FIELD_RECORD, .schema = &sample_deep_schema },
};
static const struct schema sample_schema = {
	.name = "sample",
	.header_size = sizeof(struct sample_header),
	.header = sample_header_fields,
	.header_count = ARRAY_SIZE(sample_header_fields),
	.attributes = sample_fields,
	.attribute_count = ARRAY_SIZE(sample_fields),
	.prefixes = UINT64_C(1) << A_PREFIX,
};

/* Attributes by hand, so that the decoder is not judged by our own encoder. */
static inline void put(struct buffer *buffer, uint16_t type, const void *data, uint16_t length)
{
	const uint16_t head[2] = { (uint16_t)(length + 4), type };

	buffer_add(buffer, head, 4);
	buffer_add(buffer, data, length);
	while (buffer->length % 4)
		buffer_add_char(buffer, '\0');
}

#define PUT(buffer, type, c_type, number) put((buffer), (type), &(c_type){ number }, sizeof(c_type))

/* A message with every attribute. */
static inline void sample_message(struct buffer *buffer)
{
	const struct sample_header header = { .family = AF_INET, .prefix = 24, .table = 252, .index = 3, .flags = 0x13 };
	const struct sample_pair pairs[2] = { { 7, htobe16(0x1234), "abcd" }, { 8, htobe16(1), "x" } };
	_cleanup_buffer_ struct buffer nest = { 0 }, list = { 0 };

	PUT(&nest, 1, uint32_t, 42);
	PUT(&nest, 2, uint8_t, 1);
	PUT(&nest, 9, uint8_t, 0xab);
	put(&list, 53, "first", 6);
	put(&list, 53, "second word", 12);

	buffer_add(buffer, &header, sizeof(header));
	put(buffer, A_FLAG, NULL, 0);
	PUT(buffer, A_BOOL, uint8_t, 1);
	PUT(buffer, A_U8, uint8_t, 200);
	PUT(buffer, A_U16, uint16_t, 50000);
	PUT(buffer, A_U32, uint32_t, 1500);
	PUT(buffer, A_U64, uint64_t, UINT64_MAX);
	PUT(buffer, A_S8, int8_t, -1);
	PUT(buffer, A_S16, int16_t, -300);
	PUT(buffer, A_S32, int32_t, INT32_MIN);
	PUT(buffer, A_S64, int64_t, INT64_MIN);
	PUT(buffer, A_BE16 | NLA_F_NET_BYTEORDER, uint16_t, htobe16(8080));
	PUT(buffer, A_BE32, uint32_t, htobe32(0x01020304));
	PUT(buffer, A_BE64, uint64_t, htobe64(5));
	put(buffer, A_TEXT, "caf\xc3\xa9 \xff", 8);
	put(buffer, A_BYTES, "\0\1\376", 3);
	put(buffer, A_ADDRESS, "\x02\x42\xac\x11\x00\x02", 6);
	put(buffer, A_PREFIX, "\x0a\x01\x02\x00", 4);
	PUT(buffer, A_INTERFACE, uint32_t, 2);
	put(buffer, A_NEST | NLA_F_NESTED, nest.data, (uint16_t)nest.length);
	put(buffer, A_STRUCT, &pairs[0], sizeof(pairs[0]));
	put(buffer, A_LIST, list.data, (uint16_t)list.length);
	put(buffer, A_INDEXED, (uint16_t[]){ 1, 2, 3 }, 6);
	put(buffer, A_KIND, "nest", 5);
	put(buffer, A_DATA | NLA_F_NESTED, nest.data, (uint16_t)nest.length);
	put(buffer, A_CODEC, "abc", 3);
	PUT(buffer, A_TABLE, uint32_t, 1000);
	put(buffer, A_HOLE, "hole", 4);
	PUT(buffer, A_CHOICE, uint8_t, 9);
	PUT(buffer, A_MARK, uint32_t, 0xcafe);
	put(buffer, A_SECRET, "key", 4);
	PUT(buffer, A_HIDDEN, uint32_t, 6);
	PUT(buffer, A_VOLATILE, uint64_t, 77);
	PUT(buffer, A_DERIVED, uint32_t, 78);
	PUT(buffer, A_WORDS, uint32_t, 0x81);
	put(buffer, A_STRUCTS, pairs, sizeof(pairs));
	put(buffer, 999, "\xde\xad", 2);
}

static inline const char *sample_name(void *data, uint32_t index)
{
	(void)data;
	return index == 2 ? "eth0" : index == 3 ? "eth0.100" : NULL;
}

static inline uint32_t sample_index(void *data, const char *name)
{
	(void)data;
	return strcmp(name, "eth0") == 0 ? 2 : strcmp(name, "eth0.100") == 0 ? 3 : 0;
}

static const struct naming sample_naming = { NULL, sample_name, sample_index };

/* The message as JSON, written down by hand from the table above. */
#define SAMPLE_JSON_BEFORE_SECRET                                                                                                                  \
	"{\"family\":2,\"table\":1000,\"index\":\"eth0.100\",\"flags\":[\"up\",\"broadcast\",\"running\"],\"flag\":true,\"bool\":true,\"u8\":200," \
	"\"u16\":50000,\"u32\":1500,\"u64\":18446744073709551615,\"s8\":-1,\"s16\":-300,\"s32\":-2147483648,\"s64\":-9223372036854775808,"         \
	"\"be16\":8080,\"be32\":16909060,\"be64\":5,\"text\":\"caf\xc3\xa9 \\udcff\",\"bytes\":\"0001fe\",\"address\":\"02:42:ac:11:00:02\","      \
	"\"prefix\":\"10.1.2.0/24\",\"interface\":\"eth0\",\"nest\":{\"id\":42,\"learning\":true,\"attribute 9\":\"ab\"},"                         \
	"\"struct\":{\"first\":7,\"second\":4660,\"name\":\"abcd\"},\"list\":[\"first\",\"second word\"],\"indexed\":[1,2,3],\"kind\":\"nest\","   \
	"\"data\":{\"id\":42,\"learning\":true,\"attribute 9\":\"ab\"},\"codec\":\"cba\",\"attribute 28\":\"686f6c65\",\"choice\":\"nine\","       \
	"\"mark\":\"0xcafe\","
#define SAMPLE_JSON_AFTER_SECRET                                                                                                  \
	"\"counter\":77,\"derived\":78,\"words\":[\"up\",\"0x80\"],\"structs\":[{\"first\":7,\"second\":4660,\"name\":\"abcd\"}," \
	"{\"first\":8,\"second\":1,\"name\":\"x\"}],\"attribute 999\":\"dead\"}"
#define SAMPLE_JSON SAMPLE_JSON_BEFORE_SECRET "\"secret\":\"(secret)\"," SAMPLE_JSON_AFTER_SECRET

#endif
