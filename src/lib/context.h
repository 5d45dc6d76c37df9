/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context behind struct ferry: what every public function shares. */
#ifndef FERRY_LIB_CONTEXT_H
#define FERRY_LIB_CONTEXT_H

#include "base/error.h"
#include "channel/machine.h"
#include "ferry.h"

struct ferry {
	struct error error; /* of the last failure */
	struct machine machine;
	uint64_t netns;         /* inode number of the network namespace that we are in, 0 = not known */
	struct buffer made;     /* addresses, each ended by NUL, of what came about with what an undo has made anew (a veth's other end) */
	struct netlink *sender; /* NETLINK_USERSOCK, opened at the first ferry_send(); NULL until then */
};

/* Takes the words that a lower layer left in its own place (machine->error) over as the context's; returns CODE. */
int ferry_failed(struct ferry *ferry, int code);

#endif
