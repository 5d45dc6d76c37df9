/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One field of a text file: from the characters that stand there to its value. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "model/field.h"
#include "model/layout-text.h"

static const struct layout words_layout = { .kind = LAYOUT_LINE };

static int digit_of(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return 16;
}

/* All of TEXT as digits to BASE. */
static bool parse_digits(struct text text, unsigned int base, uint64_t *ret)
{
	uint64_t number = 0;

	if (text.at == text.end)
		return false;
	for (; text.at < text.end; text.at++) {
		unsigned int digit = (unsigned int)digit_of(*text.at);

		if (digit >= base || number > (UINT64_MAX - digit) / base)
			return false;
		number = number * base + digit;
	}
	*ret = number;
	return true;
}

static bool scale_by(uint64_t *number, uint64_t factor)
{
	return !__builtin_mul_overflow(*number, factor, number);
}

static bool apply_scale(const struct field *field, uint64_t *number)
{
	long ticks;

	switch (field->scale) {
	case SCALE_KIB:
		return scale_by(number, 1024);
	case SCALE_SECTOR:
		return scale_by(number, 512);
	case SCALE_PAGE:
		return scale_by(number, (uint64_t)sysconf(_SC_PAGESIZE));
	case SCALE_TICK:
		ticks = sysconf(_SC_CLK_TCK);
		if (ticks == 100)
			return true;
		if (ticks <= 0 || !scale_by(number, 100))
			return false;
		*number /= (uint64_t)ticks;
		return true;
	default:
		return true;
	}
}

/* "0.52" in hundredths. */
static bool parse_decimal(struct text text, unsigned int decimals, uint64_t *ret)
{
	const char *point = memchr(text.at, '.', text_length(text));
	struct text fraction = { point ? point + 1 : text.end, text.end };
	uint64_t whole, part = 0, unit = 1;

	for (unsigned int i = 0; i < decimals; i++)
		unit *= 10;
	if (!parse_digits((struct text){ text.at, point ? point : text.end }, 10, &whole) || !scale_by(&whole, unit))
		return false;
	if (point) {
		if (!text_length(fraction) || text_length(fraction) > decimals || !parse_digits(fraction, 10, &part))
			return false;
		for (size_t i = text_length(fraction); i < decimals; i++)
			part *= 10;
	}
	return !__builtin_add_overflow(whole, part, ret);
}

/* "1024 kB", where the unit may be missing. */
static struct text without_unit(struct text text, bool *ret_kib)
{
	static const char *const units[] = { " kB", " KB" };

	*ret_kib = false;
	for (unsigned int i = 0; i < ARRAY_SIZE(units); i++)
		if (text_length(text) > 3 && !memcmp(text.end - 3, units[i], 3)) {
			*ret_kib = true;
			text.end -= 3;
		}
	return text;
}

static bool fits(const struct field *field, bool negative, uint64_t number)
{
	size_t width = kind_width(field->kind);

	if (negative)
		return kind_is_signed(field->kind) && number <= (uint64_t)1 << (width * 8 - 1);
	if (width == 8)
		return !kind_is_signed(field->kind) || number <= INT64_MAX;
	return number < (uint64_t)1 << (width * 8 - kind_is_signed(field->kind));
}

static bool number_value(const struct field *field, struct text text, struct value *ret)
{
	bool negative = text.at < text.end && *text.at == '-', kib, scaled;
	uint64_t number;

	if (field_names(field) && names_parse(field_names(field), text.at, text_length(text), &number)) {
		*ret = value_uint(number);
		return true;
	}
	text.at += negative;
	text = without_unit(text, &kib);
	if (field->form == FORM_HEX && text_length(text) > 2 && !memcmp(text.at, "0x", 2))
		text.at += 2;
	if (field->form == FORM_HEX)
		scaled = parse_digits(text, 16, &number);
	else if (field->form == FORM_OCTAL)
		scaled = parse_digits(text, 8, &number);
	else if (field->decimals && field->scale != SCALE_TICK)
		scaled = parse_decimal(text, field->decimals, &number);
	else
		scaled = parse_digits(text, 10, &number);
	if (!scaled || !apply_scale(field, &number) || (kib && !scale_by(&number, 1024)) || !fits(field, negative, number))
		return false;
	if (negative)
		*ret = value_int((int64_t)(0 - number));
	else
		*ret = kind_is_signed(field->kind) ? value_int((int64_t)number) : value_uint(number);
	return true;
}

/* The character that an escape at TEXT stands for, and its length; 0 where it is none. */
static size_t unescape(struct text text, char *ret)
{
	uint64_t code;

	if (text_length(text) >= 2 && (text.at[1] == 'n' || text.at[1] == '\\')) {
		*ret = text.at[1] == 'n' ? '\n' : '\\';
		return 2;
	}
	if (text_length(text) >= 4 && parse_digits((struct text){ text.at + 1, text.at + 4 }, 8, &code) && code <= UINT8_MAX) {
		*ret = (char)code;
		return 4;
	}
	return 0;
}

