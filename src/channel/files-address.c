/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From addresses to files, and from the paths that the kernel tells to the addresses that people use. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "channel/files.h"
#include "model/address.h"

const struct file_tree *file_tree_of(const char *address, const char **ret_path)
{
	static const struct file_tree *const trees[] = { &file_tree_sysctl, &file_tree_sysfs, &file_tree_procfs };

	for (unsigned int i = 0; i < ARRAY_SIZE(trees); i++) {
		size_t length = strlen(trees[i]->channel);

		if (strncmp(address, trees[i]->channel, length) || (address[length] && address[length] != '/'))
			continue;
		*ret_path = address + length + (address[length] == '/');
		return trees[i];
	}
	return NULL;
}

int file_read_address(struct machine *machine, const char *address, struct buffer *ret)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	_cleanup_close_ int descriptor = -1;
	const struct file_tree *tree;
	struct stat status;
	const char *rest;
	size_t begin;
	int r;

	tree = file_tree_of(address, &rest);
	if (!tree || !*rest)
		return -EINVAL;
	buffer_printf(&path, "%s/%s", tree->path, rest);
	if (path.failed)
		return -ENOMEM;
	descriptor = file_open(machine->root_descriptor, path.data, O_RDONLY);
	if (descriptor < 0)
		return descriptor;
	if (fstat(descriptor, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	buffer_add(ret, "", 0);
	begin = ret->length;
	r = file_read(descriptor, tree->read_flags, FILES_DEADLINE, ret);
	if (r < 0)
		return r;
	ret->length = begin + content_length(ret->data + begin, ret->length - begin);
	ret->data[ret->length] = '\0';
	return 0;
}

/* The text behind the last slash but of PATH's first LENGTH bytes. */
static const char *last_part(const char *path, size_t length)
{
	while (length && path[length - 1] != '/')
		length--;
	return path + length;
}

struct subsystem {
	const char *kind; /* "class", "bus" */
	char name[64];
};

/* The subsystem that the device folder of LENGTH bytes of PATH ("/sys/devices/...") belongs to, as its link tells. */
static int read_subsystem(struct machine *machine, const char *path, size_t length, struct subsystem *ret)
{
	_cleanup_buffer_ struct buffer place = { 0 }, target = { 0 };
	_cleanup_close_ int link = -1;
	const char *name, *kind;
	int r;

	buffer_add(&place, path, length);
	buffer_add_text(&place, "/subsystem");
	if (place.failed)
		return -ENOMEM;
	if (machine->root_descriptor < 0) { /* no detour: this is asked for every write that the recorder sees */
		r = file_link(AT_FDCWD, place.data, &target);
	} else {
		link = file_open(machine->root_descriptor, place.data, O_PATH | O_NOFOLLOW);
		r = link < 0 ? link : file_link(link, "", &target);
	}
	if (r < 0)
		return r;
	name = last_part(target.data, target.length);
	if (name == target.data || strlen(name) >= sizeof(ret->name))
		return -ENOENT;
	kind = last_part(target.data, (size_t)(name - target.data) - 1);
	if (!strncmp(kind, "class/", 6))
		ret->kind = "class";
	else if (!strncmp(kind, "bus/", 4))
		ret->kind = "bus";
	else
		return -ENOENT;
	memcpy(ret->name, name, strlen(name) + 1);
	return 0;
}

/* Without the device's link, by the places where the kernel puts devices: .../virtual/CLASS/NAME, and .../net/NAME, .../block/NAME below other
 * devices. Returns the length of the device's folder. */
static size_t guess_subsystem(const char *path, struct subsystem *ret)
{
	static const char virtual_folder[] = "/sys/devices/virtual/";
	static const char *const folders[] = { "/net/", "/block/" };
	const char *class, *name, *end;

	*ret = (struct subsystem){ .kind = "class" };
	if (!strncmp(path, virtual_folder, strlen(virtual_folder))) {
		class = path + strlen(virtual_folder);
		name = strchr(class, '/');
		end = name ? strchr(name + 1, '/') : NULL;
		if (!end || (size_t)(name - class) >= sizeof(ret->name))
			return 0;
		memcpy(ret->name, class, (size_t)(name - class));
		return (size_t)(end - path);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(folders); i++) {
		class = strstr(path, folders[i]);
		end = class ? strchr(class + strlen(folders[i]), '/') : NULL;
		if (!end)
			continue;
		memcpy(ret->name, folders[i] + 1, strlen(folders[i]) - 2);
		return (size_t)(end - path);
	}
	return 0;
}

static bool exists(struct machine *machine, const char *path)
{
	_cleanup_close_ int descriptor = file_open(machine->root_descriptor, path, O_PATH | O_NOFOLLOW);

	return descriptor >= 0;
}

/* The deepest folder above the file that is a device of a class or bus: its length in PATH, or 0. */
static size_t find_device(struct machine *machine, const char *path, struct subsystem *ret)
{
	static const size_t floor = sizeof("/sys/devices") - 1;
	const char *slash = strrchr(path, '/');

	for (size_t length = slash ? (size_t)(slash - path) : 0; length > floor; length = (size_t)(last_part(path, length) - path) - 1)
		if (!read_subsystem(machine, path, length, ret))
			return length;
	return exists(machine, path) ? 0 : guess_subsystem(path, ret);
}

/* A partition's attributes stand below its disk's: sysfs/block/sda/sda1/size. */
static size_t disk_of(struct machine *machine, const char *path, size_t length)
{
	struct subsystem above;
	size_t parent = (size_t)(last_part(path, length) - path) - 1;

	if (!read_subsystem(machine, path, parent, &above) && !strcmp(above.kind, "class") && !strcmp(above.name, "block"))
		return parent;
	return length;
}

static void device_address(struct machine *machine, const char *path, struct buffer *ret)
{
	struct subsystem subsystem;
	size_t length = 0;

	/* Processors, memory, nodes are buses too, but known by where they are. */
	if (!strncmp(path, "/sys/devices/", 13) && strncmp(path, "/sys/devices/system/", 20))
		length = find_device(machine, path, &subsystem);
	if (!length) {
		buffer_printf(ret, "sysfs/%s", path + strlen("/sys/"));
	} else if (!strcmp(subsystem.kind, "bus")) {
		buffer_printf(ret, "sysfs/bus/%s/devices/%s", subsystem.name, last_part(path, length));
	} else if (!strcmp(subsystem.name, "block")) {
		buffer_printf(ret, "sysfs/block/%s", last_part(path, disk_of(machine, path, length)));
	} else {
		buffer_printf(ret, "sysfs/class/%s/%s", subsystem.name, last_part(path, length));
	}
}

int file_canonical(struct machine *machine, const char *path, struct buffer *ret)
{
	if (!strncmp(path, "/sys/", 5))
		device_address(machine, path, ret);
	else if (!strncmp(path, "/proc/sys/", 10))
		buffer_printf(ret, "sysctl/%s", path + 10);
	else if (!strncmp(path, "/proc/", 6))
		buffer_printf(ret, "procfs/%s", path + 6);
	else
		return -EINVAL;
	return ret->failed ? -ENOMEM : 0;
}

int file_canonical_address(struct machine *machine, const char *address, struct buffer *ret)
{
	_cleanup_buffer_ struct buffer path = { 0 };

	if (strncmp(address, "sysfs/devices/", 14)) {
		buffer_add_text(ret, address);
	} else {
		buffer_printf(&path, "/sys/%s", address + 6);
		if (path.failed)
			return -ENOMEM;
		device_address(machine, path.data, ret);
	}
	return ret->failed ? -ENOMEM : 0;
}
