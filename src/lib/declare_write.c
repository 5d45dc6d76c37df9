/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doing the steps of a plan. Requests to one family go in one send; links and files one by one. What is refused is tried again as long as others
 * succeed, since one may stand on another. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lib/declare_ruleset.h"

#define PASSES_MAXIMUM 16
#define BATCH_MAXIMUM  512

struct writing {
	struct plan *plan;
	unsigned int flags;
	struct netlink_batch batch;
	struct arena arena; /* for one step */
	bool transacted;
	bool links_move; /* the plan makes or removes links: a number that a name had may be another one's */
	struct step *staged[BATCH_MAXIMUM];
	size_t staged_count, done;
};

/* What a refusal says is so already. Whether it is as it should be the next comparison tells. */
static bool stands_already(const struct step *step, int code)
{
	if (step->act == STEP_MAKE)
		return code == -EEXIST;
	return step->act == STEP_REMOVE && (code == -ENOENT || code == -ESRCH || code == -ENODEV || code == -EADDRNOTAVAIL);
}

static void refuse(struct writing *writing, struct step *step, const struct error *words, int code)
{
	static struct error no_memory = { -ENOMEM, .text = "refused, and no memory for the words" };

	if (!step->error || step->error == &no_memory)
		step->error = arena_new(&writing->plan->arena, struct error);
	if (!step->error)
		step->error = &no_memory;
	else if (words && words->code == code)
		*step->error = *words;
	else
		error_set(step->error, code, "%s", error_text(code));
}

/* WORDS for CODE, where the kernel or the channel has given some. */
static void finish(struct writing *writing, struct step *step, const struct error *words, int code)
{
	/* Its interface is not there (yet): that is told as such. */
	if (code == -ENOENT && step->pending) {
		step->error = NULL;
		return;
	}
	if (code < 0 && !stands_already(step, code)) {
		refuse(writing, step, words, code);
		return;
	}
	step->error = NULL;
	step->done = true;
	writing->done++;
}

/* ---- Many at once ---- */

static int answered(void *data, uint32_t index, const struct netlink_ack *ack)
{
	struct writing *writing = data;
	struct step *step = index < writing->staged_count ? writing->staged[index] : NULL;
	struct error words;

	if (!step)
		return 0;
	words.code = 0;
	step->staged = false;
	if (ack->result < 0)
		object_refused(step->channel->object, &step->request, ack, &words);
	finish(writing, step, &words, ack->result);
	return 0;
}

/* A batch is of one protocol: it goes by one socket. */
static int protocol_number(const struct step *step)
{
	return step->channel->object->protocol->number;
}

static int flush(struct writing *writing)
{
	struct netlink *netlink;
	int r;

	if (!writing->staged_count)
		return 0;
	r = machine_netlink(&writing->plan->ferry->machine, protocol_number(writing->staged[0]), &netlink);
	if (r >= 0)
		r = netlink_batch_send(netlink, &writing->batch, answered, writing);
	for (size_t i = 0; i < writing->staged_count; i++) {
		struct step *step = writing->staged[i];

		if (step->staged) {
			step->staged = false;
			finish(writing, step, NULL, r < 0 ? r : -ETIMEDOUT);
		}
		buffer_done(&step->request.payload);
	}
	writing->staged_count = 0;
	return 0;
}

static int request_of(struct writing *writing, struct step *step, struct arena *arena)
{
	struct machine *machine = &writing->plan->ferry->machine;
	const struct object *object = step->channel->object;
	enum object_write how = step->act == STEP_REMOVE ? OBJECT_REMOVE : step->act == STEP_MAKE ? OBJECT_CREATE : OBJECT_REPLACE;
	struct record *record;
	int r = 0;

	if (step->act == STEP_REMOVE)
		r = standing_record(step->kind, step->standing, arena, &record);
	else
		r = object_parse_json(object, step->whole, NULL, &machine->naming, arena, &record, &machine->error);
	if (r >= 0)
		r = object_request(object, machine, arena, record, how, &step->request);
	return r;
}

static int stage(struct writing *writing, struct step *step)
{
	struct machine *machine = &writing->plan->ferry->machine;
	struct netlink *netlink;
	int r;

	machine->error = (struct error){ 0 };
	r = machine_netlink(machine, protocol_number(step), &netlink);
	arena_reset(&writing->arena);
	if (r >= 0 && (writing->links_move || !step->request.payload.length))
		r = request_of(writing, step, &writing->arena);
	/* The kernel keeps several IPv4 routes of one place where they are appended. */
	if (r >= 0 && step->act == STEP_MAKE && step->beside && step->channel->object->get_type == RTM_GETROUTE)
		step->request.flags = NLM_F_CREATE | NLM_F_APPEND;
	if (r >= 0)
		r = netlink_batch_add(netlink, &writing->batch, step->request.type, step->request.flags, step->request.payload.data,
				      step->request.payload.length);
	if (r < 0) {
		finish(writing, step, &machine->error, r);
		buffer_done(&step->request.payload);
		return r == -ENOMEM ? r : 0;
	}
	step->staged = true;
	writing->staged[writing->staged_count++] = step;
	return writing->staged_count == BATCH_MAXIMUM ? flush(writing) : 0;
}

