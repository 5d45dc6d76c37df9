/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events of the tracer to crossings. */
#include "lib/trace.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "channel/netfilter_heard.h"
#include "channel/path-parts.h"
#include "channel/probe-part.h"
#include "crossing/words.h"
#include "lib/context.h"

struct ferry_value *trace_value(struct ferry_value *item, const struct ferry_tracer *tracer, const struct value *value)
{
	if (!value)
		return NULL;
	*item = (struct ferry_value){ .value = *value, .naming = &tracer->ferry->machine.naming };
	return item;
}

int trace_tell(struct ferry_tracer *tracer, const struct trace_event *event, struct ferry_crossing *crossing)
{
	if (!crossing->boottime)
		crossing->boottime = event->time;
	crossing->time = crossing->boottime + tracer->clock;
	if (!crossing->pid) {
		crossing->pid = event->pid;
		crossing->tid = event->tid;
	}
	if (!crossing->comm)
		crossing->comm = crossing->tid ? trace_tasks_name(&tracer->tasks, crossing->pid, crossing->tid) : "";
	return tracer->options.function(tracer->options.data, crossing);
}

/* ---- System calls ---- */

static const char *result_name(int64_t result)
{
	const char *own = result < 0 ? kernel_error_name((uint64_t)-result) : NULL;

	return own ? own : result < 0 && result >= -4095 ? error_symbol((int)result) : NULL;
}

static int tell_call(struct ferry_tracer *tracer, const struct trace_call *event, const struct signature *signature, const struct call *call)
{
	const struct system_call *row = tracer_call(event->event.call, event->event.flags & TRACE_COMPAT);
	const struct value arguments = { .type = VALUE_RECORD, .record = call->arguments }, memory = { .type = VALUE_RECORD, .record = call->memory };
	struct ferry_value items[2];
	struct ferry_crossing crossing = {
		.kind = FERRY_CROSSING_CALL,
		.duration = event->entered ? event->event.time - event->entered : UINT64_MAX,
		.name = signature->name,
		.has_class = row != NULL,
		.call_class = row ? row->class : 0,
		.compat = event->event.flags & TRACE_COMPAT,
		.arguments = trace_value(&items[0], tracer, &arguments),
		.memory = call->memory->count ? trace_value(&items[1], tracer, &memory) : NULL,
		.registers = event->arguments,
		.register_count = event->event.count ? signature->count : 0,
		.has_result = !(event->event.flags & TRACE_UNENDED),
		.result = event->result,
	};
	int r;

	crossing.error = crossing.has_result ? result_name(event->result) : NULL;
	crossing.address = trace_address(tracer, call, &crossing.door);
	if (tracer->filter.doors && !(tracer->filter.doors & 1u << crossing.door))
		return 0;
	r = trace_tell(tracer, &event->event, &crossing);
	channel_value_done(&items[0]);
	if (crossing.memory)
		channel_value_done(&items[1]);
	return r;
}

static int take_call(struct ferry_tracer *tracer, const struct trace_call *event, size_t length)
{
	const bool ring = event->event.flags & TRACE_RING;
	const struct signature *signature = ring ? operation_signature(event->event.call)
						 : tracer_signature(tracer->tracer, event->event.call, event->event.flags & TRACE_COMPAT);
	struct call call;
	int r = signature ? call_decode(signature, event, length, &tracer->arena, &call) : -EPROTO;

	if (r < 0)
		return r;
	trace_withhold(tracer, signature, &call);
	if (tracer->options.all)
		r = tell_call(tracer, event, signature, &call);
	if (r == 0 && (!tracer->options.all || tracer->options.messages))
		r = conversation_take(tracer, event, length, signature, &call);
	return r;
}

/* ---- Tasks and other triggers ---- */

