/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the sets of ipset(8), each in a message of its own: the kernel tells many in one. An entry is spelt as ipset(8) spells it. */
#include <errno.h>
#include <string.h>

#include "channel/ipset.h"
#include "channel/netfilter.h"
#include "channel/words.h"

#define SET FIELD_SETTABLE
#define KEY FIELD_KEY

NAMES(flags, true, { IPSET_FLAG_BEFORE, "before" }, { IPSET_FLAG_PHYSDEV, "physdev" }, { IPSET_FLAG_NOMATCH, "nomatch" }, { 1 << 7, "wildcard" });

#define ADDRESS(name, flags, words)                                               \
	{                                                                         \
		name, FIELD_CODEC, flags, 0, words, .codec = &codec_ipset_address \
	}

static const struct field entry[IPSET_ENTRY_COUNT] = {
	[IPSET_ATTR_IP] = ADDRESS("ip", KEY, "address"),
	[IPSET_ATTR_IP_TO] = ADDRESS("ip_to", FIELD_HIDDEN, "the last address, of a request for several"),
	[IPSET_ATTR_CIDR] = { "cidr", FIELD_U8, KEY, UNIT_BITS, "its prefix length" },
	[IPSET_ATTR_PORT] = { "port", FIELD_BE16, KEY, 0, "port; of ICMP type and code" },
	[IPSET_ATTR_PORT_TO] = { "port_to", FIELD_BE16, FIELD_HIDDEN, 0, "the last port, of a request for several" },
	[IPSET_ATTR_TIMEOUT] = { "timeout", FIELD_BE32, SET | FIELD_VOLATILE, UNIT_SECONDS, "until it goes; 0: it stays" },
	[IPSET_ATTR_PROTO] = { "protocol", FIELD_U8, KEY, 0, "protocol of the port", .names = &words_ip_protocol },
	[IPSET_ATTR_CADT_FLAGS] = { "flags", FIELD_BE32, SET, 0, "how it is meant", .names = &flags },
	[IPSET_ATTR_CADT_LINENO] = { "lineno", FIELD_PAD },
	[IPSET_ATTR_MARK] = { "mark", FIELD_BE32, KEY | FIELD_HEX, 0, "mark" },
	[IPSET_ATTR_ETHER] = { "ether", FIELD_ADDRESS, KEY, 0, "hardware address" },
	[IPSET_ATTR_NAME] = { "member", FIELD_TEXT, KEY, 0, "set that is in the list" },
	[IPSET_ATTR_NAMEREF] = { "beside", FIELD_TEXT, FIELD_CREATE, 0, "set that it is put before or behind" },
	[IPSET_ATTR_IP2] = ADDRESS("ip2", KEY, "the second address"),
	[IPSET_ATTR_CIDR2] = { "cidr2", FIELD_U8, KEY, UNIT_BITS, "its prefix length" },
	[IPSET_ATTR_IP2_TO] = ADDRESS("ip2_to", FIELD_HIDDEN, "the last second address, of a request for several"),
	[IPSET_ATTR_IFACE] = { "iface", FIELD_TEXT, KEY, 0, "interface" },
	[IPSET_ATTR_BYTES] = { "bytes", FIELD_BE64, FIELD_VOLATILE, UNIT_BYTES, "that met it" },
	[IPSET_ATTR_PACKETS] = { "packets", FIELD_BE64, FIELD_VOLATILE, UNIT_PACKETS, "that met it" },
	[IPSET_ATTR_COMMENT] = { "comment", FIELD_TEXT, SET, 0, "comment" },
	[IPSET_ATTR_SKBMARK] = { "skbmark", FIELD_BE64, SET | FIELD_HEX, 0, "mark that packets are given, and its mask" },
	[IPSET_ATTR_SKBPRIO] = { "skbprio", FIELD_BE32, SET | FIELD_HANDLE, 0, "class that packets are given" },
	[IPSET_ATTR_SKBQUEUE] = { "skbqueue", FIELD_BE16, SET, 0, "queue that packets are given" },
	[IPSET_ATTR_PAD] = { "pad", FIELD_PAD },
	[IPSET_ENTRY_SET] = { "set", FIELD_TEXT, KEY, 0, "set that it is in" }, /* ours */
};

