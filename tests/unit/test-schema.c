/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decode, encode, check and the path of an attribute. */
#include "sample.h"

#include <sys/mman.h>
#include <unistd.h>

/* COPY of the data, its end at the edge of a page behind which nothing is mapped: an over-read is a crash, sanitizer or not. */
struct edge {
	void *map;
	size_t size;
	uint8_t *data;
};

static struct edge edge_new(const void *data, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (length / page + 2) * page;
	struct edge edge = { .map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .size = size };

	assert_ptr_not_equal(edge.map, MAP_FAILED);
	assert_int_equal(munmap((char *)edge.map + size - page, page), 0);
	edge.data = (uint8_t *)edge.map + size - page - length;
	if (length)
		memcpy(edge.data, data, length);
	return edge;
}

static void edge_done(struct edge *edge)
{
	munmap(edge->map, edge->size - (size_t)sysconf(_SC_PAGESIZE));
}

static void assert_json(const struct record *record, const char *expected)
{
	_cleanup_buffer_ struct buffer json = { 0 };

	record_json(&json, record, &sample_naming);
	assert_false(json.failed);
	assert_string_equal(json.data, expected);
}

static void test_every_kind(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 };
	struct record *record;
	struct edge edge;

	(void)state;
	sample_message(&message);
	edge = edge_new(message.data, message.length);
	assert_int_equal(schema_decode(&sample_schema, edge.data, message.length, &arena, &record), 0);
	assert_json(record, SAMPLE_JSON);
	assert_int_equal(record_number(record, "table", 0), 1000);
	assert_int_equal(record_number(record, "hidden", 0), 6);
	assert_int_equal(record_number(record, "text", 5), 5);
	assert_ptr_equal(record_entry(record, &sample_fields[A_U32])->field, &sample_fields[A_U32]);
	assert_null(record_find(record, "nothing"));
	edge_done(&edge);
}

/* Cut at every length and with every byte spoilt in turn: never a read beyond the end, and what was whole before the cut is still there. */
static void test_hostile(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 }, json = { 0 };
	struct record *record;

	(void)state;
	sample_message(&message);
	for (size_t length = 0; length <= message.length; length++) {
		struct edge edge = edge_new(message.data, length);
		int r;

		record = NULL;
		r = schema_decode(&sample_schema, edge.data, length, &arena, &record);
		assert_true(r == 0 || r == -EBADMSG);
		if (length < sizeof(struct sample_header))
			assert_true(r == -EBADMSG && !record);
		else
			assert_non_null(record);
		if (record) {
			buffer_clear(&json);
			record_json(&json, record, &sample_naming);
			assert_false(json.failed);
		}
		edge_done(&edge);
		arena_reset(&arena);
	}
	for (size_t at = 0; at < message.length; at++) {
		static const uint8_t bad[] = { 0, 1, 3, 4, 5, 0x7f, 0x80, 0xff };

		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			struct edge edge = edge_new(message.data, message.length);
			int r;

			edge.data[at] = bad[i];
			record = NULL;
			r = schema_decode(&sample_schema, edge.data, message.length, &arena, &record);
			assert_true((r == 0 || r == -EBADMSG) && record);
			buffer_clear(&json);
			record_json(&json, record, &sample_naming);
			buffer_clear(&json);
			(void)!schema_encode(record, 0, &json, NULL);
			edge_done(&edge);
			arena_reset(&arena);
		}
	}
}

static void test_malformed_end_keeps_the_beginning(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 };
	const struct sample_header header = { .prefix = 1 };
	struct record *record = NULL;

	(void)state;
	buffer_add(&message, &header, sizeof(header));
	PUT(&message, A_U8, uint8_t, 1);
	buffer_add(&message, (uint16_t[]){ 40, A_U8 }, 4);
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), -EBADMSG);
	assert_json(record, "{\"family\":0,\"table\":0,\"index\":null,\"flags\":[],\"u8\":1}");
}

static void test_wrong_length_is_unknown(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 }, again = { 0 };
	const struct sample_header header = { .prefix = 33, .family = AF_INET };
	struct record *record = NULL;

	(void)state;
	buffer_add(&message, &header, sizeof(header));
	put(&message, A_U32, "\1\2", 2);
	put(&message, A_PREFIX, "\1\2\3\4", 4); /* 33 bits of an IPv4 address */
	put(&message, A_NEST, "\1", 1);
	put(&message, A_DATA, NULL, 0); /* nothing tells its kind */
	put(&message, A_INDEXED, "\1\2\3", 3);
	put(&message, A_CODEC, NULL, 0);
	PUT(&message, A_PAD, uint32_t, 0);
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
	assert_json(record, "{\"family\":2,\"table\":0,\"index\":null,\"flags\":[],\"attribute 5\":\"0102\",\"attribute "
			    "17\":\"01020304\",\"attribute 19\":\"01\","
			    "\"attribute 24\":\"\",\"attribute 22\":\"010203\",\"attribute 25\":\"\"}");
	/* Sent again as it came, but for the padding. */
	message.length -= 8;
	assert_int_equal(schema_encode(record, 0, &again, NULL), 0);
	((struct sample_header *)(void *)again.data)->prefix = 33;
	assert_int_equal(again.length, message.length);
	assert_memory_equal(again.data, message.data, message.length);
}

