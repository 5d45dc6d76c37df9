/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/netfilter_sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "channel/machine.h"
#include "channel/netfilter_fold.h"

#define IS_CHAIN 0x80 /* of the family, in a key */

/* A set, by family, table and name; or a chain that a rule has for itself, whose rules are its elements. */
struct known {
	size_t length;               /* of the key */
	struct buffer set, elements; /* messages; of elements each in a form of its own, aligned */
	bool anonymous, complete;    /* its elements are known */
	bool own;                    /* a rule's, whether or not its elements are */
	bool foretold;
	bool numbered; /* it is of one transaction, which has not named it yet */
	bool gone;
	uint8_t key[];
};

struct netfilter_sets {
	struct machine *machine;
	struct table table;
	bool read; /* all sets were asked for */
	bool read_chains;
	size_t gone;
	size_t kept, kept_maximum; /* bytes of messages; 0: as many as there are */
	size_t said, said_maximum;
};

static bool match(const void *entry, const void *key, size_t length)
{
	const struct known *known = entry;

	return known->length == length && memcmp(known->key, key, length) == 0;
}

struct netfilter_sets *netfilter_sets_new(struct machine *machine)
{
	struct netfilter_sets *sets = calloc(1, sizeof(*sets));

	if (sets) {
		sets->machine = machine;
		table_init(&sets->table, match);
	}
	return sets;
}

static void known_free(struct known *known)
{
	buffer_done(&known->set);
	buffer_done(&known->elements);
	free(known);
}

void netfilter_sets_free(struct netfilter_sets *sets)
{
	struct known *known;
	size_t position = 0;

	if (!sets)
		return;
	while ((known = table_next(&sets->table, &position)))
		known_free(known);
	table_done(&sets->table);
	free(sets);
}

/* A name that the kernel is to put a number into, or none: in a transaction an ID stands for it. */
static bool is_numbered(const struct value *name)
{
	return !name || name->type != VALUE_TEXT || memchr(name->bytes.data, '%', name->bytes.length);
}

static void key_of(const struct record *scope, uint8_t kind, const struct set_name *name, struct buffer *ret)
{
	const struct value *table = record_find(scope, "table");

	buffer_add_char(ret, (char)((record_number(scope, "family", 0) & ~(uint64_t)IS_CHAIN) | kind));
	if (table && table->type == VALUE_TEXT)
		buffer_add(ret, table->bytes.data, table->bytes.length);
	buffer_add_char(ret, '\0');
	if (name->text && name->text->type == VALUE_TEXT)
		buffer_add(ret, name->text->bytes.data, name->text->bytes.length);
	if (is_numbered(name->text)) {
		buffer_add_char(ret, '\0');
		buffer_add(ret, &name->id, sizeof(name->id));
	}
}

static struct known *find_kind(const struct netfilter_sets *sets, const struct record *scope, uint8_t kind, const struct set_name *name)
{
	_cleanup_buffer_ struct buffer key = { 0 };

	key_of(scope, kind, name, &key);
	return key.failed ? NULL : table_find(&sets->table, key.data, key.length);
}

static struct known *find(const struct netfilter_sets *sets, const struct record *scope, const struct value *name)
{
	return find_kind(sets, scope, 0, &(struct set_name){ .text = name });
}

static bool has_room(struct netfilter_sets *sets, size_t length)
{
	if (sets->kept_maximum && length > sets->kept_maximum - sets->kept)
		return false;
	sets->kept += sets->kept_maximum ? length : 0;
	return true;
}

static struct known *add(struct netfilter_sets *sets, const struct record *scope, uint8_t kind, const struct set_name *name)
{
	struct known *known = find_kind(sets, scope, kind, name);
	_cleanup_buffer_ struct buffer key = { 0 };

	if (known)
		return known;
	key_of(scope, kind, name, &key);
	if (key.failed || !has_room(sets, sizeof(*known) + key.length))
		return NULL;
	known = calloc(1, sizeof(*known) + key.length);
	if (!known)
		return NULL;
	known->length = key.length;
	known->numbered = is_numbered(name->text);
	memcpy(known->key, key.data, key.length);
	if (table_add(&sets->table, known->key, known->length, known) == 0)
		return known;
	free(known);
	return NULL;
}

static void add_message(struct netfilter_sets *sets, struct buffer *buffer, const struct nlmsghdr *message)
{
	buffer->failed |= !has_room(sets, message->nlmsg_len);
	if (buffer->failed)
		return;
	buffer_add(buffer, message, message->nlmsg_len);
	buffer_add(buffer, "\0\0\0", NLMSG_ALIGN(message->nlmsg_len) - message->nlmsg_len);
}

