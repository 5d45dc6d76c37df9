/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/path-parts.h"

#include <stdbool.h>
#include <string.h>

size_t path_parts_join(const char *parts, uint32_t length, char *out)
{
	bool cut = length > EVENT_PATH_MAXIMUM;
	size_t at = 0, end = cut ? EVENT_PATH_MAXIMUM : length;

	/* A cut leaves a last part without its end. */
	while (end && parts[end - 1])
		end--;
	if (cut) {
		memcpy(out, "...", 3);
		at = 3;
	}
	while (end) {
		size_t begin = end - 1;

		while (begin && parts[begin - 1])
			begin--;
		out[at++] = '/';
		memcpy(out + at, parts + begin, end - 1 - begin);
		at += end - 1 - begin;
		end = begin;
	}
	if (!at)
		out[at++] = '/';
	out[at++] = 0;
	return at;
}
