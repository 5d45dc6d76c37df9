/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/syscalls.h"

const char *ferry_call_class_name(enum ferry_call_class call_class)
{
	return system_call_class_name(call_class);
}
