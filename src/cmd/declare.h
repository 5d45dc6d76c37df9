/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands about documents share. */
#ifndef FERRY_CMD_DECLARE_H
#define FERRY_CMD_DECLARE_H

#include "cmd/command.h"

struct document {
	char *text;
	size_t length;
	char **only; /* NULL-terminated, NULL = none */
};

/* To be called before a large text is put together. A document may be of millions of lines: what grows with them is then moved by the page tables,
 * not copied, as it would be on malloc()'s heap, where such pieces go once one was freed. */
void document_memory(void);
/* The file NAME ("-": standard input). EXIT_DONE, or with its words printed what failed. */
enum exit_status document_read(struct program *program, const char *name, struct document *ret);
/* Takes the addresses of an option --only, "ADDRESS,...", which may be NULL, over. */
enum exit_status document_only(struct program *program, const char *option, struct document *document);
void document_done(struct document *document);
#define _cleanup_document_ _cleanup_(document_done)

/* For ferry_plan() and the like: a step as a line, with what is to be known about it. DATA is a struct program. */
int print_step(void *data, const struct ferry_change *change);
/* The status for the library's refusal ERROR, whose words are printed. */
enum exit_status document_failed(struct program *program, int error);

/* Starts a process of its own session that takes back what waits in STATE (NULL: the usual folder), unless it is confirmed in time; returns when it
 * watches. It holds its own copies of nothing: *RET_APPLIER is a descriptor that tells it of our end. */
int guard_start(const char *state, int *ret_applier);

#endif
