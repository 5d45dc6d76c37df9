/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which changes a filter asks for. */
#include <errno.h>
#include <string.h>

#include "base/user.h"
#include "history/history.h"
#include "history/reader.h"
#include "model/address.h"

static unsigned int count_parts(const char *address)
{
	unsigned int parts = 1;

	if (*address == '\0')
		return 0;
	for (; *address; address++)
		parts += *address == '/';
	return parts;
}

/* The length of the first COUNT parts. */
static size_t first_parts(const char *address, unsigned int count)
{
	size_t length = 0;

	for (; address[length]; length++)
		if (address[length] == '/' && --count == 0)
			break;
	return length;
}

bool match_related(const char *address, const char *filter)
{
	unsigned int parts = count_parts(address);
	_cleanup_free_ char *above = NULL;

	if (parts == 0 || parts >= count_parts(filter))
		return address_under(address, filter);
	above = strndup(filter, first_parts(filter, parts));
	return above && address_under(address, above);
}

static int leaf_related(void *data, const char *leaf)
{
	return match_related(leaf, data) ? 1 : 0;
}

/* Whether a gap may hide a change of FILTER. What was lost by something that is no channel (the history's own full disk) can have been anything. */
static bool match_gap(const char *source, const char *filter)
{
	_cleanup_buffer_ struct buffer canonical = { 0 };

	if (!source || address_canonical(source, strlen(source), &canonical, NULL) < 0)
		return true;
	return match_related(source, filter);
}

bool match_address(const struct ferry_change *change, const char *filter)
{
	if (change->kind == FERRY_GAP)
		return match_gap(change->source, filter);
	if (!change->address)
		return *filter == '\0';
	if (address_under(change->address, filter))
		return true;
	return match_related(change->address, filter) && change_leaves(change, leaf_related, (void *)filter) != 0;
}

static int parse_number(const char *text, uint32_t *ret)
{
	uint64_t number = 0;

	if (*text == '\0')
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > UINT32_MAX)
			return -EINVAL;
	}
	*ret = (uint32_t)number;
	return 0;
}

int by_parse(const char *text, struct by *ret, struct error *error)
{
	struct by by = { .kind = BY_WORD, .word = text };

	if (!text) {
		*ret = (struct by){ .kind = BY_ANYBODY };
		return 0;
	}
	if (strncmp(text, "uid=", 4) == 0) {
		by.kind = BY_UID;
		if (parse_number(text + 4, &by.number) < 0 && user_number(text + 4, &by.number) < 0)
			return error_set(error, -EINVAL, "\"%s\" behind uid= is neither a number nor a user of /etc/passwd", text + 4);
	} else if (strncmp(text, "pid=", 4) == 0) {
		by.kind = BY_PID;
		if (parse_number(text + 4, &by.number) < 0)
			return error_set(error, -EINVAL, "\"%s\" is not a number behind pid=", text + 4);
	} else if (parse_number(text, &by.number) == 0) {
		by.kind = BY_PID;
	} else if (*text == '\0') {
		return error_set(error, -EINVAL, "give a pid, uid=USER, or a word of the program's name or cgroup");
	}
	*ret = by;
	return 0;
}

static bool match_word(const char *word, const struct ferry_actor *actor)
{
	const char *base = actor->exe ? strrchr(actor->exe, '/') : NULL;

	if (strcmp(actor->comm, word) == 0 || (actor->exe && strcmp(base ? base + 1 : actor->exe, word) == 0))
		return true;
	return actor->cgroup && strstr(actor->cgroup, word);
}

bool by_match(const struct by *by, const struct ferry_actor *actor)
{
	if (by->kind == BY_ANYBODY)
		return true;
	if (!actor)
		return false;
	if (by->kind == BY_PID)
		return actor->pid == by->number;
	return by->kind == BY_UID ? actor->uid == by->number : match_word(by->word, actor);
}

static int run_collect(struct history_reader *reader, sqlite3_stmt *statement, struct ids *ids, struct error *error)
{
	int code;

	while ((code = sqlite.step(statement)) == SQLITE_ROW)
		if (ids_add(ids, sqlite.column_int64(statement, 0)) < 0)
			return error_set(error, -ENOMEM, "out of memory");
	if (code != SQLITE_DONE)
		return database_error(error, reader->database, reader->path);
	sqlite.reset(statement);
	return 0;
}

/* All whose address begins with the LENGTH bytes of FILTER. */
static int collect_range(struct history_reader *reader, const char *filter, size_t length, struct ids *ids, struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	_cleanup_free_ char *end = strndup(filter, length);
	int r;

	if (!end)
		return error_set(error, -ENOMEM, "out of memory");
	end[length - 1]++; /* behind the last byte that an address can begin with: never 0xff, see literal_length() */
	r = database_prepare(reader->database, "SELECT id FROM change WHERE address >= ? AND address < ?", &statement, error);
	if (r < 0)
		return r;
	sqlite.bind_text(statement, 1, filter, (int)length, SQLITE_STATIC);
	sqlite.bind_text(statement, 2, end, (int)length, SQLITE_STATIC);
	return run_collect(reader, statement, ids, error);
}

/* FILTER as far as it means itself: up to a glob, and not ending in a byte that has no successor. */
static size_t literal_length(const char *filter)
{
	size_t length = strcspn(filter, "*?[\\");

	while (length && (unsigned char)filter[length - 1] == 0xff)
		length--;
	return length;
}

/* FILTER's object and those above it: FILTER may name a field. */
static int collect_above(struct history_reader *reader, const char *filter, size_t length, struct ids *ids, struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = database_prepare(reader->database, "SELECT id FROM change WHERE address = ?", &statement, error);

	for (size_t end = 1; end <= length && r == 0; end++) {
		if (filter[end] != '/' && filter[end] != '\0')
			continue;
		sqlite.bind_text(statement, 1, filter, (int)end, SQLITE_STATIC);
		r = run_collect(reader, statement, ids, error);
	}
	return r;
}

int match_collect(struct history_reader *reader, const char *filter, struct ids *ids, struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *gaps = NULL;
	_cleanup_free_ char *below = NULL;
	size_t length = literal_length(filter);
	int r;

	if (length == 0)
		return -EOPNOTSUPP; /* the index does not help */
	r = collect_above(reader, filter, length, ids, error);
	if (r < 0)
		return r;
	if (filter[length] == '\0') {
		if (asprintf(&below, "%s/", filter) < 0) {
			below = NULL;
			return error_set(error, -ENOMEM, "out of memory");
		}
		r = collect_range(reader, below, length + 1, ids, error);
	} else {
		r = collect_range(reader, filter, length, ids, error);
	}
	if (r < 0)
		return r;
	r = database_prepare(reader->database, "SELECT id FROM change WHERE address IS NULL", &gaps, error);
	return r < 0 ? r : run_collect(reader, gaps, ids, error);
}
