/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generic family SEG6, segment routing over IPv6: the keys that sign its headers, and the address that tunnels are from, as "ip sr" has them. The
 * kernel tells no one when one changes. Sources: <linux/seg6_genl.h>, <linux/seg6_hmac.h>, net/ipv6/seg6.c. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/seg6_genl.h>
#include <linux/seg6_hmac.h>
#include <string.h>

#include "channel/machine.h"
#include "channel/netlink_source.h"
#include "channel/object-inside.h"

#define SET_HMAC   NETLINK_ASKED(SEG6_CMD_SETHMAC)
#define SET_SOURCE NETLINK_ASKED(SEG6_CMD_SET_TUNSRC)
#define PATH       "default"

NAMES(types, false, { SET_HMAC, "SEG6_CMD_SETHMAC" }, { NETLINK_ASKED(SEG6_CMD_DUMPHMAC), "SEG6_CMD_DUMPHMAC" },
      { SET_SOURCE, "SEG6_CMD_SET_TUNSRC" }, { NETLINK_ASKED(SEG6_CMD_GET_TUNSRC), "SEG6_CMD_GET_TUNSRC" });

static const struct source_rules rules = { 0 };

const struct protocol protocol_seg6 = {
	.name = "netlink/SEG6",
	.number = PROTOCOL_FAMILY(2),
	.family = SEG6_GENL_NAME,
	.types = &types,
	.rules = &rules,
};

/* ---- Keys ---- */

NAMES(algorithms, false, { SEG6_HMAC_ALGO_SHA1, "sha1" }, { SEG6_HMAC_ALGO_SHA256, "sha256" });

static const struct field hmac[] = {
	[SEG6_ATTR_HMACKEYID] = { "keyid", FIELD_U32, FIELD_KEY, 0, "number of the key" },
	[SEG6_ATTR_SECRET] = { "secret", FIELD_BYTES, FIELD_SETTABLE | FIELD_SECRET, 0, "the key" },
	[SEG6_ATTR_SECRETLEN] = { "secret_length", FIELD_U8, FIELD_DERIVED, UNIT_BYTES, "length of the key" },
	[SEG6_ATTR_ALGID] = { "algorithm", FIELD_U8, FIELD_SETTABLE, 0, "hash that is used", .names = &algorithms },
};
static const struct schema schema_hmac = { .name = "hmac",
					   .help = "keys that sign segment routing headers",
					   .header_size = GENL_HDRLEN,
					   .attributes = hmac,
					   .attribute_count = ARRAY_SIZE(hmac) };

static int parse_key(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
		     struct error *error)
{
	return object_parse_number(&schema_hmac, "keyid", text, naming, arena, ret, ret_rest, error);
}

/* One request makes, replaces and, without a key in it, removes. */
static int send_key(const struct object *object, struct machine *machine, const struct record *record, bool remove)
{
	struct object_request request = { .type = SET_HMAC };
	const struct value *secret = record_find(record, "secret");
	const uint8_t length = !remove && secret && secret->type == VALUE_BYTES ? (uint8_t)secret->bytes.length : 0, no_algorithm = 0;
	int r = schema_encode(record, remove ? FIELD_KEY : FIELD_KEY | FIELD_SETTABLE, &request.payload, &machine->error);

	attribute_add(&request.payload, SEG6_ATTR_SECRETLEN, &length, sizeof(length));
	if (remove)
		attribute_add(&request.payload, SEG6_ATTR_ALGID, &no_algorithm, sizeof(no_algorithm));
	if (r == 0)
		r = request.payload.failed ? -ENOMEM : object_send_request(object, machine, &request);
	if (request.payload.data)
		explicit_bzero(request.payload.data, request.payload.length);
	buffer_done(&request.payload);
	return r;
}

