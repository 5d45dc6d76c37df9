/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sysctl: every key below /proc/sys. A read hands out the whole value at once, a write at another offset than 0 does nothing. Source: proc(5),
 * Documentation/admin-guide/sysctl. */
#include "channel/files.h"
#include "channel/setting.h"

const struct file_tree file_tree_sysctl = {
	.channel = "sysctl",
	.path = "/proc/sys",
	.read_flags = FILE_READ_SINGLE,
};

static int list(const struct channel *channel _unused_, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
		void *data)
{
	return files_list(&file_tree_sysctl, machine, path, flags, function, data);
}

static int get(const struct channel *channel _unused_, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
	       void *data)
{
	return files_get(&file_tree_sysctl, machine, path, flags, function, data);
}

static int prepare(const struct channel *channel _unused_, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		   struct setting **ret)
{
	return files_prepare(&file_tree_sysctl, machine, path, value, flags, ret);
}

const struct channel channel_sysctl = {
	.name = "sysctl",
	.help = "kernel parameters: /proc/sys",
	.promise = "writes only",
	.list = list,
	.get = get,
	.set = setting_set,
	.prepare = prepare,
};
