/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/probe.h"
#include "crossing/stat.h"
#include "lib/context.h"

static int tell_stat(ferry_feature_function *function, void *data)
{
	struct error error = { 0 };
	const bool present = stat_count_probe(&error) == 0;
	const struct ferry_feature feature = {
		.name = "counting of crossings",
		.present = present,
		.detail = present ? NULL : error.text,
		.serves = "ferry stat: system calls, faults and interrupts, counted and timed in the kernel",
	};

	return function(data, &feature);
}

int ferry_features(struct ferry *ferry, ferry_feature_function *function, void *data)
{
	int r = probe_features(function, data);

	if (r == 0)
		r = tell_stat(function, data);
	return r < 0 ? error_set(&ferry->error, r, "cannot try what this kernel allows: %s", error_text(r)) : r;
}
