/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of sysfs, procfs and (for fan-outs) sysctl held when they were last seen: the "before" of a write that is told only once it is done.
 */
#ifndef FERRY_CHANNEL_BASELINE_H
#define FERRY_CHANNEL_BASELINE_H

#include "channel/content.h"
#include "channel/files.h"
#include "channel/machine.h"
#include "channel/nature.h"

struct baseline;

/* An empty baseline; reads nothing yet. */
int baseline_new(struct machine *machine, struct baseline **ret, struct error *error) _must_check_;
struct baseline *baseline_free(struct baseline *baseline);
/* Reads on, for about BUDGET nanoseconds. 1 where more is to be read, 0 when it is complete. */
int baseline_step(struct baseline *baseline, uint64_t budget) _must_check_;

/* An interface appeared: its own files are read by the next steps, of which at least one is then due. */
int baseline_interface(struct baseline *baseline, const char *name) _must_check_;
/* How many files are remembered. At most BASELINE_MAXIMUM are: of what comes later the "before" stays unknown. */
unsigned int baseline_count(const struct baseline *baseline);
#define BASELINE_MAXIMUM 100000

/* Notes that ADDRESS now holds VALUE (LENGTH bytes as the kernel gave them, without the last newline) and appends to RET_OLD what it held before: 0,
 * or -ENOENT where that is not known. A write that came between the start and the end of the reading may be known already: then both are equal.
 * Secrets are not remembered. */
int baseline_swap(struct baseline *baseline, const char *address, const void *value, size_t length, struct buffer *ret_old) _must_check_;

/* Reads every file that a write to ADDRESS (whose row NATURE is) rewrites, and tells those that hold something else than before. */
typedef int baseline_function(void *data, const char *address, const char *before, size_t before_length, const char *after, size_t after_length);
int baseline_fanout(struct baseline *baseline, const struct nature *nature, const char *address, baseline_function *function,
		    void *data) _must_check_;

#endif
