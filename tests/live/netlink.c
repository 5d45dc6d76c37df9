/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Netlink's hard cases, each made on purpose in a network namespace of its own: a dump that changes while it is read, a full queue, a datagram that
 * is too large, a foreign sender, batches. Exit status: 0 passed, 77 skipped, else failed. */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "channel/object.h"
#include "wire/netlink-socket.h"

#define LOOPBACK  1
#define ADDRESSES 1200

extern const struct object object_addr;

static unsigned int failures;

#define CHECK(condition, ...)                                  \
	do {                                                   \
		if (!(condition)) {                            \
			printf("%s:%d: ", __FILE__, __LINE__); \
			printf(__VA_ARGS__);                   \
			printf(" (%s)\n", #condition);         \
			failures++;                            \
		}                                              \
	} while (0)

static struct netlink *opened(void)
{
	struct netlink *netlink;
	struct error error = { 0 };

	if (netlink_open(NETLINK_ROUTE, &netlink, &error) < 0) {
		printf("%s\n", error.text);
		exit(1);
	}
	return netlink;
}

struct address_request {
	struct ifaddrmsg header;
	struct nlattr local_attribute;
	uint32_t local;
	struct nlattr address_attribute;
	uint32_t address;
};

static struct address_request address(unsigned int number)
{
	const uint32_t bytes = __builtin_bswap32(0x0a000000 + number);

	return (struct address_request){ .header = { AF_INET, 32, 0, 0, LOOPBACK },
					 .local_attribute = { 8, IFA_LOCAL },
					 .local = bytes,
					 .address_attribute = { 8, IFA_ADDRESS },
					 .address = bytes };
}

static int add(struct netlink *netlink, unsigned int number)
{
	const struct address_request request = address(number);

	return netlink_request(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &request, sizeof(request), NULL, NULL, NULL);
}

/* ---- A dump that changes while it is read ---- */

struct changing {
	struct netlink *other;
	unsigned int next, messages, forgotten;
	bool always;
	bool done;
};

static int change(void *data, const struct nlmsghdr *message)
{
	struct changing *changing = data;

	if (!message) {
		changing->forgotten++;
		changing->messages = 0;
		changing->done = false;
		return 0;
	}
	changing->messages++;
	if (!changing->done && (changing->always || changing->forgotten == 0)) {
		CHECK(add(changing->other, changing->next++) == 0, "adding an address");
		changing->done = true;
	}
	return 0;
}

static void test_interrupted(struct netlink *control)
{
	_cleanup_(cleanup_netlink) struct netlink *reader = opened();
	struct changing once = { .other = control, .next = 5000 }, always = { .other = control, .next = 6000, .always = true };
	struct error error = { 0 };
	bool interrupted = true;

	/* The kernel fills as much as the reader's buffer takes; a small one leaves most of the dump for later. */
	reader->size = 4096;
	CHECK(object_dump(&object_addr, reader, change, &once, &interrupted, &error) == 0, "%s", error.text);
	CHECK(once.forgotten == 1, "read anew %u times", once.forgotten);
	CHECK(!interrupted, "told as interrupted although read anew");
	CHECK(once.messages == ADDRESSES + 2, "%u messages", once.messages); /* and 127.0.0.1, ::1 */

	CHECK(object_dump(&object_addr, reader, change, &always, &interrupted, &error) == 0, "%s", error.text);
	CHECK(always.forgotten == 4, "read anew %u times", always.forgotten);
	CHECK(interrupted, "not told as interrupted");
	CHECK(always.messages >= ADDRESSES + 2, "%u messages", always.messages);
}

/* ---- A full queue ---- */

static void test_overrun(struct netlink *control)
{
	_cleanup_(cleanup_netlink) struct netlink *events = opened();
	unsigned int delivered = 0, overruns = 0;
	const void *data;
	ssize_t length;

	CHECK(netlink_join(events, RTNLGRP_IPV4_IFADDR) == 0, "join");
	netlink_set_receive_buffer(events, 2048);
	for (unsigned int i = 0; i < 40; i++)
		CHECK(add(control, 2000 + i) == 0, "adding an address");
	while ((length = netlink_receive(events, &data)) != 0) {
		CHECK(length > 0 || length == -ENOBUFS, "%zd", length);
		delivered += length > 0;
		overruns += length == -ENOBUFS;
	}
	CHECK(overruns == 1, "%u overruns", overruns);
	CHECK(delivered > 0 && delivered < 40, "%u delivered", delivered);
	CHECK(delivered + netlink_drops(events) == 40, "%u delivered, %llu dropped", delivered, (unsigned long long)netlink_drops(events));
}

static void test_too_large(struct netlink *control)
{
	_cleanup_(cleanup_netlink) struct netlink *events = opened();
	const struct nlmsghdr *message;
	const void *data;
	ssize_t length;
	size_t rest;

	CHECK(netlink_join(events, RTNLGRP_IPV4_IFADDR) == 0, "join");
	events->size = 32;
	CHECK(add(control, 3000) == 0 && add(control, 3001) == 0, "adding addresses");
	CHECK(netlink_receive(events, &data) == -EMSGSIZE, "the first was too large");
	CHECK(netlink_drops(events) == 1, "%llu drops", (unsigned long long)netlink_drops(events));
	length = netlink_receive(events, &data);
	CHECK(length > 32, "%zd", length);
	rest = length > 0 ? (size_t)length : 0;
	CHECK(netlink_next(&data, &rest, &message) && message->nlmsg_type == RTM_NEWADDR, "the second is whole");
	CHECK(netlink_receive(events, &data) == 0, "nothing more");
}

/* ---- A foreign sender ---- */

static void test_foreign(struct netlink *control)
{
	_cleanup_(cleanup_netlink) struct netlink *victim = opened(), *forger = opened();
	struct sockaddr_nl target = { .nl_family = AF_NETLINK, .nl_pid = netlink_port(victim) };
	struct {
		struct nlmsghdr header;
		int32_t code;
		struct nlmsghdr request;
	} forged = { .header = { .nlmsg_len = sizeof(forged), .nlmsg_type = NLMSG_ERROR, .nlmsg_pid = netlink_port(victim) }, .code = -EPERM };
	const struct ifinfomsg link = { .ifi_index = LOOPBACK };
	const void *data;

	(void)control;
	forged.header.nlmsg_seq = victim->sequence + 1;
	CHECK(sendto(netlink_descriptor(forger), &forged, sizeof(forged), 0, (struct sockaddr *)&target, sizeof(target)) == sizeof(forged), "%m");
	CHECK(netlink_request(victim, RTM_GETLINK, 0, &link, sizeof(link), NULL, NULL, NULL) == 0, "a forged answer was believed");
	CHECK(sendto(netlink_descriptor(forger), &forged, sizeof(forged), 0, (struct sockaddr *)&target, sizeof(target)) == sizeof(forged), "%m");
	CHECK(netlink_receive(victim, &data) == 0, "a forged event was believed");
}

/* ---- Batches ---- */

struct results {
	uint32_t told, refused;
	int result; /* that is expected of all, or of all but the second */
	bool odd_second;
};

static int take_result(void *data, uint32_t index, const struct netlink_ack *ack)
{
	struct results *results = data;
	const int expected = results->odd_second && index == 1 ? -EEXIST : results->result;

	if (index != results->told || ack->result != expected)
		CHECK(false, "request %u of %u: %d, expected %d", index, results->told, ack->result, expected);
	results->told++;
	results->refused += ack->result < 0;
	return 0;
}

static int send_batch(struct netlink *netlink, unsigned int first, unsigned int count, struct results *results)
{
	_cleanup_(netlink_batch_done) struct netlink_batch batch = { 0 };

	for (unsigned int i = 0; i < count; i++) {
		const struct address_request request = address(first + i);

		if (netlink_batch_add(netlink, &batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &request, sizeof(request)) < 0)
			return -ENOMEM;
	}
	return netlink_batch_send(netlink, &batch, take_result, results);
}

static void test_batch(struct netlink *control)
{
	struct results results = { .odd_second = true };

	CHECK(add(control, 10001) == 0, "adding an address");
	CHECK(send_batch(control, 10000, 3, &results) == -EEXIST, "the second stands already");
	CHECK(results.told == 3 && results.refused == 1, "%u told, %u refused", results.told, results.refused);

	results = (struct results){ 0 };
	CHECK(send_batch(control, 20000, 3000, &results) == 0, "3,000 new addresses");
	CHECK(results.told == 3000, "%u told", results.told);
	/* As many refusals: more than a queue holds, and yet each is told. */
	results = (struct results){ .result = -EEXIST };
	CHECK(send_batch(control, 20000, 3000, &results) == -EEXIST, "3,000 that stand");
	CHECK(results.told == 3000 && results.refused == 3000, "%u told, %u refused", results.told, results.refused);
	CHECK(add(control, 30000) == 0, "the socket is of use afterwards");
}

int main(void)
{
	_cleanup_(cleanup_netlink) struct netlink *control = NULL;
	const struct ifinfomsg up = { .ifi_index = LOOPBACK, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	if (unshare(CLONE_NEWNET) < 0) {
		printf("skipped: needs a network namespace: %m\n");
		return 77;
	}
	control = opened();
	CHECK(netlink_request(control, RTM_NEWLINK, 0, &up, sizeof(up), NULL, NULL, NULL) == 0, "lo up");
	for (unsigned int i = 0; i < ADDRESSES - 1; i++)
		CHECK(add(control, 1 + i) == 0, "adding an address");
	test_interrupted(control);
	test_overrun(control);
	test_too_large(control);
	test_foreign(control);
	test_batch(control);
	printf("%u failures\n", failures);
	return failures ? 1 : 0;
}
