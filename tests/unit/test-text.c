/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What value_print() prints, parse reads back as the value that it was: by hand, and for values made at random of every object's schema. */
#include "sample.h"

#include <stdlib.h>

#include "channel/object.h"
#include "model/field.h"

static struct error error;

static void print(struct buffer *buffer, const struct value *value, const struct field *field)
{
	buffer_clear(buffer);
	value_print(buffer, value, field, &sample_naming);
	buffer_add(buffer, "", 0);
	assert_false(buffer->failed);
}

static const struct field *field_of(const char *name)
{
	const struct field *field = schema_field(&sample_schema, name);

	assert_non_null(field);
	return field;
}

/* TEXT in the field NAME of the sample, printed again. */
static void assert_reads(const char *name, const char *text, const char *printed)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer again = { 0 };
	struct value value;

	if (value_parse_text(text, strlen(text), field_of(name), NULL, &sample_naming, &arena, &value, &error) < 0)
		fail_msg("%s=%s: %s", name, text, error.text);
	print(&again, &value, field_of(name));
	assert_string_equal(again.data, printed);
}

static void assert_refused(const char *name, const char *text, int code, const char *words)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct value value = { .type = VALUE_BOOL, .boolean = true };

	assert_int_equal(value_parse_text(text, strlen(text), field_of(name), NULL, &sample_naming, &arena, &value, &error), code);
	if (!strstr(error.text, words))
		fail_msg("%s=%s: \"%s\" lacks \"%s\"", name, text, error.text, words);
	assert_int_equal(value.type, VALUE_BOOL);
}

static void test_scalars(void **state)
{
	(void)state;
	assert_reads("u8", " 200 ", "200");
	assert_reads("u16", "0x10", "16");
	assert_reads("s16", "-300", "-300");
	assert_reads("u64", "18446744073709551615", "18446744073709551615");
	assert_reads("s64", "-9223372036854775808", "-9223372036854775808");
	assert_reads("bool", "true", "true");
	assert_reads("bool", "0", "false");
	assert_reads("flag", "false", "false");
	assert_reads("choice", "nine", "nine");
	assert_reads("choice", "\"nine\"", "nine");
	assert_reads("choice", "4", "4");
	assert_reads("mark", "0xcafe", "0xcafe");
	assert_reads("mark", "7", "0x7");
	assert_reads("words", "[up, 0x80]", "[up, 0x80]");
	assert_reads("words", "[]", "[]");
	assert_reads("words", "up", "[up]");
	assert_reads("words", "[\"up\", \"broadcast\"]", "[up, broadcast]");
	assert_reads("bytes", "0001fe", "0001fe");
	assert_reads("bytes", "\"\"", "\"\"");
	assert_reads("address", "02:42:ac:11:00:02", "02:42:ac:11:00:02");
	assert_reads("prefix", "10.1.0.0/16", "10.1.0.0/16");
	assert_reads("prefix", "fe80::1", "fe80::1/128");
	assert_reads("interface", "eth0.100", "eth0.100");
	assert_reads("interface", "2", "eth0");
	assert_reads("interface", "77", "77");
	assert_reads("interface", "\"77\"", "\"77\"");
	assert_reads("interface", "null", "null");
	assert_reads("interface", "gone", "gone");
}

static void test_texts(void **state)
{
	(void)state;
	assert_reads("text", "a, {b}=c", "a, {b}=c");
	assert_reads("text", "12", "12");
	assert_reads("text", "true", "true");
	assert_reads("text", "null", "null");
	assert_reads("text", "\"null\"", "\"null\"");
	assert_reads("text", "\" padded \"", "\" padded \"");
	assert_reads("text", "[x] {", "\"[x] {\"");
	assert_reads("text", "\"[x] {\"", "\"[x] {\"");
	assert_reads("text", "a\\\\b\\x01c", "a\\\\b\\x01c");
	assert_reads("text", "\"\\\"q\\\"\"", "\"\\\"q\\\"\"");
	assert_reads("text", "caf\xc3\xa9\\xff", "caf\xc3\xa9\\xff");
	assert_reads("text", "\"\\u00e9\"", "\xc3\xa9");
	assert_reads("text", "", "\"\"");
	assert_reads("list", "[12, \"a b\", \"\", \"null\", \"x,]\"]", "[12, \"a b\", \"\", \"null\", \"x,]\"]");
}

