/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The controller of generic netlink, which lists the generic families and tells when one comes or goes. Source: <linux/genetlink.h>. */
#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#include "channel/generic.h"
#include "model/schema.h"

NAMES(commands, false, { CTRL_CMD_NEWFAMILY, "new_family" }, { CTRL_CMD_DELFAMILY, "delete_family" }, { CTRL_CMD_GETFAMILY, "get_family" },
      { CTRL_CMD_NEWMCAST_GRP, "new_multicast_group" }, { CTRL_CMD_DELMCAST_GRP, "delete_multicast_group" }, { CTRL_CMD_GETPOLICY, "get_policy" });
NAMES(operation_flags, true, { GENL_ADMIN_PERM, "admin" }, { GENL_CMD_CAP_DO, "do" }, { GENL_CMD_CAP_DUMP, "dump" },
      { GENL_CMD_CAP_HASPOL, "policy" }, { GENL_UNS_ADMIN_PERM, "namespace_admin" });

static const struct field operation[] = {
	[CTRL_ATTR_OP_ID] = { "command", FIELD_U32, 0, 0, "number of the command" },
	[CTRL_ATTR_OP_FLAGS] = { "flags", FIELD_U32, 0, 0, "how it may be asked", .names = &operation_flags },
};
static const struct schema schema_operation = { .name = "operation", .attributes = operation, .attribute_count = ARRAY_SIZE(operation) };
static const struct field member_operation = { "operation", FIELD_RECORD, 0, 0, "a command", .schema = &schema_operation };

static const struct field group[] = {
	[CTRL_ATTR_MCAST_GRP_NAME] = { "name", FIELD_TEXT, 0, 0, "name of the group" },
	[CTRL_ATTR_MCAST_GRP_ID] = { "group", FIELD_U32, 0, 0, "number of the group" },
};
static const struct schema schema_group = { .name = "group", .attributes = group, .attribute_count = ARRAY_SIZE(group) };
static const struct field member_group = { "group", FIELD_RECORD, 0, 0, "a multicast group", .schema = &schema_group };

static const struct field header[] = {
	{ "command", FIELD_U8, 0, 0, "what is told", HEADER_FIELD(struct genlmsghdr, cmd), .names = &commands },
};
static const struct field attributes_of_family[] = {
	[CTRL_ATTR_FAMILY_ID] = { "type", FIELD_U16, 0, 0, "type of the family's messages" },
	[CTRL_ATTR_FAMILY_NAME] = { "family", FIELD_TEXT, 0, 0, "name of the family" },
	[CTRL_ATTR_VERSION] = { "version", FIELD_U32, 0, 0, "version of the family" },
	[CTRL_ATTR_HDRSIZE] = { "header_size", FIELD_U32, 0, UNIT_BYTES, "the family's own header" },
	[CTRL_ATTR_MAXATTR] = { "attributes_maximum", FIELD_U32, 0, 0, "the highest attribute" },
	[CTRL_ATTR_OPS] = { "operations", FIELD_LIST, 0, 0, "commands that the family takes", .element = &member_operation },
	[CTRL_ATTR_MCAST_GROUPS] = { "groups", FIELD_LIST, 0, 0, "multicast groups that it tells to", .element = &member_group },
};

const struct schema schema_nlctrl = {
	.name = "nlctrl",
	.help = "generic netlink families",
	.header_size = sizeof(struct genlmsghdr),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = attributes_of_family,
	.attribute_count = ARRAY_SIZE(attributes_of_family),
};

static const struct schema schema_answer = {
	.name = "family",
	.help = "generic netlink families",
	.attributes = attributes_of_family,
	.attribute_count = ARRAY_SIZE(attributes_of_family),
};
const struct operation operation_nlctrl_family = {
	.family = "nlctrl",
	.name = "family",
	.command = CTRL_CMD_GETFAMILY,
	.help = "a generic netlink family",
	.schema = &schema_answer,
	.key = "family",
};

static int take_groups(struct families *families, struct family *family, const struct value *groups)
{
	for (uint32_t i = 0; groups && groups->type == VALUE_LIST && i < groups->list.count; i++) {
		const struct value *item = &groups->list.items[i], *name;
		int r;

		name = item->type == VALUE_RECORD ? record_find(item->record, "name") : NULL;
		if (!name || name->type != VALUE_TEXT)
			continue;
		r = family_add_group(families, family, name->bytes.data, name->bytes.length, (uint32_t)record_number(item->record, "group", 0));
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_operations(struct families *families, struct family *family, const struct value *operations)
{
	const uint32_t count = operations && operations->type == VALUE_LIST ? operations->list.count : 0;

	family->operations = arena_array(&families->arena, struct family_operation, count);
	if (!family->operations)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct value *item = &operations->list.items[i];

		if (item->type == VALUE_RECORD)
			family->operations[family->operation_count++] =
				(struct family_operation){ (uint32_t)record_number(item->record, "command", 0),
							   (uint32_t)record_number(item->record, "flags", 0) };
	}
	return 0;
}

static int take_family(void *data, const struct nlmsghdr *message)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct families *families = data;
	struct family family = { .protocol = NETLINK_GENERIC, .help = "generic netlink" };
	struct record *record = NULL;
	const struct value *name;
	int r = schema_decode(&schema_nlctrl, NLMSG_DATA(message), message->nlmsg_len - NLMSG_HDRLEN, &arena, &record);

	name = record ? record_find(record, "family") : NULL;
	if (r == -ENOMEM)
		return r;
	if (message->nlmsg_type != GENL_ID_CTRL || !name || name->type != VALUE_TEXT || name->bytes.length == 0)
		return 0;
	family.name = arena_copy(&families->arena, name->bytes.data, name->bytes.length);
	if (!family.name)
		return -ENOMEM;
	family.type = (uint16_t)record_number(record, "type", 0);
	family.header_size = (int)(GENL_HDRLEN + NLMSG_ALIGN(record_number(record, "header_size", 0) & UINT16_MAX));
	if (strcmp(family.name, "nlctrl") == 0) {
		family.schema = &schema_nlctrl;
		family.help = "generic netlink families that come and go";
	}
	family.version = (uint32_t)record_number(record, "version", 0);
	r = take_groups(families, &family, record_find(record, "groups"));
	if (r == 0)
		r = take_operations(families, &family, record_find(record, "operations"));
	return r < 0 ? r : families_add(families, family);
}

int families_add_generic(struct families *families, struct error *error)
{
	static const struct genlmsghdr request = { .cmd = CTRL_CMD_GETFAMILY, .version = 2 };
	_cleanup_(cleanup_netlink) struct netlink *netlink = NULL;
	bool interrupted;
	int r;

	r = netlink_open(NETLINK_GENERIC, &netlink, error);
	if (r < 0)
		return r;
	r = netlink_dump(netlink, GENL_ID_CTRL, 0, &request, sizeof(request), take_family, families, &interrupted, NULL);
	return r < 0 ? error_set(error, r, "cannot list the generic netlink families: %s", error_text(r)) : 0;
}
