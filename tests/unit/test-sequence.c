/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sequence_match() on sequences of all kinds: what it pairs is the same and rises, and of things that differ from each other nothing more could stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/sequence.h"

#define LENGTH 60

/* How much could stay: the longest common subsequence, by the table that everybody knows. */
static size_t longest(const uint32_t *a, size_t count_a, const uint32_t *b, size_t count_b)
{
	static size_t table[LENGTH + 1][LENGTH + 1];

	memset(table, 0, sizeof(table));
	for (size_t i = 1; i <= count_a; i++)
		for (size_t j = 1; j <= count_b; j++)
			if (a[i - 1] == b[j - 1])
				table[i][j] = table[i - 1][j - 1] + 1;
			else
				table[i][j] = table[i - 1][j] > table[i][j - 1] ? table[i - 1][j] : table[i][j - 1];
	return table[count_a][count_b];
}

static size_t assert_matched(const uint32_t *a, size_t count_a, const uint32_t *b, size_t count_b)
{
	size_t places[LENGTH + 1], kept = 0, next = 0;

	assert_int_equal(sequence_match(a, count_a, b, count_b, places), 0);
	for (size_t i = 0; i < count_b; i++) {
		if (places[i] == SEQUENCE_NONE)
			continue;
		assert_true(places[i] >= next && places[i] < count_a);
		assert_int_equal(a[places[i]], b[i]);
		next = places[i] + 1;
		kept++;
	}
	return kept;
}

static void test_words(void **state)
{
	static const uint32_t a[] = { 1, 2, 3, 4, 5 }, moved[] = { 1, 5, 2, 3, 4 }, other[] = { 7, 8 }, twice[] = { 2, 2, 3 };

	(void)state;
	assert_int_equal(assert_matched(a, 5, a, 5), 5);
	assert_int_equal(assert_matched(a, 5, moved, 5), 4);
	assert_int_equal(assert_matched(a, 5, other, 2), 0);
	assert_int_equal(assert_matched(a, 5, NULL, 0), 0);
	assert_int_equal(assert_matched(NULL, 0, a, 5), 0);
	assert_int_equal(assert_matched(a, 5, twice, 3), 2);
	assert_int_equal(assert_matched(twice, 3, a, 5), 2);
}

static void shuffle(uint32_t *list, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		const size_t other = (size_t)rand() % i;
		const uint32_t kept = list[i - 1];

		list[i - 1] = list[other];
		list[other] = kept;
	}
}

static void test_random(void **state)
{
	uint32_t a[LENGTH], b[LENGTH];

	(void)state;
	srand(1);
	for (unsigned int round = 0; round < 3000; round++) {
		const size_t count_a = (size_t)rand() % LENGTH, count_b = (size_t)rand() % LENGTH;
		const bool differ = round % 2;

		for (size_t i = 0; i < LENGTH; i++) {
			a[i] = differ ? (uint32_t)i : (uint32_t)rand() % 8;
			b[i] = differ ? (uint32_t)i : (uint32_t)rand() % 8;
		}
		if (differ) {
			shuffle(a, LENGTH);
			shuffle(b, LENGTH);
		}
		if (differ)
			assert_int_equal(assert_matched(a, count_a, b, count_b), longest(a, count_a, b, count_b));
		else
			assert_true(assert_matched(a, count_a, b, count_b) <= longest(a, count_a, b, count_b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_words), cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
