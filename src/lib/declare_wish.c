/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the lines of a document to what is wished: each address finds its channel, and the fields of one object come together. */
#include <errno.h>
#include <string.h>

#include "channel/channel.h"
#include "channel/files.h"
#include "channel/netfilter_typed.h"
#include "lib/declare_elements.h"
#include "model/address.h"
#include "state/document.h"

static bool has_address(const void *entry, const void *key, size_t length)
{
	const struct wish *wish = entry;

	return strlen(wish->address) == length && memcmp(wish->address, key, length) == 0;
}

void wishes_init(struct wishes *wishes, struct ferry *ferry)
{
	*wishes = (struct wishes){ .ferry = ferry };
	table_init(&wishes->table, has_address);
}

void wishes_done(struct wishes *wishes)
{
	table_done(&wishes->table);
	free(wishes->list);
	free(wishes->only);
	arena_done(&wishes->arena);
	arena_done(&wishes->scratch);
	arena_done(&wishes->passing);
	*wishes = (struct wishes){ 0 };
}

static int no_memory(struct wishes *wishes)
{
	return error_set(&wishes->ferry->error, -ENOMEM, "no memory for a document");
}

/* ---- Where nothing else may stand ---- */

static bool is_below(const char *address, const char *above)
{
	size_t length = strlen(above);

	return strncmp(address, above, length) == 0 && (!address[length] || address[length] == '/');
}

bool wishes_are_complete(const struct wishes *wishes, const char *address)
{
	for (size_t i = 0; i < wishes->only_count; i++)
		if (is_below(address, wishes->only[i]))
			return true;
	return false;
}

void wishes_concern(const struct wishes *wishes, bool *ret)
{
	const struct channel *last = NULL;

	for (unsigned int i = 0; i < channel_count; i++)
		for (size_t j = 0; j < wishes->only_count; j++)
			ret[i] |= is_below(channels[i]->name, wishes->only[j]) || is_below(wishes->only[j], channels[i]->name);
	/* Documents have a kind's objects together. */
	for (size_t i = 0; i < wishes->count; i++)
		for (unsigned int j = 0; wishes->list[i]->channel != last && j < channel_count; j++)
			if (channels[j] == wishes->list[i]->channel) {
				ret[j] = true;
				last = channels[j];
			}
}

int wishes_add_only(struct wishes *wishes, const char *address)
{
	const char **list = reallocarray(wishes->only, wishes->only_count + 1, sizeof(*list));

	if (!list)
		return no_memory(wishes);
	wishes->only = list;
	list[wishes->only_count] = arena_copy(&wishes->arena, address, strlen(address));
	return list[wishes->only_count++] ? 0 : no_memory(wishes);
}

/* ---- Wishes ---- */

static struct wish *find(const struct wishes *wishes, const char *address)
{
	return table_find(&wishes->table, address, strlen(address));
}

static int add(struct wishes *wishes, const struct channel *channel, struct arena *arena, const char *address, struct wish **ret)
{
	struct wish *wish = arena_new(&wishes->arena, struct wish), *first = find(wishes, address);

	if (wishes->count == wishes->size) {
		size_t size = wishes->size ? wishes->size * 2 : 64;
		struct wish **list = reallocarray(wishes->list, size, sizeof(*list));

		if (!list)
			return no_memory(wishes);
		wishes->list = list;
		wishes->size = size;
	}
	if (!wish)
		return no_memory(wishes);
	wish->channel = channel;
	wish->back = wishes->back;
	wish->address = arena_copy(arena, address, strlen(address));
	if (!wish->address)
		return no_memory(wishes);
	wish->path = wish->address + strlen(channel->name) + (wish->address[strlen(channel->name)] == '/');
	wish->first = first ? first : wish;
	wish->first->last = wish->first->last ? wish->first->last : wish;
	if (first) {
		first->last->next = wish;
		first->last = wish;
	} else if (table_add(&wishes->table, wish->address, strlen(wish->address), wish) < 0) {
		return no_memory(wishes);
	}
	wishes->list[wishes->count++] = wish;
	*ret = wish;
	return 0;
}

