/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FILE_FLAGS (O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static int open_resolved(int directory, const char *path, int flags, uint64_t resolve)
{
	/* openat2(2) refuses flags that O_PATH would have ignored. */
	struct open_how how = {
		.flags = (uint64_t)flags | (flags & O_PATH ? O_CLOEXEC : FILE_FLAGS),
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};
	long descriptor;

	for (unsigned int tries = 0; tries < 100; tries++) {
		descriptor = syscall(SYS_openat2, directory, path, &how, sizeof(how));
		/* EAGAIN: a rename ran beside a resolution below a root, and the kernel could not vouch for it. */
		if (descriptor >= 0 || (errno != EINTR && !(errno == EAGAIN && resolve)))
			break;
	}
	return descriptor < 0 ? -errno : (int)descriptor;
}

int file_open(int root, const char *path, int flags)
{
	if (root < 0)
		return open_resolved(AT_FDCWD, path, flags, 0);
	while (*path == '/')
		path++;
	return open_resolved(root, *path ? path : ".", flags, RESOLVE_IN_ROOT);
}

int file_open_at(int directory, const char *name, int flags)
{
	int descriptor;

	/* Most opens of a walk are plain files, for which openat(2) is the cheaper call: a file name without a slash that is no link cannot lead
	 * away. */
	if (!(flags & O_DIRECTORY)) {
		descriptor = openat(directory, name, flags | O_NOFOLLOW | FILE_FLAGS);
		return descriptor < 0 ? -errno : descriptor;
	}
	return open_resolved(directory, name, flags | O_NOFOLLOW, RESOLVE_NO_XDEV);
}

int file_open_link(int directory, const char *name)
{
	return open_resolved(directory, name, O_PATH, RESOLVE_BENEATH);
}

uint64_t file_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now); /* some milliseconds: asked several times for each file, and a deadline is half a second */
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The kernel clears a buffer as large as asked for before it fills it, so small values are asked for in small reads. */
#define SINGLE_FIRST   2047
#define SINGLE_LARGEST ((4u << 20) - 4096) /* the kernel refuses what kmalloc() cannot give */
#define CHUNK_FIRST    4096

