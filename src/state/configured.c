/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/configured.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_CHARACTERS "*?["
/* systemd gives up a file at a line of this length. */
#define LINE_MAXIMUM (1u << 20)

/* One assignment that the program would carry out, at the place where it does. */
struct option {
	struct configured_line *line;
	bool dead; /* systemd: a later line with the same key and another value has taken its place */
};

struct resolution {
	enum ferry_loader loader;
	enum assignment_grammar grammar;
	configured_expand_function *expand;
	void *expand_data;
	struct arena *arena;
	struct buffer lines;   /* of struct configured_line *, all of them */
	struct buffer options; /* of struct option *, in the order in which they are carried out */
	struct buffer shields; /* of struct configured_line *: patterns behind "-" that keep other patterns off (procps since 4.0.5) */
	struct table by_key;   /* struct option by its key: the last one */
	struct table by_address;
	struct buffer keys; /* of struct configured_key * */
	struct configured_note *notes, **notes_end;
	struct configured_line *line; /* whose matches are being told */
	unsigned int order, matches;
};

static bool has_key(const void *entry, const void *key, size_t length)
{
	const struct option *option = entry;

	return strlen(option->line->key) == length && !memcmp(option->line->key, key, length);
}

static bool has_address(const void *entry, const void *key, size_t length)
{
	const struct configured_key *found = entry;

	return strlen(found->address) == length && !memcmp(found->address, key, length);
}

static void resolution_done(struct resolution *resolution)
{
	buffer_done(&resolution->lines);
	buffer_done(&resolution->options);
	buffer_done(&resolution->shields);
	buffer_done(&resolution->keys);
	table_done(&resolution->by_key);
	table_done(&resolution->by_address);
}

static int push(struct buffer *list, const void *pointer)
{
	buffer_add(list, &pointer, sizeof(pointer));
	return list->failed ? -ENOMEM : 0;
}

static unsigned int count_of(const struct buffer *list)
{
	return (unsigned int)(list->length / sizeof(void *));
}

static void *item(const struct buffer *list, unsigned int index)
{
	return ((void *const *)list->data)[index];
}

static int note(struct resolution *resolution, const char *file, unsigned int line, const char *text, const char *what, size_t length)
{
	struct configured_note *added = arena_new(resolution->arena, struct configured_note);

	if (!added)
		return -ENOMEM;
	*added = (struct configured_note){ .file = file, .line = line, .text = text };
	if (what) {
		added->what = arena_copy(resolution->arena, what, length);
		if (!added->what)
			return -ENOMEM;
	}
	*resolution->notes_end = added;
	resolution->notes_end = &added->next;
	return 0;
}

/* Appends PATH without leading, doubled and trailing slashes and without "." parts. Whether it has no ".." part. */
static bool simplify(const char *path, struct buffer *ret)
{
	size_t start = ret->length;
	bool stays = true;

	buffer_add_text(ret, "");
	for (size_t length; *path; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (!length || (length == 1 && path[0] == '.'))
			continue;
		stays &= length != 2 || path[0] != '.' || path[1] != '.';
		if (ret->length > start)
			buffer_add_char(ret, '/');
		buffer_add(ret, path, length);
	}
	return stays;
}

/* ---- Lines become options ---- */

static int add_option(struct resolution *resolution, struct configured_line *line, struct option *before)
{
	struct option *option = arena_new(resolution->arena, struct option);
	size_t length = strlen(line->key);

	if (!option)
		return -ENOMEM;
	option->line = line;
	if (resolution->loader == FERRY_LOADER_PROCPS_NEW && !line->value && push(&resolution->shields, line) < 0)
		return -ENOMEM;
	if (push(&resolution->options, option) < 0)
		return -ENOMEM;
	if (before) {
		table_replace(&resolution->by_key, line->key, length, option);
		return 0;
	}
	return table_add(&resolution->by_key, line->key, length, option);
}

