/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file channels over a recorded tree, and over the kernel's own files where nothing is changed. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/files.h"

static struct machine fixture, live = { .root_descriptor = -1, .control = -1 };
static struct buffer told;

static const char *source_folder(void)
{
	const char *source = getenv("FERRY_SOURCE");

	return source ? source : ".";
}

static int run(const char *format, ...) _printf_(1, 2);
static int run(const char *format, ...)
{
	char command[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	return system(command);
}

static char folder[] = "/tmp/test-files-XXXXXX";

static int open_fixture(void **state _unused_)
{
	static char root[sizeof(folder) + 8];

	if (!mkdtemp(folder))
		return 1;
	snprintf(root, sizeof(root), "%s/tree", folder);
	if (run("'%s/tests/recorded-tree' %s", source_folder(), root))
		return 1;
	fixture.root = root;
	fixture.root_descriptor = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fixture.root_descriptor < 0;
}

static int close_fixture(void **state _unused_)
{
	close(fixture.root_descriptor);
	buffer_done(&told);
	return run("rm -r %s", folder);
}

/* One line an item: "address/" for a folder, "address type json", "address - words". */
static int tell(void *data _unused_, const struct ferry_item *item)
{
	buffer_add_text(&told, item->address);
	if (item->kind == FERRY_ITEM_BRANCH)
		buffer_add_char(&told, '/');
	if (item->value) {
		buffer_printf(&told, " %s ", item->type);
		value_json(&told, &item->value->value, item->value->field, item->value->naming);
	} else if (item->error) {
		buffer_printf(&told, " - %s", error_symbol(item->error));
	}
	buffer_add_char(&told, '\n');
	return 0;
}

static int get(struct machine *machine, const char *address)
{
	const char *path;
	const struct file_tree *tree = file_tree_of(address, &path);

	buffer_clear(&told);
	buffer_add(&told, "", 0);
	return files_get(tree, machine, path, 0, tell, NULL);
}

static int list(struct machine *machine, const char *address, unsigned int flags)
{
	const char *path;
	const struct file_tree *tree = file_tree_of(address, &path);

	buffer_clear(&told);
	buffer_add(&told, "", 0);
	return files_list(tree, machine, path, flags, tell, NULL);
}

static void test_trees(void **state _unused_)
{
	static const char *const trees[] = { "sysctl", "sysfs", "procfs" };

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		_cleanup_buffer_ struct buffer path = { 0 }, expected = { 0 };
		_cleanup_close_ int descriptor = -1;

		buffer_printf(&path, "%s/tests/golden/tree.expected/%s", source_folder(), trees[i]);
		descriptor = open(path.data, O_RDONLY | O_CLOEXEC);
		assert_true(descriptor >= 0);
		assert_int_equal(file_read(descriptor, 0, 0, &expected), 0);
		assert_int_equal(get(&fixture, trees[i]), 0);
		assert_string_equal(told.data, expected.data);
	}
}

static int set(struct machine *machine, const char *address, const char *json, char **ret_now)
{
	const char *path;
	const struct channel *channel = channel_of(address, &path);

	machine->error = (struct error){ 0 };
	return channel->set(channel, machine, path, json, ret_now);
}

