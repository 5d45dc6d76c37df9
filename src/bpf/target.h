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

/* Tasks that are followed and have not ended; how many were marked by passes over all tasks. */
__s64 target_count, target_marked;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
} tasks SEC(".maps");

/* Whether the system call that TASK is in is one of 32 bits. */
static __always_inline bool call_is_compat(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return task->thread_info.status & TS_COMPAT;
#else
	return task->thread_info.flags >> TIF_32BIT_ARM64 & 1;
#endif
}

static __always_inline struct task_state *target_state(struct task_struct *task)
{
	return bpf_task_storage_get(&tasks, task, 0, whole_machine ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
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
	struct task_state *state = task ? bpf_task_storage_get(&tasks, task, 0, 0) : NULL;

	return state && state->follow == FOLLOW_YES;
}

static __always_inline bool target_mark(struct task_struct *task)
{
	struct task_state *state = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!state || state->follow)
		return false;
	state->follow = FOLLOW_YES;
	__sync_fetch_and_add(&target_count, 1);
	return true;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(target_fork, struct task_struct *parent, struct task_struct *child)
{
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
		__sync_fetch_and_add(&target_count, 1);
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(target_exit, struct task_struct *task)
{
	if (target_marked_yes(task))
		__sync_fetch_and_add(&target_count, -1);
	return 0;
}

/* User space repeats it until TARGET_MARKED grows no more: a child may come before its parent. */
SEC("iter/task")
int target_pass(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;

	if (task && (target_marked_yes(task->group_leader) || target_marked_yes(task->real_parent)) && target_mark(task))
		target_marked++;
	return 0;
}

#endif
