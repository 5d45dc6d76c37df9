// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Counts and times what crosses into the kernel: system calls, page faults and other exceptions, interrupts. Everything is added up here, by
 * processor; user space reads sums. */
#include "bpf/stat-interrupt.h"
#include "bpf/stat-ring.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* ---- System calls ---- */

/* By native number; enum stat_kind. */
#define CALL_NUMBERS 512
const volatile __u8 kinds[CALL_NUMBERS];

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CALL_NUMBERS);
	__type(key, __u32);
	__type(value, struct stat_timing);
} calls SEC(".maps");

/* Those of 32-bit programs, which are few. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CALL_NUMBERS);
	__type(key, __u32);
	__type(value, struct stat_timing);
} calls_compat SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct stat_path);
	__type(value, __u64);
} opened SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stat_path);
} path_room SEC(".maps");

static __always_inline __u64 argument(struct pt_regs *registers, int index)
{
#if defined(__TARGET_ARCH_x86)
	switch (index) {
	case 0:
		return registers->di;
	case 1:
		return registers->si;
	case 2:
		return registers->dx;
	case 3:
		return registers->r10;
	default:
		return registers->r8;
	}
#else
	return index == 0 ? registers->orig_x0 : registers->user_regs.regs[index];
#endif
}

/* Where a function without a frame has its return address; 0 where that is in a register, which is not looked at. */
static __always_inline __u64 stack_top(struct pt_regs *registers)
{
#if defined(__TARGET_ARCH_x86)
	return registers->sp;
#else
	return 0;
#endif
}

SEC("tp_btf/sys_enter")
int BPF_PROG(stat_enter, struct pt_regs *registers, long number)
{
	struct task_struct *task;
	struct task_state *state;

	if (target_is_other(registers))
		return 0;
	task = bpf_get_current_task_btf();
	state = target_storage(task);
	if (!state || !target_enters(state))
		return 0;
	/* x32 has the native numbers with a bit of its own. */
	state->call = number & (CALL_NUMBERS - 1);
	if (kinds[state->call] == STAT_KIND_BRK)
		state->brk = task->mm->brk;
	state->entered = bpf_ktime_get_ns();
	/* From 7.0 on the task may be put off in here: what it waits before its time begins is not of the call. */
	asm volatile("" ::: "memory");
	state->waited = 0;
	return 0;
}

static __always_inline bool is_zero_time(__u64 address)
{
	__u64 time[2] = { 1, 1 };

	return address && !bpf_probe_read_user(time, sizeof(time), (void *)address) && !time[0] && !time[1];
}

static __noinline int count_open(__u64 address)
{
	__u32 zero = 0;
	struct stat_path *path = bpf_map_lookup_elem(&path_room, &zero);

	if (!path)
		return 0;
	__builtin_memset(path, 0, sizeof(*path));
	if (bpf_probe_read_user_str(path->text, sizeof(path->text), (void *)address) > 0)
		count_in(&opened, path, 1);
	return 0;
}

/* BYTES at START, where that is memory that can be touched; else 0. */
static __always_inline void count_memory(void *context, struct pt_regs *registers, enum stat_memory what, __u64 start, __u64 bytes)
{
	struct stat_site_key key = { .kind = STAT_SITE_MEMORY, .number = what };
	struct stat_counts *own = own_counts();

	if (!own)
		return;
	own->memory_bytes[what] += bytes;
	own->memory_calls[what]++;
	if (!sites)
		return;
	count_site(context, &key, stack_top(registers), 0, bytes);
	if (start)
		note_ask(&key, start, bytes);
}

