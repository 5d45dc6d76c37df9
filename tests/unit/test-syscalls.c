/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of system calls against what the machine says: its headers, and the running kernel's own list where tracefs can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crossing/syscalls.h"

static void test_table_is_sound(void **state)
{
	static unsigned char taken[CALL_TABLE_COUNT][CALL_NUMBER_MAXIMUM];
	const struct system_call *call;

	(void)state;
	for (unsigned int i = 0; (call = system_call_at(i)); i++) {
		bool any = false;

		assert_ptr_equal(system_call_named(call->name), call);
		assert_non_null(ferry_call_class_name(call->class));
		for (int table = 0; table < CALL_TABLE_COUNT; table++) {
			if (call->numbers[table] < 0)
				continue;
			any = true;
			assert_in_range(call->numbers[table], 0, CALL_NUMBER_MAXIMUM - 1);
			assert_int_equal(taken[table][call->numbers[table]]++, 0);
			assert_ptr_equal(system_call_find(table, (unsigned int)call->numbers[table]), call);
		}
		assert_true(any);
	}
	assert_null(system_call_find(CALLS_X86_64, CALL_NUMBER_MAXIMUM));
	assert_null(system_call_find(CALLS_X86_64, 400)); /* a hole in that table */
	assert_null(system_call_named("nothing"));
}

static void test_classes_of_the_textbook(void **state)
{
	static const struct {
		const char *names;
		enum ferry_call_class class;
	} examples[] = {
		{ "fork exit exit_group wait4 waitid execve", FERRY_CLASS_PROCESS },
		{ "open openat close chmod fchmod umask chown fchown", FERRY_CLASS_FILE },
		{ "ioctl read write", FERRY_CLASS_DEVICE },
		{ "getpid getcpu alarm nanosleep", FERRY_CLASS_INFORMATION },
		{ "pipe pipe2 mmap shmget socket", FERRY_CLASS_COMMUNICATION },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		char names[128], *save = NULL;

		snprintf(names, sizeof(names), "%s", examples[i].names);
		for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
			const struct system_call *call = system_call_named(name);

			assert_non_null(call);
			assert_int_equal(call->class, examples[i].class);
		}
	}
}

/* Each "#define __NR_name number" of a header; how many. */
static unsigned int check_header(const char *path, enum call_table table)
{
	FILE *file = fopen(path, "re");
	char line[256], name[64];
	unsigned int number, count = 0;

	while (file && fgets(line, sizeof(line), file)) {
		const struct system_call *call;

		if (sscanf(line, "#define __NR_%63s %u", name, &number) != 2 || strcmp(name, "syscalls") == 0 ||
		    strcmp(name, "arch_specific_syscall") == 0)
			continue;
		call = system_call_find(table, number);
		if (!call)
			print_error("%s: %s %u is not in syscalls.def\n", path, name, number);
		assert_non_null(call);
		/* Numbers of the generic table have other names where they are only of 32-bit machines, or of both kinds. */
		if (table != CALLS_GENERIC)
			assert_string_equal(call->name, name);
		count++;
	}
	if (file)
		fclose(file);
	return count;
}

static void test_headers(void **state)
{
	static const char *const folders[] = { "/usr/include/asm", "/usr/include/x86_64-linux-gnu/asm" };
	unsigned int count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[96];

		snprintf(path, sizeof(path), "%s/unistd_64.h", folders[i]);
		count += check_header(path, CALLS_X86_64);
		snprintf(path, sizeof(path), "%s/unistd_32.h", folders[i]);
		count += check_header(path, CALLS_I386);
	}
	if (!count)
		skip();
}

/* What the kernel's functions are called where that is not the call's name. */
static const char *call_of_function(const char *function)
{
	static const char *const others[][2] = {
		{ "newfstat", "fstat" }, { "newlstat", "lstat" },      { "newstat", "stat" },
		{ "newuname", "uname" }, { "sendfile64", "sendfile" }, { "umount", "umount2" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(function, others[i][0]) == 0)
			return others[i][1];
	return function;
}

static int tracefs_events(void)
{
	int context = fsopen("tracefs", FSOPEN_CLOEXEC), mount = -1, events = -1;

	if (context >= 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount >= 0)
		events = openat(mount, "events/syscalls", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount >= 0)
		close(mount);
	if (context >= 0)
		close(context);
	return events;
}

static void test_running_kernel(void **state)
{
	int events = tracefs_events();
	DIR *folder = events < 0 ? NULL : fdopendir(events);
	unsigned int count = 0, missing = 0;
	struct dirent *entry;

	(void)state;
	while (folder && (entry = readdir(folder))) {
		const struct system_call *call;

		if (strncmp(entry->d_name, "sys_enter_", 10) != 0)
			continue;
		count++;
		call = system_call_named(call_of_function(entry->d_name + 10));
		if (call && call->numbers[CALLS_NATIVE] >= 0)
			continue;
		print_error("this kernel has %s, which is not in syscalls.def\n", entry->d_name + 10);
		missing++;
	}
	if (folder)
		closedir(folder);
	if (!count)
		skip();
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_sound),
		cmocka_unit_test(test_classes_of_the_textbook),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_running_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
