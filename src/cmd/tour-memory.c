/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The third station: where memory comes from, and when. */
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cmd/tour.h"

static const size_t sizes[] = { 16, 4096, 32 << 10, 64 << 10, 100 << 10, 127 << 10, 128 << 10, 1 << 20, 16 << 20, 64 << 20 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* What the visitor has found. */
struct memory {
	size_t mapped_from[3];
	bool mapped[SIZES]; /* as the C library itself says */
	uint64_t faults[3], times[3];
};

#define COPIED ((size_t)16 << 20)
#define ASKED  ((size_t)64 << 20)

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static bool is_mapped(size_t size, void **ret_piece)
{
	const size_t before = mallinfo2().hblks;
	void *volatile piece = malloc(size);

	if (ret_piece)
		*ret_piece = piece;
	return mallinfo2().hblks != before;
}

/* Uses up the end of the heap: a piece that fits there is taken from it, whatever its size. */
static void drain(void)
{
	for (int i = 0; i < 64 && mallinfo2().keepcost > 8192; i++) {
		void *volatile piece = malloc(mallinfo2().keepcost - 4096);

		(void)piece;
	}
}

/* The smallest size that is mapped. Nothing is freed meanwhile, since that would move it. */
static size_t find_threshold(void)
{
	size_t low = 4096, high = (size_t)128 << 20;

	while (low + 1 < high) {
		const size_t middle = low + (high - low) / 2;

		drain();
		*(is_mapped(middle, NULL) ? &high : &low) = middle;
	}
	return high;
}

static void free_mapped(size_t size)
{
	void *piece;

	drain();
	is_mapped(size, &piece);
	free(piece);
}

static void find_thresholds(struct memory *memory)
{
	memory->mapped_from[0] = find_threshold();
	free_mapped((size_t)1 << 20);
	memory->mapped_from[1] = find_threshold();
	free_mapped((size_t)16 << 20);
	memory->mapped_from[2] = find_threshold();
}

static void touch_all(char *piece, size_t size, bool write)
{
	for (size_t i = 0; i < size; i += page_size()) {
		if (write)
			((volatile char *)piece)[i] = 1; /* no reading before it: that would be a fault of its own */
		else
			(void)((volatile char *)piece)[i];
	}
}

/* In the child of a fork: reads, writes, and writes again what its parent has as well. */
static void copy(struct memory *memory, char *piece)
{
	for (int i = 0; i < 3; i++) {
		struct rusage before, after;
		const uint64_t begun = tour_now();

		getrusage(RUSAGE_SELF, &before);
		touch_all(piece, COPIED, i > 0);
		getrusage(RUSAGE_SELF, &after);
		memory->times[i] = tour_now() - begun;
		memory->faults[i] = (uint64_t)(after.ru_minflt - before.ru_minflt);
	}
}

static void copy_on_write(struct memory *memory)
{
	char *piece = mmap(NULL, COPIED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (piece == MAP_FAILED)
		return;
	madvise(piece, COPIED, MADV_NOHUGEPAGE);
	touch_all(piece, COPIED, true);
	pid = fork();
	if (pid == 0) {
		copy(memory, piece);
		_exit(EXIT_DONE);
	}
	waitpid(pid, NULL, 0);
}

void tour_memory_work(struct tour *tour)
{
	struct memory *memory = tour->shared;
	char *piece;

	/* Each getppid(2) parts the calls of one size from those of the next. */
	for (unsigned int i = 0; i < SIZES; i++) {
		syscall(SYS_getppid);
		memory->mapped[i] = is_mapped(sizes[i], NULL);
	}
	syscall(SYS_getppid);
	tour_wait();
	piece = malloc(ASKED);
	tour_wait();
	if (piece)
		touch_all(piece, ASKED, true);
	tour_wait();
	free(piece);
	tour_wait();
	copy_on_write(memory);
	find_thresholds(memory);
}

/* ---- What is said of it ---- */

struct seen {
	int size; /* -1 before the first */
	unsigned int brk[SIZES], mmap[SIZES];
};

static int tell_call(void *data, const struct ferry_crossing *crossing)
{
	struct seen *seen = data;

	if (crossing->kind != FERRY_CROSSING_CALL)
		return 0;
	if (strcmp(crossing->name, "getppid") == 0)
		seen->size++;
	else if (seen->size >= 0 && seen->size < (int)SIZES)
		(strcmp(crossing->name, "brk") == 0 ? seen->brk : seen->mmap)[seen->size]++;
	return 0;
}

static void say_sizes(struct tour *tour)
{
	static const char *const filters[] = { "call=brk", "call=mmap", "call=getppid", NULL };
	const struct memory *memory = tour->shared;
	struct seen seen = { .size = -1 };
	bool traced;

	tour_say(tour, sizes, COLUMN_size, COLUMN_way, COLUMN_crossings);
	traced = tour_trace(tour, tour->fresh, filters, true, tell_call, &seen);
	for (unsigned int i = 0; i < SIZES; i++) {
		tour_row(tour);
		tour_number(tour, sizes[i]);
		if (traced)
			tour_text(tour, seen.mmap[i] ? "mmap" : seen.brk[i] ? "brk" : "from what was there");
		else
			tour_text(tour, memory->mapped[i] ? "mmap" : NULL);
		tour_number(tour, traced ? seen.brk[i] + seen.mmap[i] : UINT64_MAX);
	}
}

static void say_moment(struct tour *tour, const char *moment, uint64_t *faults, uint64_t time)
{
	char folder[64], address[128];
	const uint64_t before = *faults;

	snprintf(folder, sizeof(folder), "procfs/%d", (int)tour->fresh->pid);
	tour_row(tour);
	tour_text(tour, moment);
	snprintf(address, sizeof(address), "%s/statm/size", folder);
	tour_number(tour, tour_get_number(tour, address));
	snprintf(address, sizeof(address), "%s/statm/resident", folder);
	tour_number(tour, tour_get_number(tour, address));
	snprintf(address, sizeof(address), "%s/stat/minflt", folder);
	*faults = tour_get_number(tour, address);
	tour_number(tour, before == UINT64_MAX || *faults == UINT64_MAX ? 0 : *faults - before);
	tour_number(tour, time);
}

/* The visitor waits between two steps, while its figures are read. */
static void say_touch(struct tour *tour)
{
	static const char *const moments[] = { "after malloc", "after the first touch", "after free" };
	uint64_t faults = UINT64_MAX;

	tour_say(tour, touch, COLUMN_moment, COLUMN_virtual, COLUMN_resident, COLUMN_faults, COLUMN_time);
	say_moment(tour, "before malloc", &faults, UINT64_MAX);
	for (unsigned int i = 0; i < 3; i++) {
		const uint64_t begun = tour_now();

		tour_visitor_go(tour->fresh);
		say_moment(tour, moments[i], &faults, tour_now() - begun);
	}
	tour_picture(tour, COLUMN_resident);
}

static void say_copies(struct tour *tour)
{
	static const char *const ways[] = { "read after fork", "written after fork", "written once more" };
	static const char *const moments[] = { "at the start", "after 1 MiB was freed", "after 16 MiB was freed" };
	const struct memory *memory = tour->shared;
	const uint64_t pages = COPIED / page_size();

	tour_say(tour, cow, COLUMN_way, COLUMN_pages, COLUMN_faults, COLUMN_each);
	for (unsigned int i = 0; i < 3; i++) {
		tour_row(tour);
		tour_text(tour, ways[i]);
		tour_number(tour, pages);
		tour_number(tour, memory->faults[i]);
		tour_number(tour, memory->times[i] / pages);
	}
	tour_picture(tour, COLUMN_each);
	tour_say(tour, threshold, COLUMN_moment, COLUMN_threshold);
	for (unsigned int i = 0; i < 3; i++) {
		tour_row(tour);
		tour_text(tour, moments[i]);
		tour_number(tour, memory->mapped_from[i]);
	}
	tour_picture(tour, COLUMN_threshold);
}

void tour_memory(struct tour *tour)
{
	memset(tour->shared, 0, sizeof(struct memory));
	say_sizes(tour);
	say_touch(tour);
	while (tour_visitor_go(tour->fresh))
		;
	tour_visitor_end(tour->fresh);
	say_copies(tour);
}
