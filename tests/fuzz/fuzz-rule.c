/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules of nftables to the words of nft, with sets that they name: pieces, each of a byte that says what it is, its length in two bytes, and the body
 * of a message of the kernel's. Whatever stands in them, the text is the same each time, and says as much without the sets. A rule with what it has
 * for itself in it, as documents have it, means the same each time, and comes apart into as many pieces as it says. The same pieces are also what a
 * program and the kernel say to each other over a few sockets, by the higher bits of that byte. Keys and data of elements as documents say them, and
 * any text as one of them: what is taken is said again, and means the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/netfilter_compat.h"
#include "channel/netfilter_fold.h"
#include "channel/netfilter_heard.h"
#include "channel/netfilter_typed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* In memory of just its length, so that a step beyond it is seen. */
static struct nlmsghdr *message_of(const struct object *object, const uint8_t *body, size_t length)
{
	struct nlmsghdr *message = malloc(NLMSG_HDRLEN + length);

	require(message != NULL);
	*message = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length), .nlmsg_type = object->new_type };
	memcpy((uint8_t *)message + NLMSG_HDRLEN, body, length);
	return message;
}

static void name(void *data, const struct object *kind, const struct value *value)
{
	require(kind && value->type == VALUE_TEXT);
	++*(size_t *)data;
}

static void test_folded(struct arena *arena, struct record *rule, struct netfilter_sets *sets)
{
	_cleanup_buffer_ struct buffer meaning = { 0 }, again = { 0 };
	struct object_step *steps;
	size_t count = 0, names = 0, parts;
	uint32_t number = 0;

	require(netfilter_rule_fold(arena, rule, sets) == 0);
	require(netfilter_rule_meaning(arena, rule, &meaning) == 0 && netfilter_rule_meaning(arena, rule, &again) == 0);
	require(meaning.length == again.length && memcmp(meaning.data, again.data, meaning.length) == 0);
	netfilter_names(&object_netfilter_rule, rule, name, &names);
	parts = netfilter_rule_parts(rule);
	steps = calloc(parts, sizeof(*steps));
	require(steps != NULL);
	require(netfilter_rule_unfold(arena, rule, &number, steps, &count) < 0 || count <= parts);
	free(steps);
}

static void test_rule(const struct nlmsghdr *message, struct netfilter_sets *sets)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record = NULL;
	const char *text, *again;

	if (object_decode(&object_netfilter_rule, message, &arena, &record) < 0 || !record)
		return;
	text = netfilter_rule_text(&arena, record, sets, NULL, false);
	again = netfilter_rule_text(&arena, record, sets, NULL, false);
	require(text && again && strcmp(text, again) == 0);
	require(netfilter_rule_text(&arena, record, NULL, NULL, true));
	require(netfilter_rule_complete(&arena, record, sets, NULL, true) == 0);
	test_folded(&arena, record, sets);
	require(netfilter_compat_complete(&arena, record) == 0);
}

static void add_one(struct netfilter_sets *sets, const struct object *object, const struct nlmsghdr *message)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record = NULL;

	if (object_decode(object, message, &arena, &record) >= 0 && record)
		netfilter_sets_add(sets, object, record, message);
}

static bool is_same(const struct netfilter_range *a, const struct netfilter_range *b)
{
	return a->length == b->length && memcmp(a->first, b->first, a->length) == 0 && memcmp(a->last, b->last, a->length) == 0;
}

/* TEXT as a key, as often as it can be said again. */
static void test_typed_text(struct arena *arena, const struct said_set *set, const char *text, size_t length)
{
	struct netfilter_range range, again;
	uint8_t end[NETFILTER_KEY_MAXIMUM];
	struct buffer said = { 0 };
	struct value behind;
	struct record *element = record_new(arena, object_netfilter_element.schema);

	(void)netfilter_parse_typed_data(set, text, length, &again);
	if (!netfilter_parse_typed_key(set, text, length, &range))
		return;
	require(element && record_put(arena, element, "key", value_data(VALUE_BYTES, range.first, range.length)) == 0);
	if (record_number(set->set, "flags", 0) & NFT_SET_INTERVAL && !netfilter_set_has_ends(set))
		require(record_put(arena, element, "key_end", value_data(VALUE_BYTES, range.last, range.length)) == 0);
	behind = value_data(VALUE_BYTES, end, range.length);
	if (netfilter_typed_key(set, element, netfilter_range_end(&range, end) ? &behind : NULL, &said))
		require(netfilter_parse_typed_key(set, said.data, said.length, &again) && is_same(&range, &again));
	buffer_done(&said);
}

