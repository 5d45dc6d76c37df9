/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libferry: what crosses between programs and the Linux kernel, read, recorded and undone.
 *
 * Conventions, which hold for every function unless it says otherwise:
 * - Returns 0 on success or a negative errno. The words for the last failure stand in ferry_error().
 * - Output parameters are named ret_* and are untouched on failure.
 * - Text is UTF-8 or raw bytes as the kernel gave them, NUL-terminated; escape it before a terminal sees it.
 * - Times are nanoseconds. "time" is CLOCK_REALTIME, "boottime" CLOCK_BOOTTIME.
 * - What a callback is given is valid until it returns. A callback that returns non-zero ends the walk, and the function returns that number.
 * - A struct ferry and what was made from it belong to one thread at a time. The library never prints, logs or exits, and changes no signal handler.
 * - Structs that the library fills may grow at their end in later versions: never embed them, take them by pointer.
 */
#ifndef FERRY_H
#define FERRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FERRY_API __attribute__((visibility("default")))

struct ferry;       /* one user of the library: options, sockets, caches, the last error */
struct ferry_value; /* one value, with its schema where it has one */

/* ---- The context ---- */

/* A new context, to be given back by ferry_free(). -ENOMEM. Since 0.1 */
FERRY_API int ferry_new(struct ferry **ret_ferry);
/* Takes NULL; returns NULL. Since 0.1 */
FERRY_API struct ferry *ferry_free(struct ferry *ferry);
/* The words of the last failure of this context: what was tried, what the kernel said, what to do. "" where nothing failed. Since 0.1 */
FERRY_API const char *ferry_error(const struct ferry *ferry);
/* The negative errno of the last failure, 0 where nothing failed. Since 0.1 */
FERRY_API int ferry_error_code(const struct ferry *ferry);
/* Reads the file channels (procfs, sysctl, sysfs) below DIRECTORY instead of "/": another machine's tree. Nothing is written below another root.
 * -ENOENT, -ENOTDIR. Since 0.1 */
FERRY_API int ferry_set_root(struct ferry *ferry, const char *directory);
/* Everything that is opened from now on is of the network namespace NAME: a name below /run/netns, the number of a process that is in it, or the path
 * of a namespace file. The calling thread goes into it for good, and into a mount namespace of its own where /sys is the sysfs of that namespace,
 * since /proc/sys/net follows whoever opens a file but /sys whoever mounted it; for other processes nothing changes. Recorders made before stay where
 * they are. -ENOENT no such namespace, -EINVAL no network namespace or another root is set, -EPERM without CAP_SYS_ADMIN, -EBUSY from another thread
 * than the process's first, whose /proc/net would be the first one's. After a failure everything is as before. Since 0.1 */
FERRY_API int ferry_set_netns(struct ferry *ferry, const char *name);
/* The same into a network namespace that is made for it, where there is nothing but lo, which is down; it goes with the last process in it. Where the
 * caller may not make one, it becomes root of a user namespace of its own for good, whose rights reach no further than what was made in it. Errors as
 * of ferry_set_netns(), -EPERM where no user namespace may be made either. Since 0.1 */
FERRY_API int ferry_own_netns(struct ferry *ferry);
/* "0.1.0". Since 0.1 */
FERRY_API const char *ferry_version(void);

/* A part that was built in, or that is loaded when it is needed. */
struct ferry_component {
	const char *name;    /* "BPF programs", "libbpf", "SQLite", ... */
	const char *built;   /* the version it was built with, of the BPF programs their names; never NULL */
	const char *running; /* the version that is there now; NULL where it does not say, or is not there */
	bool when_needed;    /* it is loaded when something needs it, and all else goes on without it */
	const char *missing; /* why it cannot be loaded, with what cannot be had without it; NULL where it can */
};
typedef int ferry_component_function(void *data, const struct ferry_component *component);
/* What this library was built with. Loads what is loaded when needed, to tell its version; that one is missing is no failure. Since 0.1 */
FERRY_API int ferry_components(struct ferry *ferry, ferry_component_function *function, void *data);

/* ---- Values ---- */

enum ferry_type {
	FERRY_NULL,
	FERRY_BOOL,
	FERRY_INT,
	FERRY_UINT,
	FERRY_TEXT,
	FERRY_BYTES,
	FERRY_ADDRESS,
	FERRY_LIST,
	FERRY_RECORD,
};

/* What kind of value it is. */
FERRY_API enum ferry_type ferry_value_type(const struct ferry_value *value);
/* The name of a type as help and `ls -l` print it. */
FERRY_API const char *ferry_type_name(enum ferry_type type);
/* The number of a bool, int (as two's complement) or uint; 0 for other types. Of a "decimal" (struct ferry_item) it counts hundredths, or what else
 * the text shows behind the point. */
FERRY_API uint64_t ferry_value_number(const struct ferry_value *value);
/* Items of a list, shown fields of a record; 0 for other types. */
FERRY_API unsigned int ferry_value_count(const struct ferry_value *value);
/* Item INDEX of a list or record; its name through RET_NAME (NULL for a list). Both belong to VALUE. -ENOENT past the end. */
FERRY_API int ferry_value_item(const struct ferry_value *value, unsigned int index, const struct ferry_value **ret_item, const char **ret_name);
/* As the text that `ferry get` prints, escaped for a terminal; to be freed with free(). NULL where memory ran out. */
FERRY_API char *ferry_value_text(const struct ferry_value *value);
/* As compact JSON; to be freed with free(). NULL where memory ran out. */
FERRY_API char *ferry_value_json(const struct ferry_value *value);
/* As ferry_value_text() into the SIZE bytes at RET, for who prints many: returns the length of the whole text without its NUL. Where that is not less
 * than SIZE it did not fit, and what stands at RET is no text. SIZE_MAX where memory ran out. Since 0.1 */
FERRY_API size_t ferry_value_put_text(const struct ferry_value *value, char *ret, size_t size);
/* The same as ferry_value_json(). Since 0.1 */
FERRY_API size_t ferry_value_put_json(const struct ferry_value *value, char *ret, size_t size);
/* A value from JSON text, to be given back by ferry_value_free(). -EINVAL with words. */
FERRY_API int ferry_value_parse(struct ferry *ferry, const char *json, struct ferry_value **ret_value);
FERRY_API struct ferry_value *ferry_value_free(struct ferry_value *value);

/* ---- Reading ---- */

enum ferry_item_kind {
	FERRY_ITEM_BRANCH, /* has children */
	FERRY_ITEM_LEAF,   /* one value */
	FERRY_ITEM_OBJECT, /* a record, whose fields are leaves */
};

enum ferry_nature {
	FERRY_SETTING,  /* holds what is written */
	FERRY_ACTION,   /* a write does something once (vm.drop_caches) */
	FERRY_LATCH,    /* can be set but never taken back before a reboot (kernel.modules_disabled) */
	FERRY_VOLATILE, /* another value at each read (kernel.random.uuid) */
	FERRY_TWIN,     /* one of two spellings of the same setting (vm.dirty_bytes, vm.dirty_ratio) */
	FERRY_FANOUT,   /* a write rewrites other knobs (net.ipv4.ip_forward) */
};

