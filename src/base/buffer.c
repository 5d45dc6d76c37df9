/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char digits[] = "0123456789abcdef";

char *buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t wanted, size;
	char *data;

	if (buffer->failed)
		return NULL;
	/* One byte more than asked, for the NUL that always stands at the end. */
	if (buffer->size - buffer->length > more)
		return buffer->data + buffer->length;

	if (buffer->fixed || more > SIZE_MAX / 2 - buffer->length - 1) {
		buffer->failed = true;
		return NULL;
	}
	wanted = buffer->length + more + 1;
	size = buffer->size ? buffer->size : 256;
	while (size < wanted)
		size *= 2;

	data = realloc(buffer->data, size);
	if (!data) {
		buffer->failed = true;
		return NULL;
	}
	buffer->data = data;
	buffer->size = size;
	return data + buffer->length;
}

void buffer_add_uint(struct buffer *buffer, unsigned long long number)
{
	char text[24], *start = text + sizeof(text);

	do {
		*--start = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	buffer_add(buffer, start, (size_t)(text + sizeof(text) - start));
}

void buffer_add_int(struct buffer *buffer, long long number)
{
	if (number < 0) {
		buffer_add_char(buffer, '-');
		buffer_add_uint(buffer, 0 - (unsigned long long)number);
	} else {
		buffer_add_uint(buffer, (unsigned long long)number);
	}
}

void buffer_add_hex(struct buffer *buffer, const void *data, size_t length)
{
	const unsigned char *byte = data;
	char *end;

	if (length > SIZE_MAX / 4) {
		buffer->failed = true;
		return;
	}
	end = buffer_reserve(buffer, length * 2);
	if (!end)
		return;
	for (size_t i = 0; i < length; i++) {
		*end++ = digits[byte[i] >> 4];
		*end++ = digits[byte[i] & 15];
	}
	*end = '\0';
	buffer->length += length * 2;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments, again;
	char *end = buffer_reserve(buffer, 80);
	size_t room;
	int length;

	if (!end)
		return;
	room = buffer->size - buffer->length;
	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(end, room, format, arguments);
	va_end(arguments);
	if (length < 0) {
		buffer->failed = true;
	} else if ((size_t)length >= room) {
		end = buffer_reserve(buffer, (size_t)length);
		if (end)
			length = vsnprintf(end, (size_t)length + 1, format, again);
	}
	va_end(again);
	if (!buffer->failed)
		buffer->length += (size_t)length;
	else if (buffer->data)
		buffer->data[buffer->length] = '\0';
}

/* The length of the UTF-8 sequence at TEXT, or 0 where it is not one (overlong, surrogate, beyond U+10FFFF, cut). */
static size_t sequence_length(const unsigned char *text, size_t left)
{
	unsigned char first = text[0], low = 0x80, high = 0xbf;
	size_t length;

	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf) {
		length = 2;
	} else if (first >= 0xe0 && first <= 0xef) {
		length = 3;
		if (first == 0xe0)
			low = 0xa0;
		else if (first == 0xed)
			high = 0x9f;
	} else if (first >= 0xf0 && first <= 0xf4) {
		length = 4;
		if (first == 0xf0)
			low = 0x90;
		else if (first == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}

	if (left < length || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* The character of a valid sequence of two or three bytes. */
static unsigned int character_of(const unsigned char *text, size_t length)
{
	return length == 2 ? (text[0] & 0x1fu) << 6 | (text[1] & 0x3fu) : (text[0] & 0x0fu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
}

/* Whether a valid sequence stands for a C1 control character (U+0080 to U+009F), which a terminal obeys, or for a mark that turns the direction of
 * text round or breaks the line, so that what is read is not what is there (Unicode Standard Annex 9). */
static bool is_control(const unsigned char *text, size_t length)
{
	unsigned int character = length == 2 || length == 3 ? character_of(text, length) : 0;

	return (character >= 0x80 && character < 0xa0) || character == 0x061c || character == 0x200e || character == 0x200f ||
	       (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

static bool is_plain(unsigned char character)
{
	return character >= 0x20 && character < 0x7f && character != '"' && character != '\\';
}

/* Whether any of eight bytes is not plain (see is_plain()); some that follow one which is not may be taken for one too. QUOTE: a quote counts as
 * plain.
 */
static bool has_special(uint64_t bytes, bool quote)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
	const uint64_t backslash = bytes ^ ones * '\\', delete = bytes ^ ones * 0x7f, quoted = bytes ^ ones * '"';
	uint64_t found = bytes | (bytes - ones * 0x20) | (backslash - ones) | (delete - ones);

	if (!quote)
		found |= quoted - ones;
	return found & tops;
}

typedef unsigned char vector __attribute__((vector_size(16)));

/* The same of sixteen bytes, by the processor's vector instructions where it has such. */
static bool has_special_wide(const unsigned char *text, bool quote)
{
	uint64_t halves[2];
	vector bytes, found;

	memcpy(&bytes, text, sizeof(bytes));
	found = (vector)((bytes < 0x20) | (bytes >= 0x7f) | (bytes == '\\'));
	if (!quote)
		found |= (vector)(bytes == '"');
	memcpy(halves, &found, sizeof(halves));
	return halves[0] | halves[1];
}

/* The end of the plain characters that TEXT begins with. */
static const unsigned char *skip_plain(const unsigned char *text, const unsigned char *end, bool quote)
{
	const ptrdiff_t wide = sizeof(vector);
	const bool is_long = end - text >= wide;
	uint64_t bytes;

	while (end - text >= wide && !has_special_wide(text, quote))
		text += wide;
	/* The rest together with what was looked at before it. */
	if (is_long && end - text < wide && !has_special_wide(end - wide, quote))
		return end;
	for (; end - text >= (ptrdiff_t)sizeof(bytes); text += sizeof(bytes)) {
		memcpy(&bytes, text, sizeof(bytes));
		if (has_special(bytes, quote))
			break;
	}
	while (text < end && (is_plain(*text) || (quote && *text == '"')))
		text++;
	return text;
}

static void add_byte_escape(struct buffer *buffer, unsigned char byte)
{
	char text[4] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };

	buffer_add(buffer, text, sizeof(text));
}

void buffer_add_escaped(struct buffer *buffer, const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;

	while (at < end) {
		const unsigned char *start = at;
		size_t sequence = 1;

		at = skip_plain(at, end, true);
		if (at > start) {
			buffer_add(buffer, start, (size_t)(at - start));
			continue;
		}

		switch (*at) {
		case '\\':
			buffer_add(buffer, "\\\\", 2);
			break;
		case '\n':
			buffer_add(buffer, "\\n", 2);
			break;
		case '\t':
			buffer_add(buffer, "\\t", 2);
			break;
		default:
			if (*at >= 0x80)
				sequence = sequence_length(at, (size_t)(end - at));
			if (sequence >= 2 && !is_control(at, sequence)) {
				buffer_add(buffer, at, sequence);
			} else {
				sequence = 1;
				add_byte_escape(buffer, *at);
			}
		}
		at += sequence;
	}
}

static void add_json_unit(struct buffer *buffer, unsigned int unit)
{
	char text[6] = { '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15] };

	buffer_add(buffer, text, sizeof(text));
}

static void add_json_special(struct buffer *buffer, unsigned char character)
{
	switch (character) {
	case '"':
		buffer_add(buffer, "\\\"", 2);
		break;
	case '\\':
		buffer_add(buffer, "\\\\", 2);
		break;
	case '\n':
		buffer_add(buffer, "\\n", 2);
		break;
	case '\t':
		buffer_add(buffer, "\\t", 2);
		break;
	case '\r':
		buffer_add(buffer, "\\r", 2);
		break;
	default:
		add_json_unit(buffer, character);
	}
}

void buffer_add_json(struct buffer *buffer, const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;

	buffer_add_char(buffer, '"');
	while (at < end) {
		const unsigned char *start = at;
		size_t sequence;

		at = skip_plain(at, end, false);
		if (at > start)
			buffer_add(buffer, start, (size_t)(at - start));
		/* JSON in a text has a quote every few letters. */
		for (; at < end && *at == '"'; at++)
			buffer_add(buffer, "\\\"", 2);
		if (at == end)
			break;
		if (is_plain(*at))
			continue;

		sequence = sequence_length(at, (size_t)(end - at));
		if (sequence == 0) {
			add_json_unit(buffer, 0xdc00u | *at);
			sequence = 1;
		} else if (sequence == 1) {
			add_json_special(buffer, *at);
		} else if (is_control(at, sequence)) {
			add_json_unit(buffer, character_of(at, sequence));
		} else {
			buffer_add(buffer, at, sequence);
		}
		at += sequence;
	}
	buffer_add_char(buffer, '"');
}

void buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
	buffer->failed = false;
	if (buffer->data)
		buffer->data[0] = '\0';
}

void buffer_done(struct buffer *buffer)
{
	if (!buffer->fixed)
		free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

char *buffer_take(struct buffer *buffer)
{
	char *text;

	/* An empty text is a text too. */
	if (!buffer_reserve(buffer, 0)) {
		buffer_done(buffer);
		return NULL;
	}
	buffer->data[buffer->length] = '\0';
	text = buffer->data;
	*buffer = (struct buffer){ 0 };
	return text;
}

void buffer_add_base64(struct buffer *buffer, const void *bytes, size_t length)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *data = bytes;

	/* What fills up the last group may stand there or not. */
	for (size_t bit = 0; bit + 6 <= length * 8; bit += 6) {
		const size_t byte = bit / 8;
		const unsigned int two = data[byte] << 8 | (byte + 1 < length ? data[byte + 1] : 0);

		buffer_add_char(buffer, characters[two >> (10 - bit % 8) & 63]);
	}
}