bool netfilter_set_is_anonymous(const struct record *set)
{
	return (record_number(set, "flags", 0) & (NFT_SET_ANONYMOUS | NFT_SET_EVAL)) == NFT_SET_ANONYMOUS;
}

/* The kernel numbers those without a name of their own, behind what nft begins it with. An element may be told before its set. */
static bool may_be_anonymous(const struct set_name *name)
{
	const struct value *text = name->text;

	if (is_numbered(text))
		return name->id;
	return text->bytes.length > 2 && memcmp(text->bytes.data, "__", 2) == 0;
}

/* What RECORD, of the attribute FIELD, calls a set or a chain, which a request may say by the number in the attribute ID. */
static struct set_name name_of(const struct record *record, const char *field, const char *id)
{
	return (struct set_name){ record_find(record, field), (uint32_t)record_number(record, id, 0) };
}

/* A rule may be told before its chain. */
static void add_chain(struct netfilter_sets *sets, const struct object *object, const struct record *record, const struct nlmsghdr *message)
{
	const bool is_rule = object == &object_netfilter_rule;
	const struct set_name name = is_rule ? name_of(record, "chain", "chain_id") : name_of(record, "name", "id");
	struct known *known;

	if (!may_be_anonymous(&name) || (!is_rule && !(record_number(record, "flags", 0) & NFT_CHAIN_BINDING)))
		return;
	known = add(sets, record, IS_CHAIN, &name);
	if (known && is_rule)
		add_message(sets, &known->elements, message);
	else if (known)
		known->own = true;
}

void netfilter_sets_add(struct netfilter_sets *sets, const struct object *object, const struct record *record, const struct nlmsghdr *message)
{
	struct set_name name;
	struct known *known;

	if (object == &object_netfilter_chain || object == &object_netfilter_rule) {
		add_chain(sets, object, record, message);
		return;
	}
	if (object == &object_netfilter_element) {
		name = name_of(record, "set", "set_id");
		known = may_be_anonymous(&name) ? add(sets, record, 0, &name) : NULL;
		if (known && (known->anonymous || !known->set.length))
			add_message(sets, &known->elements, message);
		return;
	}
	name = name_of(record, "name", "id");
	known = add(sets, record, 0, &name);
	if (!known)
		return;
	if (known->set.length) /* another one of the same name */
		buffer_clear(&known->elements);
	buffer_clear(&known->set);
	add_message(sets, &known->set, message);
	sets->gone -= known->gone;
	known->gone = false;
	/* What packets put into one is not part of the rule. */
	known->anonymous = netfilter_set_is_anonymous(record);
	known->own = netfilter_set_is_own(record);
	if (!known->anonymous)
		buffer_done(&known->elements);
	known->complete = !sets->machine || !known->anonymous;
}

int netfilter_sets_foretell(struct netfilter_sets *sets, const struct object *object, const struct record *record)
{
	const bool is_set = object == &object_netfilter_set;
	struct nlmsghdr header = { .nlmsg_type = object->new_type };
	const struct set_name name = is_set ? name_of(record, "name", "id") : name_of(record, "set", "set_id");
	struct known *known = find_kind(sets, record, 0, &name);
	_cleanup_buffer_ struct buffer message = { 0 };
	int r;

	if (is_set ? known != NULL : !known || !known->foretold)
		return 0;
	buffer_add(&message, &header, sizeof(header));
	r = schema_encode(record, FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE, &message, NULL);
	if (r < 0 || message.failed)
		return r == -EINVAL || r == -ERANGE ? 0 : -ENOMEM; /* whoever makes it is told why not */
	((struct nlmsghdr *)message.data)->nlmsg_len = (uint32_t)message.length;
	netfilter_sets_add(sets, object, record, (const struct nlmsghdr *)message.data);
	known = find_kind(sets, record, 0, &name);
	if (known)
		known->foretold = true;
	return 0;
}

bool netfilter_sets_own(const struct netfilter_sets *sets, const struct record *scope, const struct value *name)
{
	const struct known *known = may_be_anonymous(&(struct set_name){ name, 0 }) ? find(sets, scope, name) : NULL;

	return known && known->own;
}

void netfilter_sets_remove(struct netfilter_sets *sets, const struct record *record)
{
	struct known *known = find(sets, record, record_find(record, "name"));

	if (!known || known->gone)
		return;
	known->gone = true;
	sets->gone++;
}

