/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The recorder's programs. Several ways to the same event stand side by side: user space loads the first that this kernel takes. */
#include "bpf/recorder.h"
#include "bpf/recorder-file.h"
#include "bpf/recorder-module.h"
#include "bpf/request.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define SOCKET_COUNT 16

/* The cookies of our multicast sockets. */
__u64 socket_cookies[SOCKET_COUNT];

/* Bit set of the netlink protocols whose refusals are told. */
const volatile __u32 refused_protocols = 1;
/* Requests whose success is told as well, since the kernel tells no one what they do: the protocol, and the type in the low half. 0 ends. Set anew
 * when a generic family comes, whose types have another number then. */
__u32 granted[32];
/* Whether a refused request whose error quotes its header alone is looked for in the program's memory. */
const volatile bool request_from_memory;

/* ---- Notices: a filter on our own multicast socket, which drops nothing. It runs in the context of whoever makes the kernel notify, for the very
 * message. ---- */

SEC("socket")
int notice_filter(struct __sk_buff *skb)
{
	void *raw = skb;
	__u64 cookie = bpf_get_socket_cookie(skb);
	__u32 length = skb->len, i, sender = 0;
	struct event_notice *event;

	/* A program may send to the group too: that is no news of the kernel's. */
	bpf_probe_read_kernel(&sender, sizeof(sender),
			      raw + bpf_core_field_offset(struct sk_buff, cb) + bpf_core_field_offset(struct netlink_skb_parms, portid));
	if (sender)
		return -1;
	for (i = 0; i < SOCKET_COUNT; i++)
		if (socket_cookies[i] == cookie)
			break;
	if (i == SOCKET_COUNT)
		return -1;
	event = event_reserve(&notices, sizeof(*event), EVENT_NOTICE);
	if (!event)
		return -1;
	event->socket = i;
	event->message_length = length;
	request_describe(event);
	__builtin_memset(event->message, 0, sizeof(event->message));
	if (length >= sizeof(event->message))
		bpf_skb_load_bytes(skb, 0, event->message, sizeof(event->message));
	else if (length >= sizeof(struct nlmsghdr))
		bpf_skb_load_bytes(skb, 0, event->message, ((length - 1) & (sizeof(event->message) - 1)) + 1);
	event_actor_known(&event->header);
	bpf_ringbuf_submit(event, 0);
	return -1;
}

/* ---- Refusals, and what was granted without a word to others: the answer as it stands on the requester's socket. ---- */

struct refusal {
	__u64 skb;
	__u32 sequence;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* socket */
	__type(value, struct refusal);
} refusals SEC(".maps");

/* A thread's request that was answered with its header alone quoted: for fexit on netlink_ack(), which comes next. */
struct wanted {
	__u32 protocol;
	__u32 port;
	__u32 netns;
	__u32 sequence;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32); /* thread */
	__type(value, struct wanted);
} wanted_requests SEC(".maps");

struct error_message {
	struct nlmsghdr header;
	__s32 error;
	struct nlmsghdr request;
};

/* The newest answer on the socket's queue: other processors may have queued notices behind it, many where this task was put off its own between
 * queueing and telling. */
#define REFUSED_DEPTH 128

static __always_inline struct sk_buff *refused_find(struct sock *sk, struct error_message *message, bool *ret_last)
{
	struct sk_buff *head = (void *)sk + bpf_core_field_offset(struct sock, sk_receive_queue);
	struct sk_buff *skb = BPF_CORE_READ(sk, sk_receive_queue.prev);

	for (int i = 0; i < REFUSED_DEPTH && skb && skb != head; i++) {
		if (!bpf_probe_read_kernel(message, sizeof(*message), BPF_CORE_READ(skb, data)) && message->header.nlmsg_type == NLMSG_ERROR) {
			*ret_last = i == 0;
			return skb;
		}
		skb = BPF_CORE_READ(skb, prev);
	}
	return NULL;
}