static void test_nested(void **state)
{
	(void)state;
	assert_reads("nest", "{id=42, learning=true, attribute 9=ab}", "{id=42, learning=true, attribute 9=ab}");
	assert_reads("nest", "{ \"id\" : 42, \"learning\":true }", "{id=42, learning=true}");
	assert_reads("nest", "{}", "{}");
	assert_reads("indexed", "[1,2 , 3]", "[1, 2, 3]");
	assert_reads("structs", "[{first=7, second=1, name=ab}, {first=8}]", "[{first=7, second=1, name=ab}, {first=8}]");
	assert_reads("structs", "[{\"first\":7}]", "[{first=7}]");
}

static void test_refusals(void **state)
{
	char deep[200];

	(void)state;
	assert_refused("u8", "256", -ERANGE, "u8: out of range");
	assert_refused("u8", "", -EINVAL, "u8: must be a number");
	assert_refused("u8", "1x", -EINVAL, "u8: must be a number");
	assert_refused("u8", "[1]", -EINVAL, "u8: must be a number");
	assert_refused("u32", "67", -ERANGE, "68 to 65535");
	assert_refused("flag", "1", -EINVAL, "true or false");
	assert_refused("choice", "ten", -EINVAL, "no such word: \"ten\"");
	assert_refused("words", "[up, down]", -EINVAL, "no such word: \"down\"");
	assert_refused("address", "10.1", -EINVAL, "must be an address");
	assert_refused("nest", "{id=42", -EINVAL, "expected a comma or }");
	assert_refused("nest", "{id=42 learning=true}", -EINVAL, "expected a comma or }");
	assert_refused("nest", "{id=42, id=43}", -EINVAL, "given twice");
	assert_refused("nest", "{name=1}", -EINVAL, "nest/name: no such field");
	assert_refused("nest", "{\"id\": 42", -EINVAL, "not JSON");
	assert_refused("nest", "{id=}", -EINVAL, "a value is missing");
	assert_refused("nest", "{=1}", -EINVAL, "name of a field is missing");
	assert_refused("nest", "{id=1}x", -EINVAL, "the value ends before");
	assert_refused("text", "a\\qb", -EINVAL, "no such escape");
	assert_refused("text", "a\\x00", -EINVAL, "NUL");
	assert_refused("text", "\"open", -EINVAL, "closing quote");
	assert_refused("text", "\"a\"b", -EINVAL, "behind its closing quote");
	assert_refused("text", "0123456789abcdef", -ERANGE, "16 bytes");
	assert_refused("secret", "(secret)", -EINVAL, "was not kept");
	assert_refused("data", "{id=1}", -EINVAL, "not known here");
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	assert_refused("list", deep, -EINVAL, "nested too deeply");
}

/* A file's value has no field. */
static void test_files(void **state)
{
	static const char *const texts[] = { "1",    "-5",   "007",  "1\\t2",   "[none] kyber", "always [madvise]", "\"\\\"quoted\\\"\"",
					     "true", "null", "\"\"", "a \\\\ b" };
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer again = { 0 };
	struct value value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(value_parse_text(texts[i], strlen(texts[i]), NULL, NULL, NULL, &arena, &value, &error), 0);
		assert_int_equal(value.type, i < 2 ? VALUE_INT : VALUE_TEXT);
		print(&again, &value, NULL);
		assert_string_equal(again.data, texts[i]);
	}
}

static void test_selection(void **state)
{
	static const char text[] = "{kind=nest, data={id=7}}";
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer again = { 0 };
	struct record *record, *gathered = record_new(&arena, NULL), *joined;
	struct value value, leaf;

	(void)state;
	assert_int_equal(record_parse_text(&sample_schema, text, strlen(text), &sample_naming, &arena, &record, &error), 0);
	assert_int_equal(value_parse_text("{id=7}", 6, field_of("data"), record, NULL, &arena, &value, &error), 0);
	print(&again, &value, field_of("data"));
	assert_string_equal(again.data, "{id=7}");

	/* The same from leaves. */
	assert_int_equal(value_parse_generic("7", 1, false, &arena, &leaf, &error), 0);
	assert_int_equal(record_add_at(&arena, gathered, "data/id", &leaf, &error), 0);
	assert_int_equal(record_add_at(&arena, gathered, "data/id", &leaf, &error), -EEXIST);
	assert_int_equal(record_add_at(&arena, gathered, "data/id/more", &leaf, &error), -ENOTDIR);
	assert_int_equal(value_parse_generic("{kind=nest}", 11, false, &arena, &leaf, &error), 0);
	assert_int_equal(record_add_at(&arena, gathered, "", &leaf, &error), 0);
	assert_int_equal(record_of_generic(&sample_schema, gathered, &sample_naming, &arena, &joined, &error), 0);
	assert_true(record_same(record, joined));
}

/* ---- At random ---- */

static uint64_t seed = 1;

static uint64_t roll(uint64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % below;
}

