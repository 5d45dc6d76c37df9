/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sums as records. */
#include <errno.h>
#include <string.h>

#include "crossing/mappings.h"
#include "crossing/stat-names.h"
#include "crossing/stat-part.h"
#include "crossing/stat-schema.h"
#include "crossing/stat-sites.h"

#define PATHS_TOLD 20

struct building {
	struct arena *arena;
	const struct stat_sums *sums;
	uint64_t whole; /* nanoseconds that are 100 % */
	int error;
};

/* The fields of a schema, one after the other. */
struct row {
	struct building *building;
	struct record *record;
	unsigned int next;
};

static struct row row_begin(struct building *building, const struct schema *schema)
{
	struct row row = { building, record_new_sized(building->arena, schema, schema->attribute_count), 0 };

	if (!row.record)
		building->error = -ENOMEM;
	return row;
}

static void put(struct row *row, struct value value)
{
	const struct field *field;

	if (!row->record)
		return;
	field = &row->record->schema->attributes[row->next++];
	if (record_add(row->building->arena, row->record, (struct entry){ .name = field->name, .field = field, .value = value }) < 0)
		row->building->error = -ENOMEM;
}

static struct value row_value(const struct row *row)
{
	return row->record ? (struct value){ .type = VALUE_RECORD, .record = row->record } : (struct value){ .type = VALUE_NULL };
}

/* Rows that are gathered: ITEMS has room for as many as there will be. */
struct rows {
	struct value *items;
	uint32_t count;
};

static struct rows rows_begin(struct building *building, size_t most)
{
	struct rows rows = { arena_array(building->arena, struct value, most + 1), 0 };

	if (!rows.items)
		building->error = -ENOMEM;
	return rows;
}

static void rows_add(struct rows *rows, const struct row *row)
{
	if (rows->items)
		rows->items[rows->count++] = row_value(row);
}

static struct value rows_value(const struct rows *rows)
{
	return (struct value){ .type = VALUE_LIST, .list = { rows->items, rows->count } };
}

/* Of whole percents the hundredths are told too. */
static uint64_t share(const struct building *building, uint64_t time)
{
	return building->whole ? (uint64_t)((unsigned __int128)time * 10000 / building->whole) : 0;
}

static void put_timing(struct row *row, const struct stat_timing *timing)
{
	put(row, value_uint(timing->count));
	put(row, value_uint(timing->total));
	put(row, value_uint(timing->waited));
	put(row, value_uint(share(row->building, timing->total > timing->waited ? timing->total - timing->waited : 0)));
	put(row, value_uint(timing->count ? timing->total / timing->count : 0));
	put(row, value_uint(timing_percentile(timing, 500)));
	put(row, value_uint(timing_percentile(timing, 990)));
	put(row, value_uint(timing->most));
}

static void add_trigger(struct building *building, struct rows *rows, const char *name, const struct stat_timing *timing)
{
	struct row row = row_begin(building, &stat_trigger_schema);

	put(&row, value_text(name));
	put_timing(&row, timing);
	rows_add(rows, &row);
}

static struct value triggers(struct building *building)
{
	struct rows rows = rows_begin(building, 3);
	struct stat_timing calls = {}, faults = {}, interrupts = {};

	for (size_t i = 0; i < building->sums->call_count; i++)
		timing_add(&calls, &building->sums->calls[i].timing);
	for (int region = 0; region < STAT_REGION_COUNT; region++)
		for (int fault = 0; fault < STAT_FAULT_COUNT; fault++)
			timing_add(&faults, &building->sums->faults[region][fault]);
	for (size_t i = 0; i < building->sums->signal_count; i++)
		faults.count += building->sums->signals[i].signal.count;
	for (size_t i = 0; i < building->sums->interrupt_count; i++)
		timing_add(&interrupts, &building->sums->interrupts[i].interrupt.hit);
	add_trigger(building, &rows, "system calls", &calls);
	add_trigger(building, &rows, "exceptions", &faults);
	add_trigger(building, &rows, "interrupts", &interrupts);
	return rows_value(&rows);
}

