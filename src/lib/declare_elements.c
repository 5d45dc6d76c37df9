/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of nftables' sets in documents: by the types of their set, a range in one line, which to the kernel are two elements. What a line means is
 * known once its set is, and that may stand further down. */
#include "lib/declare_elements.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channel/netfilter_typed.h"
#include "model/field.h"

#define SET_CHANNEL "netlink/netfilter/set/"

/* ---- Writing ---- */

/* All of one set come together. */
const struct said_set *elements_set(struct ruleset *ruleset, const struct kind *kind, const struct standing *standing)
{
	const size_t length = (size_t)(strrchr(standing->path, '/') - standing->path);
	struct ruleset_last_set *last = &ruleset->last;
	struct record *record;

	if (last->path && last->length == length && memcmp(last->path, standing->path, length) == 0)
		return last->set;
	arena_reset(&last->arena);
	last->path = standing->path;
	last->length = length;
	last->set = NULL;
	if (standing_record(kind, standing, &last->arena, &record) == 0 && !netfilter_sets_own(ruleset->sets, record, record_find(record, "set")))
		last->set = netfilter_sets_find(ruleset->sets, &last->arena, record, record);
	return last->set;
}

/* A verdict and the chain that it names, and nothing else. */
static bool write_verdict(const struct record *verdict, struct buffer *ret)
{
	const struct value *chain = record_find(verdict, "chain");
	const char *word = names_find(field_names(schema_field(verdict->schema, "code")), record_number(verdict, "code", UINT64_MAX));

	if (!word || verdict->count != (chain ? 2 : 1) || (chain && (chain->type != VALUE_TEXT || !chain->bytes.length)))
		return false;
	buffer_add_text(ret, word);
	if (chain) {
		buffer_add_char(ret, ' ');
		buffer_add(ret, chain->bytes.data, chain->bytes.length);
	}
	return true;
}

struct value elements_value(const char *text, size_t length)
{
	if (length < 19 && strspn(text, "0123456789") == length)
		return value_uint(strtoull(text, NULL, 10));
	return value_data(VALUE_TEXT, text, length);
}

int elements_write_data(const struct said_set *set, struct arena *arena, struct record *element)
{
	struct entry *entry = record_at(element, "data");
	const struct record *data = entry && entry->value.type == VALUE_RECORD ? entry->value.record : NULL;
	const struct record *verdict = data ? record_inside(data, "verdict") : NULL;
	_cleanup_buffer_ struct buffer text = { 0 };
	const char *copy;

	if (!data || !(verdict ? data->count == 1 && write_verdict(verdict, &text) : netfilter_typed_data(set, data, &text)))
		return text.failed ? -ENOMEM : 0;
	copy = text.failed ? NULL : arena_copy(arena, text.data, text.length);
	if (!copy)
		return -ENOMEM;
	*entry = (struct entry){ .name = "data", .value = elements_value(copy, text.length) };
	return 0;
}

static bool is_end_of(const struct standing *standing, const char *path, size_t length)
{
	return strncmp(standing->path, path, length) == 0 && strcmp(standing->path + length, ",end") == 0;
}

/* The element behind the range that STANDING begins: the next one, but for one that begins at the same place; NULL. */
static const struct standing *end_of(const struct kind *kind, const struct standing *standing)
{
	const size_t place = (size_t)(standing - kind->list), set = (size_t)(strrchr(standing->path, '/') + 1 - standing->path);
	size_t next = place + 1;

	/* Its own place may be the end of the one before. */
	if (next < kind->count && is_end_of(&kind->list[next], standing->path, strlen(standing->path)))
		next++;
	if (next + 1 < kind->count && is_end_of(&kind->list[next + 1], kind->list[next].path, strlen(kind->list[next].path)))
		next++;
	return next < kind->count && strncmp(kind->list[next].path, standing->path, set) == 0 ? &kind->list[next] : NULL;
}

