/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a device spreads what it receives over its queues (receive side scaling): a hash of each packet looks up the queue in a table. A device may
 * have further contexts, each with a table of its own, which rules send packets to. Numbers of messages and attributes stand for themselves, since
 * few headers have them. Source: Documentation/netlink/specs/ethtool.yaml of the kernel. */
#include <errno.h>

#include "channel/codecs.h"
#include "channel/ethtool.h"

#define RSS_GET     38
#define RSS_SET     48
#define RSS_REPLY   38
#define RSS_NOTICE  50
#define RSS_CREATE  49
#define RSS_DELETE  50
#define RSS_CREATED 51 /* the answer to whoever asked for it */
#define RSS_DELETED 53
#define RSS_CONTEXT 2

NAMES(functions, false, { 1, "toeplitz" }, { 2, "xor" }, { 4, "crc32" });
NAMES(transformations, true, { 1, "symmetric-xor" }, { 2, "symmetric-or-xor" });
NAMES(parts, true, { 1 << 1, "l2da" }, { 1 << 2, "vlan" }, { 1 << 3, "l3-proto" }, { 1 << 4, "ip-src" }, { 1 << 5, "ip-dst" }, { 1 << 6, "l4-b-0-1" },
      { 1 << 7, "l4-b-2-3" }, { 1 << 8, "gtp-teid" }, { 1 << 9, "ip6-fl" }, { UINT32_C(1) << 31, "discard" });

#define FLOW(name)                                                                                        \
	{                                                                                                 \
		name, FIELD_CODEC, SET, 0, "parts that are hashed", .codec = &codec_uint, .names = &parts \
	}
static const struct field fields_flows[] = {
	/* ETHTOOL_A_FLOW_ETHER and so on */
	[1] = FLOW("ether"),       [2] = FLOW("ip4"),       [3] = FLOW("ip6"),       [4] = FLOW("tcp4"),      [5] = FLOW("tcp6"),
	[6] = FLOW("udp4"),        [7] = FLOW("udp6"),      [8] = FLOW("sctp4"),     [9] = FLOW("sctp6"),     [10] = FLOW("ah4"),
	[11] = FLOW("ah6"),        [12] = FLOW("esp4"),     [13] = FLOW("esp6"),     [14] = FLOW("ah-esp4"),  [15] = FLOW("ah-esp6"),
	[16] = FLOW("gtpu4"),      [17] = FLOW("gtpu6"),    [18] = FLOW("gtpc4"),    [19] = FLOW("gtpc6"),    [20] = FLOW("gtpc-teid4"),
	[21] = FLOW("gtpc-teid6"), [22] = FLOW("gtpu-eh4"), [23] = FLOW("gtpu-eh6"), [24] = FLOW("gtpu-ul4"), [25] = FLOW("gtpu-ul6"),
	[26] = FLOW("gtpu-dl4"),   [27] = FLOW("gtpu-dl6"),
};
static const struct schema schema_flows = { .name = "flow_hash", .attributes = fields_flows, .attribute_count = ARRAY_SIZE(fields_flows) };
static const struct field queue = { "queue", FIELD_U32, SET, 0, "number of a queue" };

static const struct field fields_rss[] = {
	DEVICE,
	[RSS_CONTEXT] = { "context", FIELD_U32, FIELD_KEY | SET, 0, "number of the context" }, /* ETHTOOL_A_RSS_CONTEXT */
	[3] = CHOICE_LONG("hfunc", SET, "function that hashes", functions),
	[4] = { "indir", FIELD_INDEXED, SET, 0, "queues by the last bits of the hash; a part is repeated", .element = &queue },
	[5] = { "hkey", FIELD_BYTES, SET | FIELD_DRAWN, 0, "key of the hash" },
	[6] = CHOICE_LONG("input_xfrm", SET, "what is done to both ends first, so that both ways hash alike", transformations),
	[7] = { "start_context", FIELD_U32, FIELD_HIDDEN | FIELD_DERIVED, 0, "of a request" },
	[8] = { "flow_hash", FIELD_RECORD, SET, 0, "what of a packet is hashed, by its kind", .schema = &schema_flows },
};

static bool has_context(const struct nlmsghdr *message)
{
	const uint8_t *data = (const uint8_t *)message + NLMSG_LENGTH(GENL_HDRLEN);

	for (struct attribute_iterator i = attributes(data, message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)); attribute_next(&i);)
		if (i.type == RSS_CONTEXT)
			return true;
	return false;
}

