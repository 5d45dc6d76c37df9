/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "crossing/operation.h"
#include "crossing/target.h"
#include "wire/skeleton.h"
#include "trace.skel.h"
#include "wire/bpf-load.h"
#include "wire/bpf.h"
#include "wire/tracefs.h"

#define RING_SIZE     (32u << 20)
#define EVENT_MAXIMUM (sizeof(struct trace_call) + TRACE_RECORD_MAXIMUM + TRACE_DATA_MAXIMUM + 1 + 1024)
#define READ_BUDGET   65536

struct tracer {
	struct trace_bpf *skeleton;
	struct bpf_ring *ring;
	struct target_parts parts;
	struct arena arena; /* signatures from the kernel */
	struct signature signatures[TRACE_CALL_COUNT], compat[TRACE_CALL_COUNT];
	int processors;
	char missing[TRACER_MISSING]; /* tracepoints that this kernel lacks */
	tracer_function *function;
	void *data;
};

/* ---- Signatures ---- */

static struct argument unknown_arguments[TRACE_ARGUMENTS] = {
	{ .field = { "arg0", FIELD_U64, FIELD_HEX } }, { .field = { "arg1", FIELD_U64, FIELD_HEX } }, { .field = { "arg2", FIELD_U64, FIELD_HEX } },
	{ .field = { "arg3", FIELD_U64, FIELD_HEX } }, { .field = { "arg4", FIELD_U64, FIELD_HEX } }, { .field = { "arg5", FIELD_U64, FIELD_HEX } },
};
static const struct signature unknown = { "syscall", unknown_arguments, TRACE_ARGUMENTS };

/* Calls without arguments, which need no table where the kernel tells nothing. */
static int read_signature(int tracefs, const char *name, struct arena *arena, struct signature *ret)
{
	_cleanup_close_ int descriptor = -1;
	char path[96], text[8192];
	ssize_t length;

	if (tracefs < 0)
		return tracefs;
	snprintf(path, sizeof(path), "events/syscalls/sys_enter_%s/format", signature_function(name));
	descriptor = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	length = descriptor < 0 ? -1 : read(descriptor, text, sizeof(text));
	if (length <= 0)
		return -ENOENT;
	return signature_parse(text, (size_t)length, arena, ret);
}

static int learn(struct tracer *tracer, int tracefs, const struct system_call *call, struct signature *ret)
{
	const struct signature *known = signature_find(call->name);
	struct signature learnt = unknown;
	int r;

	if (known) {
		*ret = *known;
		return 0;
	}
	r = read_signature(tracefs, call->name, &tracer->arena, &learnt);
	if (r == -ENOMEM)
		return r;
	*ret = learnt;
	ret->name = call->name;
	return 0;
}

/* Structs of 32-bit programs are laid out otherwise: of these only texts and bytes are copied. */
static void shape_compat(struct trace_shape *shape)
{
	for (unsigned int i = 0; i < TRACE_ARGUMENTS; i++) {
		const unsigned int kind = shape->copies[i].kind;

		if (kind != TRACE_COPY_TEXT && kind != TRACE_COPY_RESULT && kind != TRACE_COPY_LENGTH)
			shape->copies[i].kind = TRACE_COPY_NONE;
		else if (kind != TRACE_COPY_TEXT && shape->copies[i].size != 1)
			shape->copies[i].kind = TRACE_COPY_NONE;
	}
}

static bool is_wanted(const struct tracer_options *options, const struct system_call *call, const struct trace_shape *shape)
{
	if (!options->calls)
		return false;
	if (options->conversation && !(shape->flags & (TRACE_SHAPE_TALKS | TRACE_SHAPE_OPENS)))
		return false;
	return !options->wants || options->wants(options->data, call);
}

