/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Generic values, as JSON gives them, to the values of a schema's fields: words to numbers, names to indexes, hexadecimal to bytes. */
#include <errno.h>
#include <string.h>

#include "model/field.h"

#define WORDS_SHOWN 200 /* bytes of the words that there are, in an error */

struct convert {
	const struct naming *naming;
	struct arena *arena;
	struct error *error;
};

static int convert_value(struct convert *convert, const struct field *field, const struct record *siblings, const struct value *value,
			 const struct field_path *path, unsigned int depth, struct value *ret);

/* "0x1f"; false where TEXT is something else. */
static bool parse_hex_number(const char *text, size_t length, uint64_t *ret)
{
	uint64_t number = 0;

	if (length < 3 || length > 18 || text[0] != '0' || text[1] != 'x')
		return false;
	for (size_t i = 2; i < length; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		number = number << 4 | (uint64_t)digit;
	}
	*ret = number;
	return true;
}

/* One half of a handle, which may be left out; false where TEXT is something else. */
static bool parse_half(const char *text, size_t length, uint64_t *ret)
{
	*ret = 0;
	if (length > 4)
		return false;
	for (size_t i = 0; i < length; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		*ret = *ret << 4 | (uint64_t)digit;
	}
	return true;
}

bool handle_parse(const char *text, size_t length, uint64_t *ret)
{
	const char *colon = memchr(text, ':', length);
	size_t before = colon ? (size_t)(colon - text) : 0;
	uint64_t major, minor;

	if (!colon || length < 2 || !parse_half(text, before, &major) || !parse_half(colon + 1, length - before - 1, &minor))
		return false;
	*ret = major << 16 | minor;
	return true;
}

static bool is_bare_null(const struct value *value)
{
	return value_is_bare(value) && value->bytes.length == 4 && memcmp(value->bytes.data, "null", 4) == 0;
}

static int convert_bytes(struct convert *convert, const struct value *value, const struct field_path *path, struct value *ret)
{
	const char *text = value->bytes.data;
	size_t length = value->bytes.length / 2;
	uint8_t *data;

	if (value->type != VALUE_TEXT || value->bytes.length % 2)
		return field_error(convert->error, -EINVAL, path, "must be bytes in hexadecimal");
	data = arena_allocate(convert->arena, length);
	if (!data)
		return field_error(convert->error, -ENOMEM, path, "out of memory");
	for (size_t i = 0; i < length; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return field_error(convert->error, -EINVAL, path, "must be bytes in hexadecimal");
		data[i] = (uint8_t)(high << 4 | low);
	}
	*ret = value_data(VALUE_BYTES, data, length);
	return 0;
}

/* " (there are global, site, link)": the words that FIELD takes, as far as they find room. */
static void add_words(struct buffer *ret, const struct field *field)
{
	const struct names *names = field_names(field);
	const uint64_t mask = names->flags ? field_significance(field) : UINT64_MAX;

	for (uint32_t i = 0; i < names->count; i++) {
		if (names->list[i].value & ~mask)
			continue;
		buffer_add_text(ret, ret->length ? ", " : " (there are ");
		if (ret->length > WORDS_SHOWN) {
			buffer_add_text(ret, "...");
			break;
		}
		buffer_add_text(ret, names->list[i].text);
	}
	if (ret->length)
		buffer_add_char(ret, ')');
}

/* One word of a choice or of flags, or "0x...". */
static int word_number(struct convert *convert, const struct field *field, const struct value *value, const struct field_path *path, uint64_t *ret)
{
	const char *text = value->bytes.data;
	_cleanup_buffer_ struct buffer shown = { 0 }, names = { 0 };

	if (value->type != VALUE_TEXT)
		return field_error(convert->error, -EINVAL, path, "must be a word");
	if (field_names(field) && names_parse(field_names(field), text, value->bytes.length, ret))
		return 0;
	if (field->flags & FIELD_HANDLE && handle_parse(text, value->bytes.length, ret))
		return 0;
	if ((field_names(field) || field->flags & FIELD_HEX || value_is_bare(value)) && parse_hex_number(text, value->bytes.length, ret))
		return 0;
	if (!field_names(field))
		return field_error(convert->error, -EINVAL, path, "must be a number");
	buffer_add_escaped(&shown, text, value->bytes.length < 64 ? value->bytes.length : 64);
	add_words(&names, field);
	return field_error(convert->error, -EINVAL, path, "no such word: \"%s\"%s", shown.data ? shown.data : "", names.data ? names.data : "");
}

