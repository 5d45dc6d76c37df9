/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bridge ports. A link tells its port options too, but not every change of them: what `bridge link set` does is told in messages of the bridge's own,
 * which are the link's type with another family. Source: <linux/if_link.h>, <linux/if_bridge.h>, bridge(8). */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/link.h"
#include "channel/object-inside.h"

#define TOLD_BY_LINK (FIELD_HIDDEN | FIELD_DERIVED)

NAMES(vlan_flags, true, { BRIDGE_VLAN_INFO_MASTER, "master" }, { BRIDGE_VLAN_INFO_PVID, "pvid" }, { BRIDGE_VLAN_INFO_UNTAGGED, "untagged" },
      { BRIDGE_VLAN_INFO_RANGE_BEGIN, "range_begin" }, { BRIDGE_VLAN_INFO_RANGE_END, "range_end" }, { BRIDGE_VLAN_INFO_BRENTRY, "brentry" });

static const struct field vlan[] = {
	{ "flags", FIELD_U16, 0, 0, "how packets of it leave", HEADER_FIELD(struct bridge_vlan_info, flags), .names = &vlan_flags },
	{ "vid", FIELD_U16, 0, 0, "VLAN", HEADER_FIELD(struct bridge_vlan_info, vid) },
};
static const struct schema schema_vlan = {
	.name = "vlan", .header_size = sizeof(struct bridge_vlan_info), .header = vlan, .header_count = ARRAY_SIZE(vlan)
};
static const struct field vlan_member = { "vlan", FIELD_RECORD, 0, 0, "a VLAN", .schema = &schema_vlan, .offset = IFLA_BRIDGE_VLAN_INFO };

static const struct field header[] = {
	{ "dev", FIELD_INTERFACE, FIELD_KEY, 0, "link", HEADER_FIELD(struct ifinfomsg, ifi_index) },
	{ "family", FIELD_U8, FIELD_SETTABLE | FIELD_HIDDEN, 0, "AF_BRIDGE", HEADER_FIELD(struct ifinfomsg, ifi_family) },
	{ "link_type", FIELD_U16, TOLD_BY_LINK, 0, "kind of hardware", HEADER_FIELD(struct ifinfomsg, ifi_type) },
	{ "flags", FIELD_U32, TOLD_BY_LINK | FIELD_HEX, 0, "flags of the link", HEADER_FIELD(struct ifinfomsg, ifi_flags) },
};

static const struct field attributes_of_port[] = {
	[IFLA_ADDRESS] = { "address", FIELD_ADDRESS, TOLD_BY_LINK, 0, "hardware address" },
	[IFLA_IFNAME] = { "ifname", FIELD_TEXT, TOLD_BY_LINK, 0, "name of the link" },
	[IFLA_MTU] = { "mtu", FIELD_U32, TOLD_BY_LINK, UNIT_BYTES, "largest packet" },
	[IFLA_LINK] = { "link", FIELD_INTERFACE, TOLD_BY_LINK, 0, "link below" },
	[IFLA_MASTER] = { "master", FIELD_INTERFACE, 0, 0, "bridge" },
	[IFLA_PROTINFO] = { "options", FIELD_RECORD, FIELD_SETTABLE, 0, "what is set for the port", .schema = &schema_link_bridge_port },
	[IFLA_OPERSTATE] = { "operstate", FIELD_U8, TOLD_BY_LINK, 0, "operational state" },
	[IFLA_AF_SPEC] = { "vlans", FIELD_LIST, FIELD_DERIVED, 0, "VLANs: netlink/route/vlan", .element = &vlan_member },
};

static const struct schema schema = {
	.name = "port",
	.help = "bridge ports",
	.header_size = sizeof(struct ifinfomsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_port,
	.attribute_count = ARRAY_SIZE(attributes_of_port),
};

/* The bridge itself is told as its own port: that is the link's business. */
static bool concerns(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	int32_t master = 0;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*link)) || link->ifi_family != AF_BRIDGE)
		return false;
	for (struct attribute_iterator i =
		     attributes((const uint8_t *)link + NLMSG_ALIGN(sizeof(*link)), message->nlmsg_len - NLMSG_SPACE(sizeof(*link)));
	     attribute_next(&i);)
		if (i.type == IFLA_MASTER && i.length == sizeof(master))
			memcpy(&master, i.data, sizeof(master));
	return master != 0 && master != link->ifi_index;
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	return object_parse_of_link(&schema, text, naming, arena, ret, ret_rest, error);
}

/* VLANs as notifications tell them: ranges as their ends. */
static void dump(struct buffer *request, uint8_t family)
{
	const struct ifinfomsg link = { .ifi_family = family };
	const uint32_t filter = RTEXT_FILTER_BRVLAN_COMPRESSED;

	buffer_add(request, &link, sizeof(link));
	attribute_add(request, IFLA_EXT_MASK, &filter, sizeof(filter));
}

/* A port is made and unmade by the link's master; only its options are set here. */
static int write_port(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	_cleanup_(arena_done) struct arena arena = { 0 };
	struct record *request;
	int r;

	if (write != OBJECT_CHANGE)
		return error_set(&machine->error, -EOPNOTSUPP,
				 "a link becomes a bridge port, or ceases to be one, by its master: set netlink/route/link/.../master");
	r = record_copy(&arena, record, &request);
	if (r == 0)
		r = record_put(&arena, request, "family", value_uint(AF_BRIDGE));
	if (r < 0)
		return error_set(&machine->error, r, "port: %s", error_text(r));
	return object_send(object, machine, RTM_SETLINK, 0, request, FIELD_KEY | FIELD_SETTABLE);
}

static bool can_be_made(const struct record *record _unused_, const char **ret_why)
{
	*ret_why = "a link becomes a bridge port by its master: set netlink/route/link/.../master";
	return false;
}

static const struct object object_port = {
	.name = "port",
	.help = "bridge ports",
	.protocol = &protocol_route,
	.new_type = RTM_NEWLINK,
	.delete_type = RTM_DELLINK,
	.get_type = RTM_GETLINK,
	.schema = &schema,
	.groups = { RTNLGRP_LINK },
	.families = { AF_BRIDGE },
	.family_count = 1,
	.concerns = concerns,
	.path = object_path_of_link,
	.parse = parse,
	.dump = dump,
	.write = write_port,
	.can_be_made = can_be_made,
	.dependent = true,
};

OBJECT_CHANNEL(route, port, object_port, "bridge ports: options and VLANs of a link in a bridge");
