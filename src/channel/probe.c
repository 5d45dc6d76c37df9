/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loader: for each part the first way that this kernel takes, all of them in one load; what cannot be had says why. */
#include "channel/probe.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "channel/object.h"
#include "channel/probe-part.h"
#include "channel/protocol.h"
#include "wire/bpf-load.h"
#include "wire/bpf.h"
#include "wire/libbpf.h"
#include "wire/skeleton.h"
#include "recorder.skel.h"

/* At most so many events a ring and call, so that a storm does not keep the caller for ever. */
#define READ_BUDGET 4096
/* The largest are these. */
#define EVENT_SIZE_MAXIMUM (sizeof(struct event_message) > sizeof(struct event_sysctl) ? sizeof(struct event_message) : sizeof(struct event_sysctl))
/* What the kernel counts against a socket's buffer for its shortest messages: 512 bytes for the data, 256 for the struct sk_buff. */
#define MESSAGE_CHARGE_MINIMUM 768
/* A ring's pages are taken when it is made, a socket's when messages wait. */
#define NOTICES_MAXIMUM (UINT32_C(1) << 26)

enum way_needs {
	NEEDS_FEXIT = 1 << 0,
	NEEDS_DATA_READY = 1 << 1,
	NEEDS_MEMORY = 1 << 2,
	NEEDS_PROCESS = 1 << 3,
	NEEDS_TASK_WORK = 1 << 4,
	NEEDS_MODULES = 1 << 5,
	NEEDS_KPROBES = 1 << 6,
	NEEDS_IMPLICIT = 1 << 7,
};

/* The ways to each part, the best first. */
static const struct way {
	enum probe_part part;
	uint32_t needs;
	const char *programs[3];
	const char *how;
} ways[] = {
	{ PROBE_NOTICE, 0, { "notice_filter" }, "a filter on our own socket" },
	{ PROBE_REFUSED, NEEDS_DATA_READY, { "refused_tracepoint" }, "sk_data_ready tracepoint" },
	{ PROBE_REFUSED, NEEDS_FEXIT, { "refused_fentry" }, "fentry on sock_def_readable" },
	{ PROBE_REFUSED, NEEDS_KPROBES, { "refused_kprobe" }, "kprobe on sock_def_readable" },
	{ PROBE_REQUEST, NEEDS_FEXIT, { "request_fexit" }, "fexit on netlink_ack" },
	{ PROBE_REQUEST, NEEDS_MEMORY, {}, "the sending program's memory" }, /* no program of its own: refused_* look there */
	{ PROBE_SYSCTL, NEEDS_FEXIT, { "sysctl_attempt_fexit", "sysctl_fexit" }, "cgroup/sysctl program" },
	{ PROBE_SYSCTL, NEEDS_IMPLICIT, { "sysctl_attempt_implicit" }, "cgroup/sysctl program" },
	{ PROBE_SYSCTL, NEEDS_TASK_WORK, { "sysctl_attempt_result" }, "cgroup/sysctl program" },
	{ PROBE_SYSCTL, 0, { "sysctl_attempt" }, "cgroup/sysctl program" },
	{ PROBE_PROCESS, NEEDS_PROCESS, { "process_exec", "process_fork", "process_exit" }, "sched_process tracepoints" },
	{ PROBE_FILE, NEEDS_FEXIT, { "file_fexit" }, "fexit on kernfs_fop_write_iter" },
	{ PROBE_MODULE, NEEDS_MODULES, { "module_load", "module_free", "module_request" }, "module tracepoints" },
};

static void part_inactive(struct probe *probe, enum probe_part part, const char *format, ...) _printf_(3, 4);
static void part_inactive(struct probe *probe, enum probe_part part, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(probe->words[part], sizeof(probe->words[part]), format, arguments);
	va_end(arguments);
	probe->states[part] = (struct probe_state){ .why = probe->words[part] };
}

