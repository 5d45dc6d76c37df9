/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routing policy rules. Source: ip-rule(8), <linux/fib_rules.h>. All that selects packets, and what is done, is a rule's identity: the kernel knows
 * no other. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/object.h"
#include "channel/words.h"

#define KEY  FIELD_KEY
#define NONE UINT32_MAX

NAMES(actions, false, { FR_ACT_TO_TBL, "table" }, { FR_ACT_GOTO, "goto" }, { FR_ACT_NOP, "nop" }, { FR_ACT_BLACKHOLE, "blackhole" },
      { FR_ACT_UNREACHABLE, "unreachable" }, { FR_ACT_PROHIBIT, "prohibit" });
NAMES(rule_flags, true, { FIB_RULE_PERMANENT, "permanent" }, { FIB_RULE_INVERT, "not" }, { FIB_RULE_UNRESOLVED, "unresolved" },
      { FIB_RULE_IIF_DETACHED, "iif_detached" }, { FIB_RULE_OIF_DETACHED, "oif_detached" }, { FIB_RULE_FIND_SADDR, "find_saddr" });
NAMES(families, false, { AF_INET, "ipv4" }, { AF_INET6, "ipv6" });

static const struct field users[] = {
	{ "start", FIELD_U32, KEY, 0, "first", HEADER_FIELD(struct fib_rule_uid_range, start) },
	{ "end", FIELD_U32, KEY, 0, "last", HEADER_FIELD(struct fib_rule_uid_range, end) },
};
static const struct schema schema_users = {
	.name = "uidrange", .header_size = sizeof(struct fib_rule_uid_range), .header = users, .header_count = 2
};

static const struct field ports[] = {
	{ "start", FIELD_U16, KEY, 0, "first", HEADER_FIELD(struct fib_rule_port_range, start) },
	{ "end", FIELD_U16, KEY, 0, "last", HEADER_FIELD(struct fib_rule_port_range, end) },
};
static const struct schema schema_ports = { .name = "ports", .header_size = sizeof(struct fib_rule_port_range), .header = ports, .header_count = 2 };

/* Whether the interface that it names is there, and the rule it goes to, are news of those: they do not signify here. */
static const struct field header[] = {
	{ "family", FIELD_U8, KEY, 0, "protocol family", HEADER_FIELD(struct fib_rule_hdr, family), .names = &words_family },
	{ "tos", FIELD_U8, KEY | FIELD_HEX, 0, "type of service", HEADER_FIELD(struct fib_rule_hdr, tos) },
	{ "table", FIELD_U8, KEY | FIELD_HEADER_ATTRIBUTE, 0, "routing table to look in", HEADER_FIELD(struct fib_rule_hdr, table),
	  .names = &words_route_table },
	{ "action", FIELD_U8, KEY, 0, "what is done", HEADER_FIELD(struct fib_rule_hdr, action), .names = &actions },
	{ "flags", FIELD_U32, KEY, 0, "not: the selection is turned round", HEADER_FIELD(struct fib_rule_hdr, flags), .names = &rule_flags,
	  LIMITS(.mask = FIB_RULE_INVERT | FIB_RULE_FIND_SADDR) },
};

