/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What follows from what: the address that goes with its link, the route that goes with its address; and what the kernel takes away
 * without a word, to be looked up. Sources: net/ipv4/fib_frontend.c, fib_semantics.c, nexthop.c; net/ipv6/addrconf.c. */
#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/link.h"
#include "channel/netlink_source.h"

#define MEMORY 1000000000ull /* ns that a change is looked for as a cause */

uint32_t route_number_of(const struct nlmsghdr *message, size_t header, uint16_t type)
{
	struct attribute_iterator i;
	uint32_t number = 0;

	if (message->nlmsg_len < NLMSG_HDRLEN + NLMSG_ALIGN(header))
		return 0;
	for (i = attributes((const char *)NLMSG_DATA(message) + NLMSG_ALIGN(header), message->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(header));
	     attribute_next(&i);)
		if (i.type == type && i.length >= sizeof(number)) {
			memcpy(&number, i.data, sizeof(number));
			return number;
		}
	return 0;
}

/* The interface that a message's object belongs to, 0 = none or several. */
static uint32_t interface_of(uint16_t get_type, const struct nlmsghdr *message)
{
	switch (get_type) {
	case RTM_GETLINK:
		return (uint32_t)((const struct ifinfomsg *)NLMSG_DATA(message))->ifi_index;
	case RTM_GETADDR:
		return ((const struct ifaddrmsg *)NLMSG_DATA(message))->ifa_index;
	case RTM_GETNEIGH:
		return (uint32_t)((const struct ndmsg *)NLMSG_DATA(message))->ndm_ifindex;
	case RTM_GETROUTE:
		return route_number_of(message, sizeof(struct rtmsg), RTA_OIF);
	case RTM_GETQDISC:
	case RTM_GETTCLASS:
	case RTM_GETTFILTER:
		return (uint32_t)((const struct tcmsg *)NLMSG_DATA(message))->tcm_ifindex;
	default:
		return 0;
	}
}

static bool is_kernels_own(const struct step *step)
{
	if (step->object->get_type != RTM_GETROUTE)
		return true;
	return step->message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct rtmsg)) &&
	       ((const struct rtmsg *)NLMSG_DATA(step->message))->rtm_protocol == RTPROT_KERNEL;
}

/* The kernel gives a link addresses that reach no further than the link itself; any other was asked for, also where ioctl(2) leaves no port. */
static bool is_kernels_address(const struct step *step)
{
	const struct ifaddrmsg *address = NLMSG_DATA(step->message);

	return address->ifa_scope == RT_SCOPE_LINK || address->ifa_scope == RT_SCOPE_HOST;
}

/* Whether a change of an object of TYPE can have brought this one about. */
static bool can_follow(const struct step *step, const struct recent *recent)
{
	switch (step->object->get_type) {
	case RTM_GETADDR:
		return recent->type == RTM_GETLINK && (step->removed ? recent->down : is_kernels_address(step));
	case RTM_GETROUTE:
		return (recent->type == RTM_GETLINK || recent->type == RTM_GETADDR) && (is_kernels_own(step) || (step->removed && recent->down));
	case RTM_GETNEIGH: /* what a bridge forwards to a port follows from that being a port, not from its addresses */
		return ((const struct ndmsg *)NLMSG_DATA(step->message))->ndm_family != AF_BRIDGE &&
		       (recent->type == RTM_GETLINK || recent->type == RTM_GETADDR) && recent->down && step->removed;
	default:
		return false;
	}
}

/* A message with a requester's port answers a request of its own; one without, from the same thread, on the same interface, follows from what that
 * thread did just before. A link is never a consequence here: two links that change together do so by one request. */
static uint64_t cause(const struct netlink_source *source, const struct step *step)
{
	uint32_t index = interface_of(step->object->get_type, step->message);

	if (step->message->nlmsg_pid || !step->origin.tid || !index)
		return 0;
	for (unsigned int back = 1; back <= RECENT_MAXIMUM; back++) {
		const struct recent *recent = &source->recent[(source->recent_next - back) % RECENT_MAXIMUM];

		if (!recent->boottime || step->origin.boottime - recent->boottime > MEMORY)
			return 0;
		if (recent->tid == step->origin.tid && recent->index == index && can_follow(step, recent))
			return recent->number;
	}
	return 0;
}

