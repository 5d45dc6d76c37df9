/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a command itself costs. Entries into the kernel are counted by the kernel, at the raw_syscalls:sys_enter tracepoint, for this process alone;
 * where these rights do not allow that, it is said. Everything else is the kernel's own bookkeeping, which needs no rights: /proc/self/io and
 * getrusage(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/command.h"

#define TRACEPOINT "events/raw_syscalls/sys_enter/id"

struct io {
	uint64_t read_bytes, write_bytes, reads, writes;
};

struct reading {
	struct io io;
	struct rusage usage;
};

static struct reading begun;
static int counter = -1;
static const char *no_counter; /* why there is none */

static struct io read_io(void)
{
	struct io io = {};
	_cleanup_fclose_ FILE *file = fopen("/proc/self/io", "re");
	char name[32];
	uint64_t value;

	while (file && fscanf(file, "%31[^:]: %" SCNu64 "\n", name, &value) == 2) {
		if (strcmp(name, "rchar") == 0)
			io.read_bytes = value;
		else if (strcmp(name, "wchar") == 0)
			io.write_bytes = value;
		else if (strcmp(name, "syscr") == 0)
			io.reads = value;
		else if (strcmp(name, "syscw") == 0)
			io.writes = value;
	}
	return io;
}

static long read_number(int folder, const char *path)
{
	_cleanup_close_ int descriptor = openat(folder, path, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t length = descriptor < 0 ? -1 : read(descriptor, text, sizeof(text) - 1);

	if (length <= 0)
		return -1;
	text[length] = 0;
	return strtol(text, NULL, 10);
}

/* The tracepoint's number, which tracefs tells: where it is mounted, or else from an instance of our own that is attached nowhere and goes when it is
 * closed. */
static long tracepoint(void)
{
	long number = read_number(AT_FDCWD, "/sys/kernel/tracing/" TRACEPOINT);

	if (number < 0)
		number = read_number(AT_FDCWD, "/sys/kernel/debug/tracing/" TRACEPOINT);
	if (number >= 0)
		return number;
	_cleanup_close_ int context = fsopen("tracefs", FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		no_counter = errno == EPERM || errno == EACCES ? "needs root, or a tracefs that may be read" : "this kernel has no tracefs";
		return -1;
	}
	_cleanup_close_ int mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	number = mount < 0 ? -1 : read_number(mount, TRACEPOINT);
	if (number < 0)
		no_counter = "this kernel has no system call tracepoints";
	return number;
}

static void open_counter(void)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attributes),
		.disabled = 1,
		.inherit = 1,
	};
	long number = tracepoint();

	if (number < 0)
		return;
	attributes.config = (uint64_t)number;
	counter = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (counter < 0)
		no_counter = errno == EACCES || errno == EPERM ? "needs CAP_PERFMON" : error_text(errno);
}

bool cost_count(void)
{
	if (counter < 0 && !no_counter) {
		open_counter();
		if (counter >= 0)
			ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
	}
	return counter >= 0;
}

static uint64_t entries_now(void)
{
	uint64_t entries;

	return counter >= 0 && read(counter, &entries, sizeof(entries)) == sizeof(entries) ? entries : 0;
}

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What reading /proc/self/io adds to what it tells: the whole of the first reading. */
static uint64_t own_reading(void)
{
	uint64_t first = read_io().read_bytes;

	return read_io().read_bytes - first;
}

void cost_part_begin(struct cost_part *part)
{
	part->own_bytes = own_reading();
	part->read_bytes = read_io().read_bytes;
	part->entries = entries_now();
	part->nanoseconds = clock_now();
}

void cost_part_end(struct cost_part *part)
{
	part->nanoseconds = clock_now() - part->nanoseconds;
	part->entries = entries_now() - part->entries;
	/* The one that read it is an entry too, and its 8 bytes are counted. */
	if (counter >= 0)
		part->entries--;
	part->read_bytes = read_io().read_bytes - part->read_bytes - (counter >= 0 ? 2 * sizeof(uint64_t) : 0) - part->own_bytes;
}