static int read_single(int descriptor, uint64_t deadline, struct buffer *ret)
{
	size_t room = SINGLE_FIRST;
	uint64_t end = 0;

	for (;;) {
		char *space = buffer_reserve(ret, room);
		ssize_t n;

		if (!space)
			return -ENOMEM;
		n = pread(descriptor, space, room, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if ((size_t)n < room) {
			ret->length += (size_t)n;
			ret->data[ret->length] = '\0';
			return 0;
		}
		if (room >= SINGLE_LARGEST)
			return -EFBIG;
		/* Almost every value is had at once: the clock is first asked where one is not. */
		if (deadline && !end)
			end = file_clock() + deadline;
		else if (deadline && file_clock() > end)
			return -ETIME;
		room = room * 8 + 7 < SINGLE_LARGEST ? room * 8 + 7 : SINGLE_LARGEST;
	}
}

int file_read(int descriptor, unsigned int flags, uint64_t deadline, struct buffer *ret)
{
	unsigned int reads;

	return file_read_counted(descriptor, flags, deadline, ret, &reads);
}

int file_read_counted(int descriptor, unsigned int flags, uint64_t deadline, struct buffer *ret, unsigned int *ret_reads)
{
	size_t room = CHUNK_FIRST, total = 0;
	uint64_t end;

	*ret_reads = 0;
	if (flags & FILE_READ_SINGLE)
		return read_single(descriptor, deadline, ret);
	end = deadline ? file_clock() + deadline : 0;
	for (;;) {
		char *space = buffer_reserve(ret, room);
		ssize_t n;

		if (!space)
			return -ENOMEM;
		n = read(descriptor, space, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		ret->length += (size_t)n;
		ret->data[ret->length] = '\0';
		total += (size_t)n;
		*ret_reads += n > 0;
		if (n == 0 || ((flags & FILE_READ_SHORT_END) && (size_t)n < room))
			return 0;
		if (total > FILE_MAXIMUM)
			return -EFBIG;
		if (end && file_clock() > end)
			return -ETIME;
		if ((size_t)n == room && room < (1u << 20))
			room *= 2;
	}
}

int file_write(int descriptor, const void *data, size_t length)
{
	ssize_t n;

	do
		n = pwrite(descriptor, data, length, 0);
	while (n < 0 && errno == EINTR);
	/* What cannot be positioned (a few odd files of procfs) stands at its beginning anyway after an open. */
	if (n < 0 && errno == ESPIPE)
		n = write(descriptor, data, length);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

int file_link(int directory, const char *name, struct buffer *ret)
{
	for (size_t room = 256; room <= 65536; room *= 4) {
		char *space = buffer_reserve(ret, room);
		ssize_t n;

		if (!space)
			return -ENOMEM;
		n = readlinkat(directory, name, space, room);
		if (n < 0)
			return -errno;
		if ((size_t)n < room) {
			ret->length += (size_t)n;
			ret->data[ret->length] = '\0';
			return 0;
		}
	}
	return -ENAMETOOLONG;
}

/* A directory "a" sorts as "a/", so that "a-b" comes before all that lies below "a", as it does in a sorted list of paths. */
static int compare_entries(const void *a, const void *b)
{
	const struct file_entry *left = a, *right = b;
	const unsigned char *x = (const unsigned char *)left->name, *y = (const unsigned char *)right->name;
	unsigned int last_x, last_y;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	last_x = *x ? *x : left->type == DT_DIR ? '/' : 0;
	last_y = *y ? *y : right->type == DT_DIR ? '/' : 0;
	return last_x < last_y ? -1 : last_x > last_y;
}

/* The kernel has many of its folders in order: one look then spares a sort. */
static void sort_entries(struct file_entry *list, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (compare_entries(&list[i - 1], &list[i]) > 0) {
			qsort(list, count, sizeof(*list), compare_entries);
			return;
		}
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int add_entries(struct arena *arena, struct buffer *entries, const char *data, size_t length)
{
	for (size_t at = 0; at < length;) {
		const struct dirent64 *entry = (const void *)(data + at);
		struct file_entry kept = { .type = entry->d_type };

		at += entry->d_reclen;
		if (is_dot(entry->d_name))
			continue;
		kept.name = arena_copy(arena, entry->d_name, strlen(entry->d_name));
		if (!kept.name)
			return -ENOMEM;
		buffer_add(entries, &kept, sizeof(kept));
	}
	return entries->failed ? -ENOMEM : 0;
}

/* Some file systems leave the type to be asked for. */
static void fill_types(int directory, struct file_entry *entries, unsigned int count)
{
	struct stat status;

	for (unsigned int i = 0; i < count; i++)
		if (entries[i].type == DT_UNKNOWN && !fstatat(directory, entries[i].name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
			entries[i].type = (uint8_t)IFTODT(status.st_mode);
}

int file_entries(int directory, struct arena *arena, struct file_entry **ret_entries, unsigned int *ret_count)
{
	_cleanup_buffer_ struct buffer entries = { 0 };
	_cleanup_free_ char *data = malloc(32768);
	struct file_entry *list;
	unsigned int count;
	int r;

	if (!data)
		return -ENOMEM;
	for (;;) {
		ssize_t n = getdents64(directory, data, 32768);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		r = add_entries(arena, &entries, data, (size_t)n);
		if (r < 0)
			return r;
	}
	count = (unsigned int)(entries.length / sizeof(*list));
	list = arena_array(arena, struct file_entry, count ? count : 1);
	if (!list)
		return -ENOMEM;
	if (count)
		memcpy(list, entries.data, count * sizeof(*list));
	fill_types(directory, list, count);
	sort_entries(list, count);
	*ret_entries = list;
	*ret_count = count;
	return 0;
}
