/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of ipset(8); their entries are objects of their own (ipset_entry.c). */
#include "channel/ipset.h"

#include <errno.h>
#include <string.h>

#include "channel/netfilter.h"
#include "channel/words.h"

#define MAKE     FIELD_CREATE
#define PROTOCOL 7 /* since 4.20 */

/* As ipset(8) says them. */
const char *ipset_error(uint32_t number)
{
	switch (number) {
	case IPSET_ERR_PROTOCOL:
		return "the kernel does not take a request of this form";
	case IPSET_ERR_FIND_TYPE:
		return "the kernel has no such type of set, or not this revision of it";
	case IPSET_ERR_MAX_SETS:
		return "there are as many sets as can be";
	case IPSET_ERR_BUSY:
	case IPSET_ERR_REFERENCED:
		return "it is in use";
	case IPSET_ERR_EXIST_SETNAME2:
		return "the second set is there already";
	case IPSET_ERR_TYPE_MISMATCH:
		return "the two sets are not of one type";
	case IPSET_ERR_EXIST:
		return "the entry is there already, or is not there";
	case IPSET_ERR_INVALID_CIDR:
		return "no such prefix length";
	case IPSET_ERR_INVALID_NETMASK:
		return "no such netmask";
	case IPSET_ERR_INVALID_FAMILY:
		return "the type does not take this family";
	case IPSET_ERR_TIMEOUT:
		return "the set is without timeouts";
	case IPSET_ERR_IPADDR_IPV4:
		return "an IPv4 address is expected";
	case IPSET_ERR_IPADDR_IPV6:
		return "an IPv6 address is expected";
	case IPSET_ERR_COUNTER:
		return "the set is without counters";
	case IPSET_ERR_COMMENT:
		return "the set is without comments";
	case IPSET_ERR_INVALID_MARKMASK:
		return "no such mask of marks";
	case IPSET_ERR_SKBINFO:
		return "the set is without marks and priorities";
	default:
		return NULL;
	}
}

/* ---- An address of either family ---- */

static int decode_address(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	struct attribute_iterator at = attributes(data, length);

	(void)decode;
	(void)field;
	if (!attribute_next(&at) || (at.type != IPSET_ATTR_IPADDR_IPV4 && at.type != IPSET_ATTR_IPADDR_IPV6) ||
	    at.length != (at.type == IPSET_ATTR_IPADDR_IPV4 ? 4 : 16))
		return -EBADMSG;
	*ret = value_data(VALUE_ADDRESS, at.data, at.length);
	return attribute_next(&at) || at.malformed ? -EBADMSG : 0;
}

static int encode_address(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	if (value->type != VALUE_ADDRESS || (value->bytes.length != 4 && value->bytes.length != 16))
		return error_set(error, -EINVAL, "%s must be an IP address", field->name);
	attribute_add(buffer, NLA_F_NET_BYTEORDER | (value->bytes.length == 4 ? IPSET_ATTR_IPADDR_IPV4 : IPSET_ATTR_IPADDR_IPV6), value->bytes.data,
		      value->bytes.length);
	return 0;
}

const struct codec codec_ipset_address = { decode_address, encode_address, FIELD_ADDRESS };

/* ---- The schema ---- */

NAMES(flags, true, { IPSET_FLAG_WITH_COUNTERS, "counters" }, { IPSET_FLAG_WITH_COMMENT, "comment" }, { IPSET_FLAG_WITH_FORCEADD, "forceadd" },
      { IPSET_FLAG_WITH_SKBINFO, "skbinfo" });
NAMES(families, false, { NFPROTO_UNSPEC, "unspec" }, { NFPROTO_IPV4, "inet" }, { NFPROTO_IPV6, "inet6" });

#define ADDRESS(name, words)                                                     \
	{                                                                        \
		name, FIELD_CODEC, MAKE, 0, words, .codec = &codec_ipset_address \
	}

