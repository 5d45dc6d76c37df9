/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether values may stand in their fields. Encode and parse ask here, so what we send obeys the same table as what we read. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/field.h"

static void add_path(struct buffer *buffer, const struct field_path *path)
{
	if (path->up) {
		add_path(buffer, path->up);
		buffer_add_char(buffer, '/');
	}
	buffer_add_escaped(buffer, path->name, strlen(path->name));
}

int field_error(struct error *error, int code, const struct field_path *path, const char *format, ...)
{
	_cleanup_buffer_ struct buffer words = { 0 };
	va_list arguments;
	char text[256];

	if (!error)
		return code;
	if (path)
		add_path(&words, path);
	va_start(arguments, format);
	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		text[0] = '\0';
	va_end(arguments);
	return error_set(error, code, "%s: %s", words.data ? words.data : "", text);
}

/* The bits that the field's integer has room for. */
static unsigned int field_bits(const struct field *field)
{
	size_t width = field->size == 1 || field->size == 2 || field->size == 4 || field->size == 8 ? field->size : kind_width(field->kind);

	return (unsigned int)width * 8;
}

static int check_signed(const struct field *field, const struct value *value, const struct field_path *path, struct error *error)
{
	unsigned int bits = field_bits(field);
	int64_t most = (int64_t)(UINT64_MAX >> (65 - bits)), least = -most - 1;
	const struct field_limits *limits = field_limits(field);

	if (limits->maximum) {
		least = (int64_t)limits->minimum;
		most = (int64_t)limits->maximum;
	}
	if ((value->type == VALUE_UINT && value->number > INT64_MAX) || value->integer < least || value->integer > most)
		return field_error(error, -ERANGE, path, "out of range, takes %lld to %lld", (long long)least, (long long)most);
	return 0;
}

static int check_unsigned(const struct field *field, const struct value *value, const struct field_path *path, struct error *error)
{
	uint64_t least = 0, most = UINT64_MAX >> (64 - field_bits(field));
	const struct field_limits *limits = field_limits(field);

	if (field->kind == FIELD_BOOL)
		most = 1;
	else if (field->kind == FIELD_INTERFACE)
		most = INT32_MAX;
	if (limits->maximum) {
		least = limits->minimum;
		most = limits->maximum;
	}
	if ((value->type == VALUE_INT && value->integer < 0) || value->number < least || value->number > most)
		return field_error(error, -ERANGE, path, "out of range, takes %llu to %llu", (unsigned long long)least, (unsigned long long)most);
	return 0;
}

static int check_number(const struct field *field, const struct value *value, const struct field_path *path, struct error *error)
{
	if (value->type != VALUE_INT && value->type != VALUE_UINT)
		return field_error(error, -EINVAL, path, field->kind == FIELD_INTERFACE ? "must be an interface" : "must be a number");
	return kind_is_signed(field->kind) ? check_signed(field, value, path, error) : check_unsigned(field, value, path, error);
}

static int check_length(const struct field *field, const struct value *value, enum value_type type, const char *what, const struct field_path *path,
			struct error *error)
{
	const struct field_limits *limits = field_limits(field);
	size_t most = PAYLOAD_MAXIMUM;

	if (value->type != type)
		return field_error(error, -EINVAL, path, "must be %s", what);
	if (type == VALUE_ADDRESS)
		most = ADDRESS_MAXIMUM;
	else if (limits->maximum)
		most = limits->maximum;
	else if (field->size)
		most = field->size;
	if (value->bytes.length > most || (type != VALUE_ADDRESS && value->bytes.length < limits->minimum))
		return field_error(error, -ERANGE, path, "has %u bytes, takes %llu to %zu", value->bytes.length, (unsigned long long)limits->minimum,
				   most);
	return 0;
}

static int check_text(const struct field *field, const struct value *value, const struct field_path *path, struct error *error)
{
	int r = check_length(field, value, VALUE_TEXT, "a text", path, error);

	if (r < 0)
		return r;
	if (value->bytes.length && memchr(value->bytes.data, '\0', value->bytes.length))
		return field_error(error, -EINVAL, path, "holds a NUL byte");
	return 0;
}

static int check_address(const struct field *field, const struct value *value, const struct field_path *path, struct error *error)
{
	bool is_prefix = field->kind == FIELD_PREFIX;
	int r = check_length(field, value, VALUE_ADDRESS, is_prefix ? "an address with its prefix length" : "an address", path, error);

	if (r < 0)
		return r;
	if (is_prefix && value->bytes.length != 4 && value->bytes.length != 16)
		return field_error(error, -EINVAL, path, "must be an IPv4 or IPv6 address");
	if (is_prefix && value->bytes.prefix > (int)value->bytes.length * 8)
		return field_error(error, -ERANGE, path, "the prefix is longer than the address");
	if (!is_prefix && value->bytes.prefix >= 0)
		return field_error(error, -EINVAL, path, "takes no prefix length");
	if (field->size && value->bytes.length != field->size)
		return field_error(error, -EINVAL, path, "must be an address of %u bytes", field->size);
	return 0;
}

