/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making and changing links.
 *
 * At creation the kernel takes the kind's own options and little else; a master, a description, what protocol families have and other names need the
 * link to stand. So a link is made in steps: create it down; compare with what is wanted and send what differs; its port options; its flags last,
 * since a bond takes no port that is up. Where a step is refused, what was made goes again. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/link.h"
#include "channel/object-inside.h"

#define SENT (FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE)

static int copy_field(struct arena *arena, struct record *to, const struct record *from, const char *name)
{
	const struct value *value = record_find(from, name);

	return value && value->type != VALUE_NULL ? record_put(arena, to, name, *value) : 0;
}

/* A link by its number, which is asked for where only the name is given. */
static int find_index(struct machine *machine, struct arena *arena, const struct record *record, struct record **ret_now)
{
	return object_get(&object_link, machine, record, arena, ret_now);
}

static bool text_is(const struct value *value, const char *text)
{
	return value && value->type == VALUE_TEXT && value->bytes.length == strlen(text) && memcmp(value->bytes.data, text, value->bytes.length) == 0;
}

/* ---- The other end of a veth ---- */

/* What the kernel tells of a veth's peer is its number, as "link". It is made anew together with this end: by the name that it had. */
static int add_peer(struct machine *machine, struct arena *arena, const struct record *record, struct record *info)
{
	const struct value *peer = record_find(record, "link");
	struct record *data = record_inside(info, "data"), *end;
	const char *name = NULL;
	struct value text;
	int r;

	if (data && record_at(data, "peer"))
		return 0;
	if (!peer || record_at(record, "link_netnsid"))
		return 0;
	if (peer->type == VALUE_TEXT)
		text = *peer;
	else {
		name = machine->naming.interface_name(machine->naming.data, (uint32_t)peer->number);
		if (!name)
			return 0;
		text = value_data(VALUE_TEXT, arena_copy(arena, name, strlen(name)), strlen(name));
		if (!text.bytes.data)
			return -ENOMEM;
	}
	end = record_new(arena, &schema_link);
	if (!end)
		return -ENOMEM;
	r = record_put(arena, end, "ifname", text);
	/* The same number again, so that this end's "link" means what it meant. */
	if (r == 0 && record_number(record, "link_index", 0))
		r = record_put(arena, end, "ifindex", value_uint(record_number(record, "link_index", 0)));
	if (r < 0)
		return r;
	if (!data) {
		data = record_new(arena, link_kind_schema("veth"));
		if (!data)
			return -ENOMEM;
		r = record_put(arena, info, "data", (struct value){ .type = VALUE_RECORD, .record = data });
	}
	return r < 0 ? r : record_put(arena, data, "peer", (struct value){ .type = VALUE_RECORD, .record = end });
}

/* ---- Creation ---- */

static void drop_false(struct record *data, const char *name)
{
	const struct value *value = record_find(data, name);

	if (value && value->type == VALUE_BOOL && !value->boolean)
		record_drop(data, name);
}

/* Options that say which of their bits they mean: those that differ from what stands (NOW may be NULL: DEFAULTS stand). */
static int mark_bits(struct arena *arena, struct record *data, const struct record *now, const char *option, const char *bits, const char *mask,
		     uint64_t defaults)
{
	struct record *given = record_inside(data, option);
	const struct record *standing = now ? record_inside(now, option) : NULL;
	uint64_t wanted;

	if (!given || !record_at(given, bits))
		return 0;
	wanted = record_number(given, bits, 0);
	return record_put(arena, given, mask, value_uint(wanted ^ (standing ? record_number(standing, bits, 0) : defaults)));
}

