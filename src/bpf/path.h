/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: where a file lies. */
#ifndef FERRY_BPF_PATH_H
#define FERRY_BPF_PATH_H

#include "bpf/event.h"
#include "bpf/kernel.h"

/* Writes the names from DENTRY up to the root of its mount namespace (or, where WHOLE is false, of its mount), a NUL after each. OUT has room for
 * EVENT_PATH_MAXIMUM and one name more. Returns the bytes, more than EVENT_PATH_MAXIMUM where it did not fit. */
static __noinline int path_parts(char *out, struct dentry *dentry, struct vfsmount *vfsmount, int whole)
{
	struct mount *mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	__u32 length = 0;

	if (!out)
		return 0;
	for (int i = 0; i < PATH_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		bool top = dentry == BPF_CORE_READ(mount, mnt.mnt_root);
		long n;

		if (top) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (!whole || above == mount)
				return length;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		if (length >= EVENT_PATH_MAXIMUM)
			break;
		n = bpf_probe_read_kernel_str(out + length, NAME_SIZE, BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0 || n > NAME_SIZE)
			return length;
		length += n;
		if (parent == dentry) /* a file without a place, such as memfd_create(2) makes */
			return length;
		dentry = parent;
	}
	return EVENT_PATH_MAXIMUM + 1;
}

#endif