static uint64_t roll_number(void)
{
	uint64_t number = roll(UINT32_MAX) << 32 | roll(UINT32_MAX);

	return number >> roll(64);
}

static const void *roll_bytes(struct arena *arena, size_t length, bool text)
{
	static const char marks[] = " ,=[]{}\"'\\/\n\t#-\x7f\xff\xc3\xa9x0";
	char *data = arena_allocate(arena, length + 1);

	assert_non_null(data);
	for (size_t i = 0; i < length; i++)
		data[i] = text ? (roll(2) ? marks[roll(sizeof(marks) - 1)] : (char)('a' + roll(26))) : (char)roll(256);
	data[length] = '\0';
	return data;
}

static struct value roll_text(struct arena *arena, const struct field *field)
{
	static const char *const words[] = { "null", "true", "false", "0", "12", "-1", "10.0.0.1", "{", "[]", "\"", "(secret)", "attribute 1" };
	const uint64_t maximum = field_limits(field)->maximum;
	size_t most = maximum ? maximum : field->size ? field->size : 12, length = roll(most < 12 ? most + 1 : 13);
	const char *word = words[roll(ARRAY_SIZE(words))];

	if (roll(4) == 0 && strlen(word) <= most)
		return value_text(word);
	return value_data(VALUE_TEXT, roll_bytes(arena, length, true), length);
}

static struct value roll_address(struct arena *arena, const struct field *field)
{
	static const uint8_t lengths[] = { 4, 16, 6, 8, 20, 32, 0, 1 };
	size_t length = field->kind == FIELD_PREFIX ? lengths[roll(2)] : field->size ? field->size : lengths[roll(ARRAY_SIZE(lengths))];
	struct value value = value_data(VALUE_ADDRESS, roll_bytes(arena, length, false), length);

	if (field->kind == FIELD_PREFIX)
		value.bytes.prefix = (int16_t)roll(length * 8 + 1);
	return value;
}

/* What selects is one of the words that it selects by. */
static struct value roll_word(const struct field *field, const struct selection *select)
{
	const char *word = select->rows[roll(select->count)].text;
	uint64_t number;

	return field_names(field) && names_parse(field_names(field), word, strlen(word), &number) ? value_uint(number) : value_text(word);
}

static struct record *roll_record(struct arena *arena, const struct schema *schema, unsigned int depth);
static struct value roll_value(struct arena *arena, const struct field *field, const struct record *siblings, unsigned int depth);

static struct value roll_select(struct arena *arena, const struct field *field, const struct record *siblings, unsigned int depth)
{
	const struct value *by = record_find(siblings, field_select(field)->by);

	for (uint32_t i = 0; by && i < field_select(field)->count; i++)
		if (by->type == VALUE_TEXT && strlen(field_select(field)->rows[i].text) == by->bytes.length &&
		    memcmp(field_select(field)->rows[i].text, by->bytes.data, by->bytes.length) == 0)
			return (struct value){ .type = VALUE_RECORD, .record = roll_record(arena, field_select(field)->rows[i].schema, depth + 1) };
	return (struct value){ .type = VALUE_NULL };
}

static struct value roll_list(struct arena *arena, const struct field *field, const struct record *siblings, unsigned int depth)
{
	uint32_t count = (uint32_t)roll(4);
	struct value *items = arena_array(arena, struct value, count);

	assert_non_null(items);
	for (uint32_t i = 0; i < count; i++)
		items[i] = roll_value(arena, field_element(field), siblings, depth + 1);
	return (struct value){ .type = VALUE_LIST, .list = { items, count } };
}

static struct value roll_integer(const struct field *field)
{
	uint64_t number = roll_number();

	if (field_names(field) && field_names(field)->count && roll(2))
		number = field_names(field)->list[roll(field_names(field)->count)].value;
	if (field->kind >= FIELD_S8 && field->kind <= FIELD_S64)
		return value_int((int64_t)(roll(2) ? number : 0 - number));
	return value_uint(number);
}

