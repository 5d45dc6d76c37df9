/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int failed(struct error *error, const char *what, const char *path)
{
	int r = -errno;

	return error_set(error, r, "cannot %s %s: %s", what, path, error_text(r));
}

/* What was renamed is only there after a crash once its folder is on the disk. */
static int sync_folder(const char *path, struct error *error)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	_cleanup_close_ int descriptor = -1;

	if (!folder)
		return error_set(error, -ENOMEM, "no memory for the name of a folder");
	descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return failed(error, "open the folder", folder);
	if (fsync(descriptor) < 0)
		return failed(error, "sync the folder", folder);
	return 0;
}

static int write_whole(int descriptor, const char *data, size_t length)
{
	while (length) {
		ssize_t written = write(descriptor, data, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		data += written;
		length -= (size_t)written;
	}
	return fsync(descriptor);
}

static int check_place(const char *path, struct error *error)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : failed(error, "look at", path);
	return S_ISREG(status.st_mode) ? 0 : error_set(error, -EINVAL, "%s is there and is no ordinary file: it is not replaced", path);
}

int replace_file(const char *path, const void *data, size_t length, struct error *error)
{
	_cleanup_free_ char *temporary = NULL;
	_cleanup_close_ int descriptor = -1;
	int r = check_place(path, error);

	if (r < 0)
		return r;
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return error_set(error, -ENOMEM, "no memory for the name of a file");
	}
	descriptor = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (descriptor < 0)
		return failed(error, "create", path);
	if (write_whole(descriptor, data, length) < 0)
		r = failed(error, "write", path);
	else if (rename(temporary, path) < 0)
		r = failed(error, "replace", path);
	if (r < 0) {
		unlink(temporary);
		return r;
	}
	return sync_folder(path, error);
}

int remove_file(const char *path, struct error *error)
{
	if (unlink(path) < 0)
		return errno == ENOENT ? 0 : failed(error, "remove", path);
	return sync_folder(path, error);
}

int rename_file(const char *old_path, const char *new_path, struct error *error)
{
	if (rename(old_path, new_path) < 0)
		return failed(error, "rename", old_path);
	return sync_folder(new_path, error);
}
