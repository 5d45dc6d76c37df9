/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose crossings a BPF program of bpf/target.h sees: user space's part of it. */
#ifndef FERRY_CROSSING_TARGET_H
#define FERRY_CROSSING_TARGET_H

#include <stdint.h>

#include "base/error.h"
#include "bpf/crossing.h"
#include "ferry.h"

struct bpf_map;
struct bpf_object;
struct bpf_program;

/* What every program that includes bpf/target.h has, under its own names. */
struct target_parts {
	const struct bpf_map *tasks;
	const struct bpf_program *pass;
	int64_t *count, *marked, *seen; /* target_count, target_marked, target_seen and target_begun, as they are mapped */
	bool *begun;
	uint64_t looked; /* when all tasks were last gone over to see who is alive */
};

/* What every skeleton of such a program has. */
#define TARGET_PARTS(skeleton)                                                                                                              \
	{                                                                                                                                   \
		.tasks = (skeleton)->maps.tasks, .pass = (skeleton)->progs.target_pass, .count = (int64_t *)&(skeleton)->bss->target_count, \
		.marked = (int64_t *)&(skeleton)->bss->target_marked, .seen = (int64_t *)&(skeleton)->bss->target_seen,                     \
		.begun = &(skeleton)->bss->target_begun,                                                                                    \
	}

struct btf;

/* Whether the kernel whose types BTF holds can do it at all: -EOPNOTSUPP with words. */
int target_check(const struct btf *btf, struct error *error);
/* Begins to follow TARGET, when all programs are attached: nothing is seen before. That the whole machine is followed is told to the program before
 * it is loaded (whole_machine); here only ourselves are excepted. -ESRCH with words. */
int target_begin(const struct target_parts *parts, const struct ferry_target *target, struct error *error);
/* How many tasks are followed and live. Where the kernel has passed over events of PROGRAMS, and so perhaps over the end of one, they are looked for,
 * once a second. */
int64_t target_alive(struct target_parts *parts, const struct bpf_object *programs);

#endif
