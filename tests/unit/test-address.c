/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/address.h"
#include "model/schema.h"

static const struct {
	const char *text, *canonical;
} accepted[] = {
	{ "sysctl/net/ipv4/ip_forward", "sysctl/net/ipv4/ip_forward" },
	{ "sysctl", "sysctl" },
	{ "sysctl/", "sysctl" },
	{ "netlink//route/./link/eth0/", "netlink/route/link/eth0" },
	{ "netlink/route/link/../addr", "netlink/route/addr" },
	{ "netlink/route/route/main/10.0.0.0/8/gateway", "netlink/route/route/main/10.0.0.0/8/gateway" },
	{ "ioctl/eth0/mtu", "ioctl/eth0/mtu" },
	{ "procfs/meminfo", "procfs/meminfo" },
	{ "procfs/sys/vm/swappiness", "sysctl/vm/swappiness" },
	{ "procfs/sys", "sysctl" },
	{ "procfs/sysvipc/shm", "procfs/sysvipc/shm" },
	/* Native paths. */
	{ "/proc/sys/net/ipv4/conf/eth0.100/rp_filter", "sysctl/net/ipv4/conf/eth0.100/rp_filter" },
	{ "/proc/sys", "sysctl" },
	{ "/proc", "procfs" },
	{ "//proc//1/stat", "procfs/1/stat" },
	{ "/proc/sys/../meminfo", "procfs/meminfo" },
	{ "/sys/class/net/lo/mtu", "sysfs/class/net/lo/mtu" },
	/* Keys with dots, as sysctl(8) prints them. */
	{ "net.ipv4.ip_forward", "sysctl/net/ipv4/ip_forward" },
	{ "kernel.printk", "sysctl/kernel/printk" },
	{ "vm", "sysctl/vm" },
	{ "fs.binfmt_misc.", "sysctl/fs/binfmt_misc" },
	/* The first separator decides: these are the vectors of systemd's sysctl_normalize(), with the channel in front. */
	{ "net.ipv4.conf.enp3s0/200.forwarding", "sysctl/net/ipv4/conf/enp3s0.200/forwarding" },
	{ "net/ipv4/conf/enp3s0.200/forwarding", "sysctl/net/ipv4/conf/enp3s0.200/forwarding" },
	{ "net/ipv4/conf/enp3s0.200/foo.bar", "sysctl/net/ipv4/conf/enp3s0.200/foo.bar" },
	{ "net.ipv4.conf.enp3s0/200.foo/bar", "sysctl/net/ipv4/conf/enp3s0.200/foo.bar" },
	{ "net.ipv6.conf.all.accept_ra", "sysctl/net/ipv6/conf/all/accept_ra" },
};

static const struct {
	const char *text, *words;
} refused[] = {
	{ "", "the address is empty" },
	{ "prcfs/meminfo", "no channel is named \"prcfs\"; did you mean \"procfs\"?" },
	{ "netlnk/route", "no channel is named \"netlnk\"; did you mean \"netlink\"?" },
	{ "sysctl/..", "the address climbs above its channel" },
	{ "sysctl/net/../..", "the address climbs above its channel" },
	{ "/proc/../sys/x", "the address climbs above its channel" },
	{ "/etc/passwd", "only paths below /proc and /sys are addresses" },
	{ "/", "only paths below /proc and /sys are addresses" },
	{ "/process", "only paths below /proc and /sys are addresses" },
};

static void test_canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		_cleanup_buffer_ struct buffer buffer = { 0 };
		struct error error = { 0 };

		if (address_canonical(accepted[i].text, strlen(accepted[i].text), &buffer, &error) < 0)
			fail_msg("%s: %s", accepted[i].text, error.text);
		assert_string_equal(buffer.data, accepted[i].canonical);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_buffer_ struct buffer buffer = { 0 };
		struct error error = { 0 };

		assert_int_equal(address_canonical(refused[i].text, strlen(refused[i].text), &buffer, &error), -EINVAL);
		assert_string_equal(error.text, refused[i].words);
		assert_int_equal(buffer.length, 0);
	}
}

static void test_limits(void **state)
{
	_cleanup_buffer_ struct buffer text = { 0 }, address = { 0 };
	struct error error = { 0 };

	(void)state;
	assert_int_equal(address_canonical("sysctl/a\0b", 10, &address, &error), -EINVAL);
	buffer_add_text(&text, "sysctl/");
	while (text.length < 4096)
		buffer_add_char(&text, 'a');
	assert_int_equal(address_canonical(text.data, 4096, &address, &error), 0);
	assert_int_equal(address.length, 4096);
	buffer_add_char(&text, 'a');
	assert_int_equal(address_canonical(text.data, 4097, &address, &error), -EINVAL);
	/* Words with bytes of the caller's stay harmless for a terminal. */
	assert_int_equal(address_canonical("\x1b[31mfoo", 8, &address, &error), -EINVAL);
	assert_null(strchr(error.text, '\x1b'));
	assert_non_null(strstr(error.text, "\\x1b[31mfoo"));
}

