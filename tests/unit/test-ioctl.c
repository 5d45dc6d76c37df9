/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/net/route, paths of routes, names of interfaces. The lines are real ones of a running kernel. */
#include <setjmp.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channel/ioctl.h"
#include "wire/control.h"

static void check_route(const char *line, const char *name, const char *json)
{
	_cleanup_buffer_ struct buffer text = { 0 }, path = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct ioctl_route route, again;
	struct record *record;
	const char *rest;

	assert_int_equal(ioctl_route_parse(line, strlen(line), &route), 0);
	ioctl_route_name(&route, &path);
	assert_string_equal(path.data, name);
	assert_int_equal(ioctl_route_path(path.data, &again, &rest), 0);
	assert_string_equal(rest, "");
	assert_int_equal(again.destination, route.destination);
	assert_int_equal(again.mask, route.mask);
	assert_int_equal(again.metric, route.metric);
	assert_int_equal(ioctl_route_record(&route, &arena, &record), 0);
	record_json(&text, record, NULL);
	assert_string_equal(text.data, json);
}

static void test_lines(void **state _unused_)
{
	check_route("v0\t00000000\t0200050A\t0003\t0\t0\t0\t00000000\t0\t2000\t300        ", "default",
		    "{\"dst\":\"0.0.0.0/0\",\"gateway\":\"10.5.0.2\",\"iface\":\"v0\",\"metric\":0,\"flags\":[\"up\",\"gateway\"],\"mss\":0,"
		    "\"window\":2000,\"irtt\":300,\"references\":0,\"uses\":0}");
	check_route("v0\t0000080A\t0200050A\t0003\t0\t0\t4\t0000FFFF\t1000\t0\t0", "10.8.0.0/16,metric=4",
		    "{\"dst\":\"10.8.0.0/16\",\"gateway\":\"10.5.0.2\",\"iface\":\"v0\",\"metric\":4,\"flags\":[\"up\",\"gateway\"],\"mss\":1000,"
		    "\"window\":0,\"irtt\":0,\"references\":0,\"uses\":0}");
	check_route("*\t0909090A\t00000000\t0205\t0\t0\t0\tFFFFFFFF\t0\t0\t0", "10.9.9.9/32",
		    "{\"dst\":\"10.9.9.9/32\",\"metric\":0,\"flags\":[\"up\",\"host\",\"reject\"],\"mss\":0,\"window\":0,\"irtt\":0,"
		    "\"references\":0,\"uses\":0}");
}

static void test_malformed_lines(void **state _unused_)
{
	static const char *const lines[] = {
		"",
		"v0",
		"v0\t",
		"\t00000000\t0200050A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
		"averylongname123\t00000000\t0200050A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
		"v0\t00000000\t0200050A\t0003\t0\t0\t0\t00000000\t0\t0",
		"v0\t00000000\t0200050A\t0003\t0\t0\t0\t00FFFF00\t0\t0\t0",
		"v0\t100000000\t0200050A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
		"v0\t0000000G\t0200050A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
		"v0\t00000000\t0200050A\t10003\t0\t0\t0\t00000000\t0\t0\t0",
		"v0\t00000000\t0200050A\t0003\t0\t0\t99999999999\t00000000\t0\t0\t0",
		"v0\t-1\t0200050A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
	};
	struct ioctl_route route = { .metric = 77 };

	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(ioctl_route_parse(lines[i], strlen(lines[i]), &route), -EBADMSG);
	assert_int_equal(ioctl_route_parse("v0\0x", 4, &route), -EBADMSG);
	assert_int_equal(route.metric, 77);
}

static void test_paths(void **state _unused_)
{
	static const char *const refused[] = { "",
					       "10.0.0.0",
					       "10.0.0.1/8",
					       "10.0.0.0/33",
					       "fe80::/64",
					       "10.0.0.0/8,metric=",
					       "10.0.0.0/8,metric=x",
					       "10.0.0.0/8,metric=4294967296",
					       "10.0.0.0/8x",
					       "defaults",
					       "10.0.0.0/8,tos=1" };
	struct ioctl_route route;
	const char *rest;

	for (unsigned int i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(ioctl_route_path(refused[i], &route, &rest), -EINVAL);
	assert_int_equal(ioctl_route_path("10.0.0.0/8,metric=7/gateway", &route, &rest), 0);
	assert_string_equal(rest, "gateway");
	assert_int_equal(route.metric, 7);
	assert_int_equal(ioctl_route_path("default/iface", &route, &rest), 0);
	assert_string_equal(rest, "iface");
	assert_int_equal(route.mask, 0);
}

static void check_names(const struct buffer *names, const char *wanted, size_t length)
{
	assert_int_equal(names->length, length);
	if (length)
		assert_memory_equal(names->data, wanted, length);
}

static void test_names(void **state _unused_)
{
	static const char text[] = "Inter-|   Receive\n face |bytes\n    lo: 1 2 3\n  eth0.5:1 2\nno colon here\n a b: 1\n : 1\nx:";
	_cleanup_buffer_ struct buffer of_text = { 0 }, of_answer = { 0 };
	struct ifreq answer[3] = { 0 };

	control_names_in(text, strlen(text), &of_text);
	check_names(&of_text, "lo\0eth0.5\0x", sizeof("lo\0eth0.5\0x"));
	memcpy(answer[0].ifr_name, "lo", 2);
	memset(answer[1].ifr_name, 'a', sizeof(answer[1].ifr_name)); /* not ended */
	memcpy(answer[2].ifr_name, "v0:1", 4);
	control_names_of(answer, sizeof(answer) - 1, &of_answer);
	check_names(&of_answer, "lo", sizeof("lo"));
	control_names_of(answer + 2, sizeof(answer[2]), &of_answer);
	check_names(&of_answer, "lo\0v0:1", sizeof("lo\0v0:1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_malformed_lines),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("ioctl", tests, NULL, NULL);
}
