/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands, as a document: what can be set or made, and a word on all that was left out. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/time.h"
#include "channel/files.h"
#include "channel/nature.h"
#include "lib/declare_elements.h"
#include "lib/declare_snapshot.h"
#include "model/address.h"

static const char *const reasons[LEFT_COUNT] = {
	[LEFT_READ_ONLY] = "files for reading only",
	[LEFT_ACTION] = "actions",
	[LEFT_VOLATILE] = "files with another value at each read",
	[LEFT_SECRET] = "secrets",
	[LEFT_MIRROR] = "files that say what netlink/route/link says",
	[LEFT_TWIN] = "files whose twin counts",
	[LEFT_UNREAD] = "files that could not be read",
	[LEFT_PASSING] = "objects that are learnt or for a time only",
	[LEFT_KEYED] = "objects that take secrets to be made",
	[LEFT_OWNED] = "objects in tables of nftables that belong to a running program",
	[LEFT_BARRED] = "kinds of objects that only CAP_NET_ADMIN may read",
};

static int no_memory(struct snapshot *snapshot)
{
	return error_set(&snapshot->ferry->error, -ENOMEM, "no memory for a snapshot");
}

void snapshot_add_line(struct snapshot *snapshot, const char *address, const struct value *value, const struct field *field)
{
	buffer_add_escaped(&snapshot->body, address, strlen(address));
	buffer_add_text(&snapshot->body, " = ");
	value_print(&snapshot->body, value, field, &snapshot->ferry->machine.naming);
	buffer_add_char(&snapshot->body, '\n');
	snapshot->found = true;
}

/* ---- Objects ---- */

static int add_leaves(struct snapshot *snapshot, struct buffer *address, const struct record *record)
{
	size_t length = address->length;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < record->count; i++) {
		const struct entry *entry = &record->entries[i];

		address->length = length;
		buffer_add_char(address, '/');
		if (entry->name)
			buffer_add_text(address, entry->name);
		else
			buffer_printf(address, "attribute %u", entry->number);
		if (address->failed)
			return -ENOMEM;
		if (entry->value.type == VALUE_RECORD)
			r = add_leaves(snapshot, address, entry->value.record);
		else if (address_under(address->data, snapshot->address) > 0)
			snapshot_add_line(snapshot, address->data, &entry->value, entry->field);
	}
	address->length = length;
	return r;
}

static int add_object(struct snapshot *snapshot, const struct kind *kind, const struct standing *standing, bool several)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer address = { 0 };
	struct record *record, *declared;
	struct value value;
	bool all = snapshot->flags & FERRY_SNAPSHOT_ALL;
	enum object_origin origin;
	int r = standing_record(kind, standing, &arena, &record);

	if (r < 0)
		return r;
	origin = origin_of(kind->channel->object, record);
	if (!all && origin >= OBJECT_PASSING) {
		snapshot->counts[origin == OBJECT_SECRET ? LEFT_KEYED : LEFT_PASSING]++;
		return 0;
	}
	r = record_declared(&arena, record, all, &declared, &snapshot->left);
	if (r < 0)
		return r;
	buffer_printf(&address, "%s/", kind->channel->name);
	buffer_add_text(&address, standing->path);
	if (address.failed)
		return -ENOMEM;
	if (!several)
		return add_leaves(snapshot, &address, declared);
	/* Of two objects of one address no field says whose it is: each is a line. */
	value = (struct value){ .type = VALUE_RECORD, .record = declared };
	if (address_under(address.data, snapshot->address) > 0)
		snapshot_add_line(snapshot, address.data, &value, NULL);
	return 0;
}

bool snapshot_asks_for(const struct snapshot *snapshot, const char *channel, const char *path)
{
	_cleanup_buffer_ struct buffer address = { 0 };
	size_t length;

	buffer_printf(&address, "%s/%s", channel, path);
	if (address.failed || address_under(address.data, snapshot->address) > 0)
		return true;
	length = strlen(address.data);
	return strpbrk(snapshot->address, "*?[") || (strncmp(snapshot->address, address.data, length) == 0 && snapshot->address[length] == '/');
}

