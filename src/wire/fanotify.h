/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes to files of a whole file system, told by the kernel with the writer's pid. Source: fanotify(7). */
#ifndef FERRY_WIRE_FANOTIFY_H
#define FERRY_WIRE_FANOTIFY_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct fanotify;

struct fanotify_event {
	pid_t pid;      /* of the writer in our pid namespace, 0 = in none that we see */
	int descriptor; /* the file, open for reading, owned by the callee's caller and closed after the callback; -1 where it could not be opened */
	int error;      /* negative errno where it could not be opened: a write-only one; the path is told all the same where the kernel allows */
	const char *path; /* below the mount ("/proc/irq/4/smp_affinity"); NULL where not known */
};

/* Watches successful writes on the file systems that PATHS (NULL-terminated: "/proc", "/sys") lie on. -EPERM without CAP_SYS_ADMIN. */
int fanotify_open(const char *const *paths, struct fanotify **ret, struct error *error) _must_check_;
struct fanotify *fanotify_close(struct fanotify *fanotify);
int fanotify_descriptor(const struct fanotify *fanotify);
/* Hands what waits to FUNCTION. *RET_LOST counts events that the queue had no room for (FAN_Q_OVERFLOW says that, not how many: UINT64_MAX) and those
 * whose file could not be told. */
typedef int fanotify_function(void *data, const struct fanotify_event *event);
int fanotify_read(struct fanotify *fanotify, fanotify_function *function, void *data, uint64_t *ret_lost) _must_check_;

#endif
