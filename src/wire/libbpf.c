/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/libbpf.h"

#include "base/library.h"

struct libbpf libbpf;

static const char symbols[] =
#define SYMBOL(name) #name "\0"
#include "wire/libbpf.def"
#undef SYMBOL
	;

int libbpf_load(struct error *error)
{
	static struct library library = { "libbpf.so.1", "loads BPF programs", symbols, (void **)&libbpf, false };

	return library_load(&library, error);
}
