/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a netlink socket, shared by netlink.c (socket and reading) and netlink-request.c (asking). */
#ifndef FERRY_WIRE_NETLINK_SOCKET_H
#define FERRY_WIRE_NETLINK_SOCKET_H

#include <time.h>

#include "wire/netlink.h"

struct netlink {
	int descriptor;
	uint32_t port;
	uint32_t sequence;          /* of the last request sent */
	unsigned int deadline;      /* milliseconds */
	unsigned int receive_bytes; /* what the kernel's queue holds; 0 = not asked yet */
	uint8_t *buffer;
	size_t size;
	uint64_t truncated;
	uint64_t traffic;    /* bytes sent and received */
	uint32_t unfinished; /* sequence of a dump whose rest still comes, 0 = none */
	bool portless;       /* the kernel's audit leaves our port out of what it answers */
	uint16_t family;     /* of generic netlink; 0: none */
	bool busy;           /* in a callback of a request: a second one would overwrite what it reads */
};

/* One datagram from the kernel without waiting; 0 where nothing is there. -ENOBUFS, -EMSGSIZE (the buffer has been grown). */
ssize_t netlink_take(struct netlink *netlink) _must_check_;

/* The same, waiting until UNTIL (CLOCK_MONOTONIC). -ETIMEDOUT. */
ssize_t netlink_wait(struct netlink *netlink, const struct timespec *until) _must_check_;

/* What the kernel's queue holds, asked for when it matters. */
unsigned int netlink_receive_bytes(struct netlink *netlink);

#endif