/* What the call's result and arguments say beyond its time. */
static __always_inline void look_closer(void *context, struct pt_regs *registers, struct task_state *state, struct stat_timing *timing, __u32 kind,
					long result)
{
	bool idle = false;

	switch (kind) {
	case STAT_KIND_TRANSFER:
		if (result > 0)
			timing->bytes += result;
		idle = result > 0 && result <= STAT_SMALL;
		break;
	case STAT_KIND_POLL:
		idle = result == 0 && (__u32)argument(registers, 2) == 0;
		break;
	case STAT_KIND_EPOLL:
		idle = result == 0 && (__u32)argument(registers, 3) == 0;
		break;
	case STAT_KIND_PPOLL:
		idle = result == 0 && is_zero_time(argument(registers, 2));
		break;
	case STAT_KIND_SELECT:
		idle = result == 0 && is_zero_time(argument(registers, 4));
		break;
	case STAT_KIND_OPEN:
	case STAT_KIND_OPENAT:
		if (result >= 0)
			count_open(argument(registers, kind == STAT_KIND_OPENAT));
		break;
	case STAT_KIND_BRK:
		if (result > (long)state->brk)
			count_memory(context, registers, STAT_BRK_ASKED, state->brk, result - state->brk);
		else if (result < (long)state->brk)
			count_memory(context, registers, STAT_BRK_GIVEN, 0, state->brk - result);
		break;
	case STAT_KIND_MMAP:
		if (result < 0 && result >= -4095)
			break;
		if (argument(registers, 3) & MAP_ANONYMOUS)
			count_memory(context, registers, STAT_MMAP_ANONYMOUS, result, pages_of(argument(registers, 1)));
		else
			count_memory(context, registers, STAT_MMAP_FILE, 0, pages_of(argument(registers, 1)));
		break;
	case STAT_KIND_MUNMAP:
		if (result == 0)
			count_memory(context, registers, STAT_MUNMAP, 0, pages_of(argument(registers, 1)));
		break;
	case STAT_KIND_MADVISE:
		if (result == 0 && (argument(registers, 2) == MADV_DONTNEED || argument(registers, 2) == MADV_FREE))
			count_memory(context, registers, STAT_DONTNEED, 0, pages_of(argument(registers, 1)));
		break;
	}
	if (idle)
		timing->idle++;
}

static __noinline struct stat_timing *compat_timing(__u32 number)
{
	struct stat_timing *timing = bpf_map_lookup_elem(&calls_compat, &number), *zero;
	__u32 none = 0;

	if (timing)
		return timing;
	zero = bpf_map_lookup_elem(&zeroes, &none);
	if (zero)
		bpf_map_update_elem(&calls_compat, &number, zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&calls_compat, &number);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(stat_exit, struct pt_regs *registers, long result)
{
	struct task_struct *task;
	struct task_state *state;
	struct stat_timing *timing;
	bool compat;
	__u32 number;
	__u64 took, waited;

	if (target_is_other(registers))
		return 0;
	task = bpf_get_current_task_btf();
	state = target_storage(task);
	compat = call_is_compat(task);
	if (!state || !state->entered || !target_follows(state))
		return 0;
	waited = state->waited;
	took = bpf_ktime_get_ns() - state->entered;
	state->entered = 0;
	number = state->call;
	timing = compat ? compat_timing(number) : bpf_map_lookup_elem(&calls, &number);
	if (!timing)
		return count_full();
	count_time(timing, took, waited);
	/* The error codes of the kernel's own (restart this call) are not the program's: it does not see them. */
	if (result < 0 && result >= -4095) {
		timing->failed++;
		count_error((compat ? STAT_COMPAT : 0) | number << 16 | -result);
	}
	if (sites) {
		struct stat_site_key key = { .kind = STAT_SITE_CALL, .number = (compat ? STAT_COMPAT : 0) | number };

		count_site(ctx, &key, stack_top(registers), took, 0);
	}
	if (!compat && kinds[number & (CALL_NUMBERS - 1)])
		look_closer(ctx, registers, state, timing, kinds[number & (CALL_NUMBERS - 1)], result);
	return 0;
}

/* exit(2) and exit_group(2) do not return. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(stat_end, struct task_struct *task)
{
	struct task_state *state = bpf_task_storage_get(&tasks, task, 0, 0);
	struct stat_timing *timing;
	__u64 waited;
	__u32 number;

	if (!state || !target_follows(state) || !state->entered)
		return 0;
	waited = state->waited;
	number = state->call & (CALL_NUMBERS - 1);
	if (kinds[number] == STAT_KIND_EXIT && !call_is_compat(task)) {
		timing = bpf_map_lookup_elem(&calls, &number);
		if (timing)
			count_time(timing, bpf_ktime_get_ns() - state->entered, waited);
	}
	state->entered = 0;
	return 0;
}

/* ---- Page faults ---- */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STAT_REGION_COUNT *STAT_FAULT_COUNT);
	__type(key, __u32);
	__type(value, struct stat_timing);
} faults SEC(".maps");

