/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Netlink requests and their answers, matched by socket and sequence: one line for both. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/message.h"
#include "channel/netfilter_heard.h"
#include "channel/protocol.h"
#include "lib/context.h"
#include "lib/trace.h"

#define EXCHANGES_MAXIMUM 16384 /* that wait for an answer: the program has died, or never reads */

struct exchange_key {
	uint64_t socket;
	uint32_t sequence, reserved;
};

/* A request that waits for its answer. */
struct exchange {
	struct exchange_key key;
	struct arena arena; /* of what follows */
	struct trace_event event;
	const char *comm, *address, *verb, *words;
	struct value asked, answers[OBJECTS_KEPT];
	bool has_asked, guessed, expects_ack, dump;
	uint64_t begun, ended; /* boottime; BEGUN 0: not taken */
	uint64_t objects;
	int64_t result;
};

static const struct field field_object = { "object", FIELD_RECORD };
static const struct field field_objects = { "objects", FIELD_LIST, .element = &field_object };

static bool matches(const void *entry, const void *key, size_t length)
{
	const struct exchange *exchange = entry;

	return length == sizeof(exchange->key) && memcmp(&exchange->key, key, length) == 0;
}

void exchange_init(struct ferry_tracer *tracer)
{
	table_init(&tracer->exchanges, matches);
	tracer->heard = netfilter_heard_new();
}

static void exchange_free(struct exchange *exchange)
{
	arena_done(&exchange->arena);
	free(exchange);
}

void exchange_done(struct ferry_tracer *tracer)
{
	struct exchange *exchange;
	size_t position = 0;

	while ((exchange = table_next(&tracer->exchanges, &position)))
		exchange_free(exchange);
	table_done(&tracer->exchanges);
	netfilter_heard_free(tracer->heard);
	families_done(&tracer->families);
}

static int tell_exchange(struct ferry_tracer *tracer, struct exchange *exchange, bool answered)
{
	const struct value list = { .type = VALUE_LIST,
				    .list = { exchange->answers, (uint32_t)(exchange->objects < OBJECTS_KEPT ? exchange->objects : OBJECTS_KEPT) } };
	struct spoken spoken = {
		.crossing = { .kind = FERRY_CROSSING_SPOKEN,
			      .boottime = exchange->ended ? exchange->ended : exchange->event.time,
			      .duration = answered && exchange->begun ? exchange->ended - exchange->begun : UINT64_MAX,
			      .pid = exchange->event.pid,
			      .tid = exchange->event.tid,
			      .comm = exchange->comm,
			      .name = exchange->verb,
			      .door = FERRY_DOOR_NETLINK,
			      .address = exchange->address,
			      .objects = exchange->objects,
			      .words = exchange->words,
			      .guessed = exchange->guessed,
			      .has_result = answered,
			      .result = exchange->result },
		.asked = exchange->has_asked ? &exchange->asked : NULL,
	};

	if (exchange->objects == 1 && !exchange->dump) {
		/* What no schema describes has answered all the same. */
		spoken.answered = exchange->answers[0].type != VALUE_NULL ? &exchange->answers[0] : NULL;
	} else if (exchange->objects) {
		spoken.answered = &list;
		spoken.answered_field = &field_objects;
	}
	if (!answered && !spoken.crossing.words)
		spoken.crossing.words = exchange->expects_ack || exchange->dump ? "no answer seen" : "no answer asked for";
	return conversation_tell(tracer, &exchange->event, &spoken);
}

static int end_exchange(struct ferry_tracer *tracer, struct exchange *exchange, bool answered)
{
	int r = tell_exchange(tracer, exchange, answered);

	table_remove(&tracer->exchanges, &exchange->key, sizeof(exchange->key));
	exchange_free(exchange);
	return r;
}

int exchange_finish(struct ferry_tracer *tracer)
{
	struct exchange *exchange;
	size_t position = 0;
	int r = 0;

	while (r == 0 && (exchange = table_next(&tracer->exchanges, &position)))
		r = end_exchange(tracer, exchange, false);
	return r;
}

