/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: what an event tells of the task in whose context it happens. */
#ifndef FERRY_BPF_TASK_H
#define FERRY_BPF_TASK_H

#include "bpf/descriptor.h"
#include "bpf/event.h"
#include "bpf/registers.h"

/* 0, or the inode number and so the identity of the recorder's own pid namespace where that is not the initial one. */
const volatile __u32 own_pid_namespace;

/* By system call number, native and 32-bit: 0, or enum event_call. */
#define CALL_COUNT 512
const volatile __u8 calls[CALL_COUNT];
const volatile __u8 calls_compat[CALL_COUNT];

/* On x86 the preemption count is a per-CPU variable. Its address is not to be had where the kernel keeps no symbols of data, but that of the run
 * queue is, from the task that runs; and how far the one lies from the other stands in the kernel's BTF, which user space reads. The per-CPU pointer
 * to the current task proves the reckoning, each time. */
const volatile bool context_known;
const volatile __s64 preempt_count_distance, current_task_distance;

static __always_inline __u32 task_context(struct task_struct *task)
{
	__u32 count = 0;

#if defined(__TARGET_ARCH_x86)
	struct task_struct *current = NULL;
	void *queue;

	if (!context_known)
		return EVENT_TASK_CONTEXT_UNKNOWN;
	queue = BPF_CORE_READ(task, se.cfs_rq, rq);
	if (bpf_probe_read_kernel(&current, sizeof(current), queue + current_task_distance) || current != task ||
	    bpf_probe_read_kernel(&count, sizeof(count), queue + preempt_count_distance))
		return EVENT_TASK_CONTEXT_UNKNOWN;
#else
	struct task_struct___arm64 *arm = (void *)task;

	if (!bpf_core_field_exists(arm->thread_info.preempt_count))
		return EVENT_TASK_CONTEXT_UNKNOWN;
	count = (__u32)BPF_CORE_READ(arm, thread_info.preempt_count);
#endif
	/* A real-time kernel counts softirqs in the task. */
	if (bpf_core_field_exists(task->softirq_disable_cnt))
		count |= BPF_CORE_READ(task, softirq_disable_cnt) & SOFTIRQ_SERVED;
	return (count & INTERRUPT_MASK ? EVENT_TASK_INTERRUPT : 0) | (count & SOFTIRQ_SERVED ? EVENT_TASK_SOFTIRQ : 0);
}

/* The process id of TASK's group in the recorder's pid namespace, 0 where it is not in there. */
static __always_inline __u32 task_local_pid(struct task_struct *task)
{
	struct pid *pid;
	unsigned int level;

	if (!own_pid_namespace)
		return BPF_CORE_READ(task, tgid);
	pid = BPF_CORE_READ(task, group_leader, thread_pid);
	level = BPF_CORE_READ(pid, level);
	for (unsigned int i = 0; i < 8 && i <= level; i++) {
		struct upid number;

		bpf_probe_read_kernel(&number, bpf_core_type_size(struct upid),
				      (void *)pid + bpf_core_field_offset(struct pid, numbers) + i * bpf_core_type_size(struct upid));
		if (BPF_CORE_READ(number.ns, ns.inum) == own_pid_namespace)
			return number.nr;
	}
	return 0;
}

static __always_inline void task_key(struct task_struct *task, struct event_key *key)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	key->start = BPF_CORE_READ(leader, start_boottime);
	key->pid = BPF_CORE_READ(task, tgid);
	key->exec = (__u32)BPF_CORE_READ(task, self_exec_id);
}

static __always_inline __s32 task_call(struct task_struct *task, struct pt_regs *registers, __u32 *flags)
{
	if (!registers)
		return -1;
#if defined(__TARGET_ARCH_x86)
	if (BPF_CORE_READ(task, thread_info.status) & TS_COMPAT)
		*flags |= EVENT_TASK_COMPAT;
	return (__s32)BPF_CORE_READ(registers, orig_ax);
#else
	if (BPF_CORE_READ(task, thread_info.flags) >> TIF_32BIT_ARM64 & 1)
		*flags |= EVENT_TASK_COMPAT;
	return BPF_CORE_READ(registers, syscallno);
#endif
}

