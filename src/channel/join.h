/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joins the messages of our multicast socket with the notices that the probe made of them.
 *
 * A notice is made just before its message is queued, by whoever makes the kernel send it. So there is one for each message, nearly always in the
 * same order; but two processors that notify at once can pass each other, a notice can be lost, and there is one also for a message that found no
 * room. So a message is joined by its own header and content; order decides only between messages that are the same to the byte. */
#ifndef FERRY_CHANNEL_JOIN_H
#define FERRY_CHANNEL_JOIN_H

#include <linux/netlink.h>

#include "bpf/event.h"
#include "base/cleanup.h"

#include <stdbool.h>

struct join {
	struct event_notice *notices; /* ring of SIZE (a power of two) */
	uint32_t size, head, count;
	uint64_t orphans; /* notices that no message ever claimed */
};

enum join_result {
	JOIN_FOUND,
	JOIN_WAIT,    /* its notice may still come */
	JOIN_UNKNOWN, /* it was lost */
};

/* -ENOMEM: the notice is not kept (its message will be JOIN_UNKNOWN). */
int join_add(struct join *join, const struct event_notice *notice) _must_check_;
/* The notice of MESSAGE, the first in a datagram of LENGTH bytes, taken out. PATIENT: it may still come. LOSSY: messages were dropped, so that of two
 * programs that did the same to the byte it is not known whose message this is. */
enum join_result join_message(struct join *join, const struct nlmsghdr *message, uint32_t length, bool patient, bool lossy, struct event_notice *ret);
/* The oldest COUNT notices belong to no message. */
void join_forget(struct join *join, uint32_t count);
void join_done(struct join *join);

#endif
