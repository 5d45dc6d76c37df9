/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's own typed files: memory, processors, disks, mounts, interrupts. Source: Documentation/filesystems/proc.rst, proc(5),
 * Documentation/admin-guide/iostats.rst, Documentation/accounting/psi.rst. */
#include "channel/report-tables.h"

/* ---- A line a field ---- */

static const struct field counter = { "", FIELD_U64, FIELD_VOLATILE };

static const struct field meminfo_fields[] = {
	BYTES("MemTotal", "memory that the kernel can use"),
	BYTES("MemFree", "memory that nobody uses"),
	BYTES("MemAvailable", "what programs could get without swapping, as the kernel estimates it"),
	BYTES("Buffers", "cached blocks of disks"),
	BYTES("Cached", "cached files, shared memory included"),
	BYTES("SwapCached", "swapped in, and still on the swap device too"),
	BYTES("Active", "used recently"),
	BYTES("Inactive", "not used recently: reclaimed first"),
	BYTES("Active(anon)", "used recently, of no file"),
	BYTES("Inactive(anon)", "not used recently, of no file"),
	BYTES("Active(file)", "used recently, of files"),
	BYTES("Inactive(file)", "not used recently, of files"),
	BYTES("Unevictable", "cannot be reclaimed"),
	BYTES("Mlocked", "locked by programs"),
	BYTES("SwapTotal", "swap space"),
	BYTES("SwapFree", "swap space that nobody uses"),
	BYTES("Zswap", "compressed swap in memory: what it takes up"),
	BYTES("Zswapped", "compressed swap in memory: what it holds"),
	BYTES("Dirty", "waits to be written to disk"),
	BYTES("Writeback", "is being written to disk"),
	BYTES("AnonPages", "of no file, mapped by programs"),
	BYTES("Mapped", "of files, mapped by programs"),
	BYTES("Shmem", "shared memory and tmpfs"),
	BYTES("KReclaimable", "the kernel's own, given back under pressure"),
	BYTES("Slab", "the kernel's own small objects"),
	BYTES("SReclaimable", "of Slab, given back under pressure"),
	BYTES("SUnreclaim", "of Slab, kept"),
	BYTES("KernelStack", "stacks of the kernel"),
	BYTES("PageTables", "page tables of programs"),
	BYTES("SecPageTables", "page tables of guests and devices"),
	BYTES("NFS_Unstable", "always 0"),
	BYTES("Bounce", "buffers for devices that cannot reach all memory"),
	BYTES("WritebackTmp", "buffers of FUSE"),
	BYTES("CommitLimit", "the most that may be promised, where overcommit is off"),
	BYTES("Committed_AS", "promised to programs"),
	BYTES("VmallocTotal", "address space for vmalloc()"),
	BYTES("VmallocUsed", "of that in use"),
	BYTES("VmallocChunk", "always 0"),
	BYTES("Percpu", "memory of each processor's own variables"),
	BYTES("HardwareCorrupted", "failed, and taken out of use"),
	BYTES("AnonHugePages", "huge pages of no file"),
	BYTES("ShmemHugePages", "huge pages of shared memory"),
	BYTES("ShmemPmdMapped", "huge pages of shared memory, mapped as such"),
	BYTES("FileHugePages", "huge pages of files"),
	BYTES("FilePmdMapped", "huge pages of files, mapped as such"),
	BYTES("CmaTotal", "memory kept for devices that need it in one piece"),
	BYTES("CmaFree", "of that not in use"),
	BYTES("Unaccepted", "a guest's memory that its host has not been asked for yet"),
	BYTES("Balloon", "given back to the host"),
	COUNT("HugePages_Total", UNIT_PAGES, "huge pages set aside"),
	COUNT("HugePages_Free", UNIT_PAGES, "of those not in use"),
	COUNT("HugePages_Rsvd", UNIT_PAGES, "promised and not in use yet"),
	COUNT("HugePages_Surp", UNIT_PAGES, "beyond what was set aside"),
	{ "Hugepagesize", FIELD_U64, 0, UNIT_BYTES, "size of a huge page" },
	BYTES("Hugetlb", "huge pages of all sizes"),
	BYTES("DirectMap4k", "the kernel's map of memory in pages of 4 KiB"),
	BYTES("DirectMap2M", "in pages of 2 MiB"),
	BYTES("DirectMap4M", "in pages of 4 MiB"),
	BYTES("DirectMap1G", "in pages of 1 GiB"),
};
static const struct schema meminfo_schema = SCHEMA("meminfo", "memory in use", meminfo_fields);
static const struct layout meminfo = { LAYOUT_NAMES, .schema = &meminfo_schema, .other = &counter };

