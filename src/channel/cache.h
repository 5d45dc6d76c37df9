/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of one netlink protocol as we last knew them: the "before" of every change. An entry keeps the kernel's own message. */
#ifndef FERRY_CHANNEL_CACHE_H
#define FERRY_CHANNEL_CACHE_H

#include <linux/netlink.h>

#include "base/table.h"
#include "channel/object.h"

/* 17 ms; they begin anew after two years. */
#define CACHE_TICK(boottime) ((uint32_t)((boottime) >> 24))
#define CACHE_TICK_LENGTH    (UINT64_C(1) << 24)

struct cache_entry {
	const struct object *object;
	struct cache_entry *next; /* another object of the same key: IPv4 routes that were appended */
	uint32_t generation;      /* of the last touch, for a resync */
	uint16_t key_length;
	uint16_t reserved;
	uint32_t message_length;  /* room that MESSAGE has */
	uint32_t expires;         /* when it goes by itself: CACHE_TICK(boottime); 0: it stays */
	struct nlmsghdr *message; /* behind the key, aligned */
	uint8_t key[];
};

struct cache {
	struct table table;
	uint32_t generation;
};

void cache_init(struct cache *cache);
void cache_done(struct cache *cache);
/* The first entry of KEY, or NULL. */
struct cache_entry *cache_find(const struct cache *cache, const void *key, size_t length);
/* Keeps a copy of MESSAGE under KEY, behind the entries of that key that are there, or in FRONT of them. NULL where memory ran out. */
struct cache_entry *cache_add(struct cache *cache, const struct object *object, const void *key, size_t length, const struct nlmsghdr *message,
			      bool front) _must_check_;
/* Puts MESSAGE in ENTRY's place, which may move: returns where it is now; NULL (ENTRY stays as it is) where memory ran out. */
struct cache_entry *cache_replace(struct cache *cache, struct cache_entry *entry, const struct nlmsghdr *message) _must_check_;
void cache_remove(struct cache *cache, struct cache_entry *entry);
/* Every entry, chained ones too; *POSITION and *CHAIN start zeroed. The entry returned may be removed. */
struct cache_walk {
	size_t position;
	struct cache_entry *chain;
};
struct cache_entry *cache_next(const struct cache *cache, struct cache_walk *walk);

#endif
