/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IPsec policies: which packets must be protected, by which states. Sources: <linux/xfrm.h>, ip-xfrm(8), net/xfrm/xfrm_user.c, xfrm_policy.c. */
#include <errno.h>
#include <string.h>

#include "channel/xfrm.h"

#define SET FIELD_SETTABLE
#define KEY FIELD_KEY

NAMES(actions, false, { XFRM_POLICY_ALLOW, "allow" }, { XFRM_POLICY_BLOCK, "block" });
NAMES(policy_flags, true, { XFRM_POLICY_LOCALOK, "localok" }, { XFRM_POLICY_ICMP, "icmp" });
NAMES(types, false, { XFRM_POLICY_TYPE_MAIN, "main" }, { XFRM_POLICY_TYPE_SUB, "sub" });

/* ---- struct xfrm_userpolicy_type, of which just the type is used ---- */

static int decode_type(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	(void)decode;
	(void)field;
	if (length != sizeof(struct xfrm_userpolicy_type))
		return -EBADMSG;
	*ret = value_uint(*(const uint8_t *)data);
	return 0;
}

static int encode_type(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	struct xfrm_userpolicy_type type = { 0 };

	if (value->type != VALUE_UINT || value->number > UINT8_MAX)
		return error_set(error, -EINVAL, "%s must be main or sub", field->name);
	type.type = (uint8_t)value->number;
	buffer_add(buffer, &type, sizeof(type));
	return 0;
}

static const struct codec codec_type = { decode_type, encode_type, FIELD_U32 };

static const struct field header[] = {
	{ "selector", FIELD_CODEC, KEY, 0, "packets that it is for", HEADER_FIELD(struct xfrm_userpolicy_info, sel), .codec = &codec_xfrm_selector,
	  .schema = &schema_xfrm_selector },
	{ "lifetime", FIELD_RECORD, SET, 0, "when it ends", HEADER_FIELD(struct xfrm_userpolicy_info, lft), .schema = &schema_xfrm_lifetime },
	{ "current", FIELD_RECORD, FIELD_VOLATILE, 0, "age and use", HEADER_FIELD(struct xfrm_userpolicy_info, curlft),
	  .schema = &schema_xfrm_current },
	{ "priority", FIELD_U32, SET, 0, "the lowest is asked first", HEADER_FIELD(struct xfrm_userpolicy_info, priority) },
	{ "index", FIELD_U32, FIELD_VOLATILE | FIELD_CREATE, 0, "number that the kernel names it by",
	  HEADER_FIELD(struct xfrm_userpolicy_info, index) },
	{ "dir", FIELD_U8, KEY, 0, "direction", HEADER_FIELD(struct xfrm_userpolicy_info, dir), .names = &words_xfrm_direction },
	{ "action", FIELD_U8, SET, 0, "what happens to the packets", HEADER_FIELD(struct xfrm_userpolicy_info, action), .names = &actions },
	{ "flags", FIELD_U8, SET, 0, "localok: a socket may have another; icmp: errors about such packets too",
	  HEADER_FIELD(struct xfrm_userpolicy_info, flags), .names = &policy_flags },
	{ "share", FIELD_U8, SET, 0, "with whom it is shared", HEADER_FIELD(struct xfrm_userpolicy_info, share), .names = &words_xfrm_share },
};

static const struct field attributes_of_policy[] = {
	[XFRMA_TMPL] = { "templates", FIELD_CODEC, SET, 0, "states that the packets need, the innermost first", .codec = &codec_xfrm_templates,
			 .element = &field_xfrm_template },
	[XFRMA_SEC_CTX] = { "security", FIELD_CODEC, KEY, 0, "label", .codec = &codec_xfrm_security, .schema = &schema_xfrm_security },
	[XFRMA_POLICY_TYPE] = { "type", FIELD_CODEC, KEY, 0, "sub policies are asked before main ones", .codec = &codec_type, .names = &types },
	[XFRMA_MARK] = { "mark", FIELD_RECORD, KEY, 0, "mark of the packets that it is for", .schema = &schema_xfrm_mark },
	[XFRMA_PAD] = { "pad", FIELD_PAD },
	[XFRMA_OFFLOAD_DEV] = { "offload", FIELD_RECORD, FIELD_CREATE, 0, "what a device does of it", .schema = &schema_xfrm_offload },
	[XFRMA_IF_ID] = { "if_id", FIELD_U32, KEY | FIELD_HEX, 0, "number of the xfrm interface" },
};

