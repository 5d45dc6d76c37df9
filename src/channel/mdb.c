/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multicast groups of bridges: to which ports a group is sent. The kernel tells all of a bridge in one message, and takes them in another form than
 * it tells them: here each is a fixed header (the bridge, then struct br_mdb_entry) with attributes. Sources: <linux/if_bridge.h>, bridge(8),
 * net/bridge/br_mdb.c. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/bridge.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE
#define KEY FIELD_KEY

struct told {
	struct br_port_msg bridge;
	struct br_mdb_entry entry;
};

/* ---- A group: an IP address, or the hardware address where there is none ---- */

struct group {
	uint8_t data[16];
	uint16_t protocol; /* in network byte order; 0: a hardware address */
	uint16_t pad;
};

static int decode_group(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct group group;

	(void)decode;
	(void)field;
	if (length != sizeof(group))
		return -EBADMSG;
	memcpy(&group, data, sizeof(group));
	if (group.protocol == htobe16(ETH_P_IP))
		*ret = value_data(VALUE_ADDRESS, data, 4);
	else if (group.protocol == htobe16(ETH_P_IPV6))
		*ret = value_data(VALUE_ADDRESS, data, 16);
	else
		*ret = value_data(VALUE_ADDRESS, data, ETH_ALEN);
	return 0;
}

static int encode_group(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	struct group group = { 0 };

	if (value->type != VALUE_ADDRESS || (value->bytes.length != 4 && value->bytes.length != 16 && value->bytes.length != ETH_ALEN))
		return error_set(error, -EINVAL, "%s must be an IP or hardware address", field->name);
	memcpy(group.data, value->bytes.data, value->bytes.length);
	if (value->bytes.length != ETH_ALEN)
		group.protocol = htobe16(value->bytes.length == 4 ? ETH_P_IP : ETH_P_IPV6);
	buffer_add(buffer, &group, sizeof(group));
	return 0;
}

static const struct codec codec_group = { decode_group, encode_group, FIELD_ADDRESS };

/* ---- The fields ---- */

NAMES(states, false, { MDB_TEMPORARY, "temp" }, { MDB_PERMANENT, "permanent" });
NAMES(flags, true, { MDB_FLAGS_OFFLOAD, "offload" }, { MDB_FLAGS_FAST_LEAVE, "fast_leave" }, { MDB_FLAGS_STAR_EXCL, "added_by_star_ex" },
      { MDB_FLAGS_BLOCKED, "blocked" }, { 1 << 4, "offload_failed" });
NAMES(modes, false, { 0, "include" }, { 1, "exclude" }); /* MCAST_INCLUDE, MCAST_EXCLUDE */

static const struct field source[] = {
	[MDBA_MDB_SRCATTR_ADDRESS] = { "address", FIELD_ADDRESS, SET, 0, "source" },
	[MDBA_MDB_SRCATTR_TIMER] = { "timer", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "left" },
};
static const struct schema schema_source = { .name = "source", .attributes = source, .attribute_count = ARRAY_SIZE(source) };
static const struct field field_source = { "source", FIELD_RECORD, SET, 0, "a source", .offset = MDBA_MDB_SRCLIST_ENTRY, .schema = &schema_source };

static const struct field header[] = {
	{ "family", FIELD_U8, SET | FIELD_HIDDEN, 0, "AF_BRIDGE", HEADER_FIELD(struct told, bridge.family) },
	{ "dev", FIELD_INTERFACE, KEY, 0, "bridge", HEADER_FIELD(struct told, bridge.ifindex) },
	{ "port", FIELD_INTERFACE, KEY, 0, "port, or the bridge itself", HEADER_FIELD(struct told, entry.ifindex) },
	{ "state", FIELD_U8, SET, 0, "permanent: asked for; temp: somebody is there who listens", HEADER_FIELD(struct told, entry.state),
	  .names = &states },
	{ "flags", FIELD_U8, FIELD_DERIVED, 0, "what has become of it", HEADER_FIELD(struct told, entry.flags), .names = &flags },
	{ "vid", FIELD_U16, KEY, 0, "VLAN", HEADER_FIELD(struct told, entry.vid) },
	{ "group", FIELD_CODEC, KEY, 0, "group", HEADER_FIELD(struct told, entry.addr), .codec = &codec_group },
};

