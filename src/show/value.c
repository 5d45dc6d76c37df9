/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/value.h"

#include <errno.h>
#include <string.h>

#define DEPTH_MAXIMUM 32

#define TEXT_USUAL 512 /* bytes that the text of most values fits into */

static void add(struct buffer *buffer, const struct ferry_value *value, size_t (*put)(const struct ferry_value *value, char *ret, size_t size))
{
	char *end = buffer_reserve(buffer, TEXT_USUAL);
	size_t room, length;

	if (!end)
		return;
	room = buffer->size - buffer->length;
	length = put(value, end, room);
	if (length >= room) {
		*end = '\0';
		end = length == SIZE_MAX ? NULL : buffer_reserve(buffer, length);
		buffer->failed |= !end || put(value, end, length + 1) != length;
	}
	if (!buffer->failed)
		buffer->length += length;
}

void value_add_text(struct buffer *buffer, const struct ferry_value *value)
{
	add(buffer, value, ferry_value_put_text);
}

void value_add_json(struct buffer *buffer, const struct ferry_value *value)
{
	add(buffer, value, ferry_value_put_json);
}

static bool is_record(const struct ferry_value *value)
{
	return value && ferry_value_type(value) == FERRY_RECORD;
}

static void add_name(struct buffer *buffer, const char *name)
{
	buffer_add_escaped(buffer, name, strlen(name));
}

static void add_short(struct buffer *buffer, const struct ferry_value *value, unsigned int depth)
{
	enum ferry_type type = ferry_value_type(value);
	const struct ferry_value *item;
	const char *name;

	if ((type != FERRY_RECORD && type != FERRY_LIST) || depth == DEPTH_MAXIMUM) {
		value_add_text(buffer, value);
		return;
	}
	buffer_add_char(buffer, type == FERRY_RECORD ? '{' : '[');
	for (unsigned int i = 0; ferry_value_item(value, i, &item, &name) == 0; i++) {
		if (i > 0)
			buffer_add_text(buffer, ", ");
		if (type == FERRY_RECORD && name) {
			add_name(buffer, name);
			buffer_add_char(buffer, ' ');
		}
		add_short(buffer, item, depth + 1);
	}
	buffer_add_char(buffer, type == FERRY_RECORD ? '}' : ']');
}

void value_short(struct buffer *buffer, const struct ferry_value *value)
{
	add_short(buffer, value, 0);
}

/* Whether TEXT stands in ADDRESS, between slashes, commas and equals signs. */
static bool said(const char *address, const char *text)
{
	size_t length = strlen(text);

	for (const char *found = address; length > 0 && (found = strstr(found, text)); found++)
		if ((found == address || strchr("/,=", found[-1])) && (!found[length] || strchr("/,=", found[length])))
			return true;
	return false;
}

static bool empty(const struct ferry_value *value)
{
	enum ferry_type type = ferry_value_type(value);

	return (type == FERRY_LIST || type == FERRY_RECORD) && ferry_value_count(value) == 0;
}

void value_beside(struct buffer *buffer, const struct ferry_value *value, const char *address)
{
	const struct ferry_value *item;
	const char *name, *comma = "";

	if (!is_record(value) || !address) {
		value_short(buffer, value);
		return;
	}
	buffer_add_char(buffer, '{');
	for (unsigned int i = 0; ferry_value_item(value, i, &item, &name) == 0; i++) {
		_cleanup_free_ char *text = ferry_value_text(item);
		buffer->failed |= !text;
		if (!name || empty(item) || !text || said(address, text))
			continue;
		buffer_add_text(buffer, comma);
		add_name(buffer, name);
		buffer_add_char(buffer, ' ');
		value_short(buffer, item);
		comma = ", ";
	}
	buffer_add_char(buffer, '}');
}

const struct ferry_value *value_field(const struct ferry_value *record, const char *name)
{
	const struct ferry_value *item;
	const char *item_name;

	if (!is_record(record))
		return NULL;
	for (unsigned int i = 0; ferry_value_item(record, i, &item, &item_name) == 0; i++)
		if (item_name && strcmp(item_name, name) == 0)
			return item;
	return NULL;
}

const struct ferry_value *value_row(const struct ferry_value *list, unsigned int index)
{
	const struct ferry_value *row;
	const char *name;

	return ferry_value_item(list, index, &row, &name) < 0 ? NULL : row;
}

