/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types of values in nftables, and how nft(8) prints one of each. Sources: nft(8), <linux/netfilter/nf_tables.h>, the kernel's uapi headers. */
#include <inttypes.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "channel/netfilter_say.h"
#include "channel/words.h"
#include "model/field.h"

NAMES(nfproto, false, { NFPROTO_IPV4, "ipv4" }, { NFPROTO_IPV6, "ipv6" });
NAMES(ether_types, false, { ETH_P_IP, "ip" }, { ETH_P_ARP, "arp" }, { ETH_P_IPV6, "ip6" }, { ETH_P_8021Q, "8021q" }, { ETH_P_8021AD, "8021ad" });
NAMES(arp_operations, false, { 1, "request" }, { 2, "reply" }, { 3, "rrequest" }, { 4, "rreply" }, { 8, "inrequest" }, { 9, "inreply" },
      { 10, "nak" });
NAMES(icmp_types, false, { 0, "echo-reply" }, { 3, "destination-unreachable" }, { 4, "source-quench" }, { 5, "redirect" }, { 8, "echo-request" },
      { 9, "router-advertisement" }, { 10, "router-solicitation" }, { 11, "time-exceeded" }, { 12, "parameter-problem" }, { 13, "timestamp-request" },
      { 14, "timestamp-reply" }, { 15, "info-request" }, { 16, "info-reply" }, { 17, "address-mask-request" }, { 18, "address-mask-reply" });
NAMES(icmp_codes, false, { 0, "net-unreachable" }, { 1, "host-unreachable" }, { 2, "prot-unreachable" }, { 3, "port-unreachable" },
      { 4, "frag-needed" }, { 9, "net-prohibited" }, { 10, "host-prohibited" }, { 13, "admin-prohibited" });
NAMES(icmp6_types, false, { 1, "destination-unreachable" }, { 2, "packet-too-big" }, { 3, "time-exceeded" }, { 4, "parameter-problem" },
      { 128, "echo-request" }, { 129, "echo-reply" }, { 130, "mld-listener-query" }, { 131, "mld-listener-report" }, { 132, "mld-listener-done" },
      { 133, "nd-router-solicit" }, { 134, "nd-router-advert" }, { 135, "nd-neighbor-solicit" }, { 136, "nd-neighbor-advert" },
      { 137, "nd-redirect" }, { 138, "router-renumbering" }, { 141, "ind-neighbor-solicit" }, { 142, "ind-neighbor-advert" },
      { 143, "mld2-listener-report" });
NAMES(icmp6_codes, false, { 0, "no-route" }, { 1, "admin-prohibited" }, { 3, "addr-unreachable" }, { 4, "port-unreachable" }, { 5, "policy-fail" },
      { 6, "reject-route" });
NAMES(icmpx_codes, false, { NFT_REJECT_ICMPX_NO_ROUTE, "no-route" }, { NFT_REJECT_ICMPX_PORT_UNREACH, "port-unreachable" },
      { NFT_REJECT_ICMPX_HOST_UNREACH, "host-unreachable" }, { NFT_REJECT_ICMPX_ADMIN_PROHIBITED, "admin-prohibited" });
NAMES(igmp_types, false, { 0x11, "membership-query" }, { 0x12, "membership-report-v1" }, { 0x16, "membership-report-v2" },
      { 0x22, "membership-report-v3" }, { 0x17, "leave-group" });
NAMES(mh_types, false, { 0, "binding-refresh-request" }, { 1, "home-test-init" }, { 2, "careof-test-init" }, { 3, "home-test" }, { 4, "careof-test" },
      { 5, "binding-update" }, { 6, "binding-acknowledgement" }, { 7, "binding-error" }, { 8, "fast-binding-update" },
      { 9, "fast-binding-acknowledgement" }, { 10, "fast-binding-advertisement" }, { 11, "experimental-mobility-header" },
      { 12, "home-agent-switch-message" });
NAMES(dccp_types, false, { 0, "request" }, { 1, "response" }, { 2, "data" }, { 3, "ack" }, { 4, "dataack" }, { 5, "closereq" }, { 6, "close" },
      { 7, "reset" }, { 8, "sync" }, { 9, "syncack" });
