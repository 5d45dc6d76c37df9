/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/crossing.h"

#include <linux/audit.h>
#include <stddef.h>

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

const char *call_name(uint32_t architecture, uint32_t number)
{
	const struct system_call *row;
	enum call_table table;

	switch (architecture) {
	case 0:
		table = CALLS_NATIVE;
		break;
	case AUDIT_ARCH_X86_64:
		table = CALLS_X86_64;
		break;
	case AUDIT_ARCH_I386:
		table = CALLS_I386;
		break;
	case AUDIT_ARCH_AARCH64:
	case AUDIT_ARCH_RISCV64:
		table = CALLS_GENERIC;
		break;
	default:
		return NULL;
	}
	row = system_call_find(table, number);
	return row ? row->name : NULL;
}
