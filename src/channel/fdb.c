/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forwarding entries: by which port of a bridge a hardware address is reached; and what a link takes, or where a VXLAN sends, by itself. The kernel
 * knows the first by their bridge, the others by their link. Sources: <linux/neighbour.h>, bridge(8), net/bridge/br_fdb.c, net/core/rtnetlink.c. */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/neigh.h"
#include "channel/words.h"

#define SET        FIELD_SETTABLE
#define KEY        FIELD_KEY
#define STATES_SET (NUD_PERMANENT | NUD_NOARP)

NAMES(states, true, { NUD_PERMANENT, "permanent" }, { NUD_NOARP, "static" }, { NUD_REACHABLE, "reachable" }, { NUD_STALE, "stale" });

static const struct field cache[] = {
	{ "confirmed", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "since it was confirmed", HEADER_FIELD(struct nda_cacheinfo, ndm_confirmed) },
	{ "used", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "since it was used", HEADER_FIELD(struct nda_cacheinfo, ndm_used) },
	{ "updated", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "since it was updated", HEADER_FIELD(struct nda_cacheinfo, ndm_updated) },
	{ "refcnt", FIELD_U32, FIELD_VOLATILE, 0, "users", HEADER_FIELD(struct nda_cacheinfo, ndm_refcnt) },
};
static const struct schema schema_cache = {
	.name = "cacheinfo", .header_size = sizeof(struct nda_cacheinfo), .header = cache, .header_count = ARRAY_SIZE(cache)
};

static const struct field more[] = {
	[1] = { "activity_notify", FIELD_U8, SET, 0, "what is told of its use" }, /* NFEA_ACTIVITY_NOTIFY, 5.14 */
	[2] = { "norefresh", FIELD_FLAG, SET, 0, "its age stays" },
};
static const struct schema schema_more = { .name = "fdb_ext_attrs", .attributes = more, .attribute_count = ARRAY_SIZE(more) };

static const struct field header[] = {
	{ "family", FIELD_U8, SET | FIELD_HIDDEN, 0, "AF_BRIDGE", HEADER_FIELD(struct ndmsg, ndm_family), .names = &words_family },
	{ "dev", FIELD_INTERFACE, KEY | SET, 0, "port, or the link itself", HEADER_FIELD(struct ndmsg, ndm_ifindex) },
	{ "state", FIELD_U16, SET, 0, "permanent: for this host; static: stays; none of these: learnt", HEADER_FIELD(struct ndmsg, ndm_state),
	  .names = &states, LIMITS(.mask = STATES_SET) },
	{ "flags", FIELD_U8, SET, 0, "whose it is, and who looks after it", HEADER_FIELD(struct ndmsg, ndm_flags), .names = &words_neighbour_flags,
	  LIMITS(.mask = NTF_EXT_LEARNED | NTF_STICKY) },
	{ "type", FIELD_U8, FIELD_DERIVED | FIELD_HIDDEN, 0, "of no use", HEADER_FIELD(struct ndmsg, ndm_type) },
};

static const struct field attributes_of_entry[] = {
	[NDA_DST] = { "dst", FIELD_ADDRESS, KEY, 0, "the other end of the tunnel" },
	[NDA_LLADDR] = { "lladdr", FIELD_ADDRESS, KEY, 0, "hardware address" },
	[NDA_CACHEINFO] = { "cacheinfo", FIELD_RECORD, FIELD_VOLATILE, 0, "ages", .schema = &schema_cache },
	[NDA_PROBES] = { "probes", FIELD_U32, FIELD_VOLATILE | FIELD_HIDDEN, 0, "of no use" },
	[NDA_VLAN] = { "vlan", FIELD_U16, KEY, 0, "VLAN" },
	[NDA_PORT] = { "port", FIELD_BE16, KEY, 0, "UDP port" },
	[NDA_VNI] = { "vni", FIELD_U32, KEY, 0, "network identifier" },
	[NDA_IFINDEX] = { "via", FIELD_INTERFACE, KEY, 0, "link that leads to it" },
	[NDA_MASTER] = { "master", FIELD_INTERFACE, KEY, 0, "bridge" },
	[NDA_LINK_NETNSID] = { "link_netnsid", FIELD_S32, 0, 0, "namespace of the link" },
	[NDA_SRC_VNI] = { "src_vni", FIELD_U32, KEY, 0, "network identifier that it is seen from" },
	[NDA_PROTOCOL] = { "protocol", FIELD_U8, SET, 0, "who made it", .names = &words_route_protocol },
	[13] = { "nhid", FIELD_U32, SET, 0, "nexthop object" },                                           /* NDA_NH_ID */
	[14] = { "fdb_ext_attrs", FIELD_RECORD, SET, 0, "how its age goes", .schema = &schema_more },     /* NDA_FDB_EXT_ATTRS, 5.14 */
	[15] = { "flags_ext", FIELD_U32, SET, 0, "further flags", .names = &words_neighbour_more_flags }, /* NDA_FLAGS_EXT, 5.16 */
	[16] = { "state_mask", FIELD_U16, FIELD_HIDDEN | FIELD_VOLATILE, 0, "states that a request selects" },
	[17] = { "flags_mask", FIELD_U8, FIELD_HIDDEN | FIELD_VOLATILE, 0, "flags that a request selects" },
};

