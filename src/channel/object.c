/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects of netlink by their descriptors: decoding, identity, dumps, one by its key. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/object-inside.h"

#define ATTEMPTS 5

/* ---- Messages and records ---- */

int object_decode(const struct object *object, const struct nlmsghdr *message, struct arena *arena, struct record **ret)
{
	struct record *record = NULL;
	int r, mended;

	if (message->nlmsg_len < NLMSG_HDRLEN)
		return -EBADMSG;
	r = schema_decode(object->schema, NLMSG_DATA(message), message->nlmsg_len - NLMSG_HDRLEN, arena, &record);
	if (!record)
		return r < 0 ? r : -EBADMSG;
	mended = object->mend ? object->mend(arena, record) : 0;
	if (mended < 0)
		return mended;
	*ret = record;
	return r;
}

int object_translate(const struct object *object, struct machine *machine, bool write, const char **path, struct buffer *room)
{
	int r = object->translate ? object->translate(machine, *path, write, room) : 0;

	if (r == 0 && room->length)
		*path = room->data;
	return r;
}

void object_address(const struct object *object, const struct record *record, const struct naming *naming, struct buffer *ret)
{
	buffer_add_text(ret, object->protocol->name);
	buffer_add_char(ret, '/');
	buffer_add_text(ret, object->name);
	buffer_add_char(ret, '/');
	object->path(record, naming, ret);
}

static void key_bytes(uint8_t kind, const void *data, size_t length, struct buffer *ret)
{
	const uint16_t size = (uint16_t)length;

	buffer_add_char(ret, (char)kind);
	buffer_add(ret, &size, sizeof(size));
	buffer_add(ret, data, length);
}

/* Nothing for a number that is 0: whether the kernel says it or leaves it out is the same. */
static void key_value(uint32_t place, const struct field *field, const struct value *value, struct buffer *ret)
{
	const int16_t prefix = value->type == VALUE_ADDRESS ? value->bytes.prefix : -1;
	uint64_t number;

	switch (value->type) {
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_UINT:
		number = value->type == VALUE_BOOL ? value->boolean : value->number & (field ? field_significance(field) : UINT64_MAX);
		if (number == 0)
			return;
		buffer_add(ret, &place, sizeof(place));
		key_bytes(0, &number, sizeof(number), ret);
		return;
	case VALUE_TEXT:
	case VALUE_BYTES:
	case VALUE_ADDRESS:
		buffer_add(ret, &place, sizeof(place));
		key_bytes((uint8_t)value->type, value->bytes.data, value->bytes.length, ret);
		buffer_add(ret, &prefix, sizeof(prefix));
		return;
	case VALUE_RECORD:
		buffer_add(ret, &place, sizeof(place));
		for (uint32_t i = 0; i < value->record->count; i++)
			key_value(i + 1, value->record->entries[i].field, &value->record->entries[i].value, ret);
		return;
	default:
		return;
	}
}

static bool identifies(const struct object *object, const struct record *record, const struct field *field)
{
	return object->identifies ? object->identifies(record, field) : field->flags & FIELD_KEY;
}

void object_key(const struct object *object, const struct record *record, struct buffer *ret)
{
	const struct schema *schema = object->schema;

	/* Kinds may share message types. */
	buffer_add_text(ret, object->name);
	buffer_add_char(ret, '/');
	/* A header field that an attribute overrides has its name, and is found by it in either shape. */
	for (uint32_t i = 0; i < schema->header_count; i++) {
		const struct entry *entry;

		if (!identifies(object, record, &schema->header[i]))
			continue;
		entry = record_at(record, schema->header[i].name);
		if (entry)
			key_value(0x10000 + i, entry->field, &entry->value, ret);
	}
	for (uint32_t i = 0; i < schema->attribute_count; i++) {
		const struct field *field = &schema->attributes[i];
		const struct entry *entry;

		if (!field->name || !identifies(object, record, field) || object_is_header(schema, field->name))
			continue;
		entry = record_at(record, field->name);
		if (entry)
			key_value(i, field, &entry->value, ret);
	}
}

