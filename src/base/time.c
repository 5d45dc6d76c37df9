/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/time.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <stdio.h>
#include <strings.h>
#include <sys/timerfd.h>
#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		return 0;
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

uint64_t time_real(void)
{
	return read_clock(CLOCK_REALTIME);
}

static uint64_t boottime_ahead, monotonic_ahead;

static void ask_ahead(void)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/timens_offsets", "re");
	long long seconds, nanoseconds;
	char name[16];

	while (file && fscanf(file, "%15s %lld %lld", name, &seconds, &nanoseconds) == 3)
		*(strcmp(name, "boottime") == 0 ? &boottime_ahead : &monotonic_ahead) = (uint64_t)seconds * SECOND + (uint64_t)nanoseconds;
}

/* How far the clocks of our time namespace are ahead of the kernel's, modulo 2^64: asked once, as a process stays in the one that it has. */
static uint64_t ahead(clockid_t clock)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)!pthread_once(&once, ask_ahead);
	return clock == CLOCK_BOOTTIME ? boottime_ahead : monotonic_ahead;
}

uint64_t time_boot(void)
{
	return time_boot_of(read_clock(CLOCK_BOOTTIME));
}

uint64_t time_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC) - ahead(CLOCK_MONOTONIC);
}

uint64_t time_boot_of(uint64_t clock)
{
	return clock - ahead(CLOCK_BOOTTIME);
}

int time_boot_arm(int timer, uint64_t boottime)
{
	const uint64_t clock = boottime ? boottime + ahead(CLOCK_BOOTTIME) : 0;
	const struct itimerspec when = { .it_value = { (time_t)(clock / SECOND), (long)(clock % SECOND) } };

	return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) < 0 ? -errno : 0;
}

static void skip_space(const char **text)
{
	while (**text == ' ' || **text == '\t')
		(*text)++;
}

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool is_letter(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

/* Moves TEXT behind WORD where it begins with that very word, in any case. */
static bool take_word(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncasecmp(*text, word, length) != 0 || is_letter((*text)[length]))
		return false;
	*text += length;
	return true;
}

static bool take_character(const char **text, char character)
{
	if (**text != character)
		return false;
	(*text)++;
	return true;
}

/* Exactly DIGITS digits. */
static bool take_digits(const char **text, unsigned int digits, int *ret)
{
	int number = 0;

	for (unsigned int i = 0; i < digits; i++) {
		if (!is_digit((*text)[i]))
			return false;
		number = number * 10 + ((*text)[i] - '0');
	}
	*text += digits;
	*ret = number;
	return true;
}

/* The digits behind a point, in billionths; digits past the ninth are read and left out. */
static bool take_fraction(const char **text, uint64_t *ret)
{
	uint64_t fraction = 0, weight = SECOND / 10;

	if (!is_digit(**text))
		return false;
	for (; is_digit(**text); (*text)++, weight /= 10)
		fraction += (uint64_t)(**text - '0') * weight;
	*ret = fraction;
	return true;
}

/* "12" or "12.5" as whole part and billionths. */
static int take_decimal(const char **text, uint64_t *ret_whole, uint64_t *ret_fraction)
{
	uint64_t whole = 0, fraction = 0;

	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, (uint64_t)(**text - '0'), &whole))
			return -ERANGE;
	if (take_character(text, '.') && !take_fraction(text, &fraction))
		return -EINVAL;
	*ret_whole = whole;
	*ret_fraction = fraction;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit *take_unit(const char **text, const struct unit *units, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (take_word(text, units[i].name))
			return &units[i];
	return NULL;
}

/* WHOLE and FRACTION times FACTOR, added to *SUM. */
static int add_product(uint64_t *sum, uint64_t whole, uint64_t fraction, uint64_t factor)
{
	uint64_t product;
	unsigned __int128 part = (unsigned __int128)fraction * factor / SECOND; /* below FACTOR, so it fits */

	if (__builtin_mul_overflow(whole, factor, &product) || __builtin_add_overflow(product, (uint64_t)part, &product) ||
	    __builtin_add_overflow(*sum, product, sum))
		return -ERANGE;
	return 0;
}

