/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/stat.h"

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "crossing/mappings.h"
#include "crossing/operation.h"
#include "crossing/stat-part.h"
#include "crossing/stat-sites.h"
#include "crossing/target.h"
#include "wire/skeleton.h"
#include "stat.skel.h"
#include "wire/bpf-load.h"

/* Calls of which more than their time is looked at. Source: their manual pages. */
static const struct {
	const char *name;
	enum stat_kind kind;
} kinds[] = {
	{ "read", STAT_KIND_TRANSFER },
	{ "write", STAT_KIND_TRANSFER },
	{ "pread64", STAT_KIND_TRANSFER },
	{ "pwrite64", STAT_KIND_TRANSFER },
	{ "readv", STAT_KIND_TRANSFER },
	{ "writev", STAT_KIND_TRANSFER },
	{ "preadv", STAT_KIND_TRANSFER },
	{ "pwritev", STAT_KIND_TRANSFER },
	{ "preadv2", STAT_KIND_TRANSFER },
	{ "pwritev2", STAT_KIND_TRANSFER },
	{ "recvfrom", STAT_KIND_TRANSFER },
	{ "sendto", STAT_KIND_TRANSFER },
	{ "recvmsg", STAT_KIND_TRANSFER },
	{ "sendmsg", STAT_KIND_TRANSFER },
	{ "sendfile", STAT_KIND_TRANSFER },
	{ "splice", STAT_KIND_TRANSFER },
	{ "tee", STAT_KIND_TRANSFER },
	{ "getdents64", STAT_KIND_TRANSFER },
	{ "getdents", STAT_KIND_TRANSFER },
	{ "getrandom", STAT_KIND_TRANSFER },
	{ "poll", STAT_KIND_POLL },
	{ "epoll_wait", STAT_KIND_EPOLL },
	{ "epoll_pwait", STAT_KIND_EPOLL },
	{ "ppoll", STAT_KIND_PPOLL },
	{ "select", STAT_KIND_SELECT },
	{ "pselect6", STAT_KIND_SELECT },
	{ "open", STAT_KIND_OPEN },
	{ "creat", STAT_KIND_OPEN },
	{ "openat", STAT_KIND_OPENAT },
	{ "openat2", STAT_KIND_OPENAT },
	{ "brk", STAT_KIND_BRK },
	{ "mmap", STAT_KIND_MMAP },
	{ "munmap", STAT_KIND_MUNMAP },
	{ "madvise", STAT_KIND_MADVISE },
	{ "exit", STAT_KIND_EXIT },
	{ "exit_group", STAT_KIND_EXIT },
	{ "copy_file_range", STAT_KIND_TRANSFER },
};

static void set_kinds(struct stat_bpf *skeleton)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct system_call *call = system_call_named(kinds[i].name);

		if (call && call->numbers[CALLS_NATIVE] >= 0)
			skeleton->rodata->kinds[call->numbers[CALLS_NATIVE]] = (uint8_t)kinds[i].kind;
	}
}

/* What no kernel here can do without, and so is not left out but refused. */
static bool is_needed(const char *tracepoint)
{
	return strncmp(tracepoint, "sys_", 4) == 0 || strncmp(tracepoint, "sched_", 6) == 0;
}

static void lacks(struct stat_count *count, const char *tracepoint)
{
	const size_t length = strlen(count->missing);

	snprintf(count->missing + length, sizeof(count->missing) - length, "%s%s", length ? ", " : "", tracepoint);
}

static void place_operations(struct stat_count *count, const struct btf *btf)
{
	const struct operation_parts parts = {
		.begins = count->skeleton->progs.stat_operation_begins,
		.ends = count->skeleton->progs.stat_operation_ends,
		.completion_by_value = (bool *)&count->skeleton->rodata->completion_by_value,
	};
	const char *lacking = operation_choose(&parts, btf);

	if (!lacking)
		return;
	libbpf.bpf_program__set_autoload(parts.begins, false);
	libbpf.bpf_program__set_autoload(parts.ends, false);
	lacks(count, lacking);
}

/* A program whose tracepoint this kernel lacks is not loaded, and what it would have told is named. */
static int leave_out(struct stat_count *count, const struct btf *btf, struct error *error)
{
	static const char section[] = "tp_btf/";
	struct bpf_program *program = NULL;

	while ((program = libbpf.bpf_object__next_program(count->skeleton->obj, program))) {
		const char *name = libbpf.bpf_program__section_name(program);

		if (strncmp(name, section, strlen(section)) != 0)
			continue;
		if (program == count->skeleton->progs.stat_operation_begins || program == count->skeleton->progs.stat_operation_ends)
			continue;
		name += strlen(section);
		if (bpf_has_tracepoint(btf, name, 0))
			continue;
		if (is_needed(name))
			return error_set(error, -EOPNOTSUPP, "the kernel has no tracepoint %s, by which crossings are counted", name);
		libbpf.bpf_program__set_autoload(program, false);
		if (!strstr(name, "_exit"))
			lacks(count, name);
	}
	place_operations(count, btf);
	return 0;
}

