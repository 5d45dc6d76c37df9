/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sending to programs over NETLINK_USERSOCK. */
#include <errno.h>

#include "channel/family.h"
#include "lib/context.h"

static int refused(struct ferry *ferry, int code, uint32_t port, uint32_t group, size_t length)
{
	struct error *error = &ferry->error;

	switch (code) {
	case -ECONNREFUSED:
		return error_set(error, code, "nobody listens at port %u (Connection refused): \"ferry listen\" there tells its port", port);
	case -EAGAIN:
		return error_set(error, code, "the process at port %u has a full queue and does not read", port);
	case -EMSGSIZE:
	case -ENOBUFS:
		return error_set(error, code, "%zu bytes are more than one message may have here: %s", length, error_text(code));
	case -EPERM:
		return error_set(error, code, "the kernel does not let this process send to %s %u", group ? "group" : "port", group ? group : port);
	default:
		return error_set(error, code, "cannot send to %s %u: %s", group ? "group" : "port", group ? group : port, error_text(code));
	}
}

static int check(struct ferry *ferry, uint32_t port, uint32_t group, size_t length)
{
	struct error *error = &ferry->error;

	if (length == 0)
		return error_set(error, -EINVAL, "an empty message: the kernel carries none");
	if ((port == 0) == (group == 0))
		return error_set(error, -EINVAL, "a message goes to a port or to a group");
	if (group > USERSOCK_GROUPS)
		return error_set(error, -EINVAL, "there is no group %u: they go from 1 to %d", group, USERSOCK_GROUPS);
	return 0;
}

int ferry_send(struct ferry *ferry, uint32_t port, uint32_t group, const void *data, size_t length)
{
	int r = check(ferry, port, group, length);

	if (r == 0 && !ferry->sender)
		r = netlink_open(NETLINK_USERSOCK, &ferry->sender, &ferry->error);
	if (r < 0)
		return r;
	r = netlink_send_to(ferry->sender, port, group, data, length);
	return r < 0 ? refused(ferry, r, port, group, length) : 0;
}

struct listeners {
	uint32_t group;
	unsigned int count;
	uint64_t drops;
};

static int count_listener(void *data, const struct netlink_holder *holder)
{
	struct listeners *listeners = data;

	if (holder->protocol == NETLINK_USERSOCK && holder->groups & UINT32_C(1) << (listeners->group - 1)) {
		listeners->count++;
		listeners->drops += holder->drops;
	}
	return 0;
}

int ferry_group_listeners(struct ferry *ferry, uint32_t group, unsigned int *ret_listeners, uint64_t *ret_lost)
{
	struct listeners listeners = { .group = group };
	int r;

	if (group == 0 || group > USERSOCK_GROUPS)
		return error_set(&ferry->error, -EINVAL, "there is no group %u: they go from 1 to %d", group, USERSOCK_GROUPS);
	r = netlink_holders(count_listener, &listeners);
	if (r < 0)
		return error_set(&ferry->error, r, "cannot read /proc/net/netlink, which tells who listens: %s", error_text(r));
	*ret_listeners = listeners.count;
	*ret_lost = listeners.drops;
	return 0;
}
