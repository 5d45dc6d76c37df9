/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statements of a rule that take what they do from registers: they change a packet, its addresses, its way, or a set. */
#include <inttypes.h>
#include <linux/netfilter/nf_nat.h>
#include <string.h>

#include "channel/netfilter_say.h"

#define METER_SIZE UINT64_C(0xffff) /* where a request leaves it to the kernel */

/* What register FIELD holds, of TYPE where it is a value; NULL where that is not known. */
static struct term *source(struct say *say, const struct record *data, const char *field, uint32_t type)
{
	const uint64_t number = record_number(data, field, 0);
	struct term *term = number ? term_take(say, number, 0) : NULL;

	if (!term)
		return NULL;
	if (term->kind == TERM_VALUE)
		term_set_type(term, type, netfilter_type_order(type));
	return meaning_of(say, term) ? term : NULL;
}

static bool print_source(struct say *say, const struct record *data, const char *field, uint32_t type, struct buffer *ret)
{
	const struct term *term = source(say, data, field, type);

	return term && term_print(say, term, ret);
}

static uint32_t address_type(uint64_t family)
{
	return family == NFPROTO_IPV6 ? TYPE_IP6ADDR : TYPE_IPADDR;
}

static const char *family_word(uint64_t family)
{
	return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : NULL;
}

/* ---- What is known of a packet or connection, set ---- */

static bool print_set(const struct say *say, const struct term *to, const struct term *what, struct buffer *ret)
{
	if (!term_print(say, to, ret))
		return false;
	buffer_add_text(ret, " set ");
	/* Of events it is a list. */
	if (what->kind == TERM_VALUE && what->type == TYPE_CT_EVENTBIT) {
		netfilter_flags_print(what->type, what->value.number, ",", ret);
		return true;
	}
	return term_print(say, what, ret);
}

static bool say_known(struct say *say, const char *name, const struct record *data, struct buffer *ret)
{
	const struct term *to = term_read(say, name, data);
	struct term *what = to ? term_take(say, record_number(data, "sreg", 0), 0) : NULL;

	if (!what)
		return false;
	if (what->kind == TERM_VALUE)
		term_set_type(what, to->type, to->order);
	return meaning_of(say, what) && print_set(say, to, what, ret);
}

/* ---- A place in a packet, set ---- */

/* What is written of a place that holds other things beside it: all of it is read, those bits are changed, and it is written back. */
static bool trim_written(struct say *say, struct term *to, struct term **what)
{
	struct term *bits = *what, *mask = NULL, *set = NULL, *from;
	uint8_t region[16], shift;
	wide number = 0;

	if (bits->kind == TERM_BITS && bits->binary.operation == OPERATION_OR) {
		set = bits->binary.right;
		bits = bits->binary.left;
	}
	if (bits->kind == TERM_BITS && bits->binary.operation == OPERATION_AND) {
		mask = bits->binary.right;
		bits = bits->binary.left;
	}
	from = bits;
	if ((!mask && !set) || from->kind != TERM_PAYLOAD || from->payload.layer != to->payload.layer || from->payload.offset != to->payload.offset ||
	    from->bits != to->bits || to->bits > 128)
		return false;
	for (size_t i = 0; i < to->bits / 8u; i++) {
		const uint8_t left_out = mask ? (uint8_t)~mask->value.data[i] : 0, set_bits = set ? set->value.data[i] : 0;

		region[i] = left_out | set_bits;
	}
	if (!meaning_trim(say, to, &(struct netfilter_value){ .data = region, .length = to->bits / 8 }, &shift))
		return false;
	if (set && !netfilter_number(set->value.data, set->value.length, ORDER_NETWORK, &number))
		return false;
	*what = term_new(say, TERM_VALUE);
	if (!*what || !meaning_of(say, to))
		return false;
	term_set_type(*what, to->type, ORDER_NETWORK);
	(*what)->value.number = number >> shift;
	return true;
}

static bool say_payload(struct say *say, const struct record *data, struct buffer *ret)
{
	struct term *to = term_read(say, "payload", data), *what = to ? term_take(say, record_number(data, "sreg", 0), 0) : NULL;

	if (!what || !meaning_of(say, to))
		return false;
	if (!to->payload.field && trim_written(say, to, &what))
		return print_set(say, to, what, ret);
	if (what->kind == TERM_VALUE)
		term_set_type(what, to->type, ORDER_NETWORK);
	return meaning_of(say, what) && print_set(say, to, what, ret);
}

