/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/netfilter_typed.h"

#include <errno.h>
#include <string.h>

#include "channel/machine.h"
#include "channel/netfilter_say.h"

/* One part of a key or of data. */
struct part {
	uint32_t type;
	enum netfilter_order_of order;
	size_t width;
};

/* Those of TYPES, whose only one may have as many bytes as there are. Returns how many; 0: one of them cannot be said. */
static unsigned int parts_of(uint32_t types, enum netfilter_order_of order, bool ranges, size_t length, struct part ret[5])
{
	const bool single = types >> NETFILTER_TYPE_BITS == 0;
	unsigned int count = 0;
	size_t at = 0;

	if (types >> 5 * NETFILTER_TYPE_BITS)
		return 0;
	for (int shift = 4 * NETFILTER_TYPE_BITS; shift >= 0; shift -= NETFILTER_TYPE_BITS) {
		const uint32_t type = types >> shift & NETFILTER_TYPE_MASK;
		struct part part = { type, netfilter_type_order(type), netfilter_type_bits(type) / 8u };

		if (types >> shift == 0)
			continue;
		if (type == TYPE_INTEGER && single && length <= sizeof(uint64_t))
			part = (struct part){ type, order, length };
		if (!netfilter_type_is_written(type) || part.width == 0)
			return 0;
		/* The kernel finds ranges by their bytes. */
		if (ranges && !netfilter_type_is_string(type))
			part.order = ORDER_NETWORK;
		if (part.order == ORDER_UNKNOWN && part.width > 1)
			return 0;
		ret[count++] = part;
		at += single ? part.width : (part.width + 3) & ~(size_t)3;
	}
	return at == length ? count : 0;
}

static bool has_ranges(const struct said_set *set)
{
	return record_number(set->set, "flags", 0) & NFT_SET_INTERVAL;
}

bool netfilter_set_has_ends(const struct said_set *set)
{
	return has_ranges(set) && set->key_type >> NETFILTER_TYPE_BITS == 0;
}

bool netfilter_range_end(const struct netfilter_range *range, uint8_t *ret)
{
	memcpy(ret, range->last, range->length);
	for (size_t i = range->length; i-- > 0;)
		if (++ret[i] != 0)
			return true;
	return false;
}

/* ---- Writing ---- */

static bool write_value(const struct part *part, const uint8_t *data, bool plain, struct buffer *ret)
{
	struct netfilter_value value = { .data = data, .length = (uint16_t)part->width };

	if (!netfilter_number(data, part->width, part->order, &value.number))
		return false;
	return netfilter_type_write(part->type, &value, plain, ret);
}

/* The length of the network that is just these addresses, -1 where there is none. */
static int network_of(const struct part *part, const uint8_t *first, const uint8_t *last)
{
	size_t bit = 0;

	if (part->type != TYPE_IPADDR && part->type != TYPE_IP6ADDR)
		return -1;
	while (bit < part->width * 8 && !((first[bit / 8] ^ last[bit / 8]) & 0x80 >> bit % 8))
		bit++;
	for (size_t i = bit; i < part->width * 8; i++)
		if (first[i / 8] & 0x80 >> i % 8 || !(last[i / 8] & 0x80 >> i % 8))
			return -1;
	return (int)bit;
}

static bool write_part(const struct part *part, const uint8_t *first, const uint8_t *last, struct buffer *ret)
{
	int length;

	if (memcmp(first, last, part->width) == 0)
		return write_value(part, first, false, ret);
	length = network_of(part, first, last);
	if (!write_value(part, first, true, ret))
		return false;
	if (length >= 0) {
		buffer_printf(ret, "/%d", length);
		return true;
	}
	buffer_add_char(ret, '-');
	return write_value(part, last, true, ret);
}

static bool write_parts(const struct part *parts, unsigned int count, const struct netfilter_range *range, struct buffer *ret)
{
	size_t at = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (i)
			buffer_add_text(ret, " . ");
		if (!write_part(&parts[i], range->first + at, range->last + at, ret))
			return false;
		at += (parts[i].width + 3) & ~(size_t)3;
	}
	return count;
}

/* ---- Reading ---- */

static bool read_value(const struct part *part, const char *text, size_t length, uint8_t *ret)
{
	return netfilter_type_read(part->type, part->order, part->width, text, length, ret);
}

