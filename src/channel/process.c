/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* procfs/process in the tree. Source of the fields: proc_pid_stat(5), proc_pid_status(5), proc_pid_cgroup(5). */
#include "channel/process.h"

#include <errno.h>
#include <string.h>

#include "channel/nature.h"
#include "channel/record-items.h"

#define ADDRESS "procfs/process"

static const struct field fields[PROCESS_FIELD_COUNT] = {
	[PROCESS_PID] = { "pid", FIELD_U32, FIELD_KEY, .help = "its number" },
	[PROCESS_PARENT] = { "ppid", FIELD_U32, .help = "its parent's number" },
	[PROCESS_UID] = { "uid", FIELD_U32, .help = "the user (the real one)" },
	[PROCESS_STATE] = { "state", FIELD_TEXT, FIELD_VOLATILE,
			    .help = "R runs, S sleeps, D waits for a disk, T is stopped, t is traced, Z has ended, I idles" },
	[PROCESS_THREADS] = { "threads", FIELD_U32, FIELD_VOLATILE, .help = "threads" },
	[PROCESS_UTIME] = { "utime", FIELD_U64, FIELD_VOLATILE, UNIT_SECONDS, "in the program", .decimals = 2 },
	[PROCESS_STIME] = { "stime", FIELD_U64, FIELD_VOLATILE, UNIT_SECONDS, "in the kernel", .decimals = 2 },
	[PROCESS_START] = { "start", FIELD_U64, 0, UNIT_SECONDS, "when it began, since the machine's start", .decimals = 2 },
	[PROCESS_RSS] = { "rss", FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, "memory" },
	[PROCESS_SIZE] = { "vsz", FIELD_U64, FIELD_VOLATILE, UNIT_BYTES, "address space" },
	[PROCESS_NICE] = { "nice", FIELD_S32, .help = "-20 (first) to 19 (last)" },
	[PROCESS_NAME] = { "comm", FIELD_TEXT, .help = "its name" },
	[PROCESS_CGROUP] = { "cgroup", FIELD_TEXT, .help = "its group in cgroup 2" },
};
static const struct schema schema = { .name = "process", .help = "a process", .attributes = fields, .attribute_count = PROCESS_FIELD_COUNT };

struct table {
	const char *path;
	struct record_items items;
	struct entry entries[PROCESS_FIELD_COUNT];
	bool found;
};

static struct record record_of(struct table *table, const struct process *process)
{
	struct record record = { .schema = &schema, .entries = table->entries, .capacity = PROCESS_FIELD_COUNT };

	for (unsigned int i = 0; i < PROCESS_FIELD_COUNT; i++) {
		if (process->values[i].type == VALUE_NULL)
			continue;
		table->entries[record.count++] =
			(struct entry){ .name = fields[i].name, .field = &fields[i], .number = (uint16_t)i, .value = process->values[i] };
	}
	return record;
}

static int tell(void *data, const struct process *process)
{
	struct table *table = data;
	struct record_items *items = &table->items;
	struct record record = record_of(table, process);
	size_t length = items->address.length, part = strcspn(table->path, "/");
	char number[24];
	int r;

	snprintf(number, sizeof(number), "%llu", (unsigned long long)process->values[PROCESS_PID].number);
	if (part) {
		_cleanup_free_ char *pattern = strndup(table->path, part);

		if (!pattern)
			return -ENOMEM;
		if (!nature_match(pattern, number))
			return 0;
	}
	table->found = true;
	buffer_add_char(&items->address, '/');
	buffer_add_text(&items->address, number);
	r = record_items_tell(items, &record, table->path + part + (table->path[part] == '/'), part);
	if (!items->address.failed) {
		items->address.length = length;
		items->address.data[length] = '\0';
	}
	return r;
}

/* A whole pid, 0 where PATH begins with none. */
static uint32_t pid_of(const char *path)
{
	size_t part = strcspn(path, "/"), digits = strspn(path, "0123456789");

	return part == digits && digits && digits < 10 ? (uint32_t)strtoul(path, NULL, 10) : 0;
}

static int run(struct table *table, struct machine *machine)
{
	struct error *error = &machine->error, why = { 0 };
	uint32_t pid = pid_of(table->path);
	bool hidden = false;
	int r;

	*error = (struct error){ 0 };
	buffer_add_text(&table->items.address, ADDRESS);
	if (pid) {
		r = process_find(machine, pid, tell, table, &hidden);
	} else {
		r = process_iterate(machine, tell, table, &why);
		if (r == -EOPNOTSUPP)
			r = process_scan(machine, NULL, 0, tell, table, &hidden);
	}
	if (r == -ENOENT || (r == 0 && *table->path && !table->items.found))
		return error_set(error, -ENOENT, "there is no %s/%s%s", ADDRESS, table->path,
				 hidden ? " to be seen: what belongs to others is hidden from this user" : "");
	if (r < 0)
		return error->code ? r : error_set(error, r, "cannot read the processes: %s", error_text(r));
	if (r == 0 && hidden) {
		error_set(error, -EACCES,
			  "some processes belong to others and are hidden from this user (hidepid of /proc), in whole or in part: what is missing "
			  "here may be there all the same");
		return FERRY_INCOMPLETE;
	}
	return r;
}

static struct table table_of(struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function, void *data)
{
	return (struct table){ .path = path,
			       .items = { .flags = flags,
					  .values = flags & FERRY_READ_VALUES,
					  .help = schema.help,
					  .mode = 0444,
					  .mode_settable = 0444,
					  .error = &machine->error,
					  .function = function,
					  .data = data } };
}

int process_list(struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function, void *data)
{
	struct table table = table_of(machine, path, flags & ~(unsigned int)FERRY_READ_LEAVES, function, data);
	int r;

	table.items.fields = true;
	r = run(&table, machine);
	buffer_done(&table.items.address);
	return r == FERRY_INCOMPLETE ? 0 : r;
}

int process_get(struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function, void *data)
{
	struct table table = table_of(machine, path, flags | FERRY_READ_VALUES, function, data);
	int r = run(&table, machine);

	buffer_done(&table.items.address);
	return r;
}
