/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* In the child: waits for a byte, then becomes the program. Its errno goes up the pipe that a successful execve(2) closes. */
static void become(const struct subject *subject, int held, int report, bool pipe_ignored)
{
	char go;
	int error;

	sigprocmask(SIG_SETMASK, &subject->before, NULL);
	signal(SIGPIPE, pipe_ignored ? SIG_IGN : SIG_DFL);
	if (read(held, &go, 1) != 1)
		_exit(EXIT_REFUSED);
	execvp(subject->command[0], subject->command);
	error = errno;
	(void)!write(report, &error, sizeof(error));
	_exit(error == ENOENT ? EXIT_NO_PROGRAM : EXIT_NOT_EXECUTABLE);
}

static enum exit_status start(struct program *program, struct subject *subject)
{
	int hold[2] = { -1, -1 }, report[2] = { -1, -1 };
	pid_t pid = -1;

	if (pipe2(hold, O_CLOEXEC) == 0 && pipe2(report, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0) {
		close(hold[1]);
		become(subject, hold[0], report[1], program->pipe_ignored);
	}
	if (hold[0] >= 0)
		close(hold[0]);
	if (report[1] >= 0)
		close(report[1]);
	subject->release = hold[1];
	subject->report = report[0];
	if (pid < 0)
		return program_fail(program, EXIT_REFUSED, -errno, "cannot start a process: %s", error_text(errno));
	subject->started = true;
	subject->target.pid = pid;
	subject->target.from_exec = true;
	return EXIT_DONE;
}

static int take_flags(void *data, const struct ferry_item *item)
{
	if (item->value)
		*(uint64_t *)data = ferry_value_number(item->value);
	return 0;
}

/* Nobody waits for calls that never come. */
static void tell_kernel_thread(struct program *program, int pid)
{
	enum { KERNEL_THREAD = 0x200000 }; /* PF_KTHREAD of the kernel's include/linux/sched.h */
	uint64_t flags = 0;
	char address[48];

	snprintf(address, sizeof(address), "procfs/%d/stat/flags", pid);
	if (ferry_get(program->ferry, address, 0, take_flags, &flags) >= 0 && flags & KERNEL_THREAD)
		program_say(program, "ferry: %d is a thread of the kernel: it makes no system calls, but what it starts may", pid);
}

static enum exit_status choose(struct program *program, struct subject *subject, const char *pid, const char *length, const char *seconds)
{
	const int given = (pid != NULL) + (seconds != NULL) + (program->argument_count != 0);
	uint64_t number = 0;

	if (given != 1)
		return program_fail(program, EXIT_USAGE, -EINVAL, "%s of -p PID, -a SECONDS and -- COMMAND %s", given ? "only one" : "one",
				    given ? "goes at a time" : "is needed");
	if (length && !pid)
		return program_fail(program, EXIT_USAGE, -EINVAL, "--for goes with -p PID: -a SECONDS says how long, and a COMMAND ends by itself");
	if (seconds)
		return program_length(program, "-a", seconds, &subject->length);
	if (!pid) {
		subject->command = program->arguments;
		return start(program, subject);
	}
	enum exit_status status = program_number(program, "-p", pid, &number);
	if (status == EXIT_DONE && number > INT_MAX)
		return program_fail(program, EXIT_NOT_FOUND, -ESRCH, "there is no process %s", pid);
	if (status == EXIT_DONE && (int)number == getpid())
		return program_fail(program, EXIT_USAGE, -EINVAL, "-p %s is ferry itself", pid);
	subject->target.pid = (int)number;
	return status == EXIT_DONE && length ? program_length(program, "--for", length, &subject->length) : status;
}

enum exit_status subject_open(struct program *program, struct subject *subject, const char *pid, const char *length, const char *seconds)
{
	sigset_t ours;

