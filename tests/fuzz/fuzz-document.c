/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A document, or (where the first byte is odd) a journal, from any bytes: no overrun, and a journal that is taken comes back as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "state/document.h"
#include "state/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look_at(void *data, const struct document_line *line)
{
	const size_t *length = data;

	if (!*line->address || strlen(line->address) + (line->value ? strlen(line->value) : 0) > *length)
		abort();
	return 0;
}

static void try_document(const char *text, size_t length)
{
	if (document_each_line(text, length, look_at, &length, NULL) > 0)
		abort();
}

static void try_journal(const char *text, size_t length)
{
	_cleanup_buffer_ struct buffer first = { 0 }, second = { 0 };
	struct journal journal, back;

	if (journal_parse(text, length, &journal, NULL) < 0)
		return;
	journal_format(&journal, &first);
	if (journal_parse(first.data, first.length, &back, NULL) < 0)
		abort();
	journal_format(&back, &second);
	if (first.length != second.length || memcmp(first.data, second.data, first.length) != 0)
		abort();
	journal_done(&journal);
	journal_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy; /* exactly as long as the text, so that a read past its end is seen */

	if (size == 0)
		return 0;
	copy = malloc(size - 1 ? size - 1 : 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	if (*data & 1)
		try_journal(copy, size - 1);
	else
		try_document(copy, size - 1);
	free(copy);
	return 0;
}