static void test_places(void **state _unused_)
{
	static const struct {
		const char *address, *told;
		int result;
	} cases[] = {
		{ "sysfs/class/net/lo/mtu", "sysfs/class/net/lo/mtu int 65536\n", 0 },
		{ "sysfs/devices/virtual/net/lo/mtu", "sysfs/class/net/lo/mtu int 65536\n", 0 }, /* one spelling, whatever way it was asked for */
		{ "sysfs/class/net/*/mtu", "sysfs/class/net/lo/mtu int 65536\n", 0 },
		{ "sysfs/class/*/*/size", "sysfs/class/block/vda/size int 536870912\n", 0 },
		{ "sysfs/class/net/lo/speed", "sysfs/class/net/lo/speed int 1000\n", 0 }, /* slow, but asked for */
		{ "sysfs/block/vda/queue/scheduler", "sysfs/block/vda/queue/scheduler choice \"mq-deadline\"\n", 0 },
		{ "sysctl/net/ipv4/conf/eth0.100/rp_filter", "sysctl/net/ipv4/conf/eth0.100/rp_filter int 2\n", 0 },
		{ "sysctl/net/ipv4/conf/a*/forwarding", "sysctl/net/ipv4/conf/a*/forwarding int 0\n",
		  0 }, /* a name, not a glob: it is there as it is written */
		{ "sysctl/net/ipv4/conf/e*/forwarding",
		  "sysctl/net/ipv4/conf/eth0.100/forwarding int 0\nsysctl/net/ipv4/conf/eth0/forwarding int 0\n", 0 },
		{ "sysctl/net/ipv4/conf/[!ade]*/forwarding", "", -ENOENT },
		{ "sysctl/net/ipv4/tcp_fastopen_key", "sysctl/net/ipv4/tcp_fastopen_key text \"(secret)\"\n", 0 },
		{ "procfs/mounts/0/type", "procfs/mounts/0/type text \"ext4\"\n", 0 },
		{ "procfs/[0-9]*/mounts/*/t[x-z]pe", "procfs/1/mounts/0/type text \"ext4\"\n", 0 },
		{ "procfs/meminfo/MemFree", "procfs/meminfo/MemFree uint 42194436096\n", 0 },
		{ "procfs/meminfo/Mem*", "procfs/meminfo/MemTotal uint 50553020416\nprocfs/meminfo/MemFree uint 42194436096\n", 0 },
		{ "procfs/m*/MemFree", "procfs/meminfo/MemFree uint 42194436096\n", 0 },
		{ "procfs/meminfo/Nothing", "", -ENOENT },
		{ "procfs/mounts/1", "", -ENOENT },
		{ "procfs/meminfo/MemFree/deeper", "", -ENOENT },
		{ "procfs/1/stat/comm", "", -ENOENT },
		{ "procfs/self/comm", "procfs/self/comm text \"systemd\"\n", 0 },
		{ "procfs/1/exe", "procfs/1/exe text \"/sbin/init\"\n", 0 },
		{ "procfs/kcore", "procfs/kcore text \"never read\"\n", 0 },
		{ "sysfs/kernel/outside", "sysfs/kernel/outside text \"/etc/passwd\"\n", 0 }, /* never what it leads to */
		{ "sysfs/kernel/climbing", "sysfs/kernel/climbing text \"../../../../../../../../../etc/passwd\"\n", 0 },
		{ "sysfs/kernel/with space", "sysfs/kernel/with space text \"1 2\"\n", 0 },
		{ "sysctl/kernel/nothing", "", -ENOENT },
		{ "sysctl/kernel/ostype/deeper", "", -ENOENT },
		{ "procfs/sys/kernel/ostype", "", -ENOENT },
		{ "procfs/s*/kernel/ostype", "", -ENOENT },
		{ "sysctl/nothing*", "", -ENOENT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = get(&fixture, cases[i].address);

		if (r != cases[i].result)
			fail_msg("%s: %d, %s", cases[i].address, r, fixture.error.text);
		if (r < 0)
			assert_true(fixture.error.code == r && fixture.error.text[0]);
		assert_string_equal(told.data, cases[i].told);
	}
}

static void test_lists(void **state _unused_)
{
	assert_int_equal(list(&fixture, "sysfs/class", 0), 0);
	assert_string_equal(told.data, "sysfs/class/block/\nsysfs/class/net/\n");
	assert_int_equal(list(&fixture, "sysfs/class/net", FERRY_READ_RECURSIVE), 0); /* links are told, not followed */
	assert_string_equal(told.data, "sysfs/class/net/lo/\n");
	assert_int_equal(list(&fixture, "sysctl/net", 0), 0);
	assert_string_equal(told.data, "sysctl/net/ipv4-extra\nsysctl/net/ipv4/\n");
	assert_int_equal(list(&fixture, "sysctl/net/ipv4/conf/eth0.100", FERRY_READ_VALUES), 0);
	assert_string_equal(told.data, "sysctl/net/ipv4/conf/eth0.100/forwarding int 0\nsysctl/net/ipv4/conf/eth0.100/rp_filter int 2\n");
	assert_int_equal(list(&fixture, "sysctl/kernel/ostype", 0), 0);
	assert_string_equal(told.data, "sysctl/kernel/ostype\n");
	assert_int_equal(list(&fixture, "procfs", 0), 0); /* without sys, which is sysctl */
	assert_string_equal(told.data, "procfs/1/\nprocfs/irq/\nprocfs/kcore\nprocfs/meminfo\nprocfs/mounts\nprocfs/self/\n");
	assert_int_equal(list(&fixture, "procfs/meminfo", 0), 0); /* its fields, read for their names alone */
	assert_string_equal(told.data, "procfs/meminfo/MemTotal\nprocfs/meminfo/MemFree\n");
	assert_int_equal(list(&fixture, "procfs/1/mounts", 0), 0);
	assert_string_equal(told.data, "procfs/1/mounts/0\n");
	assert_int_equal(list(&fixture, "procfs/1/mounts/0/type", 0), 0);
	assert_string_equal(told.data, "procfs/1/mounts/0/type\n");
	assert_int_equal(list(&fixture, "sysfs/nowhere", 0), -ENOENT);
}

static int stop(void *data, const struct ferry_item *item _unused_)
{
	return ++*(int *)data == 3 ? 7 : 0;
}

static void test_stop(void **state _unused_)
{
	int count = 0;

	assert_int_equal(files_get(&file_tree_sysctl, &fixture, "", 0, stop, &count), 7);
	assert_int_equal(count, 3);
}

static void test_addresses(void **state _unused_)
{
	static const struct {
		const char *path, *address;
	} cases[] = {
		{ "/proc/sys/net/ipv4/ip_forward", "sysctl/net/ipv4/ip_forward" },
		{ "/proc/irq/24/smp_affinity", "procfs/irq/24/smp_affinity" },
		{ "/sys/devices/virtual/net/lo/mtu", "sysfs/class/net/lo/mtu" },
		{ "/sys/devices/virtual/net/lo/queues/rx-0/rps_cpus", "sysfs/class/net/lo/queues/rx-0/rps_cpus" },
		{ "/sys/devices/pci0000:00/0000:00:01.0/numa_node", "sysfs/bus/pci/devices/0000:00:01.0/numa_node" },
		{ "/sys/devices/pci0000:00/0000:00:01.0/virtio0/block/vda/queue/scheduler", "sysfs/block/vda/queue/scheduler" },
		{ "/sys/devices/pci0000:00/0000:00:01.0/virtio0/block/vda/vda1/start", "sysfs/block/vda/vda1/start" },
		{ "/sys/devices/system/cpu/cpu0/online", "sysfs/devices/system/cpu/cpu0/online" },
		{ "/sys/kernel/mm/transparent_hugepage/enabled", "sysfs/kernel/mm/transparent_hugepage/enabled" },
		/* Devices that have gone by the time that they are asked for. */
		{ "/sys/devices/virtual/net/d0/mtu", "sysfs/class/net/d0/mtu" },
		{ "/sys/devices/pci0000:00/0000:00:02.0/virtio1/net/eth7/queues/rx-0/rps_cpus", "sysfs/class/net/eth7/queues/rx-0/rps_cpus" },
		{ "/sys/devices/pci0000:00/0000:00:09.0/virtio9/block/vdz/queue/nr_requests", "sysfs/block/vdz/queue/nr_requests" },
		{ "/sys/devices/virtual/bdi/7:9/read_ahead_kb", "sysfs/class/bdi/7:9/read_ahead_kb" },
		{ "/sys/devices/pci0000:00/0000:00:09.0/numa_node", "sysfs/devices/pci0000:00/0000:00:09.0/numa_node" },
		{ "/sys/devices/", "sysfs/devices/" },
	};
	_cleanup_buffer_ struct buffer none = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buffer_ struct buffer address = { 0 };

		assert_int_equal(file_canonical(&fixture, cases[i].path, &address), 0);
		assert_string_equal(address.data, cases[i].address);
	}
	assert_int_equal(file_canonical(&fixture, "/etc/passwd", &none), -EINVAL);
	assert_int_equal(file_canonical(&fixture, "/proc", &none), -EINVAL);
}

