/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State as a text: "address = value" a line, "-address" for what is absent, "#" and ";" for comments. Knows no channel. */
#ifndef FERRY_STATE_DOCUMENT_H
#define FERRY_STATE_DOCUMENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

struct document_line {
	unsigned int number;
	const char *address; /* as it is written, without blanks around it */
	const char *value;   /* the same; NULL: what is at the address is absent */
	bool lenient;        /* "-address = value": as in sysctl.conf, a failure does not count */
};

struct document {
	struct document_line *lines;
	size_t count;
	struct arena arena;
};

/* -EINVAL with words that name the line. RET is given back by document_done(). */
int document_parse(const char *text, size_t length, struct document *ret, struct error *error) _must_check_;
void document_done(struct document *document);
#define _cleanup_document_ _cleanup_(document_done)

#endif
