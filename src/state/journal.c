/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/replace.h"
#include "model/schema.h"

#define VERSION 1
/* More than any machine has to say; what is larger is no journal of ours. */
#define SIZE_MAXIMUM (UINT64_C(1) << 30)
#define PIECE        ((size_t)128 * 1024)

static const char *const states[JOURNAL_STATES] = {
	[JOURNAL_APPLYING] = "applying",
	[JOURNAL_WAITING] = "waiting",
	[JOURNAL_DONE] = "done",
	[JOURNAL_ROLLED_BACK] = "rolled back",
};

/* ---- To text ---- */

/* Without printf(): a journal may have a million of them. */
static void add_name(struct buffer *buffer, const char *name)
{
	buffer_add_text(buffer, ",\"");
	buffer_add_text(buffer, name);
	buffer_add_text(buffer, "\":");
}

static void add_text(struct buffer *buffer, const char *name, const char *text)
{
	add_name(buffer, name);
	buffer_add_json(buffer, text ? text : "", text ? strlen(text) : 0);
}

static void add_number(struct buffer *buffer, const char *name, uint64_t number)
{
	add_name(buffer, name);
	buffer_add_uint(buffer, number);
}

static void add_entry(struct buffer *buffer, const struct journal_entry *entry)
{
	buffer_add_text(buffer, "{\"kind\":\"");
	buffer_add_text(buffer, ferry_change_kind_name(entry->kind));
	buffer_add_char(buffer, '"');
	add_text(buffer, "address", entry->address);
	if (entry->stood)
		buffer_add_text(buffer, ",\"stood\":true");
	/* JSON inside a text, so that it comes back byte for byte. */
	if (entry->before)
		add_text(buffer, "before", entry->before);
	if (entry->after)
		add_text(buffer, "after", entry->after);
	buffer_add_text(buffer, "}\n");
}

static void add_header(struct buffer *buffer, const struct journal *journal)
{
	buffer_printf(buffer, "{\"journal\":%d", VERSION);
	add_text(buffer, "state", states[journal->state]);
	add_text(buffer, "id", journal->id);
	add_text(buffer, "boot", journal->boot);
	add_number(buffer, "netns", journal->netns);
	add_number(buffer, "time", journal->time);
	add_number(buffer, "deadline", journal->deadline);
	add_number(buffer, "seconds", journal->seconds);
	add_number(buffer, "pid", journal->pid);
	add_text(buffer, "document", journal->document);
	add_text(buffer, "words", journal->words);
	buffer_add_text(buffer, "}\n");
}

/* Entries from *NEXT on, until BUFFER holds LIMIT bytes; the end behind the last. False once that is there. */
static bool add_piece(struct buffer *buffer, const struct journal *journal, size_t *next, size_t limit)
{
	while (*next < journal->count && buffer->length < limit && !buffer->failed)
		add_entry(buffer, &journal->entries[(*next)++]);
	if (*next < journal->count)
		return true;
	buffer_printf(buffer, "{\"end\":%zu}\n", journal->count);
	return false;
}

void journal_format(const struct journal *journal, struct buffer *ret)
{
	size_t next = 0;

	add_header(ret, journal);
	(void)add_piece(ret, journal, &next, SIZE_MAX);
}

/* ---- From text ---- */

static int text_of(struct journal *journal, const struct record *record, const char *name, const char **ret)
{
	const struct value *value = record_find(record, name);

	if (!value)
		return 0;
	if (value->type != VALUE_TEXT || memchr(value->bytes.data, '\0', value->bytes.length))
		return -EBADMSG;
	*ret = arena_copy(&journal->arena, value->bytes.data, value->bytes.length);
	return *ret ? 0 : -ENOMEM;
}

static int read_header(struct journal *journal, const struct record *record)
{
	const char *state = "", *id = "";
	int r;

	if (record_number(record, "journal", 0) != VERSION)
		return -EBADMSG;
	r = text_of(journal, record, "state", &state);
	if (r == 0)
		r = text_of(journal, record, "id", &id);
	if (r == 0)
		r = text_of(journal, record, "boot", &journal->boot);
	if (r == 0)
		r = text_of(journal, record, "document", &journal->document);
	if (r == 0)
		r = text_of(journal, record, "words", &journal->words);
	if (r < 0)
		return r;
	if (strlen(id) >= sizeof(journal->id))
		return -EBADMSG;
	memcpy(journal->id, id, strlen(id) + 1);
	journal->netns = record_number(record, "netns", 0);
	journal->time = record_number(record, "time", 0);
	journal->deadline = record_number(record, "deadline", 0);
	journal->seconds = record_number(record, "seconds", 0);
	journal->pid = (uint32_t)record_number(record, "pid", 0);
	for (unsigned int i = 0; i < JOURNAL_STATES; i++)
		if (strcmp(states[i], state) == 0) {
			journal->state = (enum journal_state)i;
			return 0;
		}
	return -EBADMSG;
}

static int read_entry(struct journal *journal, const struct record *record)
{
	struct journal_entry entry = { 0 };
	const struct value *stood = record_find(record, "stood");
	const char *kind = "";
	int r = text_of(journal, record, "kind", &kind);

	if (r == 0)
		r = text_of(journal, record, "address", &entry.address);
	if (r == 0)
		r = text_of(journal, record, "before", &entry.before);
	if (r == 0)
		r = text_of(journal, record, "after", &entry.after);
	if (r < 0 || !entry.address)
		return r < 0 ? r : -EBADMSG;
	entry.stood = stood && stood->type == VALUE_BOOL && stood->boolean;
	for (entry.kind = FERRY_ADDED; entry.kind <= FERRY_CHANGED; entry.kind++)
		if (strcmp(ferry_change_kind_name(entry.kind), kind) == 0)
			return journal_add(journal, &entry);
	return -EBADMSG;
}

