/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed files of procfs: texts of this kernel, of others, and of none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/kernel-types.h"
#include "channel/report.h"

/* Against an unmapped page, so that one byte read too much is a crash. */
static const char *at_edge(const char *text, size_t length)
{
	static char *edge;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!edge) {
		char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		assert_true(map != MAP_FAILED);
		assert_int_equal(mprotect(map + page, page, PROT_NONE), 0);
		edge = map + page;
	}
	memcpy(edge - length, text, length);
	return edge - length;
}

static int tell(void *data, const char *key, const struct value *value)
{
	struct buffer *told = data;

	if (key) {
		buffer_add_text(told, key);
		buffer_add_char(told, ' ');
	}
	value_json(told, value, NULL, NULL);
	buffer_add_char(told, '\n');
	return 0;
}

#define LITERAL(text) text, sizeof(text) - 1

struct reading {
	const char *path, *text;
	size_t length;
	const char *told;
};

static void check(const struct reading *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_buffer_ struct buffer told = { 0 };
		_cleanup_arena_ struct arena arena = { 0 };
		const char *rest, *text = at_edge(cases[i].text, cases[i].length);
		const struct report *report = report_of(cases[i].path, &rest);

		assert_non_null(report);
		buffer_add(&told, "", 0);
		assert_int_equal(layout_read(report->layout, text, cases[i].length, &arena, tell, &told), 0);
		assert_string_equal(told.data, cases[i].told);
	}
}

static void test_names(void **state _unused_)
{
	static const struct reading cases[] = {
		{ "meminfo", LITERAL("MemTotal:       49368184 kB\nHugePages_Total:       3\nNewField:        7 kB\n"),
		  "{\"MemTotal\":50553020416,\"HugePages_Total\":3,\"NewField\":7168}\n" },
		{ "meminfo", LITERAL("MemTotal: many kB\nno colon here\n\nMemTotal: 1 kB\nMemFree:\n"),
		  "{\"MemTotal\":\"many kB\",\"line 2\":\"no colon here\",\"line 4\":\"MemTotal: 1 kB\",\"MemFree\":\"\"}\n" },
		{ "meminfo", LITERAL("MemTotal: 18446744073709551615 kB"), "{\"MemTotal\":\"18446744073709551615 kB\"}\n" },
		{ "meminfo", LITERAL(""), "{}\n" },
		{ "meminfo", LITERAL("a\"\x1b\xff: 1 kB\n"), "{\"a\\\"\\u001b\\udcff\":1024}\n" }, /* a name, whatever it holds, ends no quotes */
		{ "meminfo", LITERAL("a\0b: 1\na\0c: 2\n"), "{\"line 1\":\"a\\u0000b: 1\",\"line 2\":\"a\\u0000c: 2\"}\n" },
		{ "vmstat", LITERAL("nr_free_pages 12\nnr_dirty -1\n"), "{\"nr_free_pages\":12,\"nr_dirty\":\"-1\"}\n" },
		{ "1/status",
		  LITERAL("Name:\ta\\nb\\\\c\nUmask:\t0022\nUid:\t1\t2\t3\t4\nGroups:\t4 24 \nCapEff:\t000001ffffffffff\nVmRSS:\t      12 "
			  "kB\nNoNewPrivs:\t0\n"),
		  "{\"Name\":\"a\\nb\\\\c\",\"Umask\":\"0022\",\"Uid\":{\"real\":1,\"effective\":2,\"saved\":3,\"filesystem\":4},\"Groups\":[4,24],"
		  "\"CapEff\":\"0x1ffffffffff\",\"VmRSS\":12288,\"NoNewPrivs\":0}\n" },
		{ "1/io", LITERAL("rchar: 1\nread_bytes: 4096\n"), "{\"rchar\":1,\"read_bytes\":4096}\n" },
		{ "self/smaps_rollup", LITERAL("1000-2000 ---p 00000000 00:00 0    [rollup]\nRss:    4 kB\n"),
		  "{\"line 1\":\"1000-2000 ---p 00000000 00:00 0    [rollup]\",\"Rss\":4096}\n" },
		{ "1/task/2/fdinfo/3", LITERAL("pos:\t0\nflags:\t02004002\nmnt_id:\t15\neventfd-count:   5\n"),
		  "{\"pos\":0,\"flags\":\"0x80802\",\"mnt_id\":15,\"eventfd-count\":5}\n" },
		{ "stat", LITERAL("cpu  1 2 3 4 5 6 7 8 9 10\ncpu11 1 2\nintr 5 0 5\nctxt 7\nbtime 1000\nnew_line 1 2\n"),
		  "{\"cpu\":{\"user\":0.01,\"nice\":0.02,\"system\":0.03,\"idle\":0.04,\"iowait\":0.05,\"irq\":0.06,\"softirq\":0.07,\"steal\":0.08,"
		  "\"guest\":0.09,"
		  "\"guest_nice\":0.10},\"cpu11\":{\"user\":0.01,\"nice\":0.02},\"intr\":[5,0,5],\"ctxt\":7,\"btime\":1000,\"new_line\":\"1 2\"}\n" },
	};

	check(cases, ARRAY_SIZE(cases));
}

