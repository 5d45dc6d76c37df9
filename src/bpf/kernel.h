/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The kernel's types, as far as the programs here read them. Offsets are relocated at load to those of the running kernel, so order and
 * neighbours do not matter, only names and types; ___FLAVOUR marks another kernel's spelling of the same struct. */
#ifndef FERRY_BPF_KERNEL_H
#define FERRY_BPF_KERNEL_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

/* What the helpers' declarations need: the values of <linux/bpf.h>. */
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_RB_NO_WAKEUP = 1 };
enum { BPF_F_NO_PREALLOC = 1, BPF_LOCAL_STORAGE_GET_F_CREATE = 1, BPF_F_USER_STACK = 256 };

/* Helpers that an older kernel may lack: asked by name. */
enum bpf_func_id { BPF_FUNC_find_vma = 180 };

/* The contexts of <linux/bpf.h>: a stable interface, not relocated. */
struct __sk_buff {
	__u32 len;
};
struct bpf_sysctl {
	__u32 write;
	__u32 file_pos;
};
struct bpf_perf_event_data {
	struct { /* bpf_user_pt_regs_t: of the machine's own size, and not looked into */
#if defined(__TARGET_ARCH_x86)
		unsigned long registers[21]; /* enum perf_register */
#elif defined(__TARGET_ARCH_arm64)
		unsigned long registers[34];
#endif
	} regs;
	__u64 sample_period;
	__u64 addr;
};
enum perf_register { PERF_REGISTER_CS = 17, PERF_REGISTER_SP = 19 }; /* of x86's struct pt_regs */
struct bpf_task_work {
	__u64 opaque;
} __attribute__((aligned(8)));

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};
struct net {
	struct ns_common ns;
};
struct uts_namespace {
	struct ns_common ns;
};
struct ipc_namespace {
	struct ns_common ns;
};
struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct net *net_ns;
};
struct pid_namespace {
	struct ns_common ns;
};
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};

typedef struct {
	__u32 val;
} kuid_t;
struct cred {
	kuid_t uid;
};

struct qstr {
	const unsigned char *name;
};
struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
};
struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
	__s64 f_pos;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct module {
	char name[56];
	unsigned long taints;
};
struct kiocb {
	struct file *ki_filp;
	__s64 ki_pos;
};

struct percpu_counter {
	__s64 count;
	__s32 *counters; /* one a processor, which is not counted in COUNT yet */
};
struct seqcount {
	unsigned int sequence;
};
typedef struct seqcount seqcount_t;
struct mm_struct {
	seqcount_t mm_lock_seq;
	struct file *exe_file;
	unsigned long arg_start, arg_end, env_end;
	unsigned long start_brk, brk, start_stack;
	unsigned long total_vm;
	struct percpu_counter rss_stat[4];
};

struct mm_struct___before_6_13 {
	int mm_lock_seq;
};
struct atomic_long___before_6_2 {
	__s64 counter;
};
struct mm_rss_stat {
	struct atomic_long___before_6_2 count[4];
};
struct mm_struct___before_6_2 {
	struct mm_rss_stat rss_stat;
};
struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct file *vm_file;
};
union __sifields {
	struct {
		int _pid;
	} _kill;
	struct {
		void *_addr;
	} _sigfault;
};
struct kernel_siginfo {
	int si_code;
	union __sifields _sifields;
};
struct irqaction {
	const char *name;
};
struct io_cqe {
	__u64 user_data;
	int fd;
};
struct io_rw { /* lies over the request's begin */
	__u64 addr;
	__u32 len;
};
struct io_kiocb {
	struct file *file;
	__u8 opcode;
	struct io_cqe cqe;
};
struct io_uring_cqe {
	__u64 user_data;
	__s32 res;
	__u32 flags;
};

struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
	__u64 id;
};
struct kernfs_node___before_6_15 {
	struct kernfs_node *parent;
};
struct cgroup_subsys_state {
	unsigned int flags;
};
struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};
struct css_set {
	struct cgroup *dfl_cgrp;
};

