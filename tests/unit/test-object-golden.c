/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's own bytes (tests/golden/PROTOCOL-NAME.bin) must read as PROTOCOL-NAME.json says, come back from that text, and survive being sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/link.h"
#include "channel/netfilter.h"
#include "golden.h"

#define SENT (FIELD_KEY | FIELD_SETTABLE | FIELD_CREATE)

struct golden {
	const struct object *object;
	struct buffer bytes;
};

static struct naming naming;

static char *file_name(const struct object *object, const char *ending)
{
	return golden_name(strrchr(object->protocol->name, '/') + 1, object->name, ending);
}

static int add_part(void *data, const struct nlmsghdr *message)
{
	struct buffer *parts = data;

	buffer_add(parts, message, message->nlmsg_len);
	buffer_add(parts, "\0\0\0", NLMSG_ALIGN(message->nlmsg_len) - message->nlmsg_len);
	return 0;
}

/* Of messages that tell of several, each of these. */
static void split_all(const struct object *object, struct buffer *bytes)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	struct buffer parts = { 0 };
	const void *data = bytes->data;
	size_t length = bytes->length;
	const struct nlmsghdr *message;

	while (netlink_next(&data, &length, &message))
		assert_int_equal(object->split(message, &room, add_part, &parts), 0);
	buffer_done(bytes);
	*bytes = parts;
}

/* Whether MESSAGE is of OBJECT. Kinds that are just read, by a request of their own, may have messages that look alike. */
static bool is_of(const struct object *object, const struct nlmsghdr *message, bool *ret_removed)
{
	*ret_removed = false;
	if (object->protocol->rules)
		return object_of(object->protocol, message, ret_removed) == object;
	return message->nlmsg_type == object->new_type && message->nlmsg_len >= NLMSG_LENGTH(object->schema->header_size) &&
	       (!object->concerns || object->concerns(message));
}

/* A message for each element, as the schema reads it. */
static void take_apart(const struct buffer *bytes, struct buffer *ret)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	const struct nlmsghdr *message, *one;

	for (size_t position = 0; golden_next(bytes, &position, &message);)
		for (struct netfilter_elements elements = netfilter_elements(message); (one = netfilter_elements_next(&elements, &room));)
			buffer_add(ret, one, one->nlmsg_len);
	assert_false(ret->failed);
}

/* Messages of a generic family, as the rest of ferry has them. */
static void unify_all(const struct protocol *protocol, const struct buffer *bytes, struct buffer *ret)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	const struct nlmsghdr *message;

	for (size_t position = 0; golden_next(bytes, &position, &message);)
		assert_int_equal(add_part(ret, protocol_unify(protocol, message, &room)), 0);
	assert_false(ret->failed);
}

static void load(const struct object *object, struct buffer *ret)
{
	_cleanup_free_ char *name = file_name(object, "bin");
	_cleanup_buffer_ struct buffer bytes = { 0 };

	golden_read(name, &bytes);
	if (object->protocol->family)
		unify_all(object->protocol, &bytes, ret);
	else if (object == &object_netfilter_element)
		take_apart(&bytes, ret);
	else
		buffer_add(ret, bytes.data, bytes.length);
	if (object->split)
		split_all(object, ret);
	assert_true(ret->length > 0);
}

/* ---- Interface names, from the links among the goldens ---- */

static struct {
	uint32_t index;
	char name[16];
} links[256];
static unsigned int link_count;

static const char *name_of(void *data, uint32_t index)
{
	(void)data;
	for (unsigned int i = 0; i < link_count; i++)
		if (links[i].index == index)
			return links[i].name;
	return NULL;
}

static uint32_t index_of(void *data, const char *name)
{
	(void)data;
	for (unsigned int i = 0; i < link_count; i++)
		if (strcmp(links[i].name, name) == 0)
			return links[i].index;
	return 0;
}

static void load_names(void)
{
	_cleanup_buffer_ struct buffer bytes = { 0 };
	const struct nlmsghdr *message;

	load(&object_link, &bytes);
	for (size_t position = 0; golden_next(&bytes, &position, &message);) {
		_cleanup_arena_ struct arena arena = { 0 };
		const struct value *name;
		struct record *record;

		assert_int_equal(object_decode(&object_link, message, &arena, &record), 0);
		name = record_find(record, "ifname");
		assert_true(name->bytes.length < sizeof(links[0].name) && link_count < ARRAY_SIZE(links));
		links[link_count].index = (uint32_t)record_number(record, "ifindex", 0);
		memcpy(links[link_count++].name, name->bytes.data, name->bytes.length);
	}
	naming = (struct naming){ NULL, name_of, index_of };
}

/* ---- The tests, for each object ---- */

