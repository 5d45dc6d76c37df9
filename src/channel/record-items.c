/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/record-items.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "channel/nature.h"

const char *record_items_type(const struct field *field, const struct value *value)
{
	static const char *const names[] = {
		[VALUE_NULL] = "null",   [VALUE_BOOL] = "bool",       [VALUE_INT] = "int",   [VALUE_UINT] = "uint",     [VALUE_TEXT] = "text",
		[VALUE_BYTES] = "bytes", [VALUE_ADDRESS] = "address", [VALUE_LIST] = "list", [VALUE_RECORD] = "record",
	};

	if (field && field_names(field))
		return field_names(field)->flags ? "flags" : "choice";
	if (field && field->kind == FIELD_INTERFACE)
		return "interface";
	if (field && field->decimals && (value->type == VALUE_UINT || value->type == VALUE_INT))
		return "decimal";
	return names[value->type];
}

/* Where what a value is is known from; of a whole record, and of what stands in a field of an odd layout, what its channel says. */
static const char *provenance_of(const struct record_items *items, const struct field *field)
{
	if (!field && !items->unnamed)
		return items->provenance ? items->provenance : "table";
	if (!field || field->flags & FIELD_GUESSED)
		return "guessed";
	return field->flags & FIELD_LEARNED ? "learned" : "table";
}

static struct ferry_item item_of(const struct record_items *items, enum ferry_item_kind kind, const struct field *field, const struct value *value)
{
	const bool moves = field && field->flags & (FIELD_VOLATILE | FIELD_DERIVED);

	return (struct ferry_item){
		.address = items->address.data,
		.kind = kind,
		.type = record_items_type(field, value),
		.unit = field ? unit_text(field->unit) : NULL,
		.help = field                       ? field->help
			: kind == FERRY_ITEM_OBJECT ? items->help
						    : items->help_unknown,
		.mode = !field || field->flags & FIELD_SETTABLE ? items->mode_settable : items->mode,
		.nature = field && field->flags & FIELD_VOLATILE ? FERRY_VOLATILE : FERRY_SETTING,
		.promise = moves ? items->promise_moving : items->promise,
		.consistency = items->consistency,
		.provenance = provenance_of(items, field),
	};
}

static int tell(struct record_items *items, enum ferry_item_kind kind, const struct field *field, const struct value *value)
{
	struct ferry_item item = item_of(items, kind, field, value);

	if (items->address.failed)
		return error_set(items->error, -ENOMEM, "no memory for an address");
	items->found = true;
	if (!items->values)
		return items->function(items->data, &item);
	return channel_item(&item, value, field, items->naming, items->function, items->data);
}

/* "mtu", or "attribute 65" for what the schema does not know. */
static size_t step_into(struct record_items *items, const struct entry *entry)
{
	const size_t length = items->address.length;

	items->unnamed = !entry->name && !entry->field;
	buffer_add_char(&items->address, '/');
	if (entry->name)
		buffer_add_text(&items->address, entry->name);
	else
		buffer_printf(&items->address, "attribute %u", entry->number);
	return length;
}

static void step_out(struct record_items *items, size_t length)
{
	items->unnamed = false;
	if (items->address.failed)
		return;
	items->address.length = length;
	items->address.data[length] = '\0';
}

/* The fields of a record; with DEEP those of nested records in their place. */
static int tell_fields(struct record_items *items, const struct record *record, bool deep)
{
	for (uint32_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];
		const bool nested = entry->value.type == VALUE_RECORD;
		size_t length;
		int r;

		if (entry->field && entry->field->flags & FIELD_HIDDEN)
			continue;
		length = step_into(items, entry);
		if (nested && deep)
			r = tell_fields(items, entry->value.record, deep);
		else
			r = tell(items, nested ? FERRY_ITEM_OBJECT : FERRY_ITEM_LEAF, entry->field, &entry->value);
		step_out(items, length);
		if (r != 0)
			return r;
	}
	return 0;
}

/* A value as the flags want it: whole, or by its leaves. */
int record_items_tell_value(struct record_items *items, const struct field *field, const struct value *value)
{
	const bool nested = value->type == VALUE_RECORD;

	if (nested && (items->fields || items->flags & FERRY_READ_LEAVES))
		return tell_fields(items, value->record, items->flags & (FERRY_READ_LEAVES | FERRY_READ_RECURSIVE));
	return tell(items, nested ? FERRY_ITEM_OBJECT : FERRY_ITEM_LEAF, field, value);
}

/* How many bytes of REST the name of ENTRY takes up, itself a slash: 0 where it is another. A name may hold slashes itself. */
static size_t name_length(const struct entry *entry, const char *rest)
{
	char number[24];
	const char *name = entry->name;
	size_t length;

	if (!name) {
		snprintf(number, sizeof(number), "attribute %u", entry->number);
		name = number;
	}
	length = strlen(name);
	if (length && !strncmp(name, rest, length) && (!rest[length] || rest[length] == '/'))
		return length;
	length = strcspn(rest, "/");
	if (strcspn(rest, "*?[") < length) {
		_cleanup_free_ char *pattern = strndup(rest, length);

		return pattern && nature_match(pattern, name) ? length : 0;
	}
	return 0;
}

/* The fields at REST of a record. Nothing where it has none: the caller says so when nothing was found at all. */
static int tell_at(struct record_items *items, const struct record *record, const char *rest)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < record->count; i++) {
		const struct entry *entry = &record->entries[i];
		size_t part = name_length(entry, rest), length;

		if (!part)
			continue;
		length = step_into(items, entry);
		if (rest[part] != '/')
			r = record_items_tell_value(items, entry->field, &entry->value);
		else if (entry->value.type == VALUE_RECORD)
			r = tell_at(items, entry->value.record, rest + part + 1);
		step_out(items, length);
	}
	return r;
}

int record_items_tell(struct record_items *items, const struct record *record, const char *rest, bool named)
{
	const struct value value = { .type = VALUE_RECORD, .record = record };
	int r;

	if (*rest)
		return tell_at(items, record, rest);
	/* The very record that was named is opened; one of several is told as one. */
	if (items->fields && named)
		return tell_fields(items, record, items->flags & FERRY_READ_RECURSIVE);
	if (items->fields && items->flags & FERRY_READ_RECURSIVE) {
		r = tell(items, FERRY_ITEM_OBJECT, NULL, &value);
		return r != 0 ? r : tell_fields(items, record, true);
	}
	if (items->flags & FERRY_READ_LEAVES)
		return tell_fields(items, record, true);
	return tell(items, FERRY_ITEM_OBJECT, NULL, &value);
}
