/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an event of a system call carries of the memory that its arguments point to. */
#ifndef FERRY_CROSSING_CHUNK_H
#define FERRY_CROSSING_CHUNK_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/trace.h"

/* for (struct chunk_iterator i = chunks(call, length); chunk_next(&i);) */
struct chunk_iterator {
	const char *next, *end;
	struct trace_chunk chunk;
	const char *data; /* chunk.length bytes */
	bool malformed;
};

static inline struct chunk_iterator chunks(const struct trace_call *call, size_t length)
{
	const size_t begin = call->event.count && length > sizeof(*call) ? sizeof(*call) : length;

	return (struct chunk_iterator){ .next = (const char *)call + begin, .end = (const char *)call + length };
}

bool chunk_next(struct chunk_iterator *iterator);

#endif