static __always_inline __u64 task_argument(struct pt_regs *registers, __u32 index, bool compat)
{
#if defined(__TARGET_ARCH_x86)
	if (compat)
		return (__u32)(index == 0 ? BPF_CORE_READ(registers, bx) : index == 1 ? BPF_CORE_READ(registers, cx) : BPF_CORE_READ(registers, dx));
	return index == 0 ? BPF_CORE_READ(registers, di) : index == 1 ? BPF_CORE_READ(registers, si) : BPF_CORE_READ(registers, dx);
#else
	return index == 0 ? BPF_CORE_READ(registers, orig_x0) : index == 1 ? BPF_CORE_READ(registers, regs[1]) : BPF_CORE_READ(registers, regs[2]);
#endif
}

static __always_inline __u32 call_of(__u32 call, __u32 flags)
{
	if (call >= CALL_COUNT)
		return 0;
	KEEP(call);
	call &= CALL_COUNT - 1;
	return flags & EVENT_TASK_COMPAT ? calls_compat[call] : calls[call];
}

static __always_inline __u32 call_writes_to(__u32 call, __u32 flags)
{
	return call_of(call, flags) & CALL_ARGUMENT;
}

static __always_inline __u32 call_shape(__u32 call, __u32 flags)
{
	return call_of(call, flags) & CALL_SHAPE;
}

/* 1 + the index of the argument of the system call in progress that names what it writes to, 0 where it is no such call, or the work is io_uring's.
 */
static __always_inline __u32 task_writes(struct task_struct *task)
{
	__u32 flags = 0;
	__s32 call;

	if (BPF_CORE_READ(task, flags) & (PF_KTHREAD | PF_IO_WORKER))
		return 0;
	call = task_call(task, task_registers(task), &flags);
	return call_writes_to(call, flags);
}

/* What that is. */
static __always_inline struct file *task_writes_file(struct task_struct *task, __u32 argument)
{
	struct pt_regs *registers = task_registers(task);
	__u32 flags = 0;

	task_call(task, registers, &flags);
	return task_file(task, (__u32)task_argument(registers, argument - 1, flags & EVENT_TASK_COMPAT));
}

/* Fills OUT for the task in whose context the program runs. An interrupt or softirq is not the doing of the task that it interrupted: such an event
 * names no task. */
static __noinline int task_describe(struct event_task *out)
{
	struct task_struct *task = task_current();
	struct event_task zero = {};
	__u32 flags = task_context(task);
	struct pt_regs *registers;
	struct file *file;
	struct sock *sk;
	__u32 argument;

	*out = zero;
	out->system_call = -1;
	out->flags = flags;
	if (flags & (EVENT_TASK_SOFTIRQ | EVENT_TASK_INTERRUPT))
		return 0;
	task_key(task, &out->key);
	out->tid = BPF_CORE_READ(task, pid);
	out->local_pid = task_local_pid(task);
	out->uid = BPF_CORE_READ(task, cred, uid.val);
	out->netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
	if (BPF_CORE_READ(task, flags) & PF_KTHREAD) {
		out->flags = flags | EVENT_TASK_KERNEL;
		return 0;
	}
	if (BPF_CORE_READ(task, flags) & PF_IO_WORKER) {
		out->flags = flags | EVENT_TASK_IO_WORKER;
		return 0;
	}
	registers = task_registers(task);
	out->system_call = task_call(task, registers, &flags);
	out->flags = flags;
	argument = call_writes_to(out->system_call, flags);
	file = argument ? task_file(task, (__u32)task_argument(registers, argument - 1, flags & EVENT_TASK_COMPAT)) : NULL;
	if (!file)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK) {
		out->file_magic = (__u32)BPF_CORE_READ(file, f_inode, i_sb, s_magic);
		return 0;
	}
	sk = file_netlink(file);
	if (sk)
		out->port = BPF_CORE_READ((struct netlink_sock *)sk, portid);
	return 0;
}

#endif
