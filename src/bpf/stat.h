/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the counting program keeps, and user space reads. Shared by both sides: fixed-width types only, laid out without padding. Times are
 * nanoseconds. */
#ifndef FERRY_BPF_STAT_H
#define FERRY_BPF_STAT_H

#include "bpf/event.h"

/* Durations by size: up to 4 units of 16 ns one bucket each, above that 4 for each doubling, so a bucket's ends lie at most a quarter apart. The last
 * one holds all above two minutes. */
#define STAT_BUCKETS    128
#define STAT_UNIT_SHIFT 4

struct stat_timing {
	event_u64 count;
	event_u64 failed;
	event_u64 total;
	event_u64 waited; /* of TOTAL, off the processor */
	event_u64 most;
	event_u64 bytes; /* that were moved, where the call tells */
	event_u64 idle;  /* moved at most STAT_SMALL bytes; of a poll: did not wait and had nothing */
	event_u64 buckets[STAT_BUCKETS];
};
#define STAT_SMALL 16

enum stat_region { STAT_HEAP, STAT_ANONYMOUS, STAT_FILE, STAT_STACK, STAT_REGION_UNKNOWN, STAT_REGION_COUNT };
enum stat_fault { STAT_MINOR, STAT_MAJOR, STAT_FAULT_COUNT };

enum stat_interrupt_kind { STAT_VECTOR, STAT_HANDLER, STAT_SOFTIRQ, STAT_INTERRUPT_KIND_COUNT };
enum stat_vector { STAT_LOCAL_TIMER, STAT_RESCHEDULE, STAT_CALL_FUNCTION, STAT_CALL_FUNCTION_SINGLE, STAT_IRQ_WORK, STAT_VECTOR_COUNT };
#define STAT_INTERRUPT_NAME 16

/* Key: kind << 24 | number (of the vector's enum, the interrupt line, the softirq). */
struct stat_interrupt {
	struct stat_timing all;
	struct stat_timing hit; /* of those, what came while a task that is followed ran */
	char name[STAT_INTERRUPT_NAME];
};

enum stat_memory {
	STAT_BRK_ASKED,
	STAT_BRK_GIVEN,
	STAT_MMAP_ANONYMOUS,
	STAT_MMAP_FILE,
	STAT_MUNMAP,
	STAT_DONTNEED,
	STAT_MEMORY_COUNT,
};

/* What is one number for all that is followed. */
struct stat_counts {
	event_u64 on_processor;   /* of programs */
	event_u64 kernel_threads; /* on the processor too, where the whole machine is followed */
	event_u64 switches_voluntary, switches_forced;
	event_u64 faults_in_calls;    /* time of faults that the kernel itself took in a call */
	event_u64 interrupts_in_user; /* time of interrupts that came while the program itself ran */
	event_u64 memory_bytes[STAT_MEMORY_COUNT];
	event_u64 memory_calls[STAT_MEMORY_COUNT];
	event_u64 full;        /* entries that found no room in a map */
	event_u64 stacks_lost; /* call sites whose stack could not be had */
};

/* An exception that became a signal. */
struct stat_signal_key {
	event_s32 number, code;
};
struct stat_signal {
	event_u64 count;
	event_u64 address; /* of the last one */
	event_u32 pid, tid;
};

/* Key of an error: what failed | its number << 16 | errno. */
#define STAT_COMPAT    0x80000000u /* a 32-bit call */
#define STAT_OPERATION 0x40000000u /* of io_uring */

#define STAT_PATH 120
struct stat_path {
	char text[STAT_PATH];
};

/* What is counted by call site. */
enum stat_site_kind {
	STAT_SITE_CALL,   /* number: of the system call */
	STAT_SITE_FAULT,  /* number: region << 1 | major */
	STAT_SITE_MEMORY, /* number: enum stat_memory */
};
struct stat_site_key {
	event_u32 pid;
	event_s32 stack; /* negative errno where it is not known */
	event_u32 kind, number;
	/* What lies on top of the stack. A function without a frame of its own, as most of the C library are, is passed over when frames are
	 * followed; there it is where that function returns to, which is then the call site. */
	event_u64 top;
};
struct stat_site {
	event_u64 count, time, bytes;
	event_u64 touched; /* pages, for the first time, of the memory that was asked for there */
};

/* What a process asked for last, so that a page that is touched is known by who asked for it. */
#define STAT_ASKS 64
struct stat_ask {
	event_u64 start, end, top;
	event_s32 stack;
	event_u32 number;
};
struct stat_asks {
	event_u32 next;
	event_u32 unused;
	struct stat_ask list[STAT_ASKS];
};
#define STAT_STACK_DEPTH 64

/* What else is looked at, by the number of the call. */
enum stat_kind {
	STAT_KIND_PLAIN,
	STAT_KIND_TRANSFER, /* its result is a number of bytes */
	STAT_KIND_POLL,     /* its third argument is a timeout in milliseconds */
	STAT_KIND_EPOLL,    /* its fourth */
	STAT_KIND_PPOLL,    /* its third is a struct timespec */
	STAT_KIND_SELECT,   /* its fifth is a struct timeval or timespec */
	STAT_KIND_OPEN,     /* its first argument is a path */
	STAT_KIND_OPENAT,   /* its second */
	STAT_KIND_BRK,
	STAT_KIND_MMAP,
	STAT_KIND_MUNMAP,
	STAT_KIND_MADVISE,
	STAT_KIND_EXIT, /* does not return */
};

#endif