static void test_typed(struct netfilter_sets *sets, const struct record *element, const uint8_t *body, size_t length)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer key = { 0 }, data = { 0 };
	const struct said_set *set = netfilter_sets_find(sets, &arena, element, element);
	const struct record *value = record_inside(element, "data");
	struct netfilter_range range;

	if (!set)
		return;
	if (netfilter_typed_key(set, element, NULL, &key))
		require(netfilter_parse_typed_key(set, key.data, key.length, &range));
	if (value && netfilter_typed_data(set, value, &data))
		require(netfilter_parse_typed_data(set, data.data, data.length, &range));
	test_typed_text(&arena, set, (const char *)body, length);
	if (key.length)
		test_typed_text(&arena, set, key.data, key.length);
}

/* A text says nothing that is not a rule's own. */
static void hear_one(struct netfilter_heard *heard, const struct object *object, const struct nlmsghdr *message)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record = NULL;

	if (object_decode(object, message, &arena, &record) < 0 || !record)
		return;
	require(netfilter_heard_take(heard, object, message, NULL, &arena, record) == 0);
	if (object == &object_netfilter_rule)
		require((!record_find(record, "text") || record_find(record, "expressions")) && !record_find(record, "sets"));
}

static void hear(struct netfilter_heard *heard, uint8_t kind, const struct object *object, struct nlmsghdr *message)
{
	_cleanup_buffer_ struct buffer room = { 0 };
	struct netfilter_elements elements;
	const struct nlmsghdr *one;

	if (kind & 0x80)
		netfilter_heard_begin(heard, kind >> 4 & 3);
	if (kind & 0x40 && kind & 8)
		netfilter_heard_forget(heard);
	message->nlmsg_type = kind & 4 ? object->delete_type : object->new_type;
	if (object != &object_netfilter_element) {
		hear_one(heard, object, message);
		return;
	}
	elements = netfilter_heard_elements(heard, message);
	while ((one = netfilter_elements_next(&elements, &room)))
		hear_one(heard, object, one);
}

static void test_piece(struct netfilter_sets *sets, struct netfilter_heard *heard, uint8_t kind, const uint8_t *body, size_t length)
{
	static const struct object *const objects[] = { &object_netfilter_rule, &object_netfilter_set, &object_netfilter_element,
							&object_netfilter_chain };
	const struct object *object = objects[kind % ARRAY_SIZE(objects)];
	_cleanup_free_ struct nlmsghdr *message = message_of(object, body, length);
	_cleanup_buffer_ struct buffer room = { 0 };
	struct netfilter_elements elements;
	const struct nlmsghdr *one;

	if (object == &object_netfilter_rule) {
		test_rule(message, sets);
		add_one(sets, object, message);
	} else if (object != &object_netfilter_element) {
		add_one(sets, object, message);
	} else {
		elements = netfilter_elements(message);
		while ((one = netfilter_elements_next(&elements, &room))) {
			_cleanup_arena_ struct arena arena = { 0 };
			struct record *record = NULL;

			add_one(sets, object, one);
			if (object_decode(object, one, &arena, &record) >= 0 && record)
				test_typed(sets, record, body + (length > 24 ? length - 24 : 0), length > 24 ? 24 : length);
		}
	}
	hear(heard, kind, object, message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netfilter_sets *sets = netfilter_sets_new(NULL);
	struct netfilter_heard *heard = netfilter_heard_new();

	require(sets != NULL && heard != NULL);
	netfilter_heard_begin(heard, 0);
	while (size > 3) {
		const size_t length = (size_t)data[1] << 8 | data[2], taken = length < size - 3 ? length : size - 3;

		test_piece(sets, heard, data[0], data + 3, taken);
		data += 3 + taken;
		size -= 3 + taken;
	}
	netfilter_heard_free(heard);
	netfilter_sets_free(sets);
	return 0;
}
