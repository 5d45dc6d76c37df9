/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The probe against the kernel itself, in a network namespace of its own. "Who" is judged by what the test knows: each writer makes changes whose
 * content names the writer. Prints TAP; 77 without the rights. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/table.h"
#include "channel/probe.h"

#define WRITERS  2
#define ROUNDS   6000 /* of one IPv6 and one IPv4 route, added and deleted, by each writer */
#define PROGRAMS 2000

static unsigned int failures;

static void check(bool good, const char *format, ...) _printf_(2, 3);
static void check(bool good, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf(good ? "ok - " : "not ok - ");
	vprintf(format, arguments);
	putchar('\n');
	va_end(arguments);
	failures += !good;
}

static void give_up(const char *what)
{
	printf("Bail out! %s: %s\n", what, error_text(errno));
	_exit(1);
}

/* ---- Requests by hand: one route each. ---- */

struct request {
	struct nlmsghdr header;
	struct rtmsg route;
	char attributes[64];
};

static void request_add(struct request *request, unsigned short type, const void *data, unsigned short length)
{
	struct rtattr *attribute = (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(length);
	memcpy(RTA_DATA(attribute), data, length);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

/* The route that says which writer it is of: 10.WRITER.N.N or 2001:db8:WRITER:N::. */
static struct request request_make(unsigned short type, int family, unsigned int writer, unsigned int number)
{
	struct request request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.route = { .rtm_family = family,
			   .rtm_dst_len = family == AF_INET ? 32 : 64,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_STATIC,
			   .rtm_scope = RT_SCOPE_LINK,
			   .rtm_type = RTN_UNICAST },
	};
	unsigned char ipv4[4] = { 10, (unsigned char)writer, (unsigned char)(number >> 8), (unsigned char)number };
	unsigned char ipv6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, (unsigned char)writer, (unsigned char)(number >> 8), (unsigned char)number };
	int loopback = 1;

	if (type == RTM_NEWROUTE)
		request.header.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	request_add(&request, RTA_DST, family == AF_INET ? ipv4 : ipv6, family == AF_INET ? 4 : 16);
	request_add(&request, RTA_OIF, &loopback, sizeof(loopback));
	return request;
}

static int request_do(int descriptor, const struct request *request)
{
	char answer[4096];
	const struct nlmsghdr *header = (void *)answer;

	if (send(descriptor, request, request->header.nlmsg_len, 0) < 0)
		give_up("send");
	if (recv(descriptor, answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || header->nlmsg_type != NLMSG_ERROR)
		give_up("recv");
	return ((const struct nlmsgerr *)NLMSG_DATA(header))->error;
}

static int request_socket(void)
{
	int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (descriptor < 0)
		give_up("socket");
	return descriptor;
}

static void loopback_up(void)
{
	_cleanup_close_ int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	if (ioctl(descriptor, SIOCGIFFLAGS, &request) < 0)
		give_up("SIOCGIFFLAGS");
	request.ifr_flags |= IFF_UP;
	if (ioctl(descriptor, SIOCSIFFLAGS, &request) < 0)
		give_up("SIOCSIFFLAGS");
}

static int group_socket(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int descriptor = request_socket(), bytes = 256 << 20;
	const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEIGH };

	setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (bind(descriptor, (void *)&address, sizeof(address)) < 0)
		give_up("bind");
	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++)
		if (setsockopt(descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0)
			give_up("NETLINK_ADD_MEMBERSHIP");
	return descriptor;
}

/* ---- Storm: two writers on two processors. ---- */

struct storm {
	pid_t writers[WRITERS];
	struct probe *probe;
	unsigned long notices, wrong, unjoined, foreign, door, drained;
	/* what is left of each message's first bytes that either side has told and the other has not yet */
	struct table open;
};

struct entry {
	unsigned char data[EVENT_MESSAGE_MAXIMUM];
	long balance; /* events less messages */
};

static bool entry_match(const void *entry, const void *key, size_t length)
{
	return !memcmp(((const struct entry *)entry)->data, key, length);
}

