/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/ipset_asked.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "channel/netlink_source.h"

/* ---- How a set takes entries ---- */

/* "hash:ip,port,net": whether each address is a network. */
static void read_type(const struct value *type, struct ipset_layout *ret)
{
	const char *text = type->bytes.data, *end = text + type->bytes.length, *part = memchr(text, ':', type->bytes.length);
	static const char beside[] = "bitmap:ip,mac";
	unsigned int count = 0;

	ret->ether_beside = type->bytes.length == strlen(beside) && memcmp(text, beside, strlen(beside)) == 0;
	while (part && ++part < end && count < ARRAY_SIZE(ret->networks)) {
		const char *comma = memchr(part, ',', (size_t)(end - part));
		const size_t length = (size_t)((comma ? comma : end) - part);
		const bool network = length == 3 && memcmp(part, "net", 3) == 0;

		if (network || (length == 2 && memcmp(part, "ip", 2) == 0))
			ret->networks[count++] = network;
		part = comma;
	}
}

int ipset_layout(struct netlink_source *source, struct arena *arena, const char *name, size_t length, struct ipset_layout *ret)
{
	struct record *record = record_new(arena, object_ipset.schema);
	_cleanup_buffer_ struct buffer key = { 0 };
	const struct cache_entry *entry;
	const struct record *header;
	const struct value *type;

	*ret = (struct ipset_layout){ .markmask = UINT32_MAX };
	if (!record || record_put(arena, record, "name", value_data(VALUE_TEXT, name, length)) < 0)
		return -ENOMEM;
	object_key(&object_ipset, record, &key);
	entry = key.failed ? NULL : cache_find(&source->cache, key.data, key.length);
	if (!entry || object_decode(&object_ipset, entry->message, arena, &record) < 0)
		return -ENOENT;
	type = record_find(record, "type");
	header = record_inside(record, "header");
	if (!type || type->type != VALUE_TEXT || !header)
		return -ENOENT;
	read_type(type, ret);
	ret->evicts = record_number(header, "flags", 0) & IPSET_FLAG_WITH_FORCEADD;
	ret->netmask = (uint8_t)record_number(header, "netmask", 0);
	ret->bitmask = record_find(header, "bitmask");
	ret->markmask = (uint32_t)record_number(header, "markmask", UINT32_MAX);
	return 0;
}

/* ---- Addresses ---- */

static void cut(uint8_t *address, uint8_t length, uint64_t prefix, uint8_t rest)
{
	for (unsigned int bit = 0; bit < length * 8u; bit++)
		if (bit >= prefix)
			address[bit / 8] = (uint8_t)((address[bit / 8] & ~(0x80 >> bit % 8)) | (rest & 0x80 >> bit % 8));
}

static bool is_address(const struct value *value)
{
	return value && value->type == VALUE_ADDRESS && (value->bytes.length == 4 || value->bytes.length == 16);
}

static int span(const struct record *record, const char *const names[3], bool networks, struct ipset_span *ret)
{
	const struct value *first = record_find(record, names[0]), *last = record_find(record, names[1]);
	uint64_t prefix;
	uint8_t swap[16];

	*ret = (struct ipset_span){ .kind = SPAN_EXACT };
	if (!first)
		return 0;
	if (!is_address(first) || (last && (!is_address(last) || last->bytes.length != first->bytes.length)))
		return -EOPNOTSUPP;
	ret->length = (uint8_t)first->bytes.length;
	memcpy(ret->first, first->bytes.data, ret->length);
	memcpy(ret->last, last ? last->bytes.data : first->bytes.data, ret->length);
	if (last) {
		ret->kind = networks ? SPAN_NETWORKS : SPAN_ANY;
		if (memcmp(ret->first, ret->last, ret->length) > 0) {
			memcpy(swap, ret->first, sizeof(swap));
			memcpy(ret->first, ret->last, sizeof(swap));
			memcpy(ret->last, swap, sizeof(swap));
		}
		return 0;
	}
	prefix = record_number(record, names[2], ret->length * UINT64_C(8));
	cut(ret->first, ret->length, prefix, 0);
	cut(ret->last, ret->length, prefix, 0xff);
	if (!networks && memcmp(ret->first, ret->last, ret->length) != 0)
		ret->kind = SPAN_ANY;
	return 0;
}

