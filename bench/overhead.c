/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the recorder's programs add to work that changes nothing: each work with them and without in turn, in one run. Prints the medians of processor
 * time, and the median of the ratios of neighbouring rounds, which a machine that others load disturbs least. Usage: overhead [ROUNDS] */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "channel/probe.h"

#define ROUNDS_MAXIMUM 201

static int udp[2], unix_pair[2], knob;

static void give_up(const char *what)
{
	fprintf(stderr, "overhead: %s: %s\n", what, error_text(errno));
	exit(1);
}

static void work_getppid(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		syscall(SYS_getppid);
}

/* One datagram there and back: two packets. */
static void work_udp(unsigned int count)
{
	char byte = 0;

	for (unsigned int i = 0; i < count; i++)
		for (int side = 0; side < 2; side++)
			if (send(udp[side], &byte, 1, 0) != 1 || recv(udp[!side], &byte, 1, 0) != 1)
				give_up("udp");
}

static void work_unix(unsigned int count)
{
	char byte = 0;

	for (unsigned int i = 0; i < count; i++)
		if (send(unix_pair[0], &byte, 1, 0) != 1 || recv(unix_pair[1], &byte, 1, 0) != 1)
			give_up("unix");
}

static void work_program(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		pid_t child = fork();

		if (!child) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(127);
		}
		if (child < 0 || waitpid(child, NULL, 0) != child)
			give_up("fork");
	}
}

static void work_fork(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		if (child < 0 || waitpid(child, NULL, 0) != child)
			give_up("fork");
	}
}

static void work_read_sysctl(unsigned int count)
{
	char text[16];

	for (unsigned int i = 0; i < count; i++)
		if (pread(knob, text, sizeof(text), 0) <= 0)
			give_up("read");
}

static const struct work {
	const char *name;
	void (*run)(unsigned int count);
	unsigned int count;
} works[] = {
	{ "getppid", work_getppid, 1000000 },
	{ "UDP on loopback, there and back", work_udp, 40000 },
	{ "UNIX datagram", work_unix, 200000 },
	{ "fork and exec", work_program, 300 },
	{ "fork", work_fork, 1000 },
	{ "read a sysctl", work_read_sysctl, 200000 },
};

static double seconds(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Processor time, also that of the children: what others run in the meantime is not counted. */
static double measure(const struct work *work)
{
	double begin;

	work->run(work->count / 10);
	begin = seconds(RUSAGE_SELF) + seconds(RUSAGE_CHILDREN);
	work->run(work->count);
	return (seconds(RUSAGE_SELF) + seconds(RUSAGE_CHILDREN) - begin) * 1e9 / work->count;
}

/* The works run in a process of their own, which has none of the probe's memory for its forks to copy. */
struct worker {
	int orders, results;
};

static void worker_run(int orders, int results)
{
	unsigned int i;

	while (read(orders, &i, sizeof(i)) == sizeof(i)) {
		double time = measure(&works[i]);

		if (write(results, &time, sizeof(time)) != sizeof(time))
			_exit(1);
	}
	_exit(0);
}

static void worker_start(struct worker *worker)
{
	int orders[2], results[2];

	if (pipe2(orders, O_CLOEXEC) < 0 || pipe2(results, O_CLOEXEC) < 0)
		give_up("pipe");
	switch (fork()) {
	case -1:
		give_up("fork");
		break;
	case 0:
		close(orders[1]);
		close(results[0]);
		worker_run(orders[0], results[1]);
	}
	close(orders[0]);
	close(results[1]);
	worker->orders = orders[1];
	worker->results = results[0];
}

static double worker_measure(const struct worker *worker, unsigned int work)
{
	double time;

	if (write(worker->orders, &work, sizeof(work)) != sizeof(work) || read(worker->results, &time, sizeof(time)) != sizeof(time))
		give_up("the worker");
	return time;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

/* In a network namespace of its own, whose loopback is down at first. */
static void prepare(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	_cleanup_close_ int descriptor = -1;
	cpu_set_t processors;

	if (unshare(CLONE_NEWNET) < 0)
		give_up("needs root");
	descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(descriptor, SIOCSIFFLAGS, &request) < 0)
		give_up("loopback");
	for (int side = 0; side < 2; side++) {
		struct sockaddr_in address = { .sin_family = AF_INET,
					       .sin_port = htons((uint16_t)(7001 + side)),
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

		udp[side] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (bind(udp[side], (void *)&address, sizeof(address)) < 0)
			give_up("bind");
	}
	for (int side = 0; side < 2; side++) {
		struct sockaddr_in address = { .sin_family = AF_INET,
					       .sin_port = htons((uint16_t)(7001 + !side)),
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

		if (connect(udp[side], (void *)&address, sizeof(address)) < 0)
			give_up("connect");
	}
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, unix_pair) < 0)
		give_up("socketpair");
	knob = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);
	CPU_ZERO(&processors);
	CPU_SET(0, &processors);
	sched_setaffinity(0, sizeof(processors), &processors);
}

static struct probe *probe_on(int descriptor)
{
	struct error error = {};
	struct probe *probe;

	if (probe_new(&descriptor, 1, &probe, &error) < 0) {
		fprintf(stderr, "overhead: %s\n", error.text);
		exit(1);
	}
	if (!probe_state(probe, PROBE_NOTICE)->active) {
		printf("skipped: %s\n", probe_state(probe, PROBE_NOTICE)->why);
		exit(77);
	}
	return probe;
}

int main(int argc, char **argv)
{
	static double times[2][ARRAY_SIZE(works)][ROUNDS_MAXIMUM], ratios[ARRAY_SIZE(works)][ROUNDS_MAXIMUM];
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 9;
	struct worker worker;
	int descriptor;

	if (rounds < 1 || rounds > ROUNDS_MAXIMUM)
		return 2;
	prepare();
	worker_start(&worker);
	descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	for (unsigned int round = 0; round < rounds; round++) {
		/* Which of the two comes first changes with each round. */
		for (unsigned int turn = 0; turn < 2; turn++) {
			unsigned int on = (round ^ turn) & 1;
			struct probe *probe = on ? probe_on(descriptor) : NULL;

			for (unsigned int i = 0; i < ARRAY_SIZE(works); i++)
				times[on][i][round] = worker_measure(&worker, i);
			probe_free(probe);
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(works); i++)
			ratios[i][round] = times[1][i][round] / times[0][i][round];
	}
	printf("%-34s %12s %12s %9s %8s %9s\n", "work", "without, ns", "with, ns", "adds, ns", "ratio", "of least");
	for (unsigned int i = 0; i < ARRAY_SIZE(works); i++) {
		double without = median(times[0][i], rounds), with = median(times[1][i], rounds);

		/* median() has sorted them */
		printf("%-34s %12.1f %12.1f %9.1f %8.3f %9.3f\n", works[i].name, without, with, with - without, median(ratios[i], rounds),
		       times[1][i][0] / times[0][i][0]);
	}
	return 0;
}