static void part_active(struct probe *probe, enum probe_part part, const char *how)
{
	probe->states[part] = (struct probe_state){ .active = true, .how = how };
}

static const char *way_missing(const struct way *way, const struct probe_kernel *kernel)
{
	if (way->needs & NEEDS_FEXIT && !kernel->fexit)
		return kernel->fexit_why;
	if (way->needs & NEEDS_DATA_READY && !kernel->sk_data_ready)
		return "the kernel has no sk_data_ready tracepoint";
	if (way->needs & NEEDS_MEMORY && !kernel->sk_data_ready)
		return "without the sk_data_ready tracepoint it takes fexit";
	if (way->needs & NEEDS_PROCESS && !kernel->process)
		return "the kernel has no sched_process tracepoints";
	if (way->needs & NEEDS_IMPLICIT && !kernel->task_work_implicit)
		return "the kernel has no " TASK_WORK_FUNCTION "()";
	if (way->needs & NEEDS_TASK_WORK && !kernel->task_work)
		return "the kernel has no " TASK_WORK_FUNCTION "_impl()";
	if (way->needs & NEEDS_MODULES && !kernel->modules)
		return "the kernel takes no modules (CONFIG_MODULES), or does not tell of them";
	if (way->needs & NEEDS_KPROBES && !kernel->kprobes)
		return "without the sk_data_ready tracepoint it takes fentry or kprobes";
	return NULL;
}

static void way_set(struct recorder_bpf *skeleton, const struct way *way, bool load)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(way->programs) && way->programs[i]; i++) {
		struct bpf_program *program = libbpf.bpf_object__find_program_by_name(skeleton->obj, way->programs[i]);

		if (program)
			libbpf.bpf_program__set_autoload(program, load);
	}
}

/* An LRU map keeps some of its room apart for each processor, so what serves two processors does not serve a hundred. */
static void map_grow(struct bpf_map *map)
{
	int processors = libbpf.libbpf_num_possible_cpus();
	uint32_t wanted = processors > 0 ? (uint32_t)processors * 256 : 0;

	if (wanted > libbpf.bpf_map__max_entries(map))
		libbpf.bpf_map__set_max_entries(map, wanted);
}

/* Room for the notices of as many messages as our largest socket has room for: so a reader that is kept waiting loses messages, which make a gap, and
 * not who is behind those that it has. */
static void notices_grow(struct bpf_map *map, unsigned int receive_buffer)
{
	const uint64_t wanted = (uint64_t)receive_buffer / MESSAGE_CHARGE_MINIMUM * (sizeof(struct event_notice) + BPF_RINGBUF_HDR_SZ);
	uint32_t size = libbpf.bpf_map__max_entries(map);

	while (size < wanted && size < NOTICES_MAXIMUM)
		size *= 2;
	libbpf.bpf_map__set_max_entries(map, size);
}

/* Before 7.0 the last argument, which the verifier fills in, is declared as void *, then as a struct *, and libbpf refuses the one for the other,
 * though no program that has it is loaded then. For its comparison any struct will do. */
static void task_work_declare(struct recorder_bpf *skeleton, const struct probe_kernel *kernel)
{
	const struct btf_type *prototype =
		kernel->task_work_aux ? bpf_prototype(libbpf.bpf_object__btf(skeleton->obj), TASK_WORK_FUNCTION "_impl") : NULL;
	struct btf_param *parameters = prototype ? btf_params(prototype) : NULL;

	if (prototype && btf_vlen(prototype) == 5)
		parameters[4].type = parameters[0].type;
}

#define GRANTED_MAXIMUM (sizeof(((struct recorder_bpf *)NULL)->bss->granted) / sizeof(uint32_t)) /* more than twice as many as there are */

static void grant(uint32_t granted[GRANTED_MAXIMUM], uint32_t request)
{
	size_t i = 0;

	while (i < GRANTED_MAXIMUM && granted[i] && granted[i] != request)
		i++;
	if (i < GRANTED_MAXIMUM)
		granted[i] = request;
}

