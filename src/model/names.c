/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the public enumerations, as they stand in JSON and in the history. */
#include "ferry.h"

#include "base/cleanup.h"

#define WORD(words, number) ((unsigned int)(number) < ARRAY_SIZE(words) && (words)[number] ? (words)[number] : "unknown")

const char *ferry_type_name(enum ferry_type type)
{
	static const char *const words[] = {
		[FERRY_NULL] = "null",   [FERRY_BOOL] = "bool",       [FERRY_INT] = "int",   [FERRY_UINT] = "uint",     [FERRY_TEXT] = "text",
		[FERRY_BYTES] = "bytes", [FERRY_ADDRESS] = "address", [FERRY_LIST] = "list", [FERRY_RECORD] = "record",
	};

	return WORD(words, type);
}

const char *ferry_nature_name(enum ferry_nature nature)
{
	static const char *const words[] = {
		[FERRY_SETTING] = "setting",   [FERRY_ACTION] = "action", [FERRY_LATCH] = "latch",
		[FERRY_VOLATILE] = "volatile", [FERRY_TWIN] = "twin",     [FERRY_FANOUT] = "fan-out",
	};

	return WORD(words, nature);
}

const char *ferry_consistency_name(enum ferry_consistency consistency)
{
	static const char *const words[] = {
		[FERRY_WHOLE] = "whole",
		[FERRY_INTERRUPTED] = "interrupted",
		[FERRY_INFERRED] = "inferred",
		[FERRY_UNKNOWN] = "unknown",
	};

	return WORD(words, consistency);
}

const char *ferry_change_kind_name(enum ferry_change_kind kind)
{
	static const char *const words[] = {
		[FERRY_ADDED] = "added",
		[FERRY_REMOVED] = "removed",
		[FERRY_CHANGED] = "changed",
		[FERRY_GAP] = "gap",
	};

	return WORD(words, kind);
}

const char *ferry_door_name(enum ferry_door door)
{
	static const char *const words[] = {
		[FERRY_DOOR_UNKNOWN] = "unknown", [FERRY_DOOR_NETLINK] = "netlink", [FERRY_DOOR_IOCTL] = "ioctl",     [FERRY_DOOR_SYSFS] = "sysfs",
		[FERRY_DOOR_SYSCTL] = "sysctl",   [FERRY_DOOR_PROCFS] = "procfs",   [FERRY_DOOR_SYSCALL] = "syscall", [FERRY_DOOR_KERNEL] = "kernel",
	};

	return WORD(words, door);
}
