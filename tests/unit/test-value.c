/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records: equality, significance, differences, copies. */
#include "sample.h"

static struct record *decode(struct arena *arena, const struct buffer *message)
{
	struct record *record = NULL;

	assert_int_equal(schema_decode(&sample_schema, message->data, message->length, arena, &record), 0);
	return record;
}

static void begin(struct buffer *buffer, uint32_t flags)
{
	const struct sample_header header = { .family = AF_INET, .prefix = 1, .flags = flags };

	buffer_clear(buffer);
	buffer_add(buffer, &header, sizeof(header));
}

static void assert_record(const struct record *record, const char *json)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };

	record_json(&buffer, record, NULL);
	assert_string_equal(buffer.data, json);
}

static void assert_differ(struct arena *arena, const struct record *a, const struct record *b, bool same, const char *json_a, const char *json_b)
{
	struct record *only_a, *only_b;

	assert_int_equal(record_same(a, b), same);
	assert_int_equal(record_same(b, a), same);
	assert_int_equal(record_difference(arena, a, b, &only_a, &only_b), 0);
	assert_record(only_a, json_a);
	assert_record(only_b, json_b);
	assert_int_equal(record_difference(arena, b, a, &only_b, &only_a), 0);
	assert_int_equal(only_a->count, only_b->count);
}

static void test_equal(void **state)
{
	const struct value items[] = { value_uint(1), value_uint(2) }, turned[] = { value_uint(2), value_uint(1) };
	struct value a = { .type = VALUE_LIST, .list = { items, 2 } }, b = { .type = VALUE_LIST, .list = { turned, 2 } };
	struct value address = value_data(VALUE_ADDRESS, "\1\2\3\4", 4), prefix = address;

	(void)state;
	prefix.bytes.prefix = 32;
	assert_true(value_equal(&(struct value){ 0 }, &(struct value){ 0 }));
	assert_true(value_equal(&(struct value){ .type = VALUE_INT, .integer = 5 }, &(struct value){ .type = VALUE_UINT, .number = 5 }));
	assert_false(value_equal(&(struct value){ .type = VALUE_INT, .integer = -1 }, &(struct value){ .type = VALUE_UINT, .number = UINT64_MAX }));
	assert_true(value_equal(&(struct value){ .type = VALUE_INT, .integer = -1 }, &(struct value){ .type = VALUE_INT, .integer = -1 }));
	assert_false(value_equal(&(struct value){ .type = VALUE_BOOL, .boolean = true }, &(struct value){ .type = VALUE_UINT, .number = 1 }));
	assert_false(value_equal(&address, &prefix));
	assert_true(value_equal(&a, &a));
	assert_false(value_equal(&a, &b));
	b = value_text("x");
	a = value_data(VALUE_BYTES, "x", 1);
	assert_false(value_equal(&a, &b));
}

static void test_volatile_and_masked(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer a = { 0 }, b = { 0 };

	(void)state;
	/* The running flag (0x10) lies outside the mask; counters and derived fields move freely, one may even be missing. */
	begin(&a, 1);
	PUT(&a, A_VOLATILE, uint64_t, 1);
	PUT(&a, A_DERIVED, uint32_t, 1);
	PUT(&a, A_U8, uint8_t, 9);
	begin(&b, 0x11);
	PUT(&b, A_VOLATILE, uint64_t, 2);
	PUT(&b, A_U8, uint8_t, 9);
	assert_differ(&arena, decode(&arena, &a), decode(&arena, &b), true, "{}", "{}");
	begin(&b, 3);
	PUT(&b, A_U8, uint8_t, 9);
	assert_differ(&arena, decode(&arena, &a), decode(&arena, &b), false, "{\"flags\":[\"up\"]}", "{\"flags\":[\"up\",\"broadcast\"]}");
	{
		struct value left = { .type = VALUE_RECORD, .record = decode(&arena, &a) }, right = left;

		assert_true(value_equal(&left, &right));
		PUT(&a, A_BE16, uint16_t, 0);
		right.record = decode(&arena, &a);
		assert_false(value_equal(&left, &right));
	}
}

static void test_difference(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer a = { 0 }, b = { 0 }, nest_a = { 0 }, nest_b = { 0 };

	(void)state;
	PUT(&nest_a, 1, uint32_t, 42);
	PUT(&nest_a, 2, uint8_t, 1);
	PUT(&nest_b, 1, uint32_t, 42);
	PUT(&nest_b, 3, uint32_t, 7);
	PUT(&nest_b, 2, uint8_t, 0);
	begin(&a, 0);
	begin(&b, 0);
	PUT(&a, A_U32, uint32_t, 1500);
	put(&a, A_NEST, nest_a.data, (uint16_t)nest_a.length);
	put(&a, A_TEXT, "same", 5);
	put(&a, A_LIST, "\x08\0\1\0abc", 8);
	put(&a, 300, "\1", 1);
	/* In another order, and with another set of attributes. */
	put(&b, 300, "\2", 1);
	put(&b, A_TEXT, "same", 5);
	put(&b, A_LIST, "\x08\0\1\0abd", 8);
	put(&b, A_NEST, nest_b.data, (uint16_t)nest_b.length);
	PUT(&b, A_U32, uint32_t, 1400);
	PUT(&b, A_MARK, uint32_t, 1);
	assert_differ(&arena, decode(&arena, &a), decode(&arena, &b), false,
		      "{\"u32\":1500,\"nest\":{\"learning\":true,\"seen\":null},\"list\":[\"abc\"],\"attribute 300\":\"01\",\"mark\":null}",
		      "{\"u32\":1400,\"nest\":{\"learning\":false,\"seen\":7},\"list\":[\"abd\"],\"attribute 300\":\"02\",\"mark\":\"0x1\"}");
}