static const struct field attributes_of_rule[] = {
	[FRA_DST] = { "dst", FIELD_PREFIX, KEY, 0, "destination", .prefix_offset = offsetof(struct fib_rule_hdr, dst_len) },
	[FRA_SRC] = { "src", FIELD_PREFIX, KEY, 0, "source", .prefix_offset = offsetof(struct fib_rule_hdr, src_len) },
	[FRA_IIFNAME] = { "iif", FIELD_TEXT, KEY, 0, "link that it came in by" },
	[FRA_GOTO] = { "goto", FIELD_U32, KEY, 0, "priority of the rule to go on with" },
	[FRA_PRIORITY] = { "priority", FIELD_U32, KEY, 0, "the lowest is asked first" },
	[FRA_FWMARK] = { "fwmark", FIELD_U32, KEY | FIELD_HEX, 0, "mark" },
	[FRA_FLOW] = { "flow", FIELD_U32, FIELD_SETTABLE | FIELD_HEX, 0, "realms" },
	[FRA_TUN_ID] = { "tun_id", FIELD_BE64, KEY, 0, "tunnel" },
	[FRA_SUPPRESS_IFGROUP] = { "suppress_ifgroup", FIELD_U32, FIELD_SETTABLE, 0, "answers through links of this group do not count" },
	[FRA_SUPPRESS_PREFIXLEN] = { "suppress_prefixlen", FIELD_U32, FIELD_SETTABLE, UNIT_BITS,
				     "answers with prefixes no longer than this do not count" },
	[FRA_TABLE] = { "table", FIELD_U32, KEY, 0, "routing table to look in", .names = &words_route_table },
	[FRA_FWMASK] = { "fwmask", FIELD_U32, KEY | FIELD_HEX, 0, "bits of the mark that count" },
	[FRA_OIFNAME] = { "oif", FIELD_TEXT, KEY, 0, "link that it leaves by" },
	[FRA_PAD] = { "pad", FIELD_PAD },
	[FRA_L3MDEV] = { "l3mdev", FIELD_U8, KEY, 0, "the table of the link's VRF" },
	[FRA_UID_RANGE] = { "uidrange", FIELD_RECORD, KEY, 0, "users", .schema = &schema_users },
	[FRA_PROTOCOL] = { "protocol", FIELD_U8, FIELD_SETTABLE, 0, "who made it", .names = &words_route_protocol },
	[FRA_IP_PROTO] = { "ipproto", FIELD_U8, KEY, 0, "IP protocol", .names = &words_ip_protocol },
	[FRA_SPORT_RANGE] = { "sport", FIELD_RECORD, KEY, 0, "source ports", .schema = &schema_ports },
	[FRA_DPORT_RANGE] = { "dport", FIELD_RECORD, KEY, 0, "destination ports", .schema = &schema_ports },
	[25] = { "dscp", FIELD_U8, KEY | FIELD_HEX, 0, "differentiated services" }, /* FRA_DSCP and later, 6.13 on */
	[26] = { "flowlabel", FIELD_BE32, KEY | FIELD_HEX, 0, "IPv6 flow label" },
	[27] = { "flowlabel_mask", FIELD_BE32, KEY | FIELD_HEX, 0, "bits of it that count" },
	[28] = { "sport_mask", FIELD_U16, KEY | FIELD_HEX, 0, "bits of the source port that count" },
	[29] = { "dport_mask", FIELD_U16, KEY | FIELD_HEX, 0, "bits of the destination port that count" },
	[30] = { "dscp_mask", FIELD_U8, KEY | FIELD_HEX, 0, "bits of it that count" },
};

static const struct schema schema = {
	.name = "rule",
	.help = "routing policy",
	.header_size = sizeof(struct fib_rule_hdr),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_rule,
	.attribute_count = ARRAY_SIZE(attributes_of_rule),
	.prefixes = 1 << FRA_DST | 1 << FRA_SRC,
};

static bool concerns(const struct nlmsghdr *message)
{
	const struct fib_rule_hdr *rule = NLMSG_DATA(message);

	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(*rule)) && (rule->family == AF_INET || rule->family == AF_INET6);
}

static void drop_where(struct record *record, const char *name, uint64_t number)
{
	const struct value *value = record_find(record, name);

	if (value && value->type == VALUE_UINT && value->number == number)
		record_drop(record, name);
}

static void drop_any(struct record *record, const char *name)
{
	const struct value *value = record_find(record, name);

	if (value && value->type == VALUE_ADDRESS && value->bytes.prefix == 0)
		record_drop(record, name);
}

/* What the kernel tells although it was not set. */
static int mend(struct arena *arena, struct record *record)
{
	drop_any(record, "src");
	drop_any(record, "dst");
	drop_where(record, "tos", 0);
	drop_where(record, "table", RT_TABLE_UNSPEC);
	drop_where(record, "suppress_prefixlen", NONE);
	drop_where(record, "suppress_ifgroup", NONE);
	drop_where(record, "l3mdev", 0);
	drop_where(record, "sport_mask", UINT16_MAX);
	drop_where(record, "dport_mask", UINT16_MAX);
	drop_where(record, "flowlabel_mask", 0xfffff);
	drop_where(record, "dscp_mask", 0x3f);
	/* Left out where it is 0, as the rule's first place is, and the mark of a packet that has none. */
	if (record_at(record, "fwmask") && !record_at(record, "fwmark") && record_put(arena, record, "fwmark", value_uint(0)) < 0)
		return -ENOMEM;
	return record_at(record, "priority") ? 0 : record_put(arena, record, "priority", value_uint(0));
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	struct entry *flags = record_at(record, "flags");

	if (flags)
		flags->value.number &= FIB_RULE_INVERT | FIB_RULE_FIND_SADDR;
	/* In a removal no action means any. */
	if (record_at(record, "action") || write == OBJECT_REMOVE)
		return 0;
	return record_put(arena, record, "action", value_uint(record_at(record, "goto") ? FR_ACT_GOTO : FR_ACT_TO_TBL));
}

/* ---- Its place in the tree: priority, and every selector that is set ---- */

static const char *const ranges[] = { "uidrange", "sport", "dport" };

static void add_range(struct buffer *buffer, const struct record *record, const char *name)
{
	const struct record *range = record_inside(record, name);
	uint64_t start, end;

	if (!range)
		return;
	start = record_number(range, "start", 0);
	end = record_number(range, "end", 0);
	buffer_printf(buffer, ",%s=%u", name, (unsigned int)start);
	if (end != start)
		buffer_printf(buffer, "-%u", (unsigned int)end);
}

