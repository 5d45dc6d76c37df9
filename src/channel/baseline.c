/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/baseline.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/time.h"
#include "base/table.h"
#include "channel/files-walk.h"
#include "wire/file.h"

/* Longer contents are reports, not settings. */
#define VALUE_MAXIMUM   4096
#define PENDING_MAXIMUM 65536

struct remembered {
	uint64_t hash; /* of the address: the address itself is not kept */
	uint32_t length, room;
	char value[];
};

/* A folder still to be read. */
struct pending {
	char *path, *address;
	const struct file_tree *tree;
	dev_t device; /* of the tree: mounts within it are left out */
};

struct baseline {
	struct machine *machine;
	struct table table;
	struct pending *pending; /* a stack: the folders of one branch, so it stays short */
	unsigned int pending_count, pending_size;
	struct slow_names slow;
	struct buffer content;
};

static bool match(const void *entry, const void *key, size_t length)
{
	return !memcmp(&((const struct remembered *)entry)->hash, key, length);
}

static int push(struct baseline *baseline, const struct pending *from, const char *path, const char *address)
{
	struct pending *pending;

	if (baseline->pending_count >= PENDING_MAXIMUM)
		return 0;
	if (baseline->pending_count == baseline->pending_size) {
		unsigned int size = baseline->pending_size ? baseline->pending_size * 2 : 64;

		pending = reallocarray(baseline->pending, size, sizeof(*pending));
		if (!pending)
			return -ENOMEM;
		baseline->pending = pending;
		baseline->pending_size = size;
	}
	pending = &baseline->pending[baseline->pending_count];
	*pending = (struct pending){ .path = strdup(path), .address = strdup(address), .tree = from->tree, .device = from->device };
	if (!pending->path || !pending->address) {
		free(pending->path);
		free(pending->address);
		return -ENOMEM;
	}
	baseline->pending_count++;
	return 0;
}

static int push_tree(struct baseline *baseline, const struct file_tree *tree)
{
	_cleanup_close_ int directory = file_open(baseline->machine->root_descriptor, tree->path, O_PATH | O_DIRECTORY);
	struct pending from = { .tree = tree };
	struct stat status;

	if (directory < 0 || fstat(directory, &status))
		return 0; /* not mounted here: nothing to be known */
	from.device = status.st_dev;
	return push(baseline, &from, tree->path, tree->channel);
}

int baseline_new(struct machine *machine, struct baseline **ret, struct error *error)
{
	struct baseline *baseline = calloc(1, sizeof(*baseline));
	int r;

	if (!baseline)
		return error_set(error, -ENOMEM, "no memory for the baseline");
	baseline->machine = machine;
	table_init(&baseline->table, match);
	/* The last is read first: sysctl is small, and its fan-outs need it. */
	r = push_tree(baseline, &file_tree_procfs);
	if (!r)
		r = push_tree(baseline, &file_tree_sysfs);
	if (!r)
		r = push_tree(baseline, &file_tree_sysctl);
	if (r < 0) {
		baseline_free(baseline);
		return error_set(error, r, "no memory for the baseline");
	}
	*ret = baseline;
	return 0;
}

struct baseline *baseline_free(struct baseline *baseline)
{
	size_t position = 0;
	struct remembered *entry;

	if (!baseline)
		return NULL;
	while ((entry = table_next(&baseline->table, &position)))
		free(entry);
	table_done(&baseline->table);
	while (baseline->pending_count) {
		struct pending *pending = &baseline->pending[--baseline->pending_count];

		free(pending->path);
		free(pending->address);
	}
	free(baseline->pending);
	buffer_done(&baseline->content);
	free(baseline);
	return NULL;
}

unsigned int baseline_count(const struct baseline *baseline)
{
	return (unsigned int)baseline->table.count;
}

/* A new entry, where there is room for one. */
static int add(struct baseline *baseline, uint64_t hash, const void *value, size_t length)
{
	struct remembered *entry;
	int r;

	if (baseline->table.count >= BASELINE_MAXIMUM || length > VALUE_MAXIMUM)
		return 0;
	entry = malloc(sizeof(*entry) + length);
	if (!entry)
		return -ENOMEM;
	*entry = (struct remembered){ .hash = hash, .length = (uint32_t)length, .room = (uint32_t)length };
	if (length)
		memcpy(entry->value, value, length);
	r = table_add(&baseline->table, &hash, sizeof(hash), entry);
	if (r < 0)
		free(entry);
	return r;
}