/* Kind-specific options in the shape that requests take. */
static int turn_options(struct arena *arena, struct record *data, const struct record *now)
{
	int r = 0;

	/* Told as 0 or 1, taken as a flag that is there or not; and a bit that is named counts as used, on or off. */
	if (data->schema == &schema_link_vxlan) {
		drop_false(data, "ttl_inherit");
		drop_false(data, "remcsum_rx");
	}
	if (data->schema == &schema_link_bond)
		link_bond_turn(data, now);
	if (data->schema == &schema_link_macsec)
		r = link_macsec_turn(arena, data, now);
	/* Source addresses are a list that a request adds to, unless it says that it sets them. */
	if (record_at(data, "macaddr_data") && !record_at(data, "macaddr_mode"))
		r = record_put(arena, data, "macaddr_mode", value_uint(MACVLAN_MACADDR_SET));
	/* Naming an option that this kernel was built without is refused, also where it is off, as it is in a new bridge. */
	if (!now && data->schema == link_kind_schema("bridge"))
		drop_false(data, "vlan_filtering");
	if (r == 0 && data->schema == link_kind_schema("bridge"))
		r = mark_bits(arena, data, now, "multi_boolopt", "optval", "optmask", 0);
	/* A new VLAN moves its header (VLAN_FLAG_REORDER_HDR). */
	if (r == 0 && data->schema == link_kind_schema("vlan"))
		r = mark_bits(arena, data, now, "flags", "flags", "mask", 1);
	return r;
}

static int take_info(struct machine *machine, struct arena *arena, const struct record *record, struct record *creation)
{
	const struct record *told = record_inside(record, "linkinfo");
	struct record *info;
	struct value copy;
	int r;

	if (!told || !record_find(told, "kind"))
		return error_set(&machine->error, -EOPNOTSUPP, "a link without a kind is a device of the machine: it can not be made by a request");
	info = record_new(arena, told->schema);
	if (!info)
		return -ENOMEM;
	r = copy_field(arena, info, told, "kind");
	/* A copy, since options are turned in their place. */
	if (r == 0 && record_inside(told, "data")) {
		r = value_copy(arena, record_find(told, "data"), &copy);
		if (r == 0)
			r = record_put(arena, info, "data", copy);
	}
	if (r == 0 && record_inside(info, "data"))
		r = turn_options(arena, record_inside(info, "data"), NULL);
	if (r < 0)
		return r;
	if (text_is(record_find(told, "kind"), "veth"))
		r = add_peer(machine, arena, record, info);
	return r < 0 ? r : record_put(arena, creation, "linkinfo", (struct value){ .type = VALUE_RECORD, .record = info });
}

static int creation_of(struct machine *machine, struct arena *arena, const struct record *record, struct record **ret)
{
	static const char *const taken[] = {
		"ifindex", "ifname", "address", "broadcast", "mtu", "txqlen", "group", "num_tx_queues", "num_rx_queues"
	};
	struct record *creation = record_new(arena, &schema_link);
	const struct record *info = record_inside(record, "linkinfo");
	int r = creation ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(taken); i++)
		r = copy_field(arena, creation, record, taken[i]);
	/* A veth's "link" is its other end, which is made with it. */
	if (r == 0 && !(info && text_is(record_find(info, "kind"), "veth")))
		r = copy_field(arena, creation, record, "link");
	if (r == 0 && record_at(record, "link_netnsid")) {
		r = copy_field(arena, creation, record, "link_netnsid");
		if (r == 0 && record_find(record, "link_index"))
			r = record_put(arena, creation, "link", *record_find(record, "link_index"));
	}
	if (r == 0)
		r = take_info(machine, arena, record, creation);
	if (r < 0)
		return r;
	*ret = creation;
	return 0;
}

/* ---- What is sent to a link that stands ---- */

/* Options go with their kind, or the kernel does not know whose they are. */
static int complete_info(struct arena *arena, struct record *request, const struct record *now)
{
	struct record *info = record_inside(request, "linkinfo");
	const struct record *told = record_inside(now, "linkinfo");
	int r = 0;

	if (!info || !told)
		return 0;
	if (record_at(info, "data") && !record_at(info, "kind"))
		r = copy_field(arena, info, told, "kind");
	if (r == 0 && record_at(info, "slave_data") && !record_at(info, "slave_kind"))
		r = copy_field(arena, info, told, "slave_kind");
	if (r == 0 && record_inside(info, "data"))
		r = turn_options(arena, record_inside(info, "data"), record_inside(told, "data"));
	return r;
}

