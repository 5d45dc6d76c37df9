/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kind of netlink object (links, addresses, routes, ...): its messages, its schema, its place in the tree. Generic code reads, caches, compares and
 * changes objects by this descriptor. */
#ifndef FERRY_CHANNEL_OBJECT_H
#define FERRY_CHANNEL_OBJECT_H

#include <linux/netlink.h>
#include <sys/socket.h>

#include "channel/protocol.h"
#include "channel/setting.h"
#include "model/schema.h"

enum object_write {
	OBJECT_CREATE,  /* refused where it stands */
	OBJECT_REPLACE, /* created or replaced */
	OBJECT_CHANGE,  /* the fields given, of an object that stands */
	OBJECT_REMOVE,
};

enum object_get {
	OBJECT_GET_ONE,  /* answered with just this object, or ENOENT */
	OBJECT_GET_DUMP, /* a dump that the kernel narrows */
};

/* Given the messages of an answer; NULL: they come anew. */
typedef int object_message_function(void *data, const struct nlmsghdr *message);

/* Whom an object is there for. */
enum object_origin {
	OBJECT_ASKED,   /* somebody asked for it */
	OBJECT_FOLLOWS, /* the kernel makes and removes it with something else (a connected route); it can be asked for all the same */
	OBJECT_PASSING, /* learnt, or for a time only (a resolved neighbour, a route of an advertisement): no setting */
	OBJECT_SECRET,  /* asked for with what is secret, so that what is told of it is not enough to make it */
};

/* How a message that tells of an object stands to others of the same key, as bits; without any it is of the one that is known. */
enum object_arrival {
	OBJECT_BESIDE = 1 << 0,    /* it is another one */
	OBJECT_IN_FRONT = 1 << 1,  /* as such it comes before those that are there */
	OBJECT_FOR_FIRST = 1 << 2, /* it takes the place of the first, whatever the others are */
	OBJECT_ALONE = 1 << 3,     /* there was none */
	OBJECT_UNSEEN = 1 << 4,    /* there may have been one of which nothing was told */
};

