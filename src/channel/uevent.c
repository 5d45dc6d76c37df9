/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device events. They have no netlink header: the kernel's are texts with a NUL behind each, udev's have a binary header of their own before these.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "channel/message.h"

#define KEYS_MAXIMUM 512 /* the kernel makes 64 at most */
#define UDEV_MAGIC   0xfeedcafeu

/* libudev's header, which it sends in front of the properties. Offsets are from its beginning. */
struct udev_header {
	char prefix[8]; /* "libudev" */
	uint32_t magic; /* big-endian */
	uint32_t header_size;
	uint32_t properties_offset;
	uint32_t properties_length;
	uint32_t filters[4]; /* hashes of subsystem, kind and tags */
};

static struct entry *find(const struct record *record, const char *name)
{
	for (unsigned int i = 0; i < record->count; i++)
		if (strcmp(record->entries[i].name, name) == 0)
			return &record->entries[i];
	return NULL;
}

/* A key that comes again makes a list of its values: none is lost. */
static int add_again(struct arena *arena, struct entry *entry, struct value value)
{
	const uint32_t count = entry->value.type == VALUE_LIST ? entry->value.list.count : 1;
	struct value *items = arena_array(arena, struct value, count + 1);

	if (!items)
		return -ENOMEM;
	memcpy(items, entry->value.type == VALUE_LIST ? entry->value.list.items : &entry->value, count * sizeof(*items));
	items[count] = value;
	entry->value = (struct value){ .type = VALUE_LIST, .list = { items, count + 1 } };
	return 0;
}

/* A line without "=" stands as a key without a value. */
static int add_line(struct arena *arena, struct record *record, const char *line, size_t length)
{
	const char *equals = memchr(line, '=', length);
	const size_t key = equals ? (size_t)(equals - line) : length;
	const struct value value = equals ? value_data(VALUE_TEXT, equals + 1, length - key - 1) : (struct value){ .type = VALUE_NULL };
	const char *name = arena_copy(arena, line, key);
	struct entry *entry;

	if (!name)
		return -ENOMEM;
	entry = find(record, name);
	return entry ? add_again(arena, entry, value) : record_add(arena, record, (struct entry){ .name = name, .value = value });
}

static int add_lines(struct arena *arena, struct record *record, const char *text, size_t length)
{
	unsigned int count = 0;
	int r = 0;

	for (size_t at = 0, line; r == 0 && at < length; at += line + 1) {
		line = strnlen(text + at, length - at);
		if (line == 0)
			continue;
		if (++count > KEYS_MAXIMUM)
			return -EBADMSG;
		r = add_line(arena, record, text + at, line);
	}
	return r;
}

/* The part of a message of udev's that holds the lines. */
static int udev_lines(const uint8_t *data, size_t length, const char **ret, size_t *ret_length)
{
	struct udev_header header;

	if (length < sizeof(header))
		return -EBADMSG;
	memcpy(&header, data, sizeof(header));
	if (memcmp(header.prefix, "libudev", 8) != 0 || be32toh(header.magic) != UDEV_MAGIC || header.properties_offset < sizeof(header) ||
	    header.properties_offset > length || header.properties_length > length - header.properties_offset)
		return -EBADMSG;
	*ret = (const char *)data + header.properties_offset;
	*ret_length = header.properties_length;
	return 0;
}

/* Behind "ACTION@PATH", which the lines say again. */
static int kernel_lines(const char *text, size_t length, const char **ret, size_t *ret_length)
{
	const size_t first = strnlen(text, length);
	const char *at = memchr(text, '@', first);

	if (first == length || !at || at == text)
		return -EBADMSG;
	*ret = text + first + 1;
	*ret_length = length - first - 1;
	return 0;
}

int message_uevent(const void *data, size_t length, struct arena *arena, struct message *ret)
{
	const bool udev = length >= 8 && memcmp(data, "libudev", 8) == 0;
	struct record *record;
	const char *lines;
	size_t lines_length;
	int r = udev ? udev_lines(data, length, &lines, &lines_length) : kernel_lines(data, length, &lines, &lines_length);

	if (r < 0)
		return r;
	record = record_new(arena, NULL);
	if (!record)
		return -ENOMEM;
	r = add_lines(arena, record, lines, lines_length);
	if (r < 0)
		return r;
	*ret = (struct message){
		.command = -1, .length = length, .value = { .type = VALUE_RECORD, .record = record }, .provenance = PROVENANCE_TABLE
	};
	return 0;
}
