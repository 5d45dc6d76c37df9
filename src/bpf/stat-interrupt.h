/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: interrupts, by vector, by handler and by softirq, with whom they hit. */
#ifndef FERRY_BPF_STAT_INTERRUPT_H
#define FERRY_BPF_STAT_INTERRUPT_H

#include "bpf/stat-part.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct stat_interrupt);
} interrupts SEC(".maps");

/* What this processor is in. An interrupt may come into a softirq, and then its time is not the softirq's. */
struct interrupt_begun {
	__u64 at[STAT_INTERRUPT_KIND_COUNT];
	__u64 hard;        /* time of vectors and handlers so far */
	__u64 hard_before; /* when the softirq began */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct interrupt_begun);
} begun SEC(".maps");

static __always_inline int interrupt_begins(enum stat_interrupt_kind kind)
{
	__u32 zero = 0;
	struct interrupt_begun *own = bpf_map_lookup_elem(&begun, &zero);

	if (!own || !target_begun)
		return 0;
	own->at[kind] = bpf_ktime_get_ns();
	if (kind == STAT_SOFTIRQ)
		own->hard_before = own->hard;
	return 0;
}

static __noinline struct stat_interrupt *interrupt_entry(__u32 key, const char *name)
{
	struct stat_interrupt *entry = bpf_map_lookup_elem(&interrupts, &key), *zero;
	__u32 none = 0;

	if (entry && (entry->name[0] || !name))
		return entry;
	zero = bpf_map_lookup_elem(&zeroes, &none);
	if (!zero)
		return NULL;
	bpf_map_update_elem(&interrupts, &key, zero, BPF_NOEXIST);
	entry = bpf_map_lookup_elem(&interrupts, &key);
	if (entry && name)
		bpf_probe_read_kernel_str(entry->name, sizeof(entry->name), name);
	if (!entry)
		count_full();
	return entry;
}

/* On the task that was hit. */
static __always_inline void interrupt_hits(struct stat_interrupt *entry, struct stat_counts *own, __u64 took, __u64 now)
{
	struct task_state *state = target_current();

	if (!state)
		return;
	count_time(&entry->hit, took, 0);
	if (bpf_get_current_task_btf()->flags & PF_KTHREAD)
		return;
	if (!state->entered && !state->fault_entered)
		own->interrupts_in_user += took;
	/* A program that nothing interrupts but the timer is counted all the same. */
	if (state->arrived)
		own->on_processor += now - state->arrived;
	state->arrived = now;
}

static __always_inline int interrupt_ends(enum stat_interrupt_kind kind, __u32 number, const char *name)
{
	__u32 zero = 0;
	struct interrupt_begun *mine = bpf_map_lookup_elem(&begun, &zero);
	struct stat_counts *own = own_counts();
	struct stat_interrupt *entry;
	__u64 now, took;

	if (!mine || !own || !mine->at[kind])
		return 0;
	now = bpf_ktime_get_ns();
	took = now - mine->at[kind];
	mine->at[kind] = 0;
	if (kind == STAT_SOFTIRQ)
		took -= mine->hard - mine->hard_before;
	else
		mine->hard += took;
	if (took >> 63)
		took = 0;
	entry = interrupt_entry((__u32)kind << 24 | (number & 0xffffff), name);
	if (!entry)
		return 0;
	count_time(&entry->all, took, 0);
	interrupt_hits(entry, own, took, now);
	return 0;
}

#define VECTOR(name, number)                                      \
	SEC("tp_btf/" #name "_entry")                             \
	int BPF_PROG(stat_##name##_begins)                        \
	{                                                         \
		return interrupt_begins(STAT_VECTOR);             \
	}                                                         \
	SEC("tp_btf/" #name "_exit")                              \
	int BPF_PROG(stat_##name##_ends)                          \
	{                                                         \
		return interrupt_ends(STAT_VECTOR, number, NULL); \
	}

VECTOR(local_timer, STAT_LOCAL_TIMER)
VECTOR(reschedule, STAT_RESCHEDULE)
VECTOR(call_function, STAT_CALL_FUNCTION)
VECTOR(call_function_single, STAT_CALL_FUNCTION_SINGLE)
VECTOR(irq_work, STAT_IRQ_WORK)

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(stat_handler_begins)
{
	return interrupt_begins(STAT_HANDLER);
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(stat_handler_ends, int line, struct irqaction *action)
{
	return interrupt_ends(STAT_HANDLER, (__u32)line, BPF_CORE_READ(action, name));
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(stat_softirq_begins)
{
	return interrupt_begins(STAT_SOFTIRQ);
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(stat_softirq_ends, unsigned int number)
{
	return interrupt_ends(STAT_SOFTIRQ, number, NULL);
}

#endif