NAMES(tcp_flags, true, { 1, "fin" }, { 2, "syn" }, { 4, "rst" }, { 8, "psh" }, { 16, "ack" }, { 32, "urg" }, { 64, "ecn" }, { 128, "cwr" });
NAMES(device_types, false, { ARPHRD_ETHER, "ether" }, { ARPHRD_PPP, "ppp" }, { ARPHRD_TUNNEL, "ipip" }, { ARPHRD_TUNNEL6, "ipip6" },
      { ARPHRD_LOOPBACK, "loopback" }, { ARPHRD_SIT, "sit" }, { ARPHRD_IPGRE, "ipgre" });
NAMES(ct_states, true, { 1, "invalid" }, { 2, "established" }, { 4, "related" }, { 8, "new" }, { 64, "untracked" });
NAMES(ct_directions, false, { 0, "original" }, { 1, "reply" });
NAMES(ct_statuses, true, { IPS_EXPECTED, "expected" }, { IPS_SEEN_REPLY, "seen-reply" }, { IPS_ASSURED, "assured" }, { IPS_CONFIRMED, "confirmed" },
      { IPS_SRC_NAT, "snat" }, { IPS_DST_NAT, "dnat" }, { IPS_DYING, "dying" });
NAMES(ct_events, true, { 1 << IPCT_NEW, "new" }, { 1 << IPCT_RELATED, "related" }, { 1 << IPCT_DESTROY, "destroy" }, { 1 << IPCT_REPLY, "reply" },
      { 1 << IPCT_ASSURED, "assured" }, { 1 << IPCT_PROTOINFO, "protoinfo" }, { 1 << IPCT_HELPER, "helper" }, { 1 << IPCT_MARK, "mark" },
      { 1 << IPCT_SEQADJ, "seqadj" }, { 1 << IPCT_SECMARK, "secmark" }, { 1 << IPCT_LABEL, "label" });
NAMES(packet_types, false, { PACKET_HOST, "host" }, { PACKET_BROADCAST, "broadcast" }, { PACKET_MULTICAST, "multicast" },
      { PACKET_OTHERHOST, "other" });
NAMES(dscp, false, { 0x00, "cs0" }, { 0x08, "cs1" }, { 0x10, "cs2" }, { 0x18, "cs3" }, { 0x20, "cs4" }, { 0x28, "cs5" }, { 0x30, "cs6" },
      { 0x38, "cs7" }, { 0x01, "lephb" }, { 0x0a, "af11" }, { 0x0c, "af12" }, { 0x0e, "af13" }, { 0x12, "af21" }, { 0x14, "af22" }, { 0x16, "af23" },
      { 0x1a, "af31" }, { 0x1c, "af32" }, { 0x1e, "af33" }, { 0x22, "af41" }, { 0x24, "af42" }, { 0x26, "af43" }, { 0x2c, "va" }, { 0x2e, "ef" });
NAMES(ecn, false, { 0, "not-ect" }, { 1, "ect1" }, { 2, "ect0" }, { 3, "ce" });
NAMES(route_types, false, { RTN_UNSPEC, "unspec" }, { RTN_UNICAST, "unicast" }, { RTN_LOCAL, "local" }, { RTN_BROADCAST, "broadcast" },
      { RTN_ANYCAST, "anycast" }, { RTN_MULTICAST, "multicast" }, { RTN_BLACKHOLE, "blackhole" }, { RTN_UNREACHABLE, "unreachable" },
      { RTN_PROHIBIT, "prohibit" });
NAMES(booleans, false, { 0, "missing" }, { 1, "exists" });
NAMES(days, false, { 0, "\"Sunday\"" }, { 1, "\"Monday\"" }, { 2, "\"Tuesday\"" }, { 3, "\"Wednesday\"" }, { 4, "\"Thursday\"" }, { 5, "\"Friday\"" },
      { 6, "\"Saturday\"" });
/* The one name that the tables of iproute2 begin with. */
NAMES(groups, false, { 0, "\"default\"" });
NAMES(realms, false, { 0, "\"cosmos\"" });