static void test_read_address(void **state _unused_)
{
	_cleanup_buffer_ struct buffer content = { 0 };

	buffer_add_text(&content, "before:");
	assert_int_equal(file_read_address(&fixture, "sysctl/net/ipv4/tcp_rmem", &content), 0);
	assert_string_equal(content.data, "before:4096\t131072\t6291456");
	assert_int_equal(file_read_address(&fixture, "sysctl/net", &content), -EINVAL);
	assert_int_equal(file_read_address(&fixture, "netlink/route", &content), -EINVAL);
	assert_int_equal(file_read_address(&fixture, "sysfs", &content), -EINVAL);
	assert_int_equal(file_read_address(&fixture, "sysfs/kernel/outside", &content), -ENOENT);
	assert_string_equal(content.data, "before:4096\t131072\t6291456");
}

static void test_set_refused(void **state _unused_)
{
	static const struct {
		const char *address, *value;
		int result;
		const char *word;
	} cases[] = {
		{ "sysctl/vm/drop_caches", "1", -EOPNOTSUPP, "action" },
		{ "sysctl/kernel/modules_disabled", "1", -EOPNOTSUPP, "taken back" },
		{ "sysctl/kernel/ostype", "\"Plan 9\"", -EACCES, "reading only" },
		{ "sysctl/kernel/no_such_key", "1", -ENOENT, "No such file" },
		{ "sysctl/net", "1", -EISDIR, "folder" },
		{ "sysctl/vm/swappiness", "{}", -EINVAL, "number or a text" },
		{ "sysctl/vm/swappiness", "null", -EINVAL, "number or a text" },
		{ "sysctl/vm/swappiness", "[1]", -EINVAL, "number or a text" },
		{ "sysctl/vm/swappiness", "60 60", -EINVAL, "JSON" },
		{ "sysctl/vm/swappiness", "\"much\"", -EINVAL, "holds numbers" },
		{ "sysctl/vm/swappiness", "\"1\\u0000\"", -EINVAL, "NUL" },
		{ "sysctl/vm/swappiness", "\"1\\n2\"", -EINVAL, "one line" },
		{ "sysctl/vm/swappiness", NULL, -EOPNOTSUPP, "removed" },
	};
	char *now = NULL;

	assert_int_equal(set(&fixture, "sysctl/kernel/printk", "1", &now), -EROFS);
	assert_non_null(strstr(fixture.error.text, "root"));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = set(&live, cases[i].address, cases[i].value, &now);

		if (r != cases[i].result || !strstr(live.error.text, cases[i].word))
			fail_msg("%s: %d, %s", cases[i].address, r, live.error.text);
		assert_null(now);
	}
}

