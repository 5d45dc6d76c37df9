/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the recorder's BPF programs tell user space. Shared by both sides: fixed-width types only, laid out without padding. */
#ifndef FERRY_BPF_EVENT_H
#define FERRY_BPF_EVENT_H

#ifndef __bpf__
#include <stdint.h>
typedef uint64_t event_u64;
typedef int64_t event_s64;
typedef uint32_t event_u32;
typedef uint16_t event_u16;
typedef int32_t event_s32;
typedef uint8_t event_u8;
#else
typedef unsigned long long event_u64;
typedef long long event_s64;
typedef unsigned int event_u32;
typedef unsigned short event_u16;
typedef int event_s32;
typedef unsigned char event_u8;
#endif

enum event_type {
	EVENT_NOTICE = 1,     /* a message was queued on our multicast socket */
	EVENT_REFUSED = 2,    /* a netlink request was answered with an error, or was granted and the kernel tells no one of it */
	EVENT_REQUEST = 3,    /* bytes of a refused request whose error quoted only its header */
	EVENT_SYSCTL = 4,     /* a sysctl is about to be written */
	EVENT_SYSCTL_END = 5, /* that write returned */
	EVENT_FILE = 6,       /* a write to a file of sysfs was refused (where fexit is to be had) */
	EVENT_MODULE = 7,     /* a module came, went or was asked for */
	EVENT_TYPE_COUNT
};

/* What a system call that writes is, for the kernel side: the low half is 1 + the index of the argument that names the file, the high half where the
 * data lie. */
enum event_call {
	CALL_ARGUMENT = 0x0f,
	CALL_SHAPE = 0xf0,
	CALL_SHAPE_BUFFER = 0x10,  /* address and length in the second and third */
	CALL_SHAPE_PARTS = 0x20,   /* a struct iovec array and its length there */
	CALL_SHAPE_MESSAGE = 0x30, /* a struct msghdr in the second */
};

enum event_task_flags {
	EVENT_TASK_KERNEL = 1 << 0,          /* a kernel thread */
	EVENT_TASK_SOFTIRQ = 1 << 1,         /* serving a softirq: the task was merely interrupted */
	EVENT_TASK_INTERRUPT = 1 << 2,       /* in a hard interrupt or NMI: likewise */
	EVENT_TASK_COMPAT = 1 << 3,          /* a 32-bit system call: its own numbers */
	EVENT_TASK_IO_WORKER = 1 << 4,       /* io_uring's worker: pid is right, the system call is not */
	EVENT_TASK_CONTEXT_UNKNOWN = 1 << 5, /* this kernel does not let us tell an interrupt from the task */
	EVENT_TASK_MEMORY = 1 << 6,          /* EVENT_REQUEST: the bytes are those in the program's memory; the header is the kernel's */
	EVENT_TASK_OTHER_UTS = 1 << 7,       /* EVENT_SYSCTL: in another UTS namespace than the recorder */
	EVENT_TASK_OTHER_IPC = 1 << 8,       /* EVENT_SYSCTL: in another IPC namespace */
};

/* Which actor: process identity, stable through its death. EXEC counts its execs, so that one that runs another program is told apart. */
struct event_key {
	event_u64 start; /* boottime of the thread group leader, ns */
	event_u32 pid;   /* thread group id, in the initial pid namespace */
	event_u32 exec;  /* low half of self_exec_id */
};

struct event_task {
	struct event_key key;
	event_u32 tid;
	event_u32 uid;
	event_u32 netns;       /* inode number */
	event_s32 system_call; /* number in progress (task_pt_regs), -1 = none */
	event_u32 flags;       /* enum event_task_flags */
	event_u32 port;        /* netlink port of the socket that the system call in progress names, 0 = none */
	event_u32 file_magic;  /* superblock magic of the file that the system call in progress names: PROC_SUPER_MAGIC, SYSFS_MAGIC, 0 */
	event_u32 local_pid;   /* key.pid as the recorder's own pid namespace numbers it, 0 = not in there */
};

struct event_header {
	event_u16 type; /* enum event_type */
	event_u16 size; /* of the whole event */
	event_u32 processor;
	event_u64 time; /* boottime, ns */
	struct event_task task;
};

#define EVENT_MESSAGE_MAXIMUM 64

/* Made before the message is queued: the message is exactly the one that the task sends, and an event without its message is one that found no room.
 */
struct event_notice {
	struct event_header header;
	event_u32 socket;                        /* index of our socket, as set by user space */
	event_u32 message_length;                /* bytes of the message in the kernel's buffer */
	event_u32 command;                       /* second argument of the system call in progress: what an ioctl asks for */
	event_u16 protocol;                      /* of the netlink socket that it names, 0xffff = none */
	event_u16 request;                       /* type of the one netlink request that it sends, 0 = several, none, or not to be read */
	event_u8 message[EVENT_MESSAGE_MAXIMUM]; /* its first bytes: netlink header and what follows */
};