static int take_task(struct ferry_tracer *tracer, const struct trace_task *event)
{
	const uint32_t type = event->event.type;
	struct ferry_crossing crossing = { .duration = UINT64_MAX, .result = event->other };
	char name[sizeof(event->name) + 1] = "", words[64];
	int r = 0;

	memcpy(name, event->name, sizeof(event->name));
	if (type != TRACE_ENDED)
		r = trace_tasks_set(&tracer->tasks, event->event.pid, event->event.tid, name);
	if (type == TRACE_IMAGE && event->other != event->event.tid)
		trace_tasks_remove(&tracer->tasks, event->other);
	if (r == 0 && type != TRACE_NAME && tracer->options.all && trace_filter_trigger(&tracer->filter, TRIGGER_CALL, true)) {
		const int status = (int)event->other;

		crossing.kind = type == TRACE_STARTED ? FERRY_CROSSING_STARTED : type == TRACE_IMAGE ? FERRY_CROSSING_PROGRAM : FERRY_CROSSING_ENDED;
		crossing.has_result = true;
		crossing.name = event->event.flags & TRACE_THREAD ? "thread" : "process";
		if (type == TRACE_STARTED)
			snprintf(words, sizeof(words), "by %u", event->other);
		else if (type == TRACE_IMAGE && event->other != event->event.tid)
			snprintf(words, sizeof(words), "thread %u was its caller and goes on as %u", event->other, event->event.tid);
		else if (type == TRACE_ENDED && WIFSIGNALED(status))
			snprintf(words, sizeof(words), "killed by SIG%s%s", sigabbrev_np(WTERMSIG(status)), WCOREDUMP(status) ? ", core dumped" : "");
		else if (type == TRACE_ENDED)
			snprintf(words, sizeof(words), "exited with %d", WEXITSTATUS(status));
		crossing.words = type == TRACE_IMAGE && event->other == event->event.tid ? NULL : words;
		r = trace_tell(tracer, &event->event, &crossing);
	}
	if (type == TRACE_ENDED)
		trace_tasks_remove(&tracer->tasks, event->event.tid);
	return r;
}

enum { N_ADDRESS, N_INSTRUCTION, N_CODE, N_SENDER, N_NUMBER, N_HANDLER, N_DATA, N_DESCRIPTOR, N_ACCESS };
static const struct name list_access[] = { { 1, "present" }, { 2, "write" }, { 4, "user" }, { 8, "reserved" }, { 16, "instruction" }, { 32, "key" } };
static const struct names words_access = { list_access, ARRAY_SIZE(list_access), true };
static const struct field notice_fields[] = {
	[N_ADDRESS] = { "address", FIELD_U64, FIELD_HEX },
	[N_INSTRUCTION] = { "instruction", FIELD_U64, FIELD_HEX },
	[N_CODE] = { "code", FIELD_S32 },
	[N_SENDER] = { "sender", FIELD_U32 },
	[N_NUMBER] = { "number", FIELD_U32 },
	[N_HANDLER] = { "handler", FIELD_TEXT },
	[N_DATA] = { "user_data", FIELD_U64, FIELD_HEX },
	[N_DESCRIPTOR] = { "fd", FIELD_S32 },
	[N_ACCESS] = { "access", FIELD_U32, .names = &words_access },
};

static int add_notice(struct arena *arena, struct record *record, unsigned int field, struct value value)
{
	return record_add(arena, record, (struct entry){ .name = notice_fields[field].name, .field = &notice_fields[field], .value = value });
}

static int describe_signal(const struct trace_notice *event, struct arena *arena, struct record *record)
{
	int r = add_notice(arena, record, N_CODE, value_int((int32_t)event->code));

	if (r == 0 && event->address)
		r = add_notice(arena, record, N_ADDRESS, value_uint(event->address));
	return r == 0 && event->sender ? add_notice(arena, record, N_SENDER, value_uint(event->sender)) : r;
}

static int describe_fault(const struct trace_notice *event, struct arena *arena, struct record *record)
{
	int r = add_notice(arena, record, N_ADDRESS, value_uint(event->address));

	if (r == 0)
		r = add_notice(arena, record, N_INSTRUCTION, value_uint(event->instruction));
	return r == 0 ? add_notice(arena, record, N_ACCESS, value_uint(event->code)) : r;
}

static int describe_interrupt(const struct trace_notice *event, struct arena *arena, struct record *record)
{
	int r = add_notice(arena, record, N_NUMBER, value_uint(event->number));

	if (r == 0 && event->name[0])
		r = add_notice(arena, record, N_HANDLER, value_data(VALUE_TEXT, event->name, strnlen(event->name, sizeof(event->name))));
	return r;
}

static const char *const interrupt_names[] = {
	[TRACE_HANDLER] = "interrupt",     [TRACE_SOFTIRQ] = "softirq",        [TRACE_TIMER] = "local timer",
	[TRACE_RESCHEDULE] = "reschedule", [TRACE_FUNCTION] = "call function",
};