#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const struct unit durations[] = {
	{ "ns", 1 },           { "us", 1000 },        { "ms", 1000000 }, { "s", SECOND },     { "sec", SECOND },
	{ "second", SECOND },  { "seconds", SECOND }, { "m", MINUTE },   { "min", MINUTE },   { "minute", MINUTE },
	{ "minutes", MINUTE }, { "h", HOUR },         { "hour", HOUR },  { "hours", HOUR },   { "d", DAY },
	{ "day", DAY },        { "days", DAY },       { "w", 7 * DAY },  { "week", 7 * DAY }, { "weeks", 7 * DAY },
};

/* One or more "number unit"; moves TEXT behind the last. */
static int take_duration(const char **text, uint64_t *ret_duration)
{
	uint64_t sum = 0, whole, fraction;
	const struct unit *unit;
	int r;

	do {
		r = take_decimal(text, &whole, &fraction);
		if (r < 0)
			return r;
		skip_space(text);
		unit = take_unit(text, durations, ARRAY_SIZE(durations));
		if (!unit)
			return -EINVAL;
		r = add_product(&sum, whole, fraction, unit->factor);
		if (r < 0)
			return r;
		skip_space(text);
	} while (is_digit(**text));
	if (sum > TIME_MAXIMUM)
		return -ERANGE;
	*ret_duration = sum;
	return 0;
}

int duration_parse(const char *text, uint64_t *ret_duration)
{
	uint64_t duration = 0, whole, fraction;
	const char *bare;
	int r;

	skip_space(&text);
	bare = text;
	r = take_decimal(&bare, &whole, &fraction);
	if (r < 0)
		return r;
	skip_space(&bare);
	if (*bare == '\0') {
		r = add_product(&duration, whole, fraction, SECOND);
		if (r == 0 && duration > TIME_MAXIMUM)
			r = -ERANGE;
	} else {
		r = take_duration(&text, &duration);
		if (r == 0 && *text != '\0')
			r = -EINVAL;
	}
	if (r < 0)
		return r;
	*ret_duration = duration;
	return 0;
}