#define EVENT_REQUEST_MAXIMUM 4096 /* a page: what ipset(8) sends of many entries at once */

/* EVENT_REFUSED: DATA is the NLMSG_ERROR message. EVENT_REQUEST: DATA is the request message. */
struct event_message {
	struct event_header header;
	event_u32 protocol; /* NETLINK_ROUTE, ... */
	event_u32 port;     /* of the requester */
	event_u32 length;   /* of the message; more than the data here: cut */
	event_u32 netns;    /* inode number of the requester's socket's network namespace */
	event_u8 data[EVENT_REQUEST_MAXIMUM];
};

#define EVENT_NAME_MAXIMUM  256
#define EVENT_VALUE_MAXIMUM 1024

struct event_sysctl {
	struct event_header header;
	event_s32 before_length; /* bytes, or negative errno of the helper (-E2BIG: cut) */
	event_s32 after_length;
	event_u64 offset;              /* file position of the write */
	event_u64 write_number;        /* joins EVENT_SYSCTL and EVENT_SYSCTL_END */
	event_u32 result_follows;      /* whether an EVENT_SYSCTL_END will tell what became of it */
	event_u32 name_length;         /* bytes of name without its NUL; EVENT_NAME_MAXIMUM - 1: may be cut */
	char name[EVENT_NAME_MAXIMUM]; /* "net/ipv4/ip_forward" */
	char before[EVENT_VALUE_MAXIMUM];
	char after[EVENT_VALUE_MAXIMUM];
};

struct event_sysctl_end {
	struct event_header header;
	event_u64 write_number;
	long long result; /* what the write returned; -512 to -516: it begins anew, under another number */
};

#define EVENT_PATH_MAXIMUM 512

#define EVENT_TEXT_MAXIMUM 256

struct event_file {
	struct event_header header;
	long long result;      /* what the write returned */
	event_u32 device;      /* number of the file system as the kernel has it */
	event_s32 text_length; /* bytes that were to be written; more than EVENT_TEXT_MAXIMUM: cut; -1: not known */
	event_u32 path_length; /* bytes of path: parts below the mount, from the file upwards, a NUL after each; more than EVENT_PATH_MAXIMUM: cut */
	event_u32 reserved;
	char text[EVENT_TEXT_MAXIMUM];
	char path[EVENT_PATH_MAXIMUM];
	char slack[256]; /* scratch of the kernel side */
};

enum event_module_what { MODULE_REQUESTED, MODULE_LOADED, MODULE_REMOVED };

struct event_module {
	struct event_header header;
	event_u32 what;   /* enum event_module_what */
	event_u32 taints; /* bits by the kernel's TAINT_* */
	char name[64];    /* of the module; of a request: what was asked for, which may be an alias */
};

/* Who a key is: value of the "actors" map, keyed by struct event_key. Lives on after the process has died, until the map's LRU takes it.
 * Filled in place and in this order: a part that is cut may have left bytes in the next, which is filled later. */
#define EVENT_ARGV_MAXIMUM 256

struct event_actor {
	struct event_key key; /* its own: what does not match was taken for another meanwhile */
	event_u32 ready;      /* 0 while it is being filled */
	event_u32 ppid;       /* in the recorder's pid namespace, 0 = not in there */
	event_u32 uid, login_uid;
	event_u64 cgroup_id;
	event_u32 netns;
	event_u32 flags;         /* EVENT_TASK_KERNEL */
	event_u32 argv_total;    /* bytes that the process has; more than EVENT_ARGV_MAXIMUM: cut */
	event_s32 argv_length;   /* bytes here, or negative errno */
	event_u32 exe_length;    /* bytes of exe: path parts from the file upwards, a NUL after each; more than EVENT_PATH_MAXIMUM: cut */
	event_u32 cgroup_length; /* bytes of cgroup: the same */
	char comm[16];
	char exe[EVENT_PATH_MAXIMUM];
	char cgroup[EVENT_PATH_MAXIMUM];
	char argv[EVENT_ARGV_MAXIMUM];
};

/* The last process that had a pid (of the recorder's pid namespace): value of the "processes" map. */
struct event_process {
	struct event_key key;
	struct event_key image;   /* whose entry in "actors" describes it: its own after an exec, its parent's after a fork */
	struct event_key before;  /* the same before its last exec, all zero where it has made none or had written nothing until then */
	event_u64 since;          /* boottime of its last exec, or its fork */
	event_u32 ppid;           /* in the recorder's pid namespace, 0 = not in there */
	event_u32 uid, login_uid; /* at its end, where ENDED says that it has come */
	event_u32 ended;
};

#endif
