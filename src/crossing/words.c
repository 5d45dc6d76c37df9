/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/words.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#define CHOICE(group)        static const struct name list_##group[] = {
#define FLAGS(group)         CHOICE(group)
#define WORD(constant)       { (uint64_t)(constant), #constant },
#define NAMED(number, words) { (number), words },
#define END_CHOICE(name) \
	}                \
	;                \
	const struct names call_words_##name = { list_##name, ARRAY_SIZE(list_##name), false };
#define END_FLAGS(name) END_FLAGS_AND_CHOICE(name, 0)
#define END_FLAGS_AND_CHOICE(name, mask) \
	}                                \
	;                                \
	const struct names call_words_##name = { list_##name, ARRAY_SIZE(list_##name), true, (uint64_t)(mask) };
#include "crossing/words.def"
