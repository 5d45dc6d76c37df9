/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which function and which file an address belongs to: judged by this program's own functions and mappings, and by dladdr(3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crossing/mappings.h"
#include "crossing/symbols.h"

static struct mappings *none(void)
{
	struct mappings *mappings = NULL;

	assert_int_equal(mappings_open(0, &mappings, NULL), 0);
	return mappings;
}

static void check(struct mappings *mappings, const void *address, const char *name)
{
	const struct mapping *mapping = mappings_find(mappings, getpid(), (uint64_t)(uintptr_t)address);
	struct symbols *symbols = NULL;
	struct symbol symbol = {};
	int file;

	assert_non_null(mapping);
	file = open(mapping->path, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(symbols_read(file, &symbols), 0);
	close(file);
	assert_true(symbols_find(symbols, (uint64_t)(uintptr_t)address - mapping->start + mapping->offset + 1, &symbol));
	assert_string_equal(symbol.name, name);
	assert_int_equal(symbol.distance, 1);
	assert_false(symbols_find(symbols, UINT64_MAX, &symbol));
	symbols_free(symbols);
}

static void test_own_functions(void **state)
{
	struct mappings *mappings = none();
	Dl_info info = {};
	void *function = dlsym(RTLD_DEFAULT, "qsort_r");

	(void)state;
	check(mappings, (const void *)(uintptr_t)test_own_functions, "test_own_functions");
	assert_non_null(function);
	assert_true(dladdr(function, &info) != 0);
	check(mappings, function, info.dli_sname);
	mappings_close(mappings);
}

/* Where this function was called from, as a place in the file. */
static __attribute__((noinline)) bool called_from(struct mappings *mappings, const struct symbols *symbols, int64_t more)
{
	const uint64_t address = (uint64_t)(uintptr_t)__builtin_return_address(0);
	const struct mapping *mapping = mappings_find(mappings, getpid(), address);

	return symbols_follows_call(symbols, address - mapping->start + mapping->offset + (uint64_t)more);
}

static void test_what_follows_a_call(void **state)
{
#if defined(__x86_64__)
	struct mappings *mappings = none();
	struct symbols *symbols = NULL;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(symbols_read(file, &symbols), 0);
	close(file);
	assert_true(called_from(mappings, symbols, 0));
	assert_false(symbols_follows_call(symbols, 0));
	assert_false(symbols_follows_call(symbols, UINT64_MAX));
	symbols_free(symbols);
	mappings_close(mappings);
#else
	(void)state;
	(void)called_from;
	skip();
#endif
}

static void test_what_is_no_program(void **state)
{
	struct symbols *symbols = NULL;
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(symbols_read(file, &symbols), -ENOEXEC);
	assert_null(symbols);
	close(file);
}

/* As perf hands it over. */
static void tell_mapping(struct mappings *mappings, uint32_t pid, uint64_t address, const char *path, uint64_t time)
{
	struct {
		struct perf_event_header header;
		uint32_t pid, tid;
		uint64_t address, length, offset;
		uint32_t major, minor;
		uint64_t inode, generation;
		uint32_t protection, flags;
		char path[16];
		uint64_t time;
	} record = {
		.header = { PERF_RECORD_MMAP2, 0, sizeof(record) }, .pid = pid, .address = address, .length = 0x1000, .offset = 0x2000, .time = time
	};

	snprintf(record.path, sizeof(record.path), "%s", path);
	assert_int_equal(mappings_take(mappings, &record, sizeof(record)), 0);
	/* Cut short anywhere it is passed over. */
	for (size_t length = 0; length < sizeof(record) - sizeof(record.path) - sizeof(record.time); length++)
		assert_int_equal(mappings_take(mappings, &record, length), 0);
}

static void test_mappings(void **state)
{
	/* Above what pids can be, so that /proc tells nothing. */
	const uint32_t parent = 1u << 30, child = parent + 1;
	const struct {
		struct perf_event_header header;
		uint32_t pid, parent, tid, parent_tid;
		uint64_t time;
	} fork = { { PERF_RECORD_FORK, 0, sizeof(fork) }, child, parent, child, parent, 3 };
	struct mappings *mappings = none();

	(void)state;
	tell_mapping(mappings, parent, 0x10000, "/old", 1);
	tell_mapping(mappings, parent, 0x10000, "/new", 2);
	tell_mapping(mappings, child, 0x20000, "/child", 4);
	assert_null(mappings_find(mappings, (int)child, 0x10000));
	assert_int_equal(mappings_take(mappings, &fork, sizeof(fork)), 0);
	assert_string_equal(mappings_find(mappings, (int)parent, 0x10fff)->path, "/new");
	assert_string_equal(mappings_find(mappings, (int)child, 0x10000)->path, "/new");
	assert_string_equal(mappings_find(mappings, (int)child, 0x20000)->path, "/child");
	assert_int_equal(mappings_find(mappings, (int)child, 0x20000)->offset, 0x2000);
	assert_null(mappings_find(mappings, (int)parent, 0x11000));
	assert_null(mappings_find(mappings, (int)parent, 0x20000));
	mappings_close(mappings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_functions),
		cmocka_unit_test(test_what_follows_a_call),
		cmocka_unit_test(test_what_is_no_program),
		cmocka_unit_test(test_mappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
