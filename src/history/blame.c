/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who touched each leaf last. The index of addresses leads from object to object; of each its changes are read from the newest back, until one of
 * them says everything about the object (it appeared, it went, it is one value). */
#include <errno.h>
#include <string.h>

#include "base/table.h"
#include "history/history.h"
#include "history/reader.h"
#include "model/address.h"

#define SLICE 64 /* changes read in one transaction */

struct leaf {
	uint64_t netns;
	int64_t id;
	size_t length; /* of the key: network namespace and address */
	const char *address;
	char key[];
};

struct blame {
	struct history_reader *reader;
	const char *address;
	struct table leaves; /* struct leaf */
	struct arena arena;
	struct buffer key;
	uint64_t *covered; /* network namespaces in which nothing older of this object matters */
	size_t covered_count, covered_size;
	const struct ferry_change *change; /* the one whose leaves are walked */
	struct error *error;
};

static bool match_leaf(const void *entry, const void *key, size_t length)
{
	const struct leaf *leaf = entry;

	return leaf->length == length && memcmp(leaf->key, key, length) == 0;
}

static int note_leaf(void *data, const char *address)
{
	struct blame *blame = data;
	struct leaf *leaf;

	if (!match_related(address, blame->address))
		return 0;
	buffer_clear(&blame->key);
	buffer_add(&blame->key, &blame->change->netns, sizeof(blame->change->netns));
	buffer_add(&blame->key, address, strlen(address) + 1);
	if (blame->key.failed)
		return -ENOMEM;
	if (table_find(&blame->leaves, blame->key.data, blame->key.length))
		return 0; /* a newer change has it */
	leaf = arena_allocate(&blame->arena, sizeof(*leaf) + blame->key.length);
	if (!leaf)
		return -ENOMEM;
	leaf->netns = blame->change->netns;
	leaf->id = (int64_t)blame->change->id;
	leaf->length = blame->key.length;
	memcpy(leaf->key, blame->key.data, leaf->length);
	leaf->address = leaf->key + sizeof(blame->change->netns);
	return table_add(&blame->leaves, leaf->key, leaf->length, leaf);
}

static bool is_covered(const struct blame *blame, uint64_t netns)
{
	for (size_t i = 0; i < blame->covered_count; i++)
		if (blame->covered[i] == netns)
			return true;
	return false;
}

static int add_covered(struct blame *blame, uint64_t netns)
{
	if (blame->covered_count == blame->covered_size) {
		size_t size = blame->covered_size ? blame->covered_size * 2 : 8;
		uint64_t *covered = reallocarray(blame->covered, size, sizeof(*covered));

		if (!covered)
			return -ENOMEM;
		blame->covered = covered;
		blame->covered_size = size;
	}
	blame->covered[blame->covered_count++] = netns;
	return 0;
}

/* One object, from its newest change back. */
static int blame_object(struct blame *blame, sqlite3_stmt *statement, const char *address)
{
	int code, r = 0;

	blame->covered_count = 0;
	sqlite.bind_text(statement, 1, address, -1, SQLITE_TRANSIENT);
	while (r == 0 && (code = sqlite.step(statement)) == SQLITE_ROW) {
		struct ferry_change change = {
			.id = (uint64_t)sqlite.column_int64(statement, 0),
			.kind = (enum ferry_change_kind)sqlite.column_int(statement, 1),
			.netns = (uint64_t)sqlite.column_int64(statement, 2),
			.address = address,
			.before = (const char *)sqlite.column_text(statement, 3),
			.after = (const char *)sqlite.column_text(statement, 4),
		};

		if (is_covered(blame, change.netns))
			continue;
		blame->change = &change;
		r = change_leaves(&change, note_leaf, blame);
		if (r == 0 && change_covers(&change))
			r = add_covered(blame, change.netns);
	}
	if (r == 0 && code != SQLITE_DONE)
		r = database_error(blame->error, blame->reader->database, blame->reader->path);
	else if (r < 0)
		r = error_set(blame->error, r, "out of memory");
	sqlite.reset(statement);
	return r;
}

/* The objects whose address begins with PREFIX (empty, or with a slash at its end), one after the other. */
static int blame_range(struct blame *blame, sqlite3_stmt *object, const char *prefix, size_t length)
{
	_cleanup_statement_ sqlite3_stmt *next = NULL;
	_cleanup_buffer_ struct buffer address = { 0 };
	int code, r = database_prepare(blame->reader->database, "SELECT address FROM change WHERE address > ? ORDER BY address LIMIT 1", &next,
				       blame->error);

	/* The prefix ends in a slash, so it is no object's address itself. */
	buffer_add(&address, prefix, length);
	while (r == 0) {
		const char *found;

		if (address.failed)
			return error_set(blame->error, -ENOMEM, "out of memory");
		sqlite.bind_text(next, 1, length || address.length ? address.data : "", (int)address.length, SQLITE_STATIC);
		code = sqlite.step(next);
		found = code == SQLITE_ROW ? (const char *)sqlite.column_text(next, 0) : NULL;
		if (!found || strncmp(found, prefix, length) != 0) {
			if (code != SQLITE_DONE && code != SQLITE_ROW)
				return database_error(blame->error, blame->reader->database, blame->reader->path);
			return 0;
		}
		buffer_clear(&address);
		buffer_add_text(&address, found);
		sqlite.reset(next);
		if (!address.failed && match_related(address.data, blame->address))
			r = blame_object(blame, object, address.data);
	}
	return r;
}

