/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tracer's parts: who the tasks are, what passes, and the conversation. */
#ifndef FERRY_LIB_TRACE_H
#define FERRY_LIB_TRACE_H

#include "base/table.h"
#include "channel/channel.h"
#include "channel/family.h"
#include "crossing/call.h"
#include "crossing/tracer.h"
#include "ferry.h"

/* ---- Tasks: names of threads, as the kernel tells them ---- */

struct trace_tasks {
	struct table table;
	const struct trace_task_entry *last; /* most events come in runs of one thread */
};

struct trace_task_entry {
	uint32_t tid, pid;
	char name[16];
};

void trace_tasks_init(struct trace_tasks *tasks);
void trace_tasks_done(struct trace_tasks *tasks);
/* Its name, read from /proc where no event has told it; "" where it is not known. */
const char *trace_tasks_name(struct trace_tasks *tasks, uint32_t pid, uint32_t tid);
int trace_tasks_set(struct trace_tasks *tasks, uint32_t pid, uint32_t tid, const char *name) _must_check_;
void trace_tasks_remove(struct trace_tasks *tasks, uint32_t tid);

/* ---- What passes ---- */

enum trace_trigger { TRIGGER_CALL = 1, TRIGGER_EXCEPTION = 2, TRIGGER_INTERRUPT = 4 };

#define FILTER_CALLS 64

struct trace_filter {
	unsigned int triggers, classes; /* bits; 0: all */
	unsigned int doors;             /* bits of enum ferry_door; 0: all */
	const char *calls[FILTER_CALLS];
	unsigned int call_count;
	struct trace_results results;
};

/* -EINVAL with words. The texts must live as long as the filter. */
int trace_filter_parse(const char *const *filters, struct trace_filter *ret, struct error *error) _must_check_;
bool trace_filter_wants(const struct trace_filter *filter, const struct system_call *call);
static inline bool trace_filter_trigger(const struct trace_filter *filter, enum trace_trigger trigger, bool unless_asked)
{
	return filter->triggers ? filter->triggers & trigger : unless_asked;
}

/* ---- The whole ---- */

/* A field that answers hide and requests show. */
struct trace_selector {
	const struct field *hidden;
	struct trace_selector *next;
	struct field shown;
};

struct ferry_tracer {
	struct ferry *ferry;
	struct tracer *tracer;
	struct ferry_tracer_options options;
	struct trace_filter filter;
	struct trace_tasks tasks;
	struct arena arena;   /* of one event */
	struct arena lasting; /* of all */
	struct trace_selector *selectors;
	struct families families;
	struct netfilter_heard *heard; /* for how rules of nftables read */
	struct table exchanges;        /* netlink requests that wait for their answer */
	struct table contents;         /* what knobs were last seen to hold */
	/* What trace_address() has found for the event at hand. */
	struct {
		bool known;
		const char *address;
		enum ferry_door door;
	} place;
	uint64_t delivered;
	uint64_t clock; /* CLOCK_REALTIME minus CLOCK_BOOTTIME */
	int cgroup;     /* the root of cgroup 2, or -1 */
};

/* Hands CROSSING to the callback, with who did it and when by EVENT. */
int trace_tell(struct ferry_tracer *tracer, const struct trace_event *event, struct ferry_crossing *crossing) _must_check_;
/* A value for the public structs; ITEM is what the caller holds. NULL where VALUE is. */
struct ferry_value *trace_value(struct ferry_value *item, const struct ferry_tracer *tracer, const struct value *value);
/* The address of the file or socket that CALL is about, NULL where it is of no channel; in the tracer's arena. */
const char *trace_address(struct ferry_tracer *tracer, const struct call *call, enum ferry_door *ret_door);

/* trace_secret.c: leaves out of CALL what may be keys. */
void trace_withhold(struct ferry_tracer *tracer, const struct signature *signature, struct call *call);
/* A netlink message of protocol NUMBER without its keys: DATA itself where it can have none, else a copy in the tracer's arena. -ENOMEM. */
int trace_message_withhold(struct ferry_tracer *tracer, int number, const void *data, size_t length, const void **ret) _must_check_;

void conversation_init(struct ferry_tracer *tracer);
/* What CALL says over a channel. */
int conversation_take(struct ferry_tracer *tracer, const struct trace_call *event, size_t length, const struct signature *signature,
		      struct call *call) _must_check_;
/* Requests whose answers will not come any more. */
int conversation_finish(struct ferry_tracer *tracer) _must_check_;
void conversation_done(struct ferry_tracer *tracer);

/* Something said: the parts that every door shares are filled here. VALUES are handed over as asked, answered, before; NULL for none. */
struct spoken {
	struct ferry_crossing crossing;
	const struct value *asked, *answered, *before;
	const struct field *asked_field, *answered_field, *before_field;
};
int conversation_tell(struct ferry_tracer *tracer, const struct trace_event *event, struct spoken *spoken) _must_check_;

/* Netlink: DATA that a call has sent or received over the socket of CALL. */
struct netlink_part {
	const struct trace_call *event;
	const struct call *call;
	struct content_part content;
	bool received;
};
int exchange_take(struct ferry_tracer *tracer, const struct netlink_part *part) _must_check_;
/* That COPIED of TOTAL, which are UNIT, is all that there is of it. */
int exchange_tell_cut(struct ferry_tracer *tracer, const struct netlink_part *part, uint64_t copied, uint64_t total, const char *unit) _must_check_;
int exchange_finish(struct ferry_tracer *tracer) _must_check_;
void exchange_init(struct ferry_tracer *tracer);
void exchange_done(struct ferry_tracer *tracer);
/* What a netlink message is called and says. */
struct spoken_message {
	const char *address, *verb;
	struct value value;
	const struct field *field;
	bool guessed, has_value;
	/* Objects of a kind of which a message tells several; of an answer the first few, and how many there are. */
	bool is_of_many;
	const struct value *objects;
	uint64_t object_count;
};
#define OBJECTS_KEPT 3 /* of a dump */
int spoken_message_decode(struct ferry_tracer *tracer, const struct trace_file *file, const struct nlmsghdr *message,
			  struct spoken_message *ret) _must_check_;
/* spoken_split.c: all objects of which MESSAGE tells. -EBADMSG where it is a request that names none. */
int spoken_split_decode(struct ferry_tracer *tracer, const struct object *object, const struct nlmsghdr *message,
			struct spoken_message *ret) _must_check_;
/* spoken_netfilter.c: what MESSAGE of nftables is called that is about no object. */
int spoken_netfilter_name(struct ferry_tracer *tracer, const struct nlmsghdr *message, struct spoken_message *ret) _must_check_;
/* What a MESSAGE about OBJECT says beside what its schema has told already. */
int spoken_netfilter_decode(struct ferry_tracer *tracer, const struct object *object, const struct nlmsghdr *message,
			    struct spoken_message *ret) _must_check_;
const char *spoken_address(struct ferry_tracer *tracer, const char *family, const char *kind);
/* The family of PROTOCOL, and of TYPE in generic netlink; NULL where it is none that the kernel tells of. */
/* The protocol whose objects messages of TYPE may be about, or NULL. */
const struct protocol *spoken_protocol(const struct ferry_tracer *tracer, int protocol, uint16_t type);
const struct family *spoken_find_family(const struct ferry_tracer *tracer, int protocol, uint16_t type);
const char *spoken_family(struct ferry_tracer *tracer, int protocol, uint16_t type);

#endif
