/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/subject.h"
#include "show/capture.h"
#include "show/crossing.h"

enum {
	OPTION_PID,
	OPTION_FOR,
	OPTION_MACHINE,
	OPTION_ALL,
	OPTION_FILTER,
	OPTION_OUTPUT,
	OPTION_WRITE,
	OPTION_VERBOSE,
	OPTION_TIMES,
	OPTION_BYTES,
	OPTION_BUFFER
};

#define FILTERS_MAXIMUM 32
#define READ_EVERY      10 /* ms: the kernel side wakes nobody */

struct trace {
	struct program *program;
	struct subject subject;
	struct ferry_tracer_options options;
	struct ferry_tracer *tracer;
	struct crossing_printer printer;
	struct output *output; /* standard output, OWN, or that of CAPTURE */
	struct output own;
	struct capture capture;
	bool capturing;
	enum capture_format format;
	char *filter_text;
	const char *filters[FILTERS_MAXIMUM + 1];
	uint64_t lost;
	bool told; /* something was */
};

static int tell(void *data, const struct ferry_crossing *crossing)
{
	struct trace *trace = data;

	trace->told = true;
	if (trace->capturing)
		return capture_add(&trace->capture, crossing) ? 0 : -EPIPE;
	return crossing_print(&trace->printer, crossing) ? 0 : -EPIPE;
}

/* "class=file,error" and "-e class=file -e error" are the same. */
static enum exit_status parse_filters(struct trace *trace, const char *text)
{
	unsigned int count = 0;
	char *rest, *part;

	trace->filter_text = strdup(text);
	if (!trace->filter_text)
		return program_fail(trace->program, EXIT_REFUSED, -ENOMEM, "out of memory");
	for (rest = trace->filter_text; (part = strsep(&rest, ","));) {
		if (count == FILTERS_MAXIMUM)
			return program_fail(trace->program, EXIT_USAGE, -E2BIG, "-e: more than %d filters", FILTERS_MAXIMUM);
		trace->filters[count++] = part;
	}
	trace->options.filters = trace->filters;
	return EXIT_DONE;
}

static enum exit_status parse_sizes(struct trace *trace)
{
	struct program *program = trace->program;
	const char *const *given = program->given;
	enum exit_status status = EXIT_DONE;
	uint64_t size = 0, bytes = 0;

	if (given[OPTION_BYTES])
		status = program_size(program, "--bytes", given[OPTION_BYTES], 1, 32767, &bytes);
	if (status == EXIT_DONE && given[OPTION_BUFFER])
		status = program_size(program, "--buffer", given[OPTION_BUFFER], 1, 1u << 30, &size);
	if (status != EXIT_DONE)
		return status;
	trace->options.bytes = (unsigned int)bytes;
	/* The next power of two, and at least a page. */
	for (trace->options.ring = size ? 4096 : 0; trace->options.ring < size;)
		trace->options.ring *= 2;
	return EXIT_DONE;
}

static enum exit_status parse(struct trace *trace)
{
	struct program *program = trace->program;
	const char *const *given = program->given;
	enum exit_status status = parse_sizes(trace);

	trace->options.all = given[OPTION_ALL];
	trace->options.timed = given[OPTION_TIMES];
	trace->options.details = trace->options.messages = given[OPTION_VERBOSE];
	if (status == EXIT_DONE && given[OPTION_FILTER])
		status = parse_filters(trace, given[OPTION_FILTER]);
	if (status != EXIT_DONE || !given[OPTION_WRITE])
		return status;
	if (capture_format_of(given[OPTION_WRITE], &trace->format) < 0)
		return program_fail(program, EXIT_USAGE, -EINVAL, "-w: the name must end in .pcapng or .json: %s", given[OPTION_WRITE]);
	if (given[OPTION_OUTPUT])
		return program_fail(program, EXIT_USAGE, -EINVAL, "-o and -w are not for the same run");
	trace->options.messages |= trace->format == CAPTURE_PCAPNG;
	trace->options.timed |= trace->format == CAPTURE_CHROME;
	return EXIT_DONE;
}

static enum exit_status open_file(struct trace *trace, const char *name, int *ret_descriptor)
{
	int descriptor;
	sigset_t held;

	/* A pipe that nobody reads keeps us waiting here, out of which a signal ends us. */
	sigprocmask(SIG_SETMASK, &trace->subject.before, &held);
	descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (descriptor < 0)
		return program_fail(trace->program, EXIT_REFUSED, -errno, "cannot write %s: %s", name, error_text(errno));
	sigprocmask(SIG_SETMASK, &held, NULL);
	*ret_descriptor = descriptor;
	return EXIT_DONE;
}