static bool is_below(const char *address, const char *above)
{
	const size_t length = strlen(above);

	return strncmp(address, above, length) == 0 && (!address[length] || address[length] == '/');
}

static int by_place(const void *a, const void *b)
{
	const struct standing *first = a, *second = b;

	return first->place < second->place ? -1 : 1;
}

static int add_kind(struct snapshot *snapshot, const struct channel *channel)
{
	struct kind kind = { 0 };
	int r = kind_read(snapshot->ferry, channel, snapshot->flags & FERRY_SNAPSHOT_ALL, &kind);

	if (r == -EPERM && !is_below(snapshot->address, channel->name)) { /* among others */
		snapshot->counts[LEFT_BARRED]++;
		return 0;
	}
	if (r < 0)
		return r;
	if (snapshot->flags & FERRY_SNAPSHOT_ONLY && address_under(channel->name, snapshot->address) > 0)
		buffer_printf(&snapshot->body, "%s = only\n", channel->name);
	for (size_t i = 0; i < kind.count; i++) {
		struct standing *one = &kind.list[i];

		one->several = (i > 0 && strcmp(one[-1].path, one->path) == 0) || (i + 1 < kind.count && strcmp(one[1].path, one->path) == 0);
	}
	/* The first address of a link is the first that was made. */
	if (strcmp(channel->object->name, "addr") == 0)
		qsort(kind.list, kind.count, sizeof(*kind.list), by_place);
	for (size_t i = 0; r == 0 && i < kind.count; i++) {
		const struct standing *one = &kind.list[i];

		if (snapshot_asks_for(snapshot, channel->name, one->path))
			r = add_object(snapshot, &kind, one, one->several);
	}
	snapshot->torn |= kind.interrupted;
	kind_done(&kind);
	return r;
}

/* ---- What changes in transactions: an object a line, as each is made whole, and rules in their order ---- */

static void add_comment(struct snapshot *snapshot, const char *text)
{
	buffer_add_text(&snapshot->body, "# ");
	buffer_add_escaped(&snapshot->body, text, strlen(text));
	buffer_add_char(&snapshot->body, '\n');
}

void snapshot_drop_keys(struct record *record)
{
	for (uint32_t i = record->count; i-- > 0;)
		if (record->entries[i].field && record->entries[i].field->flags & FIELD_KEY)
			record_drop_entry(record, &record->entries[i]);
}

static int add_whole(struct snapshot *snapshot, const struct kind *kind, const struct standing *standing, struct arena *arena)
{
	_cleanup_buffer_ struct buffer address = { 0 };
	struct record *declared;
	const char *text;
	bool owned;
	int r = ruleset_declared(snapshot->ruleset, kind, standing, snapshot->flags & FERRY_SNAPSHOT_ALL, arena, &declared, &address, &owned,
				 &snapshot->left);

	if (r < 0)
		return r;
	if (!declared) {
		snapshot->counts[LEFT_OWNED] += owned;
		return 0;
	}
	if (kind->channel->object == &object_netfilter_rule) {
		text = ruleset_text(snapshot->ruleset, arena, declared);
		if (!text)
			return -ENOMEM;
		add_comment(snapshot, text);
		r = own_elements_write(arena, &declared);
		if (r < 0)
			return r;
	}
	snapshot_drop_keys(declared);
	snapshot_add_line(snapshot, address.data, &(struct value){ .type = VALUE_RECORD, .record = declared }, NULL);
	return 0;
}

static int add_wholes(struct snapshot *snapshot, const struct kind *kind)
{
	_cleanup_free_ struct standing **list = ruleset_in_order(kind);
	_cleanup_arena_ struct arena arena = { 0 };
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < kind->count; i++) {
		arena_reset(&arena);
		if (snapshot_asks_for(snapshot, kind->channel->name, list[i]->path))
			r = add_whole(snapshot, kind, list[i], &arena);
	}
	return r;
}

