/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Extensions of iptables in rules of nftables. They are told which protocol a rule is for, by an attribute of the request that the kernel does not
 * tell again, and many refuse without: iptables-nft(8) makes it of the rule's first comparison of the protocol. Source: net/netfilter/nft_compat.c.
 */
#include <errno.h>
#include <string.h>

#include "channel/netfilter_compat.h"

static const struct record *expression_at(const struct value *list, uint32_t index)
{
	return index < list->list.count && list->list.items[index].type == VALUE_RECORD ? list->list.items[index].record : NULL;
}

static bool is_named(const struct record *expression, const char *word)
{
	const struct value *name = expression ? record_find(expression, "name") : NULL;

	return name && name->type == VALUE_TEXT && name->bytes.length == strlen(word) && memcmp(name->bytes.data, word, name->bytes.length) == 0;
}

static bool has_extensions(const struct value *list)
{
	for (uint32_t i = 0; i < list->list.count; i++)
		if (is_named(expression_at(list, i), "match") || is_named(expression_at(list, i), "target"))
			return true;
	return false;
}

static bool is_payload(const struct record *data, uint64_t base, uint64_t offset, uint64_t length)
{
	return record_number(data, "base", UINT64_MAX) == base && record_number(data, "offset", UINT64_MAX) == offset &&
	       record_number(data, "len", 0) == length;
}

/* Whether EXPRESSION leaves the protocol above packets of FAMILY in a register: of a bridge which network's protocol, elsewhere which transport's. */
static bool reads_protocol(const struct record *expression, uint8_t family)
{
	const struct record *data = expression ? record_inside(expression, "data") : NULL;

	if (!data || !record_find(data, "dreg"))
		return false;
	if (is_named(expression, "meta"))
		return record_number(data, "key", UINT64_MAX) == (family == NFPROTO_BRIDGE ? NFT_META_PROTOCOL : NFT_META_L4PROTO);
	if (!is_named(expression, "payload"))
		return false;
	switch (family) {
	case NFPROTO_BRIDGE:
		return is_payload(data, NFT_PAYLOAD_LL_HEADER, 12, 2);
	case NFPROTO_IPV4:
		return is_payload(data, NFT_PAYLOAD_NETWORK_HEADER, 9, 1);
	case NFPROTO_IPV6:
		return is_payload(data, NFT_PAYLOAD_NETWORK_HEADER, 6, 1);
	default:
		return false;
	}
}

/* What the comparison behind the expression at INDEX says. */
static bool compared(const struct value *list, uint32_t index, uint32_t *ret_protocol, bool *ret_others)
{
	const struct record *expression = expression_at(list, index + 1);
	const struct record *data = is_named(expression, "cmp") ? record_inside(expression, "data") : NULL;
	const struct record *inside = data ? record_inside(data, "data") : NULL;
	const struct value *value = inside ? record_find(inside, "value") : NULL;
	const uint64_t op = data ? record_number(data, "op", UINT64_MAX) : UINT64_MAX;
	uint16_t number; /* of two bytes as they stand in a packet */

	if ((op != NFT_CMP_EQ && op != NFT_CMP_NEQ) || !value || value->type != VALUE_BYTES)
		return false;
	*ret_others = op == NFT_CMP_NEQ;
	if (value->bytes.length == 1) {
		*ret_protocol = *(const uint8_t *)value->bytes.data;
		return true;
	}
	if (value->bytes.length != sizeof(number))
		return false;
	memcpy(&number, value->bytes.data, sizeof(number));
	*ret_protocol = number;
	return true;
}

int netfilter_compat_complete(struct arena *arena, struct record *rule)
{
	const struct value *list = record_find(rule, "expressions");
	const uint8_t family = (uint8_t)record_number(rule, "family", 0);
	struct record *compat;
	uint32_t protocol = 0;
	bool others = false;
	int r;

	if (!list || list->type != VALUE_LIST || record_find(rule, "compat") || !has_extensions(list))
		return 0;
	for (uint32_t i = 0; i < list->list.count; i++)
		if (reads_protocol(expression_at(list, i), family) && compared(list, i, &protocol, &others))
			break;
	compat = record_new(arena, field_schema(schema_field(rule->schema, "compat")));
	r = compat ? record_put(arena, compat, "proto", value_uint(protocol)) : -ENOMEM;
	if (r == 0)
		r = record_put(arena, compat, "flags", value_uint(others ? NFT_RULE_COMPAT_F_INV : 0));
	return r < 0 ? r : record_put(arena, rule, "compat", (struct value){ .type = VALUE_RECORD, .record = compat });
}
