/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SQLite with negative errnos and words. */
#include "history/store.h"

#include <errno.h>
#include <sys/stat.h>

static int error_number(sqlite3 *database, int code)
{
	int system = sqlite.system_errno(database);

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_NOTADB:
		return -ENOTSUP;
	case SQLITE_CORRUPT:
		return -EBADMSG;
	case SQLITE_CANTOPEN:
		return system ? -system : -EACCES;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	default:
		return system ? -system : -EIO;
	}
}

int database_error(struct error *error, sqlite3 *database, const char *what)
{
	int code = database ? sqlite.extended_errcode(database) : SQLITE_NOMEM, r = error_number(database, code);
	int system = database ? sqlite.system_errno(database) : 0;

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return error_set(error, r, "%s: out of memory", what);
	case SQLITE_FULL:
		return error_set(error, r, "%s: no space left on the device", what);
	case SQLITE_READONLY:
		return error_set(error, r, "%s: the file cannot be written (read-only file system, or no permission)", what);
	case SQLITE_CORRUPT:
		return error_set(error, r, "%s: the file is damaged (%s)", what, sqlite.errmsg(database));
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		if (system)
			return error_set(error, r, "%s: %s (%s)", what, error_text(system), sqlite.errmsg(database));
	}
	return error_set(error, r, "%s: %s", what, sqlite.errmsg(database));
}

/* The file may come from somebody else: nothing in it may run. */
static void harden(sqlite3 *database)
{
	sqlite.db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite.db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite.db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite.db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite.limit(database, SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024);
}

int database_open(const char *path, int flags, sqlite3 **ret, struct error *error)
{
	_cleanup_database_ sqlite3 *database = NULL;
	struct stat status;
	int r = sqlite_load(error);

	if (r < 0)
		return r;
	/* A pipe would be waited for. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return error_set(error, -ENOTSUP, "%s is not a history of ferry: it is no file", path);
	if (sqlite.open_v2(path, &database, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK)
		return database_error(error, database, path);
	harden(database);
	*ret = TAKE_POINTER(database);
	return 0;
}

int database_execute(sqlite3 *database, const char *sql, struct error *error)
{
	return sqlite.exec(database, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : database_error(error, database, "history");
}

int database_prepare(sqlite3 *database, const char *sql, sqlite3_stmt **ret, struct error *error)
{
	return sqlite.prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) == SQLITE_OK ? 0
												       : database_error(error, database, "history");
}

int database_number(sqlite3 *database, const char *sql, int64_t fallback, int64_t *ret, struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = database_prepare(database, sql, &statement, error);

	if (r < 0)
		return r;
	switch (sqlite.step(statement)) {
	case SQLITE_ROW:
		*ret = sqlite.column_type(statement, 0) == SQLITE_NULL ? fallback : sqlite.column_int64(statement, 0);
		return 0;
	case SQLITE_DONE:
		*ret = fallback;
		return 0;
	default:
		return database_error(error, database, "history");
	}
}

int database_run(sqlite3 *database, sqlite3_stmt *statement, const char *what, struct error *error)
{
	int code = sqlite.step(statement), r = 0;

	/* The words before the reset: it may say less. */
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		r = database_error(error, database, what);
	sqlite.reset(statement);
	return r;
}
