/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/address.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#define ADDRESS_LENGTH_MAXIMUM 4096

static const char *const channel_names[] = { "procfs", "sysctl", "sysfs", "netlink", "ioctl" };

/* The folders of /proc/sys: only what starts with one of them is a sysctl key. */
static const char *const sysctl_folders[] = { "abi", "crypto", "debug", "dev", "fs", "kernel", "net", "sunrpc", "user", "vm" };

static bool is_one_of(const char *const *words, size_t count, const char *text, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0)
			return true;
	return false;
}

bool address_names_channel(const char *text, size_t length)
{
	const char *slash = memchr(text, '/', length);

	return slash && is_one_of(channel_names, ARRAY_SIZE(channel_names), text, (size_t)(slash - text));
}

/* How many letters must be put in, taken out or replaced to make WORD of TEXT (at most 31 letters of it). */
static size_t distance(const char *text, size_t length, const char *word)
{
	size_t row[32], word_length = strlen(word);

	if (length > 31 || word_length > 31)
		return 32;
	for (size_t j = 0; j <= word_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= word_length; j++) {
			size_t above = row[j], best = diagonal + (text[i - 1] != word[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[word_length];
}

static int refuse_channel(const char *text, size_t length, struct error *error)
{
	_cleanup_buffer_ struct buffer shown = { 0 };
	const char *nearest = NULL;
	size_t best = 3;

	for (size_t i = 0; i < ARRAY_SIZE(channel_names); i++) {
		size_t letters = distance(text, length, channel_names[i]);

		if (letters < best) {
			best = letters;
			nearest = channel_names[i];
		}
	}
	buffer_add_escaped(&shown, text, length < 64 ? length : 64);
	if (nearest)
		return error_set(error, -EINVAL, "no channel is named \"%s\"; did you mean \"%s\"?", shown.data ? shown.data : "", nearest);
	return error_set(
		error, -EINVAL,
		"\"%s\" starts no address: an address starts with procfs, sysctl, sysfs, netlink or ioctl, or is a path below /proc or /sys, "
		"or a key such as net.ipv4.ip_forward",
		shown.data ? shown.data : "");
}

/* Appends the parts of TEXT behind what stands in RET, without empty ones and ".", and goes up for "..", but not above FLOOR bytes. SWAPPED: dots
 * part it and slashes stand for dots. */
static int add_parts(const char *text, size_t length, bool swapped, size_t floor, struct buffer *ret, struct error *error)
{
	const char separator = swapped ? '.' : '/';

	for (size_t start = 0; start <= length;) {
		const char *found = start < length ? memchr(text + start, separator, length - start) : NULL;
		size_t end = found ? (size_t)(found - text) : length, part = ret->length + 1;

		if (end > start) {
			buffer_add_char(ret, '/');
			buffer_add(ret, text + start, end - start);
			if (ret->failed)
				return error_set(error, -ENOMEM, "out of memory");
			for (size_t i = part; swapped && i < ret->length; i++)
				if (ret->data[i] == '/')
					ret->data[i] = '.';
			if (strcmp(ret->data + part, ".") == 0) {
				ret->length = part - 1;
			} else if (strcmp(ret->data + part, "..") == 0) {
				ret->length = part - 1;
				if (ret->length <= floor)
					return error_set(error, -EINVAL, "the address climbs above its channel");
				while (ret->data[--ret->length] != '/')
					;
			}
			ret->data[ret->length] = '\0';
		}
		start = end + 1;
	}
	return 0;
}

/* PATH ("/proc/..." or "/sys/...", clean) with the channel in place of the native folder. */
static int add_native(const char *path, struct buffer *ret, struct error *error)
{
	static const struct {
		const char *folder, *channel;
	} natives[] = { { "/proc/sys", "sysctl" }, { "/proc", "procfs" }, { "/sys", "sysfs" } };

	for (size_t i = 0; i < ARRAY_SIZE(natives); i++) {
		size_t length = strlen(natives[i].folder);

		if (strncmp(path, natives[i].folder, length) != 0 || (path[length] != '/' && path[length] != '\0'))
			continue;
		buffer_add_text(ret, natives[i].channel);
		buffer_add_text(ret, path + length);
		return 0;
	}
	return error_set(error, -EINVAL, "only paths below /proc and /sys are addresses");
}

/* An absolute path; its first folder is the floor. */
static int canonical_path(const char *text, size_t length, struct buffer *ret, struct error *error)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	size_t start = strspn(text, "/"), first = strcspn(text + start, "/");
	int r;

	buffer_add_char(&path, '/');
	buffer_add(&path, text + start, first);
	r = add_parts(text + start + first, length - start - first, false, path.length, &path, error);
	if (r < 0)
		return r;
	if (path.failed)
		return error_set(error, -ENOMEM, "out of memory");
	return add_native(path.data, ret, error);
}

/* TEXT is NUL-terminated, LENGTH its length. */
static int canonical(const char *text, size_t length, struct buffer *ret, struct error *error)
{
	size_t first, by_slash;
	int r;

	if (text[0] == '/')
		return canonical_path(text, length, ret, error);

	by_slash = strcspn(text, "/");
	if (is_one_of(channel_names, ARRAY_SIZE(channel_names), text, by_slash)) {
		buffer_add(ret, text, by_slash);
		r = add_parts(text + by_slash, length - by_slash, false, by_slash, ret, error);
		/* One file has one address: /proc/sys is the sysctl channel's. */
		if (r == 0 && !ret->failed && (strcmp(ret->data, "procfs/sys") == 0 || strncmp(ret->data, "procfs/sys/", 11) == 0)) {
			memmove(ret->data, "sysctl", 6);
			memmove(ret->data + 6, ret->data + 10, ret->length - 10 + 1);
			ret->length -= 4;
		}
		return r;
	}

	/* The first separator decides which one parts a sysctl key; the other then stands for itself. */
	first = strcspn(text, "./");
	if (!is_one_of(sysctl_folders, ARRAY_SIZE(sysctl_folders), text, first))
		return refuse_channel(text, first ? first : by_slash, error);
	buffer_add_text(ret, "sysctl");
	return add_parts(text, length, text[first] == '.', ret->length, ret, error);
}

int address_canonical(const char *text, size_t length, struct buffer *ret, struct error *error)
{
	_cleanup_buffer_ struct buffer address = { 0 }, copy = { 0 };
	int r;

	if (length == 0)
		return error_set(error, -EINVAL, "the address is empty");
	if (length > ADDRESS_LENGTH_MAXIMUM)
		return error_set(error, -EINVAL, "the address is longer than %d bytes", ADDRESS_LENGTH_MAXIMUM);
	if (memchr(text, '\0', length))
		return error_set(error, -EINVAL, "the address holds a NUL byte");

	buffer_add(&copy, text, length);
	if (copy.failed)
		return error_set(error, -ENOMEM, "out of memory");
	r = canonical(copy.data, length, &address, error);
	if (r < 0)
		return r;
	buffer_add(ret, address.data, address.length);
	if (address.failed || ret->failed)
		return error_set(error, -ENOMEM, "out of memory");
	return 0;
}

bool address_under(const char *address, const char *prefix)
{
	size_t length = strlen(prefix);

	if (length == 0)
		return true;
	if (strpbrk(prefix, "*?["))
		return fnmatch(prefix, address, FNM_PATHNAME | FNM_LEADING_DIR | FNM_NOESCAPE) == 0;
	return strncmp(address, prefix, length) == 0 && (address[length] == '/' || address[length] == '\0');
}

int address_path(const char *address, struct buffer *ret)
{
	static const struct {
		const char *channel, *folder;
	} natives[] = { { "sysctl", "/proc/sys" }, { "procfs", "/proc" }, { "sysfs", "/sys" } };

	for (size_t i = 0; i < ARRAY_SIZE(natives); i++) {
		size_t length = strlen(natives[i].channel);

		if (strncmp(address, natives[i].channel, length) != 0 || (address[length] != '/' && address[length] != '\0'))
			continue;
		buffer_add_text(ret, natives[i].folder);
		buffer_add_text(ret, address + length);
		return ret->failed ? -ENOMEM : 0;
	}
	return -EINVAL;
}
