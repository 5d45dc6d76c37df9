/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: which tasks are followed. A process is marked by user space, by a pidfd; its threads and children that are there already by a pass
 * over all tasks, those that come later as they are made. */
#ifndef FERRY_BPF_TARGET_H
#define FERRY_BPF_TARGET_H

#include "bpf/kernel.h"
#include "bpf/crossing.h"

/* Everything but ourselves is followed. */
const volatile bool whole_machine;
/* Set when all programs are attached. */
bool target_begun;

/* Tasks that are followed and have not ended; how many were marked by passes over all tasks, and how many that are followed the last pass has seen
 * alive. */
__s64 target_count, target_marked, target_seen;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
} tasks SEC(".maps");

/* ---- Without asking the kernel ----
 *
 * At a system call every helper that is called weighs, above all on tasks that nobody follows. What a program there is handed are the registers,
 * which lie on top of the task's kernel stack: their address is the task's own for as long as it lives. Those of tasks that are followed, or will be
 * from their next exec on, stand in a table. */

#define STACK_SHIFT 14
/* Of an address the lowest bits are 0. */
#define STACK_SHARED 1ull /* a place that several would have: the task's storage tells */
#define STACK_WAITS  2ull /* beside a number: followed from the next exec on */
struct stack_entry stack_table[1 << STACK_SHIFT];

enum target_known { TARGET_NO, TARGET_MARKED, TARGET_PERHAPS };

/* As a number: its distance from the table, since a pointer can be subtracted from and not looked at. */
static __always_inline __u64 stack_number(const struct pt_regs *registers)
{
	__u64 number = (__u64)registers;
	const void *origin = stack_table;

	asm volatile("%0 -= %1" : "+r"(number) : "r"(origin));
	return number;
}

static __always_inline struct stack_entry *stack_place(__u64 number)
{
	/* Stacks begin at multiples of their size: the product's upper bits spread them. */
	__u32 place = (__u32)number * 0x9e3779b1u >> (32 - STACK_SHIFT);

	KEEP(place);
	return &stack_table[place & ((1 << STACK_SHIFT) - 1)];
}

/* At a system call, of the task that makes it, in a first look; and the place of its stack. */
static __always_inline enum target_known target_known(const struct pt_regs *registers, const struct stack_entry **ret_place)
{
	__u64 number, found;

	*ret_place = stack_table;
	if (whole_machine)
		return TARGET_PERHAPS;
	number = stack_number(registers);
	*ret_place = stack_place(number);
	found = (*ret_place)->number;
	return found == number ? TARGET_MARKED : found == STACK_SHARED || found == (number | STACK_WAITS) ? TARGET_PERHAPS : TARGET_NO;
}

static __always_inline bool target_is_other(const struct pt_regs *registers)
{
	const struct stack_entry *place;

	return target_known(registers, &place) == TARGET_NO;
}

/* WAITS: 0 or STACK_WAITS. */
static __always_inline void stack_enter(struct task_struct *task, __u64 waits)
{
	const __u64 number = stack_number((struct pt_regs *)bpf_task_pt_regs(task));
	struct stack_entry *place = stack_place(number);
	const __u64 found = __sync_val_compare_and_swap(&place->number, 0, number | waits);

	if (found == (number | STACK_WAITS))
		__sync_val_compare_and_swap(&place->number, found, number | waits);
	else if (found && found != number)
		__sync_lock_test_and_set(&place->number, STACK_SHARED);
	place->owner = (__u32)task->pid;
}

/* A place that was shared once stays so: who else has it is not known. */
static __always_inline void stack_leave(struct task_struct *task)
{
	const __u64 number = stack_number((struct pt_regs *)bpf_task_pt_regs(task));

	__sync_val_compare_and_swap(&stack_place(number)->number, number, 0);
}

/* ---- By the task's own storage ---- */

