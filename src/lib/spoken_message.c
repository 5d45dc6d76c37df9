/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Netlink messages that a program sends or gets: which family and kind, and what they say by the schemas that the rest of ferry uses. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/generic.h"
#include "channel/message.h"
#include "channel/learned.h"
#include "channel/object.h"
#include "channel/protocol.h"
#include "lib/context.h"
#include "lib/family.h"
#include "lib/trace.h"
#include "model/field.h"

/* What rtnetlink's types are about, four a kind from RTM_BASE on. Source: <linux/rtnetlink.h>. */
static const char *const route_kinds[] = {
	[(RTM_NEWLINK - RTM_BASE) / 4] = "link",
	[(RTM_NEWADDR - RTM_BASE) / 4] = "addr",
	[(RTM_NEWROUTE - RTM_BASE) / 4] = "route",
	[(RTM_NEWNEIGH - RTM_BASE) / 4] = "neigh",
	[(RTM_NEWRULE - RTM_BASE) / 4] = "rule",
	[(RTM_NEWQDISC - RTM_BASE) / 4] = "qdisc",
	[(RTM_NEWTCLASS - RTM_BASE) / 4] = "class",
	[(RTM_NEWTFILTER - RTM_BASE) / 4] = "filter",
	[(RTM_NEWACTION - RTM_BASE) / 4] = "action",
	[(RTM_NEWPREFIX - RTM_BASE) / 4] = "prefix",
	[(RTM_GETMULTICAST - RTM_BASE) / 4] = "multicast",
	[(RTM_GETANYCAST - RTM_BASE) / 4] = "anycast",
	[(RTM_NEWNEIGHTBL - RTM_BASE) / 4] = "ntable",
	[(RTM_NEWNDUSEROPT - RTM_BASE) / 4] = "nduseropt",
	[(RTM_NEWADDRLABEL - RTM_BASE) / 4] = "addrlabel",
	[(RTM_GETDCB - RTM_BASE) / 4] = "dcb",
	[(RTM_NEWNETCONF - RTM_BASE) / 4] = "netconf",
	[(RTM_NEWMDB - RTM_BASE) / 4] = "mdb",
	[(RTM_NEWNSID - RTM_BASE) / 4] = "nsid",
	[(RTM_NEWSTATS - RTM_BASE) / 4] = "stats",
	[(RTM_NEWCACHEREPORT - RTM_BASE) / 4] = "cachereport",
	[(RTM_NEWCHAIN - RTM_BASE) / 4] = "chain",
	[(RTM_NEWNEXTHOP - RTM_BASE) / 4] = "nexthop",
	[(RTM_NEWLINKPROP - RTM_BASE) / 4] = "linkprop",
	[(RTM_NEWVLAN - RTM_BASE) / 4] = "vlan",
	[(RTM_NEWNEXTHOPBUCKET - RTM_BASE) / 4] = "bucket",
	[(RTM_NEWTUNNEL - RTM_BASE) / 4] = "vni",
};
static const char *const route_verbs[] = { "new", "delete", "get", "set" };

const struct family *spoken_find_family(const struct ferry_tracer *tracer, int protocol, uint16_t type)
{
	const struct families *families = &tracer->families;

	for (size_t i = 0; i < families->count; i++)
		if (families->list[i].protocol == protocol && (protocol != NETLINK_GENERIC || families->list[i].type == type))
			return &families->list[i];
	return NULL;
}

const struct protocol *spoken_protocol(const struct ferry_tracer *tracer, int protocol, uint16_t type)
{
	const struct family *family = protocol == NETLINK_GENERIC ? spoken_find_family(tracer, protocol, type) : NULL;

	return family ? protocol_of_family(protocol, family->name) : protocol_of(protocol);
}

static const char *format(struct ferry_tracer *tracer, const char *text, unsigned int number)
{
	char buffer[64];

	snprintf(buffer, sizeof(buffer), "%s%u", text, number);
	return arena_copy(&tracer->arena, buffer, strlen(buffer));
}

