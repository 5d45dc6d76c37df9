/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Under AddressSanitizer what is not handed out, or was before a reset, is poisoned, with a gap behind each piece: so a read beyond a piece, or of
 * what a reset took away, is found as it would be with malloc(). */
#ifdef __has_feature
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define GAP 16
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define GAP                                        0
#endif

#define ALIGNMENT    _Alignof(max_align_t)
#define FIRST_BLOCK  8192
#define LARGEST_STEP MEMORY_HUGE

struct arena_block {
	struct arena_block *next; /* the older block */
	size_t size, used;
	_Alignas(max_align_t) char data[];
};

static struct arena_block *add_block(struct arena *arena, size_t wanted)
{
	struct arena_block *block;
	size_t size = FIRST_BLOCK;

	if (arena->block)
		size = arena->block->size < LARGEST_STEP / 2 ? arena->block->size * 2 : LARGEST_STEP;
	if (size < wanted)
		size = wanted;
	if (size > SIZE_MAX - sizeof(*block))
		return NULL;

	/* The block and what is before its data are one allocation: a large one is just a huge page. */
	if (size == LARGEST_STEP)
		size -= sizeof(*block);
	if (size < wanted)
		size = wanted;
	block = memory_allocate(sizeof(*block) + size);
	if (!block)
		return NULL;
	*block = (struct arena_block){ .next = arena->block, .size = size };
	arena->block = block;
	ASAN_POISON_MEMORY_REGION(block->data, size);
	return block;
}

void *arena_allocate_plain(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->block;
	size_t rounded;
	void *memory;

	if (size > PTRDIFF_MAX / 2)
		return NULL;
	rounded = (size + GAP + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!block || block->size - block->used < rounded) {
		block = add_block(arena, rounded);
		if (!block)
			return NULL;
	}
	memory = block->data + block->used;
	ASAN_UNPOISON_MEMORY_REGION(memory, size);
	block->used += rounded;
	arena->used += rounded;
	return memory;
}

void *arena_allocate(struct arena *arena, size_t size)
{
	void *memory = arena_allocate_plain(arena, size);

	return memory ? memset(memory, 0, size) : NULL;
}

char *arena_copy(struct arena *arena, const void *data, size_t length)
{
	char *copy;

	if (length == SIZE_MAX)
		return NULL;
	copy = arena_allocate_plain(arena, length + 1);
	if (!copy)
		return NULL;
	if (length)
		memcpy(copy, data, length);
	copy[length] = '\0';
	return copy;
}

void arena_reset(struct arena *arena)
{
	struct arena_block *block = arena->block;

	arena->used = 0;
	if (!block)
		return;
	/* The newest block is the largest but for one-off giants, so it is the one worth keeping. */
	while (block->next) {
		struct arena_block *older = block->next;

		block->next = older->next;
		free(older);
	}
	block->used = 0;
	ASAN_POISON_MEMORY_REGION(block->data, block->size);
}

void arena_done(struct arena *arena)
{
	while (arena->block) {
		struct arena_block *block = arena->block;

		arena->block = block->next;
		free(block);
	}
	arena->used = 0;
}
