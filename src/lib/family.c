/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/family.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#include "channel/channel.h"
#include "channel/generic.h"
#include "channel/protocol.h"
#include "lib/context.h"
#include "model/address.h"

#define PROMISE "live"

char *family_address(const struct family *family, const char *group)
{
	_cleanup_buffer_ struct buffer address = { 0 };

	buffer_add_text(&address, FAMILY_PREFIX);
	buffer_add_text(&address, family->name);
	if (group) {
		buffer_add_char(&address, '/');
		buffer_add_text(&address, group);
	}
	return buffer_take(&address);
}

static bool has_objects(const struct family *family)
{
	const struct protocol *protocol = protocol_of_family(family->protocol, family->name);

	return protocol && protocol->rules;
}

/* Whether ADDRESS is all of FAMILY: then its objects are meant. */
static bool is_whole(const struct family *family, const char *address)
{
	return address_under(protocol_of_family(family->protocol, family->name)->name, address) > 0;
}

bool family_is_wanted(const struct family *family, const char *address, const char *const *patterns)
{
	for (const char *const *pattern = patterns; pattern && *pattern; pattern++) {
		if (has_objects(family) && is_whole(family, *pattern))
			continue;
		if (address_under(address, *pattern))
			return true;
	}
	return false;
}

/* Whether families can lie at, above or below ADDRESS at all: what is of another channel need not ask the kernel. */
static bool may_be_family(const char *address)
{
	return address_under("netlink", address) || strncmp(address, FAMILY_PREFIX, strlen(FAMILY_PREFIX)) == 0;
}

static bool has_channels(const char *address)
{
	const char *path;

	if (channel_of(address, &path))
		return true;
	for (unsigned int i = 0; i < channel_count; i++)
		if (address_under(channels[i]->name, address))
			return true;
	return false;
}

/* Whether any group of FAMILIES is wanted; -ENOMEM. */
static int has_group(const struct families *families, const char *address)
{
	const char *const patterns[] = { address, NULL };

	for (size_t i = 0; i < families->count; i++)
		for (size_t j = 0; j < families->list[i].group_count; j++) {
			_cleanup_free_ char *group = family_address(&families->list[i], families->list[i].groups[j].name);

			if (!group)
				return -ENOMEM;
			if (family_is_wanted(&families->list[i], group, patterns))
				return 1;
		}
	return 0;
}

int ferry_listener_knows(struct ferry *ferry, const char *address)
{
	_cleanup_families_ struct families families = { 0 };
	const char *path;
	bool others;
	int r;

	if (!may_be_family(address) || channel_of(address, &path))
		return 0;
	others = has_channels(address);
	r = families_read(&ferry->machine, &families);
	if (r < 0)
		return ferry_failed(ferry, r);
	r = has_group(&families, address);
	if (r < 0)
		return error_set(&ferry->error, r, "no memory for the netlink families");
	if (r == 0 && !others)
		return error_set(&ferry->error, -ENOENT, "the kernel that runs has nothing at %s (see \"ferry ls -R netlink\")", address);
	return r == 0 ? 0 : others ? FERRY_MESSAGES_TOO : FERRY_MESSAGES_ONLY;
}

/* ---- Listing ---- */

static const struct field field_family[] = {
	{ "protocol", FIELD_U8, 0, 0, "number of the netlink protocol" },
	{ "id", FIELD_U16, 0, 0, "type of the family's messages" },
	{ "version", FIELD_U32, 0, 0, "version of the family" },
	{ "header_size", FIELD_U32, 0, UNIT_BYTES, "the family's own header" },
	{ "operations", FIELD_U32, 0, 0, "commands that it takes" },
	{ "dumps", FIELD_U32, 0, 0, "of these, that tell all there is" },
	{ "groups", FIELD_U32, 0, 0, "multicast groups that it tells to" },
};
enum { PROTOCOL, ID, VERSION, HEADER_SIZE, OPERATIONS, DUMPS, GROUPS };
static const struct schema schema_family = {
	.name = "family", .help = "a netlink family", .header = field_family, .header_count = ARRAY_SIZE(field_family)
};

static int add_number(struct arena *arena, struct record *record, unsigned int field, uint64_t number)
{
	return record_add(arena, record,
			  (struct entry){ .name = field_family[field].name, .field = &field_family[field], .value = value_uint(number) });
}

