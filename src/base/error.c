/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, int code, const char *format, ...)
{
	char text[sizeof(error->text)];
	va_list arguments;

	if (!error)
		return code;

	/* Made beside the old words: an argument may point into them. */
	va_start(arguments, format);
	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		text[0] = '\0';
	va_end(arguments);
	error->code = code;
	error->misasked = error->refused = false;
	memcpy(error->text, text, strlen(text) + 1);
	return code;
}

int error_wrap(struct error *error, const char *format, ...)
{
	char joined[sizeof(error->text)];
	size_t used, room, length;
	va_list arguments;
	int r;

	if (!error)
		return 0;

	/* Made beside the old words: an argument may point into them. */
	va_start(arguments, format);
	r = vsnprintf(joined, sizeof(joined), format, arguments);
	va_end(arguments);
	if (r < 0)
		return error->code;

	used = strlen(joined);
	if (used + 3 > sizeof(joined))
		used = sizeof(joined) - 3;
	memcpy(joined + used, ": ", 2);
	used += 2;
	room = sizeof(joined) - used - 1;
	length = strnlen(error->text, room);
	memcpy(joined + used, error->text, length);
	joined[used + length] = '\0';
	memcpy(error->text, joined, used + length + 1);
	return error->code;
}

const char *error_text(int code)
{
	const char *text = strerrordesc_np(code < 0 ? -code : code);

	return text ? text : "Unknown error";
}

const char *error_symbol(int code)
{
	const char *symbol = strerrorname_np(code < 0 ? -code : code);

	return symbol ? symbol : "E?";
}