/* ---- The device's own ---- */

static bool is_own(const struct nlmsghdr *message)
{
	return !has_context(message);
}

/* Some kernels (6.8) tell it of a device that is named alone. */
ETHTOOL_KIND_OF(rss, RSS_GET, RSS_SET, RSS_REPLY, RSS_NOTICE, "how a device spreads what it receives over its queues", .mend = ethtool_mend,
		.get = ethtool_get, .dump_each = ethtool_each, .concerns = is_own);

/* ---- Further contexts ---- */

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	object_path_interface(record, "dev", naming, ret);
	buffer_add_char(ret, '/');
	buffer_add_uint(ret, record_number(record, "context", 0));
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema_rss), error };
	int r = left.record ? object_parse_interface(&left, "dev") : -ENOMEM;

	if (r == 0)
		r = object_parse_word(&left, "context", NULL);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EINVAL, "\"%s\" is no context: LINK/NUMBER is, such as eth0/1", text);
	*ret = left.record;
	*ret_rest = left.rest;
	return 0;
}

/* Without a number it would be the device's own. */
static int get(const struct record *key, struct buffer *request)
{
	const uint32_t context = (uint32_t)record_number(key, "context", 0);
	int r = context ? ethtool_get(key, request) : -ENOENT;

	attribute_add(request, RSS_CONTEXT, &context, sizeof(context));
	return r;
}

static int no_memory(const struct object *object, struct machine *machine)
{
	return error_set(&machine->error, -ENOMEM, "no memory for %s", object->name);
}

/* A request of TYPE that names the context of RECORD and says MORE of it, which may be NULL. */
static int send_named(const struct object *object, struct machine *machine, uint16_t type, const struct record *record, const char *more)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *named = record_new(&arena, record->schema);
	const char *const names[] = { "dev", "context", more };

	for (unsigned int i = 0; named && i < ARRAY_SIZE(names) && names[i]; i++) {
		const struct value *value = record_find(record, names[i]);

		if (value && record_put(&arena, named, names[i], *value) < 0)
			return no_memory(object, machine);
	}
	return named ? ethtool_send(object, machine, type, named) : no_memory(object, machine);
}

/* The kinds of packets the request that makes one does not take: they are set once it is there. */
static int create(const struct object *object, struct machine *machine, const struct record *record)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *plain;
	struct error refused;
	int r = record_copy(&arena, record, &plain);

	if (r < 0)
		return no_memory(object, machine);
	record_drop(plain, "flow_hash");
	r = ethtool_send(object, machine, object->create_type, plain);
	if (r < 0 || !record_find(record, "flow_hash"))
		return r;
	r = send_named(object, machine, object->replace_type, record, "flow_hash");
	if (r == 0)
		return 0;
	refused = machine->error;
	(void)!send_named(object, machine, object->remove_type, record, NULL);
	machine->error = refused;
	return r;
}

static int write_context(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	if (write == OBJECT_CREATE)
		return create(object, machine, record);
	if (write == OBJECT_REMOVE)
		return send_named(object, machine, object->remove_type, record, NULL);
	return ethtool_send(object, machine, object->replace_type, record);
}

static const struct object object_rss_context = {
	ETHTOOL_OF_LINK(rss_context, schema_rss, RSS_GET, RSS_SET, RSS_REPLY, "further contexts of a device that spreads what it receives"),
	.notice_type = NETLINK_TOLD(RSS_NOTICE),
	.more_notices = { NETLINK_TOLD(RSS_CREATED), NETLINK_TOLD(ETHTOOL_RSS_CREATED) },
	.delete_type = NETLINK_TOLD(RSS_DELETED),
	.create_type = NETLINK_ASKED(RSS_CREATE),
	.remove_type = NETLINK_ASKED(RSS_DELETE),
	.path = path,
	.parse = parse,
	.mend = ethtool_mend,
	.get = get,
	.write = write_context,
	.concerns = has_context,
	.why_none = "there is no such context, or no such link, or its driver has none",
};
OBJECT_CHANNEL_AT(ethtool_rss_context, "netlink/ethtool/rss_context", object_rss_context,
		  "further contexts of a device that spreads what it receives", "live");
