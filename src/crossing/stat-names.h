/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the numbers that are counted by are called. A name that must be made stands in ARENA; "?" where memory ran out. */
#ifndef FERRY_CROSSING_STAT_NAMES_H
#define FERRY_CROSSING_STAT_NAMES_H

#include "base/arena.h"
#include "bpf/stat.h"
#include "crossing/syscalls.h"

const char *stat_region_name(unsigned int region);
/* "openat"; "call 999" where CALL is NULL. */
const char *stat_call_name(struct arena *arena, const struct system_call *call, unsigned int number);
/* "ENOENT"; the kernel's own, which ask for the call to be made again, by their names too. */
const char *stat_error_name(struct arena *arena, unsigned int number);
/* "SIGSEGV" */
const char *stat_signal_name(struct arena *arena, int number);
/* "SEGV_MAPERR" */
const char *stat_signal_code(struct arena *arena, int number, int code);
/* FOUND: the name that the kernel gave, "" for none. */
const char *stat_interrupt_name(struct arena *arena, unsigned int kind, unsigned int number, const char *found);
/* Of an operation of io_uring, as <linux/io_uring.h> has it: "READV". */
const char *stat_operation_name(struct arena *arena, unsigned int number);
const char *stat_site_kind(unsigned int kind);
/* "openat", "heap minor", "mmap" */
const char *stat_site_name(struct arena *arena, unsigned int kind, unsigned int number);

#endif