static const struct field header[] = {
	[IPSET_ATTR_IP] = ADDRESS("ip", "the first address"),
	[IPSET_ATTR_IP_TO] = ADDRESS("ip_to", "the last address"),
	[IPSET_ATTR_CIDR] = { "cidr", FIELD_U8, MAKE, UNIT_BITS, "prefix length" },
	[IPSET_ATTR_PORT] = { "port", FIELD_BE16, MAKE, 0, "the first port" },
	[IPSET_ATTR_PORT_TO] = { "port_to", FIELD_BE16, MAKE, 0, "the last port" },
	[IPSET_ATTR_TIMEOUT] = { "timeout", FIELD_BE32, MAKE, UNIT_SECONDS, "after which an entry goes, where it says nothing else; 0: it stays" },
	[IPSET_ATTR_CADT_FLAGS] = { "flags", FIELD_BE32, MAKE, 0, "what is kept with an entry", .names = &flags },
	[IPSET_ATTR_MARKMASK] = { "markmask", FIELD_BE32, MAKE | FIELD_HEX, 0, "the bits of marks that count" },
	[IPSET_ATTR_INITVAL] = { "initval", FIELD_BE32, MAKE | FIELD_HEX | FIELD_STATE, 0, "what the hash begins with" },
	[IPSET_ATTR_HASHSIZE] = { "hashsize", FIELD_BE32, MAKE | FIELD_STATE, 0, "size of the hash" },
	[IPSET_ATTR_MAXELEM] = { "maxelem", FIELD_BE32, MAKE, UNIT_ENTRIES, "how many there can be" },
	[IPSET_ATTR_NETMASK] = { "netmask", FIELD_U8, MAKE, UNIT_BITS, "to which addresses are cut" },
	[IPSET_ATTR_BUCKETSIZE] = { "bucketsize", FIELD_U8, MAKE, UNIT_ENTRIES, "in one place of the hash" },
	[IPSET_ATTR_SIZE] = { "size", FIELD_BE32, MAKE, UNIT_ENTRIES, "how many there can be, of a list" },
	[IPSET_ATTR_ELEMENTS] = { "elements", FIELD_BE32, FIELD_VOLATILE, UNIT_ENTRIES, "in it now" },
	[IPSET_ATTR_REFERENCES] = { "references", FIELD_BE32, FIELD_VOLATILE, 0, "rules and lists that use it" },
	[IPSET_ATTR_MEMSIZE] = { "memsize", FIELD_BE32, FIELD_VOLATILE, UNIT_BYTES, "its memory" },
	[27] = ADDRESS("bitmask", "the bits of addresses that count"), /* IPSET_ATTR_BITMASK, 6.2 */
};
static const struct schema schema_header = { .name = "header", .attributes = header, .attribute_count = ARRAY_SIZE(header) };

#define NESTED (1u << IPSET_ATTR_IP | 1u << IPSET_ATTR_IP_TO | 1u << 27)
#define NETWORK_ORDER                                                                                                                            \
	(1u << IPSET_ATTR_PORT | 1u << IPSET_ATTR_PORT_TO | 1u << IPSET_ATTR_TIMEOUT | 1u << IPSET_ATTR_CADT_FLAGS | 1u << IPSET_ATTR_MARKMASK | \
	 1u << IPSET_ATTR_INITVAL | 1u << IPSET_ATTR_HASHSIZE | 1u << IPSET_ATTR_MAXELEM | 1u << IPSET_ATTR_SIZE)

static const struct field set[] = {
	[IPSET_ATTR_PROTOCOL] = { "protocol", FIELD_PAD },
	[IPSET_ATTR_SETNAME] = { "name", FIELD_TEXT, FIELD_KEY, 0, "name" },
	[IPSET_ATTR_TYPENAME] = { "type", FIELD_TEXT, MAKE, 0, "what entries are made of, such as hash:ip,port" },
	[IPSET_ATTR_REVISION] = { "revision", FIELD_U8, MAKE, 0, "which form of the type" },
	[IPSET_ATTR_FAMILY] = { "family", FIELD_U8, MAKE, 0, "what addresses are in it", .names = &families },
	[IPSET_ATTR_FLAGS] = { "flags", FIELD_BE32, FIELD_HIDDEN, 0, "of a request" },
	[IPSET_ATTR_INDEX] = { "index", FIELD_BE16, FIELD_DERIVED, 0, "number that the kernel gave it" },
	[IPSET_ATTR_DATA] = { "header", FIELD_RECORD, MAKE, 0, "how it is laid out", .schema = &schema_header },
};

static const struct schema schema = {
	.name = "set",
	.help = "sets of ipset",
	.header_size = sizeof(struct nfgenmsg),
	.attributes = set,
	.attribute_count = ARRAY_SIZE(set),
};

/* ---- Messages ---- */

