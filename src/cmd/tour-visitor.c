/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Child processes of the tour: what they do is measured from outside, and nothing else of them is. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/tour.h"
#include "show/value.h"

/* The visitor's own ends. */
static int visitor_go, visitor_done;

uint64_t tour_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void tour_wait(void)
{
	char byte = 0;

	(void)!write(visitor_done, &byte, 1);
	if (read(visitor_go, &byte, 1) != 1)
		_exit(EXIT_REFUSED);
}

static _Noreturn void visit(struct tour *tour, tour_function *work, int go, int done)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "visitor");
	visitor_go = go;
	visitor_done = done;
	tour_wait();
	work(tour);
	_exit(EXIT_DONE);
}

int tour_visitor_start(struct tour *tour, tour_function *work, struct tour_visitor *ret_visitor)
{
	int go[2], done[2];
	char byte;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(done, O_CLOEXEC) < 0) {
		close(go[0]);
		close(go[1]);
		return -errno;
	}
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		close(done[0]);
		visit(tour, work, go[0], done[1]);
	}
	close(go[0]);
	close(done[1]);
	*ret_visitor = (struct tour_visitor){ .pid = pid, .go = go[1], .done = done[0] };
	if (pid < 0 || read(done[0], &byte, 1) != 1) {
		const int error = pid < 0 ? -errno : -ECHILD;

		tour_visitor_end(ret_visitor);
		return error;
	}
	return 0;
}

bool tour_visitor_go(struct tour_visitor *visitor)
{
	char byte = 0;

	return write(visitor->go, &byte, 1) == 1 && read(visitor->done, &byte, 1) == 1;
}

void tour_visitor_end(struct tour_visitor *visitor)
{
	if (visitor->go >= 0)
		close(TAKE_DESCRIPTOR(visitor->go));
	if (visitor->done >= 0)
		close(TAKE_DESCRIPTOR(visitor->done));
	if (visitor->pid > 0)
		waitpid(visitor->pid, NULL, 0);
	visitor->pid = 0;
}

/* ---- Counting and tracing ---- */

static bool start(struct tour *tour, tour_function *work, struct tour_visitor *visitor)
{
	int r = tour_visitor_start(tour, work, visitor);

	if (r < 0)
		tour_missing(tour, "cannot start a process: %s", error_text(r));
	return r == 0;
}

bool tour_count(struct tour *tour, tour_function *work, bool from_exec, struct tour_counted *ret_counted)
{
	struct ferry_target target = { .size = sizeof(target), .from_exec = from_exec };
	int r;

	*ret_counted = (struct tour_counted){ 0 };
	if (!start(tour, work, &ret_counted->visitor))
		return false;
	target.pid = ret_counted->visitor.pid;
	r = ferry_stat_open(tour->ferry, &target, 0, &ret_counted->stat);
	if (r < 0)
		tour_missing(tour, "%s", ferry_error(tour->ferry));
	while (tour_visitor_go(&ret_counted->visitor))
		;
	tour_visitor_end(&ret_counted->visitor);
	if (r == 0)
		r = ferry_stat_read(ret_counted->stat, &ret_counted->figures);
	return r == 0;
}

void tour_counted_done(struct tour_counted *counted)
{
	ferry_stat_free(counted->stat);
}

uint64_t tour_figure(const struct ferry_value *figures, const char *list, const char *row, const char *field)
{
	const struct ferry_value *rows = value_field(figures, list);

	for (unsigned int i = 0; rows && i < ferry_value_count(rows); i++) {
		const struct ferry_value *each;
		_cleanup_free_ char *name = NULL;

		if (!(each = value_row(rows, i)) || !value_field(each, "name"))
			continue;
		name = ferry_value_text(value_field(each, "name"));
		if (name && strcmp(name, row) == 0 && value_field(each, field))
			return ferry_value_number(value_field(each, field));
	}
	return 0;
}

bool tour_trace(struct tour *tour, struct tour_visitor *visitor, const char *const *filters, bool all, ferry_crossing_function *function, void *data)
{
	const struct ferry_target target = { .size = sizeof(target), .pid = visitor->pid };
	const struct ferry_tracer_options options = {
		.size = sizeof(options), .all = all, .timed = true, .filters = filters, .ring = 1 << 20, .function = function, .data = data
	};
	struct ferry_tracer *tracer = NULL;
	int r = ferry_tracer_new(tour->ferry, &target, &options, &tracer);

	if (r < 0)
		tour_missing(tour, "%s", ferry_error(tour->ferry));
	if (!tour_visitor_go(visitor))
		tour_visitor_end(visitor);
	if (r == 0)
		r = ferry_tracer_process(tracer);
	if (r == 0)
		r = ferry_tracer_finish(tracer);
	ferry_tracer_free(tracer);
	return r == 0;
}

/* ---- Other programs ---- */

static int become(const char *const *arguments, int output)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execvp(arguments[0], (char *const *)arguments);
	_exit(EXIT_NO_PROGRAM);
}

int tour_run(struct tour *tour, const char *const *arguments, const char **ret_output)
{
	_cleanup_buffer_ struct buffer output = { 0 };
	char piece[4096];
	int channel[2], status;
	ssize_t got;
	pid_t pid;

	if (pipe2(channel, O_CLOEXEC) < 0)
		return EXIT_NO_PROGRAM;
	pid = fork();
	if (pid == 0)
		become(arguments, channel[1]);
	close(channel[1]);
	while ((got = read(channel[0], piece, sizeof(piece))) > 0)
		buffer_add(&output, piece, (size_t)got);
	close(channel[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return EXIT_NO_PROGRAM;
	if (ret_output)
		*ret_output = output.data ? arena_copy(&tour->arena, output.data, output.length) : "";
	tour_record(tour);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_REFUSED;
}