static void read_as(const struct golden *golden, struct buffer *ret)
{
	const struct nlmsghdr *message;
	bool removed;

	for (size_t position = 0; golden_next(&golden->bytes, &position, &message);) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct record *record;

		if (!is_of(golden->object, message, &removed))
			continue;
		assert_false(removed);
		assert_int_equal(object_decode(golden->object, message, &arena, &record), 0);
		object_address(golden->object, record, &naming, ret);
		buffer_add_char(ret, ' ');
		record_json(ret, record, &naming);
		buffer_add_char(ret, '\n');
	}
	assert_false(ret->failed);
}

static void test_reads(void **state)
{
	const struct golden *golden = *state;
	_cleanup_free_ char *name = file_name(golden->object, "json");
	_cleanup_buffer_ struct buffer now = { 0 };

	read_as(golden, &now);
	golden_compare(name, &now);
}

static bool same_key(const struct object *object, const struct record *a, const struct record *b)
{
	_cleanup_buffer_ struct buffer key_a = { 0 }, key_b = { 0 };

	object_key(object, a, &key_a);
	object_key(object, b, &key_b);
	return key_a.length == key_b.length && memcmp(key_a.data, key_b.data, key_a.length) == 0;
}

static void drop_secrets(struct record *record)
{
	for (uint32_t i = record->count; i-- > 0;) {
		const struct entry *entry = &record->entries[i];

		if (entry->value.type == VALUE_RECORD)
			drop_secrets((struct record *)entry->value.record);
		if (entry->field && entry->field->flags & FIELD_SECRET)
			record_drop(record, entry->name);
	}
}

/* The record's JSON is the record, but for what is secret. */
static void check_json(const struct object *object, const struct record *whole)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer text = { 0 };
	struct error error = { 0 };
	struct record *record, *again, *only_a, *only_b;

	assert_int_equal(record_copy(&arena, whole, &record), 0);
	drop_secrets(record);
	record_json(&text, record, &naming);
	if (record_parse_json(object->schema, text.data, text.length, &naming, &arena, &again, &error) < 0)
		fail_msg("%s: %s", text.data, error.text);
	assert_true(same_key(object, record, again));
	if (object->mend)
		assert_int_equal(object->mend(&arena, again), 0);
	/* What is not shown does not come back: the difference leaves it out as well. */
	assert_int_equal(record_difference(&arena, record, again, &only_a, &only_b), 0);
	if (only_a->count == 0 && only_b->count == 0)
		return;
	buffer_clear(&text);
	record_json(&text, only_a, &naming);
	buffer_add_text(&text, " became ");
	record_json(&text, only_b, &naming);
	fail_msg("%s", text.data);
}

static void check_sent_values(const struct record *record, const struct record *sent);

static bool is_list_of_records(const struct value *value)
{
	return value->type == VALUE_LIST && value->list.count > 0 && value->list.items[0].type == VALUE_RECORD;
}

static void check_sent_list(const struct value *list, const struct value *sent)
{
	assert_int_equal(sent->type, VALUE_LIST);
	assert_int_equal(sent->list.count, list->list.count);
	for (uint32_t i = 0; i < list->list.count; i++)
		check_sent_values(list->list.items[i].record, sent->list.items[i].record);
}

static void check_sent_values(const struct record *record, const struct record *sent)
{
	for (uint32_t i = 0; i < record->count; i++) {
		const struct entry *entry = &record->entries[i];
		const struct value *other;

		if (!entry->field || !(entry->field->flags & SENT))
			continue;
		other = record_find(sent, entry->name);
		if (entry->value.type == VALUE_RECORD) {
			if (other)
				check_sent_values(entry->value.record, other->record);
			continue;
		}
		if (other && is_list_of_records(&entry->value))
			check_sent_list(&entry->value, other);
		else if (!other || !value_equal(&entry->value, other))
			fail_msg("%s is not what was sent", entry->name);
	}
}

/* What can be sent, sent and read, is the same, and sent once more the same bytes. */
static void check_encode(const struct object *object, const struct record *record)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer message = { 0 }, again = { 0 };
	struct nlmsghdr header = { .nlmsg_type = object->new_type };
	struct error error = { 0 };
	struct record *copy, *sent;

	assert_int_equal(record_copy(&arena, record, &copy), 0);
	/* A flag that is told as a byte is sent only where it is on (turn_options() in link_write.c). */
	if (strcmp(object->name, "link") == 0 && record_inside(copy, "linkinfo") && record_inside(record_inside(copy, "linkinfo"), "data"))
		record_drop(record_inside(record_inside(copy, "linkinfo"), "data"), "ttl_inherit");
	buffer_add(&message, &header, sizeof(header));
	if (schema_encode(copy, SENT, &message, &error) < 0)
		fail_msg("%s", error.text);
	((struct nlmsghdr *)message.data)->nlmsg_len = (uint32_t)message.length;
	assert_int_equal(schema_decode(object->schema, message.data + NLMSG_HDRLEN, message.length - NLMSG_HDRLEN, &arena, &sent), 0);
	if (object->mend)
		assert_int_equal(object->mend(&arena, sent), 0);
	check_sent_values(copy, sent);
	assert_int_equal(schema_encode(sent, SENT, &again, &error), 0);
	assert_int_equal(again.length, message.length - NLMSG_HDRLEN);
	assert_memory_equal(again.data, message.data + NLMSG_HDRLEN, again.length);
}

