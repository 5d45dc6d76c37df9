/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/stat-schema.h"

#include "base/cleanup.h"
#include "crossing/stat.h"

#define NUMBER(name_, unit_, help_)                                            \
	{                                                                      \
		.name = name_, .kind = FIELD_U64, .unit = unit_, .help = help_ \
	}
#define TEXT(name_, help_)                                       \
	{                                                        \
		.name = name_, .kind = FIELD_TEXT, .help = help_ \
	}
#define PART(name_, schema_, help_)                                                    \
	{                                                                              \
		.name = name_, .kind = FIELD_RECORD, .schema = &schema_, .help = help_ \
	}
#define ROWS(name_, schema_, help_)                                                                                                            \
	{                                                                                                                                      \
		.name = name_, .kind = FIELD_LIST, .element = &(const struct field){ .kind = FIELD_RECORD, .schema = &schema_ }, .help = help_ \
	}

/* What stands behind the name of everything that is timed. */
#define TIMING                                                                                                                     \
	NUMBER("count", 0, "how often"), NUMBER("time", UNIT_NANOSECONDS, "from begin to end, waiting included"),                  \
		NUMBER("waited", UNIT_NANOSECONDS, "of that, off the processor"),                                                  \
		{ .name = "share",                                                                                                 \
		  .kind = FIELD_U64,                                                                                               \
		  .unit = UNIT_PERCENT,                                                                                            \
		  .decimals = 2,                                                                                                   \
		  .help = "of the processor time of what was followed, without waiting" },                                         \
		NUMBER("mean", UNIT_NANOSECONDS, "time by count"), NUMBER("p50", UNIT_NANOSECONDS, "half of them took no longer"), \
		NUMBER("p99", UNIT_NANOSECONDS, "99 of 100 took no longer"), NUMBER("max", UNIT_NANOSECONDS, "the longest")

#define SCHEMA(name_, title_, help_)                                                                                       \
	const struct schema stat_##name_##_schema = {                                                                      \
		.name = title_, .help = help_, .attributes = name_##_fields, .attribute_count = ARRAY_SIZE(name_##_fields) \
	}

static const struct field trigger_fields[] = { TEXT("name", "system calls, exceptions, interrupts"), TIMING };
SCHEMA(trigger, "trigger", "one of the three ways into the kernel");

static const struct field class_fields[] = { TEXT("name", "process, file, device, information, communication"), NUMBER("failed", 0, "of those"),
					     TIMING };
SCHEMA(class, "class", "system calls by the work that they do");

static const struct field error_fields[] = { TEXT("name", "of the errno; those that a program does not see, as ERESTARTSYS, too"),
					     NUMBER("count", 0, "how often") };
SCHEMA(error, "error", "errors of one call or operation");

static const struct field call_fields[] = {
	TEXT("name", "of the system call"),
	TEXT("class", "see classes"),
	{ .name = "compat", .kind = FIELD_BOOL, .help = "made by a 32-bit program, or the 32-bit way" },
	NUMBER("failed", 0, "of those"),
	TIMING,
	NUMBER("bytes", UNIT_BYTES, "that the call moved, where its result tells"),
	NUMBER("idle", 0, "moved 1 to 16 bytes; of calls that wait for descriptors: had a timeout of 0 and found nothing"),
	ROWS("errors", stat_error_schema, "how it failed"),
};
SCHEMA(call, "call", "one system call");

static const struct field fault_fields[] = { TEXT("region", "heap, anonymous, file, stack; unknown: the kernel's lists were being changed"),
					     TEXT("kind", "minor: without, major: with reading from a disk"), TIMING };
SCHEMA(fault, "fault", "page faults");

static const struct field exception_fields[] = {
	TEXT("signal", "that the exception became"),
	TEXT("code", "why, as sigaction(2) names it"),
	NUMBER("count", 0, "how often"),
	{ .name = "address", .kind = FIELD_U64, .flags = FIELD_HEX, .help = "that the last one was about" },
	NUMBER("pid", 0, "of the last one"),
	NUMBER("tid", 0, "of the last one"),
};
SCHEMA(exception, "exception", "exceptions that became a signal");

static const struct field interrupt_fields[] = {
	TEXT("kind", "vector: of the processor itself; handler: of a device; softirq: work that was put off"),
	TEXT("name", "of the vector, the handler, the softirq"),
	NUMBER("number", 0, "of the interrupt line or the softirq"),
	TIMING,
	NUMBER("hits", 0, "of those, on what was followed"),
	NUMBER("hit_time", UNIT_NANOSECONDS, "that these took from it"),
};
SCHEMA(interrupt, "interrupt", "interrupts on all processors");

static const struct field operation_fields[] = {
	TEXT("name", "of the operation"),
	NUMBER("number", 0, "its opcode"),
	NUMBER("failed", 0, "of those"),
	TIMING,
	ROWS("errors", stat_error_schema, "how it failed"),
};
SCHEMA(operation, "operation", "what was asked for by io_uring, which is no system call");