/* ---- Requests ---- */

/* Whether the kernel answers at all where all is well. Of families that are not known nobody can tell: then one is waited for. */
static bool expects_answer(const struct trace_file *file, const struct nlmsghdr *message, const char *verb)
{
	if (message->nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP))
		return true;
	if (file->protocol == NETLINK_ROUTE)
		return (message->nlmsg_type - RTM_BASE) % 4 == 2;
	return file->protocol != NETLINK_NETFILTER || strcmp(verb, "get") == 0;
}

static int fill_exchange(struct ferry_tracer *tracer, struct exchange *exchange, const struct netlink_part *part, const struct nlmsghdr *message,
			 const struct spoken_message *spoken)
{
	const char *comm = trace_tasks_name(&tracer->tasks, part->event->event.pid, part->event->event.tid);

	exchange->event = part->event->event;
	exchange->begun = part->event->entered;
	exchange->comm = arena_copy(&exchange->arena, comm, strlen(comm));
	exchange->address = arena_copy(&exchange->arena, spoken->address, strlen(spoken->address));
	exchange->verb = arena_copy(&exchange->arena, spoken->verb, strlen(spoken->verb));
	exchange->guessed = spoken->guessed;
	exchange->has_asked = spoken->has_value;
	exchange->dump = (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	exchange->expects_ack = message->nlmsg_flags & NLM_F_ACK;
	if (!exchange->comm || !exchange->address || !exchange->verb)
		return -ENOMEM;
	return spoken->has_value ? value_copy(&exchange->arena, &spoken->value, &exchange->asked) : 0;
}

static int take_request(struct ferry_tracer *tracer, const struct netlink_part *part, const struct nlmsghdr *message,
			const struct spoken_message *spoken)
{
	const struct exchange_key key = { part->call->file.inode, message->nlmsg_seq, 0 };
	struct exchange *exchange = table_find(&tracer->exchanges, &key, sizeof(key));
	int r = exchange ? end_exchange(tracer, exchange, false) : 0;

	if (r != 0)
		return r;
	exchange = calloc(1, sizeof(*exchange));
	if (!exchange)
		return -ENOMEM;
	exchange->key = key;
	r = fill_exchange(tracer, exchange, part, message, spoken);
	if (r == 0 && (!expects_answer(&part->call->file, message, spoken->verb) || tracer->exchanges.count >= EXCHANGES_MAXIMUM)) {
		r = tell_exchange(tracer, exchange, false);
		exchange_free(exchange);
		return r;
	}
	if (r == 0)
		r = table_add(&tracer->exchanges, &exchange->key, sizeof(exchange->key), exchange);
	if (r < 0)
		exchange_free(exchange);
	return r;
}

/* ---- Answers ---- */

static int take_ack(struct ferry_tracer *tracer, struct exchange *exchange, const struct nlmsghdr *message)
{
	struct netlink_ack ack;

	if (netlink_parse_ack(message, &ack) == 0) {
		exchange->result = ack.result;
		if (ack.message)
			exchange->words = arena_copy(&exchange->arena, ack.message, strlen(ack.message));
	}
	return end_exchange(tracer, exchange, true);
}

static int take_object(struct ferry_tracer *tracer, struct exchange *exchange, const struct nlmsghdr *message, const struct spoken_message *spoken)
{
	const struct value *objects = spoken->is_of_many ? spoken->objects : &spoken->value;
	const uint64_t count = spoken->is_of_many ? spoken->object_count : 1;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < count && exchange->objects + i < OBJECTS_KEPT; i++)
		r = spoken->has_value ? value_copy(&exchange->arena, &objects[i], &exchange->answers[exchange->objects + i]) : 0;
	exchange->objects += count;
	exchange->guessed |= spoken->guessed;
	if (r < 0 || message->nlmsg_flags & NLM_F_MULTI || exchange->expects_ack)
		return r;
	return end_exchange(tracer, exchange, true);
}

