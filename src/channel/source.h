/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a source of changes is given, and how it hands a change on. The recorder owns all of it; sources keep their own state. */
#ifndef FERRY_CHANNEL_SOURCE_H
#define FERRY_CHANNEL_SOURCE_H

#include "channel/machine.h"
#include "channel/probe.h"
#include "ferry.h"

/* What a change begins with, as the source knows it; the rest is in the change itself. */
struct origin {
	const struct ferry_actor *actor; /* borrowed */
	enum ferry_door door;
	uint64_t boottime;
	uint32_t pid, tid; /* of the task, also where the actor is the kernel */
	bool asks;         /* the task was only asking */
};

struct recording {
	struct machine *machine;
	struct probe *probe; /* NULL without BPF */
	uint32_t netns;      /* inode number of our own network namespace */
	void *sink;
	/* Hands a change on. Fills id, time (from boottime) and netns where 0. Returns the change's number, to be given as a cause; 0 where a filter
	 * held it back. */
	uint64_t (*emit)(void *sink, struct ferry_change *change);
	/* Messages or events that were seen and handled, or lost: exact counts. */
	void (*count)(void *sink, uint64_t delivered, uint64_t lost);
	/* One of SOURCE (a literal) was seen at BOOTTIME, and there is no room for it: counted as lost, and told as a gap once there is. */
	void (*drop)(void *sink, const char *source, uint64_t boottime);
	/* Reads what the probe has to tell right now (calls back into the sources' _notice, _refused and _event functions). */
	void (*pump)(void *sink);
	/* Lets the other sources tell what happened before BOOTTIME, so that changes come in the order of time. */
	void (*before)(void *sink, uint64_t boottime);
	/* The change that thread TID's last sysctl write before BOOTTIME is; *RET_PENDING: it is not told yet. */
	uint64_t (*sysctl_cause)(void *sink, uint32_t tid, uint64_t boottime, bool *ret_pending);
	/* A link appeared; or went, by whom, which is told as change CAUSE. */
	void (*link_added)(void *sink, const char *name, uint32_t index);
	void (*link_removed)(void *sink, uint32_t index, const struct origin *origin, uint64_t cause);
};

uint64_t boottime_now(void);
/* The CLOCK_REALTIME nanoseconds that a boottime stands for, now. */
uint64_t boottime_to_realtime(uint64_t boottime);

/* ---- netlink, one source a protocol ---- */
struct netlink_source;
struct protocol;
/* Subscribes to the groups of every object of PROTOCOL. RECEIVE_BUFFER 0 = the default. WANTED: its changes are asked for, so that the kernel is made
 * to load its module: there would be no telling when another does, and the first change comes with it. -EPROTONOSUPPORT where the kernel that runs
 * has not PROTOCOL; for a generic family that it has not, whose module may still be loaded, the source waits. */
int netlink_source_open(const struct protocol *protocol, struct machine *machine, unsigned int receive_buffer, bool wanted,
			struct netlink_source **ret, struct error *error) _must_check_;
/* Fills the cache; what was queued meanwhile is taken in without a change being told. */
int netlink_source_start(struct netlink_source *source, const struct recording *recording, struct error *error) _must_check_;
bool netlink_source_waits(const struct netlink_source *source);
struct netlink_source *netlink_source_close(struct netlink_source *source);
int netlink_source_descriptor(const struct netlink_source *source);
/* Takes what is queued on the socket into memory: the kernel's buffer is small. */
int netlink_source_receive(struct netlink_source *source);
/* A notice from the probe: who is behind a message. */
void netlink_source_notice(struct netlink_source *source, const struct event_notice *notice);
/* A request that was answered (EVENT_REFUSED), or its bytes (EVENT_REQUEST). */
void netlink_source_refused(struct netlink_source *source, const struct event_message *event);
/* The probe had no room for some of these. */
void netlink_source_answers_lost(struct netlink_source *source);
/* Tells the refusals before UNTIL (boottime). Returns when it wants to be called again, 0 = none. */
uint64_t netlink_source_refusals(struct netlink_source *source, uint64_t until);
/* Turns messages into changes. Returns the boottime at which it wants to be called again though nothing came (a message still waits for its notice),
 * 0 = none. */
uint64_t netlink_source_process(struct netlink_source *source);
/* Before the end: tells what is queued, and of losses without waiting for calmer times. */
void netlink_source_finish(struct netlink_source *source);
/* Something changed INTERFACE, and the kernel sends no message of it: it is to be looked at, and what differs told as done by ORIGIN. */
void netlink_source_look(struct netlink_source *source, const char *interface, const struct origin *origin, uint64_t cause);
/* A link came, of which SOURCE may have objects; or went, with them. */
void netlink_source_link_added(struct netlink_source *source, uint32_t index);
void netlink_source_link_removed(struct netlink_source *source, uint32_t index, const struct origin *origin, uint64_t cause);
/* Whether process PID changed the link INDEX through sysfs within the last seconds: then a write to the file that mirrors it is the same change. */
bool netlink_source_mirrored(struct netlink_source *source, uint32_t pid, const char *interface);

/* ---- sysctl ---- */
struct sysctl_source;
struct baseline;
int sysctl_source_open(const struct recording *recording, struct baseline *baseline, struct sysctl_source **ret) _must_check_;
struct sysctl_source *sysctl_source_close(struct sysctl_source *source);
void sysctl_source_event(struct sysctl_source *source, const struct event_header *event);
/* Tells what is settled of the writes before UNTIL (boottime). Returns when it wants to be called again, 0 = none. */
uint64_t sysctl_source_process(struct sysctl_source *source, uint64_t until);
/* The number of the change that thread TID's last sysctl write before BOOTTIME made; *RET_PENDING: that write is still going on or not yet told. */
uint64_t sysctl_source_cause(struct sysctl_source *source, uint32_t tid, uint64_t boottime, bool *ret_pending);

/* ---- sysfs and procfs ---- */
struct file_source;
int file_source_open(const struct recording *recording, struct baseline *baseline, struct netlink_source *route, bool with_sysctl,
		     struct file_source **ret, struct error *error) _must_check_;
struct file_source *file_source_close(struct file_source *source);
int file_source_descriptor(const struct file_source *source);
/* A write that was refused. */
void file_source_refused(struct file_source *source, const struct event_file *event);
int file_source_process(struct file_source *source);

/* ---- modules of the kernel ---- */
struct module_source;
int module_source_open(const struct recording *recording, struct module_source **ret) _must_check_;
struct module_source *module_source_close(struct module_source *source);
void module_source_event(struct module_source *source, const struct event_module *event);
/* Tells those that came or went before UNTIL (boottime). */
void module_source_process(struct module_source *source, uint64_t until);

#endif