enum ferry_consistency {
	FERRY_WHOLE,
	FERRY_INTERRUPTED, /* the kernel said that the dump changed while it was read, or the file may be torn */
	FERRY_INFERRED,    /* found by comparing, not told by the kernel */
	FERRY_UNKNOWN,
};

struct ferry_item {
	const char *address; /* canonical */
	enum ferry_item_kind kind;
	const struct ferry_value *value; /* NULL for a branch, where none was asked for, and where reading failed */
	const char *type;                /* "int", "choice", "record", ...; NULL where not known without reading */
	const char *unit;                /* NULL for none */
	const char *help;                /* one line, or NULL */
	uint32_t mode;                   /* permission bits as stat(2) gives them; 0 where the channel has none */
	enum ferry_nature nature;
	const char *promise; /* what `watch` can promise: "live", "writes only", "sampled" */
	enum ferry_consistency consistency;
	int error;              /* negative errno of a failed read: data, not a failure of the walk */
	const char *error_text; /* its words, or NULL */
	/* Where it is known from what the value is: "table" (described by hand), "learned" (told by the running kernel, see ferry_learn()), "guessed"
	 * (by the looks of its bytes, or not known at all); NULL where nothing describes it (files without a table). */
	const char *provenance;
};

typedef int ferry_item_function(void *data, const struct ferry_item *item);

enum ferry_read_flags {
	FERRY_READ_RECURSIVE = 1 << 0, /* ferry_list(): the whole subtree */
	FERRY_READ_VALUES = 1 << 1,    /* ferry_list(): read values too */
	FERRY_READ_LEAVES = 1 << 2,    /* ferry_get(): an object's fields one by one instead of whole */
	FERRY_READ_NO_MODE = 1 << 3,   /* ferry_get(): mode and promise of files need not be told, which spares a system call a file */
};

/* The children of ADDRESS ("" or NULL: the channels), sorted by name, without reading any value unless told to. -ENOENT, -EINVAL, -EACCES. Since 0.1
 */
FERRY_API int ferry_list(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data);
/* The value at ADDRESS, or all values below it. A file that cannot be read is an item with its error; the walk goes on.
 * -ENOENT where nothing is there. Returns 1 (FERRY_INCOMPLETE) where all was delivered but some of it may be torn, or where some of it cannot be seen
 * by this user: then ferry_error() says so. Since 0.1 */
FERRY_API int ferry_get(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data);
#define FERRY_INCOMPLETE 1
/* Every field that a schema knows for what lies at ADDRESS, whether or not anything there has it now: the address of each item is its path within the
 * object ("mtu", "linkinfo/data/id"); no values. -ENOENT where no schema is known (files). Since 0.1 */
FERRY_API int ferry_fields(struct ferry *ferry, const char *address, ferry_item_function *function, void *data);
/* The canonical form of an address in any accepted spelling, to be freed with free(). -EINVAL. Since 0.1 */
FERRY_API int ferry_address(struct ferry *ferry, const char *text, char **ret_address);

/* ---- What the sysctl files say ---- */

/* The programs that load the files of /etc/sysctl.d and its like. They do not come to the same values: doc/sysctl-files.md tells where. */
enum ferry_loader {
	FERRY_LOADER_BOOT,       /* whichever runs at boot on that machine */
	FERRY_LOADER_SYSTEMD,    /* systemd-sysctl */
	FERRY_LOADER_PROCPS,     /* sysctl --system, of the version that is installed; of the newest where none is */
	FERRY_LOADER_PROCPS_OLD, /* the same of procps-ng 4.0.0 to 4.0.4: "-pattern" excludes nothing */
	FERRY_LOADER_PROCPS_NEW, /* the same since 4.0.5 */
};
/* "boot", "systemd", "procps", "procps-4.0.4", "procps-4.0.5"; NULL for other numbers. Since 0.1 */
FERRY_API const char *ferry_loader_name(enum ferry_loader loader);

/* What came of a line, for one key. */
enum ferry_fate {
	FERRY_FATE_SET,        /* it sets the key */
	FERRY_FATE_OVERRIDDEN, /* a later line sets it */
	FERRY_FATE_EXPLICIT,   /* it is a pattern, and another line names the key itself */
	FERRY_FATE_EXCLUDED,   /* a line "-key" keeps it off */
	FERRY_FATE_MASKED,     /* its file is not loaded: one of the same name in a folder that counts more is */
};
/* "set", "overridden", "explicit", "excluded", "masked". Since 0.1 */
FERRY_API const char *ferry_fate_name(enum ferry_fate fate);

struct ferry_configured_line {
	const char *file; /* as the machine knows it: the root of ferry_set_root() is not part of it */
	unsigned int line;
	const char *key;   /* as the program takes it: below /proc/sys, with slashes */
	const char *value; /* "(secret)" for keys that hold one */
	bool pattern;
	bool ignore_errors; /* "-key=value": that it cannot be set is no failure */
	enum ferry_fate fate;
	const char *by_file;  /* whom it lost to; NULL where it sets the key */
	unsigned int by_line; /* 0: to the file as a whole */
};

/* How the running value compares with the one that the files give. */
enum ferry_agreement {
	FERRY_AGREES, /* it means the same */
	FERRY_DIFFERS,
	FERRY_ABSENT,  /* the running kernel has no such key: a module is not loaded, or an interface is not there */
	FERRY_UNREAD,  /* not known: it could not be read, or reading it tells nothing */
	FERRY_NOT_SET, /* the lines for it all lost: nothing sets it */
};
/* "agrees", "differs", "absent", "unread", "not set". Since 0.1 */
FERRY_API const char *ferry_agreement_name(enum ferry_agreement agreement);

struct ferry_configured_key {
	const char *address;                              /* a pattern where it matches nothing */
	const struct ferry_configured_line *winner;       /* NULL where nothing sets it */
	const struct ferry_configured_line *const *lines; /* all that name it, in the order in which they are loaded; NULL ends them */
	unsigned int line_count;
	unsigned int order; /* among the keys, of its being written */
	enum ferry_agreement agreement;
	const char *running;                       /* what the kernel has, without its last newline; NULL where not known */
	const char *why;                           /* absent, unread: in words; else NULL */
	int error;                                 /* unread: negative errno, or 0 where it was not tried */
	bool disputed;                             /* the other program would leave another value */
	const struct ferry_configured_line *other; /* the line that sets it there; NULL where none does */
	const char *rewritten_by;                  /* a key that is written later and rewrites this one (a fan-out), or NULL */
};

struct ferry_configured_file {
	const char *path;
	const char *masked_by; /* the file of the same name that is loaded instead, or NULL */
	bool loaded;           /* by the program as which the files are read; false for a mask (a link to /dev/null) too */
	bool other_loaded;     /* by the other program */
	int error;             /* negative errno where it, or a folder, could not be read */
	const char *error_text;
};

/* A line that the program passes over. */
struct ferry_configured_note {
	const char *file;
	unsigned int line;
	const char *text; /* what is wrong */
	const char *what; /* the words that it is about, or NULL */
};

