/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/set_request.h"

#include <errno.h>
#include <string.h>

#include "channel/ioctl.h"
#include "channel/files.h"
#include "channel/object.h"
#include "model/address.h"

/* A text may hold any number of '='; an address only a few. */
#define EQUALS_MAXIMUM 32

static bool has_glob(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

static bool is_blank(char character)
{
	return character == ' ' || character == '\t';
}

static int count_place(void *data, const struct ferry_item *item _unused_)
{
	*(bool *)data = true;
	return 1;
}

/* Whether a field REST of OBJECTS's schema may be meant: as far as the schema tells without a selection. */
static bool is_field(const struct object *object, const char *rest)
{
	const struct schema *schema = object->schema;
	char name[64] = "";
	const struct field *field = NULL;

	while (*rest && schema) {
		const size_t length = strcspn(rest, "/");

		if (length >= sizeof(name))
			return false;
		memcpy(name, rest, length);
		name[length] = '\0';
		field = schema_field(schema, name);
		if (!field)
			return false;
		rest += length + (rest[length] == '/');
		schema = field_schema(field);
	}
	return !*rest || field->kind == FIELD_SELECT;
}

static bool object_takes(struct ferry *ferry, const struct object *object, const char *path, const char *value)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *rest, *last = strrchr(path, '/');
	struct record *key;

	if (object->typed && object->typed(path)) {
		rest = path + object->typed(path);
		return *rest ? is_field(object, rest + 1) : *value == '{';
	}
	if (object->parse(path, &ferry->machine.naming, &arena, &key, &rest, NULL) == 0)
		return *rest ? is_field(object, rest) : *value == '{';
	return has_glob(path) && (*value == '{' || (last && is_field(object, last + 1)));
}

/* Whether what stands before an '=' is the address that is meant. */
static bool takes(struct ferry *ferry, const struct channel *channel, const char *path, const char *address, const char *value)
{
	const struct file_tree *tree;
	const char *inside;
	bool found = false;

	if (channel->object)
		return object_takes(ferry, channel->object, path, value);
	tree = file_tree_of(address, &inside);
	if (!tree) { /* ioctl/route/10.0.0.0/8,metric=5 holds one itself */
		struct ioctl_route route;
		const char *rest;

		return strncmp(address, IOCTL_ROUTE_PREFIX, strlen(IOCTL_ROUTE_PREFIX)) ||
		       ioctl_route_path(address + strlen(IOCTL_ROUTE_PREFIX), &route, &rest) == 0;
	}
	return files_expand(tree, &ferry->machine, inside, count_place, &found) >= 0 && found;
}

static int parse_address(struct ferry *ferry, const char *text, size_t length, struct set_request *assignment)
{
	int r;

	while (length && is_blank(text[length - 1]))
		length--;
	while (length && is_blank(*text)) {
		text++;
		length--;
	}
	buffer_clear(&assignment->address);
	r = address_canonical(text, length, &assignment->address, &ferry->error);
	if (r < 0)
		return r;
	assignment->channel = channel_of(assignment->address.data, &assignment->path);
	if (!assignment->channel)
		return error_set(&ferry->error, -ENOENT, "%s is no value and no object", assignment->address.data);
	return 0;
}

/* The '=' in braces or quotes belong to a value. */
static size_t address_end(const char *text)
{
	return strcspn(text, "{\"\n");
}

static int parse_pair(struct ferry *ferry, const char *text, struct set_request *assignment)
{
	const char *first = strchr(text, '=');
	size_t end = address_end(text);
	unsigned int count = 0;
	int r;

	if (!first)
		return error_set(&ferry->error, -EINVAL, "\"%.100s\": a value is missing: ADDRESS=VALUE", text);
	for (const char *equals = first; equals && (size_t)(equals - text) < end && count < EQUALS_MAXIMUM; equals = strchr(equals + 1, '=')) {
		const char *value = equals + 1 + strspn(equals + 1, " \t");

		count++;
		if (parse_address(ferry, text, (size_t)(equals - text), assignment) < 0 ||
		    !takes(ferry, assignment->channel, assignment->path, assignment->address.data, value))
			continue;
		assignment->value = value;
		return 0;
	}
	/* None of them: then what is wrong is wrong with the first. */
	r = parse_address(ferry, text, (size_t)(first - text), assignment);
	assignment->value = first + 1 + strspn(first + 1, " \t");
	return r;
}

int set_request_parse(struct ferry *ferry, const char *text, struct set_request *ret)
{
	struct set_request assignment = { .text = text };
	int r;

	if (text[0] == '-')
		r = parse_address(ferry, text + 1, strlen(text + 1), &assignment);
	else
		r = parse_pair(ferry, text, &assignment);
	if (r < 0) {
		set_request_done(&assignment);
		return r;
	}
	*ret = assignment;
	return 0;
}

void set_request_done(struct set_request *assignment)
{
	buffer_done(&assignment->address);
	*assignment = (struct set_request){ 0 };
}

/* ---- Globs ---- */

struct expansion {
	const struct set_request *assignment;
	set_request_function *function;
	void *data;
	bool found;
};

static int expand(void *data, const struct ferry_item *item)
{
	struct expansion *expansion = data;
	const char *path;
	const struct channel *channel = channel_of(item->address, &path);

	expansion->found = true;
	return channel ? expansion->function(expansion->data, channel, path) : 0;
}

/* The objects that a walk gives are kept, since asking about them needs the socket that the walk reads from. */
struct places {
	char **list;
	size_t count, size;
};

static int keep(void *data, const struct ferry_item *item)
{
	struct places *names = data;

	if (names->count == names->size) {
		size_t size = names->size ? names->size * 2 : 32;
		char **list = reallocarray(names->list, size, sizeof(*list));

		if (!list)
			return -ENOMEM;
		names->list = list;
		names->size = size;
	}
	names->list[names->count] = strdup(item->address);
	return names->list[names->count++] ? 0 : -ENOMEM;
}

static int expand_kept(struct places *names, int r, struct expansion *expansion)
{
	for (size_t i = 0; r >= 0 && i < names->count; i++)
		r = expand(expansion, &(struct ferry_item){ .address = names->list[i] });
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	return r;
}

int set_request_expand(struct ferry *ferry, const struct set_request *assignment, set_request_function *function, void *data)
{
	struct expansion expansion = { assignment, function, data, false };
	struct places names = { 0 };
	const struct file_tree *tree;
	const char *inside;
	int r;

	if (!has_glob(assignment->path))
		return function(data, assignment->channel, assignment->path);
	tree = file_tree_of(assignment->address.data, &inside);
	if (tree)
		r = files_expand(tree, &ferry->machine, inside, keep, &names);
	else
		r = assignment->channel->get(assignment->channel, &ferry->machine, assignment->path, 0, keep, &names);
	if (r == -ENOENT)
		r = 0;
	if (r < 0)
		ferry_failed(ferry, r);
	r = expand_kept(&names, r, &expansion);
	if (r >= 0 && !expansion.found)
		return error_set(&ferry->error, -ENOENT, "nothing matches %s", assignment->address.data);
	return r;
}