/* The bytes that stand at TEXT as "0x0a", into ROOM; the length of the text, 0 where there are none. */
static size_t read_bytes(const char *text, uint8_t room[NETFILTER_KEY_MAXIMUM], struct value *ret)
{
	size_t length = 0;

	if (strncmp(text, "0x", 2) != 0)
		return 0;
	for (const char *at = text + 2; hex_digit(at[0]) >= 0 && hex_digit(at[1]) >= 0 && length < NETFILTER_KEY_MAXIMUM; at += 2)
		room[length++] = (uint8_t)(hex_digit(at[0]) << 4 | hex_digit(at[1]));
	*ret = value_data(VALUE_BYTES, room, length);
	return 2 + 2 * length;
}

/* The path says the whole key: nothing is decoded for it, as there may be a million. */
bool elements_said(struct ruleset *ruleset, const struct kind *kind, const struct standing *standing, struct buffer *ret)
{
	const struct said_set *set = elements_set(ruleset, kind, standing);
	const struct standing *end = set && netfilter_set_has_ends(set) ? end_of(kind, standing) : NULL;
	const char *key = strrchr(standing->path, '/') + 1;
	uint8_t first[NETFILTER_KEY_MAXIMUM], last[NETFILTER_KEY_MAXIMUM];
	struct entry entries[] = { { .name = "key" }, { .name = "key_end" } };
	struct record element = { .entries = entries, .count = 1 };
	struct value behind;
	size_t length = read_bytes(key, first, &entries[0].value);

	if (!set || !length)
		return false;
	if (key[length] == '-') {
		element.count = 2;
		length += 1 + read_bytes(key + length + 1, last, &entries[1].value);
	}
	if (key[length]) /* an end */
		return false;
	if (end) {
		const char *other = strrchr(end->path, '/') + 1;

		length = read_bytes(other, last, &behind);
		if (!length || strcmp(other + length, ",end") != 0)
			return false;
	}
	buffer_printf(ret, "%s/", kind->channel->name);
	buffer_add(ret, standing->path, (size_t)(key - standing->path));
	return netfilter_typed_key(set, &element, end ? &behind : NULL, ret) && !ret->failed;
}

/* ---- Reading ---- */

struct settling {
	struct wishes *wishes;
	struct arena arena; /* of the set */
	struct netfilter_sets *standing;
	const char *path; /* of the wish that was last, and how much of it says the set */
	size_t length;
	const struct said_set *set;
};

/* A set that the document says. */
static int said_by_document(struct settling *settling, const char *path, struct record **ret)
{
	const struct object *object = &object_netfilter_set;
	struct ferry *ferry = settling->wishes->ferry;
	_cleanup_buffer_ struct buffer address = { 0 };
	struct record *generic, *key;
	const struct wish *wish;
	const char *rest;
	int r;

	buffer_add_text(&address, SET_CHANNEL);
	buffer_add_text(&address, path);
	wish = address.failed ? NULL : table_find(&settling->wishes->table, address.data, address.length);
	if (!wish || wish->absent)
		return address.failed ? -ENOMEM : -ENOENT;
	r = record_copy(&settling->arena, wish->generic, &generic);
	if (r == 0)
		r = object->parse(path, &ferry->machine.naming, &settling->arena, &key, &rest, &ferry->error);
	if (r == 0)
		r = object_of_generic(object, generic, key, &ferry->machine.naming, &settling->arena, ret, &ferry->error);
	return r;
}

/* One that stands, with the key fields that ELEMENT has of it. */
static const struct said_set *said_by_kernel(struct settling *settling, const struct record *element)
{
	if (!settling->standing)
		settling->standing = netfilter_sets_new(&settling->wishes->ferry->machine);
	return settling->standing ? netfilter_sets_find(settling->standing, &settling->arena, element, element) : NULL;
}

/* The set that the element at PATH, of which the first LENGTH bytes say it, is in; NULL where it is not known. */
static int find_set(struct settling *settling, const char *path, size_t length, const struct said_set **ret)
{
	struct record *element, *set;
	const char *rest;
	char *own;
	int r;

	*ret = settling->set;
	if (settling->path && settling->length == length && memcmp(settling->path, path, length) == 0)
		return 0;
	arena_reset(&settling->arena);
	settling->path = path;
	settling->length = length;
	settling->set = NULL;
	own = arena_array(&settling->arena, char, length + sizeof("/0x00"));
	if (!own)
		return -ENOMEM;
	memcpy(mempcpy(own, path, length), "/0x00", sizeof("/0x00"));
	r = object_netfilter_element.parse(own, NULL, &settling->arena, &element, &rest, &settling->wishes->ferry->error);
	own[length] = '\0';
	if (r == 0)
		r = said_by_document(settling, own, &set);
	if (r == 0)
		settling->set = netfilter_set_said(&settling->arena, set, false);
	else if (r == -ENOENT)
		settling->set = said_by_kernel(settling, element);
	*ret = settling->set;
	return r == -ENOENT ? 0 : r;
}

