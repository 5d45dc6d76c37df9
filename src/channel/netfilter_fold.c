/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/netfilter_fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAXIMUM 3 /* of chains in rules; nft makes one */

bool netfilter_set_is_own(const struct record *set)
{
	return record_number(set, "flags", 0) & NFT_SET_ANONYMOUS;
}

static bool is_named(const struct value *value, const struct value *name)
{
	return value && name && value->type == VALUE_TEXT && name->type == VALUE_TEXT && value->bytes.length == name->bytes.length &&
	       memcmp(value->bytes.data, name->bytes.data, name->bytes.length) == 0;
}

const struct record *netfilter_own_set(const struct record *rule, const struct value *name)
{
	const struct value *list = record_find(rule, "sets");

	for (uint32_t i = 0; list && list->type == VALUE_LIST && i < list->list.count; i++) {
		const struct record *own = list->list.items[i].type == VALUE_RECORD ? list->list.items[i].record : NULL;
		const struct record *set = own ? record_inside(own, "set") : NULL;

		if (set && is_named(record_find(set, "name"), name))
			return own;
	}
	return NULL;
}

/* What the expression at INDEX of RULE says, where it may name a set; NULL where it may not. */
static struct record *naming_set(const struct record *rule, uint32_t index, bool *ret_end)
{
	const struct value *list = record_find(rule, "expressions");
	struct record *data;

	*ret_end = !list || list->type != VALUE_LIST || index >= list->list.count;
	if (*ret_end || list->list.items[index].type != VALUE_RECORD)
		return NULL;
	data = record_inside(list->list.items[index].record, "data");
	return data && data->schema && schema_field(data->schema, "set_id") && record_find(data, "set") ? data : NULL;
}

/* The verdict of the expression at INDEX of RULE, where it names a chain; NULL where it does not. */
static struct record *naming_chain(const struct record *rule, uint32_t index, bool *ret_end)
{
	const struct value *list = record_find(rule, "expressions");
	struct record *data, *inside, *verdict;

	*ret_end = !list || list->type != VALUE_LIST || index >= list->list.count;
	if (*ret_end || list->list.items[index].type != VALUE_RECORD)
		return NULL;
	data = record_inside(list->list.items[index].record, "data");
	inside = data ? record_inside(data, "data") : NULL;
	verdict = inside ? record_inside(inside, "verdict") : NULL;
	return verdict && record_find(verdict, "chain") ? verdict : NULL;
}

/* The own chain of RULE that NAME names, with its rules, NULL where it is none of them. */
static struct record *own_chain(const struct record *rule, const struct value *name, const struct value **ret_rules)
{
	const struct value *list = record_find(rule, "chains");

	for (uint32_t i = 0; list && list->type == VALUE_LIST && i < list->list.count; i++) {
		const struct record *own = list->list.items[i].type == VALUE_RECORD ? list->list.items[i].record : NULL;
		const struct value *rules = own && is_named(record_find(own, "name"), name) ? record_find(own, "rules") : NULL;

		*ret_rules = rules;
		if (rules && rules->type == VALUE_LIST)
			return (struct record *)own;
	}
	return NULL;
}

const struct value *netfilter_own_chain(const struct record *rule, const struct value *name)
{
	const struct value *rules;

	return own_chain(rule, name, &rules) ? rules : NULL;
}

/* ---- Into the rule ---- */

static int own_of(struct arena *arena, const struct said_set *said, const struct record *rule, struct value *ret)
{
	struct record *own = record_new(arena, field_schema(field_element(schema_field(rule->schema, "sets")))), *set;
	struct value *items = arena_array(arena, struct value, said->count + 1);
	int r = own && items ? record_copy(arena, said->set, &set) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < said->count; i++) {
		struct record *element;

		r = record_copy(arena, said->elements[i], &element);
		if (r < 0)
			break;
		for (const char *const *key = (const char *const[]){ "family", "table", "set", "text", "data_text", NULL }; *key; key++)
			record_drop(element, *key);
		items[i] = (struct value){ .type = VALUE_RECORD, .record = element };
	}
	if (r == 0) {
		for (const char *const *key = (const char *const[]){ "family", "table", "handle", NULL }; *key; key++)
			record_drop(set, *key);
		r = record_put(arena, own, "set", (struct value){ .type = VALUE_RECORD, .record = set });
	}
	if (r == 0)
		r = record_put(arena, own, "elements", (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)said->count } });
	*ret = (struct value){ .type = VALUE_RECORD, .record = own };
	return r;
}

