/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one who writes. Changes gather in memory and go to the file in one transaction: so the file is locked only for that moment, others can write in
 * between (an undo that tells its intent), and a batch that the file did not take (disk full) is still there for the next try. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "history/history.h"
#include "history/writer.h"

#define BATCH_CHANGES 4096               /* a larger one is hardly faster and stalls the recorder for longer */
#define BATCH_AGE     (SECOND / 50)      /* a fifth of the promised 100 ms: on a busy machine waking and writing take time too */
#define BATCH_BYTES   (16 * 1024 * 1024) /* what may gather while the file takes nothing */
#define ANCHOR_AGE    (60 * SECOND)
#define LOG_PAGES     1000 /* 8 MiB between two checkpoints */

static int prepare_statements(struct history *history, struct error *error)
{
	const struct {
		sqlite3_stmt **statement;
		const char *sql;
	} list[] = {
		{ &history->insert_change,
		  "INSERT INTO change (id, time, boottime, kind, address, before, after, door, result, result_text, actor, cause, consistency,"
		  " netns, source, lost, gap_from, gap_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
		{ &history->insert_actor, actors_insert },
		{ &history->insert_source, "INSERT INTO source (id, name) VALUES (?, ?)" },
		{ &history->insert_batch, "INSERT INTO batch (first, last, earliest, latest) VALUES (?, ?, ?, ?)" },
		{ &history->insert_anchor, "INSERT INTO anchor (boottime, realtime, boot) VALUES (?, ?, ?)" },
		{ &history->find_intent, "SELECT address, cause FROM intent WHERE pid = ? AND boottime >= ? AND boottime <= ? ORDER BY id DESC" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		int r = database_prepare(history->database, list[i].sql, list[i].statement, error);

		if (r < 0)
			return r;
	}
	return 0;
}

/* With a small bound the log must not take it all. */
static int configure(struct history *history, struct error *error)
{
	uint64_t pages = LOG_PAGES, keep = history->retention.keep_bytes;
	char sql[320];

	if (keep && keep / 4 / PAGE_SIZE < pages)
		pages = keep / 4 / PAGE_SIZE;
	snprintf(sql, sizeof(sql),
		 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = %llu; PRAGMA journal_size_limit = %llu;"
		 "PRAGMA cache_size = -8192; PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY",
		 (unsigned long long)pages, (unsigned long long)(pages * PAGE_SIZE));
	return database_execute(history->database, sql, error);
}

static int check_journal(struct history *history, struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *mode;
	int r = database_prepare(history->database, "PRAGMA journal_mode", &statement, error);

	if (r < 0)
		return r;
	mode = sqlite.step(statement) == SQLITE_ROW ? (const char *)sqlite.column_text(statement, 0) : NULL;
	if (!mode || strcmp(mode, "wal") != 0)
		return error_set(error, -EOPNOTSUPP,
				 "%s: the file system has no shared memory for the log (a network file system?): keep the history on a local one",
				 history->path);
	return 0;
}

static int open_database(struct history *history, struct error *error)
{
	int64_t last = 0;
	int r = database_open(history->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, &history->database, error);

	if (r < 0)
		return r;
	/* Only a reader that checks a log left behind, or an undo that tells its intent, can be in the way. */
	sqlite.busy_timeout(history->database, 5000);
	r = layout_upgrade(history->database, history->path, layout_steps, HISTORY_VERSION, error);
	if (r < 0)
		return r;
	r = configure(history, error);
	if (r == 0)
		r = check_journal(history, error);
	if (r == 0)
		r = prepare_statements(history, error);
	if (r == 0)
		r = database_number(history->database, "SELECT max(id) FROM change", 0, &last, error);
	if (r == 0)
		r = actors_init(&history->actors, history->database, error);
	if (r == 0)
		r = sources_init(&history->sources, history->database, error);
	if (r < 0)
		return error_wrap(error, "%s", history->path);
	sqlite.busy_timeout(history->database, 50);
	history->next_id = (uint64_t)last + 1;
	return file_identify(history->path, &history->identity, error);
}

int history_create(const char *path, uint64_t keep_time, uint64_t keep_bytes, struct history **ret, struct error *error)
{
	_cleanup_history_ struct history *history = calloc(1, sizeof(*history));
	int r;

	if (!history)
		return error_set(error, -ENOMEM, "out of memory");
	history->lock = -1;
	history->retention = (struct retention){ .keep_time = keep_time, .keep_bytes = keep_bytes };
	if (keep_bytes && keep_bytes < FERRY_HISTORY_MINIMUM)
		return error_set(error, -EINVAL, "a history cannot be kept below 1 MiB");

	r = file_resolve(path, true, &history->path, error);
	if (r == 0)
		r = file_prepare(history->path, error);
	if (r == 0)
		r = file_lock(history->path, &history->lock, error);
	if (r == 0)
		r = open_database(history, error);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(history);
	return 0;
}

uint64_t history_next_id(const struct history *history)
{
	return history->next_id;
}

uint64_t history_kept(const struct history *history)
{
	return history->kept;
}

uint64_t history_waiting(const struct history *history)
{
	return history->count;
}

int history_trouble(const struct history *history, const char **ret_words)
{
	if (!history->failing)
		return 0;
	*ret_words = history->failure.text;
	return history->failure.code;
}

static size_t bytes_held(const struct history *history)
{
	return history->arena.used + history->actors.bytes + history->count * sizeof(*history->pending);
}

static int make_room(struct history *history, struct error *error)
{
	struct pending *pending;
	size_t size;

	if (history->count && bytes_held(history) >= BATCH_BYTES) {
		int r = history->retry && time_boot() < history->retry ? history->failure.code : history_flush(history, NULL);

		if (r < 0)
			return error_set(error, r, "the change is not kept: %s", history->failure.text);
	}
	if (history->count < history->size)
		return 0;
	size = history->size ? history->size * 2 : 256;
	pending = reallocarray(history->pending, size, sizeof(*pending));
	if (!pending)
		return error_set(error, -ENOMEM, "the change is not kept: out of memory");
	history->pending = pending;
	history->size = size;
	return 0;
}

/* Copies *TEXT into the batch's arena. */
static bool keep_text(struct history *history, const char **text)
{
	if (!*text)
		return true;
	*text = arena_copy(&history->arena, *text, strlen(*text));
	return *text != NULL;
}

static int keep_change(struct history *history, const struct ferry_change *change, struct pending *pending)
{
	struct ferry_change *copy = &pending->change;

	*pending = (struct pending){ .change = *change };
	if (!keep_text(history, &copy->address) || !keep_text(history, &copy->before) || !keep_text(history, &copy->after) ||
	    !keep_text(history, &copy->result_text))
		return -ENOMEM;
	pending->source = sources_note(&history->sources, change->source);
	if (pending->source < 0)
		return -ENOMEM;
	if (change->actor) {
		pending->actor = actors_note(&history->actors, change->actor, change->id);
		if (!pending->actor)
			return -ENOMEM;
	}
	return 0;
}

int history_add(struct history *history, const struct ferry_change *change, struct error *error)
{
	int r;

	if (change->id != history->next_id)
		return error_set(error, -EINVAL, "change %llu out of turn: the next one is %llu", (unsigned long long)change->id,
				 (unsigned long long)history->next_id);
	r = make_room(history, error);
	if (r < 0)
		return r;
	if (keep_change(history, change, &history->pending[history->count]) < 0)
		return error_set(error, -ENOMEM, "the change is not kept: out of memory");
	if (history->count == 0)
		history->started = time_boot();
	history->count++;
	history->next_id++;
	return 0;
}

uint64_t history_due(const struct history *history)
{
	if (history->retry)
		return history->retry;
	if (history->count >= BATCH_CHANGES)
		return history->started;
	if (history->count)
		return history->started + BATCH_AGE;
	return history->retention.behind ? history->flushed + SECOND / 5 : 0;
}

static void bind_number(sqlite3_stmt *statement, int index, uint64_t number)
{
	/* Most of these are 0 in most changes: a null takes less room. */
	if (number)
		sqlite.bind_int64(statement, index, (int64_t)number);
	else
		sqlite.bind_null(statement, index);
}

static int store_change(struct history *history, const struct pending *pending, struct error *error)
{
	const struct ferry_change *change = &pending->change;
	sqlite3_stmt *statement = history->insert_change;
	int i = 1;

	sqlite.bind_int64(statement, i++, (int64_t)change->id);
	sqlite.bind_int64(statement, i++, (int64_t)change->time);
	sqlite.bind_int64(statement, i++, (int64_t)change->boottime);
	sqlite.bind_int(statement, i++, (int)change->kind);
	sqlite.bind_text(statement, i++, change->address, -1, SQLITE_STATIC);
	sqlite.bind_text(statement, i++, change->before, -1, SQLITE_STATIC);
	sqlite.bind_text(statement, i++, change->after, -1, SQLITE_STATIC);
	sqlite.bind_int(statement, i++, (int)change->door);
	sqlite.bind_int(statement, i++, change->result);
	sqlite.bind_text(statement, i++, change->result_text, -1, SQLITE_STATIC);
	bind_number(statement, i++, pending->actor ? pending->actor->id : 0);
	bind_number(statement, i++, change->cause);
	sqlite.bind_int(statement, i++, (int)change->consistency);
	bind_number(statement, i++, change->netns);
	bind_number(statement, i++, (uint64_t)pending->source);
	bind_number(statement, i++, change->lost);
	bind_number(statement, i++, change->from);
	bind_number(statement, i++, change->to);
	return database_run(history->database, statement, "keeping a change", error);
}

/* The row that leads from a time to these ids. */
static int store_batch(struct history *history, struct error *error)
{
	uint64_t earliest = UINT64_MAX, latest = 0;

	for (size_t i = 0; i < history->count; i++) {
		uint64_t time = history->pending[i].change.time;

		earliest = time < earliest ? time : earliest;
		latest = time > latest ? time : latest;
	}
	sqlite.bind_int64(history->insert_batch, 1, (int64_t)history->pending[0].change.id);
	sqlite.bind_int64(history->insert_batch, 2, (int64_t)history->pending[history->count - 1].change.id);
	sqlite.bind_int64(history->insert_batch, 3, (int64_t)earliest);
	sqlite.bind_int64(history->insert_batch, 4, (int64_t)latest);
	return database_run(history->database, history->insert_batch, "keeping changes", error);
}

static int store_anchor(struct history *history, uint64_t boottime, struct error *error)
{
	_cleanup_fclose_ FILE *file = NULL;
	char boot[64] = "";

	if (history->anchored && boottime - history->anchored < ANCHOR_AGE)
		return 0;
	file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!file || !fgets(boot, sizeof(boot), file))
		boot[0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	sqlite.bind_int64(history->insert_anchor, 1, (int64_t)time_boot());
	sqlite.bind_int64(history->insert_anchor, 2, (int64_t)time_real());
	sqlite.bind_text(history->insert_anchor, 3, boot, -1, SQLITE_TRANSIENT);
	return database_run(history->database, history->insert_anchor, "keeping the time", error);
}

static int store_all(struct history *history, uint64_t boottime, struct error *error)
{
	int r = database_execute(history->database, "BEGIN IMMEDIATE", error);

	for (size_t i = 0; i < history->count && r == 0; i++)
		r = store_change(history, &history->pending[i], error);
	if (r == 0)
		r = actors_store(&history->actors, history->database, history->insert_actor, error);
	if (r == 0)
		r = sources_store(&history->sources, history->database, history->insert_source, error);
	if (r == 0)
		r = store_batch(history, error);
	if (r == 0)
		r = store_anchor(history, boottime, error);
	if (r == 0)
		r = database_execute(history->database, "COMMIT", error);
	if (r < 0 && !sqlite.get_autocommit(history->database))
		sqlite.exec(history->database, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

/* Whether the file is still the one that was opened: SQLite would go on into a removed one without a word. */
static int check_identity(struct history *history, struct error *error)
{
	struct file_identity identity;
	int r = file_identify(history->path, &identity, error);

	if (r < 0)
		return r;
	if (identity.device != history->identity.device || identity.inode != history->identity.inode)
		return error_set(error, -ESTALE, "the history %s: another file was put in its place", history->path);
	return 0;
}

static void batch_stored(struct history *history, uint64_t boottime)
{
	if (!history->anchored || boottime - history->anchored >= ANCHOR_AGE)
		history->anchored = boottime;
	actors_stored(&history->actors);
	sources_stored(&history->sources);
	arena_reset(&history->arena);
	history->kept += history->count;
	history->count = 0;
}

static int flush(struct history *history, uint64_t boottime, struct error *error)
{
	size_t count = history->count;
	int r = check_identity(history, error);

	if (r < 0)
		return r;
	if (count) {
		r = store_all(history, boottime, error);
		if (r < 0)
			return error_wrap(error, "%s", history->path);
		batch_stored(history, boottime);
	}
	r = retention_slice(&history->retention, history->database, history->path, count, error);
	/* What was asked to be kept is kept; the next flush tries again to take the old away. A file that is in use for a moment is no failure at
	 * all. */
	if (r == -EBUSY)
		return 0;
	return r < 0 ? error_wrap(error, "%s: taking old changes away", history->path) : 0;
}

int history_flush(struct history *history, struct error *error)
{
	uint64_t boottime = time_boot();
	int r = flush(history, boottime, &history->failure);

	history->flushed = boottime;
	history->retry = r < 0 ? boottime + SECOND : 0;
	if (r == -EBUSY && boottime < history->started + 5 * SECOND) {
		/* Somebody else writes (an undo that tells its intent): soon again, and words only where they do not let go. */
		history->retry = boottime + SECOND / 50;
		return 0;
	}
	history->failing = r < 0;
	if (r < 0 && error)
		*error = history->failure;
	return r;
}

int history_finish(struct history *history, struct error *error)
{
	sqlite.busy_timeout(history->database, 5000);
	return history_flush(history, error);
}

struct history *history_close(struct history *history)
{
	struct error error = { 0 };

	if (!history)
		return NULL;
	if (history->database && history->count)
		(void)!history_finish(history, &error);
	/* In the place of a removed file another one may stand by now, and closing would take that one's log away. */
	if (history->database && check_identity(history, NULL) < 0)
		sqlite.db_config(history->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	statement_free(history->insert_change);
	statement_free(history->insert_actor);
	statement_free(history->insert_source);
	statement_free(history->insert_batch);
	statement_free(history->insert_anchor);
	statement_free(history->find_intent);
	database_free(history->database);
	actors_done(&history->actors);
	sources_done(&history->sources);
	arena_done(&history->arena);
	free(history->pending);
	free(history->path);
	if (history->lock >= 0)
		close(history->lock);
	free(history);
	return NULL;
}
