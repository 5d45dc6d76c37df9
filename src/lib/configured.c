/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry_configured(): the files are found by the channel, worked out twice (as the program that loads them and as the other one) and compared. */
#include "lib/configured.h"

#include <errno.h>
#include <string.h>

#include "model/address.h"

const char *ferry_loader_name(enum ferry_loader loader)
{
	static const char *const names[] = {
		[FERRY_LOADER_BOOT] = "boot",
		[FERRY_LOADER_SYSTEMD] = "systemd",
		[FERRY_LOADER_PROCPS] = "procps",
		[FERRY_LOADER_PROCPS_OLD] = "procps-4.0.4",
		[FERRY_LOADER_PROCPS_NEW] = "procps-4.0.5",
	};

	return (size_t)loader < ARRAY_SIZE(names) ? names[loader] : NULL;
}

struct expanding {
	struct machine *machine;
	int error; /* a folder that could not be read */
};

static int expand(void *data, const char *pattern, configured_found_function *found, void *found_data)
{
	struct expanding *expanding = data;
	int r = sysctl_expand(expanding->machine, pattern, found, found_data);

	if (r == -EACCES || r == -EPERM) {
		expanding->error = r;
		return 0;
	}
	return r;
}

/* Those of the files that LOADER loads, with the masked ones. */
static int resolve(struct ferry_configured *configured, enum ferry_loader loader, struct configured *ret)
{
	const struct sysctl_files *files = &configured->files;
	_cleanup_free_ struct configured_file *list = calloc(files->count + 1, sizeof(*list));
	struct expanding expanding = { .machine = &configured->ferry->machine };
	unsigned int count = 0;
	int r;

	if (!list)
		return -ENOMEM;
	for (unsigned int i = 0; i < files->count; i++) {
		const struct sysctl_file *file = &files->list[i];

		if (file->loaders & 1u << loader)
			list[count++] = (struct configured_file){ file->path, file->masked_by, file->content, file->length };
	}
	r = configured_resolve(list, count, loader, expand, &expanding, &configured->arena, ret);
	if (r == 0 && expanding.error && !configured->files.error) {
		configured->files.error_folder = "/proc/sys";
		configured->files.error = expanding.error;
	}
	return r;
}

/* A pattern that matches nothing is found by what it would match too. */
static bool is_found(const struct ferry_configured_key *key, bool unmatched, const char *address)
{
	return address_under(key->address, address) || (unmatched && address_under(address, key->address));
}

static bool wanted(struct ferry_configured *configured, const struct ferry_configured_options *options, const struct ferry_configured_key *key)
{
	const struct configured_key *own = configured_find(&configured->own, key->address);
	bool any = !options->addresses;

	for (unsigned int i = 0; i < configured->address_count; i++)
		if (is_found(key, own && own->unmatched, options->addresses[i])) {
			configured->found[i]++;
			any = true;
		}
	return any;
}

static int fill_keys(struct ferry_configured *configured)
{
	struct configured *own = &configured->own, *other = &configured->other;
	int r = 0;

	configured->keys = arena_array(&configured->arena, struct ferry_configured_key, own->count + other->count + 1);
	if (!configured->keys)
		return -ENOMEM;
	/* Both are sorted: what just one of them knows is taken from there. */
	for (unsigned int i = 0, j = 0; r == 0 && (i < own->count || j < other->count);) {
		int order = i == own->count ? 1 : j == other->count ? -1 : strcmp(own->keys[i]->address, other->keys[j]->address);
		const struct configured_key *key = order <= 0 ? own->keys[i] : other->keys[j];

		i += order <= 0;
		j += order >= 0;
		r = configured_key_fill(configured, key, &configured->keys[configured->count++]);
	}
	return r == 0 ? configured_rewrites(configured) : r;
}

/* Leaves the keys that were asked for, compared. */
static int choose_keys(struct ferry_configured *configured, const struct ferry_configured_options *options)
{
	unsigned int count = 0;
	int r = 0;

	while (options->addresses && options->addresses[configured->address_count])
		configured->address_count++;
	configured->found = arena_array(&configured->arena, unsigned int, configured->address_count + 1);
	if (!configured->found)
		return -ENOMEM;
	for (unsigned int i = 0; r == 0 && i < configured->count; i++) {
		if (!wanted(configured, options, &configured->keys[i]))
			continue;
		configured->keys[count] = configured->keys[i];
		if (options->running)
			r = configured_key_compare(configured, &configured->keys[count]);
		count++;
	}
	configured->count = count;
	return r;
}

static int work_out(struct ferry_configured *configured, const struct ferry_configured_options *options)
{
	struct machine *machine = &configured->ferry->machine;
	_cleanup_buffer_ struct buffer why = { 0 };
	int r = sysctl_loader(machine, options->loader, &configured->loader, &why);

	if (r == 0)
		r = sysctl_loader_other(machine, configured->loader, &configured->other_loader);
	if (r == 0)
		r = sysctl_files(machine, &configured->arena, &configured->files);
	if (r == 0)
		r = resolve(configured, configured->loader, &configured->own);
	if (r == 0)
		r = resolve(configured, configured->other_loader, &configured->other);
	if (r == 0)
		r = fill_keys(configured);
	if (r == 0)
		r = choose_keys(configured, options);
	configured->why = buffer_take(&why);
	return r == 0 && !configured->why ? -ENOMEM : r;
}