static void test_last_of_repeated(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 };
	const struct sample_header header = { .prefix = 1 };
	struct record *record = NULL;

	(void)state;
	buffer_add(&message, &header, sizeof(header));
	PUT(&message, A_U8, uint8_t, 1);
	PUT(&message, A_U16, uint16_t, 2);
	PUT(&message, A_U8, uint8_t, 3);
	PUT(&message, A_U8 + 256, uint8_t, 4); /* shares the survey's bit only */
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
	assert_json(record, "{\"family\":0,\"table\":0,\"index\":null,\"flags\":[],\"u8\":3,\"u16\":2,\"attribute 259\":\"04\"}");
}

/* A nest is what its selector says in the end, wherever that stands and however often both come; it is told once. */
static void test_selected_anew(void **state)
{
	static const uint8_t learning[] = { 5, 0, 2, 0, 1, 0, 0, 0 };
	static const struct {
		const char *order; /* n, d: the kind "nest", "deep"; D: the nest; X: one that is none */
		const char *json;
	} cases[] = {
		{ "nD", "\"kind\":\"nest\",\"data\":{\"learning\":true}" },  { "Dn", "\"data\":{\"learning\":true},\"kind\":\"nest\"" },
		{ "nDd", "\"kind\":\"deep\",\"data\":{\"bottom\":1}" },      { "DDd", "\"data\":{\"bottom\":1},\"kind\":\"deep\"" },
		{ "DnD", "\"data\":{\"learning\":true},\"kind\":\"nest\"" }, { "DnX", "\"attribute 24\":\"09\",\"kind\":\"nest\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct sample_header header = { .prefix = 1 };
		_cleanup_arena_ struct arena arena = { 0 };
		_cleanup_buffer_ struct buffer message = { 0 }, json = { 0 };
		struct record *record = NULL;

		buffer_add(&message, &header, sizeof(header));
		for (const char *at = cases[i].order; *at; at++)
			if (*at == 'D')
				put(&message, A_DATA, learning, sizeof(learning));
			else if (*at == 'X')
				put(&message, A_DATA, "\t", 1);
			else
				put(&message, A_KIND, *at == 'n' ? "nest" : "deep", 5);
		assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
		buffer_printf(&json, "{\"family\":0,\"table\":0,\"index\":null,\"flags\":[],%s}", cases[i].json);
		assert_json(record, json.data);
	}
}

static void test_absent_prefix(void **state)
{
	static const struct {
		uint8_t family, prefix;
		const char *json;
	} cases[] = {
		{ AF_INET, 0, "{\"family\":2,\"table\":0,\"index\":null,\"flags\":[],\"prefix\":\"0.0.0.0/0\"}" },
		{ AF_INET6, 0, "{\"family\":10,\"table\":0,\"index\":null,\"flags\":[],\"prefix\":\"::/0\"}" },
		{ AF_INET, 8, "{\"family\":2,\"table\":0,\"index\":null,\"flags\":[]}" },
		{ AF_UNSPEC, 0, "{\"family\":0,\"table\":0,\"index\":null,\"flags\":[]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct sample_header header = { .family = cases[i].family, .prefix = cases[i].prefix };
		_cleanup_arena_ struct arena arena = { 0 };
		_cleanup_buffer_ struct buffer bytes = { 0 };
		struct record *record = NULL;

		assert_int_equal(schema_decode(&sample_schema, &header, sizeof(header), &arena, &record), 0);
		assert_json(record, cases[i].json);
		if (cases[i].prefix == 0) {
			assert_int_equal(schema_encode(record, 0, &bytes, NULL), 0);
			assert_int_equal(bytes.length, sizeof(header));
			assert_memory_equal(bytes.data, &header, sizeof(header));
		}
	}
}

/* Nests in nests: 16 are read, a deeper one is shown as bytes, and none overflows the stack. */
static void test_depth(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer inner = { 0 }, message = { 0 }, json = { 0 };
	const struct sample_header header = { .prefix = 1 };
	struct record *record = NULL;
	const struct value *value;
	int depth = 0;

	(void)state;
	PUT(&inner, 2, uint8_t, 1);
	for (int i = 0; i < 200; i++) {
		_cleanup_buffer_ struct buffer outer = { 0 };

		put(&outer, 1, inner.data, (uint16_t)inner.length);
		buffer_clear(&inner);
		buffer_add(&inner, outer.data, outer.length);
	}
	buffer_add(&message, &header, sizeof(header));
	put(&message, A_DEEP, inner.data, (uint16_t)inner.length);
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
	for (value = record_find(record, "deep"); value && value->type == VALUE_RECORD; value = record_find(value->record, "deep"))
		depth++;
	assert_int_equal(depth, 16);
	assert_int_equal(schema_encode(record, 0, &json, NULL), 0);
	assert_int_equal(json.length, message.length);
}

static void test_shorter_struct(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record = NULL;

	(void)state;
	assert_int_equal(schema_decode(&sample_pair_schema, "\1\0\0\2ab", 6, &arena, &record),
			 -EBADMSG); /* a message's own header is whole or none */
	_cleanup_buffer_ struct buffer message = { 0 };
	const struct sample_header header = { .prefix = 1 };

	buffer_add(&message, &header, sizeof(header));
	put(&message, A_STRUCT, "\1\0\0\2ab", 6);
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
	assert_json(record, "{\"family\":0,\"table\":0,\"index\":null,\"flags\":[],\"struct\":{\"first\":1,\"second\":2}}");
}

/* What is sent reads as what was read; the header's compatibility number is left out, since the attribute overrides it. */
static void test_round_trip(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 }, again = { 0 };
	struct error error = { 0 };
	struct record *record, *second;
	struct sample_header *header;

	(void)state;
	sample_message(&message);
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
	buffer_add(&again, "before!!", 8); /* not at the beginning of the buffer */
	assert_int_equal(schema_encode(record, 0, &again, &error), 0);

	header = (struct sample_header *)(void *)message.data;
	header->table = 0;
	assert_int_equal(again.length - 8, message.length);
	assert_memory_equal(again.data + 8, header, sizeof(*header));
	assert_int_equal(schema_decode(&sample_schema, again.data + 8, again.length - 8, &arena, &second), 0);
	assert_true(record_same(record, second) && record_same(second, record));
	assert_json(second, SAMPLE_JSON);
}

/* A filter picks by the fields' flags, in nests too. */
static void test_filter(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 }, bytes = { 0 };
	struct record *record, *part;

	(void)state;
	sample_message(&message);
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
	assert_int_equal(schema_encode(record, FIELD_KEY, &bytes, NULL), 0);
	assert_int_equal(schema_decode(&sample_schema, bytes.data, bytes.length, &arena, &part), 0);
	assert_json(part, "{\"family\":2,\"table\":1000,\"index\":\"eth0.100\",\"flags\":[],\"prefix\":\"10.1.2.0/24\"}");
	buffer_clear(&bytes);
	assert_int_equal(schema_encode(record, FIELD_KEY | FIELD_CREATE, &bytes, NULL), 0);
	assert_int_equal(schema_decode(&sample_schema, bytes.data, bytes.length, &arena, &part), 0);
	assert_json(
		part,
		"{\"family\":2,\"table\":1000,\"index\":\"eth0.100\",\"flags\":[],\"prefix\":\"10.1.2.0/24\",\"nest\":{\"id\":42},\"kind\":\"nest\","
		"\"data\":{\"id\":42}}");
	buffer_clear(&bytes);
	assert_int_equal(schema_encode(record, FIELD_SETTABLE, &bytes, NULL), 0);
	assert_int_equal(schema_decode(&sample_schema, bytes.data, bytes.length, &arena, &part), 0);
	assert_null(record_find(part, "data"));
	/* A struct whose fields carry no flags goes whole. */
	assert_int_equal(record_number(record_find(part, "struct")->record, "second", 0), 0x1234);
	assert_int_equal(record_number(part, "index", 1), 0);
}

