/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel has counted for a process or a thread: netlink/TASKSTATS/task/1234/thread/stats/cpu_delay_total. Nothing else tells what it waited
 * for. Source: <linux/taskstats.h>, Documentation/accounting of the kernel. */
#include <errno.h>
#include <linux/taskstats.h>
#include <string.h>

#include "channel/generic.h"
#include "channel/words.h"

#define COUNT(member, unit, words)                                                                      \
	{                                                                                               \
#member, FIELD_U64, FIELD_VOLATILE, unit, words, HEADER_FIELD(struct taskstats, member) \
	}
#define NUMBER(name, kind, member, unit, words)                                    \
	{                                                                          \
		name, kind, 0, unit, words, HEADER_FIELD(struct taskstats, member) \
	}

NAMES(flags, true, { 1, "fork" }, { 2, "superuser" }, { 8, "core" }, { 16, "signalled" }, { 32, "group" });

static const struct field counted[] = {
	/* What is added up for a process: so many come first. */
	NUMBER("version", FIELD_U16, version, 0, "of this struct"),
	COUNT(cpu_count, 0, "times that it waited for a processor"),
	COUNT(cpu_delay_total, UNIT_NANOSECONDS, "that it waited for a processor"),
	COUNT(blkio_count, 0, "times that it waited for a device"),
	COUNT(blkio_delay_total, UNIT_NANOSECONDS, "that it waited for a device"),
	COUNT(swapin_count, 0, "times that it waited for what was swapped out"),
	COUNT(swapin_delay_total, UNIT_NANOSECONDS, "that it waited for what was swapped out"),
	COUNT(cpu_run_real_total, UNIT_NANOSECONDS, "that it ran, by the clock of its processors"),
	COUNT(cpu_run_virtual_total, UNIT_NANOSECONDS, "that it ran"),
	COUNT(ac_etime, UNIT_MICROSECONDS, "since it began"),
	COUNT(ac_utime, UNIT_MICROSECONDS, "that it ran in itself"),
	COUNT(ac_stime, UNIT_MICROSECONDS, "that it ran in the kernel"),
	COUNT(nvcsw, 0, "times that it gave way"),
	COUNT(nivcsw, 0, "times that it was made to"),
	COUNT(cpu_scaled_run_real_total, UNIT_NANOSECONDS, "as cpu_run_real_total, by the speed of the processor"),
	COUNT(freepages_count, 0, "times that it waited for memory"),
	COUNT(freepages_delay_total, UNIT_NANOSECONDS, "that it waited for memory"),
	COUNT(thrashing_count, 0, "times that it waited for pages just thrown out"),
	COUNT(thrashing_delay_total, UNIT_NANOSECONDS, "that it waited for pages just thrown out"),
	COUNT(compact_count, 0, "times that it waited for memory to be put together"),
	COUNT(compact_delay_total, UNIT_NANOSECONDS, "that it waited for memory to be put together"),
	COUNT(wpcopy_count, 0, "times that it waited for a page to be copied"),
	COUNT(wpcopy_delay_total, UNIT_NANOSECONDS, "that it waited for a page to be copied"),
	/* Of a thread alone. */
	NUMBER("exitcode", FIELD_U32, ac_exitcode, 0, "how it ended"),
	{ "flag", FIELD_U8, 0, 0, "what it did", HEADER_FIELD(struct taskstats, ac_flag), .names = &flags },
	NUMBER("nice", FIELD_U8, ac_nice, 0, "how it gives way"),
	{ "comm", FIELD_TEXT, 0, 0, "its name", HEADER_FIELD(struct taskstats, ac_comm) },
	NUMBER("sched", FIELD_U8, ac_sched, 0, "how it is scheduled"),
	NUMBER("uid", FIELD_U32, ac_uid, 0, "user"),
	NUMBER("gid", FIELD_U32, ac_gid, 0, "group"),
	NUMBER("pid", FIELD_U32, ac_pid, 0, "its number"),
	NUMBER("ppid", FIELD_U32, ac_ppid, 0, "its parent"),
	NUMBER("btime", FIELD_U32, ac_btime, UNIT_SECONDS, "when it began, since 1970"),
	COUNT(ac_minflt, UNIT_FAULTS, "without reading from a device"),
	COUNT(ac_majflt, UNIT_FAULTS, "with reading"),
	COUNT(coremem, UNIT_MEGABYTE_MICROSECONDS, "memory over time"),
	COUNT(virtmem, UNIT_MEGABYTE_MICROSECONDS, "address space over time"),
	COUNT(hiwater_rss, UNIT_KILOBYTES, "the most memory"),
	COUNT(hiwater_vm, UNIT_KILOBYTES, "the most address space"),
	COUNT(read_char, UNIT_BYTES, "read, from wherever, in whole KiB"),
	COUNT(write_char, UNIT_BYTES, "written, to wherever, in whole KiB"),
	COUNT(read_syscalls, UNIT_CALLS, "that read, in whole 1024"),
	COUNT(write_syscalls, UNIT_CALLS, "that write, in whole 1024"),
	COUNT(read_bytes, UNIT_BYTES, "read from devices, in whole KiB"),
	COUNT(write_bytes, UNIT_BYTES, "written to devices, in whole KiB"),
	COUNT(cancelled_write_bytes, UNIT_BYTES, "of these that never got there"),
	COUNT(ac_utimescaled, UNIT_MICROSECONDS, "as utime, by the speed of the processor"),
	COUNT(ac_stimescaled, UNIT_MICROSECONDS, "as stime, by the speed of the processor"),
	COUNT(ac_btime64, UNIT_SECONDS, "when it began, since 1970"),
	NUMBER("tgid", FIELD_U32, ac_tgid, 0, "the process that it is of"),
	COUNT(ac_tgetime, UNIT_MICROSECONDS, "since that began"),
	NUMBER("exe_dev", FIELD_U64, ac_exe_dev, 0, "device of its program"),
	NUMBER("exe_inode", FIELD_U64, ac_exe_inode, 0, "file of its program"),
};
static const struct schema schema_counted = {
	.name = "stats", .header_size = sizeof(struct taskstats), .header = counted, .header_count = ARRAY_SIZE(counted)
};

