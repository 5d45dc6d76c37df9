/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the buckets that the kernel's side counts into come to. */
#ifndef FERRY_CROSSING_TIMING_H
#define FERRY_CROSSING_TIMING_H

#include <stdint.h>

#include "bpf/stat.h"

/* The shortest time that falls into BUCKET, nanoseconds; for STAT_BUCKETS where the last one would end. */
uint64_t timing_bucket_start(unsigned int bucket);
/* Adds what MORE counted. */
void timing_add(struct stat_timing *sum, const struct stat_timing *more);
/* The time that PER_MILLE of the durations stay at or below, by straight lines within a bucket: its ends lie at most a quarter apart. 0 where nothing
 * was counted. */
uint64_t timing_percentile(const struct stat_timing *timing, unsigned int per_mille);

#endif
