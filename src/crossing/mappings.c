/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/mappings.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define RING_PAGES     64u
#define MAPPINGS_MOST  262144u /* a machine that starts programs all day must not fill ours */
#define GENERATIONS    32      /* of parents that are looked through */
#define RECORD_MAXIMUM 8192u

struct ring {
	int descriptor;
	struct perf_event_mmap_page *head;
	char *data;
	size_t size;
};

struct child {
	int pid, parent;
};

struct mappings {
	struct ring *rings;
	unsigned int ring_count;
	struct mapping *list;
	size_t count, room;
	struct child *children;
	size_t child_count, child_room;
	int *asked; /* processes whose /proc/PID/maps was read */
	size_t asked_count, asked_room;
	uint64_t lost;
	size_t page;
	char record[RECORD_MAXIMUM]; /* one that passes the ring's end */
};

/* Room for one more item of SIZE bytes in *LIST; false where memory ran out or there are too many. */
static bool make_room(void **list, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *larger;

	if (count < *room)
		return true;
	if (count >= MAPPINGS_MOST)
		return false;
	larger = reallocarray(*list, more, size);
	if (!larger)
		return false;
	*list = larger;
	*room = more;
	return true;
}

static int add_mapping(struct mappings *mappings, struct mapping mapping, const char *path, size_t length)
{
	if (!make_room((void **)&mappings->list, mappings->count, &mappings->room, sizeof(*mappings->list))) {
		mappings->lost++;
		return 0;
	}
	mapping.path = strndup(path, length);
	if (!mapping.path)
		return -ENOMEM;
	mappings->list[mappings->count++] = mapping;
	return 0;
}

/* The layout behind the header, up to the name. */
struct mmap2 {
	uint32_t pid, tid;
	uint64_t address, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
};

static int take_mapping(struct mappings *mappings, const char *body, size_t length)
{
	struct mapping mapping;
	struct mmap2 told;
	size_t name;
	uint64_t time;

	/* The time stands at the end, as was asked for. */
	if (length < sizeof(told) + sizeof(time))
		return 0;
	memcpy(&told, body, sizeof(told));
	memcpy(&time, body + length - sizeof(time), sizeof(time));
	name = strnlen(body + sizeof(told), length - sizeof(told) - sizeof(time));
	if (told.length == 0 || told.address + told.length < told.address)
		return 0;
	mapping = (struct mapping){ .start = told.address,
				    .end = told.address + told.length,
				    .offset = told.offset,
				    .time = time,
				    .inode = told.inode,
				    .pid = (int)told.pid };
	return add_mapping(mappings, mapping, body + sizeof(told), name);
}

static int take_fork(struct mappings *mappings, const char *body, size_t length)
{
	struct {
		uint32_t pid, parent, tid, parent_tid;
		uint64_t time;
	} told;

	if (length < sizeof(told))
		return 0;
	memcpy(&told, body, sizeof(told));
	if (told.pid == told.parent) /* a thread */
		return 0;
	if (!make_room((void **)&mappings->children, mappings->child_count, &mappings->child_room, sizeof(*mappings->children)))
		mappings->lost++;
	else
		mappings->children[mappings->child_count++] = (struct child){ (int)told.pid, (int)told.parent };
	return 0;
}

int mappings_take(struct mappings *mappings, const void *record, size_t length)
{
	struct perf_event_header header;
	const char *body = (const char *)record + sizeof(header);
	uint64_t lost;

	if (length < sizeof(header))
		return 0;
	memcpy(&header, record, sizeof(header));
	length -= sizeof(header);
	switch (header.type) {
	case PERF_RECORD_MMAP2:
		return take_mapping(mappings, body, length);
	case PERF_RECORD_FORK:
		return take_fork(mappings, body, length);
	case PERF_RECORD_LOST: /* an id, and how many */
		if (length >= 2 * sizeof(lost)) {
			memcpy(&lost, body + sizeof(lost), sizeof(lost));
			mappings->lost += lost;
		}
		return 0;
	default:
		return 0;
	}
}

static void tend_ring(struct mappings *mappings, struct ring *ring)
{
	uint64_t end = __atomic_load_n(&ring->head->data_head, __ATOMIC_ACQUIRE), at = ring->head->data_tail;

	while (end - at >= sizeof(struct perf_event_header)) {
		const size_t offset = at & (ring->size - 1), first = ring->size - offset;
		const struct perf_event_header *header = (const void *)(ring->data + offset); /* records are aligned to 8 bytes, and so never torn */
		const void *record = header;
		size_t length = header->size;

		if (length < sizeof(*header) || length > end - at)
			break;
		if (length > first && length <= sizeof(mappings->record)) {
			memcpy(mappings->record, record, first);
			memcpy(mappings->record + first, ring->data, length - first);
			record = mappings->record;
		}
		if ((length > first && record == header) || mappings_take(mappings, record, length) < 0)
			mappings->lost++;
		at += length;
	}
	__atomic_store_n(&ring->head->data_tail, at, __ATOMIC_RELEASE);
}