/* Until it has ended, with what it has started, or a signal comes. */
static int follow(struct trace *trace)
{
	const struct subject *subject = &trace->subject;
	bool over = false;
	int r = 0;

	while (r == 0 && !over) {
		over = subject_wait(&trace->subject, NULL, 0, READ_EVERY);
		r = ferry_tracer_process(trace->tracer);
		if (r == 0)
			output_flush(trace->output);
		if (over && subject->command && !subject->signal_number && ferry_tracer_tasks(trace->tracer)) {
			over = false;
			if (subject->ended)
				poll(NULL, 0, READ_EVERY);
		}
	}
	return r;
}

/* For a program that reads what we say: everything from now on is seen. */
static void tell_watching(const struct trace *trace)
{
	_cleanup_buffer_ struct buffer line = {};

	if (!trace->program->json || trace->program->quiet)
		return;
	buffer_printf(&line, "{\"watching\":{\"tasks\":%llu}}\n", (unsigned long long)ferry_tracer_tasks(trace->tracer));
	program_write_words(&line);
}

static void tell_counts_json(const struct ferry_tracer_counts *counts)
{
	_cleanup_buffer_ struct buffer line = {};

	buffer_printf(&line, "{\"counts\":{\"seen\":%llu,\"delivered\":%llu,\"lost\":%llu,\"missed\":%llu}}\n", (unsigned long long)counts->seen,
		      (unsigned long long)counts->delivered, (unsigned long long)counts->lost, (unsigned long long)counts->missed);
	program_write_words(&line);
}

static void tell_counts(struct trace *trace)
{
	struct ferry_tracer_counts counts;

	ferry_tracer_counts(trace->tracer, &counts);
	trace->lost = counts.lost + counts.missed;
	if (trace->program->json && !trace->program->quiet)
		tell_counts_json(&counts);
	if (counts.lost)
		program_say(trace->program, "%llu of %llu events were lost, as told in the output: --buffer makes more room",
			    (unsigned long long)counts.lost, (unsigned long long)counts.seen);
	if (counts.missed)
		program_say(trace->program, "%llu calls were missed beside these: the kernel did not run the program",
			    (unsigned long long)counts.missed);
}

/* Most programs speak over no channel: who expects system calls is told where they are. */
static void tell_silence(const struct trace *trace)
{
	if (!trace->told && !trace->options.all)
		program_say(trace->program, "nothing was said over a channel%s: --all shows every system call",
			    trace->options.filters ? " that passes the filters" : "");
}

static enum exit_status run_trace(struct trace *trace)
{
	struct program *program = trace->program;
	enum exit_status status = EXIT_DONE;
	int r;

	r = ferry_tracer_new(program->ferry, &trace->subject.target, &trace->options, &trace->tracer);
	if (r < 0)
		return r == -EINVAL ? program_fail(program, EXIT_USAGE, r, "%s", ferry_error(program->ferry)) : program_failed(program, r);
	tell_watching(trace);
	status = subject_go(program, &trace->subject);
	r = status == EXIT_DONE ? follow(trace) : 0;
	if (r == 0)
		r = ferry_tracer_finish(trace->tracer);
	tell_counts(trace);
	if (r < 0 && r != -EPIPE)
		return program_failed(program, r);
	if (status == EXIT_DONE)
		tell_silence(trace);
	return status != EXIT_DONE ? status : trace->subject.command ? subject_status(&trace->subject) : trace->lost ? EXIT_INCOMPLETE : EXIT_DONE;
}

/* Where it goes. */
static enum exit_status open_outputs(struct trace *trace, int *ret_descriptor)
{
	struct program *program = trace->program;
	const char *name = program->given[OPTION_WRITE] ? program->given[OPTION_WRITE] : program->given[OPTION_OUTPUT];
	enum exit_status status = name ? open_file(trace, name, ret_descriptor) : EXIT_DONE;

	trace->output = &program->output;
	if (status != EXIT_DONE || !name)
		return status;
	if (program->given[OPTION_WRITE]) {
		capture_begin(&trace->capture, *ret_descriptor, trace->format);
		trace->capturing = true;
		trace->output = &trace->capture.output;
		return status;
	}
	output_open(&trace->own, *ret_descriptor);
	trace->output = &trace->own;
	return status;
}

static enum exit_status close_outputs(struct trace *trace, enum exit_status status)
{
	const char *name = trace->program->given[OPTION_WRITE] ? trace->program->given[OPTION_WRITE] : trace->program->given[OPTION_OUTPUT];
	int r = 0;

	if (trace->capturing) {
		r = capture_end(&trace->capture);
	} else if (trace->output == &trace->own) {
		r = output_finish(&trace->own);
		output_done(&trace->own);
	}
	return r < 0 ? program_fail(trace->program, EXIT_REFUSED, r, "cannot write %s: %s", name, error_text(r)) : status;
}

