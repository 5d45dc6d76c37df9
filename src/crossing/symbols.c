/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/libelf.h"

#define SYMBOLS_MOST     4000000u
#define NAME_MOST        1024u
#define CALL_LENGTH_MOST 7

struct function {
	uint64_t start, end;
	const char *name;
};

struct segment {
	uint64_t offset, size, address;
};

struct symbols {
	struct function *functions; /* by START */
	size_t count, room;
	struct segment *segments; /* those that are loaded to be executed */
	size_t segment_count;
	Elf *elf; /* what NAME points into */
	int descriptor;
};

static int add_segments(struct symbols *symbols)
{
	size_t count;

	if (libelf.elf_getphdrnum(symbols->elf, &count) < 0 || count > 65536)
		return 0;
	symbols->segments = calloc(count + 1, sizeof(*symbols->segments));
	if (!symbols->segments)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (libelf.gelf_getphdr(symbols->elf, (int)i, &header) && header.p_type == PT_LOAD && header.p_flags & PF_X)
			symbols->segments[symbols->segment_count++] = (struct segment){ header.p_offset, header.p_filesz, header.p_vaddr };
	}
	return 0;
}

static int add_function(struct symbols *symbols, const GElf_Sym *symbol, const char *name)
{
	if (symbols->count == symbols->room) {
		size_t more = symbols->room ? symbols->room * 2 : 256;
		struct function *larger = reallocarray(symbols->functions, more, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		symbols->functions = larger;
		symbols->room = more;
	}
	symbols->functions[symbols->count++] = (struct function){ symbol->st_value, symbol->st_value + symbol->st_size, name };
	return 0;
}

static int add_table(struct symbols *symbols, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = libelf.elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	int r = 0;

	for (size_t i = 0; i < count && i < SYMBOLS_MOST && r == 0; i++) {
		const char *name;
		GElf_Sym symbol;

		if (!libelf.gelf_getsym(data, (int)i, &symbol))
			break;
		if ((GELF_ST_TYPE(symbol.st_info) != STT_FUNC && GELF_ST_TYPE(symbol.st_info) != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF ||
		    symbol.st_value + symbol.st_size < symbol.st_value)
			continue;
		name = libelf.elf_strptr(symbols->elf, header->sh_link, symbol.st_name);
		if (name && *name && strnlen(name, NAME_MOST) < NAME_MOST)
			r = add_function(symbols, &symbol, name);
	}
	return r;
}

/* Of functions at one place the longest name-giver is taken: global ones come last, and win. */
static int by_start(const void *a, const void *b)
{
	const struct function *first = a, *second = b;

	if (first->start != second->start)
		return first->start < second->start ? -1 : 1;
	if (first->end != second->end)
		return first->end < second->end ? -1 : 1;
	return strcmp(second->name, first->name);
}

static int add_tables(struct symbols *symbols)
{
	Elf_Scn *section = NULL;
	int r = 0;

	while (r == 0 && (section = libelf.elf_nextscn(symbols->elf, section))) {
		GElf_Shdr header;

		if (libelf.gelf_getshdr(section, &header) && (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			r = add_table(symbols, section, &header);
	}
	if (symbols->count)
		qsort(symbols->functions, symbols->count, sizeof(*symbols->functions), by_start);
	return r;
}

int symbols_read(int descriptor, struct symbols **ret)
{
	struct symbols *symbols;
	int r = libelf_load(NULL);

	if (r < 0)
		return r;
	symbols = calloc(1, sizeof(*symbols));
	if (!symbols)
		return -ENOMEM;
	symbols->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	if (symbols->descriptor < 0)
		r = -errno;
	if (r == 0 && libelf.elf_version(EV_CURRENT) != EV_NONE)
		/* Not mapped: a file that is cut short meanwhile must not end us. */
		symbols->elf = libelf.elf_begin(symbols->descriptor, ELF_C_READ, NULL);
	if (r == 0 && (!symbols->elf || libelf.elf_kind(symbols->elf) != ELF_K_ELF))
		r = -ENOEXEC;
	if (r == 0)
		r = add_segments(symbols);
	if (r == 0)
		r = add_tables(symbols);
	if (r < 0) {
		symbols_free(symbols);
		return r;
	}
	*ret = symbols;
	return 0;
}

struct symbols *symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return NULL;
	if (symbols->elf)
		libelf.elf_end(symbols->elf);
	if (symbols->descriptor >= 0)
		close(symbols->descriptor);
	free(symbols->functions);
	free(symbols->segments);
	free(symbols);
	return NULL;
}

static bool address_of(const struct symbols *symbols, uint64_t offset, uint64_t *ret)
{
	for (size_t i = 0; i < symbols->segment_count; i++) {
		const struct segment *segment = &symbols->segments[i];

		if (offset >= segment->offset && offset - segment->offset < segment->size) {
			*ret = segment->address + (offset - segment->offset);
			return true;
		}
	}
	return false;
}

bool symbols_find(const struct symbols *symbols, uint64_t offset, struct symbol *ret)
{
	size_t low = 0, high = symbols->count;
	uint64_t address;

	if (!address_of(symbols, offset, &address))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->functions[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* One without a size, as assemblers make them, goes to the next one. */
	if (low == 0 || (symbols->functions[low - 1].end <= address && symbols->functions[low - 1].end != symbols->functions[low - 1].start))
		return false;
	ret->name = symbols->functions[low - 1].name;
	ret->distance = address - symbols->functions[low - 1].start;
	return true;
}

#if defined(__x86_64__)
bool symbols_follows_call(const struct symbols *symbols, uint64_t offset)
{
	uint8_t bytes[CALL_LENGTH_MOST];
	uint64_t address;

	if (offset < sizeof(bytes) || !address_of(symbols, offset - 1, &address) ||
	    pread(symbols->descriptor, bytes, sizeof(bytes), (off_t)(offset - sizeof(bytes))) != sizeof(bytes))
		return false;
	/* E8 and four bytes; else FF with 2 in the middle of the byte behind it, from two to seven bytes long. */
	if (bytes[2] == 0xe8)
		return true;
	for (int i = 0; i < 6; i++)
		if (bytes[i] == 0xff && (bytes[i + 1] >> 3 & 7) == 2 && i != 2)
			return true;
	return false;
}
#else
bool symbols_follows_call(const struct symbols *symbols, uint64_t offset)
{
	(void)symbols;
	(void)offset;
	return false;
}
#endif