static int set_shapes(struct tracer *tracer, const struct tracer_options *options)
{
	struct trace_bpf__rodata *rodata = tracer->skeleton->rodata;
	_cleanup_close_ int tracefs = tracefs_open();
	const struct system_call *call;
	enum call_table compat;
	const bool has_compat = system_call_compat(&compat);

	for (unsigned int i = 0; (call = system_call_at(i)); i++) {
		const int number = call->numbers[CALLS_NATIVE], other = has_compat ? call->numbers[compat] : -1;
		struct signature signature;
		struct trace_shape shape;
		int r;

		if (number < 0 && other < 0)
			continue;
		r = learn(tracer, tracefs, call, &signature);
		if (r < 0)
			return r;
		signature_shape(&signature, &shape);
		if (is_wanted(options, call, &shape))
			shape.flags |= TRACE_SHAPE_WANTED;
		if (number >= 0 && number < TRACE_CALL_COUNT) {
			tracer->signatures[number] = signature;
			rodata->shapes[number] = shape;
		}
		if (other < 0 || other >= TRACE_CALL_COUNT)
			continue;
		shape_compat(&shape);
		tracer->compat[other] = signature;
		rodata->shapes_compat[other] = shape;
	}
	return 0;
}

/* A call that no table knows is told with its number all the same. */
static void set_unknown(struct tracer *tracer, const struct tracer_options *options)
{
	const bool wanted = options->calls && !options->conversation && !options->wants;

	for (unsigned int i = 0; i < TRACE_CALL_COUNT; i++)
		for (unsigned int j = 0; j < 2; j++) {
			struct signature *signature = j ? &tracer->compat[i] : &tracer->signatures[i];
			struct trace_shape *shape = j ? &tracer->skeleton->rodata->shapes_compat[i] : &tracer->skeleton->rodata->shapes[i];

			if (signature->name)
				continue;
			*signature = unknown;
			signature_shape(signature, shape);
			shape->flags |= wanted ? TRACE_SHAPE_WANTED : 0;
		}
}

static void set_exits(struct trace_bpf__rodata *rodata)
{
	static const char *const names[2] = { "exit", "exit_group" };
	enum call_table compat;
	const bool has_compat = system_call_compat(&compat);

	for (unsigned int i = 0; i < 2; i++) {
		const struct system_call *call = system_call_named(names[i]);

		rodata->exit_calls[i] = (uint32_t)call->numbers[CALLS_NATIVE];
		rodata->exit_calls_compat[i] = has_compat ? (uint32_t)call->numbers[compat] : UINT32_MAX;
	}
	rodata->return_call = (uint32_t)system_call_named("rt_sigreturn")->numbers[CALLS_NATIVE];
	rodata->return_call_compat = has_compat ? (uint32_t)system_call_named("rt_sigreturn")->numbers[compat] : 0;
}

const struct signature *tracer_signature(const struct tracer *tracer, unsigned int number, bool compat)
{
	if (number >= TRACE_CALL_COUNT)
		return &unknown;
	return compat ? &tracer->compat[number] : &tracer->signatures[number];
}

const struct system_call *tracer_call(unsigned int number, bool compat)
{
	enum call_table table = CALLS_NATIVE;

	if (compat && !system_call_compat(&table))
		return NULL;
	return system_call_find(table, number);
}

/* ---- Loading ---- */

static void lacks(struct tracer *tracer, const char *tracepoint)
{
	const size_t length = strlen(tracer->missing);

	snprintf(tracer->missing + length, sizeof(tracer->missing) - length, "%s%s", length ? ", " : "", tracepoint);
}

static void choose_operations(struct tracer *tracer, const struct btf *btf, bool wanted)
{
	const struct operation_parts parts = {
		.begins = tracer->skeleton->progs.trace_submission,
		.ends = tracer->skeleton->progs.trace_completion,
		.completion_by_value = (bool *)&tracer->skeleton->rodata->completion_by_value,
	};
	const char *lacking = operation_choose(&parts, btf);

	if (lacking)
		lacks(tracer, lacking);
	libbpf.bpf_program__set_autoload(parts.begins, wanted && !lacking);
	libbpf.bpf_program__set_autoload(parts.ends, wanted && !lacking);
}

