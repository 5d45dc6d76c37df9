/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A value on its way through an ioctl: checked, written, read back, put back (channel/setting.h). */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "channel/ioctl.h"
#include "channel/object.h"
#include "channel/setting.h"

struct ioctl_setting {
	struct setting setting;
	char *path;
	char *value; /* JSON, NULL: removal */
	unsigned int flags;
	struct arena arena;
	const struct record *given;  /* VALUE by the schema */
	const struct record *before; /* the object, NULL: nothing */
	const char *rest;            /* of PATH, behind the object */
};

static struct ioctl_setting *own(struct setting *setting)
{
	return (struct ioctl_setting *)setting;
}

static int out_of_memory(struct ioctl_setting *ours)
{
	return error_set(&ours->setting.machine->error, -ENOMEM, "no memory to set " IOCTL_PREFIX "%s", ours->path ? ours->path : "");
}

static char *record_text(struct ioctl_setting *ours, const struct record *record)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	record_json(&text, record, &ours->setting.machine->naming);
	return buffer_take(&text);
}

/* BEFORE and NOW as the setting tells them: of a field its values, of an object that stands on both sides what differs. */
static int tell_sides(struct ioctl_setting *ours, const struct record *now, char **ret_before, char **ret_now)
{
	struct record *one, *other;
	int r;

	if (*ours->rest || !ours->before || !now) {
		r = ioctl_tell_now(ours->setting.machine, ours->before, ours->rest, ret_before);
		return r < 0 ? r : ioctl_tell_now(ours->setting.machine, now, ours->rest, ret_now);
	}
	if (record_difference(&ours->arena, ours->before, now, &one, &other) < 0)
		return out_of_memory(ours);
	*ret_before = record_text(ours, one);
	*ret_now = record_text(ours, other);
	return *ret_before && *ret_now ? 0 : out_of_memory(ours);
}

static int tell_difference(struct ioctl_setting *ours, const struct record *now)
{
	_cleanup_free_ char *before = NULL, *after = NULL;
	struct setting *setting = &ours->setting;
	int r = tell_sides(ours, now, &before, &after);

	if (r < 0)
		return r;
	free(setting->before);
	free(setting->after);
	setting->before = TAKE_POINTER(before);
	setting->after = TAKE_POINTER(after);
	setting->change = !ours->before ? FERRY_ADDED : !now ? FERRY_REMOVED : FERRY_CHANGED;
	return 0;
}

/* The object as it is asked for: what stands, and over it what was given. NULL for a removal. */
static int ask_for(struct ioctl_setting *ours, const struct record **ret)
{
	struct record *whole = NULL;
	int r = 0;

	if (ours->value && ours->before)
		r = record_copy(&ours->arena, ours->before, &whole);
	else if (ours->value)
		r = (whole = record_new(&ours->arena, ours->given->schema)) ? 0 : -ENOMEM;
	for (uint32_t i = 0; r == 0 && whole && i < ours->given->count; i++)
		r = record_put(&ours->arena, whole, ours->given->entries[i].name, ours->given->entries[i].value);
	if (r < 0)
		return out_of_memory(ours);
	*ret = whole;
	return 0;
}

/* Whether all that was given stands in NOW. Of the flags of a route just one is for setting, and of a map what is given. */
static bool holds(const struct ioctl_setting *ours, const struct record *now)
{
	for (uint32_t i = 0; i < ours->given->count; i++) {
		const struct entry *entry = &ours->given->entries[i];
		const struct value *stands = now ? record_find(now, entry->name) : NULL;

		if (!strcmp(entry->name, "flags") || entry->value.type == VALUE_RECORD)
			continue;
		if (stands ? !value_equal(stands, &entry->value) : entry->value.type != VALUE_NULL)
			return false;
	}
	return true;
}

static int read_back(struct setting *setting)
{
	struct ioctl_setting *ours = own(setting);
	const struct record *now;
	const char *rest;
	int r = ioctl_look(setting->machine, ours->path, &ours->arena, &now, &rest);

	if (r == 0)
		r = tell_difference(ours, now);
	if (r == 0)
		setting->otherwise = ours->value ? !holds(ours, now) : now && !*ours->rest;
	return r;
}

static int write_setting(struct setting *setting)
{
	struct ioctl_setting *ours = own(setting);
	_cleanup_free_ char *now = NULL;
	int r = ioctl_set(setting->machine, ours->path, ours->value, ours->flags, &now);

	return r < 0 ? r : read_back(setting);
}

/* Of what stood before, that which can be set. */
static char *settable_text(struct ioctl_setting *ours)
{
	struct record *record = record_new(&ours->arena, ours->before->schema);

	for (uint32_t i = 0; record && i < ours->before->count; i++) {
		const struct entry *entry = &ours->before->entries[i];

		if (entry->field && entry->field->flags & FIELD_SETTABLE && record_add(&ours->arena, record, *entry) < 0)
			record = NULL;
	}
	return record ? record_text(ours, record) : NULL;
}

