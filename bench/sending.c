/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that putting routes into the kernel can be: bench-sending COUNT makes COUNT routes of the link t0, as bench/talk.py has ferry and ip(8)
 * make them. The messages are put together as they are sent, as many in one send as 32 KiB hold, and the last one of each alone asks for an answer;
 * what is refused answers by itself. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

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

int main(int count, char **arguments)
{
	static struct request requests[ROOM / sizeof(struct request)];
	const uint32_t wanted = count == 2 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 0, link = if_nametoindex("t0");
	int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (descriptor < 0 || !link)
		give_up("t0");
	for (uint32_t number = 0; number < wanted;) {
		size_t filled = 0;

		while (number < wanted && filled < ARRAY_SIZE(requests))
			requests[filled++] = request_of(number++, link);
		requests[filled - 1].header.nlmsg_flags |= NLM_F_ACK;
		if (send(descriptor, requests, filled * sizeof(*requests), 0) < 0)
			give_up("send");
		read_answer(descriptor, number);
	}
	return 0;
}
