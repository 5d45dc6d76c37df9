/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/trace.h"

static bool matches(const void *entry, const void *key, size_t length)
{
	const struct trace_task_entry *task = entry;

	return length == sizeof(task->tid) && memcmp(&task->tid, key, length) == 0;
}

void trace_tasks_init(struct trace_tasks *tasks)
{
	table_init(&tasks->table, matches);
	tasks->last = NULL;
}

void trace_tasks_done(struct trace_tasks *tasks)
{
	struct trace_task_entry *task;
	size_t position = 0;

	while ((task = table_next(&tasks->table, &position)))
		free(task);
	table_done(&tasks->table);
	tasks->last = NULL;
}

int trace_tasks_set(struct trace_tasks *tasks, uint32_t pid, uint32_t tid, const char *name)
{
	struct trace_task_entry *task = table_find(&tasks->table, &tid, sizeof(tid));
	int r = 0;

	if (!task) {
		task = calloc(1, sizeof(*task));
		if (!task)
			return -ENOMEM;
		task->tid = tid;
		r = table_add(&tasks->table, &tid, sizeof(tid), task);
		if (r < 0) {
			free(task);
			return r;
		}
	}
	task->pid = pid;
	memcpy(task->name, name, strnlen(name, sizeof(task->name) - 1));
	task->name[strnlen(name, sizeof(task->name) - 1)] = '\0';
	return 0;
}

void trace_tasks_remove(struct trace_tasks *tasks, uint32_t tid)
{
	struct trace_task_entry *task = table_remove(&tasks->table, &tid, sizeof(tid));

	if (task == tasks->last)
		tasks->last = NULL;
	free(task);
}

/* A thread that was there before the trace began. */
static void read_name(uint32_t pid, uint32_t tid, char name[16])
{
	_cleanup_close_ int descriptor = -1;
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", pid, tid);
	descriptor = open(path, O_RDONLY | O_CLOEXEC);
	length = descriptor < 0 ? -1 : read(descriptor, name, 15);
	if (length > 0 && name[length - 1] == '\n')
		length--;
	name[length > 0 ? length : 0] = '\0';
}

const char *trace_tasks_name(struct trace_tasks *tasks, uint32_t pid, uint32_t tid)
{
	const struct trace_task_entry *task;
	char name[16];

	if (tasks->last && tasks->last->tid == tid)
		return tasks->last->name;
	task = table_find(&tasks->table, &tid, sizeof(tid));
	if (!task) {
		read_name(pid, tid, name);
		if (trace_tasks_set(tasks, pid, tid, name) < 0)
			return "";
		task = table_find(&tasks->table, &tid, sizeof(tid));
	}
	tasks->last = task;
	return task->name;
}
