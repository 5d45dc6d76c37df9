/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes by filter. First it is found which ids can match at all, by the index of addresses, the batches' times, the actors; then they are read in
 * slices, each in a short transaction that is over before the caller sees the first change. */
#include <errno.h>
#include <string.h>

#include "history/history.h"
#include "history/reader.h"

#define SLICE_CHANGES 256
#define SLICE_BYTES   (1024 * 1024)

int ids_add(struct ids *ids, int64_t id)
{
	if (ids->count == ids->size) {
		size_t size = ids->size ? ids->size * 2 : 256;
		int64_t *list = reallocarray(ids->list, size, sizeof(*list));

		if (!list)
			return -ENOMEM;
		ids->list = list;
		ids->size = size;
	}
	ids->list[ids->count++] = id;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void ids_sort(struct ids *ids)
{
	size_t kept = 0;

	if (ids->count == 0)
		return;
	qsort(ids->list, ids->count, sizeof(*ids->list), compare_ids);
	for (size_t i = 1; i < ids->count; i++)
		if (ids->list[i] != ids->list[kept])
			ids->list[++kept] = ids->list[i];
	ids->count = kept + 1;
}

struct query {
	struct history_reader *reader;
	struct ferry_history_filter filter;
	struct by by;
	int64_t first, last; /* ids that can match */
	bool listed;         /* only those in IDS */
	struct ids ids;
	struct error *error;
};

static bool matches(const struct query *query, const struct ferry_change *change)
{
	const struct ferry_history_filter *filter = &query->filter;

	if ((filter->since && change->time < filter->since) || (filter->until && change->time > filter->until))
		return false;
	if (filter->id && change->id != filter->id)
		return false;
	if (filter->cause && change->cause != filter->cause)
		return false;
	if (!by_match(&query->by, change->actor))
		return false;
	if (!filter->addresses)
		return true;
	for (const char *const *address = filter->addresses; *address; address++)
		if (match_address(change, *address))
			return true;
	return false;
}

/* Raises the lowest id that can match, or lowers the highest, to what SQL says about TIME. */
static int narrow(struct query *query, const char *sql, uint64_t time, bool low)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int64_t found = low ? INT64_MAX : 0;
	int code, r = database_prepare(query->reader->database, sql, &statement, query->error);

	if (r < 0)
		return r;
	sqlite.bind_int64(statement, 1, time > INT64_MAX ? INT64_MAX : (int64_t)time);
	code = sqlite.step(statement);
	if (code != SQLITE_ROW)
		return database_error(query->error, query->reader->database, query->reader->path);
	if (sqlite.column_type(statement, 0) != SQLITE_NULL)
		found = sqlite.column_int64(statement, 0);
	if (low && found > query->first)
		query->first = found;
	if (!low && found < query->last)
		query->last = found;
	return 0;
}

static int bound_ids(struct query *query)
{
	const struct ferry_history_filter *filter = &query->filter;
	sqlite3 *database = query->reader->database;
	int r = database_number(database, "SELECT min(id) FROM change", 0, &query->first, query->error);

	if (r == 0)
		r = database_number(database, "SELECT max(id) FROM change", -1, &query->last, query->error);
	if (r == 0 && filter->since)
		r = narrow(query, "SELECT min(first) FROM batch WHERE latest >= ?", filter->since, true);
	if (r == 0 && filter->until)
		r = narrow(query, "SELECT max(last) FROM batch WHERE earliest <= ?", filter->until, false);
	if (r == 0 && filter->cause && (int64_t)filter->cause > query->first) /* what follows has a higher number */
		query->first = (int64_t)filter->cause;
	if (r == 0 && filter->id) {
		int64_t id = filter->id > INT64_MAX ? INT64_MAX : (int64_t)filter->id;

		query->first = id > query->first ? id : query->first;
		query->last = id < query->last ? id : query->last;
	}
	return r;
}

