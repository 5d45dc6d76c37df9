/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the arguments of a system call mean, and what of the memory that they point to is worth copying. */
#ifndef FERRY_CROSSING_ARGUMENTS_H
#define FERRY_CROSSING_ARGUMENTS_H

#include "bpf/trace.h"
#include "model/schema.h"

enum argument_kind {
	ARGUMENT_NUMBER,    /* the register, by its field */
	ARGUMENT_TEXT,      /* what it points to: a text */
	ARGUMENT_CONTENT,   /* bytes, one chunk or several, shown as a text */
	ARGUMENT_TEXTS,     /* several texts */
	ARGUMENT_STRUCTURE, /* a struct by its schema */
	ARGUMENT_ARRAY,     /* several of them */
	ARGUMENT_POINTED,   /* a number by its field */
	ARGUMENT_PAIR,      /* two numbers */
	ARGUMENT_PEER,      /* a socket address */
	ARGUMENT_MESSAGE,   /* a struct msghdr */
	ARGUMENT_MESSAGES,  /* an array of struct mmsghdr */
	ARGUMENT_REQUEST,   /* of ioctl(2): its name */
	ARGUMENT_REQUESTED, /* what that takes */
	ARGUMENT_OPTION,    /* of a socket, by the level in another argument */
};

enum signature_direction { SIGNATURE_NEITHER, SIGNATURE_SENDS, SIGNATURE_RECEIVES };

struct argument {
	struct field field; /* of a structure: with its schema */
	struct trace_copy copy;
	enum argument_kind kind : 8;
	enum signature_direction carries : 8; /* one of the two between which the call carries something, without the program */
	bool descriptor;                      /* a file descriptor that says which channel the call is about */
};

struct signature {
	const char *name;
	const struct argument *arguments;
	unsigned int count;
};

/* Of the system call NAME, NULL where the table has none. */
const struct signature *signature_find(const char *name);
/* All of them, from INDEX 0 on; NULL at the end. */
const struct signature *signature_at(unsigned int index);
/* The kernel function behind the system call NAME, as its metadata call it: mostly the same. */
const char *signature_function(const char *name);

/* Which way the system call NAME carries something by the descriptor in its first argument. */
enum signature_direction signature_direction(const char *name);

/* Arguments of a call as the running kernel describes them in TEXT of LENGTH bytes, the file events/syscalls/sys_enter_NAME/format of tracefs. Names
 * and types lie in ARENA. -EBADMSG, -ENOMEM. */
int signature_parse(const char *text, size_t length, struct arena *arena, struct signature *ret) _must_check_;

/* What the kernel side is to copy. */
void signature_shape(const struct signature *signature, struct trace_shape *ret);

#endif
