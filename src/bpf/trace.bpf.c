/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * One record a system call, made when it returns: the registers still hold the arguments, what the kernel wrote is there, and what it read is
 * resident. Where only the conversation is asked for, what is not about a channel ends here.
 */
#include "bpf/copy.h"
#include "bpf/ring.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct trace_results results;

/* Whether the beginning of a call is looked at. */
const volatile bool timed;

/* exit(2), exit_group(2); rt_sigreturn(2): native, 32-bit. */
const volatile __u32 exit_calls[2], exit_calls_compat[2], return_call, return_call_compat;

static __always_inline bool call_failed(__s64 result)
{
	return result < 0 && result >= -4095;
}

static __always_inline bool result_wanted(__s64 result)
{
	__u32 error = (__u32)-result;

	if (!results.filtered)
		return true;
	if (!call_failed(result))
		return results.successes;
	KEEP(error);
	error &= TRACE_ERRORS - 1;
	return results.failures[error / 64] >> (error % 64) & 1;
}

static __always_inline __u32 call_number(struct pt_regs *registers)
{
#if defined(__TARGET_ARCH_x86)
	return (__u32)registers->orig_ax;
#else
	return (__u32)registers->syscallno;
#endif
}

/* Calls whose arguments point nowhere, of two sizes: the verifier wants each to be a constant. */
static __always_inline void tell_bare(struct task_struct *task, __u32 number, __s64 result, __u16 flags, __u64 entered)
{
	struct trace_call *call = event_reserve(TRACE_CALL_BARE);

	if (!call)
		return;
	begin_event(&call->event, TRACE_CALL, task);
	call->event.flags = flags;
	call->event.call = (__u16)number;
	call->entered = entered;
	call->result = result;
	bpf_ringbuf_submit(call, BPF_RB_NO_WAKEUP);
}

static __always_inline void tell_plain(struct task_struct *task, struct pt_regs *registers, __u32 number, __s64 result, __u16 flags, __u64 entered)
{
	struct trace_call *call = event_reserve(sizeof(*call));

	if (!call)
		return;
	begin_event(&call->event, TRACE_CALL, task);
	call->event.flags = flags;
	call->event.call = (__u16)number;
	call->event.count = TRACE_ARGUMENTS;
	call->entered = entered;
	call->result = result;
	take_arguments(call, registers, flags & TRACE_COMPAT);
	bpf_ringbuf_submit(call, BPF_RB_NO_WAKEUP);
}

/* The descriptor and what the arguments point to. False where the conversation does not want it. */
static __always_inline bool copy_call(struct trace_scratch *scratch, struct task_struct *task, const volatile struct trace_shape *shape, __u32 which,
				      __s64 result)
{
	const __u32 descriptor = shape->descriptor, other = shape->other, flags = shape->flags;
	__u32 channel = TRACE_NO_CHANNEL, second = TRACE_NO_CHANNEL, bulk = other_bytes;

	if (descriptor)
		channel = copy_descriptor(scratch, descriptor - 1);
	if (other)
		second = copy_descriptor(scratch, other - 1);
	if ((channel == TRACE_PROCFS || second == TRACE_PROCFS) && flags & TRACE_SHAPE_TALKS)
		copy_knob(scratch, descriptor - 1, other);
	if (second && (!channel || channel == TRACE_SOCKET))
		channel = second;
	if (channel && (channel != TRACE_SOCKET || flags & TRACE_SHAPE_IOCTL))
		bulk = channel_bytes;
	else if (conversation && !(flags & TRACE_SHAPE_OPENS))
		return false;
	if (conversation && flags & TRACE_SHAPE_OPENS && !call_failed(result))
		return false;
	if (flags & TRACE_SHAPE_RUNS && result == 0) {
		copy_image(scratch, task, shape->count == 5);
		return true;
	}
	for (__u32 i = 0; i < TRACE_ARGUMENTS; i++)
		if (shape->copies[i].kind)
			copy_argument(scratch, which | OF_ARGUMENT(i), result, bulk);
	return !conversation || !(flags & TRACE_SHAPE_OPENS) || names_channel(scratch);
}

