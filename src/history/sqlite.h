/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SQLite, loaded when a history is opened (base/library.h): sqlite.step() is sqlite3_step(). */
#ifndef FERRY_HISTORY_SQLITE_H
#define FERRY_HISTORY_SQLITE_H

#include <sqlite3.h>

#include "base/error.h"

struct sqlite {
#define SYMBOL(name) __typeof__(sqlite3_##name) *name;
#include "history/sqlite.def"
#undef SYMBOL
};

extern struct sqlite sqlite;

/* To be called before anything else of it. Errors as of library_load(). */
int sqlite_load(struct error *error) _must_check_;

#endif