/* The path leads back to itself. */
static void check_path(const struct object *object, const struct record *record)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer path = { 0 }, longer = { 0 }, again = { 0 };
	struct error error = { 0 };
	struct record *key;
	const char *rest;

	object->path(record, &naming, &path);
	buffer_add(&longer, path.data, path.length);
	buffer_add_text(&longer, "/some/field");
	if (object->parse(path.data, &naming, &arena, &key, &rest, &error) < 0)
		fail_msg("%s: %s", path.data, error.text);
	assert_string_equal(rest, "");
	object->path(key, &naming, &again);
	assert_string_equal(again.data, path.data);
	assert_int_equal(object->parse(longer.data, &naming, &arena, &key, &rest, &error), 0);
	assert_string_equal(rest, "some/field");
}

static void test_each(void **state)
{
	const struct golden *golden = *state;
	const struct nlmsghdr *message;
	bool removed;

	for (size_t position = 0; golden_next(&golden->bytes, &position, &message);) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct record *record;

		if (!is_of(golden->object, message, &removed))
			continue;
		assert_int_equal(object_decode(golden->object, message, &arena, &record), 0);
		golden_check_known(record, golden->object->name);
		check_json(golden->object, record);
		check_encode(golden->object, record);
		check_path(golden->object, record);
	}
}

/* No two objects of one kind have one identity; but IPv4 keeps appended routes beside each other, and a kind may be told twice. */
static void test_identities(void **state)
{
	const struct golden *golden = *state;
	const struct nlmsghdr *a, *b;
	unsigned int same = 0;
	bool removed;

	for (size_t i = 0; golden_next(&golden->bytes, &i, &a);)
		for (size_t j = i; golden_next(&golden->bytes, &j, &b);) {
			_cleanup_arena_ struct arena arena = { 0 };
			struct record *first, *second;

			if (!is_of(golden->object, a, &removed) || !is_of(golden->object, b, &removed))
				continue;
			assert_int_equal(object_decode(golden->object, a, &arena, &first), 0);
			assert_int_equal(object_decode(golden->object, b, &arena, &second), 0);
			same += same_key(golden->object, first, second);
		}
	assert_int_equal(same, strcmp(golden->object->name, "route") == 0 || golden->object->tells_twice ? 1 : 0);
}

static void take_cut(const void *data, const struct nlmsghdr *cut)
{
	const struct golden *golden = data;
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer text = { 0 };
	struct record *record = NULL;
	bool removed;

	if (!is_of(golden->object, cut, &removed))
		return;
	(void)!object_decode(golden->object, cut, &arena, &record);
	if (record) {
		record_json(&text, record, &naming);
		object_key(golden->object, record, &text);
	}
}

/* A message that is cut is refused or read as far as it goes, and never read past its end. */
static void test_cut(void **state)
{
	const struct golden *golden = *state;

	golden_cut(&golden->bytes, take_cut, golden);
}

/* What a schema says beside its fields of those that mean something by their absence. */
static void test_prefixes(void **state)
{
	const struct golden *golden = *state;
	const struct schema *schema = golden->object->schema;
	uint64_t prefixes = 0;

	for (uint32_t i = 0; i < schema->attribute_count; i++)
		if (schema->attributes[i].kind == FIELD_PREFIX) {
			assert_in_range(i, 0, 63);
			prefixes |= UINT64_C(1) << i;
		}
	assert_int_equal(schema->prefixes, prefixes);
}

int main(void)
{
	const struct object *object;
	struct golden goldens[96];
	struct CMUnitTest tests[ARRAY_SIZE(goldens) * 5];
	char names[ARRAY_SIZE(tests)][64];
	unsigned int position = 0, count = 0, test_count = 0;
	static const struct {
		const char *what;
		CMUnitTestFunction function;
	} each[] = {
		{ "reads", test_reads }, { "round", test_each }, { "identities", test_identities }, { "cut", test_cut }, { "prefixes", test_prefixes }
	};
	int r;

	load_names();
	golden_load_bit_names();
	while ((object = object_next(NULL, &position))) {
		_cleanup_free_ char *name = file_name(object, "bin");

		if (golden_is_absent(name))
			continue;
		goldens[count] = (struct golden){ .object = object };
		load(object, &goldens[count].bytes);
		for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
			snprintf(names[test_count], sizeof(names[0]), "%s %s", object->name, each[i].what);
			tests[test_count] = (struct CMUnitTest){ names[test_count], each[i].function, NULL, NULL, &goldens[count] };
			test_count++;
		}
		count++;
	}
	r = _cmocka_run_group_tests("object-golden", tests, test_count, NULL, NULL);
	for (unsigned int i = 0; i < count; i++)
		buffer_done(&goldens[i].bytes);
	return r;
}