static struct value roll_value(struct arena *arena, const struct field *field, const struct record *siblings, unsigned int depth)
{
	if (field->flags & FIELD_SECRET)
		return (struct value){ .type = VALUE_NULL };
	switch (field->kind) {
	case FIELD_FLAG:
	case FIELD_BOOL:
		return value_bool(roll(2));
	case FIELD_TEXT:
		return roll_text(arena, field);
	case FIELD_BYTES: {
		size_t length = field->size ? field->size : roll(9);

		return value_data(VALUE_BYTES, roll_bytes(arena, length, false), length);
	}
	case FIELD_ADDRESS:
	case FIELD_PREFIX:
		return roll_address(arena, field);
	case FIELD_INTERFACE:
		return roll(4) ? value_uint(roll(4)) : value_text(roll(2) ? "7" : "a, b");
	case FIELD_RECORD:
		return (struct value){ .type = VALUE_RECORD, .record = roll_record(arena, field_schema(field), depth + 1) };
	case FIELD_SELECT:
		return roll_select(arena, field, siblings, depth);
	case FIELD_LIST:
	case FIELD_INDEXED:
		return roll_list(arena, field, siblings, depth);
	case FIELD_CODEC:
		if (field_element(field))
			return roll_list(arena, field, siblings, depth);
		if (field_schema(field))
			return (struct value){ .type = VALUE_RECORD, .record = roll_record(arena, field_schema(field), depth + 1) };
		if (field->codec && field->codec->reads_as == FIELD_ADDRESS)
			return roll_address(arena, field);
		return field_names(field) || roll(2) ? roll_integer(field) : roll_text(arena, field);
	default:
		return roll_integer(field);
	}
}

static void roll_entry(struct arena *arena, struct record *record, const struct field *field, unsigned int depth)
{
	struct value value;

	if (!field->name || field->flags & FIELD_HIDDEN || field->kind == FIELD_UNKNOWN || field->kind == FIELD_PAD ||
	    record_find(record, field->name))
		return;
	value = roll_value(arena, field, record, depth);
	/* Only what may stand in the field at all. */
	if (value.type == VALUE_NULL)
		return;
	assert_int_equal(record_put(arena, record, field->name, value), 0);
	if (schema_check(record, &error) < 0)
		record_drop(record, field->name);
}

static struct record *roll_record(struct arena *arena, const struct schema *schema, unsigned int depth)
{
	struct record *record = record_new(arena, schema);
	unsigned int sparse = depth ? 1 + (unsigned int)roll(3) + depth : 1;

	assert_non_null(record);
	for (uint32_t i = 0; i < schema->header_count; i++)
		if (roll(sparse) == 0)
			roll_entry(arena, record, &schema->header[i], depth);
	for (uint32_t i = 0; depth < 8 && i < schema->attribute_count; i++) {
		const struct field *field = &schema->attributes[i];

		if (roll(sparse) != 0)
			continue;
		for (uint32_t j = 0; j < schema->attribute_count; j++) {
			const struct selection *select = schema->attributes[j].kind == FIELD_SELECT ? schema->attributes[j].select : NULL;

			if (select && field->name && strcmp(select->by, field->name) == 0)
				assert_int_equal(record_put(arena, record, field->name, roll_word(field, select)), 0);
		}
		roll_entry(arena, record, field, depth);
	}
	return record;
}

static void check_leaves(const struct record *record)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	for (uint32_t i = 0; i < record->count; i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		const struct entry *entry = &record->entries[i];
		struct value again;

		print(&text, &entry->value, entry->field);
		if (value_parse_text(text.data, text.length, entry->field, record, &sample_naming, &arena, &again, &error) < 0)
			fail_msg("%s: %s=%s: %s", record->schema->name, entry->name, text.data, error.text);
		if (!value_equal(&entry->value, &again))
			fail_msg("%s: %s=%s comes back as another value", record->schema->name, entry->name, text.data);
	}
}

static void check_schema(const struct schema *schema)
{
	for (unsigned int round = 0; round < 300; round++) {
		_cleanup_arena_ struct arena arena = { 0 };
		_cleanup_buffer_ struct buffer text = { 0 };
		struct value value = { .type = VALUE_RECORD }, other = { .type = VALUE_RECORD };
		struct record *again;

		value.record = roll_record(&arena, schema, 0);
		print(&text, &value, NULL);
		if (record_parse_text(schema, text.data, text.length, &sample_naming, &arena, &again, &error) < 0)
			fail_msg("%s: %s", error.text, text.data);
		other.record = again;
		if (!value_equal(&value, &other)) {
			_cleanup_buffer_ struct buffer second = { 0 };

			print(&second, &other, NULL);
			fail_msg("%s\n became %s", text.data, second.data);
		}
		check_leaves(value.record);
	}
}

static void test_every_schema(void **state)
{
	const struct object *object;
	unsigned int position = 0, count = 0;

	(void)state;
	check_schema(&sample_schema);
	for (; (object = object_next(NULL, &position)); count++)
		check_schema(object->schema);
	assert_true(count >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),      cmocka_unit_test(test_texts), cmocka_unit_test(test_nested),
		cmocka_unit_test(test_refusals),     cmocka_unit_test(test_files), cmocka_unit_test(test_selection),
		cmocka_unit_test(test_every_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