static void test_lines(void **state _unused_)
{
	static const struct reading cases[] = {
		{ "loadavg", LITERAL("0.20 10.05 0.00 2/345 678\n"),
		  "{\"load1\":0.20,\"load5\":10.05,\"load15\":0.00,\"running\":2,\"threads\":345,\"last_pid\":678}\n" },
		{ "uptime", LITERAL("350735.47 234388.9 more\n"), "{\"up\":350735.47,\"idle\":234388.90,\"column 3\":\"more\"}\n" },
		{ "uptime", LITERAL("1.234 .5\n"), "{\"up\":\"1.234\",\"idle\":\".5\"}\n" },
		{ "1/stat", LITERAL("7 (a (b) c) d\n) S 1 -7 0\n"),
		  "{\"pid\":7,\"comm\":\"a (b) c) d\\n\",\"state\":\"S\",\"ppid\":1,\"pgrp\":-7,\"session\":0}\n" },
		{ "1/stat", LITERAL("7 (\xff\x1b) Z\n"), "{\"pid\":7,\"comm\":\"\\udcff\\u001b\",\"state\":\"Z\"}\n" },
		{ "1/stat", LITERAL("7 (open"), "{\"pid\":7,\"comm\":\"(open\"}\n" },
		{ "self/cmdline", LITERAL("a\0\0b c\0"), "[\"a\",\"\",\"b c\"]\n" },
		{ "self/cmdline", LITERAL("title without an end"), "[\"title without an end\"]\n" },
		{ "2/cmdline", LITERAL(""), "[]\n" },
	};

	check(cases, ARRAY_SIZE(cases));
}

