/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generic family IOAM6, in-situ OAM over IPv6 (RFC 9197): its namespaces and schemas, as "ip ioam" has them. The kernel tells no one when one
 * changes, and changes none but the schema of a namespace: the rest is removed and made anew. Sources: <linux/ioam6_genl.h>, net/ipv6/ioam6.c. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ioam6_genl.h>

#include "channel/machine.h"
#include "channel/netlink_source.h"
#include "channel/object-inside.h"

#define ADD_NAMESPACE NETLINK_ASKED(IOAM6_CMD_ADD_NAMESPACE)
#define DEL_NAMESPACE NETLINK_ASKED(IOAM6_CMD_DEL_NAMESPACE)
#define ADD_SCHEMA    NETLINK_ASKED(IOAM6_CMD_ADD_SCHEMA)
#define DEL_SCHEMA    NETLINK_ASKED(IOAM6_CMD_DEL_SCHEMA)
#define SET_SCHEMA    NETLINK_ASKED(IOAM6_CMD_NS_SET_SCHEMA)

NAMES(types, false, { ADD_NAMESPACE, "IOAM6_CMD_ADD_NAMESPACE" }, { DEL_NAMESPACE, "IOAM6_CMD_DEL_NAMESPACE" },
      { ADD_SCHEMA, "IOAM6_CMD_ADD_SCHEMA" }, { DEL_SCHEMA, "IOAM6_CMD_DEL_SCHEMA" }, { SET_SCHEMA, "IOAM6_CMD_NS_SET_SCHEMA" });

static const struct source_rules rules = { 0 };

const struct protocol protocol_ioam6 = {
	.name = "netlink/IOAM6",
	.number = PROTOCOL_FAMILY(3),
	.family = IOAM6_GENL_NAME,
	.types = &types,
	.rules = &rules,
};

/* ---- Writing ---- */

/* What is to stand: RECORD, or what stands with what it says; *RET_NOW is what stands, NULL where nothing has to. */
static int whole(const struct object *object, struct machine *machine, struct arena *arena, const struct record *record, enum object_write write,
		 struct record **ret, struct record **ret_now)
{
	int r = record_copy(arena, record, ret);

	*ret_now = NULL;
	if (r == 0 && write != OBJECT_CREATE)
		r = object_get(object, machine, record, arena, ret_now);
	if (r == 0 && write == OBJECT_CHANGE) {
		r = record_copy(arena, *ret_now, ret);
		if (r == 0)
			r = object_merge(arena, *ret, record);
	}
	return r == -ENOMEM ? error_set(&machine->error, r, "no memory for %s", object->name) : r;
}

static bool is_same(const struct record *a, const struct record *b, const char *name)
{
	const struct value *one = record_find(a, name), *other = record_find(b, name);

	return one && other ? value_equal(one, other) : !one && !other;
}

/* Removes NOW, which may be NULL, and makes WANTED; where that fails, NOW again. MADE does what comes after. */
static int make_anew(const struct object *object, struct machine *machine, uint16_t add, uint16_t del, const struct record *wanted,
		     const struct record *now, int (*made)(const struct object *object, struct machine *machine, const struct record *record))
{
	struct error refused;
	int r = now ? object_send(object, machine, del, 0, now, FIELD_KEY) : 0;

	if (r == 0)
		r = object_send(object, machine, add, 0, wanted, FIELD_KEY | FIELD_CREATE);
	else
		return r;
	if (r == 0)
		return made(object, machine, wanted);
	refused = machine->error;
	if (now && object_send(object, machine, add, 0, now, FIELD_KEY | FIELD_CREATE) == 0)
		(void)!made(object, machine, now);
	machine->error = refused;
	return r;
}

/* ---- Namespaces ---- */

#define REMADE (FIELD_SETTABLE | FIELD_CREATE) /* it is set, by making it anew */

