/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the content of a file of sysctl, sysfs or procfs says: a number, a choice, text. The kernel describes none of it, so the content itself tells.
 */
#ifndef FERRY_CHANNEL_CONTENT_H
#define FERRY_CHANNEL_CONTENT_H

#include "model/schema.h"

struct content {
	struct value value;        /* borrows from the content */
	const struct field *field; /* NULL, or of a choice: FIELD->names lists the words that may be written */
	const char *type;          /* "int", "text", "choice", "bytes" */
};

/* Types CONTENT, whose last newline does not count: "int" where it is one integer in the form that prints the same again, "choice" (SYSFS only) where
 * one word of a line stands in brackets (the value is that word), "bytes" where it is binary, else "text". -ENOMEM. */
int content_value(const char *content, size_t length, bool sysfs, struct arena *arena, struct content *ret) _must_check_;

/* LENGTH without the newline at the end of a file's content. */
size_t content_length(const char *content, size_t length);

/* Whether two contents mean the same: runs of blanks and tabs are one blank, blanks at the ends do not count. */
bool file_value_same(const char *a, size_t a_length, const char *b, size_t b_length);
/* Whether two contents are the same numbers in another spelling ("0x10" and "16", "ff" and "00000000,000000ff", "y" and "1"), of which B is the
 * kernel's. */
bool file_numbers_same(const char *a, size_t a_length, const char *b, size_t b_length);
/* The content of a file as JSON: a number, or text. SYSFS: a bracketed choice becomes its word. */
void file_value_json(struct buffer *ret, const char *content, size_t length, bool sysfs);

#endif
