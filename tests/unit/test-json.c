/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values and changes as text and JSON, and back. */
#include "sample.h"

#include <jansson.h>
#include <time.h>

#include "ferry.h"

static void test_print(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 }, text = { 0 };
	struct record *record;
	struct value value = { .type = VALUE_RECORD };

	(void)state;
	sample_message(&message);
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
	value.record = record;
	value_print(&text, &value, NULL, &sample_naming);
	assert_string_equal(
		text.data,
		"{family=2, table=1000, index=eth0.100, flags=[up, broadcast, running], flag=true, bool=true, u8=200, u16=50000, u32=1500, "
		"u64=18446744073709551615, s8=-1, s16=-300, s32=-2147483648, s64=-9223372036854775808, be16=8080, be32=16909060, be64=5, "
		"text=\"caf\xc3\xa9 \\xff\", bytes=0001fe, address=02:42:ac:11:00:02, prefix=10.1.2.0/24, interface=eth0, "
		"nest={id=42, learning=true, attribute 9=ab}, struct={first=7, second=4660, name=abcd}, list=[first, \"second word\"], "
		"indexed=[1, 2, 3], kind=nest, data={id=42, learning=true, attribute 9=ab}, codec=cba, attribute 28=686f6c65, choice=nine, "
		"mark=0xcafe, secret=(secret), counter=77, derived=78, words=[up, 0x80], structs=[{first=7, second=4660, name=abcd}, "
		"{first=8, second=1, name=x}], attribute 999=dead}");
}

static void test_print_alone(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "4096 131072 6291456", "4096 131072 6291456" }, /* a knob's value stands without quotes */
		{ "", "\"\"" },
		{ "a\nb\\", "a\\nb\\\\" },
		{ "[always] madvise", "[always] madvise" },
	};
	_cleanup_buffer_ struct buffer text = { 0 };
	const struct value items[] = { value_text(""), value_text("a\"b, c"), value_text("plain"), value_bool(false), { .type = VALUE_NULL } };
	const struct value list = { .type = VALUE_LIST, .list = { items, ARRAY_SIZE(items) } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct value value = value_text(cases[i].text);

		buffer_clear(&text);
		value_print(&text, &value, NULL, NULL);
		assert_string_equal(text.data, cases[i].shown);
	}
	buffer_clear(&text);
	value_print(&text, &list, NULL, NULL);
	assert_string_equal(text.data, "[\"\", \"a\\\"b, c\", plain, false, null]");
}

/* With no one to name interfaces, and numbers that have no word. */
static void test_numbers_without_words(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 }, json = { 0 }, bytes = { 0 };
	const struct sample_header header = { .prefix = 1, .index = 77, .flags = 0x100 };
	struct record *record, *again;

	(void)state;
	buffer_add(&message, &header, sizeof(header));
	PUT(&message, A_CHOICE, uint8_t, 3);
	PUT(&message, A_INTERFACE, uint32_t, 0);
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
	record_json(&json, record, NULL);
	assert_string_equal(json.data, "{\"family\":0,\"table\":0,\"index\":77,\"flags\":[\"0x100\"],\"choice\":3,\"interface\":null}");
	assert_int_equal(record_parse_json(&sample_schema, json.data, json.length, NULL, &arena, &again, NULL), 0);
	assert_true(record_same(record, again));
	assert_int_equal(schema_encode(again, 0, &bytes, NULL), 0);
	assert_int_equal(bytes.length, message.length + 8); /* the header's table comes as its attribute, which goes first in the schema */
}

static void test_parse_round_trip(void **state)
{
	static const char json[] = SAMPLE_JSON_BEFORE_SECRET SAMPLE_JSON_AFTER_SECRET;
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 }, shown = { 0 }, bytes = { 0 };
	struct record *record, *parsed, *again;
	struct error error = { 0 };

	(void)state;
	if (record_parse_json(&sample_schema, json, sizeof(json) - 1, &sample_naming, &arena, &parsed, &error) < 0)
		fail_msg("%s", error.text);
	/* The bytes made of it mean the same as the message that it came from. */
	assert_int_equal(schema_encode(parsed, 0, &bytes, &error), 0);
	assert_int_equal(schema_decode(&sample_schema, bytes.data, bytes.length, &arena, &again), 0);
	sample_message(&message);
	assert_int_equal(schema_decode(&sample_schema, message.data, message.length, &arena, &record), 0);
	/* All but the secret and the hidden field, which JSON does not tell. */
	for (size_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];
		const struct value *value;

		if (!entry->name || entry->field->flags & (FIELD_SECRET | FIELD_HIDDEN))
			continue;
		value = record_find(again, entry->name);
		if (!value || !value_equal(value, &entry->value))
			fail_msg("%s", entry->name);
	}
	record_json(&shown, again, &sample_naming);
	assert_int_equal(shown.length, sizeof(json) - 1);
}

