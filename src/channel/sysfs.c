/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sysfs: attributes of devices, drivers, modules, file systems below /sys. Source: Documentation/filesystems/sysfs. */
#include "channel/files.h"
#include "channel/setting.h"

const struct file_tree file_tree_sysfs = {
	.channel = "sysfs",
	.path = "/sys",
	.choices = true,
};

static int list(const struct channel *channel _unused_, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
		void *data)
{
	return files_list(&file_tree_sysfs, machine, path, flags, function, data);
}

static int get(const struct channel *channel _unused_, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
	       void *data)
{
	return files_get(&file_tree_sysfs, machine, path, flags, function, data);
}

static int prepare(const struct channel *channel _unused_, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		   struct setting **ret)
{
	return files_prepare(&file_tree_sysfs, machine, path, value, flags, ret);
}

const struct channel channel_sysfs = {
	.name = "sysfs",
	.help = "attributes of devices, drivers, modules: /sys",
	.promise = "writes only",
	.list = list,
	.get = get,
	.set = setting_set,
	.prepare = prepare,
};
