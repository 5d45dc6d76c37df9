/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule as nft(8) prints it: its expressions in their order, each statement that they come to, and its comment. */
#include <errno.h>
#include <string.h>

#include "channel/netfilter_say.h"

/* What cannot be said as nft would: the expressions as they are. */
static void print_expressions(const struct say *say, uint32_t begin, uint32_t end, struct buffer *ret)
{
	const struct value *list = record_find(say->rule, "expressions");

	for (uint32_t i = begin; i < end; i++) {
		const struct value *item = &list->list.items[i];
		const struct value *name = item->type == VALUE_RECORD ? record_find(item->record, "name") : NULL;
		const struct value *data = item->type == VALUE_RECORD ? record_find(item->record, "data") : NULL;

		buffer_add_text(ret, i > begin ? " [" : "[");
		if (name)
			value_print(ret, name, NULL, say->naming);
		else
			value_print(ret, item, NULL, say->naming);
		if (data) {
			buffer_add_char(ret, ' ');
			value_print(ret, data, NULL, say->naming);
		}
		buffer_add_char(ret, ']');
	}
}

static bool add_text(struct say *say, struct buffer *text)
{
	struct statement *statement = statement_add(say);

	buffer_add_char(text, '\0');
	if (statement)
		statement->text = text->failed ? NULL : arena_copy(say->arena, text->data, text->length);
	say->failed |= !statement || !statement->text;
	protocols_forget(say);
	return !say->failed;
}

static bool compares(struct say *say, const char *name, const struct record *data, bool *ret_known)
{
	if (strcmp(name, "cmp") == 0)
		*ret_known = say_compare(say, data);
	else if (strcmp(name, "range") == 0)
		*ret_known = say_range(say, data);
	else if (strcmp(name, "lookup") == 0)
		*ret_known = say_lookup(say, data);
	else
		return false;
	return true;
}

/* False: it is in brackets. */
static bool say_statement(struct say *say, const char *name, const struct record *data)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	bool known;

	if (compares(say, name, data, &known)) {
		if (known)
			return true;
	} else {
		known = say_action(say, name, data, &text);
	}
	if (!known) {
		buffer_clear(&text);
		print_expressions(say, say->begin, say->end, &text);
	}
	return add_text(say, &text) && known;
}

/* Whether it leaves something in a register, and no verdict. */
static bool leaves(const struct record *data)
{
	return record_number(data, "dreg", NFT_REG_VERDICT) != NFT_REG_VERDICT;
}

static bool say_expression(struct say *say, const struct record *expression)
{
	static const struct record nothing;
	const struct value *name = record_find(expression, "name");
	const struct record *data = record_inside(expression, "data");
	char word[32];

	if (!name || name->type != VALUE_TEXT || name->bytes.length >= sizeof(word)) {
		return say_statement(say, "", &nothing);
	}
	memcpy(word, name->bytes.data, name->bytes.length);
	word[name->bytes.length] = '\0';
	/* All is said by the name, also where a counter has not counted yet. */
	if (!data || !data->schema)
		return say_statement(say, strcmp(word, "notrack") && strcmp(word, "counter") ? "" : word, &nothing);
	if (!leaves(data))
		return say_statement(say, word, data);
	term_put(say, record_number(data, "dreg", 0), term_read(say, word, data));
	return true;
}

static bool say_all(struct say *say)
{
	const struct value *list = record_find(say->rule, "expressions");
	const uint32_t count = list && list->type == VALUE_LIST ? list->list.count : 0;
	_cleanup_buffer_ struct buffer rest = { 0 };
	bool known = true;

	protocols_begin(say);
	for (uint32_t i = 0; i < count && !say->failed; i++) {
		const struct record *expression = list->list.items[i].type == VALUE_RECORD ? list->list.items[i].record : &(struct record){ 0 };
		const struct record *data = record_inside(expression, "data");

		say->end = i + 1;
		known &= say_expression(say, expression);
		if (!data || !leaves(data))
			say->begin = i + 1;
	}
	if (say->begin == count || say->failed)
		return known;
	/* Nobody takes it up. */
	print_expressions(say, say->begin, count, &rest);
	return add_text(say, &rest) && false;
}

static bool print_statement(const struct say *say, const struct statement *statement, struct buffer *ret)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	bool known = true;

	if (ret->length)
		buffer_add_char(ret, ' ');
	if (!statement->is_match) {
		buffer_add_text(ret, statement->text);
		return true;
	}
	known = compare_print(say, statement, &text);
	if (!known) {
		buffer_clear(&text);
		print_expressions(say, statement->begin, statement->end, &text);
	}
	buffer_add(ret, text.data, text.length);
	ret->failed |= text.failed;
	return known;
}

static void print_comment(const struct record *rule, struct buffer *ret)
{
	const struct record *userdata = record_inside(rule, "userdata");
	const struct value *comment = userdata ? record_find(userdata, "comment") : NULL;

	if (!comment || comment->type != VALUE_TEXT)
		return;
	buffer_add_text(ret, ret->length ? " comment " : "comment ");
	quote(comment, ret);
}

/* False: something stands in brackets. */
static bool print_rule(struct say *say, struct buffer *ret)
{
	bool known;

	say->last = &say->first;
	known = say_all(say);
	for (const struct statement *statement = say->first; statement && !say->failed; statement = statement->next)
		if (!statement->hidden)
			known &= print_statement(say, statement, ret);
	return known || say->failed;
}

static const char *say_rule(const struct say *fresh)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	struct say say = *fresh;

	/* What one statement implies of another is no longer said where that stands in brackets: once more, with nothing left out. */
	if (!print_rule(&say, &text)) {
		buffer_clear(&text);
		say = *fresh;
		say.literal = true;
		(void)print_rule(&say, &text);
	}
	print_comment(fresh->rule, &text);
	buffer_add_char(&text, '\0');
	return text.failed || say.failed ? NULL : arena_copy(fresh->arena, text.data, text.length);
}

const char *say_inner(const struct say *outer, const struct record *rule)
{
	const struct say fresh = {
		.arena = outer->arena,
		.rule = rule,
		.sets = outer->sets,
		.naming = outer->naming,
		.stateless = outer->stateless,
		.within = true,
		.family = outer->family,
	};

	return say_rule(&fresh);
}

const char *netfilter_rule_text(struct arena *arena, const struct record *rule, struct netfilter_sets *sets, const struct naming *naming,
				bool stateless)
{
	const struct say fresh = {
		.arena = arena,
		.rule = rule,
		.sets = sets,
		.naming = naming,
		.stateless = stateless,
		.family = (uint8_t)record_number(rule, "family", 0),
	};

	return say_rule(&fresh);
}
