/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: modules that come and go, and what made the kernel ask for one. */
#ifndef FERRY_BPF_RECORDER_MODULE_H
#define FERRY_BPF_RECORDER_MODULE_H

#include "bpf/recorder.h"

static __always_inline int module_tell(__u32 what, const char *name, __u32 taints)
{
	struct event_module *event = event_reserve(&knobs, sizeof(*event), EVENT_MODULE);

	if (!event)
		return 0;
	event->what = what;
	event->taints = taints;
	if (bpf_probe_read_kernel_str(event->name, sizeof(event->name), name) < 0)
		event->name[0] = 0;
	event_actor_known(&event->header);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* In the context of the program that loads it, when the kernel has taken it in and before it begins to work. */
SEC("tp_btf/module_load")
int BPF_PROG(module_load, struct module *module)
{
	return module_tell(MODULE_LOADED, module->name, (__u32)module->taints);
}

SEC("tp_btf/module_free")
int BPF_PROG(module_free, struct module *module)
{
	return module_tell(MODULE_REMOVED, module->name, (__u32)module->taints);
}

/* In the context of whoever needs it; the program that loads it is started by the kernel. */
SEC("tp_btf/module_request")
int BPF_PROG(module_request, char *name)
{
	return module_tell(MODULE_REQUESTED, name, 0);
}

#endif
