/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: operations of io_uring, from where the kernel takes them to where it tells their result. */
#ifndef FERRY_BPF_STAT_RING_H
#define FERRY_BPF_STAT_RING_H

#include "bpf/ring.h"
#include "bpf/stat-part.h"

#define OPERATION_NUMBERS 256

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, OPERATION_NUMBERS);
	__type(key, __u32);
	__type(value, struct stat_timing);
} operations SEC(".maps");

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(stat_operation_begins, struct io_kiocb *request)
{
	struct operation operation = {};

	operation_begins(request, bpf_ktime_get_ns(), &operation);
	return 0;
}

SEC("tp_btf/io_uring_complete")
int stat_operation_ends(__u64 *context)
{
	struct completion completion;
	struct operation operation;
	struct stat_timing *timing;

	completion_of(context, &completion);
	if (!operation_ends(&completion, &operation))
		return 0;
	timing = bpf_map_lookup_elem(&operations, &operation.number);
	if (!timing)
		return 0;
	if (!(completion.flags & IORING_CQE_F_MORE))
		count_time(timing, bpf_ktime_get_ns() - operation.at, 0);
	if (completion.result < 0) {
		timing->failed++;
		count_error(STAT_OPERATION | operation.number << 16 | -completion.result);
	}
	return 0;
}

#endif