static int fold_sets(struct arena *arena, struct record *rule, struct netfilter_sets *sets)
{
	const struct value *list = record_find(rule, "expressions");
	const uint32_t room = list && list->type == VALUE_LIST ? list->list.count : 0;
	struct value *items = NULL;
	struct record *data;
	uint32_t count = 0;
	bool end = false;

	for (uint32_t i = 0; !end; i++) {
		const struct said_set *said;
		int r;

		data = naming_set(rule, i, &end);
		said = data ? netfilter_sets_find(sets, arena, rule, data) : NULL;
		if (!said || !netfilter_set_is_own(said->set))
			continue;
		if (!items)
			items = arena_array(arena, struct value, room);
		r = items ? own_of(arena, said, rule, &items[count++]) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return items ? record_put(arena, rule, "sets", (struct value){ .type = VALUE_LIST, .list = { items, count } }) : 0;
}

static void drop_keys(struct record *rule)
{
	for (const char *const *key = (const char *const[]){ "family", "table", "chain", "handle", "position", NULL }; *key; key++)
		record_drop(rule, *key);
}

static int fold(struct arena *arena, struct record *rule, struct netfilter_sets *sets, unsigned int depth);

static int chain_of(struct arena *arena, struct netfilter_sets *sets, const struct record *rule, const struct record *verdict, unsigned int depth,
		    struct value *ret)
{
	struct record *own = record_new(arena, field_schema(field_element(schema_field(rule->schema, "chains"))));
	size_t count = 0;
	const struct record *const *rules = netfilter_sets_chain(sets, arena, rule, verdict, &count);
	struct value *items = arena_array(arena, struct value, count + 1);
	int r = own && rules && items ? record_put(arena, own, "name", *record_find(verdict, "chain")) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct record *inner;

		r = record_copy(arena, rules[i], &inner);
		if (r == 0)
			r = fold(arena, inner, sets, depth + 1);
		if (r < 0)
			break;
		drop_keys(inner);
		items[i] = (struct value){ .type = VALUE_RECORD, .record = inner };
	}
	if (r == 0)
		r = record_put(arena, own, "rules", (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)count } });
	*ret = (struct value){ .type = VALUE_RECORD, .record = own };
	return r;
}

static int fold_chains(struct arena *arena, struct record *rule, struct netfilter_sets *sets, unsigned int depth)
{
	const struct value *list = record_find(rule, "expressions");
	const uint32_t room = list && list->type == VALUE_LIST ? list->list.count : 0;
	struct value *items = NULL;
	uint32_t count = 0;
	bool end = false;

	for (uint32_t i = 0; !end && depth < DEPTH_MAXIMUM; i++) {
		const struct record *verdict = naming_chain(rule, i, &end);
		int r;

		if (!verdict || !netfilter_sets_own_chain(sets, rule, record_find(verdict, "chain")))
			continue;
		if (!items)
			items = arena_array(arena, struct value, room);
		r = items ? chain_of(arena, sets, rule, verdict, depth, &items[count++]) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return items ? record_put(arena, rule, "chains", (struct value){ .type = VALUE_LIST, .list = { items, count } }) : 0;
}

static int fold(struct arena *arena, struct record *rule, struct netfilter_sets *sets, unsigned int depth)
{
	int r = fold_sets(arena, rule, sets);

	return r < 0 ? r : fold_chains(arena, rule, sets, depth);
}

int netfilter_rule_fold(struct arena *arena, struct record *rule, struct netfilter_sets *sets)
{
	return fold(arena, rule, sets, 0);
}

/* ---- What it means ---- */

static int by_field(const void *a, const void *b)
{
	const struct entry *first = a, *second = b;

	if (first->field != second->field)
		return first->field < second->field ? -1 : 1;
	return first->number < second->number ? -1 : first->number > second->number;
}

static bool is_nothing(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		return true;
	case VALUE_INT:
	case VALUE_UINT:
		return value->number == 0;
	case VALUE_LIST:
		return value->list.count == 0;
	case VALUE_RECORD:
		return value->record->count == 0;
	default:
		return false;
	}
}

/* In the order of the schema, without what moves, what only the kernel says, and what is 0 as it is where nothing is said. RECORD is ours alone. */
static void settle(struct record *record)
{
	for (uint32_t i = record->count; i-- > 0;) {
		struct entry *entry = &record->entries[i];
		const struct field *field = entry->field;

		if (entry->value.type == VALUE_RECORD)
			settle((struct record *)entry->value.record);
		for (uint32_t at = 0; entry->value.type == VALUE_LIST && at < entry->value.list.count; at++)
			if (entry->value.list.items[at].type == VALUE_RECORD)
				settle((struct record *)entry->value.list.items[at].record);
		if (field && entry->value.type == VALUE_UINT)
			entry->value.number &= field_significance(field);
		if (is_nothing(&entry->value) || (field && field->flags & (FIELD_VOLATILE | FIELD_HIDDEN | FIELD_STATE | FIELD_DERIVED)))
			record_drop_entry(record, entry);
	}
	qsort(record->entries, record->count, sizeof(*record->entries), by_field);
}