static struct value classes(struct building *building)
{
	struct rows rows = rows_begin(building, FERRY_CLASS_COUNT);

	for (enum ferry_call_class class = 0; class < FERRY_CLASS_COUNT; class ++) {
		struct stat_timing sum = {};
		struct row row = row_begin(building, &stat_class_schema);

		for (size_t i = 0; i < building->sums->call_count; i++)
			if (building->sums->calls[i].call && building->sums->calls[i].call->class == class)
				timing_add(&sum, &building->sums->calls[i].timing);
		put(&row, value_text(system_call_class_name(class)));
		put(&row, value_uint(sum.failed));
		put_timing(&row, &sum);
		rows_add(&rows, &row);
	}
	return rows_value(&rows);
}

/* KEY without the errno: bpf/stat.h. */
static struct value errors_of(struct building *building, uint32_t key)
{
	struct rows rows = rows_begin(building, building->sums->error_count);

	for (size_t i = 0; i < building->sums->error_count; i++) {
		const struct stat_error_sum *error = &building->sums->errors[i];
		struct row row;

		if ((error->key & 0xffff0000u) != key)
			continue;
		row = row_begin(building, &stat_error_schema);
		put(&row, value_text(stat_error_name(building->arena, error->key & 0xffff)));
		put(&row, value_uint(error->count));
		rows_add(&rows, &row);
	}
	return rows_value(&rows);
}

static struct value calls(struct building *building)
{
	struct rows rows = rows_begin(building, building->sums->call_count);

	for (size_t i = 0; i < building->sums->call_count; i++) {
		const struct stat_call_sum *sum = &building->sums->calls[i];
		struct row row = row_begin(building, &stat_call_schema);

		put(&row, value_text(stat_call_name(building->arena, sum->call, sum->number)));
		put(&row, sum->call ? value_text(system_call_class_name(sum->call->class)) : (struct value){ .type = VALUE_NULL });
		put(&row, value_bool(sum->compat));
		put(&row, value_uint(sum->timing.failed));
		put_timing(&row, &sum->timing);
		put(&row, value_uint(sum->timing.bytes));
		put(&row, value_uint(sum->timing.idle));
		put(&row, errors_of(building, (sum->compat ? STAT_COMPAT : 0) | sum->number << 16));
		rows_add(&rows, &row);
	}
	return rows_value(&rows);
}

static struct value faults(struct building *building)
{
	struct rows rows = rows_begin(building, (size_t)STAT_REGION_COUNT * STAT_FAULT_COUNT);

	for (int region = 0; region < STAT_REGION_COUNT; region++)
		for (int fault = 0; fault < STAT_FAULT_COUNT; fault++) {
			const struct stat_timing *timing = &building->sums->faults[region][fault];
			struct row row;

			if (!timing->count)
				continue;
			row = row_begin(building, &stat_fault_schema);
			put(&row, value_text(stat_region_name(region)));
			put(&row, value_text(fault == STAT_MAJOR ? "major" : "minor"));
			put_timing(&row, timing);
			rows_add(&rows, &row);
		}
	return rows_value(&rows);
}

static struct value exceptions(struct building *building)
{
	struct rows rows = rows_begin(building, building->sums->signal_count);

	for (size_t i = 0; i < building->sums->signal_count; i++) {
		const struct stat_signal_sum *sum = &building->sums->signals[i];
		struct row row = row_begin(building, &stat_exception_schema);

		put(&row, value_text(stat_signal_name(building->arena, sum->key.number)));
		put(&row, value_text(stat_signal_code(building->arena, sum->key.number, sum->key.code)));
		put(&row, value_uint(sum->signal.count));
		put(&row, value_uint(sum->signal.address));
		put(&row, value_uint(sum->signal.pid));
		put(&row, value_uint(sum->signal.tid));
		rows_add(&rows, &row);
	}
	return rows_value(&rows);
}

static struct value interrupts(struct building *building)
{
	static const char *const kinds[STAT_INTERRUPT_KIND_COUNT] = { "vector", "handler", "softirq" };
	struct rows rows = rows_begin(building, building->sums->interrupt_count);

