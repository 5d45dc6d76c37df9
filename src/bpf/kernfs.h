/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: where a control group lies. */
#ifndef FERRY_BPF_KERNFS_H
#define FERRY_BPF_KERNFS_H

#include "bpf/event.h"
#include "bpf/kernel.h"

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___before_6_15 *older = (void *)node;

	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ(older, parent);
}

/* Writes the names from NODE, a cgroup's directory, up to the root, which has none, a NUL after each. OUT has room for EVENT_PATH_MAXIMUM and one
 * name more. Returns the bytes, more than EVENT_PATH_MAXIMUM where it did not fit. */
static __noinline int kernfs_parts(char *out, struct kernfs_node *node)
{
	__u32 length = 0;

	if (!out)
		return 0;
	for (int i = 0; i < PATH_DEPTH; i++) {
		struct kernfs_node *parent = node ? kernfs_parent(node) : NULL;
		long n;

		if (!parent)
			return length;
		if (length >= EVENT_PATH_MAXIMUM)
			break;
		n = bpf_probe_read_kernel_str(out + length, NAME_SIZE, BPF_CORE_READ(node, name));
		if (n <= 0 || n > NAME_SIZE)
			return length;
		length += n;
		node = parent;
	}
	return EVENT_PATH_MAXIMUM + 1;
}

#endif
