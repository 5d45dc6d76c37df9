/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of natures: that it is well formed, that it says what is known of well-known files, and that what it names is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/nature.h"

static void test_match(void **state _unused_)
{
	static const struct {
		const char *pattern, *address;
		bool matches;
	} cases[] = {
		{ "a/b", "a/b", true },
		{ "a/b", "a/b/c", false },
		{ "a/b/c", "a/b", false },
		{ "a/*", "a/b", true },
		{ "a/*", "a/b/c", false },
		{ "a/*/c", "a/b/c", true },
		{ "a/*/c", "a/c", false },
		{ "a/b*d", "a/bcd", true },
		{ "a/b*d", "a/bdcd", true },
		{ "a/b*d", "a/bdc", false },
		{ "a/?", "a/b", true },
		{ "a/?", "a/", false },
		{ "a/[bc]", "a/c", true },
		{ "a/[!bc]", "a/c", false },
		{ "a/[a-c]x", "a/bx", true },
		{ "a/[0-9]*", "a/12", true },
		{ "a/[0-9]*", "a/x2", false },
		{ "a/[]]", "a/]", true },
		{ "a/[b", "a/[b", true },
		{ "a/*_input", "a/temp1_input", true },
		{ "a/*_input", "a/temp1_inputs", false },
		{ "a/**/z", "a/z", true },
		{ "a/**/z", "a/b/c/z", true },
		{ "a/**/z", "a/b/c/y", false },
		{ "a/**", "a/b/c", true },
		{ "a/**", "a/b", true },
		{ "a/**", "a", false },
		{ "a/**/m/**/z", "a/1/m/2/3/z", true },
		{ "a/**/m/*", "a/m/m/x", true },
		{ "a/*", "a/a*[", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (nature_match(cases[i].pattern, cases[i].address) != cases[i].matches)
			fail_msg("%s against %s", cases[i].pattern, cases[i].address);
}

static bool starts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static void test_rows(void **state _unused_)
{
	const struct nature *row, *earlier;

	for (unsigned int i = 0; (row = nature_row(i)); i++) {
		const char *name = strrchr(nature_pattern(row), '/');

		if (!starts(nature_pattern(row), "sysctl/") && !starts(nature_pattern(row), "sysfs/") && !starts(nature_pattern(row), "procfs/"))
			fail_msg("%s: no file channel", nature_pattern(row));
		assert_non_null(name);
		if (!name[1] || strstr(nature_pattern(row), "//") || !nature_help(row) || !*nature_help(row) || strlen(nature_help(row)) > 200)
			fail_msg("%s: not well formed", nature_pattern(row));
		if ((row->nature == FERRY_TWIN || row->nature == FERRY_FANOUT) && !nature_other(row))
			fail_msg("%s: of what?", nature_pattern(row));
		/* A pattern is found under its own name, unless an earlier row is more general: then it could never be found at all. */
		for (unsigned int j = 0; j < i; j++) {
			earlier = nature_row(j);
			if (!strcmp(nature_pattern(row), nature_pattern(earlier)) || nature_match(nature_pattern(earlier), nature_pattern(row)))
				fail_msg("%s is hidden by %s", nature_pattern(row), nature_pattern(earlier));
		}
	}
}

/* What each row stands for: with PART for each star and set, and each "**" a PART or two. */
static void make_example(const struct nature *row, const char *part, bool deeper, struct buffer *ret)
{
	for (const char *p = nature_pattern(row); *p; p++) {
		const char *end = *p == '[' ? strchr(p, ']') : NULL;

		if (*p == '*' && p[1] == '*') {
			buffer_printf(ret, deeper ? "%s/%s" : "%s", part, part);
			p++;
		} else if (*p == '*') {
			buffer_add_text(ret, part);
		} else if (end) {
			buffer_add_char(ret, p[1]);
			p = end;
		} else {
			buffer_add_char(ret, *p == '?' ? 'x' : *p);
		}
	}
}

static void check_found(const char *address)
{
	const struct nature *found = nature_of(address), *row;
	unsigned int i;

	for (i = 0; (row = nature_row(i)) && !nature_match(nature_pattern(row), address); i++)
		;
	if (found != row)
		fail_msg("%s: %s instead of %s", address, found ? nature_pattern(found) : "no row", row ? nature_pattern(row) : "no row");
}

/* The quick way finds what a look at each row in turn does. */
static void test_found(void **state _unused_)
{
	static const char *const parts[] = { "0", "eth0.100", "all", "default", "uevent", "" };
	const struct nature *row;

	for (unsigned int i = 0; (row = nature_row(i)); i++)
		for (size_t j = 0; j < 2 * ARRAY_SIZE(parts); j++) {
			_cleanup_buffer_ struct buffer example = { 0 };

			make_example(row, parts[j / 2], j % 2, &example);
			assert_false(example.failed);
			check_found(example.data);
			buffer_add_text(&example, j % 2 ? "x" : "/x");
			check_found(example.data);
			example.data[example.length / 2] = '/';
			check_found(example.data);
		}
}

/* Twins name each other. */
static void test_twins(void **state _unused_)
{
	const struct nature *row;

	for (unsigned int i = 0; (row = nature_row(i)); i++) {
		_cleanup_buffer_ struct buffer example = { 0 }, other = { 0 }, back = { 0 };
		const struct nature *twin;
		const char *set;

		if (row->nature != FERRY_TWIN)
			continue;
		set = strstr(nature_pattern(row), "[46]");
		buffer_add(&example, nature_pattern(row), set ? (size_t)(set - nature_pattern(row)) : strlen(nature_pattern(row)));
		if (set)
			buffer_printf(&example, "6%s", set + 4);
		nature_add_others(row, example.data, &other);
		twin = nature_of(other.data);
		if (!twin || twin->nature != FERRY_TWIN)
			fail_msg("%s has a twin %s that is none", nature_pattern(row), other.data);
		nature_add_others(twin, other.data, &back);
		assert_string_equal(back.data, example.data);
	}
}

static void test_known(void **state _unused_)
{
	static const struct {
		const char *address;
		enum ferry_nature nature;
		uint32_t flags;
		const char *other;
	} cases[] = {
		{ "sysctl/vm/drop_caches", FERRY_ACTION, 0, NULL },
		{ "sysctl/vm/dirty_bytes", FERRY_TWIN, 0, "sysctl/vm/dirty_ratio" },
		{ "sysctl/kernel/random/uuid", FERRY_VOLATILE, 0, NULL },
		{ "sysctl/kernel/modules_disabled", FERRY_LATCH, 0, NULL },
		{ "sysctl/net/ipv4/ip_forward", FERRY_FANOUT, 0, "sysctl/net/ipv4/conf/*/forwarding sysctl/net/ipv4/conf/all/accept_redirects" },
		{ "sysctl/net/ipv4/conf/default/rp_filter", FERRY_FANOUT, 0, "sysctl/net/ipv4/conf/*/rp_filter" },
		{ "sysctl/net/ipv4/conf/default/forwarding", FERRY_SETTING, 0, NULL },
		{ "sysctl/net/ipv6/conf/eth0.100/stable_secret", FERRY_FANOUT, NATURE_SECRET, "sysctl/net/ipv6/conf/eth0.100/addr_gen_mode" },
		{ "sysctl/net/ipv6/route/gc_min_interval_ms", FERRY_TWIN, 0, "sysctl/net/ipv6/route/gc_min_interval" },
		{ "sysctl/net/ipv4/neigh/eth0/retrans_time", FERRY_TWIN, 0, "sysctl/net/ipv4/neigh/eth0/retrans_time_ms" },
		{ "sysctl/net/ipv4/neigh/default/retrans_time", FERRY_FANOUT, 0, "sysctl/net/ipv4/neigh/*/retrans_time" },
		{ "sysctl/net/ipv4/tcp_fastopen_key", FERRY_SETTING, NATURE_SECRET, NULL },
		{ "sysfs/class/net/eth0/uevent", FERRY_ACTION, 0, NULL },
		{ "sysfs/devices/pci0000:00/0000:00:01.0/uevent", FERRY_ACTION, 0, NULL },
		{ "sysfs/class/zram-control/hot_add", FERRY_ACTION, NATURE_SLOW, NULL },
		{ "sysfs/class/net/eth0/statistics/rx_bytes", FERRY_VOLATILE, 0, NULL },
		{ "sysfs/class/net/br0/bridge/flush", FERRY_ACTION, 0, NULL },
		{ "procfs/1234/mem", FERRY_VOLATILE, NATURE_NOISE | NATURE_SLOW, NULL },
		{ "procfs/1234/task/1235/comm", FERRY_SETTING, NATURE_NOISE, NULL },
		{ "procfs/1234/attr/apparmor/current", FERRY_SETTING, NATURE_NOISE, NULL },
		{ "procfs/kcore", FERRY_VOLATILE, NATURE_SLOW, NULL },
		{ "procfs/irq/24/smp_affinity", FERRY_TWIN, 0, "procfs/irq/24/smp_affinity_list" },
	};
	static const char *const plain[] = { "sysctl/vm/swappiness",
					     "sysctl/kernel/hostname",
					     "sysfs/block/vda/queue/nr_requests",
					     "procfs/1234/oom_score_adj",
					     "sysctl/net/ipv4/conf/eth0/forwarding",
					     "sysctl",
					     "",
					     "x",
					     "/",
					     "a/" };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct nature *row = nature_of(cases[i].address);
		_cleanup_buffer_ struct buffer other = { 0 };

		if (!row || row->nature != cases[i].nature || row->flags != cases[i].flags)
			fail_msg("%s: %s", cases[i].address, row ? nature_pattern(row) : "no row");
		nature_add_others(row, cases[i].address, &other);
		assert_string_equal(other.data ? other.data : "", cases[i].other ? cases[i].other : "");
	}
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (nature_of(plain[i]))
			fail_msg("%s: %s", plain[i], nature_of(plain[i])->pattern);
	assert_string_equal(nature_other(nature_of("sysfs/class/net/lo/mtu")), "netlink/route/link");
	assert_string_equal(nature_other(nature_of("sysfs/class/net/br0/bridge/stp_state")), "netlink/route/link");
}

/* Keys of sysctl that a kernel may lack: by its configuration, or its age. */
static bool may_be_absent(const char *pattern)
{
	static const char *const words[] = { "xfs",
					     "binfmt_misc",
					     "sunrpc",
					     "kexec",
					     "yama",
					     "loadpin",
					     "cap-bound",
					     "modules_disabled",
					     "quota",
					     "sched_domain",
					     "mptcp",
					     "netfilter",
					     "nf_conntrack",
					     "ipv6",
					     "watchdog",
					     "hugepages",
					     "panic_sys_info",
					     "unprivileged_bpf_disabled",
					     "hung_task",
					     "nr_hugepages_mempolicy",
					     "ns_last_pid",
					     "_next_id",
					     "aio-nr",
					     "compact_memory",
					     "stat_refresh",
					     "overcommit_kbytes",
					     "drop_unicast_in_l2_multicast",
					     "neigh/default",
					     "gc_min_interval",
					     "usermodehelper" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(pattern, words[i]))
			return true;
	return false;
}

static void test_arguments_that_may_hold_a_key(void **state _unused_)
{
	static const struct {
		const char *text;
		size_t length;
		bool secret;
	} cases[] = {
#define CASE(text, secret) { text, sizeof(text), secret }
		CASE("ip\0xfrm\0state\0add\0enc\0aes\0000x12", true),
		CASE("/usr/sbin/ip\0-6\0x\0s\0a", true),
		CASE("ip\0xf", true),
		CASE("sh\0-c\0ip xfrm state add enc 0x12", true),
		CASE("tee\0/proc/sys/net/ipv6/conf/lo/stable_secret", true),
		CASE("ip\0link\0show\0xfrm0", false),
		CASE("ip", false),
		CASE("ip\0", false),
		CASE("zip\0x", false),
		CASE("", false),
#undef CASE
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (nature_names_secret(cases[i].text, cases[i].length) != cases[i].secret)
			fail_msg("case %zu", i);
	assert_false(nature_names_secret("", 0));
	/* Cut in the middle, with no NUL at the end. */
	assert_true(nature_names_secret("ip\0xfr", 6));
}

static void test_present(void **state _unused_)
{
	const struct nature *row;
	unsigned int checked = 0;

	for (unsigned int i = 0; (row = nature_row(i)); i++) {
		_cleanup_buffer_ struct buffer path = { 0 };

		if (!starts(nature_pattern(row), "sysctl/") || strpbrk(nature_pattern(row), "*?[") || may_be_absent(nature_pattern(row)))
			continue;
		buffer_printf(&path, "/proc/sys/%s", nature_pattern(row) + strlen("sysctl/"));
		if (access(path.data, F_OK))
			fail_msg("%s is not there", path.data);
		checked++;
	}
	assert_true(checked > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match), cmocka_unit_test(test_rows),    cmocka_unit_test(test_twins),
		cmocka_unit_test(test_known), cmocka_unit_test(test_present), cmocka_unit_test(test_arguments_that_may_hold_a_key),
		cmocka_unit_test(test_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
