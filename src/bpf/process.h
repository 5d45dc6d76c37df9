/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the task iterator tells of a process. Shared by both sides: fixed-width types only, laid out without padding. */
#ifndef FERRY_BPF_PROCESS_H
#define FERRY_BPF_PROCESS_H

#include "bpf/event.h"

enum process_flags {
	PROCESS_MEMORY_UNKNOWN = 1 << 0, /* rss is not exact */
	PROCESS_TIMES_UNKNOWN = 1 << 1,  /* too many threads, or one came or went meanwhile */
	PROCESS_CGROUP_UNKNOWN = 1 << 2, /* its path did not fit */
	PROCESS_CGROUP_SAME = 1 << 3,    /* the path is that of the process before */
	PROCESS_CGROUP_DEAD = 1 << 4,    /* the control group has been removed */
};

#define PROCESS_COMM 96 /* the kernel's own threads have names of up to 63 bytes, and what they work on */

struct process_row {
	event_u32 size; /* of the row, its path and zeroes up to a multiple of 8 */
	event_u32 flags;
	event_u32 pid, parent;
	event_u32 uid; /* real user */
	event_u32 threads;
	event_s32 nice;
	event_u32 state, exit_state;      /* as the kernel has them */
	event_u32 path_length;            /* of the cgroup's path: parts from the innermost upwards, a NUL after each; 0 = the root */
	event_u64 utime, stime, runtime;  /* ns: by the timer's samples, and exactly */
	event_u64 told_utime, told_stime; /* ns: what the kernel told last, which its next answer does not go below */
	event_u64 start;                  /* ns of boottime */
	event_s64 rss;                    /* pages */
	event_u64 size_pages;             /* address space */
	char comm[PROCESS_COMM];
};

#endif
