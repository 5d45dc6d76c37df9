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
	bool placed;    /* it has its place and, a rule, says before which it comes: all of a transaction have, or none */
	uint32_t rank;  /* the lowest first; the protocol sees to it */
	bool left_out;  /* it comes or goes with another one */
};

/* A transaction as a whole. */
struct object_transaction {
	const struct protocol *protocol;
	struct machine *machine;
	struct arena *arena;
	uint32_t generation; /* of the state that it is for, 0: any */
	struct object_step *steps;
	size_t count;
	/* Is told of each step that the kernel refuses, with the words. NULL: the first one's are enough. */
	void (*refused)(void *data, struct object_step *step, const struct error *words);
	void *data;
};

/* Does all of its steps, in the order that the protocol has for them. A refusal in words in machine->error; -ERESTART where the state is of another
 * generation. */
int object_transact_all(const struct object_transaction *transaction) _must_check_;
/* The generation of all that PROTOCOL changes in transactions. */
int object_generation(const struct protocol *protocol, struct machine *machine, uint32_t *ret) _must_check_;

#endif
