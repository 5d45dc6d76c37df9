/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules of nftables: expressions, each of which a packet goes through as long as the one before lets it. Source: <linux/netfilter/nf_tables.h>. */
#include <errno.h>
#include <string.h>

#include "channel/netfilter_compat.h"
#include "channel/netfilter_sets.h"
#include "channel/object-inside.h"

#define SET FIELD_SETTABLE
/* Not the kernel's. */
enum { TEXT = 32, SETS, CHAINS };

NAMES(no_handle, false, { 0, "new" }); /* one that is to be made */
NAMES(compat_flags, true, { NFT_RULE_COMPAT_F_INV, "invert" });

static const struct field compat[] = {
	[NFTA_RULE_COMPAT_PROTO] = { "proto", FIELD_BE32, SET, 0, "protocol that the extensions are for" },
	[NFTA_RULE_COMPAT_FLAGS] = { "flags", FIELD_BE32, SET, 0, "whether it is all others", .names = &compat_flags },
};
static const struct schema schema_rule_compat = { .name = "compat", .attributes = compat, .attribute_count = ARRAY_SIZE(compat) };

static const struct schema schema;

/* A chain that a rule has for itself, within the rule. */
static const struct field own_rule = { "rule", FIELD_RECORD, SET, 0, "a rule", .schema = &schema };
static const struct field own_chain[] = {
	{ "name", FIELD_TEXT, SET, 0, "name, by which the rule goes there" },
	{ "rules", FIELD_LIST, SET, 0, "what stands in it", .element = &own_rule },
};
static const struct schema schema_own_chain = { .name = "chain", .attributes = own_chain, .attribute_count = ARRAY_SIZE(own_chain) };
static const struct field field_own_chain = { "chain", FIELD_RECORD, SET, 0, "a chain of the rule's own", .schema = &schema_own_chain };

static const struct field rule[] = {
	[NFTA_RULE_TABLE] = { "table", FIELD_TEXT, FIELD_KEY, 0, "table that it stands in" },
	[NFTA_RULE_CHAIN] = { "chain", FIELD_TEXT, FIELD_KEY, 0, "chain that it stands in" },
	[NFTA_RULE_HANDLE] = { "handle", FIELD_BE64, FIELD_KEY, 0, "number that the kernel gave it", .names = &no_handle },
	[NFTA_RULE_EXPRESSIONS] = { "expressions", FIELD_LIST, SET, 0, "what it looks at and does, in order",
				    .element = &field_netfilter_expression },
	[NFTA_RULE_COMPAT] = { "compat", FIELD_RECORD, SET, 0, "what extensions of iptables are told", .schema = &schema_rule_compat },
	[NFTA_RULE_POSITION] = { "position", FIELD_BE64, SET | FIELD_VOLATILE, 0, "handle of the rule before it, 0: it is the first" },
	[NFTA_RULE_USERDATA] = { "userdata", FIELD_CODEC, SET, 0, "what nft keeps with it", .codec = &codec_netfilter_userdata,
				 .schema = &schema_netfilter_comment },
	[NFTA_RULE_PAD] = { "pad", FIELD_PAD },
	[NFTA_RULE_ID] = { "id", FIELD_BE32, FIELD_HIDDEN | SET, 0, "number in a request" },
	[NFTA_RULE_POSITION_ID] = { "position_id", FIELD_BE32, FIELD_HIDDEN | SET, 0, "number of a rule that is made with it" },
	[NFTA_RULE_CHAIN_ID] = { "chain_id", FIELD_BE32, FIELD_HIDDEN | SET, 0, "number of a chain that is made with it" },
	[TEXT] = { "text", FIELD_TEXT, FIELD_DERIVED, 0, "the rule as nft prints it; what cannot be said so stands in brackets" },
	[SETS] = { "sets", FIELD_LIST, SET, 0, "in a document: the sets that it has for itself", .element = &field_netfilter_own_set },
	[CHAINS] = { "chains", FIELD_LIST, SET, 0, "in a document: the chains that it has for itself", .element = &field_own_chain },
};

static const struct schema schema = {
	.name = "rule",
	.help = "rules of nftables",
	.header_size = sizeof(struct nfgenmsg),
	.header = &field_netfilter_family,
	.header_count = 1,
	.attributes = rule,
	.attribute_count = ARRAY_SIZE(rule),
};

/* ---- How it reads ---- */

/* What a message says there is not ours. */
static int mend(struct arena *arena, struct record *record)
{
	(void)arena;
	for (const char *const *own = (const char *const[]){ "text", "sets", "chains", NULL }; *own; own++)
		record_drop(record, *own);
	return 0;
}

