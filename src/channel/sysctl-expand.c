/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patterns in the keys of sysctl files, as glob(3) takes them: a part at a time, a leading dot only by a dot, "\" before a letter that is meant as it
 * is. A part that is no pattern is looked up, not searched for. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "channel/sysctl-files.h"
#include "wire/file.h"

struct expansion {
	struct machine *machine;
	struct buffer path; /* as far as it is known: "/proc/sys/" and the parts */
	size_t begin;       /* where the part behind /proc/sys/ begins */
	sysctl_expand_function *function;
	void *data;
};

static int expand(struct expansion *expansion, const char *rest);

static void expansion_done(struct expansion *expansion)
{
	buffer_done(&expansion->path);
}

/* Whether the path so far is there, and a folder or a file as it has to be. */
static bool is_there(const struct expansion *expansion, bool folder)
{
	_cleanup_close_ int descriptor = file_open(expansion->machine->root_descriptor, expansion->path.data, O_PATH);
	struct stat status;

	return descriptor >= 0 && !fstat(descriptor, &status) && S_ISDIR(status.st_mode) == folder;
}

/* The path so far ends with a whole part; AFTER is what the pattern has behind it. */
static int go_on(struct expansion *expansion, const char *after)
{
	if (expansion->path.failed)
		return -ENOMEM;
	if (*after)
		return expand(expansion, after);
	return is_there(expansion, false) ? expansion->function(expansion->data, expansion->path.data + expansion->begin) : 0;
}

static int expand_pattern(struct expansion *expansion, const char *part, size_t length)
{
	_cleanup_free_ char *pattern = strndup(part, length);
	_cleanup_close_ int directory = file_open(expansion->machine->root_descriptor, expansion->path.data, O_RDONLY | O_DIRECTORY);
	_cleanup_arena_ struct arena arena = { 0 };
	size_t start = expansion->path.length;
	struct file_entry *entries;
	unsigned int count;
	int r;

	if (!pattern)
		return -ENOMEM;
	if (directory < 0)
		return directory == -ENOENT || directory == -ENOTDIR ? 0 : directory;
	r = file_entries(directory, &arena, &entries, &count);
	for (unsigned int i = 0; r == 0 && i < count; i++) {
		if ((entries[i].type == DT_DIR) != (part[length] == '/') || fnmatch(pattern, entries[i].name, FNM_PERIOD) != 0)
			continue;
		buffer_add_text(&expansion->path, entries[i].name);
		r = go_on(expansion, part + length);
		expansion->path.length = start;
		if (expansion->path.data)
			expansion->path.data[start] = '\0';
	}
	return r;
}

static int expand(struct expansion *expansion, const char *rest)
{
	size_t slashes = strspn(rest, "/"), length = strcspn(rest + slashes, "/");
	const char *part = rest + slashes;

	buffer_add(&expansion->path, rest, slashes);
	if (expansion->path.failed)
		return -ENOMEM;
	if (!length) /* it ends in a slash: folders are no keys */
		return 0;
	if (strcspn(part, "*?[") < length)
		return expand_pattern(expansion, part, length);
	buffer_add(&expansion->path, part, length);
	return go_on(expansion, part + length);
}

int sysctl_expand(struct machine *machine, const char *pattern, sysctl_expand_function *function, void *data)
{
	_cleanup_(expansion_done) struct expansion expansion = { .machine = machine, .function = function, .data = data };

	buffer_add_text(&expansion.path, "/proc/sys/");
	expansion.begin = expansion.path.length;
	return expand(&expansion, pattern);
}
