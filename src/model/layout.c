/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/layout.h"

#include <errno.h>
#include <string.h>

#include "base/table.h"
#include "model/field.h"
#include "model/layout-text.h"

/* Past so many named fields of a record lines are told by their number: what no kernel prints need not be looked up. */
#define NAMES_MAXIMUM 1024
/* Past so many lines of a record the rest is told in one piece. */
#define LINES_MAXIMUM 60000

struct reader {
	const struct layout *layout;
	struct text rest;
	uint32_t line, row; /* how many so far */
	struct arena *arena;
	struct arena keys; /* lives as long as SEEN */
	struct table seen; /* keys of rows */
	struct buffer key;
	layout_function *function;
	void *data;
};

static bool key_matches(const void *entry, const void *key, size_t length)
{
	return strlen(entry) == length && !memcmp(entry, key, length);
}

static bool is_heading(const struct layout *layout, struct text line)
{
	line = text_trim(line);
	for (const char *word = layout->headings; word && *word;) {
		size_t length = strcspn(word, " ");

		if (text_length(line) >= length && !memcmp(line.at, word, length) && (text_length(line) == length || text_is_blank(line.at[length])))
			return true;
		word += length + (word[length] == ' ');
	}
	return false;
}

/* The next line that says something. */
static bool next_line(struct reader *reader, struct text *ret)
{
	while (text_line(&reader->rest, ret)) {
		reader->line++;
		if (text_length(text_trim(*ret)) && (reader->row || !is_heading(reader->layout, *ret)))
			return true;
	}
	return false;
}

static int add(struct reader *reader, struct record *record, const struct field *field, const char *name, struct value value)
{
	return name ? record_add(reader->arena, record, (struct entry){ .name = name, .field = field, .value = value }) : -ENOMEM;
}

/* A line that is not what the table says. */
static int add_line(struct reader *reader, struct record *record, struct text line)
{
	char name[32];

	snprintf(name, sizeof(name), "line %u", reader->line);
	return add(reader, record, NULL, arena_copy(reader->arena, name, strlen(name)), value_data(VALUE_TEXT, line.at, text_length(line)));
}

static bool name_matches(const struct field *field, struct text name)
{
	size_t length = field->name ? strlen(field->name) : 0;

	if (!length || field->kind == FIELD_UNKNOWN)
		return false;
	if (field->name[length - 1] == '*')
		return text_length(name) >= length && !memcmp(field->name, name.at, length - 1) && strchr("0123456789", name.at[length - 1]);
	return text_length(name) == length && !memcmp(field->name, name.at, length);
}

/* The field of NAME, which is most often the one behind the last. */
static const struct field *find_field(const struct schema *schema, struct text name, uint32_t *hint)
{
	for (uint32_t i = 0; schema && i < schema->attribute_count; i++) {
		uint32_t place = (*hint + i) % schema->attribute_count;

		if (name_matches(&schema->attributes[place], name)) {
			*hint = place + 1;
			return &schema->attributes[place];
		}
	}
	return NULL;
}

/* Whether NAME cannot be a field's: another has it, or it holds a NUL. */
static bool is_taken(const struct record *record, struct text name)
{
	if (memchr(name.at, '\0', text_length(name)))
		return true;
	for (uint32_t i = 0; i < record->count; i++)
		if (key_matches(record->entries[i].name, name.at, text_length(name)))
			return true;
	return false;
}

/* The entry NAME with what TEXT says. A field of the table that stands for many names, and one that it does not know, bear their own. */
static int add_named(struct reader *reader, struct record *record, const struct field *field, struct text name, struct text text)
{
	struct value value;
	const char *label = field ? field->name : NULL;
	int r;

	if (!field)
		field = reader->layout->other;
	if (!label || label[strlen(label) - 1] == '*') {
		struct field *own = field ? arena_new(reader->arena, struct field) : NULL;

		label = arena_copy(reader->arena, name.at, text_length(name));
		if (!label || (field && !own))
			return -ENOMEM;
		if (own) {
			*own = *field;
			own->name = label;
			own->flags |= FIELD_LEARNED;
			field = own;
		}
	}
	r = layout_value(field, text.at, text_length(text), reader->arena, &value);
	return r < 0 ? r : add(reader, record, field, label, value);
}