static int collect_addresses(struct query *query)
{
	for (const char *const *address = query->filter.addresses; *address; address++) {
		int r = match_collect(query->reader, *address, &query->ids, query->error);

		if (r == -EOPNOTSUPP) {
			query->ids.count = 0;
			return 0;
		}
		if (r < 0)
			return r;
	}
	query->listed = true;
	return 0;
}

static int collect_actors(struct query *query, struct ids *actors)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int code, r = database_prepare(query->reader->database,
				       "SELECT id, pid, uid, comm, exe, cgroup, first FROM actor WHERE last >= ? AND first <= ?", &statement,
				       query->error);
	int64_t first = INT64_MAX;

	if (r < 0)
		return r;
	sqlite.bind_int64(statement, 1, query->first);
	sqlite.bind_int64(statement, 2, query->last);
	while ((code = sqlite.step(statement)) == SQLITE_ROW) {
		const char *comm = (const char *)sqlite.column_text(statement, 3);
		struct ferry_actor actor = {
			.pid = (uint32_t)sqlite.column_int64(statement, 1),
			.uid = (uint32_t)sqlite.column_int64(statement, 2),
			.comm = comm ? comm : "",
			.exe = (const char *)sqlite.column_text(statement, 4),
			.cgroup = (const char *)sqlite.column_text(statement, 5),
		};

		if (!by_match(&query->by, &actor))
			continue;
		if (ids_add(actors, sqlite.column_int64(statement, 0)) < 0)
			return error_set(query->error, -ENOMEM, "out of memory");
		if (sqlite.column_int64(statement, 6) < first)
			first = sqlite.column_int64(statement, 6);
	}
	if (code != SQLITE_DONE)
		return database_error(query->error, query->reader->database, query->reader->path);
	if (first > query->first)
		query->first = first;
	ids_sort(actors);
	return 0;
}

/* The changes of certain actors: the rows are passed over for their actor's number alone, which is much faster than to read each whole. */
static int collect_by(struct query *query)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	_cleanup_ids_ struct ids actors = { 0 };
	int code, r = collect_actors(query, &actors);

	query->listed = true;
	if (r < 0 || actors.count == 0)
		return r;
	r = database_prepare(query->reader->database, "SELECT id, actor FROM change WHERE id >= ? AND id <= ?", &statement, query->error);
	if (r < 0)
		return r;
	sqlite.bind_int64(statement, 1, query->first);
	sqlite.bind_int64(statement, 2, query->last);
	while ((code = sqlite.step(statement)) == SQLITE_ROW) {
		int64_t actor = sqlite.column_int64(statement, 1);

		if (bsearch(&actor, actors.list, actors.count, sizeof(actor), compare_ids) &&
		    ids_add(&query->ids, sqlite.column_int64(statement, 0)) < 0)
			return error_set(query->error, -ENOMEM, "out of memory");
	}
	return code == SQLITE_DONE ? 0 : database_error(query->error, query->reader->database, query->reader->path);
}

static int plan(struct query *query)
{
	int r = reader_begin(query->reader, query->error);

	if (r < 0)
		return r;
	r = bound_ids(query);
	if (r == 0 && query->first <= query->last && query->filter.addresses)
		r = collect_addresses(query);
	if (r == 0 && query->first <= query->last && !query->listed && query->by.kind != BY_ANYBODY)
		r = collect_by(query);
	reader_end(query->reader);
	if (query->listed)
		ids_sort(&query->ids);
	return r;
}

/* Goes through the ids that can match, either way. */
struct cursor {
	size_t position; /* into IDS, counted from the end that it began at */
	int64_t next;
	bool downward, over;
};

static struct cursor cursor_begin(const struct query *query, bool downward)
{
	return (struct cursor){ .next = downward ? query->last : query->first, .downward = downward, .over = query->first > query->last };
}