static int add_transactional(struct snapshot *snapshot, const struct channel *channel)
{
	int r = snapshot->ruleset ? 0 : ruleset_read(snapshot->ferry, &snapshot->ruleset);
	const struct kind *kind;

	if (r == -EPERM && !is_below(snapshot->address, channel->name)) {
		snapshot->counts[LEFT_BARRED]++;
		snapshot->ferry->error = (struct error){ 0 };
		return 0;
	}
	if (r < 0)
		return r;
	if (snapshot->flags & FERRY_SNAPSHOT_ONLY && address_under(channel->name, snapshot->address) > 0)
		buffer_printf(&snapshot->body, "%s = only\n", channel->name);
	snapshot->torn |= snapshot->ruleset->interrupted;
	kind = &snapshot->ruleset->kinds[ruleset_kind_of(channel->object)];
	return channel->object == &object_netfilter_element ? snapshot_add_elements(snapshot, kind) : add_wholes(snapshot, kind);
}

/* ---- Files ---- */

static enum reason judge(const struct snapshot *snapshot, const struct ferry_item *item, const struct nature *nature)
{
	if (nature && nature->flags & NATURE_SECRET)
		return LEFT_SECRET;
	if (item->error)
		return LEFT_UNREAD;
	if (nature && nature->nature == FERRY_ACTION)
		return LEFT_ACTION;
	if (!item->value)
		return LEFT_UNREAD;
	if (snapshot->flags & FERRY_SNAPSHOT_ALL)
		return LEFT_COUNT;
	if (!(item->mode & 0222))
		return LEFT_READ_ONLY;
	if (nature && nature->nature == FERRY_VOLATILE)
		return LEFT_VOLATILE;
	if (nature && nature_other(nature) && strcmp(nature_other(nature), "netlink/route/link") == 0)
		return LEFT_MIRROR;
	if (nature && nature->nature == FERRY_TWIN && item->value->value.type != VALUE_TEXT && ferry_value_number(item->value) == 0)
		return LEFT_TWIN;
	return LEFT_COUNT;
}

static int add_file(void *data, const struct ferry_item *item)
{
	struct snapshot *snapshot = data;
	_cleanup_buffer_ struct buffer address = { 0 };
	const struct nature *nature;
	enum reason reason;

	if (item->kind == FERRY_ITEM_BRANCH)
		return 0;
	/* What can be written is told by the address that everybody knows it by. */
	if (!(item->mode & 0222) || file_canonical_address(&snapshot->ferry->machine, item->address, &address) < 0)
		buffer_add_text(&address, item->address);
	if (address.failed)
		return -ENOMEM;
	nature = nature_of(address.data);
	reason = judge(snapshot, item, nature);
	if (reason == LEFT_COUNT)
		snapshot_add_line(snapshot, address.data, &item->value->value, item->value->field);
	else
		snapshot->counts[reason]++;
	snapshot->found = true;
	return 0;
}

/* ---- All of it ---- */

/* What netlink has beside its objects is answered, and holds nothing. */
static bool is_question(const struct channel *channel)
{
	return !channel->object && is_below(channel->name, "netlink");
}

static int add_channel(struct snapshot *snapshot, const struct channel *channel)
{
	int r;

	if (channel->object && !object_is_declared(channel->object) && !(snapshot->flags & FERRY_SNAPSHOT_ALL)) {
		snapshot->found = true;
		return 0;
	}
	if (channel->object && object_has_transactions(channel->object))
		return add_transactional(snapshot, channel);
	if (channel->object)
		return add_kind(snapshot, channel);
	if (is_question(channel))
		return 0;
	r = ferry_get(snapshot->ferry, snapshot->address, 0, add_file, snapshot);
	snapshot->torn |= r == FERRY_INCOMPLETE;
	return r < 0 ? r : 0;
}

static int add_address(struct snapshot *snapshot, const char *text)
{
	_cleanup_buffer_ struct buffer address = { 0 };
	struct error *error = &snapshot->ferry->error;
	size_t before = snapshot->body.length;
	const struct channel *own;
	int r = address_canonical(text, strlen(text), &address, error);

	if (r < 0)
		return r;
	if (address.failed)
		return no_memory(snapshot);
	snapshot->address = address.data;
	snapshot->found = false;
	for (unsigned int i = 0; r == 0 && i < channel_count; i++) {
		const char *name = channels[i]->name;
		bool below = is_below(address.data, name);

		if (strcmp(name, "procfs") != 0 && (below || address_under(name, address.data) > 0))
			r = add_channel(snapshot, channels[i]);
	}
	snapshot->address = NULL;
	if (r == -ENOMEM)
		return no_memory(snapshot);
	/* A kind of object of which there is none is there all the same. */
	own = channel_of(address.data, &(const char *){ NULL });
	if (r == 0 && !snapshot->found && snapshot->body.length == before && (!own || is_question(own)))
		return error_set(error, -ENOENT, "no such address: %s (documents are of sysctl, sysfs and netlink objects)", address.data);
	return r;
}

