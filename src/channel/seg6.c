/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Segment routing over IPv6: the keys that sign its headers, and the address that tunnels are from, as "ip sr" reads them. Sources:
 * <linux/seg6_genl.h>, <linux/seg6_hmac.h>, net/ipv6/seg6.c. */
#include <linux/seg6_genl.h>
#include <linux/seg6_hmac.h>

#include "channel/generic.h"

NAMES(algorithms, false, { SEG6_HMAC_ALGO_SHA1, "sha1" }, { SEG6_HMAC_ALGO_SHA256, "sha256" });

static const struct field hmac[] = {
	[SEG6_ATTR_HMACKEYID] = { "keyid", FIELD_U32, 0, 0, "number of the key" },
	[SEG6_ATTR_SECRET] = { "secret", FIELD_BYTES, FIELD_SECRET, 0, "the key" },
	[SEG6_ATTR_SECRETLEN] = { "secret_length", FIELD_U8, 0, UNIT_BYTES, "length of the key" },
	[SEG6_ATTR_ALGID] = { "algorithm", FIELD_U8, 0, 0, "hash that is used", .names = &algorithms },
};
static const struct schema schema_hmac = {
	.name = "hmac", .help = "keys that sign segment routing headers", .attributes = hmac, .attribute_count = ARRAY_SIZE(hmac)
};
const struct operation operation_seg6_hmac = { .family = SEG6_GENL_NAME,
					       .name = "hmac",
					       .command = SEG6_CMD_DUMPHMAC,
					       .help = "keys that sign segment routing headers",
					       .schema = &schema_hmac,
					       .key = "keyid" };

static const struct field tunsrc[] = {
	[SEG6_ATTR_DST] = { "tunsrc", FIELD_ADDRESS, 0, 0, "source of tunnels; ::, one of the link" },
};
static const struct schema schema_tunsrc = {
	.name = "tunsrc", .help = "source of segment routing tunnels", .attributes = tunsrc, .attribute_count = ARRAY_SIZE(tunsrc)
};
const struct operation operation_seg6_tunsrc = { .family = SEG6_GENL_NAME,
						 .name = "tunsrc",
						 .command = SEG6_CMD_GET_TUNSRC,
						 .help = "source of segment routing tunnels",
						 .schema = &schema_tunsrc,
						 .single = true };
