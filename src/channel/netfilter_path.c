/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of nftables' objects, and requests by what they say. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "channel/netfilter.h"
#include "channel/words.h"

/* What a path or a pattern would take for its own. */
static bool is_plain(unsigned char character)
{
	return character > ' ' && character < 0x7f && !strchr("/%,*?[]{}=\"'\\", character);
}

void netfilter_path_name(const struct value *value, struct buffer *ret)
{
	const unsigned char *name = value->bytes.data;

	for (uint32_t i = 0; i < value->bytes.length; i++)
		if (is_plain(name[i]))
			buffer_add_char(ret, (char)name[i]);
		else
			buffer_printf(ret, "%%%02X", name[i]);
}

/* Whether ATTRIBUTE of SCHEMA is part of an identity. */
static const struct field *key_field(const struct schema *schema, uint32_t attribute)
{
	const struct field *field = &schema->attributes[attribute];

	return field->name && field->flags & FIELD_KEY ? field : NULL;
}

static bool has_family(const struct schema *schema)
{
	return schema->header_count > 0;
}

void netfilter_path_up_to(const struct record *record, uint32_t last, struct buffer *ret)
{
	const size_t begin = ret->length;

	if (has_family(record->schema))
		words_add(ret, &words_netfilter_family, record_number(record, "family", 0));
	for (uint32_t i = 0; i <= last; i++) {
		const struct field *field = key_field(record->schema, i);
		const struct value *value = field ? record_find(record, field->name) : NULL;

		if (!field)
			continue;
		if (ret->length > begin)
			buffer_add_char(ret, '/');
		if (value && value->type == VALUE_TEXT)
			netfilter_path_name(value, ret);
		else if (field->kind != FIELD_TEXT)
			words_add(ret, field_names(field), record_number(record, field->name, 0));
	}
}

void netfilter_path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)naming;
	netfilter_path_up_to(record, record->schema->attribute_count - 1, ret);
}

static int hexadecimal(char character)
{
	const char *digits = "0123456789abcdef", *found = character ? strchr(digits, character | ('a' - 'A')) : NULL;

	if (character >= '0' && character <= '9')
		return character - '0';
	return found && found - digits > 9 ? (int)(found - digits) : -1;
}

int netfilter_parse_name(struct object_path *path, const char *field)
{
	const size_t length = strcspn(path->rest, "/");
	char *name = arena_copy(path->arena, path->rest, length);
	size_t used = 0;

	if (!name)
		return -ENOMEM;
	if (length == 0)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		const int high = name[i] == '%' && i + 2 < length ? hexadecimal(name[i + 1]) : -1;
		const int low = high >= 0 ? hexadecimal(name[i + 2]) : -1;

		if (low >= 0 && high + low > 0) {
			name[used++] = (char)(high << 4 | low);
			i += 2;
		} else {
			name[used++] = name[i];
		}
	}
	path->rest += length + (path->rest[length] == '/');
	return record_put(path->arena, path->record, field, value_data(VALUE_TEXT, name, used));
}

void netfilter_add_header(const struct record *key, struct buffer *request)
{
	const struct nfgenmsg header = { .nfgen_family = (uint8_t)record_number(key, "family", 0), .version = NFNETLINK_V0 };

	buffer_add(request, &header, sizeof(header));
}

void netfilter_add_text(const struct record *key, const char *field, uint16_t type, struct buffer *request)
{
	const struct value *value = record_find(key, field);
	size_t begin;

	if (!value || value->type != VALUE_TEXT)
		return;
	begin = attribute_begin(request, type);
	buffer_add(request, value->bytes.data, value->bytes.length);
	buffer_add_char(request, '\0');
	attribute_end(request, begin);
}

int netfilter_parse_up_to(struct object_path *path, uint32_t last)
{
	int r = has_family(path->record->schema) ? object_parse_word(path, "family", &words_netfilter_family) : 0;

	for (uint32_t i = 0; r == 0 && i <= last; i++) {
		const struct field *field = key_field(path->record->schema, i);

		if (field)
			r = field->kind == FIELD_TEXT ? netfilter_parse_name(path, field->name)
						      : object_parse_word(path, field->name, field_names(field));
	}
	return r;
}

int netfilter_parse(const struct schema *schema, const char *form, struct object_path *path, struct record **ret, const char **ret_rest)
{
	const char *text = path->rest;
	int r;

	path->record = record_new(path->arena, schema);
	r = path->record ? netfilter_parse_up_to(path, schema->attribute_count - 1) : -ENOMEM;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(path->error, -EINVAL, "\"%s\" is no %s: %s", text, schema->name, form);
	*ret = path->record;
	*ret_rest = path->rest;
	return 0;
}

int netfilter_get(const struct record *key, struct buffer *request)
{
	return schema_encode(key, FIELD_KEY, request, NULL) < 0 ? -ENOENT : OBJECT_GET_ONE;
}

static void drop_derived(struct record *record)
{
	for (uint32_t i = record->count; i-- > 0;) {
		struct entry *entry = &record->entries[i];

		if (entry->field && entry->field->flags & FIELD_DERIVED)
			record_drop_entry(record, entry);
		else if (entry->value.type == VALUE_RECORD)
			drop_derived((struct record *)entry->value.record);
		else
			for (uint32_t at = 0; entry->value.type == VALUE_LIST && at < entry->value.list.count; at++)
				if (entry->value.list.items[at].type == VALUE_RECORD)
					drop_derived((struct record *)entry->value.list.items[at].record);
	}
}

int netfilter_prepare(struct arena *arena, struct record *record, enum object_write write)
{
	(void)arena;
	(void)write;
	drop_derived(record);
	return 0;
}

bool netfilter_renews(const struct record *wanted, const struct record *now)
{
	(void)now;
	for (uint32_t i = 0; i < wanted->count; i++) {
		const struct field *field = wanted->entries[i].field;

		if (field && field->flags & FIELD_CREATE && !(field->flags & FIELD_SETTABLE))
			return true;
	}
	return false;
}