const char *spoken_address(struct ferry_tracer *tracer, const char *family, const char *kind)
{
	char buffer[128];

	snprintf(buffer, sizeof(buffer), FAMILY_PREFIX "%s%s%s", family, kind ? "/" : "", kind ? kind : "");
	return arena_copy(&tracer->arena, buffer, strlen(buffer));
}

/* The controller, whose number is fixed, is known before anybody has asked it. */
const char *spoken_family(struct ferry_tracer *tracer, int protocol, uint16_t type)
{
	const struct family *family = spoken_find_family(tracer, protocol, type);

	if (family)
		return spoken_address(tracer, family->name, NULL);
	if (protocol == NETLINK_GENERIC)
		return type ? format(tracer, FAMILY_PREFIX "generic/", type) : FAMILY_PREFIX "generic";
	if (protocol == NETLINK_ROUTE)
		return FAMILY_PREFIX "route";
	return format(tracer, FAMILY_PREFIX, (unsigned int)protocol);
}

/* The field HIDDEN, shown. It lasts as long as the tracer, since a request waits for its answer. NULL: no memory. */
static const struct field *shown_field(struct ferry_tracer *tracer, const struct field *hidden)
{
	struct trace_selector *selector = tracer->selectors;

	while (selector && selector->hidden != hidden)
		selector = selector->next;
	if (selector)
		return &selector->shown;
	selector = arena_array(&tracer->lasting, struct trace_selector, 1);
	if (!selector)
		return NULL;
	*selector = (struct trace_selector){ hidden, tracer->selectors, *hidden };
	selector->shown.flags &= ~(uint32_t)FIELD_HIDDEN;
	tracer->selectors = selector;
	return &selector->shown;
}

/* What an answer has told already in other words, a request selects by. */
static int show_selectors(struct ferry_tracer *tracer, struct record *record)
{
	for (uint32_t i = 0; i < record->count; i++) {
		struct entry *entry = &record->entries[i];

		if (!entry->field || !(entry->field->flags & FIELD_HIDDEN) || (entry->value.type == VALUE_UINT && entry->value.number == 0))
			continue;
		entry->field = shown_field(tracer, entry->field);
		if (!entry->field)
			return -ENOMEM;
	}
	return 0;
}

static const struct schema schema_unnamed = { .name = "request" };

/* What MESSAGE has of the header, LENGTH bytes or fewer; attributes behind those of a kind that is told in another layout have no names. */
static int decode_header(struct ferry_tracer *tracer, const struct schema *schema, const struct nlmsghdr *message, size_t length, struct record **ret)
{
	const size_t given = message->nlmsg_len - NLMSG_HDRLEN, told = given < length ? given : length;
	char *whole = arena_allocate(&tracer->arena, schema->header_size);
	struct record *more;
	uint32_t kept = 0;
	int r;

	if (!whole)
		return -ENOMEM;
	memcpy(whole, NLMSG_DATA(message), told);
	r = schema_decode(schema, whole, schema->header_size, &tracer->arena, ret);
	for (uint32_t i = 0; r == 0 && i < (*ret)->count; i++)
		if ((*ret)->entries[i].field->offset < told)
			(*ret)->entries[kept++] = (*ret)->entries[i];
	if (r < 0)
		return r;
	(*ret)->count = kept;
	if (given <= NLMSG_ALIGN(told))
		return 0;
	r = schema_decode(&schema_unnamed, (const char *)NLMSG_DATA(message) + NLMSG_ALIGN(told), given - NLMSG_ALIGN(told), &tracer->arena, &more);
	for (uint32_t i = 0; r == 0 && i < more->count; i++)
		r = record_add(&tracer->arena, *ret, more->entries[i]);
	return r;
}

/* Told in another layout than its schema has. */
static bool is_of_many(const struct object *object, const struct nlmsghdr *message)
{
	return object->split && object->concerns && !object->concerns(message);
}

