/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way back: what a journal says stood before is wished again, where what stands now is what the apply left. What somebody else has changed since
 * is left alone and told. */
#include <errno.h>
#include <string.h>

#include "channel/files.h"
#include "channel/nature.h"
#include "lib/declare_back_rules.h"
#include "lib/declare_journal.h"
#include "lib/verbs.h"

#define SETTLE UINT64_C(3000000000)

struct returning {
	struct ferry *ferry;
	const struct journal *journal;
	struct wishes wishes;
	struct kind *kinds;
	size_t kind_count;
	struct ruleset *ruleset; /* where an entry is of it */
	struct back_rules *rules;
	struct undo_verbs verbs; /* the usual ones */
	ferry_change_function *function;
	void *data;
	struct back *back;
};

/* ---- What stands, by one dump a kind ---- */

static const struct standing *look_up(const struct returning *returning, const char *address, bool *ret_known, const struct kind **ret_kind)
{
	const char *path;
	const struct channel *channel = channel_of(address, &path);
	size_t found;

	*ret_known = channel && channel->object;
	if (*ret_known && object_has_transactions(channel->object)) {
		*ret_kind = &returning->ruleset->kinds[ruleset_kind_of(channel->object)];
		return kind_find(*ret_kind, path, &found);
	}
	for (size_t i = 0; *ret_known && i < returning->kind_count; i++)
		if (returning->kinds[i].channel == channel) {
			*ret_kind = &returning->kinds[i];
			return kind_find(&returning->kinds[i], path, &found);
		}
	return NULL;
}

static int verb_read(void *data, const char *address, char **ret_json, struct error *error)
{
	struct returning *returning = data;
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer json = { 0 };
	const struct kind *kind;
	struct record *record;
	bool known;
	const struct standing *standing = look_up(returning, address, &known, &kind);

	if (!known)
		return returning->verbs.read(returning->verbs.data, address, ret_json, error);
	if (!standing)
		return -ENOENT;
	if (standing_record(kind, standing, &arena, &record) == 0)
		record_json(&json, record, &returning->ferry->machine.naming);
	*ret_json = buffer_take(&json);
	return *ret_json ? 0 : error_set(error, -ENOMEM, "no memory for %s", address);
}

static int verb_write(void *data, const char *address, const char *json, char **ret_now, struct error *error)
{
	(void)data, (void)json, (void)ret_now;
	return error_set(error, -EOPNOTSUPP, "%s: nothing is written while it is compared", address);
}

static int verb_matches(void *data, const char *address, const char *expected, const char *present, bool *ret, struct error *error)
{
	struct returning *returning = data;

	return returning->verbs.matches(returning->verbs.data, address, expected, present, ret, error);
}

static char *verb_difference(void *data, const char *address, const char *expected, const char *present)
{
	struct returning *returning = data;

	return returning->verbs.difference(returning->verbs.data, address, expected, present);
}

/* What the kernel made by itself went into the journal only where it was asked for. */
static const char *verb_forbids(void *data, const struct ferry_change *change)
{
	struct returning *returning = data;

	return nature_of(change->address) ? returning->verbs.forbids(returning->verbs.data, change) : NULL;
}

static int read_kinds(struct returning *returning)
{
	int r = 0;

	machine_links_forget(&returning->ferry->machine);
	for (unsigned int i = 0; r == 0 && i < channel_count; i++) {
		size_t length = strlen(channels[i]->name);
		bool needed = false;

		for (size_t j = 0; channels[i]->object && !needed && j < returning->journal->count; j++)
			needed = strncmp(returning->journal->entries[j].address, channels[i]->name, length) == 0;
		if (!needed)
			continue;
		if (object_has_transactions(channels[i]->object)) {
			r = returning->ruleset ? 0 : ruleset_read(returning->ferry, &returning->ruleset);
			continue;
		}
		r = kind_read(returning->ferry, channels[i], false, &returning->kinds[returning->kind_count]);
		if (r == 0)
			returning->kind_count++;
	}
	return r == 0 && returning->ruleset ? back_rules_new(returning->ruleset, &returning->rules) : r;
}

/* ---- The three-way rule ---- */

static struct ferry_change change_of(const struct journal_entry *entry)
{
	return (struct ferry_change){ .kind = entry->kind,
				      .address = entry->address,
				      .before = entry->before,
				      .after = entry->kind == FERRY_REMOVED ? NULL : entry->after,
				      .consistency = FERRY_WHOLE,
				      .source = "rollback" };
}