static int run(struct program *program)
{
	struct trace trace = { .program = program, .options = { .size = sizeof(trace.options), .function = tell, .data = &trace } };
	enum exit_status status = parse(&trace);
	_cleanup_close_ int descriptor = -1;

	if (status == EXIT_DONE)
		status =
			subject_open(program, &trace.subject, program->given[OPTION_PID], program->given[OPTION_FOR], program->given[OPTION_MACHINE]);
	else
		trace.subject = (struct subject){ .release = -1, .report = -1, .process = -1, .signals = -1 };
	if (status == EXIT_DONE)
		status = open_outputs(&trace, &descriptor);
	if (status == EXIT_DONE) {
		crossing_printer_init(&trace.printer, trace.output, program->json, !trace.options.details);
		status = run_trace(&trace);
		status = close_outputs(&trace, status);
	}
	ferry_tracer_free(trace.tracer);
	crossing_printer_done(&trace.printer);
	subject_close(&trace.subject);
	free(trace.filter_text);
	return status;
}

static const struct command_option options[] = {
	[OPTION_PID] = { "pid", 'p', "PID", "a process that runs, with its threads and children" },
	[OPTION_FOR] = { "for", 0, "SECONDS", "with -p: end by itself after so long (10, 0.5, 2m)" },
	[OPTION_MACHINE] = { "all-processes", 'a', "SECONDS", "the whole machine, for so long" },
	[OPTION_ALL] = { "all", 0, NULL, "every system call, signal, start and end, not the conversation alone" },
	[OPTION_FILTER] = { "filter", 'e', "FILTER,...", "only what passes: see above; may be given several times", .repeats = true },
	[OPTION_OUTPUT] = { "output", 'o', "FILE", "to FILE instead of standard output" },
	[OPTION_WRITE] = { "write", 'w', "FILE", "FILE.pcapng: netlink messages, for Wireshark; FILE.json: what takes time, for Perfetto" },
	[OPTION_VERBOSE] = { "verbose", 'v', NULL, "whole: contents of procfs, every netlink message" },
	[OPTION_TIMES] = { "times", 'T', NULL, "with --all: how long each call took" },
	[OPTION_BYTES] = { "bytes", 's', "BYTES", "of what is read and written outside of the channels (32)" },
	[OPTION_BUFFER] = { "buffer", 0, "SIZE", "the kernel's buffer (32M)" },
	{},
};

static const struct command_example examples[] = {
	{ "ferry trace -- ip link", "what ip asks the kernel, and what it is answered" },
	{ "ferry trace --all -o log -- tar cf /tmp/a.tar .", "every system call of it, into a file" },
	{ "ferry trace -p 4242 -e channel=netlink", "what a daemon says over netlink" },
	{ "ferry trace --all -e class=file,error -- make", "system calls about files that fail" },
	{ "ferry trace -w link.pcapng -- ip -d link", "its netlink messages, for Wireshark" },
	{},
};

const struct command command_trace = {
	.name = "trace",
	.synopsis = "-p PID [--for SECONDS] | -a SECONDS | -- COMMAND [ARGUMENT...]",
	.help = "show what programs say to the kernel, and every crossing into it",
	.details =
		"Without --all the conversation: a line for each thing said over a channel: the time, the program, the channel's address, what was "
		"asked, "
		"what the kernel answered (for a refused netlink request in its own words), and how long it took. Requests of netlink with the first "
		"of "
		"the objects that a dump has told, reads and writes of sysctl and sysfs with their values, reads of procfs, ioctl(2) of sockets with "
		"their structs, device events.\n\n"
		"With --all every system call with its arguments by name, signals, and the start and end of each thread and process, as strace shows "
		"them. Threads and children are followed. The command's exit status is that of COMMAND.\n\n"
		"Filters, of which those of one kind pass together and those of different kinds must all be met: trigger=syscall, trigger=exception "
		"(page faults), trigger=interrupt; class=process, file, device, information or communication; call=NAME; channel=procfs, sysctl, "
		"sysfs, "
		"netlink or ioctl; error, error=ENOENT, success. All but the channel are applied in the kernel.\n\n"
		"Arguments are read when the call returns: what lies in the program's memory another of its threads may have changed since, and "
		"where it "
		"is not resident, it is said so. Of 32-bit calls structs are not decoded. Operations of io_uring are shown as they are taken and as "
		"they end; in "
		"the conversation also what they read from a channel's files and write to them. What finds no room in the buffer is counted and told "
		"as a gap.\n\n"
		"Needs CAP_BPF and CAP_PERFMON.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.run = run,
};