typedef struct {
	int counter;
} atomic_t;
struct task_io_accounting {
	__u64 syscw;
};
struct list_head {
	struct list_head *next;
};
struct prev_cputime {
	__u64 utime, stime;
};
struct signal_struct {
	atomic_t live;
	int nr_threads;
	struct list_head thread_head;
	__u64 utime, stime;
	unsigned long long sum_sched_runtime;
	struct prev_cputime prev_cputime;
	struct task_io_accounting ioac;
};
struct kthread {
	void *data;
	char *full_name;
};
struct thread_info {
	unsigned long flags;
	__u32 status;
};
struct thread_info___arm64 {
	__u64 preempt_count;
};
struct rq;
struct cfs_rq {
	struct rq *rq;
};
struct task_group {
	struct cfs_rq **cfs_rq; /* one a processor */
};
struct sched_entity {
	struct cfs_rq *cfs_rq;
	__u64 sum_exec_runtime;
};
struct bpf_local_storage;
struct task_struct {
	struct thread_info thread_info;
	struct sched_entity se;
	unsigned int flags;
	unsigned int __state;
	int exit_state, exit_code;
	int static_prio;
	void *stack;
	int pid, tgid;
	__u64 utime, stime;
	void *worker_private;
	struct task_group *sched_task_group;
	struct list_head thread_node;
	__u64 start_boottime;
	__u64 self_exec_id;
	kuid_t loginuid;
	int softirq_disable_cnt;
	char comm[16];
	const struct cred *cred, *real_cred;
	struct task_struct *group_leader, *real_parent;
	struct mm_struct *mm;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct task_io_accounting ioac;
	struct bpf_local_storage *bpf_storage;
};
struct task_struct___arm64 {
	struct thread_info___arm64 thread_info;
};
struct linux_binprm;
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
struct bpf_map { /* whole, not just declared: libbpf compares kinds */
	__u32 max_entries;
};

struct sk_buff {
	struct sk_buff *next, *prev;
	unsigned int len;
	unsigned int tail;
	unsigned char *head, *data;
	char cb[48];
};
struct sk_buff_head {
	struct sk_buff *next, *prev;
};
typedef struct {
	struct net *net;
} possible_net_t;
struct sock_common {
	unsigned short skc_family;
	possible_net_t skc_net;
};
struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	struct sk_buff_head sk_receive_queue;
};
struct socket {
	struct sock *sk;
};
struct netlink_sock {
	struct sock sk;
	__u32 portid;
};
struct netlink_skb_parms {
	__u32 portid;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r10, r9, r8, bp, bx, cx, dx, si, di, ax, ip, cs, orig_ax, sp;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
};
struct pt_regs {
	union {
		struct user_pt_regs user_regs;
		struct {
			__u64 regs[31];
			__u64 pc;
		};
	};
	__u64 orig_x0;
	int syscallno;
};
#endif

#pragma clang attribute pop

/* Wire format and constants of the user-space interface, which never move. */
struct nlmsghdr {
	__u32 nlmsg_len;
	__u16 nlmsg_type;
	__u16 nlmsg_flags;
	__u32 nlmsg_seq;
	__u32 nlmsg_pid;
};
enum {
	AF_NETLINK = 16,
	NLMSG_ERROR = 2,
	NLM_F_CAPPED = 0x100,
	S_IFMT = 0170000,
	S_IFSOCK = 0140000,
	PF_EXITING = 0x4,
	PF_IO_WORKER = 0x10,
	PF_WQ_WORKER = 0x20,
	PF_KTHREAD = 0x200000,
	SYSFS_MAGIC = 0x62656572,
	MAP_ANONYMOUS = 0x20,
	MADV_DONTNEED = 4,
	MADV_FREE = 8,
	PROC_SUPER_MAGIC = 0x9fa0,
	IORING_CQE_F_MORE = 2,
	IORING_OP_READV = 1,
	IORING_OP_WRITEV = 2,
	IORING_OP_READ_FIXED = 4,
	IORING_OP_WRITE_FIXED = 5,
	IORING_OP_READ = 22,
	IORING_OP_WRITE = 23,
	SIGILL = 4,
	SIGTRAP = 5,
	SIGBUS = 7,
	SIGFPE = 8,
	SIGSEGV = 11,
	CSS_ONLINE = 2,
	PID_BITS = 22,         /* PID_MAX_LIMIT */
	THREAD_SIZE = 1 << 14, /* of x86-64 and arm64, unless it is built to check its own memory */
	TS_COMPAT = 2,
	TIF_32BIT_ARM64 = 22,
	/* include/linux/preempt.h: bits 8..15 softirq (bit 8 = being served, above it = merely held off), 16..19 interrupt, 20..23 NMI. */
	SOFTIRQ_SERVED = 0x100,
	INTERRUPT_MASK = 0xff0000,
};

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Makes the compiler forget what it knows of VARIABLE, so that the test that follows stands in the program, for the verifier to see. */
#define KEEP(variable) asm volatile("" : "+r"(variable))

/* Of a path: parts that are followed, bytes of one with its NUL. */
#define PATH_DEPTH 40
#define NAME_SIZE  256

#endif