/* It is what people read: before the expressions. */
static void move_text(struct record *record)
{
	struct entry *before = record_at(record, "expressions"), *text = record_at(record, "text");
	const struct entry kept = text ? *text : (struct entry){ 0 };

	if (!before || !text || text < before)
		return;
	memmove(before + 1, before, (size_t)((char *)text - (char *)before));
	*before = kept;
}

int netfilter_rule_complete(struct arena *arena, struct record *record, struct netfilter_sets *sets, const struct naming *naming, bool stateless)
{
	const char *text = netfilter_rule_text(arena, record, sets, naming, stateless);
	int r = text ? record_put(arena, record, "text", value_text(text)) : -ENOMEM;

	if (r == 0)
		move_text(record);
	return r;
}

static int complete(struct machine *machine, void **context, struct arena *arena, struct record *record)
{
	if (!*context)
		*context = netfilter_sets_new(machine);
	return *context ? netfilter_rule_complete(arena, record, *context, &machine->naming, false) : -ENOMEM;
}

static void complete_done(void *context)
{
	netfilter_sets_free(context);
}

/* ---- Requests ---- */

/* Flags that are 0 the kernel tells, and some expressions refuse. */
static void drop_no_flags(const struct record *record)
{
	const struct value *list = record_find(record, "expressions");

	for (uint32_t i = 0; list && list->type == VALUE_LIST && i < list->list.count; i++) {
		const struct value *item = &list->list.items[i];
		struct record *data = item->type == VALUE_RECORD ? record_inside(item->record, "data") : NULL;

		if (data && record_number(data, "flags", 1) == 0)
			record_drop(data, "flags");
	}
}

/* A new one has no handle, and comes behind the rule at its position; one that takes another's place names that by its handle. */
static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	int r = write == OBJECT_REMOVE ? 0 : netfilter_compat_complete(arena, record);

	if (r < 0)
		return r;
	if (write == OBJECT_CREATE)
		record_drop(record, "handle");
	if (write != OBJECT_CREATE || record_number(record, "position", 0) == 0)
		record_drop(record, "position");
	drop_no_flags(record);
	record_drop(record, "sets");
	record_drop(record, "chains");
	return netfilter_prepare(arena, record, write);
}

struct making {
	struct arena *arena;
	struct record *made;
};

static int take_made(void *data, const struct nlmsghdr *message)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct making *making = data;
	struct record *record;

	if (message->nlmsg_type != object_netfilter_rule.new_type || object_decode(&object_netfilter_rule, message, &arena, &record) < 0)
		return 0;
	return record_copy(making->arena, record, &making->made);
}

/* One without a position comes last. */
static int make_at(const struct object *object, struct machine *machine, struct arena *arena, const struct record *record, enum object_write write,
		   struct making *making)
{
	const bool first = record_number(record, "position", UINT64_MAX) == 0;
	struct object_request request;
	int r = object_request(object, machine, arena, record, write, &request);

	if (r < 0)
		return machine->error.code == r ? r : error_set(&machine->error, r, "rule: %s", error_text(r));
	if (write == OBJECT_CREATE && !first)
		request.flags |= NLM_F_APPEND;
	r = object_transact(object, machine, &request, take_made, making);
	buffer_done(&request.payload);
	return r;
}

static int make(const struct object *object, struct machine *machine, struct arena *arena, const struct record *record, enum object_write write,
		struct record **ret)
{
	struct making making = { .arena = arena };
	struct record *copy;
	int r;

	if (record_at(record, "sets") || record_at(record, "chains"))
		return error_set(&machine->error, -EOPNOTSUPP,
				 "a rule with sets or chains of its own is made by ferry apply, as all of it is one transaction");
	r = make_at(object, machine, arena, record, write, &making);

	/* The rule that it stood behind is gone. */
	if (r == -ENOENT && write == OBJECT_CREATE && record_number(record, "position", 0) && record_copy(arena, record, &copy) == 0) {
		record_drop(copy, "position");
		r = make_at(object, machine, arena, copy, write, &making);
	}
	if (r < 0)
		return r;
	if (!making.made)
		return error_set(&machine->error, -EIO, "the rule was made, but the kernel did not tell its handle");
	*ret = making.made;
	return 0;
}

NETFILTER_OBJECT(rule, RULE, "FAMILY/TABLE/CHAIN/HANDLE is, such as inet/filter/input/4, or inet/filter/input/new to make one", .mend = mend,
		 .complete = complete, .complete_done = complete_done, .prepare = prepare, .make = make);
NETFILTER_CHANNEL(rule, object_netfilter_rule, "rules of nftables: what they look at and do");