static __always_inline void tell_call(struct task_struct *task, struct pt_regs *registers, const volatile struct trace_shape *shape, __u32 number,
				      __s64 result, __u16 flags, __u64 entered)
{
	__u32 processor = bpf_get_smp_processor_id(), size;
	struct trace_scratch *scratch = bpf_map_lookup_elem(&trace_scratches, &processor);
	struct trace_count *counter;

	if (!scratch)
		return;
	begin_event(&scratch->call.event, TRACE_CALL, task);
	scratch->call.event.flags = flags;
	scratch->call.event.call = (__u16)number;
	scratch->call.event.count = TRACE_ARGUMENTS;
	scratch->call.entered = entered;
	scratch->call.result = result;
	take_arguments(&scratch->call, registers, flags & TRACE_COMPAT);
	scratch->used = 0;
	if (!copy_call(scratch, task, shape, WHICH(number, flags & TRACE_COMPAT), result))
		return;
	size = sizeof(scratch->call) + scratch->used;
	KEEP(size);
	counter = count_event();
	if (counter && (size > sizeof(scratch->call) + sizeof(scratch->data) || bpf_ringbuf_output(&trace_events, scratch, size, BPF_RB_NO_WAKEUP)))
		count_lost(counter);
}

/* STATE may be NULL where nothing is timed. What a call that does not return points to is not looked at, which spares the verifier half of its work.
 */
static __always_inline void tell(struct task_struct *task, struct pt_regs *registers, struct task_state *state, __s64 result, __u16 flags)
{
	const volatile struct trace_shape *shape;
	__u32 number = call_number(registers);
	__u64 entered = state ? state->entered : 0;

	if (state)
		state->entered = 0;
	if (number == (__u32)-1)
		number = flags & TRACE_COMPAT ? return_call_compat : return_call;
	shape = shape_of(number, flags & TRACE_COMPAT);
	/* What a fork returns in the child is no call of the child's. */
	if (!shape || !(shape->flags & TRACE_SHAPE_WANTED) || !result_wanted(result) || (shape->flags & TRACE_SHAPE_FORKS && result == 0))
		return;
	if (!(shape->flags & TRACE_SHAPE_PLAIN))
		tell_call(task, registers, shape, number, result, flags, entered);
	else if (shape->count == 0)
		tell_bare(task, number, result, flags, entered);
	else
		tell_plain(task, registers, number, result, flags, entered);
}

/* By its number alone, of which the native table and that of 32 bits have each their own call. */
static __always_inline bool number_wanted(__u32 number)
{
	/* With the registers of the interrupted program rt_sigreturn(2) has put back "none" for its own number. */
	if (number >= TRACE_CALL_COUNT)
		return number == (__u32)-1;
	KEEP(number);
	number &= TRACE_CALL_COUNT - 1;
	return (shapes[number].flags | shapes_compat[number].flags) & TRACE_SHAPE_WANTED;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(trace_enter, struct pt_regs *registers, long number)
{
	const volatile struct trace_shape *shape;
	struct task_struct *task;
	struct task_state *state;

	if (target_is_other(registers) || !number_wanted((__u32)number))
		return 0;
	task = bpf_get_current_task_btf();
	state = target_storage(task);
	if (!state || !target_enters(state))
		return 0;
	shape = shape_of((__u32)number, call_is_compat(task));
	if (shape && shape->flags & TRACE_SHAPE_WANTED)
		state->entered = trace_now();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(trace_exit, struct pt_regs *registers, long result)
{
	const struct stack_entry *place;
	const enum target_known known = target_known(registers, &place);
	struct task_struct *task;
	struct task_state *state = NULL;

	if (known == TARGET_NO || !number_wanted(call_number(registers)))
		return 0;
	task = bpf_get_current_task_btf();
	if (timed || known == TARGET_PERHAPS || place->owner != (__u32)task->pid) {
		state = target_storage(task);
		if (!state || !target_follows(state))
			return 0;
	}
	tell(task, registers, state, result, call_is_compat(task) ? TRACE_COMPAT : 0);
	return 0;
}

/* It runs before the value is written, and before the call returns. */
SEC("cgroup/sysctl")
int trace_knob(struct bpf_sysctl *context)
{
	__u32 tid = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), pid);
	static const struct trace_knob zero;
	struct trace_knob *knob;

	if (!context->write || bpf_map_update_elem(&knobs, &tid, &zero, BPF_ANY))
		return 1;
	knob = bpf_map_lookup_elem(&knobs, &tid);
	if (knob) {
		knob->length = bpf_sysctl_get_current_value(context, knob->value, sizeof(knob->value));
		knob->written_length = bpf_sysctl_get_new_value(context, knob->written, sizeof(knob->written));
	}
	return 1;
}

/* The kernel tells each of its steps to sleep and back; no program runs between them. */
SEC("tp_btf/suspend_resume")
int BPF_PROG(trace_slept)
{
	slept = bpf_ktime_get_boot_ns() - bpf_ktime_get_ns();
	return 0;
}

/* ---- Tasks ---- */