static const struct schema schema = {
	.name = "policy",
	.help = "IPsec policies",
	.header_size = sizeof(struct xfrm_userpolicy_info),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_policy,
	.attribute_count = ARRAY_SIZE(attributes_of_policy),
};

/* One that a program has put on a socket of its own, without a word to others; several may be alike. */
static bool is_of_socket(const struct record *record)
{
	return record_number(record, "dir", 0) >= XFRM_POLICY_MAX;
}

static bool identifies(const struct record *record, const struct field *field)
{
	return field->flags & KEY || (is_of_socket(record) && strcmp(field->name, "index") == 0);
}

static enum object_origin origin(const struct record *record)
{
	return is_of_socket(record) ? OBJECT_PASSING : OBJECT_ASKED;
}

/* ---- Its place in the tree: DIRECTION/SOURCE/DESTINATION, and all else that selects ---- */

static void path_prefix(const struct record *selector, const char *name, const struct naming *naming, struct buffer *ret)
{
	const struct value *value = selector ? record_find(selector, name) : NULL;

	buffer_add_char(ret, '/');
	if (value)
		value_print(ret, value, NULL, naming);
	else
		buffer_add_text(ret, "any");
}

static void path_option(const struct entry *entry, const struct naming *naming, struct buffer *ret)
{
	buffer_printf(ret, ",%s=", entry->name);
	value_print(ret, &entry->value, entry->field, naming);
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct record *selector = record_inside(record, "selector"), *security = record_inside(record, "security");
	const struct entry *if_id = record_at(record, "if_id");
	const struct value dir = value_uint(record_number(record, "dir", 0));

	value_print(ret, &dir, schema_field(&schema, "dir"), naming);
	path_prefix(selector, "src", naming, ret);
	path_prefix(selector, "dst", naming, ret);
	for (uint32_t i = 0; selector && i < selector->count; i++)
		if (strcmp(selector->entries[i].name, "src") != 0 && strcmp(selector->entries[i].name, "dst") != 0)
			path_option(&selector->entries[i], naming, ret);
	if (record_number(record, "type", 0) == XFRM_POLICY_TYPE_SUB)
		buffer_add_text(ret, ",type=sub");
	xfrm_path_mark(record, ret);
	if (if_id && if_id->value.number)
		path_option(if_id, naming, ret);
	if (security && record_at(security, "label"))
		path_option(record_at(security, "label"), naming, ret);
	if (is_of_socket(record))
		buffer_printf(ret, ",index=%u", (unsigned int)record_number(record, "index", 0));
}

/* A part that a policy without a family has. */
static bool takes_any(struct object_path *left)
{
	if (strncmp(left->rest, "any", 3) != 0 || (left->rest[3] && !strchr("/,", left->rest[3])))
		return false;
	left->rest += 3;
	return true;
}

static int parse_prefix(struct object_path *left, const char *field)
{
	return takes_any(left) ? 0 : object_parse_prefix(left, field);
}

static int parse_security(struct object_path *left)
{
	struct record *security = record_new(left->arena, &schema_xfrm_security);
	struct object_path inner = *left;
	int r;

	if (!security)
		return -ENOMEM;
	inner.record = security;
	r = record_put(left->arena, security, "algorithm", value_uint(XFRM_SC_ALG_SELINUX));
	if (r == 0)
		r = record_put(left->arena, security, "domain", value_uint(XFRM_SC_DOI_LSM));
	if (r == 0)
		r = object_parse_option(&inner);
	left->rest = inner.rest;
	return r < 0 ? r : record_put(left->arena, left->record, "security", (struct value){ .type = VALUE_RECORD, .record = security });
}

static bool is_of_selector(const struct object_path *left)
{
	for (uint32_t i = 0; i < schema_xfrm_selector.attribute_count; i++)
		if (schema_xfrm_selector.attributes[i].name && xfrm_path_says(left, schema_xfrm_selector.attributes[i].name))
			return true;
	return false;
}

static int parse_options(struct object_path *left, struct object_path *selector)
{
	int r = 0;

	while (r == 0 && *left->rest == ',') {
		if (is_of_selector(left)) {
			selector->rest = left->rest;
			r = object_parse_option(selector);
			left->rest = selector->rest;
		} else if (xfrm_path_says(left, "mark")) {
			r = xfrm_parse_mark(left);
		} else if (xfrm_path_says(left, "label")) {
			r = parse_security(left);
		} else {
			r = object_parse_option(left);
		}
	}
	return r;
}