static const struct schema schema = {
	.name = "fdb",
	.help = "forwarding entries of bridges and links",
	.header_size = sizeof(struct ndmsg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_entry,
	.attribute_count = ARRAY_SIZE(attributes_of_entry),
};

static bool concerns(const struct nlmsghdr *message)
{
	return ((const struct ndmsg *)NLMSG_DATA(message))->ndm_family == AF_BRIDGE;
}

static bool is_of_bridge(const struct record *record)
{
	return record_number(record, "master", 0) || record_find(record, "master");
}

/* An address that moves to another port of a bridge is the same entry. */
static bool identifies(const struct record *record, const struct field *field)
{
	if (!is_of_bridge(record))
		return field->flags & KEY && strcmp(field->name, "master") != 0;
	return strcmp(field->name, "master") == 0 || strcmp(field->name, "lladdr") == 0 || strcmp(field->name, "vlan") == 0;
}

/* ---- Its place in the tree: BRIDGE/ADDRESS[,vlan=N], LINK/ADDRESS,self[,...] ---- */

static const char *const options[] = { "dst", "vlan", "port", "vni", "via", "src_vni" };

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const bool of_bridge = is_of_bridge(record);
	const struct value *address = record_find(record, "lladdr");

	object_path_interface(record, of_bridge ? "master" : "dev", naming, ret);
	buffer_add_char(ret, '/');
	if (address)
		value_print(ret, address, NULL, naming);
	if (!of_bridge)
		buffer_add_text(ret, ",self");
	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
		const struct entry *entry = record_at(record, options[i]);

		if (!entry || !entry->field || (of_bridge && strcmp(options[i], "vlan") != 0))
			continue;
		buffer_printf(ret, ",%s=", options[i]);
		value_print(ret, &entry->value, entry->field, naming);
	}
}

static int parse_option(struct object_path *left)
{
	static const char dst[] = ",dst=";

	if (strncmp(left->rest, dst, sizeof(dst) - 1) != 0)
		return object_parse_option(left);
	left->rest += sizeof(dst) - 1;
	return object_parse_ip_of_field(left, "dst");
}

