/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All wishes against all that stands, and the steps in their order.
 *
 * What goes, goes first and in reverse: rules, routes, nexthops, neighbours, addresses, links. Then what is there already is set, the widest first (a
 * knob that rewrites others, "all", "default"), since new links take their defaults from it; then links, and what waited for them; then what stands
 * on links: the ruleset of nftables, addresses, neighbours, nexthops, routes, rules. */
#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>

#include "channel/nature.h"
#include "lib/declare_elements.h"
#include "state/order.h"

#define RANK_KNOB      20 /* of what is there */
#define RANK_OF_LINK   22
#define RANK_LATE_KNOB 23 /* of an interface that is made */
#define RANK_RULESET   24 /* one transaction, in which some goes and some is made: on links, before there are addresses */

static const struct {
	const char *name;
	unsigned int removal, making;
} ranks[] = {
	{ "rule", 0, 29 },  { "route", 1, 28 },   { "nexthop", 2, 27 }, { "neigh", 3, 26 },     { "addr", 4, 25 },      { "link", 5, 21 },
	{ "port", 6, 22 },  { "default", 7, 32 }, { "policy", 8, 31 },  { "state", 9, 30 },     { "filter", 0, 34 },    { "qdisc", 1, 33 },
	{ "class", 1, 33 }, { "fdb", 3, 26 },     { "mdb", 3, 26 },     { "vlan", 4, 25 },      { "addrlabel", 3, 26 }, { "ipset_entry", 0, 36 },
	{ "ipset", 1, 35 }, { "nfacct", 1, 35 },  { "mpls", 1, 28 },    { "namespace", 0, 23 }, { "schema", 1, 22 },    { "vni", 4, 25 },
};

static int no_memory(struct plan *plan)
{
	return error_set(&plan->ferry->error, -ENOMEM, "no memory for a plan");
}

int plan_add(struct plan *plan, const struct step *step)
{
	if (plan->count == plan->size) {
		size_t size = plan->size ? plan->size * 2 : 64;
		struct step *steps = reallocarray(plan->steps, size, sizeof(*steps));

		if (!steps)
			return no_memory(plan);
		plan->steps = steps;
		plan->size = size;
	}
	plan->steps[plan->count++] = *step;
	return 0;
}

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		buffer_done(&plan->steps[i].request.payload);
	for (size_t i = 0; i < plan->kind_count; i++)
		kind_done(&plan->kinds[i]);
	free(plan->kinds);
	ruleset_free(plan->ruleset);
	free(plan->steps);
	arena_done(&plan->arena);
	arena_done(&plan->scratch);
	*plan = (struct plan){ 0 };
}

/* ---- Reading what stands ---- */

static int read_ruleset(struct plan *plan)
{
	int r = plan->ruleset ? 0 : ruleset_read(plan->ferry, &plan->ruleset);

	/* Without a ruleset its wishes are told as not read. */
	if (r == -EPERM && plan->purpose == PLAN_COMPARE) {
		plan->ferry->error = (struct error){ 0 };
		return 0;
	}
	return r;
}

static int read_kinds(struct plan *plan)
{
	_cleanup_free_ bool *concerned = calloc(channel_count, sizeof(*concerned));
	int r = 0;

	plan->kinds = calloc(channel_count, sizeof(*plan->kinds));
	if (!plan->kinds || !concerned)
		return no_memory(plan);
	wishes_concern(plan->wishes, concerned);
	machine_links_forget(&plan->ferry->machine);
	for (unsigned int i = 0; r == 0 && i < channel_count; i++) {
		if (!channels[i]->object || !concerned[i])
			continue;
		if (object_has_transactions(channels[i]->object)) {
			r = read_ruleset(plan);
			continue;
		}
		r = kind_read(plan->ferry, channels[i], false, &plan->kinds[plan->kind_count]);
		if (r == -EPERM && plan->purpose == PLAN_COMPARE) {
			plan->kinds[plan->kind_count] = (struct kind){ .channel = channels[i], .barred = true };
			plan->ferry->error = (struct error){ 0 };
			r = 0;
		}
		if (r == 0)
			plan->kind_count++;
	}
	return r;
}

static struct kind *kind_of(const struct plan *plan, const struct channel *channel)
{
	for (size_t i = 0; i < plan->kind_count; i++)
		if (plan->kinds[i].channel == channel)
			return &plan->kinds[i];
	return NULL;
}

/* ---- Several objects of one address ---- */

