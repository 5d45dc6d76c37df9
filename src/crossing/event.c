/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events of the tracer, checked before anything is read of them. */
#include <string.h>

#include "crossing/chunk.h"
#include "crossing/tracer.h"

static size_t least_size(const struct trace_event *event)
{
	switch (event->type) {
	case TRACE_CALL:
		return event->count ? sizeof(struct trace_call) : TRACE_CALL_BARE;
	case TRACE_GAP:
		return sizeof(struct trace_gap);
	case TRACE_STARTED:
	case TRACE_IMAGE:
	case TRACE_NAME:
	case TRACE_ENDED:
		return sizeof(struct trace_task);
	case TRACE_SIGNAL:
	case TRACE_FAULT:
	case TRACE_INTERRUPT:
		return sizeof(struct trace_notice);
	case TRACE_SUBMISSION:
	case TRACE_COMPLETION:
		return sizeof(struct trace_operation);
	default:
		return SIZE_MAX;
	}
}

bool trace_event_check(const struct trace_event *event, size_t length)
{
	struct chunk_iterator iterator;

	if (length < sizeof(*event) || length < least_size(event))
		return false;
	if (event->type != TRACE_CALL || !event->count)
		return true;
	iterator = chunks((const struct trace_call *)event, length);
	while (chunk_next(&iterator))
		;
	return !iterator.malformed;
}

bool chunk_next(struct chunk_iterator *iterator)
{
	const size_t left = (size_t)(iterator->end - iterator->next);
	size_t step;

	if (left < sizeof(iterator->chunk)) {
		iterator->malformed |= left != 0;
		return false;
	}
	memcpy(&iterator->chunk, iterator->next, sizeof(iterator->chunk));
	iterator->data = iterator->next + sizeof(iterator->chunk);
	step = sizeof(iterator->chunk) + (((size_t)iterator->chunk.length + 7) & ~(size_t)7);
	if (step > left || iterator->chunk.argument >= TRACE_ARGUMENTS) {
		iterator->malformed = true;
		return false;
	}
	iterator->next += step;
	return true;
}
