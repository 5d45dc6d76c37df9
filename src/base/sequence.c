/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sequence.h"

#include <errno.h>
#include <stdlib.h>

/* What is paired, before it is said what of it stays: for each of B the place in A. */
static int pair(const uint32_t *a, size_t count_a, const uint32_t *b, size_t count_b, size_t *places)
{
	_cleanup_free_ size_t *first = NULL, *next = calloc(count_a + 1, sizeof(*next));
	uint32_t most = 0;

	for (size_t i = 0; i < count_a; i++)
		most = a[i] > most ? a[i] : most;
	first = calloc((size_t)most + 1, sizeof(*first));
	if (!first || !next)
		return -ENOMEM;
	for (size_t i = 0; i <= most; i++)
		first[i] = SEQUENCE_NONE;
	for (size_t i = count_a; i-- > 0;) {
		next[i] = first[a[i]];
		first[a[i]] = i;
	}
	for (size_t i = 0; i < count_b; i++) {
		places[i] = b[i] <= most ? first[b[i]] : SEQUENCE_NONE;
		if (places[i] != SEQUENCE_NONE)
			first[b[i]] = next[places[i]];
	}
	return 0;
}

/* Leaves the longest run of PLACES that rise: of the runs of each length the one that ends lowest is kept, as all others could only become shorter.
 */
static int leave_rising(size_t *places, size_t count)
{
	_cleanup_free_ size_t *ends = calloc(count + 1, sizeof(*ends)), *before = calloc(count + 1, sizeof(*before));
	size_t length = 0, at;

	if (!ends || !before)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t low = 0, high = length;

		if (places[i] == SEQUENCE_NONE)
			continue;
		while (low < high) {
			const size_t middle = low + (high - low) / 2;

			if (places[ends[middle]] < places[i])
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low ? ends[low - 1] : SEQUENCE_NONE;
		ends[low] = i;
		length += low == length;
	}
	at = length ? ends[length - 1] : SEQUENCE_NONE;
	for (size_t i = count; i-- > 0;)
		if (i == at)
			at = before[i];
		else
			places[i] = SEQUENCE_NONE;
	return 0;
}

int sequence_match(const uint32_t *a, size_t count_a, const uint32_t *b, size_t count_b, size_t *ret_places)
{
	size_t front = 0, back = 0;
	int r;

	while (front < count_a && front < count_b && a[front] == b[front]) {
		ret_places[front] = front;
		front++;
	}
	while (back < count_a - front && back < count_b - front && a[count_a - 1 - back] == b[count_b - 1 - back]) {
		back++;
		ret_places[count_b - back] = count_a - back;
	}
	r = pair(a + front, count_a - front - back, b + front, count_b - front - back, ret_places + front);
	if (r == 0)
		r = leave_rising(ret_places + front, count_b - front - back);
	for (size_t i = front; i < count_b - back; i++)
		if (ret_places[i] != SEQUENCE_NONE)
			ret_places[i] += front;
	return r;
}
