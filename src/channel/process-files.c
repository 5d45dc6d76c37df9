/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes by their files in /proc: stat, status (which alone has the user, and the memory exactly) and cgroup, by the tables of report-process.c. A
 * process's folder is opened once, so that the files are of one process, however soon its number is given to another. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>

#include "channel/probe-part.h"
#include "channel/process.h"
#include "channel/report.h"
#include "wire/bpf-load.h"
#include "wire/file.h"

#define FILE_ROOM 8192 /* stat, status and cgroup fit, but for a process of many groups */

struct scan {
	process_function *function;
	void *data;
	int proc;              /* descriptor of /proc */
	const uint32_t *known; /* numbers that are not asked for */
	size_t known_count;
	struct buffer stat, status, cgroup;
	struct arena arenas[3];
	struct process *process; /* that is being read */
	bool hidden;
};

/* One read(2) is all of it where it does not fill the room. */
static int read_file(int directory, const char *name, struct buffer *ret)
{
	_cleanup_close_ int descriptor = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *space;
	ssize_t n;

	buffer_clear(ret);
	if (descriptor < 0)
		return -errno;
	space = buffer_reserve(ret, FILE_ROOM);
	if (!space)
		return -ENOMEM;
	n = read(descriptor, space, FILE_ROOM);
	if (n < 0)
		return -errno;
	ret->length = (size_t)n;
	ret->data[n] = '\0';
	return n == FILE_ROOM ? file_read(descriptor, 0, 0, ret) : 0;
}

static void take(struct process *process, enum process_field field, const struct record *record, const char *name)
{
	const struct value *value = record_find(record, name);

	if (value)
		process->values[field] = *value;
}

static int take_stat(void *data, const char *key _unused_, const struct value *value)
{
	static const struct {
		enum process_field field;
		const char *name;
	} names[] = {
		{ PROCESS_PARENT, "ppid" }, { PROCESS_STATE, "state" }, { PROCESS_THREADS, "num_threads" },
		{ PROCESS_UTIME, "utime" }, { PROCESS_STIME, "stime" }, { PROCESS_START, "starttime" },
		{ PROCESS_SIZE, "vsize" },  { PROCESS_NICE, "nice" },   { PROCESS_NAME, "comm" },
	};
	struct scan *scan = data;

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		take(scan->process, names[i].field, value->record, names[i].name);
	return 0;
}

static int take_status(void *data, const char *key _unused_, const struct value *value)
{
	const struct value *identity = record_find(value->record, "Uid");
	struct scan *scan = data;

	if (identity && identity->type == VALUE_RECORD)
		take(scan->process, PROCESS_UID, identity->record, "real");
	/* A thread of the kernel, and what has ended, has no memory. */
	scan->process->values[PROCESS_RSS] = value_uint(0);
	take(scan->process, PROCESS_RSS, value->record, "VmRSS");
	return 0;
}

/* The row of hierarchy 0, which is cgroup 2. The value must outlive the row's arena: its text lies in the file's. */
static int take_cgroup(void *data, const char *key, const struct value *value)
{
	struct scan *scan = data;

	if (!strcmp(key, "0"))
		take(scan->process, PROCESS_CGROUP, value->record, "path");
	return !strcmp(key, "0");
}

static int take_file(struct scan *scan, const char *name, int directory, struct buffer *content, unsigned int index, layout_function *function)
{
	const struct report *report;
	char path[32];
	const char *rest;
	int r = read_file(directory, name, content);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "self/%s", name);
	report = report_of(path, &rest);
	r = layout_read(report->layout, content->data ? content->data : "", content->length, &scan->arenas[index], function, scan);
	return r < 0 ? r : 0;
}

static bool is_refusal(int code)
{
	return code == -EACCES || code == -EPERM;
}

/* Fills SCAN->process from the files in DIRECTORY. -ESRCH where it has ended meanwhile. */
static int read_process(struct scan *scan, int directory)
{
	int r = take_file(scan, "stat", directory, &scan->stat, 0, take_stat);

	if (is_refusal(r))
		scan->hidden = true;
	else if (r < 0)
		return r;
	r = take_file(scan, "status", directory, &scan->status, 1, take_status);
	if (is_refusal(r))
		scan->hidden = true;
	else if (r < 0)
		return r;
	r = take_file(scan, "cgroup", directory, &scan->cgroup, 2, take_cgroup);
	if (is_refusal(r))
		scan->hidden = true;
	/* A kernel without control groups has no such file. */
	return is_refusal(r) || r == -ENOENT ? 0 : r;
}