/* The name that a link's message says, in TEXT; false where it says none. */
static bool link_name(const struct step *step, char text[IFNAMSIZ])
{
	const struct value *name = step->object == &object_link ? record_find(step->record, "ifname") : NULL;

	if (!name || name->type != VALUE_TEXT || name->bytes.length >= IFNAMSIZ)
		return false;
	memcpy(text, name->bytes.data, name->bytes.length);
	text[name->bytes.length] = '\0';
	return true;
}

/* Names change with the messages, so that each is told by the name that its link had then. */
static bool decoded(struct netlink_source *source, const struct step *step, const struct cache_entry *known)
{
	const struct ifinfomsg *link = NLMSG_DATA(step->message);
	char name[IFNAMSIZ];

	(void)known;
	if (!step->removed && link_name(step, name))
		machine_link_named(source->recording.machine, (uint32_t)link->ifi_index, name);
	return true;
}

static bool has_attribute(const struct nlmsghdr *message, size_t header, uint16_t type)
{
	struct attribute_iterator i;

	if (message->nlmsg_len < NLMSG_HDRLEN + header)
		return false;
	for (i = attributes((const char *)NLMSG_DATA(message) + NLMSG_ALIGN(header), message->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(header));
	     attribute_next(&i);)
		if (i.type == type)
			return true;
	return false;
}

/* IPv6 tells the loss of one nexthop of several as the removal of a route with just that nexthop. */
static bool partial(struct netlink_source *source, const struct step *step, const struct cache_entry *entry)
{
	const struct rtmsg *route = NLMSG_DATA(step->message);

	if (step->message->nlmsg_type != RTM_DELROUTE || route->rtm_family != AF_INET6 ||
	    !has_attribute(entry->message, sizeof(*route), RTA_MULTIPATH) || has_attribute(step->message, sizeof(*route), RTA_MULTIPATH))
		return false;
	source_check(source, (struct check){ .kind = CHECK_ROUTE6, .index = route->rtm_table }, &step->origin);
	return true;
}

static bool went_down(const struct step *step, const struct nlmsghdr *before)
{
	const struct ifinfomsg *now = NLMSG_DATA(step->message), *then = before ? NLMSG_DATA(before) : NULL;

	if (now->ifi_family == AF_BRIDGE) /* a link that is no port any more is still there */
		return false;
	return step->removed || (then && (then->ifi_flags & IFF_UP) && !(now->ifi_flags & IFF_UP));
}

/* A dump no longer waits until a link is down altogether: the first look may have come too early. The addresses of IPv6 go after its routes. */
static void check_again(struct netlink_source *source, const struct step *step, const struct ifaddrmsg *address)
{
	const uint64_t down = address->ifa_family == AF_INET6 ? cause(source, step) : 0;

	if (down)
		source_check(source, (struct check){ .kind = CHECK_LINK_DOWN, .cause = down, .index = address->ifa_index }, &step->origin);
}

static void check_address(struct netlink_source *source, const struct step *step, uint64_t number)
{
	const struct ifaddrmsg *address = NLMSG_DATA(step->message);
	struct check check = { .kind = CHECK_SOURCE_ADDRESS, .cause = number };
	uint32_t local = route_number_of(step->message, sizeof(*address), IFA_LOCAL);

	check_again(source, step, address);
	if (address->ifa_family != AF_INET || !local)
		return;
	memcpy(check.address, &local, sizeof(local));
	source_check(source, check, &step->origin);
}

static void check_dependents(struct netlink_source *source, const struct step *step, uint64_t number, bool down)
{
	if (!down)
		return;
	switch (step->object->get_type) {
	case RTM_GETLINK:
		source_check(source,
			     (struct check){ .kind = step->removed ? CHECK_LINK_GONE : CHECK_LINK_DOWN,
					     .cause = number,
					     .index = interface_of(RTM_GETLINK, step->message) },
			     &step->origin);
		break;
	case RTM_GETADDR:
		check_address(source, step, number);
		break;
	case RTM_GETQDISC:
	case RTM_GETTCLASS:
		source_check(source, (struct check){ .kind = CHECK_QUEUES, .cause = number, .index = interface_of(RTM_GETQDISC, step->message) },
			     &step->origin);
		break;
	case RTM_GETNEXTHOP:
		source_check(source,
			     (struct check){
				     .kind = CHECK_NEXTHOP, .cause = number, .index = route_number_of(step->message, sizeof(struct nhmsg), NHA_ID) },
			     &step->origin);
		break;
	}
}

