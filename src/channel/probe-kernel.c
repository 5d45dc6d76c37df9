/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this kernel has for the probe: looked up in its BTF and its symbols, or tried. Never asked of its version. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "channel/probe-part.h"
#include "wire/bpf-load.h"
#include "wire/libbpf.h"

/* include/uapi/linux/nsfs.h: the initial namespaces' inode numbers. */
#define INITIAL_PID_NAMESPACE    0xEFFFFFFCu
#define INITIAL_CGROUP_NAMESPACE 0xEFFFFFFBu

static int64_t member_offset(const struct btf *btf, const struct btf_type *type, const char *name)
{
	const struct btf_member *member = btf_members(type);

	for (unsigned int i = 0; i < btf_vlen(type); i++, member++) {
		const char *found = libbpf.btf__name_by_offset(btf, member->name_off);
		const struct btf_type *inner = libbpf.btf__type_by_id(btf, member->type);
		int64_t offset;

		if (found && !strcmp(found, name))
			return btf_member_bit_offset(type, i) / 8;
		if ((!found || !*found) && inner && btf_is_composite(inner)) {
			offset = member_offset(btf, inner, name);
			if (offset >= 0)
				return btf_member_bit_offset(type, i) / 8 + offset;
		}
	}
	return -1;
}

/* Where these lie in each processor's memory; -1 = not known. */
struct context_places {
	int64_t queue, count, task;
};

static void places_from_types(const struct btf *btf, struct context_places *places)
{
	const struct btf_type *section;
	const struct btf_var_secinfo *info;
	int id = libbpf.btf__find_by_name_kind(btf, ".data..percpu", BTF_KIND_DATASEC);

	if (id < 0)
		return;
	section = libbpf.btf__type_by_id(btf, id);
	info = btf_var_secinfos(section);
	for (unsigned int i = 0; i < btf_vlen(section); i++, info++) {
		const struct btf_type *variable = libbpf.btf__type_by_id(btf, info->type), *type;
		const char *name = variable ? libbpf.btf__name_by_offset(btf, variable->name_off) : NULL;

		if (!name)
			continue;
		if (!strcmp(name, "runqueues"))
			places->queue = info->offset;
		else if (!strcmp(name, "__preempt_count"))
			places->count = info->offset;
		else if (!strcmp(name, "current_task"))
			places->task = info->offset;
		else if (!strcmp(name, "pcpu_hot") && (type = libbpf.btf__type_by_id(btf, variable->type)) && btf_is_composite(type)) {
			int64_t inner_count = member_offset(btf, type, "preempt_count"), inner_task = member_offset(btf, type, "current_task");

			if (inner_count >= 0 && inner_task >= 0) {
				places->count = info->offset + inner_count;
				places->task = info->offset + inner_task;
			}
		}
	}
}

/* A kernel whose types were written by an older pahole has no variables among them. Its symbols are shown to who may see them, else all are 0. */
static void places_from_symbols(struct context_places *places)
{
	const struct {
		const char *name;
		int64_t *place;
	} wanted[] = { { "runqueues", &places->queue }, { "__preempt_count", &places->count }, { "current_task", &places->task } };
	_cleanup_fclose_ FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], type, name[256];
	uint64_t address;

	while (file && fgets(line, sizeof(line), file)) {
		/* The variables of modules have theirs behind the name. */
		if (strchr(line, '[') || sscanf(line, "%" SCNx64 " %c %255s", &address, &type, name) != 3)
			continue;
		for (unsigned int i = 0; address && i < ARRAY_SIZE(wanted); i++)
			if (!strcmp(name, wanted[i].name))
				*wanted[i].place = (int64_t)address;
	}
}

/* How far the preemption count and the pointer to the current task lie from the run queue in each processor's memory. */
static void learn_context(const struct btf *btf, struct probe_kernel *kernel)
{
	struct context_places places = { -1, -1, -1 };

#if !defined(__x86_64__)
	kernel->context_known = true; /* it stands in the task */
	return;
#endif
	places_from_types(btf, &places);
	if (places.queue < 0)
		places_from_symbols(&places);
	if (places.queue < 0 || places.count < 0 || places.task < 0)
		return;
	kernel->preempt_count_distance = places.count - places.queue;
	kernel->current_task_distance = places.task - places.queue;
	kernel->context_known = true;
}

static void learn_task_work(const struct btf *btf, struct probe_kernel *kernel)
{
	const struct btf_type *implicit = bpf_prototype(btf, TASK_WORK_FUNCTION), *prototype = bpf_prototype(btf, TASK_WORK_FUNCTION "_impl"), *last;

	kernel->task_work_implicit = implicit && btf_vlen(implicit) == 4;
	if (!prototype || btf_vlen(prototype) != 5)
		return;
	kernel->task_work = !kernel->task_work_implicit;
	last = libbpf.btf__type_by_id(btf, btf_params(prototype)[4].type);
	kernel->task_work_aux = last && btf_is_ptr(last) && last->type;
}