static int leave(struct returning *returning, const struct journal_entry *entry, const struct error *error)
{
	struct ferry_change change = change_of(entry);

	returning->back->left++;
	buffer_printf(&returning->back->words, "%s%s", returning->back->words.length ? "\n" : "", error->text);
	change.result = error->code;
	change.result_text = error->text;
	return returning->function ? returning->function(returning->data, &change) : 0;
}

/* What was not meant to change, and of which is not known what it became. */
static int wish_stood(struct returning *returning, const struct journal_entry *entry)
{
	struct undo_verbs *verbs = &returning->verbs;
	_cleanup_free_ char *now = NULL;
	struct error error;
	const struct kind *kind;
	bool known, same = false;

	if (look_up(returning, entry->address, &known, &kind) || (!known && !entry->before))
		return 0;
	if (!known && verbs->read(verbs->data, entry->address, &now, &error) >= 0)
		if (verbs->matches(verbs->data, entry->address, entry->before, now, &same, &error) < 0 || same)
			return 0;
	return !known && !now ? 0 : wishes_add_json(&returning->wishes, entry->address, entry->before);
}

static bool is_file_gone(const struct returning *returning, const struct journal_entry *entry)
{
	_cleanup_buffer_ struct buffer content = { 0 };
	const char *path;

	return file_tree_of(entry->address, &path) && file_read_address(&returning->ferry->machine, entry->address, &content) == -ENOENT;
}

static int wish_entry(struct returning *returning, const struct journal_entry *entry)
{
	const struct undo_verbs verbs = { returning, verb_read, verb_write, verb_matches, verb_difference, verb_forbids };
	struct ferry_change change = change_of(entry);
	struct undo_result result = { 0 };
	struct error error = { 0 };
	bool done;
	int r;

	if (entry->stood)
		return wish_stood(returning, entry);
	if (channel_object(entry->address) == &object_netfilter_rule)
		return back_rules_wish(returning->rules, entry, &returning->wishes);
	/* With the interface that it was of. */
	if (is_file_gone(returning, entry))
		return 0;
	r = undo_change(&change, FERRY_UNDO_DRY_RUN, &verbs, &result, &error);
	done = r >= 0 && result.done;
	undo_result_done(&result);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return leave(returning, entry, &error);
	return done ? wishes_add_json(&returning->wishes, entry->address, entry->kind == FERRY_ADDED ? NULL : entry->before) : 0;
}

/* ---- All of it ---- */

static int take(void *data, const struct ferry_change *change)
{
	struct returning *returning = data;

	if (change->result < 0) {
		returning->back->refused++;
		buffer_printf(&returning->back->words, "%s%s: %s", returning->back->words.length ? "\n" : "", change->address,
			      change->result_text ? change->result_text : error_text(change->result));
	} else {
		returning->back->done++;
	}
	return returning->function ? returning->function(returning->data, change) : 0;
}

static int go_back(struct returning *returning)
{
	struct converge way = { .ferry = returning->ferry,
				.wishes = &returning->wishes,
				.flags = CONVERGE_ON | CONVERGE_YES,
				.settle = SETTLE,
				.source = "rollback",
				.function = take,
				.data = returning };
	int r = read_kinds(returning);

	for (size_t i = 0; r == 0 && i < returning->journal->count; i++) {
		r = wish_entry(returning, &returning->journal->entries[i]);
		/* A damaged entry does not keep the others from going back. */
		if (r < 0 && r != -ENOMEM)
			r = leave(returning, &returning->journal->entries[i], &returning->ferry->error);
	}
	if (r == 0)
		r = converge(&way);
	return r;
}

int journal_back(struct ferry *ferry, const struct journal *journal, ferry_change_function *function, void *data, struct back *ret)
{
	struct returning returning = { .ferry = ferry, .journal = journal, .function = function, .data = data, .back = ret };
	int r;

	*ret = (struct back){ 0 };
	wishes_init(&returning.wishes, ferry);
	returning.wishes.back = true;
	returning.verbs = undo_verbs_of(ferry);
	returning.kinds = calloc(channel_count, sizeof(*returning.kinds));
	r = returning.kinds ? go_back(&returning) : error_set(&ferry->error, -ENOMEM, "no memory to go back");
	for (size_t i = 0; i < returning.kind_count; i++)
		kind_done(&returning.kinds[i]);
	free(returning.kinds);
	back_rules_free(returning.rules);
	ruleset_free(returning.ruleset);
	wishes_done(&returning.wishes);
	return r;
}
