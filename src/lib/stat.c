/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public face of counting. */
#include <errno.h>
#include <stdlib.h>

#include "channel/channel.h"
#include "crossing/stat.h"
#include "lib/context.h"

struct ferry_stat {
	struct ferry *ferry;
	struct stat_count *count;
	struct arena arena;
	struct ferry_value *value; /* what was read last */
};

int ferry_stat_open(struct ferry *ferry, const struct ferry_target *target, unsigned int flags, struct ferry_stat **ret_stat)
{
	struct ferry_stat *stat;
	int r;

	if (target->size < sizeof(*target) || target->pid < 0)
		return error_set(&ferry->error, -EINVAL, "not a target: its size is %zu and not %zu, or its pid is negative", target->size,
				 sizeof(*target));
	stat = calloc(1, sizeof(*stat));
	if (!stat)
		return error_set(&ferry->error, -ENOMEM, "no memory to count with");
	stat->ferry = ferry;
	r = stat_count_open(target, flags & FERRY_STAT_SITES, &stat->count, &ferry->error);
	if (r < 0) {
		ferry_stat_free(stat);
		return r;
	}
	*ret_stat = stat;
	return 0;
}

int ferry_stat_read(struct ferry_stat *stat, const struct ferry_value **ret_value)
{
	struct record *record;
	int r;

	stat->value = ferry_value_free(stat->value);
	arena_reset(&stat->arena);
	r = stat_count_read(stat->count, &stat->arena, &record, &stat->ferry->error);
	if (r < 0)
		return r;
	stat->value = calloc(1, sizeof(*stat->value));
	if (!stat->value)
		return error_set(&stat->ferry->error, -ENOMEM, "no memory for what was counted");
	stat->value->value = (struct value){ .type = VALUE_RECORD, .record = record };
	*ret_value = stat->value;
	return 0;
}

void ferry_stat_tend(struct ferry_stat *stat)
{
	stat_count_tend(stat->count);
}

unsigned int ferry_stat_alive(const struct ferry_stat *stat)
{
	return stat_count_alive(stat->count);
}

struct ferry_stat *ferry_stat_free(struct ferry_stat *stat)
{
	if (!stat)
		return NULL;
	stat_count_close(stat->count);
	ferry_value_free(stat->value);
	arena_done(&stat->arena);
	free(stat);
	return NULL;
}
