/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actors: what the kernel side has gathered of a process, made into the public struct, counted and kept for the next event of the same one. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "channel/actor-process.h"
#include "channel/nature.h"
#include "channel/path-parts.h"
#include "channel/probe-part.h"
#include "wire/libbpf.h"

#define CACHE_MAXIMUM 2048

/* An actor is one face of a process: the thread that acted, with the rights and the network namespace that it had then. */
struct actor_key {
	struct event_key process;
	uint32_t tid, uid, netns, local_pid;
};

struct actor {
	struct ferry_actor public; /* first, as the callers hold this */
	unsigned int references;
	struct actor_key key;
	char comm[17];
	char reason[160];
	char text[]; /* exe, cgroup, argv */
};

static bool actor_match(const void *entry, const void *key, size_t length)
{
	const struct actor *actor = entry;

	return length == sizeof(actor->key) && !memcmp(&actor->key, key, length);
}

const struct ferry_actor *actor_ref(const struct ferry_actor *actor)
{
	if (actor)
		((struct actor *)(uintptr_t)actor)->references++;
	return actor;
}

void actor_unref(const struct ferry_actor *actor)
{
	struct actor *own = (struct actor *)(uintptr_t)actor;

	if (own && --own->references == 0)
		free(own);
}

/* Everything that is not known says so. TEXT bytes of room. */
static struct actor *actor_new(size_t text)
{
	struct actor *actor = calloc(1, sizeof(*actor) + text);

	if (!actor)
		return NULL;
	actor->references = 1;
	actor->public.comm = actor->comm;
	actor->public.uid = actor->public.login_uid = UINT32_MAX;
	return actor;
}

static struct actor *actor_kernel(const char *comm)
{
	struct actor *actor = actor_new(0);

	if (!actor)
		return NULL;
	memccpy(actor->comm, comm, 0, sizeof(actor->comm) - 1);
	actor->public.kernel = true;
	actor->public.uid = 0;
	return actor;
}

int actor_cache_init(struct actor_cache *cache)
{
	table_init(&cache->table, actor_match);
	cache->ready = true;
	cache->softirq = actor_kernel("softirq");
	cache->interrupt = actor_kernel("interrupt");
	cache->linkwatch = actor_kernel("linkwatch");
	cache->expiry = actor_kernel("expiry");
	return cache->softirq && cache->interrupt && cache->linkwatch && cache->expiry ? 0 : -ENOMEM;
}

static void cache_sweep(struct actor_cache *cache, bool all)
{
	struct actor *actor;
	size_t position = 0;

	while ((actor = table_next(&cache->table, &position))) {
		if (!all && actor->references > 1)
			continue;
		table_remove(&cache->table, &actor->key, sizeof(actor->key));
		actor_unref(&actor->public);
	}
}

void actor_cache_done(struct actor_cache *cache)
{
	if (!cache->ready)
		return;
	cache_sweep(cache, true);
	table_done(&cache->table);
	if (cache->softirq)
		actor_unref(&cache->softirq->public);
	if (cache->interrupt)
		actor_unref(&cache->interrupt->public);
	if (cache->linkwatch)
		actor_unref(&cache->linkwatch->public);
	if (cache->expiry)
		actor_unref(&cache->expiry->public);
}

/* Keeps ACTOR for the next event, where memory allows. */
static void cache_add(struct actor_cache *cache, struct actor *actor)
{
	if (cache->table.count >= CACHE_MAXIMUM)
		cache_sweep(cache, false);
	if (table_add(&cache->table, &actor->key, sizeof(actor->key), actor) == 0)
		actor->references++;
}

static const char hidden[] = "(secret)";

/* The arguments of a program are left out, but for its name. There is room for HIDDEN behind them. */
static void hide_arguments(struct actor *actor)
{
	char *text = (char *)(uintptr_t)actor->public.argv;
	const size_t name = strnlen(text, actor->public.argv_length) + 1, length = name < actor->public.argv_length ? name : 0;

	memcpy(text + length, hidden, sizeof(hidden));
	actor->public.argv_length = length + sizeof(hidden);
	actor->public.argv_cut = false;
}