struct object {
	const char *name; /* "link": the address is netlink/route/link/... */
	const char *help;
	const struct protocol *protocol;
	uint16_t new_type, delete_type, get_type;
	uint16_t notice_type;     /* of a generic family: what tells of a change in the layout of NEW_TYPE; 0: none */
	uint16_t more_notices[2]; /* likewise, or what answers to one who asked for a change; 0 ends */
	uint16_t replace_type;    /* the request that replaces; 0: NEW_TYPE with NLM_F_REPLACE */
	/* Of a generic family: the requests that make and remove one, where they are others than what tells of it; 0: they are not. */
	uint16_t create_type, remove_type;
	const struct schema *schema;
	uint32_t groups[6];      /* multicast groups that tell its changes (RTNLGRP_...), 0 ends */
	uint32_t more_groups[2]; /* likewise, but they tell other things as well, which are no changes */
	uint8_t families[4];     /* dumped one after the other; a single AF_UNSPEC dumps all */
	uint8_t family_count;
	/* Whether a message of NEW_TYPE, DELETE_TYPE is about this object at all (a RTM_NEWROUTE may be a cached clone, a RTM_NEWNEIGH a bridge fdb
	 * entry). NULL: always. */
	bool (*concerns)(const struct nlmsghdr *message);
	/* Appends the path below the object's own address ("d0", "main/10.0.0.0/8,metric=100"). */
	void (*path)(const struct record *record, const struct naming *naming, struct buffer *ret);
	/* The key fields that PATH says, as a record of the schema; as much of PATH as is the key is taken, *RET_REST points behind it ("" or
	 * "gateway"). Names an object that need not exist. -EINVAL with words. */
	int (*parse)(const char *path, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
		     struct error *error);
	/* Fills header and attributes of a dump request for FAMILY; NULL: a zeroed header of the schema's size with the family in its first byte. */
	void (*dump)(struct buffer *request, uint8_t family);
	/* Where a kind is not told by one dump: appends the request of each that it takes, all of the size of the schema's header. NULL: DUMP does.
	 */
	int (*places)(struct netlink *netlink, struct buffer *ret);
	/* Where a message tells of several, or in another layout: hands each on in one of its own as the schema has it, put together in ROOM. NULL: a
	 * message is one. */
	int (*split)(const struct nlmsghdr *message, struct buffer *room, object_message_function *function, void *data);
	/* With that: bytes of the header that such a message begins with, where the schema's is another. */
	uint16_t shared_header;
	/* The way back: the payload of a request, from one as the schema has it. NULL: it is that. */
	void (*frame)(const struct buffer *plain, struct buffer *ret);
	/* The dump, where it takes requests that follow from the answers to others: of all objects, or of KEY (may be NULL) and few others. Hands
	 * each object to FUNCTION in a message of its own. FAMILIES do not count then. NULL: it takes none. */
	int (*dump_each)(const struct object *object, struct netlink *netlink, const struct record *key,
			 int (*function)(void *data, const struct nlmsghdr *message), void *data, bool *ret_interrupted, struct error *error);
	/* Mends a decoded record where the kernel's layout wants it (moves, joins, defaults). NULL: nothing. */
	int (*mend)(struct arena *arena, struct record *record);
	/* Adds to a record that is told what its message does not hold: the machine may be asked for that. *CONTEXT, at first NULL, is kept for the
	 * next one of the same answer, and given back by complete_done(). NULL: nothing is missing. */
	int (*complete)(struct machine *machine, void **context, struct arena *arena, struct record *record);
	void (*complete_done)(void *context);
	/* NOW takes the place of OLD in a memory of what stands. What OLD told and NOW no longer does, although it holds, is appended to RET behind
	 * NOW (whose length is set anew); RET stays empty where there is nothing of the kind. NULL: there never is. */
	void (*inherit)(const struct nlmsghdr *old, const struct nlmsghdr *now, struct buffer *ret);
	/* Takes out of OLD and NOW, in which an object that was BEFORE differs, what the kernel had changed already without telling anybody, and puts
	 * it into UNHEARD_OLD and UNHEARD_NOW, which are empty. NULL: nothing is changed so. */
	int (*unheard_change)(struct arena *arena, const struct record *before, struct record *old, struct record *now, struct record *unheard_old,
			      struct record *unheard_now);
	/* What must be left out or turned round before RECORD can be sent (a flag that only the kernel sets). RECORD is a copy. NULL: nothing. */
	int (*prepare)(struct arena *arena, struct record *record, enum object_write write);
	/* What RECORD, a copy, leaves open and the kernel that runs has to be asked for before it is sent. NULL: nothing. */
	int (*fill_in)(struct machine *machine, struct arena *arena, struct record *record, enum object_write write);
	/* Whether FIELD, which the schema marks as KEY, is part of this record's identity, or one without the mark is. NULL: the mark decides. */
	bool (*identifies)(const struct record *record, const struct field *field);
	/* How much of PATH says the object in words of which only the kernel that runs knows what they mean, and PATH in words that PARSE knows, in
	 * RET: nothing where it is not known either. WRITE: the object is to be made, changed or removed. NULL: PARSE knows all of them. */
	size_t (*typed)(const char *path);
	int (*translate)(struct machine *machine, const char *path, bool write, struct buffer *ret);
	/* Header and attributes of a request that is answered with the object of KEY and few others: returns OBJECT_GET_ONE, OBJECT_GET_DUMP, or
	 * -ENOENT where there is no such request. NULL: there never is one, all are dumped. */
	int (*get)(const struct record *key, struct buffer *request);
	/* The header and attributes of a removal, where they are not those of the schema. -EOPNOTSUPP with words. NULL: REMOVE_FILTER says. */
	int (*remove_request)(const struct record *record, struct buffer *request, struct error *error);
	/* Which flags of fields a removal sends; 0: KEY. */
	uint32_t remove_filter;
	/* The kernel has no NLM_F_REPLACE for this kind: a change is a removal and a creation. */
	bool no_replace;
	/* A replacement leaves what is given at creation as it is. */
	bool keeps_creation;
	/* Its messages hold what is secret. */
	bool has_secrets;
	/* A socket: its "inode" leads to the processes that have it open (channel/socket.h), which are told with it. */
	bool has_owner;
	/* A dump may tell the same one twice. */
	bool tells_twice;
	/* The field that says how long it will still be there, in its unit; the kernel tells no one when it goes then. NULL: it stays. */
	const char *left;
	/* The fields that say what it is in, which can be read alone. */
	const char *within[3];
	/* A kernel may be made without this kind: then there are none. */
	bool may_lack;
	/* There is just one, always: it is asked for, never dumped. */
	bool single;
	/* Whether the kernel keeps this object beside others that NLM_F_EXCL would take for the same. NULL: never. */
	bool (*stands_beside)(const struct record *record);
	uint16_t beside_flags; /* in the request that makes such a one */
	/* A write that takes more than one request. NULL: one. */
	int (*write)(const struct object *object, struct machine *machine, const struct record *record, enum object_write write);
	/* Whether what a new one stands on is there, where the kernel would not refuse but put it elsewhere. -ENOENT with words. NULL: it refuses. */
	int (*stands_on)(struct machine *machine, const struct record *record);
	/* Creation (or replacement, after which it has another number as well) of what the kernel gives a number of its own, by which it is known
	 * from then on: *RET is the object made. NULL: it is known by what RECORD says. */
	int (*make)(const struct object *object, struct machine *machine, struct arena *arena, const struct record *record, enum object_write write,
		    struct record **ret);
	/* Why none can be made or removed by a request, though it may be changed: then the two are not asked for, and it follows from something else
	 * where ORIGIN does not say otherwise. NULL: they can. */
	const char *comes_by_itself;
	/* What there may not be where there is none, for the words. NULL: nothing beside. */
	const char *why_none;
	/* What is made by a request is no object but something that is done, and nothing stands of it: what there is to know of that. NULL: it is an
	 * object. */
	const char *action;
	/* Appends what is to be known once GIVEN was set, and PRESENT stands there. NULL: nothing. */
	void (*remark)(const struct record *given, const struct record *present, struct buffer *ret);
	/* Whether RECORD says enough to be made anew, where nothing stands; else WHY says what is missing. NULL: always. */
	bool (*can_be_made)(const struct record *record, const char **ret_why);
	/* Why RECORD, once removed, cannot be made again from what was told of it; NULL where it can. NULL: it always can. */
	const char *(*cannot_return)(const struct record *record);
	/* Adds the path of the one that the kernel makes together with RECORD (a veth's other end), or nothing. NULL: it never makes another. */
	void (*makes_another)(const struct record *record, const struct naming *naming, struct buffer *ret);
	/* NULL: always asked for. */
	enum object_origin (*origin)(const struct record *record);
	/* Whether the kernel cannot make WANTED (just the fields that are to differ) of NOW as it stands: it must be removed, and made anew. Fields
	 * of creation are seen to by the caller. NULL: it never must. */
	bool (*renews)(const struct record *wanted, const struct record *now);
	/* The payload of a request, where it is not laid out as the schema says. NULL: schema_encode(). */
	int (*encode)(const struct record *record, uint32_t filter, struct buffer *request, struct error *error);
	/* A dump that tells everything, also what is dear (statistics); NULL: DUMP does. */
	void (*dump_all)(struct buffer *request, uint8_t family);
	/* Removed without a word when something else goes: routes with their link, for instance. */
	bool dependent;
	/* The kernel tells no one when one comes, goes or changes, or tells those that listen to its groups. The recorder leaves it out, but for
	 * what ASKED_BY says. */
	bool untold;
	/* One that comes by itself with a link, and of which the kernel tells no one: from what MESSAGE tells of it, the message that would have told
	 * of it when it came, put together in ROOM. NULL: there is none then. */
	const struct nlmsghdr *(*begins_as)(const struct nlmsghdr *message, struct buffer *room);
	/* Documents may name it although it is untold. */
	bool declared;
	/* Types of requests that make, change or remove one where the kernel tells no one: the recorder looks once one was granted. 0 ends. */
	uint16_t asked_by[8];
	/* Words for an error of its own, NULL for others. NULL: it has none. */
	const char *(*error_words)(uint32_t number);
	/* The kernel tells nothing of this one alone: the recorder leaves it out. NULL: of none. */
	bool (*unheard)(const struct record *record);
	/* Bits of enum object_arrival for a message of NEW_TYPE. NULL: none. */
	unsigned int (*arrival)(const struct nlmsghdr *message);
};

