/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/stat-print.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "show/amount.h"
#include "show/table.h"
#include "show/value.h"

#define SITES_SHOWN 20 /* of each kind, under -s */

static uint64_t number(const struct ferry_value *record, const char *name)
{
	const struct ferry_value *value = value_field(record, name);

	return value ? ferry_value_number(value) : 0;
}

static char *text(const struct ferry_value *record, const char *name)
{
	const struct ferry_value *value = value_field(record, name);

	return value && ferry_value_type(value) != FERRY_NULL ? ferry_value_text(value) : strdup("-");
}

static char *time_text(uint64_t time)
{
	_cleanup_buffer_ struct buffer buffer = {};

	if (time == 0)
		return strdup("-");
	amount_time(&buffer, time);
	return buffer_take(&buffer);
}

static char *bytes_text(uint64_t bytes)
{
	_cleanup_buffer_ struct buffer buffer = {};

	if (bytes == 0)
		return strdup("-");
	amount_bytes(&buffer, bytes);
	return buffer_take(&buffer);
}

static char *number_text(uint64_t amount)
{
	_cleanup_buffer_ struct buffer buffer = {};

	if (amount == 0)
		return strdup("-");
	buffer_add_uint(&buffer, amount);
	return buffer_take(&buffer);
}

static char *share_text(uint64_t hundredths)
{
	_cleanup_buffer_ struct buffer buffer = {};

	buffer_printf(&buffer, "%" PRIu64 ".%" PRIu64 "%%", hundredths / 100, hundredths % 100 / 10);
	return buffer_take(&buffer);
}

/* What a column shows of a row. */
enum form { FORM_TEXT, FORM_NUMBER, FORM_TIME, FORM_BYTES, FORM_SHARE };
struct column {
	const char *title, *field;
	enum form form;
};

static char *cell_text(const struct ferry_value *row, const struct column *column)
{
	switch (column->form) {
	case FORM_TEXT:
		return text(row, column->field);
	case FORM_NUMBER:
		return number_text(number(row, column->field));
	case FORM_TIME:
		return time_text(number(row, column->field));
	case FORM_BYTES:
		return bytes_text(number(row, column->field));
	case FORM_SHARE:
		break;
	}
	return share_text(number(row, column->field));
}

/* The rows of COUNTED's list NAME whose field WANTED (NULL: all) is at least LEAST, under a title line. Nothing where there are none. */
static int print_rows(struct output *output, const struct ferry_value *counted, const char *name, const char *wanted, uint64_t least,
		      const struct column *columns, unsigned int count)
{
	const struct ferry_value *rows = value_field(counted, name), *row;
	struct show_table table;
	const char *none;
	int r = 0;

	show_table_init(&table, count);
	show_table_row(&table);
	for (unsigned int i = 0; i < count; i++) {
		show_table_set(&table, i, columns[i].title);
		table.right |= (uint64_t)(columns[i].form != FORM_TEXT) << i;
	}
	for (unsigned int i = 0; rows && ferry_value_item(rows, i, &row, &none) == 0; i++) {
		if (wanted && number(row, wanted) < least)
			continue;
		show_table_row(&table);
		for (unsigned int j = 0; j < count; j++)
			show_table_take(&table, j, cell_text(row, &columns[j]));
	}
	if (table.failed || table.rows > 1) {
		buffer_add_char(&output->line, '\n');
		r = show_table_print(&table, output, false);
	}
	show_table_done(&table);
	return r;
}

