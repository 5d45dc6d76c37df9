/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of objects: parts to key fields. */
#include <errno.h>
#include <string.h>

#include "channel/object.h"
#include "channel/words.h"

void object_path_interface(const struct record *record, const char *field, const struct naming *naming, struct buffer *ret)
{
	const struct value *value = record_find(record, field);
	const char *name = NULL;

	if (!value)
		return;
	if (value->type == VALUE_TEXT) {
		buffer_add(ret, value->bytes.data, value->bytes.length);
		return;
	}
	if (naming && naming->interface_name)
		name = naming->interface_name(naming->data, (uint32_t)value->number);
	if (name)
		buffer_add_text(ret, name);
	else
		buffer_add_uint(ret, value->number);
}

/* Bytes up to one of the characters of END. */
static size_t part_length(const struct object_path *path, const char *end)
{
	return strcspn(path->rest, end);
}

static void step_over(struct object_path *path, size_t length)
{
	path->rest += length;
	if (*path->rest == '/')
		path->rest++;
}

/* An interface that is not there stays a name: the object need not exist. */
static int put_interface(struct object_path *path, const char *field, size_t length)
{
	char *name = arena_copy(path->arena, path->rest, length);
	uint32_t index = 0;
	uint64_t number;

	if (!name)
		return -ENOMEM;
	if (path->naming && path->naming->interface_index)
		index = path->naming->interface_index(path->naming->data, name);
	if (index)
		return record_put(path->arena, path->record, field, value_uint(index));
	/* Where no name was known the path says the number. */
	if (words_parse(NULL, name, length, &number) == 0 && number > 0 && number <= INT32_MAX)
		return record_put(path->arena, path->record, field, value_uint(number));
	return record_put(path->arena, path->record, field, value_data(VALUE_TEXT, name, length));
}

int object_parse_interface(struct object_path *path, const char *field)
{
	const size_t length = part_length(path, "/");
	int r;

	if (length == 0 || length > 15)
		return error_set(path->error, -EINVAL, "\"%.*s\" can not be the name of a link", (int)(length > 64 ? 64 : length), path->rest);
	r = put_interface(path, field, length);
	if (r < 0)
		return r;
	step_over(path, length);
	return 0;
}

int object_parse_word(struct object_path *path, const char *field, const struct names *names)
{
	const size_t length = part_length(path, "/");
	uint64_t number;
	int r = words_parse(names, path->rest, length, &number);

	if (r < 0)
		return r;
	r = record_put(path->arena, path->record, field, value_uint(number));
	if (r < 0)
		return r;
	step_over(path, length);
	return 0;
}

static int put_bare_address(struct object_path *path, const char *field, const uint8_t *data, uint32_t length, int16_t prefix)
{
	struct value value = value_data(VALUE_ADDRESS, arena_copy(path->arena, data, length), length);

	if (!value.bytes.data)
		return -ENOMEM;
	value.bytes.prefix = prefix;
	return record_put(path->arena, path->record, field, value);
}

static int put_address(struct object_path *path, const char *field, const uint8_t *data, uint32_t length, int16_t prefix)
{
	int r = put_bare_address(path, field, data, length, prefix);

	if (r < 0 || !schema_field(path->record->schema, "family"))
		return r;
	return record_put(path->arena, path->record, "family", value_uint(length == 4 ? AF_INET : AF_INET6));
}

int object_parse_prefix(struct object_path *path, const char *field)
{
	static const char word[] = "default";
	size_t length = part_length(path, "/,");
	uint8_t data[32] = { 0 };
	uint32_t bytes;
	int16_t prefix;
	int r;

	if (length == sizeof(word) - 1 && memcmp(path->rest, word, length) == 0) {
		path->rest += length;
		return put_address(path, field, data, 4, 0);
	}
	if (path->rest[length] == '/')
		length += 1 + strspn(path->rest + length + 1, "0123456789");
	r = address_parse_bytes(path->rest, length, data, &bytes, &prefix);
	if (r < 0 || (bytes != 4 && bytes != 16) || prefix < 0)
		return -EINVAL;
	path->rest += length;
	return put_address(path, field, data, bytes, prefix);
}

static int take_address(struct object_path *path, uint32_t lengths, uint8_t data[32], uint32_t *ret_bytes)
{
	const size_t length = part_length(path, "/,");
	int16_t prefix;
	int r = address_parse_bytes(path->rest, length, data, ret_bytes, &prefix);

	if (r < 0 || *ret_bytes > 31 || !(lengths >> *ret_bytes & 1) || prefix >= 0)
		return -EINVAL;
	path->rest += length;
	return 0;
}

#define IP_LENGTHS (UINT32_C(1) << 4 | UINT32_C(1) << 16)

int object_parse_ip(struct object_path *path, const char *field)
{
	uint8_t data[32];
	uint32_t bytes;
	int r = take_address(path, IP_LENGTHS, data, &bytes);

	return r < 0 ? r : put_address(path, field, data, bytes, -1);
}

