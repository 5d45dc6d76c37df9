/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: who a process is, gathered while it lives. */
#ifndef FERRY_BPF_ACTOR_H
#define FERRY_BPF_ACTOR_H

#include "bpf/kernfs.h"
#include "bpf/path.h"
#include "bpf/task.h"

#define ACTOR_COUNT   8192
#define PROCESS_COUNT 16384

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ACTOR_COUNT);
	__type(key, struct event_key);
	__type(value, struct event_actor);
} actors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PROCESS_COUNT);
	__type(key, __u32);
	__type(value, struct event_process);
} processes SEC(".maps");

static const struct event_actor actor_zero;

static __always_inline void actor_arguments(struct event_actor *actor, struct mm_struct *mm)
{
	unsigned long start = BPF_CORE_READ(mm, arg_start), total = BPF_CORE_READ(mm, arg_end) - start;
	__u64 length = total;
	long r;

	actor->argv_total = total > 0x7fffffff ? 0x7fffffff : (__u32)total;
	if (length > EVENT_ARGV_MAXIMUM)
		length = EVENT_ARGV_MAXIMUM;
	KEEP(length);
	if (length > EVENT_ARGV_MAXIMUM)
		return;
	r = bpf_probe_read_user(actor->argv, length, (void *)start);
	actor->argv_length = r ? (__s32)r : (__s32)length;
}

static __always_inline __u32 task_login_uid(struct task_struct *task)
{
	return bpf_core_field_exists(task->loginuid) ? BPF_CORE_READ(task, loginuid.val) : (__u32)-1;
}

/* Writes the names from NODE, a cgroup's directory, up to the root, which has none, a NUL after each. OUT has room for EVENT_PATH_MAXIMUM and one
 * name more. Returns the bytes, more than EVENT_PATH_MAXIMUM where it did not fit. */
static __noinline int actor_cgroup(char *out, struct kernfs_node *node)
{
	struct kernfs_walk walk = { node };

	if (!out)
		return 0;
	for (int i = 0; i < PATH_DEPTH; i++)
		if (kernfs_step(out, &walk))
			break;
	return walk.whole ? walk.length : EVENT_PATH_MAXIMUM + 1;
}

/* Makes sure that the actor behind KEY, which is the current task's, is known. The value is filled in its place in the map, as there is no scratch
 * room that another program could not take while this one is preempted. */
static __noinline int actor_gather(const struct event_key *key)
{
	struct task_struct *task = task_current(), *leader;
	struct event_actor *actor;
	struct mm_struct *mm;
	struct file *exe;

	if (!key || bpf_map_lookup_elem(&actors, key) || bpf_map_update_elem(&actors, key, &actor_zero, BPF_NOEXIST))
		return 0;
	actor = bpf_map_lookup_elem(&actors, key);
	if (!actor)
		return 0;
	leader = BPF_CORE_READ(task, group_leader);
	actor->key = *key;
	actor->ppid = task_local_pid(BPF_CORE_READ(leader, real_parent));
	actor->uid = BPF_CORE_READ(task, cred, uid.val);
	actor->login_uid = task_login_uid(task);
	actor->netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
	BPF_CORE_READ_STR_INTO(&actor->comm, leader, comm);
	actor->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	mm = BPF_CORE_READ(task, mm);
	if (BPF_CORE_READ(task, flags) & PF_KTHREAD) {
		actor->flags = EVENT_TASK_KERNEL;
	} else if (mm) {
		exe = BPF_CORE_READ(mm, exe_file);
		if (exe)
			actor->exe_length = path_parts(actor->exe, BPF_CORE_READ(exe, f_path.dentry), BPF_CORE_READ(exe, f_path.mnt), 1);
	}
	actor->cgroup_length = actor_cgroup(actor->cgroup, BPF_CORE_READ(task, cgroups, dfl_cgrp, kn));
	if (mm && !actor->flags)
		actor_arguments(actor, mm);
	if (actor->key.start == key->start && actor->key.pid == key->pid)
		actor->ready = 1;
	return 0;
}

#endif
