/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/sysctl-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "wire/file.h"

#define SYSTEMD (1u << FERRY_LOADER_SYSTEMD)
#define PROCPS  (1u << FERRY_LOADER_PROCPS_OLD | 1u << FERRY_LOADER_PROCPS_NEW)

static const char suffix[] = ".conf";
static const char last_file[] = "/etc/sysctl.conf";

/* From the one that counts most to the one that counts least. */
static const struct {
	const char *path;
	unsigned int loaders;
} folders[] = {
	{ "/etc/sysctl.d", SYSTEMD | PROCPS },     { "/run/sysctl.d", SYSTEMD | PROCPS }, { "/usr/local/lib/sysctl.d", SYSTEMD | PROCPS },
	{ "/usr/lib/sysctl.d", SYSTEMD | PROCPS }, { "/lib/sysctl.d", PROCPS },
};

struct finding {
	struct machine *machine;
	struct arena *arena;
	struct sysctl_files *found;
	struct buffer list; /* of struct sysctl_file */
	struct stat seen[ARRAY_SIZE(folders)];
	unsigned int seen_count;
};

/* What is no regular file is not read: a pipe would wait for a writer for ever. */
static int read_file(struct machine *machine, const char *path, struct buffer *ret, struct stat *ret_status)
{
	_cleanup_close_ int descriptor = file_open(machine->root_descriptor, path, O_RDONLY);

	if (descriptor < 0)
		return descriptor;
	if (fstat(descriptor, ret_status))
		return -errno;
	if (S_ISDIR(ret_status->st_mode))
		return -EISDIR;
	if (!S_ISREG(ret_status->st_mode))
		return S_ISCHR(ret_status->st_mode) ? 0 : -EINVAL;
	return file_read(descriptor, 0, 0, ret);
}

/* A mask, by what the link says: another machine's root may hold no /dev/null. */
static bool leads_to_null(int directory, const char *name)
{
	_cleanup_buffer_ struct buffer target = { 0 };

	return file_link(directory, name, &target) == 0 && !strcmp(target.data, "/dev/null");
}

static const char *words_of(int error)
{
	switch (error) {
	case -ENOENT:
		return "the link leads nowhere";
	case -EISDIR:
		return "it is a folder";
	case -EINVAL:
		return "it is no regular file";
	default:
		return error_text(error);
	}
}

static int fill(struct finding *finding, struct sysctl_file *file)
{
	_cleanup_buffer_ struct buffer content = { 0 };
	struct stat status = { 0 };
	int r;

	file->content = "";
	if (file->null)
		return 0;
	r = read_file(finding->machine, file->path, &content, &status);
	if (r == -ENOMEM)
		return r;
	file->error = r;
	file->error_text = r < 0 ? words_of(r) : NULL;
	file->null = r == 0 && S_ISCHR(status.st_mode);
	/* A file that breaks off gives both programs what came before. */
	if (!content.length)
		return 0;
	file->content = arena_copy(finding->arena, content.data, content.length);
	file->length = content.length;
	return file->content ? 0 : -ENOMEM;
}

static int add_file(struct finding *finding, const char *folder, const char *name, unsigned int loaders, bool null)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	struct sysctl_file file = { .loaders = loaders, .null = null };
	int r;

	buffer_printf(&path, "%s/%s", folder, name);
	if (path.failed)
		return -ENOMEM;
	file.path = arena_copy(finding->arena, path.data, path.length);
	if (!file.path)
		return -ENOMEM;
	file.name = strrchr(file.path, '/') + 1;
	r = fill(finding, &file);
	if (r < 0)
		return r;
	buffer_add(&finding->list, &file, sizeof(file));
	return finding->list.failed ? -ENOMEM : 0;
}

/* /lib is often a link to /usr/lib: the same folder is looked at once. */
static bool was_seen(struct finding *finding, int directory)
{
	struct stat *status = &finding->seen[finding->seen_count];

	if (fstat(directory, status))
		return false;
	for (unsigned int i = 0; i < finding->seen_count; i++)
		if (finding->seen[i].st_dev == status->st_dev && finding->seen[i].st_ino == status->st_ino)
			return true;
	finding->seen_count++;
	return false;
}

