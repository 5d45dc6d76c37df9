/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transactions of netfilter: requests between a begin and an end, in one datagram, of which the kernel does all or none. Source:
 * net/netfilter/nfnetlink.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "wire/netlink-socket.h"

#define SEND_BUFFER_SPARE 65536

/* What the kernel said so far. The numbers of the requests follow each other: FIRST is that of the begin. */
struct outcome {
	struct netlink *netlink;
	uint32_t first, count;
	netlink_ack_function *refused;
	netlink_function *echo;
	void *data;
	int result;
	bool done;
};

static void take_refusal(struct outcome *outcome, uint32_t number, const struct netlink_ack *ack)
{
	if (ack->result < 0 && outcome->result == 0)
		outcome->result = ack->result;
	if (ack->result < 0 && outcome->refused && number > 0)
		(void)outcome->refused(outcome->data, number - 1, ack);
	/* Refused as a whole, or the last one answered. */
	outcome->done |= (number == 0 && ack->result < 0) || number == outcome->count;
}

static void take_message(struct outcome *outcome, const struct nlmsghdr *message)
{
	const uint32_t number = message->nlmsg_seq - outcome->first;
	struct netlink_ack ack;

	if (message->nlmsg_pid != outcome->netlink->port || number > outcome->count)
		return;
	if (message->nlmsg_type != NLMSG_ERROR) {
		if (outcome->echo)
			(void)outcome->echo(outcome->data, message);
		return;
	}
	if (netlink_parse_ack(message, &ack) < 0)
		ack = (struct netlink_ack){ .result = -EPROTO };
	take_refusal(outcome, number, &ack);
}

static int read_outcome(struct outcome *outcome)
{
	const struct nlmsghdr *message;
	struct timespec until;
	const void *data;
	ssize_t length;
	size_t rest;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += outcome->netlink->deadline / 1000 + 1;
	while (!outcome->done) {
		length = netlink_wait(outcome->netlink, &until);
		/* An answer that was lost: whether it was done is not known. */
		if (length < 0)
			return (int)length;
		data = outcome->netlink->buffer;
		rest = (size_t)length;
		while (netlink_next(&data, &rest, &message))
			take_message(outcome, message);
	}
	return outcome->result;
}

struct edge {
	struct nlmsghdr header;
	struct nfgenmsg message;
	struct nlattr attribute; /* the generation that the transaction is for, where that is said */
	uint32_t generation;
};

static struct edge edge_of(const struct netlink *netlink, uint16_t type, uint16_t subsystem, uint32_t sequence, uint32_t generation)
{
	const uint32_t length = generation ? sizeof(struct edge) : offsetof(struct edge, attribute);

	return (struct edge){ { length, type, NLM_F_REQUEST, sequence, netlink->port },
			      { AF_UNSPEC, NFNETLINK_V0, htons(subsystem) },
			      { sizeof(struct nlattr) + sizeof(uint32_t), NFNL_BATCH_GENID },
			      htonl(generation) };
}

/* Puts the numbers in, and asks for an answer to the last. */
static void number(struct netlink_batch *batch, uint32_t first)
{
	struct nlmsghdr *header = NULL;

	for (size_t at = 0; at < batch->buffer.length; at += NLMSG_ALIGN((size_t)header->nlmsg_len)) {
		header = (struct nlmsghdr *)(batch->buffer.data + at);
		header->nlmsg_seq += first + 1;
	}
	if (header)
		header->nlmsg_flags |= NLM_F_ACK;
}

static int send_transaction(struct netlink *netlink, struct netlink_batch *batch, uint16_t subsystem, uint32_t generation, uint32_t first)
{
	struct edge begin = edge_of(netlink, NFNL_MSG_BATCH_BEGIN, subsystem, first, generation);
	struct edge end = edge_of(netlink, NFNL_MSG_BATCH_END, subsystem, first + batch->count + 1, 0);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec parts[] = { { &begin, begin.header.nlmsg_len }, { batch->buffer.data, batch->buffer.length }, { &end, end.header.nlmsg_len } };
	const struct msghdr message = { .msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = parts, .msg_iovlen = 3 };
	const int room = (int)(batch->buffer.length < INT32_MAX / 4 ? batch->buffer.length + SEND_BUFFER_SPARE : INT32_MAX / 4);
	ssize_t sent;

	/* All of it must fit in one datagram. */
	if (batch->buffer.length > SEND_BUFFER_SPARE)
		(void)setsockopt(netlink->descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	do {
		sent = sendmsg(netlink->descriptor, &message, 0);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	netlink->traffic += (uint64_t)sent;
	return 0;
}

int netlink_transaction(struct netlink *netlink, struct netlink_batch *batch, uint16_t subsystem, uint32_t generation, netlink_ack_function *refused,
			netlink_function *echo, void *data)
{
	struct outcome outcome = { .netlink = netlink, .count = batch->count, .refused = refused, .echo = echo, .data = data };
	int r;

	if (batch->buffer.failed)
		return -ENOMEM;
	if (netlink->busy)
		return -EBUSY;
	if (!batch->count)
		return 0;
	if (netlink->sequence > UINT32_MAX - batch->count - 3)
		netlink->sequence = 0;
	outcome.first = netlink->sequence + 1;
	netlink->sequence += batch->count + 2;
	number(batch, outcome.first);
	netlink->busy = true;
	r = send_transaction(netlink, batch, subsystem, generation, outcome.first);
	if (r == 0)
		r = read_outcome(&outcome);
	netlink->busy = false;
	buffer_clear(&batch->buffer);
	batch->count = 0;
	return r;
}