struct ferry_configured_options {
	size_t size;                  /* sizeof(struct ferry_configured_options) */
	const char *const *addresses; /* NULL-terminated, canonical: only keys at or below one of these (globs within a part); NULL = all */
	enum ferry_loader loader;
	bool running; /* compare with the running values */
};

struct ferry_configured;
typedef int ferry_configured_key_function(void *data, const struct ferry_configured_key *key);
typedef int ferry_configured_file_function(void *data, const struct ferry_configured_file *file);
typedef int ferry_configured_note_function(void *data, const struct ferry_configured_note *note);

/* Reads the sysctl files of the machine (below the root) and works out what they come to. OPTIONS NULL: all keys, as at boot, compared. That there
 * are no files is no failure; what could not be read is told by ferry_configured_files(), and makes FERRY_INCOMPLETE. To be given back by
 * ferry_configured_free(). -ENOMEM, -EINVAL. Sources: sysctl.d(5), sysctl.conf(5). Since 0.1 */
FERRY_API int ferry_configured(struct ferry *ferry, const struct ferry_configured_options *options, struct ferry_configured **ret_configured);
/* Takes NULL; returns NULL. Before ferry_free(). Since 0.1 */
FERRY_API struct ferry_configured *ferry_configured_free(struct ferry_configured *configured);
/* As which program the files were read (never FERRY_LOADER_BOOT or FERRY_LOADER_PROCPS), and through RET_WHY (may be NULL) how that was decided.
 * Since 0.1 */
FERRY_API enum ferry_loader ferry_configured_loader(const struct ferry_configured *configured, const char **ret_why);
/* The program that they were compared with. Since 0.1 */
FERRY_API enum ferry_loader ferry_configured_other(const struct ferry_configured *configured);
/* How many of the keys were found by options->addresses[INDEX]. Since 0.1 */
FERRY_API unsigned int ferry_configured_found(const struct ferry_configured *configured, unsigned int index);
/* The keys, sorted by address; BY_ORDER: those that are set, in the order in which they are written. Since 0.1 */
FERRY_API int ferry_configured_keys(struct ferry_configured *configured, bool by_order, ferry_configured_key_function *function, void *data);
enum ferry_step {
	FERRY_STEP_STANDS,    /* it has that value already: nothing is written */
	FERRY_STEP_SET,       /* planned: it will be written; else: it was, and reads back so */
	FERRY_STEP_OTHERWISE, /* it was written and taken, but reads as something else */
	FERRY_STEP_REWRITTEN, /* it was written, and a key that was written later rewrote it */
	FERRY_STEP_ABSENT,    /* the running kernel has no such key */
	FERRY_STEP_HELD,      /* an action, or what cannot be taken back before a reboot: needs FERRY_CONFIGURED_YES */
	FERRY_STEP_REFUSED,   /* by a check before the write, or by the kernel */
};
/* "stands", "set", "otherwise", "rewritten", "absent", "held", "refused". Since 0.1 */
FERRY_API const char *ferry_step_name(enum ferry_step step);

struct ferry_configured_step {
	const struct ferry_configured_key *key;
	bool planned; /* of the plan; false: what came of it */
	enum ferry_step step;
	const char *before, *after; /* JSON; NULL where not known */
	int error;                  /* held, refused: negative errno */
	const char *error_text;     /* absent, held, refused: in words */
	bool forgiven;              /* its line says that it is no failure ("-key=value") */
};
typedef int ferry_configured_step_function(void *data, const struct ferry_configured_step *step);

enum ferry_configured_flags {
	FERRY_CONFIGURED_DRY_RUN = 1 << 0, /* the plan only */
	FERRY_CONFIGURED_YES = 1 << 1,     /* also actions, and what cannot be taken back before a reboot */
};
/* Sets what the files say, in their order: what the program that loads them does. First every key is checked and told as planned; then those that do
 * not stand already are written, each once, read back and told again. What is absent is passed over, and what is refused keeps nothing else from
 * being set, as both programs have it. FUNCTION may be NULL; where it returns non-zero while the plan is told, nothing is written. Returns
 * FERRY_INCOMPLETE where something was held or reads otherwise, or a file was not read; the negative errno of the first refusal that its line does
 * not forgive; -EROFS below another root. Since 0.1 */
FERRY_API int ferry_configured_apply(struct ferry_configured *configured, unsigned int flags, ferry_configured_step_function *function, void *data);
/* The files, in the order in which they are loaded. Since 0.1 */
FERRY_API int ferry_configured_files(const struct ferry_configured *configured, ferry_configured_file_function *function, void *data);
/* Lines that mean nothing. Since 0.1 */
FERRY_API int ferry_configured_notes(const struct ferry_configured *configured, ferry_configured_note_function *function, void *data);

/* ---- Changes ---- */

enum ferry_change_kind {
	FERRY_ADDED,
	FERRY_REMOVED,
	FERRY_CHANGED,
	FERRY_GAP,
};

enum ferry_door {
	FERRY_DOOR_UNKNOWN,
	FERRY_DOOR_NETLINK,
	FERRY_DOOR_IOCTL,
	FERRY_DOOR_SYSFS,
	FERRY_DOOR_SYSCTL,
	FERRY_DOOR_PROCFS,
	FERRY_DOOR_SYSCALL, /* a program's other system call (close, unshare, exit): the kernel changed state on its behalf */
	FERRY_DOOR_KERNEL,  /* no program: a kernel thread, a timer, an interrupt */
};

/* Who did it, as the kernel knew them at the moment of the change. */
struct ferry_actor {
	uint32_t pid, tid, ppid; /* as the recorder's pid namespace numbers them; 0 = unknown */
	uint64_t start;          /* boottime at which the process began */
	const char *comm;        /* never NULL; "" = unknown */
	const char *exe;         /* path, or NULL where unknown */
	const char *argv;        /* NUL after each argument, LENGTH bytes in all; NULL where unknown */
	size_t argv_length;
	bool argv_cut;           /* there was more than 256 bytes */
	uint32_t uid, login_uid; /* UINT32_MAX = unknown or unset */
	const char *cgroup;      /* path in cgroup 2, or NULL */
	uint64_t netns;          /* inode number of the network namespace, 0 = unknown */
	bool kernel;             /* no program: comm names the kernel thread, or is "softirq" or "interrupt" */
	const char *unknown;     /* NULL, or why the identity is not known ("needs CAP_BPF") */
};

struct ferry_change {
	uint64_t id; /* position in the history, 0 where it is not kept */
	uint64_t time, boottime;
	enum ferry_change_kind kind;
	const char *address;        /* NULL for a gap */
	const char *before, *after; /* JSON; NULL: nothing there, or (knobs) not known */
	enum ferry_door door;
	int result;                      /* 0, or the negative errno of a refused attempt; -EREMOTEIO where refused and the errno is not known */
	const char *result_text;         /* the kernel's words for a refusal, or NULL */
	const struct ferry_actor *actor; /* NULL for a gap */
	uint64_t cause; /* id of the change that brought this one about, 0 = none; while a change is not kept, its number in this run */
	enum ferry_consistency consistency;
	uint64_t netns;     /* the network namespace that was changed, 0 where the state belongs to none */
	const char *source; /* "netlink/route", "netlink/xfrm", "sysctl", ...: who saw it */
	uint64_t lost;      /* gap: how many were lost, UINT64_MAX = not known */
	uint64_t from, to;  /* gap: the interval, CLOCK_REALTIME */
};

