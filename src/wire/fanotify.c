/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One group a file system, behind one descriptor. fanotify gives the file itself, opened as the group says: that of proc for reading; that of sysfs
 * for writing, as whatever was written can be opened so, which a write-only attribute cannot be for reading (sysfs looks at its mode at every open,
 * proc does not). Source: fanotify(7). */
#include "wire/fanotify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/fanotify.h>
#include <sys/vfs.h>

#include "base/cleanup.h"

#define PLACE_MAXIMUM 4
/* At most so many reads of a group and call, of so many events: each of them is an open file for a moment. */
#define READ_ROUNDS 64
#define READ_EVENTS 128

/* In <linux/fanotify.h> since 6.13: what could not be opened is told with its errno instead of failing the read. */
#ifndef FAN_REPORT_FD_ERROR
#define FAN_REPORT_FD_ERROR 0x00002000
#endif

struct place {
	char *path; /* as the caller spells it: "/sys" */
	int group;
	bool write_only; /* files come opened for writing */
};

struct fanotify {
	int poll;
	struct place places[PLACE_MAXIMUM];
	unsigned int count;
	/* of the fanotify_read() under way */
	fanotify_function *function;
	void *data;
	uint64_t lost;
};

static void lost_add(struct fanotify *fanotify, uint64_t count)
{
	if (count == UINT64_MAX || fanotify->lost == UINT64_MAX)
		fanotify->lost = UINT64_MAX;
	else
		fanotify->lost += count;
}

static int group_open(bool write_only)
{
	unsigned int flags = FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK;
	unsigned int file_flags = (write_only ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_LARGEFILE | O_NONBLOCK;
	int group = fanotify_init(flags | FAN_REPORT_FD_ERROR, file_flags);

	if (group < 0 && errno == EINVAL)
		group = fanotify_init(flags, file_flags);
	return group < 0 ? -errno : group;
}

static int watch(struct fanotify *fanotify, const char *path)
{
	struct place *place = &fanotify->places[fanotify->count];
	struct epoll_event event = { .events = EPOLLIN };
	_cleanup_close_ int directory = -1;
	struct statfs status;

	place->path = strdup(path);
	if (!place->path)
		return -ENOMEM;
	place->group = -1;
	fanotify->count++;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || fstatfs(directory, &status) < 0)
		return -errno;
	place->write_only = status.f_type == SYSFS_MAGIC;
	place->group = group_open(place->write_only);
	if (place->group < 0)
		return place->group;
	if (fanotify_mark(place->group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_MODIFY, directory, NULL) < 0 ||
	    epoll_ctl(fanotify->poll, EPOLL_CTL_ADD, place->group, &event) < 0)
		return -errno;
	return 0;
}

int fanotify_open(const char *const *paths, struct fanotify **ret, struct error *error)
{
	struct fanotify *fanotify = calloc(1, sizeof(*fanotify));
	int r;

	if (!fanotify)
		return error_set(error, -ENOMEM, "no memory to watch files");
	fanotify->poll = epoll_create1(EPOLL_CLOEXEC);
	r = fanotify->poll < 0 ? -errno : 0;
	for (; r == 0 && *paths; paths++) {
		r = fanotify->count < PLACE_MAXIMUM ? watch(fanotify, *paths) : -E2BIG;
		if (r < 0)
			break;
	}
	if (r < 0) {
		if (r == -EPERM)
			error_set(error, r, "cannot watch writes to %s: needs CAP_SYS_ADMIN", *paths ? *paths : "files");
		else
			error_set(error, r, "cannot watch writes to %s: %s", *paths ? *paths : "files", error_text(r));
		fanotify_close(fanotify);
		return r;
	}
	*ret = fanotify;
	return 0;
}

struct fanotify *fanotify_close(struct fanotify *fanotify)
{
	if (!fanotify)
		return NULL;
	for (unsigned int i = 0; i < fanotify->count; i++) {
		if (fanotify->places[i].group >= 0)
			close(fanotify->places[i].group);
		free(fanotify->places[i].path);
	}
	if (fanotify->poll >= 0)
		close(fanotify->poll);
	free(fanotify);
	return NULL;
}

int fanotify_descriptor(const struct fanotify *fanotify)
{
	return fanotify->poll;
}

/* The name that the kernel has for an open file, seen from our root. Length or negative errno. */
static ssize_t descriptor_path(int descriptor, char *path, size_t size)
{
	char link[40];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	length = readlink(link, path, size - 1);
	if (length < 0)
		return -errno;
	path[length] = 0;
	return length;
}

/* What stands below PREFIX in PATH ("" or "/..."), or NULL where PATH is elsewhere. */
static const char *below(const char *path, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(path, prefix, length))
		return NULL;
	return path[length] == '/' || !path[length] ? path + length : NULL;
}

