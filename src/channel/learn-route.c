/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types of rtnetlink's attributes. GETPOLICY is of generic families alone, but a refusal carries the policy of the attribute that was refused
 * (NLMSGERR_ATTR_POLICY): so each is sent with lengths that hardly any type has, and the kernel's words are read.
 *
 * Why that changes nothing:
 * - It is done in a network namespace that was made for it, where there is only lo, and which goes with the socket. There it may be tried by nobody's
 *   rights as well. Never in the namespace that we are in.
 * - Every request holds a second attribute behind the one that is tried, of which the kernel was seen to refuse just this (one byte where four must
 * be). The kernel goes through all attributes (nla_parse()) before a handler does anything with one: so a request of which the first is taken is
 * refused for the second. What is refused for neither ends the trying of that kind of message at once.
 * - No request asks for anything to be made (NLM_F_CREATE), and the interface in its header is none.
 *
 * What is not tried: messages of which no line of learn.def says PROBE (queueing disciplines and filters load modules by the name of their kind
 * before they look at the rest; statistics, netconf and mdb take few attributes or none); nests whose kind another attribute names (options of
 * links), since the kernel reads them after the first look, so that nothing would stop the request; other protocols than rtnetlink; and generic
 * families, since what GETPOLICY does not tell of these the kernel does not look at, and so does not refuse. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addrlabel.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <linux/if_bridge.h>
#include <string.h>
#include <sys/socket.h>

#include "channel/learn.h"
#include "wire/scratch.h"

#define NO_INTERFACE 0x7ffffff0

static const struct message {
	const char *name;
	uint16_t type, header_size;
	const char *set;
	const char *poison; /* NULL: not tried */
	uint16_t poison_number;
} messages[] = {
#define ROUTE(message_name, number, header, set_name) { message_name, number, sizeof(header), set_name, NULL, 0 },
#define PROBE(message_name, number, header, set_name, poison_name, poison_value) \
	{ message_name, number, sizeof(header), set_name, poison_name, poison_value },
#include "channel/learn.def"
};

static const char *const further_sets[] = {
#define ALSO(prefix) prefix,
#include "channel/learn.def"
};

/* Lengths that few types have: too short, odd, and too long for texts and addresses. */
static const uint16_t lengths[] = { 1, 0, 3, 5, 9, 17, 33, 70, 300, 5000 };
/* The same attribute may be another thing to another address family. */
static const uint8_t address_families[] = { AF_INET, AF_INET6 };

struct probing {
	struct linking *linking;
	struct netlink *netlink;
	const struct message *message;
	uint8_t family;
	struct buffer request;
	unsigned int tried;
	bool stopped; /* a request was not refused */
};

enum verdict { TAKEN, TYPED, REFUSED };

/* ---- One request ---- */

static void add_header(struct probing *probing)
{
	const uint32_t index = NO_INTERFACE;
	char *header = buffer_reserve(&probing->request, NLMSG_ALIGN(probing->message->header_size));

	if (!header)
		return;
	memset(header, 0, NLMSG_ALIGN(probing->message->header_size));
	header[0] = (char)probing->family;
	if (probing->message->type == RTM_NEWLINK)
		memcpy(header + offsetof(struct ifinfomsg, ifi_index), &index, sizeof(index));
	else if (probing->message->type == RTM_NEWADDR)
		memcpy(header + offsetof(struct ifaddrmsg, ifa_index), &index, sizeof(index));
	else if (probing->message->type == RTM_NEWNEIGH)
		memcpy(header + offsetof(struct ndmsg, ndm_ifindex), &index, sizeof(index));
	probing->request.length += NLMSG_ALIGN(probing->message->header_size);
}

static void add_attribute(struct probing *probing, uint16_t number, uint16_t length)
{
	static const uint8_t filling[5000] = { [0 ... 4999] = 0xff };

	attribute_add(&probing->request, number, filling, length);
}

/* Sends the request. RET is what the kernel says of the attribute at OFFSET of it (from the netlink header). */
static int ask(struct probing *probing, uint32_t offset, enum verdict *ret, struct policy_attribute *ret_policy)
{
	struct netlink_ack ack;
	int r;

	if (probing->request.failed)
		return -ENOMEM;
	r = netlink_request(probing->netlink, probing->message->type, 0, probing->request.data, probing->request.length, NULL, NULL, &ack);
	probing->tried++;
	if (r == 0) {
		probing->stopped = true;
		return -ECANCELED;
	}
	/* No answer at all is another thing than a refusal. */
	if (ack.result != r || r == -ENOBUFS || r == -ETIMEDOUT)
		return r;
	*ret = TAKEN;
	if (!ack.has_offset || ack.offset != offset)
		return 0;
	*ret = REFUSED;
	if (!ack.policy)
		return 0;
	*ret_policy = policy_attribute_of(ack.policy, ack.policy_length);
	*ret = policy_kind(ret_policy) == LEARNED_LOOKS ? REFUSED : TYPED;
	return 0;
}

static uint32_t first_offset(const struct probing *probing)
{
	return NLMSG_HDRLEN + NLMSG_ALIGN(probing->message->header_size);
}

/* ---- One attribute ---- */

