/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An object, or a field of one, on its way: object-set.c checks what is asked for, object-setting.c writes it. */
#ifndef FERRY_CHANNEL_OBJECT_SETTING_H
#define FERRY_CHANNEL_OBJECT_SETTING_H

#include "channel/object-inside.h"
#include "channel/setting.h"

struct object_setting {
	struct setting setting;
	const struct object *object;
	char *path;
	const char *rest;     /* of PATH, behind the object: a field, or "" */
	struct record *key;   /* what the path, and the value where the path does not, say of the identity */
	struct record *now;   /* what stands there, NULL = nothing */
	struct record *given; /* what is asked for; NULL: a removal */
	struct record *write; /* what will be sent: HOW says as what */
	enum object_write how;
	bool anew;                     /* the kernel replaces nothing of this kind: NOW is removed before WRITE is created */
	struct record *made;           /* by which the kernel knows it from now on, where it has given it a number; else NULL */
	struct record *present;        /* what stands there after the write, NULL = nothing */
	struct object_request request; /* as it was staged */
	struct arena arena;
};

static inline struct object_setting *object_setting_of(struct setting *setting)
{
	return (struct object_setting *)setting;
}

extern const struct setting_kind setting_kind_object;

/* Whether what is given can be set, by what its fields are and by what stands there: -EOPNOTSUPP with words. */
int object_setting_check(struct object_setting *own) _must_check_;
/* That every interface that will be sent is there: -ENODEV with words. */
int object_setting_check_names(struct object_setting *own) _must_check_;
/* Puts BEFORE and AFTER of the setting: what stood there, and WANTED, what is to stand there or does. */
int object_setting_tell(struct object_setting *own, const struct record *wanted) _must_check_;
int object_setting_no_memory(struct object_setting *own);

#endif
