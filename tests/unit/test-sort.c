/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sort_texts() against strcmp(), on lists of all sizes: what is equal keeps its order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/sort.h"

#define TEXTS 5000

static char texts[TEXTS][48];
static struct sort_text list[TEXTS];

static void fill(size_t count)
{
	for (size_t i = 0; i < count; i++)
		list[i] = (struct sort_text){ .text = texts[i], .other = texts[i] };
}

static void assert_sorted(size_t count)
{
	assert_int_equal(sort_texts(list, count), 0);
	for (size_t i = 0; i + 1 < count; i++) {
		const int order = strcmp(list[i].text, list[i + 1].text);

		assert_true(order <= 0);
		/* The one that stood first in memory stood first in the list. */
		if (order == 0)
			assert_true((const char *)list[i].other < (const char *)list[i + 1].other);
	}
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(list[i].text, list[i].other);
}

static void test_random(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 3, 47, 48, 49, 50, 257, 1000, TEXTS };
	uint32_t number = 1;

	(void)state;
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		for (size_t i = 0; i < counts[c]; i++) {
			size_t length;

			number = number * 1103515245 + 12345;
			length = (number >> 16) % 40;
			for (size_t at = 0; at < length; at++) {
				number = number * 1103515245 + 12345;
				/* Few letters, so that much is equal, and bytes above 127. */
				texts[i][at] = "aab\xff"[number >> 16 & 3];
			}
			texts[i][length] = '\0';
		}
		fill(counts[c]);
		assert_sorted(counts[c]);
	}
}

static void test_addresses(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < TEXTS; i++)
		snprintf(texts[i], sizeof(texts[i]), "main/10.%u.%u.0/24,metric=%u", i % 7, i % 256, i % 3);
	fill(TEXTS);
	assert_sorted(TEXTS);
}

static void test_equal(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < TEXTS; i++)
		memcpy(texts[i], "12345678", 9); /* as long as one step */
	fill(TEXTS);
	assert_sorted(TEXTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random), cmocka_unit_test(test_addresses), cmocka_unit_test(test_equal) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