/* The requests of whose effect the kernel tells no one. All commands of a generic family have one type, which the kernel is asked for. */
static void granted_set(struct recorder_bpf *skeleton)
{
	const struct protocol *protocol = NULL;
	uint32_t granted[GRANTED_MAXIMUM] = { 0 };
	const struct object *object;
	unsigned int position = 0;
	uint16_t type = 0;

	while ((object = object_next(NULL, &position)))
		for (unsigned int i = 0; i < ARRAY_SIZE(object->asked_by) && object->asked_by[i]; i++) {
			if (!object->protocol->family || object->protocol != protocol)
				type = protocol_kernel_type(object->protocol, object->asked_by[i]);
			protocol = object->protocol;
			if (type)
				grant(granted, (uint32_t)protocol_kernel_number(protocol) << 16 | type);
		}
	memcpy(skeleton->bss->granted, granted, sizeof(granted)); /* the program may be running */
}

void probe_families_changed(struct probe *probe)
{
	if (probe->skeleton)
		granted_set(probe->skeleton);
}

static struct recorder_bpf *skeleton_open(const struct probe *probe, const struct probe_kernel *kernel)
{
	struct recorder_bpf *skeleton = recorder_bpf__open();

	if (!skeleton)
		return NULL;
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++)
		way_set(skeleton, &ways[i], false);
	task_work_declare(skeleton, kernel);
	granted_set(skeleton);
	skeleton->rodata->refused_protocols = 0;
	for (unsigned int i = 0; i < PROTOCOL_COUNT; i++)
		skeleton->rodata->refused_protocols |= UINT32_C(1) << protocol_kernel_number(protocols[i]);
	skeleton->rodata->registers_by_helper = kernel->registers;
	skeleton->rodata->context_known = kernel->context_known;
	skeleton->rodata->preempt_count_distance = kernel->preempt_count_distance;
	skeleton->rodata->current_task_distance = kernel->current_task_distance;
	skeleton->rodata->own_pid_namespace = kernel->own_pid_namespace;
	skeleton->rodata->own_uts_namespace = kernel->own_uts_namespace;
	skeleton->rodata->own_ipc_namespace = kernel->own_ipc_namespace;
	map_grow(skeleton->maps.actors);
	map_grow(skeleton->maps.processes);
	notices_grow(skeleton->maps.notices, probe->receive_buffer);
	probe_calls((uint8_t *)skeleton->rodata->calls, (uint8_t *)skeleton->rodata->calls_compat);
	return skeleton;
}

/* Loads the chosen ways; returns NULL and errno where that fails. */
static struct recorder_bpf *skeleton_load(const struct probe *probe, const struct probe_kernel *kernel, const bool *chosen)
{
	struct recorder_bpf *skeleton = skeleton_open(probe, kernel);
	int r;

	if (!skeleton)
		return NULL;
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++)
		if (chosen[i])
			way_set(skeleton, &ways[i], true);
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++)
		if (chosen[i] && ways[i].needs & NEEDS_MEMORY)
			skeleton->rodata->request_from_memory = true;
	bpf_words_catch();
	r = recorder_bpf__load(skeleton);
	if (!r)
		return skeleton;
	recorder_bpf__destroy(skeleton);
	errno = -r;
	return NULL;
}

/* For each part the first way of those that are left. */
static void ways_choose(struct probe *probe, const struct probe_kernel *kernel, const bool *refused, bool *chosen)
{
	bool have[PROBE_PART_COUNT] = {};

	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		enum probe_part part = ways[i].part;
		const char *missing = way_missing(&ways[i], kernel);

		chosen[i] = false;
		if (have[part] || refused[i])
			continue;
		if (missing) {
			part_inactive(probe, part, "%s", missing);
			continue;
		}
		chosen[i] = have[part] = true;
	}
}

