/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the tables of typed files are written. */
#ifndef FERRY_CHANNEL_REPORT_TABLES_H
#define FERRY_CHANNEL_REPORT_TABLES_H

#include "channel/report.h"

#define BYTES(name, help)                                         \
	{                                                         \
		name, FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, help \
	}
#define PAGES(name, help)                                                              \
	{                                                                              \
		name, FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, help, .scale = SCALE_PAGE \
	}
#define SECTORS(name, help)                                                              \
	{                                                                                \
		name, FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, help, .scale = SCALE_SECTOR \
	}
#define COUNT(name, unit, help)                             \
	{                                                   \
		name, FIELD_U64, FIELD_VOLATILE, unit, help \
	}
#define HEX_COUNT(name, unit, help)                                           \
	{                                                                     \
		name, FIELD_U64, FIELD_VOLATILE, unit, help, .form = FORM_HEX \
	}
#define MASK(name, help)                                              \
	{                                                             \
		name, FIELD_U64, FIELD_HEX, 0, help, .form = FORM_HEX \
	}
#define DECIMAL(name, digits, unit, help)                                       \
	{                                                                       \
		name, FIELD_U64, FIELD_VOLATILE, unit, help, .decimals = digits \
	}
#define MILLISECONDS(name, help)                                         \
	{                                                                \
		name, FIELD_U64, FIELD_VOLATILE, UNIT_MILLISECONDS, help \
	}
#define TICKS(name, help)                                                                               \
	{                                                                                               \
		name, FIELD_U64, FIELD_VOLATILE, UNIT_SECONDS, help, .decimals = 2, .scale = SCALE_TICK \
	}
#define SCHEMA(schema_name, schema_help, fields)                                                                      \
	{                                                                                                             \
		.name = schema_name, .help = schema_help, .attributes = fields, .attribute_count = ARRAY_SIZE(fields) \
	}

/* Files that stand both below /proc and below a process's folder. */
extern const struct layout report_mounts;

#endif