bool object_is_header(const struct schema *schema, const char *name)
{
	for (uint32_t i = 0; i < schema->header_count; i++)
		if (strcmp(schema->header[i].name, name) == 0)
			return true;
	return false;
}

/* ---- The list of objects ---- */

const struct object *object_next(const struct protocol *protocol, unsigned int *position)
{
	while (*position < channel_count) {
		const struct object *object = channels[(*position)++]->object;

		if (object && (!protocol || object->protocol == protocol))
			return object;
	}
	return NULL;
}

static bool is_about(const struct object *object, const struct nlmsghdr *message)
{
	if (message->nlmsg_type != object->new_type && message->nlmsg_type != object->delete_type)
		return false;
	if (message->nlmsg_len < NLMSG_LENGTH(object->schema->header_size))
		return false;
	return !object->concerns || object->concerns(message);
}

const struct object *object_of(const struct protocol *protocol, const struct nlmsghdr *message, bool *ret_removed)
{
	const struct object *object;
	unsigned int position = 0;

	while ((object = object_next(protocol, &position)))
		if (is_about(object, message)) {
			*ret_removed = message->nlmsg_type == object->delete_type;
			return object;
		}
	return NULL;
}

bool object_is_recorded(const struct object *object)
{
	return !object->untold || object->asked_by[0];
}

bool object_is_declared(const struct object *object)
{
	return object_is_recorded(object) || object->declared;
}

bool object_is_asked_by(const struct object *object, uint16_t type)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(object->asked_by) && object->asked_by[i]; i++)
		if (object->asked_by[i] == type)
			return true;
	return false;
}

/* ---- Dumps ---- */

struct dump {
	const struct object *object;
	object_message_function *function;
	void *data;
	struct buffer room; /* of a message that was split */
};

/* A filter that the kernel does not know is no filter, and dumps hold foreign objects too: looked at again here. */
static int take_one(void *data, const struct nlmsghdr *message)
{
	const struct dump *dump = data;

	if (message->nlmsg_type != dump->object->new_type || !is_about(dump->object, message))
		return 0;
	return dump->function(dump->data, message);
}

static int take_message(void *data, const struct nlmsghdr *message)
{
	struct dump *dump = data;

	if (!dump->object->split)
		return take_one(data, message);
	if (message->nlmsg_type != dump->object->new_type && message->nlmsg_type != dump->object->get_type)
		return 0;
	return dump->object->split(message, &dump->room, take_one, dump);
}

static void empty_request(const struct object *object, uint8_t family, struct buffer *request)
{
	char *header = buffer_reserve(request, object->schema->header_size);

	if (!header)
		return;
	memset(header, 0, object->schema->header_size);
	header[0] = (char)family;
	request->length += object->schema->header_size;
}

int object_dump_request(const struct object *object, struct netlink *netlink, const struct buffer *request, object_message_function *function,
			void *data, bool *ret_interrupted, struct error *error)
{
	struct dump dump = { .object = object, .function = function, .data = data };
	struct netlink_ack ack;
	int r;

	if (request->failed)
		return -ENOMEM;
	if (object->single) {
		*ret_interrupted = false;
		r = netlink_request(netlink, object->get_type, 0, request->data, request->length, take_message, &dump, &ack);
	} else {
		r = netlink_dump(netlink, object->get_type, 0, request->data, request->length, take_message, &dump, ret_interrupted, &ack);
	}
	buffer_done(&dump.room);
	/* A generic family that has no such dump refuses the request itself; at the end of one it may be what the last link alone has not (ethtool
	 * in 5.10). */
	if (r == -EOPNOTSUPP && object->protocol->family && ack.result == r && !ack.request)
		return 0;
	if (r < 0 && ack.result == r)
		return object_refusal(object, request->data, request->length, &ack, error);
	return r;
}

/* A protocol family that this kernel does not have, or has switched off, has no objects. */
static bool is_absent(const struct object *object, int r)
{
	return (object->family_count > 1 || object->may_lack) && (r == -EOPNOTSUPP || r == -EAFNOSUPPORT || (r == -ENOENT && object->may_lack));
}

