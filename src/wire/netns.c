/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two views must change, by different rules: /proc/sys/net and /proc/net follow the network namespace of the one who opens a file, but /sys/class/net
 * and /sys/devices/virtual/net that of the one who mounted the sysfs. So entering alone would leave the caller's interfaces in /sys.
 */
#include "wire/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "base/buffer.h"

#define FOLDER "/run/netns/"
#define SYSFS  "/sys"
/* Mounts kept below /sys (control groups, tracefs, debugfs, bpf, security, ...). */
#define MOUNTS_MAXIMUM 64

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 11;
}

/* A name wins over a process: the process can be written as a path. */
static int open_named(const char *name, struct buffer *path)
{
	int descriptor = -1;

	if (strchr(name, '/')) {
		buffer_add_text(path, name);
	} else {
		buffer_printf(path, FOLDER "%s", name);
		if (path->failed)
			return -ENOMEM;
		descriptor = open(path->data, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (descriptor >= 0 || errno != ENOENT || !is_number(name))
			return descriptor < 0 ? -errno : descriptor;
		buffer_clear(path);
		buffer_printf(path, "/proc/%s/ns/net", name);
	}
	if (path->failed)
		return -ENOMEM;
	descriptor = open(path->data, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return descriptor < 0 ? -errno : descriptor;
}

static int refuse_name(const char *name, int code, struct error *error)
{
	_cleanup_buffer_ struct buffer shown = { 0 };
	const char *text;

	buffer_add_escaped(&shown, name, strnlen(name, 128));
	text = shown.failed || !shown.data ? "" : shown.data;
	switch (code) {
	case -ENOENT:
	case -ENOTDIR:
	case -ENAMETOOLONG:
	case -ESRCH:
		if (strchr(name, '/'))
			return error_set(error, -ENOENT, "there is no network namespace %s: no such file", text);
		return error_set(error, -ENOENT, "there is no network namespace \"%s\": nothing at " FOLDER "%s%s (\"ip netns\" lists them)", text,
				 text, is_number(name) ? ", and no such process" : "");
	case -EACCES:
	case -EPERM:
		return error_set(error, code, "cannot open the network namespace %s: %s; that needs root, or of another's process CAP_SYS_PTRACE",
				 text, error_text(code));
	default:
		return error_set(error, code, "cannot open the network namespace %s: %s", text, error_text(code));
	}
}

int netns_open(const char *name, struct error *error)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	_cleanup_close_ int descriptor = -1;

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return error_set(error, -EINVAL, "the name of the network namespace is empty");
	descriptor = open_named(name, &path);
	if (descriptor < 0)
		return refuse_name(name, descriptor, error);
	if (ioctl(descriptor, NS_GET_NSTYPE) != CLONE_NEWNET) {
		_cleanup_buffer_ struct buffer shown = { 0 };

		buffer_add_escaped(&shown, path.data, path.length);
		return error_set(error, -EINVAL, "%s is no network namespace", shown.failed || !shown.data ? "it" : shown.data);
	}
	return TAKE_DESCRIPTOR(descriptor);
}

/* ---- What is mounted below /sys ---- */

struct mounts {
	char *paths[MOUNTS_MAXIMUM];
	int trees[MOUNTS_MAXIMUM]; /* copies that are mounted nowhere */
	unsigned int count;
};

static void mounts_done(struct mounts *mounts)
{
	for (unsigned int i = 0; i < mounts->count; i++) {
		free(mounts->paths[i]);
		if (mounts->trees[i] >= 0)
			close(mounts->trees[i]);
	}
}

static bool covers(const struct mounts *mounts, const char *path)
{
	for (unsigned int i = 0; i < mounts->count; i++) {
		const size_t length = strlen(mounts->paths[i]);

		if (!strncmp(path, mounts->paths[i], length) && (path[length] == '/' || !path[length]))
			return true;
	}
	return false;
}

/* A copy of the mount at PATH with all that is mounted below it. */
static void keep_mount(struct mounts *mounts, const char *path)
{
	int tree;

	if (strncmp(path, SYSFS "/", strlen(SYSFS) + 1) || strchr(path, '\\') || mounts->count == MOUNTS_MAXIMUM || covers(mounts, path))
		return;
	tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0)
		return;
	mounts->paths[mounts->count] = strdup(path);
	mounts->trees[mounts->count] = tree;
	if (mounts->paths[mounts->count])
		mounts->count++;
	else
		close(tree);
}

