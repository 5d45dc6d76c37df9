/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages that are no answers: from multicast groups and from other programs, each with its sender, and sending them. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "wire/netlink-socket.h"

#define OWN_MAXIMUM 64 /* datagrams that are thrown away behind one that was sent */

int netlink_tell_senders(struct netlink *netlink)
{
	const int one = 1;

	if (setsockopt(netlink->descriptor, SOL_NETLINK, NETLINK_PKTINFO, &one, sizeof(one)) < 0 ||
	    setsockopt(netlink->descriptor, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) < 0)
		return -errno;
	return 0;
}

static void take_control(struct msghdr *message, struct netlink_datagram *datagram)
{
	struct nl_pktinfo information;
	struct ucred credentials;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level == SOL_NETLINK && part->cmsg_type == NETLINK_PKTINFO && part->cmsg_len >= CMSG_LEN(sizeof(information))) {
			memcpy(&information, CMSG_DATA(part), sizeof(information));
			datagram->group = information.group;
		} else if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS && part->cmsg_len >= CMSG_LEN(sizeof(credentials))) {
			memcpy(&credentials, CMSG_DATA(part), sizeof(credentials));
			datagram->has_credentials = true;
			datagram->pid = (uint32_t)credentials.pid;
			datagram->uid = credentials.uid;
			datagram->gid = credentials.gid;
		}
	}
}

ssize_t netlink_receive_from(struct netlink *netlink, struct netlink_datagram *ret)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct nl_pktinfo)) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct sockaddr_nl sender = { 0 };
	struct iovec part = { netlink->buffer, netlink->size };
	struct msghdr message = { .msg_name = &sender,
				  .msg_namelen = sizeof(sender),
				  .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	ssize_t length;

	do {
		length = recvmsg(netlink->descriptor, &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	if (message.msg_flags & MSG_TRUNC || (size_t)length > netlink->size) {
		netlink->truncated++;
		(void)netlink_reserve(netlink, (size_t)length);
		return -EMSGSIZE;
	}
	*ret = (struct netlink_datagram){ .data = netlink->buffer, .length = (size_t)length, .port = sender.nl_pid };
	take_control(&message, ret);
	return length;
}

/* A socket holds no more than its send buffer, and the kernel keeps 32 bytes of it. */
static void make_room(struct netlink *netlink, size_t length)
{
	int bytes = 0, wanted = length > INT32_MAX - 64 ? INT32_MAX : (int)length + 64;
	socklen_t size = sizeof(bytes);

	if (getsockopt(netlink->descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, &size) == 0 && bytes >= wanted)
		return;
	if (setsockopt(netlink->descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof(wanted)) < 0)
		(void)setsockopt(netlink->descriptor, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
}

int netlink_send_to(struct netlink *netlink, uint32_t port, uint32_t group, const void *data, size_t length)
{
	/* What goes to a group goes to a port as well. Ours is the one that always takes it, and that the group's copy passes by: to the kernel's (0)
	 * a protocol without a kernel side would refuse what the group has had. */
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK,
					     .nl_pid = group ? netlink->port : port,
					     .nl_groups = group ? UINT32_C(1) << (group - 1) : 0 };
	const struct timeval patience = { .tv_sec = netlink->deadline / 1000, .tv_usec = (long)(netlink->deadline % 1000) * 1000 };
	struct netlink_datagram own;
	ssize_t sent;

	if (group > 32)
		return -EINVAL;
	make_room(netlink, length);
	(void)setsockopt(netlink->descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	do {
		sent = sendto(netlink->descriptor, data, length, 0, (const struct sockaddr *)&address, sizeof(address));
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	/* Our own copy, and what else lies there: nobody reads at this port. */
	for (int i = 0; group && i < OWN_MAXIMUM && netlink_receive_from(netlink, &own) != 0; i++)
		;
	return 0;
}