const struct ferry_value *value_at(const struct ferry_value *value, const char *path)
{
	const struct ferry_value *item;
	const char *name;

	if (!value || !*path)
		return value;
	if (!is_record(value))
		return NULL;
	/* A field's name may hold a slash, so names are tried against the path rather than the path cut at its slashes. */
	for (unsigned int i = 0; ferry_value_item(value, i, &item, &name) == 0; i++) {
		size_t length = name ? strlen(name) : 0;
		if (length == 0 || strncmp(path, name, length) != 0 || (path[length] && path[length] != '/'))
			continue;
		const struct ferry_value *found = value_at(item, path[length] ? path + length + 1 : path + length);
		if (found)
			return found;
	}
	return NULL;
}

struct difference {
	struct buffer *buffer;
	struct buffer path;
	size_t begin; /* where the text begins: decides whether a comma is due */
};

static void add_side(struct buffer *buffer, const struct ferry_value *value, const char *absent)
{
	if (value)
		value_short(buffer, value);
	else
		buffer_add_text(buffer, absent);
}

/* A nested record comes whole where one of its fields differs: the others say nothing. */
static bool same(const struct ferry_value *before, const struct ferry_value *after)
{
	if (!before || !after)
		return false;
	_cleanup_free_ char *one = ferry_value_json(before), *other = ferry_value_json(after);
	return one && other && strcmp(one, other) == 0;
}

static void add_fields(struct difference *difference, const struct ferry_value *before, const struct ferry_value *after, unsigned int depth);

static void add_field(struct difference *difference, const char *name, const struct ferry_value *before, const struct ferry_value *after,
		      unsigned int depth)
{
	size_t length = difference->path.length;

	if (length)
		buffer_add_char(&difference->path, '/');
	add_name(&difference->path, name);
	if (is_record(before) && is_record(after) && depth < DEPTH_MAXIMUM) {
		add_fields(difference, before, after, depth + 1);
	} else if (!same(before, after)) {
		if (difference->buffer->length > difference->begin)
			buffer_add_text(difference->buffer, ", ");
		if (difference->path.data)
			buffer_add(difference->buffer, difference->path.data, difference->path.length);
		buffer_add_char(difference->buffer, ' ');
		add_side(difference->buffer, before, "(none)");
		buffer_add_text(difference->buffer, " -> ");
		add_side(difference->buffer, after, "(none)");
	}
	if (difference->path.failed)
		return;
	difference->path.length = length;
}

static void add_fields(struct difference *difference, const struct ferry_value *before, const struct ferry_value *after, unsigned int depth)
{
	const struct ferry_value *item;
	const char *name;

	for (unsigned int i = 0; ferry_value_item(after, i, &item, &name) == 0; i++)
		if (name)
			add_field(difference, name, value_field(before, name), item, depth);
	for (unsigned int i = 0; ferry_value_item(before, i, &item, &name) == 0; i++)
		if (name && !value_field(after, name))
			add_field(difference, name, item, NULL, depth);
}

void value_difference(struct buffer *buffer, const struct ferry_value *before, const struct ferry_value *after)
{
	struct difference difference = { .buffer = buffer, .begin = buffer->length };

	if (is_record(before) && is_record(after)) {
		add_fields(&difference, before, after, 0);
		buffer->failed |= difference.path.failed;
		buffer_done(&difference.path);
		return;
	}
	add_side(buffer, before, "?");
	buffer_add_text(buffer, " -> ");
	add_side(buffer, after, "?");
}

static int walk(struct buffer *path, const struct ferry_value *value, unsigned int depth, value_leaf_function *function, void *data)
{
	const struct ferry_value *item;
	const char *name;
	int r = 0;

	if (path->failed)
		return -ENOMEM;
	if (!is_record(value) || ferry_value_count(value) == 0 || depth == DEPTH_MAXIMUM)
		return function(data, path->data ? path->data : "", value);
	for (unsigned int i = 0; r == 0 && ferry_value_item(value, i, &item, &name) == 0; i++) {
		size_t length = path->length;
		buffer_add_char(path, '/');
		buffer_add_text(path, name ? name : "");
		r = walk(path, item, depth + 1, function, data);
		if (!path->failed) {
			path->length = length;
			path->data[length] = 0;
		}
	}
	return r;
}

static int walk_record(const char *address, const struct ferry_value *value, value_leaf_function *function, void *data)
{
	_cleanup_buffer_ struct buffer path = {};

	buffer_add_text(&path, address);
	return walk(&path, value, 0, function, data);
}

int value_leaves(const char *address, const struct ferry_value *value, value_leaf_function *function, void *data)
{
	/* What is a leaf by itself stands at its own address. */
	return is_record(value) ? walk_record(address, value, function, data) : function(data, address, value);
}
