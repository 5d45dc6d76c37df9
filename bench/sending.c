/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that putting routes into the kernel can be, and what the library's part of it is: COUNT routes of the link t0, as bench/talk.py has ferry
 * and ip(8) make them.
 *
 *	bench-sending COUNT           a bare loop. The messages are put together as they are sent, as many in one send as 32 KiB hold, and the last
 *one of each alone asks for an answer; what is refused answers by itself bench-sending COUNT library   by the library: each a record, checked and
 *encoded by its schema, sent in batches, refusals told one by one */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel/object-inside.h"

#define ROOM 32768

struct attribute {
	struct nlattr head;
	uint32_t value;
};

struct request {
	struct nlmsghdr header;
	struct rtmsg route;
	struct attribute attributes[5];
};

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static struct request request_of(uint32_t number, uint32_t link)
{
	const struct attribute attributes[] = {
		{ { sizeof(struct attribute), RTA_TABLE }, RT_TABLE_MAIN },
		{ { sizeof(struct attribute), RTA_DST }, htonl((20 + (number >> 16)) << 24 | (number & 0xffff) << 8) },
		{ { sizeof(struct attribute), RTA_GATEWAY }, htonl(0x0a090002) },
		{ { sizeof(struct attribute), RTA_OIF }, link },
		{ { sizeof(struct attribute), RTA_PRIORITY }, number % 3 + 1 },
	};
	struct request request = {
		.header = { sizeof(request), RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, number + 1, 0 },
		.route = { .rtm_family = AF_INET,
			   .rtm_dst_len = 24,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_STATIC,
			   .rtm_scope = RT_SCOPE_UNIVERSE,
			   .rtm_type = RTN_UNICAST },
	};

	memcpy(request.attributes, attributes, sizeof(attributes));
	return request;
}

/* Until the answer to the LAST request has come; any error ends it all. */
static void read_answer(int descriptor, uint32_t last)
{
	static _Alignas(struct nlmsghdr) char data[ROOM];

	for (;;) {
		ssize_t length = recv(descriptor, data, sizeof(data), 0);

		if (length <= 0)
			give_up("recv");
		for (struct nlmsghdr *message = (struct nlmsghdr *)data; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
			const struct nlmsgerr *error = NLMSG_DATA(message);

			if (message->nlmsg_type == NLMSG_ERROR && error->error) {
				errno = -error->error;
				give_up("RTM_NEWROUTE");
			}
			if (message->nlmsg_seq == last)
				return;
		}
	}
}

static void send_all(uint32_t wanted, uint32_t link)
{
	static struct request requests[ROOM / sizeof(struct request)];
	int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (descriptor < 0)
		give_up("socket");
	for (uint32_t number = 0; number < wanted;) {
		size_t filled = 0;

		while (number < wanted && filled < ARRAY_SIZE(requests))
			requests[filled++] = request_of(number++, link);
		requests[filled - 1].header.nlmsg_flags |= NLM_F_ACK;
		if (send(descriptor, requests, filled * sizeof(*requests), 0) < 0)
			give_up("send");
		read_answer(descriptor, number);
	}
	close(descriptor);
}

/* ---- By the library ---- */

struct sending {
	const struct object *object;
	struct machine machine;
	struct arena arena;
	struct netlink *netlink;
	struct netlink_batch batch;
};

static void put(struct sending *sending, struct record *record, const char *name, struct value value)
{
	if (record_put(&sending->arena, record, name, value) < 0)
		give_up(name);
}

static struct value address(const uint32_t *word, int16_t prefix)
{
	return (struct value){ .type = VALUE_ADDRESS, .bytes = { word, 4, prefix } };
}

static void add_route(struct sending *sending, uint32_t number, uint32_t link)
{
	static const uint32_t gateway = 0x0200090a; /* 10.9.0.2 as its bytes stand */
	const uint32_t destination = htonl((20 + (number >> 16)) << 24 | (number & 0xffff) << 8);
	struct record *record = record_new(&sending->arena, sending->object->schema);
	struct object_request request;

	if (!record)
		give_up("memory");
	put(sending, record, "family", value_uint(AF_INET));
	put(sending, record, "table", value_uint(RT_TABLE_MAIN));
	put(sending, record, "type", value_uint(RTN_UNICAST));
	put(sending, record, "protocol", value_uint(RTPROT_STATIC));
	put(sending, record, "dst", address(&destination, 24));
	put(sending, record, "gateway", address(&gateway, -1));
	put(sending, record, "dev", value_uint(link));
	put(sending, record, "metric", value_uint(number % 3 + 1));
	if (object_request(sending->object, &sending->machine, &sending->arena, record, OBJECT_CREATE, &request) < 0)
		give_up(sending->machine.error.text);
	if (netlink_batch_add(sending->netlink, &sending->batch, request.type, request.flags, request.payload.data, request.payload.length) < 0)
		give_up("batch");
	buffer_done(&request.payload);
	arena_reset(&sending->arena);
}

static int answered(void *data, uint32_t index, const struct netlink_ack *ack)
{
	(void)data, (void)index;
	return ack->result;
}

static void send_by_library(uint32_t wanted, uint32_t link)
{
	struct sending sending = { 0 };
	unsigned int position = 0;

	machine_init(&sending.machine);
	do {
		sending.object = object_next(&protocol_route, &position);
	} while (sending.object && strcmp(sending.object->name, "route") != 0);
	if (!sending.object || machine_netlink(&sending.machine, NETLINK_ROUTE, &sending.netlink) < 0)
		give_up("netlink");
	for (uint32_t number = 0; number < wanted; number++)
		add_route(&sending, number, link);
	if (netlink_batch_send(sending.netlink, &sending.batch, answered, NULL) < 0)
		give_up("RTM_NEWROUTE");
	netlink_batch_done(&sending.batch);
	arena_done(&sending.arena);
	machine_done(&sending.machine);
}

int main(int count, char **arguments)
{
	const uint32_t wanted = count >= 2 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 0, link = if_nametoindex("t0");

	if (!link)
		give_up("t0");
	if (count == 3 && strcmp(arguments[2], "library") == 0)
		send_by_library(wanted, link);
	else
		send_all(wanted, link);
	return 0;
}