/* The whole object goes back, since one field moves others: an address its mask. */
static int revert(struct setting *setting)
{
	struct ioctl_setting *ours = own(setting);
	_cleanup_buffer_ struct buffer address = { 0 };
	_cleanup_free_ char *object = strndup(ours->path, strlen(ours->path) - strlen(ours->rest) - (*ours->rest != '\0'));
	_cleanup_free_ char *now = NULL, *text = ours->before ? settable_text(ours) : NULL, *gone = NULL;
	int r;

	buffer_printf(&address, "%s/address", object ? object : "");
	if (!object || address.failed || (ours->before && !text))
		return out_of_memory(ours);
	r = ioctl_set(setting->machine, object, text, IOCTL_WHOLE, &now);
	if (r == 0 && ours->before && ours->before->schema == &schema_ioctl_interface && !record_find(ours->before, "address"))
		r = ioctl_set(setting->machine, address.data, NULL, 0, &gone);
	return r;
}

static int tell_now(struct setting *setting, char **ret)
{
	struct ioctl_setting *ours = own(setting);
	const struct record *record;
	const char *rest;
	int r = ioctl_look(setting->machine, ours->path, &ours->arena, &record, &rest);

	return r < 0 ? r : ioctl_tell_now(setting->machine, record, rest, ret);
}

static void release(struct setting *setting)
{
	free(own(setting)->path);
	free(own(setting)->value);
	arena_done(&own(setting)->arena);
}

static const struct setting_kind kind_ioctl = { .write = write_setting, .read_back = read_back, .revert = revert, .now = tell_now, .free = release };

/* {a: {b: VALUE}} for the field a/b; VALUE itself for the whole object. */
static int nest(struct ioctl_setting *ours, const char *rest, const struct value *value, struct value *ret)
{
	const size_t length = strcspn(rest, "/");
	const char *name = arena_copy(&ours->arena, rest, length);
	struct record *record = record_new(&ours->arena, NULL);
	struct value inner;
	int r = name && record ? 0 : -ENOMEM;

	if (!*rest) {
		*ret = *value;
		return 0;
	}
	if (r == 0)
		r = nest(ours, rest + length + (rest[length] == '/'), value, &inner);
	if (r == 0)
		r = record_add(&ours->arena, record, (struct entry){ .name = name, .value = inner });
	if (r == 0)
		*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int take_value(struct ioctl_setting *ours, const struct value *value)
{
	struct machine *machine = ours->setting.machine;
	struct record *given;
	struct value whole;
	int r;

	if (nest(ours, ours->rest, value, &whole) < 0)
		return out_of_memory(ours);
	if (whole.type == VALUE_TEXT) {
		r = record_parse_text(ioctl_schema(ours->path), whole.bytes.data, whole.bytes.length, &machine->naming, &ours->arena, &given,
				      &machine->error);
		if (r < 0)
			return r;
		ours->given = given;
		return ioctl_tell_now(machine, given, "", &ours->value);
	}
	if (whole.type != VALUE_RECORD)
		return error_set(&machine->error, -EINVAL, IOCTL_PREFIX "%s: must be an object {...}", ours->path);
	r = record_of_generic(ioctl_schema(ours->path), whole.record, &machine->naming, &ours->arena, &given, &machine->error);
	if (r < 0)
		return r;
	ours->given = given;
	return ioctl_tell_now(machine, given, ours->rest, &ours->value);
}

static int prepare(struct ioctl_setting *ours, const struct value *value, unsigned int flags)
{
	struct setting *setting = &ours->setting;
	const struct record *wanted = NULL;
	char *unused = NULL;
	int r = ioctl_look(setting->machine, ours->path, &ours->arena, &ours->before, &ours->rest);

	if (r == 0 && value)
		r = take_value(ours, value);
	if (r == 0)
		r = ioctl_set(setting->machine, ours->path, ours->value, IOCTL_CHECK, &unused);
	if (r == 0 && !value && !ours->before && flags & SETTING_STRICT)
		r = error_set(&setting->machine->error, -ENOENT, "there is no " IOCTL_PREFIX "%s", ours->path);
	if (r == 0)
		r = ask_for(ours, &wanted);
	if (r == 0)
		r = tell_difference(ours, wanted);
	if (r == 0)
		setting->stands = value ? ours->before && record_same(ours->before, wanted) : !ours->before;
	return r;
}

int ioctl_prepare(const struct channel *channel _unused_, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		  struct setting **ret)
{
	struct ioctl_setting *ours = calloc(1, sizeof(*ours));
	int r;

	if (!ours)
		return error_set(&machine->error, -ENOMEM, "no memory for a value");
	ours->setting = (struct setting){ .kind = &kind_ioctl, .machine = machine };
	ours->path = strdup(path);
	ours->rest = "";
	ours->flags = flags & SETTING_STRICT ? IOCTL_WHOLE : 0;
	buffer_printf(&ours->setting.address, IOCTL_PREFIX "%s", path);
	r = !ours->path || ours->setting.address.failed ? out_of_memory(ours) : prepare(ours, value, flags);
	if (r < 0) {
		setting_free(&ours->setting);
		return r;
	}
	*ret = &ours->setting;
	return 0;
}