static void storm_join(struct storm *storm, const void *data, size_t length, int step)
{
	unsigned char key[EVENT_MESSAGE_MAXIMUM] = {};
	struct entry *entry;

	memcpy(key, data, length < sizeof(key) ? length : sizeof(key));
	entry = table_find(&storm->open, key, sizeof(key));
	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		memcpy(entry->data, key, sizeof(key));
		if (table_add(&storm->open, entry->data, sizeof(key), entry) < 0)
			give_up("table");
	}
	entry->balance += step;
	if (entry->balance == 0) {
		table_remove(&storm->open, key, sizeof(key));
		free(entry);
	}
}

/* The writer that the message's content names, or -1. */
static int message_writer(const void *data, size_t length)
{
	const struct nlmsghdr *header = data;
	const struct rtmsg *route = NLMSG_DATA(header);
	const struct rtattr *attribute = RTM_RTA(route);
	size_t rest = length - NLMSG_LENGTH(sizeof(*route));

	if (length < NLMSG_LENGTH(sizeof(*route)) || (header->nlmsg_type != RTM_NEWROUTE && header->nlmsg_type != RTM_DELROUTE))
		return -1;
	for (; RTA_OK(attribute, rest); attribute = RTA_NEXT(attribute, rest)) {
		const unsigned char *bytes = RTA_DATA(attribute);

		if (attribute->rta_type != RTA_DST)
			continue;
		if (route->rtm_family == AF_INET)
			return bytes[0] == 10 ? bytes[1] : -1;
		return bytes[0] == 0x20 ? bytes[5] : -1;
	}
	return -1;
}

static int storm_event(void *data, const struct event_header *event)
{
	const struct event_notice *notice = (const void *)event;
	size_t length = notice->message_length < EVENT_MESSAGE_MAXIMUM ? notice->message_length : EVENT_MESSAGE_MAXIMUM;
	struct storm *storm = data;
	int writer;

	if (event->type != EVENT_NOTICE)
		return 0;
	storm->notices++;
	storm_join(storm, notice->message, length, 1);
	writer = message_writer(notice->message, length);
	if (writer < 0 || writer >= WRITERS) {
		storm->foreign++;
		return 0;
	}
	if (event->task.key.pid != (uint32_t)storm->writers[writer])
		storm->wrong++;
	if (probe_door(&event->task) != FERRY_DOOR_NETLINK)
		storm->door++;
	return 0;
}

static void storm_drain(struct storm *storm, int descriptor)
{
	char message[65536];
	ssize_t length;

	unsigned long before;

	do {
		before = storm->notices;
		if (probe_read(storm->probe, storm_event, storm) < 0)
			give_up("probe_read");
	} while (storm->notices != before);
	while ((length = recv(descriptor, message, sizeof(message), MSG_DONTWAIT)) > 0) {
		storm->drained++;
		storm_join(storm, message, (size_t)length, -1);
	}
}

static void storm_write(unsigned int writer)
{
	cpu_set_t processors;
	int descriptor = request_socket();

	CPU_ZERO(&processors);
	CPU_SET(writer, &processors);
	sched_setaffinity(0, sizeof(processors), &processors);
	for (unsigned int i = 0; i < ROUNDS; i++)
		for (unsigned int kind = 0; kind < 4; kind++) {
			struct request request = request_make(kind & 1 ? RTM_DELROUTE : RTM_NEWROUTE, kind < 2 ? AF_INET6 : AF_INET, writer, i);
			int r = request_do(descriptor, &request);

			if (r) {
				errno = -r;
				give_up("a route");
			}
		}
	_exit(0);
}