void ipset_begin(struct buffer *request)
{
	const struct nfgenmsg nothing = { .nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0 };
	const uint8_t version = PROTOCOL;

	buffer_add(request, &nothing, sizeof(nothing));
	attribute_add(request, IPSET_ATTR_PROTOCOL, &version, sizeof(version));
}

void ipset_ask(const struct value *name, bool headers, struct buffer *ret)
{
	const uint32_t wanted = htobe32(IPSET_FLAG_LIST_HEADER);
	size_t begin;

	ipset_begin(ret);
	if (headers)
		attribute_add(ret, IPSET_ATTR_FLAGS | NLA_F_NET_BYTEORDER, &wanted, sizeof(wanted));
	if (!name)
		return;
	begin = attribute_begin(ret, IPSET_ATTR_SETNAME);
	buffer_add(ret, name->bytes.data, name->bytes.length);
	buffer_add_char(ret, '\0');
	attribute_end(ret, begin);
}

void ipset_add_marked(const void *data, size_t length, uint32_t nested, uint32_t network_order, struct buffer *ret)
{
	for (struct attribute_iterator i = attributes(data, length); attribute_next(&i);) {
		const uint32_t bit = i.type < 32 ? UINT32_C(1) << i.type : 0;

		attribute_add(ret, (uint16_t)(i.type | (nested & bit ? NLA_F_NESTED : 0) | (network_order & bit ? NLA_F_NET_BYTEORDER : 0)), i.data,
			      i.length);
	}
}

/* A request for a set has a header, be it empty. */
static void frame(const struct buffer *plain, struct buffer *ret)
{
	struct attribute_iterator i, layout = { 0 };
	size_t begin;

	ipset_begin(ret);
	for (i = attributes(plain->data + sizeof(struct nfgenmsg), plain->length - sizeof(struct nfgenmsg)); attribute_next(&i);)
		if (i.type == IPSET_ATTR_DATA)
			layout = i;
		else
			attribute_add(ret, i.type, i.data, i.length);
	begin = attribute_begin(ret, IPSET_ATTR_DATA | NLA_F_NESTED);
	if (layout.type)
		ipset_add_marked(layout.data, layout.length, NESTED, NETWORK_ORDER, ret);
	attribute_end(ret, begin);
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	return write == OBJECT_REMOVE || record_find(record, "family") ? 0 : record_put(arena, record, "family", value_uint(NFPROTO_IPV4));
}

static int take_revision(void *data, const struct nlmsghdr *message)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	uint8_t *revision = data;

	if (message->nlmsg_type != IPSET_TYPE(IPSET_CMD_TYPE) || message->nlmsg_len < skip)
		return 0;
	for (struct attribute_iterator i = attributes((const char *)message + skip, message->nlmsg_len - skip); attribute_next(&i);)
		if (i.type == IPSET_ATTR_REVISION && i.length == 1)
			*revision = *(const uint8_t *)i.data;
	return 0;
}

/* A set is of one form of its type: of the newest that the kernel has, where nothing else is said. */
static int fill_in(struct machine *machine, struct arena *arena, struct record *record, enum object_write write)
{
	const struct value *type = record_find(record, "type");
	const uint8_t family = (uint8_t)record_number(record, "family", 0);
	_cleanup_buffer_ struct buffer request = { 0 };
	uint8_t newest = 0;
	struct netlink *netlink;
	struct netlink_ack ack;
	int r;

	if (write == OBJECT_REMOVE || !type || type->type != VALUE_TEXT || record_find(record, "revision"))
		return 0;
	ipset_begin(&request);
	netfilter_add_text(record, "type", IPSET_ATTR_TYPENAME, &request);
	attribute_add(&request, IPSET_ATTR_FAMILY, &family, sizeof(family));
	r = request.failed ? -ENOMEM : machine_netlink(machine, NETLINK_NETFILTER, &netlink);
	if (r == 0)
		r = netlink_request(netlink, IPSET_TYPE(IPSET_CMD_TYPE), 0, request.data, request.length, take_revision, &newest, &ack);
	if (r == -EEXIST || (r < 0 && ipset_error((uint32_t)-r)))
		return error_set(&machine->error, r, "there is no type of set \"%.*s\" of this family in the kernel", (int)type->bytes.length,
				 (const char *)type->bytes.data);
	return r < 0 ? r : record_put(arena, record, "revision", value_uint(newest));
}

