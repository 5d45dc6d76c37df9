/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which protocols a packet has, as far as a rule has come; and what of the rule goes without saying, since a later statement implies it: of
 * "meta l4proto tcp tcp dport 22" nft(8) prints the second half. What it implies is nft's own and was found by comparing. */
#include <linux/icmpv6.h>
#include <linux/icmp.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <string.h>

#include "channel/netfilter_say.h"

static const struct header *family_header(const struct say *say)
{
	return header_of_family(say->family);
}

static bool sees_several(const struct say *say)
{
	return say->family == NFPROTO_INET || say->family == NFPROTO_NETDEV || say->family == NFPROTO_BRIDGE;
}

void protocols_begin(struct say *say)
{
	const struct header *header = family_header(say);

	say->headers[header->layer] = header;
}

void protocols_forget(struct say *say)
{
	memset(say->implied, 0, sizeof(say->implied));
	say->implied_icmp = 0;
	say->previous = NULL;
}

/* ---- What is left out ---- */

static struct statement **implied(struct say *say, enum layer layer)
{
	if (!say->implied[layer] && layer == LAYER_TRANSPORT)
		layer = LAYER_INNER;
	return &say->implied[layer];
}

bool protocols_implied(const struct say *say, enum layer layer)
{
	return say->implied[layer] || (layer == LAYER_TRANSPORT && say->implied[LAYER_INNER]);
}

void protocols_hide(struct say *say, enum layer layer)
{
	struct statement **at = implied(say, layer);

	if (!*at)
		return;
	(*at)->hidden = !say->literal;
	if (*at == say->previous)
		say->previous = NULL;
	*at = NULL;
}

/* An echo is asked for by a number that is told of either way. */
static uint8_t echo_of(const struct header *header, uint8_t type)
{
	if (header == &header_icmp)
		return type == ICMP_ECHOREPLY ? ICMP_ECHO : type;
	return type;
}

static bool is_of_icmp(const struct header *header)
{
	return header == &header_icmp || header == &header_icmp6;
}

static bool says_icmp_type(struct say *say, const struct statement *match)
{
	const struct header *header = match->left->kind == TERM_PAYLOAD ? match->left->payload.header : NULL;
	uint8_t type;

	if (!is_of_icmp(header) || match->right.length != 1)
		return false;
	type = echo_of(header, (uint8_t)match->right.number);
	say->implied_icmp = type;
	return header == &header_icmp ? type == ICMP_ECHO : type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY;
}

/* MATCH says which protocol is above LAYER. */
static void imply(struct say *say, struct statement *match, int layer)
{
	if (!says_icmp_type(say, match))
		say->implied[layer + 1] = match;
}

static bool hides_link(const struct statement *dependency)
{
	const struct term *left = dependency->left;

	if (left->payload.header == &header_vlan)
		return false;
	return left->payload.header != &header_ether || dependency->form != RIGHT_VALUE || dependency->right.number == ETH_P_8021Q;
}

static bool hides_icmp(const struct say *say, const struct term *dependency, const struct term *term)
{
	const struct header_field *field = term->payload.field;

	return field && field->icmp_type && dependency->payload.header == term->payload.header && say->implied_icmp == field->icmp_type;
}

/* Whether PAYLOAD implies what DEPENDENCY says. */
static bool may_hide(const struct say *say, const struct statement *dependency, const struct term *payload)
{
	const struct term *left = dependency->left;
	const bool is_payload = left->kind == TERM_PAYLOAD;
	const enum layer layer = payload->payload.layer;

	if (sees_several(say) && is_payload) {
		/* Which network's protocol it is would no longer be said. */
		if (left->payload.layer == LAYER_NETWORK && layer == LAYER_TRANSPORT &&
		    (left->payload.header == &header_ip || left->payload.header == &header_ip6))
			return false;
		if (dependency->op == NFT_CMP_EQ && layer == left->payload.layer) {
			if (payload->payload.field && payload->payload.field->is_protocol)
				return false;
			if (layer == LAYER_LINK)
				return hides_link(dependency);
		}
	}
	if (layer != LAYER_TRANSPORT || !is_payload || left->payload.layer != LAYER_TRANSPORT || !is_of_icmp(left->payload.header))
		return true;
	return hides_icmp(say, left, payload);
}

void protocols_hide_for(struct say *say, const struct term *term)
{
	if (term->kind == TERM_OPTION) {
		if (term->option.protocol == NFT_EXTHDR_OP_TCPOPT)
			protocols_hide(say, LAYER_TRANSPORT);
		else if (term->option.protocol == NFT_EXTHDR_OP_IPV6 || term->option.protocol == NFT_EXTHDR_OP_IPV4)
			protocols_hide(say, LAYER_NETWORK);
		return;
	}
	if (term->payload.header && protocols_implied(say, term->payload.layer) && may_hide(say, *implied(say, term->payload.layer), term))
		protocols_hide(say, term->payload.layer);
}

/* ---- What is learnt: fields that say what follows ---- */

static void learn_icmp(struct say *say, const struct header *header, uint8_t type)
{
	if (header == &header_icmp)
		say->icmp_type = type ? type : ICMP_ECHO;
	else if (header == &header_icmp6)
		say->icmp_type = type == ICMPV6_ECHO_REPLY ? ICMPV6_ECHO_REQUEST : type;
}

static void learn_field(struct say *say, const struct statement *match)
{
	const struct term *left = match->left;
	const struct header *base = say->headers[left->payload.layer];
	const struct header *above = base && base->above ? base->above((uint32_t)match->right.number) : NULL;

	if (!above) {
		if (base)
			learn_icmp(say, base, (uint8_t)match->right.number);
		return;
	}
	if (above->layer == LAYER_LINK && say->below_count < ARRAY_SIZE(say->below))
		say->below[say->below_count++] = base;
	say->headers[above->layer] = above;
}