static const struct {
	const char *json, *words;
	int code;
} refused[] = {
	{ "[]", "sample must be a record {...}", -EINVAL },
	{ "{\"nothing\":1}", "nothing: no such field", -EINVAL },
	{ "{\"nest\":{\"nothing\":1}}", "nest/nothing: no such field", -EINVAL },
	{ "{\"nest\":5}", "nest: must be a record", -EINVAL },
	{ "{\"u8\":256}", "u8: out of range, takes 0 to 255", -ERANGE },
	{ "{\"u8\":-1}", "u8: out of range, takes 0 to 255", -ERANGE },
	{ "{\"u8\":\"5\"}", "u8: must be a number", -EINVAL },
	{ "{\"u8\":1.5}", "numbers with a fraction or an exponent are not known here", -EINVAL },
	{ "{\"s64\":9223372036854775808}", "s64: out of range, takes -9223372036854775808 to 9223372036854775807", -ERANGE },
	{ "{\"u64\":18446744073709551616}", "a number has more than 64 bits", -ERANGE },
	{ "{\"choice\":\"three\"}", "choice: no such word: \"three\" (there are one, two, nine)", -EINVAL },
	{ "{\"flags\":[\"up\",\"down\"]}", "flags: no such word: \"down\" (there are up, broadcast)", -EINVAL },
	{ "{\"address\":\"x\"}", "address: must be an address", -EINVAL },
	{ "{\"address\":\"10.0.0.1/8\"}", "address: takes no prefix length", -EINVAL },
	{ "{\"prefix\":\"10.0.0.1/33\"}", "prefix: must be an address with its prefix length", -EINVAL },
	{ "{\"prefix\":\"02:42:ac:11:00:02\"}", "prefix: must be an IPv4 or IPv6 address", -EINVAL },
	{ "{\"bytes\":\"0g\"}", "bytes: must be bytes in hexadecimal", -EINVAL },
	{ "{\"bytes\":\"123\"}", "bytes: must be bytes in hexadecimal", -EINVAL },
	{ "{\"flag\":1}", "flag: must be true or false", -EINVAL },
	{ "{\"list\":\"x\"}", "list: must be a list", -EINVAL },
	{ "{\"secret\":\"(secret)\"}", "secret: the secret was not kept, so it cannot be put back", -EINVAL },
	{ "{\"kind\":\"other\",\"data\":{}}", "data: what it holds is not known here", -EINVAL },
	{ "{\"attribute 70000\":\"00\"}", "attribute 70000: no such field", -EINVAL },
	{ "{\"attribute 7\":5}", "attribute 7: must be bytes in hexadecimal", -EINVAL },
	{ "{\"u8\":1,\"u8\":2}", "not JSON: duplicate object key near '\"u8\"'", -EINVAL },
};

static void test_parse_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct record *record = NULL;
		struct error error = { 0 };
		int r = record_parse_json(&sample_schema, refused[i].json, strlen(refused[i].json), &sample_naming, &arena, &record, &error);

		assert_string_equal(error.text, refused[i].words);
		assert_int_equal(r, refused[i].code);
		assert_null(record);
	}
}

static void test_parse_order_and_null(void **state)
{
	/* What selects may come after what it selects. */
	static const char json[] = "{\"data\":{\"id\":5},\"kind\":\"nest\",\"index\":\"eth0\",\"interface\":null,\"u8\":null}";
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer shown = { 0 };
	struct record *record;

	(void)state;
	assert_int_equal(record_parse_json(&sample_schema, json, sizeof(json) - 1, &sample_naming, &arena, &record, NULL), 0);
	record_json(&shown, record, &sample_naming);
	assert_string_equal(shown.data, "{\"index\":\"eth0\",\"data\":{\"id\":5},\"kind\":\"nest\",\"interface\":null,\"u8\":null}");
	assert_int_equal(record_find(record, "interface")->type, VALUE_UINT);
	assert_int_equal(record_find(record, "u8")->type, VALUE_NULL);
}