/* A place that has gone meanwhile has nothing to tell. */
static int dump_places(const struct object *object, struct netlink *netlink, const struct dump *dump, bool *ret_interrupted, struct error *error)
{
	const size_t size = object->schema->header_size;
	_cleanup_buffer_ struct buffer places = { 0 };
	int r = object->places(netlink, &places);

	for (size_t at = 0; r == 0 && at + size <= places.length; at += size) {
		const struct buffer request = { .data = places.data + at, .length = size };
		bool interrupted = false;

		r = object_dump_request(object, netlink, &request, dump->function, dump->data, &interrupted, error);
		if (r == -ENODEV || r == -ENOENT)
			r = 0;
		*ret_interrupted |= interrupted;
	}
	return r;
}

static void add_dump_request(const struct object *object, uint8_t family, bool everything, struct buffer *request)
{
	if (everything && object->dump_all)
		object->dump_all(request, family);
	else if (object->dump)
		object->dump(request, family);
	else
		empty_request(object, family, request);
}

static int dump_once(const struct object *object, struct netlink *netlink, const struct record *key, const struct dump *dump, bool everything,
		     bool *ret_interrupted, struct error *error)
{
	*ret_interrupted = false;
	if (object->places) {
		const int r = dump_places(object, netlink, dump, ret_interrupted, error);

		return is_absent(object, r) ? 0 : r;
	}
	if (object->dump_each)
		return object->dump_each(object, netlink, key, dump->function, dump->data, ret_interrupted, error);
	for (unsigned int i = 0; i < object->family_count; i++) {
		_cleanup_buffer_ struct buffer request = { 0 };
		bool interrupted = false;
		int r;

		add_dump_request(object, object->families[i], everything, &request);
		r = object_dump_request(object, netlink, &request, dump->function, dump->data, &interrupted, error);
		if (r != 0 && !is_absent(object, r))
			return r;
		*ret_interrupted |= interrupted;
	}
	return 0;
}

int object_dump_whole(const struct object *object, struct netlink *netlink, const struct record *key, bool everything,
		      object_message_function *function, void *data, bool *ret_interrupted, struct error *error)
{
	const struct dump dump = { .object = object, .function = function, .data = data };
	bool interrupted = false;
	int r = 0;

	for (unsigned int attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (attempt > 0) {
			r = function(data, NULL);
			if (r != 0)
				return r;
		}
		r = dump_once(object, netlink, key, &dump, everything, &interrupted, error);
		/* Lost for want of room, which has been made: the same again. */
		if (r == -EMSGSIZE || r == -ENOBUFS)
			continue;
		if (r != 0 || !interrupted)
			break;
	}
	if (r != 0)
		return r;
	*ret_interrupted = interrupted;
	return 0;
}

static int nothing(void *data, const struct nlmsghdr *message)
{
	(void)data;
	(void)message;
	return 0;
}

bool object_is_lacking(const struct object *object, struct netlink *netlink)
{
	bool lacking = object->may_lack && !object->dump_each;

	if (lacking && object->places) {
		_cleanup_buffer_ struct buffer places = { 0 };

		return is_absent(object, object->places(netlink, &places));
	}
	for (unsigned int i = 0; lacking && i < object->family_count; i++) {
		_cleanup_buffer_ struct buffer request = { 0 };
		bool interrupted;
		struct error error;

		add_dump_request(object, object->families[i], false, &request);
		lacking = is_absent(object, object_dump_request(object, netlink, &request, nothing, NULL, &interrupted, &error));
	}
	return lacking;
}

int object_dump(const struct object *object, struct netlink *netlink, object_message_function *function, void *data, bool *ret_interrupted,
		struct error *error)
{
	return object_dump_whole(object, netlink, NULL, false, function, data, ret_interrupted, error);
}

/* ---- One object ---- */