static void test_storm(struct probe *probe, int descriptor)
{
	struct storm storm = { .probe = probe };
	unsigned int running = WRITERS;
	struct entry *entry;
	size_t position = 0;
	uint64_t lost;

	table_init(&storm.open, entry_match);
	fflush(stdout);
	for (unsigned int i = 0; i < WRITERS; i++) {
		storm.writers[i] = fork();
		if (storm.writers[i] < 0)
			give_up("fork");
		if (!storm.writers[i])
			storm_write(i);
	}
	while (running) {
		struct pollfd wait = { .fd = probe_descriptor(probe), .events = POLLIN };
		int status;

		poll(&wait, 1, 10);
		storm_drain(&storm, descriptor);
		while (running && waitpid(-1, &status, WNOHANG) > 0) {
			check(status == 0, "a writer got through all its changes");
			running--;
		}
	}
	storm_drain(&storm, descriptor);
	storm_drain(&storm, descriptor);
	lost = probe_lost(probe, EVENT_NOTICE);
	printf("# %lu notices, %lu messages, %lu of others, %llu lost\n", storm.notices, storm.drained, storm.foreign, (unsigned long long)lost);
	check(storm.notices + lost >= WRITERS * ROUNDS * 4ul, "every change is told");
	check(storm.wrong == 0, "every notice names the process that its content names: %lu wrong", storm.wrong);
	check(storm.door == 0, "every notice came by netlink: %lu did not", storm.door);
	check(storm.notices + lost == storm.drained, "as many events, lost ones counted, as messages: %llu and %lu",
	      (unsigned long long)(storm.notices + lost), storm.drained);
	check(storm.open.count <= lost, "each message has an event of its own content: %zu are left", storm.open.count);
	while ((entry = table_next(&storm.open, &position)))
		free(entry);
	table_done(&storm.open);
}

/* ---- Sysctl: the attempt, then its result. ---- */

struct knob {
	struct probe *probe;
	unsigned int attempts, ends;
	uint64_t number[8];
	long long result[8];
	char before[8][16], after[8][16];
	bool who, named;
};

static int knob_event(void *data, const struct event_header *event)
{
	const struct event_sysctl *attempt = (const void *)event;
	const struct event_sysctl_end *end = (const void *)event;
	struct knob *knob = data;

	if (event->task.key.pid != (uint32_t)getpid())
		return 0;
	if (event->type == EVENT_SYSCTL && knob->attempts < 8) {
		unsigned int i = knob->attempts++;

		knob->number[i] = attempt->write_number;
		snprintf(knob->before[i], sizeof(knob->before[i]), "%.*s", attempt->before_length > 0 ? attempt->before_length : 0, attempt->before);
		snprintf(knob->after[i], sizeof(knob->after[i]), "%.*s", attempt->after_length > 0 ? attempt->after_length : 0, attempt->after);
		knob->named = !strcmp(attempt->name, "net/ipv4/conf/lo/rp_filter");
		knob->who = probe_door(&event->task) == FERRY_DOOR_SYSCTL;
	}
	if (event->type == EVENT_SYSCTL_END)
		for (unsigned int i = 0; i < knob->attempts; i++)
			if (knob->number[i] == end->write_number) {
				knob->result[i] = end->result;
				knob->ends++;
			}
	return 0;
}

static void test_sysctl(struct probe *probe)
{
	static const char *const values[] = { "1", "word", "0", "3000000000" };
	_cleanup_close_ int descriptor = open("/proc/sys/net/ipv4/conf/lo/rp_filter", O_RDWR | O_CLOEXEC);
	struct knob knob = { .probe = probe };
	long results[ARRAY_SIZE(values)];

	if (!probe_state(probe, PROBE_SYSCTL)->active) {
		printf("ok - sysctl # SKIP %s\n", probe_state(probe, PROBE_SYSCTL)->why);
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++)
		results[i] = pwrite(descriptor, values[i], strlen(values[i]), 0) < 0 ? -errno : (long)strlen(values[i]);
	if (probe_read(probe, knob_event, &knob) < 0)
		give_up("probe_read");
	check(knob.attempts == ARRAY_SIZE(values) && knob.named && knob.who, "%u attempts of %zu, by name and door", knob.attempts,
	      ARRAY_SIZE(values));
	check(!strcmp(knob.before[0], "0\n") && !strcmp(knob.after[0], "1") && !strcmp(knob.before[2], "1\n"), "the values before and after");
	if (!probe_state(probe, PROBE_SYSCTL_END)->active) {
		printf("ok - results # SKIP %s\n", probe_state(probe, PROBE_SYSCTL_END)->why);
		return;
	}
	check(knob.ends == ARRAY_SIZE(values), "%u results", knob.ends);
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++)
		check(knob.result[i] == results[i], "what write(2) returned for %s: %ld, told %lld", values[i], results[i], knob.result[i]);
}

