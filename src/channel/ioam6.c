/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In-situ OAM over IPv6 (RFC 9197): its namespaces and schemas, as "ip ioam" reads them. Sources: <linux/ioam6_genl.h>, net/ipv6/ioam6.c. */
#include <linux/ioam6_genl.h>

#include "channel/generic.h"

static const struct field namespace[] = {
	[IOAM6_ATTR_NS_ID] = { "namespace", FIELD_U16, 0, NULL, "number of the namespace" },
	[IOAM6_ATTR_NS_DATA] = { "data", FIELD_U32, FIELD_HEX, NULL, "what is put into a trace for it" },
	[IOAM6_ATTR_NS_DATA_WIDE] = { "wide", FIELD_U64, FIELD_HEX, NULL, "the same, of the wide field" },
	[IOAM6_ATTR_SC_ID] = { "schema", FIELD_U32, 0, NULL, "schema that goes with it" },
	[IOAM6_ATTR_PAD] = { "pad", FIELD_PAD },
};
static const struct schema schema_namespace = {
	.name = "namespace", .help = "namespaces of in-situ OAM", .attributes = namespace, .attribute_count = ARRAY_SIZE(namespace)
};
const struct operation operation_ioam6_namespace = { .family = IOAM6_GENL_NAME,
						     .name = "namespace",
						     .command = IOAM6_CMD_DUMP_NAMESPACES,
						     .help = "namespaces of in-situ OAM",
						     .schema = &schema_namespace,
						     .key = "namespace" };

static const struct field oam_schema[] = {
	[IOAM6_ATTR_NS_ID] = { "namespace", FIELD_U16, 0, NULL, "namespace that it goes with" },
	[IOAM6_ATTR_SC_ID] = { "schema", FIELD_U32, 0, NULL, "number of the schema" },
	[IOAM6_ATTR_SC_DATA] = { "data", FIELD_BYTES, 0, NULL, "what is put into a trace, with zeros to a multiple of four bytes" },
};
static const struct schema schema_schema = {
	.name = "schema", .help = "schemas of in-situ OAM", .attributes = oam_schema, .attribute_count = ARRAY_SIZE(oam_schema)
};
const struct operation operation_ioam6_schema = { .family = IOAM6_GENL_NAME,
						  .name = "schema",
						  .command = IOAM6_CMD_DUMP_SCHEMAS,
						  .help = "schemas of in-situ OAM",
						  .schema = &schema_schema,
						  .key = "schema" };