static bool read_network(const struct part *part, const char *text, size_t length, uint8_t *first, uint8_t *last)
{
	uint8_t bytes[32];
	uint32_t count;
	int16_t prefix;

	if ((part->type != TYPE_IPADDR && part->type != TYPE_IP6ADDR) || address_parse_bytes(text, length, bytes, &count, &prefix) < 0 ||
	    prefix < 0 || count != part->width)
		return false;
	memcpy(first, bytes, part->width);
	memcpy(last, bytes, part->width);
	for (size_t i = (size_t)prefix; i < part->width * 8; i++) {
		if (first[i / 8] & 0x80 >> i % 8)
			return false;
		last[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	return true;
}

static bool read_part(const struct part *part, const char *text, size_t length, uint8_t *first, uint8_t *last)
{
	const char *dash = length ? memchr(text, '-', length) : NULL;
	const size_t before = dash ? (size_t)(dash - text) : 0;

	if (read_value(part, text, length, first)) {
		memcpy(last, first, part->width);
		return true;
	}
	if (read_network(part, text, length, first, last))
		return true;
	return dash && part->order != ORDER_HOST && !netfilter_type_is_string(part->type) && read_value(part, text, before, first) &&
	       read_value(part, dash + 1, length - before - 1, last) && memcmp(first, last, part->width) <= 0;
}

static bool read_parts(const struct part *parts, unsigned int count, const char *text, size_t length, struct netfilter_range *ret)
{
	static const char joint[] = " . ";
	size_t at = 0;

	memset(ret->first, 0, sizeof(ret->first));
	memset(ret->last, 0, sizeof(ret->last));
	for (unsigned int i = 0; i < count; i++) {
		const char *end = i + 1 < count ? memmem(text, length, joint, strlen(joint)) : text + length;

		if (!end || !read_part(&parts[i], text, (size_t)(end - text), ret->first + at, ret->last + at))
			return false;
		at += (parts[i].width + 3) & ~(size_t)3;
		end += i + 1 < count ? strlen(joint) : 0;
		length -= (size_t)(end - text);
		text = end;
	}
	return count;
}

/* ---- Keys ---- */

static bool has_room(const struct value *value)
{
	return value && value->type == VALUE_BYTES && value->bytes.length <= NETFILTER_KEY_MAXIMUM;
}

/* The last key of a range that ends before BEHIND. */
static bool last_before(const struct value *behind, struct netfilter_range *ret)
{
	memset(ret->last, 0xff, ret->length);
	if (!behind)
		return true;
	if (!has_room(behind) || behind->bytes.length != ret->length)
		return false;
	memcpy(ret->last, behind->bytes.data, ret->length);
	for (size_t i = ret->length; i-- > 0;)
		if (ret->last[i]-- != 0)
			return memcmp(ret->first, ret->last, ret->length) <= 0;
	return false;
}

static bool range_of(const struct said_set *set, const struct record *element, const struct value *behind, struct netfilter_range *ret)
{
	const struct value *key = record_find(element, "key"), *end = record_find(element, "key_end");
	const bool has_end = has_ranges(set) && !netfilter_set_has_ends(set);

	if (!has_room(key) || (has_end ? !has_room(end) || end->bytes.length != key->bytes.length : end != NULL))
		return false;
	*ret = (struct netfilter_range){ .length = key->bytes.length };
	memcpy(ret->first, key->bytes.data, key->bytes.length);
	if (netfilter_set_has_ends(set))
		return last_before(behind, ret);
	memcpy(ret->last, has_end ? end->bytes.data : key->bytes.data, key->bytes.length);
	return true;
}

bool netfilter_key_is_bytes(const char *text)
{
	static const char all[] = "catchall";
	const size_t length = strlen(all);

	return strncmp(text, "0x", 2) == 0 || (strncmp(text, all, length) == 0 && (!text[length] || text[length] == '/'));
}

static unsigned int key_parts(const struct said_set *set, size_t length, struct part ret[5])
{
	return parts_of(set->key_type, set->key_order, has_ranges(set), length, ret);
}

static bool is_same(const struct netfilter_range *a, const struct netfilter_range *b)
{
	return a->length == b->length && memcmp(a->first, b->first, a->length) == 0 && memcmp(a->last, b->last, a->length) == 0;
}

bool netfilter_typed_key(const struct said_set *set, const struct record *element, const struct value *behind, struct buffer *ret)
{
	struct netfilter_range range, again;
	const size_t begin = ret->length;
	struct part parts[5];
	unsigned int count;

	if (!range_of(set, element, behind, &range))
		return false;
	count = key_parts(set, range.length, parts);
	if (!write_parts(parts, count, &range, ret) || ret->failed || netfilter_key_is_bytes(ret->data + begin))
		return false;
	return netfilter_parse_typed_key(set, ret->data + begin, ret->length - begin, &again) && is_same(&range, &again);
}

bool netfilter_parse_typed_key(const struct said_set *set, const char *text, size_t length, struct netfilter_range *ret)
{
	struct part parts[5];

	ret->length = (uint32_t)record_number(set->set, "key_len", 0);
	if (ret->length > NETFILTER_KEY_MAXIMUM || !read_parts(parts, key_parts(set, ret->length, parts), text, length, ret))
		return false;
	return has_ranges(set) || memcmp(ret->first, ret->last, ret->length) == 0;
}

/* ---- Data ---- */

/* Of a map to ranges both ends, one behind the other. */
static unsigned int data_parts(const struct said_set *set, size_t length, bool *ret_ranges, struct part ret[5])
{
	const size_t width = netfilter_type_bits(set->data_type) / 8u;

	*ret_ranges = set->data_type >> NETFILTER_TYPE_BITS == 0 && width && length == 2 * width;
	return parts_of(set->data_type, set->data_order, *ret_ranges, *ret_ranges ? width : length, ret);
}

bool netfilter_typed_data(const struct said_set *set, const struct record *data, struct buffer *ret)
{
	const struct value *value = record_find(data, "value");
	const size_t begin = ret->length;
	struct netfilter_range range = { 0 }, again;
	struct part parts[5];
	unsigned int count;
	bool ranges;
	size_t part;

	if (!has_room(value) || data->count != 1)
		return false;
	count = data_parts(set, value->bytes.length, &ranges, parts);
	part = ranges ? value->bytes.length / 2 : value->bytes.length;
	memcpy(range.first, value->bytes.data, part);
	memcpy(range.last, (const uint8_t *)value->bytes.data + (ranges ? part : 0), part);
	if (!write_parts(parts, count, &range, ret) || ret->failed)
		return false;
	return netfilter_parse_typed_data(set, ret->data + begin, ret->length - begin, &again) && again.length == value->bytes.length &&
	       memcmp(again.first, value->bytes.data, again.length) == 0;
}

bool netfilter_parse_typed_data(const struct said_set *set, const char *text, size_t length, struct netfilter_range *ret)
{
	const uint32_t whole = (uint32_t)record_number(set->set, "data_len", 0);
	struct part parts[5];
	unsigned int count;
	bool ranges;

	if (whole > NETFILTER_KEY_MAXIMUM)
		return false;
	count = data_parts(set, whole, &ranges, parts);
	if (!read_parts(parts, count, text, length, ret))
		return false;
	ret->length = whole;
	if (ranges)
		memcpy(ret->first + whole / 2, ret->last, whole / 2);
	else if (memcmp(ret->first, ret->last, whole) != 0)
		return false;
	return true;
}

/* ---- Addresses ---- */

size_t netfilter_typed_length(const char *path)
{
	static const char end[] = ",end";
	const char *key = path;
	size_t length = 0;

	for (int i = 0; key && i < 3; i++) {
		key = strchr(key, '/');
		key += key ? 1 : 0;
	}
	if (!key || !*key || netfilter_key_is_bytes(key) || strpbrk(path, "*?["))
		return 0;
	/* A slash before a number is that of a network. */
	while (key[length] && (key[length] != '/' || (key[length + 1] >= '0' && key[length + 1] <= '9')))
		length++;
	/* The end of a range is said by its bytes, or by an address, which says itself what it is. */
	if (length > strlen(end) && memcmp(key + length - strlen(end), end, strlen(end)) == 0)
		return 0;
	return (size_t)(key - path) + length;
}

/* The set that the element at PATH is in, of which the first LENGTH bytes say that. */
static const struct said_set *find_set(struct netfilter_sets *sets, struct arena *arena, const char *path, size_t length)
{
	static const char any[] = "/0x00";
	struct record *element;
	const char *rest;
	char *own = arena_array(arena, char, length + sizeof(any));

	if (!own)
		return NULL;
	memcpy(mempcpy(own, path, length), any, sizeof(any));
	return object_netfilter_element.parse(own, NULL, arena, &element, &rest, NULL) == 0 ? netfilter_sets_find(sets, arena, element, element)
											    : NULL;
}

static void add_hex(struct buffer *ret, const char *before, const uint8_t *data, size_t length)
{
	buffer_add_text(ret, before);
	for (size_t i = 0; i < length; i++)
		buffer_printf(ret, "%02x", data[i]);
}

void netfilter_range_path(const struct said_set *set, const struct netfilter_range *range, struct buffer *ret)
{
	add_hex(ret, "0x", range->first, range->length);
	if (has_ranges(set) && !netfilter_set_has_ends(set))
		add_hex(ret, "-0x", range->last, range->length);
}

static int translate(const struct said_set *set, const char *path, size_t before, size_t typed, bool write, struct buffer *ret, struct error *error)
{
	struct netfilter_range range;

	if (!netfilter_parse_typed_key(set, path + before, typed - before, &range))
		return error_set(error, -EINVAL, "\"%.*s\" is no key of the type of its set, and no bytes, which begin with 0x",
				 (int)(typed - before), path + before);
	if (write && netfilter_set_has_ends(set))
		return error_set(error, -EOPNOTSUPP,
				 "to the kernel %.*s is two elements, where it begins and what comes behind it: ferry apply makes and removes both",
				 (int)(typed - before), path + before);
	buffer_add(ret, path, before);
	netfilter_range_path(set, &range, ret);
	buffer_add_text(ret, path + typed);
	return ret->failed ? -ENOMEM : 0;
}

int netfilter_typed_translate(struct machine *machine, const char *path, bool write, struct buffer *ret)
{
	const size_t typed = netfilter_typed_length(path);
	_cleanup_arena_ struct arena arena = { 0 };
	const struct said_set *set;
	struct netfilter_sets *sets;
	const char *key = path;
	int r = 0;

	if (!typed)
		return 0;
	sets = netfilter_sets_new(machine);
	if (!sets)
		return -ENOMEM;
	for (int i = 0; i < 3; i++)
		key = strchr(key, '/') + 1;
	set = find_set(sets, &arena, path, (size_t)(key - 1 - path));
	if (set)
		r = translate(set, path, (size_t)(key - path), typed, write, ret, &machine->error);
	netfilter_sets_free(sets);
	return r;
}
