/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actors and sources are stored once, however many changes name them. */
#include <errno.h>
#include <string.h>

#include "history/writer.h"

#define CACHED 4096 /* entries kept from one batch to the next */

/* What two equal actors have in common, byte for byte; zeroed before it is filled, for the padding. The texts follow, each with a NUL. */
struct key {
	uint64_t start, netns;
	uint32_t pid, tid, ppid, uid, login_uid;
	uint32_t lengths[5]; /* comm, exe, argv, cgroup, unknown; UINT32_MAX = NULL */
	uint8_t argv_cut, kernel;
};

static bool match(const void *entry, const void *key, size_t length)
{
	const struct actor_entry *actor = entry;

	return actor->length == length && memcmp(actor->key, key, length) == 0;
}

int actors_init(struct actors *actors, sqlite3 *database, struct error *error)
{
	int64_t last;
	int r = database_number(database, "SELECT max(id) FROM actor", 0, &last, error);

	if (r < 0)
		return r;
	table_init(&actors->table, match);
	actors->next_id = (uint64_t)last + 1;
	return 0;
}

static void add_text(struct buffer *buffer, const char *text, uint32_t length)
{
	if (length == UINT32_MAX)
		return;
	buffer_add(buffer, text, length);
	buffer_add_char(buffer, '\0');
}

static uint32_t text_length(const char *text)
{
	return text ? (uint32_t)strnlen(text, UINT32_MAX - 1) : UINT32_MAX;
}

static void make_key(struct buffer *buffer, const struct ferry_actor *actor)
{
	const char *comm = actor->comm ? actor->comm : "";
	struct key key;

	memset(&key, 0, sizeof(key));
	key.start = actor->start;
	key.netns = actor->netns;
	key.pid = actor->pid;
	key.tid = actor->tid;
	key.ppid = actor->ppid;
	key.uid = actor->uid;
	key.login_uid = actor->login_uid;
	key.lengths[0] = text_length(comm);
	key.lengths[1] = text_length(actor->exe);
	key.lengths[2] = actor->argv ? (uint32_t)actor->argv_length : UINT32_MAX;
	key.lengths[3] = text_length(actor->cgroup);
	key.lengths[4] = text_length(actor->unknown);
	key.argv_cut = actor->argv_cut;
	key.kernel = actor->kernel;

	buffer_clear(buffer);
	buffer_add(buffer, &key, sizeof(key));
	add_text(buffer, comm, key.lengths[0]);
	add_text(buffer, actor->exe, key.lengths[1]);
	add_text(buffer, actor->argv, key.lengths[2]);
	add_text(buffer, actor->cgroup, key.lengths[3]);
	add_text(buffer, actor->unknown, key.lengths[4]);
}

static const char *take_text(const char **next, uint32_t length)
{
	const char *text = *next;

	if (length == UINT32_MAX)
		return NULL;
	*next += (size_t)length + 1;
	return text;
}

/* The actor again, its texts pointing into the entry. */
static void read_key(struct actor_entry *entry)
{
	const char *next = entry->key + sizeof(struct key);
	struct ferry_actor *actor = &entry->actor;
	struct key key;

	memcpy(&key, entry->key, sizeof(key));
	*actor = (struct ferry_actor){
		.pid = key.pid,
		.tid = key.tid,
		.ppid = key.ppid,
		.start = key.start,
		.uid = key.uid,
		.login_uid = key.login_uid,
		.netns = key.netns,
		.argv_cut = key.argv_cut,
		.kernel = key.kernel,
		.argv_length = key.lengths[2] == UINT32_MAX ? 0 : key.lengths[2],
	};
	actor->comm = take_text(&next, key.lengths[0]);
	actor->exe = take_text(&next, key.lengths[1]);
	actor->argv = take_text(&next, key.lengths[2]);
	actor->cgroup = take_text(&next, key.lengths[3]);
	actor->unknown = take_text(&next, key.lengths[4]);
}

static struct actor_entry *add_entry(struct actors *actors, uint64_t change)
{
	struct actor_entry *entry = malloc(sizeof(*entry) + actors->key.length);

	if (!entry)
		return NULL;
	*entry = (struct actor_entry){ .id = actors->next_id, .first = change, .length = actors->key.length };
	memcpy(entry->key, actors->key.data, actors->key.length);
	read_key(entry);
	if (table_add(&actors->table, entry->key, entry->length, entry) < 0) {
		free(entry);
		return NULL;
	}
	actors->bytes += sizeof(*entry) + entry->length;
	actors->next_id++;
	return entry;
}

static bool add_used(struct actors *actors, struct actor_entry *entry)
{
	if (actors->used_count == actors->used_size) {
		size_t size = actors->used_size ? actors->used_size * 2 : 64;
		struct actor_entry **used = reallocarray(actors->used, size, sizeof(*used));

		if (!used)
			return false;
		actors->used = used;
		actors->used_size = size;
	}
	actors->used[actors->used_count++] = entry;
	entry->used = true;
	return true;
}

struct actor_entry *actors_note(struct actors *actors, const struct ferry_actor *actor, uint64_t id)
{
	struct actor_entry *entry;

