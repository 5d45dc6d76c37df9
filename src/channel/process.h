/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of processes, procfs/process: the same rows by the kernel's task iterator, where that may be used, and by the files of /proc. */
#ifndef FERRY_CHANNEL_PROCESS_H
#define FERRY_CHANNEL_PROCESS_H

#include "channel/channel.h"

enum process_field {
	PROCESS_PID,
	PROCESS_PARENT,
	PROCESS_UID,
	PROCESS_STATE,
	PROCESS_THREADS,
	PROCESS_UTIME,
	PROCESS_STIME,
	PROCESS_START,
	PROCESS_RSS,
	PROCESS_SIZE,
	PROCESS_NICE,
	PROCESS_NAME,
	PROCESS_CGROUP,
	PROCESS_FIELD_COUNT
};

/* A process: a value by field, VALUE_NULL where it is not known (hidden from us, or the machine has no cgroup 2). Texts are valid until the function
 * that is given it returns. */
struct process {
	struct value values[PROCESS_FIELD_COUNT];
};
typedef int process_function(void *data, const struct process *process);

/* Every process by the task iterator, the numbers rising. -EOPNOTSUPP, before any was told, where it may not or cannot be used, with the reason in
 * ERROR.
 */
int process_iterate(struct machine *machine, process_function *function, void *data, struct error *error) _must_check_;
/* Whether it can be used here; the reason, if not, in ERROR. */
int process_iterator_probe(struct error *error) _must_check_;

/* The same by /proc, below the machine's root, but for the COUNT processes KNOWN, whose numbers rise. *RET_HIDDEN: some processes cannot be seen or
 * not be read, for want of rights. */
int process_scan(struct machine *machine, const uint32_t *known, size_t count, process_function *function, void *data, bool *ret_hidden) _must_check_;
/* One process by its number, -ENOENT where there is none (to be seen). */
int process_find(struct machine *machine, uint32_t pid, process_function *function, void *data, bool *ret_hidden) _must_check_;

/* procfs/process, with PATH below it ("", "1", "1/rss"): as channel.h says. */
int process_list(struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function, void *data);
int process_get(struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function, void *data);

#endif
