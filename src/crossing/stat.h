/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counting what crosses into the kernel: the BPF program, and what it has counted as a record. */
#ifndef FERRY_CROSSING_STAT_H
#define FERRY_CROSSING_STAT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/schema.h"

struct stat_count;
struct ferry_target;

/* Counts from now on. SITES: by call site too. -EPERM, -EOPNOTSUPP, -ESRCH, each with words. */
int stat_count_open(const struct ferry_target *target, bool sites, struct stat_count **ret, struct error *error) _must_check_;
/* What the figures come from here. */
struct stat_ways {
	char missing[256]; /* tracepoints that this kernel lacks */
	bool faults;       /* perf's events, which end a fault */
	int fault_error;   /* why not */
	bool areas;        /* a fault's area of memory can be looked up */
};
/* Whether the programs could be loaded. */
int stat_count_probe(struct stat_ways *ret, struct error *error) _must_check_;
/* Takes NULL. */
struct stat_count *stat_count_close(struct stat_count *count);
/* How many tasks of the target have not ended; the machine's never do. */
unsigned int stat_count_alive(struct stat_count *count);
/* What must be done now and then while it counts: takes over what the kernel has told of mapped files. */
void stat_count_tend(struct stat_count *count);
/* What was counted so far, as a record of STAT_SCHEMA in ARENA. */
int stat_count_read(struct stat_count *count, struct arena *arena, struct record **ret, struct error *error) _must_check_;

extern const struct schema stat_schema;

#endif
