/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A netlink socket: opening, and reading whole datagrams that the kernel sent. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/netlink-socket.h"

/* The kernel's own dump buffers end at 32 KiB; only a single larger message (a link with many virtual functions) needs more. */
#define BUFFER_SIZE           (64 * 1024)
#define BUFFER_MAXIMUM        (16 * 1024 * 1024)
#define DEADLINE_MILLISECONDS 5000

static const char *protocol_name(int protocol)
{
	switch (protocol) {
	case NETLINK_ROUTE:
		return "NETLINK_ROUTE";
	case NETLINK_XFRM:
		return "NETLINK_XFRM";
	case NETLINK_NETFILTER:
		return "NETLINK_NETFILTER";
	case NETLINK_GENERIC:
		return "NETLINK_GENERIC";
	case NETLINK_AUDIT:
		return "NETLINK_AUDIT";
	case NETLINK_CRYPTO:
		return "NETLINK_CRYPTO";
	case NETLINK_USERSOCK:
		return "NETLINK_USERSOCK";
	case NETLINK_KOBJECT_UEVENT:
		return "NETLINK_KOBJECT_UEVENT";
	default:
		return "netlink";
	}
}

/* Each is a courtesy of newer kernels: without it the answers say less, but are right. Where strict checking is missing the kernel ignores filters,
 * which every caller must reckon with anyway. */
static void ask_for_more(int descriptor)
{
	static const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
	const int one = 1;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		(void)setsockopt(descriptor, SOL_NETLINK, options[i], &one, sizeof(one));
}

unsigned int netlink_receive_bytes(struct netlink *netlink)
{
	int bytes = 0;
	socklen_t length = sizeof(bytes);

	if (netlink->receive_bytes == 0 && getsockopt(netlink->descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, &length) == 0 && bytes > 0)
		netlink->receive_bytes = (unsigned int)bytes;
	return netlink->receive_bytes;
}

/* Binds to PORT, or learns the one that the kernel chose: only the first socket of a process has its pid. */
static int bind_port(int descriptor, uint32_t port, uint32_t *ret_port)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_pid = port };
	socklen_t length = sizeof(address);

	if (bind(descriptor, (const struct sockaddr *)&address, length) < 0 || getsockname(descriptor, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	*ret_port = address.nl_pid;
	return 0;
}

int netlink_open(int protocol, struct netlink **ret, struct error *error)
{
	return netlink_open_at(protocol, 0, ret, error);
}

int netlink_open_at(int protocol, uint32_t port, struct netlink **ret, struct error *error)
{
	const int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int r = -errno;

	if (descriptor < 0)
		return error_set(error, r, "cannot open a %s socket: %s", protocol_name(protocol), error_text(r));
	return netlink_open_with(descriptor, protocol, port, ret, error);
}

int netlink_open_with(int descriptor, int protocol, uint32_t port, struct netlink **ret, struct error *error)
{
	_cleanup_(cleanup_netlink) struct netlink *netlink = calloc(1, sizeof(*netlink));
	int r;

	if (!netlink) {
		close(descriptor);
		return error_set(error, -ENOMEM, "no memory for a netlink socket");
	}
	netlink->deadline = DEADLINE_MILLISECONDS;
	netlink->descriptor = descriptor;
	netlink->portless = protocol == NETLINK_AUDIT;
	netlink->buffer = malloc(BUFFER_SIZE);
	if (!netlink->buffer)
		return error_set(error, -ENOMEM, "no memory for a netlink socket");
	netlink->size = BUFFER_SIZE;
	ask_for_more(netlink->descriptor);
	r = bind_port(netlink->descriptor, port, &netlink->port);
	if (r == -EADDRINUSE)
		return error_set(error, r, "port %u of %s is in use by another socket", port, protocol_name(protocol));
	if (r < 0)
		return error_set(error, r, "cannot bind a %s socket: %s", protocol_name(protocol), error_text(r));
	/* Not from 1 on: an answer to an earlier owner of the same port must not look like ours. */
	netlink->sequence = (uint32_t)time(NULL);
	*ret = TAKE_POINTER(netlink);
	return 0;
}

struct netlink *netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return NULL;
	if (netlink->descriptor >= 0)
		close(netlink->descriptor);
	free(netlink->buffer);
	free(netlink);
	return NULL;
}

int netlink_descriptor(const struct netlink *netlink)
{
	return netlink->descriptor;
}

uint64_t netlink_traffic(const struct netlink *netlink)
{
	return netlink->traffic;
}

uint32_t netlink_port(const struct netlink *netlink)
{
	return netlink->port;
}

void netlink_set_deadline(struct netlink *netlink, unsigned int milliseconds)
{
	netlink->deadline = milliseconds;
}