/* Programs that are not asked for, or whose tracepoint this kernel does not have, are left out. */
static void choose_programs(struct tracer *tracer, const struct tracer_options *options, const struct btf *btf)
{
	struct trace_bpf *skeleton = tracer->skeleton;
	const struct {
		struct bpf_program *program;
		bool wanted;
		const char *tracepoint;
		unsigned int arguments;
	} optional[] = {
		{ skeleton->progs.trace_enter, options->timed, "sys_enter", 2 },
		{ skeleton->progs.trace_signal, options->signals, "signal_deliver", 3 },
		{ skeleton->progs.trace_fault, options->faults, "page_fault_user", 3 },
		{ skeleton->progs.trace_handler, options->interrupts, "irq_handler_entry", 2 },
		{ skeleton->progs.trace_softirq, options->interrupts, "softirq_entry", 1 },
		{ skeleton->progs.trace_timer, options->interrupts, "local_timer_entry", 1 },
		{ skeleton->progs.trace_reschedule, options->interrupts, "reschedule_entry", 1 },
		{ skeleton->progs.trace_function, options->interrupts, "call_function_single_entry", 1 },
	};

	skeleton->rodata->sleep_told = btf && bpf_has_tracepoint(btf, "suspend_resume", 3);
	libbpf.bpf_program__set_autoload(skeleton->progs.trace_slept, skeleton->rodata->sleep_told);
	for (unsigned int i = 0; i < ARRAY_SIZE(optional); i++) {
		const bool there = bpf_has_tracepoint(btf, optional[i].tracepoint, optional[i].arguments);

		libbpf.bpf_program__set_autoload(optional[i].program, optional[i].wanted && there);
		if (!there)
			lacks(tracer, optional[i].tracepoint);
	}
	choose_operations(tracer, btf, options->operations);
}

static int refused(int code, struct error *error)
{
	return error_set(error, code, "cannot trace: the kernel refuses the BPF programs: %s", bpf_words()[0] ? bpf_words() : error_text(code));
}

static int load(struct tracer *tracer, const struct tracer_options *options, const struct ferry_target *target, struct error *error)
{
	_cleanup_btf_ struct btf *btf = bpf_kernel_types(error);
	struct trace_bpf *skeleton = tracer->skeleton;
	int r;

	if (!btf || target_check(btf, error) < 0)
		return -EOPNOTSUPP;
	skeleton->rodata->whole_machine = target->pid == 0;
	skeleton->rodata->conversation = options->conversation;
	skeleton->rodata->timed = options->timed;
	skeleton->rodata->results = options->results;
	if (options->bytes)
		skeleton->rodata->other_bytes = options->bytes < TRACE_DATA_MAXIMUM ? options->bytes : TRACE_DATA_MAXIMUM;
	set_exits(skeleton->rodata);
	r = set_shapes(tracer, options);
	if (r < 0)
		return error_set(error, r, "no memory for the table of system calls");
	set_unknown(tracer, options);
	choose_programs(tracer, options, btf);
	tracer->processors = bpf_processors(error);
	if (tracer->processors < 0)
		return tracer->processors;
	skeleton->rodata->scratch_of_completions = (uint32_t)tracer->processors;
	libbpf.bpf_map__set_max_entries(skeleton->maps.trace_scratches, (uint32_t)tracer->processors * (options->conversation ? 2 : 1));
	libbpf.bpf_map__set_max_entries(skeleton->maps.trace_events, (uint32_t)(options->ring ? options->ring : RING_SIZE));
	libbpf.bpf_program__set_autoload(skeleton->progs.trace_knob, options->cgroup >= 0);
	r = trace_bpf__load(skeleton);
	return r < 0 ? refused(r, error) : 0;
}

static int attach(struct tracer *tracer, const struct tracer_options *options, struct error *error)
{
	struct trace_bpf *skeleton = tracer->skeleton;
	int r = trace_bpf__attach(skeleton);

	if (r == 0 && options->cgroup >= 0) {
		skeleton->links.trace_knob = libbpf.bpf_program__attach_cgroup(skeleton->progs.trace_knob, options->cgroup);
		r = skeleton->links.trace_knob ? 0 : -errno;
	}
	if (r < 0)
		return refused(r, error);
	r = bpf_ring_open(libbpf.bpf_map__fd(skeleton->maps.trace_events), libbpf.bpf_map__max_entries(skeleton->maps.trace_events), EVENT_MAXIMUM,
			  &tracer->ring);
	return r < 0 ? error_set(error, r, "cannot map the ring buffer: %s", error_text(r)) : 0;
}

/* How long the machine has slept: as exact as two clocks can be read at once. */
static uint64_t slept(void)
{
	uint64_t shortest = UINT64_MAX, ret = 0;

	for (unsigned int i = 0; i < 10; i++) {
		const uint64_t before = time_monotonic(), boot = time_boot(), took = time_monotonic() - before;

		if (took >= shortest)
			continue;
		shortest = took;
		ret = boot - before - took / 2;
	}
	return ret;
}

