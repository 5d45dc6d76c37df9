/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: what a file descriptor stands for. */
#ifndef FERRY_BPF_DESCRIPTOR_H
#define FERRY_BPF_DESCRIPTOR_H

#include "bpf/kernel.h"

static __always_inline struct file *task_file(struct task_struct *task, __u32 descriptor)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files, *file = NULL;

	if (!table || descriptor >= BPF_CORE_READ(table, max_fds))
		return NULL;
	files = BPF_CORE_READ(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), files + descriptor);
	return file;
}

/* The netlink socket behind FILE, or NULL. */
static __always_inline struct sock *file_netlink(struct file *file)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);

	return sk && BPF_CORE_READ(sk, __sk_common.skc_family) == AF_NETLINK ? sk : NULL;
}

#endif