void cost_begin(void)
{
	open_counter();
	begun.io = read_io();
	getrusage(RUSAGE_SELF, &begun.usage);
	if (counter >= 0)
		ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
}

static uint64_t microseconds(const struct timeval *from, const struct timeval *to)
{
	return (uint64_t)((to->tv_sec - from->tv_sec) * 1000000ll + (to->tv_usec - from->tv_usec));
}

static void add_bytes(struct buffer *buffer, uint64_t bytes)
{
	if (bytes < 1024)
		buffer_printf(buffer, "%" PRIu64 " bytes", bytes);
	else if (bytes < 1024 * 1024)
		buffer_printf(buffer, "%.1f KiB", (double)bytes / 1024);
	else
		buffer_printf(buffer, "%.1f MiB", (double)bytes / (1024 * 1024));
}

static void add_text(struct buffer *line, bool counted, uint64_t entries, const struct io *io, const struct rusage *usage)
{
	buffer_add_text(line, "cost: ");
	if (counted)
		buffer_printf(line, "%" PRIu64 " entries into the kernel", entries);
	else
		buffer_printf(line, "entries into the kernel not counted (%s)", no_counter ? no_counter : "no counter");
	buffer_printf(line, "; files and pipes: %" PRIu64 " reads of ", io->reads);
	add_bytes(line, io->read_bytes);
	buffer_printf(line, ", %" PRIu64 " writes of ", io->writes);
	add_bytes(line, io->write_bytes);
	buffer_printf(line, "; %.1f ms user, %.1f ms system; at most ", (double)microseconds(&begun.usage.ru_utime, &usage->ru_utime) / 1000,
		      (double)microseconds(&begun.usage.ru_stime, &usage->ru_stime) / 1000);
	add_bytes(line, (uint64_t)usage->ru_maxrss * 1024);
	buffer_add_text(line, " of memory\n");
}

static void add_json(struct buffer *line, bool counted, uint64_t entries, const struct io *io, const struct rusage *usage)
{
	buffer_add_text(line, "{\"cost\":{\"entries\":");
	if (counted)
		buffer_add_uint(line, entries);
	else
		buffer_add_text(line, "null");
	buffer_printf(line, ",\"reads\":%" PRIu64 ",\"read_bytes\":%" PRIu64 ",\"writes\":%" PRIu64 ",\"write_bytes\":%" PRIu64, io->reads,
		      io->read_bytes, io->writes, io->write_bytes);
	buffer_printf(line, ",\"user_us\":%" PRIu64 ",\"system_us\":%" PRIu64 ",\"memory_bytes\":%" PRIu64 "}}\n",
		      microseconds(&begun.usage.ru_utime, &usage->ru_utime), microseconds(&begun.usage.ru_stime, &usage->ru_stime),
		      (uint64_t)usage->ru_maxrss * 1024);
}

void cost_print(const struct program *program)
{
	_cleanup_buffer_ struct buffer line = {};
	struct rusage usage;
	uint64_t entries = 0;
	bool counted = false;

	if (counter >= 0) {
		ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
		counted = read(counter, &entries, sizeof(entries)) == sizeof(entries);
		if (entries > 0)
			entries--; /* the ioctl above, entered while it still counted */
		close(counter);
		counter = -1;
	}
	getrusage(RUSAGE_SELF, &usage);
	struct io io = read_io();
	io.read_bytes -= begun.io.read_bytes;
	io.write_bytes -= begun.io.write_bytes;
	io.reads -= begun.io.reads;
	io.writes -= begun.io.writes;
	(program->json ? add_json : add_text)(&line, counted, entries, &io, &usage);
	if (!line.failed)
		(void)!write(STDERR_FILENO, line.data, line.length);
}
