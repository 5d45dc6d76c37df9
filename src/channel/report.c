/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/report.h"

#include <errno.h>
#include <string.h>

#include "channel/nature.h"
#include "wire/file.h"

#define TRIES 4 /* readings, until two that follow each other agree */

/* ---- Names ---- */

static bool is_process(const char *part, size_t length)
{
	return length && (strspn(part, "0123456789") >= length || (length == 4 && !memcmp(part, "self", 4)) ||
			  (length == 11 && !memcmp(part, "thread-self", 11)));
}

/* PATH behind the folder of a process or thread; PATH itself where it begins with none. */
static const char *skip_process(const char *path)
{
	size_t length = strcspn(path, "/");
	const char *thread;

	if (!path[length] || !is_process(path, length))
		return path;
	path += length + 1;
	if (strncmp(path, "task/", 5))
		return path;
	thread = path + 5;
	length = strcspn(thread, "/");
	return thread[length] && is_process(thread, length) ? thread + length + 1 : path;
}

/* How much of PATH the NAME is, 0 where it is another. */
static size_t match(const char *name, const char *path)
{
	size_t length = strlen(name), part;

	if (name[length - 1] != '*')
		return !strncmp(path, name, length) && (!path[length] || path[length] == '/') ? length : 0;
	part = strncmp(path, name, length - 1) ? 0 : strcspn(path + length - 1, "/");
	return part ? length - 1 + part : 0;
}

static const struct report *find(const struct report *reports, const char *path, const char **ret_rest)
{
	for (; reports->name; reports++) {
		size_t length = match(reports->name, path);

		if (!length)
			continue;
		*ret_rest = path + length + (path[length] == '/');
		return reports;
	}
	return NULL;
}

const struct report *report_of(const char *path, const char **ret_rest)
{
	const char *own = skip_process(path);

	if (!strncmp(own, "net/", 4))
		return find(reports_network, own, ret_rest);
	return find(own == path ? reports_machine : reports_process, own, ret_rest);
}

bool report_has_rows(const struct report *report)
{
	if (!report->layout)
		return false;
	switch (report->layout->kind) {
	case LAYOUT_LINE:
	case LAYOUT_NAMES:
	case LAYOUT_STRINGS:
		return false;
	default:
		return true;
	}
}

/* ---- Reading ---- */

/* How much of LINE its first WORDS words are. */
static size_t head_of(const char *line, size_t length, unsigned int words)
{
	size_t at = 0;

	if (words == STEADY_ALL)
		return length;
	while (words-- && at < length) {
		while (at < length && (line[at] == ' ' || line[at] == '\t'))
			at++;
		while (at < length && line[at] != ' ' && line[at] != '\t')
			at++;
	}
	return at;
}

bool report_same_rows(const char *a, size_t a_length, const char *b, size_t b_length, unsigned int words)
{
	const char *a_end = a + a_length, *b_end = b + b_length;

	while (a < a_end && b < b_end) {
		const char *a_line = memchr(a, '\n', (size_t)(a_end - a)), *b_line = memchr(b, '\n', (size_t)(b_end - b));
		size_t a_head = head_of(a, (size_t)((a_line ? a_line : a_end) - a), words);
		size_t b_head = head_of(b, (size_t)((b_line ? b_line : b_end) - b), words);

		if (a_head != b_head || memcmp(a, b, a_head))
			return false;
		a = a_line ? a_line + 1 : a_end;
		b = b_line ? b_line + 1 : b_end;
	}
	return a == a_end && b == b_end;
}

int report_read(const struct report *report, int descriptor, unsigned int flags, uint64_t deadline, struct buffer *ret,
		enum ferry_consistency *ret_consistency)
{
	_cleanup_buffer_ struct buffer before = { 0 };
	uint64_t begin = file_clock();
	unsigned int reads = 0;
	int r = file_read_counted(descriptor, flags, deadline, ret, &reads);

	if (r < 0)
		return r;
	*ret_consistency = FERRY_WHOLE;
	if (reads < 2 || (report && !report->steady))
		return 0;
	if (!report) {
		*ret_consistency = FERRY_UNKNOWN;
		return 0;
	}
	for (unsigned int i = 1; i < TRIES && file_clock() - begin < deadline; i++) {
		buffer_clear(&before);
		buffer_add(&before, ret->data, ret->length);
		if (before.failed)
			return -ENOMEM;
		if (lseek(descriptor, 0, SEEK_SET) < 0)
			break;
		buffer_clear(ret);
		r = file_read_counted(descriptor, flags, deadline, ret, &reads);
		if (r < 0)
			return r;
		if (report_same_rows(before.data, before.length, ret->data, ret->length, report->steady))
			return 0;
	}
	*ret_consistency = FERRY_INTERRUPTED;
	return 0;
}

/* ---- Telling ---- */

struct telling {
	struct record_items *items;
	const char *rest;
	bool named;
	size_t length; /* of the file's own address */
};