unsigned int netlink_set_receive_buffer(struct netlink *netlink, unsigned int bytes)
{
	int wanted = bytes > INT32_MAX ? INT32_MAX : (int)bytes;

	if (setsockopt(netlink->descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof(wanted)) < 0)
		(void)setsockopt(netlink->descriptor, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof(wanted));
	netlink->receive_bytes = 0;
	return netlink_receive_bytes(netlink);
}

int netlink_join(struct netlink *netlink, unsigned int group)
{
	if (setsockopt(netlink->descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return 0;
}

void netlink_set_family(struct netlink *netlink, uint16_t family)
{
	netlink->family = family;
}

uint16_t netlink_family(const struct netlink *netlink)
{
	return netlink->family;
}

uint16_t netlink_type_by_command(const struct nlmsghdr *message)
{
	const struct genlmsghdr *header = NLMSG_DATA(message);

	/* The number of a family is no more than GENL_MAX_ID: what is above has its type. */
	if (message->nlmsg_type < NLMSG_MIN_TYPE || message->nlmsg_type > GENL_MAX_ID || message->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return message->nlmsg_type;
	return message->nlmsg_flags & NLM_F_REQUEST ? NETLINK_ASKED(header->cmd) : NETLINK_TOLD(header->cmd);
}

int netlink_reserve(struct netlink *netlink, size_t length)
{
	size_t size = netlink->size;
	uint8_t *buffer;

	while (size < length && size < BUFFER_MAXIMUM)
		size *= 2;
	if (size == netlink->size)
		return size < length ? -EMSGSIZE : 0;
	buffer = realloc(netlink->buffer, size);
	if (!buffer)
		return -ENOMEM;
	netlink->buffer = buffer;
	netlink->size = size;
	return 0;
}

ssize_t netlink_take(struct netlink *netlink)
{
	struct sockaddr_nl sender;
	struct iovec part;
	struct msghdr message = { .msg_name = &sender, .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t length;

	for (;;) {
		sender = (struct sockaddr_nl){ 0 };
		part = (struct iovec){ netlink->buffer, netlink->size };
		message.msg_namelen = sizeof(sender);
		length = recvmsg(netlink->descriptor, &message, MSG_DONTWAIT | MSG_TRUNC);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
		netlink->traffic += (uint64_t)length;
		/* Any process may send to a netlink port; the kernel alone has port 0. */
		if (message.msg_namelen != sizeof(sender) || sender.nl_family != AF_NETLINK || sender.nl_pid != 0)
			continue;
		if (message.msg_flags & MSG_TRUNC || (size_t)length > netlink->size) {
			netlink->truncated++;
			/* This datagram is gone; the next one of its size is not. */
			(void)netlink_reserve(netlink, (size_t)length);
			return -EMSGSIZE;
		}
		if (length > 0)
			return length;
	}
}

static int milliseconds_left(const struct timespec *until)
{
	struct timespec now;
	int64_t left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left = ((int64_t)until->tv_sec - now.tv_sec) * 1000 + (until->tv_nsec - now.tv_nsec) / 1000000;
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

ssize_t netlink_wait(struct netlink *netlink, const struct timespec *until)
{
	struct pollfd poller = { .fd = netlink->descriptor, .events = POLLIN };
	ssize_t length;
	int left, r;

	/* The kernel mostly answers within the send: reading first saves the poll. */
	for (;;) {
		length = netlink_take(netlink);
		if (length != 0)
			return length;
		left = milliseconds_left(until);
		if (left == 0)
			return -ETIMEDOUT;
		r = poll(&poller, 1, left);
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

ssize_t netlink_receive(struct netlink *netlink, const void **ret_data)
{
	ssize_t length = netlink_take(netlink);

	if (length > 0)
		*ret_data = netlink->buffer;
	return length;
}

uint64_t netlink_drops(const struct netlink *netlink)
{
	uint32_t information[SK_MEMINFO_VARS] = { 0 };
	socklen_t length = sizeof(information);

	if (getsockopt(netlink->descriptor, SOL_SOCKET, SO_MEMINFO, information, &length) < 0)
		return netlink->truncated;
	return netlink->truncated + information[SK_MEMINFO_DROPS];
}

bool netlink_next(const void **data, size_t *length, const struct nlmsghdr **ret_message)
{
	const struct nlmsghdr *message = *data;
	size_t step;

	if (*length < sizeof(*message) || message->nlmsg_len < sizeof(*message) || message->nlmsg_len > *length)
		return false;
	step = NLMSG_ALIGN((size_t)message->nlmsg_len);
	if (step > *length)
		step = *length;
	*data = (const uint8_t *)*data + step;
	*length -= step;
	*ret_message = message;
	return true;
}