static int take_notice(struct ferry_tracer *tracer, const struct trace_notice *event)
{
	struct record *record = record_new_sized(&tracer->arena, NULL, 4);
	struct ferry_crossing crossing = { .duration = UINT64_MAX };
	const struct value arguments = { .type = VALUE_RECORD, .record = record };
	struct ferry_value item;
	char name[16];
	int r = record ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	switch (event->event.type) {
	case TRACE_SIGNAL:
		/* The end by it is told as such. */
		if (event->number == SIGKILL)
			return 0;
		snprintf(name, sizeof(name), "SIG%s", sigabbrev_np((int)event->number) ? sigabbrev_np((int)event->number) : "RT");
		crossing.kind = FERRY_CROSSING_SIGNAL;
		crossing.name = name;
		r = describe_signal(event, &tracer->arena, record);
		break;
	case TRACE_FAULT:
		crossing.kind = FERRY_CROSSING_EXCEPTION;
		crossing.name = "page fault";
		r = describe_fault(event, &tracer->arena, record);
		break;
	case TRACE_INTERRUPT:
		crossing.kind = FERRY_CROSSING_INTERRUPT;
		crossing.name = event->kind < ARRAY_SIZE(interrupt_names) ? interrupt_names[event->kind] : "interrupt";
		r = describe_interrupt(event, &tracer->arena, record);
		break;
	default:
		return 0;
	}
	if (r < 0)
		return r;
	crossing.arguments = trace_value(&item, tracer, &arguments);
	r = trace_tell(tracer, &event->event, &crossing);
	channel_value_done(&item);
	return r;
}

static int describe_operation(const struct trace_operation *event, struct arena *arena, struct record *record)
{
	int r = event->taken ? add_notice(arena, record, N_NUMBER, value_uint(event->number)) : 0;

	if (r == 0)
		r = add_notice(arena, record, N_DATA, value_uint(event->user_data));
	if (r == 0 && event->event.type == TRACE_SUBMISSION && operation_has_descriptor(event->number))
		r = add_notice(arena, record, N_DESCRIPTOR, value_int(event->value));
	return r;
}

static int take_operation(struct ferry_tracer *tracer, const struct trace_operation *event)
{
	const bool ends = event->event.type == TRACE_COMPLETION;
	struct record *record = record_new_sized(&tracer->arena, NULL, 3);
	const struct value arguments = { .type = VALUE_RECORD, .record = record };
	const char *name = event->taken ? operation_name(event->number) : NULL;
	struct ferry_crossing crossing = {
		.kind = ends ? FERRY_CROSSING_COMPLETION : FERRY_CROSSING_SUBMISSION,
		.name = name ? name : "operation",
		.duration = ends && event->taken ? event->event.time - event->taken : UINT64_MAX,
		.has_result = ends,
		.result = ends ? event->value : 0,
		.words = event->more ? "more to come" : NULL,
	};
	struct ferry_value item;
	int r = record ? describe_operation(event, &tracer->arena, record) : -ENOMEM;

	/* The kernel's thread that looks for submissions was never told to start. */
	if (r == 0 && !ends)
		r = trace_tasks_set(&tracer->tasks, event->event.pid, event->event.tid, event->name);
	if (r < 0)
		return r;
	crossing.error = ends ? result_name(event->value) : NULL;
	crossing.arguments = trace_value(&item, tracer, &arguments);
	r = trace_tell(tracer, &event->event, &crossing);
	channel_value_done(&item);
	return r;
}

/* ---- Losses ---- */

static int tell_gap(struct ferry_tracer *tracer, const struct trace_event *event, uint64_t lost, uint64_t from)
{
	char words[96];
	struct ferry_crossing crossing = {
		.kind = FERRY_CROSSING_GAP,
		.name = "gap",
		.duration = UINT64_MAX,
		.words = words,
		.lost = lost,
		.from = from + tracer->clock,
		.to = event->time + tracer->clock,
	};

	if (tracer->heard)
		netfilter_heard_forget(tracer->heard);
	snprintf(words, sizeof(words), "the buffer was full (a larger one: --buffer)");
	return trace_tell(tracer, event, &crossing);
}

/* ---- The stream ---- */