/* Whether fexit programs are allowed: one that does nothing, on a function that is hardly ever called. */
static void try_fexit(const struct btf *btf, struct probe_kernel *kernel)
{
	struct bpf_insn instructions[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int id = libbpf.btf__find_by_name_kind(btf, "netlink_ack", BTF_KIND_FUNC);
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FEXIT, .attach_btf_id = id < 0 ? 0 : id);
	_cleanup_close_ int program = -1, link = -1;

	if (id < 0) {
		snprintf(kernel->fexit_why, sizeof(kernel->fexit_why), "the kernel's BTF does not know netlink_ack()");
		return;
	}
	program = libbpf.bpf_prog_load(BPF_PROG_TYPE_TRACING, "ferry_try", "GPL", instructions, ARRAY_SIZE(instructions), &options);
	if (program < 0) {
		snprintf(kernel->fexit_why, sizeof(kernel->fexit_why), "the kernel refuses to load fexit programs: %s", error_text(program));
		return;
	}
	link = libbpf.bpf_raw_tracepoint_open(NULL, program);
	if (link < 0) {
		snprintf(kernel->fexit_why, sizeof(kernel->fexit_why), "the kernel refuses to attach fexit programs: %s", error_text(link));
		return;
	}
	kernel->fexit = true;
}

void probe_kernel_learn(struct probe_kernel *ret)
{
	const char *hindrance = bpf_hindrance();
	_cleanup_btf_ struct btf *btf = NULL;
	struct probe_kernel kernel = {};
	struct stat status;

	if (stat("/proc/self/ns/pid", &status) == 0 && status.st_ino != INITIAL_PID_NAMESPACE)
		kernel.own_pid_namespace = status.st_ino;
	if (stat("/proc/self/ns/uts", &status) == 0)
		kernel.own_uts_namespace = (uint32_t)status.st_ino;
	if (stat("/proc/self/ns/ipc", &status) == 0)
		kernel.own_ipc_namespace = (uint32_t)status.st_ino;
	if (libbpf_load(NULL) < 0)
		kernel.btf_why = "libbpf.so.1 cannot be loaded";
	else if (!(btf = libbpf.btf__load_vmlinux_btf()))
		kernel.btf_why = "the kernel has no BTF (/sys/kernel/btf/vmlinux)";
	if (btf) {
		kernel.btf = true;
		kernel.sk_data_ready = bpf_has_tracepoint(btf, "sk_data_ready", 1);
		kernel.process = bpf_has_tracepoint(btf, "sched_process_exec", 3) && bpf_has_tracepoint(btf, "sched_process_fork", 2) &&
				 bpf_has_tracepoint(btf, "sched_process_exit", 1);
		kernel.modules = bpf_has_tracepoint(btf, "module_load", 1) && bpf_has_tracepoint(btf, "module_free", 1) &&
				 bpf_has_tracepoint(btf, "module_request", 1);
		kernel.kprobes = access("/sys/bus/event_source/devices/kprobe/type", R_OK) == 0;
		learn_task_work(btf, &kernel);
		learn_context(btf, &kernel);
		if (!hindrance) {
			kernel.registers = bpf_takes_registers(BPF_PROG_TYPE_SOCKET_FILTER) && bpf_takes_registers(BPF_PROG_TYPE_CGROUP_SYSCTL) &&
					   (!kernel.kprobes || bpf_takes_registers(BPF_PROG_TYPE_KPROBE));
			try_fexit(btf, &kernel);
		}
	}
	if (!kernel.fexit_why[0] && !kernel.fexit)
		snprintf(kernel.fexit_why, sizeof(kernel.fexit_why), "%s", btf ? hindrance : kernel.btf_why);
	*ret = kernel;
}

/* A mount of one's own that stands in nobody's table of mounts; where that is refused, one that the machine has. */
int probe_cgroup_root(void)
{
	_cleanup_close_ int context = -1;
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int root;

	context = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC);
	if (context >= 0 && syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
		root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
		if (root >= 0)
			return root;
	}
	file = fopen("/proc/self/mountinfo", "re");
	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0) {
		char *type = strstr(line, " - cgroup2 "), *top, *place, *save = NULL;

		if (!type)
			continue;
		/* number, parent, device, root, place */
		strtok_r(line, " ", &save);
		strtok_r(NULL, " ", &save);
		strtok_r(NULL, " ", &save);
		top = strtok_r(NULL, " ", &save);
		place = strtok_r(NULL, " ", &save);
		if (!top || !place || strcmp(top, "/"))
			continue;
		root = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root >= 0)
			return root;
	}
	return -ENOENT;
}

bool probe_cgroup_initial(void)
{
	struct stat status;

	return stat("/proc/self/ns/cgroup", &status) < 0 || status.st_ino == INITIAL_CGROUP_NAMESPACE;
}
