/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/object-transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channel/object-inside.h"

struct sending {
	const struct object_transaction *transaction;
	struct object_step *const *order; /* of each request */
	struct arena scratch;             /* for one request */
	bool refused;
};

/* What the words for a refusal need is made once more: a request that was sent is not kept. */
static int request_of(struct sending *sending, const struct object_step *step, struct object_request *ret)
{
	int r;

	arena_reset(&sending->scratch);
	r = object_request(step->object, sending->transaction->machine, &sending->scratch, step->record,
			   step->write == OBJECT_CHANGE ? OBJECT_REPLACE : step->write, ret);

	if (r < 0)
		return r;
	ret->flags |= step->flags;
	return 0;
}

static void put_words(struct sending *sending, const struct object_step *step, const struct object_request *request, const struct netlink_ack *ack)
{
	struct machine *machine = sending->transaction->machine;
	_cleanup_buffer_ struct buffer address = { 0 };

	sending->refused = true;
	object_address(step->object, step->record, &machine->naming, &address);
	(void)object_refused(step->object, request, ack, &machine->error);
	if (!address.failed)
		error_wrap(&machine->error, "%s", address.data);
}

static int take_refusal(void *data, uint32_t index, const struct netlink_ack *ack)
{
	struct sending *sending = data;
	const struct object_transaction *transaction = sending->transaction;
	struct object_step *step = sending->order[index];
	struct object_request request;
	struct error words;

	/* Those after the first may follow from it. */
	if ((sending->refused && !transaction->refused) || request_of(sending, step, &request) < 0)
		return 0;
	if (!sending->refused)
		put_words(sending, step, &request, ack);
	if (transaction->refused) {
		(void)object_refused(step->object, &request, ack, &words);
		transaction->refused(transaction->data, step, &words);
	}
	buffer_done(&request.payload);
	return 0;
}

static int in_order(const void *a, const void *b)
{
	const struct object_step *first = *(struct object_step *const *)a, *second = *(struct object_step *const *)b;

	if (first->rank != second->rank)
		return first->rank < second->rank ? -1 : 1;
	return first < second ? -1 : first > second;
}

static int add(struct sending *sending, struct netlink *netlink, struct netlink_batch *batch, const struct object_step *step)
{
	struct error *error = &sending->transaction->machine->error;
	struct object_request request;
	int r = request_of(sending, step, &request);

	if (r < 0)
		return error->code == r ? r : error_set(error, r, "%s: %s", step->object->name, error_text(r));
	r = netlink_batch_add(netlink, batch, request.type, request.flags, request.payload.data, request.payload.length);
	buffer_done(&request.payload);
	return r;
}

bool object_has_transactions(const struct object *object)
{
	return object->protocol->transactions && object->new_type >> 8 == object->protocol->subsystem;
}

int object_generation(const struct protocol *protocol, struct machine *machine, uint32_t *ret)
{
	struct netlink *netlink;
	int r = machine_netlink(machine, protocol->number, &netlink);

	return r < 0 ? r : protocol->generation(netlink, ret);
}

int object_transact_all(const struct object_transaction *transaction)
{
	const struct protocol *protocol = transaction->protocol;
	struct machine *machine = transaction->machine;
	const size_t count = transaction->count;
	_cleanup_free_ struct object_step **order = calloc(count + 1, sizeof(*order));
	struct sending sending = { .transaction = transaction, .order = order };
	struct netlink_batch batch = { 0 };
	struct netlink *netlink;
	size_t kept = 0;
	int r = machine_netlink(machine, protocol->number, &netlink);

	if (r < 0)
		return r;
	if (!order)
		return error_set(&machine->error, -ENOMEM, "no memory for a transaction");
	machine->error = (struct error){ 0 };
	r = protocol->arrange(machine, transaction->arena, transaction->steps, count);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (!transaction->steps[i].left_out)
			order[kept++] = &transaction->steps[i];
	qsort(order, kept, sizeof(*order), in_order);
	for (size_t i = 0; r == 0 && i < kept; i++)
		r = add(&sending, netlink, &batch, order[i]);
	if (r == 0)
		r = netlink_transaction(netlink, &batch, protocol->subsystem, transaction->generation, take_refusal, NULL, &sending);
	netlink_batch_done(&batch);
	arena_done(&sending.scratch);
	if (r < 0 && machine->error.code != r)
		return error_set(&machine->error, r, "the transaction was refused: %s", error_text(r));
	return r;
}
