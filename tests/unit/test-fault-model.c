/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base and model with memory running out: every allocation in turn fails, once and from then on. Whatever happens, the result is
 * the right one or a failure that was told; nothing leaks (the sanitizer looks) and nothing crashes. */
#include "sample.h"

#include <jansson.h>

#include "base/table.h"
#include "ferry.h"
#include "model/address.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static unsigned int left; /* allocations until the one that fails */
static bool armed, for_good, struck;

static bool fails(void)
{
	if (!armed)
		return false;
	if (left > 0) {
		left--;
		return false;
	}
	if (struck && !for_good)
		return false;
	struck = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

static struct buffer message;

static bool match_text(const void *entry, const void *key, size_t length)
{
	return strlen(entry) == length && memcmp(entry, key, length) == 0;
}

/* 0 where all went well; -ENOMEM, or a failure whose words are those of -ENOMEM. */
static int decode_and_back(void)
{
	_cleanup_arena_ struct arena arena = { 0 }, other = { 0 };
	_cleanup_buffer_ struct buffer json = { 0 }, bytes = { 0 }, text = { 0 };
	struct record *record, *copy, *parsed, *only_a, *only_b;
	struct error error = { 0 };
	struct value value;
	int r;

	r = schema_decode(&sample_schema, message.data, message.length, &arena, &record);
	if (r < 0)
		return r;
	r = record_copy(&other, record, &copy);
	if (r < 0)
		return r;
	if (!record_same(record, copy))
		return -EIO;
	r = record_difference(&other, record, copy, &only_a, &only_b);
	if (r < 0)
		return r;
	record_json(&json, copy, &sample_naming);
	value = (struct value){ .type = VALUE_RECORD, .record = copy };
	value_print(&text, &value, NULL, &sample_naming);
	if (json.failed || text.failed)
		return -ENOMEM;
	if (strcmp(json.data, SAMPLE_JSON) != 0)
		return -EIO;
	r = schema_encode(record, 0, &bytes, &error);
	if (r < 0)
		return r;
	buffer_clear(&json);
	buffer_add_text(&json, SAMPLE_JSON_BEFORE_SECRET SAMPLE_JSON_AFTER_SECRET);
	if (json.failed)
		return -ENOMEM;
	r = record_parse_json(&sample_schema, json.data, json.length, &sample_naming, &other, &parsed, &error);
	/* jansson may fail without saying that memory was short. */
	if (r == -EINVAL && strncmp(error.text, "not JSON: ", 10) == 0)
		return -ENOMEM;
	return r;
}

static int address_and_change(void)
{
	static char key[] = "key";
	const struct ferry_change change = { .kind = FERRY_GAP };
	_cleanup_buffer_ struct buffer address = { 0 };
	_cleanup_free_ char *json = ferry_change_json(&change);
	struct error error = { 0 };
	struct table table;
	int r;

	if (!json)
		return -ENOMEM;
	r = address_canonical("net.ipv4.ip_forward", 19, &address, &error);
	if (r < 0)
		return r;
	if (strcmp(address.data, "sysctl/net/ipv4/ip_forward") != 0)
		return -EIO;
	table_init(&table, match_text);
	r = table_add(&table, key, 3, key);
	if (r == 0 && table_find(&table, key, 3) != key)
		r = -EIO;
	table_done(&table);
	return r;
}

static void exhaust(int (*function)(void))
{
	for (int good = 0; good < 2; good++) {
		for (unsigned int n = 0;; n++) {
			int r;

			left = n;
			for_good = good;
			struck = false;
			armed = true;
			r = function();
			armed = false;
			if (r != 0 && r != -ENOMEM)
				fail_msg("allocation %u failing%s: %d", n, good ? " for good" : "", r);
			if (r != 0)
				assert_true(struck);
			if (!struck) {
				assert_int_equal(r, 0);
				assert_true(n > 3); /* it did allocate, so something was tried */
				break;
			}
		}
	}
}

static void test_decode_and_back(void **state)
{
	(void)state;
	exhaust(decode_and_back);
}

static void test_address_and_change(void **state)
{
	(void)state;
	exhaust(address_and_change);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_and_back),
		cmocka_unit_test(test_address_and_change),
	};

	/* jansson lies outside of what the linker wraps, but takes the functions that it is given. */
	json_set_alloc_funcs(__wrap_malloc, free);
	sample_message(&message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
