/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the tracer's BPF programs tell user space. Shared by both sides: fixed-width types only, laid out without padding. */
#ifndef FERRY_BPF_TRACE_H
#define FERRY_BPF_TRACE_H

#include "bpf/event.h"

enum trace_type {
	TRACE_CALL = 1,   /* a system call returned, or will not return */
	TRACE_GAP,        /* events that found no room */
	TRACE_STARTED,    /* a task was made */
	TRACE_IMAGE,      /* a process runs another program */
	TRACE_NAME,       /* a task has another name */
	TRACE_ENDED,      /* a task ends */
	TRACE_SIGNAL,     /* a signal is delivered */
	TRACE_FAULT,      /* a page fault or another exception begins */
	TRACE_INTERRUPT,  /* an interrupt or softirq hits the task */
	TRACE_SUBMISSION, /* io_uring takes an operation: work without a crossing of its own */
	TRACE_COMPLETION, /* it tells what became of it */
	TRACE_TYPE_COUNT
};

enum trace_flags {
	TRACE_COMPAT = 1 << 0,  /* a 32-bit system call: its own numbers and structs */
	TRACE_UNENDED = 1 << 1, /* the call does not return: there is no result */
	TRACE_THREAD = 1 << 2,  /* TRACE_STARTED: a thread of the same process; TRACE_ENDED: the process goes on */
	TRACE_RING = 1 << 3,    /* TRACE_CALL: an operation of io_uring, whose number CALL is; arguments as those of read(2) and write(2) */
};

struct trace_event {
	event_u16 type;  /* enum trace_type */
	event_u16 flags; /* enum trace_flags */
	event_u16 call;  /* number of the system call */
	event_u16 count; /* arguments that follow, or what else the type says */
	event_u32 pid, tid;
	event_u64 time; /* boottime, ns */
};

#define TRACE_ARGUMENTS 6

/* Followed by chunks. COUNT arguments are there: 0, or all. */
struct trace_call {
	struct trace_event event;
	event_u64 entered; /* boottime, 0 where it was not taken */
	event_s64 result;
	event_u64 arguments[TRACE_ARGUMENTS];
};
#define TRACE_CALL_BARE __builtin_offsetof(struct trace_call, arguments)

/* LOST events of this processor between FROM and the time of this one. */
struct trace_gap {
	struct trace_event event;
	event_u64 from, lost;
	event_u32 processor, reserved;
};

/* NAME is the task's; of TRACE_STARTED OTHER is the task that made it, of TRACE_IMAGE the number that the thread had before it became the only one,
 * of TRACE_ENDED the wait status. */
struct trace_task {
	struct trace_event event;
	event_u32 other, parent;
	char name[16];
};

/* TRACE_SIGNAL: CODE is si_code, ADDRESS si_addr where the signal tells an exception, SENDER what sent it. TRACE_FAULT: NUMBER is 14 for a page
 * fault, CODE the processor's error code. TRACE_INTERRUPT: NUMBER by KIND. */
struct trace_notice {
	struct trace_event event;
	event_u64 address, instruction;
	event_u32 number, code, kind, sender;
	char name[16];
};

/* Of the task that asked, whoever has done it. */
struct trace_operation {
	struct trace_event event;
	event_u64 user_data;
	event_u64 taken; /* boottime; 0: not known, nor is NUMBER */
	event_u32 number;
	event_s32 value; /* TRACE_SUBMISSION: the descriptor, TRACE_COMPLETION: the result */
	event_u32 more;  /* of this operation there is more to come */
	event_u32 reserved;
	char name[16]; /* TRACE_SUBMISSION: of the task */
};

enum trace_interrupt { TRACE_HANDLER, TRACE_SOFTIRQ, TRACE_TIMER, TRACE_RESCHEDULE, TRACE_FUNCTION };

enum trace_chunk_kind {
	TRACE_DATA = 1, /* what an argument points to */
	TRACE_PEER,     /* the address in a struct msghdr */
	TRACE_CONTROL,  /* the control messages in a struct msghdr */
	TRACE_FILE,     /* what the descriptor stands for: struct trace_file and the parts of its path */
	TRACE_LENGTH,   /* the number that a pointer to a length points to; of a struct mmsghdr msg_len */
	TRACE_BEFORE,   /* what a sysctl held before it was written */
	TRACE_WRITTEN,  /* what it was given, where no argument points to that */
};

/* LENGTH bytes follow, filled up to a multiple of 8. */
struct trace_chunk {
	event_u16 argument; /* index */
	event_u8 kind;      /* enum trace_chunk_kind */
	event_u8 message;   /* of several in one call: which */
	event_u32 length;
	event_u32 total; /* bytes there: more than LENGTH are cut */
	event_s32 error; /* 0, or the negative errno of the read: what is behind LENGTH is in memory that is not resident */
};

