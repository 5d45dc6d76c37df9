/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a schema says of the fields at an address, whether or not anything there has them. */
#include <errno.h>

#include "channel/object.h"
#include "lib/context.h"
#include "model/address.h"
#include "model/schema.h"

#define DEPTH_MAXIMUM 8

struct telling {
	struct buffer path;
	ferry_item_function *function;
	void *data;
};

static int tell_schema(struct telling *telling, const struct schema *schema, unsigned int depth);

/* Of a record the fields, of a choice between records the fields of each. */
static int tell_inside(struct telling *telling, const struct field *field, unsigned int depth)
{
	int r = 0;

	if (depth >= DEPTH_MAXIMUM)
		return 0;
	if (field->kind == FIELD_SELECT)
		for (uint32_t i = 0; r == 0 && i < field->select->count; i++)
			r = tell_schema(telling, field->select->rows[i].schema, depth + 1);
	else if (field_schema(field))
		r = tell_schema(telling, field_schema(field), depth + 1);
	return r;
}

static int tell_field(struct telling *telling, const struct field *field, unsigned int depth)
{
	const size_t length = telling->path.length;
	int r;

	if (!field->name || field->kind == FIELD_UNKNOWN || field->kind == FIELD_PAD || field->flags & FIELD_HIDDEN)
		return 0;
	buffer_printf(&telling->path, "%s%s", length ? "/" : "", field->name);
	if (telling->path.failed)
		return -ENOMEM;
	r = telling->function(telling->data, &(struct ferry_item){ .address = telling->path.data,
								   .kind = field_schema(field) ? FERRY_ITEM_OBJECT : FERRY_ITEM_LEAF,
								   .unit = unit_text(field->unit),
								   .help = field->help,
								   .mode = field->flags & FIELD_SETTABLE ? 0644 : 0444 });
	if (r == 0)
		r = tell_inside(telling, field, depth);
	telling->path.length = length;
	telling->path.data[length] = '\0';
	return r;
}

static int tell_schema(struct telling *telling, const struct schema *schema, unsigned int depth)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && schema && i < schema->header_count; i++)
		r = tell_field(telling, &schema->header[i], depth);
	for (uint32_t i = 0; r == 0 && schema && i < schema->attribute_count; i++)
		r = tell_field(telling, &schema->attributes[i], depth);
	return r;
}

static const struct schema *schema_at(const struct channel *channel, const char *path)
{
	if (channel->object)
		return channel->object->schema;
	return channel->schema ? channel->schema(path) : NULL;
}

int ferry_fields(struct ferry *ferry, const char *address, ferry_item_function *function, void *data)
{
	struct telling telling = { .function = function, .data = data };
	_cleanup_buffer_ struct buffer text = { 0 };
	const struct schema *schema;
	const char *path = "";
	const struct channel *only;
	bool found = false;
	int r = address_canonical(address, strlen(address), &text, &ferry->error);

	if (r < 0)
		return r;
	only = channel_of(text.data, &path);
	for (unsigned int i = 0; r == 0 && i < channel_count; i++) {
		if (only ? channels[i] != only : !address_under(channels[i]->name, text.data))
			continue;
		schema = schema_at(channels[i], path);
		found |= schema != NULL;
		r = tell_schema(&telling, schema, 0);
	}
	buffer_done(&telling.path);
	if (r < 0)
		return error_set(&ferry->error, r, "no memory for the fields of %s", address);
	return r || found ? r : error_set(&ferry->error, -ENOENT, "no schema says what lies at %s", address);
}
