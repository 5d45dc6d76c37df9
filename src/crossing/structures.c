/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/structures.h"

#include <errno.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>

#include "crossing/words.h"

/* As the kernel has it: the C library's struct is another. */
struct kernel_action {
	uint64_t handler, flags, restorer, mask;
};

#define NUMBER(type, member, kind_)                        \
	{                                                  \
#member, kind_, HEADER_FIELD(type, member) \
	}
#define POINTER(type, member)                                             \
	{                                                                 \
#member, FIELD_U64, FIELD_HEX, HEADER_FIELD(type, member) \
	}
#define WORDS(type, member, kind_, list)                                                \
	{                                                                               \
#member, kind_, .names = &call_words_##list, HEADER_FIELD(type, member) \
	}
#define MODE(type, member, kind_)                                                                  \
	{                                                                                          \
#member, kind_, FIELD_OCTAL, .names = &call_words_mode, HEADER_FIELD(type, member) \
	}
#define INSIDE(type, member, inside)                                                             \
	{                                                                                        \
#member, FIELD_RECORD, .schema = &structure_##inside, HEADER_FIELD(type, member) \
	}
#define TEXT(type, member)                                      \
	{                                                       \
#member, FIELD_TEXT, HEADER_FIELD(type, member) \
	}
#define STRUCTURE(name_, type)                                                                                                                       \
	const struct schema structure_##name_ = {                                                                                                    \
		.name = #name_, .header_size = sizeof(type), .header = fields_##name_, .header_count = sizeof(fields_##name_) / sizeof(struct field) \
	}

static const struct field fields_timespec[] = {
	NUMBER(struct timespec, tv_sec, FIELD_S64),
	NUMBER(struct timespec, tv_nsec, FIELD_S64),
};
STRUCTURE(timespec, struct timespec);

static const struct field fields_timeval[] = {
	NUMBER(struct timeval, tv_sec, FIELD_S64),
	NUMBER(struct timeval, tv_usec, FIELD_S64),
};
STRUCTURE(timeval, struct timeval);

static const struct field fields_itimerspec[] = {
	INSIDE(struct itimerspec, it_interval, timespec),
	INSIDE(struct itimerspec, it_value, timespec),
};
STRUCTURE(itimerspec, struct itimerspec);

static const struct field fields_itimerval[] = {
	INSIDE(struct itimerval, it_interval, timeval),
	INSIDE(struct itimerval, it_value, timeval),
};
STRUCTURE(itimerval, struct itimerval);

static const struct field fields_pollfd[] = {
	NUMBER(struct pollfd, fd, FIELD_S32),
	WORDS(struct pollfd, events, FIELD_U16, poll),
	WORDS(struct pollfd, revents, FIELD_U16, poll),
};
STRUCTURE(pollfd, struct pollfd);

static const struct field fields_epoll_event[] = {
	WORDS(struct epoll_event, events, FIELD_U32, epoll_events),
	{ "data", FIELD_U64, FIELD_HEX, HEADER_FIELD(struct epoll_event, data) },
};
STRUCTURE(epoll_event, struct epoll_event);

static const struct field fields_open_how[] = {
	WORDS(struct open_how, flags, FIELD_U64, open),
	{ "mode", FIELD_U64, FIELD_HEX, HEADER_FIELD(struct open_how, mode) },
	{ "resolve", FIELD_U64, FIELD_HEX, HEADER_FIELD(struct open_how, resolve) },
};
STRUCTURE(open_how, struct open_how);

static const struct field fields_rlimit[] = {
	NUMBER(struct rlimit, rlim_cur, FIELD_U64),
	NUMBER(struct rlimit, rlim_max, FIELD_U64),
};
STRUCTURE(rlimit, struct rlimit);

static const struct field fields_rusage[] = {
	INSIDE(struct rusage, ru_utime, timeval),     INSIDE(struct rusage, ru_stime, timeval),    NUMBER(struct rusage, ru_maxrss, FIELD_S64),
	NUMBER(struct rusage, ru_minflt, FIELD_S64),  NUMBER(struct rusage, ru_majflt, FIELD_S64), NUMBER(struct rusage, ru_inblock, FIELD_S64),
	NUMBER(struct rusage, ru_oublock, FIELD_S64), NUMBER(struct rusage, ru_nvcsw, FIELD_S64),  NUMBER(struct rusage, ru_nivcsw, FIELD_S64),
};
STRUCTURE(rusage, struct rusage);

static const struct field fields_sigaction[] = {
	POINTER(struct kernel_action, handler),
	WORDS(struct kernel_action, flags, FIELD_U64, signal_action),
	POINTER(struct kernel_action, restorer),
	WORDS(struct kernel_action, mask, FIELD_U64, signal_set),
};
STRUCTURE(sigaction, struct kernel_action);

static const struct name list_mode[] = {
	{ S_IFREG, "S_IFREG" }, { S_IFDIR, "S_IFDIR" },   { S_IFCHR, "S_IFCHR" }, { S_IFBLK, "S_IFBLK" }, { S_IFIFO, "S_IFIFO" },
	{ S_IFLNK, "S_IFLNK" }, { S_IFSOCK, "S_IFSOCK" }, { S_ISUID, "S_ISUID" }, { S_ISGID, "S_ISGID" }, { S_ISVTX, "S_ISVTX" },
};
static const struct names call_words_mode = { list_mode, ARRAY_SIZE(list_mode), true, S_IFMT };

