/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of what was counted: their schemas, filled field by field in the order in which they stand. */
#ifndef FERRY_CROSSING_STAT_SCHEMA_H
#define FERRY_CROSSING_STAT_SCHEMA_H

#include "model/schema.h"

extern const struct schema stat_trigger_schema, stat_class_schema, stat_call_schema, stat_error_schema, stat_fault_schema, stat_exception_schema,
	stat_interrupt_schema, stat_operation_schema, stat_switches_schema, stat_memory_schema, stat_path_schema, stat_site_schema, stat_lost_schema;

#endif