/* 1 at the end. */
static int read_line(struct journal *journal, bool first, const char *text, size_t length)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct value value;
	int r = value_parse_json(text, length, &arena, &value, NULL);

	if (r < 0 || value.type != VALUE_RECORD)
		return r == -ENOMEM ? r : -EBADMSG;
	if (first)
		return read_header(journal, value.record);
	if (record_find(value.record, "end"))
		return record_number(value.record, "end", UINT64_MAX) == journal->count ? 1 : -EBADMSG;
	return read_entry(journal, value.record);
}

int journal_parse(const char *text, size_t length, struct journal *ret, struct error *error)
{
	struct journal journal = { .boot = "", .document = "", .words = "" };
	unsigned int number = 0;
	int r = 0;

	for (size_t at = 0; r == 0 && at < length;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t line = end ? (size_t)(end - text) - at : length - at;

		r = read_line(&journal, number++ == 0, text + at, line);
		at += line + 1;
	}
	if (r != 1) {
		journal_done(&journal);
		if (r == -ENOMEM)
			return error_set(error, r, "no memory for a journal");
		return error_set(error, -EBADMSG, "the journal is damaged at line %u", number ? number : 1);
	}
	journal.unsaved = false;
	*ret = journal;
	return 0;
}

/* ---- Its parts ---- */

const char *journal_text(struct journal *journal, const char *text)
{
	return arena_copy(&journal->arena, text, strlen(text));
}

/* Entries move as they become more, so that it is said where they are. */
struct place {
	const char *address;
	size_t entry;
};

static bool is_of_address(const void *entry, const void *key, size_t length)
{
	const struct place *place = entry;

	return strlen(place->address) == length && memcmp(place->address, key, length) == 0;
}

static const struct place *find_place(const struct table *table, const char *address)
{
	return table->match ? table_find(table, address, strlen(address)) : NULL;
}

static int add_place(struct journal *journal, const struct journal_entry *entry)
{
	struct table *table = entry->stood ? &journal->stood : &journal->changed;
	struct place *place;

	if (!table->match)
		table_init(table, is_of_address);
	if (find_place(table, entry->address))
		return 0;
	place = arena_new(&journal->arena, struct place);
	if (!place)
		return -ENOMEM;
	*place = (struct place){ entry->address, journal->count };
	return table_add(table, entry->address, strlen(entry->address), place);
}

struct journal_entry *journal_find(const struct journal *journal, const char *address, bool stood)
{
	const struct place *place = find_place(stood ? &journal->stood : &journal->changed, address);

	return place ? &journal->entries[place->entry] : NULL;
}

int journal_add(struct journal *journal, const struct journal_entry *entry)
{
	struct journal_entry copy = *entry;

	if (journal->count == journal->size) {
		size_t size = journal->size ? journal->size * 2 : 64;
		struct journal_entry *entries = reallocarray(journal->entries, size, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		journal->entries = entries;
		journal->size = size;
	}
	copy.address = journal_text(journal, entry->address);
	copy.before = entry->before ? journal_text(journal, entry->before) : NULL;
	copy.after = entry->after ? journal_text(journal, entry->after) : NULL;
	if (!copy.address || (entry->before && !copy.before) || (entry->after && !copy.after))
		return -ENOMEM;
	if (add_place(journal, &copy) < 0)
		return -ENOMEM;
	journal->entries[journal->count++] = copy;
	journal->unsaved = true;
	return 0;
}

void journal_done(struct journal *journal)
{
	free(journal->entries);
	table_done(&journal->changed);
	table_done(&journal->stood);
	arena_done(&journal->arena);
	*journal = (struct journal){ 0 };
}

/* ---- On the disk ---- */

/* In pieces: a journal of a million entries is not held as a text as well. */
static int write_pieces(const struct journal *journal, struct replacement *file, struct error *error)
{
	_cleanup_buffer_ struct buffer piece = { 0 };
	size_t next = 0;
	bool more = true;

	for (add_header(&piece, journal); more; buffer_clear(&piece)) {
		int r;

		more = add_piece(&piece, journal, &next, PIECE);
		if (piece.failed)
			return error_set(error, -ENOMEM, "no memory for the journal");
		r = replacement_add(file, piece.data, piece.length, error);
		if (r < 0)
			return r;
	}
	return 0;
}

int journal_save(struct journal *journal, const char *path, struct error *error)
{
	struct replacement file;
	int r = replacement_begin(path, &file, error);

	if (r == 0)
		r = write_pieces(journal, &file, error);
	if (r == 0)
		r = replacement_end(&file, error);
	replacement_drop(&file);
	if (r == 0)
		journal->unsaved = false;
	return r;
}

int journal_load(const char *path, struct journal *ret, struct error *error)
{
	_cleanup_close_ int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_buffer_ struct buffer text = { 0 };
	struct stat status;
	ssize_t got;
	int r;

	if (descriptor < 0 || fstat(descriptor, &status) < 0) {
		r = -errno;
		return error_set(error, r, "cannot read %s: %s", path, error_text(r));
	}
	if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_mode & 022 || (uint64_t)status.st_size > SIZE_MAXIMUM)
		return error_set(error, -EBADMSG, "%s is not ours: an ordinary file that nobody else can write is wanted", path);
	while (buffer_reserve(&text, 65536)) {
		got = read(descriptor, text.data + text.length, 65535);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		text.length += (size_t)got;
	}
	if (text.failed)
		return error_set(error, -ENOMEM, "no memory for the journal");
	r = journal_parse(text.data ? text.data : "", text.length, ret, error);
	return r < 0 ? error_wrap(error, "%s", path) : 0;
}