int elements_refuse(struct wishes *wishes, const struct wish *wish, const char *what, const char *text, size_t length, const struct said_set *set)
{
	struct error *error = &wishes->ferry->error;
	_cleanup_buffer_ struct buffer type = { 0 };
	const struct value *value = record_find(set->set, what[0] == 'k' ? "key_type" : "data_type");

	if (value)
		value_print(&type, value, NULL, NULL);
	error_set(error, -EINVAL, "\"%.*s\" is no %s of type %s%s", (int)length, text, what, type.data ? type.data : "none",
		  what[0] == 'k' ? ", and no bytes, which begin with 0x" : "");
	error_wrap(error, "%s", wish->address);
	return wish->line ? error_wrap(error, "line %u", wish->line) : error->code;
}

static void add_hex(struct buffer *ret, const uint8_t *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		buffer_printf(ret, "%02x", data[i]);
}

static int put_text(struct arena *arena, struct record *record, const char *name, const char *text, size_t length)
{
	const char *copy = arena_copy(arena, text, length);

	return copy ? record_add(arena, record, (struct entry){ .name = name, .value = value_data(VALUE_TEXT, copy, length) }) : -ENOMEM;
}

/* "accept", "jump other". */
static int read_verdict(struct arena *arena, const char *text, size_t length, struct record *data)
{
	const char *blank = memchr(text, ' ', length);
	const size_t word = blank ? (size_t)(blank - text) : length;
	struct record *verdict = record_new(arena, NULL);
	int r = verdict ? put_text(arena, verdict, "code", text, word) : -ENOMEM;

	if (r == 0 && blank)
		r = put_text(arena, verdict, "chain", blank + 1, length - word - 1);
	return r < 0 ? r : record_add(arena, data, (struct entry){ .name = "verdict", .value = { .type = VALUE_RECORD, .record = verdict } });
}

int elements_read_data(struct wishes *wishes, const struct wish *wish, const struct said_set *set, struct record *element)
{
	struct arena *arena = &wishes->arena;
	struct entry *entry = record_at(element, "data");
	_cleanup_buffer_ struct buffer hex = { 0 }, said = { 0 };
	struct netfilter_range range;
	struct record *data;
	const char *text;
	size_t length;
	int r;

	if (!entry || entry->value.type == VALUE_RECORD || entry->value.type == VALUE_NULL)
		return 0;
	if (entry->value.type == VALUE_TEXT) {
		buffer_add(&said, entry->value.bytes.data, entry->value.bytes.length);
		buffer_add(&said, "", 1);
	} else {
		value_print(&said, &entry->value, NULL, NULL);
	}
	text = said.failed ? NULL : said.data;
	length = text ? strlen(text) : 0;
	data = record_new(arena, NULL);
	if (!data || !text)
		return -ENOMEM;
	if (set_leads_to_verdict(set)) {
		r = read_verdict(arena, text, length, data);
	} else if (!netfilter_parse_typed_data(set, text, length, &range)) {
		return elements_refuse(wishes, wish, "data", text, length, set);
	} else {
		add_hex(&hex, range.first, range.length);
		r = hex.failed ? -ENOMEM : put_text(arena, data, "value", hex.data, hex.length);
	}
	entry->value = (struct value){ .type = VALUE_RECORD, .record = data };
	return r;
}

