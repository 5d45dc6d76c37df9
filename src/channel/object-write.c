/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing objects, and the kernel's refusals in words. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/syscall.h>

#include "channel/object-inside.h"
#include "channel/words.h"
#include "model/field.h"

/* NL_POLICY_TYPE_ATTR_* (linux/netlink.h, since 5.9) */
enum {
	POLICY_TYPE = 1,
	POLICY_MINIMUM_SIGNED,
	POLICY_MAXIMUM_SIGNED,
	POLICY_MINIMUM,
	POLICY_MAXIMUM,
	POLICY_MINIMUM_LENGTH,
	POLICY_MAXIMUM_LENGTH,
	POLICY_MASK = 12,
};

static const char *type_name(const struct object *object, uint16_t type)
{
	const char *name = names_find(object->protocol->types, type);

	return name ? name : object->name;
}

struct range {
	bool has_minimum, has_maximum, is_signed, is_length;
	int64_t minimum, maximum;
	bool has_mask;
	uint64_t mask;
};

static int64_t number_of(const struct attribute_iterator *attribute)
{
	uint64_t eight;
	uint32_t four;

	if (attribute->length == sizeof(eight)) {
		memcpy(&eight, attribute->data, sizeof(eight));
		return (int64_t)eight;
	}
	if (attribute->length < sizeof(four))
		return 0;
	memcpy(&four, attribute->data, sizeof(four));
	return four;
}

static struct range read_policy(const void *data, size_t length)
{
	struct range range = { 0 };

	for (struct attribute_iterator i = attributes(data, length); attribute_next(&i);) {
		switch (i.type) {
		case POLICY_MINIMUM_SIGNED:
		case POLICY_MINIMUM:
		case POLICY_MINIMUM_LENGTH:
			range.has_minimum = true;
			range.minimum = number_of(&i);
			break;
		case POLICY_MAXIMUM_SIGNED:
		case POLICY_MAXIMUM:
		case POLICY_MAXIMUM_LENGTH:
			range.has_maximum = true;
			range.maximum = number_of(&i);
			break;
		case POLICY_MASK:
			range.has_mask = true;
			range.mask = (uint64_t)number_of(&i);
			break;
		}
		range.is_signed |= i.type == POLICY_MINIMUM_SIGNED || i.type == POLICY_MAXIMUM_SIGNED;
		range.is_length |= i.type == POLICY_MINIMUM_LENGTH || i.type == POLICY_MAXIMUM_LENGTH;
	}
	return range;
}

static void add_bound(struct buffer *words, bool has, int64_t bound, bool is_signed, const char *none)
{
	if (!has)
		buffer_add_text(words, none);
	else if (is_signed)
		buffer_add_int(words, bound);
	else
		buffer_add_uint(words, (uint64_t)bound);
}

static void add_range(struct buffer *words, const struct netlink_ack *ack)
{
	const struct range range = read_policy(ack->policy, ack->policy_length);

	if (range.has_minimum || range.has_maximum) {
		buffer_add_text(words, range.is_length ? ", must have " : ", must be ");
		add_bound(words, range.has_minimum, range.minimum, range.is_signed, "..");
		if (!range.has_minimum || !range.has_maximum || range.minimum != range.maximum) {
			buffer_add_text(words, range.has_minimum ? ".." : "");
			add_bound(words, range.has_maximum, range.maximum, range.is_signed, "");
		}
		if (range.is_length)
			buffer_add_text(words, " bytes");
	}
	if (range.has_mask)
		buffer_printf(words, ", may have the bits %#llx", (unsigned long long)range.mask);
}

/* "(attribute linkinfo/data/id)": what the kernel points at. Its offset counts from the netlink header. */
static void add_attribute(struct buffer *words, const struct object *object, const void *payload, size_t length, const struct netlink_ack *ack)
{
	_cleanup_buffer_ struct buffer path = { 0 };

	if (ack->has_offset && ack->offset >= NLMSG_HDRLEN && !object->frame &&
	    schema_path_at(object->schema, payload, length, ack->offset - NLMSG_HDRLEN, &path) == 0 && !path.failed && path.length)
		buffer_printf(words, " (attribute %s)", path.data);
}

