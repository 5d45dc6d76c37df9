/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values as text for people: what `get` prints and `apply` reads back. */
#include <stdio.h>
#include <string.h>

#include "model/field.h"

/* What parts values inside a list or record. */
#define MARKS " ,=[]{}\"'"

void hex_format(struct buffer *buffer, uint64_t number)
{
	static const char digits[] = "0123456789abcdef";
	char text[18], *at = text + sizeof(text);

	do {
		*--at = digits[number & 15];
		number >>= 4;
	} while (number);
	*--at = 'x';
	*--at = '0';
	buffer_add(buffer, at, (size_t)(text + sizeof(text) - at));
}

static void octal_format(struct buffer *buffer, uint64_t number)
{
	buffer_printf(buffer, number ? "0%llo" : "%llo", (unsigned long long)number);
}

void handle_format(struct buffer *buffer, uint64_t number)
{
	const unsigned int major = (unsigned int)(number >> 16) & 0xffff, minor = (unsigned int)number & 0xffff;

	buffer_printf(buffer, minor ? "%x:%x" : "%x:", major, minor);
}

void number_format(struct buffer *buffer, const struct value *value, const struct field *field)
{
	bool negative = value->type == VALUE_INT && value->integer < 0;
	uint64_t number = negative ? 0 - value->number : value->number, whole = 1;

	if (negative)
		buffer_add_char(buffer, '-');
	for (unsigned int i = 0; field && i < field->decimals; i++)
		whole *= 10;
	buffer_add_uint(buffer, number / whole);
	if (whole > 1)
		buffer_add_char(buffer, '.');
	while (whole > 1) {
		number %= whole;
		whole /= 10;
		buffer_add_char(buffer, (char)('0' + number / whole));
	}
}

/* Whether TEXT could be read as something else, so that it stands in quotes. What a file holds (no field, not inside) is read as text but for what
 * begins with a quote. */
static bool needs_quotes(const char *text, size_t length, const struct field *field, bool inside)
{
	struct value other;

	if (length == 0 || text[0] == '"')
		return true;
	if (!field && !inside)
		return false;
	if (text[0] == ' ' || text[length - 1] == ' ' || text[0] == '[' || text[0] == '{')
		return true;
	/* A text field takes any word but "null" as text. */
	if (word_value(text, length, &other) && (other.type == VALUE_NULL || !field || field->kind != FIELD_TEXT))
		return true;
	for (size_t i = 0; inside && i < length; i++)
		if (text[i] == '\0' || strchr(MARKS, text[i]))
			return true;
	return false;
}

static void print_quoted(struct buffer *buffer, const char *text, size_t length)
{
	buffer_add_char(buffer, '"');
	for (size_t start = 0; start < length;) {
		const char *quote = memchr(text + start, '"', length - start);
		size_t end = quote ? (size_t)(quote - text) : length;

		buffer_add_escaped(buffer, text + start, end - start);
		if (quote)
			buffer_add(buffer, "\\\"", 2);
		start = end + 1;
	}
	buffer_add_char(buffer, '"');
}

static void print_text(struct buffer *buffer, const char *text, size_t length, const struct field *field, bool inside)
{
	if (needs_quotes(text, length, field, inside))
		print_quoted(buffer, text, length);
	else
		buffer_add_escaped(buffer, text, length);
}

/* A name that no schema knows may be any text. */
static void print_name(struct buffer *buffer, const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || name[0] == ' ' || name[length - 1] == ' ' || strpbrk(name, "=,[]{}\"'"))
		print_quoted(buffer, name, length);
	else
		buffer_add_escaped(buffer, name, length);
}

/* A word of our own tables; a few hold a blank. */
static void print_word(struct buffer *buffer, const char *word, bool inside)
{
	if (inside && strpbrk(word, MARKS))
		print_quoted(buffer, word, strlen(word));
	else
		buffer_add_text(buffer, word);
}

