/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* procfs: processes and the kernel's own reports below /proc, but for /proc/sys. Source: proc(5). */
#include <string.h>

#include "channel/files.h"
#include "channel/process.h"
#include "channel/setting.h"

#define TABLE "process" /* of all processes: a name that no file of /proc has */

const struct file_tree file_tree_procfs = {
	.channel = "procfs",
	.path = "/proc",
	.excluded = "sys",
	.excluded_by = "sysctl",
	.reports = true,
};

/* What of PATH lies below the table of processes, NULL where it is something else. */
static const char *in_table(const char *path)
{
	size_t length = strlen(TABLE);

	if (strncmp(path, TABLE, length) || (path[length] && path[length] != '/'))
		return NULL;
	return path + length + (path[length] == '/');
}

/* The table among the files, where it sorts. */
struct top {
	ferry_item_function *function;
	void *data;
	bool told;
};

static int tell_table(struct top *top)
{
	top->told = true;
	return top->function(
		top->data,
		&(struct ferry_item){ .address = "procfs/" TABLE, .kind = FERRY_ITEM_BRANCH, .mode = 0555, .help = "a table of all processes" });
}

static int tell_file(void *data, const struct ferry_item *item)
{
	struct top *top = data;
	int r = 0;

	if (!top->told && strcmp(item->address, "procfs/" TABLE) > 0)
		r = tell_table(top);
	return r ? r : top->function(top->data, item);
}

static int list(const struct channel *channel _unused_, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
		void *data)
{
	struct top top = { function, data, false };
	const char *below = in_table(path);
	int r;

	if (below)
		return process_list(machine, below, flags, function, data);
	if (*path)
		return files_list(&file_tree_procfs, machine, path, flags, function, data);
	r = files_list(&file_tree_procfs, machine, path, flags, tell_file, &top);
	return r || top.told ? r : tell_table(&top);
}

static int get(const struct channel *channel _unused_, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
	       void *data)
{
	const char *below = in_table(path);

	if (below)
		return process_get(machine, below, flags, function, data);
	return files_get(&file_tree_procfs, machine, path, flags, function, data);
}

static int prepare(const struct channel *channel _unused_, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		   struct setting **ret)
{
	return files_prepare(&file_tree_procfs, machine, path, value, flags, ret);
}

const struct channel channel_procfs = {
	.name = "procfs",
	.help = "processes and reports of the kernel: /proc",
	.promise = "writes only",
	.list = list,
	.get = get,
	.set = setting_set,
	.prepare = prepare,
};