static bool say_option(struct say *say, const struct record *data, struct buffer *ret)
{
	struct term *to = term_read(say, "exthdr", data), *what;

	if (!to)
		return false;
	if (!record_find(data, "sreg")) { /* taken out */
		buffer_add_text(ret, "reset ");
		to->option.present = true;
		return term_print(say, to, ret);
	}
	what = term_take(say, record_number(data, "sreg", 0), 0);
	if (!what)
		return false;
	if (what->kind == TERM_VALUE)
		term_set_type(what, to->type, ORDER_NETWORK);
	return meaning_of(say, what) && print_set(say, to, what, ret);
}

/* ---- Addresses and ports translated ---- */

static void add_nat_flags(uint64_t flags, struct buffer *ret)
{
	static const struct {
		uint64_t flag;
		const char *word;
	} words[] = { { NF_NAT_RANGE_PROTO_RANDOM, "random" },
		      { NF_NAT_RANGE_PROTO_RANDOM_FULLY, "fully-random" },
		      { NF_NAT_RANGE_PERSISTENT, "persistent" } };
	const char *between = " ";

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (flags & words[i].flag) {
			buffer_printf(ret, "%s%s", between, words[i].word);
			between = ",";
		}
}

/* The end of a range that is not one with its beginning. */
static struct term *last_source(struct say *say, const struct record *data, const char *first, const char *last, uint32_t type)
{
	return record_number(data, first, 0) == record_number(data, last, 0) ? NULL : source(say, data, last, type);
}

static bool print_end(const struct say *say, const struct term *term, bool brackets, struct buffer *ret)
{
	bool known;

	if (brackets)
		buffer_add_char(ret, '[');
	known = term_print(say, term, ret);
	if (brackets)
		buffer_add_char(ret, ']');
	return known;
}

/* All addresses of a network are that. */
static bool is_network(const struct term *first, const struct term *last, uint32_t *ret)
{
	wide rest;

	if (first->kind != TERM_VALUE || last->kind != TERM_VALUE)
		return false;
	rest = first->value.number ^ last->value.number;
	*ret = first->bits;
	for (wide bit = rest; bit; bit >>= 1)
		(*ret)--;
	return rest && (rest & (rest + 1)) == 0 && (first->value.number & rest) == 0;
}

static bool print_range(const struct say *say, const struct term *first, const struct term *last, bool brackets, struct buffer *ret)
{
	uint32_t prefix;

	if (last && netfilter_type_has_prefix(first->type) && is_network(first, last, &prefix)) {
		if (!print_end(say, first, false, ret))
			return false;
		buffer_printf(ret, "/%u", prefix);
		return true;
	}
	if (!print_end(say, first, brackets, ret))
		return false;
	if (!last)
		return true;
	buffer_add_char(ret, '-');
	return print_end(say, last, brackets, ret);
}

static bool print_ports(struct say *say, const struct record *data, bool has_address, struct buffer *ret)
{
	const struct term *first, *last;

	if (!record_number(data, "proto_min", 0))
		return true;
	protocols_forget(say);
	first = source(say, data, "proto_min", TYPE_INET_SERVICE);
	last = last_source(say, data, "proto_min", "proto_max", TYPE_INET_SERVICE);
	if (!first)
		return false;
	buffer_add_text(ret, has_address ? ":" : " :");
	return print_range(say, first, last, false, ret);
}

static bool say_nat(struct say *say, const struct record *data, struct buffer *ret)
{
	const uint64_t family = record_number(data, "family", 0), flags = record_number(data, "flags", 0), type = record_number(data, "type", 0);
	const bool has_address = record_number(data, "addr_min", 0), has_port = record_number(data, "proto_min", 0);
	const uint32_t address = address_type(family);
	struct term *first = has_address ? source(say, data, "addr_min", address) : NULL;
	struct term *last = has_address ? last_source(say, data, "addr_min", "addr_max", address) : NULL;
	const bool leads_to_more = first && first->kind == TERM_MAP && first->bits > netfilter_type_bits(address);
	const char *word = family_word(family);

	if ((has_address && !first) || type > NFT_NAT_DNAT || !word)
		return false;
	buffer_add_text(ret, type == NFT_NAT_SNAT ? "snat" : "dnat");
	if (has_address || has_port) {
		if (say->family == NFPROTO_INET || leads_to_more)
			buffer_printf(ret, " %s", word);
		buffer_printf(ret, "%s to", flags & NF_NAT_RANGE_NETMAP ? " prefix" : "");
	}
	if (has_address) {
		buffer_add_char(ret, ' ');
		if (!print_range(say, first, leads_to_more ? NULL : last, has_port && first->kind == TERM_VALUE && address == TYPE_IP6ADDR, ret))
			return false;
	}
	if (!leads_to_more && !print_ports(say, data, has_address, ret))
		return false;
	add_nat_flags(flags, ret);
	return true;
}

