/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Crossings as files of other programs: netlink messages as pcapng, for Wireshark; what takes time in the Chrome trace format, for Perfetto. Sources:
 * the pcapng draft of the IETF (draft-ietf-opsawg-pcapng), LINKTYPE_NETLINK of tcpdump.org, the "Trace Event Format" of the Chromium project. */
#ifndef FERRY_SHOW_CAPTURE_H
#define FERRY_SHOW_CAPTURE_H

#include "ferry.h"
#include "show/output.h"

enum capture_format { CAPTURE_PCAPNG, CAPTURE_CHROME };

struct capture {
	struct output output;
	enum capture_format format;
	bool begun;           /* something stands in it already */
	uint32_t named[1024]; /* tasks whose name was told last, by the low bits of their number */
	uint64_t name_hash[1024];
	struct buffer block;
};

/* The format of a file NAME by its ending; -EINVAL where it has none of the two. */
int capture_format_of(const char *name, enum capture_format *ret);
/* Writes to DESCRIPTOR, which stays the caller's. */
void capture_begin(struct capture *capture, int descriptor, enum capture_format format);
/* Whether it could be written. */
bool capture_add(struct capture *capture, const struct ferry_crossing *crossing);
/* 0, or the negative errno of the first write that failed. */
int capture_end(struct capture *capture);

#endif
