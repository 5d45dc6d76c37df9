/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as any typed file of procfs, which the first byte picks: read without a failure, each line told, no key twice, and as JSON that another
 * reader takes. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	struct buffer json; /* one object of all rows */
	unsigned int rows;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int take(void *data, const char *key, const struct value *value)
{
	struct reading *reading = data;

	buffer_add_char(&reading->json, reading->rows++ ? ',' : '{');
	buffer_add_json(&reading->json, key ? key : "all", strlen(key ? key : "all"));
	buffer_add_char(&reading->json, ':');
	value_json(&reading->json, value, NULL, NULL);
	return 0;
}

static const struct report *pick(unsigned int index)
{
	static const struct report *const tables[] = { reports_machine, reports_network, reports_process };
	const struct report *all[64];
	unsigned int count = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct report *report = tables[i]; report->name; report++)
			if (report->layout)
				all[count++] = report;
	return all[index % count];
}

/* Lines that are more than blanks. */
static unsigned int count_lines(const char *text, size_t length)
{
	unsigned int count = 0;
	bool said = false;

	for (size_t i = 0; i < length; i++) {
		said |= text[i] != ' ' && text[i] != '\t' && text[i] != '\n';
		if (text[i] == '\n' || i + 1 == length) {
			count += said;
			said = false;
		}
	}
	return count;
}

static bool is_ascii(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] >= 0x80)
			return false;
	return true;
}

static void check_json(struct reading *reading)
{
	json_error_t error;
	json_t *json;

	buffer_add_char(&reading->json, '}');
	/* Bytes that are no UTF-8 (octal in a name of a mount) are told as lone surrogates, which this reader refuses. */
	if (memmem(reading->json.data, reading->json.length, "\\udc", 4))
		return;
	json = json_loadb(reading->json.data, reading->json.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
	require(json);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct reading reading = { .rows = 0 };
	const struct report *report;
	const char *text;

	if (!size)
		return 0;
	report = pick(data[0]);
	text = (const char *)data + 1;
	require(layout_read(report->layout, text, size - 1, &arena, take, &reading) == 0);
	if (report->layout->kind == LAYOUT_ROWS && !report->layout->headings)
		require(reading.rows == count_lines(text, size - 1));
	if (reading.rows && is_ascii(data + 1, size - 1))
		check_json(&reading);
	require(report_same_rows(text, size - 1, text, size - 1, report->steady));
	buffer_done(&reading.json);
	return 0;
}