static bool says_the_same(const struct configured_line *a, const struct configured_line *b)
{
	return a->value && b->value ? !strcmp(a->value, b->value) : a->value == b->value;
}

/* systemd keeps one option a key, in a list: a line that says the same again leaves it where it is, another one goes to the end of the list. procps
 * carries out every line. */
static int take_line(struct resolution *resolution, struct configured_line *line)
{
	struct option *before = table_find(&resolution->by_key, line->key, strlen(line->key));

	if (resolution->loader != FERRY_LOADER_SYSTEMD || !before)
		return add_option(resolution, line, before);
	before->line->instead = line;
	if (says_the_same(before->line, line)) {
		line->ignore_errors |= before->line->ignore_errors;
		before->line = line;
		return 0;
	}
	before->dead = true;
	return add_option(resolution, line, before);
}

/* The key as the program keeps it. systemd simplifies it: to procps "net//ipv4/x" is another key than "net/ipv4/x", though the same file. */
static char *key_of(struct resolution *resolution, const struct assignment *assignment)
{
	_cleanup_buffer_ struct buffer path = { 0 }, simple = { 0 };
	struct buffer *key = &path;

	assignment_path(assignment->key, assignment->key_length, &path);
	buffer_add_text(&path, "");
	if (resolution->loader == FERRY_LOADER_SYSTEMD && !path.failed) {
		simplify(path.data, &simple);
		key = &simple;
	}
	return key->failed ? NULL : arena_copy(resolution->arena, key->data, key->length);
}

static int read_assignment(struct resolution *resolution, const struct configured_file *file, unsigned int number,
			   const struct assignment *assignment)
{
	struct configured_line *line = arena_new(resolution->arena, struct configured_line);

	if (!line)
		return -ENOMEM;
	*line = (struct configured_line){
		.file = file->path,
		.number = number,
		.order = count_of(&resolution->lines),
		.key = key_of(resolution, assignment),
		.ignore_errors = assignment->minus && assignment->value,
		.masked_by = file->masked_by,
	};
	if (assignment->value)
		line->value = arena_copy(resolution->arena, assignment->value, assignment->value_length);
	if (!line->key || (assignment->value && !line->value) || push(&resolution->lines, line) < 0)
		return -ENOMEM;
	line->pattern = strpbrk(line->key, PATTERN_CHARACTERS);
	return file->masked_by ? 0 : take_line(resolution, line);
}

static int read_lines(struct resolution *resolution, const struct configured_file *file)
{
	const char *at = file->content, *end = at + file->length, *text;
	unsigned int number = 0;
	size_t length;
	int r = 0;

	while (r == 0 && assignment_line(resolution->grammar, &at, end, &number, &text, &length)) {
		struct assignment assignment;

		if (resolution->loader == FERRY_LOADER_SYSTEMD && length >= LINE_MAXIMUM)
			return note(resolution, file->path, number, "a line of more than 1 MiB: systemd-sysctl reads no further", NULL, 0);
		switch (assignment_parse(resolution->grammar, text, length, &assignment)) {
		case ASSIGNMENT_BLANK:
			break;
		case ASSIGNMENT_WRONG:
			if (!file->masked_by)
				r = note(resolution, file->path, number, "not an assignment", text, length < 200 ? length : 200);
			break;
		default:
			r = read_assignment(resolution, file, number, &assignment);
		}
	}
	return r;
}

/* ---- Options become what is written to which key ---- */

/* The address of a path below /proc/sys, or NULL in *RET where it names none: it climbs, or has no part at all. */
static int address_of(struct arena *arena, const char *path, const char **ret)
{
	_cleanup_buffer_ struct buffer address = { 0 };
	size_t start;
	bool stays;

	*ret = NULL;
	buffer_add_text(&address, "sysctl/");
	start = address.length;
	stays = simplify(path, &address);
	if (address.failed)
		return -ENOMEM;
	if (!stays || address.length == start)
		return 0;
	*ret = arena_copy(arena, address.data, address.length);
	return *ret ? 0 : -ENOMEM;
}

