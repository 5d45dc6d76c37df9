/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes by a BPF program that the kernel runs for each task while a descriptor is read: all of them in a read(2) for each 32 KiB. The program
 * tells what the kernel keeps; what /proc computes of it is computed here, by the same rules (fs/proc/array.c, kernel/sched/cputime.c). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "bpf/process.h"
#include "channel/kernel-types.h"
#include "channel/path-parts.h"
#include "channel/probe-part.h"
#include "channel/process.h"
#include "wire/bpf-load.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "process.skel.h"
#pragma GCC diagnostic pop

#define READ_SIZE    (64u << 10) /* the kernel gives 32 KiB at most */
#define TICK         10000000u   /* ns: /proc counts in hundredths of a second */
#define INITIAL_TIME 0xEFFFFFFAu /* include/uapi/linux/nsfs.h: inode numbers of the initial namespaces */
#define INITIAL_PID  0xEFFFFFFCu

/* include/linux/sched.h: what counts of a state, and the two that have a letter of their own or none. */
#define STATE_REPORTED  0x7fu
#define STATE_IDLE      0x402u
#define STATE_LOCK_WAIT 0x1000u
#define STATE_FROZEN    0x8000u

struct iteration {
	struct machine *machine;
	process_function *function;
	void *data;
	char cgroup[PATH_PARTS_ROOM + sizeof(" (deleted)")]; /* of the process told last */
	size_t cgroup_length;
	size_t page;
	struct buffer told;     /* numbers of the processes told so far, which rise */
	unsigned short threads; /* of them, as sysinfo(2) counts */
};

static char state_letter(uint32_t state, uint32_t exit_state)
{
	static const char letters[] = "RSDTtXZPI";
	unsigned int place = 0;
	uint32_t reported = (state | exit_state) & STATE_REPORTED;

	if ((state & STATE_IDLE) == STATE_IDLE)
		return 'I';
	if (state & (STATE_LOCK_WAIT | STATE_FROZEN))
		reported = 2;
	for (; reported; reported >>= 1)
		place++;
	return letters[place];
}

struct times {
	uint64_t user, system;
};

/* The timer's samples tell the proportion, the exact runtime the sum; and what was told once is not taken back. */
static struct times times_of(const struct process_row *row)
{
	const struct times told = { row->told_utime, row->told_stime };
	struct times times = { row->utime, row->stime };

	if (told.user + told.system >= row->runtime)
		return told;
	if (!times.system)
		times.user = row->runtime;
	else if (!times.user)
		times.system = row->runtime;
	else
		times.system = (uint64_t)((unsigned __int128)times.system * row->runtime / (times.system + times.user));
	if (times.system > row->runtime)
		times.system = row->runtime;
	if (times.system < told.system)
		times.system = told.system;
	times.user = row->runtime - times.system;
	if (times.user < told.user) {
		times.user = told.user;
		times.system = row->runtime - times.user;
	}
	return times;
}

static void keep_cgroup(struct iteration *iteration, const struct process_row *row)
{
	static const char deleted[] = " (deleted)";

	if (!(row->flags & PROCESS_CGROUP_SAME))
		iteration->cgroup_length = path_parts_join((const char *)(row + 1), row->path_length, iteration->cgroup) - 1;
	if (row->flags & PROCESS_CGROUP_DEAD)
		memcpy(iteration->cgroup + iteration->cgroup_length, deleted, strlen(deleted));
}

static int tell_row(struct iteration *iteration, const struct process_row *row)
{
	const char letter = state_letter(row->state, row->exit_state);
	const struct times times = times_of(row);
	struct process process = {
		.values = {
			[PROCESS_PID] = value_uint(row->pid),
			[PROCESS_PARENT] = value_uint(row->parent),
			[PROCESS_UID] = value_uint(row->uid),
			[PROCESS_STATE] = value_data(VALUE_TEXT, &letter, 1),
			[PROCESS_THREADS] = value_uint(row->threads),
			[PROCESS_UTIME] = value_uint(times.user / TICK),
			[PROCESS_STIME] = value_uint(times.system / TICK),
			[PROCESS_START] = value_uint(row->start / TICK),
			[PROCESS_RSS] = value_uint((uint64_t)row->rss * iteration->page),
			[PROCESS_SIZE] = value_uint(row->size_pages * iteration->page),
			[PROCESS_NICE] = value_int(row->nice),
			[PROCESS_NAME] = value_data(VALUE_TEXT, row->comm, strnlen(row->comm, 63)),
		},
	};
	size_t length = iteration->cgroup_length + (row->flags & PROCESS_CGROUP_DEAD ? strlen(" (deleted)") : 0);

	process.values[PROCESS_CGROUP] = value_data(VALUE_TEXT, iteration->cgroup, length);
	iteration->threads += (unsigned short)row->threads;
	return iteration->function(iteration->data, &process);
}