/* Tries each chosen way alone, to learn which one the kernel refuses. Whether any was. */
static bool ways_try(struct probe *probe, const struct probe_kernel *kernel, const bool *chosen, bool *refused)
{
	bool any = false;

	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		bool alone[ARRAY_SIZE(ways)] = {};
		struct recorder_bpf *skeleton;

		if (!chosen[i])
			continue;
		alone[i] = true;
		skeleton = skeleton_load(probe, kernel, alone);
		if (skeleton) {
			recorder_bpf__destroy(skeleton);
			continue;
		}
		refused[i] = any = true;
		part_inactive(probe, ways[i].part, "the kernel refuses it: %s (%s)", error_text(errno), bpf_words());
	}
	return any;
}

static struct recorder_bpf *probe_load(struct probe *probe, const struct probe_kernel *kernel, bool *chosen)
{
	bool refused[ARRAY_SIZE(ways)] = {};
	struct recorder_bpf *skeleton;

	/* Each round drops at least one way, so this ends. */
	for (unsigned int round = 0; round <= ARRAY_SIZE(ways); round++) {
		ways_choose(probe, kernel, refused, chosen);
		skeleton = skeleton_load(probe, kernel, chosen);
		if (skeleton)
			return skeleton;
		if (errno == ENOMEM || !ways_try(probe, kernel, chosen, refused))
			break;
	}
	return NULL;
}

static int link_add(struct probe *probe, struct bpf_link *link)
{
	if (!link)
		return -errno;
	probe->links[probe->link_count++] = link;
	return 0;
}

static int attach_sockets(struct probe *probe)
{
	int program = libbpf.bpf_program__fd(probe->skeleton->progs.notice_filter);

	for (unsigned int i = 0; i < probe->socket_count; i++)
		probe->skeleton->bss->socket_cookies[i] = probe->sockets[i].cookie;
	for (unsigned int i = 0; i < probe->socket_count; i++)
		if (setsockopt(probe->sockets[i].descriptor, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)) < 0)
			return -errno;
	return 0;
}

static int attach_program(struct probe *probe, const char *name)
{
	struct bpf_program *program = libbpf.bpf_object__find_program_by_name(probe->skeleton->obj, name);

	if (!program)
		return -ENOENT;
	if (libbpf.bpf_program__type(program) == BPF_PROG_TYPE_SOCKET_FILTER)
		return attach_sockets(probe);
	if (libbpf.bpf_program__type(program) == BPF_PROG_TYPE_CGROUP_SYSCTL) {
		if (probe->cgroup < 0)
			probe->cgroup = probe_cgroup_root();
		if (probe->cgroup < 0)
			return probe->cgroup;
		return link_add(probe, libbpf.bpf_program__attach_cgroup(program, probe->cgroup));
	}
	return link_add(probe, libbpf.bpf_program__attach(program));
}

static void attach_way(struct probe *probe, const struct way *way)
{
	for (unsigned int i = ARRAY_SIZE(way->programs); i-- > 0;) {
		int r = way->programs[i] ? attach_program(probe, way->programs[i]) : 0;

		if (r < 0) {
			part_inactive(probe, way->part, "cannot attach %s: %s", way->how, error_text(r));
			return;
		}
	}
	part_active(probe, way->part, way->how);
	if (way->part != PROBE_SYSCTL)
		return;
	if (!probe_cgroup_initial())
		part_active(probe, way->part, "cgroup/sysctl program, for the processes of this cgroup namespace alone");
	if (way->needs & NEEDS_FEXIT)
		part_active(probe, PROBE_SYSCTL_END, "fexit on proc_sys_call_handler");
	else if (way->needs & (NEEDS_TASK_WORK | NEEDS_IMPLICIT))
		part_active(probe, PROBE_SYSCTL_END, "BPF task work");
	else
		part_inactive(probe, PROBE_SYSCTL_END, "the kernel has neither fexit nor BPF task work: failed writes are told by reading back");
}

