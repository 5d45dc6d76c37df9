/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program and nftables say to each other: a message about elements tells many, and a rule reads by the sets that were told of before it. */
#include <errno.h>
#include <string.h>

#include "channel/netfilter_heard.h"
#include "lib/context.h"
#include "lib/trace.h"

static const struct field field_elements = { "elements", FIELD_LIST, .element = &field_netfilter_element };

/* What messages of nftables are about that are no objects, or do more with them than their schema says, by type. Source:
 * <linux/netfilter/nf_tables.h>. */
static const struct {
	const char *kind, *verb;
} table_types[] = {
	[NFT_MSG_NEWGEN] = { "generation", "new" },
	[NFT_MSG_GETGEN] = { "generation", "get" },
	[NFT_MSG_TRACE] = { "trace", "new" },
	[NFT_MSG_GETOBJ_RESET] = { "object", "reset" },
	[NETFILTER_GETRULE_RESET] = { "rule", "reset" },
	[NETFILTER_GETSETELEM_RESET] = { "element", "reset" },
	[NETFILTER_DESTROYTABLE] = { "table", "destroy" },
	[NETFILTER_DESTROYCHAIN] = { "chain", "destroy" },
	[NETFILTER_DESTROYRULE] = { "rule", "destroy" },
	[NETFILTER_DESTROYSET] = { "set", "destroy" },
	[NETFILTER_DESTROYSETELEM] = { "element", "destroy" },
	[NETFILTER_DESTROYOBJ] = { "object", "destroy" },
	[NETFILTER_DESTROYFLOWTABLE] = { "flowtable", "destroy" },
};

/* The number of the ruleset, which goes up with each transaction, and the task that the kernel tells it for: who asks, or who has made the new one.
 */
static const struct field generation[] = {
	[NFTA_GEN_ID] = { "id", FIELD_BE32, 0, 0, "number of the generation" },
	[NFTA_GEN_PROC_PID] = { "pid", FIELD_BE32, 0, 0, "who asks, or has made it" },
	[NFTA_GEN_PROC_NAME] = { "comm", FIELD_TEXT, 0, 0, "the same by name" },
};
static const struct schema schema_generation = {
	.name = "generation",
	.help = "generation of the ruleset of nftables",
	.header_size = sizeof(struct nfgenmsg),
	.attributes = generation,
	.attribute_count = ARRAY_SIZE(generation),
};

static int decode_generation(struct ferry_tracer *tracer, const struct nlmsghdr *message, struct spoken_message *ret)
{
	struct record *record = NULL;
	int r = schema_decode(&schema_generation, NLMSG_DATA(message), message->nlmsg_len - NLMSG_HDRLEN, &tracer->arena, &record);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	ret->value = (struct value){ .type = VALUE_RECORD, .record = record };
	ret->has_value = true;
	return 0;
}

int spoken_netfilter_name(struct ferry_tracer *tracer, const struct nlmsghdr *message, struct spoken_message *ret)
{
	const unsigned int type = NFNL_MSG_TYPE(message->nlmsg_type);

	if (message->nlmsg_type == NFNL_MSG_BATCH_BEGIN || message->nlmsg_type == NFNL_MSG_BATCH_END) {
		ret->verb = message->nlmsg_type == NFNL_MSG_BATCH_BEGIN ? "begin" : "commit";
		return 0;
	}
	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES || type >= ARRAY_SIZE(table_types) || !table_types[type].kind)
		return 0;
	ret->address = spoken_address(tracer, "netfilter", table_types[type].kind);
	ret->verb = message->nlmsg_flags & NLM_F_REQUEST && (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP &&
				    strcmp(table_types[type].verb, "get") == 0
			    ? "dump"
			    : table_types[type].verb;
	if (!ret->address)
		return -ENOMEM;
	return type == NFT_MSG_NEWGEN ? decode_generation(tracer, message, ret) : 0;
}

/* What RECORD says of itself alone, or of the set that it is in; in a request that may be the number of one. */
static int add_part(struct arena *arena, const struct record *record, bool of_set, struct record *ret)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < record->count; i++) {
		const struct entry *entry = &record->entries[i];

		if (of_set == netfilter_element_is_place(entry))
			r = record_add(arena, ret, *entry);
	}
	return r;
}

/* The set once, and what is in it. */
static int put_together(struct arena *arena, struct value *objects, uint32_t count, struct spoken_message *ret)
{
	struct record *whole = record_new(arena, object_netfilter_element.schema);
	struct value *items = arena_array(arena, struct value, count + 1u);
	int r = whole && items ? add_part(arena, ret->value.record, true, whole) : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		struct record *part = record_new(arena, object_netfilter_element.schema);

		r = part ? add_part(arena, objects[i].record, false, part) : -ENOMEM;
		items[i] = (struct value){ .type = VALUE_RECORD, .record = part };
	}
	if (r == 0)
		r = record_add(arena, whole,
			       (struct entry){ .name = field_elements.name,
					       .field = &field_elements,
					       .value = { .type = VALUE_LIST, .list = { items, count } } });
	ret->value.record = whole;
	return r;
}

static int decode_elements(struct ferry_tracer *tracer, const struct nlmsghdr *message, struct spoken_message *ret)
{
	const bool few = !(message->nlmsg_flags & NLM_F_REQUEST) && !tracer->options.messages;
	struct netfilter_elements elements = netfilter_heard_elements(tracer->heard, message);
	_cleanup_buffer_ struct buffer room = { 0 }, objects = { 0 };
	const struct naming *naming = &tracer->ferry->machine.naming;
	const struct nlmsghdr *one;
	struct record *record;
	uint32_t kept = 0;
	int r = 0;

	for (ret->object_count = 0; r == 0 && (one = netfilter_elements_next(&elements, &room)); ret->object_count++) {
		const struct value *object;

		one = (const struct nlmsghdr *)arena_copy(&tracer->arena, one, one->nlmsg_len);
		r = one ? object_decode(&object_netfilter_element, one, &tracer->arena, &record) : -ENOMEM;
		if (r >= 0)
			r = netfilter_heard_take(tracer->heard, &object_netfilter_element, one, naming, &tracer->arena, record);
		if (r < 0 || (few && kept == OBJECTS_KEPT))
			continue;
		kept++;
		buffer_add(&objects, &(struct value){ .type = VALUE_RECORD, .record = record }, sizeof(*object));
	}
	ret->is_of_many = true;
	ret->objects = (const struct value *)arena_copy(&tracer->arena, objects.data ? objects.data : "", objects.length);
	if (r < 0 || room.failed || objects.failed || !ret->objects)
		return -ENOMEM;
	return put_together(&tracer->arena, (struct value *)ret->objects, kept, ret);
}

int spoken_netfilter_decode(struct ferry_tracer *tracer, const struct object *object, const struct nlmsghdr *message, struct spoken_message *ret)
{
	struct record *record = (struct record *)ret->value.record;
	int r;

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES || !tracer->heard)
		return 0;
	if (object == &object_netfilter_element)
		return decode_elements(tracer, message, ret);
	r = object->mend ? object->mend(&tracer->arena, record) : 0;
	return r < 0 ? r : netfilter_heard_take(tracer->heard, object, message, &tracer->ferry->machine.naming, &tracer->arena, record);
}