/* A null says that there is none: for what has a value that means so. */
static int turn_null(struct machine *machine, struct arena *arena, struct record *request)
{
	for (uint32_t i = 0; i < request->count; i++) {
		struct entry *entry = &request->entries[i];

		if (entry->value.type != VALUE_NULL || !entry->name)
			continue;
		if (strcmp(entry->name, "master") == 0)
			entry->value = value_uint(0);
		else if (strcmp(entry->name, "ifalias") == 0)
			entry->value = value_data(VALUE_TEXT, "", 0);
		else if (strcmp(entry->name, "altnames") != 0)
			return error_set(&machine->error, -EOPNOTSUPP, "%s can be changed, not taken away", entry->name);
	}
	(void)arena;
	return 0;
}

static int turn_flags(struct arena *arena, struct record *request)
{
	struct entry *flags = record_at(request, "flags");

	if (!flags)
		return 0;
	flags->value.number &= LINK_FLAGS_TAKEN;
	/* Some, where just these were asked for. */
	return record_at(request, "change") ? 0 : record_put(arena, request, "change", value_uint(LINK_FLAGS_TAKEN));
}

static uint32_t fields_beside_key(const struct record *request)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < request->count; i++)
		count += request->entries[i].field && !(request->entries[i].field->flags & FIELD_KEY);
	return count;
}

/* What follows from the flags is no wish of its own; few drivers take it. Alone, it is asked for. */
static void leave_states(struct record *request)
{
	static const char *const states[] = { "carrier", "operstate" };

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (fields_beside_key(request) > 1)
			record_drop(request, states[i]);
}

/* One request to the link NOW with the fields of WANTED, as far as they can be set. */
static int send_change(struct machine *machine, struct arena *arena, const struct record *now, const struct record *wanted)
{
	struct record *request;
	int r = record_copy(arena, wanted, &request);

	if (r == 0)
		r = record_put(arena, request, "ifindex", value_uint(record_number(now, "ifindex", 0)));
	if (r == 0)
		r = turn_null(machine, arena, request);
	if (r == 0)
		r = turn_flags(arena, request);
	if (r == 0)
		r = complete_info(arena, request, now);
	if (r < 0)
		return r;
	record_drop(request, "altnames");
	/* The name that it has: an older kernel refuses even that while the link is up. */
	if (record_find(request, "ifname") && record_find(now, "ifname") && value_equal(record_find(request, "ifname"), record_find(now, "ifname")))
		record_drop(request, "ifname");
	leave_states(request);
	if (fields_beside_key(request) == 0)
		return 0;
	return object_send(&object_link, machine, RTM_NEWLINK, 0, request, FIELD_KEY | FIELD_SETTABLE);
}

/* ---- Other names: a request of their own ---- */

static bool has_name(const struct value *list, const struct value *name)
{
	for (uint32_t i = 0; list && list->type == VALUE_LIST && i < list->list.count; i++)
		if (value_equal(&list->list.items[i], name))
			return true;
	return false;
}

/* The names of LIST that OTHER does not have, by a request of TYPE. */
static int send_names(struct machine *machine, struct arena *arena, const struct record *now, const struct value *list, const struct value *other,
		      uint16_t type)
{
	struct record *request = record_new(arena, &schema_link);
	struct value *items;
	uint32_t count = 0;
	int r;

	if (!list || list->type != VALUE_LIST)
		return 0;
	items = arena_array(arena, struct value, list->list.count + 1);
	if (!request || !items)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->list.count; i++)
		if (!has_name(other, &list->list.items[i]))
			items[count++] = list->list.items[i];
	if (count == 0)
		return 0;
	r = record_put(arena, request, "ifindex", value_uint(record_number(now, "ifindex", 0)));
	if (r == 0)
		r = record_put(arena, request, "altnames", (struct value){ .type = VALUE_LIST, .list = { items, count } });
	if (r < 0)
		return r;
	return object_send(&object_link, machine, type, type == RTM_NEWLINKPROP ? NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND : 0, request,
			   FIELD_KEY | FIELD_SETTABLE);
}