/* The set keeps no more of its first address than its mask. */
static int mask(const struct ipset_layout *layout, struct ipset_span *span)
{
	if (layout->bitmask && (span->kind != SPAN_EXACT || layout->networks[0]))
		return -EOPNOTSUPP;
	if (layout->netmask) {
		cut(span->first, span->length, layout->netmask, 0);
		cut(span->last, span->length, layout->netmask, 0);
	}
	for (uint32_t i = 0; layout->bitmask && is_address(layout->bitmask) && i < layout->bitmask->bytes.length; i++) {
		span->first[i] &= ((const uint8_t *)layout->bitmask->bytes.data)[i];
		span->last[i] = span->first[i];
	}
	return 0;
}

static bool is_between(const struct ipset_span *one, const struct ipset_span *all)
{
	return memcmp(one->first, all->first, one->length) >= 0 && memcmp(one->last, all->last, one->length) <= 0;
}

/* The network of twice the size. */
static void widen(struct ipset_span *span)
{
	for (unsigned int bit = span->length * 8u; bit-- > 0;)
		if (!((span->first[bit / 8] ^ span->last[bit / 8]) & 0x80 >> bit % 8)) {
			span->first[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
			span->last[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
			return;
		}
}

static bool span_holds(const struct ipset_span *all, const struct ipset_span *one)
{
	struct ipset_span wider = *one;

	if (one->length != all->length)
		return false;
	if (all->kind == SPAN_EXACT)
		return memcmp(one->first, all->first, one->length) == 0 && memcmp(one->last, all->last, one->length) == 0;
	widen(&wider);
	return is_between(one, all) && (all->kind == SPAN_ANY || !is_between(&wider, all));
}

/* ---- Ports, and the rest ---- */

static bool has_ports(uint64_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP || protocol == IPPROTO_UDPLITE;
}

static void ports(const struct record *record, struct ipset_place *ret)
{
	const uint64_t protocol = record_number(record, "protocol", IPPROTO_TCP);
	const uint16_t first = (uint16_t)record_number(record, "port", 0), last = (uint16_t)record_number(record, "port_to", first);

	if (has_ports(protocol)) {
		ret->port = first < last ? first : last;
		ret->last_port = first < last ? last : first;
	} else if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) {
		ret->port = ret->last_port = first;
	}
}

static void rest(const struct ipset_layout *layout, const struct record *record, struct buffer *ret)
{
	static const char *const known_by[] = { "set", "iface", "member", "ether" };

	for (size_t i = 0; i < ARRAY_SIZE(known_by); i++) {
		const struct value *value = record_find(record, known_by[i]);

		if (value && (value->type == VALUE_TEXT || value->type == VALUE_ADDRESS) && !(layout->ether_beside && i == ARRAY_SIZE(known_by) - 1))
			buffer_add(ret, value->bytes.data, value->bytes.length);
		buffer_add_char(ret, '\0');
	}
	buffer_printf(ret, "%u/%x", (unsigned int)record_number(record, "protocol", 0),
		      (unsigned int)record_number(record, "mark", 0) & layout->markmask);
}

int ipset_place(const struct ipset_layout *layout, const struct record *record, struct ipset_place *ret)
{
	static const char *const names[2][3] = { { "ip", "ip_to", "cidr" }, { "ip2", "ip2_to", "cidr2" } };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ret->spans); i++)
		r = span(record, names[i], layout->networks[i], &ret->spans[i]);
	if (r == 0)
		r = mask(layout, &ret->spans[0]);
	if (r < 0)
		return r;
	ports(record, ret);
	rest(layout, record, &ret->rest);
	for (size_t i = 0; i < ARRAY_SIZE(ret->spans); i++) {
		buffer_add(&ret->key, ret->spans[i].first, ret->spans[i].length);
		buffer_add(&ret->key, ret->spans[i].last, ret->spans[i].length);
	}
	buffer_add(&ret->key, &ret->port, sizeof(ret->port));
	buffer_add(&ret->key, ret->rest.data, ret->rest.length);
	return ret->key.failed || ret->rest.failed ? -ENOMEM : 0;
}

void ipset_place_done(struct ipset_place *place)
{
	buffer_done(&place->rest);
	buffer_done(&place->key);
}

bool ipset_place_is_one(const struct ipset_place *place)
{
	return place->spans[0].kind == SPAN_EXACT && place->spans[1].kind == SPAN_EXACT && place->port == place->last_port;
}

bool ipset_place_is_within(const struct ipset_place *entry, const struct ipset_place *range)
{
	return entry->port >= range->port && entry->port <= range->last_port && span_holds(&range->spans[0], &entry->spans[0]) &&
	       span_holds(&range->spans[1], &entry->spans[1]) && entry->rest.length == range->rest.length &&
	       memcmp(entry->rest.data, range->rest.data, range->rest.length) == 0;
}
