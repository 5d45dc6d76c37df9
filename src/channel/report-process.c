/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The typed files of a process or thread. Source: Documentation/filesystems/proc.rst, proc_pid_stat(5) and its neighbours, fs/proc/array.c. */
#include <stdint.h>

#include "channel/report-tables.h"

static const struct field word = { "", FIELD_TEXT };
static const struct field number = { "", FIELD_U64 };

static const struct field stat_fields[] = {
	{ "pid", FIELD_U32, .help = "its number" },
	{ "comm", FIELD_TEXT, .help = "its name", .form = FORM_PARENTHESES },
	{ "state", FIELD_TEXT, FIELD_VOLATILE, .help = "R runs, S sleeps, D waits for a disk, T is stopped, t is traced, Z has ended, I idles" },
	{ "ppid", FIELD_S32, .help = "the parent's number" },
	{ "pgrp", FIELD_S32, .help = "the process group" },
	{ "session", FIELD_S32 },
	{ "tty_nr", FIELD_S32, .help = "the terminal's device number" },
	{ "tpgid", FIELD_S32, .help = "the process group in the terminal's foreground" },
	{ "flags", FIELD_U32, FIELD_HEX | FIELD_VOLATILE, .help = "PF_... of the kernel" },
	COUNT("minflt", 0, "page faults without a disk"),
	COUNT("cminflt", 0, "of children that were waited for"),
	COUNT("majflt", 0, "page faults that waited for a disk"),
	COUNT("cmajflt", 0, "of children that were waited for"),
	TICKS("utime", "in the program"),
	TICKS("stime", "in the kernel"),
	TICKS("cutime", "in the program, of children that were waited for"),
	TICKS("cstime", "in the kernel, of children that were waited for"),
	{ "priority", FIELD_S32, .help = "20 + nice; real-time: - 1 - priority" },
	{ "nice", FIELD_S32, .help = "-20 (first) to 19 (last)" },
	COUNT("num_threads", 0, "threads"),
	{}, /* always 0 */
	{ "starttime", FIELD_U64, 0, UNIT_SECONDS, "when it began, since the machine's start", .decimals = 2, .scale = SCALE_TICK },
	BYTES("vsize", "address space"),
	PAGES("rss", "memory, as far as it is counted: PID/status has it exactly"),
	{ "rsslim", FIELD_U64, 0, UNIT_BYTES, "the limit of that" },
	MASK("startcode", "where the program lies"),
	MASK("endcode", NULL),
	MASK("startstack", NULL),
	MASK("kstkesp", "stack pointer"),
	MASK("kstkeip", "instruction pointer"),
	COUNT("signal", 0, "signals that wait; PID/status has them all"),
	COUNT("blocked", 0, "signals that are held back"),
	COUNT("sigignore", 0, "signals that are ignored"),
	COUNT("sigcatch", 0, "signals that are caught"),
	{ "wchan", FIELD_U64, FIELD_VOLATILE, .help = "whether it waits in the kernel" },
	{}, /* always 0 */
	{}, /* always 0 */
	{ "exit_signal", FIELD_S32, .help = "what the parent gets at its end" },
	{ "processor", FIELD_S32, FIELD_VOLATILE, .help = "where it ran last" },
	{ "rt_priority", FIELD_U32, .help = "real-time priority" },
	{ "policy", FIELD_U32, .help = "SCHED_... of the kernel" },
	TICKS("delayacct_blkio", "waiting for a disk"),
	TICKS("guest_time", "running guests"),
	TICKS("cguest_time", "running guests, of children that were waited for"),
	MASK("start_data", NULL),
	MASK("end_data", NULL),
	MASK("start_brk", NULL),
	MASK("arg_start", NULL),
	MASK("arg_end", NULL),
	MASK("env_start", NULL),
	MASK("env_end", NULL),
	{ "exit_code", FIELD_S32, .help = "as wait(2) gives it" },
};
static const struct schema stat_schema = SCHEMA("PID/stat", "counters and state of a process", stat_fields);
static const struct layout stat = { LAYOUT_LINE, .schema = &stat_schema };

