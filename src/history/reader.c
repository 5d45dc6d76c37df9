/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a history to read it, also one that is being written, and its rows as changes. */
#include "history/reader.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "history/history.h"

static bool log_stands(const char *path)
{
	_cleanup_free_ char *name = NULL;
	struct stat status;

	if (asprintf(&name, "%s-wal", path) < 0) {
		name = NULL;
		return true;
	}
	return stat(name, &status) == 0 && status.st_size > 0;
}

static int prepare(struct history_reader *reader, struct error *error)
{
	static const char select[] = "SELECT c.id, c.time, c.boottime, c.kind, c.address, c.before, c.after, c.door, c.result, c.result_text, "
				     "c.cause, c.consistency, c.netns, s.name,"
				     " c.lost, c.gap_from, c.gap_to, a.id, a.pid, a.tid, a.ppid, a.start, a.comm, a.exe, a.argv, a.argv_cut, a.uid, "
				     "a.login_uid, a.cgroup, a.netns,"
				     " a.kernel, a.unknown FROM change c LEFT JOIN actor a ON a.id = c.actor LEFT JOIN source s ON s.id = c.source "
				     "WHERE c.id %s ? ORDER BY c.id %s LIMIT 1";
	char sql[sizeof(select) + 16];
	int r;

	snprintf(sql, sizeof(sql), select, ">=", "ASC");
	r = database_prepare(reader->database, sql, &reader->upward, error);
	if (r < 0)
		return r;
	snprintf(sql, sizeof(sql), select, "<=", "DESC");
	return database_prepare(reader->database, sql, &reader->downward, error);
}

static int open_path(struct history_reader *reader, const char *name, int flags, struct error *error)
{
	int version, r = database_open(name, SQLITE_OPEN_READONLY | flags, &reader->database, error);

	if (r < 0)
		return r;
	sqlite.busy_timeout(reader->database, 5000);
	r = layout_check(reader->database, reader->path, HISTORY_VERSION, &version, error);
	if (r < 0)
		return r;
	if (version == 0)
		return error_set(error, -ENOTSUP, "%s is empty: nothing was recorded into it yet", reader->path);
	if (version != HISTORY_VERSION)
		return error_set(error, -EPROTO, "the history %s has an older layout: record into it once to bring it up to date", reader->path);
	return prepare(reader, error);
}

static void close_database(struct history_reader *reader)
{
	statement_free(reader->upward);
	statement_free(reader->downward);
	database_free(reader->database);
	reader->upward = reader->downward = NULL;
	reader->database = NULL;
}

/* Where not even SQLite's own lock files can be made: the file as it lies there, as long as no log belongs to it. */
static int open_immutable(struct history_reader *reader, struct error *error)
{
	_cleanup_buffer_ struct buffer uri = { 0 };

	if (log_stands(reader->path))
		return error_set(error, -EACCES,
				 "%s: its log (%s-wal) can be read only by one who may write in the folder: read it as the user who records, or copy "
				 "both elsewhere",
				 reader->path, reader->path);
	buffer_add_text(&uri, "file:");
	for (const char *c = reader->path; *c; c++) {
		if (strchr("%?#", *c))
			buffer_printf(&uri, "%%%02x", (unsigned int)*c);
		else
			buffer_add_char(&uri, *c);
	}
	buffer_add_text(&uri, "?immutable=1");
	if (uri.failed)
		return error_set(error, -ENOMEM, "out of memory");
	reader->immutable = true;
	return open_path(reader, uri.data, SQLITE_OPEN_URI, error);
}

static int open_either(struct history_reader *reader, struct error *error)
{
	int r;

	if (access(reader->path, R_OK) < 0) {
		r = -errno;
		return error_set(error, r, r == -ENOENT ? "there is no history %s: nothing was recorded yet" : "the history %s: %s", reader->path,
				 error_text(r));
	}
	r = open_path(reader, reader->path, 0, error);
	/* A file in WAL mode wants its lock file beside it, and that cannot be made here. */
	if (r == -EACCES || r == -EPERM || r == -EROFS || r == -ENOENT) {
		close_database(reader);
		r = open_immutable(reader, error);
	}
	return r;
}

int history_reader_open(const char *path, struct history_reader **ret, struct error *error)
{
	_cleanup_history_reader_ struct history_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return error_set(error, -ENOMEM, "out of memory");
	r = file_resolve(path, false, &reader->path, error);
	if (r == -ENOENT)
		return error_set(error, r, "there is no history %s: nothing was recorded yet", path);
	if (r == 0)
		r = open_either(reader, error);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(reader);
	return 0;
}

struct history_reader *history_reader_close(struct history_reader *reader)
{
	if (!reader)
		return NULL;
	close_database(reader);
	free(reader->path);
	free(reader);
	return NULL;
}

const char *history_reader_path(const struct history_reader *reader)
{
	return reader->path;
}