/* Generic values come back as the same text. */
static void test_generic(void **state)
{
	static const char *const texts[] = {
		"null",
		"true",
		"-1",
		"18446744073709551615",
		"9223372036854775808",
		"-9223372036854775808",
		"9007199254740993",
		"\"\\udcff\\udc80x\\u0000\"",
		"\"\xf0\x9f\x98\x80 \xef\xb7\x90 \xef\xb7\x90n5\"",
		"\"\xef\xb7\x90n12345678901234567890\"",
		"[1,[],{},{\"a\":{\"\\udc80\":\"b\"}}]",
	};
	static const struct {
		const char *text, *shown;
	} others[] = {
		{ " [ 1 , -0 ] ", "[1,0]" },
		{ "\"\\ud83d\\ude00\\/\\ufdd0\"", "\"\xf0\x9f\x98\x80/\xef\xb7\x90\"" },
		{ "\"\\udcc3\\udca9\"", "\"\xc3\xa9\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts) + ARRAY_SIZE(others); i++) {
		const char *text = i < ARRAY_SIZE(texts) ? texts[i] : others[i - ARRAY_SIZE(texts)].text;
		const char *expected = i < ARRAY_SIZE(texts) ? texts[i] : others[i - ARRAY_SIZE(texts)].shown;
		_cleanup_arena_ struct arena arena = { 0 };
		_cleanup_buffer_ struct buffer shown = { 0 };
		struct error error = { 0 };
		struct value value;

		if (value_parse_json(text, strlen(text), &arena, &value, &error) < 0)
			fail_msg("%s: %s", text, error.text);
		value_json(&shown, &value, NULL, NULL);
		assert_string_equal(shown.data, expected);
	}
}

static void test_generic_refusals(void **state)
{
	static const char *const texts[] = {
		"", "{", "[1", "\"", "\"\\ud800\"", "\"\\udc41\"", "nul", "1 2", "{\"a\":1,}", "{12345678901234567890:1}", "01", "\x80"
	};
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer deep = { 0 };
	struct value value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct error error = { 0 };

		if (value_parse_json(texts[i], strlen(texts[i]), &arena, &value, &error) != -EINVAL)
			fail_msg("%s", texts[i]);
		assert_true(error.text[0]);
	}
	for (int i = 0; i < 100000; i++)
		buffer_add_char(&deep, '[');
	assert_int_equal(value_parse_json(deep.data, deep.length, &arena, &value, NULL), -EINVAL);
}

