/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: the events of the tracer, each counted before its room is taken, and what the arguments of a system call point to. */
#ifndef FERRY_BPF_COPY_H
#define FERRY_BPF_COPY_H

#include "bpf/descriptor.h"
#include "bpf/path.h"
#include "bpf/trace.h"

/* By system call number, native and 32-bit. */
const volatile struct trace_shape shapes[TRACE_CALL_COUNT];
const volatile struct trace_shape shapes_compat[TRACE_CALL_COUNT];
/* Bytes that are copied of contents: of the channels, of other files and sockets. */
const volatile __u32 channel_bytes = TRACE_DATA_MAXIMUM, other_bytes = 32;
const volatile bool conversation;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 25);
} trace_events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_count);
} trace_counts SEC(".maps");

/* A record that is being put together: preemption is off while a program at a system call's return runs, so each processor needs one. */
struct trace_scratch {
	struct trace_call call;
	char data[TRACE_RECORD_MAXIMUM + TRACE_DATA_MAXIMUM + 1 + 1024];
	__u32 used; /* of DATA */
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* user space: the processors */
	__type(key, __u32);
	__type(value, struct trace_scratch);
} trace_scratches SEC(".maps");

/* Writes to a sysctl that are under way. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct trace_knob);
} knobs SEC(".maps");

/* ---- Time ---- */

/* Boottime is the monotonic clock and how long the machine has slept, which is the same until it sleeps again. To add that is the shorter way. Where
 * the kernel does not tell when it has slept (SLEEP_TOLD), it is asked for boottime each time. */
const volatile bool sleep_told;
__u64 slept;

static __always_inline __u64 trace_now(void)
{
	return sleep_told ? bpf_ktime_get_ns() + slept : bpf_ktime_get_boot_ns();
}

/* ---- Counting ---- */

