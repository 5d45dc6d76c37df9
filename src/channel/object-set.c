/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked for an object or a field of one: read by the schema, completed by what stands there, and checked before anything is sent. */
#include <errno.h>
#include <string.h>

#include "channel/object-setting.h"

static struct error *error_of(const struct object_setting *own)
{
	return &own->setting.machine->error;
}

static int no_such(struct object_setting *own, const char *more)
{
	if (!*more && own->object->why_none)
		more = own->object->why_none;
	return error_set(error_of(own), -ENOENT, "there is no %s/%s/%s%s%s", own->object->protocol->name, own->object->name, own->path,
			 *more ? "; " : "", more);
}

/* ---- The value ---- */

/* That the schema knows the field at REST. What a selection chooses is known by what stands there; else the conversion says so. */
static int check_field(struct object_setting *own)
{
	const struct schema *schema = own->object->schema;
	const struct record *record = own->now;

	for (const char *rest = own->rest; *rest && schema;) {
		const size_t length = strcspn(rest, "/");
		_cleanup_free_ char *name = strndup(rest, length);
		const struct field *field = name ? schema_field(schema, name) : NULL;

		if (!name)
			return object_setting_no_memory(own);
		if (!field)
			return error_set(error_of(own), -ENOENT, "%s/%s/%s: a %s has no field %s", own->object->protocol->name, own->object->name,
					 own->path, own->object->name, name);
		rest += length + (rest[length] == '/');
		record = record ? record_inside(record, name) : NULL;
		if (field->kind == FIELD_SELECT)
			schema = record ? record->schema : NULL;
		else if (*rest && !field_schema(field))
			return error_set(error_of(own), -ENOENT, "%s/%s/%s: %s holds no fields", own->object->protocol->name, own->object->name,
					 own->path, name);
		else
			schema = field_schema(field);
	}
	return 0;
}

/* VALUE at REST as a generic record of our own. */
static int gather(struct object_setting *own, const struct value *value, struct record **ret)
{
	struct record *generic = record_new(&own->arena, NULL);
	struct value copy;
	int r;

	if (!generic || value_copy(&own->arena, value, &copy) < 0)
		return object_setting_no_memory(own);
	if (!*own->rest && copy.type != VALUE_RECORD)
		return error_set(error_of(own), -EINVAL, "a %s is set by its fields: {NAME=VALUE, ...}, or by one of them: %s/%s/%s/NAME",
				 own->object->name, own->object->protocol->name, own->object->name, own->path);
	r = record_add_at(&own->arena, generic, own->rest, &copy, error_of(own));
	if (r < 0)
		return r;
	*ret = generic;
	return 0;
}

/* ---- Flags that are added or taken away: [+UP, -PROMISC] ---- */

static bool is_signed(const struct value *value)
{
	return value->type == VALUE_TEXT && value->bytes.length > 1 && strchr("+-", *(const char *)value->bytes.data);
}

/* The bits of one word, to those that are on or off. */
static int take_sign(struct object_setting *own, const struct field *field, const struct value *word, uint64_t *on, uint64_t *off)
{
	struct value plain = value_data(VALUE_TEXT, (const char *)word->bytes.data + 1, word->bytes.length - 1), bits;
	int r = value_of_generic(&plain, field, NULL, NULL, &own->arena, &bits, error_of(own));

	if (r < 0)
		return r;
	if (*(const char *)word->bytes.data == '+')
		*on |= bits.number;
	else
		*off |= bits.number;
	return 0;
}

/* The value of flags by what stands, where signs say so; which bits were named is told as well, for those who can be asked for just these. */
static int turn_signs(struct object_setting *own, struct record *generic, const struct schema *schema, const struct record *now, struct entry *entry)
{
	const struct field *field = schema_field(schema, entry->name), *change = schema_field(schema, "change");
	const struct value *items = entry->value.type == VALUE_LIST ? entry->value.list.items : &entry->value;
	uint32_t count = entry->value.type == VALUE_LIST ? entry->value.list.count : 1;
	uint64_t on = 0, off = 0;
	int r = 0;

	if (!field || !field_names(field) || !field_names(field)->flags || count == 0 || !is_signed(&items[0]))
		return 0;
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = is_signed(&items[i]) ? take_sign(own, field, &items[i], &on, &off)
					 : error_set(error_of(own), -EINVAL, "%s: either all flags have a sign or none", entry->name);
	if (r < 0)
		return r;
	entry->value = value_uint((record_number(now, entry->name, 0) | on) & ~off);
	if (!change || record_find(generic, "change"))
		return 0;
	return record_add(&own->arena, generic, (struct entry){ .name = change->name, .value = value_uint(on | off) }) < 0
		       ? object_setting_no_memory(own)
		       : 0;
}