static const struct column trigger_columns[] = {
	{ "TRIGGER", "name", FORM_TEXT }, { "COUNT", "count", FORM_NUMBER }, { "TIME", "time", FORM_TIME }, { "SHARE", "share", FORM_SHARE },
	{ "MEAN", "mean", FORM_TIME },    { "P50", "p50", FORM_TIME },       { "P99", "p99", FORM_TIME },   { "MAX", "max", FORM_TIME },
};
static const struct column class_columns[] = {
	{ "CLASS", "name", FORM_TEXT },    { "COUNT", "count", FORM_NUMBER }, { "FAILED", "failed", FORM_NUMBER }, { "TIME", "time", FORM_TIME },
	{ "WAITED", "waited", FORM_TIME }, { "SHARE", "share", FORM_SHARE },  { "MEAN", "mean", FORM_TIME },
};
static const struct column call_columns[] = {
	{ "CALL", "name", FORM_TEXT }, { "COUNT", "count", FORM_NUMBER }, { "FAILED", "failed", FORM_NUMBER },
	{ "TIME", "time", FORM_TIME }, { "WAITED", "waited", FORM_TIME }, { "SHARE", "share", FORM_SHARE },
	{ "P50", "p50", FORM_TIME },   { "P99", "p99", FORM_TIME },       { "MAX", "max", FORM_TIME },
};
static const struct column fault_columns[] = {
	{ "FAULT", "region", FORM_TEXT }, { "KIND", "kind", FORM_TEXT },    { "COUNT", "count", FORM_NUMBER },
	{ "TIME", "time", FORM_TIME },    { "SHARE", "share", FORM_SHARE }, { "MEAN", "mean", FORM_TIME },
	{ "P50", "p50", FORM_TIME },      { "P99", "p99", FORM_TIME },      { "MAX", "max", FORM_TIME },
};
static const struct column exception_columns[] = {
	{ "EXCEPTION", "signal", FORM_TEXT }, { "WHY", "code", FORM_TEXT },  { "COUNT", "count", FORM_NUMBER },
	{ "AT", "address", FORM_TEXT },       { "PID", "pid", FORM_NUMBER },
};
static const struct column interrupt_columns[] = {
	{ "INTERRUPT", "kind", FORM_TEXT }, { "NAME", "name", FORM_TEXT },    { "COUNT", "count", FORM_NUMBER },       { "TIME", "time", FORM_TIME },
	{ "P99", "p99", FORM_TIME },        { "ON IT", "hits", FORM_NUMBER }, { "TIME ON IT", "hit_time", FORM_TIME },
};
static const struct column operation_columns[] = {
	{ "IO_URING", "name", FORM_TEXT }, { "COUNT", "count", FORM_NUMBER }, { "FAILED", "failed", FORM_NUMBER }, { "TIME", "time", FORM_TIME },
	{ "MEAN", "mean", FORM_TIME },     { "P50", "p50", FORM_TIME },       { "P99", "p99", FORM_TIME },         { "MAX", "max", FORM_TIME },
};
static const struct column path_columns[] = { { "OPENED", "count", FORM_NUMBER }, { "FILE", "name", FORM_TEXT } };

#define PRINT_ROWS(output, counted, name, wanted, least, columns) print_rows(output, counted, name, wanted, least, columns, ARRAY_SIZE(columns))

static void add_amount(struct buffer *line, const char *before, uint64_t time, const char *behind)
{
	buffer_add_text(line, before);
	amount_time(line, time);
	buffer_add_text(line, behind);
}

static void print_head(struct output *output, const struct ferry_value *counted)
{
	struct buffer *line = &output->line;
	const struct ferry_value *switches;

	add_amount(line, "counted for ", number(counted, "elapsed"), "");
	add_amount(line, ", on the processor for ", number(counted, "processor"), "\n");
	add_amount(line, "user ", number(counted, "user"), ", ");
	add_amount(line, "kernel ", number(counted, "kernel"), "\n");
	if (number(counted, "kernel_threads"))
		add_amount(line, "the kernel's own threads: ", number(counted, "kernel_threads"), "\n");
	switches = value_field(counted, "switches");
	buffer_printf(line, "context switches: %" PRIu64 " to wait, ", number(switches, "voluntary"));
	buffer_printf(line, "%" PRIu64 " forced\n", number(switches, "forced"));
	output_commit(output);
}