__noinline int tell_gap(struct trace_count *count)
{
	struct trace_gap *gap;

	if (!count)
		return 0;
	gap = bpf_ringbuf_reserve(&trace_events, sizeof(*gap), 0);
	if (!gap)
		return 0;
	gap->event.type = TRACE_GAP;
	gap->event.flags = 0;
	gap->event.call = 0;
	gap->event.count = 0;
	gap->event.pid = gap->event.tid = 0;
	gap->event.time = trace_now();
	gap->from = count->from;
	gap->lost = __sync_lock_test_and_set(&count->pending, 0);
	gap->processor = bpf_get_smp_processor_id();
	gap->reserved = 0;
	bpf_ringbuf_submit(gap, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Before its room is taken, so that seen = delivered + lost whatever happens. */
static __always_inline struct trace_count *count_event(void)
{
	struct trace_count *count;
	__u32 zero = 0;

	count = bpf_map_lookup_elem(&trace_counts, &zero);
	if (!count)
		return NULL;
	__sync_fetch_and_add(&count->seen, 1);
	if (count->pending)
		tell_gap(count);
	return count;
}

static __always_inline void count_lost(struct trace_count *count)
{
	if (!count->pending)
		count->from = trace_now();
	__sync_fetch_and_add(&count->lost, 1);
	__sync_fetch_and_add(&count->pending, 1);
}

/* Room for an event of a constant SIZE, counted; NULL where there is none. */
static __always_inline void *event_reserve(__u64 size)
{
	struct trace_count *count = count_event();
	void *event = count ? bpf_ringbuf_reserve(&trace_events, size, 0) : NULL;

	if (count && !event)
		count_lost(count);
	return event;
}

static __always_inline void begin_event(struct trace_event *event, __u16 type, struct task_struct *task)
{
	event->type = type;
	event->flags = 0;
	event->call = 0;
	event->count = 0;
	event->pid = task->tgid;
	event->tid = task->pid;
	event->time = trace_now();
}

/* ---- Arguments ---- */

static __always_inline void take_arguments(struct trace_call *call, struct pt_regs *registers, bool compat)
{
#if defined(__TARGET_ARCH_x86)
	if (compat) {
		call->arguments[0] = (__u32)registers->bx;
		call->arguments[1] = (__u32)registers->cx;
		call->arguments[2] = (__u32)registers->dx;
		call->arguments[3] = (__u32)registers->si;
		call->arguments[4] = (__u32)registers->di;
		call->arguments[5] = (__u32)registers->bp;
		return;
	}
	call->arguments[0] = registers->di;
	call->arguments[1] = registers->si;
	call->arguments[2] = registers->dx;
	call->arguments[3] = registers->r10;
	call->arguments[4] = registers->r8;
	call->arguments[5] = registers->r9;
#else
	call->arguments[0] = registers->orig_x0;
	for (int i = 1; i < TRACE_ARGUMENTS; i++)
		call->arguments[i] = compat ? (__u32)registers->regs[i] : registers->regs[i];
#endif
}

static __always_inline __u64 argument_of(const struct trace_scratch *scratch, __u32 index)
{
	KEEP(index);
	return index < TRACE_ARGUMENTS ? scratch->call.arguments[index] : 0;
}

/* ---- Chunks ---- */

/* Room for a chunk of at most TRACE_DATA_MAXIMUM bytes, NULL where there is none. */
static __always_inline struct trace_chunk *chunk_at(struct trace_scratch *scratch)
{
	__u32 used = scratch->used;

	if (used > TRACE_RECORD_MAXIMUM - sizeof(struct trace_chunk))
		return NULL;
	KEEP(used);
	used &= 2 * TRACE_RECORD_MAXIMUM - 1;
	if (used > TRACE_RECORD_MAXIMUM - sizeof(struct trace_chunk))
		return NULL;
	return (struct trace_chunk *)(scratch->data + used);
}

/* What a chunk is of, in one number: its argument, or that and its message (OF_MESSAGE), and its kind. */
#define WHAT(argument, kind)          ((argument) | (kind) << 8)
#define OF_MESSAGE(argument, message) ((argument) | (message) << 16)

static __always_inline void chunk_begin(struct trace_chunk *chunk, __u32 what)
{
	chunk->argument = what & 0xff;
	chunk->kind = what >> 8 & 0xff;
	chunk->message = what >> 16 & 0xff;
}

static __always_inline void chunk_end(struct trace_scratch *scratch, struct trace_chunk *chunk, __u32 length)
{
	chunk->length = length;
	scratch->used += sizeof(*chunk) + ((length + 7) & ~7u);
}

/* LENGTH bytes at ADDRESS of the program's memory, at most MOST. What is not resident cannot be read from here: then as much as lies before it. */
__noinline int copy_bytes(struct trace_scratch *scratch, __u64 address, __u64 length, __u32 what, __u32 most)
{
	struct trace_chunk *chunk;
	__u64 take = length;

	if (!scratch)
		return 0;
	chunk = chunk_at(scratch);
	if (!chunk)
		return 0;
	if (take > most)
		take = most;
	chunk_begin(chunk, what);
	chunk->total = length > 0xffffffff ? 0xffffffff : (__u32)length;
	chunk->error = 0;
	KEEP(take);
	if (take > TRACE_DATA_MAXIMUM)
		take = TRACE_DATA_MAXIMUM;
	if (take && bpf_probe_read_user((char *)chunk + sizeof(*chunk), take, (void *)address)) {
		const __u64 page = 4096 - (address & 4095);

		chunk->error = -14;
		take = page < take ? page : 0;
		KEEP(take);
		if (take > 4096 || (take && bpf_probe_read_user((char *)chunk + sizeof(*chunk), take, (void *)address)))
			take = 0;
	}
	chunk_end(scratch, chunk, (__u32)take);
	return (int)take;
}

__noinline int copy_text(struct trace_scratch *scratch, __u64 address, __u32 what)
{
	struct trace_chunk *chunk;
	long length;

	if (!scratch)
		return 0;
	chunk = chunk_at(scratch);
	if (!chunk)
		return 0;
	chunk_begin(chunk, what);
	length = bpf_probe_read_user_str((char *)chunk + sizeof(*chunk), TRACE_TEXT_MAXIMUM, (void *)address);
	chunk->error = length < 0 ? (__s32)length : 0;
	if (length < 0 || length > TRACE_TEXT_MAXIMUM)
		length = 0;
	/* The NUL stays behind; where there was none, more follows. */
	chunk->total = length == TRACE_TEXT_MAXIMUM ? TRACE_TEXT_MAXIMUM + 1 : length ? (__u32)length - 1 : 0;
	chunk_end(scratch, chunk, length ? (__u32)length - 1 : 0);
	return 0;
}

/* <sys/uio.h> and <bits/socket.h>, native. */
struct copy_part {
	__u64 base, length;
};
struct copy_message {
	__u64 name;
	__u32 name_length, reserved;
	__u64 parts, part_count;
	__u64 control, control_length;
	__u32 flags;
};

struct copy_parts {
	__u64 next, left;
	__u32 what, most;
};

/* A program that is verified by itself: older kernels know no other way to go over parts that does not multiply its ways by their number. */
__noinline int copy_part(struct trace_scratch *scratch, struct copy_parts *parts)
{
	struct copy_part part;

	if (!scratch || !parts || !parts->left || bpf_probe_read_user(&part, sizeof(part), (void *)parts->next))
		return 1;
	if (part.length > parts->left)
		part.length = parts->left;
	copy_bytes(scratch, part.base, part.length, parts->what, parts->most);
	parts->next += sizeof(part);
	parts->left -= part.length;
	parts->most -= part.length < parts->most ? (__u32)part.length : parts->most;
	return 0;
}

/* The parts, one chunk each, up to LENGTH bytes in all, of which MOST are copied: returns how many of MOST are left. */
static __always_inline __u32 copy_vector(struct trace_scratch *scratch, __u64 parts, __u64 count, __u64 length, __u32 what, __u32 most)
{
	struct copy_parts walk = { .next = parts, .left = length, .what = what, .most = most };

	for (__u32 i = 0; i < 64 && i < count && !copy_part(scratch, &walk); i++)
		;
	return walk.most;
}

/* ARGUMENT may have a message in it. Returns how many of MOST bytes are left. */
__noinline int copy_message(struct trace_scratch *scratch, __u64 address, __u64 length, __u32 argument, __u32 most)
{
	struct copy_message message = {};

	if (!scratch)
		return 0;
	if (bpf_probe_read_user(&message, sizeof(message), (void *)address)) {
		copy_bytes(scratch, address, sizeof(message), WHAT(argument, TRACE_DATA), sizeof(message));
		return (int)most;
	}
	if (message.name)
		copy_bytes(scratch, message.name, message.name_length, WHAT(argument, TRACE_PEER), 128);
	most = copy_vector(scratch, message.parts, message.part_count, length, WHAT(argument, TRACE_DATA), most);
	if (message.control && message.control_length)
		copy_bytes(scratch, message.control, message.control_length, WHAT(argument, TRACE_CONTROL), 256);
	return (int)most;
}

struct copy_several {
	struct trace_scratch *scratch;
	__u64 address;
	__u32 argument, most;
};

/* A struct mmsghdr: the message, and how long it was. */
#define MESSAGE_SIZE 64

static __always_inline long copy_one_message(__u32 index, struct copy_several *messages)
{
	const __u64 address = messages->address + index * MESSAGE_SIZE, tail = address + sizeof(struct copy_message);
	const __u32 argument = OF_MESSAGE(messages->argument, index);
	__u32 length;

	if (bpf_probe_read_user(&length, sizeof(length), (void *)tail))
		return 1;
	copy_bytes(messages->scratch, tail, sizeof(length), WHAT(argument, TRACE_LENGTH), sizeof(length));
	messages->most = (__u32)copy_message(messages->scratch, address, length, argument, messages->most);
	return 0;
}

__noinline int copy_messages(struct trace_scratch *scratch, __u64 address, __s64 count, __u32 argument, __u32 most)
{
	struct copy_several messages = { .scratch = scratch, .address = address, .argument = argument, .most = most };

	for (__u32 i = 0; scratch && i < TRACE_MESSAGES && i < count && !copy_one_message(i, &messages); i++)
		;
	return 0;
}

struct copy_texts {
	struct trace_scratch *scratch;
	__u64 address;
	__u32 what;
};

static __always_inline long copy_one_text(__u32 index, struct copy_texts *texts)
{
	__u64 text = 0;

	if (bpf_probe_read_user(&text, sizeof(text), (void *)(texts->address + index * sizeof(text))) || !text)
		return 1;
	copy_text(texts->scratch, text, texts->what);
	return 0;
}

/* ioctl(2): newer requests say how much; of the older ones those that matter here are known. Sources: <asm-generic/ioctl.h>, <linux/sockios.h>,
 * <asm-generic/ioctls.h>. */
static __always_inline __u32 ioctl_length(__u32 request)
{
	if (request >> 16)
		return request >> 16 & 0x3fff;
	switch (request) {
	case 0x890b: /* SIOCADDRT */
	case 0x890c: /* SIOCDELRT */
		return 120;
	case 0x8912: /* SIOCGIFCONF */
		return 16;
	case 0x8953 ... 0x8955: /* SIOCDARP, SIOCGARP, SIOCSARP */
		return 68;
	case 0x5401 ... 0x5404: /* TCGETS, TCSETS... */
		return 36;
	case 0x5413 ... 0x5414: /* TIOCGWINSZ, TIOCSWINSZ */
		return 8;
	case 0x540f ... 0x5410: /* TIOCGPGRP, TIOCSPGRP */
	case 0x541b:            /* FIONREAD */
	case 0x5421:            /* FIONBIO */
		return 4;
	}
	return request >> 8 == 0x89 ? 40 : 0;
}

static __always_inline const volatile struct trace_shape *shape_of(__u32 call, bool compat)
{
	if (call >= TRACE_CALL_COUNT)
		return NULL;
	KEEP(call);
	call &= TRACE_CALL_COUNT - 1;
	return compat ? &shapes_compat[call] : &shapes[call];
}

/* A call and one of its arguments, in one number. */
#define WHICH(number, compat) ((number)&0xffff | ((compat) ? 1u << 31 : 0))
#define OF_ARGUMENT(index)    ((index) << 16)

/* A program that is verified by itself: within the one that calls it for each argument, its ways would count six times over, which is more than newer
 * kernels allow. */
__noinline int copy_argument(struct trace_scratch *scratch, __u32 which, __s64 result, __u32 bulk)
{
	const volatile struct trace_shape *shape = shape_of(which & 0xffff, which >> 31);
	const bool failed = result < 0 && result >= -4095;
	const volatile struct trace_copy *copy;
	__u32 index = which >> 16 & 0xff, what, by, flags, most, length;
	__u64 address, other;

	KEEP(index);
	if (!scratch || !shape || index >= TRACE_ARGUMENTS)
		return 0;
	copy = &shape->copies[index];
	what = WHAT(index, TRACE_DATA);
	by = copy->by;
	flags = copy->flags;
	most = flags & TRACE_COPY_BULK ? bulk : TRACE_DATA_MAXIMUM;
	address = argument_of(scratch, index);
	other = argument_of(scratch, by);
	if (!address || (flags & TRACE_COPY_AFTER && failed))
		return 0;
	switch (copy->kind) {
	case TRACE_COPY_TEXT:
		copy_text(scratch, address, what);
		break;
	case TRACE_COPY_FIXED:
		copy_bytes(scratch, address, copy->size, what, most);
		break;
	case TRACE_COPY_LENGTH:
		/* Of a number of structs at most so many as people read. */
		if (copy->size > 1 && other > 256)
			other = 256;
		copy_bytes(scratch, address, other * copy->size, what, most);
		break;
	case TRACE_COPY_RESULT:
		if (result > 0)
			copy_bytes(scratch, address, (__u64)result * copy->size, what, most);
		break;
	case TRACE_COPY_POINTED:
		if (!other || bpf_probe_read_user(&length, sizeof(length), (void *)other))
			break;
		copy_bytes(scratch, other, sizeof(length), WHAT(by, TRACE_LENGTH), sizeof(length));
		copy_bytes(scratch, address, length, what, 128);
		break;
	case TRACE_COPY_PARTS:
		copy_vector(scratch, address, other, flags & TRACE_COPY_AFTER ? (__u64)result : ~0ull, what, most);
		break;
	case TRACE_COPY_MESSAGE:
		copy_message(scratch, address, flags & TRACE_COPY_AFTER ? (__u64)result : ~0ull, index, most);
		break;
	case TRACE_COPY_MESSAGES:
		copy_messages(scratch, address, result, index, most);
		break;
	case TRACE_COPY_STRINGS: {
		struct copy_texts texts = { .scratch = scratch, .address = address, .what = what };

		for (__u32 i = 0; i < 64 && !copy_one_text(i, &texts); i++)
			;
		break;
	}
	case TRACE_COPY_IOCTL:
		length = ioctl_length((__u32)other);
		if (length)
			copy_bytes(scratch, address, length, what, 1024);
		break;
	}
	return 0;
}

/* ---- What a descriptor stands for ---- */

static __always_inline void file_socket(struct trace_file *out, struct file *file)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);

	out->channel = TRACE_SOCKET;
	if (!sk)
		return;
	out->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	out->protocol = BPF_CORE_READ(sk, sk_protocol);
	out->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	if (out->family == AF_NETLINK) {
		out->channel = TRACE_NETLINK;
		out->port = BPF_CORE_READ((struct netlink_sock *)sk, portid);
	}
}