static const struct schema schema_process = { .name = "stats", .header_size = sizeof(struct taskstats), .header = counted, .header_count = 23 };

static const struct field thread[] = {
	[TASKSTATS_TYPE_PID] = { "pid", FIELD_U32, 0, 0, "its number" },
	[TASKSTATS_TYPE_STATS] = { "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "what was counted", .schema = &schema_counted },
};
static const struct schema schema_thread = { .name = "thread", .attributes = thread, .attribute_count = ARRAY_SIZE(thread) };

static const struct field process[] = {
	[TASKSTATS_TYPE_TGID] = { "tgid", FIELD_U32, 0, 0, "its number" },
	[TASKSTATS_TYPE_STATS] = { "stats", FIELD_RECORD, FIELD_VOLATILE, 0, "what was counted", .schema = &schema_process },
};
static const struct schema schema_whole = { .name = "process", .attributes = process, .attribute_count = ARRAY_SIZE(process) };

static const struct field task[] = {
	[TASKSTATS_TYPE_AGGR_PID] = { "thread", FIELD_RECORD, 0, 0, "a thread", .schema = &schema_thread },
	[TASKSTATS_TYPE_AGGR_TGID] = { "process", FIELD_RECORD, 0, 0, "a process: what the kernel adds up for its threads", .schema = &schema_whole },
	[TASKSTATS_TYPE_NULL] = { "pad", FIELD_PAD },
};
static const struct schema schema_task = {
	.name = "task", .help = "what was counted for a process or thread", .attributes = task, .attribute_count = ARRAY_SIZE(task)
};

/* "1234": the thread, which is also the first of the process; "1234,process". */
static int ask(const char *row, size_t length, struct buffer *request)
{
	static const char whole[] = ",process";
	const size_t digits = strspn(row, "0123456789");
	const bool of_process = length == digits + sizeof(whole) - 1 && strncmp(row + digits, whole, sizeof(whole) - 1) == 0;
	uint64_t number;
	uint32_t id;

	if ((!of_process && length != digits) || words_parse(NULL, row, digits, &number) < 0 || number > INT32_MAX)
		return -EINVAL;
	id = (uint32_t)number;
	attribute_add(request, of_process ? TASKSTATS_CMD_ATTR_TGID : TASKSTATS_CMD_ATTR_PID, &id, sizeof(id));
	return 0;
}

const struct operation operation_taskstats_task = { .family = TASKSTATS_GENL_NAME,
						    .name = "task",
						    .command = TASKSTATS_CMD_GET,
						    .help = "what was counted for a process or thread",
						    .schema = &schema_task,
						    .ask = ask,
						    .form = "a thread by its number, such as 1234, or a process, 1234,process" };