static int write_key(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct value *secret;
	struct record *whole;
	int r;

	if (write != OBJECT_CHANGE && write != OBJECT_REMOVE)
		r = record_copy(&arena, record, &whole);
	else
		r = object_get(object, machine, record, &arena, &whole);
	if (r == 0 && write == OBJECT_CHANGE)
		r = object_merge(&arena, whole, record);
	if (r < 0)
		return r;
	secret = record_find(whole, "secret");
	/* The kernel takes one of no length for a removal. */
	if (write != OBJECT_REMOVE &&
	    (!secret || secret->type != VALUE_BYTES || secret->bytes.length == 0 || secret->bytes.length > SEG6_HMAC_SECRET_LEN))
		return error_set(&machine->error, -EINVAL, "a key has a secret of 1 to %u bytes", SEG6_HMAC_SECRET_LEN);
	return send_key(object, machine, whole, write == OBJECT_REMOVE);
}

static bool can_be_made(const struct record *record, const char **ret_why)
{
	*ret_why = "its secret is not known";
	return record_find(record, "secret");
}

static const char *cannot_return(const struct record *record)
{
	(void)record;
	return "its secret is kept nowhere";
}

static enum object_origin origin(const struct record *record)
{
	(void)record;
	return OBJECT_SECRET;
}

static const struct object object_hmac = {
	.name = "hmac",
	.help = "keys that sign segment routing headers",
	.protocol = &protocol_seg6,
	.new_type = NETLINK_TOLD(SEG6_CMD_DUMPHMAC),
	.get_type = NETLINK_ASKED(SEG6_CMD_DUMPHMAC),
	.replace_type = SET_HMAC,
	.schema = &schema_hmac,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = object_path_of_number,
	.parse = parse_key,
	.write = write_key,
	.can_be_made = can_be_made,
	.cannot_return = cannot_return,
	.origin = origin,
	.has_secrets = true,
	.may_lack = true,
	.untold = true,
	.asked_by = { SET_HMAC },
};

OBJECT_CHANNEL_AT(seg6_hmac, "netlink/SEG6/hmac", object_hmac, "keys that sign segment routing headers; they are set, never shown", "sampled");

/* ---- The source of tunnels: one, always ---- */

static const struct field source[] = {
	[SEG6_ATTR_DST] = { "tunsrc", FIELD_ADDRESS, FIELD_SETTABLE, 0, "source of tunnels; ::, one of the link" },
};
static const struct schema schema_source = { .name = "tunsrc",
					     .help = "source of segment routing tunnels",
					     .header_size = GENL_HDRLEN,
					     .attributes = source,
					     .attribute_count = ARRAY_SIZE(source) };

static void path_of_source(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)record;
	(void)naming;
	buffer_add_text(ret, PATH);
}

static int parse_source(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
			struct error *error)
{
	(void)naming;
	return object_parse_only(&schema_source, PATH, text, arena, ret, ret_rest, error);
}

/* Without an acknowledgement, by which the recorder would take its own question for somebody's request. */
static int ask_source(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
		      bool *ret_interrupted, struct error *error)
{
	const struct genlmsghdr generic = { 0 };
	struct netlink_ack ack;
	int r = netlink_ask_one(netlink, object->get_type, &generic, sizeof(generic), function, data, &ack);

	(void)key;
	*ret_interrupted = false;
	return r < 0 && ack.result == r ? object_refusal(object, &generic, sizeof(generic), &ack, error) : r;
}

static int write_source(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	if (write != OBJECT_CHANGE)
		return error_set(&machine->error, -EOPNOTSUPP, "%s", object->comes_by_itself);
	return object_send(object, machine, SET_SOURCE, 0, record, FIELD_SETTABLE);
}

static const struct object object_source = {
	.name = "tunsrc",
	.help = "source of segment routing tunnels",
	.protocol = &protocol_seg6,
	.new_type = NETLINK_TOLD(SEG6_CMD_GET_TUNSRC),
	.get_type = NETLINK_ASKED(SEG6_CMD_GET_TUNSRC),
	.replace_type = SET_SOURCE,
	.schema = &schema_source,
	.path = path_of_source,
	.parse = parse_source,
	.dump_each = ask_source,
	.write = write_source,
	.comes_by_itself = "there is one always: it can be changed alone",
	.may_lack = true,
	.untold = true,
	.asked_by = { SET_HMAC },
};

OBJECT_CHANNEL_AT(seg6_tunsrc, "netlink/SEG6/tunsrc", object_source, "source of segment routing tunnels", "sampled");