static const struct field vmstat_fields[] = {};
static const struct schema vmstat_schema = SCHEMA("vmstat", "counters of the memory management, in pages or events", vmstat_fields);
static const struct layout vmstat = { LAYOUT_NAMES, .schema = &vmstat_schema, .separators = " ", .other = &counter };

static const struct field time_fields[] = {
	TICKS("user", "in programs"),
	TICKS("nice", "in programs of low priority"),
	TICKS("system", "in the kernel"),
	TICKS("idle", "idle"),
	TICKS("iowait", "idle while a disk was waited for"),
	TICKS("irq", "serving interrupts"),
	TICKS("softirq", "serving softirqs"),
	TICKS("steal", "taken by the host"),
	TICKS("guest", "running guests; counted in user too"),
	TICKS("guest_nice", "running guests of low priority; counted in nice too"),
};
static const struct schema time_schema = SCHEMA("time", "where a processor's time went", time_fields);
static const struct field stat_fields[] = {
	{ "cpu", FIELD_RECORD, FIELD_VOLATILE, .help = "all processors together", .schema = &time_schema },
	{ "cpu*", FIELD_RECORD, FIELD_VOLATILE, .help = "one processor", .schema = &time_schema },
	{ "intr", FIELD_LIST, FIELD_VOLATILE, .help = "interrupts: all together, then each number", .element = &counter },
	COUNT("ctxt", 0, "context switches"),
	{ "btime", FIELD_U64, 0, UNIT_SECONDS, "when the machine started, since 1970" },
	COUNT("processes", 0, "processes and threads that were started"),
	COUNT("procs_running", 0, "threads that run or could"),
	COUNT("procs_blocked", 0, "threads that wait for a disk"),
	{ "softirq", FIELD_LIST, FIELD_VOLATILE, .help = "softirqs: all together, then each kind", .element = &counter },
};
static const struct schema stat_schema = SCHEMA("stat", "counters since the start", stat_fields);
static const struct layout stat = { LAYOUT_NAMES, .schema = &stat_schema, .separators = " ", .other = &counter };

/* ---- One line ---- */

static const struct field loadavg_fields[] = {
	DECIMAL("load1", 2, 0, "threads that run or wait for a disk, on average of 1 minute"),
	DECIMAL("load5", 2, 0, "of 5 minutes"),
	DECIMAL("load15", 2, 0, "of 15 minutes"),
	COUNT("running", 0, "threads that run or could"),
	COUNT("threads", 0, "threads there are"),
	COUNT("last_pid", 0, "the number that was given last"),
};
static const struct schema loadavg_schema = SCHEMA("loadavg", "how busy the machine is", loadavg_fields);
static const struct layout loadavg = { LAYOUT_LINE, .schema = &loadavg_schema, .separators = " /\n" };

static const struct field uptime_fields[] = {
	DECIMAL("up", 2, UNIT_SECONDS, "since the start"),
	DECIMAL("idle", 2, UNIT_SECONDS, "that the processors were idle, all together"),
};
static const struct schema uptime_schema = SCHEMA("uptime", "since when the machine runs", uptime_fields);
static const struct layout uptime = { LAYOUT_LINE, .schema = &uptime_schema };

/* ---- Tables ---- */

