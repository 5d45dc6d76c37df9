/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/timing.h"

uint64_t timing_bucket_start(unsigned int bucket)
{
	if (bucket < 4)
		return (uint64_t)bucket << STAT_UNIT_SHIFT;
	return (uint64_t)(4 + bucket % 4) << (bucket / 4 - 1) << STAT_UNIT_SHIFT;
}

void timing_add(struct stat_timing *sum, const struct stat_timing *more)
{
	sum->count += more->count;
	sum->failed += more->failed;
	sum->total += more->total;
	sum->waited += more->waited;
	sum->bytes += more->bytes;
	sum->idle += more->idle;
	if (more->most > sum->most)
		sum->most = more->most;
	for (unsigned int i = 0; i < STAT_BUCKETS; i++)
		sum->buckets[i] += more->buckets[i];
}

uint64_t timing_percentile(const struct stat_timing *timing, unsigned int per_mille)
{
	uint64_t wanted, before = 0, all = 0;

	/* The buckets are read while they are counted into, so their own sum is what they are measured by. */
	for (unsigned int i = 0; i < STAT_BUCKETS; i++)
		all += timing->buckets[i];
	wanted = (uint64_t)(((unsigned __int128)all * per_mille + 999) / 1000);
	for (unsigned int i = 0; i < STAT_BUCKETS; i++) {
		const uint64_t count = timing->buckets[i], start = timing_bucket_start(i), end = timing_bucket_start(i + 1);
		uint64_t time;

		if (!count || before + count < wanted) {
			before += count;
			continue;
		}
		time = start + (uint64_t)((unsigned __int128)(end - start) * (wanted - before) / count);
		return time < timing->most ? time : timing->most;
	}
	return timing->most && all ? timing->most : 0;
}