struct asked {
	struct iteration *iteration;
	uint64_t start; /* of the process that is meant, in hundredths of a second; 0: whichever has the number */
};

static int tell_asked(void *data, const struct process *process)
{
	const struct asked *asked = data;

	/* Another process has the number by now: ours has gone. */
	if (asked->start && process->values[PROCESS_START].number != asked->start)
		return 0;
	asked->iteration->threads += (unsigned short)process->values[PROCESS_THREADS].number;
	return asked->iteration->function(asked->iteration->data, process);
}

/* What the program could not tell, /proc does. */
static int ask_proc(struct iteration *iteration, uint32_t pid, uint64_t start)
{
	struct asked asked = { iteration, start };
	bool hidden;
	int r = process_find(iteration->machine, pid, tell_asked, &asked, &hidden);

	return r == -ENOENT ? 0 : r;
}

static int note_told(struct iteration *iteration, uint32_t pid)
{
	buffer_add(&iteration->told, &pid, sizeof(pid));
	return iteration->told.failed ? -ENOMEM : 0;
}

/* A kernel can keep a process from BPF programs, and the first one is the one that some keep: it is always there. */
static int note_row(struct iteration *iteration, uint32_t pid)
{
	int r = 0;

	if (!iteration->told.length && pid != 1) {
		r = note_told(iteration, 1);
		if (r == 0)
			r = ask_proc(iteration, 1, 0);
	}
	return r ? r : note_told(iteration, pid);
}

/* Where the kernel counts other threads than were told, some were kept from us or came meanwhile: /proc tells of those. */
static int tell_rest(struct iteration *iteration)
{
	struct asked asked = { iteration, 0 };
	struct sysinfo counts;
	bool hidden;

	if (sysinfo(&counts) < 0 || counts.procs == iteration->threads)
		return 0;
	return process_scan(iteration->machine, (const uint32_t *)iteration->told.data, iteration->told.length / sizeof(uint32_t), tell_asked, &asked,
			    &hidden);
}

static int tell_rows(struct iteration *iteration, const char *data, size_t length)
{
	int r = 0;

	while (r == 0 && length) {
		const struct process_row *row = (const void *)data;

		if (length < sizeof(*row) || row->size < sizeof(*row) + row->path_length || row->size > length ||
		    row->path_length > EVENT_PATH_MAXIMUM)
			return -EBADMSG;
		if (!(row->flags & PROCESS_CGROUP_UNKNOWN))
			keep_cgroup(iteration, row);
		r = note_row(iteration, row->pid);
		if (r == 0 && row->flags & (PROCESS_MEMORY_UNKNOWN | PROCESS_TIMES_UNKNOWN | PROCESS_CGROUP_UNKNOWN))
			r = ask_proc(iteration, row->pid, row->start / TICK);
		else if (r == 0)
			r = tell_row(iteration, row);
		data += row->size;
		length -= row->size;
	}
	return r;
}

static int read_rows(struct iteration *iteration, int descriptor)
{
	_cleanup_free_ char *data = aligned_alloc(8, READ_SIZE);
	int r = 0;

	if (!data)
		return -ENOMEM;
	while (r == 0) {
		ssize_t n = read(descriptor, data, READ_SIZE);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		r = tell_rows(iteration, data, (size_t)n);
	}
	return r;
}

static bool is_initial(const char *path, ino_t initial)
{
	struct stat status;

	/* A kernel without such namespaces has just the one. */
	return stat(path, &status) < 0 ? errno == ENOENT : status.st_ino == initial;
}

/* Whether the program's numbers mean here what /proc's would: it tells pids, users, times and groups as the machine's own namespaces have them. */
static const char *namespaces_differ(void)
{
	char self[16] = "";
	ssize_t length = readlink("/proc/self", self, sizeof(self) - 1);

	if (length < 0 || strtol(self, NULL, 10) != getpid())
		return "/proc here is of another pid namespace";
	if (!is_initial("/proc/self/ns/pid", INITIAL_PID))
		return "this is a pid namespace of its own";
	if (bpf_own_user_namespace())
		return "this is a user namespace of its own";
	if (!is_initial("/proc/self/ns/time", INITIAL_TIME))
		return "this is a time namespace of its own";
	if (!probe_cgroup_initial())
		return "this is a cgroup namespace of its own";
	return NULL;
}