enum form { FORM_INTEGER, FORM_HEXADECIMAL, FORM_ADDRESS, FORM_BYTES, FORM_QUOTED, FORM_SPECIAL };

static const struct {
	enum form form;
	uint8_t bits;
	enum netfilter_order_of order;
	bool prefix, flags;
	uint8_t digits; /* FORM_HEXADECIMAL: at least */
	const struct names *names;
} types[TYPE_COUNT] = {
	[TYPE_NFPROTO] = { FORM_INTEGER, 8, .names = &nfproto },
	[TYPE_BITMASK] = { FORM_HEXADECIMAL, .flags = true },
	[TYPE_INTEGER] = { FORM_INTEGER },
	[TYPE_STRING] = { FORM_QUOTED, 0, ORDER_HOST },
	[TYPE_LLADDR] = { FORM_BYTES, 0, ORDER_NETWORK },
	[TYPE_IPADDR] = { FORM_ADDRESS, 32, ORDER_NETWORK, true },
	[TYPE_IP6ADDR] = { FORM_ADDRESS, 128, ORDER_NETWORK, true },
	[TYPE_ETHERADDR] = { FORM_BYTES, 48, ORDER_NETWORK },
	[TYPE_ETHERTYPE] = { FORM_HEXADECIMAL, 16, ORDER_NETWORK, .digits = 4, .names = &ether_types },
	[TYPE_ARPOP] = { FORM_INTEGER, 16, ORDER_NETWORK, .names = &arp_operations },
	[TYPE_INET_PROTOCOL] = { FORM_INTEGER, 8, .names = &words_ip_protocol },
	[TYPE_INET_SERVICE] = { FORM_INTEGER, 16, ORDER_NETWORK },
	[TYPE_ICMP_TYPE] = { FORM_INTEGER, 8, ORDER_NETWORK, .names = &icmp_types },
	[TYPE_TCP_FLAG] = { FORM_HEXADECIMAL, 8, ORDER_NETWORK, .flags = true, .names = &tcp_flags },
	[TYPE_DCCP_PKTTYPE] = { FORM_INTEGER, 4, ORDER_NETWORK, .names = &dccp_types },
	[TYPE_MH_TYPE] = { FORM_INTEGER, 8, ORDER_NETWORK, .names = &mh_types },
	[TYPE_TIME] = { FORM_SPECIAL, 32, ORDER_HOST },
	[TYPE_MARK] = { FORM_HEXADECIMAL, 32, ORDER_HOST, true, .digits = 8 },
	[TYPE_IFINDEX] = { FORM_SPECIAL, 32, ORDER_HOST },
	[TYPE_ARPHRD] = { FORM_INTEGER, 16, ORDER_HOST, .names = &device_types },
	[TYPE_REALM] = { FORM_INTEGER, 32, ORDER_HOST, true, .names = &realms },
	[TYPE_CLASSID] = { FORM_SPECIAL, 32, ORDER_HOST },
	[TYPE_UID] = { FORM_INTEGER, 32, ORDER_HOST },
	[TYPE_GID] = { FORM_INTEGER, 32, ORDER_HOST },
	[TYPE_CT_STATE] = { FORM_HEXADECIMAL, 32, ORDER_HOST, .flags = true, .names = &ct_states },
	[TYPE_CT_DIR] = { FORM_INTEGER, 8, .names = &ct_directions },
	[TYPE_CT_STATUS] = { FORM_HEXADECIMAL, 32, ORDER_HOST, .flags = true, .names = &ct_statuses },
	[TYPE_ICMP6_TYPE] = { FORM_INTEGER, 8, ORDER_NETWORK, .names = &icmp6_types },
	[TYPE_CT_LABEL] = { FORM_SPECIAL, 128, ORDER_HOST, .flags = true },
	[TYPE_PKTTYPE] = { FORM_INTEGER, 8, ORDER_HOST, .names = &packet_types },
	[TYPE_ICMP_CODE] = { FORM_INTEGER, 8, ORDER_NETWORK, .names = &icmp_codes },
	[TYPE_ICMPV6_CODE] = { FORM_INTEGER, 8, ORDER_NETWORK, .names = &icmp6_codes },
	[TYPE_ICMPX_CODE] = { FORM_INTEGER, 8, ORDER_NETWORK, .names = &icmpx_codes },
	[TYPE_DEVGROUP] = { FORM_INTEGER, 32, ORDER_HOST, true, .names = &groups },
	[TYPE_DSCP] = { FORM_HEXADECIMAL, 6, ORDER_NETWORK, .digits = 2, .names = &dscp },
	[TYPE_ECN] = { FORM_HEXADECIMAL, 2, ORDER_NETWORK, .digits = 1, .names = &ecn },
	[TYPE_FIB_ADDR] = { FORM_INTEGER, 32, ORDER_HOST, .names = &route_types },
	[TYPE_BOOLEAN] = { FORM_INTEGER, 1, .names = &booleans },
	[TYPE_CT_EVENTBIT] = { FORM_HEXADECIMAL, 32, ORDER_HOST, .flags = true, .names = &ct_events },
	[TYPE_IFNAME] = { FORM_QUOTED, 128, ORDER_HOST },
	[TYPE_IGMP_TYPE] = { FORM_INTEGER, 8, ORDER_NETWORK, .names = &igmp_types },
	[TYPE_TIME_DATE] = { FORM_SPECIAL, 64, ORDER_HOST },
	[TYPE_TIME_HOUR] = { FORM_SPECIAL, 64, ORDER_HOST },
	[TYPE_TIME_DAY] = { FORM_INTEGER, 8, ORDER_HOST, .names = &days },
	[TYPE_CGROUPV2] = { FORM_SPECIAL, 64, ORDER_HOST },
	[TYPE_RAW] = { FORM_HEXADECIMAL },
};

