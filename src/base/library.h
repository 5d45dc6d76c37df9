/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared libraries that few commands need, loaded when one of them does: each that is linked would cost every start its mapping and its relocation.
 *
 * The functions that are used of a library stand in a .def file of its own, a SYMBOL(name) each. A header makes a struct of pointers of it, each
 * member of the type that the library's own header declares, and a source file the names to be looked up, in the same order. */
#ifndef FERRY_BASE_LIBRARY_H
#define FERRY_BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct library {
	const char *file;    /* its soname, "libsqlite3.so.0" */
	const char *serves;  /* what cannot be had without it, for the words of a failure */
	const char *symbols; /* the names, each ended by NUL, and an empty one */
	void **functions;    /* where they go */
	bool loaded;
};

/* Loads LIBRARY and finds its functions; does nothing where that is done. Any thread may call it, and must before it uses a function. -ELIBACC with
 * what the dynamic linker says; the functions are untouched then. */
int library_load(struct library *library, struct error *error) _must_check_;

#endif
