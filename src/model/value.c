/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/value.h"

#include <errno.h>
#include <string.h>

#include "model/schema.h"

#define USUAL_CAPACITY 12

const char *provenance_word(enum provenance provenance)
{
	static const char *const words[] = { [PROVENANCE_TABLE] = "table", [PROVENANCE_LEARNED] = "learned", [PROVENANCE_GUESSED] = "guessed" };

	return words[provenance];
}

struct value value_text(const char *text)
{
	return value_data(VALUE_TEXT, text, strlen(text));
}

struct record *record_new_sized(struct arena *arena, const struct schema *schema, size_t capacity)
{
	struct record *record;

	if (capacity > UINT16_MAX)
		capacity = UINT16_MAX;
	record = arena_new(arena, struct record);
	if (!record)
		return NULL;
	record->schema = schema;
	/* Each entry is written whole when it is added. */
	record->entries = arena_allocate_plain(arena, sizeof(*record->entries) * capacity);
	if (!record->entries)
		return NULL;
	record->capacity = (uint16_t)capacity;
	return record;
}

struct record *record_new(struct arena *arena, const struct schema *schema)
{
	return record_new_sized(arena, schema, USUAL_CAPACITY);
}

/* The old entries stay in the arena unused: growth is rare, since decode reckons first. */
int record_grow(struct arena *arena, struct record *record)
{
	size_t capacity = record->capacity ? (size_t)record->capacity * 2 : USUAL_CAPACITY;
	struct entry *entries;

	if (record->capacity == UINT16_MAX)
		return -ENOMEM;
	if (capacity > UINT16_MAX)
		capacity = UINT16_MAX;
	entries = arena_allocate_plain(arena, sizeof(*entries) * capacity);
	if (!entries)
		return -ENOMEM;
	if (record->count)
		memcpy(entries, record->entries, sizeof(*entries) * record->count);
	record->entries = entries;
	record->capacity = (uint16_t)capacity;
	return 0;
}

const struct value *record_find(const struct record *record, const char *name)
{
	if (!record)
		return NULL;
	for (size_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];

		if (entry_is_named(entry, name))
			return &entry->value;
	}
	return NULL;
}

const struct entry *record_entry(const struct record *record, const struct field *field)
{
	if (!record || !field)
		return NULL;
	for (size_t i = 0; i < record->count; i++)
		if (record->entries[i].field == field)
			return &record->entries[i];
	return NULL;
}

uint64_t record_number(const struct record *record, const char *name, uint64_t fallback)
{
	const struct value *value = record_find(record, name);

	if (!value)
		return fallback;
	switch (value->type) {
	case VALUE_BOOL:
		return value->boolean;
	case VALUE_INT:
	case VALUE_UINT:
		return value->number;
	default:
		return fallback;
	}
}

static int copy_list(struct arena *arena, const struct value *value, struct value *ret)
{
	struct value *items = arena_array(arena, struct value, value->list.count);

	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < value->list.count; i++) {
		int r = value_copy(arena, &value->list.items[i], &items[i]);

		if (r < 0)
			return r;
	}
	*ret = *value;
	ret->list.items = items;
	return 0;
}

static int copy_bytes(struct arena *arena, const struct value *value, struct value *ret)
{
	const char *data = arena_copy(arena, value->bytes.data, value->bytes.length);

	if (!data)
		return -ENOMEM;
	*ret = *value;
	ret->bytes.data = data;
	return 0;
}

int value_copy(struct arena *arena, const struct value *value, struct value *ret)
{
	struct record *record;
	int r;

	switch (value->type) {
	case VALUE_TEXT:
	case VALUE_BYTES:
	case VALUE_ADDRESS:
		return copy_bytes(arena, value, ret);
	case VALUE_LIST:
		return copy_list(arena, value, ret);
	case VALUE_RECORD:
		r = record_copy(arena, value->record, &record);
		if (r < 0)
			return r;
		*ret = (struct value){ .type = VALUE_RECORD, .record = record };
		return 0;
	default:
		*ret = *value;
		return 0;
	}
}

int record_copy(struct arena *arena, const struct record *record, struct record **ret)
{
	struct record *copy = record_new_sized(arena, record->schema, record->count);

	if (!copy)
		return -ENOMEM;
	copy->provenance = record->provenance;
	copy->count = record->count;
	for (size_t i = 0; i < record->count; i++) {
		const struct entry *from = &record->entries[i];
		struct entry *to = &copy->entries[i];
		int r = value_copy(arena, &from->value, &to->value);

		if (r < 0)
			return r;
		to->field = from->field;
		to->number = from->number;
		to->name = from->name;
		/* A name that no schema owns was borrowed too. */
		if (from->name && !from->field) {
			to->name = arena_copy(arena, from->name, strlen(from->name));
			if (!to->name)
				return -ENOMEM;
		}
	}
	*ret = copy;
	return 0;
}