/* What the kernel tells without having been asked. */
static int take_notification(struct ferry_tracer *tracer, const struct netlink_part *part, const struct nlmsghdr *message,
			     const struct spoken_message *spoken)
{
	struct netlink_ack ack;
	struct spoken notification = {
		.crossing = { .kind = FERRY_CROSSING_SPOKEN,
			      .duration = UINT64_MAX,
			      .name = "hear",
			      .door = FERRY_DOOR_NETLINK,
			      .address = spoken->address,
			      .words = spoken->verb,
			      .guessed = spoken->guessed },
		.answered = spoken->has_value ? &spoken->value : NULL,
	};

	/* A refusal of what asked for no answer, such as a batch of nf_tables. */
	if (message && message->nlmsg_type == NLMSG_ERROR && netlink_parse_ack(message, &ack) == 0) {
		notification.crossing.has_result = true;
		notification.crossing.result = ack.result;
		notification.crossing.words = ack.message;
		notification.answered = NULL;
	}
	return conversation_tell(tracer, &part->event->event, &notification);
}

/* ---- Messages ---- */

static int tell_message(struct ferry_tracer *tracer, const struct netlink_part *part, const void *data, size_t length,
			const struct spoken_message *spoken)
{
	struct spoken message = {
		.crossing = { .kind = FERRY_CROSSING_MESSAGE,
			      .duration = UINT64_MAX,
			      .name = spoken->verb,
			      .door = FERRY_DOOR_NETLINK,
			      .address = spoken->address,
			      .received = part->received,
			      .protocol = part->call->file.protocol,
			      .data = data,
			      .length = length,
			      .guessed = spoken->guessed },
	};

	const void *told;
	int r = trace_message_withhold(tracer, part->call->file.protocol, data, length, &told);

	if (r < 0)
		return r;
	message.crossing.data = told;
	*(part->received ? &message.answered : &message.asked) = spoken->has_value ? &spoken->value : NULL;
	return conversation_tell(tracer, &part->event->event, &message);
}

/* The ends of answers have no schema of their own. */
static int describe_control(struct ferry_tracer *tracer, const struct trace_file *file, const struct nlmsghdr *message, struct spoken_message *ret)
{
	static const struct field result = { "result", FIELD_S32 }, words = { "words", FIELD_TEXT };
	struct record *record = record_new_sized(&tracer->arena, NULL, 2);
	struct netlink_ack ack;
	int r = record ? 0 : -ENOMEM;

	*ret = (struct spoken_message){ .address = spoken_family(tracer, file->protocol, 0) };
	ret->verb = message->nlmsg_type == NLMSG_DONE ? "done" : message->nlmsg_type == NLMSG_ERROR ? "ack" : "noop";
	if (r < 0 || !ret->address)
		return -ENOMEM;
	if (message->nlmsg_type == NLMSG_NOOP || netlink_parse_ack(message, &ack) < 0)
		return 0;
	r = record_add(&tracer->arena, record, (struct entry){ .name = "result", .field = &result, .value = value_int(ack.result) });
	if (r == 0 && ack.message)
		r = record_add(&tracer->arena, record, (struct entry){ .name = "words", .field = &words, .value = value_text(ack.message) });
	ret->value = (struct value){ .type = VALUE_RECORD, .record = record };
	ret->has_value = true;
	return r;
}