/* Whether the current task is sending on SK: only then is an error on it the answer to its request, and not one that came between, to another's,
 * while it notified this socket among others. Where the call names no socket (io_uring, socketcall), the socket must at least be the process's first.
 */
static __always_inline bool is_requester(struct task_struct *task, struct sock *sk)
{
	__u32 argument = task_writes(task);
	struct file *file = argument ? task_writes_file(task, argument) : NULL;

	if (file)
		return (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFSOCK && file_netlink(file) == sk;
	return BPF_CORE_READ((struct netlink_sock *)sk, portid) == (__u32)BPF_CORE_READ(task, tgid);
}

/* Whether REQUEST would change something. */
static __always_inline bool is_change(__u32 protocol, const struct nlmsghdr *request)
{
	return protocol != 0 || (request->nlmsg_type >= 16 && (request->nlmsg_type & 3) != 2);
}

/* Whether the request is one whose success counts. */
static __always_inline bool is_granted(__u32 protocol, const struct nlmsghdr *request)
{
	const __u32 wanted = protocol << 16 | request->nlmsg_type;

	for (int i = 0; i < (int)(sizeof(granted) / sizeof(*granted)) && granted[i]; i++)
		if (granted[i] == wanted)
			return true;
	return false;
}

/* LENGTH bytes FROM the kernel's memory or the program's, of which ROOM fit. */
static __always_inline void message_submit(struct event_message *event, const struct wanted *about, __u32 length, __u32 room, __u64 from, bool memory)
{
	__u32 copied = length;
	long r;

	event->protocol = about->protocol;
	event->port = about->port;
	event->netns = about->netns;
	KEEP(copied);
	if (copied > room)
		copied = room;
	if (memory) {
		event->header.task.flags |= EVENT_TASK_MEMORY;
		r = bpf_probe_read_user(event->data, copied, (void *)from);
	} else {
		r = bpf_probe_read_kernel(event->data, copied, (void *)from);
	}
	event->length = r ? 0 : length;
	event_actor_known(&event->header);
	bpf_ringbuf_submit(event, 0);
}

/* Most messages are short, and the ring holds the more of them. */
#define MESSAGE_SHORT  192
#define MESSAGE_MIDDLE 1024

static __always_inline void message_emit_in(__u32 room, __u16 type, const struct wanted *about, __u32 length, __u64 from, bool memory)
{
	struct event_message *event = event_reserve(&messages, __builtin_offsetof(struct event_message, data) + room, type);

	if (event)
		message_submit(event, about, length, room, from, memory);
}

static __noinline int message_emit(__u16 type, const struct wanted *about, __u32 length, __u64 from, bool memory)
{
	if (!about)
		return 0;
	if (length <= MESSAGE_SHORT)
		message_emit_in(MESSAGE_SHORT, type, about, length, from, memory);
	else if (length <= MESSAGE_MIDDLE)
		message_emit_in(MESSAGE_MIDDLE, type, about, length, from, memory);
	else
		message_emit_in(EVENT_REQUEST_MAXIMUM, type, about, length, from, memory);
	return 0;
}

static __noinline int refused_request(const struct wanted *wanted)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	return wanted ? bpf_map_update_elem(&wanted_requests, &tid, wanted, BPF_ANY) : 0;
}

static __noinline int refused_memory(const struct wanted *wanted, const struct nlmsghdr *quoted)
{
	__u64 request = wanted && quoted ? request_find(task_current(), quoted) : 0;

	if (request)
		message_emit(EVENT_REQUEST, wanted, quoted->nlmsg_len, request, true);
	return 0;
}

