/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the sysctl files say: `ferry get --configured`, `ferry apply --configured`. */
#ifndef FERRY_CMD_CONFIGURED_H
#define FERRY_CMD_CONFIGURED_H

#include "cmd/command.h"

/* Works out what the files come to for the command's arguments (all keys where there are none), as the program called NAME ("systemd", "procps";
 * NULL: what runs at boot) would have it, and says as which one. RUNNING: compared with what runs. NULL where that fails, with its words printed. */
struct ferry_configured *configured_open(struct program *program, const char *name, bool running);
/* Says what was not read and which lines mean nothing, and sets the status. */
void configured_tell(struct program *program, const struct ferry_configured *configured);
/* Prints every key. BARE: the values only. */
int configured_print(struct program *program, const char *name, bool bare);

/* `ferry apply --configured`: shows the plan and, unless it is DRY_RUN, carries it out and tells what did not come as planned. YES: also actions and
 * what cannot be taken back. */
int configured_apply(struct program *program, const char *name, bool dry_run, bool yes);

/* Appends "NAME":TEXT, null where TEXT is NULL. */
void configured_member(struct buffer *line, const char *name, const char *text);

static inline void cleanup_configured(struct ferry_configured **configured)
{
	ferry_configured_free(*configured);
}
#define _cleanup_configured_ _cleanup_(cleanup_configured)

#endif