static void test_only_hidden_differs(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer a = { 0 }, b = { 0 };

	(void)state;
	begin(&a, 0);
	begin(&b, 0);
	PUT(&a, A_HIDDEN, uint32_t, 1);
	PUT(&b, A_HIDDEN, uint32_t, 2);
	assert_differ(&arena, decode(&arena, &a), decode(&arena, &b), false, "{}", "{}");
	begin(&b, 0);
	assert_differ(&arena, decode(&arena, &a), decode(&arena, &b), false, "{}", "{}");
}

/* The table stands in the header of one and in an attribute of the other. */
static void test_header_against_attribute(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer a = { 0 }, b = { 0 };

	(void)state;
	begin(&a, 0);
	begin(&b, 0);
	((struct sample_header *)(void *)a.data)->table = 254;
	PUT(&b, A_TABLE, uint32_t, 254);
	assert_differ(&arena, decode(&arena, &a), decode(&arena, &b), true, "{}", "{}");
	begin(&b, 0);
	PUT(&b, A_TABLE, uint32_t, 1000);
	assert_differ(&arena, decode(&arena, &a), decode(&arena, &b), false, "{\"table\":254}", "{\"table\":1000}");
}

/* Unknown attributes that come twice are paired first with first, second with second, wherever they stand. */
static void test_repeated(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer a = { 0 }, b = { 0 };

	(void)state;
	begin(&a, 0);
	begin(&b, 0);
	put(&a, 300, "\1", 1);
	put(&a, 300, "\2", 1);
	put(&a, 301, "\3", 1);
	put(&b, 301, "\3", 1);
	put(&b, 300, "\1", 1);
	put(&b, 300, "\2", 1);
	assert_differ(&arena, decode(&arena, &a), decode(&arena, &b), true, "{}", "{}");
	begin(&b, 0);
	put(&b, 300, "\2", 1);
	put(&b, 300, "\1", 1);
	put(&b, 301, "\3", 1);
	assert_false(record_same(decode(&arena, &a), decode(&arena, &b)));
	begin(&b, 0);
	put(&b, 300, "\1", 1);
	put(&b, 301, "\3", 1);
	assert_differ(&arena, decode(&arena, &a), decode(&arena, &b), false, "{\"attribute 300\":\"02\"}", "{\"attribute 300\":null}");
}

static void test_null_is_absence(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *a = record_new(&arena, &sample_schema), *b = record_new(&arena, &sample_schema);

	(void)state;
	assert_int_equal(record_add(&arena, a, (struct entry){ "u8", &sample_fields[A_U8], A_U8, { .type = VALUE_NULL } }), 0);
	assert_differ(&arena, a, b, true, "{}", "{}");
	assert_int_equal(record_add(&arena, b, (struct entry){ "u8", &sample_fields[A_U8], A_U8, value_uint(1) }), 0);
	assert_differ(&arena, a, b, false, "{\"u8\":null}", "{\"u8\":1}");
}

/* A copy borrows nothing: it stands when the message is overwritten and freed. */
static void test_copy(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 }, kept = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 }, json = { 0 };
	struct record *copy, *generic, *generic_copy;

	(void)state;
	sample_message(&message);
	assert_int_equal(record_copy(&kept, decode(&arena, &message), &copy), 0);
	memset(message.data, 0xee, message.length);
	buffer_done(&message);
	arena_done(&arena);
	record_json(&json, copy, &sample_naming);
	assert_string_equal(json.data, SAMPLE_JSON);

	assert_int_equal(record_parse_json(NULL, "{\"name\":[\"x\"]}", 14, NULL, &arena, &generic, NULL), 0);
	assert_int_equal(record_copy(&kept, generic, &generic_copy), 0);
	arena_done(&arena);
	assert_record(generic_copy, "{\"name\":[\"x\"]}");
}

static void test_growth(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record = record_new_sized(&arena, NULL, 0);

	(void)state;
	for (unsigned int i = 0; i < UINT16_MAX; i++)
		assert_int_equal(record_add(&arena, record, (struct entry){ .number = (uint16_t)i, .value = value_uint(i) }), 0);
	assert_int_equal(record_add(&arena, record, (struct entry){ 0 }), -ENOMEM);
	for (unsigned int i = 0; i < UINT16_MAX; i++)
		assert_int_equal(record->entries[i].value.number, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),           cmocka_unit_test(test_volatile_and_masked),
		cmocka_unit_test(test_difference),      cmocka_unit_test(test_only_hidden_differs),
		cmocka_unit_test(test_repeated),        cmocka_unit_test(test_header_against_attribute),
		cmocka_unit_test(test_null_is_absence), cmocka_unit_test(test_copy),
		cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