static void expect_refusal(const struct field *field, struct value value, int code, const char *words)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer bytes = { 0 };
	struct record *record = record_new(&arena, &sample_schema);
	struct error error = { 0 };

	assert_int_equal(record_add(&arena, record, (struct entry){ field->name, field, (uint16_t)(field - sample_fields), value }), 0);
	assert_int_equal(schema_encode(record, 0, &bytes, &error), code);
	assert_int_equal(error.code, code);
	assert_string_equal(error.text, words);
	assert_int_equal(bytes.length, 0);
}

static void test_refusals(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *nest = record_new(&arena, &sample_nest_schema), *other = record_new(&arena, &sample_deep_schema);
	struct value prefix = value_data(VALUE_ADDRESS, "\1\2\3\4", 4);

	(void)state;
	expect_refusal(&sample_fields[A_U8], value_uint(256), -ERANGE, "u8: out of range, takes 0 to 255");
	expect_refusal(&sample_fields[A_U8], value_int(-1), -ERANGE, "u8: out of range, takes 0 to 255");
	expect_refusal(&sample_fields[A_U32], value_uint(67), -ERANGE, "u32: out of range, takes 68 to 65535");
	expect_refusal(&sample_fields[A_S8], value_int(-129), -ERANGE, "s8: out of range, takes -128 to 127");
	expect_refusal(&sample_fields[A_S64], value_uint(UINT64_MAX), -ERANGE,
		       "s64: out of range, takes -9223372036854775808 to 9223372036854775807");
	expect_refusal(&sample_fields[A_BOOL], value_uint(2), -ERANGE, "bool: out of range, takes 0 to 1");
	expect_refusal(&sample_fields[A_U16], value_text("x"), -EINVAL, "u16: must be a number");
	expect_refusal(&sample_fields[A_TEXT], value_text("sixteen letters!"), -ERANGE, "text: has 16 bytes, takes 0 to 15");
	expect_refusal(&sample_fields[A_TEXT], value_data(VALUE_TEXT, "a\0b", 3), -EINVAL, "text: holds a NUL byte");
	expect_refusal(&sample_fields[A_SECRET], value_text("(secret)"), -EINVAL, "secret: the secret was not kept, so it cannot be put back");
	prefix.bytes.prefix = 33;
	expect_refusal(&sample_fields[A_PREFIX], prefix, -ERANGE, "prefix: the prefix is longer than the address");
	prefix.bytes.prefix = 8;
	expect_refusal(&sample_fields[A_ADDRESS], prefix, -EINVAL, "address: takes no prefix length");
	expect_refusal(&sample_fields[A_NEST], (struct value){ .type = VALUE_RECORD, .record = other }, -EINVAL, "nest: must be a record of nest");
	assert_int_equal(record_add(&arena, nest, (struct entry){ "id", &sample_nest_fields[1], 1, value_uint(4095) }), 0);
	expect_refusal(&sample_fields[A_NEST], (struct value){ .type = VALUE_RECORD, .record = nest }, -ERANGE,
		       "nest/id: out of range, takes 1 to 4094");
}

