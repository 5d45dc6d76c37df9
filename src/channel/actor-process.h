/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A living process as /proc tells it. Sources: proc(5). */
#ifndef FERRY_CHANNEL_ACTOR_PROCESS_H
#define FERRY_CHANNEL_ACTOR_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/event.h"

struct actor_process {
	uint32_t pid, ppid, uid, login_uid;
	uint64_t start; /* boottime, in ticks of 10 ms turned into ns */
	uint64_t netns;
	bool kernel;
	char comm[16];
	char exe[PATH_MAX];    /* "" = not known */
	char cgroup[PATH_MAX]; /* of cgroup 2; "" = not known */
	char argv[EVENT_ARGV_MAXIMUM];
	size_t argv_length;
	bool argv_cut;
};

/* Of a thread its process, but for name and start. -ESRCH where there is none. */
int actor_process_read(uint32_t pid, struct actor_process *ret);

#endif