/* ---- Objects ---- */

static int said_twice(struct wishes *wishes, const char *address, unsigned int line)
{
	return error_set(&wishes->ferry->error, -EINVAL, "%s is said twice (line %u)", address, line);
}

/* The fields of one object come from many lines, whole objects from one: WHOLE, null where it is absent. */
static int object_wish(struct wishes *wishes, const struct channel *channel, struct arena *arena, const char *address, const struct value *whole,
		       struct wish **ret)
{
	struct wish *wish = find(wishes, address);
	int r;

	if (wish && !whole && !wish->absent) {
		*ret = wish;
		return 0;
	}
	if (wish && (wish->absent || !wish->whole))
		return said_twice(wishes, address, wish->line);
	r = add(wishes, channel, arena, address, &wish);
	if (r < 0)
		return r;
	wish->whole = whole != NULL;
	wish->generic = whole && whole->type == VALUE_RECORD ? record_new_sized(&wishes->arena, NULL, whole->record->count)
							     : record_new(&wishes->arena, NULL);
	*ret = wish;
	return wish->generic ? 0 : no_memory(wishes);
}

/* A line that stands twice in a document says nothing new: objects that differ in nothing would be one to the kernel. */
static struct wish *find_said(const struct wishes *wishes, const char *address, const struct value *value)
{
	struct wish *wish = find(wishes, address);
	struct value own = { .type = VALUE_RECORD };

	for (; wish; wish = wish->next) {
		own.record = wish->generic;
		if (wish->whole && !wish->absent && value_equal(&own, value))
			return wish;
	}
	return NULL;
}

const char *wish_said(const struct wish *wish, struct buffer *room)
{
	if (!wish->generic || !wish->said)
		return wish->address;
	buffer_clear(room);
	buffer_add(room, wish->address, (size_t)(strrchr(wish->address, '/') + 1 - wish->address));
	buffer_add_text(room, wish->said);
	return room->failed ? wish->address : room->data;
}

int wishes_rename(struct wishes *wishes, struct wish *wish, const char *address, const char *said)
{
	const struct wish *other = find(wishes, address);

	if (other || wish->next || wish->first != wish) {
		(void)said_twice(wishes, wish->address, other ? other->line : wish->first->line);
		return error_wrap(&wishes->ferry->error, "line %u", wish->line);
	}
	table_remove(&wishes->table, wish->address, strlen(wish->address));
	wish->address = arena_copy(&wishes->arena, address, strlen(address));
	wish->said = arena_copy(&wishes->arena, said, strlen(said));
	if (!wish->address || !wish->said || table_add(&wishes->table, wish->address, strlen(wish->address), wish) < 0)
		return no_memory(wishes);
	wish->path = wish->address + strlen(wish->channel->name) + 1;
	wish->typed = false;
	return 0;
}

int wishes_add_beside(struct wishes *wishes, const struct wish *wish, const char *address)
{
	const struct wish *other = find(wishes, address);
	const struct value nothing = { .type = VALUE_RECORD, .record = &(const struct record){ 0 } }, null = { .type = VALUE_NULL };
	struct wish *beside;
	int r;

	if (other && other->absent == wish->absent)
		return 0;
	r = object_wish(wishes, wish->channel, &wishes->arena, address, wish->absent ? &null : &nothing, &beside);
	if (r < 0)
		return r;
	beside->absent = wish->absent;
	beside->line = wish->line;
	beside->lenient = wish->lenient;
	return 0;
}