/* The others, in the order of the schema. */
static bool is_plain_selector(const struct entry *entry)
{
	static const char *const others[] = { "family", "priority", "table", "action", "goto", "flags", "fwmask" };

	if (!entry->field || !(entry->field->flags & KEY) || entry->value.type == VALUE_RECORD)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(entry->name, others[i]) == 0)
			return false;
	return true;
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const uint64_t mask = record_number(record, "fwmask", NONE);

	words_add(ret, &families, record_number(record, "family", AF_UNSPEC));
	buffer_add_char(ret, '/');
	buffer_add_uint(ret, record_number(record, "priority", 0));
	if (record_number(record, "flags", 0) & FIB_RULE_INVERT)
		buffer_add_text(ret, ",not");
	/* By the schema, not by the record: one rule has one path, however its message is ordered. */
	for (uint32_t i = 0; i < schema.header_count + schema.attribute_count; i++) {
		const struct field *field = i < schema.header_count ? &schema.header[i] : &schema.attributes[i - schema.header_count];
		const struct entry *entry = field->name ? record_at(record, field->name) : NULL;

		if (!entry || entry->field != field || !is_plain_selector(entry))
			continue;
		buffer_printf(ret, ",%s=", entry->name);
		value_print(ret, &entry->value, entry->field, naming);
		if (strcmp(entry->name, "fwmark") == 0 && mask != NONE)
			buffer_printf(ret, "/%#x", (unsigned int)mask);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		add_range(ret, record, ranges[i]);
}

static bool takes(const char **rest, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*rest, word, length) != 0)
		return false;
	*rest += length;
	return true;
}

static int parse_number(const char **rest, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(*rest, &end, 0);
	if (errno || end == *rest || **rest == '-')
		return -EINVAL;
	*rest = end;
	return 0;
}

static int parse_range(struct object_path *left, const char *name)
{
	const struct field *field = schema_field(&schema, name);
	struct record *range = record_new(left->arena, field_schema(field));
	uint64_t start, end;
	int r;

	if (!range)
		return -ENOMEM;
	r = parse_number(&left->rest, &start);
	end = start;
	if (r == 0 && *left->rest == '-') {
		left->rest++;
		r = parse_number(&left->rest, &end);
	}
	if (r == 0)
		r = record_put(left->arena, range, "start", value_uint(start));
	if (r == 0)
		r = record_put(left->arena, range, "end", value_uint(end));
	return r < 0 ? r : record_put(left->arena, left->record, name, (struct value){ .type = VALUE_RECORD, .record = range });
}

static int parse_mark(struct object_path *left)
{
	uint64_t mark, mask = NONE;
	int r = parse_number(&left->rest, &mark);

	/* Behind the slash a digit begins the mask, a letter the name of a field. */
	if (r == 0 && *left->rest == '/' && left->rest[1] >= '0' && left->rest[1] <= '9') {
		left->rest++;
		r = parse_number(&left->rest, &mask);
	}
	if (r == 0)
		r = record_put(left->arena, left->record, "fwmark", value_uint(mark));
	return r < 0 ? r : record_put(left->arena, left->record, "fwmask", value_uint(mask));
}

static int parse_selector(struct object_path *left)
{
	if (takes(&left->rest, ",not"))
		return record_put(left->arena, left->record, "flags", value_uint(FIB_RULE_INVERT));
	if (takes(&left->rest, ",fwmark="))
		return parse_mark(left);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		const size_t length = strlen(ranges[i]);

		if (strncmp(left->rest + 1, ranges[i], length) == 0 && left->rest[1 + length] == '=') {
			left->rest += 2 + length;
			return parse_range(left, ranges[i]);
		}
	}
	return object_parse_option(left);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	uint64_t priority = 0;
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_word(&left, "family", &families);
	if (r == 0)
		r = parse_number(&left.rest, &priority);
	if (r == 0)
		r = record_put(arena, left.record, "priority", value_uint(priority));
	while (r == 0 && *left.rest == ',')
		r = parse_selector(&left);
	if (r < 0 || (*left.rest != '\0' && *left.rest != '/'))
		return error_set(error, -EINVAL,
				 "\"%s\" is no rule: FAMILY/PRIORITY and its selectors are, such as ipv4/32766 or ipv4/100,src=10.0.0.0/8", text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

const struct object object_rule = {
	.name = "rule",
	.help = "routing policy",
	.protocol = &protocol_route,
	.new_type = RTM_NEWRULE,
	.delete_type = RTM_DELRULE,
	.get_type = RTM_GETRULE,
	.schema = &schema,
	.groups = { RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE },
	.families = { AF_INET, AF_INET6 },
	.family_count = 2,
	.concerns = concerns,
	.path = path,
	.parse = parse,
	.mend = mend,
	.prepare = prepare,
	.no_replace = true,
};

OBJECT_CHANNEL(route, rule, object_rule, "routing policy: which table is asked, in which order");
