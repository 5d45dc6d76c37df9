/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* messages COUNT: asks rtnetlink COUNT times for its links in one sendmmsg(2), and takes the answers by recvmmsg(2); what it sent and got stands on
 * its standard output, a datagram a line, in hexadecimal. */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 256

struct request {
	struct nlmsghdr header;
	struct ifinfomsg link;
};

static char answers[MOST][8192];

static void print(const void *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		printf("%02x", ((const unsigned char *)data)[i]);
	putchar('\n');
}

int main(int count, char **arguments)
{
	const int socket_ = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), wanted = count == 2 ? (int)strtol(arguments[1], NULL, 10) : 0;
	static struct request requests[MOST];
	static struct mmsghdr messages[MOST];
	static struct iovec parts[MOST];
	int got = 0;

	if (socket_ < 0 || wanted < 1 || wanted > MOST)
		return 2;
	for (int i = 0; i < wanted; i++) {
		requests[i].header = (struct nlmsghdr){ sizeof(requests[i]), RTM_GETLINK, NLM_F_REQUEST, (unsigned int)i + 1, 0 };
		requests[i].link.ifi_index = 1;
		parts[i] = (struct iovec){ &requests[i], sizeof(requests[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
		print(&requests[i], sizeof(requests[i]));
	}
	if (sendmmsg(socket_, messages, (unsigned int)wanted, 0) != wanted)
		return 1;
	for (int i = 0; i < wanted; i++)
		parts[i] = (struct iovec){ answers[i], sizeof(answers[i]) };
	got = recvmmsg(socket_, messages, (unsigned int)wanted, 0, NULL);
	for (int i = 0; i < got; i++)
		print(answers[i], messages[i].msg_len);
	return got == wanted ? 0 : 1;
}