static __always_inline int fault_begins(unsigned long address)
{
	struct task_state *state = target_current();

	if (state) {
		state->fault_waited = 0;
		state->fault_entered = bpf_ktime_get_ns();
	}
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(stat_fault_user, unsigned long address)
{
	return fault_begins(address);
}

/* A fault that the kernel took itself, on an address that a call was given. */
SEC("tp_btf/page_fault_kernel")
int BPF_PROG(stat_fault_kernel, unsigned long address)
{
	return fault_begins(address);
}

/* Changes with every change to the list of areas; 0 where this kernel does not keep such a number. */
static __always_inline __u32 area_sequence(struct mm_struct *mm)
{
	struct mm_struct___before_6_13 *older = (void *)mm;

	if (bpf_core_field_exists(mm->mm_lock_seq.sequence))
		return mm->mm_lock_seq.sequence;
	return bpf_core_field_exists(older->mm_lock_seq) ? (__u32)BPF_CORE_READ(older, mm_lock_seq) : 0;
}

struct area {
	__u64 start, end;
	__u32 region;
};

static long classify(struct task_struct *task, struct vm_area_struct *found, struct area *area)
{
	struct mm_struct *mm = task->mm;

	area->start = found->vm_start;
	area->end = found->vm_end;
	if (found->vm_file)
		area->region = STAT_FILE;
	else if (mm && area->start <= mm->brk && area->end > mm->start_brk)
		area->region = STAT_HEAP;
	else if (mm && area->start <= mm->start_stack && area->end > mm->start_stack)
		area->region = STAT_STACK;
	else
		area->region = STAT_ANONYMOUS;
	return 0;
}

/* To look an area up costs an interrupt, by which the kernel gives the lock back; so the last one is kept for as long as the areas stay as they are.
 */
static __always_inline __u32 region_of(struct task_struct *task, struct task_state *state, __u64 address)
{
	struct mm_struct *mm = task->mm;
	struct area area = {};
	__u32 sequence;

	if (!mm)
		return STAT_REGION_UNKNOWN;
	sequence = area_sequence(mm);
	if (sequence && state->area_memory == (__u64)mm && state->area_sequence == sequence && address >= state->area_start &&
	    address < state->area_end)
		return state->area_region;
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_find_vma) || bpf_find_vma(task, address, classify, &area, 0) || !area.end)
		return STAT_REGION_UNKNOWN;
	state->area_memory = (__u64)mm;
	state->area_sequence = sequence;
	state->area_start = area.start;
	state->area_end = area.end;
	state->area_region = area.region;
	return area.region;
}

/* The program's, 0 where the kernel itself took the fault. */
static __always_inline __u64 perf_stack_pointer(const struct bpf_perf_event_data *context)
{
#if defined(__TARGET_ARCH_x86)
	return context->regs.registers[PERF_REGISTER_CS] & 3 ? context->regs.registers[PERF_REGISTER_SP] : 0;
#else
	return 0;
#endif
}

/* The kernel's own counting of a fault, when it has dealt with it: the fault's other end. Here interrupts are on, and the areas may be looked at. */
static __always_inline int fault_ends(struct bpf_perf_event_data *context, enum stat_fault fault)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = target_current();
	struct stat_counts *counts = own_counts();
	__u32 region, key;
	struct stat_timing *timing;
	__u64 took = 0;

	if (!state || !counts)
		return 0;
	if (state->fault_entered)
		took = bpf_ktime_get_ns() - state->fault_entered;
	state->fault_entered = 0;
	region = region_of(task, state, context->addr);
	if (region >= STAT_REGION_COUNT)
		return 0;
	key = region * STAT_FAULT_COUNT + fault;
	timing = bpf_map_lookup_elem(&faults, &key);
	if (!timing)
		return 0;
	count_time(timing, took, state->fault_waited);
	if (state->entered)
		counts->faults_in_calls += took - state->fault_waited;
	if (sites) {
		struct stat_site_key site = { .kind = STAT_SITE_FAULT, .number = region << 1 | fault };

		count_site(context, &site, perf_stack_pointer(context), took, 0);
		if (region == STAT_HEAP || region == STAT_ANONYMOUS)
			count_touched(context->addr);
	}
	return 0;
}