/* Whose the first part is the word behind the address says. */
static int parse_path(struct object_path *left)
{
	static const char self[] = ",self";
	struct value owner;
	int r = object_parse_interface(left, "dev");

	if (r == 0)
		r = object_parse_address(left, "lladdr", 1u << 6);
	if (r < 0)
		return r;
	if (strncmp(left->rest, self, sizeof(self) - 1) == 0) {
		left->rest += sizeof(self) - 1;
	} else {
		owner = *record_find(left->record, "dev");
		record_drop(left->record, "dev");
		r = record_put(left->arena, left->record, "master", owner);
	}
	while (r == 0 && *left->rest == ',')
		r = parse_option(left);
	return r == 0 && *left->rest != '\0' && *left->rest != '/' ? -EINVAL : r;
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = parse_path(&left);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(
			error, -EINVAL,
			"\"%s\" is no forwarding entry: BRIDGE/ADDRESS[,vlan=N] is, or LINK/ADDRESS,self, such as br0/02:00:00:00:00:01,vlan=5",
			text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

/* ---- Requests ---- */

static void dump(struct buffer *request, uint8_t family)
{
	const struct ndmsg entry = { .ndm_family = family };

	buffer_add(request, &entry, sizeof(entry));
}

static int get(const struct record *key, struct buffer *request)
{
	const struct value *address = record_find(key, "lladdr");
	const uint32_t master = (uint32_t)record_number(key, "master", 0);
	const uint16_t vlan = (uint16_t)record_number(key, "vlan", 0);
	const struct ndmsg entry = { .ndm_family = AF_BRIDGE, .ndm_ifindex = (int)record_number(key, "dev", 0) };

	if (!address || address->type != VALUE_ADDRESS)
		return -ENOENT;
	if (!master) { /* most links cannot be asked for one */
		if (!entry.ndm_ifindex)
			return -ENOENT;
		buffer_add(request, &entry, sizeof(entry));
		return OBJECT_GET_DUMP;
	}
	buffer_add(request, &(const struct ndmsg){ .ndm_family = AF_BRIDGE }, sizeof(entry));
	attribute_add(request, NDA_LLADDR, address->bytes.data, address->bytes.length);
	attribute_add(request, NDA_MASTER, &master, sizeof(master));
	if (vlan)
		attribute_add(request, NDA_VLAN, &vlan, sizeof(vlan));
	return OBJECT_GET_ONE;
}

/* Whose it is a request says by a flag. What was learnt comes back as what ages. */
static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	const uint64_t master = record_number(record, "master", 0), kept = record_number(record, "flags", 0) & (NTF_EXT_LEARNED | NTF_STICKY);
	const uint64_t state = record_number(record, "state", master ? NUD_NOARP : NUD_PERMANENT) & STATES_SET;
	int r;

	if (master && !record_find(record, "dev"))
		r = record_put(arena, record, "dev", value_uint(master));
	else
		r = 0;
	if (r == 0)
		r = record_put(arena, record, "flags",
			       value_uint(kept | (master && master != record_number(record, "dev", 0) ? NTF_MASTER : NTF_SELF)));
	if (r == 0)
		r = record_put(arena, record, "family", value_uint(AF_BRIDGE));
	record_drop(record, "master");
	if (r < 0 || write == OBJECT_REMOVE)
		return r;
	return record_put(arena, record, "state", value_uint(state ? state : NUD_REACHABLE));
}

/* A VXLAN sends to several by one address. */
static bool stands_beside(const struct record *record)
{
	return record_find(record, "dst") && record_number(record, "flags", 0) & NTF_SELF;
}

/* What a link hears for its own protocols the kernel puts there without a word. */
static bool is_kernels_own(const struct record *record)
{
	const struct value *address = record_find(record, "lladdr");

	return !is_of_bridge(record) && !record_find(record, "dst") && address && address->type == VALUE_ADDRESS && address->bytes.length == 6 &&
	       *(const uint8_t *)address->bytes.data & 1;
}

static enum object_origin origin(const struct record *record)
{
	if (is_kernels_own(record))
		return OBJECT_PASSING;
	if (!(record_number(record, "state", 0) & STATES_SET || record_number(record, "flags", 0) & NTF_EXT_LEARNED))
		return OBJECT_PASSING;
	/* A bridge has the addresses of its ports for its own. */
	return is_of_bridge(record) && record_number(record, "state", 0) & NUD_PERMANENT ? OBJECT_FOLLOWS : OBJECT_ASKED;
}

static const struct object object_fdb = {
	.name = "fdb",
	.help = "forwarding entries of bridges and links",
	.protocol = &protocol_route,
	.new_type = RTM_NEWNEIGH,
	.delete_type = RTM_DELNEIGH,
	.get_type = RTM_GETNEIGH,
	.schema = &schema,
	.groups = { RTNLGRP_NEIGH },
	.families = { AF_BRIDGE },
	.family_count = 1,
	.concerns = concerns,
	.path = path,
	.parse = parse,
	.dump = dump,
	.get = get,
	.prepare = prepare,
	.identifies = identifies,
	.remove_filter = FIELD_KEY | FIELD_SETTABLE,
	.stands_beside = stands_beside,
	.beside_flags = NLM_F_APPEND,
	.origin = origin,
	.unheard = is_kernels_own,
	.dependent = true,
};

OBJECT_CHANNEL(route, fdb, object_fdb, "forwarding entries: by which port a hardware address is reached");
