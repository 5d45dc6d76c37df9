/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files below tests/golden: the kernel's own bytes, and what they must read as. */
#ifndef FERRY_TESTS_GOLDEN_H
#define FERRY_TESTS_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel/bitset.h"
#include "channel/object.h"

static inline char *golden_path(const char *name)
{
	const char *source = getenv("FERRY_SOURCE");
	char *path;

	assert_true(asprintf(&path, "%s/tests/golden/%s", source ? source : ".", name) > 0);
	return path;
}

static inline FILE *golden_open(const char *name, const char *mode)
{
	_cleanup_free_ char *path = golden_path(name);
	FILE *file = fopen(path, mode);

	if (!file)
		fail_msg("cannot open %s", path);
	return file;
}

/* Appends the whole file, which is not empty. */
static inline void golden_read(const char *name, struct buffer *ret)
{
	_cleanup_fclose_ FILE *file = golden_open(name, "re");
	const size_t before = ret->length;
	char part[4096];
	size_t length;

	while ((length = fread(part, 1, sizeof(part), file)) > 0)
		buffer_add(ret, part, length);
	assert_false(ret->failed);
	assert_true(ret->length > before);
}

/* ---- What there is ---- */

/* "route-link.bin" */
static inline char *golden_name(const char *owner, const char *kind, const char *ending)
{
	char *name;

	assert_true(asprintf(&name, "%s-%s.%s", owner, kind, ending) > 0);
	return name;
}

/* Kinds whose bytes none of the kernels at hand, those of tools/kernels among them, tells with the devices of this machine and of the emulator. */
static const struct {
	const char *name, *reason;
} golden_absent[] = {
	{ "ethtool-cable_test.bin", "the kernel takes it, and tells none" },
	{ "ethtool-cable_test_tdr.bin", "the kernel takes it, and tells none" },
	{ "ethtool-module_fw_flash.bin", "no module at hand takes firmware" },
	{ "ethtool-pse.bin", "no device at hand gives power over its line" },
	{ "ethtool-pse_event.bin", "no device at hand gives power over its line" },
};

/* Says so where NAME is one of them; one that has bytes all the same is none. */
static inline bool golden_is_absent(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(golden_absent); i++)
		if (strcmp(golden_absent[i].name, name) == 0) {
			_cleanup_free_ char *path = golden_path(name);

			if (access(path, F_OK) == 0)
				fail_msg("%s is there, and listed as absent", name);
			print_message("# not to be judged: %s: %s\n", name, golden_absent[i].reason);
			return true;
		}
	return false;
}

/* NOW must be what the file says. With FERRY_GOLDEN_WRITE in the environment the file is written instead. */
static inline void golden_compare(const char *name, const struct buffer *now)
{
	_cleanup_buffer_ struct buffer expected = { 0 };

	assert_false(now->failed);
	if (getenv("FERRY_GOLDEN_WRITE")) {
		_cleanup_fclose_ FILE *file = golden_open(name, "we");

		assert_int_equal(fwrite(now->data, 1, now->length, file), now->length);
		return;
	}
	golden_read(name, &expected);
	for (size_t at = 0; at < expected.length && at < now->length; at++)
		if (expected.data[at] != now->data[at])
			fail_msg("%s differs at byte %zu:\n expected ...%.120s\n found    ...%.120s", name, at,
				 expected.data + (at > 40 ? at - 40 : 0), now->data + (at > 40 ? at - 40 : 0));
	assert_int_equal(expected.length, now->length);
}

/* ---- What they say ---- */

/* The message at POSITION, which moves behind it; they end where BYTES do. */
static inline bool golden_next(const struct buffer *bytes, size_t *position, const struct nlmsghdr **ret)
{
	const void *data = bytes->data + *position;
	size_t length = bytes->length - *position;

	if (!netlink_next(&data, &length, ret)) {
		assert_int_equal(length, 0);
		return false;
	}
	*position = bytes->length - length;
	return true;
}

/* Each message of BYTES, cut anywhere, in memory of just its length, so that the sanitizer sees a step beyond. */
static inline void golden_cut(const struct buffer *bytes, void (*function)(const void *data, const struct nlmsghdr *cut), const void *data)
{
	const struct nlmsghdr *message;

	for (size_t position = 0; golden_next(bytes, &position, &message);)
		for (uint32_t length = NLMSG_HDRLEN; length < message->nlmsg_len; length++) {
			_cleanup_free_ struct nlmsghdr *copy = malloc(length);

			assert_non_null(copy);
			memcpy(copy, message, length);
			copy->nlmsg_len = length;
			function(data, copy);
		}
}

/* What the kernel calls the bits of ethtool's sets. */
static inline void golden_load_bit_names(void)
{
	_cleanup_buffer_ struct buffer bytes = { 0 };
	const struct nlmsghdr *message;

	golden_read("ethtool-names.bin", &bytes);
	for (size_t position = 0; golden_next(&bytes, &position, &message);)
		bitset_take_names(message);
}

/* Nothing that the kernel tells is unknown to our tables. */
static inline void golden_check_known(const struct record *record, const char *where)
{
	for (uint32_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];

		if (!entry->name)
			fail_msg("%s: attribute %u is not known", where, entry->number);
		if (entry->value.type == VALUE_RECORD)
			golden_check_known(entry->value.record, entry->name);
	}
}

/* A line: what MESSAGE says of which object. */
static inline void golden_tell(const struct protocol *protocol, const struct nlmsghdr *message, struct buffer *ret)
{
	_cleanup_arena_ struct arena arena = { 0 };
	bool removed;
	const struct object *object = object_of(protocol, message, &removed);
	struct record *record;

	if (!object) {
		buffer_printf(ret, "message %u is of no object\n", message->nlmsg_type & 0xff);
		return;
	}
	assert_int_equal(object_decode(object, message, &arena, &record), 0);
	buffer_add_char(ret, removed ? '-' : '+');
	object_address(object, record, NULL, ret);
	buffer_add_char(ret, ' ');
	record_json(ret, record, NULL);
	buffer_add_char(ret, '\n');
}

#endif
