/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fixed struct with a list of others behind it, of which it says the number: the comparisons of u32, the changes of pedit. In a schema it is the
 * header and the one attribute "keys". */
#include <errno.h>

#include "channel/tc.h"

#define KEYS 1 /* where a schema of such a struct has its list */

/* SCHEMA without the list, for the bytes before it. */
static struct schema header_of(const struct schema *schema)
{
	return (struct schema){
		.name = schema->name, .header_size = schema->header_size, .header = schema->header, .header_count = schema->header_count
	};
}

int tc_decode_keys(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	const struct schema *schema = field->schema, header = header_of(schema);
	const struct schema *key = schema->attributes[KEYS].element->schema;
	const size_t count = length < schema->header_size ? 0 : (length - schema->header_size) / key->header_size;
	struct value *items = arena_array(decode->arena, struct value, count + 1);
	struct record *record, *inside;
	int r;

	if (!items)
		return -ENOMEM;
	if (length < schema->header_size || (length - schema->header_size) % key->header_size)
		return -EBADMSG;
	r = schema_decode_nest(decode, &header, data, schema->header_size, &record);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = schema_decode_nest(decode, key, (const uint8_t *)data + schema->header_size + i * key->header_size, key->header_size, &inside);
		items[i] = (struct value){ .type = VALUE_RECORD, .record = inside };
	}
	if (r < 0)
		return r;
	record->schema = schema;
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return record_put(decode->arena, record, "keys", (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)count } });
}

int tc_encode_keys(const struct field *field, const struct value *value, size_t number_at, struct buffer *buffer, struct error *error)
{
	_cleanup_(arena_done) struct arena arena = { 0 };
	const struct schema header = header_of(field->schema);
	const struct value *keys = record_find(value->record, "keys");
	const size_t start = buffer->length;
	struct record *record;
	int r = record_copy(&arena, value->record, &record);

	if (r < 0)
		return error_set(error, r, "%s: %s", field->name, error_text(r));
	if (keys && (keys->type != VALUE_LIST || keys->list.count > UINT8_MAX))
		return error_set(error, -EINVAL, "%s: keys must be a list of at most %u", field->name, UINT8_MAX);
	record_drop(record, "keys");
	record->schema = &header;
	r = schema_encode(record, 0, buffer, error);
	for (uint32_t i = 0; r == 0 && keys && i < keys->list.count; i++)
		r = keys->list.items[i].type == VALUE_RECORD ? schema_encode(keys->list.items[i].record, 0, buffer, error)
							     : error_set(error, -EINVAL, "%s: each key is a record", field->name);
	if (r == 0 && !buffer->failed)
		buffer->data[start + number_at] = (char)(keys ? keys->list.count : 0);
	return r;
}