/* Tells the file at ADDRESS where it is of a channel, or a socket; returns the channel. */
__noinline int copy_file(struct trace_scratch *scratch, __u64 address, __u32 argument)
{
	struct file *file = (struct file *)address;
	struct trace_chunk *chunk;
	struct trace_file *out;
	unsigned long magic;
	__u32 length = 0;

	if (!scratch || !file)
		return TRACE_NO_CHANNEL;
	chunk = chunk_at(scratch);
	if (!chunk)
		return TRACE_NO_CHANNEL;
	out = (struct trace_file *)((char *)chunk + sizeof(*chunk));
	out->channel = TRACE_NO_CHANNEL;
	out->netns = out->port = 0;
	out->family = out->protocol = 0;
	out->reserved = 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFSOCK) {
		file_socket(out, file);
	} else {
		magic = BPF_CORE_READ(file, f_inode, i_sb, s_magic);
		out->channel = magic == PROC_SUPER_MAGIC ? TRACE_PROCFS : magic == SYSFS_MAGIC ? TRACE_SYSFS : TRACE_NO_CHANNEL;
		if (!out->channel)
			return TRACE_NO_CHANNEL;
		length = path_parts((char *)out + sizeof(*out), BPF_CORE_READ(file, f_path.dentry), BPF_CORE_READ(file, f_path.mnt), 0);
	}
	out->inode = BPF_CORE_READ(file, f_inode, i_ino);
	out->position = BPF_CORE_READ(file, f_pos);
	out->path_length = length;
	if (length > EVENT_PATH_MAXIMUM)
		length = EVENT_PATH_MAXIMUM;
	chunk_begin(chunk, WHAT(argument, TRACE_FILE));
	chunk->error = 0;
	chunk->total = sizeof(*out) + length;
	chunk_end(scratch, chunk, sizeof(*out) + length);
	return out->channel;
}