static int convert_flags(struct convert *convert, const struct field *field, const struct value *value, const struct field_path *path, uint64_t *ret)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < value->list.count; i++) {
		uint64_t bits;
		int r = word_number(convert, field, &value->list.items[i], path, &bits);

		if (r < 0)
			return r;
		number |= bits;
	}
	*ret = number;
	return 0;
}

static int convert_number(struct convert *convert, const struct field *field, const struct value *value, const struct field_path *path,
			  struct value *ret)
{
	struct value plain;
	uint64_t number;
	int r = 0;

	/* A word goes before a number that it looks like. */
	if (value_is_bare(value) && !(field_names(field) && names_parse(field_names(field), value->bytes.data, value->bytes.length, &number)) &&
	    integer_parse(value->bytes.data, value->bytes.length, &plain))
		value = &plain;
	switch (value->type) {
	case VALUE_INT:
	case VALUE_UINT:
		*ret = *value;
		break;
	case VALUE_TEXT:
		r = word_number(convert, field, value, path, &number);
		break;
	case VALUE_LIST:
		if (!field_names(field) || !field_names(field)->flags)
			return field_error(convert->error, -EINVAL, path, "must be a number");
		r = convert_flags(convert, field, value, path, &number);
		break;
	default:
		return field_error(convert->error, -EINVAL, path, field_names(field) ? "must be a word or a number" : "must be a number");
	}
	if (r < 0)
		return r;
	if (value->type == VALUE_TEXT || value->type == VALUE_LIST)
		*ret = value_uint(number);
	/* A signed field shown in hexadecimal or by words comes back with the sign that its width gives it. */
	if (kind_is_signed(field->kind)) {
		unsigned int shift = 64 - (unsigned int)kind_width(field->kind) * 8;

		if (ret->type == VALUE_UINT && ret->number > INT64_MAX && value->type == VALUE_UINT)
			return 0; /* the check refuses it */
		*ret = value_int(value->type == VALUE_TEXT || value->type == VALUE_LIST ? (int64_t)(ret->number << shift) >> shift : ret->integer);
	}
	return 0;
}

static int convert_bool(struct convert *convert, const struct field *field, const struct value *value, const struct field_path *path,
			struct value *ret)
{
	struct value number;
	int r;

	if (value_is_bare(value) && word_value(value->bytes.data, value->bytes.length, &number) && number.type == VALUE_BOOL)
		value = &number;
	if (value->type == VALUE_BOOL) {
		*ret = *value;
		return 0;
	}
	if (field->kind == FIELD_FLAG)
		return field_error(convert->error, -EINVAL, path, "must be true or false");
	r = convert_number(convert, field, value, path, &number);
	if (r < 0)
		return r;
	*ret = number.number <= 1 ? value_bool(number.number) : number;
	return 0;
}