/* Where PATH leads: the address of an object, and what is behind it. */
static int find_place(struct wishes *wishes, const struct channel *channel, const char *path, struct buffer *ret_address, const char **ret_rest)
{
	const size_t typed = channel->object == &object_netfilter_element ? netfilter_typed_length(path) : 0;
	struct ferry *ferry = wishes->ferry;
	struct record *key;
	int r;

	if (typed) {
		buffer_printf(ret_address, "%s/", channel->name);
		buffer_add(ret_address, path, typed);
		*ret_rest = path + typed + (path[typed] == '/');
		return ret_address->failed ? no_memory(wishes) : 0;
	}
	r = channel->object->parse(path, &ferry->machine.naming, &wishes->scratch, &key, ret_rest, &ferry->error);
	if (r < 0)
		return r == -ENOMEM ? no_memory(wishes) : ferry->error.code == r ? r : error_set(&ferry->error, r, "%s: %s", path, error_text(r));
	object_address(channel->object, key, &ferry->machine.naming, ret_address);
	return ret_address->failed ? no_memory(wishes) : 0;
}

/* VALUE at REST of the object at PATH. VALUE NULL: absent. */
static int add_object(struct wishes *wishes, const struct channel *channel, const char *path, const struct value *value, struct wish **ret)
{
	_cleanup_buffer_ struct buffer address = { 0 };
	const struct value null = { .type = VALUE_NULL };
	struct ferry *ferry = wishes->ferry;
	struct value kept = null;
	const char *rest = "";
	bool whole, typed;
	int r = find_place(wishes, channel, path, &address, &rest);

	if (r < 0)
		return r;
	whole = !*rest;
	if (whole && value && value->type != VALUE_RECORD)
		return error_set(&ferry->error, -EINVAL, "%s is an object: {name=value, ...} is wanted, or one of its fields", address.data);
	*ret = whole && value && channel->object != &object_netfilter_rule ? find_said(wishes, address.data, value) : NULL;
	if (*ret)
		return 0;
	typed = channel->object == &object_netfilter_element && netfilter_typed_length(path);
	r = object_wish(wishes, channel, typed ? &wishes->passing : &wishes->arena, address.data, whole ? (value ? value : &null) : NULL, ret);
	if (r < 0)
		return r;
	(*ret)->absent = whole && !value;
	(*ret)->typed = typed;
	if ((*ret)->absent)
		return 0;
	if (value && value_copy(&wishes->arena, value, &kept) < 0)
		return no_memory(wishes);
	return record_add_at(&wishes->arena, (*ret)->generic, rest, &kept, &ferry->error);
}

/* ---- Files ---- */

struct expansion {
	struct wishes *wishes;
	const struct channel *channel;
	const struct value *value;
	struct wish *last;
	bool glob;
};

static int add_place(void *data, const struct ferry_item *item)
{
	struct expansion *expansion = data;
	struct wish *wish = find(expansion->wishes, item->address);
	int r = 0;

	if (item->kind == FERRY_ITEM_BRANCH)
		return 0;
	/* As in sysctl.conf: of two lines the last counts, and a name of its own more than a pattern. */
	if (wish && expansion->glob)
		return 0;
	if (!wish)
		r = add(expansion->wishes, expansion->channel, &expansion->wishes->arena, item->address, &wish);
	if (r < 0)
		return r;
	if (value_copy(&expansion->wishes->arena, expansion->value, &wish->value) < 0)
		return no_memory(expansion->wishes);
	expansion->last = wish;
	return 0;
}

static int add_file(struct wishes *wishes, const struct channel *channel, const char *address, const char *path, const struct value *value,
		    struct wish **ret)
{
	struct expansion expansion = { .wishes = wishes, .channel = channel, .value = value };
	const struct file_tree *tree = file_tree_of(address, &path);
	int r;

	if (!value)
		return error_set(&wishes->ferry->error, -EOPNOTSUPP, "%s is a file: it cannot be absent", address);
	expansion.glob = strpbrk(path, "*?[") != NULL;
	if (!expansion.glob || !tree)
		r = add_place(&expansion, &(struct ferry_item){ .address = address, .kind = FERRY_ITEM_LEAF });
	else
		r = files_expand(tree, &wishes->ferry->machine, path, add_place, &expansion);
	if (r < 0)
		return wishes->ferry->error.code == r ? r : ferry_failed(wishes->ferry, r);
	*ret = expansion.last;
	return 0;
}