static const struct field switches_fields[] = {
	NUMBER("voluntary", 0, "the task had to wait"),
	NUMBER("forced", 0, "another took the processor"),
};
SCHEMA(switches, "switches", "how often a task that is followed left the processor");

static const struct field memory_fields[] = {
	NUMBER("brk_asked", UNIT_BYTES, "by which the heap was made larger"),
	NUMBER("brk_calls", 0, "calls that did"),
	NUMBER("mmap_anonymous", UNIT_BYTES, "asked for by mmap, without a file"),
	NUMBER("mmap_anonymous_calls", 0, "calls that did"),
	NUMBER("mmap_file", UNIT_BYTES, "of files that were mapped"),
	NUMBER("mmap_file_calls", 0, "calls that did"),
	NUMBER("touched_heap", UNIT_BYTES,
	       "of the heap's pages that were touched for the first time: its minor faults; null where the kernel does not tell areas"),
	NUMBER("touched_anonymous", UNIT_BYTES, "likewise of anonymous memory"),
	NUMBER("brk_given", UNIT_BYTES, "by which the heap was made smaller"),
	NUMBER("munmap", UNIT_BYTES, "given back by munmap"),
	NUMBER("dontneed", UNIT_BYTES, "given back by madvise, MADV_DONTNEED and MADV_FREE"),
};
SCHEMA(memory, "memory", "asked for, touched, given back");

static const struct field path_fields[] = { TEXT("name", "as the program gave it"), NUMBER("count", 0, "how often it was opened") };
SCHEMA(path, "path", "files that were opened, the most often first");

static const struct field site_fields[] = {
	TEXT("kind", "call, fault, memory"),
	TEXT("name", "of the call, the region and kind of fault, the way of asking"),
	NUMBER("pid", 0, "of the process"),
	NUMBER("count", 0, "how often"),
	NUMBER("time", UNIT_NANOSECONDS, "in all"),
	NUMBER("bytes", UNIT_BYTES, "in all"),
	NUMBER("touched", UNIT_BYTES,
	       "of the memory that was asked for there: the pages touched since, for the last 64 times that the process asked"),
	{ .name = "stack",
	  .kind = FIELD_LIST,
	  .element = &(const struct field){ .kind = FIELD_TEXT },
	  .help = "who called, the innermost first; [] where the stack could not be had" },
	{ .name = "cut",
	  .kind = FIELD_BOOL,
	  .help = "the stack does not lead out of the C library, which is built without frame pointers: who called that is not known" },
};
SCHEMA(site, "site", "by call site");

static const struct field lost_fields[] = {
	NUMBER("full", 0, "entries that found no room, so that figures by path, error or site are too low"),
	NUMBER("missed", 0, "events that came while the program that counts them was running on that processor"),
	NUMBER("stacks", 0, "call sites whose stack could not be had"),
	NUMBER("mappings", 0, "mapped files that were not told, so that stacks lack names"),
};
SCHEMA(lost, "lost", "what is not in the figures");

static const struct field stat_fields[] = {
	NUMBER("elapsed", UNIT_NANOSECONDS, "that was counted"),
	NUMBER("processor", UNIT_NANOSECONDS, "time on a processor of what was followed"),
	NUMBER("user", UNIT_NANOSECONDS, "of that, in the program itself"),
	NUMBER("kernel", UNIT_NANOSECONDS, "of that, in the kernel: calls, faults and the interrupts that hit it"),
	NUMBER("kernel_threads", UNIT_NANOSECONDS, "processor time of the kernel's own threads, where the machine is followed"),
	PART("switches", stat_switches_schema, "context switches"),
	ROWS("triggers", stat_trigger_schema, "the three ways into the kernel"),
	ROWS("classes", stat_class_schema, "system calls by class"),
	ROWS("calls", stat_call_schema, "system calls by name, the most time first"),
	ROWS("faults", stat_fault_schema, "page faults by region and kind"),
	ROWS("exceptions", stat_exception_schema, "other exceptions"),
	ROWS("interrupts", stat_interrupt_schema, "interrupts, those that hit others too"),
	ROWS("operations", stat_operation_schema, "io_uring"),
	PART("memory", stat_memory_schema, "memory"),
	ROWS("opened", stat_path_schema, "the files opened most often, at most 20"),
	ROWS("sites", stat_site_schema, "call sites, the most time first"),
	{ .name = "advice", .kind = FIELD_LIST, .element = &(const struct field){ .kind = FIELD_TEXT }, .help = "what the figures suggest" },
	{ .name = "unseen", .kind = FIELD_TEXT, .help = "tracepoints that this kernel lacks; null where it has all" },
	PART("lost", stat_lost_schema, "what is not in the figures"),
};
const struct schema stat_schema = {
	.name = "stat", .help = "what crossed into the kernel", .attributes = stat_fields, .attribute_count = ARRAY_SIZE(stat_fields)
};