static const struct field attributes_of_entry[] = {
	[MDBA_MDB_EATTR_TIMER] = { "timer", FIELD_U32, FIELD_VOLATILE, UNIT_CENTISECONDS, "left" },
	[MDBA_MDB_EATTR_SRC_LIST] = { "sources", FIELD_LIST, SET, 0, "sources that are wanted, or are not", .element = &field_source },
	[MDBA_MDB_EATTR_GROUP_MODE] = { "filter_mode", FIELD_U8, SET, 0, "whether the sources are wanted", .names = &modes },
	[MDBA_MDB_EATTR_SOURCE] = { "src", FIELD_ADDRESS, KEY, 0, "just of this source" },
	[MDBA_MDB_EATTR_RTPROT] = { "protocol", FIELD_U8, SET, 0, "who made it", .names = &words_route_protocol },
	[6] = { "dst", FIELD_ADDRESS, KEY, 0, "the other end of the tunnel" }, /* MDBA_MDB_EATTR_DST and those below, 6.4 */
	[7] = { "dst_port", FIELD_U16, KEY, 0, "UDP port" },
	[8] = { "vni", FIELD_U32, KEY, 0, "network identifier" },
	[9] = { "via", FIELD_INTERFACE, KEY, 0, "link that leads to it" },
	[10] = { "src_vni", FIELD_U32, KEY, 0, "network identifier that it is seen from" },
};

static const struct schema schema = {
	.name = "mdb",
	.help = "multicast groups of bridges",
	.header_size = sizeof(struct told),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_entry,
	.attribute_count = ARRAY_SIZE(attributes_of_entry),
};

/* ---- Messages ---- */

static int hand_on(const struct nlmsghdr *message, const struct attribute_iterator *info, struct buffer *room, object_message_function *function,
		   void *data)
{
	const struct br_port_msg *bridge = NLMSG_DATA(message);

	if (info->type != MDBA_MDB_ENTRY_INFO || info->length < sizeof(struct br_mdb_entry))
		return 0;
	bridge_begin(room, message, bridge, sizeof(*bridge));
	buffer_add(room, info->data, info->length);
	return bridge_hand_on(room, function, data);
}

/* What is told by one number is taken by another. */
static const uint16_t numbers[] = {
	[MDBA_MDB_EATTR_SRC_LIST] = 2,
	[MDBA_MDB_EATTR_GROUP_MODE] = 3,
	[MDBA_MDB_EATTR_SOURCE] = 1,
	[MDBA_MDB_EATTR_RTPROT] = 4,
	[6] = 5,
	[7] = 6,
	[8] = 7,
	[9] = 8,
	[10] = 9,
}; /* MDBE_ATTR_* */

static uint16_t number_taken(uint16_t told)
{
	return told < ARRAY_SIZE(numbers) ? numbers[told] : 0;
}

static uint16_t number_told(uint16_t taken)
{
	for (uint16_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i] == taken)
			return i;
	return 0;
}

/* A request, as another program sends it: the entry alone, and what else is said of it. */
static int split_request(const struct nlmsghdr *message, struct buffer *room, object_message_function *function, void *data)
{
	struct attribute_iterator entry = { 0 }, more = { 0 };

	for (struct attribute_iterator i = bridge_attributes(message, sizeof(struct br_port_msg)); attribute_next(&i);)
		if (i.type == MDBA_SET_ENTRY)
			entry = i;
		else if (i.type == MDBA_SET_ENTRY_ATTRS)
			more = i;
	if (entry.type != MDBA_SET_ENTRY || entry.length != sizeof(struct br_mdb_entry))
		return 0;
	bridge_begin(room, message, NLMSG_DATA(message), sizeof(struct br_port_msg));
	buffer_add(room, entry.data, entry.length);
	for (struct attribute_iterator i = attributes(more.data, more.length); more.type && attribute_next(&i);)
		if (number_told(i.type))
			attribute_add(room, number_told(i.type), i.data, i.length);
	return bridge_hand_on(room, function, data);
}

/* Message, list, entry, and what is told of it. */
static int split(const struct nlmsghdr *message, struct buffer *room, object_message_function *function, void *data)
{
	int r = 0;

	if (message->nlmsg_flags & NLM_F_REQUEST)
		return split_request(message, room, function, data);
	for (struct attribute_iterator list = bridge_attributes(message, sizeof(struct br_port_msg)); r == 0 && attribute_next(&list);)
		if (list.type == MDBA_MDB)
			for (struct attribute_iterator entry = attributes(list.data, list.length); r == 0 && attribute_next(&entry);)
				for (struct attribute_iterator info = attributes(entry.data, entry.length); r == 0 && attribute_next(&info);)
					r = hand_on(message, &info, room, function, data);
	return r;
}

