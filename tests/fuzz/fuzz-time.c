/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times, lengths and sizes from any text: no overrun, and what is taken stays within its range and comes back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t now = UINT64_C(1781526645500000000);
	char text[TIME_TEXT_SIZE], *copy = malloc(size + 1); /* exactly as long as the text, so that a read past its end is seen */
	struct time_local local = { 0 };
	uint64_t number, back;

	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	if (time_parse(copy, now, &number) == 0) {
		if (number > TIME_MAXIMUM)
			abort();
		time_format(number, text);
		if (time_parse(text, now, &back) != 0 || back != number)
			abort();
		time_format_clock(&local, number, text);
		time_format_date(&local, number, text);
	}
	if (duration_parse(copy, &number) == 0 && number > TIME_MAXIMUM)
		abort();
	if (size_parse(copy, &number) == 0 && number == 1 && size == 0)
		abort();
	free(copy);
	return 0;
}
