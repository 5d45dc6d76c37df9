/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System call numbers, native and 32-bit, as far as a door is told by them. Sources: <sys/syscall.h>, the kernel's syscall_32.tbl and the arm EABI
 * table. */
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sys/syscall.h>

#include "channel/probe-part.h"

enum call_kind {
	CALL_WRITE = 1,
	CALL_SEND,
	CALL_IOCTL,
	CALL_RING, /* io_uring: what it carries is not told by the call */
};

struct call {
	uint16_t number;
	uint8_t kind;
	uint8_t argument; /* enum event_call; 0 = names no file */
};

static const struct call native_calls[] = {
	{ SYS_write, CALL_WRITE, 1 | CALL_SHAPE_BUFFER },
	{ SYS_writev, CALL_WRITE, 1 | CALL_SHAPE_PARTS },
	{ SYS_pwrite64, CALL_WRITE, 1 },
	{ SYS_pwritev, CALL_WRITE, 1 },
	{ SYS_pwritev2, CALL_WRITE, 1 },
	{ SYS_sendfile, CALL_WRITE, 1 },
	{ SYS_splice, CALL_WRITE, 3 },
	{ SYS_sendto, CALL_SEND, 1 | CALL_SHAPE_BUFFER },
	{ SYS_sendmsg, CALL_SEND, 1 | CALL_SHAPE_MESSAGE },
	{ SYS_sendmmsg, CALL_SEND, 1 },
	{ SYS_ioctl, CALL_IOCTL, 0 },
	{ SYS_io_uring_enter, CALL_RING, 0 },
};

#if defined(__x86_64__)
static const struct call compat_calls[] = {
	{ 4, CALL_WRITE, 1 },   /* write */
	{ 146, CALL_WRITE, 1 }, /* writev */
	{ 181, CALL_WRITE, 1 }, /* pwrite64 */
	{ 187, CALL_WRITE, 1 }, /* sendfile */
	{ 239, CALL_WRITE, 1 }, /* sendfile64 */
	{ 313, CALL_WRITE, 3 }, /* splice */
	{ 334, CALL_WRITE, 1 }, /* pwritev */
	{ 379, CALL_WRITE, 1 }, /* pwritev2 */
	{ 102, CALL_SEND, 0 },  /* socketcall: its arguments lie in memory */
	{ 345, CALL_SEND, 1 },  /* sendmmsg */
	{ 369, CALL_SEND, 1 },  /* sendto */
	{ 370, CALL_SEND, 1 },  /* sendmsg */
	{ 54, CALL_IOCTL, 0 },  /* ioctl */
	{ 426, CALL_RING, 0 },  /* io_uring_enter */
};
/* The x32 ABI marks its calls with a bit; these differ from the native ones even without it. */
#define X32_BIT 0x40000000
static const struct call x32_calls[] = {
	{ 514, CALL_IOCTL, 0 }, /* ioctl */
	{ 516, CALL_WRITE, 0 }, /* writev */
	{ 518, CALL_SEND, 0 },  /* sendmsg */
	{ 535, CALL_WRITE, 0 }, /* pwritev */
	{ 538, CALL_SEND, 0 },  /* sendmmsg */
	{ 547, CALL_WRITE, 0 }, /* pwritev2 */
};
#else
static const struct call compat_calls[] = {
	{ 4, CALL_WRITE, 1 },   /* write */
	{ 146, CALL_WRITE, 1 }, /* writev */
	{ 181, CALL_WRITE, 1 }, /* pwrite64 */
	{ 187, CALL_WRITE, 1 }, /* sendfile */
	{ 239, CALL_WRITE, 1 }, /* sendfile64 */
	{ 340, CALL_WRITE, 3 }, /* splice */
	{ 362, CALL_WRITE, 1 }, /* pwritev */
	{ 393, CALL_WRITE, 1 }, /* pwritev2 */
	{ 289, CALL_SEND, 1 },  /* send */
	{ 290, CALL_SEND, 1 },  /* sendto */
	{ 296, CALL_SEND, 1 },  /* sendmsg */
	{ 374, CALL_SEND, 1 },  /* sendmmsg */
	{ 54, CALL_IOCTL, 0 },  /* ioctl */
	{ 426, CALL_RING, 0 },  /* io_uring_enter */
};
#endif