int size_parse(const char *text, uint64_t *ret_size)
{
	static const struct unit units[] = {
		{ "k", 1ull << 10 }, { "kb", 1ull << 10 }, { "kib", 1ull << 10 }, { "m", 1ull << 20 }, { "mb", 1ull << 20 }, { "mib", 1ull << 20 },
		{ "g", 1ull << 30 }, { "gb", 1ull << 30 }, { "gib", 1ull << 30 }, { "t", 1ull << 40 }, { "tb", 1ull << 40 }, { "tib", 1ull << 40 },
		{ "p", 1ull << 50 }, { "pb", 1ull << 50 }, { "pib", 1ull << 50 }, { "b", 1 },          { "bytes", 1 },
	};
	uint64_t size = 0, whole, fraction;
	const struct unit *unit = NULL;
	int r;

	skip_space(&text);
	r = take_decimal(&text, &whole, &fraction);
	if (r < 0)
		return r;
	skip_space(&text);
	if (*text != '\0') {
		unit = take_unit(&text, units, ARRAY_SIZE(units));
		if (!unit)
			return -EINVAL;
		skip_space(&text);
		if (*text != '\0')
			return -EINVAL;
	}
	r = add_product(&size, whole, fraction, unit ? unit->factor : 1);
	if (r < 0)
		return r;
	*ret_size = size;
	return 0;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar: years begin in March, so that the leap day is the last one. */
static int64_t days_from_date(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t shifted = days + 719468, era = shifted / 146097, day_of_era = shifted - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;

	*ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (int)(month < 10 ? month + 3 : month - 9);
	*ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

struct moment {
	int year, month, day, hour, minute, second;
	uint64_t fraction; /* nanoseconds */
	bool zoned;
	int zone; /* seconds east of Greenwich */
};

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(const char **text, struct moment *moment)
{
	return take_digits(text, 4, &moment->year) && take_character(text, '-') && take_digits(text, 2, &moment->month) &&
	       take_character(text, '-') && take_digits(text, 2, &moment->day) && moment->month >= 1 && moment->month <= 12 && moment->day >= 1 &&
	       moment->day <= days_in_month(moment->year, moment->month);
}

/* "15:04", "15:04:05", "15:04:05.678"; a second of 60 is a leap second. */
static bool take_clock(const char **text, struct moment *moment)
{
	if (!take_digits(text, 2, &moment->hour) || !take_character(text, ':') || !take_digits(text, 2, &moment->minute))
		return false;
	if (take_character(text, ':')) {
		if (!take_digits(text, 2, &moment->second))
			return false;
		if ((take_character(text, '.') || take_character(text, ',')) && !take_fraction(text, &moment->fraction))
			return false;
	}
	return moment->hour <= 23 && moment->minute <= 59 && moment->second <= 60;
}

/* "Z", "UTC", "+02:00", "+0200", "+02"; or nothing. */
static bool take_zone(const char **text, struct moment *moment)
{
	int hours, minutes = 0, sign = **text == '-' ? -1 : 1;

	if (take_word(text, "z") || take_word(text, "utc")) {
		moment->zoned = true;
		return true;
	}
	if (!take_character(text, '+') && !take_character(text, '-'))
		return true;
	if (!take_digits(text, 2, &hours))
		return false;
	if (take_character(text, ':') || is_digit(**text)) {
		if (!take_digits(text, 2, &minutes))
			return false;
	}
	if (hours > 23 || minutes > 59)
		return false;
	moment->zoned = true;
	moment->zone = sign * (hours * 3600 + minutes * 60);
	return true;
}

static int moment_time(const struct moment *moment, uint64_t *ret_time)
{
	struct tm tm = { .tm_year = moment->year - 1900, .tm_mon = moment->month - 1, .tm_mday = moment->day, .tm_isdst = -1 };
	int64_t seconds;
	uint64_t time;

	if (moment->zoned) {
		seconds =
			days_from_date(moment->year, moment->month, moment->day) * 86400 + moment->hour * 3600 + moment->minute * 60 + moment->second;
		seconds -= moment->zone;
	} else {
		tm.tm_hour = moment->hour;
		tm.tm_min = moment->minute;
		tm.tm_sec = moment->second;
		seconds = mktime(&tm);
	}
	if (seconds < 0 || (uint64_t)seconds >= TIME_MAXIMUM / SECOND)
		return -EINVAL;
	time = (uint64_t)seconds * SECOND + moment->fraction;
	*ret_time = time;
	return 0;
}

/* The local date of NOW, DAYS before. */
static int set_date(struct moment *moment, uint64_t now, int days)
{
	time_t seconds = (time_t)(now / SECOND);
	struct tm tm;

	tzset();
	if (!localtime_r(&seconds, &tm))
		return -EINVAL;
	date_from_days(days_from_date(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) - days, &moment->year, &moment->month, &moment->day);
	return 0;
}

/* "today", "yesterday", each with a time of day behind it if need be; a time of day alone. */
static int parse_day(const char *text, uint64_t now, uint64_t *ret_time)
{
	struct moment moment = { 0 };
	bool named = true;
	int days = 0, r;

	if (take_word(&text, "yesterday"))
		days = 1;
	else if (!take_word(&text, "today"))
		named = false;

	r = set_date(&moment, now, days);
	if (r < 0)
		return r;
	skip_space(&text);
	if (!named || *text != '\0') {
		if (!take_clock(&text, &moment))
			return -EINVAL;
		skip_space(&text);
	}
	return *text == '\0' ? moment_time(&moment, ret_time) : -EINVAL;
}

/* RFC 3339, its date alone, a blank for the T, no zone: local time. */
static int parse_date(const char *text, uint64_t *ret_time)
{
	struct moment moment = { 0 };

	if (!take_date(&text, &moment))
		return -EINVAL;
	if (*text == 'T' || *text == 't' || (*text == ' ' && is_digit(text[1]))) {
		text++;
		if (!take_clock(&text, &moment))
			return -EINVAL;
		skip_space(&text);
		if (!take_zone(&text, &moment))
			return -EINVAL;
	}
	skip_space(&text);
	return *text == '\0' ? moment_time(&moment, ret_time) : -EINVAL;
}

static int parse_epoch(const char *text, uint64_t *ret_time)
{
	uint64_t whole, fraction;

	if (take_decimal(&text, &whole, &fraction) < 0 || *text != '\0' || whole >= TIME_MAXIMUM / SECOND)
		return -EINVAL;
	*ret_time = whole * SECOND + fraction;
	return 0;
}

static int parse_ago(const char *text, uint64_t now, uint64_t *ret_time)
{
	uint64_t duration;

	if (take_duration(&text, &duration) < 0)
		return -EINVAL;
	take_word(&text, "ago");
	skip_space(&text);
	if (*text != '\0' || duration > now)
		return -EINVAL;
	*ret_time = now - duration;
	return 0;
}

int time_parse(const char *text, uint64_t now, uint64_t *ret_time)
{
	const char *rest;
	size_t digits;

	skip_space(&text);
	rest = text;
	if (take_word(&rest, "now")) {
		skip_space(&rest);
		if (*rest != '\0')
			return -EINVAL;
		*ret_time = now;
		return 0;
	}
	if (take_character(&rest, '@'))
		return parse_epoch(rest, ret_time);
	digits = strspn(text, "0123456789");
	if (digits == 4 && text[4] == '-')
		return parse_date(text, ret_time);
	if (digits > 0 && text[digits] != ':')
		return parse_ago(text, now, ret_time);
	return parse_day(text, now, ret_time);
}

/* NUMBER in exactly DIGITS digits. */
static char *put_digits(char *text, uint64_t number, unsigned int digits)
{
	for (unsigned int i = digits; i > 0; i--, number /= 10)
		text[i - 1] = (char)('0' + number % 10);
	return text + digits;
}

static char *put_date(char *text, int year, int month, int day)
{
	text = put_digits(text, (uint64_t)year, 4);
	*text++ = '-';
	text = put_digits(text, (uint64_t)month, 2);
	*text++ = '-';
	return put_digits(text, (uint64_t)day, 2);
}

static char *put_clock(char *text, unsigned int hour, unsigned int minute, unsigned int second)
{
	text = put_digits(text, hour, 2);
	*text++ = ':';
	text = put_digits(text, minute, 2);
	*text++ = ':';
	return put_digits(text, second, 2);
}

void time_format(uint64_t time, char text[TIME_TEXT_SIZE])
{
	uint64_t second = time / SECOND, of_day = second % 86400;
	int year, month, day;

	date_from_days((int64_t)(second / 86400), &year, &month, &day);
	text = put_date(text, year, month, day);
	*text++ = 'T';
	text = put_clock(text, (unsigned int)(of_day / 3600), (unsigned int)(of_day / 60 % 60), (unsigned int)(of_day % 60));
	*text++ = '.';
	text = put_digits(text, time % SECOND, 9);
	*text++ = 'Z';
	*text = '\0';
}

static void fill_local(struct time_local *local, uint64_t second)
{
	time_t seconds = (time_t)second;
	char *text = local->text;
	struct tm tm;

	if (local->second == second + 1)
		return;
	tzset();
	if (!localtime_r(&seconds, &tm))
		tm = (struct tm){ .tm_year = 70, .tm_mday = 1 };
	text = put_date(text, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	*text++ = ' ';
	text = put_clock(text, (unsigned int)tm.tm_hour, (unsigned int)tm.tm_min, (unsigned int)tm.tm_sec);
	*text = '\0';
	local->second = second + 1;
}

static void put_milliseconds(char *text, uint64_t time)
{
	*text++ = '.';
	text = put_digits(text, time % SECOND / 1000000, 3);
	*text = '\0';
}

void time_format_clock(struct time_local *local, uint64_t time, char text[TIME_TEXT_SIZE])
{
	fill_local(local, time / SECOND);
	memcpy(text, local->text + 11, 8);
	put_milliseconds(text + 8, time);
}

void time_format_date(struct time_local *local, uint64_t time, char text[TIME_TEXT_SIZE])
{
	fill_local(local, time / SECOND);
	memcpy(text, local->text, 19);
	put_milliseconds(text + 19, time);
}
