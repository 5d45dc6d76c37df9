/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State as a text: "address = value" a line, "-address" for what is absent, "#" and ";" for comments. Knows no channel. */
#ifndef FERRY_STATE_DOCUMENT_H
#define FERRY_STATE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct document_line {
	unsigned int number;
	const char *address; /* as it is written, without blanks around it */
	const char *value;   /* the same; NULL: what is at the address is absent */
	bool lenient;        /* "-address = value": as in sysctl.conf, a failure does not count */
};

/* A negative errno ends the reading. LINE is the reader's, until the function returns. */
typedef int document_function(void *data, const struct document_line *line);

/* Line by line, as documents of a routing table have millions of them. What FUNCTION returns where that is not 0, else 0, or -EINVAL with words that
 * name the line. */
int document_each_line(const char *text, size_t length, document_function *function, void *data, struct error *error) _must_check_;

#endif