	for (size_t i = 0; i < building->sums->interrupt_count; i++) {
		const struct stat_interrupt_sum *sum = &building->sums->interrupts[i];
		const uint32_t kind = sum->key >> 24, number = sum->key & 0xffffff;
		struct row row = row_begin(building, &stat_interrupt_schema);

		put(&row, value_text(kinds[kind < STAT_INTERRUPT_KIND_COUNT ? kind : 0]));
		put(&row, value_text(stat_interrupt_name(building->arena, kind, number, sum->interrupt.name)));
		put(&row, kind == STAT_VECTOR ? (struct value){ .type = VALUE_NULL } : value_uint(number));
		put_timing(&row, &sum->interrupt.all);
		put(&row, value_uint(sum->interrupt.hit.count));
		put(&row, value_uint(sum->interrupt.hit.total));
		rows_add(&rows, &row);
	}
	return rows_value(&rows);
}

static struct value operations(struct building *building)
{
	struct rows rows = rows_begin(building, building->sums->operation_count);

	for (size_t i = 0; i < building->sums->operation_count; i++) {
		const struct stat_operation_sum *sum = &building->sums->operations[i];
		struct row row = row_begin(building, &stat_operation_schema);

		put(&row, value_text(stat_operation_name(building->arena, sum->number)));
		put(&row, value_uint(sum->number));
		put(&row, value_uint(sum->timing.failed));
		put_timing(&row, &sum->timing);
		put(&row, errors_of(building, STAT_OPERATION | sum->number << 16));
		rows_add(&rows, &row);
	}
	return rows_value(&rows);
}

static struct value switches(struct building *building)
{
	struct row row = row_begin(building, &stat_switches_schema);

	put(&row, value_uint(building->sums->counts.switches_voluntary));
	put(&row, value_uint(building->sums->counts.switches_forced));
	return row_value(&row);
}

/* BYTES of pages by the area that they lie in; null where this kernel tells of no fault which that is. */
static struct value touched(const struct building *building, uint64_t pages)
{
	const struct stat_timing(*faults)[STAT_FAULT_COUNT] = building->sums->faults;
	uint64_t known = 0;

	for (unsigned int region = 0; region < STAT_REGION_UNKNOWN; region++)
		known += faults[region][STAT_MINOR].count;
	if (!known && faults[STAT_REGION_UNKNOWN][STAT_MINOR].count)
		return (struct value){ .type = VALUE_NULL };
	return value_uint(pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

static struct value memory(struct building *building)
{
	const struct stat_counts *counts = &building->sums->counts;
	struct row row = row_begin(building, &stat_memory_schema);
	static const enum stat_memory asked[] = { STAT_BRK_ASKED, STAT_MMAP_ANONYMOUS, STAT_MMAP_FILE };

	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		put(&row, value_uint(counts->memory_bytes[asked[i]]));
		put(&row, value_uint(counts->memory_calls[asked[i]]));
	}
	put(&row, touched(building, building->sums->faults[STAT_HEAP][STAT_MINOR].count));
	put(&row, touched(building, building->sums->faults[STAT_ANONYMOUS][STAT_MINOR].count));
	put(&row, value_uint(counts->memory_bytes[STAT_BRK_GIVEN]));
	put(&row, value_uint(counts->memory_bytes[STAT_MUNMAP]));
	put(&row, value_uint(counts->memory_bytes[STAT_DONTNEED]));
	return row_value(&row);
}

static struct value paths(struct building *building)
{
	struct rows rows = rows_begin(building, PATHS_TOLD);

	for (size_t i = 0; i < building->sums->path_count && i < PATHS_TOLD; i++) {
		struct row row = row_begin(building, &stat_path_schema);

		put(&row, value_data(VALUE_TEXT, building->sums->paths[i].path.text, strnlen(building->sums->paths[i].path.text, STAT_PATH)));
		put(&row, value_uint(building->sums->paths[i].count));
		rows_add(&rows, &row);
	}
	return rows_value(&rows);
}

static struct value site_rows(struct building *building, struct stat_count *count)
{
	struct rows rows = rows_begin(building, building->sums->site_count);

