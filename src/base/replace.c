/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int check_place(const char *path, struct error *error)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : failed(error, "look at", path);
	return S_ISREG(status.st_mode) ? 0 : error_set(error, -EINVAL, "%s is there and is no ordinary file: it is not replaced", path);
}

int replacement_begin(const char *path, struct replacement *ret, struct error *error)
{
	struct replacement replacement = { .path = path, .descriptor = -1 };
	int r = check_place(path, error);

	*ret = replacement;
	if (r < 0)
		return r;
	if (asprintf(&replacement.temporary, "%s.XXXXXX", path) < 0)
		return error_set(error, -ENOMEM, "no memory for the name of a file");
	replacement.descriptor = mkostemp(replacement.temporary, O_CLOEXEC); /* mode 0600 */
	if (replacement.descriptor < 0) {
		r = failed(error, "create", path);
		free(replacement.temporary);
		return r;
	}
	*ret = replacement;
	return 0;
}

int replacement_add(struct replacement *replacement, const void *data, size_t length, struct error *error)
{
	const char *next = data;

	while (length) {
		ssize_t written = write(replacement->descriptor, next, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return failed(error, "write", replacement->path);
		next += written;
		length -= (size_t)written;
	}
	return 0;
}

int replacement_end(struct replacement *replacement, struct error *error)
{
	if (fsync(replacement->descriptor) < 0)
		return failed(error, "write", replacement->path);
	if (rename(replacement->temporary, replacement->path) < 0)
		return failed(error, "replace", replacement->path);
	free(replacement->temporary);
	replacement->temporary = NULL;
	return sync_folder(replacement->path, error);
}

void replacement_drop(struct replacement *replacement)
{
	if (replacement->temporary)
		unlink(replacement->temporary);
	free(replacement->temporary);
	if (replacement->descriptor >= 0)
		close(replacement->descriptor);
	*replacement = (struct replacement){ .descriptor = -1 };
}

int replace_file(const char *path, const void *data, size_t length, struct error *error)
{
	struct replacement replacement;
	int r = replacement_begin(path, &replacement, error);

	if (r == 0)
		r = replacement_add(&replacement, data, length, error);
	if (r == 0)
		r = replacement_end(&replacement, error);
	replacement_drop(&replacement);
	return r;
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