static void test_rows(void **state _unused_)
{
	static const struct reading cases[] = {
		{ "net/dev",
		  LITERAL("Inter-|   Receive        \n face |bytes    packets\n    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n eth0:5\nfacet0: 6\n"),
		  "lo "
		  "{\"interface\":\"lo\",\"rx_bytes\":1,\"rx_packets\":2,\"rx_errors\":3,\"rx_dropped\":4,\"rx_fifo\":5,\"rx_frame\":6,\"rx_"
		  "compressed\":7,"
		  "\"rx_multicast\":8,\"tx_bytes\":9,\"tx_packets\":10,\"tx_errors\":11,\"tx_dropped\":12,\"tx_fifo\":13,\"tx_collisions\":14,\"tx_"
		  "carrier\":15,"
		  "\"tx_compressed\":16}\neth0 {\"interface\":\"eth0\",\"rx_bytes\":5}\nfacet0 {\"interface\":\"facet0\",\"rx_bytes\":6}\n" },
		{ "net/arp",
		  LITERAL("IP address HW type Flags\n10.0.0.1 0x1 0x6 02:00:00:00:00:01 * eth0\n10.0.0.1 0x1 0x0 00:00:00:00:00:00 * eth0\n"),
		  "10.0.0.1/eth0 "
		  "{\"address\":\"10.0.0.1\",\"type\":1,\"flags\":[\"complete\",\"permanent\"],\"lladdr\":\"02:00:00:00:00:01\",\"mask\":\"*\","
		  "\"interface\":"
		  "\"eth0\"}\n10.0.0.1/eth0,row=1 "
		  "{\"address\":\"10.0.0.1\",\"type\":1,\"flags\":[],\"lladdr\":\"00:00:00:00:00:00\",\"mask\":\"*\",\"interface\":\"eth0\"}\n" },
		{ "net/netfilter/nfnetlink_queue", LITERAL("    5  11844     0 2   777     0     0        0  1\n    6 99 odd 7\n"),
		  "5 "
		  "{\"queue\":5,\"port\":11844,\"waiting\":0,\"copy_mode\":\"packet\",\"copy_range\":777,\"dropped\":0,\"user_dropped\":0,"
		  "\"sequence\":0}\n"
		  "6 {\"queue\":6,\"port\":99,\"waiting\":\"odd\",\"copy_mode\":7}\n" },
		{ "net/netfilter/nfnetlink_log", LITERAL("    6   2063     0 1    55    250  1\n"),
		  "6 {\"group\":6,\"port\":2063,\"waiting\":0,\"copy_mode\":\"metadata\",\"copy_range\":55,\"timeout\":250,\"references\":1}\n" },
		{ "net/softnet_stat", LITERAL("0000000a 00000001 00000002 00000000 00000000 00000000 00000000 00000000 00000003\n"),
		  "0 {\"processed\":10,\"dropped\":1,\"time_squeeze\":2}\n" },
		{ "net/unix",
		  LITERAL("Num RefCount\n00000000de401242: 00000002 00000000 00010000 0001 01   443 @a: b\n0000: 00000003 00000000 00000000 0002 03 "
			  "12\n"),
		  "0 "
		  "{\"pointer\":\"00000000de401242\",\"references\":2,\"protocol\":0,\"flags\":[\"listening\"],\"type\":\"stream\",\"state\":"
		  "\"unconnected\",\"inode\":443,"
		  "\"path\":\"@a: b\"}\n1 "
		  "{\"pointer\":\"0000\",\"references\":3,\"protocol\":0,\"flags\":[],\"type\":\"datagram\",\"state\":\"connected\",\"inode\":12}"
		  "\n" },
		{ "filesystems", LITERAL("nodev\tsysfs\n\text4\n"),
		  "sysfs {\"nodev\":true,\"type\":\"sysfs\"}\next4 {\"nodev\":false,\"type\":\"ext4\"}\n" },
		{ "1/cgroup", LITERAL("4:memory:/a:b\n0::/system.slice/x y\n"),
		  "4 {\"hierarchy\":4,\"controllers\":\"memory\",\"path\":\"/a:b\"}\n0 "
		  "{\"hierarchy\":0,\"controllers\":\"\",\"path\":\"/system.slice/x y\"}\n" },
		{ "1/limits",
		  LITERAL("Limit      Soft Limit   Hard Limit   Units\nMax open files            1024                 524288               files     "
			  "\n"
			  "Max nice priority         0                    unlimited            \n"),
		  "Max open files {\"limit\":\"Max open files\",\"soft\":1024,\"hard\":524288,\"unit\":\"files\"}\n"
		  "Max nice priority {\"limit\":\"Max nice priority\",\"soft\":0,\"hard\":\"unlimited\"}\n" },
		{ "1/maps", LITERAL("1000-2000 r-xp 00000a00 fe:00 12                 /a b\\012c (deleted)\n3000-4000 rw-p 00000000 00:00 0 \n"),
		  "1000-2000 {\"range\":\"1000-2000\",\"permissions\":\"r-xp\",\"offset\":\"0xa00\",\"device\":\"fe:00\",\"inode\":12,\"path\":\"/a "
		  "b\\nc (deleted)\"}\n"
		  "3000-4000 {\"range\":\"3000-4000\",\"permissions\":\"rw-p\",\"offset\":\"0x0\",\"device\":\"00:00\",\"inode\":0}\n" },
		{ "1/mountinfo",
		  LITERAL("36 35 98:0 /r /a\\040b rw,noatime shared:1 master:2 - ext3 /dev/root rw\n37 35 0:1 / / rw - proc proc rw\nrubbish\n"),
		  "36 {\"id\":36,\"parent\":35,\"device\":\"98:0\",\"root\":\"/r\",\"mount_point\":\"/a "
		  "b\",\"options\":\"rw,noatime\",\"propagation\":[\"shared:1\","
		  "\"master:2\"],\"type\":\"ext3\",\"source\":\"/dev/root\",\"super_options\":\"rw\"}\n37 "
		  "{\"id\":37,\"parent\":35,\"device\":\"0:1\",\"root\":\"/\","
		  "\"mount_point\":\"/"
		  "\",\"options\":\"rw\",\"propagation\":[],\"type\":\"proc\",\"source\":\"proc\",\"super_options\":\"rw\"}\nrubbish "
		  "{\"id\":\"rubbish\"}\n" },
		{ "partitions", LITERAL("major minor  #blocks  name\n\n 254        0  1024 vda\n 254 1 1 majora\n"),
		  "vda {\"major\":254,\"minor\":0,\"size\":1048576,\"name\":\"vda\"}\nmajora "
		  "{\"major\":254,\"minor\":1,\"size\":1024,\"name\":\"majora\"}\n" },
	};

	check(cases, ARRAY_SIZE(cases));
}

