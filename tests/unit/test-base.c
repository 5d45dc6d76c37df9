/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors in words, arena, table and libraries that are loaded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/library.h"
#include "base/table.h"

static void test_error(void **state)
{
	struct error error = { 0 };
	char longer[1200];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(error_set(NULL, -EPERM, "%d", 1), -EPERM);
	assert_int_equal(error_set(&error, -EINVAL, "value %d", 5), -EINVAL);
	assert_string_equal(error.text, "value 5");
	assert_int_equal(error_wrap(&error, "writing %s", "x"), -EINVAL);
	assert_string_equal(error.text, "writing x: value 5");
	assert_int_equal(error_wrap(&error, "%s", error.text), -EINVAL);
	assert_string_equal(error.text, "writing x: value 5: writing x: value 5");
	error_set(&error, -EINVAL, "[%s]", error.text);
	assert_string_equal(error.text, "[writing x: value 5: writing x: value 5]");
	error_wrap(&error, "%s", longer);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_string_equal(error.text + sizeof(error.text) - 3, ": ");
	error_set(&error, -EIO, "%s", longer);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	error_wrap(&error, "in front");
	assert_memory_equal(error.text, "in front: xxx", 13);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_string_equal(error_symbol(-EINVAL), "EINVAL");
	assert_string_equal(error_symbol(EINVAL), "EINVAL");
	assert_string_equal(error_symbol(-99999), "E?");
	assert_string_equal(error_text(-EPERM), "Operation not permitted");
	assert_non_null(error_text(-99999));
}

static void test_arena(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char *first, *copy;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t size = 0; size < 5000; size += 37) {
			unsigned char *memory = arena_allocate(&arena, size);

			assert_non_null(memory);
			assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
			/* Zeroed, although it was used before the reset. */
			for (size_t i = 0; i < size; i++)
				assert_int_equal(memory[i], 0);
			memset(memory, 0xff, size);
		}
		assert_true(arena.used >= 5000 * 5000 / 37 / 2);
		arena_reset(&arena);
		assert_int_equal(arena.used, 0);
	}
	/* After a reset the same block serves again: a loop does not allocate. */
	first = arena_allocate(&arena, 10);
	arena_reset(&arena);
	assert_ptr_equal(arena_allocate(&arena, 10), first);
	copy = arena_copy(&arena, "a\0b", 3);
	assert_memory_equal(copy, "a\0b", 4);
	assert_non_null(arena_copy(&arena, NULL, 0));
	assert_null(arena_allocate(&arena, SIZE_MAX));
	assert_null(arena_allocate(&arena, SIZE_MAX / 2));
	assert_non_null(arena_allocate(&arena, 10));
}

struct thing {
	uint32_t key, value;
};

static bool thing_match(const void *entry, const void *key, size_t length)
{
	return length == sizeof(uint32_t) && memcmp(&((const struct thing *)entry)->key, key, length) == 0;
}

/* Against a plain array that says what must be there, through half a million random additions and removals. */
static void test_table(void **state)
{
	enum { COUNT = 3000 };
	static struct thing things[COUNT];
	static bool present[COUNT];
	struct table table;
	uint64_t random = 88172645463325252ull;
	size_t expected = 0;

	(void)state;
	table_init(&table, thing_match);
	assert_null(table_find(&table, &(uint32_t){ 0 }, 4));
	assert_null(table_remove(&table, &(uint32_t){ 0 }, 4));
	for (int step = 0; step < 500000; step++) {
		uint32_t key;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		key = (uint32_t)(random % COUNT);
		things[key].key = key;
		assert_ptr_equal(table_find(&table, &key, 4), present[key] ? &things[key] : NULL);
		if (present[key]) {
			assert_ptr_equal(table_remove(&table, &key, 4), &things[key]);
			expected--;
		} else {
			assert_int_equal(table_add(&table, &key, 4, &things[key]), 0);
			expected++;
		}
		present[key] = !present[key];
		assert_int_equal(table.count, expected);
	}
	/* What is removed while walking is met once, and all are met. */
	{
		size_t position = 0, met = 0;
		struct thing *thing;

		while ((thing = table_next(&table, &position))) {
			assert_true(present[thing->key]);
			present[thing->key] = false;
			assert_ptr_equal(table_remove(&table, &thing->key, 4), thing);
			met++;
		}
		assert_int_equal(met, expected);
		assert_int_equal(table.count, 0);
	}
	table_done(&table);
	assert_int_equal(table_add(&table, &(uint32_t){ 1 }, 4, &things[1]), 0);
	table_done(&table);
}

static void test_hash(void **state)
{
	char text[64] = { 0 };
	uint64_t hash = table_hash(text, 0);
	unsigned int high_bits = 0;

	(void)state;
	/* Zeros of another length, and each bit of the key, make another number. */
	for (size_t length = 1; length < sizeof(text); length++)
		assert_true(table_hash(text, length) != hash);
	for (size_t bit = 0; bit < sizeof(text) * 8; bit++) {
		hash = table_hash(text, sizeof(text));
		text[bit / 8] ^= (char)(1 << bit % 8);
		high_bits += (unsigned int)__builtin_popcountll(hash ^ table_hash(text, sizeof(text)));
	}
	/* Half of the bits turn over, on the average. */
	assert_in_range(high_bits / (sizeof(text) * 8), 30, 34);
}

/* All of a library or nothing of it, and words where it cannot be had. */
static void test_library(void **state)
{
	void *functions[2] = { NULL, NULL };
	struct library absent = { "libnone.so.9", "nobody needs", "one\0", functions, false };
	struct library lacking = { "libc.so.6", "everybody needs", "strlen\0no_such_function\0", functions, false };
	struct library whole = { "libc.so.6", "everybody needs", "strlen\0strcmp\0", functions, false };
	struct error error = { 0 };

	(void)state;
	assert_int_equal(library_load(&absent, &error), -ELIBACC);
	assert_non_null(strstr(error.text, "cannot load libnone.so.9, which nobody needs: "));
	assert_int_equal(library_load(&lacking, &error), -ELIBACC);
	assert_non_null(strstr(error.text, "no_such_function"));
	assert_null(functions[0]);
	assert_int_equal(library_load(&whole, &error), 0);
	assert_int_equal(((size_t(*)(const char *))functions[0])("four"), 4);
	assert_int_equal(((int (*)(const char *, const char *))functions[1])("a", "a"), 0);
	functions[0] = NULL;
	assert_int_equal(library_load(&whole, &error), 0); /* once is enough */
	assert_null(functions[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error), cmocka_unit_test(test_arena),   cmocka_unit_test(test_table),
		cmocka_unit_test(test_hash),  cmocka_unit_test(test_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
