/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: what a program asks of the kernel by io_uring, which is no system call, and what becomes of it. */
#ifndef FERRY_BPF_RING_H
#define FERRY_BPF_RING_H

#include "bpf/target.h"

/* Whether the tracepoint of a completion has what it tells in its arguments; else it points to the entry of the completion queue. */
const volatile bool completion_by_value;

struct operation {
	__u64 at; /* by the clock of whoever counts */
	__u64 user_data;
	__u32 pid, tid; /* who asked */
	__u32 number;
	__s32 descriptor;
};

/* By the address of the kernel's request. One whose end is never told, as its ring was closed, makes room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct operation);
} operations_begun SEC(".maps");

/* The kernel's thread that looks for submissions belongs to the program's process, but was never seen to start. */
static __always_inline bool operation_is_followed(struct task_struct *task)
{
	return target_current() || target_marked_yes(task->group_leader);
}

/* False where it is not followed. */
static __always_inline bool operation_begins(struct io_kiocb *request, __u64 now, struct operation *operation)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 key = (__u64)request;

	if (!operation_is_followed(task))
		return false;
	operation->at = now;
	operation->user_data = request->cqe.user_data;
	operation->pid = task->tgid;
	operation->tid = task->pid;
	operation->number = request->opcode;
	operation->descriptor = request->cqe.fd;
	bpf_map_update_elem(&operations_begun, &key, operation, BPF_ANY);
	return true;
}

struct completion {
	__u64 request, user_data; /* REQUEST 0: the kernel does not tell of which */
	__s32 result;
	__u32 flags;
};

/* CONTEXT of the tracepoint io_uring_complete: the ring, the request, and what differs between kernels. It may come in any task, or an interrupt. */
static __always_inline void completion_of(const __u64 *context, struct completion *ret)
{
	ret->request = context[1];
	if (completion_by_value) {
		ret->user_data = context[2];
		ret->result = (__s32)context[3];
		ret->flags = (__u32)context[4];
	} else {
		const struct io_uring_cqe *entry = (void *)context[2];

		ret->user_data = BPF_CORE_READ(entry, user_data);
		ret->result = BPF_CORE_READ(entry, res);
		ret->flags = BPF_CORE_READ(entry, flags);
	}
}

/* What COMPLETION is the end of; false where that was not followed. An operation of which more is to come stays. */
static __always_inline bool operation_ends(const struct completion *completion, struct operation *ret)
{
	const struct operation *begun = bpf_map_lookup_elem(&operations_begun, &completion->request);

	if (!completion->request || !begun)
		return false;
	*ret = *begun;
	if (!(completion->flags & IORING_CQE_F_MORE))
		bpf_map_delete_elem(&operations_begun, &completion->request);
	return true;
}

#endif
