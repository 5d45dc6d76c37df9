/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times, lengths and sizes from text and back. What is expected of a date was asked from date(1). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/time.h"

#define S(seconds) ((seconds)*UINT64_C(1000000000))

static const uint64_t now = S(1781526645) + 500000000; /* 2026-06-15T12:30:45.5Z, 14:30:45.5 in Berlin */

struct good {
	const char *text;
	uint64_t expected;
};

static const struct good times[] = {
	{ "now", S(1781526645) + 500000000 },
	{ "10m", S(1781526045) + 500000000 },
	{ "2h ago", S(1781519445) + 500000000 },
	{ "  2 Hours Ago  ", S(1781519445) + 500000000 },
	{ "1h30m", S(1781521245) + 500000000 },
	{ "1h 30m ago", S(1781521245) + 500000000 },
	{ "0.5s", S(1781526645) },
	{ "500ms ago", S(1781526645) },
	{ "1w", S(1780921845) + 500000000 },
	{ "today", S(1781474400) },
	{ "TODAY", S(1781474400) },
	{ "today 15:04", S(1781528640) },
	{ "yesterday", S(1781388000) },
	{ "yesterday 15:04", S(1781442240) },
	{ "15:04", S(1781528640) },
	{ "15:04:05.678", S(1781528645) + 678000000 },
	{ "15:04:05,678", S(1781528645) + 678000000 },
	{ "2026-01-02", S(1767308400) },
	{ "2026-01-02 15:04:05", S(1767362645) },
	{ "2026-01-02T15:04:05", S(1767362645) },
	{ "2026-01-02T15:04:05.123456789Z", S(1767366245) + 123456789 },
	{ "2026-01-02t15:04:05.123456789z", S(1767366245) + 123456789 },
	{ "2026-01-02T15:04:05.1234567899999999999999999999Z", S(1767366245) + 123456789 },
	{ "2026-01-02 15:04:05 UTC", S(1767366245) },
	{ "2026-01-02T15:04:05+02:00", S(1767359045) },
	{ "2026-01-02T15:04:05-0530", S(1767386045) },
	{ "2026-01-02T15:04:05+02", S(1767359045) },
	{ "2026-01-02T03:04:05.678901234Z", S(1767323045) + 678901234 },
	{ "2024-02-29", S(1709161200) },
	{ "2000-02-29T00:00:00Z", S(951782400) },
	{ "2026-03-29 03:30", S(1774747800) }, /* the day of the clock change */
	{ "2262-04-11T23:47:15Z", S(9223372035) },
	{ "1970-01-01T00:00:00Z", 0 },
	{ "@1767323045", S(1767323045) },
	{ "@1767323045.25", S(1767323045) + 250000000 },
};

static const char *const bad_times[] = {
	"",
	" ",
	"x",
	"10",
	"10x",
	"m",
	"10m ag",
	"10m ago x",
	"-10m",
	"+10m",
	"10m,",
	"1..5h",
	"1.h",
	"nowx",
	"now 15:04",
	"todayx",
	"today 25:00",
	"today 15",
	"today 15:4",
	"15:60",
	"15:04:61",
	"15:04:",
	"15:04:05.",
	"24:00",
	"2026-13-01",
	"2026-00-01",
	"2026-01-00",
	"2026-02-29",
	"2025-02-29",
	"2100-02-29",
	"2026-01-02T",
	"2026-01-02 ago",
	"2026-01-02T15",
	"2026-01-02T15:04:05+",
	"2026-01-02T15:04:05+2",
	"2026-01-02T15:04:05+24:00",
	"2026-01-02T15:04:05+02:60",
	"2026-01-02T15:04:05Zx",
	"2026-1-2",
	"1969-12-31T23:59:59Z",
	"0000-00-00",
	"0000-01-01T00:00:00Z",
	"9999-12-31T23:59:59Z",
	"2262-04-11T23:47:17Z",
	"99999999999999999999h",
	"9223372036854775808ns",
	"300000y",
	"1000000000000w",
	"@",
	"@-1",
	"@9999999999999999999",
	"@1e5",
	"yesterday yesterday",
	"\x80",
	"1\xc2\xb5s",
};

static void test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		uint64_t time = 1;
		int r = time_parse(times[i].text, now, &time);

		if (r != 0 || time != times[i].expected)
			fail_msg("\"%s\": %d, %llu instead of %llu", times[i].text, r, (unsigned long long)time,
				 (unsigned long long)times[i].expected);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_times); i++) {
		uint64_t time = 1;

		if (time_parse(bad_times[i], now, &time) != -EINVAL || time != 1)
			fail_msg("\"%s\" was taken as %llu", bad_times[i], (unsigned long long)time);
	}
}

