/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order in which the kernel takes what makes a ruleset, and the numbers by which one request of a transaction names what another one makes: sets
 * without a name of their own, whose number the kernel chooses, and the rule that a new one comes behind. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/table.h"
#include "channel/netfilter.h"
#include "channel/object-transaction.h"

/* What is made, from what others stand on to what stands on others; what goes, goes before and the other way round. */
static const struct object *const ranks[] = {
	&object_netfilter_table, &object_netfilter_chain,   &object_netfilter_object, &object_netfilter_flowtable,
	&object_netfilter_set,   &object_netfilter_element, &object_netfilter_rule,
};

static uint32_t rank_of(const struct object_step *step)
{
	uint32_t rank = 0;

	while (rank < ARRAY_SIZE(ranks) - 1 && ranks[rank] != step->object)
		rank++;
	return step->write == OBJECT_REMOVE ? ARRAY_SIZE(ranks) - rank : ARRAY_SIZE(ranks) + 1 + rank;
}

/* ---- What is in the transaction, by what names it ---- */

struct known {
	struct buffer key;
	struct object_step *step;
	uint32_t number;
};

struct arranging {
	struct arena *arena;
	struct table table;
	struct known *known;
	size_t count;
};

static bool match(const void *entry, const void *key, size_t length)
{
	const struct known *known = entry;

	return known->key.length == length && memcmp(known->key.data, key, length) == 0;
}

static void add_text(const struct record *record, const char *field, struct buffer *ret)
{
	const struct value *value = record_find(record, field);

	buffer_add_char(ret, '\0');
	if (value && value->type == VALUE_TEXT)
		buffer_add(ret, value->bytes.data, value->bytes.length);
}

static void key_of(char kind, const struct record *record, const char *field, struct buffer *ret)
{
	const uint64_t handle = record_number(record, field, 0);

	buffer_clear(ret);
	buffer_add_char(ret, kind);
	buffer_add_uint(ret, record_number(record, "family", 0));
	add_text(record, "table", ret);
	if (kind == 'r')
		buffer_add(ret, &handle, sizeof(handle));
	else
		add_text(record, field, ret);
}

static struct known *find(struct arranging *arranging, const struct buffer *key)
{
	return key->failed ? NULL : table_find(&arranging->table, key->data, key->length);
}

static bool is_anonymous(const struct object_step *step)
{
	return step->object == &object_netfilter_set && record_number(step->record, "flags", 0) & NFT_SET_ANONYMOUS;
}

static int remember(struct arranging *arranging, struct object_step *step)
{
	struct known *known = &arranging->known[arranging->count];
	int r;

	if (step->object == &object_netfilter_set)
		key_of('s', step->record, "name", &known->key);
	else if (step->object == &object_netfilter_rule && step->write == OBJECT_CREATE)
		key_of('r', step->record, "handle", &known->key);
	else
		return 0;
	arranging->count++;
	known->step = step;
	known->number = (uint32_t)arranging->count;
	if (known->key.failed)
		return -ENOMEM;
	if (find(arranging, &known->key))
		return 0;
	r = table_add(&arranging->table, known->key.data, known->key.length, known);
	return r < 0 ? r : record_put(arranging->arena, step->record, "id", value_uint(known->number));
}

/* ---- Sets that the kernel names ---- */

/* "__set3" to "__set%d": the kernel puts in what is free. */
static int rename_set(struct arena *arena, struct record *record, const char *field)
{
	const struct value *name = record_find(record, field);
	size_t length;
	char *pattern;

	if (!name || name->type != VALUE_TEXT)
		return 0;
	for (length = name->bytes.length; length && memchr("0123456789", ((const char *)name->bytes.data)[length - 1], 10);)
		length--;
	pattern = arena_allocate(arena, length + 3);
	if (!pattern)
		return -ENOMEM;
	memcpy(pattern, name->bytes.data, length);
	memcpy(pattern + length, "%d", 3);
	return record_put(arena, record, field, value_data(VALUE_TEXT, pattern, length + 2));
}