static int add_folder(struct finding *finding, const char *folder, unsigned int loaders)
{
	_cleanup_close_ int directory = file_open(finding->machine->root_descriptor, folder, O_RDONLY | O_DIRECTORY);
	_cleanup_arena_ struct arena arena = { 0 };
	struct file_entry *entries;
	unsigned int count;
	int r = directory < 0 ? directory : 0;

	if (r == 0 && was_seen(finding, directory))
		return 0;
	if (r == 0)
		r = file_entries(directory, &arena, &entries, &count);
	if (r == -ENOENT || r == -ENOTDIR || r == -ENOMEM)
		return r == -ENOMEM ? r : 0;
	if (r < 0) {
		finding->found->error_folder = folder;
		finding->found->error = r;
		return 0;
	}
	for (unsigned int i = 0; r == 0 && i < count; i++) {
		size_t length = strlen(entries[i].name);

		if (length < sizeof(suffix) - 1 || strcmp(entries[i].name + length - (sizeof(suffix) - 1), suffix) != 0)
			continue;
		/* systemd passes hidden files over. */
		r = add_file(finding, folder, entries[i].name, entries[i].name[0] == '.' ? loaders & ~SYSTEMD : loaders,
			     entries[i].type == DT_LNK && leads_to_null(directory, entries[i].name));
	}
	return r;
}

static int add_last(struct finding *finding)
{
	struct machine *machine = finding->machine;
	_cleanup_close_ int descriptor = file_open(machine->root_descriptor, last_file, O_PATH);
	struct stat status;

	/* procps does not even try where it is no regular file. */
	if (descriptor < 0 || fstat(descriptor, &status) || !S_ISREG(status.st_mode))
		return 0;
	return add_file(finding, "/etc", "sysctl.conf", PROCPS, false);
}

struct numbered {
	struct sysctl_file file;
	unsigned int folder; /* the order in which they were found */
};

static int compare(const void *a, const void *b)
{
	const struct numbered *left = a, *right = b;
	int r = strcmp(left->file.name, right->file.name);

	return r ? r : left->folder < right->folder ? -1 : left->folder > right->folder;
}

/* Sorts by name over all folders and finds who masks whom. */
static int arrange(struct finding *finding)
{
	unsigned int count = (unsigned int)(finding->list.length / sizeof(struct sysctl_file));
	struct sysctl_file *list = arena_array(finding->arena, struct sysctl_file, count + 1);
	_cleanup_free_ struct numbered *numbered = calloc(count + 1, sizeof(*numbered));
	const char *loaded = NULL, *name = NULL;

	if (!list || !numbered)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++)
		numbered[i] = (struct numbered){ ((const struct sysctl_file *)finding->list.data)[i], i };
	if (count)
		qsort(numbered, count, sizeof(*numbered), compare);
	for (unsigned int i = 0; i < count; i++) {
		list[i] = numbered[i].file;
		if (name && !strcmp(name, list[i].name))
			list[i].masked_by = loaded;
		else
			loaded = list[i].path;
		name = list[i].name;
	}
	finding->found->list = list;
	finding->found->count = count;
	return 0;
}

int sysctl_files(struct machine *machine, struct arena *arena, struct sysctl_files *ret)
{
	struct sysctl_files found = { 0 };
	struct finding finding = { .machine = machine, .arena = arena, .found = &found };
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < ARRAY_SIZE(folders); i++)
		r = add_folder(&finding, folders[i].path, folders[i].loaders);
	if (r == 0)
		r = arrange(&finding);
	buffer_clear(&finding.list);
	if (r == 0)
		r = add_last(&finding);
	if (r == 0 && finding.list.length)
		memcpy(&found.list[found.count++], finding.list.data, sizeof(*found.list));
	buffer_done(&finding.list);
	if (r == 0)
		*ret = found;
	return r;
}
