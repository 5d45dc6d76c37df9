/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io_uring by raw system calls: ring plain|thread COUNT, or ring plain|thread FILE, which reads and writes "1" and "0" to it. Operations that
 * succeed, fail, take time, and answer several times; each completion that the program saw is a line of JSON. "thread": the kernel's own thread looks
 * for submissions. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
	int descriptor;
	unsigned int flags;
	unsigned int *tail, *mask, *array, *state;
	struct io_uring_sqe *entries;
	unsigned int *done_head, *done_tail, *done_mask;
	struct io_uring_cqe *done;
} ring;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int set_up(unsigned int flags)
{
	struct io_uring_params parameters = { .flags = flags, .sq_thread_idle = 1000 };
	char *queue, *done;

	ring.flags = flags;
	ring.descriptor = (int)syscall(SYS_io_uring_setup, 8, &parameters);
	if (ring.descriptor < 0)
		return -errno;
	queue = mmap(NULL, parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned int), PROT_READ | PROT_WRITE, MAP_SHARED,
		     ring.descriptor, IORING_OFF_SQ_RING);
	done = mmap(NULL, parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED,
		    ring.descriptor, IORING_OFF_CQ_RING);
	ring.entries =
		mmap(NULL, parameters.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring.descriptor, IORING_OFF_SQES);
	if (queue == MAP_FAILED || done == MAP_FAILED || ring.entries == MAP_FAILED)
		fail("the rings");
	ring.tail = (unsigned int *)(queue + parameters.sq_off.tail);
	ring.mask = (unsigned int *)(queue + parameters.sq_off.ring_mask);
	ring.array = (unsigned int *)(queue + parameters.sq_off.array);
	ring.state = (unsigned int *)(queue + parameters.sq_off.flags);
	ring.done_head = (unsigned int *)(done + parameters.cq_off.head);
	ring.done_tail = (unsigned int *)(done + parameters.cq_off.tail);
	ring.done_mask = (unsigned int *)(done + parameters.cq_off.ring_mask);
	ring.done = (struct io_uring_cqe *)(done + parameters.cq_off.cqes);
	return 0;
}

static void enter(unsigned int submitted, unsigned int wanted, unsigned int flags)
{
	if (syscall(SYS_io_uring_enter, ring.descriptor, submitted, wanted, flags, NULL, 0) < 0)
		fail("io_uring_enter");
}

static void submit(const struct io_uring_sqe *entry)
{
	const unsigned int at = *ring.tail & *ring.mask;

	ring.entries[at] = *entry;
	ring.array[at] = at;
	__atomic_store_n(ring.tail, *ring.tail + 1, __ATOMIC_SEQ_CST);
	if (!(ring.flags & IORING_SETUP_SQPOLL))
		enter(1, 0, 0);
	else if (__atomic_load_n(ring.state, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
		enter(0, 0, IORING_ENTER_SQ_WAKEUP);
}

/* The next completion; 1 where more are to come of that operation. */
static int complete(void)
{
	const struct io_uring_cqe *entry;
	int more;

	while (__atomic_load_n(ring.done_tail, __ATOMIC_ACQUIRE) == *ring.done_head)
		enter(0, 1, IORING_ENTER_GETEVENTS);
	entry = &ring.done[*ring.done_head & *ring.done_mask];
	more = (entry->flags & IORING_CQE_F_MORE) != 0;
	printf("{\"user_data\":%llu,\"result\":%d,\"more\":%d}\n", (unsigned long long)entry->user_data, entry->res, more);
	__atomic_store_n(ring.done_head, *ring.done_head + 1, __ATOMIC_RELEASE);
	return more;
}

static void one(struct io_uring_sqe entry)
{
	submit(&entry);
	complete();
}

/* A poll that answers each time: twice, and once more as it is taken back. */
static void several(void)
{
	struct io_uring_sqe watch = { .opcode = IORING_OP_POLL_ADD, .poll32_events = POLLIN, .len = IORING_POLL_ADD_MULTI, .user_data = 5 };
	struct io_uring_sqe remove = { .opcode = IORING_OP_POLL_REMOVE, .fd = -1, .addr = 5, .user_data = 6 };
	int pipes[2];

	if (pipe(pipes) < 0)
		fail("a pipe");
	watch.fd = pipes[0];
	submit(&watch);
	for (int i = 0; i < 2; i++) {
		if (write(pipes[1], "x", 1) != 1)
			fail("the pipe");
		complete();
	}
	submit(&remove);
	complete();
	complete();
}

static void file(const char *path)
{
	static char room[64], one_line[] = "1\n", zero_line[] = "0\n";
	const struct iovec got = { room, sizeof(room) }, sent = { zero_line, 2 };
	const int descriptor = open(path, O_RDWR);

	one((struct io_uring_sqe){ .opcode = IORING_OP_READ, .fd = descriptor, .addr = (unsigned long)room, .len = sizeof(room), .user_data = 1 });
	one((struct io_uring_sqe){ .opcode = IORING_OP_WRITE, .fd = descriptor, .addr = (unsigned long)one_line, .len = 2, .user_data = 2 });
	one((struct io_uring_sqe){ .opcode = IORING_OP_READV, .fd = descriptor, .addr = (unsigned long)&got, .len = 1, .user_data = 3 });
	one((struct io_uring_sqe){ .opcode = IORING_OP_WRITEV, .fd = descriptor, .addr = (unsigned long)&sent, .len = 1, .user_data = 4 });
	one((struct io_uring_sqe){
		.opcode = IORING_OP_READ, .flags = IOSQE_ASYNC, .fd = descriptor, .addr = (unsigned long)room, .len = sizeof(room), .user_data = 5 });
}

int main(int count, char **arguments)
{
	struct __kernel_timespec moment = { .tv_nsec = 2000000 };
	static char room[64];
	int zero = open("/dev/zero", O_RDONLY), r;

	if (count != 3)
		return 2;
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	r = set_up(strcmp(arguments[1], "thread") == 0 ? IORING_SETUP_SQPOLL : 0);
	if (r < 0) {
		printf("{\"error\":%d}\n", -r);
		return 0;
	}
	if (arguments[2][0] == '/') {
		file(arguments[2]);
		return 0;
	}
	for (long i = strtol(arguments[2], NULL, 10); i > 0; i--) {
		one((struct io_uring_sqe){ .opcode = IORING_OP_NOP, .fd = -1, .user_data = 1 });
		one((struct io_uring_sqe){ .opcode = IORING_OP_READ, .fd = zero, .addr = (unsigned long)room, .len = sizeof(room), .user_data = 2 });
	}
	one((struct io_uring_sqe){ .opcode = IORING_OP_READ, .fd = 1000, .addr = (unsigned long)room, .len = sizeof(room), .user_data = 3 });
	one((struct io_uring_sqe){ .opcode = IORING_OP_TIMEOUT, .fd = -1, .addr = (unsigned long)&moment, .len = 1, .user_data = 4 });
	several();
	return 0;
}