/* The set that RECORD names in FIELD, where it is one that the kernel names and that is made here. */
static struct known *set_of(struct arranging *arranging, const struct record *scope, const struct record *record, const char *field)
{
	_cleanup_buffer_ struct buffer key = { 0 };
	struct known *known;

	buffer_add_char(&key, 's');
	buffer_add_uint(&key, record_number(scope, "family", 0));
	add_text(scope, "table", &key);
	add_text(record, field, &key);
	known = find(arranging, &key);
	return known && is_anonymous(known->step) ? known : NULL;
}

static int refer(struct arranging *arranging, const struct record *scope, struct record *record)
{
	struct known *known = set_of(arranging, scope, record, "set");
	int r;

	if (!known)
		return 0;
	r = rename_set(arranging->arena, record, "set");
	return r < 0 ? r : record_put(arranging->arena, record, "set_id", value_uint(known->number));
}

static int refer_all(struct arranging *arranging, const struct object_step *step)
{
	const struct value *list = record_find(step->record, "expressions");
	int r = 0;

	for (uint32_t i = 0; r == 0 && list && list->type == VALUE_LIST && i < list->list.count; i++) {
		const struct value *item = &list->list.items[i];
		struct record *data = item->type == VALUE_RECORD ? record_inside(item->record, "data") : NULL;

		if (data && data->schema && schema_field(data->schema, "set_id"))
			r = refer(arranging, step->record, data);
	}
	return r;
}

/* ---- The place of a rule ---- */

static int stands(struct machine *machine, struct arena *arena, const struct record *like, uint64_t handle)
{
	struct record *key, *found;
	int r = record_copy(arena, like, &key);

	if (r == 0)
		r = record_put(arena, key, "handle", value_uint(handle));
	if (r == 0)
		r = object_get(&object_netfilter_rule, machine, key, arena, &found);
	if (r == -ENOENT)
		machine->error = (struct error){ 0 };
	return r;
}

/* The last that went comes first, so that each finds the place that it had when it went: behind one that is made here or stands, or at the front.
 * One of which that is not known comes at the end, and likewise where the one before it is gone. */
static int place_rule(struct arranging *arranging, struct machine *machine, struct object_step *step, size_t index, size_t count)
{
	const uint64_t handle = record_number(step->record, "position", UINT64_MAX);
	_cleanup_buffer_ struct buffer key = { 0 };
	struct known *known;
	int r;

	if (handle == UINT64_MAX) { /* not known */
		step->flags = NLM_F_APPEND;
		step->rank += (uint32_t)(count + index);
		return 0;
	}
	step->rank += (uint32_t)(count - index);
	step->flags = handle ? NLM_F_APPEND : 0;
	key_of('r', step->record, "position", &key);
	known = handle ? find(arranging, &key) : NULL;
	if (known && known->step > step) {
		record_drop(step->record, "position");
		return record_put(arranging->arena, step->record, "position_id", value_uint(known->number));
	}
	r = handle ? stands(machine, arranging->arena, step->record, handle) : -ENOENT;
	if (r == -ENOENT)
		record_drop(step->record, "position");
	return r == -ENOENT ? 0 : r;
}

/* ---- Elements ---- */

static int compare_elements(const void *a, const void *b)
{
	const struct object_step *first = *(struct object_step *const *)a, *second = *(struct object_step *const *)b;
	const int r = netfilter_element_compare(first->record, second->record);

	return r ? r : first < second ? -1 : first > second;
}

/* An interval begins before it ends, or the kernel takes it for one that overlaps; and where one begins at the end of another, that end goes first,
 * or it is not found. So all elements are in the order of their keys. */