static int begin(struct tracer *tracer, const struct ferry_target *target, struct error *error)
{
	tracer->skeleton->bss->slept = slept();
	tracer->parts = (struct target_parts)TARGET_PARTS(tracer->skeleton);
	return target_begin(&tracer->parts, target, error);
}

/* Loaded; and attached where it is to BEGIN. */
static int open_programs(struct tracer *tracer, const struct tracer_options *options, const struct ferry_target *target, bool begins,
			 struct error *error)
{
	int r;

	bpf_words_catch();
	tracer->skeleton = trace_bpf__open();
	r = tracer->skeleton ? load(tracer, options, target, error) : error_set(error, -errno, "cannot open the BPF programs: %s", error_text(errno));
	if (r == 0 && begins)
		r = attach(tracer, options, error);
	bpf_words_release();
	return r;
}

static int new_tracer(struct tracer **ret, struct error *error)
{
	const char *missing = bpf_hindrance();
	int r = libbpf_load(error);

	if (r < 0)
		return r;
	if (missing)
		return error_set(error, -EPERM, "cannot trace: %s%s", missing, bpf_missing_capability() ? " (as root, or by setcap)" : "");
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : error_set(error, -ENOMEM, "no memory for the tracer");
}

int tracer_probe(bool knobs, char ret_missing[TRACER_MISSING], struct error *error)
{
	/* The descriptor is not attached to. */
	const struct tracer_options options = { .timed = true,
						.calls = true,
						.faults = true,
						.interrupts = true,
						.signals = true,
						.operations = true,
						.cgroup = knobs ? 0 : -1,
						.ring = 4096 };
	const struct ferry_target machine = { .size = sizeof(machine) };
	struct tracer *tracer;
	int r = new_tracer(&tracer, error);

	if (r < 0)
		return r;
	r = open_programs(tracer, &options, &machine, false, error);
	if (r == 0)
		memcpy(ret_missing, tracer->missing, sizeof(tracer->missing));
	tracer_close(tracer);
	return r;
}

int tracer_open(const struct tracer_options *options, const struct ferry_target *target, struct tracer **ret, struct error *error)
{
	struct tracer *tracer;
	int r;

	if (options->ring & (options->ring - 1))
		return error_set(error, -EINVAL, "the size of the buffer must be a power of two: %zu", options->ring);
	r = new_tracer(&tracer, error);
	if (r < 0)
		return r;
	r = open_programs(tracer, options, target, true, error);
	if (r == 0)
		r = begin(tracer, target, error);
	if (r < 0) {
		tracer_close(tracer);
		return r;
	}
	*ret = tracer;
	return 0;
}

struct tracer *tracer_close(struct tracer *tracer)
{
	if (!tracer)
		return NULL;
	bpf_ring_close(tracer->ring);
	trace_bpf__destroy(tracer->skeleton);
	arena_done(&tracer->arena);
	free(tracer);
	return NULL;
}

/* ---- Events ---- */

static int take(void *data, const void *event, size_t length)
{
	struct tracer *tracer = data;

	if (!trace_event_check(event, length))
		return -EPROTO;
	return tracer->function(tracer->data, event, length);
}

int tracer_process(struct tracer *tracer, tracer_function *function, void *data)
{
	tracer->function = function;
	tracer->data = data;
	return bpf_ring_read(tracer->ring, READ_BUDGET, take, tracer);
}

int64_t tracer_tasks(struct tracer *tracer)
{
	return target_alive(&tracer->parts, tracer->skeleton->obj);
}

void tracer_count(const struct tracer *tracer, struct tracer_counts *ret)
{
	struct trace_count *counts = calloc((size_t)tracer->processors, sizeof(*counts));
	const uint32_t zero = 0;

	*ret = (struct tracer_counts){ .missed = bpf_missed(tracer->skeleton->obj) };
	if (counts && libbpf.bpf_map_lookup_elem(libbpf.bpf_map__fd(tracer->skeleton->maps.trace_counts), &zero, counts) == 0)
		for (int i = 0; i < tracer->processors; i++) {
			ret->seen += counts[i].seen;
			ret->lost += counts[i].lost;
			ret->untold += counts[i].pending;
			if (counts[i].pending && (!ret->since || counts[i].from < ret->since))
				ret->since = counts[i].from;
		}
	free(counts);
}
