/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/setting.h"

#include <errno.h>
#include <string.h>

/* ---- Channels that only know to set: the value before is read for the way back ---- */

struct plain {
	struct setting setting;
	const struct channel *channel;
	char *path, *wanted;
};

static struct plain *plain_of(struct setting *setting)
{
	return (struct plain *)setting;
}

static int plain_set(struct plain *plain, const char *json)
{
	char *now = NULL;
	int r = plain->channel->set(plain->channel, plain->setting.machine, plain->path, json, &now);

	if (r < 0)
		return r;
	free(plain->setting.after);
	plain->setting.after = now;
	return 0;
}

static int plain_write(struct setting *setting)
{
	struct plain *plain = plain_of(setting);
	int r = plain_set(plain, plain->wanted);

	setting->otherwise = r == 0 && plain->wanted && setting->after && strcmp(plain->wanted, setting->after) != 0;
	return r;
}

static int plain_revert(struct setting *setting)
{
	return plain_set(plain_of(setting), setting->before);
}

static int plain_now(struct setting *setting, char **ret)
{
	char *now = setting->after ? strdup(setting->after) : NULL;

	if (setting->after && !now)
		return error_set(&setting->machine->error, -ENOMEM, "no memory for a value");
	*ret = now;
	return 0;
}

static void plain_free(struct setting *setting)
{
	struct plain *plain = plain_of(setting);

	free(plain->path);
	free(plain->wanted);
}

static const struct setting_kind kind_plain = { .write = plain_write, .revert = plain_revert, .now = plain_now, .free = plain_free };

struct reading {
	const struct value *generic;
	struct setting *setting;
	struct buffer wanted;
	int result;
};

/* What stands there, and with its field's help the value that is asked for. */
static int take(void *data, const struct ferry_item *item)
{
	struct reading *reading = data;
	struct setting *setting = reading->setting;
	struct arena arena = { 0 };
	struct record *record, *typed;
	struct value value;

	if (setting->before || !item->value)
		return 0;
	setting->before = ferry_value_json(item->value);
	record = record_new(&arena, NULL);
	if (!setting->before || !record || record_add(&arena, record, (struct entry){ .name = "", .value = *reading->generic }) < 0) {
		reading->result = -ENOMEM;
	} else if (item->value->field) {
		reading->result =
			value_of_generic(reading->generic, item->value->field, NULL, item->value->naming, &arena, &value, &setting->machine->error);
		if (reading->result == 0)
			value_json(&reading->wanted, &value, item->value->field, item->value->naming);
	} else {
		reading->result = record_of_generic(NULL, record, NULL, &arena, &typed, &setting->machine->error);
		if (reading->result == 0)
			value_json(&reading->wanted, &typed->entries[0].value, NULL, NULL);
	}
	arena_done(&arena);
	return 0;
}

static int prepare_plain(const struct channel *channel, struct machine *machine, const char *path, const struct value *value, struct setting **ret)
{
	struct plain *plain = calloc(1, sizeof(*plain));
	struct reading reading = { .generic = value };
	int r;

	if (!plain)
		return error_set(&machine->error, -ENOMEM, "no memory for a value");
	plain->setting = (struct setting){ .kind = &kind_plain, .machine = machine, .change = FERRY_CHANGED };
	plain->channel = channel;
	plain->path = strdup(path);
	buffer_printf(&plain->setting.address, "%s/%s", channel->name, path);
	reading.setting = &plain->setting;
	r = value ? channel->get(channel, machine, path, 0, take, &reading) : 0;
	if (r >= 0)
		r = reading.result;
	if (r >= 0 && value && !plain->setting.before)
		r = error_set(&machine->error, -EOPNOTSUPP, "%s is no single value that could be set", plain->setting.address.data);
	if (r >= 0 && value)
		plain->wanted = buffer_take(&reading.wanted);
	buffer_done(&reading.wanted);
	if (r >= 0 && (!plain->path || plain->setting.address.failed || (value && !plain->wanted)))
		r = error_set(&machine->error, -ENOMEM, "no memory for a value");
	if (r < 0) {
		setting_free(&plain->setting);
		return r;
	}
	plain->setting.after = plain->wanted ? strdup(plain->wanted) : NULL;
	plain->setting.stands = plain->wanted && plain->setting.before && strcmp(plain->wanted, plain->setting.before) == 0;
	*ret = &plain->setting;
	return 0;
}

/* ---- For all ---- */

int setting_prepare(const struct channel *channel, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		    struct setting **ret)
{
	machine->error = (struct error){ 0 };
	if (machine->root)
		return error_set(&machine->error, -EROFS, "nothing is written below another root (%s)", machine->root);
	if (channel->prepare)
		return channel->prepare(channel, machine, path, value, flags, ret);
	if (!channel->set)
		return error_set(&machine->error, -EOPNOTSUPP, "%s/%s cannot be written by ferry", channel->name, path);
	return prepare_plain(channel, machine, path, value, ret);
}

struct setting *setting_free(struct setting *setting)
{
	if (!setting)
		return NULL;
	setting->kind->free(setting);
	buffer_done(&setting->address);
	free(setting->before);
	free(setting->remark);
	free(setting->after);
	free(setting);
	return NULL;
}

int setting_set(const struct channel *channel, struct machine *machine, const char *path, const char *value, char **ret_now)
{
	_cleanup_setting_ struct setting *setting = NULL;
	_cleanup_arena_ struct arena arena = { 0 };
	struct value generic;
	int r = value ? value_parse_json(value, strlen(value), &arena, &generic, &machine->error) : 0;

	if (r >= 0)
		r = setting_prepare(channel, machine, path, value ? &generic : NULL, 0, &setting);
	if (r >= 0 && !setting->stands)
		r = setting->kind->write(setting);
	return r < 0 ? r : setting->kind->now(setting, ret_now);
}
