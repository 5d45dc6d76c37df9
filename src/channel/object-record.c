/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of objects: small changes by name, from JSON, compared by what is wanted. */
#include <errno.h>
#include <string.h>

#include "channel/object-inside.h"

struct entry *record_at(const struct record *record, const char *name)
{
	for (uint32_t i = 0; i < record->count; i++)
		if (entry_is_named(&record->entries[i], name))
			return &record->entries[i];
	return NULL;
}

void record_drop_entry(struct record *record, const struct entry *entry)
{
	const size_t index = (size_t)(entry - record->entries);

	memmove(record->entries + index, entry + 1, (record->count - index - 1) * sizeof(*entry));
	record->count--;
}

void record_drop(struct record *record, const char *name)
{
	const struct entry *entry = record_at(record, name);

	if (entry)
		record_drop_entry(record, entry);
}

static bool is_header(const struct schema *schema, const struct field *field)
{
	for (uint32_t i = 0; i < schema->header_count; i++)
		if (&schema->header[i] == field)
			return true;
	return false;
}

int record_put(struct arena *arena, struct record *record, const char *name, struct value value)
{
	struct entry *entry = record_at(record, name);
	const struct field *field;

	if (entry) {
		entry->value = value;
		return 0;
	}
	field = record->schema ? schema_field(record->schema, name) : NULL;
	if (!field)
		return -ENOENT;
	return record_add(arena, record,
			  (struct entry){ .name = field->name,
					  .field = field,
					  .number = is_header(record->schema, field) ? field->offset : (uint16_t)(field - record->schema->attributes),
					  .value = value });
}

struct record *record_inside(const struct record *record, const char *name)
{
	const struct value *value = record_find(record, name);

	/* What an arena of ours holds may be changed; the const is for readers. */
	return value && value->type == VALUE_RECORD ? (struct record *)value->record : NULL;
}

/* What a selection goes by (the kind of a link) may be left out in a change, since it stands there already. */
static int add_selectors(struct arena *arena, const struct schema *schema, struct record *given, const struct record *now)
{
	for (uint32_t i = 0; i < schema->attribute_count; i++) {
		const struct field *field = &schema->attributes[i];
		const struct entry *told;
		struct record *inside;
		int r = 0;

		if (!field->name || !record_at(given, field->name))
			continue;
		inside = record_inside(given, field->name);
		if (field->kind == FIELD_RECORD && inside && record_inside(now, field->name))
			r = add_selectors(arena, field_schema(field), inside, record_inside(now, field->name));
		if (field->kind != FIELD_SELECT || record_at(given, field_select(field)->by))
			goto next;
		told = record_at(now, field_select(field)->by);
		if (told)
			r = record_add(arena, given, (struct entry){ .name = told->name, .value = told->value });
	next:
		if (r < 0)
			return r;
	}
	return 0;
}

int object_of_generic(const struct object *object, struct record *generic, const struct record *now, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error)
{
	if (now && add_selectors(arena, object->schema, generic, now) < 0)
		return error_set(error, -ENOMEM, "no memory to read a %s", object->name);
	return record_of_generic(object->schema, generic, naming, arena, ret, error);
}

int object_parse_json(const struct object *object, const char *json, const struct record *now, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error)
{
	struct value generic;
	int r = value_parse_json(json, strlen(json), arena, &generic, error);

	if (r < 0)
		return r;
	if (generic.type != VALUE_RECORD)
		return error_set(error, -EINVAL, "a %s must be an object {...}", object->name);
	return object_of_generic(object, (struct record *)generic.record, now, naming, arena, ret, error);
}

/* ---- Whether a record is as another one wants it ---- */

static bool fields_match(const struct record *expected, const struct record *present);

/* No interface is the number 0, or no attribute at all. */
static bool is_none(const struct field *field, const struct value *value)
{
	return value->type == VALUE_NULL || (field && field->kind == FIELD_INTERFACE && value->type == VALUE_UINT && value->number == 0);
}

/* Of flags just the bits that a request can set, and that ASKED_FOR were: the kernel holds the others. */
static uint64_t mask_of(const struct field *field, uint64_t asked_for)
{
	const struct field_limits *limits = field_limits(field);

	return limits->taken ? limits->taken & asked_for & field_significance(field) : limits->mask;
}

static bool is_zero(const struct value *value)
{
	switch (value->type) {
	case VALUE_BOOL:
		return !value->boolean;
	case VALUE_INT:
	case VALUE_UINT:
		return value->number == 0;
	case VALUE_LIST:
		return value->list.count == 0;
	case VALUE_TEXT:
	case VALUE_BYTES:
		return value->bytes.length == 0;
	default:
		return false;
	}
}

