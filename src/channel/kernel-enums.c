/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/kernel-enums.h"

#include <dirent.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "channel/kernel-types.h"

#define NAME_MAXIMUM 96

/* Where names are looked up: those of a module go on where the kernel's own end. */
struct texts {
	const char *base, *own;
	size_t base_length, own_length;
};

static const char *text_at(const struct texts *texts, uint32_t offset, size_t *ret_length)
{
	const char *text = texts->base;
	size_t left = texts->base_length;
	const char *end;

	if (offset >= texts->base_length) {
		offset -= (uint32_t)texts->base_length;
		text = texts->own;
		left = texts->own_length;
	}
	if (offset >= left)
		return NULL;
	end = memchr(text + offset, '\0', left - offset);
	*ret_length = end ? (size_t)(end - text) - offset : 0;
	return end ? text + offset : NULL;
}

/* ---- One enum ---- */

/* All of it, as the kernel has it. */
struct raw {
	struct kernel_enumerator *list;
	size_t count;
};

static bool is_constant(const char *name, size_t length)
{
	if (length == 0 || length > NAME_MAXIMUM)
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") >= length;
}

static bool ends_with(const char *name, size_t length, const char *end)
{
	const size_t end_length = strlen(end);

	return length > end_length && memcmp(name + length - end_length, end, end_length) == 0;
}

/* Whether NAME is a bound and no member: "__X_MAX", "NUM_X". */
static bool is_bound(const struct kernel_enumerator *member)
{
	return member->name[0] == '_' || strncmp(member->name, "NUM_", 4) == 0;
}

static bool all_begin_with(const struct raw *raw, const char *prefix, size_t length)
{
	size_t members = 0;

	for (size_t i = 0; i < raw->count; i++) {
		if (is_bound(&raw->list[i]))
			continue;
		if (strlen(raw->list[i].name) <= length || memcmp(raw->list[i].name, prefix, length) != 0)
			return false;
		members++;
	}
	return members > 0;
}

/* Bytes of the prefix that NAME, where it is the first of its enum or a bound, says: "X_" of "X_UNSPEC" and of "__X_MAX". 0: none. */
static size_t prefix_by_name(const char **name)
{
	static const char *const ends[] = { "_AFTER_LAST", "_UNSPEC", "_NONE", "_MAX", "_CNT", "_LAST" };
	size_t length;

	*name += strspn(*name, "_");
	length = strlen(*name);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends_with(*name, length, ends[i]))
			return length - strlen(ends[i]) + 1;
	return 0;
}

/* As much as all members have in common, to an underscore. */
static size_t common_prefix(const struct raw *raw, const char **ret)
{
	const char *first = NULL;
	size_t length = 0;

	for (size_t i = 0; i < raw->count; i++) {
		const char *name = raw->list[i].name;
		size_t same = 0;

		if (is_bound(&raw->list[i]))
			continue;
		if (!first) {
			first = name;
			length = strlen(name);
			continue;
		}
		while (same < length && first[same] == name[same])
			same++;
		length = same;
	}
	while (length > 0 && first[length - 1] != '_')
		length--;
	*ret = first;
	return length;
}

/* What begins at 0 as "unspecified" names the prefix best, then the bound, and then what all have in common. */
static size_t prefix_of(const struct raw *raw, const char **ret)
{
	size_t length;

	for (size_t i = 0; i < raw->count; i++) {
		*ret = raw->list[i].name;
		if (raw->list[i].number != 0 && !is_bound(&raw->list[i]))
			continue;
		length = prefix_by_name(ret);
		if (length && all_begin_with(raw, *ret, length))
			return length;
	}
	length = common_prefix(raw, ret);
	return length && all_begin_with(raw, *ret, length) ? length : 0;
}

/* "X_MAX" and its like beside the members: the highest number once more, or no attribute at all. */
static bool is_unneeded(const struct kernel_enum *list, const struct kernel_enumerator *member)
{
	static const char *const bounds[] = { "MAX", "CNT", "USER_CNT", "USER_MAX", "KERNEL_CNT", "KERNEL_MAX" };
	const char *rest = member->name + list->prefix_length;

	for (size_t i = 0; !is_bound(member) && i < ARRAY_SIZE(bounds); i++)
		if (strcmp(rest, bounds[i]) == 0)
			return true;
	return is_bound(member) || kernel_enum_name(list, member->number);
}