/* A name that no interface has (any more) stays a text: a record of the past may speak of one. Encode refuses to send it. */
static int convert_interface(struct convert *convert, const struct value *value, const struct field_path *path, struct value *ret)
{
	struct value number;
	uint32_t index = 0;

	/* A name that looks like a number stands in quotes. */
	if (value_is_bare(value) && integer_parse(value->bytes.data, value->bytes.length, &number))
		value = &number;
	if (value->type == VALUE_UINT || value->type == VALUE_INT) {
		*ret = *value;
		return 0;
	}
	if (value->type == VALUE_NULL) {
		*ret = value_uint(0);
		return 0;
	}
	if (value->type != VALUE_TEXT || value->bytes.length == 0)
		return field_error(convert->error, -EINVAL, path, "must be an interface");
	/* The bytes of a text from JSON end in a NUL; one inside would cut the name. */
	if (!memchr(value->bytes.data, '\0', value->bytes.length) && convert->naming && convert->naming->interface_index)
		index = convert->naming->interface_index(convert->naming->data, value->bytes.data);
	*ret = index ? value_uint(index) : value_data(VALUE_TEXT, value->bytes.data, value->bytes.length);
	return 0;
}

static int convert_address(struct convert *convert, const struct field *field, const struct value *value, const struct field_path *path,
			   struct value *ret)
{
	uint8_t bytes[ADDRESS_MAXIMUM];
	uint32_t length;
	int16_t prefix;
	const char *data;

	if (value->type != VALUE_TEXT || address_parse_bytes(value->bytes.data, value->bytes.length, bytes, &length, &prefix) < 0)
		return field_error(convert->error, -EINVAL, path,
				   field->kind == FIELD_PREFIX ? "must be an address with its prefix length" : "must be an address");
	if (field->kind == FIELD_PREFIX && prefix < 0)
		prefix = (int16_t)(length * 8);
	data = arena_copy(convert->arena, bytes, length);
	if (!data)
		return field_error(convert->error, -ENOMEM, path, "out of memory");
	*ret = value_data(VALUE_ADDRESS, data, length);
	ret->bytes.prefix = prefix;
	return 0;
}

static int convert_record(struct convert *convert, const struct schema *schema, const struct record *generic, const struct field_path *up,
			  unsigned int depth, struct record **ret);

static int convert_nest(struct convert *convert, const struct schema *schema, const struct value *value, const struct field_path *path,
			unsigned int depth, struct value *ret)
{
	struct record *record;
	int r;

	if (value->type != VALUE_RECORD)
		return field_error(convert->error, -EINVAL, path, "must be a record");
	if (!schema)
		return field_error(convert->error, -EINVAL, path, "what it holds is not known here");
	r = convert_record(convert, schema, value->record, path, depth + 1, &record);
	if (r < 0)
		return r;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return 0;
}

static int convert_list(struct convert *convert, const struct field *field, const struct record *siblings, const struct value *value,
			const struct field_path *path, unsigned int depth, struct value *ret)
{
	struct value *items;

	if (value->type != VALUE_LIST)
		return field_error(convert->error, -EINVAL, path, "must be a list");
	items = arena_array(convert->arena, struct value, value->list.count);
	if (!items)
		return field_error(convert->error, -ENOMEM, path, "out of memory");
	for (uint32_t i = 0; i < value->list.count; i++) {
		int r = convert_value(convert, field_element(field), siblings, &value->list.items[i], path, depth + 1, &items[i]);

		if (r < 0)
			return r;
	}
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, value->list.count } };
	return 0;
}

/* Without a field to say what a bare word means, its looks do. */
static int convert_generic(struct convert *convert, const struct value *value, struct value *ret)
{
	struct value *items;
	struct record *record;
	int r = 0;

	switch (value->type) {
	case VALUE_TEXT:
		if (!value_is_bare(value) || !word_value(value->bytes.data, value->bytes.length, ret))
			*ret = value_data(VALUE_TEXT, value->bytes.data, value->bytes.length);
		return 0;
	case VALUE_LIST:
		items = arena_array(convert->arena, struct value, value->list.count);
		for (uint32_t i = 0; items && r == 0 && i < value->list.count; i++)
			r = convert_generic(convert, &value->list.items[i], &items[i]);
		*ret = (struct value){ .type = VALUE_LIST, .list = { items, value->list.count } };
		return items ? r : error_set(convert->error, -ENOMEM, "out of memory");
	case VALUE_RECORD:
		r = record_copy(convert->arena, value->record, &record);
		if (r < 0)
			return error_set(convert->error, r, "out of memory");
		for (uint32_t i = 0; r == 0 && i < record->count; i++)
			r = convert_generic(convert, &value->record->entries[i].value, &record->entries[i].value);
		*ret = (struct value){ .type = VALUE_RECORD, .record = record };
		return r;
	default:
		*ret = *value;
		return 0;
	}
}