/* Decodes a message of OBJECT, mended. Borrows from MESSAGE. */
int object_decode(const struct object *object, const struct nlmsghdr *message, struct arena *arena, struct record **ret) _must_check_;
/* PATH, or what it means to the kernel that runs, in ROOM. */
int object_translate(const struct object *object, struct machine *machine, bool write, const char **path, struct buffer *room) _must_check_;
/* "netlink/route/link/d0". */
void object_address(const struct object *object, const struct record *record, const struct naming *naming, struct buffer *ret);
/* The identity: bytes of all KEY fields (numbers, not names, so that a rename keeps it). Two records are of the same object if and only if these are
 * equal. */
void object_key(const struct object *object, const struct record *record, struct buffer *ret);
/* The object that a message of TYPE is about, or NULL. *RET_REMOVED: it is a deletion. */
const struct object *object_of(const struct protocol *protocol, const struct nlmsghdr *message, bool *ret_removed);
/* Whether a change of OBJECT is a transaction. */
bool object_has_transactions(const struct object *object);
/* Whether the recorder tells of OBJECT: the kernel does, or it is looked at when somebody asked for a change. */
bool object_is_recorded(const struct object *object);
/* Whether documents may name one of OBJECT: not what comes and goes with its traffic. */
bool object_is_declared(const struct object *object);
/* Whether a request of TYPE that was granted may have changed one of OBJECT, and the kernel tells no one. */
bool object_is_asked_by(const struct object *object, uint16_t type);
/* Every object of channels.def of PROTOCOL (NULL: of all), one a call; *POSITION starts with 0. NULL at the end. */
const struct object *object_next(const struct protocol *protocol, unsigned int *position);