static bool say_ports(struct say *say, const char *word, const struct record *data, struct buffer *ret)
{
	buffer_add_text(ret, word);
	if (record_number(data, "proto_min", 0))
		buffer_add_text(ret, " to");
	if (!print_ports(say, data, false, ret))
		return false;
	add_nat_flags(record_number(data, "flags", 0), ret);
	return true;
}

static bool say_tproxy(struct say *say, const struct record *data, struct buffer *ret)
{
	const uint64_t family = record_number(data, "family", 0);
	const bool has_address = record_number(data, "addr", 0);
	const struct term *address = has_address ? source(say, data, "addr", address_type(family)) : NULL;

	if (has_address && !address)
		return false;
	buffer_add_text(ret, "tproxy");
	if (say->family == NFPROTO_INET && family_word(family))
		buffer_printf(ret, " %s", family_word(family));
	buffer_add_text(ret, " to");
	if (has_address) {
		buffer_add_char(ret, ' ');
		if (!print_end(say, address, address->kind == TERM_VALUE && address->type == TYPE_IP6ADDR, ret))
			return false;
	}
	if (!record_number(data, "port", 0))
		return true;
	protocols_forget(say);
	buffer_add_text(ret, has_address ? ":" : " :");
	return print_source(say, data, "port", TYPE_INET_SERVICE, ret);
}

/* ---- Another way ---- */

static bool say_dup(struct say *say, const struct record *data, struct buffer *ret)
{
	const bool has_address = record_number(data, "addr", 0), has_device = record_number(data, "dev", 0);

	buffer_add_text(ret, has_address || has_device ? "dup to " : "dup");
	if (has_address && !print_source(say, data, "addr", address_type(say->family), ret))
		return false;
	if (has_address && has_device)
		buffer_add_text(ret, " device ");
	return !has_device || print_source(say, data, "dev", TYPE_IFINDEX, ret);
}

static bool say_fwd(struct say *say, const struct record *data, struct buffer *ret)
{
	const uint64_t family = record_number(data, "family", 0);

	if (!record_number(data, "addr", 0)) {
		buffer_add_text(ret, "fwd to ");
		return print_source(say, data, "dev", TYPE_IFINDEX, ret);
	}
	if (!family_word(family))
		return false;
	buffer_printf(ret, "fwd %s to ", family_word(family));
	if (!print_source(say, data, "addr", address_type(family), ret))
		return false;
	buffer_add_text(ret, " device ");
	return print_source(say, data, "dev", TYPE_IFINDEX, ret);
}

static bool say_queue(struct say *say, const struct record *data, struct buffer *ret)
{
	const uint64_t flags = record_number(data, "flags", 0), first = record_number(data, "num", 0), total = record_number(data, "total", 1);

	buffer_add_text(ret, "queue");
	if (flags)
		buffer_printf(ret, " flags %s%s%s", flags & NFT_QUEUE_FLAG_BYPASS ? "bypass" : "",
			      (flags & NFT_QUEUE_FLAG_MASK) == NFT_QUEUE_FLAG_MASK ? "," : "", flags & NFT_QUEUE_FLAG_CPU_FANOUT ? "fanout" : "");
	buffer_add_text(ret, " to ");
	if (record_find(data, "sreg_qnum"))
		return print_source(say, data, "sreg_qnum", TYPE_INTEGER, ret);
	buffer_add_uint(ret, first);
	if (total > 1)
		buffer_printf(ret, "-%" PRIu64, first + total - 1);
	return true;
}

/* ---- Sets ---- */

