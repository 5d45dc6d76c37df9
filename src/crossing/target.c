/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/target.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/time.h"
#include "wire/bpf-load.h"
#include "wire/libbpf.h"

static void cleanup_link(struct bpf_link **link)
{
	if (*link)
		libbpf.bpf_link__destroy(*link);
}

/* The process that PID is a thread of, 0 where there is no such thread. */
static int process_of(int pid)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[32], line[128];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "Tgid:", 5) == 0)
			return (int)strtol(line + 5, NULL, 10);
	return 0;
}

static int no_process(int pid, int code, struct error *error)
{
	const int process = process_of(pid);

	if (process && process != pid)
		return error_set(error, -EINVAL, "%d is a thread of process %d, and processes are followed whole: -p %d", pid, process, process);
	if (code == ESRCH || code == EINVAL)
		return error_set(error, -ESRCH, "there is no process %d", pid);
	return error_set(error, -code, "cannot get hold of process %d: %s", pid, error_text(code));
}

static int mark(const struct target_parts *parts, int pid, enum follow follow, struct error *error)
{
	const struct task_state state = { .follow = follow };
	_cleanup_close_ int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = descriptor, .events = POLLIN };

	if (descriptor < 0)
		return no_process(pid, errno, error);
	/* All of its threads: one that waits for its parent to ask after it is still there to be marked. */
	if (poll(&ended, 1, 0) > 0)
		return error_set(error, -ESRCH, "process %d has ended already", pid);
	if (libbpf.bpf_map_update_elem(libbpf.bpf_map__fd(parts->tasks), &descriptor, &state, BPF_ANY) == 0)
		return 0;
	if (errno == ENOENT || errno == ESRCH)
		return error_set(error, -ESRCH, "process %d has ended already", pid);
	return error_set(error, -errno, "cannot follow process %d: %s", pid, error_text(errno));
}

static int pass_over_all(const struct target_parts *parts, struct error *error)
{
	_cleanup_(cleanup_link) struct bpf_link *link = libbpf.bpf_program__attach_iter(parts->pass, NULL);
	_cleanup_close_ int pass = link ? libbpf.bpf_iter_create(libbpf.bpf_link__fd(link)) : -errno;
	char none;
	ssize_t n;

	if (pass < 0)
		return error_set(error, pass, "the kernel refuses the pass over all tasks: %s", error_text(pass));
	__atomic_store_n(parts->seen, 0, __ATOMIC_RELAXED);
	do
		n = read(pass, &none, sizeof(none));
	while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	return n < 0 ? error_set(error, -errno, "the pass over all tasks failed: %s", error_text(errno)) : 0;
}

/* Marks the threads and children that are there, of a process that is to be followed already. A child may come before its parent in the kernel's
 * order.
 */
static int mark_family(const struct target_parts *parts, struct error *error)
{
	int64_t before;
	int r;

	do {
		before = __atomic_load_n(parts->marked, __ATOMIC_RELAXED);
		r = pass_over_all(parts, error);
	} while (r == 0 && __atomic_load_n(parts->marked, __ATOMIC_RELAXED) != before);
	return r;
}

static int begin_process(const struct target_parts *parts, int pid, struct error *error)
{
	int r;

	__atomic_add_fetch(parts->count, 1, __ATOMIC_RELAXED);
	r = mark(parts, pid, FOLLOW_YES, error);
	return r < 0 ? r : mark_family(parts, error);
}

/* It is alone until its exec; the pass gives it its place among those that are known. */
static int begin_command(const struct target_parts *parts, int pid, struct error *error)
{
	int r = mark(parts, pid, FOLLOW_WAITS, error);

	return r < 0 ? r : mark_family(parts, error);
}

int target_check(const struct btf *btf, struct error *error)
{
	if (bpf_has_helper(btf, "BPF_FUNC_task_storage_get") && bpf_has_helper(btf, "BPF_FUNC_task_pt_regs"))
		return 0;
	return error_set(
		error, -EOPNOTSUPP,
		"the kernel keeps nothing for BPF programs with its tasks, by which they are followed, or does not tell them a task's registers "
		"(5.15 and later do both)");
}

int target_begin(const struct target_parts *parts, const struct ferry_target *target, struct error *error)
{
	int r = mark(parts, getpid(), FOLLOW_NEVER, error);

	if (r == 0 && target->pid)
		r = target->from_exec ? begin_command(parts, target->pid, error) : begin_process(parts, target->pid, error);
	if (r == 0)
		__atomic_store_n(parts->begun, true, __ATOMIC_RELEASE);
	return r;
}

int64_t target_alive(struct target_parts *parts, const struct bpf_object *programs)
{
	const int64_t count = __atomic_load_n(parts->count, __ATOMIC_RELAXED);
	const uint64_t now = time_boot();

	if (count <= 0 || now - parts->looked < SECOND || !bpf_missed(programs))
		return count;
	parts->looked = now;
	return pass_over_all(parts, NULL) == 0 ? __atomic_load_n(parts->seen, __ATOMIC_RELAXED) : count;
}