/* A request may ask with less of a header than the kernel answers with. */
static int decode_object(struct ferry_tracer *tracer, const struct object *object, const struct nlmsghdr *message, struct spoken_message *ret)
{
	const size_t length = message->nlmsg_len - NLMSG_HDRLEN, header = object->schema->header_size;
	const bool request = message->nlmsg_flags & NLM_F_REQUEST, split = is_of_many(object, message);
	struct record *record = NULL;
	int r;

	if (split) {
		r = spoken_split_decode(tracer, object, message, ret);
		if (r != -EBADMSG)
			return r;
	}
	if (length < header || split)
		r = decode_header(tracer, object->schema, message, split ? object->shared_header : header, &record);
	else
		/* A request is told as it stands. */
		r = request ? schema_decode(object->schema, NLMSG_DATA(message), length, &tracer->arena, &record)
			    : object_decode(object, message, &tracer->arena, &record);
	if (r < 0 && (r != -EBADMSG || !record))
		return r;
	ret->value = (struct value){ .type = VALUE_RECORD, .record = record };
	ret->has_value = true;
	return request ? show_selectors(tracer, record) : 0;
}

static bool is_dumped_by(const struct object *object, uint8_t family)
{
	for (uint8_t i = 0; i < object->family_count; i++)
		if (object->families[i] == family)
			return true;
	return false;
}

/* Whatever it says: also one that is none that stands in a table, as the answer of a look-up. Of kinds that share a type the one of its family, or
 * what is called NAME (may be NULL). */
static const struct object *object_by_type(const struct protocol *protocol, const struct nlmsghdr *message, const char *name)
{
	const uint16_t type = message->nlmsg_type;
	const struct object *object, *first = NULL;
	unsigned int position = 0;

	while ((object = object_next(protocol, &position))) {
		if (object->get_type != type && object->new_type != type && object->delete_type != type)
			continue;
		if (protocol->family ? object->concerns && object->concerns(message)
				     : message->nlmsg_len > NLMSG_HDRLEN && is_dumped_by(object, *(const uint8_t *)NLMSG_DATA(message)))
			return object;
		if (!first || (name && strcmp(object->name, name) == 0))
			first = object;
	}
	return first;
}

