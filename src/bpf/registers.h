/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: the task that runs, and with what registers its program came into the kernel. */
#ifndef FERRY_BPF_REGISTERS_H
#define FERRY_BPF_REGISTERS_H

#include "bpf/kernel.h"

/* Whether programs of this kind may call bpf_task_pt_regs() here. */
const volatile bool registers_by_helper;

/* To be read by probes alone: what every kernel has, where a pointer that may be followed is of 5.11 and later. */
static __always_inline struct task_struct *task_current(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

/* Of TASK, which is the current one. Where there is no helper, they lie at the top of its stack. NULL where that is not so: they would be a
 * program's, which on x86 the last bits of CS say. */
static __always_inline struct pt_regs *task_registers(struct task_struct *task)
{
	struct pt_regs *registers;

	if (registers_by_helper)
		return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	registers = BPF_CORE_READ(task, stack) + THREAD_SIZE - bpf_core_type_size(struct pt_regs);
#if defined(__TARGET_ARCH_x86)
	if ((BPF_CORE_READ(registers, cs) & 3) != 3)
		return NULL;
#endif
	return registers;
}

/* Of the function whose beginning a kprobe stands at. */
static __always_inline void *first_argument(const struct pt_regs *registers)
{
#if defined(__TARGET_ARCH_x86)
	return (void *)registers->di;
#else
	return (void *)registers->regs[0];
#endif
}

#endif