static int escaped_value(struct text text, struct arena *arena, struct value *ret)
{
	char *copy;
	size_t length = 0;

	if (!memchr(text.at, '\\', text_length(text))) {
		*ret = value_data(VALUE_TEXT, text.at, text_length(text));
		return 0;
	}
	copy = arena_copy(arena, text.at, text_length(text));
	if (!copy)
		return -ENOMEM;
	while (text.at < text.end) {
		size_t step = *text.at == '\\' ? unescape(text, &copy[length]) : 0;

		if (!step) {
			copy[length] = *text.at;
			step = 1;
		}
		length++;
		text.at += step;
	}
	*ret = value_data(VALUE_TEXT, copy, length);
	return 0;
}

/* "0100007F", or four such words: 127.0.0.1 on a machine that puts the lowest byte first. */
static bool words_value(struct text text, struct arena *arena, struct value *ret)
{
	size_t length = text_length(text);
	uint32_t *words;

	if (length != 8 && length != 32)
		return false;
	words = arena_allocate(arena, length / 2);
	for (size_t i = 0; words && i < length / 8; i++) {
		uint64_t number;

		if (!parse_digits((struct text){ text.at + i * 8, text.at + i * 8 + 8 }, 16, &number))
			return false;
		words[i] = (uint32_t)number;
	}
	if (words)
		*ret = value_data(VALUE_ADDRESS, words, length / 2);
	return words;
}

static bool address_value(const struct field *field, struct text text, struct arena *arena, struct value *ret)
{
	uint8_t data[32], *kept;
	uint32_t length;
	int16_t prefix;

	if (field->form == FORM_WORDS)
		return words_value(text, arena, ret);
	if (address_parse_bytes(text.at, text_length(text), data, &length, &prefix) < 0)
		return false;
	kept = (uint8_t *)arena_copy(arena, data, length);
	if (kept) {
		*ret = value_data(VALUE_ADDRESS, kept, length);
		ret->bytes.prefix = prefix;
	}
	return kept;
}

static int list_value(const struct field *field, struct text text, struct arena *arena, struct value *ret)
{
	struct text rest = text_trim(text);
	uint32_t count = 0;
	struct value *items;

	for (struct text t = rest; t.at < t.end; count++) {
		while (t.at < t.end && !text_is_blank(*t.at))
			t.at++;
		while (t.at < t.end && text_is_blank(*t.at))
			t.at++;
	}
	items = arena_array(arena, struct value, count ? count : 1);
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const char *begin = rest.at;
		int r;

		while (rest.at < rest.end && !text_is_blank(*rest.at))
			rest.at++;
		r = layout_value(field->element, begin, (size_t)(rest.at - begin), arena, &items[i]);
		if (r < 0)
			return r;
		while (rest.at < rest.end && text_is_blank(*rest.at))
			rest.at++;
	}
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, count } };
	return 0;
}

static int record_value(const struct field *field, struct text text, struct arena *arena, struct value *ret)
{
	struct record *record = record_new_sized(arena, field->schema, field->schema->attribute_count);
	int r = record ? layout_fields(&words_layout, field->schema, 0, text, arena, record) : -ENOMEM;

	if (r == 0)
		*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

/* A word that nobody told of: a number where it prints the same again, else a text. */
static struct value guess_value(struct text text)
{
	static const struct field number = { .kind = FIELD_U64 }, integer = { .kind = FIELD_S64 };
	struct value value;
	struct text digits = text;

	digits.at += digits.at < digits.end && *digits.at == '-';
	if (text_length(digits) && (*digits.at != '0' || text_length(text) == 1) && digits.end[-1] != 'B' &&
	    (number_value(&number, text, &value) || number_value(&integer, text, &value)))
		return value;
	return value_data(VALUE_TEXT, text.at, text_length(text));
}

int layout_value(const struct field *field, const char *data, size_t length, struct arena *arena, struct value *ret)
{
	struct text text = { data, data + length };

	if (!field) {
		*ret = guess_value(text);
		return 0;
	}
	if (kind_is_integer(field->kind) && number_value(field, text, ret))
		return 0;
	switch (field->kind) {
	case FIELD_BOOL: /* the field's own name says yes, nothing says no */
		if (length == 0 || (length == strlen(field->name) && !memcmp(data, field->name, length))) {
			*ret = value_bool(length);
			return 0;
		}
		break;
	case FIELD_ADDRESS:
		if (address_value(field, text, arena, ret))
			return 0;
		break;
	case FIELD_LIST:
		return list_value(field, text, arena, ret);
	case FIELD_RECORD:
		return record_value(field, text, arena, ret);
	default:
		break;
	}
	if (field->form == FORM_ESCAPED || field->form == FORM_REST)
		return escaped_value(text, arena, ret);
	*ret = value_data(VALUE_TEXT, data, length);
	return 0;
}