typedef int ferry_change_function(void *data, const struct ferry_change *change);

/* The words of the enumerations, as JSON and text have them; never NULL. */
FERRY_API const char *ferry_change_kind_name(enum ferry_change_kind kind);
FERRY_API const char *ferry_door_name(enum ferry_door door);
FERRY_API const char *ferry_consistency_name(enum ferry_consistency consistency);
FERRY_API const char *ferry_nature_name(enum ferry_nature nature);
/* A change as one JSON object without a newline, as `ferry watch --json` prints it; to be freed with free(). NULL where memory ran out. Since 0.1 */
FERRY_API char *ferry_change_json(const struct ferry_change *change);

/* ---- Doors ---- */

/* How the values of one knob are compared, since each door has its own form. */
enum ferry_comparison {
	FERRY_COMPARE_PLAIN,  /* numbers by number, all else by its text */
	FERRY_COMPARE_WORD,   /* by its text, capital letters or not */
	FERRY_COMPARE_FLAGS,  /* the flags of an interface that every door tells */
	FERRY_COMPARE_PREFIX, /* a mask and a prefix length */
};

/* One of several addresses that tell the same. */
struct ferry_twin {
	const char *address; /* canonical; may hold a glob where the others do not say which of several is meant */
	enum ferry_door door;
	unsigned int knob; /* twins of one knob have the same number, and come one after the other */
	bool asked;        /* it is the address that was asked for */
	enum ferry_comparison comparison;
};
typedef int ferry_twin_function(void *data, const struct ferry_twin *twin);
/* The doors of the knob at ADDRESS, or of every knob of the object there. Whether something is there now is not looked at. -ENOENT where no other
 * door is known. Since 0.1 */
FERRY_API int ferry_doors(struct ferry *ferry, const char *address, ferry_twin_function *function, void *data);
/* VALUE in the form in which doors are compared: they agree where these are equal. To be freed with free(); NULL where memory ran out. Since 0.1 */
FERRY_API char *ferry_compared(enum ferry_comparison comparison, const struct ferry_value *value);
/* Bytes that have crossed between this context and the kernel by netlink and ioctl, both ways. (Those of files the kernel counts: /proc/self/io.)
 * Since 0.1 */
FERRY_API uint64_t ferry_traffic(const struct ferry *ferry);

/* ---- The recorder ---- */

struct ferry_recorder;

/* The least that a history is bounded by, in bytes. */
#define FERRY_HISTORY_MINIMUM 1048576

struct ferry_recorder_options {
	size_t size;                     /* sizeof(struct ferry_recorder_options) */
	const char *const *addresses;    /* NULL-terminated: only changes at or below one of these (globs within a part); NULL = all */
	const char *history;             /* file to keep the changes in, or NULL */
	uint64_t keep_time;              /* retention by age, 0 = for ever */
	uint64_t keep_bytes;             /* retention by size of the file, FERRY_HISTORY_MINIMUM at least, 0 = no bound */
	unsigned int receive_buffer;     /* bytes for each netlink socket, 0 = the default */
	ferry_change_function *function; /* called for each change, after it was handed to the history; may be NULL. Must not block. */
	void *data;
};

/* What the recorder sees, or does not. */
struct ferry_coverage {
	const char *subject; /* "netlink/route", "netlink/xfrm", "sysctl", "sysfs", "procfs", "who", "refused netlink requests", ... */
	bool watched;
	const char *how; /* the mechanism in use ("multicast and the sk_data_ready tracepoint"), or NULL */
	const char *why; /* why not, or what is missing ("needs CAP_SYS_ADMIN"), or NULL */
};
typedef int ferry_coverage_function(void *data, const struct ferry_coverage *coverage);

/* Starts recording: on return everything that happens from now on is seen. -EPERM where nothing can be watched at all, -EOPNOTSUPP below another
 * root, -EBUSY where another recorder holds the history, -EPROTO where the history is of a newer version. Since 0.1 */
FERRY_API int ferry_recorder_new(struct ferry *ferry, const struct ferry_recorder_options *options, struct ferry_recorder **ret_recorder);
/* Stops, writes what is pending, returns NULL; takes NULL. */
FERRY_API struct ferry_recorder *ferry_recorder_free(struct ferry_recorder *recorder);
/* A file descriptor that polls readable where ferry_recorder_process() has work. */
FERRY_API int ferry_recorder_descriptor(const struct ferry_recorder *recorder);
/* Whether the files are read that tell what stood before a write, which the first calls of ferry_recorder_process() go on with: until then a "before"
 * may be unknown, and what a write rewrites is not told. Since 0.1 */
FERRY_API bool ferry_recorder_ready(const struct ferry_recorder *recorder);
/* Handles what is there and calls the callback for each change. */
FERRY_API int ferry_recorder_process(struct ferry_recorder *recorder);
/* Why the history cannot be written at present (the disk is full), as a negative errno with words in *RET_WORDS, which last until the next call; 0
 * where it can, or there is none. What comes meanwhile waits in memory, 16 MiB of it; what finds no room there becomes a gap. Since 0.1 */
FERRY_API int ferry_recorder_trouble(const struct ferry_recorder *recorder, const char **ret_words);
/* Before the end: tells what is there, also losses whose telling waits for calmer times, and writes what is pending. Since 0.1 */
FERRY_API int ferry_recorder_finish(struct ferry_recorder *recorder);
/* Waits and processes until *STOP is true (checked after each wake-up and on EINTR) or CLOCK_BOOTTIME reaches UNTIL (0 = no end), and finishes. */
FERRY_API int ferry_recorder_run(struct ferry_recorder *recorder, const volatile bool *stop, uint64_t until);
FERRY_API int ferry_recorder_coverage(struct ferry_recorder *recorder, ferry_coverage_function *function, void *data);

struct ferry_recorder_counts {
	uint64_t seen;      /* messages and events that the kernel made for us */
	uint64_t delivered; /* of these, handled */
	uint64_t lost;      /* of these, dropped by a full buffer: seen = delivered + lost */
	uint64_t changes;   /* changes made of them */
	uint64_t unknown;   /* of these, without an actor */
	uint64_t kept;      /* written to the history */
	uint64_t unkept;    /* changes that are not in the history: they wait to be written, or were lost as it cannot be written */
};
/* What has been seen so far. */
FERRY_API void ferry_recorder_counts(const struct ferry_recorder *recorder, struct ferry_recorder_counts *ret_counts);

/* ---- Messages: what the kernel tells by netlink multicast, and what programs tell each other ---- */