/* What the program must be told of the kernel's types. Without the processors' own memory it says of each process that its memory is not known.
 * -ENOENT where it can do nothing at all. */
static int set_places(struct process_bpf *skeleton)
{
	enum { QUEUES, OFFSET, NUMBER, HOT, HOT_NUMBER, GROUP, DESCRIPTION, WORK, PLACES };
	struct kernel_place places[PLACES] = {
		[QUEUES] = { NULL, "runqueues" },
		[OFFSET] = { NULL, "this_cpu_off" },
		[NUMBER] = { NULL, "cpu_number" },
		/* From 6.2 to 6.14 it stands with others in a struct without a name. */
		[HOT] = { NULL, "pcpu_hot" },
		[HOT_NUMBER] = { "", "cpu_number" },
		[GROUP] = { "css_set", "dfl_cgrp" },
		[DESCRIPTION] = { "worker", "desc" },
		[WORK] = { "worker", "current_work" },
	};

	if (kernel_places(places, PLACES) < 0 || places[GROUP].offset < 0)
		return -ENOENT;
	skeleton->rodata->css_set_dfl_cgrp = (int32_t)places[GROUP].offset;
	if (places[DESCRIPTION].offset > 0 && places[WORK].offset >= 0) {
		skeleton->rodata->worker_desc = (int32_t)places[DESCRIPTION].offset;
		skeleton->rodata->worker_current_work = (int32_t)places[WORK].offset;
	}
	if (places[QUEUES].offset < 0 || places[OFFSET].offset < 0)
		return 0;
	skeleton->rodata->offset_distance = places[OFFSET].offset - places[QUEUES].offset;
	if (places[NUMBER].offset >= 0)
		skeleton->rodata->number_distance = places[NUMBER].offset - places[QUEUES].offset;
	else if (places[HOT].offset >= 0 && places[HOT_NUMBER].offset >= 0)
		skeleton->rodata->number_distance = places[HOT].offset + places[HOT_NUMBER].offset - places[QUEUES].offset;
	skeleton->rodata->processors = (uint32_t)get_nprocs_conf();
	return 0;
}

static int start(struct process_bpf **ret, int *ret_descriptor, struct error *error)
{
	const char *missing = bpf_hindrance();
	struct process_bpf *skeleton;
	union bpf_attr attributes = {};
	int r;

	if (!missing)
		missing = namespaces_differ();
	if (missing)
		return error_set(error, -EOPNOTSUPP, "%s", missing);
	skeleton = process_bpf__open();
	if (!skeleton)
		return error_set(error, -ENOMEM, "no memory for a BPF program");
	r = set_places(skeleton);
	if (r == 0)
		r = process_bpf__load(skeleton);
	if (r == 0) {
		r = process_bpf__attach(skeleton);
		attributes.iter_create.link_fd = (uint32_t)skeleton->links.process_rows_fd;
		if (r >= 0)
			r = (int)syscall(SYS_bpf, BPF_ITER_CREATE, &attributes, sizeof(attributes));
		if (r < 0 && errno)
			r = -errno;
	}
	if (r < 0) {
		process_bpf__destroy(skeleton);
		return error_set(error, -EOPNOTSUPP, "the kernel refuses the program: %s", error_text(r));
	}
	*ret = skeleton;
	*ret_descriptor = r;
	return 0;
}

int process_iterate(struct machine *machine, process_function *function, void *data, struct error *error)
{
	struct iteration iteration = { .machine = machine, .function = function, .data = data, .page = (size_t)sysconf(_SC_PAGESIZE) };
	_cleanup_close_ int descriptor = -1;
	struct process_bpf *skeleton;
	int r;

	if (machine->root)
		return error_set(error, -EOPNOTSUPP, "another root has no kernel to ask");
	r = start(&skeleton, &descriptor, error);
	if (r < 0)
		return r;
	r = read_rows(&iteration, descriptor);
	if (r == 0)
		r = tell_rest(&iteration);
	buffer_done(&iteration.told);
	process_bpf__destroy(skeleton);
	return r;
}

int process_iterator_probe(struct error *error)
{
	_cleanup_close_ int descriptor = -1;
	struct process_bpf *skeleton;
	int r = start(&skeleton, &descriptor, error);

	if (r == 0)
		process_bpf__destroy(skeleton);
	return r;
}
