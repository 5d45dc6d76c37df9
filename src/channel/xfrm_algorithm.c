/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Algorithms of states, with their keys, which are secret: nothing of an algorithm is ever told as bytes, however its struct came. Source:
 * <linux/xfrm.h>. */
#include <errno.h>
#include <string.h>

#include "channel/xfrm.h"

#define NAME_SIZE   64
#define KEY_MAXIMUM 4096 /* bytes; the kernel's own limit is lower */

enum algorithm_field {
	ALGORITHM_NAME = 1,
	ALGORITHM_KEY_BITS,
	ALGORITHM_LENGTH, /* what the struct has behind the length of the key */
	ALGORITHM_KEY,
};

#define NAME_AND_KEY                                                                                   \
	[ALGORITHM_NAME] = { "name", FIELD_TEXT, FIELD_CREATE, 0, "as the kernel's crypto names it" }, \
	[ALGORITHM_KEY_BITS] = { "key_bits", FIELD_U32, 0, UNIT_BITS, "length of the key" },           \
	[ALGORITHM_KEY] = { "key", FIELD_BYTES, FIELD_CREATE | FIELD_SECRET, 0, "key, in hexadecimal" }

static const struct field algorithm[] = { NAME_AND_KEY };
static const struct field authentication[] = {
	NAME_AND_KEY,
	[ALGORITHM_LENGTH] = { "trunc_bits", FIELD_U32, FIELD_CREATE, UNIT_BITS, "of the sum that are sent" },
};
static const struct field aead[] = {
	NAME_AND_KEY,
	[ALGORITHM_LENGTH] = { "icv_bits", FIELD_U32, FIELD_CREATE, UNIT_BITS, "length of the check value" },
};

const struct schema schema_xfrm_algorithm = { .name = "algorithm", .attributes = algorithm, .attribute_count = ARRAY_SIZE(algorithm) };
const struct schema schema_xfrm_authentication = { .name = "authentication",
						   .attributes = authentication,
						   .attribute_count = ARRAY_SIZE(authentication) };
const struct schema schema_xfrm_aead = { .name = "aead", .attributes = aead, .attribute_count = ARRAY_SIZE(aead) };

/* How many numbers stand between the name and the key. */
static size_t number_count(const struct schema *schema)
{
	return schema->attribute_count > ALGORITHM_LENGTH && schema->attributes[ALGORITHM_LENGTH].name ? 2 : 1;
}

static int add(struct arena *arena, struct record *record, enum algorithm_field at, struct value value)
{
	const struct field *field = &record->schema->attributes[at];

	return record_add(arena, record, (struct entry){ .name = field->name, .field = field, .number = at, .value = value });
}

/* Whatever stands behind the numbers is taken for the key, whether its length fits or not. */
static int decode_algorithm(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct record *record = record_new(decode->arena, field->schema);
	const size_t count = number_count(field->schema), header = NAME_SIZE + count * sizeof(uint32_t);
	uint32_t numbers[2] = { 0 };
	int r;

	if (!record)
		return -ENOMEM;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	r = add(decode->arena, record, ALGORITHM_NAME, value_data(VALUE_TEXT, data, strnlen(data, length < NAME_SIZE ? length : NAME_SIZE)));
	if (r < 0 || length < header)
		return r;
	memcpy(numbers, (const char *)data + NAME_SIZE, count * sizeof(uint32_t));
	r = add(decode->arena, record, ALGORITHM_KEY_BITS, value_uint(numbers[0]));
	if (r == 0 && count == 2)
		r = add(decode->arena, record, ALGORITHM_LENGTH, value_uint(numbers[1]));
	if (r == 0 && length > header)
		r = add(decode->arena, record, ALGORITHM_KEY, value_data(VALUE_BYTES, (const char *)data + header, length - header));
	return r;
}

static int encode_algorithm(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	const struct record *record = value->type == VALUE_RECORD ? value->record : NULL;
	const struct value *name = record ? record_find(record, "name") : NULL, *key = record ? record_find(record, "key") : NULL;
	const size_t count = number_count(field->schema);
	char text[NAME_SIZE] = "";
	uint32_t numbers[2] = { 0 };

	if (!name || name->type != VALUE_TEXT || name->bytes.length >= NAME_SIZE)
		return error_set(error, -EINVAL, "%s/name must be a text of less than %d bytes", field->name, NAME_SIZE);
	if (key && (key->type != VALUE_BYTES || key->bytes.length > KEY_MAXIMUM))
		return error_set(error, -EINVAL, "%s/key must be at most %d bytes in hexadecimal", field->name, KEY_MAXIMUM);
	memcpy(text, name->bytes.data, name->bytes.length);
	numbers[0] = key ? key->bytes.length * 8 : 0;
	if (count == 2)
		numbers[1] = (uint32_t)record_number(record, field->schema->attributes[ALGORITHM_LENGTH].name, 0);
	buffer_add(buffer, text, sizeof(text));
	buffer_add(buffer, numbers, count * sizeof(uint32_t));
	if (key)
		buffer_add(buffer, key->bytes.data, key->bytes.length);
	return 0;
}

const struct codec codec_xfrm_algorithm = { decode_algorithm, encode_algorithm, FIELD_RECORD };
