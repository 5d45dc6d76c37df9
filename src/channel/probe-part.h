/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the probe share among themselves. */
#ifndef FERRY_CHANNEL_PROBE_PART_H
#define FERRY_CHANNEL_PROBE_PART_H

#include "base/error.h"
#include "base/table.h"
#include "bpf/event.h"
#include "channel/probe.h"

struct btf;
struct recorder_bpf;
struct bpf_ring;

#define PROBE_SOCKET_MAXIMUM 16
#define PROBE_LINK_MAXIMUM   12
#define PROBE_CALL_COUNT     512
#define PROBE_RING_COUNT     3
#define TASK_WORK_FUNCTION   "bpf_task_work_schedule_resume"

/* The actors resolved so far. */
struct actor_cache {
	struct table table;
	bool ready;
	struct actor *softirq, *interrupt, *linkwatch, *expiry;
	int actors, processes;      /* descriptors of the BPF maps, -1 without */
	uint32_t own_pid_namespace; /* as the BPF programs have it: 0 = the initial one */
};

struct probe {
	struct recorder_bpf *skeleton; /* NULL without BPF */
	struct bpf_link *links[PROBE_LINK_MAXIMUM];
	unsigned int link_count;
	struct bpf_ring *rings[PROBE_RING_COUNT]; /* each read for itself, so that a flood in one does not keep the others waiting */
	int poll;                                 /* epoll over them */
	int cgroup;
	struct {
		int descriptor;
		uint64_t cookie;
	} sockets[PROBE_SOCKET_MAXIMUM];
	unsigned int socket_count;
	unsigned int receive_buffer; /* bytes that the kernel lets wait on the largest of them */
	struct probe_state states[PROBE_PART_COUNT];
	char words[PROBE_PART_COUNT][256]; /* what states[].why points to, where it is not a constant */
	struct actor_cache cache;
	probe_function *function; /* of the probe_read() under way */
	void *data;
};

/* What this kernel has, found in its BTF, its symbols and by trying. */
struct probe_kernel {
	bool btf;                /* /sys/kernel/btf/vmlinux */
	const char *btf_why;     /* there is none */
	bool sk_data_ready;      /* the tracepoint */
	bool process;            /* sched_process_exec, _fork, _exit */
	bool modules;            /* module_load, _free, _request */
	bool task_work;          /* bpf_task_work_schedule_resume_impl() */
	bool task_work_implicit; /* bpf_task_work_schedule_resume(), which lacks its last argument, in its place */
	bool task_work_aux;      /* that argument is a struct */
	bool registers;          /* bpf_task_pt_regs() for every kind of program that we have */
	bool kprobes;            /* perf takes them */
	bool fexit;              /* fentry and fexit may be loaded and attached */
	char fexit_why[96];
	bool context_known; /* where the preemption count stands */
	int64_t preempt_count_distance, current_task_distance;
	uint32_t own_pid_namespace;
	uint32_t own_uts_namespace, own_ipc_namespace; /* 0 = not known */
};

/* What is not there, or not to be told, is false. */
void probe_kernel_learn(struct probe_kernel *ret);

/* enum event_call by system call number, for the kernel side. */
void probe_calls(uint8_t native[PROBE_CALL_COUNT], uint8_t compat[PROBE_CALL_COUNT]);

/* A directory descriptor on the root of cgroup 2, from a mount that nobody sees. */
int probe_cgroup_root(void);
/* Whether that root is the machine's and not a namespace's. */
bool probe_cgroup_initial(void);

/* A walk over features, told one by one. */
struct feature_telling {
	ferry_feature_function *function;
	void *data;
	int result; /* of the first call that ended the walk */
};
/* FORMAT: the detail, NULL for none. */
void feature_tell(struct feature_telling *telling, const char *name, bool present, const char *serves, const char *format, ...) _printf_(5, 6);

int actor_cache_init(struct actor_cache *cache) _must_check_;
void actor_cache_done(struct actor_cache *cache);

#endif