bool netfilter_type_is_flags(uint32_t type)
{
	return type < TYPE_COUNT && types[type].flags;
}

bool netfilter_type_is_string(uint32_t type)
{
	return type == TYPE_STRING || type == TYPE_IFNAME;
}

bool netfilter_type_has_prefix(uint32_t type)
{
	return type < TYPE_COUNT && types[type].prefix;
}

uint16_t netfilter_type_bits(uint32_t type)
{
	return type < TYPE_COUNT ? types[type].bits : 0;
}

enum netfilter_order_of netfilter_type_order(uint32_t type)
{
	return type < TYPE_COUNT ? types[type].order : ORDER_UNKNOWN;
}

bool netfilter_number(const uint8_t *data, size_t length, enum netfilter_order_of order, wide *ret)
{
	const bool network = order == ORDER_NETWORK || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	wide number = 0;

	if (length > sizeof(number))
		return false;
	for (size_t i = 0; i < length; i++)
		number = number << 8 | data[network ? i : length - 1 - i];
	*ret = number;
	return true;
}

/* ---- Printing ---- */

static void add_number(wide number, struct buffer *ret)
{
	const uint64_t ten = UINT64_C(10000000000000000000);

	if (number >> 64)
		add_number(number / ten, ret);
	if (number >> 64)
		buffer_printf(ret, "%019" PRIu64, (uint64_t)(number % ten));
	else
		buffer_add_uint(ret, (uint64_t)number);
}

static void add_hexadecimal(wide number, int digits, struct buffer *ret)
{
	if (number >> 64)
		buffer_printf(ret, "0x%" PRIx64 "%016" PRIx64, (uint64_t)(number >> 64), (uint64_t)number);
	else
		buffer_printf(ret, "0x%0*" PRIx64, digits, (uint64_t)number);
}

static bool add_address(uint32_t type, wide number, struct buffer *ret)
{
	const size_t length = type == TYPE_IPADDR ? 4 : 16;
	uint8_t bytes[16] = { 0 };
	struct value address = value_data(VALUE_ADDRESS, bytes, length);

	for (size_t i = length; i-- > 0; number >>= 8)
		bytes[i] = (uint8_t)number;
	value_print(ret, &address, NULL, NULL);
	return true;
}