static const struct field identity_fields[] = {
	{ "real", FIELD_U32 },
	{ "effective", FIELD_U32 },
	{ "saved", FIELD_U32 },
	{ "filesystem", FIELD_U32 },
};
static const struct schema identity_schema = SCHEMA("identity", "as whom it acts", identity_fields);
static const struct field status_fields[] = {
	{ "Name", FIELD_TEXT, .help = "its name", .form = FORM_ESCAPED },
	{ "Umask", FIELD_TEXT, .help = "permissions that new files do not get, in octal" },
	{ "State", FIELD_TEXT, FIELD_VOLATILE },
	{ "Tgid", FIELD_U32, .help = "the process's number" },
	{ "Ngid", FIELD_U32, .help = "NUMA group" },
	{ "Pid", FIELD_U32, .help = "the thread's number" },
	{ "PPid", FIELD_U32, .help = "the parent's number" },
	{ "TracerPid", FIELD_U32, .help = "who traces it" },
	{ "Uid", FIELD_RECORD, .help = "user", .schema = &identity_schema },
	{ "Gid", FIELD_RECORD, .help = "group", .schema = &identity_schema },
	{ "FDSize", FIELD_U32, .help = "room for open files" },
	{ "Groups", FIELD_LIST, .help = "further groups", .element = &number },
	{ "NStgid", FIELD_LIST, .help = "its numbers in pid namespaces, the outermost first", .element = &number },
	{ "NSpid", FIELD_LIST, .help = "the thread's numbers there", .element = &number },
	{ "NSpgid", FIELD_LIST, .help = "the process group's numbers there", .element = &number },
	{ "NSsid", FIELD_LIST, .help = "the session's numbers there", .element = &number },
	{ "Kthread", FIELD_U8, .help = "a thread of the kernel" },
	BYTES("VmPeak", "the most address space it had"),
	BYTES("VmSize", "address space"),
	BYTES("VmLck", "locked"),
	BYTES("VmPin", "pinned"),
	BYTES("VmHWM", "the most memory it had"),
	BYTES("VmRSS", "memory"),
	BYTES("RssAnon", "of that: of no file"),
	BYTES("RssFile", "of that: of files"),
	BYTES("RssShmem", "of that: shared memory"),
	BYTES("VmData", "private data"),
	BYTES("VmStk", "stack"),
	BYTES("VmExe", "program"),
	BYTES("VmLib", "libraries"),
	BYTES("VmPTE", "page tables"),
	BYTES("VmSwap", "swapped out"),
	BYTES("HugetlbPages", "huge pages"),
	{ "CoreDumping", FIELD_U8 },
	{ "THP_enabled", FIELD_U8 },
	{ "untag_mask", FIELD_TEXT },
	{ "Threads", FIELD_U32, FIELD_VOLATILE },
	{ "SigQ", FIELD_TEXT, FIELD_VOLATILE, .help = "signals queued for the user / the most" },
	MASK("SigPnd", "signals that wait for the thread"),
	MASK("ShdPnd", "signals that wait for the process"),
	MASK("SigBlk", "signals that are held back"),
	MASK("SigIgn", "signals that are ignored"),
	MASK("SigCgt", "signals that are caught"),
	MASK("CapInh", "capabilities: inheritable"),
	MASK("CapPrm", "capabilities: permitted"),
	MASK("CapEff", "capabilities: effective"),
	MASK("CapBnd", "capabilities: bounding set"),
	MASK("CapAmb", "capabilities: ambient"),
	{ "NoNewPrivs", FIELD_U8 },
	{ "Seccomp", FIELD_U8, .help = "0 none, 1 strict, 2 filter" },
	{ "Seccomp_filters", FIELD_U32 },
	{ "Speculation_Store_Bypass", FIELD_TEXT },
	{ "SpeculationIndirectBranch", FIELD_TEXT },
	{ "Cpus_allowed", FIELD_TEXT, .help = "processors that it may run on, as a mask" },
	{ "Cpus_allowed_list", FIELD_TEXT, .help = "processors that it may run on" },
	{ "Mems_allowed", FIELD_TEXT, .help = "memory nodes that it may use, as a mask" },
	{ "Mems_allowed_list", FIELD_TEXT, .help = "memory nodes that it may use" },
	COUNT("voluntary_ctxt_switches", 0, "how often it gave the processor up"),
	COUNT("nonvoluntary_ctxt_switches", 0, "how often the processor was taken from it"),
	{ "x86_Thread_features", FIELD_TEXT },
	{ "x86_Thread_features_locked", FIELD_TEXT },
};
static const struct schema status_schema = SCHEMA("PID/status", "who and what a process is", status_fields);
static const struct layout status = { LAYOUT_NAMES, .schema = &status_schema };

