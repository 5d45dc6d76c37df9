/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which file a program has mapped at an address. The kernel tells of each executable mapping by perf's buffers, so that a program that has ended by
 * the time its stacks are read is known too; of programs that run already /proc tells. Source: perf_event_open(2), PERF_RECORD_MMAP2. */
#ifndef FERRY_CROSSING_MAPPINGS_H
#define FERRY_CROSSING_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mappings;

struct mapping {
	uint64_t start, end, offset; /* of the file, at START */
	uint64_t time;               /* when it was made, in perf's clock */
	uint64_t inode;              /* 0 = not known */
	int pid;
	char *path; /* as the process knew it */
};

/* For PROCESSORS; without any (0) nothing is listened to, and only mappings_take() adds. */
int mappings_open(unsigned int processors, struct mappings **ret, struct error *error) _must_check_;
struct mappings *mappings_close(struct mappings *mappings);
/* Takes over what the kernel has told since. */
void mappings_tend(struct mappings *mappings);
/* One record of perf's, LENGTH bytes with its header; what is malformed is passed over. 0, or -ENOMEM. */
int mappings_take(struct mappings *mappings, const void *record, size_t length) _must_check_;
/* The mapping of process PID that held ADDRESS, the newest where several did, or NULL. */
const struct mapping *mappings_find(struct mappings *mappings, int pid, uint64_t address);
/* Records that the kernel could not hand over. */
uint64_t mappings_lost(const struct mappings *mappings);

#endif