/* Copies ARGV to TEXT, which has room for it and for HIDDEN. The arguments of a program that is told to write a secret are left out. */
static void set_arguments(struct actor *actor, char *text, const char *argv, size_t length, bool cut)
{
	actor->public.argv = text;
	actor->public.argv_length = length;
	actor->public.argv_cut = cut;
	memcpy(text, argv, length);
	if (nature_names_secret(argv, length))
		hide_arguments(actor);
}

/* How many characters of TEXT are as the FORM of a secret has them. */
static size_t agreement(const char *text, size_t text_length, const char *form, size_t form_length, bool any_case)
{
	size_t n = 0;

	while (n < text_length && n < form_length && (text[n] == form[n] || (any_case && (text[n] | 0x20) == form[n])))
		n++;
	return n;
}

#define TELLTALE 8 /* characters of a secret at a place where the arguments were cut */

static bool holds(const struct ferry_actor *actor, const struct buffer *form, bool any_case)
{
	for (size_t at = 0; at < actor->argv_length; at++) {
		const size_t left = actor->argv_length - at, n = agreement(actor->argv + at, left, form->data, form->length, any_case);

		if (n == form->length || (actor->argv_cut && n == left && n >= TELLTALE))
			return true;
	}
	return false;
}

void actor_withhold(const struct ferry_actor *actor, const void *secret, size_t length)
{
	_cleanup_buffer_ struct buffer plain = { 0 }, hex = { 0 }, base64 = { 0 };

	if (!actor->argv || !length)
		return;
	buffer_add(&plain, secret, length);
	buffer_add_hex(&hex, secret, length);
	buffer_add_base64(&base64, secret, length);
	if (plain.failed || hex.failed || base64.failed || holds(actor, &plain, false) || holds(actor, &hex, true) || holds(actor, &base64, false))
		hide_arguments((struct actor *)(uintptr_t)actor);
}

/* From what the kernel side gathered. VALUE comes from the kernel, yet its lengths are not trusted. */
static struct actor *actor_from_value(const struct event_actor *value)
{
	uint32_t argv = value->argv_length > 0 && value->argv_length <= EVENT_ARGV_MAXIMUM ? (uint32_t)value->argv_length : 0;
	struct actor *actor = actor_new(2 * (PATH_PARTS_ROOM) + argv + sizeof(hidden));
	char *text;

	if (!actor)
		return NULL;
	text = actor->text;
	memcpy(actor->comm, value->comm, sizeof(value->comm));
	actor->public.pid = actor->public.tid = value->key.pid;
	actor->public.start = value->key.start;
	actor->public.ppid = value->ppid;
	actor->public.uid = value->uid;
	actor->public.login_uid = value->login_uid;
	actor->public.netns = value->netns;
	actor->public.kernel = value->flags & EVENT_TASK_KERNEL;
	if (value->exe_length) {
		actor->public.exe = text;
		text += path_parts_join(value->exe, value->exe_length, text);
	}
	actor->public.cgroup = text;
	text += path_parts_join(value->cgroup, value->cgroup_length, text);
	if (argv)
		set_arguments(actor, text, value->argv, argv, value->argv_total > argv);
	return actor;
}

/* The kernel side's entry for KEY; false where it has none. One that is being filled on another processor right now is ready in a moment. */
static bool value_find(const struct actor_cache *cache, const struct event_key *key, struct event_actor *ret)
{
	if (cache->actors < 0)
		return false;
	for (unsigned int i = 0; i < 4; i++) {
		if (libbpf.bpf_map_lookup_elem(cache->actors, key, ret) < 0 || memcmp(&ret->key, key, sizeof(*key)))
			return false;
		if (ret->ready)
			return true;
		sched_yield();
	}
	return false;
}