/* One message, as it came. */
struct ferry_message {
	uint64_t time, boottime; /* when it was read */
	const char *address;     /* "netlink/ethtool/monitor": family and group; the family alone where it was sent to our port and no group */
	uint32_t group;          /* number of the group, 0 = sent to our port */
	uint32_t port;           /* netlink port of the sender; 0 = the kernel, whose port nobody else can have */
	bool has_sender;         /* the process is known: */
	uint32_t pid, uid, gid;  /* pid 0: the kernel, or a process that our pid namespace does not show */
	bool framed;             /* it has a netlink header, whose fields follow: */
	uint16_t type, flags;
	uint32_t sequence;
	int command;                     /* of a message of generic netlink, -1 = none */
	const void *data;                /* the bytes, with the header */
	size_t length;                   /* of these */
	const struct ferry_value *value; /* what it says: a record */
	bool guessed;                    /* ... as far as the bytes look like it: no schema says what they are */
	const char *provenance;          /* "table", "learned", "guessed": as in struct ferry_item */
};
typedef int ferry_message_function(void *data, const struct ferry_message *message);
/* A message as one JSON object without a newline, as `ferry watch --json` prints it; to be freed with free(). NULL where memory ran out. Since 0.1 */
FERRY_API char *ferry_message_json(const struct ferry_message *message);

struct ferry_listener;

struct ferry_listener_options {
	size_t size;                      /* sizeof(struct ferry_listener_options) */
	const char *const *addresses;     /* NULL-terminated: every group at or below one of these (globs within a part); NULL = none */
	bool usersock;                    /* also what programs send to a port of ours in NETLINK_USERSOCK */
	uint32_t port;                    /* ... to this one; 0 = one that the kernel chooses */
	unsigned int receive_buffer;      /* bytes for each socket, 0 = the default */
	ferry_message_function *function; /* called for each message. Must not block. */
	ferry_change_function *gap;       /* called with a FERRY_GAP for what was lost; may be NULL */
	void *data;                       /* of both */
};

/* Whether ferry_listener_new() finds a group at or below ADDRESS (canonical): FERRY_MESSAGES_TOO, FERRY_MESSAGES_ONLY (nothing else lies there, so
 * that a recorder sees nothing of it), or 0: none. -ENOENT: an address of netlink at which nothing lies at all. Since 0.1 */
FERRY_API int ferry_listener_knows(struct ferry *ferry, const char *address);
#define FERRY_MESSAGES_TOO  1
#define FERRY_MESSAGES_ONLY 2
/* Starts listening: on return every message from now on is heard. -ENOENT where the kernel has no such group, -EPERM where none may be listened to
 * (most need CAP_NET_ADMIN), -EADDRINUSE where the port is taken. Source of the families: /proc/net/netlink and CTRL_CMD_GETFAMILY. Since 0.1 */
FERRY_API int ferry_listener_new(struct ferry *ferry, const struct ferry_listener_options *options, struct ferry_listener **ret_listener);
/* Takes NULL; returns NULL. Since 0.1 */
FERRY_API struct ferry_listener *ferry_listener_free(struct ferry_listener *listener);
/* A file descriptor that polls readable where ferry_listener_process() has work. Since 0.1 */
FERRY_API int ferry_listener_descriptor(const struct ferry_listener *listener);
/* Handles what is there. A callback that returns non-zero ends it at once, and is what is returned. Since 0.1 */
FERRY_API int ferry_listener_process(struct ferry_listener *listener);
/* The port in NETLINK_USERSOCK at which programs reach us, 0 = none. Since 0.1 */
FERRY_API uint32_t ferry_listener_port(const struct ferry_listener *listener);
/* Each group that was asked for, whether it is heard, and why not. Since 0.1 */
FERRY_API int ferry_listener_coverage(struct ferry_listener *listener, ferry_coverage_function *function, void *data);
/* Messages so far: CHANGES, UNKNOWN and KEPT are 0. Since 0.1 */
FERRY_API void ferry_listener_counts(const struct ferry_listener *listener, struct ferry_recorder_counts *ret_counts);

/* Sends LENGTH bytes of DATA, without any header, over NETLINK_USERSOCK: to the one socket at PORT, or (PORT 0) to every socket that listens to GROUP
 * (1 to 32). Needs no rights; it is listening to a group that needs CAP_NET_ADMIN. -ECONNREFUSED: nobody is at that port; -EAGAIN: who is there has a
 * full queue and does not read; -EMSGSIZE, -EINVAL (nothing to send, no such group). To a group the kernel tells no failure: see
 * ferry_group_listeners(). Since 0.1 */
FERRY_API int ferry_send(struct ferry *ferry, uint32_t port, uint32_t group, const void *data, size_t length);
/* How many sockets of this network namespace listen to GROUP of NETLINK_USERSOCK, and how many messages they have lost in all. Source:
 * /proc/net/netlink. Since 0.1 */
FERRY_API int ferry_group_listeners(struct ferry *ferry, uint32_t group, unsigned int *ret_listeners, uint64_t *ret_lost);

/* ---- Learning ---- */

/* What was learned of a netlink family. */
struct ferry_learned {
	const char *family;
	unsigned int commands, commands_named; /* of those that the family takes; 0 for protocols */
	unsigned int attributes;               /* that have a name */
	unsigned int typed;                    /* of these, whose type the kernel has told */
	unsigned int tried;                    /* malformed attributes that were sent, in a network namespace of their own */
	const char *why;                       /* why nothing, or less than could be, was learned; NULL */
};
typedef int ferry_learned_function(void *data, const struct ferry_learned *learned);
/* Asks the running kernel what its netlink messages say: names from the enums in its types (BTF, of modules as well), types from its policies
 * (CTRL_CMD_GETPOLICY); of rtnetlink, which tells none, from what it says of malformed attributes in a network namespace that is made for it and goes
 * with it. FAMILIES (NULL-terminated; NULL: every generic one, and "route"). What was learned before of others is kept. It goes into a file that is
 * named by the kernel's build id, RET_PATH (may be NULL; to be freed): /var/cache/ferry for root, else $XDG_CACHE_HOME/ferry (~/.cache/ferry); users
 * read root's where they have none of their own. Contexts that are made afterwards read by it. FUNCTION (may be NULL) is told of each family. -ENOENT
 * no such family, or a kernel without types; -EOPNOTSUPP a protocol that is not learned. Since 0.1 */
FERRY_API int ferry_learn(struct ferry *ferry, const char *const *families, ferry_learned_function *function, void *data, char **ret_path);

/* ---- The history ---- */

struct ferry_history;

/* The default file: /var/lib/ferry/history.db for root, else $XDG_STATE_HOME/ferry/history.db (~/.local/state). To be freed with free(). Since 0.1 */
FERRY_API char *ferry_history_path(void);
/* Opens a history for reading, also while a recorder writes it. -ENOENT, -EPROTO (a newer version), -ENOTSUP (not a history). Since 0.1 */
FERRY_API int ferry_history_open(struct ferry *ferry, const char *path, struct ferry_history **ret_history);
FERRY_API struct ferry_history *ferry_history_close(struct ferry_history *history);

