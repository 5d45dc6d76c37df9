/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes out of the kernel, step by step: what bench/talk.py sets against each other.
 *
 *	bench-reading receive   a bare loop: one dump of IPv4's and one of IPv6's routes, each datagram read, its messages counted
 *	bench-reading decode    the same by the library's sockets, each message decoded
 *	bench-reading get       ferry_get() of all routes, each item counted
 *	bench-reading files     every file below /proc/sys: opened from its folder, read, closed, and nothing else
 *	bench-reading run PROGRAM [ARGUMENT...]   another program, its output thrown away, measured from here: what forks it counts as its memory, and
 *						  this is small
 *
 * Prints one line of JSON: how many, the seconds of the clock and of the processor, memory at most in KiB. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel/object.h"

static uint8_t buffer[65536];

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned long receive_family(int descriptor, uint8_t family)
{
	const struct {
		struct nlmsghdr header;
		struct rtmsg route;
	} request = { { sizeof(request), RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 }, { .rtm_family = family } };
	unsigned long count = 0;

	if (send(descriptor, &request, sizeof(request), 0) < 0)
		give_up("send");
	for (;;) {
		ssize_t length = recv(descriptor, buffer, sizeof(buffer), 0);

		if (length <= 0)
			give_up("recv");
		for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
			if (message->nlmsg_type == NLMSG_DONE)
				return count;
			count++;
		}
	}
}

static unsigned long receive(void)
{
	int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	unsigned long count;

	if (descriptor < 0)
		give_up("socket");
	count = receive_family(descriptor, AF_INET) + receive_family(descriptor, AF_INET6);
	close(descriptor);
	return count;
}

struct decoding {
	const struct object *object;
	struct arena arena;
	unsigned long count;
};

static int decode(void *data, const struct nlmsghdr *message)
{
	struct decoding *decoding = data;
	struct record *record;

	if (!message)
		return 0;
	arena_reset(&decoding->arena);
	if (object_decode(decoding->object, message, &decoding->arena, &record) == 0)
		decoding->count++;
	return 0;
}

static unsigned long decode_all(void)
{
	struct decoding decoding = { 0 };
	struct netlink *netlink;
	struct error error = { 0 };
	unsigned int position = 0;
	bool interrupted;

	do {
		decoding.object = object_next(&protocol_route, &position);
	} while (decoding.object && strcmp(decoding.object->name, "route") != 0);
	if (!decoding.object || netlink_open(NETLINK_ROUTE, &netlink, &error) < 0 ||
	    object_dump(decoding.object, netlink, decode, &decoding, &interrupted, &error) < 0)
		give_up(error.text);
	arena_done(&decoding.arena);
	netlink_close(netlink);
	return decoding.count;
}

static int count_item(void *data, const struct ferry_item *item)
{
	(void)item;
	++*(unsigned long *)data;
	return 0;
}

static unsigned long get(void)
{
	unsigned long count = 0;
	struct ferry *ferry;

	if (ferry_new(&ferry) < 0 || ferry_get(ferry, "netlink/route/route", 0, count_item, &count) < 0)
		give_up("ferry_get");
	ferry_free(ferry);
	return count;
}

/* The fewest calls that plain files allow: a folder's entries tell what is a folder, each file is opened from its folder's descriptor. */
static unsigned long files_in(int directory)
{
	_Alignas(struct dirent64) char entries[32768];
	unsigned long count = 0;
	ssize_t length;

	while ((length = getdents64(directory, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *entry = (const void *)(entries + at);
			const bool folder = entry->d_type == DT_DIR;
			int descriptor;

			at += entry->d_reclen;
			if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
				continue;
			descriptor = openat(directory, entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | (folder ? O_DIRECTORY : 0));
			if (descriptor < 0)
				continue;
			count += folder ? files_in(descriptor) : read(descriptor, buffer, 2047) >= 0;
			close(descriptor);
		}
	return count;
}

static unsigned long files(void)
{
	int directory = open("/proc/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned long count;

	if (directory < 0)
		give_up("/proc/sys");
	count = files_in(directory);
	close(directory);
	return count;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void tell(unsigned long done, const struct timespec *begun, const struct rusage *usage)
{
	struct timespec ended;

	clock_gettime(CLOCK_MONOTONIC, &ended);
	printf("{\"count\":%lu,\"wall\":%.6f,\"cpu\":%.6f,\"memory\":%ld}\n", done,
	       (double)(ended.tv_sec - begun->tv_sec) + (double)(ended.tv_nsec - begun->tv_nsec) / 1e9,
	       seconds(usage->ru_utime) + seconds(usage->ru_stime), usage->ru_maxrss);
}

static void run_program(char **arguments)
{
	struct timespec begun;
	struct rusage usage;
	int status;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

		for (int descriptor = 0; descriptor < 3; descriptor++)
			dup2(nowhere, descriptor);
		execvp(arguments[0], arguments);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) < 0)
		give_up("wait");
	tell((unsigned long)status, &begun, &usage);
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		unsigned long (*run)(void);
	} works[] = { { "receive", receive }, { "decode", decode_all }, { "get", get }, { "files", files } };
	struct timespec begun;
	struct rusage usage;

	if (count > 2 && strcmp(arguments[1], "run") == 0) {
		run_program(arguments + 2);
		return 0;
	}
	for (size_t i = 0; count == 2 && i < ARRAY_SIZE(works); i++) {
		unsigned long done;

		if (strcmp(works[i].name, arguments[1]) != 0)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &begun);
		done = works[i].run();
		getrusage(RUSAGE_SELF, &usage);
		tell(done, &begun, &usage);
		return 0;
	}
	fputs("usage: bench-reading receive | decode | get | files | run PROGRAM...\n", stderr);
	return 2;
}