static void add_missing(struct buffer *words, const struct object *object, const void *payload, size_t length, const struct netlink_ack *ack)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	const struct field *field = NULL;

	if (ack->missing_type == 0)
		return;
	if (ack->has_missing_nest && ack->missing_nest >= NLMSG_HDRLEN &&
	    schema_path_at(object->schema, payload, length, ack->missing_nest - NLMSG_HDRLEN, &path) == 0 && !path.failed) {
		buffer_printf(words, " (attribute %u is missing in %s)", ack->missing_type, path.data);
		return;
	}
	if (ack->missing_type < object->schema->attribute_count)
		field = &object->schema->attributes[ack->missing_type];
	if (field && field->name)
		buffer_printf(words, " (attribute %s is missing)", field->name);
	else
		buffer_printf(words, " (attribute %u is missing)", ack->missing_type);
}

static int refusal(const struct object *object, uint16_t type, const void *payload, size_t length, const struct netlink_ack *ack, struct error *error)
{
	const char *own = object->error_words && ack->result < 0 ? object->error_words((uint32_t)-ack->result) : NULL;
	_cleanup_buffer_ struct buffer words = { 0 };

	if (own)
		buffer_printf(&words, "%s: %s (error %d)", type_name(object, type), own, -ack->result);
	else
		buffer_printf(&words, "%s: %s (%s)", type_name(object, type), error_text(ack->result), error_symbol(ack->result));
	if (ack->message && *ack->message) {
		buffer_add_text(&words, ": ");
		buffer_add_escaped(&words, ack->message, strlen(ack->message));
	}
	add_attribute(&words, object, payload, length, ack);
	add_missing(&words, object, payload, length, ack);
	if (ack->policy)
		add_range(&words, ack);
	if (ack->result == -EPERM)
		buffer_add_text(&words, ", needs CAP_NET_ADMIN");
	if (words.failed)
		return error_set(error, ack->result, "%s: %s", type_name(object, type), error_text(ack->result));
	return error_set(error, ack->result, "%s", words.data);
}

int object_refusal(const struct object *object, const void *payload, size_t length, const struct netlink_ack *ack, struct error *error)
{
	const uint8_t command = object->protocol->family && length ? *(const uint8_t *)payload : 0;
	uint16_t type = object->get_type;

	/* What we ask ourselves has its command put in only where it is sent. */
	if (command)
		type = NETLINK_ASKED(command);
	else if (ack->request && !object->protocol->family)
		type = ack->request->nlmsg_type;

	return refusal(object, type, payload, length, ack, error);
}

/* ---- Requests ---- */

static int put_in_frame(const struct object *object, struct buffer *payload)
{
	struct buffer framed = { 0 };

	object->frame(payload, &framed);
	buffer_done(payload);
	*payload = framed;
	return framed.failed ? -ENOMEM : 0;
}

static int encode_whole(const struct object *object, const struct record *record, struct buffer *payload, struct error *error)
{
	const uint32_t filter = FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE;

	return object->encode ? object->encode(record, filter, payload, error) : schema_encode(record, filter, payload, error);
}

const char *object_cannot_be_made(const struct object *object, const struct record *record)
{
	const char *why = "";

	if (object->comes_by_itself)
		return object->comes_by_itself;
	return object->can_be_made && !object->can_be_made(record, &why) ? (*why ? why : "it cannot be made") : NULL;
}

static int removal_request(const struct object *object, const struct record *record, struct buffer *request, struct error *error)
{
	if (object->comes_by_itself)
		return error_set(error, -EOPNOTSUPP, "%s", object->comes_by_itself);
	if (object->remove_request)
		return object->remove_request(record, request, error);
	return schema_encode(record, object->remove_filter ? object->remove_filter : FIELD_KEY, request, error);
}

int object_request(const struct object *object, struct machine *machine, struct arena *arena, const struct record *record, enum object_write write,
		   struct object_request *ret)
{
	struct object_request request = { .type = object->create_type ? object->create_type : object->new_type };
	struct record *copy;
	int r = object_prepared(object, arena, record, write, &copy);

