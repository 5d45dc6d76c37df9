/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of ELF files, by place in the file. Read by libelf, from the file's own tables of symbols; debug information is not asked for. */
#ifndef FERRY_CROSSING_SYMBOLS_H
#define FERRY_CROSSING_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct symbols;

struct symbol {
	const char *name;  /* belongs to the struct symbols */
	uint64_t distance; /* of the place from the function's begin */
};

/* Of the file behind DESCRIPTOR, which may be closed afterwards. -ENOEXEC where it is no ELF file; one without symbols is no failure. */
int symbols_read(int descriptor, struct symbols **ret) _must_check_;
struct symbols *symbols_free(struct symbols *symbols);
/* The function that byte OFFSET of the file belongs to; false where none is known. */
bool symbols_find(const struct symbols *symbols, uint64_t offset, struct symbol *ret);
/* Whether the bytes before OFFSET are an instruction that calls: whether OFFSET can be where a call returns to. */
bool symbols_follows_call(const struct symbols *symbols, uint64_t offset);

#endif