/* Each element begins anew. */
static bool say_one(struct say *say, const struct record *expression, struct buffer *ret)
{
	static const char *const kept[] = { "counter", "limit", "quota", "connlimit", "last" };
	struct say stateless = *say;
	size_t kind = 0;

	const struct value *name = record_find(expression, "name");
	const struct record *data = record_inside(expression, "data");
	char word[32];

	if (!name || name->type != VALUE_TEXT || name->bytes.length >= sizeof(word) || !data)
		return false;
	memcpy(word, name->bytes.data, name->bytes.length);
	word[name->bytes.length] = '\0';
	while (kind < ARRAY_SIZE(kept) && strcmp(kept[kind], word) != 0)
		kind++;
	if (kind == ARRAY_SIZE(kept))
		return false;
	stateless.stateless = true;
	buffer_add_char(ret, ' ');
	return say_action(&stateless, word, data, ret);
}

static bool say_each(struct say *say, const struct record *data, struct buffer *ret)
{
	const struct value *list = record_find(data, "expressions");
	const struct record *single = record_inside(data, "expression");

	if (single)
		return say_one(say, single, ret);
	for (uint32_t i = 0; list && list->type == VALUE_LIST && i < list->list.count; i++)
		if (list->list.items[i].type != VALUE_RECORD || !say_one(say, list->list.items[i].record, ret))
			return false;
	return true;
}

/* A set that is made with the rule, and goes with it: an old form. */
static bool say_meter(struct say *say, const struct said_set *set, const struct term *key, const struct record *data, struct buffer *ret)
{
	const struct record *description = record_inside(set->set, "desc");
	const struct value *name = record_find(set->set, "name");

	if (!name || name->type != VALUE_TEXT || !(record_find(data, "expression") || record_find(data, "expressions")))
		return false;
	buffer_add_text(ret, "meter ");
	buffer_add(ret, name->bytes.data, name->bytes.length);
	buffer_printf(ret, " size %" PRIu64 " { ", description ? record_number(description, "size", METER_SIZE) : METER_SIZE);
	if (!term_print(say, key, ret) || !say_each(say, data, ret))
		return false;
	buffer_add_text(ret, " }");
	return true;
}

static bool say_dynset(struct say *say, const struct record *data, struct buffer *ret)
{
	static const char *const words[] = { "add", "update", "delete" };
	const uint64_t operation = record_number(data, "op", UINT64_MAX), timeout = record_number(data, "timeout", 0);
	const struct said_set *set = set_find(say, data, "sreg_key");
	struct term *key = set ? term_take(say, record_number(data, "sreg_key", 0), (uint32_t)record_number(set->set, "key_len", 0) * 8) : NULL;
	const bool has_data = record_find(data, "sreg_data");

	if (!key || operation >= ARRAY_SIZE(words) || set->anonymous || !meaning_of(say, key))
		return false;
	if (record_number(set->set, "flags", 0) & NFT_SET_ANONYMOUS)
		return say_meter(say, set, key, data, ret);
	buffer_printf(ret, "%s ", words[operation]);
	if (!set_print(say, set, 0, ret))
		return false;
	buffer_add_text(ret, " { ");
	if (!term_print(say, key, ret))
		return false;
	if (timeout) {
		buffer_add_text(ret, " timeout ");
		netfilter_time_print(timeout, ret);
	}
	if (!say_each(say, data, ret))
		return false;
	if (has_data) {
		buffer_add_text(ret, " : ");
		if (!print_source(say, data, "sreg_data", set->data_type, ret))
			return false;
	}
	buffer_add_text(ret, " }");
	return true;
}

bool say_change(struct say *say, const char *name, const struct record *data, struct buffer *ret)
{
	if (strcmp(name, "meta") == 0 || strcmp(name, "ct") == 0)
		return say_known(say, name, data, ret);
	if (strcmp(name, "payload") == 0)
		return say_payload(say, data, ret);
	if (strcmp(name, "exthdr") == 0)
		return say_option(say, data, ret);
	if (strcmp(name, "nat") == 0)
		return say_nat(say, data, ret);
	if (strcmp(name, "masq") == 0)
		return say_ports(say, "masquerade", data, ret);
	if (strcmp(name, "redir") == 0)
		return say_ports(say, "redirect", data, ret);
	if (strcmp(name, "tproxy") == 0)
		return say_tproxy(say, data, ret);
	if (strcmp(name, "dup") == 0)
		return say_dup(say, data, ret);
	if (strcmp(name, "fwd") == 0)
		return say_fwd(say, data, ret);
	if (strcmp(name, "queue") == 0)
		return say_queue(say, data, ret);
	return strcmp(name, "dynset") == 0 && say_dynset(say, data, ret);
}
