/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the objects of nftables share. Sources: <linux/netfilter/nf_tables.h>, net/netfilter/nf_tables_api.c, nft(8). */
#ifndef FERRY_CHANNEL_NETFILTER_H
#define FERRY_CHANNEL_NETFILTER_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "channel/object.h"

#define NETFILTER_TYPE(message) (NFNL_SUBSYS_NFTABLES << 8 | (message))

/* Messages that headers before 6.3 and 6.5 lack: what may be gone already is to go, and a look that sets to 0 what it has seen. */
enum {
	NETFILTER_GETRULE_RESET = 25,
	NETFILTER_DESTROYTABLE,
	NETFILTER_DESTROYCHAIN,
	NETFILTER_DESTROYRULE,
	NETFILTER_DESTROYSET,
	NETFILTER_DESTROYSETELEM,
	NETFILTER_DESTROYOBJ,
	NETFILTER_DESTROYFLOWTABLE,
	NETFILTER_GETSETELEM_RESET,
};

extern const struct object object_netfilter_table, object_netfilter_chain, object_netfilter_rule, object_netfilter_set, object_netfilter_element,
	object_netfilter_object, object_netfilter_flowtable;

struct netlink_source;
struct check;
struct asked;
/* netfilter_asked.c: for the rules of the recorder's source. */
bool netfilter_keep_request(struct netlink_source *source, const struct nlmsghdr *request, struct buffer *ret);
bool netfilter_asks_for_several(const struct nlmsghdr *request);
bool netfilter_asked(struct netlink_source *source, struct check *check, const struct object *object, const struct record *record, bool gone);
void netfilter_asked_done(struct asked *asked);

/* netfilter_fields.c */
extern const struct names words_netfilter_family;   /* NFPROTO_*: inet, ip, ip6, arp, bridge, netdev */
extern const struct names words_netfilter_object;   /* NFT_OBJECT_* */
extern const struct names words_netfilter_layer3;   /* NFPROTO_*: the protocols that packets are of */
extern const struct field field_netfilter_family;   /* of the header of every message: the one field that it needs */
extern const struct schema schema_netfilter_data;   /* NFTA_DATA_*: a value or a verdict */
extern const struct codec codec_netfilter_priority; /* a number with a sign, in network byte order */
extern const struct codec codec_netfilter_type;     /* the type of a set's key or data, as nft numbers them */
extern const struct codec codec_netfilter_userdata; /* what nft keeps for itself: a type, a length, a value, and the next */
extern const struct schema schema_netfilter_comment, schema_netfilter_set_data;

/* netfilter_expression.c */
extern const struct schema schema_netfilter_expression; /* NFTA_EXPR_*: a name, and what it says */
extern const struct field field_netfilter_expression;   /* of a list of them */
extern const struct field field_netfilter_device;       /* of a list of devices */

/* netfilter_set.c, netfilter_element.c: what a rule of a document has in itself. */
extern const struct field field_netfilter_own_set; /* {set={...}, elements=[...]}: one without a name for others */
extern const struct field field_netfilter_element;

/* netfilter_match.c, netfilter_statement.c: what each expression says. */
extern const struct schema schema_netfilter_payload, schema_netfilter_meta, schema_netfilter_cmp, schema_netfilter_lookup, schema_netfilter_immediate,
	schema_netfilter_bitwise, schema_netfilter_byteorder, schema_netfilter_range, schema_netfilter_ct, schema_netfilter_fib, schema_netfilter_rt,
	schema_netfilter_socket, schema_netfilter_exthdr, schema_netfilter_numgen, schema_netfilter_hash, schema_netfilter_osf, schema_netfilter_xfrm,
	schema_netfilter_tunnel;
extern const struct schema schema_netfilter_counter, schema_netfilter_limit, schema_netfilter_quota, schema_netfilter_connlimit,
	schema_netfilter_last, schema_netfilter_nat, schema_netfilter_masq, schema_netfilter_redir, schema_netfilter_tproxy, schema_netfilter_log,
	schema_netfilter_reject, schema_netfilter_queue, schema_netfilter_dynset, schema_netfilter_objref, schema_netfilter_dup, schema_netfilter_fwd,
	schema_netfilter_synproxy, schema_netfilter_flow, schema_netfilter_compat;

extern const struct codec codec_netfilter_signed; /* a number of 32 bits with a sign, in network byte order */