static long mount_of(int descriptor)
{
	_cleanup_fclose_ FILE *file = NULL;
	char name[40], line[128];
	long mount = -1;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", descriptor);
	file = fopen(name, "re");
	while (file && mount < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "mnt_id: %ld", &mount) == 1)
			break;
	return mount;
}

/* Where the file was reached by another mount of the same file system: its path below that mount's place. False where that mount is not one that we
 * see: then the kernel's name for it begins at the mount already. */
static bool below_mount(int descriptor, const char *path, char *out, size_t size)
{
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	long wanted = mount_of(descriptor);
	size_t room = 0;

	file = fopen("/proc/self/mountinfo", "re");
	while (file && wanted >= 0 && getline(&line, &room, file) > 0) {
		char *top, *place, *save = NULL, *number = strtok_r(line, " ", &save);
		const char *rest;

		if (!number || strtol(number, NULL, 10) != wanted)
			continue;
		strtok_r(NULL, " ", &save);
		strtok_r(NULL, " ", &save);
		top = strtok_r(NULL, " ", &save);
		place = strtok_r(NULL, " ", &save);
		rest = top && place ? below(path, place) : NULL;
		if (!rest)
			return false;
		snprintf(out, size, "%s%s", strcmp(top, "/") ? top : "", rest);
		return true;
	}
	return false;
}

/* The open file's path as the caller spells the place, also where it was written by way of another mount. */
static bool file_path(const struct place *place, int descriptor, char *out, size_t size)
{
	char path[PATH_MAX], inner[PATH_MAX];

	if (descriptor_path(descriptor, path, sizeof(path)) < 0)
		return false;
	if (below(path, place->path))
		return (size_t)snprintf(out, size, "%s", path) < size;
	if (!below_mount(descriptor, path, inner, sizeof(inner)))
		memcpy(inner, path, sizeof(inner));
	return (size_t)snprintf(out, size, "%s%s", place->path, inner) < size;
}

static int reopen(int descriptor)
{
	char link[40];
	int again;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	again = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return again < 0 ? -errno : again;
}

static int tell(struct fanotify *fanotify, const struct place *place, const struct fanotify_event_metadata *metadata)
{
	struct fanotify_event event = { .pid = metadata->pid, .descriptor = metadata->fd };
	_cleanup_close_ int again = -1;
	char path[PATH_MAX];

	if (metadata->mask & FAN_Q_OVERFLOW) {
		lost_add(fanotify, UINT64_MAX);
		return 0;
	}
	if (metadata->fd < 0) {
		event.error = metadata->fd < FAN_NOFD ? metadata->fd : -EIO;
	} else if (file_path(place, metadata->fd, path, sizeof(path))) {
		event.path = path;
		if (place->write_only)
			event.descriptor = again = reopen(metadata->fd);
		event.error = event.descriptor < 0 ? event.descriptor : 0;
	}
	if (event.descriptor < 0)
		event.descriptor = -1;
	if (!event.path)
		lost_add(fanotify, 1);
	return fanotify->function(fanotify->data, &event);
}

/* One buffer full. 1 where there was something, 0 where not. */
static int read_group(struct fanotify *fanotify, const struct place *place)
{
	struct fanotify_event_metadata buffer[READ_EVENTS];
	const struct fanotify_event_metadata *metadata = buffer;
	ssize_t length = read(place->group, buffer, sizeof(buffer));
	int r = 0;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (length < 0) {
		/* Without FAN_REPORT_FD_ERROR the read itself fails for a file that cannot be opened, and that event is gone. */
		if (errno == EBADF || errno == EFAULT || errno == EINVAL)
			return -errno;
		lost_add(fanotify, 1);
		return 1;
	}
	for (; FAN_EVENT_OK(metadata, length); metadata = FAN_EVENT_NEXT(metadata, length)) {
		if (metadata->vers != FANOTIFY_METADATA_VERSION)
			return -EPROTO;
		/* Those behind one that ended the walk are dropped, but their files must not stay open. */
		if (r == 0)
			r = tell(fanotify, place, metadata);
		else
			lost_add(fanotify, 1);
		if (metadata->fd >= 0)
			close(metadata->fd);
	}
	return r ? r : 1;
}

int fanotify_read(struct fanotify *fanotify, fanotify_function *function, void *data, uint64_t *ret_lost)
{
	int r = 0;

	fanotify->function = function;
	fanotify->data = data;
	fanotify->lost = 0;
	for (unsigned int i = 0; i < fanotify->count && (r == 0 || r == 1); i++) {
		r = 1;
		for (unsigned int round = 0; r == 1 && round < READ_ROUNDS; round++)
			r = read_group(fanotify, &fanotify->places[i]);
	}
	*ret_lost = fanotify->lost;
	return r == 1 ? 0 : r;
}