static void test_under(void **state)
{
	static const struct {
		const char *address, *prefix;
		bool under;
	} cases[] = {
		{ "sysctl/net/ipv4", "", true },
		{ "sysctl/net/ipv4", "sysctl", true },
		{ "sysctl/net/ipv4", "sysctl/net/ipv4", true },
		{ "sysctl/net/ipv4", "sysctl/net/ip", false },
		{ "sysctl/net", "sysctl/net/ipv4", false },
		{ "sysctl/net/ipv4/conf/eth0/rp_filter", "sysctl/net/ipv4/conf/*/rp_filter", true },
		{ "sysctl/net/ipv4/conf/eth0/rp_filter", "sysctl/net/*/rp_filter", false },
		{ "sysctl/net/ipv4/conf/eth0/rp_filter", "sysctl/net/ipv[46]", true },
		{ "netlink/route/link/eth0", "netlink/route/link/eth?", true },
		{ "netlink/route/link/eth10", "netlink/route/link/eth?", false },
		{ "netlink/route/link/.x", "netlink/route/link/*", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (address_under(cases[i].address, cases[i].prefix) != cases[i].under)
			fail_msg("%s under %s", cases[i].address, cases[i].prefix);
}

static void test_path(void **state)
{
	_cleanup_buffer_ struct buffer path = { 0 };

	(void)state;
	assert_int_equal(address_path("sysctl/net/ipv4/ip_forward", &path), 0);
	assert_string_equal(path.data, "/proc/sys/net/ipv4/ip_forward");
	buffer_clear(&path);
	assert_int_equal(address_path("procfs", &path), 0);
	assert_string_equal(path.data, "/proc");
	buffer_clear(&path);
	assert_int_equal(address_path("sysfs/class", &path), 0);
	assert_string_equal(path.data, "/sys/class");
	assert_int_equal(address_path("netlink/route", &path), -EINVAL);
	assert_int_equal(address_path("sysctlx/route", &path), -EINVAL);
}

static void show(const void *data, size_t length, int16_t prefix, struct buffer *ret)
{
	struct value value = value_data(VALUE_ADDRESS, data, length);

	value.bytes.prefix = prefix;
	buffer_clear(ret);
	value_print(ret, &value, NULL, NULL);
}

/* Judged by inet_ntop(): every pattern of zero groups, and IPv4 inside. */
static void test_against_libc(void **state)
{
	_cleanup_buffer_ struct buffer shown = { 0 };

	(void)state;
	for (unsigned int pattern = 0; pattern < 256 * 4; pattern++) {
		static const uint16_t fillers[] = { 0x1, 0x2001, 0xffff, 0xa0b };
		char expected[INET6_ADDRSTRLEN];
		uint8_t data[16] = { 0 };

		for (int i = 0; i < 8; i++) {
			uint16_t group = pattern >> i & 1 ? fillers[pattern >> 8] : 0;

			data[2 * i] = (uint8_t)(group >> 8);
			data[2 * i + 1] = (uint8_t)group;
		}
		assert_non_null(inet_ntop(AF_INET6, data, expected, sizeof(expected)));
		show(data, 16, -1, &shown);
		assert_string_equal(shown.data, expected);
		assert_non_null(inet_ntop(AF_INET, data + 4, expected, sizeof(expected)));
		show(data + 4, 4, -1, &shown);
		assert_string_equal(shown.data, expected);
	}
}

static void test_bytes(void **state)
{
	static const struct {
		const char *text;
		int length, prefix;
	} cases[] = {
		{ "10.0.0.1", 4, -1 },
		{ "10.0.0.0/8", 4, 8 },
		{ "0.0.0.0/0", 4, 0 },
		{ "fe80::1", 16, -1 },
		{ "::/0", 16, 0 },
		{ "2001:db8::/128", 16, 128 },
		{ "02:42:ac:11:00:02", 6, -1 },
		{ "02:42:ac:11:00:02:03:04", 8, -1 },
		{ "0010:20:30:40:50:60:70:80", 16, -1 },
		{ "0a", 1, -1 },
		{ "", 0, -1 },
	};
	static const char *const bad[] = { "10.0.0", "10.0.0.1/33",         "10.0.0.1/", "10.0.0.1/08", "10.0.0.1/-1", "::/129",
					   "/8",     "02:42:ac:11:00:0",    "02-42",     "g0",          "fe80::1%lo",  "10.0.0.1 ",
					   "1:2:3",  "02:42:ac:11:00:02/48" };
	_cleanup_buffer_ struct buffer shown = { 0 };
	uint8_t data[32];
	uint32_t length;
	int16_t prefix;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (address_parse_bytes(cases[i].text, strlen(cases[i].text), data, &length, &prefix) < 0)
			fail_msg("%s", cases[i].text);
		assert_int_equal(length, cases[i].length);
		assert_int_equal(prefix, cases[i].prefix);
		show(data, length, prefix, &shown);
		assert_string_equal(shown.data, length ? cases[i].text : "\"\"");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (address_parse_bytes(bad[i], strlen(bad[i]), data, &length, &prefix) != -EINVAL)
			fail_msg("%s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical), cmocka_unit_test(test_limits),       cmocka_unit_test(test_under),
		cmocka_unit_test(test_path),      cmocka_unit_test(test_against_libc), cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