/* WISH as it would stand in the place of STANDING, which is *RET_NOW. */
static bool wish_for(struct plan *plan, const struct wish *wish, const struct kind *kind, const struct standing *standing, struct record **ret_now,
		     struct record **ret_wanted)
{
	return standing_record(kind, standing, &plan->scratch, ret_now) == 0 && wish_record(plan, wish, *ret_now, ret_wanted) == 0;
}

static bool is_so(struct plan *plan, const struct wish *wish, const struct kind *kind, const struct standing *standing)
{
	struct record *now, *wanted;

	return !standing->wished && !wish->absent && wish_for(plan, wish, kind, standing, &now, &wanted) && object_matches(wanted, now);
}

/* Of several objects of one address the one that is so already. No field says which of the others would be meant. */
static struct standing *choose_exactly(struct plan *plan, const struct wish *wish)
{
	struct kind *kind = kind_of(plan, wish->channel);
	size_t count = 0;
	struct standing *first = kind ? kind_find(kind, wish->path, &count) : NULL;

	for (size_t i = 0; i < count; i++)
		if (is_so(plan, wish, kind, &first[i])) {
			first[i].wished = true;
			return &first[i];
		}
	return NULL;
}

/* The one that is meant where just one is wished: of the same identity, or the first. */
static struct standing *choose(struct plan *plan, const struct wish *wish, const struct kind *kind, struct standing *first, size_t count)
{
	struct record *now, *wanted;

	for (size_t i = 0; count > 1 && !wish->absent && i < count; i++)
		if (is_so(plan, wish, kind, &first[i]))
			return &first[i];
	for (size_t i = 0; count > 1 && !wish->absent && i < count; i++)
		if (wish_for(plan, wish, kind, &first[i], &now, &wanted) && object_is_same(wish->channel->object, wanted, now))
			return &first[i];
	return first;
}

static int compare(struct plan *plan, const struct wish *wish)
{
	struct kind *kind = kind_of(plan, wish->channel);
	struct standing *first, *chosen;
	size_t count = 0;
	int r;

	arena_reset(&plan->scratch);
	if (!wish->channel->object)
		return compare_file(plan, wish);
	if (object_has_transactions(wish->channel->object) && plan->ruleset)
		return 0;
	if (object_has_transactions(wish->channel->object) || (kind && kind->barred)) {
		if (!plan->unread++)
			plan->first_unread = wish->address;
		return 0;
	}
	if (wish->first->next)
		return choose_exactly(plan, wish) ? 0 : compare_object(plan, wish, NULL, NULL);
	first = kind ? kind_find(kind, wish->path, &count) : NULL;
	chosen = first ? choose(plan, wish, kind, first, count) : NULL;
	r = compare_object(plan, wish, kind, chosen);
	if (chosen)
		chosen->wished = true;
	/* An address that is to be absent: all of it. */
	for (size_t i = 0; r == 0 && wish->absent && i < count; i++)
		if (!first[i].wished) {
			first[i].wished = true;
			r = compare_object(plan, wish, kind, &first[i]);
		}
	return r;
}

int plan_make(struct ferry *ferry, const struct wishes *wishes, enum plan_purpose purpose, struct plan *ret)
{
	struct plan plan = { .ferry = ferry, .wishes = wishes, .purpose = purpose };
	int r;

	ferry->error = (struct error){ 0 };
	r = read_kinds(&plan);
	for (size_t i = 0; r == 0 && i < wishes->count; i++)
		r = compare(&plan, wishes->list[i]);
	for (size_t i = 0; r == 0 && i < plan.kind_count; i++)
		for (size_t j = 0; r == 0 && j < plan.kinds[i].count; j++) {
			arena_reset(&plan.scratch);
			r = compare_surplus(&plan, &plan.kinds[i], &plan.kinds[i].list[j]);
		}
	if (r == 0 && plan.ruleset)
		r = ruleset_plan(&plan);
	if (r == 0)
		r = plan_order(&plan);
	if (r < 0) {
		plan_done(&plan);
		return r;
	}
	*ret = plan;
	return 0;
}

/* ---- Order ---- */

static unsigned int knob_place(const char *address)
{
	const struct nature *nature = nature_of(address);

	if (nature && nature->nature == FERRY_FANOUT)
		return 0;
	return strstr(address, "/all/") ? 1 : strstr(address, "/default/") ? 2 : 3;
}

struct needing {
	struct plan *plan;
	const char **list;
	size_t count, size;
	int error;
};