struct search {
	const struct object *object;
	struct machine *machine;
	const struct record *key;
	struct buffer identity, path; /* of KEY */
	struct arena *arena;
	struct record *found;
	bool exact; /* FOUND has the very identity, not just the address */
	bool any;   /* the kernel was asked for this one object: what it answers is it */
};

/* A key that came from a path may lack what a path does not say (a rule's table): then the address decides. */
static int compare(struct search *search, const struct record *record, bool *ret_exact)
{
	_cleanup_buffer_ struct buffer identity = { 0 }, path = { 0 };

	object_key(search->object, record, &identity);
	if (identity.failed)
		return -ENOMEM;
	*ret_exact = identity.length == search->identity.length && memcmp(identity.data, search->identity.data, identity.length) == 0;
	if (*ret_exact || search->any)
		return 1;
	search->object->path(record, &search->machine->naming, &path);
	if (path.failed)
		return -ENOMEM;
	return path.length == search->path.length && memcmp(path.data, search->path.data, path.length) == 0;
}

static int search_message(void *data, const struct nlmsghdr *message)
{
	_cleanup_(arena_done) struct arena arena = { 0 };
	struct search *search = data;
	struct record *record;
	bool exact = false;
	int r;

	if (!message) {
		search->found = NULL;
		search->exact = false;
		return 0;
	}
	if (search->exact || message->nlmsg_type != search->object->new_type)
		return 0;
	r = object_decode(search->object, message, &arena, &record);
	if (r < 0)
		return r == -EBADMSG ? 0 : r;
	r = compare(search, record, &exact);
	if (r < 0)
		return r;
	if (r == 0 || (search->found && !exact))
		return 0;
	search->exact = exact;
	/* The message is overwritten by the next one. */
	return record_copy(search->arena, record, &search->found);
}

static int search_one(struct search *search, struct netlink *netlink)
{
	const struct object *object = search->object;
	_cleanup_buffer_ struct buffer request = { 0 };
	struct netlink_ack ack;
	bool interrupted;
	int kind = object->get ? object->get(search->key, &request) : -ENOENT, r;

	if (request.failed)
		return -ENOMEM;
	if (kind == OBJECT_GET_DUMP) {
		r = object_dump_request(object, netlink, &request, search_message, search, &interrupted, &search->machine->error);
		/* No such table, no such link: then nothing of the kind either. */
		return r == -ENODEV ? -ENOENT : r;
	}
	if (kind != OBJECT_GET_ONE)
		return object_dump_whole(object, netlink, search->key, false, search_message, search, &interrupted, &search->machine->error);
	search->any = true;
	for (unsigned int attempt = 0; attempt < ATTEMPTS; attempt++) {
		r = netlink_request(netlink, object->get_type, 0, request.data, request.length, search_message, search, &ack);
		if (r != -EMSGSIZE)
			break;
	}
	if (r == -ENODEV || r == -ENXIO || r == -ESRCH || is_absent(object, r))
		return -ENOENT;
	if (r < 0 && r != -ENOENT && ack.result == r)
		return object_refusal(object, request.data, request.length, &ack, &search->machine->error);
	return r;
}

int object_get(const struct object *object, struct machine *machine, const struct record *key, struct arena *arena, struct record **ret)
{
	struct search search = { .object = object, .machine = machine, .key = key, .arena = arena };
	struct netlink *netlink;
	int r = machine_netlink(machine, object->protocol->number, &netlink);

	if (r < 0)
		return r;
	object_key(object, key, &search.identity);
	object->path(key, &machine->naming, &search.path);
	r = search.identity.failed || search.path.failed ? -ENOMEM : search_one(&search, netlink);
	if (r == 0 && !search.found)
		r = -ENOENT;
	if (r == -ENOENT)
		(void)error_set(&machine->error, r, "there is no %s/%s/%s%s%s", object->protocol->name, object->name,
				search.path.data ? search.path.data : "", object->why_none ? "; " : "", object->why_none ? object->why_none : "");
	buffer_done(&search.identity);
	buffer_done(&search.path);
	if (r < 0)
		return r;
	*ret = search.found;
	return 0;
}
