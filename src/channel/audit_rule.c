/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel's audit writes down: netlink/audit/rule/ID. Rules are read and never set. They have no number of their own and none stands twice,
 * so that each is known by a digest of all that it says. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "channel/audit.h"
#include "channel/machine.h"
#include "channel/object-inside.h"
#include "channel/words.h"

#define WORDS     AUDIT_BITMASK_SIZE
#define SEPARATOR '\001' /* between two keys */
#define FORM      "eight hexadecimal digits"

/* As a message of a rule is told to the rest of ferry. */
enum { RULE_ID = 1, RULE_LIST, RULE_ACTION, RULE_SYSCALLS, RULE_CONDITIONS };
enum { CONDITION_FIELD = 1, CONDITION_OPERATOR, CONDITION_VALUE };

static const struct field fields_condition[] = {
	[CONDITION_FIELD] = { "field", FIELD_U32, 0, 0, "what is compared", .names = &audit_fields },
	[CONDITION_OPERATOR] = { "operator", FIELD_U32, 0, 0, "how", .names = &audit_operators },
	[CONDITION_VALUE] = { "value", FIELD_TEXT, 0, 0, "with what" },
};
static const struct schema schema_condition = {
	.name = "condition", .help = "a condition", .attributes = fields_condition, .attribute_count = ARRAY_SIZE(fields_condition)
};
static const struct field condition_field = { "condition", FIELD_RECORD, 0, 0, "a condition", .schema = &schema_condition };
static const struct field syscall_field = { "syscall", FIELD_TEXT, 0, 0, "a system call" };

static const struct field fields_rule[] = {
	[RULE_ID] = { "id", FIELD_U32, FIELD_KEY | FIELD_HEX, 0, "digest of all that it says" },
	[RULE_LIST] = { "list", FIELD_U32, 0, 0, "when it is looked at", .names = &audit_lists },
	[RULE_ACTION] = { "action", FIELD_U32, 0, 0, "whether something is written", .names = &audit_actions },
	[RULE_SYSCALLS] = { "syscalls", FIELD_LIST, 0, 0, "system calls that it is for", .element = &syscall_field },
	[RULE_CONDITIONS] = { "conditions", FIELD_LIST, 0, 0, "what must hold", .element = &condition_field },
	{ "rule", FIELD_TEXT, FIELD_DERIVED, 0, "the rule, as auditctl(8) prints it" },
};
static const struct schema schema_rule = {
	.name = "rule", .help = "rules of the audit", .attributes = fields_rule, .attribute_count = ARRAY_SIZE(fields_rule)
};

/* ---- The kernel's struct, taken apart ---- */