bool configured_incomplete(const struct ferry_configured *configured)
{
	const struct sysctl_files *files = &configured->files;

	for (unsigned int i = 0; i < files->count; i++)
		if (files->list[i].error && files->list[i].loaders & 1u << configured->loader && !files->list[i].masked_by)
			return true;
	return files->error;
}

int ferry_configured(struct ferry *ferry, const struct ferry_configured_options *options, struct ferry_configured **ret_configured)
{
	struct ferry_configured_options given = { .running = true };
	struct ferry_configured *configured;
	int r;

	if (options)
		memcpy(&given, options, options->size < sizeof(given) ? options->size : sizeof(given));
	if (!ferry_loader_name(given.loader))
		return error_set(&ferry->error, -EINVAL, "there is no program with the number %d that loads sysctl files", (int)given.loader);
	configured = calloc(1, sizeof(*configured));
	if (!configured)
		return error_set(&ferry->error, -ENOMEM, "no memory for what the sysctl files say");
	configured->ferry = ferry;
	r = work_out(configured, &given);
	if (r != 0) {
		ferry_configured_free(configured);
		return error_set(&ferry->error, r, "cannot work out what the sysctl files say: %s", error_text(r));
	}
	*ret_configured = configured;
	return configured_incomplete(configured) ? FERRY_INCOMPLETE : 0;
}

struct ferry_configured *ferry_configured_free(struct ferry_configured *configured)
{
	if (!configured)
		return NULL;
	arena_done(&configured->arena);
	free(configured->why);
	free(configured);
	return NULL;
}

enum ferry_loader ferry_configured_loader(const struct ferry_configured *configured, const char **ret_why)
{
	if (ret_why)
		*ret_why = configured->why;
	return configured->loader;
}

enum ferry_loader ferry_configured_other(const struct ferry_configured *configured)
{
	return configured->other_loader;
}

unsigned int ferry_configured_found(const struct ferry_configured *configured, unsigned int index)
{
	return index < configured->address_count ? configured->found[index] : 0;
}

static int by_order(const void *a, const void *b)
{
	const struct ferry_configured_key *left = *(struct ferry_configured_key *const *)a, *right = *(struct ferry_configured_key *const *)b;

	return left->order < right->order ? -1 : left->order > right->order;
}

struct ferry_configured_key **configured_in_order(struct ferry_configured *configured, unsigned int *ret_count)
{
	struct ferry_configured_key **keys = calloc(configured->count + 1, sizeof(*keys));
	unsigned int count = 0;

	for (unsigned int i = 0; keys && i < configured->count; i++)
		if (configured->keys[i].winner)
			keys[count++] = &configured->keys[i];
	if (count)
		qsort(keys, count, sizeof(*keys), by_order);
	*ret_count = count;
	return keys;
}

static int keys_by_order(struct ferry_configured *configured, ferry_configured_key_function *function, void *data)
{
	unsigned int count;
	_cleanup_free_ struct ferry_configured_key **keys = configured_in_order(configured, &count);
	int r = 0;

	if (!keys)
		return error_set(&configured->ferry->error, -ENOMEM, "no memory for the order of %u keys", configured->count);
	for (unsigned int i = 0; r == 0 && i < count; i++)
		r = function(data, keys[i]);
	return r;
}

int ferry_configured_keys(struct ferry_configured *configured, bool in_order, ferry_configured_key_function *function, void *data)
{
	int r = 0;

	if (in_order)
		return keys_by_order(configured, function, data);
	for (unsigned int i = 0; r == 0 && i < configured->count; i++)
		r = function(data, &configured->keys[i]);
	return r;
}

int ferry_configured_files(const struct ferry_configured *configured, ferry_configured_file_function *function, void *data)
{
	const struct sysctl_files *files = &configured->files;
	int r = 0;

	if (files->error)
		r = function(data, &(struct ferry_configured_file){
					   .path = files->error_folder, .error = files->error, .error_text = error_text(files->error) });
	for (unsigned int i = 0; r == 0 && i < files->count; i++) {
		const struct sysctl_file *file = &files->list[i];
		bool read = !file->masked_by && !file->null && !file->error;

		r = function(data, &(struct ferry_configured_file){
					   .path = file->path,
					   .masked_by = file->masked_by,
					   .loaded = read && file->loaders & 1u << configured->loader,
					   .other_loaded = read && file->loaders & 1u << configured->other_loader,
					   .error = file->error,
					   .error_text = file->error_text,
				   });
	}
	return r;
}

int ferry_configured_notes(const struct ferry_configured *configured, ferry_configured_note_function *function, void *data)
{
	int r = 0;

	for (const struct configured_note *note = configured->own.notes; r == 0 && note; note = note->next)
		r = function(data, &(struct ferry_configured_note){ .file = note->file, .line = note->line, .text = note->text, .what = note->what });
	return r;
}
