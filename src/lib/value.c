/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public face of values: a struct ferry_value is a value with the field that explains it. */
#include <errno.h>
#include <string.h>

#include "channel/channel.h"
#include "lib/context.h"

enum ferry_type ferry_value_type(const struct ferry_value *value)
{
	return (enum ferry_type)value->value.type; /* the two enums are one list: asserted below */
}

_Static_assert((int)FERRY_RECORD == (int)VALUE_RECORD && (int)FERRY_ADDRESS == (int)VALUE_ADDRESS && (int)FERRY_TEXT == (int)VALUE_TEXT,
	       "public and internal value types are one list");

uint64_t ferry_value_number(const struct ferry_value *value)
{
	switch (value->value.type) {
	case VALUE_BOOL:
		return value->value.boolean;
	case VALUE_INT:
		return (uint64_t)value->value.integer;
	case VALUE_UINT:
		return value->value.number;
	default:
		return 0;
	}
}

static bool shown(const struct entry *entry)
{
	return !entry->field || !(entry->field->flags & FIELD_HIDDEN);
}

unsigned int ferry_value_count(const struct ferry_value *value)
{
	unsigned int count = 0;

	if (value->value.type == VALUE_LIST)
		return value->value.list.count;
	if (value->value.type == VALUE_RECORD)
		for (unsigned int i = 0; i < value->value.record->count; i++)
			count += shown(&value->value.record->entries[i]);
	return count;
}

/* The caller's view of one item lives in a scratch struct that belongs to the parent: a walk holds one item a level. */
static struct ferry_value *item_of(const struct ferry_value *value)
{
	struct ferry_value *parent = (struct ferry_value *)value;

	if (!parent->item)
		parent->item = calloc(1, sizeof(*parent->item));
	return parent->item;
}

static const struct entry *shown_entry(const struct record *record, unsigned int index)
{
	for (unsigned int i = 0; i < record->count; i++)
		if (shown(&record->entries[i]) && index-- == 0)
			return &record->entries[i];
	return NULL;
}

int ferry_value_item(const struct ferry_value *value, unsigned int index, const struct ferry_value **ret_item, const char **ret_name)
{
	struct ferry_value *item;

	if (index >= ferry_value_count(value))
		return -ENOENT;
	item = item_of(value);
	if (!item)
		return -ENOMEM;
	item->naming = value->naming;
	if (value->value.type == VALUE_LIST) {
		item->value = value->value.list.items[index];
		item->field = value->field ? field_element(value->field) : NULL;
		*ret_name = NULL;
	} else {
		const struct entry *entry = shown_entry(value->value.record, index);

		item->value = entry->value;
		item->field = entry->field;
		if (!entry->name && !entry->field)
			snprintf(item->unknown_name, sizeof(item->unknown_name), "attribute %u", entry->number);
		*ret_name = entry->name ? entry->name : entry->field ? entry->field->name : item->unknown_name;
	}
	*ret_item = item;
	return 0;
}

char *ferry_value_text(const struct ferry_value *value)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };

	value_print(&buffer, &value->value, value->field, value->naming);
	buffer_add(&buffer, "", 0);
	return buffer_take(&buffer);
}

char *ferry_value_json(const struct ferry_value *value)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };

	value_json(&buffer, &value->value, value->field, value->naming);
	return buffer_take(&buffer);
}

typedef void print_function(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming);

static size_t put(const struct ferry_value *value, print_function *print, char *ret, size_t size)
{
	struct buffer fixed = { .data = ret, .size = size, .fixed = true };
	_cleanup_buffer_ struct buffer whole = { 0 };

	print(&fixed, &value->value, value->field, value->naming);
	if (!fixed.failed && fixed.length < size) {
		ret[fixed.length] = '\0';
		return fixed.length;
	}
	/* How long it is, or it fitted but for the room that a part of it asked for beforehand. */
	print(&whole, &value->value, value->field, value->naming);
	if (whole.failed)
		return SIZE_MAX;
	if (whole.length < size)
		memcpy(ret, whole.data ? whole.data : "", whole.length + 1);
	return whole.length;
}

size_t ferry_value_put_text(const struct ferry_value *value, char *ret, size_t size)
{
	return put(value, value_print, ret, size);
}

size_t ferry_value_put_json(const struct ferry_value *value, char *ret, size_t size)
{
	return put(value, value_json, ret, size);
}

int ferry_value_parse(struct ferry *ferry, const char *json, struct ferry_value **ret_value)
{
	struct ferry_value *value = calloc(1, sizeof(*value));
	int r;

	if (value)
		value->arena = calloc(1, sizeof(*value->arena));
	if (!value || !value->arena) {
		ferry_value_free(value);
		return error_set(&ferry->error, -ENOMEM, "no memory for a value");
	}
	r = value_parse_json(json, strlen(json), value->arena, &value->value, &ferry->error);
	if (r < 0) {
		ferry_value_free(value);
		return r;
	}
	*ret_value = value;
	return 0;
}

struct ferry_value *ferry_value_free(struct ferry_value *value)
{
	while (value) {
		struct ferry_value *item = value->item;

		if (value->arena)
			arena_done(value->arena);
		free(value->arena);
		free(value);
		value = item;
	}
	return NULL;
}
