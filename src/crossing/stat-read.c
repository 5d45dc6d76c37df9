/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sums over all processors of what the kernel's side has counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crossing/stat-part.h"
#include "wire/skeleton.h"
#include "stat.skel.h"
#include "wire/bpf-load.h"

/* One map that is being read. The kernel gives a value for each processor, each rounded up to 8 bytes. */
struct reading {
	struct stat_count *count;
	struct arena *arena;
	void *values;
};

static const struct stat_timing *timing_of(const struct reading *reading, unsigned int processor)
{
	return (const struct stat_timing *)reading->values + processor;
}

/* The sum for KEY of an array or hash of timings; false where it is not there. */
static bool read_timing(const struct reading *reading, const struct bpf_map *map, uint32_t key, struct stat_timing *ret)
{
	if (libbpf.bpf_map_lookup_elem(libbpf.bpf_map__fd(map), &key, reading->values) < 0)
		return false;
	*ret = (struct stat_timing){};
	for (unsigned int i = 0; i < reading->count->processors; i++)
		timing_add(ret, timing_of(reading, i));
	return true;
}

/* Every key of a hash map, of SIZE bytes each: the list stands in ARENA. Keys that come or go meanwhile may be missed. */
static int read_keys(const struct reading *reading, const struct bpf_map *map, size_t size, void **ret, size_t *ret_count)
{
	const size_t most = libbpf.bpf_map__max_entries(map);
	const int descriptor = libbpf.bpf_map__fd(map);
	char *keys = NULL, *last = NULL;
	size_t count = 0, room = 0;

	for (;; count++) {
		if (count == room) {
			size_t more = room ? room * 2 : 64;
			char *larger = arena_allocate(reading->arena, more * size);

			if (!larger)
				return -ENOMEM;
			if (room)
				memcpy(larger, keys, room * size);
			last = last ? larger + (last - keys) : NULL;
			keys = larger;
			room = more;
		}
		/* A walk that lost its place begins anew, and is ended by what the map can hold. */
		if (count >= most || libbpf.bpf_map_get_next_key(descriptor, last, keys + count * size) < 0)
			break;
		last = keys + count * size;
	}
	*ret = keys;
	*ret_count = count;
	return 0;
}

static int read_counts(const struct reading *reading, struct stat_counts *sum)
{
	const struct stat_counts *each = reading->values;
	uint32_t zero = 0;

	if (libbpf.bpf_map_lookup_elem(libbpf.bpf_map__fd(reading->count->skeleton->maps.counts), &zero, reading->values) < 0)
		return -errno;
	*sum = (struct stat_counts){};
	/* All its members are numbers of one size. */
	for (unsigned int i = 0; i < reading->count->processors; i++)
		for (size_t member = 0; member < sizeof(*sum) / sizeof(uint64_t); member++)
			((uint64_t *)sum)[member] += ((const uint64_t *)&each[i])[member];
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct stat_call_sum *first = a, *second = b;

	if (first->timing.total != second->timing.total)
		return first->timing.total < second->timing.total ? 1 : -1;
	return (int)first->number - (int)second->number;
}

static int read_calls(const struct reading *reading, struct stat_sums *sums)
{
	uint32_t *compat;
	size_t compat_count;
	enum call_table table = CALLS_NATIVE;
	int r = read_keys(reading, reading->count->skeleton->maps.calls_compat, sizeof(*compat), (void **)&compat, &compat_count);

	if (r < 0)
		return r;
	sums->calls = arena_array(reading->arena, struct stat_call_sum, CALL_NUMBER_MAXIMUM + compat_count);
	if (!sums->calls)
		return -ENOMEM;
	for (unsigned int i = 0; i < CALL_NUMBER_MAXIMUM + compat_count; i++) {
		const bool native = i < CALL_NUMBER_MAXIMUM;
		struct stat_call_sum *sum = &sums->calls[sums->call_count];

		sum->compat = !native;
		sum->number = native ? i : compat[i - CALL_NUMBER_MAXIMUM];
		if (!read_timing(reading, native ? reading->count->skeleton->maps.calls : reading->count->skeleton->maps.calls_compat, sum->number,
				 &sum->timing) ||
		    !sum->timing.count)
			continue;
		if (!native && !system_call_compat(&table))
			table = CALLS_NATIVE;
		sum->call = system_call_find(native ? CALLS_NATIVE : table, sum->number);
		sums->call_count++;
	}
	qsort(sums->calls, sums->call_count, sizeof(*sums->calls), by_time);
	return 0;
}

