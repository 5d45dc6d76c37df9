/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an undo is about to do, told to the recorder through the file: the recorder sees the change that follows and must know of which one it is the
 * undo. */
#include <errno.h>
#include <string.h>

#include "base/time.h"
#include "history/history.h"
#include "history/writer.h"
#include "model/address.h"

#define INTENT_AGE (10 * SECOND)

static int insert_intent(sqlite3 *database, sqlite3_stmt *statement, const char *address, struct error *error)
{
	sqlite.bind_text(statement, 2, address, -1, SQLITE_STATIC);
	return database_run(database, statement, "telling the recorder", error);
}

static int store_intent(sqlite3 *database, uint32_t pid, const struct history_intent *intent, struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL, *sweep = NULL;
	uint64_t now = time_boot();
	int r = database_prepare(database, "DELETE FROM intent WHERE boottime < ? OR boottime > ?", &sweep, error);

	if (r == 0)
		r = database_prepare(database, "INSERT INTO intent (pid, address, cause, boottime) VALUES (?, ?, ?, ?)", &statement, error);
	if (r == 0)
		r = database_execute(database, "BEGIN IMMEDIATE", error);
	if (r < 0)
		return r;
	/* Those of an earlier boot stand in the future. */
	sqlite.bind_int64(sweep, 1, now > INTENT_AGE ? (int64_t)(now - INTENT_AGE) : 0);
	sqlite.bind_int64(sweep, 2, (int64_t)now);
	sqlite.bind_int64(statement, 1, pid);
	sqlite.bind_int64(statement, 3, (int64_t)intent->cause);
	sqlite.bind_int64(statement, 4, (int64_t)now);
	r = database_run(database, sweep, "telling the recorder", error);
	if (r == 0 && intent->scope)
		r = insert_intent(database, statement, intent->scope, error);
	if (r == 0)
		r = insert_intent(database, statement, intent->address, error);
	if (r == 0)
		r = database_execute(database, "COMMIT", error);
	if (r < 0)
		sqlite.exec(database, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

int history_intend(const char *path, uint32_t pid, const struct history_intent *intent, struct error *error)
{
	_cleanup_database_ sqlite3 *database = NULL;
	_cleanup_free_ char *real = NULL;
	int version, r = file_resolve(path, false, &real, error);

	if (r < 0)
		return r;
	/* Nobody else would read it. */
	if (!file_locked(real))
		return 0;
	r = file_prepare(real, error);
	if (r == 0)
		r = database_open(real, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, &database, error);
	if (r < 0)
		return r;
	sqlite.busy_timeout(database, 2000);
	r = layout_check(database, real, HISTORY_VERSION, &version, error);
	if (r == 0 && version != HISTORY_VERSION)
		r = error_set(error, -EPROTO, "the history %s has an older layout", real);
	if (r == 0)
		r = database_execute(database, "PRAGMA synchronous = NORMAL", error);
	return r < 0 ? r : store_intent(database, pid, intent, error);
}

uint64_t history_intended(struct history *history, uint32_t pid, const char *address, uint64_t boottime)
{
	uint64_t cause = 0;
	sqlite3_stmt *statement = history->find_intent;

	sqlite.bind_int64(statement, 1, pid);
	sqlite.bind_int64(statement, 2, boottime > INTENT_AGE ? (int64_t)(boottime - INTENT_AGE) : 0);
	sqlite.bind_int64(statement, 3, (int64_t)boottime);
	while (sqlite.step(statement) == SQLITE_ROW) {
		const char *told = (const char *)sqlite.column_text(statement, 0);
		bool exact = told && !strcmp(address, told);

		if (exact || (!cause && told && (address_under(address, told) || address_under(told, address))))
			cause = (uint64_t)sqlite.column_int64(statement, 1);
		if (exact)
			break;
	}
	sqlite.reset(statement);
	return cause;
}

bool history_recording(const char *path)
{
	_cleanup_free_ char *real = NULL;

	return file_resolve(path, false, &real, NULL) == 0 && file_locked(real);
}
