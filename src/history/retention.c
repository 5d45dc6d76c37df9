/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The oldest changes go, in slices beside the batches: by age, and while the file with its log is larger than it may be. Pages that come free serve
 * the next changes; what is still too much is given back to the file system. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/time.h"
#include "history/writer.h"

#define SLICE_CHANGES 1000
#define SLICE_PAGES   64
#define SLICE_ACTORS  1000

static uint64_t log_size(const char *path)
{
	_cleanup_free_ char *name = NULL;
	struct stat status;

	if (asprintf(&name, "%s-wal", path) < 0) {
		name = NULL;
		return 0;
	}
	return stat(name, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* How many pages the file has, how many of them are free, how many it may have. */
struct room {
	int64_t pages, free, allowed;
};

static int read_room(const struct retention *retention, sqlite3 *database, const char *path, struct room *ret, struct error *error)
{
	struct room room;
	uint64_t log = log_size(path);
	int64_t page_size;
	int r = database_number(database, "PRAGMA page_count", 0, &room.pages, error);

	if (r == 0)
		r = database_number(database, "PRAGMA freelist_count", 0, &room.free, error);
	if (r == 0)
		r = database_number(database, "PRAGMA page_size", PAGE_SIZE, &page_size, error);
	if (r < 0)
		return r;
	room.allowed = retention->keep_bytes > log ? (int64_t)((retention->keep_bytes - log) / (uint64_t)page_size) : 0;
	*ret = room;
	return 0;
}

/* The id before which changes go in this slice; OLDEST where none does. */
static int find_end(struct retention *retention, sqlite3 *database, const struct room *room, int64_t oldest, int64_t newest, size_t count,
		    int64_t *ret, struct error *error)
{
	int64_t slice = (int64_t)count * 2 > SLICE_CHANGES ? (int64_t)count * 2 : SLICE_CHANGES,
		end = newest - oldest > slice ? oldest + slice : newest, young;
	bool large = retention->keep_bytes && room->pages - room->free > room->allowed;
	uint64_t now = time_real();
	char sql[160];
	int r;

	if (!large && retention->keep_time && now > retention->keep_time) {
		snprintf(sql, sizeof(sql), "SELECT id FROM change WHERE id >= %lld AND id < %lld AND time >= %llu ORDER BY id LIMIT 1",
			 (long long)oldest, (long long)end, (unsigned long long)(now - retention->keep_time));
		r = database_number(database, sql, end, &young, error);
		if (r < 0)
			return r;
		retention->behind = young == end && end < newest;
		*ret = young;
		return 0;
	}
	retention->behind = large && end < newest;
	*ret = large ? end : oldest;
	return 0;
}

/* Changes before END, the rows that map times to them, a stretch of the actors that only they named. */
static int remove_before(struct retention *retention, sqlite3 *database, int64_t end, struct error *error)
{
	unsigned long long cursor = retention->actor_cursor;
	int64_t actors;
	char sql[640];
	int r = database_number(database, "SELECT max(id) FROM actor", 0, &actors, error);

	if (r < 0)
		return r;
	snprintf(sql, sizeof(sql),
		 "DELETE FROM change WHERE id < %lld; DELETE FROM batch WHERE first < %lld AND last < %lld;"
		 "DELETE FROM actor WHERE id >= %llu AND id < %llu AND last < %lld;"
		 "DELETE FROM anchor WHERE realtime < (SELECT min(earliest) FROM batch) - 60000000000",
		 (long long)end, (long long)end, (long long)end, cursor, cursor + SLICE_ACTORS, (long long)end);
	r = database_execute(database, sql, error);
	if (r < 0)
		return r;
	retention->actor_cursor = cursor + SLICE_ACTORS > (uint64_t)actors ? 0 : cursor + SLICE_ACTORS;
	return 0;
}

/* Free pages at the end of the file go, as far as it is too large. */
static int give_back(const struct room *room, sqlite3 *database, struct error *error)
{
	int64_t excess = room->pages - room->allowed;
	char sql[64];

	if (excess > room->free)
		excess = room->free;
	if (excess > SLICE_PAGES)
		excess = SLICE_PAGES;
	if (excess <= 0)
		return 0;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%lld)", (long long)excess);
	return database_execute(database, sql, error);
}

int retention_slice(struct retention *retention, sqlite3 *database, const char *path, size_t count, struct error *error)
{
	struct room room = { 0 };
	int64_t oldest, newest, end;
	int r = 0;

	retention->behind = false;
	if (!retention->keep_time && !retention->keep_bytes)
		return 0;
	if (retention->keep_bytes)
		r = read_room(retention, database, path, &room, error);
	if (r == 0)
		r = database_number(database, "SELECT min(id) FROM change", 0, &oldest, error);
	if (r == 0)
		r = database_number(database, "SELECT max(id) FROM change", 0, &newest, error);
	/* The newest always stays: from it the next run knows which id comes next. */
	if (r == 0)
		r = find_end(retention, database, &room, oldest, newest, count, &end, error);
	if (r == 0 && end > oldest) {
		r = database_execute(database, "BEGIN IMMEDIATE", error);
		if (r < 0)
			return r;
		r = remove_before(retention, database, end, error);
		if (r == 0)
			r = database_execute(database, "COMMIT", error);
		if (r < 0)
			sqlite.exec(database, "ROLLBACK", NULL, NULL, NULL);
	}
	if (r == 0 && retention->keep_bytes) {
		r = give_back(&room, database, error);
		retention->behind = retention->behind || (room.free > SLICE_PAGES && room.pages - room.allowed > SLICE_PAGES);
	}
	return r;
}
