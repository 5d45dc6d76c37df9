/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Eight bytes of each text at a time make a number; the numbers are sorted byte by byte, and what is equal so far is sorted by its next eight. */
#include "base/sort.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

#define KEY_BYTES 8
#define AHEAD     8  /* texts that are fetched before their turn */
#define FEW       48 /* that are put in order by insertion */

/* The eight bytes at TEXT, the first the most significant; zeros behind its end. */
static uint64_t key_at(const char *text)
{
	uint64_t key = 0;

	for (int i = 0; i < KEY_BYTES; i++) {
		key |= (uint64_t)(unsigned char)text[i] << (56 - 8 * i);
		if (text[i] == '\0')
			break;
	}
	return key;
}

static void insert_each(struct sort_text *list, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct sort_text item = list[i];
		size_t at = i;

		for (; at > 0 && list[at - 1].key > item.key; at--)
			list[at] = list[at - 1];
		list[at] = item;
	}
}

/* By one byte of the key, from LIST to SORTED; false where all have the same, and nothing was moved. */
static bool scatter(const struct sort_text *list, struct sort_text *sorted, size_t count, unsigned int shift)
{
	size_t places[256] = { 0 }, place = 0;

	for (size_t i = 0; i < count; i++)
		places[list[i].key >> shift & 255]++;
	if (places[list[0].key >> shift & 255] == count)
		return false;
	for (size_t i = 0; i < 256; i++) {
		const size_t here = places[i];

		places[i] = place;
		place += here;
	}
	for (size_t i = 0; i < count; i++)
		sorted[places[list[i].key >> shift & 255]++] = list[i];
	return true;
}

static void sort_keys(struct sort_text *list, struct sort_text *scratch, size_t count)
{
	struct sort_text *from = list, *to = scratch;

	if (count <= FEW) {
		insert_each(list, count);
		return;
	}
	for (unsigned int shift = 0; shift < 64; shift += 8) {
		struct sort_text *other = from;

		if (!scatter(from, to, count, shift))
			continue;
		from = to;
		to = other;
	}
	if (from != list)
		memcpy(list, from, count * sizeof(*list));
}

/* A run of texts that are equal before DEPTH. What is equal to its end keeps its order, as each step does. */
static void sort_run(struct sort_text *list, struct sort_text *scratch, size_t count, size_t depth)
{
	size_t end;

	for (size_t i = 0; i < count; i++) {
		/* In the order so far the texts lie all over the memory. */
		if (i + AHEAD < count)
			__builtin_prefetch(list[i + AHEAD].text + depth);
		list[i].key = key_at(list[i].text + depth);
	}
	sort_keys(list, scratch, count);
	for (size_t begin = 0; begin < count; begin = end) {
		for (end = begin + 1; end < count && list[end].key == list[begin].key; end++)
			;
		if (end - begin > 1 && list[begin].key & 255)
			sort_run(list + begin, scratch, end - begin, depth + KEY_BYTES);
	}
}

int sort_texts(struct sort_text *list, size_t count)
{
	_cleanup_free_ struct sort_text *scratch = NULL;

	if (count < 2)
		return 0;
	if (count > SIZE_MAX / sizeof(*scratch))
		return -ENOMEM;
	scratch = memory_allocate(count * sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	sort_run(list, scratch, count, 0);
	return 0;
}
