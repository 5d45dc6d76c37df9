/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls by number and by name, and what kind of work each does: syscalls.def. */
#ifndef FERRY_CROSSING_SYSCALLS_H
#define FERRY_CROSSING_SYSCALLS_H

#include <stdbool.h>

#include "ferry.h"

/* Whose numbers. */
enum call_table {
	CALLS_X86_64,
	CALLS_GENERIC, /* arm64, riscv64 and all that came later */
	CALLS_I386,    /* 32-bit programs on x86 */
	CALL_TABLE_COUNT,
#if defined(__x86_64__)
	CALLS_NATIVE = CALLS_X86_64,
#else
	CALLS_NATIVE = CALLS_GENERIC,
#endif
};

#define CALL_NUMBER_MAXIMUM 512 /* every number is below it */

struct system_call {
	char name[30]; /* "openat": in it, as nothing of the table is relocated then */
	enum ferry_call_class class;
	short numbers[CALL_TABLE_COUNT]; /* -1: that table has none */
};

/* NULL where the table has no such number. */
const struct system_call *system_call_find(enum call_table table, unsigned int number);
/* NULL where no table has a call of that name. */
const struct system_call *system_call_named(const char *name);
/* All of them, one after the other, from INDEX 0 on; NULL at the end. */
const struct system_call *system_call_at(unsigned int index);
/* What a 32-bit program's calls are counted by, false where this machine has no such table. */
bool system_call_compat(enum call_table *ret_table);

/* "file", ...; NULL for other numbers. */
const char *system_call_class_name(enum ferry_call_class call_class);

#endif