/* MEMORY: whether the program's memory may be looked at, which older kernels cannot even load. */
static __always_inline int refused_look(struct sock *sk, bool memory)
{
	struct task_struct *task = task_current();
	__u32 protocol, sender = 0;
	struct error_message message = {};
	struct refusal *last, told = {};
	struct wanted about = {};
	__u64 address = (__u64)sk;
	struct sk_buff *skb;
	bool is_last = false;

	if (!sk)
		return 0;
	protocol = BPF_CORE_READ(sk, sk_protocol);
	if (protocol > 31 || !(refused_protocols >> protocol & 1))
		return 0;
	if (!is_requester(task, sk))
		return 0;
	skb = refused_find(sk, &message, &is_last);
	if (!skb || message.error > 0 || !(message.error ? is_change(protocol, &message.request) : is_granted(protocol, &message.request)))
		return 0;
	/* A program can send what looks like an error to another one's socket. */
	bpf_probe_read_kernel(&sender, sizeof(sender),
			      (void *)skb + bpf_core_field_offset(struct sk_buff, cb) + bpf_core_field_offset(struct netlink_skb_parms, portid));
	if (sender || message.header.nlmsg_pid != BPF_CORE_READ((struct netlink_sock *)sk, portid))
		return 0;
	/* The last on the queue is new; one before it may have been told. */
	last = bpf_map_lookup_elem(&refusals, &address);
	if (!is_last && last && last->skb == (__u64)skb && last->sequence == message.header.nlmsg_seq)
		return 0;
	told.skb = (__u64)skb;
	told.sequence = message.header.nlmsg_seq;
	bpf_map_update_elem(&refusals, &address, &told, BPF_ANY);
	about.protocol = protocol;
	about.port = message.header.nlmsg_pid;
	about.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	about.sequence = message.request.nlmsg_seq;
	message_emit(EVENT_REFUSED, &about, BPF_CORE_READ(skb, len), (__u64)BPF_CORE_READ(skb, data), false);
	/* The answer to what was granted quotes its header alone. */
	if (message.error && !(message.header.nlmsg_flags & NLM_F_CAPPED))
		return 0;
	if (memory && request_from_memory)
		refused_memory(&about, &message.request);
	else
		refused_request(&about);
	return 0;
}

static __noinline int refused_tell(struct sock *sk)
{
	return refused_look(sk, false);
}

static __noinline int refused_tell_memory(struct sock *sk)
{
	return refused_look(sk, true);
}

/* Every socket passes here, so the first test is all that most of them pay. */
SEC("tp_btf/sk_data_ready")
int BPF_PROG(refused_tracepoint, struct sock *sk)
{
	return sk->__sk_common.skc_family == AF_NETLINK ? refused_tell_memory(sk) : 0;
}

SEC("fentry/sock_def_readable")
int BPF_PROG(refused_fentry, struct sock *sk)
{
	return sk->__sk_common.skc_family == AF_NETLINK ? refused_tell(sk) : 0;
}

SEC("kprobe/sock_def_readable")
int refused_kprobe(struct pt_regs *registers)
{
	struct sock *sk = first_argument(registers);

	return BPF_CORE_READ(sk, __sk_common.skc_family) == AF_NETLINK ? refused_tell(sk) : 0;
}

/* Where fexit is to be had: the kernel's copy, on nobody's way but the answers'. */
SEC("fexit/netlink_ack")
int BPF_PROG(request_fexit, struct sk_buff *skb, struct nlmsghdr *request)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct wanted *wanted = bpf_map_lookup_elem(&wanted_requests, &tid);
	struct nlmsghdr header;

	if (!wanted)
		return 0;
	if (!bpf_probe_read_kernel(&header, sizeof(header), request) && header.nlmsg_len >= sizeof(header) && header.nlmsg_seq == wanted->sequence)
		message_emit(EVENT_REQUEST, wanted, header.nlmsg_len, (__u64)request, false);
	bpf_map_delete_elem(&wanted_requests, &tid);
	return 0;
}

/* ---- Sysctls: the attempt, with both values; then what became of it. ---- */

/* A thread's write under way. */
struct write {
	__u64 number;
	struct bpf_task_work work;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32); /* thread */
	__type(value, struct write);
} writes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* thread */
	__type(value, __u64);
} write_numbers SEC(".maps");