/* Small changes to a record, by name. -ENOMEM, -ENOENT where the schema has no such field. */
struct entry *record_at(const struct record *record, const char *name);
void record_drop(struct record *record, const char *name);
/* ENTRY is one of RECORD. */
void record_drop_entry(struct record *record, const struct entry *entry);
int record_put(struct arena *arena, struct record *record, const char *name, struct value value) _must_check_;
/* The record behind NAME, to be changed in place; NULL where there is none. */
struct record *record_inside(const struct record *record, const char *name);

/* JSON to a record of OBJECT. What a selection goes by (the kind of a link, for its options) may be left out where NOW, the object as it stands, says
 * it; NOW may be NULL. */
int object_parse_json(const struct object *object, const char *json, const struct record *now, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error) _must_check_;

/* The same of a generic record, which is completed by what NOW says. */
int object_of_generic(const struct object *object, struct record *generic, const struct record *now, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error) _must_check_;
/* Whether PRESENT is as EXPECTED wants it: every field that can be set or identifies, by meaning; what the kernel moves by itself does not count. */
bool object_matches(const struct record *expected, const struct record *present);
/* The same of one field; of flags that a request can set in part, the bits ASKED_FOR count. */
bool object_entry_matches(const struct entry *expected, const struct record *present, uint64_t asked_for);
/* Whether FIELD says something about what programs want: a state or a counter that the kernel moves by itself does not. */
bool object_field_counts(const struct field *field);

/* The first part of a path that is an interface: its name, or "N" where it has none (any more). */
void object_path_interface(const struct record *record, const char *field, const struct naming *naming, struct buffer *ret);

/* A path that is being read into the key fields of RECORD. Each function takes one part and moves REST behind it. */
struct object_path {
	const char *rest;
	const struct naming *naming;
	struct arena *arena;
	struct record *record;
	struct error *error;
};
/* An interface, and the slash behind it. One that is not there stays a name. */
int object_parse_interface(struct object_path *path, const char *field) _must_check_;
/* Both, where the key is nothing but the link in the field "dev"; an object's PARSE gives its SCHEMA. */
void object_path_of_link(const struct record *record, const struct naming *naming, struct buffer *ret);
int object_parse_of_link(const struct schema *schema, const char *text, const struct naming *naming, struct arena *arena, struct record **ret,
			 const char **ret_rest, struct error *error) _must_check_;
/* The same of a number in FIELD, which is all that is the key. */
void object_path_of_number(const struct record *record, const struct naming *naming, struct buffer *ret);
int object_parse_number(const struct schema *schema, const char *field, const char *text, const struct naming *naming, struct arena *arena,
			struct record **ret, const char **ret_rest, struct error *error) _must_check_;
/* The same of a kind of which there is just one, whose path is ONLY. */
int object_parse_only(const struct schema *schema, const char *only, const char *text, struct arena *arena, struct record **ret,
		      const char **ret_rest, struct error *error) _must_check_;
