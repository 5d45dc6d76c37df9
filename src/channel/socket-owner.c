/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose sockets are: /proc/PID/fd has a link "socket:[INODE]" for each that is open. Of other users' processes only who may look into them is told.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "channel/socket.h"
#include "wire/file.h"

#define NAME_ROOM 64

struct owner {
	uint64_t inode;
	uint32_t pid;
	char name[NAME_ROOM];
};

struct socket_owners {
	struct owner *list; /* by inode, then by process */
	size_t count, size;
	bool hidden; /* some processes could not be looked at */
};

static const struct field user[] = {
	[1] = { "pid", FIELD_U32, 0, 0, "process" },
	[2] = { "name", FIELD_TEXT, 0, 0, "its name" },
};
static const struct schema schema_user = { .name = "user", .attributes = user, .attribute_count = ARRAY_SIZE(user) };
const struct field field_socket_user = { "user", FIELD_RECORD, 0, 0, "a process", .schema = &schema_user };

struct scan {
	struct socket_owners *owners;
	int process; /* descriptor of its folder */
	uint32_t pid;
	char name[NAME_ROOM]; /* read when the first socket is found */
	size_t first;         /* of its entries */
};

static void read_name(struct scan *scan)
{
	_cleanup_close_ int descriptor = openat(scan->process, "comm", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t length = descriptor < 0 ? 0 : read(descriptor, scan->name, sizeof(scan->name) - 1);

	scan->name[length > 0 ? length : 0] = '\0';
	scan->name[strcspn(scan->name, "\n")] = '\0';
}

static int add(struct scan *scan, uint64_t inode)
{
	struct socket_owners *owners = scan->owners;

	if (owners->count == owners->size) {
		const size_t size = owners->size ? owners->size * 2 : 256;
		struct owner *list = reallocarray(owners->list, size, sizeof(*list));

		if (!list)
			return -ENOMEM;
		owners->list = list;
		owners->size = size;
	}
	if (owners->count == scan->first)
		read_name(scan);
	owners->list[owners->count] = (struct owner){ .inode = inode, .pid = scan->pid };
	memcpy(owners->list[owners->count++].name, scan->name, sizeof(scan->name));
	return 0;
}

static int take_link(struct scan *scan, int folder, const char *name)
{
	static const char before[] = "socket:[";
	char text[64], *end;
	ssize_t length = readlinkat(folder, name, text, sizeof(text) - 1);
	uint64_t inode;

	if (length <= 0)
		return 0;
	text[length] = '\0';
	if (strncmp(text, before, sizeof(before) - 1) != 0)
		return 0;
	inode = strtoull(text + sizeof(before) - 1, &end, 10);
	return *end == ']' ? add(scan, inode) : 0;
}

/* What has ended meanwhile is no secret. */
static int take_process(struct scan *scan)
{
	int descriptor = openat(scan->process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	const struct dirent *entry;
	DIR *folder;

	if (descriptor < 0) {
		scan->owners->hidden |= errno == EACCES || errno == EPERM;
		return 0;
	}
	folder = fdopendir(descriptor);
	if (!folder) {
		close(descriptor);
		return -ENOMEM;
	}
	scan->first = scan->owners->count;
	while (r == 0 && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			r = take_link(scan, dirfd(folder), entry->d_name);
	scan->owners->hidden |= errno == EACCES;
	closedir(folder);
	return r;
}

static int by_inode(const void *a, const void *b)
{
	const struct owner *first = a, *second = b;

	if (first->inode != second->inode)
		return first->inode < second->inode ? -1 : 1;
	return first->pid < second->pid ? -1 : first->pid > second->pid;
}

static int scan_all(struct socket_owners *owners, DIR *proc)
{
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(proc))) {
		struct scan scan = { .owners = owners };
		char *end;

		scan.pid = (uint32_t)strtoul(entry->d_name, &end, 10);
		if (*end || end == entry->d_name)
			continue;
		scan.process = openat(dirfd(proc), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (scan.process < 0)
			continue;
		errno = 0;
		r = take_process(&scan);
		close(scan.process);
	}
	if (owners->count)
		qsort(owners->list, owners->count, sizeof(*owners->list), by_inode);
	return r;
}

int socket_owners_read(struct machine *machine, struct socket_owners **ret)
{
	struct socket_owners *owners = calloc(1, sizeof(*owners));
	int descriptor, r;
	DIR *proc;

	if (!owners)
		return -ENOMEM;
	descriptor = file_open(machine->root_descriptor, "/proc", O_RDONLY | O_DIRECTORY);
	proc = descriptor < 0 ? NULL : fdopendir(descriptor);
	if (!proc) { /* without /proc nothing is known of any */
		if (descriptor >= 0)
			close(descriptor);
		owners->hidden = true;
		*ret = owners;
		return 0;
	}
	r = scan_all(owners, proc);
	closedir(proc);
	if (r < 0) {
		socket_owners_free(owners);
		return r;
	}
	*ret = owners;
	return 0;
}

struct socket_owners *socket_owners_free(struct socket_owners *owners)
{
	if (owners)
		free(owners->list);
	free(owners);
	return NULL;
}

/* The first entry of INODE, or of a later one. */
static size_t find(const struct socket_owners *owners, uint64_t inode)
{
	size_t low = 0, high = owners->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (owners->list[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int user_of(struct arena *arena, const struct owner *owner, struct value *ret)
{
	struct record *record = record_new(arena, &schema_user);
	const char *name = arena_copy(arena, owner->name, strlen(owner->name));
	int r;

	if (!record || !name)
		return -ENOMEM;
	r = record_put(arena, record, "pid", value_uint(owner->pid));
	if (r == 0)
		r = record_put(arena, record, "name", value_data(VALUE_TEXT, name, strlen(name)));
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

int socket_owners_tell(const struct socket_owners *owners, struct arena *arena, struct record *record)
{
	const uint64_t inode = record_number(record, "inode", 0);
	const size_t first = find(owners, inode);
	uint32_t count = 0, last = 0;
	struct value *items;
	size_t end = first;
	int r;

	while (inode && end < owners->count && owners->list[end].inode == inode)
		end++;
	if (end == first)
		return inode && owners->hidden ? record_put(arena, record, "users_hidden", value_bool(true)) : 0;
	items = arena_array(arena, struct value, end - first);
	if (!items)
		return -ENOMEM;
	for (size_t i = first; i < end; i++) {
		if (i > first && owners->list[i].pid == last) /* by several descriptors */
			continue;
		last = owners->list[i].pid;
		r = user_of(arena, &owners->list[i], &items[count++]);
		if (r < 0)
			return r;
	}
	return record_put(arena, record, "users", (struct value){ .type = VALUE_LIST, .list = { items, count } });
}
