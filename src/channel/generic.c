/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/generic.h"

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <string.h>

#include "channel/nature.h"
#include "channel/object.h"
#include "channel/path-wants.h"
#include "channel/record-items.h"

#define ATTEMPTS 5 /* of a dump that the kernel calls interrupted */

/* Nothing says what the numbers mean. */
static const struct schema schema_numbers = { .name = "attributes", .help = "attributes by their numbers" };

/* ---- Operations ---- */

static const struct learned_command *as_learned(const struct family *family, uint32_t command)
{
	return family->learned ? learned_number(family->learned->commands, family->learned->command_count, (uint16_t)command) : NULL;
}

bool generic_can_dump(const struct family_operation *operation)
{
	return operation->flags & GENL_CMD_CAP_DUMP;
}

bool generic_can_read(const struct family *family, const struct family_operation *operation)
{
	const struct operation *own = operation_by_hand(family, operation->number);

	return generic_can_dump(operation) || (own && (own->single || own->ask));
}

bool generic_is_of_object(const struct family *family, const struct family_operation *operation)
{
	const struct protocol *protocol = protocol_of_family(family->protocol, family->name);
	const struct object *object;
	unsigned int position = 0;

	while (protocol && (object = object_next(protocol, &position)))
		if (object->get_type == NETLINK_ASKED(operation->number))
			return true;
	return false;
}

bool generic_dumps(const struct family *family)
{
	for (size_t i = 0; i < family->operation_count; i++)
		if (generic_can_read(family, &family->operations[i]))
			return true;
	return false;
}

static bool is_group(const struct family *family, const char *name)
{
	for (size_t i = 0; i < family->group_count; i++)
		if (strcmp(family->groups[i].name, name) == 0)
			return true;
	return false;
}

void generic_name(const struct family *family, const struct family_operation *operation, struct buffer *ret)
{
	const struct operation *own = operation_by_hand(family, operation->number);
	const struct learned_command *learned = as_learned(family, operation->number);
	const char *name = own ? own->name : learned ? learned->name : NULL;

	if (name && !is_group(family, name))
		buffer_add_text(ret, name);
	else
		buffer_add_uint(ret, operation->number);
}

const char *generic_provenance(const struct family *family, const struct family_operation *operation)
{
	const struct learned_command *learned = as_learned(family, operation->number);

	return operation_by_hand(family, operation->number) ? "table" : learned && learned->answer ? "learned" : "guessed";
}

/* Whether PART (LENGTH bytes, globs) means OPERATION: by its name, or by its number in any case. -ENOMEM. */
static int means(const struct family *family, const struct family_operation *operation, const char *part, size_t length)
{
	_cleanup_buffer_ struct buffer name = { 0 }, number = { 0 };
	_cleanup_free_ char *pattern = strndup(part, length);

	generic_name(family, operation, &name);
	buffer_add_uint(&number, operation->number);
	if (!pattern || name.failed || number.failed)
		return -ENOMEM;
	return strcmp(number.data, pattern) == 0 || nature_match(pattern, name.data);
}

/* ---- A dump ---- */

struct walk {
	struct machine *machine;
	const struct family *family;
	struct netlink *netlink;
	const char *path; /* below the family */
	struct record_items items;
	struct buffer hint; /* what to do where names are missing */
	bool named;         /* a row matched */
	int said;           /* by the kernel of the one that was asked for, where it has none */
	/* The operation at hand. */
	const struct family_operation *operation;
	const struct operation *own;
	const struct schema *schema;
	struct arena messages;
	const struct nlmsghdr **list;
	size_t count;
	struct arena arena; /* of the row at hand */
	struct buffer place;
};