/* ---- Refusals, whole and capped. ---- */

struct refusals {
	unsigned int refused, requests;
	int error;
	bool same, who;
	const struct request *request;
};

static int refusal_event(void *data, const struct event_header *event)
{
	const struct event_message *message = (const void *)event;
	const struct nlmsgerr *error = NLMSG_DATA((const struct nlmsghdr *)message->data);
	struct refusals *refusals = data;

	if (event->task.key.pid != (uint32_t)getpid())
		return 0;
	if (event->type == EVENT_REFUSED) {
		refusals->refused++;
		refusals->error = error->error;
		refusals->who = probe_door(&event->task) == FERRY_DOOR_NETLINK && event->task.port == message->port;
	}
	if (event->type == EVENT_REQUEST) {
		refusals->requests++;
		refusals->same = !memcmp(message->data, refusals->request, refusals->request->header.nlmsg_len);
	}
	return 0;
}

static void test_refused(struct probe *probe)
{
	struct request request = request_make(RTM_DELROUTE, AF_INET, 77, 1), get = request;
	struct refusals refusals = { .request = &request };
	_cleanup_close_ int descriptor = request_socket();
	int one = 1, error;

	if (!probe_state(probe, PROBE_REFUSED)->active) {
		printf("ok - refusals # SKIP %s\n", probe_state(probe, PROBE_REFUSED)->why);
		return;
	}
	error = request_do(descriptor, &request);
	get.header.nlmsg_type = RTM_GETLINK; /* of no link that there is */
	request_do(descriptor, &get);
	if (probe_read(probe, refusal_event, &refusals) < 0)
		give_up("probe_read");
	check(refusals.refused == 1 && refusals.error == error && refusals.who, "one refusal, %d, by netlink; a refused question is none", error);
	if (!probe_state(probe, PROBE_REQUEST)->active) {
		printf("ok - capped refusals # SKIP %s\n", probe_state(probe, PROBE_REQUEST)->why);
		return;
	}
	setsockopt(descriptor, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	request.header.nlmsg_seq = 4711;
	request_do(descriptor, &request);
	if (probe_read(probe, refusal_event, &refusals) < 0)
		give_up("probe_read");
	check(refusals.refused == 2 && refusals.requests == 1 && refusals.same, "a capped refusal's request, byte for byte");
}

/* A socket that asks and listens at once, in a storm of another's notices: an error on it is its own, whatever comes between. */
struct crossfire {
	pid_t asker;
	uint32_t netns; /* ours: other refusals of this machine are not asked about */
	unsigned int refused, wrong, doubled, next;
};

static int crossfire_event(void *data, const struct event_header *event)
{
	const struct event_message *message = (const void *)event;
	const struct nlmsgerr *error = NLMSG_DATA((const struct nlmsghdr *)message->data);
	struct crossfire *crossfire = data;

	if (event->type != EVENT_REFUSED || message->netns != crossfire->netns || error->msg.nlmsg_type != RTM_DELROUTE)
		return 0;
	crossfire->refused++;
	crossfire->wrong += event->task.key.pid != (uint32_t)crossfire->asker;
	crossfire->doubled += error->msg.nlmsg_seq < crossfire->next;
	crossfire->next = error->msg.nlmsg_seq + 1;
	return 0;
}

static void crossfire_ask(void)
{
	struct request request = request_make(RTM_DELROUTE, AF_INET, 78, 1);
	int descriptor = group_socket(), one = 1;
	char answer[4096];

	setsockopt(descriptor, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof(one));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const struct nlmsghdr *header = (void *)answer;

		request.header.nlmsg_seq = i + 1;
		if (send(descriptor, &request, request.header.nlmsg_len, 0) < 0)
			_exit(1);
		do {
			if (recv(descriptor, answer, sizeof(answer), 0) < 0)
				_exit(1);
		} while (header->nlmsg_type != NLMSG_ERROR);
	}
	_exit(0);
}