/* Whether the kernel refuses the second attribute, for what it is to be refused for: else nothing is tried. */
static int check_poison(struct probing *probing)
{
	struct policy_attribute policy;
	enum verdict verdict;
	int r;

	buffer_clear(&probing->request);
	add_header(probing);
	add_attribute(probing, probing->message->poison_number, 1);
	r = ask(probing, first_offset(probing), &verdict, &policy);
	if (r < 0)
		return r;
	return verdict != TAKEN;
}

static int try_attribute(struct probing *probing, uint16_t number, enum verdict *ret, struct policy_attribute *ret_policy)
{
	*ret = TAKEN;
	for (size_t i = 0; *ret != TYPED && i < ARRAY_SIZE(lengths); i++) {
		enum verdict verdict;
		int r;

		buffer_clear(&probing->request);
		add_header(probing);
		add_attribute(probing, number, lengths[i]);
		add_attribute(probing, probing->message->poison_number, 1);
		r = ask(probing, first_offset(probing), &verdict, ret_policy);
		if (r < 0)
			return r;
		if (verdict != TAKEN)
			*ret = verdict;
	}
	ret_policy->number = number;
	return 0;
}

/* FIRST: in no other address family was it tried. A type is believed where each family says the same: what one does not look at may be another thing
 * to it. */
static int take_verdict(struct probing *probing, struct learned_set *set, enum verdict verdict, const struct policy_attribute *policy, bool first)
{
	const uint16_t number = policy->number;
	struct learned_set *nest;

	if (set->kinds[number] == LEARNED_PAD || (verdict != TYPED && !(set->fields[number].flags & (FIELD_LEARNED | FIELD_GUESSED))))
		return 0;
	if (verdict == TYPED && (first || set->kinds[number] != LEARNED_LOOKS))
		return link_type(probing->linking, set, policy, &nest);
	if (verdict == REFUSED || set->kinds[number] != LEARNED_LOOKS)
		return learned_type(probing->linking->learned, set, number, LEARNED_DISPUTED, FIELD_GUESSED, NULL);
	return 0;
}

/* ---- Messages ---- */

static int try_message(struct probing *probing, struct learned_set *set, bool first)
{
	int r = 0;

	for (uint32_t number = 1; number < set->schema.attribute_count; number++) {
		struct policy_attribute policy;
		enum verdict verdict;

		if (!set->fields[number].name || number == probing->message->poison_number)
			continue;
		r = try_attribute(probing, (uint16_t)number, &verdict, &policy);
		if (r == 0)
			r = take_verdict(probing, set, verdict, &policy, first);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The one that all others stand on is of a known type itself. */
static int type_poison(struct probing *probing, struct learned_set *set)
{
	const struct policy_attribute policy = { .number = probing->message->poison_number, .type = NL_ATTR_TYPE_U32, .nest = POLICY_NONE };
	struct learned_set *nest;

	return link_type(probing->linking, set, &policy, &nest);
}

static int try_families(struct probing *probing)
{
	const char *name = probing->message->set;
	struct learned_set *set = learned_set(probing->linking->family, name, strlen(name));
	const char *poison =
		set && probing->message->poison_number < set->schema.attribute_count ? set->fields[probing->message->poison_number].help : NULL;
	unsigned int count = 0;
	int r = 0;

	/* Numbers of the header that we were built with and of the kernel that runs are to be of one attribute. */
	if (!poison || strcmp(poison, probing->message->poison) != 0)
		return 0;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(address_families); i++) {
		probing->family = address_families[i];
		r = check_poison(probing);
		if (r > 0)
			r = try_message(probing, set, count++ == 0);
	}
	/* Not refused: nothing more of this kind. */
	if (r == -ECANCELED)
		return 0;
	return r < 0 || count == 0 ? r : type_poison(probing, set);
}

static int add_message(struct linking *linking, const struct message *message)
{
	struct learned_command command = { .name = message->name, .number = message->type, .header_size = message->header_size };
	struct learned_set *set;
	char prefix[32];
	int r = link_set(linking, message->set, strlen(message->set), &set);

	command.answer = set;
	/* IFLA_INET6 and its like: in nests that no name leads to. */
	snprintf(prefix, sizeof(prefix), "%s_", message->set);
	if (r == 0)
		r = link_sets(linking, prefix);
	return r < 0 || !set ? r
			     : learned_add_command(linking->learned, &linking->family->messages, &linking->family->message_count, &command,
						   strlen(message->name));
}

int learn_route(struct linking *linking, unsigned int *ret_tried, const char **ret_why)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = NULL;
	struct probing probing = { .linking = linking };
	int r = 0;

	*ret_tried = 0;
	*ret_why = NULL;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(messages); i++)
		r = add_message(linking, &messages[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(further_sets); i++)
		r = link_sets(linking, further_sets[i]);
	if (r == 0)
		r = link_nests(linking);
	if (r < 0)
		return r;
	if (scratch_open(NETLINK_ROUTE, &netlink, NULL) < 0) {
		*ret_why = "no types: a network namespace to try in cannot be made with these rights";
		return 0;
	}
	probing.netlink = netlink;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(messages); i++) {
		probing.message = &messages[i];
		if (messages[i].poison)
			r = try_families(&probing);
	}
	if (probing.stopped)
		*ret_why = "a request that was to be refused was not: that kind of message was not tried any further";
	*ret_tried = probing.tried;
	buffer_done(&probing.request);
	return r;
}