static int read_event(void *data, const void *event_data, size_t length)
{
	struct probe *probe = data;
	const struct event_header *event = event_data;

	if (length < sizeof(*event) || event->size > length)
		return 0;
	return probe->function(probe->data, event) ? -ECANCELED : 0;
}

static int rings_open(struct probe *probe)
{
	const struct bpf_map *maps[PROBE_RING_COUNT] = { probe->skeleton->maps.knobs, probe->skeleton->maps.messages, probe->skeleton->maps.notices };
	struct epoll_event event = { .events = EPOLLIN };

	probe->poll = epoll_create1(EPOLL_CLOEXEC);
	if (probe->poll < 0)
		return -errno;
	for (unsigned int i = 0; i < PROBE_RING_COUNT; i++) {
		int descriptor = libbpf.bpf_map__fd(maps[i]),
		    r = bpf_ring_open(descriptor, libbpf.bpf_map__max_entries(maps[i]), EVENT_SIZE_MAXIMUM, &probe->rings[i]);

		if (r < 0)
			return r;
		if (epoll_ctl(probe->poll, EPOLL_CTL_ADD, descriptor, &event) < 0)
			return -errno;
	}
	return 0;
}

static int sockets_take(struct probe *probe, const int *sockets, unsigned int count, struct error *error)
{
	if (count > PROBE_SOCKET_MAXIMUM)
		return error_set(error, -E2BIG, "more than %d sockets to watch", PROBE_SOCKET_MAXIMUM);
	for (unsigned int i = 0; i < count; i++) {
		socklen_t length = sizeof(probe->sockets[i].cookie);
		unsigned int receive_buffer;

		if (getsockopt(sockets[i], SOL_SOCKET, SO_COOKIE, &probe->sockets[i].cookie, &length) < 0)
			return error_set(error, -errno, "cannot tell socket %d's cookie: %s", sockets[i], error_text(errno));
		probe->sockets[i].descriptor = sockets[i];
		length = sizeof(receive_buffer);
		if (getsockopt(sockets[i], SOL_SOCKET, SO_RCVBUF, &receive_buffer, &length) == 0 && receive_buffer > probe->receive_buffer)
			probe->receive_buffer = receive_buffer;
	}
	probe->socket_count = count;
	return 0;
}

static int probe_start(struct probe *probe, struct error *error)
{
	const char *missing = bpf_hindrance();
	bool chosen[ARRAY_SIZE(ways)] = {};
	struct probe_kernel kernel;
	int r;

	probe_kernel_learn(&kernel);
	probe->cache.own_pid_namespace = kernel.own_pid_namespace;
	if (!missing)
		missing = kernel.btf_why;
	for (int part = 0; part < PROBE_PART_COUNT; part++)
		part_inactive(probe, part, "%s", missing ? missing : "not to be had");
	if (missing)
		return 0;
	probe->skeleton = probe_load(probe, &kernel, chosen);
	if (!probe->skeleton)
		return errno == ENOMEM ? error_set(error, -ENOMEM, "no memory for the BPF programs") : 0;
	probe->cache.actors = libbpf.bpf_map__fd(probe->skeleton->maps.actors);
	probe->cache.processes = libbpf.bpf_map__fd(probe->skeleton->maps.processes);
	r = rings_open(probe);
	if (r < 0)
		return error_set(error, r, "cannot map the BPF ring buffers: %s", error_text(r));
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++)
		if (chosen[i])
			attach_way(probe, &ways[i]);
	return 0;
}