static void test_crossfire(struct probe *probe)
{
	struct crossfire crossfire = {};
	unsigned int running = 2;
	struct stat status;
	pid_t writer;

	if (stat("/proc/self/ns/net", &status) < 0)
		give_up("stat");
	crossfire.netns = (uint32_t)status.st_ino;
	crossfire.asker = fork();
	if (!crossfire.asker)
		crossfire_ask();
	writer = fork();
	if (!writer)
		storm_write(1);
	while (running) {
		int end;

		usleep(1000);
		if (probe_read(probe, crossfire_event, &crossfire) < 0)
			give_up("probe_read");
		while (running && waitpid(-1, &end, WNOHANG) > 0) {
			check(end == 0, "an end of the crossfire");
			running--;
		}
	}
	for (int i = 0; i < 16; i++)
		if (probe_read(probe, crossfire_event, &crossfire) < 0)
			give_up("probe_read");
	printf("# %u refusals, %llu lost\n", crossfire.refused, (unsigned long long)probe_lost(probe, EVENT_REFUSED));
	check(crossfire.refused <= ROUNDS && crossfire.refused + probe_lost(probe, EVENT_REFUSED) >= ROUNDS, "every refusal is told once: %u",
	      crossfire.refused);
	check(crossfire.wrong == 0 && crossfire.doubled == 0, "by who asked: %u wrong, %u doubled", crossfire.wrong, crossfire.doubled);
}

/* More writers than the kernel side keeps threads of. */
struct many {
	pid_t writer;
	unsigned int ends;
};

static int many_event(void *data, const struct event_header *event)
{
	const struct event_sysctl_end *end = (const void *)event;
	struct many *many = data;

	many->ends += event->type == EVENT_SYSCTL_END && event->task.key.pid == (uint32_t)many->writer && end->result == 1;
	return 0;
}

static void test_many_writers(struct probe *probe)
{
	struct many many = {};

	if (!probe_state(probe, PROBE_SYSCTL_END)->active)
		return;
	for (unsigned int i = 0; i < 3000; i++) {
		pid_t child = fork();

		if (!child) {
			int descriptor = open("/proc/sys/net/ipv4/conf/lo/rp_filter", O_WRONLY | O_CLOEXEC);

			_exit(write(descriptor, "0", 1) != 1);
		}
		waitpid(child, NULL, 0);
		many.writer = child;
		if (probe_read(probe, many_event, &many) < 0)
			give_up("probe_read");
	}
	check(many.ends + probe_lost(probe, EVENT_SYSCTL_END) >= 3000, "%u of 3000 writers' results", many.ends);
}

/* ---- Programs that are gone before anybody asks. ---- */

static void test_programs(struct probe *probe)
{
	static pid_t programs[PROGRAMS];
	char *arguments[] = { (char *)"true", (char *)"--of-the-test", NULL };
	unsigned int known = 0, forks = 0;

	if (!probe_state(probe, PROBE_PROCESS)->active) {
		printf("ok - programs # SKIP %s\n", probe_state(probe, PROBE_PROCESS)->why);
		return;
	}
	for (unsigned int i = 0; i < PROGRAMS; i++) {
		if (posix_spawn(&programs[i], "/bin/true", NULL, NULL, arguments, environ))
			give_up("posix_spawn");
		waitpid(programs[i], NULL, 0);
	}
	for (unsigned int i = 0; i < PROGRAMS; i++) {
		const struct ferry_actor *actor = probe_actor_of(probe, (uint32_t)programs[i]);

		known += !actor->unknown && !strcmp(actor->comm, "true") && actor->pid == (uint32_t)programs[i] &&
			 actor->ppid == (uint32_t)getpid() && actor->argv_length == 19 && !strcmp(actor->argv + 5, "--of-the-test") && actor->exe &&
			 strstr(actor->exe, "/bin/true");
		actor_unref(actor);
	}
	check(known == PROGRAMS, "%u of %d short programs are told after their end", known, PROGRAMS);
	for (unsigned int i = 0; i < 100; i++) {
		const struct ferry_actor *actor;
		pid_t child = fork();

		if (!child) {
			if (setresuid(4711, 4711, 4711) < 0)
				_exit(1);
			_exit(0);
		}
		waitpid(child, NULL, 0);
		actor = probe_actor_of(probe, (uint32_t)child);
		forks += !actor->unknown && !strcmp(actor->comm, "test-live-probe") && actor->pid == (uint32_t)child &&
			 actor->ppid == (uint32_t)getpid() && actor->uid == 4711;
		actor_unref(actor);
	}
	check(forks == 100, "%u of 100 forks without a program of their own, with the uid that they took", forks);
}