/* ---- Lines ---- */

/* "netlink/route/route = only": an address of no field. */
static bool is_only(struct wishes *wishes, const char *address, const char *value)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct channel *channel;
	const char *path, *rest = "";
	struct record *key;

	if (!value || strcmp(value, "only") != 0 || strncmp(address, "netlink", 7) != 0)
		return false;
	channel = channel_of(address, &path);
	return !channel || !channel->object || channel->object->parse(path, &wishes->ferry->machine.naming, &arena, &key, &rest, NULL) < 0 || !*rest;
}

static int read_value(struct wishes *wishes, const struct channel *channel, const char *text, struct value *ret)
{
	return value_parse_generic(text, strlen(text), !channel->object, &wishes->scratch, ret, &wishes->ferry->error);
}

static int read_line(struct wishes *wishes, const struct document_line *line)
{
	_cleanup_buffer_ struct buffer address = { 0 };
	struct ferry *ferry = wishes->ferry;
	const struct channel *channel;
	struct wish *wish = NULL;
	struct value value;
	const char *path;
	int r;

	arena_reset(&wishes->scratch);
	r = address_canonical(line->address, strlen(line->address), &address, &ferry->error);

	if (r < 0)
		return r;
	if (address.failed)
		return no_memory(wishes);
	if (is_only(wishes, address.data, line->value))
		return wishes_add_only(wishes, address.data);
	channel = channel_of(address.data, &path);
	if (!channel || !*path)
		return error_set(&ferry->error, -ENOENT, "%s is no value and no object", address.data);
	if (!channel->object && !file_tree_of(address.data, &path))
		return error_set(&ferry->error, -EOPNOTSUPP, "%s: documents are of sysctl, sysfs and netlink objects", address.data);
	if (channel->object && !object_is_declared(channel->object))
		return error_set(&ferry->error, -EOPNOTSUPP, "%s: documents do not cover %s: its objects are set by ferry set", address.data,
				 channel->name);
	if (line->value) {
		r = read_value(wishes, channel, line->value, &value);
		if (r < 0)
			return r;
	}
	if (channel->object)
		r = add_object(wishes, channel, path, line->value ? &value : NULL, &wish);
	else
		r = add_file(wishes, channel, address.data, path, line->value ? &value : NULL, &wish);
	if (r < 0)
		return r;
	if (wish && !wish->line)
		wish->line = line->number;
	if (wish)
		wish->lenient |= line->lenient;
	return 0;
}

static int take_line(void *data, const struct document_line *line)
{
	struct wishes *wishes = data;
	int r;

	wishes->ferry->error = (struct error){ 0 };
	r = read_line(wishes, line);
	if (r < 0 && line->lenient && r != -ENOMEM)
		return 0;
	return r < 0 ? error_wrap(&wishes->ferry->error, "line %u", line->number) : 0;
}

int wishes_read(struct wishes *wishes, const char *text, size_t length)
{
	int r = document_each_line(text, length, take_line, wishes, &wishes->ferry->error);

	return r < 0 ? r : elements_settle(wishes);
}

int wishes_add_json(struct wishes *wishes, const char *address, const char *json)
{
	struct ferry *ferry = wishes->ferry;
	const char *path;
	const struct channel *channel = channel_of(address, &path);
	struct wish *wish = NULL;
	struct value value;
	int r = 0;

	if (!channel || (!channel->object && !file_tree_of(address, &path)))
		return error_set(&ferry->error, -EBADMSG, "%s is no value and no object", address);
	arena_reset(&wishes->scratch);
	if (json)
		r = value_parse_json(json, strlen(json), &wishes->scratch, &value, &ferry->error);
	if (r < 0)
		return r;
	if (channel->object)
		return add_object(wishes, channel, path, json ? &value : NULL, &wish);
	return add_file(wishes, channel, address, path, json ? &value : NULL, &wish);
}
