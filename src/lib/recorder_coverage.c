/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the recorder sees, in words: every source and every part of the probe, with why not. */
#include <stdio.h>

#include "lib/recorder.h"

static const struct {
	enum probe_part part;
	const char *subject;
} parts[] = {
	{ PROBE_NOTICE, "who changes netlink objects" },
	{ PROBE_REFUSED, "refused netlink requests" },
	{ PROBE_REQUEST, "content of refused requests whose error is capped" },
	{ PROBE_SYSCTL_END, "results of sysctl writes" },
	{ PROBE_FILE, "refused sysfs writes" },
	{ PROBE_MODULE, "modules of the kernel" },
	{ PROBE_PROCESS, "who a process was that has ended" },
};

static int told(ferry_coverage_function *function, void *data, const char *subject, bool watched, const char *how, const char *why)
{
	return function(data, &(struct ferry_coverage){ .subject = subject, .watched = watched, .how = watched ? how : NULL, .why = why });
}

static int told_sysctl(const struct ferry_recorder *recorder, ferry_coverage_function *function, void *data)
{
	const struct probe_state *state = probe_state(recorder->probe, PROBE_SYSCTL);

	if (recorder->sysctl)
		return told(function, data, "sysctl", true, state->how, NULL);
	return told(function, data, "sysctl", recorder->file, "fanotify: successful writes only", recorder->missing.sysctl);
}

static int told_netlink(const struct ferry_recorder *recorder, unsigned int protocol, ferry_coverage_function *function, void *data)
{
	const struct netlink_source *source = recorder->netlink[protocol];
	const bool untold = protocols[protocol]->family && !protocols[protocol]->group;
	const char *how = untold ? "looked at whenever the kernel granted a request: it tells no one" : "multicast, this network namespace";
	char why[sizeof(((struct error *)NULL)->text) + 64];

	if (!source || !netlink_source_waits(source))
		return told(function, data, protocols[protocol]->name, source, how, recorder->missing.netlink[protocol]);
	snprintf(why, sizeof(why), "%s; once it is, it is watched", recorder->missing.netlink[protocol] ? recorder->missing.netlink[protocol] : "");
	return told(function, data, protocols[protocol]->name, false, NULL, why);
}

int recorder_coverage(const struct ferry_recorder *recorder, ferry_coverage_function *function, void *data)
{
	static const char files[] = "fanotify; values before from a first reading";
	int r = 0;

	for (unsigned int i = 0; !r && i < PROTOCOL_COUNT; i++)
		if (protocols[i]->rules)
			r = told_netlink(recorder, i, function, data);
	if (!r)
		r = told_sysctl(recorder, function, data);
	if (!r)
		r = told(function, data, "sysfs", recorder->file, files, recorder->missing.file);
	if (!r)
		r = told(function, data, "procfs (outside /proc/sys)", recorder->file, files, recorder->missing.file);
	for (unsigned int i = 0; !r && i < ARRAY_SIZE(parts); i++) {
		const struct probe_state *state = probe_state(recorder->probe, parts[i].part);

		r = told(function, data, parts[i].subject, state->active, state->how, state->why);
	}
	if (!r)
		r = told(function, data, "other network namespaces' links, addresses and routes", false, NULL,
			 "one recorder watches one network namespace: run another one in there");
	return r;
}