void netfilter_sets_sweep(struct netfilter_sets *sets)
{
	struct known *known;
	size_t position = 0;

	if (!sets->gone)
		return;
	while ((known = table_next(&sets->table, &position))) {
		if (!known->gone)
			continue;
		table_remove(&sets->table, known->key, known->length);
		known_free(known);
		position = 0;
	}
	sets->gone = 0;
}

void netfilter_sets_bound(struct netfilter_sets *sets, size_t kept, size_t said)
{
	sets->kept_maximum = kept;
	sets->said_maximum = said;
}

bool netfilter_sets_next(struct netfilter_sets *sets)
{
	struct known *known;
	size_t position = 0;

	while ((known = table_next(&sets->table, &position))) {
		sets->gone += known->numbered && !known->gone;
		known->gone |= known->numbered;
	}
	netfilter_sets_sweep(sets);
	sets->said = 0;
	return sets->kept < sets->kept_maximum / 4 * 3;
}

const struct nlmsghdr *netfilter_sets_of_element(const struct netfilter_sets *sets, const struct record *element)
{
	const struct set_name name = name_of(element, "set", "set_id");
	const struct known *known = find_kind(sets, element, 0, &name);

	return known && known->set.length ? (const struct nlmsghdr *)known->set.data : NULL;
}

/* ---- Asking ---- */

static int take_set(void *data, const struct nlmsghdr *message)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct netfilter_sets *sets = data;
	struct record *record;

	if (message && object_decode(&object_netfilter_set, message, &arena, &record) >= 0)
		netfilter_sets_add(sets, &object_netfilter_set, record, message);
	return 0;
}

static void read_sets(struct netfilter_sets *sets)
{
	struct netlink *netlink;
	struct error error = { 0 };
	bool interrupted;

	sets->read = true;
	if (machine_netlink(sets->machine, NETLINK_NETFILTER, &netlink) == 0)
		(void)!object_dump(&object_netfilter_set, netlink, take_set, sets, &interrupted, &error);
}

struct reading {
	struct netfilter_sets *sets;
	struct known *known;
};

static int take_element(void *data, const struct nlmsghdr *message)
{
	struct reading *reading = data;

	if (message)
		add_message(reading->sets, &reading->known->elements, message);
	else
		buffer_clear(&reading->known->elements);
	return reading->known->elements.failed ? -ENOMEM : 0;
}

static void read_elements(struct netfilter_sets *sets, struct known *known)
{
	struct reading reading = { sets, known };
	struct netlink *netlink;
	int r = known->set.length ? machine_netlink(sets->machine, NETLINK_NETFILTER, &netlink) : -ENOENT;

	if (r == 0)
		r = netfilter_elements_read(netlink, (const struct nlmsghdr *)known->set.data, take_element, &reading);
	known->complete = r == 0;
}

/* ---- A set as records ---- */

static enum netfilter_order_of order_of(const struct record *set, const char *field, enum netfilter_order_of own)
{
	const struct record *userdata = record_inside(set, "userdata");
	const uint64_t order = userdata ? record_number(userdata, field, 0) : 0;

	if (own != ORDER_UNKNOWN)
		return own;
	return order == 1 ? ORDER_HOST : order == 2 ? ORDER_NETWORK : ORDER_UNKNOWN;
}

static const struct record **decode_elements(struct netfilter_sets *sets, const struct known *known, const struct object *object, struct arena *arena,
					     size_t *ret_count)
{
	const struct record **list;
	size_t count = 0;

	*ret_count = 0;
	if (sets->said_maximum && known->elements.length > sets->said_maximum - sets->said)
		return NULL;
	sets->said += sets->said_maximum ? known->elements.length : 0;
	for (size_t at = 0; at < known->elements.length; count++)
		at += NLMSG_ALIGN(((const struct nlmsghdr *)(known->elements.data + at))->nlmsg_len);
	list = arena_array(arena, const struct record *, count + 1);
	for (size_t at = 0; list && at < known->elements.length;) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)(known->elements.data + at);
		struct record *record;

		if (object_decode(object, message, arena, &record) >= 0)
			list[(*ret_count)++] = record;
		at += NLMSG_ALIGN(message->nlmsg_len);
	}
	return list;
}

struct said_set *netfilter_set_said(struct arena *arena, const struct record *record, bool anonymous)
{
	struct said_set *set = arena_new(arena, struct said_set);

	if (!set)
		return NULL;
	*set = (struct said_set){ .set = record, .anonymous = anonymous };
	set->key_type = netfilter_type_number(record_find(record, "key_type"));
	set->data_type = netfilter_type_number(record_find(record, "data_type"));
	set->key_order = order_of(record, "key_byteorder", netfilter_type_order(set->key_type));
	set->data_order = order_of(record, "data_byteorder", netfilter_type_order(set->data_type));
	return set;
}