static __always_inline void sysctl_end(__u64 number, __s64 result)
{
	struct event_sysctl_end *event = event_reserve(&knobs, sizeof(*event), EVENT_SYSCTL_END);

	if (!event)
		return;
	event->write_number = number;
	event->result = result;
	bpf_ringbuf_submit(event, 0);
}

/* The recorder's own, by inode number; 0 = not known. */
const volatile __u32 own_uts_namespace, own_ipc_namespace;

/* Whose host name and whose limits of shared memory a write is about. */
static __always_inline __u32 task_other_namespaces(struct task_struct *task)
{
	struct ipc_namespace *ipc = BPF_CORE_READ(task, nsproxy, ipc_ns);
	__u32 flags = 0;

	if (own_uts_namespace && BPF_CORE_READ(task, nsproxy, uts_ns, ns.inum) != own_uts_namespace)
		flags |= EVENT_TASK_OTHER_UTS;
	if (own_ipc_namespace && bpf_core_field_exists(ipc->ns.inum) && BPF_CORE_READ(ipc, ns.inum) != own_ipc_namespace)
		flags |= EVENT_TASK_OTHER_IPC;
	return flags;
}

static __always_inline void sysctl_tell(struct bpf_sysctl *context, __u64 number, bool result_follows)
{
	struct event_sysctl *event = event_reserve(&knobs, sizeof(*event), EVENT_SYSCTL);
	int length;

	if (!event)
		return;
	event->header.task.flags |= task_other_namespaces(task_current());
	event->offset = context->file_pos;
	event->write_number = number;
	event->result_follows = result_follows;
	length = bpf_sysctl_get_name(context, event->name, sizeof(event->name), 0);
	event->name_length = length < 0 ? EVENT_NAME_MAXIMUM - 1 : length;
	event->before_length = bpf_sysctl_get_current_value(context, event->before, sizeof(event->before));
	event->after_length = bpf_sysctl_get_new_value(context, event->after, sizeof(event->after));
	event_actor_known(&event->header);
	bpf_ringbuf_submit(event, 0);
}

/* A thread writes once at a time, so this stands for one write for more than an hour. */
static __always_inline __u64 write_number(__u32 tid)
{
	return bpf_ktime_get_boot_ns() << PID_BITS | tid;
}

/* Without a way to the result. */
SEC("cgroup/sysctl")
int sysctl_attempt(struct bpf_sysctl *context)
{
	if (context->write)
		sysctl_tell(context, 0, false);
	return 1;
}

/* Where proc_sys_call_handler() can be had at its end. */
SEC("cgroup/sysctl")
int sysctl_attempt_fexit(struct bpf_sysctl *context)
{
	__u32 tid = BPF_CORE_READ(task_current(), pid);
	__u64 number;

	if (!context->write)
		return 1;
	number = write_number(tid);
	sysctl_tell(context, number, !bpf_map_update_elem(&write_numbers, &tid, &number, BPF_ANY));
	return 1;
}

SEC("fexit/proc_sys_call_handler")
int BPF_PROG(sysctl_fexit, struct kiocb *kiocb, void *iterator, int write, long result)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *number = write ? bpf_map_lookup_elem(&write_numbers, &tid) : NULL;

	if (number) {
		sysctl_end(*number, result);
		bpf_map_delete_elem(&write_numbers, &tid);
	}
	return 0;
}

/* Where the kernel calls us back before the task returns to its program: what the write returned stands in the registers by then. It is asked for
 * with "resume", not with "signal", as the latter would interrupt a handler that waits. From 7.0 on nobody but the kernel gives the last argument. */
extern int bpf_task_work_schedule_resume_impl(struct task_struct *task, struct bpf_task_work *work, void *map,
					      int (*callback)(struct bpf_map *map, void *key, void *value), void *program) __weak __ksym;
extern int bpf_task_work_schedule_resume(struct task_struct *task, struct bpf_task_work *work, void *map,
					 int (*callback)(struct bpf_map *map, void *key, void *value)) __weak __ksym;

static int sysctl_returns(struct bpf_map *map, void *key, void *value)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
	struct write *write = value;
	__s64 result;