	*subject = (struct subject){ .target.size = sizeof(subject->target), .release = -1, .report = -1, .process = -1, .signals = -1 };
	sigemptyset(&ours);
	for (unsigned int i = 0; i < 4; i++)
		sigaddset(&ours, ((const int[]){ SIGINT, SIGTERM, SIGHUP, SIGQUIT })[i]);
	sigprocmask(SIG_BLOCK, &ours, &subject->before);
	subject->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	if (subject->signals < 0)
		return program_fail(program, EXIT_REFUSED, -errno, "cannot take signals: %s", error_text(errno));
	enum exit_status status = choose(program, subject, pid, length, seconds);
	if (status != EXIT_DONE || !subject->target.pid)
		return status;
	subject->process = (int)syscall(SYS_pidfd_open, subject->target.pid, 0);
	if (subject->process < 0 && errno == ESRCH)
		return program_fail(program, EXIT_NOT_FOUND, -ESRCH, "there is no process %d", subject->target.pid);
	/* The library tells what else is wrong with it, in words. */
	if (!subject->command)
		tell_kernel_thread(program, subject->target.pid);
	return EXIT_DONE;
}

enum exit_status subject_go(struct program *program, struct subject *subject)
{
	int error = 0;

	if (subject->length)
		subject->until = now() + subject->length;
	if (!subject->command)
		return EXIT_DONE;
	(void)!write(subject->release, "", 1);
	close(TAKE_DESCRIPTOR(subject->release));
	/* Its end, which the program's execve(2) closes, means that it runs. */
	if (read(subject->report, &error, sizeof(error)) != sizeof(error))
		return EXIT_DONE;
	waitpid(subject->target.pid, &subject->status, 0);
	subject->started = false;
	subject->ended = true;
	return program_fail(program, error == ENOENT ? EXIT_NO_PROGRAM : EXIT_NOT_EXECUTABLE, -error, "cannot run %s: %s", subject->command[0],
			    error_text(error));
}

/* What the terminal sends goes to the program as well, being in the same group; what a process sends goes to us alone. */
static void take_signals(struct subject *subject)
{
	struct signalfd_siginfo signal;

	while (read(subject->signals, &signal, sizeof(signal)) == sizeof(signal)) {
		subject->signal_number = (int)signal.ssi_signo;
		if (subject->started && signal.ssi_code != SI_KERNEL)
			syscall(SYS_pidfd_send_signal, subject->process, signal.ssi_signo, NULL, 0);
	}
}

static bool over(struct subject *subject)
{
	/* A program that was sent a signal may take its time, or not heed it: what it does until its end counts. */
	if (subject->command)
		return subject->ended;
	return subject->ended || subject->signal_number || (subject->until && now() >= subject->until);
}

static void take_end(struct subject *subject)
{
	subject->ended = true;
	if (subject->started) {
		waitpid(subject->target.pid, &subject->status, 0);
		subject->started = false;
	}
}

static int milliseconds_left(const struct subject *subject, int timeout)
{
	uint64_t left, time = now();

	if (!subject->until)
		return timeout;
	left = subject->until > time ? (subject->until - time + 999999) / 1000000 : 0;
	if (left > INT_MAX)
		left = INT_MAX;
	return timeout >= 0 && timeout < (int)left ? timeout : (int)left;
}

bool subject_wait(struct subject *subject, struct pollfd *others, unsigned int count, int timeout)
{
	struct pollfd polls[2 + 8] = { { subject->signals, POLLIN, 0 }, { subject->process, POLLIN, 0 } };

	if (count > 8)
		count = 8;
	if (over(subject))
		return true;
	for (unsigned int i = 0; i < count; i++)
		polls[2 + i] = others[i];
	if (poll(polls, 2 + count, milliseconds_left(subject, timeout)) < 0)
		return false;
	for (unsigned int i = 0; i < count; i++)
		others[i].revents = polls[2 + i].revents;
	if (polls[0].revents)
		take_signals(subject);
	if (polls[1].revents)
		take_end(subject);
	return over(subject);
}

enum exit_status subject_status(const struct subject *subject)
{
	if (!subject->command)
		return EXIT_DONE;
	return (enum exit_status)(WIFSIGNALED(subject->status) ? 128 + WTERMSIG(subject->status) : WEXITSTATUS(subject->status));
}

void subject_close(struct subject *subject)
{
	const int descriptors[] = { subject->release, subject->report, subject->process, subject->signals };

	for (unsigned int i = 0; i < ARRAY_SIZE(descriptors); i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
	/* Held back for ever, now that nobody is there to let it go, it ends by itself. */
	if (subject->started)
		waitpid(subject->target.pid, &subject->status, 0);
	subject->started = false;
}
