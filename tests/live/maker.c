/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes changes whose content names their maker, by all doors, and counts what the kernel accepted. A helper of the live tests and the benches.
 *
 *	maker MODE NUMBER COUNT DEVICE [WINDOW]
 *
 * MODE     a word of letters, used in turn: n routes by netlink, 6 IPv6 routes by netlink, h neighbours by netlink, i routes by ioctl, s sysctl
 *writes; or o: one route by netlink, its acknowledgement not awaited, and _exit(2) NUMBER   0 to 255: which maker this is. Routes
 *are 10.NUMBER.X.Y/32 (by ioctl 11.), fd00:NUMBER::N/128; neighbours 10.NUMBER.X.Y; the sysctl net.ipv4.conf.DEVICE.tag gets NUMBER * 1000000 + N
 * COUNT    objects in all. Object N is added and, with WINDOW > 0, object N - WINDOW is removed: so the last WINDOW of them stay. A sysctl write is
 *one change.
 *
 * Waits for the end of standard input, so that many begin at the same moment. Prints one line of JSON: requests accepted and refused, and when
 *(CLOCK_REALTIME, ns). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32 /* requests a send: their acknowledgements fit the receive buffer */

static const char *device_name;
static unsigned int device, number;
static int netlink = -1, inet = -1, knob = -1;
static unsigned long accepted, refused;
static int first_error;

static struct {
	char data[BATCH * 128];
	size_t length;
	unsigned int count;
} batch;

