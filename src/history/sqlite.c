/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "history/sqlite.h"

#include "base/library.h"

struct sqlite sqlite;

static const char symbols[] =
#define SYMBOL(name) "sqlite3_" #name "\0"
#include "history/sqlite.def"
#undef SYMBOL
	;

int sqlite_load(struct error *error)
{
	static struct library library = { "libsqlite3.so.0", "holds the history", symbols, (void **)&sqlite, false };

	return library_load(&library, error);
}