/* Of a hash map whose values are plain, not by processor: pairs of key and value, SIZE bytes together, in that order. */
static int read_pairs(const struct reading *reading, const struct bpf_map *map, size_t key_size, size_t value_offset, size_t size, void **ret,
		      size_t *ret_count)
{
	size_t count, kept = 0;
	char *keys, *pairs;
	int r = read_keys(reading, map, key_size, (void **)&keys, &count);

	if (r < 0)
		return r;
	pairs = arena_allocate(reading->arena, count * size + 1);
	if (!pairs)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		char *pair = pairs + kept * size;

		memcpy(pair, keys + i * key_size, key_size);
		kept += libbpf.bpf_map_lookup_elem(libbpf.bpf_map__fd(map), pair, pair + value_offset) == 0;
	}
	*ret = pairs;
	*ret_count = kept;
	return 0;
}

#define READ_PAIRS(reading, map, type, key, value, ret, ret_count) \
	read_pairs(reading, map, sizeof(((type *)0)->key), offsetof(type, value), sizeof(type), (void **)(ret), ret_count)

static int by_error(const void *a, const void *b)
{
	const struct stat_error_sum *first = a, *second = b;

	return first->count != second->count ? (first->count < second->count ? 1 : -1) : (first->key > second->key) - (first->key < second->key);
}

static int by_path(const void *a, const void *b)
{
	const struct stat_path_sum *first = a, *second = b;

	return first->count != second->count ? (first->count < second->count ? 1 : -1) : strcmp(first->path.text, second->path.text);
}

static int by_site(const void *a, const void *b)
{
	const struct stat_site_sum *first = a, *second = b;

	if (first->key.kind != second->key.kind)
		return first->key.kind < second->key.kind ? -1 : 1;
	if (first->site.time != second->site.time)
		return first->site.time < second->site.time ? 1 : -1;
	return first->site.bytes == second->site.bytes ? 0 : first->site.bytes < second->site.bytes ? 1 : -1;
}

static int by_interrupt(const void *a, const void *b)
{
	const struct stat_interrupt_sum *first = a, *second = b;

	if (first->key >> 24 != second->key >> 24)
		return first->key >> 24 < second->key >> 24 ? -1 : 1;
	return first->interrupt.all.total == second->interrupt.all.total ? 0 : first->interrupt.all.total < second->interrupt.all.total ? 1 : -1;
}

static int read_interrupts(const struct reading *reading, struct stat_sums *sums)
{
	const struct bpf_map *map = reading->count->skeleton->maps.interrupts;
	const struct stat_interrupt *each = reading->values;
	uint32_t *keys;
	size_t count;
	int r = read_keys(reading, map, sizeof(*keys), (void **)&keys, &count);

	if (r < 0)
		return r;
	sums->interrupts = arena_array(reading->arena, struct stat_interrupt_sum, count);
	if (!sums->interrupts)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct stat_interrupt_sum *sum = &sums->interrupts[sums->interrupt_count];

		if (libbpf.bpf_map_lookup_elem(libbpf.bpf_map__fd(map), &keys[i], reading->values) < 0)
			continue;
		sum->key = keys[i];
		for (unsigned int processor = 0; processor < reading->count->processors; processor++) {
			timing_add(&sum->interrupt.all, &each[processor].all);
			timing_add(&sum->interrupt.hit, &each[processor].hit);
			if (each[processor].name[0])
				memcpy(sum->interrupt.name, each[processor].name, sizeof(sum->interrupt.name));
		}
		sum->interrupt.name[sizeof(sum->interrupt.name) - 1] = 0;
		sums->interrupt_count += sum->interrupt.all.count != 0;
	}
	qsort(sums->interrupts, sums->interrupt_count, sizeof(*sums->interrupts), by_interrupt);
	return 0;
}