/* "openat: ENOENT 12, EACCES 1", of the rows of LIST. */
static void print_errors(struct output *output, const struct ferry_value *counted, const char *list, const char *title)
{
	const struct ferry_value *rows = value_field(counted, list), *row, *errors, *error;
	const char *none;
	bool any = false;

	for (unsigned int i = 0; rows && ferry_value_item(rows, i, &row, &none) == 0; i++) {
		_cleanup_free_ char *name = text(row, "name");

		errors = value_field(row, "errors");
		for (unsigned int j = 0; errors && ferry_value_item(errors, j, &error, &none) == 0; j++) {
			_cleanup_free_ char *symbol = text(error, "name");

			if (!any)
				output_styled(output, &output->line, STYLE_STRONG, title);
			any = true;
			buffer_printf(&output->line, j == 0 ? "  %s: %s %" PRIu64 : "%.0s, %s %" PRIu64, name ? name : "", symbol ? symbol : "",
				      number(error, "count"));
		}
		if (errors && ferry_value_count(errors))
			buffer_add_char(&output->line, '\n');
	}
	output_commit(output);
}

static void print_memory(struct output *output, const struct ferry_value *counted)
{
	static const struct {
		const char *before, *field;
	} parts[] = {
		{ "\nmemory: asked ", "brk_asked" },
		{ " by brk, ", "mmap_anonymous" },
		{ " by mmap, ", "mmap_file" },
		{ " of files\n        touched ", "touched_heap" },
		{ " of the heap, ", "touched_anonymous" },
		{ " of other anonymous memory\n        gave back ", "brk_given" },
		{ " by brk, ", "munmap" },
		{ " by munmap, ", "dontneed" },
	};
	const struct ferry_value *memory = value_field(counted, "memory");

	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct ferry_value *value = value_field(memory, parts[i].field);

		buffer_add_text(&output->line, parts[i].before);
		if (value && ferry_value_type(value) == FERRY_NULL)
			buffer_add_text(&output->line, "?");
		else
			amount_bytes(&output->line, number(memory, parts[i].field));
	}
	buffer_add_text(&output->line, " by madvise\n");
	output_commit(output);
}

static void add_frame(struct buffer *line, const struct ferry_value *frame, const char *between)
{
	_cleanup_free_ char *shown = ferry_value_text(frame);

	buffer_add_text(line, between);
	buffer_add_text(line, shown ? shown : "?");
}

static void print_site(struct output *output, const struct ferry_value *site)
{
	const struct ferry_value *stack, *frame;
	struct buffer *line = &output->line;
	_cleanup_free_ char *name = text(site, "name");
	const char *none;

	buffer_printf(line, "  %s: %" PRIu64 " times", name ? name : "?", number(site, "count"));
	if (number(site, "time"))
		add_amount(line, ", ", number(site, "time"), "");
	if (number(site, "bytes")) {
		buffer_add_text(line, ", ");
		amount_bytes(line, number(site, "bytes"));
	}
	if (number(site, "touched")) {
		buffer_add_text(line, ", touched ");
		amount_bytes(line, number(site, "touched"));
	}
	buffer_printf(line, " (pid %" PRIu64 ")\n", number(site, "pid"));
	stack = value_field(site, "stack");
	for (unsigned int i = 0; stack && ferry_value_item(stack, i, &frame, &none) == 0; i++) {
		add_frame(line, frame, "      ");
		buffer_add_char(line, '\n');
	}
	if (number(site, "cut"))
		buffer_add_text(line, "      ... its callers are not known: the C library has no frame pointers\n");
	output_commit(output);
}

static void print_sites(struct output *output, const struct ferry_value *counted)
{
	const struct ferry_value *sites = value_field(counted, "sites"), *site;
	_cleanup_free_ char *last = NULL;
	const char *none;
	unsigned int shown = 0;

	for (unsigned int i = 0; sites && ferry_value_item(sites, i, &site, &none) == 0; i++) {
		char *kind = text(site, "kind");

		if (kind && (!last || strcmp(kind, last) != 0)) {
			shown = 0;
			buffer_printf(&output->line, "\ncall sites: %s\n", kind);
		}
		free(last);
		last = kind;
		if (shown++ < SITES_SHOWN)
			print_site(output, site);
	}
}

static void print_advice(struct output *output, const struct ferry_value *counted)
{
	const struct ferry_value *advice = value_field(counted, "advice"), *item;
	const char *none;

	for (unsigned int i = 0; advice && ferry_value_item(advice, i, &item, &none) == 0; i++)
		add_frame(&output->line, item, i ? "\n- " : "\nadvice\n- ");
	if (advice && ferry_value_count(advice))
		buffer_add_char(&output->line, '\n');
	output_commit(output);
}

