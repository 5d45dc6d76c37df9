/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "channel/files-walk.h"
#include "channel/report.h"

/* The folder of a class or bus holds a link for each device, under the name that the device goes by: to read it is to read the devices. Only where it
 * is the very folder that was asked for, since devices hold links to each other. */
static bool is_device(const struct walk *walk)
{
	static const char *const devices[] = { "sysfs/class/*/*", "sysfs/bus/*/devices/*", "sysfs/block/*" };

	for (unsigned int i = 0; walk->depth == 0 && i < ARRAY_SIZE(devices); i++)
		if (nature_match(devices[i], walk->address.data))
			return true;
	return false;
}

static int tell_device(struct walk *walk)
{
	_cleanup_buffer_ struct buffer full = { 0 };
	_cleanup_close_ int inner = -1;
	int r;

	buffer_printf(&full, "%s%s", walk->tree->path, walk->address.data + strlen(walk->tree->channel));
	if (full.failed)
		return -ENOMEM;
	inner = file_open(walk->machine->root_descriptor, full.data, O_RDONLY | O_DIRECTORY);
	if (inner < 0)
		return 0;
	walk->depth++;
	r = walk_directory(walk, inner);
	walk->depth--;
	return r;
}

/* A link of sysfs leads to a folder; of procfs to a folder, to a file, or (the magic ones) to whatever a process holds. */
static int tell_link(struct walk *walk, int directory, const char *name)
{
	_cleanup_close_ int descriptor = -1;
	struct stat status;

	if (walk->tree == &file_tree_procfs) {
		descriptor = file_open_link(directory, name);
		if (descriptor < 0)
			return walk_link(walk, directory, name);
		if (fstat(descriptor, &status) || !S_ISDIR(status.st_mode))
			return walk_link(walk, directory, name);
	}
	if (walk->leaves)
		return is_device(walk) ? tell_device(walk) : 0;
	return walk_branch(walk, directory, name, NULL, NULL);
}

static int tell_directory(struct walk *walk, int directory, const char *name)
{
	const struct nature *nature = nature_of(walk->address.data);
	bool recursive = walk->leaves || walk->flags & FERRY_READ_RECURSIVE, slow = nature && nature->flags & NATURE_SLOW;
	bool mount = nature && nature->flags & NATURE_MOUNT;
	_cleanup_close_ int inner = -1;
	int r;

	/* A get tells folders only where it leaves one out that belongs to the tree. */
	if (!walk->leaves || (slow && !mount)) {
		r = walk_branch(walk, directory, name, nature, slow && !mount && recursive ? nature_help(nature) : NULL);
		if (r)
			return r;
	}
	if (!recursive || slow || walk->depth >= WALK_DEPTH_MAXIMUM)
		return 0;
	inner = file_open_at(directory, name, O_RDONLY | O_DIRECTORY);
	if (inner < 0) /* gone, not ours to read, or another file system, which is walked when it is asked for */
		return 0;
	walk->depth++;
	r = walk_directory(walk, inner);
	walk->depth--;
	return r;
}

static int tell_entry(struct walk *walk, int directory, const struct file_entry *entry)
{
	switch (entry->type) {
	case DT_DIR:
		return tell_directory(walk, directory, entry->name);
	case DT_LNK:
		return tell_link(walk, directory, entry->name);
	case DT_REG:
		return walk_leaf(walk, directory, entry->name);
	default: /* devices, sockets and pipes are no values */
		return 0;
	}
}

int walk_directory(struct walk *walk, int directory)
{
	size_t length = walk->address.length;
	struct file_entry *entries;
	unsigned int count;
	struct arena arena = { 0 };
	int r;

	r = file_entries(directory, &arena, &entries, &count);
	for (unsigned int i = 0; r == 0 && i < count; i++) {
		if (walk->tree->excluded && walk->address.length == strlen(walk->tree->channel) && !strcmp(entries[i].name, walk->tree->excluded))
			continue;
		buffer_add_char(&walk->address, '/');
		buffer_add_text(&walk->address, entries[i].name);
		if (walk->address.failed)
			r = -ENOMEM;
		else
			r = tell_entry(walk, directory, &entries[i]);
		walk->address.length = length;
		if (walk->address.data)
			walk->address.data[length] = '\0';
	}
	arena_done(&arena);
	/* A folder that vanished while it was read (a process, a device) is no failure of the walk. */
	return r == -ENOENT || r == -ESRCH || r == -ENODEV ? 0 : r;
}

static int fail(struct walk *walk, int code, const char *path)
{
	return error_set(&walk->machine->error, code, "%s%s%s: %s", walk->tree->path, *path ? "/" : "", path, error_text(code));
}

/* The same where PATH is one place of several. */
static int fail_place(struct walk *walk, int code, const char *path)
{
	if (!walk->globbed || code == -ENOMEM)
		return fail(walk, code, path);
	buffer_clear(&walk->address);
	buffer_printf(&walk->address, "%s%s%s", walk->tree->channel, *path ? "/" : "", path);
	return walk->address.failed ? fail(walk, -ENOMEM, "") : walk_refused(walk, code);
}