static int change_names(struct machine *machine, struct arena *arena, const struct record *now, const struct record *wanted)
{
	const struct value *names = record_find(wanted, "altnames"), *old = record_find(now, "altnames");
	int r;

	if (!names)
		return 0;
	r = send_names(machine, arena, now, old, names, RTM_DELLINKPROP);
	return r < 0 ? r : send_names(machine, arena, now, names, old, RTM_NEWLINKPROP);
}

/* ---- The steps ---- */

/* WANTED without what NOW is already; its flags apart, and what a new link has of its own accord left out. */
static int still_wanted(struct arena *arena, const struct record *wanted, const struct record *now, struct record **ret)
{
	static const char *const made[] = { "ifindex", "flags", "link", "link_index", "carrier", "operstate", "link_netnsid", "altnames", "change" };
	struct record *missing, *present;
	int r = record_difference(arena, wanted, now, &missing, &present);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		record_drop(missing, made[i]);
	/* What the new link has more than the old one had stays. */
	for (uint32_t i = missing->count; i > 0; i--)
		if (missing->entries[i - 1].value.type == VALUE_NULL && missing->entries[i - 1].name)
			record_drop(missing, missing->entries[i - 1].name);
	*ret = missing;
	return 0;
}

static int only_field(struct arena *arena, const struct record *from, const char *name, struct record **ret)
{
	struct record *record = record_new(arena, &schema_link);
	int r = record ? copy_field(arena, record, from, name) : -ENOMEM;

	if (r < 0)
		return r;
	*ret = record;
	return 0;
}

/* {"linkinfo":{"slave_data":OPTIONS}} */
static int port_request(struct arena *arena, struct record *options, struct record **ret)
{
	struct record *request = record_new(arena, &schema_link), *info = record_new(arena, &schema_link_info);
	int r;

	if (!request || !info)
		return -ENOMEM;
	r = record_put(arena, info, "slave_data", (struct value){ .type = VALUE_RECORD, .record = options });
	if (r == 0)
		r = record_put(arena, request, "linkinfo", (struct value){ .type = VALUE_RECORD, .record = info });
	*ret = request;
	return r;
}

/* Port options only exist once there is a master. */
static int send_port_options(struct machine *machine, struct arena *arena, const struct record *now, const struct record *wanted)
{
	const struct record *info = record_inside(wanted, "linkinfo"), *now_info;
	struct record *after, *missing, *present, *request = NULL;
	int r;

	if (!info || !record_inside(info, "slave_data"))
		return 0;
	r = find_index(machine, arena, now, &after);
	if (r < 0)
		return r;
	now_info = record_inside(after, "linkinfo");
	if (!now_info || !record_inside(now_info, "slave_data"))
		return 0;
	r = record_difference(arena, record_inside(info, "slave_data"), record_inside(now_info, "slave_data"), &missing, &present);
	if (r < 0 || missing->count == 0)
		return r;
	r = port_request(arena, missing, &request);
	return r < 0 ? r : send_change(machine, arena, after, request);
}

/* RECORD without the options of a port. */
static int without_port_options(struct arena *arena, const struct record *record, struct record **ret)
{
	struct record *copy, *info;
	int r = record_copy(arena, record, &copy);

	if (r < 0)
		return r;
	info = record_inside(copy, "linkinfo");
	if (info) {
		record_drop(info, "slave_kind");
		record_drop(info, "slave_data");
		if (info->count == 0)
			record_drop(copy, "linkinfo");
	}
	*ret = copy;
	return 0;
}

