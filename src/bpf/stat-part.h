/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel side: what the parts of the counting program share. */
#ifndef FERRY_BPF_STAT_PART_H
#define FERRY_BPF_STAT_PART_H

#include "bpf/target.h"
#include "bpf/stat.h"

/* Whether it is counted by call site too. */
const volatile bool sites;
const volatile __u64 page_size = 4096;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stat_counts);
} counts SEC(".maps");

/* What new entries begin as, which is too large for a program's stack. */
_Static_assert(sizeof(struct stat_asks) <= sizeof(struct stat_interrupt), "there are zeroes enough");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stat_interrupt);
} zeroes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, STAT_STACK_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

/* Filled at perf's events, too, where the kernel before 6.1 takes no hash that has not all of its room from the beginning. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct stat_site_key);
	__type(value, struct stat_site);
} site_counts SEC(".maps");

static __always_inline struct stat_counts *own_counts(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counts, &zero);
}

static __noinline int count_full(void)
{
	struct stat_counts *own = own_counts();

	if (own)
		own->full++;
	return 0;
}

/* Adds to the number that KEY stands for in a plain hash map. */
static __always_inline void count_in(void *map, void *key, __u64 more)
{
	__u64 *number = bpf_map_lookup_elem(map, key);

	if (number) {
		__sync_fetch_and_add(number, more);
		return;
	}
	/* Another processor may have been first. */
	if (bpf_map_update_elem(map, key, &more, BPF_NOEXIST) == 0)
		return;
	number = bpf_map_lookup_elem(map, key);
	if (number)
		__sync_fetch_and_add(number, more);
	else
		count_full();
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u64);
} errors SEC(".maps");

static __noinline int count_error(__u32 key)
{
	count_in(&errors, &key, 1);
	return 0;
}

static __always_inline __u32 bucket_of(__u64 time)
{
	__u64 units = time >> STAT_UNIT_SHIFT, rest = units;
	__u32 exponent = 0;

	if (units < 4)
		return (__u32)units;
	if (rest >> 32)
		return STAT_BUCKETS - 1;
	if (rest >> 16) {
		rest >>= 16;
		exponent = 16;
	}
	if (rest >> 8) {
		rest >>= 8;
		exponent += 8;
	}
	if (rest >> 4) {
		rest >>= 4;
		exponent += 4;
	}
	if (rest >> 2) {
		rest >>= 2;
		exponent += 2;
	}
	if (rest >> 1)
		exponent++;
	return (exponent - 1) * 4 + (units >> (exponent - 2) & 3);
}

static __always_inline void count_time(struct stat_timing *timing, __u64 took, __u64 waited)
{
	__u32 bucket = bucket_of(took);

	KEEP(bucket);
	timing->count++;
	timing->total += took;
	timing->waited += waited;
	if (took > timing->most)
		timing->most = took;
	timing->buckets[bucket & (STAT_BUCKETS - 1)]++;
}

static __always_inline __u64 pages_of(__u64 bytes)
{
	return (bytes + page_size - 1) & ~(page_size - 1);
}

static __always_inline struct stat_site *site_entry(const struct stat_site_key *key)
{
	struct stat_site first = {}, *site = bpf_map_lookup_elem(&site_counts, key);

	if (site)
		return site;
	bpf_map_update_elem(&site_counts, key, &first, BPF_NOEXIST);
	site = bpf_map_lookup_elem(&site_counts, key);
	if (!site)
		count_full();
	return site;
}

/* KEY is told whose it was counted as. */
static __always_inline void count_site(void *context, struct stat_site_key *key, __u64 stack_pointer, __u64 time, __u64 bytes)
{
	struct stat_site *site;

	key->pid = bpf_get_current_pid_tgid() >> 32;
	if (stack_pointer && bpf_probe_read_user(&key->top, sizeof(key->top), (void *)stack_pointer))
		key->top = 0;
	key->stack = bpf_get_stackid(context, &stacks, BPF_F_USER_STACK);
	if (key->stack < 0) {
		struct stat_counts *own = own_counts();

		if (own)
			own->stacks_lost++;
	}
	site = site_entry(key);
	if (!site)
		return;
	__sync_fetch_and_add(&site->count, 1);
	__sync_fetch_and_add(&site->time, time);
	__sync_fetch_and_add(&site->bytes, bytes);
}

/* ---- Memory by who asked for it ---- */

/* Likewise. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct stat_asks);
} asks SEC(".maps");

static __noinline int note_ask(const struct stat_site_key *key, __u64 start, __u64 bytes)
{
	__u32 pid, none = 0;
	struct stat_asks *own;
	struct stat_ask *ask;
	void *zero;

	if (!key)
		return 0;
	pid = key->pid;
	own = bpf_map_lookup_elem(&asks, &pid);
	if (!own) {
		zero = bpf_map_lookup_elem(&zeroes, &none);
		if (zero)
			bpf_map_update_elem(&asks, &pid, zero, BPF_NOEXIST);
		own = bpf_map_lookup_elem(&asks, &pid);
	}
	if (!own)
		return count_full();
	ask = &own->list[__sync_fetch_and_add(&own->next, 1) & (STAT_ASKS - 1)];
	ask->start = start;
	ask->end = start + bytes;
	ask->top = key->top;
	ask->stack = key->stack;
	ask->number = key->number;
	return 0;
}

/* A page at ADDRESS was touched for the first time. */
static __noinline int count_touched(__u64 address)
{
	struct stat_site_key key = { .pid = bpf_get_current_pid_tgid() >> 32, .kind = STAT_SITE_MEMORY };
	struct stat_asks *own = bpf_map_lookup_elem(&asks, &key.pid);
	struct stat_site *site;

	if (!own)
		return 0;
	for (__u32 i = 1; i <= STAT_ASKS; i++) {
		const struct stat_ask *ask = &own->list[(own->next - i) & (STAT_ASKS - 1)];

		if (address < ask->start || address >= ask->end)
			continue;
		key.stack = ask->stack;
		key.number = ask->number;
		key.top = ask->top;
		site = bpf_map_lookup_elem(&site_counts, &key);
		if (site)
			__sync_fetch_and_add(&site->touched, 1);
		break;
	}
	return 0;
}

#endif
