/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child makes the namespaces and the socket in them, and hands it over: a socket stays where it was made, and no thread of ours ever goes anywhere.
 * Who owns a user namespace has every right in it, so that the socket is as good to us as to the child. */
#include "wire/scratch.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* What the child sends: 0 with the socket, or a negative errno. */
static int send_result(int channel, int result, int descriptor)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { &result, sizeof(result) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (descriptor >= 0) {
		struct cmsghdr *header;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
	}
	return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int take_result(int channel)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	int result = -EPROTO, descriptor = -1;
	struct iovec data = { &result, sizeof(result) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	const struct cmsghdr *header;
	ssize_t got;

	do {
		got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got != sizeof(result))
		return got < 0 ? -errno : -EPROTO;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
	return result < 0 ? result : descriptor < 0 ? -EPROTO : descriptor;
}

/* In a process that may have had other threads: system calls alone. */
static _Noreturn void make_socket(int channel, int protocol)
{
	int descriptor = -1, result = 0;

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		result = -errno;
	if (result == 0)
		descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (result == 0 && descriptor < 0)
		result = -errno;
	_exit(send_result(channel, result, descriptor) < 0);
}

static int fork_socket(int protocol)
{
	int channels[2], descriptor;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channels) < 0)
		return -errno;
	child = fork();
	if (child == 0)
		make_socket(channels[1], protocol);
	descriptor = child < 0 ? -errno : 0;
	close(channels[1]);
	if (child > 0)
		descriptor = take_result(channels[0]);
	close(channels[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return descriptor;
}

int scratch_open(int protocol, struct netlink **ret, struct error *error)
{
	const int descriptor = fork_socket(protocol);

	if (descriptor < 0)
		return error_set(error, descriptor, "cannot make a network namespace to try in: %s", error_text(descriptor));
	return netlink_open_with(descriptor, protocol, 0, ret, error);
}
