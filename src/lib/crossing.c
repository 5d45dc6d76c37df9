/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/syscalls.h"

const char *ferry_call_class_name(enum ferry_call_class call_class)
{
	return system_call_class_name(call_class);
}

int ferry_calls(struct ferry *ferry, ferry_call_function *function, void *data)
{
	(void)ferry;
	for (unsigned int number = 0; number < CALL_NUMBER_MAXIMUM; number++) {
		const struct system_call *row = system_call_find(CALLS_NATIVE, number);
		const struct ferry_call call = { .name = row ? row->name : NULL, .number = number, .call_class = row ? row->class : 0 };
		int r = row ? function(data, &call) : 0;

		if (r)
			return r;
	}
	return 0;
}