SEC("perf_event")
int stat_fault_minor(struct bpf_perf_event_data *context)
{
	return fault_ends(context, STAT_MINOR);
}

SEC("perf_event")
int stat_fault_major(struct bpf_perf_event_data *context)
{
	return fault_ends(context, STAT_MAJOR);
}

/* ---- Other exceptions: those that become a signal ---- */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 256);
	__type(key, struct stat_signal_key);
	__type(value, struct stat_signal);
} signals SEC(".maps");

SEC("tp_btf/signal_generate")
int BPF_PROG(stat_signal, int number, struct kernel_siginfo *info, struct task_struct *task)
{
	struct stat_signal_key key = { .number = number };
	struct stat_signal first = {}, *signal;
	struct task_state *state;
	void *address = NULL;

	if (number != SIGSEGV && number != SIGBUS && number != SIGFPE && number != SIGILL && number != SIGTRAP)
		return 0;
	state = target_current();
	/* 1 and less are no pointers: SEND_SIG_PRIV, SEND_SIG_NOINFO. What is not positive comes from a program. */
	if (!state || (__u64)info <= 1)
		return 0;
	key.code = BPF_CORE_READ(info, si_code);
	if (key.code <= 0 || task != bpf_get_current_task_btf())
		return 0;
	address = BPF_CORE_READ(info, _sifields._sigfault._addr);
	state->fault_entered = 0;
	signal = bpf_map_lookup_elem(&signals, &key);
	if (!signal) {
		bpf_map_update_elem(&signals, &key, &first, BPF_NOEXIST);
		signal = bpf_map_lookup_elem(&signals, &key);
	}
	if (!signal)
		return count_full();
	__sync_fetch_and_add(&signal->count, 1);
	signal->address = (__u64)address;
	signal->pid = bpf_get_current_pid_tgid() >> 32;
	signal->tid = (__u32)bpf_get_current_pid_tgid();
	return 0;
}

/* ---- The processor ---- */

/* In CONTEXT: whether it was preempted, who goes, who comes, and, where the kernel has it (HAVE_STATE), in what state the one goes. */
const volatile bool have_state;

static __always_inline void goes_off(struct task_struct *task, struct stat_counts *own, bool waits, __u64 now)
{
	struct task_state *state = target_state(task);
	__u64 ran;

	if (!state || !target_enters(state))
		return;
	ran = state->arrived ? now - state->arrived : 0;
	state->arrived = 0;
	state->left = now;
	if (!target_follows(state))
		return;
	if (task->flags & PF_KTHREAD) {
		own->kernel_threads += ran;
		return;
	}
	own->on_processor += ran;
	if (waits)
		own->switches_voluntary++;
	else
		own->switches_forced++;
}

static __always_inline void comes_on(struct task_struct *task, __u64 now)
{
	struct task_state *state = target_state(task);

	if (!state || !target_enters(state))
		return;
	if (state->left) {
		state->waited += now - state->left;
		state->fault_waited += now - state->left;
	}
	state->arrived = now;
}

/* In CONTEXT: whether it was preempted, who goes, who comes, and, where the kernel has it (HAVE_STATE), in what state the one goes. The processor's
 * own idle task, which has the number 0, is nobody. */
SEC("tp_btf/sched_switch")
int stat_switch(__u64 *context)
{
	struct task_struct *goes = (void *)context[1], *comes = (void *)context[2];
	struct stat_counts *own = own_counts();
	__u64 now = bpf_ktime_get_ns();

	if (own && goes->pid)
		goes_off(goes, own, (have_state ? (__u32)context[3] : goes->__state) && !context[0], now);
	if (comes->pid)
		comes_on(comes, now);
	return 0;
}
