/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/stat-print.h"
#include "cmd/subject.h"

#include "base/cleanup.h"

enum { OPTION_PID, OPTION_FOR, OPTION_ALL, OPTION_SITES, OPTION_FOLDED, OPTION_LIVE };

static const struct command_option options[] = {
	[OPTION_PID] = { "pid", 'p', "PID", "that process with its threads and children, until it ends or Ctrl-C" },
	[OPTION_FOR] = { "for", 0, "SECONDS", "with -p: end by itself after so long (10, 0.5, 2m)" },
	[OPTION_ALL] = { "all-processes", 'a', "SECONDS", "the whole machine but ferry, for so long" },
	[OPTION_SITES] = { "sites", 's', NULL, "by call site too: stacks by frame pointers" },
	[OPTION_FOLDED] = { "folded", 0, NULL, "print the stacks alone, for flame graphs (with -s)" },
	[OPTION_LIVE] = { "live", 'l', NULL, "show the figures each second while they grow" },
	{},
};

#define TEND_EACH 100 /* milliseconds */
#define SHOW_EACH 1000

static enum exit_status print(struct program *program, struct ferry_stat *stat)
{
	const struct ferry_value *counted;
	struct output *output = &program->output;
	int r = ferry_stat_read(stat, &counted);

	if (r < 0)
		return program_failed(program, r);
	if (program->json) {
		_cleanup_free_ char *json = ferry_value_json(counted);

		buffer_add_text(&output->line, json ? json : "");
		buffer_add_char(&output->line, '\n');
		r = json ? 0 : -1;
	} else if (program->given[OPTION_FOLDED]) {
		stat_print_folded(output, counted);
	} else {
		r = stat_print(output, counted);
	}
	if (r < 0 || output->line.failed)
		return program_fail(program, EXIT_REFUSED, -12, "out of memory");
	output_commit(output);
	return EXIT_DONE;
}

/* On a terminal (that can) in the same place, elsewhere one behind the other. */
static void begin_frame(struct program *program)
{
	output_measure(&program->output);
	if (program->output.cursor && !program->json)
		buffer_add_text(&program->output.line, "\033[H\033[2J");
}

static enum exit_status print_live(struct program *program, struct ferry_stat *stat)
{
	enum exit_status status;

	begin_frame(program);
	status = print(program, stat);
	if (!program->output.cursor && !program->json && !program->given[OPTION_FOLDED])
		buffer_add_char(&program->output.line, '\n');
	output_commit(&program->output);
	output_fit(&program->output);
	output_flush(&program->output);
	return status;
}

static enum exit_status follow(struct program *program, struct subject *subject, struct ferry_stat *stat)
{
	enum exit_status status = EXIT_DONE;
	const bool live = program->given[OPTION_LIVE];
	int timeout = program->given[OPTION_SITES] ? TEND_EACH : live ? SHOW_EACH : -1, waited = 0;

	while (status == EXIT_DONE && !subject_wait(subject, NULL, 0, timeout)) {
		ferry_stat_tend(stat);
		waited += timeout;
		if (live && waited >= SHOW_EACH) {
			status = print_live(program, stat);
			waited = 0;
		}
	}
	return status;
}

static enum exit_status count(struct program *program, struct subject *subject)
{
	struct ferry_stat *stat;
	enum exit_status status;
	int r = ferry_stat_open(program->ferry, &subject->target, program->given[OPTION_SITES] ? FERRY_STAT_SITES : 0, &stat);

	if (r < 0)
		return program_failed(program, r);
	status = subject_go(program, subject);
	if (status == EXIT_DONE)
		status = follow(program, subject, stat);
	if (status == EXIT_DONE && program->given[OPTION_LIVE])
		begin_frame(program);
	if (status == EXIT_DONE)
		status = print(program, stat);
	ferry_stat_free(stat);
	return status == EXIT_DONE ? subject_status(subject) : status;
}

static int run(struct program *program)
{
	struct subject subject;
	enum exit_status status;

	if (program->given[OPTION_FOLDED])
		program->given[OPTION_SITES] = "";
	status = subject_open(program, &subject, program->given[OPTION_PID], program->given[OPTION_FOR], program->given[OPTION_ALL]);
	if (status == EXIT_DONE)
		status = count(program, &subject);
	subject_close(&subject);
	return status;
}

static const struct command_example examples[] = {
	{ "ferry stat -- ls -l", "what that command costs" },
	{ "ferry stat -p 1234 --for 10", "a process that runs, for ten seconds" },
	{ "ferry stat -a 10 --json", "the machine for ten seconds, for a program" },
	{ "ferry stat -s --folded -- make | flamegraph.pl", "call sites as a picture" },
	{},
};

const struct command command_stat = {
	.name = "stat",
	.synopsis = "-p PID [--for SECONDS] | -a SECONDS | -- COMMAND [ARGUMENT...]",
	.help = "count and time what crosses into the kernel: calls, faults, interrupts",
	.details = "Counts in the kernel, by BPF, what a program, a process or the machine does: the three triggers (system calls, exceptions, "
		   "interrupts), system calls by class and by name with their errors, page faults by region of memory, other exceptions, interrupts "
		   "by vector, handler and softirq, context switches, io_uring, memory asked for, touched and given back. Ends with the status of "
		   "COMMAND: 128 + N where signal N killed it, 126 or 127 where it could not be run.\n\n"
		   "Times go from begin to end; WAITED is what of that the task was off the processor, and SHARE is the rest of it, in parts of the "
		   "processor time. P50 and P99 are exact to a quarter. The time that the counting itself takes, about a call's own, is in the "
		   "figures. Needs CAP_BPF and CAP_PERFMON.",
	.options = options,
	.examples = examples,
	.maximum = ARGUMENTS_ANY,
	.run = run,
};
