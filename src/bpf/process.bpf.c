// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Every process in one pass: an iterator over tasks, whose rows user space reads from a descriptor. What /proc computes for each file is told raw,
 * and user space computes it. */
#include "bpf/kernfs.h"
#include "bpf/process.h"

/* Pointers are followed by BPF_CORE_READ(): where a program follows one itself, the verifier looks through all of the kernel's types for what it may
 * assume of it, several times for each, and that takes longer than all the rest. */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define CPU_MAXIMUM    1024
#define THREAD_MAXIMUM 64

/* How many processors there may be; 0: their memory is not to be found, and a process's rss is known to some pages only. */
const volatile __u32 processors;
/* In each processor's memory: how far the variable that holds where that memory lies is from the run queue, and the one that holds the processor's
 * number (0: there is none). Stands in the kernel's BTF. */
const volatile __s64 offset_distance, number_distance;
/* Where these members lie, from the same place. The kernel remembers few types that it has looked for, and forgets one for another: with these two it
 * would look through all of them anew at each load, which takes ten times as long as the rest of it. */
const volatile __s32 css_set_dfl_cgrp, worker_desc, worker_current_work;

/* User space makes it 0 before each pass: the control group whose path was told last. */
__u64 last_cgroup;

/* Where each processor's memory lies, as per_cpu_ptr() adds it. */
static __u64 offsets[CPU_MAXIMUM];
static __u32 offsets_state; /* 0 not looked for, 1 known, 2 not to be had */

static struct {
	struct process_row row;
	char path[EVENT_PATH_MAXIMUM + NAME_SIZE + 8];
} out;

/* Loops are bpf_loop()'s: one of the compiler's is checked round by round each time that the program is loaded, which took longer than all the rest.
 */

struct queue_walk {
	struct cfs_rq **queues;
	__u64 place; /* of the run queue in a processor's memory */
	__u32 whole;
};

static long learn_offset(__u32 index, void *data)
{
	struct queue_walk *walk = data;
	struct cfs_rq *queue;
	struct rq *rq;
	__u64 offset;
	__u32 number;

	walk->whole = 0;
	if (index >= CPU_MAXIMUM || bpf_probe_read_kernel(&queue, sizeof(queue), &walk->queues[index]))
		return 1;
	rq = BPF_CORE_READ(queue, rq);
	if (bpf_probe_read_kernel(&offset, sizeof(offset), (void *)rq + offset_distance))
		return 1;
	if (number_distance && (bpf_probe_read_kernel(&number, sizeof(number), (void *)rq + number_distance) || number != index))
		return 1;
	if (index && (__u64)rq - offset != walk->place)
		return 1;
	walk->place = (__u64)rq - offset;
	walk->whole = 1;
	offsets[index] = offset;
	return 0;
}

/* From each processor's run queue, which every task group points to. The run queue itself lies at the same place in every processor's memory, and
 * says whose it is: that proves the reckoning. */
static __noinline int learn_offsets(struct task_struct *task)
{
	struct task_group *group = BPF_CORE_READ(task, sched_task_group);
	struct queue_walk walk = {};

	offsets_state = 2;
	if (!bpf_core_field_exists(group->cfs_rq) || (processors == 1 && !number_distance))
		return 0;
	walk.queues = BPF_CORE_READ(group, cfs_rq);
	bpf_loop(processors, learn_offset, &walk, 0);
	if (walk.whole)
		offsets_state = 1;
	return 0;
}

struct memory_walk {
	__u64 first; /* of the four counts, in the memory of a processor that lay at 0 */
	__s64 sum;
	__u32 torn;
};

static long add_processor(__u32 index, void *data)
{
	struct memory_walk *walk = data;
	__s32 parts[4];

	walk->torn = index >= CPU_MAXIMUM || bpf_probe_read_kernel(parts, sizeof(parts), (void *)(walk->first + offsets[index]));
	if (walk->torn)
		return 1;
	walk->sum += parts[0] + parts[1] + parts[3];
	return 0;
}

