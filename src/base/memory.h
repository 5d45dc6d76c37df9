/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Large memory that is filled from its beginning to its end. */
#ifndef FERRY_BASE_MEMORY_H
#define FERRY_BASE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/cleanup.h"

#define MEMORY_HUGE ((size_t)2 * 1024 * 1024) /* bytes of a huge page on most machines */

/* As malloc(), to be given back by free(). From MEMORY_HUGE bytes on huge pages are wished for: a fault for each small page costs more than what is
 * put into it. It must not be moved by realloc(), which would part them again. */
static inline _must_check_ void *memory_allocate(size_t size)
{
	void *memory;

	if (size < MEMORY_HUGE)
		return malloc(size);
	if (posix_memalign(&memory, MEMORY_HUGE, size) != 0)
		return NULL;
	(void)madvise(memory, size & ~(MEMORY_HUGE - 1), MADV_HUGEPAGE);
	return memory;
}

#endif
