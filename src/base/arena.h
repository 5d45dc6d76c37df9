/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bump arena: many small allocations, freed at once. One a snapshot, or one that is reset for each message. */
#ifndef FERRY_BASE_ARENA_H
#define FERRY_BASE_ARENA_H

#include <stddef.h>

#include "base/cleanup.h"

struct arena_block;

struct arena {
	struct arena_block *block;
	size_t used; /* bytes handed out since the last reset */
};

/* Zeroed memory, aligned for any type, or NULL where memory ran out. */
void *arena_allocate(struct arena *arena, size_t size) _must_check_;
/* The same as malloc() gives it, for what is written before it is read. */
void *arena_allocate_plain(struct arena *arena, size_t size) _must_check_;
/* LENGTH bytes of DATA and a NUL behind them. */
char *arena_copy(struct arena *arena, const void *data, size_t length) _must_check_;
/* Forgets everything but keeps one block, so that a loop does not allocate. */
void arena_reset(struct arena *arena);
void arena_done(struct arena *arena);

#define arena_new(arena, type)          ((type *)arena_allocate((arena), sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_allocate((arena), sizeof(type) * (size_t)(count)))
#define _cleanup_arena_                 _cleanup_(arena_done)

#endif