static void print_flags(struct buffer *buffer, uint64_t number, const struct field *field)
{
	const struct names *names = field_names(field);
	const char *separator = "";
	uint64_t left = number;

	buffer_add_char(buffer, '[');
	for (uint32_t i = 0; i < names->count; i++) {
		if (!name_in_flags(names, i, number, &left))
			continue;
		buffer_add_text(buffer, separator);
		print_word(buffer, names->list[i].text, true);
		separator = ", ";
	}
	if (left) {
		buffer_add_text(buffer, separator);
		(field->flags & FIELD_OCTAL ? octal_format : hex_format)(buffer, left);
	}
	buffer_add_char(buffer, ']');
}

static void print_interface(struct buffer *buffer, uint64_t index, const struct field *field, const struct naming *naming, bool inside)
{
	const char *name = NULL;

	if (index == 0) {
		buffer_add_text(buffer, "null");
		return;
	}
	if (naming && naming->interface_name && index <= UINT32_MAX)
		name = naming->interface_name(naming->data, (uint32_t)index);
	if (name)
		print_text(buffer, name, strlen(name), field, inside);
	else
		buffer_add_uint(buffer, index);
}

static void print_number(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming, bool inside)
{
	const char *word = NULL;

	if (field && field->kind == FIELD_INTERFACE) {
		print_interface(buffer, value->number, field, naming, inside);
		return;
	}
	if (field && field_names(field) && field_names(field)->flags) {
		print_flags(buffer, value->number, field);
		return;
	}
	if (field && field_names(field))
		word = names_find(field_names(field), value->number);
	if (word)
		print_word(buffer, word, inside);
	else if (field && field->flags & FIELD_HEX)
		hex_format(buffer, value->number);
	else if (field && field->flags & FIELD_OCTAL)
		octal_format(buffer, value->number);
	else if (field && field->flags & FIELD_HANDLE)
		handle_format(buffer, value->number);
	else
		number_format(buffer, value, field);
}

static void print(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming, bool inside);

static void print_record(struct buffer *buffer, const struct record *record, const struct naming *naming)
{
	const char *separator = "";

	buffer_add_char(buffer, '{');
	for (size_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];

		if (entry->field && entry->field->flags & FIELD_HIDDEN)
			continue;
		buffer_add_text(buffer, separator);
		separator = ", ";
		if (entry->name) {
			print_name(buffer, entry->name);
		} else {
			buffer_add_text(buffer, "attribute ");
			buffer_add_uint(buffer, entry->number);
		}
		buffer_add_char(buffer, '=');
		print(buffer, &entry->value, entry->field, naming, true);
	}
	buffer_add_char(buffer, '}');
}

static void print(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming, bool inside)
{
	if (field && field->flags & FIELD_SECRET && value->type != VALUE_NULL) {
		buffer_add_text(buffer, "(secret)");
		return;
	}
	switch (value->type) {
	case VALUE_NULL:
		buffer_add_text(buffer, "null");
		break;
	case VALUE_BOOL:
		if (field && field_names(field))
			print_number(buffer, &(struct value){ .type = VALUE_UINT, .number = value->boolean }, field, naming, inside);
		else
			buffer_add_text(buffer, value->boolean ? "true" : "false");
		break;
	case VALUE_INT:
	case VALUE_UINT:
		print_number(buffer, value, field, naming, inside);
		break;
	case VALUE_TEXT:
		print_text(buffer, value->bytes.data, value->bytes.length, field, inside);
		break;
	case VALUE_BYTES:
	case VALUE_ADDRESS:
		if (value->bytes.length == 0)
			buffer_add_text(buffer, "\"\"");
		else if (value->type == VALUE_BYTES)
			buffer_add_hex(buffer, value->bytes.data, value->bytes.length);
		else
			address_format(buffer, value);
		break;
	case VALUE_LIST:
		buffer_add_char(buffer, '[');
		for (uint32_t i = 0; i < value->list.count; i++) {
			if (i)
				buffer_add_text(buffer, ", ");
			print(buffer, &value->list.items[i], element_of(field), naming, true);
		}
		buffer_add_char(buffer, ']');
		break;
	case VALUE_RECORD:
		print_record(buffer, value->record, naming);
		break;
	}
}

void value_print(struct buffer *buffer, const struct value *value, const struct field *field, const struct naming *naming)
{
	print(buffer, value, field, naming, false);
}
