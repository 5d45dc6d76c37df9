/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a tracer may get wrong, made on purpose: threads MODE, which take turns, so that each does the same at every run. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *count(void *data)
{
	for (intptr_t i = 0; i < (intptr_t)data; i++)
		syscall(SYS_getppid);
	syscall(SYS_close, 1000 + (int)(intptr_t)data);
	return NULL;
}

/* One after the other: who waits for whom is the same at every run. */
static int turns(void)
{
	for (intptr_t i = 1; i <= 4; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, count, (void *)i) != 0)
			return 1;
		pthread_join(thread, NULL);
	}
	return 0;
}

static void *run(void *data)
{
	char *const arguments[] = { data, NULL };

	execv(data, arguments);
	return NULL;
}

/* A thread that is not the first runs another program, and the others go. */
static int thread_runs(void)
{
	pthread_t thread;
	static char program[] = "/bin/true";

	if (pthread_create(&thread, NULL, run, program) != 0)
		return 1;
	pthread_join(thread, NULL);
	return 1;
}

static int storm(void)
{
	for (int i = 0; i < 200; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(i & 7);
		waitpid(child, NULL, 0);
	}
	return 0;
}

static int crash(void)
{
	*(volatile int *)16 = 1;
	return 0;
}

#if defined(__x86_64__)
static long compatible_call(int number, int first, int second, int third)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory", "r8", "r9", "r10", "r11");
	return result;
}
#endif

/* int 0x80: numbers of the other table. Of <asm/unistd_32.h>: open, close, getppid, write, socketcall. */
static int compatible(void)
{
#if defined(__x86_64__)
	char *path = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	const int address = (int)(intptr_t)path;

	memcpy(path, "/no/such/file", sizeof("/no/such/file"));
	if (compatible_call(5, address, 0, 0) != -ENOENT)
		return 1;
	compatible_call(6, 1000, 0, 0);
	compatible_call(64, 0, 0, 0);
	compatible_call(4, 1000, address, 8);
	compatible_call(102, 99, address, 0);
	return 0;
#else
	return 77;
#endif
}

/* A call that is never over. */
static int killed(void)
{
	int pipes[2];
	pid_t child;
	char byte;

	if (pipe(pipes) < 0)
		return 1;
	child = fork();
	if (child == 0) {
		read(pipes[0], &byte, 1);
		_exit(0);
	}
	/* Until it sleeps in the pipe. */
	for (bool sleeps = false; !sleeps;) {
		char path[64], state[64] = "running";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/syscall", child);
		file = fopen(path, "r");
		sleeps = file && fgets(state, sizeof(state), file) && state[0] != 'r' && strtol(state, NULL, 10) == SYS_read;
		if (file)
			fclose(file);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} modes[] = { { "turns", turns }, { "exec", thread_runs },  { "storm", storm },
		      { "crash", crash }, { "compat", compatible }, { "killed", killed } };

	for (unsigned int i = 0; count == 2 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, arguments[1]) == 0)
			return modes[i].run();
	return 2;
}