struct ferry_history_filter {
	size_t size;                  /* sizeof(struct ferry_history_filter) */
	const char *const *addresses; /* NULL-terminated, at or below one of these; NULL = all */
	uint64_t since, until;        /* CLOCK_REALTIME, 0 = open */
	const char *by; /* actor: a pid, a user as "uid=0" or "uid=root", or a word that is the comm, the base name of exe, or part of the cgroup */
	uint64_t id;    /* this change only, 0 = all */
	uint64_t cause; /* only what followed from this change, 0 = all */
	uint64_t last;  /* only the last N, in the order of time; 0 = all */
};
/* Changes in the order of time. FILTER NULL: all. Since 0.1 */
FERRY_API int ferry_history_changes(struct ferry_history *history, const struct ferry_history_filter *filter, ferry_change_function *function,
				    void *data);
/* For every leaf at or below ADDRESS the last change that touched it: LEAF is its address. -ENOENT where the history knows none. Since 0.1 */
typedef int ferry_blame_function(void *data, const char *leaf, const struct ferry_change *change);
FERRY_API int ferry_history_blame(struct ferry_history *history, const char *address, ferry_blame_function *function, void *data);
/* A point in time from text: "10m" and "2h ago" before now, "today", "yesterday", RFC 3339, "2026-01-02", "15:04". -EINVAL. Since 0.1 */
FERRY_API int ferry_time_parse(const char *text, uint64_t now, uint64_t *ret_time);
/* A length of time ("30d", "90s", "1h30m") in nanoseconds; a size ("1G", "512K") in bytes. -EINVAL. Since 0.1 */
FERRY_API int ferry_duration_parse(const char *text, uint64_t *ret_duration);
FERRY_API int ferry_size_parse(const char *text, uint64_t *ret_size);

/* ---- Undo ---- */

enum ferry_undo_flags {
	FERRY_UNDO_FORCE = 1 << 0,   /* also where the present value is not what the change left */
	FERRY_UNDO_DRY_RUN = 1 << 1, /* check everything, change nothing */
	FERRY_UNDO_CONSEQUENCES =
		1 << 2, /* also what followed from the change (routes that went with a link), as far as the kernel does not bring it back itself */
};
#define FERRY_UNCHANGED 1
/* Takes change ID back: three-way check, write, read back. FUNCTION (may be NULL) is given the change that the undo itself is. -ENOENT no such
 * change, -ESTALE the present value is not what the change left, -EOPNOTSUPP it cannot be undone (ferry_error() says why), else what the kernel said.
 * Since 0.1 */
FERRY_API int ferry_undo(struct ferry *ferry, struct ferry_history *history, uint64_t id, unsigned int flags, ferry_change_function *function,
			 void *data);

/* Whether CHANGE follows from another, told or not: what the kernel makes and removes with the address or link that it belongs to (connected and
 * local routes, neighbours that stand for multicast groups). It goes and comes with that, and ferry_undo() refuses it. Since 0.1 */
FERRY_API bool ferry_change_is_derived(const struct ferry_change *change);

/* ---- Setting ---- */

enum ferry_set_flags {
	FERRY_SET_DRY_RUN = 1 << 0, /* check everything, change nothing */
	FERRY_SET_YES = 1 << 1,     /* also what is an action, and what cannot be taken back before a reboot */
};
/* Changes state as ASSIGNMENTS (NULL-terminated) say: "ADDRESS=VALUE" sets a value, a field of an object, or with {NAME=VALUE, ...} or a JSON object
 * makes or replaces an object; "-ADDRESS" removes an object. Addresses in any spelling, with shell globs for what is there; values as
 * ferry_value_text() gives them. Everything is checked before anything is written; each file is written once; requests to one family go in one send;
 * all is read back. Where one is refused, those before it are put back. FUNCTION (may be NULL) is given each as a change once all are done: before
 * and after as JSON (NULL: nothing there, or with FERRY_UNKNOWN not readable), result_text where there is more to say. Returns FERRY_INCOMPLETE where
 * all was taken but some of it reads as something else than was asked for. -ECANCELED: one was refused after others had been done, which were put
 * back (ferry_error() says what the kernel said, and what could not be put back). -EOPNOTSUPP: it cannot be set, or needs FERRY_SET_YES. -ENOENT,
 * -ENODEV, -EACCES, -EPERM, -EROFS; -EINVAL, -ERANGE; else what the kernel said. Since 0.1 */
FERRY_API int ferry_set(struct ferry *ferry, const char *const *assignments, unsigned int flags, ferry_change_function *function, void *data);
/* Where the last failure lies, beside its errno: the same errno can mean each of these. */
enum ferry_fault {
	FERRY_FAULT_OTHER,
	FERRY_FAULT_QUESTION, /* in what was asked for: a malformed value, a wrong type, a number out of its field's range; the kernel was not asked
			       */
	FERRY_FAULT_REFUSED,  /* the kernel was asked to change something, and said no */
};
/* Told by ferry_set(); FERRY_FAULT_OTHER after other functions. Since 0.1 */
FERRY_API enum ferry_fault ferry_error_fault(const struct ferry *ferry);

/* ---- State as a document ---- */
/*
 * A document is what ferry_get() gives, an "address = value" a line, with # and ; for comments; "-address" says that nothing is there. What it does
 * not name is left alone, but below an address of "ADDRESS = only" (netlink and its objects) nothing is to stand but what it names.
 * Lines of sysctl.conf are lines of a document.
 */

enum ferry_snapshot_flags {
	FERRY_SNAPSHOT_ALL = 1 << 0,  /* also what moves by itself, what follows from other state, what cannot be set */
	FERRY_SNAPSHOT_ONLY = 1 << 1, /* say of netlink objects that there are no others */
};
/* What stands at and below ADDRESSES (NULL-terminated, NULL: sysctl, sysfs and netlink) as a document, which begins with comments that say
 * where and when, and what was left out and how much: to be freed with free(). Returns FERRY_INCOMPLETE where some of it may be torn, or
 * whole kinds of objects may not be read: ferry_error() says which. -ENOENT. Since 0.1 */
FERRY_API int ferry_snapshot(struct ferry *ferry, const char *const *addresses, unsigned int flags, char **ret_text);

/* Tells FUNCTION each step from what stands to what the document says, in the order in which it would be done: before and after as JSON (NULL:
 * nothing), consistency FERRY_UNKNOWN for what waits for something that is not there yet, result_text for what is to be known (an action, a latch,
 * what else is rewritten). Changes nothing. ONLY (NULL-terminated, may be NULL): further addresses as of "ADDRESS = only". -EINVAL, -ENOENT with
 * words that name the line. Since 0.1 */
FERRY_API int ferry_plan(struct ferry *ferry, const char *text, size_t length, const char *const *only, ferry_change_function *function, void *data);
/* What the document A and the document B (NULL: what stands now) have not in common, as changes from A to B. Returns FERRY_INCOMPLETE, with words,
 * where some of what stands cannot be read by this user. Since 0.1 */
FERRY_API int ferry_diff(struct ferry *ferry, const char *a, size_t a_length, const char *b, size_t b_length, ferry_change_function *function,
			 void *data);