static int gather(void *data, const struct nlmsghdr *message)
{
	struct walk *walk = data;
	struct nlmsghdr *copy;

	if (message->nlmsg_type != walk->family->type || message->nlmsg_len < NLMSG_HDRLEN + (size_t)walk->family->header_size)
		return 0;
	if ((walk->count & (walk->count - 1)) == 0) {
		const struct nlmsghdr **grown = reallocarray(walk->list, walk->count ? walk->count * 2 : 1, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		walk->list = grown;
	}
	copy = arena_allocate_plain(&walk->messages, message->nlmsg_len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, message, message->nlmsg_len);
	walk->list[walk->count++] = copy;
	return 0;
}

static void forget(struct walk *walk)
{
	arena_reset(&walk->messages);
	walk->count = 0;
}

static int refused(struct walk *walk, int code, const struct netlink_ack *ack)
{
	_cleanup_buffer_ struct buffer name = { 0 }, words = { 0 };

	if (walk->own && walk->own->ask)
		buffer_add_text(&name, walk->path);
	else
		generic_name(walk->family, walk->operation, &name);
	if (ack->message)
		buffer_add_escaped(&words, ack->message, strlen(ack->message));
	return error_set(&walk->machine->error, code, "cannot %s " FAMILY_PREFIX "%s/%s: %s%s%s%s", walk->own && walk->own->ask ? "read" : "dump",
			 walk->family->name, name.data ? name.data : "", error_text(code), words.length ? ": " : "", words.length ? words.data : "",
			 walk->operation->flags & (GENL_ADMIN_PERM | GENL_UNS_ADMIN_PERM) && code == -EPERM ? "; that needs CAP_NET_ADMIN" : "");
}

/* A request to ethtool has a header that names a device; an empty one stands for all. Kernels of late take it as read, those before refuse a dump
 * without. Source: Documentation/networking/ethtool-netlink.rst of the kernel. */
static void add_header(struct buffer *request, const struct family *family)
{
	if (!strcmp(family->name, ETHTOOL_GENL_NAME))
		attribute_begin(request, NLA_F_NESTED | ETHTOOL_A_LINKINFO_HEADER);
}

/* The part of the path that names a row. */
static const char *row_of(const struct walk *walk, size_t *ret_length)
{
	const char *row = walk->path + strcspn(walk->path, "/");

	row += *row == '/';
	*ret_length = strcspn(row, "/");
	return row;
}

static int wants_name(struct walk *walk, const struct operation *own)
{
	return error_set(&walk->machine->error, -EINVAL, FAMILY_PREFIX "%s/%s tells of one that is named: %s", walk->family->name, own->name,
			 own->form);
}

static int add_attributes(struct walk *walk, struct buffer *request)
{
	const char *row;
	size_t length;

	if (!walk->own || !walk->own->ask) {
		add_header(request, walk->family);
		return 0;
	}
	row = row_of(walk, &length);
	return walk->own->ask(row, length, request) == 0 ? 0 : wants_name(walk, walk->own);
}

static int ask_one(struct walk *walk, const struct buffer *request)
{
	struct netlink_ack ack;
	int r = netlink_request(walk->netlink, walk->family->type, 0, request->data, request->length, gather, walk, &ack);

	walk->items.consistency = FERRY_WHOLE;
	if (walk->own->ask && (r == -ESRCH || r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP)) {
		walk->said = r;
		return 0;
	}
	return r < 0 && r != -ENOMEM ? refused(walk, r, &ack) : r;
}

static int dump(struct walk *walk)
{
	const struct genlmsghdr header = { .cmd = (uint8_t)walk->operation->number, .version = (uint8_t)walk->family->version };
	_cleanup_buffer_ struct buffer request = { 0 };
	struct netlink_ack ack;
	bool interrupted = false;
	int r = 0;

	buffer_add(&request, &header, sizeof(header));
	for (int i = GENL_HDRLEN; i < walk->family->header_size; i++)
		buffer_add_char(&request, '\0');
	r = add_attributes(walk, &request);
	if (r < 0 || request.failed)
		return r < 0 ? r : -ENOMEM;
	forget(walk);
	if (walk->own && (walk->own->ask || walk->own->single))
		return ask_one(walk, &request);
	for (unsigned int attempt = 0; attempt < ATTEMPTS; attempt++) {
		forget(walk);
		r = netlink_dump(walk->netlink, walk->family->type, 0, request.data, request.length, gather, walk, &interrupted, &ack);
		if (r == 0 && !interrupted)
			break;
		if (r < 0 && r != -EMSGSIZE && r != -ENOBUFS)
			return r == -ENOMEM ? r : refused(walk, r, &ack);
	}
	walk->items.consistency = interrupted ? FERRY_INTERRUPTED : FERRY_WHOLE;
	return r < 0 ? refused(walk, r, &ack) : 0;
}

/* ---- Rows ---- */

static const struct entry *entry_at(const struct record *record, const char *path)
{
	const struct entry *entry = NULL;
	char part[64];

	while (record && *path) {
		const size_t length = strcspn(path, "/");

		if (length >= sizeof(part))
			return NULL;
		memcpy(part, path, length);
		part[length] = '\0';
		entry = record_at(record, part);
		record = entry && entry->value.type == VALUE_RECORD ? entry->value.record : NULL;
		path += length + (path[length] == '/');
	}
	return entry;
}

static const char *interface_of(const struct walk *walk, const struct entry *key)
{
	if (!key->field || key->field->kind != FIELD_INTERFACE)
		return NULL;
	return walk->machine->naming.interface_name(walk->machine->naming.data, (uint32_t)key->value.number);
}

/* "rings/eth0", "dev_get/3". A name with a slash would be two parts. */
static void place_of(struct walk *walk, const struct record *record, size_t row)
{
	const struct entry *entry = walk->own && walk->own->key ? entry_at(record, walk->own->key) : NULL;
	const char *interface = entry ? interface_of(walk, entry) : NULL;
	size_t length;
	const struct value *key = entry ? &entry->value : NULL;

	buffer_clear(&walk->place);
	generic_name(walk->family, walk->operation, &walk->place);
	buffer_add_char(&walk->place, '/');
	if (walk->own && walk->own->ask) {
		const char *name = row_of(walk, &length);

		buffer_add(&walk->place, name, length);
	} else if (interface)
		buffer_add_text(&walk->place, interface);
	else if (key && key->type == VALUE_TEXT && key->bytes.length && !memchr(key->bytes.data, '/', key->bytes.length))
		buffer_add(&walk->place, key->bytes.data, key->bytes.length);
	else if (key && key->type == VALUE_ADDRESS)
		value_print(&walk->place, key, NULL, NULL);
	else if (key && key->type == VALUE_UINT)
		buffer_add_uint(&walk->place, key->number);
	else
		buffer_add_uint(&walk->place, row);
}

static int decode_row(struct walk *walk, const struct nlmsghdr *message, struct record **ret)
{
	const size_t skipped = NLMSG_HDRLEN + (size_t)walk->family->header_size;
	int r;

	arena_reset(&walk->arena);
	*ret = NULL;
	r = schema_decode(walk->schema, (const uint8_t *)message + skipped, message->nlmsg_len - skipped, &walk->arena, ret);
	if (*ret && !walk->own)
		family_withhold(walk->family->name, *ret);
	/* A message that is malformed at its end is shown as far as it goes. */
	return r == -EBADMSG && *ret ? 0 : r;
}

static int tell_row(struct walk *walk, size_t row)
{
	struct record *record;
	const char *rest;
	bool opened;
	int r = decode_row(walk, walk->list[row], &record);

	if (r < 0)
		return r == -EBADMSG ? 0 : r;
	place_of(walk, record, row);
	if (walk->place.failed)
		return -ENOMEM;
	r = path_wants(walk->place.data, walk->path, &rest, &opened);
	if (r <= 0)
		return r;
	walk->named = true;
	buffer_clear(&walk->items.address);
	buffer_printf(&walk->items.address, FAMILY_PREFIX "%s/%s", walk->family->name, walk->place.data);
	return record_items_tell(&walk->items, record, rest, opened && *walk->path);
}

static void choose_schema(struct walk *walk, const struct family_operation *operation)
{
	const struct learned_command *learned = as_learned(walk->family, operation->number);

	walk->operation = operation;
	walk->own = operation_by_hand(walk->family, operation->number);
	walk->schema = walk->own ? walk->own->schema : learned && learned->answer ? &learned->answer->schema : &schema_numbers;
	walk->items.help = walk->own ? walk->own->help : "an answer of this operation";
	walk->items.provenance = generic_provenance(walk->family, operation);
}

static int tell_operation(struct walk *walk, const struct family_operation *operation)
{
	int r;

	choose_schema(walk, operation);
	r = dump(walk);
	for (size_t i = 0; r == 0 && i < walk->count; i++)
		r = tell_row(walk, i);
	return r;
}

/* The operation itself, where what was asked for is more than it alone. */
static int tell_failure(struct walk *walk, int code)
{
	_cleanup_buffer_ struct buffer address = { 0 };

	buffer_printf(&address, FAMILY_PREFIX "%s/", walk->family->name);
	generic_name(walk->family, walk->operation, &address);
	if (address.failed)
		return -ENOMEM;
	return walk->items.function(
		walk->items.data,
		&(struct ferry_item){ .address = address.data,
				      .kind = FERRY_ITEM_BRANCH,
				      .error = code,
				      .error_text = walk->machine->error.code == code ? walk->machine->error.text : error_text(code) });
}

/* PATH with the name of OPERATION in the place of its number, so that rows are matched by one name. */
static int canonical_path(const struct walk *walk, const struct family_operation *operation, const char *path, struct buffer *ret)
{
	buffer_clear(ret);
	generic_name(walk->family, operation, ret);
	buffer_add_text(ret, path + strcspn(path, "/"));
	return ret->failed ? -ENOMEM : 0;
}

static int tell_matching(struct walk *walk, const char *path)
{
	const size_t length = strcspn(path, "/");
	const bool alone = *path && strcspn(path, "*?[") >= length;
	_cleanup_buffer_ struct buffer own = { 0 };
	const struct operation *by_name, *named = NULL;
	bool found = false;

	for (size_t i = 0; i < walk->family->operation_count; i++) {
		const struct family_operation *operation = &walk->family->operations[i];
		int r = *path ? means(walk->family, operation, path, length) : 1;

		if (r == 0 || (r > 0 && !generic_can_read(walk->family, operation) && !alone))
			continue;
		/* What objects tell is told by them. */
		if (r > 0 && !alone && generic_is_of_object(walk->family, operation))
			continue;
		/* Of what is told by name alone there is nothing to tell among others. */
		by_name = operation_by_hand(walk->family, operation->number);
		if (r > 0 && !alone && by_name && by_name->ask) {
			named = by_name;
			continue;
		}
		if (r > 0)
			r = canonical_path(walk, operation, path, &own);
		if (r < 0)
			return r;
		if (!generic_can_read(walk->family, operation))
			return error_set(&walk->machine->error, -EOPNOTSUPP,
					 FAMILY_PREFIX "%s/%s is a request that the kernel does not answer for all", walk->family->name, own.data);
		found = true;
		walk->path = own.data;
		r = tell_operation(walk, operation);
		if (r < 0 && r != -ENOMEM && !alone)
			r = tell_failure(walk, r);
		if (r != 0)
			return r;
	}
	return found ? 0 : named ? wants_name(walk, named) : -ENOENT;
}

static int run(struct walk *walk, const char *path)
{
	int r = netlink_open(NETLINK_GENERIC, &walk->netlink, &walk->machine->error);

	if (r < 0)
		return r;
	r = tell_matching(walk, path);
	if (r == -ENOMEM)
		return error_set(&walk->machine->error, r, "no memory for " FAMILY_PREFIX "%s", walk->family->name);
	if (r == -ENOENT || (r == 0 && !walk->items.found && strchr(path, '/')))
		return error_set(&walk->machine->error, -ENOENT, "there is no " FAMILY_PREFIX "%s/%s%s%s%s", walk->family->name, path,
				 walk->named ? " now" : "", walk->said ? "; the kernel says: " : "", walk->said ? error_text(walk->said) : "");
	return r;
}

static void add_hint(struct walk *walk)
{
	if (walk->family->learned)
		return;
	buffer_add_text(&walk->hint, "attributes without a name are told by number: \"ferry learn\" asks the running kernel for names and types");
	if (walk->machine->learned_error.code)
		buffer_printf(&walk->hint, " (%s)", walk->machine->learned_error.text);
	if (!walk->hint.failed)
		walk->items.help_unknown = walk->hint.data;
}

static int walk_family(struct machine *machine, const struct family *family, const char *path, unsigned int flags, bool fields,
		       ferry_item_function *function, void *data)
{
	struct walk walk = {
		.machine = machine,
		.family = family,
		.items = { .flags = flags,
			   .fields = fields,
			   .values = flags & FERRY_READ_VALUES,
			   .mode = 0444,
			   .mode_settable = 0444,
			   .promise = "sampled",
			   .promise_moving = "sampled",
			   .naming = &machine->naming,
			   .error = &machine->error,
			   .function = function,
			   .data = data },
	};
	int r;

	add_hint(&walk);
	r = run(&walk, path);
	if (r == 0 && !fields && walk.items.consistency == FERRY_INTERRUPTED)
		r = FERRY_INCOMPLETE;
	netlink_close(walk.netlink);
	buffer_done(&walk.items.address);
	buffer_done(&walk.place);
	buffer_done(&walk.hint);
	arena_done(&walk.messages);
	arena_done(&walk.arena);
	free(walk.list);
	return r;
}

int generic_list(struct machine *machine, const struct family *family, const char *path, unsigned int flags, ferry_item_function *function,
		 void *data)
{
	return walk_family(machine, family, path, flags & ~(unsigned int)FERRY_READ_LEAVES, true, function, data);
}

int generic_get(struct machine *machine, const struct family *family, const char *path, unsigned int flags, ferry_item_function *function, void *data)
{
	return walk_family(machine, family, path, flags | FERRY_READ_VALUES, false, function, data);
}