static bool process_find(const struct actor_cache *cache, uint32_t pid, struct event_process *ret)
{
	return cache->processes >= 0 && libbpf.bpf_map_lookup_elem(cache->processes, &pid, ret) == 0;
}

/* From /proc, where the process still stands there and is the one that began at START (0 = whichever has the pid). */
static struct actor *actor_from_proc(uint32_t pid, uint64_t start)
{
	struct actor_process process;
	struct actor *actor;
	char *text;

	if (!pid || actor_process_read(pid, &process) < 0)
		return NULL;
	/* /proc counts in ticks of 10 ms. */
	if (start && start / 10000000 != process.start / 10000000)
		return NULL;
	actor = actor_new(sizeof(process.exe) + sizeof(process.cgroup) + sizeof(process.argv) + sizeof(hidden));
	if (!actor)
		return NULL;
	text = actor->text;
	memcpy(actor->comm, process.comm, sizeof(process.comm));
	actor->public.pid = process.pid;
	actor->public.tid = pid;
	actor->public.ppid = process.ppid;
	actor->public.start = start ? start : process.start;
	actor->public.uid = process.uid;
	actor->public.login_uid = process.login_uid;
	actor->public.netns = process.netns;
	actor->public.kernel = process.kernel;
	if (process.exe[0]) {
		actor->public.exe = text;
		text = (char *)memccpy(text, process.exe, 0, sizeof(process.exe));
	}
	if (process.cgroup[0]) {
		actor->public.cgroup = text;
		text = (char *)memccpy(text, process.cgroup, 0, sizeof(process.cgroup));
	}
	if (process.argv_length)
		set_arguments(actor, text, process.argv, process.argv_length, process.argv_cut);
	return actor;
}

/* A fork's image is its parent's: the same program, another process. */
static struct actor *actor_from_image(const struct actor_cache *cache, const struct event_process *process, const struct event_key *image)
{
	struct event_actor value;
	struct actor *actor;

	if (!value_find(cache, image, &value))
		return NULL;
	actor = actor_from_value(&value);
	if (!actor)
		return NULL;
	actor->public.start = process->key.start;
	actor->public.ppid = process->ppid;
	if (process->ended) {
		actor->public.uid = process->uid;
		actor->public.login_uid = process->login_uid;
	}
	return actor;
}

static struct actor *actor_nobody(const char *why)
{
	struct actor *actor = actor_new(0);

	if (!actor)
		return NULL;
	memccpy(actor->reason, why, 0, sizeof(actor->reason) - 1);
	actor->public.unknown = actor->reason;
	return actor;
}

const struct ferry_actor *probe_actor_unknown(struct probe *probe, const char *why)
{
	struct actor *actor = actor_nobody(why);

	(void)probe;
	return actor ? &actor->public : NULL;
}

static struct actor *actor_resolve(const struct actor_cache *cache, const struct event_task *task)
{
	struct event_process process;
	struct event_actor value;
	struct actor *actor = NULL;

	if (value_find(cache, &task->key, &value))
		return actor_from_value(&value);
	if (task->local_pid && process_find(cache, task->local_pid, &process) && process.key.start == task->key.start)
		actor = actor_from_image(cache, &process, &process.image);
	if (!actor)
		actor = actor_from_proc(task->local_pid, task->key.start);
	if (!actor)
		actor = actor_nobody("the process ended before it could be told, and the kernel side had no room left for it");
	return actor;
}

