/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/moment.h"

#include "base/time.h"

/* The program has one thread; in a storm the same second is shown a hundred thousand times. */
static struct time_local last_shown;

void moment_clock(struct buffer *buffer, uint64_t time)
{
	char text[TIME_TEXT_SIZE];

	time_format_clock(&last_shown, time, text);
	buffer_add_text(buffer, text);
}

void moment_date(struct buffer *buffer, uint64_t time)
{
	char text[TIME_TEXT_SIZE];

	time_format_date(&last_shown, time, text);
	buffer_add_text(buffer, text);
}

void moment_length(struct buffer *buffer, uint64_t duration)
{
	unsigned long long seconds = duration / SECOND;

	if (seconds == 0)
		buffer_printf(buffer, "%llu ms", (unsigned long long)(duration / 1000000));
	else if (seconds < 60)
		buffer_printf(buffer, "%llu.%llu s", seconds, (unsigned long long)(duration % SECOND / 100000000));
	else if (seconds < 3600)
		buffer_printf(buffer, "%llu min %llu s", seconds / 60, seconds % 60);
	else if (seconds < 86400)
		buffer_printf(buffer, "%llu h %llu min", seconds / 3600, seconds % 3600 / 60);
	else
		buffer_printf(buffer, "%llu d %llu h", seconds / 86400, seconds % 86400 / 3600);
}

void moment_count(struct buffer *buffer, uint64_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			buffer_add_char(buffer, ',');
		buffer_add_char(buffer, digits[i]);
	}
}
