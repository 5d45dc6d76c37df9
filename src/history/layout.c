/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables, and how a file of an older version becomes one of this version.
 *
 * To change the layout: append a step to layout_steps, raise HISTORY_VERSION. A step that has been released is never edited. */
#include "history/store.h"

#include <errno.h>
#include <stdio.h>

/* Version 1.
 * - change: one row a change, compact: absent values are NULL and take one byte. Its id is given by the writer. No index but the one on the address:
 * it is what log and blame ask for, and each further one costs a fifth of the speed.
 * - actor, source: what many changes share. An actor's LAST is the last change that named it, so that retention finds those that nobody names any
 * more.
 * - batch: one row a commit, from time to ids, so that "since" needs no index on the time of each change and no clock that only moves forward.
 * - anchor: what CLOCK_BOOTTIME and CLOCK_REALTIME said at the same moment, by boot.
 * - intent: what an undo is about to do. */
static int create_tables(sqlite3 *database, struct error *error)
{
	return database_execute(
		database,
		"CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
		"CREATE TABLE actor (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, pid INTEGER, tid INTEGER, ppid INTEGER,"
		" start INTEGER, comm TEXT NOT NULL, exe TEXT, argv BLOB, argv_cut INTEGER, uid INTEGER, login_uid INTEGER, cgroup TEXT, netns "
		"INTEGER,"
		" kernel INTEGER, unknown TEXT);"
		"CREATE TABLE change (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, boottime INTEGER NOT NULL, kind INTEGER NOT NULL, address TEXT,"
		" before TEXT, after TEXT, door INTEGER, result INTEGER, result_text TEXT, actor INTEGER, cause INTEGER, consistency INTEGER,"
		" netns INTEGER, source INTEGER, lost INTEGER, gap_from INTEGER, gap_to INTEGER);"
		"CREATE INDEX change_address ON change (address);"
		"CREATE TABLE batch (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, earliest INTEGER NOT NULL, latest INTEGER NOT NULL);"
		"CREATE TABLE anchor (id INTEGER PRIMARY KEY, boottime INTEGER NOT NULL, realtime INTEGER NOT NULL, boot TEXT NOT NULL);"
		"CREATE TABLE intent (id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, address TEXT NOT NULL, cause INTEGER NOT NULL,"
		" boottime INTEGER NOT NULL);",
		error);
}

layout_step *const layout_steps[] = {
	create_tables,
};

int layout_check(sqlite3 *database, const char *path, int newest, int *ret_version, struct error *error)
{
	int64_t application, version, tables;
	int r = database_number(database, "PRAGMA application_id", 0, &application, error);

	if (r == 0)
		r = database_number(database, "PRAGMA user_version", 0, &version, error);
	if (r == 0)
		r = database_number(database, "SELECT count(*) FROM sqlite_master", 0, &tables, error);
	if (r == -ENOTSUP)
		return error_set(error, r, "%s is not a history of ferry: it is not an SQLite file", path);
	if (r == -EBADMSG)
		return error_set(error, r, "the history %s is damaged: move it away, or rescue what can be read with `sqlite3 FILE .recover`", path);
	if (r < 0)
		return error_wrap(error, "%s", path);
	if (application == 0 && version == 0 && tables == 0) {
		*ret_version = 0;
		return 0;
	}
	if (application != APPLICATION_ID)
		return error_set(error, -ENOTSUP, "%s is not a history of ferry: another program's SQLite file", path);
	if (version > newest)
		return error_set(error, -EPROTO, "the history %s has the layout of a newer ferry (version %lld, this one knows %d): use that one",
				 path, (long long)version, newest);
	if (version < 1)
		return error_set(error, -EBADMSG, "the history %s is damaged: it says to have version %lld", path, (long long)version);
	*ret_version = (int)version;
	return 0;
}

/* Page size and vacuum mode can be chosen only while the file is empty; the identity goes with the first step. */
static int prepare_empty(sqlite3 *database, struct error *error)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL", PAGE_SIZE);
	return database_execute(database, sql, error);
}

static int upgrade_step(sqlite3 *database, layout_step *step, int version, struct error *error)
{
	char sql[96];
	int r = database_execute(database, "BEGIN IMMEDIATE", error);

	if (r < 0)
		return r;
	r = step(database, error);
	if (r == 0) {
		snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", APPLICATION_ID, version + 1);
		r = database_execute(database, sql, error);
	}
	if (r < 0)
		sqlite.exec(database, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

int layout_upgrade(sqlite3 *database, const char *path, layout_step *const *steps, int newest, struct error *error)
{
	int version, r = layout_check(database, path, newest, &version, error);

	if (r < 0)
		return r;
	if (version == 0) {
		r = prepare_empty(database, error);
		if (r < 0)
			return error_wrap(error, "%s", path);
	}
	for (; version < newest; version++) {
		r = upgrade_step(database, steps[version], version, error);
		if (r < 0)
			return error_wrap(error, "cannot bring the history %s from version %d to %d", path, version, version + 1);
	}
	return 0;
}
