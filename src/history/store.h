/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the store share: the file and its lock, the database, its layout. */
#ifndef FERRY_HISTORY_STORE_H
#define FERRY_HISTORY_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "history/sqlite.h"

#define APPLICATION_ID 0x66657279 /* "fery" */
#define PAGE_SIZE      8192       /* the fastest of 1,024 to 16,384 for the address index under a storm */

/* ---- file.c: the file in its folder ---- */

/* Which file it was that was opened, so that one put in its place is noticed. */
struct file_identity {
	dev_t device;
	ino_t inode;
};

/* Makes PATH absolute with its folder's symbolic links resolved; with MAKE the folder and its parents are created (0700). To be freed. */
int file_resolve(const char *path, bool make, char **ret, struct error *error) _must_check_;
/* Refuses what another user could have planted; creates an empty file (0600) where none stands. PATH comes from file_resolve(). */
int file_prepare(const char *path, struct error *error) _must_check_;
int file_identify(const char *path, struct file_identity *ret, struct error *error) _must_check_;
/* Takes the lock PATH.lock for the life of the descriptor. -EBUSY with the holder's pid in words. */
int file_lock(const char *path, int *ret_descriptor, struct error *error) _must_check_;
bool file_locked(const char *path);

/* ---- database.c: SQLite with words ---- */

/* Puts the words "WHAT: what SQLite and the kernel said" and returns a negative errno for DATABASE's last failure. */
int database_error(struct error *error, sqlite3 *database, const char *what);
/* Opens with everything that a file made by somebody else could misuse switched off. */
int database_open(const char *path, int flags, sqlite3 **ret, struct error *error) _must_check_;
int database_execute(sqlite3 *database, const char *sql, struct error *error) _must_check_;
int database_prepare(sqlite3 *database, const char *sql, sqlite3_stmt **ret, struct error *error) _must_check_;
/* The first column of the first row, FALLBACK where there is none or it is null. */
int database_number(sqlite3 *database, const char *sql, int64_t fallback, int64_t *ret, struct error *error) _must_check_;
/* Steps a statement that returns no rows and resets it. */
int database_run(sqlite3 *database, sqlite3_stmt *statement, const char *what, struct error *error) _must_check_;

/* Both take NULL: so what was never opened can be let go before SQLite is loaded. */
static inline void statement_free(sqlite3_stmt *statement)
{
	if (statement)
		sqlite.finalize(statement);
}

static inline void database_free(sqlite3 *database)
{
	if (database)
		sqlite.close(database);
}

static inline void cleanup_statement(sqlite3_stmt **statement)
{
	statement_free(*statement);
}

static inline void cleanup_database(sqlite3 **database)
{
	database_free(*database);
}

#define _cleanup_statement_ _cleanup_(cleanup_statement)
#define _cleanup_database_  _cleanup_(cleanup_database)

/* ---- layout.c: tables and versions ---- */

/* A step brings the tables from version N to N + 1, N being its place in the list. */
typedef int layout_step(sqlite3 *database, struct error *error);
extern layout_step *const layout_steps[];

/* Whether the file is a history at all, and its version. -ENOTSUP, -EPROTO (newer than NEWEST). An empty file is version 0. */
int layout_check(sqlite3 *database, const char *path, int newest, int *ret_version, struct error *error) _must_check_;
/* Brings the file to version NEWEST, each step in a transaction of its own. */
int layout_upgrade(sqlite3 *database, const char *path, layout_step *const *steps, int newest, struct error *error) _must_check_;

#endif