static void need(struct needing *needing, const char *kind, const char *name, size_t length)
{
	_cleanup_buffer_ struct buffer address = { 0 };
	const char **list;
	const char *copy;

	buffer_printf(&address, "netlink/route/%s/%.*s", kind, (int)length, name);
	copy = address.failed ? NULL : arena_copy(&needing->plan->arena, address.data, address.length);
	if (copy && needing->count + 2 > needing->size) {
		needing->size = needing->size ? needing->size * 2 : 8;
		list = arena_array(&needing->plan->arena, const char *, needing->size);
		if (list && needing->count)
			memcpy(list, needing->list, needing->count * sizeof(*list));
		needing->list = list;
	}
	if (!copy || !needing->list) {
		needing->error = -ENOMEM;
		return;
	}
	needing->list[needing->count++] = copy;
	needing->list[needing->count] = NULL;
}

/* Interfaces and nexthops that a generic value names. */
static void gather_needs(struct needing *needing, const char *name, const struct value *value, bool is_link)
{
	static const char *const interfaces[] = { "link", "master", "dev", "ip_port", "active_slave", "peer_link" };
	char number[24];

	if (value->type == VALUE_RECORD)
		for (uint32_t i = 0; i < value->record->count; i++)
			gather_needs(needing, value->record->entries[i].name, &value->record->entries[i].value, is_link);
	if (value->type == VALUE_LIST)
		for (uint32_t i = 0; i < value->list.count; i++)
			gather_needs(needing, name, &value->list.items[i], is_link);
	if (!name)
		return;
	for (unsigned int i = 0; is_link && i < ARRAY_SIZE(interfaces); i++)
		if (value->type == VALUE_TEXT && strcmp(name, interfaces[i]) == 0)
			need(needing, "link", value->bytes.data, value->bytes.length);
	if (!is_link && strcmp(name, "id") == 0 && value->type == VALUE_UINT)
		need(needing, "nexthop", number, (size_t)snprintf(number, sizeof(number), "%llu", (unsigned long long)value->number));
}

static const char *text_of(const struct record *record, const char *name)
{
	const struct value *value = record_find(record, name);

	return value && value->type == VALUE_TEXT ? value->bytes.data : NULL;
}

/* Qdiscs and classes stand in each other, and name what they stand in by its handle: the one of a qdisc is known by it here, not by its place. */
static int find_queues(struct plan *plan, struct step *step)
{
	const bool is_qdisc = strcmp(step->channel->object->name, "qdisc") == 0;
	struct needing needing = { .plan = plan };
	const char *dev, *parent, *handle, *colon;
	_cleanup_buffer_ struct buffer own = { 0 }, above = { 0 };
	struct value value;

	if (value_parse_json(step->whole, strlen(step->whole), &plan->arena, &value, NULL) < 0 || value.type != VALUE_RECORD)
		return 0;
	dev = text_of(value.record, "dev");
	parent = text_of(value.record, "parent");
	handle = text_of(value.record, "handle");
	if (!dev || !parent)
		return 0;
	colon = strchr(parent, ':');
	if (is_qdisc && handle) {
		buffer_printf(&own, "netlink/route/qdisc/%s/%s", dev, handle);
		step->makes = own.failed ? NULL : arena_copy(&plan->arena, own.data, own.length);
	}
	if (!colon)
		return own.failed ? -ENOMEM : 0;
	buffer_printf(&above, "%s/%s", dev, parent);
	if (!above.failed)
		need(&needing, colon[1] ? "class" : "qdisc", above.data, above.length);
	step->needs = needing.list;
	return own.failed || above.failed ? -ENOMEM : needing.error;
}

static int find_needs(struct plan *plan, struct step *step)
{
	struct needing needing = { .plan = plan };
	bool is_link = strcmp(step->channel->object->name, "link") == 0;
	struct value value;

	if (strcmp(step->channel->object->name, "qdisc") == 0 || strcmp(step->channel->object->name, "class") == 0)
		return find_queues(plan, step);
	if (!is_link && strcmp(step->channel->object->name, "nexthop") != 0)
		return 0;
	if (value_parse_json(step->whole, strlen(step->whole), &plan->arena, &value, NULL) < 0 || value.type != VALUE_RECORD)
		return 0;
	for (uint32_t i = 0; i < value.record->count; i++) {
		const struct entry *entry = &value.record->entries[i];

		/* A nexthop's own number is no need of it. */
		if (is_link || strcmp(entry->name, "id") != 0)
			gather_needs(&needing, entry->name, &entry->value, is_link);
	}
	step->needs = needing.list;
	return needing.error;
}

/* What stands on others of its kind: a secondary address, a route by way of a router that another route leads to. And what takes a place that another
 * one leaves: the numbers of a bridge's ports are given as they are free. */
