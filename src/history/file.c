/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file in its folder: made private, trusted or refused, and locked against a second recorder.
 *
 * The database file is never opened here once it exists: SQLite's locks are POSIX locks, and closing any descriptor of the file would drop those that
 * another connection of this process holds. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/folder.h"
#include "history/store.h"

/* The folder that PATH names the file in. */
static int folder_of(const char *path, char **ret_folder, const char **ret_name, struct error *error)
{
	const char *slash = strrchr(path, '/');
	char *folder;

	*ret_name = slash ? slash + 1 : path;
	if (**ret_name == '\0' || strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0)
		return error_set(error, -EINVAL, "%s: the history needs the name of a file", path[0] ? path : "\"\"");
	if (!slash)
		folder = strdup(".");
	else
		folder = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
	if (!folder)
		return error_set(error, -ENOMEM, "out of memory");
	*ret_folder = folder;
	return 0;
}

int file_resolve(const char *path, bool make, char **ret, struct error *error)
{
	_cleanup_free_ char *folder = NULL, *real = NULL;
	const char *name;
	char *joined;
	int r = folder_of(path, &folder, &name, error);

	if (r < 0)
		return r;
	if (make) {
		r = folders_make(folder, error);
		if (r < 0)
			return r;
	}
	real = realpath(folder, NULL);
	if (!real) {
		r = -errno;
		return error_set(error, r, "the folder of the history, %s: %s", folder, error_text(r));
	}
	if (asprintf(&joined, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	*ret = joined;
	return 0;
}

/* Whether another user could put something in the file's place: then what we write, as root perhaps, would follow their wish. */
static int check_folder(const char *path, struct error *error)
{
	_cleanup_free_ char *folder = NULL;
	const char *name;
	struct stat status;
	int r = folder_of(path, &folder, &name, error);

	if (r < 0)
		return r;
	if (stat(folder, &status) < 0) {
		r = -errno;
		return error_set(error, r, "the folder of the history, %s: %s", folder, error_text(r));
	}
	if (status.st_mode & S_ISVTX)
		return 0; /* as /tmp: a file belongs to its owner there */
	if (status.st_mode & S_IWOTH)
		return error_set(error, -EPERM, "the folder %s may be written by everybody: keep the history where others cannot replace it", folder);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return error_set(error, -EPERM, "the folder %s belongs to another user (uid %u), who could replace the history", folder,
				 (unsigned int)status.st_uid);
	return 0;
}

static int check_file(const char *path, const struct stat *status, struct error *error)
{
	if (S_ISLNK(status->st_mode))
		return error_set(error, -ELOOP, "%s is a symbolic link: name the file itself", path);
	if (!S_ISREG(status->st_mode))
		return error_set(error, -ENOTSUP, "%s is not a file", path);
	if (status->st_uid != geteuid())
		return error_set(error, -EPERM, "%s belongs to another user (uid %u): record as that user, or into a file of your own", path,
				 (unsigned int)status->st_uid);
	return 0;
}

int file_prepare(const char *path, struct error *error)
{
	_cleanup_close_ int descriptor = -1;
	struct stat status;
	int r = check_folder(path, error);

	if (r < 0)
		return r;
	if (lstat(path, &status) == 0)
		return check_file(path, &status, error);
	if (errno != ENOENT) {
		r = -errno;
		return error_set(error, r, "%s: %s", path, error_text(r));
	}
	descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (descriptor < 0 || fchmod(descriptor, 0600) < 0) {
		r = -errno;
		return error_set(error, r, "cannot create the history %s: %s", path, error_text(r));
	}
	return 0;
}

int file_identify(const char *path, struct file_identity *ret, struct error *error)
{
	struct stat status;

	if (lstat(path, &status) < 0) {
		int r = -errno;

		return error_set(error, r, "the history %s: %s", path, r == -ENOENT ? "the file was removed" : error_text(r));
	}
	*ret = (struct file_identity){ status.st_dev, status.st_ino };
	return 0;
}

static int lock_path(const char *path, char **ret)
{
	return asprintf(ret, "%s.lock", path) < 0 ? -ENOMEM : 0;
}

/* An open file description lock: it dies with the descriptor, and no close() of another descriptor drops it. */
static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

static int lock_refused(const char *path, int descriptor, struct error *error)
{
	char text[32] = "";
	ssize_t length = pread(descriptor, text, sizeof(text) - 1, 0);
	size_t digits;

	if (length < 0)
		length = 0;
	text[length] = '\0';
	digits = strspn(text, "0123456789");
	text[digits] = '\0';
	if (digits == 0)
		return error_set(error, -EBUSY, "another recorder keeps the history %s", path);
	return error_set(error, -EBUSY, "another recorder (pid %s) keeps the history %s", text, path);
}

int file_lock(const char *path, int *ret_descriptor, struct error *error)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_close_ int descriptor = -1;
	struct flock lock = whole_file(F_WRLCK);
	struct stat status;
	char text[32];
	int length, r;

	if (lock_path(path, &name) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	descriptor = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (descriptor < 0 || fstat(descriptor, &status) < 0) {
		r = -errno;
		return error_set(error, r, "cannot lock the history %s: %s", path, error_text(r));
	}
	r = check_file(name, &status, error);
	if (r < 0)
		return r;
	if (fcntl(descriptor, F_OFD_SETLK, &lock) < 0) {
		r = -errno;
		if (r == -EAGAIN || r == -EACCES)
			return lock_refused(path, descriptor, error);
		return error_set(error, r, "cannot lock the history %s: %s", path, error_text(r));
	}
	/* The pid is for words only; the lock holds without it, so a full disk is no reason to stop here. */
	length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text, (size_t)length, 0) < 0)
		r = 0;
	*ret_descriptor = TAKE_DESCRIPTOR(descriptor);
	return 0;
}

bool file_locked(const char *path)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_close_ int descriptor = -1;
	struct flock lock = whole_file(F_RDLCK);

	if (lock_path(path, &name) < 0)
		return false;
	descriptor = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	/* Asked, not taken: a recorder that starts at this moment is not kept out. */
	return descriptor >= 0 && fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