/* "Name: value" or "name value". */
static bool split_name(const struct layout *layout, struct text line, struct text *ret_name, struct text *ret_value)
{
	const char *separators = layout->separators ? layout->separators : ":", *end = line.at;

	/* A colon that ends a name has a blank or nothing behind it. */
	while (end < line.end && !(*end && strchr(separators, *end) && (*end != ':' || end + 1 == line.end || text_is_blank(end[1]))))
		end++;
	*ret_name = text_trim((struct text){ line.at, end });
	*ret_value = text_trim((struct text){ end + (end < line.end), line.end });
	return end < line.end && text_length(*ret_name);
}

/* A name that lines without one are given. */
static bool is_line_name(struct text name)
{
	return text_length(name) > 5 && !memcmp(name.at, "line ", 5);
}

static int add_name_line(struct reader *reader, struct record *record, struct text line, uint32_t *hint)
{
	struct text name, value;

	if (record->count >= NAMES_MAXIMUM || !split_name(reader->layout, line, &name, &value) || is_line_name(name) || is_taken(record, name))
		return add_line(reader, record, line);
	return add_named(reader, record, find_field(reader->layout->schema, name, hint), name, value);
}

static struct record *new_record(struct reader *reader)
{
	const struct schema *schema = reader->layout->schema;

	return record_new_sized(reader->arena, schema, schema && schema->attribute_count > 16 ? schema->attribute_count + 8 : 24);
}

static int tell(struct reader *reader, const char *key, const struct record *record)
{
	return reader->function(reader->data, key, &(struct value){ .type = VALUE_RECORD, .record = record });
}

/* The key in READER->key, unless another row had it; hands the row on. */
static int tell_row(struct reader *reader, const struct record *record)
{
	char *key;

	if (!reader->key.length)
		buffer_add_uint(&reader->key, reader->row);
	while (!reader->key.failed && table_find(&reader->seen, reader->key.data, reader->key.length))
		buffer_printf(&reader->key, ",row=%u", reader->row);
	if (reader->key.failed)
		return -ENOMEM;
	reader->row++;
	if (!(reader->layout->flags & LAYOUT_NUMBERED)) {
		key = arena_copy(&reader->keys, reader->key.data, reader->key.length);
		if (!key || table_add(&reader->seen, key, reader->key.length, key) < 0)
			return -ENOMEM;
	}
	return tell(reader, reader->key.data, record);
}

static void add_key(struct reader *reader, struct text text)
{
	for (; text.at < text.end; text.at++)
		buffer_add_char(&reader->key, *text.at && *text.at != '\n' ? *text.at : '?');
}

/* The key fields, a slash between two. */
static void key_of(struct reader *reader, const struct record *record)
{
	buffer_clear(&reader->key);
	if (reader->layout->flags & LAYOUT_NUMBERED)
		return;
	for (uint32_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];

		if (!entry->field || !(entry->field->flags & FIELD_KEY))
			continue;
		if (reader->key.length)
			buffer_add_char(&reader->key, '/');
		if (entry->value.type == VALUE_TEXT)
			add_key(reader, (struct text){ entry->value.bytes.data, (const char *)entry->value.bytes.data + entry->value.bytes.length });
		else
			value_print(&reader->key, &entry->value, entry->field, NULL);
	}
}

static int read_line(struct reader *reader)
{
	struct record *record = new_record(reader);
	struct text text = reader->rest;
	int r;

	while (text.end > text.at && text.end[-1] == '\n')
		text.end--;
	r = record ? layout_fields(reader->layout, reader->layout->schema, 0, text, reader->arena, record) : -ENOMEM;
	return r < 0 ? r : tell(reader, NULL, record);
}

static int read_names(struct reader *reader)
{
	struct record *record = new_record(reader);
	struct text line;
	uint32_t hint = 0;
	int r = record ? 0 : -ENOMEM;

	while (r == 0 && next_line(reader, &line)) {
		if (record->count < LINES_MAXIMUM) {
			r = add_name_line(reader, record, line, &hint);
			continue;
		}
		r = add_line(reader, record, (struct text){ line.at, reader->rest.end });
		break;
	}
	return r < 0 ? r : tell(reader, NULL, record);
}

static int read_row(struct reader *reader, struct text line)
{
	const struct layout *layout = reader->layout;
	struct record *record = new_record(reader);
	const char *end = layout->key_end ? memrchr(line.at, layout->key_end, text_length(line)) : NULL;
	struct text rest = { end ? end + 1 : line.at, line.end }, name = text_trim((struct text){ line.at, end ? end : line.at });
	int r = record ? 0 : -ENOMEM;

	if (r == 0 && end)
		r = add_named(reader, record, &layout->schema->attributes[0], name, name);
	if (r == 0)
		r = layout_fields(layout, layout->schema, end ? 1 : 0, rest, reader->arena, record);
	if (r < 0)
		return r;
	key_of(reader, record);
	return tell_row(reader, record);
}

