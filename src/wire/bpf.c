/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/bpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define STEP_MAXIMUM 32768

struct bpf_ring {
	unsigned long *consumer;       /* a page of its own, ours to write */
	const unsigned long *producer; /* another, the kernel's */
	const char *data;
	size_t size, maximum, page;
	char copy[]; /* of an event that passes the end */
};

int bpf_ring_open(int descriptor, size_t size, size_t maximum, struct bpf_ring **ret)
{
	struct bpf_ring *ring;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *map;

	if (!size || size & (size - 1) || size < page)
		return -EINVAL;
	ring = calloc(1, sizeof(*ring) + maximum);
	if (!ring)
		return -ENOMEM;
	ring->size = size;
	ring->maximum = maximum;
	ring->page = page;
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	if (map == MAP_FAILED)
		goto failed;
	ring->consumer = map;
	map = mmap(NULL, page + size, PROT_READ, MAP_SHARED, descriptor, (off_t)page);
	if (map == MAP_FAILED)
		goto failed;
	ring->producer = map;
	ring->data = (const char *)map + page;
	*ret = ring;
	return 0;
failed:
	page = (size_t)errno;
	bpf_ring_close(ring);
	return -(int)page;
}

struct bpf_ring *bpf_ring_close(struct bpf_ring *ring)
{
	if (!ring)
		return NULL;
	if (ring->consumer)
		munmap(ring->consumer, ring->page);
	if (ring->producer)
		munmap((void *)(uintptr_t)ring->producer, ring->page + ring->size);
	free(ring);
	return NULL;
}

/* The event at OFFSET in one piece. */
static const void *event_whole(struct bpf_ring *ring, size_t offset, size_t length)
{
	size_t first = ring->size - offset;

	if (length <= first)
		return ring->data + offset;
	memcpy(ring->copy, ring->data + offset, first);
	memcpy(ring->copy + first, ring->data, length - first);
	return ring->copy;
}

/* Each store of our position takes its line from the processors that write events and look at it for every one, so it is told in steps. */
static size_t step_of(const struct bpf_ring *ring)
{
	return ring->size / 8 < STEP_MAXIMUM ? ring->size / 8 : STEP_MAXIMUM;
}

int bpf_ring_read(struct bpf_ring *ring, unsigned int count, bpf_ring_function *function, void *data)
{
	unsigned long position = __atomic_load_n(ring->consumer, __ATOMIC_RELAXED);
	unsigned long end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE), told = position;
	const size_t step = step_of(ring);
	int r = 0;

	while (position != end && count && r == 0) {
		size_t offset = position & (ring->size - 1), length;
		uint32_t word = __atomic_load_n((const uint32_t *)(ring->data + offset), __ATOMIC_ACQUIRE);

		/* Room was taken but not filled yet: those behind it wait too, so that the order holds. */
		if (word & BPF_RINGBUF_BUSY_BIT)
			break;
		length = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		if (length > ring->maximum) {
			r = -EPROTO;
			break;
		}
		if (!(word & BPF_RINGBUF_DISCARD_BIT)) {
			r = function(data, event_whole(ring, (offset + BPF_RINGBUF_HDR_SZ) & (ring->size - 1), length), length);
			count--;
		}
		position += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
		/* The kernel wakes nobody who has not told that all was read; so that is told before it is asked whether more came. */
		if (position == end || position - told >= step) {
			__atomic_store_n(ring->consumer, position, __ATOMIC_RELEASE);
			told = position;
		}
		if (position == end)
			end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	}
	if (position != told)
		__atomic_store_n(ring->consumer, position, __ATOMIC_RELEASE);
	return r;
}
