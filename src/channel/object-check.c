/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what is asked for an object can be asked for: fields that the kernel alone tells, fields that are given at creation, links that are there.
 */
#include <errno.h>
#include <string.h>

#include "channel/object-setting.h"

static bool moves(const struct field *field)
{
	return field->flags & (FIELD_VOLATILE | FIELD_DERIVED | FIELD_STATE | FIELD_HIDDEN);
}

/* What chooses the schema of other fields, as the kind of a link does, stays as it is made, whether a request may name it or not. */
static bool is_selector(const struct schema *schema, const struct field *field)
{
	for (uint32_t i = 0; schema && i < schema->attribute_count; i++)
		if (schema->attributes[i].kind == FIELD_SELECT && strcmp(schema->attributes[i].select->by, field->name) == 0)
			return true;
	return false;
}

static int check_fields(struct object_setting *own, const struct record *given, const struct record *now, const char *up);

static int check_entry(struct object_setting *own, const struct schema *schema, const struct entry *entry, const struct record *now, const char *up)
{
	const struct field *field = entry->field;
	bool at_creation;
	const struct entry *standing = now && entry->name ? record_at(now, entry->name) : NULL;
	_cleanup_buffer_ struct buffer name = { 0 };

	if (!field)
		return error_set(&own->setting.machine->error, -EOPNOTSUPP, "%sattribute %u is not known here, so it cannot be set", up,
				 entry->number);
	if (field->flags & FIELD_KEY || (standing && value_equal(&entry->value, &standing->value)))
		return 0;
	buffer_printf(&name, "%s%s", up, entry->name);
	if (name.failed)
		return object_setting_no_memory(own);
	if (entry->value.type == VALUE_RECORD && field->flags & (FIELD_SETTABLE | FIELD_CREATE)) {
		buffer_add_char(&name, '/');
		return name.failed ? object_setting_no_memory(own)
				   : check_fields(own, entry->value.record, standing ? record_inside(now, entry->name) : NULL, name.data);
	}
	at_creation = is_selector(schema, field);
	if (field->flags & FIELD_SETTABLE && !(at_creation && standing))
		return 0;
	if (field->flags & FIELD_CREATE || at_creation) {
		if (!own->now || (!*own->rest && !own->object->write && !own->object->keeps_creation))
			return 0;
		return error_set(&own->setting.machine->error, -EOPNOTSUPP,
				 "%s is given when a %s is made, and stands then: remove it and make it anew", name.data, own->object->name);
	}
	/* Of an object that is told whole, as get printed it, what only the kernel says is passed over, unless it contradicts what stands. */
	if (!*own->rest && (!own->now || moves(field)))
		return 0;
	return error_set(&own->setting.machine->error, -EOPNOTSUPP, "%s is told by the kernel, not set", name.data);
}

static int check_fields(struct object_setting *own, const struct record *given, const struct record *now, const char *up)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < given->count; i++)
		r = check_entry(own, given->schema, &given->entries[i], now, up);
	return r;
}

/* That every interface that is named is there. */
static int check_names_in(struct object_setting *own, const struct field *field, const struct value *value)
{
	int r = 0;

	if (value->type == VALUE_TEXT && field && field->kind == FIELD_INTERFACE)
		return error_set(&own->setting.machine->error, -ENODEV, "there is no link %.*s",
				 (int)(value->bytes.length < 64 ? value->bytes.length : 64), (const char *)value->bytes.data);
	if (value->type == VALUE_LIST)
		for (uint32_t i = 0; r == 0 && i < value->list.count; i++)
			r = check_names_in(own, field ? field_element(field) : NULL, &value->list.items[i]);
	if (value->type == VALUE_RECORD)
		for (uint32_t i = 0; r == 0 && i < value->record->count; i++)
			r = check_names_in(own, value->record->entries[i].field, &value->record->entries[i].value);
	return r;
}

int object_setting_check(struct object_setting *own)
{
	return check_fields(own, own->given, own->now, "");
}

int object_setting_check_names(struct object_setting *own)
{
	const struct value all = { .type = VALUE_RECORD, .record = own->write };

	return check_names_in(own, NULL, &all);
}