void protocols_learn_payload(struct say *say, struct statement *match)
{
	const struct term *left = match->left;
	const bool says = left->payload.field && left->payload.field->is_protocol && match->op == NFT_CMP_EQ && match->form == RIGHT_VALUE;
	const struct header *now, *next;
	int layer = left->payload.layer;

	if (says) {
		learn_field(say, match);
		now = say->headers[layer];
		next = now && now->above ? now->above((uint32_t)match->right.number) : NULL;
		/* A header on another of the same layer. */
		if (next && next->layer == now->layer)
			layer--;
	}
	protocols_hide_for(say, left);
	if (says)
		imply(say, match, layer);
}

/* ---- What is known of a packet or connection ---- */

static void learn_known(struct say *say, const struct term *left, uint32_t number)
{
	const struct header *family = family_header(say), *found;

	switch (left->named.says) {
	case SAYS_DEVICE:
		if (family->layer < LAYER_NETWORK && say->family != NFPROTO_INET && say->family != NFPROTO_NETDEV)
			return;
		say->headers[LAYER_LINK] = number == ARPHRD_ETHER ? &header_ether : &header_unknown;
		return;
	case SAYS_FAMILY:
		found = family->above ? family->above(number) : NULL;
		if (family->layer == LAYER_NETWORK)
			found = number == say->family ? family : NULL;
		say->headers[LAYER_NETWORK] = found ? found : &header_unknown;
		return;
	case SAYS_TRANSPORT:
		found = header_of_transport(number);
		say->headers[LAYER_TRANSPORT] = found ? found : &header_unknown;
		return;
	case SAYS_PROTOCOL:
		if (say->family != NFPROTO_NETDEV && say->family != NFPROTO_BRIDGE)
			return;
		found = family->above(number);
		say->headers[LAYER_NETWORK] = found ? found : &header_unknown;
		return;
	case SAYS_CT_FAMILY:
	case SAYS_CT_TRANSPORT:
		family = say->headers[left->named.says == SAYS_CT_FAMILY ? LAYER_LINK : LAYER_NETWORK];
		found = family && family->above ? family->above(number) : NULL;
		if (found)
			say->headers[left->named.says == SAYS_CT_FAMILY ? LAYER_NETWORK : LAYER_TRANSPORT] = found;
		return;
	default:
		return;
	}
}

/* The layer above which it says what is. */
static enum layer layer_of(enum says says)
{
	switch (says) {
	case SAYS_FAMILY:
	case SAYS_PROTOCOL:
	case SAYS_CT_FAMILY:
		return LAYER_LINK;
	case SAYS_TRANSPORT:
	case SAYS_CT_TRANSPORT:
		return LAYER_NETWORK;
	default:
		return LAYER_NONE;
	}
}

static uint8_t family_of_ether_type(wide number)
{
	return number == ETH_P_IP ? NFPROTO_IPV4 : number == ETH_P_IPV6 ? NFPROTO_IPV6 : NFPROTO_UNSPEC;
}

/* Whether DEPENDENCY says of which family packets are, and which. */
static bool says_family(const struct statement *dependency, uint8_t *ret)
{
	const struct term *left = dependency->left;

	*ret = NFPROTO_UNSPEC;
	if (left->kind == TERM_NAMED && left->named.says == SAYS_FAMILY)
		*ret = (uint8_t)dependency->right.number;
	else if ((left->kind == TERM_NAMED && left->named.says == SAYS_PROTOCOL) ||
		 (left->kind == TERM_PAYLOAD && left->payload.layer == LAYER_LINK && left->type == TYPE_ETHERTYPE))
		*ret = family_of_ether_type(dependency->right.number);
	else
		return false;
	return true;
}

/* Whether the family goes without saying where MATCH says the protocol. */
static bool hides_family(const struct say *say, const struct statement *match)
{
	const struct statement *dependency = say->implied[LAYER_NETWORK];
	const uint32_t number = (uint32_t)match->right.number;
	uint8_t family;

	if (!dependency || !says_family(dependency, &family))
		return true;
	if (!sees_several(say))
		return (say->family != NFPROTO_IPV4 && say->family != NFPROTO_IPV6) || say->family == family;
	if (match->left->named.says != SAYS_TRANSPORT)
		return true;
	if (number != IPPROTO_ICMP && number != IPPROTO_ICMPV6)
		return false;
	return !(family == NFPROTO_IPV4 && number == IPPROTO_ICMPV6) && !(family == NFPROTO_IPV6 && number == IPPROTO_ICMP);
}

void protocols_learn_known(struct say *say, struct statement *match)
{
	const enum says says = match->left->named.says;
	const enum layer layer = layer_of(says);

	if (match->op != NFT_CMP_EQ || match->form != RIGHT_VALUE)
		return;
	if (says)
		learn_known(say, match->left, (uint32_t)match->right.number);
	if (protocols_implied(say, layer) && hides_family(say, match))
		protocols_hide(say, layer);
	if (says)
		imply(say, match, layer);
}

/* ---- Where a payload is ---- */

const struct header *protocols_header(const struct say *say, const struct term *payload, uint32_t *ret_offset)
{
	const struct header *header = say->headers[payload->payload.layer];
	uint32_t offset = payload->payload.offset;

	if (!header || !header->fields || header->layer != payload->payload.layer)
		return NULL;
	*ret_offset = offset;
	if (header->layer != LAYER_LINK || offset < header->bits)
		return header;
	for (uint32_t i = 0; i < say->below_count; i++) {
		if (offset < say->below[i]->bits) {
			*ret_offset = offset;
			return say->below[i];
		}
		offset -= say->below[i]->bits;
	}
	*ret_offset = offset;
	return header;
}