/* What a codec shows as a list, a record or by words comes back as that; anything else is the codec's own affair. */
static int convert_codec(struct convert *convert, const struct field *field, const struct record *siblings, const struct value *value,
			 const struct field_path *path, unsigned int depth, struct value *ret)
{
	if (field_element(field))
		return convert_list(convert, field, siblings, value, path, depth, ret);
	if (field_schema(field))
		return convert_nest(convert, field_schema(field), value, path, depth, ret);
	if (field_names(field) || (field->flags & FIELD_HEX && value->type == VALUE_TEXT))
		return convert_number(convert, field, value, path, ret);
	if (field->codec && field->codec->reads_as == FIELD_ADDRESS)
		return convert_address(convert, field, value, path, ret);
	return convert_generic(convert, value, ret);
}

static int convert_select(struct convert *convert, const struct field *field, const struct record *siblings, const struct value *value,
			  const struct field_path *path, unsigned int depth, struct value *ret)
{
	const struct schema *schema = field_select(field) ? select_schema(field_select(field), record_find(siblings, field_select(field)->by)) : NULL;

	if (!schema && field_select(field) && field_select(field)->keeps_others && value->type != VALUE_RECORD)
		return convert_bytes(convert, value, path, ret);
	return convert_nest(convert, schema, value, path, depth, ret);
}

static int convert_value(struct convert *convert, const struct field *field, const struct record *siblings, const struct value *value,
			 const struct field_path *path, unsigned int depth, struct value *ret)
{
	static const struct value null = { .type = VALUE_NULL };

	if (depth > DEPTH_MAXIMUM)
		return field_error(convert->error, -EINVAL, path, "nested too deeply");
	if (is_bare_null(value))
		value = &null;
	if (value->type == VALUE_NULL && field->kind != FIELD_INTERFACE) {
		*ret = *value;
		return 0;
	}
	if (is_withheld(field, value))
		return field_error(convert->error, -EINVAL, path, "the secret was not kept, so it cannot be put back");
	switch (field->kind) {
	case FIELD_FLAG:
	case FIELD_BOOL:
		return convert_bool(convert, field, value, path, ret);
	case FIELD_U8 ... FIELD_BE64:
		return convert_number(convert, field, value, path, ret);
	case FIELD_INTERFACE:
		return convert_interface(convert, value, path, ret);
	case FIELD_BYTES:
		return convert_bytes(convert, value, path, ret);
	case FIELD_ADDRESS:
	case FIELD_PREFIX:
		return convert_address(convert, field, value, path, ret);
	case FIELD_RECORD:
		return convert_nest(convert, field_schema(field), value, path, depth, ret);
	case FIELD_SELECT:
		return convert_select(convert, field, siblings, value, path, depth, ret);
	case FIELD_LIST:
	case FIELD_INDEXED:
		return convert_list(convert, field, siblings, value, path, depth, ret);
	case FIELD_CODEC:
		return convert_codec(convert, field, siblings, value, path, depth, ret);
	default:
		*ret = *value;
		if (value->type == VALUE_TEXT)
			ret->bytes.prefix = -1;
		return 0;
	}
}

/* "attribute 7" */
static bool parse_attribute_name(const char *name, uint16_t *ret)
{
	static const char before[] = "attribute ";
	unsigned int number = 0;

	if (strncmp(name, before, sizeof(before) - 1) != 0 || !name[sizeof(before) - 1])
		return false;
	for (name += sizeof(before) - 1; *name; name++) {
		if (*name < '0' || *name > '9')
			return false;
		number = number * 10 + (unsigned int)(*name - '0');
		if (number > UINT16_MAX)
			return false;
	}
	*ret = (uint16_t)number;
	return true;
}