static int order_elements(struct object_step *steps, size_t count, enum object_write write)
{
	_cleanup_free_ struct object_step **elements = calloc(count + 1, sizeof(*elements));
	size_t kept = 0;

	if (!elements)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (steps[i].object == &object_netfilter_element && steps[i].write == write && !steps[i].placed)
			elements[kept++] = &steps[i];
	qsort(elements, kept, sizeof(*elements), compare_elements);
	for (size_t i = 0; i < kept; i++)
		elements[i]->rank += (uint32_t)i;
	return 0;
}

/* Room for the elements that go, and for those that come, of a rank of their own. */
static uint32_t spread(uint32_t rank, size_t count)
{
	const struct object_step gone = { .object = &object_netfilter_element, .write = OBJECT_REMOVE };
	const struct object_step made = { .object = &object_netfilter_element, .write = OBJECT_CREATE };

	return rank + (rank > rank_of(&gone) ? (uint32_t)count : 0) + (rank > rank_of(&made) ? (uint32_t)count : 0);
}

static int arrange_step(struct arranging *arranging, struct machine *machine, struct object_step *step, size_t index, size_t count)
{
	struct known *known = NULL;

	step->rank = step->placed ? (uint32_t)index : spread(rank_of(step), count);
	if (step->object == &object_netfilter_element)
		known = set_of(arranging, step->record, step->record, "set");
	/* A set without a name of its own goes with its rule, and its elements with it. */
	step->left_out = step->write == OBJECT_REMOVE && (is_anonymous(step) || known);
	if (step->left_out || step->write == OBJECT_REMOVE)
		return 0;
	if (known)
		return refer(arranging, step->record, step->record);
	if (step->object != &object_netfilter_rule || step->write != OBJECT_CREATE)
		return 0;
	if (refer_all(arranging, step) < 0)
		return -ENOMEM;
	return step->placed ? 0 : place_rule(arranging, machine, step, index, count);
}

static int rename_sets(struct arranging *arranging)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < arranging->count; i++)
		if (is_anonymous(arranging->known[i].step) && arranging->known[i].step->write == OBJECT_CREATE)
			r = rename_set(arranging->arena, arranging->known[i].step->record, "name");
	return r;
}

int netfilter_arrange(struct machine *machine, struct arena *arena, struct object_step *steps, size_t count)
{
	struct arranging arranging = { .arena = arena, .known = calloc(count + 1, sizeof(struct known)) };
	int r = arranging.known ? 0 : -ENOMEM;

	table_init(&arranging.table, match);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = remember(&arranging, &steps[i]);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = arrange_step(&arranging, machine, &steps[i], i, count);
	if (r == 0)
		r = rename_sets(&arranging);
	if (r == 0)
		r = order_elements(steps, count, OBJECT_REMOVE);
	if (r == 0)
		r = order_elements(steps, count, OBJECT_CREATE);
	for (size_t i = 0; i < arranging.count; i++)
		buffer_done(&arranging.known[i].key);
	table_done(&arranging.table);
	free(arranging.known);
	return r;
}

static int take_generation(void *data, const struct nlmsghdr *message)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	uint32_t *ret = data;

	if (message->nlmsg_type != NETFILTER_TYPE(NFT_MSG_NEWGEN) || message->nlmsg_len < skip)
		return 0;
	for (struct attribute_iterator i = attributes((const char *)message + skip, message->nlmsg_len - skip); attribute_next(&i);)
		if (i.type == NFTA_GEN_ID && i.length == sizeof(*ret)) {
			memcpy(ret, i.data, sizeof(*ret));
			*ret = be32toh(*ret);
		}
	return 0;
}

int netfilter_generation(struct netlink *netlink, uint32_t *ret)
{
	const struct nfgenmsg header = { .version = NFNETLINK_V0 };
	uint32_t generation = 0;
	int r = netlink_request(netlink, NETFILTER_TYPE(NFT_MSG_GETGEN), 0, &header, sizeof(header), take_generation, &generation, NULL);

	if (r == 0)
		*ret = generation;
	return r;
}