static void test_sockets(void **state _unused_)
{
	static const char text[] =
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
		"   0: 0100007F:07E8 00000000:0000 0A 0000000F:00000010 02:00000064 00000000   100        0 1189 1 00000000897e2e8e 100 0 0 10 -1\n";
	static const struct reading cases[] = {
		{ "net/tcp", LITERAL(text),
		  "0 "
		  "{\"slot\":0,\"local_address\":\"127.0.0.1\",\"local_port\":2024,\"remote_address\":\"0.0.0.0\",\"remote_port\":0,\"state\":"
		  "\"listen\",\"tx_queue\":15,"
		  "\"rx_queue\":16,\"timer\":\"keepalive\",\"timer_left\":1.00,\"retransmits\":0,\"uid\":100,\"timeout\":0,\"inode\":1189,"
		  "\"references\":1,\"pointer\":"
		  "\"00000000897e2e8e\",\"retransmit_time\":100,\"ack_time\":0,\"quick\":0,\"congestion_window\":10,\"slow_start_threshold\":-1}\n" },
		{ "3/net/udp6", LITERAL("  9: 000080FE00000000FF005450B6AD1DFE:0222 00000000000000000000000000000000:0000 07\n"),
		  "0 "
		  "{\"slot\":9,\"local_address\":\"fe80::5054:ff:fe1d:adb6\",\"local_port\":546,\"remote_address\":\"::\",\"remote_port\":0,"
		  "\"state\":\"closed\"}\n" },
	};

	check(cases, ARRAY_SIZE(cases));
}

static void test_tables(void **state _unused_)
{
	static const struct reading cases[] = {
		{ "cpuinfo",
		  LITERAL("processor\t: 0\nflags\t\t: fpu vme\ncpu MHz\t\t: 2600.5\ncache size\t: 512 KB\nbugs\t\t:\nnew\t: x 1\n\nprocessor\t: "
			  "1\n\n"),
		  "0 {\"processor\":0,\"flags\":[\"fpu\",\"vme\"],\"cpu MHz\":2600.500,\"cache size\":524288,\"bugs\":[],\"new\":\"x 1\"}\n1 "
		  "{\"processor\":1}\n" },
		{ "net/snmp", LITERAL("Tcp: MaxConn Segs\nTcp: -1 5\nUdp: A B\nUdp: 1\nOdd: A\nUdpLite: A\nUdpLite: 1 2\n"),
		  "Tcp {\"MaxConn\":-1,\"Segs\":5}\nUdp {\"A\":1,\"B\":\"\"}\nOdd {\"line 5\":\"Odd: A\"}\nUdpLite {\"A\":1,\"column 2\":2}\n" },
		{ "interrupts",
		  LITERAL("           CPU0       CPU3\n 24:          1          2  IO-APIC   5-edge      ACPI:Ged\nNMI:  3  4   Non-maskable "
			  "interrupts\nERR:   5\nodd\n"),
		  "24 {\"CPU0\":1,\"CPU3\":2,\"description\":\"IO-APIC   5-edge      ACPI:Ged\"}\nNMI "
		  "{\"CPU0\":3,\"CPU3\":4,\"description\":\"Non-maskable "
		  "interrupts\"}\nERR {\"CPU0\":5}\n3 {\"line 5\":\"odd\"}\n" },
		{ "softirqs", LITERAL("   CPU0\n HI:   1 2\n"), "HI {\"CPU0\":1,\"column 1\":2}\n" },
		{ "pressure/io", LITERAL("some avg10=1.50 avg60=0.00 avg300=0.00 total=12 new=3\nfull rubbish =1\n"),
		  "some {\"avg10\":1.50,\"avg60\":0.00,\"avg300\":0.00,\"total\":12,\"new\":3}\nfull {\"column 2\":\"rubbish\",\"column "
		  "3\":\"=1\"}\n" },
	};

	check(cases, ARRAY_SIZE(cases));
}