static int finish(struct machine *machine, struct arena *arena, const struct record *wanted, const struct record *now)
{
	struct record *missing, *flags = NULL;
	int r = still_wanted(arena, wanted, now, &missing);

	if (r < 0)
		return r;
	r = without_port_options(arena, missing, &missing);
	if (r == 0)
		r = send_change(machine, arena, now, missing);
	if (r == 0)
		r = change_names(machine, arena, now, wanted);
	if (r == 0)
		r = send_port_options(machine, arena, now, wanted);
	if (r == 0)
		r = only_field(arena, wanted, "flags", &flags);
	if (r == 0)
		r = copy_field(arena, flags, wanted, "change");
	return r < 0 ? r : send_change(machine, arena, now, flags);
}

static int remove_link(struct machine *machine, struct arena *arena, const struct record *record)
{
	struct record *now, *request = NULL;
	int r = find_index(machine, arena, record, &now);

	if (r == 0)
		r = only_field(arena, now, "ifindex", &request);
	return r < 0 ? r : object_send(&object_link, machine, RTM_DELLINK, 0, request, FIELD_KEY);
}

static int create_link(struct machine *machine, struct arena *arena, const struct record *record)
{
	struct record *creation, *now;
	struct error words;
	int r = creation_of(machine, arena, record, &creation);

	if (r < 0)
		return machine->error.code == r ? r : error_set(&machine->error, r, "link: %s", error_text(r));
	r = object_send(&object_link, machine, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, creation, SENT);
	if (r < 0)
		return r;
	/* The names have changed. */
	machine_links_forget(machine);
	r = find_index(machine, arena, creation, &now);
	if (r == 0)
		r = finish(machine, arena, record, now);
	if (r == 0)
		return 0;
	words = machine->error;
	if (remove_link(machine, arena, creation) == 0)
		return error_set(&machine->error, r, "%s; the link was made without this and has been removed again", words.text);
	return error_set(&machine->error, r, "%s; the link was made without this", words.text);
}

/* A new master first, what a port of its has then. */
static int change_port(struct machine *machine, struct arena *arena, const struct record *now, const struct record *record)
{
	struct record *first;
	int r = without_port_options(arena, record, &first);

	if (r == 0)
		r = send_change(machine, arena, now, first);
	return r < 0 ? r : send_port_options(machine, arena, now, record);
}

static int change_link(struct machine *machine, struct arena *arena, const struct record *record)
{
	struct record *now;
	int r = find_index(machine, arena, record, &now);

	if (r == 0)
		r = record_at(record, "master") ? change_port(machine, arena, now, record) : send_change(machine, arena, now, record);
	if (r == 0)
		r = change_names(machine, arena, now, record);
	if (r == 0 && record_at(record, "ifname"))
		machine_links_forget(machine);
	return r;
}

bool link_can_be_made(const struct record *record, const char **ret_why)
{
	const struct record *info = record_inside(record, "linkinfo");

	*ret_why = "to make one, its value says of what kind: {linkinfo={kind=bridge}}";
	return info && record_find(info, "kind") && record_find(info, "kind")->type == VALUE_TEXT;
}

int link_write(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	_cleanup_(arena_done) struct arena arena = { 0 };
	struct record *now;

	(void)object;
	switch (write) {
	case OBJECT_CREATE:
		return create_link(machine, &arena, record);
	case OBJECT_REPLACE:
		if (find_index(machine, &arena, record, &now) == 0)
			return change_link(machine, &arena, record);
		return create_link(machine, &arena, record);
	case OBJECT_CHANGE:
		return change_link(machine, &arena, record);
	case OBJECT_REMOVE:
		return remove_link(machine, &arena, record);
	}
	return error_set(&machine->error, -EINVAL, "no such write");
}