static uint32_t count_dumps(const struct family *family)
{
	uint32_t count = 0;

	for (size_t i = 0; i < family->operation_count; i++)
		count += generic_can_dump(&family->operations[i]);
	return count;
}

static int describe(struct arena *arena, const struct family *family, struct value *ret)
{
	struct record *record = record_new_sized(arena, &schema_family, ARRAY_SIZE(field_family));
	int r = record ? 0 : -ENOMEM;

	if (r == 0 && family->protocol != NETLINK_GENERIC)
		r = add_number(arena, record, PROTOCOL, (uint64_t)family->protocol);
	if (r == 0 && family->protocol == NETLINK_GENERIC) {
		r = add_number(arena, record, ID, family->type);
		if (r == 0)
			r = add_number(arena, record, VERSION, family->version);
		if (r == 0)
			r = add_number(arena, record, HEADER_SIZE, (uint64_t)(family->header_size - GENL_HDRLEN));
		if (r == 0)
			r = add_number(arena, record, OPERATIONS, family->operation_count);
		if (r == 0)
			r = add_number(arena, record, DUMPS, count_dumps(family));
	}
	if (r == 0)
		r = add_number(arena, record, GROUPS, family->group_count);
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int add_child(struct family_list *list, const struct family_child *child)
{
	struct family_child *children = child->address ? reallocarray(list->children, list->count + 1, sizeof(*children)) : NULL;

	if (!children) {
		free(child->address);
		return -ENOMEM;
	}
	list->children = children;
	children[list->count++] = *child;
	return 0;
}

static int add_family(struct family_list *list, const struct family *family)
{
	struct family_child child = {
		.kind = FERRY_ITEM_BRANCH,
		.type = "family",
		.help = family->help,
		.promise = family->group_count ? PROMISE : NULL,
		.provenance = family->schema    ? "table"
			      : family->learned ? "learned"
						: "guessed",
	};
	int r = describe(&list->arena, family, &child.value);

	if (r < 0)
		return r;
	child.address = family_address(family, NULL);
	return add_child(list, &child);
}

static int add_group(struct family_list *list, const struct family *family, const char *group)
{
	struct family_child child = {
		.address = family_address(family, group),
		.kind = FERRY_ITEM_LEAF,
		.type = "messages",
		.help = "messages of this group",
		.promise = PROMISE,
		.provenance = family->schema    ? "table"
			      : family->learned ? "learned"
						: "guessed",
	};

	/* Objects of that name tell what its messages say. */
	if (child.address && has_channels(child.address)) {
		free(child.address);
		return 0;
	}
	return add_child(list, &child);
}

static int add_operation(struct family_list *list, const struct family *family, const struct family_operation *operation)
{
	_cleanup_buffer_ struct buffer name = { 0 };
	struct family_child child = {
		.kind = FERRY_ITEM_BRANCH,
		.type = "dump",
		.help = "what the kernel answers to this command, read when it is asked for",
		.promise = "sampled",
		.provenance = generic_provenance(family, operation),
	};

	generic_name(family, operation, &name);
	child.address = name.failed ? NULL : family_address(family, name.data);
	return add_child(list, &child);
}

static int by_address(const void *a, const void *b)
{
	return strcmp(((const struct family_child *)a)->address, ((const struct family_child *)b)->address);
}

/* Groups, and what can be dumped. */
static int add_inside(struct family_list *list, const struct family *family)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < family->group_count; i++)
		r = add_group(list, family, family->groups[i].name);
	for (size_t i = 0; r == 0 && i < family->operation_count; i++)
		if (generic_can_read(family, &family->operations[i]) && !generic_is_of_object(family, &family->operations[i]))
			r = add_operation(list, family, &family->operations[i]);
	if (r == 0 && list->count > 1 && family->operation_count)
		qsort(list->children, list->count, sizeof(*list->children), by_address);
	return r;
}

static int add_children(struct family_list *list, const struct families *families, const char *address)
{
	const bool all = strcmp(address, "netlink") == 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < families->count; i++) {
		const struct family *family = &families->list[i];
		_cleanup_free_ char *own = family_address(family, NULL);
		const bool here = own && strcmp(own, address) == 0;

		if (!own)
			return -ENOMEM;
		list->found |= all || here;
		/* A protocol that has objects is listed by them, whether their changes are told or not; a generic family has more to tell. */
		if (all && (family->protocol == NETLINK_GENERIC || !protocol_of(family->protocol)))
			r = add_family(list, family);
		else if (here)
			r = add_inside(list, family);
	}
	return r;
}

