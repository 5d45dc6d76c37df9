/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The works that bench/run measures with a recorder and without, and the least that a listener can be.
 *
 *	loops getppid COUNT   getppid(2) by the system call itself
 *	loops paced COUNT     the same, a million a second
 *	loops udp COUNT       one byte there and back over the loopback, between two processes that wait for it
 *	loops packet COUNT    the same in one process, which waits for nothing: the most that packets can cost beside all else
 *	loops program COUNT   fork, exec of true(1), wait
 *	loops receive BYTES   counts the notifications of routes with a receive buffer of BYTES, until nothing came for a second after standard input
 *has ended
 *
 * Prints one line of JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Of this process and its children: what others on the machine take is not in it. */
static double processor_seconds(void)
{
	double seconds = 0;

	for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
		struct rusage usage;

		getrusage(who, &usage);
		seconds += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	}
	return seconds;
}

static void work_getppid(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		syscall(SYS_getppid);
}

/* What it has missed while it did not run it does not make up for. */
static void work_paced(unsigned long count)
{
	uint64_t due = 0, time;

	for (unsigned long i = 0; i < count; i++) {
		do
			time = now(CLOCK_MONOTONIC);
		while (time < due);
		due = time + 1000;
		syscall(SYS_getppid);
	}
}

/* Two sockets, each connected to the other. */
static void udp_pair(int sockets[2])
{
	struct sockaddr_in address[2] = { 0 };

	for (int i = 0; i < 2; i++) {
		socklen_t length = sizeof(address[i]);

		address[i].sin_family = AF_INET;
		address[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (sockets[i] < 0 || bind(sockets[i], (struct sockaddr *)&address[i], length) < 0 ||
		    getsockname(sockets[i], (struct sockaddr *)&address[i], &length) < 0)
			give_up("udp");
	}
	for (int i = 0; i < 2; i++)
		if (connect(sockets[i], (struct sockaddr *)&address[!i], sizeof(address[!i])) < 0)
			give_up("udp");
}

static void udp_send(int socket_)
{
	char byte = 0;

	if (send(socket_, &byte, 1, 0) != 1)
		give_up("udp");
}

static void udp_receive(int socket_)
{
	char byte;

	if (recv(socket_, &byte, 1, 0) != 1)
		give_up("udp");
}

static void work_packet(unsigned long count)
{
	int sockets[2];

	udp_pair(sockets);
	for (unsigned long i = 0; i < count; i++)
		for (int side = 0; side < 2; side++) {
			udp_send(sockets[side]);
			udp_receive(sockets[!side]);
		}
}

static void work_udp(unsigned long count)
{
	int sockets[2], status;
	pid_t pid;

	udp_pair(sockets);
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned long i = 0; i < count; i++) {
		if (pid != 0)
			udp_send(sockets[0]);
		udp_receive(sockets[pid == 0]);
		if (pid == 0)
			udp_send(sockets[1]);
	}
	if (pid == 0)
		_exit(0);
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		give_up("udp");
}

static void work_program(unsigned long count)
{
	static char name[] = "true";
	char *const arguments[] = { name, NULL };

	for (unsigned long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			give_up("fork");
		if (pid == 0) {
			execv("/bin/true", arguments);
			_exit(127);
		}
		int status;
		if (waitpid(pid, &status, 0) < 0 || status != 0)
			give_up("program");
	}
}

static int listener(int bytes)
{
	int socket_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE), group = RTNLGRP_IPV4_ROUTE;
	const struct sockaddr_nl own = { .nl_family = AF_NETLINK };

	if (socket_ < 0 || bind(socket_, (const struct sockaddr *)&own, sizeof(own)) < 0 ||
	    setsockopt(socket_, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		give_up("netlink");
	if (setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		give_up("receive buffer");
	return socket_;
}

static void receive(int bytes)
{
	static char data[65536];
	struct pollfd polled[] = { { .fd = listener(bytes), .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	uint64_t messages = 0, overruns = 0, last = 0;

	printf("ready\n");
	fflush(stdout);
	while (poll(polled, 2, polled[1].fd < 0 ? 1000 : -1) > 0) {
		if (polled[1].revents && read(STDIN_FILENO, data, sizeof(data)) <= 0)
			polled[1].fd = -1;
		for (;;) {
			ssize_t length = recv(polled[0].fd, data, sizeof(data), 0);

			if (length < 0 && errno == ENOBUFS) {
				overruns++;
				continue;
			}
			if (length < 0)
				break;
			messages++;
			last = 0;
		}
		if (!last)
			last = now(CLOCK_REALTIME);
	}
	printf("{\"messages\":%llu,\"overruns\":%llu,\"last\":%llu,\"cpu\":%.6f}\n", (unsigned long long)messages, (unsigned long long)overruns,
	       (unsigned long long)last, processor_seconds());
}

int main(int argument_count, char **arguments)
{
	static const struct {
		const char *name;
		void (*work)(unsigned long count);
	} works[] = {
		{ "getppid", work_getppid }, { "paced", work_paced }, { "udp", work_udp }, { "packet", work_packet }, { "program", work_program }
	};

	if (argument_count == 3 && strcmp(arguments[1], "receive") == 0) {
		receive((int)strtol(arguments[2], NULL, 10));
		return 0;
	}
	for (size_t i = 0; argument_count == 3 && i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(arguments[1], works[i].name) != 0)
			continue;
		unsigned long count = strtoul(arguments[2], NULL, 10);
		uint64_t begun = now(CLOCK_MONOTONIC);
		double busy = processor_seconds();
		works[i].work(count);
		printf("{\"seconds\":%.9f,\"cpu\":%.6f}\n", (double)(now(CLOCK_MONOTONIC) - begun) / 1e9, processor_seconds() - busy);
		return 0;
	}
	fprintf(stderr, "usage: loops getppid|paced|udp|packet|program|receive COUNT\n");
	return 2;
}
