/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts that a link's schema is made of, one file each. */
#ifndef FERRY_CHANNEL_LINK_H
#define FERRY_CHANNEL_LINK_H

#include <linux/if.h>

#include "channel/object.h"

/* The flags that a request can set; the kernel holds the others. */
#define LINK_FLAGS_TAKEN \
	(IFF_UP | IFF_DEBUG | IFF_NOTRAILERS | IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI | IFF_MULTICAST | IFF_PORTSEL | IFF_AUTOMEDIA | IFF_DYNAMIC)

extern const struct object object_link;
extern const struct schema schema_link;

/* link_numbers.c: appends the number (uint32_t) of each link of KIND, of every link where that is NULL. */
int link_numbers(const char *kind, struct buffer *ret, struct error *error);

/* link_write.c: a link is made in several requests, since the kernel takes at creation only a part of what it tells. */
bool link_can_be_made(const struct record *record, const char **ret_why);
int link_write(const struct object *object, struct machine *machine, const struct record *record, enum object_write write);

/* link_kinds.c: IFLA_LINKINFO, what each kind of link has of its own. */
extern const struct schema schema_link_info;
/* The schema of the options of KIND, or NULL. */
const struct schema *link_kind_schema(const char *kind);
extern const struct schema schema_link_bridge_port; /* IFLA_BRPORT_*, also the body of a bridge's own port messages */
/* link_bond.c */
extern const struct schema schema_link_bond, schema_link_bond_port;
/* Options of a bond that is to be made (NOW is NULL) or stands as NOW, in the shape that requests take: without what its mode does not take and is as
 * in every new bond. */
void link_bond_turn(struct record *data, const struct record *now);
/* link_macsec.c */
extern const struct schema schema_link_macsec;
/* The same of a macsec. */
int link_macsec_turn(struct arena *arena, struct record *data, const struct record *now) _must_check_;
/* link_tunnels.c */
extern const struct schema schema_link_vxlan, schema_link_geneve;
/* link_families.c: IFLA_AF_SPEC, what each protocol family has for the link. */
extern const struct schema schema_link_families;
/* link_functions.c: IFLA_VFINFO_LIST. */
extern const struct schema schema_link_function;

/* Counters of 64 bits: struct rtnl_link_stats64. */
extern const struct schema schema_link_counters;

#endif
