/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/amount.h"

#include "base/cleanup.h"

static void add_scaled(struct buffer *buffer, uint64_t amount, const char *const *units, unsigned int count, double step)
{
	double value = (double)amount;
	unsigned int unit = 0;

	while (value >= step && unit + 1 < count) {
		value /= step;
		unit++;
	}
	buffer_printf(buffer, "%.*f %s", unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2, value, units[unit]);
}

void amount_time(struct buffer *buffer, uint64_t nanoseconds)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };

	add_scaled(buffer, nanoseconds, units, ARRAY_SIZE(units), 1000);
}

void amount_bytes(struct buffer *buffer, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };

	add_scaled(buffer, bytes, units, ARRAY_SIZE(units), 1024);
}