	if (actor->argv && actor->argv_length >= UINT32_MAX - 1)
		return NULL;
	make_key(&actors->key, actor);
	if (actors->key.failed) {
		buffer_done(&actors->key);
		return NULL;
	}
	entry = table_find(&actors->table, actors->key.data, actors->key.length);
	if (!entry)
		entry = add_entry(actors, id);
	if (!entry || (!entry->used && !add_used(actors, entry)))
		return NULL;
	entry->last = id;
	return entry;
}

/* A row that retention has taken away meanwhile comes back by the same statement. */
const char actors_insert[] =
	"INSERT INTO actor (id, first, last, pid, tid, ppid, start, comm, exe, argv, argv_cut, uid, login_uid, cgroup, netns, kernel, unknown)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET last = excluded.last";

static void bind_entry(sqlite3_stmt *statement, const struct actor_entry *entry)
{
	const struct ferry_actor *actor = &entry->actor;
	int i = 1;

	sqlite.bind_int64(statement, i++, (int64_t)entry->id);
	sqlite.bind_int64(statement, i++, (int64_t)entry->first);
	sqlite.bind_int64(statement, i++, (int64_t)entry->last);
	sqlite.bind_int64(statement, i++, actor->pid);
	sqlite.bind_int64(statement, i++, actor->tid);
	sqlite.bind_int64(statement, i++, actor->ppid);
	sqlite.bind_int64(statement, i++, (int64_t)actor->start);
	sqlite.bind_text(statement, i++, actor->comm, -1, SQLITE_STATIC);
	sqlite.bind_text(statement, i++, actor->exe, -1, SQLITE_STATIC);
	sqlite.bind_blob(statement, i++, actor->argv, (int)actor->argv_length, SQLITE_STATIC);
	sqlite.bind_int(statement, i++, actor->argv_cut);
	sqlite.bind_int64(statement, i++, actor->uid);
	sqlite.bind_int64(statement, i++, actor->login_uid);
	sqlite.bind_text(statement, i++, actor->cgroup, -1, SQLITE_STATIC);
	sqlite.bind_int64(statement, i++, (int64_t)actor->netns);
	sqlite.bind_int(statement, i++, actor->kernel);
	sqlite.bind_text(statement, i++, actor->unknown, -1, SQLITE_STATIC);
}

int actors_store(struct actors *actors, sqlite3 *database, sqlite3_stmt *statement, struct error *error)
{
	for (size_t i = 0; i < actors->used_count; i++) {
		int r;

		bind_entry(statement, actors->used[i]);
		r = database_run(database, statement, "keeping who made a change", error);
		if (r < 0)
			return r;
	}
	return 0;
}

static void forget(struct actors *actors)
{
	const struct actor_entry *entry;
	size_t position = 0;

	while ((entry = table_next(&actors->table, &position)))
		free((void *)entry);
	table_done(&actors->table);
	actors->bytes = 0;
}

void actors_stored(struct actors *actors)
{
	for (size_t i = 0; i < actors->used_count; i++)
		actors->used[i]->used = false;
	actors->used_count = 0;
	if (actors->table.count > CACHED)
		forget(actors);
}

void actors_done(struct actors *actors)
{
	forget(actors);
	buffer_done(&actors->key);
	free(actors->used);
	actors->used = NULL;
}

static int add_source(struct sources *sources, const char *name, bool stored)
{
	if (sources->count == sources->size) {
		size_t size = sources->size ? sources->size * 2 : 16;
		struct source_entry *list = reallocarray(sources->list, size, sizeof(*list));

		if (!list)
			return -ENOMEM;
		sources->list = list;
		sources->size = size;
	}
	sources->list[sources->count].name = strdup(name);
	if (!sources->list[sources->count].name)
		return -ENOMEM;
	sources->list[sources->count++].stored = stored;
	return 0;
}

int sources_init(struct sources *sources, sqlite3 *database, struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int code, r = database_prepare(database, "SELECT id, name FROM source ORDER BY id", &statement, error);

	if (r < 0)
		return r;
	while ((code = sqlite.step(statement)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite.column_text(statement, 1);

		if (sqlite.column_int64(statement, 0) != (int64_t)sources->count + 1 || !name)
			return error_set(error, -EBADMSG, "the history is damaged: the list of sources has a hole");
		if (add_source(sources, name, true) < 0)
			return error_set(error, -ENOMEM, "out of memory");
	}
	return code == SQLITE_DONE ? 0 : database_error(error, database, "history");
}

int64_t sources_note(struct sources *sources, const char *name)
{
	int r;

	if (!name)
		return 0;
	for (size_t i = 0; i < sources->count; i++)
		if (strcmp(sources->list[i].name, name) == 0)
			return (int64_t)i + 1;
	r = add_source(sources, name, false);
	return r < 0 ? r : (int64_t)sources->count;
}

int sources_store(struct sources *sources, sqlite3 *database, sqlite3_stmt *statement, struct error *error)
{
	for (size_t i = 0; i < sources->count; i++) {
		int r;

		if (sources->list[i].stored)
			continue;
		sqlite.bind_int64(statement, 1, (int64_t)i + 1);
		sqlite.bind_text(statement, 2, sources->list[i].name, -1, SQLITE_STATIC);
		r = database_run(database, statement, "keeping the source of a change", error);
		if (r < 0)
			return r;
	}
	return 0;
}

void sources_stored(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		sources->list[i].stored = true;
}

void sources_done(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		free(sources->list[i].name);
	free(sources->list);
	*sources = (struct sources){ 0 };
}
