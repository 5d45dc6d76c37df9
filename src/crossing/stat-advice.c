/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the figures suggest. A sentence is only said where it would save at least a hundredth of the processor time, or so many calls that it is
 * plain, and it holds the figures that it rests on. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crossing/stat-part.h"

#define ADVICE_MAXIMUM 8
#define PLAIN_COUNT    1000 /* calls below which nothing is said of them */
#define PLAIN_PART     100  /* and the part of the processor time: a hundredth */
#define BUFFER_SIZE    65536u
#define PATH_COUNT     1000
#define FAULT_COUNT    4096 /* 16 MiB of small pages */

struct advising {
	const struct stat_sums *sums;
	struct arena *arena;
	struct value *items;
	uint32_t count;
	int error;
};

static void say(struct advising *advising, const char *format, ...) _printf_(2, 3);
static void say(struct advising *advising, const char *format, ...)
{
	char text[400], *copy;
	va_list arguments;

	if (advising->count == ADVICE_MAXIMUM)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	copy = arena_copy(advising->arena, text, strlen(text));
	if (!copy)
		advising->error = -ENOMEM;
	else
		advising->items[advising->count++] = value_text(copy);
}

/* Time as a part of the processor time of what was followed. */
static bool matters(const struct advising *advising, uint64_t time)
{
	return time * PLAIN_PART >= advising->sums->counts.on_processor;
}

static double percent(const struct advising *advising, uint64_t time)
{
	return advising->sums->counts.on_processor ? 100.0 * (double)time / (double)advising->sums->counts.on_processor : 0;
}

static void small_transfers(struct advising *advising, const struct stat_call_sum *sum)
{
	const struct stat_timing *timing = &sum->timing;
	const uint64_t busy = timing->total - timing->waited;

	if (timing->idle < PLAIN_COUNT || timing->idle * 2 < timing->count || !matters(advising, busy))
		return;
	say(advising,
	    "%" PRIu64 " of %" PRIu64 " calls of %s moved 16 bytes or less (%" PRIu64 " bytes in all, %.1f %% of the processor time): "
	    "with a buffer of %u KiB it takes %" PRIu64 " calls",
	    timing->idle, timing->count, sum->call->name, timing->bytes, percent(advising, busy), BUFFER_SIZE / 1024,
	    (timing->bytes + BUFFER_SIZE - 1) / BUFFER_SIZE);
}

static void busy_polls(struct advising *advising, const struct stat_call_sum *sum)
{
	const struct stat_timing *timing = &sum->timing;
	const uint64_t busy = timing->total - timing->waited;

	if (timing->idle < PLAIN_COUNT || timing->idle * 2 < timing->count || !matters(advising, busy))
		return;
	say(advising,
	    "%" PRIu64 " of %" PRIu64 " calls of %s had a timeout of 0 and found nothing (%.1f %% of the processor time): "
	    "a loop that asks instead of waiting; with a timeout it sleeps",
	    timing->idle, timing->count, sum->call->name, percent(advising, busy));
}

static void calls(struct advising *advising)
{
	static const char *const polls[] = { "poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait" };

	for (size_t i = 0; i < advising->sums->call_count; i++) {
		const struct stat_call_sum *sum = &advising->sums->calls[i];
		bool poll = false;

		if (!sum->call || sum->compat || !sum->timing.idle)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(polls); j++)
			poll |= strcmp(sum->call->name, polls[j]) == 0;
		if (poll)
			busy_polls(advising, sum);
		else
			small_transfers(advising, sum);
	}
}

/* Memory that is touched page by page, as soon as it was asked for. */
static void faults(struct advising *advising)
{
	const struct stat_timing *anonymous = &advising->sums->faults[STAT_ANONYMOUS][STAT_MINOR],
				 *heap = &advising->sums->faults[STAT_HEAP][STAT_MINOR];
	const uint64_t count = anonymous->count + heap->count, time = anonymous->total - anonymous->waited + heap->total - heap->waited;

	if (count < FAULT_COUNT || !matters(advising, time))
		return;
	say(advising,
	    "%" PRIu64 " faults brought in anonymous memory page by page (%" PRIu64 " MiB, %.1f %% of the processor time): huge pages "
	    "(madvise MADV_HUGEPAGE) take about %" PRIu64 ", MAP_POPULATE one call for each mapping",
	    count, count * (uint64_t)sysconf(_SC_PAGESIZE) >> 20, percent(advising, time), count / 512 + 1);
}

static void paths(struct advising *advising)
{
	for (size_t i = 0; i < advising->sums->path_count && i < 3; i++) {
		const struct stat_path_sum *sum = &advising->sums->paths[i];

		if (sum->count < PATH_COUNT)
			return;
		say(advising, "%.*s was opened %" PRIu64 " times: kept open, it can be read again with pread",
		    (int)strnlen(sum->path.text, STAT_PATH), sum->path.text, sum->count);
	}
}

int stat_advice(const struct stat_sums *sums, struct arena *arena, struct value *ret)
{
	struct advising advising = { .sums = sums, .arena = arena, .items = arena_array(arena, struct value, ADVICE_MAXIMUM) };

	if (!advising.items)
		return -ENOMEM;
	calls(&advising);
	faults(&advising);
	paths(&advising);
	*ret = (struct value){ .type = VALUE_LIST, .list = { advising.items, advising.count } };
	return advising.error;
}
