/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structs that arguments of system calls point to, as schemas: 64-bit ones, of the machine's own byte order. */
#ifndef FERRY_CROSSING_STRUCTURES_H
#define FERRY_CROSSING_STRUCTURES_H

#include "model/schema.h"

extern const struct schema structure_clone_args, structure_epoll_event, structure_itimerspec, structure_itimerval, structure_open_how,
	structure_pollfd, structure_rlimit, structure_rusage, structure_sigaction, structure_stat, structure_statfs, structure_statx,
	structure_sysinfo, structure_timespec, structure_timeval, structure_utsname;

/* The signals of a set. */
extern const struct names call_words_signal_set;

/* The socket address in LENGTH bytes of DATA as a record: family, and what it holds. -ENOMEM. */
int structure_peer(const void *data, size_t length, struct arena *arena, struct record **ret) _must_check_;

#endif
