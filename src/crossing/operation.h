/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a kernel tells of the operations of io_uring: user space's part of bpf/ring.h. */
#ifndef FERRY_CROSSING_OPERATION_H
#define FERRY_CROSSING_OPERATION_H

#include <stdbool.h>

struct bpf_program;
struct btf;

/* What every program that includes bpf/ring.h has, under its own names. */
struct operation_parts {
	struct bpf_program *begins, *ends;
	bool *completion_by_value; /* as it is mapped */
};

/* Points PARTS to the tracepoints of the kernel whose types BTF holds . NULL, or the one that it lacks: then neither program is to
 * be loaded. */
const char *operation_choose(const struct operation_parts *parts, const struct btf *btf);

#endif
