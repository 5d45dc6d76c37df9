/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/cache.h"

#include <errno.h>
#include <string.h>

static bool match(const void *entry, const void *key, size_t length)
{
	const struct cache_entry *cached = entry;

	return cached->key_length == length && !memcmp(cached->key, key, length);
}

void cache_init(struct cache *cache)
{
	*cache = (struct cache){ 0 };
	table_init(&cache->table, match);
}

void cache_done(struct cache *cache)
{
	struct cache_walk walk = { 0 };
	struct cache_entry *entry;

	while ((entry = cache_next(cache, &walk)))
		free(entry);
	table_done(&cache->table);
}

struct cache_entry *cache_find(const struct cache *cache, const void *key, size_t length)
{
	return table_find(&cache->table, key, length);
}

static size_t aligned(size_t length)
{
	return (length + 7) & ~(size_t)7;
}

static struct cache_entry *entry_new(const struct object *object, const void *key, size_t length, const struct nlmsghdr *message)
{
	size_t offset = aligned(offsetof(struct cache_entry, key) + length);
	struct cache_entry *entry = malloc(offset + message->nlmsg_len);

	if (!entry)
		return NULL;
	*entry = (struct cache_entry){ .object = object, .key_length = (uint16_t)length, .message_length = message->nlmsg_len };
	entry->message = (struct nlmsghdr *)((char *)entry + offset);
	memcpy(entry->key, key, length);
	memcpy(entry->message, message, message->nlmsg_len);
	return entry;
}

/* Behind the entries of that key, or FRONT of them. */
static int chain(struct cache *cache, struct cache_entry *entry, bool front)
{
	struct cache_entry *first = cache_find(cache, entry->key, entry->key_length);

	if (!first)
		return table_add(&cache->table, entry->key, entry->key_length, entry);
	if (front) {
		entry->next = first;
		table_replace(&cache->table, entry->key, entry->key_length, entry);
		return 0;
	}
	while (first->next)
		first = first->next;
	first->next = entry;
	return 0;
}

struct cache_entry *cache_add(struct cache *cache, const struct object *object, const void *key, size_t length, const struct nlmsghdr *message,
			      bool front)
{
	struct cache_entry *entry = entry_new(object, key, length, message);

	if (!entry)
		return NULL;
	entry->generation = cache->generation;
	if (chain(cache, entry, front) < 0) {
		free(entry);
		return NULL;
	}
	return entry;
}

/* Takes ENTRY out of its chain and puts REPLACEMENT (may be NULL) in its place. The table is not laid out anew, as a walk may be under way. */
static void exchange(struct cache *cache, struct cache_entry *entry, struct cache_entry *replacement)
{
	struct cache_entry *first = cache_find(cache, entry->key, entry->key_length);

	if (replacement)
		replacement->next = entry->next;
	else
		replacement = entry->next;
	if (first != entry) {
		while (first->next != entry)
			first = first->next;
		first->next = replacement;
		return;
	}
	if (replacement)
		table_replace(&cache->table, entry->key, entry->key_length, replacement);
	else
		table_remove(&cache->table, entry->key, entry->key_length);
}

struct cache_entry *cache_replace(struct cache *cache, struct cache_entry *entry, const struct nlmsghdr *message)
{
	struct cache_entry *replacement;

	if (message->nlmsg_len <= entry->message_length) {
		memcpy(entry->message, message, message->nlmsg_len);
		entry->generation = cache->generation;
		return entry;
	}
	replacement = entry_new(entry->object, entry->key, entry->key_length, message);
	if (!replacement)
		return NULL;
	replacement->generation = cache->generation;
	exchange(cache, entry, replacement);
	free(entry);
	return replacement;
}

void cache_remove(struct cache *cache, struct cache_entry *entry)
{
	exchange(cache, entry, NULL);
	free(entry);
}

struct cache_entry *cache_next(const struct cache *cache, struct cache_walk *walk)
{
	struct cache_entry *entry = walk->chain;

	if (!entry)
		entry = table_next(&cache->table, &walk->position);
	walk->chain = entry ? entry->next : NULL;
	return entry;
}
