/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/declare_back_rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Those of a chain that say the same, in the kernel's order. */
struct alike {
	struct rule_now {
		uint64_t handle;
		bool taken; /* it is what another entry tells of */
		struct rule_now *next;
	} * first, **last;
	size_t length;
	char key[]; /* the chain, and what they say */
};

struct back_rules {
	struct ferry *ferry;
	const struct kind *kind;
	struct arena arena, scratch;
	struct table table;
};

static bool is_alike(const void *entry, const void *key, size_t length)
{
	const struct alike *alike = entry;

	return alike->length == length && memcmp(alike->key, key, length) == 0;
}

static int no_memory(const struct back_rules *rules)
{
	return error_set(&rules->ferry->error, -ENOMEM, "no memory to go back");
}

static int key_of(struct back_rules *rules, const char *path, const struct record *rule, struct buffer *ret)
{
	buffer_clear(ret);
	buffer_add(ret, path, (size_t)(strrchr(path, '/') - path));
	buffer_add_char(ret, '\0');
	return netfilter_rule_meaning(&rules->scratch, rule, ret);
}

static int add(struct back_rules *rules, const struct buffer *key, uint64_t handle)
{
	struct alike *alike = table_find(&rules->table, key->data, key->length);
	struct rule_now *now = arena_new(&rules->arena, struct rule_now);

	if (!alike && now) {
		alike = arena_allocate_plain(&rules->arena, sizeof(*alike) + key->length);
		if (!alike)
			return -ENOMEM;
		*alike = (struct alike){ .length = key->length };
		alike->last = &alike->first;
		memcpy(alike->key, key->data, key->length);
		if (table_add(&rules->table, alike->key, alike->length, alike) < 0)
			return -ENOMEM;
	}
	if (!now)
		return -ENOMEM;
	now->handle = handle;
	*alike->last = now;
	alike->last = &now->next;
	return 0;
}

static uint64_t handle_of(const char *path)
{
	return strtoull(strrchr(path, '/') + 1, NULL, 10);
}

static int gather(struct back_rules *rules, const struct ruleset *ruleset)
{
	_cleanup_free_ struct standing **list = ruleset_in_order(rules->kind);
	_cleanup_buffer_ struct buffer key = { 0 };
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < rules->kind->count; i++) {
		struct record *record;

		arena_reset(&rules->scratch);
		r = ruleset_record(ruleset, rules->kind, list[i], &rules->scratch, &record);
		if (r == 0)
			r = key_of(rules, list[i]->path, record, &key);
		if (r == 0)
			r = add(rules, &key, handle_of(list[i]->path));
	}
	return r;
}

int back_rules_new(const struct ruleset *ruleset, struct back_rules **ret)
{
	struct back_rules *rules = calloc(1, sizeof(*rules));
	int r;

	if (!rules)
		return error_set(&ruleset->ferry->error, -ENOMEM, "no memory to go back");
	rules->ferry = ruleset->ferry;
	rules->kind = &ruleset->kinds[RULESET_RULE];
	table_init(&rules->table, is_alike);
	r = gather(rules, ruleset);
	if (r < 0) {
		back_rules_free(rules);
		return error_set(&ruleset->ferry->error, r, "cannot read the rules that stand: %s", error_text(r));
	}
	*ret = rules;
	return 0;
}

void back_rules_free(struct back_rules *rules)
{
	if (!rules)
		return;
	table_done(&rules->table);
	arena_done(&rules->arena);
	arena_done(&rules->scratch);
	free(rules);
}

/* ---- One entry ---- */

/* The rule that JSON tells of, in the chain of PATH: that of HANDLE where it is not 0, else one that was made since. NULL: there is none. */
static int find(struct back_rules *rules, const char *path, const char *json, uint64_t handle, struct rule_now **ret)
{
	const struct naming *naming = &rules->ferry->machine.naming;
	_cleanup_buffer_ struct buffer key = { 0 };
	struct record *rule;
	const struct alike *alike;
	uint64_t least;
	int r;

	arena_reset(&rules->scratch);
	r = object_parse_json(&object_netfilter_rule, json, NULL, naming, &rules->scratch, &rule, &rules->ferry->error);
	if (r == 0)
		r = key_of(rules, path, rule, &key);
	if (r < 0)
		return r;
	*ret = NULL;
	least = record_number(rule, "handle", 0);
	alike = table_find(&rules->table, key.data, key.length);
	for (struct rule_now *now = alike ? alike->first : NULL; now && !*ret; now = now->next)
		if (!now->taken && (handle ? now->handle == handle : now->handle > least))
			*ret = now;
	return 0;
}

static int wish_at(const struct back_rules *rules, const char *path, uint64_t handle, const char *json, struct wishes *wishes)
{
	_cleanup_buffer_ struct buffer address = { 0 };

	buffer_printf(&address, "%s/%.*s/%" PRIu64, rules->kind->channel->name, (int)(strrchr(path, '/') - path), path, handle);
	return address.failed ? no_memory(rules) : wishes_add_json(wishes, address.data, json);
}

/* Whether there is a rule of PATH's number, whatever it says. */
static bool is_there(const struct back_rules *rules, const char *path)
{
	size_t count;

	return kind_find(rules->kind, path, &count);
}

static int stale(const struct back_rules *rules, const struct journal_entry *entry, const char *what)
{
	return error_set(&rules->ferry->error, -ESTALE, "%s %s; someone changed it since", entry->address, what);
}

int back_rules_wish(struct back_rules *rules, const struct journal_entry *entry, struct wishes *wishes)
{
	const char *path = entry->address + strlen(rules->kind->channel->name) + 1;
	struct rule_now *now = NULL, *before = NULL;
	int r = 0;

	if (!strchr(path, '/') || (entry->kind != FERRY_ADDED && !entry->before) || (entry->kind != FERRY_REMOVED && !entry->after))
		return error_set(&rules->ferry->error, -EBADMSG, "%s: the journal does not say what it was", entry->address);
	if (entry->kind != FERRY_REMOVED)
		r = find(rules, path, entry->after, 0, &now);
	if (r == 0 && entry->kind != FERRY_ADDED && !now)
		r = find(rules, path, entry->before, handle_of(path), &before);
	if (r < 0)
		return r;
	if (now)
		now->taken = true;
	if (now)
		return wish_at(rules, path, now->handle, entry->kind == FERRY_ADDED ? NULL : entry->before, wishes);
	/* What was added is gone already; what was to go or to change stands as it was. */
	if (entry->kind == FERRY_ADDED || before)
		return 0;
	if (entry->kind == FERRY_CHANGED)
		return stale(rules, entry, "is not as it was left");
	if (is_there(rules, path))
		return stale(rules, entry, "is another rule now");
	return wish_at(rules, path, handle_of(path), entry->before, wishes);
}
