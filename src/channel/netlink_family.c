/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects of a generic family whose module may be loaded, or loaded anew, while the recorder runs: the controller tells when a family comes and goes.
 * Source: <linux/genetlink.h>. */
#include <linux/genetlink.h>
#include <string.h>

#include "channel/netlink_source.h"

int source_hear_controller(struct netlink_source *source)
{
	return netlink_join(source->socket, GENL_ID_CTRL); /* its one group, "notify", has the number of the family itself */
}

bool source_is_of_controller(const struct netlink_source *source, const struct nlmsghdr *message)
{
	return source->protocol->family && message->nlmsg_type == GENL_ID_CTRL;
}

void source_heed_controller(struct netlink_source *source, const struct nlmsghdr *message)
{
	const struct genlmsghdr *header = NLMSG_DATA(message);
	const char *name = source->protocol->family;

	if (message->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN) || (header->cmd != CTRL_CMD_NEWFAMILY && header->cmd != CTRL_CMD_DELFAMILY))
		return;
	for (struct attribute_iterator i = attributes((const uint8_t *)header + GENL_HDRLEN, message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
	     attribute_next(&i);)
		if (i.type == CTRL_ATTR_FAMILY_NAME && i.length == strlen(name) + 1 && memcmp(i.data, name, i.length) == 0)
			source->family_told = true;
}

/* Our requests go by another socket, which was opened when the family had another number. */
static int renumber_requests(struct netlink_source *source)
{
	struct netlink *requests;
	int r = machine_netlink(source->recording.machine, source->protocol->number, &requests);

	if (r == 0)
		netlink_set_family(requests, netlink_family(source->socket));
	return r;
}

void source_find_family(struct netlink_source *source)
{
	struct error ignored = { 0 };
	int r = protocol_find_family(source->protocol, source->socket, &ignored);

	source->family_told = false;
	if (r == 0)
		r = protocol_join(source->protocol, source->socket, &ignored);
	if (r == 0)
		r = renumber_requests(source);
	if (source->recording.probe)
		probe_families_changed(source->recording.probe);
	source->waits = r < 0;
	if (r < 0)
		netlink_set_family(source->socket, 0); /* no message's: until it is told again */
	else
		(void)!source_fill_silently(source, &ignored);
}

bool netlink_source_waits(const struct netlink_source *source)
{
	return source->waits;
}