static void frame(const struct buffer *plain, struct buffer *ret)
{
	const size_t skip = offsetof(struct told, entry);
	size_t begin;

	buffer_add(ret, plain->data, skip);
	attribute_add(ret, MDBA_SET_ENTRY, plain->data + skip, sizeof(struct br_mdb_entry));
	if (plain->length <= sizeof(struct told))
		return;
	begin = attribute_begin(ret, MDBA_SET_ENTRY_ATTRS | NLA_F_NESTED);
	for (struct attribute_iterator i = attributes(plain->data + sizeof(struct told), plain->length - sizeof(struct told)); attribute_next(&i);)
		if (number_taken(i.type))
			attribute_add(ret, number_taken(i.type) | (i.type == MDBA_MDB_EATTR_SRC_LIST ? NLA_F_NESTED : 0), i.data, i.length);
	attribute_end(ret, begin);
}

static void dump(struct buffer *request, uint8_t family)
{
	const struct br_port_msg bridge = { .family = family };

	buffer_add(request, &bridge, sizeof(bridge));
}

/* ---- Its place in the tree: BRIDGE/PORT/GROUP[,vid=N][,src=ADDRESS] ---- */

static const char *const options[] = { "vid", "src", "dst", "dst_port", "vni", "via", "src_vni" };

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *group = record_find(record, "group");

	object_path_interface(record, "dev", naming, ret);
	buffer_add_char(ret, '/');
	object_path_interface(record, "port", naming, ret);
	buffer_add_char(ret, '/');
	if (group)
		value_print(ret, group, NULL, naming);
	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
		const struct entry *entry = record_at(record, options[i]);

		if (!entry || (entry->value.type != VALUE_ADDRESS && record_number(record, options[i], 0) == 0))
			continue;
		buffer_printf(ret, ",%s=", options[i]);
		value_print(ret, &entry->value, entry->field, naming);
	}
}

static int parse_option(struct object_path *left)
{
	static const char *const addresses[] = { "src", "dst" };

	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
		const size_t length = strlen(addresses[i]);

		if (strncmp(left->rest + 1, addresses[i], length) != 0 || left->rest[1 + length] != '=')
			continue;
		left->rest += 2 + length;
		return object_parse_ip_of_field(left, addresses[i]);
	}
	return object_parse_option(left);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_interface(&left, "dev");
	if (r == 0)
		r = object_parse_interface(&left, "port");
	if (r == 0)
		r = object_parse_address(&left, "group", 1u << 4 | 1u << ETH_ALEN | 1u << 16);
	while (r == 0 && *left.rest == ',')
		r = parse_option(&left);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || (*left.rest != '\0' && *left.rest != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no group of a bridge: BRIDGE/PORT/GROUP is, such as br0/eth0/239.1.1.1,vid=5", text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

/* A removal says which group and nothing of how it was made, which kernels before 6.2 do not even know, as little as that one is "static", which all
 * are of which nothing is said. */
static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	static const char *const made[] = { "sources", "filter_mode", "protocol" };
	int r = record_put(arena, record, "family", value_uint(AF_BRIDGE));

	for (unsigned int i = 0; write == OBJECT_REMOVE && i < ARRAY_SIZE(made); i++)
		record_drop(record, made[i]);
	if (r < 0 || write == OBJECT_REMOVE)
		return r;
	if (record_number(record, "protocol", 0) == RTPROT_STATIC)
		record_drop(record, "protocol");
	return record_find(record, "state") ? 0 : record_put(arena, record, "state", value_uint(MDB_PERMANENT));
}

static enum object_origin origin(const struct record *record)
{
	return record_number(record, "state", 0) == MDB_PERMANENT ? OBJECT_ASKED : OBJECT_PASSING;
}

const struct object object_mdb = {
	.name = "mdb",
	.help = "multicast groups of bridges",
	.protocol = &protocol_route,
	.new_type = RTM_NEWMDB,
	.delete_type = RTM_DELMDB,
	.get_type = RTM_GETMDB,
	.schema = &schema,
	.groups = { RTNLGRP_MDB },
	.families = { AF_BRIDGE },
	.family_count = 1,
	.concerns = bridge_is_split,
	.split = split,
	.shared_header = sizeof(struct br_port_msg),
	.frame = frame,
	.path = path,
	.parse = parse,
	.dump = dump,
	.prepare = prepare,
	.remove_filter = FIELD_KEY | FIELD_SETTABLE,
	.origin = origin,
	.may_lack = true,
	.dependent = true,
};

OBJECT_CHANNEL(route, mdb, object_mdb, "multicast groups: to which ports of a bridge a group is sent");