static int replace(struct baseline *baseline, struct remembered *entry, const void *value, size_t length)
{
	uint64_t hash = entry->hash;

	if (length <= entry->room) {
		if (length)
			memcpy(entry->value, value, length);
		entry->length = (uint32_t)length;
		return 0;
	}
	free(table_remove(&baseline->table, &hash, sizeof(hash)));
	return add(baseline, hash, value, length);
}

static bool is_secret(const char *address)
{
	const struct nature *nature = nature_of(address);

	return nature && nature->flags & NATURE_SECRET;
}

int baseline_swap(struct baseline *baseline, const char *address, const void *value, size_t length, struct buffer *ret_old)
{
	uint64_t hash = table_hash(address, strlen(address));
	struct remembered *entry = table_find(&baseline->table, &hash, sizeof(hash));
	int r;

	if (!entry) {
		r = is_secret(address) ? 0 : add(baseline, hash, value, length);
		return r < 0 ? r : -ENOENT;
	}
	buffer_add(ret_old, entry->value, entry->length);
	return replace(baseline, entry, value, length);
}

/* Whether a file's content is a setting that is worth remembering. */
static bool is_wanted(struct baseline *baseline, int directory, const char *name, const char *address)
{
	const struct nature *nature = nature_of(address);
	struct stat status;

	if (nature &&
	    (nature->flags & (NATURE_SECRET | NATURE_SLOW | NATURE_NOISE) || nature->nature == FERRY_ACTION || nature->nature == FERRY_VOLATILE))
		return false;
	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) || !(status.st_mode & 0222) || !(status.st_mode & 0444))
		return false;
	return !slow_names_hold(&baseline->slow, name);
}

static int read_file(struct baseline *baseline, const struct file_tree *tree, int directory, const char *name, const char *address)
{
	uint64_t hash = table_hash(address, strlen(address)), begin = file_clock();
	_cleanup_close_ int descriptor = -1;
	int r;

	if (table_find(&baseline->table, &hash, sizeof(hash))) /* an event was first */
		return 0;
	descriptor = file_open_at(directory, name, O_RDONLY);
	if (descriptor < 0)
		return 0;
	buffer_clear(&baseline->content);
	r = file_read(descriptor, tree->read_flags, FILES_DEADLINE, &baseline->content);
	if (file_clock() - begin > FILES_DEADLINE)
		slow_names_add(&baseline->slow, name);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return add(baseline, hash, baseline->content.data, content_length(baseline->content.data, baseline->content.length));
}

static bool is_number(const char *name)
{
	return strspn(name, "0123456789") == strlen(name);
}

static int read_entry(struct baseline *baseline, const struct pending *from, int directory, const struct file_entry *entry, const char *address)
{
	bool top = from->tree->excluded && !strcmp(from->path, from->tree->path);
	_cleanup_buffer_ struct buffer below = { 0 }, path = { 0 };
	const struct nature *nature;

	/* At the top of procfs: the processes, whose first sight is told as unknown, and what another channel owns. */
	if (top && (is_number(entry->name) || !strcmp(entry->name, from->tree->excluded)))
		return 0;
	buffer_printf(&below, "%s/%s", address, entry->name);
	if (below.failed)
		return -ENOMEM;
	if (entry->type == DT_REG)
		return is_wanted(baseline, directory, entry->name, below.data) ? read_file(baseline, from->tree, directory, entry->name, below.data)
									       : 0;
	if (entry->type != DT_DIR)
		return 0;
	nature = nature_of(below.data);
	if (nature && nature->flags & NATURE_SLOW)
		return 0;
	buffer_printf(&path, "%s/%s", from->path, entry->name);
	return path.failed ? -ENOMEM : push(baseline, from, path.data, below.data);
}

/* The address of the files in a folder: a device's is the one that people use. */
static int folder_address(struct baseline *baseline, const struct pending *from, const struct file_entry *entries, unsigned int count,
			  struct buffer *ret)
{
	_cleanup_buffer_ struct buffer file = { 0 };
	int r;

	for (unsigned int i = 0; i < count; i++) {
		if (entries[i].type != DT_LNK || strcmp(entries[i].name, "subsystem"))
			continue;
		buffer_printf(&file, "%s/x", from->path);
		if (file.failed)
			return -ENOMEM;
		r = file_canonical(baseline->machine, file.data, ret);
		if (r < 0)
			return r;
		ret->data[ret->length -= 2] = '\0';
		return 0;
	}
	buffer_add_text(ret, from->address);
	return ret->failed ? -ENOMEM : 0;
}

