/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: how the recorder's programs hand their events on. */
#ifndef FERRY_BPF_RECORDER_H
#define FERRY_BPF_RECORDER_H

#include "bpf/actor.h"

/* Events of each type that found no room. */
__u64 event_lost[EVENT_TYPE_COUNT];

/* One ring for each promise: a flood of refusals, which anybody can make, or of notices pushes no other event out. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} notices SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} messages SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 21);
} knobs SEC(".maps");

static __always_inline void *event_reserve(void *ring, __u16 size, __u16 type)
{
	struct event_header *event = bpf_ringbuf_reserve(ring, size, 0);

	if (!event) {
		__sync_fetch_and_add(&event_lost[type], 1);
		return NULL;
	}
	event->type = type;
	event->size = size;
	event->processor = bpf_get_smp_processor_id();
	event->time = bpf_ktime_get_boot_ns();
	task_describe(&event->task);
	return event;
}

/* An interrupt has no process; nor has a kernel that cannot tell. */
static __always_inline void event_actor_known(const struct event_header *event)
{
	struct event_key key = event->task.key;

	if (!(event->task.flags & (EVENT_TASK_SOFTIRQ | EVENT_TASK_INTERRUPT)))
		actor_gather(&key);
}

#endif
