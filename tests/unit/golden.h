/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files below tests/golden: the kernel's own bytes, and what they must read as. */
#ifndef FERRY_TESTS_GOLDEN_H
#define FERRY_TESTS_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/object.h"

static inline FILE *golden_open(const char *name, const char *mode)
{
	const char *source = getenv("FERRY_SOURCE");
	char path[512];
	FILE *file;

	assert_true(snprintf(path, sizeof(path), "%s/tests/golden/%s", source ? source : ".", name) < (int)sizeof(path));
	file = fopen(path, mode);
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