/* A name in quotes. What fills all of its room ends anywhere: it is a beginning. */
static bool add_quoted(const struct netfilter_value *value, struct buffer *ret)
{
	const char *text = (const char *)value->data;
	const size_t length = strnlen(text, value->length);
	const bool begins = length == value->length;

	for (size_t i = 0; i < length; i++)
		if ((uint8_t)text[i] < ' ' || text[i] == 0x7f || text[i] == '"' || (uint8_t)text[i] >= 0x80)
			return false;
	buffer_add_char(ret, '"');
	if (!begins && length && text[length - 1] == '*') { /* itself, not a wildcard */
		buffer_add(ret, text, length - 1);
		buffer_add_text(ret, "\\*");
	} else {
		buffer_add(ret, text, length);
	}
	buffer_add_text(ret, begins ? "*\"" : "\"");
	return true;
}

void netfilter_time_print(uint64_t milliseconds, struct buffer *ret)
{
	static const struct {
		uint64_t length;
		const char *unit;
	} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };

	if (milliseconds == 0)
		buffer_add_text(ret, "0s");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (milliseconds >= units[i].length)
			buffer_printf(ret, "%" PRIu64 "%s", milliseconds / units[i].length, units[i].unit);
		milliseconds %= units[i].length;
	}
}

static long zone_at(time_t when)
{
	struct tm local;

	return localtime_r(&when, &local) ? local.tm_gmtoff : 0;
}

static void add_date(uint64_t nanoseconds, struct buffer *ret)
{
	const time_t when = (time_t)(nanoseconds / 1000000000);
	struct tm local;
	char text[64];

	if (localtime_r(&when, &local) && strftime(text, sizeof(text), "%Y-%m-%d %T", &local))
		buffer_printf(ret, "\"%s\"", text);
	else
		buffer_add_uint(ret, nanoseconds);
}

/* Kept as it is in Greenwich. */
static void add_hour(uint32_t seconds, struct buffer *ret)
{
	const uint32_t day = 86400, local = (uint32_t)(((int64_t)seconds + zone_at(time(NULL)) + day) % day);

	buffer_printf(ret, "\"%02u:%02u", local / 3600, local / 60 % 60);
	if (local % 60)
		buffer_printf(ret, ":%02u", local % 60);
	buffer_add_char(ret, '"');
}

static bool add_special(uint32_t type, wide number, const struct naming *naming, struct buffer *ret)
{
	const char *name;

	switch (type) {
	case TYPE_TIME:
		netfilter_time_print((uint64_t)number, ret);
		return true;
	case TYPE_IFINDEX:
		name = naming && naming->interface_name ? naming->interface_name(naming->data, (uint32_t)number) : NULL;
		if (name)
			buffer_printf(ret, "\"%s\"", name);
		else
			buffer_add_uint(ret, (uint32_t)number);
		return true;
	case TYPE_CLASSID:
		if (number == 0 || number == UINT32_MAX)
			buffer_add_text(ret, number ? "root" : "none");
		else
			buffer_printf(ret, "%x:%x", (uint32_t)number >> 16, (uint32_t)number & 0xffff);
		return true;
	case TYPE_CT_LABEL:
		for (unsigned int bit = 0; bit < 128; bit++)
			if (number >> bit & 1) {
				buffer_add_uint(ret, bit);
				return true;
			}
		return false;
	case TYPE_TIME_DATE:
		add_date((uint64_t)number, ret);
		return true;
	case TYPE_TIME_HOUR:
		add_hour((uint32_t)number, ret);
		return true;
	case TYPE_CGROUPV2: /* which path has the number is another question */
		buffer_add_uint(ret, (uint64_t)number);
		return true;
	default:
		return false;
	}
}

static void add_plain(uint32_t type, wide number, struct buffer *ret)
{
	if (types[type].form == FORM_HEXADECIMAL)
		add_hexadecimal(number, types[type].digits ? types[type].digits : 1, ret);
	else
		add_number(number, ret);
}

void netfilter_flags_print(uint32_t type, wide flags, const char *delimiter, struct buffer *ret)
{
	const char *between = "";

	for (unsigned int bit = 0; bit < 128; bit++) {
		const wide flag = (wide)1 << bit;
		const char *word = types[type].names && !(flag >> 64) ? names_find(types[type].names, (uint64_t)flag) : NULL;

		if (!(flags & flag))
			continue;
		buffer_add_text(ret, between);
		between = delimiter;
		if (word)
			buffer_add_text(ret, word);
		else if (type == TYPE_CT_LABEL)
			buffer_add_uint(ret, bit);
		else
			add_plain(type, flag, ret);
	}
}

