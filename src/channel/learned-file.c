/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/learned-file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/folder.h"
#include "base/replace.h"
#include "wire/file.h"

#define NOTES        "/sys/kernel/notes"
#define ROOT_FOLDER  "/var/cache/ferry"
#define SIZE_MAXIMUM (4 << 20)

/* ---- The build id ---- */

int learned_build_id_in(const void *data, size_t length, char ret[BUILD_ID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *at = data;

	while (length >= sizeof(Elf64_Nhdr)) {
		size_t name, text;
		Elf64_Nhdr note;

		memcpy(&note, at, sizeof(note));
		at += sizeof(note);
		length -= sizeof(note);
		name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
		text = ((size_t)note.n_descsz + 3) & ~(size_t)3;
		if (name > length || text > length - name)
			return -ENOENT;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(at, "GNU", 4) == 0 && note.n_descsz >= 8 &&
		    note.n_descsz <= (BUILD_ID_TEXT - 1) / 2) {
			for (size_t i = 0; i < note.n_descsz; i++) {
				ret[2 * i] = digits[at[name + i] >> 4];
				ret[2 * i + 1] = digits[at[name + i] & 15];
			}
			ret[2 * note.n_descsz] = '\0';
			return 0;
		}
		at += name + text;
		length -= name + text;
	}
	return -ENOENT;
}

int learned_build_id(char ret[BUILD_ID_TEXT])
{
	_cleanup_close_ int descriptor = open(NOTES, O_RDONLY | O_CLOEXEC);
	_cleanup_buffer_ struct buffer notes = { 0 };

	if (descriptor < 0 || file_read(descriptor, 0, 0, &notes) < 0 || notes.failed)
		return -ENOENT;
	return learned_build_id_in(notes.data, notes.length, ret);
}

/* ---- The file ---- */

static bool add_own_folder(struct buffer *path)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0) {
		/* What root believes lies where nobody else writes, whatever the environment says. */
		buffer_add_text(path, ROOT_FOLDER);
		return true;
	}
	if (cache && cache[0] == '/') {
		buffer_printf(path, "%s/ferry", cache);
		return true;
	}
	if (home && home[0] == '/') {
		buffer_printf(path, "%s/.cache/ferry", home);
		return true;
	}
	return false;
}

/* Whether it is ours or root's, and nobody else can write it. */
static int check_owner(const struct stat *status, const char *path, struct error *error)
{
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(error, -EPERM, "%s belongs to another user (uid %u): it is not believed", path, status->st_uid);
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(error, -EPERM, "%s can be written by others: it is not believed", path);
	return 0;
}

/* The folder and the file, each by a descriptor, so that what was looked at is what is read. */
static int open_checked(const char *folder, const char *name, struct error *error)
{
	_cleanup_close_ int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int descriptor = -1;
	struct stat status;
	int r;

	if (directory < 0)
		return -errno;
	if (fstat(directory, &status) < 0)
		return -errno;
	r = check_owner(&status, folder, error);
	if (r < 0)
		return r;
	descriptor = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size > SIZE_MAXIMUM)
		return error_set(error, -EBADMSG, "%s/%s is not a file of what was learned", folder, name);
	r = check_owner(&status, name, error);
	return r < 0 ? r : TAKE_DESCRIPTOR(descriptor);
}

static int load_from(const char *folder, const char *build, struct learned *ret, struct error *error)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	_cleanup_close_ int descriptor = -1;
	char name[sizeof("learned-") + BUILD_ID_TEXT];
	int r;

	snprintf(name, sizeof(name), "learned-%s", build);
	descriptor = open_checked(folder, name, error);
	if (descriptor == -ENOENT || descriptor == -ENOTDIR || descriptor == -EACCES)
		return -ENOENT;
	if (descriptor < 0)
		return error && error->code == descriptor ? descriptor
							  : error_set(error, descriptor, "%s/%s: %s", folder, name, error_text(descriptor));
	r = file_read(descriptor, 0, 0, &text);
	if (r < 0 || text.failed)
		return error_set(error, r < 0 ? r : -ENOMEM, "%s/%s: %s", folder, name, error_text(r));
	r = learned_parse(text.data ? text.data : "", text.length, build, ret, error);
	return r < 0 ? error_wrap(error, "%s/%s", folder, name) : 0;
}

int learned_load(struct learned *ret, struct error *error)
{
	_cleanup_buffer_ struct buffer own = { 0 };
	char build[BUILD_ID_TEXT];
	int r = learned_build_id(build);

	if (r < 0)
		return r;
	if (geteuid() != 0 && add_own_folder(&own)) {
		r = own.failed ? -ENOMEM : load_from(own.data, build, ret, error);
		if (r != -ENOENT)
			return r;
	}
	return load_from(ROOT_FOLDER, build, ret, error);
}

/* It says nothing but what the kernel tells everybody. */
static int let_others_read(const char *path)
{
	return chmod(path, 0644) < 0 ? -errno : 0;
}

int learned_save(const struct buffer *text, char **ret_path, struct error *error)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	char build[BUILD_ID_TEXT];
	struct stat status;
	int r = learned_build_id(build);

	if (r < 0)
		return error_set(error, r, "the kernel tells no build id in " NOTES ", by which what is learned is kept");
	if (!add_own_folder(&path) || path.failed)
		return error_set(error, -ENOENT, "no place for what is learned: neither XDG_CACHE_HOME nor HOME is set");
	r = folders_make(path.data, error);
	if (r < 0)
		return r;
	if (stat(path.data, &status) < 0)
		return error_set(error, -errno, "%s: %s", path.data, error_text(errno));
	r = check_owner(&status, path.data, error);
	if (r < 0)
		return r;
	/* Other users read what root has learned. */
	if (geteuid() == 0 && (r = chmod(path.data, 0755) < 0 ? -errno : 0) < 0)
		return error_set(error, r, "%s: %s", path.data, error_text(r));
	buffer_printf(&path, "/learned-%s", build);
	if (path.failed)
		return error_set(error, -ENOMEM, "no memory for the name of a file");
	r = replace_file(path.data, text->data, text->length, error);
	if (r < 0)
		return r;
	r = geteuid() == 0 ? let_others_read(path.data) : 0;
	if (r < 0)
		return error_set(error, r, "%s: %s", path.data, error_text(r));
	*ret_path = buffer_take(&path);
	return *ret_path ? 0 : error_set(error, -ENOMEM, "no memory for the name of a file");
}
