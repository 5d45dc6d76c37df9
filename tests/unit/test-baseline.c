/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What files held before: over a tree of its own that the test changes. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/baseline.h"

static char root[] = "/tmp/ferry-baseline-XXXXXX";
static struct machine machine;

static void put(const char *path, const char *content, mode_t mode)
{
	_cleanup_buffer_ struct buffer full = { 0 };
	_cleanup_close_ int descriptor = -1;

	buffer_printf(&full, "%s/%s", root, path);
	for (char *slash = full.data + sizeof(root); (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full.data, 0755);
		*slash = '/';
	}
	descriptor = open(full.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, content, strlen(content)), strlen(content));
}

static void put_link(const char *path, const char *target)
{
	_cleanup_buffer_ struct buffer full = { 0 };

	buffer_printf(&full, "%s/%s", root, path);
	assert_int_equal(symlink(target, full.data), 0);
}

static int make_tree(void **state _unused_)
{
	if (!mkdtemp(root))
		return 1;
	put("proc/sys/vm/swappiness", "60\n", 0644);
	put("proc/sys/vm/dirty_bytes", "0\n", 0644);
	put("proc/sys/vm/dirty_ratio", "20\n", 0644);
	put("proc/sys/kernel/ostype", "Linux\n", 0444);
	put("proc/sys/net/ipv4/ip_forward", "0\n", 0644);
	put("proc/sys/net/ipv4/tcp_fastopen_key", "0-0-0-0\n", 0600);
	put("proc/sys/net/ipv4/conf/all/forwarding", "0\n", 0644);
	put("proc/sys/net/ipv4/conf/all/accept_redirects", "1\n", 0644);
	put("proc/sys/net/ipv4/conf/default/forwarding", "0\n", 0644);
	put("proc/sys/net/ipv4/conf/eth0.100/forwarding", "0\n", 0644);
	put("proc/sys/net/ipv4/conf/own/forwarding", "1\n", 0644);
	put("proc/irq/24/smp_affinity", "3\n", 0644);
	put("proc/1/oom_score_adj", "0\n", 0644);
	put("sys/class/net/x", "", 0444);
	put("sys/devices/virtual/net/lo/mtu", "65536\n", 0644);
	put("sys/devices/virtual/net/lo/ifindex", "1\n", 0444);
	put("sys/devices/virtual/net/lo/uevent", "INTERFACE=lo\n", 0644);
	put("sys/devices/virtual/net/lo/queues/rx-0/rps_cpus", "0\n", 0644);
	put_link("sys/devices/virtual/net/lo/subsystem", "../../../../class/net");
	put("sys/kernel/mm/enabled", "always [madvise] never\n", 0644);
	machine.root = root;
	machine.root_descriptor = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return machine.root_descriptor < 0;
}

static int remove_tree(void **state _unused_)
{
	_cleanup_buffer_ struct buffer command = { 0 };

	close(machine.root_descriptor);
	buffer_printf(&command, "rm -r '%s'", root);
	return system(command.data);
}

static struct baseline *read_all(void)
{
	struct error error = { 0 };
	struct baseline *baseline = NULL;
	unsigned int steps = 0;
	int r;

	assert_int_equal(baseline_new(&machine, &baseline, &error), 0);
	assert_int_equal(baseline_count(baseline), 0);
	while ((r = baseline_step(baseline, 0)) == 1)
		steps++;
	assert_int_equal(r, 0);
	assert_true(steps > 5); /* a budget of nothing reads one folder a step */
	return baseline;
}

static void expect(struct baseline *baseline, const char *address, const char *now, const char *before)
{
	_cleanup_buffer_ struct buffer old = { 0 };
	int r;

	buffer_add(&old, "", 0);
	r = baseline_swap(baseline, address, now, strlen(now), &old);
	if (r != (before ? 0 : -ENOENT) || strcmp(old.data, before ? before : ""))
		fail_msg("%s: %d \"%s\"", address, r, old.data);
}