	if (r == 0 && object->fill_in)
		r = object->fill_in(machine, arena, copy, write);
	if (r < 0)
		return machine->error.code == r ? r : error_set(&machine->error, r, "%s: %s", object->name, error_text(r));
	if (write == OBJECT_REMOVE) {
		request.type = object->remove_type ? object->remove_type : object->delete_type;
		r = removal_request(object, copy, &request.payload, &machine->error);
	} else if (write == OBJECT_CREATE && object->comes_by_itself) {
		return error_set(&machine->error, -EOPNOTSUPP, "%s", object->comes_by_itself);
	} else {
		request.flags = NLM_F_CREATE;
		if (write == OBJECT_REPLACE && object->replace_type)
			request.type = object->replace_type;
		else if (write == OBJECT_REPLACE)
			request.flags |= NLM_F_REPLACE;
		else if (!object->stands_beside || !object->stands_beside(copy))
			request.flags |= NLM_F_EXCL;
		else
			request.flags |= object->beside_flags;
		r = encode_whole(object, copy, &request.payload, &machine->error);
	}
	if (r == 0 && object->frame)
		r = put_in_frame(object, &request.payload);
	if (r < 0) {
		buffer_done(&request.payload);
		return r;
	}
	*ret = request;
	return 0;
}

int object_refused(const struct object *object, const struct object_request *request, const struct netlink_ack *ack, struct error *error)
{
	return refusal(object, request->type, request->payload.data, request->payload.length, ack, error);
}

/* ---- A request that is a transaction of its own ---- */

struct transaction {
	const struct object *object;
	const struct object_request *request;
	struct error *error;
	netlink_function *echo;
	void *data;
};

static int take_refusal(void *data, uint32_t index, const struct netlink_ack *ack)
{
	const struct transaction *transaction = data;

	(void)index;
	return object_refused(transaction->object, transaction->request, ack, transaction->error);
}

static int take_echo(void *data, const struct nlmsghdr *message)
{
	const struct transaction *transaction = data;

	return transaction->echo ? transaction->echo(transaction->data, message) : 0;
}

int object_transact(const struct object *object, struct machine *machine, const struct object_request *request, netlink_function *echo, void *data)
{
	struct transaction transaction = { object, request, &machine->error, echo, data };
	struct netlink_batch batch = { 0 };
	struct netlink *netlink;
	int r = machine_netlink(machine, object->protocol->number, &netlink);

	if (r < 0)
		return r;
	machine->error = (struct error){ 0 };
	r = netlink_batch_add(netlink, &batch, request->type, request->flags | (echo ? NLM_F_ECHO : 0), request->payload.data,
			      request->payload.length);
	if (r == 0)
		r = netlink_transaction(netlink, &batch, request->type >> 8, 0, take_refusal, take_echo, &transaction);
	netlink_batch_done(&batch);
	if (r < 0 && machine->error.code != r)
		return object_refused(object, request, &(struct netlink_ack){ .result = r }, &machine->error);
	return r;
}

int object_send_request(const struct object *object, struct machine *machine, const struct object_request *request)
{
	struct netlink_ack ack;
	struct netlink *netlink;
	int r = machine_netlink(machine, object->protocol->number, &netlink);

	if (r < 0)
		return r;
	if (object_has_transactions(object))
		return object_transact(object, machine, request, NULL, NULL);
	r = netlink_request(netlink, request->type, request->flags, request->payload.data, request->payload.length, NULL, NULL, &ack);
	if (r == 0)
		return 0;
	ack.result = r;
	return object_refused(object, request, &ack, &machine->error);
}

int object_send(const struct object *object, struct machine *machine, uint16_t type, uint16_t flags, const struct record *record, uint32_t filter)
{
	struct object_request request = { .type = type, .flags = flags };
	int r = schema_encode(record, filter, &request.payload, &machine->error);

	if (r == 0)
		r = object_send_request(object, machine, &request);
	buffer_done(&request.payload);
	return r;
}