/* The same of the descriptor that ARGUMENT of the call is. */
static __always_inline __u32 copy_descriptor(struct trace_scratch *scratch, __u32 argument)
{
	struct file *file = task_file(bpf_get_current_task_btf(), (__u32)argument_of(scratch, argument));

	return copy_file(scratch, (__u64)file, argument);
}

/* LENGTH bytes of VALUE, or why there are none. */
static __always_inline void copy_knob_value(struct trace_scratch *scratch, const char *value, __s32 length, __u32 what)
{
	struct trace_chunk *chunk = chunk_at(scratch);
	__u32 take = length < 0 ? 0 : (__u32)length;

	if (!chunk)
		return;
	KEEP(take);
	if (take > TRACE_KNOB_MAXIMUM)
		take = TRACE_KNOB_MAXIMUM;
	chunk_begin(chunk, what);
	chunk->error = length < 0 ? length : 0;
	chunk->total = take;
	if (bpf_probe_read_kernel((char *)chunk + sizeof(*chunk), take, value) == 0 && !chunk->error)
		chunk_end(scratch, chunk, take);
}

/* The value that the write in progress has replaced; and, where no argument points to it, that which was WRITTEN. */
static __always_inline void copy_knob(struct trace_scratch *scratch, __u32 argument, bool written)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct trace_knob *knob = bpf_map_lookup_elem(&knobs, &tid);

	if (!knob)
		return;
	copy_knob_value(scratch, knob->value, knob->length, WHAT(argument, TRACE_BEFORE));
	if (written)
		copy_knob_value(scratch, knob->written, knob->written_length, WHAT(argument, TRACE_WRITTEN));
	bpf_map_delete_elem(&knobs, &tid);
}

/* Whether the text that argument INDEX points to, which was copied just now, names a file of a channel. */
static __always_inline bool names_channel(struct trace_scratch *scratch)
{
	const char *text = scratch->data + sizeof(struct trace_chunk);

	if (text[0] != '/')
		return false;
	return (text[1] == 'p' && text[2] == 'r' && text[3] == 'o' && text[4] == 'c' && text[5] == '/') ||
	       (text[1] == 's' && text[2] == 'y' && text[3] == 's' && text[4] == '/');
}

/* A program that runs: its arguments stand where the kernel has put them, since those of the call went with the old memory. */
static __always_inline void copy_image(struct trace_scratch *scratch, struct task_struct *task, __u32 name)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	const __u64 start = BPF_CORE_READ(mm, arg_start);

	copy_text(scratch, BPF_CORE_READ(mm, env_end), WHAT(name, TRACE_DATA));
	copy_bytes(scratch, start, BPF_CORE_READ(mm, arg_end) - start, WHAT(name + 1, TRACE_DATA), TRACE_TEXT_MAXIMUM);
}

#endif
