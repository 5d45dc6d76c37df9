/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the netlink source, between its own files only. There is one source for each protocol; what the protocols have of their own is in
 * their rules. */
#ifndef FERRY_CHANNEL_NETLINK_SOURCE_H
#define FERRY_CHANNEL_NETLINK_SOURCE_H

#include "channel/cache.h"
#include "channel/join.h"
#include "channel/protocol.h"
#include "channel/source.h"

/* Messages that were taken off the socket and not yet handled, as bytes: each a struct waiting and the message, aligned. */
struct queue {
	char *data;
	size_t size, head, tail;
};

struct waiting {
	uint64_t received; /* boottime */
	uint32_t length;   /* of the message */
	uint32_t room;     /* with the alignment behind it */
	uint32_t datagram; /* bytes of the datagram that it begins; 0: it stands behind another in the same, and has the same origin */
};

static inline bool queue_empty(const struct queue *queue)
{
	return queue->head == queue->tail;
}

static inline struct waiting *queue_first(const struct queue *queue)
{
	return (struct waiting *)(queue->data + queue->head);
}

/* Others stand behind it in its datagram. */
static inline bool waiting_is_followed(const struct waiting *waiting)
{
	return waiting->datagram > NLMSG_ALIGN(waiting->length);
}

/* A writer can be held up for long between a notice and its message, or while it makes the notice, which then bars those behind it. So a notice waits
 * for its message as long as this (ns), and a message for its notice likewise, unless a later notice has come: then its own was lost. */
#define NOTICE_PATIENCE 1000000000ull

/* Something went that other objects depend on, and the kernel may take those away without a word: to be looked up once the queue is empty. */
enum check_kind {
	CHECK_LINK_DOWN,
	CHECK_LINK_GONE,
	CHECK_SOURCE_ADDRESS, /* IPv4 routes with this preferred source */
	CHECK_NEXTHOP,
	CHECK_ROUTE6, /* one nexthop of an IPv6 multipath route went */
	CHECK_LINK,   /* a link changed through a file, and the kernel tells no one */
	CHECK_QUEUES, /* a qdisc or class went, and what stood in it */
	CHECK_KIND,   /* all of a kind: INDEX is the type of its messages */
	CHECK_ASKED,  /* a request of the type INDEX was granted, of which the kernel tells no one */
};

struct check {
	enum check_kind kind;
	uint32_t index; /* interface, nexthop id, (CHECK_ROUTE6) table, or (CHECK_KIND) type of message */
	uint8_t address[4];
	uint64_t cause;       /* number of the change that took it away */
	struct origin origin; /* its actor is referenced */
	/* CHECK_ASKED: what the rules have kept of the requests, and made of that; and how many there are whose content has not been seen. */
	struct buffer requests;
	struct asked *asked;
	uint32_t unseen;
	bool any;    /* there are more of them, which may have asked for anything */
	bool looked; /* all of them were granted before the look that is under way */
};

#define CHECKS_MAXIMUM 1024
#define RECENT_MAXIMUM 128

/* A change of netlink/route that others may follow from, remembered for a second. */
struct recent {
	uint64_t number, boottime;
	uint32_t pid, tid, index;
	uint16_t type; /* get_type of its object */
	bool down;     /* the link went down or away, the address went */
	enum ferry_door door;
};

/* Likewise a route that the kernel made for a program, to which it will add the program's address later. */
struct late {
	uint64_t boottime;
	uint32_t index;
	uint8_t network[16], length;
	enum ferry_door door;
	const struct ferry_actor *actor;
};
#define LATE_MAXIMUM 32

/* A link that came, of whose objects nothing was known until they were asked for: what was told of them before that may stand in the answer. */
struct looked {
	uint64_t boottime;
	uint32_t index;
};
#define LOOKED_MAXIMUM 64

/* The first change of a transaction that is being told. */
struct head {
	uint64_t number; /* 0: there is none */
	uint32_t pid, tid;
};