static const struct field statm_fields[] = {
	PAGES("size", "address space"), PAGES("resident", "memory"), PAGES("shared", "of that: of files and shared memory"),
	PAGES("text", "program"),       PAGES("lib", "always 0"),    PAGES("data", "data and stack"),
	PAGES("dirty", "always 0"),
};
static const struct schema statm_schema = SCHEMA("PID/statm", "memory of a process", statm_fields);
static const struct layout statm = { LAYOUT_LINE, .schema = &statm_schema };

static const struct field io_fields[] = {
	BYTES("rchar", "read, from wherever"),
	BYTES("wchar", "written, to wherever"),
	COUNT("syscr", 0, "system calls that read"),
	COUNT("syscw", 0, "system calls that wrote"),
	BYTES("read_bytes", "read from disks"),
	BYTES("write_bytes", "caused to be written to disks"),
	BYTES("cancelled_write_bytes", "of that: not written after all"),
};
static const struct schema io_schema = SCHEMA("PID/io", "what a process read and wrote", io_fields);
static const struct layout io = { LAYOUT_NAMES, .schema = &io_schema };

NAMES(no_limit, false, { UINT64_MAX, "unlimited" });
static const struct field limits_fields[] = {
	{ "limit", FIELD_TEXT, FIELD_KEY, .help = "its name" },
	{ "soft", FIELD_U64, .help = "what holds now", .names = &no_limit },
	{ "hard", FIELD_U64, .help = "what the process may raise it to", .names = &no_limit },
	{ "unit", FIELD_TEXT, .help = "what the two are counted in" },
};
static const struct schema limits_schema = SCHEMA("PID/limits", "a limit of a process", limits_fields);
static const struct layout limits = { LAYOUT_ROWS, LAYOUT_WIDE, .schema = &limits_schema, .headings = "Limit" };

static const struct field cgroup_fields[] = {
	{ "hierarchy", FIELD_U32, FIELD_KEY, .help = "its number; 0 is cgroup 2" },
	{ "controllers", FIELD_TEXT, .help = "what it controls" },
	{ "path", FIELD_TEXT, .help = "the group, as this cgroup namespace sees it", .form = FORM_REST },
};
static const struct schema cgroup_schema = SCHEMA("PID/cgroup", "a control group of a process", cgroup_fields);
static const struct layout cgroup = { LAYOUT_ROWS, LAYOUT_EXACT, .schema = &cgroup_schema, .separators = ":" };

static const struct field maps_fields[] = {
	{ "range", FIELD_TEXT, FIELD_KEY, .help = "first address and the one behind the last" },
	{ "permissions", FIELD_TEXT, .help = "r read, w write, x execute, s shared or p private" },
	MASK("offset", "where in the file it begins"),
	{ "device", FIELD_TEXT, .help = "major:minor" },
	{ "inode", FIELD_U64 },
	{ "path", FIELD_TEXT, .help = "the file, or what the kernel calls it", .form = FORM_REST },
};
static const struct schema maps_schema = SCHEMA("PID/maps", "a mapping of a process", maps_fields);
static const struct layout maps = { LAYOUT_ROWS, .schema = &maps_schema };