/* Whether the system call that TASK is in is one of 32 bits. */
static __always_inline bool call_is_compat(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return task->thread_info.status & TS_COMPAT;
#else
	return task->thread_info.flags >> TIF_32BIT_ARM64 & 1;
#endif
}

/* Of a task that probably has one. */
static __always_inline struct task_state *target_storage(struct task_struct *task)
{
	return bpf_task_storage_get(&tasks, task, 0, whole_machine ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
}

/* Of any task: most have no storage of any program, which is seen without a call. */
static __always_inline struct task_state *target_state(struct task_struct *task)
{
	return whole_machine || task->bpf_storage ? target_storage(task) : NULL;
}

static __always_inline bool target_follows(const struct task_state *state)
{
	return whole_machine ? target_begun && state->follow != FOLLOW_NEVER : state->follow == FOLLOW_YES;
}

/* Likewise, or in what may be the execve(2) that it waits for. */
static __always_inline bool target_enters(const struct task_state *state)
{
	return target_follows(state) || state->follow == FOLLOW_WAITS;
}

/* The state of the task that runs, NULL where it is not followed. In an interrupt that is the task that it hit. */
static __always_inline struct task_state *target_current(void)
{
	struct task_state *state = target_state(bpf_get_current_task_btf());

	return state && target_follows(state) ? state : NULL;
}

static __always_inline bool target_marked_yes(struct task_struct *task)
{
	struct task_state *state = task && task->bpf_storage ? bpf_task_storage_get(&tasks, task, 0, 0) : NULL;

	return state && state->follow == FOLLOW_YES;
}

static __always_inline bool target_mark(struct task_struct *task)
{
	struct task_state *state = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!state || state->follow)
		return false;
	state->follow = FOLLOW_YES;
	stack_enter(task, 0);
	__sync_fetch_and_add(&target_count, 1);
	return true;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(target_fork, struct task_struct *parent, struct task_struct *child)
{
	/* Some kernels (Ubuntu's 6.8) hold that a tracepoint may be given none. */
	if (!parent || !child)
		return 0;
	/* A thread that the pass over all tasks has not come to yet is known by its process. */
	if (target_marked_yes(parent) || target_marked_yes(parent->group_leader))
		target_mark(child);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(target_exec, struct task_struct *task)
{
	struct task_state *state = bpf_task_storage_get(&tasks, task, 0, 0);

	if (state && state->follow == FOLLOW_WAITS) {
		state->follow = FOLLOW_YES;
		state->arrived = bpf_ktime_get_ns();
		stack_enter(task, 0);
		__sync_fetch_and_add(&target_count, 1);
	} else if (state && state->follow == FOLLOW_YES) {
		/* Of a process with several threads, the one that goes on gets the first one's pid. */
		stack_enter(task, 0);
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(target_exit, struct task_struct *task)
{
	if (target_marked_yes(task)) {
		stack_leave(task);
		__sync_fetch_and_add(&target_count, -1);
	}
	return 0;
}

/* User space marks one task, whose place in the table is taken here, and repeats it until TARGET_MARKED grows no more: a child may come before its
 * parent. */
SEC("iter/task")
int target_pass(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct task_state *state = task ? bpf_task_storage_get(&tasks, task, 0, 0) : NULL;

	if (task && state && state->follow == FOLLOW_YES && !task->exit_state)
		target_seen++;
	if (!task || task->flags & PF_EXITING)
		return 0;
	if (state && (state->follow == FOLLOW_YES || state->follow == FOLLOW_WAITS))
		stack_enter(task, state->follow == FOLLOW_WAITS ? STACK_WAITS : 0);
	else if ((target_marked_yes(task->group_leader) || target_marked_yes(task->real_parent)) && target_mark(task))
		target_marked++;
	/* It may have ended meanwhile, and whoever gets its stack is not followed. */
	if (task->flags & PF_EXITING)
		stack_leave(task);
	return 0;
}

#endif