int reader_begin(struct history_reader *reader, struct error *error)
{
	if (reader->immutable && log_stands(reader->path))
		return error_set(error, -EBUSY, "a recorder has begun to write %s meanwhile: try again", reader->path);
	return database_execute(reader->database, "BEGIN", error);
}

void reader_end(struct history_reader *reader)
{
	sqlite.exec(reader->database, "COMMIT", NULL, NULL, NULL);
}

/* Where the row is read: the column, the memory, whether that lasted. */
struct row {
	sqlite3_stmt *statement;
	struct arena *arena;
	int column;
	bool failed;
};

static uint64_t row_number(struct row *row)
{
	return (uint64_t)sqlite.column_int64(row->statement, row->column++);
}

/* A text, or NULL; FALLBACK where the file has a null that it must not have. */
static const char *row_text(struct row *row, const char *fallback)
{
	const char *text = (const char *)sqlite.column_text(row->statement, row->column);
	int length = sqlite.column_bytes(row->statement, row->column++);

	if (!text)
		return fallback;
	text = arena_copy(row->arena, text, (size_t)length);
	row->failed = row->failed || !text;
	return text;
}

static const char *row_bytes(struct row *row, size_t *ret_length)
{
	bool present = sqlite.column_type(row->statement, row->column) != SQLITE_NULL;
	const void *bytes = sqlite.column_blob(row->statement, row->column);
	int length = sqlite.column_bytes(row->statement, row->column++);
	const char *copy;

	*ret_length = 0;
	if (!present)
		return NULL;
	copy = arena_copy(row->arena, bytes, (size_t)length);
	row->failed = row->failed || !copy;
	*ret_length = copy ? (size_t)length : 0;
	return copy;
}

/* A number of a known range; what a damaged file says beyond it is FALLBACK. */
static unsigned int row_choice(struct row *row, unsigned int last, unsigned int fallback)
{
	uint64_t number = row_number(row);

	return number <= last ? (unsigned int)number : fallback;
}

static const struct ferry_actor *row_actor(struct row *row)
{
	struct ferry_actor *actor;

	if (sqlite.column_type(row->statement, row->column++) == SQLITE_NULL)
		return NULL;
	actor = arena_new(row->arena, struct ferry_actor);
	if (!actor) {
		row->failed = true;
		return NULL;
	}
	actor->pid = (uint32_t)row_number(row);
	actor->tid = (uint32_t)row_number(row);
	actor->ppid = (uint32_t)row_number(row);
	actor->start = row_number(row);
	actor->comm = row_text(row, "");
	actor->exe = row_text(row, NULL);
	actor->argv = row_bytes(row, &actor->argv_length);
	actor->argv_cut = row_number(row) != 0;
	actor->uid = (uint32_t)row_number(row);
	actor->login_uid = (uint32_t)row_number(row);
	actor->cgroup = row_text(row, NULL);
	actor->netns = row_number(row);
	actor->kernel = row_number(row) != 0;
	actor->unknown = row_text(row, NULL);
	return actor;
}

static struct ferry_change *row_change(sqlite3_stmt *statement, struct arena *arena)
{
	struct ferry_change *change = arena_new(arena, struct ferry_change);
	struct row row = { statement, arena, 0, !change };

	if (row.failed)
		return NULL;
	change->id = row_number(&row);
	change->time = row_number(&row);
	change->boottime = row_number(&row);
	change->kind = row_choice(&row, FERRY_GAP, FERRY_CHANGED);
	change->address = row_text(&row, change->kind == FERRY_GAP ? NULL : "");
	change->before = row_text(&row, NULL);
	change->after = row_text(&row, NULL);
	change->door = row_choice(&row, FERRY_DOOR_KERNEL, FERRY_DOOR_UNKNOWN);
	change->result = (int)(int64_t)row_number(&row);
	change->result_text = row_text(&row, NULL);
	change->cause = row_number(&row);
	change->consistency = row_choice(&row, FERRY_UNKNOWN, FERRY_UNKNOWN);
	change->netns = row_number(&row);
	change->source = row_text(&row, NULL);
	change->lost = row_number(&row);
	change->from = row_number(&row);
	change->to = row_number(&row);
	change->actor = row_actor(&row);
	return row.failed ? NULL : change;
}

int reader_next(struct history_reader *reader, int64_t id, bool downward, struct arena *arena, struct ferry_change **ret, struct error *error)
{
	sqlite3_stmt *statement = downward ? reader->downward : reader->upward;
	struct ferry_change *change;
	int code, r = 0;

	sqlite.bind_int64(statement, 1, id);
	code = sqlite.step(statement);
	if (code == SQLITE_ROW) {
		change = row_change(statement, arena);
		if (change)
			*ret = change;
		else
			r = error_set(error, -ENOMEM, "out of memory");
	} else if (code == SQLITE_DONE) {
		r = -ENOENT;
	} else {
		r = database_error(error, reader->database, reader->path);
	}
	sqlite.reset(statement);
	return r;
}
