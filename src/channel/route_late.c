/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel's workers do later for a program. An IPv6 address is told by the worker that looks for duplicates of it; the route to its network,
 * just before, by the program that asked for the address. Source: net/ipv6/addrconf.c. */
#include <linux/rtnetlink.h>
#include <string.h>

#include "channel/netlink_source.h"

#define LATE_MAXIMUM_AGE 10000000000ull /* ns: a worker waits a second at random, and for the duplicate's answers */

static bool is_in_network(const struct late *late, const uint8_t address[16], uint8_t length)
{
	unsigned int bytes = length / 8, bits = length % 8;

	if (late->length != length || memcmp(late->network, address, bytes))
		return false;
	return !bits || (late->network[bytes] ^ address[bytes]) >> (8 - bits) == 0;
}

/* The IPv6 address in attribute TYPE of a message. */
static bool find_address(const struct nlmsghdr *message, size_t header, uint16_t type, uint8_t ret[16])
{
	struct attribute_iterator i;

	for (i = attributes((const char *)NLMSG_DATA(message) + NLMSG_ALIGN(header), message->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(header));
	     attribute_next(&i);)
		if (i.type == type && i.length == 16) {
			memcpy(ret, i.data, 16);
			return true;
		}
	return false;
}

static void remember(struct netlink_source *source, const struct step *step)
{
	const struct rtmsg *route = NLMSG_DATA(step->message);
	const struct ferry_actor *actor = step->origin.actor;
	struct late *late = &source->late[source->late_next % LATE_MAXIMUM], found = { .boottime = step->origin.boottime };

	if (route->rtm_family != AF_INET6 || route->rtm_protocol != RTPROT_KERNEL || !actor || actor->kernel || !actor->pid ||
	    route->rtm_dst_len > 128 || !find_address(step->message, sizeof(*route), RTA_DST, found.network))
		return;
	if (late->actor)
		actor_unref(late->actor);
	found.index = route_number_of(step->message, sizeof(*route), RTA_OIF);
	found.length = route->rtm_dst_len;
	found.door = step->origin.door;
	found.actor = actor_ref(actor);
	*late = found;
	source->late_next++;
}

static void find(struct netlink_source *source, struct step *step)
{
	const struct ifaddrmsg *address = NLMSG_DATA(step->message);
	uint8_t local[16];

	if (address->ifa_family != AF_INET6 || !step->origin.actor || !step->origin.actor->kernel ||
	    !find_address(step->message, sizeof(*address), IFA_ADDRESS, local))
		return;
	for (unsigned int back = 1; back <= LATE_MAXIMUM; back++) {
		const struct late *late = &source->late[(source->late_next - back) % LATE_MAXIMUM];

		if (!late->actor || step->origin.boottime - late->boottime > LATE_MAXIMUM_AGE)
			return;
		if (late->index != address->ifa_index || !is_in_network(late, local, address->ifa_prefixlen))
			continue;
		actor_unref(step->origin.actor);
		step->origin.actor = actor_ref(late->actor);
		step->origin.door = late->door;
		return;
	}
}

void route_late(struct netlink_source *source, struct step *step)
{
	if (step->removed || step->message->nlmsg_len < NLMSG_LENGTH(step->object->schema->header_size))
		return;
	if (step->object->get_type == RTM_GETROUTE)
		remember(source, step);
	else if (step->object->get_type == RTM_GETADDR)
		find(source, step);
}

void route_late_done(struct netlink_source *source)
{
	for (unsigned int i = 0; i < LATE_MAXIMUM; i++)
		if (source->late[i].actor)
			actor_unref(source->late[i].actor);
}