int object_parse_address(struct object_path *path, const char *field, uint32_t lengths)
{
	uint8_t data[32];
	uint32_t bytes;
	int r = take_address(path, lengths, data, &bytes);

	return r < 0 ? r : put_bare_address(path, field, data, bytes, -1);
}

int object_parse_ip_of_field(struct object_path *path, const char *field)
{
	return object_parse_address(path, field, IP_LENGTHS);
}

static int parse_number(struct object_path *path, const struct field *field, size_t length)
{
	char text[32] = "", *end;
	uint64_t number;

	if (length == 0 || length >= sizeof(text))
		return -EINVAL;
	memcpy(text, path->rest, length);
	if (words_parse(field_names(field), text, length, &number) < 0) {
		errno = 0;
		number = strtoull(text, &end, 0);
		if (errno || *end || text[0] == '-')
			return -EINVAL;
	}
	return record_put(path->arena, path->record, field->name, value_uint(number));
}

static int parse_text(struct object_path *path, const struct field *field, size_t length)
{
	char *text = arena_copy(path->arena, path->rest, length);

	if (!text)
		return -ENOMEM;
	return record_put(path->arena, path->record, field->name, value_data(VALUE_TEXT, text, length));
}

void object_path_end(const struct record *record, const char *address, const char *port, struct buffer *ret)
{
	const struct value *value = record_find(record, address);

	if (value)
		value_print(ret, value, NULL, NULL);
	buffer_printf(ret, ":%u", (unsigned int)record_number(record, port, 0));
}

static int parse_port(struct object_path *path, const char *field)
{
	const size_t length = strspn(path->rest, "0123456789");
	uint64_t port;
	int r = words_parse(NULL, path->rest, length, &port);

	if (r < 0 || port > UINT16_MAX)
		return -EINVAL;
	path->rest += length;
	return record_put(path->arena, path->record, field, value_uint(port));
}

int object_parse_end(struct object_path *path, const char *address, const char *port)
{
	const size_t length = part_length(path, "/,");
	const char *colon = memrchr(path->rest, ':', length);
	uint8_t data[32];
	uint32_t bytes;
	int16_t prefix;
	int r;

	if (!colon || address_parse_bytes(path->rest, (size_t)(colon - path->rest), data, &bytes, &prefix) < 0 || prefix >= 0 ||
	    (bytes != 4 && bytes != 16))
		return -EINVAL;
	r = put_address(path, address, data, bytes, -1);
	path->rest = colon + 1;
	return r < 0 ? r : parse_port(path, port);
}

int object_parse_option(struct object_path *path)
{
	char name[32] = "";
	const struct field *field;
	size_t length;
	int r;

	path->rest++;
	length = part_length(path, "=,/");
	if (length >= sizeof(name))
		return -EINVAL;
	memcpy(name, path->rest, length);
	path->rest += length;
	field = schema_field(path->record->schema, name);
	if (!field || *path->rest != '=')
		return -EINVAL;
	path->rest++;
	length = part_length(path, ",/");
	switch (field->kind) {
	case FIELD_PREFIX:
		return object_parse_prefix(path, name);
	case FIELD_INTERFACE:
		r = put_interface(path, name, length);
		break;
	case FIELD_TEXT:
		r = parse_text(path, field, length);
		break;
	default:
		r = parse_number(path, field, length);
	}
	path->rest += length;
	return r;
}

void object_path_of_link(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	object_path_interface(record, "dev", naming, ret);
}

int object_parse_of_link(const struct schema *schema, const char *text, const struct naming *naming, struct arena *arena, struct record **ret,
			 const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, schema), error };
	int r = left.record ? object_parse_interface(&left, "dev") : -ENOMEM;

	if (r < 0)
		return r;
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

void object_path_of_number(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	uint64_t number = 0;

	(void)naming;
	for (uint32_t i = 0; i < record->count; i++)
		if (record->entries[i].field && record->entries[i].field->flags & FIELD_KEY && record->entries[i].value.type == VALUE_UINT)
			number = (uint64_t)record->entries[i].value.number;
	buffer_add_uint(ret, number);
}

int object_parse_number(const struct schema *schema, const char *field, const char *text, const struct naming *naming, struct arena *arena,
			struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, schema), error };
	int r = left.record ? object_parse_word(&left, field, NULL) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no %s, which is a number", text, field);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

int object_parse_only(const struct schema *schema, const char *only, const char *text, struct arena *arena, struct record **ret,
		      const char **ret_rest, struct error *error)
{
	const size_t length = strlen(only);
	struct record *record = record_new(arena, schema);

	if (!record)
		return -ENOMEM;
	if (strncmp(text, only, length) != 0 || (text[length] && text[length] != '/'))
		return error_set(error, -EINVAL, "\"%s\" is none: there is just one, %s", text, only);
	*ret = record;
	*ret_rest = text + length + (text[length] == '/');
	return 0;
}