/* The next id to ask for, false at the end. */
static bool cursor_next(const struct query *query, struct cursor *cursor, int64_t *ret)
{
	while (query->listed && !cursor->over) {
		size_t at = cursor->position++;

		if (at >= query->ids.count)
			return false;
		*ret = query->ids.list[cursor->downward ? query->ids.count - 1 - at : at];
		if (*ret >= query->first && *ret <= query->last)
			return true;
	}
	*ret = cursor->next;
	return !cursor->over && cursor->next >= query->first && cursor->next <= query->last;
}

/* Moves past the change FOUND. */
static void cursor_passed(const struct query *query, struct cursor *cursor, int64_t found)
{
	if (query->listed)
		return;
	cursor->over = cursor->downward ? found <= query->first : found >= query->last;
	cursor->next = cursor->downward ? found - 1 : found + 1;
}

/* Reads one slice into ARENA: the changes that match, in LIST. */
static int read_slice(struct query *query, struct cursor *cursor, struct arena *arena, struct ferry_change **list, size_t *ret_count)
{
	size_t count = 0, read = 0;
	int64_t id;
	int r = reader_begin(query->reader, query->error);

	if (r < 0)
		return r;
	while (read++ < SLICE_CHANGES * 16 && count < SLICE_CHANGES && arena->used < SLICE_BYTES && cursor_next(query, cursor, &id)) {
		struct ferry_change *change;

		r = reader_next(query->reader, id, cursor->downward, arena, &change, query->error);
		if (r == -ENOENT) {
			cursor->over = !query->listed;
			r = 0;
			continue;
		}
		if (r < 0)
			break;
		/* One that retention took away meanwhile: its neighbour came instead. */
		if (query->listed && (int64_t)change->id != id)
			continue;
		cursor_passed(query, cursor, (int64_t)change->id);
		if (matches(query, change))
			list[count++] = change;
	}
	reader_end(query->reader);
	*ret_count = count;
	return r;
}

static bool at_end(const struct query *query, struct cursor cursor)
{
	int64_t id;

	return !cursor_next(query, &cursor, &id);
}

static int deliver(struct query *query, ferry_change_function *function, void *data)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct cursor cursor = cursor_begin(query, false);
	struct ferry_change *list[SLICE_CHANGES];

	while (!at_end(query, cursor)) {
		size_t count = 0;
		int r;

		arena_reset(&arena);
		r = read_slice(query, &cursor, &arena, list, &count);
		if (r < 0)
			return r;
		for (size_t i = 0; i < count; i++) {
			r = function(data, list[i]);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

/* Leaves only the last N of what matches in the query's list. */
static int find_last(struct query *query)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_ids_ struct ids found = { 0 };
	struct cursor cursor = cursor_begin(query, true);
	struct ferry_change *list[SLICE_CHANGES];
	struct ids old;

	while (found.count < query->filter.last && !at_end(query, cursor)) {
		size_t count = 0;
		int r;

		arena_reset(&arena);
		r = read_slice(query, &cursor, &arena, list, &count);
		if (r < 0)
			return r;
		for (size_t i = 0; i < count && found.count < query->filter.last; i++)
			if (ids_add(&found, (int64_t)list[i]->id) < 0)
				return error_set(query->error, -ENOMEM, "out of memory");
	}
	ids_sort(&found);
	old = query->ids;
	query->ids = found;
	query->listed = true;
	found = old;
	return 0;
}

int history_changes(struct history_reader *reader, const struct ferry_history_filter *filter, ferry_change_function *function, void *data,
		    struct error *error)
{
	struct query query = { .reader = reader, .error = error };
	int r;

	/* An older caller's struct is shorter: what it does not know is not asked for. */
	if (filter)
		memcpy(&query.filter, filter, filter->size < sizeof(query.filter) ? filter->size : sizeof(query.filter));
	r = by_parse(query.filter.by, &query.by, error);
	if (r < 0)
		return r;
	if (query.filter.addresses && !query.filter.addresses[0])
		query.filter.addresses = NULL;
	r = plan(&query);
	if (r == 0 && query.filter.last)
		r = find_last(&query);
	if (r == 0)
		r = deliver(&query, function, data);
	free(query.ids.list);
	return r;
}
