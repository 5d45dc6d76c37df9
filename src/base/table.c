/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

struct table_slot {
	uint64_t hash;
	void *entry; /* NULL: free; REMOVED: was taken out, the search goes on behind it */
};

static char removed_marker;
#define REMOVED ((void *)&removed_marker)

static uint64_t random_word(void)
{
	uint64_t word = 0;
	struct timespec now;

	/* Before the kernel's pool is ready (an early boot) a guessable seed is better than a program that hangs. */
	if (getrandom(&word, sizeof(word), GRND_NONBLOCK) != sizeof(word)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		word = ((uint64_t)now.tv_nsec << 32) ^ (uint64_t)now.tv_sec ^ (uintptr_t)&word;
	}
	return word | 1; /* never 0, which says "not yet drawn" */
}

/* Drawn once a process; where two threads draw at the same time the first one's stays. */
static uint64_t seed_word(uint64_t *word)
{
	uint64_t seed = __atomic_load_n(word, __ATOMIC_RELAXED), drawn;

	if (seed)
		return seed;
	drawn = random_word();
	if (__atomic_compare_exchange_n(word, &seed, drawn, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return drawn;
	return seed;
}

static inline uint64_t rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein), the variant meant for tables. */
uint64_t table_hash(const void *key, size_t length)
{
	static uint64_t seeds[2];
	const uint64_t seed[2] = { seed_word(&seeds[0]), seed_word(&seeds[1]) };
	uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d, seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573 };
	const unsigned char *data = key;
	uint64_t word, last = (uint64_t)length << 56;
	size_t left = length;

	for (; left >= 8; left -= 8, data += 8) {
		memcpy(&word, data, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)data[i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;

	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void table_init(struct table *table, table_match *match)
{
	*table = (struct table){ .match = match };
}

static struct table_slot *find_slot(const struct table *table, const void *key, size_t length)
{
	uint64_t hash;
	size_t mask;

	if (table->count == 0)
		return NULL;
	hash = table_hash(key, length);
	mask = table->size - 1;
	/* The table is never full, so the search meets a free slot. */
	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct table_slot *slot = &table->slots[i];

		if (!slot->entry)
			return NULL;
		if (slot->hash == hash && slot->entry != REMOVED && table->match(slot->entry, key, length))
			return slot;
	}
}

void *table_find(const struct table *table, const void *key, size_t length)
{
	struct table_slot *slot = find_slot(table, key, length);

	return slot ? slot->entry : NULL;
}

/* The first slot for HASH that holds nothing. */
static struct table_slot *empty_slot(struct table_slot *slots, size_t size, uint64_t hash)
{
	size_t mask = size - 1, i = hash & mask;

	while (slots[i].entry && slots[i].entry != REMOVED)
		i = (i + 1) & mask;
	return &slots[i];
}

/* Room for one more, and at least a quarter of the slots free; drops the marks of what was removed. */
static int make_room(struct table *table)
{
	struct table_slot *slots;
	size_t size = 16;

	if (table->size && (table->count + table->removed + 1) * 4 <= table->size * 3)
		return 0;
	while (size < (table->count + 1) * 2)
		size *= 2;

	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->size; i++) {
		const struct table_slot *slot = &table->slots[i];

		if (slot->entry && slot->entry != REMOVED)
			*empty_slot(slots, size, slot->hash) = *slot;
	}
	free(table->slots);
	table->slots = slots;
	table->size = size;
	table->removed = 0;
	return 0;
}

int table_add(struct table *table, const void *key, size_t length, void *entry)
{
	uint64_t hash = table_hash(key, length);
	struct table_slot *slot;
	int r = make_room(table);

	if (r < 0)
		return r;
	slot = empty_slot(table->slots, table->size, hash);
	if (slot->entry == REMOVED)
		table->removed--;
	*slot = (struct table_slot){ .hash = hash, .entry = entry };
	table->count++;
	return 0;
}

void table_replace(struct table *table, const void *key, size_t length, void *entry)
{
	struct table_slot *slot = find_slot(table, key, length);

	if (slot)
		slot->entry = entry;
}

void *table_remove(struct table *table, const void *key, size_t length)
{
	struct table_slot *slot = find_slot(table, key, length);
	void *entry;

	if (!slot)
		return NULL;
	entry = slot->entry;
	slot->entry = REMOVED;
	table->removed++;
	table->count--;
	return entry;
}

void *table_next(const struct table *table, size_t *position)
{
	while (*position < table->size) {
		void *entry = table->slots[(*position)++].entry;

		if (entry && entry != REMOVED)
			return entry;
	}
	return NULL;
}

void table_done(struct table *table)
{
	free(table->slots);
	table_init(table, table->match);
}