static void fill(uint8_t *table, const struct call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i].number < PROBE_CALL_COUNT)
			table[calls[i].number] = calls[i].argument;
}

void probe_calls(uint8_t native[PROBE_CALL_COUNT], uint8_t compat[PROBE_CALL_COUNT])
{
	fill(native, native_calls, ARRAY_SIZE(native_calls));
	fill(compat, compat_calls, ARRAY_SIZE(compat_calls));
}

static const struct call *find(const struct call *calls, size_t count, int32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

static const struct call *call_of(const struct event_task *task)
{
	const struct call *call = NULL;
	int32_t number = task->system_call;

	if (task->flags & EVENT_TASK_COMPAT)
		return find(compat_calls, ARRAY_SIZE(compat_calls), number);
#if defined(__x86_64__)
	if (number >= 0 && number & X32_BIT) {
		number &= ~X32_BIT;
		call = find(x32_calls, ARRAY_SIZE(x32_calls), number);
	}
#endif
	return call ? call : find(native_calls, ARRAY_SIZE(native_calls), number);
}

/* Whether NUMBER reads from a file or socket: a dump goes on while its answer is read. */
static bool reads(int32_t number)
{
	static const int32_t numbers[] = { SYS_read, SYS_pread64, SYS_readv, SYS_preadv, SYS_preadv2, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i] == number)
			return true;
	return false;
}

bool probe_asks(const struct event_notice *notice)
{
	const struct event_task *task = &notice->header.task;
	const struct call *call;

	if (task->system_call < 0 ||
	    task->flags & (EVENT_TASK_KERNEL | EVENT_TASK_SOFTIRQ | EVENT_TASK_INTERRUPT | EVENT_TASK_IO_WORKER | EVENT_TASK_COMPAT))
		return false;
	if (reads(task->system_call))
		return true;
	call = call_of(task);
	if (!call)
		return false;
	if (call->kind == CALL_IOCTL)
		return notice->command == SIOCETHTOOL;
	if (!task->port)
		return false;
	/* Of rtnetlink every fourth type is a question. Other protocols have none that sets a link's state. */
	return notice->protocol == NETLINK_ROUTE ? notice->request >= RTM_BASE && (notice->request & 3) == 2 : notice->protocol == NETLINK_GENERIC;
}

enum ferry_door probe_door(const struct event_task *task)
{
	const struct call *call;

	if (task->flags & (EVENT_TASK_KERNEL | EVENT_TASK_SOFTIRQ | EVENT_TASK_INTERRUPT))
		return FERRY_DOOR_KERNEL;
	if (task->flags & EVENT_TASK_IO_WORKER)
		return FERRY_DOOR_NETLINK;
	if (task->system_call < 0)
		return FERRY_DOOR_KERNEL;
	call = call_of(task);
	if (!call)
		return FERRY_DOOR_SYSCALL;
	switch (call->kind) {
	case CALL_IOCTL:
		return FERRY_DOOR_IOCTL;
	case CALL_RING:
		return FERRY_DOOR_NETLINK;
	case CALL_SEND:
		/* A datagram on another socket changes state too: a neighbour that it looks up. */
		return task->port || !call->argument ? FERRY_DOOR_NETLINK : FERRY_DOOR_SYSCALL;
	default:
		if (task->port)
			return FERRY_DOOR_NETLINK;
		if (task->file_magic == PROC_SUPER_MAGIC)
			return FERRY_DOOR_SYSCTL;
		if (task->file_magic == SYSFS_MAGIC)
			return FERRY_DOOR_SYSFS;
		return FERRY_DOOR_SYSCALL;
	}
}
