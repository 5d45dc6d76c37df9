/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of figures, and when nothing is; and what numbers are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "crossing/stat-names.h"
#include "crossing/stat-part.h"

static struct arena arena;

/* The only sentence that is said, "" where there is none. */
static const char *advice(const struct stat_sums *sums)
{
	struct value said;

	assert_int_equal(stat_advice(sums, &arena, &said), 0);
	assert_int_equal(said.type, VALUE_LIST);
	assert_in_range(said.list.count, 0, 1);
	return said.list.count ? said.list.items[0].bytes.data : "";
}

static void test_small_reads(void **state)
{
	struct stat_call_sum call = { .call = system_call_named("read") };
	struct stat_sums sums = { .calls = &call, .call_count = 1, .counts.on_processor = 1000000 };

	(void)state;
	call.timing = (struct stat_timing){ .count = 2000, .total = 500000, .waited = 100000, .bytes = 70000, .idle = 1990 };
	assert_string_equal(advice(&sums),
			    "1990 of 2000 calls of read moved 16 bytes or less (70000 bytes in all, 40.0 % of the processor time): with a "
			    "buffer of 64 KiB it takes 2 calls");
	call.timing.idle = 999; /* too few */
	assert_string_equal(advice(&sums), "");
	call.timing = (struct stat_timing){ .count = 4000, .total = 500000, .idle = 1999 }; /* not the most of them */
	assert_string_equal(advice(&sums), "");
	call.timing = (struct stat_timing){ .count = 2000, .total = 500000, .waited = 495000, .idle = 2000 }; /* not a hundredth of the time */
	assert_string_equal(advice(&sums), "");
	call.timing = (struct stat_timing){ .count = 2000, .total = 500000, .idle = 2000 };
	call.compat = true; /* of these it is not looked at */
	assert_string_equal(advice(&sums), "");
}

static void test_polls(void **state)
{
	struct stat_call_sum call = { .call = system_call_named("epoll_wait") };
	struct stat_sums sums = { .calls = &call, .call_count = 1, .counts.on_processor = 1000000 };

	(void)state;
	call.timing = (struct stat_timing){ .count = 1000, .total = 20000, .idle = 1000 };
	assert_string_equal(advice(&sums),
			    "1000 of 1000 calls of epoll_wait had a timeout of 0 and found nothing (2.0 % of the processor time): a loop that "
			    "asks instead of waiting; with a timeout it sleeps");
}

static void test_faults(void **state)
{
	struct stat_sums sums = { .counts.on_processor = 1000000 };

	(void)state;
	sums.faults[STAT_ANONYMOUS][STAT_MINOR] = (struct stat_timing){ .count = 5119, .total = 100000 };
	sums.faults[STAT_HEAP][STAT_MINOR] = (struct stat_timing){ .count = 1, .total = 0 };
	assert_non_null(strstr(advice(&sums), "5120 faults brought in anonymous memory page by page (20 MiB, 10.0 % of the processor time)"));
	sums.faults[STAT_ANONYMOUS][STAT_MINOR].count = 4000;
	assert_string_equal(advice(&sums), "");
}

static void test_files(void **state)
{
	struct stat_path_sum path = { .path = { "/etc/hosts" }, .count = 1000 };
	struct stat_sums sums = { .paths = &path, .path_count = 1, .counts.on_processor = 1 };

	(void)state;
	assert_string_equal(advice(&sums), "/etc/hosts was opened 1000 times: kept open, it can be read again with pread");
	path.count = 999;
	assert_string_equal(advice(&sums), "");
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(stat_error_name(&arena, 2), "ENOENT");
	assert_string_equal(stat_error_name(&arena, 512), "ERESTARTSYS");
	assert_string_equal(stat_error_name(&arena, 4000), "error 4000");
	assert_string_equal(stat_signal_name(&arena, SIGFPE), "SIGFPE");
	assert_string_equal(stat_signal_code(&arena, SIGFPE, FPE_INTDIV), "FPE_INTDIV");
	assert_string_equal(stat_signal_code(&arena, SIGFPE, 99), "code 99");
	assert_string_equal(stat_signal_code(&arena, SIGSEGV, SI_KERNEL), "SI_KERNEL");
	assert_string_equal(stat_interrupt_name(&arena, STAT_SOFTIRQ, 3, ""), "NET_RX");
	assert_string_equal(stat_interrupt_name(&arena, STAT_HANDLER, 3, "virtio"), "virtio");
	assert_string_equal(stat_interrupt_name(&arena, STAT_HANDLER, 3, ""), "interrupt 3");
	assert_string_equal(stat_interrupt_name(&arena, STAT_VECTOR, 999, ""), "interrupt 999");
	assert_string_equal(stat_operation_name(&arena, 1), "READV");
	assert_string_equal(stat_operation_name(&arena, 62), "PIPE");
	assert_string_equal(stat_operation_name(&arena, 255), "operation 255");
	assert_string_equal(stat_call_name(&arena, NULL, 511), "call 511");
	assert_string_equal(stat_site_name(&arena, STAT_SITE_FAULT, STAT_STACK << 1 | STAT_MAJOR), "stack major");
	assert_string_equal(stat_site_name(&arena, STAT_SITE_MEMORY, 99), "unknown");
#if defined(__x86_64__)
	assert_string_equal(stat_site_name(&arena, STAT_SITE_CALL, 0), "read");
	assert_string_equal(stat_site_name(&arena, STAT_SITE_CALL, STAT_COMPAT | 3), "read");
#endif
}

static int done(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_reads), cmocka_unit_test(test_polls), cmocka_unit_test(test_faults),
		cmocka_unit_test(test_files),       cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
