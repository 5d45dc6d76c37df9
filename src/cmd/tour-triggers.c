/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first two stations: why programs cross, and what for. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

#include "cmd/tour.h"
#include "show/value.h"

#define ASKED   1000
#define TOUCHED 256

static void touch_pages(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, TOUCHED * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return;
	madvise(memory, TOUCHED * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < TOUCHED; i++)
		((volatile char *)memory)[i * page] = 1;
}

static void write_to_disk(const char *folder)
{
	char path[64];
	int file;

	snprintf(path, sizeof(path), "%s/disk", folder);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0)
		return;
	for (int i = 0; i < 8; i++)
		if (write(file, path, sizeof(path)) < 0 || fdatasync(file) < 0)
			break;
	close(file);
	unlink(path);
}

static void triggers_work(struct tour *tour)
{
	const uint64_t until = tour_now() + 60000000;

	for (int i = 0; i < ASKED; i++)
		syscall(SYS_getppid);
	touch_pages();
	write_to_disk(tour->folder);
	while (tour_now() < until)
		;
}

/* The rows of LIST, each field's cell by the names in FIELDS; those of which COUNTED is 0 are left out. */
static void add_rows(struct tour *tour, const struct ferry_value *figures, const char *list, const char *const *fields, const char *counted)
{
	const struct ferry_value *rows = value_field(figures, list);

	for (unsigned int i = 0; rows && i < ferry_value_count(rows); i++) {
		const struct ferry_value *row;

		if (!(row = value_row(rows, i)) || !ferry_value_number(value_field(row, counted)))
			continue;
		tour_row(tour);
		for (unsigned int field = 0; fields[field]; field++) {
			const struct ferry_value *value = value_field(row, fields[field]);

			if (ferry_value_type(value) == FERRY_TEXT || ferry_value_type(value) == FERRY_INT)
				tour_value(tour, value);
			else
				tour_number(tour, ferry_value_number(value));
		}
	}
}

static void vdso_work(struct tour *tour)
{
	struct timespec time;
	const uint64_t begun = tour_now();

	for (int i = 0; i < ASKED; i++)
		clock_gettime(CLOCK_MONOTONIC, &time);
	*(uint64_t *)tour->shared = (tour_now() - begun) / ASKED;
}

static void asking_work(struct tour *tour)
{
	struct timespec time;
	const uint64_t begun = tour_now();

	for (int i = 0; i < ASKED; i++)
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
	*(uint64_t *)tour->shared = (tour_now() - begun) / ASKED;
}

static void ask_time(struct tour *tour, const char *way, tour_function *work)
{
	struct tour_counted counted;
	const bool known = tour_count(tour, work, false, &counted);
	struct tour_visitor visitor;

	/* Timed once more without being counted, which takes about as long as the call. */
	if (tour_visitor_start(tour, work, &visitor) == 0) {
		while (tour_visitor_go(&visitor))
			;
		tour_visitor_end(&visitor);
	}
	tour_row(tour);
	tour_text(tour, way);
	tour_number(tour, ASKED);
	tour_number(tour, known ? tour_figure(counted.figures, "calls", "clock_gettime", "count") : UINT64_MAX);
	tour_number(tour, *(uint64_t *)tour->shared);
	tour_counted_done(&counted);
}

void tour_triggers(struct tour *tour)
{
	static const char *const triggers[] = { "name", "count", "time", "mean", NULL },
				 *const faults[] = { "region", "kind", "count", "mean", NULL }, *const interrupts[] = { "kind", "name", "count",
															"hits", "mean", NULL };
	struct tour_counted counted;

	tour_say(tour, triggers, COLUMN_trigger, COLUMN_count, COLUMN_time, COLUMN_mean);
	if (tour_count(tour, triggers_work, false, &counted)) {
		add_rows(tour, counted.figures, "triggers", triggers, "count");
		tour_picture(tour, COLUMN_time);
		tour_say(tour, faults, COLUMN_region, COLUMN_kind, COLUMN_count, COLUMN_mean);
		add_rows(tour, counted.figures, "faults", faults, "count");
		tour_say(tour, interrupts, COLUMN_kind, COLUMN_name, COLUMN_count, COLUMN_hits, COLUMN_mean);
		add_rows(tour, counted.figures, "interrupts", interrupts, "count");
		tour_picture(tour, COLUMN_count);
	}
	tour_counted_done(&counted);
	tour_say(tour, vdso, COLUMN_way, COLUMN_asked, COLUMN_crossings, COLUMN_each);
	ask_time(tour, "by the vDSO", vdso_work);
	ask_time(tour, "by a system call", asking_work);
	tour_picture(tour, COLUMN_each);
}

