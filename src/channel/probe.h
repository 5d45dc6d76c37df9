/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder's eyes in the kernel: BPF programs, chosen by what this kernel and these rights allow, and the actors they tell of. */
#ifndef FERRY_CHANNEL_PROBE_H
#define FERRY_CHANNEL_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "bpf/event.h"
#include "ferry.h"

struct probe;

/* What is in use. WHY is NULL where present. */
enum probe_part {
	PROBE_NOTICE,     /* who is behind a multicast message */
	PROBE_REFUSED,    /* refused netlink requests */
	PROBE_REQUEST,    /* bytes of those whose error was capped */
	PROBE_SYSCTL,     /* attempts with values */
	PROBE_SYSCTL_END, /* their results */
	PROBE_PROCESS,    /* identity of processes that have died (exec, fork, exit) */
	PROBE_FILE,       /* refused sysfs writes, with their errno */
	PROBE_MODULE,     /* modules that come and go */
	PROBE_PART_COUNT
};
struct probe_state {
	bool active;
	const char *how; /* "sk_data_ready tracepoint", "fentry on sock_def_readable" */
	const char *why;
};

/* Loads and attaches what can be had. SOCKETS are the descriptors of our own multicast sockets (at most 16), NOTICE events carry the index: call this
 * before joining a group, or before the first message counts. A NOTICE is made by a filter on the socket itself, so it tells of exactly the message
 * that is about to be queued (and of one that then finds no room), by exactly the task that made the kernel send it; joined to the message by its
 * first bytes. Never fails for want of rights: then every part is inactive with its reason. Fails with -ENOMEM and the like. */
int probe_new(const int *sockets, unsigned int socket_count, struct probe **ret, struct error *error) _must_check_;
struct probe *probe_free(struct probe *probe);
/* To be called when a generic family came, or has another number: the programs know requests by that. */
void probe_families_changed(struct probe *probe);
const struct probe_state *probe_state(const struct probe *probe, enum probe_part part);
/* Polls readable where events wait. -1 without BPF. */
int probe_descriptor(const struct probe *probe);
/* Hands every event that waits to FUNCTION, at most some thousands a call; a function that returns non-zero ends it (-ECANCELED), that event counts
 * as handled. */
typedef int probe_function(void *data, const struct event_header *event);
int probe_read(struct probe *probe, probe_function *function, void *data) _must_check_;
/* Events that the programs counted but could not deliver, by type, since the start (a full ring buffer; a program that was not run because it was
 * running already on that processor). */
uint64_t probe_lost(const struct probe *probe, enum event_type type);

/* The actor behind an event's task. Cached and counted: the pointer is good until actor_unref(). Never NULL unless memory ran out. What the kernel
 * side has forgotten already is said in actor->unknown. */
struct ferry_actor;
const struct ferry_actor *probe_actor(struct probe *probe, const struct event_task *task);
/* The kernel's link watch, whoever it works for. */
const struct ferry_actor *probe_actor_linkwatch(struct probe *probe);
/* The kernel, which took away what was to be there for a time. */
const struct ferry_actor *probe_actor_expiry(struct probe *probe);
/* The actor with process id PID as it was last seen, also if it is dead by now (for fanotify); from /proc where BPF does not know it, or PROBE is
 * NULL. */
const struct ferry_actor *probe_actor_of(struct probe *probe, uint32_t pid);
/* The same for something that happened at SINCE (boottime) or later: where the process had written by then and began another program after that,
 * which of the two it was is not known, and actor->unknown says so. */
const struct ferry_actor *probe_actor_since(struct probe *probe, uint32_t pid, uint64_t since);
/* The one of which the kernel told no more than this: its thread, as the first pid namespace numbers it, and its name. All of it where it lives still
 * and has that name; else that, and actor->unknown says why no more. */
const struct ferry_actor *probe_actor_named(struct probe *probe, uint32_t tid, const char *comm);
/* "unknown", with the reason. */
const struct ferry_actor *probe_actor_unknown(struct probe *probe, const char *why);
/* Leaves the arguments of ACTOR out, but for the program's name, where they hold a SECRET as it stands, in hexadecimal or in base 64, or begin it
 * where they are cut. */
void actor_withhold(const struct ferry_actor *actor, const void *secret, size_t length);
const struct ferry_actor *actor_ref(const struct ferry_actor *actor);
void actor_unref(const struct ferry_actor *actor);

/* The door that an event's task stands in, by the system call in progress. */
enum ferry_door probe_door(const struct event_task *task);
/* Whether the system call in which a notice was made only asks: a request for links, the reading of a file. What the kernel tells in its course it
 * would have told soon anyway. */
bool probe_asks(const struct event_notice *notice);

/* Every mechanism, tried on this kernel, for `ferry doctor`. */
int probe_features(ferry_feature_function *function, void *data);

#endif