/* The family and name of the group at ADDRESS: it has no children, but it is there. */
static const struct family *family_of_group(const struct families *families, const char *address, const char **ret_group)
{
	const size_t prefix = strlen(FAMILY_PREFIX);

	for (size_t i = 0; i < families->count; i++) {
		const struct family *family = &families->list[i];
		const size_t length = strlen(family->name);

		if (strncmp(address + prefix, family->name, length) != 0 || address[prefix + length] != '/')
			continue;
		for (size_t j = 0; j < family->group_count; j++)
			if (strcmp(address + prefix + length + 1, family->groups[j].name) == 0) {
				*ret_group = family->groups[j].name;
				return family;
			}
	}
	return NULL;
}

int family_list_read(struct ferry *ferry, const char *address, struct family_list *ret)
{
	_cleanup_families_ struct families families = { 0 };
	struct family_list list = { 0 };
	const struct family *family;
	const char *group;
	int r;

	if (strcmp(address, "netlink") != 0 && strncmp(address, FAMILY_PREFIX, strlen(FAMILY_PREFIX)) != 0) {
		*ret = list;
		return 0;
	}
	r = families_read(&ferry->machine, &families);
	if (r < 0)
		return ferry_failed(ferry, r);
	r = add_children(&list, &families, address);
	if (r == 0 && !list.found && (family = family_of_group(&families, address, &group))) {
		list.found = true;
		r = add_group(&list, family, group);
	}
	/* A protocol that has objects is in the tree, whether this kernel has it or not. */
	if (r == 0 && (list.found || has_channels(address))) {
		*ret = list;
		return 0;
	}
	family_list_done(&list);
	return r < 0 ? error_set(&ferry->error, r, "no memory for the netlink families")
		     : error_set(&ferry->error, -ENOENT, "no such address: %s", address);
}

static int tell_child(const struct family_child *child, unsigned int flags, ferry_item_function *function, void *data)
{
	struct ferry_item item = {
		.address = child->address,
		.kind = child->kind,
		.type = child->type,
		.help = child->help,
		.promise = child->promise,
		.provenance = child->provenance,
	};

	if (!(flags & FERRY_READ_VALUES) || child->value.type != VALUE_RECORD)
		return function(data, &item);
	return channel_item(&item, &child->value, NULL, NULL, function, data);
}

int family_list_tell(struct ferry *ferry, struct family_list *list, const char *address, unsigned int flags, ferry_item_function *function,
		     void *data)
{
	int r = 0;

	for (; r == 0 && list->next < list->count && (!address || strcmp(list->children[list->next].address, address) < 0); list->next++) {
		const struct family_child *child = &list->children[list->next];

		r = tell_child(child, flags, function, data);
		/* An operation is asked for its rows only where an address names it. */
		if (r == 0 && child->value.type == VALUE_RECORD && flags & FERRY_READ_RECURSIVE)
			r = ferry_list(ferry, child->address, flags, function, data);
	}
	return r;
}

void family_list_done(struct family_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->children[i].address);
	free(list->children);
	arena_done(&list->arena);
	*list = (struct family_list){ 0 };
}

/* ---- Operations ---- */

int family_operations_at(struct ferry *ferry, const char *address, struct families *families, const struct family **ret_family, const char **ret_path)
{
	const char *name, *group;
	size_t length;
	int r;

	if (strncmp(address, FAMILY_PREFIX, strlen(FAMILY_PREFIX)) != 0)
		return 0;
	name = address + strlen(FAMILY_PREFIX);
	length = strcspn(name, "/");
	if (strcspn(name, "*?[") < length)
		return 0;
	r = families_read(&ferry->machine, families);
	if (r < 0)
		return ferry_failed(ferry, r);
	if (family_of_group(families, address, &group))
		return 0;
	for (size_t i = 0; i < families->count; i++) {
		const struct family *family = &families->list[i];

		if (family->protocol != NETLINK_GENERIC || strlen(family->name) != length || memcmp(family->name, name, length) != 0)
			continue;
		*ret_family = family;
		*ret_path = name + length + (name[length] == '/');
		return 1;
	}
	return 0;
}
