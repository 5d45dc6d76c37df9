/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sysctl, sysfs and procfs have in common: a tree of files, one value a file. */
#ifndef FERRY_CHANNEL_FILES_H
#define FERRY_CHANNEL_FILES_H

#include "channel/channel.h"
#include "channel/content.h"
#include "wire/file.h"

struct file_tree {
	const char *channel;     /* "sysctl" */
	const char *path;        /* "/proc/sys" */
	unsigned int read_flags; /* enum file_read_flags */
	bool choices;            /* "[none] a b" is a choice */
	const char *excluded;    /* a folder at the top that another channel owns, or NULL */
	const char *excluded_by; /* that channel */
	bool reports;            /* some of its files are records or tables: report.h */
};

extern const struct file_tree file_tree_sysctl, file_tree_sysfs, file_tree_procfs;

/* The channel functions, over a tree. PATH is below the tree, with shell globs within a part. */
int files_list(const struct file_tree *tree, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
	       void *data);
int files_get(const struct file_tree *tree, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function, void *data);

/* For channel->prepare: that VALUE is a number or a text that the file at PATH may take, as far as that shows without writing: its mode, our rights,
 * its nature, the words of a choice. -EOPNOTSUPP for actions and latches, unless FLAGS say yes; -EACCES, -EISDIR, -ENOENT. */
int files_prepare(const struct file_tree *tree, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		  struct setting **ret) _must_check_;
/* Every place that PATH, which may hold globs, leads to, as an address; a folder is not opened. Returns 0 also where there is none. */
int files_expand(const struct file_tree *tree, struct machine *machine, const char *path, ferry_item_function *function, void *data);

/* The tree of a canonical ADDRESS and the rest of it behind the channel's name; NULL for other channels. */
const struct file_tree *file_tree_of(const char *address, const char **ret_path);

/* Appends the content of the file at ADDRESS as the kernel gives it, without its last newline. Slow files are read too: the caller knows nature_of().
 * The negative errno of open(2) or read(2); -EINVAL where ADDRESS is not of a file channel or not of a regular file. */
int file_read_address(struct machine *machine, const char *address, struct buffer *ret) _must_check_;

/* The canonical address of a path below /proc or /sys as the kernel tells it: sysfs/class/net/lo/mtu for /sys/devices/virtual/net/lo/mtu. Works, by
 * the text alone, when the device has gone. -EINVAL for other paths. */
int file_canonical(struct machine *machine, const char *path, struct buffer *ret) _must_check_;
/* The same for a canonical sysfs address, which is left as it is where no shorter one leads there. */
int file_canonical_address(struct machine *machine, const char *address, struct buffer *ret) _must_check_;

/* How long one file may take: past that, files of the same name are passed over in the rest of a walk. */
#define FILES_DEADLINE 500000000u

#endif
