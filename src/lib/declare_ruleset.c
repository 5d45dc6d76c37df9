/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands of nftables, all of one generation. */
#include "lib/declare_ruleset.h"

#include <errno.h>
#include <string.h>

#define READING_ATTEMPTS 5

static const struct object *const kinds[RULESET_KINDS] = {
	[RULESET_TABLE] = &object_netfilter_table,         [RULESET_CHAIN] = &object_netfilter_chain, [RULESET_OBJECT] = &object_netfilter_object,
	[RULESET_FLOWTABLE] = &object_netfilter_flowtable, [RULESET_SET] = &object_netfilter_set,     [RULESET_ELEMENT] = &object_netfilter_element,
	[RULESET_RULE] = &object_netfilter_rule,
};

unsigned int ruleset_kind_of(const struct object *object)
{
	unsigned int kind = 0;

	while (kind < RULESET_RULE && kinds[kind] != object)
		kind++;
	return kind;
}

/* ---- Tables that belong to a program ---- */

struct owned {
	size_t length;
	char key[];
};

static bool is_owned(const void *entry, const void *key, size_t length)
{
	const struct owned *owned = entry;

	return owned->length == length && memcmp(owned->key, key, length) == 0;
}

static void table_key(const struct record *record, const char *field, struct buffer *ret)
{
	const struct value *name = record_find(record, field);

	buffer_add_char(ret, (char)record_number(record, "family", 0));
	if (name && name->type == VALUE_TEXT)
		buffer_add(ret, name->bytes.data, name->bytes.length);
}

static int add_owned(struct ruleset *ruleset, const struct record *table)
{
	_cleanup_buffer_ struct buffer key = { 0 };
	struct owned *owned;

	if (!(record_number(table, "flags", 0) & NFT_TABLE_F_OWNER))
		return 0;
	table_key(table, "name", &key);
	owned = key.failed ? NULL : arena_allocate(&ruleset->arena, sizeof(*owned) + key.length);
	if (!owned)
		return -ENOMEM;
	owned->length = key.length;
	memcpy(owned->key, key.data, key.length);
	return table_add(&ruleset->owned, owned->key, owned->length, owned);
}

/* ---- Reading ---- */

static int take_record(struct ruleset *ruleset, const struct object *object, const struct nlmsghdr *message, const struct record *record)
{
	if (object == &object_netfilter_table)
		return add_owned(ruleset, record);
	netfilter_sets_add(ruleset->sets, object, record, message);
	return 0;
}

/* Only those of chains and sets that the kernel has named are of a rule. */
static bool concerns_index(const struct object *object, const char *path)
{
	return object == &object_netfilter_table || object == &object_netfilter_set || strstr(path, "/__");
}

/* Whose tables are, and what sets are like, and chains that are rules' own. */
static int index_all(struct ruleset *ruleset)
{
	static const unsigned int concerned[] = { RULESET_TABLE, RULESET_CHAIN, RULESET_SET, RULESET_ELEMENT, RULESET_RULE };
	_cleanup_arena_ struct arena scratch = { 0 };
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < ARRAY_SIZE(concerned); i++) {
		const struct kind *kind = &ruleset->kinds[concerned[i]];
		_cleanup_free_ struct standing **list = ruleset_in_order(kind);

		r = list ? 0 : -ENOMEM;
		for (size_t j = 0; r == 0 && j < kind->count; j++) {
			struct record *record;

			if (!concerns_index(kind->channel->object, list[j]->path))
				continue;
			arena_reset(&scratch);
			r = standing_record(kind, list[j], &scratch, &record);
			if (r == 0)
				r = take_record(ruleset, kind->channel->object, list[j]->message, record);
		}
	}
	return r;
}

static int read_kinds(struct ruleset *ruleset)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < RULESET_KINDS; i++) {
		const struct channel *channel = ruleset->kinds[i].channel;

		kind_done(&ruleset->kinds[i]);
		ruleset->kinds[i].channel = channel;
		r = kind_read(ruleset->ferry, channel, false, &ruleset->kinds[i]);
	}
	return r;
}

/* All kinds between two looks at the generation that find the same. */
static int read_whole(struct ruleset *ruleset)
{
	struct machine *machine = &ruleset->ferry->machine;
	uint32_t after = 0;
	int r = 0;

	for (unsigned int attempt = 0; r == 0 && attempt < READING_ATTEMPTS; attempt++) {
		r = object_generation(&protocol_netfilter, machine, &ruleset->generation);
		if (r == 0)
			r = read_kinds(ruleset);
		if (r == 0)
			r = object_generation(&protocol_netfilter, machine, &after);
		ruleset->interrupted = after != ruleset->generation;
		if (!ruleset->interrupted)
			break;
	}
	return r == -EPROTONOSUPPORT || r == -EOPNOTSUPP || r == -EINVAL ? 0 : r; /* a kernel without it has none */
}