static int visit_branch(struct walk *walk, const char *full, const char *path)
{
	_cleanup_close_ int directory = file_open(walk->machine->root_descriptor, full, O_RDONLY | O_DIRECTORY);
	int r;

	if (directory < 0)
		return fail_place(walk, directory, path);
	r = walk_directory(walk, directory);
	return r == -ENOMEM ? fail(walk, r, path) : r;
}

/* A link named by its address that leads to no value. */
static int visit_link(struct walk *walk, const char *full)
{
	const char *slash = strrchr(full, '/');
	_cleanup_free_ char *folder = strndup(full, (size_t)(slash - full));
	_cleanup_close_ int directory = -1;

	int r;

	if (!folder)
		return -ENOMEM;
	directory = file_open(walk->machine->root_descriptor, folder, O_PATH | O_DIRECTORY);
	if (directory < 0)
		return directory;
	walk->named = full;
	r = walk_link(walk, directory, slash + 1);
	walk->named = NULL;
	return r;
}

/* A leaf named by its address. */
static int visit_leaf(struct walk *walk, const char *full)
{
	int r;

	walk->named = full;
	r = walk_leaf(walk, -1, strrchr(full, '/') + 1);
	walk->named = NULL;
	return r;
}

/* A named address that has a shorter spelling is told by that one, which is also the recorder's. */
static int canonical_place(struct walk *walk)
{
	_cleanup_buffer_ struct buffer canonical = { 0 };
	int r = file_canonical_address(walk->machine, walk->address.data, &canonical);

	if (r < 0)
		return r;
	buffer_clear(&walk->address);
	buffer_add(&walk->address, canonical.data, canonical.length);
	return walk->address.failed ? -ENOMEM : 0;
}

/* The file, link or folder at FULL, whose address stands in WALK. */
static int visit_place(struct walk *walk, const char *full, const char *path)
{
	_cleanup_close_ int descriptor = -1, link = -1;
	struct stat status;
	int r;

	descriptor = file_open(walk->machine->root_descriptor, full, O_PATH);
	if (descriptor == -ELOOP || descriptor == -ENOENT) {
		link = file_open(walk->machine->root_descriptor, full, O_PATH | O_NOFOLLOW);
		if (link >= 0) { /* a link that leads nowhere, or out of the tree: its target is its value */
			walk->matched += !walk->inside;
			return visit_link(walk, full);
		}
	}
	if (descriptor == -ENOENT || descriptor == -ENOTDIR || descriptor == -ESRCH)
		return 0;
	if (descriptor < 0)
		return fail_place(walk, descriptor, path);
	if (fstat(descriptor, &status))
		return fail(walk, -errno, path);
	walk->matched += !walk->inside; /* else what is inside tells whether it is there */
	if (walk->places)
		return walk->function(walk->data, &(struct ferry_item){ .address = walk->address.data,
									.kind = S_ISDIR(status.st_mode) ? FERRY_ITEM_BRANCH : FERRY_ITEM_LEAF,
									.mode = status.st_mode });
	if (S_ISDIR(status.st_mode))
		return walk->inside ? 0 : visit_branch(walk, full, path);
	if (!S_ISREG(status.st_mode))
		return walk->globbed ? 0 : fail(walk, -EINVAL, path);
	r = canonical_place(walk);
	if (r >= 0)
		r = visit_leaf(walk, full);
	return r < 0 && !walk->machine->error.code ? fail(walk, r, path) : r;
}

/* The place PATH, which has no globs any more but inside a typed file. 0 also where nothing is there: WALK->matched counts what was. */
static int visit(struct walk *walk, const char *path)
{
	_cleanup_buffer_ struct buffer full = { 0 };
	size_t length = strlen(path);
	const char *inside = "";
	int r;

	if (walk->tree->reports && report_of(path, &inside) && *inside)
		length -= strlen(inside) + 1;
	walk->inside = *inside ? inside : NULL;
	buffer_printf(&full, "%s%s%.*s", walk->tree->path, *path ? "/" : "", (int)length, path);
	buffer_clear(&walk->address);
	buffer_printf(&walk->address, "%s%s%.*s", walk->tree->channel, *path ? "/" : "", (int)length, path);
	if (full.failed || walk->address.failed)
		return fail(walk, -ENOMEM, "");
	r = visit_place(walk, full.data, path);
	walk->inside = NULL;
	return r;
}

static int expand(struct walk *walk, const char *prefix, const char *rest);