/* A word or number of NAMES (NULL: numbers only), and the slash behind it. */
int object_parse_word(struct object_path *path, const char *field, const struct names *names) _must_check_;
/* ADDRESS/LENGTH, or "default"; "family", where the record has it, is set by it. Stops before a slash or comma. */
int object_parse_prefix(struct object_path *path, const char *field) _must_check_;
/* An IP address; "family", where the record has it, is set by it. Stops before a slash or comma. */
int object_parse_ip(struct object_path *path, const char *field) _must_check_;
/* The same in a record whose family is another thing. */
int object_parse_ip_of_field(struct object_path *path, const char *field) _must_check_;
/* An address of any kind whose length in bytes is one of the bits of LENGTHS. Stops before a slash or comma. */
int object_parse_address(struct object_path *path, const char *field, uint32_t lengths) _must_check_;
/* ADDRESS:PORT. What stands behind the last colon is the port; brackets would be a pattern. "family", where the record has it, is set by it. */
int object_parse_end(struct object_path *path, const char *address, const char *port) _must_check_;
void object_path_end(const struct record *record, const char *address, const char *port, struct buffer *ret);
/* ,FIELD=VALUE: a number, word, interface, text or prefix as the schema says it. */
int object_parse_option(struct object_path *path) _must_check_;

/* Dumps all objects of a kind over NETLINK, retried up to 5 times while the kernel says that the dump was interrupted, then told in *RET_INTERRUPTED.
 * FUNCTION is given raw messages; on a retry it is called with NULL first, to forget what it had. */
int object_dump(const struct object *object, struct netlink *netlink, object_message_function *function, void *data, bool *ret_interrupted,
		struct error *error) _must_check_;
/* object_dump(), with EVERYTHING also what is dear. KEY: all but that may be left out; NULL: nothing may. */
int object_dump_whole(const struct object *object, struct netlink *netlink, const struct record *key, bool everything,
		      object_message_function *function, void *data, bool *ret_interrupted, struct error *error) _must_check_;

/* One object by its key fields: 0, -ENOENT. The record lies in ARENA. */
int object_get(const struct object *object, struct machine *machine, const struct record *key, struct arena *arena, struct record **ret) _must_check_;
/* Sends what RECORD says. The kernel's refusal in machine->error, with the extended ACK's words and the path of the attribute. */
int object_write(const struct object *object, struct machine *machine, const struct record *record, enum object_write write) _must_check_;
/* Why RECORD cannot be made where nothing stands, or NULL. */
const char *object_cannot_be_made(const struct object *object, const struct record *record);
/* The words for a refused request of OBJECT: errno, extended ACK, attribute path, range. */
int object_refusal(const struct object *object, const void *payload, size_t length, const struct netlink_ack *ack, struct error *error);

/* Whether this process may change anything over netlink in its network namespace. 0, -EPERM with words. */
int object_permitted(struct machine *machine);

/* The generic channel functions over channel->object. */
int object_channel_list(const struct channel *channel, struct machine *machine, const char *path, unsigned int flags,
			int (*function)(void *, const struct ferry_item *), void *data);
int object_channel_get(const struct channel *channel, struct machine *machine, const char *path, unsigned int flags,
		       int (*function)(void *, const struct ferry_item *), void *data);
int object_channel_prepare(const struct channel *channel, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
			   struct setting **ret);

#define OBJECT_CHANNEL_AT(identifier, address, object_descriptor, words, promise_word)   \
	const struct channel channel_##identifier = { .name = (address),                 \
						      .help = (words),                   \
						      .promise = (promise_word),         \
						      .list = object_channel_list,       \
						      .get = object_channel_get,         \
						      .set = setting_set,                \
						      .prepare = object_channel_prepare, \
						      .object = &(object_descriptor) }
#define OBJECT_CHANNEL_OF(protocol_name, identifier, object_descriptor, words, promise_word) \
	OBJECT_CHANNEL_AT(identifier, "netlink/" #protocol_name "/" #identifier, object_descriptor, words, promise_word)
#define OBJECT_CHANNEL(protocol_name, identifier, object_descriptor, words) \
	OBJECT_CHANNEL_OF(protocol_name, identifier, object_descriptor, words, "live")

#endif