static int add_enum(struct kernel_enums *enums, const struct raw *raw)
{
	struct kernel_enum list = { 0 }, *all;
	const char *prefix = NULL;

	list.prefix_length = prefix_of(raw, &prefix);
	if (list.prefix_length < 2)
		return 0;
	list.prefix = arena_copy(&enums->arena, prefix, list.prefix_length);
	list.list = arena_array(&enums->arena, struct kernel_enumerator, raw->count);
	if (!list.prefix || !list.list)
		return -ENOMEM;
	for (size_t i = 0; i < raw->count; i++) {
		if (is_unneeded(&list, &raw->list[i]))
			continue;
		list.list[list.count++] = raw->list[i];
		if (raw->list[i].number > list.highest)
			list.highest = raw->list[i].number;
	}
	all = reallocarray(enums->list, enums->count + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	enums->list = all;
	all[enums->count++] = list;
	return 0;
}

/* 0 where it cannot be one of ours. */
static int read_enum(struct kernel_enums *enums, const struct texts *texts, const struct btf_type *type)
{
	const struct btf_enum *member = (const void *)(type + 1);
	const size_t count = BTF_INFO_VLEN(type->info);
	struct raw raw = { 0 };

	if (count == 0 || count > ENUM_NUMBER_MAXIMUM * 2)
		return 0;
	raw.list = arena_array(&enums->arena, struct kernel_enumerator, count);
	if (!raw.list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++, member++) {
		size_t length = 0;
		const char *name = text_at(texts, member->name_off, &length);

		if (!name || !is_constant(name, length) || member->val < 0 || member->val > ENUM_NUMBER_MAXIMUM)
			return 0;
		name = arena_copy(&enums->arena, name, length);
		if (!name)
			return -ENOMEM;
		raw.list[raw.count++] = (struct kernel_enumerator){ name, (uint16_t)member->val };
	}
	return add_enum(enums, &raw);
}

/* ---- All ---- */

int kernel_enums_add(struct kernel_enums *enums, const void *data, size_t length, const void *base, size_t base_length)
{
	struct kernel_types types, base_types = { 0 };
	const struct btf_type *type;
	struct texts texts;
	int r = base ? kernel_types_open(base, base_length, &base_types) : 0;

	if (r == 0)
		r = kernel_types_open(data, length, &types);
	if (r < 0)
		return r;
	texts = (struct texts){
		.base = base_types.texts, .base_length = base_types.text_length, .own = types.texts, .own_length = types.text_length
	};
	while ((r = kernel_types_next(&types, &type)) > 0) {
		if (BTF_INFO_KIND(type->info) != BTF_KIND_ENUM)
			continue;
		r = read_enum(enums, &texts, type);
		if (r < 0)
			return r;
	}
	return r;
}

struct reading {
	struct kernel_enums *enums;
	const void *base;
	size_t base_length;
};

static int read_module(void *data, const void *types, size_t length)
{
	const struct reading *reading = data;

	reading->enums->of_modules = true;
	return kernel_enums_add(reading->enums, types, length, reading->base, reading->base_length);
}

/* A module that goes meanwhile, or whose types stand by themselves, is passed over: its families are then told by number. */
static int read_modules(struct reading *reading)
{
	DIR *folder = opendir(KERNEL_TYPES_FOLDER);
	const struct dirent *entry;
	int r = 0;

	while (folder && r == 0 && (entry = readdir(folder))) {
		_cleanup_buffer_ struct buffer path = { 0 };

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "vmlinux") == 0)
			continue;
		buffer_printf(&path, KERNEL_TYPES_FOLDER "/%s", entry->d_name);
		r = path.failed ? -ENOMEM : kernel_types_read(path.data, read_module, reading);
		if (r != -ENOMEM)
			r = 0;
	}
	if (folder)
		closedir(folder);
	return r;
}

static int read_base(void *data, const void *types, size_t length)
{
	struct reading reading = { .enums = data, .base = types, .base_length = length };
	int r = kernel_enums_add(data, types, length, NULL, 0);

	return r < 0 ? r : read_modules(&reading);
}

int kernel_enums_read(struct kernel_enums *ret)
{
	_cleanup_kernel_enums_ struct kernel_enums enums = { 0 };
	int r = kernel_types_read(KERNEL_TYPES_PATH, read_base, &enums);

	if (r < 0)
		return r;
	*ret = enums;
	enums = (struct kernel_enums){ 0 };
	return 0;
}

void kernel_enums_done(struct kernel_enums *enums)
{
	free(enums->list);
	arena_done(&enums->arena);
	*enums = (struct kernel_enums){ 0 };
}

/* ---- Asking ---- */

/* Of two of one prefix the larger. */
const struct kernel_enum *kernel_enum_of_prefix(const struct kernel_enums *enums, const char *prefix, size_t length)
{
	const struct kernel_enum *found = NULL;

	for (size_t i = 0; i < enums->count; i++) {
		const struct kernel_enum *list = &enums->list[i];

		if (list->prefix_length == length && memcmp(list->prefix, prefix, length) == 0 && (!found || list->count > found->count))
			found = list;
	}
	return found;
}

const struct kernel_enum *kernel_enum_with(const struct kernel_enums *enums, const char *name)
{
	for (size_t i = 0; i < enums->count; i++) {
		const struct kernel_enum *list = &enums->list[i];

		if (strncmp(name, list->prefix, list->prefix_length) != 0)
			continue;
		for (size_t j = 0; j < list->count; j++)
			if (strcmp(list->list[j].name, name) == 0)
				return list;
	}
	return NULL;
}

const char *kernel_enum_name(const struct kernel_enum *list, uint16_t number)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->list[i].number == number)
			return list->list[i].name;
	return NULL;
}
