/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule as nft(8) prints it, from the expressions that the kernel has of it. Between the files of that only.
 *
 * The expressions are a small machine: each takes from registers and leaves in registers, until one compares or does something. So what is in a
 * register is a term, a tree of where it came from; what compares or does is a statement. A statement that says no more than which protocol a packet
 * is of goes without saying where a later one implies it. What a term means depends on the protocols that are known by then. */
#ifndef FERRY_CHANNEL_NETFILTER_SAY_H
#define FERRY_CHANNEL_NETFILTER_SAY_H

#include "channel/netfilter.h"
#include "channel/netfilter_sets.h"

__extension__ typedef unsigned __int128 wide; /* a value as a number: an IPv6 address at most */

/* ---- Types of values, by nft's numbers (netfilter_type.c) ---- */

enum netfilter_type {
	TYPE_NONE = 0,
	TYPE_VERDICT = 1,
	TYPE_NFPROTO,
	TYPE_BITMASK,
	TYPE_INTEGER,
	TYPE_STRING,
	TYPE_LLADDR,
	TYPE_IPADDR,
	TYPE_IP6ADDR,
	TYPE_ETHERADDR,
	TYPE_ETHERTYPE,
	TYPE_ARPOP,
	TYPE_INET_PROTOCOL,
	TYPE_INET_SERVICE,
	TYPE_ICMP_TYPE,
	TYPE_TCP_FLAG,
	TYPE_DCCP_PKTTYPE,
	TYPE_MH_TYPE,
	TYPE_TIME,
	TYPE_MARK,
	TYPE_IFINDEX,
	TYPE_ARPHRD,
	TYPE_REALM,
	TYPE_CLASSID,
	TYPE_UID,
	TYPE_GID,
	TYPE_CT_STATE,
	TYPE_CT_DIR,
	TYPE_CT_STATUS,
	TYPE_ICMP6_TYPE,
	TYPE_CT_LABEL,
	TYPE_PKTTYPE,
	TYPE_ICMP_CODE,
	TYPE_ICMPV6_CODE,
	TYPE_ICMPX_CODE,
	TYPE_DEVGROUP,
	TYPE_DSCP,
	TYPE_ECN,
	TYPE_FIB_ADDR,
	TYPE_BOOLEAN,
	TYPE_CT_EVENTBIT,
	TYPE_IFNAME,
	TYPE_IGMP_TYPE,
	TYPE_TIME_DATE,
	TYPE_TIME_HOUR,
	TYPE_TIME_DAY,
	TYPE_CGROUPV2,
	TYPE_RAW, /* not nft's: an integer in hexadecimal */
	TYPE_COUNT
};
#define NETFILTER_TYPE_BITS 6
#define NETFILTER_TYPE_MASK ((1u << NETFILTER_TYPE_BITS) - 1)

/* A value: LENGTH bytes as they stand in a register, of which NUMBER is what they come to. */
struct netfilter_value {
	const uint8_t *data;
	uint16_t length;
	wide number;
};

bool netfilter_type_is_flags(uint32_t type);
bool netfilter_type_is_string(uint32_t type);
/* Whether a value with a length of bits is a network. */
bool netfilter_type_has_prefix(uint32_t type);
uint16_t netfilter_type_bits(uint32_t type); /* 0: as many as there are */
/* The bytes as a number; false where they are more than it holds. */
bool netfilter_number(const uint8_t *data, size_t length, enum netfilter_order_of order, wide *ret);
/* One value, without a word for its number where it is of a range. False where it cannot be said. */
bool netfilter_type_print(uint32_t type, const struct netfilter_value *value, bool plain, const struct naming *naming, struct buffer *ret);
/* Values as documents have them, each by itself: words without quotes, addresses, numbers in decimal, as what begins with 0x is bytes there. */
bool netfilter_type_is_written(uint32_t type);
bool netfilter_type_write(uint32_t type, const struct netfilter_value *value, bool plain, struct buffer *ret);
/* The same backwards: into RET, which has WIDTH bytes. */
bool netfilter_type_read(uint32_t type, enum netfilter_order_of order, size_t width, const char *text, size_t length, uint8_t *ret);
/* Each bit of flags, the lowest first, with DELIMITER between. */
void netfilter_flags_print(uint32_t type, wide flags, const char *delimiter, struct buffer *ret);
void netfilter_time_print(uint64_t milliseconds, struct buffer *ret);