static int take(void *data, const struct trace_event *event, size_t length)
{
	struct ferry_tracer *tracer = data;

	arena_reset(&tracer->arena);
	tracer->place.known = false;
	if (event->type == TRACE_GAP)
		return tell_gap(tracer, event, ((const struct trace_gap *)event)->lost, ((const struct trace_gap *)event)->from);
	tracer->delivered++;
	switch (event->type) {
	case TRACE_CALL:
		return take_call(tracer, (const struct trace_call *)event, length);
	case TRACE_STARTED:
	case TRACE_IMAGE:
	case TRACE_NAME:
	case TRACE_ENDED:
		return take_task(tracer, (const struct trace_task *)event);
	case TRACE_SUBMISSION:
	case TRACE_COMPLETION:
		return take_operation(tracer, (const struct trace_operation *)event);
	default:
		return take_notice(tracer, (const struct trace_notice *)event);
	}
}

int ferry_tracer_process(struct ferry_tracer *tracer)
{
	int r;

	tracer->clock = time_real() - time_boot();
	r = tracer_process(tracer->tracer, take, tracer);
	return r < 0 ? error_set(&tracer->ferry->error, r, "cannot read what the kernel tells: %s", error_text(r)) : r;
}

int ferry_tracer_finish(struct ferry_tracer *tracer)
{
	const struct trace_event now = { .time = time_boot() };
	struct tracer_counts counts;
	uint64_t before;
	int r;

	do {
		before = tracer->delivered;
		r = ferry_tracer_process(tracer);
	} while (r == 0 && tracer->delivered != before);
	if (r == 0)
		r = conversation_finish(tracer);
	tracer_count(tracer->tracer, &counts);
	if (r == 0 && counts.untold)
		r = tell_gap(tracer, &now, counts.untold, counts.since);
	return r;
}

uint64_t ferry_tracer_tasks(const struct ferry_tracer *tracer)
{
	const int64_t tasks = tracer_tasks(tracer->tracer);

	return tasks > 0 ? (uint64_t)tasks : 0;
}

void ferry_tracer_counts(const struct ferry_tracer *tracer, struct ferry_tracer_counts *ret_counts)
{
	struct tracer_counts counts;

	tracer_count(tracer->tracer, &counts);
	*ret_counts = (struct ferry_tracer_counts){ counts.seen, tracer->delivered, counts.lost, counts.missed };
}

/* ---- Beginning and end ---- */

static bool wants(void *data, const struct system_call *call)
{
	return trace_filter_wants(data, call);
}

int ferry_tracer_new(struct ferry *ferry, const struct ferry_target *target, const struct ferry_tracer_options *options,
		     struct ferry_tracer **ret_tracer)
{
	struct ferry_tracer *tracer = calloc(1, sizeof(*tracer));
	struct tracer_options inner = { .conversation = !options->all, .timed = options->timed || !options->all };
	int r;

	if (!tracer)
		return error_set(&ferry->error, -ENOMEM, "no memory for the tracer");
	tracer->ferry = ferry;
	tracer->options = *options;
	tracer->cgroup = -1;
	trace_tasks_init(&tracer->tasks);
	conversation_init(tracer);
	r = trace_filter_parse(options->filters, &tracer->filter, &ferry->error);
	if (r == 0) {
		inner.results = tracer->filter.results;
		inner.bytes = options->bytes;
		inner.ring = options->ring;
		inner.calls = trace_filter_trigger(&tracer->filter, TRIGGER_CALL, true);
		inner.signals = options->all && inner.calls;
		/* They are of no class, and no call. */
		inner.operations = inner.calls && !tracer->filter.classes && !tracer->filter.call_count;
		inner.faults = trace_filter_trigger(&tracer->filter, TRIGGER_EXCEPTION, false);
		inner.interrupts = trace_filter_trigger(&tracer->filter, TRIGGER_INTERRUPT, false);
		if (tracer->filter.classes || tracer->filter.call_count) {
			inner.wants = wants;
			inner.data = &tracer->filter;
		}
		inner.cgroup = tracer->cgroup = inner.conversation ? probe_cgroup_root() : -1;
		r = tracer_open(&inner, target, &tracer->tracer, &ferry->error);
	}
	if (r < 0) {
		ferry_tracer_free(tracer);
		return r;
	}
	*ret_tracer = tracer;
	return 0;
}

struct ferry_tracer *ferry_tracer_free(struct ferry_tracer *tracer)
{
	if (!tracer)
		return NULL;
	tracer_close(tracer->tracer);
	trace_tasks_done(&tracer->tasks);
	conversation_done(tracer);
	if (tracer->cgroup >= 0)
		close(tracer->cgroup);
	arena_done(&tracer->arena);
	arena_done(&tracer->lasting);
	free(tracer);
	return NULL;
}