static uint32_t digest(const void *data, size_t length)
{
	const uint8_t *bytes = data;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

static void add_number(struct buffer *buffer, uint16_t type, uint32_t number)
{
	attribute_add(buffer, type, &number, sizeof(number));
}

static void add_syscall(struct buffer *buffer, const char *text)
{
	attribute_add(buffer, 1, text, strlen(text) + 1);
}

static bool is_every(const struct audit_rule_data *rule)
{
	/* The last word has the classes of system calls, which the kernel has spelt out. */
	for (unsigned int i = 0; i < WORDS - 1; i++)
		if (rule->mask[i] != UINT32_MAX)
			return false;
	return true;
}

/* Those lists have to do with no system call, whatever stands there. */
static bool has_syscalls(uint32_t list)
{
	return list != AUDIT_FILTER_USER && list != AUDIT_FILTER_TASK && list != AUDIT_FILTER_EXCLUDE && list != AUDIT_FILTER_FS;
}

static void add_syscalls(const struct audit_rule_data *rule, struct buffer *buffer)
{
	size_t nest;
	char number[12];

	if (!has_syscalls(rule->flags & AUDIT_LIST_MASK))
		return;
	nest = attribute_begin(buffer, RULE_SYSCALLS | NLA_F_NESTED);
	if (is_every(rule))
		add_syscall(buffer, "all");
	for (uint32_t i = 0; !is_every(rule) && i < WORDS * 32; i++)
		if (rule->mask[i / 32] >> (i % 32) & 1) {
			snprintf(number, sizeof(number), "%" PRIu32, i);
			add_syscall(buffer, number);
		}
	attribute_end(buffer, nest);
}

static void add_condition(const struct audit_condition *condition, struct buffer *buffer)
{
	const size_t nest = attribute_begin(buffer, 1 | NLA_F_NESTED);
	size_t value;

	add_number(buffer, CONDITION_FIELD, condition->field);
	add_number(buffer, CONDITION_OPERATOR, condition->operator);
	value = attribute_begin(buffer, CONDITION_VALUE);
	audit_say_value(condition, buffer);
	buffer_add_char(buffer, '\0');
	attribute_end(buffer, value);
	attribute_end(buffer, nest);
}

/* Keys are one text; each is a condition here. */
static void add_keys(struct audit_condition condition, struct buffer *buffer)
{
	const char *end = condition.text + condition.value;

	for (const char *key = condition.text; key < end; key += condition.value + 1) {
		const char *next = memchr(key, SEPARATOR, (size_t)(end - key));

		condition.text = key;
		condition.value = (uint32_t)((next ? next : end) - key);
		add_condition(&condition, buffer);
	}
}

static bool is_text(uint32_t field)
{
	return (field >= AUDIT_SUBJ_USER && field <= AUDIT_OBJ_LEV_HIGH && field != AUDIT_PPID) || field == AUDIT_WATCH || field == AUDIT_DIR ||
	       field == AUDIT_EXE || field == AUDIT_FILTERKEY;
}

static int add_conditions(const struct audit_rule_data *rule, size_t length, struct buffer *buffer)
{
	const size_t nest = attribute_begin(buffer, RULE_CONDITIONS | NLA_F_NESTED);
	size_t at = 0;

	for (uint32_t i = 0; i < rule->field_count; i++) {
		struct audit_condition condition = { .field = rule->fields[i], .operator= rule->fieldflags[i], .value = rule->values[i] };

		if (is_text(condition.field)) {
			if (condition.value > length - at)
				return -EBADMSG;
			condition.text = rule->buf + at;
			at += condition.value;
		}
		if (condition.field == AUDIT_FILTERKEY)
			add_keys(condition, buffer);
		else
			add_condition(&condition, buffer);
	}
	attribute_end(buffer, nest);
	return 0;
}

static int split(const struct nlmsghdr *message, struct buffer *room, object_message_function *function, void *data)
{
	const struct nlmsghdr header = { .nlmsg_type = message->nlmsg_type };
	const size_t length = message->nlmsg_len - NLMSG_HDRLEN;
	const struct audit_rule_data *rule = NLMSG_DATA(message);
	int r;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*rule)) || rule->field_count > AUDIT_MAX_FIELDS || rule->buflen > length - sizeof(*rule))
		return 0;
	buffer_clear(room);
	buffer_add(room, &header, sizeof(header));
	add_number(room, RULE_ID, digest(rule, sizeof(*rule) + rule->buflen));
	add_number(room, RULE_LIST, rule->flags & AUDIT_LIST_MASK);
	add_number(room, RULE_ACTION, rule->action);
	add_syscalls(rule, room);
	r = add_conditions(rule, rule->buflen, room);
	if (room->failed)
		return -ENOMEM;
	if (r < 0)
		return 0;
	((struct nlmsghdr *)room->data)->nlmsg_len = (uint32_t)room->length;
	return function(data, (const struct nlmsghdr *)room->data);
}

/* A rule as the kernel lays it out begins with the number of its list. */
static bool is_split(const struct nlmsghdr *message)
{
	static const struct nlattr first = { .nla_len = NLA_HDRLEN + sizeof(uint32_t), .nla_type = RULE_ID };

	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(first)) && memcmp(NLMSG_DATA(message), &first, sizeof(first)) == 0;
}