static int turn_all_signs(struct object_setting *own, struct record *generic)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < generic->count; i++)
		r = turn_signs(own, generic, own->object->schema, own->now, &generic->entries[i]);
	return r;
}

static int find_now(struct object_setting *own)
{
	int r = object_get(own->object, own->setting.machine, own->key, &own->arena, &own->now);

	if (r == -ENOENT) {
		own->now = NULL;
		*error_of(own) = (struct error){ 0 };
		return 0;
	}
	return r;
}

/* ---- The identity ---- */

/* Whether the path says FIELD itself, rather than that it has its usual value. */
static bool path_says(struct object_setting *own, const char *name)
{
	_cleanup_buffer_ struct buffer with = { 0 }, without = { 0 };
	struct record *copy;

	if (record_copy(&own->arena, own->key, &copy) < 0)
		return true;
	record_drop(copy, name);
	own->object->path(own->key, &own->setting.machine->naming, &with);
	own->object->path(copy, &own->setting.machine->naming, &without);
	return with.failed || without.failed || strcmp(with.data ? with.data : "", without.data ? without.data : "") != 0;
}

/* What identifies an object (a route's metric) may stand in its address or in its value. */
static int complete_key(struct object_setting *own)
{
	for (uint32_t i = 0; i < own->given->count; i++) {
		const struct entry *entry = &own->given->entries[i], *said;

		if (!entry->field || !(entry->field->flags & FIELD_KEY) || entry->value.type == VALUE_NULL)
			continue;
		said = record_at(own->key, entry->name);
		if (said && value_equal(&said->value, &entry->value))
			continue;
		if (said && path_says(own, entry->name))
			return error_set(error_of(own), -EINVAL, "%s/%s/%s: the address says another %s than the value", own->object->protocol->name,
					 own->object->name, own->path, entry->name);
		if (record_put(&own->arena, own->key, entry->name, entry->value) < 0)
			return object_setting_no_memory(own);
	}
	return 0;
}

static bool same_path(struct object_setting *own, const struct record *a, const struct record *b)
{
	_cleanup_buffer_ struct buffer first = { 0 }, second = { 0 };

	own->object->path(a, &own->setting.machine->naming, &first);
	own->object->path(b, &own->setting.machine->naming, &second);
	return !first.failed && !second.failed && strcmp(first.data ? first.data : "", second.data ? second.data : "") == 0;
}

/* A field that is part of the identity can not be changed: it makes another object. Where that has the same address, it takes the other's place. */
static int check_identity(struct object_setting *own, bool strict)
{
	struct record *changed;

	if (!own->now)
		return 0;
	if (record_copy(&own->arena, own->now, &changed) < 0 || object_merge(&own->arena, changed, own->given) < 0)
		return object_setting_no_memory(own);
	if (object_is_same(own->object, own->now, changed) || (strict && own->object->no_replace && same_path(own, own->now, changed)))
		return 0;
	return error_set(error_of(own), -EOPNOTSUPP, "that would be another %s: remove this one and create the other", own->object->name);
}

static bool can_be_set(const struct record *record, const struct field **ret_other)
{
	for (uint32_t i = 0; i < record->count; i++) {
		const struct field *field = record->entries[i].field;

		if (field && field->flags & (FIELD_SETTABLE | FIELD_KEY | FIELD_CREATE))
			return true;
		*ret_other = field;
	}
	return false;
}

/* ---- What will be sent ---- */

/* The fields by which the kernel finds the object, with those that are to be written. */
static int with_key(struct object_setting *own, const struct record *key, struct record *record)
{
	for (uint32_t i = 0; i < key->count; i++) {
		const struct entry *entry = &key->entries[i];

		if (!entry->field || record_at(record, entry->name))
			continue;
		/* A name is no key of a link, but at creation all there is. */
		if ((entry->field->flags & FIELD_KEY || !own->now) && record_put(&own->arena, record, entry->name, entry->value) < 0)
			return object_setting_no_memory(own);
	}
	return 0;
}

/* What stands there already is not asked for again: a driver may refuse even that ("Protodown not supported by device"). */
static void leave_what_stands(const struct object_setting *own, struct record *record)
{
	for (uint32_t i = record->count; i-- > 0;) {
		const struct entry *entry = &record->entries[i], *standing = record_at(own->now, entry->name);

		if (standing && entry->field && !(entry->field->flags & FIELD_KEY) && value_equal(&entry->value, &standing->value))
			record_drop(record, entry->name);
	}
}

