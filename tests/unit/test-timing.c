/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Percentiles from the kernel side's buckets, against the same taken from the durations themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crossing/timing.h"

#define DURATIONS 5000

/* By the definition, and not as the kernel side reckons it. */
static unsigned int bucket_of(uint64_t time)
{
	unsigned int bucket = 0;

	while (bucket + 1 < STAT_BUCKETS && timing_bucket_start(bucket + 1) <= time)
		bucket++;
	return bucket;
}

static void add(struct stat_timing *timing, uint64_t time)
{
	timing->count++;
	timing->total += time;
	timing->buckets[bucket_of(time)]++;
	if (time > timing->most)
		timing->most = time;
}

static int by_time(const void *a, const void *b)
{
	const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

static void test_buckets_rise_by_a_quarter_at_most(void **state)
{
	(void)state;
	assert_int_equal(timing_bucket_start(0), 0);
	for (unsigned int i = 0; i < STAT_BUCKETS; i++) {
		const uint64_t start = timing_bucket_start(i), end = timing_bucket_start(i + 1);

		assert_true(end > start);
		if (i >= 4)
			assert_true((end - start) * 4 <= start);
	}
	assert_true(timing_bucket_start(STAT_BUCKETS) > 120000000000u);
}

static void test_percentiles(void **state)
{
	static const unsigned int asked[] = { 1, 500, 900, 990, 1000 };
	static uint64_t durations[DURATIONS];
	uint32_t random = 7;

	(void)state;
	for (int spread = 4; spread < 32; spread += 3) {
		struct stat_timing timing = {};

		for (int i = 0; i < DURATIONS; i++) {
			random = random * 1103515245 + 12345;
			durations[i] = 64 + ((uint64_t)random * random >> (64 - spread));
			add(&timing, durations[i]);
		}
		qsort(durations, DURATIONS, sizeof(durations[0]), by_time);
		for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
			const size_t place = ((size_t)DURATIONS * asked[i] + 999) / 1000;
			const uint64_t exact = durations[place ? place - 1 : 0], told = timing_percentile(&timing, asked[i]);

			assert_in_range(told, exact - exact / 4, exact + exact / 4 + 1);
			assert_true(told <= timing.most);
		}
	}
}

static void test_few_and_none(void **state)
{
	struct stat_timing timing = {};

	(void)state;
	assert_int_equal(timing_percentile(&timing, 500), 0);
	add(&timing, 1000);
	assert_int_equal(timing_percentile(&timing, 500), 1000);
	assert_int_equal(timing_percentile(&timing, 990), 1000);
	add(&timing, 1000000);
	assert_in_range(timing_percentile(&timing, 500), 800, 1100);
	assert_int_equal(timing_percentile(&timing, 990), 1000000);
}

static void test_longest_is_kept_in_the_last_bucket(void **state)
{
	struct stat_timing timing = {};

	(void)state;
	add(&timing, UINT64_MAX / 2);
	assert_int_equal(timing.buckets[STAT_BUCKETS - 1], 1);
	assert_true(timing_percentile(&timing, 990) >= timing_bucket_start(STAT_BUCKETS - 1));
}

static void test_sums(void **state)
{
	struct stat_timing sum = {}, one = {}, two = {};

	(void)state;
	add(&one, 100);
	one.failed = 1;
	add(&two, 5000);
	two.bytes = 7;
	timing_add(&sum, &one);
	timing_add(&sum, &two);
	assert_int_equal(sum.count, 2);
	assert_int_equal(sum.total, 5100);
	assert_int_equal(sum.most, 5000);
	assert_int_equal(sum.failed, 1);
	assert_int_equal(sum.bytes, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets_rise_by_a_quarter_at_most),  cmocka_unit_test(test_percentiles), cmocka_unit_test(test_few_and_none),
		cmocka_unit_test(test_longest_is_kept_in_the_last_bucket), cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