#define NESTED (1u << IPSET_ATTR_IP | 1u << IPSET_ATTR_IP_TO | 1u << IPSET_ATTR_IP2 | 1u << IPSET_ATTR_IP2_TO)
#define NETWORK_ORDER                                                                                                                        \
	(1u << IPSET_ATTR_PORT | 1u << IPSET_ATTR_PORT_TO | 1u << IPSET_ATTR_TIMEOUT | 1u << IPSET_ATTR_CADT_FLAGS | 1u << IPSET_ATTR_MARK | \
	 1u << IPSET_ATTR_BYTES | 1u << IPSET_ATTR_PACKETS | 1u << IPSET_ATTR_SKBMARK | 1u << IPSET_ATTR_SKBPRIO | 1u << IPSET_ATTR_SKBQUEUE)

static const struct schema schema = {
	.name = "entry",
	.help = "entries of the sets of ipset",
	.header_size = sizeof(struct nfgenmsg),
	.attributes = entry,
	.attribute_count = ARRAY_SIZE(entry),
};

/* ---- Messages ---- */

const struct nlmsghdr *ipset_entry_message(const struct nlmsghdr *like, const void *name, size_t name_length, const struct attribute_iterator *own,
					   struct buffer *room)
{
	struct nlmsghdr header = *like;
	struct attribute_iterator i;

	if (header.nlmsg_type != IPSET_TYPE(IPSET_CMD_DEL))
		header.nlmsg_type = IPSET_TYPE(IPSET_CMD_ADD);
	buffer_clear(room);
	buffer_add(room, &header, sizeof(header));
	buffer_add(room, NLMSG_DATA(like), sizeof(struct nfgenmsg));
	attribute_add(room, IPSET_ENTRY_SET, name, name_length);
	for (i = attributes(own->data, own->length); attribute_next(&i);)
		if (i.type < IPSET_ENTRY_SET)
			attribute_add(room, i.type, i.data, i.length);
	if (room->failed)
		return like;
	((struct nlmsghdr *)room->data)->nlmsg_len = (uint32_t)room->length;
	return (const struct nlmsghdr *)room->data;
}

/* Whether MESSAGE is of one, in the form in which ipset_entry_message() puts it. */
static bool concerns(const struct nlmsghdr *message)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));

	if (message->nlmsg_len < skip)
		return false;
	for (struct attribute_iterator i = attributes((const char *)message + skip, message->nlmsg_len - skip); attribute_next(&i);)
		if (i.type == IPSET_ENTRY_SET)
			return true;
	return false;
}

/* Every entry of the part of a set that MESSAGE tells, or of a list of them that it asks to be put in or taken out. */
static int split(const struct nlmsghdr *message, struct buffer *room, object_message_function *function, void *data)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	struct attribute_iterator name = { 0 }, list = { 0 }, i;
	int r = 0;

	if (message->nlmsg_len < skip)
		return 0;
	for (i = attributes((const char *)message + skip, message->nlmsg_len - skip); attribute_next(&i);)
		if (i.type == IPSET_ATTR_SETNAME)
			name = i;
		else if (i.type == IPSET_ATTR_ADT)
			list = i;
	if (!name.type || !list.type)
		return 0;
	for (i = attributes(list.data, list.length); r == 0 && attribute_next(&i);) {
		const struct nlmsghdr *one = ipset_entry_message(message, name.data, name.length, &i, room);

		r = one == message ? -ENOMEM : function(data, one);
	}
	return r;
}

static void dump(struct buffer *request, uint8_t family)
{
	(void)family;
	ipset_ask(NULL, false, request);
}

/* Its set has to be looked through. */
static int get(const struct record *key, struct buffer *request)
{
	const struct value *name = record_find(key, "set");

	if (!name || name->type != VALUE_TEXT)
		return -ENOENT;
	ipset_ask(name, false, request);
	return OBJECT_GET_DUMP;
}

