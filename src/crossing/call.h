/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A system call as the tracer's event tells it, to values. */
#ifndef FERRY_CROSSING_CALL_H
#define FERRY_CROSSING_CALL_H

#include "crossing/arguments.h"

/* What a call carried over: of TOTAL bytes those that were copied. */
struct content_part {
	const char *data;
	size_t length, total;
};

/* What a call says. Values borrow from the event. */
struct call {
	struct record *arguments;
	/* By argument that points into the program's memory, which another of its threads may change at any time: {read=32, of=832}. */
	struct record *memory;
	bool has_file;
	struct trace_file file;
	const char *path_parts; /* of FILE: see path_parts_join() */
	uint32_t path_length;
	const char *before; /* what the sysctl held that was written, or NULL */
	size_t before_length;
	struct content_part content; /* DATA NULL: nothing */
};

/* Whether argument INDEX is a descriptor of a file that the event describes, which CALL then is about; where it has two, that of the last one is. */
bool call_choose_file(const struct trace_call *event, size_t length, unsigned int index, struct call *call);

/* -ENOMEM. The event is one that trace_event_check() has passed. */
int call_decode(const struct signature *signature, const struct trace_call *event, size_t length, struct arena *arena, struct call *ret) _must_check_;

/* What the chunks of argument INDEX hold, of its message MESSAGE where it has several, one behind the other; what is in one piece is borrowed.
 * -ENOMEM. */
int call_content(const struct trace_call *event, size_t length, unsigned int index, unsigned int message, struct arena *arena,
		 struct content_part *ret) _must_check_;
/* Messages of argument INDEX that were copied: 1 where it has not several. */
unsigned int call_messages(const struct trace_call *event, size_t length, unsigned int index);

/* ioctl(2): the name of REQUEST, or NULL. */
const char *request_name(uint32_t request);
/* What REQUEST was given or has told, as a value of RET_FIELD; -ENOENT where nothing is known of it, -ENOMEM. */
int request_decode(uint32_t request, const void *data, size_t length, struct arena *arena, struct value *ret) _must_check_;
/* The interface that REQUEST is about, or NULL. */
const char *request_interface(uint32_t request, const void *data, size_t length, struct arena *arena);
/* Whether REQUEST changes something. */
bool request_writes(uint32_t request);
/* The system call that an operation of io_uring does the work of, where the tracer tells of it as of a call. */
const struct signature *operation_signature(uint32_t number);
/* What an operation of io_uring is called: "READ", or NULL. */
const char *operation_name(uint32_t number);
/* Whether it is about a file descriptor; of one that is not known too. */
bool operation_has_descriptor(uint32_t number);
/* ERESTARTSYS and its like, which the kernel keeps to itself: "ERESTARTSYS", or NULL. */
const char *kernel_error_name(uint64_t number);

#endif
