/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "base/cleanup.h"
#include "channel/probe-part.h"
#include "crossing/stat.h"
#include "crossing/tracer.h"
#include "lib/context.h"
#include "wire/tracefs.h"

static void tell_stat(struct feature_telling *telling)
{
	struct stat_ways ways = { 0 };
	struct error error = { 0 };
	const bool present = stat_count_probe(&ways, &error) == 0;

	feature_tell(telling, "counting of crossings", present, "ferry stat: system calls, faults and interrupts, counted and timed in the kernel",
		     present ? "BPF programs at the kernel's tracepoints%s%s" : "%s%s",
		     present ? *ways.missing ? ", of which it lacks " : "" : error.text, present ? ways.missing : "");
	if (!present)
		return;
	feature_tell(telling, "ends of page faults", ways.faults, "ferry stat: minor and major faults with their time",
		     ways.faults ? "perf's software events%s" : "%s", ways.faults ? "" : error_text(ways.fault_error));
	feature_tell(telling, "areas of memory", ways.areas,
		     "ferry stat: faults by heap, anonymous memory, file and stack; without it the region is unknown",
		     ways.areas ? "the helper bpf_find_vma()" : "the kernel has no bpf_find_vma() (5.17 and later do)");
}

static void tell_trace(struct feature_telling *telling)
{
	_cleanup_close_ int cgroup = probe_cgroup_root(), tracefs = tracefs_open();
	char missing[TRACER_MISSING] = "";
	struct error error = { 0 };
	const bool present = tracer_probe(cgroup >= 0, missing, &error) == 0;

	feature_tell(telling, "tracing of crossings", present, "ferry trace: each system call, what it carried over, and its result",
		     present ? "BPF programs at the kernel's tracepoints%s%s" : "%s%s", present ? *missing ? ", of which it lacks " : "" : error.text,
		     present ? missing : "");
	if (!present)
		return;
	feature_tell(telling, "sysctl before a write", cgroup >= 0,
		     "ferry trace: from which value to which; without it only what the trace itself has seen last in the file",
		     cgroup >= 0 ? "a cgroup/sysctl program" : "no root of cgroup 2 to attach to");
	feature_tell(telling, "the kernel's words on system calls", tracefs >= 0,
		     "ferry trace: names and types of the arguments of calls that ferry has no table for; without them six registers",
		     tracefs >= 0 ? "tracefs" : "tracefs cannot be mounted: %s", error_text(tracefs));
}

int ferry_features(struct ferry *ferry, ferry_feature_function *function, void *data)
{
	struct feature_telling telling = { .function = function, .data = data, .result = probe_features(function, data) };

	if (telling.result == 0)
		tell_stat(&telling);
	if (telling.result == 0)
		tell_trace(&telling);
	if (telling.result < 0)
		return error_set(&ferry->error, telling.result, "cannot try what this kernel allows: %s", error_text(telling.result));
	return telling.result;
}