static void test_which(void **state _unused_)
{
	static const struct {
		const char *path, *rest; /* NULL: text */
	} cases[] = {
		{ "meminfo", "" },
		{ "meminfo/Active(anon)", "Active(anon)" },
		{ "meminfos", NULL },
		{ "net/tcp", "" },
		{ "net/tcp6/0/state", "0/state" },
		{ "net/netlink", NULL },
		{ "self/net/dev/lo", "lo" },
		{ "12/task/13/net/dev", "" },
		{ "12/stat/utime", "utime" },
		{ "stat/cpu", "cpu" },
		{ "thread-self/status", "" },
		{ "12/meminfo", NULL },
		{ "12", NULL },
		{ "12/fd", NULL },
		{ "12/fd/3/kind", "kind" },
		{ "12/ns/net", "" },
		{ "pressure/memory/some/avg10", "some/avg10" },
		{ "sys/kernel/stat", NULL },
		{ "", NULL },
		{ "/", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *rest = NULL;
		const struct report *report = report_of(cases[i].path, &rest);

		if (!report != !cases[i].rest)
			fail_msg("%s", cases[i].path);
		if (report)
			assert_string_equal(rest, cases[i].rest);
	}
}

static bool same(const char *a, const char *b, unsigned int words)
{
	return report_same_rows(a, strlen(a), b, strlen(b), words);
}

static void test_steady(void **state _unused_)
{
	assert_true(same("a 1\nb 2\n", "a 3\nb 4\n", 1));
	assert_false(same("a 1\nb 2\n", "a 3\nb 4\n", 2));
	assert_false(same("a 1\nb 2\n", "a 1\n", 1));
	assert_false(same("a 1\nb 2\n", "a 1\nc 2\n", 1));
	assert_true(same("  a  1\n", "  a  2\n", 1));
	assert_true(same("a 1", "a 1", STEADY_ALL));
	assert_false(same("a 1", "a 2", STEADY_ALL));
	assert_true(same("", "", 1));
}

/* Types that end too early, or that are none, are refused; the kernel's own are understood where there are any. */
static void test_kernel_types(void **state _unused_)
{
	struct kernel_place places[] = { { NULL, "runqueues" }, { NULL, "no_such_variable" }, { "task_struct", "comm" }, { "task_struct", "none" } };
	static const char rubbish[64] = "rubbish";

	for (size_t i = 0; i <= sizeof(rubbish); i += 4)
		assert_int_equal(kernel_places_in(at_edge(rubbish, i), i, places, ARRAY_SIZE(places)), -EBADMSG);
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		skip();
	assert_int_equal(kernel_places(places, ARRAY_SIZE(places)), 0);
	assert_true(places[0].offset >= 0 && places[2].offset > 0);
	assert_true(places[1].offset == -1 && places[3].offset == -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),  cmocka_unit_test(test_lines), cmocka_unit_test(test_rows),   cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_tables), cmocka_unit_test(test_which), cmocka_unit_test(test_steady), cmocka_unit_test(test_kernel_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