/* The fields given, to what stands. */
static int plan_change(struct object_setting *own)
{
	own->how = OBJECT_CHANGE;
	if (record_copy(&own->arena, own->given, &own->write) < 0)
		return object_setting_no_memory(own);
	leave_what_stands(own, own->write);
	return with_key(own, own->now, own->write);
}

static int plan_creation(struct object_setting *own, bool strict)
{
	const char *why;

	own->how = OBJECT_CREATE;
	if (record_copy(&own->arena, own->given, &own->write) < 0 || with_key(own, own->key, own->write) < 0)
		return object_setting_no_memory(own);
	why = strict ? object_cannot_be_made(own->object, own->write) : NULL;
	return why ? no_such(own, why) : 0;
}

static void drop_nulls(struct record *record)
{
	for (uint32_t i = record->count; i-- > 0;)
		if (record->entries[i].value.type == VALUE_NULL && record->entries[i].name)
			record_drop(record, record->entries[i].name);
}

/* The whole object in place of what stands: just what is given, or what stands with one field changed. */
static int plan_replacement(struct object_setting *own)
{
	int r;

	own->how = own->object->no_replace ? OBJECT_CREATE : OBJECT_REPLACE;
	own->anew = own->object->no_replace;
	if (!*own->rest) {
		r = record_copy(&own->arena, own->given, &own->write);
		if (r == 0)
			r = with_key(own, own->key, own->write);
	} else {
		r = record_copy(&own->arena, own->now, &own->write);
		if (r == 0)
			r = object_merge(&own->arena, own->write, own->given);
	}
	if (r < 0)
		return object_setting_no_memory(own);
	drop_nulls(own->write);
	return 0;
}

static bool moves_by_itself(const struct entry *given, const struct entry *standing)
{
	if (given->field->flags & FIELD_SECRET && standing && standing->value.type != given->value.type)
		return true;
	return given->field->flags & FIELD_VOLATILE || (standing && standing->field && standing->field->flags & FIELD_STATE);
}

/* Whether something is asked for (a time that an object itself has) that does not count where objects are compared. */
static bool moves(const struct object_setting *own)
{
	for (uint32_t i = 0; i < own->given->count; i++) {
		const struct entry *entry = &own->given->entries[i], *standing = record_at(own->now, entry->name);

		if (entry->field && entry->field->flags & FIELD_SETTABLE && moves_by_itself(entry, standing) && entry->value.type != VALUE_RECORD &&
		    (!standing || !value_equal(&entry->value, &standing->value)))
			return true;
	}
	return false;
}

/* Whether nothing need be sent: also nothing that a replacement would take away. */
static bool stands(struct object_setting *own)
{
	struct record *sent;

	if (!own->now || !object_matches(own->given, own->now) || moves(own))
		return false;
	if (own->how == OBJECT_CHANGE || *own->rest)
		return true;
	return object_prepared(own->object, &own->arena, own->write, OBJECT_REPLACE, &sent) == 0 && object_matches(own->now, sent);
}

/* ---- All of it ---- */

static int read_value(struct object_setting *own, const struct value *value, bool strict)
{
	bool by_path = *own->rest || own->object->write || !strict;
	struct record *generic = NULL;
	int r = by_path ? find_now(own) : 0;

	if (r == 0 && *own->rest && !own->now)
		r = no_such(own, "");
	if (r == 0 && strict)
		r = check_field(own);
	if (r == 0)
		r = gather(own, value, &generic);
	if (r == 0 && strict)
		r = turn_all_signs(own, generic);
	if (r == 0)
		r = object_of_generic(own->object, generic, own->now ? own->now : own->key, &own->setting.machine->naming, &own->arena, &own->given,
				      error_of(own));
	if (r == 0 && !by_path)
		r = complete_key(own);
	return r == 0 && !by_path ? find_now(own) : r;
}

static int check_action(struct object_setting *own, unsigned int flags)
{
	if (!own->object->action || !(flags & SETTING_STRICT) || flags & SETTING_YES)
		return 0;
	return error_set(error_of(own), -EOPNOTSUPP, "%s/%s/%s is an action, not a setting: %s (--yes does it)", own->object->protocol->name,
			 own->object->name, own->path, own->object->action);
}