static int take_message(struct ferry_tracer *tracer, const struct netlink_part *part, const struct nlmsghdr *message)
{
	const struct trace_file *file = &part->call->file;
	const struct exchange_key key = { file->inode, message->nlmsg_seq, 0 };
	const bool control = message->nlmsg_type < NLMSG_MIN_TYPE;
	struct exchange *exchange;
	struct spoken_message spoken;
	int r = control ? describe_control(tracer, file, message, &spoken) : spoken_message_decode(tracer, file, message, &spoken);

	if (r == 0 && tracer->options.messages)
		r = tell_message(tracer, part, message, message->nlmsg_len, &spoken);
	if (r != 0 || tracer->options.all)
		return r;
	if (!part->received)
		return control ? 0 : take_request(tracer, part, message, &spoken);
	exchange = table_find(&tracer->exchanges, &key, sizeof(key));
	if (!exchange)
		return control && message->nlmsg_type != NLMSG_ERROR ? 0 : take_notification(tracer, part, message, &spoken);
	exchange->ended = part->event->event.time;
	return control ? take_ack(tracer, exchange, message) : take_object(tracer, exchange, message, &spoken);
}

/* Datagrams without a netlink header: device events, and what programs send each other. */
static int take_plain(struct ferry_tracer *tracer, const struct netlink_part *part)
{
	struct spoken_message spoken = { .address = spoken_family(tracer, part->call->file.protocol, 0), .verb = "event" };
	struct message message;
	int r = -EBADMSG;

	if (!spoken.address)
		return -ENOMEM;
	if (part->call->file.protocol == NETLINK_KOBJECT_UEVENT)
		r = message_uevent(part->content.data, part->content.length, &tracer->arena, &message);
	if (r == -EBADMSG)
		r = message_plain(part->content.data, part->content.length, &tracer->arena, &message);
	if (r < 0)
		return r;
	spoken.value = message.value;
	spoken.has_value = true;
	if (tracer->options.messages)
		r = tell_message(tracer, part, part->content.data, part->content.length, &spoken);
	return r != 0 || tracer->options.all ? r : take_notification(tracer, part, NULL, &spoken);
}

/* What lies behind the bound of what is copied of a call. */
int exchange_tell_cut(struct ferry_tracer *tracer, const struct netlink_part *part, uint64_t copied, uint64_t total, const char *unit)
{
	char words[96];
	struct spoken spoken = {
		.crossing = { .kind = FERRY_CROSSING_SPOKEN,
			      .duration = UINT64_MAX,
			      .name = part->received ? "received" : "sent",
			      .door = FERRY_DOOR_NETLINK,
			      .address = spoken_family(tracer, part->call->file.protocol, 0),
			      .cut = true,
			      .words = words },
	};

	snprintf(words, sizeof(words), "more than was copied: %llu of %llu %s", (unsigned long long)copied, (unsigned long long)total, unit);
	return spoken.crossing.address ? conversation_tell(tracer, &part->event->event, &spoken) : -ENOMEM;
}

/* What the families are, once somebody speaks netlink. Without them they have no names. */
static void learn_families(struct ferry_tracer *tracer)
{
	struct error *error = &tracer->ferry->machine.error;

	if (tracer->families.count)
		return;
	if (families_read(&tracer->ferry->machine, &tracer->families) < 0)
		*error = (struct error){ 0 };
	protocols_prepare(&tracer->ferry->machine);
}

int exchange_take(struct ferry_tracer *tracer, const struct netlink_part *part)
{
	const int protocol = part->call->file.protocol;
	const struct nlmsghdr *message;
	const void *data = part->content.data;
	size_t length = part->content.length;
	int r = 0;

	learn_families(tracer);
	if (protocol == NETLINK_KOBJECT_UEVENT || protocol == NETLINK_USERSOCK)
		return take_plain(tracer, part);
	if (protocol == NETLINK_NETFILTER && tracer->heard)
		netfilter_heard_begin(tracer->heard, part->call->file.inode);
	while (r == 0 && netlink_next(&data, &length, &message))
		r = take_message(tracer, part, message);
	if (r == 0 && part->content.length < part->content.total && tracer->heard)
		netfilter_heard_forget(tracer->heard);
	if (r == 0 && part->content.length < part->content.total)
		r = exchange_tell_cut(tracer, part, part->content.length, part->content.total, "bytes");
	return r;
}