/* ---- Its place in the tree ---- */

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)naming;
	buffer_printf(ret, "%08" PRIx64, record_number(record, "id", 0));
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	const size_t length = strspn(text, "0123456789abcdef");
	struct record *record = record_new(arena, &schema_rule);
	int r;

	(void)naming;
	if (!record)
		return -ENOMEM;
	if (length != 8 || (text[length] && text[length] != '/'))
		return error_set(error, -EINVAL, "\"%s\" is no rule: " FORM " are", text);
	r = record_put(arena, record, "id", value_uint(strtoul(text, NULL, 16)));
	if (r < 0)
		return r;
	*ret = record;
	*ret_rest = text + length + (text[length] == '/');
	return 0;
}

/* ---- What the message does not hold: names of system calls, and the text of it all ---- */

static uint64_t architecture_of(const struct record *record)
{
	const struct value *conditions = record_find(record, "conditions");
	uint64_t architecture;

	for (uint32_t i = 0; conditions && conditions->type == VALUE_LIST && i < conditions->list.count; i++) {
		const struct record *condition = conditions->list.items[i].record;
		const struct value *text = record_find(condition, "value");

		if (record_number(condition, "field", 0) == AUDIT_ARCH && text &&
		    words_parse(&audit_architectures, text->bytes.data, text->bytes.length, &architecture) == 0)
			return architecture;
	}
	return 0;
}

static int name_syscalls(struct machine *machine, struct arena *arena, struct record *record)
{
	const struct entry *entry = record_at(record, "syscalls");
	const uint64_t architecture = architecture_of(record);
	struct value *items;
	uint64_t number;

	if (!entry || entry->value.type != VALUE_LIST || !machine->call_name || record_number(record, "list", 0) != AUDIT_FILTER_EXIT)
		return 0;
	items = arena_array(arena, struct value, entry->value.list.count);
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < entry->value.list.count; i++) {
		const struct value *text = &entry->value.list.items[i];
		const bool numbered = words_parse(NULL, text->bytes.data, text->bytes.length, &number) == 0;
		const char *name = numbered ? machine->call_name((uint32_t)architecture, (uint32_t)number) : NULL;

		items[i] = name ? value_text(name) : *text;
	}
	return record_put(arena, record, "syscalls", (struct value){ .type = VALUE_LIST, .list = { items, entry->value.list.count } });
}

static int complete(struct machine *machine, void **context, struct arena *arena, struct record *record)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	const char *copy;
	int r = name_syscalls(machine, arena, record);

	(void)context;
	if (r < 0)
		return r;
	audit_say_rule(record, &text);
	copy = text.failed ? NULL : arena_copy(arena, text.data, text.length);
	return copy ? record_put(arena, record, "rule", value_data(VALUE_TEXT, copy, text.length)) : -ENOMEM;
}

static int dump_each(const struct object *object, struct netlink *netlink, const struct record *key, object_message_function *function, void *data,
		     bool *ret_interrupted, struct error *error)
{
	const struct buffer nothing = { 0 };
	int r = object_dump_request(object, netlink, &nothing, function, data, ret_interrupted, error);

	(void)key;
	return audit_refused(r, error);
}

static const struct object object_rule = {
	.name = "rule",
	.help = "rules of the audit: what is written down",
	.protocol = &protocol_audit,
	.new_type = AUDIT_LIST_RULES,
	.get_type = AUDIT_LIST_RULES,
	.schema = &schema_rule,
	.concerns = is_split,
	.split = split,
	.path = path,
	.parse = parse,
	.dump_each = dump_each,
	.complete = complete,
	.comes_by_itself = "the audit is set by its own tools (auditctl)",
	.untold = true,
};

OBJECT_CHANNEL_AT(audit_rule, "netlink/audit/rule", object_rule, "rules of the audit: what is written down", "sampled");
