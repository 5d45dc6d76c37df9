/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statements of a rule that do something with a packet, as nft(8) writes them. */
#include <inttypes.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_synproxy.h>
#include <string.h>

#include "channel/netfilter_fold.h"
#include "channel/netfilter_say.h"
#include "channel/words.h"
#include "model/field.h"

void quote(const struct value *value, struct buffer *ret)
{
	buffer_add_char(ret, '"');
	buffer_add(ret, value->bytes.data, value->bytes.length);
	buffer_add_char(ret, '"');
}

static const struct value *text_of(const struct record *data, const char *field)
{
	const struct value *value = record_find(data, field);

	return value && value->type == VALUE_TEXT ? value : NULL;
}

bool verdict_print(const struct record *verdict, struct buffer *ret)
{
	const struct value *chain = text_of(verdict, "chain");
	const uint64_t code = record_number(verdict, "code", UINT64_MAX);
	const char *word = names_find(schema_field(verdict->schema, "code")->names, code);

	/* What packets go through next is a chain without a name of its own, which nft prints in its place. */
	if (!word || (!chain && record_find(verdict, "chain_id")) ||
	    (chain && chain->bytes.length > 7 && memcmp(chain->bytes.data, "__chain", 7) == 0))
		return false;
	buffer_add_text(ret, word);
	if (!chain)
		return true;
	buffer_add_char(ret, ' ');
	buffer_add(ret, chain->bytes.data, chain->bytes.length);
	return true;
}

/* The rules of the chain that VERDICT names, where the rule at hand has it for itself: in it, as in a document, or beside it. */
static const struct record *const *inner_rules(const struct say *say, const struct record *verdict, size_t *ret_count)
{
	const struct value *rules = netfilter_own_chain(say->rule, text_of(verdict, "chain"));
	const struct record **list;

	if (!rules)
		return say->sets ? netfilter_sets_chain(say->sets, say->arena, say->rule, verdict, ret_count) : NULL;
	list = arena_array(say->arena, const struct record *, rules->list.count + 1);
	*ret_count = 0;
	for (uint32_t i = 0; list && i < rules->list.count; i++)
		if (rules->list.items[i].type == VALUE_RECORD)
			list[(*ret_count)++] = rules->list.items[i].record;
	return list;
}

/* A rule in a document does not say where it stands: that is where the one is that has it. */
static const struct record *in_table(const struct say *say, const struct record *rule)
{
	const struct value *table = record_find(say->rule, "table");
	struct record *copy;

	if (record_find(rule, "table") || !table)
		return rule;
	if (record_copy(say->arena, rule, &copy) < 0 || record_put(say->arena, copy, "family", value_uint(say->family)) < 0)
		return NULL;
	return record_put(say->arena, copy, "table", *table) < 0 ? NULL : copy;
}

/* "jump { counter; accept; }", as nft(8) takes it; it prints each rule on a line of its own. */
static bool say_chain(struct say *say, const struct record *verdict, struct buffer *ret)
{
	const char *word = names_find(field_names(schema_field(verdict->schema, "code")), record_number(verdict, "code", UINT64_MAX));
	size_t count = 0;
	const struct record *const *rules = word && !say->within ? inner_rules(say, verdict, &count) : NULL;

	if (!rules)
		return false;
	buffer_add_text(ret, word);
	buffer_add_text(ret, " { ");
	for (size_t i = 0; i < count; i++) {
		const struct record *rule = in_table(say, rules[i]);
		const char *text = rule ? say_inner(say, rule) : NULL;

		if (!text) {
			say->failed = true;
			return false;
		}
		buffer_add_text(ret, text);
		buffer_add_text(ret, "; ");
	}
	buffer_add_char(ret, '}');
	return true;
}

static bool say_immediate(struct say *say, const struct record *data, struct buffer *ret)
{
	const struct record *inside = record_inside(data, "data"), *verdict = inside ? record_inside(inside, "verdict") : NULL;

	return verdict && (verdict_print(verdict, ret) || say_chain(say, verdict, ret));
}

static bool say_counter(const struct say *say, const struct record *data, struct buffer *ret)
{
	buffer_add_text(ret, "counter");
	if (!say->stateless)
		buffer_printf(ret, " packets %" PRIu64 " bytes %" PRIu64, record_number(data, "packets", 0), record_number(data, "bytes", 0));
	return true;
}