static void test_path(void **state)
{
	static const struct {
		const char *needle;
		size_t length;
		const char *path;
	} cases[] = {
		{ "\x08\x00\x05\x00\xdc\x05", 6, "u32" },
		{ "\xdc\x05\x00\x00", 4, "u32" },
		{ "\x08\x00\x01\x00\x2a\x00", 6, "nest/id" },
		{ "hole", 4, "attribute 28" },
		{ "second word", 11, "list" },
	};
	_cleanup_buffer_ struct buffer message = { 0 }, path = { 0 };
	size_t last;

	(void)state;
	sample_message(&message);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *at = memmem(message.data, message.length, cases[i].needle, cases[i].length);

		assert_non_null(at);
		buffer_clear(&path);
		assert_int_equal(schema_path_at(&sample_schema, message.data, message.length, (size_t)(at - message.data), &path), 0);
		assert_string_equal(path.data, cases[i].path);
	}
	/* The second nest is the one that "kind" selects. */
	last = (size_t)((char *)memrchr(message.data, 0xab, message.length) - message.data);
	buffer_clear(&path);
	assert_int_equal(schema_path_at(&sample_schema, message.data, message.length, last, &path), 0);
	assert_string_equal(path.data, "data/attribute 9");
	buffer_clear(&path);
	assert_int_equal(schema_path_at(&sample_schema, message.data, message.length, offsetof(struct sample_header, flags) + 1, &path), 0);
	assert_string_equal(path.data, "flags");
	assert_int_equal(schema_path_at(&sample_schema, message.data, message.length, message.length, &path), -ENOENT);
	/* Every offset of every cut: no crash. */
	for (size_t length = 0; length < message.length; length += 3) {
		struct edge edge = edge_new(message.data, length);

		for (size_t offset = 0; offset <= length; offset++)
			(void)!schema_path_at(&sample_schema, edge.data, length, offset, &path);
		edge_done(&edge);
	}
}

static void test_attribute_bounds(void **state)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };
	_cleanup_free_ char *large = calloc(1, 70000);
	size_t begin;

	(void)state;
	attribute_add(&buffer, 1, large, 65531);
	assert_false(buffer.failed);
	attribute_add(&buffer, 1, large, 65532);
	assert_true(buffer.failed);
	buffer_clear(&buffer);
	begin = attribute_begin(&buffer, 2);
	attribute_add(&buffer, 1, large, 40000);
	attribute_add(&buffer, 1, large, 40000);
	attribute_end(&buffer, begin);
	assert_true(buffer.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_malformed_end_keeps_the_beginning),
		cmocka_unit_test(test_wrong_length_is_unknown),
		cmocka_unit_test(test_last_of_repeated),
		cmocka_unit_test(test_selected_anew),
		cmocka_unit_test(test_absent_prefix),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_shorter_struct),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_attribute_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