static int by_key(const void *a, const void *b)
{
	const struct value *first = a, *second = b;

	if (first->type != VALUE_RECORD || second->type != VALUE_RECORD)
		return (int)first->type - (int)second->type;
	return netfilter_element_compare(first->record, second->record);
}

static void sort_elements(struct record *own)
{
	struct entry *elements = record_at(own, "elements");

	if (elements && elements->value.type == VALUE_LIST)
		qsort((struct value *)elements->value.list.items, elements->value.list.count, sizeof(struct value), by_key);
}

/* Names by the order in which the rule has them: the place of NAME among those that are KNOWN so far. */
static int number_of(struct arena *arena, struct value *known, uint32_t *count, const struct value *name, uint32_t *ret)
{
	for (*ret = 0; *ret < *count; ++*ret)
		if (is_named(&known[*ret], name))
			return 0;
	return value_copy(arena, name, &known[(*count)++]);
}

static int add_own(struct arena *arena, const struct record *rule, const struct value *name, struct buffer *ret)
{
	struct record *own;
	int r = record_copy(arena, netfilter_own_set(rule, name), &own);

	if (r < 0)
		return r;
	record_drop(record_inside(own, "set"), "name");
	sort_elements(own);
	settle(own);
	record_json(ret, own, NULL);
	return ret->failed ? -ENOMEM : 0;
}

static int rename_sets(struct arena *arena, const struct record *rule, struct record *copy, struct value *known, uint32_t *count)
{
	struct record *data;
	bool end = false;
	int r = 0;

	for (uint32_t i = 0; r == 0 && !end; i++) {
		char text[16];
		const char *kept;
		uint32_t number;

		data = naming_set(copy, i, &end);
		if (!data || !netfilter_own_set(rule, record_find(data, "set")))
			continue;
		r = number_of(arena, known, count, record_find(data, "set"), &number);
		snprintf(text, sizeof(text), "%u", number);
		kept = r == 0 ? arena_copy(arena, text, strlen(text)) : NULL;
		r = kept ? record_put(arena, data, "set", value_text(kept)) : -ENOMEM;
	}
	return r;
}

/* Own chains are said by what is in them, behind all else. */
static int add_chains(struct arena *arena, const struct record *rule, struct record *copy, struct buffer *ret)
{
	bool end = false;

	for (uint32_t i = 0; !end; i++) {
		struct record *verdict = naming_chain(copy, i, &end);
		const struct value *rules;

		if (!verdict || !own_chain(rule, record_find(verdict, "chain"), &rules))
			continue;
		record_drop(verdict, "chain");
		buffer_add_char(ret, '{');
		for (uint32_t at = 0; at < rules->list.count; at++) {
			const struct value *inner = &rules->list.items[at];
			int r = inner->type == VALUE_RECORD ? netfilter_rule_meaning(arena, inner->record, ret) : -EINVAL;

			if (r < 0)
				return r;
		}
		buffer_add_char(ret, '}');
	}
	return 0;
}

int netfilter_rule_meaning(struct arena *arena, const struct record *rule, struct buffer *ret)
{
	const struct value *list = record_find(rule, "expressions");
	struct value *known = arena_array(arena, struct value, (list && list->type == VALUE_LIST ? list->list.count : 0) + 1);
	struct record *copy;
	uint32_t count = 0;
	int r = known ? record_copy(arena, rule, &copy) : -ENOMEM;

	if (r == 0)
		r = rename_sets(arena, rule, copy, known, &count);
	if (r == 0)
		r = add_chains(arena, rule, copy, ret);
	if (r < 0)
		return r;
	drop_keys(copy);
	record_drop(copy, "sets");
	record_drop(copy, "chains");
	settle(copy);
	record_json(ret, copy, NULL);
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = add_own(arena, rule, &known[i], ret);
	return r < 0 || ret->failed ? -ENOMEM : 0;
}

/* ---- And back ---- */