/* WISH by the bytes of its key, where it has not been said so already. */
static int settle_wish(struct settling *settling, const struct said_set *set, struct wish *wish, size_t length)
{
	const bool has_ends = netfilter_set_has_ends(set);
	const char *text = wish->path + length + 1;
	_cleanup_buffer_ struct buffer address = { 0 };
	uint8_t end[NETFILTER_KEY_MAXIMUM];
	struct netfilter_range range;
	int r;

	if (!netfilter_parse_typed_key(set, text, strlen(text), &range))
		return elements_refuse(settling->wishes, wish, "key", text, strlen(text), set);
	buffer_add(&address, wish->address, (size_t)(text - wish->address));
	netfilter_range_path(set, &range, &address);
	r = address.failed ? -ENOMEM : elements_read_data(settling->wishes, wish, set, wish->generic);
	if (r == 0)
		r = wishes_rename(settling->wishes, wish, address.data, text);
	if (r < 0 || !has_ends || !netfilter_range_end(&range, end))
		return r;
	address.length = (size_t)(strrchr(address.data, '/') + 1 - address.data);
	buffer_add_text(&address, "0x");
	add_hex(&address, end, range.length);
	buffer_add_text(&address, ",end");
	return address.failed ? -ENOMEM : wishes_add_beside(settling->wishes, wish, address.data);
}

/* A set that is not known: an address says itself what it is. Whether anything else matters is seen later: what is to be absent is so where there is
 * no set. */
static int leave(struct settling *settling, struct wish *wish, size_t length)
{
	_cleanup_buffer_ struct buffer address = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	const char *rest;
	struct record *key;
	char *kept;

	if (object_netfilter_element.parse(wish->path, NULL, &arena, &key, &rest, NULL) == 0 && !*rest) {
		object_address(&object_netfilter_element, key, NULL, &address);
		return address.failed ? -ENOMEM : wishes_rename(settling->wishes, wish, address.data, wish->path + length + 1);
	}
	kept = arena_copy(&settling->wishes->arena, wish->address, strlen(wish->address));
	if (!kept)
		return -ENOMEM;
	wish->address = kept;
	wish->path = kept + strlen(wish->channel->name) + 1;
	return 0;
}

/* Whether the set's types say what WISH means, or a part of it. */
static bool depends(const struct wish *wish)
{
	const struct entry *data = wish->typed ? NULL : record_at(wish->generic, "data");

	return wish->typed || (data && data->value.type != VALUE_RECORD && data->value.type != VALUE_NULL);
}

static int settle(struct settling *settling, struct wish *wish)
{
	const char *path = wish->path, *key = path;
	const struct said_set *set;
	size_t length;
	int r;

	for (int i = 0; i < 3; i++)
		key = strchr(key, '/') + 1;
	length = (size_t)(key - 1 - path);
	r = find_set(settling, path, length, &set);
	if (r < 0)
		return r;
	if (!wish->typed)
		return set ? elements_read_data(settling->wishes, wish, set, wish->generic) : 0;
	return set ? settle_wish(settling, set, wish, length) : leave(settling, wish, length);
}

int elements_settle(struct wishes *wishes)
{
	struct settling settling = { .wishes = wishes };
	const size_t count = wishes->count;
	struct wish **list = NULL;
	size_t used = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		if (wishes->list[i]->channel->object == &object_netfilter_rule)
			r = own_elements_read(wishes, wishes->list[i]);
	for (size_t i = 0; r == 0 && i < count; i++) {
		const bool concerned = wishes->list[i]->channel->object == &object_netfilter_element && depends(wishes->list[i]);
		const size_t before = wishes->count;

		if (concerned && !list) {
			/* What a line wishes beside itself comes behind it. */
			list = calloc(2 * count, sizeof(struct wish *));
			r = list ? 0 : -ENOMEM;
			used = i;
			if (list)
				memcpy(list, wishes->list, i * sizeof(struct wish *));
		}
		if (r == 0 && concerned)
			r = settle(&settling, wishes->list[i]);
		if (list)
			list[used++] = wishes->list[i];
		if (list && wishes->count > before)
			list[used++] = wishes->list[before];
	}
	if (list) {
		free(wishes->list);
		wishes->list = list;
		wishes->size = 2 * count;
		list = used ? reallocarray(list, used, sizeof(struct wish *)) : NULL;
		if (list) {
			wishes->list = list;
			wishes->size = used;
		}
		wishes->count = used;
	}
	netfilter_sets_free(settling.standing);
	arena_done(&settling.arena);
	if (r == 0)
		arena_done(&wishes->passing);
	if (r == -ENOMEM || (r < 0 && wishes->ferry->error.code != r))
		return error_set(&wishes->ferry->error, r, "elements of a document: %s", error_text(r));
	return r;
}
