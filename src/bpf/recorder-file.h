/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: refused writes to files of sysfs, where fexit is to be had; those that succeed fanotify tells. */
#ifndef FERRY_BPF_RECORDER_FILE_H
#define FERRY_BPF_RECORDER_FILE_H

#include "bpf/recorder.h"

/* What the program wants written, where the call in progress says it in the simplest way, write(2) alone. */
static __noinline int file_text(struct event_file *event)
{
	struct task_struct *task = task_current();
	struct pt_regs *registers = task_registers(task);
	__u32 flags = 0;
	__u64 length;
	long r;

	if (!event)
		return 0;
	event->text_length = -1;
	if (event->header.task.system_call < 0 || call_shape(task_call(task, registers, &flags), flags) != CALL_SHAPE_BUFFER ||
	    flags & EVENT_TASK_COMPAT)
		return 0;
	length = task_argument(registers, 2, false);
	event->text_length = length > 0x7fffffff ? 0x7fffffff : (__s32)length;
	if (length > EVENT_TEXT_MAXIMUM)
		length = EVENT_TEXT_MAXIMUM;
	KEEP(length);
	if (length > EVENT_TEXT_MAXIMUM)
		return 0;
	r = bpf_probe_read_user(event->text, length, (void *)task_argument(registers, 1, false));
	if (r)
		event->text_length = -1;
	return 0;
}

SEC("fexit/kernfs_fop_write_iter")
int BPF_PROG(file_fexit, struct kiocb *kiocb, void *iterator, long result)
{
	struct file *file = BPF_CORE_READ(kiocb, ki_filp);
	struct event_file *event;

	if (result >= 0 || BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SYSFS_MAGIC)
		return 0;
	event = event_reserve(&knobs, sizeof(*event), EVENT_FILE);
	if (!event)
		return 0;
	event->result = result;
	event->device = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	file_text(event);
	event->path_length = path_parts(event->path, BPF_CORE_READ(file, f_path.dentry), BPF_CORE_READ(file, f_path.mnt), 0);
	event_actor_known(&event->header);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

#endif
