/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs whose crossings are known beforehand: crossings NAME [ARGUMENT...]. What it has counted of itself it prints as JSON. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time); /* what others do on the machine is not in it */
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* COUNT calls of getppid. */
static void call(long count)
{
	for (long i = 0; i < count; i++)
		syscall(SYS_getppid);
}

/* Errors that are asked for. */
static void errors(long count)
{
	char byte;

	for (long i = 0; i < count; i++) {
		(void)!syscall(SYS_openat, AT_FDCWD, "/there/is/no/such/file", O_RDONLY, 0);
		(void)!syscall(SYS_read, -1, &byte, 1);
		if (i % 2)
			(void)!syscall(SYS_kill, -2147483647, 0);
	}
}

static char *map(long pages)
{
	char *memory = mmap(NULL, (size_t)(pages * PAGE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap");
	/* Each page is to fault for itself. */
	madvise(memory, (size_t)(pages * PAGE), MADV_NOHUGEPAGE);
	return memory;
}

static __attribute__((noinline)) void touch_pages(char *memory, long pages)
{
	for (long i = 0; i < pages; i++)
		((volatile char *)memory)[i * PAGE] = 1;
}

/* COUNT pages of the heap, of anonymous memory and of a private mapping of a file; how long each took. */
static void touch(long count)
{
	char *heap = sbrk(0), *memory = map(count), *file, name[] = "/tmp/crossings-XXXXXX";
	int descriptor = mkstemp(name);
	double begin, times[3];
	struct rusage usage;

	if (descriptor < 0 || ftruncate(descriptor, count * PAGE) < 0 || unlink(name) < 0)
		fail("a file to map");
	file = mmap(NULL, (size_t)(count * PAGE), PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
	heap = (char *)(((unsigned long)heap + 2 * PAGE) & ~(unsigned long)(PAGE - 1));
	if (file == MAP_FAILED || brk(heap + count * PAGE) < 0)
		fail("memory");
	madvise(heap, (size_t)(count * PAGE), MADV_NOHUGEPAGE);
	begin = now();
	touch_pages(heap, count);
	times[0] = now() - begin;
	begin = now();
	touch_pages(memory, count);
	times[1] = now() - begin;
	begin = now();
	touch_pages(file, count);
	times[2] = now() - begin;
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"heap\":%.0f,\"anonymous\":%.0f,\"file\":%.0f,\"minor\":%ld,\"major\":%ld}\n", times[0], times[1], times[2], usage.ru_minflt,
	       usage.ru_majflt);
	fflush(stdout);
	if (munmap(memory, (size_t)(count * PAGE)) < 0 || brk(heap) < 0)
		fail("giving back");
}

/* Sleeps COUNT times: as many switches; and tells what the kernel counts of it, without what came before the program. */
static void switches(long count)
{
	const struct timespec moment = { 0, 100000 };
	struct rusage before, usage;

	getrusage(RUSAGE_SELF, &before);
	for (long i = 0; i < count; i++)
		nanosleep(&moment, NULL);
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"voluntary\":%ld,\"forced\":%ld}\n", usage.ru_nvcsw - before.ru_nvcsw, usage.ru_nivcsw - before.ru_nivcsw);
}

static void step_over(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	/* The page becomes writable, so that the store succeeds when it is done again. */
	mprotect((void *)((unsigned long)info->si_addr & ~(unsigned long)(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE);
}

/* COUNT stores into pages that may not be written, each answered by a handler; at the end one that is not. */
static void faults(long count, const char *end)
{
	struct sigaction action = { .sa_sigaction = step_over, .sa_flags = SA_SIGINFO };
	char *memory = mmap(NULL, (size_t)(count * PAGE), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int zero = 0;

	sigaction(SIGSEGV, &action, NULL);
	touch_pages(memory, count);
	printf("{\"address\":%lu}\n", (unsigned long)(memory + (count - 1) * PAGE));
	fflush(stdout);
	if (strcmp(end, "divide") == 0)
		exit(7 / zero);
	if (strcmp(end, "trap") == 0)
		__builtin_trap();
	if (strcmp(end, "kill") == 0)
		kill(getpid(), SIGSEGV);
}

static void *thread_calls(void *count)
{
	call((long)count);
	return NULL;
}

static void *thread_executes(void *name)
{
	execl("/proc/self/exe", name, "call", "500", NULL);
	return NULL;
}

/* Four threads of COUNT calls each; a child by vfork and one by fork, which call too; and in the end a thread that executes, with 500 more. */
static void family(long count)
{
	pthread_t threads[4];
	char text[32];
	pid_t pid;

	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, thread_calls, (void *)count) != 0)
			fail("a thread");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	snprintf(text, sizeof(text), "%ld", count);
	pid = vfork();
	if (pid == 0) {
		execl("/proc/self/exe", "crossings", "call", text, NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	pid = fork();
	if (pid == 0) {
		call(count);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	pthread_create(&threads[0], NULL, thread_executes, "crossings");
	pause();
}

/* Where a kernel has no such calls, the instruction is a fault. */
static void no_compat(int number)
{
	static const char text[] = "{\"compat\":false}\n";

	(void)number;
	(void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
	_exit(0);
}

/* COUNT calls of getppid the 32-bit way, which a 64-bit program can take too. */
static void compat(long count)
{
	signal(SIGSEGV, no_compat);
#if defined(__x86_64__)
	for (long i = 0; i < count; i++) {
		long result = 64; /* __NR_getppid of that table */

		__asm__ volatile("int $0x80" : "+a"(result)::"memory", "r8", "r9", "r10", "r11");
		if (result <= 0)
			no_compat(0);
	}
	puts("{\"compat\":true}");
#else
	(void)count;
	no_compat(0);
#endif
}

/* Many small reads, many polls that find nothing, one file opened many times. */
static void wasteful(long count)
{
	int zero = open("/dev/zero", O_RDONLY), ends[2];
	struct pollfd wanted;
	char byte;

	if (pipe(ends) < 0)
		fail("pipe");
	wanted = (struct pollfd){ ends[0], POLLIN, 0 };
	for (long i = 0; i < count; i++) {
		if (read(zero, &byte, 1) != 1 || poll(&wanted, 1, 0) != 0)
			fail("reading");
		close(open("/etc/hostname", O_RDONLY));
	}
}

/* COUNT threads that all live at once, of 20 calls each. */
static pthread_barrier_t all_live;

static void *lives(void *unused_data)
{
	(void)unused_data;
	pthread_barrier_wait(&all_live);
	call(20);
	return NULL;
}

static void crowd(long count)
{
	pthread_t *threads = calloc((size_t)count, sizeof(*threads));
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 * 1024);
	pthread_barrier_init(&all_live, NULL, (unsigned int)count);
	for (long i = 0; i < count; i++)
		if (!threads || pthread_create(&threads[i], &small, lives, NULL) != 0)
			fail("a thread");
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

/* A process with two threads besides, which all work until standard input ends; says so when they do. */
static void *works(void *unused_data)
{
	(void)unused_data;
	for (;;) {
		call(1);
		usleep(1000);
	}
	return NULL;
}

static void stay(void)
{
	pthread_t thread;
	char byte;

	for (int i = 0; i < 2; i++)
		pthread_create(&thread, NULL, works, NULL);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		call(1000);
}

/* Its first thread has ended, and the other one goes on. */
static void *goes_on(void *unused_data)
{
	char byte;

	(void)unused_data;
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		call(1000);
	exit(0);
}

static void headless(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, goes_on, NULL) != 0)
		fail("a thread");
	syscall(SYS_exit, 0);
}

/* Named functions with frames, for call sites. */
static __attribute__((noinline)) void outer_asks(long count)
{
	for (long i = 0; i < count; i++) {
		syscall(SYS_getppid);
		__asm__ volatile("" ::: "memory");
	}
}

static __attribute__((noinline)) void outer_touches(long count)
{
	touch_pages(map(2 * count), count);
	__asm__ volatile("" ::: "memory");
}

int main(int argument_count, char **arguments)
{
	const char *name = argument_count > 1 ? arguments[1] : "";
	const long count = argument_count > 2 ? strtol(arguments[2], NULL, 10) : 1;

	if (strcmp(name, "call") == 0)
		call(count);
	else if (strcmp(name, "errors") == 0)
		errors(count);
	else if (strcmp(name, "touch") == 0)
		touch(count);
	else if (strcmp(name, "switches") == 0)
		switches(count);
	else if (strcmp(name, "faults") == 0)
		faults(count, argument_count > 3 ? arguments[3] : "");
	else if (strcmp(name, "family") == 0)
		family(count);
	else if (strcmp(name, "compat") == 0)
		compat(count);
	else if (strcmp(name, "wasteful") == 0)
		wasteful(count);
	else if (strcmp(name, "crowd") == 0)
		crowd(count);
	else if (strcmp(name, "stay") == 0)
		stay();
	else if (strcmp(name, "headless") == 0)
		headless();
	else if (strcmp(name, "sites") == 0)
		outer_asks(count), outer_touches(count);
	else
		return 2;
	return 0;
}