static void test_change(void **state)
{
	const struct ferry_actor actor = {
		.pid = 7,
		.tid = 8,
		.ppid = 1,
		.start = 12345678901,
		.comm = "ifconfig",
		.exe = "/sbin/ifconfig",
		.argv = "ifconfig\0d0\0mtu\0"
			"1400",
		.argv_length = 20,
		.argv_cut = true,
		.uid = 0,
		.login_uid = UINT32_MAX,
		.cgroup = "/user.slice",
		.netns = 4026531840,
	};
	struct ferry_change change = {
		.id = 12,
		.time = 1767323045678901234,
		.kind = FERRY_CHANGED,
		.address = "netlink/route/link/d0",
		.before = "{\"mtu\":1500}",
		.after = "{\"mtu\":1400}",
		.door = FERRY_DOOR_IOCTL,
		.actor = &actor,
		.cause = 3,
		.consistency = FERRY_WHOLE,
		.netns = 4026532000,
		.source = "netlink/route",
	};
	_cleanup_free_ char *text = ferry_change_json(&change), *refusal = NULL, *gap = NULL;
	const struct ferry_actor nobody = { .comm = "", .uid = UINT32_MAX, .login_uid = 5, .kernel = true, .unknown = "needs CAP_BPF" };

	(void)state;
	assert_string_equal(
		text,
		"{\"id\":12,\"time\":\"2026-01-02T03:04:05.678901234Z\",\"kind\":\"changed\",\"address\":\"netlink/route/link/d0\","
		"\"before\":{\"mtu\":1500},\"after\":{\"mtu\":1400},\"door\":\"ioctl\",\"result\":\"ok\",\"actor\":{\"pid\":7,\"tid\":8,\"ppid\":1,"
		"\"start\":12345678901,\"comm\":\"ifconfig\",\"exe\":\"/sbin/ifconfig\",\"argv\":[\"ifconfig\",\"d0\",\"mtu\",\"1400\"],"
		"\"argv_cut\":true,\"uid\":0,\"login_uid\":null,\"cgroup\":\"/user.slice\",\"netns\":4026531840},\"cause\":3,"
		"\"netns\":4026532000,\"consistency\":\"whole\"}");
	change.kind = FERRY_ADDED;
	change.before = NULL;
	change.result = -EINVAL;
	change.result_text = "Invalid \"mtu\"";
	change.actor = &nobody;
	change.cause = change.netns = 0;
	change.door = FERRY_DOOR_NETLINK;
	change.consistency = FERRY_INFERRED;
	refusal = ferry_change_json(&change);
	assert_string_equal(refusal,
			    "{\"id\":12,\"time\":\"2026-01-02T03:04:05.678901234Z\",\"kind\":\"added\",\"address\":\"netlink/route/link/d0\","
			    "\"before\":null,\"after\":{\"mtu\":1400},\"door\":\"netlink\",\"result\":\"EINVAL\",\"message\":\"Invalid \\\"mtu\\\"\","
			    "\"actor\":{\"pid\":null,\"tid\":null,\"ppid\":null,\"start\":null,\"comm\":null,\"exe\":null,\"argv\":null,\"uid\":null,"
			    "\"login_uid\":5,\"cgroup\":null,\"netns\":null,\"kernel\":true,\"unknown\":\"needs CAP_BPF\"},\"cause\":null,"
			    "\"consistency\":\"inferred\"}");
	change = (struct ferry_change){ .id = 13, .kind = FERRY_GAP, .source = "netlink/route", .lost = UINT64_MAX, .to = 999 };
	gap = ferry_change_json(&change);
	assert_string_equal(gap, "{\"id\":13,\"time\":\"1970-01-01T00:00:00.000000000Z\",\"kind\":\"gap\",\"source\":\"netlink/route\",\"lost\":null,"
				 "\"from\":\"1970-01-01T00:00:00.000000000Z\",\"to\":\"1970-01-01T00:00:00.000000999Z\"}");
	change = (struct ferry_change){ .result = -EREMOTEIO, .address = "x" };
	free(gap);
	gap = ferry_change_json(&change);
	assert_non_null(strstr(gap, "\"result\":\"refused\""));
}

/* Judged by the C library's calendar: days through four centuries, and moments of a day. */
static void test_time(void **state)
{
	(void)state;
	for (uint64_t day = 0; day < 365 * 400; day++) {
		uint64_t seconds = day * 86400 + (day * 7919) % 86400, nanoseconds = (day * 104729) % 1000000000;
		struct ferry_change change = { .time = seconds * 1000000000 + nanoseconds, .kind = FERRY_GAP };
		_cleanup_free_ char *json = ferry_change_json(&change);
		const time_t time = (time_t)seconds;
		char expected[64], date[32];
		struct tm tm;

		gmtime_r(&time, &tm);
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(expected, sizeof(expected), "{\"id\":0,\"time\":\"%s.%09llu", date, (unsigned long long)nanoseconds);
		if (strncmp(json, expected, strlen(expected)) != 0)
			fail_msg("%s: %s", expected, json);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(ferry_type_name(FERRY_RECORD), "record");
	assert_string_equal(ferry_type_name((enum ferry_type)99), "unknown");
	assert_string_equal(ferry_nature_name(FERRY_FANOUT), "fan-out");
	assert_string_equal(ferry_consistency_name(FERRY_UNKNOWN), "unknown");
	assert_string_equal(ferry_change_kind_name(FERRY_GAP), "gap");
	assert_string_equal(ferry_door_name(FERRY_DOOR_KERNEL), "kernel");
	assert_string_equal(ferry_door_name((enum ferry_door) - 1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_alone),
		cmocka_unit_test(test_numbers_without_words),
		cmocka_unit_test(test_parse_round_trip),
		cmocka_unit_test(test_parse_refusals),
		cmocka_unit_test(test_parse_order_and_null),
		cmocka_unit_test(test_generic),
		cmocka_unit_test(test_generic_refusals),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