enum trace_channel {
	TRACE_NO_CHANNEL,
	TRACE_PROCFS,
	TRACE_SYSFS,
	TRACE_NETLINK,
	TRACE_SOCKET, /* of another family */
};

struct trace_file {
	event_u64 inode;
	event_u64 position; /* of the file, behind what was read or written */
	event_u32 channel;  /* enum trace_channel */
	event_u32 netns;    /* sockets: inode number of their network namespace */
	event_u32 port;     /* netlink: of the socket */
	event_u16 family, protocol;
	event_u32 path_length; /* bytes of path: the parts below the mount, from the file upwards, a NUL after each */
	event_u32 reserved;
};

/* What is copied for an argument. */
enum trace_copy_kind {
	TRACE_COPY_NONE,
	TRACE_COPY_TEXT,     /* up to a NUL */
	TRACE_COPY_FIXED,    /* SIZE bytes */
	TRACE_COPY_LENGTH,   /* as many times SIZE as the argument BY says */
	TRACE_COPY_RESULT,   /* as many times SIZE as the call returned */
	TRACE_COPY_POINTED,  /* as many bytes as the number that BY points to says */
	TRACE_COPY_PARTS,    /* a struct iovec array, of as many as BY says */
	TRACE_COPY_MESSAGE,  /* a struct msghdr */
	TRACE_COPY_STRINGS,  /* an array of pointers to texts */
	TRACE_COPY_IOCTL,    /* as many bytes as the request in BY says */
	TRACE_COPY_MESSAGES, /* an array of struct mmsghdr, of as many as the call returned */
};

enum trace_copy_flags {
	TRACE_COPY_AFTER = 1 << 0, /* what the kernel wrote: only where the call succeeded */
	TRACE_COPY_BULK = 1 << 1,  /* contents: as much as the channel asks for */
};

struct trace_copy {
	event_u8 kind; /* enum trace_copy_kind */
	event_u8 by;
	event_u16 size;
	event_u32 flags; /* enum trace_copy_flags */
};

enum trace_shape_flags {
	TRACE_SHAPE_WANTED = 1 << 0, /* in the filter */
	TRACE_SHAPE_TALKS = 1 << 1,  /* is part of the conversation where its descriptor is of a channel */
	TRACE_SHAPE_OPENS = 1 << 2,  /* where a path cannot be opened, is part of it too */
	TRACE_SHAPE_PLAIN = 1 << 3,  /* nothing is copied */
	TRACE_SHAPE_IOCTL = 1 << 4,
	TRACE_SHAPE_FORKS = 1 << 5, /* returns twice: in the new task with 0 */
	TRACE_SHAPE_RUNS = 1 << 6,  /* replaces the program, and with it the memory that its arguments point to */
};

/* What is copied for a system call. */
struct trace_shape {
	event_u16 flags;     /* enum trace_shape_flags */
	event_u8 count;      /* of its arguments */
	event_u8 descriptor; /* 1 + the index of the argument that is one */
	event_u8 other;      /* likewise, of a second one: the call carries from the one to the other */
	event_u8 reserved[3];
	struct trace_copy copies[TRACE_ARGUMENTS];
};

/* Which calls are wanted by what they return. */
#define TRACE_ERRORS 4096
struct trace_results {
	event_u32 filtered;                    /* else all are, and nothing else counts */
	event_u32 successes;                   /* whether those are */
	event_u64 failures[TRACE_ERRORS / 64]; /* a bit each errno */
};

#define TRACE_MESSAGES       64 /* of one call; the bound of their bytes is that of one argument */
#define TRACE_CALL_COUNT     512
#define TRACE_TEXT_MAXIMUM   4096  /* of a path or another text, with its NUL */
#define TRACE_DATA_MAXIMUM   32767 /* of one argument */
#define TRACE_RECORD_MAXIMUM 65536 /* of all that is told of a call */

#define TRACE_KNOB_MAXIMUM 1024

/* What a sysctl holds while it is about to be written, and what it is given: value of the "knobs" map, by thread. */
struct trace_knob {
	event_s32 length, written_length; /* or the negative errno */
	char value[TRACE_KNOB_MAXIMUM], written[TRACE_KNOB_MAXIMUM];
};

/* A processor's own count: SEEN = what was delivered + LOST. */
struct trace_count {
	event_u64 seen, lost;
	event_u64 pending, from; /* of LOST, not told by a gap yet, and since when */
};

#endif