static const struct field namespace[] = {
	[IOAM6_ATTR_NS_ID] = { "namespace", FIELD_U16, FIELD_KEY, 0, "number of the namespace" },
	[IOAM6_ATTR_NS_DATA] = { "data", FIELD_U32, REMADE | FIELD_HEX, 0, "what is put into a trace for it" },
	[IOAM6_ATTR_NS_DATA_WIDE] = { "wide", FIELD_U64, REMADE | FIELD_HEX, 0, "the same, of the wide field" },
	[IOAM6_ATTR_SC_ID] = { "schema", FIELD_U32, FIELD_SETTABLE, 0, "schema that goes with it" },
	[IOAM6_ATTR_SC_NONE] = { "no_schema", FIELD_FLAG, FIELD_HIDDEN | FIELD_DERIVED, 0, "of a request" },
	[IOAM6_ATTR_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_namespace = { .name = "namespace",
						.help = "namespaces of in-situ OAM",
						.header_size = GENL_HDRLEN,
						.attributes = namespace,
						.attribute_count = ARRAY_SIZE(namespace) };

static int parse_namespace(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
			   struct error *error)
{
	return object_parse_number(&schema_namespace, "namespace", text, naming, arena, ret, ret_rest, error);
}

/* Gives NAMESPACE the schema SCHEMA, or none. */
static int set_schema(const struct object *object, struct machine *machine, uint16_t number, const struct value *schema)
{
	struct object_request request = { .type = SET_SCHEMA };
	const struct genlmsghdr generic = { 0 };
	const uint32_t id = schema ? (uint32_t)schema->number : 0;
	int r;

	buffer_add(&request.payload, &generic, sizeof(generic));
	attribute_add(&request.payload, IOAM6_ATTR_NS_ID, &number, sizeof(number));
	if (schema)
		attribute_add(&request.payload, IOAM6_ATTR_SC_ID, &id, sizeof(id));
	else
		attribute_add(&request.payload, IOAM6_ATTR_SC_NONE, NULL, 0);
	r = request.payload.failed ? -ENOMEM : object_send_request(object, machine, &request);
	buffer_done(&request.payload);
	return r;
}

static int namespace_made(const struct object *object, struct machine *machine, const struct record *record)
{
	const struct value *schema = record_find(record, "schema");

	return schema ? set_schema(object, machine, (uint16_t)record_number(record, "namespace", 0), schema) : 0;
}

static int write_namespace(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *wanted, *now;
	int r;

	if (write == OBJECT_REMOVE)
		return object_send(object, machine, DEL_NAMESPACE, 0, record, FIELD_KEY);
	r = whole(object, machine, &arena, record, write, &wanted, &now);
	if (r < 0)
		return r;
	if (now && is_same(now, wanted, "data") && is_same(now, wanted, "wide"))
		return set_schema(object, machine, (uint16_t)record_number(now, "namespace", 0), record_find(wanted, "schema"));
	return make_anew(object, machine, ADD_NAMESPACE, DEL_NAMESPACE, wanted, now, namespace_made);
}

static const struct object object_namespace = {
	.name = "namespace",
	.help = "namespaces of in-situ OAM",
	.protocol = &protocol_ioam6,
	.new_type = NETLINK_TOLD(IOAM6_CMD_DUMP_NAMESPACES),
	.get_type = NETLINK_ASKED(IOAM6_CMD_DUMP_NAMESPACES),
	.delete_type = DEL_NAMESPACE,
	.replace_type = ADD_NAMESPACE,
	.schema = &schema_namespace,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = object_path_of_number,
	.parse = parse_namespace,
	.write = write_namespace,
	.may_lack = true,
	.untold = true,
	.asked_by = { ADD_NAMESPACE },
};

OBJECT_CHANNEL_AT(ioam6_namespace, "netlink/IOAM6/namespace", object_namespace, "namespaces of in-situ OAM", "sampled");

/* ---- Schemas ---- */

static const struct field schema_fields[] = {
	[IOAM6_ATTR_NS_ID] = { "namespace", FIELD_U16, FIELD_DERIVED, 0, "namespace that it goes with" },
	[IOAM6_ATTR_SC_ID] = { "schema", FIELD_U32, FIELD_KEY, 0, "number of the schema" },
	[IOAM6_ATTR_SC_DATA] = { "data", FIELD_BYTES, REMADE, 0, "what is put into a trace, filled up to words of four bytes" },
	[IOAM6_ATTR_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_schema = { .name = "schema",
					     .help = "schemas of in-situ OAM",
					     .header_size = GENL_HDRLEN,
					     .attributes = schema_fields,
					     .attribute_count = ARRAY_SIZE(schema_fields) };

static int parse_schema(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
			struct error *error)
{
	return object_parse_number(&schema_schema, "schema", text, naming, arena, ret, ret_rest, error);
}

/* The namespace that it went with has lost it meanwhile. */
static int schema_made(const struct object *object, struct machine *machine, const struct record *record)
{
	const struct value *own = record_find(record, "schema");

	return record_find(record, "namespace") ? set_schema(object, machine, (uint16_t)record_number(record, "namespace", 0), own) : 0;
}

static int write_schema(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *wanted, *now;
	int r;

	if (write == OBJECT_REMOVE)
		return object_send(object, machine, DEL_SCHEMA, 0, record, FIELD_KEY);
	r = whole(object, machine, &arena, record, write, &wanted, &now);
	if (r == 0 && now && record_find(now, "namespace"))
		r = record_put(&arena, wanted, "namespace", *record_find(now, "namespace"));
	else
		record_drop(wanted, "namespace");
	return r < 0 ? r : make_anew(object, machine, ADD_SCHEMA, DEL_SCHEMA, wanted, now, schema_made);
}

static const struct object object_schema = {
	.name = "schema",
	.help = "schemas of in-situ OAM",
	.protocol = &protocol_ioam6,
	.new_type = NETLINK_TOLD(IOAM6_CMD_DUMP_SCHEMAS),
	.get_type = NETLINK_ASKED(IOAM6_CMD_DUMP_SCHEMAS),
	.delete_type = DEL_SCHEMA,
	.replace_type = ADD_SCHEMA,
	.schema = &schema_schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = object_path_of_number,
	.parse = parse_schema,
	.write = write_schema,
	.may_lack = true,
	.untold = true,
	.asked_by = { ADD_NAMESPACE },
};

OBJECT_CHANNEL_AT(ioam6_schema, "netlink/IOAM6/schema", object_schema, "schemas of in-situ OAM: what namespaces put into traces", "sampled");
