/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing what object-set.c has checked: in one request, alone or among others of one send, or in the steps that a link takes; and the way back. */
#include "channel/object-setting.h"

#include <errno.h>
#include <string.h>

int object_setting_no_memory(struct object_setting *own)
{
	return error_set(&own->setting.machine->error, -ENOMEM, "no memory to set %s/%s/%s", own->object->protocol->name, own->object->name,
			 own->path);
}

/* ---- What it was and is, as JSON ---- */

/* The value at REST of RECORD, null where it has none. */
static int field_json(struct object_setting *own, const struct record *record, struct buffer *ret)
{
	struct value value = { .type = VALUE_RECORD, .record = record };
	const struct field *field = NULL;

	for (const char *rest = own->rest; *rest;) {
		const size_t length = strcspn(rest, "/");
		_cleanup_free_ char *name = strndup(rest, length);
		const struct entry *entry = name && value.type == VALUE_RECORD ? record_at(value.record, name) : NULL;

		if (!name)
			return -ENOMEM;
		field = entry ? entry->field : NULL;
		value = entry ? entry->value : (struct value){ .type = VALUE_NULL };
		rest += length + (rest[length] == '/');
	}
	value_json(ret, &value, field, &own->setting.machine->naming);
	return ret->failed ? -ENOMEM : 0;
}

static int lasting_json(struct object_setting *own, const struct record *record, struct buffer *ret)
{
	struct record *lasting;

	if (record_lasting(&own->arena, record, &lasting) < 0)
		return -ENOMEM;
	record_json(ret, lasting, &own->setting.machine->naming);
	return 0;
}

static int both_sides(struct object_setting *own, const struct record *wanted, struct buffer *before, struct buffer *after)
{
	struct record *was, *is;
	int r = 0;

	if (*own->rest) {
		r = field_json(own, own->now, before);
		return r < 0 || !wanted ? r : field_json(own, wanted, after);
	}
	if (own->now && wanted) {
		r = record_difference(&own->arena, own->now, wanted, &was, &is);
		if (r < 0)
			return r;
		record_json(before, was, &own->setting.machine->naming);
		record_json(after, is, &own->setting.machine->naming);
		return 0;
	}
	if (own->now)
		r = lasting_json(own, own->now, before);
	if (r == 0 && wanted)
		r = lasting_json(own, wanted, after);
	return r;
}

int object_setting_tell(struct object_setting *own, const struct record *wanted)
{
	_cleanup_buffer_ struct buffer before = { 0 }, after = { 0 };
	struct setting *setting = &own->setting;

	if (both_sides(own, wanted, &before, &after) < 0 || before.failed || after.failed)
		return object_setting_no_memory(own);
	setting->change = !own->now ? FERRY_ADDED : !wanted ? FERRY_REMOVED : FERRY_CHANGED;
	free(setting->before);
	free(setting->after);
	setting->before = before.data ? buffer_take(&before) : NULL;
	setting->after = after.data ? buffer_take(&after) : NULL;
	return 0;
}

/* ---- Names that have become numbers meanwhile ---- */

static void resolve(const struct naming *naming, struct record *record);

static void resolve_value(const struct naming *naming, const struct field *field, struct value *value)
{
	uint32_t index;

	if (value->type == VALUE_RECORD) {
		resolve(naming, (struct record *)value->record);
	} else if (value->type == VALUE_LIST) {
		for (uint32_t i = 0; i < value->list.count; i++)
			resolve_value(naming, field ? field_element(field) : NULL, (struct value *)&value->list.items[i]);
	} else if (value->type == VALUE_TEXT && field && field->kind == FIELD_INTERFACE && naming->interface_index) {
		index = naming->interface_index(naming->data, value->bytes.data);
		if (index)
			*value = value_uint(index);
	}
}

/* All of it lies in our own arena. */
static void resolve(const struct naming *naming, struct record *record)
{
	for (uint32_t i = 0; i < record->count; i++)
		resolve_value(naming, record->entries[i].field, &record->entries[i].value);
}

/* ---- Writing ---- */

static int make_remark(struct object_setting *own)
{
	_cleanup_buffer_ struct buffer words = { 0 };

	own->object->remark(own->given, own->present, &words);
	free(own->setting.remark);
	own->setting.remark = words.length ? buffer_take(&words) : NULL;
	return words.failed ? -ENOMEM : 0;
}

static int read_back(struct setting *setting)
{
	struct object_setting *own = object_setting_of(setting);
	const struct record *key = own->made ? own->made : own->now ? own->now : own->key;
	int r = 0;

	if (own->object->action)
		return object_setting_tell(own, own->write);
	r = object_get(own->object, setting->machine, key, &own->arena, &own->present);
	if (r < 0)
		own->present = NULL;
	if (r < 0 && r != -ENOENT)
		return r;
	setting->machine->error = (struct error){ 0 };
	/* What it is told by as removed may be what stood behind it: another route to the same place. */
	if (!own->given)
		setting->otherwise = own->present && object_is_same(own->object, own->present, own->now) && object_matches(own->now, own->present);
	else
		setting->otherwise = !own->present || !object_matches(own->given, own->present);
	if (own->given && own->present && own->object->remark && make_remark(own) < 0)
		return object_setting_no_memory(own);
	return object_setting_tell(own, own->given || setting->otherwise ? own->present : NULL);
}