/* netfilter_path.c: FAMILY, where the header has it, and then all key fields in the order of their numbers. A slash in a name is written %2F. */
void netfilter_path(const struct record *record, const struct naming *naming, struct buffer *ret);
/* PATH as the key of a record of SCHEMA; FORM: words that say what one looks like. */
int netfilter_parse(const struct schema *schema, const char *form, struct object_path *path, struct record **ret, const char **ret_rest) _must_check_;
/* The same of the family and the keys up to the attribute LAST. */
int netfilter_parse_up_to(struct object_path *path, uint32_t last) _must_check_;
void netfilter_path_up_to(const struct record *record, uint32_t last, struct buffer *ret);
/* A name alone, as one part of a path, and the slash behind it. */
void netfilter_path_name(const struct value *value, struct buffer *ret);
int netfilter_parse_name(struct object_path *path, const char *field) _must_check_;
int netfilter_get(const struct record *key, struct buffer *request);
void netfilter_add_header(const struct record *key, struct buffer *request);
void netfilter_add_text(const struct record *key, const char *field, uint16_t type, struct buffer *request);

/* The object of a file's SCHEMA, whose messages are named after MESSAGE. What is special about it comes behind. */
#define NETFILTER_OBJECT(word, message, form, ...)                                                                                       \
	static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, \
			 struct error *error)                                                                                            \
	{                                                                                                                                \
		return netfilter_parse(&schema, form, &(struct object_path){ text, naming, arena, NULL, error }, ret, ret_rest);         \
	}                                                                                                                                \
	const struct object object_netfilter_##word = { .name = #word,                                                                   \
							.help = "nftables: " #word "s",                                                  \
							.protocol = &protocol_netfilter,                                                 \
							.new_type = NETFILTER_TYPE(NFT_MSG_NEW##message),                                \
							.delete_type = NETFILTER_TYPE(NFT_MSG_DEL##message),                             \
							.get_type = NETFILTER_TYPE(NFT_MSG_GET##message),                                \
							.replace_type = NETFILTER_TYPE(NFT_MSG_NEW##message), /* without a flag */       \
							.schema = &schema,                                                               \
							.groups = { NFNLGRP_NFTABLES },                                                  \
							.families = { AF_UNSPEC },                                                       \
							.family_count = 1,                                                               \
							.path = netfilter_path,                                                          \
							.parse = parse,                                                                  \
							.get = netfilter_get,                                                            \
							__VA_ARGS__ }

/* For object->prepare: what is set whole goes without what only we say of it. */
int netfilter_prepare(struct arena *arena, struct record *record, enum object_write write) _must_check_;
/* For object->renews: whether anything differs that is said at creation alone. */
bool netfilter_renews(const struct record *wanted, const struct record *now);
/* netfilter_arrange.c: for protocol->arrange and protocol->generation. */
int netfilter_arrange(struct machine *machine, struct arena *arena, struct object_step *steps, size_t count) _must_check_;
int netfilter_generation(struct netlink *netlink, uint32_t *ret) _must_check_;

/* netfilter_text.c: a value of a TYPE of nft's, or of several, as nft(8) prints it; false where that is not certain. */
bool netfilter_value_text(uint32_t type, const uint8_t *data, size_t length, struct buffer *ret);
/* Whether a key of that TYPE has another order of bytes in a set of ranges. */
bool netfilter_type_is_swapped(uint32_t type);
/* netfilter_fields.c: the number of a type that codec_netfilter_type has read; 0: none. A verdict is one. */
uint32_t netfilter_type_number(const struct value *value);

/* netfilter_element.c: a message about elements of a set, which tells one after the other; each is brought into a form of its own, with the set's
 * types, where they are known. */
struct netfilter_elements {
	const struct nlmsghdr *message;
	struct attribute_iterator table, set, set_id; /* at the attribute; its TYPE is 0 where there is none */
	struct attribute_iterator list;
	uint32_t key_type, data_type; /* of the set, in network byte order; 0: not known */
	bool flat;                    /* it is in that form already */
};
struct netfilter_elements netfilter_elements(const struct nlmsghdr *message);
/* The next one in ROOM, NULL at the end or where memory ran out. */
const struct nlmsghdr *netfilter_elements_next(struct netfilter_elements *elements, struct buffer *room);
/* Whether an ENTRY of an element says which set it is in. */
bool netfilter_element_is_place(const struct entry *entry);
/* All elements of the set that a message tells of, each in that form; a NULL: they come anew. -EAGAIN: the ruleset changes all the time. */
int netfilter_elements_read(struct netlink *netlink, const struct nlmsghdr *set, object_message_function *function, void *data) _must_check_;
/* Takes the types from a message about the set. */
void netfilter_elements_typed(struct netfilter_elements *elements, const struct nlmsghdr *set);

/* The order in which the kernel takes elements of one set, by their keys: an interval begins before it ends. */
int netfilter_element_compare(const struct record *a, const struct record *b);

/* A channel of an object: its name in the tree is one that other protocols have as well. */
#define NETFILTER_CHANNEL(word, object_descriptor, words) \
	OBJECT_CHANNEL_AT(netfilter_##word, "netlink/netfilter/" #word, object_descriptor, words, "live")

#endif