static const struct said_set *said(struct netfilter_sets *sets, const struct known *known, struct arena *arena)
{
	struct said_set *set;
	struct record *record;

	if (object_decode(&object_netfilter_set, (const struct nlmsghdr *)known->set.data, arena, &record) < 0)
		return NULL;
	set = netfilter_set_said(arena, record, known->anonymous);
	if (!set)
		return NULL;
	set->elements = decode_elements(sets, known, &object_netfilter_element, arena, &set->count);
	return set->elements ? set : NULL;
}

/* One that the rule has in itself. */
static const struct said_set *said_own(const struct record *rule, const struct value *name, struct arena *arena)
{
	const struct record *own = netfilter_own_set(rule, name), *record = own ? record_inside(own, "set") : NULL;
	const struct value *elements = own ? record_find(own, "elements") : NULL;
	struct said_set *set = record ? netfilter_set_said(arena, record, netfilter_set_is_anonymous(record)) : NULL;
	const struct record **list;

	if (!set)
		return NULL;
	list = arena_array(arena, const struct record *, (elements && elements->type == VALUE_LIST ? elements->list.count : 0) + 1);
	for (uint32_t i = 0; list && elements && elements->type == VALUE_LIST && i < elements->list.count; i++)
		if (elements->list.items[i].type == VALUE_RECORD)
			list[set->count++] = elements->list.items[i].record;
	set->elements = list;
	return list ? set : NULL;
}

const struct said_set *netfilter_sets_find(struct netfilter_sets *sets, struct arena *arena, const struct record *rule, const struct record *data)
{
	const struct set_name name = name_of(data, "set", "set_id");
	const struct said_set *own = said_own(rule, name.text, arena);
	struct known *known = own ? NULL : find_kind(sets, rule, 0, &name);

	if (own)
		return own;
	if (!known && sets->machine && !sets->read) {
		read_sets(sets);
		known = find_kind(sets, rule, 0, &name);
	}
	if (known && !known->complete)
		read_elements(sets, known);
	return known && known->complete && known->set.length && !known->set.failed && !known->elements.failed ? said(sets, known, arena) : NULL;
}

bool netfilter_sets_own_chain(const struct netfilter_sets *sets, const struct record *scope, const struct value *name)
{
	const struct set_name chain = { name, 0 };
	const struct known *known = may_be_anonymous(&chain) ? find_kind(sets, scope, IS_CHAIN, &chain) : NULL;

	return known && known->own;
}

static void forget_chains(struct netfilter_sets *sets)
{
	struct known *known;
	size_t position = 0;

	while ((known = table_next(&sets->table, &position)))
		if (known->key[0] & IS_CHAIN)
			buffer_clear(&known->elements);
}

static int take_chain(void *data, const struct nlmsghdr *message)
{
	const struct object *const kinds[] = { &object_netfilter_chain, &object_netfilter_rule };
	_cleanup_arena_ struct arena arena = { 0 };
	struct netfilter_sets *sets = data;
	struct record *record;

	if (!message) /* they come anew */
		forget_chains(sets);
	for (size_t i = 0; message && i < ARRAY_SIZE(kinds); i++)
		if (message->nlmsg_type == kinds[i]->new_type && object_decode(kinds[i], message, &arena, &record) >= 0)
			add_chain(sets, kinds[i], record, message);
	return 0;
}

static void read_chains(struct netfilter_sets *sets)
{
	struct netlink *netlink;
	struct error error = { 0 };
	bool interrupted;

	sets->read_chains = true;
	if (machine_netlink(sets->machine, NETLINK_NETFILTER, &netlink) < 0)
		return;
	(void)!object_dump(&object_netfilter_chain, netlink, take_chain, sets, &interrupted, &error);
	(void)!object_dump(&object_netfilter_rule, netlink, take_chain, sets, &interrupted, &error);
}

const struct record *const *netfilter_sets_chain(struct netfilter_sets *sets, struct arena *arena, const struct record *scope,
						 const struct record *verdict, size_t *ret_count)
{
	const struct set_name name = name_of(verdict, "chain", "chain_id");
	const struct known *known;

	if (!may_be_anonymous(&name))
		return NULL;
	if (sets->machine && !sets->read_chains)
		read_chains(sets);
	known = find_kind(sets, scope, IS_CHAIN, &name);
	return known && known->own && !known->elements.failed ? decode_elements(sets, known, &object_netfilter_rule, arena, ret_count) : NULL;
}