int probe_new(const int *sockets, unsigned int socket_count, struct probe **ret, struct error *error)
{
	bool loaded = libbpf_load(NULL) == 0; /* without it, every part says so */
	struct probe *probe = calloc(1, sizeof(*probe));
	int r;

	if (!probe)
		return error_set(error, -ENOMEM, "no memory for the probe");
	probe->cgroup = probe->poll = probe->cache.actors = probe->cache.processes = -1;
	r = actor_cache_init(&probe->cache);
	if (r < 0) {
		probe_free(probe);
		return error_set(error, r, "no memory for the probe");
	}
	if (loaded)
		bpf_words_catch();
	r = sockets_take(probe, sockets, socket_count, error);
	if (!r)
		r = probe_start(probe, error);
	if (loaded)
		bpf_words_release();
	/* The kernel's BTF has come and gone: 10 MB and more. */
	malloc_trim(0);
	if (r < 0) {
		probe_free(probe);
		return r;
	}
	*ret = probe;
	return 0;
}

/* The owner may have closed the socket, and its number may stand for another by now. */
static void detach_sockets(struct probe *probe)
{
	for (unsigned int i = 0; i < probe->socket_count; i++) {
		int descriptor = probe->sockets[i].descriptor, none = 0;
		socklen_t length = sizeof(uint64_t);
		uint64_t cookie = 0;

		if (getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0 && cookie == probe->sockets[i].cookie)
			setsockopt(descriptor, SOL_SOCKET, SO_DETACH_BPF, &none, sizeof(none));
	}
}

struct probe *probe_free(struct probe *probe)
{
	if (!probe)
		return NULL;
	if (probe->states[PROBE_NOTICE].active)
		detach_sockets(probe);
	for (unsigned int i = 0; i < probe->link_count; i++)
		libbpf.bpf_link__destroy(probe->links[i]);
	for (unsigned int i = 0; i < PROBE_RING_COUNT; i++)
		bpf_ring_close(probe->rings[i]);
	if (probe->poll >= 0)
		close(probe->poll);
	recorder_bpf__destroy(probe->skeleton);
	if (probe->cgroup >= 0)
		close(probe->cgroup);
	actor_cache_done(&probe->cache);
	free(probe);
	return NULL;
}

const struct probe_state *probe_state(const struct probe *probe, enum probe_part part)
{
	return &probe->states[part];
}

int probe_descriptor(const struct probe *probe)
{
	return probe->poll;
}

int probe_read(struct probe *probe, probe_function *function, void *data)
{
	int r = 0;

	probe->function = function;
	probe->data = data;
	for (unsigned int i = 0; i < PROBE_RING_COUNT && probe->rings[i]; i++) {
		r = bpf_ring_read(probe->rings[i], READ_BUDGET, read_event, probe);
		if (r < 0)
			break;
	}
	return r;
}

/* Runs that the kernel left out because the program was running already on that processor. Those of the tracepoints are left out of this: where they
 * run with preemption off, only an interrupt comes between, and that is never answered with an error and never starts a program; from 7.0 on another
 * task may, but whether one that is passed over was a refusal, or any other socket's data, nobody can tell. */
static uint64_t program_misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = {};
	uint32_t length = sizeof(info);
	int descriptor = libbpf.bpf_program__fd(program);

	if (descriptor < 0 || libbpf.bpf_obj_get_info_by_fd(descriptor, &info, &length) < 0)
		return 0;
	return info.recursion_misses;
}

uint64_t probe_lost(const struct probe *probe, enum event_type type)
{
	uint64_t lost;

	if (!probe->skeleton || type <= 0 || type >= EVENT_TYPE_COUNT)
		return 0;
	lost = __atomic_load_n(&probe->skeleton->bss->event_lost[type], __ATOMIC_RELAXED);
	switch (type) {
	case EVENT_REFUSED:
		return lost + program_misses(probe->skeleton->progs.refused_fentry);
	case EVENT_REQUEST:
		return lost + program_misses(probe->skeleton->progs.request_fexit);
	case EVENT_SYSCTL_END:
		return lost + program_misses(probe->skeleton->progs.sysctl_fexit);
	case EVENT_FILE:
		return lost + program_misses(probe->skeleton->progs.file_fexit);
	default:
		return lost;
	}
}