static int load(struct stat_count *count, struct error *error)
{
	_cleanup_btf_ struct btf *btf = bpf_kernel_types(error);
	int r;

	if (!btf || target_check(btf, error) < 0)
		return -EOPNOTSUPP;
	count->skeleton = stat_bpf__open();
	if (!count->skeleton)
		return error_set(error, -ENOMEM, "no memory for the BPF programs");
	r = leave_out(count, btf, error);
	if (r < 0)
		return r;
	count->skeleton->rodata->whole_machine = count->machine;
	count->skeleton->rodata->sites = count->sites;
	count->skeleton->rodata->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	count->skeleton->rodata->have_state = bpf_has_tracepoint(btf, "sched_switch", 4);
	set_kinds(count->skeleton);
	if (!count->sites) { /* their room is taken at once */
		libbpf.bpf_map__set_max_entries(count->skeleton->maps.stacks, 1);
		libbpf.bpf_map__set_max_entries(count->skeleton->maps.site_counts, 1);
		libbpf.bpf_map__set_max_entries(count->skeleton->maps.asks, 1);
	}
	r = stat_bpf__load(count->skeleton);
	if (r < 0)
		return error_set(error, r, "the kernel refuses the BPF programs that count: %s (%s)", error_text(r), bpf_words());
	return 0;
}

/* The kernel's own counting of faults, on one processor. */
static int open_fault(int processor, uint64_t event)
{
	struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attributes), .config = event, .sample_period = 1 };

	return (int)syscall(SYS_perf_event_open, &attributes, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
}

static int attach_fault(struct stat_count *count, int processor, uint64_t event, const struct bpf_program *program, struct error *error)
{
	int descriptor = open_fault(processor, event);
	struct bpf_link *link;

	if (descriptor < 0 && errno == ENODEV) /* that processor is off */
		return 0;
	if (descriptor < 0)
		return error_set(error, -errno, "cannot have page faults counted (perf_event_open): %s", error_text(errno));
	link = libbpf.bpf_program__attach_perf_event(program, descriptor);
	if (!link) {
		int r = -errno;

		close(descriptor);
		return error_set(error, r, "cannot have page faults counted: %s", error_text(r));
	}
	count->fault_links[count->fault_link_count++] = link;
	return 0;
}

static int attach(struct stat_count *count, struct error *error)
{
	int r = stat_bpf__attach(count->skeleton);

	if (r < 0)
		return error_set(error, r, "cannot attach the BPF programs that count: %s (%s)", error_text(r), bpf_words());
	count->fault_links = calloc(count->processors * 2, sizeof(*count->fault_links));
	if (!count->fault_links)
		return error_set(error, -ENOMEM, "no memory to count with");
	for (unsigned int i = 0; i < count->processors && r >= 0; i++) {
		r = attach_fault(count, (int)i, PERF_COUNT_SW_PAGE_FAULTS_MIN, count->skeleton->progs.stat_fault_minor, error);
		if (r >= 0)
			r = attach_fault(count, (int)i, PERF_COUNT_SW_PAGE_FAULTS_MAJ, count->skeleton->progs.stat_fault_major, error);
	}
	return r;
}

#define SOFTIRQS    10  /* include/linux/interrupt.h of the kernel */
#define LINES_READY 64  /* a row takes 2 KiB of each processor */
#define TRIES       100 /* of 100 us: the kernel fills its store of rows up in an interrupt of its own */

/* False where there was no memory for long. */
static bool make_interrupt(const struct stat_count *count, enum stat_interrupt_kind kind, unsigned int number, const void *zeros)
{
	const uint32_t key = (uint32_t)kind << 24 | number;
	const int map = libbpf.bpf_map__fd(count->skeleton->maps.interrupts);
	int r = -1;

	for (unsigned int i = 0; i < TRIES && r < 0; i++) {
		r = libbpf.bpf_map_update_elem(map, &key, zeros, BPF_NOEXIST);
		if (r < 0 && errno != ENOMEM)
			return errno == EEXIST;
		if (r < 0)
			usleep(100);
	}
	return r == 0;
}

/* A row that has to be made within an interrupt may find that store empty, so those that will be needed are made before. What cannot be made is tried
 * there again, and counted if it fails. */
