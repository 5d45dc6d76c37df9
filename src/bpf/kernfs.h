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

struct kernfs_walk {
	struct kernfs_node *node;
	__u32 length; /* of the names so far */
	__u32 whole;  /* these are all */
};

/* The next name upwards, with a NUL after it. OUT has room for EVENT_PATH_MAXIMUM and one name more. Returns whether the walk is over. */
static __always_inline bool kernfs_step(char *out, struct kernfs_walk *walk)
{
	struct kernfs_node *node = walk->node, *parent = node ? kernfs_parent(node) : NULL;
	__u32 length = walk->length;
	long n;

	walk->whole = !parent;
	if (!parent || length >= EVENT_PATH_MAXIMUM)
		return true;
	n = bpf_probe_read_kernel_str(out + length, NAME_SIZE, BPF_CORE_READ(node, name));
	walk->whole = n <= 0 || n > NAME_SIZE;
	if (walk->whole)
		return true;
	walk->length = length + n;
	walk->node = parent;
	return false;
}

#endif