static void add_bytes(uint64_t bytes, struct buffer *ret)
{
	static const char *const units[] = { "bytes", "kbytes", "mbytes" };
	size_t unit = 0;

	while (bytes && unit + 1 < ARRAY_SIZE(units) && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	buffer_printf(ret, "%" PRIu64 " %s", bytes, units[unit]);
}

static bool say_limit(const struct record *data, struct buffer *ret)
{
	static const struct {
		uint64_t seconds;
		const char *word;
	} units[] = { { 1, "second" }, { 60, "minute" }, { 3600, "hour" }, { 86400, "day" }, { 604800, "week" } };
	const uint64_t rate = record_number(data, "rate", 0), seconds = record_number(data, "unit", 0), burst = record_number(data, "burst", 0);
	const bool packets = record_number(data, "type", NFT_LIMIT_PKTS) == NFT_LIMIT_PKTS;
	size_t unit = 0;

	while (unit < ARRAY_SIZE(units) && units[unit].seconds != seconds)
		unit++;
	if (unit == ARRAY_SIZE(units))
		return false;
	buffer_printf(ret, "limit rate %s", record_number(data, "flags", 0) & NFT_LIMIT_F_INV ? "over " : "");
	if (packets)
		buffer_add_uint(ret, rate);
	else
		add_bytes(rate, ret);
	buffer_printf(ret, "/%s", units[unit].word);
	if (packets && burst && burst != 5) {
		buffer_printf(ret, " burst %" PRIu64 " packets", burst);
	} else if (!packets && burst) {
		buffer_add_text(ret, " burst ");
		add_bytes(burst, ret);
	}
	return true;
}

static bool say_quota(const struct say *say, const struct record *data, struct buffer *ret)
{
	const uint64_t used = record_number(data, "consumed", 0);

	buffer_printf(ret, "quota %s", record_number(data, "flags", 0) & NFT_QUOTA_F_INV ? "over " : "");
	add_bytes(record_number(data, "bytes", 0), ret);
	if (used && !say->stateless) {
		buffer_add_text(ret, " used ");
		add_bytes(used, ret);
	}
	return true;
}

static bool say_connlimit(const struct record *data, struct buffer *ret)
{
	buffer_printf(ret, "ct count %s%" PRIu64, record_number(data, "flags", 0) ? "over " : "", record_number(data, "count", 0));
	return true;
}

static bool say_last(const struct say *say, const struct record *data, struct buffer *ret)
{
	buffer_add_text(ret, "last");
	if (say->stateless)
		return true;
	buffer_add_text(ret, " used ");
	if (record_number(data, "set", 0))
		netfilter_time_print(record_number(data, "msecs", 0), ret);
	else
		buffer_add_text(ret, "never");
	return true;
}

/* ---- Logging ---- */

static void add_log_flags(uint64_t flags, struct buffer *ret)
{
	if ((flags & NF_LOG_MASK) == NF_LOG_MASK) {
		buffer_add_text(ret, " flags all");
		return;
	}
	if (flags & (NF_LOG_TCPSEQ | NF_LOG_TCPOPT))
		buffer_printf(ret, " flags tcp %s%s%s", flags & NF_LOG_TCPSEQ ? "sequence" : "",
			      (flags & NF_LOG_TCPSEQ) && (flags & NF_LOG_TCPOPT) ? "," : "", flags & NF_LOG_TCPOPT ? "options" : "");
	if (flags & NF_LOG_IPOPT)
		buffer_add_text(ret, " flags ip options");
	if (flags & NF_LOG_UID)
		buffer_add_text(ret, " flags skuid");
	if (flags & NF_LOG_MACDECODE)
		buffer_add_text(ret, " flags ether");
}

static bool say_log(const struct record *data, struct buffer *ret)
{
	const struct value *prefix = text_of(data, "prefix");
	const uint64_t level = record_number(data, "level", NFT_LOGLEVEL_WARNING);
	const char *word = names_find(schema_field(data->schema, "level")->names, level);
	static const char *const numbers[][2] = { { "group", "group" }, { "snaplen", "snaplen" }, { "queue_threshold", "queue-threshold" } };

	if (!word)
		return false;
	buffer_add_text(ret, "log");
	if (prefix) {
		buffer_add_text(ret, " prefix ");
		quote(prefix, ret);
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (record_find(data, numbers[i][0]))
			buffer_printf(ret, " %s %" PRIu64, numbers[i][1], record_number(data, numbers[i][0], 0));
	if (level != NFT_LOGLEVEL_WARNING)
		buffer_printf(ret, " level %s", word);
	add_log_flags(record_number(data, "flags", 0), ret);
	return true;
}

/* ---- Refusing ---- */

static bool add_code(uint32_t type, uint64_t code, struct buffer *ret)
{
	return netfilter_type_print(type, &(struct netfilter_value){ .number = code }, false, NULL, ret);
}

static bool reject_unreachable(struct say *say, uint64_t code, struct buffer *ret)
{
	const struct header *network = say->headers[LAYER_NETWORK];
	const bool sees_several = say->family != NFPROTO_IPV4 && say->family != NFPROTO_IPV6;

	if (sees_several)
		protocols_hide(say, LAYER_NETWORK);
	if (network == &header_ip) {
		if (!sees_several && code == ICMP_PORT_UNREACH)
			return true;
		buffer_add_text(ret, " with icmp ");
		return add_code(TYPE_ICMP_CODE, code, ret);
	}
	if (network != &header_ip6)
		return false;
	if (!sees_several && code == ICMPV6_PORT_UNREACH)
		return true;
	buffer_add_text(ret, " with icmpv6 ");
	return add_code(TYPE_ICMPV6_CODE, code, ret);
}

static bool say_reject(struct say *say, const struct record *data, struct buffer *ret)
{
	const uint64_t type = record_number(data, "type", UINT64_MAX), code = record_number(data, "icmp_code", 0);
	const bool single = say->family == NFPROTO_IPV4 || say->family == NFPROTO_IPV6;

	buffer_add_text(ret, "reject");
	switch (type) {
	case NFT_REJECT_TCP_RST:
		protocols_hide(say, single ? LAYER_TRANSPORT : LAYER_NETWORK);
		buffer_add_text(ret, " with tcp reset");
		return true;
	case NFT_REJECT_ICMPX_UNREACH:
		if (code == NFT_REJECT_ICMPX_PORT_UNREACH)
			return true;
		buffer_add_text(ret, " with icmpx ");
		return add_code(TYPE_ICMPX_CODE, code, ret);
	case NFT_REJECT_ICMP_UNREACH:
		return reject_unreachable(say, code, ret);
	default:
		return false;
	}
}

/* ---- Named objects ---- */

static bool say_objref(struct say *say, const struct record *data, struct buffer *ret)
{
	static const char *const words[] = { [NFT_OBJECT_COUNTER] = "counter name ",      [NFT_OBJECT_QUOTA] = "quota name ",
					     [NFT_OBJECT_CT_HELPER] = "ct helper set ",   [NFT_OBJECT_LIMIT] = "limit name ",
					     [NFT_OBJECT_CT_TIMEOUT] = "ct timeout set ", [NFT_OBJECT_SECMARK] = "meta secmark set ",
					     [NFT_OBJECT_SYNPROXY] = "synproxy name ",    [NFT_OBJECT_CT_EXPECT] = "ct expectation set " };
	const struct value *name = text_of(data, "name");
	const struct said_set *set = name ? NULL : set_find(say, data, "sreg");
	const uint64_t type = name ? record_number(data, "type", 0) : set ? record_number(set->set, "obj_type", 0) : 0;
	struct term *map;

	if (type >= ARRAY_SIZE(words) || !words[type])
		return false;
	buffer_add_text(ret, words[type]);
	if (name) {
		quote(name, ret);
		return true;
	}
	map = term_read(say, "lookup", data);
	return map && meaning_of(say, map) && term_print(say, map, ret);
}

static bool say_synproxy(const struct record *data, struct buffer *ret)
{
	const uint64_t flags = record_number(data, "flags", 0);

	buffer_add_text(ret, "synproxy");
	if (flags & (NF_SYNPROXY_OPT_MSS | NF_SYNPROXY_OPT_WSCALE))
		buffer_printf(ret, " mss %" PRIu64 " wscale %" PRIu64, record_number(data, "mss", 0), record_number(data, "wscale", 0));
	if (flags & NF_SYNPROXY_OPT_TIMESTAMP)
		buffer_add_text(ret, " timestamp");
	if (flags & NF_SYNPROXY_OPT_SACK_PERM)
		buffer_add_text(ret, " sack-perm");
	return true;
}

static bool say_flow(const struct record *data, struct buffer *ret)
{
	const struct value *name = text_of(data, "flowtable");

	buffer_add_text(ret, "flow add @");
	if (name)
		buffer_add(ret, name->bytes.data, name->bytes.length);
	return name;
}

bool say_action(struct say *say, const char *name, const struct record *data, struct buffer *ret)
{
	if (strcmp(name, "immediate") == 0)
		return say_immediate(say, data, ret);
	if (strcmp(name, "counter") == 0)
		return say_counter(say, data, ret);
	if (strcmp(name, "limit") == 0)
		return say_limit(data, ret);
	if (strcmp(name, "quota") == 0)
		return say_quota(say, data, ret);
	if (strcmp(name, "connlimit") == 0)
		return say_connlimit(data, ret);
	if (strcmp(name, "last") == 0)
		return say_last(say, data, ret);
	if (strcmp(name, "log") == 0)
		return say_log(data, ret);
	if (strcmp(name, "reject") == 0)
		return say_reject(say, data, ret);
	if (strcmp(name, "objref") == 0)
		return say_objref(say, data, ret);
	if (strcmp(name, "synproxy") == 0)
		return say_synproxy(data, ret);
	if (strcmp(name, "flow_offload") == 0)
		return say_flow(data, ret);
	if (strcmp(name, "notrack") == 0) {
		buffer_add_text(ret, "notrack");
		return true;
	}
	return say_change(say, name, data, ret);
}