static void failed(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void count(int error)
{
	if (error == 0) {
		accepted++;
		return;
	}
	refused++;
	if (!first_error)
		first_error = error < 0 ? -error : error;
}

/* ---- netlink ---- */

static void receive_acknowledgements(void)
{
	while (batch.count) {
		char data[8192];
		ssize_t length = recv(netlink, data, sizeof(data), 0);

		if (length < 0) {
			if (errno == EINTR)
				continue;
			failed("recv");
		}
		for (struct nlmsghdr *message = (void *)data; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
			if (message->nlmsg_type != NLMSG_ERROR)
				continue;
			count(((struct nlmsgerr *)NLMSG_DATA(message))->error);
			batch.count--;
		}
	}
}

static void flush(void)
{
	if (!batch.length)
		return;
	if (send(netlink, batch.data, batch.length, 0) < 0)
		failed("send");
	batch.length = 0;
	receive_acknowledgements();
}

static struct nlmsghdr *begin(uint16_t type, uint16_t flags, const void *header, size_t length)
{
	struct nlmsghdr *message = (void *)(batch.data + batch.length);

	memset(message, 0, 128);
	message->nlmsg_len = NLMSG_LENGTH(length);
	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	message->nlmsg_seq = ++batch.count;
	memcpy(NLMSG_DATA(message), header, length);
	return message;
}

static void add(struct nlmsghdr *message, uint16_t type, const void *data, size_t length)
{
	struct rtattr *attribute = (void *)((char *)message + NLMSG_ALIGN(message->nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(length);
	memcpy(RTA_DATA(attribute), data, length);
	message->nlmsg_len = NLMSG_ALIGN(message->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

static void end(const struct nlmsghdr *message)
{
	batch.length += NLMSG_ALIGN(message->nlmsg_len);
	if (batch.count == BATCH)
		flush();
}

static uint32_t ipv4(unsigned int first, unsigned int n)
{
	return htonl(first << 24 | number << 16 | (n & 0xffff));
}

static void ipv6(unsigned int n, uint8_t ret[16])
{
	const uint32_t low = htonl(n);

	memset(ret, 0, 16);
	ret[0] = 0xfd;
	ret[3] = (uint8_t)number;
	memcpy(ret + 12, &low, 4);
}

static void route(bool remove, unsigned int n, bool six)
{
	const struct rtmsg header = { .rtm_family = six ? AF_INET6 : AF_INET,
				      .rtm_dst_len = six ? 128 : 32,
				      .rtm_table = RT_TABLE_MAIN,
				      .rtm_protocol = RTPROT_STATIC,
				      .rtm_scope = remove ? RT_SCOPE_NOWHERE : RT_SCOPE_LINK,
				      .rtm_type = RTN_UNICAST };
	struct nlmsghdr *message = begin(remove ? RTM_DELROUTE : RTM_NEWROUTE, remove ? 0 : NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	uint32_t four = ipv4(10, n);
	uint8_t sixteen[16];

	ipv6(n, sixteen);
	add(message, RTA_DST, six ? (const void *)sixteen : &four, six ? 16 : 4);
	add(message, RTA_OIF, &device, sizeof(device));
	end(message);
}

static void neighbour(bool remove, unsigned int n)
{
	const struct ndmsg header = { .ndm_family = AF_INET, .ndm_ifindex = (int)device, .ndm_state = NUD_PERMANENT };
	struct nlmsghdr *message = begin(remove ? RTM_DELNEIGH : RTM_NEWNEIGH, remove ? 0 : NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	const uint8_t hardware[6] = { 2, (uint8_t)number, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	uint32_t four = ipv4(10, n);

	add(message, NDA_DST, &four, sizeof(four));
	if (!remove)
		add(message, NDA_LLADDR, hardware, sizeof(hardware));
	end(message);
}

/* ---- ioctl ---- */

static void route_by_ioctl(bool remove, unsigned int n)
{
	struct sockaddr_in destination = { .sin_family = AF_INET, .sin_addr.s_addr = ipv4(11, n) },
			   mask = { .sin_family = AF_INET, .sin_addr.s_addr = ~0u };
	struct rtentry entry = { .rt_flags = RTF_UP | RTF_HOST, .rt_dev = (char *)device_name };

	memcpy(&entry.rt_dst, &destination, sizeof(destination));
	memcpy(&entry.rt_genmask, &mask, sizeof(mask));
	count(ioctl(inet, remove ? SIOCDELRT : SIOCADDRT, &entry) < 0 ? errno : 0);
}

/* ---- sysctl ---- */

static void write_knob(unsigned int n)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%u\n", number * 1000000 + n);

	count(pwrite(knob, text, (size_t)length, 0) < 0 ? errno : 0);
	usleep(10000); /* more at once than any machine sees are still less than what two processors can write in a loop */
}

/* ---- */

static void make(char mode, bool remove, unsigned int n)
{
	switch (mode) {
	case 'n':
	case '6':
		route(remove, n, mode == '6');
		break;
	case 'h':
		neighbour(remove, n);
		break;
	case 'i':
		flush();
		route_by_ioctl(remove, n);
		break;
	case 's':
		flush();
		if (!remove)
			write_knob(n);
		break;
	default:
		fprintf(stderr, "no mode '%c'\n", mode);
		exit(2);
	}
}

static void once(unsigned int n)
{
	route(false, n, false);
	if (send(netlink, batch.data, batch.length, 0) < 0)
		_exit(1);
	_exit(0);
}

static void open_all(void)
{
	char path[128];

	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (netlink < 0 || inet < 0)
		failed("socket");
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/tag", device_name);
	knob = open(path, O_WRONLY | O_CLOEXEC);
	if (knob < 0)
		failed(path);
}

int main(int argument_count, char **arguments)
{
	unsigned long total, window;
	const char *mode;
	uint64_t begun;
	char byte;

	if (argument_count < 5) {
		fprintf(stderr, "usage: maker MODE NUMBER COUNT DEVICE [WINDOW]\n");
		return 2;
	}
	mode = arguments[1];
	number = (unsigned int)strtoul(arguments[2], NULL, 10);
	total = strtoul(arguments[3], NULL, 10);
	device_name = arguments[4];
	window = argument_count > 5 ? strtoul(arguments[5], NULL, 10) : 0;
	device = if_nametoindex(device_name);
	if (!device)
		failed(device_name);
	open_all();
	if (*mode == 'o')
		once((unsigned int)total);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	begun = now();
	for (unsigned long n = 0; n < total; n++) {
		const size_t modes = strlen(mode);

		make(mode[n % modes], false, (unsigned int)n);
		if (window && n >= window)
			make(mode[(n - window) % modes], true, (unsigned int)(n - window));
	}
	flush();
	printf("{\"accepted\":%lu,\"refused\":%lu,\"error\":%d,\"begun\":%llu,\"ended\":%llu}\n", accepted, refused, first_error,
	       (unsigned long long)begun, (unsigned long long)now());
	return 0;
}
