/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a BPF ring buffer. libbpf's reader maps the data twice, so that an event that passes the end lies in one piece, and both count as our
 * memory; here such an event is copied instead. Source: Documentation/bpf/ringbuf.rst, <linux/bpf.h>. */
#ifndef FERRY_WIRE_BPF_H
#define FERRY_WIRE_BPF_H

#include <stddef.h>

#include "base/cleanup.h"

struct bpf_ring;

/* The ring buffer map DESCRIPTOR, whose data are SIZE bytes and whose events at most MAXIMUM. The descriptor stays the caller's; it polls readable
 * where events wait. */
int bpf_ring_open(int descriptor, size_t size, size_t maximum, struct bpf_ring **ret) _must_check_;
struct bpf_ring *bpf_ring_close(struct bpf_ring *ring);

/* Hands events to FUNCTION, in the order in which their room was taken, until none waits, COUNT were handed over or one returns non-zero, which is
 * returned; that one counts as handled. An event is valid until the function returns. */
typedef int bpf_ring_function(void *data, const void *event, size_t length);
int bpf_ring_read(struct bpf_ring *ring, unsigned int count, bpf_ring_function *function, void *data) _must_check_;

#endif