/* How much of REST the KEY is (globs match within its parts), 0 where it is another. */
static size_t key_length(const char *key, const char *rest)
{
	size_t length = strlen(key), parts = 1, end = 0;
	_cleanup_free_ char *head = NULL;

	if (!strncmp(rest, key, length) && (!rest[length] || rest[length] == '/'))
		return length;
	if (!strpbrk(rest, "*?["))
		return 0;
	for (const char *at = key; *at; at++)
		parts += *at == '/';
	for (; rest[end] && (rest[end] != '/' || --parts); end++)
		;
	head = strndup(rest, end);
	return head && end && nature_match(head, key) ? end : 0;
}

static int tell_value(struct telling *telling, const struct value *value, const char *rest, bool named)
{
	struct record_items *items = telling->items;

	if (value->type == VALUE_RECORD)
		return record_items_tell(items, value->record, rest, named);
	return *rest ? 0 : record_items_tell_value(items, NULL, value);
}

static int tell_row(void *data, const char *key, const struct value *value)
{
	struct telling *telling = data;
	struct buffer *address = &telling->items->address;
	size_t length = 0;
	int r;

	if (!key)
		return tell_value(telling, value, telling->rest, telling->named);
	if (*telling->rest) {
		length = key_length(key, telling->rest);
		if (!length)
			return 0;
		length += telling->rest[length] == '/';
	}
	buffer_add_char(address, '/');
	buffer_add_text(address, key);
	if (address->failed)
		return -ENOMEM;
	r = tell_value(telling, value, telling->rest + length, *telling->rest);
	address->length = telling->length;
	address->data[address->length] = '\0';
	return r;
}

int report_tell(const struct report *report, const struct buffer *content, const char *rest, bool named, struct arena *arena,
		struct record_items *items)
{
	struct telling telling = { .items = items, .rest = rest, .named = named, .length = items->address.length };

	items->help = report->layout->schema ? report->layout->schema->help : NULL;
	return layout_read(report->layout, content->data ? content->data : "", content->length, arena, tell_row, &telling);
}

/* ---- Links ---- */

static const struct field namespace_field = { .name = "namespace", .kind = FIELD_U64, .help = "inode number: the same number, the same namespace" };

enum { LINK_KIND, LINK_INODE, LINK_TARGET, LINK_FIELDS };
static const struct field descriptor_fields[LINK_FIELDS] = {
	[LINK_KIND] = { "kind", FIELD_TEXT, .help = "file, socket, pipe, ...: what is open" },
	[LINK_INODE] = { "inode", FIELD_U64, .help = "of a socket, pipe or namespace" },
	[LINK_TARGET] = { "target", FIELD_TEXT, .help = "what the link reads" },
};
static const struct schema descriptor_schema = {
	.name = "fd", .help = "an open file of the process", .attributes = descriptor_fields, .attribute_count = LINK_FIELDS
};

/* "net:[4026531833]": its kind is "net" and its number. */
static bool split_target(const char *target, size_t length, size_t *ret_kind, struct value *ret_inode)
{
	const char *open = memmem(target, length, ":[", 2);
	struct arena none = { 0 };

	if (!open || open == target || target[0] == '/' || target[length - 1] != ']')
		return false;
	*ret_kind = (size_t)(open - target);
	return layout_value(&namespace_field, open + 2, length - *ret_kind - 3, &none, ret_inode) == 0 && ret_inode->type == VALUE_UINT;
}

static int add(struct arena *arena, struct record *record, unsigned int field, struct value value)
{
	return record_add(
		arena, record,
		(struct entry){
			.name = descriptor_fields[field].name, .field = &descriptor_fields[field], .number = (uint16_t)field, .value = value });
}

static int descriptor_record(const char *target, size_t length, struct arena *arena, struct record **ret)
{
	static const char anonymous[] = "anon_inode:";
	struct record *record = record_new_sized(arena, &descriptor_schema, LINK_FIELDS);
	struct value inode;
	size_t kind;
	int r;

	if (!record)
		return -ENOMEM;
	if (split_target(target, length, &kind, &inode)) {
		r = add(arena, record, LINK_KIND, value_data(VALUE_TEXT, target, kind));
		if (r == 0)
			r = add(arena, record, LINK_INODE, inode);
	} else if (length >= strlen(anonymous) && !memcmp(target, anonymous, strlen(anonymous))) {
		r = add(arena, record, LINK_KIND, value_text("anonymous"));
	} else {
		r = add(arena, record, LINK_KIND, value_text("file"));
	}
	if (r == 0)
		r = add(arena, record, LINK_TARGET, value_data(VALUE_TEXT, target, length));
	*ret = record;
	return r;
}

int report_tell_link(const struct report *report, const struct buffer *target, const char *rest, bool named, struct arena *arena,
		     struct record_items *items)
{
	const char *text = target->data ? target->data : "";
	struct record *record;
	struct value inode;
	size_t kind;
	int r;

	arena_reset(arena);
	if (!strncmp(report->name, "ns/", 3)) {
		if (*rest)
			return 0;
		if (target->length && split_target(text, target->length, &kind, &inode))
			return record_items_tell_value(items, &namespace_field, &inode);
		inode = value_data(VALUE_TEXT, text, target->length);
		return record_items_tell_value(items, NULL, &inode);
	}
	items->help = descriptor_schema.help;
	r = descriptor_record(text, target->length, arena, &record);
	return r < 0 ? r : record_items_tell(items, record, rest, named);
}