static void test_before(void **state _unused_)
{
	struct baseline *baseline = read_all();

	expect(baseline, "sysctl/vm/swappiness", "10", "60");
	expect(baseline, "sysctl/vm/swappiness", "a value that is longer", "10");
	expect(baseline, "sysctl/vm/swappiness", "", "a value that is longer");
	expect(baseline, "sysctl/vm/swappiness", "60", "");
	expect(baseline, "sysfs/class/net/lo/mtu", "1500", "65536");
	expect(baseline, "sysfs/class/net/lo/queues/rx-0/rps_cpus", "1", "0");
	expect(baseline, "sysfs/kernel/mm/enabled", "[always] madvise never", "always [madvise] never");
	expect(baseline, "procfs/irq/24/smp_affinity", "1", "3");
	/* First sights: a process, what cannot be written, an action. */
	expect(baseline, "procfs/1/oom_score_adj", "1", NULL);
	expect(baseline, "procfs/1/oom_score_adj", "2", "1");
	expect(baseline, "sysctl/kernel/ostype", "x", NULL);
	expect(baseline, "sysfs/class/net/lo/uevent", "x", NULL);
	/* Secrets never stay. */
	expect(baseline, "sysctl/net/ipv4/tcp_fastopen_key", "1-1-1-1", NULL);
	expect(baseline, "sysctl/net/ipv4/tcp_fastopen_key", "2-2-2-2", NULL);
	baseline_free(baseline);
}

/* An event that came before its file was read keeps what it said. */
static void test_event_first(void **state _unused_)
{
	struct error error = { 0 };
	struct baseline *baseline = NULL;

	assert_int_equal(baseline_new(&machine, &baseline, &error), 0);
	expect(baseline, "sysctl/vm/swappiness", "99", NULL);
	while (baseline_step(baseline, 1000000) == 1)
		;
	expect(baseline, "sysctl/vm/swappiness", "98", "99");
	baseline_free(baseline);
}

static int tell(void *data, const char *address, const char *before, size_t before_length, const char *after, size_t after_length)
{
	buffer_printf(data, "%s %.*s %.*s\n", address, (int)before_length, before, (int)after_length, after);
	return 0;
}

static void test_fanout(void **state _unused_)
{
	struct baseline *baseline = read_all();
	_cleanup_buffer_ struct buffer told = { 0 };
	const char *address = "sysctl/net/ipv4/ip_forward";

	put("proc/sys/net/ipv4/ip_forward", "1\n", 0644);
	put("proc/sys/net/ipv4/conf/all/forwarding", "1\n", 0644);
	put("proc/sys/net/ipv4/conf/all/accept_redirects", "0\n", 0644);
	put("proc/sys/net/ipv4/conf/default/forwarding", "1\n", 0644);
	put("proc/sys/net/ipv4/conf/eth0.100/forwarding", "1\n", 0644);
	expect(baseline, address, "1", "0");
	assert_int_equal(baseline_fanout(baseline, nature_of(address), address, tell, &told), 0);
	assert_string_equal(told.data, "sysctl/net/ipv4/conf/all/forwarding 0 1\n"
				       "sysctl/net/ipv4/conf/default/forwarding 0 1\n"
				       "sysctl/net/ipv4/conf/eth0.100/forwarding 0 1\n"
				       "sysctl/net/ipv4/conf/all/accept_redirects 1 0\n");
	/* Told once, and not again. */
	buffer_clear(&told);
	assert_int_equal(baseline_fanout(baseline, nature_of(address), address, tell, &told), 0);
	assert_int_equal(told.length, 0);
	/* A twin rewrites the other spelling; its absence elsewhere is no failure. */
	put("proc/sys/vm/dirty_ratio", "0\n", 0644);
	address = "sysctl/vm/dirty_bytes";
	assert_int_equal(baseline_fanout(baseline, nature_of(address), address, tell, &told), 0);
	assert_string_equal(told.data, "sysctl/vm/dirty_ratio 20 0\n");
	address = "sysctl/net/mptcp/pm_type";
	assert_int_equal(baseline_fanout(baseline, nature_of(address), address, tell, &told), 0);
	assert_string_equal(told.data, "sysctl/vm/dirty_ratio 20 0\n");
	baseline_free(baseline);
}

static void test_interface(void **state _unused_)
{
	struct baseline *baseline = read_all();

	put("proc/sys/net/ipv4/conf/d0/rp_filter", "2\n", 0644);
	assert_int_equal(baseline_interface(baseline, "d0"), 0);
	while (baseline_step(baseline, 1000000) == 1)
		;
	expect(baseline, "sysctl/net/ipv4/conf/d0/rp_filter", "0", "2");
	assert_int_equal(baseline_interface(baseline, "../vm"), -EINVAL);
	assert_int_equal(baseline_interface(baseline, "gone"), 0);
	assert_int_equal(baseline_step(baseline, 1000000), 0);
	baseline_free(baseline);
	baseline_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_event_first),
		cmocka_unit_test(test_fanout),
		cmocka_unit_test(test_interface),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
