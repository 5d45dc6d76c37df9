/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/actor-process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/time.h"

#define PF_KTHREAD 0x00200000u

/* The file NAME below DIRECTORY, with a NUL behind it; its length, or negative errno. */
static ssize_t slurp(int directory, const char *name, char *text, size_t size)
{
	_cleanup_close_ int descriptor = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (descriptor < 0)
		return -errno;
	length = read(descriptor, text, size - 1);
	if (length < 0)
		return -errno;
	text[length] = 0;
	return length;
}

/* "pid (comm) state ppid ... flags ... starttime": the comm may hold anything, so it ends at the last parenthesis. */
static int parse_stat(const char *text, struct actor_process *process)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long long start = 0;
	unsigned int flags = 0, ppid = 0;
	long ticks = sysconf(_SC_CLK_TCK);
	size_t length;

	if (!open || !close || close < open || ticks <= 0)
		return -EBADMSG;
	length = (size_t)(close - open - 1);
	if (length >= sizeof(process->comm))
		length = sizeof(process->comm) - 1;
	memcpy(process->comm, open + 1, length);
	process->comm[length] = 0;
	if (sscanf(close + 1, " %*c %u %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &ppid, &flags, &start) != 3)
		return -EBADMSG;
	process->ppid = ppid;
	process->kernel = flags & PF_KTHREAD;
	process->start = time_boot_of(start * (SECOND / (unsigned long long)ticks));
	return 0;
}

/* The line "0::PATH" of cgroup 2. */
static void parse_cgroup(char *text, char *out, size_t size)
{
	char *line, *save = NULL;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, "0::", 3) && strlen(line + 3) < size)
			memcpy(out, line + 3, strlen(line + 3) + 1);
}

static void read_argv(int directory, struct actor_process *process)
{
	char text[EVENT_ARGV_MAXIMUM + 2];
	ssize_t length = slurp(directory, "cmdline", text, sizeof(text));

	if (length <= 0)
		return;
	process->argv_cut = length > EVENT_ARGV_MAXIMUM;
	process->argv_length = process->argv_cut ? EVENT_ARGV_MAXIMUM : (size_t)length;
	memcpy(process->argv, text, process->argv_length);
}

int actor_process_read(uint32_t pid, struct actor_process *ret)
{
	_cleanup_close_ int directory = -1;
	char text[4096], name[32];
	struct stat status;
	ssize_t length;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->pid = pid;
	ret->uid = ret->login_uid = UINT32_MAX;
	snprintf(name, sizeof(name), "/proc/%u", pid);
	directory = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -ESRCH;
	r = (int)slurp(directory, "stat", text, sizeof(text));
	if (r < 0)
		return -ESRCH;
	r = parse_stat(text, ret);
	if (r < 0)
		return r;
	length = slurp(directory, "status", text, sizeof(text));
	if (length > 0) {
		const char *process = strstr(text, "\nTgid:"), *user = strstr(text, "\nUid:");

		if (process)
			sscanf(process, " Tgid: %u", &ret->pid);
		/* the real one, as the kernel side tells it */
		if (user)
			sscanf(user, " Uid: %u", &ret->uid);
	}
	if (slurp(directory, "loginuid", text, sizeof(text)) > 0)
		ret->login_uid = (uint32_t)strtoul(text, NULL, 10);
	if (slurp(directory, "cgroup", text, sizeof(text)) > 0)
		parse_cgroup(text, ret->cgroup, sizeof(ret->cgroup));
	length = readlinkat(directory, "exe", ret->exe, sizeof(ret->exe) - 1);
	ret->exe[length > 0 ? length : 0] = 0;
	if (fstatat(directory, "ns/net", &status, 0) == 0)
		ret->netns = status.st_ino;
	read_argv(directory, ret);
	return 0;
}