static void add_count(struct buffer *header, const char *what, uint64_t count)
{
	if (!count)
		return;
	buffer_add_text(header, "# left out: ");
	buffer_add_uint(header, count);
	buffer_printf(header, " %s\n", what);
}

static void add_header(struct snapshot *snapshot, const char *const *addresses, struct buffer *header)
{
	char time[TIME_TEXT_SIZE];
	struct utsname name = { 0 };

	uname(&name);
	time_format(time_real(), time);
	buffer_add_text(header, "# ferry snapshot of");
	for (; *addresses; addresses++)
		buffer_printf(header, " %s", *addresses);
	buffer_add_text(header, "\n# host: ");
	buffer_add_escaped(header, name.nodename, strlen(name.nodename));
	buffer_printf(header, "\n# kernel: %s\n# time: %s\n# network namespace: ", name.release, time);
	buffer_add_uint(header, snapshot->ferry->netns);
	buffer_add_char(header, '\n');
	if (snapshot->ferry->machine.root)
		buffer_printf(header, "# files below: %s\n", snapshot->ferry->machine.root);
	for (unsigned int i = 0; i < LEFT_COUNT; i++)
		add_count(header, reasons[i], snapshot->counts[i]);
	add_count(header, "fields that move by themselves", snapshot->left.volatile_fields);
	add_count(header, "fields that follow from other state", snapshot->left.derived_fields);
	add_count(header, "fields that are told, not set", snapshot->left.other_fields);
	add_count(header, "secret fields", snapshot->left.secret_fields);
	if (snapshot->torn)
		buffer_add_text(header, "# some of it changed while it was read: it may be torn\n");
}

/* HEADER before BODY, which is large: it is moved, not copied. */
static int put_before(struct buffer *body, const struct buffer *header)
{
	buffer_add(body, "", 0);
	if (header->failed || !buffer_reserve(body, header->length))
		return -ENOMEM;
	memmove(body->data + header->length, body->data, body->length + 1);
	memcpy(body->data, header->data, header->length);
	body->length += header->length;
	return 0;
}

/* Whole kinds that may not be read are missing like what is torn: who takes it for all that stands is told. */
static int incomplete(struct snapshot *snapshot)
{
	struct error *error = &snapshot->ferry->error;

	if (snapshot->torn)
		error_set(error, 0, "some of it changed while it was read: it may be torn");
	else if (snapshot->counts[LEFT_BARRED])
		error_set(error, 0, "left out: %" PRIu64 " %s", snapshot->counts[LEFT_BARRED], reasons[LEFT_BARRED]);
	else
		return 0;
	return FERRY_INCOMPLETE;
}

int ferry_snapshot(struct ferry *ferry, const char *const *addresses, unsigned int flags, char **ret_text)
{
	static const char *const usual[] = { "sysctl", "sysfs", "netlink", NULL };
	struct snapshot snapshot = { .ferry = ferry, .flags = flags };
	_cleanup_buffer_ struct buffer header = { 0 };
	int r = 0;

	ferry->error = (struct error){ 0 };
	if (!addresses || !*addresses)
		addresses = usual;
	machine_links_forget(&ferry->machine);
	for (const char *const *address = addresses; r == 0 && *address; address++)
		r = add_address(&snapshot, *address);
	ruleset_free(snapshot.ruleset);
	if (r == 0) {
		add_header(&snapshot, addresses, &header);
		if (put_before(&snapshot.body, &header) < 0)
			r = no_memory(&snapshot);
	}
	if (r < 0) {
		buffer_done(&snapshot.body);
		return r;
	}
	*ret_text = buffer_take(&snapshot.body);
	return incomplete(&snapshot);
}
