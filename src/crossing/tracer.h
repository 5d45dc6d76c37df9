/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tracer: the BPF programs of bpf/trace.bpf.c, what they are to tell, and their events as they come. */
#ifndef FERRY_CROSSING_TRACER_H
#define FERRY_CROSSING_TRACER_H

#include "base/error.h"
#include "bpf/trace.h"
#include "crossing/arguments.h"
#include "crossing/syscalls.h"

struct tracer_options {
	bool conversation; /* only what is said over channels */
	bool timed;        /* how long each call takes */
	bool calls, faults, interrupts, signals, operations;
	struct trace_results results;
	unsigned int bytes; /* of contents outside of channels; 0: 32 */
	int cgroup;         /* descriptor of the root of cgroup 2, for what sysctls held before; -1: none */
	size_t ring;        /* bytes of the ring buffer, a power of two; 0: 32 MiB */
	/* Whether CALL is wanted; NULL: all are. */
	bool (*wants)(void *data, const struct system_call *call);
	void *data;
};

struct tracer;

#define TRACER_MISSING 256
/* Whether the programs load here, with words where not; RET_MISSING names the tracepoints that this kernel lacks. KNOBS: also what tells of a sysctl
 * that is written. */
int tracer_probe(bool knobs, char ret_missing[TRACER_MISSING], struct error *error) _must_check_;
/* Loads and attaches: on return every crossing of TARGET is seen. With words. */
int tracer_open(const struct tracer_options *options, const struct ferry_target *target, struct tracer **ret, struct error *error) _must_check_;
struct tracer *tracer_close(struct tracer *tracer);

/* Hands the events that are there to FUNCTION, each whole and checked against its length. 0, or what FUNCTION returned. */
typedef int tracer_function(void *data, const struct trace_event *event, size_t length);
int tracer_process(struct tracer *tracer, tracer_function *function, void *data) _must_check_;
/* What NUMBER means: never NULL, its name is "syscall" where no table knows it. */
const struct signature *tracer_signature(const struct tracer *tracer, unsigned int number, bool compat);
/* Its row in syscalls.def, or NULL. */
const struct system_call *tracer_call(unsigned int number, bool compat);
/* Tasks that are followed and have not ended. */
int64_t tracer_tasks(struct tracer *tracer);

struct tracer_counts {
	uint64_t seen, lost; /* by the kernel side */
	uint64_t untold;     /* of LOST, those that no gap has told */
	uint64_t since;      /* the first of these: boottime */
	uint64_t missed;     /* calls of a program that the kernel has passed over: not in SEEN */
};
void tracer_count(const struct tracer *tracer, struct tracer_counts *ret);
/* Whether EVENT of LENGTH bytes is one: its struct whole, its chunks within it. */
bool trace_event_check(const struct trace_event *event, size_t length);

#endif
