/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of stat share among themselves. */
#ifndef FERRY_CROSSING_STAT_PART_H
#define FERRY_CROSSING_STAT_PART_H

#include "bpf/stat.h"
#include "crossing/stat.h"
#include "crossing/syscalls.h"
#include "crossing/target.h"
#include "crossing/timing.h"

struct stat_bpf;
struct bpf_link;
struct mappings;
struct module;

struct stat_count {
	struct stat_bpf *skeleton;
	struct bpf_link **fault_links; /* two for each processor */
	unsigned int fault_link_count, processors;
	struct mappings *mappings; /* NULL without call sites */
	struct module *modules;    /* the files that stacks led into */
	size_t module_count, module_room;
	uint64_t begun; /* CLOCK_MONOTONIC */
	struct target_parts parts;
	bool machine, sites;
	char missing[256]; /* what this kernel does not tell, in words; "" where it tells all */
};

/* Sums over all processors; NUMBER by the kernel's key. */
struct stat_call_sum {
	const struct system_call *call; /* NULL: a number that no table has */
	unsigned int number;
	bool compat;
	struct stat_timing timing;
};
struct stat_error_sum {
	uint32_t key; /* bpf/stat.h */
	uint64_t count;
};
struct stat_interrupt_sum {
	uint32_t key;
	struct stat_interrupt interrupt;
};
struct stat_operation_sum {
	unsigned int number;
	struct stat_timing timing;
};
struct stat_signal_sum {
	struct stat_signal_key key;
	struct stat_signal signal;
};
struct stat_path_sum {
	struct stat_path path;
	uint64_t count;
};
struct stat_site_sum {
	struct stat_site_key key;
	struct stat_site site;
};

/* Everything, the largest first where there is an order. */
struct stat_sums {
	uint64_t elapsed;
	struct stat_counts counts;
	struct stat_timing faults[STAT_REGION_COUNT][STAT_FAULT_COUNT];
	struct stat_call_sum *calls;
	struct stat_error_sum *errors;
	struct stat_interrupt_sum *interrupts;
	struct stat_operation_sum *operations;
	struct stat_signal_sum *signals;
	struct stat_path_sum *paths;
	struct stat_site_sum *sites;
	size_t call_count, error_count, interrupt_count, operation_count, signal_count, path_count, site_count;
	uint64_t missed; /* runs of a program that the kernel left out */
};

/* Into ARENA. */
int stat_sums_read(struct stat_count *count, struct arena *arena, struct stat_sums *ret) _must_check_;
/* Those of the figures that are worth a word, as texts in a list. */
int stat_advice(const struct stat_sums *sums, struct arena *arena, struct value *ret) _must_check_;
/* The addresses of a site's stack, the innermost first; how many. */
unsigned int stat_stack(struct stat_count *count, int stack, uint64_t addresses[STAT_STACK_DEPTH]);

#endif
