/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many writes of one protocol as one transaction, of which the kernel does all or nothing. */
#ifndef FERRY_CHANNEL_OBJECT_TRANSACTION_H
#define FERRY_CHANNEL_OBJECT_TRANSACTION_H

#include "channel/object.h"

/* One of them: RECORD is created (refused where it stands), changed (RECORD: its key and what is to differ) or removed. */
struct object_step {
	const struct object *object;
	struct record *record;
	enum object_write write;
	uint16_t flags; /* beside those that the write has */
	uint32_t rank;  /* the lowest first; the protocol sees to it */
	bool left_out;  /* it comes or goes with another one */
};

/* Does all of STEPS, in the order that the protocol has for them. A refusal in words in machine->error. */
int object_transaction(const struct protocol *protocol, struct machine *machine, struct arena *arena, struct object_step *steps,
		       size_t count) _must_check_;

#endif