static struct configured_key *key_at(struct resolution *resolution, const char *address)
{
	struct configured_key *key = table_find(&resolution->by_address, address, strlen(address));

	if (key)
		return key;
	key = arena_new(resolution->arena, struct configured_key);
	if (!key)
		return NULL;
	key->address = address;
	if (push(&resolution->keys, key) < 0 || table_add(&resolution->by_address, address, strlen(address), key) < 0)
		return NULL;
	return key;
}

/* LINE would set the key at PATH. FATE is what comes of it. */
static int add_entry(struct resolution *resolution, const struct configured_line *line, const char *path, enum ferry_fate fate,
		     const struct configured_line *by, struct configured_key **ret_key)
{
	struct configured_entry *entry = arena_new(resolution->arena, struct configured_entry);
	struct configured_key *key;
	const char *address;
	int r = address_of(resolution->arena, path, &address);

	if (r < 0 || !entry)
		return -ENOMEM;
	if (!address)
		return line->masked_by || line->instead ? 0
							: note(resolution, line->file, line->number, "no key below /proc/sys", path, strlen(path));
	key = key_at(resolution, address);
	if (!key)
		return -ENOMEM;
	*entry = (struct configured_entry){ .line = line, .fate = fate, .by = by, .next = key->entries };
	key->entries = entry;
	key->count++;
	if (fate == FERRY_FATE_SET) {
		if (key->winner) {
			key->winner->fate = FERRY_FATE_OVERRIDDEN;
			key->winner->by = line;
		}
		key->winner = entry;
		key->order = resolution->order++;
	}
	if (ret_key)
		*ret_key = key;
	return 0;
}

/* What keeps a pattern off the key at PATH: a line that names it, or (procps since 4.0.5) a pattern behind "-". */
static const struct configured_line *shield_of(const struct resolution *resolution, const char *path)
{
	const struct option *option = table_find(&resolution->by_key, path, strlen(path));

	if (option)
		return option->line;
	for (unsigned int i = 0; i < count_of(&resolution->shields); i++) {
		const struct configured_line *line = item(&resolution->shields, i);

		/* Its "*" matches slashes too. */
		if (line->pattern && !fnmatch(line->key, path, 0))
			return line;
	}
	return NULL;
}

static int match_wins(void *data, const char *path)
{
	struct resolution *resolution = data;
	const struct configured_line *by = shield_of(resolution, path);

	resolution->matches++;
	if (!by)
		return add_entry(resolution, resolution->line, path, FERRY_FATE_SET, NULL, NULL);
	return add_entry(resolution, resolution->line, path, by->value ? FERRY_FATE_EXPLICIT : FERRY_FATE_EXCLUDED, by, NULL);
}

/* What comes of a line that is not carried out. */
static enum ferry_fate losing_fate(const struct configured_line *line)
{
	if (line->masked_by)
		return FERRY_FATE_MASKED;
	return line->instead->value ? FERRY_FATE_OVERRIDDEN : FERRY_FATE_EXCLUDED;
}

static int match_loses(void *data, const char *path)
{
	struct resolution *resolution = data;
	const struct configured_line *line = resolution->line;

	resolution->matches++;
	return add_entry(resolution, line, path, losing_fate(line), line->masked_by ? NULL : line->instead, NULL);
}