#if defined(__TARGET_ARCH_x86)
	result = BPF_CORE_READ(registers, ax);
	if (BPF_CORE_READ(task, thread_info.status) & TS_COMPAT)
		result = (__s32)result;
#else
	result = BPF_CORE_READ(registers, regs[0]);
#endif
	sysctl_end(write->number, result);
	return 0;
}

static __always_inline bool sysctl_call_back(struct task_struct *task, struct write *write, bool implicit)
{
	return !(implicit ? bpf_task_work_schedule_resume(task, &write->work, &writes, sysctl_returns)
			  : bpf_task_work_schedule_resume_impl(task, &write->work, &writes, sysctl_returns, NULL));
}

static __always_inline int sysctl_look(struct bpf_sysctl *context, bool implicit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct write *write, zero = {};
	bool follows = false;
	__u64 number;

	if (!context->write)
		return 1;
	number = write_number(tid);
	write = bpf_map_lookup_elem(&writes, &tid);
	if (!write && !bpf_map_update_elem(&writes, &tid, &zero, BPF_NOEXIST))
		write = bpf_map_lookup_elem(&writes, &tid);
	/* One that is asked for already (sendfile(2) writes piece by piece) tells for the first piece. */
	if (write && task_writes(task) && sysctl_call_back(task, write, implicit)) {
		write->number = number;
		follows = true;
	}
	sysctl_tell(context, number, follows);
	return 1;
}

SEC("cgroup/sysctl")
int sysctl_attempt_result(struct bpf_sysctl *context)
{
	return sysctl_look(context, false);
}

SEC("cgroup/sysctl")
int sysctl_attempt_implicit(struct bpf_sysctl *context)
{
	return sysctl_look(context, true);
}

/* ---- Processes: identities that outlive them. ---- */

/* Whether the program before this exec has written anything, by the kernel's own count of its system calls; taken for granted where it keeps none. */
static __always_inline bool has_written(struct task_struct *task)
{
	if (!bpf_core_field_exists(task->ioac.syscw))
		return true;
	return BPF_CORE_READ(task, ioac.syscw) || BPF_CORE_READ(task, signal, ioac.syscw);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *binary)
{
	struct event_process process = {}, *before;
	__u32 pid = task_local_pid(task);

	task_key(task, &process.key);
	process.image = process.key;
	actor_gather(&process.key);
	if (!pid)
		return 0;
	process.since = bpf_ktime_get_boot_ns();
	process.ppid = task_local_pid(BPF_CORE_READ(task, real_parent));
	before = bpf_map_lookup_elem(&processes, &pid);
	if (before && before->key.start == process.key.start && has_written(task))
		process.before = before->image;
	bpf_map_update_elem(&processes, &pid, &process, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct event_process process = {};
	__u32 pid;

	if (child->pid != child->tgid)
		return 0;
	pid = task_local_pid(child);
	if (!pid || child->flags & PF_KTHREAD)
		return 0;
	task_key(child, &process.key);
	task_key(parent, &process.image);
	process.since = bpf_ktime_get_boot_ns();
	process.ppid = task_local_pid(BPF_CORE_READ(child, real_parent));
	actor_gather(&process.image);
	bpf_map_update_elem(&processes, &pid, &process, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	struct event_process *process;
	struct event_key key;
	__u32 pid;

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	pid = task_local_pid(task);
	process = bpf_map_lookup_elem(&processes, &pid);
	if (!process)
		return 0;
	task_key(task, &key);
	if (process->key.start != key.start)
		return 0;
	/* Its exec was passed over, as another task was put off in the middle of the program for those: what it was is told all the same. */
	if (process->key.exec != key.exec) {
		static const struct event_key none;

		actor_gather(&key);
		process->key = process->image = key;
		process->before = none;
	}
	process->uid = BPF_CORE_READ(task, cred, uid.val);
	process->login_uid = task_login_uid(task);
	process->ended = 1;
	return 0;
}