void mappings_tend(struct mappings *mappings)
{
	for (unsigned int i = 0; i < mappings->ring_count; i++)
		tend_ring(mappings, &mappings->rings[i]);
}

static int open_ring(struct mappings *mappings, int processor, struct error *error)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.mmap = 1,
		.mmap2 = 1,
		.task = 1,
		.watermark = 1,
		.wakeup_watermark = RING_PAGES * 2048,
	};
	struct ring *ring = &mappings->rings[mappings->ring_count];
	void *map;

	ring->descriptor = (int)syscall(SYS_perf_event_open, &attributes, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->descriptor < 0 && errno == ENODEV)
		return 0;
	if (ring->descriptor < 0)
		return error_set(error, -errno, "cannot be told of mapped files (perf_event_open): %s", error_text(errno));
	map = mmap(NULL, (RING_PAGES + 1) * mappings->page, PROT_READ | PROT_WRITE, MAP_SHARED, ring->descriptor, 0);
	if (map == MAP_FAILED) {
		int r = -errno;

		close(ring->descriptor);
		return error_set(error, r, "cannot map the buffer of mapped files: %s (kernel.perf_event_mlock_kb limits it)", error_text(r));
	}
	ring->head = map;
	ring->data = (char *)map + mappings->page;
	ring->size = RING_PAGES * mappings->page;
	mappings->ring_count++;
	return 0;
}

int mappings_open(unsigned int processors, struct mappings **ret, struct error *error)
{
	struct mappings *mappings = calloc(1, sizeof(*mappings));
	int r = 0;

	if (mappings)
		mappings->rings = calloc(processors + 1, sizeof(*mappings->rings));
	if (!mappings || !mappings->rings) {
		mappings_close(mappings);
		return error_set(error, -ENOMEM, "no memory for call sites");
	}
	mappings->page = (size_t)sysconf(_SC_PAGESIZE);
	for (unsigned int i = 0; i < processors && r == 0; i++)
		r = open_ring(mappings, (int)i, error);
	if (r < 0) {
		mappings_close(mappings);
		return r;
	}
	*ret = mappings;
	return 0;
}

struct mappings *mappings_close(struct mappings *mappings)
{
	if (!mappings)
		return NULL;
	for (unsigned int i = 0; i < mappings->ring_count; i++) {
		munmap(mappings->rings[i].head, (RING_PAGES + 1) * mappings->page);
		close(mappings->rings[i].descriptor);
	}
	for (size_t i = 0; i < mappings->count; i++)
		free(mappings->list[i].path);
	free(mappings->rings);
	free(mappings->list);
	free(mappings->children);
	free(mappings->asked);
	free(mappings);
	return NULL;
}

/* What a process that is there has mapped, once; what it maps later is told. */
static void ask_process(struct mappings *mappings, int pid)
{
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	char path[32];
	size_t size = 0;
	ssize_t length;

	for (size_t i = 0; i < mappings->asked_count; i++)
		if (mappings->asked[i] == pid)
			return;
	if (!make_room((void **)&mappings->asked, mappings->asked_count, &mappings->asked_room, sizeof(*mappings->asked)))
		return;
	mappings->asked[mappings->asked_count++] = pid;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	while (file && (length = getline(&line, &size, file)) > 0) {
		struct mapping mapping = { .pid = pid };
		int name = 0;
		char mode[5];

		line[length - 1] = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*u %n", &mapping.start, &mapping.end, mode, &mapping.offset, &name) <
			    4 ||
		    !name || mode[2] != 'x')
			continue;
		if (add_mapping(mappings, mapping, line + name, strlen(line + name)) < 0)
			return;
	}
}

static const struct mapping *find_own(const struct mappings *mappings, int pid, uint64_t address)
{
	const struct mapping *best = NULL;

	for (size_t i = mappings->count; i-- > 0;) {
		const struct mapping *mapping = &mappings->list[i];

		if (mapping->pid == pid && address >= mapping->start && address < mapping->end && (!best || mapping->time > best->time))
			best = mapping;
	}
	return best;
}

static int parent_of(const struct mappings *mappings, int pid)
{
	for (size_t i = mappings->child_count; i-- > 0;)
		if (mappings->children[i].pid == pid)
			return mappings->children[i].parent;
	return 0;
}

const struct mapping *mappings_find(struct mappings *mappings, int pid, uint64_t address)
{
	/* A child begins with what its parent had mapped. */
	for (int generation = 0; pid > 0 && generation < GENERATIONS; generation++, pid = parent_of(mappings, pid)) {
		const struct mapping *found = find_own(mappings, pid, address);

		if (!found) {
			ask_process(mappings, pid);
			found = find_own(mappings, pid, address);
		}
		if (found)
			return found;
	}
	return NULL;
}

uint64_t mappings_lost(const struct mappings *mappings)
{
	return mappings->lost;
}
