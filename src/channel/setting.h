/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One value on its way to its place: checked first, then written and read back, and put back where something after it fails. Every write of ferry
 * goes through one: what a user sets, what undo takes back. */
#ifndef FERRY_CHANNEL_SETTING_H
#define FERRY_CHANNEL_SETTING_H

#include "channel/channel.h"

enum setting_flags {
	SETTING_YES = 1 << 0, /* also an action, and what cannot be taken back */
	/* As a user asks: a whole object is just what the value says, and what it leaves out goes; what cannot be set is refused; what is not there
	 * cannot be removed. Else as undo needs it: what the value leaves out stays. */
	SETTING_STRICT = 1 << 1,
	SETTING_STANDING = 1 << 2, /* what stands as asked for already need not be one that can be written */
	SETTING_PLAN = 1 << 3,     /* somebody else may write it: our right to is not asked for */
	SETTING_COMPARE = 1 << 4,  /* nobody will: not whether it can be written at all, either */
};

struct setting;

struct setting_kind {
	/* Writes once and reads back. A refusal in words in machine->error; what the kernel had taken of it has been put back then. */
	int (*write)(struct setting *setting);
	/* The same in parts, so that many go in one send: appends the one request that it takes. NULL or -EOPNOTSUPP: it takes more than one. */
	int (*stage)(struct setting *setting, struct netlink_batch *batch);
	/* What the kernel answered to the staged request: the words for a refusal. Nothing is asked of the kernel here. */
	int (*answer)(struct setting *setting, const struct netlink_ack *ack);
	int (*read_back)(struct setting *setting);
	/* What stood there before stands there again. */
	int (*revert)(struct setting *setting);
	/* All that stands there now as JSON; NULL in *RET: nothing. */
	int (*now)(struct setting *setting, char **ret);
	void (*free)(struct setting *setting);
};

struct setting {
	const struct setting_kind *kind;
	struct machine *machine;
	struct buffer address; /* canonical, of what is set */
	/* JSON: what stood there, and what stands there now or, before it is written, is asked for; of an object that is changed just the fields that
	 * differ. NULL: nothing is there, or it cannot be read (UNREADABLE). */
	char *before, *after;
	char *remark; /* what is to be known of it once it is written; NULL: nothing */
	enum ferry_change_kind change;
	bool unreadable;
	bool stands;     /* as asked for already: nothing will be written */
	bool otherwise;  /* written and taken, but it reads as something else than was asked for */
	bool makes_link; /* an interface of a name that was not there comes about */
};

/* Checks everything that can be checked without writing. VALUE is generic (see value_parse_generic()); NULL: what is at PATH is to be removed. The
 * setting is given back by setting_free(). Words in machine->error. */
int setting_prepare(const struct channel *channel, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		    struct setting **ret) _must_check_;
struct setting *setting_free(struct setting *setting);
DEFINE_CLEANUP(struct setting *, setting, setting_free)
#define _cleanup_setting_ _cleanup_(cleanup_setting)

/* For channel->set: VALUE (JSON) is prepared, written, and what stands there now told. */
int setting_set(const struct channel *channel, struct machine *machine, const char *path, const char *value, char **ret_now);

#endif