/* ---- One by one ---- */

/* A number that another link has, it does without. */
static int link_json(struct writing *writing, struct step *step, struct buffer *ret)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct machine *machine = &writing->plan->ferry->machine;
	const struct naming *naming = &machine->naming;
	struct record *record;
	uint32_t index;
	int r = object_parse_json(step->channel->object, step->whole, NULL, naming, &arena, &record, &machine->error);

	if (r < 0)
		return r;
	index = (uint32_t)record_number(record, "ifindex", 0);
	if (index && naming->interface_name(naming->data, index))
		record_drop(record, "ifindex");
	record_json(ret, record, naming);
	return ret->failed ? -ENOMEM : 0;
}

static int write_object(struct writing *writing, struct step *step)
{
	struct machine *machine = &writing->plan->ferry->machine;
	_cleanup_buffer_ struct buffer json = { 0 };
	_cleanup_free_ char *now = NULL;
	int r = 0;

	/* A link that has come about meanwhile, as a veth's other end: what is left to say of it the next comparison says. */
	if (step->act == STEP_MAKE && machine->naming.interface_index(machine->naming.data, step->path))
		return 0;
	if (step->act == STEP_MAKE)
		r = link_json(writing, step, &json);
	if (r >= 0)
		r = setting_set(step->channel, machine, step->path,
				step->act == STEP_REMOVE ? NULL
				: step->act == STEP_MAKE ? json.data
							 : step->whole,
				&now);
	if (step->act != STEP_CHANGE)
		machine_links_forget(machine);
	return r;
}

static int write_file(struct writing *writing, struct step *step)
{
	_cleanup_setting_ struct setting *setting = NULL;
	int r = setting_prepare(step->channel, &writing->plan->ferry->machine, step->path, &step->wish->value,
				SETTING_STRICT | (writing->flags & CONVERGE_YES ? SETTING_YES : 0), &setting);

	if (r < 0)
		return r;
	/* What waited for its interface may have come with it. */
	step->note = step->pending ? NULL : step->note;
	step->stood = setting->stands && !step->action;
	return step->stood ? 0 : setting->kind->write(setting);
}

static int write_alone(struct writing *writing, struct step *step)
{
	struct machine *machine = &writing->plan->ferry->machine;
	int r = flush(writing);

	if (r < 0)
		return r;
	machine->error = (struct error){ 0 };
	r = step->channel->object ? write_object(writing, step) : write_file(writing, step);
	finish(writing, step, &machine->error, r);
	return 0;
}

static bool goes_alone(const struct step *step)
{
	return !step->channel->object || step->channel->object->write;
}

/* All steps of the transaction, once: what was refused is not tried again before it has been compared again. */
static int transact(struct writing *writing)
{
	int r = flush(writing);

	if (r < 0 || writing->transacted)
		return r;
	writing->transacted = true;
	return plan_transact(writing->plan, writing->flags, &writing->done);
}

static int pass(struct writing *writing)
{
	struct plan *plan = writing->plan;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < plan->count; i++) {
		struct step *step = &plan->steps[i];

		if (step->done || (step->channel->object && step->pending))
			continue;
		/* What was staged stands before what has another place in the order. */
		if (writing->staged_count && writing->staged[writing->staged_count - 1]->rank != step->rank)
			r = flush(writing);
		if (r >= 0 && step->channel->object && object_has_transactions(step->channel->object))
			r = transact(writing);
		else if (r >= 0)
			r = goes_alone(step) ? write_alone(writing, step) : stage(writing, step);
	}
	return r < 0 ? r : flush(writing);
}

int plan_write(struct plan *plan, unsigned int flags)
{
	struct writing *writing = calloc(1, sizeof(*writing));
	size_t before, refused = 0;
	int r;

	if (!writing)
		return error_set(&plan->ferry->error, -ENOMEM, "no memory to apply");
	writing->plan = plan;
	writing->flags = flags;
	for (size_t i = 0; i < plan->count; i++)
		writing->links_move |= plan->steps[i].channel->object && plan->steps[i].channel->object->write;
	for (unsigned int i = 0; i < PASSES_MAXIMUM; i++) {
		before = writing->done;
		r = pass(writing);
		if (r < 0 || writing->done == before)
			break;
	}
	netlink_batch_done(&writing->batch);
	arena_done(&writing->arena);
	free(writing);
	if (r < 0)
		return ferry_failed(plan->ferry, r);
	for (size_t i = 0; i < plan->count; i++)
		refused += plan->steps[i].error != NULL;
	return (int)refused;
}
