/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel tells of IPsec objects as they come, change, go and end (tests/golden/xfrm-notices.bin, real bytes) must be brought into the one
 * form that the schemas read, as xfrm-notices.json says; keys must be nowhere in what is told, nor left in a message that is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/netlink_source.h"
#include "channel/xfrm.h"
#include "golden.h"

static struct buffer bytes;

static int load(void **state)
{
	(void)state;
	golden_read("xfrm-notices.bin", &bytes);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	buffer_done(&bytes);
	return 0;
}

static bool next(size_t *position, const struct nlmsghdr **ret)
{
	const void *data = bytes.data + *position;
	size_t length = bytes.length - *position;

	if (!netlink_next(&data, &length, ret)) {
		assert_int_equal(length, 0);
		return false;
	}
	*position = bytes.length - length;
	return true;
}

static void test_notices(void **state)
{
	_cleanup_buffer_ struct buffer now = { 0 };
	const struct nlmsghdr *message;

	(void)state;
	for (size_t position = 0; next(&position, &message);) {
		_cleanup_buffer_ struct buffer room = { 0 };

		golden_tell(&protocol_xfrm, protocol_unify(&protocol_xfrm, message, &room), &now);
	}
	golden_compare("xfrm-notices.json", &now);
}

/* ---- Secrets ---- */

struct secret {
	uint8_t bytes[128];
	size_t length;
};

static void find_secret(const struct record *record, struct secret *ret)
{
	for (uint32_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];

		if (entry->value.type == VALUE_RECORD)
			find_secret(entry->value.record, ret);
		if (!entry->field || !(entry->field->flags & FIELD_SECRET) || entry->value.bytes.length < 8)
			continue;
		assert_true(entry->value.bytes.length <= sizeof(ret->bytes));
		memcpy(ret->bytes, entry->value.bytes.data, entry->value.bytes.length);
		ret->length = entry->value.bytes.length;
	}
}

static void check_told(const struct record *record, const struct secret *secret)
{
	_cleanup_buffer_ struct buffer told = { 0 }, hex = { 0 };
	const struct value value = { .type = VALUE_RECORD, .record = record };

	buffer_add_hex(&hex, secret->bytes, secret->length);
	record_json(&told, record, NULL);
	value_print(&told, &value, NULL, NULL);
	assert_false(told.failed || hex.failed);
	assert_null(memmem(told.data, told.length, hex.data, hex.length));
	assert_null(memmem(told.data, told.length, secret->bytes, secret->length));
	assert_non_null(memmem(told.data, told.length, "(secret)", 8));
}

static void test_secrets(void **state)
{
	const struct nlmsghdr *message;
	unsigned int count = 0;

	(void)state;
	for (size_t position = 0; next(&position, &message);) {
		_cleanup_buffer_ struct buffer own = { 0 }, room = { 0 };
		_cleanup_arena_ struct arena arena = { 0 };
		struct secret secret = { 0 };
		const struct nlmsghdr *unified;
		struct record *record;
		bool removed;

		buffer_add(&own, message, message->nlmsg_len);
		assert_false(own.failed);
		unified = protocol_unify(&protocol_xfrm, (const struct nlmsghdr *)own.data, &room);
		if (object_of(&protocol_xfrm, unified, &removed) != &object_state)
			continue;
		assert_int_equal(object_decode(&object_state, unified, &arena, &record), 0);
		find_secret(record, &secret);
		if (!secret.length)
			continue;
		check_told(record, &secret);
		source_withhold(&arena, &object_state, unified, NULL);
		assert_null(memmem(unified, unified->nlmsg_len, secret.bytes, secret.length));
		count++;
	}
	assert_true(count > 10);
}

/* An algorithm whose struct is malformed, or whose length does not fit, tells none of its key either. */
static void test_malformed_key(void **state)
{
	static const char key[] = "sixteen key byte";
	const uint32_t wrong = 4096;

	(void)state;
	for (size_t cut = 0; cut <= 64 + 4 + 16; cut++) {
		_cleanup_buffer_ struct buffer algorithm = { 0 }, message = { 0 }, told = { 0 };
		_cleanup_arena_ struct arena arena = { 0 };
		char name[64] = "cbc(aes)";
		struct xfrm_usersa_info info = { .family = 2 };
		struct record *record;

		buffer_add(&algorithm, name, sizeof(name));
		buffer_add(&algorithm, &wrong, sizeof(wrong));
		buffer_add(&algorithm, key, 16);
		buffer_add(&message, &info, sizeof(info));
		attribute_add(&message, XFRMA_ALG_CRYPT, algorithm.data, cut);
		assert_int_equal(schema_decode(object_state.schema, message.data, message.length, &arena, &record), 0);
		record_json(&told, record, NULL);
		assert_false(told.failed);
		assert_null(memmem(told.data, told.length, "73697874", 8)); /* "sixt" in hexadecimal */
		assert_null(memmem(told.data, told.length, "sixt", 4));
	}
}

/* A message that is cut anywhere is refused or read as far as it goes, and never read past its end (the sanitizer watches a copy of just its length).
 */
static void test_cut(void **state)
{
	const struct nlmsghdr *message;

	(void)state;
	for (size_t position = 0; next(&position, &message);)
		for (uint32_t length = NLMSG_HDRLEN; length < message->nlmsg_len; length += 1 + length / 64) {
			_cleanup_free_ struct nlmsghdr *copy = malloc(length);
			_cleanup_buffer_ struct buffer room = { 0 }, told = { 0 };
			_cleanup_arena_ struct arena arena = { 0 };
			const struct nlmsghdr *unified;
			const struct object *object;
			struct record *record = NULL;
			bool removed;

			assert_non_null(copy);
			memcpy(copy, message, length);
			copy->nlmsg_len = length;
			unified = protocol_unify(&protocol_xfrm, copy, &room);
			object = object_of(&protocol_xfrm, unified, &removed);
			if (!object)
				continue;
			(void)!object_decode(object, unified, &arena, &record);
			if (record)
				record_json(&told, record, NULL);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_notices), cmocka_unit_test(test_secrets), cmocka_unit_test(test_malformed_key),
					    cmocka_unit_test(test_cut) };

	return cmocka_run_group_tests(tests, load, unload);
}