static void told(struct netlink_source *source, const struct step *step, uint64_t number, const struct nlmsghdr *before)
{
	uint16_t type = step->object->get_type;
	bool down = step->removed;
	char name[IFNAMSIZ];

	if (!before && !step->removed && link_name(step, name))
		source->recording.link_added(source->recording.sink, name, interface_of(type, step->message));
	else if (step->removed && step->object == &object_link)
		source->recording.link_removed(source->recording.sink, interface_of(type, step->message), &step->origin, number);
	if (step->consistency != FERRY_WHOLE)
		return;
	if (type == RTM_GETLINK)
		down = went_down(step, before);
	if (type == RTM_GETLINK || type == RTM_GETADDR)
		source->recent[source->recent_next++ % RECENT_MAXIMUM] = (struct recent){ .number = number,
											  .boottime = step->origin.boottime,
											  .pid = step->origin.pid,
											  .tid = step->origin.tid,
											  .index = interface_of(type, step->message),
											  .type = type,
											  .down = down,
											  .door = step->origin.door };
	check_dependents(source, step, number, down);
}

/* Whether the object of a cached MESSAGE may have gone with what CHECK tells of. */
static bool route_matches(const struct check *check, const struct nlmsghdr *message)
{
	const struct rtmsg *route = NLMSG_DATA(message);
	uint32_t source;

	switch (check->kind) {
	case CHECK_LINK_DOWN:
	case CHECK_LINK_GONE:
		/* Several nexthops: any of them may be on that link. IPv6 tells, but for net.ipv6.route.skip_notify_on_dev_down=1. */
		return route_number_of(message, sizeof(*route), RTA_OIF) == check->index || route_number_of(message, sizeof(*route), RTA_MULTIPATH) ||
		       route_number_of(message, sizeof(*route), RTA_NH_ID);
	case CHECK_SOURCE_ADDRESS:
		source = route_number_of(message, sizeof(*route), RTA_PREFSRC);
		return route->rtm_family == AF_INET && !memcmp(&source, check->address, sizeof(source));
	case CHECK_NEXTHOP: /* IPv6 tells, but for net.ipv4.nexthop_compat_mode=0 */
		return route_number_of(message, sizeof(*route), RTA_NH_ID) == check->index;
	case CHECK_ROUTE6:
		return route->rtm_family == AF_INET6 && route->rtm_table == check->index;
	case CHECK_LINK:
	case CHECK_QUEUES:
	case CHECK_KIND:
	case CHECK_ASKED:
		break;
	}
	return false;
}

static bool matches(const struct check *check, const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWROUTE:
		return message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct rtmsg)) && route_matches(check, message);
	case RTM_NEWNEXTHOP: /* a nexthop leaves with its link, unannounced, and with it any group of which it was the last */
		return (check->kind == CHECK_LINK_DOWN || check->kind == CHECK_LINK_GONE) &&
		       (route_number_of(message, sizeof(struct nhmsg), NHA_OIF) == check->index ||
			route_number_of(message, sizeof(struct nhmsg), NHA_GROUP));
	case RTM_NEWQDISC:
	case RTM_NEWTCLASS:
	case RTM_NEWTFILTER: /* they go with their link, and with the qdisc or class in which they stand */
		return (check->kind == CHECK_QUEUES || check->kind == CHECK_LINK_DOWN || check->kind == CHECK_LINK_GONE) &&
		       message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct tcmsg)) && interface_of(RTM_GETQDISC, message) == check->index;
	case RTM_NEWNEIGH: /* what a bridge has is told, what a link has by itself is not */
		return (check->kind == CHECK_LINK_DOWN || check->kind == CHECK_LINK_GONE) &&
		       message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ndmsg)) &&
		       ((const struct ndmsg *)NLMSG_DATA(message))->ndm_family == AF_BRIDGE && interface_of(RTM_GETNEIGH, message) == check->index &&
		       !route_number_of(message, sizeof(struct ndmsg), NDA_MASTER);
	case RTM_NEWLINK:
		return check->kind == CHECK_LINK && message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)) &&
		       interface_of(RTM_GETLINK, message) == check->index;
	default:
		return false;
	}
}

static bool is_of_many(const struct nlmsghdr *message)
{
	return tc_is_of_many(message) || bridge_is_of_many(message);
}

static void many(struct netlink_source *source, const struct nlmsghdr *message, struct step *step)
{
	if (tc_is_of_many(message))
		tc_many(source, message, step);
	else
		bridge_many(source, message, step);
}

const struct source_rules source_rules_route = {
	.before = route_late,
	.decoded = decoded,
	.partial = partial,
	.cause = cause,
	.told = told,
	.matches = matches,
	.is_of_many = is_of_many,
	.many = many,
	.done = route_late_done,
};