/* ---- Headers of packets (netfilter_header.c) ---- */

enum layer { LAYER_NONE, LAYER_LINK, LAYER_NETWORK, LAYER_TRANSPORT, LAYER_INNER, LAYER_COUNT };

struct header_field {
	const char *name;
	uint8_t type; /* enum netfilter_type */
	uint16_t offset, bits;
	bool is_protocol;  /* it says which header follows */
	uint8_t icmp_type; /* of messages of this type alone (an echo of either way); 0: of every one */
};

struct header {
	const char *name;
	enum layer layer;
	const struct header_field *fields; /* ascending by offset; NULL: nothing is known of it */
	uint32_t field_count;
	uint16_t bits;                                  /* of a header of the link layer, on which another may stand */
	const struct header *(*above)(uint32_t number); /* what follows where its protocol is NUMBER; NULL */
};

extern const struct header header_inet, header_netdev, header_ether, header_vlan, header_ip, header_ip6, header_arp, header_icmp, header_icmp6,
	header_unknown, header_any_transport;
const struct header *header_of_family(uint8_t family);
const struct header *header_of_transport(uint32_t number);
/* The field at OFFSET of BITS, NULL. ICMP_TYPE: the one that the message is known to have, 0. */
const struct header_field *header_find(const struct header *header, uint32_t offset, uint32_t bits, uint8_t icmp_type);

/* ---- Terms (netfilter_term.c) ---- */

enum term_kind {
	TERM_VALUE,
	TERM_PAYLOAD,
	TERM_NAMED,  /* what is known of the packet, its connection, its route, its socket */
	TERM_OPTION, /* an extension header, an option, a chunk */
	TERM_BITS,   /* LEFT OPERATION RIGHT */
	TERM_PARTS,  /* one behind the other */
	TERM_MAP,    /* what SET leads to from KEY */
	TERM_HASH,
};

enum operation { OPERATION_AND, OPERATION_XOR, OPERATION_OR, OPERATION_LEFT, OPERATION_RIGHT };

/* What a comparison with it says of the packet's protocols. */
enum says { SAYS_NOTHING, SAYS_DEVICE, SAYS_FAMILY, SAYS_PROTOCOL, SAYS_TRANSPORT, SAYS_CT_FAMILY, SAYS_CT_TRANSPORT };

struct term {
	enum term_kind kind;
	uint32_t type;
	enum netfilter_order_of order;
	bool swapped; /* its bytes were turned round since */
	uint16_t bits;
	uint32_t place;    /* of the expression that left it in a register */
	struct term *next; /* the part behind it */
	union {
		struct netfilter_value value;
		struct {
			enum layer layer;
			uint32_t offset;
			const struct header *header; /* NULL: not known */
			const struct header_field *field;
		} payload;
		struct {
			const char *text;
			enum says says;
			uint8_t ct_layer; /* LAYER_TRANSPORT: a port of the connection, of which the protocol must be known */
		} named;
		struct {
			uint8_t number, protocol;
			bool present;
			uint32_t offset;
			const char *name, *field; /* NULL: not known */
			uint8_t place;            /* which of several of the same name */
		} option;
		struct {
			enum operation operation;
			struct term *left, *right;
		} binary;
		struct term *parts;
		struct {
			struct term *key;
			const struct said_set *set;
			uint8_t shift;
		} map;
		struct {
			struct term *of; /* NULL: of the connection */
			const char *text;
		} hash;
	};
};

/* Names of extension headers, options and chunks (netfilter_option.c). False where the field is not known. */
bool option_find(uint8_t protocol, uint8_t number, uint32_t offset, uint32_t bits, struct term *ret);

/* ---- Statements ---- */

enum match_right { RIGHT_VALUE, RIGHT_PREFIX, RIGHT_RANGE, RIGHT_SET, RIGHT_FLAGS, RIGHT_FLAGS_OF };

struct statement {
	struct statement *next;
	bool hidden, is_match;
	uint32_t begin, end; /* the expressions that it is of */
	const char *text;    /* of one that does something */
	/* of one that compares */
	uint8_t op; /* NFT_CMP_* */
	enum match_right form;
	struct term *left;
	struct netfilter_value right, other; /* the last of a range, the mask of flags */
	uint8_t prefix;
	const struct said_set *set;
	uint8_t shift;
	bool implicit; /* flags: one of them will do, and no word is needed */
};

#define REGISTERS 20