struct netlink_source {
	const struct protocol *protocol;
	struct netlink *socket;
	struct recording recording;
	struct cache cache;
	struct cache removed; /* what messages removed while a dump was read */
	struct cache ended;   /* what went, and took others along that are not seen to yet */
	uint32_t touched;     /* generation of what messages touched while a dump was read */
	bool reconciling, silent, started;
	bool waits;       /* for its generic family, which the kernel has not yet */
	bool family_told; /* the family came or went: it has another number, or none */
	struct join join;
	struct queue queue;
	struct arena arena;
	struct buffer key, address, before, after;
	struct buffer unified; /* the message at hand, where it has another form than its kind's */
	struct buffer refused; /* the same of a request that was refused, which may be told before the message at hand is */
	struct origin origin;  /* of the head of the queue, found but not yet used */
	bool origin_found;
	struct origin shared; /* of the datagram at hand, where several messages are in it; its actor is referenced */
	struct origin named;  /* whom NAME, a message in the queue, names; its actor is referenced */
	struct buffer name;
	uint64_t wait_since;    /* boottime since which the head of the queue waits for the sysctl write behind it; 0 = it does not */
	uint64_t latest_notice; /* its boottime */
	uint64_t lossy_until;   /* boottime until which the notices of lost messages may stand beside those of others */
	uint64_t drained;       /* boottime at which the last complete draining of the socket began */
	uint64_t last_message;  /* boottime of the last message handled: a gap begins there */
	uint64_t drops;         /* of the socket, as far as told */
	uint64_t unkept;        /* messages that memory had no room for, not told yet */
	bool overflow;
	uint64_t resync_after, resync_backoff;
	uint64_t expiry_due, expiry_after; /* when the first of what goes by itself does so, 0: there is none; and not looked at before that */
	struct check checks[CHECKS_MAXIMUM];
	unsigned int check_count;
	bool checks_lost; /* more than fit: compare everything */
	struct recent recent[RECENT_MAXIMUM];
	unsigned int recent_next;
	struct late late[LATE_MAXIMUM];
	unsigned int late_next;
	struct head head;
	struct netfilter_order *order;
	struct netfilter_sets *sets;
	bool places_told;       /* the kernel says where a rule stands that comes */
	struct buffer unplaced; /* requests for the chains of rules of which it does not */
	struct buffer replaced; /* key of the rule in whose place another has come, as long as its end may follow */
	struct looked looked[LOOKED_MAXIMUM];
	unsigned int looked_next;
	struct refusal *refusals, **last_refusal;
	unsigned int refusal_count;
};

/* What stands between reading a message and telling of it. */
struct step {
	const struct object *object;
	const struct nlmsghdr *message; /* unified */
	struct record *record;
	struct origin origin;
	uint64_t cause;
	enum ferry_consistency consistency;
	bool removed;
	unsigned int arrival; /* bits of enum object_arrival that the message does not say */
};

/* Whom a message of the kernel's names. */
struct source_name {
	uint32_t tid; /* as the first pid namespace numbers threads */
	char comm[17];
};

/* Whose requests what differs follows from, where it is not those of just one of the checks. */
struct asking {
	struct origin nobody, several; /* actors referenced */
};

#define KINDS_MAXIMUM 32 /* of a protocol */

/* One dump: its messages one behind the other, aligned, and which of what we knew it speaks of. */
struct dump {
	const struct object *object;
	struct buffer messages;
	bool interrupted;
	const struct check *check;   /* only what this check is about; NULL = all objects of the kind */
	const struct asking *asking; /* NULL: what differs does so by who the step says */
};

/* Takes a message into the struct dump at DATA; NULL: what was told so far is told anew. -ENOMEM. */
int source_gather(void *data, const struct nlmsghdr *message);
/* Its messages one after the other, from *POSITION 0 on; NULL at the end. */
const struct nlmsghdr *source_gathered(const struct dump *dump, size_t *position);