/* Several values of an attribute that comes more than once are told as a list. */
static int convert_many(struct convert *convert, const struct field *field, const struct record *siblings, const struct value *list,
			const struct field_path *path, unsigned int depth, struct value *ret)
{
	struct value *items = arena_array(convert->arena, struct value, list->list.count);
	int r = items ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < list->list.count; i++)
		r = convert_value(convert, field, siblings, &list->list.items[i], path, depth, &items[i]);
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, list->list.count } };
	return r;
}

static int convert_entry(struct convert *convert, const struct schema *schema, const struct record *generic, const struct entry *from,
			 const struct field_path *path, unsigned int depth, struct entry *ret)
{
	const struct field *field = schema_field(schema, from->name);
	int r;

	if (!field) {
		if (!parse_attribute_name(from->name, &ret->number))
			return field_error(convert->error, -EINVAL, path, "no such field");
		if (from->value.type == VALUE_NULL || is_bare_null(&from->value)) {
			ret->value = (struct value){ .type = VALUE_NULL };
			return 0;
		}
		return convert_bytes(convert, &from->value, path, &ret->value);
	}
	ret->name = field->name;
	ret->field = field;
	ret->number = is_header_field(schema, field) ? field->offset : (uint16_t)(field - schema->attributes);
	r = field->flags & FIELD_MANY && field->kind == FIELD_RECORD && from->value.type == VALUE_LIST
		    ? convert_many(convert, field, generic, &from->value, path, depth, &ret->value)
		    : convert_value(convert, field, generic, &from->value, path, depth, &ret->value);
	if (r < 0)
		return r;
	return field_check(field, &ret->value, path, convert->error);
}

/* In the order of the text; but header fields go first, as decode gives them. */
static int convert_record(struct convert *convert, const struct schema *schema, const struct record *generic, const struct field_path *up,
			  unsigned int depth, struct record **ret)
{
	struct record *record = record_new_sized(convert->arena, schema, generic->count);

	if (!record)
		return error_set(convert->error, -ENOMEM, "out of memory");
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < generic->count; i++) {
			const struct entry *from = &generic->entries[i];
			const struct field_path path = { up, from->name };
			const struct field *field = schema_field(schema, from->name);
			struct entry entry = { 0 };
			int r;

			if ((field && is_header_field(schema, field)) != (pass == 0))
				continue;
			r = convert_entry(convert, schema, generic, from, &path, depth, &entry);
			if (r < 0)
				return r;
			if (record_add(convert->arena, record, entry) < 0)
				return error_set(convert->error, -ENOMEM, "out of memory");
		}
	}
	*ret = record;
	return 0;
}

int record_of_generic(const struct schema *schema, const struct record *generic, const struct naming *naming, struct arena *arena,
		      struct record **ret, struct error *error)
{
	struct convert convert = { .naming = naming, .arena = arena, .error = error };
	const struct value value = { .type = VALUE_RECORD, .record = generic };
	struct record *record;
	struct value plain;
	int r;

	if (!schema) {
		r = convert_generic(&convert, &value, &plain);
		record = (struct record *)plain.record; /* the copy that was made just now */
	} else {
		r = convert_record(&convert, schema, generic, NULL, 0, &record);
	}
	if (r < 0)
		return r;
	*ret = record;
	return 0;
}

int value_of_generic(const struct value *generic, const struct field *field, const struct record *siblings, const struct naming *naming,
		     struct arena *arena, struct value *ret, struct error *error)
{
	struct convert convert = { .naming = naming, .arena = arena, .error = error };
	struct field_path path = { .name = field->name ? field->name : "the value" };
	struct value value;
	int r = convert_value(&convert, field, siblings, generic, &path, 0, &value);

	if (r >= 0)
		r = field_check(field, &value, &path, error);
	if (r < 0)
		return r;
	*ret = value;
	return 0;
}