static void frame(const struct buffer *plain, struct buffer *ret)
{
	const uint8_t *own = (const uint8_t *)plain->data + sizeof(struct nfgenmsg);
	const size_t length = plain->length - sizeof(struct nfgenmsg);
	struct buffer inside = { 0 };
	struct attribute_iterator i;
	size_t begin;

	ipset_begin(ret);
	for (i = attributes(own, length); attribute_next(&i);)
		if (i.type == IPSET_ENTRY_SET)
			attribute_add(ret, IPSET_ATTR_SETNAME, i.data, i.length);
		else
			attribute_add(&inside, i.type, i.data, i.length);
	begin = attribute_begin(ret, IPSET_ATTR_DATA | NLA_F_NESTED);
	if (inside.length)
		ipset_add_marked(inside.data, inside.length, NESTED, NETWORK_ORDER, ret);
	attribute_end(ret, begin);
	ret->failed |= inside.failed;
	buffer_done(&inside);
}

/* ---- Its place in the tree: SET/ENTRY, the parts of the entry with commas between them ---- */

static void begin_part(struct buffer *ret, size_t begin)
{
	if (ret->length > begin)
		buffer_add_char(ret, ',');
}

static void path_address(const struct record *record, const char *address, const char *length, struct buffer *ret, size_t begin)
{
	const struct value *value = record_find(record, address), *bits = record_find(record, length);

	if (!value)
		return;
	begin_part(ret, begin);
	value_print(ret, value, NULL, NULL);
	if (bits)
		buffer_printf(ret, "/%llu", (unsigned long long)bits->number);
}

static void path_port(const struct record *record, struct buffer *ret, size_t begin)
{
	const struct value *protocol = record_find(record, "protocol"), *port = record_find(record, "port");

	if (!port)
		return;
	begin_part(ret, begin);
	if (protocol) {
		words_add(ret, &words_ip_protocol, protocol->number);
		buffer_add_char(ret, ':');
	}
	buffer_add_uint(ret, port->number);
}

static void path_text(const struct record *record, const char *field, const char *before, struct buffer *ret, size_t begin)
{
	const struct value *value = record_find(record, field);

	if (!value || value->type != VALUE_TEXT)
		return;
	begin_part(ret, begin);
	buffer_add_text(ret, before);
	netfilter_path_name(value, ret);
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *mark = record_find(record, "mark"), *ether = record_find(record, "ether");
	size_t begin;

	(void)naming;
	path_text(record, "set", "", ret, ret->length);
	buffer_add_char(ret, '/');
	begin = ret->length;
	path_text(record, "member", "set:", ret, begin);
	path_address(record, "ip", "cidr", ret, begin);
	path_port(record, ret, begin);
	if (mark) {
		begin_part(ret, begin);
		buffer_printf(ret, "0x%llx", (unsigned long long)mark->number);
	}
	if (ether) {
		begin_part(ret, begin);
		value_print(ret, ether, NULL, NULL);
	}
	path_address(record, "ip2", "cidr2", ret, begin);
	path_text(record, "iface", "dev:", ret, begin);
}

static int put(struct object_path *path, const char *field, struct value value)
{
	return record_find(path->record, field) ? -EINVAL : record_put(path->arena, path->record, field, value);
}

/* An address, whose prefix length stands in a field of its own. */
static int parse_address(struct object_path *path, const uint8_t *data, uint32_t length, int16_t prefix)
{
	const bool second = record_find(path->record, "ip");
	const void *copy = arena_copy(path->arena, data, length);
	int r;

	if (!copy)
		return -ENOMEM;
	if (length != 4 && length != 16)
		return prefix < 0 ? put(path, "ether", value_data(VALUE_ADDRESS, copy, length)) : -EINVAL;
	r = put(path, second ? "ip2" : "ip", value_data(VALUE_ADDRESS, copy, length));
	return r < 0 || prefix < 0 ? r : put(path, second ? "cidr2" : "cidr", value_uint((uint64_t)prefix));
}