/* What holds no field that could be set by itself is set whole, and compared so. */
static bool is_whole(const struct record *record)
{
	const uint32_t flags = FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE;
	const struct schema *schema = record->schema;

	for (uint32_t i = 0; schema && i < schema->header_count; i++)
		if (schema->header[i].flags & flags)
			return false;
	for (uint32_t i = 0; schema && i < schema->attribute_count; i++)
		if (schema->attributes[i].flags & flags)
			return false;
	return schema;
}

static bool whole_matches(const struct record *expected, const struct record *present);

static bool records_match(const struct record *expected, const struct record *present)
{
	return is_whole(expected) ? whole_matches(expected, present) : fields_match(expected, present);
}

static bool items_match(const struct value *expected, const struct value *present)
{
	if (present->type != VALUE_LIST || expected->list.count != present->list.count)
		return false;
	for (uint32_t i = 0; i < expected->list.count; i++) {
		const struct value *a = &expected->list.items[i], *b = &present->list.items[i];

		if (a->type == VALUE_RECORD && b->type == VALUE_RECORD ? !records_match(a->record, b->record) : !value_equal(a, b))
			return false;
	}
	return true;
}

/* Every field that EXPECTED has, but for those that move by themselves. */
static bool whole_matches(const struct record *expected, const struct record *present)
{
	for (uint32_t i = 0; i < expected->count; i++) {
		const struct entry *entry = &expected->entries[i];
		const struct entry *other = entry->name ? record_at(present, entry->name) : NULL;
		bool same;

		if (entry->field && entry->field->flags & (FIELD_VOLATILE | FIELD_DERIVED | FIELD_HIDDEN))
			continue;
		for (uint32_t at = 0; !entry->name && !other && at < present->count; at++)
			if (!present->entries[at].name && present->entries[at].number == entry->number)
				other = &present->entries[at];
		if (!other)
			same = is_zero(&entry->value);
		else if (entry->value.type == VALUE_RECORD && other->value.type == VALUE_RECORD)
			same = records_match(entry->value.record, other->value.record);
		else
			same = entry->value.type == VALUE_LIST ? items_match(&entry->value, &other->value)
							       : value_equal(&entry->value, &other->value);
		if (!same)
			return false;
	}
	return true;
}

static bool value_matches(const struct entry *expected, const struct value *present, uint64_t asked_for)
{
	const struct field *field = expected->field;
	uint64_t mask = mask_of(field, asked_for);

	if (is_none(field, &expected->value))
		return !present || is_none(field, present);
	/* What is 0 or empty the kernel may leave out; what it takes for a new object only it may never tell (the other end of a veth). */
	if (!present && expected->value.type == VALUE_RECORD)
		return !(field->flags & FIELD_SETTABLE) || fields_match(expected->value.record, &(struct record){ 0 });
	if (!present)
		return is_zero(&expected->value) || !(field->flags & (FIELD_SETTABLE | FIELD_KEY));
	if (mask && expected->value.type == VALUE_UINT && present->type == VALUE_UINT)
		return !((expected->value.number ^ present->number) & mask);
	if (expected->value.type == VALUE_RECORD && present->type == VALUE_RECORD)
		return fields_match(expected->value.record, present->record);
	return expected->value.type == VALUE_LIST ? items_match(&expected->value, present) : value_equal(&expected->value, present);
}

bool object_field_counts(const struct field *field)
{
	return field && field->flags & (FIELD_SETTABLE | FIELD_KEY | FIELD_CREATE) &&
	       !(field->flags & (FIELD_VOLATILE | FIELD_DERIVED | FIELD_HIDDEN | FIELD_STATE));
}

bool object_entry_matches(const struct entry *expected, const struct record *present, uint64_t asked_for)
{
	const struct entry *other = expected->field ? record_entry(present, expected->field) : NULL;

	/* A header field that an attribute overrides has its name. */
	if (!other && expected->name)
		other = record_at(present, expected->name);
	/* A secret that is said in another form than it is told, in which it is not looked at any further. */
	if (other && expected->field && expected->field->flags & FIELD_SECRET && other->value.type != expected->value.type)
		return true;
	/* What the kernel moves by itself as things are now (the rate that two ends agree on) may be a setting at other times. */
	if (other && other->field && other->field->flags & FIELD_STATE)
		return true;
	return !object_field_counts(expected->field) || value_matches(expected, other ? &other->value : NULL, asked_for);
}

static bool fields_match(const struct record *expected, const struct record *present)
{
	const uint64_t asked_for = record_number(expected, "change", UINT64_MAX);

	for (unsigned int i = 0; i < expected->count; i++)
		if (!object_entry_matches(&expected->entries[i], present, asked_for))
			return false;
	return true;
}

bool object_matches(const struct record *expected, const struct record *present)
{
	return fields_match(expected, present);
}