/* The fifth word of each line of mountinfo is where it is mounted: proc_pid_mountinfo(5). */
static void keep_mounts(struct mounts *mounts)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/thread-self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		char *next = line, *word = NULL;

		for (unsigned int i = 0; i < 5 && next; i++)
			word = strsep(&next, " ");
		if (next)
			keep_mount(mounts, word);
	}
}

static void put_mounts_back(const struct mounts *mounts)
{
	for (unsigned int i = 0; i < mounts->count; i++)
		(void)!move_mount(mounts->trees[i], "", AT_FDCWD, mounts->paths[i], MOVE_MOUNT_F_EMPTY_PATH);
}

/* ---- Entering ---- */

static int refuse(const char *name, int code, const char *what, struct error *error)
{
	_cleanup_buffer_ struct buffer shown = { 0 };

	buffer_add_escaped(&shown, name, strnlen(name, 128));
	return error_set(error, code, "cannot enter the network namespace %s: %s: %s%s", shown.failed || !shown.data ? "" : shown.data, what,
			 error_text(code), code == -EPERM || code == -EACCES ? "; that needs CAP_SYS_ADMIN (root)" : "");
}

/* A mount namespace of our own, from which nothing spreads. Below a root that is no mount (chroot) it is enough for the mount that is covered. */
static int leave_mounts(void)
{
	if (unshare(CLONE_NEWNS))
		return -errno;
	if (!mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) || (errno == EINVAL && !mount(NULL, SYSFS, NULL, MS_REC | MS_SLAVE, NULL)))
		return 0;
	return -errno;
}

/*
 * The sysfs of the namespace that the thread is in, as writable as the one that it covers. 0 where that one is it already, as in the caller's own
 * namespace: a file system is not mounted over its own root (EBUSY, do_add_mount() in the kernel's fs/namespace.c). 1 where it was mounted.
 */
static int mount_sysfs(void)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	struct statvfs status;

	if (!statvfs(SYSFS, &status) && status.f_flag & ST_RDONLY)
		flags |= MS_RDONLY;
	if (!mount("sysfs", SYSFS, "sysfs", flags, NULL))
		return 1;
	return errno == EBUSY ? 0 : -errno;
}

/* DESCRIPTOR -1: a new one. */
static int enter(int descriptor, const char *name, struct error *error)
{
	_cleanup_close_ int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	_cleanup_(mounts_done) struct mounts mounts = { 0 };
	int r;

	if (own < 0)
		return refuse(name, -errno, "/proc/thread-self/ns/net", error);
	r = leave_mounts();
	if (r < 0)
		return refuse(name, r, "a mount namespace for its sysfs", error);
	keep_mounts(&mounts);
	if (descriptor < 0 ? unshare(CLONE_NEWNET) : setns(descriptor, CLONE_NEWNET))
		return refuse(name, -errno, descriptor < 0 ? "unshare" : "setns", error);
	r = mount_sysfs();
	if (r < 0) {
		if (setns(own, CLONE_NEWNET))
			return refuse(name, -errno, "its sysfs cannot be mounted, nor can we go back", error);
		return refuse(name, r, "its sysfs", error);
	}
	if (r > 0)
		put_mounts_back(&mounts);
	return 0;
}

int netns_enter(int descriptor, const char *name, struct error *error)
{
	return enter(descriptor, name, error);
}

static int put(const char *path, const char *text)
{
	_cleanup_close_ int descriptor = open(path, O_WRONLY | O_CLOEXEC);

	return descriptor < 0 || write(descriptor, text, strlen(text)) < 0 ? -errno : 0;
}

/* Root in a user namespace of our own, which is nobody else outside of it than before. */
static int become_root(void)
{
	const unsigned int user = geteuid(), group = getegid();
	char users[32], groups[32];
	int r;

	snprintf(users, sizeof(users), "0 %u 1", user);
	snprintf(groups, sizeof(groups), "0 %u 1", group);
	if (unshare(CLONE_NEWUSER))
		return -errno;
	r = put("/proc/self/setgroups", "deny");
	if (r == 0)
		r = put("/proc/self/uid_map", users);
	return r < 0 ? r : put("/proc/self/gid_map", groups);
}

int netns_make(struct error *error)
{
	int r = enter(-1, "of our own", error);

	if (r != -EPERM)
		return r;
	r = become_root();
	if (r < 0)
		return error_set(error, r, "no namespaces of our own: %s; that needs root, or user namespaces that users may make", error_text(r));
	return enter(-1, "of our own", error);
}