/* Every entry of PREFIX that matches the part of LENGTH bytes at REST. */
static int expand_glob(struct walk *walk, const char *prefix, const char *rest, size_t length)
{
	_cleanup_buffer_ struct buffer full = { 0 };
	_cleanup_free_ char *pattern = strndup(rest, length);
	_cleanup_close_ int directory = -1;
	struct arena arena = { 0 };
	struct file_entry *entries;
	unsigned int count;
	int r;

	buffer_printf(&full, "%s%s%s", walk->tree->path, *prefix ? "/" : "", prefix);
	if (!pattern || full.failed)
		return fail(walk, -ENOMEM, prefix);
	directory = file_open(walk->machine->root_descriptor, full.data, O_RDONLY | O_DIRECTORY);
	if (directory < 0)
		return directory == -EACCES || directory == -EPERM ? fail_place(walk, directory, prefix) : 0;
	r = file_entries(directory, &arena, &entries, &count);
	if (r == -ENOENT || r == -ESRCH || r == -ENODEV) { /* a process that has ended, a device that has gone */
		r = 0;
		count = 0;
	}
	for (unsigned int i = 0; r == 0 && i < count; i++) {
		_cleanup_buffer_ struct buffer place = { 0 };

		if (!nature_match(pattern, entries[i].name) || (!*prefix && walk->tree->excluded && !strcmp(entries[i].name, walk->tree->excluded)))
			continue;
		buffer_printf(&place, "%s%s%s", prefix, *prefix ? "/" : "", entries[i].name);
		r = place.failed ? fail(walk, -ENOMEM, prefix) : expand(walk, place.data, rest + length);
	}
	arena_done(&arena);
	return r;
}

/* Names may hold glob characters themselves (an interface may be named "a*"): a part that exists as it is written is meant as it is written. */
static bool is_literal(struct walk *walk, const char *place)
{
	_cleanup_buffer_ struct buffer full = { 0 };
	_cleanup_close_ int descriptor = -1;

	buffer_printf(&full, "%s/%s", walk->tree->path, place);
	if (full.failed)
		return false;
	descriptor = file_open(walk->machine->root_descriptor, full.data, O_PATH | O_NOFOLLOW);
	return descriptor >= 0;
}

static int expand(struct walk *walk, const char *prefix, const char *rest)
{
	_cleanup_buffer_ struct buffer place = { 0 };
	const char *inside;
	size_t length;

	while (*rest == '/')
		rest++;
	if (!*rest)
		return visit(walk, prefix);
	/* Inside a typed file there are no folders to open: its own names are matched. */
	if (walk->tree->reports && report_of(prefix, &inside) && !*inside) {
		buffer_printf(&place, "%s/%s", prefix, rest);
		return place.failed ? fail(walk, -ENOMEM, prefix) : visit(walk, place.data);
	}
	length = strcspn(rest, "/");
	buffer_printf(&place, "%s%s%.*s", prefix, *prefix ? "/" : "", (int)length, rest);
	if (place.failed)
		return fail(walk, -ENOMEM, prefix);
	if (strcspn(rest, "*?[") >= length || is_literal(walk, place.data))
		return expand(walk, place.data, rest + length);
	return expand_glob(walk, prefix, rest, length);
}

static int walk_path(struct walk *walk, const char *path)
{
	const struct file_tree *tree = walk->tree;
	size_t excluded = tree->excluded ? strlen(tree->excluded) : 0;
	const char *slash;
	int r;

	if (strlen(path) > 4096)
		return error_set(&walk->machine->error, -EINVAL, "the address is too long");
	if (excluded && !strncmp(path, tree->excluded, excluded) && (!path[excluded] || path[excluded] == '/'))
		return error_set(&walk->machine->error, -ENOENT, "%s/%s is the channel %s", tree->path, tree->excluded, tree->excluded_by);
	walk->machine->error = (struct error){ 0 };
	slash = strrchr(path, '/');
	walk->meant = !strpbrk(slash ? slash : path, "*?[");
	walk->globbed = strpbrk(path, "*?[");
	r = walk->globbed ? expand(walk, "", path) : visit(walk, path);
	if (!r && !walk->matched)
		r = fail(walk, -ENOENT, path);
	buffer_done(&walk->address);
	buffer_done(&walk->content);
	buffer_done(&walk->words);
	arena_done(&walk->arena);
	return !r && walk->torn && walk->leaves ? FERRY_INCOMPLETE : r;
}

int files_list(const struct file_tree *tree, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function, void *data)
{
	struct walk walk = { .tree = tree, .machine = machine, .flags = flags, .function = function, .data = data };

	return walk_path(&walk, path);
}

int files_get(const struct file_tree *tree, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function, void *data)
{
	struct walk walk = {
		.tree = tree, .machine = machine, .flags = flags | FERRY_READ_VALUES, .leaves = true, .function = function, .data = data
	};

	return walk_path(&walk, path);
}

int files_expand(const struct file_tree *tree, struct machine *machine, const char *path, ferry_item_function *function, void *data)
{
	struct walk walk = { .tree = tree, .machine = machine, .places = true, .function = function, .data = data };
	int r = walk_path(&walk, path);

	return r == -ENOENT ? 0 : r;
}