static const struct field fields_stat[] = {
	NUMBER(struct stat, st_dev, FIELD_U64),    NUMBER(struct stat, st_ino, FIELD_U64),  MODE(struct stat, st_mode, FIELD_U32),
	NUMBER(struct stat, st_nlink, FIELD_U64),  NUMBER(struct stat, st_uid, FIELD_U32),  NUMBER(struct stat, st_gid, FIELD_U32),
	NUMBER(struct stat, st_rdev, FIELD_U64),   NUMBER(struct stat, st_size, FIELD_S64), NUMBER(struct stat, st_blksize, FIELD_S64),
	NUMBER(struct stat, st_blocks, FIELD_S64), INSIDE(struct stat, st_atim, timespec),  INSIDE(struct stat, st_mtim, timespec),
	INSIDE(struct stat, st_ctim, timespec),
};
STRUCTURE(stat, struct stat);

static const struct field fields_statx[] = {
	WORDS(struct statx, stx_mask, FIELD_U32, statx), MODE(struct statx, stx_mode, FIELD_U16),     NUMBER(struct statx, stx_nlink, FIELD_U32),
	NUMBER(struct statx, stx_uid, FIELD_U32),        NUMBER(struct statx, stx_gid, FIELD_U32),    NUMBER(struct statx, stx_ino, FIELD_U64),
	NUMBER(struct statx, stx_size, FIELD_U64),       NUMBER(struct statx, stx_blocks, FIELD_U64),
};
STRUCTURE(statx, struct statx);

static const struct field fields_statfs[] = {
	{ "f_type", FIELD_U64, FIELD_HEX, HEADER_FIELD(struct statfs, f_type) },
	NUMBER(struct statfs, f_bsize, FIELD_S64),
	NUMBER(struct statfs, f_blocks, FIELD_U64),
	NUMBER(struct statfs, f_bfree, FIELD_U64),
	NUMBER(struct statfs, f_bavail, FIELD_U64),
	NUMBER(struct statfs, f_files, FIELD_U64),
	NUMBER(struct statfs, f_ffree, FIELD_U64),
};
STRUCTURE(statfs, struct statfs);

static const struct field fields_sysinfo[] = {
	NUMBER(struct sysinfo, uptime, FIELD_S64),    NUMBER(struct sysinfo, totalram, FIELD_U64),  NUMBER(struct sysinfo, freeram, FIELD_U64),
	NUMBER(struct sysinfo, sharedram, FIELD_U64), NUMBER(struct sysinfo, bufferram, FIELD_U64), NUMBER(struct sysinfo, totalswap, FIELD_U64),
	NUMBER(struct sysinfo, freeswap, FIELD_U64),  NUMBER(struct sysinfo, procs, FIELD_U16),     NUMBER(struct sysinfo, mem_unit, FIELD_U32),
};
STRUCTURE(sysinfo, struct sysinfo);

static const struct field fields_utsname[] = {
	TEXT(struct utsname, sysname), TEXT(struct utsname, nodename), TEXT(struct utsname, release),
	TEXT(struct utsname, version), TEXT(struct utsname, machine),
};
STRUCTURE(utsname, struct utsname);

static const struct field fields_clone_args[] = {
	WORDS(struct clone_args, flags, FIELD_U64, clone),
	POINTER(struct clone_args, pidfd),
	POINTER(struct clone_args, child_tid),
	POINTER(struct clone_args, parent_tid),
	WORDS(struct clone_args, exit_signal, FIELD_U64, signal),
	POINTER(struct clone_args, stack),
	NUMBER(struct clone_args, stack_size, FIELD_U64),
	POINTER(struct clone_args, tls),
};
STRUCTURE(clone_args, struct clone_args);

#define SIGNAL(number)                               \
	{                                            \
		UINT64_C(1) << ((number)-1), #number \
	}
static const struct name list_signal_set[] = {
	SIGNAL(SIGHUP),  SIGNAL(SIGINT),    SIGNAL(SIGQUIT), SIGNAL(SIGILL),   SIGNAL(SIGTRAP), SIGNAL(SIGABRT), SIGNAL(SIGBUS),  SIGNAL(SIGFPE),
	SIGNAL(SIGKILL), SIGNAL(SIGUSR1),   SIGNAL(SIGSEGV), SIGNAL(SIGUSR2),  SIGNAL(SIGPIPE), SIGNAL(SIGALRM), SIGNAL(SIGTERM), SIGNAL(SIGSTKFLT),
	SIGNAL(SIGCHLD), SIGNAL(SIGCONT),   SIGNAL(SIGSTOP), SIGNAL(SIGTSTP),  SIGNAL(SIGTTIN), SIGNAL(SIGTTOU), SIGNAL(SIGURG),  SIGNAL(SIGXCPU),
	SIGNAL(SIGXFSZ), SIGNAL(SIGVTALRM), SIGNAL(SIGPROF), SIGNAL(SIGWINCH), SIGNAL(SIGIO),   SIGNAL(SIGPWR),  SIGNAL(SIGSYS),
};
const struct names call_words_signal_set = { list_signal_set, ARRAY_SIZE(list_signal_set), true };