const struct ferry_actor *probe_actor(struct probe *probe, const struct event_task *task)
{
	struct actor_key key = { .process = task->key, .tid = task->tid, .uid = task->uid, .netns = task->netns, .local_pid = task->local_pid };
	struct actor *actor;

	if (task->flags & EVENT_TASK_INTERRUPT)
		return actor_ref(&probe->cache.interrupt->public);
	if (task->flags & EVENT_TASK_SOFTIRQ)
		return actor_ref(&probe->cache.softirq->public);
	actor = table_find(&probe->cache.table, &key, sizeof(key));
	if (actor)
		return actor_ref(&actor->public);
	actor = actor_resolve(&probe->cache, task);
	if (!actor)
		return NULL;
	/* What the event itself says holds for the moment of the event. */
	actor->key = key;
	actor->public.pid = task->local_pid ? task->local_pid : task->key.pid;
	actor->public.tid = task->tid;
	actor->public.start = task->key.start;
	actor->public.uid = task->uid;
	if (task->netns)
		actor->public.netns = task->netns;
	if (!actor->public.unknown)
		cache_add(&probe->cache, actor);
	return &actor->public;
}

const struct ferry_actor *probe_actor_linkwatch(struct probe *probe)
{
	return actor_ref(&probe->cache.linkwatch->public);
}

const struct ferry_actor *probe_actor_expiry(struct probe *probe)
{
	return probe ? actor_ref(&probe->cache.expiry->public) : probe_actor_unknown(probe, "its time was over");
}

static const struct ferry_actor *unknown_ended(struct probe *probe)
{
	const struct probe_state *state = probe ? probe_state(probe, PROBE_PROCESS) : NULL;
	char words[160];

	if (state && state->active)
		return probe_actor_unknown(probe, "ended before it could be asked");
	snprintf(words, sizeof(words), "ended before it could be asked (%s)", state && state->why ? state->why : "needs CAP_BPF");
	return probe_actor_unknown(probe, words);
}

const struct ferry_actor *probe_actor_since(struct probe *probe, uint32_t pid, uint64_t since)
{
	struct event_process process = {}, now = {};
	struct actor *actor = NULL;
	bool known = probe && pid && process_find(&probe->cache, pid, &process);

	if (!pid)
		return probe_actor_unknown(probe, "in a pid namespace that the recorder does not see");
	/* What lives can be asked; but another process may have the number by now, or it another program. */
	if (!known || !process.ended)
		actor = actor_from_proc(pid, known ? process.key.start : 0);
	/* It ended while it was asked: of one without memory /proc has little more than the name. */
	if (known && actor && !actor->public.exe && !actor->public.kernel && process_find(&probe->cache, pid, &now) &&
	    now.key.start == process.key.start) {
		actor_unref(&actor->public);
		actor = NULL;
		process = now;
	}
	if (!actor && known) {
		actor = actor_from_image(&probe->cache, &process, &process.image);
		if (actor)
			actor->public.pid = actor->public.tid = pid;
	}
	if (!actor)
		return unknown_ended(probe);
	if (known && since && process.before.pid && process.since >= since) {
		snprintf(actor->reason, sizeof(actor->reason), "began this program at about that time: it may have been the one before");
		actor->public.unknown = actor->reason;
	}
	return &actor->public;
}

const struct ferry_actor *probe_actor_of(struct probe *probe, uint32_t pid)
{
	return probe_actor_since(probe, pid, 0);
}

/* The number that the kernel gives the first of its pid namespaces, as a file (PROC_PID_INIT_INO). */
#define FIRST_PID_NAMESPACE 0xeffffffcu

static bool in_first_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == FIRST_PID_NAMESPACE;
}

const struct ferry_actor *probe_actor_named(struct probe *probe, uint32_t tid, const char *comm)
{
	const bool numbered = in_first_namespace();
	const struct ferry_actor *found = numbered ? probe_actor_of(probe, tid) : NULL;
	struct actor *actor;

	/* Another process may have the number by now, or this one another name. */
	if (found && !found->unknown && strcmp(found->comm, comm) == 0)
		return found;
	actor_unref(found);
	actor = actor_nobody(numbered ? "ended before it could be asked: the kernel told its number and name"
				      : "the kernel told its name, and its number in another pid namespace");
	if (!actor)
		return NULL;
	memccpy(actor->comm, comm, 0, sizeof(actor->comm) - 1);
	actor->public.pid = actor->public.tid = numbered ? tid : 0;
	return &actor->public;
}
