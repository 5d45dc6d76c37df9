/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every mechanism that the recorder could use, tried on this kernel: what is there, why not, and what is lost without it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "channel/probe-part.h"
#include "channel/process.h"
#include "wire/bpf-load.h"

#ifndef FAN_REPORT_PIDFD
#define FAN_REPORT_PIDFD 0x00000080
#endif
#ifndef FAN_REPORT_FD_ERROR
#define FAN_REPORT_FD_ERROR 0x00002000
#endif

void feature_tell(struct feature_telling *telling, const char *name, bool present, const char *serves, const char *format, ...)
{
	struct ferry_feature feature = { .name = name, .present = present, .serves = serves };
	char detail[512];
	va_list arguments;

	if (telling->result)
		return;
	if (format) {
		va_start(arguments, format);
		vsnprintf(detail, sizeof(detail), format, arguments);
		va_end(arguments);
		feature.detail = detail;
	}
	telling->result = telling->function(telling->data, &feature);
}

static void tell_rights(struct feature_telling *telling)
{
	static const struct {
		const char *name;
		unsigned int capability;
		const char *serves;
	} rights[] = {
		{ "CAP_BPF", CAP_BPF, "loading BPF programs; without it nobody's name stands beside a change" },
		{ "CAP_PERFMON", CAP_PERFMON, "BPF programs that read the kernel's structs; as CAP_BPF" },
		{ "CAP_NET_ADMIN", CAP_NET_ADMIN,
		  "changing links, addresses and routes; large receive buffers; sysctl programs on the root control group" },
		{ "CAP_SYS_ADMIN", CAP_SYS_ADMIN, "fanotify on whole file systems; without it writes to sysfs and procfs go unseen" },
		{ "CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH, "reading what only other users may read" },
		{ "CAP_SYS_PTRACE", CAP_SYS_PTRACE, "the program and control group of other users' processes that were there before the recorder" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rights); i++)
		feature_tell(telling, rights[i].name, bpf_capable(rights[i].capability), rights[i].serves, NULL);
}

static void tell_kernel(struct feature_telling *telling, const struct probe_kernel *kernel)
{
	struct utsname name;

	if (uname(&name) == 0)
		feature_tell(telling, "kernel", true, "what everything else here is asked of", "%s %s %s", name.sysname, name.release, name.machine);
	feature_tell(telling, "BTF", kernel->btf, "BPF programs that fit this kernel without being built for it", kernel->btf_why ? "%s" : NULL,
		     kernel->btf_why);
	feature_tell(telling, "initial pid namespace", !kernel->own_pid_namespace, "process numbers as the machine has them",
		     kernel->own_pid_namespace
			     ? "the recorder runs in a pid namespace of its own: processes outside have numbers that /proc here does not know"
			     : NULL);
	feature_tell(telling, "interrupt context", kernel->context_known,
		     "telling a timer's or packet's doing from that of the task that it interrupted",
		     kernel->context_known ? NULL : "neither BTF nor /proc/kallsyms says where the preemption count is");
	feature_tell(telling, "fentry and fexit", kernel->fexit,
		     "results of sysctl and sysfs writes below any system call, refusals without a look at other sockets",
		     kernel->fexit ? NULL : "%s", kernel->fexit_why);
	feature_tell(telling, "BPF task work", kernel->task_work || kernel->task_work_implicit, "results of sysctl writes where fexit is refused",
		     kernel->task_work || kernel->task_work_implicit ? NULL : "the kernel has no " TASK_WORK_FUNCTION "() (6.18 and later do)");
	feature_tell(telling, "kprobes", kernel->kprobes, "refused netlink requests where neither the sk_data_ready tracepoint nor fentry is there",
		     kernel->kprobes ? NULL : "the kernel has none (CONFIG_KPROBES)");
	feature_tell(telling, "registers of a task", kernel->btf, "the system call by which a change was made",
		     kernel->registers ? "the helper bpf_task_pt_regs()"
		     : kernel->btf     ? "the top of its stack"
				       : "%s",
		     kernel->btf_why);
}

static void tell_parts(struct feature_telling *telling, const struct probe *probe)
{
	static const struct {
		const char *name, *serves;
	} parts[PROBE_PART_COUNT] = {
		[PROBE_NOTICE] = { "BPF filter on a netlink socket",
				   "who is behind each link, address, route, rule, neighbour; without it \"unknown\"" },
		[PROBE_REFUSED] = { "refused netlink requests", "attempts that the kernel refused, with its words" },
		[PROBE_REQUEST] = { "content of refused requests", "what was asked for, where the error quotes the header alone" },
		[PROBE_SYSCTL] = { "cgroup/sysctl program", "sysctl writes with who, before and after; without it fanotify tells the pid, and the "
							    "value before only where it was read earlier" },
		[PROBE_SYSCTL_END] = { "results of sysctl writes",
				       "the errno of a refused sysctl write; without it a refusal is found by reading back" },
		[PROBE_PROCESS] = { "process tracepoints", "who wrote to sysfs where the program was gone before it could be asked" },
		[PROBE_FILE] = { "results of sysfs writes", "refused sysfs writes with their errno; without it only writes that succeeded are told" },
		[PROBE_MODULE] = { "module tracepoints", "modules that are loaded and removed, and who asked for them" },
	};

	for (int part = 0; part < PROBE_PART_COUNT; part++) {
		const struct probe_state *state = probe_state(probe, part);

		feature_tell(telling, parts[part].name, state->active, parts[part].serves, "%s", state->active ? state->how : state->why);
	}
}

static bool try_fanotify(unsigned int flags, const char *path)
{
	_cleanup_close_ int group = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | flags, O_RDONLY | O_CLOEXEC);

	if (group < 0)
		return false;
	return !path || fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_MODIFY, AT_FDCWD, path) == 0;
}

