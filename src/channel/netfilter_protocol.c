/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NETLINK_NETFILTER: its messages, and what the recorder must know of those of nftables. The kernel tells all of a transaction once it is done,
 * several notices in a datagram, and after them the number of the generation that it made. Sources: <linux/netfilter/nf_tables.h>,
 * net/netfilter/nf_tables_api.c. */
#include <endian.h>
#include <linux/netfilter/nfnetlink_acct.h>
#include <string.h>

#include "channel/conntrack.h"
#include "channel/ipset.h"
#include "channel/netfilter.h"
#include "channel/netfilter_order.h"
#include "channel/netfilter_places.h"
#include "channel/netfilter_sets.h"
#include "channel/netlink_source.h"

#define TYPE(name)                                               \
	{                                                        \
		NETFILTER_TYPE(NFT_MSG_##name), "NFT_MSG_" #name \
	}

#define LATER(name)                                                \
	{                                                          \
		NETFILTER_TYPE(NETFILTER_##name), "NFT_MSG_" #name \
	}

#define CONNTRACK(name)                                                \
	{                                                              \
		CONNTRACK_TYPE(IPCTNL_MSG_##name), "IPCTNL_MSG_" #name \
	}
#define EXPECTATION(name)                                                \
	{                                                                \
		EXPECTATION_TYPE(IPCTNL_MSG_##name), "IPCTNL_MSG_" #name \
	}
#define IPSET(name)                                              \
	{                                                        \
		IPSET_TYPE(IPSET_CMD_##name), "IPSET_CMD_" #name \
	}
#define ACCT(name)                                                                   \
	{                                                                            \
		NFNL_SUBSYS_ACCT << 8 | NFNL_MSG_ACCT_##name, "NFNL_MSG_ACCT_" #name \
	}

NAMES(types, false, TYPE(NEWTABLE), TYPE(GETTABLE), TYPE(DELTABLE), TYPE(NEWCHAIN), TYPE(GETCHAIN), TYPE(DELCHAIN), TYPE(NEWRULE), TYPE(GETRULE),
      TYPE(DELRULE), TYPE(NEWSET), TYPE(GETSET), TYPE(DELSET), TYPE(NEWSETELEM), TYPE(GETSETELEM), TYPE(DELSETELEM), TYPE(NEWGEN), TYPE(GETGEN),
      TYPE(TRACE), TYPE(NEWOBJ), TYPE(GETOBJ), TYPE(DELOBJ), TYPE(GETOBJ_RESET), TYPE(NEWFLOWTABLE), TYPE(GETFLOWTABLE), TYPE(DELFLOWTABLE),
      LATER(GETRULE_RESET), LATER(DESTROYTABLE), LATER(DESTROYCHAIN), LATER(DESTROYRULE), LATER(DESTROYSET), LATER(DESTROYSETELEM), LATER(DESTROYOBJ),
      LATER(DESTROYFLOWTABLE), LATER(GETSETELEM_RESET), CONNTRACK(CT_NEW), CONNTRACK(CT_GET), CONNTRACK(CT_DELETE), EXPECTATION(EXP_NEW),
      EXPECTATION(EXP_GET), EXPECTATION(EXP_DELETE), IPSET(CREATE), IPSET(DESTROY), IPSET(FLUSH), IPSET(RENAME), IPSET(SWAP), IPSET(LIST), IPSET(ADD),
      IPSET(DEL), IPSET(PROTOCOL), IPSET(SAVE), IPSET(TEST), IPSET(HEADER), IPSET(TYPE), IPSET(GET_BYNAME), IPSET(GET_BYINDEX), ACCT(NEW), ACCT(GET),
      ACCT(DEL), { NFNL_MSG_BATCH_BEGIN, "NFNL_MSG_BATCH_BEGIN" }, { NFNL_MSG_BATCH_END, "NFNL_MSG_BATCH_END" });

static bool is_elements(const struct nlmsghdr *message)
{
	return message->nlmsg_type == NETFILTER_TYPE(NFT_MSG_NEWSETELEM) || message->nlmsg_type == NETFILTER_TYPE(NFT_MSG_DELSETELEM) ||
	       message->nlmsg_type == NETFILTER_TYPE(NETFILTER_DESTROYSETELEM);
}

/* The removal that a TYPE of what may be gone already is, or TYPE itself. */
static uint16_t plain_type(uint16_t type)
{
	static const uint8_t removals[] = { NFT_MSG_DELTABLE,   NFT_MSG_DELCHAIN, NFT_MSG_DELRULE,     NFT_MSG_DELSET,
					    NFT_MSG_DELSETELEM, NFT_MSG_DELOBJ,   NFT_MSG_DELFLOWTABLE };

	if (type < NETFILTER_TYPE(NETFILTER_DESTROYTABLE) || type > NETFILTER_TYPE(NETFILTER_DESTROYFLOWTABLE))
		return type;
	return NETFILTER_TYPE(removals[type - NETFILTER_TYPE(NETFILTER_DESTROYTABLE)]);
}

static const struct nlmsghdr *with_type(const struct nlmsghdr *message, uint16_t type, struct buffer *room)
{
	if (message->nlmsg_type == type)
		return message;
	if (room->data != (const char *)message) {
		buffer_clear(room);
		buffer_add(room, message, message->nlmsg_len);
	}
	if (room->failed)
		return message;
	((struct nlmsghdr *)room->data)->nlmsg_type = type;
	return (const struct nlmsghdr *)room->data;
}

/* Of several elements the first. */
static const struct nlmsghdr *unify(const struct nlmsghdr *message, struct buffer *room)
{
	struct netfilter_elements elements;
	const struct nlmsghdr *first;

	if (NFNL_SUBSYS_ID(message->nlmsg_type) == NFNL_SUBSYS_IPSET)
		return ipset_unify(message, room);
	if (!is_elements(message))
		return with_type(message, plain_type(message->nlmsg_type), room);
	elements = netfilter_elements(message);
	first = elements.flat ? NULL : netfilter_elements_next(&elements, room);
	return with_type(first ? first : message, plain_type(message->nlmsg_type), room);
}

/* ---- Elements, and what becomes of them with their set ---- */

static bool is_generation(const struct nlmsghdr *message)
{
	return message->nlmsg_type == NETFILTER_TYPE(NFT_MSG_NEWGEN);
}

static bool is_of_many(const struct nlmsghdr *message)
{
	return is_generation(message) || (is_elements(message) && !netfilter_elements(message).flat);
}

/* The identity of the set that an element is in, as its own record says it, in RET. */
static void set_key(struct arena *arena, const struct record *element, struct buffer *ret)
{
	static const struct {
		const char *of_element, *of_set;
	} fields[] = { { "family", "family" }, { "table", "table" }, { "set", "name" } };
	struct record *set = record_new_sized(arena, object_netfilter_set.schema, ARRAY_SIZE(fields));
	int r = set ? 0 : -1;

	buffer_clear(ret);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++) {
		const struct value *value = record_find(element, fields[i].of_element);

		if (value)
			r = record_put(arena, set, fields[i].of_set, *value);
	}
	if (r == 0)
		object_key(&object_netfilter_set, set, ret);
	ret->failed |= r != 0;
}

struct sweep {
	struct netlink_source *source;
	struct buffer key;
};

static bool takes(const struct nlmsghdr *cached, const void *data)
{
	struct sweep *sweep = (struct sweep *)data;
	struct netlink_source *source = sweep->source;
	struct record *element;

	arena_reset(&source->arena);
	if (object_decode(&object_netfilter_element, cached, &source->arena, &element) < 0)
		return false;
	set_key(&source->arena, element, &sweep->key);
	return !sweep->key.failed && cache_find(&source->ended, sweep->key.data, sweep->key.length);
}

/* With a set its elements go, and the kernel does not say so. All sets that went are seen to at once: a walk through what is known takes its time. */
static void sweep_elements(struct netlink_source *source, const struct step *like)
{
	struct step step = *like;
	struct sweep sweep = { .source = source };

	if (!source->ended.table.count)
		return;
	step.object = &object_netfilter_element;
	source_sweep(source, &step, takes, &sweep);
	buffer_done(&sweep.key);
	cache_done(&source->ended);
	cache_init(&source->ended);
}

/* Packets may add, renew and take out elements without a word. Of one that stands and is added once more the kernel tells where that gives it another
 * time, and nothing where it has none. */
static unsigned int arrival_in(struct netlink_source *source, const struct nlmsghdr *set)
{
	struct record *record;
	uint64_t kind;

	if (object_decode(&object_netfilter_set, set, &source->arena, &record) < 0)
		return 0;
	kind = record_number(record, "flags", NFT_SET_TIMEOUT);
	return kind & NFT_SET_TIMEOUT ? kind & NFT_SET_EVAL ? OBJECT_UNSEEN : 0 : OBJECT_ALONE;
}

static void apply_elements(struct netlink_source *source, const struct nlmsghdr *message, struct step *step)
{
	struct netfilter_elements elements = netfilter_elements(message);
	const struct cache_entry *set = NULL;
	const struct nlmsghdr *one;
	struct record *record;

	step->object = &object_netfilter_element;
	step->removed = message->nlmsg_type == object_netfilter_element.delete_type;
	while ((one = netfilter_elements_next(&elements, &source->unified))) {
		if (!set && object_decode(step->object, one, &source->arena, &record) >= 0) {
			set_key(&source->arena, record, &source->key);
			set = source->key.failed ? NULL : cache_find(&source->cache, source->key.data, source->key.length);
			if (set) { /* once more, with its types */
				elements = netfilter_elements(message);
				netfilter_elements_typed(&elements, set->message);
				step->arrival = arrival_in(source, set->message);
				continue;
			}
		}
		step->message = one;
		source_apply(source, step);
	}
}

static void many(struct netlink_source *source, const struct nlmsghdr *message, struct step *step)
{
	if (is_generation(message)) {
		sweep_elements(source, step);
		if (source->sets)
			netfilter_sets_sweep(source->sets);
		source->head = (struct head){ 0 };
		buffer_clear(&source->replaced);
		netfilter_places_ask(source);
	} else {
		apply_elements(source, message, step);
	}
}

/* ---- Who it was, by the kernel's own word, which comes behind all that a transaction has changed ---- */

static bool names_actor(const struct nlmsghdr *name, const struct nlmsghdr *message, struct source_name *ret)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	uint32_t generation = 0;

	*ret = (struct source_name){ 0 };
	if (!is_generation(name) || name->nlmsg_len < skip || message->nlmsg_len < skip)
		return false;
	for (struct attribute_iterator i = attributes((const char *)name + skip, name->nlmsg_len - skip); attribute_next(&i);) {
		if (i.type == NFTA_GEN_ID && i.length == sizeof(generation))
			memcpy(&generation, i.data, sizeof(generation));
		else if (i.type == NFTA_GEN_PROC_PID && i.length == sizeof(ret->tid))
			memcpy(&ret->tid, i.data, sizeof(ret->tid));
		else if (i.type == NFTA_GEN_PROC_NAME)
			memcpy(ret->comm, i.data, i.length < sizeof(ret->comm) ? i.length : sizeof(ret->comm) - 1);
	}
	ret->tid = be32toh(ret->tid);
	/* Each message has the end of the generation's number. What a packet caused is of the one before, and nobody's. */
	return ret->tid && (uint16_t)be32toh(generation) == be16toh(((const struct nfgenmsg *)NLMSG_DATA(message))->res_id);
}

/* ---- Changes of one transaction: all that follow the first have it as their cause ---- */

static uint64_t cause(const struct netlink_source *source, const struct step *step)
{
	const struct origin *origin = &step->origin;

	return source->head.pid == origin->pid && source->head.tid == origin->tid ? source->head.number : 0;
}

static void told(struct netlink_source *source, const struct step *step, uint64_t number, const struct nlmsghdr *message)
{
	(void)message;
	if (!step->origin.pid && step->consistency == FERRY_INFERRED) /* nobody's, found beside a transaction */
		return;
	if (!cause(source, step))
		source->head = (struct head){ number, step->origin.pid, step->origin.tid };
}

/* What rules name is followed, for how they read. */
static void follow_set(struct netlink_source *source, const struct step *step, const struct cache_entry *known)
{
	if (!source->sets)
		source->sets = netfilter_sets_new(NULL);
	if (!source->sets)
		return;
	if (!step->removed && !known)
		netfilter_sets_add(source->sets, step->object, step->record, step->message);
	else if (step->removed && step->object == &object_netfilter_set)
		netfilter_sets_remove(source->sets, step->record);
}

static int complete(struct netlink_source *source, const struct object *object, struct record *record)
{
	const struct naming *naming = &source->recording.machine->naming;

	return object == &object_netfilter_rule ? netfilter_rule_complete(&source->arena, record, source->sets, naming, true) : 0;
}

/* Whether what the key at hand is of is the end of the rule in whose place one of the same number has come with the same transaction. */
static bool was_replaced(const struct netlink_source *source)
{
	const struct buffer *key = &source->key, *replaced = &source->replaced;

	return key->length && !key->failed && !replaced->failed && replaced->length == key->length &&
	       memcmp(replaced->data, key->data, key->length) == 0;
}

/* What is known of the rule that STEP is about, and the rule as STEP tells it. */
static struct cache_entry *known_rule(struct netlink_source *source, const struct step *step, struct record **ret)
{
	*ret = NULL;
	arena_reset(&source->arena);
	buffer_clear(&source->key);
	if (object_decode(step->object, step->message, &source->arena, ret) < 0)
		return NULL;
	object_key(step->object, *ret, &source->key);
	return source->key.failed ? NULL : cache_find(&source->cache, source->key.data, source->key.length);
}

/* What is known of a rule that goes is told with the place that it had. */
static void place_removed(struct netlink_source *source, const struct step *step)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	_cleanup_buffer_ struct buffer placed = { 0 };
	struct record *record;
	struct cache_entry *entry = known_rule(source, step, &record);
	uint64_t position;

	if (!record || !netfilter_order_remove(source->order, record, &position) || !entry)
		return;
	buffer_add(&placed, entry->message, skip);
	for (struct attribute_iterator i = attributes((const char *)entry->message + skip, entry->message->nlmsg_len - skip); attribute_next(&i);)
		if (i.type != NFTA_RULE_POSITION)
			attribute_add(&placed, i.type, i.data, i.length);
	position = htobe64(position);
	attribute_add(&placed, NFTA_RULE_POSITION, &position, sizeof(position));
	if (placed.failed)
		return;
	((struct nlmsghdr *)placed.data)->nlmsg_len = (uint32_t)placed.length;
	(void)!cache_replace(&source->cache, entry, (const struct nlmsghdr *)placed.data);
}

/* A rule in the place of another has its number. Of the two the kernel tells in this order, but for some (5.10), which tell of the new one first:
 * whether that was told as two. */
static bool replace_rule(struct netlink_source *source, const struct step *step, const struct cache_entry *known)
{
	struct step gone = *step, made = *step;
	struct cache_entry *entry;
	struct record *old;

	buffer_clear(&source->replaced);
	buffer_add(&source->replaced, source->key.data, source->key.length);
	if (source->silent || object_decode(step->object, known->message, &source->arena, &old) < 0 || record_same(old, step->record))
		return false;
	gone.removed = true;
	gone.message = known->message;
	place_removed(source, &gone);
	entry = known_rule(source, step, &made.record);
	if (entry) {
		gone.message = entry->message;
		source_tell_removed(source, entry, &gone);
	}
	source_apply(source, &made);
	return true;
}

/* A set of the same name as one that went has elements of its own. */
static bool decoded(struct netlink_source *source, const struct step *step, const struct cache_entry *known)
{
	if (step->object == &object_netfilter_rule && step->removed && was_replaced(source)) {
		buffer_clear(&source->replaced);
		return false;
	}
	if (step->object == &object_netfilter_rule && !step->removed && known && replace_rule(source, step, known))
		return false;
	if (step->object == &object_netfilter_rule && !step->removed) {
		netfilter_order_add(&source->order, step->record, step->message->nlmsg_flags);
		netfilter_places_heed(source, step);
	}
	if (step->object == &object_netfilter_set || step->object == &object_netfilter_element)
		follow_set(source, step, known);
	if (step->object != &object_netfilter_set)
		return true;
	if (step->removed && known)
		(void)!cache_add(&source->ended, step->object, known->key, known->key_length, known->message, false);
	return true;
}

static void before(struct netlink_source *source, struct step *step)
{
	struct record *unused;

	if (step->object == &object_netfilter_rule && step->removed) {
		if (source->replaced.length)
			(void)!known_rule(source, step, &unused);
		if (!was_replaced(source))
			place_removed(source, step);
	}
	if (step->object == &object_netfilter_set && !step->removed)
		sweep_elements(source, step);
}

static void done(struct netlink_source *source)
{
	netfilter_order_done(source->order);
	netfilter_sets_free(source->sets);
	buffer_done(&source->replaced);
	buffer_done(&source->unplaced);
}

static const struct source_rules rules = {
	.before = before,
	.cause = cause,
	.told = told,
	.decoded = decoded,
	.is_of_many = is_of_many,
	.many = many,
	.names_actor = names_actor,
	.keep_request = netfilter_keep_request,
	.asks_for_several = netfilter_asks_for_several,
	.asked = netfilter_asked,
	.asked_done = netfilter_asked_done,
	.complete = complete,
	.done = done,
};

const struct protocol protocol_netfilter = {
	.name = "netlink/netfilter",
	.number = NETLINK_NETFILTER,
	.types = &types,
	.unify = unify,
	.transactions = true,
	.subsystem = NFNL_SUBSYS_NFTABLES,
	.arrange = netfilter_arrange,
	.generation = netfilter_generation,
	.rules = &rules,
};
