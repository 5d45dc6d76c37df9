/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In-situ OAM over IPv6 (RFC 9197): its namespaces, as "ip ioam" reads them; its schemas
 * are left to learning. Sources: <linux/ioam6_genl.h>, net/ipv6/ioam6.c. */
#include <linux/ioam6_genl.h>

#include "channel/generic.h"

static const struct field namespace[] = {
	[IOAM6_ATTR_NS_ID] = { "namespace", FIELD_U16, 0, 0, "number of the namespace" },
	[IOAM6_ATTR_NS_DATA] = { "data", FIELD_U32, FIELD_HEX, 0, "what is put into a trace for it" },
	[IOAM6_ATTR_NS_DATA_WIDE] = { "wide", FIELD_U64, FIELD_HEX, 0, "the same, of the wide field" },
	[IOAM6_ATTR_SC_ID] = { "schema", FIELD_U32, 0, 0, "schema that goes with it" },
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
