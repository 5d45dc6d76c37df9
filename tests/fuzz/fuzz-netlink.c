/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Netlink messages to objects. The first two bytes pick the object; the rest is two messages' bodies, cut in the middle: each is read, named,
 * printed, parsed and sent, both are compared, and all of it is taken for a notice of another layout. What was read from anything must come back from
 * its own text, and what was sent must be read as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/netfilter_sets.h"

#define SENT (FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint32_t hash(uint32_t seed, const char *text)
{
	for (; *text; text++)
		seed = (seed ^ (uint8_t)*text) * 16777619u;
	return seed ^ seed >> 15;
}

/* The one whose name and NUMBER make the most together, so that a new kind takes the inputs of few others. */
static const struct object *pick(uint16_t number)
{
	const struct object *object, *most = NULL;
	unsigned int position = 0;
	uint32_t highest = 0;

	while ((object = object_next(NULL, &position))) {
		const uint32_t weight = hash(hash(2166136261u ^ number * 2654435761u, object->protocol->name), object->name);

		if (!most || weight > highest) {
			most = object;
			highest = weight;
		}
	}
	return most;
}

/* A message around BODY, in memory of just its length, so that a step beyond it is seen. */
static struct nlmsghdr *message_of(const struct object *object, uint16_t type, const uint8_t *body, size_t length)
{
	struct nlmsghdr *message = malloc(NLMSG_HDRLEN + length);

	(void)object;
	require(message != NULL);
	*message = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length), .nlmsg_type = type };
	memcpy((uint8_t *)message + NLMSG_HDRLEN, body, length);
	return message;
}

static bool is_printable(const struct buffer *buffer)
{
	for (size_t i = 0; i < buffer->length; i++)
		if ((unsigned char)buffer->data[i] < 0x20 || buffer->data[i] == 0x7f)
			return false;
	return true;
}

static void test_text(const struct object *object, const struct record *record)
{
	_cleanup_buffer_ struct buffer text = { 0 }, again = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error = { 0 };
	struct record *parsed;

	record_json(&text, record, NULL);
	require(!text.failed && is_printable(&text));
	/* A record of a malformed message may hold what a text can not say (an attribute twice); whatever is taken is stable. */
	if (record_parse_json(object->schema, text.data, text.length, NULL, &arena, &parsed, &error) < 0)
		return;
	record_json(&again, parsed, NULL);
	buffer_clear(&text);
	if (record_parse_json(object->schema, again.data, again.length, NULL, &arena, &parsed, &error) < 0)
		abort();
	record_json(&text, parsed, NULL);
	require(text.length == again.length && memcmp(text.data, again.data, text.length) == 0);
}

/* What is taken of the text form is the same as what is taken of JSON. */
static void test_shown(const struct object *object, const struct record *record)
{
	_cleanup_buffer_ struct buffer shown = { 0 }, json = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	const struct value value = { .type = VALUE_RECORD, .record = record };
	struct error error = { 0 };
	struct record *parsed, *other;

	value_print(&shown, &value, NULL, NULL);
	require(is_printable(&shown));
	record_json(&json, record, NULL);
	if (record_parse_json(object->schema, json.data, json.length, NULL, &arena, &other, &error) < 0)
		return;
	if (record_parse_text(object->schema, shown.data, shown.length, NULL, &arena, &parsed, &error) < 0)
		abort();
	require(value_equal(&(struct value){ .type = VALUE_RECORD, .record = parsed }, &(struct value){ .type = VALUE_RECORD, .record = other }));
}

static void test_path(const struct object *object, const struct record *record)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error = { 0 };
	struct record *key;
	const char *rest;

	object_address(object, record, NULL, &path);
	require(!path.failed);
	(void)!object->parse(path.data + strlen(object->protocol->name) + strlen(object->name) + 2, NULL, &arena, &key, &rest, &error);
}

static void test_send(const struct object *object, const struct record *record)
{
	_cleanup_buffer_ struct buffer first = { 0 }, second = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error = { 0 };
	struct record *copy, *sent;

	require(record_copy(&arena, record, &copy) == 0);
	if (object->prepare)
		require(object->prepare(&arena, copy, OBJECT_CREATE) == 0);
	if (schema_encode(copy, SENT, &first, &error) < 0)
		return;
	require(schema_decode(object->schema, first.data, first.length, &arena, &sent) == 0);
	if (schema_encode(sent, SENT, &second, &error) < 0)
		abort();
	require(first.length == second.length && (first.length == 0 || memcmp(first.data, second.data, first.length) == 0));
}

static struct record *test_message(const struct object *object, struct arena *arena, const struct nlmsghdr *message)
{
	_cleanup_buffer_ struct buffer key = { 0 }, again = { 0 };
	struct record *record = NULL;
	bool removed;

	(void)object_of(object->protocol, message, &removed);
	if (object_decode(object, message, arena, &record) < 0 && !record)
		return NULL;
	object_key(object, record, &key);
	object_key(object, record, &again);
	require(key.length == again.length && memcmp(key.data, again.data, key.length) == 0);
	test_text(object, record);
	test_shown(object, record);
	test_path(object, record);
	test_send(object, record);
	if (object == &object_netfilter_rule)
		require(netfilter_rule_complete(arena, record, NULL, NULL, false) == 0);
	return record;
}

/* Another type of message of the same protocol, which may be a notice or a request of another layout. */
static void test_unify(const struct object *object, const uint8_t *data, size_t size)
{
	_cleanup_free_ struct nlmsghdr *message = message_of(object, object->new_type ^ (data[0] & 15), data, size);
	_cleanup_buffer_ struct buffer room = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	const struct nlmsghdr *unified = protocol_unify(object->protocol, message, &room);
	struct record *record = NULL;
	bool removed;
	const struct object *other = object_of(object->protocol, unified, &removed);

	if (other)
		(void)!object_decode(other, unified, &arena, &record);
	if (record)
		test_path(other, record);
}

static int take_part(void *data, const struct nlmsghdr *message)
{
	const struct object *object = data;
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record = NULL;

	require(message->nlmsg_len >= NLMSG_LENGTH(object->schema->header_size));
	(void)!object_decode(object, message, &arena, &record);
	return 0;
}

/* A message that tells of several, as the kernel sends it. */
static void test_split(const struct object *object, struct nlmsghdr *message)
{
	_cleanup_buffer_ struct buffer room = { 0 };

	if (!object->split)
		return;
	require(object->split(message, &room, take_part, (void *)object) == 0);
	message->nlmsg_type = object->get_type; /* as some are answered */
	require(object->split(message, &room, take_part, (void *)object) == 0);
	message->nlmsg_type = object->new_type;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_free_ struct nlmsghdr *message_a = NULL, *message_b = NULL;
	const struct object *object;
	struct record *a, *b, *only_a, *only_b;
	size_t half;

	if (size < 3)
		return 0;
	object = pick((uint16_t)(data[0] | data[1] << 8));
	data++;
	size--;
	half = (size - 1) / 2;
	message_a = message_of(object, object->new_type, data + 1, half);
	message_b = message_of(object, object->new_type, data + 1 + half, size - 1 - half);
	test_unify(object, data + 1, size - 1);
	test_split(object, message_a);
	a = test_message(object, &arena, message_a);
	b = test_message(object, &arena, message_b);
	if (!a || !b)
		return 0;
	require(record_same(a, a) && record_same(b, b) && record_same(a, b) == record_same(b, a));
	require(record_difference(&arena, a, b, &only_a, &only_b) == 0);
	require(record_difference(&arena, a, a, &only_a, &only_b) == 0 && only_a->count == 0 && only_b->count == 0);
	return 0;
}