/* ---- The five classes ---- */

static int count_class(void *data, const struct ferry_call *call)
{
	((uint64_t *)data)[call->call_class]++;
	return 0;
}

static void each_work(struct tour *tour)
{
	struct utsname name;
	char text[64];
	int channel[2], file;

	(void)tour;
	kill(getpid(), 0);
	file = open("/proc/version", O_RDONLY | O_CLOEXEC);
	(void)!read(file, text, sizeof(text));
	uname(&name);
	(void)!pipe2(channel, O_CLOEXEC);
}

static int tell_call(void *data, const struct ferry_crossing *crossing)
{
	struct tour *tour = data;

	/* A byte lets the visitor go: that read is not one of its own. */
	if (crossing->kind != FERRY_CROSSING_CALL || (strcmp(crossing->name, "read") == 0 && crossing->registers[2] == 1))
		return 0;
	tour_row(tour);
	tour_text(tour, crossing->has_class ? ferry_call_class_name(crossing->call_class) : NULL);
	tour_text(tour, crossing->name);
	tour_call(tour, crossing);
	return 0;
}

static void library_read(struct tour *tour)
{
	FILE *file = fopen("/proc/kallsyms", "re");

	(void)tour;
	for (int i = 0; file && i < ASKED; i++)
		fgetc(file);
	if (file)
		fclose(file);
}

static void call_read(struct tour *tour)
{
	const int file = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	char byte;

	(void)tour;
	for (int i = 0; i < ASKED; i++)
		(void)!read(file, &byte, 1);
	close(file);
}

static void library_memory(struct tour *tour)
{
	(void)tour;
	for (int i = 0; i < ASKED; i++) {
		char *volatile piece = malloc(100);
		(void)piece;
	}
}

/* All system calls but the one that ends the process. */
static void add_library(struct tour *tour, const char *way, uint64_t asked, tour_function *work)
{
	struct tour_counted counted;
	const bool known = tour_count(tour, work, false, &counted);

	tour_row(tour);
	tour_text(tour, way);
	tour_number(tour, asked);
	tour_number(tour, known ? tour_figure(counted.figures, "triggers", "system calls", "count") -
					  tour_figure(counted.figures, "calls", "exit_group", "count")
				: UINT64_MAX);
	tour_counted_done(&counted);
}

void tour_classes(struct tour *tour)
{
	static const char *const filters[] = { "call=kill", "call=openat", "call=read", "call=uname", "call=pipe2", NULL };
	uint64_t counts[FERRY_CLASS_COUNT] = { 0 };
	struct tour_visitor visitor;

	tour_say(tour, numbers, COLUMN_class, COLUMN_calls);
	ferry_calls(tour->ferry, count_class, counts);
	for (unsigned int i = 0; i < FERRY_CLASS_COUNT; i++) {
		tour_row(tour);
		tour_text(tour, ferry_call_class_name(i));
		tour_number(tour, counts[i]);
	}
	tour_picture(tour, COLUMN_calls);
	tour_say(tour, each, COLUMN_class, COLUMN_call, COLUMN_arguments, COLUMN_result, COLUMN_time);
	if (tour_visitor_start(tour, each_work, &visitor) == 0)
		tour_trace(tour, &visitor, filters, true, tell_call, tour);
	tour_say(tour, library, COLUMN_way, COLUMN_asked, COLUMN_crossings);
	add_library(tour, "fopen, fgetc, fclose", ASKED + 2, library_read);
	add_library(tour, "open, read, close", ASKED + 2, call_read);
	add_library(tour, "malloc", ASKED, library_memory);
	tour_picture(tour, COLUMN_crossings);
}