/* What is different with each protocol. Any may be NULL. */
struct source_rules {
	/* Before STEP is compared: it may have another origin than the message says. */
	void (*before)(struct netlink_source *source, struct step *step);
	/* STEP is decoded, and not compared yet. False: it is not what stands now, and the rules have asked for a look at that. */
	bool (*decoded)(struct netlink_source *source, const struct step *step, const struct cache_entry *known);
	/* Whether the removal STEP takes only a part of the object that ENTRY is: then nothing is gone. */
	bool (*partial)(struct netlink_source *source, const struct step *step, const struct cache_entry *entry);
	/* The change that STEP follows from, 0 = none. */
	uint64_t (*cause)(const struct netlink_source *source, const struct step *step);
	/* STEP was told as change NUMBER. BEFORE: the object as it was, NULL where it is new. */
	void (*told)(struct netlink_source *source, const struct step *step, uint64_t number, const struct nlmsghdr *before);
	/* Whether the object of a cached MESSAGE may be another since CHECK was asked for. */
	bool (*matches)(const struct check *check, const struct nlmsghdr *message);
	/* Whether MESSAGE is one notice for many objects, and what it says of them. STEP has its origin and no object yet. */
	bool (*is_of_many)(const struct nlmsghdr *message);
	void (*many)(struct netlink_source *source, const struct nlmsghdr *message, struct step *step);
	/* Where the kernel itself says in a message behind others, or in that itself, who made it send them: whether NAME says so of MESSAGE. */
	bool (*names_actor)(const struct nlmsghdr *name, const struct nlmsghdr *message, struct source_name *ret);
	/* Of requests that are granted and the kernel tells no one of: appends what has to be known of REQUEST; false where it may ask for anything.
	 * NULL: they may. */
	bool (*keep_request)(struct netlink_source *source, const struct nlmsghdr *request, struct buffer *ret);
	/* Whether REQUEST, which was refused, may have been carried out in part. NULL: never. */
	bool (*asks_for_several)(const struct nlmsghdr *request);
	/* Whether those of CHECK ask for what RECORD of OBJECT is now, or (GONE) that it be gone. */
	bool (*asked)(struct netlink_source *source, struct check *check, const struct object *object, const struct record *record, bool gone);
	/* Gives back what was made of them. NULL: nothing is. */
	void (*asked_done)(struct asked *asked);
	/* Adds to a whole RECORD of OBJECT that is told what its message does not hold. 0 or -ENOMEM. */
	int (*complete)(struct netlink_source *source, const struct object *object, struct record *record);
	/* Objects that are of links, and come and go with them without a word: the link of one by its message, 0 where it says none. NULL: they are
	 * not such. */
	uint32_t (*link_of)(const struct nlmsghdr *message);
	/* Gives back what the rules keep in SOURCE. */
	void (*done)(struct netlink_source *source);
};

extern const struct source_rules source_rules_route; /* route_cascade.c */

/* netlink_who.c: whether the kernel side tells who made the kernel send each message. */
bool source_notices_come(const struct netlink_source *source);
void source_forget_named(struct netlink_source *source);
/* Fills step->origin and step->cause for the MESSAGE at the head of the queue; false: something that may still come is missing, and what was found is
 * kept for the next try. */
bool source_find_who(struct netlink_source *source, const struct waiting *waiting, const struct nlmsghdr *message, struct step *step);
/* netlink_link.c: a rule for objects of links. */
bool source_decoded_of_link(struct netlink_source *source, const struct step *step, const struct cache_entry *known);
/* STEP is a change, of which nobody knows what was before. */
void source_tell_unknown(struct netlink_source *source, const struct step *step);
/* netlink_tell.c: compare with the cache, tell, remember. */
void source_apply(struct netlink_source *source, struct step *step);
/* Every object of step->object that TAKES, by what we know of it, went at once. */
void source_sweep(struct netlink_source *source, const struct step *like, bool (*takes)(const struct nlmsghdr *cached, const void *data),
		  const void *data);