/* All keys that LINE names. A pattern that matches nothing is told as it is written. */
static int tell_line(struct resolution *resolution, struct configured_line *line, configured_found_function *tell)
{
	struct configured_key *key = NULL;
	const char *address;
	int r = address_of(resolution->arena, line->key, &address);

	if (r < 0)
		return r;
	resolution->line = line;
	resolution->matches = 0;
	if (!line->pattern || !address)
		return tell(resolution, line->key);
	r = resolution->expand(resolution->expand_data, line->key, tell, resolution);
	if (r != 0 || resolution->matches)
		return r;
	if (tell == match_wins)
		r = add_entry(resolution, line, line->key, FERRY_FATE_SET, NULL, &key);
	else
		r = add_entry(resolution, line, line->key, losing_fate(line), line->masked_by ? NULL : line->instead, &key);
	if (key)
		key->unmatched = true;
	return r;
}

static int carry_out(struct resolution *resolution)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < count_of(&resolution->options); i++) {
		const struct option *option = item(&resolution->options, i);

		if (option->dead || !option->line->value)
			continue;
		if (option->line->pattern)
			r = tell_line(resolution, option->line, match_wins);
		else
			r = add_entry(resolution, option->line, option->line->key, FERRY_FATE_SET, NULL, NULL);
	}
	for (unsigned int i = 0; r == 0 && i < count_of(&resolution->lines); i++) {
		struct configured_line *line = item(&resolution->lines, i);

		if (line->value && (line->masked_by || line->instead))
			r = tell_line(resolution, line, match_loses);
	}
	return r;
}

/* ---- The result ---- */

static int by_line(const void *a, const void *b)
{
	const struct configured_entry *left = *(struct configured_entry *const *)a, *right = *(struct configured_entry *const *)b;

	return left->line->order < right->line->order ? -1 : left->line->order > right->line->order;
}

static int sort_entries(struct configured_key *key)
{
	_cleanup_free_ struct configured_entry **entries = calloc(key->count, sizeof(*entries));
	unsigned int count = 0;

	if (!entries)
		return -ENOMEM;
	for (struct configured_entry *entry = key->entries; entry; entry = entry->next)
		entries[count++] = entry;
	qsort(entries, count, sizeof(*entries), by_line);
	key->entries = NULL;
	while (count) {
		entries[--count]->next = key->entries;
		key->entries = entries[count];
	}
	return 0;
}

static int by_address(const void *a, const void *b)
{
	return strcmp((*(struct configured_key *const *)a)->address, (*(struct configured_key *const *)b)->address);
}

static int finish(struct resolution *resolution, struct configured *ret)
{
	unsigned int count = count_of(&resolution->keys);
	struct configured_key **keys = arena_array(resolution->arena, struct configured_key *, count + 1);

	if (!keys)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++) {
		keys[i] = item(&resolution->keys, i);
		if (sort_entries(keys[i]) < 0)
			return -ENOMEM;
	}
	qsort(keys, count, sizeof(struct configured_key *), by_address);
	*ret = (struct configured){ .keys = keys, .count = count, .notes = resolution->notes };
	return 0;
}

int configured_resolve(const struct configured_file *files, unsigned int count, enum ferry_loader loader, configured_expand_function *expand,
		       void *expand_data, struct arena *arena, struct configured *ret)
{
	_cleanup_(resolution_done) struct resolution resolution = {
		.loader = loader,
		.grammar = loader == FERRY_LOADER_SYSTEMD ? ASSIGNMENT_SYSTEMD : ASSIGNMENT_PROCPS,
		.expand = expand,
		.expand_data = expand_data,
		.arena = arena,
		.notes_end = &resolution.notes,
	};
	int r = 0;

	table_init(&resolution.by_key, has_key);
	table_init(&resolution.by_address, has_address);
	for (unsigned int i = 0; r == 0 && i < count; i++)
		r = read_lines(&resolution, &files[i]);
	if (r == 0)
		r = carry_out(&resolution);
	return r == 0 ? finish(&resolution, ret) : r;
}

const struct configured_key *configured_find(const struct configured *configured, const char *address)
{
	struct configured_key wanted = { .address = address }, *key = &wanted, **found;

	found = bsearch(&key, configured->keys, configured->count, sizeof(struct configured_key *), by_address);
	return found ? *found : NULL;
}
