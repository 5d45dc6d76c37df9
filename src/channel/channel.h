/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One channel or part of one: a subtree of addresses that is read and written in one way. channels.def is the list of them all.
 *
 * To add a netlink object: one file with its struct object, one line in channels.def, one golden dump in tests/golden. */
#ifndef FERRY_CHANNEL_CHANNEL_H
#define FERRY_CHANNEL_CHANNEL_H

#include "channel/machine.h"
#include "ferry.h"

struct setting;

struct channel {
	const char *name; /* first parts of the address: "sysctl", "netlink/route/link" */
	const char *help;
	const char *promise;
	/* The children of PATH ("" = the channel itself; no leading slash), as ferry_list() says. */
	int (*list)(const struct channel *channel, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
		    void *data);
	/* As ferry_get() says. */
	int (*get)(const struct channel *channel, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
		   void *data);
	/* Writes the JSON value VALUE to the leaf or object at PATH (NULL: removes the object), once, and reads back what stands there now into
	 * RET_NOW (JSON, free()). Words in machine->error. */
	int (*set)(const struct channel *channel, struct machine *machine, const char *path, const char *value, char **ret_now);
	/* The same in steps (see channel/setting.h): checks VALUE (generic; NULL: removal) for PATH, FLAGS of enum setting_flags. NULL: SET alone. */
	int (*prepare)(const struct channel *channel, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		       struct setting **ret);
	/* The schema of what lies at PATH, NULL where none is known. May be NULL: then OBJECT's, where there is one. */
	const struct schema *(*schema)(const char *path);
	const struct object *object; /* for the netlink objects: their descriptor, which the generic functions above read */
};

/* Every channel, in the order of channels.def. */
extern const struct channel *const channels[];
extern const unsigned int channel_count;

/* The channel that ADDRESS (canonical) belongs to, and the rest of the address behind it; NULL where none. */
const struct channel *channel_of(const char *address, const char **ret_path);

/* The kind of object that ADDRESS is of or below, NULL where it is of none. */
const struct object *channel_object(const char *address);

/* The public value that an item carries. A struct ferry_value is a struct value with its field and naming. */
struct ferry_value {
	struct value value;
	const struct field *field;
	const struct naming *naming;
	const char *name;
	struct arena *arena; /* owned, where made by ferry_value_parse(); else NULL */
	struct ferry_value
		*item; /* scratch for ferry_value_item(): given back by channel_value_done() where the value is not from ferry_value_parse() */
	char unknown_name[24]; /* "attribute 65" */
};

/* Gives back what a callback's walk through VALUE took. */
void channel_value_done(struct ferry_value *value);
/* Hands an item to FUNCTION with VALUE (and FIELD, NAMING) as its value, and gives back what the callback's walk through it took. */
int channel_item(struct ferry_item *item, const struct value *value, const struct field *field, const struct naming *naming,
		 ferry_item_function *function, void *data);

#endif