/* Keeps in ENTRY when it goes by itself, as STEP, which tells of it, says. */
void source_note_expiry(struct netlink_source *source, struct cache_entry *entry, const struct step *step);
/* netlink_expiry.c: something goes by itself at BOOTTIME. */
void source_expires_at(struct netlink_source *source, uint64_t boottime);
/* Tells what has gone by itself. Returns when it wants to be called again, 0 = never. */
uint64_t source_tell_expired(struct netlink_source *source);
/* Whether ENTRY had gone by itself at BOOTTIME. */
bool source_is_over(const struct cache_entry *entry, uint64_t boottime);
/* The same, or it may have: what is told of the time that is left is not exact. */
bool source_may_be_over(const struct cache_entry *entry, uint64_t boottime);
/* ENTRY has gone by itself, as is known at the time of LIKE: tells so and forgets it. */
void source_tell_over(struct netlink_source *source, struct cache_entry *entry, const struct step *like);
/* ENTRY goes: tells so and forgets it. STEP says who took it away, unless its time was over by then. */
void source_tell_removed(struct netlink_source *source, struct cache_entry *entry, struct step *step);
/* route_late.c: puts the program in the place of the kernel's worker that did later what the program had asked for. */
void route_late(struct netlink_source *source, struct step *step);
void route_late_done(struct netlink_source *source);
/* route_cascade.c: the first u32 attribute of TYPE, 0 where there is none. */
uint32_t route_number_of(const struct nlmsghdr *message, size_t header, uint16_t type);
/* tc_cascade.c: a notice that all filters of a priority have gone. */
bool tc_is_of_many(const struct nlmsghdr *message);
void tc_many(struct netlink_source *source, const struct nlmsghdr *message, struct step *step);
/* bridge.c: messages of bridges' databases, each of several. */
bool bridge_is_of_many(const struct nlmsghdr *message);
void bridge_many(struct netlink_source *source, const struct nlmsghdr *message, struct step *step);
/* netlink_secret.c: overwrites what is secret of a MESSAGE of OBJECT, which is ours, and leaves it out of what is known of ACTOR (may be NULL). */
void source_withhold(struct arena *arena, const struct object *object, const struct nlmsghdr *message, const struct ferry_actor *actor);
/* netlink_asked.c. A request of TYPE was granted, of which the kernel tells no one. */
void source_check_asked(struct netlink_source *source, uint16_t type, const struct origin *origin);
/* REQUEST, of which there are LENGTH bytes, was refused with RESULT, and may yet have changed something. */
void source_check_half_done(struct netlink_source *source, const struct nlmsghdr *request, size_t length, int result, const struct origin *origin);
/* Whether EVENT is the content of such a request; it is taken then. */
bool source_take_request(struct netlink_source *source, const struct nlmsghdr *request, size_t length, uint32_t tid);
void source_asking_begin(struct netlink_source *source, const struct origin *origin, struct asking *ret);
void source_asking_end(struct asking *asking);
/* By whom RECORD of OBJECT differs, or is GONE. */
const struct origin *source_asked_by(struct netlink_source *source, const struct asking *asking, const struct object *object,
				     const struct record *record, bool gone);
/* netlink_look.c: looks at what the first of the checks, which is of what was asked for, and others like it may have changed. */
void source_look_asked(struct netlink_source *source, struct netlink *requests);
/* Waits a little for answers that name who asked for what DUMPS found, where that is not known. */
void source_await_answers(struct netlink_source *source, const struct dump *dumps, unsigned int count);
/* netlink_check.c: asks for a look at what CHECK may be about. */
void source_check(struct netlink_source *source, struct check check, const struct origin *origin);
void source_check_done(const struct netlink_source *source, struct check *check);
bool source_check_matches(const struct netlink_source *source, const struct check *check, const struct nlmsghdr *message);
/* netlink_reconcile.c. Between these messages that come are newer than what is read. */
void source_reconcile_begin(struct netlink_source *source);
void source_reconcile_end(struct netlink_source *source);
/* Fills STEP from a MESSAGE of DUMP, and the source's key; false where it cannot be read or is not of this dump. */
bool source_prepare(struct netlink_source *source, const struct dump *dump, const struct nlmsghdr *message, struct step *step);
/* Compares what DUMPS found with the cache and tells what differs as LIKE says (actor, cause). */
void source_settle(struct netlink_source *source, struct dump *dumps, unsigned int count, const struct step *like);
void source_dumps_done(struct dump *dumps, unsigned int count);
/* Dump, take in what comes meanwhile, compare. */
int source_fill(struct netlink_source *source, struct error *error);
/* The same, and none of it is told as a change. */
int source_fill_silently(struct netlink_source *source, struct error *error);
/* Generic families: the controller's group is joined; a message is the controller's, and what it says of our family is remembered; then the family is
 * found anew, and what there is of its objects read. */
int source_hear_controller(struct netlink_source *source);
bool source_is_of_controller(const struct netlink_source *source, const struct nlmsghdr *message);
void source_heed_controller(struct netlink_source *source, const struct nlmsghdr *message);
void source_find_family(struct netlink_source *source);
void source_resync(struct netlink_source *source);
void source_run_checks(struct netlink_source *source);
/* netlink_refused.c */
void source_refusals_done(struct netlink_source *source);
/* netlink_source.c: handles the whole queue, waiting for late notices. */
void source_drain(struct netlink_source *source);

#endif