static const struct field word = { "", FIELD_TEXT };
static const struct field cpuinfo_fields[] = {
	{ "processor", FIELD_U32, FIELD_KEY, .help = "its number" },
	{ "vendor_id", FIELD_TEXT },
	{ "cpu family", FIELD_U32 },
	{ "model", FIELD_U32 },
	{ "model name", FIELD_TEXT },
	{ "stepping", FIELD_U32 },
	{ "microcode", FIELD_TEXT },
	DECIMAL("cpu MHz", 3, UNIT_MEGAHERTZ, "how fast it runs now"),
	{ "cache size", FIELD_U64, 0, UNIT_BYTES, "of the last level" },
	{ "physical id", FIELD_U32, .help = "its socket" },
	{ "siblings", FIELD_U32, .help = "processors of the socket" },
	{ "core id", FIELD_U32 },
	{ "cpu cores", FIELD_U32 },
	{ "apicid", FIELD_U32 },
	{ "initial apicid", FIELD_U32 },
	{ "fpu", FIELD_TEXT },
	{ "fpu_exception", FIELD_TEXT },
	{ "cpuid level", FIELD_U32 },
	{ "wp", FIELD_TEXT },
	{ "flags", FIELD_LIST, .help = "what it can do", .element = &word },
	{ "vmx flags", FIELD_LIST, .element = &word },
	{ "bugs", FIELD_LIST, .help = "errors that the kernel works around", .element = &word },
	{ "bogomips", FIELD_U64, .decimals = 2 },
	{ "TLB size", FIELD_TEXT },
	{ "clflush size", FIELD_U32, 0, UNIT_BYTES },
	{ "cache_alignment", FIELD_U32, 0, UNIT_BYTES },
	{ "address sizes", FIELD_TEXT },
	{ "power management", FIELD_TEXT },
	{ "BogoMIPS", FIELD_U64, .decimals = 2 },
	{ "Features", FIELD_LIST, .help = "what it can do", .element = &word },
};
static const struct schema cpuinfo_schema = SCHEMA("cpuinfo", "a processor", cpuinfo_fields);
static const struct layout cpuinfo = { LAYOUT_BLOCKS, .schema = &cpuinfo_schema };

static const struct field mounts_fields[] = {
	{ "source", FIELD_TEXT, .help = "device, or what the file system calls itself", .form = FORM_ESCAPED },
	{ "mount_point", FIELD_TEXT, .help = "where it stands", .form = FORM_ESCAPED },
	{ "type", FIELD_TEXT, .help = "kind of file system", .form = FORM_ESCAPED },
	{ "options", FIELD_TEXT, .form = FORM_ESCAPED },
	{ "dump", FIELD_U32, .help = "always 0" },
	{ "pass", FIELD_U32, .help = "always 0" },
};
static const struct schema mounts_schema = SCHEMA("mounts", "a mount", mounts_fields);
const struct layout report_mounts = { LAYOUT_ROWS, LAYOUT_NUMBERED, .schema = &mounts_schema };

static const struct field diskstats_fields[] = {
	{ "major", FIELD_U32 },
	{ "minor", FIELD_U32 },
	{ "device", FIELD_TEXT, FIELD_KEY, .help = "its name" },
	COUNT("reads", 0, "reads done"),
	COUNT("reads_merged", 0, "reads that were joined with a neighbour"),
	SECTORS("read_bytes", "read"),
	MILLISECONDS("read_time", "that reads took, all together"),
	COUNT("writes", 0, "writes done"),
	COUNT("writes_merged", 0, "writes that were joined with a neighbour"),
	SECTORS("written_bytes", "written"),
	MILLISECONDS("write_time", "that writes took, all together"),
	COUNT("in_flight", 0, "under way now"),
	MILLISECONDS("busy_time", "that something was under way"),
	MILLISECONDS("queue_time", "busy_time, each request counted"),
	COUNT("discards", 0, "discards done"),
	COUNT("discards_merged", 0, "discards that were joined with a neighbour"),
	SECTORS("discarded_bytes", "discarded"),
	MILLISECONDS("discard_time", "that discards took, all together"),
	COUNT("flushes", 0, "flushes done"),
	MILLISECONDS("flush_time", "that flushes took, all together"),
};
static const struct schema diskstats_schema = SCHEMA("diskstats", "what a disk or partition did", diskstats_fields);
static const struct layout diskstats = { LAYOUT_ROWS, .schema = &diskstats_schema };

