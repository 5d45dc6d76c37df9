/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the programs that see crossings keep of each task. Shared by both sides: fixed-width types only, laid out without padding. */
#ifndef FERRY_BPF_CROSSING_H
#define FERRY_BPF_CROSSING_H

#include "bpf/event.h"

enum follow {
	FOLLOW_NOT,   /* not decided: followed where the whole machine is */
	FOLLOW_YES,   /* it, and what it starts */
	FOLLOW_WAITS, /* from its next exec on */
	FOLLOW_NEVER, /* ourselves */
};

/* A kernel stack by which a task that is followed is known. Where the kernel passes over the end of one, the number stays, and another task may get
 * the stack: so there is its OWNER's pid. */
struct stack_entry {
	event_u64 number, owner;
};

/* In the task's own storage: it goes when the task goes, so no number is ever taken for another's. Times are CLOCK_MONOTONIC, 0 = not seen. */
struct task_state {
	event_u32 follow;        /* enum follow */
	event_u32 call;          /* number of the system call that it is in */
	event_u64 entered;       /* when it came into it */
	event_u64 waited;        /* how long of that it was off the processor */
	event_u64 fault_entered; /* when it came into the page fault */
	event_u64 fault_waited;  /* as WAITED */
	event_u64 arrived;       /* when it came onto the processor, or was last counted there */
	event_u64 left;          /* when it went off */
	event_u64 brk;           /* the end of its heap before the brk(2) that it is in */
	event_u64 area_memory;   /* the area of memory that it faulted in last, and when that was so: see stat.bpf.c */
	event_u64 area_start, area_end;
	event_u32 area_sequence;
	event_u32 area_region;
};

#endif