static __noinline int tell_task(struct task_struct *task, __u32 type, __u32 flags, __u32 other)
{
	struct trace_task *event = task ? event_reserve(sizeof(*event)) : NULL;

	if (!event)
		return 0;
	begin_event(&event->event, (__u16)type, task);
	event->event.flags = (__u16)flags;
	event->other = other;
	event->parent = BPF_CORE_READ(task, real_parent, tgid);
	bpf_probe_read_kernel(event->name, sizeof(event->name), task->comm);
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(trace_started, struct task_struct *parent, struct task_struct *child)
{
	if (target_current())
		tell_task(child, TRACE_STARTED, parent->tgid == child->tgid ? TRACE_THREAD : 0, parent->pid);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(trace_image, struct task_struct *task, int before)
{
	if (target_current())
		tell_task(task, TRACE_IMAGE, 0, (__u32)before);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(trace_name, struct task_struct *task)
{
	if (target_marked_yes(task))
		tell_task(task, TRACE_NAME, 0, 0);
	return 0;
}

/* exit(2) and its like never return, so it is here that they are told. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(trace_ended, struct task_struct *task)
{
	struct task_state *state = target_current();
	struct pt_regs *registers;
	bool compat;

	if (!state)
		return 0;
	registers = (struct pt_regs *)bpf_task_pt_regs(task);
	compat = call_is_compat(task);
	if (call_number(registers) == (compat ? exit_calls_compat[0] : exit_calls[0]) ||
	    call_number(registers) == (compat ? exit_calls_compat[1] : exit_calls[1]))
		tell(task, registers, state, 0, TRACE_UNENDED | (compat ? TRACE_COMPAT : 0));
	tell_task(task, TRACE_ENDED, task->signal->live.counter > 0 ? TRACE_THREAD : 0, (__u32)task->exit_code);
	return 0;
}

/* ---- Other triggers ---- */

static __noinline int tell_notice(const struct trace_notice *notice)
{
	struct trace_notice *event = notice ? event_reserve(sizeof(*event)) : NULL;

	if (!event)
		return 0;
	*event = *notice;
	begin_event(&event->event, notice->event.type, bpf_get_current_task_btf());
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(trace_signal, int number, struct kernel_siginfo *info)
{
	struct trace_notice notice = { .event.type = TRACE_SIGNAL, .number = (__u32)number };

	if (!target_current())
		return 0;
	/* A pointer that is none says that the kernel itself sends it. */
	if ((unsigned long)info > 2) {
		notice.code = (__u32)BPF_CORE_READ(info, si_code);
		if (number == SIGILL || number == SIGTRAP || number == SIGBUS || number == SIGFPE || number == SIGSEGV)
			notice.address = (__u64)BPF_CORE_READ(info, _sifields._sigfault._addr);
		else
			notice.sender = (__u32)BPF_CORE_READ(info, _sifields._kill._pid);
	}
	return tell_notice(&notice);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(trace_fault, unsigned long address, struct pt_regs *registers, unsigned long error)
{
	struct trace_notice notice = { .event.type = TRACE_FAULT, .number = 14, .address = address, .code = (__u32)error };

	if (!target_current())
		return 0;
#if defined(__TARGET_ARCH_x86)
	notice.instruction = registers->ip;
#else
	notice.instruction = registers->pc;
#endif
	return tell_notice(&notice);
}

static __always_inline int tell_interrupt(__u32 kind, __u32 number, const char *name)
{
	struct trace_notice notice = { .event.type = TRACE_INTERRUPT, .kind = kind, .number = number };

	if (!target_current())
		return 0;
	if (name)
		bpf_probe_read_kernel_str(notice.name, sizeof(notice.name), name);
	return tell_notice(&notice);
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(trace_handler, int number, struct irqaction *action)
{
	return tell_interrupt(TRACE_HANDLER, (__u32)number, BPF_CORE_READ(action, name));
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(trace_softirq, unsigned int number)
{
	return tell_interrupt(TRACE_SOFTIRQ, number, NULL);
}

SEC("tp_btf/local_timer_entry")
int BPF_PROG(trace_timer, int vector)
{
	return tell_interrupt(TRACE_TIMER, (__u32)vector, NULL);
}

SEC("tp_btf/reschedule_entry")
int BPF_PROG(trace_reschedule, int vector)
{
	return tell_interrupt(TRACE_RESCHEDULE, (__u32)vector, NULL);
}

SEC("tp_btf/call_function_single_entry")
int BPF_PROG(trace_function, int vector)
{
	return tell_interrupt(TRACE_FUNCTION, (__u32)vector, NULL);
}

/* ---- io_uring ---- */

static __noinline int tell_operation(const struct operation *operation, const struct completion *completion)
{
	struct trace_operation *event = operation ? event_reserve(sizeof(*event)) : NULL;

	if (!event)
		return 0;
	begin_event(&event->event, completion ? TRACE_COMPLETION : TRACE_SUBMISSION, bpf_get_current_task_btf());
	event->event.pid = operation->pid;
	event->event.tid = operation->tid;
	event->user_data = completion ? completion->user_data : operation->user_data;
	event->taken = operation->at;
	event->number = operation->number;
	event->value = completion ? completion->result : operation->descriptor;
	event->more = completion ? completion->flags & IORING_CQE_F_MORE : 0;
	event->reserved = 0;
	bpf_get_current_comm(event->name, sizeof(event->name));
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

/* The scratches of completions come behind those of system calls, which an interrupt may bring one into. */
const volatile __u32 scratch_of_completions;

static __always_inline bool ring_reads(__u32 number)
{
	return number == IORING_OP_READ || number == IORING_OP_READV || number == IORING_OP_READ_FIXED;
}

static __always_inline bool ring_writes(__u32 number)
{
	return number == IORING_OP_WRITE || number == IORING_OP_WRITEV || number == IORING_OP_WRITE_FIXED;
}

/* What was read from a file of a channel, or written to one, as if it had been a call. In the program's own memory it lies where the work was done by
 * one of its threads, as the ring's own are. */
static __always_inline void copy_ring(struct trace_scratch *scratch, const struct operation *operation, const struct completion *completion,
				      struct task_struct *task)
{
	struct io_kiocb *whole = (struct io_kiocb *)completion->request;
	struct io_rw *request = (struct io_rw *)whole;
	struct file *file = BPF_CORE_READ(whole, file);
	const bool vector = operation->number == IORING_OP_READV || operation->number == IORING_OP_WRITEV;
	const bool here = !vector && task->tgid == operation->pid && bpf_core_field_exists(request->addr);
	__u32 channel, size;
	struct trace_count *counter;

	scratch->call.arguments[0] = (__u32)operation->descriptor;
	scratch->call.arguments[1] = here ? BPF_CORE_READ(request, addr) : 0;
	scratch->call.arguments[2] = here ? BPF_CORE_READ(request, len) : 0;
	scratch->used = 0;
	channel = copy_file(scratch, (__u64)file, 0);
	if (channel != TRACE_PROCFS && channel != TRACE_SYSFS)
		return;
	if (channel == TRACE_PROCFS)
		copy_knob(scratch, 0, true);
	if (here && completion->result > 0)
		copy_bytes(scratch, argument_of(scratch, 1), completion->result, WHAT(1, TRACE_DATA), channel_bytes);
	size = sizeof(scratch->call) + scratch->used;
	KEEP(size);
	counter = count_event();
	if (counter && (size > sizeof(scratch->call) + sizeof(scratch->data) || bpf_ringbuf_output(&trace_events, scratch, size, BPF_RB_NO_WAKEUP)))
		count_lost(counter);
}

static __noinline int tell_ring(const struct operation *operation, const struct completion *completion)
{
	__u32 key = scratch_of_completions + bpf_get_smp_processor_id();
	struct trace_scratch *scratch = bpf_map_lookup_elem(&trace_scratches, &key);
	struct task_struct *task = bpf_get_current_task_btf();

	if (!scratch || !operation || !completion || !completion->request || (!ring_reads(operation->number) && !ring_writes(operation->number)))
		return 0;
	begin_event(&scratch->call.event, TRACE_CALL, task);
	scratch->call.event.pid = operation->pid;
	scratch->call.event.tid = operation->tid;
	scratch->call.event.flags = TRACE_RING;
	scratch->call.event.call = (__u16)operation->number;
	scratch->call.event.count = TRACE_ARGUMENTS;
	scratch->call.entered = operation->at;
	scratch->call.result = completion->result;
	for (int i = 0; i < TRACE_ARGUMENTS; i++)
		scratch->call.arguments[i] = 0;
	copy_ring(scratch, operation, completion, task);
	return 0;
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(trace_submission, struct io_kiocb *request)
{
	struct operation operation = {};

	/* It has no result yet. */
	if (operation_begins(request, trace_now(), &operation) && !results.filtered)
		tell_operation(&operation, NULL);
	return 0;
}

SEC("tp_btf/io_uring_complete")
int trace_completion(__u64 *context)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct completion completion;
	struct operation operation = {};

	completion_of(context, &completion);
	if (!result_wanted(completion.result))
		return 0;
	/* One in a row of several of the same operation comes without its request, but in the program's own task. */
	if (!completion.request && operation_is_followed(task)) {
		operation.pid = task->tgid;
		operation.tid = task->pid;
	} else if (!operation_ends(&completion, &operation)) {
		return 0;
	}
	tell_operation(&operation, &completion);
	if (conversation)
		tell_ring(&operation, &completion);
	return 0;
}