/* The kernel takes this number in the network's byte order and tells it in its own, without the bit that would say the other. */
static void turn_mark_mask(const struct attribute_iterator *layout)
{
	for (struct attribute_iterator i = attributes(layout->data, layout->length); attribute_next(&i);) {
		struct nlattr attribute;
		uint32_t mask;

		memcpy(&attribute, (const char *)i.data - NLA_HDRLEN, sizeof(attribute));
		if (i.type != IPSET_ATTR_MARKMASK || i.length != sizeof(mask) || attribute.nla_type & NLA_F_NET_BYTEORDER)
			continue;
		memcpy(&mask, i.data, sizeof(mask));
		mask = htobe32(mask);
		memcpy((void *)i.data, &mask, sizeof(mask));
	}
}

/* The entries, which come last, are objects of their own. */
static const struct nlmsghdr *as_set(const struct nlmsghdr *message, struct buffer *room)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	struct nlmsghdr *built;

	if (message->nlmsg_type != IPSET_TYPE(IPSET_CMD_LIST) || message->nlmsg_flags & NLM_F_REQUEST || message->nlmsg_len < skip)
		return message;
	buffer_clear(room);
	buffer_add(room, message, message->nlmsg_len);
	if (room->failed)
		return message;
	built = (struct nlmsghdr *)room->data;
	built->nlmsg_type = IPSET_TYPE(IPSET_CMD_CREATE);
	for (struct attribute_iterator i = attributes(room->data + skip, message->nlmsg_len - skip); attribute_next(&i);)
		if (i.type == IPSET_ATTR_DATA)
			turn_mark_mask(&i);
		else if (i.type == IPSET_ATTR_ADT)
			built->nlmsg_len = (uint32_t)((const char *)i.data - NLA_HDRLEN - room->data);
	return built;
}

const struct nlmsghdr *ipset_unify(const struct nlmsghdr *message, struct buffer *room)
{
	struct attribute_iterator i = { 0 }, name = { 0 };

	if (message->nlmsg_type == IPSET_TYPE(IPSET_CMD_LIST))
		return as_set(message, room);
	if ((message->nlmsg_type != IPSET_TYPE(IPSET_CMD_ADD) && message->nlmsg_type != IPSET_TYPE(IPSET_CMD_DEL)) ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return message;
	for (i = attributes((const char *)NLMSG_DATA(message) + sizeof(struct nfgenmsg), message->nlmsg_len - NLMSG_LENGTH(sizeof(struct nfgenmsg)));
	     attribute_next(&i);) {
		if (i.type == IPSET_ENTRY_SET)
			return message;
		if (i.type == IPSET_ATTR_SETNAME)
			name = i;
		else if (i.type == IPSET_ATTR_DATA && name.type)
			return ipset_entry_message(message, name.data, name.length, &i, room);
	}
	return message;
}

static int split(const struct nlmsghdr *message, struct buffer *room, object_message_function *function, void *data)
{
	return message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)) ? 0 : function(data, as_set(message, room));
}

static void dump(struct buffer *request, uint8_t family)
{
	(void)family;
	ipset_ask(NULL, true, request);
}

static int get(const struct record *key, struct buffer *request)
{
	const struct value *name = record_find(key, "name");

	if (!name || name->type != VALUE_TEXT)
		return -ENOENT;
	ipset_ask(name, true, request);
	return OBJECT_GET_DUMP;
}

/* ---- Its place in the tree ---- */

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	return netfilter_parse(&schema, "NAME is, such as allowed", &(struct object_path){ text, naming, arena, NULL, error }, ret, ret_rest);
}

const struct object object_ipset = {
	.name = "ipset",
	.help = "sets of ipset",
	.protocol = &protocol_netfilter,
	.new_type = IPSET_TYPE(IPSET_CMD_CREATE),
	.delete_type = IPSET_TYPE(IPSET_CMD_DESTROY),
	.get_type = IPSET_TYPE(IPSET_CMD_LIST),
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = netfilter_path,
	.parse = parse,
	.dump = dump,
	.get = get,
	.split = split,
	.frame = frame,
	.prepare = prepare,
	.fill_in = fill_in,
	.error_words = ipset_error,
	.may_lack = true,
	.untold = true,
	.asked_by = IPSET_CHANGES,
};

OBJECT_CHANNEL_OF(netfilter, ipset, object_ipset, "sets of ipset, without their entries", "sampled");