static size_t parts_of_sets(const struct value *list)
{
	size_t count = 0;

	for (uint32_t i = 0; list && list->type == VALUE_LIST && i < list->list.count; i++) {
		const struct record *own = list->list.items[i].type == VALUE_RECORD ? list->list.items[i].record : NULL;
		const struct value *elements = own ? record_find(own, "elements") : NULL;

		count += 1 + (elements && elements->type == VALUE_LIST ? elements->list.count : 0);
	}
	return count;
}

size_t netfilter_rule_parts(const struct record *rule)
{
	const struct value *list = record_find(rule, "chains");
	size_t count = 1 + parts_of_sets(record_find(rule, "sets"));

	for (uint32_t i = 0; list && list->type == VALUE_LIST && i < list->list.count; i++) {
		const struct record *own = list->list.items[i].type == VALUE_RECORD ? list->list.items[i].record : NULL;
		const struct value *rules = own ? record_find(own, "rules") : NULL;

		count++;
		for (uint32_t at = 0; rules && rules->type == VALUE_LIST && at < rules->list.count; at++)
			if (rules->list.items[at].type == VALUE_RECORD)
				count += netfilter_rule_parts(rules->list.items[at].record);
	}
	return count;
}

/* "__set3" to "__set" and a number that no other has. */
static const char *name_anew(struct arena *arena, const struct value *name, uint32_t number)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	const char *old = name->bytes.data;

	for (uint32_t i = 0; i < name->bytes.length && i < 64 && !(old[i] >= '0' && old[i] <= '9'); i++)
		buffer_add_char(&text, old[i]);
	buffer_add_uint(&text, number);
	return text.failed ? NULL : arena_copy(arena, text.data, text.length);
}

static int put_in_table(struct arena *arena, const struct record *rule, struct record *record)
{
	const struct value *table = record_find(rule, "table");
	int r = record_put(arena, record, "family", value_uint(record_number(rule, "family", 0)));

	return r < 0 || !table ? r : record_put(arena, record, "table", *table);
}

static int unfold_set(struct arena *arena, const struct record *rule, const struct record *own, const char *name, struct object_step *steps,
		      size_t *count)
{
	const struct value *elements = record_find(own, "elements");
	struct record *set = record_inside(own, "set");
	int r = record_put(arena, set, "name", value_text(name));

	if (r == 0)
		r = record_put(arena, set, "flags", value_uint(record_number(set, "flags", 0) | NFT_SET_ANONYMOUS));
	if (r == 0)
		r = put_in_table(arena, rule, set);
	steps[(*count)++] = (struct object_step){ .object = &object_netfilter_set, .record = set, .write = OBJECT_CREATE, .placed = true };
	for (uint32_t i = 0; r == 0 && elements && elements->type == VALUE_LIST && i < elements->list.count; i++) {
		struct record *element = elements->list.items[i].type == VALUE_RECORD ? (struct record *)elements->list.items[i].record : NULL;

		if (!element)
			return -EINVAL;
		r = put_in_table(arena, rule, element);
		if (r == 0)
			r = record_put(arena, element, "set", value_text(name));
		steps[(*count)++] =
			(struct object_step){ .object = &object_netfilter_element, .record = element, .write = OBJECT_CREATE, .placed = true };
	}
	return r;
}

/* All that names the set NAMED names it NAME. */
static int refer(struct arena *arena, struct record *rule, const struct value *named, const char *name)
{
	struct record *data;
	bool end = false;
	int r = 0;

	for (uint32_t i = 0; r == 0 && !end; i++) {
		data = naming_set(rule, i, &end);
		if (data && is_named(record_find(data, "set"), named))
			r = record_put(arena, data, "set", value_text(name));
	}
	return r;
}

static int unfold_sets(struct arena *arena, struct record *rule, uint32_t *number, struct object_step *steps, size_t *count)
{
	const struct value *list = record_find(rule, "sets");
	const uint32_t sets = list && list->type == VALUE_LIST ? list->list.count : 0;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < sets; i++) {
		struct record *own = list->list.items[i].type == VALUE_RECORD ? (struct record *)list->list.items[i].record : NULL;
		struct record *set = own ? record_inside(own, "set") : NULL;
		const struct value *named = set ? record_find(set, "name") : NULL;
		struct value before;
		const char *name;

		if (!named || named->type != VALUE_TEXT)
			return -EINVAL;
		before = *named;
		name = name_anew(arena, named, ++*number);
		r = name ? refer(arena, rule, &before, name) : -ENOMEM;
		if (r == 0)
			r = unfold_set(arena, rule, own, name, steps, count);
	}
	return r;
}

static int unfold(struct arena *arena, struct record *rule, uint32_t *number, struct object_step *steps, size_t *count, unsigned int depth);

