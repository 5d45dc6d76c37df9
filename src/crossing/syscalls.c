/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/syscalls.h"

#include <pthread.h>
#include <string.h>

#include "base/cleanup.h"

static const struct system_call calls[] = {
#define CALL(name_, class_, x86_64, generic, i386) { #name_, FERRY_CLASS_##class_, { x86_64, generic, i386 } },
#include "crossing/syscalls.def"
#undef CALL
};

/* 1 + the place in CALLS, by table and number. */
static unsigned short places[CALL_TABLE_COUNT][CALL_NUMBER_MAXIMUM];
static pthread_once_t sorted = PTHREAD_ONCE_INIT;

static void sort(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		for (int table = 0; table < CALL_TABLE_COUNT; table++)
			if (calls[i].numbers[table] >= 0)
				places[table][calls[i].numbers[table]] = (unsigned short)(i + 1);
}

const struct system_call *system_call_find(enum call_table table, unsigned int number)
{
	pthread_once(&sorted, sort);
	if (number >= CALL_NUMBER_MAXIMUM || !places[table][number])
		return NULL;
	return &calls[places[table][number] - 1];
}

const struct system_call *system_call_named(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	return NULL;
}

const struct system_call *system_call_at(unsigned int index)
{
	return index < ARRAY_SIZE(calls) ? &calls[index] : NULL;
}

bool system_call_compat(enum call_table *ret_table)
{
#if defined(__x86_64__)
	*ret_table = CALLS_I386;
	return true;
#else
	(void)ret_table;
	return false;
#endif
}

const char *system_call_class_name(enum ferry_call_class call_class)
{
	static const char *const names[FERRY_CLASS_COUNT] = {
		[FERRY_CLASS_PROCESS] = "process",
		[FERRY_CLASS_FILE] = "file",
		[FERRY_CLASS_DEVICE] = "device",
		[FERRY_CLASS_INFORMATION] = "information",
		[FERRY_CLASS_COMMUNICATION] = "communication",
	};

	return (unsigned int)call_class < ARRAY_SIZE(names) ? names[call_class] : NULL;
}
