/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writer's parts: the batch in memory, what changes share, retention. */
#ifndef FERRY_HISTORY_WRITER_H
#define FERRY_HISTORY_WRITER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/table.h"
#include "ferry.h"
#include "history/store.h"

/* An actor that was seen in this run. Equal actors share one entry and so one row; which row it is stands before the row does. */
struct actor_entry {
	struct ferry_actor actor; /* points into KEY */
	uint64_t id, first, last; /* first and last change that named it */
	bool used;                /* in this batch */
	size_t length;
	char key[];
};

struct actors {
	struct table table;
	struct buffer key; /* scratch */
	struct actor_entry **used;
	size_t used_count, used_size;
	uint64_t next_id;
	size_t bytes; /* held by the entries */
};

int actors_init(struct actors *actors, sqlite3 *database, struct error *error) _must_check_;
/* The entry of ACTOR, noted as named by change ID. NULL where memory ran out. */
struct actor_entry *actors_note(struct actors *actors, const struct ferry_actor *actor, uint64_t id);
/* Writes the rows of those used in this batch. */
int actors_store(struct actors *actors, sqlite3 *database, sqlite3_stmt *statement, struct error *error) _must_check_;
/* After the commit: none is used any more. */
void actors_stored(struct actors *actors);
void actors_done(struct actors *actors);
extern const char actors_insert[];

struct source_entry {
	char *name;
	bool stored;
};

/* Names of sources; the id is the place in the list, plus one. */
struct sources {
	struct source_entry *list;
	size_t count, size;
};

int sources_init(struct sources *sources, sqlite3 *database, struct error *error) _must_check_;
/* The id of NAME, 0 for NULL; negative errno. */
int64_t sources_note(struct sources *sources, const char *name);
int sources_store(struct sources *sources, sqlite3 *database, sqlite3_stmt *statement, struct error *error) _must_check_;
void sources_stored(struct sources *sources);
void sources_done(struct sources *sources);

struct retention {
	uint64_t keep_time, keep_bytes;
	uint64_t actor_cursor; /* the sweep for actors that nobody names goes on here */
	bool behind;           /* there is more to take away than one slice */
};

/* One slice of work after a batch of COUNT changes: bounded, so that the recorder never stalls. */
int retention_slice(struct retention *retention, sqlite3 *database, const char *path, size_t count, struct error *error) _must_check_;

struct pending {
	struct ferry_change change; /* points into the batch's arena */
	struct actor_entry *actor;
	int64_t source;
};

struct history {
	char *path;
	struct file_identity identity;
	int lock;
	sqlite3 *database;
	sqlite3_stmt *insert_change, *insert_actor, *insert_source, *insert_batch, *insert_anchor, *find_intent;
	uint64_t next_id, kept;
	struct pending *pending;
	size_t count, size;
	struct arena arena;
	struct actors actors;
	struct sources sources;
	struct retention retention;
	uint64_t started;     /* boottime of the batch's first change */
	uint64_t retry;       /* boottime of the next try after a failed flush, 0 = the last one went well */
	uint64_t flushed;     /* boottime of the last flush */
	uint64_t anchored;    /* boottime of the last anchor, 0 = none in this run */
	struct error failure; /* of the last flush, where RETRY is set */
	bool failing;         /* that one was no wait for somebody else who writes */
};

#endif
