/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/stat-sites.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crossing/mappings.h"
#include "crossing/symbols.h"

#define FRAME_LENGTH 256

/* A mapped file, as far as it could be read. */
struct module {
	char *path;
	uint64_t inode;
	struct symbols *symbols; /* NULL where it could not */
};

/* PATH as the process has it, or as we do; only if it still is the file that was mapped. */
static int open_file(const struct mapping *mapping, const char *root)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int descriptor = -1;
	struct stat status;

	if (asprintf(&path, "%s%s", root, mapping->path) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &status) < 0 || !S_ISREG(status.st_mode) || (mapping->inode && status.st_ino != mapping->inode))
		return -ESTALE;
	return TAKE_DESCRIPTOR(descriptor);
}

static struct symbols *read_symbols(const struct mapping *mapping)
{
	_cleanup_close_ int descriptor = -1;
	struct symbols *symbols;
	char root[32];

	if (mapping->path[0] != '/')
		return NULL;
	snprintf(root, sizeof(root), "/proc/%d/root", mapping->pid);
	descriptor = open_file(mapping, root);
	if (descriptor < 0)
		descriptor = open_file(mapping, "");
	return descriptor >= 0 && symbols_read(descriptor, &symbols) == 0 ? symbols : NULL;
}

static const struct symbols *module_symbols(struct stat_count *count, const struct mapping *mapping)
{
	struct module *module;

	for (size_t i = 0; i < count->module_count; i++)
		if (count->modules[i].inode == mapping->inode && strcmp(count->modules[i].path, mapping->path) == 0)
			return count->modules[i].symbols;
	if (count->module_count == count->module_room) {
		size_t more = count->module_room ? count->module_room * 2 : 16;
		struct module *larger = reallocarray(count->modules, more, sizeof(*larger));

		if (!larger)
			return NULL;
		count->modules = larger;
		count->module_room = more;
	}
	module = &count->modules[count->module_count];
	*module = (struct module){ .path = strdup(mapping->path), .inode = mapping->inode };
	if (!module->path)
		return NULL;
	module->symbols = read_symbols(mapping);
	count->module_count++;
	return module->symbols;
}

/* Whether ADDRESS is in the C library or its loader, whose functions are mostly built without frame pointers; or in no code at all, as what is taken
 * for a frame behind these may be. */
static bool is_c_library(struct stat_count *count, int pid, uint64_t address)
{
	static const char *const names[] = { "libc.so", "libc-2.", "ld-linux", "ld-musl" };
	const struct mapping *mapping = mappings_find(count->mappings, pid, address);
	const char *slash = mapping ? strrchr(mapping->path, '/') : NULL;

	if (!mapping)
		return true;
	for (size_t i = 0; slash && i < ARRAY_SIZE(names); i++)
		if (strncmp(slash + 1, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* CALLED: ADDRESS is where a call returns to, so that the call itself lies before it. */
static void describe(struct stat_count *count, int pid, uint64_t address, bool called, char text[FRAME_LENGTH])
{
	const struct mapping *mapping = mappings_find(count->mappings, pid, address);
	const char *slash, *file;
	struct symbol symbol;
	uint64_t offset;

	if (!mapping) {
		snprintf(text, FRAME_LENGTH, "0x%" PRIx64, address);
		return;
	}
	slash = strrchr(mapping->path, '/');
	file = slash && mapping->path[0] == '/' ? slash + 1 : mapping->path;
	offset = address - mapping->start + mapping->offset;
	if (module_symbols(count, mapping) && symbols_find(module_symbols(count, mapping), offset - called, &symbol))
		snprintf(text, FRAME_LENGTH, "%.160s+0x%" PRIx64 " (%.64s)", symbol.name, symbol.distance + called, file);
	else
		snprintf(text, FRAME_LENGTH, "%.64s+0x%" PRIx64, file, offset);
}

/* Whether a call can return to ADDRESS. */
static bool is_return(struct stat_count *count, int pid, uint64_t address)
{
	const struct mapping *mapping = address ? mappings_find(count->mappings, pid, address) : NULL;
	const struct symbols *symbols = mapping ? module_symbols(count, mapping) : NULL;

	return symbols && symbols_follows_call(symbols, address - mapping->start + mapping->offset);
}

static int add_frame(struct arena *arena, struct value *items, unsigned int *filled, const char *text)
{
	const char *copy = arena_copy(arena, text, strlen(text));

	if (!copy)
		return -ENOMEM;
	items[(*filled)++] = value_text(copy);
	return 0;
}

int stat_site_stack(struct stat_count *count, const struct stat_site_sum *site, struct arena *arena, struct value *ret, bool *ret_cut)
{
	uint64_t addresses[STAT_STACK_DEPTH];
	const unsigned int depth = stat_stack(count, site->key.stack, addresses);
	const int pid = (int)site->key.pid;
	struct value *items = arena_array(arena, struct value, depth + 2);
	unsigned int filled = 0;
	char text[FRAME_LENGTH];
	bool cut = depth > 0;
	int r = 0;

	if (!items)
		return -ENOMEM;
	for (unsigned int i = 0; i < depth && r == 0; i++) {
		describe(count, pid, addresses[i], i > 0, text);
		r = add_frame(arena, items, &filled, text);
		cut &= is_c_library(count, pid, addresses[i]);
		if (r == 0 && i == 0 && (depth == 1 || addresses[1] != site->key.top) && is_return(count, pid, site->key.top)) {
			describe(count, pid, site->key.top, true, text);
			r = add_frame(arena, items, &filled, text);
			cut &= is_c_library(count, pid, site->key.top);
		}
	}
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, filled } };
	*ret_cut = cut;
	return r;
}

void stat_sites_done(struct stat_count *count)
{
	for (size_t i = 0; i < count->module_count; i++) {
		free(count->modules[i].path);
		symbols_free(count->modules[i].symbols);
	}
	free(count->modules);
	mappings_close(count->mappings);
}
