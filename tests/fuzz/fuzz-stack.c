/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What call sites are read from. The first byte says of what the rest is: even: an ELF file, whose symbols are read; odd: records of perf's buffers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crossing/mappings.h"
#include "crossing/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_file(const uint8_t *data, size_t size)
{
	int file = memfd_create("elf", MFD_CLOEXEC);
	struct symbols *symbols = NULL;
	struct symbol symbol;

	if (file < 0)
		return;
	if (write(file, data, size) == (ssize_t)size && symbols_read(file, &symbols) == 0) {
		for (uint64_t offset = 0; offset < size; offset++) {
			if (symbols_find(symbols, offset, &symbol) && strlen(symbol.name) == 0)
				abort();
			symbols_follows_call(symbols, offset);
		}
		symbols_find(symbols, UINT64_MAX, &symbol);
	}
	symbols_free(symbols);
	close(file);
}

/* Each as long as its first byte says, in memory of its own, so that a read past its end is seen. */
static void read_records(const uint8_t *data, size_t size)
{
	struct mappings *mappings;

	if (mappings_open(0, &mappings, NULL) < 0)
		return;
	while (size > 1) {
		size_t length = data[0] < size - 1 ? data[0] : size - 1;
		uint8_t *record = malloc(length ? length : 1);

		if (!record)
			break;
		memcpy(record, data + 1, length);
		if (mappings_take(mappings, record, length) < 0)
			abort();
		free(record);
		data += 1 + length;
		size -= 1 + length;
	}
	for (uint64_t address = 0; address < 1 << 16; address += 1 << 10)
		mappings_find(mappings, 1 << 30, address);
	mappings_close(mappings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	if (data[0] & 1)
		read_records(data + 1, size - 1);
	else
		read_file(data + 1, size - 1);
	return 0;
}
