/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/libelf.h"

#include "base/library.h"

struct libelf libelf;

static const char symbols[] =
#define SYMBOL(name) #name "\0"
#include "wire/libelf.def"
#undef SYMBOL
	;

int libelf_load(struct error *error)
{
	static struct library library = { "libelf.so.1", "reads the names of functions", symbols, (void **)&libelf, false };

	return library_load(&library, error);
}