static void tell_fanotify(struct feature_telling *telling)
{
	static const struct {
		const char *name;
		unsigned int flags;
		const char *path, *serves;
	} ways[] = {
		{ "fanotify on /proc", 0, "/proc", "writes to procfs with the writer's pid" },
		{ "fanotify on /sys", 0, "/sys", "writes to sysfs with the writer's pid" },
		{ "fanotify: files that cannot be opened", FAN_REPORT_FD_ERROR, NULL, "telling the pid there too (6.13 and later)" },
		{ "fanotify: pidfd", FAN_REPORT_PIDFD, NULL, "not needed: identities are kept by the process tracepoints" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		bool present = try_fanotify(ways[i].flags, ways[i].path);

		feature_tell(telling, ways[i].name, present, ways[i].serves, present ? NULL : "%s", error_text(errno));
	}
}

static void tell_iterator(struct feature_telling *telling)
{
	struct error error = { 0 };
	bool present = process_iterator_probe(&error) == 0;

	feature_tell(telling, "BPF task iterator", present, "procfs/process in one pass; without it three files of each process are read",
		     present ? NULL : "%s", error.text);
}

static bool file_has_word(const char *path, const char *word, int *ret_error)
{
	_cleanup_close_ int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	char text[512];
	ssize_t length;

	*ret_error = 0;
	length = descriptor < 0 ? -1 : read(descriptor, text, sizeof(text) - 1);
	if (length < 0) {
		*ret_error = errno;
		return false;
	}
	text[length] = 0;
	return strstr(text, word);
}

static void tell_others(struct feature_telling *telling, int socket)
{
	bool lsm;
	struct statfs status;
	int group = RTNLGRP_LINK, error, r;

	r = socket < 0 ? -1 : setsockopt(socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
	feature_tell(telling, "netlink multicast", r == 0, "changes of links, addresses, routes, rules, neighbours as they happen",
		     r == 0 ? NULL : "%s", error_text(errno));
	lsm = file_has_word("/sys/kernel/security/lsm", "bpf", &error);
	feature_tell(telling, "BPF LSM", lsm, "not needed: named here for who compares tools",
		     lsm     ? NULL
		     : error ? "cannot be told: %s"
			     : "not among the active ones",
		     error_text(error));
	r = statfs("/sys/fs/cgroup", &status);
	feature_tell(telling, "cgroup 2", r == 0 && status.f_type == CGROUP2_SUPER_MAGIC,
		     "the unit or container of a process; sysctl programs do with a mount of their own",
		     r == 0 && status.f_type == CGROUP2_SUPER_MAGIC ? NULL
								    : "not what is mounted at /sys/fs/cgroup: every process stands in its root");
}

int probe_features(ferry_feature_function *function, void *data)
{
	_cleanup_close_ int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct feature_telling telling = { .function = function, .data = data };
	struct probe_kernel kernel;
	struct probe *probe;
	int r;

	r = probe_new(&descriptor, descriptor >= 0, &probe, NULL);
	if (r < 0)
		return r;
	probe_kernel_learn(&kernel);
	tell_kernel(&telling, &kernel);
	tell_rights(&telling);
	tell_parts(&telling, probe);
	tell_iterator(&telling);
	tell_fanotify(&telling);
	tell_others(&telling, descriptor);
	probe_free(probe);
	return telling.result;
}
