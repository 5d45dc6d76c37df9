/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a document wishes, what stands, and the steps from the one to the other: shared by snapshot, diff, plan, apply and rollback. */
#ifndef FERRY_LIB_DECLARE_H
#define FERRY_LIB_DECLARE_H

#include "base/table.h"
#include "channel/object-inside.h"
#include "lib/context.h"

/* ---- declare_wish.c: what a document says ---- */

/* One file, or one object with all that is said of it. */
struct wish {
	const struct channel *channel;
	const char *address; /* canonical */
	const char *path;    /* of ADDRESS, below the channel */
	unsigned int line;   /* of the document, 0 = of none */
	bool absent;         /* nothing is to stand there */
	bool lenient;        /* a failure does not count */
	bool whole;          /* said in one line: another line is of another object of the same address */
	bool back;           /* a way back: what cannot be had is told, not refused */
	bool typed;          /* an element of which it is not known yet what its key stands for */
	bool fulfilled;      /* in a transaction that is over, after which nothing tells it from others */
	union {
		struct value value; /* of a file; generic */
		const char *said;   /* of an object: the end of its address as the document says it, or NULL */
	};
	struct record *generic; /* of an object: its fields */
	struct wish *first;     /* of the same address; this one where there are no others */
	struct wish *next;      /* another one of the same address */
	struct wish *last;      /* of the first: the last one */
};

struct wishes {
	struct ferry *ferry;
	struct arena arena;
	struct arena scratch; /* for one line */
	struct arena passing; /* addresses of which it is not known yet what they stand for */
	struct wish **list;
	size_t count, size;
	struct table table; /* by address */
	bool back;          /* those that come are a way back */
	const char **only;  /* addresses below which nothing stands but what is wished */
	size_t only_count;
};

void wishes_init(struct wishes *wishes, struct ferry *ferry);
void wishes_done(struct wishes *wishes);
#define _cleanup_wishes_ _cleanup_(wishes_done)
/* All that a document says. -EINVAL, -ENOENT with words that name the line. */
int wishes_read(struct wishes *wishes, const char *text, size_t length) _must_check_;
/* One wish more: JSON (NULL: nothing) at ADDRESS. */
int wishes_add_json(struct wishes *wishes, const char *address, const char *json) _must_check_;
int wishes_add_only(struct wishes *wishes, const char *address) _must_check_;
/* WISH, whose address ends in SAID, is of ADDRESS, which nothing is wished of yet. -EINVAL with words. */
int wishes_rename(struct wishes *wishes, struct wish *wish, const char *address, const char *said) _must_check_;
/* Its address as the document says it; ROOM is for that. */
const char *wish_said(const struct wish *wish, struct buffer *room);
/* What goes along with WISH, at ADDRESS, where the document does not say it itself. */
int wishes_add_beside(struct wishes *wishes, const struct wish *wish, const char *address) _must_check_;
/* Whether ADDRESS lies where nothing else may stand. */
bool wishes_are_complete(const struct wishes *wishes, const char *address);
/* Of which channels anything is wished: RET has one for each of channels[], all false. */
void wishes_concern(const struct wishes *wishes, bool *ret);

/* ---- declare_standing.c: what stands ---- */

/* The message alone is kept: a record takes ten times as much, and of most objects it is looked at once. */
struct standing {
	const char *path; /* below the channel */
	const struct nlmsghdr *message;
	size_t place;         /* in the kernel's order */
	bool wished, several; /* SEVERAL: others have the same address */
};

/* All objects of one kind, sorted by their paths. */
struct kind {
	const struct channel *channel;
	struct buffer messages;
	struct arena arena; /* the paths */
	struct standing *list;
	size_t count;
	bool interrupted;
	bool barred; /* this user may not read it: nothing is known of it */
};

int kind_read(struct ferry *ferry, const struct channel *channel, bool everything, struct kind *ret) _must_check_;
/* The same, and none where they may not be read: then they are not put back either. */
int kind_read_allowed(struct ferry *ferry, const struct channel *channel, struct kind *ret) _must_check_;
/* Whether objects of CHANNEL may come and go with others. Not ports, which come with their link's master; nor those of transactions, which take
 * nothing along that they do not name; nor what is not recorded (sockets, the audit). */
bool kind_may_follow(const struct channel *channel);
void kind_done(struct kind *kind);
/* The first of those at PATH, and how many there are. */
struct standing *kind_find(const struct kind *kind, const char *path, size_t *ret_count);
/* What STANDING, an object of KIND, is. The record borrows from KIND. -ENOMEM. */
int standing_record(const struct kind *kind, const struct standing *standing, struct arena *arena, struct record **ret) _must_check_;
enum object_origin origin_of(const struct object *object, const struct record *record);
/* RECORD as a document says it: what can be set or made. LEFT counts fields that are left out, by their flag. */
struct left {
	uint64_t volatile_fields, derived_fields, secret_fields, other_fields;
};
int record_declared(struct arena *arena, const struct record *record, bool all, struct record **ret, struct left *left) _must_check_;

/* ---- declare_plan.c, declare_compare.c: the steps ---- */

enum step_act {
	STEP_REMOVE, /* an object */
	STEP_MAKE,
	STEP_CHANGE,
	STEP_WRITE, /* a file */
};