static int parse_selector(struct object_path *left)
{
	struct object_path selector = *left;
	struct xfrm_selector *bytes = arena_allocate(left->arena, sizeof(*bytes));
	int r;

	selector.record = record_new(left->arena, &schema_xfrm_selector);
	if (!selector.record || !bytes)
		return -ENOMEM;
	r = parse_prefix(&selector, "src");
	if (r == 0)
		r = *selector.rest++ == '/' ? parse_prefix(&selector, "dst") : -EINVAL;
	left->rest = selector.rest;
	if (r == 0)
		r = parse_options(left, &selector);
	if (r < 0)
		return r;
	/* As the kernel has it, so that one selector is one record. The name of a link that is not there stays. */
	if (xfrm_write_selector(selector.record, bytes, NULL) == 0)
		r = xfrm_read_selector(left->arena, bytes, &selector.record);
	return r < 0 ? r : record_put(left->arena, left->record, "selector", (struct value){ .type = VALUE_RECORD, .record = selector.record });
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	struct object_path left = { text, naming, arena, record_new(arena, &schema), error };
	int r;

	if (!left.record)
		return -ENOMEM;
	r = object_parse_word(&left, "dir", &words_xfrm_direction);
	if (r == 0)
		r = parse_selector(&left);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || (*left.rest != '\0' && *left.rest != '/'))
		return error_set(error, -EINVAL,
				 "\"%s\" is no policy: DIRECTION/SOURCE/DESTINATION is, such as out/10.0.0.0/24/10.1.0.0/24 or "
				 "in/10.1.0.0/24/10.0.0.0/24,proto=tcp",
				 text);
	*ret = left.record;
	*ret_rest = left.rest + (*left.rest == '/');
	return 0;
}

/* ---- Requests ---- */

/* A dump takes attributes alone, without a header. */
static void dump(struct buffer *request, uint8_t family)
{
	(void)family;
	buffer_add(request, "", 0);
}

static int add_attributes(const struct record *key, struct buffer *request, struct error *error)
{
	const uint32_t if_id = (uint32_t)record_number(key, "if_id", 0);
	const struct value *security = record_find(key, "security"), type = value_uint(record_number(key, "type", 0));
	const struct field *field = &attributes_of_policy[XFRMA_SEC_CTX];
	size_t begin = attribute_begin(request, XFRMA_POLICY_TYPE);
	int r = encode_type(&attributes_of_policy[XFRMA_POLICY_TYPE], &type, request, error);

	attribute_end(request, begin);
	xfrm_add_mark(key, request);
	if (if_id)
		attribute_add(request, XFRMA_IF_ID, &if_id, sizeof(if_id));
	if (r < 0 || !security)
		return r;
	begin = attribute_begin(request, XFRMA_SEC_CTX);
	r = codec_xfrm_security.encode(field, security, request, error);
	attribute_end(request, begin);
	return r;
}

/* One policy is asked for, and removed, by what identifies it. */
static int name_it(const struct record *key, struct buffer *request, struct error *error)
{
	const struct record *selector = record_inside(key, "selector");
	struct xfrm_userpolicy_id id = { .dir = (uint8_t)record_number(key, "dir", 0) };
	int r = selector ? xfrm_write_selector(selector, &id.sel, error) : error_set(error, -EINVAL, "a policy has a selector");

	if (r < 0)
		return r;
	buffer_add(request, &id, sizeof(id));
	return add_attributes(key, request, error);
}

static int get(const struct record *key, struct buffer *request)
{
	if (is_of_socket(key) || name_it(key, request, NULL) < 0)
		return -ENOENT;
	return OBJECT_GET_ONE;
}

static int prepare(struct arena *arena, struct record *record, enum object_write write)
{
	return write == OBJECT_REMOVE ? 0 : xfrm_complete_lifetime(arena, record);
}

const struct object object_policy = {
	.name = "policy",
	.help = "IPsec policies",
	.protocol = &protocol_xfrm,
	.new_type = XFRM_MSG_NEWPOLICY,
	.delete_type = XFRM_MSG_DELPOLICY,
	.get_type = XFRM_MSG_GETPOLICY,
	.replace_type = XFRM_MSG_UPDPOLICY,
	.schema = &schema,
	.groups = { XFRMNLGRP_POLICY },
	.more_groups = { XFRMNLGRP_EXPIRE, XFRMNLGRP_MIGRATE },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.dump = dump,
	.get = get,
	.prepare = prepare,
	.identifies = identifies,
	.remove_request = name_it,
	.origin = origin,
	.unheard = is_of_socket,
};

OBJECT_CHANNEL(xfrm, policy, object_policy, "IPsec policies: which packets must be protected");