static int make_interrupts(const struct stat_count *count, struct error *error)
{
	_cleanup_free_ void *zeros = calloc(count->processors, sizeof(struct stat_interrupt));
	DIR *lines = opendir("/sys/kernel/irq");
	const struct dirent *entry;
	bool goes_on = zeros;

	for (unsigned int i = 0; goes_on && i < STAT_VECTOR_COUNT; i++)
		goes_on = make_interrupt(count, STAT_VECTOR, i, zeros);
	for (unsigned int i = 0; goes_on && i < SOFTIRQS; i++)
		goes_on = make_interrupt(count, STAT_SOFTIRQ, i, zeros);
	for (unsigned int i = 0; goes_on && lines && i < LINES_READY && (entry = readdir(lines)); i++)
		if (entry->d_name[0] != '.')
			goes_on = make_interrupt(count, STAT_HANDLER, (unsigned int)strtoul(entry->d_name, NULL, 10), zeros);
	if (lines)
		closedir(lines);
	return zeros ? 0 : error_set(error, -ENOMEM, "no memory to count interrupts with");
}

static int begin(struct stat_count *count, const struct ferry_target *target, struct error *error)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	count->begun = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	count->parts = (struct target_parts)TARGET_PARTS(count->skeleton);
	return target_begin(&count->parts, target, error);
}

static int new_count(const struct ferry_target *target, bool sites, struct stat_count **ret, struct error *error)
{
	const int processors = bpf_processors(error);
	struct stat_count *count = processors < 0 ? NULL : calloc(1, sizeof(*count));

	if (!count)
		return processors < 0 ? processors : error_set(error, -ENOMEM, "no memory to count with");
	count->processors = (unsigned int)processors;
	count->machine = target->pid == 0;
	count->sites = sites;
	*ret = count;
	return 0;
}

static void probe_ways(const struct stat_count *count, struct stat_ways *ret)
{
	_cleanup_btf_ struct btf *btf = libbpf.btf__load_vmlinux_btf();
	_cleanup_close_ int descriptor = open_fault(0, PERF_COUNT_SW_PAGE_FAULTS_MIN);

	memcpy(ret->missing, count->missing, sizeof(ret->missing));
	ret->faults = descriptor >= 0;
	ret->fault_error = descriptor < 0 ? -errno : 0;
	ret->areas = btf && bpf_has_helper(btf, "BPF_FUNC_find_vma");
}

int stat_count_probe(struct stat_ways *ret, struct error *error)
{
	const struct ferry_target machine = { .size = sizeof(machine) };
	const char *lacking = bpf_hindrance();
	struct stat_count *count = NULL;
	int r = libbpf_load(error);

	if (r < 0)
		return r;
	if (lacking)
		return error_set(error, -EPERM, "%s", lacking);
	bpf_words_catch();
	r = new_count(&machine, false, &count, error);
	if (r >= 0)
		r = load(count, error);
	bpf_words_release();
	if (r == 0)
		probe_ways(count, ret);
	stat_count_close(count);
	return r;
}

int stat_count_open(const struct ferry_target *target, bool sites, struct stat_count **ret, struct error *error)
{
	const char *lacking = bpf_hindrance();
	struct stat_count *count = NULL;
	int r = libbpf_load(error);

	if (r < 0)
		return r;
	if (lacking)
		return error_set(error, -EPERM, "cannot count what crosses into the kernel: %s%s", lacking,
				 bpf_missing_capability() ? " (as root, or by setcap)" : "");
	bpf_words_catch();
	r = new_count(target, sites, &count, error);
	if (r >= 0 && sites)
		r = mappings_open(count->processors, &count->mappings, error);
	if (r >= 0)
		r = load(count, error);
	if (r >= 0)
		r = make_interrupts(count, error);
	if (r >= 0)
		r = attach(count, error);
	if (r >= 0)
		r = begin(count, target, error);
	bpf_words_release();
	if (r < 0) {
		stat_count_close(count);
		return r;
	}
	*ret = count;
	return 0;
}

struct stat_count *stat_count_close(struct stat_count *count)
{
	if (!count)
		return NULL;
	for (unsigned int i = 0; i < count->fault_link_count; i++)
		libbpf.bpf_link__destroy(count->fault_links[i]);
	free(count->fault_links);
	stat_sites_done(count);
	stat_bpf__destroy(count->skeleton);
	free(count);
	return NULL;
}

unsigned int stat_count_alive(struct stat_count *count)
{
	const int64_t alive = count->machine ? 1 : target_alive(&count->parts, count->skeleton->obj);

	return alive > 0 ? (unsigned int)alive : 0;
}

void stat_count_tend(struct stat_count *count)
{
	if (count->mappings)
		mappings_tend(count->mappings);
}
