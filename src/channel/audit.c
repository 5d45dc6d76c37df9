/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NETLINK_AUDIT: how the kernel's audit stands, as "auditctl -s" tells it (audit_rule.c: its rules). It is asked and never set, as whoever sets it
 * may become its daemon. Sources: <linux/audit.h>, kernel/audit.c, auditctl(8). */
#include <errno.h>

#include "channel/audit.h"

#define PATH            "kernel"
#define COMES_BY_ITSELF "the audit is set by its own tools (auditctl)"

NAMES(types, false, { AUDIT_GET, "AUDIT_GET" }, { AUDIT_SET, "AUDIT_SET" }, { AUDIT_GET_FEATURE, "AUDIT_GET_FEATURE" },
      { AUDIT_SET_FEATURE, "AUDIT_SET_FEATURE" }, { AUDIT_LIST_RULES, "AUDIT_LIST_RULES" }, { AUDIT_ADD_RULE, "AUDIT_ADD_RULE" },
      { AUDIT_DEL_RULE, "AUDIT_DEL_RULE" });

const struct protocol protocol_audit = {
	.name = "netlink/audit",
	.number = NETLINK_AUDIT,
	.types = &types,
};

/* ---- What both have: there is one of each, answered by one message, from a thread of the kernel's own ---- */

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)record;
	(void)naming;
	buffer_add_text(ret, PATH);
}

int audit_refused(int r, struct error *error)
{
	return r == -ECONNREFUSED ? error_set(error, -EPERM, "the audit answers in the first user namespace alone") : r;
}

static int ask(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
	       bool *ret_interrupted, struct error *error)
{
	struct netlink_ack ack;
	int r = netlink_ask_one(netlink, object->get_type, NULL, 0, function, data, &ack);

	(void)key;
	*ret_interrupted = false;
	if (r == -ECONNREFUSED)
		return audit_refused(r, error);
	return r < 0 && ack.result == r ? object_refusal(object, NULL, 0, &ack, error) : r;
}

/* ---- Status ---- */

NAMES(states, false, { 0, "off" }, { 1, "on" }, { 2, "locked" });
NAMES(failures, false, { AUDIT_FAIL_SILENT, "silent" }, { AUDIT_FAIL_PRINTK, "printk" }, { AUDIT_FAIL_PANIC, "panic" });
NAMES(abilities, true, { AUDIT_FEATURE_BITMAP_BACKLOG_LIMIT, "backlog_limit" }, { AUDIT_FEATURE_BITMAP_BACKLOG_WAIT_TIME, "backlog_wait_time" },
      { AUDIT_FEATURE_BITMAP_EXECUTABLE_PATH, "executable_path" }, { AUDIT_FEATURE_BITMAP_EXCLUDE_EXTEND, "exclude_extend" },
      { AUDIT_FEATURE_BITMAP_SESSIONID_FILTER, "sessionid_filter" }, { AUDIT_FEATURE_BITMAP_LOST_RESET, "lost_reset" },
      { AUDIT_FEATURE_BITMAP_FILTER_FS, "filter_fs" });

#define AT(member) HEADER_FIELD(struct audit_status, member)
static const struct field status[] = {
	{ "mask", FIELD_U32, FIELD_HIDDEN | FIELD_DERIVED, 0, "fields of a request", AT(mask) },
	{ "enabled", FIELD_U32, 0, 0, "whether it writes; locked: until the machine is started anew", AT(enabled), .names = &states },
	{ "failure", FIELD_U32, 0, 0, "what is done when it cannot write", AT(failure), .names = &failures },
	{ "pid", FIELD_U32, 0, 0, "process that the log is handed to; 0: none", AT(pid) },
	{ "rate_limit", FIELD_U32, 0, UNIT_MESSAGES_A_SECOND, "more are lost; 0: no limit", AT(rate_limit) },
	{ "backlog_limit", FIELD_U32, 0, UNIT_MESSAGES, "that may wait", AT(backlog_limit) },
	{ "lost", FIELD_U32, FIELD_VOLATILE, UNIT_MESSAGES, "lost", AT(lost) },
	{ "backlog", FIELD_U32, FIELD_VOLATILE, UNIT_MESSAGES, "waiting", AT(backlog) },
	{ "features", FIELD_U32, 0, 0, "what this kernel's audit can do", AT(feature_bitmap), .names = &abilities },
	{ "backlog_wait_time", FIELD_U32, 0, UNIT_JIFFIES, "that a program is held while too many wait", AT(backlog_wait_time) },
	{ "backlog_wait_time_actual", FIELD_U32, FIELD_VOLATILE, UNIT_JIFFIES, "that programs were held", AT(backlog_wait_time_actual) },
};
static const struct schema schema_status = { .name = "status",
					     .help = "how the audit stands",
					     .header_size = sizeof(struct audit_status),
					     .header = status,
					     .header_count = ARRAY_SIZE(status) };

static int parse_status(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
			struct error *error)
{
	(void)naming;
	return object_parse_only(&schema_status, PATH, text, arena, ret, ret_rest, error);
}

static const struct object object_status = {
	.name = "status",
	.help = "how the audit stands",
	.protocol = &protocol_audit,
	.new_type = AUDIT_GET,
	.get_type = AUDIT_GET,
	.schema = &schema_status,
	.path = path,
	.parse = parse_status,
	.dump_each = ask,
	.comes_by_itself = COMES_BY_ITSELF,
	.untold = true,
};

OBJECT_CHANNEL_OF(audit, status, object_status, "how the audit stands", "sampled");

/* ---- Features ---- */

#undef AT
#define AT(member) HEADER_FIELD(struct audit_features, member)
NAMES(switches, true, { AUDIT_FEATURE_TO_MASK(AUDIT_FEATURE_ONLY_UNSET_LOGINUID), "only_unset_loginuid" },
      { AUDIT_FEATURE_TO_MASK(AUDIT_FEATURE_LOGINUID_IMMUTABLE), "loginuid_immutable" });

static const struct field features[] = {
	{ "version", FIELD_U32, 0, 0, "version of this message", AT(vers) },
	{ "mask", FIELD_U32, 0, 0, "those that this kernel has", AT(mask), .names = &switches },
	{ "features", FIELD_U32, 0, 0, "those that are on", AT(features), .names = &switches },
	{ "lock", FIELD_U32, 0, 0, "those that cannot be changed any more", AT(lock), .names = &switches },
};
static const struct schema schema_features = { .name = "features",
					       .help = "what of the audit is switched on",
					       .header_size = sizeof(struct audit_features),
					       .header = features,
					       .header_count = ARRAY_SIZE(features) };

static int parse_features(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest,
			  struct error *error)
{
	(void)naming;
	return object_parse_only(&schema_features, PATH, text, arena, ret, ret_rest, error);
}

static const struct object object_features = {
	.name = "features",
	.help = "what of the audit is switched on",
	.protocol = &protocol_audit,
	.new_type = AUDIT_GET_FEATURE,
	.get_type = AUDIT_GET_FEATURE,
	.schema = &schema_features,
	.path = path,
	.parse = parse_features,
	.dump_each = ask,
	.comes_by_itself = COMES_BY_ITSELF,
	.untold = true,
};

OBJECT_CHANNEL_OF(audit, features, object_features, "what of the audit is switched on", "sampled");