/* "80", "tcp:80". An IPv6 address begins like one. */
static int parse_port(struct object_path *path, const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length), *digits = colon ? colon + 1 : text;
	uint64_t protocol = 0, port;
	int r = colon ? words_parse(&words_ip_protocol, text, (size_t)(colon - text), &protocol) : 0;

	if (r == 0)
		r = words_parse(NULL, digits, length - (size_t)(digits - text), &port);
	if (r < 0 || port > UINT16_MAX || protocol > UINT8_MAX)
		return -EINVAL;
	r = colon ? put(path, "protocol", value_uint(protocol)) : 0;
	return r < 0 ? r : put(path, "port", value_uint(port));
}

static int parse_mark(struct object_path *path, const char *text, size_t length)
{
	_cleanup_free_ char *copy = strndup(text, length);
	unsigned long long number;
	char *end;

	if (!copy)
		return -ENOMEM;
	number = strtoull(copy, &end, 16);
	return *end || length > 10 ? -EINVAL : put(path, "mark", value_uint(number));
}

static int parse_text(struct object_path *path, const char *field, const char *text, size_t length)
{
	struct object_path part = *path;
	int r;

	part.rest = arena_copy(path->arena, text, length);
	if (!part.rest)
		return -ENOMEM;
	r = record_find(path->record, field) ? -EINVAL : netfilter_parse_name(&part, field);
	return r == 0 && *part.rest ? -EINVAL : r;
}

static bool begins(const char *text, size_t length, const char *with)
{
	return length > strlen(with) && strncmp(text, with, strlen(with)) == 0;
}

static int parse_part(struct object_path *path, const char *text, size_t length)
{
	uint8_t data[32];
	uint32_t bytes;
	int16_t prefix;

	if (begins(text, length, "set:"))
		return parse_text(path, "member", text + strlen("set:"), length - strlen("set:"));
	if (begins(text, length, "dev:"))
		return parse_text(path, "iface", text + strlen("dev:"), length - strlen("dev:"));
	if (begins(text, length, "0x"))
		return parse_mark(path, text, length);
	if (parse_port(path, text, length) == 0)
		return 0;
	if (address_parse_bytes(text, length, data, &bytes, &prefix) < 0)
		return -EINVAL;
	return parse_address(path, data, bytes, prefix);
}

/* A slash belongs to the entry where a number is behind it, as far as a comma or the end of the part. */
static size_t part_length(const char *text)
{
	size_t length = strcspn(text, ",/");

	if (text[length] == '/') {
		const size_t digits = strspn(text + length + 1, "0123456789"), end = length + 1 + digits;

		if (digits && (!text[end] || text[end] == '/' || text[end] == ','))
			length = end;
	}
	return length;
}

static int parse_entry(struct object_path *path)
{
	int r = netfilter_parse_name(path, "set");

	while (r == 0) {
		const size_t length = part_length(path->rest);

		r = length ? parse_part(path, path->rest, length) : -EINVAL;
		path->rest += length;
		if (r < 0 || *path->rest != ',')
			break;
		path->rest++;
	}
	return r;
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r = left.record ? parse_entry(&left) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(
			error, -EINVAL,
			"\"%s\" is no entry: SET/ENTRY is, such as allowed/10.0.0.0/8,tcp:80 or allowed/set:others or allowed/10.0.0.1,dev:eth0",
			text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

const struct object object_ipset_entry = {
	.name = "ipset_entry",
	.help = "entries of the sets of ipset",
	.protocol = &protocol_netfilter,
	.new_type = IPSET_TYPE(IPSET_CMD_ADD),
	.delete_type = IPSET_TYPE(IPSET_CMD_DEL),
	.get_type = IPSET_TYPE(IPSET_CMD_LIST),
	.replace_type = IPSET_TYPE(IPSET_CMD_ADD),
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.dump = dump,
	.get = get,
	.concerns = concerns,
	.split = split,
	.frame = frame,
	.error_words = ipset_error,
	.left = "timeout",
	.within = { "set" },
	.may_lack = true,
	.untold = true,
	.asked_by = IPSET_CHANGES,
};

OBJECT_CHANNEL_OF(netfilter, ipset_entry, object_ipset_entry, "entries of the sets of ipset", "sampled");
