/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hash table of pointers to entries that the caller owns; open addressing, a key is bytes inside the entry. */
#ifndef FERRY_BASE_TABLE_H
#define FERRY_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* Whether ENTRY has the key KEY of LENGTH bytes. */
typedef bool table_match(const void *entry, const void *key, size_t length);

struct table {
	struct table_slot *slots;
	size_t size, count, removed;
	table_match *match;
};

void table_init(struct table *table, table_match *match);
/* A hash that an attacker who does not know the process's random seed cannot steer. */
uint64_t table_hash(const void *key, size_t length);
void *table_find(const struct table *table, const void *key, size_t length);
/* Adds ENTRY under KEY (the caller has made sure that it is not there). 0 or -ENOMEM. */
int table_add(struct table *table, const void *key, size_t length, void *entry) _must_check_;
/* Puts ENTRY in the place of the one with its key, which is there: nothing else moves. */
void table_replace(struct table *table, const void *key, size_t length, void *entry);
/* Takes the entry out and returns it, or NULL. */
void *table_remove(struct table *table, const void *key, size_t length);
/* The entry behind *POSITION (start with 0), which is moved on; NULL at the end. Removing the entry just returned is allowed. */
void *table_next(const struct table *table, size_t *position);
void table_done(struct table *table);

#endif
