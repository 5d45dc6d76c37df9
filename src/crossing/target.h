/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose crossings a BPF program of bpf/target.h sees: user space's part of it. */
#ifndef FERRY_CROSSING_TARGET_H
#define FERRY_CROSSING_TARGET_H

#include <stdint.h>

#include "base/error.h"
#include "ferry.h"

struct bpf_map;
struct bpf_program;

/* What every program that includes bpf/target.h has, under its own names. */
struct target_parts {
	const struct bpf_map *tasks;
	const struct bpf_program *pass;
	int64_t *count, *marked; /* target_count, target_marked and target_begun, as they are mapped */
	bool *begun;
};

struct btf;

/* Whether the kernel whose types BTF holds can do it at all: -EOPNOTSUPP with words. */
int target_check(const struct btf *btf, struct error *error);
/* Begins to follow TARGET, when all programs are attached: nothing is seen before. That the whole machine is followed is told to the program before
 * it is loaded (whole_machine); here only ourselves are excepted. -ESRCH with words. */
int target_begin(const struct target_parts *parts, const struct ferry_target *target, struct error *error);

#endif
