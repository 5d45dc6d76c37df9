/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions to a schema. */
#include "model/schema.h"

#include <errno.h>
#include <string.h>

#include "model/field.h"

const char *unit_text(enum field_unit unit)
{
	static const char *const texts[] = {
		NULL,
#define UNIT(name, text) text,
#include "model/units.def"
#undef UNIT
	};

	return texts[unit];
}

/* Most names differ in their first two letters. */
static bool field_is_named(const struct field *field, const char *name)
{
	const char *own = field->name;

	return own && own[0] == name[0] && own[0] && own[1] == name[1] && strcmp(own, name) == 0;
}

const struct field *schema_field(const struct schema *schema, const char *name)
{
	for (uint32_t i = 0; i < schema->attribute_count; i++) {
		const struct field *field = &schema->attributes[i];

		if (field_is_named(field, name) && field->kind != FIELD_UNKNOWN && field->kind != FIELD_PAD)
			return field;
	}
	for (uint32_t i = 0; i < schema->header_count; i++)
		if (field_is_named(&schema->header[i], name))
			return &schema->header[i];
	return NULL;
}

const struct selection_row *select_row(const struct selection *selection, const struct value *selector)
{
	const char *word = NULL;
	size_t length = 0;

	if (!selection || !selector)
		return NULL;
	if (selector->type == VALUE_TEXT) {
		word = selector->bytes.data;
		length = selector->bytes.length;
	} else if (selector->type == VALUE_UINT && selection->names) {
		word = names_find(selection->names, selector->number);
		length = word ? strlen(word) : 0;
	}
	for (uint32_t i = 0; word && i < selection->count; i++) {
		const char *text = selection->rows[i].text;

		if (strlen(text) == length && memcmp(text, word, length) == 0)
			return &selection->rows[i];
	}
	return NULL;
}

const struct schema *select_schema(const struct selection *selection, const struct value *selector)
{
	const struct selection_row *row = select_row(selection, selector);

	return row ? row->schema : NULL;
}

const char *names_find(const struct names *names, uint64_t number)
{
	/* Most lists count from 0 without a hole. */
	if (number < names->count && names->list[number].value == number)
		return names->list[number].text;
	for (uint32_t i = 0; i < names->count; i++)
		if (names->list[i].value == number)
			return names->list[i].text;
	return NULL;
}

bool names_parse(const struct names *names, const char *word, size_t length, uint64_t *ret)
{
	for (uint32_t i = 0; i < names->count; i++) {
		const char *text = names->list[i].text;

		if (strlen(text) == length && memcmp(text, word, length) == 0) {
			*ret = names->list[i].value;
			return true;
		}
	}
	return false;
}

static void path_add(struct buffer *ret, const struct field *field, uint16_t type)
{
	if (ret->length)
		buffer_add_char(ret, '/');
	if (field) {
		buffer_add_text(ret, field->name);
	} else {
		buffer_add_text(ret, "attribute ");
		buffer_add_uint(ret, type);
	}
}

/* What the attribute of LENGTH bytes at DATA selects by: a text, or a number of two bytes or four. */
static struct value selector_value(const struct field *field, const void *data, size_t length)
{
	uint16_t two;
	uint32_t four;

	if (field->kind == FIELD_TEXT)
		return value_data(VALUE_TEXT, data, strnlen(data, length));
	if (field->kind == FIELD_U16 && length == sizeof(two)) {
		memcpy(&two, data, sizeof(two));
		return value_uint(two);
	}
	if (field->kind == FIELD_U32 && length == sizeof(four)) {
		memcpy(&four, data, sizeof(four));
		return value_uint(four);
	}
	return (struct value){ .type = VALUE_NULL };
}

/* The attribute that FIELD's selection goes by, as it stands in the run that FIELD is in. */
static struct value selector_in(const struct schema *schema, const struct field *field, const uint8_t *data, size_t length)
{
	struct value value = { .type = VALUE_NULL };

	for (struct attribute_iterator i = attributes(data, length); attribute_next(&i);) {
		const struct field *sibling = attribute_field(schema, i.type);

		if (sibling && strcmp(sibling->name, field->select->by) == 0)
			value = selector_value(sibling, i.data, i.length);
	}
	return value;
}

static int path_in_run(const struct schema *schema, const uint8_t *data, size_t length, size_t offset, struct buffer *ret, unsigned int depth);

/* Below the attribute whose PAYLOAD holds OFFSET (counted from the payload's start). */
static void path_below(const struct schema *schema, const struct field *field, const uint8_t *run, size_t run_length, const uint8_t *payload,
		       size_t length, size_t offset, struct buffer *ret, unsigned int depth)
{
	const struct schema *nest = field_schema(field);
	struct value selector;

	if (field->kind == FIELD_SELECT) {
		const struct selection_row *row;

		selector = selector_in(schema, field, run, run_length);
		row = select_row(field->select, &selector);
		nest = row && !row->codec ? row->schema : NULL;
	} else if (field->kind == FIELD_LIST && field->element) {
		/* A member has no name of its own, so the path goes on below it. */
		for (struct attribute_iterator i = attributes(payload, length); attribute_next(&i);) {
			size_t start = (size_t)((const uint8_t *)i.data - payload);

			if (offset >= start && offset < start + i.length && depth < DEPTH_MAXIMUM)
				path_below(schema, field->element, run, run_length, i.data, i.length, offset - start, ret, depth + 1);
		}
		return;
	} else if (field->kind != FIELD_RECORD) {
		return;
	}
	/* Where nothing deeper is found the attribute itself is the answer. */
	if (nest && path_in_run(nest, payload, length, offset, ret, depth + 1) < 0)
		return;
}

static int path_in_run(const struct schema *schema, const uint8_t *data, size_t length, size_t offset, struct buffer *ret, unsigned int depth)
{
	size_t before = run_offset(schema, length);
	const uint8_t *run = data + before;

	if (depth > DEPTH_MAXIMUM)
		return -ENOENT;
	for (uint32_t i = 0; i < schema->header_count; i++) {
		const struct field *field = &schema->header[i];

		if (offset >= field->offset && offset < field->offset + field_size(field)) {
			path_add(ret, field, 0);
			return 0;
		}
	}
	for (struct attribute_iterator i = attributes(run, length - before); attribute_next(&i);) {
		size_t start = (size_t)((const uint8_t *)i.data - data);
		const struct field *field = attribute_field(schema, i.type);

		if (offset + 4 < start || offset >= start + i.length + (i.length == 0))
			continue;
		path_add(ret, field, i.type);
		if (field && offset >= start)
			path_below(schema, field, run, length - before, i.data, i.length, offset - start, ret, depth);
		return 0;
	}
	return -ENOENT;
}

int schema_path_at(const struct schema *schema, const void *data, size_t length, size_t offset, struct buffer *ret)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	int r;

	if (offset >= length)
		return -ENOENT;
	r = path_in_run(schema, data, length, offset, &path, 0);
	if (r < 0)
		return r;
	if (path.failed)
		return -ENOMEM;
	buffer_add(ret, path.data, path.length);
	return 0;
}
