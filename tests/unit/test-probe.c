/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of ring buffers over a file that is laid out as the kernel lays a ring buffer out, and doors over system calls as the kernel numbers
 * them. */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "channel/probe.h"
#include "wire/bpf.h"

#define SIZE    4096u
#define MAXIMUM 512u

/* The kernel's side of it: a page with the consumer's position, one with the producer's, the data. */
struct kernel {
	int descriptor;
	size_t page;
	char *memory;
	unsigned long produced;
	struct bpf_ring *ring;
};

static struct kernel kernel_new(void)
{
	struct kernel kernel = { .page = (size_t)sysconf(_SC_PAGESIZE), .descriptor = memfd_create("ring", MFD_CLOEXEC) };

	assert_true(kernel.descriptor >= 0);
	assert_int_equal(ftruncate(kernel.descriptor, (off_t)(2 * kernel.page + SIZE)), 0);
	kernel.memory = mmap(NULL, 2 * kernel.page + SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, kernel.descriptor, 0);
	assert_true(kernel.memory != MAP_FAILED);
	assert_int_equal(bpf_ring_open(kernel.descriptor, SIZE, MAXIMUM, &kernel.ring), 0);
	return kernel;
}

static void kernel_done(struct kernel *kernel)
{
	bpf_ring_close(kernel->ring);
	munmap(kernel->memory, 2 * kernel->page + SIZE);
	close(kernel->descriptor);
}

static unsigned long consumed(const struct kernel *kernel)
{
	return *(const unsigned long *)kernel->memory;
}

/* An event whose bytes are all FILL; it may pass the end. */
static void produce(struct kernel *kernel, uint32_t length, uint32_t bits, unsigned char fill)
{
	char *data = kernel->memory + 2 * kernel->page;
	uint32_t word = length | bits;

	memcpy(data + (kernel->produced & (SIZE - 1)), &word, sizeof(word));
	for (uint32_t i = 0; i < length; i++)
		data[(kernel->produced + BPF_RINGBUF_HDR_SZ + i) & (SIZE - 1)] = (char)fill;
	kernel->produced += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7u;
	*(unsigned long *)(kernel->memory + kernel->page) = kernel->produced;
}

struct seen {
	unsigned int count, stop_at;
	unsigned char fill[64];
	size_t length[64];
	bool torn;
};

static int take(void *data, const void *event, size_t length)
{
	struct seen *seen = data;
	const unsigned char *bytes = event;

	for (size_t i = 1; i < length; i++)
		seen->torn |= bytes[i] != bytes[0];
	if (seen->count < ARRAY_SIZE(seen->fill)) {
		seen->fill[seen->count] = bytes[0];
		seen->length[seen->count] = length;
	}
	return ++seen->count == seen->stop_at ? -7 : 0;
}

static void test_order(void **state)
{
	struct kernel kernel = kernel_new();
	struct seen seen = {};

	(void)state;
	assert_int_equal(bpf_ring_read(kernel.ring, 100, take, &seen), 0);
	assert_int_equal(seen.count, 0);
	produce(&kernel, 24, 0, 1);
	produce(&kernel, 25, BPF_RINGBUF_DISCARD_BIT, 2);
	produce(&kernel, 31, 0, 3);
	assert_int_equal(bpf_ring_read(kernel.ring, 100, take, &seen), 0);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.fill[0], 1);
	assert_int_equal(seen.length[0], 24);
	assert_int_equal(seen.fill[1], 3);
	assert_int_equal(seen.length[1], 31);
	assert_int_equal(consumed(&kernel), kernel.produced);
	kernel_done(&kernel);
}

/* Events of a length that falls on the end again and again come out whole. */
static void test_end(void **state)
{
	struct kernel kernel = kernel_new();
	unsigned int total = 0;

	(void)state;
	for (unsigned int round = 0; round < 1000; round++) {
		struct seen seen = {};

		for (unsigned int i = 0; i < 7; i++)
			produce(&kernel, 1 + (round * 7 + i) % MAXIMUM, 0, (unsigned char)(round + i));
		assert_int_equal(bpf_ring_read(kernel.ring, 100, take, &seen), 0);
		assert_int_equal(seen.count, 7);
		assert_false(seen.torn);
		for (unsigned int i = 0; i < 7; i++) {
			assert_int_equal(seen.fill[i], (unsigned char)(round + i));
			assert_int_equal(seen.length[i], 1 + (round * 7 + i) % MAXIMUM);
		}
		total += seen.count;
	}
	assert_int_equal(total, 7000);
	assert_true(kernel.produced > 10 * SIZE);
	kernel_done(&kernel);
}

/* What is being written holds back what is behind it. */
static void test_busy(void **state)
{
	struct kernel kernel = kernel_new();
	struct seen seen = {};

	(void)state;
	produce(&kernel, 8, 0, 1);
	produce(&kernel, 8, BPF_RINGBUF_BUSY_BIT, 2);
	produce(&kernel, 8, 0, 3);
	assert_int_equal(bpf_ring_read(kernel.ring, 100, take, &seen), 0);
	assert_int_equal(seen.count, 1);
	*(uint32_t *)(kernel.memory + 2 * kernel.page + 16) = 8;
	assert_int_equal(bpf_ring_read(kernel.ring, 100, take, &seen), 0);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.fill[2], 3);
	kernel_done(&kernel);
}

