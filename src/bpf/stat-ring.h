/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: what a program asks of the kernel by io_uring, which is no system call. */
#ifndef FERRY_BPF_STAT_RING_H
#define FERRY_BPF_STAT_RING_H

#include "bpf/stat-part.h"

#define OPERATION_NUMBERS 256

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, OPERATION_NUMBERS);
	__type(key, __u32);
	__type(value, struct stat_timing);
} operations SEC(".maps");

struct operation_begun {
	__u64 at;
	__u32 number;
	__u32 unused;
};

/* By the address of the kernel's request. One whose end is never told, as its ring was closed, makes room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct operation_begun);
} operations_begun SEC(".maps");

/* The kernel's thread that looks for submissions belongs to the program's process, but was never seen to start. */
static __always_inline bool operation_is_followed(struct task_struct *task)
{
	return target_current() || target_marked_yes(task->group_leader);
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(stat_operation_begins, struct io_kiocb *request)
{
	struct operation_begun begins = { .at = bpf_ktime_get_ns() };
	__u64 key = (__u64)request;

	if (!operation_is_followed(bpf_get_current_task_btf()))
		return 0;
	begins.number = request->opcode;
	bpf_map_update_elem(&operations_begun, &key, &begins, BPF_ANY);
	return 0;
}

/* Its arguments: the ring, the request, and what differs between kernels. It may come in any task, or an interrupt. */
SEC("tp_btf/io_uring_complete")
int stat_operation_ends(__u64 *context)
{
	__u64 key = context[1];
	struct operation_begun *begins = bpf_map_lookup_elem(&operations_begun, &key);
	struct stat_timing *timing;
	__u32 number;

	if (!begins)
		return 0;
	number = begins->number;
	timing = bpf_map_lookup_elem(&operations, &number);
	if (timing)
		count_time(timing, bpf_ktime_get_ns() - begins->at, 0);
	bpf_map_delete_elem(&operations_begun, &key);
	return 0;
}

#endif