static const struct field rollup_fields[] = {
	BYTES("Rss", "memory"),
	BYTES("Pss", "memory, each shared page counted by its share"),
	BYTES("Pss_Dirty", "of Pss: changed"),
	BYTES("Pss_Anon", "of Pss: of no file"),
	BYTES("Pss_File", "of Pss: of files"),
	BYTES("Pss_Shmem", "of Pss: shared memory"),
	BYTES("Shared_Clean", "shared, as in the file"),
	BYTES("Shared_Dirty", "shared, changed"),
	BYTES("Private_Clean", "its own, as in the file"),
	BYTES("Private_Dirty", "its own, changed"),
	BYTES("Referenced", "used recently"),
	BYTES("Anonymous", "of no file"),
	BYTES("KSM", "merged with others of the same content"),
	BYTES("LazyFree", "may be taken when memory is short"),
	BYTES("AnonHugePages", "huge pages of no file"),
	BYTES("ShmemPmdMapped", "huge pages of shared memory"),
	BYTES("FilePmdMapped", "huge pages of files"),
	BYTES("Shared_Hugetlb", "huge pages set aside, shared"),
	BYTES("Private_Hugetlb", "huge pages set aside, its own"),
	BYTES("Swap", "swapped out"),
	BYTES("SwapPss", "swapped out, each shared page counted by its share"),
	BYTES("Locked", "locked"),
};
static const struct schema rollup_schema = SCHEMA("PID/smaps_rollup", "memory of a process, exactly", rollup_fields);
static const struct layout rollup = { LAYOUT_NAMES, .schema = &rollup_schema };

static const struct field mountinfo_fields[] = {
	{ "id", FIELD_U32, FIELD_KEY, .help = "its number" },
	{ "parent", FIELD_U32, .help = "the mount that it stands on" },
	{ "device", FIELD_TEXT, .help = "major:minor" },
	{ "root", FIELD_TEXT, .help = "what of the file system is mounted", .form = FORM_ESCAPED },
	{ "mount_point", FIELD_TEXT, .help = "where it stands", .form = FORM_ESCAPED },
	{ "options", FIELD_TEXT, .help = "of this mount", .form = FORM_ESCAPED },
	{ "propagation", FIELD_LIST, .help = "shared:N, master:N, ...: with which mounts it goes together", .element = &word, .form = FORM_DASH },
	{ "type", FIELD_TEXT, .help = "kind of file system", .form = FORM_ESCAPED },
	{ "source", FIELD_TEXT, .help = "device, or what the file system calls itself", .form = FORM_ESCAPED },
	{ "super_options", FIELD_TEXT, .help = "of the file system", .form = FORM_ESCAPED },
};
static const struct schema mountinfo_schema = SCHEMA("PID/mountinfo", "a mount", mountinfo_fields);
static const struct layout mountinfo = { LAYOUT_ROWS, .schema = &mountinfo_schema };

static const struct field fdinfo_fields[] = {
	{ "pos", FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, "where the next read or write is" },
	{ "flags", FIELD_U64, FIELD_HEX, .help = "O_... of open(2)", .form = FORM_OCTAL },
	{ "mnt_id", FIELD_U32, .help = "the mount, as in PID/mountinfo" },
	{ "ino", FIELD_U64, .help = "inode number" },
};
static const struct schema fdinfo_schema = SCHEMA("PID/fdinfo", "the state of an open file", fdinfo_fields);
static const struct layout fdinfo = { LAYOUT_NAMES, .schema = &fdinfo_schema };

static const struct layout strings = { LAYOUT_STRINGS };

const struct report reports_process[] = {
	{ "cgroup", &cgroup },
	{ "cmdline", &strings, STEADY_ALL },
	{ "environ", &strings, STEADY_ALL },
	{ "fd/*", NULL },
	{ "fdinfo/*", &fdinfo },
	{ "io", &io },
	{ "limits", &limits },
	{ "maps", &maps, STEADY_ALL },
	{ "mountinfo", &mountinfo, STEADY_ALL },
	{ "mounts", &report_mounts, STEADY_ALL },
	{ "ns/*", NULL },
	{ "smaps_rollup", &rollup },
	{ "stat", &stat },
	{ "statm", &statm },
	{ "status", &status },
	{},
};
