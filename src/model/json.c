/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values as compact JSON: what the history keeps and `--json` prints. On the path of every change, so without printf. */
#include <string.h>

#include "model/field.h"

#define ADD_LITERAL(buffer, text) buffer_add((buffer), (text), sizeof(text) - 1)

/* A word of our own tables: nothing in it needs an escape. */
static void add_word(struct buffer *buffer, const char *word)
{
	buffer_add_char(buffer, '"');
	buffer_add_text(buffer, word);
	buffer_add_char(buffer, '"');
}

static void add_hex_word(struct buffer *buffer, uint64_t number)
{
	buffer_add_char(buffer, '"');
	hex_format(buffer, number);
	buffer_add_char(buffer, '"');
}

static void add_handle(struct buffer *buffer, uint64_t number)
{
	buffer_add_char(buffer, '"');
	handle_format(buffer, number);
	buffer_add_char(buffer, '"');
}

static void json_flags(struct buffer *buffer, uint64_t number, const struct names *names)
{
	uint64_t left = number;
	bool first = true;

	buffer_add_char(buffer, '[');
	for (uint32_t i = 0; i < names->count; i++) {
		if (!name_in_flags(names, i, number, &left))
			continue;
		if (!first)
			buffer_add_char(buffer, ',');
		add_word(buffer, names->list[i].text);
		first = false;
	}
	if (left) {
		if (!first)
			buffer_add_char(buffer, ',');
		add_hex_word(buffer, left);
	}
	buffer_add_char(buffer, ']');
}

static void json_interface(struct buffer *buffer, uint64_t index, const struct naming *naming)
{
	const char *name = NULL;

	if (index == 0) {
		ADD_LITERAL(buffer, "null");
		return;
	}
	if (naming && naming->interface_name && index <= UINT32_MAX)
		name = naming->interface_name(naming->data, (uint32_t)index);
	if (name)
		buffer_add_json(buffer, name, strlen(name));
	else
		buffer_add_uint(buffer, index);
}

static void json_number(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming)
{
	const char *word;

	if (field && field->kind == FIELD_INTERFACE) {
		json_interface(buffer, value->number, naming);
		return;
	}
	if (field && field_names(field)) {
		if (field_names(field)->flags) {
			json_flags(buffer, value->number, field_names(field));
			return;
		}
		word = names_find(field_names(field), value->number);
		if (word) {
			add_word(buffer, word);
			return;
		}
	}
	if (field && field->flags & FIELD_HEX)
		add_hex_word(buffer, value->number);
	else if (field && field->flags & FIELD_HANDLE)
		add_handle(buffer, value->number);
	else
		number_format(buffer, value, field);
}

static void json_list(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming)
{
	buffer_add_char(buffer, '[');
	for (uint32_t i = 0; i < value->list.count; i++) {
		if (i)
			buffer_add_char(buffer, ',');
		value_json(buffer, &value->list.items[i], element_of(field), naming);
	}
	buffer_add_char(buffer, ']');
}

void value_json(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming)
{
	if (field && field->flags & FIELD_SECRET && value->type != VALUE_NULL) {
		ADD_LITERAL(buffer, "\"(secret)\"");
		return;
	}
	switch (value->type) {
	case VALUE_NULL:
		ADD_LITERAL(buffer, "null");
		break;
	case VALUE_BOOL:
		if (field && field_names(field))
			json_number(buffer, &(struct value){ .type = VALUE_UINT, .number = value->boolean }, field, naming);
		else if (value->boolean)
			ADD_LITERAL(buffer, "true");
		else
			ADD_LITERAL(buffer, "false");
		break;
	case VALUE_INT:
	case VALUE_UINT:
		json_number(buffer, value, field, naming);
		break;
	case VALUE_TEXT:
		buffer_add_json(buffer, value->bytes.data, value->bytes.length);
		break;
	case VALUE_BYTES:
		buffer_add_char(buffer, '"');
		buffer_add_hex(buffer, value->bytes.data, value->bytes.length);
		buffer_add_char(buffer, '"');
		break;
	case VALUE_ADDRESS:
		buffer_add_char(buffer, '"');
		address_format(buffer, value);
		buffer_add_char(buffer, '"');
		break;
	case VALUE_LIST:
		json_list(buffer, value, field, naming);
		break;
	case VALUE_RECORD:
		record_json(buffer, value->record, naming);
		break;
	}
}

void record_json(struct buffer *buffer, const struct record *record, const struct naming *naming)
{
	bool first = true;

	buffer_add_char(buffer, '{');
	for (size_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];

		if (entry->field && entry->field->flags & FIELD_HIDDEN)
			continue;
		if (!first)
			buffer_add_char(buffer, ',');
		first = false;
		if (entry->field && !(entry->field->flags & FIELD_LEARNED)) {
			add_word(buffer, entry->name);
		} else if (entry->name) {
			buffer_add_json(buffer, entry->name, strlen(entry->name));
		} else {
			ADD_LITERAL(buffer, "\"attribute ");
			buffer_add_uint(buffer, entry->number);
			buffer_add_char(buffer, '"');
		}
		buffer_add_char(buffer, ':');
		value_json(buffer, &entry->value, entry->field, naming);
	}
	buffer_add_char(buffer, '}');
}