static const struct field partitions_fields[] = {
	{ "major", FIELD_U32 },
	{ "minor", FIELD_U32 },
	{ "size", FIELD_U64, 0, UNIT_BYTES, "size", .scale = SCALE_KIB },
	{ "name", FIELD_TEXT, FIELD_KEY, .help = "its name" },
};
static const struct schema partitions_schema = SCHEMA("partitions", "a disk or partition", partitions_fields);
static const struct layout partitions = { LAYOUT_ROWS, .schema = &partitions_schema, .headings = "major" };

static const struct field interrupts_fields[] = {
	{ "description", FIELD_TEXT, .help = "controller, number and trigger there, and the drivers that serve it", .form = FORM_REST },
};
static const struct schema interrupts_schema = SCHEMA("interrupts", "how often an interrupt came", interrupts_fields);
static const struct layout interrupts = { LAYOUT_MATRIX, .schema = &interrupts_schema, .other = &counter };

static const struct schema softirqs_schema = SCHEMA("softirqs", "how often a softirq was served", vmstat_fields);
static const struct layout softirqs = { LAYOUT_MATRIX, .schema = &softirqs_schema, .other = &counter };

static const struct field filesystems_fields[] = {
	{ "nodev", FIELD_BOOL, .help = "needs no device" },
	{ "type", FIELD_TEXT, FIELD_KEY, .help = "its name" },
};
static const struct schema filesystems_schema = SCHEMA("filesystems", "a kind of file system that the kernel knows", filesystems_fields);
static const struct layout filesystems = { LAYOUT_ROWS, LAYOUT_EXACT, .schema = &filesystems_schema, .separators = "\t" };

static const struct field modules_fields[] = {
	{ "name", FIELD_TEXT, FIELD_KEY, .help = "its name" },
	{ "size", FIELD_U64, 0, UNIT_BYTES, "memory that it takes" },
	{ "users", FIELD_S32, FIELD_VOLATILE, .help = "what uses it: modules, devices, open files" },
	{ "used_by", FIELD_TEXT, .help = "the modules among them, a comma behind each; - where there are none" },
	{ "state", FIELD_TEXT, .help = "Live, Loading or Unloading" },
	{ "address", FIELD_TEXT, .help = "where it lies; 0x0 to those who may not know" },
	{ "taints", FIELD_TEXT, .help = "in brackets, where it taints the kernel: P proprietary, O out of tree, E not signed, F forced" },
};
static const struct schema modules_schema = SCHEMA("modules", "a module of the kernel", modules_fields);
static const struct layout modules = { LAYOUT_ROWS, .schema = &modules_schema };

static const struct field pressure_fields[] = {
	DECIMAL("avg10", 2, UNIT_PERCENT, "of the last 10 seconds"),
	DECIMAL("avg60", 2, UNIT_PERCENT, "of the last minute"),
	DECIMAL("avg300", 2, UNIT_PERCENT, "of the last 5 minutes"),
	COUNT("total", UNIT_MICROSECONDS, "lost since the start"),
};
static const struct schema pressure_schema = SCHEMA("pressure", "time in which some, or all, threads waited for it", pressure_fields);
static const struct layout pressure = { LAYOUT_PAIRS, .schema = &pressure_schema };

const struct report reports_machine[] = {
	{ "cpuinfo", &cpuinfo, 1 },
	{ "diskstats", &diskstats, 3 },
	{ "filesystems", &filesystems },
	{ "interrupts", &interrupts, 1 },
	{ "loadavg", &loadavg },
	{ "meminfo", &meminfo },
	{ "modules", &modules, 1 },
	{ "mounts", &report_mounts, STEADY_ALL },
	{ "partitions", &partitions, STEADY_ALL },
	{ "pressure/*", &pressure },
	{ "softirqs", &softirqs },
	{ "stat", &stat },
	{ "uptime", &uptime },
	{ "vmstat", &vmstat },
	{},
};
