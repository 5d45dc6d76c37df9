/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line of a file of assignments: "key = value", "# words", "-key"; of sysctl files, and of ferry's own documents. Sources: sysctl.d(5),
 * sysctl.conf(5); what these leave open is as systemd-sysctl and procps's sysctl do it. None knows a continuation of a line nor a comment behind a
 * value. */
#ifndef FERRY_MODEL_ASSIGNMENT_H
#define FERRY_MODEL_ASSIGNMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Where lines and words are parted in different ways. What is not named here is the same. */
enum assignment_grammar {
	ASSIGNMENT_SYSTEMD, /* a NUL or a carriage return ends a line too; blanks are space, tab, newline and carriage return */
	ASSIGNMENT_PROCPS, /* a newline ends a line, and what stands behind a NUL is not seen; blanks are what isspace(3) calls so. What follows a "-"
			    * is taken with its blanks, and a second "-" goes with the first */
	ASSIGNMENT_DOCUMENT, /* as ASSIGNMENT_SYSTEMD, but a newline alone ends a line, and the key may be the address of a netlink object, of which
			      * an option (",metric=100") holds a "=" of its own; a "=" between blanks parts an address that begins with its
			      * channel from its value, whatever stands before it */
};

enum assignment_kind {
	ASSIGNMENT_BLANK, /* nothing, or a comment (# or ; is its first letter) */
	ASSIGNMENT_SET,   /* key = value */
	ASSIGNMENT_MINUS, /* -key, without "=": no value */
	ASSIGNMENT_WRONG, /* none of these */
};

struct assignment {
	enum assignment_kind kind;
	bool minus;      /* "-" stands before the key */
	const char *key; /* this and the value borrow from the line, without the blanks around them; not NUL-terminated */
	size_t key_length;
	const char *value; /* NULL where there is none */
	size_t value_length;
};

/* Cuts the next line off a text: *AT is moved behind it, *NUMBER counts newlines as an editor does (begin with 0). False at the end. */
bool assignment_line(enum assignment_grammar grammar, const char **at, const char *end, unsigned int *number, const char **ret_line,
		     size_t *ret_length);

/* Takes a line apart. RET->kind is also returned. */
enum assignment_kind assignment_parse(enum assignment_grammar grammar, const char *line, size_t length, struct assignment *ret);

/* Appends a sysctl key as the path below /proc/sys that it names. The first separator decides: where it is a dot, dots part the key and slashes
 * stand for dots, else it stays as it is. Doubled separators stay. */
void assignment_path(const char *key, size_t length, struct buffer *ret);

#endif