struct say {
	struct arena *arena;
	const struct record *rule;
	struct netfilter_sets *sets;
	const struct naming *naming;
	uint8_t family;
	struct term *registers[REGISTERS]; /* of 4 bytes */
	const struct header *headers[LAYER_COUNT];
	const struct header *below[4]; /* of the link layer, on which another one stands */
	uint32_t below_count;
	uint8_t icmp_type; /* that messages are known to have */
	uint32_t terms;
	struct statement *first, **last, *previous;
	/* The statement that says no more than which protocol is at a layer. */
	struct statement *implied[LAYER_COUNT + 1];
	uint8_t implied_icmp;
	uint32_t begin, end; /* the expressions of the statement at hand */
	bool literal;        /* nothing goes without saying */
	bool stateless;      /* numbers that move are not said */
	bool within;         /* the rule stands in a chain of another one's own */
	bool failed;         /* memory */
};

struct term *term_new(struct say *say, enum term_kind kind);
struct term *term_copy(struct say *say, const struct term *term);
/* What is in a register, or several from it on that come to so many bits together. NULL: it is not known. */
struct term *term_take(struct say *say, uint64_t number, uint32_t bits);
void term_put(struct say *say, uint64_t number, struct term *term);
/* How many bits from a register on were left there for the statement at hand. */
uint32_t term_extent(const struct say *say, uint64_t number);
/* What the expression NAME looks at or comes to (netfilter_read.c); NULL: that is not known. */
struct term *term_read(struct say *say, const char *name, const struct record *data);
void term_set_type(struct term *term, uint32_t type, enum netfilter_order_of order);
enum netfilter_order_of term_order(const struct term *term);
/* The number that a value comes to, in the order of a TERM; false where it has none. */
bool value_count(struct netfilter_value *value, const struct term *term);
bool term_print(const struct say *say, const struct term *term, struct buffer *ret);

/* netfilter_protocol_say.c: which protocols a packet has by now, which statements say no more than that, and go without saying. */
void protocols_begin(struct say *say);
/* Nothing is left out any more of what came so far. */
void protocols_forget(struct say *say);
bool protocols_implied(const struct say *say, enum layer layer);
/* What said which protocol is at LAYER goes without saying. */
void protocols_hide(struct say *say, enum layer layer);
/* TERM, a field of a packet or an option, implies which packets have it. */
void protocols_hide_for(struct say *say, const struct term *term);
/* MATCH holds for the packets that go on. */
void protocols_learn_payload(struct say *say, struct statement *match);
void protocols_learn_known(struct say *say, struct statement *match);
/* The header that PAYLOAD is in, and how far from it on; NULL. */
const struct header *protocols_header(const struct say *say, const struct term *payload, uint32_t *ret_offset);

/* netfilter_meaning.c: what terms mean by what is known of the protocols. */
bool meaning_of(struct say *say, struct term *term);
/* Whether the bits of MASK are a field: then TERM becomes that, and its value is SHIFT bits further down. */
bool meaning_trim(struct say *say, struct term *term, const struct netfilter_value *mask, uint8_t *ret_shift);

/* netfilter_compare.c: a comparison. */
bool say_compare(struct say *say, const struct record *data);
bool say_range(struct say *say, const struct record *data);
bool say_lookup(struct say *say, const struct record *data);
bool compare_print(const struct say *say, const struct statement *match, struct buffer *ret);
struct statement *statement_add(struct say *say);

/* netfilter_action.c: what does something with a packet; netfilter_change.c: what takes from registers what it does. False: it cannot be said. */
bool say_action(struct say *say, const char *name, const struct record *data, struct buffer *ret);
bool say_change(struct say *say, const char *name, const struct record *data, struct buffer *ret);

/* netfilter_set_say.c: a set or map: its name, or what is in it where it has none. */
bool set_print(const struct say *say, const struct said_set *set, uint8_t shift, struct buffer *ret);
/* The one that the expression DATA names, whose key begins in the register SOURCE; NULL where it is not known. */
const struct said_set *set_find(struct say *say, const struct record *data, const char *source);

/* A rule of a chain that the rule at hand has for itself. NULL where memory ran out. */
const char *say_inner(const struct say *outer, const struct record *rule);
bool verdict_print(const struct record *verdict, struct buffer *ret);
/* Text as it stands in quotes. */
void quote(const struct value *value, struct buffer *ret);

#endif