/* ---- What no program did. ---- */

struct nobody {
	unsigned int softirqs, named;
	struct probe *probe;
};

static int nobody_event(void *data, const struct event_header *event)
{
	struct nobody *nobody = data;
	const struct ferry_actor *actor;

	if (event->type != EVENT_NOTICE || !(event->task.flags & (EVENT_TASK_SOFTIRQ | EVENT_TASK_KERNEL)))
		return 0;
	actor = probe_actor(nobody->probe, &event->task);
	nobody->softirqs++;
	nobody->named += actor->kernel && probe_door(&event->task) == FERRY_DOOR_KERNEL;
	actor_unref(actor);
	return 0;
}

/* A neighbour that nobody answers for is given up by a timer. */
static void test_nobody(struct probe *probe)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a4d0002) };
	_cleanup_close_ int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct nobody nobody = { .probe = probe };

	if (system("ip link add ferry0 type veth peer name ferry1 && ip addr add 10.77.0.1/24 dev ferry0 && ip link set ferry0 up && ip link set "
		   "ferry1 up"))
		give_up("ip");
	if (sendto(descriptor, "x", 1, 0, (void *)&address, sizeof(address)) < 0)
		give_up("sendto");
	for (unsigned int i = 0; i < 200 && !nobody.softirqs; i++) {
		usleep(100000);
		if (probe_read(probe, nobody_event, &nobody) < 0)
			give_up("probe_read");
	}
	check(nobody.softirqs && nobody.named == nobody.softirqs, "a timer's notice names the kernel: %u of %u", nobody.named, nobody.softirqs);
}

int main(void)
{
	static const char *const parts[] = { "notice", "refused", "request", "sysctl", "sysctl-end", "process", "file", "module" };
	_Static_assert(ARRAY_SIZE(parts) == PROBE_PART_COUNT, "each has a name");
	struct error error = {};
	struct probe *probe;
	int descriptor;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid() || unshare(CLONE_NEWNET) < 0) {
		puts("1..0 # SKIP needs root");
		return 77;
	}
	loopback_up();
	descriptor = group_socket();
	if (probe_new(&descriptor, 1, &probe, &error) < 0) {
		printf("Bail out! %s\n", error.text);
		return 1;
	}
	for (int i = 0; i < PROBE_PART_COUNT; i++) {
		const struct probe_state *state = probe_state(probe, i);

		printf("# %s: %s\n", parts[i], state->active ? state->how : state->why);
	}
	if (!probe_state(probe, PROBE_NOTICE)->active) {
		printf("1..0 # SKIP %s\n", probe_state(probe, PROBE_NOTICE)->why);
		return 77;
	}
	test_storm(probe, descriptor);
	test_sysctl(probe);
	test_many_writers(probe);
	test_refused(probe);
	test_crossfire(probe);
	test_programs(probe);
	test_nobody(probe);
	for (int type = EVENT_NOTICE; type < EVENT_TYPE_COUNT; type++)
		printf("# lost of type %d: %llu\n", type, (unsigned long long)probe_lost(probe, type));
	probe_free(probe);
	close(descriptor);
	return failures != 0;
}