static const struct good durations[] = {
	{ "30d", S(2592000) },
	{ "90s", S(90) },
	{ "90", S(90) },
	{ "1.5", S(1) + 500000000 },
	{ "1h30m", S(5400) },
	{ "1h 30m 5s", S(5405) },
	{ "1.5 hours", S(5400) },
	{ "2 weeks", S(1209600) },
	{ "100ms", 100000000 },
	{ "5us", 5000 },
	{ "7ns", 7 },
	{ "0", 0 },
	{ "9223372036854775807ns", INT64_MAX },
};

static const struct good sizes[] = {
	{ "0", 0 },
	{ "4096", 4096 },
	{ "512K", 524288 },
	{ "512k", 524288 },
	{ "1G", 1073741824 },
	{ "1.5MiB", 1572864 },
	{ "1 GB", 1073741824 },
	{ "2T", 2199023255552 },
	{ "100 bytes", 100 },
	{ "18446744073709551615", UINT64_MAX },
	{ "16383P", UINT64_C(18445618173802708992) },
};

static void test_lengths(void **state)
{
	static const char *const bad[] = { "", "d", "1x", "1h30", "-1s", "1s2", "1 month", "0x10", "1.s", "s1" };
	static const char *const large[] = { "9223372036854775808ns", "9223372037", "99999999999999999999", "1000000w", "106752d", "9223372036s 1s" };
	uint64_t length;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		if (duration_parse(durations[i].text, &length) != 0 || length != durations[i].expected)
			fail_msg("\"%s\": %llu", durations[i].text, (unsigned long long)length);
	}
	length = 1;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (duration_parse(bad[i], &length) != -EINVAL || length != 1)
			fail_msg("\"%s\" was taken", bad[i]);
	for (size_t i = 0; i < ARRAY_SIZE(large); i++)
		if (duration_parse(large[i], &length) != -ERANGE || length != 1)
			fail_msg("\"%s\" was taken", large[i]);
}

static void test_sizes(void **state)
{
	static const char *const bad[] = { "", "G", "1X", "1GG", "-1", "1 G x", "1.K", "0x10" };
	static const char *const large[] = { "18446744073709551616", "16384P", "99999999T" };
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (size_parse(sizes[i].text, &size) != 0 || size != sizes[i].expected)
			fail_msg("\"%s\": %llu", sizes[i].text, (unsigned long long)size);
	}
	size = 1;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (size_parse(bad[i], &size) != -EINVAL || size != 1)
			fail_msg("\"%s\" was taken", bad[i]);
	for (size_t i = 0; i < ARRAY_SIZE(large); i++)
		if (size_parse(large[i], &size) != -ERANGE || size != 1)
			fail_msg("\"%s\" was taken", large[i]);
}

static void test_format(void **state)
{
	static const struct {
		uint64_t time;
		const char *utc, *date;
	} list[] = {
		{ 0, "1970-01-01T00:00:00.000000000Z", "1970-01-01 01:00:00.000" },
		{ S(951782399) + 999999999, "2000-02-28T23:59:59.999999999Z", "2000-02-29 00:59:59.999" },
		{ S(951782400), "2000-02-29T00:00:00.000000000Z", "2000-02-29 01:00:00.000" },
		{ S(1767323045) + 678901234, "2026-01-02T03:04:05.678901234Z", "2026-01-02 04:04:05.678" },
		{ S(1767323045) + 1, "2026-01-02T03:04:05.000000001Z", "2026-01-02 04:04:05.000" },
		{ S(4107542400), "2100-03-01T00:00:00.000000000Z", "2100-03-01 01:00:00.000" },
		{ S(9223372035), "2262-04-11T23:47:15.000000000Z", "2262-04-12 01:47:15.000" },
	};
	struct time_local local = { 0 };
	char text[TIME_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		time_format(list[i].time, text);
		assert_string_equal(text, list[i].utc);
		time_format_date(&local, list[i].time, text);
		assert_string_equal(text, list[i].date);
		time_format_clock(&local, list[i].time, text);
		assert_string_equal(text, list[i].date + 11);
	}
	time_format(UINT64_MAX, text); /* must fit */
	time_format_date(&local, UINT64_MAX, text);
}

/* Each second of a few years, against the C library. */
static void test_calendar(void **state)
{
	char text[TIME_TEXT_SIZE], expected[TIME_TEXT_SIZE];

	(void)state;
	for (uint64_t second = 0; second < UINT64_C(4200000000); second += 86399 * 3 + 17) {
		time_t seconds = (time_t)second;
		uint64_t back;
		struct tm tm;

		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm);
		time_format(S(second), text);
		assert_string_equal(text, expected);
		assert_int_equal(time_parse(text, now, &back), 0);
		assert_int_equal(back, S(second));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),  cmocka_unit_test(test_lengths),  cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_format), cmocka_unit_test(test_calendar),
	};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