int ruleset_read(struct ferry *ferry, struct ruleset **ret)
{
	struct ruleset *ruleset = calloc(1, sizeof(*ruleset));
	int r;

	if (!ruleset)
		return error_set(&ferry->error, -ENOMEM, "no memory for a ruleset");
	ruleset->ferry = ferry;
	table_init(&ruleset->owned, is_owned);
	ruleset->sets = netfilter_sets_new(NULL);
	ruleset->said = netfilter_sets_new(NULL);
	for (unsigned int i = 0; i < channel_count; i++)
		if (channels[i]->object && object_has_transactions(channels[i]->object))
			ruleset->kinds[ruleset_kind_of(channels[i]->object)].channel = channels[i];
	r = ruleset->sets && ruleset->said ? read_whole(ruleset) : -ENOMEM;
	if (r == 0)
		r = index_all(ruleset);
	if (r < 0) {
		ruleset_free(ruleset);
		if (ferry->error.code == r || ferry->machine.error.code == r)
			return ferry->error.code == r ? r : ferry_failed(ferry, r);
		return error_set(&ferry->error, r, "the ruleset of nftables cannot be read: %s%s", error_text(r),
				 r == -EPERM ? ", needs CAP_NET_ADMIN" : "");
	}
	*ret = ruleset;
	return 0;
}

void ruleset_free(struct ruleset *ruleset)
{
	if (!ruleset)
		return;
	for (unsigned int i = 0; i < RULESET_KINDS; i++)
		kind_done(&ruleset->kinds[i]);
	netfilter_sets_free(ruleset->sets);
	netfilter_sets_free(ruleset->said);
	table_done(&ruleset->owned);
	arena_done(&ruleset->last.arena);
	arena_done(&ruleset->arena);
	free(ruleset);
}

/* ---- What of it a document says ---- */

bool ruleset_covers(const struct ruleset *ruleset, const struct kind *kind, const struct record *record, bool *ret_owned)
{
	const struct object *object = kind->channel->object;
	_cleanup_buffer_ struct buffer key = { 0 };

	*ret_owned = false;
	if (ruleset->owned.count) {
		table_key(record, object == &object_netfilter_table ? "name" : "table", &key);
		*ret_owned = !key.failed && table_find(&ruleset->owned, key.data, key.length);
	}
	if (*ret_owned)
		return false;
	if (object == &object_netfilter_chain)
		return !netfilter_sets_own_chain(ruleset->sets, record, record_find(record, "name"));
	if (object == &object_netfilter_rule)
		return !netfilter_sets_own_chain(ruleset->sets, record, record_find(record, "chain"));
	if (object == &object_netfilter_set)
		return !netfilter_set_is_own(record);
	if (object == &object_netfilter_element)
		return !netfilter_sets_own(ruleset->sets, record, record_find(record, "set"));
	return true;
}

int ruleset_record(const struct ruleset *ruleset, const struct kind *kind, const struct standing *standing, struct arena *arena, struct record **ret)
{
	int r = standing_record(kind, standing, arena, ret);

	if (r == 0 && kind->channel->object == &object_netfilter_rule)
		r = netfilter_rule_fold(arena, *ret, ruleset->sets);
	return r;
}

int ruleset_declared(const struct ruleset *ruleset, const struct kind *kind, const struct standing *standing, bool all, struct arena *arena,
		     struct record **ret, struct buffer *address, bool *ret_owned, struct left *left)
{
	const bool is_rule = kind->channel->object == &object_netfilter_rule;
	const char *slash = strrchr(standing->path, '/');
	struct record *record;
	int r = ruleset_record(ruleset, kind, standing, arena, &record);

	*ret = NULL;
	if (r < 0 || !ruleset_covers(ruleset, kind, record, ret_owned))
		return r;
	buffer_printf(address, "%s/", kind->channel->name);
	buffer_add(address, standing->path, is_rule && slash ? (size_t)(slash + 1 - standing->path) : strlen(standing->path));
	buffer_add_text(address, is_rule ? "new" : "");
	r = record_declared(arena, record, all, ret, left);
	return r < 0 || address->failed ? -ENOMEM : 0;
}

static int by_place(const void *a, const void *b)
{
	const struct standing *first = *(struct standing *const *)a, *second = *(struct standing *const *)b;

	return first->place < second->place ? -1 : first->place > second->place;
}

struct standing **ruleset_in_order(const struct kind *kind)
{
	struct standing **list = calloc(kind->count + 1, sizeof(struct standing *));

	for (size_t i = 0; list && i < kind->count; i++)
		list[i] = &kind->list[i];
	if (list)
		qsort(list, kind->count, sizeof(*list), by_place);
	return list;
}

const char *ruleset_text(const struct ruleset *ruleset, struct arena *arena, const struct record *rule)
{
	return netfilter_rule_text(arena, rule, ruleset->sets, &ruleset->ferry->machine.naming, true);
}
