/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The readers' parts: rows as changes, which of them a filter asks for, the leaves that a change touched. */
#ifndef FERRY_HISTORY_READER_H
#define FERRY_HISTORY_READER_H

#include "base/arena.h"
#include "ferry.h"
#include "history/store.h"

struct history_reader {
	char *path;
	sqlite3 *database;
	sqlite3_stmt *upward, *downward; /* the change with the next id at or past one, either way */
	bool immutable;                  /* no log stood beside the file: read without locks */
};

/* ---- reader.c ---- */

/* A read transaction: all rows from one moment. Kept short, since the log cannot shrink meanwhile. */
int reader_begin(struct history_reader *reader, struct error *error) _must_check_;
void reader_end(struct history_reader *reader);
/* The change at ID, or the next one after it (DOWNWARD: before it), copied into ARENA. -ENOENT past the last. */
int reader_next(struct history_reader *reader, int64_t id, bool downward, struct arena *arena, struct ferry_change **ret,
		struct error *error) _must_check_;

/* A growing list of ids. */
struct ids {
	int64_t *list;
	size_t count, size;
};

int ids_add(struct ids *ids, int64_t id) _must_check_;
/* Sorts, and leaves one of each. */
void ids_sort(struct ids *ids);

static inline void cleanup_ids(struct ids *ids)
{
	free(ids->list);
}

#define _cleanup_ids_ _cleanup_(cleanup_ids)

/* ---- match.c ---- */

/* Whether ADDRESS (no globs) is what FILTER names, below it or above it. */
bool match_related(const char *address, const char *filter);

enum by_kind {
	BY_ANYBODY,
	BY_PID,
	BY_UID,
	BY_WORD,
};

struct by {
	enum by_kind kind;
	uint32_t number;
	const char *word;
};

/* -EINVAL with words. TEXT may be NULL: anybody. */
int by_parse(const char *text, struct by *ret, struct error *error) _must_check_;
bool by_match(const struct by *by, const struct ferry_actor *actor);

/* The ids of changes whose address may match FILTER, found by the index: a few too many, never one too few. */
int match_collect(struct history_reader *reader, const char *filter, struct ids *ids, struct error *error) _must_check_;

/* ---- leaves.c ---- */

typedef int leaf_function(void *data, const char *leaf);

/* Calls FUNCTION with the address of each leaf that CHANGE touched (some twice): the fields of both sides; the object itself where it was removed or
 * is one value. A callback that returns non-zero ends the walk with that number. -ENOMEM. */
int change_leaves(const struct ferry_change *change, leaf_function *function, void *data);
/* Whether the change says everything about its object, so that what was before it matters no more. */
bool change_covers(const struct ferry_change *change);

#endif
