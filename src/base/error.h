/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for an error, made where it is understood and printed once, at the top. The number travels as a negative errno. */
#ifndef FERRY_BASE_ERROR_H
#define FERRY_BASE_ERROR_H

#include <stdbool.h>

#include "base/cleanup.h"

struct error {
	int code;       /* negative errno, 0 where nothing failed */
	bool misasked;  /* wrong already as it was asked for, so that the kernel was not asked to change anything */
	bool refused;   /* the kernel was asked to change something, and said no */
	char text[512]; /* what was tried, what the kernel said, what to do; cut at the end, never overrun */
};

/* Puts words to CODE (a negative errno) and returns CODE. ERROR may be NULL: then only the code travels. */
int error_set(struct error *error, int code, const char *format, ...) _printf_(3, 4);

/* Puts "CONTEXT: " before the words that stand there already; returns the code that stands there. */
int error_wrap(struct error *error, const char *format, ...) _printf_(2, 3);

/* The text of an errno (either sign) as strerrordesc_np() gives it, never NULL. */
const char *error_text(int code);

/* The symbol of an errno (either sign), such as "EINVAL"; "E?" where unknown. */
const char *error_symbol(int code);

#endif