/* Pages of files, of no file and of shared memory; what each processor has not added to the sum yet counts too. */
static __always_inline __s64 memory_of(struct mm_struct *mm, __u32 *flags)
{
	__u64 first = (__u64)BPF_CORE_READ(mm, rss_stat[0].counters), second = (__u64)BPF_CORE_READ(mm, rss_stat[1].counters);
	__u64 last = (__u64)BPF_CORE_READ(mm, rss_stat[3].counters);
	struct memory_walk walk = { .first = first };

	walk.sum = BPF_CORE_READ(mm, rss_stat[0].count) + BPF_CORE_READ(mm, rss_stat[1].count) + BPF_CORE_READ(mm, rss_stat[3].count);
	/* One allocation for the four since 6.6. */
	walk.torn = offsets_state != 1 || second != first + 4 || last != first + 12;
	if (!walk.torn)
		bpf_loop(processors, add_processor, &walk, 0);
	if (walk.torn)
		*flags |= PROCESS_MEMORY_UNKNOWN;
	return walk.sum;
}

/* One count a kind, which a thread brings up to date now and then: what it has not brought yet /proc does not tell either, nor a count below zero. */
static __always_inline __s64 memory_of_older(struct mm_struct___before_6_2 *mm)
{
	__s64 files = BPF_CORE_READ(mm, rss_stat.count[0].counter), anonymous = BPF_CORE_READ(mm, rss_stat.count[1].counter);
	__s64 shared = BPF_CORE_READ(mm, rss_stat.count[3].counter);

	return (files > 0 ? files : 0) + (anonymous > 0 ? anonymous : 0) + (shared > 0 ? shared : 0);
}

static __always_inline void add_memory(struct process_row *row, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct mm_struct___before_6_2 *older = (void *)mm;

	row->rss = 0;
	row->size_pages = 0;
	if (!mm)
		return;
	row->size_pages = BPF_CORE_READ(mm, total_vm);
	if (bpf_core_field_exists(mm->rss_stat[0].counters))
		row->rss = memory_of(mm, &row->flags);
	else if (bpf_core_field_exists(older->rss_stat.count))
		row->rss = memory_of_older(older);
	else
		row->flags |= PROCESS_MEMORY_UNKNOWN;
	if (row->rss < 0)
		row->rss = 0;
}

struct thread_walk {
	struct list_head *node, *head;
	__u64 utime, stime, runtime;
	__u32 count;
};

static long add_thread(__u32 index, void *data)
{
	struct thread_walk *walk = data;
	struct list_head *node = walk->node;
	struct task_struct *thread = (void *)node - bpf_core_field_offset(struct task_struct, thread_node);

	if (!node || node == walk->head)
		return 1;
	walk->utime += BPF_CORE_READ(thread, utime);
	walk->stime += BPF_CORE_READ(thread, stime);
	walk->runtime += BPF_CORE_READ(thread, se.sum_exec_runtime);
	walk->node = BPF_CORE_READ(node, next);
	walk->count++;
	return 0;
}

static __always_inline void add_times(struct process_row *row, struct task_struct *task, struct signal_struct *signal)
{
	struct list_head *head = (void *)signal + bpf_core_field_offset(struct signal_struct, thread_head);
	struct thread_walk walk = { .head = head };

	row->utime = BPF_CORE_READ(signal, utime);
	row->stime = BPF_CORE_READ(signal, stime);
	row->runtime = BPF_CORE_READ(signal, sum_sched_runtime);
	row->told_utime = BPF_CORE_READ(signal, prev_cputime.utime);
	row->told_stime = BPF_CORE_READ(signal, prev_cputime.stime);
	if (row->threads == 1) {
		row->utime += task->utime;
		row->stime += task->stime;
		row->runtime += task->se.sum_exec_runtime;
		return;
	}
	if (row->threads > THREAD_MAXIMUM) {
		row->flags |= PROCESS_TIMES_UNKNOWN;
		return;
	}
	walk.node = BPF_CORE_READ(head, next);
	bpf_loop(THREAD_MAXIMUM, add_thread, &walk, 0);
	row->utime += walk.utime;
	row->stime += walk.stime;
	row->runtime += walk.runtime;
	if (walk.count != row->threads)
		row->flags |= PROCESS_TIMES_UNKNOWN;
}