static unsigned int object_place(const struct step *step)
{
	if (strcmp(step->channel->object->name, "link") == 0)
		return strstr(step->whole, "\"master\":null") == NULL;
	if (strcmp(step->channel->object->name, "addr") == 0)
		return strstr(step->whole, "\"secondary\"") != NULL;
	if (strcmp(step->channel->object->name, "route") == 0)
		return strstr(step->whole, "\"gateway\"") || strstr(step->whole, "\"via\"") || strstr(step->whole, "\"nexthops\"") ||
		       strstr(step->whole, "\"nhid\"");
	return 0;
}

static int rank(struct plan *plan, struct step *step)
{
	if (!step->channel->object) {
		step->rank = step->pending ? RANK_LATE_KNOB : RANK_KNOB;
		step->place = knob_place(step->address);
		return 0;
	}
	if (object_has_transactions(step->channel->object)) {
		const unsigned int kind = ruleset_kind_of(step->channel->object);

		step->rank = RANK_RULESET;
		step->place = step->act == STEP_REMOVE ? RULESET_KINDS - kind : RULESET_KINDS + 1 + kind;
		return 0;
	}
	/* What is of a link, and comes with it. */
	if (step->channel->object->protocol->family)
		step->rank = RANK_OF_LINK;
	for (unsigned int i = 0; i < ARRAY_SIZE(ranks); i++)
		if (strcmp(ranks[i].name, step->channel->object->name) == 0)
			step->rank = step->act == STEP_REMOVE ? ranks[i].removal : ranks[i].making;
	step->place = object_place(step);
	return find_needs(plan, step);
}

/* Steps are large, and those of one kind mostly stand in their order already. */
static int rearrange(struct plan *plan, const size_t *order)
{
	struct step *steps;
	size_t i = 0;

	while (i < plan->count && order[i] == i)
		i++;
	if (i == plan->count)
		return 0;
	steps = calloc(plan->count, sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	for (i = 0; i < plan->count; i++)
		steps[i] = plan->steps[order[i]];
	free(plan->steps);
	plan->steps = steps;
	plan->size = plan->count;
	return 0;
}

int plan_order(struct plan *plan)
{
	_cleanup_free_ struct order_item *items = calloc(plan->count + 1, sizeof(*items));
	_cleanup_free_ size_t *order = calloc(plan->count + 1, sizeof(*order));
	int r = items && order ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < plan->count; i++) {
		struct step *step = &plan->steps[i];

		r = rank(plan, step);
		items[i] = (struct order_item){ .rank = step->rank,
						.place = step->place,
						.removal = step->act == STEP_REMOVE && step->rank != RANK_RULESET,
						.makes = step->makes ? step->makes : step->address,
						.needs = step->needs };
	}
	if (r == 0)
		r = order_items(items, plan->count, order);
	if (r == 0)
		r = rearrange(plan, order);
	return r < 0 ? no_memory(plan) : 0;
}

/* ---- Telling ---- */

static enum ferry_door door_of(const struct channel *channel)
{
	if (channel->object)
		return FERRY_DOOR_NETLINK;
	return strcmp(channel->name, "sysctl") == 0 ? FERRY_DOOR_SYSCTL : FERRY_DOOR_SYSFS;
}

const char *step_said(const struct plan *plan, const struct step *step, struct buffer *room)
{
	if (step->wish)
		return step->wish->address == step->address ? wish_said(step->wish, room) : step->address;
	if (!plan->ruleset || !step->standing || step->channel->object != &object_netfilter_element)
		return step->address;
	buffer_clear(room);
	return elements_said(plan->ruleset, step->kind, step->standing, room) ? room->data : step->address;
}

struct ferry_change step_change(const struct plan *plan, const struct step *step, const char *source, struct buffer *room)
{
	static const enum ferry_change_kind kinds[] = {
		[STEP_REMOVE] = FERRY_REMOVED, [STEP_MAKE] = FERRY_ADDED, [STEP_CHANGE] = FERRY_CHANGED, [STEP_WRITE] = FERRY_CHANGED
	};

	return (struct ferry_change){ .kind = kinds[step->act],
				      .address = step_said(plan, step, room),
				      .before = step->before,
				      .after = step->after,
				      .door = door_of(step->channel),
				      .result = step_refusal(step),
				      .result_text = step->error ? step->error->text : step->note,
				      .consistency = FERRY_WHOLE,
				      .netns = step->channel->object ? plan->ferry->netns : 0,
				      .source = source };
}
