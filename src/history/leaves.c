/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The leaves that a change touched, as its JSON shows them: a record's fields, nested ones joined by slashes. */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "history/reader.h"
#include "model/jansson.h"

/* Only an object has fields; every other value is the leaf itself. */
static bool is_record(const char *json)
{
	while (json && (*json == ' ' || *json == '\t' || *json == '\n' || *json == '\r'))
		json++;
	return json && *json == '{';
}

static int walk(json_t *value, struct buffer *path, leaf_function *function, void *data)
{
	size_t length = path->length;
	int r;

	if (!json_is_object(value) || jansson.object_size(value) == 0) {
		if (path->failed)
			return -ENOMEM;
		return function(data, path->data);
	}
	for (void *i = jansson.object_iter(value); i; i = jansson.object_iter_next(value, i)) {
		buffer_add_char(path, '/');
		buffer_add_text(path, jansson.object_iter_key(i));
		r = walk(jansson.object_iter_value(i), path, function, data);
		if (r != 0)
			return r;
		path->length = length;
		path->data[length] = '\0';
	}
	return 0;
}

static int side_leaves(const char *address, const char *json, leaf_function *function, void *data)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	json_t *value = NULL;
	int r = 0;

	if (!json)
		return 0;
	if (is_record(json)) {
		r = jansson_load(&(struct error){ 0 });
		if (r < 0)
			return r;
		value = jansson.loadb(json, strlen(json), JSON_ALLOW_NUL, NULL);
	}
	if (!value)
		return function(data, address); /* one value, or text that is no JSON: the object as a whole */
	buffer_add_text(&path, address);
	r = walk(value, &path, function, data);
	jansson_release(value);
	return r;
}

int change_leaves(const struct ferry_change *change, leaf_function *function, void *data)
{
	int r;

	if (!change->address)
		return 0;
	if (change->kind == FERRY_REMOVED || (!change->before && !change->after))
		return function(data, change->address);
	r = side_leaves(change->address, change->after, function, data);
	if (r == 0 && change->kind == FERRY_CHANGED)
		r = side_leaves(change->address, change->before, function, data);
	return r;
}

bool change_covers(const struct ferry_change *change)
{
	return change->kind == FERRY_ADDED || change->kind == FERRY_REMOVED || !is_record(change->after ? change->after : change->before);
}