struct step {
	enum step_act act;
	const struct channel *channel;
	const struct wish *wish; /* NULL: what is not wished goes */
	const char *address, *path;
	const char *before, *after;      /* JSON, as it is told; NULL: nothing */
	const char *left, *put;          /* BEFORE and AFTER as the journal has them, where these are only to be read */
	const char *whole;               /* JSON of all of an object: to be made, to be replaced by, or to be removed */
	const struct standing *standing; /* what stands there, of KIND */
	const struct kind *kind;
	const char *note; /* what is to be known about it, or NULL */
	enum object_origin origin;
	bool renewed; /* the removal of what is made anew, or the making */
	bool follows; /* the kernel may see to it by itself */
	bool beside;  /* another one of the same address is wished */
	bool pending; /* waits for what is not there yet */
	bool action;  /* not a value that stays: done each time */
	bool needs_yes;
	bool later;           /* of a transaction: in the next round */
	bool along;           /* of a transaction: it goes with what it stands in */
	uint64_t before_rule; /* of a rule that is made: the handle of the one that it comes before, 0: it comes last */
	bool *fulfils;        /* to be set once it is done, or NULL */
	unsigned int rank, place;
	const char *makes; /* the address by which others need it, where that is not its own */
	const char **needs;
	/* While it is done: */
	bool done, staged;
	bool stood;          /* it was so already when it came to it */
	struct error *error; /* why it was refused, or NULL; few are, and the words take more room than all the rest */
	struct object_request request;
};

enum plan_purpose {
	PLAN_DO,      /* by us, now */
	PLAN_TELL,    /* by somebody who may */
	PLAN_COMPARE, /* by nobody: it is the differences that count */
};

static inline int step_refusal(const struct step *step)
{
	return step->error ? step->error->code : 0;
}

struct plan {
	struct ferry *ferry;
	const struct wishes *wishes;
	struct arena arena;
	struct arena scratch; /* for one wish */
	struct kind *kinds;
	size_t kind_count;
	struct ruleset *ruleset; /* what changes in transactions, where it concerns the wishes */
	bool flat;               /* while two records are compared: nests are not complete */
	enum plan_purpose purpose;
	size_t unread;            /* PLAN_COMPARE: values that could not be read */
	const char *first_unread; /* the address of one */
	struct step *steps;       /* in the order in which they are to be done */
	size_t count, size;
};

/* Compares what is wished with what stands. Words of a failure in ferry->error. */
int plan_make(struct ferry *ferry, const struct wishes *wishes, enum plan_purpose purpose, struct plan *ret) _must_check_;
void plan_done(struct plan *plan);
#define _cleanup_plan_ _cleanup_(plan_done)
int plan_add(struct plan *plan, const struct step *step) _must_check_;
/* Steps from STANDING, of KIND (NULL: nothing), to WISH. */
int compare_object(struct plan *plan, const struct wish *wish, const struct kind *kind, const struct standing *standing) _must_check_;
/* The same where it must be made anew, as what it stands on is; WISH NULL: as it stands. */
int compare_renewal(struct plan *plan, const struct wish *wish, const struct kind *kind, const struct standing *standing) _must_check_;
/* STANDING goes, as what it stands in does. */
int compare_loss(struct plan *plan, const struct kind *kind, const struct standing *standing) _must_check_;
int compare_surplus(struct plan *plan, const struct kind *kind, const struct standing *standing) _must_check_;
int compare_file(struct plan *plan, const struct wish *wish) _must_check_;
/* The record of a wish by its schema, with what its address says. Interfaces that are not there stay names. */
int wish_record(struct plan *plan, const struct wish *wish, const struct record *now, struct record **ret) _must_check_;
/* Puts the steps in their order. */
int plan_order(struct plan *plan) _must_check_;
/* The address of a step, as the document says it where that is not the canonical one; ROOM is for that. */
const char *step_said(const struct plan *plan, const struct step *step, struct buffer *room);
/* A step as a change, for those who are told of it. It lasts as long as what is in ROOM. */
struct ferry_change step_change(const struct plan *plan, const struct step *step, const char *source, struct buffer *room);

/* ---- declare_write.c: doing it ---- */

enum converge_flags {
	CONVERGE_YES = 1 << 0,  /* actions and latches too */
	CONVERGE_ON = 1 << 1,   /* what is refused does not end it */
	CONVERGE_QUIET = 1 << 2 /* steps are not told */
};

struct converge {
	struct ferry *ferry;
	const struct wishes *wishes;
	unsigned int flags;
	uint64_t settle; /* nanoseconds that the kernel may take */
	const char *source;
	/* Called before each round of writes. */
	int (*before)(void *data, const struct plan *plan);
	ferry_change_function *function;
	void *data; /* of both */
	size_t refused, done, left;
	bool unsettled; /* some of it does not hold */
};

/* Does what is to be done until what is wished stands, or the time is over. A refusal that ends it: its words in ferry->error. */
int converge(struct converge *converge) _must_check_;
/* Does the steps of PLAN. Refusals stay in the steps, how many is returned. */
int plan_write(struct plan *plan, unsigned int flags) _must_check_;

#endif