static void test_limits(void **state)
{
	struct kernel kernel = kernel_new();
	struct seen seen = { .stop_at = 4 };
	struct bpf_ring *ring;

	(void)state;
	for (unsigned char i = 0; i < 8; i++)
		produce(&kernel, 8, 0, i);
	assert_int_equal(bpf_ring_read(kernel.ring, 3, take, &seen), 0);
	assert_int_equal(seen.count, 3);
	assert_int_equal(bpf_ring_read(kernel.ring, 100, take, &seen), -7);
	assert_int_equal(seen.count, 4);
	assert_int_equal(bpf_ring_read(kernel.ring, 100, take, &seen), 0);
	assert_int_equal(seen.count, 8);
	assert_int_equal(seen.fill[7], 7);
	/* longer than any event is */
	produce(&kernel, MAXIMUM + 1, 0, 9);
	assert_int_equal(bpf_ring_read(kernel.ring, 100, take, &seen), -EPROTO);
	assert_int_equal(seen.count, 8);
	assert_int_equal(bpf_ring_open(kernel.descriptor, 4095, MAXIMUM, &ring), -EINVAL);
	assert_int_equal(bpf_ring_open(-1, SIZE, MAXIMUM, &ring), -EBADF);
	kernel_done(&kernel);
}

static void test_doors(void **state)
{
	static const struct {
		struct event_task task;
		enum ferry_door door;
	} cases[] = {
		{ { .system_call = SYS_sendmsg, .port = 7 }, FERRY_DOOR_NETLINK },
		{ { .system_call = SYS_sendto, .port = 7 }, FERRY_DOOR_NETLINK },
		{ { .system_call = SYS_sendmmsg, .port = 7 }, FERRY_DOOR_NETLINK },
		{ { .system_call = SYS_write, .port = 7 }, FERRY_DOOR_NETLINK },
		{ { .system_call = SYS_sendto }, FERRY_DOOR_SYSCALL }, /* on another socket */
		{ { .system_call = SYS_ioctl }, FERRY_DOOR_IOCTL },
		{ { .system_call = SYS_write, .file_magic = PROC_SUPER_MAGIC }, FERRY_DOOR_SYSCTL },
		{ { .system_call = SYS_pwrite64, .file_magic = SYSFS_MAGIC }, FERRY_DOOR_SYSFS },
		{ { .system_call = SYS_writev, .file_magic = SYSFS_MAGIC }, FERRY_DOOR_SYSFS },
		{ { .system_call = SYS_write, .file_magic = TMPFS_MAGIC }, FERRY_DOOR_SYSCALL },
		{ { .system_call = SYS_close }, FERRY_DOOR_SYSCALL },
		{ { .system_call = SYS_exit_group }, FERRY_DOOR_SYSCALL },
		{ { .system_call = SYS_unshare }, FERRY_DOOR_SYSCALL },
		{ { .system_call = SYS_io_uring_enter }, FERRY_DOOR_NETLINK },
		{ { .system_call = -1, .flags = EVENT_TASK_IO_WORKER }, FERRY_DOOR_NETLINK },
		{ { .system_call = -1 }, FERRY_DOOR_KERNEL },
		{ { .system_call = SYS_ioctl, .flags = EVENT_TASK_KERNEL }, FERRY_DOOR_KERNEL },
		{ { .system_call = SYS_ioctl, .flags = EVENT_TASK_SOFTIRQ }, FERRY_DOOR_KERNEL },
		{ { .system_call = SYS_ioctl, .flags = EVENT_TASK_INTERRUPT }, FERRY_DOOR_KERNEL },
#if defined(__x86_64__)
		/* asm/unistd_32.h: the same numbers mean other calls */
		{ { .system_call = 54, .flags = EVENT_TASK_COMPAT }, FERRY_DOOR_IOCTL },
		{ { .system_call = SYS_ioctl, .flags = EVENT_TASK_COMPAT }, FERRY_DOOR_SYSCALL },
		{ { .system_call = 4, .flags = EVENT_TASK_COMPAT, .file_magic = SYSFS_MAGIC }, FERRY_DOOR_SYSFS },
		{ { .system_call = 370, .flags = EVENT_TASK_COMPAT, .port = 7 }, FERRY_DOOR_NETLINK },
		{ { .system_call = 102, .flags = EVENT_TASK_COMPAT }, FERRY_DOOR_NETLINK },
		/* asm/unistd_x32.h */
		{ { .system_call = 0x40000000 + 514 }, FERRY_DOOR_IOCTL },
		{ { .system_call = 0x40000000 + 44, .port = 7 }, FERRY_DOOR_NETLINK },
#endif
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		if (probe_door(&cases[i].task) != cases[i].door)
			fail_msg("case %u: door %d, not %d", i, probe_door(&cases[i].task), cases[i].door);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),  cmocka_unit_test(test_end),   cmocka_unit_test(test_busy),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_doors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
