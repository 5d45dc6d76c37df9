/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growable run of bytes. A failed allocation sets FAILED and makes every later call do nothing, so a long series of
 * appends needs one check at its end. */
#ifndef FERRY_BASE_BUFFER_H
#define FERRY_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

struct buffer {
	char *data; /* always NUL-terminated once anything was appended; NULL before */
	size_t length;
	size_t size;
	bool failed;
	bool fixed; /* the memory is somebody else's: what does not fit fails */
};

/* Room for MORE bytes behind LENGTH; returns their address, or NULL where memory ran out. Does not move LENGTH. */
char *buffer_reserve(struct buffer *buffer, size_t more);

/* These are inline because a line of JSON is a hundred of them. */
static inline void buffer_add(struct buffer *buffer, const void *data, size_t length)
{
	char *end;

	if ((buffer->failed || buffer->size - buffer->length <= length) && !buffer_reserve(buffer, length))
		return;
	end = buffer->data + buffer->length;
	if (length)
		memcpy(end, data, length);
	end[length] = '\0';
	buffer->length += length;
}

static inline void buffer_add_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

static inline void buffer_add_char(struct buffer *buffer, char character)
{
	buffer_add(buffer, &character, 1);
}

/* Base64, without what fills up the last group. */
void buffer_add_base64(struct buffer *buffer, const void *bytes, size_t length);
void buffer_add_uint(struct buffer *buffer, unsigned long long number);
void buffer_add_int(struct buffer *buffer, long long number);
/* Two lower-case hexadecimal digits a byte. */
void buffer_add_hex(struct buffer *buffer, const void *data, size_t length);
void buffer_printf(struct buffer *buffer, const char *format, ...) _printf_(2, 3);
/* Appends TEXT with control characters, DEL, invalid UTF-8 and backslashes as \xNN, \n, \t, \\: safe for a terminal. */
void buffer_add_escaped(struct buffer *buffer, const char *text, size_t length);
/* Appends a JSON string with its quotes. Bytes that are not UTF-8 become \udcNN (a lone low surrogate), and come back
 * as the same byte from model/json.h: nothing is lost and the line stays valid UTF-8. */
void buffer_add_json(struct buffer *buffer, const char *text, size_t length);
/* Empties without giving memory back. */
void buffer_clear(struct buffer *buffer);
/* Gives the memory back; the struct may be used again. */
void buffer_done(struct buffer *buffer);
/* The text, owned by the caller from now on (free()), or NULL where an append had failed. */
char *buffer_take(struct buffer *buffer) _must_check_;

#define _cleanup_buffer_ _cleanup_(buffer_done)

#endif