/* The netlink part of ferry_plan(), tried: in a network namespace that is made for it, built like the present one with stand-ins for what cannot be
 * made there, and gone at the end. A step that the kernel refuses there has its result and the kernel's words. Needs CAP_SYS_ADMIN. Since 0.1 */
FERRY_API int ferry_rehearse(struct ferry *ferry, const char *text, size_t length, const char *const *only, ferry_change_function *function,
			     void *data);

enum ferry_apply_flags {
	FERRY_APPLY_YES = 1 << 0, /* also actions, and what cannot be taken back before a reboot */
};

struct ferry_apply_options {
	size_t size;             /* sizeof(struct ferry_apply_options) */
	unsigned int flags;      /* enum ferry_apply_flags */
	const char *document;    /* its name, for words; may be NULL */
	const char *const *only; /* as for ferry_plan() */
	const char *state;       /* folder of the journal; NULL: ferry_state_path() */
	uint64_t confirm;        /* nanoseconds until it must be confirmed by ferry_confirm(), or it is taken back; 0: it is kept */
	uint64_t settle;         /* nanoseconds that the kernel may take until all of it holds; 0: three seconds */
	/* Where it must be confirmed: starts a process that runs ferry_guard(), and returns once that is ready. Called when the journal is on the
	 * disk and nothing has been written yet. A negative return ends the apply. */
	int (*guard)(void *data);
	ferry_change_function *function; /* told of each step that was done, and of each that was refused; may be NULL */
	void *data;                      /* of both */
};

struct ferry_apply_result {
	size_t size;
	size_t done;  /* steps */
	size_t left;  /* what does not hold, or waits for an interface that nothing makes */
	bool waiting; /* to be confirmed */
};

/* Makes what stands as the document says, and reads back until it holds. What was there before is on the disk, in a journal, before the first write.
 * Where a step is refused, those before it are taken back: -ECANCELED, or the refusal itself where nothing had been done. Returns FERRY_INCOMPLETE
 * where all was taken, but some of it does not hold. -EBUSY: another apply is under way, waits to be confirmed, or was cut off. -EOPNOTSUPP: it needs
 * FERRY_APPLY_YES. -ENODEV: it needs a device that is not there. Since 0.1 */
FERRY_API int ferry_apply(struct ferry *ferry, const char *text, size_t length, const struct ferry_apply_options *options,
			  struct ferry_apply_result *ret_result);
/* Keeps what was applied. -ENOENT: nothing waits; -ECANCELED: it was rolled back; -ETIME: too late; -EBUSY: it is being taken back. Since 0.1 */
FERRY_API int ferry_confirm(struct ferry *ferry, const char *state);
/* The nanoseconds that are left to confirm what waits. -ENOENT, -ECANCELED as ferry_confirm(). Since 0.1 */
FERRY_API int ferry_waiting(struct ferry *ferry, const char *state, uint64_t *ret_left);

enum ferry_rollback_flags {
	FERRY_ROLLBACK_PENDING = 1 << 0, /* only what waits to be confirmed or was cut off, and has no guard */
};
/* Takes back what waits to be confirmed or was cut off, else the last apply. FUNCTION (may be NULL) is told each step; one that is left alone, since
 * somebody else has changed it, with its result -ESTALE. Returns FERRY_UNCHANGED where nothing is pending; -ESTALE where some was left alone; -EIO
 * where a step was refused; -ENOENT; -EBUSY; -EXDEV: it was applied in another network namespace. Since 0.1 */
FERRY_API int ferry_rollback(struct ferry *ferry, const char *state, unsigned int flags, ferry_change_function *function, void *data);
/* Waits until what waits is confirmed (returns FERRY_UNCHANGED) or its time is over, and takes it back then, as ferry_rollback(). Writes a byte to
 * the descriptor READY (-1: none) when it watches, and closes it; when APPLIER (-1: none) is at its end and the apply was not, it is taken back at
 * once. -EBUSY: another guard watches. Since 0.1 */
FERRY_API int ferry_guard(struct ferry *ferry, const char *state, int ready, int applier, ferry_change_function *function, void *data);
/* The folder of the journal: /var/lib/ferry for root, else $XDG_STATE_HOME/ferry (~/.local/state). To be freed with free(). Since 0.1 */
FERRY_API char *ferry_state_path(void);

/* ---- What crosses into the kernel ---- */

/* What kind of work a system call does: the five of the textbooks on operating systems. */
enum ferry_call_class {
	FERRY_CLASS_PROCESS,       /* fork, exit, kill, brk, ... */
	FERRY_CLASS_FILE,          /* open, chmod, stat, ... */
	FERRY_CLASS_DEVICE,        /* read, write, ioctl, poll, ... */
	FERRY_CLASS_INFORMATION,   /* getpid, clock_gettime, nanosleep, ... */
	FERRY_CLASS_COMMUNICATION, /* pipe, socket, mmap, ... */
	FERRY_CLASS_COUNT,
};
/* "process", "file", "device", "information", "communication"; NULL for other numbers. Since 0.1 */
FERRY_API const char *ferry_call_class_name(enum ferry_call_class call_class);

struct ferry_call {
	const char *name; /* "openat" */
	unsigned int number;
	enum ferry_call_class call_class;
};
typedef int ferry_call_function(void *data, const struct ferry_call *call);
/* Every system call that this architecture has a number for, in the order of these. Whether the running kernel was built with it is not asked.
 * Since 0.1 */
FERRY_API int ferry_calls(struct ferry *ferry, ferry_call_function *function, void *data);

/* Whose crossings are seen. */
struct ferry_target {
	size_t size;    /* sizeof(struct ferry_target) */
	int pid;        /* that process with its threads and children, those that come later too; 0: the whole machine, without the caller */
	bool from_exec; /* it waits to be started: it is seen from its next execve(2) on, that call included */
};

struct ferry_stat;

enum ferry_stat_flags {
	FERRY_STAT_SITES = 1 << 0, /* by call site too: the stack of the program at each system call and page fault, which costs as much again */
};

/* Counts and times what TARGET does from now on, in the kernel: system calls, page faults and other exceptions, interrupts, context switches,
 * io_uring, memory. FLAGS: enum ferry_stat_flags. To be given back by ferry_stat_free(), before ferry_free(). -EPERM: a capability is missing, which
 * ferry_error() names; -EOPNOTSUPP: this kernel has not what it takes; -ESRCH: there is no such process; -EINVAL: that is a thread. Source: the
 * kernel's tracepoints, by BPF. Since 0.1 */
FERRY_API int ferry_stat_open(struct ferry *ferry, const struct ferry_target *target, unsigned int flags, struct ferry_stat **ret_stat);
/* What was counted so far: a record, whose fields `ferry stat --json` prints and doc/stat.md explains. It belongs to STAT, and is valid until the
 * next reading. -ENOMEM. Since 0.1 */
FERRY_API int ferry_stat_read(struct ferry_stat *stat, const struct ferry_value **ret_value);
/* To be called at least a few times a second where call sites are counted: takes over which files the programs have mapped, which the kernel tells by
 * a buffer. Else it does nothing. Since 0.1 */