bool netfilter_type_print(uint32_t type, const struct netfilter_value *value, bool plain, const struct naming *naming, struct buffer *ret)
{
	const char *word;

	if (type >= TYPE_COUNT || type == TYPE_NONE || type == TYPE_VERDICT)
		return false;
	switch (types[type].form) {
	case FORM_ADDRESS:
		return add_address(type, value->number, ret);
	case FORM_BYTES:
		for (size_t i = 0; i < value->length; i++)
			buffer_printf(ret, "%s%02x", i ? ":" : "", value->data[i]);
		return true;
	case FORM_QUOTED:
		return add_quoted(value, ret);
	case FORM_SPECIAL:
		return add_special(type, value->number, naming, ret);
	default:
		break;
	}
	word = types[type].names && !plain && !(value->number >> 64) ? names_find(types[type].names, (uint64_t)value->number) : NULL;
	if (word)
		buffer_add_text(ret, word);
	else if (!plain && types[type].flags && value->number & (value->number - 1))
		netfilter_flags_print(type, value->number, " | ", ret);
	else
		add_plain(type, value->number, ret);
	return true;
}

/* ---- In documents ---- */

bool netfilter_type_is_written(uint32_t type)
{
	if (type == TYPE_INTEGER || type == TYPE_IFNAME || type == TYPE_ETHERADDR)
		return true;
	if (type >= TYPE_COUNT || types[type].bits < 8)
		return false;
	return types[type].form == FORM_ADDRESS || types[type].form == FORM_INTEGER || types[type].form == FORM_HEXADECIMAL;
}

/* Nothing in it means anything in an address. */
static bool is_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= 'A' && text[i] <= 'Z') && !(text[i] >= '0' && text[i] <= '9') &&
		    !memchr("-_.:@", text[i], 5))
			return false;
	return length > 0;
}

bool netfilter_type_write(uint32_t type, const struct netfilter_value *value, bool plain, struct buffer *ret)
{
	const struct names *names = plain || value->number >> 64 ? NULL : types[type].names;
	const char *word = names ? names_find(names, (uint64_t)value->number) : NULL;

	if (types[type].form == FORM_QUOTED)
		buffer_add(ret, value->data, strnlen((const char *)value->data, value->length));
	else if (types[type].form == FORM_ADDRESS || types[type].form == FORM_BYTES)
		return netfilter_type_print(type, value, true, NULL, ret);
	else if (word && is_plain(word, strlen(word)))
		buffer_add_text(ret, word);
	else
		add_number(value->number, ret);
	return true;
}

static bool read_number(uint32_t type, const char *text, size_t length, uint64_t *ret)
{
	const struct names *names = types[type].names;
	uint64_t number = 0;

	if (names && is_plain(text, length) && names_parse(names, text, length, ret))
		return true;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
			return false;
	}
	*ret = number;
	return length > 0;
}

bool netfilter_type_read(uint32_t type, enum netfilter_order_of order, size_t width, const char *text, size_t length, uint8_t *ret)
{
	const bool network = order == ORDER_NETWORK || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	uint8_t bytes[32];
	uint64_t number;
	uint32_t count;
	int16_t prefix;

	switch (types[type].form) {
	case FORM_QUOTED:
		if (length >= width || !is_plain(text, length))
			return false;
		memset(ret, 0, width);
		memcpy(ret, text, length);
		return true;
	case FORM_ADDRESS:
	case FORM_BYTES:
		if (address_parse_bytes(text, length, bytes, &count, &prefix) < 0 || prefix >= 0 || count != width)
			return false;
		memcpy(ret, bytes, width);
		return true;
	default:
		break;
	}
	if (!read_number(type, text, length, &number) || (width < sizeof(number) && number >> width * 8))
		return false;
	for (size_t i = 0; i < width; i++, number >>= 8)
		ret[network ? width - 1 - i : i] = (uint8_t)number;
	return true;
}