static int decode_route(struct ferry_tracer *tracer, const struct nlmsghdr *message, struct spoken_message *ret)
{
	const unsigned int kind = (message->nlmsg_type - RTM_BASE) / 4u, verb = (message->nlmsg_type - RTM_BASE) % 4u;
	_cleanup_buffer_ struct buffer room = { 0 };
	const struct nlmsghdr *unified = protocol_unify(&protocol_route, message, &room);
	const char *name = kind < ARRAY_SIZE(route_kinds) ? route_kinds[kind] : NULL;
	const struct object *object;
	bool removed;

	ret->verb = verb == 2 && (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP ? "dump" : route_verbs[verb];
	object = object_of(&protocol_route, unified, &removed);
	if (!object)
		object = object_by_type(&protocol_route, unified, name);
	ret->address = spoken_address(tracer, "route", object ? object->name : name);
	if (!ret->address)
		return -ENOMEM;
	/* What is decoded borrows from the message. */
	if (unified != message)
		unified = (const struct nlmsghdr *)arena_copy(&tracer->arena, unified, unified->nlmsg_len);
	if (!unified)
		return -ENOMEM;
	return object ? decode_object(tracer, object, unified, ret) : -EBADMSG;
}

static const char *new_verb(const struct object *object, const struct nlmsghdr *message)
{
	const bool asks = object->protocol->family && message->nlmsg_flags & NLM_F_REQUEST;

	if (object->action)
		return "act";
	return asks && netlink_type_by_command(message) != object->create_type ? "set" : "new";
}

/* A protocol with objects of which only what they are by its schemas is told, and never bytes: they may be keys. */
static int decode_protocol(struct ferry_tracer *tracer, const struct protocol *protocol, const struct nlmsghdr *message, struct spoken_message *ret)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	const struct nlmsghdr *unified = protocol_unify(protocol, message, &room);
	const char *type = names_find(protocol->types, protocol->family ? netlink_type_by_command(message) : message->nlmsg_type);
	const struct object *object;
	bool removed = false;
	int r;

	unified = (const struct nlmsghdr *)arena_copy(&tracer->arena, unified, unified->nlmsg_len);
	if (!unified)
		return -ENOMEM;
	object = object_of(protocol, unified, &removed);
	/* Of a family with objects the rest is told as that of any other. */
	if (!object && protocol->family && !object_by_type(protocol, unified, NULL))
		return -EBADMSG;
	ret->verb = !type ? ret->verb : removed ? "delete" : object ? new_verb(object, message) : type;
	if (!object && (object = object_by_type(protocol, unified, NULL)) && unified->nlmsg_type == object->get_type)
		ret->verb = (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP ? "dump" : "get";
	else if (object && is_of_many(object, unified))
		ret->verb = unified->nlmsg_type == object->delete_type ? "delete" : "new";
	if (object)
		ret->address = spoken_address(tracer, protocol->name + strlen(FAMILY_PREFIX), object->name);
	if (!ret->address)
		return -ENOMEM;
	if (!object || (unified->nlmsg_type == object->get_type && !protocol->family))
		return 0;
	r = decode_object(tracer, object, unified, ret);
	if (r >= 0 && protocol == &protocol_netfilter)
		r = spoken_netfilter_decode(tracer, object, message, ret);
	return r == -ENOMEM ? r : 0;
}

/* What is asked for, where a table says so by a name. */
static int name_operation(struct ferry_tracer *tracer, const struct family *family, const struct nlmsghdr *message, struct spoken_message *ret)
{
	const struct schema *unused;
	const struct operation *operation = family->protocol == NETLINK_GENERIC ? operation_spoken(family, message, &unused) : NULL;

	if (!operation)
		return 0;
	ret->address = spoken_address(tracer, family->name, operation->name);
	if (!(message->nlmsg_flags & NLM_F_REQUEST))
		ret->verb = "new";
	else if ((message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		ret->verb = "dump";
	else
		ret->verb = operation->acts ? "act" : "get";
	return ret->address ? 0 : -ENOMEM;
}

static int decode_other(struct ferry_tracer *tracer, const struct trace_file *file, const struct nlmsghdr *message, struct spoken_message *ret)
{
	static const struct family unknown = { .name = "", .header_size = -1 };
	const struct family *family = spoken_find_family(tracer, file->protocol, message->nlmsg_type);
	struct message decoded;
	int r;

	r = message_decode(family ? family : &unknown, message, &tracer->arena, &decoded);
	if (r == 0 && family)
		r = message_withhold(family, &tracer->arena, &decoded);
	if (r == 0 && family)
		r = name_operation(tracer, family, message, ret);
	if (r < 0)
		return r;
	ret->value = decoded.value;
	ret->guessed = decoded.provenance == PROVENANCE_GUESSED;
	ret->has_value = true;
	return 0;
}

int spoken_message_decode(struct ferry_tracer *tracer, const struct trace_file *file, const struct nlmsghdr *message, struct spoken_message *ret)
{
	const bool dump = (message->nlmsg_flags & (NLM_F_REQUEST | NLM_F_DUMP)) == (NLM_F_REQUEST | NLM_F_DUMP);
	const bool generic = file->protocol == NETLINK_GENERIC && message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct genlmsghdr));
	const struct protocol *protocol = spoken_protocol(tracer, file->protocol, message->nlmsg_type);
	int r = -EBADMSG;

	*ret = (struct spoken_message){ .address = spoken_family(tracer, file->protocol, message->nlmsg_type) };
	ret->verb = generic ? format(tracer, dump ? "dump command " : "command ", *(const uint8_t *)NLMSG_DATA(message))
			    : format(tracer, dump ? "dump type " : "type ", message->nlmsg_type);
	if (!ret->address || !ret->verb)
		return -ENOMEM;
	if (file->protocol == NETLINK_ROUTE && message->nlmsg_type >= RTM_BASE)
		r = decode_route(tracer, message, ret);
	else if (protocol && protocol != &protocol_route)
		r = decode_protocol(tracer, protocol, message, ret);
	if (file->protocol == NETLINK_NETFILTER && spoken_netfilter_name(tracer, message, ret) < 0)
		return -ENOMEM;
	return r == -EBADMSG ? decode_other(tracer, file, message, ret) : r;
}