static int read_rows(struct reader *reader)
{
	struct text line;
	int r = 0;

	while (r == 0 && next_line(reader, &line)) {
		arena_reset(reader->arena);
		r = read_row(reader, line);
	}
	return r;
}

/* The lines up to an empty one. */
static int read_block(struct reader *reader)
{
	struct record *record = new_record(reader);
	struct text line;
	uint32_t hint = 0;
	int r = record ? 0 : -ENOMEM;

	while (r == 0 && record->count < LINES_MAXIMUM && text_line(&reader->rest, &line)) {
		reader->line++;
		if (text_length(text_trim(line)))
			r = add_name_line(reader, record, line, &hint);
		else if (record->count)
			break;
	}
	if (r < 0 || !record->count)
		return r;
	key_of(reader, record);
	return tell_row(reader, record);
}

static int read_blocks(struct reader *reader)
{
	int r = 0;

	while (r == 0 && reader->rest.at < reader->rest.end) {
		arena_reset(reader->arena);
		r = read_block(reader);
	}
	return r;
}

/* Takes the next word off TEXT; false at its end. */
static bool next_word(struct text *text, struct text *ret)
{
	*text = text_trim(*text);
	ret->at = text->at;
	while (text->at < text->end && !text_is_blank(*text->at))
		text->at++;
	ret->end = text->at;
	return text_length(*ret);
}

static bool same_text(struct text a, struct text b)
{
	return text_length(a) == text_length(b) && !memcmp(a.at, b.at, text_length(a));
}

/* A value for each title; titles without a value, and values without a title, stand alone. */
static int add_titled(struct reader *reader, struct record *record, struct text titles, struct text values)
{
	struct text title, value;
	uint32_t hint = 0, column = 0;
	bool more = true, titled;
	int r = 0;

	for (; r == 0 && more; column++) {
		char name[32];

		snprintf(name, sizeof(name), "column %u", column + 1);
		more = next_word(&values, &value);
		titled = next_word(&titles, &title);
		if (titled && !more)
			value = (struct text){ title.end, title.end };
		if (!titled || record->count >= NAMES_MAXIMUM || is_taken(record, title)) {
			/* A title that cannot be one and has no value is what is left to tell. */
			value = titled && !more ? title : value;
			title = (struct text){ name, name + strlen(name) };
		}
		if (more || titled)
			r = add_named(reader, record, find_field(reader->layout->schema, title, &hint), title, value);
		more |= titles.at < titles.end;
		if (record->count >= LINES_MAXIMUM)
			break;
	}
	return r;
}

static int read_titles(struct reader *reader)
{
	struct text titles, values, name, other;
	int r = 0;

	while (r == 0 && next_line(reader, &titles)) {
		struct text rest = reader->rest, whole = titles;
		struct record *record;
		bool paired;

		arena_reset(reader->arena);
		record = new_record(reader);
		if (!record)
			return -ENOMEM;
		paired = next_word(&titles, &name) && text_line(&rest, &values) && next_word(&values, &other) && same_text(name, other);
		if (paired) {
			reader->rest = rest;
			reader->line++;
			r = add_titled(reader, record, titles, values);
		} else {
			r = add_line(reader, record, whole);
		}
		if (r < 0)
			break;
		buffer_clear(&reader->key);
		add_key(reader, (struct text){ name.at, name.end - (text_length(name) && name.end[-1] == ':') });
		r = tell_row(reader, record);
	}
	return r;
}