FERRY_API void ferry_stat_tend(struct ferry_stat *stat);
/* How many threads of the target have not ended; 1 for the machine. Since 0.1 */
FERRY_API unsigned int ferry_stat_alive(const struct ferry_stat *stat);
/* Takes NULL; returns NULL. Since 0.1 */
FERRY_API struct ferry_stat *ferry_stat_free(struct ferry_stat *stat);

/* ---- The tracer: crossings one by one, and what is said over the channels ---- */

enum ferry_crossing_kind {
	FERRY_CROSSING_CALL,       /* a system call has returned, or will not return */
	FERRY_CROSSING_SPOKEN,     /* something was asked over a channel, and answered: what the conversation consists of */
	FERRY_CROSSING_MESSAGE,    /* one netlink message, sent or received */
	FERRY_CROSSING_EXCEPTION,  /* a page fault */
	FERRY_CROSSING_INTERRUPT,  /* an interrupt or softirq that hit the task */
	FERRY_CROSSING_SUBMISSION, /* io_uring took an operation: work without a system call of its own */
	FERRY_CROSSING_COMPLETION, /* it has told a result of one */
	FERRY_CROSSING_SIGNAL,     /* a signal was delivered */
	FERRY_CROSSING_STARTED,    /* a task was made */
	FERRY_CROSSING_PROGRAM,    /* a process runs another program */
	FERRY_CROSSING_ENDED,      /* a task has ended */
	FERRY_CROSSING_GAP,        /* some were lost */
};
/* "call", "spoken", "message", "exception", ...; never NULL. Since 0.1 */
FERRY_API const char *ferry_crossing_kind_name(enum ferry_crossing_kind kind);

/* One crossing. Texts and values of the program's memory were read when the call returned: another thread may have changed them meanwhile. */
struct ferry_crossing {
	enum ferry_crossing_kind kind;
	uint64_t time, boottime; /* when it ended; of a gap, when it was told */
	uint64_t duration;       /* UINT64_MAX: not taken */
	uint32_t pid, tid;       /* as the initial pid namespace numbers them; 0: a gap */
	const char *comm;        /* name of the task, never NULL */
	const char *name;        /* "openat", "page fault", "SIGSEGV"; of what was spoken what was asked: "get", "dump", "read", "SIOCGIFMTU" */
	bool has_class;          /* a call, of that class: */
	enum ferry_call_class call_class;
	bool compat; /* a 32-bit call: its structs are not decoded */
	/* A call: by name; others: what they consist of. NULL where there is nothing. */
	const struct ferry_value *arguments;
	const uint64_t *registers; /* the arguments as they stood in the registers */
	unsigned int register_count;
	/* By argument that points to the program's memory: bytes read, bytes there, and why not all. NULL where there is none. */
	const struct ferry_value *memory;
	bool has_result; /* false: the call does not return */
	int64_t result;
	const char *error; /* "ENOENT", "ERESTARTSYS": the name of a failure; else NULL */
	/* What the call is about, or was spoken over: */
	enum ferry_door door;
	const char *address;                        /* NULL: no channel, or not known */
	const struct ferry_value *before;           /* of a knob that is written: what it was last seen to hold; NULL: not known */
	const struct ferry_value *asked, *answered; /* what was sent or written, what was told or read; NULL: nothing that has a value */
	uint64_t objects;                           /* in the answer of a dump, of which ANSWERED has the first */
	const char *words;                          /* the kernel's own words (extended ACK); of a gap or an odd answer, what it is; else NULL */
	/* A message: */
	bool received;
	int protocol;
	const void *data;
	size_t length;
	bool cut;     /* there was more than was copied */
	bool guessed; /* no schema says what it is */
	/* A gap: how many, between these times (CLOCK_REALTIME). */
	uint64_t lost, from, to;
};
typedef int ferry_crossing_function(void *data, const struct ferry_crossing *crossing);
/* As one JSON object without a newline; to be freed with free(). NULL where memory ran out. Since 0.1 */
FERRY_API char *ferry_crossing_json(const struct ferry_crossing *crossing);

struct ferry_tracer;

struct ferry_tracer_options {
	size_t size;   /* sizeof(struct ferry_tracer_options) */
	bool all;      /* every system call and signal; false: what is said over the channels */
	bool timed;    /* with ALL: how long each call took. What is spoken is always timed. */
	bool details;  /* what is spoken whole: contents of procfs, every object of a dump, and each message */
	bool messages; /* each netlink message as well */
	/* NULL-terminated: only what passes. "trigger=T" (syscall, exception, interrupt), "class=C", "call=NAME", "channel=NAME", "error",
	 * "error=NAME", "success"; several of one kind pass together, those of different kinds must all be met. NULL = all. */
	const char *const *filters;
	size_t ring;        /* bytes of the kernel's buffer, a power of two; 0 = 32 MiB */
	unsigned int bytes; /* of what is read and written outside of the channels; 0 = 32 */
	ferry_crossing_function *function;
	void *data;
};

/* Begins to trace TARGET: on return everything is seen. -EINVAL (a filter), -EPERM, -ESRCH, -EOPNOTSUPP, with words. Needs CAP_BPF and CAP_PERFMON.
 * Since 0.1 */
FERRY_API int ferry_tracer_new(struct ferry *ferry, const struct ferry_target *target, const struct ferry_tracer_options *options,
			       struct ferry_tracer **ret_tracer);
/* Hands what has come to the callback. The kernel side wakes nobody, since that would cost what it watches: to be called every 10 milliseconds or so.
 * Since 0.1 */
FERRY_API int ferry_tracer_process(struct ferry_tracer *tracer);
/* Before the end: also what waits for an answer, and losses that were not told yet. Since 0.1 */
FERRY_API int ferry_tracer_finish(struct ferry_tracer *tracer);
/* Tasks that are followed and live. Since 0.1 */
FERRY_API uint64_t ferry_tracer_tasks(const struct ferry_tracer *tracer);
struct ferry_tracer_counts {
	uint64_t seen, delivered, lost; /* events: SEEN = DELIVERED + LOST once all is processed */
	uint64_t missed;                /* beside these: calls at which the kernel did not run the program, since it ran already */
};
/* What has been seen so far. Since 0.1 */
FERRY_API void ferry_tracer_counts(const struct ferry_tracer *tracer, struct ferry_tracer_counts *ret_counts);
/* Takes NULL; returns NULL. Since 0.1 */
FERRY_API struct ferry_tracer *ferry_tracer_free(struct ferry_tracer *tracer);

/* ---- What this kernel and these rights allow ---- */

struct ferry_feature {
	const char *name; /* "sk_data_ready tracepoint" */
	bool present;
	const char *detail; /* why not, or which variant */
	const char *serves; /* what it is used for, and what is lost without it */
};
typedef int ferry_feature_function(void *data, const struct ferry_feature *feature);
/* Tries every mechanism that the recorder can use, on this kernel and with these rights. Since 0.1 */
FERRY_API int ferry_features(struct ferry *ferry, ferry_feature_function *function, void *data);

#ifdef __cplusplus
}
#endif

#endif