static int read_folder(struct baseline *baseline, const struct pending *from)
{
	_cleanup_close_ int directory = file_open(baseline->machine->root_descriptor, from->path, O_RDONLY | O_DIRECTORY);
	_cleanup_buffer_ struct buffer address = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct file_entry *entries;
	struct stat status;
	unsigned int count;
	int r;

	if (directory < 0 || fstat(directory, &status) || status.st_dev != from->device)
		return 0;
	r = file_entries(directory, &arena, &entries, &count);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = folder_address(baseline, from, entries, count, &address);
	for (unsigned int i = 0; r == 0 && i < count; i++)
		r = read_entry(baseline, from, directory, &entries[i], address.data);
	return r;
}

int baseline_step(struct baseline *baseline, uint64_t budget)
{
	uint64_t end = time_boot() + budget;

	while (baseline->pending_count) {
		struct pending from = baseline->pending[--baseline->pending_count];
		int r = read_folder(baseline, &from);

		free(from.path);
		free(from.address);
		if (r < 0)
			return r;
		if (time_boot() >= end)
			break;
	}
	return baseline->pending_count > 0;
}

int baseline_interface(struct baseline *baseline, const char *name)
{
	static const char *const folders[] = { "net/ipv4/conf", "net/ipv6/conf", "net/ipv4/neigh", "net/ipv6/neigh" };
	struct pending from = { .tree = &file_tree_sysctl };
	struct stat status;

	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EINVAL;
	for (unsigned int i = 0; i <= ARRAY_SIZE(folders); i++) {
		_cleanup_buffer_ struct buffer path = { 0 }, address = { 0 };
		_cleanup_close_ int directory = -1;
		int r;

		if (i < ARRAY_SIZE(folders)) {
			buffer_printf(&path, "/proc/sys/%s/%s", folders[i], name);
			buffer_printf(&address, "sysctl/%s/%s", folders[i], name);
		} else {
			from.tree = &file_tree_sysfs;
			buffer_printf(&path, "/sys/class/net/%s", name);
			buffer_printf(&address, "sysfs/class/net/%s", name);
		}
		if (path.failed || address.failed)
			return -ENOMEM;
		directory = file_open(baseline->machine->root_descriptor, path.data, O_PATH | O_DIRECTORY);
		if (directory < 0 || fstat(directory, &status))
			continue;
		from.device = status.st_dev;
		r = push(baseline, &from, path.data, address.data);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- What else a write rewrote ---- */

struct fanout {
	struct baseline *baseline;
	const char *address; /* the file that was written */
	baseline_function *function;
	void *data;
	struct buffer before;
};

static int compare_target(void *data, const struct ferry_item *item)
{
	struct fanout *fanout = data;
	struct buffer *now = &fanout->baseline->content;
	int r;

	if (item->kind != FERRY_ITEM_LEAF || !strcmp(item->address, fanout->address) || is_secret(item->address))
		return 0;
	buffer_clear(now);
	buffer_clear(&fanout->before);
	r = file_read_address(fanout->baseline->machine, item->address, now);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = baseline_swap(fanout->baseline, item->address, now->data, now->length, &fanout->before);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (fanout->before.failed)
		return -ENOMEM;
	if (file_value_same(fanout->before.data ? fanout->before.data : "", fanout->before.length, now->data, now->length))
		return 0;
	return fanout->function(fanout->data, item->address, fanout->before.data, fanout->before.length, now->data, now->length);
}

int baseline_fanout(struct baseline *baseline, const struct nature *nature, const char *address, baseline_function *function, void *data)
{
	struct fanout fanout = { .baseline = baseline, .address = address, .function = function, .data = data };
	_cleanup_buffer_ struct buffer patterns = { 0 };
	char *state = NULL;
	int r = 0;

	nature_add_others(nature, address, &patterns);
	if (patterns.failed)
		return -ENOMEM;
	for (char *pattern = patterns.data ? strtok_r(patterns.data, " ", &state) : NULL; pattern && !r; pattern = strtok_r(NULL, " ", &state)) {
		const char *path;
		const struct file_tree *tree = file_tree_of(pattern, &path);

		if (!tree)
			continue;
		r = files_list(tree, baseline->machine, path, 0, compare_target, &fanout);
		if (r == -ENOENT) /* this kernel or interface has no such file */
			r = 0;
		baseline->machine->error = (struct error){ 0 };
	}
	buffer_done(&fanout.before);
	return r;
}