static int tell_process(struct scan *scan, const char *name)
{
	struct process process = { .values[PROCESS_PID] = value_uint(strtoul(name, NULL, 10)) };
	_cleanup_close_ int directory = openat(scan->proc, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (directory < 0)
		return -errno;
	scan->process = &process;
	r = read_process(scan, directory);
	return r < 0 ? r : scan->function(scan->data, &process);
}

static bool is_number(const char *name)
{
	return *name && strlen(name) < 10 && !name[strspn(name, "0123456789")];
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

static bool is_known(const struct scan *scan, const char *name)
{
	const uint32_t number = (uint32_t)strtoul(name, NULL, 10);

	return scan->known_count && bsearch(&number, scan->known, scan->known_count, sizeof(number), compare_numbers);
}

/* A process that has gone by now is no failure. */
static int tell_entries(struct scan *scan, const char *data, size_t length)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < length;) {
		const struct dirent64 *entry = (const void *)(data + at);

		at += entry->d_reclen;
		if (!is_number(entry->d_name) || is_known(scan, entry->d_name))
			continue;
		r = tell_process(scan, entry->d_name);
		if (r == -ENOENT || r == -ESRCH || r == -ENOTDIR)
			r = 0;
	}
	return r;
}

static int scan_folder(struct scan *scan)
{
	_cleanup_free_ char *data = malloc(32768);
	int r = 0;

	if (!data)
		return -ENOMEM;
	while (r == 0) {
		ssize_t n = getdents64(scan->proc, data, 32768);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		r = tell_entries(scan, data, (size_t)n);
	}
	return r;
}

static int find_hiding(void *data, const char *key _unused_, const struct value *value)
{
	const struct value *place = record_find(value->record, "mount_point"), *options = record_find(value->record, "super_options");
	bool *hiding = data;
	const char *found;

	if (!place || !options || place->bytes.length != 5 || memcmp(place->bytes.data, "/proc", 5))
		return 0;
	found = memmem(options->bytes.data, options->bytes.length, "hidepid=", 8);
	/* What is mounted there last counts. */
	*hiding = found && found[8] != '0' && strncmp(found + 8, "off", 3);
	return 0;
}

/* Whether /proc is mounted so that it hides the processes of others from us. */
static bool is_hiding(struct machine *machine, struct scan *scan)
{
	bool hiding = false;
	const struct report *report;
	const char *rest;

	if (machine->root || bpf_capable(CAP_SYS_PTRACE) || read_file(scan->proc, "self/mountinfo", &scan->stat) < 0)
		return false;
	report = report_of("self/mountinfo", &rest);
	if (layout_read(report->layout, scan->stat.data, scan->stat.length, &scan->arenas[0], find_hiding, &hiding) < 0)
		return false;
	return hiding;
}

static int open_proc(struct machine *machine, struct scan *scan, struct error *error)
{
	scan->proc = file_open(machine->root_descriptor, "/proc", O_RDONLY | O_DIRECTORY);
	return scan->proc < 0 ? error_set(error, scan->proc, "/proc: %s", error_text(scan->proc)) : 0;
}

static void scan_done(struct scan *scan)
{
	if (scan->proc >= 0)
		close(scan->proc);
	buffer_done(&scan->stat);
	buffer_done(&scan->status);
	buffer_done(&scan->cgroup);
	for (unsigned int i = 0; i < ARRAY_SIZE(scan->arenas); i++)
		arena_done(&scan->arenas[i]);
}

int process_scan(struct machine *machine, const uint32_t *known, size_t count, process_function *function, void *data, bool *ret_hidden)
{
	struct scan scan = { .function = function, .data = data, .known = known, .known_count = count };
	int r = open_proc(machine, &scan, &machine->error);

	if (r == 0)
		r = scan_folder(&scan);
	if (r == 0)
		*ret_hidden = scan.hidden || is_hiding(machine, &scan);
	scan_done(&scan);
	return r;
}

int process_find(struct machine *machine, uint32_t pid, process_function *function, void *data, bool *ret_hidden)
{
	struct scan scan = { .function = function, .data = data };
	char name[16];
	int r = open_proc(machine, &scan, &machine->error);

	snprintf(name, sizeof(name), "%u", pid);
	if (r == 0) {
		r = tell_process(&scan, name);
		if (r == -ESRCH || r == -ENOTDIR)
			r = -ENOENT;
		*ret_hidden = scan.hidden;
	}
	scan_done(&scan);
	return r;
}