/* What is not in the figures. */
static void print_lost(struct output *output, const struct ferry_value *counted)
{
	const struct ferry_value *unseen = value_field(counted, "unseen"), *lost;

	if (unseen && ferry_value_type(unseen) == FERRY_TEXT)
		add_frame(&output->line, unseen, "\nnot seen, as this kernel has no such tracepoint: ");
	buffer_add_text(&output->line, output->line.length ? "\n" : "");
	lost = value_field(counted, "lost");
	if (number(lost, "full") || number(lost, "missed") || number(lost, "stacks") || number(lost, "mappings")) {
		buffer_printf(&output->line, "\nnot in the figures: %" PRIu64 " entries without room, ", number(lost, "full"));
		buffer_printf(&output->line, "%" PRIu64 " events missed, ", number(lost, "missed"));
		buffer_printf(&output->line, "%" PRIu64 " stacks, ", number(lost, "stacks"));
		buffer_printf(&output->line, "%" PRIu64 " mapped files\n", number(lost, "mappings"));
	}
	output_commit(output);
}

int stat_print(struct output *output, const struct ferry_value *counted)
{
	int r;

	print_head(output, counted);
	r = PRINT_ROWS(output, counted, "triggers", NULL, 0, trigger_columns);
	if (r == 0)
		r = PRINT_ROWS(output, counted, "classes", "count", 1, class_columns);
	if (r == 0)
		r = PRINT_ROWS(output, counted, "calls", NULL, 0, call_columns);
	print_errors(output, counted, "calls", "\nerrors\n");
	if (r == 0)
		r = PRINT_ROWS(output, counted, "faults", NULL, 0, fault_columns);
	if (r == 0)
		r = PRINT_ROWS(output, counted, "exceptions", NULL, 0, exception_columns);
	if (r == 0)
		r = PRINT_ROWS(output, counted, "interrupts", NULL, 0, interrupt_columns);
	if (r == 0)
		r = PRINT_ROWS(output, counted, "operations", NULL, 0, operation_columns);
	print_errors(output, counted, "operations", "\nerrors of io_uring\n");
	print_memory(output, counted);
	if (r == 0)
		r = PRINT_ROWS(output, counted, "opened", "count", 2, path_columns);
	print_sites(output, counted);
	print_advice(output, counted);
	print_lost(output, counted);
	return r;
}

/* A frame without how far into the function it is: what is called from two places of one function is one frame there. */
static void add_function(struct buffer *line, const struct ferry_value *frame)
{
	_cleanup_free_ char *shown = ferry_value_text(frame);
	char *distance = shown && strchr(shown, '(') ? strstr(shown, "+0x") : NULL;

	if (distance)
		*distance = 0;
	/* A semicolon parts frames. */
	for (char *mark = shown; mark && (mark = strchr(mark, ';'));)
		*mark = ':';
	buffer_add_text(line, shown ? shown : "?");
	buffer_add_char(line, ';');
}

void stat_print_folded(struct output *output, const struct ferry_value *counted)
{
	const struct ferry_value *sites = value_field(counted, "sites"), *site, *stack, *frame;
	const char *none;

	for (unsigned int i = 0; sites && ferry_value_item(sites, i, &site, &none) == 0; i++) {
		_cleanup_free_ char *kind = text(site, "kind"), *name = text(site, "name");
		uint64_t time = number(site, "time");

		/* What is no time does not go with times. */
		if (!time)
			continue;
		/* Or it would stand for a program that is nothing but the C library. */
		if (number(site, "cut"))
			buffer_add_text(&output->line, "[callers not known];");
		stack = value_field(site, "stack");
		for (unsigned int j = stack ? ferry_value_count(stack) : 0; j-- > 0;)
			if (ferry_value_item(stack, j, &frame, &none) == 0)
				add_function(&output->line, frame);
		buffer_printf(&output->line, "[%s %s] %" PRIu64 "\n", kind ? kind : "?", name ? name : "?", (time + 999) / 1000);
		output_commit(output);
	}
}