static void expect_set(const char *path, const char *value, int result, const char *told_now)
{
	char *now = NULL;
	int r;

	r = set(&live, path, value, &now);
	if (r != result || (now && strcmp(now, told_now)))
		fail_msg("%s: %d, %s, now %s", path, r, live.error.text, now);
	if (r < 0)
		assert_true(!now && strstr(live.error.text, told_now));
	free(now);
}

static void expect_content(const char *address, const char *content)
{
	_cleanup_buffer_ struct buffer found = { 0 };

	assert_int_equal(file_read_address(&live, address, &found), 0);
	assert_string_equal(found.data, content);
}

/* In a network namespace of its own, where the keys of net are. */
static void test_set(void **state _unused_)
{
	if (unshare(CLONE_NEWNET))
		skip();
	expect_set("sysctl/net/ipv4/tcp_rmem", "\"5000 60000  7000000\"", 0, "\"5000\\t60000\\t7000000\"");
	/* The kernel takes the first number before it refuses the second: ferry puts it back. */
	expect_set("sysctl/net/ipv4/tcp_rmem", "\"4000 x 6\"", -EINVAL, "put back");
	expect_content("sysctl/net/ipv4/tcp_rmem", "5000\t60000\t7000000");
	expect_set("sysctl/net/ipv4/ip_forward", "true", 0, "1");
	expect_content("sysctl/net/ipv4/conf/lo/forwarding", "1");
	expect_set("sysctl/net/ipv4/ip_forward", "0", 0, "0");
	expect_set("sysctl/net/ipv4/ip_forward", "\"maybe\"", -EINVAL, "holds numbers");
	expect_set("sysctl/net/ipv4/ip_forward", "99999999999", -EINVAL, "EINVAL");
	expect_set("sysctl/net/ipv4/ip_local_reserved_ports", "\"8080,9000-9002,9003\"", 0, "\"8080,9000-9003\""); /* what the kernel made of it */
	expect_set("sysctl/net/ipv4/ip_local_reserved_ports", "\"\"", 0, "\"\"");
	expect_set("sysctl/net/ipv4/tcp_fastopen_key", "\"01020304-01020304-01020304-01020305\"", 0, "\"(secret)\"");
	expect_set("sysctl/net/ipv4/route/flush", "1", -EOPNOTSUPP, "action");
}