static int check_record(const struct record *record, const struct field_path *up, unsigned int depth, struct error *error);
static int check_value(const struct field *field, const struct value *value, const struct field_path *path, unsigned int depth, struct error *error);

static int check_nest(const struct schema *schema, const struct value *value, const struct field_path *path, unsigned int depth, struct error *error)
{
	if (value->type != VALUE_RECORD || !value->record->schema)
		return field_error(error, -EINVAL, path, "must be a record");
	if (schema && value->record->schema != schema)
		return field_error(error, -EINVAL, path, "must be a record of %s", schema->name ? schema->name : "its own kind");
	return check_record(value->record, path, depth + 1, error);
}

static int check_list(const struct field *field, const struct value *value, const struct field_path *path, unsigned int depth, struct error *error)
{
	if (value->type != VALUE_LIST || !field_element(field))
		return field_error(error, -EINVAL, path, "must be a list");
	if (depth >= DEPTH_MAXIMUM)
		return field_error(error, -EINVAL, path, "nested too deeply");
	for (uint32_t i = 0; i < value->list.count; i++) {
		const struct value *item = &value->list.items[i];
		int r;

		/* A member that did not decode goes back as the bytes that it came as. */
		if (field->kind == FIELD_LIST && item->type == VALUE_BYTES && item->bytes.length <= PAYLOAD_MAXIMUM)
			continue;
		r = check_value(field_element(field), item, path, depth + 1, error);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One that comes more than once is told as a list. */
static int check_many(const struct field *field, const struct value *value, const struct field_path *path, unsigned int depth, struct error *error)
{
	int r = 0;

	if (!(field->flags & FIELD_MANY) || value->type != VALUE_LIST)
		return check_nest(field_schema(field), value, path, depth, error);
	for (uint32_t i = 0; r == 0 && i < value->list.count; i++)
		r = check_nest(field_schema(field), &value->list.items[i], path, depth, error);
	return r;
}

static int check_value(const struct field *field, const struct value *value, const struct field_path *path, unsigned int depth, struct error *error)
{
	if (value->type == VALUE_NULL)
		return 0;
	if (is_withheld(field, value))
		return field_error(error, -EINVAL, path, "the secret was not kept, so it cannot be put back");

	switch (field->kind) {
	case FIELD_FLAG:
		return value->type == VALUE_BOOL ? 0 : field_error(error, -EINVAL, path, "must be true or false");
	case FIELD_BOOL:
		if (value->type == VALUE_BOOL)
			return 0;
		return check_number(field, value, path, error);
	case FIELD_INTERFACE:
		/* The name of one that is not there: a record may say it, only encode cannot. */
		return value->type == VALUE_TEXT ? 0 : check_number(field, value, path, error);
	case FIELD_U8 ... FIELD_BE64:
		return check_number(field, value, path, error);
	case FIELD_TEXT:
		return check_text(field, value, path, error);
	case FIELD_BYTES:
		return check_length(field, value, VALUE_BYTES, "bytes in hexadecimal", path, error);
	case FIELD_ADDRESS:
	case FIELD_PREFIX:
		return check_address(field, value, path, error);
	case FIELD_RECORD:
		return check_many(field, value, path, depth, error);
	case FIELD_SELECT:
		if (field_select(field) && field_select(field)->keeps_others && value->type == VALUE_BYTES)
			return check_length(field, value, VALUE_BYTES, "bytes in hexadecimal", path, error);
		return check_nest(NULL, value, path, depth, error);
	case FIELD_LIST:
	case FIELD_INDEXED:
		return check_list(field, value, path, depth, error);
	default: /* a codec knows itself what it takes */
		return 0;
	}
}

int field_check(const struct field *field, const struct value *value, const struct field_path *path, struct error *error)
{
	return check_value(field, value, path, 0, error);
}

static int check_record(const struct record *record, const struct field_path *up, unsigned int depth, struct error *error)
{
	if (depth > DEPTH_MAXIMUM)
		return field_error(error, -EINVAL, up, "nested too deeply");
	for (size_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];
		const struct field_path path = { up, entry->name ? entry->name : "attribute" };
		int r;

		if (entry->field)
			r = check_value(entry->field, &entry->value, &path, depth, error);
		else if (entry->value.type == VALUE_NULL || (entry->value.type == VALUE_BYTES && entry->value.bytes.length <= PAYLOAD_MAXIMUM))
			r = 0;
		else
			r = field_error(error, -EINVAL, &path, "no such field");
		if (r < 0)
			return r;
	}
	return 0;
}

int schema_check(const struct record *record, struct error *error)
{
	if (!record->schema)
		return error_set(error, -EINVAL, "a record without a schema cannot be checked");
	return check_record(record, NULL, 0, error);
}
