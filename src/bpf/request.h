/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: a refused request's bytes, found again in the memory of the program that sent it. The kernel's own copy is on no path that others do
 * not pay for. The program could change its memory meanwhile, so what is taken is the one request whose header is what the kernel quotes. */
#ifndef FERRY_BPF_REQUEST_H
#define FERRY_BPF_REQUEST_H

#include "bpf/task.h"

/* At most so many steps: requests, and parts of what was sent. */
#define REQUEST_STEPS 1024

/* <sys/uio.h> and <bits/socket.h>, native. */
struct user_part {
	__u64 base, length;
};
struct user_message {
	__u64 name, name_length, parts, part_count;
};

/* What the system call in progress asks of the kernel, for the notice of what the kernel tells meanwhile. */
static __noinline int request_describe(struct event_notice *event)
{
	struct task_struct *task = task_current();
	struct pt_regs *registers = task_registers(task);
	struct user_part part = {};
	struct user_message message = {};
	struct nlmsghdr header = {};
	__u32 flags = 0, argument, shape;
	struct sock *sk = NULL;
	struct file *file;

	if (!event)
		return 0;
	event->command = 0;
	event->protocol = 0xffff;
	event->request = 0;
	if (event->header.task.system_call < 0)
		return 0;
	shape = call_shape(task_call(task, registers, &flags), flags);
	if (flags & EVENT_TASK_COMPAT)
		return 0;
	event->command = (__u32)task_argument(registers, 1, false);
	argument = task_writes(task);
	file = argument ? task_writes_file(task, argument) : NULL;
	if (file && (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFSOCK)
		sk = file_netlink(file);
	if (!sk)
		return 0;
	event->protocol = (__u16)BPF_CORE_READ(sk, sk_protocol);
	part.base = task_argument(registers, 1, false);
	part.length = task_argument(registers, 2, false);
	message.parts = part.base;
	message.part_count = part.length;
	if (shape == CALL_SHAPE_MESSAGE && bpf_probe_read_user(&message, sizeof(message), (void *)part.base))
		return 0;
	if (shape != CALL_SHAPE_BUFFER && (message.part_count != 1 || bpf_probe_read_user(&part, sizeof(part), (void *)message.parts)))
		return 0;
	/* One request behind another may ask for something else. */
	if (!bpf_probe_read_user(&header, sizeof(header), (void *)part.base) && part.length <= ((__u64)header.nlmsg_len + 3) / 4 * 4)
		event->request = header.nlmsg_type;
	return 0;
}

struct request_search {
	__u64 parts, part_count; /* what is left of the parts */
	__u64 at, end;           /* what is left of the present one */
	__u64 found;
	__u32 matches;
	struct nlmsghdr wanted;
};

static long request_step(__u32 index, struct request_search *search)
{
	struct nlmsghdr header;

	if (search->end - search->at < sizeof(header) || search->at > search->end) {
		struct user_part part;

		if (!search->part_count || bpf_probe_read_user(&part, sizeof(part), (void *)search->parts))
			return 1;
		search->parts += sizeof(part);
		search->part_count--;
		search->at = part.base;
		search->end = part.base + part.length;
		return 0;
	}
	if (bpf_probe_read_user(&header, sizeof(header), (void *)search->at) || header.nlmsg_len < sizeof(header) ||
	    header.nlmsg_len > search->end - search->at) {
		search->at = search->end;
		return 0;
	}
	if (header.nlmsg_len == search->wanted.nlmsg_len && header.nlmsg_type == search->wanted.nlmsg_type &&
	    header.nlmsg_flags == search->wanted.nlmsg_flags && header.nlmsg_seq == search->wanted.nlmsg_seq) {
		search->found = search->at;
		search->matches++;
	}
	search->at += (header.nlmsg_len + 3) & ~3u;
	return 0;
}

/* Where the request with the header WANTED lies in what the system call in progress sends; 0 where that is not to be told, or two look the same. */
static __always_inline __u64 request_find(struct task_struct *task, const struct nlmsghdr *wanted)
{
	struct pt_regs *registers = task_registers(task);
	struct request_search search = { .wanted = *wanted };
	__u32 flags = 0, shape = call_shape(task_call(task, registers, &flags), flags);
	struct user_message message;

	if (flags & EVENT_TASK_COMPAT)
		return 0;
	switch (shape) {
	case CALL_SHAPE_BUFFER:
		search.at = task_argument(registers, 1, false);
		search.end = search.at + task_argument(registers, 2, false);
		break;
	case CALL_SHAPE_PARTS:
		search.parts = task_argument(registers, 1, false);
		search.part_count = task_argument(registers, 2, false);
		break;
	case CALL_SHAPE_MESSAGE:
		if (bpf_probe_read_user(&message, sizeof(message), (void *)task_argument(registers, 1, false)))
			return 0;
		search.parts = message.parts;
		search.part_count = message.part_count;
		break;
	default:
		return 0;
	}
	bpf_loop(REQUEST_STEPS, request_step, &search, 0);
	return search.matches == 1 ? search.found : 0;
}

#endif