	for (size_t i = 0; i < building->sums->site_count; i++) {
		const struct stat_site_sum *sum = &building->sums->sites[i];
		struct row row = row_begin(building, &stat_site_schema);
		struct value stack = { .type = VALUE_LIST };
		bool cut = false;

		if (stat_site_stack(count, sum, building->arena, &stack, &cut) < 0)
			building->error = -ENOMEM;
		put(&row, value_text(stat_site_kind(sum->key.kind)));
		put(&row, value_text(stat_site_name(building->arena, sum->key.kind, sum->key.number)));
		put(&row, value_uint(sum->key.pid));
		put(&row, value_uint(sum->site.count));
		put(&row, value_uint(sum->site.time));
		put(&row, value_uint(sum->site.bytes));
		put(&row, touched(building, sum->site.touched));
		put(&row, stack);
		put(&row, value_bool(cut));
		rows_add(&rows, &row);
	}
	return rows_value(&rows);
}

static struct value lost(struct building *building, const struct stat_count *count)
{
	struct row row = row_begin(building, &stat_lost_schema);

	put(&row, value_uint(building->sums->counts.full));
	put(&row, value_uint(building->sums->missed));
	put(&row, value_uint(building->sums->counts.stacks_lost));
	put(&row, value_uint(count->mappings ? mappings_lost(count->mappings) : 0));
	return row_value(&row);
}

/* Time on the processor that was not the program's own: calls without their waiting, the faults that it took itself, the interrupts that found it. */
static uint64_t kernel_time(const struct stat_sums *sums)
{
	uint64_t time = sums->counts.interrupts_in_user, faults = 0;

	for (size_t i = 0; i < sums->call_count; i++)
		time += sums->calls[i].timing.total - sums->calls[i].timing.waited;
	for (int region = 0; region < STAT_REGION_COUNT; region++)
		for (int fault = 0; fault < STAT_FAULT_COUNT; fault++)
			faults += sums->faults[region][fault].total - sums->faults[region][fault].waited;
	if (faults > sums->counts.faults_in_calls)
		time += faults - sums->counts.faults_in_calls;
	return time < sums->counts.on_processor ? time : sums->counts.on_processor;
}

int stat_count_read(struct stat_count *count, struct arena *arena, struct record **ret, struct error *error)
{
	struct stat_sums sums;
	struct building building = { .arena = arena, .sums = &sums };
	struct value advice = { .type = VALUE_LIST };
	struct row row;
	uint64_t kernel;
	int r;

	stat_count_tend(count);
	r = stat_sums_read(count, arena, &sums);

	if (r < 0)
		return error_set(error, r, "cannot read what was counted: %s", error_text(r));
	building.whole = count->machine ? sums.elapsed * count->processors : sums.counts.on_processor;
	kernel = kernel_time(&sums);
	row = row_begin(&building, &stat_schema);
	put(&row, value_uint(sums.elapsed));
	put(&row, value_uint(sums.counts.on_processor));
	put(&row, value_uint(sums.counts.on_processor - kernel));
	put(&row, value_uint(kernel));
	put(&row, value_uint(sums.counts.kernel_threads));
	put(&row, switches(&building));
	put(&row, triggers(&building));
	put(&row, classes(&building));
	put(&row, calls(&building));
	put(&row, faults(&building));
	put(&row, exceptions(&building));
	put(&row, interrupts(&building));
	put(&row, operations(&building));
	put(&row, memory(&building));
	put(&row, paths(&building));
	put(&row, site_rows(&building, count));
	if (stat_advice(&sums, arena, &advice) < 0)
		building.error = -ENOMEM;
	put(&row, advice);
	put(&row, *count->missing ? value_text(count->missing) : (struct value){ .type = VALUE_NULL });
	put(&row, lost(&building, count));
	if (building.error)
		return error_set(error, building.error, "no memory for what was counted");
	*ret = row.record;
	return 0;
}
