/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libelf, loaded when symbols are read (base/library.h): libelf.elf_begin() is elf_begin(). */
#ifndef FERRY_WIRE_LIBELF_H
#define FERRY_WIRE_LIBELF_H

#include <gelf.h>
#include <libelf.h>

#include "base/error.h"

struct libelf {
#define SYMBOL(name) __typeof__(name) *name;
#include "wire/libelf.def"
#undef SYMBOL
};

extern struct libelf libelf;

/* To be called before anything else of it. Errors as of library_load(). */
int libelf_load(struct error *error) _must_check_;

#endif