/* An object that the kernel numbers is at another address once it is made. */
static int make(struct object_setting *own, const struct record *record, enum object_write how)
{
	struct machine *machine = own->setting.machine;
	int r = own->object->make(own->object, machine, &own->arena, record, how, &own->made);

	if (r < 0)
		return r;
	buffer_clear(&own->setting.address);
	object_address(own->object, own->made, &machine->naming, &own->setting.address);
	if (*own->rest)
		buffer_printf(&own->setting.address, "/%s", own->rest);
	return own->setting.address.failed ? object_setting_no_memory(own) : 0;
}

static int write_object_setting(struct setting *setting)
{
	struct object_setting *own = object_setting_of(setting);
	struct machine *machine = setting->machine;
	struct error refusal;
	int r = 0;

	resolve(&machine->naming, own->write);
	if (own->anew)
		r = object_write(own->object, machine, own->now, OBJECT_REMOVE);
	if (r == 0 && own->object->make && own->how != OBJECT_REMOVE)
		r = make(own, own->write, own->how);
	else if (r == 0)
		r = object_write(own->object, machine, own->write, own->how);
	if (r < 0 && own->anew) {
		refusal = machine->error;
		if (object_write(own->object, machine, own->now, OBJECT_CREATE) < 0)
			return error_set(&machine->error, r, "%s; what stood there was removed, and could not be put back", refusal.text);
		machine->error = refusal;
	}
	return r < 0 ? r : read_back(setting);
}

static int stage(struct setting *setting, struct netlink_batch *batch)
{
	struct object_setting *own = object_setting_of(setting);
	struct machine *machine = setting->machine;
	struct netlink *netlink;
	int r;

	if (own->object->write || own->object->make || object_has_transactions(own->object) || own->anew || own->how == OBJECT_CHANGE)
		return -EOPNOTSUPP;
	r = machine_netlink(machine, own->object->protocol->number, &netlink);
	if (r < 0)
		return r;
	resolve(&machine->naming, own->write);
	r = object_request(own->object, machine, &own->arena, own->write, own->how, &own->request);
	if (r < 0)
		return r;
	r = netlink_batch_add(netlink, batch, own->request.type, own->request.flags, own->request.payload.data, own->request.payload.length);
	return r < 0 ? object_setting_no_memory(own) : 0;
}

static int answer(struct setting *setting, const struct netlink_ack *ack)
{
	struct object_setting *own = object_setting_of(setting);

	return ack->result < 0 ? object_refused(own->object, &own->request, ack, &setting->machine->error) : 0;
}

/* ---- The way back ---- */

/* What stood there before, of a link or port: just what differs. */
static int change_back(struct object_setting *own)
{
	struct record *from, *to;
	int r = record_difference(&own->arena, own->present, own->now, &from, &to);

	for (uint32_t i = 0; r == 0 && i < own->now->count; i++) {
		const struct entry *entry = &own->now->entries[i];

		if (entry->field && entry->field->flags & FIELD_KEY)
			r = record_put(&own->arena, to, entry->name, entry->value);
	}
	return r < 0 ? object_setting_no_memory(own) : object_write(own->object, own->setting.machine, to, OBJECT_CHANGE);
}

static int revert(struct setting *setting)
{
	struct object_setting *own = object_setting_of(setting);
	struct machine *machine = setting->machine;
	struct record *old;
	int r;

	if (!own->now)
		return object_write(own->object, machine, own->present ? own->present : own->write, OBJECT_REMOVE);
	if (record_lasting(&own->arena, own->now, &old) < 0)
		return object_setting_no_memory(own);
	if (own->object->make && own->given && own->present) {
		r = record_put(&own->arena, old, "handle", value_uint(record_number(own->present, "handle", 0)));
		return r < 0 ? object_setting_no_memory(own) : make(own, old, OBJECT_REPLACE);
	}
	if (own->object->make)
		return make(own, old, OBJECT_CREATE);
	if (!own->given || !own->present)
		return object_write(own->object, machine, old, OBJECT_CREATE);
	if (own->object->write)
		return change_back(own);
	if (!own->object->no_replace)
		return object_write(own->object, machine, old, OBJECT_REPLACE);
	r = object_write(own->object, machine, own->present, OBJECT_REMOVE);
	return r < 0 ? r : object_write(own->object, machine, old, OBJECT_CREATE);
}

static int now(struct setting *setting, char **ret)
{
	struct object_setting *own = object_setting_of(setting);
	const struct record *present = setting->stands ? own->now : own->present;
	_cleanup_buffer_ struct buffer text = { 0 };
	char *json = NULL;

	if (present) {
		json = field_json(own, present, &text) < 0 ? NULL : buffer_take(&text);
		if (!json)
			return object_setting_no_memory(own);
	}
	*ret = json;
	return 0;
}

static void free_object_setting(struct setting *setting)
{
	struct object_setting *own = object_setting_of(setting);

	free(own->path);
	buffer_done(&own->request.payload);
	arena_done(&own->arena);
}

const struct setting_kind setting_kind_object = {
	.write = write_object_setting,
	.stage = stage,
	.answer = answer,
	.read_back = read_back,
	.revert = revert,
	.now = now,
	.free = free_object_setting,
};