/* "name: number a title, fields". */
static int read_matrix_row(struct reader *reader, struct text titles, struct text line)
{
	struct record *record = new_record(reader);
	struct text name, value, title, word, rest;
	uint32_t hint;
	int r = record ? 0 : -ENOMEM;

	if (r == 0 && !split_name(reader->layout, line, &name, &value)) {
		name = (struct text){ line.at, line.at };
		r = add_line(reader, record, line);
		value.at = value.end;
	}
	for (uint32_t column = 1; r == 0 && record->count < LINES_MAXIMUM && next_word(&titles, &title); column++) {
		struct value number;
		char label[32];

		rest = value;
		/* Some lines have one number for all processors: the fields begin where the numbers end. */
		if (!next_word(&rest, &word))
			break;
		r = layout_value(reader->layout->other, word.at, text_length(word), reader->arena, &number);
		if (r < 0 || number.type != VALUE_UINT)
			break;
		value = rest;
		hint = 0;
		if (record->count >= NAMES_MAXIMUM || is_taken(record, title) || find_field(reader->layout->schema, title, &hint))
			title = (struct text){ label, label + snprintf(label, sizeof(label), "title %u", column) };
		r = add_named(reader, record, NULL, title, word);
	}
	if (r == 0)
		r = layout_fields(reader->layout, reader->layout->schema, 0, value, reader->arena, record);
	if (r < 0)
		return r;
	buffer_clear(&reader->key);
	add_key(reader, name);
	return tell_row(reader, record);
}

static int read_matrix(struct reader *reader)
{
	struct text titles, line;
	int r = 0;

	if (!next_line(reader, &titles))
		return 0;
	while (r == 0 && next_line(reader, &line)) {
		arena_reset(reader->arena);
		r = read_matrix_row(reader, titles, line);
	}
	return r;
}

static int read_pair_words(struct reader *reader, struct record *record, struct text line)
{
	struct text word, name, value;
	uint32_t hint = 0;
	int r = 0;

	for (uint32_t column = 2; r == 0 && record->count < LINES_MAXIMUM && next_word(&line, &word); column++) {
		const char *sign = memchr(word.at, '=', text_length(word));
		char label[32];

		snprintf(label, sizeof(label), "column %u", column);
		name = sign ? (struct text){ word.at, sign } : (struct text){ label, label + strlen(label) };
		value = sign ? (struct text){ sign + 1, word.end } : word;
		if (!text_length(name) || record->count >= NAMES_MAXIMUM || is_taken(record, name)) {
			name = (struct text){ label, label + strlen(label) };
			value = word;
		}
		r = add_named(reader, record, find_field(reader->layout->schema, name, &hint), name, value);
	}
	return r;
}

static int read_pairs(struct reader *reader)
{
	struct text line, name;
	int r = 0;

	while (r == 0 && next_line(reader, &line)) {
		struct record *record;

		arena_reset(reader->arena);
		record = new_record(reader);
		if (!record)
			return -ENOMEM;
		next_word(&line, &name);
		r = read_pair_words(reader, record, line);
		if (r < 0)
			break;
		buffer_clear(&reader->key);
		add_key(reader, name);
		r = tell_row(reader, record);
	}
	return r;
}

static int read_strings(struct reader *reader)
{
	struct text rest = reader->rest;
	struct value *items, list;
	uint32_t count = 0;

	for (const char *at = rest.at; at < rest.end; count++) {
		const char *end = memchr(at, '\0', (size_t)(rest.end - at));

		at = end ? end + 1 : rest.end;
	}
	items = arena_array(reader->arena, struct value, count ? count : 1);
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const char *end = memchr(rest.at, '\0', text_length(rest));

		items[i] = value_data(VALUE_TEXT, rest.at, (size_t)((end ? end : rest.end) - rest.at));
		rest.at = end ? end + 1 : rest.end;
	}
	list = (struct value){ .type = VALUE_LIST, .list = { items, count } };
	return reader->function(reader->data, NULL, &list);
}

static int read_by_kind(struct reader *reader)
{
	switch (reader->layout->kind) {
	case LAYOUT_LINE:
		return read_line(reader);
	case LAYOUT_NAMES:
		return read_names(reader);
	case LAYOUT_ROWS:
		return read_rows(reader);
	case LAYOUT_BLOCKS:
		return read_blocks(reader);
	case LAYOUT_TITLES:
		return read_titles(reader);
	case LAYOUT_MATRIX:
		return read_matrix(reader);
	case LAYOUT_PAIRS:
		return read_pairs(reader);
	case LAYOUT_STRINGS:
		return read_strings(reader);
	}
	return -EINVAL;
}

int layout_read(const struct layout *layout, const char *text, size_t length, struct arena *arena, layout_function *function, void *data)
{
	struct reader reader = { .layout = layout, .rest = { text, text + length }, .arena = arena, .function = function, .data = data };
	int r;

	table_init(&reader.seen, key_matches);
	arena_reset(arena);
	r = read_by_kind(&reader);
	table_done(&reader.seen);
	arena_done(&reader.keys);
	buffer_done(&reader.key);
	return r;
}