/* Its rules name it by its number in the transaction, and so does the rule that goes there. */
static int unfold_chain(struct arena *arena, const struct record *rule, struct record *verdict, const struct value *rules, uint32_t *number,
			struct object_step *steps, size_t *count, unsigned int depth)
{
	struct record *chain = record_new(arena, object_netfilter_chain.schema);
	const uint32_t id = ++*number;
	int r = chain ? put_in_table(arena, rule, chain) : -ENOMEM;

	if (r == 0)
		r = record_put(arena, chain, "id", value_uint(id));
	if (r == 0)
		r = record_put(arena, chain, "flags", value_uint(NFT_CHAIN_BINDING));
	steps[(*count)++] = (struct object_step){ .object = &object_netfilter_chain, .record = chain, .write = OBJECT_CREATE, .placed = true };
	for (uint32_t i = 0; r == 0 && i < rules->list.count; i++) {
		struct record *inner = rules->list.items[i].type == VALUE_RECORD ? (struct record *)rules->list.items[i].record : NULL;

		if (!inner)
			return -EINVAL;
		drop_keys(inner);
		r = put_in_table(arena, rule, inner);
		if (r == 0)
			r = record_put(arena, inner, "chain_id", value_uint(id));
		if (r == 0)
			r = unfold(arena, inner, number, steps, count, depth + 1);
		if (r == 0)
			steps[*count - 1].flags = NLM_F_APPEND;
	}
	record_drop(verdict, "chain");
	return r < 0 ? r : record_put(arena, verdict, "chain_id", value_uint(id));
}

static int unfold(struct arena *arena, struct record *rule, uint32_t *number, struct object_step *steps, size_t *count, unsigned int depth)
{
	int r = depth < DEPTH_MAXIMUM ? unfold_sets(arena, rule, number, steps, count) : -EINVAL;
	bool end = false;

	for (uint32_t i = 0; r == 0 && !end; i++) {
		struct record *verdict = naming_chain(rule, i, &end);
		const struct value *rules;
		struct record *own = verdict ? own_chain(rule, record_find(verdict, "chain"), &rules) : NULL;

		if (!own)
			continue;
		record_drop(own, "name"); /* it is gone to from one place alone */
		r = unfold_chain(arena, rule, verdict, rules, number, steps, count, depth);
	}
	record_drop(rule, "sets");
	record_drop(rule, "chains");
	steps[(*count)++] = (struct object_step){ .object = &object_netfilter_rule, .record = rule, .write = OBJECT_CREATE, .placed = true };
	return r;
}

int netfilter_rule_unfold(struct arena *arena, struct record *rule, uint32_t *number, struct object_step *steps, size_t *ret_count)
{
	size_t count = 0;
	int r = unfold(arena, rule, number, steps, &count, 0);

	*ret_count = count;
	return r;
}

/* ---- What it stands on ---- */

static const struct object *kind_of(const struct schema *schema, const char *field)
{
	if (strcmp(field, "chain") == 0)
		return strcmp(schema->name, "verdict") == 0 ? &object_netfilter_chain : NULL;
	if (strcmp(field, "set") == 0)
		return schema_field(schema, "set_id") && schema != object_netfilter_element.schema ? &object_netfilter_set : NULL;
	if (strcmp(field, "flowtable") == 0)
		return &object_netfilter_flowtable;
	if ((strcmp(field, "name") == 0 && schema == &schema_netfilter_objref) ||
	    (strcmp(field, "object") == 0 && schema == object_netfilter_element.schema))
		return &object_netfilter_object;
	return NULL;
}

static void visit(const struct record *record, void (*function)(void *data, const struct object *kind, const struct value *name), void *data)
{
	for (uint32_t i = 0; i < record->count; i++) {
		const struct value *value = &record->entries[i].value;
		const struct object *kind;

		if (value->type == VALUE_RECORD)
			visit(value->record, function, data);
		for (uint32_t at = 0; value->type == VALUE_LIST && at < value->list.count; at++)
			if (value->list.items[at].type == VALUE_RECORD)
				visit(value->list.items[at].record, function, data);
		kind = value->type == VALUE_TEXT && record->entries[i].name && record->schema ? kind_of(record->schema, record->entries[i].name)
											      : NULL;
		if (kind)
			function(data, kind, value);
	}
}

void netfilter_names(const struct object *object, const struct record *record,
		     void (*function)(void *data, const struct object *kind, const struct value *name), void *data)
{
	if (object == &object_netfilter_rule || object == &object_netfilter_element)
		visit(record, function, data);
}