static int read_operations(const struct reading *reading, struct stat_sums *sums)
{
	const struct bpf_map *map = reading->count->skeleton->maps.operations;

	sums->operations = arena_array(reading->arena, struct stat_operation_sum, libbpf.bpf_map__max_entries(map));
	if (!sums->operations)
		return -ENOMEM;
	for (uint32_t i = 0; i < libbpf.bpf_map__max_entries(map); i++) {
		struct stat_operation_sum *sum = &sums->operations[sums->operation_count];

		sum->number = i;
		sums->operation_count += read_timing(reading, map, i, &sum->timing) && sum->timing.count;
	}
	return 0;
}

static void read_faults(const struct reading *reading, struct stat_sums *sums)
{
	for (uint32_t region = 0; region < STAT_REGION_COUNT; region++)
		for (uint32_t fault = 0; fault < STAT_FAULT_COUNT; fault++)
			read_timing(reading, reading->count->skeleton->maps.faults, region * STAT_FAULT_COUNT + fault, &sums->faults[region][fault]);
}

static int read_hashes(const struct reading *reading, struct stat_sums *sums)
{
	struct stat_bpf *skeleton = reading->count->skeleton;
	int r = READ_PAIRS(reading, skeleton->maps.errors, struct stat_error_sum, key, count, &sums->errors, &sums->error_count);

	if (r >= 0)
		r = READ_PAIRS(reading, skeleton->maps.signals, struct stat_signal_sum, key, signal, &sums->signals, &sums->signal_count);
	if (r >= 0)
		r = READ_PAIRS(reading, skeleton->maps.opened, struct stat_path_sum, path, count, &sums->paths, &sums->path_count);
	if (r >= 0)
		r = READ_PAIRS(reading, skeleton->maps.site_counts, struct stat_site_sum, key, site, &sums->sites, &sums->site_count);
	if (r < 0)
		return r;
	qsort(sums->errors, sums->error_count, sizeof(*sums->errors), by_error);
	qsort(sums->paths, sums->path_count, sizeof(*sums->paths), by_path);
	qsort(sums->sites, sums->site_count, sizeof(*sums->sites), by_site);
	return 0;
}

int stat_sums_read(struct stat_count *count, struct arena *arena, struct stat_sums *ret)
{
	struct reading reading = { count, arena, NULL };
	_cleanup_free_ void *values = calloc(count->processors, sizeof(struct stat_interrupt));
	struct timespec now;
	int r;

	if (!values)
		return -ENOMEM;
	reading.values = values;
	*ret = (struct stat_sums){};
	clock_gettime(CLOCK_MONOTONIC, &now);
	ret->elapsed = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec - count->begun;
	r = read_counts(&reading, &ret->counts);
	if (r >= 0)
		r = read_calls(&reading, ret);
	if (r >= 0)
		r = read_interrupts(&reading, ret);
	if (r >= 0)
		r = read_operations(&reading, ret);
	if (r >= 0)
		r = read_hashes(&reading, ret);
	if (r < 0)
		return r;
	read_faults(&reading, ret);
	ret->missed = bpf_missed(count->skeleton->obj);
	return 0;
}

unsigned int stat_stack(struct stat_count *count, int stack, uint64_t addresses[STAT_STACK_DEPTH])
{
	unsigned int depth = 0;
	uint32_t key = (uint32_t)stack;

	if (stack < 0 || libbpf.bpf_map_lookup_elem(libbpf.bpf_map__fd(count->skeleton->maps.stacks), &key, addresses) < 0)
		return 0;
	while (depth < STAT_STACK_DEPTH && addresses[depth])
		depth++;
	return depth;
}