/* As /proc names the kernel's threads: in full, and a worker with what it works on. */
static __always_inline void add_name(struct process_row *row, struct task_struct *task)
{
	struct kthread *kthread = BPF_CORE_READ(task, worker_private);
	void *worker, *work = NULL;
	__u32 flags = task->flags;
	char *name, first;
	long length;

	bpf_probe_read_kernel_str(row->comm, 16, task->comm);
	if (!(flags & (PF_KTHREAD | PF_WQ_WORKER)) || !bpf_core_field_exists(kthread->full_name))
		return;
	name = BPF_CORE_READ(kthread, full_name);
	if (!name)
		name = (void *)task + bpf_core_field_offset(struct task_struct, comm);
	length = bpf_probe_read_kernel_str(row->comm, 64, name);
	if (!(flags & PF_WQ_WORKER) || !worker_desc || length < 1 || length > 64)
		return;
	worker = BPF_CORE_READ(kthread, data);
	if (bpf_probe_read_kernel(&first, 1, worker + worker_desc) || !first)
		return;
	bpf_probe_read_kernel(&work, sizeof(work), worker + worker_current_work);
	row->comm[length - 1] = work ? '+' : '-';
	bpf_probe_read_kernel_str(row->comm + length, 32, worker + worker_desc);
}

static long add_part(__u32 index, void *walk)
{
	return kernfs_step(out.path, walk);
}

static __always_inline __u32 add_path(struct kernfs_node *node)
{
	struct kernfs_walk walk = { node };

	bpf_loop(PATH_DEPTH, add_part, &walk, 0);
	return walk.whole ? walk.length : EVENT_PATH_MAXIMUM + 1;
}

/* Whose path was told just before need not be told again. */
static __always_inline __u64 add_cgroup(struct process_row *row, struct task_struct *task)
{
	struct cgroup *cgroup = NULL;
	struct kernfs_node *node;
	__u64 id;

	bpf_probe_read_kernel(&cgroup, sizeof(cgroup), (void *)BPF_CORE_READ(task, cgroups) + css_set_dfl_cgrp);
	node = BPF_CORE_READ(cgroup, kn);
	id = BPF_CORE_READ(node, id);
	row->path_length = 0;
	if (!(BPF_CORE_READ(cgroup, self.flags) & CSS_ONLINE))
		row->flags |= PROCESS_CGROUP_DEAD;
	if (id == last_cgroup)
		row->flags |= PROCESS_CGROUP_SAME;
	else
		row->path_length = add_path(node);
	if (row->path_length > EVENT_PATH_MAXIMUM) {
		row->path_length = 0;
		row->flags |= PROCESS_CGROUP_UNKNOWN;
		id = 0;
	}
	return id;
}

SEC("iter/task")
int process_rows(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct process_row *row = &out.row;
	struct signal_struct *signal;
	__u64 cgroup;
	__u32 size;

	if (!task || task->pid != task->tgid)
		return 0;
	if (!offsets_state && processors)
		learn_offsets(task);
	signal = BPF_CORE_READ(task, signal);
	row->flags = 0;
	row->pid = task->tgid;
	row->parent = BPF_CORE_READ(task, real_parent, tgid);
	row->uid = BPF_CORE_READ(task, real_cred, uid.val);
	row->threads = BPF_CORE_READ(signal, nr_threads);
	row->nice = task->static_prio - 120;
	row->state = task->__state;
	row->exit_state = task->exit_state;
	row->start = task->start_boottime;
	add_times(row, task, signal);
	add_memory(row, task);
	add_name(row, task);
	cgroup = add_cgroup(row, task);
	size = row->path_length;
	if (size > EVENT_PATH_MAXIMUM)
		return 0;
	size = (sizeof(*row) + size + 7) & ~7u;
	row->size = size;
	KEEP(size);
	if (size > sizeof(out))
		return 0;
	if (!bpf_seq_write(context->meta->seq, &out, size))
		last_cgroup = cgroup;
	return 0;
}