int object_prepared(const struct object *object, struct arena *arena, const struct record *record, enum object_write write, struct record **ret)
{
	struct record *copy;
	int r = record_copy(arena, record, &copy);

	if (r == 0 && object->prepare)
		r = object->prepare(arena, copy, write);
	if (r < 0)
		return r;
	*ret = copy;
	return 0;
}

/* Creation, replacement and removal are one request each. */
static int write_once(const struct object *object, struct machine *machine, struct arena *arena, const struct record *record, enum object_write write)
{
	struct object_request request;
	int r = object_request(object, machine, arena, record, write, &request);

	if (r < 0)
		return r;
	r = object_send_request(object, machine, &request);
	buffer_done(&request.payload);
	return r;
}

int object_merge(struct arena *arena, struct record *now, const struct record *wanted)
{
	for (uint32_t i = 0; i < wanted->count; i++) {
		const struct entry *entry = &wanted->entries[i];
		struct record *inside;
		int r;

		if (!entry->name)
			continue;
		inside = record_inside(now, entry->name);
		if (entry->value.type == VALUE_NULL) {
			record_drop(now, entry->name);
			continue;
		}
		/* Options of another kind take the place of those that stand. */
		if (inside && entry->value.type == VALUE_RECORD && inside->schema == entry->value.record->schema)
			r = object_merge(arena, inside, entry->value.record);
		else
			r = record_put(arena, now, entry->name, entry->value);
		if (r < 0)
			return r;
	}
	return 0;
}

bool object_is_same(const struct object *object, const struct record *a, const struct record *b)
{
	_cleanup_buffer_ struct buffer key_a = { 0 }, key_b = { 0 };

	object_key(object, a, &key_a);
	object_key(object, b, &key_b);
	return !key_a.failed && !key_b.failed && key_a.length == key_b.length && memcmp(key_a.data, key_b.data, key_a.length) == 0;
}

/* The kernel replaces whole objects, so that what is not given is taken from the one that stands. */
static int change(const struct object *object, struct machine *machine, struct arena *arena, const struct record *record)
{
	struct record *now;
	int r = object_get(object, machine, record, arena, &now);

	if (r < 0)
		return r;
	r = object_merge(arena, now, record);
	if (r < 0)
		return error_set(&machine->error, r, "%s: %s", object->name, error_text(r));
	if (object->no_replace) {
		r = object_write(object, machine, record, OBJECT_REMOVE);
		return r < 0 ? r : write_once(object, machine, arena, now, OBJECT_CREATE);
	}
	return write_once(object, machine, arena, now, OBJECT_REPLACE);
}

int object_write(const struct object *object, struct machine *machine, const struct record *record, enum object_write write)
{
	_cleanup_(arena_done) struct arena arena = { 0 };
	int r = write == OBJECT_CREATE && object->stands_on ? object->stands_on(machine, record) : 0;

	if (r < 0)
		return r;
	if (object->write)
		return object->write(object, machine, record, write);
	if (write == OBJECT_CHANGE)
		return change(object, machine, &arena, record);
	return write_once(object, machine, &arena, record, write);
}

/* ---- Rights ---- */

/* A request that the kernel judges by our rights before it looks at what it is, and that does nothing: no such thing is made by RTM_NEWSTATS. Needed
 * only without the capability, since who made the namespace may change it all the same. */
static bool kernel_permits(struct netlink *netlink)
{
	const struct rtgenmsg nothing = { .rtgen_family = AF_UNSPEC };

	return netlink_request(netlink, RTM_NEWSTATS, 0, &nothing, sizeof(nothing), NULL, NULL, NULL) != -EPERM;
}

static bool is_capable(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return true;
	return data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN);
}

int object_permitted(struct machine *machine)
{
	struct netlink *netlink;
	int r;

	if (is_capable())
		return 0;
	r = machine_netlink(machine, NETLINK_ROUTE, &netlink);
	if (r < 0 || kernel_permits(netlink))
		return r;
	return error_set(&machine->error, -EPERM, "changing network objects needs CAP_NET_ADMIN in this network namespace");
}