/* ADDRESS itself and each part above it: it may be a field of one of them. */
static int blame_above(struct blame *blame, sqlite3_stmt *object, size_t length)
{
	for (size_t end = 1; end <= length; end++) {
		_cleanup_free_ char *above = NULL;
		int r;

		if (blame->address[end] != '/' && blame->address[end] != '\0')
			continue;
		above = strndup(blame->address, end);
		r = above ? blame_object(blame, object, above) : error_set(blame->error, -ENOMEM, "out of memory");
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_leaves(struct blame *blame)
{
	_cleanup_statement_ sqlite3_stmt *object = NULL;
	_cleanup_free_ char *below = NULL;
	size_t length = strcspn(blame->address, "*?[\\");
	int r = database_prepare(blame->reader->database,
				 "SELECT id, kind, netns, before, after FROM change WHERE address = ? AND result = 0 ORDER BY id DESC", &object,
				 blame->error);

	if (r == 0)
		r = blame_above(blame, object, length);
	if (r < 0)
		return r;
	if (length == 0 || blame->address[length] != '\0') {
		while (length && blame->address[length - 1] != '/')
			length--;
		return blame_range(blame, object, blame->address, length);
	}
	if (asprintf(&below, "%s/", blame->address) < 0) {
		below = NULL;
		return error_set(blame->error, -ENOMEM, "out of memory");
	}
	return blame_range(blame, object, below, length + 1);
}

static int compare_leaves(const void *a, const void *b)
{
	const struct leaf *x = *(const struct leaf *const *)a, *y = *(const struct leaf *const *)b;
	int order = strcmp(x->address, y->address);

	return order ? order : (x->netns > y->netns) - (x->netns < y->netns);
}

/* The changes of COUNT leaves into ARENA, all in one transaction; NULL for one that retention took away a moment ago. */
static int read_slice(struct blame *blame, struct leaf *const *leaves, size_t count, struct arena *arena, struct ferry_change **changes)
{
	int r = reader_begin(blame->reader, blame->error);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count && r == 0; i++) {
		changes[i] = NULL;
		r = reader_next(blame->reader, leaves[i]->id, false, arena, &changes[i], blame->error);
		if (r == 0 && (int64_t)changes[i]->id != leaves[i]->id)
			changes[i] = NULL;
		if (r == -ENOENT)
			r = 0;
	}
	reader_end(blame->reader);
	return r;
}

static int deliver(struct blame *blame, ferry_blame_function *function, void *data)
{
	_cleanup_free_ struct leaf **list = calloc(blame->leaves.count, sizeof(*list));
	_cleanup_arena_ struct arena arena = { 0 };
	struct ferry_change *changes[SLICE];
	size_t position = 0, count = 0;
	struct leaf *leaf;

	if (!list)
		return error_set(blame->error, -ENOMEM, "out of memory");
	while ((leaf = table_next(&blame->leaves, &position)))
		list[count++] = leaf;
	qsort(list, count, sizeof(*list), compare_leaves);
	for (size_t done = 0; done < count; done += SLICE) {
		size_t slice = count - done < SLICE ? count - done : SLICE;
		int r;

		arena_reset(&arena);
		r = read_slice(blame, list + done, slice, &arena, changes);
		for (size_t i = 0; i < slice && r == 0; i++)
			if (changes[i])
				r = function(data, list[done + i]->address, changes[i]);
		if (r != 0)
			return r;
	}
	return 0;
}

int history_blame(struct history_reader *reader, const char *address, ferry_blame_function *function, void *data, struct error *error)
{
	struct blame blame = { .reader = reader, .address = address, .error = error };
	int r = reader_begin(reader, error);

	if (r < 0)
		return r;
	table_init(&blame.leaves, match_leaf);
	r = find_leaves(&blame);
	reader_end(reader);
	if (r == 0 && blame.leaves.count == 0)
		r = error_set(error, -ENOENT, "the history knows no change of %s", *address ? address : "anything");
	if (r == 0)
		r = deliver(&blame, function, data);
	table_done(&blame.leaves);
	arena_done(&blame.arena);
	buffer_done(&blame.key);
	free(blame.covered);
	return r;
}
