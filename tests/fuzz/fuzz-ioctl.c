/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the ioctl channel reads: the first byte picks a line of /proc/net/route, the text of /proc/net/dev, the answer of SIOCGIFCONF, or a path of a
 * route. A route that was read names itself by a path that leads back to it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/ioctl.h"
#include "wire/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void test_route(const char *line, size_t length)
{
	_cleanup_buffer_ struct buffer name = { 0 }, json = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct ioctl_route route, again;
	struct record *record;
	const char *rest;

	if (ioctl_route_parse(line, length, &route) < 0)
		return;
	require(strlen(route.interface) < sizeof(route.interface));
	require(ioctl_route_record(&route, &arena, &record) == 0);
	record_json(&json, record, NULL);
	ioctl_route_name(&route, &name);
	if (route.destination & ~route.mask)
		return; /* the kernel has no such route, and no path says one */
	require(ioctl_route_path(name.data, &again, &rest) == 0 && !*rest);
	require(again.destination == route.destination && again.mask == route.mask && again.metric == route.metric);
}

static void test_path(const char *text, size_t length)
{
	_cleanup_buffer_ struct buffer path = { 0 }, name = { 0 };
	struct ioctl_route route;
	const char *rest;

	buffer_add(&path, text, length);
	if (ioctl_route_path(path.data, &route, &rest) < 0)
		return;
	require(rest >= path.data && rest <= path.data + strlen(path.data));
	require(!(route.destination & ~route.mask));
	ioctl_route_name(&route, &name);
}

static void test_names(const void *data, size_t length, bool text)
{
	_cleanup_buffer_ struct buffer names = { 0 };

	if (text)
		control_names_in(data, length, &names);
	else
		control_names_of(data, length, &names);
	for (size_t at = 0; at < names.length; at += strlen(names.data + at) + 1)
		require(strlen(names.data + at) > 0 && strlen(names.data + at) < IFNAMSIZ && !strchr(names.data + at, '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	switch (data[0] % 4) {
	case 0:
		test_route((const char *)data + 1, size - 1);
		break;
	case 1:
		test_path((const char *)data + 1, size - 1);
		break;
	default:
		test_names(data + 1, size - 1, data[0] % 4 == 2);
	}
	return 0;
}
