/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records and values of a schema from texts: JSON, or as they are printed; and what a document says line by line, put together. */
#include <errno.h>
#include <string.h>

#include "model/field.h"

static int record_of_value(const struct schema *schema, const struct value *value, const struct naming *naming, struct arena *arena,
			   struct record **ret, struct error *error)
{
	if (value->type != VALUE_RECORD)
		return error_set(error, -EINVAL, "%s must be a record {...}", schema && schema->name ? schema->name : "the text");
	return record_of_generic(schema, value->record, naming, arena, ret, error);
}

int record_parse_json(const struct schema *schema, const char *text, size_t length, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error)
{
	struct value value;
	int r = value_parse_json(text, length, arena, &value, error);

	return r < 0 ? r : record_of_value(schema, &value, naming, arena, ret, error);
}

int record_parse_text(const struct schema *schema, const char *text, size_t length, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error)
{
	struct value value;
	int r = value_parse_generic(text, length, false, arena, &value, error);

	return r < 0 ? r : record_of_value(schema, &value, naming, arena, ret, error);
}

static int parse_plain(const char *text, size_t length, struct arena *arena, struct value *ret, struct error *error)
{
	struct value value;
	int r = value_parse_generic(text, length, true, arena, &value, error);

	if (r < 0)
		return r;
	if (!value_is_bare(&value) || !integer_parse(value.bytes.data, value.bytes.length, ret))
		*ret = value_data(VALUE_TEXT, value.bytes.data, value.bytes.length);
	return 0;
}

int value_parse_text(const char *text, size_t length, const struct field *field, const struct record *siblings, const struct naming *naming,
		     struct arena *arena, struct value *ret, struct error *error)
{
	struct value generic;
	int r;

	if (!field)
		return parse_plain(text, length, arena, ret, error);
	r = value_parse_generic(text, length, field->kind == FIELD_TEXT, arena, &generic, error);
	return r < 0 ? r : value_of_generic(&generic, field, siblings, naming, arena, ret, error);
}

int record_add_at(struct arena *arena, struct record *record, const char *path, const struct value *value, struct error *error)
{
	size_t length = strcspn(path, "/");
	char *name = arena_copy(arena, path, length);
	const struct value *found;
	struct record *inner;
	int r = 0;

	if (!name)
		return error_set(error, -ENOMEM, "out of memory");
	if (length == 0 && value->type != VALUE_RECORD)
		return error_set(error, -ENOTDIR, "a whole object must be a record {...}");
	for (uint32_t i = 0; length == 0 && r == 0 && i < value->record->count; i++)
		r = record_add_at(arena, record, value->record->entries[i].name, &value->record->entries[i].value, error);
	if (length == 0)
		return r;

	found = record_find(record, name);
	if (found && found->type == VALUE_RECORD && (path[length] || value->type == VALUE_RECORD))
		return record_add_at(arena, (struct record *)found->record, path[length] ? path + length + 1 : "", value, error);
	if (found)
		return error_set(error, path[length] ? -ENOTDIR : -EEXIST, path[length] ? "%s holds no fields" : "%s is given twice", name);
	if (!path[length])
		return record_add(arena, record, (struct entry){ .name = name, .value = *value }) < 0 ? error_set(error, -ENOMEM, "out of memory")
												      : 0;
	inner = record_new(arena, NULL);
	if (!inner || record_add(arena, record, (struct entry){ .name = name, .value = { .type = VALUE_RECORD, .record = inner } }) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	return record_add_at(arena, inner, path + length + 1, value, error);
}
