/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What decode, encode, check, print and parse share about fields. Private to src/model. */
#ifndef FERRY_MODEL_FIELD_H
#define FERRY_MODEL_FIELD_H

#include <string.h>

#include "model/schema.h"

#define DEPTH_MAXIMUM   16
#define ADDRESS_MAXIMUM 32 /* MAX_ADDR_LEN */
#define PAYLOAD_MAXIMUM (UINT16_MAX - 4)

/* Bytes of an integer kind, 0 for kinds that are none. */
static inline size_t kind_width(enum field_kind kind)
{
	switch (kind) {
	case FIELD_BOOL:
	case FIELD_U8:
	case FIELD_S8:
		return 1;
	case FIELD_U16:
	case FIELD_S16:
	case FIELD_BE16:
		return 2;
	case FIELD_U32:
	case FIELD_S32:
	case FIELD_BE32:
	case FIELD_INTERFACE:
		return 4;
	case FIELD_U64:
	case FIELD_S64:
	case FIELD_BE64:
		return 8;
	default:
		return 0;
	}
}

static inline bool kind_is_signed(enum field_kind kind)
{
	return kind >= FIELD_S8 && kind <= FIELD_S64;
}

static inline bool kind_is_big_endian(enum field_kind kind)
{
	return kind >= FIELD_BE16 && kind <= FIELD_BE64;
}

static inline bool kind_is_integer(enum field_kind kind)
{
	return kind >= FIELD_U8 && kind <= FIELD_BE64;
}

/* Bytes of the field in a fixed header or an array. */
static inline size_t field_size(const struct field *field)
{
	if (field->size)
		return field->size;
	if (field->kind == FIELD_RECORD && field->schema)
		return field->schema->header_size;
	return kind_width(field->kind);
}

static inline bool is_header_field(const struct schema *schema, const struct field *field)
{
	if (schema->header_count == 0)
		return false;
	return (uintptr_t)field >= (uintptr_t)schema->header && (uintptr_t)field < (uintptr_t)(schema->header + schema->header_count);
}

/* Where the attributes begin in LENGTH bytes of SCHEMA; LENGTH where there are none. */
static inline size_t run_offset(const struct schema *schema, size_t length)
{
	size_t offset = (schema->header_size + 3) & ~(size_t)3;

	return offset < length ? offset : length;
}

/* Whether VALUE in FIELD is sent as nested attributes, which the type of its own attribute then tells. */
static inline bool attribute_is_nest(const struct field *field, const struct value *value)
{
	if (field->flags & FIELD_NOT_NESTED)
		return false;
	if (field->kind == FIELD_LIST)
		return value->type == VALUE_LIST;
	if (field->kind == FIELD_CODEC)
		return field->flags & FIELD_NESTED;
	return (field->kind == FIELD_RECORD || field->kind == FIELD_SELECT) && value->type == VALUE_RECORD && value->record->schema &&
	       value->record->schema->header_size == 0;
}

/* The field of attribute TYPE, or NULL where the schema has none of that number. */
static inline const struct field *attribute_field(const struct schema *schema, uint16_t type)
{
	if (type >= schema->attribute_count || schema->attributes[type].kind == FIELD_UNKNOWN)
		return NULL;
	return &schema->attributes[type];
}

/* The row that the text SELECTOR chooses, or NULL. */
const struct selection_row *select_row(const struct selection *selection, const struct value *selector);
/* Its schema, or NULL. */
const struct schema *select_schema(const struct selection *selection, const struct value *selector);

/* The word for NUMBER, or NULL. */
const char *names_find(const struct names *names, uint64_t number);
/* The number of WORD; false where it is none of them. */
bool names_parse(const struct names *names, const char *word, size_t length, uint64_t *ret);

/* The bits of the flags NUMBER that the word at INDEX of NAMES stands for, to be taken out of what is LEFT; false where it is not in them. A word for
 * 0 that is no choice says that there are none. */
static inline bool name_in_flags(const struct names *names, uint32_t index, uint64_t number, uint64_t *left)
{
	const uint64_t value = names->list[index].value;
	const bool chosen = names->choice && (value & ~names->choice) == 0;
	const uint64_t bits = chosen ? names->choice : value;

	if (bits == 0)
		return number == 0;
	if ((chosen ? number & bits : *left & bits) != value)
		return false;
	*left &= ~bits;
	return true;
}

/* "10.0.0.0/8", "fe80::1", "02:42:ac:11:00:02": see VALUE_ADDRESS. */
void address_format(struct buffer *buffer, const struct value *value);
/* "0x1f" */
void hex_format(struct buffer *buffer, uint64_t number);
/* An integer; with the point where FIELD (or NULL) says that it counts parts of a whole. */
void number_format(struct buffer *buffer, const struct value *value, const struct field *field);
/* The field of the items of a list in FIELD, or NULL. */
static inline const struct field *element_of(const struct field *field)
{
	return field ? field_element(field) : NULL;
}

/* A text that stood bare in the text form, so that its field decides what it means. The mark lies in the prefix length, which a text has no use for.
 */
#define PREFIX_BARE (-2)
static inline bool value_is_bare(const struct value *value)
{
	return value->type == VALUE_TEXT && value->bytes.prefix == PREFIX_BARE;
}

static inline void value_set_bare(struct value *value)
{
	value->bytes.prefix = PREFIX_BARE;
}

/* The number that a hexadecimal digit stands for, or -1. */
static inline int hex_digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return -1;
}

/* What a bare word is by its looks: null, true, false, an integer as the printer writes it; false where it is none of these. */
bool word_value(const char *text, size_t length, struct value *ret);

/* Whether VALUE is what printing shows in place of a secret. */
static inline bool is_withheld(const struct field *field, const struct value *value)
{
	return field->flags & FIELD_SECRET && value->type == VALUE_TEXT && value->bytes.length == 8 && memcmp(value->bytes.data, "(secret)", 8) == 0;
}

/* The way to a field from the outermost record, for the words of an error. */
struct field_path {
	const struct field_path *up;
	const char *name;
};

/* error_set() with "linkinfo/data/id: " before the words. */
int field_error(struct error *error, int code, const struct field_path *path, const char *format, ...) _printf_(4, 5);

/* Whether VALUE may stand in FIELD: type, range, length. */
int field_check(const struct field *field, const struct value *value, const struct field_path *path, struct error *error) _must_check_;

#endif