static int prepare_value(struct object_setting *own, const struct value *value, unsigned int flags)
{
	const bool strict = flags & SETTING_STRICT;
	const struct field *other = NULL;
	int r = check_action(own, flags);

	if (r == 0)
		r = read_value(own, value, strict);

	if (r < 0)
		return r;
	if (!can_be_set(own->given, &other) && (*own->rest || !strict))
		return error_set(error_of(own), -EOPNOTSUPP, "%s is told by the kernel, not set", other ? other->name : own->path);
	r = strict ? object_setting_check(own) : 0;
	if (r == 0)
		r = check_identity(own, strict);
	if (r < 0)
		return r;
	if (!own->now)
		r = plan_creation(own, strict);
	else if (strict && !own->object->write)
		r = plan_replacement(own);
	else
		r = plan_change(own);
	if (r == 0 && strict)
		r = object_setting_check_names(own);
	if (r == 0 && strict)
		r = schema_check(own->write, error_of(own));
	if (r < 0)
		return r;
	own->setting.stands = strict && stands(own);
	own->setting.makes_link = own->how == OBJECT_CREATE && own->object->write && !own->now;
	return 0;
}

/* What cannot be taken back is said before it is done. */
static int check_return(struct object_setting *own, unsigned int flags)
{
	const char *why = own->now && own->object->cannot_return ? own->object->cannot_return(own->now) : NULL;

	if (!why || !(flags & SETTING_STRICT) || flags & SETTING_YES)
		return 0;
	return error_set(error_of(own), -ECANCELED, "%s/%s/%s cannot be put back once it is removed: %s (--yes removes it)",
			 own->object->protocol->name, own->object->name, own->path, why);
}

static int prepare_removal(struct object_setting *own, unsigned int flags)
{
	const bool strict = flags & SETTING_STRICT;
	int r;

	if (*own->rest)
		return error_set(error_of(own), -EINVAL, "%s/%s/%s is a field: only objects can be removed", own->object->protocol->name,
				 own->object->name, own->path);
	r = find_now(own);
	if (r == 0 && !own->now && strict)
		r = no_such(own, "");
	if (r == 0)
		r = check_return(own, flags);
	own->setting.stands = r == 0 && !own->now;
	own->write = own->now;
	own->how = OBJECT_REMOVE;
	return r;
}

/* What will stand there, for those who only ask. */
static int foretell(struct object_setting *own)
{
	struct record *wanted = NULL;
	int r = 0;

	if (own->given && own->now && (own->how == OBJECT_CHANGE || *own->rest)) {
		r = record_copy(&own->arena, own->now, &wanted);
		if (r == 0)
			r = object_merge(&own->arena, wanted, own->given);
	} else if (own->given && own->setting.stands) {
		wanted = own->now;
	} else if (own->given) {
		r = object_prepared(own->object, &own->arena, own->write, own->how, &wanted);
	}
	return r < 0 ? object_setting_no_memory(own) : object_setting_tell(own, wanted);
}

static int prepare(struct object_setting *own, const struct value *value, unsigned int flags)
{
	struct setting *setting = &own->setting;
	bool strict = flags & SETTING_STRICT;
	int r = own->object->parse(own->path, &setting->machine->naming, &own->arena, &own->key, &own->rest, error_of(own));

	if (r < 0)
		return error_of(own)->code == r ? r : error_set(error_of(own), r, "%s: %s", own->path, error_text(r));
	r = value ? prepare_value(own, value, flags) : prepare_removal(own, flags);
	if (r < 0)
		return r;
	object_address(own->object, own->now ? own->now : own->key, &setting->machine->naming, &setting->address);
	if (*own->rest)
		buffer_printf(&setting->address, "/%s", own->rest);
	if (setting->address.failed)
		return object_setting_no_memory(own);
	return strict ? foretell(own) : 0;
}

int object_channel_prepare(const struct channel *channel, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
			   struct setting **ret)
{
	struct object_setting *own = calloc(1, sizeof(*own));
	_cleanup_buffer_ struct buffer room = { 0 };
	int r;

	if (!own)
		return error_set(&machine->error, -ENOMEM, "no memory for a value");
	own->setting = (struct setting){ .kind = &setting_kind_object, .machine = machine };
	own->object = channel->object;
	own->rest = "";
	r = object_translate(channel->object, machine, true, &path, &room);
	own->path = r == 0 ? strdup(path) : NULL;
	if (r == 0)
		r = own->path ? prepare(own, value, flags) : error_set(&machine->error, -ENOMEM, "no memory for a value");
	if (r < 0) {
		setting_free(&own->setting);
		return r;
	}
	*ret = &own->setting;
	return 0;
}