/* A content that is longer than the first buffer, at every length about its edges. */
static void test_long(void **state _unused_)
{
	static const size_t lengths[] = { 0, 1, 2046, 2047, 2048, 4095, 4096, 4097, 12287, 12288, 16382, 16383, 16384, 100000, 3000000 };
	static const unsigned int flags[] = { 0, FILE_READ_SHORT_END, FILE_READ_SINGLE };
	char name[] = "/tmp/ferry-test-XXXXXX";
	_cleanup_close_ int descriptor = mkstemp(name);
	_cleanup_free_ char *data = malloc(3000000);

	assert_true(descriptor >= 0 && data);
	unlink(name);
	for (size_t i = 0; i < 3000000; i++)
		data[i] = (char)('a' + i % 23);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		assert_int_equal(ftruncate(descriptor, 0), 0);
		assert_int_equal(pwrite(descriptor, data, lengths[i], 0), lengths[i]);
		for (size_t j = 0; j < ARRAY_SIZE(flags); j++) {
			_cleanup_buffer_ struct buffer content = { 0 };

			lseek(descriptor, 0, SEEK_SET);
			assert_int_equal(file_read(descriptor, flags[j], 0, &content), 0);
			assert_int_equal(content.length, lengths[i]);
			assert_true(!lengths[i] || !memcmp(content.data, data, lengths[i]));
		}
	}
}

static void test_deadline(void **state _unused_)
{
	_cleanup_close_ int descriptor = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	_cleanup_buffer_ struct buffer content = { 0 };

	assert_int_equal(file_read(descriptor, 0, 1000000, &content), -ETIME);
	assert_true(content.length > 0);
}

/* Every sysctl, in the kernel's own bytes: the second judge is a read of another size. */
static int compare_live(void *data, const struct ferry_item *item)
{
	_cleanup_buffer_ struct buffer mine = { 0 }, path = { 0 };
	_cleanup_close_ int descriptor = -1;
	static char other[1 << 20];
	ssize_t n;

	if (item->nature == FERRY_VOLATILE || !item->value || file_read_address(&live, item->address, &mine) < 0)
		return 0;
	buffer_printf(&path, "/proc/sys/%s", item->address + strlen("sysctl/"));
	descriptor = open(path.data, O_RDONLY | O_CLOEXEC);
	n = descriptor < 0 ? -1 : read(descriptor, other, sizeof(other));
	if (n < 0)
		return 0;
	if (mine.length != content_length(other, (size_t)n) || (n && memcmp(mine.data, other, mine.length)))
		return 1;
	++*(int *)data;
	return 0;
}

static void test_live(void **state _unused_)
{
	int count = 0;

	assert_int_equal(files_get(&file_tree_sysctl, &live, "", 0, compare_live, &count), 0);
	assert_true(count > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),       cmocka_unit_test(test_places),    cmocka_unit_test(test_lists),
		cmocka_unit_test(test_stop),        cmocka_unit_test(test_addresses), cmocka_unit_test(test_read_address),
		cmocka_unit_test(test_set_refused), cmocka_unit_test(test_long),      cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_live),        cmocka_unit_test(test_set), /* the last: it leaves the network namespace */
	};

	return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
